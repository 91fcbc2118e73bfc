//! What is in an Envelopes folder: counted, or looked at one by one, in little memory however much there is. The router
//! works on while it is looked at: files that come and go are normal.

use std::ffi::OsStr;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::rules::EXTENSION;
use crate::base::error::{Error, Result};

/// A message, as the folder tells of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message<'a> {
    /// Its name.
    pub name: &'a OsStr,
    /// Its size in bytes.
    pub size: u64,
    /// When it was written.
    pub modified: SystemTime,
}

/// How many there were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct Counted {
    /// Messages.
    pub messages: u64,
    /// Anything else: other names, folders, links.
    pub others: u64,
}

/// Counts the messages of a folder, and looks at nothing but names and kinds.
///
/// # Errors
/// The folder cannot be listed.
pub(crate) fn count(folder: &Path) -> Result<Counted> {
    system::count(folder).map_err(|error| cannot(folder, error))
}

/// Looks at every message of a folder, in the folder's own order. One that vanishes before it is looked at is left out.
///
/// # Errors
/// The folder cannot be listed, or `found` fails.
pub(crate) fn each(folder: &Path, mut found: impl FnMut(Message<'_>) -> Result<()>) -> Result<Counted> {
    let mut failed = None;
    let counted = system::each(folder, &mut |message| match found(message) {
        Ok(()) => true,
        Err(error) => {
            failed = Some(error);
            false
        }
    });
    match failed {
        Some(error) => Err(error),
        None => counted.map_err(|error| cannot(folder, error)),
    }
}

fn cannot(folder: &Path, error: std::io::Error) -> Error {
    let error = Error::io("list the Envelopes folder", folder, error);
    error.next("name the folder; configcid envelopes where says where it should be")
}

/// Whether a name is that of a message.
fn is_message(name: &[u8]) -> bool {
    name.len() > EXTENSION.len()
        && name[name.len() - EXTENSION.len()..].eq_ignore_ascii_case(EXTENSION.as_bytes())
        && name[name.len() - EXTENSION.len() - 1] == b'.'
}

/// A moment given in seconds since 1970, which may lie before.
#[cfg(unix)]
fn moment(seconds: i64, nanoseconds: u32) -> SystemTime {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let moment = if seconds < 0 { UNIX_EPOCH.checked_sub(whole) } else { UNIX_EPOCH.checked_add(whole) };
    moment.and_then(|moment| moment.checked_add(Duration::new(0, nanoseconds))).unwrap_or(UNIX_EPOCH)
}

#[cfg(unix)]
mod system {
    use std::ffi::{CStr, OsStr};
    use std::io;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    use rustix::fd::OwnedFd;
    use rustix::fs::{AtFlags, FileType, Mode, OFlags, statat};
    use rustix::io::Errno;

    use super::{Counted, Message, is_message, moment};

    fn open(folder: &Path) -> io::Result<OwnedFd> {
        Ok(rustix::fs::open(folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
    }

    /// Tells of every name in the folder, with the kind that the folder itself knows, until `found` says that it is
    /// enough.
    #[cfg(target_os = "linux")]
    fn names(folder: &OwnedFd, mut found: impl FnMut(&CStr, FileType) -> io::Result<bool>) -> io::Result<()> {
        let mut buffer = Vec::with_capacity(1 << 18);
        let mut entries = rustix::fs::RawDir::new(folder, buffer.spare_capacity_mut());
        while let Some(entry) = entries.next() {
            match entry {
                Ok(entry) => {
                    if !matches!(entry.file_name().to_bytes(), b"." | b"..")
                        && !found(entry.file_name(), entry.file_type())?
                    {
                        break;
                    }
                }
                Err(Errno::INTR) => {}
                // The folder itself was removed.
                Err(Errno::NOENT) => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    #[cfg(not(target_os = "linux"))]
    fn names(folder: &OwnedFd, mut found: impl FnMut(&CStr, FileType) -> io::Result<bool>) -> io::Result<()> {
        for entry in rustix::fs::Dir::read_from(folder)? {
            let entry = entry?;
            if !matches!(entry.file_name().to_bytes(), b"." | b"..") && !found(entry.file_name(), entry.file_type())? {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn count(folder: &Path) -> io::Result<Counted> {
        let folder = open(folder)?;
        let mut counted = Counted::default();
        names(&folder, |name, kind| {
            let is_file = match kind {
                // Some file systems do not say.
                FileType::Unknown => match stat(&folder, name)? {
                    Some(stat) => is_file(&stat),
                    None => return Ok(true),
                },
                kind => kind.is_file(),
            };
            match is_file && is_message(name.to_bytes()) {
                true => counted.messages += 1,
                false => counted.others += 1,
            }
            Ok(true)
        })?;
        Ok(counted)
    }

    pub(super) fn each(folder: &Path, found: &mut dyn FnMut(Message<'_>) -> bool) -> io::Result<Counted> {
        let folder = open(folder)?;
        let mut counted = Counted::default();
        names(&folder, |name, kind| {
            if !is_message(name.to_bytes()) || !matches!(kind, FileType::RegularFile | FileType::Unknown) {
                counted.others += 1;
                return Ok(true);
            }
            let Some(stat) = stat(&folder, name)? else { return Ok(true) };
            if !is_file(&stat) {
                counted.others += 1;
                return Ok(true);
            }
            counted.messages += 1;
            // The fields' types are not the same on all systems.
            #[allow(clippy::unnecessary_cast)]
            let modified = moment(stat.st_mtime as i64, stat.st_mtime_nsec as u32);
            let size = u64::try_from(stat.st_size).unwrap_or(0);
            Ok(found(Message { name: OsStr::from_bytes(name.to_bytes()), size, modified }))
        })?;
        Ok(counted)
    }

    /// What there is to know of a file; `None` where it has gone.
    fn stat(folder: &OwnedFd, name: &CStr) -> io::Result<Option<rustix::fs::Stat>> {
        match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT | Errno::STALE) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn is_file(stat: &rustix::fs::Stat) -> bool {
        FileType::from_raw_mode(stat.st_mode).is_file()
    }
}

#[cfg(not(unix))]
mod system {
    use std::fs::{self, Metadata};
    use std::io;
    use std::path::Path;

    use super::{Counted, Message, UNIX_EPOCH, is_message};

    pub(crate) fn count(folder: &Path) -> io::Result<Counted> {
        each(folder, &mut |_| true)
    }

    pub(crate) fn each(folder: &Path, found: &mut dyn FnMut(Message<'_>) -> bool) -> io::Result<Counted> {
        let mut counted = Counted::default();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            // Windows tells of size and time with the name, so that this asks for nothing more.
            let metadata: Metadata = match entry.metadata() {
                Ok(metadata) => metadata,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let name = entry.file_name();
            if !metadata.is_file() || !is_message(name.as_encoded_bytes()) {
                counted.others += 1;
                continue;
            }
            counted.messages += 1;
            let modified = metadata.modified().unwrap_or(UNIX_EPOCH);
            if !found(Message { name: &name, size: metadata.len(), modified }) {
                break;
            }
        }
        Ok(counted)
    }
}

/// How old something is at a moment; nothing that was written later is older than no time.
pub(super) fn age(modified: SystemTime, at: SystemTime) -> Duration {
    at.duration_since(modified).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn messages_are_told_by_their_names_and_kinds() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.msg", "b.MSG", "c.Msg", "d.msg.tmp", "emsg", "f.txt", ".msg"] {
            fs::write(dir.path().join(name), name).unwrap();
        }
        fs::create_dir(dir.path().join("folder.msg")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("a.msg", dir.path().join("link.msg")).unwrap();
        let links = u64::from(cfg!(unix));
        let mut names = Vec::new();
        let looked = each(dir.path(), |message| {
            assert_eq!(message.size, message.name.len() as u64);
            names.push(message.name.to_str().unwrap().to_owned());
            Ok(())
        });
        names.sort();
        assert_eq!(names, [".msg", "a.msg", "b.MSG", "c.Msg"]);
        assert_eq!(looked.unwrap(), Counted { messages: 4, others: 4 + links });
        assert_eq!(count(dir.path()).unwrap(), Counted { messages: 4, others: 4 + links });
        assert!(count(&dir.path().join("none")).is_err());
        assert!(each(&dir.path().join("a.msg"), |_| Ok(())).is_err());
    }

    #[test]
    fn files_that_vanish_are_no_error() {
        let dir = tempfile::tempdir().unwrap();
        for number in 0..5_000 {
            fs::write(dir.path().join(format!("{number}.msg")), "x").unwrap();
        }
        let mut seen = 0_u64;
        let counted = each(dir.path(), |_| {
            if seen == 0 {
                // All go while the first is looked at: the folder still tells of those that it has read ahead.
                for number in 0..5_000 {
                    fs::remove_file(dir.path().join(format!("{number}.msg"))).unwrap();
                }
            }
            seen += 1;
            Ok(())
        });
        // Windows tells of what it knows; elsewhere each is looked at, and has gone.
        assert_eq!(counted.unwrap().messages, seen);
        assert!(cfg!(windows) || seen == 1, "{seen}");
    }
}
