//! The state of a fleet as Prometheus reads it.

use std::collections::HashSet;

#[cfg(feature = "cli")]
use super::FleetEndpoints;
use super::{CidStatus, Fleet, FleetFinding, State};
use crate::base::metrics::Metrics;

/// The metrics where no fleet file could be read: without them the last good ones would stand for ever.
pub fn fleet_down() -> Metrics {
    let mut metrics = Metrics::default();
    up(&mut metrics, false);
    metrics
}

fn up(metrics: &mut Metrics, is_up: bool) {
    let help = "Whether the fleet file could be read and its CIDs looked at.";
    metrics.gauge("configcid_fleet_up", help).sample(&[], f64::from(u8::from(is_up)));
}

/// What [`status`](super::status()) found of each CID, in the order of the file.
pub fn fleet_metrics(fleet: &Fleet, findings: &[FleetFinding], statuses: &[CidStatus]) -> Metrics {
    let mut metrics = Metrics::default();
    up(&mut metrics, true);
    let name = |cid: &super::FleetCid| fleet.machine(cid.reports_to).map_or("", |machine| machine.name.value.as_str());
    let mut gauge = metrics.gauge("configcid_fleet_cid_in_step", "Whether the CID is as the fleet file says.");
    let mut known = HashSet::new();
    for (cid, status) in fleet.cids.iter().zip(statuses) {
        // A CID that the file names twice is one series.
        if known.insert(&cid.path.value) {
            let labels = [("cid", cid.path.value.as_str()), ("relay", name(cid))];
            gauge.sample(&labels, f64::from(u8::from(status.state == State::InStep)));
        }
    }
    let mut gauge = metrics.gauge("configcid_fleet_cids", "How many CIDs of the fleet file are in this state.");
    for state in State::ALL {
        let count = statuses.iter().filter(|status| status.state == state).count();
        gauge.sample(&[("state", state.name())], count as f64);
    }
    let places: usize = fleet.cids.iter().map(|cid| cid.places().count()).sum();
    if places > 0 {
        let help = "How many places the fleet file has CIDs published to.";
        metrics.gauge("configcid_fleet_published_places", help).sample(&[], places as f64);
    }
    let errors = findings.iter().filter(|finding| finding.is_error()).count();
    metrics.gauge("configcid_fleet_file_errors", "How many rules the fleet file breaks.").sample(&[], errors as f64);
    metrics
}

/// Adds what a survey says of the endpoints.
#[cfg(feature = "cli")]
pub(crate) fn endpoint_metrics(all: &FleetEndpoints, metrics: &mut Metrics) {
    let mut known = HashSet::new();
    let machines: Vec<_> = all.machines.iter().filter(|at| known.insert(&at.machine)).collect();
    let help = "How many endpoints the fleet file expects at this machine.";
    let mut gauge = metrics.gauge("configcid_fleet_endpoints_expected", help);
    for at in &machines {
        // A machine of which the file does not say has no sample.
        if let Some(expected) = at.expected {
            gauge.sample(&[("machine", &at.machine)], expected as f64);
        }
    }
    let help = "How many endpoints report to this machine by the survey.";
    let mut gauge = metrics.gauge("configcid_fleet_endpoints_found", help);
    for at in &machines {
        gauge.sample(&[("machine", &at.machine)], at.found as f64);
    }
    let mut gauge = metrics.gauge("configcid_fleet_endpoints", "How many endpoints of the survey are in this state.");
    for (state, count) in all.counts.each() {
        gauge.sample(&[("state", state.name())], count as f64);
    }
    let newest =
        all.endpoints.iter().filter_map(|row| crate::base::time::parse(row.endpoint.seen.as_deref()?).ok()).max();
    let seconds = newest.and_then(|newest| newest.duration_since(std::time::UNIX_EPOCH).ok());
    if let Some(seconds) = seconds {
        let help = "When the newest endpoint of the survey was seen, in seconds since 1970.";
        metrics.gauge("configcid_fleet_survey_newest_timestamp_seconds", help).sample(&[], seconds.as_secs() as f64);
    }
    let errors = all.findings.iter().filter(|finding| finding.is_error()).count();
    let help = "How many rules the endpoints of the survey break.";
    metrics.gauge("configcid_fleet_survey_errors", help).sample(&[], errors as f64);
}
