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

impl Pace {
    /// At most so many bytes a second, of all files together; `None` is as fast as it goes.
    pub(crate) fn new(rate: Option<u64>) -> Self {
        Self { rate: rate.filter(|rate| *rate > 0), begun: Instant::now(), brought: AtomicU64::new(0) }
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
}
