//! `configcid fleet check`.

use crate::Exit;
use crate::fleet::{self, Fleet, FleetFinding};
use crate::report::count;
use clap::Args;
use serde::Serialize;

use super::flags::{FileArg, LookFlags};
use super::lines::print_findings;
use crate::cli::out::Out;

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    file: FileArg,
    #[command(flatten)]
    look: LookFlags,
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

pub(super) fn run(args: &CheckArgs, out: Out) -> Exit {
    const COMMAND: &str = "fleet check";
    let file = &args.file.file;
    let fleet = match Fleet::read(file) {
        Ok(fleet) => fleet,
        Err(error) => return out.fail(COMMAND, &error),
    };
    let findings = args.look.findings(&fleet);
    print_findings(file, &findings, out);
    let (relays, cids) = (fleet.relays.len(), fleet.cids.len());
    let of = text!("the server, {}, {}", count(relays, "relay", "relays"), count(cids, "CID", "CIDs"));
    let errors = findings.iter().filter(|finding| finding.is_error()).count();
    match errors {
        0 => out.good(format!("{}: {of}", fleet::summary(&findings))),
        _ => out.fault(format!("{}: {of}", fleet::summary(&findings))),
    }
    if errors == 0 {
        out.line("configcid fleet plan looks deeper: it says what would keep a CID from being changed");
    }
    let exit = if errors == 0 { Exit::Done } else { Exit::Faults };
    let (warnings, file) = (findings.len() - errors, file.to_string_lossy().into_owned());
    out.answer(COMMAND, exit, Body { file, relays, cids, errors, warnings, findings });
    exit
}
