//! The C interface (feature `capi`): what an installer needs, for C, NSIS and Inno. `include/configcid.h` is made from
//! this file.
//!
//! Every function takes and gives plain pointers and numbers, catches panics, and may be called from any thread; calls
//! on one handle wait for each other. Texts are UTF-8, or UTF-16 in the functions that end in `_w`; a text that is
//! given out is the caller's, to be freed with [`configcid_free_text`] or [`configcid_free_text_w`].
//!
//! What makes a call safe is the same for all: a handle comes from [`configcid_open`] and is not closed yet, or is NULL;
//! a text ends in NUL and does not change during the call, or is NULL; a place to write to is as large as the call says.

#![allow(unsafe_code)]
#![allow(clippy::missing_safety_doc)] // It stands above, once.

use std::cell::RefCell;
use std::ffi::{CStr, CString, OsString, c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::exit::Exit;
use crate::catalogs::{ChecksumChoice, CommandFunction, Program, RefreshOptions, function, refresh};
use crate::catalogs::{Scope, verify};
use crate::plan::LockOptions;
use crate::report::{Answer, CidResult, ErrorReport, answer, count, fault_line, lock_lines, plan_lines};
use crate::run::Run;
use crate::{Cid, RelayAddress, RelaySetup, relay};

/// Done, or nothing to do. Status codes are the exit codes of the program.
pub const CONFIGCID_DONE: i32 = 0;
/// Something was wrong with the CID or the file system; nothing was changed.
pub const CONFIGCID_FAILED: i32 = 1;
/// An argument makes no sense.
pub const CONFIGCID_USAGE: i32 = 2;
/// Verifying found faults: the report has them all.
pub const CONFIGCID_FAULTS: i32 = 3;

/// Edit the root's mrinit.conf too: CIDs for Mac and Linux read only that one.
pub const CONFIGCID_EDIT_ROOT: u32 = 1;
/// Take ports and identity keys that have drifted from the root's mrinit.conf.
pub const CONFIGCID_FROM_ROOT: u32 = 2;
/// Report what would change, and write nothing.
pub const CONFIGCID_DRY_RUN: u32 = 4;
/// Go on where files of the vendor are damaged; their entries stay as they are.
pub const CONFIGCID_ACCEPT_DAMAGE: u32 = 8;
/// Go on where temporary files tell of an update in progress.
pub const CONFIGCID_ACCEPT_TEMPORARY: u32 = 16;
/// Take the lock of the CID from another writer, who is dead for sure.
pub const CONFIGCID_BREAK_LOCK: u32 = 32;

const REFRESH_FLAGS: u32 =
    CONFIGCID_DRY_RUN | CONFIGCID_ACCEPT_DAMAGE | CONFIGCID_ACCEPT_TEMPORARY | CONFIGCID_BREAK_LOCK;
const RELAY_FLAGS: u32 = REFRESH_FLAGS | CONFIGCID_EDIT_ROOT | CONFIGCID_FROM_ROOT;

/// A line for a log is information.
pub const CONFIGCID_LOG_INFO: i32 = 0;
/// A line for a log is a warning.
pub const CONFIGCID_LOG_WARNING: i32 = 1;
/// A line for a log is an error.
pub const CONFIGCID_LOG_ERROR: i32 = 2;

/// A unit of UTF-16; the header has the wide character for it on Windows.
#[allow(non_camel_case_types)]
pub type configcid_utf16 = u16;

/// Gets a line for a log: the context given to configcid_log(), one of CONFIGCID_LOG_..., and the line in UTF-8,
/// which is gone when the function returns. Calls with the same handle fail while it runs; it must not close the
/// handle, throw, or jump out.
#[allow(non_camel_case_types)]
pub type configcid_log_function = Option<unsafe extern "C" fn(context: *mut c_void, level: i32, line: *const c_char)>;

/// A CID that was opened, with the report and the error of the last call. Opaque.
#[allow(non_camel_case_types)]
pub struct configcid_cid {
    state: Mutex<State>,
}

impl std::fmt::Debug for configcid_cid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("configcid_cid").finish_non_exhaustive()
    }
}

struct State {
    path: PathBuf,
    options: RefreshOptions,
    timeout: Duration,
    lock: LockOptions,
    log: configcid_log_function,
    log_context: *mut c_void,
    report: String,
    error: String,
}

// SAFETY: the one field that is not Send by itself is the caller's log context, which is only handed back to the
// caller's own function; the header says that this may happen on any thread that calls.
unsafe impl Send for State {}

/// The number of a status.
type Status = i32;

impl State {
    fn new(path: PathBuf) -> Self {
        Self {
            path,
            options: RefreshOptions::default(),
            timeout: Duration::from_secs(600),
            lock: LockOptions::default(),
            log: None,
            log_context: ptr::null_mut(),
            report: String::new(),
            error: String::new(),
        }
    }

    fn log(&self, level: i32, line: &str) {
        if let (Some(log), Ok(line)) = (self.log, CString::new(line.replace('\0', " "))) {
            // SAFETY: the caller promised a function of this kind to configcid_log(); the line lives until it returns.
            unsafe {
                log(self.log_context, level, line.as_ptr());
            }
        }
    }

    fn fail(&mut self, command: &str, error: &Error) -> Status {
        #[derive(Serialize)]
        struct Body {
            error: ErrorReport,
        }
        let exit = Exit::of(error.kind());
        self.error = error.to_string();
        self.log(CONFIGCID_LOG_ERROR, &error.to_string());
        let body = Body { error: ErrorReport::new(error) };
        self.report = answer(&Answer { command, exit, body });
        exit as Status
    }

    /// Makes a plan and carries it out, or only makes it.
    fn write(
        &mut self,
        command: &str,
        flags: u32,
        make: impl Fn(&Path, &RefreshOptions) -> Result<crate::Plan>,
    ) -> Status {
        #[derive(Serialize)]
        struct Body {
            dry_run: bool,
            cids: [CidResult; 1],
        }
        let dry_run = flags & CONFIGCID_DRY_RUN != 0;
        let mut options = self.options.clone();
        options.accept_damage = flags & CONFIGCID_ACCEPT_DAMAGE != 0;
        options.accept_temporary = flags & CONFIGCID_ACCEPT_TEMPORARY != 0;
        let lock = LockOptions { break_lock: flags & CONFIGCID_BREAK_LOCK != 0, ..self.lock };
        let ran = Run { dry_run, lock, look: Some(&options) }.on(&self.path, |path| make(path, &options));
        let exit = ran.exit();
        lock_lines(&ran).iter().for_each(|line| self.log(CONFIGCID_LOG_WARNING, line));
        match (&ran.error, &ran.plan) {
            (Some(error), _) => {
                self.error = error.to_string();
                self.log(CONFIGCID_LOG_ERROR, &error.to_string());
            }
            (None, Some(plan)) => {
                plan_lines(plan).iter().for_each(|line| self.log(CONFIGCID_LOG_INFO, line));
                plan.warnings().iter().for_each(|line| self.log(CONFIGCID_LOG_WARNING, line));
            }
            (None, None) => {}
        }
        if let Some(fault) = ran.faults.first() {
            self.error = format!("the result is not as it should be: {}", fault_line(fault));
            self.log(CONFIGCID_LOG_ERROR, &self.error);
        }
        self.report = answer(&Answer { command, exit, body: Body { dry_run, cids: [CidResult::of(&ran)] } });
        exit as Status
    }

    fn relay_set(&mut self, ip: Option<&str>, fqdn: Option<&str>, netbios: Option<&str>, flags: u32) -> Status {
        const COMMAND: &str = "relay set";
        let given = |part: Option<&str>| part.filter(|part| !part.is_empty()).map(str::to_owned);
        let address = check_flags(flags, RELAY_FLAGS)
            .and_then(|()| RelayAddress::new(given(ip).as_deref(), given(fqdn).as_deref(), given(netbios).as_deref()));
        let address = match address {
            Ok(address) => address,
            Err(error) => return self.fail(COMMAND, &error),
        };
        self.write(COMMAND, flags, |path, options| {
            let mut setup = RelaySetup::new(address.clone());
            setup.edit_root = flags & CONFIGCID_EDIT_ROOT != 0;
            setup.from_root = flags & CONFIGCID_FROM_ROOT != 0;
            setup.refresh = options.clone();
            relay::set(&Cid::open(path)?, &setup)
        })
    }

    fn verify(&mut self) -> Status {
        const COMMAND: &str = "catalog verify";
        #[derive(Serialize)]
        struct Body {
            cids: [Verified; 1],
        }
        #[derive(Serialize)]
        struct Verified {
            cid: String,
            #[serde(flatten)]
            report: crate::VerifyReport,
        }
        match Cid::open_to_look(&self.path).and_then(|cid| verify(&cid, &self.options, Scope::Everything)) {
            Err(error) => self.fail(COMMAND, &error),
            Ok(report) => {
                let exit = if report.faults.is_empty() { Exit::Done } else { Exit::Faults };
                report.faults.iter().for_each(|fault| self.log(CONFIGCID_LOG_WARNING, &fault_line(fault)));
                if let Some(first) = report.faults.first() {
                    self.error =
                        format!("{} found; {}", count(report.faults.len(), "fault", "faults"), fault_line(first));
                }
                let cid = self.path.to_string_lossy().into_owned();
                self.report =
                    answer(&Answer { command: COMMAND, exit, body: Body { cids: [Verified { cid, report }] } });
                exit as Status
            }
        }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let seconds = || {
            let seconds = value.parse().map(Duration::from_secs);
            seconds.map_err(|_| usage(format!("{value:?} is no number of seconds for {name}")))
        };
        match name {
            "checksum" => {
                self.options.checksum = ChecksumChoice::Use(function(value)?);
            }
            "checksum-command" => {
                self.options.checksum = ChecksumChoice::Also(Arc::new(CommandFunction::new(value, self.timeout)?));
            }
            "refresh-with" => {
                self.options.program = Some(Program::parse(value.as_ref(), self.timeout)?);
            }
            "program-arg" | "program-copy" | "in-place" | "temp" => self.set_of_program(name, value)?,
            "check" => self.options.check_all = one_of(name, value, ["sample", "all"])?,
            "unlist-own" => self.options.unlist_own = one_of(name, value, NO_YES)?,
            "customer-file" => self.options.customer_files.add(value)?,
            "program-timeout" => match seconds()? {
                Duration::ZERO => return Err(usage(format!("{name} is 1 or more"))),
                timeout => self.timeout = timeout,
            },
            "wait" => self.lock.wait = seconds()?,
            _ => return Err(usage(format!("there is no option {name:?}"))),
        }
        Ok(())
    }

    /// Sets an option of the program that was set before it.
    fn set_of_program(&mut self, name: &str, value: &str) -> Result<()> {
        let Some(program) = &mut self.options.program else {
            return Err(usage(format!("{name} is of a program: set \"refresh-with\" before it")));
        };
        match name {
            "program-arg" => program.args.push(value.to_owned()),
            "program-copy" => program.whole_copy = one_of(name, value, ["needed", "whole"])?,
            "in-place" => program.in_place = one_of(name, value, NO_YES)?,
            _ => program.temp = Some(value.into()),
        }
        Ok(())
    }
}

const NO_YES: [&str; 2] = ["no", "yes"];

/// Whether `value` is the second of the two that there are.
fn one_of(name: &str, value: &str, [no, yes]: [&str; 2]) -> Result<bool> {
    match value {
        value if value == yes => Ok(true),
        value if value == no => Ok(false),
        _ => Err(usage(format!("{name} is {no:?} or {yes:?}, not {value:?}"))),
    }
}

fn usage(what: String) -> Error {
    Error::new(ErrorKind::Usage, what)
}

fn check_flags(flags: u32, allowed: u32) -> Result<()> {
    match flags & !allowed {
        0 => Ok(()),
        unknown => Err(usage(format!("the flags hold {unknown}, which means nothing to this call"))),
    }
}

/// Runs `call` on the state behind a handle; nothing unwinds out of it.
fn on(cid: *const configcid_cid, call: impl FnOnce(&mut State) -> Status) -> Status {
    // SAFETY: the caller gives a handle from configcid_open() that is not closed yet, or NULL.
    let Some(cid) = (unsafe { cid.as_ref() }) else { return CONFIGCID_USAGE };
    let Some(_inside) = Inside::enter(cid) else { return CONFIGCID_USAGE };
    let mut state = cid.state.lock().unwrap_or_else(PoisonError::into_inner);
    state.error.clear();
    state.report.clear();
    guard(&mut state, call)
}

/// Makes of a panic a status and an error.
fn guard(state: &mut State, call: impl FnOnce(&mut State) -> Status) -> Status {
    catch_unwind(AssertUnwindSafe(|| call(state))).unwrap_or_else(|_| {
        state.error = "internal error: the call was broken off".to_owned();
        CONFIGCID_FAILED
    })
}

thread_local! {
    /// The handles that calls on this thread are at work on: a log function that called back would wait for itself.
    static AT_WORK: RefCell<Vec<*const configcid_cid>> = const { RefCell::new(Vec::new()) };
}

/// As long as it lives, its thread is at work on a handle.
struct Inside;

impl Inside {
    /// `None` where the thread is at work on it already.
    fn enter(cid: &configcid_cid) -> Option<Self> {
        AT_WORK.with_borrow_mut(|handles| {
            let cid = ptr::from_ref(cid);
            let inside = handles.contains(&cid);
            (!inside).then(|| {
                handles.push(cid);
                Self
            })
        })
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        AT_WORK.with_borrow_mut(|handles| handles.pop());
    }
}

/// A text that C gave, in either encoding.
trait Text {
    /// The text; `None` for NULL.
    fn text(self) -> Result<Option<String>>;
    /// The text as a path.
    fn path(self) -> Result<Option<PathBuf>>;
}

impl Text for *const c_char {
    fn text(self) -> Result<Option<String>> {
        let bytes = bytes(self);
        let text = bytes.map(|bytes| String::from_utf8(bytes.to_vec())).transpose();
        text.map_err(|_| usage("a text is not UTF-8".to_owned()))
    }

    fn path(self) -> Result<Option<PathBuf>> {
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt;
            Ok(bytes(self).map(|bytes| std::ffi::OsStr::from_bytes(bytes).into()))
        }
        #[cfg(not(unix))]
        Ok(self.text()?.map(PathBuf::from))
    }
}

impl Text for *const u16 {
    fn text(self) -> Result<Option<String>> {
        let text = units(self).map(String::from_utf16).transpose();
        text.map_err(|_| usage("a text is not UTF-16".to_owned()))
    }

    fn path(self) -> Result<Option<PathBuf>> {
        #[cfg(windows)]
        {
            use std::os::windows::ffi::OsStringExt;
            Ok(units(self).map(|units| OsString::from_wide(units).into()))
        }
        #[cfg(not(windows))]
        Ok(self.text()?.map(|text| OsString::from(text).into()))
    }
}

fn bytes<'a>(text: *const c_char) -> Option<&'a [u8]> {
    // SAFETY: the caller gives a text that ends in NUL and stays as it is during the call, or NULL.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_bytes())
}

fn units<'a>(text: *const u16) -> Option<&'a [u16]> {
    if text.is_null() {
        return None;
    }
    // SAFETY: the caller gives a text that ends in NUL and stays as it is during the call.
    unsafe {
        let length = (0..).take_while(|&index| *text.add(index) != 0).count();
        Some(std::slice::from_raw_parts(text, length))
    }
}

fn give(text: &str) -> *mut c_char {
    CString::new(text.replace('\0', " ")).map_or(ptr::null_mut(), CString::into_raw)
}

fn give_w(text: &str) -> *mut u16 {
    let units: Box<[u16]> = text.encode_utf16().map(|unit| if unit == 0 { 0x20 } else { unit }).chain([0]).collect();
    Box::into_raw(units).cast()
}

fn open(path: impl Text, out: *mut *mut configcid_cid) -> Status {
    if out.is_null() {
        return CONFIGCID_USAGE;
    }
    let mut state = State::new(PathBuf::new());
    let status = guard(&mut state, |state| {
        let opened = path.path().and_then(|path| {
            state.path = path.ok_or_else(|| usage("the path is NULL".to_owned()))?;
            Cid::open(&state.path)
        });
        match opened {
            Ok(_) => CONFIGCID_DONE,
            Err(error) => state.fail("open", &error),
        }
    });
    let handle = Box::into_raw(Box::new(configcid_cid { state: Mutex::new(state) }));
    // SAFETY: the caller gives a place for a pointer; NULL was refused above.
    unsafe {
        *out = handle;
    }
    status
}

fn relay_set<T: Text>(cid: *mut configcid_cid, ip: T, fqdn: T, netbios: T, flags: u32) -> Status {
    on(cid, |state| {
        let texts = || Ok((ip.text()?, fqdn.text()?, netbios.text()?));
        match texts() {
            Ok((ip, fqdn, netbios)) => state.relay_set(ip.as_deref(), fqdn.as_deref(), netbios.as_deref(), flags),
            Err(error) => state.fail("relay set", &error),
        }
    })
}

fn set<T: Text>(cid: *mut configcid_cid, name: T, value: T) -> Status {
    on(cid, |state| {
        let set = || {
            let null = || usage("a text is NULL".to_owned());
            let (name, value) = (name.text()?.ok_or_else(null)?, value.text()?.ok_or_else(null)?);
            state.set(&name, &value)
        };
        match set() {
            Ok(()) => CONFIGCID_DONE,
            Err(error) => state.fail("set", &error),
        }
    })
}

/// Reads a text of the state without ending it.
fn read(cid: *const configcid_cid, which: impl FnOnce(&State) -> &str) -> String {
    // SAFETY: the caller gives a handle from configcid_open() that is not closed yet, or NULL.
    let Some(cid) = (unsafe { cid.as_ref() }) else { return String::new() };
    let Some(_inside) = Inside::enter(cid) else { return String::new() };
    which(&cid.state.lock().unwrap_or_else(PoisonError::into_inner)).to_owned()
}

/// The version of the library, such as 0.1.0. It is not to be freed.
#[unsafe(no_mangle)]
pub extern "C" fn configcid_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// Opens the CID at a path. `*cid` becomes a handle in any case, also where the status is not CONFIGCID_DONE, so that
/// the error can be read; it is to be closed with configcid_close().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn configcid_open(path: *const c_char, cid: *mut *mut configcid_cid) -> i32 {
    open(path, cid)
}

/// As configcid_open(), in UTF-16.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn configcid_open_w(path: *const configcid_utf16, cid: *mut *mut configcid_cid) -> i32 {
    open(path, cid)
}

/// Closes a handle; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn configcid_close(cid: *mut configcid_cid) {
    if !cid.is_null() {
        // SAFETY: the handle came from configcid_open(), which made it from a box, and is closed once.
        drop(unsafe { Box::from_raw(cid) });
    }
}

/// Lets a function have lines for a log, on the thread of each call and never two at a time; NULL for none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn configcid_log(
    cid: *mut configcid_cid,
    function: configcid_log_function,
    context: *mut c_void,
) -> i32 {
    on(cid, |state| {
        state.log = function;
        state.log_context = context;
        CONFIGCID_DONE
    })
}

/// Sets an option for the calls to come: "checksum" (a name, a definition, or a file that holds one), "checksum-command", "refresh-with" (a
/// program), "program-timeout" (seconds; for programs set after it), for the program set before them "program-arg" (one more),
/// "program-copy" ("needed" or "whole"), "temp" (a folder) and "in-place" ("no" or "yes"), "check" ("sample" or "all"),
/// "unlist-own" ("no" or "yes"), "customer-file" (one more name), "wait" (seconds for another writer).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn configcid_set(cid: *mut configcid_cid, name: *const c_char, value: *const c_char) -> i32 {
    set(cid, name, value)
}

/// As configcid_set(), in UTF-16.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn configcid_set_w(
    cid: *mut configcid_cid,
    name: *const configcid_utf16,
    value: *const configcid_utf16,
) -> i32 {
    set(cid, name, value)
}

/// Lets the endpoints of the CID report to a relay. NULL and the empty text stand for a part of the address that is
/// not given; one of them must be. `flags` is 0 or any of CONFIGCID_EDIT_ROOT to CONFIGCID_BREAK_LOCK, added.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn configcid_relay_set(
    cid: *mut configcid_cid,
    ip: *const c_char,
    fqdn: *const c_char,
    netbios: *const c_char,
    flags: u32,
) -> i32 {
    relay_set(cid, ip, fqdn, netbios, flags)
}

/// As configcid_relay_set(), in UTF-16.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn configcid_relay_set_w(
    cid: *mut configcid_cid,
    ip: *const configcid_utf16,
    fqdn: *const configcid_utf16,
    netbios: *const configcid_utf16,
    flags: u32,
) -> i32 {
    relay_set(cid, ip, fqdn, netbios, flags)
}

/// Brings the catalogs of the CID in line with the customer's files. `flags` are 0, CONFIGCID_DRY_RUN,
/// CONFIGCID_ACCEPT_DAMAGE, CONFIGCID_ACCEPT_TEMPORARY, CONFIGCID_BREAK_LOCK.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn configcid_refresh(cid: *mut configcid_cid, flags: u32) -> i32 {
    on(cid, |state| match check_flags(flags, REFRESH_FLAGS) {
        Ok(()) => state.write("refresh", flags, |path, options| refresh(&Cid::open(path)?, options)),
        Err(error) => state.fail("refresh", &error),
    })
}

/// Checks all files of the CID against its catalogs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn configcid_verify(cid: *mut configcid_cid) -> i32 {
    on(cid, State::verify)
}

/// The report of the last call as JSON, in the shape of the program's --json; empty where it has none. To be freed
/// with configcid_free_text().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn configcid_report(cid: *const configcid_cid) -> *mut c_char {
    give(&read(cid, |state| &state.report))
}

/// As configcid_report(), in UTF-16; to be freed with configcid_free_text_w().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn configcid_report_w(cid: *const configcid_cid) -> *mut configcid_utf16 {
    give_w(&read(cid, |state| &state.report))
}

/// What was wrong in the last call, as a sentence; empty where nothing was. To be freed with configcid_free_text().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn configcid_error(cid: *const configcid_cid) -> *mut c_char {
    give(&read(cid, |state| &state.error))
}

/// As configcid_error(), in UTF-16; to be freed with configcid_free_text_w().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn configcid_error_w(cid: *const configcid_cid) -> *mut configcid_utf16 {
    give_w(&read(cid, |state| &state.error))
}

/// Frees a text that a function gave; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn configcid_free_text(text: *mut c_char) {
    if !text.is_null() {
        // SAFETY: the text came from give() and is freed once.
        drop(unsafe { CString::from_raw(text) });
    }
}

/// Frees a text in UTF-16 that a function gave; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn configcid_free_text_w(text: *mut configcid_utf16) {
    if let Some(units) = units(text) {
        let length = units.len() + 1;
        // SAFETY: the text came from give_w(), as a boxed slice of this length, NUL included, and is freed once.
        drop(unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(text, length)) });
    }
}

/// Relay set-up in one call, for installers: opens the CID, does what configcid_relay_set_w() does, and closes it. A
/// message of at most `capacity` units, NUL included, is put into `message`, which may be NULL: the error, or what was
/// done.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn configcid_set_up_relay_w(
    path: *const configcid_utf16,
    ip: *const configcid_utf16,
    fqdn: *const configcid_utf16,
    netbios: *const configcid_utf16,
    flags: u32,
    message: *mut configcid_utf16,
    capacity: usize,
) -> i32 {
    let mut cid = ptr::null_mut();
    let mut status = open(path, &mut cid);
    if status == CONFIGCID_DONE {
        status = relay_set(cid, ip, fqdn, netbios, flags);
    }
    let text = match status {
        CONFIGCID_DONE if flags & CONFIGCID_DRY_RUN != 0 => "Nothing was written: this was a dry run.".to_owned(),
        CONFIGCID_DONE => "The endpoints of this CID report to the relay.".to_owned(),
        _ => read(cid, |state| &state.error),
    };
    // SAFETY: the handle is that of open(), and is closed here once.
    unsafe { configcid_close(cid) };
    if !message.is_null() && capacity > 0 {
        let mut units: Vec<u16> = text.encode_utf16().take(capacity - 1).collect();
        // No half of a pair at the end.
        units.pop_if(|unit| (0xD800..0xDC00).contains(unit));
        units.push(0);
        // SAFETY: the caller gives room for `capacity` units, and there are no more of these.
        unsafe { ptr::copy_nonoverlapping(units.as_ptr(), message, units.len()) };
    }
    status
}

#[cfg(test)]
mod tests;
