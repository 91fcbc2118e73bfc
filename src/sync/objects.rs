//! A CID in a store of objects, as a source.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::source::{Opened, Source};
use crate::base::error::{Error, ErrorKind, Result};
use crate::catalog::CidPath;
use crate::catalog::checksum::Function;
use crate::catalogs::{Loaded, RefreshOptions, function_elsewhere};
use crate::cid::CatalogFile;
use crate::web::{
    Access, ObjectAddress, ObjectFolder, Store, Version, component_catalogs, read_catalogs, root_catalogs,
};

/// A CID in a store of objects.
pub(crate) struct ObjectSource {
    folder: ObjectFolder,
}

impl ObjectSource {
    /// The CID at this address, of which nothing is asked for yet.
    ///
    /// # Errors
    /// The settings say too little, or the authorities cannot be read.
    pub(crate) fn new(address: ObjectAddress, access: &Access) -> Result<Self> {
        Ok(Self { folder: ObjectFolder::new(address, access)? })
    }

    /// Those of these catalogs that are there.
    fn read(&self, files: Vec<CatalogFile>) -> Result<Vec<Loaded>> {
        let loaded = |Version { file, bytes, catalog, .. }| {
            let catalog = catalog.map_err(|error| error.in_file(&self.shown_file(&file.path)))?;
            Ok(Loaded { file, bytes, catalog })
        };
        read_catalogs(&self.folder, files)?.into_iter().map(loaded).collect()
    }
}

impl Source for ObjectSource {
    fn shown(&self) -> &str {
        self.folder.shown()
    }

    fn shown_file(&self, path: &CidPath) -> PathBuf {
        self.folder.url(path).into()
    }

    /// As those of a CID at a URL: no folder is listed.
    fn catalogs(&self) -> Result<Vec<Loaded>> {
        let not_a_cid = |what: String| {
            Err(Error::new(ErrorKind::NotACid, what).in_file(Path::new(self.shown())).next(
                "name the prefix of a CID itself: s3://BUCKET/PREFIX, az://CONTAINER/PREFIX or gs://BUCKET/PREFIX",
            ))
        };
        let mut loaded = self.read(root_catalogs()?)?;
        if loaded.is_empty() {
            return not_a_cid(
                text!("there is no CID: the store has no cidsync.upd here, or no such bucket").to_owned(),
            );
        }
        // What cannot be seen above tells nothing: this prefix may be all that these credentials may read.
        if let Some(above) = self.folder.cid_above(&mut Vec::new())? {
            return not_a_cid(text!("this is a component of the CID {above}, not a CID", above));
        }
        let further = self.read(component_catalogs(&loaded)?)?;
        loaded.extend(further);
        Ok(loaded)
    }

    /// Temporary files have no catalog, so that their names are not asked for: as of a CID at a URL, the catalogs alone tell.
    fn check_quiet(&self, _: &[Loaded]) -> Result<()> {
        Ok(())
    }

    fn function(&self, catalog: &Loaded, options: &RefreshOptions) -> Result<Function> {
        let read = |path: &CidPath, size: u32| {
            let mut bytes = Vec::new();
            let mut input = self.open(path, size)?;
            input.read_to_end(&mut bytes).map_err(|error| Error::io("read it", &self.shown_file(path), error))?;
            Ok(bytes)
        };
        function_elsewhere(catalog, &self.shown_file(&catalog.file.path), options, read)
    }

    fn open(&self, path: &CidPath, size: u32) -> Result<Opened> {
        match self.folder.open(path, size.into())? {
            Some(input) => Ok(Opened::Stream(input)),
            None => Err(Error::new(ErrorKind::Damage, "it is listed, and the store has no such object")
                .in_file(&self.shown_file(path))
                .next("publish the CID there again, or let whoever is doing so end; then try again: what was brought is kept")),
        }
    }

    fn folder(&self) -> Option<&Path> {
        None
    }
}
