//! A fleet file derived from CIDs that are there.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::{Fleet, Platform};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::severity::Severity;
use crate::base::text::{fold_case, safe};
use crate::cid::Cid;
use crate::mrinit::{RelayAddress, names_relay, read_list};
use crate::relay::{self, CopyState};
use crate::router::same_list;

/// A fleet file that was derived.
#[derive(Debug)]
#[non_exhaustive]
pub struct Imported {
    /// The file's text.
    pub text: String,
    /// What CIDs alone do not tell, or tell in two ways, each as a sentence.
    pub warnings: Vec<String>,
    /// The CIDs that could not be read, and why; the text has none of these.
    pub failed: Vec<(PathBuf, Error)>,
}

/// Derives a fleet file from CIDs: the server from the root's `mrinit.conf`, the relays from those of the components
/// (or of the root, in CIDs for Mac and Linux), their parents from `MRParentAddress`. Changes nothing.
///
/// # Errors
/// None of the CIDs could be read, or none names a server.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("ESXP");
/// use configcid::{DemoCid, fleet};
///
/// DemoCid::default().write(&path)?;
/// let imported = fleet::import(&[path])?;
/// assert!(imported.text.contains("fqdn = \"Server.Sales.Acme\""));
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn import(paths: &[PathBuf]) -> Result<Imported> {
    let (mut read, mut failed) = (Vec::new(), Vec::new());
    for path in paths {
        match Read::new(path) {
            Ok(one) => read.push(one),
            Err(error) => failed.push((path.clone(), error)),
        }
    }
    // The root of a CID for Windows has the server's addresses; the others' may have been edited.
    let Some(first) = read.iter().find(|one| !one.is_root_edited).or(read.first()) else {
        let error = failed.into_iter().next().map(|(_, error)| error);
        return Err(error.unwrap_or_else(|| Error::new(ErrorKind::Usage, "no CID is named")));
    };
    let mut draft = Draft { server: first.server.clone(), relays: Vec::new(), cids: Vec::new(), warnings: Vec::new() };
    read.iter().for_each(|one| draft.add(one));
    let text = draft.print();
    Fleet::parse(text.as_bytes(), Path::new("")).map_err(|error| error.next("this is a fault of configcid"))?;
    Ok(Imported { text, warnings: draft.warnings, failed })
}

/// What a CID tells.
struct Read {
    path: PathBuf,
    platforms: Vec<Platform>,
    is_guess: bool,
    is_root_edited: bool,
    /// What the root says of the server.
    server: RelayAddress,
    /// Whom the endpoints report to.
    relay: RelayAddress,
    /// Whom a relay that is installed from it reports to.
    parent: Option<RelayAddress>,
    warnings: Vec<String>,
}

impl Read {
    fn new(path: &Path) -> Result<Self> {
        if path.to_str().is_none() {
            return Err(Error::new(ErrorKind::Usage, "a fleet file is UTF-8, and this path is not")
                .in_file(path)
                .next("rename the folder, or reach it by another path"));
        }
        let open = Cid::open(path)?;
        let state = relay::show(&open)?;
        let missing = |what: &str| {
            Error::new(ErrorKind::MrinitFormat, what.to_owned()).in_file(path).next("configcid relay show tells more")
        };
        let root = state.copies.iter().find(|copy| copy.path.folder().is_none());
        let mut copies = state.copies.iter().filter(|copy| copy.path.folder().is_some());
        let own = copies.next().or(root).ok_or_else(|| missing(text!("there is no mrinit.conf")))?;
        let list = |copy: &CopyState| {
            copy.parent_router_address.clone().ok_or_else(|| missing(text!("its mrinit.conf names nobody")))
        };
        let has = |name: &str| open.components().iter().any(|folder| folder.file_name().eq_ignore_ascii_case(name));
        let mut platforms = Vec::new();
        platforms.extend(has("rms").then_some(Platform::Windows));
        platforms.extend(has("rms9x").then_some(Platform::Windows9x));
        let is_guess = platforms.is_empty();
        if is_guess {
            let name = fold_case(&path.to_string_lossy());
            platforms.push(if name.contains("linux") { Platform::Linux } else { Platform::Mac });
        }
        let relay = list(own)?;
        let others =
            copies.filter(|copy| copy.parent_router_address.as_ref().is_some_and(|other| !same_list(other, &relay)));
        let mut warnings: Vec<String> =
            others.map(|copy| text!("{}: {} names another relay", path.display(), copy.path)).collect();
        for copy in &state.copies {
            let told = copy.findings.iter().filter(|finding| finding.severity != Severity::Note);
            warnings.extend(told.map(|finding| format!("{}: {}: {finding}", path.display(), copy.path)));
        }
        let server = root.unwrap_or(own);
        let server = server.mr_parent_address.clone().map_or_else(|| list(server), Ok)?;
        Ok(Self {
            path: path.to_owned(),
            is_guess,
            is_root_edited: is_guess,
            platforms,
            server: read_list(&server).map_err(|error| error.in_file(path))?.0,
            relay: read_list(&relay).map_err(|error| error.in_file(path))?.0,
            parent: own.mr_parent_address.as_deref().and_then(|list| Some(read_list(list).ok()?.0)),
            warnings,
        })
    }
}

struct Draft {
    server: RelayAddress,
    relays: Vec<DraftRelay>,
    cids: Vec<DraftCid>,
    warnings: Vec<String>,
}

struct DraftCid {
    path: String,
    platforms: Vec<Platform>,
    /// The platform is a guess.
    is_guess: bool,
    /// The index of a relay; `None` is the server.
    relay: Option<usize>,
}

struct DraftRelay {
    name: String,
    address: RelayAddress,
    /// The index of a relay; `None` is the server.
    parent: Option<usize>,
    is_known: bool,
}

impl Draft {
    fn add(&mut self, one: &Read) {
        let path = one.path.display().to_string();
        self.warnings.extend(one.warnings.iter().cloned());
        if !one.is_root_edited && !names_relay(&one.server.to_string(), &self.server) {
            self.warnings.push(text!("{path}: its root names another server, {server}", path, server = one.server));
        }
        let relay = match names_relay(&one.relay.to_string(), &self.server) {
            true => None,
            false => Some(self.relay(&one.relay)),
        };
        if let (Some(relay), Some(parent)) = (relay, &one.parent) {
            self.set_parent(relay, parent, &path);
        }
        let (path, platforms) = (one.path.to_string_lossy().into_owned(), one.platforms.clone());
        self.cids.push(DraftCid { path, platforms, is_guess: one.is_guess, relay });
    }

    fn set_parent(&mut self, relay: usize, parent: &RelayAddress, path: &str) {
        let list = parent.to_string();
        if names_relay(&list, &self.relays[relay].address) {
            let name = &self.relays[relay].name;
            self.warnings.push(text!(
                "{path}: MRParentAddress names {name} itself, which would be its own parent",
                path,
                name
            ));
            return;
        }
        let above = (!names_relay(&list, &self.server)).then(|| self.relay(parent));
        let relay = &mut self.relays[relay];
        if relay.is_known && relay.parent != above {
            self.warnings.push(text!(
                "{path}: MRParentAddress names another parent of {relay}, {list}",
                path,
                relay = relay.name,
                list
            ));
            return;
        }
        (relay.parent, relay.is_known) = (above, true);
    }

    /// The relay of an address, which is new where none has it.
    fn relay(&mut self, address: &RelayAddress) -> usize {
        let list = address.to_string();
        if let Some(index) = self.relays.iter().position(|relay| same_list(&relay.address.to_string(), &list)) {
            return index;
        }
        let host = address.fqdn().and_then(|fqdn| fqdn.split('.').next());
        let ip = address.ip().map(|ip| ip.to_string());
        let base = address.netbios().or(host).or(ip.as_deref()).unwrap_or("relay").to_owned();
        let taken = |name: &str| {
            let key = fold_case(name);
            key == super::keys::THE_SERVER
                || key == fold_case(&self.server_name())
                || self.relays.iter().any(|relay| fold_case(&relay.name) == key)
        };
        let numbered = (2..).map(|number| format!("{base}-{number}"));
        let name = std::iter::once(base.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or_default();
        self.relays.push(DraftRelay { name, address: address.clone(), parent: None, is_known: false });
        self.relays.len() - 1
    }

    fn server_name(&self) -> String {
        let ip = self.server.ip().map(|ip| ip.to_string());
        self.server.netbios().or(self.server.fqdn()).or(ip.as_deref()).unwrap_or("server").to_owned()
    }

    fn print(&self) -> String {
        let mut out = "# Derived by configcid fleet import. What CIDs do not tell is left out: add the numbers of endpoints and\n\
            # the system of the server, then: configcid fleet check\n"
            .to_owned();
        for warning in &self.warnings {
            let _ = writeln!(out, "# Look at this: {}", safe(warning));
        }
        let _ = writeln!(out, "\n[server]\nname = {}", quoted(&self.server_name()));
        print_address(&mut out, &self.server);
        out.push_str("# system = \"Windows Server 2012 R2\"\n# endpoints = 0\n");
        for relay in &self.relays {
            let _ = writeln!(out, "\n[[relay]]\nname = {}", quoted(&relay.name));
            print_address(&mut out, &relay.address);
            let parent = relay.parent.map_or("server", |parent| &self.relays[parent].name);
            let guess = if relay.is_known { "" } else { " # a guess: no CID tells" };
            let _ = writeln!(out, "parent = {}{guess}\n# endpoints = 0", quoted(parent));
        }
        for DraftCid { path, platforms, is_guess, relay } in &self.cids {
            let _ = writeln!(out, "\n[[cid]]\npath = {}", quoted(path));
            if *is_guess {
                out.push_str("# a guess: the CID does not tell Mac from Linux\n");
            }
            let names: Vec<String> = platforms.iter().map(|platform| quoted(platform.name())).collect();
            let _ = match names.as_slice() {
                [one] => writeln!(out, "platform = {one}"),
                _ => writeln!(out, "platform = [{}]", names.join(", ")),
            };
            let relay = relay.map_or("server", |relay| &self.relays[relay].name);
            let _ = writeln!(out, "relay = {}", quoted(relay));
        }
        out
    }
}

fn print_address(out: &mut String, address: &RelayAddress) {
    let ip = address.ip().map(|ip| ip.to_string());
    let parts = [("ip", ip.as_deref()), ("fqdn", address.fqdn()), ("netbios", address.netbios())];
    for (key, value) in parts.into_iter().filter_map(|(key, value)| Some((key, value?))) {
        let _ = writeln!(out, "{key} = {}", quoted(value));
    }
}

/// A string of TOML: as it is where that is possible, so that paths of Windows stay readable.
fn quoted(text: &str) -> String {
    if text.contains('\\') && !text.contains(|c: char| c == '\'' || c.is_control()) {
        return format!("'{text}'");
    }
    let mut out = "\"".to_owned();
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_come_back() {
        for text in [r"\\Server1\InterChk", "a\"b", r"a\'b", "tab\there", "Zürich", "", "\u{7f}"] {
            let line = format!("x = {}", quoted(text));
            let table = toml::de::DeTable::parse(&line).unwrap();
            assert_eq!(table.get_ref()["x"].get_ref().as_str(), Some(text));
        }
    }
}
