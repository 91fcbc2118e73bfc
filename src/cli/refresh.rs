//! `configcid <CID>...`, and what every command that changes CIDs does with its plans.

use std::path::{Path, PathBuf};

use configcid::plan::{LockOptions, Outcome, Recovered, Writer};
use configcid::report::{CidResult, Status, plan_lines};
use configcid::{Cid, ErrorKind, Plan, RefreshOptions, Result, Scope, refresh, verify};
use serde::Serialize;

use super::args::RefreshArgs;
use super::exit::Exit;
use super::out::Out;

pub fn run(args: &RefreshArgs, out: Out) -> Exit {
    const COMMAND: &str = "refresh";
    let options = match args.flags.options() {
        Ok(options) => options,
        Err(error) => return out.fail(COMMAND, &error),
    };
    let work = Work {
        command: COMMAND,
        dry_run: args.write.dry_run,
        lock: args.write.lock.options(),
        look: Some(&options),
        lines: &plan_lines,
    };
    work.on_all(&args.cids, out, |path| refresh(&Cid::open(path)?, &options))
}

/// How the plans of a command are carried out and shown.
pub struct Work<'a> {
    pub command: &'static str,
    pub dry_run: bool,
    pub lock: LockOptions,
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
            let (result, exit) = match self.on_one(path, &plan, out) {
                Ok(result) if result.status == Status::Failed => (result, Exit::Failed),
                Ok(result) => (result, Exit::Done),
                Err(error) => {
                    out.error(&error);
                    (CidResult::of_error(path, &error), Exit::of(error.kind()))
                }
            };
            results.push(result);
            exits.push(exit);
        }
        let exit = Exit::of_all(&exits);
        if exit == Exit::Some {
            let failed = exits.iter().filter(|exit| **exit != Exit::Done).count();
            out.line(format!("{failed} of {} CIDs failed", cids.len()));
        }
        out.answer(self.command, exit, Body { dry_run: self.dry_run, cids: results });
        exit
    }

    fn on_one(&self, path: &Path, make: &impl Fn(&Path) -> Result<Plan>, out: Out) -> Result<CidResult> {
        let recovered = self.recover(path, out)?;
        let mut plan = make(path)?;
        let mut result = if self.dry_run || plan.is_empty() {
            self.show(&plan, out);
            let status = if plan.is_empty() { Status::Unchanged } else { Status::Planned };
            CidResult::of_plan(&plan, status)
        } else {
            let applied = match plan.apply_with(self.lock) {
                // Another writer was faster: what it left is what to start from.
                Err(error) if error.kind() == ErrorKind::Changed => {
                    self.recover(path, out)?;
                    plan = make(path)?;
                    plan.apply_with(self.lock)
                }
                applied => applied,
            };
            let broken_lock = applied?.broken_lock;
            self.show(&plan, out);
            if let Some(whose) = &broken_lock {
                out.warning(&format!("the lock of another writer was broken: {whose}"));
            }
            CidResult { broken_lock, ..CidResult::of_plan(&plan, Status::Changed) }
        };
        result.recovered = recovered;
        self.conclude(path, &mut result, out)?;
        Ok(result)
    }

    fn show(&self, plan: &Plan, out: Out) {
        (self.lines)(plan).iter().for_each(|line| out.change(line));
        plan.warnings.iter().for_each(|warning| out.warning(warning));
        if self.dry_run {
            out.diffs(plan);
        }
    }

    /// Ends a change that was interrupted, aloud: nothing can be planned on what it left.
    fn recover(&self, path: &Path, out: Out) -> Result<Option<Recovered>> {
        if !Writer::needs_recovery(path) {
            return Ok(None);
        }
        if self.dry_run {
            out.warning("a change to this CID was interrupted, or is under way: this is a look at what it left so far");
            return Ok(None);
        }
        let recovered = Writer::lock(path, self.lock)?.recover(None)?;
        if let Some(recovered) = &recovered {
            out.warning(&recovered_line(recovered));
        }
        Ok(recovered)
    }

    /// Looks at the result and says how it went.
    fn conclude(&self, path: &Path, result: &mut CidResult, out: Out) -> Result<()> {
        let files = result.files.len();
        let files = if files == 1 { "1 file".to_owned() } else { format!("{files} files") };
        match result.status {
            Status::Unchanged => out.good("Nothing to do: everything is as it should be"),
            Status::Planned => out.good(format!("Dry run: {files} would be written; nothing was")),
            _ => {
                if let Some(options) = self.look {
                    result.faults = verify(&Cid::open(path)?, options, Scope::Customer)?.faults;
                    if options.accept_damage {
                        // A catalog that has gone: what the customer may remove is no longer listed.
                        result.faults.retain(|fault| !matches!(fault.code, "missing" | "not-a-file"));
                    }
                }
                if result.faults.is_empty() {
                    out.good(format!(
                        "Done: {files} written{}",
                        if self.look.is_some() { " and verified" } else { "" }
                    ));
                } else {
                    result.status = Status::Failed;
                    out.fault(format!("{files} written, but the result is not as it should be:"));
                    result.faults.iter().for_each(|fault| out.fault(super::catalog::fault_line(fault)));
                }
            }
        }
        Ok(())
    }
}

/// An interrupted change that is over now, as a sentence.
pub fn recovered_line(recovered: &Recovered) -> String {
    let outcome = match recovered.outcome {
        Outcome::Finished => "finished",
        Outcome::Undone => "undone",
        Outcome::Forgotten => "forgotten; its files stay as they are",
    };
    format!("a change had been interrupted ({}); it was {outcome}", recovered.change)
}
