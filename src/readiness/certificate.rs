//! When the certificates end that the relay's messages rest on \[36330\]: the router's own, and the estate's.

use std::time::SystemTime;

use super::{Point, Standing};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::time;
use crate::registry::Value;
use crate::x509::{Certificate, ENDS_SOON, certificates};

/// Certificates, each with where it was seen.
#[derive(Debug, Default)]
pub(crate) struct Certificates {
    /// Those of the router itself.
    own: Vec<(String, Certificate)>,
    /// Those of the estate: `cac.pem`.
    estate: Vec<(String, Certificate)>,
    /// What looks like one and cannot be read, each as a sentence.
    unreadable: Vec<String>,
}

impl Certificates {
    /// Adds the certificates of a file of the router's own: PEM or DER.
    ///
    /// # Errors
    /// There is none in it that can be read.
    pub(crate) fn add_own(&mut self, bytes: &[u8], from: &str) -> Result<()> {
        self.own.extend(read(bytes)?.into_iter().map(|certificate| (from.to_owned(), certificate)));
        Ok(())
    }

    /// Adds what the router's private key in the registry has as its certificate. In which form it stands there no article
    /// says: what cannot be read is no fault \[A\].
    pub(crate) fn add_value(&mut self, value: &Value, from: &str) {
        let bytes = match value {
            Value::Binary(bytes) => bytes.clone(),
            other => other.text().unwrap_or_default().as_bytes().to_vec(),
        };
        match read(&bytes) {
            Ok(found) => self.own.extend(found.into_iter().map(|certificate| (from.to_owned(), certificate))),
            Err(_) => self.unreadable.push(text!("{from} holds no certificate that can be read here", from)),
        }
    }

    /// Adds the estate's.
    pub(crate) fn add_estate(&mut self, bytes: &[u8], from: &str) {
        match read(bytes) {
            Ok(found) => self.estate.extend(found.into_iter().map(|certificate| (from.to_owned(), certificate))),
            Err(error) => self.unreadable.push(format!("{from}: {}", error.what())),
        }
    }
}

fn read(bytes: &[u8]) -> Result<Vec<Certificate>> {
    let found = certificates(bytes)?;
    match found.is_empty() {
        true => Err(Error::new(ErrorKind::Certificate, "it holds no certificate").next("name one in PEM or DER")),
        false => Ok(found),
    }
}

/// The point `certificate`.
pub(super) fn certificate(seen: &Certificates, at: SystemTime) -> Point {
    const NAME: &str = "certificate";
    let standing = |certificate: &Certificate| {
        let (begin, end) = (certificate.not_before(), certificate.not_after());
        match () {
            () if at > end => (Standing::Wrong, text!("has ended")),
            () if at < begin => (Standing::Wrong, text!("is not valid yet: look at the clock")),
            () if end.duration_since(at).is_ok_and(|left| left < ENDS_SOON) => (Standing::Doubtful, text!("ends soon")),
            () => (Standing::Right, text!("is valid")),
        }
    };
    let all = || seen.own.iter().chain(&seen.estate);
    let mut evidence: Vec<String> = all()
        .map(|(from, certificate)| {
            let (begin, end) = (time::print(certificate.not_before()), time::print(certificate.not_after()));
            text!(
                "{from}: {subject} {certificate}, from {begin} to {end}",
                from,
                subject = certificate.subject(),
                certificate = standing(certificate).1,
                begin,
                end
            )
        })
        .collect();
    evidence.extend(seen.unreadable.iter().cloned());
    let worst = all().map(|(_, certificate)| standing(certificate)).min_by_key(|(state, _)| *state);
    match worst {
        Some((Standing::Wrong, why)) => Point::new(NAME, Standing::Wrong, text!("a certificate {why}", why))
            .evidence(evidence)
            .next("look at the clock of the computer; a certificate that has ended must be renewed at the management server"),
        Some((Standing::Doubtful, why)) => Point::new(NAME, Standing::Doubtful, text!("a certificate {why}", why))
            .evidence(evidence)
            .next("renew it at the management server before it ends: messages stop then"),
        Some(_) if !seen.own.is_empty() => {
            Point::new(NAME, Standing::Right, text!("the router's certificate is valid")).evidence(evidence)
        }
        _ => {
            let what = match seen.estate.is_empty() {
                true => text!("when the router's certificate ends was not looked at"),
                false => text!("the estate's certificate is valid; when the router's own ends was not looked at"),
            };
            Point::new(NAME, Standing::Unknown, what).evidence(evidence).next(
                "name the router's certificate with --certificate FILE (PEM or DER); the router's log says when its own is refused",
            )
        }
    }
}
