//! `configcid envelopes watch`: lines, JSON lines, or a chart.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::envelopes::Sample;
use crate::report::{ErrorReport, SCHEMA};
use crate::{Error, Exit, Result};
use clap::Args;
use serde::Serialize;

use super::chart;
use super::flags::{ServerFlags, folder, seconds};
use super::watched::{Watched, text};
use crate::cli::flags::path;
use crate::cli::out::{self, Out};

#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// The Envelopes folder; on Windows by default that of this computer
    #[arg(value_name = "DIR", value_parser = path())]
    dir: Option<PathBuf>,
    /// The time from one count to the next
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    interval: Duration,
    /// End after so many counts
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    samples: Option<u64>,
    /// Print lines, on a terminal too
    #[arg(long)]
    plain: bool,
    #[command(flatten)]
    server: ServerFlags,
}

const COMMAND: &str = "envelopes watch";

pub(super) fn run(args: &WatchArgs, out: Out) -> Exit {
    match watch(args, out) {
        Ok(exit) => exit,
        Err(error) => out.fail_in_line(COMMAND, &error),
    }
}

fn watch(args: &WatchArgs, out: Out) -> Result<Exit> {
    let (folder, _) = folder(args.dir.as_ref(), &args.server)?;
    let mut watched = Watched::new(&folder)?;
    let is_chart = !args.plain && !out.json && !out.quiet && std::io::stdout().is_terminal();
    if is_chart && let Some(ended) = chart::run(&mut watched, args.interval, args.samples) {
        return ended;
    }
    let mut number = 1;
    let mut next = watched.begin;
    let mut failed = None;
    loop {
        let sample = watched.series.samples.back().expect("the first was taken");
        let reads = match failed.take() {
            None => print(sample, out),
            Some(error) => print_failure(&error, out),
        };
        if !reads || Some(number) == args.samples {
            return Ok(Exit::Done);
        }
        next += args.interval;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
        failed = watched.sample()?;
        number += 1;
    }
}

/// Says that the folder could not be counted this time. Gives whether anybody still reads.
fn print_failure(error: &Error, out: Out) -> bool {
    #[derive(Serialize)]
    struct Line<'a> {
        schema: u32,
        command: &'a str,
        time: String,
        count: Option<u64>,
        error: ErrorReport,
    }
    if !out.json {
        out.warning(&text!("not counted this time: {error}", error));
        return true;
    }
    let time = crate::time::print(std::time::SystemTime::now());
    let line = Line { schema: SCHEMA, command: COMMAND, time, count: None, error: ErrorReport::new(error) };
    out::print(&format!("{}\n", serde_json::to_string(&line).expect("it is plain data")))
}

/// Prints a sample. Gives whether anybody still reads.
fn print(sample: &Sample, out: Out) -> bool {
    #[derive(Serialize)]
    struct Line<'a> {
        schema: u32,
        command: &'a str,
        #[serde(flatten)]
        sample: &'a Sample,
    }
    let line = match out.json {
        true => {
            serde_json::to_string(&Line { schema: SCHEMA, command: COMMAND, sample }).expect("a sample is plain data")
        }
        false => format!("{}  {}", sample.time, text(sample)),
    };
    if out.quiet && !out.json {
        return true;
    }
    out::print(&format!("{line}\n"))
}
