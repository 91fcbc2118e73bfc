//! Where the files of a change are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::catalog::CidPath;

/// Where a file is. There may be hundreds of thousands, of which most have their folder with others and the name that is in their
/// path.
#[derive(Debug, Clone)]
pub(super) struct Target {
    folder: Arc<Path>,
    /// Where it is not that of the path: hardly ever, so that no more than a pointer is kept for it.
    name: Option<Box<OsString>>,
}

impl Target {
    /// The file that is at `place`, and at `path` in the CID. `last` is the one before it, if there is one.
    pub(super) fn of(place: &Path, path: &CidPath, last: Option<&Self>) -> Self {
        let folder = place.parent().unwrap_or(Path::new(""));
        let folder = match last {
            Some(last) if *last.folder == *folder => last.folder.clone(),
            _ => folder.into(),
        };
        let name = place.file_name().filter(|name| *name != path.file_name()).map(|name| Box::new(name.to_owned()));
        Self { folder, name }
    }

    /// Where the file at `path` in the CID is.
    pub(super) fn place(&self, path: &CidPath) -> PathBuf {
        match &self.name {
            Some(name) => self.folder.join(&**name),
            None => self.folder.join(path.file_name()),
        }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}
