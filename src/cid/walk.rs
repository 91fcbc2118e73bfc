//! All files of a folder tree.

use std::fs;
use std::path::{Path, PathBuf};

use crate::base::error::{Error, ErrorKind, Result};

/// What a walk meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
    Link,
    /// A FIFO, a device, a socket.
    Other,
}

impl Kind {
    pub(super) fn of(kind: fs::FileType) -> Self {
        match kind {
            kind if kind.is_dir() => Self::Folder,
            kind if kind.is_file() => Self::File,
            kind if kind.is_symlink() => Self::Link,
            _ => Self::Other,
        }
    }
}

/// One thing in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    /// Relative to where the walk began.
    pub path: PathBuf,
    pub kind: Kind,
}

/// Refuses what is neither a file nor a folder.
pub(crate) fn not_plain(place: &Path) -> Error {
    Error::new(ErrorKind::Link, "this is a link or a device, which a CID does not hold")
        .in_file(place)
        .next("put a real file or folder in its place")
}

/// Everything below `root`, but not what configcid itself left there. A folder stands before what it holds; within a
/// folder names are in order. Links are not followed.
pub(crate) fn walk(root: &Path) -> Result<Vec<Item>> {
    let mut items = walk_on(root, Err)?;
    items.retain(|item| !item.is_own());
    Ok(items)
}

impl Item {
    /// Whether configcid left it there.
    pub(crate) fn is_own(&self) -> bool {
        let name = self.path.file_name().and_then(|name| name.to_str());
        name.is_some_and(super::is_own_name)
    }
}

/// As [`walk`], with what configcid left, and on where `cannot` takes an error.
pub(crate) fn walk_on(root: &Path, mut cannot: impl FnMut(Error) -> Result<()>) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(folder) = open.pop() {
        if !folder.as_os_str().is_empty() {
            items.push(Item { path: folder.clone(), kind: Kind::Folder });
        }
        let place = root.join(&folder);
        let listing = match fs::read_dir(&place) {
            Ok(listing) => listing,
            Err(error) => {
                cannot(Error::io("list the folder", &place, error))?;
                continue;
            }
        };
        let mut folders = Vec::new();
        let first = items.len();
        for entry in listing {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    cannot(Error::io("list the folder", &place, error))?;
                    break;
                }
            };
            let path = folder.join(entry.file_name());
            let kind = match entry.file_type() {
                Ok(kind) => kind,
                Err(error) => {
                    cannot(Error::io("look at it", &entry.path(), error))?;
                    continue;
                }
            };
            let is_own = entry.file_name().to_str().is_some_and(super::is_own_name);
            if kind.is_dir() && !is_own {
                folders.push(path);
            } else {
                items.push(Item { path, kind: Kind::of(kind) });
            }
        }
        items[first..].sort_by(|a, b| a.path.cmp(&b.path));
        folders.sort_by(|a, b| b.cmp(a));
        open.extend(folders);
    }
    Ok(items)
}
