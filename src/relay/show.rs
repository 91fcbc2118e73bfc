//! Who is whose parent, by each copy of `mrinit.conf` in a CID.

use crate::base::error::{Position, Result};
use crate::base::severity::Severity;
use crate::catalog::CidPath;
use crate::cid::Cid;
use crate::mrinit::{Finding, KEY_MR_PARENT, KEY_PARENT_ROUTER, Mrinit, names_relay, read_list};

use super::{drift, router_components};

/// The relay configuration of a CID.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct RelayState {
    /// The root's `mrinit.conf` first, then those of the components.
    pub copies: Vec<CopyState>,
    /// What is wrong with the CID as a whole, each as a sentence.
    pub faults: Vec<String>,
}

/// One copy of `mrinit.conf`. No secret is in here.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct CopyState {
    /// The file, from the CID's root.
    pub path: CidPath,
    /// The parent of the endpoints, as the comma list that stands there.
    pub parent_router_address: Option<String>,
    /// The relay's own parent, as the comma list that stands there.
    pub mr_parent_address: Option<String>,
    /// Where the copy differs from the root's file in what belongs to the estate, each as a sentence.
    pub drift: Vec<String>,
    /// What is wrong with it, each as a sentence.
    pub faults: Vec<String>,
    /// What is wrong or doubtful with its lines and addresses, in the order of its lines; the errors among these are
    /// among the faults, too.
    pub findings: Vec<Finding>,
}

impl RelayState {
    /// Whether anything is wrong.
    pub fn has_faults(&self) -> bool {
        !self.faults.is_empty() || self.copies.iter().any(|copy| !copy.faults.is_empty())
    }
}

/// Reads every copy of `mrinit.conf` in `cid`. A malformed copy is a fault in the answer, not an error.
///
/// # Errors
/// A file cannot be read.
pub fn show(cid: &Cid) -> Result<RelayState> {
    show_with(cid, |folder| cid.mrinit(folder))
}

/// As [`show`], with `read` in place of [`Cid::mrinit`].
pub(crate) fn show_with(
    cid: &Cid,
    mut read: impl FnMut(Option<&CidPath>) -> Result<Option<(CidPath, Mrinit)>>,
) -> Result<RelayState> {
    let mut state = RelayState { copies: Vec::new(), faults: Vec::new() };
    let root = read(None)?;
    if let Some((path, conf)) = &root {
        state.copies.push(copy_state(path.clone(), conf, None));
    }
    for folder in router_components(cid)? {
        match read(Some(&folder))? {
            Some((path, conf)) => state.copies.push(copy_state(path, &conf, root.as_ref().map(|(_, conf)| conf))),
            None if root.is_some() => {}
            None => state.faults.push(text!("there is no mrinit.conf for {folder}", folder)),
        }
    }
    if state.copies.is_empty() && state.faults.is_empty() {
        state.faults.push(text!("there is no mrinit.conf").to_owned());
    }
    Ok(state)
}

fn copy_state(path: CidPath, conf: &Mrinit, root: Option<&Mrinit>) -> CopyState {
    let (mut findings, mut faults) = look_at_lines(conf);
    // The root's file has the server's addresses in a relay CID, too.
    findings.retain(|finding| root.is_some() || finding.severity != Severity::Note);
    let text = |name| conf.text(name).map(str::to_owned).ok();
    let parent_router_address = text(KEY_PARENT_ROUTER);
    let mr_parent_address = match conf.get(KEY_MR_PARENT) {
        Ok(None) => None,
        _ => text(KEY_MR_PARENT),
    };
    // Without a relay both lines name the server. That the root's file, which has the server's addresses, does not name
    // it tells a relay from the server.
    let relay = parent_router_address.as_deref().and_then(|list| Some(read_list(list).ok()?.0));
    if let (Some(relay), Some(parent), Some(root)) = (relay, &mr_parent_address, root)
        && names_relay(parent, &relay)
        && ![KEY_MR_PARENT, KEY_PARENT_ROUTER]
            .iter()
            .any(|key| root.text(key).is_ok_and(|list| names_relay(list, &relay)))
    {
        faults.push(text!(
            "{KEY_MR_PARENT} names the relay of {KEY_PARENT_ROUTER}: it would be its own parent, a loop",
            KEY_MR_PARENT,
            KEY_PARENT_ROUTER
        ));
    }
    if conf.bytes().last() != Some(&b'\n') && !conf.bytes().ends_with(b"\n\0") {
        faults.push(text!("the final line ending is missing").to_owned());
    }
    let drift = root.map_or_else(Vec::new, |root| {
        drift(root, conf).iter().map(|drift| text!("{drift} in the root", drift)).collect()
    });
    CopyState { path, parent_router_address, mr_parent_address, drift, faults, findings }
}

/// What is wrong or doubtful with the lines of a file, and, of that and of what it lacks, what keeps a router from using
/// it.
pub(crate) fn look_at_lines(conf: &Mrinit) -> (Vec<Finding>, Vec<String>) {
    let findings = conf.lint();
    let told = |position: Option<Position>| {
        let line = |finding: &&Finding| finding.line.map(Position::Line) == position;
        position.is_some() && findings.iter().filter(|finding| finding.is_error()).any(|finding| line(&finding))
    };
    let missing = [KEY_PARENT_ROUTER, KEY_MR_PARENT].iter().filter_map(|key| match key {
        // A relay's own parent may be left out.
        &KEY_MR_PARENT if conf.get(key).is_ok_and(|found| found.is_none()) => None,
        key => conf.text(key).err(),
    });
    let mut faults: Vec<String> =
        missing.filter(|error| !told(error.position())).map(|error| error.to_string()).collect();
    faults.dedup();
    faults.extend(findings.iter().filter(|finding| finding.is_error()).map(Finding::to_string));
    (findings, faults)
}
