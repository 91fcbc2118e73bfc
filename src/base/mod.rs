//! What every room may use, each thing once: errors, exit codes, text, time, hex, parallel work, and filling in of
//! templates. It uses no other room.

#[macro_use]
pub(crate) mod language;

pub(crate) mod calls;
pub(crate) mod cleanup;
pub(crate) mod error;
pub(crate) mod error_report;
pub(crate) mod exit;
pub(crate) mod files;
pub(crate) mod flush;
#[cfg(all(feature = "cli", target_os = "linux", target_env = "gnu"))]
pub(crate) mod heap;
pub(crate) mod hex;
pub(crate) mod host;
pub mod html;
#[cfg(windows)]
mod job;
pub(crate) mod life;
pub(crate) mod metrics;
#[cfg(target_os = "linux")]
pub(crate) mod mounts;
pub(crate) mod names;
pub(crate) mod near;
pub(crate) mod open_folder;
pub(crate) mod own_folder;
pub(crate) mod pool;
pub(crate) mod program;
pub(crate) mod replace;
pub(crate) mod roots;
pub(crate) mod severity;
pub(crate) mod template;
pub(crate) mod text;
pub mod time;
pub(crate) mod tries;
