//! What the copies of mrinit.conf in a CID say, as lines.

use super::Tone;
use crate::base::language::said;
use crate::base::severity::Severity;
use crate::mrinit::Finding;
use crate::relay::{CopyState, RelayState};

/// Who is whose parent, copy by copy, and what is wrong with that.
pub(crate) fn relay_lines(state: &RelayState) -> Vec<(Tone, String)> {
    let mut lines: Vec<_> = state.copies.iter().flat_map(copy_lines).collect();
    lines.extend(state.faults.iter().map(|fault| (Tone::Bad, text!("fault: {fault}", fault))));
    lines
}

fn copy_lines(copy: &CopyState) -> Vec<(Tone, String)> {
    let or_none = |list: &Option<String>| list.clone().unwrap_or_else(|| text!("(none)").to_owned());
    let mut lines = vec![
        (Tone::Heading, copy.path.to_string()),
        (Tone::Plain, text!("  endpoints report to  {}", or_none(&copy.parent_router_address))),
        (Tone::Plain, text!("  a relay reports to   {}", or_none(&copy.mr_parent_address))),
    ];
    lines.extend(copy.drift.iter().map(|drift| (Tone::Plain, text!("  differs: {drift}", drift))));
    lines.extend(copy.faults.iter().map(|fault| (Tone::Bad, text!("  fault: {fault}", fault))));
    lines.extend(doubt_lines(&copy.findings, "  "));
    lines
}

/// What is doubtful with an `mrinit.conf`; what is wrong with it is told as faults.
pub(crate) fn doubt_lines(findings: &[Finding], indent: &str) -> Vec<(Tone, String)> {
    let doubts = findings.iter().filter(|finding| !finding.is_error());
    doubts
        .map(|finding| {
            let tone = if finding.severity == Severity::Warning { Tone::Doubtful } else { Tone::Plain };
            (tone, format!("{indent}{}: {finding}", said(finding.severity.name())))
        })
        .collect()
}
