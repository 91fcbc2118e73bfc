//! Public keys, private keys and digests: which there are, and what a signature by one is.

use md5::Md5;
use p256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs8::{DecodePrivateKey, DecodePublicKey};
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, RsaPrivateKey, RsaPublicKey};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};
use x509_cert::der::asn1::UintRef;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode, Encode};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use super::pem;
use crate::base::error::{Error, ErrorKind, Result};

/// A digest that signatures are made with, the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DigestAlgorithm {
    /// MD5, broken: it never counts for a signature.
    Md5,
    /// SHA-1, broken: it counts only where the user allows it.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// Signature algorithms of X.509 (RFC 3279, RFC 4055, RFC 5758, and one that old certificates of others have).
const ALGORITHMS: &[(&str, DigestAlgorithm, bool)] = &[
    ("1.2.840.113549.1.1.4", DigestAlgorithm::Md5, true),
    ("1.2.840.113549.1.1.5", DigestAlgorithm::Sha1, true),
    ("1.3.14.3.2.29", DigestAlgorithm::Sha1, true),
    ("1.2.840.113549.1.1.11", DigestAlgorithm::Sha256, true),
    ("1.2.840.113549.1.1.12", DigestAlgorithm::Sha384, true),
    ("1.2.840.113549.1.1.13", DigestAlgorithm::Sha512, true),
    ("1.2.840.10045.4.1", DigestAlgorithm::Sha1, false),
    ("1.2.840.10045.4.3.2", DigestAlgorithm::Sha256, false),
    ("1.2.840.10045.4.3.3", DigestAlgorithm::Sha384, false),
    ("1.2.840.10045.4.3.4", DigestAlgorithm::Sha512, false),
];

impl DigestAlgorithm {
    /// The name, as `#sig` lines have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// The digest of this name.
    pub fn named(name: &str) -> Option<Self> {
        use DigestAlgorithm::{Md5, Sha1, Sha256, Sha384, Sha512};
        [Md5, Sha1, Sha256, Sha384, Sha512].into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// The digest of a certificate's own signature.
    pub(crate) fn of_certificate(algorithm: &AlgorithmIdentifierOwned) -> Option<Self> {
        let known = |&&(oid, ..): &&(&str, Self, bool)| ObjectIdentifier::new(oid) == Ok(algorithm.oid);
        ALGORITHMS.iter().find(known).map(|&(_, digest, _)| digest)
    }

    fn of(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Md5 => Md5::digest(bytes).to_vec(),
            Self::Sha1 => Sha1::digest(bytes).to_vec(),
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha384 => Sha384::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }

    fn padding(self) -> Pkcs1v15Sign {
        match self {
            Self::Md5 => Pkcs1v15Sign::new::<Md5>(),
            Self::Sha1 => Pkcs1v15Sign::new::<Sha1>(),
            Self::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
            Self::Sha384 => Pkcs1v15Sign::new::<Sha384>(),
            Self::Sha512 => Pkcs1v15Sign::new::<Sha512>(),
        }
    }

    /// The digest for ECDSA on a curve of this many bytes: a short one is a number with zeros before it.
    fn for_curve(self, bytes: &[u8], size: usize) -> Vec<u8> {
        let digest = self.of(bytes);
        [vec![0; size.saturating_sub(digest.len())], digest].concat()
    }
}

/// A public key of a kind that signatures in manifests and certificates have.
#[derive(Debug, Clone)]
pub(crate) enum PublicKey {
    Rsa(Box<RsaPublicKey>),
    P256(Box<p256::ecdsa::VerifyingKey>),
    P384(Box<p384::ecdsa::VerifyingKey>),
    P521(Box<p521::ecdsa::VerifyingKey>),
}

impl PublicKey {
    /// `None` for a key of another kind, or one that is smaller or larger than any that is used: RSA has 1024 to 8192
    /// bits.
    pub(crate) fn read(info: &SubjectPublicKeyInfoOwned) -> Option<Self> {
        let der = info.to_der().ok()?;
        if let Ok(key) = RsaPublicKey::from_public_key_der(&der) {
            return Some(Self::Rsa(Box::new(key)));
        }
        if let Ok(key) = p256::ecdsa::VerifyingKey::from_public_key_der(&der) {
            return Some(Self::P256(Box::new(key)));
        }
        if let Ok(key) = p384::ecdsa::VerifyingKey::from_public_key_der(&der) {
            return Some(Self::P384(Box::new(key)));
        }
        p521::ecdsa::VerifyingKey::from_public_key_der(&der).ok().map(|key| Self::P521(Box::new(key)))
    }

    /// Its kind and size, for people.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Rsa(key) => format!("RSA {}", key.n().bits_vartime()),
            Self::P256(_) => "ECDSA P-256".to_owned(),
            Self::P384(_) => "ECDSA P-384".to_owned(),
            Self::P521(_) => "ECDSA P-521".to_owned(),
        }
    }

    /// Whether `signature` is this key's over `bytes`. RSA is PKCS#1 v1.5.
    pub(crate) fn verifies(&self, digest: DigestAlgorithm, bytes: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rsa(key) => key.verify(digest.padding(), &digest.of(bytes), signature).is_ok(),
            Self::P256(key) => p256::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify_prehash(&digest.for_curve(bytes, 32), &signature).is_ok()),
            Self::P384(key) => p384::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify_prehash(&digest.for_curve(bytes, 48), &signature).is_ok()),
            Self::P521(key) => p521::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify_prehash(&digest.for_curve(bytes, 66), &signature).is_ok()),
        }
    }
}

/// The size of an RSA key in bits, whatever it is.
pub(super) fn rsa_bits(info: &SubjectPublicKeyInfoOwned) -> Option<u32> {
    if ObjectIdentifier::new(RSA) != Ok(info.algorithm.oid) {
        return None;
    }
    let key = rsa::pkcs1::RsaPublicKey::<UintRef<'_>>::from_der(info.subject_public_key.as_bytes()?).ok()?;
    let modulus = key.modulus.as_bytes();
    Some(modulus.len() as u32 * 8 - modulus.first()?.leading_zeros())
}

const RSA: &str = "1.2.840.113549.1.1.1";
const EC: &str = "1.2.840.10045.2.1";

/// A key that cannot be used, for people.
pub(super) fn name_of_unusable(info: &SubjectPublicKeyInfoOwned) -> String {
    let oid = info.algorithm.oid;
    match rsa_bits(info) {
        Some(bits) if bits < 1024 => text!("a key of RSA {bits}, which is too short: at least 1024 bits count", bits),
        Some(bits) if bits > 8192 => text!("a key of RSA {bits}, which is longer than 8192 bits", bits),
        Some(bits) => text!("a key of RSA {bits} that makes no sense", bits),
        None if oid.to_string() == EC => {
            text!("an elliptic key on another curve than P-256, P-384 and P-521, or a damaged one").to_owned()
        }
        None => text!("a key of an unknown kind ({oid})", oid),
    }
}

/// An algorithm of signatures that is not verified, for people.
pub(super) fn algorithm_name(algorithm: &AlgorithmIdentifierOwned) -> String {
    let oid = algorithm.oid.to_string();
    match oid.as_str() {
        "1.2.840.113549.1.1.2" => "MD2".to_owned(),
        "1.2.840.113549.1.1.10" => "RSASSA-PSS".to_owned(),
        "1.3.101.112" => "Ed25519".to_owned(),
        "1.3.101.113" => "Ed448".to_owned(),
        "1.2.840.10040.4.3" => "DSA".to_owned(),
        _ => oid,
    }
}

/// A key to sign with: RSA of 1024 bits and more, ECDSA on P-256 or P-384. It is never shown.
pub struct PrivateKey(Kind);

enum Kind {
    Rsa(Box<RsaPrivateKey>),
    P256(Box<p256::ecdsa::SigningKey>),
    P384(Box<p384::ecdsa::SigningKey>),
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}

impl PrivateKey {
    /// Reads a key in PEM: PKCS#8 (`PRIVATE KEY`), PKCS#1 (`RSA PRIVATE KEY`) or SEC1 (`EC PRIVATE KEY`).
    ///
    /// # Errors
    /// There is none, it has a password, or it is of another kind.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let wrong = |what: &str| Error::new(ErrorKind::Certificate, what).next("give a key in PEM, without a password");
        let blocks = pem::blocks(bytes, "PRIVATE KEY")?;
        let block = blocks.iter().find(|block| block.label.ends_with("PRIVATE KEY"));
        let block = block.ok_or_else(|| wrong(text!("this file holds no private key")))?;
        let der = &block.der[..];
        let kind = match block.label.as_str() {
            "ENCRYPTED PRIVATE KEY" => return Err(wrong(text!("this key is encrypted with a password"))),
            "RSA PRIVATE KEY" => RsaPrivateKey::from_pkcs1_der(der).ok().map(|key| Kind::Rsa(Box::new(key))),
            "EC PRIVATE KEY" => p256::SecretKey::from_sec1_der(der)
                .map(|key| Kind::P256(Box::new(key.into())))
                .or_else(|_| p384::SecretKey::from_sec1_der(der).map(|key| Kind::P384(Box::new(key.into()))))
                .ok(),
            _ => RsaPrivateKey::from_pkcs8_der(der)
                .map(|key| Kind::Rsa(Box::new(key)))
                .or_else(|_| p256::SecretKey::from_pkcs8_der(der).map(|key| Kind::P256(Box::new(key.into()))))
                .or_else(|_| p384::SecretKey::from_pkcs8_der(der).map(|key| Kind::P384(Box::new(key.into()))))
                .ok(),
        };
        kind.map(PrivateKey).ok_or_else(|| {
            wrong(text!("this key is damaged, or neither RSA from 1024 bits nor ECDSA on P-256 or P-384"))
        })
    }

    /// Signs `bytes`: RSA with PKCS#1 v1.5, ECDSA with the nonce of RFC 6979. The same bytes give the same signature.
    ///
    /// # Errors
    /// The key is too small for the digest.
    pub(crate) fn sign(&self, digest: DigestAlgorithm, bytes: &[u8]) -> Result<Vec<u8>> {
        let refused = |error: &dyn std::fmt::Display| {
            Error::new(
                ErrorKind::Certificate,
                text!("the key cannot sign with {digest}: {error}", digest = digest.name(), error),
            )
        };
        match &self.0 {
            Kind::Rsa(key) => key.sign(digest.padding(), &digest.of(bytes)).map_err(|error| refused(&error)),
            Kind::P256(key) => {
                let signature: p256::ecdsa::Signature =
                    key.sign_prehash(&digest.for_curve(bytes, 32)).map_err(|error| refused(&error))?;
                Ok(signature.to_der().as_bytes().to_vec())
            }
            Kind::P384(key) => {
                let signature: p384::ecdsa::Signature =
                    key.sign_prehash(&digest.for_curve(bytes, 48)).map_err(|error| refused(&error))?;
                Ok(signature.to_der().as_bytes().to_vec())
            }
        }
    }
}
