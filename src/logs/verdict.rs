//! The verdict: how the router stands at the end of its logs, since when, and what to do next.

use super::files::print;
use super::model::{Kind, LastError, LogReport, Verdict};
use super::states::{Machine, State};
use crate::base::language::said;
use crate::base::text::count;

/// What is done about access violations.
const AFFINITY: &str = "the router met access violations: binding it to one processor is a known cure (ProcessorAffinity [113093]); `configcid relay registry` shows whether that is set";

/// The lines that a verdict rests on.
#[derive(Default)]
pub(super) struct Evidence {
    /// Where the time without connection began.
    pub since: Option<LastError>,
    /// The last try that failed.
    pub last_try: Option<LastError>,
    /// The last line about a certificate.
    pub certificate: Option<LastError>,
}

/// Fills in the verdict of a report.
pub(super) fn judge(
    report: &mut LogReport,
    machine: &Machine,
    evidence: Evidence,
    span: Option<(i64, i64)>,
    is_utc: bool,
) {
    let show = |time: i64| print(time, is_utc);
    let (first, last) = span.unwrap_or_default();
    let outage = machine.outage.as_ref().filter(|_| !machine.state.is_well());
    let since = match outage {
        Some(outage) => Some(outage.since.time),
        None => machine.periods.back().map(|period| period.from.time),
    };
    let lasting_loss = outage.filter(|outage| outage.is_loss).map_or(0, |outage| last - outage.since.time);
    let mut verdict = Verdict {
        state: machine.state,
        well: machine.state.is_well() && report.lines > 0,
        what: String::new(),
        since: since.map(show),
        until: span.map(|_| show(last)),
        seconds: last - first,
        failed_tries: outage.map_or(0, |outage| outage.tries),
        exceptions: outage.map_or_else(Vec::new, |outage| outage.exceptions.keys().cloned().collect()),
        lost: machine.lost,
        lost_seconds: machine.lost_seconds + lasting_loss.max(0),
        next: Vec::new(),
        evidence: Vec::new(),
    };
    verdict.what = what(&verdict, report, machine, span, is_utc);
    let Evidence { since: since_line, last_try, certificate } = evidence;
    if !verdict.well {
        verdict.evidence.extend(since_line.filter(|_| outage.is_some()));
        verdict.evidence.extend(certificate.filter(|_| machine.wanted.is_some()));
        verdict.evidence.extend(last_try.filter(|_| verdict.failed_tries > 0));
        verdict.evidence.dedup();
    }
    verdict.next = next(&verdict, report, machine);
    report.notes = notes(report, machine);
    report.verdict = verdict;
}

/// The verdict in a sentence.
fn what(verdict: &Verdict, report: &LogReport, machine: &Machine, span: Option<(i64, i64)>, is_utc: bool) -> String {
    let other = if report.kind == Kind::Router { text!("parent") } else { text!("router") };
    let Some((_, last)) = span else {
        return text!("nothing is known: no line in the logs is one of the router's").to_owned();
    };
    let since = verdict.since.as_deref().unwrap_or_default();
    let lost = match verdict.lost {
        0 => String::new(),
        lost => text!(
            "; the session was lost {} in {}, for {} in all",
            times(lost),
            span_text(verdict.seconds),
            span_text(verdict.lost_seconds)
        ),
    };
    match machine.state {
        State::LoggedOn => return text!("logged on to its {other} since {since}{lost}", other, since, lost),
        State::Accepting => {
            return text!(
                "accepting messages since {since}; no line speaks of a {other}: right for a management server, while an endpoint would send nothing",
                since,
                other
            );
        }
        State::Unknown => {
            return text!(
                "not known: no line tells whether it is logged on (a log that was begun while the router ran may not)"
            )
            .to_owned();
        }
        _ => {}
    }
    let Some(outage) = &machine.outage else {
        return text!("{state} since {since}", state = machine.state.name(), since);
    };
    let begun = if outage.is_loss { "" } else { text!("it started at ") };
    let duration = span_text((last - outage.since.time).max(0));
    let tries = match (outage.tries, verdict.exceptions.as_slice()) {
        (0, _) => String::new(),
        (tries, []) => text!(", {} failed", count_tries(tries)),
        (tries, names) => text!(", {} failed ({})", count_tries(tries), names.join(", ")),
    };
    let handshakes = match outage.handshakes {
        0 => String::new(),
        number => text!(", {} failed", count(number as usize, "handshake", "handshakes")),
    };
    let at_end = match machine.state {
        State::Off => text!("it was stopped at {}", print_period(machine, is_utc)),
        State::Starting => text!("the start goes no further").to_owned(),
        State::WaitingForParent => text!("the {other} was asked and has not answered", other),
        State::Connected => text!("the {other} was found, and the log-on does not follow", other),
        State::WaitingForCertificate => {
            text!("the {other} was found and the handshake done, and the certificate request is not answered", other)
        }
        State::Lost => text!("it has not tried again").to_owned(),
        _ => text!("it goes on trying").to_owned(),
    };
    let certificate = match (&machine.wanted, machine.state) {
        (Some(_), State::WaitingForCertificate) | (None, _) => String::new(),
        (Some(_), _) => text!("; it has no certificate yet").to_owned(),
    };
    let lost = if machine.lost > 1 { lost } else { String::new() };
    text!(
        "not connected since {begun}{since} (for {duration}){tries}{handshakes}; {at_end}{certificate}{lost}",
        begun,
        since,
        duration,
        tries,
        handshakes,
        at_end,
        certificate,
        lost
    )
}

fn print_period(machine: &Machine, is_utc: bool) -> String {
    machine.periods.back().map(|period| print(period.from.time, is_utc)).unwrap_or_default()
}

fn next(verdict: &Verdict, report: &LogReport, machine: &Machine) -> Vec<String> {
    let mut next = Vec::new();
    if !verdict.well {
        // What its tries ended with says most.
        for name in &verdict.exceptions {
            next.extend(super::exceptions::meaning(name).map(|meaning| format!("{name}: {}", meaning.next)));
        }
        match machine.state {
            State::WaitingForCertificate => next.push(
                text!("look on the management server whether the Certification Manager runs, at its log (CertManager-*.log) and at the log of its router; then restart the Message Router here")
                    .to_owned(),
            ),
            State::Off => next.push(text!("start the service Sophos Message Router, unless it was stopped on purpose").to_owned()),
            State::Starting => next.push(text!("look at the last lines of the log, and whether another program has ports 8192 to 8194").to_owned()),
            State::WaitingForParent | State::Connected if verdict.exceptions.is_empty() => next.push(
                text!("look whether the parent is on, its router runs, and no firewall stands between (ports 8192 to 8194); `configcid relay probe HOST` asks it")
                    .to_owned(),
            ),
            State::Unknown => next.push(text!("look at an older log, from the last start of the router on").to_owned()),
            State::Lost if verdict.exceptions.is_empty() => {
                next.push(text!("restart the Message Router, and look at the parent's log of the same time").to_owned());
            }
            _ => {}
        }
    }
    if report.crashes.count > 0 {
        next.push(said(AFFINITY).to_owned());
    }
    next
}

fn notes(report: &LogReport, machine: &Machine) -> Vec<String> {
    let mut notes = Vec::new();
    for log in &report.logs {
        if log.lines == 0 && log.zeros == 0 {
            notes.push(text!(
                "{}: there is no line in it that is one of a log (DD.MM.YYYY HH:MM:SS TTTT L text)",
                log.name
            ));
        } else if log.lines == 0 {
            notes.push(text!("{}: it holds zeros and no line of a log", log.name));
        }
        if log.zeros > 0 {
            notes.push(text!("{}: {} zeros in it: the computer lost power or crashed while it was written, and what stood there is lost", log.name, log.zeros));
        }
    }
    if report.logs.iter().any(|log| log.begun.is_none()) {
        notes.push(
            text!("no name tells when the logs were begun: times are the computer's own, not UTC, and have no Z")
                .to_owned(),
        );
    }
    if report.repeated > 0 {
        let lines = count(report.repeated as usize, "line stands", "lines stand");
        notes.push(text!("{lines} in two logs, and count once", lines));
    }
    if machine.unannounced > 0 {
        let starts = count(machine.unannounced as usize, "start", "starts");
        notes.push(text!("{starts} without a line before that the router was stopped: it was ended, it crashed, or such a line is not written", starts));
    }
    notes
}

fn count_tries(tries: u64) -> String {
    count(tries as usize, "try", "tries")
}

fn times(number: u64) -> String {
    if number == 1 { "once".to_owned() } else { text!("{number} times", number) }
}

/// A length of time, for people.
pub(super) fn span_text(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => text!("{minutes} min", minutes),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => text!("{hours} h {minutes} min", hours, minutes),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}
