//! What listings tell of files, kept known while the files are opened.
//!
//! To open a file, the client of a share wants its attributes. A listing of its folder brings those of all files in it, but the
//! client keeps them for a moment only (Linux's own, for SMB and for FUSE: a second), and asks the server for each file by itself
//! after that: over SMB three messages a file. So who opens many files goes from folder to folder, and lists a folder anew where
//! that was done too long ago.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::base::calls::{Call, note};

/// After this the client of a share may have forgotten what a listing told of each file: Linux's own keeps it for a second.
pub(super) const FORGOTTEN: Duration = Duration::from_millis(500);

/// So many files of a folder are looked at, or opened, without listing it anew for that: to list takes some requests, too. Our
/// choice.
pub(super) const FEW: usize = 8;

/// A folder is listed anew so many files before its first one is opened, so that the listing is there by then: more than are
/// read at a time where nobody says otherwise. Our choice.
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
}

impl Fresh {
    /// Of folders that were listed at `begin`, or later: each with how many files of it follow each other.
    pub(crate) fn new(begin: Instant, folders: impl Iterator<Item = (PathBuf, usize)>) -> Self {
        let mut end = 0;
        let run = |(folder, count): (PathBuf, usize)| {
            end += count;
            Run { folder, end, listed: AtomicU64::new(0) }
        };
        Self { begin, runs: folders.map(run).collect() }
    }

    /// To be said before the file of this number is opened. What cannot be listed is left to whoever opens the files.
    pub(crate) fn opening(&self, number: usize) {
        // Windows asks the server at every opening, whatever a listing has told.
        if cfg!(windows) {
            return;
        }
        [number, number + AHEAD].into_iter().for_each(|number| self.list_anew(number));
    }

    fn list_anew(&self, number: usize) {
        let Some(run) = self.runs.get(self.runs.partition_point(|run| run.end <= number)) else { return };
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
