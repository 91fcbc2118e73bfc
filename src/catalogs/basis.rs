//! What catalogs are brought in line with: the CID after the payload, its catalogs as they were read, and its customer's
//! files.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Loaded, Order, RefreshOptions};
use crate::base::error::{Error, ErrorKind, Result};
use crate::catalog::checksum::Function;
use crate::catalog::{CidPath, CustomerFiles, Role};
use crate::cid::tree::Found;
use crate::plan::{CatalogChange, Change, OnTheCid, View};

/// What the catalogs are to be brought in line with.
pub(super) struct Basis<'a> {
    /// The CID after the payload.
    pub view: View<'a>,
    pub loaded: &'a [Loaded],
    pub order: &'a Order,
    /// The customer's files that are there then, by key.
    pub customers: &'a BTreeMap<String, CidPath>,
    pub options: &'a RefreshOptions,
}

/// What becomes of the catalogs.
#[derive(Default)]
pub(super) struct Refreshed {
    /// Of every one.
    pub catalogs: Vec<CatalogChange>,
    /// Those that get other bytes.
    pub writes: Vec<Change>,
    /// The functions of those whose function was found out, by the keys of their paths.
    pub functions: HashMap<String, Function>,
    /// What a program did otherwise than configcid would, and is none of its faults, each as a sentence.
    pub notes: Vec<String>,
    /// What a program said, line by line.
    pub said: Vec<String>,
    /// What a program left otherwise than configcid would: a catalog, and the file that it says nothing of, or all of it.
    pub left: Vec<(CidPath, Option<CidPath>)>,
    /// What rewrites the catalogs once the plan is carried out; nothing is known of them before.
    pub on_the_cid: Option<Arc<dyn OnTheCid>>,
}

/// The customer's files that are there, from the CID's root, in the case found, by key.
pub(super) fn customer_files(view: &View<'_>, customer_files: &CustomerFiles) -> Result<BTreeMap<String, CidPath>> {
    let cid = view.cid();
    let mut present = BTreeMap::new();
    for folder in std::iter::once(None).chain(cid.components().iter().map(Some)) {
        let listing = cid.tree().listing(folder)?;
        let paths = listing
            .names()
            .filter_map(|name| CidPath::in_folder(folder, name).ok())
            .chain(view.made_in(folder).cloned())
            .filter(|path| customer_files.role(path) == Role::Customer);
        for path in paths {
            match view.find(&path)? {
                Found::File { .. } => drop(present.insert(path.key(), path)),
                // The plan lets it go.
                Found::Absent if view.is_new(&path) => {}
                _ => {
                    return Err(Error::new(ErrorKind::Io, "this should be a file, and is none")
                        .in_file(&cid.shown(&path))
                        .next("remove or rename it"));
                }
            };
        }
    }
    Ok(present)
}
