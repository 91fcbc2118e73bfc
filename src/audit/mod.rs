//! The audit of a whole CID: is it whole, and what in it is the customer's?
//!
//! An audit looks at everything once and changes nothing. What is wrong is never an error but a [`Finding`], so that one
//! unreadable file hides nothing else. [`RULES`] has all that can be found; `docs/audit.md` says more.

mod catalogs;
mod certificate;
mod customer;
mod disk;
mod manifests;
mod model;
mod read;
mod rules;
mod trust;

pub use model::{AuditReport, CacState, CustomerFile, FileCounts, Finding, ManifestState, SeverityCounts};
pub use rules::{RULES, Rule, Severity};

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use crate::base::error::Result;
use crate::base::files::read_file;
use crate::base::time;
use crate::catalog::CidPath;
use crate::catalog::checksum::Function;
use crate::catalogs::CatalogReport;
use crate::catalogs::RefreshOptions;
use crate::cid::{Cid, generation};
use crate::signing::VerifyOptions;

use catalogs::Check;
use disk::{Disk, Standing};
use manifests::{Against, Listed};
use model::Findings;
use read::{Job, Sums, read_all};

/// How to audit.
#[derive(Clone)]
#[non_exhaustive]
pub struct AuditOptions {
    /// Which files are the customer's, and where the checksum function comes from.
    pub refresh: RefreshOptions,
    /// Whose signatures of manifests count, and the moment at which certificates are to be valid.
    pub signatures: VerifyOptions,
}

impl AuditOptions {
    /// The usual ones, with these for signatures.
    pub fn new(signatures: VerifyOptions) -> AuditOptions {
        AuditOptions { refresh: RefreshOptions::default(), signatures }
    }
}

/// Audits the CID at `path`: its catalogs and its manifests against the disk and against each other, whose its files are,
/// its relay configuration, its `cac.pem`, and what is left of interrupted work. Every file is read once for all checks
/// together, on all processors.
///
/// # Errors
/// It is no CID, or its folder cannot be read at all; a brought checksum command fails. Everything else is a [`Finding`].
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("ESXP");
/// use configcid::DemoCid;
/// use configcid::audit::{AuditOptions, Severity, audit};
/// use configcid::signing::VerifyOptions;
///
/// DemoCid::default().write(&path)?;
/// std::fs::remove_file(path.join("rms/router.dll")).unwrap();
/// let signatures = VerifyOptions::new(configcid::time::parse("2026-11-21")?);
/// let report = audit(&path, &AuditOptions::new(signatures))?;
/// assert_eq!(report.gravest(), Some(Severity::Error));
/// assert_eq!(report.findings[0].id, "entry-missing");
/// assert!(report.customer_files.iter().any(|file| file.path.as_str() == r"\mrinit.conf"));
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn audit(path: &Path, options: &AuditOptions) -> Result<AuditReport> {
    for _ in 1..ATTEMPTS {
        let cid = Cid::open_to_look(path)?;
        let report = audit_once(&cid, options)?;
        // What was read before and after a change by another process does not fit together.
        if generation(cid.root()).as_ref() == cid.generation() {
            return Ok(report);
        }
    }
    audit_once(&Cid::open_to_look(path)?, options)
}

/// How often an audit begins again when somebody changes the CID meanwhile.
const ATTEMPTS: usize = 3;

fn audit_once(cid: &Cid, options: &AuditOptions) -> Result<AuditReport> {
    let mut audit = Audit::new(cid, options);
    let loaded = catalogs::load(&mut audit);
    manifests::load(&mut audit);
    let relay = customer::relay(&mut audit);
    let certificates = customer::certificates(&mut audit);
    let functions = options.refresh.checksum.candidates();
    let of_catalogs = catalogs::detect_all(&mut audit, &loaded, &functions)?;
    let checks = catalogs::look_up(&mut audit, &loaded);
    manifests::look_up(&mut audit);
    audit.read_the_rest(&checks, &of_catalogs, &functions);
    catalogs::judge_all(&mut audit, &loaded, &checks, &of_catalogs);
    manifests::judge(&mut audit);
    let customer_files = customer::files(&mut audit, &loaded);
    let (files, candidates) = customer::count(&mut audit);
    let manifests = std::mem::take(&mut audit.manifests);
    let manifests = manifests.into_iter().map(Against::into_state).collect();
    let (counts, findings) = audit.findings.sorted();
    Ok(AuditReport {
        at: time::print(options.signatures.at),
        counts,
        findings,
        files,
        catalogs: audit.catalogs,
        manifests,
        customer_files,
        candidates,
        relay,
        certificates,
    })
}

/// An audit under way.
struct Audit<'a> {
    cid: &'a Cid,
    options: &'a AuditOptions,
    findings: Findings,
    disk: Disk,
    catalogs: Vec<CatalogReport>,
    manifests: Vec<Against>,
    /// The contents of files that were read to be understood, by the file's number.
    held: HashMap<u32, Arc<[u8]>>,
    /// What manifests say of a file, by its key.
    signed: HashMap<String, Vec<Listed>>,
    /// What was read; `None` where it could not be.
    sums: HashMap<u32, Option<Sums>>,
}

impl<'a> Audit<'a> {
    fn new(cid: &'a Cid, options: &'a AuditOptions) -> Audit<'a> {
        let mut findings = Findings::default();
        let disk = Disk::look(cid, &mut findings);
        Audit {
            cid,
            options,
            findings,
            disk,
            catalogs: Vec::new(),
            manifests: Vec::new(),
            held: HashMap::new(),
            signed: HashMap::new(),
            sums: HashMap::new(),
        }
    }

    /// The content of a file that is to be understood, read here and not again; `None` where there is no such file, or
    /// where it cannot be read, which is a finding then.
    fn hold(&mut self, path: &CidPath, limit: u64) -> Option<Arc<[u8]>> {
        let Standing::File(number) = self.disk.find(self.cid, path, &path.key()) else { return None };
        if let Some(held) = self.held.get(&number) {
            return Some(held.clone());
        }
        match read_file(&self.disk.files[number as usize].place, limit) {
            Ok(bytes) => {
                let bytes: Arc<[u8]> = bytes.into();
                self.held.insert(number, bytes.clone());
                Some(bytes)
            }
            Err(error) => {
                self.sums.insert(number, None);
                self.findings.add(rules::UNREADABLE, Some(path.as_str()), error.what());
                None
            }
        }
    }

    /// What manifests say of the file with this key.
    fn signed(&self, key: &str) -> &[Listed] {
        self.signed.get(key).map_or(&[], Vec::as_slice)
    }

    /// Reads files that were not read yet, with the functions whose bits are set; what cannot be read is a finding.
    fn read(&mut self, numbers: &[u32], bits: impl Fn(u32) -> u32, functions: &[Function]) {
        let (disk, held, manifests) = (&self.disk, &self.held, &self.manifests);
        let numbers: Vec<u32> = numbers.iter().copied().filter(|number| !self.sums.contains_key(number)).collect();
        let jobs: Vec<Job<'_>> = numbers
            .iter()
            .map(|&number| {
                let file = &disk.files[number as usize];
                Job {
                    place: &file.place,
                    held: held.get(&number).map(|bytes| &**bytes),
                    size: file.size,
                    functions: bits(number),
                    wanted: manifests::wanted(manifests, self.signed(&file.path.key())),
                }
            })
            .collect();
        let read = read_all(&jobs, functions);
        drop(jobs);
        for (number, sums) in numbers.into_iter().zip(read) {
            let sums = sums.map_err(|error| {
                let path = self.disk.files[number as usize].path.as_str();
                self.findings.add(rules::UNREADABLE, Some(path), error.what());
            });
            self.sums.insert(number, sums.ok());
        }
    }

    /// Reads what catalogs and manifests list and what was not read to find out the catalogs' functions.
    fn read_the_rest(&mut self, checks: &[Check], of_catalogs: &[Option<u32>], functions: &[Function]) {
        let mut bits: HashMap<u32, u32> = HashMap::new();
        for check in checks {
            if let Some(function) = of_catalogs[check.catalog as usize] {
                *bits.entry(check.file).or_default() |= 1 << function;
            }
        }
        for number in manifests::to_read(self) {
            bits.entry(number).or_default();
        }
        let mut numbers: Vec<u32> = bits.keys().copied().collect();
        numbers.sort_unstable();
        self.read(&numbers, |number| bits[&number], functions);
    }
}
