//! The computer that the program runs on: the live registry, its services and installed programs, and what else is asked
//! of Windows. Elsewhere there is none of it, which is an error that says so.

pub(crate) mod live;
#[cfg(feature = "cli")]
pub(crate) mod names;
pub(crate) mod programs;
mod reg_file;
#[cfg(feature = "cli")]
pub(crate) mod remote;
pub(crate) mod resources;
pub(crate) mod services;
#[cfg(windows)]
pub(crate) mod windows;
