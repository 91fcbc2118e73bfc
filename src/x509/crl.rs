//! Revocation lists, of version 1 as well.

use std::collections::HashSet;
use std::time::SystemTime;

use x509_cert::der::asn1::Int;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{self, Decode, Encode, Reader, SliceReader, Tag, TagMode, TagNumber};
use x509_cert::ext::Extensions;
use x509_cert::ext::pkix::crl::CrlDistributionPoints;
use x509_cert::ext::pkix::crl::dp::IssuingDistributionPoint;
use x509_cert::ext::pkix::name::DistributionPointName;
use x509_cert::name::Name;
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::{Certificate, Signed, is_same_name, time};
use crate::base::error::{Error, ErrorKind, Result};

const ISSUING_DISTRIBUTION_POINT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.28");

/// A revocation list.
#[derive(Debug, Clone)]
pub(crate) struct Crl {
    signed: Signed,
    issuer: Name,
    next_update: Option<SystemTime>,
    /// Serial numbers.
    revoked: HashSet<Vec<u8>>,
    /// The places of which it is the list, each in DER; none where it is that of all certificates.
    points: Vec<Vec<u8>>,
}

/// What stands in the signed part.
struct Content {
    issuer: Name,
    next_update: Option<SystemTime>,
    revoked: HashSet<Vec<u8>>,
    points: Vec<Vec<u8>>,
    /// A critical extension makes it another kind of list: of changes alone, or of other issuers' certificates.
    special: bool,
}

impl Crl {
    /// Reads a list in DER.
    pub(crate) fn parse(der: &[u8]) -> Result<Self> {
        let wrong =
            |error: der::Error| Error::new(ErrorKind::Certificate, text!("this is no revocation list: {error}", error));
        let signed = Signed::read(der).map_err(wrong)?;
        let content = read(&signed.content).map_err(wrong)?;
        if content.special {
            return Err(Error::new(
                ErrorKind::Certificate,
                "this revocation list holds changes alone, a part of the certificates, or those of other issuers",
            )
            .next("give the whole list of the issuer"));
        }
        let Content { issuer, next_update, revoked, points, .. } = content;
        Ok(Self { signed, issuer, next_update, revoked, points })
    }

    /// Whose it is.
    pub(crate) fn issuer(&self) -> String {
        self.issuer.to_string()
    }

    /// Whether it is the list of an issuer of this name.
    pub(crate) fn names_as_issuer(&self, issuer: &Certificate) -> bool {
        is_same_name(&self.issuer, &issuer.content.subject)
    }

    /// Whether it is the list of this issuer: its name and its key, which may sign lists.
    pub(crate) fn is_of(&self, issuer: &Certificate) -> bool {
        self.names_as_issuer(issuer)
            && issuer.may_sign_lists()
            && issuer.key().is_some_and(|key| self.signed.is_signed_by(key))
    }

    /// Whether a certificate of its issuer would be on it: one that is for a place is for the certificates that name it.
    pub(crate) fn covers(&self, certificate: &Certificate) -> bool {
        let own = certificate.content.extension::<CrlDistributionPoints>().ok().flatten();
        let own = own.into_iter().flat_map(|points| points.0).filter_map(|point| point.distribution_point);
        self.points.is_empty() || own.flat_map(names).any(|name| self.points.contains(&name))
    }

    /// Whether it names this certificate of its issuer.
    pub(crate) fn revokes(&self, certificate: &Certificate) -> bool {
        self.revoked.contains(certificate.serial_bytes())
    }

    /// Since when there should be a newer list, if there should at `moment`.
    pub(crate) fn outdated(&self, moment: SystemTime) -> Option<SystemTime> {
        self.next_update.filter(|next| *next < moment)
    }
}

fn read(bytes: &[u8]) -> der::Result<Content> {
    let mut reader = SliceReader::new(bytes)?;
    let content = reader.sequence(|reader| {
        let is =
            |reader: &mut SliceReader<'_>, tag: Tag| !reader.is_finished() && Tag::peek(reader).is_ok_and(|t| t == tag);
        // Version 1 does not name itself.
        if is(reader, Tag::Integer) {
            reader.decode::<u8>()?;
        }
        reader.decode::<AlgorithmIdentifierOwned>()?;
        let issuer = reader.decode::<Name>()?;
        time::read(reader)?;
        let has_next = is(reader, Tag::UtcTime) || is(reader, Tag::GeneralizedTime);
        let next_update = if has_next { Some(time::read(reader)?) } else { None };
        let mut revoked = HashSet::new();
        if is(reader, Tag::Sequence) {
            reader.sequence(|list| {
                while !list.is_finished() {
                    list.sequence(|entry| {
                        revoked.insert(entry.decode::<Int>()?.as_bytes().to_vec());
                        time::read(entry)?;
                        if !entry.is_finished() {
                            entry.decode::<Extensions>()?;
                        }
                        Ok::<_, der::Error>(())
                    })?;
                }
                Ok::<_, der::Error>(())
            })?;
        }
        let extensions = reader.context_specific::<Extensions>(TagNumber(0), TagMode::Explicit)?;
        let mut points = Vec::new();
        let mut special = false;
        for extension in extensions.iter().flatten().filter(|extension| extension.critical) {
            match whole_of(extension.extn_id, extension.extn_value.as_bytes()) {
                Some(of) => points.extend(of),
                None => special = true,
            }
        }
        Ok::<_, der::Error>(Content { issuer, next_update, revoked, points, special })
    })?;
    reader.finish()?;
    Ok(content)
}

/// The places of which a list is the whole one, by a critical extension; `None` where it is not a whole list.
fn whole_of(oid: ObjectIdentifier, value: &[u8]) -> Option<Vec<Vec<u8>>> {
    let point = IssuingDistributionPoint::from_der(value).ok().filter(|_| oid == ISSUING_DISTRIBUTION_POINT)?;
    let is_part = point.only_contains_user_certs
        || point.only_contains_ca_certs
        || point.only_some_reasons.is_some()
        || point.indirect_crl
        || point.only_contains_attribute_certs;
    let points: Vec<Vec<u8>> = point.distribution_point.into_iter().flat_map(names).collect();
    (!is_part && !points.is_empty()).then_some(points)
}

/// The full names of a place, each in DER.
fn names(point: DistributionPointName) -> Vec<Vec<u8>> {
    match point {
        DistributionPointName::FullName(names) => names.iter().filter_map(|name| name.to_der().ok()).collect(),
        DistributionPointName::NameRelativeToCRLIssuer(_) => Vec::new(),
    }
}
