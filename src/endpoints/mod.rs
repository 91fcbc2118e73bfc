//! Which parent many endpoints have, by what was collected of them: exports of their registries, their installed
//! `mrinit.conf` files, lists and answers of `client check`. A source is read once, one file after the other is let go, and
//! what cannot be read is a row with a reason.
// Without the command line nobody calls what only its commands print.
#![cfg_attr(not(feature = "cli"), allow(dead_code, unused_imports))]

mod export;
mod find;
mod judge;
mod list;
mod model;
mod name;
mod record;
#[cfg(feature = "cli")]
mod remote;
mod survey;

#[cfg(all(feature = "cli", feature = "faults"))]
pub(crate) use export::read_all;
pub(crate) use find::Failed;
pub(crate) use judge::{Role, Wanted};
pub(crate) use list::{Columns, cell};
pub(crate) use model::{Counts, Endpoint, EndpointState};
pub(crate) use name::{Domain, Name};
#[cfg(feature = "cli")]
pub(crate) use remote::Ask;
pub(crate) use survey::Survey;
