//! Digests and checksums of files, any set of them from one read of each file.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384};

use super::hash::{Counted, sum_file};
use crate::base::error::{Error, Result};
use crate::base::files::{open_file, read_open};
use crate::base::pool::in_parallel;
use crate::catalog::checksum::{READ_BUFFER, State};
use crate::catalog::{Checksum, checksum};

/// What is wanted of a file.
#[derive(Clone, Copy, Default)]
pub(crate) struct Wanted<'a> {
    pub sha1: bool,
    pub sha256: bool,
    pub sha384: bool,
    pub md5: bool,
    /// Checksum functions of catalogs. Those that cannot take a file in pieces, as a program of the user's, read it by
    /// themselves.
    pub checksums: &'a [checksum::Function],
}

/// What a file's content is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Digests {
    /// How many bytes were read.
    pub size: u64,
    pub sha1: Option<[u8; 20]>,
    pub sha256: Option<[u8; 32]>,
    pub sha384: Option<[u8; 48]>,
    pub md5: Option<[u8; 16]>,
    /// One for each function, in their order.
    pub checksums: Vec<Checksum>,
}

/// A file to read.
pub(crate) struct Job<'a> {
    pub path: PathBuf,
    /// How many bytes to read at most: a file may grow while it is read.
    pub limit: u64,
    pub wanted: Wanted<'a>,
}

/// What the content of each file is, in their order, on all processors.
pub(crate) fn digest_files(jobs: &[Job<'_>]) -> Vec<Result<Digests>> {
    in_parallel(jobs, |job| digest_file(&job.path, job.limit, job.wanted))
}

/// What the content of one file is, of which at most `limit` bytes are read.
pub(crate) fn digest_file(path: &Path, limit: u64, wanted: Wanted<'_>) -> Result<Digests> {
    digest_opened(open_file(path)?, path, limit, wanted)
}

/// What the content is of the file at `path`, which is open, and of which at most `limit` bytes are read. Where `limit` is one byte
/// more than it should have, a file that has as many as it should is not asked once more for its end: that would be a request
/// for each file of a share.
pub(crate) fn digest_opened(file: File, path: &Path, limit: u64, wanted: Wanted<'_>) -> Result<Digests> {
    digest_input(Counted::of(file.take(limit), limit.saturating_sub(1)), path, limit, wanted)
}

/// Files up to this size are read whole, for a digest alone.
const SMALL: u64 = 256 << 10;

/// The SHA-256 of a file of at most `limit` bytes.
pub(crate) fn sha256_of(path: &Path, limit: u64) -> Result<[u8; 32]> {
    let file = open_file(path)?;
    let size = file.metadata().map_err(|error| Error::io("read it", path, error))?.len();
    sha256_of_open(file, size, path, limit)
}

/// As [`sha256_of`], of an open file of this size. A small one is read by one request, a large one piece by piece.
pub(crate) fn sha256_of_open(file: File, size: u64, path: &Path, limit: u64) -> Result<[u8; 32]> {
    if size <= SMALL {
        return Ok(Sha256::digest(read_open(file, size, path, limit)?).into());
    }
    let digests = digest_input(file, path, limit, Wanted { sha256: true, ..Wanted::default() })?;
    Ok(digests.sha256.expect("it was asked for"))
}

/// What `input` holds up to its end, which is the content of the file at `path`. One function that reads by itself reads
/// together with the others; further ones, if there are any, open the file again.
pub(crate) fn digest_input(mut input: impl Read, path: &Path, limit: u64, wanted: Wanted<'_>) -> Result<Digests> {
    let mut running = Running::new(wanted);
    let by_itself = running.checksums.iter().position(|(_, state)| state.is_none());
    if let Some(index) = by_itself {
        let function = running.checksums[index].0;
        let checksum = function.of(&mut Shared { input: &mut input, running: &mut running });
        running.checksums[index].1 = Some(Box::new(Ended(checksum.map_err(|error| error.in_file(path))?)));
    }
    // All of it, or what such a function has left.
    running.take(input, limit).map_err(|error| Error::io("read it", path, error))?;
    running.end(path, limit)
}

/// A reader that shows everything it reads to the others.
struct Shared<'r, 'a, R> {
    input: R,
    running: &'r mut Running<'a>,
}

impl<R: Read> Read for Shared<'_, '_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.input.read(buffer)?;
        self.running.update(&buffer[..length]);
        Ok(length)
    }
}

/// The checksum of a function that has read by itself.
struct Ended(Checksum);

impl State for Ended {
    fn update(&mut self, _: &[u8]) {}

    fn value(self: Box<Self>) -> Checksum {
        self.0
    }
}

/// What the content is of bytes in memory. Functions that read by themselves are not asked.
#[cfg(test)]
pub(crate) fn digest_bytes(bytes: &[u8], wanted: Wanted<'_>) -> Digests {
    let mut running = Running::new(wanted);
    running.update(bytes);
    running.end_without_programs()
}

/// Whether the processor has instructions for SHA-1 and SHA-256. The digests are made with them where it does.
pub(crate) fn has_sha_extensions() -> bool {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    return std::arch::is_x86_feature_detected!("sha")
        && std::arch::is_x86_feature_detected!("ssse3")
        && std::arch::is_x86_feature_detected!("sse4.1");
    #[cfg(target_arch = "aarch64")]
    return std::arch::is_aarch64_feature_detected!("sha2");
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64")))]
    return false;
}

/// The digests of what is shown to them piece by piece.
#[cfg(feature = "remote")]
pub(crate) struct InPieces<'a>(Running<'a>);

#[cfg(feature = "remote")]
impl<'a> InPieces<'a> {
    /// `None` where a function can only read by itself.
    pub(crate) fn new(wanted: Wanted<'a>) -> Option<Self> {
        let running = Running::new(wanted);
        running.checksums.iter().all(|(_, state)| state.is_some()).then_some(Self(running))
    }

    /// Takes the next piece.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// What all of it is.
    pub(crate) fn end(self) -> Digests {
        self.0.end_without_programs()
    }
}

/// The digests that are being made.
struct Running<'a> {
    size: u64,
    sha1: Option<Sha1>,
    sha256: Option<Sha256>,
    sha384: Option<Sha384>,
    md5: Option<Md5>,
    checksums: Vec<(&'a checksum::Function, Option<Box<dyn State>>)>,
}

impl<'a> Running<'a> {
    fn new(wanted: Wanted<'a>) -> Self {
        Running {
            size: 0,
            sha1: wanted.sha1.then(Sha1::new),
            sha256: wanted.sha256.then(Sha256::new),
            sha384: wanted.sha384.then(Sha384::new),
            md5: wanted.md5.then(Md5::new),
            checksums: wanted.checksums.iter().map(|function| (function, function.begin())).collect(),
        }
    }

    /// Takes all of `input`, of which at most `limit` bytes are wanted.
    fn take(&mut self, mut input: impl Read, limit: u64) -> io::Result<()> {
        READ_BUFFER.with_borrow_mut(|buffer| {
            loop {
                let asked = usize::try_from(limit.saturating_sub(self.size)).unwrap_or(usize::MAX).min(buffer.len());
                match input.read(&mut buffer[..asked]) {
                    Ok(0) => return Ok(()),
                    Ok(length) => self.update(&buffer[..length]),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        })
    }

    fn update(&mut self, bytes: &[u8]) {
        // Small enough to be in the processor's nearest cache when the next digest takes it.
        for piece in bytes.chunks(16 << 10) {
            self.sha1.iter_mut().for_each(|digest| digest.update(piece));
            self.sha256.iter_mut().for_each(|digest| digest.update(piece));
            self.sha384.iter_mut().for_each(|digest| digest.update(piece));
            self.md5.iter_mut().for_each(|digest| digest.update(piece));
            self.checksums.iter_mut().filter_map(|(_, state)| state.as_mut()).for_each(|state| state.update(piece));
        }
        self.size += bytes.len() as u64;
    }

    fn end(mut self, path: &Path, limit: u64) -> Result<Digests> {
        let checksums = std::mem::take(&mut self.checksums);
        let values = checksums.into_iter().map(|(function, state)| match state {
            Some(state) => Ok(state.value()),
            None => sum_file(path, limit, &**function).map(|(_, checksum)| checksum),
        });
        let checksums = values.collect::<Result<_>>()?;
        Ok(Digests { checksums, ..self.end_without_programs() })
    }

    fn end_without_programs(self) -> Digests {
        Digests {
            size: self.size,
            sha1: self.sha1.map(|digest| digest.finalize().into()),
            sha256: self.sha256.map(|digest| digest.finalize().into()),
            sha384: self.sha384.map(|digest| digest.finalize().into()),
            md5: self.md5.map(|digest| digest.finalize().into()),
            checksums: self.checksums.into_iter().filter_map(|(_, state)| state.map(|state| state.value())).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;

    use super::*;
    use crate::base::hex::hex;
    use crate::catalog::ChecksumFunction;

    /// A function that can only read by itself, as a program does.
    struct Length;

    impl ChecksumFunction for Length {
        fn name(&self) -> &str {
            "length"
        }
        fn of(&self, input: &mut dyn Read) -> Result<Checksum> {
            Ok(Checksum(io::copy(input, &mut io::sink()).unwrap() as u32))
        }
    }

    fn all(checksums: &[checksum::Function]) -> Wanted<'_> {
        Wanted { sha1: true, sha256: true, sha384: true, md5: true, checksums }
    }

    #[test]
    fn values_are_those_of_the_functions_definitions() {
        // RFC 3174, FIPS 180-4, RFC 1321: "abc".
        let digests = digest_bytes(b"abc", all(&[]));
        assert_eq!(hex(&digests.sha1.unwrap()), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(hex(&digests.sha256.unwrap()), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(
            hex(&digests.sha384.unwrap()),
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
        );
        assert_eq!(hex(&digests.md5.unwrap()), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(digests.size, 3);
    }

    #[test]
    fn one_read_gives_all_of_each_file() {
        let dir = tempfile::tempdir().unwrap();
        let mut functions: Vec<checksum::Function> = checksum::all_known().collect();
        functions.insert(2, Arc::new(Length));
        let mut jobs = Vec::new();
        let contents: Vec<Vec<u8>> = (0..40_usize).map(|n| vec![n as u8; n * 12_345]).collect();
        for (n, content) in contents.iter().enumerate() {
            let path = dir.path().join(n.to_string());
            fs::write(&path, content).unwrap();
            jobs.push(Job { path, limit: u64::MAX, wanted: all(&functions) });
        }
        for (content, digests) in contents.iter().zip(digest_files(&jobs)) {
            let digests = digests.unwrap();
            assert_eq!(Digests { checksums: Vec::new(), ..digests.clone() }, digest_bytes(content, all(&[])));
            let sums: Vec<Checksum> = functions.iter().map(|function| function.of_bytes(content).unwrap()).collect();
            assert_eq!(digests.checksums, sums);
        }
    }

    /// What comes from a server comes in pieces of any length, and one that ends where the content should end is not the last.
    #[test]
    fn a_piece_that_ends_where_the_content_should_is_not_its_end() {
        let wanted = Wanted { md5: true, ..Wanted::default() };
        let length: checksum::Function = Arc::new(Length);
        for checksums in [&[][..], &[length]] {
            let wanted = Wanted { checksums, ..wanted };
            let pieces = b"abc".chain(&b"def"[..]).take(4);
            assert_eq!(digest_input(pieces, Path::new("a"), 4, wanted).unwrap().size, 4);
        }
    }

    #[test]
    fn only_what_is_wanted_is_made_and_no_more_read_than_allowed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::write(&path, b"abcdef").unwrap();
        let wanted = Wanted { md5: true, ..Wanted::default() };
        assert_eq!(digest_file(&path, 3, wanted).unwrap(), digest_bytes(b"abc", wanted));
        assert!(digest_bytes(b"abc", wanted).sha1.is_none());
        assert!(digest_file(&dir.path().join("b"), 3, wanted).is_err());
    }
}
