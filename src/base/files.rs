//! Files that are read whole, with a bound, and paths that mean what they say.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use super::calls::{Call, note};
use super::error::{Error, ErrorKind, Result};
use super::names::check_name;

/// Opens a file for reading, without following a link that was put there since it was looked at, and without waiting
/// for the other end of a FIFO.
pub(crate) fn open_file(path: &Path) -> Result<File> {
    open_plain(path).map_err(|error| Error::io("open it for reading", path, error))
}

/// As [`open_file`], for those who look at the system's own error.
pub(crate) fn open_plain(path: &Path) -> std::io::Result<File> {
    note(Call::Open, path);
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags((rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits() as i32);
    }
    options.open(path)
}

/// Reads a file that the user names, by a link or not, of at most `limit` bytes. `next` says what to name instead of what
/// is not there, or is no file.
pub(crate) fn read_given_file(path: &Path, limit: u64, next: &str) -> Result<Vec<u8>> {
    let metadata = path.metadata().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::io("look at it", path, error).next(next),
        _ => Error::io("look at it", path, error),
    })?;
    if !metadata.is_file() {
        return Err(Error::new(ErrorKind::Io, "this is no file").in_file(path).next(next));
    }
    let real = path.canonicalize().map_err(|error| Error::io("open it for reading", path, error))?;
    read_file(&real, limit).map_err(|error| error.about(path))
}

/// Reads a file of at most `limit` bytes.
pub(crate) fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let file = open_file(path)?;
    let size = file.metadata().map_err(|error| Error::io("read it", path, error))?.len();
    read_open(file, size, path, limit)
}

/// Reads an open file of `size` bytes, and at most `limit`, `path`: by one read, where nobody changes it meanwhile.
pub(crate) fn read_open(mut file: File, size: u64, path: &Path, limit: u64) -> Result<Vec<u8>> {
    let cannot = |error| Error::io("read it", path, error);
    if size <= limit {
        // One byte more than there are: to be given less is to be told that this is the end.
        let mut bytes = vec![0; size as usize + 1];
        let filled = fill(&mut file, &mut bytes, size as usize).map_err(cannot)?;
        let is_longer = filled == bytes.len();
        bytes.truncate(filled);
        if is_longer {
            file.take(limit.saturating_add(1) - filled as u64).read_to_end(&mut bytes).map_err(cannot)?;
        }
        if bytes.len() as u64 <= limit {
            return Ok(bytes);
        }
    }
    Err(Error::new(ErrorKind::Io, text!("it is larger than {limit} bytes, more than any real one", limit))
        .in_file(path)
        .next("look what it is; it was not read"))
}

/// Compares two files: `Ok(size)` where they are alike, else `Err(offset)`.
pub(crate) fn first_difference(a: &Path, b: &Path) -> Result<Result<u64, u64>> {
    first_difference_of((&mut open_file(a)?, a), (&mut open_file(b)?, b))
}

/// As [`first_difference`], of what two open files hold from where they are.
pub(crate) fn first_difference_of(
    (file_a, a): (&mut File, &Path),
    (file_b, b): (&mut File, &Path),
) -> Result<Result<u64, u64>> {
    PIECES.with_borrow_mut(|(piece_a, piece_b)| {
        let mut offset = 0;
        loop {
            let length_a = fill(file_a, piece_a, PIECE).map_err(|error| Error::io("read it", a, error))?;
            let length_b = fill(file_b, piece_b, PIECE).map_err(|error| Error::io("read it", b, error))?;
            let (read_a, read_b) = (&piece_a[..length_a], &piece_b[..length_b]);
            if read_a != read_b {
                let same = read_a.iter().zip(read_b).take_while(|(a, b)| a == b).count();
                return Ok(Err(offset + same as u64));
            }
            offset += length_a as u64;
            if length_a < PIECE {
                return Ok(Ok(offset));
            }
        }
    })
}

/// How much of two files is compared at a time, in bytes.
const PIECE: usize = 64 << 10;

thread_local! {
    /// One pair a thread: clearing new ones for each of many small files would cost more than comparing them.
    static PIECES: std::cell::RefCell<(Vec<u8>, Vec<u8>)> = std::cell::RefCell::new((vec![0; PIECE], vec![0; PIECE]));
}

/// Reads until `enough` bytes of the piece are filled, it is full, or the file at its end; once in any case.
fn fill(file: &mut File, piece: &mut [u8], enough: usize) -> std::io::Result<usize> {
    let mut filled = 0;
    loop {
        match file.read(&mut piece[filled..]) {
            Ok(length) => {
                filled += length;
                if length == 0 || filled >= enough {
                    return Ok(filled);
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Refuses a path in which Windows would read a part as something else than the name of a file or folder: a device, an
/// alternate stream, a name without its last dot.
pub(crate) fn check_spelling(path: &Path) -> Result<()> {
    let names = path.components().filter_map(|part| match part {
        Component::Normal(name) if cfg!(windows) => Some(name.to_string_lossy()),
        _ => None,
    });
    for name in names {
        check_name(&name).map_err(|why| {
            Error::new(ErrorKind::Path, format!("{name:?} {why}"))
                .in_file(path)
                .next("name a file or folder as a folder's list shows it")
        })?;
    }
    Ok(())
}

/// Where a path leads. Not every Windows file system can tell, nor Wine of long paths: then it is taken as it is.
pub(crate) fn real_path(path: &Path) -> std::io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if cfg!(windows) && error.kind() != std::io::ErrorKind::NotFound => std::path::absolute(path),
        real => real,
    }
}

/// What a file or folder is the same by, whatever it is called.
#[cfg(unix)]
pub(crate) fn identity(metadata: &std::fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// Whether a real path is that of a folder or of something in it, be it by another name: a share without case has many
/// names for each.
pub(crate) fn lies_in(path: &Path, folder: &Path) -> bool {
    #[cfg(unix)]
    {
        let identity = |path: &Path| path.metadata().ok().map(|metadata| identity(&metadata));
        let of_folder = identity(folder);
        path.starts_with(folder)
            || (of_folder.is_some() && path.ancestors().any(|above| identity(above) == of_folder))
            || lies_in_by_case(path, folder)
    }
    // Real paths have one spelling there, but for the case of their letters.
    #[cfg(not(unix))]
    {
        let key = |path: &Path| super::text::fold_case(&super::error::plain(path).to_string_lossy());
        Path::new(&key(path)).starts_with(key(folder))
    }
}

/// Whether a path is that of a folder or of something in it by names in other case. Linux's client for SMB gives up the server's
/// numbers of files as soon as it meets one of them by two names; what the folders above list tells then: of two names that
/// differ in case alone there is one, or both.
#[cfg(unix)]
fn lies_in_by_case(path: &Path, folder: &Path) -> bool {
    let mut above = PathBuf::new();
    let mut parts = path.components();
    for wanted in folder.components() {
        let Some(part) = parts.next() else { return false };
        let (a, b) = (part.as_os_str(), wanted.as_os_str());
        let fold = |name: &std::ffi::OsStr| name.to_str().map(super::text::fold_case);
        if a != b && (fold(a) != fold(b) || fold(a).is_none() || lists_both(&above, a, b)) {
            return false;
        }
        above.push(wanted);
    }
    true
}

/// Whether a folder lists both of these names. One that cannot be listed is taken for one without case.
#[cfg(unix)]
fn lists_both(folder: &Path, a: &std::ffi::OsStr, b: &std::ffi::OsStr) -> bool {
    let Ok(entries) = folder.read_dir() else { return false };
    let found = entries.flatten().map(|entry| entry.file_name()).filter(|name| name == a || name == b);
    found.take(2).count() == 2
}

/// Gives the owner the right to write, where the system has such rights.
pub(crate) fn make_writable(path: &Path) -> std::io::Result<()> {
    let mut permissions = std::fs::metadata(path)?.permissions();
    if permissions.readonly() {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            permissions.set_mode(permissions.mode() | 0o200);
        }
        #[cfg(not(unix))]
        permissions.set_readonly(false);
        std::fs::set_permissions(path, permissions)?;
    }
    Ok(())
}

/// Whether the system copies a file of this folder without moving what it holds: the server of a share does it, or the file
/// system lets two files share their blocks. Elsewhere the system reads and writes, too, and on ext4 takes longer for it than
/// whoever has large pieces.
#[cfg(target_os = "linux")]
pub(crate) fn copies_without_moving(folder: &Path) -> bool {
    // The numbers of `linux/magic.h`, and of the file systems themselves: CIFS and SMB2, NFS, FUSE, btrfs, XFS, bcachefs, ZFS.
    const KNOWN: [u64; 8] =
        [0xFF53_4D42, 0xFE53_4D42, 0x6969, 0x6573_5546, 0x9123_683E, 0x5846_5342, 0xCA45_1A4E, 0x2FC1_2FC1];
    // Four bytes, whatever type the system gives them.
    rustix::fs::statfs(folder).is_ok_and(|about| KNOWN.contains(&(about.f_type as u64 & 0xFFFF_FFFF)))
}

/// Nothing here copies so.
#[cfg(not(target_os = "linux"))]
pub(crate) fn copies_without_moving(_: &Path) -> bool {
    false
}

/// Flushes the names in a folder to the disk, where the system can.
pub(crate) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    return flush_folder(&File::open(folder)?);
    #[cfg(not(unix))]
    {
        let _ = folder;
        Ok(())
    }
}

/// As [`sync_folder`], one that is open.
#[cfg(unix)]
pub(crate) fn flush_folder(folder: &File) -> std::io::Result<()> {
    match folder.sync_all() {
        // Some network file systems cannot.
        Err(error) if matches!(error.kind(), std::io::ErrorKind::InvalidInput | std::io::ErrorKind::Unsupported) => {
            Ok(())
        }
        other => other,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_found_by_whatever_name_it_has() {
        let dir = tempfile::tempdir().unwrap();
        let [cid, beside, other_name] = ["ESXP", "ESXP2", "esxp"].map(|name| dir.path().join(name));
        std::fs::create_dir_all(cid.join("rms/new")).unwrap();
        std::fs::create_dir(&beside).unwrap();
        // As a share without case has it: a second name for the same folder.
        std::os::unix::fs::symlink(&cid, &other_name).unwrap();
        assert!(lies_in(&other_name, &cid) && lies_in(&other_name.join("rms").join("new"), &cid));
        assert!(!lies_in(&beside, &cid) && !lies_in(dir.path(), &cid));
    }

    /// As Linux's client for SMB has it once it has met a file by two names: each has a number of its own.
    #[test]
    fn a_folder_is_found_by_a_name_in_other_case_that_no_number_tells() {
        let dir = tempfile::tempdir().unwrap();
        let cid = dir.path().join("ESXP");
        std::fs::create_dir(&cid).unwrap();
        for other in ["esxp", "Esxp/inner/deeper"] {
            assert!(lies_in_by_case(&dir.path().join(other), &cid), "{other}");
        }
        assert!(!lies_in_by_case(&dir.path().join("ESXP2"), &cid) && !lies_in_by_case(dir.path(), &cid));
        // With case they are two.
        std::fs::create_dir(dir.path().join("esxp")).unwrap();
        assert!(!lies_in_by_case(&dir.path().join("esxp/inner"), &cid));
    }
}
