//! Restarting the services of the console's server in the right order \[63588\].

use std::time::{Duration, Instant};

use serde::Serialize;

use super::rules::{SERVICES, ServiceName};
use crate::base::error::{Error, ErrorKind, Result};
use crate::host::services::{ServiceState, Services};

/// One step, done.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub(crate) struct ServiceStep {
    /// The service.
    pub service: &'static str,
    /// What was asked of it.
    pub action: ServiceAction,
    /// What it was doing before.
    pub before: Option<ServiceState>,
    /// What it is doing now; `None`: there is no such service.
    pub after: Option<ServiceState>,
    /// How long it took.
    pub seconds: f64,
    /// Whether it is as it should be. A service that is not installed is passed over.
    pub ok: bool,
    /// Why not.
    pub why: Option<String>,
}

/// What is asked of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ServiceAction {
    /// To stop.
    Stop,
    /// To start.
    Start,
}

impl ServiceAction {
    fn wanted(self) -> ServiceState {
        match self {
            Self::Stop => ServiceState::Stopped,
            Self::Start => ServiceState::Running,
        }
    }

    /// In one word.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Start => "start",
        }
    }
}

/// The steps of a restart, in their order: everything is stopped, and started in reverse.
pub(crate) fn restart_order() -> impl Iterator<Item = (ServiceAction, ServiceName)> {
    let stops = SERVICES.into_iter().map(|service| (ServiceAction::Stop, service));
    stops.chain(SERVICES.into_iter().rev().map(|service| (ServiceAction::Start, service)))
}

/// Asks a service, and waits until it has done so, or the time is over.
pub(crate) fn ask(
    services: &dyn Services,
    action: ServiceAction,
    service: ServiceName,
    bound: Duration,
) -> Result<ServiceStep> {
    let begin = Instant::now();
    let before = services.state(service.name)?;
    let mut step = ServiceStep {
        service: service.name,
        action,
        before,
        after: before,
        seconds: 0.0,
        ok: before.is_none_or(|before| before == action.wanted()),
        why: None,
    };
    if step.ok {
        return Ok(step);
    }
    let asked = match (action, before) {
        // What is under way already is only waited for.
        (ServiceAction::Stop, Some(ServiceState::Stopping)) | (ServiceAction::Start, Some(ServiceState::Starting)) => {
            Ok(())
        }
        (ServiceAction::Stop, _) => services.stop(service.name),
        (ServiceAction::Start, _) => services.start(service.name),
    };
    if let Err(error) = asked {
        // It may have come to it by itself meanwhile.
        step.why = Some(error.to_string());
    }
    loop {
        step.after = services.state(service.name)?;
        step.ok = step.after == Some(action.wanted());
        let over = begin.elapsed() >= bound;
        // A start that ends in a stop has failed: there is nothing to wait for.
        let failed = action == ServiceAction::Start && step.after == Some(ServiceState::Stopped) && step.why.is_some();
        if step.ok || over || failed || (step.why.is_some() && step.after == before) {
            break;
        }
        services.pause();
    }
    step.seconds = begin.elapsed().as_secs_f64();
    if step.ok {
        step.why = None;
    } else if step.why.is_none() {
        let state = step.after.map_or("gone", ServiceState::name);
        step.why = Some(text!(
            "it is {state} after {as_secs_f64} s",
            state,
            as_secs_f64 = format!("{:.0}", bound.as_secs_f64())
        ));
    }
    Ok(step)
}

/// What a restart did.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub(crate) struct Restart {
    /// The steps that were taken, in their order.
    pub steps: Vec<ServiceStep>,
    /// Whether all services were stopped and run now.
    pub ok: bool,
    /// Whether those that had been stopped run again, where one would not stop.
    pub back: Option<bool>,
}

/// Restarts the services in the right order \[63588\], waiting for each no longer than `bound`; tells of each step. One
/// that will not stop ends it: those that were stopped are started again.
///
/// # Errors
/// None of the services is there, or the manager does not tell what they are doing.
pub(crate) fn restart(services: &dyn Services, bound: Duration, mut tell: impl FnMut(&ServiceStep)) -> Result<Restart> {
    let states: Result<Vec<_>> = SERVICES.iter().map(|service| services.state(service.name)).collect();
    if states?.iter().all(Option::is_none) {
        return Err(Error::new(ErrorKind::Service, "none of the services is on this computer")
            .next("run this on the server, or on a relay, as its administrator"));
    }
    let mut done = Restart { steps: Vec::new(), ok: true, back: None };
    for (action, service) in restart_order() {
        let step = ask(services, action, service, bound)?;
        tell(&step);
        done.ok &= step.ok;
        let stuck = action == ServiceAction::Stop && !step.ok;
        done.steps.push(step);
        if stuck {
            let stopped = |step: &&ServiceStep| step.ok && step.before.is_some_and(|was| was != ServiceState::Stopped);
            let stopped: Vec<_> = done.steps.iter().filter(stopped).map(|step| step.service).collect();
            let mut back = true;
            for name in stopped.into_iter().rev() {
                let service = SERVICES.into_iter().find(|service| service.name == name).expect("it is of the table");
                let step = ask(services, ServiceAction::Start, service, bound)?;
                tell(&step);
                back &= step.ok;
                done.steps.push(step);
            }
            done.back = Some(back);
            break;
        }
    }
    Ok(done)
}

/// In which language a script is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    /// For `cmd.exe`.
    Cmd,
    /// For PowerShell 2 and later.
    PowerShell,
}

/// The script that restarts the services, from `templates/`; its lines end in CR LF.
pub(crate) fn restart_script(script: Script, bound: Duration) -> String {
    let (template, stop, start) = match script {
        Script::Cmd => (
            include_str!("../../templates/restart.cmd"),
            "call :stop \"{}\"\nif errorlevel 1 goto :stuck",
            "call :start \"{}\"\nif errorlevel 1 set FAILED=1",
        ),
        Script::PowerShell => (
            include_str!("../../templates/restart.ps1"),
            "if (-not $stuck -and -not (Stop-It '{}')) { $stuck = $true }",
            "if (-not (Start-It '{}')) { $failed = $true }",
        ),
    };
    let lines = |wanted: ServiceAction, line: &str| {
        let steps = restart_order().filter(|(action, _)| *action == wanted);
        steps.map(|(_, service)| line.replace("{}", service.name)).collect::<Vec<_>>().join("\n")
    };
    let seconds = bound.as_secs().max(1).to_string();
    fill(
        template,
        &[
            ("ROUTINES", ROUTINES),
            ("STOPS", &lines(ServiceAction::Stop, stop)),
            ("STARTS", &lines(ServiceAction::Start, start)),
            ("SECONDS", &seconds),
            ("VERSION", env!("CARGO_PKG_VERSION")),
        ],
    )
}

/// What stops and starts one service, in a script for `cmd.exe`; it wants the variable `LIMIT`.
pub(crate) const ROUTINES: &str = include_str!("../../templates/services.cmd");

/// A template, filled in, with lines that end in CR LF.
pub(crate) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::new();
    let mut rest = template;
    // What is filled in is not looked at again: a path may well hold "{FROM}".
    let first = |rest: &str| {
        let found = values.iter().filter_map(|(name, value)| Some((rest.find(&format!("{{{name}}}"))?, *name, *value)));
        found.min_by_key(|(at, ..)| *at)
    };
    while let Some((at, name, value)) = first(rest) {
        text.push_str(&rest[..at]);
        text.push_str(value);
        rest = &rest[at + name.len() + 2..];
    }
    text.push_str(rest);
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    use super::*;

    /// Services that do as they are told, but for some.
    #[derive(Default)]
    pub(crate) struct Made {
        pub states: RefCell<BTreeMap<&'static str, ServiceState>>,
        pub asked: RefCell<Vec<String>>,
        pub ignores: Option<(ServiceAction, &'static str)>,
    }

    impl Made {
        pub(crate) fn running(services: &[&'static str]) -> Self {
            let states = services.iter().map(|service| (*service, ServiceState::Running)).collect();
            Self { states: RefCell::new(states), ..Self::default() }
        }

        fn ask(&self, action: ServiceAction, service: &str) -> Result<()> {
            self.asked.borrow_mut().push(format!("{} {service}", action.name()));
            if self.ignores.is_none_or(|(ignored, name)| ignored != action || name != service) {
                *self.states.borrow_mut().get_mut(service).unwrap() = action.wanted();
            }
            Ok(())
        }
    }

    impl Services for Made {
        fn state(&self, service: &str) -> Result<Option<ServiceState>> {
            Ok(self.states.borrow().get(service).copied())
        }
        fn stop(&self, service: &str) -> Result<()> {
            self.ask(ServiceAction::Stop, service)
        }
        fn start(&self, service: &str) -> Result<()> {
            self.ask(ServiceAction::Start, service)
        }
        fn pause(&self) {
            std::thread::yield_now();
        }
    }

    const ALL: [&str; 3] = ["Sophos Management Service", "Sophos Certification Manager", "Sophos Message Router"];
    const BOUND: Duration = Duration::from_millis(5);

    #[test]
    fn all_stop_and_start_in_reverse() {
        let services = Made::running(&ALL);
        let done = restart(&services, BOUND, |_| {}).unwrap();
        assert!(done.ok && done.back.is_none() && done.steps.len() == 6);
        let [management, certification, router] = ALL;
        let order = [
            format!("stop {management}"),
            format!("stop {certification}"),
            format!("stop {router}"),
            format!("start {router}"),
            format!("start {certification}"),
            format!("start {management}"),
        ];
        assert_eq!(*services.asked.borrow(), order);
    }

    #[test]
    fn one_that_will_not_stop_ends_it_and_the_others_run_again() {
        let mut services = Made::running(&ALL);
        services.ignores = Some((ServiceAction::Stop, ALL[1]));
        let done = restart(&services, BOUND, |_| {}).unwrap();
        assert_eq!((done.ok, done.back), (false, Some(true)));
        assert_eq!(
            *services.asked.borrow(),
            [format!("stop {}", ALL[0]), format!("stop {}", ALL[1]), format!("start {}", ALL[0])]
        );
        assert!(done.steps[1].why.as_ref().unwrap().contains("it is running after"), "{done:?}");
        assert!(services.states.borrow().values().all(|state| *state == ServiceState::Running));
    }

    #[test]
    fn one_that_will_not_start_is_told_of_and_the_others_start() {
        let mut services = Made::running(&ALL);
        services.ignores = Some((ServiceAction::Start, ALL[2]));
        let done = restart(&services, BOUND, |_| {}).unwrap();
        assert_eq!((done.ok, done.back), (false, None));
        assert_eq!(services.asked.borrow().len(), 6);
    }

    #[test]
    fn a_relay_has_the_router_alone() {
        let services = Made::running(&ALL[2..]);
        let done = restart(&services, BOUND, |_| {}).unwrap();
        assert!(done.ok);
        assert_eq!(*services.asked.borrow(), [format!("stop {}", ALL[2]), format!("start {}", ALL[2])]);
        assert!(restart(&Made::default(), BOUND, |_| {}).is_err());
    }

    #[test]
    fn scripts_are_whole() {
        for script in [Script::Cmd, Script::PowerShell] {
            let text = restart_script(script, Duration::from_secs(90));
            assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
            assert!(text.is_ascii() && text.contains("90"), "{text}");
            for placeholder in ["{ROUTINES}", "{STOPS}", "{STARTS}", "{SECONDS}", "{VERSION}"] {
                assert!(!text.contains(placeholder), "{text}");
            }
            let at = |needle: &str| text.find(needle).unwrap();
            let (stop, start) = match script {
                Script::Cmd => ("call :stop", "call :start"),
                Script::PowerShell => ("Stop-It '", "Start-It '"),
            };
            assert!(at(stop) < at(start));
        }
    }
}
