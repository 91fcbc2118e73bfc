//! Fleets: the server, every relay and every CID of a network, from one file (`fleet.toml`, `docs/fleet.md`).

mod check;
mod import;
mod keys;
mod look;
mod metrics;
mod model;
mod parse;
mod plan;
mod pool;
mod registry;
mod status;

pub use check::{Finding, MAX_AT_RELAY, MAX_AT_SERVER, MAX_AT_SERVER_2008, MAX_LEVELS, Severity, check, summary};
pub use import::{Imported, import};
pub use look::{check_cids, check_names};
pub use metrics::fleet_metrics;
pub use model::{AddressKind, Domain, Fleet, FleetCid, Given, Machine, Platform, Relay, Server, System, Target};
pub use parse::MAX_SIZE;
pub use plan::{Work, plan, run, setup};
pub use pool::processors;
pub use registry::{RegistryFile, make_folder, registry};
pub use status::{CidStatus, Difference, State, cid_status, status};

/// A commented fleet file to begin with.
pub const TEMPLATE: &str = include_str!("../../templates/fleet.toml");
