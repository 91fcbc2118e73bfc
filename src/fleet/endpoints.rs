//! A survey of endpoints against the fleet file: how many report to which machine, who reports elsewhere, and relays that
//! do not report where the file says.
// Without the command line nobody reads surveys.
#![cfg_attr(not(feature = "cli"), allow(dead_code))]

use crate::base::language::said;
use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::check::{self, endpoint_limit};
use super::members::{Belongs, Members, Owner};
use super::rules::{self, Rule};
use super::{Fleet, FleetFinding, Machine, Target};
use crate::base::error::{Error, Result};
use crate::base::text::{count, some_of};
use crate::endpoints::{Counts, Endpoint, EndpointState, Name, Role, Survey, Wanted};
use crate::mrinit::{RelayAddress, names_relay};
use crate::router::Expected;

/// So many computers are named in a finding.
const MOST_NAMES: usize = 6;

/// What a survey says of a fleet.
#[derive(Debug, Default)]
pub(crate) struct FleetEndpoints {
    /// The server, and then the relays, in the order of the file.
    pub machines: Vec<AtMachine>,
    /// The CIDs of which the file says how many endpoints, or which, update from them.
    pub cids: Vec<AtCid>,
    /// All computers of the survey, in the order of their names.
    pub endpoints: Vec<FleetEndpoint>,
    /// How many are in which state.
    pub counts: Counts,
    /// What is wrong.
    pub findings: Vec<FleetFinding>,
}

/// The endpoints of a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct AtMachine {
    /// What the file calls it.
    pub machine: String,
    /// How many should report to it, where the file says so.
    pub expected: Option<u64>,
    /// How many do.
    pub found: u64,
    /// Of those that belong to it, how many report elsewhere, or by a list of addresses that is not the machine's.
    pub elsewhere: u64,
    /// Of the same, how many are to be set up: they report to nobody, contradict themselves, or a former file wins.
    pub to_set_up: u64,
    /// Of the same, of how many nothing is known.
    pub unknown: u64,
    /// Names of the file that the survey has nothing of.
    pub missing: Vec<String>,
    /// Both numbers with those of the relays below it. Expected is what each of them says, or nothing.
    pub expected_with_below: Option<u64>,
    pub found_with_below: u64,
}

/// The endpoints of a CID.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct AtCid {
    /// As the file spells it.
    pub cid: String,
    pub expected: Option<u64>,
    /// How many of those that it names report to its relay; nothing where it names none.
    pub found: Option<u64>,
}

/// A computer of the survey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct FleetEndpoint {
    #[serde(flatten)]
    pub endpoint: Endpoint,
    /// The machine that it is itself.
    pub is: Option<String>,
    /// The machine that its parent names.
    pub reports_to: Option<String>,
    /// The machine that it should report to, by the file or else by the survey.
    pub belongs_to: Option<String>,
}

impl FleetEndpoints {
    /// Adds the findings on a survey of so many computers, of which some sources cannot be read.
    pub(crate) fn not_read<'e>(&mut self, fleet: &Fleet, computers: usize, errors: impl Iterator<Item = &'e Error>) {
        let line = fleet.survey.first().map_or(fleet.server.machine.line, |given| given.line);
        let mut found: Vec<FleetFinding> = errors.map(|error| rules::SURVEY.found(line, error.to_string())).collect();
        if computers == 0 && found.is_empty() {
            found.push(rules::SURVEY.found(line, text!("the survey tells of no endpoint")));
        }
        self.findings.extend(found);
        check::sort(&mut self.findings);
    }
}

/// What is known of the machines for judging one endpoint.
struct Known<'a> {
    machines: Vec<&'a Machine>,
    addresses: Vec<Option<RelayAddress>>,
    /// The machine of a computer's name, in lower case and without a domain.
    by_name: HashMap<String, Vec<(Name, usize)>>,
    members: Members,
    /// What is expected of the endpoints of each machine, and of the machine itself.
    of_endpoints: Vec<Wanted>,
    of_machines: Vec<Wanted>,
    nothing: Wanted,
}

impl<'a> Known<'a> {
    fn new(fleet: &'a Fleet) -> Result<Self> {
        let machines: Vec<&Machine> = fleet.machines().collect();
        let addresses: Vec<Option<RelayAddress>> = machines.iter().map(|machine| machine.address().ok()).collect();
        let list = |machine: usize| {
            let list = addresses[machine].as_ref()?.to_string();
            Some(Expected { list, from: None, warnings: Vec::new() })
        };
        let of_endpoints = (0..machines.len()).map(|machine| match list(machine) {
            Some(expected) => Wanted { expected: Some(expected), own_parent: None, role: Role::Endpoint },
            None => Wanted::default(),
        });
        let of_machines = (0..machines.len()).map(|machine| {
            let relay = machine.checked_sub(1).map(|relay| &fleet.relays[relay]);
            let parent = relay.and_then(|relay| relay.reports_to.machine()).and_then(list);
            match (list(machine), parent) {
                (own, Some(parent)) => Wanted { expected: own, own_parent: Some(parent.list), role: Role::Relay },
                _ => Wanted::default(),
            }
        });
        let mut by_name: HashMap<String, Vec<(Name, usize)>> = HashMap::new();
        for (number, machine) in machines.iter().enumerate() {
            let names = [Some(&machine.name), machine.fqdn.as_ref(), machine.netbios.as_ref(), machine.ip.as_ref()];
            for given in names.into_iter().flatten() {
                let name = Name::read(&given.value);
                by_name.entry(name.short.clone()).or_default().push((name, number));
            }
        }
        Ok(Self {
            of_endpoints: of_endpoints.collect(),
            of_machines: of_machines.collect(),
            members: Members::read(fleet)?,
            nothing: Wanted::default(),
            machines,
            by_name,
            addresses,
        })
    }

    /// The machine that a computer is itself.
    fn is(&self, name: &str) -> Option<usize> {
        let name = Name::read(name);
        let known = self.by_name.get(&name.short)?;
        known.iter().find(|(known, _)| known.may_be(&name)).map(|(_, machine)| *machine)
    }

    fn wanted(&self, name: &str) -> &Wanted {
        match (self.is(name), self.members.of(name)) {
            (Some(machine), _) => &self.of_machines[machine],
            (None, Belongs::To(Owner { machine, .. })) => &self.of_endpoints[machine],
            (None, _) => &self.nothing,
        }
    }

    /// The machine that a list names: that of the first part that any machine has.
    fn named_by(&self, list: &str) -> Option<usize> {
        list.split(',').find_map(|part| {
            let is = |address: &Option<RelayAddress>| address.as_ref().is_some_and(|it| names_relay(part, it));
            self.addresses.iter().position(is)
        })
    }

    fn name(&self, machine: usize) -> &str {
        &self.machines[machine].name.value
    }
}

/// Joins a survey with the fleet file.
///
/// # Errors
/// A file of names that the fleet file names cannot be read.
pub(crate) fn join(fleet: &Fleet, survey: &Survey) -> Result<FleetEndpoints> {
    let known = Known::new(fleet)?;
    let mut found = Found::new(fleet);
    // Few lists are different ones.
    let mut lists: HashMap<String, Option<usize>> = HashMap::new();
    survey.each(
        |name| known.wanted(name),
        |endpoints| {
            for endpoint in endpoints {
                let mut machine_of = |list: &Option<String>| {
                    let list = list.as_ref()?;
                    let at = lists.get(list).copied();
                    at.unwrap_or_else(|| *lists.entry(list.clone()).or_insert(known.named_by(list)))
                };
                let (at, expected) = (machine_of(&endpoint.parent), machine_of(&endpoint.expected));
                found.add(endpoint, at, expected, &known);
            }
            true
        },
    );
    Ok(found.end(fleet, &known))
}

/// What is being counted.
struct Found {
    all: FleetEndpoints,
    of_cids: Vec<u64>,
    /// Entries of the file's names that the survey has.
    seen: HashSet<usize>,
    /// Of each machine, names for the findings.
    elsewhere: Vec<Vec<String>>,
    to_set_up: Vec<Vec<String>>,
    unknown: Vec<Vec<String>>,
    nowhere: Vec<String>,
    several: Vec<String>,
    /// Whom each relay reports to by the survey.
    relays: Vec<Option<Option<usize>>>,
    server: Option<usize>,
}

impl Found {
    fn new(fleet: &Fleet) -> Self {
        let machines = 1 + fleet.relays.len();
        // Those that belong to nobody come last.
        let names = || vec![Vec::new(); machines + 1];
        Self {
            all: FleetEndpoints {
                machines: fleet
                    .machines()
                    .map(|machine| AtMachine { machine: machine.name.value.clone(), ..AtMachine::default() })
                    .collect(),
                ..FleetEndpoints::default()
            },
            of_cids: vec![0; fleet.cids.len()],
            seen: HashSet::new(),
            elsewhere: names(),
            to_set_up: names(),
            unknown: names(),
            nowhere: Vec::new(),
            several: Vec::new(),
            relays: vec![None; fleet.relays.len()],
            server: None,
        }
    }

    /// Counts one, whose parent names the machine `at`, and of which the survey expects the machine `expected`.
    fn add(&mut self, mut endpoint: Endpoint, at: Option<usize>, expected: Option<usize>, known: &Known<'_>) {
        use EndpointState::{Contradicts, Nobody, OldParent, OrigWins, Reports, Unknown, Unreachable};
        let is = known.is(&endpoint.name);
        known.members.see(&endpoint.name, &mut self.seen);
        let owner = match known.members.of(&endpoint.name) {
            _ if is.is_some() => None,
            Belongs::To(owner) => Some(owner),
            Belongs::NotSaid => expected.map(|machine| Owner { machine, cid: None }),
            Belongs::Several => {
                self.several.push(endpoint.name.clone());
                None
            }
        };
        let belongs = owner.map(|owner| owner.machine);
        settle(&mut endpoint, is, at, belongs);
        let state = endpoint.state;
        self.all.counts.add(state);
        let of = belongs.unwrap_or(known.machines.len());
        match is {
            Some(0) => self.server = at.filter(|at| *at > 0),
            Some(relay) if endpoint.parent.is_some() => self.relays[relay - 1] = Some(at),
            Some(_) => {}
            None => {
                let name = || endpoint.name.clone();
                if let (Some(at), Reports | OldParent | OrigWins) = (at, state) {
                    self.all.machines[at].found += 1;
                    if let Some(Owner { machine, cid: Some(cid) }) = owner
                        && machine == at
                    {
                        self.of_cids[cid] += 1;
                    }
                }
                match (state, at, belongs) {
                    (Reports, ..) => {}
                    (OldParent, None, None) => self.nowhere.push(name()),
                    (OldParent, ..) => self.elsewhere[of].push(name()),
                    (Nobody | Contradicts | OrigWins, ..) => self.to_set_up[of].push(name()),
                    (Unreachable | Unknown, ..) => self.unknown[of].push(name()),
                }
            }
        }
        let name = |machine: usize| known.name(machine).to_owned();
        self.all.endpoints.push(FleetEndpoint {
            is: is.map(name),
            reports_to: at.map(name),
            belongs_to: belongs.map(name),
            endpoint,
        });
    }

    fn end(mut self, fleet: &Fleet, known: &Known<'_>) -> FleetEndpoints {
        let members = &known.members;
        for (index, machine) in known.machines.iter().enumerate() {
            let its_cids: Vec<_> = fleet.cids.iter().filter(|cid| cid.reports_to.machine() == Some(index)).collect();
            let of_cids = || {
                let numbers = its_cids.iter().map(|cid| cid.endpoints.as_ref().map(|given| u64::from(given.value)));
                numbers.collect::<Option<Vec<u64>>>().filter(|all| !all.is_empty()).map(|all| all.iter().sum())
            };
            let said = machine.endpoints.as_ref().map(|given| u64::from(given.value));
            let expected = said.or_else(|| members.count(|owner| owner.machine == index)).or_else(of_cids);
            let missing = members.not_among(&self.seen, |owner| owner.machine == index);
            let at = &mut self.all.machines[index];
            at.expected = expected;
            at.missing = missing.into_iter().map(str::to_owned).collect();
            at.elsewhere = self.elsewhere[index].len() as u64;
            at.to_set_up = self.to_set_up[index].len() as u64;
            at.unknown = self.unknown[index].len() as u64;
        }
        with_below(fleet, &mut self.all.machines);
        for (index, cid) in fleet.cids.iter().enumerate() {
            let names = members.count(|owner| owner.cid == Some(index));
            let expected = cid.endpoints.as_ref().map(|given| u64::from(given.value)).or(names);
            let found = cid.computers.is_some().then_some(self.of_cids[index]);
            if expected.is_some() || found.is_some() {
                self.all.cids.push(AtCid { cid: cid.path.value.clone(), expected, found });
            }
        }
        let mut findings = self.findings(fleet, known);
        findings.extend(members.twice(fleet));
        findings.retain(|finding| !check::is_accepted(fleet, finding));
        check::sort(&mut findings);
        self.all.findings = findings;
        self.all
    }

    fn findings(&self, fleet: &Fleet, known: &Known<'_>) -> Vec<FleetFinding> {
        let mut findings = Vec::new();
        for (index, machine) in known.machines.iter().enumerate() {
            let at = &self.all.machines[index];
            let name = known.name(index);
            let line = machine.endpoints.as_ref().map(|given| given.line);
            let line = line.or(machine.computers.as_ref().map(|given| given.line)).unwrap_or(machine.line);
            let mut tell = |rule: &Rule, what: String| findings.push(rule.found(line, what).of(machine));
            let expected = at.expected.unwrap_or(at.found);
            if at.found < expected || !at.missing.is_empty() {
                let missing = match at.missing.is_empty() {
                    true => String::new(),
                    false => text!("; the survey has nothing of {}", some(&at.missing)),
                };
                tell(
                    &rules::ENDPOINTS_MISSING,
                    text!(
                        "of {expected} endpoints {found} found that report to {name}{missing}",
                        expected,
                        found = is_or_are(at.found),
                        name,
                        missing
                    ),
                );
            }
            if at.found > expected {
                let what = text!(
                    "{found} found that report to {name}, and {expected} were expected",
                    found = is_or_are(at.found),
                    name,
                    expected
                );
                tell(&rules::ENDPOINTS_MORE, what);
            }
            let (limit, rule) = endpoint_limit(fleet, index);
            if at.found > u64::from(limit) {
                tell(
                    rule,
                    text!(
                        "{found} endpoints were found that report to {name}; more than {limit} are much",
                        found = at.found,
                        name,
                        limit
                    ),
                );
            }
            let of = |number: usize| count(number, "endpoint", "endpoints");
            for (rule, names, what) in [
                (
                    &rules::ENDPOINTS_ELSEWHERE,
                    &self.elsewhere[index],
                    text!("that should report to it by its present addresses"),
                ),
                (&rules::ENDPOINTS_TO_SET_UP, &self.to_set_up[index], text!("whose router is to be set up again")),
                (
                    &rules::ENDPOINTS_UNKNOWN,
                    &self.unknown[index],
                    text!("of which the survey does not tell whom they report to"),
                ),
            ] {
                if !names.is_empty() {
                    tell(
                        rule,
                        text!(
                            "{name} has {names} {what}: {names2}",
                            name,
                            names = of(names.len()),
                            what,
                            names2 = some(names)
                        ),
                    );
                }
            }
        }
        let server = &fleet.server.machine;
        let last = known.machines.len();
        for (rule, names, what) in [
            (&rules::ENDPOINTS_NOWHERE, &self.nowhere, text!("report to no machine of this file")),
            (&rules::ENDPOINTS_ELSEWHERE, &self.elsewhere[last], text!("do not report to whom the survey expects")),
            (&rules::ENDPOINTS_TO_SET_UP, &self.to_set_up[last], text!("of no known relay are to be set up again")),
            (&rules::ENDPOINTS_UNKNOWN, &self.unknown[last], text!("of no known relay cannot be told of")),
            (&rules::COMPUTER_TWICE, &self.several, text!("fit patterns of several machines")),
        ] {
            if !names.is_empty() {
                let what = format!("{} {what}: {}", count(names.len(), "endpoint", "endpoints"), some(names));
                findings.push(rule.found(server.line, what));
            }
        }
        self.relay_findings(fleet, known, &mut findings);
        findings
    }

    /// Relays that the survey has: whether each reports where the file says, and whether they go round.
    fn relay_findings(&self, fleet: &Fleet, known: &Known<'_>, findings: &mut Vec<FleetFinding>) {
        let mut actual = fleet.clone();
        for (index, relay) in fleet.relays.iter().enumerate() {
            let Some(at) = self.relays[index] else { continue };
            let target = match at {
                Some(0) => Target::Server,
                Some(machine) => Target::Relay(machine - 1),
                None => Target::Unknown,
            };
            actual.relays[index].reports_to = target;
            if target != relay.reports_to && relay.reports_to != Target::Unknown {
                let (name, whom) = (&relay.machine.name.value, at.map(|at| known.name(at)));
                let what = match whom {
                    Some(whom) => text!("the computer of {name} reports to {whom}", name, whom),
                    None => text!("the computer of {name} reports to no machine of this file", name),
                };
                findings.push(rules::RELAY_ELSEWHERE.found(relay.parent_line(), what).of(&relay.machine));
            }
        }
        let said = fleet.cycles();
        for circle in actual.cycles().into_iter().filter(|circle| !said.contains(circle)) {
            let first = &fleet.relays[circle[0]];
            let names: Vec<String> = circle.iter().map(|relay| known.name(relay + 1).to_owned()).collect();
            let what = match names.as_slice() {
                [one] => text!("the computer of {one} reports to itself", one),
                _ => text!("by the survey relays go round: {}", some(&names)),
            };
            findings.push(rules::RELAY_LOOP.found(first.parent_line(), what).of(&first.machine));
        }
        if let Some(relay) = self.server {
            let what = text!("the computer of the server reports to the relay {}", known.name(relay));
            findings.push(rules::RELAY_LOOP.found(fleet.server.machine.line, what).of(&fleet.server.machine));
        }
    }
}

fn is_or_are(number: u64) -> String {
    format!("{number} {}", if number == 1 { "was" } else { "were" })
}

fn some(names: &[String]) -> String {
    some_of(names, MOST_NAMES)
}

/// The state of an endpoint against the fleet: one of which nobody said whom it should report to is well at any machine of
/// the file, and one at none is not, whatever the survey expected.
fn settle(endpoint: &mut Endpoint, is: Option<usize>, at: Option<usize>, belongs: Option<usize>) {
    use EndpointState::{OldParent, Reports, Unknown};
    const NO_MACHINE: &str = "its parent is no machine of the fleet file";
    if is == Some(0) {
        // Nobody says whom the server's own router should name; that it names a relay is told by itself.
        endpoint.fault = at.is_some_and(|at| at > 0);
        return;
    }
    let is_unasked = endpoint.state == Unknown && !endpoint.fault;
    if endpoint.parent.is_none() {
        if is_unasked {
            endpoint.fault = true;
            endpoint.reason = Some(text!("its registry, which decides, was not seen").to_owned());
        }
        return;
    }
    match (endpoint.state, at) {
        (Unknown, Some(_)) if is_unasked => {
            endpoint.state = Reports;
            endpoint.reason = None;
        }
        (Reports, None) | (Unknown, None) if is_unasked || endpoint.state == Reports => {
            endpoint.state = OldParent;
            endpoint.fault = true;
            endpoint.reason = Some(said(NO_MACHINE).to_owned());
        }
        (OldParent, None) => drop(endpoint.reason.get_or_insert_with(|| said(NO_MACHINE).to_owned())),
        (OldParent, Some(_)) if at == belongs && is.is_none() => {
            let why = text!("it reports to this machine, by another list of addresses than the expected one");
            endpoint.reason.get_or_insert_with(|| why.to_owned());
        }
        _ => {}
    }
}

/// Adds up what is below each machine. Relays in a circle, or without a way up, count for themselves.
fn with_below(fleet: &Fleet, machines: &mut [AtMachine]) {
    for at in machines.iter_mut() {
        at.expected_with_below = at.expected;
        at.found_with_below = at.found;
    }
    for relay in fleet.bottom_up() {
        let Some(above) = fleet.relays[relay].reports_to.machine() else { continue };
        let (expected, found) = (machines[relay + 1].expected_with_below, machines[relay + 1].found_with_below);
        let above = &mut machines[above];
        above.expected_with_below = above.expected_with_below.zip(expected).map(|(one, other)| one + other);
        above.found_with_below += found;
    }
}
