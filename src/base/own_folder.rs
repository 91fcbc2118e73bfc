//! Folders that are there only while a process works. They go with it; what one that was killed has left, the next one of
//! its kind finds and removes.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::cleanup::Cleanup;
use super::files::make_writable;
use super::life::Life;

/// A folder of our own. A file beside it, with `.lock` behind the name, says whose it is.
#[derive(Debug)]
pub(crate) struct OwnFolder {
    path: PathBuf,
    cleanup: Cleanup,
}

impl OwnFolder {
    /// Makes a folder in `parent`, whose name begins with `prefix`, and removes those of this prefix there that processes of
    /// this computer have left. `private`: nobody but its owner may look into it, where the system has such rights.
    pub(crate) fn make(parent: &Path, prefix: &str, private: bool) -> io::Result<Self> {
        Self::make_for(parent, prefix, private, None).map(|(folder, _)| folder)
    }

    /// As [`make`](OwnFolder::make), or one that a process of this computer left which worked for the same `purpose` in it,
    /// with all that is in there. Says whether it is such a one.
    pub(crate) fn make_or_take_over(parent: &Path, prefix: &str, purpose: &str) -> io::Result<(Self, bool)> {
        Self::make_for(parent, prefix, false, Some(purpose))
    }

    fn make_for(parent: &Path, prefix: &str, private: bool, purpose: Option<&str>) -> io::Result<(Self, bool)> {
        // Of other computers nothing is known: not every share passes locks on.
        let prefix = format!("{prefix}{:08x}-", host_number());
        let path = parent.join(format!("{prefix}{}", super::host::fresh_id()));
        let lock_path = lock_of(&path);
        let mut lock = Some(mark(&lock_path, purpose)?);
        let is_taken_over = remove_dead(parent, &prefix, purpose.map(|purpose| (purpose, &*path)));
        #[cfg_attr(not(unix), allow(unused_mut))]
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        if private {
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        }
        let _ = private;
        if !is_taken_over && let Err(error) = builder.create(&path) {
            drop(lock.take());
            let _ = fs::remove_file(&lock_path);
            return Err(error);
        }
        let folder = path.clone();
        let cleanup = Cleanup::new(move || {
            remove_tree(&folder);
            // Some shares remove nothing that is open.
            drop(lock);
            let _ = fs::remove_file(&lock_path);
        });
        Ok((Self { path, cleanup }, is_taken_over))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the folder another name, by which it stays.
    pub(crate) fn rename(self, to: &Path) -> io::Result<()> {
        fs::rename(&self.path, to)?;
        // There is nothing of the old name any more: what is left to remove is the lock.
        drop(self.cleanup);
        Ok(())
    }
}

fn lock_of(folder: &Path) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

/// Removes the folders whose processes have ended, with their locks. What cannot be removed stays: it is in nobody's way. One
/// that was for the `wanted` purpose gets the name that is wanted instead; says whether there was one.
fn remove_dead(parent: &Path, prefix: &str, wanted: Option<(&str, &Path)>) -> bool {
    let mut is_taken_over = false;
    let Ok(entries) = fs::read_dir(parent) else { return false };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| name.starts_with(prefix) && name.ends_with(".lock")) else {
            continue;
        };
        let lock_path = entry.path();
        if !is_own_file(&lock_path) {
            continue;
        }
        if is_dead(&lock_path) {
            let folder = parent.join(name.trim_end_matches(".lock"));
            match wanted {
                // Of several who find it one gets it: there is one rename.
                Some((purpose, new)) if !is_taken_over && purpose_of(&lock_path).as_deref() == Some(purpose) => {
                    let is_folder = folder.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
                    is_taken_over = is_folder && fs::rename(&folder, new).is_ok();
                }
                _ => remove_tree(&folder),
            }
            let _ = fs::remove_file(&lock_path);
        }
    }
    is_taken_over
}

fn purpose_of(lock: &Path) -> Option<String> {
    let bytes = super::files::read_file(lock, MAX_OWNER).ok()?;
    serde_json::from_slice::<Owner>(&bytes).ok()?.purpose
}

/// Whose folder it is, as the file beside it says.
#[derive(Serialize, Deserialize)]
struct Owner {
    process: u32,
    life: Option<Life>,
    /// What for: another process that wants the same goes on from what is in the folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    purpose: Option<String>,
}

/// Makes the file beside a folder, from which others see whether this process lives.
fn mark(path: &Path, purpose: Option<&str>) -> io::Result<File> {
    let mut file = File::options().read(true).write(true).create_new(true).open(path)?;
    let owner = Owner { process: std::process::id(), life: Life::own(), purpose: purpose.map(str::to_owned) };
    // On a full disk it stays empty, and proves nothing: the folder's own files tell of the disk.
    let written = file.write_all(&serde_json::to_vec(&owner)?);
    // Whoever finds the folder after a power failure finds whose it was.
    let _ = written.and_then(|()| file.sync_all());
    // Where nothing tells whether a process lives, a lock does, which goes with it. On Linux it is no proof: two mounts of one
    // share do not pass it on, and over some it keeps the owner himself from removing the file.
    if cfg!(not(target_os = "linux")) {
        let _ = file.lock();
    }
    Ok(file)
}

/// Whether the process that made this file is proved to have ended.
fn is_dead(path: &Path) -> bool {
    if cfg!(not(target_os = "linux")) {
        return File::options().read(true).write(true).open(path).is_ok_and(|file| file.try_lock().is_ok());
    }
    let bytes = super::files::read_file(path, MAX_OWNER).ok();
    let owner: Option<Owner> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    owner.is_some_and(|Owner { process, life, .. }| life.is_some_and(|life| life.is_over(process)))
}

/// No file beside a folder is larger, in bytes.
const MAX_OWNER: u64 = 64 << 10;

/// Whether a file that is no link is of the user who runs this, as far as the system has owners.
fn is_own_file(path: &Path) -> bool {
    let Ok(metadata) = path.symlink_metadata() else { return false };
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::uid(&metadata) != rustix::process::geteuid().as_raw() {
        return false;
    }
    metadata.is_file()
}

/// Removes a folder and all in it, as far as that can be. A signal may find another thread still writing into it.
fn remove_tree(folder: &Path) {
    for _ in 0..10 {
        match fs::remove_dir_all(folder) {
            Ok(()) => return,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(_) => make_removable(folder),
        }
    }
}

/// A folder that may not be written cannot be emptied, and on Windows a file that may not be written cannot be removed:
/// gives back the right. Goes through no link.
fn make_removable(path: &Path) {
    let Ok(metadata) = path.symlink_metadata() else { return };
    if metadata.is_dir() || (cfg!(windows) && metadata.is_file()) {
        let _ = make_writable(path);
    }
    if metadata.is_dir() {
        fs::read_dir(path).into_iter().flatten().flatten().for_each(|entry| make_removable(&entry.path()));
    }
}

/// A number for the computer's name.
fn host_number() -> u32 {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(super::host::name().as_bytes());
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn it_goes_unless_it_gets_a_name() {
        let dir = tempfile::tempdir().unwrap();
        let folder = OwnFolder::make(dir.path(), ".x-", true).unwrap();
        fs::write(folder.path().join("file"), "x").unwrap();
        assert_eq!(names(dir.path()), 2);
        drop(folder);
        assert_eq!(names(dir.path()), 0);
        let folder = OwnFolder::make(dir.path(), ".x-", false).unwrap();
        fs::write(folder.path().join("file"), "x").unwrap();
        folder.rename(&dir.path().join("new")).unwrap();
        assert_eq!(fs::read_to_string(dir.path().join("new/file")).unwrap(), "x");
        assert_eq!(names(dir.path()), 1);
    }

    /// What [`mark`] would have written for a process that is there no more.
    fn owner_that_has_ended(purpose: Option<&str>) -> Vec<u8> {
        // This program itself, which ends at once when it only lists its tests: there is one on every system.
        let mut program = std::process::Command::new(std::env::current_exe().unwrap());
        let mut child = program.arg("--list").stdout(std::process::Stdio::null()).spawn().unwrap();
        child.wait().unwrap();
        let purpose = purpose.map(str::to_owned);
        serde_json::to_vec(&Owner { process: child.id(), life: Life::own(), purpose }).unwrap()
    }

    /// Copied computers have one name, and their shares pass no locks on.
    #[cfg(target_os = "linux")]
    #[test]
    fn an_equal_name_proves_no_death() {
        let dir = tempfile::tempdir().unwrap();
        let other = dir.path().join(format!(".x-{:08x}-1-1", host_number()));
        fs::create_dir(&other).unwrap();
        fs::write(lock_of(&other), "").unwrap();
        drop(OwnFolder::make(dir.path(), ".x-", false).unwrap());
        assert!(other.exists() && lock_of(&other).exists());
    }

    #[test]
    fn what_the_dead_left_is_taken_over_by_whoever_wants_the_same() {
        let dir = tempfile::tempdir().unwrap();
        for (number, purpose) in [(1, "copy A"), (2, "copy B"), (3, "copy A")] {
            let dead = dir.path().join(format!(".x-{:08x}-1-{number}", host_number()));
            fs::create_dir(&dead).unwrap();
            fs::write(dead.join("file"), purpose).unwrap();
            fs::write(lock_of(&dead), owner_that_has_ended(Some(purpose))).unwrap();
        }
        let (folder, is_taken_over) = OwnFolder::make_or_take_over(dir.path(), ".x-", "copy A").unwrap();
        assert!(is_taken_over);
        assert_eq!(fs::read_to_string(folder.path().join("file")).unwrap(), "copy A");
        // It and its lock: the others have gone.
        assert_eq!(names(dir.path()), 2);
        // What somebody works in is nobody else's.
        let (other, is_taken_over) = OwnFolder::make_or_take_over(dir.path(), ".x-", "copy A").unwrap();
        assert!(!is_taken_over);
        drop((folder, other));
        assert_eq!(names(dir.path()), 0);
    }

    #[test]
    fn what_the_dead_left_goes_and_what_the_living_have_stays() {
        let dir = tempfile::tempdir().unwrap();
        let living = OwnFolder::make(dir.path(), ".x-", false).unwrap();
        let dead = dir.path().join(format!(".x-{:08x}-1-1", host_number()));
        fs::create_dir_all(dead.join("deep")).unwrap();
        fs::write(dead.join("deep/file"), "x").unwrap();
        fs::write(lock_of(&dead), owner_that_has_ended(None)).unwrap();
        let elsewhere = dir.path().join(".x-another-1-1");
        fs::create_dir(&elsewhere).unwrap();
        fs::write(lock_of(&elsewhere), "").unwrap();
        let other = OwnFolder::make(dir.path(), ".x-", false).unwrap();
        assert!(living.path().exists() && other.path().exists() && elsewhere.exists() && !dead.exists());
        assert_eq!(names(dir.path()), 6);
    }
}
