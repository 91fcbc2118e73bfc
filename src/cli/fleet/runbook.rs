//! `configcid fleet runbook`.

use crate::fleet::{self, Fleet, FleetFinding};
use crate::report::Markup;
use crate::{Exit, Result};
use clap::Args;
use serde::Serialize;

use super::flags::FileArg;
use super::lines::print_findings;
use crate::cli::out::Out;
use crate::cli::paper::PaperFlags;

#[derive(Debug, Args)]
pub(crate) struct RunbookArgs {
    #[command(flatten)]
    file: FileArg,
    /// Write a page for a browser, with boxes to tick, instead of Markdown
    #[arg(long)]
    html: bool,
    #[command(flatten)]
    paper: PaperFlags,
}

#[derive(Serialize)]
struct About {
    format: &'static str,
    relays: usize,
    findings: Vec<FleetFinding>,
}

/// The answer of a file against the rules.
#[derive(Serialize)]
struct Refused {
    file: String,
    #[serde(flatten)]
    about: About,
}

pub(super) fn run(args: &RunbookArgs, out: Out) -> Exit {
    const COMMAND: &str = "fleet runbook";
    let write = || -> Result<Exit> {
        let file = &args.file.file;
        let fleet = Fleet::read(file)?;
        let (markup, format) = if args.html { (Markup::Html, "html") } else { (Markup::Markdown, "markdown") };
        let findings = fleet::check(&fleet);
        let about = About { format, relays: fleet.relays.len(), findings };
        if about.findings.iter().any(FleetFinding::is_error) {
            print_findings(file, &about.findings, out);
            out.fault("Nothing was written: the file is against the rules");
            out.answer(COMMAND, Exit::Faults, Refused { file: file.to_string_lossy().into_owned(), about });
            return Ok(Exit::Faults);
        }
        let text = fleet::runbook(&fleet, file, markup)?;
        args.paper.deliver(COMMAND, Some(file), text, about, out)
    };
    write().unwrap_or_else(|error| out.fail(COMMAND, &error))
}
