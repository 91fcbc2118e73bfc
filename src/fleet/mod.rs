//! Fleets: the server, every relay and every CID of a network, from one file (`fleet.toml`, `docs/fleet.md`).
//!
//! [`Fleet::read`] it, [`check`](check()) it, [`run`] the plans of all CIDs side by side, and look at their
//! [`status`](status()):
//!
//! ```
//! # let dir = tempfile::tempdir().unwrap();
//! # let path = dir.path().join("fleet.toml");
//! # configcid::DemoCid::default().write(&dir.path().join("MRESXP"))?;
//! use std::sync::atomic::AtomicBool;
//!
//! use configcid::fleet::{self, Fleet, State, Work};
//! use configcid::plan::LockOptions;
//! use configcid::{RefreshOptions, Run};
//!
//! let text = "
//!     server = { name = 'Server1', fqdn = 'Server.Sales.Acme' }
//!     relay = [{ name = 'MRComputer', ip = '10.1.200.65', fqdn = 'MRComputer.Sales.Acme' }]
//!     cid = [{ path = 'MRESXP', relay = 'MRComputer' }]
//! ";
//! std::fs::write(&path, text).unwrap();
//! let fleet = Fleet::read(&path)?;
//! assert!(fleet::check(&fleet).is_empty());
//!
//! let (refresh, stop) = (RefreshOptions::default(), AtomicBool::new(false));
//! let run = Run { dry_run: false, lock: LockOptions::default(), look: Some(&refresh) };
//! let work = Work { run, refresh: &refresh, jobs: 2, stop: &stop };
//! fleet::run(&fleet, &work, |_| {}, |index, ran| {
//!     println!("{}: {:?}", fleet.cids[index].path.value, ran.map(|ran| ran.exit()));
//! });
//! fleet::status(&fleet, &refresh, 2, |_, status| assert_eq!(status.state, State::InStep));
//! # Ok::<(), configcid::Error>(())
//! ```

mod apply;
mod check;
mod endpoint_table;
mod endpoints;
mod follow;
mod import;
mod keys;
mod look;
mod members;
mod metrics;
mod model;
mod parse;
mod picture;
mod places;
mod plan;
mod publish;
mod registry;
mod report;
pub(crate) mod rules;
mod runbook;
mod section;
mod status;
mod tree;
mod want;
mod words;

pub use crate::base::pool::processors;
pub use apply::{Work, run};
pub use check::{MAX_AT_RELAY, MAX_AT_SERVER, MAX_AT_SERVER_2008, MAX_LEVELS, check, summary};
#[cfg(feature = "cli")]
pub(crate) use endpoints::{AtCid, AtMachine, FleetEndpoint, FleetEndpoints, join};
pub use import::{Imported, import};
pub use look::{check_cids, check_names};
#[cfg(feature = "cli")]
pub(crate) use metrics::endpoint_metrics;
pub use metrics::{fleet_down, fleet_metrics};
pub use model::{Fleet, FleetCid, Given, Machine, Relay, Server, System, Target};
pub use parse::MAX_SIZE;
#[cfg(feature = "cli")]
pub(crate) use picture::graph_with;
pub use picture::{PictureFormat, graph};
pub use plan::plan;
pub use registry::{RegistryFile, make_folder, registry};
pub use report::report;
#[cfg(feature = "cli")]
pub(crate) use report::report_with;
pub use rules::{FleetFinding, FleetSeverity};
pub use runbook::runbook;
pub use status::{CidStatus, Difference, State, cid_status, status};
pub use want::setup;
pub use words::{AddressKind, Domain, Platform, Recommendation};

/// A commented fleet file to begin with.
pub const TEMPLATE: &str = include_str!("../../templates/fleet.toml");
