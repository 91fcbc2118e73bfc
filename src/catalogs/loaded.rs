//! The catalogs of a CID, read.

use crate::base::error::Result;
use crate::catalog::Catalog;
use crate::cid::{CatalogFile, Cid};
use crate::plan::{Change, Stage};

/// A catalog, read.
pub(crate) struct Loaded {
    pub file: CatalogFile,
    pub bytes: Vec<u8>,
    pub catalog: Catalog,
}

pub(super) fn load(cid: &Cid) -> Result<Vec<Loaded>> {
    let read = |file: &CatalogFile| {
        let (bytes, catalog) = cid.read_catalog(file)?;
        Ok(Loaded { file: file.clone(), bytes, catalog })
    };
    cid.catalogs().iter().map(read).collect()
}

pub(super) fn catalog_change(loaded: &Loaded, after: Vec<u8>) -> Change {
    Change {
        path: loaded.file.path.clone(),
        before: Some(loaded.bytes.clone()),
        after: Some(after),
        why: "its entries differ from the customer's files".to_owned(),
        stage: if loaded.file.folder.is_some() { Stage::ComponentCatalog } else { Stage::RootCatalog },
        kept: None,
    }
}
