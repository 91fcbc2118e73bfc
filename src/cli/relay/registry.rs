//! `configcid relay registry`.

use std::path::{Path, PathBuf};

use crate::report::{Status, count, write_unless_same};
use crate::router::{self, RegistryView, RelayCheck, RelayView, Router};
use crate::{Exit, Result};
use clap::Args;
use serde::Serialize;

use crate::cli::flags::path;
use crate::cli::out::Out;

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("writes").args(["reg", "apply"]))]
pub(crate) struct RegistryArgs {
    /// Show which values differ; this is what happens without --reg and --apply
    #[arg(long, conflicts_with_all = ["reg", "apply", "dry_run"])]
    show: bool,
    /// Write the values as a file that `reg import` reads
    #[arg(long, value_name = "FILE", conflicts_with_all = ["apply", "from"], value_parser = path())]
    pub reg: Option<PathBuf>,
    /// Set the values in the registry of this computer
    #[arg(long, conflicts_with = "from")]
    pub apply: bool,
    /// Look at this file, exported from the relay's registry, instead of the registry of this computer
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub from: Option<PathBuf>,
    /// The view of the registry; by default each that has a router's key, and for --reg both
    #[arg(long, value_enum)]
    view: Option<ViewChoice>,
    /// Replace the file of --reg where there is one
    #[arg(long, requires = "reg")]
    pub force: bool,
    /// With --reg or --apply, show what would change, and change nothing
    #[arg(long, requires = "writes")]
    pub dry_run: bool,
}

/// Which of the registries of a 64-bit Windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ViewChoice {
    /// Below Wow6432Node: the router's on a 64-bit Windows
    #[value(name = "32")]
    Bits32,
    /// Without Wow6432Node: the router's on a 32-bit Windows
    #[value(name = "64")]
    Bits64,
    /// Both
    Both,
}

impl RegistryArgs {
    pub(crate) fn views(&self) -> Option<&'static [RegistryView]> {
        self.view.map(|view| match view {
            ViewChoice::Bits32 => &[RegistryView::Bits32][..],
            ViewChoice::Bits64 => &[RegistryView::Bits64][..],
            ViewChoice::Both => &RegistryView::BOTH[..],
        })
    }
}

const COMMAND: &str = "relay registry";

pub(super) fn run(args: &RegistryArgs, out: Out) -> Exit {
    let done = match &args.reg {
        Some(path) => write(path, args, out),
        None if args.apply => apply(args, out),
        None => show(args, out),
    };
    done.unwrap_or_else(|error| out.fail(COMMAND, &error))
}

fn show(args: &RegistryArgs, out: Out) -> Result<Exit> {
    #[derive(Serialize)]
    struct Body {
        from: Option<String>,
        #[serde(flatten)]
        check: RelayCheck,
    }
    let router = args.from.as_ref().map_or_else(Router::live, |path| Router::in_file_at(path))?;
    let check = router::check_relay(&router, args.views());
    check.views.iter().for_each(|view| print(view, out));
    check.faults.iter().for_each(|fault| out.fault(text!("fault: {fault}", fault)));
    match check.differences() {
        0 if !check.has_faults() => out.good("All values are those of a relay"),
        0 => {}
        n => out.fault(text!("{} from those of a relay", count(n, "value differs", "values differ"))),
    }
    let exit = if check.has_faults() { Exit::Faults } else { Exit::Done };
    let from = args.from.as_ref().map(|path| path.to_string_lossy().into_owned());
    out.answer(COMMAND, exit, Body { from, check });
    Ok(exit)
}

fn print(view: &RelayView, out: Out) {
    out.heading(format!("{}{}", view.key, if view.present { "" } else { text!("  (no such key)") }));
    let names = view.values.iter().map(|value| value.name).chain(view.others.iter().map(|other| other.name));
    let width = names.map(str::len).max().unwrap_or(0);
    for value in &view.values {
        let actual = value.actual.as_deref().unwrap_or(text!("(none)"));
        let line = format!("  {:width$}  {actual}", value.name);
        let wrong = value.wrong.as_ref().map_or_else(String::new, |wrong| format!(": {wrong}"));
        if value.same {
            out.line(line)
        } else {
            out.fault(text!("{line}, should be {expected}{wrong}", line, expected = value.expected, wrong))
        }
    }
    for other in &view.others {
        let line = format!("  {:width$}  {}", other.name, other.actual.as_deref().unwrap_or(text!("(none)")));
        match other.wrong.as_slice() {
            [] => out.line(line),
            wrong => out.fault(format!("{line}: {}", wrong.join("; "))),
        }
    }
}

fn write(path: &Path, args: &RegistryArgs, out: Out) -> Result<Exit> {
    #[derive(Serialize)]
    struct Body {
        dry_run: bool,
        status: Status,
        file: String,
        views: Vec<RegistryView>,
    }
    let views = args.views().unwrap_or(&RegistryView::BOTH);
    let bytes = router::relay_reg_file(views)?;
    let changed = write_unless_same(path, &bytes, args.force, args.dry_run)?;
    let file = path.to_string_lossy().into_owned();
    let status = status(changed, args.dry_run);
    match status {
        Status::Unchanged => out.good(text!("{file} holds the values already", file)),
        Status::Planned => out.line(text!("Would write {file}", file)),
        _ => out.good(text!("Wrote {file}; on the relay: reg import {file}", file)),
    }
    out.answer(COMMAND, Exit::Done, Body { dry_run: args.dry_run, status, file, views: views.into() });
    Ok(Exit::Done)
}

fn apply(args: &RegistryArgs, out: Out) -> Result<Exit> {
    #[derive(Serialize)]
    struct Body {
        dry_run: bool,
        status: Status,
        before: RelayCheck,
        after: Option<RelayCheck>,
    }
    let (before, after) = router::apply(args.views(), args.dry_run)?;
    for view in &before.views {
        out.heading(&view.key);
        for value in view.values.iter().filter(|value| !value.same) {
            let actual = value.actual.as_deref().unwrap_or(text!("(none)"));
            out.change(&text!(
                "Updating {value}: {actual} -> {expected}",
                value = value.name,
                actual,
                expected = value.expected
            ));
        }
    }
    let differences = before.differences();
    let left = after.as_ref().map_or(0, RelayCheck::differences);
    let mut status = status(differences > 0, args.dry_run);
    let mut exit = Exit::Done;
    if left > 0 {
        (status, exit) = (Status::Failed, Exit::Faults);
        out.fault(text!("fault: {} still", count(left, "value differs", "values differ")));
    } else {
        match status {
            Status::Unchanged => out.good("Nothing to do: all values are those of a relay"),
            Status::Planned => out.line(text!("Would set {}", count(differences, "value", "values"))),
            _ => out.good(text!(
                "Set {}; restart the service \"Sophos Message Router\"",
                count(differences, "value", "values")
            )),
        }
    }
    out.answer(COMMAND, exit, Body { dry_run: args.dry_run, status, before, after });
    Ok(exit)
}

fn status(changed: bool, dry_run: bool) -> Status {
    match (changed, dry_run) {
        (false, _) => Status::Unchanged,
        (true, true) => Status::Planned,
        (true, false) => Status::Changed,
    }
}
