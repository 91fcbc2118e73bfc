//! One look at a CID, for all who judge it: what is on disk, what the catalogs say of it, and where the two differ.
//!
//! [`verify`](super::verify()) tells of it what concerns catalogs; an audit adds what manifests say of the same files, which
//! are read once for both.

mod check;
mod customers;
mod disk;
mod read;
mod report;
mod trouble;

pub(crate) use check::Check;
pub(crate) use customers::Customers;
pub(crate) use disk::{DiskFile, Standing};
pub(crate) use read::Sums;
pub use report::{CatalogReport, Scope};
pub(crate) use trouble::{Trouble, TroubleKind, Troubles, located};

use std::collections::HashMap;
use std::sync::Arc;

use super::{Loaded, RefreshOptions};
use crate::base::error::Result;
use crate::base::files::read_file;
use crate::catalog::checksum::Function;
use crate::catalog::{Checksum, CidPath};
use crate::cid::Cid;
use crate::cid::digest::Wanted;
use disk::Disk;
use read::{Job, Reading};

/// A look at a CID under way.
pub(crate) struct Look<'a> {
    pub cid: &'a Cid,
    options: &'a RefreshOptions,
    scope: Scope,
    pub troubles: Troubles,
    pub disk: Disk,
    /// The catalogs that could be read.
    pub loaded: Vec<Loaded>,
    /// All catalogs, and what is known of them.
    pub catalogs: Vec<CatalogReport>,
    /// The checksum functions, of which each catalog has one at most.
    functions: Vec<Function>,
    /// Functions that were found out just now, by the keys of their catalogs' paths.
    pub(super) known: HashMap<String, Function>,
    /// The number of each loaded catalog's function; `None` where it has none.
    of_catalogs: Vec<Option<u32>>,
    /// The contents of files that were read to be understood, by the file's number.
    held: HashMap<u32, Arc<[u8]>>,
    /// What came out of reading files, by their numbers: none of one that was not read.
    sums: Vec<Option<Outcome>>,
    /// Checksums by functions that need to know the entry, by the numbers of catalog and entry.
    of_entries: HashMap<(u32, u32), Checksum>,
}

/// What came out of reading a file; none where it could not be read.
type Outcome = Option<Sums>;

/// The digests that are wanted of the file of a key, besides the checksums of catalogs.
pub(crate) trait Digesting: Fn(&str) -> Wanted<'static> + Sync {}

impl<F: Fn(&str) -> Wanted<'static> + Sync> Digesting for F {}

impl<'a> Look<'a> {
    /// Looks at the tree, all of it unless the scope is narrower, and reads the catalogs.
    pub(crate) fn new(cid: &'a Cid, options: &'a RefreshOptions, scope: Scope) -> Self {
        let mut troubles = Troubles::default();
        let disk = match scope {
            Scope::Everything => Disk::walk(cid, &mut troubles),
            Scope::Customer => Disk::default(),
        };
        let mut look = Look {
            cid,
            options,
            scope,
            troubles,
            disk,
            loaded: Vec::new(),
            catalogs: Vec::new(),
            functions: options.checksum.candidates(),
            known: HashMap::new(),
            of_catalogs: Vec::new(),
            held: HashMap::new(),
            sums: Vec::new(),
            of_entries: HashMap::new(),
        };
        look.load();
        look
    }

    /// Compares the catalogs with the disk, and gives what they list that was there to be compared. Every file is read once:
    /// with the checksums that catalogs need and the digests that `wanted` asks for, and `further` files for these alone.
    ///
    /// # Errors
    /// A brought checksum command fails.
    pub(crate) fn compare(&mut self, wanted: impl Digesting, further: &[u32]) -> Result<Vec<Check>> {
        self.find_out_functions(&wanted)?;
        let checks = self.look_up();
        // Of each file the functions, one bit each; none of a file that is not to be read.
        let mut bits: Vec<Option<u32>> = vec![None; self.disk.files.len()];
        further.iter().for_each(|&number| bits[number as usize] = Some(0));
        for check in &checks {
            if let Some(function) = self.of_catalogs[check.catalog as usize] {
                let needs_entry = self.functions[function as usize].needs_entry();
                *bits[check.file as usize].get_or_insert(0) |= if needs_entry { 0 } else { 1 << function };
            }
        }
        self.read((0..).zip(bits).filter_map(|(number, bits)| Some((number, bits?))), &wanted);
        self.sum_entries(&checks);
        self.judge(&checks);
        Ok(checks)
    }

    /// The content of a file that is to be understood, read here and not again; `None` where there is no such file, or
    /// where it cannot be read, which is told then.
    pub(crate) fn hold(&mut self, path: &CidPath, limit: u64) -> Option<Arc<[u8]>> {
        let Standing::File(number) = self.disk.find(self.cid, path, &path.key()) else { return None };
        if let Some(held) = self.held.get(&number) {
            return Some(held.clone());
        }
        match read_file(&self.disk.place(number), limit) {
            Ok(bytes) => {
                let bytes: Arc<[u8]> = bytes.into();
                self.held.insert(number, bytes.clone());
                Some(bytes)
            }
            Err(error) => {
                self.keep(number, None);
                self.troubles.met(TroubleKind::Unreadable, Some(path.as_str()), &error);
                None
            }
        }
    }

    /// What came out of reading the file of this number, if it could be read.
    pub(crate) fn sums(&self, number: u32) -> Option<&Sums> {
        self.sums.get(number as usize)?.as_ref()?.as_ref()
    }

    fn keep(&mut self, number: u32, outcome: Outcome) {
        if self.sums.len() <= number as usize {
            self.sums.resize_with(self.disk.files.len(), || None);
        }
        self.sums[number as usize] = Some(outcome);
    }

    /// Reads files that were not read yet, each with its number and the bits of the functions; what cannot be read is told.
    fn read(&mut self, files: impl Iterator<Item = (u32, u32)>, wanted: &impl Digesting) {
        let is_new = |number: u32| self.sums.get(number as usize).is_none_or(Option::is_none);
        let mut jobs: Vec<Job> = Vec::with_capacity(self.disk.files.len());
        jobs.extend(files.filter(|(number, _)| is_new(*number)).map(|(number, functions)| Job { number, functions }));
        let mut failed = Vec::new();
        let mut read = std::mem::take(&mut self.sums);
        read.reserve_exact(self.disk.files.len() - read.len());
        read.resize_with(self.disk.files.len(), || None);
        let reading = Reading { disk: &self.disk, held: &self.held, functions: &self.functions, wanted };
        reading.all(jobs, |number, sums| {
            read[number as usize] = Some(sums.map_err(|error| failed.push((number, error))).ok());
        });
        self.sums = read;
        // In the order of files, whichever came back first.
        failed.sort_by_key(|(number, _)| *number);
        for (number, error) in failed {
            let path = self.disk.files[number as usize].path.as_str();
            self.troubles.met(TroubleKind::Unreadable, Some(path), &error);
        }
    }
}
