//! Whom a TLS connection trusts instead of the system's authorities.

#[cfg(feature = "http")]
use ureq::tls::{Certificate, PemItem, RootCerts, parse_pem};

/// No file of authorities is larger, in bytes.
pub(crate) const MAX_CERTIFICATES: u64 = 4 << 20;

/// The authorities of a text in PEM; `None` where it holds no certificate. Whatever else is in it does not count.
#[cfg(feature = "http")]
pub(crate) fn authorities(pem: &[u8]) -> Option<RootCerts> {
    let certificates: Vec<Certificate<'static>> = parse_pem(pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    (!certificates.is_empty()).then(|| RootCerts::new_with_certs(&certificates))
}
