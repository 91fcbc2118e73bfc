//! From a [`CidPath`] to a file of this system: names matched without regard to case, links that lead out refused.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, Metadata};
use std::io::ErrorKind as IoKind;
use std::num::TryFromIntError;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::walk::{AtOnce, Kind};
use crate::base::calls::{Call, note};
use crate::base::error::{self, Error, ErrorKind, Result};
use crate::base::pool::{LOOKS, alone, in_flight};
use crate::base::text::{fold_case, other_key};
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
pub(super) struct Folder {
    pub(super) path: PathBuf,
    pub(super) linked: bool,
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
    /// None as long as none of them is known or wanted.
    sizes: OnceLock<Box<[AtomicU64]>>,
    /// Whether names differ in case alone.
    has_twins: bool,
    /// Where the name stands that is likely to be asked for next: catalogs list most files in the order of their folder.
    next: AtomicUsize,
    /// When all of it was read.
    read: Option<Instant>,
}

/// Many texts in one piece of memory.
#[derive(Debug, Default, Clone)]
struct Packed {
    text: String,
    ends: Vec<u32>,
}

impl Packed {
    fn push(&mut self, text: &str) -> std::result::Result<(), TryFromIntError> {
        self.text.push_str(text);
        self.ends.push(u32::try_from(self.text.len())?);
        Ok(())
    }

    fn get(&self, at: usize) -> &str {
        let begin = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[begin as usize..self.ends[at] as usize]
    }

    /// The same texts in this order, which has each of them once, with no memory to spare.
    fn in_order(&self, order: &[u32]) -> Self {
        let mut packed =
            Self { text: String::with_capacity(self.text.len()), ends: Vec::with_capacity(self.ends.len()) };
        for &at in order {
            packed.text.push_str(self.get(at as usize));
            packed.ends.push(packed.text.len() as u32);
        }
        packed
    }
}

/// A size that is not known, and one that a survey is to look up: no file has them.
const UNKNOWN: u64 = u64::MAX;
const WANTED: u64 = u64::MAX - 1;

impl Listing {
    /// `with_sizes`: with those of all files, as far as that is not to be waited for. Many folders are read at a time, so that
    /// names are packed as they come.
    fn read(folder: &Path, with_sizes: bool) -> Result<Self> {
        let mut at_once = AtOnce::new(with_sizes);
        let cannot = |error| Error::io("list the folder", folder, error);
        let too_long =
            |_| Error::new(ErrorKind::Path, "its names take more than 4 GiB").in_file(folder).next("look what it is");
        note(Call::List, folder);
        let (mut names, mut keys) = (Packed::default(), None);
        let (mut kinds, mut sizes) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(folder).map_err(cannot)? {
            let entry = entry.map_err(cannot)?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let key = other_key(&name);
            if key.is_some() && keys.is_none() {
                keys = Some(names.clone());
            }
            if let Some(keys) = &mut keys {
                keys.push(key.as_deref().unwrap_or(&name)).map_err(too_long)?;
            }
            names.push(&name).map_err(too_long)?;
            let kind = entry.file_type().ok().map(Kind::of);
            if let Some(size) = kind.and_then(|kind| at_once.of(&entry, kind)) {
                sizes.resize(kinds.len(), UNKNOWN);
                sizes.push(size);
            }
            kinds.push(kind);
        }
        let key = |at: u32| keys.as_ref().unwrap_or(&names).get(at as usize);
        let mut order: Vec<u32> = (0..kinds.len() as u32).collect();
        order.sort_unstable_by_key(|&at| (key(at), names.get(at as usize)));
        let size = |&at: &u32| AtomicU64::new(sizes.get(at as usize).copied().unwrap_or(UNKNOWN));
        Ok(Self {
            has_twins: order.windows(2).any(|both| key(both[0]) == key(both[1])),
            names: names.in_order(&order),
            keys: keys.as_ref().map(|keys| keys.in_order(&order)),
            kinds: order.iter().map(|&at| kinds[at as usize]).collect(),
            sizes: match sizes.is_empty() {
                true => OnceLock::new(),
                false => OnceLock::from(order.iter().map(size).collect::<Box<[_]>>()),
            },
            next: AtomicUsize::new(0),
            read: Some(Instant::now()),
        })
    }

    pub(super) fn name(&self, at: usize) -> &str {
        self.names.get(at)
    }

    fn key(&self, at: usize) -> &str {
        self.keys.as_ref().unwrap_or(&self.names).get(at)
    }

    pub(super) fn is_file(&self, at: usize) -> bool {
        self.kinds[at] == Some(Kind::File)
    }

    pub(super) fn size(&self, at: usize) -> Option<u64> {
        self.sizes.get().map(|sizes| sizes[at].load(Ordering::Relaxed)).filter(|&size| size < WANTED)
    }

    /// Whether the size of a file is not known yet, and nobody has said before that it is to be looked up.
    pub(super) fn want_size(&self, at: usize) -> bool {
        self.put_size(at, WANTED)
    }

    pub(super) fn is_size_wanted(&self, at: usize) -> bool {
        self.sizes.get().is_some_and(|sizes| sizes[at].load(Ordering::Relaxed) == WANTED)
    }

    /// Keeps what was looked up: what cannot be looked at has no size.
    pub(super) fn keep_size(&self, at: usize, size: Option<u64>) {
        self.all_sizes()[at].store(size.unwrap_or(UNKNOWN), Ordering::Relaxed);
    }

    /// Puts a size where none is known yet. Whether this was so.
    fn put_size(&self, at: usize, size: u64) -> bool {
        self.all_sizes()[at].compare_exchange(UNKNOWN, size, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    fn all_sizes(&self) -> &[AtomicU64] {
        self.sizes.get_or_init(|| self.kinds.iter().map(|_| AtomicU64::new(UNKNOWN)).collect())
    }

    /// How long ago the folder was listed.
    pub(super) fn age(&self) -> Option<Duration> {
        self.read.map(|read| read.elapsed())
    }

    /// How many names there are.
    pub(super) fn len(&self) -> usize {
        self.kinds.len()
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|at| self.name(at))
    }

    /// All names that are text and not ours, in the case found.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.all().filter(|name| !super::is_own_name(name))
    }

    /// All names of files of our own.
    pub(crate) fn own_names(&self) -> impl Iterator<Item = &str> {
        self.all().filter(super::is_own_name)
    }

    /// A name in the case found: of several that differ in case alone the first in order.
    pub(crate) fn spelling(&self, name: &str) -> Option<&str> {
        self.alike(name).next().map(|at| self.name(at))
    }

    /// Refuses names that differ in case alone.
    pub(crate) fn check_twins(&self, folder: &Path) -> Result<()> {
        if !self.has_twins {
            return Ok(());
        }
        let first = (1..self.len()).find(|&at| self.key(at) == self.key(at - 1));
        first.map_or(Ok(()), |at| Err(self.twins_error(folder, self.alike(self.key(at)))))
    }

    /// Where those are that are the same name to Windows.
    pub(super) fn alike(&self, name: &str) -> Range<usize> {
        let next = self.next.load(Ordering::Relaxed);
        if !self.has_twins && next < self.len() && self.name(next) == name {
            self.next.store(next + 1, Ordering::Relaxed);
            return next..next + 1;
        }
        let key = fold_case(name);
        let (mut first, mut after) = (0, self.len());
        while first < after {
            let middle = first.midpoint(after);
            if self.key(middle) < &*key { first = middle + 1 } else { after = middle }
        }
        let count = (first..self.len()).take_while(|&at| self.key(at) == key).count();
        self.next.store(first + count, Ordering::Relaxed);
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
            && let (true, Some(size)) = (listing.is_file(at), listing.size(at))
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
        Ok(listing.is_file(at).then(|| folder.path.join(listing.name(at))))
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
        if listing.is_file(at) {
            listing.put_size(at, size);
        }
    }

    /// Lists the folders above `paths`, many at a time and each once.
    pub(crate) fn list_folders(&self, paths: impl Iterator<Item = CidPath>) {
        self.list_above(paths, false);
    }

    /// As [`list_folders`](Tree::list_folders); with the sizes of files, where they are wanted.
    pub(super) fn list_above(&self, paths: impl Iterator<Item = CidPath>, with_sizes: bool) {
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
        let listing = match self.list(folder) {
            Ok(listing) => listing,
            Err(error) if self.minds_twins() => return Err(error),
            // Whoever only looks may know the name of what stands in a folder that cannot be listed.
            Err(_) => return Ok(None),
        };
        Ok(self.listed_in(folder, &listing, name)?.map(|at| (listing, at)))
    }

    /// Where in this listing of a folder a name stands.
    pub(super) fn listed_in(&self, folder: &Folder, listing: &Listing, name: &str) -> Result<Option<usize>> {
        if !self.minds_twins()
            && let Some(at) = listing.alike(name).find(|&at| listing.name(at) == name)
        {
            return Ok(Some(at));
        }
        listing.find(&folder.path, name)
    }

    /// Where the file system itself matches names without regard to case, there are no twins.
    fn minds_twins(&self) -> bool {
        self.is_strict && cfg!(not(windows))
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
    pub(super) fn folder_of(&self, path: &CidPath) -> Result<Option<Arc<Folder>>> {
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

    pub(super) fn list(&self, folder: &Folder) -> Result<Arc<Listing>> {
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn path(text: &str) -> CidPath {
        CidPath::parse(text).unwrap()
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
