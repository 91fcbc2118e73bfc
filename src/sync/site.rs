//! A CID on a web server, which is read by HTTP as endpoints read it.

use std::path::{Path, PathBuf};

use super::source::{Opened, Source};
use crate::base::error::Result;
use crate::catalog::CidPath;
use crate::catalog::checksum::Function;
use crate::catalogs::{Loaded, RefreshOptions, function_elsewhere};
use crate::web::{Access, Address, WebCid};

/// A CID on a web server.
pub(crate) struct WebSource {
    cid: WebCid,
    shown: String,
}

impl WebSource {
    /// The CID at this address, of which nothing is asked for yet.
    ///
    /// # Errors
    /// What `access` names cannot be read.
    pub(crate) fn new(address: Address, access: &Access) -> Result<Self> {
        let shown = address.to_string();
        Ok(Self { cid: WebCid::new(address, access)?, shown })
    }
}

impl Source for WebSource {
    fn shown(&self) -> &str {
        &self.shown
    }

    fn shown_file(&self, path: &CidPath) -> PathBuf {
        self.cid.url(path).into()
    }

    fn catalogs(&self) -> Result<Vec<Loaded>> {
        self.cid.catalogs()
    }

    /// A server lists no folders, so that no temporary file can be seen. That the catalogs are the same at the end as at the
    /// beginning, and that every file is what they list, has to do.
    fn check_quiet(&self, _: &[Loaded]) -> Result<()> {
        Ok(())
    }

    fn function(&self, catalog: &Loaded, options: &RefreshOptions) -> Result<Function> {
        let read = |path: &CidPath, size: u32| {
            let mut bytes = Vec::new();
            let mut file = self.cid.open(path, size)?;
            std::io::Read::read_to_end(&mut file, &mut bytes)
                .map_err(|error| crate::Error::io("read it", &self.shown_file(path), error))?;
            Ok(bytes)
        };
        function_elsewhere(catalog, &self.shown_file(&catalog.file.path), options, read)
    }

    fn open(&self, path: &CidPath, size: u32) -> Result<Opened> {
        Ok(Opened::Stream(Box::new(self.cid.open(path, size)?)))
    }

    fn folder(&self) -> Option<&Path> {
        None
    }
}
