//! What a place on a server must be able to do to be published to.

use std::io::Read;
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::base::error::{ErrorKind, Result};
use crate::catalog::CidPath;
use crate::cid::digest::{Digests, Wanted as Asked, digest_input};
use crate::web::{Found, Holds, Locked, Trouble};

/// A place on a server that holds a CID, or is to hold one. Paths are from its root.
pub(crate) trait Store: Sync {
    /// The place, as it was named.
    fn shown(&self) -> &str;

    /// A file of it, for messages.
    fn url(&self, path: &CidPath) -> String;

    /// A folder above that is a CID; of what cannot be looked at a warning tells.
    ///
    /// # Errors
    /// There is no answer.
    fn cid_above(&self, warnings: &mut Vec<String>) -> Result<Option<String>>;

    /// What is in the place, beside configcid's own files; for a dry run, as far as reading tells.
    ///
    /// # Errors
    /// There is no answer.
    fn holds(&self, dry_run: bool) -> Result<Holds>;

    /// Whether a name is that of a file or of a folder, and never of both.
    fn has_folders(&self) -> bool;

    /// Reads a file of at most `limit` bytes.
    ///
    /// # Errors
    /// There is no answer, or one that is neither the file nor that there is none; or it is larger.
    fn read(&self, path: &CidPath, limit: u64) -> Result<Found>;

    /// Opens a file that should have `size` bytes; `None` where there is none. The reader gives no more than a byte beyond that.
    ///
    /// # Errors
    /// It does not come as it is.
    fn open(&self, path: &CidPath, size: u64) -> Result<Option<Box<dyn Read>>>;

    /// Writes a file of `size` bytes, whole or not at all, without another try; unless `may_replace` one whose name nothing has, as far
    /// as conditions are known there, and else there is an error of the kind `Exists`. Gives what may be the MD5 of what the place
    /// has now, if it said so.
    fn put(
        &self,
        path: &CidPath,
        size: u64,
        may_replace: bool,
        body: &mut dyn Read,
    ) -> Result<Option<[u8; 16]>, Trouble>;

    /// Whether the place tells the MD5 of a file of this size that it was sent, as a rule.
    fn tells_md5(&self, size: u64) -> bool;

    /// Whether a file of this size can be written on the condition that nothing has its name, where conditions are known.
    fn puts_new(&self, size: u64) -> bool;

    /// Whether a file takes the place of another one whole and on the condition that this is the version that was read, so that
    /// none needs to wait beside it; that conditions are looked at, a lock has proved then.
    fn replaces_at_once(&self) -> bool;

    /// Writes a small file in the place of the version `known`, or of nothing, where that is [so](Store::replaces_at_once). `false`:
    /// something else is there.
    ///
    /// # Errors
    /// It is not taken.
    fn replace(&self, path: &CidPath, bytes: &[u8], known: Option<&str>) -> Result<bool>;

    /// Writes a small file.
    ///
    /// # Errors
    /// It is not taken.
    fn put_bytes(&self, path: &CidPath, bytes: &[u8]) -> Result<()>;

    /// Makes a folder, where there are any, and says whether it was not there before.
    ///
    /// # Errors
    /// It cannot be made.
    fn make_folder(&self, path: &CidPath) -> Result<bool>;

    /// Gives a file its name: one that nothing has unless `may_replace`, or else, where it can be told, that of a file of the
    /// version `known`. `false`: something else has it. Where there are no folders it has the name before it, too, until what waits
    /// is removed.
    ///
    /// # Errors
    /// It cannot be done.
    fn rename(&self, from: &CidPath, to: &CidPath, may_replace: bool, known: Option<&str>) -> Result<bool>;

    /// Removes a file, which need not be there.
    ///
    /// # Errors
    /// It cannot be removed.
    fn remove(&self, path: &CidPath) -> Result<()>;

    /// Removes a folder with all in it, which need not be there.
    ///
    /// # Errors
    /// It cannot be removed.
    fn remove_folder(&self, path: &CidPath) -> Result<()>;

    /// Tries once to lock the place, and leaves `claim` there.
    ///
    /// # Errors
    /// It cannot be written to.
    fn lock(&self, claim: &[u8]) -> Result<Locked>;

    /// What the holder of the lock has left there.
    ///
    /// # Errors
    /// There is no answer.
    fn lock_owner(&self) -> Result<Option<Vec<u8>>>;

    /// Removes the lock.
    ///
    /// # Errors
    /// It cannot be removed.
    fn unlock(&self) -> Result<()>;

    /// Removes the lock, if it is still the one of which `owner` is left there: it is set aside first, so that it is no other that
    /// goes. `false`: it was another's, and is where it was, or none.
    ///
    /// # Errors
    /// It cannot be removed; or another's cannot be put back.
    fn break_lock(&self, owner: Option<&[u8]>) -> Result<bool>;
}

/// Reads a file of the place that should have `size` bytes, with the functions that are asked for; `None` where there is none.
///
/// # Errors
/// It does not come as it is.
pub(super) fn digests_of(store: &dyn Store, path: &CidPath, size: u64, asked: Asked<'_>) -> Result<Option<Digests>> {
    let Some(input) = store.open(path, size)? else { return Ok(None) };
    digest_input(input, Path::new(&store.url(path)), size + 1, asked).map(Some)
}

/// How long to wait before each further try to read a file, in milliseconds (our choice).
pub(super) const PAUSES: [u64; 2] = [100, 400];

/// Reads, and once more where a connection breaks in the middle of a file.
pub(super) fn patiently<T>(read: impl Fn() -> Result<T>) -> Result<T> {
    for pause in PAUSES {
        match read() {
            Err(error) if error.kind() == ErrorKind::Io => thread::sleep(Duration::from_millis(pause)),
            other => return other,
        }
    }
    read()
}
