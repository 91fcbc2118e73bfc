//! The flags that say whom a user trusts, and how an answer tells it.

use std::path::PathBuf;
use std::time::SystemTime;

use crate::signing::{Certificate, Fingerprint, VerifyOptions};
use crate::{Result, time};
use clap::Args;
use serde::Serialize;

use super::flags::path;
use super::out::Out;

/// Whose signatures count, and when.
#[derive(Debug, Args)]
pub(super) struct TrustFlags {
    /// Certificates that vouch for signers: a file in PEM or DER, or a folder of self-signed ones
    #[arg(long, value_name = "FILE|DIR", value_parser = path())]
    root_ca: Vec<PathBuf>,
    /// A revocation list, in PEM or DER; one that cannot be used is a fault
    #[arg(long, value_name = "FILE", value_parser = path())]
    crl: Vec<PathBuf>,
    /// When certificates must be valid, such as 2019-06-30 or 2019-06-30T12:00:00Z; by default now
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Let SHA-1 count: in the signature, in certificates, and alone for a file
    #[arg(long)]
    allow_sha1: bool,
    /// The shortest RSA key that counts
    #[arg(long, value_name = "BITS", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1024..=8192))]
    min_rsa: u32,
    /// Let only this signer count, by the SHA-256 of its certificate
    #[arg(long, value_name = "FINGERPRINT", value_parser = Fingerprint::parse)]
    signer: Vec<Fingerprint>,
    /// Of the roots given, let only this one count, by the SHA-256 of its certificate
    #[arg(long, value_name = "FINGERPRINT", value_parser = Fingerprint::parse, requires = "root_ca")]
    root: Vec<Fingerprint>,
    /// Trust root certificates even where they lie in what is to be judged
    #[arg(long)]
    allow_inner_roots: bool,
}

/// By what signatures were judged, as an answer tells it.
#[derive(Debug, Serialize)]
pub(super) struct TrustShown {
    roots: Vec<RootShown>,
    revocation_lists: Vec<String>,
    allow_sha1: bool,
    min_rsa: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    signer: Vec<Fingerprint>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    root: Vec<Fingerprint>,
    /// Roots in what was judged were allowed, and there are some.
    inner_roots: bool,
}

#[derive(Debug, Serialize)]
struct RootShown {
    subject: String,
    sha256: Fingerprint,
}

impl TrustFlags {
    /// Where the roots were read from.
    pub(super) fn root_files(&self) -> &[PathBuf] {
        &self.root_ca
    }

    /// Where the revocation lists were read from.
    pub(super) fn crl_files(&self) -> &[PathBuf] {
        &self.crl
    }

    /// The options. None of the roots may lie in one of the folders that are `judged`.
    pub(super) fn options(&self, judged: &[PathBuf]) -> Result<VerifyOptions> {
        let at = self.at.as_deref().map_or_else(|| Ok(SystemTime::now()), time::parse)?;
        let mut options = VerifyOptions::new(at);
        (options.allow_sha1, options.min_rsa) = (self.allow_sha1, self.min_rsa);
        (options.signers, options.root_pins) = (self.signer.clone(), self.root.clone());
        self.root_ca.iter().try_for_each(|path| options.trust.add_roots(path))?;
        self.crl.iter().try_for_each(|path| options.trust.add_crls(path))?;
        options.allow_inner_roots = self.allow_inner_roots;
        judged.iter().try_for_each(|folder| options.check_outside(folder))?;
        Ok(options)
    }

    /// What the options are, for an answer; where roots in what was judged were allowed, that is warned of.
    pub(super) fn shown(&self, options: &VerifyOptions, judged: &[PathBuf], out: Out) -> TrustShown {
        let inner_roots = judged.iter().any(|folder| options.trust.inner_root(folder).is_some());
        if inner_roots {
            out.warning("a root certificate lies in what was judged: whoever can write there decides whom you trust");
        }
        let root = |root: &Certificate| RootShown { subject: root.subject(), sha256: root.fingerprint() };
        TrustShown {
            roots: options.trust.roots().iter().map(root).collect(),
            revocation_lists: options.trust.list_issuers().collect(),
            allow_sha1: options.allow_sha1,
            min_rsa: options.min_rsa,
            signer: self.signer.clone(),
            root: self.root.clone(),
            inner_roots,
        }
    }
}
