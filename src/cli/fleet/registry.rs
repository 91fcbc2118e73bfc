//! `configcid fleet registry`.

use std::path::PathBuf;

use crate::fleet::{self, Fleet, FleetFinding};
use crate::report::{Status, count, write_unless_same};
use crate::{Exit, Result};
use clap::Args;
use serde::Serialize;

use super::flags::FileArg;
use super::lines::print_findings;
use crate::cli::flags::path;
use crate::cli::out::Out;

#[derive(Debug, Args)]
pub(crate) struct RegistryArgs {
    #[command(flatten)]
    file: FileArg,
    /// Where to write the files; it is made where it is not there
    #[arg(long, value_name = "DIR", default_value = ".", value_parser = path())]
    out: PathBuf,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
    /// Show what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Serialize)]
struct Body {
    file: String,
    dry_run: bool,
    findings: Vec<FleetFinding>,
    relays: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    relay: String,
    file: String,
    parent: Option<String>,
    status: Status,
}

const COMMAND: &str = "fleet registry";

pub(super) fn run(args: &RegistryArgs, out: Out) -> Exit {
    match try_run(args, out) {
        Ok(exit) => exit,
        Err(error) => out.fail(COMMAND, &error),
    }
}

fn try_run(args: &RegistryArgs, out: Out) -> Result<Exit> {
    let fleet = Fleet::read(&args.file.file)?;
    let findings = fleet::check(&fleet);
    print_findings(&args.file.file, &findings, out);
    let file = args.file.file.to_string_lossy().into_owned();
    if findings.iter().any(FleetFinding::is_error) {
        out.fault("Nothing was written: the file is against the rules");
        out.answer(COMMAND, Exit::Faults, Body { file, dry_run: args.dry_run, findings, relays: Vec::new() });
        return Ok(Exit::Faults);
    }
    let files = fleet::registry(&fleet)?;
    // What stands in the way of one is found before the first is written.
    for dry_run in [true, args.dry_run] {
        if !dry_run {
            fleet::make_folder(&args.out)?;
        }
        let mut relays = Vec::new();
        for file in &files {
            let path = args.out.join(&file.name);
            let status = match (write_unless_same(&path, &file.bytes, args.force, dry_run)?, dry_run) {
                (false, _) => Status::Unchanged,
                (true, true) => Status::Planned,
                (true, false) => Status::Changed,
            };
            let relay = fleet.relays[file.relay].machine.name.value.clone();
            relays.push(Row { relay, file: path.to_string_lossy().into_owned(), parent: file.parent.clone(), status });
        }
        if dry_run != args.dry_run {
            continue;
        }
        for Row { relay, file, status, .. } in &relays {
            out.line(match status {
                Status::Unchanged => text!("{file} holds the values already", file),
                Status::Planned => text!("Would write {file}", file),
                _ => text!("Wrote {file}; on {relay}: reg import {file}", file, relay),
            });
        }
        out.good(count(relays.len(), "relay", "relays"));
        out.answer(
            COMMAND,
            Exit::Done,
            Body { file: args.file.file.to_string_lossy().into_owned(), dry_run, findings, relays },
        );
        break;
    }
    Ok(Exit::Done)
}
