//! `configcid envelopes restart`.

use std::time::Duration;

use crate::envelopes::{self, Restart, Script, ServiceAction, ServiceState, restart_order};
use crate::{Exit, Result};
use clap::Args;
use serde::Serialize;

use super::flags::seconds;
use super::tell::tell;
use crate::cli::out::Out;

#[derive(Debug, Args)]
pub(crate) struct RestartArgs {
    /// Print a script that does it, to be taken to the server
    #[arg(long, value_enum, conflicts_with = "dry_run")]
    script: Option<ScriptChoice>,
    /// How long each service may take to stop or to start
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    timeout: Duration,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// In which language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ScriptChoice {
    /// For cmd.exe
    Cmd,
    /// For PowerShell
    Powershell,
}

const COMMAND: &str = "envelopes restart";

pub(super) fn run(args: &RestartArgs, out: Out) -> Exit {
    let done = match args.script {
        Some(choice) => script(choice, args.timeout, out),
        None if args.dry_run => plan(out),
        None => restart(args.timeout, out),
    };
    done.unwrap_or_else(|error| out.fail(COMMAND, &error))
}

fn script(choice: ScriptChoice, timeout: Duration, out: Out) -> Result<Exit> {
    #[derive(Serialize)]
    struct Body {
        script: String,
    }
    let script = match choice {
        ScriptChoice::Cmd => Script::Cmd,
        ScriptChoice::Powershell => Script::PowerShell,
    };
    let script = envelopes::restart_script(script, timeout);
    if !out.json {
        out.document(&script);
    }
    out.answer(COMMAND, Exit::Done, Body { script });
    Ok(Exit::Done)
}

fn plan(out: Out) -> Result<Exit> {
    #[derive(Serialize)]
    struct Planned {
        service: &'static str,
        action: ServiceAction,
        /// What it is doing; none where it is not installed, or this is no Windows.
        state: Option<ServiceState>,
    }
    #[derive(Serialize)]
    struct Body {
        dry_run: bool,
        steps: Vec<Planned>,
    }
    let services = if cfg!(windows) { Some(envelopes::services()?) } else { None };
    out.line("First close all consoles, on every computer");
    let mut steps = Vec::new();
    for (action, service) in restart_order() {
        let state = services.as_ref().map(|services| services.state(service.name)).transpose()?.flatten();
        let now = match (&services, state) {
            (None, _) => String::new(),
            (Some(_), Some(state)) => text!("  (it is {} now)", state.name()),
            (Some(_), None) => text!("  (not installed: passed over)").to_owned(),
        };
        out.line(text!("Would {action} {service}{now}", action = action.name(), service = service.display, now));
        steps.push(Planned { service: service.name, action, state });
    }
    out.answer(COMMAND, Exit::Done, Body { dry_run: true, steps });
    Ok(Exit::Done)
}

fn restart(timeout: Duration, out: Out) -> Result<Exit> {
    #[derive(Serialize)]
    struct Body<'a> {
        dry_run: bool,
        #[serde(flatten)]
        restart: &'a Restart,
    }
    let services = envelopes::services()?;
    out.line("All consoles should be closed now, on every computer");
    let restart = envelopes::restart(&*services, timeout, |step| tell(step, out))?;
    let exit = match (restart.ok, restart.back) {
        (true, _) => Exit::Done,
        // Nothing is changed.
        (false, Some(true)) => Exit::Failed,
        (false, _) => Exit::Some,
    };
    match (restart.ok, restart.back) {
        (true, _) => out.good("All services run; configcid envelopes watch shows whether the folder empties"),
        (false, Some(true)) => out.fault("fault: a service does not stop; those that had been stopped run again"),
        (false, _) => out.fault("fault: not all services run: look at them in services.msc, and into their logs"),
    }
    out.answer(COMMAND, exit, Body { dry_run: false, restart: &restart });
    Ok(exit)
}
