//! `configcid fleet report`.

use crate::fleet::{self, CidStatus, Fleet, FleetFinding};
use crate::{Exit, Result};
use clap::Args;
use serde::Serialize;

use super::flags::{FileArg, LookFlags, SurveyFlags};
use super::lines::add_findings;
use crate::cli::flags::RefreshFlags;
use crate::cli::out::Out;
use crate::cli::paper::PaperFlags;

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    file: FileArg,
    #[command(flatten)]
    paper: PaperFlags,
    #[command(flatten)]
    look: LookFlags,
    #[command(flatten)]
    survey: SurveyFlags,
    #[command(flatten)]
    flags: RefreshFlags,
}

#[derive(Serialize)]
struct About {
    relays: usize,
    cids: usize,
    findings: Vec<FleetFinding>,
}

const COMMAND: &str = "fleet report";

pub(super) fn run(args: &ReportArgs, out: Out) -> Exit {
    write(args, out).unwrap_or_else(|error| out.fail(COMMAND, &error))
}

fn write(args: &ReportArgs, out: Out) -> Result<Exit> {
    let file = &args.file.file;
    let fleet = Fleet::read(file)?;
    let options = args.flags.options()?;
    let mut findings = args.look.findings(&fleet);
    let surveyed = args.survey.read(&fleet)?;
    add_findings(&mut findings, surveyed.as_ref());
    let statuses: Option<Vec<CidStatus>> = args.look.looks_at_cids().then(|| {
        let mut all: Vec<Option<CidStatus>> = fleet.cids.iter().map(|_| None).collect();
        let mut done = 0;
        fleet::status(&fleet, &options, args.look.jobs(), |index, status| {
            done += 1;
            out.progress(&text!(
                "{done} of {cids}: {index}",
                done,
                cids = fleet.cids.len(),
                index = fleet.cids[index].path.value
            ));
            all[index] = Some(status);
        });
        out.progress("");
        all.into_iter().flatten().collect()
    });
    let endpoints = surveyed.as_ref().map(|surveyed| &surveyed.endpoints);
    let page = fleet::report_with(&fleet, file, &findings, statuses.as_deref(), endpoints);
    let about = About { relays: fleet.relays.len(), cids: fleet.cids.len(), findings };
    args.paper.deliver(COMMAND, Some(file), page, about, out)
}
