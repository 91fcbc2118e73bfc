//! What every command that changes CIDs does with its plans.

use std::path::{Path, PathBuf};

use crate::plan::{Made, Writer};
use crate::report::{
    ChangePage, ChangedCid, CidResult, ErrorReport, PageFile, Status, candidates_line, change_page, count, fault_line,
    lock_lines, looked_line,
};
use crate::{Cid, Exit, Plan, Ran, RelayAddress, Result, Run};
use serde::Serialize;

use super::out::Out;

/// How a command that writes runs and shows what it does.
pub(super) struct Work<'a> {
    pub command: &'static str,
    pub run: Run<'a>,
    pub lines: &'a dyn Fn(&Plan) -> Vec<String>,
    /// How to see that a path names what the command is for, before anything is written.
    pub open: fn(&Path) -> Result<()>,
    pub ticket: Ticket<'a>,
}

/// The page that tells of it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ticket<'a> {
    /// Where it is written, if anywhere.
    pub file: Option<&'a Path>,
    /// Whom the endpoints report to afterwards, where that is what the command sets.
    pub relay: Option<&'a RelayAddress>,
}

#[derive(Serialize)]
struct Body {
    dry_run: bool,
    cids: Vec<CidResult>,
    #[serde(flatten)]
    filed: Filed,
}

/// What became of the page for the ticket.
#[derive(Debug, Default, Serialize)]
pub(super) struct Filed {
    /// The page that was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<String>,
    /// Why it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorReport>,
}

/// The page for the ticket, before the work that it is to tell of: it has a place, and does not lie in what it is about.
pub(super) fn place_page<'a>(file: Option<&'a Path>, about: &[PathBuf]) -> Result<Option<(PageFile, &'a Path)>> {
    file.map(|file| Ok((PageFile::new(file, about)?, file))).transpose()
}

/// Writes the page for the ticket, if one is asked for, after the work. What was done is done, and said, also where the page
/// cannot be written; the exit code is that of the page then.
pub(super) fn file_page(
    page: Option<(PageFile, &Path)>,
    text: impl FnOnce() -> String,
    exit: &mut Exit,
    out: Out,
) -> Filed {
    let Some((page, file)) = page else { return Filed::default() };
    match page.write(&text()) {
        Ok(()) => {
            let file = file.to_string_lossy().into_owned();
            out.line(text!("Wrote {file}", file));
            Filed { report: Some(file), error: None }
        }
        Err(why) => {
            out.error(&why);
            *exit = Exit::of(why.kind());
            Filed { report: None, error: Some(ErrorReport::new(&why)) }
        }
    }
}

impl Work<'_> {
    /// Runs on one CID after the other; one that fails does not stop the others.
    pub(super) fn on_all(&self, cids: &[PathBuf], out: Out, make: impl Fn(&Path) -> Result<Plan>) -> Exit {
        let page = match place_page(self.ticket.file, cids) {
            Ok(page) => page,
            Err(error) => return out.fail(self.command, &error),
        };
        let mut exits = Vec::new();
        let mut results = Vec::new();
        let is_refused = !self.run.dry_run && !all_open(cids, self.open);
        for path in cids {
            if cids.len() > 1 {
                out.heading(format!("{}:", path.display()));
            }
            if is_refused {
                // What else would keep it from being written is told along with that.
                let opened = (self.open)(path).and_then(|()| make(path).map(drop));
                let _ = opened.as_ref().map_err(|error| out.error(error));
                exits.push(opened.as_ref().map_or_else(|error| Exit::of(error.kind()), |()| Exit::Done));
                let mut result = CidResult::new(&path.to_string_lossy(), Status::Left);
                if let Err(error) = opened {
                    (result.status, result.error) = (Status::Failed, Some(ErrorReport::new(&error)));
                }
                results.push(ChangedCid::new(result, None, true));
                continue;
            }
            if self.run.dry_run && Writer::needs_recovery(path) {
                out.warning(HALF_DONE);
            }
            let ran = self.run.on(path, &make);
            self.show(&ran, out);
            exits.push(ran.exit());
            if out.json || page.is_some() {
                let purpose = ran.carried_out().map(|plan| plan.purpose().to_owned());
                let has_history = ran.plan.as_ref().is_some_and(Plan::is_for_cid);
                results.push(ChangedCid::new(CidResult::of(&ran), purpose, has_history));
            }
        }
        let mut exit = Exit::of_all(&exits);
        if is_refused {
            out.fault(NOTHING_WRITTEN);
        } else if exit == Exit::Some {
            let failed = exits.iter().filter(|exit| **exit != Exit::Done).count();
            out.line(text!("{failed} of {cids} CIDs failed", failed, cids = cids.len()));
        }
        let filed = file_page(page, || self.page(&results), &mut exit, out);
        let cids = results.into_iter().map(|cid| cid.result).collect();
        out.answer(self.command, exit, Body { dry_run: self.run.dry_run, cids, filed });
        exit
    }

    fn page(&self, cids: &[ChangedCid]) -> String {
        change_page(&ChangePage {
            relay: self.ticket.relay,
            is_looked_at: self.run.look.is_some(),
            ..ChangePage::new(self.command, self.run.dry_run, &Made::now(), cids)
        })
    }

    fn show(&self, ran: &Ran, out: Out) {
        lock_lines(ran).iter().for_each(|line| out.warning(line));
        if let Some(error) = &ran.error {
            return out.error(error);
        }
        let Some(plan) = &ran.plan else { return };
        (self.lines)(plan).iter().for_each(|line| out.change(line));
        plan.said().iter().for_each(|line| out.detail(text!("    it said: {line}", line)));
        plan.notes().iter().for_each(|note| out.line(text!("note: {note}", note)));
        plan.warnings().iter().for_each(|warning| out.warning(warning));
        // Bounded: a manifest may list one folder of many.
        let named = if out.verbose { usize::MAX } else { 5 };
        candidates_line(plan, named).iter().for_each(|line| out.line(line));
        plan.looked().iter().for_each(|looked| out.line(looked_line(looked)));
        if self.run.dry_run || out.verbose {
            out.diffs(plan);
        }
        let files = count(plan.changes().len(), "file", "files");
        match ran.status {
            Status::Unchanged => out.good("Nothing to do: everything is as it should be"),
            Status::Planned => out.good(text!("Dry run: {files} would be written; nothing was", files)),
            Status::Changed if self.run.look.is_some() => out.good(text!("Done: {files} written and verified", files)),
            Status::Changed => out.good(text!("Done: {files} written", files)),
            Status::Left | Status::Drifted => {}
            Status::Failed => {
                out.fault(text!("{files} written, but the result is not as it should be:", files));
                ran.faults.iter().for_each(|fault| out.fault(fault_line(fault)));
            }
        }
    }
}

/// What is said where one of several cannot be opened.
pub(super) const NOTHING_WRITTEN: &str = "Nothing was written: all that is named must be there, and a CID";

/// Whether all of several can be opened, before any is written: one that cannot is perhaps a slip. One alone says so
/// itself, and what an interrupted change left perhaps opens once that is ended.
pub(super) fn all_open(paths: &[PathBuf], open: fn(&Path) -> Result<()>) -> bool {
    paths.len() < 2 || paths.iter().all(|path| Writer::has_leftovers(path) || open(path).is_ok())
}

/// A CID with its catalogs.
pub(super) fn open_cid(path: &Path) -> Result<()> {
    Cid::open(path).map(drop)
}

/// A CID that has perhaps no catalogs.
pub(super) fn open_uncataloged(path: &Path) -> Result<()> {
    Cid::open_uncataloged(path).map(drop)
}

/// What a dry run says of a CID that it found half done.
pub(super) const HALF_DONE: &str =
    "a change to this CID was interrupted, or is under way: this is a look at what it left so far";
