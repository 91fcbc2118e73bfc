//! `configcid envelopes move`.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::envelopes::{
    self, InstalledPrograms, LiveEnvelopeDir, MoveFiles, MoveHost, MovePlan, Moved, Place, ProgramVersion, RouterRule,
    new_folder,
};
use crate::registry::{RegFile, Value};
use crate::router::{ENVELOPE_DIR, RegistryView, Router};
use crate::{Exit, Result};
use clap::Args;
use serde::Serialize;

use super::flags::{ServerFlags, seconds};
use super::tell::tell;
use crate::cli::flags::path;
use crate::cli::out::Out;

#[derive(Debug, Args)]
pub(crate) struct MoveArgs {
    /// The new folder, on a drive of the router's computer, such as D:\Envelopes; it must be empty, or not there yet
    #[arg(value_name = "NEWDIR")]
    new_dir: String,
    /// The folder now, where the registry and the system do not tell
    #[arg(long, value_name = "DIR")]
    from: Option<String>,
    #[command(flatten)]
    server: ServerFlags,
    /// The version of the console: from 4.5 on the router can be told of another folder [113040]
    #[arg(long, value_name = "VERSION")]
    console_version: Option<ProgramVersion>,
    /// The version of Anti-Virus, where there is no console: from 9.5 on
    #[arg(long, value_name = "VERSION")]
    anti_virus_version: Option<ProgramVersion>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Take a move to NEWDIR back
    #[arg(long, conflicts_with_all = ["from", "emit", "reg"])]
    undo: bool,
    /// Write a .reg file and a script that do it, and two for the way back, to this folder, and change nothing else
    #[arg(long, value_name = "DIR", value_parser = path())]
    emit: Option<PathBuf>,
    /// Replace files of --emit where there are some
    #[arg(long, requires = "emit")]
    force: bool,
    /// How long the router may take to stop or to start
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    timeout: Duration,
}

const COMMAND: &str = "envelopes move";

pub(super) fn run(args: &MoveArgs, out: Out) -> Exit {
    let done = match (args.undo, args.is_elsewhere()) {
        (true, _) => undo(args, out),
        (false, true) => emit(args, out),
        (false, false) => carry_out(args, out),
    };
    done.unwrap_or_else(|error| out.fail(COMMAND, &error))
}

#[derive(Serialize)]
struct Body<'a> {
    dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<&'a MovePlan>,
    /// The files that do it elsewhere, as text.
    #[serde(flatten)]
    files: Option<&'a MoveFiles>,
    /// Where those were written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    written: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    moved: Option<&'a Moved>,
}

impl MoveArgs {
    /// Whether the router is on another computer, or files are wanted all the same.
    fn is_elsewhere(&self) -> bool {
        !self.server.is_live() || self.emit.is_some()
    }

    fn plan(&self) -> Result<MovePlan> {
        let mut installed = InstalledPrograms::default();
        let mut place = Place::default_of(self.server.system.unwrap_or_default());
        let mut before = None;
        let router = match &self.server.reg {
            Some(path) => {
                let real = path.canonicalize().unwrap_or_else(|_| path.clone());
                let router = Router::in_file_at(path)?;
                installed = InstalledPrograms::in_file(&RegFile::parse(&fs::read(real).unwrap_or_default())?);
                Some(router)
            }
            None if cfg!(windows) => {
                installed = InstalledPrograms::live()?;
                Some(Router::live()?)
            }
            None => None,
        };
        if let Some(router) = &router {
            place = envelopes::place(router, self.server.system.unwrap_or_default())?;
            let view = router.views.iter().find(|view| Some(view.view) == place.view);
            before = view.and_then(|view| view.value(ENVELOPE_DIR)).cloned();
        }
        if let Some(from) = &self.from {
            place.folder.clone_from(from);
        }
        if self.console_version.is_some() || self.anti_virus_version.is_some() {
            installed.console.clone_from(&self.console_version);
            installed.anti_virus.clone_from(&self.anti_virus_version);
        }
        MovePlan::new(
            &place,
            before.as_ref().filter(|value| is_text(value)),
            &new_folder(&self.new_dir)?,
            installed.router_rule(),
        )
    }
}

fn is_text(value: &Value) -> bool {
    value.text().is_some()
}

fn print(plan: &MovePlan, out: Out) {
    out.heading(text!("From {} to {}", plan.from, plan.to));
    plan.steps.iter().enumerate().for_each(|(index, step)| out.line(format!("  {}. {step}", index + 1)));
    if plan.router == RouterRule::Unknown {
        out.warning(
            "which router it is, is not known: see that it is that of console 4.5 or Anti-Virus 9.5 or later [113040], and \
             say so with --console-version or --anti-virus-version",
        );
    }
}

/// Writes or prints the files.
fn emit(args: &MoveArgs, out: Out) -> Result<Exit> {
    let plan = args.plan()?;
    let files = plan.files(args.timeout)?;
    print(&plan, out);
    if let Some(system) = args.server.system.filter(|system| system.before_vista) {
        out.warning(&text!(
            "a Windows {} has no robocopy, which the scripts need, but in its Resource Kit",
            system.name
        ));
    }
    let mut written = Vec::new();
    match &args.emit {
        Some(folder) => {
            for (path, changed) in files.write(folder, args.force, args.dry_run)? {
                let verb = match (changed, args.dry_run) {
                    (false, _) => text!("Unchanged:"),
                    (true, true) => text!("Would write"),
                    (true, false) => text!("Wrote"),
                };
                out.line(format!("{verb} {}", path.display()));
                written.push(path.to_string_lossy().into_owned());
            }
        }
        None if args.dry_run => {}
        None => {
            out.line("This is not done here: the files below do it on the router's computer; --emit DIR writes them");
            out.line("");
            for (name, text) in [("move-envelopes.reg", &files.reg), ("move-envelopes.cmd", &files.script)] {
                out.heading(format!("--- {name}"));
                text.lines().for_each(|line| out.line(line));
            }
        }
    }
    out.answer(
        COMMAND,
        Exit::Done,
        Body { dry_run: args.dry_run, plan: Some(&plan), files: Some(&files), written, moved: None },
    );
    Ok(Exit::Done)
}

/// Moves the folder of this computer.
fn carry_out(args: &MoveArgs, out: Out) -> Result<Exit> {
    let plan = args.plan()?;
    print(&plan, out);
    out.detail("Each file is compared with its copy; at the end the registry and both folders are looked at");
    if plan.router == RouterRule::Unknown && !args.dry_run {
        return Err(envelopes::unknown_router());
    }
    if args.dry_run {
        out.answer(
            COMMAND,
            Exit::Done,
            Body { dry_run: true, plan: Some(&plan), files: None, written: Vec::new(), moved: None },
        );
        return Ok(Exit::Done);
    }
    let mut place = Place::default_of(args.server.system.unwrap_or_default());
    place.folder.clone_from(&plan.from);
    let from = place.filled_in(|name| std::env::var(name).ok());
    let view = plan.views.first().copied().filter(|_| plan.views.len() == 1);
    let moved = with_host(view, args, out, |host| envelopes::move_folder(Path::new(&from), Path::new(&plan.to), host))?;
    Ok(end(&moved, Some(&plan), out))
}

fn undo(args: &MoveArgs, out: Out) -> Result<Exit> {
    if !cfg!(windows) {
        return Err(envelopes::no_router_here());
    }
    let to = new_folder(&args.new_dir)?;
    if args.dry_run {
        out.line(text!("Would take the move to {to} back", to));
        out.answer(
            COMMAND,
            Exit::Done,
            Body { dry_run: true, plan: None, files: None, written: Vec::new(), moved: None },
        );
        return Ok(Exit::Done);
    }
    let view = Router::live()?.views.iter().find(|view| view.present).map(|view| view.view);
    let moved = with_host(view, args, out, |host| envelopes::undo_move(Path::new(&to), host))?;
    Ok(end(&moved, None, out))
}

fn with_host<T>(
    view: Option<RegistryView>,
    args: &MoveArgs,
    out: Out,
    run: impl FnOnce(&MoveHost<'_>) -> Result<T>,
) -> Result<T> {
    let Some(view) = view else {
        return Err(envelopes::no_router_here());
    };
    let told = Cell::new(false);
    let progress = |moved: u64| {
        told.set(true);
        out.progress(&text!("{moved} moved", moved));
    };
    let services = envelopes::services()?;
    let host =
        MoveHost { services: &*services, setting: &LiveEnvelopeDir(view), bound: args.timeout, progress: &progress };
    let done = run(&host);
    if told.get() {
        out.progress("");
    }
    done
}

fn end(moved: &Moved, plan: Option<&MovePlan>, out: Out) -> Exit {
    moved.router.iter().for_each(|step| tell(step, out));
    let files = crate::report::count(moved.moved as usize, "file", "files");
    out.line(text!("Moved {files} from {from} to {to}", files, from = moved.from.display(), to = moved.to.display()));
    if !moved.left.is_empty() {
        out.warning(&text!("folders and links stay where they are: {}", moved.left.join(", ")));
    }
    if !moved.taken.is_empty() {
        out.fault(text!("fault: names that are taken by other files there: {}", moved.taken.join(", ")));
    }
    moved.faults.iter().for_each(|fault| out.fault(text!("fault: {fault}", fault)));
    let exit = if moved.ok && moved.taken.is_empty() { Exit::Done } else { Exit::Some };
    if exit == Exit::Done {
        out.good("The router has its messages there now");
    }
    out.answer(COMMAND, exit, Body { dry_run: false, plan, files: None, written: Vec::new(), moved: Some(moved) });
    exit
}
