//! Relay set-up: the endpoints of a CID report to a message relay \[14635\].

mod file;
mod past;
mod show;
mod unset;

pub use file::{cid_around, edit_file, edit_in_cid, read_file};
pub(crate) use past::BY_FLEET;
#[cfg(feature = "cli")]
pub(crate) use show::look_at_lines;
pub(crate) use show::show_with;
pub use show::{CopyState, RelayState, show};
pub use unset::{RelayUnset, ServerLines, unset};

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::pool::{LOOKS, in_flight};
use crate::base::text::LineEnding;
use crate::catalog::CidPath;
use crate::catalogs::{Payload, RefreshOptions};
use crate::cid::{Cid, MRINIT, RMS_COMPONENTS};
use crate::mrinit::{Edit, KEY_MR_PARENT, KEY_PARENT_ROUTER, Mrinit, RelayAddress, Value, is_drift_key, names_relay};
use crate::plan::{Change, Plan};

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
    pub(crate) fn is_due(&self, list: &str) -> bool {
        !self.server.as_ref().is_some_and(|server| names_relay(list, server))
            && self.relays.iter().any(|relay| names_relay(list, relay))
    }
}

impl RelaySetup {
    /// The usual set-up for a relay.
    pub fn new(address: RelayAddress) -> Self {
        let refresh = RefreshOptions::default();
        Self {
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
    let folders = router_components(cid)?;
    let wanted: Vec<Option<&CidPath>> = std::iter::once(None).chain(folders.iter().map(Some)).collect();
    let mut copies = in_flight(LOOKS, &wanted, |folder| cid.mrinit(*folder)).into_iter();
    let root = copies.next().transpose()?.flatten();
    payload.read.extend(root.iter().map(|(path, conf)| (path.clone(), conf.bytes().to_vec())));
    if folders.is_empty() && !setup.edit_root {
        return Err(Error::new(ErrorKind::NotACid, "this CID has no rms folder for a copy of mrinit.conf")
            .in_file(cid.path())
            .next("CIDs for Mac and Linux read the root's mrinit.conf: say --edit-root if this is one"));
    }
    for (folder, own) in folders.iter().zip(copies) {
        let change = set_copy(cid, (folder, own?), root.as_ref(), setup, &mut payload)?;
        payload.changes.extend(change);
    }
    if setup.edit_root {
        let (path, conf) = root.ok_or_else(|| {
            Error::new(ErrorKind::MrinitFormat, "there is no mrinit.conf in the root to edit").in_file(cid.path())
        })?;
        check_base(cid, &path, &conf)?;
        let mut edited = Edited::of(path, conf);
        edited.name_relay(setup).map_err(|error| error.in_file(&cid.shown(&edited.path)))?;
        payload.warnings.extend(edited.own_parent(setup));
        payload.changes.extend(edited.into_change());
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
    (folder, own): (&CidPath, Option<(CidPath, Mrinit)>),
    root: Option<&(CidPath, Mrinit)>,
    setup: &RelaySetup,
    Payload { warnings, read, .. }: &mut Payload,
) -> Result<Option<Change>> {
    read.extend(own.iter().map(|(path, conf)| (path.clone(), conf.bytes().to_vec())));
    if let Some((path, conf)) = own.as_ref().or(root) {
        check_base(cid, path, conf)?;
    }
    let mut edited = match (own, root) {
        (Some((path, own)), _) => Edited::of(path, own),
        (None, Some((root_path, root))) => {
            Edited::copied(folder.join(root_path.file_name())?, root.clone(), root_path.file_name())
        }
        (None, None) => {
            return Err(Error::new(
                ErrorKind::MrinitFormat,
                text!("there is no {MRINIT} in the root or in {folder}", MRINIT, folder),
            )
            .in_file(cid.path())
            .next("copy mrinit.conf from the management server's own CID into the root"));
        }
    };
    let is_new = edited.before.is_none();
    let mut edit = |edited: &mut Edited| {
        edited.name_relay(setup)?;
        match root {
            Some((root_path, root)) if !is_new => edited.follow_root(root_path, root, setup, warnings),
            _ => Ok(()),
        }
    };
    edit(&mut edited).map_err(|error| error.in_file(&cid.shown(&edited.path)))?;
    warnings.extend(edited.own_parent(setup));
    Ok(edited.into_change())
}

/// Refuses a file whose line for the relay cannot be edited, by the name of that file and not of a copy yet to be made.
fn check_base(cid: &Cid, path: &CidPath, conf: &Mrinit) -> Result<()> {
    conf.text(KEY_PARENT_ROUTER).map(drop).map_err(|error| error.in_file(&cid.shown(path)))
}

/// An `mrinit.conf` that is being edited, and what was done to it so far.
struct Edited {
    path: CidPath,
    /// Its content on disk; `None` where it is made anew.
    before: Option<Vec<u8>>,
    conf: Mrinit,
    done: Vec<String>,
    ending_added: Option<LineEnding>,
}

impl Edited {
    /// The file that is there.
    fn of(path: CidPath, conf: Mrinit) -> Self {
        Self { path, before: Some(conf.bytes().to_vec()), conf, done: Vec::new(), ending_added: None }
    }

    /// A copy, not made yet, of the file of this name in the root.
    fn copied(path: CidPath, conf: Mrinit, root_name: &str) -> Self {
        Self { path, before: None, conf, done: vec![text!("copied from \\{root_name}", root_name)], ending_added: None }
    }

    fn note(&mut self, edit: Edit, what: String) {
        self.ending_added = self.ending_added.or(edit.line_ending_added);
        if edit.changed {
            self.done.push(what);
        }
    }

    /// Lets the endpoints report to the relay, and the relay to its own parent where that is given.
    fn name_relay(&mut self, setup: &RelaySetup) -> Result<()> {
        let edit = self.conf.set(KEY_PARENT_ROUTER, &setup.address.to_string())?;
        self.note(edit, text!("{KEY_PARENT_ROUTER} set to {address}", KEY_PARENT_ROUTER, address = setup.address));
        if let Some(parent) = &setup.parent_relay {
            let edit = self.conf.set_or_add(KEY_MR_PARENT, &Value::Text(parent.to_string()))?;
            self.note(
                edit,
                text!(
                    "{KEY_MR_PARENT} set to {parent}, since the parent of this relay is a relay",
                    KEY_MR_PARENT,
                    parent
                ),
            );
        }
        if let Some(back) =
            setup.parent_back.as_ref().filter(|back| self.conf.text(KEY_MR_PARENT).is_ok_and(|list| back.is_due(list)))
        {
            let edit = self.conf.set(KEY_MR_PARENT, &back.list)?;
            let why = text!("since the parent of this relay is the server");
            self.note(edit, text!("{KEY_MR_PARENT} set back to {list}, {why}", KEY_MR_PARENT, list = back.list, why));
        }
        Ok(())
    }

    /// Takes what has drifted from the root's file, if that is wanted, or warns of it.
    fn follow_root(
        &mut self,
        root_path: &CidPath,
        root: &Mrinit,
        setup: &RelaySetup,
        warnings: &mut Vec<String>,
    ) -> Result<()> {
        for drift in drift(root, &self.conf) {
            match &drift.root {
                Some(value) if setup.from_root => {
                    let edit = self.conf.set_or_add(&drift.name, value)?;
                    self.note(
                        edit,
                        text!(
                            "{drift} taken from {root_path}{type_taken}",
                            drift = drift.name,
                            root_path,
                            type_taken = drift.type_taken()
                        ),
                    );
                }
                _ => warnings.push(text!(
                    "{path}: {drift}, in {root_path}{hint}",
                    path = self.path,
                    drift,
                    root_path,
                    hint = drift.hint(setup.is_fleet)
                )),
            }
        }
        Ok(())
    }

    /// A warning where the relay would be its own parent, a loop.
    fn own_parent(&self, setup: &RelaySetup) -> Option<String> {
        let parent = self.conf.text(KEY_MR_PARENT).ok()?;
        (names_relay(parent, &setup.address) && !setup.is_server).then(|| {
            text!("{value}: {KEY_MR_PARENT} is {parent}, which names the relay itself: the relay would be its own parent, a \
                 loop; it should name the management server or the next relay", value = self.path, KEY_MR_PARENT, parent)
        })
    }

    /// The change; `None` where the file stays as it is.
    fn into_change(mut self) -> Option<Change> {
        if let Some(ending) = self.ending_added {
            self.done.push(text!("final line ending ({}) added", ending.name()));
        }
        let after = self.conf.into_bytes();
        (self.before.as_ref() != Some(&after))
            .then(|| Change::of_payload(self.path, self.before, after, self.done.join(", ")))
    }
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
            (true, false) => text!("; --from-root takes the root's"),
            (true, true) => text!("; from_root = true in the fleet file takes the root's"),
        }
    }

    /// Whether one is a string and the other a number.
    fn differs_in_type(&self) -> bool {
        matches!((&self.root, &self.copy), (Some(root), Some(copy)) if !root.is_of_type(copy))
    }

    /// What to say of the type where the root's value, of another type, has been taken.
    fn type_taken(&self) -> &'static str {
        match &self.root {
            Some(Value::Text(_)) if self.differs_in_type() => text!(", as a string"),
            Some(Value::Dword(_)) if self.differs_in_type() => text!(", as a number"),
            _ => "",
        }
    }
}

impl std::fmt::Display for Drift {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |value: &Option<Value>| match value {
            None => text!("missing").to_owned(),
            Some(value) if self.differs_in_type() => {
                let kind = if matches!(value, Value::Text(_)) { text!("the string") } else { text!("the number") };
                format!("{kind} {}", value.shown_as(&self.name))
            }
            Some(value) => value.shown_as(&self.name),
        };
        f.write_str(&text!("{} is {} here and {}", self.name, shown(&self.copy), shown(&self.root)))
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
