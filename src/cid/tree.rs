//! From a [`CidPath`] to a file of this system: names matched without regard to case, links that lead out refused.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io::ErrorKind as IoKind;
use std::num::TryFromIntError;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use super::fresh::{FEW, FORGOTTEN};
use super::walk::{AtOnce, Kind, LOOKS_A_TURN, sizes};
use crate::base::calls::{Call, note};
use crate::base::error::{self, Error, ErrorKind, Result};
use crate::base::pool::{LOOKS, alone, in_flight};
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

/// A folder tree, with what has been learnt of its folders. Names and kinds are those of one listing of each folder; whoever
/// asks for a file's size gets it by a look of its own ([`find`](Tree::find)), or that of one look at many
/// ([`survey`](Tree::survey)).
#[derive(Debug)]
pub(crate) struct Tree {
    top: Arc<Folder>,
    /// Names that differ in case alone are an error even where one of them is the one that is asked for: to Windows they are
    /// one, so that nobody knows which of the two an endpoint gets.
    is_strict: bool,
    /// By [`Tree::key`].
    folders: Mutex<HashMap<String, Option<Arc<Folder>>>>,
    /// The folder that was asked for last, as it was spelled: most are asked for many times in a row.
    latest: Mutex<Option<(String, Option<Arc<Folder>>)>>,
    listings: Mutex<HashMap<PathBuf, Arc<Listing>>>,
}

#[derive(Debug)]
struct Folder {
    path: PathBuf,
    linked: bool,
    listing: OnceLock<Arc<Listing>>,
}

impl Folder {
    fn new(path: PathBuf, linked: bool) -> Arc<Self> {
        Arc::new(Self { path, linked, listing: OnceLock::new() })
    }
}

/// The names in a folder, in the order of their keys. What is not text is not among them, and no [`CidPath`] finds it. There may
/// be hundreds of thousands, so that each takes little more than its letters.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    names: Packed,
    /// None where every name is its own.
    keys: Option<Packed>,
    /// As the listing itself has them; none where it does not say.
    kinds: Vec<Option<Kind>>,
    sizes: Vec<AtomicU64>,
    /// When all of it was read.
    read: Option<Instant>,
}

/// Many texts in one piece of memory.
#[derive(Debug, Default)]
struct Packed {
    text: String,
    ends: Vec<u32>,
}

impl Packed {
    fn of<'t>(texts: impl Iterator<Item = &'t str> + Clone) -> std::result::Result<Self, TryFromIntError> {
        let mut packed = Self {
            text: String::with_capacity(texts.clone().map(str::len).sum()),
            ends: Vec::with_capacity(texts.clone().count()),
        };
        for text in texts {
            packed.text.push_str(text);
            packed.ends.push(u32::try_from(packed.text.len())?);
        }
        Ok(packed)
    }

    fn get(&self, at: usize) -> &str {
        let begin = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[begin as usize..self.ends[at] as usize]
    }
}

/// A size that is not known, and one that a survey is to look up: no file has them.
const UNKNOWN: u64 = u64::MAX;
const WANTED: u64 = u64::MAX - 1;

impl Listing {
    /// `with_sizes`: with those of all files, as far as that is not to be waited for.
    fn read(folder: &Path, with_sizes: bool) -> Result<Self> {
        let mut sizes = AtOnce::new(with_sizes);
        let cannot = |error| Error::io("list the folder", folder, error);
        note(Call::List, folder);
        let mut listed = Vec::new();
        for entry in fs::read_dir(folder).map_err(cannot)? {
            let entry = entry.map_err(cannot)?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let key = Some(fold_case(&name)).filter(|key| *key != name).map(String::into_boxed_str);
            let kind = entry.file_type().ok().map(Kind::of);
            let size = kind.and_then(|kind| sizes.of(&entry, kind)).unwrap_or(UNKNOWN);
            listed.push((name.into_boxed_str(), key, kind, size));
        }
        fn key((name, key, ..): &(Box<str>, Option<Box<str>>, Option<Kind>, u64)) -> &str {
            key.as_deref().unwrap_or(name)
        }
        listed.sort_unstable_by(|a, b| (key(a), &a.0).cmp(&(key(b), &b.0)));
        let too_long =
            |_| Error::new(ErrorKind::Path, "its names take more than 4 GiB").in_file(folder).next("look what it is");
        let has_keys = listed.iter().any(|(_, key, ..)| key.is_some());
        Ok(Self {
            names: Packed::of(listed.iter().map(|(name, ..)| &**name)).map_err(too_long)?,
            keys: has_keys.then(|| Packed::of(listed.iter().map(key))).transpose().map_err(too_long)?,
            kinds: listed.iter().map(|(.., kind, _)| *kind).collect(),
            // Not out of the list itself: what is made of it would keep its memory.
            sizes: listed.iter().map(|(.., size)| AtomicU64::new(*size)).collect(),
            read: Some(Instant::now()),
        })
    }

    /// Lists the folder once more, for the sizes that are wanted. What cannot be told so is left to looks.
    fn look_anew(&self, folder: &Path) {
        note(Call::List, folder);
        let mut sizes = AtOnce::new(true);
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            let at = self.alike(name).find(|&at| self.name(at) == name);
            let Some(wanted) = at.map(|at| &self.sizes[at]).filter(|size| size.load(Ordering::Relaxed) == WANTED)
            else {
                continue;
            };
            let kind = entry.file_type().map(Kind::of);
            if let Some(size) = kind.ok().and_then(|kind| sizes.of(&entry, kind)) {
                wanted.store(size, Ordering::Relaxed);
            }
        }
    }

    fn name(&self, at: usize) -> &str {
        self.names.get(at)
    }

    fn key(&self, at: usize) -> &str {
        self.keys.as_ref().unwrap_or(&self.names).get(at)
    }

    fn size(&self, at: usize) -> Option<u64> {
        Some(self.sizes[at].load(Ordering::Relaxed)).filter(|&size| size < WANTED)
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        (0..self.kinds.len()).map(|at| self.name(at))
    }

    /// All names that are text and not ours, in the case found.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.all().filter(|name| !super::is_own_name(name))
    }

    /// All names of files of our own.
    pub(crate) fn own_names(&self) -> impl Iterator<Item = &str> {
        self.all().filter(|name| super::is_own_name(name))
    }

    /// A name in the case found: of several that differ in case alone the first in order.
    pub(crate) fn spelling(&self, name: &str) -> Option<&str> {
        self.alike(name).next().map(|at| self.name(at))
    }

    /// Refuses names that differ in case alone.
    pub(crate) fn check_twins(&self, folder: &Path) -> Result<()> {
        let first = (1..self.kinds.len()).find(|&at| self.key(at) == self.key(at - 1));
        first.map_or(Ok(()), |at| Err(self.twins_error(folder, self.alike(self.key(at)))))
    }

    /// Where those are that are the same name to Windows.
    fn alike(&self, name: &str) -> Range<usize> {
        let key = fold_case(name);
        let (mut first, mut after) = (0, self.kinds.len());
        while first < after {
            let middle = first.midpoint(after);
            if self.key(middle) < &*key { first = middle + 1 } else { after = middle }
        }
        let count = (first..self.kinds.len()).take_while(|&at| self.key(at) == key).count();
        first..first + count
    }

    fn find(&self, folder: &Path, name: &str) -> Result<Option<usize>> {
        let mut alike = self.alike(name);
        if alike.len() > 1 { Err(self.twins_error(folder, alike)) } else { Ok(alike.next()) }
    }

    fn twins_error(&self, folder: &Path, twins: Range<usize>) -> Error {
        let names: Vec<&str> = twins.map(|at| self.name(at)).collect();
        Error::new(
            ErrorKind::CaseConflict,
            text!("{} differ in case alone: to Windows they are one", names.join(text!(" and "))),
        )
        .in_file(folder)
        .next("remove the one that does not belong there")
    }
}

impl Tree {
    /// `root` is canonical.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self {
            top: Folder::new(root, false),
            is_strict: true,
            folders: Mutex::default(),
            latest: Mutex::default(),
            listings: Mutex::default(),
        }
    }

    /// For those who only look: of names that differ in case alone, the one that is spelled as asked for counts.
    pub(crate) fn to_look(root: PathBuf) -> Self {
        Self { is_strict: false, ..Self::new(root) }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.top.path
    }

    /// Finds what stands at `path`, by a look at it.
    pub(crate) fn find(&self, path: &CidPath) -> Result<Found> {
        Ok(match self.look(path)? {
            None => Found::Absent,
            Some((path, metadata, linked)) if metadata.is_file() => Found::File { path, size: metadata.len(), linked },
            Some((_, metadata, _)) if metadata.is_dir() => Found::Folder,
            Some(_) => Found::Other,
        })
    }

    /// As [`find`](Tree::find), without a look where a listing or a [`survey`](Tree::survey) has told it: for those who
    /// only read. Sizes that a listing brings along may be late on Windows, where a file has several names or is being
    /// written: whoever finds one wrong asks [`find`](Tree::find).
    pub(crate) fn known(&self, path: &CidPath) -> Result<Found> {
        let Some(folder) = self.folder_of(path)? else { return Ok(Found::Absent) };
        if let Some((listing, at)) = self.listed(&folder, path.file_name())?
            && let (Some(Kind::File), Some(size)) = (listing.kinds[at], listing.size(at))
        {
            return Ok(Found::File { path: folder.path.join(listing.name(at)), size, linked: folder.linked });
        }
        self.find(path)
    }

    /// Where the file at `path` is if its folder's listing says that there is one, and no link stands for it or above it. It
    /// is for whoever opens it and follows no link.
    pub(crate) fn listed_file(&self, path: &CidPath) -> Result<Option<PathBuf>> {
        let Some(folder) = self.folder_of(path)?.filter(|folder| !folder.linked) else { return Ok(None) };
        let Some((listing, at)) = self.listed(&folder, path.file_name())? else { return Ok(None) };
        Ok((listing.kinds[at] == Some(Kind::File)).then(|| folder.path.join(listing.name(at))))
    }

    /// Whether the listing says that a folder may stand here: it is one, or a link that perhaps leads to one.
    pub(crate) fn may_be_folder(&self, path: &CidPath) -> bool {
        let listed = self.folder_of(path).ok().flatten().and_then(|folder| self.listed(&folder, path.file_name()).ok());
        // What cannot be told here is told where it is looked at.
        let Some(Some((listing, at))) = listed else { return true };
        !matches!(listing.kinds[at], Some(Kind::File | Kind::Other))
    }

    /// Keeps the size of a file that has just been read whole, for [`known`](Tree::known): it is not looked at for that then.
    pub(crate) fn tell_size(&self, path: &CidPath, size: u64) {
        let Ok(Some(folder)) = self.folder_of(path) else { return };
        let Ok(Some((listing, at))) = self.listed(&folder, path.file_name()) else { return };
        if listing.kinds[at] == Some(Kind::File) {
            let _ = listing.sizes[at].compare_exchange(UNKNOWN, size, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// Looks at the files of `paths` for [`known`](Tree::known), many at a time: each folder is listed right before, so that the
    /// client of a share can answer for its files without asking the server. What cannot be looked at is left to whoever
    /// asks for it.
    pub(crate) fn survey<I: Iterator<Item = CidPath>>(&self, paths: impl Fn() -> I) {
        self.list_above(paths(), true);
        let mut numbers: HashMap<*const Listing, usize> = HashMap::new();
        let mut wanted: Vec<(Arc<Folder>, Arc<Listing>, Vec<u32>)> = Vec::new();
        for path in paths() {
            let Ok(Some(folder)) = self.folder_of(&path) else { continue };
            let Ok(Some((listing, at))) = self.listed(&folder, path.file_name()) else { continue };
            let is_first = listing.kinds[at] == Some(Kind::File)
                && listing.sizes[at].compare_exchange(UNKNOWN, WANTED, Ordering::Relaxed, Ordering::Relaxed).is_ok();
            if is_first {
                let number = *numbers.entry(Arc::as_ptr(&listing)).or_insert_with(|| {
                    wanted.push((folder, listing.clone(), Vec::new()));
                    wanted.len() - 1
                });
                wanted[number].2.push(at as u32);
            }
        }
        let is_forgotten = |listing: &Listing, files: &[u32]| {
            files.len() > FEW && listing.read.is_some_and(|read| read.elapsed() >= FORGOTTEN)
        };
        let old: Vec<_> = wanted.iter().filter(|(_, listing, files)| is_forgotten(listing, files)).collect();
        in_flight(LOOKS, &old, |(folder, listing, _)| listing.look_anew(&folder.path));
        for (_, listing, files) in &mut wanted {
            files.retain(|&at| listing.size(at as usize).is_none());
        }
        // Some at a turn, since on a local disk a turn would cost more than the look.
        let turns: Vec<(&Path, &Listing, &[u32])> = wanted
            .iter()
            .flat_map(|(folder, listing, files)| {
                files.chunks(LOOKS_A_TURN).map(|files| (&*folder.path, &**listing, files))
            })
            .collect();
        in_flight(LOOKS, &turns, |(folder, listing, files)| look_at_sizes(folder, listing, files));
    }

    /// Lists the folders above `paths`, many at a time and each once.
    pub(crate) fn list_folders(&self, paths: impl Iterator<Item = CidPath>) {
        self.list_above(paths, false);
    }

    /// As [`list_folders`](Tree::list_folders); with the sizes of files, where they are wanted.
    fn list_above(&self, paths: impl Iterator<Item = CidPath>, with_sizes: bool) {
        let mut by_depth: BTreeMap<usize, BTreeMap<String, CidPath>> = BTreeMap::new();
        let mut last = None;
        for path in paths {
            let above = path.folder();
            if above == last {
                continue;
            }
            last.clone_from(&above);
            let mut folder = above.filter(|folder| folder.depth() <= DEEP);
            while let Some(this) = folder {
                folder = this.folder();
                if by_depth.entry(this.depth()).or_default().insert(this.key(), this).is_some() {
                    break;
                }
            }
        }
        let _ = self.list(&self.top);
        for folders in by_depth.into_values() {
            let folders: Vec<CidPath> = folders.into_values().filter(|folder| self.may_be_folder(folder)).collect();
            in_flight(LOOKS, &folders, |folder| {
                if let Ok(Some(folder)) = self.known_folder(Some(folder)) {
                    _ = self.list_with(&folder, with_sizes);
                }
            });
        }
    }

    /// Lists folders, many at a time. What cannot be listed is left to whoever asks for it.
    pub(crate) fn list_all(&self, folders: &[CidPath]) {
        in_flight(LOOKS, folders, |folder| _ = self.listing(Some(folder)));
    }

    /// The folder on this system, where there is one.
    pub(crate) fn folder(&self, path: Option<&CidPath>) -> Result<Option<PathBuf>> {
        Ok(self.known_folder(path)?.map(|folder| folder.path.clone()))
    }

    /// Whether a link leads to a folder, or on the way to it.
    pub(crate) fn is_linked(&self, folder: Option<&CidPath>) -> Result<bool> {
        Ok(self.known_folder(folder)?.is_some_and(|folder| folder.linked))
    }

    /// The names in a folder; none where there is no such folder.
    pub(crate) fn listing(&self, folder: Option<&CidPath>) -> Result<Arc<Listing>> {
        self.known_folder(folder)?.map_or_else(|| Ok(Arc::default()), |folder| self.list(&folder))
    }

    /// Where `path` is, or where it is to be: in the case found, or in the case of the path where there is nothing.
    pub(crate) fn place(&self, path: &CidPath) -> Result<PathBuf> {
        let found = self
            .folder_of(path)?
            .ok_or_else(|| Error::new(ErrorKind::Io, "there is no such folder").in_file(&path.below(self.root())))?;
        let listing = self.list(&found)?;
        let listed = listing.find(&found.path, path.file_name())?;
        Ok(found.path.join(listed.map_or(path.file_name(), |at| listing.name(at))))
    }

    /// `(real path, metadata without a link, whether there was a link)`
    fn look(&self, path: &CidPath) -> Result<Option<(PathBuf, Metadata, bool)>> {
        let Some(folder) = self.folder_of(path)? else { return Ok(None) };
        self.look_in(&folder, path.file_name())
    }

    fn look_in(&self, folder: &Folder, name: &str) -> Result<Option<(PathBuf, Metadata, bool)>> {
        // By its listed name. What has come since the folder was listed may stand there all the same.
        let place = match self.listed(folder, name)? {
            Some((listing, at)) => folder.path.join(listing.name(at)),
            None => folder.path.join(name),
        };
        note(Call::Look, &place);
        match fs::symlink_metadata(&place) {
            Ok(metadata) if metadata.is_symlink() => self.follow(place).map(Some),
            Ok(metadata) => Ok(Some((place, metadata, folder.linked))),
            Err(error) if matches!(error.kind(), IoKind::NotFound | IoKind::InvalidFilename) => Ok(None),
            Err(error) => Err(Error::io("look at it", &place, error)),
        }
    }

    /// What a folder lists by this name: the listing, and where in it.
    fn listed(&self, folder: &Folder, name: &str) -> Result<Option<(Arc<Listing>, usize)>> {
        // Where the file system itself matches names without regard to case, there are no twins.
        let minds_twins = self.is_strict && cfg!(not(windows));
        let listing = match self.list(folder) {
            Ok(listing) => listing,
            Err(error) if minds_twins => return Err(error),
            // Whoever only looks may know the name of what stands in a folder that cannot be listed.
            Err(_) => return Ok(None),
        };
        let exact = || listing.alike(name).find(|&at| listing.name(at) == name);
        let at = match if minds_twins { None } else { exact() } {
            Some(at) => Some(at),
            None => listing.find(&folder.path, name)?,
        };
        Ok(at.map(|at| (listing, at)))
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
        if !target.starts_with(self.root()) {
            return Err(Error::new(
                ErrorKind::Link,
                text!("this link leads out of the CID, to {}", error::plain(&target).display()),
            )
            .in_file(&link)
            .next("put a real file or folder in its place"));
        }
        let metadata = fs::metadata(&target).map_err(|error| Error::io("look at it", &target, error))?;
        Ok((target, metadata, true))
    }

    /// The folder that holds what `path` names.
    fn folder_of(&self, path: &CidPath) -> Result<Option<Arc<Folder>>> {
        let Some((folder, _)) = path.as_str().rsplit_once('\\').filter(|(folder, _)| !folder.is_empty()) else {
            return Ok(Some(self.top.clone()));
        };
        let lock = || self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((latest, known)) = &*lock()
            && latest == folder
        {
            return Ok(known.clone());
        }
        let found = self.known_folder(path.folder().as_ref())?;
        *lock() = Some((folder.to_owned(), found.clone()));
        Ok(found)
    }

    /// By what a folder is known: names that differ in case alone are each a folder of their own to those who only look, whichever
    /// was asked for first.
    fn key<'t>(&self, spelled: &'t str) -> Cow<'t, str> {
        if self.is_strict { fold_case(spelled).into() } else { spelled.into() }
    }

    fn known_folder(&self, path: Option<&CidPath>) -> Result<Option<Arc<Folder>>> {
        let mut folder = self.top.clone();
        let Some(path) = path else { return Ok(Some(folder)) };
        let lock = || self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        let whole = self.key(path.as_str()).into_owned();
        if let Some(known) = lock().get(&whole) {
            return Ok(known.clone());
        }
        // From the root down, and not by recursion: a catalog may list paths of many thousand parts.
        let mut key = String::new();
        for part in path.parts() {
            key.push('\\');
            key.push_str(&self.key(part));
            let known = lock().get(&key).cloned();
            let found = match known {
                Some(known) => known,
                None => {
                    let found = self.folder_in(&folder, part)?;
                    // Links may lead round in circles, so that there is no end of such folders.
                    if found.as_ref().is_some_and(|found| found.linked) {
                        found
                    } else {
                        lock().entry(key.clone()).or_insert(found).clone()
                    }
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

    fn folder_in(&self, folder: &Folder, name: &str) -> Result<Option<Arc<Folder>>> {
        if let Some((listing, at)) = self.listed(folder, name)? {
            match listing.kinds[at] {
                Some(Kind::Folder) => return Ok(Some(Folder::new(folder.path.join(listing.name(at)), folder.linked))),
                Some(Kind::File | Kind::Other) => return Ok(None),
                Some(Kind::Link) | None => {}
            }
        }
        let found = self.look_in(folder, name)?.filter(|(_, metadata, _)| metadata.is_dir());
        Ok(found.map(|(path, _, linked)| Folder::new(path, linked)))
    }

    fn list(&self, folder: &Folder) -> Result<Arc<Listing>> {
        self.list_with(folder, false)
    }

    /// As [`list`](Tree::list); with the sizes of files, where it is not known yet and they are wanted.
    fn list_with(&self, folder: &Folder, with_sizes: bool) -> Result<Arc<Listing>> {
        if let Some(known) = folder.listing.get() {
            return Ok(known.clone());
        }
        let lock = || self.listings.lock().unwrap_or_else(PoisonError::into_inner);
        let known = lock().get(&folder.path).cloned();
        let listing = match known {
            Some(known) => known,
            None => {
                let read = || Listing::read(&folder.path, with_sizes);
                // What looks at many files may take long on a local disk, too.
                let read = Arc::new(if with_sizes { read() } else { alone(read) }?);
                lock().entry(folder.path.clone()).or_insert(read).clone()
            }
        };
        Ok(folder.listing.get_or_init(|| listing).clone())
    }
}

/// Folders further down are listed when they are asked for: a catalog may list paths of many thousand parts.
const DEEP: usize = 64;

/// Looks at the sizes of files of one folder. What is no file any more, or cannot be looked at, stays unknown.
fn look_at_sizes(folder: &Path, listing: &Listing, files: &[u32]) {
    let names = files.iter().map(|&at| Some(OsStr::new(listing.name(at as usize))));
    for (&at, size) in files.iter().zip(sizes(folder, names)) {
        listing.sizes[at as usize].store(size.unwrap_or(UNKNOWN), Ordering::Relaxed);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn path(text: &str) -> CidPath {
        CidPath::parse(text).unwrap()
    }

    #[test]
    fn a_survey_knows_what_looks_find() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("A/b")).unwrap();
        fs::create_dir(root.join("out")).unwrap();
        for (name, size) in [("one", 1), ("A/Two", 2), ("A/b/three", 3)] {
            fs::write(root.join(name), vec![0; size]).unwrap();
        }
        let link = |target: &str, name: &str| std::os::unix::fs::symlink(target, root.join(name)).unwrap();
        link("A/Two", "to_two");
        link("A", "to_a");
        link("/", "away");
        link("nowhere", "lost");
        let paths = ["\\one", "\\a\\TWO", "\\A\\b\\three", "\\A\\b", "\\A\\none", "\\none\\x", "\\one\\x", "\\to_two"];
        let paths = paths.iter().chain(&["\\to_a\\two", "\\lost", "\\away\\etc"]).map(|text| path(text));
        let paths: Vec<CidPath> = paths.collect();
        for make in [Tree::new, Tree::to_look] {
            let (looked, surveyed) = (make(root.clone()), make(root.clone()));
            surveyed.survey(|| paths.iter().cloned());
            for path in &paths {
                let (looked, known) = (looked.find(path), surveyed.known(path));
                assert_eq!(format!("{looked:?}"), format!("{known:?}"), "{path}");
            }
        }
        // What is known stays; who looks sees what has become of it.
        let tree = Tree::new(root.clone());
        tree.survey(|| paths.iter().cloned());
        fs::remove_file(root.join("one")).unwrap();
        link("/etc/passwd", "one");
        assert!(matches!(tree.known(&path("\\one")), Ok(Found::File { size: 1, .. })));
        assert_eq!(tree.find(&path("\\one")).unwrap_err().kind(), ErrorKind::Link);
        // What was read is not looked at.
        let tree = Tree::new(root.clone());
        tree.tell_size(&path("\\A\\TWO"), 2);
        tree.tell_size(&path("\\none"), 2);
        fs::remove_file(root.join("A/Two")).unwrap();
        tree.survey(|| [path("\\A\\Two")].into_iter());
        assert!(matches!(tree.known(&path("\\A\\Two")), Ok(Found::File { size: 2, .. })));
        // And what has come since is there, too.
        fs::write(root.join("A/new"), "").unwrap();
        assert!(matches!(tree.known(&path("\\A\\new")), Ok(Found::File { size: 0, .. })));
    }

    #[test]
    fn names_that_differ_in_case_alone_are_refused_in_a_survey_too() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        fs::write(root.join("x"), "1").unwrap();
        fs::write(root.join("X"), "12").unwrap();
        let tree = Tree::new(root.clone());
        tree.survey(|| [path("\\x"), path("\\X")].into_iter());
        assert_eq!(tree.known(&path("\\x")).unwrap_err().kind(), ErrorKind::CaseConflict);
        let tree = Tree::to_look(root);
        tree.survey(|| [path("\\x"), path("\\X")].into_iter());
        assert!(matches!(tree.known(&path("\\x")), Ok(Found::File { size: 1, .. })));
        assert!(matches!(tree.known(&path("\\X")), Ok(Found::File { size: 2, .. })));
    }

    #[test]
    fn folders_that_differ_in_case_alone_are_not_taken_for_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        for folder in ["rms", "RMS"] {
            fs::create_dir_all(root.join(folder).join("in")).unwrap();
            fs::write(root.join(folder).join("in").join(folder), folder).unwrap();
        }
        for folders in [["rms", "RMS"], ["RMS", "rms"]] {
            let tree = Tree::to_look(root.clone());
            for folder in folders {
                let listing = tree.listing(Some(&path(&format!("\\{folder}\\in")))).unwrap();
                assert_eq!(listing.names().collect::<Vec<_>>(), [folder]);
            }
        }
    }
}
