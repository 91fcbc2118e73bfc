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
#[cfg(test)]
mod promises;
mod reasons;
mod relocate;
mod restart;
mod rules;
mod scan;
mod surroundings;
mod watch;

pub(crate) use crate::host::services::{ServiceState, services};
pub(crate) use check::{Check, CheckOptions, Limits, Verdict, check};
pub(crate) use expire::{ExpireOptions, Expired, expire};
pub(crate) use exported::{exported_firewall, live_firewall, live_profiles, live_resources, router_lines, router_seen};
pub(crate) use installed::{InstalledPrograms, RouterRule};
pub(crate) use judge::{CAUSES, causes, ranked};
pub(crate) use metrics::{metrics, metrics_of_failure, write_metrics};
pub(crate) use page::page;
pub(crate) use place::{Place, PlaceSource, no_folder, place};
pub(crate) use probe::probe;
pub(crate) use relocate::{
    LiveEnvelopeDir, MoveFiles, MoveHost, MovePlan, Moved, move_folder, new_folder, no_router_here, undo_move,
    unknown_router,
};
#[cfg(feature = "cli")]
pub(crate) use restart::{ROUTINES, ask, fill};
pub(crate) use restart::{Restart, Script, ServiceAction, ServiceStep, restart, restart_order, restart_script};
pub(crate) use rules::{
    PORTS, ProgramVersion, ROUTER, SYSTEMS, ServiceName, System, Threshold, parse_duration, print_duration, ttl,
};
pub(crate) use scan::count;
pub(crate) use surroundings::{Listening, RouterSeen, Seen, Surroundings};
pub(crate) use watch::{Sample, Series};

pub(crate) use surroundings::bytes;
