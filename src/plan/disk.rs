//! The calls by which carrying a plan out touches the disk. Each is a numbered step, so that a test build can fail or
//! die at any of them; the lock's own calls are steps, too, and nothing else in `plan` writes.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use crate::base::error::{Error, Result};
use crate::base::files::{self, read_file};
use crate::base::replace::patiently;

#[cfg(feature = "faults")]
mod faults;

/// Runs one call as a step.
fn step<T>(doing: &str, path: &Path, call: impl FnOnce() -> io::Result<T>) -> Result<T> {
    bare_step(doing, path, call).map_err(|error| Error::io(doing, path, error))
}

/// As [`step`], for those who look at the system's own error.
pub(super) fn bare_step<T>(doing: &str, path: &Path, call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    #[cfg(feature = "faults")]
    return faults::around(doing, path, call);
    #[cfg(not(feature = "faults"))]
    {
        let _ = (doing, path);
        call()
    }
}

/// The content of a file; `None` where there is none.
pub(super) fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>> {
    let opened = step("read it", path, || match files::open_plain(path) {
        Ok(file) => Ok(Some((file.metadata()?.len(), file))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    })?;
    opened.map(|(size, file)| files::read_open(file, size, path, limit)).transpose()
}

fn metadata(path: &Path) -> io::Result<Option<fs::Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether there is anything of this name.
pub(super) fn exists(path: &Path) -> Result<bool> {
    Ok(step("look at it", path, || metadata(path))?.is_some())
}

/// Writes a new file, flushed to the disk, with the attributes of `like` as far as the system can keep them.
pub(super) fn write_new(path: &Path, bytes: &[u8], like: Option<&Path>) -> Result<()> {
    if let Some(like) = like {
        step("prepare it", path, || attributes::prepare(path, like))?;
    }
    let mut file = step("make it", path, || {
        let mut options = File::options();
        options.write(true);
        if like.is_some() && attributes::PREPARES {
            options.truncate(true)
        } else {
            options.create_new(true)
        };
        #[cfg(unix)]
        if like.is_some() {
            // Nobody reads it who may not read the other one.
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        options.open(path)
    })?;
    // Before the content: whoever finds that whole after a death finds the attributes, too.
    if let Some(like) = like {
        step("set its attributes", path, || attributes::finish(&file, path, like))?;
    }
    // A test dies between two pieces: a torn file must be told from a whole one. Otherwise it is one, which costs a share one
    // request.
    let (first, second) = bytes.split_at(if cfg!(feature = "faults") { bytes.len() / 2 } else { bytes.len() });
    step("write it", path, || file.write_all(first))?;
    step("write it", path, || file.write_all(second))?;
    step("flush it", path, || file.sync_all())
}

/// Gives a file the time at which the content of another one was written. What the file system does not let one set cannot
/// be kept.
pub(super) fn take_time(file: &Path, from: &Path) -> Result<()> {
    step("set its time", file, || {
        let written = fs::metadata(from)?.modified()?;
        let mut options = File::options();
        // No right to the content, which a read-only file gives nobody.
        #[cfg(windows)]
        std::os::windows::fs::OpenOptionsExt::access_mode(options.write(true), 0x100);
        #[cfg(not(windows))]
        options.read(true);
        let _ = options.open(file).and_then(|file| file.set_modified(written));
        Ok(())
    })
}

/// Flushes a file to the disk that a process wrote which may have died before it could.
pub(super) fn flush(path: &Path) -> Result<()> {
    step("flush it", path, || match File::options().read(true).write(cfg!(windows)).open(path) {
        // Windows flushes only what is open for writing, and opens nothing that is read-only so.
        Err(error) if cfg!(windows) && error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        file => file?.sync_all(),
    })
}

/// Lets `link` be another name of `file`, or a copy where the system has no such names.
#[cfg(not(windows))]
pub(super) fn keep(file: &Path, link: &Path) -> Result<()> {
    let linked = step("keep the old file", link, || fs::hard_link(file, link));
    match linked {
        Ok(()) => Ok(()),
        Err(error) if error.is_missing_links() => {
            let bytes = read_file(file, u64::MAX - 1)?;
            write_new(link, &bytes, Some(file))
        }
        Err(error) => Err(error),
    }
}

/// Lets `copy` be a copy of `file`, with its attributes and its time. Another name of the same file would share its
/// attributes, and could not be removed while somebody reads the file.
#[cfg(windows)]
pub(super) fn keep(file: &Path, copy: &Path) -> Result<()> {
    step("keep the old file", copy, || attributes::prepare(copy, file))?;
    let kept = step("keep the old file", copy, || File::options().write(true).open(copy))?;
    step("set its attributes", copy, || {
        kept.set_modified(fs::metadata(file)?.modified()?)?;
        attributes::finish(&kept, copy, file)
    })?;
    step("flush it", copy, || kept.sync_all())
}

/// Renames a file, over what is there.
pub(super) fn rename(from: &Path, to: &Path) -> Result<()> {
    let read_only = unprotect(to)?;
    let renamed = step("replace it", to, || patiently(|| fs::rename(from, to)));
    protect_again(to, read_only, &renamed);
    renamed
}

/// Removes a file; it is no error where there is none.
pub(super) fn remove(path: &Path) -> Result<()> {
    let read_only = unprotect(path)?;
    let removed = step("remove it", path, || match patiently(|| fs::remove_file(path)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    });
    protect_again(path, read_only, &removed);
    removed
}

/// Takes the attribute "read-only" from a file, and gives what it had; `None` where it had none. Windows neither
/// replaces nor removes what has it (Windows 10 and later do, and not on every share).
fn unprotect(path: &Path) -> Result<Option<fs::Permissions>> {
    if cfg!(not(windows)) {
        return Ok(None);
    }
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() && metadata.permissions().readonly() => {
            step("make it writable", path, || files::make_writable(path))?;
            Ok(Some(metadata.permissions()))
        }
        _ => Ok(None),
    }
}

/// Gives back what [`unprotect`] took, where what it was taken for failed.
fn protect_again(path: &Path, read_only: Option<fs::Permissions>, done: &Result<()>) {
    if let (Err(_), Some(permissions)) = (done, read_only) {
        let _ = fs::set_permissions(path, permissions);
    }
}

/// Makes a file read-only that was so when it was kept: a process may have died before it replaced the file, and after
/// [`unprotect`].
pub(super) fn protect_as(file: &Path, kept: &Path) -> Result<()> {
    let read_only = |path: &Path| fs::symlink_metadata(path).map(|metadata| metadata.permissions()).ok();
    match (read_only(file), read_only(kept)) {
        (Some(now), Some(then)) if cfg!(windows) && then.readonly() && !now.readonly() => {
            step("set its attributes", file, || fs::set_permissions(file, then))
        }
        _ => Ok(()),
    }
}

/// Flushes a folder's names to the disk, where the system can.
pub(super) fn sync_folder(folder: &Path) -> Result<()> {
    step("flush the folder", folder, || files::sync_folder(folder))
}

/// Refuses to begin where the disk has no room for `bytes`, or the folder cannot be written.
pub(super) fn check_folder(folder: &Path, bytes: u64) -> Result<()> {
    #[cfg(unix)]
    {
        use rustix::fs::{Access, access};
        step("write to the folder", folder, || Ok(access(folder, Access::WRITE_OK | Access::EXEC_OK)?))
            .map_err(|error| error.next("nothing was changed; check your rights to the folder"))?;
    }
    let free = step("look at the free space", folder, || fs4::available_space(folder))?;
    // Some shares do not say how large they are: that of a disk of no size nothing is free tells nothing.
    if free < bytes && fs4::total_space(folder).is_ok_and(|total| total > 0) {
        let what = format!("the disk has {free} bytes free, and the change needs {bytes} for a while");
        return Err(Error::new(crate::ErrorKind::Io, what)
            .in_file(folder)
            .next("nothing was changed; make room, then try again"));
    }
    Ok(())
}

#[cfg(not(windows))]
impl Error {
    /// Whether the system said that it has no hard links here.
    fn is_missing_links(&self) -> bool {
        let source = std::error::Error::source(self).and_then(|source| source.downcast_ref::<io::Error>());
        source.is_some_and(|error| {
            // EPERM is what Linux says for FAT.
            matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::TooManyLinks)
                || (cfg!(unix) && error.raw_os_error() == Some(1))
        })
    }
}

/// Owner, mode, access control lists and extended attributes.
#[cfg(unix)]
mod attributes {
    use std::fs::{self, File};
    use std::io;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    /// Whether [`prepare`] makes the file.
    pub(super) const PREPARES: bool = false;

    pub(super) fn prepare(_: &Path, _: &Path) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn finish(file: &File, _: &Path, like: &Path) -> io::Result<()> {
        use rustix::fs::{Gid, Uid, XattrFlags, fchown, fsetxattr, getxattr, listxattr};
        let metadata = fs::metadata(like)?;
        let own = file.metadata()?;
        if (own.uid(), own.gid()) != (metadata.uid(), metadata.gid()) {
            // Only root may give a file away: what the system refuses cannot be kept.
            let _ = fchown(file, Some(Uid::from_raw(metadata.uid())), Some(Gid::from_raw(metadata.gid())));
        }
        file.set_permissions(metadata.permissions())?;
        // Among them POSIX and CIFS access control lists. What a file system does not have, or does not let one set,
        // cannot be kept.
        let mut names = vec![0; 64 << 10];
        let length = listxattr(like, &mut names).unwrap_or(0);
        for name in names[..length].split(|&byte| byte == 0).filter(|name| !name.is_empty()) {
            let mut value = vec![0; 64 << 10];
            if let Ok(length) = getxattr(like, name, &mut value) {
                let _ = fsetxattr(file, name, &value[..length], XattrFlags::empty());
            }
        }
        Ok(())
    }
}

/// Attributes and alternate streams: a copy has them all.
#[cfg(not(unix))]
mod attributes {
    use std::fs::{self, File};
    use std::io;
    use std::path::Path;

    /// Whether [`prepare`] makes the file.
    pub(crate) const PREPARES: bool = true;

    pub(crate) fn prepare(path: &Path, like: &Path) -> io::Result<()> {
        fs::copy(like, path)?;
        crate::base::files::make_writable(path)
    }

    pub(crate) fn finish(_: &File, path: &Path, like: &Path) -> io::Result<()> {
        fs::set_permissions(path, fs::metadata(like)?.permissions())
    }
}
