//! The way back: `configcid recover`, `undo` and `history`.

use std::path::{Path, PathBuf};

use crate::plan::{self, Bounds, Direction, Past, Pruned, Recovered, Writer};
use crate::report::{broken_lock_line, count, plan_lines, recovered_line};
use crate::{Cid, Exit, Result};
use clap::Args;
use serde::Serialize;

use super::flags::{Cids, LockFlags, ReportFlag, WriteFlags, path};
use super::look::look_at_all;
use super::out::Out;
use super::work::{NOTHING_WRITTEN, Ticket, Work, all_open, open_uncataloged};

#[derive(Debug, Args)]
pub(super) struct RecoverArgs {
    /// The CIDs
    #[arg(value_name = "CID", required = true, value_parser = path())]
    pub cids: Vec<PathBuf>,
    /// Finish what was begun, or fail
    #[arg(long)]
    finish: bool,
    /// Undo what was begun, or fail
    #[arg(long, conflicts_with = "finish")]
    undo: bool,
    /// Leave the files as they are, and forget what was begun
    #[arg(long, conflicts_with_all = ["finish", "undo"])]
    forget: bool,
    #[command(flatten)]
    pub write: WriteFlags,
}

impl RecoverArgs {
    fn direction(&self) -> Option<Direction> {
        match self {
            Self { finish: true, .. } => Some(Direction::Finish),
            Self { undo: true, .. } => Some(Direction::Undo),
            Self { forget: true, .. } => Some(Direction::Forget),
            _ => None,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct UndoArgs {
    /// The CIDs
    #[arg(value_name = "CID", required = true, value_parser = path())]
    pub cids: Vec<PathBuf>,
    #[command(flatten)]
    pub write: WriteFlags,
    #[command(flatten)]
    pub report: ReportFlag,
}

pub(super) fn recover(args: &RecoverArgs, out: Out) -> Exit {
    #[derive(Serialize)]
    struct Body {
        dry_run: bool,
        recovered: Option<Recovered>,
    }
    let dry_run = args.write.dry_run;
    let is_refused = !dry_run && !all_open(&args.cids, open_to_recover);
    let exit = look_at_all("recover", &args.cids, out, |path| {
        if is_refused {
            open_to_recover(path)?;
            return Ok((Body { dry_run, recovered: None }, false));
        }
        let recovered = recover_one(path, args, out)?;
        match &recovered {
            None => out.good("Nothing to do: no change was interrupted"),
            Some(recovered) if dry_run => out.good(format!("Dry run, nothing was done: {}", recovered_line(recovered))),
            Some(recovered) => out.good(recovered_line(recovered)),
        }
        Ok((Body { dry_run, recovered }, false))
    });
    if is_refused {
        out.fault(NOTHING_WRITTEN);
    }
    exit
}

/// What an interrupted change left need not open as a CID does.
fn open_to_recover(path: &Path) -> Result<()> {
    if Writer::needs_recovery(path) { Ok(()) } else { open_uncataloged(path) }
}

fn recover_one(path: &Path, args: &RecoverArgs, out: Out) -> Result<Option<Recovered>> {
    if !Writer::needs_recovery(path) {
        Cid::open_uncataloged(path)?;
        if !Writer::has_leftovers(path) {
            return Ok(None);
        }
    }
    if args.write.dry_run {
        return Writer::would_recover(path, args.direction());
    }
    let writer = Writer::lock(path, args.write.lock.options())?;
    if let Some(whose) = writer.broken() {
        out.warning(&broken_lock_line(whose));
    }
    let recovered = writer.recover(args.direction());
    if let Err(error) = writer.release() {
        out.warning(&error.to_string());
    }
    recovered
}

pub(super) fn undo(args: &UndoArgs, out: Out) -> Exit {
    let ticket = Ticket { file: args.report.report.as_deref(), relay: None };
    let run = args.write.run(None);
    let work = Work { command: "undo", run, lines: &plan_lines, open: open_uncataloged, ticket };
    work.on_all(&args.cids, out, |path| plan::undo(&Cid::open_uncataloged(path)?))
}

#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    #[command(flatten)]
    pub cids: Cids,
    /// Remove changes from the history beyond --keep and --days, what undo would need of a change that is so old, and what
    /// interrupted changes have left; what tells of relay set-up stays, since relay unset needs it
    #[arg(long)]
    prune: bool,
    /// How many changes stay
    #[arg(long, value_name = "COUNT", requires = "prune", default_value_t = 100)]
    keep: usize,
    /// How many days a change stays
    #[arg(long, value_name = "DAYS", requires = "prune", default_value_t = 365)]
    days: u32,
    /// Show how many would go, and write nothing
    #[arg(long, requires = "prune")]
    dry_run: bool,
    #[command(flatten)]
    lock: LockFlags,
}

pub(super) fn history(args: &HistoryArgs, out: Out) -> Exit {
    #[derive(Serialize)]
    struct Body {
        changes: Vec<Past>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pruned: Option<Pruned>,
    }
    look_at_all("history", &args.cids.cids, out, |path| {
        let cid = Cid::open_uncataloged(path)?;
        if args.prune {
            let pruned = prune(path, args, out)?;
            let changes = plan::history(&cid)?;
            return Ok((Body { changes, pruned: Some(pruned) }, false));
        }
        let changes = plan::history(&cid)?;
        for past in &changes {
            let Past { time, user, host, purpose, .. } = past;
            out.line(format!("{time}  {user} on {host}  {purpose}"));
            past.files.iter().for_each(|file| out.detail(format!("    {file}")));
        }
        if changes.is_empty() {
            out.line("configcid has not changed this CID yet");
        }
        Ok((Body { changes, pruned: None }, false))
    })
}

fn prune(path: &Path, args: &HistoryArgs, out: Out) -> Result<Pruned> {
    let bounds = Bounds { keep: args.keep, days: args.days };
    let pruned = if args.dry_run {
        Writer::would_prune(path, bounds)?
    } else {
        let writer = Writer::lock(path, args.lock.options())?;
        if let Some(whose) = writer.broken() {
            out.warning(&broken_lock_line(whose));
        }
        let pruned = writer.prune(bounds);
        if let Err(error) = writer.release() {
            out.warning(&error.to_string());
        }
        pruned?
    };
    let (would, can) = if args.dry_run { ("would go", "could no longer") } else { ("went", "can no longer") };
    let stay = if pruned.left == 1 { "stays" } else { "stay" };
    let removed = count(pruned.removed, "change", "changes");
    let mut line = format!("{removed} {would} from the history, {} {stay}", pruned.left);
    if pruned.undo_ended {
        line.push_str(&format!("; the last change {can} be undone"));
    }
    out.good(if args.dry_run { format!("Dry run, nothing was done: {line}") } else { line });
    Ok(pruned)
}
