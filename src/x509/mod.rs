//! Certificates and revocation lists, as far as manifests need them (RFC 5280). Old ones are read, too: X.509 v1, MD5 and
//! SHA-1, serial numbers of any kind. What they count for is decided elsewhere.

mod crl;
mod key;
mod pem;

use std::time::SystemTime;

use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::asn1::BitString;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{self, Decode, Reader, SliceReader};
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};
use x509_cert::name::Name;
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::base::error::{Error, ErrorKind, Result};

pub(crate) use crl::Crl;
pub(crate) use key::PublicKey;
pub use key::{DigestAlgorithm, PrivateKey};
pub(crate) use pem::blocks;

/// A certificate that was read, and nothing of it judged.
#[derive(Debug, Clone)]
pub struct Certificate {
    der: Vec<u8>,
    signed: Signed,
    parsed: CertificateInner<Raw>,
    key: Option<PublicKey>,
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
    fn read(bytes: &[u8]) -> der::Result<Signed> {
        let mut reader = SliceReader::new(bytes)?;
        let signed = reader.sequence(|reader| {
            Ok::<_, der::Error>(Signed {
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
    "2.5.29.31", // distribution points of revocation lists
    "2.5.29.32", // policies
    "2.5.29.35", // authority key identifier
    "2.5.29.37", // extended key usage
];

impl Certificate {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(der: Vec<u8>) -> Result<Certificate> {
        let wrong = |error: der::Error| Error::new(ErrorKind::Certificate, format!("this is no certificate: {error}"));
        let parsed = CertificateInner::<Raw>::from_der(&der).map_err(wrong)?;
        let signed = Signed::read(&der).map_err(wrong)?;
        let key = PublicKey::read(parsed.tbs_certificate().subject_public_key_info());
        Ok(Certificate { der, signed, parsed, key })
    }

    /// The bytes.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whose it is.
    pub fn subject(&self) -> String {
        self.parsed.tbs_certificate().subject().to_string()
    }

    /// Who issued it.
    pub fn issuer(&self) -> String {
        self.parsed.tbs_certificate().issuer().to_string()
    }

    /// The serial number, in hex.
    pub fn serial(&self) -> String {
        crate::base::hex::hex(self.serial_bytes())
    }

    fn serial_bytes(&self) -> &[u8] {
        self.parsed.tbs_certificate().serial_number().as_bytes()
    }

    /// When it begins to be valid.
    pub fn not_before(&self) -> SystemTime {
        self.parsed.tbs_certificate().validity().not_before.to_system_time()
    }

    /// When it expires: the last second in which it is valid.
    pub fn not_after(&self) -> SystemTime {
        self.parsed.tbs_certificate().validity().not_after.to_system_time()
    }

    /// Kind and size of its key, for people.
    pub fn key_name(&self) -> String {
        self.key.as_ref().map_or_else(
            || {
                format!(
                    "a key of an unknown kind ({})",
                    self.parsed.tbs_certificate().subject_public_key_info().algorithm.oid
                )
            },
            PublicKey::name,
        )
    }

    /// The digest that its issuer signed it with; `None` for an algorithm that configcid does not know.
    pub fn signed_with(&self) -> Option<DigestAlgorithm> {
        DigestAlgorithm::of_certificate(&self.signed.algorithm)
    }

    /// What it was signed with, for people.
    pub fn signed_with_name(&self) -> String {
        self.signed_with().map_or_else(|| self.signed.algorithm.oid.to_string(), |digest| digest.name().to_owned())
    }

    pub(crate) fn key(&self) -> Option<&PublicKey> {
        self.key.as_ref()
    }

    /// Whether its issuer has the name of `other`.
    pub(crate) fn names_as_issuer(&self, other: &Certificate) -> bool {
        is_same_name(self.parsed.tbs_certificate().issuer(), other.parsed.tbs_certificate().subject())
    }

    /// Whether `issuer`'s key signed it. Names are not compared.
    pub(crate) fn is_signed_by(&self, issuer: &Certificate) -> bool {
        // Both places name the algorithm, and only one of them is signed.
        *self.parsed.tbs_certificate().signature() == self.signed.algorithm
            && issuer.key.as_ref().is_some_and(|key| self.signed.is_signed_by(key))
    }

    /// Why it must not stand in a chain at all, if so.
    pub(crate) fn unusable(&self) -> Option<String> {
        let extensions = self.parsed.tbs_certificate().extensions().map_or(&[][..], Vec::as_slice);
        let is_understood =
            |oid: ObjectIdentifier| UNDERSTOOD.iter().any(|known| ObjectIdentifier::new(known) == Ok(oid));
        if let Some(unknown) =
            extensions.iter().find(|extension| extension.critical && !is_understood(extension.extn_id))
        {
            return Some(format!(
                "has the critical extension {}, which configcid does not understand",
                unknown.extn_id
            ));
        }
        self.key.is_none().then(|| format!("has {}", self.key_name()))
    }

    /// Why it may not issue certificates, if so. `below` is the number of issuers between it and the signer. What the
    /// user gives as a root may be old and lack what says so; an intermediate one may not.
    pub(crate) fn not_an_issuer(&self, is_root: bool, below: usize) -> Option<&'static str> {
        let tbs = self.parsed.tbs_certificate();
        match tbs.get_extension::<BasicConstraints>() {
            Ok(Some((_, constraints))) if !constraints.ca => return Some("is marked as no certification authority"),
            Ok(Some((_, constraints))) if constraints.path_len_constraint.is_some_and(|most| below > most.into()) => {
                return Some("has more issuers below it than it allows");
            }
            Ok(Some(_)) => {}
            Ok(None) if is_root => {}
            Ok(None) => return Some("is not marked as a certification authority"),
            Err(_) => return Some("has basic constraints that cannot be read"),
        }
        match tbs.get_extension::<KeyUsage>() {
            Ok(None) => None,
            Ok(Some((_, usage))) => {
                (!usage.key_cert_sign()).then_some("has a key that is not for signing certificates")
            }
            Err(_) => Some("has a key usage that cannot be read"),
        }
    }

    /// Why it may not sign a manifest, if so.
    pub(crate) fn not_a_signer(&self) -> Option<&'static str> {
        match self.parsed.tbs_certificate().get_extension::<KeyUsage>() {
            Ok(None) => None,
            Ok(Some((_, usage))) => {
                let may = usage.digital_signature() || usage.non_repudiation();
                (!may).then_some("has a key that is not for signatures")
            }
            Err(_) => Some("has a key usage that cannot be read"),
        }
    }
}

/// Whether two names are one: case, runs of blanks and the kind of string do not count, as old certificates differ in them
/// (RFC 5280, section 7.1). The key decides all the same.
fn is_same_name(a: &Name, b: &Name) -> bool {
    let folded = |name: &Name| {
        name.to_string().to_lowercase().split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ")
    };
    a == b || folded(a) == folded(b)
}
