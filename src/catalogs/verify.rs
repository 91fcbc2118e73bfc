//! Checking a CID's catalogs against the disk. The same code looks at a stranger's CID and at our own result.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::text::fold_case;
use crate::catalog::checksum::Function;
use crate::catalog::{CatalogId, Checksum, CidPath, Entry, Role};
use crate::catalogs::{Loaded, Order, RefreshOptions, customer_files, detect};
use crate::cid::hash::sum_files;
use crate::cid::tree::Found;
use crate::cid::walk::walk;
use crate::cid::{CatalogFile, Cid};
use crate::plan::View;

/// How much of a CID is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Every file that a catalog lists.
    Everything,
    /// The customer's files and the catalogs alone: what a refresh writes.
    Customer,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct VerifyReport {
    /// Each catalog.
    pub catalogs: Vec<CatalogReport>,
    /// What is wrong; empty where the CID is whole.
    pub faults: Vec<Fault>,
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

/// Something wrong.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Fault {
    /// The sort of fault, stable: `catalog-format`, `missing`, `not-a-file`, `link`, `case-conflict`, `size`,
    /// `checksum`, `own-checksum`, `unlisted`, `io`.
    pub code: &'static str,
    /// The catalog that it was found by.
    pub catalog: Option<CidPath>,
    /// The file, from the CID's root.
    pub path: Option<CidPath>,
    /// A sentence.
    pub what: String,
}

fn display_option<S: serde::Serializer>(id: &Option<CatalogId>, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serde::Serialize::serialize(&id.map(|id| id.to_string()), serializer)
}

/// Checks the catalogs of `cid` against its files: each listed file is there, with the size and, as far as the
/// function is known, the checksum that the catalog says; each customer's file is listed; each catalog's own checksum
/// is right. With [`Scope::Everything`] every listed file is read once, on all processors.
///
/// # Errors
/// Something cannot be read at all. What is wrong with the CID is not an error but a [`Fault`].
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("ESXP");
/// use configcid::{Cid, DemoCid, RefreshOptions, Scope, verify};
///
/// DemoCid::default().write(&path)?;
/// assert!(verify(&Cid::open(&path)?, &RefreshOptions::default(), Scope::Everything)?.faults.is_empty());
///
/// std::fs::remove_file(path.join("rms/router.dll")).unwrap();
/// let report = verify(&Cid::open(&path)?, &RefreshOptions::default(), Scope::Everything)?;
/// assert_eq!(report.faults[0].code, "missing");
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn verify(cid: &Cid, options: &RefreshOptions, scope: Scope) -> Result<VerifyReport> {
    let mut report = VerifyReport { catalogs: Vec::new(), faults: Vec::new() };
    let mut loaded = Vec::new();
    for file in cid.catalogs() {
        match cid.read_catalog(file) {
            Ok((bytes, catalog)) => loaded.push(Loaded { file: file.clone(), bytes, catalog }),
            Err(error) => {
                report.catalogs.push(CatalogReport {
                    catalog: file.path.clone(),
                    id: None,
                    entries: 0,
                    function: None,
                    state: "unreadable",
                });
                report.faults.push(error_fault(Some(&file.path), None, &error));
            }
        }
    }
    let order = Order::new(&loaded);
    let view = View::new(cid, &[]);
    let customers = customer_files(&view, &options.customer_files).unwrap_or_else(|error| {
        report.faults.push(error_fault(None, None, &error));
        BTreeMap::new()
    });
    let mut finder = Finder { view: &view, known: HashMap::new() };
    let mut jobs: Vec<Job> = Vec::new();
    for loaded in &loaded {
        let Loaded { file, bytes, catalog } = loaded;
        let detection = detect(&view, file, catalog, bytes, &options.customer_files, &options.checksum)?;
        let function = detection.function().cloned();
        report.catalogs.push(CatalogReport {
            catalog: file.path.clone(),
            id: Some(catalog.id()),
            entries: catalog.entries().len(),
            function: function.as_ref().map(|function| function.name().to_owned()),
            state: detection.state_name(),
        });
        if let Some(function) = &function {
            let right = function.of_bytes(catalog.covered(bytes))?;
            if right != catalog.own_checksum() {
                let what =
                    format!("its own checksum is {}, and {} of it is {right}", catalog.own_checksum(), function.name());
                report.faults.push(fault("own-checksum", Some(&file.path), None, what));
            }
        }
        for entry in catalog.entries() {
            let path = entry.path.under(file.folder.as_ref());
            // A refresh leaves alone what is the vendor's and what no refresh can set right.
            let role = options.customer_files.role(&path);
            let left_alone = role == Role::Vendor || order.is_impossible(&file.path, &path);
            if scope == Scope::Customer && left_alone {
                continue;
            }
            match finder.check(file, &path, entry) {
                // A catalog that has gone is damage, which the refresh was told to accept.
                Err(fault)
                    if scope == Scope::Customer
                        && options.accept_damage
                        && role == Role::Catalog
                        && matches!(fault.code, "missing" | "not-a-file") => {}
                Err(fault) => report.faults.push(fault),
                Ok(place) if !order.is_impossible(&file.path, &path) => {
                    jobs.extend(function.clone().map(|function| Job {
                        function,
                        place,
                        catalog: file.path.clone(),
                        path,
                        listed: entry.checksum,
                        size: entry.size,
                    }));
                }
                Ok(_) => {}
            }
        }
        check_listed(loaded, &customers, &mut report.faults);
    }
    report.faults.extend(wrong_sums(jobs));
    if scope == Scope::Everything {
        report.faults.extend(twins(cid)?);
    }
    Ok(report)
}

fn fault(code: &'static str, catalog: Option<&CidPath>, path: Option<CidPath>, what: String) -> Fault {
    Fault { code, catalog: catalog.cloned(), path, what }
}

fn error_fault(catalog: Option<&CidPath>, path: Option<&CidPath>, error: &Error) -> Fault {
    let code = match error.kind() {
        kind @ (ErrorKind::CatalogFormat | ErrorKind::Link | ErrorKind::CaseConflict) => kind.name(),
        _ => ErrorKind::Io.name(),
    };
    fault(code, catalog, path.cloned(), error.to_string())
}

/// Finds each file once, however many catalogs list it.
struct Finder<'a> {
    view: &'a View<'a>,
    known: HashMap<String, Found>,
}

impl Finder<'_> {
    /// Where the file is, if it has the size that the entry says.
    fn check(&mut self, file: &CatalogFile, path: &CidPath, entry: &Entry) -> std::result::Result<PathBuf, Fault> {
        let key = path.key();
        let found = match self.known.get(&key) {
            Some(found) => found.clone(),
            None => {
                let found = self.view.find(path).map_err(|error| error_fault(Some(&file.path), Some(path), &error))?;
                self.known.entry(key).or_insert(found).clone()
            }
        };
        let wrong = |code, what| Err(fault(code, Some(&file.path), Some(path.clone()), what));
        match found {
            Found::File { path, size, .. } if size == u64::from(entry.size) => Ok(path),
            Found::File { size, .. } => wrong("size", format!("it has {size} bytes, and {} are listed", entry.size)),
            Found::Absent => wrong("missing", "it is listed and not there".to_owned()),
            Found::Folder | Found::Other => wrong("not-a-file", "it is listed and no file".to_owned()),
        }
    }
}

/// A checksum to compare.
struct Job {
    function: Function,
    place: PathBuf,
    catalog: CidPath,
    path: CidPath,
    listed: Checksum,
    size: u32,
}

fn wrong_sums(jobs: Vec<Job>) -> Vec<Fault> {
    let mut by_function: BTreeMap<String, Vec<Job>> = BTreeMap::new();
    for job in jobs {
        by_function.entry(job.function.name().to_owned()).or_default().push(job);
    }
    let mut faults = Vec::new();
    for jobs in by_function.into_values() {
        // One read of a file serves all catalogs that list it.
        let mut files: Vec<(PathBuf, u64)> = Vec::new();
        let mut index_of: HashMap<&PathBuf, usize> = HashMap::new();
        for job in &jobs {
            index_of.entry(&job.place).or_insert_with(|| {
                files.push((job.place.clone(), u64::from(job.size) + 1));
                files.len() - 1
            });
        }
        let sums = sum_files(&files, &*jobs[0].function);
        for job in &jobs {
            match &sums[index_of[&job.place]] {
                Ok((size, checksum)) if (*size, *checksum) == (u64::from(job.size), job.listed) => {}
                Ok((_, checksum)) => {
                    let what = format!("its checksum is {checksum}, and {} is listed", job.listed);
                    faults.push(fault("checksum", Some(&job.catalog), Some(job.path.clone()), what));
                }
                Err(error) => faults.push(error_fault(Some(&job.catalog), Some(&job.path), error)),
            }
        }
    }
    faults
}

/// The customer's files that a catalog should list and does not.
fn check_listed(loaded: &Loaded, customers: &BTreeMap<String, CidPath>, faults: &mut Vec<Fault>) {
    let listed = loaded.catalog.index();
    for path in customers.values().filter(|path| loaded.file.covers(path)) {
        let seen = path.seen_from(loaded.file.folder.as_ref());
        if seen.is_some_and(|seen| !listed.contains_key(&seen.key())) {
            let what = "it is the customer's and not listed: endpoints do not get it".to_owned();
            faults.push(fault("unlisted", Some(&loaded.file.path), Some(path.clone()), what));
        }
    }
}

/// Names anywhere in the tree that differ in case alone.
fn twins(cid: &Cid) -> Result<Vec<Fault>> {
    let mut seen: HashMap<String, PathBuf> = HashMap::new();
    let mut faults = Vec::new();
    for item in walk(cid.root())? {
        let Some(key) = item.path.to_str().map(fold_case) else { continue };
        if let Some(twin) = seen.insert(key, item.path.clone()) {
            let what =
                format!("{} and {} differ in case alone: to Windows they are one", twin.display(), item.path.display());
            faults.push(fault("case-conflict", None, None, what));
        }
    }
    Ok(faults)
}
