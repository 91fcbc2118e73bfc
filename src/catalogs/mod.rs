//! The catalogs of a CID: a payload and options in, a finished plan ([`refresh`](refresh()), [`create`]) or findings
//! ([`verify`](verify())) out.

mod busy;
mod command;
mod create;
mod detect;
pub(crate) mod look;
mod order;
mod program;
mod refresh;
mod signed;
mod verify;

pub(crate) use busy::is_temporary;
pub use command::CommandFunction;
#[cfg(feature = "faults")]
pub(crate) use command::split_command;
pub use create::{CreateOptions, create};
pub use detect::{ChecksumChoice, Detection};
pub(crate) use detect::{detect, judge, samples};
pub use look::{CatalogReport, Scope};
pub(crate) use order::Order;
pub use program::Program;
pub(crate) use refresh::{Loaded, catalog_change, complete};
pub use refresh::{RefreshOptions, refresh};
pub use verify::{Fault, VerifyReport, verify};
