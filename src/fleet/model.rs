//! The network that a fleet file describes.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::keys::THE_SERVER;
use super::words::{AddressKind, Domain, Platform, Recommendation};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::near::nearest;
use crate::catalogs::{ChecksumChoice, RefreshOptions, function};
use crate::mrinit::RelayAddress;
use crate::relay::CopyState;

/// A value and the line of the file that gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given<T> {
    /// The value.
    pub value: T,
    /// The line, counted from 1.
    pub line: usize,
}

/// The server, the relays and the CIDs of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fleet {
    /// The management server.
    pub server: Server,
    /// The relays, in the order of the file.
    pub relays: Vec<Relay>,
    /// The CIDs, in the order of the file.
    pub cids: Vec<FleetCid>,
    /// What tells of the endpoints: files, and folders of exports.
    #[cfg_attr(not(feature = "cli"), allow(dead_code))]
    pub(crate) survey: Vec<Given<PathBuf>>,
    /// The folder of the file, where files of names are that it names.
    #[cfg_attr(not(feature = "cli"), allow(dead_code))]
    pub(super) folder: PathBuf,
}

/// What the server and the relays have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Machine {
    /// What the file calls it.
    pub name: Given<String>,
    /// The line where its table begins.
    pub line: usize,
    /// Its IP address, as written: see [`address`](Machine::address).
    pub ip: Option<Given<String>>,
    /// Its fully qualified domain name, as written.
    pub fqdn: Option<Given<String>>,
    /// Its NetBIOS name, as written.
    pub netbios: Option<Given<String>>,
    /// Its operating system.
    pub system: Option<Given<System>>,
    /// How many endpoints are expected to report to it, not counting those of the relays below it.
    pub endpoints: Option<Given<u32>>,
    /// Which endpoints should report to it, by their names: `*` and `?` stand for others, and what ends in `.txt` is a file.
    pub(super) computers: Option<Given<Vec<String>>>,
    /// How it gets its IP address; by default static.
    pub address_kind: Given<AddressKind>,
    /// The kind of domain it is in.
    pub domain: Option<Given<Domain>>,
    /// Recommendations that it is known not to follow: no finding is made of them.
    pub accept: Option<Given<Vec<Recommendation>>>,
}

impl Machine {
    /// Its addresses, in the order in which `mrinit.conf` lists them \[14635\].
    ///
    /// # Errors
    /// A part breaks the rules of its kind, or there is none: see [`RelayAddress::new`].
    pub fn address(&self) -> Result<RelayAddress> {
        let part = |part: &'_ Option<Given<String>>| part.as_ref().map(|part| part.value.clone());
        RelayAddress::new(part(&self.ip).as_deref(), part(&self.fqdn).as_deref(), part(&self.netbios).as_deref())
    }
}

/// The management server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Server {
    /// Its name and addresses; its endpoints are those that report to it without a relay.
    pub machine: Machine,
    /// The version of its console.
    pub console: Option<Given<String>>,
}

/// A message relay.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Relay {
    /// Its name and addresses.
    pub machine: Machine,
    /// Whom it reports to, as written; the server where nothing is written.
    pub parent: Option<Given<String>>,
    /// The platforms of its endpoints, where they are given.
    pub platforms: Option<Given<Vec<Platform>>>,
    /// Whom it reports to.
    pub reports_to: Target,
}

impl Relay {
    /// The line that says whom it reports to; where none does, that of its table.
    pub fn parent_line(&self) -> usize {
        self.parent.as_ref().map_or(self.machine.line, |parent| parent.line)
    }
}

/// A CID of the network.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FleetCid {
    /// Its path, as written.
    pub path: Given<String>,
    /// Its folder: the path, from where the file or `folder` of `[defaults]` says that paths begin.
    pub folder: PathBuf,
    /// The platforms of the endpoints that update from it.
    pub platforms: Given<Vec<Platform>>,
    /// The relay that its endpoints report to, as written; the server where nothing is written.
    pub relay: Option<Given<String>>,
    /// Whom its endpoints report to.
    pub reports_to: Target,
    /// The CID that it follows, as written: it gets what it lacks of that one, its relay kept.
    pub source: Option<Given<String>>,
    /// The folder of that CID, as `folder` is that of this one.
    pub source_folder: Option<PathBuf>,
    /// Where it is published to: as the file says, and the folder that this is where it is no URL.
    pub(crate) publish: Option<Given<Vec<(String, PathBuf)>>>,
    /// Ports and identity keys that differ from the root's `mrinit.conf` are taken from it.
    pub from_root: bool,
    /// The checksum function of its catalogs: a definition, or the path of a file that holds one.
    pub checksum: Option<Given<String>>,
    /// How many endpoints update from it.
    pub(super) endpoints: Option<Given<u32>>,
    /// Which, as [`Machine`] has them.
    pub(super) computers: Option<Given<Vec<String>>>,
}

impl FleetCid {
    /// How its catalogs are refreshed: as `options` say, and by the function that the file states where they name none and no
    /// program.
    ///
    /// # Errors
    /// The file that holds the definition cannot be read, or holds something else.
    pub(super) fn refresh<'o>(&self, options: &'o RefreshOptions) -> Result<Cow<'o, RefreshOptions>> {
        let (Some(checksum), ChecksumChoice::FindOut, None) = (&self.checksum, &options.checksum, &options.program)
        else {
            return Ok(Cow::Borrowed(options));
        };
        let function = function(&checksum.value).map_err(|error| {
            let what = text!(
                "line {line} states the checksum {checksum}: {error}",
                line = checksum.line,
                checksum = checksum.value,
                error
            );
            Error::new(ErrorKind::Fleet, what).next("correct it in the fleet file")
        })?;
        Ok(Cow::Owned(RefreshOptions { checksum: ChecksumChoice::Use(function), ..options.clone() }))
    }
}

impl FleetCid {
    /// The places that it is published to, as the file has them.
    pub(crate) fn places(&self) -> impl Iterator<Item = &str> {
        self.publish.iter().flat_map(|given| given.value.iter().map(|(name, _)| name.as_str()))
    }

    /// The line that says whom its endpoints report to; where none does, that of its path.
    pub fn relay_line(&self) -> usize {
        self.relay.as_ref().map_or(self.path.line, |relay| relay.line)
    }

    /// Whether its endpoints read this copy: the root's alone, or those of components alone.
    pub(super) fn reads(&self, copy: &CopyState) -> bool {
        copy.path.folder().is_none() == self.edits_root()
    }

    /// Whether its endpoints read the root's `mrinit.conf` alone: Mac and Linux have no `rms` folder.
    pub fn edits_root(&self) -> bool {
        self.platforms.value.iter().any(|platform| platform.component().is_none())
    }
}

/// Whom a relay, or the endpoints of a CID, report to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The management server.
    Server,
    /// The relay of this index.
    Relay(usize),
    /// A name that the file gives to nothing.
    Unknown,
}

impl Target {
    /// The number of this machine among those of [`Fleet::machines`], the server first; `None` for a name of nothing.
    pub(super) fn machine(self) -> Option<usize> {
        match self {
            Self::Server => Some(0),
            Self::Relay(relay) => Some(relay + 1),
            Self::Unknown => None,
        }
    }
}

/// An operating system, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct System(pub String);

/// The years in the names of servers; that of 2008 is also in the name of its other release.
const YEARS: &[&str] = &["2000", "2003", "2008", "2012", "2016", "2019", "2022", "2025"];

impl System {
    /// Whether it is Windows Server 2008, to which lower limits apply \[63588\]: the name has `2008` in it and not `R2`,
    /// which is another system.
    ///
    /// ```
    /// use configcid::fleet::System;
    ///
    /// assert!(System("Windows Server 2008 SP2".into()).is_windows_2008());
    /// assert!(!System("Windows Server 2008 R2".into()).is_windows_2008());
    /// ```
    pub fn is_windows_2008(&self) -> bool {
        self.0.contains("2008") && !self.0.to_ascii_lowercase().contains("r2")
    }

    /// Whether it is a system for servers, of Windows 2000 or later, as a relay should have \[14635\]; `None` where the name
    /// does not tell.
    ///
    /// ```
    /// use configcid::fleet::System;
    ///
    /// let is_server = |name: &str| System(name.into()).is_server();
    /// assert_eq!(is_server("Windows Server 2012 R2"), Some(true));
    /// assert_eq!(is_server("Windows XP SP3"), Some(false));
    /// assert_eq!(is_server("NT 4.0 Server"), Some(false));
    /// assert_eq!(is_server("an appliance"), None);
    /// ```
    pub fn is_server(&self) -> Option<bool> {
        let words: Vec<String> = self
            .0
            .to_ascii_lowercase()
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '.')
            .map(str::to_owned)
            .collect();
        let has = |word: &str| words.iter().any(|this| this == word);
        let is_old = ["nt", "nt4", "95", "98", "me", "9x"].iter().any(|word| has(word));
        let is_client = ["xp", "vista", "7", "8", "8.1", "10", "11", "professional", "workstation", "home"];
        if is_old || is_client.iter().any(|word| has(word)) {
            return Some(false);
        }
        (has("server") || YEARS.iter().any(|year| has(year))).then_some(true)
    }

    /// Whether the name tells if it is Windows Server 2008.
    pub fn is_known(&self) -> bool {
        YEARS.iter().any(|year| self.0.contains(year))
    }
}

impl Fleet {
    /// What is said of a name that no machine of the file has.
    pub(super) fn unknown_machine(&self, name: &str) -> String {
        let what = text!("{name} is neither a relay of this file nor the server", name);
        let names = self.machines().map(|machine| machine.name.value.as_str());
        match nearest(name, names.chain([THE_SERVER])) {
            Some(near) => text!("{what}: did you mean {near}?", what, near),
            None => what,
        }
    }

    /// The machine.
    pub fn machine(&self, target: Target) -> Option<&Machine> {
        match target {
            Target::Server => Some(&self.server.machine),
            Target::Relay(index) => self.relays.get(index).map(|relay| &relay.machine),
            Target::Unknown => None,
        }
    }

    /// The server, and then the relays.
    pub fn machines(&self) -> impl Iterator<Item = &Machine> {
        std::iter::once(&self.server.machine).chain(self.relays.iter().map(|relay| &relay.machine))
    }

    /// The relay's own parent's addresses, where the file says that this is a relay: what `MRParentAddress` must name
    /// in the CIDs of the relay. `None` where its parent is the server.
    ///
    /// # Errors
    /// As [`Machine::address`].
    pub fn parent_relay_address(&self, relay: usize) -> Result<Option<RelayAddress>> {
        match self.relays[relay].reports_to {
            Target::Relay(parent) => self.relays[parent].machine.address().map(Some),
            Target::Server | Target::Unknown => Ok(None),
        }
    }
}

impl FleetCid {
    /// The CID's path as a person types it: with the folder of `[defaults]`, or of the file, where the path is relative.
    pub(super) fn shown(&self) -> String {
        if is_absolute(&self.path.value) {
            return self.path.value.clone();
        }
        let shown = self.folder.to_string_lossy().into_owned();
        // A folder of Windows has its backslashes on other systems, too.
        let is_windows = shown.starts_with("\\\\") || shown.as_bytes().get(1) == Some(&b':');
        if is_windows { shown.replace('/', "\\") } else { shown }
    }
}

/// Whether a path is absolute, for this system or for Windows.
pub(super) fn is_absolute(path: &str) -> bool {
    let drive = path.as_bytes().get(1) == Some(&b':') && path.as_bytes()[0].is_ascii_alphabetic();
    Path::new(path).has_root() || path.starts_with('\\') || drive
}
