//! Reading a file of a store as it comes, so that no more of it is in memory than a piece. Where the connection breaks, the rest is asked for.

use std::future::poll_fn;
use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;
use object_store::{GetOptions, GetRange, GetResultPayload, ObjectStoreExt};

use super::http::wait;
use super::{AGAIN, Inner, PAUSES, Refused, error};
use crate::base::error::{ErrorKind, Result};
use crate::base::tries::Tries;
use crate::catalog::CidPath;

/// What comes of an object.
pub(super) type Stream<T = Bytes> = std::pin::Pin<Box<dyn futures_core::Stream<Item = object_store::Result<T>> + Send>>;

/// A file that comes piece by piece.
pub(super) struct Pieces {
    inner: Arc<Inner>,
    path: CidPath,
    size: u64,
    at: u64,
    /// The version of which the first piece was.
    tag: Option<String>,
    stream: Option<Stream>,
    piece: Bytes,
}

impl Pieces {
    /// Asks for a file that should have `size` bytes; `None`: there is no such file.
    ///
    /// # Errors
    /// It has another size, or there is no answer.
    pub(super) fn open(inner: Arc<Inner>, path: CidPath, size: u64) -> Result<Option<Self>> {
        let mut reader = Self { inner, path, size, at: 0, tag: None, stream: None, piece: Bytes::new() };
        Ok(reader.ask()?.then_some(reader))
    }

    /// Asks for what has not come yet; `false`: there is no such file.
    fn ask(&mut self) -> Result<bool> {
        let url = self.inner.url(&self.path);
        let (store, key) = (&self.inner.store, self.inner.key(&self.path)?);
        // Of an empty file there is no part to ask for.
        let range = (self.size > 0).then_some(GetRange::Bounded(self.at..self.size));
        let options = GetOptions { range, if_match: self.tag.clone(), ..GetOptions::default() };
        let ask = || {
            wait(async {
                let found = store.get_opts(&key, options.clone()).await?;
                Ok((found.meta.size, found.meta.e_tag.clone(), stream_of(found.payload)))
            })
        };
        let damage = |what: String| Err(error(ErrorKind::Damage, what, &url).next(AGAIN));
        match self.inner.tried(text!("read it"), &url, ask) {
            Ok((size, ..)) if size != self.size => {
                damage(text!("it has {size} bytes, and {size_is} are listed", size, size_is = self.size))
            }
            Ok((_, tag, stream)) => {
                self.tag = tag;
                self.stream = Some(stream);
                Ok(true)
            }
            Err(Refused::Absent) => Ok(false),
            Err(Refused::Condition) => damage(text!("it was replaced while it was read").to_owned()),
            Err(refused) => {
                // One that is shorter than what was asked for.
                match wait(store.head(&key)) {
                    Ok(meta) if meta.size != self.size => {
                        damage(text!("it has {} bytes, and {} are listed", meta.size, self.size))
                    }
                    _ => Err(Refused::trouble(&url)(refused).error),
                }
            }
        }
    }

    /// Takes what comes next, which is nothing at the end.
    fn take(&mut self) -> io::Result<()> {
        let mut tries = Tries::after(&PAUSES);
        while self.at < self.size {
            let Some(stream) = &mut self.stream else {
                match self.ask() {
                    Ok(true) => continue,
                    Ok(false) => return Err(io::ErrorKind::NotFound.into()),
                    Err(error) => return Err(io::Error::other(error.what().to_owned())),
                }
            };
            let why = match next(stream) {
                Some(Ok(piece)) if !piece.is_empty() => {
                    self.at += piece.len() as u64;
                    self.piece = piece;
                    return Ok(());
                }
                Some(Ok(_)) => continue,
                Some(Err(why)) => io::Error::other(why.to_string()),
                None => io::Error::other(text!("it ends too early")),
            };
            self.stream = None;
            if !tries.another() {
                return Err(why);
            }
        }
        Ok(())
    }
}

/// What comes of an object, from its first byte on.
pub(super) fn stream_of(payload: GetResultPayload) -> Stream {
    match payload {
        GetResultPayload::Stream(stream) => stream,
        #[allow(unreachable_patterns, reason = "the library has a further one with some of its features")]
        _ => unreachable!("no store is a folder of this system"),
    }
}

/// What comes next.
pub(super) fn next<T>(stream: &mut Stream<T>) -> Option<object_store::Result<T>> {
    wait(poll_fn(|context| stream.as_mut().poll_next(context)))
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.piece.is_empty() && !buffer.is_empty() {
            self.take()?;
        }
        let length = self.piece.len().min(buffer.len());
        buffer[..length].copy_from_slice(&self.piece.split_to(length));
        Ok(length)
    }
}
