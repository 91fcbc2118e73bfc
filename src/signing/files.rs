//! The files that a list names, against the disk: size and digests, from one read of each file.

use std::path::{Component, Path, PathBuf};

use crate::base::error::{Error, ErrorKind, Result, plain};
use crate::base::files::{check_spelling, open_file, real_path};
use crate::base::hex::hex;
use crate::catalog::CidPath;
use crate::cid::digest::{Digests, Wanted, digest_file, digest_opened};
use crate::cid::holds_catalog;
use crate::cid::tree::{Found, Tree};
use crate::manifest::{ManifestEntry, SpecEntry};

use super::place::is_from_above;

/// What a list says of one file.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    /// From the folder that the list's paths are relative to.
    pub path: CidPath,
    /// Unknown to MD5 lists.
    pub size: Option<u64>,
    pub digests: Digests,
}

impl From<ManifestEntry<'_>> for Expected {
    fn from(entry: ManifestEntry<'_>) -> Self {
        let ManifestEntry { path, size, sha1, sha256, sha384 } = entry;
        let digests = Digests { size, sha1: Some(sha1), sha256, sha384, ..Digests::default() };
        Self { path: path.to_cid_path(), size: Some(size), digests }
    }
}

impl From<&SpecEntry> for Expected {
    fn from(entry: &SpecEntry) -> Self {
        let digests = Digests { md5: Some(entry.md5), ..Digests::default() };
        Self { path: entry.cid_path(), size: None, digests }
    }
}

/// Which folder the paths of a list are relative to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RelativeTo {
    /// The one in which the list lies.
    OwnFolder,
    /// The root of the CID.
    Root,
    /// The one that the user named.
    Given,
}

/// What is wrong with a listed file. The names are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FileFaultCode {
    /// There is none.
    Missing,
    /// It has another size.
    Size,
    /// Its content has another digest.
    Digest,
    /// A folder, a FIFO or a device stands at its place.
    NotAFile,
    /// It is a link, or behind one.
    Link,
    /// Two names there differ in case alone: to Windows they are one.
    CaseConflict,
    /// A file of a component's manifest stands in the component and below the root, too.
    TwoPlaces,
    /// It cannot be read.
    Io,
}

/// A listed file that is not what the list says; or a link or a twin beside the listed ones.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct FileFault {
    /// What is wrong, for programs.
    pub code: FileFaultCode,
    /// The file, from the folder that the list is relative to.
    pub path: CidPath,
    /// What is wrong, for people.
    pub what: String,
    /// Which digests differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub digests: Vec<&'static str>,
}

/// A file that the list does not name.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct ExtraFile {
    /// The file, from the folder in which was looked; not of a [`CidPath`]'s rules.
    pub path: String,
    /// `customer` or `catalog`: no signed manifest lists such files. `unlisted`: any other.
    pub role: &'static str,
}

/// The files of a list, looked at.
#[derive(Debug, Clone, serde::Serialize)]
#[non_exhaustive]
pub struct FilesReport {
    /// The folder that the paths are relative to.
    pub folder: PathBuf,
    /// Which one that is.
    pub relative_to: RelativeTo,
    /// Files that were read and are what the list says.
    pub good: usize,
    /// What was read, in bytes.
    pub bytes: u64,
    /// Listed files that are not what the list says, in the list's order; then what else is wrong in the folder.
    pub faults: Vec<FileFault>,
    /// Files beside them that the list does not name.
    pub extra: Vec<ExtraFile>,
}

impl FilesReport {
    /// Whether something is wrong; missing files are, unless `allow_missing`.
    pub fn has_faults(&self, allow_missing: bool) -> bool {
        self.faults.iter().any(|fault| !(allow_missing && fault.code == FileFaultCode::Missing))
    }
}

/// Where a list's files are.
pub(crate) struct Places {
    /// The folder that the paths are relative to.
    base: PathBuf,
    pub(super) relative_to: RelativeTo,
    /// As the user calls it.
    pub(super) shown: PathBuf,
    /// The folder with all listed files: the list's own, or the one that the user names.
    pub(super) walked: PathBuf,
    /// The CID, and the component in it that holds the list.
    pub(super) component: Option<(PathBuf, CidPath)>,
    /// The list's own name, which no list names.
    pub(super) list: String,
}

impl Places {
    /// Of a list with these paths, or in the folder that the user names instead (formats.md, section 4 \[A\]).
    pub(crate) fn of<'a>(
        list: &Path,
        given: Option<&Path>,
        tops: impl ExactSizeIterator<Item = Option<&'a str>>,
    ) -> Result<Self> {
        let folder = given.unwrap_or_else(|| match list.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        });
        check_spelling(folder)?;
        let cannot = |error| Error::io("open the folder of the files", folder, error);
        let real = real_path(folder).map_err(cannot)?;
        if !real.is_dir() {
            return Err(Error::new(ErrorKind::Io, "this is no folder").in_file(folder).next("name the files' folder"));
        }
        let list = list.file_name().filter(|_| given.is_none()).unwrap_or_default().to_string_lossy().into_owned();
        let own = |relative_to, component| Self {
            base: real.clone(),
            relative_to,
            shown: folder.to_owned(),
            walked: real.clone(),
            component,
            list: list.clone(),
        };
        if given.is_some() {
            return Ok(own(RelativeTo::Given, None));
        }
        // By the name that the user gave: a link of that name is judged by where it stands.
        let (shown, above, name) = match folder.components().next_back() {
            Some(Component::Normal(name)) => {
                let above = folder.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
                (above.to_owned(), real_path(above).map_err(cannot)?, name.to_owned())
            }
            _ => match (real.parent(), real.file_name()) {
                (Some(above), Some(name)) => (plain(above), above.to_owned(), name.to_owned()),
                _ => return Ok(own(RelativeTo::OwnFolder, None)),
            },
        };
        let component = name.to_str().and_then(|name| CidPath::in_root(name).ok());
        let Some(component) = component else { return Ok(own(RelativeTo::OwnFolder, None)) };
        if is_from_above(component.file_name(), tops) {
            let (base, walked) = (above.clone(), above.join(&name));
            let relative_to = RelativeTo::Root;
            return Ok(Self { base, relative_to, shown, walked, component: Some((above, component)), list });
        }
        let component = holds_catalog(&above).then_some((above, component));
        Ok(own(RelativeTo::OwnFolder, component))
    }

    /// What stands before the name of each listed file when it is seen from the folder that is walked.
    pub(super) fn prefix(&self) -> Option<&CidPath> {
        let component = self.component.as_ref().map(|(_, component)| component);
        component.filter(|_| self.relative_to == RelativeTo::Root)
    }
}

/// The first folder of each path of a list.
pub(crate) fn tops(expected: &[Expected]) -> impl ExactSizeIterator<Item = Option<&str>> {
    expected.iter().map(|expected| expected.path.top_folder())
}

/// The MD5 of one file.
pub(crate) fn md5_of(path: &CidPath, places: &Places) -> Result<[u8; 16]> {
    match Tree::new(places.base.clone()).find(path)? {
        Found::File { path, .. } => {
            let digests = digest_file(&path, u64::MAX, Wanted { md5: true, ..Wanted::default() })?;
            Ok(digests.md5.expect("it was wanted"))
        }
        _ => Err(Error::new(ErrorKind::Io, "there is no such file").in_file(&path.below(&places.shown))),
    }
}

/// What is wrong with a file.
pub(super) struct Bad {
    pub code: FileFaultCode,
    pub what: String,
    pub digests: Vec<&'static str>,
    /// It was told already, of a folder above the file.
    pub is_told: bool,
}

impl Bad {
    pub(super) fn new(code: FileFaultCode, what: impl Into<String>) -> Self {
        Self { code, what: what.into(), digests: Vec::new(), is_told: false }
    }

    fn of(error: &Error) -> Self {
        let code = match error.kind() {
            ErrorKind::Link => FileFaultCode::Link,
            ErrorKind::CaseConflict => FileFaultCode::CaseConflict,
            _ => FileFaultCode::Io,
        };
        Self::new(code, error.what())
    }
}

/// How many bytes were read of a file that is as it should be.
pub(super) fn look(expected: &Expected, path: &Path) -> Result<u64, Bad> {
    let differs = |size: u64| {
        let wanted = expected.size.filter(|wanted| *wanted != size)?;
        Some(Bad::new(FileFaultCode::Size, text!("it has {size} bytes and should have {wanted}", size, wanted)))
    };
    let file = open_file(path).map_err(|error| Bad::of(&error))?;
    let size = file.metadata().map_err(|error| Bad::of(&Error::io("look at it", path, error)))?.len();
    if let Some(bad) = differs(size) {
        return Err(bad);
    }
    let Digests { sha1, sha256, sha384, md5, .. } = &expected.digests;
    let wanted = Wanted {
        sha1: sha1.is_some(),
        sha256: sha256.is_some(),
        sha384: sha384.is_some(),
        md5: md5.is_some(),
        checksums: &[],
    };
    // One byte more, so that a file that grows meanwhile is told.
    let limit = expected.size.map_or(u64::MAX, |size| size.saturating_add(1));
    let there = digest_opened(file, path, limit, wanted).map_err(|error| Bad::of(&error))?;
    if let Some(bad) = differs(there.size) {
        return Err(bad);
    }
    if (sha1, sha256, sha384, md5) == (&there.sha1, &there.sha256, &there.sha384, &there.md5) {
        return Ok(there.size);
    }
    let pairs = [
        ("sha1", in_hex(sha1), in_hex(&there.sha1)),
        ("sha256", in_hex(sha256), in_hex(&there.sha256)),
        ("sha384", in_hex(sha384), in_hex(&there.sha384)),
        ("md5", in_hex(md5), in_hex(&there.md5)),
    ];
    let differing: Vec<_> = pairs.into_iter().filter(|(_, wanted, there)| wanted != there).collect();
    let (name, wanted, is) = differing.last().expect("one of them differs");
    let digests: Vec<&str> = differing.iter().map(|(name, ..)| *name).collect();
    let what = text!(
        "its content is another ({join}): {name} {is}, should be {wanted}",
        join = digests.join(", "),
        name,
        is,
        wanted
    );
    Err(Bad { digests, ..Bad::new(FileFaultCode::Digest, what) })
}

fn in_hex<const N: usize>(digest: &Option<[u8; N]>) -> String {
    digest.as_ref().map_or_else(String::new, |digest| hex(digest))
}
