//! A folder that is counted again and again: how fast it changes, and when it will be empty.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use crate::base::time;

/// A change is that since the oldest sample that is no older than this, so that it does not jump; with a longer interval,
/// since the sample before.
pub(crate) const WINDOW: Duration = Duration::from_secs(60);

/// No more samples are kept than fill a wide terminal.
const KEPT: usize = 2_000;

/// A sample of a folder, and what follows from those before.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub(crate) struct Sample {
    /// When.
    pub time: String,
    /// The seconds since the first.
    pub seconds: f64,
    /// How many messages there are.
    pub count: u64,
    /// How many more a minute; `None` at first.
    pub change_per_minute: Option<f64>,
    /// When it will be empty at this rate; `None` where it does not become fewer.
    pub time_to_empty_seconds: Option<f64>,
}

/// The samples of a folder.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub(crate) struct Series {
    /// The samples, the oldest first.
    pub samples: VecDeque<Sample>,
}

impl Series {
    /// Adds a sample: so many messages, at a moment, so long after the first.
    pub(crate) fn add(&mut self, at: SystemTime, since_first: Duration, count: u64) -> &Sample {
        let seconds = since_first.as_secs_f64();
        let recent = |sample: &&Sample| seconds - sample.seconds <= WINDOW.as_secs_f64();
        let base = self.samples.iter().find(recent).or(self.samples.back());
        let change_per_minute = base.filter(|base| base.seconds < seconds).map(|base| {
            let change = (count as f64 - base.count as f64) * 60.0 / (seconds - base.seconds);
            (change * 100.0).round() / 100.0
        });
        let time_to_empty_seconds = match change_per_minute {
            _ if count == 0 => Some(0.0),
            // What is there is not gone within the second.
            Some(change) if change < 0.0 => Some((count as f64 * -60.0 / change).round().max(1.0)),
            _ => None,
        };
        if self.samples.len() == KEPT {
            self.samples.pop_front();
        }
        self.samples.push_back(Sample {
            time: time::print(at),
            seconds,
            count,
            change_per_minute,
            time_to_empty_seconds,
        });
        self.samples.back().expect("one was added")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_that_of_the_last_minute() {
        let mut series = Series::default();
        let mut add = |seconds: u64, count: u64| {
            let sample = series.add(SystemTime::UNIX_EPOCH, Duration::from_secs(seconds), count);
            (sample.change_per_minute, sample.time_to_empty_seconds)
        };
        assert_eq!(add(0, 100), (None, None));
        assert_eq!(add(30, 100), (Some(0.0), None));
        assert_eq!(add(60, 160), (Some(60.0), None));
        assert_eq!(add(90, 40), (Some(-60.0), Some(40.0)));
        // After a long pause, against the one before.
        assert_eq!(add(690, 20), (Some(-2.0), Some(600.0)));
        assert_eq!(add(720, 0), (Some(-40.0), Some(0.0)));
        assert_eq!(add(720, 5), (Some(-30.0), Some(10.0)));
        assert_eq!(add(2_000, 100_000).1, None);
        assert_eq!(add(2_010, 10).1, Some(1.0));
    }

    #[test]
    fn old_samples_go() {
        let mut series = Series::default();
        for second in 0..3_000 {
            series.add(SystemTime::UNIX_EPOCH, Duration::from_secs(second), second);
        }
        assert_eq!((series.samples.len(), series.samples[0].count), (KEPT, 1_000));
    }
}
