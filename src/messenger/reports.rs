//! Sending what is to be reported, and keeping what could not be sent.

use std::time::{Duration, Instant, SystemTime};

use super::state::Report;
use super::store::Store;
use crate::base::error::Result;

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
            Self::Refused(what) | Self::Unreachable(what) => what,
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
/// given up after the thirtieth. Where another process is sending, all are kept.
///
/// # Errors
/// The state cannot be read or written. That nothing could be sent is no error.
pub fn deliver(store: &Store, sender: &dyn Sender, now: SystemTime) -> Result<Delivery> {
    let begun = Instant::now();
    let mut delivery = Delivery::default();
    let turn = store.sending()?;
    let (mut state, _) = store.load()?;
    while turn.is_some() && begun.elapsed() <= PATIENCE {
        let Some(report) = state.reports.iter().find(|report| report.is_due(now)).cloned() else { break };
        let sent = sender.send(&report, &state.installation);
        // What another process has added to the state since, such as an acknowledgement, stays in it.
        ((delivery.dropped, state), _) = store.update(|state| {
            let dropped = settle(&mut state.reports, &report, sent.as_ref().err(), now);
            (delivery.dropped + dropped, state.clone())
        })?;
        match sent {
            Ok(()) => delivery.sent += 1,
            Err(failure) => delivery.error = Some(failure.what().to_owned()),
        }
    }
    Ok(Delivery { kept: state.reports.len(), ..delivery })
}

/// Takes a report that was sent out of those that wait, or what was tried too often. Gives how many of the latter there are.
fn settle(reports: &mut Vec<Report>, tried: &Report, failure: Option<&Failure>, now: SystemTime) -> usize {
    let before = reports.len();
    reports.retain_mut(|report| match failure {
        None => !report.is(tried),
        // The others would fail as this one did.
        Some(Failure::Unreachable(why)) if report.is_due(now) => report.failed(why, now),
        Some(failure) if report.is(tried) => report.failed(failure.what(), now),
        Some(_) => true,
    });
    if failure.is_some() { before - reports.len() } else { 0 }
}
