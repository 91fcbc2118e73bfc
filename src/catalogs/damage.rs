//! Files of the vendor's that are not what the catalogs say.

use std::collections::BTreeMap;

use super::{Loaded, RefreshOptions, tools};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::text::count;
use crate::catalog::Role;
use crate::cid::Cid;
use crate::cid::tree::Found;
use crate::plan::View;

/// Refuses damage, or gives a warning for each damaged file where the options accept it.
pub(super) fn accept(view: &View<'_>, loaded: &[Loaded], options: &RefreshOptions) -> Result<Vec<String>> {
    let damage = damage(view, loaded, options)?;
    if !damage.is_empty() && !options.accept_damage {
        return Err(damage_error(view.cid(), &damage));
    }
    Ok(damage.iter().map(|damage| format!("{damage}: left as it is")).collect())
}

/// The vendor's files that are not what the catalogs say, as sentences without an end.
fn damage(view: &View<'_>, loaded: &[Loaded], options: &RefreshOptions) -> Result<Vec<String>> {
    let mut damage = BTreeMap::new();
    for loaded in loaded {
        for entry in loaded.catalog.entries() {
            let role = options.customer_files.role_under(loaded.file.folder.as_ref(), &entry.path);
            if role == Role::Customer {
                continue;
            }
            let path = entry.path.under(loaded.file.folder.as_ref());
            let is_whole = |found: &Found| match found {
                Found::File { size, .. } => role == Role::Catalog || *size == u64::from(entry.size),
                _ => false,
            };
            if is_whole(&view.known(&path)?) {
                continue;
            }
            // Damage is told by a look of its own.
            let found = view.find(&path)?;
            let what = match found {
                found if is_whole(&found) => continue,
                Found::File { size, .. } => {
                    format!("{path} has {size} bytes, and {} lists {}", loaded.file.path, entry.size)
                }
                Found::Absent => format!("{path} is not there, and {} lists it", loaded.file.path),
                Found::Folder | Found::Other => format!("{path} is no file, and {} lists it", loaded.file.path),
            };
            // A file is told once, however many catalogs list it.
            damage.entry(path.key()).or_insert(what);
        }
    }
    damage.extend(tools::damage(view, loaded, options)?);
    Ok(damage.into_values().collect())
}

/// How many faults an error names.
pub(super) const NAMED: usize = 5;

fn damage_error(cid: &Cid, damage: &[String]) -> Error {
    let mut what = format!(
        "{} that only the vendor writes: {}",
        count(damage.len(), "file is damaged", "files are damaged"),
        damage[..damage.len().min(NAMED)].join("; ")
    );
    if damage.len() > NAMED {
        what.push_str(&format!("; and {} more", damage.len() - NAMED));
    }
    Error::new(ErrorKind::Damage, what)
        .in_file(cid.path())
        .next("let the server update this CID; or, if it is meant to be so, say --accept-damage")
}
