//! Tables of a fleet file, read key by key.

use crate::base::language::said;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Given;
use super::words::Word;
use crate::base::error::{Error, ErrorKind, Position, Result};
use crate::base::near::nearest;

/// How to write a path of Windows: within double quotes a backslash begins an escape.
pub(super) const BACKSLASHES: &str = "in a path within \"...\" write each backslash twice, or put the path into '...'";

/// No value is longer, in characters.
const LONGEST: usize = 4096;

pub(super) fn format_error(what: impl Into<String>, line: usize) -> Error {
    Error::new(ErrorKind::FleetFormat, what).at(Position::Line(line))
}

/// From places in the text to lines.
pub(super) struct Reader {
    /// Where each line begins.
    lines: Vec<usize>,
}

impl Reader {
    pub(super) fn new(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { lines: std::iter::once(0).chain(ends).collect() }
    }

    pub(super) fn line(&self, span: &Range<usize>) -> usize {
        self.lines.partition_point(|begin| *begin <= span.start).max(1)
    }

    /// A table, all of whose keys are known.
    pub(super) fn section<'a, 'i>(
        &'a self,
        name: &'static str,
        line: usize,
        table: &'a DeTable<'i>,
        known: &'static [&'static str],
    ) -> Result<Section<'a, 'i>> {
        let unknown = table.keys().filter(|key| !known.contains(&key.get_ref().as_ref()));
        if let Some(key) = unknown.min_by_key(|key| key.span().start) {
            let error = format_error(
                text!("{name} has no key {get_ref}", name, get_ref = format!("{:?}", key.get_ref())),
                self.line(&key.span()),
            );
            let next = match nearest(key.get_ref(), known.iter().copied()) {
                Some(near) => text!("did you mean {near}?", near),
                None => text!("it may have {}", known.join(", ")),
            };
            return Err(error.next(next));
        }
        Ok(Section { reader: self, name, line, table })
    }
}

/// A table of the file.
pub(super) struct Section<'a, 'i> {
    reader: &'a Reader,
    name: &'static str,
    pub line: usize,
    table: &'a DeTable<'i>,
}

impl<'a, 'i> Section<'a, 'i> {
    /// The value of a key, and its line.
    fn get(&self, key: &str) -> Option<(&'a Spanned<DeValue<'i>>, usize)> {
        let (name, value) = self.table.iter().find(|(name, _)| name.get_ref() == key)?;
        Some((value, self.reader.line(&name.span())))
    }

    fn wrong(&self, key: &str, line: usize, expected: &str) -> Error {
        format_error(text!("{key} of {value} must be {expected}", key, value = self.name, expected), line)
    }

    pub(super) fn table(&self, key: &'static str, known: &'static [&'static str]) -> Result<Option<Self>> {
        let Some((value, line)) = self.get(key) else { return Ok(None) };
        let name = if key == "server" { "[server]" } else { "[defaults]" };
        let table = value.get_ref().as_table().ok_or_else(|| {
            format_error(text!("{key} must be one table", key), line).next(text!("begin it with {name}, once", name))
        })?;
        self.reader.section(name, line, table, known).map(Some)
    }

    pub(super) fn tables(&self, key: &'static str, known: &'static [&'static str]) -> Result<Vec<Self>> {
        let Some((value, line)) = self.get(key) else { return Ok(Vec::new()) };
        let name = if key == "relay" { "[[relay]]" } else { "[[cid]]" };
        let wrong = || {
            format_error(text!("{key} must be a list of tables", key), line).next(text!("begin each with {name}", name))
        };
        let each = value.get_ref().as_array().ok_or_else(wrong)?;
        each.iter()
            .map(|value| {
                let table = value.get_ref().as_table().ok_or_else(wrong)?;
                self.reader.section(name, self.reader.line(&value.span()), table, known)
            })
            .collect()
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<Given<String>>> {
        let Some((value, line)) = self.get(key) else { return Ok(None) };
        Ok(Some(Given { value: self.one_text(key, value, line)?, line }))
    }

    fn one_text(&self, key: &str, value: &Spanned<DeValue<'i>>, line: usize) -> Result<String> {
        let text = value.get_ref().as_str().ok_or_else(|| {
            let found = value.get_ref().type_str();
            self.wrong(key, line, "a string").next(text!("put quotes around it: this is of the type {found}", found))
        })?;
        if text.trim().is_empty() {
            return Err(self.wrong(key, line, text!("more than blanks")).next("leave it out where there is none"));
        }
        if text.contains(char::is_control) {
            return Err(self.wrong(key, line, text!("without control characters")).next(BACKSLASHES));
        }
        if text.chars().count() > LONGEST {
            return Err(self.wrong(key, line, &text!("no longer than {LONGEST} characters", LONGEST)));
        }
        Ok(text.to_owned())
    }

    /// One text, or a list of them, each not empty.
    pub(super) fn texts(&self, key: &str) -> Result<Option<Given<Vec<String>>>> {
        let Some((value, line)) = self.get(key) else { return Ok(None) };
        let Some(list) = value.get_ref().as_array() else {
            return Ok(self.text(key)?.map(|given| Given { value: vec![given.value], line }));
        };
        let texts = list.iter().map(|value| self.one_text(key, value, self.reader.line(&value.span())));
        let texts = texts.collect::<Result<Vec<String>>>()?;
        if texts.is_empty() {
            return Err(self.wrong(key, line, text!("more than an empty list")));
        }
        Ok(Some(Given { value: texts, line }))
    }

    pub(super) fn required(&self, key: &str) -> Result<Given<String>> {
        self.text(key)?.ok_or_else(|| {
            format_error(text!("{value} has no {key}", value = self.name, key), self.line).next("add it")
        })
    }

    pub(super) fn number(&self, key: &str) -> Result<Option<Given<u32>>> {
        let Some((value, line)) = self.get(key) else { return Ok(None) };
        let number =
            value.get_ref().as_integer().and_then(|number| u32::from_str_radix(number.as_str(), number.radix()).ok());
        let value = number.ok_or_else(|| self.wrong(key, line, &text!("a whole number from 0 to {}", u32::MAX)))?;
        Ok(Some(Given { value, line }))
    }

    pub(super) fn flag(&self, key: &str) -> Result<Option<Given<bool>>> {
        let Some((value, line)) = self.get(key) else { return Ok(None) };
        let value = value.get_ref().as_bool().ok_or_else(|| self.wrong(key, line, text!("true or false")))?;
        Ok(Some(Given { value, line }))
    }

    fn one_word<T: Word>(&self, key: &str, value: &Spanned<DeValue<'i>>, line: usize) -> Result<T> {
        let words = || T::WORDS.iter().map(|(word, _)| *word);
        let found = value.get_ref().as_str().and_then(|text| T::WORDS.iter().find(|(word, _)| *word == text));
        found.map(|(_, value)| *value).ok_or_else(|| {
            let text = value.get_ref().as_str().unwrap_or_else(|| value.get_ref().type_str());
            let next = match nearest(text, words()) {
                Some(near) => text!("did you mean \"{near}\"?", near),
                None => {
                    text!("it may be {}", words().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", "))
                }
            };
            format_error(
                text!(
                    "{key} of {value}: {text} is no {what}",
                    key,
                    value = self.name,
                    text = format!("{text:?}"),
                    what = said(T::WHAT)
                ),
                line,
            )
            .next(next)
        })
    }

    pub(super) fn word<T: Word>(&self, key: &str) -> Result<Option<Given<T>>> {
        let Some((value, line)) = self.get(key) else { return Ok(None) };
        Ok(Some(Given { value: self.one_word(key, value, line)?, line }))
    }

    /// One word, or a list of them.
    pub(super) fn words<T: Word + PartialEq>(&self, key: &str) -> Result<Option<Given<Vec<T>>>> {
        let Some((value, line)) = self.get(key) else { return Ok(None) };
        let Some(list) = value.get_ref().as_array() else {
            return Ok(Some(Given { value: vec![self.one_word(key, value, line)?], line }));
        };
        let mut words = Vec::new();
        for value in list.iter() {
            let word = self.one_word(key, value, self.reader.line(&value.span()))?;
            if !words.contains(&word) {
                words.push(word);
            }
        }
        if words.is_empty() {
            return Err(self.wrong(key, line, text!("more than an empty list")));
        }
        Ok(Some(Given { value: words, line }))
    }
}
