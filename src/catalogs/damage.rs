//! Files of the vendor's that are not what the catalogs say.

use std::collections::BTreeMap;

use super::detect::Sample;
use super::{Loaded, RefreshOptions, contents, tools};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::text::count;
use crate::catalog::Role;
use crate::cid::survey::Survey;
use crate::cid::tree::Found;
use crate::cid::{Cid, is_own_name};
use crate::plan::View;

/// Refuses damage, or gives a warning for each damaged file where the options accept it.
pub(super) fn accept(
    view: &View<'_>,
    loaded: &[Loaded],
    survey: &Survey,
    samples: &[Vec<Sample>],
    options: &RefreshOptions,
) -> Result<Vec<String>> {
    let damage = damage(view, loaded, survey, samples, options)?;
    if !damage.is_empty() && !options.accept_damage {
        return Err(damage_error(view.cid(), &damage));
    }
    let own = own_listed(loaded);
    if !own.is_empty() && !options.unlist_own && !options.accept_damage {
        return Err(own_error(view.cid(), &own));
    }
    let own: Vec<String> = if options.unlist_own { Vec::new() } else { own };
    let damage: Vec<String> = own.into_iter().chain(damage).collect();
    Ok(damage.iter().map(|damage| text!("{damage}: left as it is", damage)).collect())
}

/// The vendor's files that are not what the catalogs say, as sentences without an end.
fn damage(
    view: &View<'_>,
    loaded: &[Loaded],
    survey: &Survey,
    samples: &[Vec<Sample>],
    options: &RefreshOptions,
) -> Result<Vec<String>> {
    let mut damage = BTreeMap::new();
    for (list, loaded) in loaded.iter().enumerate() {
        for (entry, met) in loaded.catalog.entries().iter().zip(survey.of(list)) {
            let role = options.customer_files.role_under(loaded.file.folder.as_ref(), &entry.path);
            if role == Role::Customer || is_own_name(entry.path.file_name_bytes()) {
                continue;
            }
            let is_right = |size: u64| role == Role::Catalog || size == u64::from(entry.size);
            let path = || entry.path.under(loaded.file.folder.as_ref());
            if view.unchanged(met, path).is_some_and(|met| is_right(met.size.into())) {
                continue;
            }
            let path = path();
            let is_whole = |found: &Found| matches!(found, Found::File { size, .. } if is_right(*size));
            if is_whole(&view.known(&path)?) {
                continue;
            }
            // Damage is told by a look of its own.
            let found = view.find(&path)?;
            let what = match found {
                found if is_whole(&found) => continue,
                Found::File { size, .. } => {
                    text!(
                        "{path} has {size} bytes, and {file} lists {size_is}",
                        path,
                        size,
                        file = loaded.file.path,
                        size_is = entry.size
                    )
                }
                Found::Absent => text!("{path} is not there, and {file} lists it", path, file = loaded.file.path),
                Found::Folder | Found::Other => {
                    text!("{path} is no file, and {file} lists it", path, file = loaded.file.path)
                }
            };
            // A file is told once, however many catalogs list it.
            damage.entry(path.key()).or_insert(what);
        }
    }
    damage.extend(tools::damage(view, loaded, samples, options)?);
    if options.check_all {
        for (key, what) in contents::damage(view, loaded, samples, options)? {
            damage.entry(key).or_insert(what);
        }
    }
    Ok(damage.into_values().collect())
}

/// The entries of configcid's own files, as sentences without an end: a tool that lists whatever it finds has listed them, and
/// they are not the vendor's.
fn own_listed(loaded: &[Loaded]) -> Vec<String> {
    let mut listed = Vec::new();
    for Loaded { file, catalog, .. } in loaded {
        for entry in catalog.entries() {
            if is_own_name(entry.path.file_name_bytes()) {
                let path = entry.path.under(file.folder.as_ref());
                listed.push(text!("{path} is configcid's own, and {file} lists it", path, file = file.path));
            }
        }
    }
    listed
}

fn own_error(cid: &Cid, listed: &[String]) -> Error {
    let mut what = text!(
        "another tool has listed {}, which endpoints would fetch: {}",
        count(listed.len(), "file of configcid's own", "files of configcid's own"),
        listed[..listed.len().min(NAMED)].join("; ")
    );
    if listed.len() > NAMED {
        what.push_str(&text!("; and {} more", listed.len() - NAMED));
    }
    Error::new(ErrorKind::Damage, what).in_file(cid.path()).next(
        "say --unlist-own to take these entries out; configcid history --prune takes away what is of no use any more",
    )
}

/// How many faults an error names.
pub(super) const NAMED: usize = 5;

fn damage_error(cid: &Cid, damage: &[String]) -> Error {
    let mut what = text!(
        "{} that only the vendor writes: {}",
        count(damage.len(), "file is damaged", "files are damaged"),
        damage[..damage.len().min(NAMED)].join("; ")
    );
    if damage.len() > NAMED {
        what.push_str(&text!("; and {} more", damage.len() - NAMED));
    }
    Error::new(ErrorKind::Damage, what)
        .in_file(cid.path())
        .next("let the server update this CID; or, if it is meant to be so, say --accept-damage")
}
