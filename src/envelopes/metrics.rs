//! A check as metrics, for the text file collector of Prometheus.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::check::{Check, RateMethod};
use crate::base::error::Result;
use crate::base::metrics::Metrics;
use crate::base::replace::write_file;

/// What a check found, as metrics.
pub(crate) fn metrics(found: &Check, at: SystemTime) -> Metrics {
    let mut metrics = Metrics::default();
    let folder = found.folder.to_string_lossy();
    let label = [("folder", &*folder)];
    let mut gauge = |name, help, value: Option<f64>| {
        if let Some(value) = value {
            metrics.gauge(name, help).sample(&label, value);
        }
    };
    let number = |number: u64| Some(number as f64);
    gauge("configcid_envelopes_up", "Whether the Envelopes folder could be looked at.", Some(1.0));
    gauge(
        "configcid_envelopes_checked_timestamp_seconds",
        "When the folder was looked at.",
        at.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs() as f64),
    );
    gauge("configcid_envelopes_messages", "Messages in the folder.", number(found.count));
    gauge("configcid_envelopes_bytes", "Bytes of the messages.", found.bytes.and_then(number));
    gauge(
        "configcid_envelopes_expired",
        "Messages past their time to live; the shorter one, where it is not known.",
        found.expired.and_then(number),
    );
    gauge(
        "configcid_envelopes_oldest_age_seconds",
        "Age of the oldest message.",
        found.oldest.as_ref().and_then(|oldest| number(oldest.age_seconds)),
    );
    gauge(
        "configcid_envelopes_verdict",
        "What to think of it: 0 ok, 1 warning, 2 critical.",
        Some(f64::from(found.verdict as u8)),
    );
    gauge(
        "configcid_envelopes_warning_messages",
        "From how many on it is a warning.",
        number(found.thresholds.warning),
    );
    gauge(
        "configcid_envelopes_critical_messages",
        "From how many on it is critical.",
        number(found.thresholds.critical),
    );
    gauge("configcid_envelopes_endpoints", "Managed endpoints.", found.endpoints.and_then(number));
    if let Some(rate) = &found.rate {
        let method = match rate.method {
            RateMethod::ModificationTimes => "modification-times",
            RateMethod::TwoSamples => "two-samples",
        };
        metrics
            .gauge("configcid_envelopes_messages_per_minute", "How fast messages come.")
            .sample(&[("folder", &folder), ("method", method)], rate.per_minute);
    }
    if let Some(parts) = &found.ages {
        let mut ages = metrics.gauge("configcid_envelopes_messages_by_age", "Messages in the folder by their age.");
        for part in parts {
            ages.sample(&[("folder", &folder), ("age", part.age)], part.count as f64);
        }
    }
    metrics
}

/// That a folder could not be looked at.
pub(crate) fn metrics_of_failure(folder: &Path) -> Metrics {
    let mut metrics = Metrics::default();
    metrics
        .gauge("configcid_envelopes_up", "Whether the Envelopes folder could be looked at.")
        .sample(&[("folder", &folder.to_string_lossy())], 0.0);
    metrics
}

/// Writes metrics to a file that a collector reads at any moment: it sees the former ones or these.
///
/// # Errors
/// The file cannot be written, or something else than a file has its name.
pub(crate) fn write_metrics(path: &Path, metrics: &Metrics) -> Result<()> {
    write_file(path, metrics.to_string().as_bytes(), true)
}
