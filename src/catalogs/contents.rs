//! Which contents a refresh has looked at, and how it looks at all of them.
//!
//! Sizes of all listed files are looked at always. Contents are those of the customer's files, of catalogs and of what the
//! vendor's tools make, and a sample of the vendor's by which a catalog's function is told; all of them where the user says so.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::detect::{Sample, detect_by};
use super::{Loaded, RefreshOptions};
use crate::base::error::Result;
use crate::base::pool::in_parallel;
use crate::catalog::checksum::{Function, bound};
use crate::catalog::{Checksum, CidPath, Entry, Role};
use crate::cid::is_own_name;
use crate::cid::survey::{Met, Survey};
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
    survey: &Survey,
    samples: &[Vec<Sample>],
    functions: &HashMap<String, Function>,
    options: &RefreshOptions,
) -> Result<Looked> {
    let mut looks = Looks { view, of_number: vec![Look::No; survey.numbers], of_key: HashMap::new() };
    for (list, (Loaded { file, catalog, .. }, samples)) in loaded.iter().zip(samples).enumerate() {
        let folder = file.folder.as_ref();
        let is_known = functions.contains_key(&file.path.key());
        for (entry, met) in catalog.entries().iter().zip(survey.of(list)) {
            let is_vendors = || options.customer_files.role_under(folder, &entry.path) == Role::Vendor;
            let look = match is_known {
                false => Look::Unknown,
                true if options.check_all || !is_vendors() => Look::Content,
                true => Look::Size,
            };
            looks.add(met, || entry.path.under(folder), look)?;
        }
        for sample in samples.iter().filter(|_| is_known) {
            looks.add(survey.at(list, sample.index), || sample.path.clone(), Look::Content)?;
        }
    }
    Ok(Looked {
        files: looks.count(|look| look != Look::No),
        contents: looks.count(|look| look == Look::Content),
        unknown: looks.count(|look| look == Look::Unknown),
    })
}

/// What was looked at of a file, from the least to the most that is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Look {
    No,
    /// A catalog of a known function lists it.
    Size,
    /// A catalog lists it whose function is not known.
    Unknown,
    Content,
}

/// What was looked at of each file, whatever catalogs list it.
struct Looks<'a> {
    view: &'a View<'a>,
    of_number: Vec<Look>,
    /// Of those of which the survey has not told, and those that change.
    of_key: HashMap<String, Look>,
}

impl Looks<'_> {
    /// Adds what was looked at of a file, if there is one.
    fn add(&mut self, met: Option<Met>, path: impl Fn() -> CidPath, look: Look) -> Result<()> {
        let so_far = match self.view.unchanged(met, &path) {
            Some(met) => &mut self.of_number[met.number],
            None => {
                let path = path();
                if !matches!(self.view.known(&path)?, Found::File { .. }) {
                    return Ok(());
                }
                self.of_key.entry(path.key()).or_insert(Look::No)
            }
        };
        *so_far = look.max(*so_far);
        Ok(())
    }

    fn count(&self, is_counted: impl Fn(Look) -> bool) -> usize {
        self.of_number.iter().chain(self.of_key.values()).filter(|look| is_counted(**look)).count()
    }
}
