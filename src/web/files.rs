//! The files that catalogs list, each once.

use std::collections::BTreeMap;

use crate::catalog::CidPath;
use crate::catalogs::Loaded;

/// A file that catalogs list.
pub(super) struct File {
    pub path: CidPath,
    /// By which catalogs: their number, and that of the entry.
    pub listed: Vec<(usize, usize)>,
}

/// Every file that catalogs list, once.
pub(super) fn files(loaded: &[Loaded]) -> Vec<File> {
    let mut files: BTreeMap<String, File> = BTreeMap::new();
    for (catalog, loaded) in loaded.iter().enumerate() {
        for (number, entry) in loaded.catalog.entries().iter().enumerate() {
            let path = entry.path.under(loaded.file.folder.as_ref());
            let file = files.entry(path.key()).or_insert_with(|| File { path, listed: Vec::new() });
            file.listed.push((catalog, number));
        }
    }
    files.into_values().collect()
}

/// The size of a file by the catalog that lists it first.
pub(super) fn size(loaded: &[Loaded], file: &File) -> u32 {
    let (catalog, entry) = file.listed[0];
    loaded[catalog].catalog.entries()[entry].size
}
