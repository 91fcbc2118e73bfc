//! Lines that several of these commands print.

use std::path::Path;

use crate::cli::out::Out;
use crate::fleet::{Fleet, FleetCid, FleetFinding};

/// A line for each finding, which editors and terminals turn into a link.
pub(super) fn print_findings(file: &Path, findings: &[FleetFinding], out: Out) {
    for FleetFinding { code, line, article, what, next, .. } in findings.iter().filter(|finding| finding.is_error()) {
        out.fault(format!("{}:{line}: error ({code}): {what} [{article}]; {next}", file.display()));
    }
    for FleetFinding { code, line, article, what, next, .. } in findings.iter().filter(|finding| !finding.is_error()) {
        out.line(format!("{}:{line}: warning ({code}): {what} [{article}]; {next}", file.display()));
    }
}

/// Whom the endpoints of a CID report to.
pub(super) fn whom<'a>(fleet: &'a Fleet, cid: &FleetCid) -> &'a str {
    fleet.machine(cid.reports_to).map_or("?", |machine| &machine.name.value)
}
