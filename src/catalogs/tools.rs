//! What the vendor's tools make beside catalogs: manifests and `stamp` (formats.md, section 1). Nobody but these tools changes
//! them, so that one which differs from a catalog that lists it is damage, and no reason to bring the catalog in line with it:
//! a manifest that was tampered with would be delivered to endpoints, and one that was removed would not be missed.

use std::collections::BTreeMap;

use super::detect::{Sample, detect_by};
use super::{Loaded, RefreshOptions};
use crate::base::error::Result;
use crate::catalog::checksum::bound;
use crate::cid::tree::Found;
use crate::plan::View;

/// Those that are not what a catalog lists, by their keys, each with a sentence.
pub(super) fn damage(
    view: &View<'_>,
    loaded: &[Loaded],
    samples: &[Vec<Sample>],
    options: &RefreshOptions,
) -> Result<BTreeMap<String, String>> {
    let mut damage = BTreeMap::new();
    for (Loaded { file, bytes, catalog }, samples) in loaded.iter().zip(samples) {
        let mut function = None;
        for entry in catalog.entries() {
            if !options.customer_files.is_tools_under(file.folder.as_ref(), &entry.path) {
                continue;
            }
            let path = entry.path.under(file.folder.as_ref());
            let found = view.find(&path)?;
            let by = &file.path;
            let what = match &found {
                Found::File { size, .. } if *size == u64::from(entry.size) => {
                    if function.is_none() {
                        let detection = detect_by(view, samples, catalog, bytes, &options.checksum)?;
                        function = Some(detection.function().cloned());
                    }
                    let Some(Some(function)) = &function else { continue };
                    let function = bound(function, &catalog.context(&entry.path, entry.size.into()));
                    match view.sum(&path, &found, &*function)? {
                        Some((_, is)) if is != entry.checksum => {
                            text!(
                                "{path} has the checksum {is}, and {by} lists {checksum}",
                                path,
                                is,
                                by,
                                checksum = entry.checksum
                            )
                        }
                        _ => continue,
                    }
                }
                Found::File { size, .. } => {
                    text!("{path} has {size} bytes, and {by} lists {size_is}", path, size, by, size_is = entry.size)
                }
                Found::Absent => text!("{path} is not there, and {by} lists it", path, by),
                Found::Folder | Found::Other => text!("{path} is no file, and {by} lists it", path, by),
            };
            let way_out = text!("if it is of a package of your own, say --customer-file {}", path.file_name());
            damage.entry(path.key()).or_insert(format!("{what} ({way_out})"));
        }
    }
    Ok(damage)
}
