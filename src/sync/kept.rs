//! The relay that a destination keeps: its own `mrinit.conf`, and the source's catalogs with the entries that this one needs.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::Source;
use crate::base::error::{Error, ErrorKind, Result};
use crate::catalog::checksum::bound;
use crate::catalog::{Catalog, CidPath, Entry};
use crate::catalogs::{Loaded, Order, RefreshOptions};
use crate::cid::hash::{checked_size, sum_file};
use crate::cid::tree::Found;
use crate::cid::{Cid, MRINIT};

/// A file that the destination keeps.
#[derive(Debug, Clone)]
pub(super) struct KeptFile {
    pub path: CidPath,
    /// Where its content can be read.
    pub place: PathBuf,
    /// In bytes.
    pub size: u64,
}

/// The `mrinit.conf` of the root and of components that is there.
pub(super) fn relay_files(target: &Cid) -> Result<Vec<KeptFile>> {
    let mut files = Vec::new();
    for folder in std::iter::once(None).chain(target.components().iter().map(Some)) {
        let Some(path) = target.named(folder, MRINIT)? else { continue };
        match target.tree().find(&path)? {
            Found::File { linked: false, path: place, size } => files.push(KeptFile { path, place, size }),
            Found::Absent => {}
            _ => {
                return Err(Error::new(ErrorKind::Link, "this should be a file, and is none")
                    .in_file(&target.shown(&path))
                    .next("put a real file in its place"));
            }
        }
    }
    Ok(files)
}

/// Gives the source's catalogs the entries of the files that the destination keeps, and brings the catalogs that list these
/// catalogs in line, the root's last. A file is listed where the source or the destination lists it. A catalog in which nothing
/// changes stays as it is, byte for byte, and its function needs not be known.
///
/// # Errors
/// The function of a catalog that has to change cannot be told.
pub(super) fn keep(
    mut catalogs: Vec<Loaded>,
    source: &dyn Source,
    theirs: &[Loaded],
    kept: &[KeptFile],
    options: &RefreshOptions,
) -> Result<Vec<Loaded>> {
    let order = Order::new(&catalogs);
    let kept: HashMap<String, &KeptFile> = kept.iter().map(|file| (file.path.key(), file)).collect();
    let mut rewritten: HashMap<String, usize> = HashMap::new();
    for number in order.sequence.iter().copied() {
        let loaded = &catalogs[number];
        let folder = loaded.file.folder.as_ref();
        let mut concerned: Vec<(Option<usize>, CidPath)> = Vec::new();
        let mut listed = HashSet::new();
        for (index, entry) in loaded.catalog.entries().iter().enumerate() {
            let path = entry.path.under(folder);
            let key = path.key();
            if kept.contains_key(&key) {
                listed.insert(key);
                concerned.push((Some(index), path));
            } else if rewritten.contains_key(&key) && !order.is_impossible(&loaded.file.path, &path) {
                concerned.push((Some(index), path));
            }
        }
        let same = theirs.iter().find(|theirs| theirs.file.path.key() == loaded.file.path.key());
        for entry in same.into_iter().flat_map(|theirs| theirs.catalog.entries()) {
            let path = entry.path.under(folder);
            if kept.contains_key(&path.key()) && !listed.contains(&path.key()) {
                concerned.push((None, path));
            }
        }
        if concerned.is_empty() || is_as_it_is(loaded, same, &concerned, &rewritten, &kept) {
            continue;
        }
        let function = source.function(loaded, options)?;
        let mut catalog = loaded.catalog.clone();
        let mut changed = false;
        for (index, path) in &concerned {
            let seen = match index {
                Some(index) => catalog.entries()[*index].path.clone(),
                None => path.seen_from(folder).unwrap_or_else(|| path.clone()),
            };
            let key = path.key();
            let (size, checksum) = match rewritten.get(&key) {
                Some(other) => {
                    let bytes = &catalogs[*other].bytes;
                    let function = bound(&function, &catalog.context(&seen, bytes.len() as u64));
                    (bytes.len() as u64, function.of_bytes(bytes)?)
                }
                None => {
                    let KeptFile { place, size, .. } = kept[&key];
                    let function = bound(&function, &catalog.context(&seen, *size));
                    sum_file(place, u64::from(u32::MAX) + 1, &*function)?
                }
            };
            let entry = Entry { path: seen, size: checked_size(size, Path::new(path.as_str()))?, checksum };
            changed |= write(&mut catalog, *index, entry);
        }
        if changed {
            catalog.seal(&*function)?;
            let loaded = &mut catalogs[number];
            loaded.bytes = catalog.print().into();
            loaded.catalog = catalog;
            rewritten.insert(loaded.file.path.key(), number);
        }
    }
    Ok(catalogs)
}

/// Whether a catalog needs no other entries, which no function is needed to see: those of the kept files are what the
/// destination's catalog has for them, and the files have the sizes that it says.
fn is_as_it_is(
    loaded: &Loaded,
    theirs: Option<&Loaded>,
    concerned: &[(Option<usize>, CidPath)],
    rewritten: &HashMap<String, usize>,
    kept: &HashMap<String, &KeptFile>,
) -> bool {
    let Some(theirs) = theirs else { return false };
    let index = theirs.catalog.index();
    for (number, path) in concerned {
        let Some(number) = number.filter(|_| !rewritten.contains_key(&path.key())) else { return false };
        let entry = &loaded.catalog.entries()[number];
        let same = index.get(&entry.path.key()).map(|number| &theirs.catalog.entries()[*number]);
        let agrees = same.is_some_and(|same| (same.size, same.checksum) == (entry.size, entry.checksum));
        if !agrees || kept[&path.key()].size != u64::from(entry.size) {
            return false;
        }
    }
    true
}

/// Writes an entry, and says whether that changes anything.
fn write(catalog: &mut Catalog, index: Option<usize>, entry: Entry) -> bool {
    let entries = catalog.entries_mut();
    match index {
        Some(index) if entries[index] == entry => return false,
        Some(index) => entries[index] = entry,
        None => entries.push(entry),
    }
    true
}
