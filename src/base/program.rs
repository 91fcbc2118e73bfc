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
    let (ran, stopped) = run_to_end(command, program, stdin, timeout)?;
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
/// beside. All three streams are files: nothing waits for a program, or for one that it left behind, to read or close them.
pub(crate) fn run_to_end(
    mut command: Command,
    program: &Path,
    stdin: Stdio,
    timeout: Duration,
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
    let child = command
        .spawn()
        .map_err(|error| cannot("run it", error).next("check the program's path; it is looked for as a shell would"))?;
    let child = Arc::new(Mutex::new(child));
    // Whoever ends this process does not want the program to go on.
    let running = Cleanup::new({
        let child = Arc::clone(&child);
        move || kill(&mut held(&child))
    });
    let (status, stopped) = match wait(&child, timeout, &[&stdout, &stderr]) {
        Ok(status) => {
            running.disarm();
            (status, None)
        }
        Err(what) => {
            drop(running);
            (held(&child).wait().map_err(|error| cannot("wait for it", error))?, Some(what))
        }
    };
    let read = |file: &mut File| {
        let mut bytes = Vec::new();
        file.rewind().and_then(|()| file.take(MAX_OUTPUT).read_to_end(&mut bytes)).map(|_| bytes)
    };
    let stdout = read(&mut stdout).map_err(|error| cannot("read its output", error))?;
    Ok((Ran { status, stdout, stderr: read(&mut stderr).unwrap_or_default() }, stopped))
}

fn failure(Ran { status, stdout, stderr }: &Ran) -> Error {
    let last_line = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty());
        line.map(|line| line.chars().take(200).collect::<String>())
    };
    let said =
        last_line(stderr).or_else(|| last_line(stdout)).map_or_else(String::new, |line| format!(", saying {line:?}"));
    Error::new(ErrorKind::Program, format!("the program failed ({status}){said}"))
        .next("nothing was changed; run the program by hand to see what it lacks")
}

fn held(child: &Mutex<Child>) -> MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for the end of a program; or says why it is to be stopped.
fn wait(child: &Mutex<Child>, timeout: Duration, outputs: &[&File]) -> Result<ExitStatus, String> {
    let begin = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        match held(child).try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) => {}
            Err(error) => return Err(format!("cannot wait for the program: {error}")),
        }
        if begin.elapsed() >= timeout {
            return Err(format!("the program did not end within {} seconds and was stopped", timeout.as_secs_f32()));
        }
        if outputs.iter().any(|file| file.metadata().is_ok_and(|metadata| metadata.len() > MAX_OUTPUT)) {
            return Err("the program printed without end and was stopped".to_owned());
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// Ends a program and all that it started.
fn kill(child: &mut Child) {
    #[cfg(windows)]
    {
        let mut taskkill = Command::new("taskkill");
        taskkill.args(["/T", "/F", "/PID", &child.id().to_string()]);
        let _ = taskkill.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
    #[cfg(unix)]
    let _ = rustix::process::kill_process_group(rustix::process::Pid::from_child(child), rustix::process::Signal::KILL);
    let _ = child.kill();
    let _ = child.wait();
}
