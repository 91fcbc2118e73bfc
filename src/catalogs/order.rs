//! In which sequence the catalogs of a CID are brought in line, since some list others.

use std::collections::{HashMap, HashSet};

use super::Loaded;
use crate::catalog::{CidPath, is_catalog_name};

/// In which sequence catalogs are brought in line: those that others list come first.
pub(crate) struct Order {
    pub(crate) sequence: Vec<usize>,
    /// Entries for a catalog that is itself, or that lists this one: no checksum can be right. `(catalog, entry)`, as
    /// keys from the CID's root.
    impossible: HashSet<(String, String)>,
}

impl Order {
    pub(crate) fn new(loaded: &[Loaded]) -> Self {
        let by_key: HashMap<String, usize> =
            loaded.iter().enumerate().map(|(index, loaded)| (loaded.file.path.key(), index)).collect();
        let lists: Vec<Vec<usize>> = loaded
            .iter()
            .map(|loaded| {
                let paths = loaded.catalog.entries().iter().map(|entry| &entry.path);
                let catalogs = paths.filter(|path| is_catalog_name(path.file_name()));
                let keys = catalogs.map(|path| path.under(loaded.file.folder.as_ref()).key());
                keys.filter_map(|key| by_key.get(&key).copied()).collect()
            })
            .collect();
        let mut order = Self { sequence: Vec::new(), impossible: HashSet::new() };
        let mut state = vec![Visit::No; loaded.len()];
        for index in 0..loaded.len() {
            order.visit(index, loaded, &lists, &mut state);
        }
        order
    }

    /// Depth first; as deep as catalogs list each other, that is, at most their number.
    fn visit(&mut self, index: usize, loaded: &[Loaded], lists: &[Vec<usize>], state: &mut [Visit]) {
        if state[index] != Visit::No {
            return;
        }
        state[index] = Visit::Under;
        for &listed in &lists[index] {
            if state[listed] == Visit::Under {
                self.impossible.insert((loaded[index].file.path.key(), loaded[listed].file.path.key()));
            }
            self.visit(listed, loaded, lists, state);
        }
        state[index] = Visit::Done;
        self.sequence.push(index);
    }

    pub(crate) fn is_impossible(&self, catalog: &CidPath, entry: &CidPath) -> bool {
        !self.impossible.is_empty() && self.impossible.contains(&(catalog.key(), entry.key()))
    }

    pub(super) fn warnings(&self) -> Vec<String> {
        let mut warnings: Vec<String> = self
            .impossible
            .iter()
            .map(|(catalog, entry)| {
                text!("{catalog} lists {entry}, which depends on it: that entry is left as it is", catalog, entry)
            })
            .collect();
        warnings.sort();
        warnings
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Visit {
    No,
    Under,
    Done,
}
