//! Lets an endpoint report to its relay: what administrators' scripts do by hand \[O\], compared first, carried out whole or
//! not at all, and with a way back.

mod apply;
mod collector;
mod image;
mod live;
mod plan;
mod record;
mod script;

pub(crate) use apply::{Bounds, Done, DoneStatus, Host, carry_out, interrupted_run, undo};
pub(crate) use collector::collector_script;
pub(crate) use image::{Prepared, prepare, seen as identity_seen};
pub(crate) use live::{Live, LiveIdentity};
pub(crate) use plan::{ClientPlan, Step, Wanted};
pub(crate) use script::{Script, set_script};

use std::path::Path;
use std::time::Duration;

use crate::base::error::Result;
use crate::host::services::Services;
use crate::registry::Value;
use crate::router::{RegistryView, Router};

/// The program that reads `mrinit.conf` into the registry; it lies beside it \[O\].
pub(crate) const SETUP_PROGRAM: &str = "ClientMRInit.exe";

/// The computer whose router is set up: on Windows this one, in tests something else.
pub(crate) trait Endpoint {
    /// All values of the router's key, in each view that the computer has.
    ///
    /// # Errors
    /// The registry cannot be read.
    fn router(&self) -> Result<Router>;

    /// Sets a value of the router's key, or takes it away.
    ///
    /// # Errors
    /// The registry cannot be written.
    fn set(&self, view: RegistryView, name: &str, value: Option<&Value>) -> Result<()>;

    /// Runs the set-up program, for no longer than this.
    ///
    /// # Errors
    /// It cannot be run, fails, or does not end.
    fn run(&self, program: &Path, bound: Duration) -> Result<()>;

    /// The services.
    fn services(&self) -> &dyn Services;
}

#[cfg(test)]
mod tests;
