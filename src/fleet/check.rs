//! What is against the rules in a fleet file, before anything is touched.

use std::collections::HashMap;
use std::net::IpAddr;

use super::members::Members;
use super::places::{Circles, path_key, sources};
use super::rules::Rule;
use super::words::word;
use super::{AddressKind, Domain, Fleet, FleetFinding, Given, Machine, Relay, Target, rules};
use crate::base::text::{count, fold_case};
use crate::mrinit::RelayAddress;

/// Levels of a network, as the vendor recommends: the server, and six of relays \[14635\].
pub const MAX_LEVELS: usize = 7;
/// Endpoints that may report to a server without a relay, as the vendor recommends \[63588\].
pub const MAX_AT_SERVER: u32 = 5_000;
/// The same, of a server that runs Windows Server 2008 \[63588\].
pub const MAX_AT_SERVER_2008: u32 = 4_000;
/// Endpoints of one relay above which this program warns: our choice, no article has a number.
pub const MAX_AT_RELAY: u32 = 8_000;

/// Checks what the file says by itself; neither a disk nor a network is asked. In the order of the lines.
///
/// ```
/// use configcid::fleet::{Fleet, check};
///
/// let text = b"[server]\nname = 'S'\nip = '10.1.1.1'\n[[relay]]\nname = 'A'\nip = '10.1.1.2'\nparent = 'A'\n";
/// let findings = check(&Fleet::parse(text, "".as_ref())?);
/// let cycle = findings.iter().find(|finding| finding.is_error()).unwrap();
/// assert_eq!((cycle.code, cycle.line, cycle.article), ("cycle", 7, "our choice"));
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn check(fleet: &Fleet) -> Vec<FleetFinding> {
    let mut findings = Vec::new();
    names(fleet, &mut findings);
    fleet.machines().for_each(|machine| address(fleet, machine, &mut findings));
    shared_addresses(fleet, &mut findings);
    tree(fleet, &mut findings);
    endpoints(fleet, &mut findings);
    fleet.relays.iter().for_each(|relay| dhcp(&relay.machine, &mut findings));
    systems(fleet, &mut findings);
    cids(fleet, &mut findings);
    follow_in_circles(fleet, &mut findings);
    findings.extend(Members::inline(fleet).twice(fleet));
    findings.retain(|finding| !is_accepted(fleet, finding));
    sort(&mut findings);
    findings
}

/// Whether the file says of the machine that this recommendation is known not to be followed.
pub(super) fn is_accepted(fleet: &Fleet, finding: &FleetFinding) -> bool {
    let of = |machine: &&Machine| finding.machine.as_ref() == Some(&machine.name.value);
    let machines = fleet.machines().filter(of).filter_map(|machine| machine.accept.as_ref());
    let mut accepted = machines.flat_map(|accept| &accept.value);
    !finding.is_error() && accepted.any(|recommendation| word(*recommendation) == finding.code)
}

/// In the order of the lines, and of the rules where a line has several.
pub(super) fn sort(findings: &mut [FleetFinding]) {
    findings.sort_by(|a, b| (a.line, a.severity, a.code, &a.what).cmp(&(b.line, b.severity, b.code, &b.what)));
}

fn names(fleet: &Fleet, findings: &mut Vec<FleetFinding>) {
    let mut known: HashMap<String, usize> = HashMap::from([(super::keys::THE_SERVER.to_owned(), 0)]);
    for (index, machine) in fleet.machines().enumerate() {
        let Given { value: name, line } = &machine.name;
        match known.insert(fold_case(name), *line) {
            // The server may be called so.
            None | Some(0) if index == 0 => {}
            None => {}
            Some(0) => findings.push(
                rules::NAME_TWICE
                    .found(*line, text!("{name} is the word for the server, not for a relay", name))
                    .of(machine),
            ),
            Some(first) => findings.push(
                rules::NAME_TWICE
                    .found(*line, text!("{name} is also the name of the machine of line {first}", name, first))
                    .of(machine),
            ),
        }
    }
}

fn address(fleet: &Fleet, machine: &Machine, findings: &mut Vec<FleetFinding>) {
    let Machine { name, ip, fqdn, netbios, .. } = machine;
    if ip.is_none() && fqdn.is_none() && netbios.is_none() {
        let rule = match std::ptr::eq(machine, &fleet.server.machine) {
            true => &rules::SERVER_WITHOUT_ADDRESS,
            false => &rules::NO_ADDRESS,
        };
        findings.push(rule.found(machine.line, text!("{} has no address", name.value)).of(machine));
        return;
    }
    let parts = [(ip, 0), (fqdn, 1), (netbios, 2)];
    for (part, index) in parts.iter().filter_map(|(part, index)| part.as_ref().map(|part| (part, *index))) {
        let only = |this: usize| (this == index).then_some(part.value.as_str());
        match RelayAddress::new(only(0), only(1), only(2)) {
            Err(error) => findings.push(rules::ADDRESS.found(part.line, error.what()).of(machine)),
            Ok(address) => findings.extend(
                address.doubts().into_iter().map(|doubt| rules::ADDRESS_DOUBT.found(part.line, doubt).of(machine)),
            ),
        }
    }
}

fn shared_addresses(fleet: &Fleet, findings: &mut Vec<FleetFinding>) {
    let mut known: HashMap<String, &Machine> = HashMap::new();
    for machine in fleet.machines() {
        let mut own: Vec<String> = Vec::new();
        for part in [&machine.ip, &machine.fqdn, &machine.netbios].into_iter().flatten() {
            let key = part.value.parse::<IpAddr>().map_or_else(|_| fold_case(&part.value), |ip| ip.to_string());
            if own.contains(&key) {
                continue;
            }
            match known.get(&key) {
                None => drop(known.insert(key.clone(), machine)),
                Some(other) => {
                    let what = text!("{} is the address of {}, too", part.value, other.name.value);
                    findings.push(rules::SHARED_ADDRESS.found(part.line, what).of(machine));
                }
            }
            own.push(key);
        }
    }
}

fn tree(fleet: &Fleet, findings: &mut Vec<FleetFinding>) {
    for relay in &fleet.relays {
        if let (Target::Unknown, Some(parent)) = (relay.reports_to, &relay.parent) {
            let what = fleet.unknown_machine(&parent.value);
            findings.push(rules::UNKNOWN_PARENT.found(parent.line, what).of(&relay.machine));
        }
    }
    let name = |relay: usize| fleet.relays[relay].machine.name.value.as_str();
    for cycle in fleet.cycles() {
        let first = &fleet.relays[cycle[0]];
        let what = match cycle.as_slice() {
            [one] => text!("{} is its own parent", name(*one)),
            _ => {
                // A circle of a thousand relays is told by its first ones.
                let mut names: Vec<&str> = cycle.iter().take(12).map(|relay| name(*relay)).collect();
                names.extend((cycle.len() > 12).then_some("..."));
                text!("relays go round: {} report to {} again", names.join(" -> "), names[0])
            }
        };
        findings.push(rules::CYCLE.found(first.parent_line(), what).of(&first.machine));
    }
    for (relay, level) in fleet.relays.iter().zip(fleet.levels()) {
        if let Some(level) = level.filter(|level| *level > MAX_LEVELS) {
            let what = text!(
                "{machine} is on level {level}; {MAX_LEVELS} at most are recommended, the server's and {max_levels_is} of relays",
                machine = relay.machine.name.value,
                level,
                MAX_LEVELS,
                max_levels_is = MAX_LEVELS - 1
            );
            findings.push(rules::DEPTH.found(relay.parent_line(), what).of(&relay.machine));
        }
    }
}

/// How many endpoints may report to a machine, the server being the first, and the rule that says so.
pub(super) fn endpoint_limit(fleet: &Fleet, machine: usize) -> (u32, &'static Rule) {
    let is_2008 = || fleet.server.machine.system.as_ref().is_some_and(|system| system.value.is_windows_2008());
    match machine {
        0 if is_2008() => (MAX_AT_SERVER_2008, &rules::SERVER_ENDPOINTS),
        0 => (MAX_AT_SERVER, &rules::SERVER_ENDPOINTS),
        _ => (MAX_AT_RELAY, &rules::RELAY_ENDPOINTS),
    }
}

fn endpoints(fleet: &Fleet, findings: &mut Vec<FleetFinding>) {
    let server = &fleet.server.machine;
    let limit = endpoint_limit(fleet, 0).0;
    let why = if limit == MAX_AT_SERVER { "" } else { text!(", which runs Windows Server 2008,") };
    if let Some(endpoints) = server.endpoints.as_ref().filter(|endpoints| endpoints.value > limit) {
        let what = text!(
            "{endpoints} endpoints report to the server{why} without a relay; {limit} at most are recommended",
            endpoints = endpoints.value,
            why,
            limit
        );
        findings.push(rules::SERVER_ENDPOINTS.found(endpoints.line, what).of(server));
    }
    for relay in &fleet.relays {
        if let Some(endpoints) = relay.machine.endpoints.as_ref().filter(|endpoints| endpoints.value > MAX_AT_RELAY) {
            let what = text!(
                "{endpoints} endpoints report to {machine}; more than {MAX_AT_RELAY} are much for one",
                endpoints = endpoints.value,
                machine = relay.machine.name.value,
                MAX_AT_RELAY
            );
            findings.push(rules::RELAY_ENDPOINTS.found(endpoints.line, what).of(&relay.machine));
        }
    }
}

fn dhcp(machine: &Machine, findings: &mut Vec<FleetFinding>) {
    let name = &machine.name.value;
    let Given { value: AddressKind::Dhcp, line } = machine.address_kind else { return };
    match (&machine.fqdn, machine.domain.as_ref().map(|domain| domain.value)) {
        (None, Some(Domain::Nt)) => {
            let what = text!("{name} gets its address by DHCP in an NT domain: its FQDN must be in the list", name);
            findings.push(rules::DHCP_FQDN.found(line, what).of(machine));
        }
        (None, None) => {
            let what =
                text!("{name} gets its address by DHCP: in an NT domain its FQDN would have to be in the list", name);
            findings.push(rules::DHCP_FQDN_DOUBT.found(line, what).of(machine));
        }
        _ => {}
    }
    findings.push(
        rules::DHCP.found(line, text!("{name} should have a static address: endpoints look for it", name)).of(machine),
    );
}

fn systems(fleet: &Fleet, findings: &mut Vec<FleetFinding>) {
    let of = |machine: &Machine| machine.system.clone();
    for relay in &fleet.relays {
        if let Some(Given { value: system, line }) = of(&relay.machine)
            && system.is_server() == Some(false)
        {
            let what = text!("{} runs {}: a relay should run a server system", relay.machine.name.value, system.0);
            findings.push(rules::RELAY_SYSTEM.found(line, what).of(&relay.machine));
        }
    }
    let server = &fleet.server.machine;
    if let Some(Given { value: system, line }) = of(server).filter(|system| !system.value.is_known()) {
        let what = text!(
            "{} does not tell whether it is Windows Server 2008; it is taken for another",
            format!("{:?}", system.0)
        );
        findings.push(rules::SYSTEM.found(line, what).of(server));
    }
}

fn cids(fleet: &Fleet, findings: &mut Vec<FleetFinding>) {
    let mut known: HashMap<String, usize> = HashMap::new();
    for cid in &fleet.cids {
        let path = &cid.path;
        if let (Target::Unknown, Some(relay)) = (cid.reports_to, &cid.relay) {
            let what = fleet.unknown_machine(&relay.value);
            findings.push(rules::UNKNOWN_RELAY.found(relay.line, what).at(&path.value));
        }
        match known.get(&path_key(&cid.folder.to_string_lossy())) {
            None => drop(known.insert(path_key(&cid.folder.to_string_lossy()), path.line)),
            Some(first) => {
                let what = text!("{value} is the CID of line {first}, too", value = path.value, first);
                findings.push(rules::CID_TWICE.found(path.line, what).at(&path.value));
            }
        }
        if let Target::Relay(index) = cid.reports_to
            && let Some(platforms) = &fleet.relays[index].platforms
        {
            let others = cid.platforms.value.iter().filter(|platform| !platforms.value.contains(platform));
            for platform in others {
                let name = &fleet.relays[index].machine.name.value;
                let what = text!(
                    "{value} is for {platform}, and {name} has no such endpoints",
                    value = path.value,
                    platform = platform.name(),
                    name
                );
                findings.push(rules::RELAY_PLATFORM.found(cid.platforms.line, what).at(&path.value));
            }
        }
    }
    let mut served: HashMap<usize, Vec<_>> = HashMap::new();
    for cid in &fleet.cids {
        if let Target::Relay(index) = cid.reports_to {
            served.entry(index).or_default().extend(&cid.platforms.value);
        }
    }
    for (index, relay) in fleet.relays.iter().enumerate() {
        let Relay { machine, platforms, .. } = relay;
        let name = &machine.name.value;
        let Some(served) = served.get(&index) else {
            let what = text!("no CID lets endpoints report to {name}", name);
            findings.push(rules::RELAY_WITHOUT_CID.found(machine.line, what).of(machine));
            continue;
        };
        let Some(platforms) = platforms else { continue };
        for platform in platforms.value.iter().filter(|platform| !served.contains(platform)) {
            let what = text!(
                "{name} has endpoints of the platform {platform}, and no CID for them",
                name,
                platform = platform.name()
            );
            findings.push(rules::PLATFORM_WITHOUT_CID.found(platforms.line, what).of(machine));
        }
    }
}

fn follow_in_circles(fleet: &Fleet, findings: &mut Vec<FleetFinding>) {
    let Circles(circles) = sources(fleet).1;
    for circle in circles {
        let cid = &fleet.cids[circle[0]];
        let Some(source) = &cid.source else { continue };
        let what = match circle.len() {
            1 => text!("{} follows itself", cid.path.value),
            _ => {
                let mut names: Vec<&str> =
                    circle.iter().take(12).map(|cid| fleet.cids[*cid].path.value.as_str()).collect();
                names.extend((circle.len() > 12).then_some("..."));
                text!("CIDs go round: {} follow {} again", names.join(" -> "), names[0])
            }
        };
        findings.push(rules::SOURCE_CYCLE.found(source.line, what).at(&cid.path.value));
    }
}

/// How many errors and warnings there are, for people.
pub fn summary(findings: &[FleetFinding]) -> String {
    let errors = findings.iter().filter(|finding| finding.is_error()).count();
    let warnings = findings.len() - errors;
    format!("{}, {}", count(errors, "error", "errors"), count(warnings, "warning", "warnings"))
}
