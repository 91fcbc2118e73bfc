//! What a file holds before or after a change: bytes in memory, or what another file holds, of which no more is in memory
//! than a piece at a time.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::record::{Sum256, staged_name};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::hex::hex;
use crate::catalog::{Checksum, CidPath};
use crate::cid::digest::sha256_of;

/// What a file holds. A plan may have hundreds of thousands, so that each is small.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// These bytes.
    Bytes(Arc<[u8]>),
    /// What this file holds.
    File(Box<FileContent>),
    /// So many bytes that are nowhere to be read from here.
    Elsewhere(u64),
}

/// What a file of any size holds, which is read when it is needed, and piece by piece.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileContent {
    /// Where it is read from; of what is staged, the folder that all of that is in.
    place: Arc<Path>,
    /// Its size in bytes when the plan was made.
    pub size: u64,
    /// Where it has been read; else it is made when the plan is carried out.
    pub(super) sha256: Option<Sum256>,
    /// Its CRC-32, where one was made: it takes less time to compare than the SHA-256.
    pub(crate) crc32: Option<Checksum>,
    /// Nobody but the plan knows the file: it may become the new one.
    pub(super) is_staged: bool,
}

impl FileContent {
    /// What the file at `place` holds, which has not been read yet.
    pub(crate) fn unread(place: &Path, size: u64) -> Self {
        Self { place: place.into(), size, sha256: None, crc32: None, is_staged: false }
    }

    /// The same of a file that has been read.
    pub(super) fn read(place: &Path, size: u64, sha256: Sum256) -> Self {
        Self { sha256: Some(sha256), ..Self::unread(place, size) }
    }

    /// What is staged in `folder` for some file of the CID.
    pub(super) fn staged(folder: Arc<Path>, size: u64, sha256: Sum256, crc32: Checksum) -> Self {
        Self { place: folder, size, sha256: Some(sha256), crc32: Some(crc32), is_staged: true }
    }

    /// Where it is read from, as the content of the file at `path`.
    pub(super) fn place(&self, path: &CidPath) -> Cow<'_, Path> {
        if self.is_staged { self.place.join(staged_name(path)).into() } else { (&*self.place).into() }
    }

    /// Its SHA-256, in hex, where it has been read.
    pub fn sha256(&self) -> Option<String> {
        self.sha256.map(|sha256| hex(&sha256))
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes.into())
    }
}

impl From<Arc<[u8]>> for Content {
    fn from(bytes: Arc<[u8]>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<FileContent> for Content {
    fn from(file: FileContent) -> Self {
        Self::File(Box::new(file))
    }
}

impl Content {
    /// The bytes, where they are in memory.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::File(_) | Self::Elsewhere(_) => None,
        }
    }

    /// How many bytes there are.
    pub fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(file) => file.size,
            Self::Elsewhere(size) => *size,
        }
    }

    /// The SHA-256, in hex, where it is known without reading a file.
    pub fn sha256(&self) -> Option<String> {
        self.sum().map(|sum| hex(&sum))
    }

    /// The SHA-256, where it is known without reading a file.
    pub(crate) fn sum(&self) -> Option<Sum256> {
        match self {
            Self::Bytes(bytes) => Some(Sha256::digest(bytes).into()),
            Self::File(file) => file.sha256,
            Self::Elsewhere(_) => None,
        }
    }

    /// The SHA-256 of what the file at `path` is to hold, read if it is not known yet.
    pub(super) fn digest(&self, path: &CidPath) -> Result<Sum256> {
        match (self, self.sum()) {
            (_, Some(known)) => Ok(known),
            (Self::File(file), None) => sha256_of(&file.place(path), u64::MAX),
            (Self::Bytes(_) | Self::Elsewhere(_), None) => {
                Err(Error::new(ErrorKind::Io, "what it is to hold cannot be read from here")
                    .in_file(&path.below("".as_ref())))
            }
        }
    }
}
