//! The pieces of files that are sent to stores, which the library wants in memory: how much of them there is at a time is bounded, and it is the same
//! memory all the while. What is given back to the system's allocator by one of many threads, others would not get.

use std::io::{self, Read};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use object_store::PutPayload;

use crate::base::pool::Gate;

/// So many bytes of files are on their way to stores at a time: three pieces of large files, or some small ones (our choice).
const MOST: usize = 16 << 20;

/// Pieces are kept in chunks of this size, in bytes (our choice).
const CHUNK: usize = 64 << 10;

static ROOM: Gate = Gate::new();
/// Chunks that nobody uses.
static FREE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// A chunk, which comes back when whoever sends it has done so.
struct Chunk(Vec<u8>);

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        FREE.lock().unwrap_or_else(PoisonError::into_inner).push(std::mem::take(&mut self.0));
    }
}

/// Waits until there is room for so many bytes, then does `work`.
pub(super) fn with<T>(size: u64, work: impl FnOnce() -> T) -> T {
    let size = usize::try_from(size).unwrap_or(MOST).min(MOST);
    ROOM.pass(MOST, size.next_multiple_of(CHUNK), work)
}

/// The next `size` bytes of `body`, or as many as it has.
///
/// # Errors
/// It cannot be read.
pub(super) fn read(size: u64, body: &mut dyn Read) -> io::Result<PutPayload> {
    let mut chunks: Vec<Bytes> = Vec::new();
    let mut left = size;
    while left > 0 {
        let length = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        // Most files are small, and there are many.
        let chunk = if length < CHUNK { Vec::with_capacity(length) } else { free() };
        let chunk = filled(chunk, length, body)?;
        left -= length as u64;
        let is_last = chunk.len() < length;
        chunks.push(if length < CHUNK { chunk.into() } else { Bytes::from_owner(Chunk(chunk)) });
        if is_last {
            break;
        }
    }
    Ok(chunks.into_iter().collect())
}

fn free() -> Vec<u8> {
    let free = FREE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    free.unwrap_or_else(|| Vec::with_capacity(CHUNK))
}

fn filled(mut chunk: Vec<u8>, length: usize, body: &mut dyn Read) -> io::Result<Vec<u8>> {
    chunk.clear();
    body.take(length as u64).read_to_end(&mut chunk)?;
    Ok(chunk)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_what_the_body_has() {
        let body: Vec<u8> = (0..CHUNK * 2 + 100).map(|at| (at % 251) as u8).collect();
        for size in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, CHUNK * 2 + 100, CHUNK * 3] {
            let payload = with(size as u64, || read(size as u64, &mut &*body)).unwrap();
            assert_eq!(Bytes::from(payload), body[..size.min(body.len())], "{size}");
        }
        // Those that came back are used again.
        assert!(!FREE.lock().unwrap().is_empty());
    }
}
