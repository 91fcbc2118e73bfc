//! What was done to a service, as a line.

use crate::cli::out::Out;
use crate::envelopes::{ServiceState, ServiceStep};

pub(crate) fn tell(step: &ServiceStep, out: Out) {
    let what = format!("{} {}", step.action.name(), step.service);
    match (step.before, step.after, &step.why) {
        (None, None, _) => out.detail(format!("{what}: not installed")),
        (_, _, Some(why)) => out.fault(format!("{what}: {why}")),
        (before, after, None) if before == after => {
            out.line(format!("{what}: it was {} already", after.map_or("gone", ServiceState::name)));
        }
        (_, after, None) => {
            out.line(format!("{what}: {} after {:.1} s", after.map_or("gone", ServiceState::name), step.seconds));
        }
    }
}
