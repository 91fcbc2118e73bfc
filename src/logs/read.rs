//! Reads all logs of a folder in the order of their times, in little memory however large they are.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;

use super::exceptions::{self, Found};
use super::files::{Log, Reader, Record, find, print};
use super::line::Level;
use super::model::{Exception, Happened, Hour, Kind, LastError, LogFile, LogReport, Parent, Start, StatePeriod};
use super::states::{At, Machine};
use super::verdict::{self, Evidence};
use super::words::{ASKING, STEPS, Topic, Topics, WAITING, parent, parent_name, speaks_of_parent};
use crate::base::error::{Error, Result};

/// More of each are not told of; they are counted all the same.
const MAX_TOLD: usize = 10_000;
/// No more kinds of exceptions are told apart.
const MAX_EXCEPTIONS: usize = 1_000;
/// No more logs are open at once: those that overlap.
const MAX_OPEN: usize = 64;

/// Reads the logs of a router, of an agent, and of a Certification Manager: one file, or all in a folder
/// (`Router-YYYYMMDD-HHMMSS.log`, `Agent-...`, `CertManager-...`). The report is the router's where there is one, with the
/// others' in it.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// use configcid::logs::{State, logs};
///
/// let log = "21.11.2026 19:30:00 0D38 I Sophos Messaging Router 3.4 starting...\r\n\
///            21.11.2026 19:30:02 0D38 I Waiting for messages...\r\n\
///            21.11.2026 19:30:03 0D38 I Getting parent router IOR from 10.1.1.1:8192\r\n\
///            21.11.2026 19:30:04 0D38 I Logged on to parent router as Router$PC:7\r\n";
/// std::fs::write(dir.path().join("Router-20261121-183000.log"), log).unwrap();
/// let report = logs(dir.path())?;
/// assert_eq!((report.verdict.state, report.verdict.well), (State::LoggedOn, true));
/// assert_eq!((report.starts[0].time.as_str(), report.logs[0].utc_offset_minutes), ("2026-11-21T18:30:00Z", Some(60)));
/// # Ok::<(), configcid::Error>(())
/// ```
///
/// # Errors
/// The file cannot be read, the folder cannot be listed, or there is no log in it. Logs that vanish meanwhile are left out.
pub fn logs(path: &Path) -> Result<LogReport> {
    let logs = find(path)?;
    let mut reports = Vec::new();
    for kind in [Kind::Router, Kind::Agent, Kind::CertificationManager] {
        let of_kind: Vec<Log> = logs.iter().filter(|log| log.kind == kind).cloned().collect();
        if of_kind.is_empty() {
            continue;
        }
        let is_utc = of_kind.iter().all(|log| log.begun.is_some());
        let mut all = All::new(kind, is_utc);
        let open = |log: &Log| match File::open(&log.path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read the log", &log.path, error)),
        };
        all.read(of_kind, open)?;
        reports.push(all.done());
    }
    let mut first = reports.remove(0);
    first.others = reports;
    Ok(first)
}

/// What one log says, for the properties that fuzzing tries.
#[cfg(feature = "faults")]
pub(crate) fn of_bytes(bytes: &[u8]) -> LogReport {
    let name = "Router-20261121-183000.log".to_owned();
    let begun = super::files::begun(&name).map(|(_, begun)| begun);
    let mut all = All::new(Kind::Router, true);
    let log = Log { kind: Kind::Router, name, begun, path: "memory".into() };
    all.read(vec![log], |_| Ok(Some(bytes))).expect("memory can be read");
    all.done()
}

/// What is kept while logs go by.
struct All {
    is_utc: bool,
    /// The logs' names, by their indexes.
    names: Vec<String>,
    report: LogReport,
    machine: Machine,
    topics: Topics,
    /// The moment that was printed last: many lines are of the same one.
    printed: Option<(i64, Rc<str>)>,
    starts: VecDeque<Start>,
    /// The steps of the start that goes on.
    steps: Option<[bool; STEPS.len()]>,
    parents: BTreeMap<String, Happened>,
    hours: BTreeMap<String, u64>,
    exceptions: BTreeMap<Found, Happened>,
    /// The first and the last line of all, in seconds.
    span: Option<(i64, i64)>,
    /// The last error's time.
    last_error: i64,
    evidence: Evidence,
}

/// A log that is open, with the line that is next.
struct Open<R> {
    reader: Reader<R>,
    index: usize,
    next: Record,
}

impl All {
    fn new(kind: Kind, is_utc: bool) -> Self {
        Self {
            is_utc,
            names: Vec::new(),
            report: LogReport { kind, ..LogReport::default() },
            machine: Machine::default(),
            topics: Topics::default(),
            printed: None,
            starts: VecDeque::new(),
            steps: None,
            parents: BTreeMap::new(),
            hours: BTreeMap::new(),
            exceptions: BTreeMap::new(),
            span: None,
            last_error: i64::MIN,
            evidence: Evidence::default(),
        }
    }

    /// Reads the logs, which are in the order in which they were begun; where they overlap, line by line in that of time.
    fn read<R: Read>(&mut self, logs: Vec<Log>, open: impl Fn(&Log) -> Result<Option<R>>) -> Result<()> {
        let mut done: BTreeMap<usize, LogFile> = BTreeMap::new();
        let mut opened: Vec<Open<R>> = Vec::new();
        let mut waiting = logs.iter().enumerate().peekable();
        // The lines of this moment, and the log that each is of: logs that overlap have lines twice.
        let (mut now, mut lines): (i64, HashMap<u64, usize>) = (i64::MIN, HashMap::new());
        self.names = logs.iter().map(|log| log.name.clone()).collect();
        loop {
            let earliest = (0..opened.len()).min_by_key(|at| (opened[*at].next.time, opened[*at].index));
            // A log that begins before the next line of those that are open is to be opened, too.
            if let Some((index, log)) = waiting.peek().copied()
                && earliest.is_none_or(|at| opened.len() < MAX_OPEN && self.begins_before(log, opened[at].next.time))
            {
                waiting.next();
                let Some(input) = open(log)? else { continue };
                let mut reader = Reader::new(input, log.begun, self.is_utc);
                let next = reader.next().map_err(|error| Error::io("read the log", &log.path, error))?;
                match next {
                    Some(next) => opened.push(Open { reader, index, next }),
                    None => drop(done.insert(index, self.close(log, &reader))),
                }
                continue;
            }
            let Some(at) = earliest else { break };
            let Open { reader, index, next } = &mut opened[at];
            let (index, log) = (*index, &logs[*index]);
            let record = match reader.next().map_err(|error| Error::io("read the log", &log.path, error))? {
                Some(record) => std::mem::replace(next, record),
                None => {
                    let Open { reader, next, .. } = opened.swap_remove(at);
                    done.insert(index, self.close(log, &reader));
                    next
                }
            };
            if record.time != now {
                now = record.time;
                lines.clear();
            }
            let mut hash = DefaultHasher::new();
            record.text.hash(&mut hash);
            match *lines.entry(hash.finish()).or_insert(index) {
                first if first == index => self.line(index, &record),
                _ => self.report.repeated += 1,
            }
        }
        self.report.logs = done.into_values().collect();
        Ok(())
    }

    fn begins_before(&self, log: &Log, time: i64) -> bool {
        log.begun.is_none_or(|begun| {
            begun.duration_since(jiff::civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0)).as_secs() <= time
        })
    }

    fn file(&self, log: &Log) -> LogFile {
        LogFile {
            name: log.name.clone(),
            begun: log.begun.map(|begun| format!("{}Z", begun.strftime("%Y-%m-%dT%H:%M:%S"))),
            utc_offset_minutes: None,
            encoding: "",
            lines: 0,
            first: None,
            last: None,
            zeros: 0,
        }
    }

    /// What there is to say of a log that was read to its end.
    fn close<R: Read>(&mut self, log: &Log, reader: &Reader<R>) -> LogFile {
        let counts = &reader.counts;
        let report = &mut self.report;
        report.lines += counts.lines;
        report.continuations += counts.continuations;
        report.levels.information += counts.levels.information;
        report.levels.notice += counts.levels.notice;
        report.levels.warning += counts.levels.warning;
        report.levels.error += counts.levels.error;
        let first = counts.first.map(|first| reader.seconds(first));
        let last = counts.last.map(|last| reader.seconds(last));
        if let (Some(first), Some(last)) = (first, last) {
            let (from, to) = self.span.unwrap_or((first, last));
            self.span = Some((from.min(first), to.max(last)));
        }
        LogFile {
            utc_offset_minutes: counts.offset,
            encoding: reader.encoding(),
            lines: counts.lines,
            first: first.map(|first| print(first, self.is_utc)),
            last: last.map(|last| print(last, self.is_utc)),
            zeros: reader.zeros(),
            ..self.file(log)
        }
    }

    fn printed(&mut self, time: i64) -> Rc<str> {
        match &self.printed {
            Some((last, text)) if *last == time => text.clone(),
            _ => {
                let text: Rc<str> = print(time, self.is_utc).into();
                self.printed = Some((time, text.clone()));
                text
            }
        }
    }

    fn line(&mut self, log: usize, record: &Record) {
        let head = record.head();
        let time = self.printed(record.time);
        let shown = |all: &Self| LastError {
            time: time.to_string(),
            log: all.names[log].clone(),
            line: record.line,
            text: record.text.clone(),
        };
        // Logs overlap: the last is the last in time.
        if record.level == Level::Error && record.time >= self.last_error {
            self.last_error = record.time;
            self.report.last_error = Some(shown(self));
        }
        if !record.matters {
            return;
        }
        let found = self.topics.of(head);
        let exception = if record.text.contains("CORBA") || record.text.contains("profile") {
            exceptions::find(&record.text)
        } else {
            None
        };
        for topic in found.iter() {
            match topic {
                Topic::Step(0) => self.begin(&time, log, record.line),
                Topic::Step(step) => self.step(*step),
                Topic::LostSession => {
                    self.report.lost_sessions.again(&time);
                    let hour = format!("{}:00:00{}", &time[..time.len().min(13)], if self.is_utc { "Z" } else { "" });
                    if self.hours.len() < MAX_TOLD || self.hours.contains_key(&hour) {
                        *self.hours.entry(hour).or_default() += 1;
                    }
                }
                Topic::FailedHandshake => self.report.failed_handshakes.again(&time),
                Topic::Crash => {
                    self.report.crashes.again(&time);
                    self.report.last_crash = Some(shown(self));
                }
                _ => {}
            }
        }
        let speaks_of_parent = speaks_of_parent(head);
        if speaks_of_parent && let Some(address) = parent(head) {
            self.machine.know_parent(address);
            if self.parents.len() < MAX_TOLD || self.parents.contains_key(address) {
                self.parents.entry(address.to_owned()).or_default().again(&time);
            }
        }
        if speaks_of_parent && let Some(name) = parent_name(head) {
            self.machine.know_parent(name);
        }
        let at = At { time: record.time, log, line: record.line };
        let is_parent =
            found.contains(&Topic::LostSession) && self.machine.is_about_parent(head, self.report.kind == Kind::Router);
        if !found.is_empty() {
            self.machine.hear(&found, &at, exception.as_ref().map(|found| found.name.as_str()), is_parent);
            let outage = self.machine.outage.as_ref();
            if outage.is_some_and(|outage| outage.since == at) {
                self.evidence.since = Some(shown(self));
            }
            if outage.is_some_and(|outage| outage.last_try.as_ref() == Some(&at)) {
                self.evidence.last_try = Some(shown(self));
            }
            let certificate = [Topic::CertificateFailed, Topic::CertificateWanted];
            if certificate.iter().any(|topic| found.contains(topic)) {
                self.evidence.certificate = Some(shown(self));
            }
        }
        if let Some(exception) = exception
            && (self.exceptions.len() < MAX_EXCEPTIONS || self.exceptions.contains_key(&exception))
        {
            self.exceptions.entry(exception).or_default().again(&time);
        }
    }

    /// A start begins.
    fn begin(&mut self, time: &str, log: usize, line: u64) {
        self.end_start();
        self.report.start_count += 1;
        self.steps = Some([false; STEPS.len()]);
        // The last ones are of interest.
        if self.starts.len() == MAX_TOLD {
            self.starts.pop_front();
        }
        self.starts.push_back(Start {
            time: time.to_owned(),
            log: self.names[log].clone(),
            line,
            healthy: false,
            reached: STEPS[0].0,
            stopped_before: None,
            missing: Vec::new(),
        });
        self.step(0);
    }

    fn step(&mut self, step: usize) {
        if let Some(steps) = &mut self.steps {
            steps[step] = true;
        }
    }

    /// Judges the start that went on until now.
    fn end_start(&mut self) {
        let (Some(steps), Some(start)) = (self.steps.take(), self.starts.back_mut()) else { return };
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
        if let Some((_, last)) = self.span {
            self.machine.end(last);
        }
        let is_utc = self.is_utc;
        let report = &mut self.report;
        report.starts = self.starts.into();
        report.parents = self.parents.into_iter().map(|(address, happened)| Parent { address, happened }).collect();
        report.lost_sessions_per_hour = self.hours.into_iter().map(|(hour, count)| Hour { hour, count }).collect();
        report.exceptions = self.exceptions.into_iter().map(|(found, happened)| told(found, happened)).collect();
        report.exceptions.sort_by_key(|exception| std::cmp::Reverse(exception.happened.count));
        report.states = self
            .machine
            .periods
            .iter()
            .map(|period| StatePeriod {
                state: period.state,
                from: print(period.from.time, is_utc),
                until: print(period.until, is_utc),
                seconds: period.until - period.from.time,
                log: self.names.get(period.from.log).cloned().unwrap_or_default(),
                line: period.from.line,
            })
            .collect();
        verdict::judge(report, &self.machine, self.evidence, self.span, is_utc);
        self.report
    }
}

/// An exception, with what it means.
fn told(found: Found, happened: Happened) -> Exception {
    let meaning = exceptions::meaning(&found.name);
    let detail = exceptions::detail(&found);
    let what = match (meaning, detail) {
        (Some(meaning), Some((detail, _))) => Some(format!("{}; {detail}", meaning.what)),
        (meaning, _) => meaning.map(|meaning| meaning.what.to_owned()),
    };
    let source = meaning.map(|meaning| match detail {
        Some((_, source)) => format!("{}; {source}", meaning.source),
        None => meaning.source.to_owned(),
    });
    Exception {
        name: found.name,
        minor: found.minor,
        happened,
        meaning: what,
        next: meaning.map(|meaning| meaning.next),
        source,
    }
}

impl Happened {
    fn again(&mut self, time: &str) {
        self.count += 1;
        let set = |place: &mut Option<String>| time.clone_into(place.get_or_insert_default());
        // Clocks are set back.
        if self.first.as_deref().is_none_or(|first| time < first) {
            set(&mut self.first);
        }
        if self.last.as_deref().is_none_or(|last| time > last) {
            set(&mut self.last);
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
