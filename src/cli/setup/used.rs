//! Which CIDs were set up before, by this user: a list of paths, one a line, which nothing but `setup` reads.

use std::path::{Path, PathBuf};

use crate::base::files::read_file;
use crate::report::write_file;
use crate::{Error, Result};

/// No more are remembered.
const MOST: usize = 50;
/// No list is longer, in bytes.
const LIMIT: u64 = 1 << 20;

/// Where the list is: with what programs keep for a user on this computer alone. `None` where the system names no such
/// folder.
fn place() -> Option<PathBuf> {
    let of = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = match cfg!(windows) {
        true => of("LOCALAPPDATA"),
        false => of("XDG_STATE_HOME").or_else(|| of("HOME").map(|home| home.join(".local/state"))),
    };
    folder.map(|folder| folder.join("configcid").join("cids.txt"))
}

/// The CIDs, the last first. A list that is not there or cannot be read names none.
pub(super) fn used() -> Vec<PathBuf> {
    let bytes = place().and_then(|place| read_file(&place, LIMIT).ok()).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let paths = text.lines().map(PathBuf::from).filter(|path| path.is_absolute());
    paths.take(MOST).collect()
}

/// Puts CIDs at the head of the list.
///
/// # Errors
/// It cannot be written.
pub(super) fn remember(cids: &[PathBuf]) -> Result<()> {
    let Some(place) = place() else { return Ok(()) };
    let whole = |cid: &PathBuf| std::path::absolute(cid).ok();
    let mut all: Vec<PathBuf> = cids.iter().filter_map(whole).collect();
    all.extend(used().into_iter().filter(|old| !all.contains(old)).collect::<Vec<_>>());
    // A name with a line end in it, or one that is no text, would name another.
    let lines = all.iter().filter_map(|path| path.to_str()).filter(|path| !path.contains(['\n', '\r']));
    let text: String = lines.take(MOST).map(|path| format!("{path}\n")).collect();
    let folder = place.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|error| Error::io("make it", folder, error))?;
    write_file(&place, text.as_bytes(), true)
}
