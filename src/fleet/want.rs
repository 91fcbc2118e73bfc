//! What each CID needs to be as the fleet file says.

use std::net::IpAddr;

use super::{Fleet, FleetCid, Target};
use crate::base::error::{Error, ErrorKind, Result};
use crate::catalog::CidPath;
use crate::catalogs::{Payload, RefreshOptions};
use crate::cid::Cid;
use crate::mrinit::{KEY_MR_PARENT, RelayAddress, names_relay};
use crate::relay::{self, CopyState, ParentBack, RelaySetup, RelayState};

/// What the purpose of a change begins with that a fleet file asked for.
pub(super) use crate::relay::BY_FLEET as PURPOSE;

/// The relay set-up of a CID; `None` where its endpoints report to the server.
///
/// # Errors
/// The relay, or its parent, is unknown or has no valid address: [`check`](super::check()) finds these.
pub fn setup(fleet: &Fleet, cid: &FleetCid, refresh: &RefreshOptions) -> Result<Option<RelaySetup>> {
    let index = match cid.reports_to {
        Target::Relay(index) => index,
        Target::Server => return Ok(None),
        Target::Unknown => {
            let what = text!("{} names a relay that the fleet file does not have", cid.path.value);
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

pub(super) fn to_server(fleet: &Fleet, cid: &FleetCid, open: &Cid, state: &RelayState) -> Result<Payload> {
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
        let what = text!("{KEY_MR_PARENT} is {list}, and the parent of {machine} is the server; configcid mrinit set changes it, relay \
             set-up leaves it alone", KEY_MR_PARENT, list, machine = fleet.relays[index].machine.name.value);
        (names(list, &server) == Some(false)).then_some((&copy.path, what))
    });
    wrong.collect()
}
