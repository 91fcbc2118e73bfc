//! Whether an endpoint reports to the relay that it should report to.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::{PARENT_ADDRESS, RegistryView, Router};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::severity::Severity;
use crate::base::text::fold_case;
use crate::cid::{Cid, MRINIT};
#[cfg(feature = "cli")]
use crate::mrinit::Mrinit;
use crate::mrinit::{KEY_PARENT_ROUTER, RelayAddress, judge, names_relay};
use crate::registry::Value;

/// What stands beside an installed `mrinit.conf` and wins over it: setups keep the former file under this name, and use
/// it instead of a new one.
const ORIG: &str = "mrinit.conf.orig";

/// Which relay a computer should report to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expected {
    /// The comma list.
    pub list: String,
    /// The `mrinit.conf` that it was read from.
    pub from: Option<PathBuf>,
    /// What is likely to be a mistake, each as a sentence.
    pub warnings: Vec<String>,
}

impl Expected {
    /// A list `IP,FQDN,NETBIOS`; each part may be left out, not all of them.
    ///
    /// # Errors
    /// A part breaks the rules of its kind: see [`RelayAddress`].
    pub fn from_list(list: &str) -> Result<Self> {
        let address: RelayAddress = list.parse()?;
        Ok(Self { list: address.to_string(), from: None, warnings: Vec::new() })
    }
}

/// The error of a CID without any.
fn no_mrinit(cid: &Cid) -> Error {
    Error::new(ErrorKind::MrinitFormat, text!("there is no {MRINIT}", MRINIT))
        .in_file(cid.path())
        .next("name a relay CID")
}

/// The `mrinit.conf` that the computers of a CID install: that of its `rms`, else of its `rms9x`, else of its root.
///
/// # Errors
/// There is none, or it cannot be read.
#[cfg(feature = "cli")]
pub(crate) fn mrinit_of_cid(cid: &Cid) -> Result<(PathBuf, Mrinit)> {
    for folder in cid.router_folders() {
        if let Some((path, conf)) = cid.mrinit(folder)? {
            return Ok((cid.shown(&path), conf));
        }
    }
    Err(no_mrinit(cid))
}

/// Which relay the endpoints of a CID should report to, by the `mrinit.conf` of its `rms`, else of its `rms9x`, else of
/// its root.
///
/// # Errors
/// There is no `mrinit.conf`, or the one that counts is malformed or cannot be read.
pub fn expected_of_cid(cid: &Cid) -> Result<Expected> {
    let mut found: Option<Expected> = None;
    for folder in cid.router_folders() {
        let Some((path, conf)) = cid.mrinit(folder)? else { continue };
        let place = cid.shown(&path);
        match &mut found {
            None => {
                let list = conf.text(KEY_PARENT_ROUTER).map_err(|error| error.in_file(&place))?.to_owned();
                found = Some(Expected { list, from: Some(place), warnings: Vec::new() });
            }
            // The root's file has the server's addresses in a relay CID.
            Some(_) if folder.is_none() => {}
            Some(expected) => {
                if let Ok(list) = conf.text(KEY_PARENT_ROUTER)
                    && !same_list(list, &expected.list)
                {
                    expected.warnings.push(text!("{path} names another relay: {list}", path, list));
                }
            }
        }
    }
    found.ok_or_else(|| no_mrinit(cid))
}

/// What [`check`] found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct ClientCheck {
    /// In one word.
    pub state: CheckState,
    /// The list that was expected.
    pub expected: Option<String>,
    /// The `mrinit.conf` that it was read from.
    pub expected_from: Option<PathBuf>,
    /// What each view of the registry holds.
    pub views: Vec<ParentView>,
    /// What there is to say of it, each as a sentence.
    pub notes: Vec<String>,
}

/// Whether a computer reports to the relay that was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckState {
    /// It does.
    Same,
    /// It reports to another.
    Different,
    /// No parent is set.
    Missing,
    /// The views of the registry name different parents.
    Conflict,
    /// It has a parent, and nothing was expected.
    Found,
}

impl CheckState {
    /// Whether something is wrong.
    pub fn is_fault(self) -> bool {
        !matches!(self, Self::Same | Self::Found)
    }
}

/// The parent in one view of the registry.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct ParentView {
    /// Which.
    pub view: RegistryView,
    /// The router's key.
    pub key: String,
    /// Whether there is such a key.
    pub present: bool,
    /// The comma list that stands there.
    pub parent_address: Option<String>,
    /// Whether it is the one that was expected.
    pub same: Option<bool>,
}

/// Compares the parent of a computer's router with the one that was expected. Two lists are the same where their parts
/// are: names without regard to case, addresses by their value.
///
/// # Errors
/// The registry's value is no string.
pub fn check(router: &Router, expected: Option<&Expected>) -> Result<ClientCheck> {
    let mut views = Vec::new();
    for view in &router.views {
        let parent_address = match view.value(PARENT_ADDRESS) {
            None => None,
            Some(value) => Some(parent(value).map_err(|error| error.in_file(Path::new(&view.view.key().to_string())))?),
        };
        let same = parent_address.as_deref().zip(expected).map(|(list, expected)| same_list(list, &expected.list));
        let (view, key, present) = (view.view, view.view.key().to_string(), view.present);
        views.push(ParentView { view, key, present, parent_address, same });
    }
    let mut notes = expected.map_or_else(Vec::new, |expected| expected.warnings.clone());
    for view in &views {
        // Names that an endpoint takes literally are judged as relay set-up would.
        let findings = view.parent_address.as_deref().map(judge).unwrap_or_default();
        let told = findings.iter().filter(|finding| finding.severity > Severity::Note);
        notes.extend(told.map(|finding| format!("{PARENT_ADDRESS}: {finding}")));
    }
    let lists: Vec<&str> = views
        .iter()
        .filter_map(|view| view.parent_address.as_deref())
        .filter(|list| list.contains(|c: char| c != ',' && !c.is_whitespace()))
        .collect();
    let state = match (lists.as_slice(), expected) {
        ([], _) => {
            if views.iter().any(|view| view.parent_address.is_some()) {
                // It is empty, which was said.
            } else {
                notes.push(if views.iter().any(|view| view.present) {
                text!("the router's key has no {PARENT_ADDRESS}: the router has not been set up", PARENT_ADDRESS)
            } else {
                text!("there is no key of a router: Remote Management System is not installed, or another key was exported")
                    .to_owned()
            });
            }
            CheckState::Missing
        }
        ([first, rest @ ..], _) if rest.iter().any(|list| !same_list(first, list)) => {
            notes.push(
                text!("both views of the registry name a parent, and not the same: on a 64-bit Windows the router reads the \
                 one below Wow6432Node [113093]; remove the other")
                    .to_owned(),
            );
            CheckState::Conflict
        }
        (_, None) => CheckState::Found,
        ([first, ..], Some(expected)) if same_list(first, &expected.list) => CheckState::Same,
        ([first, ..], Some(expected)) => {
            if expected.list.parse().is_ok_and(|relay: RelayAddress| names_relay(first, &relay)) {
                notes.push(
                    text!("the two lists have a part in common: it may be the same relay, set up otherwise").to_owned(),
                );
            }
            CheckState::Different
        }
    };
    Ok(ClientCheck {
        state,
        expected: expected.map(|expected| expected.list.clone()),
        expected_from: expected.and_then(|expected| expected.from.clone()),
        views,
        notes,
    })
}

fn parent(value: &Value) -> Result<String> {
    value.text().map(str::to_owned).ok_or_else(|| {
        Error::new(
            ErrorKind::RegistryFormat,
            text!("{PARENT_ADDRESS} is {value} where a string is expected", PARENT_ADDRESS, value),
        )
        .next("set the endpoint up again from its CID")
    })
}

/// Whether two lists name the same machine in the same order.
pub(crate) fn same_list(one: &str, other: &str) -> bool {
    let parts = |list: &str| -> Vec<String> {
        let parts = list.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| part.parse::<IpAddr>().map_or_else(|_| fold_case(part), |ip| ip.to_string())).collect()
    };
    parts(one) == parts(other)
}

/// An installed `mrinit.conf`, or the folder where one is expected, and what is likely to go wrong there.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct InstalledMrinit {
    /// The folder.
    pub folder: PathBuf,
    /// A `mrinit.conf.orig` in it.
    pub orig: Option<PathBuf>,
    /// The parent of endpoints that it names.
    pub orig_parent_router_address: Option<String>,
}

impl InstalledMrinit {
    /// The warning, if there is something to warn of.
    pub fn warning(&self) -> Option<String> {
        let orig = self.orig.as_ref()?;
        let names = match &self.orig_parent_router_address {
            Some(list) => text!(" (it names {list})", list),
            None => String::new(),
        };
        Some(text!(
            "{orig}{names} silently wins over a new {MRINIT} beside it: rename it before you set the router up again",
            orig = orig.display(),
            names,
            MRINIT
        ))
    }
}

/// Looks for a `mrinit.conf.orig` in `folder`, where Remote Management System is installed.
///
/// # Errors
/// The folder cannot be read.
pub fn look_at_installed(folder: &Path) -> Result<InstalledMrinit> {
    let cannot = |error| Error::io("list the folder", folder, error);
    let mut installed = InstalledMrinit { folder: folder.to_owned(), orig: None, orig_parent_router_address: None };
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let name = entry.map_err(cannot)?.file_name();
        if name.to_string_lossy().eq_ignore_ascii_case(ORIG) {
            let orig = folder.join(name);
            let list = crate::relay::read_file(&orig).and_then(|conf| conf.text(KEY_PARENT_ROUTER).map(str::to_owned));
            installed.orig_parent_router_address = list.ok();
            installed.orig = Some(orig);
        }
    }
    Ok(installed)
}

/// Where Remote Management System is installed on this computer by default: what of it is there. Empty on other systems
/// than Windows.
pub fn usual_folders() -> Vec<PathBuf> {
    const PROGRAMS: [&str; 3] = ["ProgramFiles(x86)", "ProgramW6432", "ProgramFiles"];
    const BELOW: [&str; 2] = ["Sophos", "Remote Management System"];
    let mut folders: Vec<PathBuf> = Vec::new();
    if cfg!(windows) {
        for programs in PROGRAMS.iter().filter_map(std::env::var_os) {
            let folder = PathBuf::from(programs).join(BELOW.iter().collect::<PathBuf>());
            if folder.is_dir() && !folders.contains(&folder) {
                folders.push(folder);
            }
        }
    }
    folders
}
