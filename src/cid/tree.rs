//! From a [`CidPath`] to a file of this system: names matched without regard to case, links that lead out refused.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::io::ErrorKind as IoKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::error::{self, Error, ErrorKind, Result};
use crate::base::text::fold_case;
use crate::catalog::CidPath;

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    Absent,
    File {
        /// Where it really is.
        path: PathBuf,
        size: u64,
        /// A link on the way leads there, without leaving the CID.
        linked: bool,
    },
    Folder,
    /// A FIFO, a device, a socket, a link that leads nowhere.
    Other,
}

/// A folder tree, with what has been learnt of its folders.
#[derive(Debug)]
pub(crate) struct Tree {
    root: PathBuf,
    /// Names that differ in case alone are an error even where one of them is the one that is asked for: to Windows they are
    /// one, so that nobody knows which of the two an endpoint gets.
    is_strict: bool,
    folders: Mutex<HashMap<String, Option<Folder>>>,
    listings: Mutex<HashMap<PathBuf, Arc<Listing>>>,
}

#[derive(Debug, Clone)]
struct Folder {
    path: Arc<PathBuf>,
    linked: bool,
}

/// The names in a folder, by their key. What is not text has none, and no [`CidPath`] finds it.
#[derive(Debug, Default)]
pub(crate) struct Listing(HashMap<String, Vec<OsString>>);

impl Listing {
    fn read(folder: &Path) -> Result<Self> {
        let cannot = |error| Error::io("list the folder", folder, error);
        let mut listing = Self::default();
        for entry in fs::read_dir(folder).map_err(cannot)? {
            let name = entry.map_err(cannot)?.file_name();
            let Some(key) = name.to_str().map(fold_case) else { continue };
            listing.0.entry(key).or_default().push(name);
        }
        Ok(listing)
    }

    /// All names that are text and not ours, in the case found.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.values().flatten().filter_map(|name| name.to_str()).filter(|name| !super::is_own_name(name))
    }

    /// A name in the case found: of several that differ in case alone the first in order.
    pub(crate) fn spelling(&self, name: &str) -> Option<&str> {
        self.0.get(&fold_case(name))?.iter().filter_map(|name| name.to_str()).min()
    }

    /// Refuses names that differ in case alone.
    pub(crate) fn check_twins(&self, folder: &Path) -> Result<()> {
        match self.0.values().filter(|names| names.len() > 1).min() {
            None => Ok(()),
            Some(twins) => Err(twins_error(folder, twins)),
        }
    }

    fn find(&self, folder: &Path, name: &str) -> Result<Option<&OsStr>> {
        match self.0.get(&fold_case(name)).map(Vec::as_slice) {
            None | Some([]) => Ok(None),
            Some([name]) => Ok(Some(name)),
            Some(twins) => Err(twins_error(folder, twins)),
        }
    }
}

fn twins_error(folder: &Path, twins: &[OsString]) -> Error {
    let mut names: Vec<_> = twins.iter().map(|name| name.to_string_lossy()).collect();
    names.sort();
    Error::new(
        ErrorKind::CaseConflict,
        format!("{} differ in case alone: to Windows they are one", names.join(" and ")),
    )
    .in_file(folder)
    .next("remove the one that does not belong there")
}

impl Tree {
    /// `root` is canonical.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root, is_strict: true, folders: Mutex::default(), listings: Mutex::default() }
    }

    /// For those who only look: of names that differ in case alone, the one that is spelled as asked for counts.
    pub(crate) fn to_look(root: PathBuf) -> Self {
        Self { is_strict: false, ..Self::new(root) }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Finds what stands at `path`.
    pub(crate) fn find(&self, path: &CidPath) -> Result<Found> {
        Ok(match self.look(path)? {
            None => Found::Absent,
            Some((path, metadata, linked)) if metadata.is_file() => Found::File { path, size: metadata.len(), linked },
            Some((_, metadata, _)) if metadata.is_dir() => Found::Folder,
            Some(_) => Found::Other,
        })
    }

    /// The folder on this system, where there is one.
    pub(crate) fn folder(&self, path: Option<&CidPath>) -> Result<Option<PathBuf>> {
        Ok(self.known_folder(path)?.map(|folder| folder.path.to_path_buf()))
    }

    /// The names in a folder; none where there is no such folder.
    pub(crate) fn listing(&self, folder: Option<&CidPath>) -> Result<Arc<Listing>> {
        self.known_folder(folder)?.map_or_else(|| Ok(Arc::default()), |folder| self.list(&folder.path))
    }

    /// Where `path` is, or where it is to be: in the case found, or in the case of the path where there is nothing.
    pub(crate) fn place(&self, path: &CidPath) -> Result<PathBuf> {
        let folder = path.folder();
        let found = self
            .known_folder(folder.as_ref())?
            .ok_or_else(|| Error::new(ErrorKind::Io, "there is no such folder").in_file(&path.below(&self.root)))?;
        let listing = self.list(&found.path)?;
        let name = listing.find(&found.path, path.file_name())?.unwrap_or(path.file_name().as_ref());
        Ok(found.path.join(name))
    }

    /// `(real path, metadata without a link, whether there was a link)`
    fn look(&self, path: &CidPath) -> Result<Option<(PathBuf, Metadata, bool)>> {
        let Some(folder) = self.known_folder(path.folder().as_ref())? else { return Ok(None) };
        self.look_in(&folder, path.file_name())
    }

    fn look_in(&self, folder: &Folder, name: &str) -> Result<Option<(PathBuf, Metadata, bool)>> {
        let mut place = folder.path.join(name);
        let mut metadata = fs::symlink_metadata(&place);
        let is_missing = matches!(&metadata, Err(error) if error.kind() == IoKind::NotFound);
        // Where the file system itself matches names without regard to case, there are no twins.
        if is_missing || (self.is_strict && cfg!(not(windows))) {
            let listing = self.list(&folder.path)?;
            match listing.find(&folder.path, name)? {
                Some(name) if is_missing => {
                    place = folder.path.join(name);
                    metadata = fs::symlink_metadata(&place);
                }
                None if is_missing => return Ok(None),
                _ => {}
            }
        }
        match metadata {
            Ok(metadata) if metadata.is_symlink() => self.follow(place).map(Some),
            Ok(metadata) => Ok(Some((place, metadata, folder.linked))),
            Err(error) if matches!(error.kind(), IoKind::NotFound | IoKind::InvalidFilename) => Ok(None),
            Err(error) => Err(Error::io("look at it", &place, error)),
        }
    }

    fn follow(&self, link: PathBuf) -> Result<(PathBuf, Metadata, bool)> {
        let target = match fs::canonicalize(&link) {
            Ok(target) => target,
            // A link that leads nowhere is told by the metadata of the link itself.
            Err(_) => {
                let metadata = fs::symlink_metadata(&link).map_err(|error| Error::io("look at it", &link, error))?;
                return Ok((link, metadata, true));
            }
        };
        if !target.starts_with(&self.root) {
            return Err(Error::new(
                ErrorKind::Link,
                format!("this link leads out of the CID, to {}", error::plain(&target).display()),
            )
            .in_file(&link)
            .next("put a real file or folder in its place"));
        }
        let metadata = fs::metadata(&target).map_err(|error| Error::io("look at it", &target, error))?;
        Ok((target, metadata, true))
    }

    fn known_folder(&self, path: Option<&CidPath>) -> Result<Option<Folder>> {
        let mut folder = Folder { path: Arc::new(self.root.clone()), linked: false };
        let Some(path) = path else { return Ok(Some(folder)) };
        let lock = || self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        let whole = path.key();
        if let Some(known) = lock().get(&whole) {
            return Ok(known.clone());
        }
        // From the root down, and not by recursion: a catalog may list paths of many thousand parts.
        let mut key = String::new();
        for part in path.parts() {
            key.push('\\');
            key.push_str(&fold_case(part));
            let known = lock().get(&key).cloned();
            let found = match known {
                Some(known) => known,
                None => {
                    let found = self.look_in(&folder, part)?.filter(|(_, metadata, _)| metadata.is_dir());
                    let found = found.map(|(path, _, linked)| Folder { path: Arc::new(path), linked });
                    // Links may lead round in circles, so that there is no end of such folders.
                    if !found.as_ref().is_some_and(|found: &Folder| found.linked) {
                        lock().insert(key.clone(), found.clone());
                    }
                    found
                }
            };
            match found {
                Some(found) => folder = found,
                None => {
                    lock().insert(whole, None);
                    return Ok(None);
                }
            }
        }
        Ok(Some(folder))
    }

    fn list(&self, folder: &Path) -> Result<Arc<Listing>> {
        let lock = || self.listings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(folder) {
            return Ok(known.clone());
        }
        let listing = Arc::new(Listing::read(folder)?);
        lock().insert(folder.to_owned(), listing.clone());
        Ok(listing)
    }
}
