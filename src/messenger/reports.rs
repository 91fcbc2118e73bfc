//! Sending what is to be reported, and keeping what could not be sent.

use std::time::{Duration, Instant, SystemTime};

use super::state::{Report, State};
use super::store::Store;
use crate::error::Result;

/// How long a run may go on sending. The user has seen the messages by then.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends reports.
pub trait Sender {
    /// Sends one.
    ///
    /// # Errors
    /// It could not be sent, or the server refused it.
    fn send(&self, report: &Report, installation: &str) -> Result<(), Failure>;
}

/// Why a report was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The server answered, and did not take this one.
    Refused(String),
    /// The server could not be reached, or what answered was none: there is no sense in trying the others.
    Unreachable(String),
}

impl Failure {
    /// A sentence for people.
    pub fn what(&self) -> &str {
        match self {
            Failure::Refused(what) | Failure::Unreachable(what) => what,
        }
    }
}

/// What became of the reports.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Delivery {
    /// How many were sent.
    pub sent: usize,
    /// How many wait for a later run.
    pub kept: usize,
    /// How many were given up.
    pub dropped: usize,
    /// Why the last one that failed did.
    pub error: Option<String>,
}

/// Sends the reports that are due, oldest first. Those that fail are kept, with a pause that grows with each attempt, and
/// given up after the thirtieth.
///
/// # Errors
/// The state cannot be read or written. That nothing could be sent is no error.
pub fn deliver(store: &Store, sender: &dyn Sender, now: SystemTime) -> Result<Delivery> {
    let (state, _) = store.load()?;
    let begun = Instant::now();
    let (mut sent, mut failed, mut error) = (Vec::new(), Vec::new(), None);
    let mut due = state.reports.iter().filter(|report| report.is_due(now));
    for report in due.by_ref() {
        match sender.send(report, &state.installation) {
            Ok(()) => sent.push(report),
            Err(failure) => {
                error = Some(failure.what().to_owned());
                failed.push(report);
                if matches!(failure, Failure::Unreachable(_)) {
                    failed.extend(due);
                    break;
                }
            }
        }
        if begun.elapsed() > PATIENCE {
            break;
        }
    }
    let (sent, failed): (Vec<_>, Vec<_>) = (sent.into_iter().cloned().collect(), failed.into_iter().cloned().collect());
    if sent.is_empty() && failed.is_empty() {
        return Ok(Delivery { kept: state.reports.len(), ..Delivery::default() });
    }
    let (delivery, _) = store.update(|state| settle(state, &sent, &failed, now))?;
    Ok(Delivery { error, ..delivery })
}

/// Takes what was sent, and what failed too often, out of the state.
fn settle(state: &mut State, sent: &[Report], failed: &[Report], now: SystemTime) -> Delivery {
    let is_one = |report: &Report, of: &[Report]| of.iter().any(|other| other.is(report));
    let mut dropped = 0;
    state.reports.retain_mut(|report| {
        if is_one(report, sent) {
            return false;
        }
        let stays = !is_one(report, failed) || report.failed(now);
        dropped += usize::from(!stays);
        stays
    });
    Delivery { sent: sent.len(), kept: state.reports.len(), dropped, error: None }
}
