//! What differs between two CIDs, by their catalogs alone.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::key::{Key, Kind};
use crate::base::error::{Error, ErrorKind, Result};
use crate::catalog::{CidPath, Entry};
use crate::catalogs::Loaded;
use crate::cid::is_own_name;

/// What a destination needs to be as the source.
#[derive(Debug, Default)]
pub(super) struct Difference {
    /// Files that are new or other ones, in the order of the source's catalogs.
    pub wanted: Vec<Wanted>,
    /// Files that the destination's catalogs list and the source's do not.
    pub gone: Vec<CidPath>,
    /// Numbers of the source's catalogs that are new or other ones.
    pub catalogs: Vec<usize>,
    /// Catalogs that the source does not have.
    pub gone_catalogs: Vec<CidPath>,
    /// Names by which the destination's catalogs list a file, or by which a catalog is there, and which the source spells
    /// otherwise: only where spelling counts, and only where the place tells case apart do they name a file of their own.
    pub respelled: Vec<CidPath>,
}

/// A file that is to be brought.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// From the CID's root.
    pub path: CidPath,
    /// In bytes.
    pub size: u32,
    listed: Listed,
}

/// A part of what all wanted files have together.
#[derive(Debug, Clone, Default)]
struct Listed {
    all: Arc<[(u32, u32)]>,
    begin: u32,
    end: u32,
}

impl Wanted {
    /// The numbers of the catalogs that list it, and which entry of each it is.
    pub(super) fn listed(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let Listed { all, begin, end } = &self.listed;
        all[*begin as usize..*end as usize].iter().map(|(number, index)| (*number as usize, *index as usize))
    }
}

impl Difference {
    pub(super) fn is_empty(&self) -> bool {
        let Self { wanted, gone, catalogs, gone_catalogs, respelled } = self;
        wanted.is_empty() && gone.is_empty() && catalogs.is_empty() && gone_catalogs.is_empty() && respelled.is_empty()
    }
}

/// What differs. `kept` are the keys of files that the destination keeps as they are, whatever the source has; `further`
/// those of files that it lacks, whatever its catalogs say.
///
/// A file differs where any catalog of the source lists it in another way than the destination's catalog of the same place,
/// or where that does not list it. Catalogs that are the same byte for byte are not looked into. `exact`: a file that is listed in
/// another case differs, too, since the place may tell names apart by case.
///
/// # Errors
/// The source's catalogs list what no CID can hold, or contradict each other.
pub(super) fn compare(
    source: &[Loaded],
    target: &[Loaded],
    kept: &HashSet<String>,
    further: &HashSet<String>,
    exact: bool,
) -> Result<Difference> {
    let by_key = |catalogs: &[Loaded]| -> HashMap<String, usize> {
        catalogs.iter().enumerate().map(|(number, loaded)| (loaded.file.path.key(), number)).collect()
    };
    let (sources, targets) = (by_key(source), by_key(target));
    let counterpart = |loaded: &Loaded| targets.get(&loaded.file.path.key()).map(|number| &target[*number]);
    let are_same = |a: &Loaded, b: &Loaded| {
        a.bytes == b.bytes && (!exact || (a.file.path == b.file.path && a.file.folder == b.file.folder))
    };
    let is_same = |loaded: &Loaded| counterpart(loaded).is_some_and(|theirs| are_same(theirs, loaded));

    let catalogs = (0..source.len()).filter(|number| !is_same(&source[*number])).collect();
    let mut difference = Difference { catalogs, ..Difference::default() };
    let gone_catalogs = target.iter().filter(|loaded| !sources.contains_key(&loaded.file.path.key()));
    difference.gone_catalogs = gone_catalogs.map(|loaded| loaded.file.path.clone()).collect();
    if difference.catalogs.is_empty() && difference.gone_catalogs.is_empty() && further.is_empty() {
        return Ok(difference);
    }

    // Where one end has nothing, there is nothing to find in the other.
    let (spelled_here, spelled_there) = match exact && !target.is_empty() {
        true => (keys(source, Key::exact).collect(), keys(target, Key::exact).collect()),
        false => <(HashSet<Key<'_>>, HashSet<Key<'_>>)>::default(),
    };
    // The catalogs themselves come last, and by themselves.
    let is_left = |key: &str| kept.contains(key) || sources.contains_key(key);
    let mut wanted: Vec<Wanted> = Vec::new();
    // All that is listed, with the number of the file where it is wanted.
    let mut listed: HashMap<Key<'_>, Option<u32>> = HashMap::new();
    for loaded in source {
        let theirs = counterpart(loaded).filter(|theirs| !are_same(theirs, loaded));
        let known: Option<(&Loaded, HashMap<Key<'_>, &Entry>)> = theirs.map(|theirs| {
            (theirs, theirs.catalog.entries().iter().map(|entry| (Key::folded(None, &entry.path), entry)).collect())
        });
        let is_same = is_same(loaded);
        let folder = loaded.file.folder.as_ref();
        listed.reserve(if listed.is_empty() { loaded.catalog.entries().len() } else { 0 });
        for entry in loaded.catalog.entries() {
            if folder.into_iter().chain([&entry.path]).any(|path| path.parts().any(is_own_name)) {
                return Err(foreign_name(loaded, &entry.path.under(folder)));
            }
            let theirs = known.as_ref().and_then(|(_, known)| known.get(&Key::folded(None, &entry.path)));
            let is_spelled_so = !exact || spelled_there.contains(&Key::exact(folder, &entry.path));
            let is_what_it_was = theirs.is_some_and(|it| (it.size, it.checksum) == (entry.size, entry.checksum));
            let agrees = is_same || (is_what_it_was && is_spelled_so);
            let number = listed.entry(Key::folded(folder, &entry.path)).or_default();
            if number.is_some() || (agrees && further.is_empty()) {
                continue;
            }
            let path = entry.path.under(folder);
            let key = path.key();
            if !is_left(&key) && (!agrees || further.contains(&key)) {
                *number = Some(u32::try_from(wanted.len()).expect("no catalogs list so many files"));
                wanted.push(Wanted { path, size: entry.size, listed: Listed::default() });
            }
        }
    }
    let mut all: Vec<(u32, u32, u32)> = Vec::with_capacity(wanted.len());
    for (number, loaded) in (0..).zip(source) {
        for (index, entry) in (0..).zip(loaded.catalog.entries()) {
            let folder = loaded.file.folder.as_ref();
            let Some(Some(which)) = listed.get(&Key::folded(folder, &entry.path)) else { continue };
            let file = &mut wanted[*which as usize];
            if file.size != entry.size {
                let what = text!(
                    "catalogs list {path} with {size} bytes and with {size2}",
                    path = entry.path.under(folder),
                    size = file.size,
                    size2 = entry.size
                );
                return Err(Error::new(ErrorKind::Damage, what)
                    .in_file(&loaded.file.path.below("".as_ref()))
                    .next("wait until the update of the source has ended; configcid catalog verify tells more"));
            }
            if folder.is_none() && file.path == entry.path {
                // It lies in the catalog's bytes, and takes no memory of its own.
                file.path = entry.path.clone();
            }
            all.push((*which, number, index));
        }
    }
    all.sort_unstable();
    let shared: Arc<[(u32, u32)]> = all.iter().map(|(_, number, index)| (*number, *index)).collect();
    let mut begin = 0;
    for part in all.chunk_by(|a, b| a.0 == b.0) {
        let end = begin + u32::try_from(part.len()).expect("it is a part of those");
        wanted[part[0].0 as usize].listed = Listed { all: shared.clone(), begin, end };
        begin = end;
    }
    drop(all);
    wanted.shrink_to_fit();
    for file in &wanted {
        if let Some(this) = file.path.folders().find(|folder| listed.contains_key(&Key::folded(None, folder))) {
            let what = text!("{this} is listed as a file, and so is {file} in it", this, file = file.path);
            return Err(Error::new(ErrorKind::CatalogFormat, what)
                .next("restore the catalogs of the source from the server's own CID"));
        }
    }
    difference.wanted = wanted;
    let mut met = HashSet::new();
    for loaded in target {
        let same_place = sources.get(&loaded.file.path.key()).map(|number| &source[*number]);
        let is_same = same_place.is_some_and(|ours| are_same(ours, loaded));
        if exact && same_place.is_some_and(|ours| ours.file.path != loaded.file.path) {
            difference.respelled.push(loaded.file.path.clone());
        }
        let folder = loaded.file.folder.as_ref();
        for entry in loaded.catalog.entries().iter().filter(|_| !is_same) {
            let is_listed = listed.contains_key(&Key::folded(folder, &entry.path));
            if is_listed && (!exact || spelled_here.contains(&Key::exact(folder, &entry.path))) {
                continue;
            }
            let path = entry.path.under(folder);
            let key = path.key();
            if is_left(&key) || targets.contains_key(&key) || path.parts().any(is_own_name) {
                continue;
            }
            if !is_listed {
                if met.insert(key) {
                    difference.gone.push(path);
                }
            } else if met.insert(path.to_string()) {
                difference.respelled.push(path);
            }
        }
    }
    Ok(difference)
}

/// All that these catalogs list, as keys of a kind.
pub(super) fn keys(catalogs: &[Loaded], kind: Kind) -> impl Iterator<Item = Key<'_>> {
    catalogs.iter().flat_map(move |loaded| {
        loaded.catalog.entries().iter().map(move |entry| kind(loaded.file.folder.as_ref(), &entry.path))
    })
}

fn foreign_name(loaded: &Loaded, path: &CidPath) -> Error {
    Error::new(
        ErrorKind::Path,
        text!("{file} lists {path}, a name of configcid's own files", file = loaded.file.path, path),
    )
    .next("restore the catalogs of the source from the server's own CID")
}
