//! `configcid messenger status` and `configcid messenger ack`.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::SystemTime;

use crate::messenger::{Event, HttpSender, MessageFile, Report, State, Words, evaluate, fill};
use crate::report::{Status, table};
use crate::{Error, Exit, Result, time};
use clap::Args;
use serde::Serialize;

use super::flags::{At, Lang, ProfileFlags, ReportFlags, Source, StateFlags, config};
use super::shared::{LostReport, end, send, setting, tell_lost};
use crate::cli::flags::path;
use crate::cli::out::Out;

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    profile: ProfileFlags,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    language: Lang,
    #[command(flatten)]
    state: StateFlags,
}

#[derive(Debug, Args)]
pub(crate) struct AckArgs {
    /// The messages
    #[arg(value_name = "ID", required = true)]
    ids: Vec<String>,
    /// The configuration that names where to report; by default messenger.toml beside the program
    #[arg(long, value_name = "FILE", value_parser = path())]
    config: Option<PathBuf>,
    /// Say what would be acknowledged, and remember and report nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    language: Lang,
    #[command(flatten)]
    state: StateFlags,
    #[command(flatten)]
    report: ReportFlags,
}

#[derive(Serialize)]
struct ShownReport<'a> {
    id: &'a str,
    displayed: String,
    acknowledged: Option<String>,
}

#[derive(Serialize)]
struct UnreportedReport<'a> {
    message: &'a str,
    event: Event,
    time: String,
    attempts: u32,
    next: String,
    reason: Option<&'a str>,
}

impl UnreportedReport<'_> {
    fn new(report: &Report) -> UnreportedReport<'_> {
        let Report { message, event, time, attempts, next, reason } = report;
        let (time, next) = (time::print(*time), time::print(*next));
        UnreportedReport { message, event: *event, time, attempts: *attempts, next, reason: reason.as_deref() }
    }
}

pub(super) fn status(args: &StatusArgs, out: Out) -> Exit {
    end("messenger status", show(args, out), out)
}

fn show(args: &StatusArgs, out: Out) -> Result<Exit> {
    #[derive(Serialize)]
    struct Body<'a> {
        state: String,
        installation: &'a str,
        shown: Vec<ShownReport<'a>>,
        acknowledged: Vec<&'a str>,
        pending: Vec<String>,
        unreported: Vec<UnreportedReport<'a>>,
        state_lost: Option<LostReport>,
    }
    let (words, now, store) = (args.language.words()?, args.at.moment()?, args.state.store()?);
    let (state, lost) = store.load()?;
    let lost = tell_lost(lost, words, out);
    let pending = pending(args, &state, now)?;
    let shown: Vec<ShownReport> = state
        .messages
        .iter()
        .map(|(id, seen)| {
            let (displayed, acknowledged) = (time::print(seen.displayed), seen.acknowledged.map(time::print));
            ShownReport { id, displayed, acknowledged }
        })
        .collect();
    if !out.json {
        print(&shown, &pending, &state, words, out);
    }
    let body = Body {
        state: store.path().to_string_lossy().into_owned(),
        installation: &state.installation,
        acknowledged: shown.iter().filter(|one| one.acknowledged.is_some()).map(|one| one.id).collect(),
        shown,
        pending,
        unreported: state.reports.iter().map(UnreportedReport::new).collect(),
        state_lost: lost,
    };
    out.answer("messenger status", Exit::Done, body);
    Ok(Exit::Done)
}

/// What would be shown, where messages are named; else what was shown and not acknowledged.
fn pending(args: &StatusArgs, state: &State, now: SystemTime) -> Result<Vec<String>> {
    let config = args.source.config()?;
    let named = args.source.file.is_some() || args.source.config.is_some();
    // Those of the package that the program lies in are for Windows.
    if !named && (config.is_none() || !(args.profile.is_given() || cfg!(windows))) {
        let is_pending = |id: &&String| !state.is_acknowledged(id);
        return Ok(state.messages.keys().filter(is_pending).cloned().collect());
    }
    let file = MessageFile::read(&args.source.path(config.as_ref())?)?;
    let profile = args.profile.read()?;
    let language = args.language.of_user(&profile)?;
    let setting = setting(&profile, now, &language);
    let shown = file.messages.iter().filter(|message| evaluate(message, setting).is_none());
    Ok(shown.filter(|message| !state.is_acknowledged(&message.id)).map(|message| message.id.clone()).collect())
}

fn print(shown: &[ShownReport<'_>], pending: &[String], state: &State, words: &Words, out: Out) {
    let heads = [words.head_message, words.head_state, words.head_shown, words.head_acknowledged];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    let due: HashSet<&str> = pending.iter().map(String::as_str).collect();
    for one in shown {
        let is = match one.acknowledged {
            Some(_) => words.state_acknowledged,
            None if due.contains(one.id) => words.state_pending,
            None => words.state_not_pending,
        };
        let cells = [one.id, is, &one.displayed, one.acknowledged.as_deref().unwrap_or("-")];
        rows.push(cells.map(str::to_owned).to_vec());
    }
    for id in pending.iter().filter(|id| !state.messages.contains_key(*id)) {
        rows.push([id, words.state_pending, "-", "-"].map(str::to_owned).to_vec());
    }
    match rows.len() {
        1 => out.line(words.nothing_shown),
        _ => head_and_rows(&rows, out),
    }
    if state.reports.is_empty() {
        return out.line(words.all_reported);
    }
    out.line("");
    out.line(words.unreported);
    let heads = [words.head_message, words.head_event, words.head_attempts, words.head_next, words.head_reason];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    for Report { message, event, attempts, next, reason, .. } in &state.reports {
        let reason = reason.clone().unwrap_or_else(|| "-".to_owned());
        rows.push(vec![message.clone(), event.name().to_owned(), attempts.to_string(), time::print(*next), reason]);
    }
    head_and_rows(&rows, out);
}

fn head_and_rows(rows: &[Vec<String>], out: Out) {
    let lines = table(rows);
    lines.iter().take(1).for_each(|line| out.heading(line));
    lines.iter().skip(1).for_each(|line| out.line(line));
}

pub(super) fn ack(args: &AckArgs, out: Out) -> Exit {
    end("messenger ack", acknowledge(args, out), out)
}

fn acknowledge(args: &AckArgs, out: Out) -> Result<Exit> {
    #[derive(Serialize)]
    struct Acknowledged<'a> {
        id: &'a str,
        status: Status,
    }
    #[derive(Serialize)]
    struct Body<'a> {
        dry_run: bool,
        messages: Vec<Acknowledged<'a>>,
        state_lost: Option<LostReport>,
    }
    let (words, now, store) = (args.language.words()?, args.at.moment_to_remember()?, args.state.store()?);
    let to = args.report.to(config(args.config.as_deref())?.as_ref())?;
    let sender = to.as_ref().map(HttpSender::new).transpose()?;
    let acknowledge = |state: &mut State| {
        if let Some(unknown) = args.ids.iter().find(|id| !state.messages.contains_key(*id)) {
            return Err(Error::usage(text!(
                "no message {unknown} was shown to this user; configcid messenger status \
                                             lists those that were",
                unknown = format!("{unknown:?}")
            )));
        }
        // Without an address here, the next run reports, if it has one, as the last had.
        state.reporting |= sender.is_some();
        Ok(args.ids.iter().map(|id| state.acknowledge(id, now) == Some(true)).collect::<Vec<bool>>())
    };
    let (done, lost) = match args.dry_run {
        true => (acknowledge(&mut store.peek()?), None),
        false => store.update(acknowledge)?,
    };
    let lost = tell_lost(lost, words, out);
    let done = done?;
    let mut messages = Vec::new();
    for (id, is_new) in args.ids.iter().zip(done) {
        let (said, status) = match (is_new, args.dry_run) {
            (true, true) => (words.would_acknowledge, Status::Planned),
            (true, false) => (words.acknowledged, Status::Changed),
            (false, _) => (words.acknowledged_already, Status::Unchanged),
        };
        out.good(fill(said, &[id]));
        messages.push(Acknowledged { id, status });
    }
    out.answer("messenger ack", Exit::Done, Body { dry_run: args.dry_run, messages, state_lost: lost });
    if let Some(sender) = sender.filter(|_| !args.dry_run) {
        send(&store, &sender, now, words, out)?;
    }
    Ok(Exit::Done)
}
