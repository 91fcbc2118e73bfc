//! What is remembered of one user: which messages were shown, which acknowledged, and what is still to be reported.

use crate::base::hex::hex;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::MAX_MESSAGES;
use super::parse::is_id;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::time;

/// The version of the file.
const SCHEMA: u32 = 1;
/// The most reports that wait; the oldest go first.
pub(super) const MAX_REPORTS: usize = 500;
/// How often a report is tried.
pub(super) const MAX_ATTEMPTS: u32 = 30;
/// The first pause; each is twice the one before, up to a day.
const PAUSE: Duration = Duration::from_secs(15 * 60);
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// What is remembered of one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    schema: u32,
    /// A random number that reports carry, 32 hex digits: it says that two came from the same user, and not from whom.
    pub installation: String,
    /// Whether the last run had an address to report to.
    pub reporting: bool,
    /// Messages that were shown, by their ids.
    pub messages: BTreeMap<String, Seen>,
    /// What is still to be reported, the oldest first.
    pub reports: Vec<Report>,
}

/// A message that was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// When for the first time.
    #[serde(with = "moment")]
    pub displayed: SystemTime,
    /// When it was acknowledged.
    #[serde(with = "maybe_moment")]
    pub acknowledged: Option<SystemTime>,
}

/// What is reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The message.
    pub message: String,
    /// What happened.
    pub event: Event,
    /// When it happened.
    #[serde(with = "moment")]
    pub time: SystemTime,
    /// How often it was tried to report it.
    pub attempts: u32,
    /// When it will be tried again, at the earliest.
    #[serde(with = "moment")]
    pub next: SystemTime,
    /// Why the last try failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What happens to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    /// It was shown for the first time.
    Displayed,
    /// It was acknowledged.
    Acknowledged,
}

impl Event {
    /// The name in reports and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Displayed => "displayed",
            Self::Acknowledged => "acknowledged",
        }
    }
}

mod moment {
    use super::*;

    pub(super) fn serialize<S: serde::Serializer>(moment: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&time::print(*moment))
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
        whole(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A moment since 1970, to the second, as moments are written here.
fn whole(text: &str) -> Result<SystemTime> {
    let moment = time::parse(text)?;
    let since = moment
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_err(|_| Error::usage(text!("{text} is too long ago", text = format!("{text:?}"))))?;
    Ok(SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs()))
}

mod maybe_moment {
    use super::*;

    pub(super) fn serialize<S: serde::Serializer>(
        moment: &Option<SystemTime>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        moment.map(time::print).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<SystemTime>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| whole(&text)).transpose().map_err(serde::de::Error::custom)
    }
}

impl State {
    /// Nothing yet, with this random number.
    pub fn new(random: [u8; 16]) -> Self {
        let installation = hex(&random);
        Self { schema: SCHEMA, installation, reporting: false, messages: BTreeMap::new(), reports: Vec::new() }
    }

    /// Reads a state.
    ///
    /// # Errors
    /// It is damaged. With [`ErrorKind::Usage`]: it is of a newer version.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        struct Version {
            schema: u32,
        }
        let damaged = |what: String| Error::new(ErrorKind::MessengerFormat, what);
        let version: Version = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
        if version.schema > SCHEMA {
            let what =
                text!("it has schema {schema}, and this program knows {SCHEMA}", schema = version.schema, SCHEMA);
            return Err(Error::new(ErrorKind::Usage, what).next("use the newer program that wrote it"));
        }
        let state: Self = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
        let is_random =
            state.installation.len() == 32 && state.installation.bytes().all(|byte| byte.is_ascii_hexdigit());
        let ids = state.messages.keys().chain(state.reports.iter().map(|report| &report.message));
        if state.schema != SCHEMA || !is_random {
            return Err(damaged(text!("it is not from this program").to_owned()));
        }
        if let Some(id) = ids.into_iter().find(|id| !is_id(id)) {
            return Err(damaged(text!("{id} is no id", id = format!("{id:?}"))));
        }
        if state.messages.len() > MAX_MESSAGES || state.reports.len() > MAX_REPORTS {
            return Err(damaged(text!("it holds more than was ever written").to_owned()));
        }
        Ok(state)
    }

    /// The bytes of the state.
    pub fn print(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("a state is plain data");
        bytes.push(b'\n');
        bytes
    }

    /// Whether a message was acknowledged.
    pub fn is_acknowledged(&self, id: &str) -> bool {
        self.messages.get(id).is_some_and(|seen| seen.acknowledged.is_some())
    }

    /// A message is shown. Gives whether for the first time.
    pub fn display(&mut self, id: &str, now: SystemTime) -> bool {
        let is_new = !self.messages.contains_key(id);
        if is_new {
            self.make_room();
            self.messages.insert(id.to_owned(), Seen { displayed: now, acknowledged: None });
            self.report(id, Event::Displayed, now);
        }
        is_new
    }

    /// A message is acknowledged. Gives whether for the first time; `None` where it was never shown.
    pub fn acknowledge(&mut self, id: &str, now: SystemTime) -> Option<bool> {
        let seen = self.messages.get_mut(id)?;
        let is_new = seen.acknowledged.is_none();
        if is_new {
            seen.acknowledged = Some(now);
            self.report(id, Event::Acknowledged, now);
        }
        Some(is_new)
    }

    /// Where there are as many messages as a file may hold, the one that was shown first is forgotten.
    fn make_room(&mut self) {
        if self.messages.len() >= MAX_MESSAGES {
            let first = self.messages.iter().min_by_key(|(_, seen)| seen.displayed).map(|(id, _)| id.clone());
            first.and_then(|id| self.messages.remove(&id));
        }
    }

    /// Nothing is kept to be reported where nothing is to be.
    fn report(&mut self, id: &str, event: Event, time: SystemTime) {
        if self.reporting {
            self.reports.push(Report { message: id.to_owned(), event, time, attempts: 0, next: time, reason: None });
            let beyond = self.reports.len().saturating_sub(MAX_REPORTS);
            self.reports.drain(..beyond);
        }
    }
}

impl Report {
    /// Whether it is time to try. A next time farther away than any pause is one of a clock that was wrong.
    pub fn is_due(&self, now: SystemTime) -> bool {
        self.next <= now || self.next.duration_since(now).is_ok_and(|wait| wait > LONGEST_PAUSE)
    }

    /// Whether it is the same report, tried more or less often.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.message == other.message && self.event == other.event && self.time == other.time
    }

    /// It was tried in vain, and why. Gives whether it will be tried again.
    pub(super) fn failed(&mut self, why: &str, now: SystemTime) -> bool {
        /// No more of a reason is kept, in characters.
        const MAX_REASON: usize = 500;
        self.reason = Some(why.chars().take(MAX_REASON).collect());
        let pause = PAUSE.saturating_mul(1 << self.attempts.min(16)).min(LONGEST_PAUSE);
        self.attempts += 1;
        self.next = now.checked_add(pause).unwrap_or(now);
        self.attempts < MAX_ATTEMPTS
    }
}
