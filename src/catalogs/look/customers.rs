//! The customer's files, and whether each catalog that should list one does.

use std::collections::{BTreeMap, HashSet};

use super::disk::Standing;
use super::{Look, TroubleKind};
use crate::base::error::{Error, ErrorKind};
use crate::catalog::{CidPath, Role};
use crate::catalogs::Loaded;

/// A customer's file that is there, with the catalogs that list it.
pub(crate) struct Customers {
    pub path: CidPath,
    pub file: u32,
    pub listed_by: Vec<CidPath>,
}

impl Look<'_> {
    /// The customer's files: those of their names in the root or directly in a component.
    pub(crate) fn customers(&mut self) -> Vec<Customers> {
        let mut there: BTreeMap<String, Customers> = BTreeMap::new();
        for folder in std::iter::once(None).chain(self.cid.components().iter().map(Some)) {
            // One that cannot be listed is told by the walk, or by whoever opened the CID.
            let Ok(listing) = self.cid.tree().listing(folder) else { continue };
            let mut paths: Vec<CidPath> =
                listing.names().filter_map(|name| CidPath::in_folder(folder, name).ok()).collect();
            paths.retain(|path| self.options.customer_files.role(path) == Role::Customer);
            paths.sort();
            for path in paths {
                match self.disk.find(self.cid, &path, &path.key()) {
                    Standing::File(file) => {
                        let key = path.key();
                        there.entry(key).or_insert(Customers { path, file, listed_by: Vec::new() });
                    }
                    Standing::NotAFile => {
                        let error = Error::new(ErrorKind::Io, "this should be a file, and is none")
                            .in_file(&self.cid.shown(&path))
                            .next("remove or rename it");
                        self.troubles.met(TroubleKind::NotAFile, Some(path.as_str()), &error);
                    }
                    Standing::LeadsOut(error) => {
                        self.troubles.met(TroubleKind::LinkOut, Some(path.as_str()), &error);
                    }
                    Standing::Unreadable(error) => {
                        self.troubles.met(TroubleKind::Unreadable, Some(path.as_str()), &error);
                    }
                    Standing::Absent | Standing::Twins(_) => {}
                }
            }
        }
        let mut customers: Vec<Customers> = there.into_values().collect();
        for Loaded { file: catalog, catalog: content, .. } in &self.loaded {
            let folder = catalog.folder.as_ref();
            let listed: HashSet<String> = content
                .entries()
                .iter()
                .filter(|entry| self.options.customer_files.role_under(folder, &entry.path) == Role::Customer)
                .map(|entry| entry.path.under(folder).key())
                .collect();
            for customer in &mut customers {
                if listed.contains(&customer.path.key()) {
                    customer.listed_by.push(catalog.path.clone());
                } else if catalog.covers(&customer.path) {
                    let what = text!("it is the customer's and not listed: endpoints do not get it");
                    let trouble = self.troubles.add(TroubleKind::CustomerUnlisted, Some(customer.path.as_str()), what);
                    trouble.catalog = Some(catalog.path.clone());
                }
            }
        }
        customers
    }
}
