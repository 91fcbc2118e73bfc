//! Exported registries on disk.

use std::path::Path;

use crate::base::error::Result;
use crate::base::files::read_given_file;
use crate::registry::{MAX_SIZE, RegFile};

impl RegFile {
    /// As [`parse`](RegFile::parse), of a file on disk.
    ///
    /// # Errors
    /// It cannot be read, or as [`parse`](RegFile::parse).
    pub fn read(path: &Path) -> Result<RegFile> {
        let bytes = read_given_file(path, MAX_SIZE, "name an exported .reg file")?;
        RegFile::parse(&bytes).map_err(|error| error.in_file(path))
    }
}
