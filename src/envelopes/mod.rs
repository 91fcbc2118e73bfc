//! The router's Envelopes folder, where messages wait that it cannot deliver yet: how it stands and why, and what relieves
//! it \[63588, 113040, 113417\].

mod carry;
mod check;
mod expire;
mod exported;
mod installed;
mod judge;
mod metrics;
mod page;
mod place;
mod ports;
mod probe;
mod reasons;
mod relocate;
mod restart;
mod rules;
mod scan;
mod surroundings;
mod watch;

pub use crate::host::resources::Resources;
pub use crate::host::services::{ServiceState, Services, services};
pub use check::{AgePart, Check, CheckOptions, Limits, Oldest, Rate, RateMethod, Verdict, check};
pub use expire::{ExpireOptions, Expired, LIST, expire};
pub use exported::{exported_firewall, live_firewall, live_profiles, live_resources, router_lines, router_seen};
pub use installed::{InstalledPrograms, RouterRule};
pub use judge::{CAUSES, causes, ranked};
pub use metrics::{metrics, metrics_of_failure, write_metrics};
pub use page::page;
pub use place::{Place, PlaceSource, no_folder, place};
pub use probe::probe;
pub use relocate::{
    EnvelopeDir, LiveEnvelopeDir, MoveFiles, MoveHost, MovePlan, Moved, RECORD, move_folder, new_folder,
    no_router_here, undo_move, unknown_router,
};
#[cfg(feature = "cli")]
pub(crate) use restart::{ROUTINES, ask, fill};
pub use restart::{Restart, Script, ServiceAction, ServiceStep, restart, restart_order, restart_script};
pub use rules::{
    AGES, CRITICAL, EXTENSION, LITTLE_SPACE, MOVE_ANTI_VIRUS, MOVE_CONSOLE, OLDER, PORTS, ProgramVersion, ROUTER,
    SERVICES, SYSTEMS, ServiceName, System, TTL, TTL_BEFORE_4_7, TTL_VERSION, Threshold, WARNING, parse_duration,
    print_duration, ttl,
};
pub use scan::{Counted, Message, count, each};
pub use surroundings::{Cause, Listening, RouterSeen, Seen, Space, Surroundings, Waiting};
pub use watch::{Sample, Series, WINDOW};

pub use surroundings::bytes;
