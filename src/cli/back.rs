//! The way back: `configcid recover`, `undo` and `history`.

use std::path::{Path, PathBuf};

use crate::plan::{self, Direction, Past, Recovered, Writer};
use crate::report::{broken_lock_line, plan_lines, recovered_line};
use crate::{Cid, Exit, Result};
use clap::Args;
use serde::Serialize;

use super::flags::{Cids, ReportFlag, WriteFlags, path};
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

pub(super) fn history(args: &Cids, out: Out) -> Exit {
    #[derive(Serialize)]
    struct Body {
        changes: Vec<Past>,
    }
    look_at_all("history", &args.cids, out, |path| {
        let changes = plan::history(&Cid::open_uncataloged(path)?)?;
        for past in &changes {
            let Past { time, user, host, purpose, .. } = past;
            out.line(format!("{time}  {user} on {host}  {purpose}"));
            past.files.iter().for_each(|file| out.detail(format!("    {file}")));
        }
        if changes.is_empty() {
            out.line("configcid has not changed this CID yet");
        }
        Ok((Body { changes }, false))
    })
}
