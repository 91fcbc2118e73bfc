//! A baseline: what an audit saw, kept in a file for a later one.
//!
//! It is to lie where nobody who writes to the CID can write, and its digest is told whenever it is written or used, so that
//! one that was changed is found.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::read_given_file;
use crate::base::hex::hex;

/// The version of the file.
const FORMAT: u32 = 1;

/// No baseline is larger: a line of some 150 bytes for each of a million files.
const MAX_SIZE: u64 = 1 << 28;

/// What audits saw of some CIDs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    cids: BTreeMap<String, Seen>,
    sha256: String,
}

/// The file's shape.
#[derive(Serialize, Deserialize)]
struct Stored {
    configcid_baseline: u32,
    version: String,
    cids: BTreeMap<String, Seen>,
}

/// What an audit saw of one CID.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Seen {
    /// When, in UTC.
    pub at: String,
    /// Every file, but for configcid's own, by its path from the CID's root.
    pub files: BTreeMap<String, SeenFile>,
    /// The manifests among them.
    pub manifests: BTreeMap<String, SeenManifest>,
    /// The copies of `mrinit.conf`.
    pub relay: BTreeMap<String, SeenRelay>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SeenFile {
    /// In bytes.
    pub size: u64,
    /// In hex.
    pub sha256: String,
}

/// One manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SeenManifest {
    /// How far it could be trusted, as [`ManifestState::state`](super::ManifestState::state) has it.
    pub state: String,
    /// Files that it lists.
    pub entries: usize,
    /// Whose signature the verdict rested on.
    pub signer: Option<SignerState>,
    /// The SHA-256 of the manifests that were here before, the oldest first, as far as baselines followed on each other.
    pub earlier: Vec<String>,
}

/// A signer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SignerState {
    /// Whose certificate it is.
    pub subject: String,
    /// The SHA-256 of the certificate, in hex.
    pub sha256: String,
    /// Since when the certificate is valid, in UTC.
    pub not_before: String,
}

/// Whom routers report to, by one copy of `mrinit.conf`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SeenRelay {
    /// The parent of endpoints.
    pub parent_router_address: Option<String>,
    /// The relay's own.
    pub mr_parent_address: Option<String>,
}

impl Baseline {
    /// Of these CIDs, by the names that they are to be found under.
    pub fn new(cids: impl IntoIterator<Item = (String, Seen)>) -> Self {
        let mut baseline = Self { cids: cids.into_iter().collect(), sha256: String::new() };
        baseline.sha256 = hex(&Sha256::digest(baseline.print()));
        baseline
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// It cannot be read, or is no baseline.
    pub fn open(path: &Path) -> Result<Self> {
        Self::parse(&read_given_file(path, MAX_SIZE, text!("name a file that audit --save wrote"))?)
            .map_err(|error| error.in_file(path))
    }

    /// Reads a file's bytes.
    ///
    /// # Errors
    /// They are no baseline, or one of a version that is not known.
    ///
    /// ```
    /// use configcid::audit::Baseline;
    ///
    /// let baseline = Baseline::new([]);
    /// assert_eq!(Baseline::parse(&baseline.print())?, baseline);
    /// assert!(Baseline::parse(b"{}").is_err());
    /// # Ok::<(), configcid::Error>(())
    /// ```
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let wrong = |what: String| Error::new(ErrorKind::Usage, what).next("name a file that audit --save wrote");
        let stored: Stored =
            serde_json::from_slice(bytes).map_err(|error| wrong(text!("this is no baseline: {error}", error)))?;
        match stored.configcid_baseline {
            FORMAT => Ok(Self { cids: stored.cids, sha256: hex(&Sha256::digest(bytes)) }),
            other => Err(wrong(text!(
                "this baseline has version {other}, and only version {FORMAT} is known",
                other,
                FORMAT
            ))),
        }
    }

    /// The file's bytes: JSON, with a line ending.
    pub fn print(&self) -> Vec<u8> {
        let stored = Stored {
            configcid_baseline: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            cids: self.cids.clone(),
        };
        let mut bytes = serde_json::to_vec_pretty(&stored).expect("a baseline is plain data");
        bytes.push(b'\n');
        bytes
    }

    /// The SHA-256 of the file, in hex: whoever notes it elsewhere finds out if the file is changed.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The names of the CIDs.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.cids.keys().map(String::as_str)
    }

    /// What was seen of the CID of this name: of exactly this one, or of the only one whose last part is the same.
    pub fn seen(&self, name: &str) -> Option<(&str, &Seen)> {
        let exact = self.cids.get_key_value(name);
        let last = |name: &str| name.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().map(str::to_lowercase);
        let mut alike = self.cids.iter().filter(|(known, _)| last(known) == last(name));
        let only = || alike.next().filter(|_| alike.next().is_none());
        exact.or_else(only).map(|(name, seen)| (name.as_str(), seen))
    }
}
