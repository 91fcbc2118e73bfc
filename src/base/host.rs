//! The name of this computer, and names that nothing else on it has.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The name of this computer.
pub(crate) fn name() -> String {
    #[cfg(unix)]
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    let name = std::env::var("COMPUTERNAME").unwrap_or_else(|_| "unknown".to_owned());
    name
}

/// A name that no other of this process has, and none of another process of this computer: nanoseconds since 1970 began and the
/// process's number. Some clocks stand still for longer than two calls take, so the time is only where the count begins.
pub(crate) fn fresh_id() -> String {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    format!("{}-{}", next(&LAST, u64::try_from(now).unwrap_or(u64::MAX)), std::process::id())
}

/// `now`, or the number after the last one that was given, whichever is greater.
fn next(last: &AtomicU64, now: u64) -> u64 {
    let given = |last: u64| last.saturating_add(1).max(now);
    match last.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| Some(given(last))) {
        Ok(last) | Err(last) => given(last),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_stands_still_gives_no_name_twice() {
        let last = AtomicU64::new(0);
        assert_eq!([7, 7, 6, 9].map(|now| next(&last, now)), [7, 8, 9, 10]);
        assert_ne!(fresh_id(), fresh_id());
    }
}
