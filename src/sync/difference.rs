//! What differs between two CIDs, by their catalogs alone.

use std::collections::{HashMap, HashSet};

use crate::base::error::{Error, ErrorKind, Result};
use crate::catalog::CidPath;
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
    /// The catalogs that list it, and which entry of each it is.
    pub listed: Vec<(usize, usize)>,
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

    let spelled = |catalogs: &[Loaded]| -> HashSet<String> {
        let all = catalogs.iter().filter(|_| exact).flat_map(|loaded| {
            loaded.catalog.entries().iter().map(|entry| entry.path.under(loaded.file.folder.as_ref()).to_string())
        });
        all.collect()
    };
    let (spelled_here, spelled_there) = (spelled(source), spelled(target));
    // The catalogs themselves come last, and by themselves.
    let is_left = |key: &str| kept.contains(key) || sources.contains_key(key);
    let mut wanted: HashMap<String, Wanted> = HashMap::new();
    let mut order = Vec::new();
    let mut listed = HashSet::new();
    for loaded in source {
        let theirs = counterpart(loaded).filter(|theirs| !are_same(theirs, loaded));
        let known = theirs.map(|theirs| (theirs, theirs.catalog.index()));
        let is_same = is_same(loaded);
        for entry in loaded.catalog.entries() {
            let path = entry.path.under(loaded.file.folder.as_ref());
            if path.parts().any(is_own_name) {
                return Err(foreign_name(loaded, &path));
            }
            let key = path.key();
            let theirs = known.as_ref().and_then(|(theirs, index)| {
                let number = index.get(&entry.path.key())?;
                theirs.catalog.entries().get(*number)
            });
            let is_spelled_so = !exact || spelled_there.contains(path.as_str());
            let is_what_it_was = theirs.is_some_and(|it| (it.size, it.checksum) == (entry.size, entry.checksum));
            let agrees = is_same || (is_what_it_was && is_spelled_so);
            if !is_left(&key) && (!agrees || further.contains(&key)) && !wanted.contains_key(&key) {
                order.push(key.clone());
                wanted.insert(key.clone(), Wanted { path, size: entry.size, listed: Vec::new() });
            }
            listed.insert(key);
        }
    }
    for (number, loaded) in source.iter().enumerate() {
        for (index, entry) in loaded.catalog.entries().iter().enumerate() {
            let path = entry.path.under(loaded.file.folder.as_ref());
            let Some(file) = wanted.get_mut(&path.key()) else { continue };
            if file.size != entry.size {
                let what = text!(
                    "catalogs list {path} with {size} bytes and with {size2}",
                    path,
                    size = file.size,
                    size2 = entry.size
                );
                return Err(Error::new(ErrorKind::Damage, what)
                    .in_file(&loaded.file.path.below("".as_ref()))
                    .next("wait until the update of the source has ended; configcid catalog verify tells more"));
            }
            file.listed.push((number, index));
        }
    }
    difference.wanted = order.iter().filter_map(|key| wanted.remove(key)).collect();
    for file in &difference.wanted {
        let mut folder = file.path.folder();
        while let Some(this) = folder {
            if listed.contains(&this.key()) {
                let what = text!("{this} is listed as a file, and so is {file} in it", this, file = file.path);
                return Err(Error::new(ErrorKind::CatalogFormat, what)
                    .next("restore the catalogs of the source from the server's own CID"));
            }
            folder = this.folder();
        }
    }
    let mut met = HashSet::new();
    for loaded in target {
        let same_place = sources.get(&loaded.file.path.key()).map(|number| &source[*number]);
        let is_same = same_place.is_some_and(|ours| are_same(ours, loaded));
        if exact && same_place.is_some_and(|ours| ours.file.path != loaded.file.path) {
            difference.respelled.push(loaded.file.path.clone());
        }
        for entry in loaded.catalog.entries().iter().filter(|_| !is_same) {
            let path = entry.path.under(loaded.file.folder.as_ref());
            let key = path.key();
            if is_left(&key) || targets.contains_key(&key) || path.parts().any(is_own_name) {
                continue;
            }
            if !listed.contains(&key) {
                if met.insert(key) {
                    difference.gone.push(path);
                }
            } else if exact && !spelled_here.contains(path.as_str()) && met.insert(path.to_string()) {
                difference.respelled.push(path);
            }
        }
    }
    Ok(difference)
}

fn foreign_name(loaded: &Loaded, path: &CidPath) -> Error {
    Error::new(
        ErrorKind::Path,
        text!("{file} lists {path}, a name of configcid's own files", file = loaded.file.path, path),
    )
    .next("restore the catalogs of the source from the server's own CID")
}
