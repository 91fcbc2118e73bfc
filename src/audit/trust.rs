//! What a manifest's signatures are worth.

use super::rules::{self, Rule};
use crate::manifest::Manifest;
use crate::signing::{Reason, VerifyOptions, verify};

/// A verdict: the rule that it is a finding of, if any; the state in one word; and a sentence.
pub(super) fn judge(manifest: &Manifest, options: &VerifyOptions) -> (Option<&'static Rule>, &'static str, String) {
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
        Some(Reason::Certificate) => (Some(rules::MANIFEST_SIGNATURE), "certificate"),
        Some(_) => (Some(rules::MANIFEST_SIGNATURE), "bad-signature"),
    };
    (rule, state, report.what)
}
