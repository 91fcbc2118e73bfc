//! The revocation lists that the user gave, each with its issuer's certificate.

use std::time::SystemTime;

use crate::base::time;
use crate::x509::{Certificate, Crl};

/// Revocation lists. They only take trust away: what one names is revoked whenever it is looked at, since a signature has
/// no time that could be believed.
pub(super) struct Lists<'a>(Vec<(&'a Crl, Option<&'a Certificate>)>);

impl<'a> Lists<'a> {
    /// Each with the certificate that has its issuer's name, and the key that signed it.
    pub(super) fn of(lists: &'a [Crl], known: &[&'a Certificate]) -> Self {
        let issuer = |list: &Crl| known.iter().copied().find(|certificate| list.is_of(certificate));
        Lists(lists.iter().map(|list| (list, issuer(list))).collect())
    }

    pub(super) fn are_given(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether one of them names this certificate, and is that of whoever issued it.
    pub(super) fn revoke(&self, certificate: &Certificate) -> bool {
        self.0.iter().any(|(list, issuer)| {
            list.revokes(certificate)
                && issuer.is_some_and(|issuer| certificate.names_as_issuer(issuer) && certificate.is_signed_by(issuer))
        })
    }

    /// Whether one of them would name this certificate of this issuer.
    pub(super) fn has_one_for(&self, certificate: &Certificate, issuer: &Certificate) -> bool {
        self.0.iter().any(|(list, _)| list.is_of(issuer) && list.covers(certificate))
    }

    /// Why lists cannot be used, each a sentence: the user has given them to be heeded.
    pub(super) fn unusable(&self, known: &[&Certificate], at: SystemTime) -> Vec<String> {
        self.0.iter().filter_map(|(list, issuer)| self.why_unusable(list, *issuer, known, at)).collect()
    }

    fn why_unusable(
        &self,
        list: &Crl,
        issuer: Option<&Certificate>,
        known: &[&Certificate],
        at: SystemTime,
    ) -> Option<String> {
        let name = list.issuer();
        let Some(issuer) = issuer else {
            return Some(match known.iter().any(|certificate| list.names_as_issuer(certificate)) {
                true => text!(
                    "the revocation list of {name} is signed by no key of this name that is known and may sign lists",
                    name = format!("{name:?}")
                ),
                false => text!(
                    "the revocation list of {name} cannot be checked: the certificate of its issuer is not known; give it in \
                     one file with its root",
                    name = format!("{name:?}")
                ),
            });
        };
        let is_current = |list: &Crl| list.is_of(issuer) && list.outdated(at).is_none();
        let since = list.outdated(at).filter(|_| !self.0.iter().any(|(other, _)| is_current(other)))?;
        Some(text!(
            "the revocation list of {name} should have been followed by a newer one on {since}",
            name = format!("{name:?}"),
            since = time::print(since)
        ))
    }
}
