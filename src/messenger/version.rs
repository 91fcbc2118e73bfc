//! Versions and ranges of them.

use std::fmt;
use std::str::FromStr;

use crate::base::error::{Error, ErrorKind, Result};

/// The most numbers of a version.
const MAX_PARTS: usize = 8;
/// The most digits of each.
const MAX_DIGITS: usize = 9;

/// A version: numbers with dots between them. A number that is left out is 0.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Version(Vec<u32>);

impl Version {
    /// The lowest of all.
    pub(super) fn zero() -> Self {
        Self(vec![0])
    }

    /// As many numbers as `bound` has.
    fn cut(&self, bound: &Self) -> Vec<u32> {
        (0..bound.0.len()).map(|at| self.0.get(at).copied().unwrap_or(0)).collect()
    }

    /// The lowest version beyond all that begin as this one.
    pub(super) fn beyond(&self) -> Self {
        let mut parts = self.0.clone();
        if let Some(last) = parts.last_mut() {
            *last += 1;
        }
        Self(parts)
    }

    /// What can be made out at the beginning of a text such as `5.5.1 R2`.
    #[cfg_attr(not(windows), allow(dead_code))]
    pub(super) fn leading(text: &str) -> Option<Self> {
        let text = text.trim_start_matches(|c: char| !c.is_ascii_digit());
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let parts: Vec<&str> = text[..end].split('.').filter(|part| !part.is_empty()).take(MAX_PARTS).collect();
        parts.join(".").parse().ok()
    }
}

impl FromStr for Version {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let number = |part: &str| {
            let good = (1..=MAX_DIGITS).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
            good.then(|| part.parse().ok()).flatten()
        };
        let parts: Option<Vec<u32>> = text.split('.').take(MAX_PARTS + 1).map(number).collect();
        parts.filter(|parts| parts.len() <= MAX_PARTS).map(Version).ok_or_else(|| {
            Error::new(ErrorKind::MessengerFormat, text!("{text} is no version", text = format!("{text:?}")))
                .next("write numbers with dots between them, such as 5.5.1")
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(u32::to_string).collect();
        f.write_str(&parts.join("."))
    }
}

/// A range of versions. A bound speaks of the numbers that it has alone: 5.5.1 is within a `max` of 5.5.
///
/// ```
/// use configcid::messenger::VersionRange;
///
/// let range = VersionRange { min: Some("5.0".parse()?), max: Some("5.5".parse()?) };
/// assert!(range.holds(&"5.5.1".parse()?) && range.holds(&"5".parse()?));
/// assert!(!range.holds(&"5.6".parse()?) && !range.holds(&"4.9.9".parse()?));
/// # Ok::<(), configcid::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct VersionRange {
    /// The lowest.
    pub min: Option<Version>,
    /// The highest.
    pub max: Option<Version>,
}

impl VersionRange {
    /// Whether a version lies in the range.
    pub fn holds(&self, version: &Version) -> bool {
        self.min.as_ref().is_none_or(|min| version.cut(min) >= min.0)
            && self.max.as_ref().is_none_or(|max| version.cut(max) <= max.0)
    }

    /// The versions at which the answer of [`holds`](VersionRange::holds) may change, each the lowest with its answer.
    pub(super) fn edges(&self) -> impl Iterator<Item = Version> {
        self.min.clone().into_iter().chain(self.max.as_ref().map(Version::beyond))
    }
}
