//! The audit of a whole CID: is it whole, and what in it is the customer's?
//!
//! An audit looks at everything once and changes nothing. What is wrong is never an error but a [`Finding`], so that one
//! unreadable file hides nothing else. [`RULES`] has all that can be found; `docs/audit.md` says more.

mod certificate;
mod contradictions;
mod customer;
mod manifests;
mod model;
mod rules;
mod trust;

pub use model::{AuditReport, CacState, CustomerFile, FileCounts, Finding, ManifestState, SeverityCounts};
pub use rules::{RULES, Rule, Severity};

use std::collections::HashMap;
use std::path::Path;

use crate::base::error::Result;
use crate::base::time;
use crate::catalogs::look::{Check, Look};
use crate::catalogs::{RefreshOptions, Scope};
use crate::cid::{Cid, generation};
use crate::signing::VerifyOptions;

use manifests::{Against, Listed};
use model::Findings;

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
    manifests::load(&mut audit);
    let relay = customer::relay(&mut audit);
    let certificates = customer::certificates(&mut audit);
    manifests::look_up(&mut audit);
    let checks = audit.compare()?;
    contradictions::find(&mut audit, &checks);
    manifests::judge(&mut audit);
    let customer_files = customer::files(&mut audit);
    let (files, candidates) = customer::count(&mut audit);
    audit.take_over_troubles();
    let manifests = std::mem::take(&mut audit.manifests);
    let manifests = manifests.into_iter().map(Against::into_state).collect();
    let (counts, findings) = audit.findings.sorted();
    Ok(AuditReport {
        at: time::print(options.signatures.at),
        counts,
        findings,
        files,
        catalogs: audit.look.catalogs,
        manifests,
        customer_files,
        candidates,
        relay,
        certificates,
    })
}

/// An audit under way.
struct Audit<'a> {
    options: &'a AuditOptions,
    /// The disk and the catalogs.
    look: Look<'a>,
    findings: Findings,
    manifests: Vec<Against>,
    /// What manifests say of a file, by its key.
    signed: HashMap<String, Vec<Listed>>,
}

impl<'a> Audit<'a> {
    fn new(cid: &'a Cid, options: &'a AuditOptions) -> Audit<'a> {
        Audit {
            options,
            look: Look::new(cid, &options.refresh, Scope::Everything),
            findings: Findings::default(),
            manifests: Vec::new(),
            signed: HashMap::new(),
        }
    }

    /// Compares catalogs and disk, and reads what manifests list on the way.
    fn compare(&mut self) -> Result<Vec<Check>> {
        let further = manifests::to_read(self);
        let Audit { look, manifests, signed, .. } = self;
        let wanted = |_, key: &str| manifests::wanted(manifests, signed.get(key).map_or(&[][..], Vec::as_slice));
        look.compare(wanted, &further)
    }

    /// Everything that is wrong with the disk and the catalogs is a finding.
    fn take_over_troubles(&mut self) {
        for trouble in std::mem::take(&mut self.look.troubles).0 {
            let finding = self.findings.add(rules::of_trouble(trouble.kind), trouble.path.as_deref(), trouble.what);
            finding.catalog = trouble.catalog;
        }
    }
}
