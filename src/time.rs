//! Moments in UTC, as people write and read them.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::error::{Error, ErrorKind, Result};

/// Reads a moment: RFC 3339 (`2026-11-21T18:30:00Z`, or with an offset such as `+01:00`), or a date alone, which is its
/// midnight in UTC.
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
    let timestamp = match text.len() {
        10 => text.parse::<Date>().and_then(|date| date.to_zoned(TimeZone::UTC)).map(|zoned| zoned.timestamp()),
        _ => text.parse::<Timestamp>(),
    };
    timestamp.ok().and_then(moment).ok_or_else(|| {
        Error::new(ErrorKind::Usage, format!("{text:?} is no time"))
            .next("write it like 2026-11-21 or 2026-11-21T18:30:00Z")
    })
}

/// The moment, where the system has it: time begins in 1601 on Windows.
fn moment(timestamp: Timestamp) -> Option<SystemTime> {
    let since = timestamp.as_duration();
    match since.is_negative() {
        true => UNIX_EPOCH.checked_sub(since.unsigned_abs()),
        false => UNIX_EPOCH.checked_add(since.unsigned_abs()),
    }
}

/// A moment as RFC 3339 in UTC, to the second: `2026-11-21T18:30:00Z`. A moment outside the years -9999 to 9999 is the
/// first or last in them.
pub fn print(moment: SystemTime) -> String {
    let timestamp = Timestamp::try_from(moment).unwrap_or(match moment < UNIX_EPOCH {
        true => Timestamp::MIN,
        false => Timestamp::MAX,
    });
    timestamp.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn moments_come_back() {
        for text in ["1970-01-01T00:00:00Z", "2026-11-21T18:30:59Z", "1899-12-31T23:59:59Z", "9999-12-30T00:00:00Z"] {
            assert_eq!(print(parse(text).unwrap()), text);
        }
        let (evening, midnight) = (parse("2026-11-21T18:30:59.5Z").unwrap(), parse("2026-11-21").unwrap());
        assert_eq!(evening.duration_since(midnight).unwrap(), Duration::from_millis(66_659_500));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in
            ["", "yesterday", "2026-13-01", "2026-02-30", "2026-11-21T18:30:00", "18:30", "21.11.2026", "2026-1-1"]
        {
            let error = parse(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Usage, "{text}");
            assert!(error.next_step().is_some_and(|next| next.contains("2026-11-21")), "{text}");
        }
    }

    #[test]
    fn far_moments_do_not_panic() {
        for text in ["0001-01-01", "1600-12-31T23:59:59Z", "-009999-01-02T00:00:00Z", "9999-12-30"] {
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
