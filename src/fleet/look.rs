//! What is wrong with the CIDs that a fleet file names, and with its names at the DNS server.

use std::collections::HashMap;
use std::net::{IpAddr, ToSocketAddrs};
use std::path::Path;

use super::check;
use super::places::{is_to_be_made, path_key, source_in_file};
use super::want::parent_back;
use super::{Fleet, FleetCid, FleetFinding, Platform, Target, rules};
#[cfg(not(unix))]
use crate::base::files::real_path;
use crate::base::pool::side_by_side;
use crate::cid::Cid;
use crate::mrinit::{RelayAddress, names_relay};
use crate::relay::{self, RelayState};
use crate::sync::is_url;

/// Looks at every CID of the file, `jobs` at a time: whether it is there, is of its platform, and lets no relay be its own
/// parent. Changes nothing.
pub fn check_cids(fleet: &Fleet, jobs: usize) -> Vec<FleetFinding> {
    let mut findings = Vec::new();
    let mut roots = Vec::new();
    let look = |index: usize| {
        let cid = &fleet.cids[index];
        match Cid::open(&cid.folder) {
            Ok(open) => {
                let mut found = look_at(fleet, cid, &open, relay::show(&open).ok().as_ref());
                found.extend(source_of(fleet, cid));
                (found, identity(open.root()))
            }
            // It is made from the CID that it follows.
            Err(_) if is_to_be_made(cid) => (source_of(fleet, cid), None),
            Err(error) => {
                let what = format!("{}: {}", cid.path.value, error.what());
                (vec![rules::CID_MISSING.found(cid.path.line, what).at(&cid.path.value)], None)
            }
        }
    };
    side_by_side(jobs, fleet.cids.len(), look, |index, (found, root)| {
        findings.extend(found);
        roots.extend(root.map(|root| (index, root)));
    });
    roots.sort();
    let mut known: HashMap<String, &FleetCid> = HashMap::new();
    for (index, root) in &roots {
        let cid = &fleet.cids[*index];
        // Paths that are spelled alike are told of without a look.
        match known.insert(root.clone(), cid) {
            Some(first) if path_key(&first.folder.to_string_lossy()) != path_key(&cid.folder.to_string_lossy()) => {
                let what = text!("{} is the CID of line {}, too, under another name", cid.path.value, first.path.line);
                findings.push(rules::CID_TWICE.found(cid.path.line, what).at(&cid.path.value));
            }
            _ => {}
        }
    }
    check::sort(&mut findings);
    findings
}

/// What a folder is the same by, whatever it is called: a link to it, or another place where it is mounted, has the same.
/// `None` where there is no such folder.
pub(super) fn identity(folder: &Path) -> Option<String> {
    #[cfg(unix)]
    {
        let metadata = folder.metadata().ok()?;
        let (device, number) = crate::base::files::identity(&metadata);
        Some(format!("{device}:{number}"))
    }
    #[cfg(not(unix))]
    {
        real_path(folder).ok().map(|real| path_key(&real.to_string_lossy()))
    }
}

/// What is wrong with the CID that this one follows, if it follows one.
fn source_of(fleet: &Fleet, cid: &FleetCid) -> Vec<FleetFinding> {
    let Some((source, folder)) = cid.source.as_ref().zip(cid.source_folder.as_ref()) else { return Vec::new() };
    match Cid::open(folder) {
        // Nobody asks a server for a look at the file alone.
        _ if is_url(&source.value) => Vec::new(),
        Ok(open) if is_to_be_made(cid) => look_at(fleet, cid, &open, None),
        Ok(_) => Vec::new(),
        // It is to be made itself.
        Err(_) if source_in_file(fleet, cid).is_some_and(|source| is_to_be_made(&fleet.cids[source])) => Vec::new(),
        Err(error) => {
            let what = format!("{}: {}", source.value, error.what());
            vec![rules::SOURCE_MISSING.found(source.line, what).at(&cid.path.value)]
        }
    }
}

/// What is wrong with a CID that is open, and says `state` of its relays. A file that cannot be read is met again where
/// the CID is planned for.
pub(super) fn look_at(fleet: &Fleet, cid: &FleetCid, open: &Cid, state: Option<&RelayState>) -> Vec<FleetFinding> {
    let mut findings = Vec::new();
    platform(cid, open, &mut findings);
    findings.extend(state.and_then(|state| own_parent(fleet, cid, state)));
    findings
}

fn platform(cid: &FleetCid, open: &Cid, findings: &mut Vec<FleetFinding>) {
    let path = &cid.path.value;
    let line = cid.platforms.line;
    let has = |name: &str| open.components().iter().any(|folder| folder.file_name().eq_ignore_ascii_case(name));
    let said = |platform| cid.platforms.value.contains(&platform);
    for platform in &cid.platforms.value {
        match platform.component() {
            Some(component) if !has(component) => {
                let what = text!(
                    "{path} is for {platform}, and has no {component} folder",
                    path,
                    platform = platform.name(),
                    component
                );
                findings.push(rules::CID_PLATFORM.found(line, what).at(path));
            }
            None if has("rms") || has("rms9x") => {
                let what =
                    text!("{path} is for {platform}, and has the router of Windows", path, platform = platform.name());
                findings.push(rules::CID_PLATFORM.found(line, what).at(path));
            }
            _ => {}
        }
    }
    // A CID may well hold the packages of both (formats.md, section 1), whoever updates from it.
    let unsaid = |one: Platform, other: Platform| said(one) && !said(other) && other.component().is_some_and(has);
    for (one, other) in [(Platform::Windows, Platform::Windows9x), (Platform::Windows9x, Platform::Windows)] {
        if unsaid(one, other) && one.component().is_some_and(has) {
            let component = other.component().unwrap_or_default();
            let what = text!(
                "{path} has {component}, and is not said to be for {other}",
                path,
                component,
                other = other.name()
            );
            findings.push(rules::CID_PLATFORM_DOUBT.found(line, what).at(path));
        }
    }
}

/// The relay takes `MRParentAddress` of the CID that it is installed from for its parent \[A: formats.md, section 2\].
fn own_parent(fleet: &Fleet, cid: &FleetCid, state: &RelayState) -> Option<FleetFinding> {
    let Target::Relay(index) = cid.reports_to else { return None };
    let relay = &fleet.relays[index];
    let address = relay.machine.address().ok()?;
    let copies = state.copies.iter().filter(|copy| cid.reads(copy));
    let mut lists = copies.filter_map(|copy| copy.mr_parent_address.as_ref().map(|list| (copy, list)));
    let own = lists.find(|(_, list)| names_relay(list, &address));
    own.map(|(copy, list)| {
        // Where the parent is a relay, the value is one that is set.
        let rule = match relay.reports_to {
            Target::Relay(_) => &rules::OWN_PARENT_FOR_NOW,
            // So is the server's, where anything tells it.
            Target::Server if parent_back(fleet, cid, state).is_some() => &rules::OWN_PARENT_FOR_NOW,
            Target::Server | Target::Unknown => &rules::OWN_PARENT,
        };
        let what = text!(
            "{cid}: MRParentAddress of {copy} is {list}: {machine} would be its own parent",
            cid = cid.path.value,
            copy = copy.path,
            list,
            machine = relay.machine.name.value
        );
        rule.found(cid.path.line, what).at(&cid.path.value).of(&relay.machine)
    })
}

/// Asks for the addresses of every name in the file, some at a time. This alone uses the network.
pub fn check_names(fleet: &Fleet, jobs: usize) -> Vec<FleetFinding> {
    check_names_with(fleet, jobs, |name| {
        let found = (name, 0).to_socket_addrs().map_err(|error| error.to_string())?;
        Ok(found.map(|address| address.ip()).collect())
    })
}

fn check_names_with(
    fleet: &Fleet,
    jobs: usize,
    resolve: impl Fn(&str) -> std::result::Result<Vec<IpAddr>, String> + Sync,
) -> Vec<FleetFinding> {
    let machines: Vec<_> = fleet.machines().collect();
    let mut findings = Vec::new();
    let look = |index: usize| {
        let machine = machines[index];
        let fqdn = machine.fqdn.as_ref()?;
        // What breaks the rules of names is told of without asking.
        RelayAddress::new(None, Some(&fqdn.value), None).ok()?;
        let found = match resolve(&fqdn.value) {
            Err(error) => Err(error),
            Ok(found) if found.is_empty() => Err(text!("it has no address").to_owned()),
            Ok(found) => Ok(found),
        };
        let finding = match found {
            Err(error) => {
                rules::DNS.found(fqdn.line, text!("{fqdn} does not resolve: {error}", fqdn = fqdn.value, error))
            }
            Ok(found) => {
                let ip = machine.ip.as_ref()?.value.parse::<IpAddr>().ok()?;
                if found.contains(&ip) {
                    return None;
                }
                let found: Vec<String> = found.iter().map(IpAddr::to_string).collect();
                let what = text!(
                    "{fqdn} has the address {join}, and here it is {ip}",
                    fqdn = fqdn.value,
                    join = found.join(", "),
                    ip
                );
                rules::DNS_ADDRESS.found(fqdn.line, what)
            }
        };
        Some(finding.of(machine))
    };
    side_by_side(jobs, machines.len(), look, |_, finding| findings.extend(finding));
    check::sort(&mut findings);
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_with_addresses() {
        let text = b"[server]\nname='S'\nip='10.1.1.1'\nfqdn='s.acme'\n\
            [[relay]]\nname='A'\nip='10.1.1.2'\nfqdn='a.acme'\n[[relay]]\nname='B'\nfqdn='b.acme'\n\
            [[relay]]\nname='C'\nfqdn='c..acme'\n[[relay]]\nname='D'\nnetbios='D'\n";
        let fleet = Fleet::parse(text, "".as_ref()).unwrap();
        let findings = check_names_with(&fleet, 2, |name| match name {
            "b.acme" => Err("no such name".to_owned()),
            name => {
                assert!(["s.acme", "a.acme"].contains(&name), "{name}");
                Ok(vec!["10.1.1.1".parse().unwrap()])
            }
        });
        let found: Vec<_> = findings.iter().map(|finding| (finding.code, finding.line)).collect();
        assert_eq!(found, [("dns-address", 8), ("dns", 11)]);
    }
}
