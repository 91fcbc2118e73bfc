//! Letting a program that the user brings, `ConfigCID.exe` itself for example, rewrite the catalogs.
//!
//! The program never touches the CID. It runs on a working copy, what it did there is checked against the layout of
//! the catalogs, and only the catalogs that pass become changes of the plan, which is then carried out like any other.
//! So a program that hangs, fails, lies or dies half-way leaves nothing to put back, and a dry run shows what it does.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::basis::{Basis, Refreshed};
use super::loaded::catalog_change;
use super::{Loaded, Program, detect};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::{first_difference, make_writable, read_file};
use crate::base::own_folder::OwnFolder;
use crate::base::pool::in_parallel;
use crate::catalog::checksum::Function;
use crate::catalog::{self, Catalog, CidPath, Entry, Role};
use crate::cid::tree::Found;
use crate::cid::walk::{Item, Kind, walk};
use crate::cid::{CatalogFile, Cid, copy_tree};
use crate::plan::{Action, CatalogChange, Change, EntryChange};

/// No file that configcid itself writes beside the catalogs is larger.
const MAX_WRITTEN: u64 = crate::mrinit::MAX_SIZE;

/// A catalog as the program left it.
struct Rewritten {
    bytes: Vec<u8>,
    catalog: Catalog,
}

/// Lets the program rewrite the catalogs of a working copy that has the payload, and gives what it made of them.
pub(super) fn run(program: &Program, basis: &Basis<'_>, payload: &[Change]) -> Result<Refreshed> {
    let lie = |what: String| {
        Error::new(ErrorKind::Program, format!("the program did what it should not: {what}"))
            .in_file(&program.path)
            .next("nothing was changed; look at the program, or leave this CID to the vendor's own tools")
    };
    let copy = WorkingCopy::make(basis.view.cid(), payload)?;
    let mut command = Command::new(absolute(&program.path)?);
    command.arg(&copy.folder).current_dir(copy.above.path());
    crate::base::program::run(command, &program.path, Stdio::null(), program.timeout)?;

    let rewritten = copy.catalogs(basis.loaded)?.map_err(lie)?;
    copy.check_other_files(basis.loaded)?.map_err(lie)?;
    let catalogs = basis.loaded.iter().enumerate().map(|(index, loaded)| (loaded.file.path.key(), index)).collect();
    let check = Check { basis, rewritten: &rewritten, catalogs };
    let function = program.path.file_name().unwrap_or(program.path.as_os_str()).to_string_lossy().into_owned();
    let mut refreshed = Refreshed::default();
    for (index, (loaded, new)) in basis.loaded.iter().zip(&rewritten).enumerate() {
        let Loaded { file, bytes, catalog } = loaded;
        let options = basis.options;
        let detection = detect(&basis.view, file, catalog, bytes, &options.customer_files, &options.checksum)?;
        let actions =
            check.catalog(index, detection.function())?.map_err(|what| lie(format!("{}: {what}", file.path)))?;
        let changed = new.bytes != *bytes;
        refreshed.catalogs.push(CatalogChange {
            catalog: file.path.clone(),
            entries: catalog.entries().len(),
            function: function.clone(),
            actions,
            changed,
        });
        if changed {
            refreshed.writes.push(catalog_change(loaded, new.bytes.clone()));
        }
    }
    Ok(refreshed)
}

/// A copy of the CID that the program may do with as it likes. It goes when this is dropped.
struct WorkingCopy<'a> {
    cid: &'a Cid,
    above: OwnFolder,
    folder: PathBuf,
    /// What was copied.
    original: Vec<Item>,
    /// The payload, by where it was written in the copy.
    written: HashMap<PathBuf, &'a Change>,
}

impl<'a> WorkingCopy<'a> {
    fn make(cid: &'a Cid, payload: &'a [Change]) -> Result<Self> {
        let temporary = std::env::temp_dir();
        // The copy has the estate's secrets.
        let above = OwnFolder::make(&temporary, "configcid-work-", true).map_err(|error| {
            Error::io("make a folder for a working copy", &temporary, error)
                .next("set TMPDIR (on Windows TEMP) to a folder with room for the CID")
        })?;
        // The name of the CID stays: a program may show it.
        let folder = above.path().join(cid.root().file_name().unwrap_or("CID".as_ref()));
        fs::create_dir(&folder).map_err(|error| Error::io("make a folder for a working copy", &folder, error))?;
        let original = copy_tree(cid.root(), &folder)?;
        if cfg!(windows) {
            // What is read-only there cannot be removed with the copy.
            original.iter().for_each(|item| drop(make_writable(&folder.join(&item.path))));
        }
        let mut written = HashMap::new();
        for change in payload {
            let relative = relative_place(cid, &change.path)?;
            let place = folder.join(&relative);
            let _ = make_writable(&place);
            match &change.after {
                Some(bytes) => fs::write(&place, bytes),
                None => fs::remove_file(&place),
            }
            .map_err(|error| Error::io("write to the working copy", &place, error))?;
            written.insert(relative, change);
        }
        Ok(WorkingCopy { cid, above, folder, original, written })
    }

    /// Reads back the catalogs.
    fn catalogs(&self, loaded: &[Loaded]) -> Result<Verdict<Vec<Rewritten>>> {
        let mut rewritten = Vec::new();
        for Loaded { file, .. } in loaded {
            let place = self.folder.join(relative_place(self.cid, &file.path)?);
            let bytes = match fs::symlink_metadata(&place) {
                Ok(metadata) if metadata.is_file() => read_file(&place, catalog::MAX_SIZE)?,
                _ => return Ok(Err(format!("{} is no longer a file", file.path))),
            };
            match Catalog::parse(&bytes) {
                Ok(catalog) => rewritten.push(Rewritten { bytes, catalog }),
                Err(error) => return Ok(Err(format!("{} is no catalog now: {error}", file.path))),
            }
        }
        Ok(Ok(rewritten))
    }

    /// Checks that of all files only the catalogs changed.
    fn check_other_files(&self, loaded: &[Loaded]) -> Result<Verdict<()>> {
        let places = loaded.iter().map(|loaded| relative_place(self.cid, &loaded.file.path));
        let catalogs: HashSet<PathBuf> = places.collect::<Result<_>>()?;
        let mut expected: BTreeMap<&Path, Kind> =
            self.original.iter().map(|item| (item.path.as_path(), item.kind)).collect();
        for (path, change) in &self.written {
            match &change.after {
                Some(_) => expected.insert(path, Kind::File),
                None => expected.remove(path.as_path()),
            };
        }
        let mut files = Vec::new();
        for Item { path, kind, .. } in walk(&self.folder)? {
            if expected.remove(path.as_path()) != Some(kind) {
                return Ok(Err(format!("it made {}", path.display())));
            }
            if kind == Kind::File && !catalogs.contains(&path) {
                files.push(path);
            }
        }
        let is_same = |path: &PathBuf| {
            let copied = self.folder.join(path);
            Ok(match self.written.get(path) {
                Some(change) => read_file(&copied, MAX_WRITTEN).is_ok_and(|bytes| Some(bytes) == change.after),
                None => first_difference(&self.cid.root().join(path), &copied)?.is_ok(),
            })
        };
        for (path, is_same) in files.iter().zip(in_parallel(&files, is_same)) {
            if !is_same? {
                return Ok(Err(format!("it changed {}", path.display())));
            }
        }
        Ok(expected.keys().next().map_or(Ok(()), |path| Err(format!("it removed {}", path.display()))))
    }
}

/// A fault that the program made, or `Ok`.
type Verdict<T> = std::result::Result<T, String>;

/// What is to be checked, and against what.
struct Check<'a> {
    basis: &'a Basis<'a>,
    rewritten: &'a [Rewritten],
    /// The index of each catalog by its key.
    catalogs: HashMap<String, usize>,
}

/// What an entry of the old catalog may become.
enum Expected {
    /// Nothing else.
    Same,
    /// Removed.
    Gone,
    /// This size; and another checksum, where the content is known to have changed.
    Size { size: u64, content_changed: bool },
}

impl Check<'_> {
    /// Checks one catalog against what it was, by the layout.
    fn catalog(&self, index: usize, function: Option<&Function>) -> Result<Verdict<Vec<EntryChange>>> {
        let Loaded { file, bytes, catalog: old } = &self.basis.loaded[index];
        let new = &self.rewritten[index].catalog;
        if !old.same_frame(new) {
            return Ok(Err("its header, its identity or the bytes behind it changed".to_owned()));
        }
        let positions = new.index();
        let mut kept = HashSet::new();
        let mut last = None;
        let mut actions = Vec::new();
        for entry in old.entries() {
            let path = entry.path.under(file.folder.as_ref());
            let expected = self.expected(file, &path, entry)?;
            let Some(&position) = positions.get(&entry.path.key()) else {
                if !matches!(expected, Expected::Gone) {
                    return Ok(Err(format!("the entry for {} has gone", entry.path)));
                }
                actions.push(EntryChange::new(Action::Remove, entry));
                continue;
            };
            let now = &new.entries()[position];
            kept.insert(position);
            if last.replace(position) > Some(position) || now.path != entry.path {
                return Ok(Err(format!("the entry for {} was moved or renamed", entry.path)));
            }
            let fault = match expected {
                Expected::Gone => Some("stayed, though the file has gone"),
                Expected::Same if now != entry => Some("changed, though it is not the customer's"),
                Expected::Size { size, .. } if u64::from(now.size) != size => Some("has a wrong size"),
                Expected::Size { content_changed: true, .. } if now.checksum == entry.checksum => {
                    Some("kept its checksum, though the file changed")
                }
                Expected::Size { .. } if !self.checksum_is_right(&path, now, function)? => Some("has a wrong checksum"),
                _ => None,
            };
            if let Some(fault) = fault {
                return Ok(Err(format!("the entry for {} {fault}", entry.path)));
            }
            if now != entry {
                actions.push(EntryChange::new(Action::Update, now));
            }
        }
        let added = new.entries().iter().enumerate().filter(|(position, _)| !kept.contains(position));
        for (_, entry) in added {
            let path = entry.path.under(file.folder.as_ref());
            let fault = match self.basis.customers.get(&path.key()) {
                Some(present) if file.covers(present) => match self.basis.view.find(present)? {
                    Found::File { size, .. } if size != u64::from(entry.size) => Some("has a wrong size"),
                    _ if !self.checksum_is_right(present, entry, function)? => Some("has a wrong checksum"),
                    _ => None,
                },
                _ => Some("should not be there"),
            };
            if let Some(fault) = fault {
                return Ok(Err(format!("the new entry for {} {fault}", entry.path)));
            }
            actions.push(EntryChange::new(Action::Add, entry));
        }
        let missing =
            self.basis.customers.values().filter(|path| file.covers(path)).find(|path| {
                path.seen_from(file.folder.as_ref()).is_some_and(|seen| !positions.contains_key(&seen.key()))
            });
        if let Some(missing) = missing {
            return Ok(Err(format!("it has no entry for {missing}")));
        }
        let printed = &self.rewritten[index].bytes;
        if old.covered(bytes) != new.covered(printed) && old.own_checksum() == new.own_checksum() {
            return Ok(Err("it changed, and its own checksum did not".to_owned()));
        }
        if let Some(function) = function
            && function.of_bytes(new.covered(printed))? != new.own_checksum()
        {
            return Ok(Err("its own checksum is wrong".to_owned()));
        }
        Ok(Ok(actions))
    }

    fn expected(&self, file: &CatalogFile, path: &CidPath, entry: &Entry) -> Result<Expected> {
        Ok(match self.basis.options.customer_files.role(path) {
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

    /// Whether an entry's checksum is that of the file, as far as a function is known.
    fn checksum_is_right(&self, path: &CidPath, entry: &Entry, function: Option<&Function>) -> Result<bool> {
        let Some(function) = function else { return Ok(true) };
        let checksum = match self.catalogs.get(&path.key()) {
            Some(&index) => Some(function.of_bytes(&self.rewritten[index].bytes)?),
            None => self.basis.view.sum(path, &self.basis.view.find(path)?, &**function)?.map(|(_, checksum)| checksum),
        };
        Ok(checksum == Some(entry.checksum))
    }
}

/// Where a file of the CID is, relative to its root.
fn relative_place(cid: &Cid, path: &CidPath) -> Result<PathBuf> {
    let place = cid.tree().place(path)?;
    Ok(place.strip_prefix(cid.root()).unwrap_or(&place).to_owned())
}

/// A program with a folder in its path is meant from here, not from where it will run.
fn absolute(program: &Path) -> Result<PathBuf> {
    if program.components().count() < 2 && !program.exists() {
        return Ok(program.to_owned());
    }
    std::path::absolute(program).map_err(|error| Error::io("find the program", program, error))
}
