//! A new CID from an existing one: the first step of relay set-up.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
#[cfg(unix)]
use std::io::Seek;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use super::walk::{Item, Kind, not_plain, walk, walk_with_sizes};
use super::{Cid, OWN_PREFIX, is_own_name};
use crate::base::calls::{Call, note};
use crate::base::error::{Error, ErrorKind, Result};
#[cfg(not(unix))]
use crate::base::files::make_writable;
use crate::base::files::{check_spelling, first_difference, lies_in, real_path, sync_folder};
#[cfg(unix)]
use crate::base::files::{first_difference_of, flush_folder, open_plain};
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
/// copy. Every copied byte is compared with the original before the new folder gets its name, and that with what it was when it
/// was copied, so that `new` is there whole or not at all. Where the same clone was interrupted by the death of its process, it goes on from what that has copied.
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
    let copying = Copying { from: cid.root(), to: staging.path(), items: &items };
    if is_resumed {
        copying.tidy()?;
    }
    let (report, stamps) = copying.copy(&mut state, progress)?;
    copying.check_end(&stamps)?;
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
}

impl Copying<'_> {
    fn files(&self) -> Vec<&Item> {
        self.items.iter().filter(|item| item.kind == Kind::File).collect()
    }

    /// Does something with each file and its copy, many at a time, and ends at the first error.
    fn for_each_file<T: Send>(
        &self,
        work: impl Fn(&Path, &Path) -> Result<T> + Sync,
        mut done: impl FnMut(usize, T),
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
            Some(Ok(what)) => done(index, what),
            Some(Err(error)) if failed.as_ref().is_none_or(|(first, _)| index < *first) => {
                failed = Some((index, error))
            }
            _ => {}
        });
        failed.map_or(Ok(()), |(_, error)| Err(error))
    }

    /// Copies to the folder `to`, an empty one, or one in which a copy was interrupted, and compares each file with its original
    /// right away: both are open then, and a share that was asked about a file knows it still. Gives what tells whether an
    /// original has been written to since, in the order of the files.
    fn copy(
        &self,
        state: &mut CloneProgress,
        progress: &mut dyn FnMut(CloneProgress),
    ) -> Result<(CloneReport, Vec<Option<Stamp>>)> {
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
        let copy = |source: &Path, target: &Path| copy_file(source, target, &flush);
        let mut stamps: Vec<Option<Stamp>> = std::iter::repeat_with(|| None).take(self.files().len()).collect();
        self.for_each_file(copy, |index, Copied { stamp, was_there }| {
            report.files += 1;
            report.bytes += stamp.size;
            report.resumed += usize::from(was_there);
            state.copied += stamp.size;
            state.compared += stamp.size;
            stamps[index] = Some(stamp);
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
        Ok((report, stamps))
    }

    /// Refuses a copy whose original has other files or folders than when it was begun, or files of another content than when
    /// they were copied. Its folders are listed for that, which tells a share's client sizes and times of all files: what has the
    /// same ones has not been written to, and all else is compared once more.
    fn check_end(&self, stamps: &[Option<Stamp>]) -> Result<()> {
        let files = self.files();
        let mut there: HashMap<&Path, (Kind, Option<usize>)> =
            self.items.iter().map(|item| (item.path.as_path(), (item.kind, None))).collect();
        for (index, file) in files.iter().enumerate() {
            there.insert(&file.path, (Kind::File, Some(index)));
        }
        let is_folder = |item: &&Item| item.kind == Kind::Folder;
        let mut folders = vec![Path::new("")];
        folders.extend(self.items.iter().filter(is_folder).map(|folder| folder.path.as_path()));
        let changed = || {
            Error::new(ErrorKind::Changed, "files came or went while it was copied")
                .next("wait until nothing writes to the CID, then try again")
        };
        // How many things each folder has, and which of its files may have another content.
        let listed = in_flight(LOOKS, &folders, |folder| -> Result<(usize, Vec<usize>)> {
            let place = self.from.join(folder);
            let cannot = |error| Error::io("list the folder", &place, error);
            let (mut count, mut doubtful) = (0, Vec::new());
            note(Call::List, &place);
            for entry in fs::read_dir(&place).map_err(cannot)? {
                let entry = entry.map_err(cannot)?;
                let name = entry.file_name();
                if name.to_str().is_some_and(is_own_name) {
                    continue;
                }
                let kind = Kind::of(entry.file_type().map_err(cannot)?);
                match there.get(folder.join(&name).as_path()) {
                    Some((was, file)) if *was == kind => {
                        count += 1;
                        let is_same = |index: usize| {
                            let now = entry.metadata().ok().map(|metadata| Stamp::of(&metadata));
                            now.is_some() && now == stamps[index]
                        };
                        doubtful.extend(file.filter(|&index| !is_same(index)));
                    }
                    _ => return Err(changed().in_file(self.from)),
                }
            }
            Ok((count, doubtful))
        });
        let listed: Vec<(usize, Vec<usize>)> = listed.into_iter().collect::<Result<_>>()?;
        if listed.iter().map(|(count, _)| count).sum::<usize>() != self.items.len() {
            return Err(changed().in_file(self.from));
        }
        for index in listed.into_iter().flat_map(|(_, doubtful)| doubtful) {
            let path = &files[index].path;
            let (source, target) = (self.from.join(path), self.to.join(path));
            first_difference(&source, &target)?.map_err(|at| not_alike(&source, at))?;
        }
        let now = walk(self.to)?;
        let is_same = |(a, b): (&Item, &Item)| (&a.path, a.kind) == (&b.path, b.kind);
        if now.len() != self.items.len() || !now.iter().zip(self.items).all(is_same) {
            return Err(changed().in_file(self.to));
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

/// What tells that a file has been written to, as far as the system says.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    size: u64,
    modified: Option<SystemTime>,
    /// Which file it is, and when anything of it changed.
    #[cfg(unix)]
    changed: (u64, i64, i64),
}

impl Stamp {
    fn of(metadata: &fs::Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt;
        Self {
            size: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            changed: (metadata.ino(), metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// What became of one file, whose copy is like it.
struct Copied {
    stamp: Stamp,
    /// An interrupted copy had it.
    was_there: bool,
}

fn not_alike(source: &Path, at: u64) -> Error {
    Error::new(ErrorKind::Changed, "the copy is not like the original, which may have changed")
        .in_file(source)
        .at(crate::Position::Offset(at))
        .next("wait until nothing writes to the CID, then try again")
}

fn cannot_copy(source: &Path) -> impl Fn(io::Error) -> Error {
    move |error| Error::io("copy it", source, error).next("check the free space and your rights, then try again")
}

/// Copies a file with its rights and its time, by the system's own copy where there is one: the server of a share then copies,
/// and nothing comes by here. Then it is compared. What an interrupted copy has with size and time of the original is taken, since
/// the time is set last; where its bytes are others, it is what a power failure left, and is copied anew.
#[cfg(unix)]
fn copy_file(source: &Path, target: &Path, flush: &Flush) -> Result<Copied> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let mut from = open_plain(source).map_err(cannot_copy(source))?;
    let metadata = from.metadata().map_err(cannot_copy(source))?;
    let (permissions, size) = (metadata.permissions(), metadata.len());
    let stamp = Stamp::of(&metadata);
    let mut options = File::options();
    options.read(true).write(true).create_new(true).mode(permissions.mode());
    let mut file = match options.open(target) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if is_copy(target, &metadata).map_err(cannot_copy(source))? {
                let mut there = open_plain(target).map_err(cannot_copy(source))?;
                if from_begin((&mut from, source), (&mut there, target))?.is_ok() {
                    flush.file(&there).map_err(cannot_copy(source))?;
                    return Ok(Copied { stamp, was_there: true });
                }
                from.rewind().map_err(cannot_copy(source))?;
            }
            fs::remove_file(target).and_then(|()| options.open(target)).map_err(cannot_copy(source))?
        }
        file => file.map_err(cannot_copy(source))?,
    };
    let copy = || {
        // What the process may not give a new file is given it now.
        if file.metadata()?.permissions() != permissions {
            file.set_permissions(permissions)?;
        }
        // On Linux this is copy_file_range, where the file system has it.
        io::copy(&mut from, &mut file)?;
        file.set_modified(metadata.modified()?)?;
        flush.file(&file)?;
        // The client of a share may believe the file to be as it was before the server copied, until it is asked.
        file.metadata()
    };
    let there = copy().map_err(cannot_copy(source))?;
    let alike = match there.len() == size {
        true => from_begin((&mut from, source), (&mut file, target))?,
        false => Err(there.len().min(size)),
    };
    alike.map_err(|at| not_alike(source, at))?;
    Ok(Copied { stamp, was_there: false })
}

/// Compares two open files from their beginnings.
#[cfg(unix)]
fn from_begin(
    (from, source): (&mut File, &Path),
    (to, target): (&mut File, &Path),
) -> Result<std::result::Result<u64, u64>> {
    from.rewind().and_then(|()| to.rewind()).map_err(cannot_copy(source))?;
    first_difference_of((from, source), (to, target))
}

/// As on other systems; `CopyFileEx` copies attributes and time, too, and lets the server of a share copy.
#[cfg(not(unix))]
fn copy_file(source: &Path, target: &Path, flush: &Flush) -> Result<Copied> {
    let stamp = Stamp::of(&source.symlink_metadata().map_err(cannot_copy(source))?);
    if target.symlink_metadata().is_ok() {
        let taken = take_or_remove(source, target, flush);
        if taken? {
            return Ok(Copied { stamp, was_there: true });
        }
    }
    fs::copy(source, target).and_then(|_| flush_copy(target, flush)).map_err(cannot_copy(source))?;
    first_difference(source, target)?.map_err(|at| not_alike(source, at))?;
    Ok(Copied { stamp, was_there: false })
}

/// Whether what an interrupted copy left is like the original; else it is removed.
#[cfg(not(unix))]
fn take_or_remove(source: &Path, target: &Path, flush: &Flush) -> Result<bool> {
    let metadata = source.symlink_metadata().map_err(cannot_copy(source))?;
    if is_copy(target, &metadata).map_err(cannot_copy(source))? && first_difference(source, target)?.is_ok() {
        flush_copy(target, flush).map_err(cannot_copy(source))?;
        return Ok(true);
    }
    make_writable(target).and_then(|()| fs::remove_file(target)).map_err(cannot_copy(source))?;
    Ok(false)
}

/// What is read-only is not opened for writing, and nothing else is flushed.
#[cfg(not(unix))]
fn flush_copy(target: &Path, flush: &Flush) -> io::Result<()> {
    let permissions = fs::metadata(target)?.permissions();
    make_writable(target)?;
    flush.file(&File::options().write(true).open(target)?)?;
    if permissions.readonly() {
        fs::set_permissions(target, permissions)?;
    }
    Ok(())
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

    fn copy(from: &Path, to: &Path) -> Result<CloneReport> {
        let (items, total) = plain_items(from)?;
        let copying = Copying { from, to, items: &items };
        let mut state = CloneProgress { copied: 0, compared: 0, total };
        copying.tidy()?;
        let (report, stamps) = copying.copy(&mut state, &mut |_| {})?;
        copying.check_end(&stamps)?;
        assert_eq!((state.copied, state.compared), (total, total));
        Ok(report)
    }

    /// The end of a copy finds what was written to an original after that was compared, whatever its time says, and what only
    /// looks so is no matter.
    #[cfg(unix)]
    #[test]
    fn an_original_that_changes_after_it_was_compared_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let [from, to] = ["from", "to"].map(|name| dir.path().join(name));
        let begin = || {
            let _ = (fs::remove_dir_all(&from), fs::remove_dir_all(&to));
            fs::create_dir_all(from.join("a")).unwrap();
            fs::create_dir(&to).unwrap();
            fs::write(from.join("a/one"), "1").unwrap();
            fs::write(from.join("two"), "2").unwrap();
        };
        let end = |change: &dyn Fn()| {
            begin();
            let (items, total) = plain_items(&from)?;
            let copying = Copying { from: &from, to: &to, items: &items };
            let mut state = CloneProgress { copied: 0, compared: 0, total };
            let (_, stamps) = copying.copy(&mut state, &mut |_| {})?;
            change();
            copying.check_end(&stamps)
        };
        let one = || from.join("a/one");
        let time = || one().metadata().unwrap().modified().unwrap();
        let write = |text: &str, time: SystemTime| {
            fs::write(one(), text).unwrap();
            File::options().write(true).open(one()).unwrap().set_modified(time).unwrap();
        };
        assert!(end(&|| {}).is_ok());
        assert!(end(&|| write("x", time())).unwrap_err().to_string().contains("not like the original"));
        assert!(end(&|| write("1", SystemTime::UNIX_EPOCH)).is_ok());
        for change in [
            &(|| fs::write(from.join("new"), "").unwrap()) as &dyn Fn(),
            &|| fs::remove_file(one()).unwrap(),
            &|| fs::create_dir(from.join("a/b")).unwrap(),
            &|| fs::rename(one(), from.join("a/other")).unwrap(),
            &|| fs::remove_dir_all(from.join("a")).unwrap(),
            &|| fs::remove_file(to.join("two")).unwrap(),
        ] {
            assert!(end(change).is_err());
        }
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
        assert_eq!(copy(&from, &to).unwrap().resumed, 0);
        // Half of it is missing, one file is torn, and another is one that has gone from the original.
        for index in 0..20 {
            fs::remove_file(to.join(format!("a/b/{index}"))).unwrap();
        }
        fs::write(to.join("a/b/30"), "torn").unwrap();
        fs::create_dir(to.join("a/gone")).unwrap();
        fs::write(to.join("a/gone/x"), "x").unwrap();
        let report = copy(&from, &to).unwrap();
        assert_eq!((report.files, report.resumed), (40, 19));
        assert_eq!(walk(&from).unwrap(), walk(&to).unwrap());
        // What only looks like the original, as after a power failure, is copied again.
        let time = fs::metadata(from.join("a/b/25")).unwrap().modified().unwrap();
        fs::write(to.join("a/b/25"), vec![26; 25_000]).unwrap();
        File::options().write(true).open(to.join("a/b/25")).unwrap().set_modified(time).unwrap();
        assert_eq!(copy(&from, &to).unwrap().resumed, 39);
        assert_eq!(fs::read(to.join("a/b/25")).unwrap(), vec![25; 25_000]);
    }
}
