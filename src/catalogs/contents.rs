//! Which contents a refresh has looked at, and how it looks at all of them.
//!
//! Sizes of all listed files are looked at always. Contents are those of the customer's files, of catalogs and of what the
//! vendor's tools make, and a sample of the vendor's by which a catalog's function is told; all of them where the user says so.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use super::detect::{Sample, detect_by};
use super::{Loaded, RefreshOptions};
use crate::base::error::Result;
use crate::base::pool::in_parallel;
use crate::catalog::checksum::{Function, bound};
use crate::catalog::{Checksum, CidPath, Entry, Role};
use crate::cid::is_own_name;
use crate::cid::tree::Found;
use crate::plan::{Looked, View};

/// A file of the vendor's whose size is as listed, and who lists it.
struct Check<'a> {
    loaded: &'a Loaded,
    entry: &'a Entry,
    path: CidPath,
    found: Found,
    function: Function,
}

/// All files of the vendor's whose content is not what a catalog of a known function lists, by their keys, each with a sentence.
pub(super) fn damage(
    view: &View<'_>,
    loaded: &[Loaded],
    samples: &[Vec<Sample>],
    options: &RefreshOptions,
) -> Result<BTreeMap<String, String>> {
    let mut checks = Vec::new();
    for (loaded, samples) in loaded.iter().zip(samples) {
        let Loaded { file, bytes, catalog } = loaded;
        let detection = detect_by(view, samples, catalog, bytes, &options.checksum)?;
        let Some(function) = detection.function() else { continue };
        for entry in catalog.entries() {
            let path = entry.path.under(file.folder.as_ref());
            if options.customer_files.role(&path) != Role::Vendor || is_own_name(path.file_name()) {
                continue;
            }
            let found = view.known(&path)?;
            if matches!(found, Found::File { size, .. } if size == u64::from(entry.size)) {
                checks.push(Check { loaded, entry, path, found, function: function.clone() });
            }
        }
    }
    // What several catalogs list is read once.
    let mut numbers: HashMap<(String, usize), usize> = HashMap::new();
    let mut once: Vec<&Check<'_>> = Vec::new();
    let mut of: Vec<usize> = Vec::new();
    for (index, check) in checks.iter().enumerate() {
        let which = match check.function.needs_entry() {
            true => index,
            false => Arc::as_ptr(&check.function).cast::<()>() as usize,
        };
        of.push(*numbers.entry((check.path.key(), which)).or_insert_with(|| {
            once.push(check);
            once.len() - 1
        }));
    }
    let sums: Vec<Result<Option<Checksum>>> = in_parallel(&once, |check| {
        let context = check.loaded.catalog.context(&check.entry.path, check.entry.size.into());
        let function = bound(&check.function, &context);
        Ok(view.sum_on_disk(&check.path, &check.found, u64::MAX, &*function)?.map(|(_, checksum)| checksum))
    });
    let sums: Vec<Option<Checksum>> = sums.into_iter().collect::<Result<_>>()?;
    let mut damage = BTreeMap::new();
    for (check, number) in checks.iter().zip(of) {
        let Check { loaded, entry, path, .. } = check;
        if let Some(is) = sums[number].filter(|is| *is != entry.checksum) {
            let by = &loaded.file.path;
            let what = text!(
                "{path} has the checksum {is}, and {by} lists {checksum}",
                path,
                is,
                by,
                checksum = entry.checksum
            );
            damage.entry(path.key()).or_insert(what);
        }
    }
    Ok(damage)
}

/// What a refresh has looked at, where the functions of these catalogs were known.
pub(super) fn looked(
    view: &View<'_>,
    loaded: &[Loaded],
    samples: &[Vec<Sample>],
    functions: &HashMap<String, Function>,
    options: &RefreshOptions,
) -> Result<Looked> {
    // The hashes of keys alone, since there are hundreds of thousands: this is a count, on which nothing depends.
    let hasher = RandomState::new();
    let entries = loaded.iter().map(|loaded| loaded.catalog.entries().len()).sum();
    let (mut files, mut contents, mut unknown) = (Vec::with_capacity(entries), Vec::new(), Vec::new());
    for (Loaded { file, catalog, .. }, samples) in loaded.iter().zip(samples) {
        let is_known = functions.contains_key(&file.path.key());
        let sampled: HashSet<String> = match is_known && !options.check_all {
            true => samples.iter().map(|sample| sample.path.key()).collect(),
            false => HashSet::new(),
        };
        for entry in catalog.entries() {
            let path = entry.path.under(file.folder.as_ref());
            let key = path.key();
            if !matches!(view.known(&path)?, Found::File { .. }) {
                continue;
            }
            let hash = hasher.hash_one(&key);
            let is_vendors = options.customer_files.role(&path) == Role::Vendor;
            if !is_known {
                unknown.push(hash);
            } else if !is_vendors || options.check_all || sampled.contains(&key) {
                contents.push(hash);
            }
            files.push(hash);
        }
    }
    for hashes in [&mut files, &mut contents, &mut unknown] {
        hashes.sort_unstable();
        hashes.dedup();
    }
    let unknown = unknown.iter().filter(|hash| contents.binary_search(hash).is_err()).count();
    Ok(Looked { files: files.len(), contents: contents.len(), unknown })
}
