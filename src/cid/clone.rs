//! A new CID from an existing one: the first step of relay set-up.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::walk::{Item, Kind, not_plain, walk, walk_with_sizes};
use super::{Cid, OWN_PREFIX};
use crate::base::error::{Error, ErrorKind, Result};
#[cfg(not(unix))]
use crate::base::files::make_writable;
use crate::base::files::{check_spelling, first_difference, lies_in, real_path, sync_folder};
#[cfg(unix)]
use crate::base::files::{flush_folder, open_plain};
use crate::base::flush::Flush;
use crate::base::own_folder::OwnFolder;
use crate::base::pool::{LOOKS, as_they_come, in_flight};

/// How far a clone has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloneProgress {
    /// Bytes that are copied.
    pub copied: u64,
    /// Bytes that are copied and compared with the original.
    pub compared: u64,
    /// Bytes in all.
    pub total: u64,
}

/// What a clone made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct CloneReport {
    /// Files.
    pub files: usize,
    /// Their size in bytes.
    pub bytes: u64,
    /// How many of the files an interrupted run had copied already; they were compared as all others were.
    pub resumed: usize,
}

/// Copies a CID to `new`, a path where nothing is yet, in an existing folder outside the CID. Contents, permissions
/// and modification times are kept; configcid's own files are left out. Many files are copied at a time, by the system's own
/// copy. Every copied byte is compared with the original before the new folder gets its name, so that `new` is there whole
/// or not at all. Where the same clone was interrupted by the death of its process, it goes on from what that has copied.
///
/// # Errors
/// `new` exists or lies in the CID, the CID holds a link or a device, or copying fails.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let esxp = dir.path().join("ESXP");
/// # let mresxp = dir.path().join("MRESXP");
/// use configcid::{Cid, DemoCid, cid};
///
/// DemoCid::default().write(&esxp)?;
/// let report = cid::clone(&Cid::open(&esxp)?, &mresxp, &mut |_| {})?;
/// assert!(report.files > 10);
/// assert!(Cid::open(&mresxp).is_ok());
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn clone(cid: &Cid, new: &Path, progress: &mut dyn FnMut(CloneProgress)) -> Result<CloneReport> {
    let target = checked_target(cid, new)?;
    let (items, total) = plain_items(cid.root())?;
    let parent = target.parent().unwrap_or(Path::new("."));
    // Without the new name, which may be as long as a name can be.
    let purpose = format!("clone of {} to {}", cid.root().display(), target.display());
    let (staging, is_resumed) = OwnFolder::make_or_take_over(parent, &format!("{OWN_PREFIX}clone-"), &purpose)
        .map_err(|error| Error::io("make a folder for the copy", parent, error))?;
    let mut state = CloneProgress { copied: 0, compared: 0, total };
    let copying = Copying { from: cid.root(), to: staging.path(), items: &items, is_resumed };
    if is_resumed {
        copying.tidy()?;
    }
    let report = copying.copy(&mut state, progress)?;
    copying.compare(&mut state, progress)?;
    // Whoever finds the new name after a power failure finds everything below it.
    sync_folder(staging.path()).map_err(|error| Error::io("flush the copy", parent, error))?;
    if fs::symlink_metadata(&target).is_ok() {
        return Err(Error::new(ErrorKind::Exists, "something of this name has appeared meanwhile").in_file(new));
    }
    staging.rename(&target).map_err(|error| Error::io("give the copy its name", new, error))?;
    sync_folder(parent).map_err(|error| Error::io("flush the folder of the new CID", parent, error))?;
    Ok(report)
}

/// What [`clone`] would copy; writes nothing.
///
/// # Errors
/// As [`clone`], as far as can be told before anything is copied.
pub fn check_clone(cid: &Cid, new: &Path) -> Result<CloneReport> {
    checked_target(cid, new)?;
    let (items, bytes) = plain_items(cid.root())?;
    Ok(CloneReport { files: items.iter().filter(|item| matches!(item.kind, Kind::File)).count(), bytes, resumed: 0 })
}

/// Everything in a tree of files and folders alone, and the size of all files.
fn plain_items(root: &Path) -> Result<(Vec<Item>, u64)> {
    let items = walk_with_sizes(root)?;
    let mut total = 0;
    for item in &items {
        let place = root.join(&item.path);
        match (item.kind, item.size) {
            (Kind::File, Some(size)) => total += size,
            (Kind::File, None) => {
                total += place.metadata().map_err(|error| Error::io("look at it", &place, error))?.len()
            }
            (Kind::Folder, _) => {}
            (Kind::Link | Kind::Other, _) => return Err(not_plain(&place)),
        }
    }
    Ok((items, total))
}

/// The real path of what is to be made.
fn checked_target(cid: &Cid, new: &Path) -> Result<PathBuf> {
    check_spelling(new)?;
    if fs::symlink_metadata(new).is_ok() {
        return Err(Error::new(ErrorKind::Exists, "there is something of this name already")
            .in_file(new)
            .next("name a folder that is not there yet"));
    }
    let parent = match new.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let Some(name) = new.file_name() else {
        return Err(Error::new(ErrorKind::Usage, "this is no name for a new folder").in_file(new).next("name one"));
    };
    let parent = real_path(parent)
        .map_err(|error| Error::io("make the new CID here", parent, error).next("make the folder above it first"))?;
    if lies_in(&parent, cid.root()) {
        return Err(Error::new(ErrorKind::Usage, "the new CID would lie inside the old one")
            .in_file(new)
            .next("name a folder beside it"));
    }
    Ok(parent.join(name))
}

/// A tree that is copied, and where to.
struct Copying<'a> {
    from: &'a Path,
    to: &'a Path,
    items: &'a [Item],
    /// `to` holds what an interrupted copy left.
    is_resumed: bool,
}

impl Copying<'_> {
    fn files(&self) -> Vec<&Item> {
        self.items.iter().filter(|item| item.kind == Kind::File).collect()
    }

    /// Does something with each file and its copy, many at a time, and ends at the first error.
    fn for_each_file<T: Send>(
        &self,
        work: impl Fn(&Path, &Path) -> Result<T> + Sync,
        mut done: impl FnMut(T),
    ) -> Result<()> {
        let files = self.files();
        let has_failed = AtomicBool::new(false);
        let work = |index: usize| {
            let path = &files[index].path;
            let worked =
                (!has_failed.load(Ordering::Relaxed)).then(|| work(&self.from.join(path), &self.to.join(path)))?;
            has_failed.fetch_or(worked.is_err(), Ordering::Relaxed);
            Some(worked)
        };
        let mut failed: Option<(usize, Error)> = None;
        as_they_come(files.len(), work, |index, worked| match worked {
            Some(Ok(what)) => done(what),
            Some(Err(error)) if failed.as_ref().is_none_or(|(first, _)| index < *first) => {
                failed = Some((index, error))
            }
            _ => {}
        });
        failed.map_or(Ok(()), |(_, error)| Err(error))
    }

    /// Copies to the folder `to`: an empty one, or one in which a copy was interrupted.
    fn copy(&self, state: &mut CloneProgress, progress: &mut dyn FnMut(CloneProgress)) -> Result<CloneReport> {
        let mut report = CloneReport { files: 0, bytes: 0, resumed: 0 };
        let folders: Vec<&Path> =
            self.items.iter().filter(|item| item.kind == Kind::Folder).map(|item| item.path.as_path()).collect();
        for folder in &folders {
            let target = self.to.join(folder);
            match fs::create_dir(&target) {
                // Of a copy that was interrupted.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && target.is_dir() => {}
                made => made.map_err(|error| Error::io("make the folder", &target, error))?,
            }
        }
        let flush = Flush::of(self.to, self.items.len());
        let copy = |source: &Path, target: &Path| {
            copy_file(source, target, &flush).map_err(|error| {
                Error::io("copy it", source, error).next("check the free space and your rights, then try again")
            })
        };
        self.for_each_file(copy, |Copied { size, was_there }| {
            report.files += 1;
            report.bytes += size;
            report.resumed += usize::from(was_there);
            state.copied += size;
            progress(*state);
        })?;
        flush.end().map_err(|error| Error::io("flush the copy", self.to, error))?;
        let flushed = in_flight(LOOKS, &folders, |folder| {
            let target = self.to.join(folder);
            sync_folder(&target).map_err(|error| Error::io("flush the folder", &target, error))
        });
        flushed.into_iter().collect::<Result<()>>()?;
        // Rights last, those of folders after those of what they hold: a folder may not be writable.
        for folder in folders.iter().rev() {
            let target = self.to.join(folder);
            let keep = || {
                let permissions = self.from.join(folder).metadata()?.permissions();
                if target.metadata()?.permissions() == permissions {
                    return Ok(());
                }
                set_rights_of_folder(&target, permissions)
            };
            keep().map_err(|error| Error::io("set its permissions", &target, error))?;
        }
        Ok(report)
    }

    /// Compares every byte of the copy with the original, and whether that has the same files still.
    fn compare(&self, state: &mut CloneProgress, progress: &mut dyn FnMut(CloneProgress)) -> Result<()> {
        let difference = |source: &Path, target: &Path| match first_difference(source, target)? {
            // An interrupted copy has it with the size and the time of the original: it is what a power failure left.
            Err(_) if self.is_resumed => {
                let again = || {
                    #[cfg(not(unix))]
                    make_writable(target)?;
                    fs::remove_file(target)?;
                    copy_file(source, target, &Flush::of(self.to, 1))
                };
                again().map_err(|error| Error::io("copy it", source, error))?;
                first_difference(source, target)
            }
            compared => Ok(compared),
        };
        let compare = |source: &Path, target: &Path| match difference(source, target)? {
            Ok(size) => Ok(size),
            Err(at) => Err(Error::new(ErrorKind::Changed, "the copy is not like the original, which may have changed")
                .in_file(source)
                .at(crate::Position::Offset(at))
                .next("wait until nothing writes to the CID, then try again")),
        };
        self.for_each_file(compare, |size| {
            state.compared += size;
            progress(*state);
        })?;
        for folder in [self.from, self.to] {
            let now = walk(folder)?;
            let is_same = |(a, b): (&Item, &Item)| (&a.path, a.kind) == (&b.path, b.kind);
            if now.len() != self.items.len() || !now.iter().zip(self.items).all(is_same) {
                return Err(Error::new(ErrorKind::Changed, "files came or went while it was copied")
                    .in_file(folder)
                    .next("wait until nothing writes to the CID, then try again"));
            }
        }
        Ok(())
    }

    /// Removes what an interrupted copy has and the original has not, or not any more.
    fn tidy(&self) -> Result<()> {
        let wanted: HashMap<&Path, Kind> = self.items.iter().map(|item| (item.path.as_path(), item.kind)).collect();
        for item in walk(self.to)?.into_iter().rev() {
            if wanted.get(item.path.as_path()) != Some(&item.kind) {
                let place = self.to.join(&item.path);
                let removed = if item.kind == Kind::Folder { fs::remove_dir(&place) } else { fs::remove_file(&place) };
                removed.map_err(|error| Error::io("remove what an interrupted copy left", &place, error))?;
            }
        }
        Ok(())
    }
}

/// Gives a folder its rights, so that they outlast a power failure. Afterwards it may be one that cannot be opened.
#[cfg(unix)]
fn set_rights_of_folder(folder: &Path, rights: fs::Permissions) -> io::Result<()> {
    let file = open_plain(folder)?;
    file.set_permissions(rights)?;
    flush_folder(&file)
}

/// Attributes of a folder, which nothing flushes.
#[cfg(not(unix))]
fn set_rights_of_folder(folder: &Path, rights: fs::Permissions) -> io::Result<()> {
    fs::set_permissions(folder, rights)
}

/// What became of one file.
struct Copied {
    size: u64,
    /// An interrupted copy had it.
    was_there: bool,
}

/// Copies a file with its rights and its time, by the system's own copy where there is one: the server of a share then copies,
/// and nothing comes by here. What an interrupted copy has with size and time of the original is taken, since the time is
/// set last; its bytes are compared as all others are.
#[cfg(unix)]
fn copy_file(source: &Path, target: &Path, flush: &Flush) -> io::Result<Copied> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let mut from = open_plain(source)?;
    let metadata = from.metadata()?;
    let permissions = metadata.permissions();
    let mut options = File::options();
    options.write(true).create_new(true).mode(permissions.mode());
    let mut file = match options.open(target) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if is_copy(target, &metadata)? {
                flush.file(&File::open(target)?)?;
                return Ok(Copied { size: metadata.len(), was_there: true });
            }
            fs::remove_file(target)?;
            options.open(target)?
        }
        file => file?,
    };
    // What the process may not give a new file is given it now.
    if file.metadata()?.permissions() != permissions {
        file.set_permissions(permissions)?;
    }
    // On Linux this is copy_file_range, where the file system has it.
    let size = io::copy(&mut from, &mut file)?;
    file.set_modified(metadata.modified()?)?;
    flush.file(&file)?;
    Ok(Copied { size, was_there: false })
}

/// As on other systems; `CopyFileEx` copies attributes and time, too, and lets the server of a share copy.
#[cfg(not(unix))]
fn copy_file(source: &Path, target: &Path, flush: &Flush) -> io::Result<Copied> {
    let metadata = source.symlink_metadata()?;
    let was_there = target.symlink_metadata().is_ok();
    let is_taken = was_there && is_copy(target, &metadata)?;
    if !is_taken {
        if was_there {
            make_writable(target)?;
            fs::remove_file(target)?;
        }
        fs::copy(source, target)?;
    }
    // What is read-only is not opened for writing, and nothing else is flushed.
    let permissions = fs::metadata(target)?.permissions();
    make_writable(target)?;
    flush.file(&File::options().write(true).open(target)?)?;
    if permissions.readonly() {
        fs::set_permissions(target, permissions)?;
    }
    Ok(Copied { size: metadata.len(), was_there: is_taken })
}

/// Whether a file looks like a whole copy of the one of this metadata.
fn is_copy(target: &Path, metadata: &fs::Metadata) -> io::Result<bool> {
    let there = target.symlink_metadata()?;
    Ok(there.is_file()
        && there.len() == metadata.len()
        && there.modified()? == metadata.modified()?
        && there.permissions() == metadata.permissions())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(from: &Path, to: &Path, is_resumed: bool) -> Result<CloneReport> {
        let (items, total) = plain_items(from)?;
        let copying = Copying { from, to, items: &items, is_resumed };
        let mut state = CloneProgress { copied: 0, compared: 0, total };
        copying.tidy()?;
        let report = copying.copy(&mut state, &mut |_| {})?;
        copying.compare(&mut state, &mut |_| {})?;
        assert_eq!((state.copied, state.compared), (total, total));
        Ok(report)
    }

    #[test]
    fn an_interrupted_copy_is_continued_and_everything_in_it_is_compared() {
        let dir = tempfile::tempdir().unwrap();
        let [from, to] = ["from", "to"].map(|name| dir.path().join(name));
        fs::create_dir_all(from.join("a/b")).unwrap();
        fs::create_dir(&to).unwrap();
        for index in 0..40 {
            fs::write(from.join(format!("a/b/{index}")), vec![index; 1000 * usize::from(index)]).unwrap();
        }
        assert_eq!(copy(&from, &to, false).unwrap().resumed, 0);
        // Half of it is missing, one file is torn, and another is one that has gone from the original.
        for index in 0..20 {
            fs::remove_file(to.join(format!("a/b/{index}"))).unwrap();
        }
        fs::write(to.join("a/b/30"), "torn").unwrap();
        fs::create_dir(to.join("a/gone")).unwrap();
        fs::write(to.join("a/gone/x"), "x").unwrap();
        let report = copy(&from, &to, true).unwrap();
        assert_eq!((report.files, report.resumed), (40, 19));
        assert_eq!(walk(&from).unwrap(), walk(&to).unwrap());
        // What only looks like the original, as after a power failure, is copied again.
        let time = fs::metadata(from.join("a/b/25")).unwrap().modified().unwrap();
        fs::write(to.join("a/b/25"), vec![26; 25_000]).unwrap();
        File::options().write(true).open(to.join("a/b/25")).unwrap().set_modified(time).unwrap();
        assert_eq!(copy(&from, &to, true).unwrap().resumed, 40);
        assert_eq!(fs::read(to.join("a/b/25")).unwrap(), vec![25; 25_000]);
    }
}
