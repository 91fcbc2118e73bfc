//! An error as plain data, for those who hand it on.

use serde::Serialize;

use super::error::{Error, Position};

/// An error, for programs.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorReport {
    /// The sort, stable.
    pub kind: &'static str,
    /// What is wrong.
    pub what: String,
    /// The file or folder.
    pub path: Option<String>,
    /// The line, counted from 1.
    pub line: Option<usize>,
    /// The character in the line, counted from 1; left out where it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// The byte, counted from 0.
    pub offset: Option<u64>,
    /// What to do next.
    pub next: Option<String>,
}

impl ErrorReport {
    /// The parts of an error.
    pub fn new(error: &Error) -> Self {
        let (line, column, offset) = match error.position() {
            Some(Position::Line(line)) => (Some(line), None, None),
            Some(Position::Character { line, column }) => (Some(line), Some(column), None),
            Some(Position::Offset(offset)) => (None, None, Some(offset)),
            None => (None, None, None),
        };
        Self {
            kind: error.kind().name(),
            what: error.what().to_owned(),
            path: error.path().map(|path| path.to_string_lossy().into_owned()),
            line,
            column,
            offset,
            next: error.next_step().map(str::to_owned),
        }
    }

    /// The error as one sentence without its end: what is wrong, where, and what to do next.
    pub fn sentence(&self) -> String {
        let mut text = self.path.as_ref().map_or_else(String::new, |path| format!("{path}: "));
        if let Some(line) = self.line {
            text.push_str(&text!("line {line}: ", line));
        }
        if let Some(offset) = self.offset {
            text.push_str(&text!("offset {offset}: ", offset));
        }
        text.push_str(&self.what);
        if let Some(next) = &self.next {
            text.push_str(&format!("; {next}"));
        }
        text
    }
}
