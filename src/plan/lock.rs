//! One writer per CID, across machines on a share.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::disk::bare_step;
use super::hold;
use super::holder::{Holder, describe, whose};
use super::record::LOCK;
use crate::base::error::{Error, ErrorKind, Result};

/// How long locks may come and go before that is strange.
const MOMENT: Duration = Duration::from_secs(1);

/// How to get the lock of a CID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LockOptions {
    /// How long to wait for another writer.
    pub wait: Duration,
    /// Take the lock from whoever has it.
    pub break_lock: bool,
}

impl Default for LockOptions {
    fn default() -> Self {
        Self { wait: Duration::from_secs(10), break_lock: false }
    }
}

/// The right to write to a CID, given back when dropped.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    /// Open as long as the lock is ours; none when it has been given back.
    file: Option<File>,
}

/// What stands in the way of a lock.
enum Obstacle {
    /// It is free now: try again.
    Gone,
    /// A live process, as far as can be told from here.
    Held(Option<Holder>),
    /// The process that made it has ended without removing it, which is proved.
    Stale(Holder, File),
}

impl Lock {
    /// Gets the lock of the CID at `root`; says of a lock that was broken whose it was.
    pub(super) fn take(root: &Path, options: LockOptions) -> Result<(Self, Option<String>)> {
        let path = root.join(LOCK);
        let begin = Instant::now();
        let mut pause = Duration::from_millis(5);
        let mut broken = None;
        let locked = |holder: Option<&Holder>| {
            let who = holder.map_or_else(|| whose(&path), |holder| describe(Some(holder)));
            Error::new(ErrorKind::Locked, text!("another writer is at work: {who}", who))
                .in_file(&path)
                .next("nothing was changed; wait for it (--wait SECONDS), or, if it is dead for sure, say --break-lock")
        };
        loop {
            if let Some(lock) = Self::make(&path)? {
                return Ok((lock, broken));
            }
            // Before anything is asked of a file that may not answer.
            if options.break_lock && broken.is_none() {
                let owner = whose(&path);
                match bare_step("break the lock", &path, || fs::remove_file(&path)) {
                    Ok(()) => {
                        broken = Some(owner);
                        continue;
                    }
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(not_broken(&path, error)),
                }
            }
            // What comes and goes is there to be had soon; again and again, something else is wrong with the file system.
            let moment = options.wait.max(MOMENT);
            let (end, holder) = match obstacle(&path)? {
                Obstacle::Gone => (moment, None),
                Obstacle::Stale(holder, file) => {
                    if hold::remove_stale(&path, file)? {
                        broken = Some(text!("{}, which has ended", describe(Some(&holder))));
                    }
                    (moment, Some(holder))
                }
                Obstacle::Held(holder) => (options.wait, holder),
            };
            if begin.elapsed() >= end {
                return Err(locked(holder.as_ref()));
            }
            thread::sleep(pause.min(end.saturating_sub(begin.elapsed())));
            pause = (pause * 2).min(Duration::from_millis(200));
        }
    }

    /// Removes the lock, unless somebody has broken it.
    ///
    /// # Errors
    /// It cannot be removed, and is in everybody's way.
    pub(super) fn release(mut self) -> Result<()> {
        self.give_back()
    }

    fn give_back(&mut self) -> Result<()> {
        match self.file.take() {
            Some(file) => hold::give_back(&self.path, file),
            None => Ok(()),
        }
    }

    /// Makes the lock, whole and held from its first moment on; `None` where there is one already.
    fn make(path: &Path) -> Result<Option<Self>> {
        let made = hold::make(path, &Holder::own());
        let made = made.map_err(|error| {
            let next = match error.kind() {
                io::ErrorKind::PermissionDenied => text!("nothing was changed; check your rights to the folder"),
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    text!("nothing was changed; make room, then try again")
                }
                io::ErrorKind::ReadOnlyFilesystem => {
                    text!("nothing was changed; it can only be read here: name a way to it by which you may write")
                }
                _ => text!(
                    "nothing was changed; see whether the folder is still there and can be written, then try again"
                ),
            };
            Error::io("lock the CID for writing", path, error).next(next)
        })?;
        Ok(made.map(|file| Self { path: path.to_owned(), file: Some(file) }))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.give_back();
    }
}

fn not_broken(path: &Path, error: io::Error) -> Error {
    Error::io("break the lock", path, error).next(if cfg!(windows) {
        text!("nothing was changed; somebody has it open: end that process first")
    } else {
        text!("nothing was changed; check your rights to the folder")
    })
}

fn obstacle(path: &Path) -> Result<Obstacle> {
    match hold::look(path) {
        Ok((file, Some(holder), true)) => Ok(Obstacle::Stale(holder, file)),
        Ok((_, holder, _)) => Ok(Obstacle::Held(holder)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Obstacle::Gone),
        Err(_) => Ok(Obstacle::Held(None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::life::Life;

    const AT_ONCE: LockOptions = LockOptions { wait: Duration::ZERO, break_lock: false };

    #[test]
    fn one_holder_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let (lock, broken) = Lock::take(dir.path(), AT_ONCE).unwrap();
        assert_eq!(broken, None);
        let error = Lock::take(dir.path(), AT_ONCE).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Locked);
        assert!(error.what().contains(&std::process::id().to_string()), "{error}");
        drop(lock);
        Lock::take(dir.path(), AT_ONCE).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    fn leave(dir: &Path, host: &str) {
        leave_of(dir, host, 1, None);
    }

    fn leave_of(dir: &Path, host: &str, process: u32, life: Option<Life>) {
        let (id, user) = ("1-1".to_owned(), "somebody".to_owned());
        let holder = Holder { id, host: host.into(), process, user, time: 1_000_000_000, life };
        fs::write(dir.join(LOCK), serde_json::to_vec(&holder).unwrap()).unwrap();
    }

    /// On Linux its process must be proved dead: see `base/life.rs`, and the tests that kill one.
    #[cfg(windows)]
    #[test]
    fn a_dead_process_of_this_computer_is_no_obstacle() {
        let dir = tempfile::tempdir().unwrap();
        leave(dir.path(), &crate::base::host::name());
        let (_lock, broken) = Lock::take(dir.path(), AT_ONCE).unwrap();
        assert!(broken.unwrap().contains("process 1 of somebody"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_dead_process_of_this_computer_is_no_obstacle() {
        let dir = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        leave_of(dir.path(), "any", child.id(), Life::own());
        let (_lock, broken) = Lock::take(dir.path(), AT_ONCE).unwrap();
        assert!(broken.unwrap().contains(&format!("process {} of somebody", child.id())));
    }

    /// As two mounts of one share have it, and copied machines: no lock on bytes is passed on, and the names are equal.
    #[cfg(unix)]
    #[test]
    fn the_name_of_this_computer_proves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        leave(dir.path(), &crate::base::host::name());
        assert_eq!(Lock::take(dir.path(), AT_ONCE).unwrap_err().kind(), ErrorKind::Locked);
        assert!(dir.path().join(LOCK).exists());
    }

    /// As SMB has it: nobody may open the file a second time while it is held, and the wait ends all the same.
    #[cfg(unix)]
    #[test]
    fn a_lock_is_read_and_given_back_without_a_second_look_at_it() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (lock, _) = Lock::take(dir.path(), AT_ONCE).unwrap();
        let path = dir.path().join(LOCK);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o0)).unwrap();
        let error = Lock::take(dir.path(), AT_ONCE).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Locked);
        // Root reads everything.
        assert!(error.what().contains("cannot be read (") || rustix::process::geteuid().is_root(), "{error}");
        lock.release().unwrap();
        assert!(!path.exists());
    }

    #[cfg(unix)]
    #[test]
    fn what_has_taken_the_name_since_is_not_removed() {
        let dir = tempfile::tempdir().unwrap();
        let (lock, _) = Lock::take(dir.path(), AT_ONCE).unwrap();
        let path = dir.path().join(LOCK);
        fs::rename(&path, dir.path().join("aside")).unwrap();
        fs::create_dir(&path).unwrap();
        // Another one's: it is not touched.
        lock.release().unwrap();
        assert!(path.exists());
    }

    #[test]
    fn of_another_computer_nothing_is_proved() {
        let dir = tempfile::tempdir().unwrap();
        leave(dir.path(), "another.example");
        let error = Lock::take(dir.path(), AT_ONCE).unwrap_err();
        assert!(error.what().contains("another.example, since 2001-09-09 01:46:40 UTC"), "{error}");
        let (lock, broken) = Lock::take(dir.path(), LockOptions { break_lock: true, ..AT_ONCE }).unwrap();
        assert!(broken.is_some());
        drop(lock);
        for (content, why) in [("", "is empty, as a power failure"), ("x", "is not one that configcid makes")] {
            fs::write(dir.path().join(LOCK), content).unwrap();
            let error = Lock::take(dir.path(), AT_ONCE).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Locked);
            assert!(error.what().contains(why), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_lock_is_one_that_nobody_gives_back() {
        let dir = tempfile::tempdir().unwrap();
        let lock = dir.path().join(LOCK);
        let fifo = || {
            let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
            rustix::fs::mknodat(rustix::fs::CWD, &lock, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        };
        let link = |target: &'static str| move |lock: &Path| std::os::unix::fs::symlink(target, lock).unwrap();
        let makes: [&dyn Fn(); 4] =
            [&fifo, &|| link("nowhere")(&lock), &|| link(LOCK)(&lock), &|| link("/dev/zero")(&lock)];
        for make in makes {
            make();
            assert_eq!(Lock::take(dir.path(), AT_ONCE).unwrap_err().kind(), ErrorKind::Locked);
            let (taken, broken) = Lock::take(dir.path(), LockOptions { break_lock: true, ..AT_ONCE }).unwrap();
            assert!(broken.is_some());
            drop(taken);
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        }
    }

    #[cfg(not(windows))]
    #[test]
    fn whoever_was_broken_does_not_remove_the_new_lock() {
        let dir = tempfile::tempdir().unwrap();
        let (old, _) = Lock::take(dir.path(), AT_ONCE).unwrap();
        let (_new, _) = Lock::take(dir.path(), LockOptions { break_lock: true, ..AT_ONCE }).unwrap();
        drop(old);
        assert!(dir.path().join(LOCK).exists());
    }

    #[cfg(windows)]
    #[test]
    fn a_lock_that_a_live_process_holds_cannot_be_broken() {
        let dir = tempfile::tempdir().unwrap();
        let (lock, _) = Lock::take(dir.path(), AT_ONCE).unwrap();
        let error = Lock::take(dir.path(), LockOptions { break_lock: true, ..AT_ONCE }).unwrap_err();
        assert!(error.to_string().contains("end that process first"), "{error}");
        assert!(dir.path().join(LOCK).exists());
        drop(lock);
        assert!(!dir.path().join(LOCK).exists());
    }

    #[test]
    fn a_hundred_threads_take_turns() {
        let dir = tempfile::tempdir().unwrap();
        let inside = std::sync::atomic::AtomicUsize::new(0);
        let options = LockOptions { wait: Duration::from_secs(60), break_lock: false };
        thread::scope(|scope| {
            for _ in 0..100 {
                scope.spawn(|| {
                    let (_lock, broken) = Lock::take(dir.path(), options).unwrap();
                    assert_eq!(broken, None);
                    use std::sync::atomic::Ordering::SeqCst;
                    assert_eq!(inside.fetch_add(1, SeqCst), 0);
                    thread::yield_now();
                    inside.fetch_sub(1, SeqCst);
                });
            }
        });
    }
}
