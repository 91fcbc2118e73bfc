//! Files of our own making that lie in no CID: whole or not at all.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::{read_file, real_path};

/// Writes a file, whole or not at all: a reader sees the old one or the new one.
///
/// # Errors
/// There is something of this name and `replace` does not say that a file may go, or it cannot be written.
pub fn write_file(path: &Path, bytes: &[u8], replace: bool) -> Result<()> {
    let cannot = |error| Error::io("write it", path, error);
    match path.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(Error::io("look at it", path, error)),
        Ok(metadata) if metadata.is_file() && replace => {}
        Ok(_) => return Err(exists(path)),
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.prefix(".configcid-").tempfile_in(folder).map_err(cannot)?;
    file.write_all(bytes).map_err(cannot)?;
    file.as_file().sync_all().map_err(cannot)?;
    if replace {
        file.persist(path).map_err(|error| cannot(error.error))?;
    } else {
        file.persist_noclobber(path).map_err(|error| match error.error.kind() {
            std::io::ErrorKind::AlreadyExists => exists(path),
            _ => cannot(error.error),
        })?;
    }
    Ok(())
}

/// As [`write_file`], or for `dry_run` the looks alone that it takes before it writes.
///
/// # Errors
/// As [`write_file`].
pub fn write_or_check(path: &Path, bytes: &[u8], replace: bool, dry_run: bool) -> Result<()> {
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
pub fn write_unless_same(path: &Path, bytes: &[u8], replace: bool, dry_run: bool) -> Result<bool> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
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
pub fn check_place(path: &Path) -> Result<()> {
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
pub fn check_new(path: &Path) -> Result<()> {
    check_place(path)?;
    match path.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
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
pub fn check_outside(path: &Path, folders: &[PathBuf], why: &str) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = real_path(folder).map_err(|error| Error::io("open the folder", folder, error))?;
    // A link elsewhere may lead into one.
    let target = real_path(path).ok();
    let inside = |cid: &PathBuf| {
        let is_in = |place: &Path| real_path(cid).is_ok_and(|cid| place.starts_with(cid));
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
}
