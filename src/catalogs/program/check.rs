//! What a program may do to the catalogs: it is judged by what endpoints would meet, not by how configcid would have
//! written it.
//!
//! Told as a note: another order, another case of names, a new identity, customer's files left unlisted, entries for
//! files that are there and in no manifest. Refused: anything by which an endpoint would miss a file, fetch a wrong one, or
//! not notice that one changed.

use std::collections::{HashMap, HashSet};

use super::super::basis::Basis;
use super::super::{Loaded, signed};
use crate::base::error::Result;
use crate::base::text::count;
use crate::catalog::checksum::{Function, bound};
use crate::catalog::{Catalog, CidPath, Entry, Role};
use crate::cid::tree::Found;
use crate::cid::{CIDSYNC, CatalogFile, MRINIT, is_own_name};
use crate::plan::{Action, EntryChange};

/// A fault that the program made, or `Ok`.
pub(super) type Verdict<T> = std::result::Result<T, String>;

/// A catalog as the program left it.
pub(super) struct Rewritten {
    pub bytes: Vec<u8>,
    pub catalog: Catalog,
}

/// What is to be checked, and against what.
pub(super) struct Check<'a> {
    basis: &'a Basis<'a>,
    rewritten: &'a [Rewritten],
    /// The index of each catalog by its key.
    catalogs: HashMap<String, usize>,
    /// The keys of the files that manifests list.
    signed: HashSet<String>,
    /// What was done otherwise than configcid would, each as a sentence.
    pub notes: Vec<String>,
    /// What was left otherwise than configcid would, and is no fault of the result: a catalog, and the file that it says
    /// nothing of, or all of it.
    pub left: Vec<(CidPath, Option<CidPath>)>,
}

/// What an entry of the old catalog may become.
enum Expected {
    /// Nothing else.
    Same,
    /// Removed.
    Gone,
    /// Anything: no endpoint needs it.
    Own,
    /// This size; and another checksum, where the content is known to have changed.
    Size { size: u64, content_changed: bool },
}

/// What is told of a catalog: what happened to its entries, and what was done otherwise than configcid would.
#[derive(Default)]
struct Told {
    actions: Vec<EntryChange>,
    notes: Vec<String>,
}

impl<'a> Check<'a> {
    pub(super) fn new(basis: &'a Basis<'a>, rewritten: &'a [Rewritten]) -> Self {
        let catalogs = basis.loaded.iter().enumerate().map(|(index, loaded)| (loaded.file.path.key(), index)).collect();
        let signed = signed::keys(basis.view.cid());
        Self { basis, rewritten, catalogs, signed, notes: Vec::new(), left: Vec::new() }
    }

    /// Checks one catalog against what it was, and gives what happened to its entries. Further catalogs, such as `root.upd`,
    /// may be left alone: which of them the vendor's program writes is not known.
    pub(super) fn catalog(&mut self, index: usize, function: Option<&Function>) -> Result<Verdict<Vec<EntryChange>>> {
        let Loaded { file, bytes, .. } = &self.basis.loaded[index];
        let is_further = !file.path.file_name().eq_ignore_ascii_case(CIDSYNC);
        let verdict = self.written(index, function)?;
        if let Err(fault) = &verdict
            && is_further
            && self.rewritten[index].bytes == **bytes
        {
            self.notes.push(text!("{file}: the program left it alone, and {fault}", file = file.path, fault));
            self.left.push((file.path.clone(), None));
            return Ok(Ok(Vec::new()));
        }
        Ok(verdict)
    }

    fn written(&mut self, index: usize, function: Option<&Function>) -> Result<Verdict<Vec<EntryChange>>> {
        let Loaded { file, bytes, catalog: old } = &self.basis.loaded[index];
        let new = &self.rewritten[index].catalog;
        if !old.same_frame_but_id(new) {
            return Ok(Err(text!("its header, or the bytes behind it, changed").to_owned()));
        }
        let mut told = Told::default();
        if old.id() != new.id() {
            told.notes.push(text!("gave it a new identity, {}", new.id()));
        }
        let kept = match self.old_entries(file, old, new, function, &mut told)? {
            Ok(kept) => kept,
            Err(fault) => return Ok(Err(fault)),
        };
        let added = new.entries().iter().enumerate().filter(|(position, _)| !kept.contains(position));
        for (_, entry) in added {
            match self.added(file, entry, new, function)? {
                Err(fault) => return Ok(Err(text!("the new entry for {entry} {fault}", entry = entry.path, fault))),
                Ok(note) => told.notes.extend(note),
            }
            told.actions.push(EntryChange::new(Action::Add, entry));
        }
        match self.unlisted(file, old, new, &mut told.notes) {
            Ok(left) => self.left.extend(left),
            Err(fault) => return Ok(Err(fault)),
        }
        if let Err(fault) = self.own_checksum(old, bytes, index, function)? {
            return Ok(Err(fault));
        }
        let name = &file.path;
        self.notes.extend(told.notes.into_iter().map(|note| text!("{name}: the program {note}", name, note)));
        Ok(Ok(told.actions))
    }

    /// Checks what became of the entries that were there, and gives the positions of those that still are.
    fn old_entries(
        &self,
        file: &CatalogFile,
        old: &Catalog,
        new: &Catalog,
        function: Option<&Function>,
        told: &mut Told,
    ) -> Result<Verdict<HashSet<usize>>> {
        let positions = new.index();
        let mut kept = HashSet::new();
        let mut last = None;
        let (mut moved, mut renamed) = (0, 0);
        for entry in old.entries() {
            let path = entry.path.under(file.folder.as_ref());
            let expected = self.expected(file, &path, entry)?;
            let Some(&position) = positions.get(&entry.path.key()) else {
                match expected {
                    Expected::Gone | Expected::Own => {}
                    // Nobody but the vendor's tools needs these, and not every one of them is known to be listed.
                    Expected::Size { .. } if self.basis.options.customer_files.is_tools(&path) => {
                        told.notes.push(text!("took out the entry for {}", entry.path));
                    }
                    _ => {
                        let what = text!("the entry for {} has gone (expected {})", entry.path, shown(entry));
                        return Ok(Err(what));
                    }
                }
                told.actions.push(EntryChange::new(Action::Remove, entry));
                continue;
            };
            let now = &new.entries()[position];
            kept.insert(position);
            moved += usize::from(last.replace(position) > Some(position));
            renamed += usize::from(now.path != entry.path);
            if let Some(fault) = self.fault(file, &path, (entry, now), expected, new, function)? {
                return Ok(Err(text!("the entry for {entry} {fault}", entry = entry.path, fault)));
            }
            if now != entry {
                told.actions.push(EntryChange::new(Action::Update, now));
            }
        }
        if moved > 0 {
            told.notes.push(text!("put its entries into another order").to_owned());
        }
        if renamed > 0 {
            told.notes.push(text!("spells {} otherwise", count(renamed, "path", "paths")));
        }
        Ok(Ok(kept))
    }

    /// What is wrong with an entry that was there and still is, if anything.
    fn fault(
        &self,
        file: &CatalogFile,
        path: &CidPath,
        (entry, now): (&Entry, &Entry),
        expected: Expected,
        new: &Catalog,
        function: Option<&Function>,
    ) -> Result<Option<String>> {
        Ok(match expected {
            Expected::Gone => Some(text!("stayed, though the file has gone (expected no entry)").to_owned()),
            Expected::Same if (now.size, now.checksum) != (entry.size, entry.checksum) => {
                let (expected, found) = (shown(entry), shown(now));
                Some(text!(
                    "changed, though it is not the customer's (expected {expected}, found {found})",
                    expected,
                    found
                ))
            }
            Expected::Size { size, .. } if u64::from(now.size) != size => {
                Some(text!("has a wrong size (expected {size} bytes, found {size_is})", size, size_is = now.size))
            }
            Expected::Size { content_changed: true, .. } if now.checksum == entry.checksum => {
                Some(text!("kept its checksum, though the file changed (found {})", now.checksum))
            }
            Expected::Size { .. } => self.wrong_checksum(file, path, now, new, function)?,
            _ => None,
        })
    }

    /// The customer's files that the program left unlisted: all of them may be, but for those that endpoints must get.
    fn unlisted(
        &self,
        file: &CatalogFile,
        old: &Catalog,
        new: &Catalog,
        notes: &mut Vec<String>,
    ) -> Verdict<Vec<(CidPath, Option<CidPath>)>> {
        let (before, positions) = (old.index(), new.index());
        let mut left = Vec::new();
        for path in self.basis.customers.values().filter(|path| file.covers(path)) {
            let seen = path.seen_from(file.folder.as_ref());
            if seen.as_ref().is_none_or(|seen| positions.contains_key(&seen.key())) {
                continue;
            }
            if !self.may_be_unlisted(path) {
                return Err(text!("it has no entry for {path}, which endpoints must get", path));
            }
            left.push((file.path.clone(), Some(path.clone())));
            if seen.is_some_and(|seen| !before.contains_key(&seen.key())) {
                notes.push(text!("has no entry for {path}, which endpoints do not get", path));
            }
        }
        Ok(left)
    }

    fn own_checksum(
        &self,
        old: &Catalog,
        bytes: &[u8],
        index: usize,
        function: Option<&Function>,
    ) -> Result<Verdict<()>> {
        let Rewritten { bytes: printed, catalog: new } = &self.rewritten[index];
        let found = new.own_checksum();
        if old.covered(bytes) != new.covered(printed) && old.own_checksum() == found {
            return Ok(Err(text!("it changed, and its own checksum did not (found {found})", found)));
        }
        if let Some(function) = function {
            let expected = new.own_sum(printed, &**function)?;
            if expected != found {
                return Ok(Err(text!(
                    "its own checksum is wrong (expected {expected}, found {found})",
                    expected,
                    found
                )));
            }
        }
        Ok(Ok(()))
    }

    /// Whether endpoints can do without an entry for a customer's file: only mrinit.conf is known to need one [14635].
    fn may_be_unlisted(&self, path: &CidPath) -> bool {
        self.basis.options.customer_files.role(path) == Role::Customer && !path.file_name().eq_ignore_ascii_case(MRINIT)
    }

    /// Checks an entry that came; gives what is to be noted of it.
    fn added(
        &self,
        file: &CatalogFile,
        entry: &Entry,
        new: &Catalog,
        function: Option<&Function>,
    ) -> Result<Verdict<Option<String>>> {
        let path = entry.path.under(file.folder.as_ref());
        let size = match self.catalogs.get(&path.key()) {
            Some(&index) => self.rewritten[index].bytes.len() as u64,
            None => match self.basis.view.find(&path)? {
                Found::File { size, .. } => size,
                _ => return Ok(Err(text!("should not be there: there is no such file").to_owned())),
            },
        };
        if size != u64::from(entry.size) {
            return Ok(Err(text!(
                "has a wrong size (expected {size} bytes, found {size_is})",
                size,
                size_is = entry.size
            )));
        }
        if let Some(fault) = self.wrong_checksum(file, &path, entry, new, function)? {
            return Ok(Err(fault));
        }
        Ok(match self.basis.options.customer_files.role(&path) {
            Role::Vendor if self.signed.contains(&path.key()) => {
                Err(text!("should not be there: a manifest lists the file, so that it is the vendor's").to_owned())
            }
            Role::Vendor => Ok(Some(text!("added an entry for {path}, which is in no manifest", path))),
            _ => Ok(None),
        })
    }

    fn expected(&self, file: &CatalogFile, path: &CidPath, entry: &Entry) -> Result<Expected> {
        Ok(match self.basis.options.customer_files.role(path) {
            // Nobody's but configcid's, and better not listed.
            _ if is_own_name(path.file_name()) => Expected::Own,
            Role::Vendor => Expected::Same,
            _ if self.basis.order.is_impossible(&file.path, path) => Expected::Same,
            Role::Catalog => match self.catalogs.get(&path.key()) {
                None => Expected::Same,
                // A catalog that ends in its own CRC has the same CRC as any other: it need not change with the content.
                Some(&index) => {
                    Expected::Size { size: self.rewritten[index].bytes.len() as u64, content_changed: false }
                }
            },
            Role::Customer => match self.basis.view.find(path)? {
                Found::File { size, .. } => Expected::Size {
                    size,
                    content_changed: self.basis.view.is_new(path) || size != u64::from(entry.size),
                },
                _ => Expected::Gone,
            },
        })
    }

    /// What is wrong with an entry's checksum, as far as a function is known.
    fn wrong_checksum(
        &self,
        file: &CatalogFile,
        path: &CidPath,
        entry: &Entry,
        new: &Catalog,
        function: Option<&Function>,
    ) -> Result<Option<String>> {
        let Some(function) = function.filter(|_| !self.basis.order.is_impossible(&file.path, path)) else {
            return Ok(None);
        };
        let function = bound(function, &new.context(&entry.path, entry.size.into()));
        let view = &self.basis.view;
        let checksum = match self.catalogs.get(&path.key()) {
            Some(&index) => Some(function.of_bytes(&self.rewritten[index].bytes)?),
            None => view.sum(path, &view.find(path)?, &*function)?.map(|(_, checksum)| checksum),
        };
        let Some(expected) = checksum.filter(|checksum| *checksum != entry.checksum) else { return Ok(None) };
        let name = function.name();
        Ok(Some(text!(
            "has a wrong checksum (expected {expected} by {name}, found {checksum})",
            expected,
            name,
            checksum = entry.checksum
        )))
    }

    /// Which known function reproduces the checksums that the program has just written for contents that are known; `None`
    /// where none reproduces all, or there are fewer than two.
    pub(super) fn learned(&self) -> Result<Option<Function>> {
        'functions: for function in crate::catalog::checksum::all_known() {
            let mut agreed = 0;
            for (loaded, rewritten) in self.basis.loaded.iter().zip(self.rewritten) {
                let file = &loaded.file;
                for entry in rewritten.catalog.entries() {
                    let path = entry.path.under(file.folder.as_ref());
                    if self.basis.options.customer_files.role(&path) != Role::Customer || entry.size < 4 {
                        continue;
                    }
                    if self.wrong_checksum(file, &path, entry, &rewritten.catalog, Some(&function))?.is_some() {
                        continue 'functions;
                    }
                    agreed += 1;
                }
            }
            if agreed > 1 {
                return Ok(Some(function));
            }
        }
        Ok(None)
    }
}

fn shown(entry: &Entry) -> String {
    text!("{} bytes, checksum {}", entry.size, entry.checksum)
}
