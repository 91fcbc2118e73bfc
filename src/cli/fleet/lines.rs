//! Lines that several of these commands print.

use std::path::Path;

use super::flags::Surveyed;
use crate::base::language::said;
use crate::cli::out::Out;
use crate::fleet::{Fleet, FleetCid, FleetEndpoints, FleetFinding};
use crate::report::table;

/// A line for each finding, which editors and terminals turn into a link.
pub(super) fn print_findings(file: &Path, findings: &[FleetFinding], out: Out) {
    let (errors, others): (Vec<_>, Vec<_>) = findings.iter().partition(|finding| finding.is_error());
    for finding in errors.into_iter().chain(others) {
        let FleetFinding { code, line, article, what, next, .. } = finding;
        let told = text!(
            "{file}:{line}: {severity} ({code}): {what} [{article}]; {next}",
            file = file.display(),
            line,
            severity = said(finding.severity.name()),
            code,
            what,
            article,
            next
        );
        if finding.is_error() { out.fault(told) } else { out.line(told) }
    }
}

/// Whom the endpoints of a CID report to.
pub(super) fn whom<'a>(fleet: &'a Fleet, cid: &FleetCid) -> &'a str {
    fleet.machine(cid.reports_to).map_or("?", |machine| &machine.name.value)
}

/// How many endpoints each machine has, and each CID of which the file says anything.
pub(super) fn print_endpoints(all: &FleetEndpoints, out: Out) {
    let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    let headings = ["MACHINE", "EXPECTED", "FOUND", "ELSEWHERE", text!("TO SET UP"), "UNKNOWN"];
    let mut lines = vec![headings.map(str::to_owned).to_vec()];
    lines.extend(all.machines.iter().map(|at| {
        let counts = [at.found, at.elsewhere, at.to_set_up, at.unknown].map(|count| count.to_string());
        [vec![at.machine.clone(), number(at.expected)], counts.to_vec()].concat()
    }));
    lines.extend(all.cids.iter().map(|at| vec![at.cid.clone(), number(at.expected), number(at.found)]));
    let lines = table(&lines);
    out.heading(&lines[0]);
    lines[1..].iter().for_each(|line| out.line(line));
}

/// Adds what a survey found to what the file's own checks did, which may be the same.
pub(super) fn add_findings(findings: &mut Vec<FleetFinding>, surveyed: Option<&Surveyed>) {
    let found = surveyed.iter().flat_map(|surveyed| &surveyed.endpoints.findings);
    let new: Vec<FleetFinding> = found.filter(|finding| !findings.contains(finding)).cloned().collect();
    findings.extend(new);
    findings.sort_by_key(|finding| finding.line);
}
