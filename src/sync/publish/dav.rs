//! A folder of a web server that speaks WebDAV, as a place to publish to.

use std::io::Read;

use super::names;
use super::store::Store;
use crate::base::error::Result;
use crate::catalog::CidPath;
use crate::web::{DavFolder, Found, Locked, Trouble};

impl Store for DavFolder {
    fn shown(&self) -> &str {
        self.shown()
    }

    fn url(&self, path: &CidPath) -> String {
        self.url(path)
    }

    fn read(&self, path: &CidPath, limit: u64, known: Option<&str>) -> Result<Found> {
        self.read(path, limit, known)
    }

    fn open(&self, path: &CidPath, size: u64) -> Result<Option<Box<dyn Read>>> {
        Ok(self.open(path, size)?.map(|file| Box::new(file) as Box<dyn Read>))
    }

    fn put(&self, path: &CidPath, size: u64, body: &mut dyn Read) -> Result<(), Trouble> {
        self.put(path, size, body)
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
        match self.read(&names::owner()?, 64 << 10, None)? {
            Found::File(bytes, _) => Ok(Some(bytes)),
            _ => Ok(None),
        }
    }

    fn unlock(&self) -> Result<()> {
        self.remove_folder(&names::lock()?)
    }
}
