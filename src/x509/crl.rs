//! Revocation lists, of version 1 as well.

use std::collections::HashSet;
use std::time::SystemTime;

use x509_cert::der::asn1::Int;
use x509_cert::der::{self, Reader, SliceReader, Tag, TagMode, TagNumber};
use x509_cert::ext::Extensions;
use x509_cert::name::Name;
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_cert::time::Time;

use super::{Certificate, Signed, is_same_name};
use crate::base::error::{Error, ErrorKind, Result};

/// A revocation list.
#[derive(Debug, Clone)]
pub(crate) struct Crl {
    signed: Signed,
    issuer: Name,
    next_update: Option<SystemTime>,
    /// Serial numbers.
    revoked: HashSet<Vec<u8>>,
}

/// What stands in the signed part.
struct Content {
    issuer: Name,
    next_update: Option<SystemTime>,
    revoked: HashSet<Vec<u8>>,
    /// A critical extension makes it another kind of list: of changes alone, or of other issuers' certificates.
    special: bool,
}

impl Crl {
    /// Reads a list in DER.
    pub(crate) fn parse(der: &[u8]) -> Result<Crl> {
        let wrong =
            |error: der::Error| Error::new(ErrorKind::Certificate, format!("this is no revocation list: {error}"));
        let signed = Signed::read(der).map_err(wrong)?;
        let content = read(&signed.content).map_err(wrong)?;
        if content.special {
            return Err(Error::new(
                ErrorKind::Certificate,
                "this revocation list holds changes alone, or a part of the certificates",
            )
            .next("give the whole list of the issuer"));
        }
        let Content { issuer, next_update, revoked, .. } = content;
        Ok(Crl { signed, issuer, next_update, revoked })
    }

    /// Whether it is the list of this issuer: its name and its key.
    pub(crate) fn is_of(&self, issuer: &Certificate) -> bool {
        is_same_name(&self.issuer, issuer.parsed.tbs_certificate().subject())
            && issuer.key().is_some_and(|key| self.signed.is_signed_by(key))
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
        reader.decode::<Time>()?;
        let has_next = is(reader, Tag::UtcTime) || is(reader, Tag::GeneralizedTime);
        let next_update = if has_next { Some(reader.decode::<Time>()?.to_system_time()) } else { None };
        let mut revoked = HashSet::new();
        if is(reader, Tag::Sequence) {
            reader.sequence(|list| {
                while !list.is_finished() {
                    list.sequence(|entry| {
                        revoked.insert(entry.decode::<Int>()?.as_bytes().to_vec());
                        entry.decode::<Time>()?;
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
        let special = extensions.is_some_and(|extensions| extensions.iter().any(|extension| extension.critical));
        Ok::<_, der::Error>(Content { issuer, next_update, revoked, special })
    })?;
    reader.finish()?;
    Ok(content)
}
