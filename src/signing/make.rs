//! New manifests and spec files from a folder, and signatures.

use std::path::{Path, PathBuf};

use super::trust::{certificates, read_pem};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::{check_spelling, real_path};
use crate::base::text::same_name;
use crate::catalog::{CidPath, CustomerFiles, Role};
use crate::cid::digest::{Digests, Job, Wanted, digest_files};
use crate::cid::walk::{Kind, not_plain, walk};
use crate::manifest::{Form, Manifest, ManifestEntry, ManifestPath, Signature, Spec, Spelling};
use crate::x509::{Certificate, DigestAlgorithm, PrivateKey};

/// How to make a manifest.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MakeOptions {
    /// How paths are spelled.
    pub spelling: Spelling,
    /// Add SHA-256.
    pub sha256: bool,
    /// Add SHA-384.
    pub sha384: bool,
    /// Files that a customer may change: none of them is listed.
    pub customer_files: CustomerFiles,
    /// The file that the manifest is to become: no manifest lists itself. Another of the same name is listed.
    pub output: Option<PathBuf>,
}

impl Default for MakeOptions {
    fn default() -> Self {
        let customer_files = CustomerFiles::default();
        Self { spelling: Spelling::Backslashes, sha256: true, sha384: false, customer_files, output: None }
    }
}

/// Makes a manifest of all files of a folder, but for catalogs and those that a customer may change, sorted by path. It has
/// no signature yet.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// use configcid::signing::{self, MakeOptions};
///
/// std::fs::write(dir.path().join("setup.exe"), "MZ").unwrap();
/// std::fs::write(dir.path().join("mrinit.conf"), "[Config]\r\n").unwrap();
/// let manifest = signing::make(dir.path(), &MakeOptions::default())?;
/// assert_eq!(manifest.entries().map(|entry| entry.path.as_str()).collect::<Vec<_>>(), [r".\setup.exe"]);
/// # Ok::<(), configcid::Error>(())
/// ```
///
/// # Errors
/// The folder or a file cannot be read, something is a link or a device, a manifest cannot hold a name, or there is nothing
/// to list.
pub fn make(folder: &Path, options: &MakeOptions) -> Result<Manifest> {
    let separator = match options.spelling {
        Spelling::Backslashes => "\\",
        Spelling::Slashes => "/",
    };
    let wanted = Wanted { sha1: true, sha256: options.sha256, sha384: options.sha384, ..Wanted::default() };
    let own = options.output.as_deref().and_then(|output| place_below(folder, output));
    let keep = |path: &CidPath| {
        options.customer_files.role(path) == Role::Vendor
            && !(path.depth() <= 2 && NEVER_LISTED.iter().any(|name| same_name(name, path.file_name())))
            && own.as_ref().is_none_or(|own| own.key() != path.key())
    };
    let files = digests_of(folder, wanted, &keep)?;
    let mut spelled: Vec<(String, Digests)> = files
        .into_iter()
        .map(|(path, digests)| (format!(".{separator}{}", path.parts().collect::<Vec<_>>().join(separator)), digests))
        .collect();
    spelled.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut entries = Vec::new();
    for (path, digests) in &spelled {
        let Digests { size, sha1, sha256, sha384, .. } = digests;
        let path = ManifestPath::parse(path).map_err(|error| error.in_file(folder))?;
        let sha1 = sha1.expect("it was wanted");
        entries.push(ManifestEntry { path, size: *size, sha1, sha256: *sha256, sha384: *sha384 });
    }
    if entries.is_empty() {
        return Err(
            Error::new(ErrorKind::Usage, "there is no file in this folder that a manifest may list").in_file(folder)
        );
    }
    Manifest::parse(Manifest::body(&entries)).map_err(|error| error.in_file(folder))
}

/// What the vendor's tools make beside catalogs, in the root and in components: no manifest lists it (formats.md, section 1).
const NEVER_LISTED: &[&str] = &["manifest.dat", "root_manifest.dat", "stamp"];

/// Where in a folder a file is, or is to be; `None` where it is elsewhere.
fn place_below(folder: &Path, file: &Path) -> Option<CidPath> {
    let above = file.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let real = real_path(above).ok()?.join(file.file_name()?);
    CidPath::from_relative(real.strip_prefix(real_path(folder).ok()?).ok()?).ok()
}

/// Makes an MD5 list of all files of a folder but for `except`, the list's own name, sorted by path.
///
/// # Errors
/// As [`make`].
pub fn make_spec(folder: &Path, except: &str) -> Result<Spec> {
    let own = CidPath::parse(&format!("\\{except}")).ok().map(|path| path.key());
    let keep = |path: &CidPath| Some(path.key()) != own;
    let files = digests_of(folder, Wanted { md5: true, ..Wanted::default() }, &keep)?;
    let mut files: Vec<(String, [u8; 16])> = files
        .into_iter()
        .map(|(path, digests)| (path.parts().collect::<Vec<_>>().join("/"), digests.md5.expect("it was wanted")))
        .collect();
    files.sort();
    Spec::new(files.iter().map(|(path, md5)| (&**path, *md5))).map_err(|error| error.in_file(folder))
}

/// The digests of the files of a folder that `keep` keeps.
fn digests_of(folder: &Path, wanted: Wanted<'_>, keep: &dyn Fn(&CidPath) -> bool) -> Result<Vec<(CidPath, Digests)>> {
    check_spelling(folder)?;
    let root = real_path(folder).map_err(|error| Error::io("open the folder", folder, error))?;
    let (mut paths, mut jobs) = (Vec::new(), Vec::new());
    for item in walk(&root)? {
        let place = folder.join(&item.path);
        match item.kind {
            Kind::Folder => continue,
            Kind::File => {}
            Kind::Link | Kind::Other => return Err(not_plain(&place)),
        }
        let parts: Option<Vec<&str>> = item.path.iter().map(|part| part.to_str()).collect();
        let parts = parts.ok_or_else(|| Error::new(ErrorKind::Path, "this name is no text").in_file(&place))?;
        let path = CidPath::parse(&format!("\\{}", parts.join("\\"))).map_err(|error| error.in_file(&place))?;
        if keep(&path) {
            paths.push(path);
            jobs.push(Job { path: root.join(&item.path), limit: u64::MAX, wanted });
        }
    }
    let digests: Vec<Digests> = digest_files(&jobs).into_iter().collect::<Result<_>>()?;
    Ok(paths.into_iter().zip(digests).collect())
}

/// Who signs: a key, its certificate, and the intermediate ones.
#[derive(Debug)]
pub struct Signer {
    key: PrivateKey,
    certificates: Vec<Certificate>,
}

impl Signer {
    /// A key, with the signer's certificate first and intermediate ones behind it.
    ///
    /// # Errors
    /// There is no certificate; the first is not of this key, or not one to sign with.
    pub fn new(key: PrivateKey, certificates: Vec<Certificate>) -> Result<Self> {
        let wrong = |what: &str| Error::new(ErrorKind::Certificate, what);
        let Some(first) = certificates.first() else {
            return Err(wrong(text!("there is no certificate of the signer")));
        };
        if let Some(why) = first.not_a_signer() {
            return Err(wrong(&text!("the signer's certificate {why}", why))
                .next("nobody would accept the signature; use a certificate for digital signatures"));
        }
        let public = first
            .key()
            .ok_or_else(|| wrong(text!("the signer's certificate has a key of a kind that cannot sign manifests")))?;
        // What only the two of them can do tells whether they belong together.
        let probe = key.sign(DigestAlgorithm::Sha256, b"configcid")?;
        if !public.verifies(DigestAlgorithm::Sha256, b"configcid", &probe) {
            return Err(wrong(text!("the key does not belong to the first certificate"))
                .next("give the signer's certificate first, intermediate ones after it"));
        }
        Ok(Self { key, certificates })
    }

    /// Reads the key, and the certificates of all `certificates` in their order.
    ///
    /// # Errors
    /// A file cannot be read; as [`Signer::new`].
    pub fn open(key: &Path, certificate_files: &[PathBuf]) -> Result<Self> {
        let key = PrivateKey::parse(&read_pem(key)?).map_err(|error| error.in_file(key))?;
        let mut all = Vec::new();
        for file in certificate_files {
            let found = certificates(file, &read_pem(file)?)?;
            if found.is_empty() {
                return Err(Error::new(ErrorKind::Certificate, "this file holds no certificate").in_file(file));
            }
            all.extend(found);
        }
        let first = certificate_files.first();
        Self::new(key, all).map_err(|error| first.into_iter().fold(error, |error, file| error.in_file(file)))
    }

    fn der(&self) -> Vec<Vec<u8>> {
        self.certificates.iter().map(|certificate| certificate.der().to_vec()).collect()
    }
}

impl Manifest {
    /// The same list, with no signature.
    pub fn without_signatures(&self) -> Self {
        let body = self.body_bytes().to_vec();
        Self::parse(body).expect("it is the body of a manifest")
    }

    /// The same manifest with one more inline signature. All inline signatures cover the same bytes, so that those there
    /// stay good.
    ///
    /// # Errors
    /// There is a trailer already, which covers inline signatures and would no longer fit; the digest is MD5; the list is
    /// empty.
    pub fn sign_inline(&self, signer: &Signer, digest: DigestAlgorithm) -> Result<Self> {
        self.check_signable()?;
        if digest == DigestAlgorithm::Md5 {
            return Err(Error::new(ErrorKind::Usage, "no manifest is signed with MD5"));
        }
        let value = signer.key.sign(digest, self.body_bytes())?;
        let lines = Signature::print_inline(digest.name(), &value, &signer.der());
        Self::parse([self.bytes(), &lines].concat())
    }

    /// The same manifest with a trailer, the old way to sign, which is always SHA-1. It covers everything before it.
    ///
    /// # Errors
    /// There is one already; the list is empty.
    pub fn sign_trailer(&self, signer: &Signer) -> Result<Self> {
        self.check_signable()?;
        let value = signer.key.sign(DigestAlgorithm::Sha1, self.bytes())?;
        Self::parse([self.bytes(), &Signature::print_trailer(&value, &signer.der())].concat())
    }

    fn check_signable(&self) -> Result<()> {
        if self.signatures().iter().any(|signature| signature.form == Form::Trailer) {
            return Err(Error::new(ErrorKind::Usage, "the manifest has a trailer, which covers everything before it")
                .next("--replace drops all signatures first"));
        }
        Ok(())
    }
}
