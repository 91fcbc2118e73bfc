//! Exported registries on disk.

use std::path::Path;

use crate::base::error::{Error, Result};
use crate::base::files::read_given_file;
use crate::registry::{MAX_SIZE, RegFile, parse_large};

impl RegFile {
    /// As [`parse`](RegFile::parse), of a file on disk. One that is larger than [`MAX_SIZE`], as an export of all that is below
    /// `HKLM\SOFTWARE` is, is read piece by piece: it has only the keys whose paths name the vendor, the firewall or installed
    /// programs, and no others.
    ///
    /// # Errors
    /// It cannot be read, or as [`parse`](RegFile::parse).
    pub fn read(path: &Path) -> Result<Self> {
        if path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() > MAX_SIZE) {
            let cannot = |error| Error::io("read it", path, error);
            let file = std::fs::File::open(path).map_err(cannot)?;
            return parse_large(file).map_err(cannot)?.map_err(|error| error.in_file(path));
        }
        let bytes = read_given_file(path, MAX_SIZE, text!("name an exported .reg file"))?;
        Self::parse(&bytes).map_err(|error| error.in_file(path))
    }
}
