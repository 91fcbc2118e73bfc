//! Bringing files to where they wait for their change, each checked as it comes.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use super::checks::{Checks, Tried, asked};
use super::difference::Wanted;
use super::pace::Pace;
use super::source::{Opened, Source};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::open_file;
use crate::base::hex::hex;
use crate::base::pool::{brought_at_a_time, until_one_fails};
use crate::catalog::Checksum;
use crate::catalog::checksum::{Function, known};
use crate::cid::digest::{Digests, Wanted as Asked, digest_file, digest_input};
use crate::plan::{Staging, Sum256};

/// Files of so many bytes and more are copied by the system where it can: a smaller one is read and written by as few requests.
/// Our choice.
const LARGE: u32 = 128 << 10;

/// Bytes that the system copies at a time, after which somebody is told of them.
const PIECE: u64 = 64 << 20;

/// What brings files, and checks them.
pub(super) struct Fetch<'a> {
    pub source: &'a dyn Source,
    pub checks: Checks<'a>,
    pub staging: &'a Staging,
    pub pace: &'a Pace,
    /// The system can copy without moving what files hold.
    pub copies: bool,
    /// Is told of every further byte.
    pub progress: &'a (dyn Fn(u64) + Sync),
}

/// A file that is here now.
pub(super) struct Brought {
    /// The SHA-256 of its content.
    pub sha256: Sum256,
    /// Its CRC-32: what stands at the destination in the end is compared with it, which takes less time.
    pub crc32: Checksum,
    /// It was here already, from a run that broke off.
    pub is_reused: bool,
}

impl Fetch<'_> {
    /// Brings all of these files, and gives what each is, in their order.
    ///
    /// # Errors
    /// One cannot be read, or is not what the catalogs say. Those that are here by then stay.
    pub(super) fn all(&self, files: &[Wanted]) -> Result<Vec<Brought>> {
        self.source.prepare(&mut files.iter().map(|file| file.path.clone()));
        let brought =
            until_one_fails(self.pace.at_a_time(brought_at_a_time()), files.len(), |index| self.one(&files[index]));
        // What is here is kept, whatever failed.
        self.staging.flush()?;
        brought
    }

    fn one(&self, file: &Wanted) -> Result<Brought> {
        if let Some(brought) = self.left_by_another(file)? {
            (self.progress)(file.size.into());
            return Ok(brought);
        }
        let shown = self.source.shown_file(&file.path);
        let mut input = self.source.open(&file.path, file.size)?;
        let tried = self.checks.tried(file);
        let functions = with_crc32(&tried);
        let mut digests = Digests::default();
        self.staging.bring(&file.path, |target| {
            // One byte more tells that there is more than the catalogs say.
            let limit = u64::from(file.size) + 1;
            digests = match &mut input {
                Opened::File(from, _) if self.is_for_the_system(file, &tried) => {
                    self.copy(from, target, limit).map_err(|error| {
                        Error::io("copy it", &shown, error).next("check the free space and your rights, then try again")
                    })?;
                    // What was written, and not what it was made from: nothing else shows what the system has copied.
                    digest_input(target.take(limit), &self.staging.part(&file.path), limit, asked(&functions))?
                }
                input => {
                    let input = Tee { input: input.take(limit), target, fetch: self };
                    digest_input(input, &shown, limit, asked(&functions))?
                }
            };
            if let Opened::File(_, metadata) = &input {
                let keep = || {
                    target.set_modified(metadata.modified()?)?;
                    // A look costs less than to write down what is there already.
                    match target.metadata()?.permissions() == metadata.permissions() {
                        true => Ok(()),
                        false => target.set_permissions(metadata.permissions()),
                    }
                };
                keep().map_err(|error| Error::io("set its rights and time", &shown, error))?;
            }
            Ok(())
        })?;
        if digests.size != u64::from(file.size) {
            self.staging.discard(&file.path)?;
            let more = if digests.size > u64::from(file.size) { text!("more than") } else { text!("fewer than") };
            let what = text!("it has {more} the {size} bytes that the catalogs list", more, size = file.size);
            return Err(self.damage(what, &shown));
        }
        let again = |asked: Asked<'_>| digest_file(&self.staging.place(&file.path), u64::from(file.size) + 1, asked);
        if let Err(what) = self.checks.judge(file, &tried, &digests, again)? {
            self.staging.discard(&file.path)?;
            return Err(self.damage(what, &shown));
        }
        Ok(Brought::of(&digests, false))
    }

    /// Whether the system itself is to copy a file: the server of a share then does it, or a file system that lets two files
    /// share what they hold, and nothing comes by here but what is read to check the copy. Where no catalog tells what it is to be,
    /// it comes by here, so that what is there in the end is compared with what was read.
    fn is_for_the_system(&self, file: &Wanted, tried: &Tried) -> bool {
        self.copies && file.size >= LARGE && !tried.is_empty() && self.pace.is_free()
    }

    /// Lets the system copy a file, of which at most `limit` bytes are wanted, and goes back to the first byte of the copy.
    fn copy(&self, from: &mut File, target: &mut File, limit: u64) -> io::Result<()> {
        let mut copied = 0;
        while copied < limit {
            // On Linux this is copy_file_range, where the file system has it.
            let length = io::copy(&mut from.take(PIECE.min(limit - copied)), target)?;
            copied += length;
            (self.progress)(length);
            if length == 0 {
                break;
            }
        }
        target.seek(io::SeekFrom::Start(0)).map(drop)
    }

    /// What a run that broke off has brought, if it is what is wanted still.
    fn left_by_another(&self, file: &Wanted) -> Result<Option<Brought>> {
        if self.staging.size_left(&file.path) != Some(file.size.into()) {
            return Ok(None);
        }
        let place = self.staging.place(&file.path);
        let tried = self.checks.tried(file);
        let functions = with_crc32(&tried);
        let digests = digest_file(&place, u64::from(file.size) + 1, asked(&functions))?;
        let is_right = match tried.is_empty() {
            false => self.checks.agree(file, &tried, &digests),
            // Nothing but the source itself can tell.
            true => is_same(self.source.open(&file.path, file.size)?, open_file(&place)?)
                .map_err(|error| Error::io("compare it", &self.source.shown_file(&file.path), error))?,
        };
        Ok(is_right.then(|| Brought::of(&digests, true)))
    }

    fn damage(&self, what: String, shown: &Path) -> Error {
        Error::new(ErrorKind::Damage, what).in_file(shown).next(
            "let the server update the source, or wait until it has; what was brought so far is kept for the next try",
        )
    }
}

pub(super) fn crc32() -> Function {
    known("crc32").expect("it is one of the known ones")
}

/// The functions of the catalogs, and then CRC-32.
fn with_crc32(tried: &Tried) -> Vec<Function> {
    tried.bound().iter().cloned().chain([crc32()]).collect()
}

pub(super) fn sha256(digests: &Digests) -> String {
    digests.sha256.map(|digest| hex(&digest)).unwrap_or_default()
}

impl Brought {
    /// Of digests that were made with the functions of [`with_crc32`].
    fn of(digests: &Digests, is_reused: bool) -> Self {
        let sha256 = digests.sha256.expect("it was asked for");
        Self { sha256, crc32: digests.checksums.last().copied().unwrap_or(Checksum(0)), is_reused }
    }
}

/// Whether two readers give the same.
pub(super) fn is_same(input: impl Read, file: impl Read) -> io::Result<bool> {
    let (mut input, mut file) = (io::BufReader::new(input), io::BufReader::new(file));
    let (mut a, mut b) = (Vec::new(), Vec::new());
    loop {
        a.clear();
        b.clear();
        input.by_ref().take(64 << 10).read_to_end(&mut a)?;
        file.by_ref().take(64 << 10).read_to_end(&mut b)?;
        if a != b {
            return Ok(false);
        }
        if a.is_empty() {
            return Ok(true);
        }
    }
}

/// A reader that writes everything it reads into a file, no faster than is allowed.
struct Tee<'t, 'a, R> {
    input: R,
    target: &'t mut File,
    fetch: &'t Fetch<'a>,
}

impl<R: Read> Read for Tee<'_, '_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = self.fetch.pace.piece(buffer.len()).min(buffer.len());
        let length = self.input.read(&mut buffer[..most])?;
        self.target.write_all(&buffer[..length])?;
        (self.fetch.progress)(length as u64);
        self.fetch.pace.keep(length as u64);
        Ok(length)
    }
}
