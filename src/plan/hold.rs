//! How a lock is held, so that it does not outlive its process: by what each system has for it.

#[cfg(not(windows))]
use std::fs::TryLockError;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::disk::bare_step;
use super::holder::{Holder, read_holder};
use crate::base::error::{Error, Result};
#[cfg(not(windows))]
use crate::base::files;

pub(super) use system::{give_back, look, make, remove_stale};

fn write_holder(file: &mut File, path: &Path, holder: &Holder) -> io::Result<()> {
    let content = serde_json::to_vec(holder).expect("plain data");
    bare_step("write the lock", path, || file.write_all(&content))
}

fn remove(path: &Path) -> Result<bool> {
    match bare_step("remove the lock", path, || fs::remove_file(path)) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::io("remove the lock", path, error)),
    }
}

/// By a file that names its process, so that whoever finds it can look whether that lives. A lock on the file's bytes proves
/// less: over SMB it keeps its owner, too, from a second look at the file, and two ways to one folder (two mounts on one
/// computer) need not share it.
#[cfg(not(windows))]
mod system {
    use super::*;
    use crate::cid::OWN_PREFIX;

    /// Makes the lock under a name of its own and gives it the real one, so that it is whole from its first moment on;
    /// `None` where there is one already.
    pub(crate) fn make(path: &Path, holder: &Holder) -> io::Result<Option<File>> {
        let draft = path.with_file_name(format!("{OWN_PREFIX}{}.lock", holder.id));
        let link = || bare_step("name the lock", path, || fs::hard_link(&draft, path));
        let made = make_at(&draft, holder).and_then(|file| match link() {
            Ok(()) => by_its_name(path, file, holder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
            // Another writer has tidied the draft up.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            // No hard links here: made in place, the lock is empty for a moment, which others take for held.
            Err(_) => match make_at(path, holder) {
                Ok(file) => Ok(Some(file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
                Err(error) => Err(error),
            },
        });
        let _ = bare_step("remove the lock's draft", &draft, || fs::remove_file(&draft));
        made
    }

    /// The lock, open by its name. What is open by a name that goes stays in the folder by another one on NFS and behind FUSE
    /// (`.nfs0123`, `.fuse_hidden0123`), where it is a file of nobody's. `None` where somebody has broken it already. Numbers of files
    /// do not tell: some clients make one up for each name.
    fn by_its_name(path: &Path, draft: File, holder: &Holder) -> io::Result<Option<File>> {
        match File::options().read(true).write(true).open(path) {
            Ok(mut file) => Ok(read_holder(&mut file).is_some_and(|found| found.id == holder.id).then_some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            // It is ours all the same.
            Err(_) => Ok(Some(draft)),
        }
    }

    fn make_at(path: &Path, holder: &Holder) -> io::Result<File> {
        let mut options = File::options();
        options.read(true).write(true).create_new(true);
        let mut file = bare_step("make the lock", path, || options.open(path))?;
        if let Err(error) = write_holder(&mut file, path, holder) {
            // Left behind, a lock without a name would be in everybody's way.
            drop(file);
            let _ = fs::remove_file(path);
            return Err(error);
        }
        Ok(file)
    }

    /// The lock, whose it is, and whether that process is proved to have ended. Anybody may have put it there: a link is not followed, and
    /// a FIFO not waited for.
    pub(crate) fn look(path: &Path) -> io::Result<(File, Option<Holder>, bool)> {
        let mut file = files::open_plain(path)?;
        let holder = read_holder(&mut file);
        let life = holder.as_ref().and_then(|holder| Some((holder.process, holder.life.as_ref()?)));
        let is_dead = life.is_some_and(|(process, life)| life.is_over(process));
        Ok((file, holder, is_dead))
    }

    /// Removes the lock `file` of a dead process if it still has its name, and says whether it had. Of those who found it
    /// dead at the same time only one at a time is here, where the system can see to that.
    pub(crate) fn remove_stale(path: &Path, file: File) -> Result<bool> {
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Ok(false);
        }
        remove_ours(path, file)
    }

    pub(crate) fn give_back(path: &Path, file: File) -> Result<()> {
        // Not if somebody has broken it and made another.
        remove_ours(path, file).map(drop)
    }

    fn remove_ours(path: &Path, file: File) -> Result<bool> {
        if !is_still(path, &file) {
            return Ok(false);
        }
        match remove(path) {
            // Some shares remove nothing that is open, be it by ourselves.
            Err(_) => {
                drop(file);
                remove(path)
            }
            removed => removed,
        }
    }

    /// Whether the name still stands for the file that was opened. It is not opened a second time.
    fn is_still(path: &Path, file: &File) -> bool {
        match (fs::symlink_metadata(path), file.metadata()) {
            (Ok(named), Ok(opened)) => files::identity(&named) == files::identity(&opened),
            _ => false,
        }
    }
}

/// By an open handle that lets others read and do nothing else. A lock on the file's bytes would keep others from
/// reading whose it is; a handle is known to the server, too, and so to every computer on the share.
#[cfg(windows)]
mod system {
    use std::os::windows::fs::OpenOptionsExt;

    use super::*;
    use crate::base::replace::patiently;

    const GENERIC_READ: u32 = 0x8000_0000;
    const GENERIC_WRITE: u32 = 0x4000_0000;
    const DELETE: u32 = 0x0001_0000;
    const FILE_SHARE_READ: u32 = 1;
    const FILE_SHARE_DELETE: u32 = 4;
    const FILE_FLAG_DELETE_ON_CLOSE: u32 = 0x0400_0000;

    /// Makes the lock in place: empty for a moment, it is held from its first one on. The system removes it with the
    /// handle, however the process ends.
    pub(crate) fn make(path: &Path, holder: &Holder) -> io::Result<Option<File>> {
        let mut options = File::options();
        options.write(true).create_new(true).access_mode(GENERIC_READ | GENERIC_WRITE | DELETE);
        options.share_mode(FILE_SHARE_READ).custom_flags(FILE_FLAG_DELETE_ON_CLOSE);
        // While somebody reads a lock that has been given back, its name can be neither opened nor made.
        match patiently(|| options.open(path)) {
            Ok(mut file) => write_holder(&mut file, path, holder).map(|()| Some(file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The lock, whose it is, and whether that process is proved to have ended: no live one on Windows lets others open it
    /// like this. One on another system has no such handle.
    pub(crate) fn look(path: &Path) -> io::Result<(File, Option<Holder>, bool)> {
        let (mut file, is_unheld) =
            match File::options().read(true).write(true).share_mode(FILE_SHARE_DELETE).open(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => (File::open(path)?, false),
                unheld => (unheld?, true),
            };
        let holder = read_holder(&mut file);
        let is_of_here = |holder: &Holder| holder.life.is_none() && holder.host == crate::base::host::name();
        let is_dead = is_unheld && holder.as_ref().is_some_and(is_of_here);
        Ok((file, holder, is_dead))
    }

    /// The caller holds it, and lets others delete it alone: so it is still the same.
    pub(crate) fn remove_stale(path: &Path, _file: File) -> Result<bool> {
        remove(path)
    }

    /// The system removes it with the handle.
    pub(crate) fn give_back(_: &Path, _: File) -> Result<()> {
        Ok(())
    }
}
