//! Certificates and revocation lists, as far as manifests need them (RFC 5280). Old ones are read, too: X.509 v1, MD5 and
//! SHA-1, serial numbers of any kind. What they count for is decided elsewhere.

mod crl;
mod fingerprint;
mod key;
mod limits;
mod pem;
mod time;

use std::time::{Duration, SystemTime};

use x509_cert::der::asn1::{BitString, Int};
use x509_cert::der::oid::{AssociatedOid, ObjectIdentifier};
use x509_cert::der::{self, Decode, Reader, SliceReader, TagMode, TagNumber};
use x509_cert::ext::Extensions;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};
use x509_cert::name::Name;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use crate::base::error::{Error, ErrorKind, Result};

pub(crate) use crl::Crl;
pub use fingerprint::Fingerprint;
pub(crate) use key::PublicKey;
pub use key::{DigestAlgorithm, PrivateKey};
pub(crate) use limits::broken_limit;
pub(crate) use pem::blocks;

/// How long before its end a certificate is worth a warning: our choice.
pub(crate) const ENDS_SOON: Duration = Duration::from_secs(90 * 86_400);

/// All certificates of a file, in PEM or one in DER, in their order.
///
/// # Errors
/// One of them cannot be read.
pub(crate) fn certificates(bytes: &[u8]) -> Result<Vec<Certificate>> {
    const LABEL: &str = "CERTIFICATE";
    let blocks = blocks(bytes, LABEL)?.into_iter().filter(|block| block.label == LABEL);
    blocks.map(|block| Certificate::parse(block.der)).collect()
}

/// A certificate that was read, and nothing of it judged.
#[derive(Debug, Clone)]
pub struct Certificate {
    der: Vec<u8>,
    signed: Signed,
    content: Content,
    key: Option<PublicKey>,
}

/// What stands in the signed part of a certificate. It is read piece by piece, since no kept reader takes dates of before
/// 1970.
#[derive(Debug, Clone)]
struct Content {
    serial: Vec<u8>,
    algorithm: AlgorithmIdentifierOwned,
    issuer: Name,
    not_before: SystemTime,
    not_after: SystemTime,
    subject: Name,
    key_info: SubjectPublicKeyInfoOwned,
    extensions: Extensions,
}

impl Content {
    fn read(bytes: &[u8]) -> der::Result<Self> {
        let mut reader = SliceReader::new(bytes)?;
        let content = reader.sequence(|reader| {
            // Version 1 does not name itself.
            reader.context_specific::<u8>(TagNumber(0), TagMode::Explicit)?;
            let serial = reader.decode::<Int>()?.as_bytes().to_vec();
            let algorithm = reader.decode()?;
            let issuer = reader.decode()?;
            let (not_before, not_after) =
                reader.sequence(|reader| Ok::<_, der::Error>((time::read(reader)?, time::read(reader)?)))?;
            let subject = reader.decode()?;
            let key_info = reader.decode()?;
            // Unique identifiers, of version 2, which nobody uses.
            reader.context_specific::<BitString>(TagNumber(1), TagMode::Implicit)?;
            reader.context_specific::<BitString>(TagNumber(2), TagMode::Implicit)?;
            let extensions =
                reader.context_specific::<Extensions>(TagNumber(3), TagMode::Explicit)?.unwrap_or_default();
            Ok::<_, der::Error>(Self {
                serial,
                algorithm,
                issuer,
                not_before,
                not_after,
                subject,
                key_info,
                extensions,
            })
        })?;
        reader.finish()?;
        Ok(content)
    }

    /// An extension of this kind. The same one twice is none that anybody could rely on.
    fn extension<T: for<'a> Decode<'a, Error = der::Error> + AssociatedOid>(&self) -> der::Result<Option<T>> {
        self.extension_of(T::OID)
    }

    fn extension_of<T: for<'a> Decode<'a, Error = der::Error>>(&self, oid: ObjectIdentifier) -> der::Result<Option<T>> {
        let mut found = self.extensions.iter().filter(|extension| extension.extn_id == oid);
        match (found.next(), found.next()) {
            (None, _) => Ok(None),
            (Some(extension), None) => T::from_der(extension.extn_value.as_bytes()).map(Some),
            (Some(_), Some(_)) => Err(der::ErrorKind::Failed.into()),
        }
    }
}

/// What certificates and revocation lists have in common: something, and the issuer's signature of it.
#[derive(Debug, Clone)]
struct Signed {
    content: Vec<u8>,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

impl Signed {
    /// Takes the bytes that were signed as they stand there: what is printed again might differ.
    fn read(bytes: &[u8]) -> der::Result<Self> {
        let mut reader = SliceReader::new(bytes)?;
        let signed = reader.sequence(|reader| {
            Ok::<_, der::Error>(Self {
                content: reader.tlv_bytes()?.to_vec(),
                algorithm: reader.decode()?,
                signature: reader.decode()?,
            })
        })?;
        reader.finish()?;
        Ok(signed)
    }

    fn is_signed_by(&self, key: &PublicKey) -> bool {
        DigestAlgorithm::of_certificate(&self.algorithm)
            .zip(self.signature.as_bytes())
            .is_some_and(|(digest, signature)| key.verifies(digest, &self.content, signature))
    }
}

/// The extensions that are understood, or whose meaning does not matter here (RFC 5280, section 4.2): any other that is
/// marked critical makes a certificate useless.
const UNDERSTOOD: &[&str] = &[
    "2.5.29.14", // subject key identifier
    "2.5.29.15", // key usage
    "2.5.29.16", // private key usage period
    "2.5.29.17", // subject alternative name
    "2.5.29.18", // issuer alternative name
    "2.5.29.19", // basic constraints
    "2.5.29.30", // name constraints
    "2.5.29.31", // distribution points of revocation lists
    "2.5.29.32", // policies
    "2.5.29.35", // authority key identifier
    "2.5.29.36", // policy constraints
    "2.5.29.37", // extended key usage
    "2.5.29.54", // inhibit any policy
];

impl Certificate {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(der: Vec<u8>) -> Result<Self> {
        let wrong =
            |error: der::Error| Error::new(ErrorKind::Certificate, text!("this is no certificate: {error}", error));
        let signed = Signed::read(&der).map_err(wrong)?;
        let content = Content::read(&signed.content).map_err(wrong)?;
        let key = PublicKey::read(&content.key_info);
        Ok(Self { der, signed, content, key })
    }

    /// The bytes.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whose it is.
    pub fn subject(&self) -> String {
        self.content.subject.to_string()
    }

    /// Who issued it.
    pub fn issuer(&self) -> String {
        self.content.issuer.to_string()
    }

    /// The serial number, in hex.
    pub fn serial(&self) -> String {
        crate::base::hex::hex(self.serial_bytes())
    }

    fn serial_bytes(&self) -> &[u8] {
        &self.content.serial
    }

    /// When it begins to be valid.
    pub fn not_before(&self) -> SystemTime {
        self.content.not_before
    }

    /// When it expires: the last second in which it is valid.
    pub fn not_after(&self) -> SystemTime {
        self.content.not_after
    }

    /// Kind and size of its key, for people.
    pub fn key_name(&self) -> String {
        self.key.as_ref().map_or_else(|| key::name_of_unusable(&self.content.key_info), PublicKey::name)
    }

    /// The size of its key in bits, where it is RSA.
    pub(crate) fn rsa_bits(&self) -> Option<u32> {
        key::rsa_bits(&self.content.key_info)
    }

    /// The SHA-256 of the whole certificate, which tells it from every other.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.der)
    }

    /// The digest that its issuer signed it with; `None` for an algorithm that configcid does not know.
    pub fn signed_with(&self) -> Option<DigestAlgorithm> {
        DigestAlgorithm::of_certificate(&self.signed.algorithm)
    }

    /// What it was signed with, for people.
    pub fn signed_with_name(&self) -> String {
        self.signed_with()
            .map_or_else(|| key::algorithm_name(&self.signed.algorithm), |digest| digest.name().to_owned())
    }

    pub(crate) fn key(&self) -> Option<&PublicKey> {
        self.key.as_ref()
    }

    /// Whether its issuer has the name of `other`.
    pub(crate) fn names_as_issuer(&self, other: &Self) -> bool {
        is_same_name(&self.content.issuer, &other.content.subject)
    }

    /// Whether issuer and subject are one by name: a root, or the old key's word for the new one (RFC 5280, section 6.1).
    pub(crate) fn is_self_issued(&self) -> bool {
        self.names_as_issuer(self)
    }

    /// Whether it is signed with its own key.
    pub(crate) fn is_self_signed(&self) -> bool {
        self.is_self_issued() && self.is_signed_by(self)
    }

    /// Whether `issuer`'s key signed it. Names are not compared.
    pub(crate) fn is_signed_by(&self, issuer: &Self) -> bool {
        // Both places name the algorithm, and only one of them is signed.
        self.content.algorithm == self.signed.algorithm
            && issuer.key.as_ref().is_some_and(|key| self.signed.is_signed_by(key))
    }

    /// Why nobody can tell whether any issuer signed it, if so.
    pub(crate) fn not_verifiable(&self) -> Option<String> {
        match self.signed_with() {
            None => Some(text!("was signed with {}, which configcid does not verify", self.signed_with_name())),
            Some(_) if self.content.algorithm != self.signed.algorithm => {
                Some(text!("names two algorithms of its signature").to_owned())
            }
            Some(_) => None,
        }
    }

    /// Why it must not stand in a chain at all, if so.
    pub(crate) fn unusable(&self) -> Option<String> {
        let is_understood =
            |oid: ObjectIdentifier| UNDERSTOOD.iter().any(|known| ObjectIdentifier::new(known) == Ok(oid));
        if let Some(unknown) =
            self.content.extensions.iter().find(|extension| extension.critical && !is_understood(extension.extn_id))
        {
            return Some(text!("has the critical extension {}", limits::extension_name(unknown.extn_id)));
        }
        self.key.is_none().then(|| text!("has {}", self.key_name()))
    }

    /// Why it may not issue certificates, if so. `below` is the number of issuers between it and the signer, but for those
    /// that issued themselves. What the user gives as a root may be old and lack what says so; an intermediate one may not.
    pub(crate) fn not_an_issuer(&self, is_root: bool, below: usize) -> Option<String> {
        match self.content.extension::<BasicConstraints>() {
            Ok(Some(constraints)) if !constraints.ca => {
                return Some(text!("is marked as no certification authority").to_owned());
            }
            Ok(Some(constraints)) if constraints.path_len_constraint.is_some_and(|most| below > most.into()) => {
                return Some(text!("has more issuers below it than it allows").to_owned());
            }
            Ok(Some(_)) => {}
            Ok(None) if is_root => {}
            Ok(None) => return Some(text!("is not marked as a certification authority").to_owned()),
            Err(_) => return Some(text!("has basic constraints that cannot be read").to_owned()),
        }
        match self.content.extension::<KeyUsage>() {
            Ok(Some(usage)) if !usage.key_cert_sign() => {
                Some(text!("has a key that is not for signing certificates").to_owned())
            }
            Ok(_) => limits::other_purposes(&self.content),
            Err(_) => Some(text!("has a key usage that cannot be read").to_owned()),
        }
    }

    /// Whether its key may sign revocation lists.
    fn may_sign_lists(&self) -> bool {
        matches!(self.content.extension::<KeyUsage>(), Ok(usage) if usage.is_none_or(|usage| usage.crl_sign()))
    }

    /// Why it may not sign a manifest, if so.
    pub(crate) fn not_a_signer(&self) -> Option<String> {
        match self.content.extension::<KeyUsage>() {
            Ok(Some(usage)) if !(usage.digital_signature() || usage.non_repudiation()) => {
                Some(text!("has a key that is not for signatures").to_owned())
            }
            Ok(_) => limits::other_purposes(&self.content),
            Err(_) => Some(text!("has a key usage that cannot be read").to_owned()),
        }
    }
}

/// Whether two names are one: case, runs of blanks and the kind of string do not count, as old certificates differ in them
/// (RFC 5280, section 7.1). The key decides all the same.
fn is_same_name(a: &Name, b: &Name) -> bool {
    a == b || folded(a) == folded(b)
}

/// A name, or a part of one, to compare.
fn folded(name: &impl ToString) -> String {
    name.to_string().to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}
