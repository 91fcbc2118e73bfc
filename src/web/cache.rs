//! How long a cache may keep an answer (RFC 9111), and whether that is too long.

use std::time::Duration;

/// For how many seconds a cache may give out an old catalog, or an old file of the customer's, before that is too long (our choice).
const CHANGING: u64 = 300;
/// The same for a file that only the vendor changes: endpoints update hourly \[36262\], and more than a day's updates would fail with a
/// new catalog (our choice).
const LASTING: u64 = 86_400;

/// What an answer says of caches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub cache_control: Option<String>,
    pub expires: Option<String>,
    pub date: Option<String>,
    pub age: Option<String>,
}

impl Said {
    /// How long a cache may keep it without asking again; `None` where nothing says so, and a cache guesses.
    pub(super) fn fresh_for(&self) -> Option<Duration> {
        let directives = || self.cache_control.iter().flat_map(|value| value.split(','));
        let named = |name: &str| {
            directives().find_map(|directive| {
                let (this, value) = directive.split_once('=').unwrap_or((directive, ""));
                this.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
            })
        };
        if named("no-store").is_some() || named("no-cache").is_some_and(|fields| fields.is_empty()) {
            return Some(Duration::ZERO);
        }
        if let Some(seconds) = named("s-maxage").or_else(|| named("max-age")) {
            // What cannot be read is stale.
            let seconds: u64 = seconds.parse().unwrap_or(0);
            let age = self.age.as_deref().and_then(|age| age.trim().parse().ok()).unwrap_or(0);
            return Some(Duration::from_secs(seconds.saturating_sub(age)));
        }
        let expires = self.expires.as_deref()?;
        let (Some(expires), Some(date)) = (seconds(expires), self.date.as_deref().and_then(seconds)) else {
            return Some(Duration::ZERO);
        };
        Some(Duration::from_secs(u64::try_from(expires.saturating_sub(date)).unwrap_or(0)))
    }

    /// What is wrong with it for a file that changes by other hands than the vendor's, or for one that does not.
    pub(super) fn too_long(&self, is_changing: bool) -> Option<String> {
        let fresh = self.fresh_for()?.as_secs();
        let (limit, what) = match is_changing {
            true => (CHANGING, text!("caches should ask again for it each time (Cache-Control: no-cache)")),
            false => (LASTING, text!("its content changes under the same name")),
        };
        (fresh > limit).then(|| text!("a cache may keep it for {fresh}: {what}", fresh = span(fresh), what))
    }
}

/// A time of HTTP, which has one form that is still written, in seconds since 1970 began.
fn seconds(text: &str) -> Option<i64> {
    let text = text.trim().strip_suffix("GMT")?;
    jiff::fmt::rfc2822::parse(&format!("{text}+0000")).ok().map(|time| time.timestamp().as_second())
}

/// A number of seconds in words.
fn span(seconds: u64) -> String {
    let (number, unit) = match seconds {
        172_800.. => (seconds / 86_400, "days"),
        7200.. => (seconds / 3600, "hours"),
        120.. => (seconds / 60, "minutes"),
        _ => (seconds, "seconds"),
    };
    format!("{number} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(cache_control: &str, expires: &str, age: &str) -> Said {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Said {
            cache_control: some(cache_control),
            expires: some(expires),
            date: some("Thu, 26 Nov 2026 04:00:00 GMT"),
            age: some(age),
        }
    }

    #[test]
    fn freshness_is_that_of_the_rfc() {
        for (cache_control, expires, age, seconds) in [
            ("", "", "", None),
            ("no-cache", "", "", Some(0)),
            ("No-Store, max-age=9", "", "", Some(0)),
            ("public, max-age=3600", "", "", Some(3600)),
            ("max-age=3600", "", "600", Some(3000)),
            ("max-age=60, s-maxage=\"120\"", "", "", Some(120)),
            ("max-age=x", "", "", Some(0)),
            ("max-age=99999999999999999999", "", "", Some(0)),
            ("no-cache=\"Set-Cookie\", max-age=5", "", "", Some(5)),
            ("public", "Thu, 26 Nov 2026 05:00:00 GMT", "", Some(3600)),
            ("", "Thu, 26 Nov 2026 03:00:00 GMT", "", Some(0)),
            ("", "0", "", Some(0)),
            ("max-age=1", "Thu, 26 Nov 2026 05:00:00 GMT", "", Some(1)),
        ] {
            let fresh = said(cache_control, expires, age).fresh_for().map(|fresh| fresh.as_secs());
            assert_eq!(fresh, seconds, "{cache_control} {expires} {age}");
        }
    }

    #[test]
    fn an_hour_is_too_long_for_a_catalog_and_not_for_payload() {
        let hour = said("max-age=3600", "", "");
        assert!(hour.too_long(true).unwrap().contains("60 minutes"));
        assert_eq!(hour.too_long(false), None);
        assert!(said("max-age=2592000", "", "").too_long(false).unwrap().contains("30 days"));
        assert_eq!(said("", "", "").too_long(true), None);
    }
}
