//! Plans made and carried out for all CIDs side by side.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::follow::{follow, told};
use super::look::identity;
use super::places::{source_in_file, sources};
use super::plan::plan;
use super::publish::{left, publish};
use super::status::{State, status_by_file};
use super::{Fleet, FleetCid, Given};
use crate::base::error::{Error, ErrorKind};
use crate::base::pool::side_by_side;
use crate::catalogs::RefreshOptions;
use crate::run::{Followed, Ran, Run, Status};

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
/// A CID with a `source` first gets what it lacks of that one, its relay kept, and then its relay is set; it is begun when a
/// source that is a CID of the file, too, is done. A dry run says both as of now: what relay set-up will do to a CID that is
/// not there yet is not said. One with `publish` is published when it is done; a dry run says what of it is to be published as
/// it is now.
///
/// A CID that two names of the file reach is begun under neither, since the file asks two things of it. One that needs no
/// change and is still not as the file says has [`Status::Drifted`].
pub fn run(fleet: &Fleet, work: &Work<'_>, begun: impl Fn(usize) + Sync, mut done: impl FnMut(usize, Option<Ran>)) {
    let twins = twins(fleet);
    let (levels, _) = sources(fleet);
    let failed = Mutex::new(HashSet::new());
    for level in 0..=levels.iter().copied().max().unwrap_or(0) {
        let these: Vec<usize> = (0..fleet.cids.len()).filter(|index| levels[*index] == level).collect();
        let one = |number: usize| {
            if work.stop.load(Ordering::Relaxed) {
                return None;
            }
            let index = these[number];
            let cid = &fleet.cids[index];
            begun(index);
            let has_failed = |source: &usize| failed.lock().unwrap_or_else(PoisonError::into_inner).contains(source);
            let refused = match (twins.get(&index), source_in_file(fleet, cid).filter(has_failed)) {
                (Some(other), _) => Some(twin(&fleet.cids[*other])),
                (None, Some(source)) => Some(without_source(&fleet.cids[source])),
                (None, None) => None,
            };
            let mut ran = match refused {
                Some(error) => Ran::failed(&cid.folder, error),
                None => one_cid(fleet, cid, work),
            };
            ran.cid = cid.path.value.clone();
            Some(ran)
        };
        side_by_side(work.jobs, these.len(), one, |number, ran| {
            if ran.as_ref().is_none_or(|ran| ran.status == Status::Failed) {
                failed.lock().unwrap_or_else(PoisonError::into_inner).insert(these[number]);
            }
            done(these[number], ran);
        });
    }
}

fn twin(other: &FleetCid) -> Error {
    let Given { value, line } = &other.path;
    let what = text!("this is the CID of line {line}, too, under another name: {value}", line, value);
    Error::new(ErrorKind::Fleet, what).next("name it once, with the relay that it is for")
}

fn without_source(source: &FleetCid) -> Error {
    let what = text!("it follows {}, which failed, and was left as it is", source.path.value);
    Error::new(ErrorKind::Fleet, what).next("mend that one first, then run it again")
}

/// One CID from start to end.
fn one_cid(fleet: &Fleet, cid: &FleetCid, work: &Work<'_>) -> Ran {
    // What is wrong with the file's own function, the plan tells.
    let refresh = cid.refresh(work.refresh).unwrap_or(Cow::Borrowed(work.refresh));
    let run = Run { look: work.run.look.map(|_| &*refresh), ..work.run };
    let followed = match follow(fleet, cid, &run, &refresh).map(|delivered| told(cid, delivered)) {
        None => None,
        Some(Err(ran)) => return *ran,
        Some(Ok((followed, ran))) if work.run.dry_run && followed.is_new => {
            return Ran { followed: Some(followed), ..ran };
        }
        Some(Ok(followed)) => Some(followed),
    };
    let mut ran = by_file(fleet, cid, &run, &refresh, followed);
    // One that nothing can be done for here (`Drifted`) is what endpoints of the CID itself get, too.
    ran.published = match ran.error.is_none() && ran.faults.is_empty() {
        true => publish(cid, &run, &refresh),
        false => left(cid),
    };
    if ran.status == Status::Unchanged
        && let Some(published) = ran.published.iter().find(|it| matches!(it.status, Status::Planned | Status::Changed))
    {
        ran.status = published.status;
    }
    ran
}

/// What the file says of a CID that has got what it lacks of the one that it follows.
fn by_file(
    fleet: &Fleet,
    cid: &FleetCid,
    run: &Run<'_>,
    refresh: &RefreshOptions,
    followed: Option<(Followed, Ran)>,
) -> Ran {
    let mut ran = run.on(&cid.folder, |_| plan(fleet, cid, refresh));
    // What is told of and not mended is no CID that is as it should be.
    if ran.status == Status::Unchanged
        && ran.plan.as_ref().is_some_and(|plan| !plan.warnings().is_empty())
        && status_by_file(fleet, cid, refresh).state == State::Drifted
    {
        ran.status = Status::Drifted;
    }
    if let Some((followed, first)) = followed {
        if ran.status == Status::Unchanged {
            ran.status = followed.status;
        }
        ran.recovered = first.recovered.or(ran.recovered);
        ran.broken_lock = first.broken_lock.or(ran.broken_lock);
        ran.lock_left = ran.lock_left.or(first.lock_left);
        ran.followed = Some(followed);
    }
    ran
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
