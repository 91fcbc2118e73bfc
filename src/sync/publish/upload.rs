//! Sending files to where they wait for their names, each read back and checked.

use std::collections::HashSet;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::names;
use super::read::{digests_of, patiently};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::pool::{brought_at_a_time, until_one_fails};
use crate::base::tries::Tries;
use crate::catalog::CidPath;
use crate::cid::digest::{Digests, InPieces, Wanted as Asked};
use crate::sync::checks::{Checks, Tried};
use crate::sync::difference::Wanted;
use crate::sync::fetch::is_same;
use crate::sync::pace::Pace;
use crate::sync::source::Source;
use crate::web::{Store, Trouble};

/// How long to wait before each further try, in milliseconds (our choice).
const PAUSES: [u64; 2] = [200, 1000];

/// What sends files.
pub(super) struct Upload<'a> {
    pub source: &'a dyn Source,
    pub store: &'a dyn Store,
    pub checks: Checks<'a>,
    pub pace: &'a Pace,
    /// A run that broke off may have sent files already.
    pub is_resumed: bool,
    /// Files get their names at once, each on the condition that nothing has it: the place holds nothing, and knows conditions.
    pub is_direct: bool,
    /// Names that something else has, where files get them at once.
    pub refused: Mutex<HashSet<String>>,
    /// Looks whether the place may still be written to.
    pub check_lock: &'a (dyn Fn() -> Result<()> + Sync),
    /// Is told of every further byte.
    pub progress: &'a (dyn Fn(u64) + Sync),
}

/// A file that the place has now.
pub(super) struct Uploaded {
    /// The SHA-256 of its content.
    pub sha256: [u8; 32],
    /// It was there already, from a run that broke off.
    pub is_reused: bool,
    /// It waits for its name, which it has else.
    pub waits: bool,
}

impl Upload<'_> {
    /// Sends all of these files, and gives what each is, in their order.
    ///
    /// # Errors
    /// One cannot be read or sent, or is not what the catalogs say. Those that are there by then stay.
    pub(super) fn all(&self, files: &[Wanted]) -> Result<Vec<Uploaded>> {
        until_one_fails(self.pace.at_a_time(brought_at_a_time()), files.len(), |index| self.one(&files[index]))
    }

    fn one(&self, file: &Wanted) -> Result<Uploaded> {
        let is_direct = self.is_direct && self.store.puts_new(file.size.into());
        let staged = if is_direct { file.path.clone() } else { names::waiting(file, self.checks.catalogs)? };
        let tried = self.checks.tried(file);
        if self.is_resumed {
            for (place, waits) in [(&staged, true), (&file.path, false)] {
                if let Some(sha256) = patiently(|| self.left_by_another(file, place, &tried))? {
                    (self.progress)(file.size.into());
                    return Ok(Uploaded { sha256, is_reused: true, waits });
                }
            }
        }
        let shown = self.source.shown_file(&file.path);
        let mut tries = Tries::after(&PAUSES);
        let mut may_replace = !is_direct;
        let (digests, sha256) = loop {
            if is_direct && may_replace {
                // What came back was not what was sent: perhaps it is another's by now.
                (self.check_lock)()?;
            }
            let (sum, stored) = match self.send(file, &staged, may_replace, &shown, tried.asked()) {
                Ok(sent) => sent,
                Err(Trouble { error, .. }) if is_direct && error.kind() == ErrorKind::Exists => {
                    // The answer to an earlier try may have been lost.
                    if let Some(sha256) = patiently(|| self.left_by_another(file, &staged, &tried))? {
                        return Ok(Uploaded { sha256, is_reused: false, waits: false });
                    }
                    self.refused.lock().unwrap_or_else(PoisonError::into_inner).insert(file.path.key());
                    return Err(error);
                }
                Err(trouble) if trouble.may_pass && tries.another() => continue,
                Err(trouble) => return Err(trouble.error),
            };
            may_replace = true;
            if let Some(stored) = stored {
                break (stored, sum);
            }
            let what = match self.look(&staged, file.size.into(), tried.asked()) {
                Ok(Some(digests)) if digests.size == u64::from(file.size) && digests.sha256 == Some(sum) => {
                    break (digests, sum);
                }
                Ok(Some(digests)) => {
                    text!("{} bytes were sent, and {} bytes come back that differ", file.size, digests.size)
                }
                Ok(None) => text!("it was sent, and the server does not give it out").to_owned(),
                Err(error) => text!("it was sent, and does not come back: {}", error.what()),
            };
            if !tries.another() {
                return Err(Error::new(ErrorKind::Io, what).in_file(Path::new(&self.store.url(&staged))).next(
                    "let the server give out every file as it is, whatever its name ends in: configcid web config tells \
                     how; no catalog was changed",
                ));
            }
        };
        let again = |asked: Asked<'_>| {
            self.look(&staged, file.size.into(), asked)?.ok_or_else(|| self.damage(text!("it is gone again"), &shown))
        };
        if let Err(what) = self.checks.judge(file, &tried, &digests, again)? {
            self.store.remove(&staged)?;
            return Err(self.damage(what, &shown));
        }
        Ok(Uploaded { sha256, is_reused: false, waits: !is_direct })
    }

    /// Sends a file once, and gives the SHA-256 of what was sent; and all that was asked of it, where the place says by its MD5 that
    /// this is what it has.
    fn send(
        &self,
        file: &Wanted,
        staged: &CidPath,
        may_replace: bool,
        shown: &Path,
        asked: Asked<'_>,
    ) -> std::result::Result<([u8; 32], Option<Digests>), Trouble> {
        let lasting = |error| Trouble { error, may_pass: false };
        let input = self.source.open(&file.path, file.size).map_err(lasting)?;
        let mut body = Outgoing {
            input: Box::new(input),
            left: file.size.into(),
            digest: Sha256::new(),
            further: None,
            wrong: None,
            upload: self,
        };
        if self.store.tells_md5(file.size.into()) {
            body.further = InPieces::new(Asked { md5: true, ..asked });
        }
        let sent = self.store.put(staged, file.size.into(), may_replace, &mut body);
        match body.wrong.take() {
            Some(Wrong::Short) => {
                let what = text!("it has fewer than the {} bytes that the catalogs list", file.size);
                return Err(lasting(self.damage(what, shown)));
            }
            Some(Wrong::Unreadable(error)) => return Err(lasting(Error::io("read it", shown, error))),
            None => {}
        }
        let md5 = sent?;
        if body.has_more().map_err(|error| lasting(Error::io("read it", shown, error)))? {
            let removed = self.store.remove(staged);
            let what = text!("it has more than the {} bytes that the catalogs list", file.size);
            return Err(lasting(removed.err().unwrap_or_else(|| self.damage(what, shown))));
        }
        let sent: [u8; 32] = body.digest.finalize().into();
        let is_this = |digests: &Digests| md5.is_some() && digests.md5 == md5 && digests.sha256 == Some(sent);
        Ok((sent, body.further.map(InPieces::end).filter(is_this)))
    }

    /// What the place has under this name.
    fn look(&self, path: &CidPath, size: u64, asked: Asked<'_>) -> Result<Option<Digests>> {
        digests_of(self.store, path, size, asked)
    }

    /// The SHA-256 of what a run that broke off has sent, if it is what is wanted still.
    fn left_by_another(&self, file: &Wanted, place: &CidPath, tried: &Tried) -> Result<Option<[u8; 32]>> {
        let digests = match self.look(place, file.size.into(), tried.asked()) {
            Ok(Some(digests)) if digests.size == u64::from(file.size) => digests,
            Ok(_) => return Ok(None),
            // Of another length, or half there: it is sent anew.
            Err(error) if error.kind() == ErrorKind::Damage => return Ok(None),
            Err(error) => return Err(error),
        };
        let is_right = match tried.is_empty() {
            false => self.checks.agree(file, tried, &digests),
            // Nothing but the source itself can tell.
            true => {
                let Some(there) = self.store.open(place, file.size.into())? else { return Ok(None) };
                is_same(self.source.open(&file.path, file.size)?, there)
                    .map_err(|error| Error::io("compare it", &self.source.shown_file(&file.path), error))?
            }
        };
        Ok(digests.sha256.filter(|_| is_right))
    }

    fn damage(&self, what: impl Into<String>, shown: &Path) -> Error {
        Error::new(ErrorKind::Damage, what).in_file(shown).next(
            "let the server update the source, or wait until it has; what was sent so far is kept for the next try",
        )
    }
}

/// What is wrong with a source's file while it is sent.
enum Wrong {
    Short,
    Unreadable(io::Error),
}

/// What is sent of a file, no faster than is allowed.
struct Outgoing<'a> {
    input: Box<dyn Read>,
    left: u64,
    digest: Sha256,
    /// All that is asked of the file, where it is not to be read back for that.
    further: Option<InPieces<'a>>,
    wrong: Option<Wrong>,
    upload: &'a Upload<'a>,
}

impl Outgoing<'_> {
    /// Whether the file goes on beyond what was to be sent.
    fn has_more(&mut self) -> io::Result<bool> {
        io::copy(&mut self.input.by_ref().take(1), &mut io::sink()).map(|more| more > 0)
    }
}

impl Read for Outgoing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let most = if most == 0 { 0 } else { self.upload.pace.piece(most) };
        if most == 0 {
            return Ok(0);
        }
        match self.input.read(&mut buffer[..most]) {
            Ok(0) => {
                self.wrong = Some(Wrong::Short);
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            Ok(length) => {
                self.left -= length as u64;
                self.digest.update(&buffer[..length]);
                self.further.iter_mut().for_each(|further| further.update(&buffer[..length]));
                (self.upload.progress)(length as u64);
                self.upload.pace.keep(length as u64);
                Ok(length)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let kind = error.kind();
                self.wrong = Some(Wrong::Unreadable(error));
                Err(kind.into())
            }
        }
    }
}
