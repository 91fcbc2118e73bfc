//! What listings tell of files, kept known while the files are opened.
//!
//! To open a file, the client of a share wants its attributes. A listing of its folder brings those of all files in it, but the
//! client keeps them for a moment only (Linux's own, for SMB and for FUSE: a second), and asks the server for each file by itself
//! after that: over SMB three messages a file. So who opens many files goes from folder to folder, and lists a folder anew where
//! that was done too long ago. The folder itself is open meanwhile: a client that keeps nothing asks for every part of a path.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use crate::base::calls::{Call, note};
use crate::base::error::Result;
use crate::base::files::open_file;
use crate::base::open_folder::OpenFolder;

/// After this the client of a share may have forgotten what a listing told of each file: Linux's own keeps it for a second.
pub(super) const FORGOTTEN: Duration = Duration::from_millis(500);

/// So many files of a folder are looked at, or opened, without listing it anew for that: to list takes some requests, too. Our
/// choice.
pub(super) const FEW: usize = 8;

/// A folder is opened, and listed anew, so many files before its first one is opened, so that this is done by then: more than
/// are read at a time where nobody says otherwise. Our choice.
const AHEAD: usize = 48;

/// The folders of files that are opened in an order in which those of one folder follow each other.
pub(crate) struct Fresh {
    /// When each folder was listed first.
    begin: Instant,
    runs: Vec<Run>,
}

/// Files of one folder that follow each other.
struct Run {
    folder: PathBuf,
    /// The number of the first file after them.
    end: usize,
    /// When the folder was listed last, in milliseconds after the first listing.
    listed: AtomicU64,
    /// How many of them have not been opened yet.
    left: AtomicUsize,
    /// The folder, from shortly before its first file is opened until its last one is: few are open at a time.
    folder_open: Mutex<Option<Arc<OpenFolder>>>,
}

impl Run {
    fn new(folder: PathBuf, end: usize, count: usize) -> Self {
        Self { folder, end, listed: AtomicU64::new(0), left: AtomicUsize::new(count), folder_open: Mutex::default() }
    }

    /// The folder, open. None where it is not worth it: to open it takes as long as to open a file by its path.
    fn folder_open(&self) -> Option<Arc<OpenFolder>> {
        let mut known = self.folder_open.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_none() && self.left.load(Ordering::Relaxed) > 1 {
            *known = Some(Arc::new(OpenFolder::of(&self.folder)));
        }
        known.clone()
    }

    /// Opens the folder, unless somebody is about to.
    fn open_ahead(&self) {
        if !matches!(self.folder_open.try_lock(), Err(TryLockError::WouldBlock)) {
            self.folder_open();
        }
    }

    /// To be said after each file.
    fn one_less(&self) {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            *self.folder_open.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}

impl Fresh {
    /// Of folders that were listed at `begin`, or later: each with how many files of it follow each other.
    pub(crate) fn new(begin: Instant, folders: impl Iterator<Item = (PathBuf, usize)>) -> Self {
        let mut end = 0;
        let run = |(folder, count): (PathBuf, usize)| {
            end += count;
            Run::new(folder, end, count)
        };
        Self { begin, runs: folders.map(run).collect() }
    }

    /// As [`open_file`], the file of this number, which is at `path`. What cannot be listed is left to this.
    pub(crate) fn open_file(&self, number: usize, path: &Path) -> Result<File> {
        let Some(run) = self.come_to(number) else { return open_file(path) };
        let file = match run.folder_open() {
            Some(folder) => folder.open_file(path),
            None => open_file(path),
        };
        run.one_less();
        file
    }

    /// To be said in place of that where the file of this number is not opened.
    pub(crate) fn pass_by(&self, number: usize) {
        self.come_to(number).into_iter().for_each(Run::one_less);
    }

    /// The folder of the file of this number, which is the next one.
    fn come_to(&self, number: usize) -> Option<&Run> {
        let run = self.run(number);
        // Windows asks the server at every opening, whatever a listing has told, and has no open folders.
        if !cfg!(windows) {
            run.into_iter().for_each(|run| self.list_anew(run, number));
            if let Some(ahead) = self.run(number + AHEAD) {
                self.list_anew(ahead, number + AHEAD);
                ahead.open_ahead();
            }
        }
        run
    }

    fn run(&self, number: usize) -> Option<&Run> {
        self.runs.get(self.runs.partition_point(|run| run.end <= number))
    }

    fn list_anew(&self, run: &Run, number: usize) {
        let now = u64::try_from(self.begin.elapsed().as_millis()).unwrap_or(u64::MAX);
        let listed = run.listed.load(Ordering::Relaxed);
        if run.end - number <= FEW || now.saturating_sub(listed) < FORGOTTEN.as_millis() as u64 {
            return;
        }
        // One of those who are about to open files lists the folder, and the others go on.
        if run.listed.compare_exchange(listed, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            note(Call::List, &run.folder);
            fs::read_dir(&run.folder).into_iter().flatten().for_each(drop);
        }
    }
}
