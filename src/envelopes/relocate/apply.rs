//! The move itself: whole, or taken back; where it was interrupted, doing it again goes on.
//!
//! A record in the new folder says where the messages came from and what the registry said, from before anything is
//! changed until the move is taken back.

use std::fs;
use std::io::ErrorKind as IoErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::super::carry::{Carried, carry, remove_parts};
use super::super::restart::{ServiceAction, ServiceStep, ask};
use super::super::rules::ROUTER;
use super::super::scan;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::read_file;
use crate::base::replace::write_file;
use crate::host::live;
use crate::host::services::{ServiceState, Services};
use crate::registry::Value;
use crate::router::{ENVELOPE_DIR, RegistryView};

/// The record's name, in the new folder.
pub(crate) const RECORD: &str = ".configcid-move.json";

/// No record is larger, in bytes.
const MAX_RECORD: u64 = 1 << 20;

/// Where `EnvelopeDir` is kept: on Windows in the registry, in tests elsewhere.
pub(crate) trait EnvelopeDir {
    /// The value; `None` where none is set.
    ///
    /// # Errors
    /// It cannot be read.
    fn get(&self) -> Result<Option<Value>>;

    /// Sets the value, or takes it away.
    ///
    /// # Errors
    /// It cannot be written.
    fn set(&self, value: Option<&Value>) -> Result<()>;
}

/// `EnvelopeDir` in a view of this computer's registry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LiveEnvelopeDir(pub RegistryView);

impl EnvelopeDir for LiveEnvelopeDir {
    fn get(&self) -> Result<Option<Value>> {
        let (key, wow) = self.0.live();
        Ok(live::read(&key, wow, &[ENVELOPE_DIR])?.and_then(|values| values.into_iter().next()).map(|(_, value)| value))
    }

    fn set(&self, value: Option<&Value>) -> Result<()> {
        let (key, wow) = self.0.live();
        match value {
            Some(value) => live::set(&key, wow, &[(ENVELOPE_DIR, value.clone())]),
            None => live::remove(&key, wow, ENVELOPE_DIR).map(drop),
        }
    }
}

/// The computer that a move is on.
pub(crate) struct MoveHost<'a> {
    /// Its services.
    pub services: &'a dyn Services,
    /// Its `EnvelopeDir`.
    pub setting: &'a dyn EnvelopeDir,
    /// How long the router may take to stop or to start.
    pub bound: Duration,
    /// Is told how many messages have been moved.
    pub progress: &'a dyn Fn(u64),
}

impl std::fmt::Debug for MoveHost<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MoveHost").field("bound", &self.bound).finish_non_exhaustive()
    }
}

/// What a move did, or taking it back.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub(crate) struct Moved {
    /// Where the messages were.
    pub from: PathBuf,
    /// Where they are.
    pub to: PathBuf,
    /// How many files were moved.
    pub moved: u64,
    /// Their names are taken there by something else: they stay.
    pub taken: Vec<String>,
    /// Folders and links, which stay.
    pub left: Vec<String>,
    /// Whether an interrupted move was gone on with.
    pub resumed: bool,
    /// What was asked of the router.
    pub router: Vec<ServiceStep>,
    /// Whether a look at the result found everything as it should be.
    pub ok: bool,
    /// What it found, each as a sentence.
    pub faults: Vec<String>,
}

/// What the record says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    from: PathBuf,
    /// `EnvelopeDir` before, and whether it was one with variables.
    before: Option<(String, bool)>,
    /// Whether the new folder was made for it.
    made: bool,
    /// Whether the router ran.
    ran: bool,
    done: bool,
}

impl Record {
    fn read(to: &Path) -> Result<Option<Self>> {
        let path = to.join(RECORD);
        if path.symlink_metadata().is_err_and(|error| error.kind() == IoErrorKind::NotFound) {
            return Ok(None);
        }
        let bytes = read_file(&path, MAX_RECORD)?;
        serde_json::from_slice(&bytes).map(Some).map_err(|error| {
            Error::new(ErrorKind::Journal, text!("the record of a move cannot be read: {error}", error))
                .in_file(&path)
                .next("move the messages back by hand, and remove the record")
        })
    }

    fn write(&self, to: &Path) -> Result<()> {
        let bytes = serde_json::to_vec_pretty(self).expect("a record is plain data");
        write_file(&to.join(RECORD), &bytes, true)
    }

    fn value(&self) -> Option<Value> {
        self.before.clone().map(|(text, expands)| if expands { Value::ExpandString(text) } else { Value::String(text) })
    }
}

/// Moves the folder `from` to `to`, and everything that has to do with it. What fails is taken back at once.
///
/// # Errors
/// The router is not there or does not stop; `to` holds something else; the registry or a file refuses. Everything is as
/// it was then, unless the error says otherwise.
pub(crate) fn move_folder(from: &Path, to: &Path, host: &MoveHost<'_>) -> Result<Moved> {
    let record = Record::read(to)?;
    let resumed = record.is_some();
    let from = record.as_ref().map_or_else(|| from.to_owned(), |record| record.from.clone());
    if record.as_ref().is_some_and(|record| record.done) {
        return Err(Error::new(ErrorKind::Exists, text!("the messages of {} were moved here already", from.display()))
            .in_file(to)
            .next("--undo takes that back"));
    }
    if !from.is_dir() {
        return Err(Error::new(ErrorKind::Io, "there is no such Envelopes folder")
            .in_file(&from)
            .next("name the present one with --from"));
    }
    let there = record.is_none() && check_empty(to)?;
    clean([&from, to])?;
    let mut router = vec![stop(host)?];
    let ran = router[0].before == Some(ServiceState::Running) || record.as_ref().is_some_and(|record| record.ran);
    let mut record = match record {
        Some(record) => record,
        None => match begin(&from, to, host, !there, ran) {
            Ok(record) => record,
            Err(error) => {
                if !there {
                    let _ = fs::remove_dir(to);
                }
                return Err(after(error, host, ran));
            }
        },
    };
    let mut moved = Moved::new(&from, to);
    moved.resumed = resumed;
    let value = Value::String(to.to_string_lossy().into_owned());
    let done = host.setting.set(Some(&value)).and_then(|()| carry_all(&from, to, host, &mut moved));
    if let Err(error) = done {
        return match take_back(to, &record, host) {
            Ok(_) => Err(after(error, host, ran)),
            Err(second) => Err(second.next(text!(
                "the move failed ({error}) and could not be taken back; run it again to go on, or with --undo",
                error
            ))),
        };
    }
    record.done = true;
    // Whatever is wrong with these, the messages are there, and the router is to run.
    let written = record.write(to);
    moved.look(host, Some(&value), &from);
    start(host, ran, &mut router)?;
    moved.end(router);
    if let Err(error) = written {
        moved.fault(text!(
            "the record of the move could not be written, without which --undo may not find its way: {error}",
            error
        ));
    }
    Ok(moved)
}

/// Takes a move to the folder `to` back, whether it was done or interrupted.
///
/// # Errors
/// There is no record of a move in the folder, or as [`move_folder`].
pub(crate) fn undo_move(to: &Path, host: &MoveHost<'_>) -> Result<Moved> {
    let Some(record) = Record::read(to)? else {
        return Err(Error::new(ErrorKind::Journal, "no messages were moved to this folder by configcid")
            .in_file(to)
            .next("name the folder that they were moved to"));
    };
    clean([&record.from, to])?;
    let mut router = vec![stop(host)?];
    let ran = router[0].before == Some(ServiceState::Running) || record.ran;
    let mut moved = match take_back(to, &record, host) {
        Ok(moved) => moved,
        Err(error) => {
            // Where it reads its messages now, it can work.
            let error = error.next("the move is not taken back whole; run this again to go on");
            return Err(match start(host, ran, &mut router) {
                Ok(()) if router.iter().all(|step| step.ok) => error,
                _ => error.next("the router does not run: start its service"),
            });
        }
    };
    moved.look(host, record.value().as_ref(), to);
    start(host, ran, &mut router)?;
    moved.end(router);
    Ok(moved)
}

impl Moved {
    fn new(from: &Path, to: &Path) -> Self {
        Self {
            from: from.to_owned(),
            to: to.to_owned(),
            moved: 0,
            taken: Vec::new(),
            left: Vec::new(),
            resumed: false,
            router: Vec::new(),
            ok: true,
            faults: Vec::new(),
        }
    }

    fn fault(&mut self, fault: String) {
        self.faults.push(fault);
        self.ok = false;
    }

    /// Looks at what was just done.
    fn look(&mut self, host: &MoveHost<'_>, set: Option<&Value>, emptied: &Path) {
        match host.setting.get() {
            Ok(value) if value.as_ref() == set => {}
            Ok(_) => self.faults.push(text!("{ENVELOPE_DIR} is not what was set", ENVELOPE_DIR)),
            Err(error) => self.faults.push(text!("{ENVELOPE_DIR} cannot be looked at: {error}", ENVELOPE_DIR, error)),
        }
        match if emptied.exists() { scan::count(emptied).map(|counted| counted.messages) } else { Ok(0) } {
            Ok(0) => {}
            Ok(still) => {
                self.faults.push(text!("{still} messages are in {emptied} still", still, emptied = emptied.display()))
            }
            Err(error) => self.faults.push(error.to_string()),
        }
    }

    fn end(&mut self, router: Vec<ServiceStep>) {
        for step in router.iter().filter(|step| !step.ok) {
            self.faults.push(text!("the router: {}", step.why.as_deref().unwrap_or(text!("it does not run"))));
        }
        self.router = router;
        self.ok = self.faults.is_empty();
    }
}

/// Removes what an interrupted move, this way or the other, left unfinished. Before anything else: what refuses then has
/// changed nothing.
fn clean(folders: [&Path; 2]) -> Result<()> {
    folders.into_iter().filter(|folder| folder.is_dir()).try_for_each(remove_parts)
}

/// Whether the new folder is there, which it may be as long as it is empty.
fn check_empty(to: &Path) -> Result<bool> {
    match fs::read_dir(to).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(true),
        Ok(false) => Err(Error::new(ErrorKind::Exists, "the new folder is not empty")
            .in_file(to)
            .next("name a folder that is empty, or not there yet")),
        Err(error) if error.kind() == IoErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::io("list the new folder", to, error)),
    }
}

/// Gives the folder `to` the permissions of the folder `from`.
fn copy_permissions(from: &Path, to: &Path) -> std::io::Result<()> {
    #[cfg(windows)]
    return crate::host::windows::copy_permissions(from, to);
    #[cfg(not(windows))]
    fs::set_permissions(to, fs::metadata(from)?.permissions())
}

/// Makes the folder, and writes the record.
fn begin(from: &Path, to: &Path, host: &MoveHost<'_>, make: bool, ran: bool) -> Result<Record> {
    let before = match host.setting.get()? {
        None => None,
        Some(Value::String(text)) => Some((text, false)),
        Some(Value::ExpandString(text)) => Some((text, true)),
        Some(value) => {
            return Err(Error::new(
                ErrorKind::RegistryFormat,
                text!("{ENVELOPE_DIR} is {value}, and no string", ENVELOPE_DIR, value),
            )
            .next("set it to a string, or remove it"));
        }
    };
    if make {
        fs::create_dir_all(to).map_err(|error| Error::io("make the new folder", to, error))?;
    }
    copy_permissions(from, to)
        .map_err(|error| Error::io("give the new folder the permissions of the old one", to, error))?;
    let record = Record { from: from.to_owned(), before, made: make, ran, done: false };
    record.write(to)?;
    Ok(record)
}

/// Moves every file of a folder to another, but for what is configcid's own.
fn carry_all(from: &Path, to: &Path, host: &MoveHost<'_>, moved: &mut Moved) -> Result<()> {
    /// So often is progress told.
    const EVERY: u64 = 500;
    /// No more names are told.
    const MAX_NAMES: usize = 20;
    let cannot = |error| Error::io("list the folder", from, error);
    for entry in fs::read_dir(from).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        let name = entry.file_name();
        let shown = name.to_string_lossy().into_owned();
        if shown == RECORD {
            continue;
        }
        if !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            if moved.left.len() < MAX_NAMES {
                moved.left.push(shown);
            }
            continue;
        }
        match carry(&entry.path(), &to.join(&name))? {
            Carried::Moved => moved.moved += 1,
            Carried::Gone => {}
            Carried::Taken if moved.taken.len() < MAX_NAMES => moved.taken.push(shown),
            Carried::Taken => {}
        }
        if moved.moved.is_multiple_of(EVERY) {
            (host.progress)(moved.moved);
        }
    }
    Ok(())
}

/// Brings everything back, the record last.
fn take_back(to: &Path, record: &Record, host: &MoveHost<'_>) -> Result<Moved> {
    let mut moved = Moved::new(to, &record.from);
    fs::create_dir_all(&record.from).map_err(|error| Error::io("make the folder", &record.from, error))?;
    carry_all(to, &record.from, host, &mut moved)?;
    host.setting.set(record.value().as_ref())?;
    let path = to.join(RECORD);
    fs::remove_file(&path).map_err(|error| Error::io("remove the record", &path, error))?;
    if record.made {
        // It stays where something else is in it.
        let _ = fs::remove_dir(to);
    }
    Ok(moved)
}

fn stop(host: &MoveHost<'_>) -> Result<ServiceStep> {
    let step = ask(host.services, ServiceAction::Stop, ROUTER, host.bound)?;
    if step.before.is_none() {
        return Err(Error::new(ErrorKind::Service, text!("there is no service {}", format!("{:?}", ROUTER.display)))
            .next("run this on the router's computer"));
    }
    if !step.ok {
        return Err(Error::new(
            ErrorKind::Service,
            text!("the router does not stop: {}", step.why.as_deref().unwrap_or_default()),
        )
        .next("nothing was changed; look at the service, and run this again"));
    }
    Ok(step)
}

/// The error of a move that was taken back, once the router is to run again.
fn after(error: Error, host: &MoveHost<'_>, ran: bool) -> Error {
    let mut router = Vec::new();
    match start(host, ran, &mut router) {
        Ok(()) if router.iter().all(|step| step.ok) => error,
        _ => error.next("everything else is as it was, but the router does not run: start its service"),
    }
}

fn start(host: &MoveHost<'_>, ran: bool, router: &mut Vec<ServiceStep>) -> Result<()> {
    if ran {
        router.push(ask(host.services, ServiceAction::Start, ROUTER, host.bound)?);
    }
    Ok(())
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
