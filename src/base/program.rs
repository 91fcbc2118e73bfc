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

/// Runs a program to its end, within `timeout`, and gives what it wrote to standard output. All three streams are
/// files: nothing waits for a program, or for one that it left behind, to read or close them.
pub(crate) fn run(mut command: Command, program: &Path, stdin: Stdio, timeout: Duration) -> Result<Vec<u8>> {
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
    let status = wait(&child, timeout, &[&stdout, &stderr]).map_err(|error| error.in_file(program))?;
    running.disarm();
    let read = |file: &mut File| {
        let mut bytes = Vec::new();
        file.rewind().and_then(|()| file.take(MAX_OUTPUT).read_to_end(&mut bytes)).map(|_| bytes)
    };
    let output = read(&mut stdout).map_err(|error| cannot("read its output", error))?;
    if status.success() {
        return Ok(output);
    }
    let said = read(&mut stderr).unwrap_or_default();
    Err(failure(status, &said, &output).in_file(program))
}

fn failure(status: ExitStatus, stderr: &[u8], stdout: &[u8]) -> Error {
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

fn wait(child: &Mutex<Child>, timeout: Duration, outputs: &[&File]) -> Result<ExitStatus> {
    let stop = |what: String| {
        Err(Error::new(ErrorKind::Program, what)
            .next("nothing was changed; run the program by hand to see what it does"))
    };
    let begin = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        match held(child).try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) => {}
            Err(error) => return stop(format!("cannot wait for the program: {error}")),
        }
        if begin.elapsed() >= timeout {
            return stop(format!("the program did not end within {} seconds and was stopped", timeout.as_secs_f32()));
        }
        if outputs.iter().any(|file| file.metadata().is_ok_and(|metadata| metadata.len() > MAX_OUTPUT)) {
            return stop("the program printed without end and was stopped".to_owned());
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// Ends a program and, where the system has groups of processes, all that it started.
fn kill(child: &mut Child) {
    #[cfg(unix)]
    let _ = rustix::process::kill_process_group(rustix::process::Pid::from_child(child), rustix::process::Signal::KILL);
    let _ = child.kill();
    let _ = child.wait();
}
