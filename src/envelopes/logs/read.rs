//! Reads all logs of a folder, one after the other, in little memory however large they are.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use jiff::civil::DateTime;
use jiff::{SignedDuration, ToSpan};
use serde::Serialize;

use super::line::{Level, Lines, Prefixed, prefixed};
use super::words::{ASKING, STEPS, Topic, WAITING, parent, topics};
use crate::base::error::{Error, ErrorKind, Result};

/// More of each are not told of; they are counted all the same.
const MAX_TOLD: usize = 10_000;
/// No more of an error's text is kept, in bytes.
const MAX_TEXT: usize = 4 << 10;

/// What the logs of a router say. Moments are in UTC, as `2026-11-21T18:30:00Z`.
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct LogReport {
    /// The logs, in the order of their names, which is that of their times.
    pub logs: Vec<LogFile>,
    /// All lines with a prefix.
    pub lines: u64,
    /// Lines that continue one.
    pub continuations: u64,
    /// How grave they are.
    pub levels: Levels,
    /// How often the router started.
    pub start_count: u64,
    /// Each start.
    pub starts: Vec<Start>,
    /// The addresses of its parent.
    pub parents: Vec<Parent>,
    /// Sessions that were lost.
    pub lost_sessions: Happened,
    /// The hours in which that happened.
    pub lost_sessions_per_hour: Vec<Hour>,
    /// Handshakes that failed.
    pub failed_handshakes: Happened,
    /// The last error.
    pub last_error: Option<LastError>,
}

/// One log.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct LogFile {
    /// Its name.
    pub name: String,
    /// When it was begun, by its name.
    pub begun: String,
    /// How far the time in its lines is ahead of UTC, in minutes: its first line against its name.
    pub utc_offset_minutes: i64,
    /// How its text is stored.
    pub encoding: &'static str,
    /// Its lines with a prefix.
    pub lines: u64,
    /// The first.
    pub first: Option<String>,
    /// The last.
    pub last: Option<String>,
}

/// How many lines are how grave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Levels {
    /// `I`.
    pub information: u64,
    /// `N`.
    pub notice: u64,
    /// `W`.
    pub warning: u64,
    /// `E`.
    pub error: u64,
}

/// A start of the router.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Start {
    /// When.
    pub time: String,
    /// The log that it begins in.
    pub log: String,
    /// The line, from 1.
    pub line: u64,
    /// Whether it went through.
    pub healthy: bool,
    /// The last step that was reached.
    pub reached: &'static str,
    /// The step that should have come next.
    pub stopped_before: Option<&'static str>,
    /// Steps before the last that no line tells of.
    pub missing: Vec<&'static str>,
}

/// An address of the parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Parent {
    /// The address, as the log has it.
    pub address: String,
    /// How often, and when.
    #[serde(flatten)]
    pub happened: Happened,
}

/// How often something happened, and when first and last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Happened {
    /// How often.
    pub count: u64,
    /// When first.
    pub first: Option<String>,
    /// When last.
    pub last: Option<String>,
}

impl Happened {
    fn again(&mut self, time: &str) {
        self.count += 1;
        // Logs overlap, and clocks are set back.
        if self.first.as_deref().is_none_or(|first| time < first) {
            self.first = Some(time.to_owned());
        }
        if self.last.as_deref().is_none_or(|last| time > last) {
            self.last = Some(time.to_owned());
        }
    }
}

/// How much happened in an hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Hour {
    /// When the hour began.
    pub hour: String,
    /// How often.
    pub count: u64,
}

/// The last error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LastError {
    /// When.
    pub time: String,
    /// In which log.
    pub log: String,
    /// The line, from 1.
    pub line: u64,
    /// What it says, with the lines that continue it.
    pub text: String,
}

/// Reads the router's logs of a folder: `Router-YYYYMMDD-HHMMSS.log`.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// use configcid::envelopes::logs;
///
/// let log = "21.11.2026 19:30:00 0D38 I Sophos Messaging Router 3.4 starting...\r\n\
///            21.11.2026 19:30:02 0D38 I Waiting for messages...\r\n";
/// std::fs::write(dir.path().join("Router-20261121-183000.log"), log).unwrap();
/// let report = logs(dir.path())?;
/// assert!(report.starts[0].healthy);
/// assert_eq!((report.starts[0].time.as_str(), report.logs[0].utc_offset_minutes), ("2026-11-21T18:30:00Z", 60));
/// # Ok::<(), configcid::Error>(())
/// ```
///
/// # Errors
/// The folder cannot be listed, a log cannot be read, or there is none. Logs that vanish meanwhile are left out.
pub fn logs(folder: &Path) -> Result<LogReport> {
    let mut reader = Reader::default();
    for (name, begun, path) in names(folder)? {
        let cannot = |error| Error::io("read the log", &path, error);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(cannot(error)),
        };
        reader.read(name, begun, BufReader::with_capacity(1 << 16, file)).map_err(cannot)?;
    }
    if reader.report.logs.is_empty() {
        return Err(Error::new(ErrorKind::Io, "there is no log of a router, Router-YYYYMMDD-HHMMSS.log")
            .in_file(folder)
            .next("name the folder Logs beside Envelopes, or a copy of it"));
    }
    Ok(reader.done())
}

/// What one log says, for the properties that fuzzing tries.
#[cfg(feature = "faults")]
pub(crate) fn of_bytes(bytes: &[u8]) -> LogReport {
    let mut reader = Reader::default();
    let begun = DateTime::constant(2026, 11, 21, 18, 30, 0, 0);
    reader.read("Router-20261121-183000.log".to_owned(), begun, bytes).expect("memory can be read");
    reader.done()
}

/// The logs of a folder with the moments of their names, in their order.
fn names(folder: &Path) -> Result<Vec<(String, DateTime, PathBuf)>> {
    let cannot = |error| Error::io("list the folder of logs", folder, error);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(begun) = begun(&name)
            && entry.path().is_file()
        {
            names.push((name, begun, entry.path()));
        }
    }
    names.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
    Ok(names)
}

/// The moment in the name of a log, in UTC.
fn begun(name: &str) -> Option<DateTime> {
    let name = name.to_ascii_lowercase();
    let digits = name.strip_prefix("router-")?.strip_suffix(".log")?;
    let (day, time) = digits.split_once('-')?;
    if day.len() != 8 || time.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return None;
    }
    let small = |text: &str| text.parse().ok();
    DateTime::new(
        day[..4].parse().ok()?,
        small(&day[4..6])?,
        small(&day[6..])?,
        small(&time[..2])?,
        small(&time[2..4])?,
        small(&time[4..])?,
        0,
    )
    .ok()
}

/// What is kept while logs go by.
#[derive(Default)]
struct Reader {
    report: LogReport,
    /// The steps of the start that goes on.
    steps: Option<[bool; STEPS.len()]>,
    parents: BTreeMap<String, Happened>,
    hours: BTreeMap<String, u64>,
    /// Whether the line before was the error that is the last as yet.
    in_error: bool,
}

impl Reader {
    fn read(&mut self, name: String, begun: DateTime, input: impl io::BufRead) -> io::Result<()> {
        self.in_error = false;
        let mut lines = Lines::new(input);
        let mut log = LogFile {
            name,
            begun: print(begun),
            utc_offset_minutes: 0,
            encoding: "",
            lines: 0,
            first: None,
            last: None,
        };
        let mut number = 0;
        while let Some(text) = lines.next()? {
            number += 1;
            let Some(line) = prefixed(&text) else {
                if !text.is_empty() {
                    self.report.continuations += 1;
                    self.go_on(&text);
                }
                continue;
            };
            if log.first.is_none() {
                log.utc_offset_minutes = offset(begun, line.time);
            }
            let time = print(line.time.saturating_sub(log.utc_offset_minutes.minutes()));
            self.line(&log.name, number, &time, &line);
            log.lines += 1;
            log.first.get_or_insert_with(|| time.clone());
            log.last = Some(time);
        }
        log.encoding = lines.encoding().name();
        self.report.logs.push(log);
        Ok(())
    }

    fn line(&mut self, log: &str, number: u64, time: &str, line: &Prefixed<'_>) {
        let report = &mut self.report;
        report.lines += 1;
        let levels = &mut report.levels;
        *match line.level {
            Level::Information => &mut levels.information,
            Level::Notice => &mut levels.notice,
            Level::Warning => &mut levels.warning,
            Level::Error => &mut levels.error,
        } += 1;
        // Logs overlap: the last is the last in time.
        let is_last = report.last_error.as_ref().is_none_or(|last| last.time.as_str() <= time);
        self.in_error = line.level == Level::Error && is_last;
        if self.in_error {
            let text = cut(line.text, MAX_TEXT).to_owned();
            report.last_error = Some(LastError { time: time.to_owned(), log: log.to_owned(), line: number, text });
        }
        for topic in topics(line.text) {
            match topic {
                Topic::Step(0) => {
                    self.end_start();
                    let report = &mut self.report;
                    report.start_count += 1;
                    self.steps = Some([false; STEPS.len()]);
                    // The last ones are of interest.
                    if report.starts.len() == MAX_TOLD {
                        report.starts.remove(0);
                    }
                    report.starts.push(Start {
                        time: time.to_owned(),
                        log: log.to_owned(),
                        line: number,
                        healthy: false,
                        reached: STEPS[0].0,
                        stopped_before: None,
                        missing: Vec::new(),
                    });
                    self.step(0);
                }
                Topic::Step(step) => self.step(step),
                Topic::LostSession => {
                    self.report.lost_sessions.again(time);
                    let hour = format!("{}:00:00Z", &time[..time.len().min(13)]);
                    if self.hours.len() < MAX_TOLD || self.hours.contains_key(&hour) {
                        *self.hours.entry(hour).or_default() += 1;
                    }
                }
                Topic::FailedHandshake => self.report.failed_handshakes.again(time),
            }
        }
        if let Some(address) = parent(line.text)
            && (self.parents.len() < MAX_TOLD || self.parents.contains_key(address))
        {
            self.parents.entry(address.to_owned()).or_default().again(time);
        }
    }

    /// A line that continues the one before.
    fn go_on(&mut self, text: &str) {
        if let Some(error) = self.report.last_error.as_mut().filter(|_| self.in_error) {
            let room = MAX_TEXT.saturating_sub(error.text.len() + 1);
            if room > 0 {
                error.text.push('\n');
                error.text.push_str(cut(text, room));
            }
        }
    }

    fn step(&mut self, step: usize) {
        if let Some(steps) = &mut self.steps {
            steps[step] = true;
        }
    }

    /// Judges the start that went on until now.
    fn end_start(&mut self) {
        let (Some(steps), Some(start)) = (self.steps.take(), self.report.starts.last_mut()) else { return };
        let last = STEPS.len() - 1;
        let furthest = steps.iter().rposition(|reached| *reached).unwrap_or(0);
        let has_parent = steps[ASKING..].contains(&true);
        start.reached = STEPS[furthest].0;
        start.healthy = steps[last] || (steps[WAITING] && !has_parent);
        start.stopped_before = (!start.healthy && furthest < last).then(|| STEPS[furthest + 1].0);
        start.missing = (0..furthest).filter(|step| !steps[*step]).map(|step| STEPS[step].0).collect();
    }

    fn done(mut self) -> LogReport {
        self.end_start();
        self.report.parents =
            self.parents.into_iter().map(|(address, happened)| Parent { address, happened }).collect();
        self.report.lost_sessions_per_hour = self.hours.into_iter().map(|(hour, count)| Hour { hour, count }).collect();
        self.report
    }
}

/// How far a log's own time is ahead of UTC, in minutes: a multiple of 15, as all zones are, and no more than a day.
fn offset(begun: DateTime, first: DateTime) -> i64 {
    const QUARTER: i64 = 15 * 60;
    let ahead: SignedDuration = first.duration_since(begun);
    let quarters = (ahead.as_secs() + QUARTER / 2).div_euclid(QUARTER);
    if quarters.abs() <= 14 * 4 { quarters * 15 } else { 0 }
}

fn print(time: DateTime) -> String {
    format!("{}Z", time.strftime("%Y-%m-%dT%H:%M:%S"))
}

/// The start of a text, whole characters of it.
fn cut(text: &str, length: usize) -> &str {
    let end = (0..=length.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
