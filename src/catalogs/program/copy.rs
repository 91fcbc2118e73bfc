//! The copy of a CID that a program works on: the catalogs, the customer's files and small files as they are, and for the
//! rest the same bytes where the file system shares them between files (reflinks), or files of the same size without content,
//! which take no room where it has sparse files.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::super::Loaded;
use super::super::basis::Basis;
use super::check::{Rewritten, Verdict};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::{first_difference, lies_in, make_writable, read_file, real_path};
use crate::base::own_folder::OwnFolder;
use crate::base::pool::in_parallel;
use crate::base::text::count;
use crate::catalog::{self, Catalog, CidPath, CustomerFiles, Role};
use crate::cid::Cid;
use crate::cid::walk::{Item, Kind, not_plain, walk, walk_with_sizes};
use crate::plan::Change;

/// No file that configcid itself writes beside the catalogs is larger.
const MAX_WRITTEN: u64 = crate::mrinit::MAX_SIZE;
/// Files up to this size are copied as they are...
const SMALL: u64 = 64 << 10;
/// ...as long as all of them together are no more than this, or this part of the CID where that is more.
const SMALL_IN_ALL: u64 = 4 << 20;
const PART: u64 = 50;

/// A copy of the CID that the program may do with as it likes. It goes when this is dropped, or on a signal.
pub(super) struct WorkingCopy<'a> {
    cid: &'a Cid,
    above: OwnFolder,
    pub folder: PathBuf,
    /// What was copied.
    original: Vec<Item>,
    /// Files without their content.
    stand_ins: HashSet<PathBuf>,
    /// The payload, by where it was written in the copy.
    written: HashMap<PathBuf, &'a Change>,
}

impl<'a> WorkingCopy<'a> {
    /// Makes it below `temp`, or where the system has its temporary files; `whole` with the content of every file.
    pub(super) fn make(basis: &'a Basis<'a>, payload: &'a [Change], temp: Option<&Path>, whole: bool) -> Result<Self> {
        let cid = basis.view.cid();
        let named = temp.map_or_else(std::env::temp_dir, Path::to_owned);
        let cannot = |error| room("make a folder for a working copy", &named, error);
        // The program runs in another folder than configcid does.
        let place = std::path::absolute(&named).map_err(cannot)?;
        if real_path(&place).is_ok_and(|place| lies_in(&place, cid.root())) {
            return Err(Error::new(ErrorKind::Usage, "the copy for the program cannot be made in the CID itself")
                .in_file(&named)
                .next("name a folder elsewhere by --temp DIR"));
        }
        // The copy has the estate's secrets.
        let above = OwnFolder::make(&place, "configcid-work-", true).map_err(cannot)?;
        // The name of the CID stays: a program may show it.
        let folder = above.path().join(cid.root().file_name().unwrap_or("CID".as_ref()));
        fs::create_dir(&folder).map_err(|error| room("make a folder for a working copy", &folder, error))?;
        let original = walk_with_sizes(cid.root())?;
        let mut copy = Self { cid, above, folder, original, stand_ins: HashSet::new(), written: HashMap::new() };
        copy.fill(basis, whole)?;
        for change in payload {
            copy.write(change)?;
        }
        Ok(copy)
    }

    /// The folder around the copy.
    pub(super) fn above(&self) -> &Path {
        self.above.path()
    }

    /// How many files have no content, in words; `None` where all have.
    pub(super) fn stand_ins(&self) -> Option<String> {
        let files = self.stand_ins.len();
        (files > 0).then(|| count(files, "file", "files"))
    }

    fn fill(&mut self, basis: &Basis<'_>, whole: bool) -> Result<()> {
        let Sorted { files, bulk } = sorted(self.cid, &self.original, &basis.options.customer_files)?;
        if !whole {
            self.stand_ins = bulk;
        }
        for item in self.original.iter().filter(|item| item.kind == Kind::Folder) {
            let target = self.folder.join(&item.path);
            fs::create_dir(&target).map_err(|error| room("make the folder", &target, error))?;
        }
        let made = in_parallel(&files, |(path, size)| {
            let (source, target) = (self.cid.root().join(path), self.folder.join(path));
            let make = || {
                match self.stand_ins.contains(*path) {
                    true => stand_in(&source, &target, *size)?,
                    false => fs::copy(&source, &target).map(|_| drop(make_writable(&target)))?,
                }
                File::options().write(true).open(&target)?.set_modified(source.metadata()?.modified()?)
            };
            make().map_err(|error| room("copy it", &target, error))
        });
        made.into_iter().collect()
    }

    fn write(&mut self, change: &'a Change) -> Result<()> {
        let relative = relative_place(self.cid, &change.path)?;
        let place = self.folder.join(&relative);
        let _ = make_writable(&place);
        let written = match &change.after {
            Some(_) => fs::write(&place, change.bytes_after()),
            None => fs::remove_file(&place),
        };
        written.map_err(|error| room("write to the working copy", &place, error))?;
        self.written.insert(relative, change);
        Ok(())
    }

    /// Reads back the catalogs.
    pub(super) fn catalogs(&self, loaded: &[Loaded]) -> Result<Verdict<Vec<Rewritten>>> {
        read_back(&self.folder, self.cid, loaded)
    }

    /// Checks that of the files that were there only catalogs changed, and gives what the program left beside them.
    pub(super) fn other_files(&self, loaded: &[Loaded]) -> Result<Verdict<Vec<PathBuf>>> {
        let places = loaded.iter().map(|loaded| relative_place(self.cid, &loaded.file.path));
        let catalogs: HashSet<PathBuf> = places.collect::<Result<_>>()?;
        let mut expected: BTreeMap<&Path, Kind> =
            self.original.iter().map(|item| (item.path.as_path(), item.kind)).collect();
        for (path, change) in &self.written {
            match change.after {
                Some(_) => expected.insert(path.as_path(), Kind::File),
                None => expected.remove(path.as_path()),
            };
        }
        let (mut left, mut files) = (Vec::new(), Vec::new());
        for Item { path, kind, .. } in walk(&self.folder)? {
            match expected.remove(path.as_path()) {
                Some(was) if was != kind => {
                    return Ok(Err(text!("it made {} another kind of thing", path.display())));
                }
                Some(Kind::File) if !catalogs.contains(&path) => files.push(path),
                Some(_) => {}
                None => left.push(path),
            }
        }
        for (path, is_same) in files.iter().zip(in_parallel(&files, |path| self.is_same(path))) {
            if !is_same? {
                return Ok(Err(text!("it changed {}", path.display())));
            }
        }
        Ok(expected.keys().next().map_or(Ok(left), |path| Err(text!("it removed {}", path.display()))))
    }

    fn is_same(&self, path: &Path) -> Result<bool> {
        let (original, copied) = (self.cid.root().join(path), self.folder.join(path));
        if let Some(change) = self.written.get(path) {
            return Ok(read_file(&copied, MAX_WRITTEN).is_ok_and(|bytes| bytes == change.bytes_after()));
        }
        if !self.stand_ins.contains(path) {
            return Ok(first_difference(&original, &copied)?.is_ok());
        }
        let look = |place: &Path| place.metadata().map_err(|error| Error::io("look at it", place, error));
        let (original, copied) = (look(&original)?, look(&copied)?);
        Ok(original.len() == copied.len() && original.modified().ok() == copied.modified().ok())
    }
}

/// The files of a tree that has nothing but files and folders, with their sizes.
pub(super) struct Sorted<'i> {
    pub files: Vec<(&'i Path, u64)>,
    /// The vendor's that are not small, or too many of the small ones.
    pub bulk: HashSet<PathBuf>,
}

/// Tells the bulk of a CID from what a program can need to read.
pub(super) fn sorted<'i>(cid: &Cid, items: &'i [Item], customer_files: &CustomerFiles) -> Result<Sorted<'i>> {
    let mut files = Vec::new();
    for Item { path, kind, size } in items {
        let source = cid.root().join(path);
        match kind {
            Kind::Folder => {}
            Kind::File => {
                let looked = || source.metadata().map(|metadata| metadata.len());
                let size = size.map_or_else(looked, Ok).map_err(|error| Error::io("look at it", &source, error))?;
                files.push((path.as_path(), size));
            }
            Kind::Link | Kind::Other => return Err(not_plain(&source)),
        }
    }
    let bytes: u64 = files.iter().map(|(_, size)| size).sum();
    let mut left = SMALL_IN_ALL.max(bytes / PART);
    let mut bulk = HashSet::new();
    for (path, size) in &files {
        let role = CidPath::from_relative(path).map(|path| customer_files.role(&path));
        if role.is_ok_and(|role| role != Role::Vendor) {
            continue;
        }
        match *size <= SMALL && *size <= left {
            true => left -= size,
            false => _ = bulk.insert((*path).to_owned()),
        }
    }
    Ok(Sorted { files, bulk })
}

/// Reads the catalogs back that a program has had, in a `folder` that is the CID or a copy of it.
pub(super) fn read_back(folder: &Path, cid: &Cid, loaded: &[Loaded]) -> Result<Verdict<Vec<Rewritten>>> {
    let mut rewritten = Vec::new();
    for Loaded { file, .. } in loaded {
        let place = folder.join(relative_place(cid, &file.path)?);
        let bytes = match fs::symlink_metadata(&place) {
            Ok(metadata) if metadata.is_file() => read_file(&place, catalog::MAX_SIZE)?,
            _ => return Ok(Err(text!("{} is no longer a file", file.path))),
        };
        match Catalog::parse(&bytes) {
            Ok(catalog) => rewritten.push(Rewritten { bytes, catalog }),
            Err(error) => return Ok(Err(text!("{file} is no catalog now: {error}", file = file.path, error))),
        }
    }
    Ok(Ok(rewritten))
}

/// Makes a file that stands for another one of this size: with its bytes where the file system shares them, else without.
fn stand_in(source: &Path, target: &Path, size: u64) -> io::Result<()> {
    let file = File::create_new(target)?;
    #[cfg(target_os = "linux")]
    if File::open(source).is_ok_and(|source| rustix::fs::ioctl_ficlone(&file, source).is_ok()) {
        return Ok(());
    }
    let _ = source;
    file.set_len(size)
}

/// An error that is most likely about room.
fn room(doing: &str, place: &Path, error: io::Error) -> Error {
    let next = text!("name a folder with room and rights for the copy, by --temp DIR or in TMPDIR (on Windows TEMP)");
    Error::io(doing, place, error).next(next)
}

/// Where a file of the CID is, relative to its root.
pub(super) fn relative_place(cid: &Cid, path: &CidPath) -> Result<PathBuf> {
    let place = cid.tree().place(path)?;
    Ok(place.strip_prefix(cid.root()).unwrap_or(&place).to_owned())
}
