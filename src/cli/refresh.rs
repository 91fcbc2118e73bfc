//! `configcid <CID>...`, and what every command that changes CIDs does with its plans.

use std::path::{Path, PathBuf};

use configcid::report::{CidResult, Status, plan_lines};
use configcid::{Cid, Plan, RefreshOptions, Result, Scope, refresh, verify};
use serde::Serialize;

use super::args::RefreshArgs;
use super::exit::Exit;
use super::out::{Out, count};

pub fn run(args: &RefreshArgs, out: Out) -> Exit {
    const COMMAND: &str = "refresh";
    let options = match args.flags.options() {
        Ok(options) => options,
        Err(error) => return out.fail(COMMAND, &error),
    };
    let work = Work { command: COMMAND, dry_run: args.dry_run, look: Some(&options), lines: &plan_lines };
    work.on_all(&args.cids, out, |path| refresh(&Cid::open(path)?, &options))
}

/// How the plans of a command are carried out and shown.
pub struct Work<'a> {
    pub command: &'static str,
    pub dry_run: bool,
    /// How to look at the result; `None` where the plan's own checks are enough.
    pub look: Option<&'a RefreshOptions>,
    pub lines: &'a dyn Fn(&Plan) -> Vec<String>,
}

#[derive(Serialize)]
struct Body {
    dry_run: bool,
    cids: Vec<CidResult>,
}

impl Work<'_> {
    /// Plans, shows and carries out, CID by CID; one that fails does not stop the others.
    pub fn on_all(&self, cids: &[PathBuf], out: Out, plan: impl Fn(&Path) -> Result<Plan>) -> Exit {
        let mut exits = Vec::new();
        let mut results = Vec::new();
        for path in cids {
            if cids.len() > 1 {
                out.heading(format!("{}:", path.display()));
            }
            let result = plan(path).and_then(|plan| self.on_one(path, &plan, out));
            let result = result.unwrap_or_else(|error| {
                out.error(&error);
                exits.push(Exit::of(error.kind()));
                CidResult::of_error(path, &error)
            });
            if result.error.is_none() {
                exits.push(if result.status == Status::Failed { Exit::Failed } else { Exit::Done });
            }
            results.push(result);
        }
        let exit = Exit::of_all(&exits);
        if exit == Exit::Some {
            let failed = exits.iter().filter(|exit| **exit != Exit::Done).count();
            out.line(format!("{failed} of {} CIDs failed", cids.len()));
        }
        out.answer(self.command, exit, Body { dry_run: self.dry_run, cids: results });
        exit
    }

    fn on_one(&self, path: &Path, plan: &Plan, out: Out) -> Result<CidResult> {
        (self.lines)(plan).iter().for_each(|line| out.change(line));
        plan.warnings.iter().for_each(|warning| out.warning(warning));
        if plan.is_empty() {
            out.good("Nothing to do: everything is as it should be");
            return Ok(CidResult::of_plan(plan, Status::Unchanged));
        }
        let files = count(plan.changes.len(), "file", "files");
        if self.dry_run {
            out.diffs(plan);
            out.good(format!("Dry run: {files} would be written; nothing was"));
            return Ok(CidResult::of_plan(plan, Status::Planned));
        }
        plan.apply()?;
        let mut result = CidResult::of_plan(plan, Status::Changed);
        if let Some(options) = self.look {
            result.faults = verify(&Cid::open(path)?, options, Scope::Customer)?.faults;
        }
        if result.faults.is_empty() {
            out.good(format!("Done: {files} written and verified"));
        } else {
            result.status = Status::Failed;
            out.fault(format!("{files} written, but the result is not as it should be:"));
            result.faults.iter().for_each(|fault| out.fault(super::catalog::fault_line(fault)));
        }
        Ok(result)
    }
}
