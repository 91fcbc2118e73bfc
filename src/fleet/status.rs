//! Each CID as it is against the fleet file.

use super::follow::lacks;
use super::places::is_to_be_made;
use super::plan::plan_of;
use super::publish::lacking;
use super::want::{PURPOSE, names, parent_back, parent_faults, setup};
use super::{Fleet, FleetCid};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::error_report::ErrorReport;
use crate::base::pool::side_by_side;
use crate::catalog::CidPath;
use crate::catalogs::RefreshOptions;
use crate::catalogs::{Scope, verify};
use crate::cid::{Cid, MRINIT};
use crate::mrinit::{self, KEY_MR_PARENT, KEY_PARENT_ROUTER, RelayAddress};
use crate::plan::{Writer, digest, history};
use crate::relay::{self, CopyState, ParentBack, RelayState};
use crate::router::same_list;

/// How a CID stands to the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It is as the file says.
    InStep,
    /// It is as it was before the file said something else: `fleet apply` has not been there yet.
    Behind,
    /// It differs from the file in what somebody else changed, or is damaged.
    Drifted,
    /// It cannot be read.
    Unreachable,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::InStep, Self::Behind, Self::Drifted, Self::Unreachable];

    /// The name, as the JSON output and the metrics have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::InStep => "in-step",
            Self::Behind => "behind",
            Self::Drifted => "drifted",
            Self::Unreachable => "unreachable",
        }
    }
}

/// A place where a CID is not as the file says.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// The file, from the CID's root; `None` where it is about the CID as a whole.
    pub path: Option<CidPath>,
    /// What differs, as a sentence without an end.
    pub what: String,
}

impl Difference {
    fn at(path: &CidPath, what: impl Into<String>) -> Self {
        Self { path: Some(path.clone()), what: what.into() }
    }

    fn of(what: impl Into<String>) -> Self {
        Self { path: None, what: what.into() }
    }
}

/// A CID as it is.
#[derive(Debug, serde::Serialize)]
#[non_exhaustive]
pub struct CidStatus {
    /// How it stands to the file.
    pub state: State,
    /// Where it differs.
    pub differences: Vec<Difference>,
    /// Why it cannot be read.
    pub error: Option<ErrorReport>,
}

impl CidStatus {
    fn unreachable(error: &Error) -> Self {
        Self { state: State::Unreachable, differences: Vec::new(), error: Some(ErrorReport::new(error)) }
    }
}

/// Looks at every CID of the file, `jobs` at a time, and gives each to `done` as soon as it is known. Changes nothing.
///
/// A CID is [`InStep`](State::InStep) where [`plan`](super::plan()) has nothing to do and nothing to warn of. It is
/// [`Behind`](State::Behind) where the address lines of its `mrinit.conf` still name the server, or what `fleet apply` left
/// there, or where a place that it is published to lacks something; it is [`Drifted`](State::Drifted) where they name somebody else, or where something else differs.
pub fn status(fleet: &Fleet, options: &RefreshOptions, jobs: usize, done: impl FnMut(usize, CidStatus)) {
    let look = |index: usize| cid_status(fleet, &fleet.cids[index], options);
    side_by_side(jobs, fleet.cids.len(), look, done);
}

/// Looks at one CID: see [`status`].
pub fn cid_status(fleet: &Fleet, cid: &FleetCid, options: &RefreshOptions) -> CidStatus {
    let options = match cid.refresh(options) {
        Ok(options) => options,
        Err(error) => return CidStatus::unreachable(&error),
    };
    let mut status = of_cid(fleet, cid, &options);
    if cid.publish.is_some() && status.state != State::Unreachable && !is_to_be_made(cid) {
        for (what, is_behind) in lacking(cid, &options) {
            status.state = status.state.max(if is_behind { State::Behind } else { State::Drifted });
            status.differences.push(Difference::of(what));
        }
    }
    status
}

/// As [`cid_status`], but for the places that the CID is published to.
fn of_cid(fleet: &Fleet, cid: &FleetCid, options: &RefreshOptions) -> CidStatus {
    let lacks = lacks(fleet, cid, options);
    if is_to_be_made(cid) {
        return match lacks {
            Ok(lacks) => {
                let differences = lacks.into_iter().map(Difference::of).collect();
                CidStatus { state: State::Behind, differences, error: None }
            }
            Err(error) => CidStatus::unreachable(&error),
        };
    }
    let mut status = status_by_file(fleet, cid, options);
    let source = cid.source.as_ref().map_or("", |source| &source.value);
    let (difference, state) = match lacks {
        _ if status.state == State::Unreachable => return status,
        Ok(None) => return status,
        // It is as it was before the source was updated.
        Ok(Some(lacks)) => (lacks, State::Behind),
        Err(error) => {
            (text!("it cannot be compared with {source}, which it follows: {error}", source, error), State::Drifted)
        }
    };
    status.state = status.state.max(state);
    status.differences.insert(0, Difference::of(difference));
    status
}

/// As [`cid_status`], but for what the CID lacks of the one that it follows.
pub(super) fn status_by_file(fleet: &Fleet, cid: &FleetCid, options: &RefreshOptions) -> CidStatus {
    match look(fleet, cid, options) {
        Ok((state, differences)) => CidStatus { state, differences, error: None },
        Err(error) => CidStatus::unreachable(&error),
    }
}

fn look(fleet: &Fleet, cid: &FleetCid, options: &RefreshOptions) -> Result<(State, Vec<Difference>)> {
    let open = Cid::open(&cid.folder)?;
    let state = relay::show(&open)?;
    let lines = lines(fleet, cid, options, &open, &state)?;
    let mut others = Vec::new();
    if Writer::needs_recovery(&cid.folder) {
        others.push(Difference::of(text!("a change was interrupted, or is under way")));
    }
    match plan_of(fleet, cid, &open, &state, options) {
        // What is written along with an address line needs no word of its own.
        Ok(plan) if lines.is_empty() => {
            others.extend(plan.changes().iter().map(|change| Difference::at(&change.path, &*change.why)));
        }
        Ok(_) => {}
        Err(error) => match error.kind() {
            ErrorKind::Io | ErrorKind::NotACid => return Err(error),
            // A catalog of the vendor's own cannot be planned for without help. What stands in it can be compared.
            ErrorKind::ForeignChecksum | ErrorKind::UndeterminedChecksum if lines.is_empty() => {
                others.extend(faults(&open, options)?);
            }
            ErrorKind::ForeignChecksum | ErrorKind::UndeterminedChecksum => {}
            _ => others.push(difference_of(&open, &error)),
        },
    }
    others.extend(parent_faults(fleet, cid, &state).into_iter().map(|(path, what)| Difference::at(path, what)));
    for copy in state.copies.iter().filter(|copy| cid.reads(copy)) {
        // What will be taken from the root is a change of the plan.
        let drift = copy.drift.iter().filter(|_| !cid.from_root);
        others.extend(drift.chain(&copy.faults).map(|what| Difference::at(&copy.path, what)));
    }
    let state = match (lines.as_slice(), others.as_slice()) {
        ([], []) => State::InStep,
        (lines, []) if lines.iter().all(|(_, behind)| *behind) => State::Behind,
        _ => State::Drifted,
    };
    Ok((state, lines.into_iter().map(|(difference, _)| difference).chain(others).collect()))
}

fn difference_of(open: &Cid, error: &Error) -> Difference {
    let path = error.path().filter(|path| *path != open.path()).map(|path| format!("{}: ", path.display()));
    Difference::of(format!("{}{}", path.unwrap_or_default(), error.what()))
}

/// Where the address lines are not as the file says, and whether they are as they were before it said so.
fn lines(
    fleet: &Fleet,
    cid: &FleetCid,
    options: &RefreshOptions,
    open: &Cid,
    state: &RelayState,
) -> Result<Vec<(Difference, bool)>> {
    let server = fleet.server.machine.address().ok();
    let names_server = |copy: &CopyState| {
        let list = copy.parent_router_address.as_deref();
        list.zip(server.as_ref()).is_none_or(|(list, server)| names(list, server) != Some(false))
    };
    // As `fleet apply` left it, when the file said something else. Changes to other files may have come after that.
    let untouched = |copy: &CopyState| -> Result<bool> {
        let past = history(open)?;
        let last = past.iter().rev().find_map(|past| Some((past, past.content(&copy.path)?)));
        let Some((_, content)) = last.filter(|(past, _)| past.purpose.starts_with(PURPOSE)) else { return Ok(false) };
        let now = digest(&open.read(&copy.path, mrinit::MAX_SIZE)?.unwrap_or_default());
        Ok(content.after.as_ref() == Some(&now))
    };
    let mut lines = Vec::new();
    // Where the file itself is wrong, the plan says so.
    let Ok(setup) = setup(fleet, cid, options) else { return Ok(lines) };
    let Some(setup) = setup else {
        for copy in state.copies.iter().filter(|copy| cid.reads(copy) && !names_server(copy)) {
            let list = copy.parent_router_address.as_deref().unwrap_or("nothing");
            let what =
                text!("{KEY_PARENT_ROUTER} is {list}, and endpoints report to the server", KEY_PARENT_ROUTER, list);
            lines.push((Difference::at(&copy.path, what), untouched(copy)?));
        }
        return Ok(lines);
    };
    let wanted = setup.address.to_string();
    let back = parent_back(fleet, cid, state);
    for copy in state.copies.iter().filter(|copy| cid.reads(copy)) {
        let list = copy.parent_router_address.as_deref();
        if !list.is_some_and(|list| same_list(list, &wanted)) {
            let what = text!(
                "{KEY_PARENT_ROUTER} is {list}, and should be {wanted}",
                KEY_PARENT_ROUTER,
                list = list.unwrap_or("malformed"),
                wanted
            );
            let behind = list.is_some() && (names_server(copy) || untouched(copy)?);
            lines.push((Difference::at(&copy.path, what), behind));
        } else if let Some(difference) =
            parent_line(copy, setup.parent_relay.as_ref()).or_else(|| back_line(copy, back.as_ref()))
        {
            let names_server = copy.mr_parent_address.as_deref().zip(server.as_ref());
            let names_server = names_server.is_none_or(|(list, server)| names(list, server) != Some(false));
            lines.push((difference, names_server || untouched(copy)?));
        }
    }
    for path in missing_copies(cid, open, state)? {
        lines.push((Difference::at(&path, text!("it is not there; it should name {wanted}", wanted)), true));
    }
    Ok(lines)
}

/// Where the relay's own parent should be a relay, and is not.
fn parent_line(copy: &CopyState, parent: Option<&RelayAddress>) -> Option<Difference> {
    let wanted = parent?.to_string();
    let list = copy.mr_parent_address.as_deref();
    if list.is_some_and(|list| same_list(list, &wanted)) {
        return None;
    }
    let what = text!(
        "{key_mr_parent} is {list}, and should be {wanted}",
        key_mr_parent = KEY_MR_PARENT,
        list = list.unwrap_or("missing"),
        wanted
    );
    Some(Difference::at(&copy.path, what))
}

/// Where the relay's own parent should be the server again.
fn back_line(copy: &CopyState, back: Option<&ParentBack>) -> Option<Difference> {
    let (back, list) = back.zip(copy.mr_parent_address.as_deref())?;
    let what = || text!("{KEY_MR_PARENT} is {list}, and should be {list_is}", KEY_MR_PARENT, list, list_is = back.list);
    back.is_due(list).then(|| Difference::at(&copy.path, what()))
}

/// The copies of `mrinit.conf` that relay set-up will make.
fn missing_copies(cid: &FleetCid, open: &Cid, state: &RelayState) -> Result<Vec<CidPath>> {
    if cid.edits_root() {
        return Ok(Vec::new());
    }
    let there = |folder: &CidPath| state.copies.iter().any(|copy| copy.path.folder().as_ref() == Some(folder));
    let missing = relay::router_components(open)?.into_iter().filter(|folder| !there(folder));
    missing.map(|folder| folder.join(MRINIT)).collect()
}

/// What a look at the catalogs finds where nothing can be planned.
fn faults(open: &Cid, options: &RefreshOptions) -> Result<Vec<Difference>> {
    let report = verify(open, options, Scope::Customer)?;
    Ok(report
        .faults
        .into_iter()
        .map(|fault| Difference { path: fault.path.or(fault.catalog), what: fault.what })
        .collect())
}
