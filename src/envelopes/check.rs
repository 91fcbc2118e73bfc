//! How an Envelopes folder stands: how much is in it, how old that is, and what to think of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use serde::Serialize;

use super::judge::{causes, ranked};
use super::rules::{self, AGES, OLDER, Threshold, print_duration};
use super::scan::{self, age};
use super::surroundings::{Cause, Seen, Surroundings, Waiting};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::text::count;
use crate::base::time;

/// What to think of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// Few messages, as it should be.
    Ok,
    /// More than usual.
    Warning,
    /// A large number \[63588\].
    Critical,
}

impl Verdict {
    /// The verdict on so many messages.
    pub(crate) fn on(count: u64, limits: Limits) -> Self {
        match count {
            count if count >= limits.critical => Self::Critical,
            count if count >= limits.warning => Self::Warning,
            _ => Self::Ok,
        }
    }

    /// In one word, as the JSON output has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// From how many messages on the verdict is which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub(crate) struct Limits {
    /// From here on a warning.
    pub warning: u64,
    /// From here on critical.
    pub critical: u64,
}

impl Limits {
    /// The limits for so many managed endpoints: those of the table where none are given.
    ///
    /// # Errors
    /// A threshold depends on the endpoints and these are not given, or the warning would come after the critical one.
    pub(crate) fn new(endpoints: Option<u64>, warning: Option<Threshold>, critical: Option<Threshold>) -> Result<Self> {
        let files = |threshold: Threshold| {
            threshold.files(endpoints.filter(|endpoints| *endpoints > 0)).ok_or_else(|| {
                Error::new(ErrorKind::Usage, "how many messages are many depends on the number of managed endpoints")
                    .next("say how many there are with --endpoints N, or set --warning and --critical to numbers of files")
            })
        };
        let of_critical = files(critical.unwrap_or(rules::CRITICAL))?;
        let of_warning = match warning {
            Some(warning) => files(warning)?,
            // The table's own warning gives way.
            None => files(rules::WARNING).unwrap_or(of_critical).min(of_critical),
        };
        if of_warning > of_critical {
            return Err(Error::new(
                ErrorKind::Usage,
                text!(
                    "the warning, from {of_warning} messages on, would come after critical, from {of_critical} on",
                    of_warning,
                    of_critical
                ),
            )
            .next("give a smaller --warning or a larger --critical"));
        }
        Ok(Self { warning: of_warning, critical: of_critical })
    }
}

/// What to look at, and how.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub(crate) struct CheckOptions {
    /// The managed endpoints.
    pub endpoints: Option<u64>,
    /// The limits of the verdict.
    pub limits: Limits,
    /// How long messages live, at least.
    pub ttl: Duration,
    /// How long they live at most: the same, where that is known.
    pub ttl_longest: Duration,
    /// The present.
    pub at: SystemTime,
    /// Count, and look at no message.
    pub count_only: bool,
    /// Count again after this time, for the rate.
    pub sample: Option<Duration>,
    /// What is known of the router's surroundings.
    pub surroundings: Surroundings,
}

impl CheckOptions {
    /// The options for a verdict with these limits, at a moment.
    pub(crate) fn new(limits: Limits, at: SystemTime) -> Self {
        let (endpoints, surroundings) = (None, Surroundings::default());
        let (ttl, ttl_longest) = rules::ttl(None);
        Self { endpoints, limits, ttl, ttl_longest, at, count_only: false, sample: None, surroundings }
    }
}

/// What [`check`] found.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub(crate) struct Check {
    /// The folder.
    pub folder: PathBuf,
    /// When it was looked at.
    pub at: String,
    /// How many messages there are.
    pub count: u64,
    /// Their bytes; `None` where they were only counted.
    pub bytes: Option<u64>,
    /// What to think of it.
    pub verdict: Verdict,
    /// The managed endpoints.
    pub endpoints: Option<u64>,
    /// From how many messages on the verdict is which.
    pub thresholds: Limits,
    /// What is there besides messages.
    pub others: u64,
    /// How long messages live, in seconds: the shorter time, where the console's version is not known.
    pub ttl_seconds: u64,
    /// The longer time; the same, where it is known.
    pub ttl_longest_seconds: u64,
    /// How many are older than the shorter time.
    pub expired: Option<u64>,
    /// How many are older than the longer.
    pub expired_at_longest: Option<u64>,
    /// The oldest.
    pub oldest: Option<Oldest>,
    /// How many are how old.
    pub ages: Option<Vec<AgePart>>,
    /// How fast it grows.
    pub rate: Option<Rate>,
    /// The likely causes of a large number, in the article's order \[63588\].
    pub causes: Vec<Cause>,
    /// What there is to say of it, each as a sentence.
    pub notes: Vec<String>,
    /// What to do next, in this order.
    pub next: Vec<String>,
}

/// The oldest message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub(crate) struct Oldest {
    /// When it was written.
    pub modified: String,
    /// Its age in seconds.
    pub age_seconds: u64,
}

/// One part of the histogram.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub(crate) struct AgePart {
    /// Its name.
    pub age: &'static str,
    /// The greatest age in it, in seconds; `None` in the last part.
    pub up_to_seconds: Option<u64>,
    /// How many messages.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// How fast a folder grows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub(crate) struct Rate {
    /// How it was found.
    pub method: RateMethod,
    /// Messages a minute.
    pub per_minute: f64,
    /// The time that was looked at, in seconds.
    pub over_seconds: f64,
}

/// How a rate was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RateMethod {
    /// The messages that were written in the last hour and are still there: what came and was delivered is not seen.
    ModificationTimes,
    /// The folder was counted twice: what came, less what went.
    TwoSamples,
}

impl Rate {
    /// For people.
    pub(crate) fn sentence(&self) -> String {
        let per_minute = self.per_minute;
        match self.method {
            RateMethod::ModificationTimes => {
                text!(
                    "{per_minute} a minute came in the last hour and are still there (by their times of writing)",
                    per_minute = format!("{per_minute:.1}")
                )
            }
            RateMethod::TwoSamples => {
                text!(
                    "{per_minute} a minute, between two counts {over_seconds} s apart",
                    per_minute = format!("{per_minute:+.1}"),
                    over_seconds = format!("{:.1}", self.over_seconds)
                )
            }
        }
    }
}

const HOUR: Duration = Duration::from_secs(3_600);

/// Looks at a folder.
///
/// # Errors
/// The folder cannot be listed. Files that come and go meanwhile are normal.
pub(crate) fn check(folder: &Path, options: &CheckOptions) -> Result<Check> {
    let CheckOptions { at, ttl, ttl_longest, .. } = *options;
    let mut tally = Tally::new(at, [ttl, ttl_longest.max(ttl)]);
    let counted = match options.count_only {
        true => scan::count(folder)?,
        false => scan::each(folder, |message| {
            tally.add(message.size, message.modified);
            Ok(())
        })?,
    };
    let rate = match options.sample {
        Some(time) => {
            let begin = Instant::now();
            std::thread::sleep(time);
            let change = scan::count(folder)?.messages as f64 - counted.messages as f64;
            // A count of very many takes a while itself.
            let seconds = begin.elapsed().as_secs_f64();
            Some(Rate { method: RateMethod::TwoSamples, per_minute: change * 60.0 / seconds, over_seconds: seconds })
        }
        None => (!options.count_only).then(|| Rate {
            method: RateMethod::ModificationTimes,
            per_minute: tally.last_hour as f64 / 60.0,
            over_seconds: HOUR.as_secs_f64(),
        }),
    };
    let verdict = Verdict::on(counted.messages, options.limits);
    let mut surroundings = options.surroundings.clone();
    surroundings.look_at_volume(folder);
    let looked = !options.count_only;
    surroundings.waiting = Some(Waiting {
        count: counted.messages,
        older_than_a_day: looked.then_some(tally.old),
        fullest_hour: tally.fullest_hour(),
    });
    let causes = causes(&surroundings);
    let mut found = Check {
        folder: crate::base::error::plain(folder),
        at: time::print(at),
        count: counted.messages,
        bytes: looked.then_some(tally.bytes),
        verdict,
        endpoints: options.endpoints,
        thresholds: options.limits,
        others: counted.others,
        ttl_seconds: ttl.as_secs(),
        ttl_longest_seconds: ttl_longest.max(ttl).as_secs(),
        expired: looked.then_some(tally.expired[0]),
        expired_at_longest: looked.then_some(tally.expired[1]),
        oldest: tally
            .oldest
            .map(|modified| Oldest { modified: time::print(modified), age_seconds: age(modified, at).as_secs() }),
        ages: looked.then_some(tally.parts),
        rate,
        causes,
        notes: Vec::new(),
        next: Vec::new(),
    };
    found.notes = notes(&found, tally.later);
    found.next = next(&found);
    Ok(found)
}

/// What is kept of the messages while they go by.
struct Tally {
    at: SystemTime,
    /// The shorter and the longer time to live.
    ttl: [Duration; 2],
    bytes: u64,
    /// How many are older than each.
    expired: [u64; 2],
    /// How many are older than a day.
    old: u64,
    last_hour: u64,
    /// How many were written in which hour since 1970.
    hours: BTreeMap<u64, u64>,
    /// Written after the present.
    later: u64,
    oldest: Option<SystemTime>,
    parts: Vec<AgePart>,
}

impl Tally {
    fn new(at: SystemTime, ttl: [Duration; 2]) -> Self {
        let bounds = AGES.iter().map(|(bound, name)| (*name, Some(*bound))).chain([(OLDER, None)]);
        let parts = bounds.map(|(age, up_to_seconds)| AgePart { age, up_to_seconds, count: 0, bytes: 0 }).collect();
        let hours = BTreeMap::new();
        Self { at, ttl, bytes: 0, expired: [0; 2], old: 0, last_hour: 0, hours, later: 0, oldest: None, parts }
    }

    fn add(&mut self, size: u64, modified: SystemTime) {
        let age = age(modified, self.at);
        self.bytes += size;
        for (expired, ttl) in self.expired.iter_mut().zip(self.ttl) {
            *expired += u64::from(age > ttl);
        }
        self.old += u64::from(age > 24 * HOUR);
        if let Ok(since) = modified.duration_since(SystemTime::UNIX_EPOCH) {
            *self.hours.entry(since.as_secs() / HOUR.as_secs()).or_default() += 1;
        }
        self.last_hour += u64::from(age <= HOUR && modified <= self.at);
        self.later += u64::from(modified > self.at);
        self.oldest = Some(self.oldest.map_or(modified, |oldest| oldest.min(modified)));
        let part = AGES.iter().position(|(bound, _)| age <= Duration::from_secs(*bound)).unwrap_or(AGES.len());
        self.parts[part].count += 1;
        self.parts[part].bytes += size;
    }
}

impl Tally {
    /// The hour in which the most were written, and how many; the last of several.
    fn fullest_hour(&self) -> Option<(SystemTime, u64)> {
        let (hour, number) = self.hours.iter().max_by_key(|(_, number)| **number)?;
        Some((SystemTime::UNIX_EPOCH + HOUR * u32::try_from(*hour).ok()?, *number))
    }
}

impl Check {
    /// How many are expired, for people; where the console's version is not known, for either time to live.
    pub(crate) fn expired_sentence(&self) -> Option<String> {
        let days = |seconds: u64| print_duration(Duration::from_secs(seconds));
        let (least, most) = (self.expired_at_longest?, self.expired?);
        let (short, long) = (days(self.ttl_seconds), days(self.ttl_longest_seconds));
        Some(match self.ttl_seconds == self.ttl_longest_seconds {
            true => text!("{most}, older than {short}", most, short),
            false => text!(
                "{most} where messages live {short} (console 4.7 and later), {least} where they live {long} (before): \
                 --console-version says which",
                most,
                short,
                least,
                long
            ),
        })
    }
}

fn notes(found: &Check, later: u64) -> Vec<String> {
    let mut notes =
        vec![text!("messages in this folder are no problem in themselves: they wait to be delivered [63588]").into()];
    if later > 0 {
        let files = count(later as usize, "message was", "messages were");
        notes.push(text!("{files} written after the present: the clocks of the two computers differ", files));
    }
    if found.expired.is_some_and(|expired| expired > 0) {
        let days = |seconds: u64| print_duration(Duration::from_secs(seconds));
        let (short, long) = (days(found.ttl_seconds), days(found.ttl_longest_seconds));
        let range =
            if short == long { short } else { text!("{short} (from console 4.7 on) or {long} (before)", short, long) };
        notes.push(text!("the router itself discards messages that are older than {range} [113417]", range));
    }
    if found.verdict != Verdict::Ok {
        notes.push(text!("endpoints whose Up To Date status is Unknown are mostly another matter [112127]").into());
    }
    notes
}

/// The steps, none of which touches a message: the article advises against removing them \[63588\].
fn next(found: &Check) -> Vec<String> {
    if found.verdict == Verdict::Ok {
        return Vec::new();
    }
    // The article's first step, whatever the cause.
    let mut next = vec![
        text!("close all consoles, and restart the services in the right order: configcid envelopes restart; it may take some minutes \
         until messages become fewer [63588]")
            .to_owned(),
    ];
    let causes = ranked(&found.causes);
    next.extend(causes.iter().filter(|cause| cause.seen != Seen::No).filter_map(|cause| cause.next.clone()));
    next.push(text!("see whether it empties, for some minutes: configcid envelopes watch").into());
    next.push(text!("leave the messages to the router: those that can be delivered still will be [63588]").into());
    if found.expired.is_some_and(|expired| expired > 0) {
        next.push(
            text!("only where the expired ones stay: configcid envelopes expire --older-than TTL --move-to DIR moves them aside")
                .into(),
        );
    }
    next
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
