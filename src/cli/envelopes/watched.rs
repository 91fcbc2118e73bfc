//! A folder that is counted again and again.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use crate::Result;
use crate::envelopes::{self, Sample, Series, print_duration};
use crate::report::count;

/// A folder that is watched.
pub struct Watched {
    pub folder: PathBuf,
    pub series: Series,
    pub begin: Instant,
}

impl Watched {
    /// Counts for the first time.
    pub fn new(folder: &Path) -> Result<Watched> {
        let mut watched = Watched { folder: folder.to_owned(), series: Series::default(), begin: Instant::now() };
        watched.sample()?;
        Ok(watched)
    }

    /// Counts again.
    pub fn sample(&mut self) -> Result<()> {
        let messages = envelopes::count(&self.folder)?.messages;
        self.series.add(SystemTime::now(), self.begin.elapsed(), messages);
        Ok(())
    }
}

/// A sample for people.
pub fn text(sample: &Sample) -> String {
    let mut text = count(sample.count as usize, "message", "messages");
    if let Some(change) = sample.change_per_minute {
        text += &format!("  {change:+.1} a minute");
    }
    match sample.time_to_empty_seconds {
        Some(0.0) => text += "  empty",
        Some(seconds) => text += &format!("  empty in {}", print_duration(Duration::from_secs_f64(seconds))),
        None if sample.change_per_minute.is_some() => text += "  not emptying",
        None => {}
    }
    text
}
