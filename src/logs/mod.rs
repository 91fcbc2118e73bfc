//! The logs of a router, of an agent and of a Certification Manager: how each stands at the end, since when, and what
//! happened on the way, as a time line of states.

mod exceptions;
mod files;
mod line;
mod model;
mod read;
mod states;
mod verdict;
mod words;

#[cfg(feature = "cli")]
pub(crate) use exceptions::meanings;
pub use exceptions::{Meaning, meaning};
pub use model::{
    Exception, Happened, Hour, Kind, LastError, Levels, LogFile, LogReport, Parent, Start, StatePeriod, Verdict,
};
pub use read::logs;
pub use states::State;

#[cfg(feature = "faults")]
pub(crate) use line::prefixed;
pub(crate) use line::{Lines, MAX_LINE, text};
#[cfg(feature = "faults")]
pub(crate) use read::of_bytes;
