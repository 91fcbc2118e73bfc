//! The logs of the router: what happened in them, with counts and times, and how its starts went.

mod line;
mod read;
mod words;

pub use read::{Happened, Hour, LastError, Levels, LogFile, LogReport, Parent, Start, logs};

#[cfg(feature = "faults")]
pub(crate) use line::{Lines, MAX_LINE, prefixed};
#[cfg(feature = "faults")]
pub(crate) use read::of_bytes;
