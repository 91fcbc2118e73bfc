//! What several of these commands answer and do.

use std::time::SystemTime;

use crate::messenger::{
    ENGLISH, Language, Lost, Message, MessageFile, MessageSeverity, Profile, Refusal, Sender, Setting, Store, Text,
    Words, deliver, fill,
};
use crate::{Exit, Result};
use serde::Serialize;

use crate::cli::out::Out;

/// A message as it is shown.
#[derive(Serialize)]
pub(super) struct Shown<'a> {
    pub id: &'a str,
    pub severity: MessageSeverity,
    pub language: &'a str,
    pub title: &'a str,
    pub body: &'a str,
    /// None where it is not fit to be opened.
    pub link: Option<&'a str>,
}

impl<'a> Shown<'a> {
    pub(super) fn new(file: &'a MessageFile, message: &'a Message, language: &Language) -> Self {
        let text: &Text = file.text(message, language);
        Shown {
            id: &message.id,
            severity: message.severity,
            language: text.language.as_str(),
            title: &text.title,
            body: &text.body,
            link: text.good_link(),
        }
    }
}

/// A state that was put aside.
#[derive(Serialize)]
pub(super) struct LostReport {
    pub why: String,
    pub kept: String,
}

/// Tells of a state that was put aside.
pub(super) fn tell_lost(lost: Option<Lost>, words: &Words, out: Out) -> Option<LostReport> {
    let Lost { why, kept } = lost?;
    let kept = kept.to_string_lossy().into_owned();
    out.warning(&fill(words.state_lost, &[&why, &kept]));
    Some(LostReport { why, kept })
}

pub(super) fn setting<'a>(profile: &'a Profile, time: SystemTime, language: &'a Language) -> Setting<'a> {
    Setting { profile, time, language }
}

/// Ends a command with an error, where there is one.
pub(super) fn end(command: &str, done: Result<Exit>, out: Out) -> Exit {
    done.unwrap_or_else(|error| out.fail(command, &error))
}

/// What says no.
#[derive(Serialize)]
pub(super) struct RefusalReport {
    pub rule: &'static str,
    /// The condition, where one says no.
    pub condition: Option<String>,
    /// Whether it holds, and should not.
    pub holds: Option<bool>,
    pub line: Option<usize>,
    pub column: Option<usize>,
    pub what: String,
}

impl RefusalReport {
    pub(super) fn new(refusal: &Refusal<'_>, setting: Setting<'_>) -> Self {
        let words = &ENGLISH;
        let (condition, holds) = match refusal {
            Refusal::Condition { condition, holds } => (Some(*condition), Some(*holds)),
            _ => (None, None),
        };
        Self {
            rule: refusal.rule(),
            condition: condition.map(|condition| condition.describe(words)),
            holds,
            line: condition.map(|condition| condition.place.line),
            column: condition.map(|condition| condition.place.column),
            what: refusal.what(setting, words),
        }
    }
}

/// Reports what is to be reported. The user has seen the messages: whether it works is a detail.
pub(super) fn send(store: &Store, sender: &dyn Sender, now: SystemTime, words: &Words, out: Out) -> Result<()> {
    let delivery = deliver(store, sender, now)?;
    if let Some(error) = &delivery.error {
        out.detail(fill(words.reports_kept, &[&delivery.kept.to_string(), error]));
    }
    Ok(())
}
