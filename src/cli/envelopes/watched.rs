//! A folder that is counted again and again.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use crate::envelopes::{self, Sample, Series, print_duration};
use crate::report::count;
use crate::{Error, Result};

/// A folder that is watched.
pub(super) struct Watched {
    pub folder: PathBuf,
    pub series: Series,
    pub begin: Instant,
    /// How often in a row it could not be counted.
    pub failures: u32,
}

/// So often in a row a folder may not be there to count: a share that drops comes back, one that is gone does not.
const MAX_FAILURES: u32 = 30;

impl Watched {
    /// Counts for the first time.
    pub(super) fn new(folder: &Path) -> Result<Self> {
        let mut watched =
            Self { folder: folder.to_owned(), series: Series::default(), begin: Instant::now(), failures: 0 };
        watched.count()?;
        Ok(watched)
    }

    /// Counts again. Gives why it could not be counted this time: that is an error where it is so time after time.
    pub(super) fn sample(&mut self) -> Result<Option<Error>> {
        match self.count() {
            Ok(()) => {
                self.failures = 0;
                Ok(None)
            }
            Err(error) => {
                self.failures += 1;
                if self.failures < MAX_FAILURES { Ok(Some(error)) } else { Err(error) }
            }
        }
    }

    fn count(&mut self) -> Result<()> {
        let messages = envelopes::count(&self.folder)?.messages;
        self.series.add(SystemTime::now(), self.begin.elapsed(), messages);
        Ok(())
    }
}

/// A sample for people.
pub(super) fn text(sample: &Sample) -> String {
    let mut text = count(sample.count as usize, "message", "messages");
    if let Some(change) = sample.change_per_minute {
        text += &text!("  {change} a minute", change = format!("{change:+.1}"));
    }
    match sample.time_to_empty_seconds {
        Some(0.0) => text += text!("  empty"),
        Some(seconds) => text += &text!("  empty in {}", print_duration(Duration::from_secs_f64(seconds))),
        None if sample.change_per_minute.is_some() => text += text!("  not emptying"),
        None => {}
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failed_listing_does_not_end_it() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("Envelopes");
        std::fs::create_dir(&folder).unwrap();
        let mut watched = Watched::new(&folder).unwrap();
        for _ in 0..3 {
            std::fs::remove_dir(&folder).unwrap();
            for _ in 1..MAX_FAILURES {
                assert!(watched.sample().unwrap().is_some());
            }
            std::fs::create_dir(&folder).unwrap();
            assert!(watched.sample().unwrap().is_none());
        }
        std::fs::remove_dir(&folder).unwrap();
        assert_eq!((0..MAX_FAILURES).filter(|_| watched.sample().is_err()).count(), 1);
        assert_eq!(watched.series.samples.len(), 4);
        assert!(Watched::new(&folder).is_err());
    }
}
