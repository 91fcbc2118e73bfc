//! What reaches the terminal: tame, colored only there, and quiet where asked.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::base::language::said;
use crate::report::{Answer, ErrorReport, Tone, safe};
use crate::{Error, Exit, report};
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use serde::Serialize;

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const DOUBTFUL: Style = AnsiColor::Yellow.on_default();
const STRONG: Style = Style::new().bold();

/// Why the output cannot be written, of which whoever reads it learns nothing else.
static FAILED: Mutex<Option<io::Error>> = Mutex::new(None);

/// Remembers why something could not be printed. A reader that has gone is no error: `configcid ... | head`. Gives
/// whether anybody still reads.
pub(super) fn printed(result: io::Result<()>) -> bool {
    let Err(error) = result else { return true };
    if error.kind() != ErrorKind::BrokenPipe {
        FAILED.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
    false
}

/// Ends the run: what could not be printed makes a failure of it, however it ended.
pub(super) fn end(exit: Exit) -> Exit {
    printed(io::stdout().flush());
    match FAILED.lock().unwrap_or_else(PoisonError::into_inner).take() {
        None => exit,
        Some(error) => {
            let error = Error::io("write all of it", Path::new(text!("standard output")), error);
            let _ = writeln!(io::stderr(), "{} {error}", said("error:"));
            Exit::Failed
        }
    }
}

/// Prints text as it is, now. Gives whether anybody still reads.
pub(super) fn print(text: &str) -> bool {
    let mut stdout = io::stdout();
    printed(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
}

/// When to color.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Where output goes, and how much of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Out {
    pub json: bool,
    pub quiet: bool,
    pub verbose: bool,
    pub color: Color,
}

impl Out {
    fn choice(self) -> ColorChoice {
        match self.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        }
    }

    /// A line for people.
    fn put(self, style: Style, text: &str) {
        if !self.json && !self.quiet {
            let mut stdout = AutoStream::new(io::stdout(), self.choice());
            printed(writeln!(stdout, "{style}{}{style:#}", safe(said(text))));
        }
    }

    pub(super) fn line(self, text: impl AsRef<str>) {
        self.put(Style::new(), text.as_ref());
    }

    pub(super) fn heading(self, text: impl AsRef<str>) {
        self.put(STRONG, text.as_ref());
    }

    pub(super) fn good(self, text: impl AsRef<str>) {
        self.put(GOOD, text.as_ref());
    }

    /// A document that was asked for, as it is and however quiet; it may be on its way into a file.
    pub(super) fn document(self, text: &str) {
        print(text);
    }

    /// A line only for those who asked for more.
    pub(super) fn detail(self, text: impl AsRef<str>) {
        if self.verbose {
            self.line(text);
        }
    }

    /// A fault that a command was asked to look for: part of its answer.
    pub(super) fn fault(self, text: impl AsRef<str>) {
        self.put(BAD, text.as_ref());
    }

    /// What is perhaps a fault.
    pub(super) fn doubtful(self, text: impl AsRef<str>) {
        self.put(DOUBTFUL, text.as_ref());
    }

    /// Lines, each as it is meant.
    pub(super) fn toned(self, lines: impl IntoIterator<Item = (Tone, String)>) {
        for (tone, line) in lines {
            match tone {
                Tone::Plain => self.line(line),
                Tone::Heading => self.heading(line),
                Tone::Good => self.good(line),
                Tone::Doubtful => self.doubtful(line),
                Tone::Bad => self.fault(line),
            }
        }
    }

    /// A line of a unified diff, or of [`report::plan_lines`].
    pub(super) fn change(self, line: &str) {
        let begins = |verb: &str| line.starts_with(said(verb));
        let style = if begins("Adding") || (line.starts_with('+') && !line.starts_with("+++")) {
            GOOD
        } else if begins("Removing") || (line.starts_with('-') && !line.starts_with("---")) {
            BAD
        } else if begins("Updating") {
            DOUBTFUL
        } else {
            Style::new()
        };
        self.put(style, line);
    }

    /// The diff of a plan.
    pub(super) fn diffs(self, plan: &crate::Plan) {
        if !self.json && !self.quiet {
            plan.changes().iter().flat_map(|change| lines(report::diff(change))).for_each(|line| self.change(&line));
        }
    }

    pub(super) fn warning(self, text: &str) {
        if !self.json {
            let _ = writeln!(self.stderr(), "{DOUBTFUL}{}{DOUBTFUL:#} {}", said("warning:"), safe(said(text)));
        }
    }

    pub(super) fn error(self, error: &Error) {
        self.failure(&error.to_string());
    }

    /// An error that was put into words already.
    pub(super) fn failure(self, error: &str) {
        let _ = writeln!(self.stderr(), "{BAD}{}{BAD:#} {error}", said("error:"));
    }

    fn stderr(self) -> AutoStream<io::Stderr> {
        AutoStream::new(io::stderr(), self.choice())
    }

    /// How far something has come, on a terminal alone.
    pub(super) fn progress(self, text: &str) {
        if !self.json && !self.quiet && io::stderr().is_terminal() {
            let _ = write!(io::stderr(), "\r{}\x1b[K", safe(text));
        }
    }

    /// The whole answer as JSON.
    pub(super) fn answer(self, command: &str, exit: Exit, body: impl Serialize) {
        self.put_json(|| report::answer(&Answer { command, exit, body }));
    }

    /// An error that ends the run.
    pub(super) fn fail(self, command: &str, error: &Error) -> Exit {
        self.end(command, error, report::answer)
    }

    /// The same for a command that answers in lines.
    pub(super) fn fail_in_line(self, command: &str, error: &Error) -> Exit {
        self.end(command, error, report::answer_line)
    }

    fn end(self, command: &str, error: &Error, print: fn(&Answer<'_, ErrorBody>) -> String) -> Exit {
        let exit = Exit::of(error.kind());
        self.error(error);
        self.put_json(|| print(&Answer { command, exit, body: ErrorBody { error: ErrorReport::new(error) } }));
        exit
    }

    /// An error that was told already, as the answer.
    pub(super) fn answer_error(self, command: &str, error: &Error) {
        self.answer(command, Exit::of(error.kind()), ErrorBody { error: ErrorReport::new(error) });
    }

    fn put_json(self, text: impl FnOnce() -> String) {
        if self.json {
            printed(writeln!(io::stdout(), "{}", text()));
        }
    }
}

#[derive(Serialize)]
struct ErrorBody {
    error: ErrorReport,
}

fn lines(text: String) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}
