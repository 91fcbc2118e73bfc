//! What is looked at, and what is told of each catalog.

use crate::catalog::{Catalog, CatalogId, CidPath};
use crate::catalogs::Detection;

/// How much of a CID is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Every file that a catalog lists.
    Everything,
    /// The customer's files and the catalogs alone: what a refresh writes.
    Customer,
}

/// A catalog that was verified.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct CatalogReport {
    /// The catalog, from the CID's root.
    pub catalog: CidPath,
    /// Its identity; `None` where the file cannot be read.
    #[serde(serialize_with = "display_option")]
    pub id: Option<CatalogId>,
    /// Entries.
    pub entries: usize,
    /// The checksum function; `None` where it is foreign or cannot be told, and only sizes were checked.
    pub function: Option<String>,
    /// What is known of the function: `known`, `damaged` (most files agree), `foreign`, `undetermined`, `unreadable`.
    pub state: &'static str,
}

impl CatalogReport {
    pub(super) fn unreadable(catalog: CidPath) -> Self {
        Self { catalog, id: None, entries: 0, function: None, state: "unreadable" }
    }

    pub(super) fn new(path: CidPath, catalog: &Catalog, detection: &Detection) -> Self {
        Self {
            catalog: path,
            id: Some(catalog.id()),
            entries: catalog.entries().len(),
            function: detection.function().map(|function| function.name().to_owned()),
            state: detection.state_name(),
        }
    }
}

fn display_option<S: serde::Serializer>(id: &Option<CatalogId>, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serde::Serialize::serialize(&id.map(|id| id.to_string()), serializer)
}
