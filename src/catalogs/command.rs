//! Programs that the user brings, run with bounds: a checksum function as a command.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::base::cleanup::Cleanup;
use crate::base::error::{Error, ErrorKind, Result};
use crate::catalog::{Checksum, ChecksumFunction};

/// More output than this ends a program.
const MAX_OUTPUT: u64 = 16 << 20;

/// A checksum function that is a command: it gets the bytes on standard input and prints eight hex digits.
///
/// ```no_run
/// use std::time::Duration;
/// use configcid::catalog::ChecksumFunction;
/// use configcid::catalogs::CommandFunction;
///
/// let function = CommandFunction::new("/usr/local/bin/cidsum --fast", Duration::from_secs(60))?;
/// println!("{}", function.of_bytes(b"abc")?);
/// # Ok::<(), configcid::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct CommandFunction {
    line: String,
    words: Vec<String>,
    timeout: Duration,
}

impl CommandFunction {
    /// `line` is the program and its arguments, separated by blanks; quotes of either kind hold a word with blanks
    /// together; a backslash is a backslash. Each run may take `timeout`.
    ///
    /// # Errors
    /// There is no program, or a quote is not closed.
    pub fn new(line: &str, timeout: Duration) -> Result<Self> {
        Ok(Self { line: line.to_owned(), words: split_command(line)?, timeout })
    }
}

impl ChecksumFunction for CommandFunction {
    fn name(&self) -> &str {
        &self.line
    }

    fn of(&self, input: &mut dyn Read) -> Result<Checksum> {
        let program = Path::new(&self.words[0]);
        let mut stdin = tempfile::tempfile().map_err(|error| Error::io("make a temporary file", program, error))?;
        let copied = io::copy(input, &mut stdin).and_then(|_| stdin.rewind());
        copied.map_err(|error| Error::io("copy its input", program, error))?;
        let mut command = Command::new(program);
        command.args(&self.words[1..]);
        let output = run(command, program, stdin.into(), self.timeout)?;
        let text = String::from_utf8_lossy(&output);
        let text = text.trim();
        let hex = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        hex.then(|| u32::from_str_radix(text, 16).ok()).flatten().map(Checksum).ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            Error::new(ErrorKind::Program, format!("it printed {shown:?} where eight hex digits were expected"))
                .in_file(program)
                .next(
                    "a checksum command reads the bytes on standard input and prints their checksum, such as 1a2b3c4d",
                )
        })
    }
}

/// A command line's words.
pub(crate) fn split_command(line: &str) -> Result<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ' | '\t') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    let usage = |what: &str| Err(Error::new(ErrorKind::Usage, format!("the command {line:?} {what}")));
    match words.first() {
        _ if quote.is_some() => usage("has a quote that is not closed"),
        None => usage("names no program"),
        Some(program) if program.is_empty() => usage("names no program"),
        Some(_) => Ok(words),
    }
}

/// Runs a program to its end, within `timeout`, and gives what it wrote to standard output. All three streams are
/// files: nothing waits for a program, or for one that it left behind, to read or close them.
pub(super) fn run(mut command: Command, program: &Path, stdin: Stdio, timeout: Duration) -> Result<Vec<u8>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_like_a_person_reads() {
        let words = |line: &str| split_command(line).unwrap();
        assert_eq!(words("sum -a"), ["sum", "-a"]);
        assert_eq!(words(r#"  "C:\Program Files\sum.exe"   'a b' "" "#), [r"C:\Program Files\sum.exe", "a b", ""]);
        assert_eq!(words(r#"a"b c"d"#), ["ab cd"]);
        for bad in ["", "  ", "\"a", "'a", "\"\" x"] {
            assert!(split_command(bad).is_err(), "{bad:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_command_is_bounded_and_believed_only_in_its_form() {
        let of = |line: &str| CommandFunction::new(line, Duration::from_millis(500)).unwrap().of_bytes(b"abc");
        assert_eq!(of("sh -c 'cat >/dev/null; echo 0A1b2c3d'").unwrap(), Checksum(0x0A1B_2C3D));
        for (line, said) in [
            ("sh -c 'echo 123'", "eight hex digits"),
            ("sh -c 'echo +1234567'", "eight hex digits"),
            ("sh -c 'echo oh no >&2; exit 3'", "oh no"),
            ("sh -c 'sleep 60'", "did not end"),
            ("sh -c 'sleep 60 & wait'", "did not end"),
            ("sh -c 'yes'", "without end"),
            ("/nowhere/at/all", "cannot run it"),
        ] {
            let error = of(line).unwrap_err().to_string();
            assert!(
                error.contains(said) || (said == "without end" && error.contains("did not end")),
                "{line}: {error}"
            );
        }
    }
}
