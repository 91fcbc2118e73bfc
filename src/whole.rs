//! Files beside CIDs that are written whole or not at all: what is asked for with `--reg FILE`, `--metrics FILE` and the
//! like.

use std::io::{ErrorKind as IoErrorKind, Write};
use std::path::Path;

use crate::cid::tree::read_file;
use crate::error::{Error, ErrorKind, Result};
use crate::registry::MAX_SIZE;

/// Writes a file, whole or not at all. Gives whether there was anything to do: a file that holds these bytes already is
/// left alone.
///
/// # Errors
/// There is another file of this name and `replace` does not say that it may go, or the file cannot be written.
pub(crate) fn write_whole(path: &Path, bytes: &[u8], replace: bool, dry_run: bool) -> Result<bool> {
    let cannot = |error| Error::io("write it", path, error);
    match path.symlink_metadata() {
        Err(error) if error.kind() == IoErrorKind::NotFound => {}
        Err(error) => return Err(Error::io("look at it", path, error)),
        Ok(metadata) => {
            if metadata.is_file() && read_file(path, MAX_SIZE).is_ok_and(|there| there == bytes) {
                return Ok(false);
            }
            if !metadata.is_file() || !replace {
                return Err(exists(path));
            }
        }
    }
    if dry_run {
        return Ok(true);
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
            IoErrorKind::AlreadyExists => exists(path),
            _ => cannot(error.error),
        })?;
    }
    Ok(true)
}

fn exists(path: &Path) -> Error {
    Error::new(ErrorKind::Exists, "there is something of this name already")
        .in_file(path)
        .next("name another file; --force replaces a file")
}
