//! Contents on their way into a CID: they are brought here one by one, however long that takes, before any change begins. What
//! is here stays when a run breaks off, and the next one looks whether it is still of use.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::record::{Sum256, staged_name};
use super::{Content, FileContent, Writer, disk};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::copies_without_moving;
use crate::base::flush::Flush;
use crate::catalog::{Checksum, CidPath};
use crate::cid::STAGING;

/// A folder of a CID, of no meaning to anybody else, for contents that are to become its files. Who has it has the right to
/// write to the CID.
#[derive(Debug)]
pub(crate) struct Staging {
    folder: Arc<Path>,
    /// The names of what a run that broke off has left. Most of it is whole; what a power failure left of it need not be.
    left: HashSet<OsString>,
    flush: Flush,
}

impl Staging {
    /// The folder, made if it is not there yet.
    pub(crate) fn open(writer: &Writer) -> Result<Self> {
        let folder = writer.root.join(STAGING);
        let mut left = HashSet::new();
        match folder.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => {
                let cannot = |error| Error::io("list the folder", &folder, error);
                for entry in folder.read_dir().map_err(cannot)? {
                    left.insert(entry.map_err(cannot)?.file_name());
                }
            }
            Ok(_) => {
                return Err(Error::new(ErrorKind::Link, "this should be a folder of configcid's own, and is none")
                    .in_file(&writer.shown.join(STAGING))
                    .next("remove it"));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => disk::make_folder(&folder)?,
            Err(error) => return Err(Error::io("look at it", &folder, error)),
        }
        let flush = Flush::of(&folder, 0);
        Ok(Self { folder: folder.into(), left, flush })
    }

    /// Whether a run that broke off has left something in the CID at `root`.
    pub(crate) fn is_left(root: &Path) -> bool {
        root.join(STAGING).symlink_metadata().is_ok()
    }

    /// Prepares for so many files of `bytes` in all.
    ///
    /// # Errors
    /// The disk has no room for them, or the folder cannot be written.
    pub(crate) fn begin(&mut self, files: usize, bytes: u64) -> Result<()> {
        disk::check_folder(&self.folder, bytes)?;
        self.flush = Flush::of(&self.folder, files);
        Ok(())
    }

    /// Where the content for the file at `path` is, once it is here. The names say nothing: paths may be long.
    pub(crate) fn place(&self, path: &CidPath) -> PathBuf {
        self.folder.join(staged_name(path))
    }

    /// Where it is as long as it is not whole.
    pub(crate) fn part(&self, path: &CidPath) -> PathBuf {
        self.place(path).with_extension("part")
    }

    /// Whether the system copies a file to here without moving what it holds.
    pub(crate) fn copies_without_moving(&self) -> bool {
        copies_without_moving(&self.folder)
    }

    /// The size of what a run that broke off has left for the file at `path`.
    pub(crate) fn size_left(&self, path: &CidPath) -> Option<u64> {
        let place = self.place(path);
        let metadata = self.is_left_at(&place).then(|| place.symlink_metadata().ok())??;
        metadata.is_file().then_some(metadata.len())
    }

    fn is_left_at(&self, place: &Path) -> bool {
        place.file_name().is_some_and(|name| self.left.contains(name))
    }

    /// Lets `fill` bring the content for the file at `path`. It is on the disk after [`flush`](Staging::flush).
    pub(crate) fn bring(&self, path: &CidPath, fill: impl FnOnce(&mut File) -> Result<()>) -> Result<()> {
        let place = self.place(path);
        let part = self.part(path);
        // One that a process did not end.
        if self.is_left_at(&part) {
            disk::remove(&part)?;
        }
        disk::stage(&part, &place, &self.flush, fill)
    }

    /// Gives up what is here for the file at `path`.
    pub(crate) fn discard(&self, path: &CidPath) -> Result<()> {
        disk::remove(&self.place(path))
    }

    /// What is here for a file, as the content of its change.
    pub(crate) fn content(&self, size: u64, sha256: Sum256, crc32: Checksum) -> Content {
        FileContent::staged(self.folder.clone(), size, sha256, crc32).into()
    }

    /// Makes all that is here outlast a power failure.
    pub(crate) fn flush(&self) -> Result<()> {
        disk::flush_all(&self.folder, &self.flush)?;
        disk::sync_folder(&self.folder)
    }

    /// Removes the folder if nothing is in it.
    pub(crate) fn clear_if_empty(&self) {
        let _ = disk::remove_folder(&self.folder);
    }

    /// Removes the folder with all that is in it.
    pub(crate) fn clear(self) -> Result<()> {
        disk::remove_with_files(&self.folder)
    }
}
