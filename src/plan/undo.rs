//! The way back: taking the last change back, and what was done to a CID.

use std::path::Path;

use memchr::memmem;
use serde::{Deserialize, Serialize};

use super::record::{MAX_SIZE, Places, Record, Step, digest, utc, work_name};
use super::record_text::PastText;
use super::turn::Turns;
use super::{Change, Content, FileContent, Parts, Plan, Stage, disk};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::hex::hex;
use crate::base::text::same_name;
use crate::catalog::{self, CidPath};
use crate::cid::Cid;
use crate::cid::digest::sha256_of;
use crate::cid::tree::Found;

/// A history longer than this loses its older half, in bytes.
const LONG: usize = 1 << 20;

/// A change that was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Past {
    /// Names the change among all others.
    pub id: String,
    /// When, as `2001-09-09 01:46:40 UTC`.
    pub time: String,
    /// Whose process it was.
    pub user: String,
    /// The computer it ran on.
    pub host: String,
    /// What it was for.
    pub purpose: String,
    /// The version of configcid.
    pub version: String,
    /// The files, from the CID's root.
    pub files: Vec<String>,
    /// What each of them was, in their order; none in the lines of a version that did not write this down.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contents: Vec<PastContent>,
}

/// What a file was before and after a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PastContent {
    /// SHA-256, in hex; `None` where there was no file.
    pub before: Option<String>,
    /// The same, for then.
    pub after: Option<String>,
}

/// What was done to a CID, the oldest first.
///
/// # Errors
/// The history cannot be read.
pub fn history(cid: &Cid) -> Result<Vec<Past>> {
    let bytes = disk::read(&Places::new(cid.root()).history, MAX_SIZE)?.unwrap_or_default();
    // A line that a dying process left unfinished is no line.
    let lines = bytes.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    let mut past: Vec<Past> = lines.collect();
    if let Some(last) = last(cid.root())?.filter(|last| past.iter().all(|past| past.id != last.id)) {
        past.push(Past::of(&last));
    }
    Ok(past)
}

impl Past {
    fn of(record: &Record) -> Self {
        Self {
            id: record.id.clone(),
            time: utc(record.time),
            user: record.user.clone(),
            host: record.host.clone(),
            purpose: record.purpose.clone(),
            version: record.version.clone(),
            files: record.steps.iter().map(|step| step.path.to_string()).collect(),
            contents: record
                .steps
                .iter()
                .map(|step| PastContent {
                    before: step.before().map(|sum| hex(sum)),
                    after: step.after.map(|sum| hex(&sum)),
                })
                .collect(),
        }
    }

    /// What this change made of a file, if it is known to have written it.
    pub(crate) fn content(&self, path: &CidPath) -> Option<&PastContent> {
        let index = self.files.iter().position(|file| same_name(file, path.as_str()))?;
        self.contents.get(index)
    }
}

/// The last change.
pub(super) fn last(root: &Path) -> Result<Option<Record>> {
    let path = Places::new(root).last;
    let next = text!("remove this file: nothing but undo needs it, and only until the next change");
    Record::read(&path)?.transpose().map_err(|error| error.in_file(&path).next(next))
}

/// The last change to a CID, as far as its record can be read.
pub(crate) struct LastChange(Record);

/// The last change to a CID, where its record can be read.
pub(crate) fn last_change(cid: &Cid) -> Option<LastChange> {
    last(cid.root()).ok().flatten().map(LastChange)
}

impl LastChange {
    /// What it kept of a file whose content then has this digest.
    ///
    /// # Errors
    /// What it kept cannot be read.
    pub(crate) fn kept(&self, cid: &Cid, path: &CidPath, before: &str) -> Result<Option<Vec<u8>>> {
        let is_this = |step: &&Step| step.path.as_str().eq_ignore_ascii_case(path.as_str());
        let is_before = |step: &&Step| step.before().is_some_and(|sum| hex(sum) == before);
        let step = self.0.steps.iter().find(is_this).filter(is_before);
        let Some(kept) = step.and_then(|step| self.0.kept(step)) else { return Ok(None) };
        let kept = Turns::of(&self.0, cid.tree())?.work_place_of(cid.tree(), path, &kept)?;
        let bytes = disk::read(&kept, catalog::MAX_SIZE)?;
        Ok(bytes.filter(|bytes| digest(bytes) == before))
    }
}

/// Adds the last change to the history, unless it is there: a process may have died before it could. Gives that change, where
/// its record can be read.
pub(super) fn remember_last(root: &Path) -> Result<Option<Record>> {
    let record = match last(root) {
        Ok(Some(record)) => record,
        // What cannot be read cannot be undone either, and stands in no way.
        Err(error) if error.kind() == ErrorKind::Journal => return Ok(None),
        other => return other,
    };
    remember(root, &record).map(|()| Some(record))
}

/// Adds this change, which is the last one, to the history, unless it is there.
pub(super) fn remember(root: &Path, record: &Record) -> Result<()> {
    let path = Places::new(root).history;
    let mut history = disk::read(&path, MAX_SIZE)?.unwrap_or_default();
    /// As much of a line as tells whose it is: it may name hundreds of thousands of files.
    #[derive(Deserialize)]
    struct Named {
        id: String,
    }
    // Hardly any line has to be read for that.
    let is_known = |line: &[u8]| {
        memmem::find(line, record.id.as_bytes()).is_some()
            && serde_json::from_slice::<Named>(line).is_ok_and(|past| past.id == record.id)
    };
    if history.split(|&byte| byte == b'\n').any(is_known) {
        return Ok(());
    }
    if history.len() > LONG {
        let middle = history.len() / 2;
        let line = history[middle..].iter().position(|&byte| byte == b'\n').map_or(history.len(), |at| middle + at + 1);
        history.drain(..line);
    }
    // After a line that a dying process left unfinished a new one begins.
    if history.last().is_some_and(|&byte| byte != b'\n') {
        history.push(b'\n');
    }
    let draft = root.join(work_name(&record.id, record.steps.len(), "new"));
    let written = disk::write_new_in_pieces(&draft, |mut to| {
        to.write_all(&history)?;
        serde_json::to_writer(&mut to, &PastText(record))?;
        to.write_all(b"\n")
    });
    let written = written.and_then(|()| disk::rename(&draft, &path));
    if written.is_err() {
        // Nobody sweeps behind a change that is done.
        let _ = disk::remove(&draft);
    }
    written
}

/// Plans to take the last change back, while its files are still as it left them: their contents, and the times of these.
/// Undoing an undo does the change again.
///
/// # Errors
/// There is no last change, or files have been changed since.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("MRESXP");
/// use configcid::{Cid, DemoCid, RelayAddress, RelaySetup, plan, relay};
///
/// DemoCid::default().write(&path)?;
/// let relay = RelayAddress::new(None, Some("MRComputer.Sales.Acme"), None)?;
/// relay::set(&Cid::open(&path)?, &RelaySetup::new(relay))?.apply()?;
/// assert!(path.join("rms/mrinit.conf").exists());
///
/// plan::undo(&Cid::open(&path)?)?.apply()?;
/// assert!(!path.join("rms/mrinit.conf").exists());
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn undo(cid: &Cid) -> Result<Plan> {
    let journal = |what: &str| Error::new(ErrorKind::Journal, what).in_file(cid.path());
    let Some(record) = last(cid.root())? else {
        return Err(journal(text!("there is no change to undo")).next("configcid history lists what was done"));
    };
    // Taking an undo back does again what it had undone, and says so.
    let (purpose, why) = match record.purpose.strip_prefix("undo of: ") {
        Some(undone) => (format!("redo of: {undone}"), text!("done again, since the last change was an undo")),
        None => {
            let done = record.purpose.strip_prefix("redo of: ").unwrap_or(&record.purpose);
            (format!("undo of: {done}"), text!("as it was before"))
        }
    };
    let mut changes = Vec::new();
    let mut left = IN_MEMORY;
    let turns = Turns::of(&record, cid.tree())?;
    for step in &record.steps {
        let path = step.path.clone();
        let now = match cid.tree().find(&path)? {
            Found::Absent => None,
            Found::Folder if step.after.is_none() && turns.is_at(step.path.as_str()) => None,
            Found::File { path, .. } => Some(path),
            Found::Folder | Found::Other => {
                return Err(journal(&text!("{path} is no file any more", path)).next(BACKUP));
            }
        };
        let before = content(now.as_deref(), step, &mut left)?;
        if before.as_ref().and_then(Content::sum) != step.after {
            let next = match record.purpose.contains("relay set ") {
                true => {
                    text!("configcid relay unset takes relay set-up back at any time; or a backup brings back what was")
                }
                false => text!("configcid relay set, or a backup, brings the CID where you want it"),
            };
            let what = text!("{path} has changed since, so that the last change cannot be undone", path);
            return Err(journal(&what).next(next));
        }
        let kept = record.kept(step).map(|kept| turns.work_place_of(cid.tree(), &path, &kept)).transpose()?;
        let after = match &kept {
            None => None,
            Some(kept) => content(disk::exists(kept)?.then_some(&**kept), step, &mut left)?,
        };
        if after.as_ref().and_then(Content::sum).as_ref() != step.before() {
            return Err(journal(&text!("what {path} was before the last change is no longer there", path)).next(BACKUP));
        }
        changes.push(Change { path, before, after, why: why.into(), stage: step.stage, kept: kept.map(Into::into) });
    }
    Ok(Plan::new(cid, Parts { purpose, changes, ..Parts::default() }))
}

/// What brings back what is lost.
const BACKUP: &str = "a backup brings it back";

/// How many bytes of payload an undo has in memory: enough to show what becomes of every copy of `mrinit.conf`.
const IN_MEMORY: u64 = 4 << 20;

/// What a file holds; `None` where there is none. Catalogs are in memory, since people want to see what changes in them, and
/// of the payload as much as there is room `left` for.
fn content(place: Option<&Path>, step: &Step, left: &mut u64) -> Result<Option<Content>> {
    let Some(place) = place else { return Ok(None) };
    let size = place.symlink_metadata().map_err(|error| Error::io("look at it", place, error))?.len();
    if step.stage != Stage::Payload || size <= *left {
        if step.stage == Stage::Payload {
            *left -= size;
        }
        return Ok(disk::read(place, catalog::MAX_SIZE)?.map(Content::from));
    }
    Ok(Some(FileContent::read(place, size, sha256_of(place, u64::MAX)?).into()))
}
