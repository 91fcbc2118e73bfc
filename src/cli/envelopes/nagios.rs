//! A check as monitoring systems of the Nagios kind want it: one line, performance data behind a bar, and exit codes of
//! their own, 0 to 3 for OK, WARNING, CRITICAL and UNKNOWN.

use crate::envelopes::{Check, Verdict, print_duration};
use crate::report::{count, safe};
use crate::{Error, Exit};

use crate::cli::out;

/// The exits with these codes; what else they mean does not count here.
const OK: Exit = Exit::Done;
const WARNING: Exit = Exit::Failed;
const CRITICAL: Exit = Exit::Usage;
const UNKNOWN: Exit = Exit::Faults;

pub(super) fn answer(found: &Check) -> Exit {
    let (word, exit) = match found.verdict {
        Verdict::Ok => ("OK", OK),
        Verdict::Warning => ("WARNING", WARNING),
        Verdict::Critical => ("CRITICAL", CRITICAL),
    };
    print(&format!("ENVELOPES {word} - {} | {}", text(found), performance(found)));
    exit
}

pub(super) fn failed(error: &Error) -> Exit {
    print(&format!("ENVELOPES UNKNOWN - {}", error.to_string().replace('|', "/")));
    UNKNOWN
}

/// For a line of arguments that was not understood; why, stands on standard error.
pub(crate) fn usage() -> Exit {
    print("ENVELOPES UNKNOWN - wrong usage");
    UNKNOWN
}

fn print(line: &str) {
    out::print(&format!("{}\n", safe(line)));
}

fn text(found: &Check) -> String {
    let mut text = count(found.count as usize, "message", "messages");
    if let Some(endpoints) = found.endpoints {
        text += &text!(" for {}", count(endpoints as usize, "endpoint", "endpoints"));
    }
    if let Some(oldest) = &found.oldest {
        text += &format!(", oldest {}", print_duration(std::time::Duration::from_secs(oldest.age_seconds)));
    }
    if let (Some(most), Some(least)) = (found.expired.filter(|expired| *expired > 0), found.expired_at_longest) {
        text += &if least == most { format!(", {most} expired") } else { format!(", {least} to {most} expired") };
    }
    text
}

/// A threshold there is the greatest number that is still well; ours are the least that is not.
fn performance(found: &Check) -> String {
    let limits = found.thresholds;
    let mut data = format!("messages={};{};{};0", found.count, limits.warning - 1, limits.critical - 1);
    if let Some(bytes) = found.bytes {
        data += &format!(" bytes={bytes}B;;;0");
    }
    if let Some(expired) = found.expired {
        data += &format!(" expired={expired};;;0");
    }
    if let Some(oldest) = &found.oldest {
        data += &format!(" oldest={}s;;;0", oldest.age_seconds);
    }
    if let Some(rate) = &found.rate {
        data += &format!(" per_minute={:.2}", rate.per_minute);
    }
    data
}
