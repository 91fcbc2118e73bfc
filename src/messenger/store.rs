//! Where the state of a user lies: one file, replaced whole.

use std::env;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::State;
use super::read::read_bytes;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::replace::persist;

/// The largest state that is read, in bytes.
const MAX_SIZE: u64 = 32 << 20;
/// The name of a state that is being written.
const UNFINISHED: &str = "state.new";
/// How long another process may have the state: it needs a moment to read and write it.
const PATIENCE: Duration = Duration::from_secs(5);

/// The folder of one user's state.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

/// A state that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// Why.
    pub why: String,
    /// What it is called now.
    pub kept: PathBuf,
}

/// As long as this lives, no other process shows messages to the user, or sends reports.
#[derive(Debug)]
pub struct Turn(#[expect(dead_code, reason = "the lock goes with it")] File);

impl Store {
    /// The state in a folder, which need not be there yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The state of the user who runs this: below `CONFIGCID_MESSENGER_STATE` where that is set, else below the folder
    /// that the system has for such data: `%LOCALAPPDATA%` on Windows, `~/Library/Application Support` on macOS, elsewhere
    /// `$XDG_DATA_HOME` or `~/.local/share`.
    ///
    /// # Errors
    /// The environment names no such folder.
    pub fn of_this_user() -> Result<Self> {
        let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        if let Some(folder) = variable("CONFIGCID_MESSENGER_STATE") {
            return Ok(Self::new(folder));
        }
        let home = || variable("HOME");
        let data = if cfg!(windows) {
            variable("LOCALAPPDATA").or_else(|| Some(variable("USERPROFILE")?.join(r"AppData\Local")))
        } else if cfg!(target_os = "macos") {
            home().map(|home| home.join("Library/Application Support"))
        } else {
            let absolute = variable("XDG_DATA_HOME").filter(|folder| folder.is_absolute());
            absolute.or_else(|| Some(home()?.join(".local/share")))
        };
        data.map(|data| Self::new(data.join("configcid").join("messenger"))).ok_or_else(|| {
            Error::new(ErrorKind::Usage, "the environment names no folder for data of this user")
                .next("name one with --state")
        })
    }

    /// The file.
    pub fn path(&self) -> PathBuf {
        self.folder.join("state.json")
    }

    /// Reads the state. One that is damaged is put aside, and what is given is a new one.
    ///
    /// # Errors
    /// The system refuses, or the state is of a newer version.
    pub fn load(&self) -> Result<(State, Option<Lost>)> {
        let _lock = self.lock()?;
        self.read()
    }

    /// Reads the state and changes nothing, not even one that is damaged: that is an error here.
    ///
    /// # Errors
    /// The system refuses; the state is damaged, or of a newer version.
    pub fn peek(&self) -> Result<State> {
        let path = self.path();
        match path.symlink_metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => fresh(),
            _ => {
                let state = read_bytes(&path, MAX_SIZE).and_then(|bytes| State::parse(&bytes));
                state.map_err(|error| error.in_file(&path))
            }
        }
    }

    /// Changes the state. It is written whole, and only where it is another one then.
    ///
    /// # Errors
    /// As [`load`](Store::load); it cannot be written.
    pub fn update<T>(&self, change: impl FnOnce(&mut State) -> T) -> Result<(T, Option<Lost>)> {
        let _lock = self.lock()?;
        let (before, lost) = self.read()?;
        let mut state = before.clone();
        let answer = change(&mut state);
        if state != before || lost.is_some() {
            self.write(&state)?;
        }
        Ok((answer, lost))
    }

    /// Says that messages are being shown to this user; `None` where another process does.
    ///
    /// # Errors
    /// The system refuses.
    pub fn showing(&self) -> Result<Option<Turn>> {
        self.turn("showing.lock")
    }

    /// Says that reports are being sent; `None` where another process does.
    pub(super) fn sending(&self) -> Result<Option<Turn>> {
        self.turn("sending.lock")
    }

    fn turn(&self, name: &str) -> Result<Option<Turn>> {
        let path = self.folder.join(name);
        let file = self.lock_file(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Turn(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(Error::io("lock it", &path, error)),
        }
    }

    fn read(&self) -> Result<(State, Option<Lost>)> {
        let path = self.path();
        if let Err(error) = path.symlink_metadata()
            && error.kind() == std::io::ErrorKind::NotFound
        {
            return Ok((fresh()?, None));
        }
        let damage = match read_bytes(&path, MAX_SIZE).and_then(|bytes| State::parse(&bytes)) {
            Ok(state) => return Ok((state, None)),
            // Too large, a folder, a link that leads nowhere: nothing that was written here.
            Err(error) if error.kind() == ErrorKind::MessengerFormat || is_foreign(&path) => error,
            Err(error) => return Err(error.in_file(&path)),
        };
        let kept = self.folder.join("state.broken");
        let gone = if kept.is_dir() { fs::remove_dir_all(&kept) } else { Ok(()) };
        gone.and_then(|()| fs::rename(&path, &kept)).map_err(|error| Error::io("put it aside", &path, error))?;
        Ok((fresh()?, Some(Lost { why: damage.what().to_owned(), kept })))
    }

    fn write(&self, state: &State) -> Result<()> {
        let path = self.path();
        let cannot = |error| Error::io("write it", &path, error);
        // One name, which nobody else writes to as long as the lock is held: what a killed process leaves is replaced.
        let _ = fs::remove_file(self.folder.join(UNFINISHED));
        let mut file =
            tempfile::Builder::new().prefix(UNFINISHED).rand_bytes(0).tempfile_in(&self.folder).map_err(cannot)?;
        file.write_all(&state.print()).map_err(cannot)?;
        file.as_file().sync_all().map_err(cannot)?;
        persist(file, &path, true).map_err(cannot)
    }

    fn lock(&self) -> Result<File> {
        const STEP: Duration = Duration::from_millis(20);
        let path = self.folder.join("state.lock");
        let file = self.lock_file(&path)?;
        for _ in 0..PATIENCE.as_millis() / STEP.as_millis() {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) => thread::sleep(STEP),
                Err(TryLockError::Error(error)) => return Err(Error::io("lock it", &path, error)),
            }
        }
        Err(Error::new(ErrorKind::Locked, "another process has held the state for too long")
            .in_file(&path)
            .next("look for another configcid of this user"))
    }

    fn lock_file(&self, path: &Path) -> Result<File> {
        let made = fs::create_dir_all(&self.folder);
        made.map_err(|error| Error::io("make the folder", &self.folder, error))?;
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        opened.map_err(|error| Error::io("open it for writing", path, error))
    }
}

fn is_foreign(path: &Path) -> bool {
    path.metadata().map_or_else(
        |error| error.kind() == std::io::ErrorKind::NotFound,
        |there| !there.is_file() || there.len() > MAX_SIZE,
    )
}

fn fresh() -> Result<State> {
    let mut random = [0; 16];
    getrandom::fill(&mut random)
        .map_err(|error| Error::new(ErrorKind::Io, text!("the system gives no random numbers: {error}", error)))?;
    Ok(State::new(random))
}
