//! All files of a folder tree.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::base::calls::{Call, note};
use crate::base::error::{Error, ErrorKind, Result};
#[cfg(target_os = "linux")]
use crate::base::open_folder::OpenFolder;
use crate::base::pool::{LOOKS, in_flight, in_parallel};

/// What a walk meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
    Link,
    /// A FIFO, a device, a socket.
    Other,
}

impl Kind {
    pub(super) fn of(kind: fs::FileType) -> Self {
        match kind {
            kind if kind.is_dir() => Self::Folder,
            kind if kind.is_file() => Self::File,
            kind if kind.is_symlink() => Self::Link,
            _ => Self::Other,
        }
    }
}

/// One thing in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    /// Relative to where the walk began.
    pub path: PathBuf,
    pub kind: Kind,
    /// Of a file, where the listing brought it along or somebody has looked.
    pub size: Option<u64>,
}

/// Refuses what is neither a file nor a folder.
pub(crate) fn not_plain(place: &Path) -> Error {
    Error::new(ErrorKind::Link, "this is a link or a device, which a CID does not hold")
        .in_file(place)
        .next("put a real file or folder in its place")
}

/// Everything below `root`, but not what configcid itself left there. A folder stands before what it holds; within a
/// folder names are in order. Links are not followed.
pub(crate) fn walk(root: &Path) -> Result<Vec<Item>> {
    let mut items = walk_on(root, Err)?;
    items.retain(|item| !item.is_own());
    Ok(items)
}

/// As [`walk`], with the sizes of all files. What is no file any more, or cannot be looked at, has none.
pub(crate) fn walk_with_sizes(root: &Path) -> Result<Vec<Item>> {
    let mut items = walk_on_with_sizes(root, Err)?;
    items.retain(|item| !item.is_own());
    Ok(items)
}

impl Item {
    /// Whether configcid left it there.
    pub(crate) fn is_own(&self) -> bool {
        let name = self.path.file_name().and_then(|name| name.to_str());
        name.is_some_and(super::is_own_name)
    }
}

/// As [`walk`], with what configcid left, and on where `cannot` takes an error. Many folders are listed at a time.
pub(crate) fn walk_on(root: &Path, cannot: impl FnMut(Error) -> Result<()>) -> Result<Vec<Item>> {
    walk_by(root, false, cannot)
}

/// As [`walk_on`], with the sizes of all files, as [`walk_with_sizes`] has them.
pub(crate) fn walk_on_with_sizes(root: &Path, cannot: impl FnMut(Error) -> Result<()>) -> Result<Vec<Item>> {
    let mut items = walk_by(root, true, cannot)?;
    look_at_sizes(root, &mut items);
    Ok(items)
}

fn walk_by(root: &Path, with_sizes: bool, mut cannot: impl FnMut(Error) -> Result<()>) -> Result<Vec<Item>> {
    let mut listed: HashMap<PathBuf, Listed> = HashMap::new();
    let mut level = vec![PathBuf::new()];
    while !level.is_empty() {
        let lists = in_flight(LOOKS, &level, |folder| Listed::read(root, folder, with_sizes));
        let next = lists.iter().flat_map(|list| &list.folders).cloned().collect();
        listed.extend(std::mem::replace(&mut level, next).into_iter().zip(lists));
    }
    let mut items = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(folder) = open.pop() {
        let Listed { items: inside, folders, errors } = listed.remove(&folder).unwrap_or_default();
        if !folder.as_os_str().is_empty() {
            items.push(Item { path: folder, kind: Kind::Folder, size: None });
        }
        errors.into_iter().try_for_each(&mut cannot)?;
        items.extend(inside);
        open.extend(folders);
    }
    Ok(items)
}

/// What one folder lists.
#[derive(Default)]
struct Listed {
    /// All but the folders, in order.
    items: Vec<Item>,
    /// From the last to the first.
    folders: Vec<PathBuf>,
    errors: Vec<Error>,
}

impl Listed {
    fn read(root: &Path, folder: &Path, with_sizes: bool) -> Self {
        let mut sizes = AtOnce::new(with_sizes);
        let place = root.join(folder);
        let mut list = Self::default();
        note(Call::List, &place);
        let listing = match fs::read_dir(&place) {
            Ok(listing) => listing,
            Err(error) => {
                list.errors.push(Error::io("list the folder", &place, error));
                return list;
            }
        };
        for entry in listing {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    list.errors.push(Error::io("list the folder", &place, error));
                    break;
                }
            };
            let path = folder.join(entry.file_name());
            let kind = match entry.file_type() {
                Ok(kind) => Kind::of(kind),
                Err(error) => {
                    list.errors.push(Error::io("look at it", &entry.path(), error));
                    continue;
                }
            };
            let is_own = entry.file_name().to_str().is_some_and(super::is_own_name);
            if kind == Kind::Folder && !is_own {
                list.folders.push(path);
            } else {
                list.items.push(Item { path, kind, size: sizes.of(&entry, kind) });
            }
        }
        list.items.sort_by(|a, b| a.path.cmp(&b.path));
        list.folders.sort_by(|a, b| b.cmp(a));
        list
    }
}

/// The sizes of the files of a folder while it is listed.
///
/// On Windows a listing has them, and asking costs nothing; they may be late where a file has several names or is being
/// written. Elsewhere each is a look. The client of a share answers for a file without asking the server, but only for a moment
/// after the listing (a second, with Linux's own): to list all folders first, and to look at their files then, would be a
/// request for every file where a computer or a share is slow.
pub(super) struct AtOnce {
    with_looks: bool,
    slow: usize,
}

/// A look that takes so long was not answered from memory. Our choice.
const ASKED: Duration = Duration::from_micros(300);

/// After so many more of them than of others nobody looks at once any more: where nothing is kept, many have to be waited for at a
/// time. Our choice; a busy computer lets some wait.
const MOST_ASKED: usize = 8;

impl AtOnce {
    /// `with_looks`: sizes are wanted, also where a listing has none.
    pub(super) fn new(with_looks: bool) -> Self {
        Self { with_looks: with_looks && cfg!(not(windows)), slow: 0 }
    }

    /// The size of what was listed just now, if it is a file; none where that is to be found out later.
    pub(super) fn of(&mut self, entry: &fs::DirEntry, kind: Kind) -> Option<u64> {
        if kind != Kind::File || !(cfg!(windows) || (self.with_looks && self.slow < MOST_ASKED)) {
            return None;
        }
        if cfg!(not(windows)) {
            note(Call::Look, Path::new(&entry.file_name()));
        }
        let begin = self.with_looks.then(Instant::now);
        let metadata = entry.metadata().ok();
        let is_slow = begin.is_some_and(|begin| begin.elapsed() >= ASKED);
        self.slow = if is_slow { self.slow + 1 } else { self.slow.saturating_sub(1) };
        metadata.filter(|metadata| cfg!(windows) || metadata.is_file()).map(|metadata| metadata.len())
    }
}

/// Looks at the sizes of those files of a walk that have none yet, as many at a time as files are read: where each is a request,
/// they take as long as the reading.
fn look_at_sizes(root: &Path, items: &mut [Item]) {
    let is_wanted = |item: &Item| item.kind == Kind::File && item.size.is_none();
    // Files of one folder follow each other. Some at a turn, since on a local disk a turn would cost more than the look.
    let mut turns: Vec<&mut [Item]> = Vec::new();
    for of_folder in items.chunk_by_mut(|a, b| a.path.parent() == b.path.parent()) {
        turns.extend(of_folder.chunks_mut(LOOKS_A_TURN));
    }
    let sizes = in_parallel(&turns, |items| {
        if !items.iter().any(is_wanted) {
            return Vec::new();
        }
        let folder = root.join(items[0].path.parent().unwrap_or(Path::new("")));
        let wanted = items.iter().map(|item| item.path.file_name().filter(|_| is_wanted(item)));
        sizes(&folder, wanted)
    });
    for (items, sizes) in turns.into_iter().zip(sizes) {
        for (item, size) in items.iter_mut().zip(sizes) {
            item.size = item.size.or(size);
        }
    }
}

/// How many files of a folder are looked at one after the other.
pub(super) const LOOKS_A_TURN: usize = 32;

/// The sizes of files of one folder: none of what is no file, or cannot be looked at.
pub(super) fn sizes<'n>(folder: &Path, names: impl Iterator<Item = Option<&'n OsStr>>) -> Vec<Option<u64>> {
    #[cfg(target_os = "linux")]
    let look = {
        let folder = OpenFolder::of(folder);
        move |name: &OsStr| folder.size(name)
    };
    #[cfg(not(target_os = "linux"))]
    let look = |name: &OsStr| {
        let metadata = fs::symlink_metadata(folder.join(name)).ok();
        metadata.filter(fs::Metadata::is_file).map(|metadata| metadata.len())
    };
    let look = |name: &OsStr| {
        note(Call::Look, Path::new(name));
        look(name)
    };
    names.map(|name| name.and_then(look)).collect()
}
