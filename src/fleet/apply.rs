//! Plans made and carried out for all CIDs side by side.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Fleet;
use super::look::identity;
use super::plan::plan;
use super::status::{State, cid_status};
use crate::base::error::{Error, ErrorKind};
use crate::base::pool::side_by_side;
use crate::catalogs::RefreshOptions;
use crate::run::{Ran, Run, Status};

/// How to plan, or to carry out, for all CIDs.
#[derive(Debug)]
pub struct Work<'a> {
    /// How to run on each. A dry run plans.
    pub run: Run<'a>,
    /// How the catalogs are refreshed.
    pub refresh: &'a RefreshOptions,
    /// How many CIDs are worked on at a time.
    pub jobs: usize,
    /// Once it is set, no further CID is begun; those under way are ended.
    pub stop: &'a AtomicBool,
}

/// Plans for every CID of the file, and carries the plans out unless it is a dry run, some at a time; one that fails stops
/// no other. `begun` is called when a CID is begun, on any thread; `done` with what became of it, on this one, and with
/// `None` for a CID that was not begun since the work was stopped.
///
/// A CID that two names of the file reach is begun under neither, since the file asks two things of it. One that needs no
/// change and is still not as the file says has [`Status::Drifted`].
pub fn run(fleet: &Fleet, work: &Work<'_>, begun: impl Fn(usize) + Sync, done: impl FnMut(usize, Option<Ran>)) {
    let twins = twins(fleet);
    let one = |index: usize| {
        if work.stop.load(Ordering::Relaxed) {
            return None;
        }
        begun(index);
        let cid = &fleet.cids[index];
        let mut ran = work.run.on(&cid.folder, |_| match twins.get(&index) {
            None => plan(fleet, cid, work.refresh),
            Some(other) => {
                let other = &fleet.cids[*other].path;
                let what = format!("this is the CID of line {}, too, under another name: {}", other.line, other.value);
                Err(Error::new(ErrorKind::Fleet, what).next("name it once, with the relay that it is for"))
            }
        });
        // What is told of and not mended is no CID that is as it should be.
        if ran.status == Status::Unchanged
            && ran.plan.as_ref().is_some_and(|plan| !plan.warnings().is_empty())
            && cid_status(fleet, cid, work.refresh).state == State::Drifted
        {
            ran.status = Status::Drifted;
        }
        ran.cid = cid.path.value.clone();
        Some(ran)
    };
    side_by_side(work.jobs, fleet.cids.len(), one, done);
}

/// The CIDs that another name of the file reaches, too, each with that other one: by a link, or as it is mounted twice.
fn twins(fleet: &Fleet) -> HashMap<usize, usize> {
    let mut twins = HashMap::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for (index, cid) in fleet.cids.iter().enumerate() {
        let Some(identity) = identity(&cid.folder) else { continue };
        match known.get(&identity) {
            None => drop(known.insert(identity, index)),
            Some(first) => {
                twins.insert(index, *first);
                twins.entry(*first).or_insert(index);
            }
        }
    }
    twins
}
