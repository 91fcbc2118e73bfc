//! A CID as it will be: the disk, with the changes that a plan has so far.

use std::collections::BTreeMap;

use super::Change;
use crate::base::error::Result;
use crate::catalog::{ChecksumFunction, CidPath};
use crate::cid::Cid;
use crate::cid::hash::{Sum, sum_file};
use crate::cid::tree::Found;

pub(crate) struct View<'a> {
    cid: &'a Cid,
    pending: BTreeMap<String, &'a Change>,
    written: BTreeMap<String, Vec<u8>>,
}

impl<'a> View<'a> {
    /// The CID after `changes`.
    pub(crate) fn new(cid: &'a Cid, changes: &'a [Change]) -> Self {
        let pending = changes.iter().map(|change| (change.path.key(), change)).collect();
        View { cid, pending, written: BTreeMap::new() }
    }

    pub(crate) fn cid(&self) -> &'a Cid {
        self.cid
    }

    /// Lets a catalog be `bytes`.
    pub(crate) fn write(&mut self, path: &CidPath, bytes: Vec<u8>) {
        self.written.insert(path.key(), bytes);
    }

    /// What the plan so far makes of this file: `None` where it leaves it as it is, and `Some(None)` where the file goes.
    fn new_bytes(&self, path: &CidPath) -> Option<Option<&[u8]>> {
        if self.written.is_empty() && self.pending.is_empty() {
            return None;
        }
        let key = path.key();
        let written = self.written.get(&key).map(|bytes| Some(bytes.as_slice()));
        written.or_else(|| self.pending.get(&key).map(|change| change.after.as_deref()))
    }

    /// Whether the plan so far changes this file.
    pub(crate) fn is_new(&self, path: &CidPath) -> bool {
        self.new_bytes(path).is_some()
    }

    pub(crate) fn find(&self, path: &CidPath) -> Result<Found> {
        match self.new_bytes(path) {
            Some(None) => Ok(Found::Absent),
            Some(Some(bytes)) => {
                Ok(Found::File { path: path.below(self.cid.root()), size: bytes.len() as u64, linked: false })
            }
            None => self.cid.tree().find(path),
        }
    }

    /// Size and checksum of the file at `path`, which [`find`](View::find) has found to be `found`.
    pub(crate) fn sum(&self, path: &CidPath, found: &Found, function: &dyn ChecksumFunction) -> Result<Option<Sum>> {
        if let Some(bytes) = self.new_bytes(path) {
            let Some(bytes) = bytes else { return Ok(None) };
            return Ok(Some((bytes.len() as u64, function.of_bytes(bytes)?)));
        }
        let Found::File { path, .. } = found else { return Ok(None) };
        sum_file(path, u64::from(u32::MAX) + 1, function).map(Some)
    }

    /// Paths directly in `folder` that the plan so far makes.
    pub(crate) fn made_in<'s>(&'s self, folder: Option<&'s CidPath>) -> impl Iterator<Item = &'s CidPath> {
        let wanted = folder.map(CidPath::key);
        let changes = self.pending.values().filter(|change| change.before.is_none()).map(|change| &change.path);
        changes.filter(move |path| path.folder().map(|folder| folder.key()) == wanted)
    }
}
