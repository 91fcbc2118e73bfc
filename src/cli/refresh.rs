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
        if self.dry_run {
            if Writer::needs_recovery(path) {
                out.warning(
                    "a change to this CID was interrupted, or is under way: this is a look at what it left so far",
                );
            }
            let plan = make(path)?;
            self.show(&plan, out);
            let mut result =
                CidResult::of_plan(&plan, if plan.is_empty() { Status::Unchanged } else { Status::Planned });
            self.conclude(path, &mut result, out)?;
            return Ok(result);
        }
        let mut turn = Turn { path, lock: self.lock, writer: None, recovered: None, out };
        let generation = Writer::generation(path);
        // Nothing can be planned on what an interrupted change left, or on what another writer has not ended.
        if Writer::has_leftovers(path) {
            turn.take()?;
        }
        let mut plan = match make(path) {
            // What was read was perhaps half another writer's.
            Err(_) if Writer::has_leftovers(path) || Writer::generation(path) != generation => {
                turn.take()?;
                make(path)?
            }
            plan => plan?,
        };
        let status = if plan.is_empty() { Status::Unchanged } else { Status::Changed };
        if !plan.is_empty() && !plan.is_for_cid() {
            plan.apply()?;
        } else if !plan.is_empty() {
            match turn.take()?.apply(&plan) {
                // Another writer was faster: what it left is what to start from.
                Err(error) if error.kind() == ErrorKind::Changed => {
                    plan = make(path)?;
                    turn.take()?.apply(&plan)?;
                }
                applied => drop(applied?),
            }
        }
        self.show(&plan, out);
        let mut result = CidResult::of_plan(&plan, status);
        result.broken_lock = turn.writer.as_ref().and_then(|writer| writer.broken().map(str::to_owned));
        result.recovered = turn.recovered.take();
        // While the next writer still waits.
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

/// A writer's turn at a CID, from when it needs one to the end of its work.
struct Turn<'a> {
    path: &'a Path,
    lock: LockOptions,
    writer: Option<Writer>,
    recovered: Option<Recovered>,
    out: Out,
}

impl Turn<'_> {
    /// Waits for it, and ends a change that was interrupted, aloud.
    fn take(&mut self) -> Result<&Writer> {
        if self.writer.is_none() {
            let writer = Writer::lock(self.path, self.lock)?;
            if let Some(whose) = writer.broken() {
                self.out.warning(&broken_lock_line(whose));
            }
            self.recovered = writer.recover(None)?;
            if let Some(recovered) = &self.recovered {
                self.out.warning(&recovered_line(recovered));
            }
            self.writer = Some(writer);
        }
        Ok(self.writer.as_ref().expect("it was just taken"))
    }
}

/// Whose lock was broken, as a sentence.
pub fn broken_lock_line(whose: &str) -> String {
    format!("the lock of another writer was broken: {whose}")
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
