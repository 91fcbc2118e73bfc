//! The tree that is drawn, from a fleet and from what was found about it.

use std::collections::{HashMap, HashSet};

use super::{Kind, Line, MANY, Node, State, Style, Tree, endpoint_count, thousands};
use crate::base::text::{count, safe};
use crate::fleet::endpoints::{AtMachine, FleetEndpoints};
use crate::fleet::{Fleet, FleetCid, FleetFinding, Machine, Platform, Target};

impl Tree {
    pub(super) fn new(fleet: &Fleet, findings: &[FleetFinding], endpoints: Option<&FleetEndpoints>) -> Self {
        let known = Known::new(fleet, findings);
        let totals = totals(fleet);
        let lost = 1 + fleet.relays.len();
        let firsts: HashSet<usize> = fleet.cycles().iter().filter_map(|cycle| cycle.first().copied()).collect();
        let mut nodes = vec![known.node(&fleet.server.machine, None, 0, totals[0])];
        for (index, relay) in fleet.relays.iter().enumerate() {
            let parent = match relay.reports_to {
                Target::Server => 0,
                Target::Relay(parent) if !firsts.contains(&index) => parent + 1,
                _ => lost,
            };
            let mut node = known.node(&relay.machine, Some(parent), index + 1, totals[index + 1]);
            if parent == lost {
                let name = relay.parent.as_ref().map_or("", |parent| &parent.value);
                node.lines.insert(1, Line::new(&text!("its parent: {name}", name), Style::Bad));
                node.state = State::Bad;
            }
            nodes.push(node);
        }
        for (node, at) in nodes.iter_mut().zip(endpoints.iter().flat_map(|all| &all.machines)) {
            found(node, at);
        }
        if !known.cids[lost].is_empty() || nodes.iter().any(|node| node.parent == Some(lost)) {
            nodes.push(known.lost(lost));
        }
        Self { title: safe(&title(fleet, totals[0])), nodes, findings: sentences(findings) }
    }
}

/// What belongs to each machine.
struct Known<'a> {
    /// The CIDs of the server, of each relay, and of nobody.
    cids: Vec<Vec<&'a FleetCid>>,
    of_machine: HashMap<&'a str, Vec<&'a FleetFinding>>,
    of_cid: HashMap<&'a str, Vec<&'a FleetFinding>>,
    is_large: bool,
}

impl<'a> Known<'a> {
    fn new(fleet: &'a Fleet, findings: &'a [FleetFinding]) -> Self {
        let mut cids = vec![Vec::new(); fleet.relays.len() + 2];
        for cid in &fleet.cids {
            cids[cid.reports_to.machine().unwrap_or(fleet.relays.len() + 1)].push(cid);
        }
        let (mut of_machine, mut of_cid) = (HashMap::<_, Vec<_>>::new(), HashMap::<_, Vec<_>>::new());
        for finding in findings {
            if let Some(name) = &finding.machine {
                of_machine.entry(name.as_str()).or_default().push(finding);
            }
            if let Some(path) = &finding.cid {
                of_cid.entry(path.as_str()).or_default().push(finding);
            }
        }
        Known { cids, of_machine, of_cid, is_large: fleet.relays.len() >= MANY }
    }

    fn of_cid(&self, cid: &FleetCid) -> &[&'a FleetFinding] {
        self.of_cid.get(cid.path.value.as_str()).map_or(&[], Vec::as_slice)
    }

    /// A machine, whose CIDs are those of `owner`.
    fn node(&self, machine: &Machine, parent: Option<usize>, owner: usize, total: u64) -> Node {
        let name = &machine.name.value;
        let cids = &self.cids[owner];
        let mut found: Vec<&FleetFinding> = self.of_machine.get(name.as_str()).cloned().unwrap_or_default();
        // Some are about a machine and one of its CIDs.
        found.extend(cids.iter().flat_map(|cid| self.of_cid(cid)).filter(|found| found.machine.as_ref() != Some(name)));
        let state = worst(&found);

        let kind = if owner == 0 { Kind::Server } else { Kind::Relay };
        let mut lines = vec![Line::new(name, Style::Name)];
        let parts = [&machine.ip, &machine.fqdn, &machine.netbios].map(|part| part.as_ref().map(|part| &part.value));
        let shown = parts.iter().flatten().filter(|part| **part != name).take(if self.is_large { 1 } else { 2 });
        lines.extend(shown.map(|part| Line::new(part, Style::Soft)));
        let mut hint: Vec<String> = vec![if kind == Kind::Server { "Server " } else { "Relay " }.to_owned() + name];
        hint.extend(parts.into_iter().flatten().cloned());
        hint.extend(machine.system.as_ref().map(|system| system.value.0.clone()));
        let own = machine.endpoints.as_ref().map(|endpoints| u64::from(endpoints.value));
        lines.extend(own.map(|own| Line::new(&endpoint_count(own), Style::Plain)));
        if total > own.unwrap_or(0) {
            lines.push(Line::new(&text!("{} with those below", thousands(total)), Style::Plain));
        }
        for cid in cids {
            lines.push(self.cid_line(cid));
            let follows = cid.source.as_ref().map_or_else(String::new, |source| text!(", follows {}", source.value));
            let published: String = cid.places().map(|place| text!(", published to {place}", place)).collect();
            hint.push(format!("{}: {}{follows}{published}", platforms(cid), cid.path.value));
        }
        if !found.is_empty() {
            let style = if state == State::Bad { Style::Bad } else { Style::Doubtful };
            lines.push(Line::new(&tally(&found), style));
        }
        hint.extend(found.iter().map(|finding| text!("line {}: {}", finding.line, finding.what)));
        Node { kind, parent, lines, state, hint: hint.iter().map(|line| safe(line)).collect(), wire: None }
    }

    /// The place for relays and CIDs that have no way to the server.
    fn lost(&self, owner: usize) -> Node {
        let mut lines = vec![Line::new(text!("No way to the server"), Style::Name)];
        for cid in &self.cids[owner] {
            lines.push(self.cid_line(cid));
            let name = cid.relay.as_ref().map_or("", |relay| &relay.value);
            lines.push(Line::new(&text!("its relay: {name}", name), Style::Bad));
        }
        let hint = vec![text!("These report to a machine that the file does not have, or in a circle").to_owned()];
        Node { kind: Kind::Lost, parent: None, lines, state: State::Bad, hint, wire: None }
    }

    /// A CID: where, and what for, unless that is Windows.
    fn cid_line(&self, cid: &FleetCid) -> Line {
        let style = match worst(self.of_cid(cid)) {
            State::Bad => Style::Bad,
            State::Doubtful => Style::Doubtful,
            State::Well => Style::Plain,
        };
        let mut text = cid.path.value.clone();
        if cid.platforms.value != [Platform::Windows] {
            text += &format!("  ({})", platforms(cid));
        }
        if let Some(source) = &cid.source {
            text += &format!("  <- {}", last_part(&source.value));
        }
        match cid.places().count() {
            0 => {}
            1 => text += "  -> 1 place",
            places => text += &text!("  -> {places} places", places),
        }
        Line { keep_end: true, ..Line::new(&text, style) }
    }
}

/// Adds to a machine how many of its endpoints a survey found.
fn found(node: &mut Node, at: &AtMachine) {
    let of = |found: u64, expected: Option<u64>| {
        format!("{} / {}", thousands(found), expected.map_or_else(|| "?".to_owned(), thousands))
    };
    node.wire = Some(of(at.found_with_below, at.expected_with_below));
    let text = match at.expected {
        Some(expected) => text!("{} of {} found", thousands(at.found), thousands(expected)),
        None => text!("{} found", thousands(at.found)),
    };
    let is_short = at.expected.is_some_and(|expected| at.found < expected);
    let place = node.lines.iter().position(|line| line.text.contains(" endpoint")).map_or_else(
        || node.lines.iter().take_while(|line| matches!(line.style, Style::Name | Style::Soft)).count(),
        |place| place + 1,
    );
    node.lines.insert(place, Line::new(&text, if is_short { Style::Bad } else { Style::Plain }));
    for (number, what) in [
        (at.elsewhere, text!("report elsewhere")),
        (at.to_set_up, text!("to be set up")),
        (at.unknown, text!("not known")),
        (at.missing.len() as u64, text!("not in the survey")),
    ] {
        if number > 0 {
            node.hint.push(format!("{}, {what}", endpoint_count(number)));
        }
    }
}

/// Endpoints of each machine, with those of the relays below it; the server comes first.
pub(super) fn totals(fleet: &Fleet) -> Vec<u64> {
    let own = |machine: &Machine| machine.endpoints.as_ref().map_or(0, |endpoints| u64::from(endpoints.value));
    let mut totals: Vec<u64> = fleet.machines().map(own).collect();
    for relay in fleet.bottom_up() {
        let above = fleet.relays[relay].reports_to.machine().unwrap_or(0);
        totals[above] += totals[relay + 1];
    }
    totals
}

fn title(fleet: &Fleet, endpoints: u64) -> String {
    let relays = count(fleet.relays.len(), "relay", "relays");
    let cids = count(fleet.cids.len(), "CID", "CIDs");
    let endpoints = if endpoints == 0 { String::new() } else { format!(", {}", endpoint_count(endpoints)) };
    format!("{}: {relays}, {cids}{endpoints}", fleet.server.machine.name.value)
}

fn sentences(findings: &[FleetFinding]) -> Vec<(bool, String)> {
    let mut list: Vec<&FleetFinding> = findings.iter().collect();
    list.sort_by_key(|finding| (finding.severity, finding.line));
    let sentence =
        |finding: &FleetFinding| safe(&text!("line {}: {} [{}]", finding.line, finding.what, finding.article));
    list.into_iter().map(|finding| (finding.is_error(), sentence(finding))).collect()
}

/// The name of a CID's folder.
fn last_part(path: &str) -> &str {
    let path = path.trim_end_matches(['/', '\\']);
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

fn platforms(cid: &FleetCid) -> String {
    cid.platforms.value.iter().map(|platform| platform.name()).collect::<Vec<_>>().join(", ")
}

fn worst(findings: &[&FleetFinding]) -> State {
    match findings.iter().any(|finding| finding.is_error()) {
        true => State::Bad,
        false if findings.is_empty() => State::Well,
        false => State::Doubtful,
    }
}

/// `1 error, 2 warnings`; what there is none of is not said.
fn tally(findings: &[&FleetFinding]) -> String {
    let errors = findings.iter().filter(|finding| finding.is_error()).count();
    let warnings = findings.len() - errors;
    let parts = [(errors, "error", "errors"), (warnings, "warning", "warnings")];
    parts.iter().filter(|part| part.0 > 0).map(|part| count(part.0, part.1, part.2)).collect::<Vec<_>>().join(", ")
}
