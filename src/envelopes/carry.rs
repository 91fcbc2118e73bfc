//! Moves single files to another folder, on the same volume or another: whole, compared, and never onto something that is
//! there. Done again after an interruption, it goes on where it was.

use std::fs::{self, File, FileTimes};
use std::io::{self, ErrorKind as IoErrorKind};
use std::path::Path;

use tempfile::TempPath;

use crate::base::error::{Error, Result};
use crate::base::files::first_difference;
use crate::base::replace::{patiently, persist};

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carried {
    /// It is there now, and no longer here.
    Moved,
    /// It was gone before it could be moved, which is normal.
    Gone,
    /// Something else has its name there: it stays here.
    Taken,
}

/// How the names of unfinished copies begin.
const PART: &str = ".configcid-part-";

/// Moves the file `from` to `to`, which is in a folder that is there.
pub(super) fn carry(from: &Path, to: &Path) -> Result<Carried> {
    match rename(from, to) {
        Ok(()) => Ok(Carried::Moved),
        Err(error) if error.kind() == IoErrorKind::AlreadyExists => taken(from, to),
        Err(error) if error.kind() == IoErrorKind::NotFound && !from.exists() => Ok(Carried::Gone),
        Err(error) if error.kind() == IoErrorKind::CrossesDevices => copy(from, to),
        Err(error) => Err(Error::io_of(&text!("cannot move it to {}", to.display()), from, error)),
    }
}

/// Renames without replacing.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    patiently(|| {
        let mut path = TempPath::try_from_path(from)?;
        // It is no temporary file: whatever happens, it stays.
        path.disable_cleanup(true);
        path.persist_noclobber(to).map_err(|error| error.error)
    })
}

/// Something has the name already: the same file, where an interruption came between copying it and removing the first.
fn taken(from: &Path, to: &Path) -> Result<Carried> {
    let is_file = to.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
    if !is_file || !from.exists() {
        return Ok(if from.exists() { Carried::Taken } else { Carried::Gone });
    }
    let same = same(from, to)?;
    let folders = from.parent().zip(to.parent());
    if !same || folders.is_none_or(|(from, to)| is_one_folder(from, to).unwrap_or(true)) {
        return Ok(Carried::Taken);
    }
    remove(from)
}

/// Copies to another volume under a name of our own, compares, gives it its name, and only then removes the first.
fn copy(from: &Path, to: &Path) -> Result<Carried> {
    let cannot = |error| Error::io_of(&text!("cannot copy it to {}", to.display()), from, error);
    let mut source = match File::open(from) {
        Ok(source) => source,
        Err(error) if error.kind() == IoErrorKind::NotFound => return Ok(Carried::Gone),
        Err(error) => return Err(cannot(error)),
    };
    let folder = to.parent().unwrap_or(Path::new("."));
    let metadata = source.metadata().map_err(cannot)?;
    let mut part = tempfile::Builder::new().prefix(PART).tempfile_in(folder).map_err(cannot)?;
    io::copy(&mut source, &mut part).map_err(cannot)?;
    // Its age counts. Permissions on Windows come from the folder.
    let times = metadata.modified().map(|modified| FileTimes::new().set_modified(modified));
    times.and_then(|times| part.as_file().set_times(times)).map_err(cannot)?;
    #[cfg(unix)]
    part.as_file().set_permissions(metadata.permissions()).map_err(cannot)?;
    part.as_file().sync_all().map_err(cannot)?;
    if !same(from, part.path())? {
        return Err(Error::new(crate::ErrorKind::Changed, "it changed while it was copied")
            .in_file(from)
            .next("stop what writes to it, and run this again"));
    }
    match persist(part, to, false) {
        Ok(()) => remove(from),
        Err(error) if error.kind() == IoErrorKind::AlreadyExists => taken(from, to),
        Err(error) => Err(cannot(error)),
    }
}

fn remove(from: &Path) -> Result<Carried> {
    match fs::remove_file(from) {
        Ok(()) => Ok(Carried::Moved),
        Err(error) if error.kind() == IoErrorKind::NotFound => Ok(Carried::Moved),
        Err(error) => Err(Error::io("remove it after it was copied", from, error)),
    }
}

/// Whether two paths lead to one folder, whichever way: through links, mounts, shares. What is made in one is then seen in
/// the other.
pub(super) fn is_one_folder(one: &Path, other: &Path) -> Result<bool> {
    let probe = tempfile::Builder::new().prefix(PART).tempfile_in(other);
    let probe = probe.map_err(|error| Error::io("write to the folder", other, error))?;
    Ok(probe.path().file_name().is_some_and(|name| one.join(name).symlink_metadata().is_ok()))
}

/// Removes unfinished copies that an interruption left in a folder.
pub(super) fn remove_parts(folder: &Path) -> Result<()> {
    let remove = || {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_name().as_encoded_bytes().starts_with(PART.as_bytes()) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    };
    remove().map_err(|error| Error::io("remove unfinished copies of an interrupted run from", folder, error))
}

/// Whether two files hold the same bytes.
pub(super) fn same(one: &Path, other: &Path) -> Result<bool> {
    Ok(first_difference(one, other)?.is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_replaced_and_nothing_is_lost() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::create_dir(path("to")).unwrap();
        for (name, here, there) in [("new", "1", None), ("taken", "2", Some("3")), ("copied", "4", Some("4"))] {
            fs::write(path(name), here).unwrap();
            there.into_iter().for_each(|text| fs::write(path("to").join(name), text).unwrap());
        }
        let carry = |name: &str| carry(&path(name), &path("to").join(name)).unwrap();
        assert_eq!(carry("new"), Carried::Moved);
        assert_eq!(carry("new"), Carried::Gone);
        assert_eq!(carry("taken"), Carried::Taken);
        assert_eq!(carry("copied"), Carried::Moved);
        assert_eq!(carry("never there"), Carried::Gone);
        let text = |name: &str| fs::read_to_string(path(name)).ok();
        assert_eq!([text("new"), text("copied")], [None, None]);
        assert_eq!(text("taken").as_deref(), Some("2"));
        assert_eq!(["to/new", "to/taken", "to/copied"].map(|name| text(name).unwrap()), ["1", "3", "4"]);
        // A file is not its own copy. Windows takes that for a file that is moved where it is.
        let onto_itself = super::carry(&path("taken"), &path("to/../taken")).unwrap();
        assert!(onto_itself == Carried::Taken || cfg!(windows));
        assert_eq!(text("taken").as_deref(), Some("2"));
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_is_known_by_another_path() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::create_dir(path("one")).unwrap();
        fs::create_dir(path("other")).unwrap();
        std::os::unix::fs::symlink(path("one"), path("link")).unwrap();
        let is_one = |a: &str, b: &str| is_one_folder(&path(a), &path(b)).unwrap();
        assert!(is_one("one", "link") && is_one("link", "one") && !is_one("one", "other"));
        fs::write(path("one/1.msg"), "1").unwrap();
        assert_eq!(carry(&path("one/1.msg"), &path("link/1.msg")).unwrap(), Carried::Taken);
        assert_eq!(fs::read_dir(path("one")).unwrap().count(), 1);
    }

    #[test]
    fn a_copy_keeps_content_and_age() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        fs::write(&from, vec![7; 200_000]).unwrap();
        let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
        File::options().write(true).open(&from).unwrap().set_modified(old).unwrap();
        assert_eq!(copy(&from, &to).unwrap(), Carried::Moved);
        assert!(!from.exists());
        assert_eq!(fs::read(&to).unwrap(), vec![7; 200_000]);
        assert_eq!(fs::metadata(&to).unwrap().modified().unwrap(), old);
        fs::write(&from, "other").unwrap();
        assert_eq!(copy(&from, &to).unwrap(), Carried::Taken);
        assert_eq!(copy(&dir.path().join("none"), &to).unwrap(), Carried::Gone);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }
}
