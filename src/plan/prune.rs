//! Bounding what configcid keeps in a CID: lines of the history, and what undo needs of the last change.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::disk;
use super::record::{MAX_SIZE, Places, Record, utc, work_name};
use super::undo::{Past, last, remember_last};
use super::writer::Writer;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::real_path;
use crate::cid::MRINIT;

/// What stays. Lines that tell of an `mrinit.conf` stay in any case: `relay unset` needs them at any time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// So many changes, the newest.
    pub keep: usize,
    /// None that is older than so many days.
    pub days: u32,
}

/// What was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Pruned {
    /// Lines of the history that went.
    pub removed: usize,
    /// Those that stay.
    pub left: usize,
    /// The last change is so old that what undo would need of it went, too.
    pub undo_ended: bool,
}

/// What is to be done.
struct Judged {
    history: Vec<u8>,
    last: Option<Record>,
    pruned: Pruned,
}

impl Writer {
    /// Removes what lies beyond the bounds, and what changes that are over have left.
    pub(crate) fn prune(&self, bounds: Bounds) -> Result<Pruned> {
        let places = Places::new(&self.root);
        if disk::exists(&places.journal)? {
            return Err(Error::new(ErrorKind::Changed, "a change to this CID was interrupted")
                .in_file(&self.shown)
                .next("configcid recover finishes or undoes it"));
        }
        remember_last(&self.root)?;
        let Judged { history, last, pruned } = judge(&self.root, bounds)?;
        if pruned.removed > 0 {
            if history.is_empty() {
                disk::remove(&places.history)?;
            } else {
                let draft = self.root.join(work_name(&Record::new("").id, 0, "new"));
                disk::write_new(&draft, &history, Some(&places.history))?;
                disk::rename(&draft, &places.history)?;
            }
        }
        let mut deep = Vec::new();
        if let Some(last) = last.filter(|_| pruned.undo_ended) {
            deep = last.deep_folders();
            // From here on nothing names what it kept, which is swept.
            disk::remove(&places.last)?;
        }
        disk::sync_folder(&self.root)?;
        self.sweep(&deep)?;
        Ok(pruned)
    }

    /// What [`prune`](Writer::prune) would do to the CID at `path`; takes no lock and changes nothing.
    pub(crate) fn would_prune(path: &Path, bounds: Bounds) -> Result<Pruned> {
        let root = real_path(path).map_err(|error| Error::io("open the CID", path, error))?;
        judge(&root, bounds).map(|judged| judged.pruned)
    }
}

fn judge(root: &Path, Bounds { keep, days }: Bounds) -> Result<Judged> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let oldest = now.saturating_sub(Duration::from_secs(u64::from(days) * 24 * 60 * 60)).as_secs();
    let bytes = disk::read(&Places::new(root).history, MAX_SIZE)?.unwrap_or_default();
    let lines = bytes.split(|&byte| byte == b'\n');
    // A line that a dying process left unfinished is no line.
    let past: Vec<(&[u8], Past)> = lines.filter_map(|line| Some((line, serde_json::from_slice(line).ok()?))).collect();
    let old = utc(oldest);
    let mut history = Vec::new();
    let mut left = 0;
    for (newer, (line, past)) in (0..past.len()).rev().zip(&past) {
        let is_needed = past.files.iter().any(|file| is_mrinit(file));
        if is_needed || (newer < keep && past.time > old) {
            history.extend_from_slice(line);
            history.push(b'\n');
            left += 1;
        }
    }
    let last = match last(root) {
        // Nothing can be undone by it.
        Err(error) if error.kind() == ErrorKind::Journal => None,
        last => last?,
    };
    let undo_ended = last.as_ref().is_some_and(|last| last.time <= oldest || keep == 0);
    Ok(Judged { history, last, pruned: Pruned { removed: past.len() - left, left, undo_ended } })
}

fn is_mrinit(file: &str) -> bool {
    file.rsplit('\\').next().is_some_and(|name| name.eq_ignore_ascii_case(MRINIT))
}
