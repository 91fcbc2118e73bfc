//! Where files are brought from.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::base::error::Result;
use crate::catalog::CidPath;
use crate::catalog::checksum::Function;
use crate::catalogs::{Loaded, RefreshOptions};

/// A CID that files are brought from: in a folder, or somewhere else where files can be asked for by their names.
pub(crate) trait Source: Sync {
    /// The CID, as it was named.
    fn shown(&self) -> &str;

    /// A file of it, for messages.
    fn shown_file(&self, path: &CidPath) -> PathBuf;

    /// Its catalogs, read anew, in the order in which they are written.
    ///
    /// # Errors
    /// It has none, or one cannot be read or breaks the format.
    fn catalogs(&self) -> Result<Vec<Loaded>>;

    /// Refuses where something else seems to be updating it, as far as that can be seen.
    ///
    /// # Errors
    /// It does.
    fn check_quiet(&self, catalogs: &[Loaded]) -> Result<()>;

    /// The function that a catalog is to be rewritten with: found out from files, never assumed.
    ///
    /// # Errors
    /// Nothing tells which it is, or files are not what the catalog says.
    fn function(&self, catalog: &Loaded, options: &RefreshOptions) -> Result<Function>;

    /// Is told which files will be opened, as soon as that is known.
    fn prepare(&self, _files: &mut dyn Iterator<Item = CidPath>) {}

    /// Opens a file, which the catalogs list with this size.
    ///
    /// # Errors
    /// It is not there, is no file, or cannot be read.
    fn open(&self, path: &CidPath, size: u32) -> Result<Opened>;

    /// Its folder, where it is in one of this system.
    fn folder(&self) -> Option<&Path>;
}

/// A file of a source, from its first byte on.
pub(crate) enum Opened {
    /// Of this system, with its rights and its time.
    File(File, Metadata),
    /// As it comes from elsewhere.
    Stream(Box<dyn Read>),
}

impl Read for Opened {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file, _) => file.read(buffer),
            Self::Stream(stream) => stream.read(buffer),
        }
    }
}
