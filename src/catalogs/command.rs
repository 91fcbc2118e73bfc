//! Programs that the user brings, run with bounds: a checksum function as a command.

use std::io::{self, Read, Seek};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::pool::{Gate, processors};
use crate::base::program::run;
use crate::catalog::{Checksum, ChecksumFunction};

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
        // Files are read many at a time; programs are at work on this computer.
        static RUNNING: Gate = Gate::new();
        let output = RUNNING.pass(processors(), 1, || run(command, program, stdin.into(), self.timeout))?;
        let text = String::from_utf8_lossy(&output);
        let text = text.trim();
        let hex = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        hex.then(|| u32::from_str_radix(text, 16).ok()).flatten().map(Checksum).ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            Error::new(
                ErrorKind::Program,
                text!("it printed {shown} where eight hex digits were expected", shown = format!("{shown:?}")),
            )
            .in_file(program)
            .next("a checksum command reads the bytes on standard input and prints their checksum, such as 1a2b3c4d")
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
    let usage = |what: &str| {
        Err(Error::new(ErrorKind::Usage, text!("the command {line} {what}", line = format!("{line:?}"), what)))
    };
    match words.first() {
        _ if quote.is_some() => usage(text!("has a quote that is not closed")),
        None => usage(text!("names no program")),
        Some(program) if program.is_empty() => usage(text!("names no program")),
        Some(_) => Ok(words),
    }
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
