//! The plan that makes one CID what the fleet file says.

use super::look::look_at;
use super::want::{PURPOSE, parent_back, parent_faults, setup, to_server};
use super::{Fleet, FleetCid};
use crate::base::error::{Error, ErrorKind, Result};
use crate::catalogs::RefreshOptions;
use crate::cid::Cid;
use crate::plan::Plan;
use crate::relay::{self, RelayState};

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
    plan_of(fleet, cid, &open, &state, &*cid.refresh(refresh_options)?)
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
