//! Whom the user trusts: roots, and what they revoked.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::base::error::{Error, ErrorKind, Result, plain};
use crate::base::files::{lies_in, read_file, real_path};
use crate::x509::{self, Certificate, Crl, Fingerprint, blocks};

/// The largest file of certificates, of a revocation list, and the most files of a folder.
const MAX_ROOT_FILE: u64 = 4 << 20;
const MAX_CRL_FILE: u64 = 64 << 20;
const MAX_FILES: usize = 10_000;

/// The roots that the user trusts, and revocation lists.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    pub(super) roots: Vec<Certificate>,
    /// Certificates that came with the roots and are none: they vouch for nobody by themselves.
    pub(super) intermediates: Vec<Certificate>,
    pub(super) crls: Vec<Crl>,
    /// Where roots came from: as the user called them, and where that leads.
    sources: Vec<PathBuf>,
}

/// How to verify signatures.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct VerifyOptions {
    /// Whom to trust.
    pub trust: Trust,
    /// The moment at which certificates must be valid.
    pub at: SystemTime,
    /// Let SHA-1 count, in signatures of manifests, of certificates, and alone for a file.
    pub allow_sha1: bool,
    /// The shortest RSA key that counts, in bits. Less than 1024 never do.
    pub min_rsa: u32,
    /// Only these signers count; any where there is none.
    pub signers: Vec<Fingerprint>,
    /// Of the roots only these count; all where there is none.
    pub root_pins: Vec<Fingerprint>,
    /// Let roots count that lie in what is judged.
    pub allow_inner_roots: bool,
}

impl VerifyOptions {
    /// Trusting nobody, SHA-1 included, at this moment. RSA counts from 1024 bits on.
    pub fn new(at: SystemTime) -> Self {
        let (signers, root_pins) = (Vec::new(), Vec::new());
        let trust = Trust::default();
        Self { trust, at, allow_sha1: false, min_rsa: 1024, signers, root_pins, allow_inner_roots: false }
    }

    /// Refuses roots that lie inside a folder that is to be judged, unless they are allowed. An audit asks for its CID;
    /// whoever [verifies](super::verify()) the bytes of a manifest asks for the [folders](super::judged_folders) that
    /// these speak of.
    ///
    /// # Errors
    /// There is an [`inner_root`](Trust::inner_root).
    pub fn check_outside(&self, folder: &Path) -> Result<()> {
        match self.trust.inner_root(folder) {
            Some(source) if !self.allow_inner_roots => Err(Error::new(
                ErrorKind::Certificate,
                "this root certificate lies in what is to be judged: whoever wrote that would decide whom you trust",
            )
            .in_file(&plain(source))
            .next("take root certificates from elsewhere; --allow-inner-roots trusts this one all the same")),
            _ => Ok(()),
        }
    }

    /// The roots that count.
    pub(super) fn roots(&self) -> impl Iterator<Item = &Certificate> {
        let counts = |root: &&Certificate| self.root_pins.is_empty() || self.root_pins.contains(&root.fingerprint());
        self.trust.roots.iter().filter(counts)
    }

    /// Whether this signer counts.
    pub(super) fn allows_signer(&self, signer: &Certificate) -> bool {
        self.signers.is_empty() || self.signers.contains(&signer.fingerprint())
    }
}

impl Trust {
    /// Adds the certificates of a file, in PEM or one in DER, or of a folder's files that are named as certificates are:
    /// `*.pem`, `*.crt`, `*.cer`, `*.der`, and OpenSSL's hash names. A certificate that a file holds alone becomes a root
    /// because the user names it; of several in one file, and of a folder's, those that are self-signed do. The others help
    /// to build chains, and vouch for nobody.
    ///
    /// # Errors
    /// A file cannot be read, holds no certificate, or is a signed manifest, which nobody should be trusted by; there is no
    /// root among the certificates.
    pub fn add_roots(&mut self, path: &Path) -> Result<()> {
        if !is_folder(path)? {
            let bytes = read_pem(path)?;
            refuse_signed(&bytes).map_err(|error| error.in_file(path))?;
            let found = certificates(path, &bytes)?;
            self.came_from(path)?;
            let wrong = |what: &str, next: &str| Error::new(ErrorKind::Certificate, what).in_file(path).next(next);
            return match <[Certificate; 1]>::try_from(found) {
                Ok([root]) => {
                    self.roots.push(root);
                    Ok(())
                }
                Err(none) if none.is_empty() => Err(wrong(
                    text!("this file holds no certificate"),
                    text!("give a root certificate in PEM, or a folder of them"),
                )),
                Err(found) => match self.add_self_signed(found) {
                    true => Ok(()),
                    false => Err(wrong(
                        text!("none of the certificates of this file is self-signed"),
                        text!("put each that you trust into a file of its own, and name that"),
                    )),
                },
            };
        }
        let mut has_root = false;
        for file in files_of(path)? {
            // What else lies in such a folder is left alone.
            let bytes = match read_named(&file, MAX_ROOT_FILE) {
                Ok(bytes) if bytes.first() == Some(&0x30) || contains(&bytes, b"-----BEGIN CERTIFICATE-----") => bytes,
                _ => continue,
            };
            if refuse_signed(&bytes).is_err() {
                continue;
            }
            self.came_from(&file)?;
            match certificates(&file, &bytes) {
                Ok(found) => has_root |= self.add_self_signed(found),
                Err(_) if bytes.first() == Some(&0x30) => {}
                Err(error) => return Err(error),
            }
        }
        if !has_root {
            return Err(Error::new(
                ErrorKind::Certificate,
                "no file of this folder that is named as certificates are holds a self-signed one",
            )
            .in_file(path)
            .next("put root certificates there as *.pem, *.crt, *.cer or *.der, or name each file"));
        }
        Ok(())
    }

    /// Whether there was a root among them.
    fn add_self_signed(&mut self, found: Vec<Certificate>) -> bool {
        let (roots, others): (Vec<_>, Vec<_>) = found.into_iter().partition(Certificate::is_self_signed);
        let has_root = !roots.is_empty();
        self.roots.extend(roots);
        self.intermediates.extend(others);
        has_root
    }

    fn came_from(&mut self, file: &Path) -> Result<()> {
        let cannot = |error| Error::io("look at it", file, error);
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        self.sources.push(real_path(folder).map_err(cannot)?.join(file.file_name().unwrap_or_default()));
        self.sources.push(real_path(file).map_err(cannot)?);
        Ok(())
    }

    /// A root that lies inside this folder, by the name that it was given by or by where that leads: whoever can write there
    /// decides who is trusted.
    pub fn inner_root(&self, folder: &Path) -> Option<&Path> {
        // In what is not there lies nothing.
        let real = real_path(folder).ok()?;
        self.sources.iter().find(|source| lies_in(source, &real)).map(PathBuf::as_path)
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

    /// The issuers of the revocation lists, in the order in which these were added.
    pub fn list_issuers(&self) -> impl Iterator<Item = String> {
        self.crls.iter().map(Crl::issuer)
    }
}

/// Refuses a signed manifest: its certificates are its signer's own word.
fn refuse_signed(bytes: &[u8]) -> Result<()> {
    let is_signature = |line: &[u8]| line.starts_with(b"#sig") || line.starts_with(b"-----BEGIN SIGNATURE");
    match bytes.split(|&byte| byte == b'\n').any(|line| is_signature(line.trim_ascii_start())) {
        false => Ok(()),
        true => Err(Error::new(
            ErrorKind::Certificate,
            "this is a signed manifest: its certificates are its signer's own word, and no roots",
        )
        .next("take root certificates from whoever you trust, apart from what they are to vouch for")),
    }
}

/// All certificates of a file, in their order.
pub(super) fn certificates(path: &Path, bytes: &[u8]) -> Result<Vec<Certificate>> {
    x509::certificates(bytes).map_err(|error| error.in_file(path))
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

/// The files of a folder that are named as certificates are, in the order of their names.
fn files_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let cannot = |error| Error::io("list the folder", folder, error);
    let mut files = Vec::new();
    for entry in folder.read_dir().map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        // OpenSSL's folders of certificates are full of links.
        if is_certificates_name(&path) && path.metadata().is_ok_and(|metadata| metadata.is_file()) {
            files.push(path);
        }
        if files.len() > MAX_FILES {
            return Err(Error::new(ErrorKind::Io, text!("more than {MAX_FILES} files in this folder", MAX_FILES))
                .in_file(folder));
        }
    }
    files.sort();
    Ok(files)
}

/// `root.pem`, or a name by OpenSSL's hash of the subject: `5ed36f99.0`.
fn is_certificates_name(path: &Path) -> bool {
    let (Some(stem), Some(extension)) = (path.file_stem(), path.extension()) else { return false };
    let (stem, extension) = (stem.to_string_lossy(), extension.to_string_lossy());
    let is_hash = stem.len() == 8
        && stem.bytes().all(|byte| byte.is_ascii_hexdigit())
        && extension.bytes().all(|byte| byte.is_ascii_digit());
    is_hash || ["crt", "cer", "pem", "der"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(bytes, part).is_some()
}
