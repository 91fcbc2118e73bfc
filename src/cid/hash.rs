//! Checksums of many files, many at a time.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::open_file;
use crate::base::pool::in_parallel;
use crate::catalog::{Checksum, ChecksumFunction};

/// The size and the checksum of a file's content.
pub(crate) type Sum = (u64, Checksum);

/// The sum of one file, of which at most `limit` bytes are read, and none where a catalog cannot say how many it has.
pub(crate) fn sum_file(path: &Path, limit: u64, function: &dyn ChecksumFunction) -> Result<Sum> {
    let file = open_file(path)?;
    let size = file.metadata().map_err(|error| Error::io("look at it", path, error))?.len();
    checked_size(size, path)?;
    let mut counted = Counted::of(file.take(limit), size);
    let checksum = function.of(&mut counted).map_err(|error| error.in_file(path))?;
    Ok((counted.count, checksum))
}

/// A size as a catalog has it.
pub(crate) fn checked_size(size: u64, path: &Path) -> Result<u32> {
    u32::try_from(size).map_err(|_| {
        Error::new(ErrorKind::Path, "this file is larger than 4 GiB, more than a catalog can say")
            .in_file(path)
            .next("remove it from the CID")
    })
}

/// The sums of `files`, in their order. The second of each pair limits how many bytes are read.
pub(crate) fn sum_files(files: &[(PathBuf, u64)], function: &dyn ChecksumFunction) -> Vec<Result<Sum>> {
    in_parallel(files, |(path, limit)| sum_file(path, *limit, function))
}

/// Counts what is read of a file. To be given all of its bytes, and less than was asked for, is to be told that this is the end:
/// to ask once more would be a request for each file of a share. Not for a connection, which gives what has arrived so far.
pub(super) struct Counted<R> {
    inner: R,
    count: u64,
    size: u64,
    is_ended: bool,
}

impl<R> Counted<R> {
    /// A reader of a file that should have `size` bytes.
    pub(super) fn of(inner: R, size: u64) -> Self {
        Self { inner, count: 0, size, is_ended: false }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.is_ended {
            return Ok(0);
        }
        let length = self.inner.read(buffer)?;
        self.count += length as u64;
        self.is_ended = length < buffer.len() && self.count == self.size;
        Ok(length)
    }
}
