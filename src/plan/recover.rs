//! After a death: finishing or undoing the change that the journal tells of.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use super::place::put_in_place;
use super::record::{Places, Record, Step, Sum256, utc};
use super::target::Target;
use super::turn::{Turns, folders_of, place_to_be};
use super::writer::Writer;
use super::{Stage, disk};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::real_path;
use crate::catalog::CidPath;
use crate::cid::tree::{Found, Tree};

/// What is left where an interrupted change can go neither way.
const FORGET: &str = "configcid recover --forget leaves the files as they are";

/// Which way an interrupted change goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To its end.
    Finish,
    /// Back to its beginning.
    Undo,
    /// Neither: the files stay as they are, and the change is forgotten.
    Forget,
}

/// What became of an interrupted change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was finished.
    Finished,
    /// It was undone.
    Undone,
    /// It was forgotten.
    Forgotten,
}

/// An interrupted change that is over now.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Recovered {
    /// What became of it.
    pub outcome: Outcome,
    /// What it was, by whom and when, as a sentence without an end.
    pub change: String,
}

impl Writer {
    /// Finishes or undoes an interrupted change; `None` where there is none. Without a `direction`, a change of which
    /// nothing has been seen yet is undone, and any other finished.
    ///
    /// # Errors
    /// Files have been changed by others since, so that the change can go neither way, or the journal is unreadable:
    /// then only [`Direction::Forget`] is left. Nothing is changed then.
    pub fn recover(&self, direction: Option<Direction>) -> Result<Option<Recovered>> {
        // What is forgotten has perhaps left files where no other record tells of them.
        let journal = match direction {
            Some(Direction::Forget) => Record::read(&Places::new(&self.root).journal).ok().flatten(),
            _ => None,
        };
        let journal = journal.and_then(Result::ok);
        let recovered = recover(&self.root, &self.shown, direction)?;
        self.sweep(&journal.map(|record| record.deep_folders()).unwrap_or_default())?;
        self.is_swept.store(true, Ordering::Relaxed);
        Ok(recovered)
    }

    /// What [`recover`](Writer::recover) would do to the CID at `path`; takes no lock and changes nothing.
    ///
    /// # Errors
    /// As [`recover`](Writer::recover); `path` is no folder.
    pub fn would_recover(path: &Path, direction: Option<Direction>) -> Result<Option<Recovered>> {
        let root = real_path(path).map_err(|error| Error::io("open the CID", path, error))?;
        Ok(judge(&root, path, direction)?.map(|judged| judged.recovered()))
    }
}

/// How far a step of an interrupted change has come.
struct Progress {
    target: PathBuf,
    is_old: bool,
    is_new: bool,
    /// The new content is there, whole, to be put in place.
    has_new: bool,
    /// The old content is there, whole, to be put back.
    has_old: bool,
}

impl Progress {
    /// Of a step of the change of this id.
    fn of(tree: &Tree, turns: &Turns, id: &str, step: &Step, is_open: bool) -> Result<Self> {
        let path = &step.path;
        let (staged, kept) = (step.staged(id), step.kept(id));
        if is_open {
            return Self::of_open(tree, step, kept);
        }
        let found = tree.find(path)?;
        let has_turned = found == Found::Folder && turns.is_at(path.as_str());
        if !has_turned && matches!(found, Found::Folder | Found::Other | Found::File { linked: true, .. }) {
            return Err(Error::new(ErrorKind::Journal, "this should be a file, and is none")
                .in_file(&path.below(tree.root()))
                .next(FORGET));
        }
        let target = turns.target(path).map_or_else(|| place_to_be(tree, path), Ok)?;
        let is_in_a_file = turns.above(path.as_str()).is_some_and(|turn| !turn.place.is_dir());
        let sum = |path: &Path| disk::digest(path);
        let now = if has_turned || is_in_a_file { None } else { sum(&target)? };
        let is = |name: &Option<String>, wanted: Option<&Sum256>| match (name, wanted) {
            (Some(name), Some(wanted)) => Ok(sum(&turns.work_place(step, &target, name))?.as_ref() == Some(wanted)),
            (_, wanted) => Ok::<_, Error>(wanted.is_none()),
        };
        Ok(Self {
            is_old: now.as_ref() == step.before(),
            is_new: now == step.after,
            has_new: is(&staged, step.after.as_ref())?,
            has_old: is(&kept, step.before())?,
            target,
        })
    }

    /// Of a change during which a program writes: what is not as it was, is the program's.
    fn of_open(tree: &Tree, step: &Step, kept: Option<String>) -> Result<Self> {
        let path = &step.path;
        let folder = tree.folder(path.folder().as_ref())?.ok_or_else(|| {
            Error::new(ErrorKind::Journal, "the folder has gone, with all that was kept in it")
                .in_file(&path.below(tree.root()))
                .next(FORGET)
        })?;
        let target = folder.join(path.file_name());
        let is = |place: &Path, wanted: &Sum256| {
            if !place.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
                return Ok(false);
            }
            Ok::<_, Error>(disk::digest(place)?.is_some_and(|digest| digest == *wanted))
        };
        let (is_old, has_old) = match (step.before(), kept) {
            (Some(before), Some(kept)) => (is(&target, before)?, is(&folder.join(kept), before)?),
            (Some(before), None) => (is(&target, before)?, false),
            (None, _) => (!disk::exists(&target)?, true),
        };
        Ok(Self { target, is_old, is_new: !is_old, has_new: false, has_old })
    }
}

/// Which way an interrupted change goes, and how far it has come.
enum Judged {
    /// It is to be forgotten; what it was, as far as the journal tells.
    Forgotten(String),
    /// It is to be finished, or else undone.
    Ended { is_finished: bool, record: Box<Record>, steps: Vec<Progress>, turns: Turns },
}

impl Judged {
    fn recovered(&self) -> Recovered {
        match self {
            Self::Forgotten(change) => Recovered { outcome: Outcome::Forgotten, change: change.clone() },
            Self::Ended { is_finished, record, .. } => {
                let outcome = if *is_finished { Outcome::Finished } else { Outcome::Undone };
                Recovered { outcome, change: describe(record) }
            }
        }
    }
}

/// Judges what the journal tells of; `None` where there is no journal.
fn judge(root: &Path, shown: &Path, direction: Option<Direction>) -> Result<Option<Judged>> {
    let places = Places::new(root);
    let record = match Record::read(&places.journal) {
        Ok(None) => return Ok(None),
        Ok(Some(record)) => record,
        Err(error) => Err(error.next(FORGET)),
    };
    if direction == Some(Direction::Forget) {
        let change = record
            .map_or_else(|_| text!("a change whose journal is unreadable").to_owned(), |record| describe(&record));
        return Ok(Some(Judged::Forgotten(change)));
    }
    let record = record.map_err(|error| error.in_file(&places.journal))?;
    let tree = Tree::new(root.to_owned());
    let turns = Turns::of(&record, &tree)?;
    let steps: Vec<Progress> = record
        .steps
        .iter()
        .map(|step| Progress::of(&tree, &turns, &record.id, step, record.open))
        .collect::<Result<_>>()?;
    let can_finish = !record.open && steps.iter().all(|step| step.is_new || (step.is_old && step.has_new));
    let can_undo = steps.iter().all(|step| step.is_old || (step.is_new && step.has_old));
    let seen = steps.iter().any(|step| step.is_new && !step.is_old);
    let is_finished = match direction {
        Some(Direction::Finish) if can_finish => true,
        Some(Direction::Undo) if can_undo => false,
        None if can_finish && (seen || !can_undo) => true,
        None if can_undo => false,
        _ => return Err(stuck(shown, &record, &steps, can_finish, can_undo)),
    };
    Ok(Some(Judged::Ended { is_finished, record: Box::new(record), steps, turns }))
}

/// Ends what the journal tells of; `None` where there is no journal.
pub(super) fn recover(root: &Path, shown: &Path, direction: Option<Direction>) -> Result<Option<Recovered>> {
    let Some(judged) = judge(root, shown, direction)? else { return Ok(None) };
    match &judged {
        Judged::Forgotten(_) => disk::remove(&Places::new(root).journal)?,
        Judged::Ended { is_finished: true, record, steps, turns } => {
            let mut targets: Vec<Target> = Vec::with_capacity(steps.len());
            for (step, progress) in record.steps.iter().zip(steps) {
                targets.push(Target::of(&progress.target, &step.path, targets.last()));
            }
            finish(record, steps, &targets, turns)?;
            commit(root, record)?;
        }
        Judged::Ended { is_finished: false, record, steps, turns } => go_back(record, steps, turns, root)?,
    }
    Ok(Some(judged.recovered()))
}

pub(super) fn describe(record: &Record) -> String {
    text!("{}, by {} on {}, {}", record.purpose, record.user, record.host, utc(record.time))
}

fn stuck(shown: &Path, record: &Record, steps: &[Progress], can_finish: bool, can_undo: bool) -> Error {
    let strange = record.steps.iter().zip(steps).filter(|(_, step)| !step.is_old && !step.is_new);
    let names: Vec<&str> = strange.map(|(step, _)| step.path.as_str()).collect();
    let (what, next) = if can_finish {
        (text!("it can only be finished: what it replaced is no longer there").to_owned(), "configcid recover --finish")
    } else if can_undo {
        (text!("it can only be undone: what it was to write is not all there").to_owned(), "configcid recover --undo")
    } else if names.is_empty() {
        (
            text!("it can be neither finished nor undone: what it kept is gone").to_owned(),
            text!(
                "configcid recover --forget leaves the files as they are; then look at them with configcid catalog verify"
            ),
        )
    } else {
        (
            text!("it can be neither finished nor undone: others have since changed {}", names.join(", ")),
            text!(
                "configcid recover --forget leaves the files as they are; then look at them with configcid catalog verify"
            ),
        )
    };
    Error::new(
        ErrorKind::Journal,
        text!("a change was interrupted ({record}); {what}", record = describe(record), what),
    )
    .in_file(shown)
    .next(next)
}

/// Puts what is not in place yet there.
fn finish(record: &Record, steps: &[Progress], targets: &[Target], turns: &Turns) -> Result<()> {
    let mut left = record.clone();
    let mut places = Vec::new();
    left.steps.clear();
    for ((step, progress), target) in record.steps.iter().zip(steps).zip(targets) {
        if let (false, Some(staged)) = (progress.is_new, record.staged(step)) {
            disk::flush(&turns.work_place(step, &target.place(&step.path), &staged))?;
        }
        // Of a name that turns it may be that one half is done.
        if !progress.is_new || turns.is_at(step.path.as_str()) {
            left.steps.push(step.clone());
            places.push(target.clone());
        }
    }
    // What was put in place before the death was perhaps not flushed.
    folders_of(record, targets, turns).into_iter().try_for_each(disk::sync_folder)?;
    turns.flush_folders(&left)?;
    put_in_place(&left, &places, turns)
}

/// Makes the change that is carried out the last one.
pub(super) fn commit(root: &Path, record: &Record) -> Result<()> {
    let places = Places::new(root);
    disk::rename(&places.journal, &places.last)?;
    // The change is done, and on its way to the disk: what fails from here on takes nothing back.
    let _ = disk::sync_folder(root).and_then(|()| super::undo::remember(root, record));
    Ok(())
}

/// Puts everything back, catalogs first, and removes what was to be put in place.
fn go_back(record: &Record, steps: &[Progress], turns: &Turns, root: &Path) -> Result<()> {
    // A folder that was to be made is perhaps not there.
    let alone = || record.steps.iter().zip(steps).filter(|(step, _)| turns.above(step.path.as_str()).is_none());
    let folders = alone().filter_map(|(_, progress)| progress.target.parent()).filter(|folder| folder.is_dir());
    let folders: BTreeSet<&Path> = folders.collect();
    for is_payload in [false, true] {
        if is_payload {
            turns.turn_back(record)?;
        }
        let of_part = |(step, _): &(&Step, &Progress)| (step.stage == Stage::Payload) == is_payload;
        let steps: Vec<_> = alone().filter(of_part).filter(|(step, _)| !turns.is_at(step.path.as_str())).collect();
        for (step, progress) in steps.into_iter().rev().filter(|(_, progress)| !progress.is_old) {
            if record.open {
                disk::remove_folder_in_place_of_a_file(&progress.target)?;
            }
            match record.kept(step) {
                Some(kept) => disk::rename(&progress.target.with_file_name(kept), &progress.target)?,
                None => disk::remove(&progress.target)?,
            }
        }
    }
    folders.iter().try_for_each(|folder| disk::sync_folder(folder))?;
    for (step, progress) in alone() {
        if let (true, Some(kept)) = (progress.is_old, record.kept(step)) {
            disk::protect_as(&progress.target, &progress.target.with_file_name(kept))?;
        }
        for name in [record.staged(step), record.kept(step)].into_iter().flatten() {
            disk::remove(&progress.target.with_file_name(name))?;
        }
    }
    // Once the journal has gone, nobody knows any more what is to be removed.
    folders.into_iter().try_for_each(disk::sync_folder)?;
    let tree = Tree::new(root.to_owned());
    for made in record.made.iter().rev() {
        // What others have put there since keeps it.
        let place = place_to_be(&tree, &CidPath::parse(made)?)?;
        disk::remove_folder(&place)?;
        if let Some(above) = place.parent().filter(|above| above.is_dir()) {
            disk::sync_folder(above)?;
        }
    }
    disk::remove(&Places::new(root).journal)?;
    disk::sync_folder(root)
}
