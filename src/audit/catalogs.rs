//! Catalogs against the disk.

use std::sync::Arc;

use super::disk::Standing;
use super::manifests::{self, Listed};
use super::{Audit, rules};
use crate::base::error::{Error, Result};
use crate::catalog::checksum::Function;
use crate::catalog::{CidPath, Entry};
use crate::catalogs::CatalogReport;
use crate::catalogs::{Detection, Loaded, Order, judge, samples};
use crate::plan::View;

/// An entry of a catalog whose file is there with the listed size.
pub(super) struct Check {
    pub file: u32,
    /// Numbers of the catalog and of its entry.
    pub catalog: u32,
    pub entry: u32,
}

/// Reads the catalogs.
pub(super) fn load(audit: &mut Audit<'_>) -> Vec<Loaded> {
    let mut loaded = Vec::new();
    for file in audit.cid.catalogs() {
        match audit.cid.read_catalog(file) {
            Ok((bytes, catalog)) => {
                if let Standing::File(number) = audit.disk.find(audit.cid, &file.path, &file.path.key()) {
                    audit.held.insert(number, bytes.as_slice().into());
                }
                loaded.push(Loaded { file: file.clone(), bytes, catalog });
            }
            Err(error) => {
                audit.findings.add(rules::CATALOG_UNREADABLE, Some(file.path.as_str()), located(&error));
                audit.catalogs.push(CatalogReport {
                    catalog: file.path.clone(),
                    id: None,
                    entries: 0,
                    function: None,
                    state: "unreadable",
                });
            }
        }
    }
    loaded
}

/// An error without its path, which the finding has.
pub(super) fn located(error: &Error) -> String {
    match error.position() {
        Some(position) => format!("{position}: {}", error.what()),
        None => error.what().to_owned(),
    }
}

/// Looks up every entry, and gives those whose file is to be read.
pub(super) fn look_up(audit: &mut Audit<'_>, loaded: &[Loaded]) -> Vec<Check> {
    let order = Order::new(loaded);
    let mut checks = Vec::new();
    for (number, Loaded { file, catalog, .. }) in (0u32..).zip(loaded) {
        for (index, entry) in (0u32..).zip(catalog.entries()) {
            let path = entry.path.under(file.folder.as_ref());
            let key = path.key();
            contradiction_of_sizes(audit, &file.path, &path, &key, entry);
            let (rule, what) = match audit.disk.find(audit.cid, &path, &key) {
                Standing::File(found) => {
                    let on_disk = &mut audit.disk.files[found as usize];
                    on_disk.is_listed = true;
                    let size = on_disk.size;
                    if order.is_impossible(&file.path, &path) {
                        (rules::ENTRY_IMPOSSIBLE, "it lists this catalog, or is it".to_owned())
                    } else if size == u64::from(entry.size) {
                        checks.push(Check { file: found, catalog: number, entry: index });
                        continue;
                    } else {
                        (rules::ENTRY_SIZE, format!("it has {size} bytes, and {} are listed", entry.size))
                    }
                }
                Standing::Absent => (rules::ENTRY_MISSING, "it is listed and not there".to_owned()),
                Standing::NotAFile => (rules::ENTRY_NOT_A_FILE, "it is listed and no file".to_owned()),
                Standing::LeadsOut(error) => (rules::ENTRY_LEADS_OUT, error.what().to_owned()),
                Standing::Unreadable(error) => (rules::UNREADABLE, error.what().to_owned()),
                Standing::Twins => continue,
            };
            audit.findings.add(rule, Some(path.as_str()), what).catalog = Some(file.path.clone());
        }
    }
    checks
}

/// Finds out the functions of the catalogs, from files that are read for all checks at once; the catalogs' functions are
/// numbers into `functions`.
pub(super) fn detect_all(audit: &mut Audit<'_>, loaded: &[Loaded], functions: &[Function]) -> Result<Vec<Option<u32>>> {
    let view = View::new(audit.cid, &[]);
    let choice = &audit.options.refresh.checksum;
    let all = (1u32 << functions.len()) - 1;
    let mut sampled = Vec::new();
    for Loaded { file, catalog, .. } in loaded {
        let mut samples = samples(&view, file, catalog, &audit.options.refresh.customer_files);
        let mut numbers = Vec::new();
        samples.retain(|sample| match audit.disk.find(audit.cid, &sample.path, &sample.path.key()) {
            Standing::File(number) => {
                numbers.push(number);
                true
            }
            _ => false,
        });
        sampled.push((samples, numbers));
    }
    let mut files: Vec<u32> = sampled.iter().flat_map(|(_, numbers)| numbers).copied().collect();
    files.sort_unstable();
    files.dedup();
    audit.read(&files, |_| all, functions);
    let mut found = Vec::new();
    for (Loaded { file, bytes, catalog }, (samples, numbers)) in loaded.iter().zip(sampled) {
        // What cannot be read tells nothing, and is a finding by itself.
        let sums = |number: u32| audit.sums.get(&number).and_then(|sums| sums.as_ref());
        let (samples, numbers): (Vec<_>, Vec<_>) =
            samples.into_iter().zip(numbers).filter(|(_, number)| sums(*number).is_some()).unzip();
        let detection = judge(&samples, catalog, bytes, choice, functions, |function, _, sample| {
            let index = samples.iter().position(|this| std::ptr::eq(this, sample)).expect("it is one of them");
            Ok(sums(numbers[index]).and_then(|sums| sums.checksum(function as u32)))
        })?;
        let state = detection.state_name();
        let function = detection.function();
        let path = file.path.as_str();
        match (&detection, function) {
            (Detection::Foreign, _) => {
                let what = "no known checksum function reproduces it: sizes were checked, checksums were not";
                audit.findings.add(rules::CATALOG_FOREIGN, Some(path), what);
            }
            (Detection::Undetermined(likely), _) => {
                let what = format!(
                    "no listed file is there to tell its checksum function by (its own checksum agrees with {}): sizes were \
                     checked, checksums were not",
                    likely.name()
                );
                audit.findings.add(rules::CATALOG_UNDETERMINED, Some(path), what);
            }
            (_, Some(function)) => {
                let right = function.of_bytes(catalog.covered(bytes))?;
                if right != catalog.own_checksum() {
                    let own = catalog.own_checksum();
                    let what = format!("its own checksum is {own}, and {} of it is {right}", function.name());
                    audit.findings.add(rules::CATALOG_CHECKSUM, Some(path), what);
                }
            }
            _ => {}
        }
        let number = function.and_then(|function| functions.iter().position(|this| Arc::ptr_eq(this, function)));
        audit.catalogs.push(CatalogReport {
            catalog: file.path.clone(),
            id: Some(catalog.id()),
            entries: catalog.entries().len(),
            function: function.map(|function| function.name().to_owned()),
            state,
        });
        found.push(number.map(|number| number as u32));
    }
    Ok(found)
}

/// A size that a manifest denies needs no look at the file.
fn contradiction_of_sizes(audit: &mut Audit<'_>, catalog: &CidPath, path: &CidPath, key: &str, entry: &Entry) {
    let Audit { signed, manifests, findings, .. } = audit;
    for listed in signed.get(key).into_iter().flatten() {
        let (manifest, size) = manifests[listed.manifest as usize].size_of(listed.entry);
        if size != u64::from(entry.size) {
            let what = format!("the catalog lists {} bytes, and the manifest {size}", entry.size);
            let finding = findings.add(rules::CATALOG_CONTRADICTS, Some(path.as_str()), what);
            (finding.catalog, finding.manifest) = (Some(catalog.clone()), Some(manifest.clone()));
        }
    }
}

/// Compares what was read with what the catalogs list, and with what the manifests say of the same files.
pub(super) fn judge_all(audit: &mut Audit<'_>, loaded: &[Loaded], checks: &[Check], of_catalogs: &[Option<u32>]) {
    let Audit { disk, sums, signed, manifests: all, findings, .. } = audit;
    for check in checks {
        let Loaded { file, catalog, .. } = &loaded[check.catalog as usize];
        let entry = &catalog.entries()[check.entry as usize];
        let on_disk = &disk.files[check.file as usize];
        let Some(sums) = sums.get(&check.file).and_then(Option::as_ref) else { continue };
        let checksum = of_catalogs[check.catalog as usize].and_then(|function| sums.checksum(function));
        let is_right =
            checksum.map(|checksum| checksum == entry.checksum && sums.digests.size == u64::from(entry.size));
        let path = on_disk.path.as_str();
        if let (Some(false), Some(checksum)) = (is_right, checksum) {
            let what = format!("its checksum is {checksum}, and {} is listed", entry.checksum);
            findings.add(rules::ENTRY_CHECKSUM, Some(path), what).catalog = Some(file.path.clone());
        }
        // Where the sizes contradict each other, that is told already.
        let is_of_same_size =
            |listed: &&Listed| all[listed.manifest as usize].size_of(listed.entry).1 == u64::from(entry.size);
        let of_manifests = signed.get(&on_disk.path.key()).into_iter().flatten().filter(is_of_same_size);
        for (manifest, is_signed) in of_manifests.map(|listed| manifests::is_right(all, listed, sums)) {
            let what = match (is_right, is_signed) {
                (Some(true), false) => "it is what the catalog lists, and not what the manifest does",
                (Some(false), true) => "it is what the manifest lists, and not what the catalog does",
                _ => continue,
            };
            let finding = findings.add(rules::CATALOG_CONTRADICTS, Some(path), what);
            (finding.catalog, finding.manifest) = (Some(file.path.clone()), Some(manifest.clone()));
        }
    }
}
