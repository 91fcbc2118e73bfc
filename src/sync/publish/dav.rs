//! A folder of a web server that speaks WebDAV, as a place to publish to.

use std::io::Read;
use std::path::Path;

use super::names;
use super::store::Store;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::host::fresh_id;
use crate::catalog::CidPath;
use crate::web::{DavFolder, Found, Holds, Locked, Trouble};

impl Store for DavFolder {
    fn shown(&self) -> &str {
        self.shown()
    }

    fn url(&self, path: &CidPath) -> String {
        self.url(path)
    }

    fn cid_above(&self, warnings: &mut Vec<String>) -> Result<Option<String>> {
        self.cid_above(warnings)
    }

    fn holds(&self, dry_run: bool) -> Result<Holds> {
        self.holds(dry_run)
    }

    fn has_folders(&self) -> bool {
        true
    }

    fn read(&self, path: &CidPath, limit: u64) -> Result<Found> {
        self.read(path, limit)
    }

    fn open(&self, path: &CidPath, size: u64) -> Result<Option<Box<dyn Read>>> {
        Ok(self.open(path, size)?.map(|file| Box::new(file) as Box<dyn Read>))
    }

    fn put(
        &self,
        path: &CidPath,
        size: u64,
        may_replace: bool,
        body: &mut dyn Read,
    ) -> Result<Option<[u8; 16]>, Trouble> {
        self.put(path, size, may_replace, body).map(|()| None)
    }

    fn tells_md5(&self, _: u64) -> bool {
        false
    }

    fn replaces_at_once(&self) -> bool {
        false
    }

    fn replace(&self, path: &CidPath, _: &[u8], _: Option<&str>) -> Result<bool> {
        unreachable!("no file replaces another at once: {path}")
    }

    fn puts_new(&self, _: u64) -> bool {
        true
    }

    fn put_bytes(&self, path: &CidPath, bytes: &[u8]) -> Result<()> {
        self.put_bytes(path, bytes)
    }

    fn make_folder(&self, path: &CidPath) -> Result<bool> {
        self.make_folder(path)
    }

    fn rename(&self, from: &CidPath, to: &CidPath, may_replace: bool, known: Option<&str>) -> Result<bool> {
        self.rename(from, to, may_replace, known)
    }

    fn remove(&self, path: &CidPath) -> Result<()> {
        self.remove(path)
    }

    fn remove_folder(&self, path: &CidPath) -> Result<()> {
        self.remove_folder(path)
    }

    fn lock(&self, claim: &[u8]) -> Result<Locked> {
        self.lock(&names::lock()?, &names::owner()?, claim)
    }

    fn lock_owner(&self) -> Result<Option<Vec<u8>>> {
        self.owner(&names::owner()?)
    }

    fn unlock(&self) -> Result<()> {
        self.remove_folder(&names::lock()?)
    }

    fn break_lock(&self, owner: Option<&[u8]>) -> Result<bool> {
        let aside = names::aside(&fresh_id())?;
        let is_aside = self.rename_folder(&names::lock()?, &aside)?;
        let found = self.owner(&names::owner_in(&aside)?);
        // The answer to an order that was carried out may have been lost.
        if !is_aside && matches!(found, Ok(None)) {
            return Ok(false);
        }
        if found.as_ref().is_ok_and(|found| found.as_deref() == owner) {
            return self.remove_folder(&aside).map(|()| true);
        }
        let what = match self.rename_folder(&aside, &names::lock()?) {
            Ok(true) => return found.map(|_| false),
            Ok(false) => {
                text!("the lock of another writer was set aside, and there is a further one by now").to_owned()
            }
            Err(error) => text!("the lock of another writer was set aside, and is not back: {}", error.what()),
        };
        Err(Error::new(ErrorKind::Locked, what)
            .in_file(Path::new(&self.url(&aside)))
            .next("see who else publishes there, and remove this folder when nobody does"))
    }
}
