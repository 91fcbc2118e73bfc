//! What is on disk, looked at once: every file with its size, and whatever in the tree is wrong by itself.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::path::{Component, Path, PathBuf};
use std::time::Instant;

use super::trouble::{TroubleKind, Troubles};
use crate::base::error::{Error, ErrorKind, plain};
use crate::base::text::fold_case;
use crate::catalog::CidPath;
use crate::cid::Cid;
use crate::cid::look_alike;
use crate::cid::tree::Found;
use crate::cid::walk::{Item, Kind, walk_on_with_sizes};
use crate::plan::{Remain, Remains};

/// A file of the CID.
pub(crate) struct DiskFile {
    /// From the CID's root, in the case found.
    pub path: CidPath,
    /// Where it really is, unless that is where its path says.
    place: Option<Box<Path>>,
    pub size: u64,
    /// It stands in the tree itself, not behind a link.
    pub is_walked: bool,
    /// A catalog lists it.
    pub is_listed: bool,
}

/// The files of a CID: all of them, or those that were asked for where nobody walked.
#[derive(Default)]
pub(crate) struct Disk {
    pub files: Vec<DiskFile>,
    root: PathBuf,
    /// When the walk began, if there was one: its folders were not listed before.
    pub(super) walked_at: Option<Instant>,
    by_key: Keys,
    /// Of names that differ in case alone, the further ones.
    twins: HashMap<String, u32>,
    /// Folders that cannot be listed, by their keys. That is told already.
    closed: HashSet<String>,
}

/// The numbers of files by their keys. The keys themselves are not kept: there are hundreds of thousands, and a file's path
/// tells its key.
#[derive(Default)]
struct Keys {
    hasher: RandomState,
    numbers: HashMap<u64, u32>,
    /// Of keys that have the hash of another one.
    further: HashMap<String, u32>,
}

impl Keys {
    fn number(&self, key: &str, files: &[DiskFile]) -> Option<u32> {
        let number = self.numbers.get(&self.hasher.hash_one(key)).copied();
        number.filter(|&number| files[number as usize].path.key() == key).or_else(|| self.further.get(key).copied())
    }

    /// Adds a key, unless it is there.
    fn add(&mut self, key: String, number: u32, files: &[DiskFile]) {
        let known = *self.numbers.entry(self.hasher.hash_one(&key)).or_insert(number);
        if known != number && files[known as usize].path.key() != key {
            self.further.entry(key).or_insert(number);
        }
    }
}

/// What stands at a path that a catalog or a manifest lists.
pub(crate) enum Standing {
    /// The file of this number.
    File(u32),
    Absent,
    NotAFile,
    /// Behind a link that leads out of the CID; the error says where to.
    LeadsOut(Error),
    /// It cannot be looked at.
    Unreadable(Error),
    /// Two names fit, as the error says. Where the tree was walked, that is told already.
    Twins(Error),
}

impl Disk {
    /// Walks the whole tree.
    pub(crate) fn walk(cid: &Cid, troubles: &mut Troubles) -> Self {
        let root = cid.root();
        let mut disk = Self { root: root.to_owned(), walked_at: Some(Instant::now()), ..Self::default() };
        let items = walk_on_with_sizes(root, |error| {
            disk.closed.extend(unreadable(root, &error, troubles).map(|path| fold_case(&path)));
            Ok(())
        });
        let items = items.expect("the walk goes on");
        let remains = Remains::of(root);
        let mut names = Names::default();
        disk.files.reserve_exact(items.iter().filter(|item| item.kind == Kind::File).count());
        disk.by_key.numbers.reserve(disk.files.capacity());
        for (number, item) in items.iter().enumerate() {
            let spelled = spelled(&item.path);
            if item.is_own() && disk.own(item, &remains, &spelled, troubles) {
                continue;
            }
            if item.kind == Kind::Other {
                troubles.add(TroubleKind::NotAFile, Some(&spelled), text!("it is neither a file nor a folder"));
            }
            // Endpoints look for what matters in the root and in what lies directly in it.
            let name =
                item.path.file_name().and_then(|name| name.to_str()).filter(|_| item.path.components().count() <= 2);
            let look_alike = name.and_then(look_alike);
            if let Some(why) = &look_alike {
                troubles.add(TroubleKind::LookAlike, Some(&spelled), why);
            }
            let is_twin = item.path.to_str().is_some() && names.meet(number, &items, &spelled, troubles);
            let path = match CidPath::from_relative(&item.path) {
                Ok(path) => path,
                Err(why) => {
                    // What is in a folder of such a name has one, too; it is told once.
                    if names.is_first_bad(&item.path) && look_alike.is_none() {
                        troubles.add(TroubleKind::BadName, Some(&spelled), why);
                    }
                    continue;
                }
            };
            match item.kind {
                // What it is told is enough: nobody is advised to publish it.
                Kind::File if look_alike.is_some() => {}
                Kind::File => disk.add_walked(root, item, path, is_twin, troubles),
                Kind::Link => link(cid, &path, &spelled, troubles),
                Kind::Folder | Kind::Other => {}
            }
        }
        disk
    }

    /// A file of configcid's own; false where it is none, whatever its name says.
    fn own(&self, item: &Item, remains: &Remains, spelled: &str, troubles: &mut Troubles) -> bool {
        match remains.of_file(&item.path) {
            Remain::Record => {}
            Remain::Interrupted(change) => {
                let what = text!("a change was interrupted, or is under way: {change}", change);
                troubles.add(TroubleKind::Interrupted, Some(spelled), what);
            }
            Remain::Lock(whose) => {
                _ = troubles.add(TroubleKind::Locked, Some(spelled), text!("it is locked by {whose}", whose))
            }
            Remain::Staging => {
                let what = text!(
                    "files on their way into the CID: configcid sync is at work, or broke off and goes on from here"
                );
                troubles.add(TroubleKind::Leftover, Some(spelled), what);
            }
            Remain::Leftover => {
                _ = troubles.add(TroubleKind::Leftover, Some(spelled), text!("it is left of a change that is over"))
            }
            Remain::Strange => return false,
        }
        true
    }

    fn add_walked(&mut self, root: &Path, item: &Item, path: CidPath, is_twin: bool, troubles: &mut Troubles) {
        let place = root.join(&item.path);
        // What could not be looked at among the others tells why by itself.
        let size = item.size.map_or_else(|| place.symlink_metadata().map(|metadata| metadata.len()), Ok);
        match size {
            Ok(size) => {
                let key = path.key();
                let number = self.add(DiskFile { path, place: None, size, is_walked: true, is_listed: false });
                if is_twin {
                    self.twins.entry(key).or_insert(number);
                } else {
                    self.by_key.add(key, number, &self.files);
                }
            }
            Err(error) => _ = unreadable(root, &Error::io("look at it", &place, error), troubles),
        }
    }

    fn add(&mut self, file: DiskFile) -> u32 {
        self.files.push(file);
        u32::try_from(self.files.len() - 1).expect("no tree holds so many files")
    }

    /// Whether the file of this key lies in a folder that is told to be unreadable.
    pub(crate) fn is_behind_closed(&self, key: &str) -> bool {
        let ends = key.bytes().enumerate().filter(|(_, byte)| *byte == b'\\').map(|(at, _)| at);
        !self.closed.is_empty() && ends.into_iter().any(|at| self.closed.contains(&key[..at]))
    }

    /// Whether the tree itself has a file of this key.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.number(key).is_some()
    }

    /// The number of the file of this key, where one was met.
    pub(crate) fn number(&self, key: &str) -> Option<u32> {
        self.by_key.number(key, &self.files)
    }

    /// Where the file of this number really is.
    pub(crate) fn place(&self, number: u32) -> Cow<'_, Path> {
        let file = &self.files[number as usize];
        file.place.as_deref().map_or_else(|| Cow::Owned(file.path.below(&self.root)), Cow::Borrowed)
    }

    /// The size of the file of this number, by a look of its own: that of a listing may be late.
    pub(crate) fn size_now(&mut self, number: u32) -> u64 {
        let now = self.place(number).symlink_metadata();
        let file = &mut self.files[number as usize];
        if let Ok(metadata) = now {
            file.size = metadata.len();
        }
        file.size
    }

    /// What stands at `path`, whose key is `key`.
    pub(crate) fn find(&mut self, cid: &Cid, path: &CidPath, key: &str) -> Standing {
        if let Some(number) = self.number(key) {
            return match self.twins.get(key) {
                Some(&twin) if self.files[twin as usize].path == *path => Standing::File(twin),
                _ => Standing::File(number),
            };
        }
        match cid.tree().find(path) {
            Ok(Found::Absent) => Standing::Absent,
            Ok(Found::Folder | Found::Other) => Standing::NotAFile,
            Ok(Found::File { path: place, size, .. }) => {
                let place = Some(place.into_boxed_path());
                let number = self.add(DiskFile { path: path.clone(), place, size, is_walked: false, is_listed: false });
                self.by_key.add(key.to_owned(), number, &self.files);
                Standing::File(number)
            }
            Err(error) => match error.kind() {
                ErrorKind::Link => Standing::LeadsOut(error),
                ErrorKind::CaseConflict => Standing::Twins(error),
                _ => Standing::Unreadable(error),
            },
        }
    }

    /// The files that stand in the tree itself.
    pub(crate) fn walked(&self) -> impl Iterator<Item = (u32, &DiskFile)> {
        (0..).zip(&self.files).filter(|(_, file)| file.is_walked)
    }
}

/// Names that were met.
#[derive(Default)]
struct Names {
    hasher: RandomState,
    /// The numbers of items by the hashes of their keys: an item tells its key.
    numbers: HashMap<u64, u32>,
    /// Those of keys that have the hash of another one.
    further: HashMap<String, u32>,
    /// Folders that differ in case alone, or that nothing can be spelled in: what is in them is told with them.
    told: HashSet<PathBuf>,
}

impl Names {
    /// Whether a name like this was met before.
    fn meet(&mut self, number: usize, items: &[Item], spelled: &str, troubles: &mut Troubles) -> bool {
        let path = &items[number].path;
        let key = fold_case(spelled);
        let this = u32::try_from(number).expect("no tree holds so many files");
        let twin = match self.numbers.entry(self.hasher.hash_one(&key)) {
            Entry::Vacant(free) => {
                free.insert(this);
                None
            }
            Entry::Occupied(mut known) if fold_case(&self::spelled(&items[*known.get() as usize].path)) == key => {
                Some(known.insert(this))
            }
            Entry::Occupied(_) => self.further.insert(key, this),
        };
        let Some(twin) = twin.map(|twin| &items[twin as usize].path) else { return false };
        if !path.parent().is_some_and(|folder| self.told.contains(folder)) {
            let (twin, this) = (twin.display(), path.display());
            troubles.add(
                TroubleKind::CaseConflict,
                Some(spelled),
                text!("{twin} and {this} differ in case alone: to Windows they are one", twin, this),
            );
        }
        self.told.insert(path.to_owned());
        true
    }

    fn is_first_bad(&mut self, path: &Path) -> bool {
        self.told.insert(path.to_owned());
        !path.parent().is_some_and(|folder| self.told.contains(folder))
    }
}

fn link(cid: &Cid, path: &CidPath, spelled: &str, troubles: &mut Troubles) {
    match cid.tree().find(path) {
        Ok(Found::Absent | Found::Other) => {
            troubles.add(TroubleKind::Link, Some(spelled), text!("a link that leads nowhere"))
        }
        Ok(_) => troubles.add(TroubleKind::Link, Some(spelled), text!("a link to another place in the CID")),
        Err(error) if error.kind() == ErrorKind::Link => troubles.met(TroubleKind::LinkOut, Some(spelled), &error),
        Err(error) => troubles.add(TroubleKind::Link, Some(spelled), text!("a link: {}", error.what())),
    };
}

/// Adds that something cannot be read, and gives its path.
fn unreadable(root: &Path, error: &Error, troubles: &mut Troubles) -> Option<String> {
    let root = plain(root);
    let path = error.path().and_then(|path| path.strip_prefix(&root).ok()).map(spelled);
    troubles.met(TroubleKind::Unreadable, path.as_deref(), error);
    path
}

/// A path from the CID's root as catalogs spell it, whatever is in it.
fn spelled(path: &Path) -> String {
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(format!("\\{}", name.to_string_lossy())),
        _ => None,
    });
    parts.collect()
}
