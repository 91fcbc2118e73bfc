//! One CID from start to end: what was interrupted is ended, a plan is made and carried out, and the result is looked
//! at. The command line and the C interface only translate to and from it.

use std::path::Path;
use std::time::Instant;

use crate::cid::Cid;
use crate::error::{Error, ErrorKind, Result};
use crate::exit::Exit;
use crate::plan::{LockOptions, Plan, Recovered, Writer};
use crate::refresh::RefreshOptions;
use crate::report::{CidResult, Status};
use crate::verify::{Scope, verify};

/// How to run.
#[derive(Clone, Copy)]
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
            None if self.result.status == Status::Failed => Exit::Failed,
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
        let mut recovered = None;
        let mut plan = None;
        let result = self.try_on(path, make, &mut recovered, &mut plan);
        let (mut result, error) = match result {
            Ok(result) => (result, None),
            Err(error) => (CidResult::of_error(path, &error), Some(error)),
        };
        result.recovered = recovered;
        Ran { plan, result, error }
    }

    fn try_on(
        &self,
        path: &Path,
        make: impl Fn(&Path) -> Result<Plan>,
        recovered: &mut Option<Recovered>,
        made: &mut Option<Plan>,
    ) -> Result<CidResult> {
        *recovered = self.recover(path)?;
        let started = Instant::now();
        let mut tries = 0;
        let (plan, applied) = loop {
            let plan = &*made.insert(make(path)?);
            if plan.is_empty() {
                return Ok(CidResult::of_plan(plan, Status::Unchanged));
            }
            if self.dry_run {
                return Ok(CidResult::of_plan(plan, Status::Planned));
            }
            tries += 1;
            match plan.apply_with(self.lock) {
                // Another writer was faster: what it left is what to start from. Of many that try, one gets on.
                Err(error)
                    if error.kind() == ErrorKind::Changed && (tries < 2 || started.elapsed() < self.lock.wait) =>
                {
                    *recovered = self.recover(path)?.or_else(|| recovered.take());
                }
                applied => break (plan, applied?),
            }
        };
        let mut result = CidResult::of_plan(plan, Status::Changed);
        result.broken_lock = applied.broken_lock;
        if let Some(options) = self.look {
            result.faults = verify(&Cid::open(path)?, options, Scope::Customer)?.faults;
        }
        if !result.faults.is_empty() {
            result.status = Status::Failed;
        }
        Ok(result)
    }

    /// Ends a change that was interrupted: nothing can be planned on what it left.
    fn recover(&self, path: &Path) -> Result<Option<Recovered>> {
        if self.dry_run || !Writer::needs_recovery(path) {
            return Ok(None);
        }
        Writer::lock(path, self.lock)?.recover(None)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fs;
    use std::time::Duration;

    use super::*;
    use crate::{DemoCid, refresh};

    #[test]
    fn writers_that_were_faster_are_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ESXP");
        DemoCid::default().write(&path).unwrap();
        let options = RefreshOptions::default();
        for (others, wait, exit) in [(1, 0, Exit::Done), (5, 60, Exit::Done), (2, 0, Exit::Failed)] {
            let lock = LockOptions { wait: Duration::from_secs(wait), ..LockOptions::default() };
            let run = Run { dry_run: false, lock, look: Some(&options) };
            let left = Cell::new(others);
            let customer_id = path.join("customer_ID.txt");
            fs::write(&customer_id, format!("{others} {wait}")).unwrap();
            let ran = run.on(&path, |path| {
                let plan = refresh(&Cid::open(path)?, &options)?;
                if left.get() > 0 {
                    fs::write(&customer_id, format!("{others} {wait} {}", left.get())).unwrap();
                    let faster = refresh(&Cid::open(path)?, &options)?;
                    faster.apply()?;
                    fs::write(&customer_id, format!("{others} {wait} {} once more", left.get())).unwrap();
                }
                left.set(left.get() - 1);
                Ok(plan)
            });
            assert_eq!(ran.exit(), exit, "{others} others, {wait} s: {:?}", ran.error);
        }
    }
}
