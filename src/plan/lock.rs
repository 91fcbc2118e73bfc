//! One writer per CID, across machines on a share.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::disk::bare_step;
use super::hold;
use super::holder::{Holder, describe, read_holder};
use super::record::{LOCK, Record};
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
        LockOptions { wait: Duration::from_secs(10), break_lock: false }
    }
}

/// The right to write to a CID, given back when dropped.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    holder: Holder,
    /// Held as long as the process lives: the proof that it does.
    file: File,
}

/// What stands in the way of a lock.
enum Obstacle {
    /// It is free now: try again.
    Gone,
    /// A live process, as far as can be told from here.
    Held(Option<Holder>),
    /// The process that made it has ended without removing it. Its file is held, so that nobody else breaks it too.
    Stale(Holder, File),
}

impl Lock {
    /// Gets the lock of the CID at `root`; says of a lock that was broken whose it was.
    pub fn take(root: &Path, options: LockOptions) -> Result<(Lock, Option<String>)> {
        let path = root.join(LOCK);
        let begin = Instant::now();
        let mut pause = Duration::from_millis(5);
        let mut broken = None;
        let locked = |holder| {
            Error::new(ErrorKind::Locked, format!("another writer is at work: {}", describe(holder)))
                .in_file(&path)
                .next("nothing was changed; wait for it (--wait SECONDS), or, if it is dead for sure, say --break-lock")
        };
        loop {
            if let Some(lock) = Lock::make(&path)? {
                return Ok((lock, broken));
            }
            match obstacle(&path)? {
                // Again and again: then something else is wrong with the file system.
                Obstacle::Gone if begin.elapsed() < options.wait.max(MOMENT) => continue,
                Obstacle::Gone => return Err(locked(None)),
                Obstacle::Stale(holder, file) => {
                    if hold::remove_stale(&path, &holder)? {
                        broken = Some(format!("{}, which has ended", describe(Some(&holder))));
                    }
                    drop(file);
                    continue;
                }
                Obstacle::Held(holder) if options.break_lock && broken.is_none() => {
                    bare_step("break the lock", &path, || fs::remove_file(&path)).map_err(|error| {
                        Error::io("break the lock", &path, error).next(if cfg!(windows) {
                            "nothing was changed; somebody has it open: end that process first"
                        } else {
                            "nothing was changed; check your rights to the folder"
                        })
                    })?;
                    broken = Some(describe(holder.as_ref()));
                    continue;
                }
                Obstacle::Held(holder) if begin.elapsed() >= options.wait => {
                    return Err(locked(holder.as_ref()));
                }
                Obstacle::Held(_) => {}
            }
            thread::sleep(pause.min(options.wait.saturating_sub(begin.elapsed())));
            pause = (pause * 2).min(Duration::from_millis(200));
        }
    }

    /// Makes the lock, whole and held from its first moment on; `None` where there is one already.
    fn make(path: &Path) -> Result<Option<Lock>> {
        let Record { id, host, user, time, .. } = Record::new("");
        let holder = Holder { id, host, process: std::process::id(), user, time };
        let made = hold::make(path, &holder);
        let made = made.map_err(|error| {
            Error::io("lock the CID for writing", path, error)
                .next("nothing was changed; check your rights to the folder")
        })?;
        Ok(made.map(|file| Lock { path: path.to_owned(), holder, file }))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        hold::give_back(&self.path, &self.holder, &self.file);
    }
}

fn obstacle(path: &Path) -> Result<Obstacle> {
    // What holds it does not outlive its process. Across machines not every share passes it on, so that it proves
    // nothing of a process elsewhere.
    let (mut file, unheld) = match hold::look(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Obstacle::Gone),
        Err(_) => return Ok(Obstacle::Held(None)),
    };
    match read_holder(&mut file) {
        Some(holder) if unheld && holder.host == crate::base::host::name() => Ok(Obstacle::Stale(holder, file)),
        holder => Ok(Obstacle::Held(holder)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let holder =
            Holder { id: "1-1".into(), host: host.into(), process: 1, user: "somebody".into(), time: 1_000_000_000 };
        fs::write(dir.join(LOCK), serde_json::to_vec(&holder).unwrap()).unwrap();
    }

    #[test]
    fn a_dead_process_of_this_computer_is_no_obstacle() {
        let dir = tempfile::tempdir().unwrap();
        leave(dir.path(), &crate::base::host::name());
        let (_lock, broken) = Lock::take(dir.path(), AT_ONCE).unwrap();
        assert!(broken.unwrap().contains("process 1 of somebody"));
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
        fs::write(dir.path().join(LOCK), "").unwrap();
        assert_eq!(Lock::take(dir.path(), AT_ONCE).unwrap_err().kind(), ErrorKind::Locked);
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
