//! One CID from start to end: what was interrupted is ended, a plan is made and carried out, and the result is looked
//! at. The command line and the C interface only translate to and from it.

use std::path::Path;

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::exit::Exit;
use crate::catalogs::RefreshOptions;
use crate::catalogs::{Scope, verify};
use crate::cid::{Cid, generation};
use crate::plan::{LockOptions, Plan, Recovered, Writer};
use crate::report::{CidResult, Status};

/// How to run.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// Make the plan and write nothing.
    pub dry_run: bool,
    /// How to get the lock.
    pub lock: LockOptions,
    /// How to look at the result; `None` where the checks of carrying out are enough.
    pub look: Option<&'a RefreshOptions>,
}

/// What became of it.
#[derive(Debug)]
pub struct Ran {
    /// The plan, unless none could be made.
    pub plan: Option<Plan>,
    /// All that is to be told.
    pub result: CidResult,
    /// Why it failed.
    pub error: Option<Error>,
}

impl Ran {
    /// How it ended.
    pub fn exit(&self) -> Exit {
        match &self.error {
            Some(error) => Exit::of(error.kind()),
            // It was changed: a look at the result found the faults.
            None if matches!(self.result.status, Status::Failed | Status::Drifted) => Exit::Faults,
            None => Exit::Done,
        }
    }
}

impl Run<'_> {
    /// Does all of it for the CID at `path`, with the plans that `make` makes.
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("ESXP");
    /// use configcid::plan::LockOptions;
    /// use configcid::{Cid, DemoCid, Exit, RefreshOptions, Run, refresh};
    ///
    /// DemoCid::default().write(&path)?;
    /// std::fs::write(path.join("customer_ID.txt"), "Acme").unwrap();
    /// let options = RefreshOptions::default();
    /// let run = Run { dry_run: false, lock: LockOptions::default(), look: Some(&options) };
    /// let ran = run.on(&path, |path| refresh(&Cid::open(path)?, &options));
    /// assert_eq!(ran.exit(), Exit::Done);
    /// # Ok::<(), configcid::Error>(())
    /// ```
    pub fn on(&self, path: &Path, make: impl Fn(&Path) -> Result<Plan>) -> Ran {
        let mut turn = Turn { path, lock: self.lock, writer: None, recovered: None };
        let mut plan = None;
        let (mut result, error) = match self.try_on(&mut turn, make, &mut plan) {
            Ok(result) => (result, None),
            Err(error) => (CidResult::of_error(path, &error), Some(error)),
        };
        result.cid = path.to_string_lossy().into_owned();
        result.broken_lock = turn.writer.as_ref().and_then(Writer::broken).map(str::to_owned);
        result.recovered = turn.recovered;
        Ran { plan, result, error }
    }

    fn try_on(
        &self,
        turn: &mut Turn<'_>,
        make: impl Fn(&Path) -> Result<Plan>,
        made: &mut Option<Plan>,
    ) -> Result<CidResult> {
        let path = turn.path;
        if self.dry_run {
            let plan = made.insert(make(path)?);
            let status = if plan.is_empty() { Status::Unchanged } else { Status::Planned };
            return Ok(CidResult::of_plan(plan, status));
        }
        let before = generation(path);
        // Nothing can be planned on what an interrupted change left, or on what another writer has not ended.
        if Writer::has_leftovers(path) {
            turn.take()?;
        }
        let plan = match make(path) {
            // What was read was perhaps half another writer's.
            Err(_) if Writer::has_leftovers(path) || generation(path) != before => {
                turn.take()?;
                make(path)?
            }
            plan => plan?,
        };
        let mut plan = &*made.insert(plan);
        if plan.is_empty() {
            return Ok(CidResult::of_plan(plan, Status::Unchanged));
        }
        if !plan.is_for_cid() {
            plan.apply()?;
            return Ok(CidResult::of_plan(plan, Status::Changed));
        }
        let writer = turn.take()?;
        match writer.apply(plan) {
            // Another writer was faster: what it left is what to start from.
            Err(error) if error.kind() == ErrorKind::Changed => {
                plan = made.insert(make(path)?);
                writer.apply(plan)?;
            }
            applied => _ = applied?,
        }
        let mut result = CidResult::of_plan(plan, Status::Changed);
        // While the next writer still waits.
        if let Some(options) = self.look {
            result.faults = verify(&Cid::open(path)?, options, Scope::Customer)?.faults;
        }
        if !result.faults.is_empty() {
            result.status = Status::Failed;
        }
        Ok(result)
    }
}

/// A writer's turn at a CID, from when it needs one to the end of its work.
struct Turn<'a> {
    path: &'a Path,
    lock: LockOptions,
    writer: Option<Writer>,
    recovered: Option<Recovered>,
}

impl Turn<'_> {
    /// Waits for it, and ends a change that was interrupted.
    fn take(&mut self) -> Result<&Writer> {
        if self.writer.is_none() {
            let writer = self.writer.insert(Writer::lock(self.path, self.lock)?);
            self.recovered = writer.recover(None)?;
        }
        Ok(self.writer.as_ref().expect("it was just taken"))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fs;

    use super::*;
    use crate::{DemoCid, refresh};

    #[test]
    fn a_writer_that_was_faster_is_no_obstacle() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ESXP");
        DemoCid::default().write(&path).unwrap();
        let options = RefreshOptions::default();
        let run = Run { dry_run: false, lock: LockOptions::default(), look: Some(&options) };
        fs::write(path.join("customer_ID.txt"), "Acme").unwrap();
        let plans = Cell::new(0);
        let ran = run.on(&path, |path| {
            let plan = refresh(&Cid::open(path)?, &options)?;
            if plans.replace(plans.get() + 1) == 0 {
                refresh(&Cid::open(path)?, &options)?.apply()?;
                fs::write(path.join("customer_ID.txt"), "Acme Sales").unwrap();
            }
            Ok(plan)
        });
        assert_eq!((ran.exit(), plans.get()), (Exit::Done, 2), "{:?}", ran.error);
        assert!(refresh(&Cid::open(&path).unwrap(), &options).unwrap().is_empty());
    }
}
