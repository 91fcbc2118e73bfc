//! How often the system is asked about files of a CID: each listing of a folder, each look at what stands at a path, and each
//! opening is counted here. On Windows they are `FindFirstFile` and what follows it; `CreateFile`, a question and `CloseHandle`;
//! and `CreateFile`. Over a share each is a request or more.
//!
//! Test builds (feature `faults`) write the calls to the file that `CONFIGCID_CALLS` names, a line each: what is asked, and the name
//! of what it is about. Others count nothing.

use std::path::Path;

/// What the system is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// The names in a folder; on Windows their kinds and sizes, too.
    List,
    /// What stands at a path.
    Look,
    /// A handle of a file.
    Open,
}

/// Notes a call.
#[cfg(not(feature = "faults"))]
#[inline]
pub(crate) fn note(_: Call, _: &Path) {}

/// Notes a call.
#[cfg(feature = "faults")]
pub(crate) fn note(call: Call, path: &Path) {
    use std::io::Write;
    use std::sync::{Mutex, OnceLock, PoisonError};

    static LIST: OnceLock<Option<Mutex<std::fs::File>>> = OnceLock::new();
    let list = LIST.get_or_init(|| {
        let file = std::fs::File::options().append(true).create(true).open(std::env::var_os("CONFIGCID_CALLS")?);
        Some(Mutex::new(file.expect("the list can be written")))
    });
    let Some(list) = list else { return };
    let what = match call {
        Call::List => "list",
        Call::Look => "look",
        Call::Open => "open",
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut list = list.lock().unwrap_or_else(PoisonError::into_inner);
    list.write_all(format!("{what} {name}\n").as_bytes()).expect("the list can be written");
}
