//! The catalogs of a CID: a payload and options in, a finished plan ([`refresh`](refresh()), [`create`]) or findings
//! ([`verify`](verify())) out.

mod basis;
mod busy;
mod command;
mod contents;
mod create;
mod damage;
mod detect;
mod entries;
mod function;
mod identify;
mod loaded;
pub(crate) mod look;
mod options;
mod order;
mod payload;
mod program;
mod refresh;
mod sample;
mod signed;
mod tools;
mod verify;

pub(crate) use busy::{is_temporary, refuse as refuse_busy};
pub use command::CommandFunction;
#[cfg(feature = "faults")]
pub(crate) use command::split_command;
pub use create::{CreateOptions, create};
pub use detect::{ChecksumChoice, Detection};
pub(crate) use detect::{detect, judge, samples, samples_by};
#[cfg(feature = "cli")]
pub(crate) use entries::function_elsewhere;
pub(crate) use entries::function_of;
pub use function::function;
pub use identify::{FitReport, Identified, identify};
pub(crate) use loaded::{Loaded, load};
pub use look::{CatalogReport, Scope};
pub use options::RefreshOptions;
pub(crate) use order::Order;
pub(crate) use payload::Payload;
pub use program::Program;
pub use refresh::refresh;
pub use sample::{Offer, Offered, Sample, offer};
pub(crate) use verify::verify_change;
pub use verify::{Fault, VerifyReport, verify};
