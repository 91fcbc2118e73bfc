//! Programs that are run with bounds, in time and in what they print.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::cleanup::Cleanup;
use super::error::{Error, ErrorKind, Result};

/// More output than this ends a program.
const MAX_OUTPUT: u64 = 16 << 20;

/// How a program ended, and what it wrote.
pub(crate) struct Ran {
    pub status: ExitStatus,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Ran {
    /// What it said, line by line: what it wrote to standard output, and then to standard error.
    pub(crate) fn said(&self) -> Vec<String> {
        let text = [&self.stdout, &self.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let lines = text.iter().flat_map(|text| text.lines()).map(str::trim_end);
        lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }
}

/// Runs a program to its end, within `timeout`, and gives what it wrote to standard output.
pub(crate) fn run(command: Command, program: &Path, stdin: Stdio, timeout: Duration) -> Result<Vec<u8>> {
    let (ran, stopped) = run_with(command, program, stdin, timeout, None)?;
    match stopped {
        Some(what) => Err(stop_error(what).in_file(program)),
        None if ran.status.success() => Ok(ran.stdout),
        None => Err(failure(&ran).in_file(program)),
    }
}

/// The error for a program that was stopped.
pub(crate) fn stop_error(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Program, what).next("nothing was changed; run the program by hand to see what it does")
}

/// Runs a program to its end, however it ends; why it was stopped, where it did not end within `timeout` for example, stands
/// beside. Where this process is killed, the program is ended too, with all that it started: it may write to what others come
/// to next.
pub(crate) fn run_to_end(
    command: Command,
    program: &Path,
    stdin: Stdio,
    timeout: Duration,
) -> Result<(Ran, Option<String>)> {
    run_with(command, program, stdin, timeout, Watchdog::new())
}

/// All three streams are files: nothing waits for a program, or for one that it left behind, to read or close them.
fn run_with(
    mut command: Command,
    program: &Path,
    stdin: Stdio,
    timeout: Duration,
    watchdog: Option<Watchdog>,
) -> Result<(Ran, Option<String>)> {
    let cannot = |doing: &str, error| Error::io(doing, program, error);
    let stream = || -> io::Result<(File, File)> {
        let file = tempfile::tempfile()?;
        let other = file.try_clone()?;
        Ok((file, other))
    };
    let (mut stdout, child_stdout) = stream().map_err(|error| cannot("make a temporary file", error))?;
    let (mut stderr, child_stderr) = stream().map_err(|error| cannot("make a temporary file", error))?;
    command.stdin(stdin).stdout(child_stdout).stderr(child_stderr);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let running: Arc<Mutex<Running>> = Arc::default();
    // Whoever ends this process does not want the program to go on, nor to be started just then: the guard is there before.
    let guard = Cleanup::new({
        let running = Arc::clone(&running);
        move || held(&running).stop()
    });
    {
        let mut running = held(&running);
        if running.is_stopped {
            return Err(stop_error("it was not begun, since configcid is ending").in_file(program));
        }
        let child = command.spawn().map_err(|error| {
            cannot("run it", error).next("check the program's path; it is looked for as a shell would")
        })?;
        running.watched = watchdog.and_then(|watchdog| watchdog.watch(&child));
        running.child = Some(child);
    }
    let waited = wait(&running, timeout, &[&stdout, &stderr]);
    let (status, stopped) = match waited {
        Ok(status) => {
            // What it left running could write to what is judged next.
            held(&running).end_rest();
            guard.disarm();
            (status, None)
        }
        Err(what) => {
            drop(guard);
            (status_of(&running).map_err(|error| cannot("wait for it", error))?, Some(what))
        }
    };
    held(&running).watched = None;
    let read = |file: &mut File| {
        let mut bytes = Vec::new();
        file.rewind().and_then(|()| file.take(MAX_OUTPUT).read_to_end(&mut bytes)).map(|_| bytes)
    };
    let stdout = read(&mut stdout).map_err(|error| cannot("read its output", error))?;
    Ok((Ran { status, stdout, stderr: read(&mut stderr).unwrap_or_default() }, stopped))
}

/// What ends a program where this process is killed, once it watches one.
#[cfg(windows)]
type Watched = super::job::Job;
#[cfg(unix)]
type Watched = Watchdog;

/// Ends a program where this process is killed, which can end nothing then. Windows has jobs for this.
#[cfg(windows)]
struct Watchdog;

#[cfg(windows)]
impl Watchdog {
    fn new() -> Option<Self> {
        Some(Self)
    }

    fn watch(self, program: &Child) -> Option<Watched> {
        Watched::of(program)
    }
}

/// Ends a program where this process is killed, which can end nothing then: a shell, which waits for the end of a pipe that
/// this process alone holds open, and then kills the group of the program.
#[cfg(unix)]
struct Watchdog(Child);

#[cfg(unix)]
impl Watchdog {
    /// `None` where there is no shell.
    fn new() -> Option<Self> {
        const WATCH: &str = "read -r group && { read -r _; kill -KILL \"-$group\"; }";
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", WATCH]).current_dir("/").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // It outlives what a terminal sends to all of this group.
        std::os::unix::process::CommandExt::process_group(&mut shell, 0);
        shell.spawn().ok().map(Self)
    }

    fn watch(mut self, program: &Child) -> Option<Self> {
        let pipe = self.0.stdin.as_mut()?;
        std::io::Write::write_all(pipe, format!("{}\n", program.id()).as_bytes()).ok()?;
        Some(self)
    }
}

#[cfg(unix)]
impl Drop for Watchdog {
    /// The pipe is closed after this, and nobody is there any more who would see it.
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn failure(Ran { status, stdout, stderr }: &Ran) -> Error {
    let last_line = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty());
        line.map(|line| line.chars().take(200).collect::<String>())
    };
    let said = last_line(stderr)
        .or_else(|| last_line(stdout))
        .map_or_else(String::new, |line| text!(", saying {line}", line = format!("{line:?}")));
    Error::new(ErrorKind::Program, text!("the program failed ({status}){said}", status, said))
        .next("nothing was changed; run the program by hand to see what it lacks")
}

/// A program, from before its start.
#[derive(Default)]
struct Running {
    child: Option<Child>,
    watched: Option<Watched>,
    /// It is not to be started any more.
    is_stopped: bool,
}

impl Running {
    /// Ends the program and all that it started.
    fn stop(&mut self) {
        self.is_stopped = true;
        // Without a job it has to be there, so that what it started is found by it.
        #[cfg(windows)]
        if let Some(child) = self.child.as_ref().filter(|_| self.watched.is_none()) {
            let mut taskkill = Command::new("taskkill");
            taskkill.args(["/T", "/F", "/PID", &child.id().to_string()]);
            let _ = taskkill.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        }
        self.end_rest();
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Ends what the program started, which may have ended itself: what is in its group, and on Windows in its job.
    fn end_rest(&mut self) {
        #[cfg(unix)]
        if let Some(child) = &self.child {
            use rustix::process::{Pid, Signal, kill_process_group};
            let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
        }
        #[cfg(windows)]
        if let Some(job) = self.watched.take() {
            job.end();
        }
    }
}

fn held(running: &Mutex<Running>) -> MutexGuard<'_, Running> {
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

fn status_of(running: &Mutex<Running>) -> io::Result<ExitStatus> {
    match &mut held(running).child {
        Some(child) => child.wait(),
        None => Err(io::ErrorKind::NotFound.into()),
    }
}

/// Waits for the end of a program; or says why it is to be stopped.
fn wait(running: &Mutex<Running>, timeout: Duration, outputs: &[&File]) -> Result<ExitStatus, String> {
    let begin = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        let ended = held(running).child.as_mut().map(Child::try_wait);
        match ended.unwrap_or(Ok(None)) {
            Ok(Some(status)) => return Ok(status),
            Ok(None) => {}
            Err(error) => return Err(text!("cannot wait for the program: {error}", error)),
        }
        if begin.elapsed() >= timeout {
            return Err(text!("the program did not end within {} seconds and was stopped", timeout.as_secs_f32()));
        }
        if outputs.iter().any(|file| file.metadata().is_ok_and(|metadata| metadata.len() > MAX_OUTPUT)) {
            return Err(text!("the program printed without end and was stopped").to_owned());
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}
