//! `configcid envelopes watch`: lines, JSON lines, or a chart.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use crate::envelopes::{self, Sample, Series, print_duration};
use crate::report::{SCHEMA, count, write_stdout};
use crate::{Exit, Result};
use clap::Args;
use serde::Serialize;

use super::{Out, ServerFlags, chart};
use crate::cli::args::path;

#[derive(Debug, Args)]
pub struct WatchArgs {
    /// The Envelopes folder; on Windows by default that of this computer
    #[arg(value_name = "DIR", value_parser = path())]
    dir: Option<PathBuf>,
    /// The time from one count to the next
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = super::seconds)]
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

pub fn run(args: &WatchArgs, out: Out) -> Exit {
    match watch(args, out) {
        Ok(exit) => exit,
        Err(error) => out.fail_in_line(COMMAND, &error),
    }
}

fn watch(args: &WatchArgs, out: Out) -> Result<Exit> {
    let (folder, _) = super::folder(args.dir.as_ref(), &args.server)?;
    let mut watched = Watched::new(&folder)?;
    let is_chart = !args.plain && !out.json && !out.quiet && std::io::stdout().is_terminal();
    if is_chart && let Some(ended) = chart::run(&mut watched, args.interval, args.samples) {
        return ended;
    }
    let mut number = 1;
    let mut next = watched.begin;
    loop {
        let sample = watched.series.samples.back().expect("the first was taken");
        if !print(sample, out)? || Some(number) == args.samples {
            return Ok(Exit::Done);
        }
        next += args.interval;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
        watched.sample()?;
        number += 1;
    }
}

/// A folder that is watched.
pub struct Watched {
    pub folder: PathBuf,
    pub series: Series,
    pub begin: Instant,
}

impl Watched {
    /// Counts for the first time.
    fn new(folder: &Path) -> Result<Watched> {
        let mut watched = Watched { folder: folder.to_owned(), series: Series::default(), begin: Instant::now() };
        watched.sample()?;
        Ok(watched)
    }

    /// Counts again.
    pub fn sample(&mut self) -> Result<()> {
        let messages = envelopes::count(&self.folder)?.messages;
        self.series.add(SystemTime::now(), self.begin.elapsed(), messages);
        Ok(())
    }
}

/// Prints a sample. Gives whether anybody still reads.
fn print(sample: &Sample, out: Out) -> Result<bool> {
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
        return Ok(true);
    }
    write_stdout(&format!("{line}\n"))
}

/// A sample for people.
pub fn text(sample: &Sample) -> String {
    let mut text = count(sample.count as usize, "message", "messages");
    if let Some(change) = sample.change_per_minute {
        text += &format!("  {change:+.1} a minute");
    }
    match sample.time_to_empty_seconds {
        Some(0.0) => text += "  empty",
        Some(seconds) => text += &format!("  empty in {}", print_duration(Duration::from_secs_f64(seconds))),
        None if sample.change_per_minute.is_some() => text += "  not emptying",
        None => {}
    }
    text
}
