//! From a signer's certificate to a root that the user gave.
//!
//! Each certificate is looked at once, so that a file full of certificates that sign each other costs no more than their
//! number: a chain is as long as they allow. What the user gave as a root vouches, whatever its own signature is worth.

use super::lists::Lists;
use super::trust::VerifyOptions;
use crate::base::time;
use crate::x509::{Certificate, DigestAlgorithm, broken_limit};

/// RSA keys that are shorter than this are told, where they count at all.
const SHORT_RSA: u32 = 2048;

/// What a chain is worth, the best first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Worth {
    /// It holds.
    #[default]
    Good,
    /// It holds but for dates, and would have held earlier.
    Expired,
    /// It holds but for dates, and will hold later.
    NotYetValid,
    /// A certificate in it was signed with a digest that does not count, or has a key that is too short.
    Weak,
    /// Its issuer has revoked a certificate in it.
    Revoked,
    /// It leads to none of the roots.
    Untrusted,
}

/// A way from the signer to a root, or as far as there was one.
#[derive(Debug)]
pub(super) struct Chain<'a> {
    /// The signer first. With [`Worth::Untrusted`], the signer alone.
    pub certificates: Vec<&'a Certificate>,
    pub worth: Worth,
    /// What is the matter, as a sentence; empty where nothing is.
    pub what: String,
    /// What the user should know all the same, each a sentence.
    pub notes: Vec<String>,
    /// Where the way ends because a certificate is nowhere: whose it is.
    pub missing: Option<String>,
}

/// A certificate that was reached, and from which one.
struct Reached<'a> {
    certificate: &'a Certificate,
    from: Option<usize>,
    /// How many issuers are below whoever issued it, but for those that issued themselves (RFC 5280, section 4.2.1.9).
    below: usize,
}

/// The best chain from `signer` to a root.
pub(super) fn build<'a>(
    signer: &'a Certificate,
    others: impl Iterator<Item = &'a Certificate>,
    lists: &Lists<'a>,
    options: &'a VerifyOptions,
) -> Chain<'a> {
    let mut reached = vec![Reached { certificate: signer, from: None, below: 0 }];
    let mut left: Vec<&Certificate> = others.collect();
    let mut best: Option<Chain<'a>> = None;
    let mut obstacles = Vec::new();
    let mut missing = None;
    let mut next = 0;
    while next < reached.len() {
        let Reached { certificate, below, .. } = reached[next];
        let path = |end: Option<&'a Certificate>| path(&reached, next, end);
        let mut ends = Vec::new();
        let mut has_issuer = certificate.is_self_signed();
        if options.roots().any(|root| root.der() == certificate.der()) {
            ends.push(path(None));
        }
        // Several roots may have one name: each is tried by its key.
        for root in options.roots().filter(|root| certificate.names_as_issuer(root)) {
            has_issuer = true;
            match refused(certificate, root, true, below) {
                None => ends.push(path(Some(root))),
                Some(why) => {
                    obstacles.push(text!("the root {subject} {why}", subject = format!("{:?}", root.subject()), why))
                }
            }
        }
        for certificates in ends {
            if let Some(why) = broken_limit(&certificates) {
                obstacles.push(why);
                continue;
            }
            let chain = weigh(certificates, lists, options);
            if best.as_ref().is_none_or(|best| chain.worth < best.worth) {
                best = Some(chain);
            }
        }
        left.retain(|other| {
            if !certificate.names_as_issuer(other) {
                return true;
            }
            has_issuer = true;
            match refused(certificate, other, false, below) {
                None => {
                    let below = below + usize::from(!other.is_self_issued());
                    reached.push(Reached { certificate: other, from: Some(next), below });
                }
                Some(why) => {
                    obstacles.push(text!(
                        "the intermediate certificate {subject} {why}",
                        subject = format!("{:?}", other.subject()),
                        why
                    ));
                    return true;
                }
            }
            false
        });
        if !has_issuer {
            missing = Some(certificate.issuer());
        }
        next += 1;
    }
    best.unwrap_or_else(|| {
        let issuer = reached.last().map_or_else(String::new, |last| last.certificate.issuer());
        obstacles.sort();
        obstacles.dedup();
        let what = match options.trust.roots.is_empty() {
            true => text!("no root certificate was given, so that nobody vouches for the signer").to_owned(),
            false if options.roots().next().is_none() => {
                text!("none of the roots given has the fingerprint that --root names").to_owned()
            }
            false if !obstacles.is_empty() => {
                text!("none of the roots given vouches for the signer: {}", obstacles.join("; "))
            }
            false => {
                text!("none of the roots given has issued it; its issuer is {issuer}", issuer = format!("{issuer:?}"))
            }
        };
        let missing = missing.filter(|_| obstacles.is_empty());
        Chain { certificates: vec![signer], worth: Worth::Untrusted, what, notes: Vec::new(), missing }
    })
}

fn path<'a>(reached: &[Reached<'a>], last: usize, end: Option<&'a Certificate>) -> Vec<&'a Certificate> {
    let mut certificates: Vec<&Certificate> = end.into_iter().collect();
    let mut at = Some(last);
    while let Some(index) = at {
        certificates.push(reached[index].certificate);
        at = reached[index].from;
    }
    certificates.reverse();
    certificates
}

/// Why `issuer`, which has the right name, is not the issuer of `certificate`, if so.
fn refused(certificate: &Certificate, issuer: &Certificate, is_root: bool, below: usize) -> Option<String> {
    if let Some(why) = issuer.unusable() {
        return Some(why);
    }
    if let Some(why) = certificate.not_verifiable() {
        return Some(text!(
            "has the issuer's name, but the certificate {subject} {why}",
            subject = format!("{:?}", certificate.subject()),
            why
        ));
    }
    if !certificate.is_signed_by(issuer) {
        return Some(text!("has the issuer's name and not its key").to_owned());
    }
    issuer.not_an_issuer(is_root, below)
}

/// What a chain that leads to a root is worth.
fn weigh<'a>(certificates: Vec<&'a Certificate>, lists: &Lists<'_>, options: &VerifyOptions) -> Chain<'a> {
    let (worth, what) =
        faults(&certificates, lists, options).into_iter().max_by_key(|(worth, _)| *worth).unwrap_or_default();
    let mut notes = Vec::new();
    for pair in certificates.windows(2).filter(|_| lists.are_given()) {
        if !lists.has_one_for(pair[0], pair[1]) {
            notes.push(text!("none of the revocation lists given is that of {}", format!("{:?}", pair[1].subject())));
        }
    }
    for certificate in &certificates {
        if let Some(bits) = certificate.rsa_bits().filter(|bits| *bits < SHORT_RSA) {
            notes.push(text!(
                "the RSA key of {subject} has {bits} bits, which is short today: --min-rsa {SHORT_RSA} refuses it",
                subject = format!("{:?}", certificate.subject()),
                bits,
                SHORT_RSA
            ));
        }
    }
    Chain { certificates, worth, what, notes, missing: None }
}

fn faults(certificates: &[&Certificate], lists: &Lists<'_>, options: &VerifyOptions) -> Vec<(Worth, String)> {
    let mut faults = Vec::new();
    for certificate in certificates {
        let subject = certificate.subject();
        if options.at > certificate.not_after() {
            let on = time::print(certificate.not_after());
            faults.push((
                Worth::Expired,
                text!("certificate expired on {on}: {subject}", on, subject = format!("{subject:?}")),
            ));
        }
        if options.at < certificate.not_before() {
            let on = time::print(certificate.not_before());
            faults.push((
                Worth::NotYetValid,
                text!("certificate not valid before {on}: {subject}", on, subject = format!("{subject:?}")),
            ));
        }
        if let Some(bits) = certificate.rsa_bits().filter(|bits| *bits < options.min_rsa) {
            let what = text!(
                "the RSA key of {subject} has {bits} bits, fewer than the {min_rsa} asked for",
                subject = format!("{subject:?}"),
                bits,
                min_rsa = options.min_rsa
            );
            faults.push((Worth::Weak, what));
        }
        // Wherever it stands: one that the user gave as a root, too.
        if lists.revoke(certificate) {
            faults.push((
                Worth::Revoked,
                text!("its issuer has revoked the certificate {subject}", subject = format!("{subject:?}")),
            ));
        }
    }
    // The root's own signature proves nothing: the user vouches for it.
    for pair in certificates.windows(2) {
        let subject = pair[0].subject();
        match pair[0].signed_with() {
            Some(digest) if digest >= DigestAlgorithm::Sha256 => {}
            Some(DigestAlgorithm::Sha1) if options.allow_sha1 => {}
            Some(DigestAlgorithm::Sha1) => {
                faults.push((
                    Worth::Weak,
                    text!(
                        "the certificate {subject} was signed with SHA-1, which --allow-sha1 allows",
                        subject = format!("{subject:?}")
                    ),
                ));
            }
            _ => faults.push((
                Worth::Weak,
                text!(
                    "the certificate {subject} was signed with {signed_with_name}, which never counts",
                    subject = format!("{subject:?}"),
                    signed_with_name = pair[0].signed_with_name()
                ),
            )),
        }
    }
    faults
}
