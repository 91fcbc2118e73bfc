//! `configcid fleet endpoints`.

use crate::endpoints::{Counts, Endpoint, EndpointState};
use crate::fleet::{Fleet, FleetEndpoint, FleetFinding};
use crate::report::{count, endpoint_counts, endpoint_headings, endpoint_lines};
use crate::{Error, ErrorKind, Exit, Result};
use clap::Args;
use serde::Serialize;

use super::flags::{FailedSource, FileArg, SurveyFlags, Surveyed};
use super::lines::{add_findings, print_endpoints, print_findings};
use crate::cli::endpoints::state;
use crate::cli::out::Out;

#[derive(Debug, Args)]
pub(crate) struct EndpointsArgs {
    #[command(flatten)]
    file: FileArg,
    #[command(flatten)]
    survey: SurveyFlags,
    /// Show endpoints in this state, in place of those that are not as they should be; more than once for several
    #[arg(long, value_name = "STATE", value_delimiter = ',', value_parser = state)]
    state: Vec<EndpointState>,
}

#[derive(Serialize)]
struct Body<'a> {
    file: String,
    counts: &'a Counts,
    machines: &'a [crate::fleet::AtMachine],
    cids: &'a [crate::fleet::AtCid],
    findings: Vec<FleetFinding>,
    endpoints: Vec<&'a FleetEndpoint>,
    left_out: usize,
    failed: Vec<FailedSource>,
}

const COMMAND: &str = "fleet endpoints";

pub(super) fn run(args: &EndpointsArgs, out: Out) -> Exit {
    try_run(args, out).unwrap_or_else(|error| out.fail(COMMAND, &error))
}

fn try_run(args: &EndpointsArgs, out: Out) -> Result<Exit> {
    let file = &args.file.file;
    let fleet = Fleet::read(file)?;
    let Some(surveyed) = args.survey.read(&fleet)? else {
        let error = Error::new(ErrorKind::Usage, "no survey is named").in_file(file);
        return Err(
            error.next("name what endpoints survey wrote with --survey, or as survey of [defaults] in the file")
        );
    };
    let mut findings = crate::fleet::check(&fleet);
    add_findings(&mut findings, Some(&surveyed));
    let Surveyed { endpoints: all, failed, left } = surveyed;
    if all.endpoints.is_empty() {
        let told = all.findings.iter().filter(|finding| finding.code == "survey").map(|finding| &*finding.what);
        let error = Error::new(ErrorKind::Io, told.collect::<Vec<_>>().join("; "));
        return Err(error.next("name the folder that the exports were collected in, or what endpoints survey wrote"));
    }
    print_endpoints(&all, out);
    print_findings(file, &findings, out);
    let is_shown = |endpoint: &Endpoint| match args.state.is_empty() {
        true => endpoint.fault,
        false => args.state.contains(&endpoint.state),
    };
    let shown: Vec<&FleetEndpoint> = all.endpoints.iter().filter(|row| is_shown(&row.endpoint)).collect();
    let width = shown.iter().map(|row| row.endpoint.name.chars().count()).max().unwrap_or(0).clamp(8, 64);
    if !shown.is_empty() {
        out.line("");
        out.heading(endpoint_headings(width));
    }
    for row in &shown {
        let mut lines = endpoint_lines(&row.endpoint, width, out.verbose);
        if let Some((_, line)) = lines.first_mut() {
            line.push_str(&whose(row));
        }
        out.toned(lines);
    }
    out.line("");
    if left > 0 {
        out.line(text!("{} left out: of the system, hidden, or not finished", count(left, "file was", "files were")));
    }
    let text = endpoint_counts(&all.counts);
    let exit = match (failed.is_empty(), findings.iter().any(FleetFinding::is_error)) {
        (false, _) => Exit::Some,
        (true, true) => Exit::Faults,
        (true, false) => Exit::Done,
    };
    match exit {
        Exit::Done => out.good(text),
        _ => out.fault(text),
    }
    let endpoints = match args.state.is_empty() {
        true => all.endpoints.iter().collect(),
        false => shown,
    };
    let body = Body {
        file: file.to_string_lossy().into_owned(),
        counts: &all.counts,
        machines: &all.machines,
        cids: &all.cids,
        findings,
        endpoints,
        left_out: left,
        failed,
    };
    out.answer(COMMAND, exit, body);
    Ok(exit)
}

/// Which machine that is, and where the endpoint belongs.
fn whose(row: &FleetEndpoint) -> String {
    let at = row.reports_to.as_ref().map(|name| format!(" ({name})"));
    let belongs = row.belongs_to.as_ref().filter(|name| row.reports_to.as_ref() != Some(name));
    let belongs = belongs.map(|name| text!(", belongs to {name}", name));
    let is = row.is.as_ref().map(|name| text!(", is {name} itself", name));
    [at, belongs, is].into_iter().flatten().collect()
}
