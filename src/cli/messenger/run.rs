//! `configcid messenger run`: what runs at logon.

use std::io::{BufRead, Read};
use std::path::PathBuf;
use std::time::SystemTime;

use crate::messenger::{
    HttpSender, Lost, Message, MessageFile, MessageSeverity, State, Store, Turn, Words, disabled_here, disabled_in,
    evaluate, fill, refused_here,
};
use crate::registry::RegFile;
use crate::{Error, ErrorKind, Exit, Result};
use clap::Args;
use serde::Serialize;

use super::flags::{At, Lang, ProfileFlags, ReportFlags, Source, StateFlags};
use super::shared::{LostReport, RefusalReport, Shown, end, send, setting, tell_lost};
use crate::cli::flags::path;
use crate::cli::out::{self, Out};

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    profile: ProfileFlags,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    language: Lang,
    /// How to show them; by default on the terminal
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Read the Disable switches from this exported file, instead of the registry of this computer
    #[arg(long, value_name = "FILE", value_parser = path())]
    reg: Option<PathBuf>,
    #[command(flatten)]
    state: StateFlags,
    #[command(flatten)]
    report: ReportFlags,
}

/// How to show messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// In a window, on Windows
    Window,
    /// On the terminal, with a prompt
    Terminal,
    /// As JSON, for another program to show
    Json,
}

const COMMAND: &str = "messenger run";
/// The longest answer at a prompt that is read.
const MAX_ANSWER: u64 = 4096;
/// How often the prompt asks again.
const MAX_QUESTIONS: usize = 3;

pub(super) fn run(args: &RunArgs, out: Out) -> Exit {
    let out = Out { json: out.json || args.format == Some(Format::Json), ..out };
    let done = match args.format {
        Some(Format::Window) if !cfg!(windows) => Err(no_window()),
        Some(Format::Window) if out.json => Err(Error::usage("--json and --format window exclude each other")),
        _ => show(args, out),
    };
    end(COMMAND, done, out)
}

fn no_window() -> Error {
    Error::usage("only a Windows has such windows; use --format terminal")
}

#[derive(Serialize, Default)]
struct Body<'a> {
    /// The switch that turns the messenger off.
    disabled: Option<String>,
    /// Why no message at all is shown here.
    refusal: Option<RefusalReport>,
    /// Whether another process shows messages to this user.
    busy: bool,
    messages: Vec<Shown<'a>>,
    state_lost: Option<LostReport>,
    /// Why nothing can be remembered.
    not_remembered: Option<String>,
}

fn show(args: &RunArgs, out: Out) -> Result<Exit> {
    let done = |body: Body<'_>| {
        out.answer(COMMAND, Exit::Done, body);
        Ok(Exit::Done)
    };
    let now = args.at.moment_to_remember()?;
    #[cfg(windows)]
    if args.format == Some(Format::Window) {
        crate::messenger::hide_own_console();
    }
    let disabled = match &args.reg {
        Some(path) => disabled_in(&RegFile::read(path)?),
        None => disabled_here()?,
    };
    if let Some(switch) = disabled {
        out.line(fill(args.language.words()?.disabled, &[&switch]));
        return done(Body { disabled: Some(switch), ..Body::default() });
    }
    let profile = args.profile.read()?;
    let language = args.language.of_user(&profile)?;
    let (words, setting) = (Words::of(Some(&language)), setting(&profile, now, &language));
    let config = args.source.config()?;
    let to = args.report.to(config.as_ref())?;
    let file = MessageFile::read(&args.source.path(config.as_ref())?)?;
    let sender = to.as_ref().map(HttpSender::new).transpose()?;
    let store = args.state.store()?;
    if let Some(refusal) = refused_here(&profile) {
        out.line(fill(words.not_shown_here, &[&refusal.what(setting, words)]));
        return done(Body { refusal: Some(RefusalReport::new(&refusal, setting)), ..Body::default() });
    }
    let (remembered, forgotten) = match remembered(&store, sender.is_some()) {
        Ok(Some(remembered)) => (Some(remembered), None),
        Ok(None) => {
            out.line(words.another_run);
            return done(Body { busy: true, ..Body::default() });
        }
        // The messages are worth more than not to be seen twice.
        Err(error) if error.kind() == ErrorKind::Io => {
            out.warning(&fill(words.not_remembered, &[&error.to_string()]));
            (None, Some(error))
        }
        Err(error) => return Err(error),
    };
    let (_showing, state, state_lost) = match remembered {
        Some((showing, state, lost)) => (Some(showing), Some(state), tell_lost(lost, words, out)),
        None => (None, None, None),
    };
    let store = state.is_some().then_some(&store);
    let exit = forgotten.as_ref().map_or(Exit::Done, |error| Exit::of(error.kind()));
    let is_acknowledged = |id: &str| state.as_ref().is_some_and(|state| state.is_acknowledged(id));
    let is_pending = |message: &&Message| !is_acknowledged(&message.id) && evaluate(message, setting).is_none();
    let mut pending: Vec<&Message> = file.messages.iter().filter(is_pending).collect();
    // What matters most comes first.
    pending.sort_by_key(|message| std::cmp::Reverse(message.severity as u8));
    let clock = || if args.at.at.is_some() { now } else { SystemTime::now() };
    let mut messages = Vec::new();
    for message in &pending {
        if let (Some(link), None) = (&file.text(message, &language).link, file.text(message, &language).good_link()) {
            out.warning(&fill(words.bad_link, &[&message.id, link]));
        }
        messages.push(Shown::new(&file, message, &language));
    }
    if out.json {
        let display = |state: &mut State| {
            for shown in &messages {
                state.display(shown.id, now);
            }
        };
        store.map(|store| store.update(display)).transpose()?;
        let not_remembered = forgotten.map(|error| error.to_string());
        out.answer(COMMAND, exit, Body { messages, state_lost, not_remembered, ..Body::default() });
    } else if messages.is_empty() {
        out.line(words.none_pending);
    } else {
        one_by_one(&messages, args.format, store, words, out, clock)?;
    }
    if let (Some(sender), Some(store)) = (&sender, store) {
        // What was acknowledged a while after the start is due, too.
        send(store, sender, clock(), words, out)?;
    }
    Ok(exit)
}

/// What is remembered of the user, as long as no other process shows messages; `None` where one does.
fn remembered(store: &Store, reporting: bool) -> Result<Option<(Turn, State, Option<Lost>)>> {
    let Some(showing) = store.showing()? else {
        return Ok(None);
    };
    let (state, lost) = store.update(|state| {
        state.reporting = reporting;
        state.clone()
    })?;
    Ok(Some((showing, state, lost)))
}

/// What became of a message that was shown.
enum Answer {
    Acknowledged,
    Later,
    /// Nobody is there to answer: the others need not be shown.
    Nobody,
}

/// Shows each message, and remembers what became of it at once.
fn one_by_one(
    messages: &[Shown<'_>],
    format: Option<Format>,
    store: Option<&Store>,
    words: &Words,
    out: Out,
    clock: impl Fn() -> SystemTime,
) -> Result<()> {
    let remember = |what: &dyn Fn(&mut State)| store.map(|store| store.update(what)).transpose().map(drop);
    for (at, shown) in messages.iter().enumerate() {
        let display = || {
            remember(&|state| {
                state.display(shown.id, clock());
            })
        };
        let answer = if format == Some(Format::Window) {
            display()?;
            in_window(shown, words)?
        } else {
            on_terminal(shown, (at + 1, messages.len()), words, out);
            // A reader that has gone has not seen it.
            if !ask(words) {
                return Ok(());
            }
            display()?;
            answer(words, out)
        };
        if matches!(answer, Answer::Acknowledged) {
            remember(&|state| {
                state.acknowledge(shown.id, clock());
            })?;
            out.good(fill(words.acknowledged, &[shown.id]));
            continue;
        }
        out.line(fill(words.kept, &[shown.id]));
        let rest = messages.len() - at - 1;
        if matches!(answer, Answer::Nobody) && rest > 0 {
            out.line(fill(words.rest_kept, &[&rest.to_string()]));
            return Ok(());
        }
    }
    Ok(())
}

/// Shows a message in a window.
fn in_window(shown: &Shown<'_>, words: &Words) -> Result<Answer> {
    #[cfg(windows)]
    {
        let is_acknowledged =
            crate::messenger::show_window(shown.severity, shown.title, shown.body, shown.link, words)?;
        Ok(if is_acknowledged { Answer::Acknowledged } else { Answer::Later })
    }
    #[cfg(not(windows))]
    {
        let _ = (shown, words);
        Err(no_window())
    }
}

/// Prints a message.
fn on_terminal(shown: &Shown<'_>, (number, of): (usize, usize), words: &Words, out: Out) {
    // Messages are what was asked for, not chatter.
    let out = Out { quiet: false, ..out };
    let place = fill(words.message_of, &[&number.to_string(), &of.to_string()]);
    out.detail(place);
    let heading = format!("{}: {}", words.severity(shown.severity), shown.title);
    match shown.severity {
        MessageSeverity::Information => out.heading(heading),
        MessageSeverity::Warning | MessageSeverity::Critical => out.fault(heading),
    }
    shown.body.lines().flat_map(|line| wrapped(line, 100)).for_each(|line| out.line(line));
    if let Some(link) = shown.link {
        out.line(format!("{}: {link}", words.more));
    }
}

/// Prints the prompt. Gives whether anybody still reads.
fn ask(words: &Words) -> bool {
    out::print(words.prompt)
}

/// Reads what is answered to the prompt, and asks again where it is no answer.
fn answer(words: &Words, out: Out) -> Answer {
    for left in (0..MAX_QUESTIONS).rev() {
        let mut said = Vec::new();
        let read = std::io::stdin().lock().take(MAX_ANSWER).read_until(b'\n', &mut said);
        if !matches!(read, Ok(1..)) {
            Out { quiet: false, ..out }.line("");
            return Answer::Nobody;
        }
        match words.answer(&String::from_utf8_lossy(&said)) {
            Some(true) => return Answer::Acknowledged,
            Some(false) => return Answer::Later,
            None if left > 0 && !ask(words) => return Answer::Nobody,
            None => {}
        }
    }
    Answer::Later
}

/// A paragraph in lines of at most so many characters, where its words allow.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in text.split(' ') {
        let more = word.chars().count();
        if length > 0 && length + 1 + more > width {
            lines.push(String::new());
            length = 0;
        }
        let line = lines.last_mut().expect("there is one");
        if length > 0 {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += more;
    }
    lines
}
