//! The calls by which carrying a plan out touches the disk. Each is a numbered step, so that a test build can fail or
//! die at any of them; the lock's own calls are steps, too, and nothing else in `plan` writes.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use super::record::Sum256;
use crate::base::error::{Error, Result};
use crate::base::files;
use crate::base::flush::Flush;
use crate::base::pool::{LOOKS, in_flight};
use crate::base::replace::patiently;
use crate::cid::digest::sha256_of_open;

#[cfg(feature = "faults")]
mod faults;

/// How many files of a change are written, or get their names, at a time. A test build does one after the other, so that a
/// number always means the same step.
pub(super) const AT_A_TIME: usize = if cfg!(feature = "faults") { 1 } else { LOOKS };

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
    open(path)?.map(|(size, file)| files::read_open(file, size, path, limit)).transpose()
}

/// Opens a file for reading, and tells its size; `None` where there is none.
pub(super) fn open(path: &Path) -> Result<Option<(u64, File)>> {
    step("read it", path, || match files::open_plain(path) {
        Ok(file) => Ok(Some((file.metadata()?.len(), file))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    })
}

fn metadata(path: &Path) -> io::Result<Option<fs::Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether this is a folder, and no link to one.
pub(super) fn is_folder(path: &Path) -> Result<bool> {
    Ok(step("look at it", path, || metadata(path))?.is_some_and(|metadata| metadata.is_dir()))
}

/// Whether there is anything of this name.
pub(super) fn exists(path: &Path) -> Result<bool> {
    Ok(step("look at it", path, || metadata(path))?.is_some())
}

/// Makes a new file, with the attributes of `like` as far as the system can keep them. It can be read, too, if `reads` says so.
fn make_new(path: &Path, like: Option<&Path>, reads: bool) -> Result<File> {
    if let Some(like) = like {
        step("prepare it", path, || attributes::prepare(path, like))?;
    }
    let file = step("make it", path, || {
        let mut options = File::options();
        options.write(true).read(reads);
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
    Ok(file)
}

/// Writes a new file, flushed to the disk, with the attributes of `like` as far as the system can keep them.
pub(super) fn write_new(path: &Path, bytes: &[u8], like: Option<&Path>) -> Result<()> {
    let mut file = make_new(path, like, false)?;
    write_all(&mut file, path, bytes)?;
    step("flush it", path, || file.sync_all())
}

/// A test dies between two pieces: a torn file must be told from a whole one. Otherwise it is one, which costs a share one
/// request.
fn write_all(file: &mut File, path: &Path, bytes: &[u8]) -> Result<()> {
    let (first, second) = bytes.split_at(if cfg!(feature = "faults") { bytes.len() / 2 } else { bytes.len() });
    step("write it", path, || file.write_all(first))?;
    step("write it", path, || file.write_all(second))
}

/// As [`write_new`], with what `write` gives from beginning to end: it may be tens of megabytes, of which no more is in memory than
/// a piece.
pub(super) fn write_new_in_pieces(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    struct Pieces<'p> {
        file: File,
        path: &'p Path,
        failed: Option<Error>,
    }
    impl Write for Pieces<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            write_all(&mut self.file, self.path, bytes).map(|()| bytes.len()).map_err(|error| {
                self.failed = Some(error);
                io::ErrorKind::Other.into()
            })
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let file = make_new(path, None, false)?;
    let mut pieces = io::BufWriter::with_capacity(PIECE, Pieces { file, path, failed: None });
    let written = write(&mut pieces).and_then(|()| pieces.flush());
    let (pieces, _) = pieces.into_parts();
    if let Some(failed) = pieces.failed {
        return Err(failed);
    }
    written.map_err(|error| Error::io("write it", path, error))?;
    step("flush it", path, || pieces.file.sync_all())
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

/// As [`write_new`], with what the file `from` holds, piece by piece. Gives the SHA-256 of what was written.
pub(super) fn copy_new(from: &Path, path: &Path, like: Option<&Path>) -> Result<Sum256> {
    use sha2::{Digest, Sha256};
    let mut input = files::open_file(from)?;
    let mut digest = Sha256::new();
    fill_new(path, like, |file| {
        let mut piece = vec![0; PIECE];
        loop {
            let length = input.read(&mut piece)?;
            if length == 0 {
                break;
            }
            digest.update(&piece[..length]);
            file.write_all(&piece[..length])?;
        }
        if like.is_none() {
            let metadata = input.metadata()?;
            file.set_modified(metadata.modified()?)?;
            file.set_permissions(metadata.permissions())?;
        }
        Ok(())
    })?;
    Ok(digest.finalize().into())
}

/// Bytes that are copied at a time.
const PIECE: usize = 256 << 10;

/// Makes a new file with the attributes of `like`, lets it be filled, and flushes it.
fn fill_new(path: &Path, like: Option<&Path>, fill: impl FnOnce(&mut File) -> io::Result<()>) -> Result<()> {
    let mut file = make_new(path, like, false)?;
    step("write it", path, || fill(&mut file))?;
    step("flush it", path, || file.sync_all())
}

/// Lets a file that nobody else knows be the new one, `path`: another name for it where the system has such names, a copy
/// where it has not. It gets the attributes of `like`. Gives whether it is a copy.
pub(super) fn adopt(staged: &Path, path: &Path, like: Option<&Path>) -> Result<Option<Sum256>> {
    if cfg!(windows) {
        return copy_new(staged, path, like).map(Some);
    }
    match step("name the new file", path, || fs::hard_link(staged, path)) {
        Err(error) if error.is_missing_links() => return copy_new(staged, path, like).map(Some),
        linked => linked?,
    }
    if let Some(like) = like {
        step("set its attributes", path, || attributes::finish(&files::open_plain(path)?, path, like))?;
    }
    Ok(None)
}

/// Makes a folder.
pub(super) fn make_folder(path: &Path) -> Result<()> {
    step("make the folder", path, || fs::create_dir(path))
}

/// Removes a folder that is empty; one that is not, or is not there, stays as it is.
pub(super) fn remove_folder(path: &Path) -> Result<()> {
    step("remove the folder", path, || match fs::remove_dir(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty) => Ok(()),
        other => other,
    })
}

/// Removes a folder of our own with the files that are in it.
pub(super) fn remove_with_files(path: &Path) -> Result<()> {
    let listed = match fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        listed => listed.and_then(Iterator::collect::<io::Result<Vec<fs::DirEntry>>>),
    };
    let files = listed.map_err(|error| Error::io("list the folder", path, error))?;
    in_flight(AT_A_TIME, &files, |file| remove(&file.path())).into_iter().collect::<Result<()>>()?;
    remove_folder(path)
}

/// Fills a file of our own that is not in its place yet, and gives it its name. There is none of the first name.
pub(super) fn stage(part: &Path, path: &Path, flush: &Flush, fill: impl FnOnce(&mut File) -> Result<()>) -> Result<()> {
    let mut file = make_new(part, None, true)?;
    step("write it", part, || Ok(()))?;
    fill(&mut file)?;
    if !flush.is_one() {
        step("flush it", part, || flush.file(&file))?;
    }
    drop(file);
    rename(part, path)
}

/// Flushes all that was left to be flushed together.
pub(super) fn flush_all(folder: &Path, flush: &Flush) -> Result<()> {
    if flush.is_one() { step("flush the disk", folder, || flush.end()) } else { Ok(()) }
}

/// The SHA-256 of a file; `None` where there is none.
pub(super) fn digest(path: &Path) -> Result<Option<Sum256>> {
    let opened = open(path)?;
    opened.map(|(size, file)| sha256_of_open(file, size, path, u64::MAX)).transpose()
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
        Err(error) if error.is_missing_links() => copy_new(file, link, Some(file)).map(drop),
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

/// Lets `copy` be a copy of `file` with its attributes and its time, since somebody may write to `file` itself. Gives the SHA-256
/// of what was copied.
pub(super) fn keep_copy(file: &Path, copy: &Path) -> Result<Sum256> {
    let digest = copy_new(file, copy, Some(file))?;
    take_time(copy, file)?;
    Ok(digest)
}

/// Removes a folder that stands where a file was, with all in it; nothing where none stands there.
pub(super) fn remove_folder_in_place_of_a_file(path: &Path) -> Result<()> {
    if !metadata(path).is_ok_and(|metadata| metadata.is_some_and(|metadata| metadata.is_dir())) {
        return Ok(());
    }
    step("remove it", path, || fs::remove_dir_all(path))
}

/// Removes what a change has left under a name of configcid's own: a file, or a folder with all in it.
pub(super) fn remove_leftover(path: &Path) -> Result<()> {
    if metadata(path).is_ok_and(|metadata| metadata.is_some_and(|metadata| metadata.is_dir())) {
        return remove_folder_in_place_of_a_file(path);
    }
    remove(path)
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
    #[cfg(windows)]
    {
        use std::os::windows::fs::OpenOptionsExt;
        /// The right to make a file in a folder.
        const FILE_ADD_FILE: u32 = 2;
        /// Without this no folder is opened.
        const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
        step("write to the folder", folder, || {
            File::options().access_mode(FILE_ADD_FILE).custom_flags(FILE_FLAG_BACKUP_SEMANTICS).open(folder).map(drop)
        })
        .map_err(|error| error.next("nothing was changed; check your rights to the folder"))?;
    }
    let free = step("look at the free space", folder, || fs4::available_space(folder))?;
    // Some shares do not say how large they are: that of a disk of no size nothing is free tells nothing.
    if free < bytes && fs4::total_space(folder).is_ok_and(|total| total > 0) {
        let what = text!("the disk has {free} bytes free, and the change needs {bytes} for a while", free, bytes);
        return Err(Error::new(crate::ErrorKind::Io, what)
            .in_file(folder)
            .next("nothing was changed; make room, then try again"));
    }
    Ok(())
}

/// Whether the system said that it has no hard links here.
fn is_missing_links(error: &io::Error) -> bool {
    // EPERM is what Linux says for FAT.
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::TooManyLinks)
        || (cfg!(unix) && error.raw_os_error() == Some(1))
}

impl Error {
    /// Whether the system said that it has no hard links here.
    fn is_missing_links(&self) -> bool {
        let source = std::error::Error::source(self).and_then(|source| source.downcast_ref::<io::Error>());
        source.is_some_and(is_missing_links)
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
        #[cfg(target_os = "linux")]
        if !crate::base::mounts::can_have_attributes(metadata.dev()) {
            return Ok(());
        }
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
