//! Answers of `client check --json`, one or many in a file, and rows of `endpoints survey --json`.

use std::io::Read;
use std::sync::Arc;
use std::time::SystemTime;

use serde::Deserialize;

use super::model::{EndpointState, Evidence, Installed, Parent, Trouble};
use crate::base::error::{Error, ErrorKind, Position, Result};
use crate::base::time;
use crate::logs::{self, Lines, MAX_LINE};

/// No answer is longer, in bytes.
const LONGEST: usize = 1 << 20;

/// How much of a file is read at once, in bytes.
pub(super) const PIECE: usize = 64 << 10;

/// What is read of an answer, or of a row; all of it may be left out.
#[derive(Deserialize)]
struct Record {
    #[serde(alias = "name")]
    computer: Option<String>,
    reg: Option<String>,
    state: Option<String>,
    expected: Option<String>,
    views: Option<Vec<View>>,
    installed: Option<Vec<Folder>>,
    error: Option<Fault>,
    // Of a row alone.
    parent: Option<String>,
    seen: Option<String>,
    reason: Option<String>,
    mrinit_parent: Option<String>,
    #[serde(default)]
    orig: bool,
    orig_parent: Option<String>,
}

#[derive(Deserialize)]
struct View {
    view: String,
    present: Option<bool>,
    parent_address: Option<String>,
}

#[derive(Deserialize)]
struct Folder {
    orig: Option<String>,
    orig_parent_router_address: Option<String>,
}

#[derive(Deserialize)]
struct Fault {
    kind: Option<String>,
    what: Option<String>,
}

/// One answer, and whose it is as far as it says.
pub(super) struct Found {
    pub name: Option<String>,
    pub when: Option<SystemTime>,
    pub evidence: Evidence,
}

/// The one answer of a text.
///
/// # Errors
/// It holds none, more than one, or what is no answer.
pub(super) fn only(text: &str) -> Result<Evidence> {
    Ok(one(text)?.evidence)
}

fn one(text: &str) -> Result<Found> {
    // The library's own words quote the text.
    let record: Record = serde_json::from_str(text).map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Data => text!("this is JSON, but no answer of client check"),
            serde_json::error::Category::Eof => text!("it is cut: the JSON has no end"),
            _ => text!("this is no JSON, or more than one answer in a file that is not called .jsonl"),
        };
        Error::new(ErrorKind::Usage, what).at(Position::Character { line: error.line(), column: error.column() })
    })?;
    record.found().ok_or_else(|| Error::new(ErrorKind::Usage, "this is JSON, but no answer of client check"))
}

impl Record {
    fn found(self) -> Option<Found> {
        // Whose registry was exported, by the name of the file.
        let of_file = |path: &str| {
            let file = path.rsplit(['\\', '/']).next().unwrap_or(path);
            let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
            (!stem.is_empty()).then(|| stem.to_owned())
        };
        let name =
            self.computer.or_else(|| self.reg.as_deref().and_then(of_file)).filter(|name| !name.trim().is_empty());
        let when = self.seen.as_deref().and_then(|text| time::parse(text).ok());
        let mut evidence = Evidence { was_expected: self.expected.map(Arc::from), ..Evidence::default() };
        let state = self.state.as_deref().unwrap_or_default();
        if let Some(error) = self.error {
            let what = error.what.unwrap_or_else(|| text!("client check failed").to_owned());
            let what = error.kind.map_or(what.clone(), |kind| format!("{kind}: {what}"));
            evidence.trouble = Some(Box::new(Trouble::Broken(text!("client check failed: {what}", what).into())));
            return Some(Found { name, when, evidence });
        }
        let reason = || self.reason.clone().unwrap_or_default().into_boxed_str();
        let views = self.views.unwrap_or_default();
        if state == EndpointState::Unreachable.name() {
            evidence.trouble = Some(Box::new(Trouble::Unreachable(reason())));
        } else if views.is_empty() && state == EndpointState::Unknown.name() && self.mrinit_parent.is_none() {
            evidence.trouble = Some(Box::new(Trouble::Broken(reason())));
        }
        for view in &views {
            let parent = match (&view.parent_address, view.present.unwrap_or(true)) {
                (Some(list), _) => Parent::List(Arc::from(&**list)),
                (None, true) => Parent::NoValue,
                (None, false) => Parent::NoKey,
            };
            match &*view.view {
                "32" => evidence.view32 = parent,
                "64" => evidence.view64 = parent,
                _ => return None,
            }
        }
        match self.parent {
            Some(list) if views.is_empty() => evidence.whole = Parent::List(list.into()),
            None if views.is_empty() && state == EndpointState::Nobody.name() => evidence.whole = Parent::NoValue,
            _ => {}
        }
        // Of several folders, one that has such a file.
        let folder = self.installed.into_iter().flatten().find(|folder| folder.orig.is_some());
        let orig = match folder {
            Some(folder) => Some(folder.orig_parent_router_address),
            None => self.orig.then_some(self.orig_parent),
        };
        if orig.is_some() || self.mrinit_parent.is_some() {
            evidence.installed = Some(Box::new(Installed { parent: self.mrinit_parent, orig, ..Installed::default() }));
        }
        (evidence.tells() || evidence.installed.is_some()).then_some(Found { name, when, evidence })
    }
}

/// Reads all answers of a file, each in a line or over several, and gives each with its line. An answer that is broken ends
/// where the next one begins at the start of a line.
///
/// # Errors
/// The file cannot be read on.
pub(super) fn all(input: impl Read, mut take: impl FnMut(usize, Result<Found>)) -> std::io::Result<()> {
    let mut lines = Lines::new(input, PIECE);
    let (mut number, mut first) = (0, 0);
    let mut text = String::new();
    // Of lines that follow each other and are no answers, the first is told.
    let mut is_told = false;
    let broken = |what: &str| Err(Error::new(ErrorKind::Usage, what));
    while let Some(line) = lines.next()? {
        number += 1;
        let is_long = line.len() >= MAX_LINE;
        let line = logs::text(line);
        let bare = line.trim_end();
        // What stands around the rows of a survey, and the commas between.
        let is_frame = bare.ends_with("\"endpoints\":[") || bare.starts_with("],\"counts\":");
        if line.starts_with('{') || is_frame {
            if !text.is_empty() {
                take(first, broken(text!("it is cut: the JSON has no end")));
                text.clear();
            }
            if is_frame {
                continue;
            }
            first = number;
        } else if text.is_empty() {
            if !bare.is_empty() && !is_told {
                take(number, broken(text!("this is no answer of client check: it does not begin with a brace")));
                is_told = true;
            }
            continue;
        }
        is_told = false;
        text.push_str(bare);
        if is_long || text.len() > LONGEST {
            take(first, broken(text!("it is longer than any answer")));
            text.clear();
        } else if line.starts_with('}') || (first == number && is_whole(bare)) {
            take(first, one(text.trim_end_matches(',')));
            text.clear();
        } else {
            text.push('\n');
        }
    }
    if !text.is_empty() {
        take(first, broken(text!("it is cut: the JSON has no end")));
    }
    Ok(())
}

/// Whether a line that begins an answer ends one: of one that is written over several lines, the first is a brace alone or
/// ends in the comma or bracket behind a field.
fn is_whole(line: &str) -> bool {
    let line = line.trim_end_matches(',');
    line.len() > 1 && (line.ends_with('}') || !line.ends_with(['{', '[', '"', ':']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(usize, Option<String>, bool)> {
        let mut found = Vec::new();
        all(text.as_bytes(), |line, record| {
            let name = record.as_ref().ok().and_then(|found| found.name.clone());
            found.push((line, name, record.is_ok()));
        })
        .unwrap();
        found
    }

    #[test]
    fn answers_in_a_line_and_over_several_are_read_and_broken_ones_end_where_the_next_begins() {
        let line = |name: &str| {
            format!("{{\"computer\":\"{name}\",\"views\":[{{\"view\":\"32\",\"parent_address\":\"MR\"}}]}}\n")
        };
        let pretty = "{\n  \"reg\": \"C:\\\\in\\\\PC3.reg\",\n  \"views\": [\n    {\n      \"view\": \"32\",\n      \"parent_address\": \"MR\"\n    }\n  ]\n}\n";
        let cut = "{\"computer\":\"PC4\",\"views\":[{\"vi\n";
        let long = format!("{{\"computer\":\"{}\"}}\n", "x".repeat(MAX_LINE));
        let text =
            [line("PC1"), cut.into(), line("PC2"), pretty.into(), "junk\n\nmore junk\n".into(), long, line("PC5")]
                .concat();
        let name = |name: &str| Some(name.to_owned());
        assert_eq!(
            read(&text),
            [
                (1, name("PC1"), true),
                (2, None, false),
                (3, name("PC2"), true),
                (4, name("PC3"), true),
                (13, None, false),
                (16, None, false),
                (17, name("PC5"), true)
            ]
        );
        assert_eq!(read("{\n  \"computer\": \"PC1\",\n"), [(1, None, false)]);
        assert_eq!(read(&line("PC1").replace('\n', "\r\n")), [(1, name("PC1"), true)]);
    }
}
