//! The change itself: whole, or taken back.
//!
//! Before anything is changed, the old file and a record of all else are on the disk beside it. A run that was interrupted is
//! taken back by the next one; one that was done can be taken back for as long as nothing of it was changed since.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::Endpoint;
use super::plan::{ClientPlan, Step};
use super::record::{ASIDE, BEFORE, Kept, Record};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::read_file;
use crate::base::replace::{patiently, write_file};
use crate::base::text::same_name;
use crate::envelopes::{ROUTER, ServiceAction, ServiceState, ServiceStep, ask};
use crate::mrinit::MAX_SIZE;
use crate::plan::digest;
use crate::router::{self, CheckState, ClientCheck, Expected, PARENT_ADDRESS};

/// How long each part may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// The set-up program.
    pub(crate) program: Duration,
    /// The service, to stop or to start.
    pub(crate) service: Duration,
    /// The registry, until it names the parent.
    pub(crate) parent: Duration,
}

/// The computer that is set up, and whoever looks on.
pub(crate) struct Host<'a> {
    /// The computer.
    pub(crate) endpoint: &'a dyn Endpoint,
    /// How long each part may take.
    pub(crate) bounds: Bounds,
    /// Whether somebody wants it to end: it is taken back then.
    pub(crate) is_ended: &'a dyn Fn() -> bool,
    /// Is told of each step that begins.
    pub(crate) tell: &'a dyn Fn(Step),
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DoneStatus {
    /// The computer reports to the relay now.
    Changed,
    /// It does not, and all is as it was.
    TakenBack,
    /// It does not, and not all could be put back.
    Half,
    /// An earlier change was taken back, as was asked for.
    Undone,
}

/// What was done.
#[derive(Debug, Serialize)]
pub(crate) struct Done {
    /// In one word.
    pub(crate) status: DoneStatus,
    /// Why it was taken back.
    pub(crate) why: Option<String>,
    /// What could not be put back, or is not as it should be, each as a sentence.
    pub(crate) faults: Vec<String>,
    /// What there is to say besides.
    pub(crate) notes: Vec<String>,
    /// What was asked of the router's service.
    pub(crate) service: Vec<ServiceStep>,
    /// The parent at the end; none where it cannot be read.
    pub(crate) parent: Option<ClientCheck>,
}

impl Done {
    fn new(status: DoneStatus) -> Self {
        Self { status, why: None, faults: Vec::new(), notes: Vec::new(), service: Vec::new(), parent: None }
    }
}

/// Whether an earlier run was interrupted in this folder.
///
/// # Errors
/// Its record cannot be read.
pub(crate) fn interrupted_run(folder: &Path) -> Result<bool> {
    Ok(Record::read(folder)?.is_some_and(|record| !record.done))
}

/// Carries a plan out. An interrupted run must have been taken back by [`undo`] before the plan was made.
///
/// # Errors
/// Nothing was changed: another run is at work, an interrupted one was left, or the folder cannot be written. What fails
/// later is told by the answer.
pub(crate) fn carry_out(plan: &ClientPlan, host: &Host<'_>) -> Result<Done> {
    let _lock = Lock::take(&plan.folder)?;
    if interrupted_run(&plan.folder)? {
        return Err(Error::new(ErrorKind::Journal, "an earlier run was interrupted here")
            .in_file(&plan.folder)
            .next("run this again, or take it back with --undo"));
    }
    let sets_up = plan.steps.contains(&Step::SetUp);
    let state = host.endpoint.services().state(ROUTER.name)?;
    if sets_up && state.is_none() {
        return Err(Error::new(ErrorKind::Service, text!("there is no service {}", format!("{:?}", ROUTER.display)))
            .next("install Remote Management System from its CID first"));
    }
    let ran = state.is_some_and(|state| state != ServiceState::Stopped);
    if fs::read(&plan.file).ok().as_deref() != Some(&plan.before) {
        return Err(Error::new(ErrorKind::Changed, "it was changed since it was looked at")
            .in_file(&plan.file)
            .next("run this again"));
    }
    let before = Kept::all(&host.endpoint.router()?);
    let file_name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut record = Record {
        done: false,
        expected: plan.expected.clone(),
        file: file_name(&plan.file),
        before: digest(&plan.before),
        after: digest(&plan.after),
        aside: plan.orig.as_ref().map(|orig| (file_name(orig), free_name(&plan.folder))),
        sets_up,
        ran,
        registry: before,
        registry_after: Vec::new(),
    };
    // From here on there is a way back.
    write_file(&plan.folder.join(BEFORE), &plan.before, true)?;
    record.write(&plan.folder)?;
    let mut done = Done::new(DoneStatus::Changed);
    let failed = go(plan, &record, host, &mut done).and_then(|()| {
        record.registry_after = Kept::all(&host.endpoint.router()?);
        record.done = true;
        record.write(&plan.folder)
    });
    if let Err(error) = failed {
        done.why = Some(error.to_string());
        done.status = DoneStatus::TakenBack;
        record.done = false;
        take_back(&plan.folder, &record, host, &mut done);
    } else if sets_up && !ran {
        done.notes.push(text!("the service \"Sophos Message Router\" did not run, and was not started").to_owned());
    }
    done.parent = parent(host, Some(&plan.expected())).ok();
    Ok(done)
}

/// The steps.
fn go(plan: &ClientPlan, record: &Record, host: &Host<'_>, done: &mut Done) -> Result<()> {
    for step in &plan.steps {
        if (host.is_ended)() {
            return Err(ended());
        }
        (host.tell)(*step);
        match step {
            Step::Write => write_file(&plan.file, &plan.after, true)?,
            Step::MoveAside => {
                if let Some((orig, aside)) = &record.aside {
                    rename(&plan.folder.join(orig), &plan.folder.join(aside))?;
                }
            }
            Step::SetUp => {
                let program = plan.program();
                let run = host.endpoint.run(&program, host.bounds.program);
                run.map_err(|error| error.next("run it by hand to see what it lacks"))?;
            }
            Step::Restart if record.ran => restart(host, done)?,
            Step::Restart => {}
            Step::Wait => wait(host, &plan.expected())?,
        }
    }
    Ok(())
}

fn ended() -> Error {
    Error::new(ErrorKind::Changed, "it was told to end")
}

/// Renames, and never onto something that is there.
fn rename(from: &Path, to: &Path) -> Result<()> {
    if to.symlink_metadata().is_ok() {
        return Err(Error::new(ErrorKind::Exists, "there is something of this name already")
            .in_file(to)
            .next("move it away"));
    }
    patiently(|| fs::rename(from, to))
        .map_err(|error| Error::io_of(&text!("cannot move it to {}", to.display()), from, error))
}

/// A name for a file that goes aside.
fn free_name(folder: &Path) -> String {
    let names = (1..).map(|number| if number == 1 { ASIDE.to_owned() } else { format!("{ASIDE}-{number}") });
    let is_free = |name: &String| folder.join(name).symlink_metadata().is_err();
    names.into_iter().find(is_free).unwrap_or_else(|| ASIDE.to_owned())
}

fn restart(host: &Host<'_>, done: &mut Done) -> Result<()> {
    for action in [ServiceAction::Stop, ServiceAction::Start] {
        let step = ask(host.endpoint.services(), action, ROUTER, host.bounds.service)?;
        let (ok, why) = (step.ok, step.why.clone());
        done.service.push(step);
        if !ok {
            let what = text!("the router does not {}: {}", action.name(), why.unwrap_or_default());
            return Err(Error::new(ErrorKind::Service, what));
        }
    }
    Ok(())
}

fn parent(host: &Host<'_>, expected: Option<&Expected>) -> Result<ClientCheck> {
    router::check(&host.endpoint.router()?, expected)
}

/// Looks at the registry until it names the parent, or the time is over.
fn wait(host: &Host<'_>, expected: &Expected) -> Result<()> {
    let begin = Instant::now();
    loop {
        let found = parent(host, Some(expected))?;
        if found.state == CheckState::Same {
            return Ok(());
        }
        if (host.is_ended)() {
            return Err(ended());
        }
        if begin.elapsed() >= host.bounds.parent {
            let lists: Vec<&str> = found.views.iter().filter_map(|view| view.parent_address.as_deref()).collect();
            let is = if lists.is_empty() { text!("missing").to_owned() } else { lists.join(text!(" and ")) };
            let seconds = host.bounds.parent.as_secs_f64();
            let what = text!(
                "after {seconds} s {PARENT_ADDRESS} is {is}, and not {list}",
                seconds = format!("{seconds:.0}"),
                PARENT_ADDRESS,
                is,
                list = expected.list
            );
            return Err(Error::new(ErrorKind::Program, what).next(
                "look at what else sets the router up: a .orig file, a policy, a program of software distribution",
            ));
        }
        host.endpoint.services().pause();
    }
}

/// Takes the last change in a folder back, or one that was interrupted.
///
/// # Errors
/// There is nothing to take back, it was changed since, or another run is at work. Nothing was changed then.
pub(crate) fn undo(folder: &Path, host: &Host<'_>) -> Result<Done> {
    let _lock = Lock::take(folder)?;
    let Some(record) = Record::read(folder)? else {
        return Err(Error::new(ErrorKind::Journal, "configcid has set nothing up here")
            .in_file(folder)
            .next("name the folder where Remote Management System is installed with --installed DIR"));
    };
    if record.done {
        let expected = Expected { list: record.expected.clone(), from: None, warnings: Vec::new() };
        let found = parent(host, Some(&expected))?;
        if record.sets_up && found.state != CheckState::Same {
            return Err(Error::new(
                ErrorKind::Changed,
                text!("{PARENT_ADDRESS} is no longer {expected}", PARENT_ADDRESS, expected = record.expected),
            )
            .next("it was set up otherwise since: see it with configcid client check"));
        }
    }
    let file = folder.join(&record.file);
    if !is_one_of(&file, &[&record.before, &record.after]) {
        return Err(Error::new(ErrorKind::Changed, "it is neither what it was before nor what configcid made of it")
            .in_file(&file)
            .next(text!("look at it; the old file is {BEFORE} beside it", BEFORE)));
    }
    let mut done = Done::new(DoneStatus::Undone);
    take_back(folder, &record, host, &mut done);
    if done.status == DoneStatus::TakenBack {
        done.status = DoneStatus::Undone;
    }
    done.parent = parent(host, None).ok();
    Ok(done)
}

fn is_one_of(file: &Path, digests: &[&String]) -> bool {
    read_file(file, MAX_SIZE).is_ok_and(|bytes| digests.contains(&&digest(&bytes)))
}

/// Puts everything back, as far as that can be; the record goes when all is as it was.
fn take_back(folder: &Path, record: &Record, host: &Host<'_>, done: &mut Done) {
    let mut faults = Vec::new();
    faults.extend(put_file_back(folder, record).err().map(|error| error.to_string()));
    if let Some((orig, aside)) = &record.aside {
        let (orig, aside) = (folder.join(orig), folder.join(aside));
        if aside.symlink_metadata().is_ok() {
            faults.extend(rename(&aside, &orig).err().map(|error| error.to_string()));
        }
    }
    let registry = put_registry_back(record, host);
    let is_registry_changed = !matches!(&registry, Ok(0));
    faults.extend(registry.err().map(|error| error.to_string()));
    // Whatever it has read meanwhile, it reads the old values now; and one that was stopped runs again.
    let state = host.endpoint.services().state(ROUTER.name).ok().flatten();
    let was_stopped = record.ran && state != Some(ServiceState::Running);
    if record.ran && record.sets_up && (is_registry_changed || was_stopped || !done.service.is_empty()) {
        faults.extend(restart(host, done).err().map(|error| error.to_string()));
    }
    if faults.is_empty() {
        done.status = DoneStatus::TakenBack;
        if let Err(error) = Record::remove(folder) {
            done.notes.push(text!("all is as it was, but for the record: {error}", error));
        }
    } else {
        done.status = DoneStatus::Half;
        done.faults = faults;
    }
}

fn put_file_back(folder: &Path, record: &Record) -> Result<()> {
    let file = folder.join(&record.file);
    if is_one_of(&file, &[&record.before]) {
        return Ok(());
    }
    let before = read_file(&folder.join(BEFORE), MAX_SIZE)?;
    if digest(&before) != record.before {
        return Err(Error::new(ErrorKind::Journal, "it is not the file that was kept")
            .in_file(&folder.join(BEFORE))
            .next("put the right mrinit.conf back by hand"));
    }
    if !is_one_of(&file, &[&record.after]) {
        return Err(Error::new(ErrorKind::Changed, "somebody else has changed it meanwhile")
            .in_file(&file)
            .next(text!("look at it; the old file is {BEFORE} beside it", BEFORE)));
    }
    write_file(&file, &before, true)
}

/// Gives each value of the router's key that the change has changed its old content. Gives how many there were.
fn put_registry_back(record: &Record, host: &Host<'_>) -> Result<usize> {
    let now = Kept::all(&host.endpoint.router()?);
    let mut names: Vec<&Kept> = Vec::new();
    for kept in record.registry.iter().chain(&now) {
        if !names.iter().any(|other| other.view() == kept.view() && same_name(&other.name, &kept.name)) {
            names.push(kept);
        }
    }
    let mut changed = 0;
    for kept in names {
        let (view, name) = (kept.view(), kept.name.as_str());
        let find = |all: &[Kept]| Kept::find(all, view, name).and_then(Kept::value);
        let (before, is) = (find(&record.registry), find(&now));
        // What others have changed since it was done is theirs.
        let is_ours = !record.done || (find(&record.registry_after) == is && before != is);
        if before != is && is_ours {
            host.endpoint.set(view, name, before.as_ref())?;
            changed += 1;
        }
    }
    Ok(changed)
}

/// The folder is one run's alone. The lock goes with its process.
struct Lock {
    path: PathBuf,
    file: Option<File>,
}

impl Lock {
    fn take(folder: &Path) -> Result<Self> {
        let path = folder.join(".configcid-client.lock");
        let cannot =
            |error| Error::io("lock the folder", folder, error).next("run this as an administrator of the computer");
        let file = File::options().write(true).create(true).truncate(false).open(&path).map_err(cannot)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path, file: Some(file) }),
            Err(TryLockError::WouldBlock) => {
                Err(Error::new(ErrorKind::Locked, "another run of configcid is setting this computer up")
                    .in_file(folder)
                    .next("wait until it is done"))
            }
            Err(TryLockError::Error(error)) => Err(cannot(error)),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Windows removes nothing that is open otherwise; elsewhere it must go while it is held.
        if cfg!(windows) {
            self.file = None;
        }
        let _ = fs::remove_file(&self.path);
    }
}
