//! Checksums of many files, on all processors.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::open_file;
use crate::catalog::{Checksum, ChecksumFunction};

/// The size and the checksum of a file's content.
pub(crate) type Sum = (u64, Checksum);

/// The sum of one file, of which at most `limit` bytes are read, and none where a catalog cannot say how many it has.
pub(crate) fn sum_file(path: &Path, limit: u64, function: &dyn ChecksumFunction) -> Result<Sum> {
    let file = open_file(path)?;
    let size = file.metadata().map_err(|error| Error::io("look at it", path, error))?.len();
    checked_size(size, path)?;
    let mut counted = Counted { inner: file.take(limit), count: 0 };
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

/// What `work` gives for each of `items`, in their order, on all processors.
pub(crate) fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(items.len().max(1));
    let next = AtomicUsize::new(0);
    let take_turns = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return done };
            done.push((index, work(item)));
        }
    };
    let mut results: Vec<(usize, R)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(take_turns)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a worker does not panic")).collect()
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

struct Counted<R> {
    inner: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.count += length as u64;
        Ok(length)
    }
}
