//! The rules of the field about Envelopes folders, in one place.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::base::error::{Error, ErrorKind, Result};

/// How a message is named \[63588\]; without regard to case.
pub(crate) const EXTENSION: &str = "msg";

/// From so many messages for each managed endpoint on, a folder is *large*, which is critical \[63588\].
pub(crate) const CRITICAL: Threshold = Threshold::PerEndpoint(300);

/// From so many messages for each managed endpoint on, a folder is on the way there \[A\].
pub(crate) const WARNING: Threshold = Threshold::PerEndpoint(200);

/// How long a message lives before the router discards it \[113417\]: from console 4.7 on, and before.
pub(crate) const TTL: Duration = Duration::from_secs(4 * DAY);
/// As [`TTL`], before console 4.7.
pub(crate) const TTL_BEFORE_4_7: Duration = Duration::from_secs(14 * DAY);
/// The console with which it became shorter.
pub(crate) const TTL_VERSION: [u32; 2] = [4, 7];

/// The console and the Anti-Virus with which the router came to heed `EnvelopeDir` \[113040\].
pub(crate) const MOVE_CONSOLE: [u32; 2] = [4, 5];
/// As [`MOVE_CONSOLE`], where there is no console.
pub(crate) const MOVE_ANTI_VIRUS: [u32; 2] = [9, 5];

/// Below this, or below a twentieth of the volume, free space is little \[A\].
pub(crate) const LITTLE_SPACE: u64 = 1 << 30;

/// One part in so many of the memory: with less than that left, it is little (our choice).
pub(super) const LITTLE_MEMORY: u64 = 10;

/// From here on processors are busy: nine tenths of the time, or as many programs as that wanting to run (our choice).
pub(super) const BUSY: f64 = 0.9;

/// Above this, requests wait long for a disk (our choice).
pub(super) const LONG_QUEUE: f64 = 2.0;

/// From so many percent of the last minute on, waiting for disks is much (our choice).
pub(super) const STALLED: f64 = 20.0;

/// From so many percent of the time on, the host takes much from a virtual machine (our choice).
pub(super) const STOLEN: f64 = 5.0;

/// The ports of the router: IOR, IIOP, and IIOP over SSL (formats.md, section 2).
pub(crate) const PORTS: [u16; 3] = [8192, 8193, 8194];

/// A service of the console's server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ServiceName {
    /// The name that programs use \[A\].
    pub name: &'static str,
    /// The name that people see \[63588\].
    pub display: &'static str,
}

/// The services in the order in which they are stopped; they are started in reverse \[63588\].
pub(crate) const SERVICES: [ServiceName; 3] = [
    ServiceName { name: "Sophos Management Service", display: "Sophos Management Service" },
    ServiceName { name: "Sophos Certification Manager", display: "Sophos Certification Manager" },
    ROUTER,
];

/// The router's service.
pub(crate) const ROUTER: ServiceName = ServiceName { name: "Sophos Message Router", display: "Sophos Message Router" };

/// The parts of age that the histogram has: the upper bound of each in seconds, and its name. What is older than all
/// stands in one part more.
pub(crate) const AGES: [(u64, &str); 6] = [
    (600, "up to 10 minutes"),
    (3_600, "up to 1 hour"),
    (6 * 3_600, "up to 6 hours"),
    (DAY, "up to 1 day"),
    (4 * DAY, "up to 4 days"),
    (14 * DAY, "up to 14 days"),
];

/// The last part of the histogram.
pub(crate) const OLDER: &str = "over 14 days";

const DAY: u64 = 86_400;

/// A Windows, as far as its kind matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct System {
    /// How it is called on the command line.
    pub name: &'static str,
    /// Whether programs keep their data below `All Users\Application Data`, as before Vista \[63588, 113040\].
    pub before_vista: bool,
    /// How many endpoints may report to such a server directly \[63588\].
    pub direct: u64,
}

const fn system(name: &'static str, before_vista: bool, direct: u64) -> System {
    System { name, before_vista, direct }
}

/// The systems: 5,000 endpoints may report directly, 4,000 to a Windows 2008 \[63588\].
pub(crate) const SYSTEMS: [System; 13] = [
    system("2000", true, 5_000),
    system("xp", true, 5_000),
    system("2003", true, 5_000),
    system("vista", false, 5_000),
    system("2008", false, 4_000),
    system("7", false, 5_000),
    system("2008r2", false, 5_000),
    system("8", false, 5_000),
    system("2012", false, 5_000),
    system("2012r2", false, 5_000),
    system("10", false, 5_000),
    system("2016", false, 5_000),
    system("2019", false, 5_000),
];

impl System {
    /// The system of this name; `None` where the table has none.
    pub(crate) fn named(name: &str) -> Option<Self> {
        SYSTEMS.into_iter().find(|system| system.name.eq_ignore_ascii_case(name))
    }
}

impl Default for System {
    /// One that the articles say nothing special of.
    fn default() -> Self {
        system("2008r2", false, 5_000)
    }
}

/// How many messages are too many: so many, or so many for each managed endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Threshold {
    /// So many.
    Files(u64),
    /// So many hundredths for each endpoint.
    PerEndpoint(u64),
}

impl Threshold {
    /// The number of files; `None` where it depends on the endpoints and those are not known.
    pub(crate) fn files(self, endpoints: Option<u64>) -> Option<u64> {
        match self {
            Self::Files(files) => Some(files),
            Self::PerEndpoint(hundredths) => {
                Some(u64::try_from((u128::from(hundredths) * u128::from(endpoints?)).div_ceil(100)).unwrap_or(u64::MAX))
            }
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files(files) => write!(f, "{files}"),
            Self::PerEndpoint(hundredths) => match (hundredths / 100, hundredths % 100) {
                (whole, 0) => write!(f, "{whole}x"),
                (whole, part) => write!(f, "{}x", format!("{whole}.{part:02}").trim_end_matches('0')),
            },
        }
    }
}

impl FromStr for Threshold {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        let threshold = match text.strip_suffix(['x', 'X']) {
            None => number(text).map(Threshold::Files),
            Some(factor) => {
                let (whole, part) = factor.split_once('.').unwrap_or((factor, "00"));
                let part = if part.len() == 1 { format!("{part}0") } else { part.to_owned() };
                let part = Some(part).filter(|part| part.len() == 2).and_then(|part| number(&part));
                let whole: Option<u64> = number(whole);
                let hundredths = whole.and_then(|whole| whole.checked_mul(100)?.checked_add(part?));
                hundredths.map(Threshold::PerEndpoint)
            }
        };
        threshold.filter(|threshold| !matches!(threshold, Self::Files(0) | Self::PerEndpoint(0))).ok_or_else(|| {
            Error::new(ErrorKind::Usage, text!("{text} is no threshold", text = format!("{text:?}")))
                .next("write a number of files such as 6000, or of files for each endpoint such as 3x")
        })
    }
}

/// Reads a length of time: days, or a number with `d`, `h`, `m` or `s` behind it.
///
/// # Errors
/// The text is no such length, or longer than a century.
pub(crate) fn parse_duration(text: &str) -> Result<Duration> {
    let units = [("d", DAY), ("h", 3_600), ("m", 60), ("s", 1)];
    let (number, unit) =
        units.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit))).unwrap_or((text, DAY));
    let plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number = number.parse().ok().filter(|_| plain).map(|number: f64| number * unit as f64);
    number.filter(|seconds| *seconds <= 36_525.0 * DAY as f64).map(Duration::from_secs_f64).ok_or_else(|| {
        Error::new(ErrorKind::Usage, text!("{text} is no length of time", text = format!("{text:?}")))
            .next("write days as 4 or 4d, or 96h, 30m, 10s")
    })
}

/// A length of time for people, in its two largest units: `3 d 4 h`.
pub(crate) fn print_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [(DAY, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let first = units.iter().position(|(unit, _)| seconds >= *unit).unwrap_or(3);
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (unit, name) in &units[first..(first + 2).min(4)] {
        let number = rest / unit;
        rest %= unit;
        if number > 0 || parts.is_empty() {
            parts.push(format!("{number} {name}"));
        }
    }
    parts.join(" ")
}

/// A version: numbers with dots between, as `5.2.1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProgramVersion(Vec<u32>);

impl ProgramVersion {
    /// Whether it is this version or a later one.
    pub(crate) fn is_at_least(&self, other: &[u32]) -> bool {
        self.0.as_slice() >= other
    }
}

impl fmt::Display for ProgramVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().map(u32::to_string).collect::<Vec<_>>().join("."))
    }
}

impl FromStr for ProgramVersion {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let part = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok()).flatten();
        let parts: Option<Vec<u32>> = text.trim().split('.').map(part).collect();
        let mut parts = parts.filter(|parts| parts.len() <= 8).ok_or_else(|| {
            Error::new(ErrorKind::Usage, text!("{text} is no version", text = format!("{text:?}")))
                .next("write it like 4.7 or 5.2.1")
        })?;
        // 4 is 4.0.
        if parts.len() == 1 {
            parts.push(0);
        }
        Ok(Self(parts))
    }
}

/// How long messages live with this console, at least and at most: where it is not known, either may hold \[113417\].
pub(crate) fn ttl(console: Option<&ProgramVersion>) -> (Duration, Duration) {
    match console {
        Some(version) if !version.is_at_least(&TTL_VERSION) => (TTL_BEFORE_4_7, TTL_BEFORE_4_7),
        Some(_) => (TTL, TTL),
        None => (TTL, TTL_BEFORE_4_7),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_read_and_printed() {
        for (text, hundredths) in [("3x", 300), ("2.5x", 250), ("0.25X", 25), ("12.05x", 1205)] {
            let threshold: Threshold = text.parse().unwrap();
            assert_eq!(threshold, Threshold::PerEndpoint(hundredths));
            assert_eq!(threshold.to_string(), text.to_lowercase());
        }
        assert_eq!("7".parse::<Threshold>().unwrap().to_string(), "7");
        for text in ["", "x", "0", "0x", "-1", "1.x", "1.234x", ".5x", "+3", "3 x", "99999999999999999999", "１x"] {
            assert!(text.parse::<Threshold>().is_err(), "{text}");
        }
        assert_eq!(Threshold::PerEndpoint(u64::MAX).files(Some(u64::MAX)), Some(u64::MAX));
        assert_eq!(Threshold::PerEndpoint(150).files(Some(3)), Some(5));
    }

    #[test]
    fn lengths_of_time_are_read() {
        for (text, seconds) in
            [("4", 345_600), ("4d", 345_600), ("0.5", 43_200), ("1h", 3_600), ("30m", 1_800), ("0", 0)]
        {
            assert_eq!(parse_duration(text).unwrap().as_secs(), seconds, "{text}");
        }
        for text in ["", "d", "-1", "1w", "inf", "NaN", "1e9", "36526", "1 d", "1d2h"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
        for (seconds, text) in [(0, "0 s"), (61, "1 min 1 s"), (3_600, "1 h"), (86_460, "1 d"), (90_000, "1 d 1 h")] {
            assert_eq!(print_duration(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn the_time_to_live_depends_on_the_console() {
        let days = |version: &str| ttl(Some(&version.parse().unwrap())).0.as_secs() / DAY;
        assert_eq!((days("4.6.9"), days("4.7"), days("4.10"), days("5"), days("4")), (14, 4, 4, 4, 14));
        assert_eq!(ttl(None), (TTL, TTL_BEFORE_4_7));
        assert_eq!(ttl(Some(&"5.2".parse().unwrap())), (TTL, TTL));
        assert!("4.x".parse::<ProgramVersion>().is_err() && "".parse::<ProgramVersion>().is_err());
    }
}
