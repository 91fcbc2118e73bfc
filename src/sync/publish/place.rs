//! Giving what was sent its names, in the order in which readers are safe.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::look::{Listed, Look};
use super::names;
use super::read::{digests_of, patiently};
use super::record::Coming;
use super::upload::Uploaded;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::hex::hex;
use crate::base::pool::{brought_at_a_time, in_flight};
use crate::catalog::CidPath;
use crate::catalogs::Loaded;
use crate::sync::checks::asked;
use crate::sync::difference::Wanted;
use crate::sync::fetch::sha256;
use crate::web::{AtOnce, Found, Store, not_replaced};

/// How often a catalog is sent that does not come back as it was (our choice).
const TRIES: usize = 3;

/// How a catalog comes to its name.
pub(super) enum Ready<'a> {
    /// It waits under this one.
    Waits(CidPath),
    /// It is sent when it is its turn.
    AtOnce(&'a dyn AtOnce),
}

/// What gives files their names.
pub(super) struct Placing<'a, 's> {
    pub store: &'s dyn Store,
    pub look: &'a Look,
    /// Names of the files that the place's catalogs list.
    pub listed: &'a Listed<'a>,
    /// What a run that broke off may have put in place, and whether it is its own for sure if it is there.
    pub left: &'a [Coming],
    pub left_is_fresh: bool,
}

impl<'s> Placing<'_, 's> {
    /// Puts the payload in place: first under names that nothing has, so that a file of somebody else's stops it before
    /// anything that is listed is replaced.
    ///
    /// # Errors
    /// Something else is there, or the server does not do it.
    pub(super) fn payload(&self, files: &[Wanted], sent: &[Uploaded]) -> Result<()> {
        let all: Vec<_> = files.iter().zip(sent).filter(|(_, sent)| sent.waits).collect();
        let (new, known): (Vec<_>, Vec<_>) = all.into_iter().partition(|(file, _)| !self.is_listed(&file.path));
        for (part, may_replace) in [(new, false), (known, true)] {
            let placed = in_flight(brought_at_a_time(), &part, |(file, sent)| {
                let staged = names::waiting(file, &self.look.originals)?;
                self.one(&staged, &file.path, file.size.into(), &hex(&sent.sha256), may_replace)
            });
            placed.into_iter().collect::<Result<()>>()?;
        }
        Ok(())
    }

    pub(super) fn is_listed(&self, path: &CidPath) -> bool {
        self.listed.size(path).is_some()
    }

    /// Makes the folders in which nothing is listed yet, those that hold others first.
    ///
    /// # Errors
    /// One cannot be made.
    pub(super) fn make_folders(&self, files: &[Wanted]) -> Result<()> {
        let mut known = HashSet::new();
        for loaded in &self.look.theirs {
            for entry in loaded.catalog.entries() {
                above(&entry.path.under(loaded.file.folder.as_ref()), |folder| known.insert(folder.to_string()));
            }
        }
        let mut new: BTreeMap<usize, BTreeSet<CidPath>> = BTreeMap::new();
        let paths = files.iter().map(|file| &file.path);
        for path in paths.chain(self.look.catalogs().iter().map(|loaded| &loaded.file.path)) {
            above(path, |folder| {
                !known.contains(folder.as_str()) && new.entry(folder.depth()).or_default().insert(folder.clone())
            });
        }
        for folders in new.into_values() {
            let folders: Vec<CidPath> = folders.into_iter().collect();
            let made = in_flight(brought_at_a_time(), &folders, |folder| self.store.make_folder(folder).map(drop));
            made.into_iter().collect::<Result<()>>()?;
        }
        Ok(())
    }

    fn one(&self, staged: &CidPath, path: &CidPath, size: u64, sha256: &str, may_replace: bool) -> Result<()> {
        let named = self.store.rename(staged, path, may_replace, None);
        if let Ok(true) = named {
            return Ok(());
        }
        // The answer to an order that was carried out may have been lost.
        if self.holds(path, size, sha256)? {
            return self.store.remove(staged);
        }
        named?;
        let key = path.key();
        let of_ours = self.left.iter().filter(|left| CidPath::parse(&left.path).is_ok_and(|path| path.key() == key));
        for left in of_ours {
            if self.is_of_ours(left, path)? && self.store.rename(staged, path, true, None)? {
                return Ok(());
            }
        }
        Err(not_replaced(&self.store.url(path)))
    }

    /// Whether what is there is what a run that broke off has put there.
    ///
    /// # Errors
    /// There is no answer.
    pub(super) fn is_of_ours(&self, left: &Coming, path: &CidPath) -> Result<bool> {
        // Of what it sent by way of another name it knew more, and that name may be somebody else's.
        let is_known = !left.sha256.is_empty();
        Ok((self.left_is_fresh && !is_known) || (is_known && self.holds(path, left.size.into(), &left.sha256)?))
    }

    /// Whether the place has a file with this content.
    ///
    /// # Errors
    /// There is no answer.
    pub(super) fn holds(&self, path: &CidPath, size: u64, sha256: &str) -> Result<bool> {
        patiently(|| self.holds_now(path, size, sha256))
    }

    fn holds_now(&self, path: &CidPath, size: u64, sha256: &str) -> Result<bool> {
        match digests_of(self.store, path, size, asked(&[])) {
            Ok(found) => Ok(found.is_some_and(|found| found.size == size && self::sha256(&found) == sha256)),
            Err(error) if error.kind() == ErrorKind::Damage => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Sends a catalog, and looks whether it is there, unless it can take the place of another one at once.
    ///
    /// # Errors
    /// The server does not take it, or does not give it out as it is.
    pub(super) fn send_catalog(&self, loaded: &Loaded) -> Result<Ready<'s>> {
        if let Some(way) = self.store.at_once() {
            return Ok(Ready::AtOnce(way));
        }
        let staged = names::staged(&loaded.file.path, &hex(&Sha256::digest(&loaded.bytes)))?;
        for _ in 0..TRIES {
            self.store.put_bytes(&staged, &loaded.bytes)?;
            match self.store.read(&staged, loaded.bytes.len() as u64 + 1) {
                Ok(Found::File(bytes, _)) if bytes == *loaded.bytes => return Ok(Ready::Waits(staged)),
                _ => {}
            }
        }
        Err(Error::new(ErrorKind::Io, "it was sent, and the server gives out something else")
            .in_file(Path::new(&self.store.url(&staged)))
            .next("let the server give out every file as it is: configcid web config tells how"))
    }

    /// Puts a catalog in place that waits under a name, or is yet to be sent, where that which it replaces is what it was.
    ///
    /// # Errors
    /// It is another one, or the server does not do it.
    pub(super) fn catalog(&self, loaded: &Loaded, ready: &Ready<'_>) -> Result<()> {
        let path = &loaded.file.path;
        let name = self.look.name(path);
        let before = self.look.versions.iter().find(|version| self.look.name(&version.path) == name);
        let tag = before.and_then(|version| version.tag.as_deref());
        let named = match ready {
            Ready::Waits(staged) => self.store.rename(staged, path, before.is_some(), tag),
            Ready::AtOnce(way) => way.replace(path, &loaded.bytes, tag),
        };
        if let Ok(true) = named {
            return Ok(());
        }
        // The answer to an order that was carried out may have been lost.
        match self.store.read(path, loaded.bytes.len() as u64 + 1) {
            Ok(Found::File(bytes, _)) if bytes == *loaded.bytes => {
                return match ready {
                    Ready::Waits(staged) => self.store.remove(staged),
                    Ready::AtOnce(_) => Ok(()),
                };
            }
            _ => named?,
        };
        Err(Error::new(ErrorKind::Changed, "somebody else has published there meanwhile")
            .in_file(Path::new(&self.store.url(path)))
            .next("see who writes there, then publish again: what was sent is kept"))
    }
}

/// Does something for each folder that holds the file, while it is worth it.
fn above(path: &CidPath, mut each: impl FnMut(&CidPath) -> bool) {
    path.folders().take_while(|folder| each(folder)).for_each(drop);
}
