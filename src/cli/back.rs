//! The way back: `configcid recover`, `undo` and `history`.

use std::path::{Path, PathBuf};

use crate::plan::{self, Bounds, Direction, Made, Outcome, Past, Pruned, Recovered, Writer};
use crate::report::{
    ChangePage, ChangedCid, CidResult, broken_lock_line, change_page, count, plan_lines, recovered_line,
};
use crate::{Cid, Exit, Result, Status};
use clap::Args;
use serde::Serialize;

use super::flags::{Cids, LockFlags, ReportFlag, WriteFlags, path};
use super::look::{Shown, look_at_all, look_at_each};
use super::out::Out;
use super::work::{Filed, NOTHING_WRITTEN, Ticket, Work, all_open, file_page, open_uncataloged, place_page};

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
    #[command(flatten)]
    report: ReportFlag,
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

/// What became of one CID, or would become of it.
#[derive(Serialize)]
struct Back {
    dry_run: bool,
    recovered: Option<Recovered>,
}

pub(super) fn recover(args: &RecoverArgs, out: Out) -> Exit {
    const COMMAND: &str = "recover";
    #[derive(Serialize)]
    struct Body {
        cids: Vec<Shown<Back>>,
        #[serde(flatten)]
        filed: Filed,
    }
    let page = match place_page(args.report.report.as_deref(), &args.cids) {
        Ok(page) => page,
        Err(error) => return out.fail(COMMAND, &error),
    };
    let dry_run = args.write.dry_run;
    let is_refused = !dry_run && !all_open(&args.cids, open_to_recover);
    let (mut exit, cids) = look_at_each(&args.cids, out, |path| {
        if is_refused {
            open_to_recover(path)?;
            return Ok((Back { dry_run, recovered: None }, false));
        }
        let recovered = recover_one(path, args, out)?;
        match &recovered {
            None => out.good("Nothing to do: no change was interrupted"),
            Some(recovered) if dry_run => out.good(text!("Dry run, nothing was done: {}", recovered_line(recovered))),
            Some(recovered) => out.good(recovered_line(recovered)),
        }
        Ok((Back { dry_run, recovered }, false))
    });
    let filed = file_page(page, || ticket(dry_run, is_refused, &cids), &mut exit, out);
    out.answer(COMMAND, exit, Body { cids, filed });
    if is_refused {
        out.fault(NOTHING_WRITTEN);
    }
    exit
}

/// The page for the ticket.
fn ticket(dry_run: bool, is_refused: bool, cids: &[Shown<Back>]) -> String {
    let one = |shown: &Shown<Back>| {
        let recovered = shown.state.as_ref().and_then(|back| back.recovered.as_ref());
        let status = match (&shown.error, recovered) {
            (Some(_), _) => Status::Failed,
            _ if is_refused => Status::Left,
            (None, None) => Status::Unchanged,
            (None, Some(_)) if dry_run => Status::Planned,
            (None, Some(_)) => Status::Changed,
        };
        let mut result = CidResult::new(&shown.cid, status);
        result.error.clone_from(&shown.error);
        let line = recovered.map(recovered_line);
        let did = match (line, dry_run) {
            (None, _) => text!("Nothing to do: no change was interrupted.").to_owned(),
            (Some(line), true) => text!("Dry run, nothing was done: {line}.", line),
            (Some(line), false) => text!("Done: {line}.", line),
        };
        let outcome = recovered.map(|recovered| recovered.outcome);
        let verified = match outcome {
            Some(Outcome::Forgotten) => {
                text!("Nothing was looked at: configcid catalog verify says what the files are.")
            }
            Some(Outcome::Undone) => text!("Every file that the change had written is as it was before it."),
            _ => text!("Every file that the change was to write is as it was to be."),
        };
        let has_history = outcome == Some(Outcome::Finished);
        ChangedCid { did: Some(did), verified: Some(verified), ..ChangedCid::new(result, None, has_history) }
    };
    let cids: Vec<ChangedCid> = cids.iter().map(one).collect();
    change_page(&ChangePage::new("recover", dry_run, &Made::now(), &cids))
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
            out.line(text!("{time}  {user} on {host}  {purpose}", time, user, host, purpose));
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
    let (would, can) =
        if args.dry_run { (text!("would go"), text!("could no longer")) } else { ("went", text!("can no longer")) };
    let stay = if pruned.left == 1 { "stays" } else { "stay" };
    let removed = count(pruned.removed, "change", "changes");
    let mut line = text!("{removed} {would} from the history, {left} {stay}", removed, would, left = pruned.left, stay);
    if pruned.undo_ended {
        line.push_str(&text!("; the last change {can} be undone", can));
    }
    out.good(if args.dry_run { text!("Dry run, nothing was done: {line}", line) } else { line });
    Ok(pruned)
}
