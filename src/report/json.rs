//! The shapes of the JSON output that more than one command has; `docs/json.md` describes them.

use serde::Serialize;

use super::diff;
use crate::base::error_report::ErrorReport;
use crate::base::exit::Exit;
use crate::base::text::is_unsafe;
use crate::catalog::CidPath;
use crate::catalogs::Fault;
use crate::plan::{CatalogChange, Change, Content, Looked, Recovered};
use crate::run::{Followed, Published, Ran, Status};

/// The version of the JSON shapes. A field may be added without a new number; none changes or goes.
pub const SCHEMA: u32 = 1;

/// The answer of a command: its name, how it ended, and a body that depends on the command.
pub(crate) struct Answer<'a, B> {
    /// The command, as it is typed.
    pub command: &'a str,
    /// How it ended.
    pub exit: Exit,
    /// The rest; an object.
    pub body: B,
}

/// An answer as JSON text.
pub(crate) fn answer<B: Serialize>(answer: &Answer<'_, B>) -> String {
    tame(serde_json::to_string_pretty(&whole(answer)).expect("an answer is plain data"))
}

/// A value as the JSON text of a file.
pub(crate) fn to_json<T: Serialize>(value: &T) -> String {
    tame(serde_json::to_string_pretty(value).expect("a value is plain data")) + "\n"
}

/// A part of an answer that is printed as it comes, on one line.
pub(crate) fn answer_part<T: Serialize>(part: &T) -> String {
    tame(serde_json::to_string(part).expect("a part of an answer is plain data"))
}

/// An answer as a line of JSON, for commands that answer in lines.
pub(crate) fn answer_line<B: Serialize>(answer: &Answer<'_, B>) -> String {
    tame(serde_json::to_string(&whole(answer)).expect("an answer is plain data"))
}

fn whole<B: Serialize>(answer: &Answer<'_, B>) -> impl Serialize {
    #[derive(Serialize)]
    struct Whole<'a, B> {
        schema: u32,
        command: &'a str,
        exit_code: u8,
        #[serde(flatten)]
        body: &'a B,
    }
    let Answer { command, exit, body } = answer;
    Whole { schema: SCHEMA, command, exit_code: *exit as u8, body }
}

/// The same JSON, with escapes in place of characters that a terminal would obey or that would reorder a line: outside
/// of strings, JSON has none.
fn tame(json: String) -> String {
    let is_wild = |c: char| c != '\n' && is_unsafe(c);
    if !json.contains(is_wild) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        // All of them are below U+10000, so that one escape holds each.
        if is_wild(c) { out.push_str(&format!("\\u{:04x}", u32::from(c))) } else { out.push(c) }
    }
    out
}

/// What became of one CID.
#[derive(Debug, Serialize)]
pub struct CidResult {
    /// The CID, as it was named.
    pub cid: String,
    /// In one word.
    pub status: Status,
    /// The files that were or would be written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileReport>,
    /// The catalogs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub catalogs: Vec<CatalogChange>,
    /// Likely mistakes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What is worth knowing and no mistake.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What a program said that rewrote the catalogs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<String>,
    /// What was looked at of the files that catalogs list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looked: Option<Looked>,
    /// Files that may be the customer's, though not by their names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidates: Option<Candidates>,
    /// An interrupted change that was ended before this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovered: Option<Recovered>,
    /// Whose lock was broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_lock: Option<String>,
    /// Why the lock could not be given back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock_left: Option<String>,
    /// What a look at the result found wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
    /// What it got of the CID that it follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub followed: Option<FollowedReport>,
    /// What became of the places that it is published to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) published: Vec<Published>,
}

/// What a CID of a fleet got, or would get, of the CID that it follows, before anything else.
#[derive(Debug, Serialize)]
pub struct FollowedReport {
    /// That CID.
    pub source: String,
    /// In one word.
    pub status: Status,
    /// It was not there before.
    pub is_new: bool,
    /// What was, or would be, brought.
    pub brought: BroughtReport,
    /// Files that went, or would go.
    pub gone: usize,
    /// The files that were or would be written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileReport>,
}

/// Files of the payload, and their bytes.
#[derive(Debug, Serialize)]
pub struct BroughtReport {
    /// How many files.
    pub files: usize,
    /// Their size.
    pub bytes: u64,
}

impl FollowedReport {
    fn of(followed: &Followed) -> Self {
        let Followed { source, status, is_new, files, bytes, gone, plan } = followed;
        Self {
            source: source.clone(),
            status: *status,
            is_new: *is_new,
            brought: BroughtReport { files: *files, bytes: *bytes },
            gone: *gone,
            files: plan.changes().iter().map(FileReport::new).collect(),
        }
    }
}

/// Files in no manifest that may be the customer's, as far as an answer has room for them.
#[derive(Debug, Serialize)]
pub struct Candidates {
    /// How many there are.
    pub count: usize,
    /// The first of them, at most a hundred.
    pub files: Vec<CidPath>,
}

impl Candidates {
    const NAMED: usize = 100;

    fn of(paths: &[CidPath]) -> Option<Self> {
        let files = || paths.iter().take(Self::NAMED).cloned().collect();
        (!paths.is_empty()).then(|| Self { count: paths.len(), files: files() })
    }
}

/// A file that is written.
#[derive(Debug, Serialize)]
pub struct FileReport {
    /// The file, from the CID's root.
    pub path: CidPath,
    /// Why.
    pub why: String,
    /// The SHA-256 of what it held, if it was there.
    pub sha256_before: Option<String>,
    /// The SHA-256 of what it holds then, if it is still there.
    pub sha256_after: Option<String>,
    /// The size of what it held, if that was not read into memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_before: Option<u64>,
    /// The size of what it holds then, if that is not read into memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_after: Option<u64>,
    /// The unified diff, secrets masked.
    pub diff: String,
}

/// The size of a content that is a file's.
fn size_of_file(content: &Option<Content>) -> Option<u64> {
    match content {
        Some(Content::Bytes(_)) | None => None,
        Some(content) => Some(content.size()),
    }
}

impl CidResult {
    /// A CID with nothing to say of it yet.
    pub fn new(cid: &str, status: Status) -> Self {
        Self {
            cid: cid.to_owned(),
            status,
            files: Vec::new(),
            catalogs: Vec::new(),
            warnings: Vec::new(),
            notes: Vec::new(),
            said: Vec::new(),
            looked: None,
            candidates: None,
            recovered: None,
            broken_lock: None,
            lock_left: None,
            faults: Vec::new(),
            error: None,
            followed: None,
            published: Vec::new(),
        }
    }

    /// What became of a CID, with a diff of each file.
    pub fn of(ran: &Ran) -> Self {
        let mut result = Self::new(&ran.cid, ran.status);
        if let Some(plan) = ran.carried_out() {
            result.files = plan.changes().iter().map(FileReport::new).collect();
            result.catalogs = plan.catalogs().to_vec();
            result.warnings = plan.warnings().to_vec();
            result.notes = plan.notes().to_vec();
            result.said = plan.said().to_vec();
            result.looked = plan.looked();
            result.candidates = Candidates::of(plan.candidates());
        }
        result.recovered = ran.recovered.clone();
        result.broken_lock = ran.broken_lock.clone();
        result.lock_left = ran.lock_left.clone();
        result.faults = ran.faults.clone();
        result.error = ran.error.as_ref().map(ErrorReport::new);
        result.followed = ran.followed.as_ref().map(FollowedReport::of);
        result.published.clone_from(&ran.published);
        result
    }
}

impl FileReport {
    fn new(change: &Change) -> Self {
        Self {
            path: change.path.clone(),
            why: change.why.to_string(),
            sha256_before: change.before.as_ref().and_then(Content::sha256),
            sha256_after: change.after.as_ref().and_then(Content::sha256),
            size_before: size_of_file(&change.before),
            size_after: size_of_file(&change.after),
            diff: diff(change),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_strings_reaches_no_terminal() {
        let text = "a\u{202e}b\u{9b}\u{1b}c\u{feff}\u{e4}";
        let json = tame(serde_json::to_string_pretty(&[text]).unwrap());
        assert!(json.chars().all(|c| c == '\n' || !is_unsafe(c)), "{json}");
        assert_eq!(serde_json::from_str::<[String; 1]>(&json).unwrap()[0], text);
    }
}
