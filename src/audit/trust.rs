//! What a manifest's signatures are worth.

use sha2::{Digest, Sha256};

use super::baseline::SignerState;
use super::rules::{self, Rule};
use crate::base::hex::hex;
use crate::manifest::Manifest;
use crate::signing::{CertificateReport, Reason, SignaturesReport, VerifyOptions, verify};

/// A verdict on a manifest's signatures.
pub(super) struct Verdict {
    /// The rule that it is a finding of, if any.
    pub rule: Option<&'static Rule>,
    /// In one word.
    pub state: &'static str,
    /// As a sentence.
    pub what: String,
    /// Whose signature it rests on.
    pub signer: Option<SignerState>,
    /// The certificates of the signature that it rests on, the signer's first.
    pub chain: Vec<CertificateReport>,
}

pub(super) fn judge(manifest: &Manifest, options: &VerifyOptions) -> Verdict {
    let mut how = options.clone();
    let has_roots = !how.trust.roots().is_empty();
    let mut report = verify(manifest, &how);
    if report.reason == Some(Reason::WeakAlgorithm) && !how.allow_sha1 {
        // A weak signature that does not even fit is worse than a weak one.
        how.allow_sha1 = true;
        let again = verify(manifest, &how);
        if !matches!(again.reason, None | Some(Reason::Expired | Reason::NotYetValid)) {
            report = again;
        }
    }
    let (rule, state) = match report.reason {
        None => (None, "good"),
        Some(Reason::NoRootCa) => (Some(rules::MANIFEST_UNJUDGED), "no-root-ca"),
        Some(Reason::WeakAlgorithm) if !has_roots => (Some(rules::MANIFEST_UNJUDGED), "no-root-ca"),
        Some(Reason::WeakAlgorithm) => (Some(rules::MANIFEST_WEAK), "weak-algorithm"),
        Some(Reason::Unsigned) => (Some(rules::MANIFEST_UNSIGNED), "unsigned"),
        Some(Reason::Expired) => (Some(rules::MANIFEST_EXPIRED), "expired"),
        Some(Reason::NotYetValid) => (Some(rules::MANIFEST_EXPIRED), "not-yet-valid"),
        Some(Reason::Untrusted) => (Some(rules::MANIFEST_SIGNATURE), "untrusted"),
        Some(Reason::Revoked) => (Some(rules::MANIFEST_SIGNATURE), "revoked"),
        Some(Reason::WeakEntries) => (Some(rules::MANIFEST_WEAK_ENTRIES), "weak-entries"),
        // That is a finding of its own.
        Some(Reason::Empty) => (None, "empty"),
        Some(Reason::RevocationList) => (Some(rules::MANIFEST_SIGNATURE), "revocation-list"),
        Some(Reason::Certificate) => (Some(rules::MANIFEST_SIGNATURE), "certificate"),
        Some(_) => (Some(rules::MANIFEST_SIGNATURE), "bad-signature"),
    };
    let signer = signer(manifest, &report);
    let chain = report.signatures.into_iter().find(|signature| signature.decides).map(|signature| signature.chain);
    Verdict { rule, state, what: report.what, signer, chain: chain.unwrap_or_default() }
}

fn signer(manifest: &Manifest, report: &SignaturesReport) -> Option<SignerState> {
    let decides = report.signatures.iter().position(|signature| signature.decides)?;
    let certificate = report.signatures[decides].chain.first()?;
    let der = manifest.signatures().get(decides)?.certificates.first()?;
    Some(SignerState {
        subject: certificate.subject.clone(),
        sha256: hex(&Sha256::digest(der)),
        not_before: certificate.not_before.clone(),
    })
}
