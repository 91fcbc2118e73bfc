//! From a signer's certificate to a root that the user gave.
//!
//! Each certificate is looked at once, so that a file full of certificates that sign each other costs no more than their
//! number. What the user gave as a root vouches, whatever its own signature is worth: it need not even be self-signed.

use std::time::SystemTime;

use super::trust::{Revocation, Trust, VerifyOptions};
use crate::base::time;
use crate::x509::{Certificate, DigestAlgorithm};

/// The longest chain, from the signer to the root.
const MAX_LENGTH: usize = 8;

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
    /// A certificate in it was signed with a digest that does not count.
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
}

/// A certificate that was reached, and from which one.
struct Reached<'a> {
    certificate: &'a Certificate,
    from: Option<usize>,
    /// How many issuers are between it and the signer.
    below: usize,
}

/// The best chain from `signer` to a root.
pub(super) fn build<'a>(signer: &'a Certificate, others: &'a [Certificate], options: &'a VerifyOptions) -> Chain<'a> {
    let mut reached = vec![Reached { certificate: signer, from: None, below: 0 }];
    let mut left: Vec<&Certificate> = others.iter().collect();
    let mut best: Option<Chain<'a>> = None;
    let mut obstacles = Vec::new();
    let mut next = 0;
    while next < reached.len() {
        let Reached { certificate, below: own, .. } = reached[next];
        let below = if next == 0 { 0 } else { own + 1 };
        let path = |end: Option<&'a Certificate>| path(&reached, next, end);
        let mut ends = Vec::new();
        if options.trust.roots.iter().any(|root| root.der() == certificate.der()) {
            ends.push(path(None));
        }
        // Several roots may have one name: each is tried by its key.
        for root in options.trust.roots.iter().filter(|root| certificate.names_as_issuer(root)) {
            match refused(certificate, root, true, below) {
                None => ends.push(path(Some(root))),
                Some(why) => obstacles.push(format!("the root {:?} {why}", root.subject())),
            }
        }
        for certificates in ends {
            let chain = weigh(certificates, options);
            if best.as_ref().is_none_or(|best| chain.worth < best.worth) {
                best = Some(chain);
            }
        }
        if below + 2 < MAX_LENGTH {
            left.retain(|other| {
                if !certificate.names_as_issuer(other) {
                    return true;
                }
                match refused(certificate, other, false, below) {
                    None => reached.push(Reached { certificate: other, from: Some(next), below }),
                    Some(why) => {
                        obstacles.push(format!("the intermediate certificate {:?} {why}", other.subject()));
                        return true;
                    }
                }
                false
            });
        }
        next += 1;
    }
    best.unwrap_or_else(|| {
        let issuer = reached.last().map_or_else(String::new, |last| last.certificate.issuer());
        obstacles.dedup();
        let what = match options.trust.roots.is_empty() {
            true => "no root certificate was given, so that nobody vouches for the signer".to_owned(),
            false if obstacles.is_empty() => format!("none of the roots given has issued it; its issuer is {issuer:?}"),
            false => format!("none of the roots given vouches for the signer: {}", obstacles.join("; ")),
        };
        Chain { certificates: vec![signer], worth: Worth::Untrusted, what, notes: Vec::new() }
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
    if !certificate.is_signed_by(issuer) {
        return Some("has the issuer's name and not its key".to_owned());
    }
    issuer.not_an_issuer(is_root, below).map(str::to_owned)
}

/// What a chain that leads to a root is worth.
fn weigh<'a>(certificates: Vec<&'a Certificate>, options: &VerifyOptions) -> Chain<'a> {
    let (worth, what) = faults(&certificates, options).into_iter().max_by_key(|(worth, _)| *worth).unwrap_or_default();
    let mut notes = Vec::new();
    for issuer in certificates.windows(2).filter(|_| !options.trust.crls.is_empty()) {
        let subject = issuer[1].subject();
        match options.trust.revocation(issuer[0], issuer[1], options.at) {
            Revocation::NoList => notes.push(format!("none of the revocation lists given is that of {subject:?}")),
            Revocation::Outdated(since) => notes.push(format!(
                "the revocation list of {subject:?} should have been followed by a newer one on {}",
                time::print(since)
            )),
            Revocation::NotRevoked | Revocation::Revoked => {}
        }
    }
    Chain { certificates, worth, what, notes }
}

fn faults(certificates: &[&Certificate], options: &VerifyOptions) -> Vec<(Worth, String)> {
    let mut faults = Vec::new();
    for certificate in certificates {
        let subject = certificate.subject();
        if options.at > certificate.not_after() {
            let on = time::print(certificate.not_after());
            faults.push((Worth::Expired, format!("certificate expired on {on}: {subject:?}")));
        }
        if options.at < certificate.not_before() {
            let on = time::print(certificate.not_before());
            faults.push((Worth::NotYetValid, format!("certificate not valid before {on}: {subject:?}")));
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
                    format!("the certificate {subject:?} was signed with SHA-1, which --allow-sha1 allows"),
                ));
            }
            _ => faults.push((
                Worth::Weak,
                format!(
                    "the certificate {subject:?} was signed with {}, which never counts",
                    pair[0].signed_with_name()
                ),
            )),
        }
        if options.trust.revocation(pair[0], pair[1], options.at) == Revocation::Revoked {
            faults.push((Worth::Revoked, format!("its issuer has revoked the certificate {subject:?}")));
        }
    }
    faults
}

impl Trust {
    fn revocation(&self, certificate: &Certificate, issuer: &Certificate, at: SystemTime) -> Revocation {
        let mut lists = self.crls.iter().filter(|list| list.is_of(issuer)).peekable();
        if lists.peek().is_none() {
            return Revocation::NoList;
        }
        let (mut newest, mut is_current) = (None, false);
        for list in lists {
            if list.revokes(certificate) {
                return Revocation::Revoked;
            }
            match list.outdated(at) {
                None => is_current = true,
                Some(since) => newest = newest.max(Some(since)),
            }
        }
        newest.filter(|_| !is_current).map_or(Revocation::NotRevoked, Revocation::Outdated)
    }
}
