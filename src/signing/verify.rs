//! Whether the signatures of a manifest hold, and who vouches for them.

use super::chain::{self, Chain, Worth};
use super::lists::Lists;
use super::trust::VerifyOptions;
use crate::base::error::Result;
use crate::base::text::count;
use crate::base::time;
use crate::manifest::{Form, Manifest, ManifestEntry, Signature};
use crate::x509::{Certificate, DigestAlgorithm, Fingerprint};

/// What is found out about one signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SignatureState {
    /// It is the signer's, and a root vouches for the signer.
    Good,
    /// As `Good`, if it were not for a certificate that has expired.
    Expired,
    /// As `Good`, if it were not for a certificate that is not valid yet.
    NotYetValid,
    /// As `Good`, if an issuer had not revoked a certificate.
    Revoked,
    /// It is the signer's, and no root vouches for the signer.
    Untrusted,
    /// It is not the signer's, or the manifest is not what was signed.
    Bad,
    /// Its digest, or that of a certificate on the way to the root, does not count.
    Weak,
    /// There is no certificate, or one that cannot be read or used.
    Unusable,
}

/// One signature, looked at.
#[derive(Debug, Clone, serde::Serialize)]
#[non_exhaustive]
pub struct SignatureReport {
    /// How it stands in the manifest.
    pub form: Form,
    /// Its digest, as the manifest names it.
    pub algorithm: String,
    /// Its line in the manifest.
    pub line: usize,
    /// What was found.
    pub state: SignatureState,
    /// Whether the verdict rests on it.
    pub decides: bool,
    /// What was found, as a sentence.
    pub what: String,
    /// What the user should know besides, each a sentence.
    pub notes: Vec<String>,
    /// The signer's certificate first, and the root that vouches last; the signer's alone where none does.
    pub chain: Vec<CertificateReport>,
    /// The chain leads to a root that the user gave.
    pub has_root: bool,
    /// The chain ends because the certificate of this issuer is nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_issuer: Option<String>,
}

/// A certificate, for people and programs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct CertificateReport {
    /// Whose it is.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// In hex.
    pub serial: String,
    /// Since when it is valid.
    pub not_before: String,
    /// Until when.
    pub not_after: String,
    /// Kind and size of its key.
    pub key: String,
    /// The digest of its issuer's signature.
    pub signed_with: String,
    /// Its SHA-256 fingerprint.
    pub sha256: Fingerprint,
}

/// What keeps a manifest from being whole. The names are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Reason {
    /// It breaks the format.
    ManifestFormat,
    /// It has no signature.
    Unsigned,
    /// A signature does not fit.
    BadSignature,
    /// No root was given.
    NoRootCa,
    /// None of the roots given vouches for the signer.
    Untrusted,
    /// A certificate has expired.
    Expired,
    /// A certificate is not valid yet.
    NotYetValid,
    /// A certificate was revoked.
    Revoked,
    /// Only digests that do not count, or a key that is too short.
    WeakAlgorithm,
    /// The signature holds, and files are told by SHA-1 alone.
    WeakEntries,
    /// The signature holds, and no file is listed.
    Empty,
    /// The signature holds, and a revocation list that the user gave cannot be used.
    RevocationList,
    /// No certificate that can be used.
    Certificate,
    /// The signature holds, and files are not what the manifest says.
    Files,
}

/// All signatures of a manifest, looked at.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SignaturesReport {
    /// One for each, in the manifest's order.
    pub signatures: Vec<SignatureReport>,
    /// What is wrong; `None` where a signature that counts holds.
    pub reason: Option<Reason>,
    /// The verdict as a sentence.
    pub what: String,
    /// Why revocation lists that the user gave cannot be used, each a sentence.
    pub unusable_lists: Vec<String>,
}

/// Looks at all signatures, and at what the manifest is worth by itself. The strongest signature decides that is good, or
/// that speaks against the manifest: one that is damaged or revoked and leads to a root. Of equal ones the best does. So
/// none of these is made good by a weaker one, and a signature by somebody whom the user does not know, or whose time is
/// over or has not come, is no obstacle.
///
/// ```
/// use configcid::manifest::{Manifest};
/// use configcid::signing::{Reason, VerifyOptions, verify};
///
/// let text = b"\"./a\" 0 da39a3ee5e6b4b0d3255bfef95601890afd80709\n";
/// let manifest = Manifest::parse(text.to_vec())?;
/// let report = verify(&manifest, &VerifyOptions::new(configcid::time::parse("2026-11-21")?));
/// assert_eq!(report.reason, Some(Reason::Unsigned));
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn verify(manifest: &Manifest, options: &VerifyOptions) -> SignaturesReport {
    let read: Vec<Vec<Result<Certificate>>> = manifest.signatures().iter().map(certificates_of).collect();
    let known: Vec<&Certificate> = options
        .trust
        .roots
        .iter()
        .chain(&options.trust.intermediates)
        .chain(read.iter().flatten().filter_map(|certificate| certificate.as_ref().ok()))
        .collect();
    let lists = Lists::of(&options.trust.crls, &known);
    let unusable_lists = lists.unusable(&known, options.at);
    let pairs = manifest.signatures().iter().zip(&read);
    let mut signatures: Vec<SignatureReport> =
        pairs.map(|(signature, certificates)| look(manifest, signature, certificates, &lists, options)).collect();
    let Some(index) = deciding(&signatures) else {
        let what = text!("the manifest has no signature").to_owned();
        return SignaturesReport { signatures, reason: Some(Reason::Unsigned), what, unusable_lists };
    };
    signatures[index].decides = true;
    let SignatureReport { state, what, .. } = &signatures[index];
    let reason = match state {
        SignatureState::Good => None,
        SignatureState::Expired => Some(Reason::Expired),
        SignatureState::NotYetValid => Some(Reason::NotYetValid),
        SignatureState::Revoked => Some(Reason::Revoked),
        SignatureState::Untrusted if options.trust.roots.is_empty() => Some(Reason::NoRootCa),
        SignatureState::Untrusted => Some(Reason::Untrusted),
        SignatureState::Bad => Some(Reason::BadSignature),
        SignatureState::Weak => Some(Reason::WeakAlgorithm),
        SignatureState::Unusable => Some(Reason::Certificate),
    };
    let (reason, what) = match reason {
        Some(reason) => (Some(reason), what.clone()),
        None => match weakness(manifest, options, &unusable_lists) {
            Some((reason, what)) => (Some(reason), what),
            None => (None, what.clone()),
        },
    };
    SignaturesReport { signatures, reason, what, unusable_lists }
}

/// What keeps a manifest from being whole whose signature holds.
fn weakness(manifest: &Manifest, options: &VerifyOptions, unusable_lists: &[String]) -> Option<(Reason, String)> {
    if manifest.is_empty() {
        return Some((Reason::Empty, text!("the manifest is signed, and lists no file").to_owned()));
    }
    if let Some(why) = unusable_lists.first() {
        return Some((Reason::RevocationList, why.clone()));
    }
    if options.allow_sha1 {
        return None;
    }
    let is_weak = |entry: &ManifestEntry<'_>| entry.sha256.is_none() && entry.sha384.is_none();
    let first = manifest.entries().find(is_weak)?;
    let number = count(manifest.entries().filter(is_weak).count(), "file is", "files are");
    let what = text!("{number} told by SHA-1 alone, which --allow-sha1 allows: {first}", number, first = first.path);
    Some((Reason::WeakEntries, what))
}

fn certificates_of(signature: &Signature) -> Vec<Result<Certificate>> {
    signature.certificates.iter().map(|der| Certificate::parse(der.clone())).collect()
}

/// Which signature the verdict rests on.
fn deciding(signatures: &[SignatureReport]) -> Option<usize> {
    use SignatureState::{Bad, Expired, Good, NotYetValid, Revoked, Untrusted, Unusable, Weak};
    let rank = |report: &SignatureReport| {
        let class = match report.state {
            Good | Revoked => 4,
            Bad if report.has_root => 4,
            Expired | NotYetValid => 3,
            Bad => 2,
            Untrusted => 1,
            Weak | Unusable => 0,
        };
        let state = [Unusable, Weak, Bad, Untrusted, Revoked, NotYetValid, Expired, Good];
        let quality = state.iter().position(|state| *state == report.state);
        (class, DigestAlgorithm::named(&report.algorithm), quality)
    };
    // Of equal ones the first.
    (0..signatures.len()).rev().max_by_key(|&index| rank(&signatures[index]))
}

fn look(
    manifest: &Manifest,
    signature: &Signature,
    certificates: &[Result<Certificate>],
    lists: &Lists<'_>,
    options: &VerifyOptions,
) -> SignatureReport {
    let mut report = SignatureReport {
        form: signature.form,
        algorithm: signature.algorithm.clone(),
        line: signature.line,
        state: SignatureState::Unusable,
        decides: false,
        what: String::new(),
        notes: Vec::new(),
        chain: Vec::new(),
        has_root: false,
        missing_issuer: None,
    };
    (report.state, report.what) = judge(manifest, signature, certificates, lists, options, &mut report);
    report
}

fn judge(
    manifest: &Manifest,
    signature: &Signature,
    certificates: &[Result<Certificate>],
    lists: &Lists<'_>,
    options: &VerifyOptions,
    report: &mut SignatureReport,
) -> (SignatureState, String) {
    let name = &signature.algorithm;
    let digest = DigestAlgorithm::named(name);
    let Some((signer, others)) = certificates.split_first() else {
        return (SignatureState::Unusable, text!("there is no certificate of the signer").to_owned());
    };
    let signer = match signer {
        Ok(signer) => signer,
        Err(error) => {
            return (SignatureState::Unusable, text!("the signer's certificate cannot be read: {}", error.what()));
        }
    };
    report.chain.push(CertificateReport::new(signer));
    let Some(digest) = digest else {
        return (
            SignatureState::Weak,
            text!("configcid does not know the digest {name}, so that it never counts", name = format!("{name:?}")),
        );
    };
    let Some(key) = signer.key() else {
        return (SignatureState::Unusable, text!("the signer's certificate has {}", signer.key_name()));
    };
    // One that cannot be read vouches for nobody, and spoils no other.
    let unreadable = others.iter().filter_map(|other| other.as_ref().err());
    report.notes.extend(unreadable.map(|error| text!("an intermediate certificate cannot be read: {}", error.what())));
    let others = others.iter().filter_map(|other| other.as_ref().ok()).chain(&options.trust.intermediates);
    let chain = chain::build(signer, others, lists, options);
    let Chain { certificates, worth, what, notes, missing } = chain;
    // One that the user does not name speaks neither for the manifest nor against it.
    report.has_root = worth != Worth::Untrusted && options.allows_signer(signer);
    report.chain = certificates.into_iter().map(CertificateReport::new).collect();
    report.notes.extend(notes);
    report.missing_issuer = missing;
    let fits = key.verifies(digest, manifest.covered(signature), &signature.value);
    if let Some(why) = signer.unusable().or_else(|| signer.not_a_signer()) {
        return (SignatureState::Unusable, text!("the signer's certificate {why}", why));
    }
    let fit = if fits { text!("the signature itself fits") } else { text!("and the signature does not fit") };
    match digest {
        DigestAlgorithm::Md5 => return (SignatureState::Weak, text!("MD5 never counts ({fit})", fit)),
        DigestAlgorithm::Sha1 if !options.allow_sha1 => {
            return (SignatureState::Weak, text!("SHA-1 counts only with --allow-sha1 ({fit})", fit));
        }
        _ => {}
    }
    if !fits {
        let what = text!("signature bad: the manifest is not what was signed, or not by the owner of this certificate");
        return (SignatureState::Bad, what.to_owned());
    }
    let good = |what: String| text!("signature good, {what}", what);
    if !options.allows_signer(signer) {
        let what =
            good(text!("but not by the signer that --signer names: its fingerprint is {}", signer.fingerprint()));
        return (SignatureState::Untrusted, what);
    }
    match worth {
        Worth::Good => (SignatureState::Good, text!("signature good, by {}", format!("{:?}", signer.subject()))),
        Worth::Expired => (SignatureState::Expired, good(what)),
        Worth::NotYetValid => (SignatureState::NotYetValid, good(what)),
        Worth::Weak => (SignatureState::Weak, good(what)),
        Worth::Revoked => (SignatureState::Revoked, good(what)),
        Worth::Untrusted => {
            (SignatureState::Untrusted, text!("signature good against its own certificate, but {what}", what))
        }
    }
}

impl CertificateReport {
    /// Of a certificate in DER.
    ///
    /// # Errors
    /// It is none.
    pub fn of(der: &[u8]) -> Result<Self> {
        Certificate::parse(der.to_vec()).map(|certificate| Self::new(&certificate))
    }

    fn new(certificate: &Certificate) -> Self {
        Self {
            subject: certificate.subject(),
            issuer: certificate.issuer(),
            serial: certificate.serial(),
            not_before: time::print(certificate.not_before()),
            not_after: time::print(certificate.not_after()),
            key: certificate.key_name(),
            signed_with: certificate.signed_with_name(),
            sha256: certificate.fingerprint(),
        }
    }
}
