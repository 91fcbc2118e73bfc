//! Carrying a plan out. This is the one place that writes to a CID.
//!
//! What will be done is recorded first, in a journal inside the CID. Then every new content is written beside the file
//! it replaces, every old one gets a second name, and only when all of that is on the disk are the new ones renamed
//! into place: payload, component catalogs, root catalogs. At last the journal becomes the record of the last change.
//! Whatever happens on the way, the journal and the files beside tell how to finish or how to go back.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::lock::LockOptions;
use super::place::put_in_place;
use super::record::{Places, Record, Step, digest, work_name};
use super::writer::Writer;
use super::{Change, Plan, disk, observe, recover, undo};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::read_file;
use crate::catalog;
use crate::catalog::CidPath;
use crate::cid::generation;
use crate::cid::tree::{Found, Tree};

/// What carrying a plan out did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// Files that were written or removed.
    pub files: usize,
}

/// Room that is asked for beyond the files themselves, in bytes: records, and what a file system rounds up.
const SLACK: u64 = 64 << 10;

impl Plan {
    /// Carries the plan out: a reader sees, at every moment and per file, the old content or the new one. Owner, mode,
    /// attributes and access control lists are kept as far as the system can keep them. A plan that is empty touches
    /// nothing. Other [`LockOptions`] than the usual ones are for [`Writer::lock`].
    ///
    /// # Errors
    /// Another writer is at work; a file is not what it was when the plan was made, is a link, or cannot be written;
    /// the disk is full. The CID is then as it was, or the error says how to make it so.
    pub fn apply(&self) -> Result<Applied> {
        if self.is_empty() {
            return Ok(Applied { files: 0 });
        }
        if !self.in_cid {
            return self.apply_alone();
        }
        Writer::lock_root(&self.root, &self.shown, LockOptions::default())?.apply(self)
    }

    /// Carries a plan of one file out that is in no CID: there is no journal, since one rename does all.
    fn apply_alone(&self) -> Result<Applied> {
        let tree = Tree::new(self.root.clone());
        for change in &self.parts.changes {
            let target = check_unchanged(&tree, &self.shown, change)?;
            let staged = target.with_file_name(work_name(&Record::new("").id, 0, "new"));
            let bytes = change.after.as_deref().unwrap_or_default();
            let like = change.before.is_some().then_some(&*target);
            let done = disk::write_new(&staged, bytes, like).and_then(|()| disk::rename(&staged, &target));
            if let Err(error) = done {
                let _ = disk::remove(&staged);
                let shown = change.path.below(&self.shown);
                return Err(error.about(&shown).next("nothing was changed; remove the cause, then try again"));
            }
            disk::sync_folder(&self.root)?;
        }
        Ok(Applied { files: self.parts.changes.len() })
    }
}

impl Writer {
    /// Carries a plan out, as [`Plan::apply`] does.
    ///
    /// # Errors
    /// As [`Plan::apply`], and where an interrupted change has not been [recovered](Writer::recover) yet.
    pub fn apply(&self, plan: &Plan) -> Result<Applied> {
        let places = Places::new(&self.root);
        if disk::exists(&places.journal)? {
            return Err(Error::new(ErrorKind::Changed, "a change to this CID was interrupted")
                .in_file(&self.shown)
                .next("configcid recover finishes or undoes it"));
        }
        if plan.is_empty() {
            return Ok(Applied { files: 0 });
        }
        // Files that are read for a plan and not changed by it count, too.
        if plan.in_cid && generation(&self.root) != plan.generation {
            return Err(Error::new(ErrorKind::Changed, "another writer changed the CID since it was read")
                .in_file(&self.shown)
                .next("nothing was changed; try again"));
        }
        let tree = Tree::new(self.root.clone());
        let (record, targets) = self.prepare(plan, &tree)?;
        let folders: BTreeSet<&Path> = targets.iter().filter_map(|target| target.parent()).collect();
        check_room(plan, &folders)?;
        // In this order: a sweep after which nothing was done would have made the last change one without a way back.
        let previous = undo::remember_last(&self.root)?;
        self.sweep_once()?;

        let done = stage(plan, &tree, &record, &targets, &places, &folders).and_then(|()| {
            plan.parts.changes.iter().try_for_each(|change| check_unchanged(&tree, &self.shown, change).map(drop))?;
            check_relied_on(&tree, &self.shown, plan)?;
            put_in_place(&record, &targets)?;
            recover::commit(&self.root)
        });
        if let Err(error) = done {
            return Err(self.take_back(error));
        }
        // What the change before this one had kept is of no use now. The next change finds what is left.
        let _ = previous.map_or(Ok(()), |previous| drop_kept(&tree, &previous));
        Ok(Applied { files: plan.parts.changes.len() })
    }

    /// The record of a plan and the real paths of its files. Checks that each is what the plan saw.
    fn prepare(&self, plan: &Plan, tree: &Tree) -> Result<(Record, Vec<PathBuf>)> {
        let mut record = Record::new(&plan.parts.purpose);
        let mut targets = Vec::new();
        for (index, change) in plan.parts.changes.iter().enumerate() {
            let target = check_unchanged(tree, &self.shown, change)?;
            let name = target.file_name().unwrap_or_default().to_string_lossy();
            let path = CidPath::in_folder(change.path.folder().as_ref(), &name)?;
            record.steps.push(Step {
                path: path.to_string(),
                stage: change.stage,
                before: change.before.as_deref().map(digest),
                after: change.after.as_deref().map(digest),
                staged: change.after.as_ref().map(|_| work_name(&record.id, index, "new")),
                kept: change.before.as_ref().map(|_| work_name(&record.id, index, "old")),
            });
            targets.push(target);
        }
        Ok((record, targets))
    }

    /// After an error: goes back to where the change began, and says so in the error.
    fn take_back(&self, error: Error) -> Error {
        let recovered = recover::recover(&self.root, &self.shown, Some(recover::Direction::Undo));
        let _ = self.sweep();
        match recovered {
            Ok(None | Some(recover::Recovered { outcome: recover::Outcome::Undone, .. })) => {
                error.next("nothing was changed; remove the cause, then try again")
            }
            Ok(Some(_)) => error,
            Err(_) => error.next("the change is interrupted: configcid recover finishes or undoes it"),
        }
    }
}

/// Removes what a change had kept for going back to before it.
fn drop_kept(tree: &Tree, past: &Record) -> Result<()> {
    for step in &past.steps {
        let folder = tree.folder(step.checked_path()?.folder().as_ref())?;
        if let (Some(folder), Some(kept)) = (folder, &step.kept) {
            disk::remove(&folder.join(kept))?;
        }
    }
    Ok(())
}

/// Writes the journal, keeps every old content, and writes every new one beside its file, all of it flushed.
fn stage(
    plan: &Plan,
    tree: &Tree,
    record: &Record,
    targets: &[PathBuf],
    places: &Places,
    folders: &BTreeSet<&Path>,
) -> Result<()> {
    let draft = tree.root().join(work_name(&record.id, record.steps.len(), "new"));
    disk::write_new(&draft, &record.print(), None)?;
    disk::rename(&draft, &places.journal)?;
    disk::sync_folder(tree.root())?;
    for ((step, change), target) in record.steps.iter().zip(&plan.parts.changes).zip(targets) {
        // The name of a file beside the one to be written says nothing to anybody.
        stage_one(tree, step, change, target).map_err(|error| error.about(&change.path.below(&plan.shown)))?;
    }
    folders.iter().try_for_each(|folder| disk::sync_folder(folder))
}

/// Keeps the old content of a file, and writes the new one beside it.
fn stage_one(tree: &Tree, step: &Step, change: &Change, target: &Path) -> Result<()> {
    if let Some(kept) = &step.kept {
        disk::keep(target, &target.with_file_name(kept))?;
    }
    if let (Some(staged), Some(bytes)) = (&step.staged, &change.after) {
        let like = match (&change.before, &change.kept) {
            (Some(_), _) => Some(target.to_owned()),
            (None, Some(kept)) => Some(kept.clone()),
            (None, None) => like(tree, change)?,
        };
        let staged = target.with_file_name(staged);
        disk::write_new(&staged, bytes, like.as_deref())?;
        if let Some(kept) = &change.kept {
            disk::take_time(&staged, kept)?;
        }
    }
    Ok(())
}

/// Refuses where the disk has no room for everything at once, or a folder cannot be written.
fn check_room(plan: &Plan, folders: &BTreeSet<&Path>) -> Result<()> {
    let size = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, |bytes| bytes.len() as u64);
    let bytes: u64 = plan.parts.changes.iter().map(|change| size(&change.before) + size(&change.after)).sum();
    let check = |folder: &&Path| {
        let shown = plan.shown.join(folder.strip_prefix(&plan.root).unwrap_or(folder));
        disk::check_folder(folder, bytes + SLACK).map_err(|error| error.about(&shown))
    };
    folders.iter().try_for_each(check)
}

/// The file whose attributes a new one takes: the one of the same name in the root.
fn like(tree: &Tree, change: &Change) -> Result<Option<PathBuf>> {
    Ok(match tree.find(&CidPath::in_root(change.path.file_name())?)? {
        Found::File { path, .. } => Some(path),
        _ => None,
    })
}

/// The real path of the file to change, if it is still what the plan saw.
fn check_unchanged(tree: &Tree, shown: &Path, change: &Change) -> Result<PathBuf> {
    let shown = change.path.below(shown);
    let now = match tree.find(&change.path)? {
        Found::Absent => None,
        Found::File { linked: true, .. } => {
            return Err(Error::new(ErrorKind::Link, "a link leads here, and configcid writes through none")
                .in_file(&shown)
                .next("put a real file in its place"));
        }
        Found::File { path, .. } => Some(read_file(&path, catalog::MAX_SIZE)?),
        Found::Folder | Found::Other => {
            return Err(Error::new(ErrorKind::Io, "this should be a file, and is none").in_file(&shown));
        }
    };
    if now != change.before {
        return Err(changed(&shown));
    }
    tree.place(&change.path)
}

/// Checks that the files that the catalogs will speak of are what they were.
fn check_relied_on(tree: &Tree, shown: &Path, plan: &Plan) -> Result<()> {
    for (path, then) in &plan.parts.relied_on {
        if observe(tree, path)? != *then {
            return Err(changed(&path.below(shown)));
        }
    }
    Ok(())
}

fn changed(shown: &Path) -> Error {
    Error::new(ErrorKind::Changed, "the file changed since it was read")
        .in_file(shown)
        .next("nothing was changed; wait until nothing else writes to the CID, then try again")
}
