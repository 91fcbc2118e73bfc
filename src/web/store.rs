//! What a place on a server must be able to do to hold a CID that is published there.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::reader::LARGEST_CATALOG;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::pool::{brought_at_a_time, in_flight};
use crate::catalog::{Catalog, CidPath};
use crate::cid::CatalogFile;

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
    fn tells_md5(&self, _size: u64) -> bool {
        false
    }

    /// Whether a file of this size can be written on the condition that nothing has its name, where conditions are known.
    fn puts_new(&self, size: u64) -> bool;

    /// The way in which a file takes the place of another one whole and on the condition that this is the version that was read, so
    /// that none needs to wait beside it, where there is one; that conditions are looked at, a lock has proved then.
    fn at_once(&self) -> Option<&dyn AtOnce> {
        None
    }

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
    fn lock_owner(&self) -> Result<Option<Vec<u8>>> {
        owner_at(self, &owner()?)
    }

    /// Removes the lock.
    ///
    /// # Errors
    /// It cannot be removed.
    fn unlock(&self) -> Result<()>;

    /// Removes the lock, if it is still the one of which `owner` is left there: it is set aside first, or taken over by `claim`, so that it
    /// is no other that goes. `false`: it was another's, and is where it was, or none.
    ///
    /// # Errors
    /// It cannot be removed; or another's cannot be put back.
    fn break_lock(&self, owner: Option<&[u8]>, claim: &[u8]) -> Result<bool>;
}

/// How a file takes the place of another one at once.
pub(crate) trait AtOnce: Sync {
    /// Writes a small file in the place of the version `known`, or of nothing. `false`: something else is there.
    ///
    /// # Errors
    /// It is not taken.
    fn replace(&self, path: &CidPath, bytes: &[u8], known: Option<&str>) -> Result<bool>;
}

/// What a server has of a name.
pub(crate) enum Found {
    /// There is no such file.
    Absent,
    /// The file, and what names this version of it.
    File(Vec<u8>, Option<String>),
}

/// What became of a try to lock.
pub(crate) enum Locked {
    /// Nobody else has it now.
    Ours,
    /// Somebody else has it, who left this there.
    Held(Option<Vec<u8>>),
    /// It is there and names nobody. This run may have made it itself: its order was sent twice, since the first got no answer.
    PerhapsOurs,
}

/// Why something was not done.
pub(crate) struct Trouble {
    pub error: Error,
    /// Another try may do it.
    pub may_pass: bool,
}

/// What is in a folder, as far as the server tells.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// There is none, or nothing but configcid's own files in it.
    Nothing,
    /// Something of this name.
    Something(String),
    /// The folder is there, and the server lists none.
    Unseen,
}

/// The lock, or the folder that it is.
const LOCK: &str = ".configcid-publish-lock";
/// No record of a lock's owner is larger.
pub(super) const MAX_OWNER: u64 = 64 << 10;

/// The folder that is the lock, where there are folders.
pub(super) fn lock() -> Result<CidPath> {
    CidPath::in_root(LOCK)
}

/// Where a lock is while it is looked whether it is the one that goes.
pub(super) fn aside(id: &str) -> Result<CidPath> {
    CidPath::in_root(&format!("{LOCK}-{id}"))
}

/// Whose the lock is.
pub(super) fn owner() -> Result<CidPath> {
    owner_in(&lock()?)
}

/// Whose the lock is that this folder is.
pub(super) fn owner_in(lock: &CidPath) -> Result<CidPath> {
    lock.join("owner.txt")
}

/// What a lock says whose it is, by the file `owner`.
///
/// # Errors
/// There is no answer.
pub(super) fn owner_at(store: &(impl Store + ?Sized), owner: &CidPath) -> Result<Option<Vec<u8>>> {
    match store.read(owner, MAX_OWNER)? {
        Found::File(bytes, _) => Ok(Some(bytes)),
        Found::Absent => Ok(None),
    }
}

/// A catalog that is there, readable or not.
pub(crate) struct Version {
    pub file: CatalogFile,
    pub bytes: Arc<[u8]>,
    /// What names this version.
    pub tag: Option<String>,
    /// What it says; or why it says nothing.
    pub catalog: Result<Catalog>,
}

/// Those of these catalogs that are there: no folder is listed, they are asked for by their names.
///
/// # Errors
/// There is no answer for one.
pub(crate) fn read_catalogs(store: &dyn Store, files: Vec<CatalogFile>) -> Result<Vec<Version>> {
    let found = in_flight(brought_at_a_time(), &files, |file| store.read(&file.path, LARGEST_CATALOG));
    let mut versions = Vec::new();
    for (file, found) in files.into_iter().zip(found) {
        let Found::File(bytes, tag) = found? else { continue };
        let bytes: Arc<[u8]> = bytes.into();
        let catalog = Catalog::parse_shared(&bytes);
        versions.push(Version { file, bytes, tag, catalog });
    }
    Ok(versions)
}

/// Something has a name that a new file is to get.
pub(crate) fn not_replaced(url: &str) -> Error {
    error(ErrorKind::Exists, text!("a file is there that no catalog lists, and that is not replaced unasked"), url)
        .next("remove or rename it on the server, then try again; no listed file was changed")
}

/// An error of a URL.
pub(super) fn error(kind: ErrorKind, what: impl Into<String>, url: &str) -> Error {
    Error::new(kind, what).in_file(Path::new(url))
}
