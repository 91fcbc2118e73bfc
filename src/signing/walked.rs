//! What a walk of the folder met. The folder is walked once, and what the walk met is what there is: a name that Windows
//! would take for the listed one is seen as well as the listed one, and no link is followed.

use std::collections::hash_map::Entry as Slot;
use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::files::{Bad, Expected, ExtraFile, FileFault, FileFaultCode, Places, look};
use crate::base::error::plain;
use crate::base::text::{fold_case, same_name};
use crate::catalog::{CidPath, CustomerFiles, Role};
use crate::cid::walk::{Item, Kind, walk_on};

/// Everything in the folder, by its key: its path from that folder, spelled as catalogs do, without regard to case.
pub(super) struct Walked<'p> {
    folder: &'p Path,
    items: Vec<Item>,
    by_key: HashMap<String, Met>,
    /// How much of a listed file's key is that of the folder itself.
    prefix: usize,
}

/// What was met under one key.
enum Met {
    /// The item of this number.
    One(usize),
    /// Several whose names differ in case alone; a sentence names them.
    Twins(String),
    /// A folder that cannot be read.
    Closed(String),
}

impl<'p> Walked<'p> {
    /// What is wrong by itself, whatever the list says, is added to `faults`.
    pub(super) fn of(places: &'p Places, faults: &mut Vec<FileFault>) -> Self {
        let folder = places.walked.as_path();
        let prefix = places.prefix().map_or(0, |prefix| prefix.key().len());
        let mut closed = Vec::new();
        let items = walk_on(folder, |error| {
            closed.push(error);
            Ok(())
        });
        let mut walked = Walked { folder, items: items.unwrap_or_default(), by_key: HashMap::new(), prefix };
        let mut add = |path: &str, code, what: String| {
            if let Ok(path) = CidPath::parse(path) {
                let path = path.under(places.prefix());
                faults.push(FileFault { code, path, what, digests: Vec::new() });
            }
        };
        for (index, item) in walked.items.iter().enumerate() {
            let spelled = spelled(&item.path);
            match walked.by_key.entry(fold_case(&spelled)) {
                Slot::Vacant(place) => _ = place.insert(Met::One(index)),
                Slot::Occupied(mut place) => {
                    if let Met::One(first) = place.get() {
                        let [a, b] = [&walked.items[*first], item].map(|item| item.path.display().to_string());
                        let what = text!("{a} and {b} differ in case alone: to Windows they are one", a, b);
                        // Names below folders that are twins are told with the folders.
                        if walked.items[*first].path.parent() == item.path.parent() {
                            add(&spelled, FileFaultCode::CaseConflict, what.clone());
                        }
                        place.insert(Met::Twins(what));
                    }
                }
            }
            if item.kind == Kind::Link {
                add(&spelled, FileFaultCode::Link, link_text(folder, &item.path));
            }
        }
        for error in closed {
            let path = error.path().and_then(|path| path.strip_prefix(plain(folder)).ok());
            let path = path.map_or_else(String::new, spelled);
            match path.is_empty() {
                // The folder itself: all of it is unknown.
                true => add(&format!("\\{}", places.list), FileFaultCode::Io, error.what().to_owned()),
                false => add(&path, FileFaultCode::Io, error.what().to_owned()),
            }
            walked.by_key.insert(fold_case(&path), Met::Closed(error.what().to_owned()));
        }
        walked.own_folder(places, &mut add);
        walked
    }

    /// In a CID, the component itself may have a twin, or be a link.
    fn own_folder(&self, places: &Places, add: &mut impl FnMut(&str, FileFaultCode, String)) {
        let Some((root, component)) = &places.component else { return };
        let own = component.file_name();
        let Ok(entries) = root.read_dir() else { return };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut twins: Vec<String> = names.filter(|name| same_name(name, own)).collect();
        twins.sort();
        if twins.len() > 1 {
            let what = text!("{} differ in case alone: to Windows they are one", twins.join(text!(" and ")));
            add(component.as_str(), FileFaultCode::CaseConflict, what);
        }
        if root.join(own).is_symlink() {
            add(component.as_str(), FileFaultCode::Link, text!("the component's folder is a link").to_owned());
        }
    }

    /// The item that a listed file is, or why there is none to look at.
    fn item(&self, expected: &Expected) -> Result<&Item, Bad> {
        let key = expected.path.key();
        let key = &key[self.prefix..];
        let whole = self.by_key.get(key);
        let missing = || Bad::new(FileFaultCode::Missing, text!("it is missing"));
        let met = match whole {
            Some(met) => met,
            // Perhaps because of a folder above it.
            None => key.rmatch_indices('\\').find_map(|(end, _)| self.by_key.get(&key[..end])).ok_or_else(missing)?,
        };
        let bad = |code, what: &str| Err(Bad { is_told: whole.is_none(), ..Bad::new(code, what) });
        match met {
            Met::Twins(what) => bad(FileFaultCode::CaseConflict, what),
            Met::Closed(what) => bad(FileFaultCode::Io, what),
            Met::One(index) => match (self.items[*index].kind, whole.is_some()) {
                (Kind::Link, _) => bad(FileFaultCode::Link, &link_text(self.folder, &self.items[*index].path)),
                (Kind::File, true) => Ok(&self.items[*index]),
                (_, false) => Err(missing()),
                (Kind::Folder, true) => bad(FileFaultCode::NotAFile, text!("it is a folder")),
                (Kind::Other, true) => bad(FileFaultCode::NotAFile, text!("it is no file, but a device or a FIFO")),
            },
        }
    }

    /// How many bytes were read of a file that is as it should be.
    pub(super) fn look(&self, expected: &Expected) -> Result<u64, Bad> {
        let item = self.item(expected)?;
        look(expected, &self.folder.join(&item.path))
    }

    /// The files in the list's own folder that it does not name.
    pub(super) fn extra(&self, expected: &[Expected], places: &Places) -> Vec<ExtraFile> {
        let listed: HashSet<String> =
            expected.iter().map(|expected| expected.path.key()[self.prefix..].to_owned()).collect();
        let own = places.component.as_ref().map(|(_, component)| component);
        let customers = CustomerFiles::default();
        let mut extra = Vec::new();
        for item in self.items.iter().filter(|item| item.kind != Kind::Folder && !item.is_own()) {
            let path = spelled(&item.path);
            if listed.contains(&fold_case(&path)) {
                continue;
            }
            let role = match CidPath::parse(&path) {
                Ok(path) if path.depth() == 1 && same_name(path.file_name(), &places.list) => continue,
                Ok(path) => customers.role_under(own, &path),
                Err(_) => Role::Vendor,
            };
            let role = match role {
                Role::Customer => "customer",
                Role::Catalog => "catalog",
                Role::Vendor => "unlisted",
            };
            extra.push(ExtraFile { path, role });
        }
        extra
    }
}

/// A path as catalogs spell it, whatever is in it.
fn spelled(path: &Path) -> String {
    path.iter().flat_map(|part| ["\\".into(), part.to_string_lossy()]).collect()
}

fn link_text(folder: &Path, path: &Path) -> String {
    match std::fs::read_link(folder.join(path)) {
        Ok(target) => text!("it is a link, to {}", target.display()),
        Err(_) => text!("it is a link").to_owned(),
    }
}
