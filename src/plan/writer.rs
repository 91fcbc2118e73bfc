//! The right to write to a CID, and what those who had it have left behind.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::disk;
use super::lock::{Lock, LockOptions};
use super::record::{LOCK, Places, Record, is_leftover, is_passing};
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
    /// What changes that are over had left has been removed, and nothing written since.
    pub(super) is_swept: AtomicBool,
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
        let is_swept = AtomicBool::new(false);
        Ok(Self { root: root.to_owned(), shown: shown.to_owned(), broken, is_swept, lock })
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

    /// As [`sweep`](Writer::sweep), unless that was done and nothing has been written since: nobody else writes meanwhile.
    pub(super) fn sweep_once(&self) -> Result<()> {
        if self.is_swept.swap(false, Ordering::Relaxed) { Ok(()) } else { self.sweep(&[]) }
    }

    /// Removes what is left of changes that are over: files beside others that the last change does not name. They are
    /// in the root, in the folders directly in it, and in those that the last change tells of, or `further`.
    pub(super) fn sweep(&self, further: &[CidPath]) -> Result<()> {
        let last = Record::read(&Places::new(&self.root).last)?.and_then(Result::ok);
        let named = last.as_ref().map(Record::named);
        let tree = Tree::new(self.root.clone());
        let mut folders: Vec<CidPath> =
            tree.listing(None)?.names().filter_map(|name| CidPath::in_root(name).ok()).collect();
        folders.retain(|folder| tree.may_be_folder(folder));
        folders.extend(last.as_ref().map(Record::deep_folders).unwrap_or_default());
        folders.extend_from_slice(further);
        tree.list_all(&folders);
        for path in std::iter::once(None).chain(folders.iter().map(Some)) {
            let Some(folder) = (if path.is_some() { tree.folder(path).ok().flatten() } else { tree.folder(None)? })
            else {
                continue;
            };
            for name in tree
                .listing(path)?
                .own_names()
                .filter(|name| is_leftover(name) && !named.as_ref().is_some_and(|named| named.has(name)))
            {
                disk::remove_leftover(&folder.join(name))?;
            }
        }
        Ok(())
    }
}
