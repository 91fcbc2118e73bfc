//! Whether another program seems to be updating a CID.

use super::Loaded;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::text::fold_case;
use crate::catalog::CidPath;
use crate::cid::Cid;

/// Names of files that another program has while it updates a CID; `*` is anything. One place for what is only known
/// from experience \[A\].
const TEMPORARY: &[&str] = &[
    // Updaters, and programs that save by writing beside and renaming.
    "*.tmp",
    "*.temp",
    "*.upd.new",
    "*.conf.new",
    // Copies that are not at their end: WinSCP, browsers, robocopy's and rsync's restartable modes.
    "*.part",
    "*.partial",
    "*.filepart",
    "*.crdownload",
    ".cidsync.upd.*",
    ".mrinit.conf.*",
    ".~tmp~",
];

/// Whether a file has the name of one that is there only while somebody writes.
pub(crate) fn is_temporary(name: &str) -> bool {
    let name = fold_case(name);
    TEMPORARY.iter().any(|pattern| match pattern.split_once('*') {
        None => name == *pattern,
        Some((start, end)) => name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end),
    })
}

/// Refuses where a file in the root or directly in a component, which no catalog lists, tells of an update in progress.
pub(crate) fn refuse(cid: &Cid, loaded: &[Loaded]) -> Result<()> {
    for folder in std::iter::once(None).chain(cid.components().iter().map(Some)) {
        let listing = cid.tree().listing(folder)?;
        let mut names: Vec<&str> = listing.names().filter(|name| is_temporary(name)).collect();
        names.sort_unstable();
        for name in names {
            let Ok(path) = CidPath::in_folder(folder, name) else { continue };
            let key = path.key();
            let is_listed = loaded.iter().any(|loaded| {
                let entries = loaded.catalog.entries().iter();
                entries.map(|entry| entry.path.under(loaded.file.folder.as_ref()).key()).any(|listed| listed == key)
            });
            if !is_listed {
                return Err(Error::new(ErrorKind::Busy, "this file looks like that of an update in progress")
                    .in_file(&cid.shown(&path))
                    .next("wait until the update has ended; or, if the file is a leftover, remove it or say --accept-temporary"));
            }
        }
    }
    Ok(())
}
