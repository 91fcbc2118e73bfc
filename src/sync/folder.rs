//! A CID in a folder: on a disk, or on a share as the system reaches it.

use std::path::{Path, PathBuf};

use super::source::{Opened, Source};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::open_file;
use crate::catalog::CidPath;
use crate::catalog::checksum::Function;
use crate::catalogs::{Loaded, RefreshOptions, function_of, load, refuse_busy};
use crate::cid::Cid;
use crate::cid::tree::Found;
use crate::cid::walk::not_plain;
use crate::plan::{View, Writer};

/// A CID in a folder.
pub(crate) struct FolderSource {
    cid: Cid,
    shown: String,
}

impl FolderSource {
    /// The CID in this folder.
    ///
    /// # Errors
    /// As [`Cid::open`]; or a change to it was interrupted or is under way.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        Self::open_as(path, &path.to_string_lossy())
    }

    /// As [`open`](FolderSource::open), for a CID that is told of by another name.
    ///
    /// # Errors
    /// As [`open`](FolderSource::open).
    pub(crate) fn open_as(path: &Path, shown: &str) -> Result<Self> {
        let source = Self { cid: Cid::open(path)?, shown: shown.to_owned() };
        source.refuse_unfinished()?;
        Ok(source)
    }

    fn refuse_unfinished(&self) -> Result<()> {
        match Writer::needs_recovery(self.cid.root()) {
            false => Ok(()),
            true => Err(Error::new(ErrorKind::Busy, "a change to this CID was interrupted, or is under way")
                .in_file(self.cid.path())
                .next("wait for its end; if nobody is at work, configcid recover ends it")),
        }
    }
}

impl Source for FolderSource {
    fn shown(&self) -> &str {
        &self.shown
    }

    fn shown_file(&self, path: &CidPath) -> PathBuf {
        self.cid.shown(path)
    }

    fn catalogs(&self) -> Result<Vec<Loaded>> {
        self.refuse_unfinished()?;
        load(&Cid::open(self.cid.path())?)
    }

    fn check_quiet(&self, catalogs: &[Loaded]) -> Result<()> {
        refuse_busy(&Cid::open(self.cid.path())?, catalogs)
    }

    fn function(&self, catalog: &Loaded, options: &RefreshOptions) -> Result<Function> {
        function_of(&View::new(&self.cid, &[]), catalog, options)
    }

    /// Each folder is listed once, and not by whoever of many comes to it at the same time.
    fn prepare(&self, files: &mut dyn Iterator<Item = CidPath>) {
        self.cid.tree().list_folders(files);
    }

    fn open(&self, path: &CidPath, _: u32) -> Result<Opened> {
        let open = |place: &Path| -> Result<Opened> {
            let file = open_file(place)?;
            let metadata = file.metadata().map_err(|error| Error::io("look at it", place, error))?;
            Ok(Opened::File(file, metadata))
        };
        // What a listing told may have changed since: where it is no file any more, a look says what it is.
        if let Some(Ok(Opened::File(file, metadata))) = self.cid.tree().listed_file(path)?.as_deref().map(open)
            && metadata.is_file()
        {
            return Ok(Opened::File(file, metadata));
        }
        match self.cid.tree().find(path)? {
            Found::File { path: place, linked: false, .. } => open(&place),
            Found::Absent => Err(Error::new(ErrorKind::Damage, "it is listed and not there")
                .in_file(&self.cid.shown(path))
                .next("let the server update this CID; configcid catalog verify tells what else is wrong")),
            Found::File { .. } | Found::Folder | Found::Other => Err(not_plain(&self.cid.shown(path))),
        }
    }

    fn folder(&self) -> Option<&Path> {
        Some(self.cid.root())
    }
}
