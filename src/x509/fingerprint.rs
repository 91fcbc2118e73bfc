//! What tells a certificate from every other.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::hex::{hex, unhex};

/// The SHA-256 of a certificate in DER.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(super) fn of(der: &[u8]) -> Self {
        Self(Sha256::digest(der).into())
    }

    /// Reads a fingerprint as people have them: 64 hex digits in either case, with colons or blanks between them or not.
    ///
    /// ```
    /// use configcid::signing::Fingerprint;
    ///
    /// let plain = Fingerprint::parse(&"ab".repeat(32))?;
    /// assert_eq!(plain, Fingerprint::parse(&["AB"; 32].join(":"))?);
    /// assert_eq!(plain.to_string(), "ab".repeat(32));
    /// assert!(Fingerprint::parse("ab:cd").is_err());
    /// # Ok::<(), configcid::Error>(())
    /// ```
    ///
    /// # Errors
    /// It is none, or one of another digest.
    pub fn parse(text: &str) -> Result<Self> {
        let digits: String = text.chars().filter(|c| *c != ':' && !c.is_whitespace()).collect();
        unhex(digits.to_ascii_lowercase().as_bytes()).map(Fingerprint).ok_or_else(|| {
            Error::new(ErrorKind::Usage, text!("{text} is no SHA-256 fingerprint", text = format!("{text:?}")))
                .next("openssl x509 -noout -fingerprint -sha256 -in FILE prints that of a certificate")
        })
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl serde::Serialize for Fingerprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
