//! Reading a file of a store piece by piece, so that no more of it is in memory than that.

use std::io::{self, Read};
use std::sync::Arc;

use object_store::{GetOptions, GetRange, ObjectStoreExt};

use super::http::wait;
use super::{AGAIN, Inner, Refused, error};
use crate::base::error::{ErrorKind, Result};
use crate::catalog::CidPath;

/// Files are read in pieces of this size, in bytes (our choice): sixteen files are read at a time.
const PIECE: u64 = 1 << 20;

/// A file that comes piece by piece.
pub(super) struct Pieces {
    inner: Arc<Inner>,
    path: CidPath,
    size: u64,
    at: u64,
    /// The version of which the first piece was.
    tag: Option<String>,
    piece: io::Cursor<Vec<u8>>,
}

impl Pieces {
    /// Asks for the first piece of a file that should have `size` bytes; `None`: there is no such file.
    ///
    /// # Errors
    /// It has another size, or there is no answer.
    pub(super) fn open(inner: Arc<Inner>, path: CidPath, size: u64) -> Result<Option<Self>> {
        let mut reader = Self { inner, path, size, at: 0, tag: None, piece: io::Cursor::default() };
        Ok(reader.fill()?.then_some(reader))
    }

    /// Asks for the next piece; `false`: there is no such file.
    fn fill(&mut self) -> Result<bool> {
        let url = self.inner.url(&self.path);
        let (store, key) = (&self.inner.store, self.inner.key(&self.path)?);
        // Of an empty file there is no piece to ask for.
        let range = (self.size > 0).then(|| GetRange::Bounded(self.at..(self.at + PIECE).min(self.size)));
        let options = GetOptions { range, if_match: self.tag.clone(), ..GetOptions::default() };
        let ask = || {
            wait(async {
                let found = store.get_opts(&key, options.clone()).await?;
                let (size, tag) = (found.meta.size, found.meta.e_tag.clone());
                Ok((found.bytes().await?, size, tag))
            })
        };
        let damage = |what: String| Err(error(ErrorKind::Damage, what, &url).next(AGAIN));
        match self.inner.tried(text!("read it"), &url, ask) {
            Ok((_, size, _)) if size != self.size => {
                damage(text!("it has {size} bytes, and {size_is} are listed", size, size_is = self.size))
            }
            Ok((bytes, _, _)) if bytes.is_empty() && self.size > 0 => damage(text!("it ends too early").to_owned()),
            Ok((bytes, _, tag)) => {
                self.at += bytes.len() as u64;
                self.tag = tag;
                self.piece = io::Cursor::new(bytes.to_vec());
                Ok(true)
            }
            Err(Refused::Absent) => Ok(false),
            Err(Refused::Condition) => damage(text!("it was replaced while it was read").to_owned()),
            Err(refused) => {
                // One that is shorter than the piece that was asked for.
                match wait(store.head(&key)) {
                    Ok(meta) if meta.size != self.size => {
                        damage(text!("it has {} bytes, and {} are listed", meta.size, self.size))
                    }
                    _ => Err(Refused::trouble(&url)(refused).error),
                }
            }
        }
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.piece.read(buffer)?;
        if length > 0 || buffer.is_empty() || self.at >= self.size {
            return Ok(length);
        }
        match self.fill() {
            Ok(true) => self.piece.read(buffer),
            Ok(false) => Err(io::ErrorKind::NotFound.into()),
            Err(error) => Err(io::Error::other(error.what().to_owned())),
        }
    }
}
