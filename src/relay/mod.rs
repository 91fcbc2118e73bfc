//! Relay set-up: the endpoints of a CID report to a message relay \[14635\].

mod file;
mod show;

pub use file::{edit_file, read_file};
pub use show::{CopyState, RelayState, show};
pub(crate) use show::{look_at_lines, show_with};

use crate::base::error::{Error, ErrorKind, Result};
use crate::catalog::CidPath;
use crate::catalogs::{Payload, RefreshOptions};
use crate::cid::{Cid, MRINIT, RMS_COMPONENTS};
use crate::mrinit::{
    KEY_MR_PARENT, KEY_PARENT_ROUTER, Mrinit, RelayAddress, Value, is_drift_key, is_secret_key, masked, names_relay,
};
use crate::plan::{Change, Plan, Stage};

/// What relay set-up is to do.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RelaySetup {
    /// The relay that the endpoints are to report to.
    pub address: RelayAddress,
    /// Edit the root's `mrinit.conf`, too: CIDs for Mac and Linux read only that one.
    pub edit_root: bool,
    /// Take ports and identity keys that differ from the root's file.
    pub from_root: bool,
    /// How the catalogs are refreshed.
    pub refresh: RefreshOptions,
    /// The relay that this relay reports to. `MRParentAddress` is set to it; without it, that line keeps its bytes
    /// \[14635\]. A fleet file alone says so, where it says that the parent is a relay: what it says of the server is in
    /// the line already.
    pub(crate) parent_relay: Option<RelayAddress>,
    /// The line of the relay's own parent as it is to be again where that parent is the server.
    pub(crate) parent_back: Option<ParentBack>,
    /// The address is the server's, which is its own relays' parent.
    pub(crate) is_server: bool,
    /// A fleet file asks for it, not a command line: advice names the file's keys.
    pub(crate) is_fleet: bool,
}

/// What `MRParentAddress` is to be again where it names a relay of the fleet and should name the server: `fleet apply` takes
/// back what it set, so that no chain of relays goes round.
#[derive(Debug, Clone)]
pub(crate) struct ParentBack {
    /// The server's list.
    pub list: String,
    /// Where the fleet file knows its address.
    pub server: Option<RelayAddress>,
    pub relays: Vec<RelayAddress>,
}

impl ParentBack {
    /// Whether a list names a relay where it should name the server.
    pub fn is_due(&self, list: &str) -> bool {
        !self.server.as_ref().is_some_and(|server| names_relay(list, server))
            && self.relays.iter().any(|relay| names_relay(list, relay))
    }
}

impl RelaySetup {
    /// The usual set-up for a relay.
    pub fn new(address: RelayAddress) -> RelaySetup {
        let refresh = RefreshOptions::default();
        RelaySetup {
            address,
            edit_root: false,
            from_root: false,
            refresh,
            parent_relay: None,
            parent_back: None,
            is_server: false,
            is_fleet: false,
        }
    }
}

/// Plans relay set-up: every component with a router of its own (`rms`, `rms9x`) gets an `mrinit.conf` - its own where
/// it has one, else the root's - with the relay as `ParentRouterAddress`, and the catalogs are refreshed.
/// `MRParentAddress` keeps its bytes: a fleet file alone can have it set, for a relay below another one.
///
/// # Errors
/// There is no `mrinit.conf` to start from, or no component to put it into; a file lacks or repeats
/// `ParentRouterAddress` or `[Config]`; or as [`refresh`](crate::refresh()).
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("MRESXP");
/// use configcid::{Cid, DemoCid, RelayAddress, RelaySetup, relay};
///
/// DemoCid::default().write(&path)?;
/// let address = RelayAddress::new(Some("10.1.200.65"), Some("MRComputer.Sales.Acme"), Some("MRComputer"))?;
/// let plan = relay::set(&Cid::open(&path)?, &RelaySetup::new(address))?;
/// plan.apply()?;
///
/// let state = relay::show(&Cid::open(&path)?)?;
/// let copy = state.copies.iter().find(|copy| copy.path.as_str() == r"\rms\mrinit.conf").unwrap();
/// assert_eq!(copy.parent_router_address.as_deref(), Some("10.1.200.65,MRComputer.Sales.Acme,MRComputer"));
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn set(cid: &Cid, setup: &RelaySetup) -> Result<Plan> {
    payload(cid, setup)?.plan(cid, &setup.refresh)
}

/// What relay set-up writes, before the catalogs are asked.
pub(crate) fn payload(cid: &Cid, setup: &RelaySetup) -> Result<Payload> {
    let mut payload = Payload::new(format!("relay set {}", setup.address));
    payload.warnings.extend(setup.address.warnings());
    let root = cid.mrinit(None)?;
    let folders = router_components(cid)?;
    if folders.is_empty() && !setup.edit_root {
        return Err(Error::new(ErrorKind::NotACid, "this CID has no rms folder for a copy of mrinit.conf")
            .in_file(cid.path())
            .next("CIDs for Mac and Linux read the root's mrinit.conf: say --edit-root if this is one"));
    }
    for folder in &folders {
        let change = set_copy(cid, folder, root.as_ref(), setup, &mut payload.warnings)?;
        payload.changes.extend(change);
    }
    if setup.edit_root {
        let (path, conf) = root.ok_or_else(|| {
            Error::new(ErrorKind::MrinitFormat, "there is no mrinit.conf in the root to edit").in_file(cid.path())
        })?;
        check_base(cid, &path, &conf)?;
        let before = conf.bytes().to_vec();
        payload.changes.extend(edit(cid, path, Some(before), conf, None, setup, &mut payload.warnings)?);
    }
    Ok(payload)
}

/// The components whose routers read an `mrinit.conf` of their own.
pub(crate) fn router_components(cid: &Cid) -> Result<Vec<CidPath>> {
    let is_router = |folder: &&CidPath| RMS_COMPONENTS.iter().any(|name| name.eq_ignore_ascii_case(folder.file_name()));
    Ok(cid.components().iter().filter(is_router).cloned().collect())
}

fn set_copy(
    cid: &Cid,
    folder: &CidPath,
    root: Option<&(CidPath, Mrinit)>,
    setup: &RelaySetup,
    warnings: &mut Vec<String>,
) -> Result<Option<Change>> {
    let own = cid.mrinit(Some(folder))?;
    if let Some((path, conf)) = own.as_ref().or(root) {
        check_base(cid, path, conf)?;
    }
    let (path, before, base) = match (own, root) {
        (Some((path, own)), _) => (path, Some(own.bytes().to_vec()), own),
        (None, Some((root_path, root))) => (folder.join(root_path.file_name())?, None, root.clone()),
        (None, None) => {
            return Err(Error::new(
                ErrorKind::MrinitFormat,
                format!("there is no {MRINIT} in the root or in {folder}"),
            )
            .in_file(cid.path())
            .next("copy mrinit.conf from the management server's own CID into the root"));
        }
    };
    let root = root.filter(|_| before.is_some());
    edit(cid, path, before, base, root, setup, warnings)
}

/// Refuses a file whose line for the relay cannot be edited, by the name of that file and not of a copy yet to be made.
fn check_base(cid: &Cid, path: &CidPath, conf: &Mrinit) -> Result<()> {
    conf.text(KEY_PARENT_ROUTER).map(drop).map_err(|error| error.in_file(&cid.shown(path)))
}

/// The change that makes `conf` name the relay; `root` is what to compare with.
fn edit(
    cid: &Cid,
    path: CidPath,
    before: Option<Vec<u8>>,
    mut conf: Mrinit,
    root: Option<&(CidPath, Mrinit)>,
    setup: &RelaySetup,
    warnings: &mut Vec<String>,
) -> Result<Option<Change>> {
    let place = cid.shown(&path);
    let in_file = |error: Error| error.in_file(&place);
    let mut done = Vec::new();
    if before.is_none() {
        done.push(format!("copied from \\{}", path.file_name()));
    }
    let mut ending = None;
    let mut note = |edit: crate::mrinit::Edit, what: String| {
        ending = ending.or(edit.line_ending_added);
        if edit.changed {
            done.push(what);
        }
    };
    note(
        conf.set(KEY_PARENT_ROUTER, &setup.address.to_string()).map_err(in_file)?,
        format!("{KEY_PARENT_ROUTER} set to {}", setup.address),
    );
    if let Some(parent) = &setup.parent_relay {
        note(
            conf.set_or_add(KEY_MR_PARENT, &Value::Text(parent.to_string())).map_err(in_file)?,
            format!("{KEY_MR_PARENT} set to {parent}, since the parent of this relay is a relay"),
        );
    }
    if let Some(back) = &setup.parent_back
        && conf.text(KEY_MR_PARENT).is_ok_and(|list| back.is_due(list))
    {
        note(
            conf.set(KEY_MR_PARENT, &back.list).map_err(in_file)?,
            format!("{KEY_MR_PARENT} set back to {}, since the parent of this relay is the server", back.list),
        );
    }
    if let Some((root_path, root)) = root {
        for drift in drift(root, &conf) {
            match (&drift.root, setup.from_root) {
                (Some(value), true) => {
                    note(
                        conf.set_or_add(&drift.name, value).map_err(in_file)?,
                        format!("{} taken from {root_path}", drift.name),
                    );
                }
                _ => warnings.push(format!("{path}: {drift}, in {root_path}{}", drift.hint(setup.is_fleet))),
            }
        }
    }
    if let Ok(Some(parent)) = conf.get(KEY_MR_PARENT)
        && let Value::Text(parent) = parent.value
        && names_relay(parent, &setup.address)
        && !setup.is_server
    {
        warnings.push(format!(
            "{path}: {KEY_MR_PARENT} is {parent}, which names the relay itself: the relay would be its own parent, a loop; \
             it should name the management server or the next relay"
        ));
    }
    if let Some(ending) = ending {
        done.push(format!("final line ending ({}) added", ending.name()));
    }
    let after = Some(conf.into_bytes());
    let stage = Stage::Payload;
    Ok((before != after).then(|| Change { path, before, after, why: done.join(", "), stage }))
}

/// A value that should be the same in the root's file and in a copy, and is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Drift {
    name: String,
    root: Option<Value>,
    copy: Option<Value>,
}

impl Drift {
    fn hint(&self, is_fleet: bool) -> &'static str {
        match (self.root.is_some(), is_fleet) {
            (false, _) => "",
            (true, false) => "; --from-root takes the root's",
            (true, true) => "; from_root = true in the fleet file takes the root's",
        }
    }
}

impl std::fmt::Display for Drift {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |value: &Option<Value>| match value {
            None => "missing".to_owned(),
            Some(Value::Text(text)) if is_secret_key(&self.name) => masked(text),
            Some(value) => value.to_string(),
        };
        write!(f, "{} is {} here and {}", self.name, shown(&self.copy), shown(&self.root))
    }
}

/// What has drifted between the root's file and a copy, in the order of the root's file. A malformed or repeated
/// value counts as missing.
pub(crate) fn drift(root: &Mrinit, copy: &Mrinit) -> Vec<Drift> {
    let mut names: Vec<&str> = Vec::new();
    for setting in root.settings().chain(copy.settings()).filter(|setting| is_drift_key(setting.name)) {
        if !names.iter().any(|name| name.eq_ignore_ascii_case(setting.name)) {
            names.push(setting.name);
        }
    }
    let value = |conf: &Mrinit, name: &str| conf.get(name).ok().flatten().map(|setting| setting.value.clone());
    names
        .into_iter()
        .map(|name| Drift { name: name.to_owned(), root: value(root, name), copy: value(copy, name) })
        .filter(|drift| drift.root != drift.copy)
        .collect()
}
