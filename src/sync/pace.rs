//! How fast files are brought, where there is a limit.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A limit for all that a run brings, wherever to.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Bytes a second.
    rate: Option<u64>,
    begun: Instant,
    brought: AtomicU64,
}

/// So many bytes a second are the least that a file on its way should get: servers give up one that hardly comes, with 408 or
/// without a word (our choice; Apache asks for 500).
const LEAST: u64 = 8 << 10;

impl Pace {
    /// At most so many bytes a second, of all files together; `None` is as fast as it goes.
    pub(crate) fn new(rate: Option<u64>) -> Self {
        Self { rate: rate.filter(|rate| *rate > 0), begun: Instant::now(), brought: AtomicU64::new(0) }
    }

    /// Whether there is no limit.
    pub(super) fn is_free(&self) -> bool {
        self.rate.is_none()
    }

    /// How many files may be on their way at a time, of `most`: few, where there is little for each.
    pub(super) fn at_a_time(&self, most: usize) -> usize {
        self.rate.map_or(most, |rate| usize::try_from(rate / LEAST).unwrap_or(most).clamp(1, most))
    }

    /// How many bytes of a file are taken at a time, of `most`: so few that none waits longer than half a second for the next.
    pub(super) fn piece(&self, most: usize) -> usize {
        self.rate.map_or(most, |rate| usize::try_from(rate / 2).unwrap_or(most).clamp(1, most.max(1)))
    }

    /// Waits until so many more bytes are due.
    pub(super) fn keep(&self, bytes: u64) {
        let brought = self.brought.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if let Some(pause) = self.due(brought).checked_sub(self.begun.elapsed()) {
            thread::sleep(pause);
        }
    }

    /// How long after the beginning so many bytes are due.
    fn due(&self, brought: u64) -> Duration {
        self.rate.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(brought as f64 / rate as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_due_when_the_rate_says_so() {
        assert_eq!(Pace::new(None).due(1 << 40), Duration::ZERO);
        assert_eq!(Pace::new(Some(0)).due(1 << 40), Duration::ZERO);
        assert_eq!(Pace::new(Some(1000)).due(2500), Duration::from_millis(2500));
    }

    #[test]
    fn little_is_shared_by_few() {
        assert_eq!((Pace::new(None).at_a_time(16), Pace::new(None).piece(1 << 17)), (16, 1 << 17));
        assert_eq!((Pace::new(Some(1024)).at_a_time(16), Pace::new(Some(1024)).piece(1 << 17)), (1, 512));
        assert_eq!(Pace::new(Some(64 << 10)).at_a_time(16), 8);
        assert_eq!((Pace::new(Some(1 << 30)).at_a_time(16), Pace::new(Some(1)).piece(10)), (16, 1));
    }
}
