//! A CID as it will be: the disk, with the changes that a plan has so far.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Change, Content, Observed};
use crate::base::error::Result;
use crate::base::files::read_file;
use crate::base::pool::{LOOKS, in_flight};
use crate::catalog::{ChecksumFunction, CidPath, checksum};
use crate::cid::Cid;
use crate::cid::hash::{Sum, checked_size, sum_file};
use crate::cid::survey::Met;
use crate::cid::tree::Found;

/// Files up to this size are read once and kept, in bytes: catalogs and the customer's files, and those by which functions
/// are told.
const KEPT: u64 = 256 << 10;

/// A file as it was read.
#[derive(Clone)]
struct Held {
    found: Found,
    bytes: Arc<[u8]>,
}

pub(crate) struct View<'a> {
    cid: &'a Cid,
    pending: BTreeMap<String, &'a Change>,
    written: BTreeMap<String, Vec<u8>>,
    /// What was read of the disk, by key: asked for again, it is what it was, and costs a share no request.
    held: Mutex<HashMap<String, Held>>,
}

/// What a file holds after the plan so far.
enum Now<'a> {
    Bytes(&'a [u8]),
    /// What this file holds, of this size.
    File(Cow<'a, Path>, u64),
    /// Nothing: it goes.
    Gone,
}

impl<'a> View<'a> {
    /// The CID after `changes`.
    pub(crate) fn new(cid: &'a Cid, changes: &'a [Change]) -> Self {
        let pending = changes.iter().map(|change| (change.path.key(), change)).collect();
        View { cid, pending, written: BTreeMap::new(), held: Mutex::default() }
    }

    fn held(&self, path: &CidPath) -> Option<Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).get(&path.key()).cloned()
    }

    /// Keeps what was read of a file by whoever made this view.
    pub(crate) fn hold(&self, path: &CidPath, bytes: Arc<[u8]>) {
        let found = Found::File { path: path.below(self.cid.root()), size: bytes.len() as u64, linked: false };
        self.hold_as(path, found, bytes);
    }

    fn hold_as(&self, path: &CidPath, found: Found, bytes: Arc<[u8]>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.entry(path.key()).or_insert(Held { found, bytes });
    }

    /// Reads small files that were found, many at a time, so that [`sum_on_disk`](View::sum_on_disk) need not. What cannot be
    /// read is left to whoever asks for it.
    pub(crate) fn read_ahead<'f>(&self, files: impl Iterator<Item = (&'f CidPath, &'f Found)>) {
        let mut met = HashSet::new();
        let mut is_new = |(path, found): &(&CidPath, &Found)| {
            matches!(found, Found::File { size, .. } if *size <= KEPT)
                && self.held(path).is_none()
                && met.insert(path.key())
        };
        let files: Vec<_> = files.filter(|file| is_new(file)).collect();
        in_flight(LOOKS, &files, |(path, found)| {
            let Found::File { path: place, .. } = found else { return };
            if let Ok(bytes) = read_file(place, KEPT) {
                self.hold_as(path, (*found).clone(), bytes.into());
            }
        });
    }

    /// What files on disk are now, in their order, many at a time: whatever is worked out from one afterwards is worked out from
    /// this. One that was read already is what it was then.
    pub(crate) fn observe(&self, paths: &[&CidPath]) -> Result<Vec<Observed>> {
        let function = checksum::known(checksum::FOR_NEW).expect("the table holds it");
        let observed = in_flight(LOOKS, paths, |path| {
            let found = self.held(path).map_or_else(|| self.cid.tree().find(path), |held| Ok(held.found))?;
            self.read_ahead(std::iter::once((*path, &found)));
            self.sum_on_disk(path, &found, u64::MAX, &*function)
        });
        observed.into_iter().collect()
    }

    /// Size and checksum of the file on disk that was found at `path`, of which at most `limit` bytes are read.
    pub(crate) fn sum_on_disk(
        &self,
        path: &CidPath,
        found: &Found,
        limit: u64,
        function: &dyn ChecksumFunction,
    ) -> Result<Option<Sum>> {
        let Found::File { path: place, .. } = found else { return Ok(None) };
        let Some(held) = self.held(path) else { return sum_file(place, limit, function).map(Some) };
        checked_size(held.bytes.len() as u64, place)?;
        let bytes = &held.bytes[..held.bytes.len().min(usize::try_from(limit).unwrap_or(usize::MAX))];
        let checksum = function.of_bytes(bytes).map_err(|error| error.in_file(place))?;
        Ok(Some((bytes.len() as u64, checksum)))
    }

    pub(crate) fn cid(&self) -> &'a Cid {
        self.cid
    }

    /// Lets a catalog be `bytes`.
    pub(crate) fn write(&mut self, path: &CidPath, bytes: Vec<u8>) {
        self.written.insert(path.key(), bytes);
    }

    /// What the plan so far makes of this file: `None` where it leaves it as it is.
    fn new_content(&self, path: &CidPath) -> Option<Now<'_>> {
        if !self.has_changes() {
            return None;
        }
        let key = path.key();
        if let Some(bytes) = self.written.get(&key) {
            return Some(Now::Bytes(bytes));
        }
        Some(match &self.pending.get(&key)?.after {
            Some(Content::Bytes(bytes)) => Now::Bytes(bytes),
            Some(Content::File(file)) => Now::File(file.place(path), file.size),
            // Nobody makes a view of changes to what is not here.
            Some(Content::Elsewhere(size)) => Now::File(Path::new("").into(), *size),
            None => Now::Gone,
        })
    }

    /// Whether the plan so far changes any file.
    fn has_changes(&self) -> bool {
        !self.written.is_empty() || !self.pending.is_empty()
    }

    /// What a survey has met, where the plan so far leaves it as it is.
    pub(crate) fn unchanged(&self, met: Option<Met>, path: impl FnOnce() -> CidPath) -> Option<Met> {
        met.filter(|_| !self.has_changes() || !self.is_new(&path()))
    }

    /// Whether the plan so far changes this file.
    pub(crate) fn is_new(&self, path: &CidPath) -> bool {
        self.new_content(path).is_some()
    }

    pub(crate) fn find(&self, path: &CidPath) -> Result<Found> {
        match self.new_content(path) {
            Some(Now::Gone) => Ok(Found::Absent),
            Some(Now::Bytes(bytes)) => {
                Ok(Found::File { path: path.below(self.cid.root()), size: bytes.len() as u64, linked: false })
            }
            Some(Now::File(place, size)) => Ok(Found::File { path: place.into_owned(), size, linked: false }),
            None => self.held(path).map_or_else(|| self.cid.tree().find(path), |held| Ok(held.found)),
        }
    }

    /// As [`find`](View::find), without a look where the tree was surveyed.
    pub(crate) fn known(&self, path: &CidPath) -> Result<Found> {
        if self.is_new(path) { self.find(path) } else { self.cid.tree().known(path) }
    }

    /// Size and checksum of the file at `path`, which [`find`](View::find) has found to be `found`.
    pub(crate) fn sum(&self, path: &CidPath, found: &Found, function: &dyn ChecksumFunction) -> Result<Option<Sum>> {
        let new = self.new_content(path);
        if let Some(Now::Gone) = new {
            return Ok(None);
        }
        if let Some(Now::Bytes(bytes)) = new {
            return Ok(Some((bytes.len() as u64, function.of_bytes(bytes)?)));
        }
        // Of a file that is to come nothing was read where it will be.
        if let (Some(Now::File(..)), Found::File { path: place, .. }) = (new, found) {
            return sum_file(place, u64::from(u32::MAX) + 1, function).map(Some);
        }
        self.sum_on_disk(path, found, u64::from(u32::MAX) + 1, function)
    }

    /// Paths directly in `folder` that the plan so far makes.
    pub(crate) fn made_in<'s>(&'s self, folder: Option<&'s CidPath>) -> impl Iterator<Item = &'s CidPath> {
        let wanted = folder.map(CidPath::key);
        let changes = self.pending.values().filter(|change| change.before.is_none()).map(|change| &change.path);
        changes.filter(move |path| path.folder().map(|folder| folder.key()) == wanted)
    }
}
