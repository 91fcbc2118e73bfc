//! What a CID's manifests say to a change: files that they list are not written, and files that they do not list are
//! perhaps the customer's.

use std::collections::{HashMap, HashSet};

use crate::base::error::{Error, ErrorKind, Result};
use crate::catalog::{CidPath, CustomerFiles, Role};
use crate::cid::Cid;
use crate::cid::walk::{Kind, walk_on};
use crate::manifest::{self, Manifest};
use crate::plan::{Action, CatalogChange, Change};
use crate::signing::Place;

/// What manifests say to changes that they do not forbid.
#[derive(Default)]
pub(super) struct Signed {
    pub warnings: Vec<String>,
    /// Files that may be the customer's, though not by their names.
    pub candidates: Vec<CidPath>,
}

/// Refuses to write a file which a manifest lists, and tells which files may be the customer's. Costs nothing where there
/// is no manifest.
pub(super) fn consult(
    cid: &Cid,
    changes: &[Change],
    catalogs: &[CatalogChange],
    customer_files: &CustomerFiles,
) -> Result<Signed> {
    let mut said = Signed::default();
    if cid.manifests().is_empty() {
        return Ok(said);
    }
    let mut signed: HashMap<String, &CidPath> = HashMap::new();
    for path in cid.manifests() {
        let manifest = match read(cid, path) {
            Ok(manifest) => manifest,
            Err(error) => {
                let place = error.position().map_or_else(String::new, |position| format!("{position}: "));
                said.warnings.push(text!(
                    "{path}: {place}{what}; the manifest was not heeded: configcid audit tells more",
                    path,
                    place,
                    what = error.what()
                ));
                continue;
            }
        };
        let folder = Place::of(path, &manifest).folder;
        for entry in manifest.entries() {
            signed.entry(entry.path.to_cid_path().under(folder.as_ref()).key()).or_insert(path);
        }
    }
    for change in changes {
        if let Some(manifest) = signed.get(&change.path.key()) {
            let what = text!(
                "the manifest {manifest} lists this file: it is the vendor's, and to write it breaks the manifest",
                manifest
            );
            return Err(Error::new(ErrorKind::SignedFile, what)
                .in_file(&cid.shown(&change.path))
                .next("nothing was changed; ask whoever made the manifest for one without this file"));
        }
    }
    for catalog in catalogs {
        for change in catalog.actions.iter().filter(|change| change.action != Action::Remove) {
            let path = change.path.under(catalog.catalog.folder().as_ref());
            if let Some(manifest) = signed.get(&path.key()) {
                let catalog = &catalog.catalog;
                let what = text!(
                    "{path}: the manifest {manifest} lists this file, so that it should be the vendor's",
                    path,
                    manifest
                );
                said.warnings.push(text!("{what}; {catalog} lists it as it is on disk", what, catalog));
            }
        }
    }
    if !signed.is_empty() {
        said.candidates = candidates(cid, &signed, customer_files);
    }
    Ok(said)
}

/// The keys of the files that manifests list. One that cannot be read lists none.
pub(super) fn keys(cid: &Cid) -> HashSet<String> {
    let mut keys = HashSet::new();
    for path in cid.manifests() {
        let Ok(manifest) = read(cid, path) else { continue };
        let folder = Place::of(path, &manifest).folder;
        keys.extend(manifest.entries().map(|entry| entry.path.to_cid_path().under(folder.as_ref()).key()));
    }
    keys
}

fn read(cid: &Cid, path: &CidPath) -> Result<Manifest> {
    Manifest::parse(cid.read(path, manifest::MAX_SIZE)?.unwrap_or_default())
}

/// The files that no manifest lists, and that are neither catalogs nor the customer's by their names. What cannot be
/// listed is left out: a note is no reason to fail.
fn candidates(cid: &Cid, signed: &HashMap<String, &CidPath>, customer_files: &CustomerFiles) -> Vec<CidPath> {
    let items = walk_on(cid.root(), |_| Ok(())).unwrap_or_default();
    let files = items.iter().filter(|item| item.kind == Kind::File && !item.is_own());
    files
        .filter_map(|file| CidPath::from_relative(&file.path).ok())
        .filter(|path| customer_files.role(path) == Role::Vendor && !signed.contains_key(&path.key()))
        .collect()
}
