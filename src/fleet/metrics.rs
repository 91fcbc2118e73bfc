//! The state of a fleet as Prometheus reads it.

use std::collections::HashSet;

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
    let errors = findings.iter().filter(|finding| finding.is_error()).count();
    metrics.gauge("configcid_fleet_file_errors", "How many rules the fleet file breaks.").sample(&[], errors as f64);
    metrics
}
