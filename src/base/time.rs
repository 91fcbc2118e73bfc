//! Moments in UTC, as people write and read them.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::SignedDuration;
use jiff::civil::DateTime;
use regex::Regex;

use crate::base::error::{Error, ErrorKind, Result};

/// When the system's time begins.
const EPOCH: DateTime = jiff::civil::date(1970, 1, 1).to_datetime(jiff::civil::Time::midnight());

/// Reads a moment: RFC 3339 (`2026-11-21T18:30:00Z`, or with an offset such as `+01:00`), or a date alone, which is its
/// midnight in UTC. The years are 0000 to 9999.
///
/// ```
/// let midnight = configcid::time::parse("2026-11-21")?;
/// assert_eq!(midnight, configcid::time::parse("2026-11-21T01:00:00+01:00")?);
/// assert_eq!(configcid::time::print(midnight), "2026-11-21T00:00:00Z");
/// # Ok::<(), configcid::Error>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::Usage`] where the text is neither.
pub fn parse(text: &str) -> Result<SystemTime> {
    since_epoch(text).and_then(moment).ok_or_else(|| {
        Error::new(ErrorKind::Usage, text!("{text} is no time", text = format!("{text:?}")))
            .next("write it like 2026-11-21 or 2026-11-21T18:30:00Z")
    })
}

/// How long after 1970 a text says. The form is that of `templates/messenger.xsd`; whether there is such a day or hour
/// is left to the library.
fn since_epoch(text: &str) -> Option<SignedDuration> {
    static FORM: LazyLock<Regex> = LazyLock::new(|| {
        let (date, time) = ("[0-9]{4}-[0-9]{2}-[0-9]{2}", "[0-9]{2}:[0-9]{2}:[0-9]{2}");
        let (fraction, offset) = (r"(\.[0-9]{1,9})?[0-9]*", "(?:Z|([+-])([0-9]{2}):([0-9]{2}))");
        Regex::new(&format!("^({date})(?:T({time}){fraction}{offset})?$")).expect("it is a pattern")
    });
    let found = FORM.captures(text)?;
    let group = |number| found.get(number).map(|group| group.as_str());
    let local = format!("{}T{}{}", &found[1], group(2).unwrap_or("00:00:00"), group(3).unwrap_or_default());
    let since = local.parse::<DateTime>().ok()?.duration_since(EPOCH);
    let number = |of| group(of).map_or(Some(0), |digits| digits.parse::<i64>().ok());
    let (hours, minutes) = (number(5)?, number(6)?);
    let offset = SignedDuration::from_mins(hours * 60 + minutes);
    let is_offset = hours < 24 && minutes < 60;
    is_offset.then_some(if group(4) == Some("-") { since + offset } else { since - offset })
}

/// The moment, where the system has it: time begins in 1601 on Windows.
fn moment(since: SignedDuration) -> Option<SystemTime> {
    match since.is_negative() {
        true => UNIX_EPOCH.checked_sub(since.unsigned_abs()),
        false => UNIX_EPOCH.checked_add(since.unsigned_abs()),
    }
}

/// The moment of a date and a time of day in UTC; `None` where there is no such day or time. What is earlier than every
/// system knows is the earliest moment that all know, the beginning of 1601.
pub(crate) fn utc(year: i16, [month, day, hour, minute, second]: [i8; 5]) -> Option<SystemTime> {
    const SINCE_1601: Duration = Duration::from_secs(11_644_473_600);
    let time = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    Some(moment(time.duration_since(EPOCH)).unwrap_or(UNIX_EPOCH - SINCE_1601))
}

/// A moment as RFC 3339 in UTC, to the second: `2026-11-21T18:30:00Z`. A moment outside the years -9999 to 9999 is the
/// first or last in them.
pub fn print(moment: SystemTime) -> String {
    let since = SignedDuration::system_until(UNIX_EPOCH, moment);
    let limit = if moment < UNIX_EPOCH { DateTime::MIN } else { DateTime::MAX };
    let there = since.ok().and_then(|since| EPOCH.checked_add(since).ok()).unwrap_or(limit);
    there.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_come_back() {
        for text in ["1970-01-01T00:00:00Z", "2026-11-21T18:30:59Z", "1899-12-31T23:59:59Z", "9999-12-31T23:59:59Z"] {
            assert_eq!(print(parse(text).unwrap()), text);
        }
        let (evening, midnight) = (parse("2026-11-21T18:30:59.5Z").unwrap(), parse("2026-11-21").unwrap());
        assert_eq!(evening.duration_since(midnight).unwrap(), Duration::from_millis(66_659_500));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "yesterday",
            "2026-13-01",
            "2026-02-30",
            "2026-11-21T18:30:00",
            "18:30",
            "21.11.2026",
            "2026-1-1",
            // Other forms of ISO 8601, which the schema of messages has not.
            "20261121T183000Z",
            "2026-11-21 18:30:00Z",
            "2026-11-21t18:30:00z",
            "2026-11-21T18:30Z",
            "2026-11-21T18:30:00,5Z",
            "2026-11-21T18:30:00.Z",
            "2026-11-21T18:30:00+01",
            "2026-11-21T18:30:00+0100",
            "2026-11-21T18:30:00+24:00",
            "2026-11-21T18:30:00+01:00[Europe/Berlin]",
            "-009999-01-02T00:00:00Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T18:30:00Zä",
            "ä026-11-21",
            "2026-11-21T18:30:00\u{2212}01:00",
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Usage, "{text}");
            assert!(error.next_step().is_some_and(|next| next.contains("2026-11-21")), "{text}");
        }
    }

    #[test]
    fn every_year_has_moments() {
        for (year, rest, text) in [
            (1969, [12, 31, 23, 59, 59], "1969-12-31T23:59:59Z"),
            (1950, [1, 1, 0, 0, 0], "1950-01-01T00:00:00Z"),
            (9999, [12, 31, 23, 59, 59], "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(print(utc(year, rest).unwrap()), text);
        }
        assert!(utc(2026, [2, 30, 0, 0, 0]).is_none() && utc(2026, [1, 1, 24, 0, 0]).is_none());
    }

    #[test]
    fn far_moments_do_not_panic() {
        for text in ["0001-01-01", "1600-12-31T23:59:59Z", "0000-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"] {
            assert!(
                parse(text).map_or_else(|error| error.kind() == ErrorKind::Usage, |there| !print(there).is_empty())
            );
        }
        assert!(UNIX_EPOCH.checked_add(Duration::from_secs(1 << 50)).is_none_or(|far| print(far).starts_with("9999-")));
        assert!(
            UNIX_EPOCH
                .checked_sub(Duration::from_secs(1 << 50))
                .is_none_or(|far| print(far).starts_with("-00") || print(far).starts_with("-9999"))
        );
    }
}
