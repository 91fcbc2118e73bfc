//! What an audit says, as data. Views of it are in [`report`](crate::report).

use std::cmp::Reverse;
use std::collections::HashMap;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::AuditOptions;
use super::baseline::{Seen, SignerState};
use super::rules::{Rule, Severity};
use super::since::SinceReport;
use crate::base::hex::hex;
use crate::base::text::fold_case;
use crate::catalog::CidPath;
use crate::catalogs::CatalogReport;
use crate::relay::CopyState;
use crate::signing::CertificateReport;

/// Something that an audit found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What sort of finding, stable: one of [`RULES`](super::RULES).
    pub id: &'static str,
    /// How grave it is: as in the table, or an error where the options ask for more than is usual.
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
    /// What else tells of the same fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<AlsoTold>,
}

/// A further way in which a fault shows: one file that was tampered with is denied by every list that has it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct AlsoTold {
    /// One of [`RULES`](super::RULES).
    pub id: &'static str,
    /// What is wrong, as a sentence without its end.
    pub what: String,
    /// The catalog that it was found by, if it was one.
    pub catalog: Option<CidPath>,
    /// The manifest that it was found by, if it was one.
    pub manifest: Option<CidPath>,
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
    /// The customer's, by their names, and what the vendor's tools make in the same places.
    pub customer: usize,
    /// Catalogs.
    pub catalogs: usize,
    /// Of these, what the vendor's tools make: manifests, `stamp`.
    pub tools: usize,
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
    /// The vendor's tools make it, and the customer does not change it: a manifest, `stamp`.
    pub is_of_tools: bool,
}

/// What was asked for: an answer is worth no more than the roots that it rests on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Asked {
    /// The root certificates that vouch for signers.
    pub roots: Vec<RootState>,
    /// The files or folders that they were read from, as they were named.
    pub root_files: Vec<PathBuf>,
    /// The files that revocation lists were read from, as they were named.
    pub crl_files: Vec<PathBuf>,
    /// SHA-1 counts.
    pub allow_sha1: bool,
    /// Files that nothing lists are errors.
    pub strict: bool,
    /// Files for which nothing signed vouches are errors.
    pub require_manifest: bool,
}

/// A root certificate.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct RootState {
    /// Whose it is.
    pub subject: String,
    /// The SHA-256 of the certificate, in hex.
    pub sha256: String,
}

impl Asked {
    pub(super) fn new(options: &AuditOptions) -> Self {
        let roots = options.signatures.trust.roots().iter();
        Self {
            roots: roots
                .map(|root| RootState { subject: root.subject(), sha256: hex(&Sha256::digest(root.der())) })
                .collect(),
            root_files: options.root_files.clone(),
            crl_files: options.crl_files.clone(),
            allow_sha1: options.signatures.allow_sha1,
            strict: options.is_strict,
            require_manifest: options.requires_manifest,
        }
    }
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
    /// `valid`, `expires-soon`, `expired`, `not-yet-valid`: the worse of how it stands at the moment that was asked for, and
    /// now.
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
    /// `untrusted`, `revoked`, `certificate`, `bad-signature`, `weak-entries`, `empty`, `revocation-list`, `unreadable`.
    pub state: &'static str,
    /// What is known of its signature, as a sentence without its end.
    pub signature: String,
    /// Whose signature the verdict rests on, if there is one that can be read.
    pub signer: Option<SignerState>,
    /// The certificates of the signature that decides: the signer's first, and last the root's, if there is one.
    pub chain: Vec<CertificateReport>,
}

/// Everything that an audit says of a CID. No secret is in here.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct AuditReport {
    /// The moment at which certificates were to be valid, in UTC; what is no signer's certificate also when the audit was made.
    pub at: String,
    /// What the answer rests on.
    pub asked: Asked,
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
    /// The differences from a baseline, where one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<SinceReport>,
    /// Every file as it is, where that was asked for.
    #[serde(skip)]
    pub(super) saw: Option<Seen>,
}

impl AuditReport {
    /// What the audit saw, for a [`Baseline`](super::Baseline); `None` unless it was asked to
    /// [look at every file](super::AuditOptions::sees_all). `earlier` is what a baseline knows already: what it has of
    /// manifests that were replaced is kept.
    pub fn seen(&self, earlier: Option<&Seen>) -> Option<Seen> {
        let mut seen = self.saw.clone()?;
        for (path, manifest) in &mut seen.manifests {
            let Some(before) = earlier.and_then(|earlier| earlier.manifests.get(path)) else { continue };
            let now = seen.files.get(path).map(|file| &file.sha256);
            let then = earlier.and_then(|earlier| earlier.files.get(path)).map(|file| &file.sha256);
            manifest.earlier = before.earlier.clone();
            manifest.earlier.extend(then.filter(|then| Some(*then) != now).cloned());
        }
        Some(seen)
    }

    /// Whether the CID is whole, as far as anybody can tell: nothing is wrong or doubtful, there are files, and a good manifest
    /// by a signer whom a root of the user's vouches for lists some of them.
    pub fn is_whole(&self) -> bool {
        let is_proven = self.files.signed > 0 && self.manifests.iter().all(|manifest| manifest.state == "good");
        self.counts.error == 0 && self.counts.warning == 0 && !self.asked.roots.is_empty() && is_proven
    }

    /// The gravest of the findings.
    pub fn gravest(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }
}

/// Findings on the way.
pub(super) struct Findings {
    list: Vec<(&'static Rule, Finding)>,
    is_strict: bool,
    requires_manifest: bool,
}

impl Findings {
    pub(super) fn new(is_strict: bool, requires_manifest: bool) -> Self {
        Self { list: Vec::new(), is_strict, requires_manifest }
    }

    pub(super) fn add(&mut self, rule: &'static Rule, path: Option<&str>, what: impl Into<String>) -> &mut Finding {
        let finding = Finding {
            id: rule.id,
            severity: rule.severity_for(self.is_strict, self.requires_manifest),
            path: path.map(str::to_owned),
            what: what.into(),
            catalog: None,
            manifest: None,
            next: rule.next,
            also: Vec::new(),
        };
        self.list.push((rule, finding));
        &mut self.list.last_mut().expect("it was just added").1
    }

    /// The gravest first, then in the order of the table, then by path; what tells of one fault together.
    pub(super) fn sorted(mut self) -> (SeverityCounts, Vec<Finding>) {
        let key = |(rule, finding): &(&'static Rule, Finding)| {
            let Finding { severity, path, catalog, manifest, what, .. } = finding;
            (Reverse(*severity), rule.order(), path.clone(), catalog.clone(), manifest.clone(), what.clone())
        };
        self.list.sort_by_cached_key(key);
        let mut findings: Vec<Finding> = Vec::new();
        let mut of_file: HashMap<String, usize> = HashMap::new();
        for (rule, finding) in self.list {
            let file = finding.path.as_deref().filter(|_| rule.is_of_one_file()).map(fold_case);
            match file.as_ref().and_then(|file| of_file.get(file)) {
                Some(&leader) => {
                    let Finding { id, what, catalog, manifest, .. } = finding;
                    findings[leader].also.push(AlsoTold { id, what, catalog, manifest });
                }
                None => {
                    of_file.extend(file.map(|file| (file, findings.len())));
                    findings.push(finding);
                }
            }
        }
        let of = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        let counts =
            SeverityCounts { error: of(Severity::Error), warning: of(Severity::Warning), note: of(Severity::Note) };
        (counts, findings)
    }
}
