//! A new CID from an existing one: the first step of relay set-up.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use fs_extra::file::CopyOptions;

use super::walk::{Item, Kind, not_plain, walk};
use super::{Cid, OWN_PREFIX};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::{check_spelling, first_difference, lies_in, real_path, sync_folder};
use crate::base::own_folder::OwnFolder;

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
}

/// Copies a CID to `new`, a path where nothing is yet, in an existing folder outside the CID. Contents, permissions
/// and modification times are kept; configcid's own files are left out. Every copied byte is compared with the
/// original before the new folder gets its name, so that `new` is there whole or not at all.
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
    let staging = OwnFolder::make(parent, &format!("{OWN_PREFIX}clone-"), false)
        .map_err(|error| Error::io("make a folder for the copy", parent, error))?;
    let mut state = CloneProgress { copied: 0, compared: 0, total };
    let report = copy(cid.root(), staging.path(), &items, Flush::Yes, &mut state, progress)?;
    compare(cid.root(), staging.path(), &items, &mut state, progress)?;
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
    Ok(CloneReport { files: items.iter().filter(|item| matches!(item.kind, Kind::File)).count(), bytes })
}

/// Everything in a tree of files and folders alone, and the size of all files.
fn plain_items(root: &Path) -> Result<(Vec<Item>, u64)> {
    let items = walk(root)?;
    let mut total = 0;
    for item in &items {
        let place = root.join(&item.path);
        match item.kind {
            Kind::File => total += place.metadata().map_err(|error| Error::io("look at it", &place, error))?.len(),
            Kind::Folder => {}
            Kind::Link | Kind::Other => return Err(not_plain(&place)),
        }
    }
    Ok((items, total))
}

/// Copies what is in the folder `from` to the empty folder `to`, and says what that was.
pub(crate) fn copy_tree(from: &Path, to: &Path) -> Result<Vec<Item>> {
    let (items, total) = plain_items(from)?;
    copy(from, to, &items, Flush::No, &mut CloneProgress { copied: 0, compared: 0, total }, &mut |_| {})?;
    Ok(items)
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

/// Whether a copy is to outlast a power failure.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flush {
    Yes,
    No,
}

/// Copies `items` below `from` to the empty folder `to`.
fn copy(
    from: &Path,
    to: &Path,
    items: &[Item],
    flush: Flush,
    state: &mut CloneProgress,
    progress: &mut dyn FnMut(CloneProgress),
) -> Result<CloneReport> {
    let mut report = CloneReport { files: 0, bytes: 0 };
    for item in items {
        let (source, target) = (from.join(&item.path), to.join(&item.path));
        if item.kind == Kind::Folder {
            fs::create_dir(&target).map_err(|error| Error::io("make the folder", &target, error))?;
            continue;
        }
        let before = state.copied;
        let copied = fs_extra::file::copy_with_progress(&source, &target, &CopyOptions::new(), |done| {
            state.copied = before + done.copied_bytes;
            progress(*state);
        });
        let size = copied.map_err(|error| {
            let cause = match error.kind {
                fs_extra::error::ErrorKind::Io(error) => error,
                _ => std::io::Error::other(error.to_string()),
            };
            Error::io("copy it", &source, cause).next("check the free space and your rights, then try again")
        })?;
        report.files += 1;
        report.bytes += size;
    }
    // Rights and times last, folders after what they hold: a folder may not be writable.
    for item in items.iter().rev() {
        let (source, target) = (from.join(&item.path), to.join(&item.path));
        let keep = || {
            let metadata = source.metadata()?;
            if item.kind == Kind::File {
                let file = File::options().write(true).open(&target)?;
                file.set_modified(metadata.modified()?)?;
                file.set_permissions(metadata.permissions())?;
                return if flush == Flush::Yes { file.sync_all() } else { Ok(()) };
            }
            if flush == Flush::Yes {
                sync_folder(&target)?;
            }
            fs::set_permissions(&target, metadata.permissions())
        };
        keep().map_err(|error| Error::io("set its permissions and time", &target, error))?;
    }
    Ok(report)
}

fn compare(
    from: &Path,
    to: &Path,
    items: &[Item],
    state: &mut CloneProgress,
    progress: &mut dyn FnMut(CloneProgress),
) -> Result<()> {
    for item in items.iter().filter(|item| item.kind == Kind::File) {
        let (source, target) = (from.join(&item.path), to.join(&item.path));
        match first_difference(&source, &target)? {
            Ok(size) => state.compared += size,
            Err(at) => {
                return Err(Error::new(
                    ErrorKind::Changed,
                    "the copy is not like the original, which may have changed",
                )
                .in_file(&source)
                .at(crate::Position::Offset(at))
                .next("wait until nothing writes to the CID, then try again"));
            }
        }
        progress(*state);
    }
    let now = walk(from)?;
    if !now.iter().map(|item| (&item.path, item.kind)).eq(items.iter().map(|item| (&item.path, item.kind))) {
        return Err(Error::new(ErrorKind::Changed, "files came or went while it was copied")
            .in_file(from)
            .next("wait until nothing writes to the CID, then try again"));
    }
    Ok(())
}
