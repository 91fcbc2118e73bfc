//! `cac.pem`: whose certificate it is, and from when to when it is valid. Nothing else of it is judged.

use std::time::SystemTime;

use super::model::CacState;
use crate::base::time;
use crate::catalog::CidPath;
use crate::x509::{Certificate, ENDS_SOON, certificates};

/// The certificates of a `cac.pem`; there is one at least. The error completes a sentence of the file.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Certificate>, String> {
    let certificates = certificates(bytes).map_err(|error| error.what().to_owned())?;
    if certificates.is_empty() { Err(text!("it holds no certificate").to_owned()) } else { Ok(certificates) }
}

/// How a certificate stands at each of these moments, of which there is one at least: the worst of it.
pub(super) fn state_of(certificate: &Certificate, path: &CidPath, moments: &[SystemTime]) -> CacState {
    let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
    let state = |at: SystemTime| match () {
        () if at > not_after => "expired",
        () if at < not_before => "not-yet-valid",
        () if not_after.duration_since(at).is_ok_and(|left| left < ENDS_SOON) => "expires-soon",
        () => "valid",
    };
    let rank = |state: &&str| ["valid", "expires-soon", "not-yet-valid", "expired"].iter().position(|it| it == state);
    CacState {
        path: path.clone(),
        subject: certificate.subject(),
        not_before: time::print(not_before),
        not_after: time::print(not_after),
        state: moments.iter().map(|at| state(*at)).max_by_key(rank).unwrap_or("valid"),
    }
}
