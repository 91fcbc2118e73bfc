//! `configcid messenger lint` and `configcid messenger check`.

use std::path::{Path, PathBuf};

use crate::messenger::{
    LintFinding, MessageFile, MessageSeverity, Profile, Session, Version, evaluate, fill, lint as find,
};
use crate::report::table;
use crate::{Exit, Result, time};
use clap::Args;
use serde::Serialize;

use super::flags::{At, Lang, ProfileFlags, Source};
use super::shared::{RefusalReport, end, setting};
use crate::cli::flags::path;
use crate::cli::out::Out;

#[derive(Debug, Args)]
pub(crate) struct LintArgs {
    /// The message file
    #[arg(value_parser = path())]
    file: PathBuf,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    language: Lang,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    profile: ProfileFlags,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    language: Lang,
}

pub(super) fn lint(args: &LintArgs, out: Out) -> Exit {
    end("messenger lint", look_for_faults(args, out), out)
}

fn look_for_faults(args: &LintArgs, out: Out) -> Result<Exit> {
    #[derive(Serialize)]
    struct Body<'a> {
        file: &'a Path,
        at: String,
        /// How many; `null` where the file cannot be understood.
        messages: Option<usize>,
        findings: Vec<LintFinding>,
    }
    let (words, at) = (args.language.words()?, args.at.moment()?);
    let bytes = MessageFile::read_bytes(&args.file)?;
    let findings = find(&bytes, at);
    let messages = MessageFile::parse(&bytes).ok().map(|file| file.messages.len());
    let name = args.file.to_string_lossy();
    for finding in &findings {
        let what = finding.say(words);
        out.fault(format!("{name}:{}:{}: {}: {what}", finding.line, finding.column, finding.code.name()));
    }
    let exit = match findings.len() {
        0 => Exit::Done,
        _ => Exit::Faults,
    };
    match exit {
        Exit::Done => out.good(fill(words.lint_clean, &[&messages.unwrap_or(0).to_string()])),
        _ => out.detail(fill(words.lint_count, &[&findings.len().to_string()])),
    }
    out.answer("messenger lint", exit, Body { file: &args.file, at: time::print(at), messages, findings });
    Ok(exit)
}

pub(super) fn check(args: &CheckArgs, out: Out) -> Exit {
    end("messenger check", which_are_shown(args, out), out)
}

#[derive(Serialize)]
struct Verdict<'a> {
    id: &'a str,
    severity: MessageSeverity,
    shown: bool,
    /// That of the text which is, or would be, shown.
    language: &'a str,
    title: &'a str,
    refusal: Option<RefusalReport>,
}

/// What the conditions were asked of.
#[derive(Serialize)]
struct ProfileReport<'a> {
    administrator: bool,
    management_server: bool,
    session: Session,
    console: Option<Versioned<'a>>,
    os: Option<Versioned<'a>>,
    components: Vec<Versioned<'a>>,
}

#[derive(Serialize)]
struct Versioned<'a> {
    name: &'a str,
    version: String,
}

fn profile_report(profile: &Profile) -> ProfileReport<'_> {
    let versioned = |name, version: &Version| Versioned { name, version: version.to_string() };
    ProfileReport {
        administrator: profile.administrator,
        management_server: profile.management_server,
        session: profile.session,
        console: profile.console.as_ref().map(|(kind, version)| versioned(kind.name(), version)),
        os: profile.os.as_ref().map(|(os, version)| versioned(os.name(), version)),
        components: profile.components.iter().map(|(name, version)| versioned(name.as_str(), version)).collect(),
    }
}

fn which_are_shown(args: &CheckArgs, out: Out) -> Result<Exit> {
    #[derive(Serialize)]
    struct Body<'a> {
        file: &'a Path,
        at: String,
        language: &'a str,
        profile: ProfileReport<'a>,
        messages: Vec<Verdict<'a>>,
    }
    let (words, at) = (args.language.words()?, args.at.moment()?);
    let path = args.source.path(args.source.config()?.as_ref())?;
    let profile = args.profile.read()?;
    let language = args.language.of_user(&profile)?;
    let file = MessageFile::read(&path)?;
    let setting = setting(&profile, at, &language);
    let heads = [words.head_message, words.head_shown, words.head_language, words.head_title_or_why];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    let mut messages = Vec::new();
    for message in &file.messages {
        let (text, refusal) = (file.text(message, &language), evaluate(message, setting));
        let said = refusal.map_or_else(|| text.title.clone(), |refusal| refusal.what(setting, words));
        let shown = if refusal.is_none() { words.yes } else { words.no };
        rows.push(vec![message.id.clone(), shown.to_owned(), text.language.to_string(), said]);
        messages.push(Verdict {
            id: &message.id,
            severity: message.severity,
            shown: refusal.is_none(),
            language: text.language.as_str(),
            title: &text.title,
            refusal: refusal.map(|refusal| RefusalReport::new(&refusal, setting)),
        });
    }
    let lines = if out.json { Vec::new() } else { table(&rows) };
    lines.iter().take(1).for_each(|line| out.heading(line));
    for (line, verdict) in lines.iter().skip(1).zip(&messages) {
        if verdict.shown { out.good(line) } else { out.line(line) }
    }
    let shown = messages.iter().filter(|verdict| verdict.shown).count();
    out.line(fill(words.summary, &[&shown.to_string(), &messages.len().to_string()]));
    out.answer(
        "messenger check",
        Exit::Done,
        Body {
            file: &path,
            at: time::print(at),
            language: language.as_str(),
            profile: profile_report(&profile),
            messages,
        },
    );
    Ok(Exit::Done)
}
