//! The right to write to a place on a server.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::base::error::{Error, ErrorKind, Result};
use crate::plan::{LockOptions, claim, read_claim};
use crate::web::{Locked, Store};

/// How long to wait before it is tried again (our choice).
const PAUSE: Duration = Duration::from_millis(500);

/// The lock, which has to be given back.
pub(super) struct Lock<'a> {
    store: &'a dyn Store,
    claim: Vec<u8>,
    /// Whose lock was broken.
    pub broken: Option<String>,
}

impl<'a> Lock<'a> {
    /// Gets the lock. One of a process that is proved to have ended is in nobody's way.
    ///
    /// # Errors
    /// Somebody else has it, or the place cannot be written to.
    pub(super) fn take(store: &'a dyn Store, options: LockOptions) -> Result<Self> {
        let claim = claim();
        let begin = Instant::now();
        let mut broken = None;
        // Who asks to break a lock means the one that is there, and none that comes after it.
        let mut may_break = options.break_lock;
        let mut perhaps = "";
        loop {
            let owner = match store.lock(&claim)? {
                Locked::Ours => return Ok(Self { store, claim, broken }),
                Locked::Held(owner) => owner,
                Locked::PerhapsOurs => {
                    perhaps = text!(", perhaps this one itself: the answer to its order for a lock was lost");
                    None
                }
            };
            if owner.is_some() {
                perhaps = "";
            }
            let (mut holder, is_over) = read_claim(owner.as_deref());
            holder.push_str(perhaps);
            if (may_break || is_over) && broken.is_none() {
                may_break = false;
                // Not if somebody has broken it and made another.
                if store.break_lock(owner.as_deref(), &crate::plan::claim())? {
                    broken = Some(if is_over { text!("{holder}, which has ended", holder) } else { holder });
                }
                continue;
            }
            let waited = begin.elapsed();
            if waited >= options.wait {
                return Err(held(store, &holder));
            }
            thread::sleep(PAUSE.min(options.wait - waited));
        }
    }

    /// Looks whether it is still ours.
    ///
    /// # Errors
    /// It is not.
    pub(super) fn check(&self) -> Result<()> {
        match self.store.lock_owner()? {
            Some(owner) if owner == self.claim => Ok(()),
            Some(owner) => Err(held(self.store, &read_claim(Some(&owner)).0)),
            None => Err(Error::new(ErrorKind::Locked, "the lock of this run was broken by another")
                .in_file(Path::new(self.store.shown()))
                .next("see who did that, then try again: what is there already is kept")),
        }
    }

    /// Gives it back, if it is still ours.
    ///
    /// # Errors
    /// It stays, in everybody's way.
    pub(super) fn release(self) -> Result<()> {
        match self.store.lock_owner()? {
            Some(owner) if owner == self.claim => self.store.unlock(),
            _ => Ok(()),
        }
    }
}

fn held(store: &dyn Store, holder: &str) -> Error {
    Error::new(ErrorKind::Locked, text!("another writer is at work: {holder}", holder))
        .in_file(Path::new(store.shown()))
        .next("wait for it (--wait SECONDS), or, if it is dead for sure, say --break-lock")
}
