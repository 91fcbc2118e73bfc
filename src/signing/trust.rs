//! Whom the user trusts: roots, and what they revoked.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::read_file;
use crate::base::files::real_path;
use crate::x509::{Certificate, Crl, blocks};

/// The largest file of certificates, of a revocation list, and the most files of a folder.
const MAX_ROOT_FILE: u64 = 4 << 20;
const MAX_CRL_FILE: u64 = 64 << 20;
const MAX_FILES: usize = 10_000;

/// The roots that the user trusts, and revocation lists.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    pub(super) roots: Vec<Certificate>,
    pub(super) crls: Vec<Crl>,
}

/// How to verify signatures.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct VerifyOptions {
    /// Whom to trust.
    pub trust: Trust,
    /// The moment at which certificates must be valid.
    pub at: SystemTime,
    /// Let SHA-1 count, in signatures of manifests and of certificates.
    pub allow_sha1: bool,
}

impl VerifyOptions {
    /// Trusting nobody, SHA-1 included, at this moment.
    pub fn new(at: SystemTime) -> VerifyOptions {
        VerifyOptions { trust: Trust::default(), at, allow_sha1: false }
    }
}

/// What revocation lists say of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Revocation {
    NoList,
    NotRevoked,
    /// Not revoked in a list that a newer one should have followed since.
    Outdated(SystemTime),
    Revoked,
}

impl Trust {
    /// Adds all certificates of a file, in PEM or one in DER, or of all such files of a folder. Each becomes a root: it
    /// vouches for what it issued, and for itself.
    ///
    /// # Errors
    /// A file cannot be read or holds no certificate; of a folder, none does, or one that is PEM is broken.
    pub fn add_roots(&mut self, path: &Path) -> Result<()> {
        if !is_folder(path)? {
            let found = certificates(path, &read_pem(path)?)?;
            if found.is_empty() {
                return Err(Error::new(ErrorKind::Certificate, "this file holds no certificate")
                    .in_file(path)
                    .next("give a root certificate in PEM, or a folder of them"));
            }
            self.roots.extend(found);
            return Ok(());
        }
        let before = self.roots.len();
        for file in files_of(path)? {
            // What else lies in such a folder is left alone.
            let bytes = match read_file(&file, MAX_ROOT_FILE) {
                Ok(bytes) if bytes.first() == Some(&0x30) || contains(&bytes, b"-----BEGIN CERTIFICATE-----") => bytes,
                _ => continue,
            };
            match certificates(&file, &bytes) {
                Ok(found) => self.roots.extend(found),
                Err(_) if bytes.first() == Some(&0x30) => {}
                Err(error) => return Err(error),
            }
        }
        if self.roots.len() == before {
            return Err(Error::new(ErrorKind::Certificate, "no file of this folder holds a certificate")
                .in_file(path)
                .next("put root certificates in PEM there"));
        }
        Ok(())
    }

    /// Adds the revocation lists of a file, in PEM or one in DER.
    ///
    /// # Errors
    /// The file cannot be read, or holds none.
    pub fn add_crls(&mut self, path: &Path) -> Result<()> {
        let blocks = blocks(&read_named(path, MAX_CRL_FILE)?, "X509 CRL").map_err(|error| error.in_file(path))?;
        let before = self.crls.len();
        for block in blocks.iter().filter(|block| block.label == "X509 CRL") {
            self.crls.push(Crl::parse(&block.der).map_err(|error| error.in_file(path))?);
        }
        if self.crls.len() == before {
            return Err(Error::new(ErrorKind::Certificate, "this file holds no revocation list").in_file(path));
        }
        Ok(())
    }

    /// The roots, in the order in which they were added.
    pub fn roots(&self) -> &[Certificate] {
        &self.roots
    }
}

/// All certificates of a file, in their order.
pub(super) fn certificates(path: &Path, bytes: &[u8]) -> Result<Vec<Certificate>> {
    let blocks = blocks(bytes, "CERTIFICATE").map_err(|error| error.in_file(path))?;
    let certificates = blocks.into_iter().filter(|block| block.label == "CERTIFICATE");
    certificates.map(|block| Certificate::parse(block.der).map_err(|error| error.in_file(path))).collect()
}

/// Reads a file of certificates or of a key.
pub(super) fn read_pem(path: &Path) -> Result<Vec<u8>> {
    read_named(path, MAX_ROOT_FILE)
}

/// Reads a file that the user has named. It may be a link, as many in folders of certificates are.
fn read_named(path: &Path, limit: u64) -> Result<Vec<u8>> {
    if is_folder(path)? {
        return Err(Error::new(ErrorKind::Io, "this is a folder").in_file(path).next("name a file"));
    }
    let real = real_path(path).map_err(|error| Error::io("look at it", path, error))?;
    read_file(&real, limit).map_err(|error| error.about(path))
}

/// Whether it is a folder; a FIFO or a device is refused.
fn is_folder(path: &Path) -> Result<bool> {
    let metadata = path.metadata().map_err(|error| Error::io("look at it", path, error))?;
    match metadata.is_dir() || metadata.is_file() {
        true => Ok(metadata.is_dir()),
        false => Err(Error::new(ErrorKind::Io, "this is neither a file nor a folder").in_file(path)),
    }
}

fn files_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let cannot = |error| Error::io("list the folder", folder, error);
    let mut files = Vec::new();
    for entry in folder.read_dir().map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        // OpenSSL's folders of certificates are full of links.
        let target = path.canonicalize().ok().filter(|target| target.is_file());
        files.extend(target);
        if files.len() > MAX_FILES {
            return Err(
                Error::new(ErrorKind::Io, format!("more than {MAX_FILES} files in this folder")).in_file(folder)
            );
        }
    }
    files.sort();
    files.dedup();
    Ok(files)
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(bytes, part).is_some()
}
