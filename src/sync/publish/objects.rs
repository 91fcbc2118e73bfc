//! A store of objects, as a place to publish to.

use std::io::Read;

use super::names;
use super::store::Store;
use crate::base::error::Result;
use crate::catalog::CidPath;
use crate::plan::claim;
use crate::web::{Found, Holds, Locked, ObjectFolder, Trouble};

impl Store for ObjectFolder {
    fn shown(&self) -> &str {
        self.shown()
    }

    fn url(&self, path: &CidPath) -> String {
        self.url(path)
    }

    fn cid_above(&self, warnings: &mut Vec<String>) -> Result<Option<String>> {
        self.cid_above(warnings)
    }

    fn holds(&self, _: bool) -> Result<Holds> {
        self.holds()
    }

    fn has_folders(&self) -> bool {
        false
    }

    fn read(&self, path: &CidPath, limit: u64) -> Result<Found> {
        self.read(path, limit)
    }

    fn open(&self, path: &CidPath, size: u64) -> Result<Option<Box<dyn Read>>> {
        self.open(path, size)
    }

    fn put(
        &self,
        path: &CidPath,
        size: u64,
        may_replace: bool,
        body: &mut dyn Read,
    ) -> Result<Option<[u8; 16]>, Trouble> {
        self.put(path, size, may_replace, body)
    }

    fn tells_md5(&self, size: u64) -> bool {
        self.tells_md5(size)
    }

    fn replaces_at_once(&self) -> bool {
        true
    }

    fn replace(&self, path: &CidPath, bytes: &[u8], known: Option<&str>) -> Result<bool> {
        self.replace(path, bytes, known)
    }

    fn puts_new(&self, size: u64) -> bool {
        self.puts_new(size)
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
        self.lock(&names::owner()?, claim)
    }

    fn lock_owner(&self) -> Result<Option<Vec<u8>>> {
        self.owner(&names::owner()?)
    }

    fn unlock(&self) -> Result<()> {
        self.remove(&names::owner()?)
    }

    fn break_lock(&self, owner: Option<&[u8]>) -> Result<bool> {
        self.break_lock(&names::owner()?, owner, &claim())
    }
}
