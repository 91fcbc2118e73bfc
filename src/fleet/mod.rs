//! Fleets: the server, every relay and every CID of a network, from one file (`fleet.toml`, `docs/fleet.md`).

mod check;
mod keys;
mod look;
mod model;
mod parse;
mod pool;

pub use check::{Finding, MAX_AT_RELAY, MAX_AT_SERVER, MAX_AT_SERVER_2008, MAX_LEVELS, Severity, check, summary};
pub use look::{check_cids, check_names};
pub use model::{AddressKind, Domain, Fleet, FleetCid, Given, Machine, Platform, Relay, Server, System, Target};
pub use parse::MAX_SIZE;
pub use pool::processors;

/// A commented fleet file to begin with.
pub const TEMPLATE: &str = include_str!("../../templates/fleet.toml");
