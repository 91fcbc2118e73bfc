//! Signed manifests on disk (formats.md, section 4): telling whether their signatures hold and who vouches for them,
//! comparing them with the files, and making new ones.

mod chain;
mod check;
mod files;
mod lists;
mod make;
mod place;
mod trust;
mod verify;
mod walked;

pub use crate::x509::{Certificate, DigestAlgorithm, Fingerprint, PrivateKey};
pub use files::{ExtraFile, FileFault, FileFaultCode, FilesReport, RelativeTo};
pub use make::{MakeOptions, Signer, make, make_spec};
pub(crate) use place::Place;
pub use trust::{Trust, VerifyOptions};
pub use verify::{CertificateReport, Reason, SignatureReport, SignatureState, SignaturesReport, verify};

use std::path::{Path, PathBuf};

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::read_file;
use crate::base::files::real_path;
use crate::manifest::{MAX_SIZE, Manifest, Spec, cid_path};

impl Manifest {
    /// Reads the manifest at `path`.
    ///
    /// # Errors
    /// It cannot be read (kind `io`), or as [`Manifest::parse`].
    pub fn open(path: &Path) -> Result<Self> {
        Self::parse(read_list(path)?).map_err(|error| error.in_file(path))
    }
}

impl Spec {
    /// Reads the MD5 list at `path`.
    ///
    /// # Errors
    /// It cannot be read (kind `io`), or as [`Spec::parse`].
    pub fn open(path: &Path) -> Result<Self> {
        Self::parse(read_list(path)?).map_err(|error| error.in_file(path))
    }
}

fn read_list(path: &Path) -> Result<Vec<u8>> {
    crate::base::files::check_spelling(path)?;
    let metadata = path.metadata().map_err(|error| Error::io("look at it", path, error))?;
    if !metadata.is_file() {
        return Err(Error::new(ErrorKind::Io, "this is no file").in_file(path).next("name a manifest"));
    }
    let real = crate::base::files::real_path(path).map_err(|error| Error::io("look at it", path, error))?;
    read_file(&real, MAX_SIZE).map_err(|error| error.about(path))
}

/// Sets the line of one file in an MD5 list, from the file as it is: in `folder`, or where [`check_spec_files`] looks.
/// Gives whether anything changed.
///
/// # Errors
/// There is no such file, or it cannot be read.
pub fn update_spec(spec: &mut Spec, path: &Path, file: &str, folder: Option<&Path>) -> Result<bool> {
    let name = file.replace('\\', "/");
    let expected: Vec<files::Expected> = spec.entries().iter().map(files::Expected::from).collect();
    let md5 = files::md5_of(&cid_path(&name)?, &files::Places::of(path, folder, files::tops(&expected))?)?;
    spec.set(&name, md5)
}

/// Looks at all files that a manifest lists: in `folder`, or, without one, where the manifest alone says (formats.md,
/// section 4): from the folder above exactly when every path begins with the name of the manifest's own.
///
/// # Errors
/// The folder cannot be opened. What is wrong with a file is in the report.
pub fn check_files(manifest: &Manifest, path: &Path, folder: Option<&Path>) -> Result<FilesReport> {
    let expected: Vec<files::Expected> = manifest.entries().map(files::Expected::from).collect();
    check::check(&expected, &files::Places::of(path, folder, files::tops(&expected))?)
}

/// The folders that are judged with the manifest at `path`, and with the folder of its files that the user names: its own,
/// and the CID of a component's. Whoever can write there has no say in how they are judged.
pub fn judged_folders(path: &Path, folder: Option<&Path>) -> Vec<PathBuf> {
    let by_name = path.parent().map(|own| if own.as_os_str().is_empty() { Path::new(".") } else { own });
    let by_link = real_path(path).ok().and_then(|real| real.parent().map(Path::to_owned));
    let mut own: Vec<PathBuf> = by_name.map(Path::to_owned).into_iter().chain(by_link).collect();
    own.extend(folder.map(Path::to_owned));
    own.retain(|folder| folder.is_dir());
    let above = |own: &PathBuf| {
        let real = real_path(own).ok()?;
        real.parent().filter(|above| crate::cid::holds_catalog(above)).map(Path::to_owned)
    };
    let cids: Vec<PathBuf> = own.iter().filter_map(above).collect();
    own.extend(cids);
    own
}

/// Looks at all files of an MD5 list, as [`check_files`] does.
///
/// # Errors
/// As [`check_files`].
pub fn check_spec_files(spec: &Spec, path: &Path, folder: Option<&Path>) -> Result<FilesReport> {
    let expected: Vec<files::Expected> = spec.entries().iter().map(files::Expected::from).collect();
    check::check(&expected, &files::Places::of(path, folder, files::tops(&expected))?)
}

/// Whether the processor has instructions for SHA-1 and SHA-256. Digests are made with them where it does.
pub fn has_sha_extensions() -> bool {
    crate::cid::digest::has_sha_extensions()
}

/// Reads whatever may be in a file that the user names.
#[cfg(feature = "faults")]
pub(crate) fn read_all(bytes: &[u8]) {
    let _ = PrivateKey::parse(bytes);
    let _ = crate::x509::Crl::parse(bytes);
    for block in crate::x509::blocks(bytes, "CERTIFICATE").into_iter().flatten() {
        let _ = crate::x509::Crl::parse(&block.der);
        if let Ok(certificate) = Certificate::parse(block.der) {
            let _ = (certificate.unusable(), certificate.not_an_issuer(false, 0), certificate.not_a_signer());
            let _ = certificate.is_signed_by(&certificate);
        }
    }
}
