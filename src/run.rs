//! One CID from start to end: what was interrupted is ended, a plan is made and carried out, and the result is looked
//! at. The command line and the C interface only translate to and from it.

use std::path::Path;

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::exit::Exit;
#[cfg(unix)]
use crate::base::files::identity;
use crate::catalogs::RefreshOptions;
use crate::catalogs::{Fault, verify_change};
use crate::cid::{Cid, LAST_CHANGE};
use crate::plan::{LockOptions, Plan, Recovered, Writer};

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

/// What became of a CID, as data; `report::CidResult` is a view of it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Ran {
    /// The CID, as it was named.
    pub cid: String,
    /// In one word.
    pub status: Status,
    /// The plan, unless none could be made.
    pub plan: Option<Plan>,
    /// An interrupted change that was ended before this one.
    pub recovered: Option<Recovered>,
    /// Whose lock was broken.
    pub broken_lock: Option<String>,
    /// Why the lock could not be given back, where that failed: it is in the next writer's way.
    pub lock_left: Option<String>,
    /// What a look at the result found wrong.
    pub faults: Vec<Fault>,
    /// Why it failed.
    pub error: Option<Error>,
    /// What it got before of the CID that it follows; `None` where it follows none, or that failed.
    pub followed: Option<Followed>,
    /// What became of the places that a fleet file has it published to, in their order.
    pub(crate) published: Vec<Published>,
}

/// What a place got, or would get, to which a fleet file has a CID published.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Published {
    /// The place, as the file has it.
    pub to: String,
    /// In one word; [`Left`](Status::Left) where the CID itself failed.
    pub status: Status,
    /// It was not there before.
    pub is_new: bool,
    /// Files of the payload that were, or would be, brought.
    pub files: usize,
    /// Their size.
    pub bytes: u64,
    /// Files that went, or would go.
    pub gone: usize,
    /// Likely mistakes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<crate::base::error_report::ErrorReport>,
    /// How that ended.
    #[serde(skip)]
    pub exit: Exit,
}

/// What a CID got, or would get, of the CID that it follows in a fleet file.
#[derive(Debug)]
#[non_exhaustive]
pub struct Followed {
    /// The CID that it follows, as the file has it.
    pub source: String,
    /// [`Unchanged`](Status::Unchanged), [`Planned`](Status::Planned) or [`Changed`](Status::Changed).
    pub status: Status,
    /// It was not there before.
    pub is_new: bool,
    /// Files of the payload that were, or would be, brought.
    pub files: usize,
    /// Their size.
    pub bytes: u64,
    /// Files that went, or would go.
    pub gone: usize,
    /// All that was, or would be, written.
    pub plan: Plan,
}

/// What became of a CID, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Nothing to do.
    Unchanged,
    /// A dry run: something would change.
    Planned,
    /// A fleet's CID that no plan has anything to do for, and that is not as the file says all the same: see `warnings`.
    Drifted,
    /// Done and verified.
    Changed,
    /// Nothing was changed; see `error`. Or, with `faults`, it was changed and is not as it should be.
    Failed,
    /// It was not begun: the run was stopped before.
    Left,
}

impl Status {
    /// The name, as the JSON output has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Planned => "planned",
            Self::Drifted => "drifted",
            Self::Changed => "changed",
            Self::Failed => "failed",
            Self::Left => "left",
        }
    }
}

impl Ran {
    /// A CID to which nothing was done, since that was refused.
    pub(crate) fn failed(path: &Path, error: Error) -> Self {
        Self {
            cid: path.to_string_lossy().into_owned(),
            status: Status::Failed,
            plan: None,
            recovered: None,
            broken_lock: None,
            lock_left: None,
            faults: Vec::new(),
            error: Some(error),
            followed: None,
            published: Vec::new(),
        }
    }

    /// How it ended.
    pub fn exit(&self) -> Exit {
        match &self.error {
            Some(error) => Exit::of(error.kind()),
            // It was changed: a look at the result found the faults.
            None if matches!(self.status, Status::Failed | Status::Drifted) => Exit::Faults,
            None => self
                .published
                .iter()
                .map(|published| published.exit)
                .find(|exit| *exit != Exit::Done)
                .unwrap_or(Exit::Done),
        }
    }

    /// The plan that was carried out, or would be in a dry run; `None` where it came to nothing.
    pub fn carried_out(&self) -> Option<&Plan> {
        self.plan.as_ref().filter(|_| self.error.is_none())
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
        let (status, faults, error) = match self.try_on(&mut turn, make, &mut plan) {
            Ok((status, faults)) => (status, faults, None),
            Err(error) => (Status::Failed, Vec::new(), Some(error)),
        };
        let cid = path.to_string_lossy().into_owned();
        let broken_lock = turn.writer.as_ref().and_then(Writer::broken).map(str::to_owned);
        let lock_left = turn.writer.and_then(|writer| writer.release().err()).map(|error| error.to_string());
        let recovered = turn.recovered;
        let published = Vec::new();
        Ran { cid, status, plan, recovered, broken_lock, lock_left, faults, error, followed: None, published }
    }

    fn try_on(
        &self,
        turn: &mut Turn<'_>,
        make: impl Fn(&Path) -> Result<Plan>,
        made: &mut Option<Plan>,
    ) -> Result<(Status, Vec<Fault>)> {
        let path = turn.path;
        if self.dry_run {
            let plan = made.insert(make(path)?);
            let status = if plan.is_empty() { Status::Unchanged } else { Status::Planned };
            return Ok((status, Vec::new()));
        }
        // Nothing can be planned on what an interrupted change left, or on what another writer has not ended.
        if Writer::has_leftovers(path) {
            turn.take()?;
        }
        // A share's client has it of the listing just made.
        let before = last_change(path);
        let plan = match make(path) {
            // What was read was perhaps half another writer's.
            Err(_) if Writer::has_leftovers(path) || last_change(path) != before => {
                turn.take()?;
                make(path)?
            }
            plan => plan?,
        };
        let mut plan = made.insert(plan);
        if plan.is_empty() {
            return Ok((Status::Unchanged, Vec::new()));
        }
        if !plan.is_for_cid() {
            plan.apply()?;
            return Ok((Status::Changed, Vec::new()));
        }
        let writer = turn.take()?;
        match writer.carry_out(plan) {
            // Another writer was faster: what it left is what to start from.
            Err(error) if error.kind() == ErrorKind::Changed => {
                plan = made.insert(make(path)?);
                writer.carry_out(plan)?;
            }
            applied => _ = applied?,
        }
        if plan.is_empty() {
            return Ok((Status::Unchanged, Vec::new()));
        }
        // While the next writer still waits.
        let mut faults = match self.look {
            Some(options) => verify_change(&Cid::open(path)?, options, plan)?.faults,
            None => Vec::new(),
        };
        faults.retain(|fault| !plan.is_left(fault.catalog.as_ref(), fault.path.as_ref()));
        Ok((if faults.is_empty() { Status::Changed } else { Status::Failed }, faults))
    }
}

/// What tells one last change of a CID from another, without reading its record: each is a new file.
fn last_change(path: &Path) -> Option<impl PartialEq> {
    let metadata = path.join(LAST_CHANGE).symlink_metadata().ok()?;
    #[cfg(unix)]
    let identity = identity(&metadata);
    #[cfg(not(unix))]
    let identity = ();
    Some((metadata.len(), metadata.modified().ok(), identity))
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
