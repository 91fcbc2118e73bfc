//! `configcid envelopes logs`.

use std::path::PathBuf;

use crate::Exit;
use crate::logs::{self, Happened, LastError, LogReport};
use crate::report::{check_place, count, log_chart, log_svg, table, write_unless_same};
use clap::Args;
use serde::Serialize;

use crate::cli::flags::path;
use crate::cli::out::Out;

#[derive(Debug, Args)]
pub(crate) struct LogsArgs {
    /// A log of the router, of the agent or of the Certification Manager, or a folder of logs
    /// (Router-YYYYMMDD-HHMMSS.log, Agent-..., CertManager-...)
    #[arg(value_name = "PATH", value_parser = path())]
    path: PathBuf,
    /// Draw the states over time into this file, too
    #[arg(long, value_name = "FILE", value_parser = path())]
    svg: Option<PathBuf>,
    /// Replace the file of --svg
    #[arg(long, requires = "svg")]
    force: bool,
}

#[derive(Serialize)]
struct Body<'a> {
    folder: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    svg: Option<String>,
    #[serde(flatten)]
    report: &'a LogReport,
}

/// How many of each people are told; `-v` tells all.
const TOLD: usize = 10;
/// How many columns a chart has.
const COLUMNS: usize = 60;

pub(super) fn run(args: &LogsArgs, out: Out) -> Exit {
    const COMMAND: &str = "envelopes logs";
    let look = || {
        if let Some(file) = &args.svg {
            check_place(file)?;
        }
        let report = logs::logs(&args.path)?;
        if let Some(file) = &args.svg {
            write_unless_same(file, log_svg(&report).as_bytes(), args.force, false)?;
        }
        Ok(report)
    };
    let report = match look() {
        Ok(report) => report,
        Err(error) => return out.fail(COMMAND, &error),
    };
    let exit = if report.is_well() { Exit::Done } else { Exit::Faults };
    report.all().for_each(|report| print(report, out));
    let svg = args.svg.as_ref().map(|file| file.to_string_lossy().into_owned());
    if let Some(file) = &svg {
        out.line(text!("Wrote {file}", file));
    }
    out.answer(COMMAND, exit, Body { folder: args.path.to_string_lossy().into_owned(), svg, report: &report });
    exit
}

fn print(report: &LogReport, out: Out) {
    let logs = count(report.logs.len(), "log", "logs");
    let is_utc = report.logs.iter().all(|log| log.begun.is_some());
    let zone = if is_utc { text!("times are UTC") } else { text!("times are the computer's own") };
    out.heading(text!(
        "{logs} of the {kind}, {lines}; {zone}",
        logs,
        kind = report.kind.name(),
        lines = count(report.lines as usize, "line", "lines"),
        zone
    ));
    let verdict = &report.verdict;
    match verdict.well {
        true => out.good(format!("{}: {}", verdict.state.name(), verdict.what)),
        false => out.fault(format!("{}: {}", verdict.state.name(), verdict.what)),
    }
    verdict.evidence.iter().for_each(|line| print_line(line, out));
    verdict.next.iter().for_each(|next| out.line(text!("  next: {next}", next)));
    report.notes.iter().for_each(|note| out.doubtful(text!("note: {note}", note)));
    for line in log_chart(report, COLUMNS) {
        out.line(format!("  {}", line.trim_end()));
    }
    for log in &report.logs {
        let zone = log.utc_offset_minutes.map_or_else(String::new, |minutes| {
            let sign = if minutes < 0 { '-' } else { '+' };
            text!(
                ", its own time is UTC{sign}{abs}:{abs2}",
                sign,
                abs = format!("{:02}", minutes.abs() / 60),
                abs2 = format!("{:02}", minutes.abs() % 60)
            )
        });
        out.detail(text!(
            "  {log}: {lines} lines, {encoding}{zone}",
            log = log.name,
            lines = log.lines,
            encoding = log.encoding,
            zone
        ));
    }
    for period in latest(&report.states, out).iter().filter(|_| out.verbose) {
        out.detail(text!(
            "  {}  {} {} line {}",
            period.from,
            format!("{:25}", period.state.name()),
            period.log,
            period.line
        ));
    }
    print_counts(report, out);
    print_exceptions(report, out);
    if let Some(crash) = &report.last_crash {
        out.heading(text!("Crashes: {}; the last:", happened(&report.crashes)));
        print_line(crash, out);
    }
    if let Some(error) = &report.last_error {
        out.heading(text!("Last error, {}, {} line {}", error.time, error.log, error.line));
        error.text.lines().for_each(|line| out.line(format!("  {line}")));
    }
    print_starts(report, out);
}

fn print_line(line: &LastError, out: Out) {
    let mut lines = line.text.lines();
    out.line(text!("  {}  {} line {}: {}", line.time, line.log, line.line, lines.next().unwrap_or_default()));
    lines.for_each(|more| out.line(format!("      {more}")));
}

fn print_counts(report: &LogReport, out: Out) {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |name: &str, text: String| rows.push(vec![name.to_owned(), text]);
    row(text!("errors, warnings"), format!("{}, {}", report.levels.error, report.levels.warning));
    row(text!("starts"), report.start_count.to_string());
    row(text!("lost sessions"), happened(&report.lost_sessions));
    row(text!("failed handshakes"), happened(&report.failed_handshakes));
    for parent in latest(&report.parents, out) {
        row(text!("parent"), format!("{}: {}", parent.address, happened(&parent.happened)));
    }
    table(&rows).iter().for_each(|line| out.line(line));
    if !report.lost_sessions_per_hour.is_empty() {
        out.heading("Lost sessions per hour");
        for hour in latest(&report.lost_sessions_per_hour, out) {
            out.line(format!("  {}  {}", hour.hour, hour.count));
        }
    }
}

fn print_exceptions(report: &LogReport, out: Out) {
    if report.exceptions.is_empty() {
        return;
    }
    out.heading("Exceptions of CORBA");
    let shown = if out.verbose { report.exceptions.len() } else { TOLD };
    for exception in report.exceptions.iter().take(shown) {
        let minor = exception.minor.as_ref().map_or_else(String::new, |minor| format!(" ({minor})"));
        let meaning = exception.meaning.as_ref().map_or_else(String::new, |meaning| format!(": {meaning}"));
        out.line(format!("  {}{minor}: {}{meaning}", exception.name, happened(&exception.happened)));
        if let Some(next) = exception.next {
            out.line(text!("      next: {next}", next));
        }
        if let Some(source) = &exception.source {
            out.detail(text!("      source: {source}", source));
        }
    }
}

fn print_starts(report: &LogReport, out: Out) {
    if report.starts.is_empty() {
        return out.line("No start is in these logs");
    }
    out.heading("Starts");
    for start in latest(&report.starts, out) {
        let place = text!("  {}  {} line {}", start.time, start.log, start.line);
        if start.healthy {
            out.good(text!("{place}: healthy, up to \"{reached}\"", place, reached = start.reached));
        } else {
            let before = start.stopped_before.map_or_else(String::new, |next| text!(", before \"{next}\"", next));
            out.fault(text!("{place}: stopped after \"{reached}\"{before}", place, reached = start.reached, before));
        }
        if !start.missing.is_empty() {
            out.detail(text!("    no line tells of: {}", start.missing.join(", ")));
        }
    }
}

/// The last ones, unless all are asked for.
fn latest<T>(all: &[T], out: Out) -> &[T] {
    if out.verbose { all } else { &all[all.len().saturating_sub(TOLD)..] }
}

fn happened(happened: &Happened) -> String {
    match (&happened.first, &happened.last) {
        (Some(first), Some(last)) if first != last => {
            text!("{count}, from {first} to {last}", count = happened.count, first, last)
        }
        (Some(first), _) => text!("{count}, at {first}", count = happened.count, first),
        _ => happened.count.to_string(),
    }
}
