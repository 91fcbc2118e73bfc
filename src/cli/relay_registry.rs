//! `configcid relay registry`.

use std::path::Path;

use crate::report::{Status, count, write_unless_same};
use crate::router::{self, RegistryView, RelayCheck, RelayView, Router};
use crate::{Exit, Result};
use serde::Serialize;

use super::args::RelayRegistryArgs;
use super::out::Out;

const COMMAND: &str = "relay registry";

pub fn run(args: &RelayRegistryArgs, out: Out) -> Exit {
    let done = match &args.reg {
        Some(path) => write(path, args, out),
        None if args.apply => apply(args, out),
        None => show(args, out),
    };
    done.unwrap_or_else(|error| out.fail(COMMAND, &error))
}

fn show(args: &RelayRegistryArgs, out: Out) -> Result<Exit> {
    #[derive(Serialize)]
    struct Body {
        from: Option<String>,
        #[serde(flatten)]
        check: RelayCheck,
    }
    let router = args.from.as_ref().map_or_else(Router::live, |path| Router::in_file_at(path))?;
    let check = router::check_relay(&router, args.views());
    check.views.iter().for_each(|view| print(view, out));
    check.faults.iter().for_each(|fault| out.fault(format!("fault: {fault}")));
    match check.differences() {
        0 if check.faults.is_empty() => out.good("All values are those of a relay"),
        0 => {}
        n => out.fault(format!("{} from those of a relay", count(n, "value differs", "values differ"))),
    }
    let exit = if check.has_faults() { Exit::Faults } else { Exit::Done };
    let from = args.from.as_ref().map(|path| path.to_string_lossy().into_owned());
    out.answer(COMMAND, exit, Body { from, check });
    Ok(exit)
}

fn print(view: &RelayView, out: Out) {
    out.heading(format!("{}{}", view.key, if view.present { "" } else { "  (no such key)" }));
    let width = view.values.iter().map(|value| value.name.len()).max().unwrap_or(0);
    for value in &view.values {
        let actual = value.actual.as_deref().unwrap_or("(none)");
        let line = format!("  {:width$}  {actual}", value.name);
        if value.same { out.line(line) } else { out.fault(format!("{line}, should be {}", value.expected)) }
    }
}

fn write(path: &Path, args: &RelayRegistryArgs, out: Out) -> Result<Exit> {
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
        Status::Unchanged => out.good(format!("{file} holds the values already")),
        Status::Planned => out.line(format!("Would write {file}")),
        _ => out.good(format!("Wrote {file}; on the relay: reg import {file}")),
    }
    out.answer(COMMAND, Exit::Done, Body { dry_run: args.dry_run, status, file, views: views.into() });
    Ok(Exit::Done)
}

fn apply(args: &RelayRegistryArgs, out: Out) -> Result<Exit> {
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
            let actual = value.actual.as_deref().unwrap_or("(none)");
            out.change(&format!("Updating {}: {actual} -> {}", value.name, value.expected));
        }
    }
    let differences = before.differences();
    let left = after.as_ref().map_or(0, RelayCheck::differences);
    let mut status = status(differences > 0, args.dry_run);
    let mut exit = Exit::Done;
    if left > 0 {
        (status, exit) = (Status::Failed, Exit::Faults);
        out.fault(format!("fault: {} still", count(left, "value differs", "values differ")));
    } else {
        match status {
            Status::Unchanged => out.good("Nothing to do: all values are those of a relay"),
            Status::Planned => out.line(format!("Would set {}", count(differences, "value", "values"))),
            _ => out.good(format!(
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
