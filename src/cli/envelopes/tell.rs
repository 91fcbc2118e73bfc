//! What was done to a service, as a line.

use crate::cli::out::Out;
use crate::envelopes::{ServiceState, ServiceStep};

pub(crate) fn tell(step: &ServiceStep, out: Out) {
    let what = format!("{} {}", step.action.name(), step.service);
    match (step.before, step.after, &step.why) {
        (None, None, _) => out.detail(text!("{what}: not installed", what)),
        (_, _, Some(why)) => out.fault(format!("{what}: {why}")),
        (before, after, None) if before == after => {
            out.line(text!(
                "{what}: it was {servicestate} already",
                what,
                servicestate = after.map_or("gone", ServiceState::name)
            ));
        }
        (_, after, None) => {
            out.line(text!(
                "{what}: {servicestate} after {seconds} s",
                what,
                servicestate = after.map_or("gone", ServiceState::name),
                seconds = format!("{:.1}", step.seconds)
            ));
        }
    }
}
