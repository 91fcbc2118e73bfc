//! Reading message files.

use std::path::Path;

use super::file::MessageFile;
use super::{parse, xml};
use crate::base::error::{Error, Result};
use crate::base::files::read_file;

impl MessageFile {
    /// Reads a file: XML in UTF-8 as `templates/messenger.xsd` describes it. Ids may be there twice, which
    /// [`lint`](super::lint()) finds and [`read`](MessageFile::read) refuses.
    ///
    /// # Errors
    /// It is not XML, or not of this schema, or has more of something than is allowed; it has a document type, or an
    /// entity beyond the five of XML. The error has the line and the column, and names no file.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        parse::file(&xml::parse(bytes)?)
    }

    /// The bytes of a file on disk.
    ///
    /// # Errors
    /// It cannot be read, or is larger than any message file.
    pub fn read_bytes(path: &Path) -> Result<Vec<u8>> {
        read_bytes(path, xml::MAX_SIZE as u64)
    }

    /// Reads a file on disk, in which each id is there once.
    ///
    /// # Errors
    /// As [`parse`](MessageFile::parse); it cannot be read; an id is there twice.
    pub fn read(path: &Path) -> Result<Self> {
        Self::parse(&Self::read_bytes(path)?).and_then(|file| file.unique_ids()).map_err(|error| error.in_file(path))
    }

    fn unique_ids(self) -> Result<Self> {
        let mut seen = std::collections::HashSet::new();
        match self.messages.iter().find(|message| !seen.insert(&message.id)) {
            Some(twin) => Err(xml::fault(twin.place, text!("there is a message {} already", twin.id))
                .next("give each message an id of its own")),
            None => Ok(self),
        }
    }
}

/// The bytes of an ordinary file, as people name it.
pub(crate) fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let real = path.canonicalize().map_err(|error| Error::io("open it for reading", path, error))?;
    let metadata = real.metadata().map_err(|error| Error::io("look at it", path, error))?;
    if !metadata.is_file() {
        return Err(Error::new(crate::ErrorKind::Io, "this is no file").in_file(path));
    }
    read_file(&real, limit).map_err(|error| error.about(path))
}
