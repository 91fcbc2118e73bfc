//! `configcid fleet status`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::endpoints::Counts;
use crate::fleet::{
    self, AtCid, AtMachine, CidStatus, Difference, Fleet, FleetFinding, State, endpoint_metrics, fleet_down,
    fleet_metrics,
};
use crate::report::{endpoint_counts, table, write_file};
use crate::{Exit, Result};
use clap::Args;
use serde::Serialize;

use super::flags::{FailedSource, FileArg, JobsFlag, SurveyFlags, Surveyed};
use super::lines::{add_findings, print_endpoints, print_findings, whom};
use crate::cli::flags::{RefreshFlags, path};
use crate::cli::out::Out;

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    file: FileArg,
    #[command(flatten)]
    jobs: JobsFlag,
    /// Also write the result to this file, as Prometheus reads it; replaced whole
    #[arg(long, value_name = "FILE", value_parser = path())]
    metrics: Option<PathBuf>,
    #[command(flatten)]
    survey: SurveyFlags,
    #[command(flatten)]
    flags: RefreshFlags,
}

#[derive(Serialize)]
struct Body {
    file: String,
    /// How many CIDs are how.
    counts: BTreeMap<&'static str, usize>,
    findings: Vec<FleetFinding>,
    cids: Vec<Row>,
    /// What a survey says, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoints: Option<Endpoints>,
}

#[derive(Serialize)]
struct Endpoints {
    counts: Counts,
    machines: Vec<AtMachine>,
    cids: Vec<AtCid>,
    left_out: usize,
    failed: Vec<FailedSource>,
}

#[derive(Serialize)]
struct Row {
    cid: String,
    relay: String,
    line: usize,
    /// The CID that it follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    /// Where it is published to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    publish: Vec<String>,
    #[serde(flatten)]
    status: CidStatus,
}

const COMMAND: &str = "fleet status";

pub(super) fn run(args: &StatusArgs, out: Out) -> Exit {
    match try_run(args, out) {
        Ok(exit) => exit,
        Err(error) => {
            // Whoever reads the metrics learns that they are no longer made.
            if let Some(path) = &args.metrics
                && let Err(error) = write_file(path, fleet_down().to_string().as_bytes(), true)
            {
                out.error(&error);
            }
            out.fail(COMMAND, &error)
        }
    }
}

fn try_run(args: &StatusArgs, out: Out) -> Result<Exit> {
    let file = &args.file.file;
    let fleet = Fleet::read(file)?;
    let options = args.flags.options()?;
    let mut findings: Vec<FleetFinding> = fleet::check(&fleet);
    let surveyed = args.survey.read(&fleet)?;
    print_findings(file, &findings, out);
    let mut all: Vec<Option<CidStatus>> = fleet.cids.iter().map(|_| None).collect();
    let mut done = 0;
    fleet::status(&fleet, &options, args.jobs.jobs(), |index, status| {
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
    let all: Vec<CidStatus> = all.into_iter().flatten().collect();
    if let Some(path) = &args.metrics {
        let mut metrics = fleet_metrics(&fleet, &findings, &all);
        if let Some(surveyed) = &surveyed {
            endpoint_metrics(&surveyed.endpoints, &mut metrics);
        }
        write_file(path, metrics.to_string().as_bytes(), true)?;
    }
    let rows: Vec<Row> = fleet
        .cids
        .iter()
        .zip(all)
        .map(|(cid, status)| {
            let relay = whom(&fleet, cid).to_owned();
            let source = cid.source.as_ref().map(|source| source.value.clone());
            let publish = cid.places().map(str::to_owned).collect();
            Row { cid: cid.path.value.clone(), relay, line: cid.path.line, source, publish, status }
        })
        .collect();
    print(&rows, out);
    if let Some(Surveyed { endpoints, .. }) = &surveyed {
        out.line("");
        print_endpoints(endpoints, out);
        let new = endpoints.findings.iter().filter(|finding| !findings.contains(finding)).cloned().collect::<Vec<_>>();
        print_findings(file, &new, out);
        out.line("");
    }
    add_findings(&mut findings, surveyed.as_ref());
    let mut counts = BTreeMap::new();
    for state in State::ALL {
        counts.insert(state.name(), rows.iter().filter(|row| row.status.state == state).count());
    }
    let in_step = counts[State::InStep.name()];
    let said: Vec<String> = State::ALL
        .iter()
        .map(|state| (state, counts[state.name()]))
        .filter(|(_, count)| *count > 0)
        .map(|(state, count)| format!("{count} {}", shown(*state)))
        .collect();
    let mut said = if said.is_empty() { text!("no CIDs").to_owned() } else { said.join(", ") };
    said.extend(surveyed.iter().map(|surveyed| format!("; {}", endpoint_counts(&surveyed.endpoints.counts))));
    let is_good = in_step == rows.len() && !findings.iter().any(FleetFinding::is_error);
    if is_good {
        out.good(said)
    } else {
        out.fault(said)
    }
    let exit = if is_good { Exit::Done } else { Exit::Faults };
    let endpoints = surveyed.map(|Surveyed { endpoints: all, failed, left }| Endpoints {
        counts: all.counts,
        machines: all.machines,
        cids: all.cids,
        left_out: left,
        failed,
    });
    let file = file.to_string_lossy().into_owned();
    out.answer(COMMAND, exit, Body { file, counts, findings, cids: rows, endpoints });
    Ok(exit)
}

/// A state, for people.
fn shown(state: State) -> String {
    state.name().replace('-', " ")
}

fn print(rows: &[Row], out: Out) {
    let mut lines = vec![["CID", "RELAY", "STATE"].map(str::to_owned).to_vec()];
    lines.extend(rows.iter().map(|row| vec![row.cid.clone(), row.relay.clone(), shown(row.status.state)]));
    let lines = table(&lines);
    out.heading(&lines[0]);
    for (line, row) in lines[1..].iter().zip(rows) {
        match row.status.state {
            State::InStep => out.line(line),
            _ => out.fault(line),
        }
        for Difference { path, what, .. } in &row.status.differences {
            let path = path.as_ref().map_or_else(String::new, |path| format!("{path}: "));
            out.line(format!("    {path}{what}"));
        }
        if let Some(error) = &row.status.error {
            out.line(format!("    {}", error.what));
        }
    }
}
