//! `configcid fleet check`.

use std::path::Path;

use crate::Exit;
use crate::fleet::{self, Fleet, FleetFinding};
use crate::report::count;
use clap::Args;
use serde::Serialize;

use super::super::out::Out;
use super::{FileArg, JobsFlag};

#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    file: FileArg,
    #[command(flatten)]
    look: LookFlags,
}

/// What to look at beyond the file.
#[derive(Debug, Args)]
pub struct LookFlags {
    /// Also ask for the addresses of all names; this alone uses the network
    #[arg(long)]
    dns: bool,
    /// Check the file by itself, without a look at the CIDs
    #[arg(long)]
    no_cids: bool,
    #[command(flatten)]
    jobs: JobsFlag,
}

impl LookFlags {
    pub fn jobs(&self) -> usize {
        self.jobs.jobs()
    }

    pub fn looks_at_cids(&self) -> bool {
        !self.no_cids
    }

    /// Everything that is found, in the order of the lines.
    pub fn findings(&self, fleet: &Fleet) -> Vec<FleetFinding> {
        let mut findings = fleet::check(fleet);
        if !self.no_cids {
            findings.extend(fleet::check_cids(fleet, self.jobs.jobs()));
        }
        if self.dns {
            findings.extend(fleet::check_names(fleet, self.jobs.jobs()));
        }
        findings.sort_by_key(|finding| finding.line);
        findings
    }
}

#[derive(Serialize)]
struct Body {
    file: String,
    relays: usize,
    cids: usize,
    errors: usize,
    warnings: usize,
    findings: Vec<FleetFinding>,
}

pub fn run(args: &CheckArgs, out: Out) -> Exit {
    const COMMAND: &str = "fleet check";
    let file = &args.file.file;
    let fleet = match Fleet::read(file) {
        Ok(fleet) => fleet,
        Err(error) => return out.fail(COMMAND, &error),
    };
    let findings = args.look.findings(&fleet);
    print(file, &findings, out);
    let (relays, cids) = (fleet.relays.len(), fleet.cids.len());
    let of = format!("the server, {}, {}", count(relays, "relay", "relays"), count(cids, "CID", "CIDs"));
    let errors = findings.iter().filter(|finding| finding.is_error()).count();
    match errors {
        0 => out.good(format!("{}: {of}", fleet::summary(&findings))),
        _ => out.fault(format!("{}: {of}", fleet::summary(&findings))),
    }
    let exit = if errors == 0 { Exit::Done } else { Exit::Faults };
    let (warnings, file) = (findings.len() - errors, file.to_string_lossy().into_owned());
    out.answer(COMMAND, exit, Body { file, relays, cids, errors, warnings, findings });
    exit
}

/// A line for each finding, which editors and terminals turn into a link.
pub fn print(file: &Path, findings: &[FleetFinding], out: Out) {
    for FleetFinding { code, line, article, what, next, .. } in findings.iter().filter(|finding| finding.is_error()) {
        out.fault(format!("{}:{line}: error ({code}): {what} [{article}]; {next}", file.display()));
    }
    for FleetFinding { code, line, article, what, next, .. } in findings.iter().filter(|finding| !finding.is_error()) {
        out.line(format!("{}:{line}: warning ({code}): {what} [{article}]; {next}", file.display()));
    }
}
