//! The audit of a whole CID: is it whole, and what in it is the customer's?
//!
//! An audit looks at everything once and changes nothing. What is wrong is never an error but a [`Finding`], so that one
//! unreadable file hides nothing else. [`RULES`] has all that can be found; `docs/audit.md` says more.

mod baseline;
mod certificate;
mod contradictions;
mod customer;
mod manifests;
mod model;
mod rules;
mod since;
mod trust;

pub use baseline::{Baseline, Seen, SeenFile, SeenManifest, SeenRelay, SignerState};
pub use model::{
    AlsoTold, Asked, AuditReport, CacState, CustomerFile, FileCounts, Finding, ManifestState, RootState, SeverityCounts,
};
pub use rules::{RULES, Rule, Severity};
pub use since::{Explanation, FileChange, ManifestChange, RelayChange, SinceReport};

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::base::error::Result;
use crate::base::hex::hex;
use crate::base::text::fold_case;
use crate::base::time;
use crate::catalog::CidPath;
use crate::catalogs::look::{Check, DiskFile, Look, Trouble};
use crate::catalogs::{RefreshOptions, Scope};
use crate::cid::digest::Wanted;
use crate::cid::{Cid, generation};
use crate::relay::CopyState;
use crate::signing::VerifyOptions;

use manifests::{Against, Listed};
use model::Findings;

/// How to audit.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AuditOptions {
    /// Which files are the customer's, and where the checksum function comes from.
    pub refresh: RefreshOptions,
    /// Whose signatures of manifests count, and the moment at which certificates of signers are to be valid.
    pub signatures: VerifyOptions,
    /// The present, for what must hold now whatever moment the signatures are judged at: `cac.pem`.
    pub now: SystemTime,
    /// Files that nothing lists are errors.
    pub is_strict: bool,
    /// Files for which nothing signed vouches are errors.
    pub requires_manifest: bool,
    /// Look at every file, listed or not, so that the report has what a [`Baseline`] keeps.
    pub sees_all: bool,
    /// What an earlier audit saw: the differences are findings.
    pub since: Option<Seen>,
    /// The files or folders that the roots were read from, for the report.
    pub root_files: Vec<PathBuf>,
    /// The files that the revocation lists were read from, for the report.
    pub crl_files: Vec<PathBuf>,
}

impl AuditOptions {
    /// The usual ones, with these for signatures.
    pub fn new(signatures: VerifyOptions) -> Self {
        Self {
            refresh: RefreshOptions::default(),
            signatures,
            now: SystemTime::now(),
            is_strict: false,
            requires_manifest: false,
            sees_all: false,
            since: None,
            root_files: Vec::new(),
            crl_files: Vec::new(),
        }
    }
}

/// Audits the CID at `path`: its catalogs and its manifests against the disk and against each other, whose its files are,
/// its relay configuration, its `cac.pem`, and what is left of interrupted work. Every file is read once for all checks
/// together, on all processors.
///
/// # Errors
/// It is no CID, or its folder cannot be read at all; a brought checksum command fails; a root certificate lies in the CID,
/// whose writer would then decide who is trusted ([`VerifyOptions::check_outside`]). Everything else is a [`Finding`].
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
    options.signatures.check_outside(path)?;
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
    let saw = audit.sees_all().then(|| audit.saw(&relay));
    let since = options.since.as_ref().zip(saw.as_ref()).map(|(then, now)| since::compare(&mut audit, then, now));
    audit.take_over_troubles();
    let manifests = std::mem::take(&mut audit.manifests);
    let manifests = manifests.into_iter().map(Against::into_state).collect();
    let (counts, findings) = audit.findings.sorted();
    Ok(AuditReport {
        at: time::print(options.signatures.at),
        asked: Asked::new(options),
        counts,
        findings,
        files,
        catalogs: audit.look.catalogs,
        manifests,
        customer_files,
        candidates,
        relay,
        certificates,
        since,
        saw,
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
    fn new(cid: &'a Cid, options: &'a AuditOptions) -> Self {
        Audit {
            options,
            look: Look::new(cid, &options.refresh, Scope::Everything),
            findings: Findings::new(options.is_strict, options.requires_manifest),
            manifests: Vec::new(),
            signed: HashMap::new(),
        }
    }

    /// Compares catalogs and disk, and reads what manifests list on the way.
    fn compare(&mut self) -> Result<Vec<Check>> {
        let mut further = manifests::to_read(self);
        let sees_all = self.sees_all();
        if sees_all {
            further.extend(self.look.disk.walked().map(|(number, _)| number));
        }
        let Audit { look, manifests, signed, .. } = self;
        let wanted = |key: &str| {
            let wanted = manifests::wanted(manifests, signed.get(key).map_or(&[][..], Vec::as_slice));
            Wanted { sha256: wanted.sha256 || sees_all, ..wanted }
        };
        look.compare(wanted, &further)
    }

    fn sees_all(&self) -> bool {
        self.options.sees_all || self.options.since.is_some()
    }

    /// Every file as it is; one that cannot be read has no digest.
    fn saw(&self, relay: &[CopyState]) -> Seen {
        let file = |number: u32, file: &DiskFile| {
            let digest = self.look.sums(number).and_then(|sums| sums.digests()?.sha256);
            let sha256 = digest.map_or_else(String::new, |digest| hex(&digest));
            (file.path.to_string(), SeenFile { size: file.size, sha256 })
        };
        let manifests = self.manifests.iter().map(Against::seen);
        let relay = relay.iter().map(|copy| {
            let parent_router_address = copy.parent_router_address.clone();
            let mr_parent_address = copy.mr_parent_address.clone();
            (copy.path.to_string(), SeenRelay { parent_router_address, mr_parent_address })
        });
        Seen {
            at: time::print(self.options.now),
            files: self.look.disk.walked().map(|(number, walked)| file(number, walked)).collect(),
            manifests: manifests.collect(),
            relay: relay.collect(),
        }
    }

    /// Whether a catalog is right, and every file that it lists is as it lists it.
    fn is_consistent_catalog(&self, path: &CidPath) -> bool {
        let is_of = |trouble: &&Trouble| {
            let of_it = trouble.catalog.as_ref().is_some_and(|catalog| catalog.key() == path.key());
            of_it || trouble.path.as_deref().is_some_and(|at| fold_case(at) == path.key())
        };
        let known =
            self.look.catalogs.iter().any(|catalog| catalog.catalog.key() == path.key() && catalog.state == "known");
        known && !self.look.troubles.0.iter().any(|trouble| is_of(&trouble))
    }

    /// Whether catalogs list a file, and none lists it otherwise than it is.
    fn is_as_listed(&self, path: &CidPath) -> bool {
        let is_of = |trouble: &&Trouble| trouble.path.as_deref().is_some_and(|at| fold_case(at) == path.key());
        let is_listed = self.look.disk.walked().any(|(_, file)| file.is_listed && file.path.key() == path.key());
        is_listed && !self.look.troubles.0.iter().any(|trouble| is_of(&trouble))
    }

    /// Everything that is wrong with the disk and the catalogs is a finding.
    fn take_over_troubles(&mut self) {
        for trouble in std::mem::take(&mut self.look.troubles).0 {
            let finding = self.findings.add(rules::of_trouble(trouble.kind), trouble.path.as_deref(), trouble.what);
            finding.catalog = trouble.catalog;
        }
    }
}
