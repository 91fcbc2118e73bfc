//! What a file holds before or after a change: bytes in memory, or what another file holds, of which no more is in memory
//! than a piece at a time.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::record::digest;
use crate::base::error::{Error, Result};
use crate::base::files::{open_file, read_open};
use crate::base::hex::hex;
use crate::catalog::Checksum;
use crate::cid::digest::{Wanted, digest_input};

/// Files up to this size are read whole, in bytes.
const SMALL: u64 = 256 << 10;

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// These bytes.
    Bytes(Vec<u8>),
    /// What this file holds.
    File(FileContent),
}

/// What a file of any size holds, which is read when it is needed, and piece by piece.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileContent {
    /// Where it is read from.
    pub place: PathBuf,
    /// Its size in bytes when the plan was made.
    pub size: u64,
    /// Its SHA-256, in hex, where it has been read; else it is made when the plan is carried out.
    pub sha256: Option<String>,
    /// Its CRC-32, where one was made: it takes less time to compare than the SHA-256.
    pub(crate) crc32: Option<Checksum>,
    /// Nobody but the plan knows the file: it may become the new one.
    pub(crate) is_staged: bool,
}

impl FileContent {
    /// What the file at `place` holds, which has not been read yet.
    pub(crate) fn unread(place: PathBuf, size: u64) -> Self {
        Self { place, size, sha256: None, crc32: None, is_staged: false }
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<FileContent> for Content {
    fn from(file: FileContent) -> Self {
        Self::File(file)
    }
}

impl Content {
    /// The bytes, where they are in memory.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::File(_) => None,
        }
    }

    /// How many bytes there are.
    pub fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(file) => file.size,
        }
    }

    /// The SHA-256, in hex, where it is known without reading a file.
    pub fn sha256(&self) -> Option<String> {
        match self {
            Self::Bytes(bytes) => Some(digest(bytes)),
            Self::File(file) => file.sha256.clone(),
        }
    }

    /// The SHA-256, from the file if it is not known yet.
    pub(super) fn digest(&self) -> Result<String> {
        match (self, self.sha256()) {
            (_, Some(known)) => Ok(known),
            (Self::File(file), None) => digest_of(&file.place),
            (Self::Bytes(bytes), None) => Ok(digest(bytes)),
        }
    }
}

/// The SHA-256 of a file, in hex, which is read piece by piece.
pub(crate) fn digest_of(path: &Path) -> Result<String> {
    let file = open_file(path)?;
    let size = file.metadata().map_err(|error| Error::io("read it", path, error))?.len();
    digest_of_open(file, size, path)
}

/// As [`digest_of`], of an open file of this size. A small one is read by one request.
pub(super) fn digest_of_open(file: File, size: u64, path: &Path) -> Result<String> {
    if size <= SMALL {
        return Ok(digest(&read_open(file, size, path, u64::MAX)?));
    }
    let digests = digest_input(file, path, u64::MAX, Wanted { sha256: true, ..Wanted::default() })?;
    digests.sha256.map(|digest| hex(&digest)).ok_or_else(|| {
        Error::new(crate::ErrorKind::Io, "it has no digest").in_file(path).next("look what it is; it was not read")
    })
}
