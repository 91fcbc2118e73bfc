//! The catalogs of a CID, read.

use std::sync::Arc;

use crate::base::error::Result;
use crate::base::pool::{LOOKS, in_flight};
use crate::catalog::Catalog;
use crate::cid::survey::Survey;
use crate::cid::{CatalogFile, Cid};
use crate::plan::{Change, Stage};

/// A catalog, read.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    pub file: CatalogFile,
    /// What its paths lie in, too.
    pub bytes: Arc<[u8]>,
    pub catalog: Catalog,
}

/// Reads the catalogs of a CID.
pub(crate) fn load(cid: &Cid) -> Result<Vec<Loaded>> {
    let read = |file: &CatalogFile| {
        let (bytes, catalog) = cid.read_catalog_shared(file)?;
        Ok(Loaded { file: file.clone(), bytes, catalog })
    };
    in_flight(LOOKS, cid.catalogs(), read).into_iter().collect()
}

/// Looks at all files that these catalogs list. What is found of each stands in the order of the catalogs and their entries.
pub(super) fn survey<'l>(cid: &Cid, loaded: &'l [Loaded]) -> Survey {
    let list = |Loaded { file, catalog, .. }: &'l Loaded| {
        (file.folder.as_ref(), catalog.entries().iter().map(|entry| &entry.path))
    };
    cid.tree().survey(&loaded.iter().map(list).collect::<Vec<_>>())
}

pub(super) fn catalog_change(loaded: &Loaded, after: Vec<u8>) -> Change {
    Change {
        path: loaded.file.path.clone(),
        before: Some(loaded.bytes.clone().into()),
        after: Some(after.into()),
        why: text!("its entries differ from the customer's files").into(),
        stage: stage(loaded),
        kept: None,
    }
}

/// When a catalog is written.
pub(super) fn stage(loaded: &Loaded) -> Stage {
    if loaded.file.folder.is_some() { Stage::ComponentCatalog } else { Stage::RootCatalog }
}
