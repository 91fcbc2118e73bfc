//! Replacing whole files: a reader sees the old one or the new one, and one that somebody holds for a moment is waited for.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::error::{Error, ErrorKind, Result};
use super::files::{lies_in, read_file, real_path};
use super::tries::{Tries, persistently};

/// How long a file may be held by others before a rename gives up: readers hold one for up to a second in practice.
const RETRIES: [u64; 8] = [10, 20, 40, 80, 160, 320, 640, 1280];

/// Tries again for a while where somebody holds the file.
pub(crate) fn patiently<T>(call: impl Fn() -> io::Result<T>) -> io::Result<T> {
    persistently(&RETRIES, is_held, call)
}

/// On Windows a file that somebody reads can be neither replaced nor removed: access denied (5), sharing violation
/// (32), lock violation (33). Shares mounted elsewhere say busy.
fn is_held(error: &io::Error) -> bool {
    match error.raw_os_error() {
        Some(5 | 32 | 33) if cfg!(windows) => true,
        _ => matches!(error.kind(), io::ErrorKind::ResourceBusy | io::ErrorKind::ExecutableFileBusy),
    }
}

/// Gives a file that is written its name, over what is there only if `replace` says so.
pub(crate) fn persist(mut file: NamedTempFile, path: &Path, replace: bool) -> io::Result<()> {
    let mut tries = Tries::after(&RETRIES);
    loop {
        let named = if replace { file.persist(path) } else { file.persist_noclobber(path) };
        let Err(error) = named else { return Ok(()) };
        if !is_held(&error.error) || !tries.another() {
            return Err(error.error);
        }
        file = error.file;
    }
}

/// Writes a file, whole or not at all: a reader sees the old one or the new one. One that is replaced keeps its rights:
/// whoever could not read the old one cannot read the new one.
///
/// # Errors
/// There is something of this name and `replace` does not say that a file may go, or it cannot be written.
pub(crate) fn write_file(path: &Path, bytes: &[u8], replace: bool) -> Result<()> {
    let cannot = |error| Error::io("write it", path, error);
    let old = match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(Error::io("look at it", path, error)),
        Ok(metadata) if metadata.is_file() && replace => Some(metadata.permissions()),
        Ok(_) => return Err(exists(path)),
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = unnamed(folder, old.is_none()).map_err(cannot)?;
    // Before there is anything to read. On Windows rights come from the folder.
    if let Some(permissions) = old.filter(|_| cfg!(unix)) {
        file.as_file().set_permissions(permissions).map_err(cannot)?;
    }
    file.write_all(bytes).map_err(cannot)?;
    file.as_file().sync_all().map_err(cannot)?;
    persist(file, path, replace).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists if !replace => exists(path),
        _ => cannot(error),
    })
}

/// A new file that has no name yet that anybody knows: as readable as new files usually are, or for its owner alone.
fn unnamed(folder: &Path, for_all: bool) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    if for_all {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let _ = for_all;
    builder.prefix(".configcid-").tempfile_in(folder)
}

/// As [`write_file`], or for `dry_run` the looks alone that it takes before it writes.
///
/// # Errors
/// As [`write_file`].
pub(crate) fn write_or_check(path: &Path, bytes: &[u8], replace: bool, dry_run: bool) -> Result<()> {
    if !dry_run {
        return write_file(path, bytes, replace);
    }
    check_place(path)?;
    match path.symlink_metadata() {
        Ok(metadata) if !(metadata.is_file() && replace) => Err(exists(path)),
        _ => Ok(()),
    }
}

/// As [`write_file`], and leaves alone a file that holds these bytes already. Gives whether there was, or for `dry_run`
/// would be, anything to do.
///
/// # Errors
/// As [`write_file`].
pub(crate) fn write_unless_same(path: &Path, bytes: &[u8], replace: bool, dry_run: bool) -> Result<bool> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(Error::io("look at it", path, error)),
        Ok(metadata) => {
            if metadata.is_file() && read_file(path, bytes.len() as u64).is_ok_and(|there| there == bytes) {
                return Ok(false);
            }
            if !metadata.is_file() || !replace {
                return Err(exists(path));
            }
        }
    }
    if !dry_run {
        write_file(path, bytes, replace)?;
    }
    Ok(true)
}

/// Refuses a place where no file could be written, before there is anything to write.
///
/// # Errors
/// It is a folder, or lies in none.
pub(crate) fn check_place(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match folder.is_dir() && !path.is_dir() {
        true => Ok(()),
        false => Err(Error::new(ErrorKind::Usage, "no file can be written here: this is a folder, or lies in none")
            .in_file(path)
            .next("name a file in a folder that is there")),
    }
}

/// Refuses a place where something is already, before there is anything to write.
///
/// # Errors
/// There is something of this name, or no folder to write it to.
pub(crate) fn check_new(path: &Path) -> Result<()> {
    check_place(path)?;
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::io("look at it", path, error)),
        Ok(_) => Err(Error::new(ErrorKind::Exists, "there is something of this name already")
            .in_file(path)
            .next("name another file, and keep this one as long as you may want to compare with it")),
    }
}

/// Refuses a file that lies, or would lie, in one of these folders; `why` says what is wrong with that.
///
/// # Errors
/// It does, or its folder is not there.
pub(crate) fn check_outside(path: &Path, folders: &[PathBuf], why: &str) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = real_path(folder).map_err(|error| Error::io("open the folder", folder, error))?;
    // A link elsewhere may lead into one.
    let target = real_path(path).ok();
    let inside = |cid: &PathBuf| {
        let is_in = |place: &Path| real_path(cid).is_ok_and(|cid| lies_in(place, &cid));
        is_in(&folder) || target.as_deref().is_some_and(is_in)
    };
    match folders.iter().any(inside) {
        true => Err(Error::new(ErrorKind::Usage, why).in_file(path).next("name a file outside of the CID")),
        false => Ok(()),
    }
}

/// The error of a name that is taken.
fn exists(path: &Path) -> Error {
    Error::new(ErrorKind::Exists, "there is something of this name already")
        .in_file(path)
        .next("name another file; --force replaces a file")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_that_holds_the_bytes_is_left_alone_and_another_is_not_replaced_unasked() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("fleet.svg");
        assert!(write_unless_same(&path, b"<svg/>", false, true).unwrap() && !path.exists());
        assert!(write_unless_same(&path, b"<svg/>", false, false).unwrap());
        assert!(!write_unless_same(&path, b"<svg/>", false, false).unwrap());
        for (replace, dry_run) in [(false, false), (false, true)] {
            assert!(write_unless_same(&path, b"<svg></svg>", replace, dry_run).is_err());
            assert!(write_or_check(&path, b"<svg></svg>", replace, dry_run).is_err());
        }
        assert!(write_or_check(&path, b"<svg></svg>", true, true).is_ok());
        assert_eq!(std::fs::read(&path).unwrap(), b"<svg/>");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_replaced_keeps_its_rights() {
        use std::os::unix::fs::PermissionsExt;

        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("page.html");
        let mode = || path.metadata().unwrap().permissions().mode() & 0o777;
        write_file(&path, b"one", false).unwrap();
        for rights in [0o600, 0o640, 0o604] {
            fs::set_permissions(&path, fs::Permissions::from_mode(rights)).unwrap();
            write_file(&path, b"two", true).unwrap();
            assert_eq!((mode(), fs::read(&path).unwrap()), (rights, b"two".to_vec()));
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_there_stays_unless_it_may_go() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("page.html");
        write_file(&path, b"one", false).unwrap();
        assert_eq!(write_file(&path, b"two", false).unwrap_err().kind(), ErrorKind::Exists);
        assert_eq!(fs::read(&path).unwrap(), b"one");
    }
}
