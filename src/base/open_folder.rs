//! A folder that is kept open, so that its path is not gone through anew for each of its files.
//!
//! Where the client of a share keeps nothing of what it was told, each part of a path is asked for at every opening: two requests
//! a part over FUSE. From an open folder on it is the file's own name alone.

use std::fs::File;
use std::path::Path;

#[cfg(target_os = "linux")]
use super::calls::{Call, note};
use super::error::{Error, Result};
use super::files::open_plain;

/// A folder that is open where this system has such a thing, and else its path alone.
#[derive(Debug)]
pub(crate) struct OpenFolder {
    /// None where it could not be opened: what is in it is opened by its path then, which tells why.
    #[cfg(target_os = "linux")]
    handle: Option<rustix::fd::OwnedFd>,
}

impl OpenFolder {
    /// Opens a folder, which is not a link. Its names are not read.
    pub(crate) fn of(folder: &Path) -> Self {
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{Mode, OFlags, open};
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            Self { handle: open(folder, flags, Mode::empty()).ok() }
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _ = folder;
            Self {}
        }
    }

    /// As [`open_file`](super::files::open_file), a file that lies in this folder. Where it is not there any more, another
    /// folder may stand at the path by now, and it is looked for by its path.
    pub(crate) fn open_file(&self, path: &Path) -> Result<File> {
        #[cfg(target_os = "linux")]
        if let (Some(handle), Some(name)) = (&self.handle, path.file_name()) {
            use rustix::fs::{Mode, OFlags, openat};
            use rustix::io::Errno;
            note(Call::Open, path);
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            match openat(handle, name, flags, Mode::empty()) {
                Ok(file) => return Ok(file.into()),
                Err(Errno::NOENT | Errno::STALE | Errno::INTR) => {}
                Err(errno) => return Err(Error::io("open it for reading", path, errno.into())),
            }
        }
        open_plain(path).map_err(|error| Error::io("open it for reading", path, error))
    }

    /// The size of a file of this folder by its name; none where it is no file, or cannot be looked at.
    #[cfg(target_os = "linux")]
    pub(crate) fn size(&self, name: &std::ffi::OsStr) -> Option<u64> {
        use rustix::fs::{AtFlags, FileType, statat};
        let stat = statat(self.handle.as_ref()?, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        FileType::from_raw_mode(stat.st_mode).is_file().then_some(stat.st_size as u64)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;
    use std::io::Read;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::base::error::ErrorKind;

    fn read(folder: &OpenFolder, path: &Path) -> Result<String> {
        let mut text = String::new();
        folder.open_file(path)?.read_to_string(&mut text).unwrap();
        Ok(text)
    }

    #[test]
    fn a_link_in_an_open_folder_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::write(&path, "a").unwrap();
        let folder = OpenFolder::of(dir.path());
        assert_eq!(read(&folder, &path).unwrap(), "a");
        fs::rename(&path, dir.path().join("b")).unwrap();
        symlink("b", &path).unwrap();
        let by_path = crate::base::files::open_file(&path).unwrap_err();
        let error = read(&folder, &path).unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (by_path.kind(), by_path.to_string()));
    }

    #[test]
    fn what_another_folder_of_the_same_path_holds_is_found_too() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("in");
        let folder = OpenFolder::of(&place);
        fs::create_dir(&place).unwrap();
        fs::write(place.join("a"), "first").unwrap();
        // It could not be opened.
        assert_eq!(read(&folder, &place.join("a")).unwrap(), "first");
        let folder = OpenFolder::of(&place);
        fs::remove_dir_all(&place).unwrap();
        assert_eq!(read(&folder, &place.join("a")).unwrap_err().kind(), ErrorKind::Io);
        fs::create_dir(&place).unwrap();
        fs::write(place.join("a"), "second").unwrap();
        assert_eq!(read(&folder, &place.join("a")).unwrap(), "second");
    }
}
