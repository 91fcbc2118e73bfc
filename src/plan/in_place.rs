//! A change in the midst of which a program works on the CID itself.
//!
//! The journal is that of any change, but that it is open: what the files will be is not known before the program has ended and
//! its work was judged. Until then there is one way, back: every file that the program may be about to write was kept aside
//! as a copy of its own, on the disk, before it was started. When its work is right, the journal is written anew with what
//! the files are now, and the change is one as any other: done, and to be undone.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::Path;

use super::apply::{
    Applied, Prepared, Stamps, Unchanged, changed, check_relied_on, check_room, check_unchanged, drop_kept, stage,
    write_journal,
};
use super::place::put_in_place;
use super::record::{LOCK, Places, Record, Step};
use super::recover::{self, Direction};
use super::target::Target;
use super::turn::{Turns, folders_of};
use super::writer::Writer;
use super::{Change, Content, Parts, Plan, disk, undo};
use crate::base::cleanup::Cleanup;
use crate::base::error::{Error, Result};
use crate::base::text::count;
use crate::catalog::CidPath;
use crate::cid::tree::Tree;

/// What works on a CID itself while a change to it is carried out.
pub(crate) trait OnTheCid: Debug + Send + Sync {
    /// The files that are kept aside before, each with its content then.
    fn aside(&self) -> Vec<Change>;

    /// Works, and gives the changes that it made of these files with all that is to be said of them. After an error all of
    /// them are put back.
    fn work(&self) -> Result<Parts>;
}

impl Writer {
    /// As [`apply`](Writer::apply); a plan that leaves its catalogs to a program says afterwards what became of them.
    pub(crate) fn carry_out(&self, plan: &mut Plan) -> Result<Applied> {
        let Some(work) = plan.parts.on_the_cid.clone() else { return self.apply(plan) };
        let made = self.apply_around(plan, &*work)?;
        let parts = &mut plan.parts;
        parts.on_the_cid = None;
        parts.notes.clear();
        parts.changes.extend(made.changes);
        parts.catalogs = made.catalogs;
        parts.warnings.extend(made.warnings);
        parts.notes.extend(made.notes);
        parts.said = made.said;
        parts.left = made.left;
        parts.candidates = made.candidates;
        Ok(Applied { files: parts.changes.len() })
    }

    /// Carries out the changes of a plan, and then lets `work` make its own.
    pub(super) fn apply_around(&self, plan: &Plan, work: &dyn OnTheCid) -> Result<Parts> {
        self.check_begin(plan)?;
        let tree = Tree::new(self.root.clone());
        let Prepared { mut record, mut targets, turns, .. } = self.prepare(plan, &tree)?;
        let is_payload = |path: &CidPath| plan.parts.changes.iter().any(|change| change.path.key() == path.key());
        let aside: Vec<Change> = work.aside().into_iter().filter(|change| !is_payload(&change.path)).collect();
        let previous = undo::remember_last(&self.root)?;
        record.open = true;
        record.swept = previous.iter().flat_map(Record::deep_folders).map(|folder| folder.to_string()).collect();
        let payload = record.clone();
        for (index, change) in (payload.steps.len()..).zip(&aside) {
            let Unchanged { target, seen } = check_unchanged(&tree, &self.shown, change, &turns, None)?;
            let digest = seen.map(|seen| seen.sum);
            targets.push(Target::of(&target, &change.path, targets.last()));
            record.steps.push(Step::kept_alone(change.path.clone(), change.stage, digest, index));
        }
        let folders = folders_of(&record, &targets, &turns);
        let all: Vec<Change> = plan.parts.changes.iter().chain(&aside).cloned().collect();
        check_room(plan, &all, &folders)?;
        self.sweep_once()?;

        let around = Around {
            plan,
            aside: &aside,
            tree: &tree,
            record: &record,
            targets: &targets,
            turns: &turns,
            folders: &folders,
        };
        around.begin(&payload).map_err(|error| self.take_back(error))?;
        // Where the process is told to end, the program is ended first, since its guard is the younger one.
        let guard = Cleanup::new({
            let (root, shown) = (self.root.clone(), self.shown.clone());
            move || {
                if recover::recover(&root, &shown, Some(Direction::Undo)).is_ok() {
                    // Nobody is left to give it back.
                    let _ = disk::remove(&root.join(LOCK));
                }
            }
        });
        let worked = work.work();
        guard.disarm();
        let made = worked.map_err(|error| self.put_back(error, &record, &targets))?;
        let sealed = around.sealed(&payload, &made.changes);
        if sealed.steps.is_empty() {
            recover::recover(&self.root, &self.shown, Some(Direction::Undo))?;
            return Ok(made);
        }
        around.end(&sealed, &made.changes).map_err(|error| self.take_back(error))?;
        // What is of no use from here on. The next change finds what is left.
        let _ = previous.map_or(Ok(()), |previous| drop_kept(&tree, &previous)).and_then(|()| self.sweep(&[]));
        Ok(made)
    }

    /// After the program's work was refused: puts back what was kept aside, and says of it what was seen.
    fn put_back(&self, error: Error, record: &Record, targets: &[Target]) -> Error {
        let recovered = recover::recover(&self.root, &self.shown, Some(Direction::Undo));
        let _ = self.sweep(&[]);
        let why = match recovered {
            Ok(Some(_)) => None,
            Ok(None) => Some(text!("the journal has gone").to_owned()),
            Err(why) => Some(why.to_string()),
        };
        let is_as_it_was = |(step, target): &(&Step, &Target)| {
            disk::digest(&target.place(&step.path)).is_ok_and(|digest| digest.as_ref() == step.before())
        };
        let mut strange =
            record.steps.iter().zip(targets).filter(|pair| !is_as_it_was(pair)).map(|(step, _)| &step.path);
        let how = match (strange.next(), why) {
            (None, None) => text!("the catalogs and the customer's files are as they were").to_owned(),
            (None, Some(why)) => {
                text!("the catalogs and the customer's files are as they were, but the change is left open: {why}", why)
            }
            (Some(first), why) => {
                let others = strange.count();
                let more =
                    if others > 0 { text!(" and {} more", count(others, "file", "files")) } else { String::new() };
                let why = why.map_or_else(String::new, |why| format!(" ({why})"));
                text!(
                    "{first}{more} could not be put back{why}: see whether configcid recover can; else let the server update \
                     this CID",
                    first,
                    more,
                    why
                )
            }
        };
        let next = error.next_step().map_or_else(String::new, |next| format!("; {next}"));
        error.next(how + &next)
    }
}

/// A change around a program's work.
struct Around<'a> {
    plan: &'a Plan,
    aside: &'a [Change],
    tree: &'a Tree,
    /// The changes of the plan, then what is kept aside.
    record: &'a Record,
    targets: &'a [Target],
    turns: &'a Turns,
    folders: &'a BTreeSet<&'a Path>,
}

impl Around<'_> {
    fn places(&self) -> Places {
        Places::new(self.tree.root())
    }

    /// Keeps everything that may change, and puts the plan's own changes in place.
    fn begin(&self, payload: &Record) -> Result<()> {
        let changes = &self.plan.parts.changes;
        stage(self.plan, self.tree, self.record, self.targets, self.turns, Stamps::new(), self.folders)?;
        let steps = self.record.steps[changes.len()..].iter().zip(&self.targets[changes.len()..]);
        for ((step, target), change) in steps.zip(self.aside) {
            let target = target.place(&step.path);
            let kept = target.with_file_name(self.record.kept(step).unwrap_or_default());
            let digest =
                disk::keep_copy(&target, &kept).map_err(|error| error.about(&change.path.below(&self.plan.shown)))?;
            if Some(&digest) != step.before() {
                return Err(changed(&change.path.below(&self.plan.shown)));
            }
        }
        self.folders.iter().try_for_each(|folder| disk::sync_folder(folder))?;
        // Folders may have been made since the tree was looked at.
        let tree = Tree::new(self.tree.root().to_owned());
        for (change, step) in changes.iter().chain(self.aside).zip(&self.record.steps) {
            check_unchanged(&tree, &self.plan.shown, change, self.turns, Some((step.before(), None)))?;
        }
        check_relied_on(&tree, &self.plan.shown, self.plan)?;
        put_in_place(payload, &self.targets[..changes.len()], self.turns)
    }

    /// The record of what was done, with what became of the files that were kept aside.
    fn sealed(&self, payload: &Record, made: &[Change]) -> Record {
        let mut sealed = Record { open: false, ..payload.clone() };
        for change in made {
            let Some(step) = self.record.steps.iter().find(|step| step.path == change.path) else { continue };
            sealed.steps.push(step.clone().done(change.after.as_ref().and_then(Content::sum)));
        }
        sealed
    }

    fn end(&self, sealed: &Record, made: &[Change]) -> Result<()> {
        for (step, target) in self.record.steps.iter().zip(self.targets) {
            if made.iter().any(|change| change.path == step.path) {
                disk::flush(&target.place(&step.path))?;
            }
        }
        self.folders.iter().try_for_each(|folder| disk::sync_folder(folder))?;
        write_journal(sealed, &self.places(), self.tree.root())?;
        recover::commit(self.tree.root(), sealed)
    }
}
