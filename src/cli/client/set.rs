//! `configcid client set`.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::base::host;
use crate::cli::envelopes::{ScriptChoice, seconds, tell};
use crate::cli::flags::path;
use crate::cli::out::Out;
use crate::cli::signals;
use crate::client::{self, Bounds, ClientPlan, Done, DoneStatus, Endpoint, Host, Live, Script, Step, Wanted};
use crate::report::Status;
use crate::router::{self, Router};
use crate::{Cid, Error, Exit, RelayAddress, Result};
use clap::Args;
use serde::Serialize;

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").args(["expect", "cid", "undo"]).required(true))]
pub(crate) struct SetArgs {
    /// The relay to report to; each part may be left out, not all of them
    #[arg(long, value_name = "IP,FQDN,NETBIOS")]
    expect: Option<String>,
    /// The relay's CID, whose mrinit.conf is installed: that of rms, else rms9x, else the root
    #[arg(long, value_parser = path())]
    cid: Option<PathBuf>,
    /// The folder where Remote Management System is installed; by default Windows' usual ones are looked at
    #[arg(long, value_name = "DIR", value_parser = path())]
    installed: Option<PathBuf>,
    /// Print a script that does the same, for software distribution; --cid is the CID as endpoints reach it
    #[arg(long, value_enum, requires = "cid", conflicts_with_all = ["expect", "dry_run", "undo", "installed", "reg"])]
    script: Option<ScriptChoice>,
    /// Take the last change back
    #[arg(long, conflicts_with = "reg")]
    undo: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run, read this file, exported from the endpoint's registry, instead of the registry of this computer
    #[arg(long, value_name = "FILE", requires_all = ["dry_run", "installed"], value_parser = path())]
    reg: Option<PathBuf>,
    /// How long ClientMRInit.exe may run, the router may take to stop or to start, and the registry to name the relay
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    timeout: Duration,
}

const COMMAND: &str = "client set";

pub(crate) fn run(args: &SetArgs, out: Out) -> Exit {
    let done = match (args.script, args.undo) {
        (Some(choice), _) => script(choice, args, out),
        (None, true) => undo(args, out),
        (None, false) => set(args, out),
    };
    done.unwrap_or_else(|error| out.fail(COMMAND, &error))
}

fn script(choice: ScriptChoice, args: &SetArgs, out: Out) -> Result<Exit> {
    #[derive(Serialize)]
    struct Body {
        script: String,
    }
    let language = match choice {
        ScriptChoice::Cmd => Script::Cmd,
        ScriptChoice::Powershell => Script::PowerShell,
    };
    let cid = args.cid.as_ref().map(|cid| cid.to_string_lossy().into_owned()).unwrap_or_default();
    let script = client::set_script(language, &cid, args.timeout)?;
    if !out.json {
        out.document(&script);
    }
    out.answer(COMMAND, Exit::Done, Body { script });
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Body<'a> {
    dry_run: bool,
    /// `unchanged`, `planned`, or what became of it.
    status: &'a str,
    /// An interrupted run was, or would be, taken back first.
    recovered: bool,
    plan: Option<&'a ClientPlan>,
    done: Option<&'a Done>,
}

/// The folder that is set up: the one that is named, or the one usual one.
fn folder(args: &SetArgs) -> Result<PathBuf> {
    let mut usual = match &args.installed {
        Some(folder) => return Ok(folder.clone()),
        None => router::usual_folders(),
    };
    let next = text!("name the folder where it is installed with --installed DIR");
    match usual.len() {
        1 => Ok(usual.remove(0)),
        0 => Err(Error::usage("Remote Management System is in none of its usual folders").next(next)),
        _ => Err(Error::usage("Remote Management System is in more than one of its usual folders").next(next)),
    }
}

fn wanted(args: &SetArgs) -> Result<Wanted> {
    match (&args.cid, &args.expect) {
        (Some(cid), _) => {
            let (from, conf) = router::mrinit_of_cid(&Cid::open(cid)?)?;
            Ok(Wanted::File { from, conf })
        }
        (None, list) => Ok(Wanted::Address(list.as_deref().unwrap_or_default().parse::<RelayAddress>()?)),
    }
}

fn set(args: &SetArgs, out: Out) -> Result<Exit> {
    let wanted = wanted(args)?;
    let live = match &args.reg {
        Some(_) => None,
        None => Some(Live::open()?),
    };
    let folder = folder(args)?;
    let recovered = client::interrupted_run(&folder)?;
    if recovered {
        recover(&folder, live.as_ref().filter(|_| !args.dry_run), args, out)?;
    }
    let router = match (&args.reg, &live) {
        (Some(file), _) => Router::in_file_at(file)?,
        (None, Some(live)) => live.router()?,
        (None, None) => Router::live()?,
    };
    let own_name = live.is_some().then(host::name);
    let plan = ClientPlan::new(&folder, &wanted, &router, own_name.as_deref())?;
    print(&plan, args.dry_run, out);
    let body = |status, done| Body { dry_run: args.dry_run, status, recovered, plan: Some(&plan), done };
    if plan.is_empty() || args.dry_run {
        let status = if plan.is_empty() { Status::Unchanged } else { Status::Planned };
        let name = if status == Status::Unchanged { "unchanged" } else { "planned" };
        if plan.is_empty() {
            out.good("Nothing to do: this computer reports to the relay");
        }
        out.answer(COMMAND, Exit::Done, body(name, None));
        return Ok(Exit::Done);
    }
    let Some(live) = live else { return Err(Error::usage("only --dry-run goes with --reg")) };
    let done = with_host(&live, args, &|step| out.line(format!("  {}", plan.sentence(step))), |host| {
        client::carry_out(&plan, host)
    })?;
    let exit = end(&done, out);
    out.answer(COMMAND, exit, body(name(done.status), Some(&done)));
    Ok(exit)
}

/// Takes an interrupted run back, or says that this would be done.
fn recover(folder: &Path, live: Option<&Live>, args: &SetArgs, out: Out) -> Result<()> {
    let Some(live) = live else {
        out.warning("an earlier run was interrupted here; it would be taken back first, and the rest depends on that");
        return Ok(());
    };
    let done = with_host(live, args, &|_| {}, |host| client::undo(folder, host))?;
    match done.faults.first() {
        None => {
            out.warning("an earlier run was interrupted here, and was taken back first");
            Ok(())
        }
        Some(fault) => {
            Err(Error::new(crate::ErrorKind::Journal, text!("an interrupted run cannot be taken back: {fault}", fault))
                .in_file(folder)
                .next("mend that, and run this again"))
        }
    }
}

fn undo(args: &SetArgs, out: Out) -> Result<Exit> {
    let live = Live::open()?;
    let folder = folder(args)?;
    let body = |status, done| Body { dry_run: args.dry_run, status, recovered: false, plan: None, done };
    if args.dry_run {
        out.line(text!("Would take back what client set did in {}", folder.display()));
        out.answer(COMMAND, Exit::Done, body("planned", None));
        return Ok(Exit::Done);
    }
    let done = with_host(&live, args, &|_| {}, |host| client::undo(&folder, host))?;
    let exit = end(&done, out);
    out.answer(COMMAND, exit, body(name(done.status), Some(&done)));
    Ok(exit)
}

/// Whether the process was told to end: what is under way is taken back then.
static ENDED: AtomicBool = AtomicBool::new(false);

fn with_host<T>(live: &Live, args: &SetArgs, tell: &dyn Fn(Step), run: impl FnOnce(&Host<'_>) -> T) -> T {
    signals::ask_first(|| {
        ENDED.store(true, Ordering::SeqCst);
        true
    });
    let bounds = Bounds { program: args.timeout, service: args.timeout, parent: args.timeout };
    run(&Host { endpoint: live, bounds, is_ended: &|| ENDED.load(Ordering::SeqCst), tell })
}

fn print(plan: &ClientPlan, dry_run: bool, out: Out) {
    for view in plan.now.views.iter().filter(|view| view.present) {
        let list = view.parent_address.as_deref().unwrap_or("(none)");
        out.line(text!("reports to  {list}  ({view}-bit view)", list, view = view.view.name()));
    }
    let from = plan.from.as_ref().map_or_else(String::new, |path| format!("  ({})", path.display()));
    out.line(text!("shall be    {expected}{from}", expected = plan.expected, from));
    plan.now.notes.iter().for_each(|note| out.warning(note));
    plan.changes.iter().for_each(|change| out.change(&text!("Updating {change}", change)));
    if dry_run && !plan.is_empty() {
        out.heading("Would");
        plan.steps.iter().enumerate().for_each(|(index, step)| {
            out.line(format!("  {}. {}", index + 1, plan.sentence(*step)));
        });
    }
}

fn name(status: DoneStatus) -> &'static str {
    match status {
        DoneStatus::Changed => "changed",
        DoneStatus::TakenBack => "taken-back",
        DoneStatus::Half => "half",
        DoneStatus::Undone => "undone",
    }
}

fn end(done: &Done, out: Out) -> Exit {
    done.service.iter().for_each(|step| tell(step, out));
    if let Some(why) = &done.why {
        out.fault(text!("fault: {why}", why));
    }
    done.faults.iter().for_each(|fault| out.fault(text!("fault: {fault}", fault)));
    done.notes.iter().for_each(|note| out.warning(note));
    match done.status {
        DoneStatus::Changed => {
            out.good("This computer reports to the relay now; client set --undo takes it back");
            Exit::Done
        }
        DoneStatus::Undone => {
            out.good("Everything is as it was before");
            Exit::Done
        }
        DoneStatus::TakenBack => {
            out.fault("Everything was put back: this computer reports as it did before");
            Exit::Failed
        }
        DoneStatus::Half => {
            out.fault("NOT everything could be put back: mend what is named above, then run client set --undo");
            Exit::Some
        }
    }
}
