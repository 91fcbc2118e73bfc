//! The files that a list names, against the disk: size and digests, from one read of each file.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::{check_spelling, real_path};
use crate::base::hex::hex;
use crate::base::text::same_name;
use crate::catalog::{CidPath, CustomerFiles, Role, is_catalog_name};
use crate::cid::digest::{Digests, Wanted, digest_file};
use crate::cid::hash::in_parallel;
use crate::cid::tree::{Found, Tree};
use crate::cid::walk::{Kind, walk};
use crate::manifest::{ManifestEntry, SpecEntry};

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
    fn from(entry: ManifestEntry<'_>) -> Expected {
        let ManifestEntry { path, size, sha1, sha256, sha384 } = entry;
        let digests = Digests { size, sha1: Some(sha1), sha256, sha384, ..Digests::default() };
        Expected { path: path.to_cid_path(), size: Some(size), digests }
    }
}

impl From<&SpecEntry> for Expected {
    fn from(entry: &SpecEntry) -> Expected {
        let digests = Digests { md5: Some(entry.md5), ..Digests::default() };
        Expected { path: entry.cid_path(), size: None, digests }
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
    /// A link leads out of the folder.
    Link,
    /// Two names there differ in case alone.
    CaseConflict,
    /// It cannot be read.
    Io,
}

/// A listed file that is not what the list says.
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
    /// Listed files that are not what the list says, in the list's order.
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

/// Where a list's files may be.
pub(crate) struct Places {
    tree: Tree,
    /// The folders to try; in the first is looked for extra files.
    folders: Vec<Place>,
    shown: PathBuf,
    /// The list's own name, which no list names.
    list: String,
}

/// A folder that paths may be relative to, as it is called in the tree; `None` stands for the root.
struct Place {
    folder: Option<CidPath>,
    relative_to: RelativeTo,
}

impl Places {
    /// Of a list, or the folder that the user names instead of its own.
    pub(crate) fn of(list: &Path, given: Option<&Path>) -> Result<Places> {
        let folder = given.unwrap_or_else(|| match list.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        });
        check_spelling(folder)?;
        let real = real_path(folder).map_err(|error| Error::io("open the folder of the files", folder, error))?;
        if !real.is_dir() {
            return Err(Error::new(ErrorKind::Io, "this is no folder").in_file(folder).next("name the files' folder"));
        }
        let above = real.parent().filter(|_| given.is_none()).filter(|above| holds_catalog(above));
        let name = real.file_name().and_then(|name| CidPath::in_root(name.to_str()?).ok());
        let list = list.file_name().filter(|_| given.is_none()).unwrap_or_default().to_string_lossy().into_owned();
        let place = |folder, relative_to| Place { folder, relative_to };
        let (root, folders, shown) = match (above, name) {
            (Some(root), Some(own)) => {
                let folders = vec![place(Some(own), RelativeTo::OwnFolder), place(None, RelativeTo::Root)];
                (root.to_owned(), folders, crate::base::error::plain(root))
            }
            _ => {
                let relative = if given.is_some() { RelativeTo::Given } else { RelativeTo::OwnFolder };
                (real, vec![place(None, relative)], folder.to_owned())
            }
        };
        Ok(Places { tree: Tree::new(root), folders, shown, list })
    }
}

/// Whether the folder is a CID's root, or a component: it has a catalog.
fn holds_catalog(folder: &Path) -> bool {
    let Ok(mut entries) = folder.read_dir() else { return false };
    entries.any(|entry| entry.is_ok_and(|entry| entry.file_name().to_str().is_some_and(is_catalog_name)))
}

/// Looks at all files of a list. Paths of a component's manifest may be relative to the component or to the CID's root
/// (formats.md, section 4 \[A\]): the root is taken where more of the files are found from there.
pub(crate) fn check(expected: &[Expected], places: &Places) -> Result<FilesReport> {
    let mut best: Option<(usize, &Place, Vec<Result<Found>>)> = None;
    for place in &places.folders {
        let found = in_parallel(expected, |expected| places.tree.find(&expected.path.under(place.folder.as_ref())));
        let there = found.iter().filter(|found| !matches!(found, Ok(Found::Absent))).count();
        if best.as_ref().is_none_or(|(most, ..)| there > *most) {
            best = Some((there, place, found));
        }
        if there == expected.len() {
            break;
        }
    }
    let (_, Place { folder, relative_to }, found) = best.expect("there is a place at least");
    let pairs: Vec<_> = expected.iter().zip(found).collect();
    let looked = in_parallel(&pairs, |(expected, found)| look(expected, found));
    let mut report = FilesReport {
        folder: folder.as_ref().map_or_else(|| places.shown.clone(), |folder| folder.below(&places.shown)),
        relative_to: *relative_to,
        good: 0,
        bytes: 0,
        faults: Vec::new(),
        extra: extra(expected, places, folder.as_ref())?,
    };
    for (expected, looked) in expected.iter().zip(looked) {
        match looked {
            Ok(bytes) => {
                report.good += 1;
                report.bytes += bytes;
            }
            Err(Bad { code, what, digests }) => {
                report.faults.push(FileFault { code, path: expected.path.clone(), what, digests });
            }
        }
    }
    Ok(report)
}

/// The MD5 of one file, in the first place where it is.
pub(crate) fn md5_of(path: &CidPath, places: &Places) -> Result<[u8; 16]> {
    for Place { folder, .. } in &places.folders {
        if let Found::File { path, .. } = places.tree.find(&path.under(folder.as_ref()))? {
            let digests = digest_file(&path, u64::MAX, Wanted { md5: true, ..Wanted::default() })?;
            return Ok(digests.md5.expect("it was wanted"));
        }
    }
    Err(Error::new(ErrorKind::Io, "there is no such file").in_file(&path.below(&places.shown)))
}

/// What is wrong with a file.
struct Bad {
    code: FileFaultCode,
    what: String,
    digests: Vec<&'static str>,
}

impl Bad {
    fn new(code: FileFaultCode, what: impl Into<String>) -> Bad {
        Bad { code, what: what.into(), digests: Vec::new() }
    }

    fn of(error: &Error) -> Bad {
        let code = match error.kind() {
            ErrorKind::Link => FileFaultCode::Link,
            ErrorKind::CaseConflict => FileFaultCode::CaseConflict,
            _ => FileFaultCode::Io,
        };
        Bad::new(code, error.what())
    }
}

/// How many bytes were read of a file that is as it should be.
fn look(expected: &Expected, found: &Result<Found>) -> Result<u64, Bad> {
    let (path, size) = match found {
        Ok(Found::File { path, size, .. }) => (path, *size),
        Ok(Found::Absent) => return Err(Bad::new(FileFaultCode::Missing, "it is missing")),
        Ok(Found::Folder) => return Err(Bad::new(FileFaultCode::NotAFile, "it is a folder")),
        Ok(Found::Other) => {
            return Err(Bad::new(
                FileFaultCode::NotAFile,
                "it is no file, but a device, a FIFO, or a link that leads nowhere",
            ));
        }
        Err(error) => return Err(Bad::of(error)),
    };
    let differs = |size: u64| {
        let wanted = expected.size.filter(|wanted| *wanted != size)?;
        Some(Bad::new(FileFaultCode::Size, format!("it has {size} bytes and should have {wanted}")))
    };
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
    let there = digest_file(path, limit, wanted).map_err(|error| Bad::of(&error))?;
    if let Some(bad) = differs(there.size) {
        return Err(bad);
    }
    if (sha1, sha256, sha384, md5) == (&there.sha1, &there.sha256, &there.sha384, &there.md5) {
        return Ok(there.size);
    }
    let pairs = [
        ("sha1", spelled(sha1), spelled(&there.sha1)),
        ("sha256", spelled(sha256), spelled(&there.sha256)),
        ("sha384", spelled(sha384), spelled(&there.sha384)),
        ("md5", spelled(md5), spelled(&there.md5)),
    ];
    let differing: Vec<_> = pairs.into_iter().filter(|(_, wanted, there)| wanted != there).collect();
    let (name, wanted, is) = differing.last().expect("one of them differs");
    let digests: Vec<&str> = differing.iter().map(|(name, ..)| *name).collect();
    let what = format!("its content is another ({}): {name} {is}, should be {wanted}", digests.join(", "));
    Err(Bad { code: FileFaultCode::Digest, what, digests })
}

fn spelled<const N: usize>(digest: &Option<[u8; N]>) -> String {
    digest.as_ref().map_or_else(String::new, |digest| hex(digest))
}

/// The files in the list's own folder that it does not name.
fn extra(expected: &[Expected], places: &Places, base: Option<&CidPath>) -> Result<Vec<ExtraFile>> {
    let own = places.folders[0].folder.as_ref();
    let Some(folder) = places.tree.folder(own)? else { return Ok(Vec::new()) };
    let listed: HashSet<String> = expected.iter().map(|expected| expected.path.under(base).key()).collect();
    let customers = CustomerFiles::default();
    let mut extra = Vec::new();
    for item in walk(&folder)? {
        if item.kind == Kind::Folder {
            continue;
        }
        let parts: Vec<_> = item.path.iter().map(|part| part.to_string_lossy()).collect();
        let path = format!("\\{}", parts.join("\\"));
        let role = match CidPath::parse(&path) {
            Ok(path) if path.depth() == 1 && same_name(path.file_name(), &places.list) => continue,
            Ok(path) if listed.contains(&path.under(own).key()) => continue,
            Ok(path) => customers.role_under(own, &path),
            Err(_) => Role::Vendor,
        };
        let role = match role {
            Role::Customer => "customer",
            Role::Catalog => "catalog",
            Role::Vendor => "unlisted",
        };
        extra.push(ExtraFile { path, role });
    }
    Ok(extra)
}
