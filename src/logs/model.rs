//! What logs say, as data.

use serde::Serialize;

use super::states::State;

/// Whose logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The Message Router's.
    #[default]
    Router,
    /// The agent's.
    Agent,
    /// The Certification Manager's, on a management server \[36330\].
    CertificationManager,
}

impl Kind {
    /// The name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Router => "router",
            Self::Agent => "agent",
            Self::CertificationManager => "Certification Manager",
        }
    }
}

/// What the logs of a router (or of an agent, or a Certification Manager) say. Moments are in UTC, as
/// `2026-11-21T18:30:00Z`; where a log does not tell how far its own time is from UTC, they are its own and have no `Z`.
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct LogReport {
    /// Whose logs these are.
    pub kind: Kind,
    /// How it stands at the end.
    pub verdict: Verdict,
    /// The states that it went through, the last 10,000 of them.
    pub states: Vec<StatePeriod>,
    /// The logs, in the order of their names, which is that of their times.
    pub logs: Vec<LogFile>,
    /// All lines with a prefix.
    pub lines: u64,
    /// Lines that continue one.
    pub continuations: u64,
    /// Lines that count once and stand in two logs.
    pub repeated: u64,
    /// How grave they are.
    pub levels: Levels,
    /// How often it started.
    pub start_count: u64,
    /// Each start, the last 10,000 of them.
    pub starts: Vec<Start>,
    /// The addresses of its parent.
    pub parents: Vec<Parent>,
    /// Sessions that were lost, with the parent or with those below.
    pub lost_sessions: Happened,
    /// The hours in which that happened.
    pub lost_sessions_per_hour: Vec<Hour>,
    /// Handshakes that failed.
    pub failed_handshakes: Happened,
    /// The exceptions of CORBA in it, the most frequent first.
    pub exceptions: Vec<Exception>,
    /// Access violations and other crashes.
    pub crashes: Happened,
    /// The last crash, with the lines that continue it.
    pub last_crash: Option<LastError>,
    /// The last error.
    pub last_error: Option<LastError>,
    /// What else there is to say of the logs, each as a sentence.
    pub notes: Vec<String>,
    /// The logs of others in the same folder.
    pub others: Vec<Self>,
}

impl LogReport {
    /// This report and those of the others.
    pub fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.others)
    }

    /// Whether all of them are well at the end.
    pub fn is_well(&self) -> bool {
        self.all().all(|report| report.verdict.well)
    }
}

/// How a router stands at the end of its logs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Verdict {
    /// The state.
    pub state: State,
    /// Whether messages pass: it is logged on, or, without a parent, takes messages.
    pub well: bool,
    /// In one sentence.
    pub what: String,
    /// Since when it is so: since when it is logged on, or since when it is not.
    pub since: Option<String>,
    /// The last line of all.
    pub until: Option<String>,
    /// How many seconds the logs tell of, from the first line to the last.
    pub seconds: i64,
    /// How often the parent was asked in vain since it is not logged on.
    pub failed_tries: u64,
    /// The exceptions that these ended with, by their names.
    pub exceptions: Vec<String>,
    /// How often the session with the parent was lost.
    pub lost: u64,
    /// For how many seconds in all it was lost, the last loss included.
    pub lost_seconds: i64,
    /// What to do next, in this order, each as a sentence.
    pub next: Vec<String>,
    /// The lines that the verdict rests on, with those that continue them.
    pub evidence: Vec<LastError>,
}

/// A period in one state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StatePeriod {
    /// Which.
    pub state: State,
    /// When it began.
    pub from: String,
    /// When it ended; the last line's time, for the last one.
    pub until: String,
    /// How long it was, in seconds.
    pub seconds: i64,
    /// The log that it begins in.
    pub log: String,
    /// The line, from 1.
    pub line: u64,
}

/// An exception of CORBA.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Exception {
    /// Its name, such as `TRANSIENT`.
    pub name: String,
    /// Its minor code, such as `OMG 2`, or TAO's words.
    pub minor: Option<String>,
    /// How often, and when.
    #[serde(flatten)]
    pub happened: Happened,
    /// What it means between routers.
    pub meaning: Option<String>,
    /// What to do next.
    pub next: Option<&'static str>,
    /// Who says what it means.
    pub source: Option<String>,
}

/// One log.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct LogFile {
    /// Its name.
    pub name: String,
    /// When it was begun, by its name, or by the name that its first line gives it; `None`: neither tells.
    pub begun: Option<String>,
    /// How far the time in its lines is ahead of UTC, in minutes: its first line against its name.
    pub utc_offset_minutes: Option<i64>,
    /// How its text is stored.
    pub encoding: &'static str,
    /// Its lines with a prefix.
    pub lines: u64,
    /// The first.
    pub first: Option<String>,
    /// The last.
    pub last: Option<String>,
    /// Zeros at the beginning and end of its lines: what is left where the power failed while it was written.
    pub zeros: u64,
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

/// How much happened in an hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Hour {
    /// When the hour began.
    pub hour: String,
    /// How often.
    pub count: u64,
}

/// A line, such as the last error.
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
