//! What is wrong with a message file that can be read: nothing that stops it from being shown to somebody, perhaps, but
//! nothing that its author meant.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write;
use std::time::SystemTime;

use serde::Serialize;

use super::Place;
use super::file::{Condition, Message, MessageFile, Test};
use super::language::Language;
use super::link;
use super::reach::{Budget, reachable};
use super::words::{ENGLISH, Words, fill};
use crate::base::text::is_unsafe;
use crate::base::time;

/// The longest title that a window shows in one line, in characters.
pub const MAX_TITLE: usize = 80;

/// How many conditions are looked at to find contradictions in one message, and in all of a file: what needs more is
/// taken to be without.
const BUDGETS: (usize, usize) = (200_000, 20_000_000);

/// How many languages that a message has no text in are named.
const MAX_NAMED: usize = 5;

/// Something wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LintFinding {
    /// The sort, stable.
    pub code: Code,
    /// The id of the message.
    pub message: Option<String>,
    /// The line, counted from 1.
    pub line: usize,
    /// The character in it, counted from 1.
    pub column: usize,
    /// What is wrong, in English.
    pub what: String,
    /// What fills the gaps of the text.
    #[serde(skip)]
    gaps: Vec<String>,
}

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// The file is not a message file.
    Format,
    /// A message has no text in languages that others have one in.
    MissingTranslation,
    /// A message has no text in the default language.
    MissingDefault,
    /// A message is not shown any more.
    Expired,
    /// No computer and no time can fulfil the conditions.
    Unreachable,
    /// Two messages have the same id.
    DuplicateId,
    /// Two messages say the same to the same people.
    DuplicateMessage,
    /// A link is not one of http or https, or odd.
    BadLink,
    /// A title is too long for one line.
    LongTitle,
    /// A character would disturb what is shown.
    WildCharacter,
}

impl Code {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::MissingTranslation => "missing-translation",
            Self::MissingDefault => "missing-default",
            Self::Expired => "expired",
            Self::Unreachable => "unreachable",
            Self::DuplicateId => "duplicate-id",
            Self::DuplicateMessage => "duplicate-message",
            Self::BadLink => "bad-link",
            Self::LongTitle => "long-title",
            Self::WildCharacter => "wild-character",
        }
    }

    /// Whether no package may be built of such a file. The others are worth a look.
    pub fn is_error(self) -> bool {
        !matches!(self, Self::MissingTranslation | Self::Expired | Self::DuplicateMessage | Self::LongTitle)
    }

    fn text(self, words: &Words) -> &'static str {
        match self {
            Self::Format => words.lint_format,
            Self::MissingTranslation => words.lint_missing_translation,
            Self::MissingDefault => words.lint_missing_default,
            Self::Expired => words.lint_expired,
            Self::Unreachable => words.lint_unreachable,
            Self::DuplicateId => words.lint_duplicate_id,
            Self::DuplicateMessage => words.lint_duplicate_message,
            Self::BadLink => words.lint_bad_link,
            Self::LongTitle => words.lint_long_title,
            Self::WildCharacter => words.lint_wild_character,
        }
    }
}

impl LintFinding {
    fn new(code: Code, message: Option<&Message>, place: Place, gaps: Vec<String>) -> Self {
        let mut finding = Self {
            code,
            message: message.map(|message| message.id.clone()),
            line: place.line,
            column: place.column,
            what: String::new(),
            gaps,
        };
        finding.what = finding.say(&ENGLISH);
        finding
    }

    /// What is wrong, in these words.
    pub fn say(&self, words: &Words) -> String {
        let gaps: Vec<&str> = self.gaps.iter().map(String::as_str).collect();
        let text = match self.code {
            Code::MissingTranslation if gaps.len() > 2 => words.lint_missing_translations,
            code => code.text(words),
        };
        fill(text, &gaps)
    }
}

/// What is wrong with the bytes of a message file, in the order of the file. Messages that are over at `at` have expired.
///
/// ```
/// use configcid::messenger::{Code, lint};
///
/// let findings = lint(
///     br#"<messages version="1" default-language="en"><message id="a" severity="warning">
///       <conditions><os name="windows" min="10"/><os name="windows" max="6.3"/></conditions>
///       <text lang="en"><title>A</title><body>B</body></text></message></messages>"#,
///     configcid::time::parse("2026-11-21")?,
/// );
/// assert_eq!((findings[0].code, findings[0].line), (Code::Unreachable, 1));
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn lint(bytes: &[u8], at: SystemTime) -> Vec<LintFinding> {
    match MessageFile::parse(bytes) {
        Ok(file) => lint_file(&file, at),
        Err(error) => {
            let place = match error.position() {
                Some(crate::Position::Character { line, column }) => Place { line, column },
                _ => Place { line: 1, column: 1 },
            };
            let next =
                error.next_step().filter(|next| !next.is_empty()).map_or_else(String::new, |next| format!("; {next}"));
            vec![LintFinding::new(Code::Format, None, place, vec![format!("{}{next}", error.what())])]
        }
    }
}

/// What is wrong with a message file, in its order.
pub fn lint_file(file: &MessageFile, at: SystemTime) -> Vec<LintFinding> {
    let mut findings = Vec::new();
    let languages = languages(file);
    let mut total = Budget(BUDGETS.1);
    let (mut ids, mut contents) = (HashMap::new(), HashMap::new());
    for message in &file.messages {
        let id = || message.id.clone();
        let mut add = |code, place, gaps| findings.push(LintFinding::new(code, Some(message), place, gaps));
        match ids.get(message.id.as_str()) {
            Some(line) => add(Code::DuplicateId, message.place, vec![id(), format!("{line}")]),
            None => drop(ids.insert(message.id.as_str(), message.place.line)),
        }
        match contents.entry(content(message)) {
            Entry::Occupied(twin) => add(Code::DuplicateMessage, message.place, vec![id(), String::from(*twin.get())]),
            Entry::Vacant(free) => drop(free.insert(message.id.as_str())),
        }
        if !message.texts.iter().any(|text| text.language == file.default_language) {
            add(Code::MissingDefault, message.place, vec![id(), file.default_language.to_string()]);
        }
        if let Some(missing) = missing(message, &languages) {
            add(Code::MissingTranslation, message.place, [vec![id()], missing].concat());
        }
        if let Some((code, gaps)) = never_shown(message, at, &mut total) {
            add(code, message.place, gaps);
        }
        for text in &message.texts {
            if let Some(Err(error)) = text.link.as_deref().map(link::check) {
                add(Code::BadLink, text.link_place, vec![id(), text.language.to_string(), error.what().to_owned()]);
            }
            let length = text.title.chars().count();
            if length > MAX_TITLE {
                let gaps = vec![id(), text.language.to_string(), length.to_string(), MAX_TITLE.to_string()];
                add(Code::LongTitle, text.title_place, gaps);
            }
            let is_wild = |c: &char| *c != '\n' && is_unsafe(*c);
            if let Some(c) = text.title.chars().chain(text.body.chars()).find(is_wild) {
                let name = format!("U+{:04X}", u32::from(c));
                add(Code::WildCharacter, text.place, vec![id(), text.language.to_string(), name]);
            }
        }
    }
    findings
}

/// Every language but the default that a message has a text in, by its key.
fn languages(file: &MessageFile) -> BTreeMap<String, &Language> {
    let texts = file.messages.iter().flat_map(|message| &message.texts);
    let others = texts.map(|text| &text.language).filter(|language| **language != file.default_language);
    others.map(|language| (language.key(), language)).rev().collect()
}

/// The languages that a message has no text in, as one gap; where they are many, how many, and the first few.
fn missing(message: &Message, languages: &BTreeMap<String, &Language>) -> Option<Vec<String>> {
    let own: HashSet<String> = message.texts.iter().map(|text| text.language.key()).collect();
    let count = languages.len() - own.iter().filter(|key| languages.contains_key(*key)).count();
    // No more are looked at than the message has, and those that are named.
    let lacking = languages.iter().filter(|(key, _)| !own.contains(*key)).take(MAX_NAMED);
    let named = lacking.map(|(_, language)| language.as_str()).collect::<Vec<_>>().join(", ");
    match count {
        0 => None,
        1..=MAX_NAMED => Some(vec![named]),
        _ => Some(vec![count.to_string(), named]),
    }
}

/// Whether a message is never shown, or not any more.
fn never_shown(message: &Message, at: SystemTime, total: &mut Budget) -> Option<(Code, Vec<String>)> {
    let mut ask = |from| {
        let mut budget = Budget(BUDGETS.0.min(total.0));
        let before = budget.0;
        let answer = reachable(&message.conditions, from, &mut budget);
        total.0 -= before - budget.0;
        answer
    };
    if ask(None) == Some(false) {
        Some((Code::Unreachable, vec![message.id.clone()]))
    } else if ask(Some(at)) == Some(false) {
        let last = last_moment(&message.conditions).filter(|last| *last <= at).unwrap_or(at);
        Some((Code::Expired, vec![message.id.clone(), time::print(last)]))
    } else {
        None
    }
}

/// The last moment that a condition names.
fn last_moment(conditions: &[Condition]) -> Option<SystemTime> {
    let of = |condition: &Condition| match &condition.test {
        Test::All(inner) | Test::Any(inner) | Test::None(inner) => last_moment(inner),
        Test::NotBefore(moment) | Test::Expires(moment) => Some(*moment),
        _ => None,
    };
    conditions.iter().filter_map(of).max()
}

/// All that a message says, to whom, without id and places.
fn content(message: &Message) -> String {
    let mut out = String::new();
    for text in &message.texts {
        let _ = write!(out, "{}\0{}\0{}\0{:?}\0", text.language.key(), text.title, text.body, text.link);
    }
    conditions(&message.conditions, &mut out);
    out
}

fn conditions(all: &[Condition], out: &mut String) {
    for condition in all {
        let (name, inner) = match &condition.test {
            Test::All(inner) => ("all", inner),
            Test::Any(inner) => ("any", inner),
            Test::None(inner) => ("none", inner),
            leaf => {
                let _ = write!(out, "{leaf:?}\0");
                continue;
            }
        };
        out.push_str(name);
        conditions(inner, out);
        out.push('\0');
    }
}
