//! Carrying a plan out. This is the one place that writes to a CID.
//!
//! What will be done is recorded first, in a journal inside the CID. Then every new content is written beside the file
//! it replaces, every old one gets a second name, and only when all of that is on the disk are the new ones renamed
//! into place: payload, component catalogs, root catalogs. At last the journal becomes the record of the last change.
//! Whatever happens on the way, the journal and the files beside tell how to finish or how to go back.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::lock::LockOptions;
use super::place::put_in_place;
use super::record::{Places, Record, Step, Sum256, work_name};
use super::stamp::Stamp;
use super::target::Target;
use super::turn::{Turns, folders_of, place_to_be, recorded, turned};
use super::writer::Writer;
use super::{Change, Content, Plan, disk, observe, recover, undo};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::pool::{in_flight_by_parts, in_parallel_by_parts};
use crate::catalog::CidPath;
use crate::cid::digest::sha256_of;
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
            let target = check_unchanged(&tree, &self.shown, change, &Turns::default(), None)?.target;
            let staged = target.with_file_name(work_name(&Record::new("").id, 0, "new"));
            let bytes = change.bytes_after();
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
        if let Some(work) = &plan.parts.on_the_cid {
            let made = self.apply_around(plan, &**work)?;
            return Ok(Applied { files: made.changes.len() });
        }
        self.check_begin(plan)?;
        if plan.is_empty() {
            return Ok(Applied { files: 0 });
        }
        let tree = Tree::new(self.root.clone());
        let Prepared { mut record, targets, stamps, turns } = self.prepare(plan, &tree)?;
        let folders = folders_of(&record, &targets, &turns);
        check_room(plan, &plan.parts.changes, &folders)?;
        // In this order: a sweep after which nothing was done would have made the last change one without a way back.
        let previous = undo::remember_last(&self.root)?;
        // What the change before this one has kept goes when this one is done, by which time nothing else tells where it is.
        record.swept = previous.iter().flat_map(Record::deep_folders).map(|folder| folder.to_string()).collect();
        self.sweep_once()?;

        let done = stage(plan, &tree, &record, &targets, &turns, stamps, &folders).and_then(|stamps| {
            // Folders may have been made since the tree was looked at.
            let later = (!record.made.is_empty()).then(|| Tree::new(self.root.clone()));
            let tree = later.as_ref().unwrap_or(&tree);
            tree.list_folders(plan.parts.changes.iter().map(|change| change.path.clone()));
            let check = |index: usize| {
                let then = (record.steps[index].before(), stamps.get(&index).copied());
                check_unchanged(tree, &self.shown, &plan.parts.changes[index], &turns, Some(then)).map(drop)
            };
            in_parallel_by_parts(record.steps.len(), check, |_, ()| {})?;
            drop(stamps);
            check_relied_on(tree, &self.shown, plan)?;
            put_in_place(&record, &targets, &turns)?;
            recover::commit(&self.root, &record)
        });
        if let Err(error) = done {
            return Err(self.take_back(error));
        }
        // What the change before this one had kept is of no use now. The next change finds what is left.
        let _ = previous.map_or(Ok(()), |previous| drop_kept(&tree, &previous));
        Ok(Applied { files: plan.parts.changes.len() })
    }

    /// Refuses to begin on what an interrupted change left, or on another CID than the one that was read.
    pub(super) fn check_begin(&self, plan: &Plan) -> Result<()> {
        if disk::exists(&Places::new(&self.root).journal)? {
            return Err(Error::new(ErrorKind::Changed, "a change to this CID was interrupted")
                .in_file(&self.shown)
                .next("configcid recover finishes or undoes it"));
        }
        // Files that are read for a plan and not changed by it count, too.
        if !plan.is_empty() && plan.in_cid && generation(&self.root) != plan.generation {
            return Err(Error::new(ErrorKind::Changed, "another writer changed the CID since it was read")
                .in_file(&self.shown)
                .next("nothing was changed; try again"));
        }
        Ok(())
    }

    /// What is to be done, and where. Checks that each file is what the plan saw.
    pub(super) fn prepare(&self, plan: &Plan, tree: &Tree) -> Result<Prepared> {
        let mut record = Record::new(&plan.parts.purpose);
        let count = plan.parts.changes.len();
        let mut targets: Vec<Target> = Vec::with_capacity(count);
        let mut stamps = Stamps::new();
        record.steps.reserve_exact(count);
        let mut made = BTreeMap::new();
        // Each folder once, and not by whoever of many comes to it at the same time.
        tree.list_folders(plan.parts.changes.iter().map(|change| change.path.clone()));
        let turned = turned(tree, &self.shown, &plan.parts.changes)?;
        record.turned = recorded(turned, &record.id, plan.parts.changes.len() + 1);
        let turns = Turns::of(&record, tree)?;
        let check = |index: usize| check_unchanged(tree, &self.shown, &plan.parts.changes[index], &turns, None);
        let mut failed = None;
        let mut add = |index: usize, Unchanged { target, seen }| -> Result<()> {
            let change = &plan.parts.changes[index];
            let (digest, stamp) = seen.map_or((None, None), |seen| (Some(seen.sum), seen.stamp));
            let path = if turns.concern(change.path.as_str()) {
                // Its folder gets another name, below which it is found as it is spelled on the disk.
                let below = target.strip_prefix(tree.root()).unwrap_or(&target);
                CidPath::from_relative(below).map_err(|what| Error::new(ErrorKind::Path, what).in_file(&target))?
            } else {
                if change.after.is_some() {
                    folders_to_make(tree, &change.path, &mut made)?;
                }
                let name = target.file_name().unwrap_or_default().to_string_lossy();
                match name == change.path.file_name() {
                    true => change.path.clone(),
                    false => CidPath::in_folder(change.path.folder().as_ref(), &name)?,
                }
            };
            let after = change.after.as_ref().map(|after| after.digest(&change.path)).transpose()?;
            record.steps.push(Step::new(path, change.stage, digest, after, index));
            targets.push(Target::of(&target, &change.path, targets.last()));
            stamps.extend(stamp.map(|stamp| (index, stamp)));
            Ok(())
        };
        in_parallel_by_parts(count, check, |index, unchanged| {
            if failed.is_none() {
                failed = add(index, unchanged).err();
            }
        })?;
        failed.map_or(Ok(()), Err)?;
        record.made = made.into_values().map(|folder| folder.to_string()).collect();
        Ok(Prepared { record, targets, stamps, turns })
    }

    /// After an error: goes back to where the change began, and says so in the error.
    pub(super) fn take_back(&self, error: Error) -> Error {
        let recovered = recover::recover(&self.root, &self.shown, Some(recover::Direction::Undo));
        let _ = self.sweep(&[]);
        match recovered {
            Ok(None | Some(recover::Recovered { outcome: recover::Outcome::Undone, .. })) => {
                error.next("nothing was changed; remove the cause, then try again")
            }
            Ok(Some(_)) => error,
            Err(_) => error.next("the change is interrupted: configcid recover finishes or undoes it"),
        }
    }
}

/// The stamps of files, by the number of the change: none of files that come.
pub(super) type Stamps = HashMap<usize, Stamp>;

/// A plan, ready to be carried out.
pub(super) struct Prepared {
    pub record: Record,
    /// The real path of each file.
    pub targets: Vec<Target>,
    /// What each file was when it was read, where there was one.
    pub stamps: Stamps,
    /// The names of which a file becomes a folder, or a folder a file.
    pub turns: Turns,
}

/// Removes what a change had kept for going back to before it.
pub(super) fn drop_kept(tree: &Tree, past: &Record) -> Result<()> {
    for step in &past.steps {
        let folder = tree.folder(step.path.folder().as_ref())?;
        if let (Some(folder), Some(kept)) = (folder, past.kept(step)) {
            disk::remove(&folder.join(kept))?;
        }
    }
    Turns::of(past, tree)?.drop_kept()
}

/// Writes the journal, or another one in its place.
pub(super) fn write_journal(record: &Record, places: &Places, root: &Path) -> Result<()> {
    let draft = root.join(work_name(&record.id, record.steps.len(), "new"));
    disk::write_new_in_pieces(&draft, |to| record.write(to))?;
    disk::rename(&draft, &places.journal)?;
    disk::sync_folder(root)
}

/// Writes the journal, keeps every old content, and writes every new one beside its file, all of it flushed. `stamps` are those
/// of the files when they were read, none where they are not known. Gives those of files of which nothing else happened since:
/// they need not be read again.
pub(super) fn stage(
    plan: &Plan,
    tree: &Tree,
    record: &Record,
    targets: &[Target],
    turns: &Turns,
    stamps: Stamps,
    folders: &BTreeSet<&Path>,
) -> Result<Stamps> {
    let places = Places::new(tree.root());
    write_journal(record, &places, tree.root())?;
    // A time of this disk, after all of these files were read.
    let begun = places.journal.symlink_metadata().and_then(|journal| journal.modified()).ok();
    let is_old = |stamp: &Stamp| begun.is_some_and(|begun| !stamp.is_fresh(begun));
    // All of the places before any is there.
    let made = record.made.iter().map(|folder| place_to_be(tree, &CidPath::parse(folder)?));
    for place in made.collect::<Result<Vec<PathBuf>>>()? {
        disk::make_folder(&place)?;
        if let Some(above) = place.parent() {
            disk::sync_folder(above)?;
        }
    }
    turns.make_folders(record)?;
    let count = plan.parts.changes.len();
    let mut now = Stamps::new();
    let one = |index: usize| {
        let (step, change) = (&record.steps[index], &plan.parts.changes[index]);
        let (target, stamp) = (&targets[index].place(&step.path), stamps.get(&index).copied().filter(is_old));
        // The name of a file beside the one to be written says nothing to anybody.
        let about = |error: Error| error.about(&change.path.below(&plan.shown));
        let goes_along = turns.above(step.path.as_str()).is_some_and(|turn| !turn.comes);
        let stamp = if goes_along { stamp } else { keep_one(record.kept(step), target, stamp).map_err(about)? };
        stage_one(tree, record, step, change, target, turns).map_err(about)?;
        Ok(stamp)
    };
    in_flight_by_parts(disk::AT_A_TIME, count, one, |index, stamp| now.extend(stamp.map(|stamp| (index, stamp))))?;
    turns.flush_folders(record)?;
    folders.iter().try_for_each(|folder| disk::sync_folder(folder))?;
    Ok(now)
}

/// Keeps the old content of a file, which had this stamp when it was read; gives the present one if nothing else has happened
/// to it.
fn keep_one(kept: Option<String>, target: &Path, stamp: Option<Stamp>) -> Result<Option<Stamp>> {
    let Some(kept) = kept else { return Ok(None) };
    let stamp = stamp.filter(|stamp| Stamp::of(target) == Some(*stamp));
    disk::keep(target, &target.with_file_name(kept))?;
    Ok(stamp.and_then(|stamp| stamp.after_naming(target)))
}

/// Writes the new content of a file beside it.
fn stage_one(tree: &Tree, record: &Record, step: &Step, change: &Change, target: &Path, turns: &Turns) -> Result<()> {
    let Some((staged, after)) = record.staged(step).zip(change.after.as_ref()) else { return Ok(()) };
    let staged = turns.work_place(step, target, &staged);
    let like = match (&change.before, &change.kept, after) {
        (Some(_), ..) => Some(target.to_owned()),
        (None, Some(kept), _) => Some(kept.to_path_buf()),
        // It brings its own.
        (None, None, Content::File(_) | Content::Elsewhere(_)) => None,
        (None, None, Content::Bytes(_)) => like(tree, change)?,
    };
    let like = like.as_deref();
    let copied = match after {
        Content::Bytes(bytes) => {
            disk::write_new(&staged, bytes, like)?;
            None
        }
        Content::File(file) if file.is_staged => disk::adopt(&file.place(&change.path), &staged, like)?,
        Content::File(file) => Some(disk::copy_new(&file.place(&change.path), &staged, like)?),
        Content::Elsewhere(_) => return Err(changed(target)),
    };
    if copied.is_some() && copied != step.after {
        return Err(changed(target));
    }
    if let Some(kept) = &change.kept {
        disk::take_time(&staged, kept)?;
    }
    Ok(())
}

/// Refuses where the disk has no room for everything at once, or a folder cannot be written.
pub(super) fn check_room(plan: &Plan, changes: &[Change], folders: &BTreeSet<&Path>) -> Result<()> {
    // What is a file already gets another name, where the system has such names.
    let has_names = cfg!(not(windows));
    let before = |content: &Content| if has_names && content.bytes().is_none() { 0 } else { content.size() };
    let after = |content: &Content| match content {
        Content::File(file) if has_names && file.is_staged => 0,
        content => content.size(),
    };
    let size = |change: &Change| change.before.as_ref().map_or(0, before) + change.after.as_ref().map_or(0, after);
    let bytes: u64 = changes.iter().map(size).sum();
    // Of folders that are to be made, the one that they are made in.
    let there = folders.iter().filter_map(|folder| folder.ancestors().find(|folder| folder.is_dir()));
    let folders: BTreeSet<&Path> = there.collect();
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

/// Adds the folders that a file needs and that are not there, by their depth and key.
fn folders_to_make(tree: &Tree, file: &CidPath, made: &mut BTreeMap<(usize, String), CidPath>) -> Result<()> {
    let mut folder = file.folder();
    while let Some(this) = folder.filter(|folder| !made.contains_key(&(folder.depth(), folder.key()))) {
        if tree.folder(Some(&this))?.is_some() {
            break;
        }
        folder = this.folder();
        made.insert((this.depth(), this.key()), this);
    }
    Ok(())
}

/// A file that is still what the plan saw.
pub(super) struct Unchanged {
    /// Its real path.
    pub target: PathBuf,
    /// What is there; `None` where there is none.
    pub seen: Option<Seen>,
}

/// What a file is.
pub(super) struct Seen {
    /// The SHA-256 of what it holds.
    pub sum: Sum256,
    /// From before it was read.
    pub stamp: Option<Stamp>,
}

/// What a file was when it was read: the SHA-256, none where there was no file, and its stamp, where that has stayed the same as
/// far as is known.
pub(super) type Then<'a> = (Option<&'a Sum256>, Option<Stamp>);

/// Checks that a file is still what the plan saw; or, where that has been read before, that it is still what it was `then`. With
/// the stamp that it had then, it is not read again.
pub(super) fn check_unchanged(
    tree: &Tree,
    shown: &Path,
    change: &Change,
    turns: &Turns,
    then: Option<Then<'_>>,
) -> Result<Unchanged> {
    let shown = change.path.below(shown);
    let mut stamp = None;
    let now = match tree.find(&change.path)? {
        Found::Absent => None,
        Found::Folder if change.before.is_none() && turns.is_at(change.path.as_str()) => None,
        Found::File { linked: true, .. } => {
            return Err(Error::new(ErrorKind::Link, "a link leads here, and configcid writes through none")
                .in_file(&shown)
                .next("put a real file in its place"));
        }
        Found::File { path, .. } => {
            stamp = Stamp::of(&path);
            match then {
                Some((digest, Some(then))) if stamp == Some(then) => digest.copied(),
                _ => Some(sha256_of(&path, u64::MAX)?),
            }
        }
        Found::Folder | Found::Other => {
            return Err(Error::new(ErrorKind::Io, "this should be a file, and is none").in_file(&shown));
        }
    };
    let is_same = match (then, &change.before) {
        (Some((then, _)), _) => now.as_ref() == then,
        // It is read for the first time.
        (None, Some(Content::File(file))) if file.sha256.is_none() => now.is_some(),
        (None, before) => now == before.as_ref().and_then(Content::sum),
    };
    if !is_same {
        return Err(changed(&shown));
    }
    Ok(Unchanged { target: turns.target_before(tree, &change.path)?, seen: now.map(|sum| Seen { sum, stamp }) })
}

/// Checks that the files that the catalogs will speak of are what they were.
pub(super) fn check_relied_on(tree: &Tree, shown: &Path, plan: &Plan) -> Result<()> {
    for (path, then) in &plan.parts.relied_on {
        if observe(tree, path)? != *then {
            return Err(changed(&path.below(shown)));
        }
    }
    Ok(())
}

pub(super) fn changed(shown: &Path) -> Error {
    Error::new(ErrorKind::Changed, "the file changed since it was read")
        .in_file(shown)
        .next("nothing was changed; wait until nothing else writes to the CID, then try again")
}
