//! `configcid envelopes logs`.

use std::path::PathBuf;

use crate::Exit;
use crate::envelopes::{self, Happened, LogReport};
use crate::report::{count, table};
use clap::Args;
use serde::Serialize;

use crate::cli::flags::path;
use crate::cli::out::Out;

#[derive(Debug, Args)]
pub struct LogsArgs {
    /// The folder of the router's logs, Router-YYYYMMDD-HHMMSS.log, or a copy of it
    #[arg(value_name = "DIR", value_parser = path())]
    dir: PathBuf,
}

#[derive(Serialize)]
struct Body<'a> {
    folder: String,
    #[serde(flatten)]
    report: &'a LogReport,
}

/// How many of each people are told; `-v` tells all.
const TOLD: usize = 10;

pub fn run(args: &LogsArgs, out: Out) -> Exit {
    const COMMAND: &str = "envelopes logs";
    let report = match envelopes::logs(&args.dir) {
        Ok(report) => report,
        Err(error) => return out.fail(COMMAND, &error),
    };
    let is_unhealthy = report.starts.last().is_some_and(|start| !start.healthy);
    let is_strange = report.lines == 0 && !report.logs.is_empty();
    let exit = if is_unhealthy || is_strange { Exit::Faults } else { Exit::Done };
    print(&report, out);
    out.answer(COMMAND, exit, Body { folder: args.dir.to_string_lossy().into_owned(), report: &report });
    exit
}

fn print(report: &LogReport, out: Out) {
    let levels = report.levels;
    let logs = count(report.logs.len(), "log", "logs");
    out.heading(format!("{logs}, {}; times are UTC", count(report.lines as usize, "line", "lines")));
    for log in &report.logs {
        let minutes = log.utc_offset_minutes;
        let zone =
            format!("{}{:02}:{:02}", if minutes < 0 { '-' } else { '+' }, minutes.abs() / 60, minutes.abs() % 60);
        out.detail(format!("  {}: {} lines, {}, its own time is UTC{zone}", log.name, log.lines, log.encoding));
    }
    for log in report.logs.iter().filter(|log| log.lines == 0) {
        out.fault(format!("{}: no line in it is one of the router's (DD.MM.YYYY HH:MM:SS TTTT L text)", log.name));
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |name: &str, text: String| rows.push(vec![name.to_owned(), text]);
    row("errors, warnings", format!("{}, {}", levels.error, levels.warning));
    row("starts", report.start_count.to_string());
    row("lost sessions", happened(&report.lost_sessions));
    row("failed handshakes", happened(&report.failed_handshakes));
    for parent in latest(&report.parents, out) {
        row("parent", format!("{}: {}", parent.address, happened(&parent.happened)));
    }
    table(&rows).iter().for_each(|line| out.line(line));
    if !report.lost_sessions_per_hour.is_empty() {
        out.heading("Lost sessions per hour");
        for hour in latest(&report.lost_sessions_per_hour, out) {
            out.line(format!("  {}  {}", hour.hour, hour.count));
        }
    }
    if let Some(error) = &report.last_error {
        out.heading(format!("Last error, {}, {} line {}", error.time, error.log, error.line));
        error.text.lines().for_each(|line| out.line(format!("  {line}")));
    }
    if report.starts.is_empty() {
        return out.line("No start of the router is in these logs");
    }
    out.heading("Starts");
    for start in latest(&report.starts, out) {
        let place = format!("  {}  {} line {}", start.time, start.log, start.line);
        if start.healthy {
            out.good(format!("{place}: healthy, up to \"{}\"", start.reached));
        } else {
            let before = start.stopped_before.map_or_else(String::new, |next| format!(", before \"{next}\""));
            out.fault(format!("{place}: stopped after \"{}\"{before}", start.reached));
        }
        if !start.missing.is_empty() {
            out.detail(format!("    no line tells of: {}", start.missing.join(", ")));
        }
    }
}

/// The last ones, unless all are asked for.
fn latest<T>(all: &[T], out: Out) -> &[T] {
    if out.verbose { all } else { &all[all.len().saturating_sub(TOLD)..] }
}

fn happened(happened: &Happened) -> String {
    match (&happened.first, &happened.last) {
        (Some(first), Some(last)) if first != last => format!("{}, from {first} to {last}", happened.count),
        (Some(first), _) => format!("{}, at {first}", happened.count),
        _ => happened.count.to_string(),
    }
}
