//! How a lock is held, so that it does not outlive its process: by what each system has for it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::disk::bare_step;
use super::holder::Holder;
#[cfg(not(windows))]
use super::holder::read_holder;
use crate::base::error::{Error, Result};

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

/// By a lock on the file, which does not outlive the process.
#[cfg(not(windows))]
mod system {
    use super::*;
    use crate::cid::OWN_PREFIX;

    /// Makes the lock under a name of its own and gives it the real one, so that it is whole and held from its first
    /// moment on; `None` where there is one already.
    pub fn make(path: &Path, holder: &Holder) -> io::Result<Option<File>> {
        let draft = path.with_file_name(format!("{OWN_PREFIX}{}.lock", holder.id));
        let link = || bare_step("name the lock", path, || fs::hard_link(&draft, path));
        let made = make_at(&draft, holder).and_then(|file| match link() {
            Ok(()) => Ok(Some(file)),
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

    fn make_at(path: &Path, holder: &Holder) -> io::Result<File> {
        let mut options = File::options();
        options.read(true).write(true).create_new(true);
        let mut file = bare_step("make the lock", path, || options.open(path))?;
        // Somebody who looks whether it is held has it for a moment. Some file systems have no such locks.
        let _ = file.lock();
        if let Err(error) = write_holder(&mut file, path, holder) {
            // Left behind, a lock without a name would be in everybody's way.
            let _ = fs::remove_file(path);
            return Err(error);
        }
        Ok(file)
    }

    /// The lock, and whether nobody holds it any more.
    pub fn look(path: &Path) -> io::Result<(File, bool)> {
        let file = open(path, true)?;
        let unheld = file.try_lock().is_ok();
        Ok((file, unheld))
    }

    /// Opens a lock, which anybody may have put there: a link is not followed, and a FIFO not waited for.
    fn open(path: &Path, write: bool) -> io::Result<File> {
        let mut options = File::options();
        options.read(true).write(write);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.custom_flags((rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits() as i32);
        }
        options.open(path)
    }

    /// Removes the lock if it is still that of `holder`, and says whether it was.
    pub fn remove_stale(path: &Path, holder: &Holder) -> Result<bool> {
        let same = open(path, false).is_ok_and(|mut file| read_holder(&mut file).as_ref() == Some(holder));
        if same { remove(path) } else { Ok(false) }
    }

    pub fn give_back(path: &Path, holder: &Holder, file: &File) {
        // Not if somebody has broken it and made another.
        let _ = remove_stale(path, holder);
        let _ = file.unlock();
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
    pub fn make(path: &Path, holder: &Holder) -> io::Result<Option<File>> {
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

    /// The lock, and whether nobody holds it any more.
    pub fn look(path: &Path) -> io::Result<(File, bool)> {
        match File::options().read(true).write(true).share_mode(FILE_SHARE_DELETE).open(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Ok((File::open(path)?, false)),
            unheld => Ok((unheld?, true)),
        }
    }

    /// The caller holds it, and lets others delete it alone: so it is still the same.
    pub fn remove_stale(path: &Path, _: &Holder) -> Result<bool> {
        remove(path)
    }

    pub fn give_back(_: &Path, _: &Holder, _: &File) {}
}
