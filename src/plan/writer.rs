//! The right to write to a CID, and what those who had it have left behind.

use std::path::{Path, PathBuf};

use super::disk;
use super::lock::{Lock, LockOptions};
use super::record::{LOCK, MAX_SIZE, Places, Record, is_leftover, is_passing};
use crate::base::error::{Error, Result};
use crate::base::files::real_path;
use crate::catalog::CidPath;
use crate::cid::tree::Tree;

/// The right to write to a CID, which one process at a time has. It ends when this is dropped.
#[derive(Debug)]
pub struct Writer {
    pub(super) root: PathBuf,
    pub(super) shown: PathBuf,
    broken: Option<String>,
    lock: Lock,
}

impl Writer {
    /// Gets the right to write to the CID at `path`. An interrupted change is not looked for: see
    /// [`recover`](Writer::recover).
    ///
    /// # Errors
    /// Another writer is at work and does not end in time, or the folder cannot be written.
    pub fn lock(path: &Path, options: LockOptions) -> Result<Self> {
        let root = real_path(path).map_err(|error| Error::io("open the CID", path, error))?;
        Self::lock_root(&root, path, options)
    }

    pub(super) fn lock_root(root: &Path, shown: &Path, options: LockOptions) -> Result<Self> {
        let (lock, broken) = Lock::take(root, options).map_err(|error| error.about(&shown.join(LOCK)))?;
        Ok(Self { root: root.to_owned(), shown: shown.to_owned(), broken, lock })
    }

    /// Gives the right back. What is dropped gives it back too, and says nothing where that fails.
    ///
    /// # Errors
    /// The lock cannot be removed, and is in the next writer's way.
    pub fn release(self) -> Result<()> {
        let lock = self.shown.join(LOCK);
        let released = self.lock.release().map_err(|error| error.about(&lock));
        released.map_err(|error| error.next("remove it, or say --break-lock the next time"))
    }

    /// Whose lock was broken to get this one, if anyone's.
    pub fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// Whether a change to the CID at `path` was interrupted, or is under way in another process.
    pub fn needs_recovery(path: &Path) -> bool {
        Places::new(path).journal.symlink_metadata().is_ok()
    }

    /// Whether a process that died, or one at work now, has left something else than files of the CID at `path`: a
    /// journal, a lock, or drafts of them. [`recover`](Writer::recover) removes what is left.
    pub fn has_leftovers(path: &Path) -> bool {
        let Ok(entries) = std::fs::read_dir(path) else { return Self::needs_recovery(path) };
        let names = entries.flatten().map(|entry| entry.file_name());
        names.into_iter().any(|name| name.to_str().is_some_and(is_passing))
    }

    /// Removes what is left of changes that are over: files beside others that the last change does not name. They are
    /// in the root and in the folders directly in it.
    pub(super) fn sweep(&self) -> Result<()> {
        let tree = Tree::new(self.root.clone());
        let last = disk::read(&Places::new(&self.root).last, MAX_SIZE)?.and_then(|bytes| Record::parse(&bytes).ok());
        let mut folders = vec![self.root.clone()];
        for path in tree.listing(None)?.names().filter_map(|name| CidPath::in_root(name).ok()) {
            folders.extend(tree.folder(Some(&path)).ok().flatten());
        }
        for folder in folders {
            let listing = std::fs::read_dir(&folder).map_err(|error| Error::io("list the folder", &folder, error))?;
            for entry in listing.flatten() {
                let name = entry.file_name();
                let Some(name) = name.to_str().filter(|name| is_leftover(name)) else { continue };
                if !last.as_ref().is_some_and(|last| last.names(name)) {
                    disk::remove(&entry.path())?;
                }
            }
        }
        Ok(())
    }
}
