//! What each CID needs to be as the fleet file says, planned and carried out side by side.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use super::look::{identity, look_at};
use super::status::{State, cid_status};
use super::{Fleet, FleetCid, Target};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::pool::side_by_side;
use crate::catalog::CidPath;
use crate::catalogs::{Payload, RefreshOptions};
use crate::cid::Cid;
use crate::mrinit::{KEY_MR_PARENT, RelayAddress, names_relay};
use crate::plan::Plan;
use crate::relay::{self, CopyState, ParentBack, RelaySetup, RelayState};
use crate::run::{Ran, Run, Status};

/// What the purpose of a change begins with that a fleet file asked for.
pub(super) const PURPOSE: &str = "fleet apply: ";

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

/// The relay set-up of a CID; `None` where its endpoints report to the server.
///
/// # Errors
/// The relay, or its parent, is unknown or has no valid address: [`check`](super::check()) finds these.
pub fn setup(fleet: &Fleet, cid: &FleetCid, refresh: &RefreshOptions) -> Result<Option<RelaySetup>> {
    let index = match cid.reports_to {
        Target::Relay(index) => index,
        Target::Server => return Ok(None),
        Target::Unknown => {
            let what = format!("{} names a relay that the fleet file does not have", cid.path.value);
            return Err(Error::new(ErrorKind::Fleet, what).next("configcid fleet check finds such mistakes"));
        }
    };
    let mut setup = RelaySetup::new(fleet.relays[index].machine.address()?);
    setup.parent_relay = fleet.parent_relay_address(index)?;
    setup.edit_root = cid.edits_root();
    setup.from_root = cid.from_root;
    setup.is_fleet = true;
    setup.refresh = refresh.clone();
    Ok(Some(setup))
}

/// Plans what a CID needs to be as the file says. Where its endpoints report to a relay, that is relay set-up
/// \[14635\]; where they report to the server, their address lines are edited only if they name another machine.
/// `MRParentAddress` is set where the file says that the parent of the relay is a relay; where it is the server, the line is
/// set back if it names a relay of the file, and else left alone.
///
/// # Errors
/// The CID is not there or for another platform, as [`check_cids`](super::check_cids) finds; or as [`relay::set`].
pub fn plan(fleet: &Fleet, cid: &FleetCid, refresh_options: &RefreshOptions) -> Result<Plan> {
    let open = Cid::open(&cid.folder)?;
    let state = relay::show(&open)?;
    plan_of(fleet, cid, &open, &state, refresh_options)
}

/// As [`plan`], for a CID that is open.
pub(super) fn plan_of(
    fleet: &Fleet,
    cid: &FleetCid,
    open: &Cid,
    state: &RelayState,
    refresh_options: &RefreshOptions,
) -> Result<Plan> {
    if let Some(finding) = look_at(fleet, cid, open, Some(state)).into_iter().find(|finding| finding.is_error()) {
        return Err(Error::new(ErrorKind::Fleet, finding.what).next(finding.next));
    }
    let mut payload = match setup(fleet, cid, refresh_options)? {
        Some(mut setup) => {
            setup.parent_back = parent_back(fleet, cid, state);
            relay::payload(open, &setup)?
        }
        None => to_server(fleet, cid, open, state)?,
    };
    payload.purpose = format!("{PURPOSE}{}", payload.purpose);
    let faults = parent_faults(fleet, cid, state).into_iter();
    payload.warnings.extend(faults.map(|(path, what)| format!("{path}: {what}")));
    payload.plan(open, refresh_options)
}

fn to_server(fleet: &Fleet, cid: &FleetCid, open: &Cid, state: &RelayState) -> Result<Payload> {
    let back = parent_back(fleet, cid, state);
    let is_due = |copy: &CopyState| {
        back.as_ref().zip(copy.mr_parent_address.as_deref()).is_some_and(|(back, list)| back.is_due(list))
    };
    let is_wrong = |copy: &CopyState, server: &RelayAddress| !reports_to(copy, server) || is_due(copy);
    let server = match fleet.server.machine.address() {
        Ok(server) if state.copies.iter().any(|copy| cid.reads(copy) && is_wrong(copy, &server)) => server,
        _ => return Ok(Payload::new("refresh")),
    };
    let mut setup = RelaySetup::new(server);
    setup.is_server = true;
    setup.parent_back = back;
    setup.edit_root = cid.edits_root();
    setup.from_root = cid.from_root;
    setup.is_fleet = true;
    relay::payload(open, &setup)
}

/// What `MRParentAddress` of a CID is to be where its relay's parent is the server, or where its endpoints report to the
/// server; `None` where a relay is the parent, or nothing tells the server's addresses. The root's file has the list that the
/// server made.
pub(super) fn parent_back(fleet: &Fleet, cid: &FleetCid, state: &RelayState) -> Option<ParentBack> {
    match cid.reports_to {
        Target::Relay(index) if fleet.relays[index].reports_to != Target::Server => return None,
        Target::Unknown => return None,
        _ => {}
    }
    let relays: Vec<RelayAddress> = fleet.relays.iter().filter_map(|relay| relay.machine.address().ok()).collect();
    let server = fleet.server.machine.address().ok();
    let is_servers = |list: &&String| {
        !list.trim().is_empty()
            && server.as_ref().is_none_or(|server| names(list, server) != Some(false))
            && !relays.iter().any(|relay| names_relay(list, relay))
    };
    let root = state.copies.iter().find(|copy| copy.path.folder().is_none());
    let lists = root.into_iter().flat_map(|root| [&root.mr_parent_address, &root.parent_router_address]);
    let list = lists.flatten().find(is_servers).cloned().or_else(|| server.as_ref().map(RelayAddress::to_string))?;
    Some(ParentBack { list, server, relays })
}

/// Whether the endpoints that read a copy report to a machine, as far as can be told.
pub(super) fn reports_to(copy: &CopyState, machine: &RelayAddress) -> bool {
    copy.parent_router_address.as_deref().is_some_and(|list| names(list, machine) != Some(false))
}

/// Whether a list of addresses names the machine; `None` where it has no part that could be compared.
pub(super) fn names(list: &str, machine: &RelayAddress) -> Option<bool> {
    let is_comparable = |part: &str| match part.parse::<IpAddr>() {
        Ok(_) => machine.ip().is_some(),
        Err(_) => machine.fqdn().is_some() || machine.netbios().is_some(),
    };
    list.split(',').map(str::trim).any(is_comparable).then(|| names_relay(list, machine))
}

/// Where the relay's own parent is another one than the file's server says, and no plan sets it: the copy, and what is
/// wrong.
pub(super) fn parent_faults<'a>(fleet: &Fleet, cid: &FleetCid, state: &'a RelayState) -> Vec<(&'a CidPath, String)> {
    let (Target::Relay(index), Ok(server)) = (cid.reports_to, fleet.server.machine.address()) else {
        return Vec::new();
    };
    if fleet.relays[index].reports_to != Target::Server {
        return Vec::new();
    }
    let copies = state.copies.iter().filter(|copy| cid.reads(copy));
    let back = parent_back(fleet, cid, state);
    let wrong = copies.filter_map(|copy| {
        let list = copy.mr_parent_address.as_deref()?;
        // What names a relay of the file is set back.
        if back.as_ref().is_some_and(|back| back.is_due(list)) {
            return None;
        }
        let what = format!(
            "{KEY_MR_PARENT} is {list}, and the parent of {} is the server; configcid mrinit set changes it, relay \
             set-up leaves it alone",
            fleet.relays[index].machine.name.value
        );
        (names(list, &server) == Some(false)).then_some((&copy.path, what))
    });
    wrong.collect()
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
