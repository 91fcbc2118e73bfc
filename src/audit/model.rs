//! What an audit says, as data. Views of it are in [`report`](crate::report).

use super::rules::{Rule, Severity};
use crate::catalog::CidPath;
use crate::catalogs::CatalogReport;
use crate::relay::CopyState;

/// Something that an audit found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What sort of finding, stable: one of [`RULES`](super::RULES).
    pub id: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// The file or folder, from the CID's root, as catalogs spell paths; `None` where it is the CID itself.
    pub path: Option<String>,
    /// What is wrong, as a sentence without its end.
    pub what: String,
    /// The catalog that it was found by, if it was one.
    pub catalog: Option<CidPath>,
    /// The manifest that it was found by, if it was one.
    pub manifest: Option<CidPath>,
    /// What to do about it, as a sentence without its end.
    pub next: &'static str,
}

/// How many findings there are of each severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct SeverityCounts {
    /// Errors.
    pub error: usize,
    /// Warnings.
    pub warning: usize,
    /// Notes.
    pub note: usize,
}

impl SeverityCounts {
    /// How many of this severity.
    pub fn of(&self, severity: Severity) -> usize {
        match severity {
            Severity::Error => self.error,
            Severity::Warning => self.warning,
            Severity::Note => self.note,
        }
    }
}

/// How many files the CID holds, and whose they are. configcid's own files do not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct FileCounts {
    /// All of them.
    pub total: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Those that a catalog lists.
    pub listed: usize,
    /// Those that a manifest lists.
    pub signed: usize,
    /// The customer's, by their names.
    pub customer: usize,
    /// Catalogs.
    pub catalogs: usize,
    /// Neither in a manifest, nor a catalog, nor the customer's by name, where there is a manifest at all.
    pub candidates: usize,
}

/// A file of the customer's.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct CustomerFile {
    /// The file, from the CID's root.
    pub path: CidPath,
    /// Its size in bytes.
    pub size: u64,
    /// The catalogs that list it.
    pub listed_by: Vec<CidPath>,
}

/// A certificate in a `cac.pem`. Its signature is not looked at: it is old, and often MD5.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct CacState {
    /// The file, from the CID's root.
    pub path: CidPath,
    /// Whose certificate it is.
    pub subject: String,
    /// The first moment at which it is valid, in UTC.
    pub not_before: String,
    /// The last one.
    pub not_after: String,
    /// `valid`, `expires-soon`, `expired`, `not-yet-valid`.
    pub state: &'static str,
}

/// A manifest, and how far it can be trusted.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct ManifestState {
    /// The file, from the CID's root.
    pub manifest: CidPath,
    /// Files that it lists.
    pub entries: usize,
    /// The folder that its paths are relative to: its own, or the CID's root, `\`.
    pub folder: String,
    /// `good`, or what keeps it from being so: `no-root-ca`, `expired`, `not-yet-valid`, `weak-algorithm`, `unsigned`,
    /// `untrusted`, `revoked`, `certificate`, `bad-signature`, `unreadable`.
    pub state: &'static str,
    /// What is known of its signature, as a sentence without its end.
    pub signature: String,
}

/// Everything that an audit says of a CID. No secret is in here.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct AuditReport {
    /// The moment at which certificates were to be valid, in UTC.
    pub at: String,
    /// How many findings there are.
    pub counts: SeverityCounts,
    /// What was found, the gravest first.
    pub findings: Vec<Finding>,
    /// The files in numbers.
    pub files: FileCounts,
    /// The catalogs.
    pub catalogs: Vec<CatalogReport>,
    /// The manifests.
    pub manifests: Vec<ManifestState>,
    /// The customer's files, by their names.
    pub customer_files: Vec<CustomerFile>,
    /// Files that no manifest lists and that are neither catalogs nor the customer's by their names: perhaps they are the
    /// customer's all the same. Empty where there is no manifest.
    pub candidates: Vec<CidPath>,
    /// The relay configuration of each copy of `mrinit.conf`.
    pub relay: Vec<CopyState>,
    /// The certificates in `cac.pem`.
    pub certificates: Vec<CacState>,
}

impl AuditReport {
    /// The gravest of the findings.
    pub fn gravest(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }
}

/// Findings on the way.
#[derive(Default)]
pub(super) struct Findings(Vec<(usize, Finding)>);

impl Findings {
    pub(super) fn add(&mut self, rule: &'static Rule, path: Option<&str>, what: impl Into<String>) -> &mut Finding {
        let order = super::RULES.iter().position(|this| this.id == rule.id).expect("every rule is in the table");
        self.0.push((
            order,
            Finding {
                id: rule.id,
                severity: rule.severity,
                path: path.map(str::to_owned),
                what: what.into(),
                catalog: None,
                manifest: None,
                next: rule.next,
            },
        ));
        &mut self.0.last_mut().expect("it was just added").1
    }

    /// The gravest first, then in the order of the table, then by path.
    pub(super) fn sorted(mut self) -> (SeverityCounts, Vec<Finding>) {
        self.0.sort_by(|(a_order, a), (b_order, b)| {
            let rank = |finding: &Finding| std::cmp::Reverse(finding.severity);
            (rank(a), a_order, &a.path, &a.catalog, &a.manifest, &a.what).cmp(&(
                rank(b),
                b_order,
                &b.path,
                &b.catalog,
                &b.manifest,
                &b.what,
            ))
        });
        let findings: Vec<Finding> = self.0.into_iter().map(|(_, finding)| finding).collect();
        let of = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        let counts =
            SeverityCounts { error: of(Severity::Error), warning: of(Severity::Warning), note: of(Severity::Note) };
        (counts, findings)
    }
}
