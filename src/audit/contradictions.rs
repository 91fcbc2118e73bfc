//! Catalogs against manifests: where both list a file, and one of the two is wrong of it.

use std::collections::HashMap;

use super::manifests::is_right;
use super::{Audit, rules};
use crate::catalogs::Loaded;
use crate::catalogs::look::Check;

/// Finds sizes that contradict each other, for which no file needs to be read, and files that are right by one list alone.
pub(super) fn find(audit: &mut Audit<'_>, checks: &[Check]) {
    let Audit { look, findings, manifests, signed, .. } = audit;
    let mut of_sizes = HashMap::new();
    for Loaded { file, catalog, .. } in look.loaded.iter().filter(|_| !signed.is_empty()) {
        for entry in catalog.entries() {
            let path = entry.path.under(file.folder.as_ref());
            for listed in signed.get(&path.key()).into_iter().flatten() {
                let (manifest, size) = manifests[listed.manifest as usize].size_of(listed.entry);
                if size != u64::from(entry.size) {
                    let what =
                        text!("the catalog lists {size_is} bytes, and the manifest {size}", size_is = entry.size, size);
                    let finding = findings.add(rules::CATALOG_CONTRADICTS, Some(path.as_str()), what);
                    (finding.catalog, finding.manifest) = (Some(file.path.clone()), Some(manifest.clone()));
                    of_sizes.insert((file.path.key(), path.key(), listed.manifest), ());
                }
            }
        }
    }
    for check in checks {
        let (catalog, _) = look.entry(check);
        let path = &look.disk.files[check.file as usize].path;
        let Some(sums) = look.sums(check.file) else { continue };
        for listed in signed.get(&path.key()).into_iter().flatten() {
            let (manifest, is_signed) = is_right(manifests, listed, sums);
            let what = match (look.agrees(check), is_signed) {
                (Some(true), false) => text!("it is what the catalog lists, and not what the manifest does"),
                (Some(false), true) => text!("it is what the manifest lists, and not what the catalog does"),
                _ => continue,
            };
            if !of_sizes.contains_key(&(catalog.key(), path.key(), listed.manifest)) {
                let finding = findings.add(rules::CATALOG_CONTRADICTS, Some(path.as_str()), what);
                (finding.catalog, finding.manifest) = (Some(catalog.clone()), Some(manifest.clone()));
            }
        }
    }
}
