//! Contents on their way into a CID: they are brought here one by one, however long that takes, before any change begins. What
//! is here stays when a run breaks off, and the next one looks whether it is still of use.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::record::digest;
use super::{Content, FileContent, Writer, disk};
use crate::base::error::{Error, ErrorKind, Result};
use crate::catalog::CidPath;
use crate::cid::STAGING;

/// A folder of a CID, of no meaning to anybody else, for contents that are to become its files. Who has it has the right to
/// write to the CID.
#[derive(Debug)]
pub(crate) struct Staging {
    folder: PathBuf,
}

impl Staging {
    /// The folder, made if it is not there yet.
    pub(crate) fn open(writer: &Writer) -> Result<Self> {
        let folder = writer.root.join(STAGING);
        match folder.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => {
                return Err(Error::new(ErrorKind::Link, "this should be a folder of configcid's own, and is none")
                    .in_file(&writer.shown.join(STAGING))
                    .next("remove it"));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => disk::make_folder(&folder)?,
            Err(error) => return Err(Error::io("look at it", &folder, error)),
        }
        Ok(Self { folder })
    }

    /// Whether a run that broke off has left something in the CID at `root`.
    pub(crate) fn is_left(root: &Path) -> bool {
        root.join(STAGING).symlink_metadata().is_ok()
    }

    /// Refuses to begin where the disk has no room for `bytes`.
    pub(crate) fn check_room(&self, bytes: u64) -> Result<()> {
        disk::check_folder(&self.folder, bytes)
    }

    /// Where the content for the file at `path` is, once it is here. The names say nothing: paths may be long.
    pub(crate) fn place(&self, path: &CidPath) -> PathBuf {
        self.folder.join(&digest(path.key().as_bytes())[..32])
    }

    /// The size of what is here for the file at `path`.
    pub(crate) fn size(&self, path: &CidPath) -> Option<u64> {
        let metadata = self.place(path).symlink_metadata().ok()?;
        metadata.is_file().then_some(metadata.len())
    }

    /// Lets `fill` bring the content for the file at `path`; it is here when that has come to its end, and is then on the
    /// disk, too.
    pub(crate) fn bring(&self, path: &CidPath, fill: impl FnOnce(&mut File) -> Result<()>) -> Result<()> {
        let place = self.place(path);
        disk::stage(&place.with_extension("part"), &place, fill)
    }

    /// Gives up what is here for the file at `path`.
    pub(crate) fn discard(&self, path: &CidPath) -> Result<()> {
        disk::remove(&self.place(path))
    }

    /// What is here for the file at `path`, as the content of a change.
    pub(crate) fn content(&self, path: &CidPath, size: u64, sha256: String) -> Content {
        Content::File(FileContent { place: self.place(path), size, sha256: Some(sha256), is_staged: true })
    }

    /// Makes the names of all that is here outlast a power failure.
    pub(crate) fn flush(&self) -> Result<()> {
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
