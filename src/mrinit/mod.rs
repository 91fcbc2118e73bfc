//! `mrinit.conf`, the router's configuration (formats.md, section 2): a document that keeps every byte which nobody
//! asked to change, and the relay addresses that stand in it.

mod address;
mod judge;
mod keys;
mod line;
mod lint;
pub(crate) mod sorts;

pub use address::RelayAddress;
pub(crate) use address::names_relay;
pub use judge::{Finding, judge};
pub(crate) use judge::{read as read_list, service_args};
pub use keys::{KEY_MR_PARENT, KEY_PARENT_ROUTER, is_drift_key, is_secret_key, masked};

use std::ops::Range;

use crate::base::error::{Error, ErrorKind, Position, Result};
use crate::base::text::{Encoding, LineEnding};
use line::{Line, LineKind, parse_dword, parse_lines};

/// The largest `mrinit.conf` that is read, in bytes. Real ones hold about a thousand.
pub const MAX_SIZE: u64 = 1 << 20;

/// An `mrinit.conf` as a lossless document.
///
/// It is made of any bytes at all; what is wrong with them is told when a value is asked for. Setting a value changes
/// the bytes of that value and nothing else, with one exception that the caller is told of: a missing final line
/// ending is added \[14635\].
///
/// ```
/// use configcid::mrinit::{Mrinit, Value};
///
/// let mut conf = Mrinit::parse(b"[Config]\r\n\"ParentRouterAddress\"=\"Server.Sales.Acme,SERVER\"\r\n".to_vec());
/// let edit = conf.set("ParentRouterAddress", "10.1.200.65,MRComputer.Sales.Acme,MRComputer")?;
/// assert!(edit.changed && edit.line_ending_added.is_none());
/// assert_eq!(
///     conf.bytes(),
///     b"[Config]\r\n\"ParentRouterAddress\"=\"10.1.200.65,MRComputer.Sales.Acme,MRComputer\"\r\n"
/// );
/// # Ok::<(), configcid::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mrinit {
    bytes: Vec<u8>,
    encoding: Encoding,
    lines: Vec<Line>,
}

/// A value of an `mrinit.conf`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `"..."`: the characters between the quotes, as they stand there. Backslashes are not taken for escapes \[A\].
    Text(String),
    /// `dword:xxxxxxxx`.
    Dword(u32),
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Dword(number) => write!(f, "dword:{number:08x}"),
        }
    }
}

/// What a number begins with.
const DWORD: &str = "dword:";

impl Value {
    /// Whether both are strings, or both numbers.
    pub(crate) fn is_of_type(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// The value of `name` as it may be shown to anybody: what may be a secret is [`masked`], whatever its type.
    pub fn shown_as(&self, name: &str) -> String {
        if is_secret_key(name) { masked(&self.to_string()) } else { self.to_string() }
    }
}

/// A value and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting<'a> {
    /// The name, in the case found.
    pub name: &'a str,
    /// The value.
    pub value: &'a Value,
    /// The line, counted from 1.
    pub line: usize,
}

/// What an edit did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[must_use]
pub struct Edit {
    /// The value is not what it was.
    pub changed: bool,
    /// The file did not end in a line ending; this one was added.
    pub line_ending_added: Option<LineEnding>,
}

impl Mrinit {
    /// Takes a file's bytes apart. Any bytes will do.
    pub fn parse(bytes: Vec<u8>) -> Self {
        let (encoding, mark) = Encoding::detect(&bytes);
        let lines = parse_lines(&bytes[mark..], mark, encoding);
        Self { bytes, encoding, lines }
    }

    /// The file's bytes as they are now.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The file's bytes, for good.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// How the text is stored.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The values of the `[Config]` section, in their order, duplicates included.
    pub fn settings(&self) -> impl Iterator<Item = Setting<'_>> {
        self.lines.iter().enumerate().filter_map(|(index, line)| match &line.kind {
            LineKind::Value { name, value, .. } if line.in_config => Some(Setting { name, value, line: index + 1 }),
            _ => None,
        })
    }

    /// The value of `name`, matched without regard to case; `None` where the file has none.
    ///
    /// # Errors
    /// There is no `[Config]` section, the name stands there more than once, or its line is malformed. The error
    /// names the line, and no file.
    pub fn get(&self, name: &str) -> Result<Option<Setting<'_>>> {
        Ok(self.find(name)?.map(|index| match &self.lines[index].kind {
            LineKind::Value { name, value, .. } => Setting { name, value, line: index + 1 },
            _ => unreachable!("find() gives lines with values"),
        }))
    }

    /// The value of `name` as text.
    ///
    /// # Errors
    /// As [`get`](Mrinit::get), and where there is none or it is a number.
    pub fn text(&self, name: &str) -> Result<&str> {
        let setting = self.get(name)?.ok_or_else(|| missing(name))?;
        match setting.value {
            Value::Text(text) => Ok(text),
            Value::Dword(_) => {
                Err(malformed(text!("{name} is a number where a string is expected", name), setting.line))
            }
        }
    }

    /// Replaces the value of `name`. Where the file holds a number, `value` is `8193`, `0x2001` or `dword:00002001`.
    ///
    /// # Errors
    /// As [`get`](Mrinit::get); the file has no such name; `value` holds a quote or a control character, cannot be
    /// stored in the file's encoding, or is no number where one stands. Nothing is changed then.
    pub fn set(&mut self, name: &str, value: &str) -> Result<Edit> {
        let index = self.find(name)?.ok_or_else(|| missing(name))?;
        let LineKind::Value { value: old, span, .. } = &self.lines[index].kind else {
            unreachable!("find() gives lines with values")
        };
        let (new, text) = match old {
            Value::Text(_) => (Value::Text(value.to_owned()), check_text(name, value)?.to_owned()),
            Value::Dword(_) => {
                let number = parse_dword(value).ok_or_else(|| {
                    let shown = if is_secret_key(name) { masked(value) } else { format!("{value:?}") };
                    usage(
                        text!("{shown} is no number for {name}", shown, name),
                        text!("write it as 8193, 0x2001 or dword:00002001"),
                    )
                })?;
                (Value::Dword(number), format!("{number:08x}"))
            }
        };
        let changed = *old != new;
        let encoded = self.encode(name, &text)?;
        let mut bytes = self.bytes.clone();
        if changed {
            bytes.splice(span.clone(), encoded);
        }
        let line_ending_added = self.missing_ending()?;
        self.become_checked(bytes, line_ending_added, name, &new)?;
        Ok(Edit { changed, line_ending_added })
    }

    /// Lets `name` be this value, of its type whatever type stood there, or adds it as the last value of the `[Config]`
    /// section.
    ///
    /// # Errors
    /// As [`set`](Mrinit::set).
    pub(crate) fn set_or_add(&mut self, name: &str, value: &Value) -> Result<Edit> {
        if let Some(index) = self.find(name)? {
            return match &self.lines[index].kind {
                LineKind::Value { value: old, span, .. } if !old.is_of_type(value) => {
                    let whole = self.whole_value(old, span);
                    self.set_whole(name, value, whole)
                }
                _ => self.set(name, &value.to_string()),
            };
        }
        let ending = self.style();
        let text = match value {
            Value::Text(text) => format!("\"{name}\"=\"{}\"{}", check_text(name, text)?, ending.as_str()),
            Value::Dword(_) => format!("\"{name}\"={value}{}", ending.as_str()),
        };
        let encoded = self.encode(name, &text)?;
        let line_ending_added = self.missing_ending()?;
        let last = |wanted: fn(&Line) -> bool| self.lines.iter().rfind(|line| line.in_config && wanted(line));
        let after = last(|line| matches!(line.kind, LineKind::Value { .. }))
            .or_else(|| last(|line| line.kind == LineKind::Section))
            .map_or(self.bytes.len(), |line| line.span.end);
        let mut bytes = self.bytes.clone();
        if after == bytes.len() {
            bytes.extend(self.encoded_ending(line_ending_added));
            bytes.extend(encoded);
            self.become_checked(bytes, None, name, value)?;
        } else {
            bytes.splice(after..after, encoded);
            self.become_checked(bytes, line_ending_added, name, value)?;
        }
        Ok(Edit { changed: true, line_ending_added })
    }

    /// Takes the line of `name` out; gives whether there was one.
    ///
    /// # Errors
    /// As [`get`](Mrinit::get); or the file would read as another encoding without it. Nothing is changed then.
    pub(crate) fn remove(&mut self, name: &str) -> Result<bool> {
        let Some(index) = self.find(name)? else { return Ok(false) };
        let mut bytes = self.bytes.clone();
        drop(bytes.drain(self.lines[index].span.clone()));
        let new = Self::parse(bytes);
        if new.encoding != self.encoding || new.get(name)?.is_some() {
            return Err(usage(
                text!("without {name} the file would read as {encoding}", name, encoding = new.encoding.name()),
                text!("save the file as UTF-8 with a byte order mark first"),
            ));
        }
        *self = new;
        Ok(true)
    }

    /// Where a value stands with what marks its type: the quotes of a string, the `dword:` of a number.
    fn whole_value(&self, value: &Value, span: &Range<usize>) -> Range<usize> {
        let unit = self.encoding.unit();
        match value {
            Value::Text(_) => span.start - unit..span.end + unit,
            Value::Dword(_) => span.start - DWORD.len() * unit..span.end,
        }
    }

    /// Replaces a value by one of the other type.
    fn set_whole(&mut self, name: &str, value: &Value, whole: Range<usize>) -> Result<Edit> {
        let text = match value {
            Value::Text(text) => format!("\"{}\"", check_text(name, text)?),
            Value::Dword(_) => value.to_string(),
        };
        let mut bytes = self.bytes.clone();
        bytes.splice(whole, self.encode(name, &text)?);
        let line_ending_added = self.missing_ending()?;
        self.become_checked(bytes, line_ending_added, name, value)?;
        Ok(Edit { changed: true, line_ending_added })
    }

    /// Of each line whether it may hold a secret: it names one, or a line before began like one, and nothing that is whole
    /// has ended it since.
    fn secret_lines(&self) -> Vec<bool> {
        let mut is_open = false;
        let may_hold = |line: &Line| {
            let text = self.encoding.decode(&self.bytes[line.span.clone()]);
            let is_whole = matches!(line.kind, LineKind::Section | LineKind::Value { .. });
            is_open &= !is_whole;
            let may_hold = !text.trim().is_empty() && (is_open || keys::may_hold_secret(&text));
            is_open |= may_hold && !is_whole;
            may_hold
        };
        self.lines.iter().map(may_hold).collect()
    }

    /// The text for people to see: the same lines, with every secret replaced by [`masked`].
    pub fn masked_text(&self) -> String {
        let mut out = String::new();
        for (line, may_hold_secret) in self.lines.iter().zip(self.secret_lines()) {
            let text = self.encoding.decode(&self.bytes[line.span.clone()]);
            match &line.kind {
                LineKind::Value { name, value: Value::Text(value), span } if is_secret_key(name) => {
                    out.push_str(&self.encoding.decode(&self.bytes[line.span.start..span.start]));
                    out.push_str(&masked(value));
                    out.push_str(&self.encoding.decode(&self.bytes[span.end..line.span.end]));
                }
                _ if may_hold_secret => {
                    out.push_str(&masked(text.trim_end()));
                    out.push_str(line.ending.map_or("", LineEnding::as_str));
                }
                _ => out.push_str(&text),
            }
        }
        out
    }

    /// The index of the one line with `name`'s value.
    fn find(&self, name: &str) -> Result<Option<usize>> {
        if !self.lines.iter().any(|line| line.in_config) {
            // It may well have one that nobody can read as such.
            if self.encoding.unit() == 1 && self.bytes.contains(&0) {
                return Err(Error::new(
                    ErrorKind::MrinitFormat,
                    "it holds NUL bytes, as UTF-16 without a byte order mark does",
                )
                .next("save it as Unicode (UTF-16 with a byte order mark) or as ANSI"));
            }
            let error = Error::new(ErrorKind::MrinitFormat, "there is no [Config] section");
            return Err(match self.nearly_config() {
                Some(line) => {
                    error.at(Position::Line(line)).next("this line should be [Config], without anything else in it")
                }
                None => error.next("take an mrinit.conf that the management server made"),
            });
        }
        let mut found = Vec::new();
        for (index, line) in self.lines.iter().enumerate().filter(|(_, line)| line.in_config) {
            match &line.kind {
                LineKind::Value { name: this, .. } if this.eq_ignore_ascii_case(name) => found.push(index),
                LineKind::Broken { name: Some(this), slip } if this.eq_ignore_ascii_case(name) => {
                    return Err(malformed(
                        text!("the line of {name} is malformed{words}", name, words = slip.words()),
                        index + 1,
                    )
                    .next(text!("write it as \"{name}\"=\"value\", without a quote inside the value", name)));
                }
                _ => {}
            }
        }
        match found[..] {
            [] => Ok(None),
            [index] => Ok(Some(index)),
            [first, second, ..] => Err(malformed(
                text!("{name} stands here again, first on line {first}", name, first = first + 1),
                second + 1,
            )
            .next("remove the line that is not meant")),
        }
    }

    fn encode(&self, name: &str, text: &str) -> Result<Vec<u8>> {
        self.encoding.encode(text).ok_or_else(|| {
            usage(
                text!(
                    "the new value of {name} has a character that this file's encoding, {encoding}, lacks",
                    name,
                    encoding = self.encoding.name()
                ),
                text!("use other characters, or save the file as UTF-8 first"),
            )
        })
    }

    /// The ending that the last line lacks.
    fn missing_ending(&self) -> Result<Option<LineEnding>> {
        let unended = self.lines.last().is_some_and(|line| line.ending.is_none());
        if unended && !self.bytes.len().is_multiple_of(self.encoding.unit()) {
            return Err(Error::new(
                ErrorKind::MrinitFormat,
                text!("it is {} and ends in half a character", self.encoding.name()),
            )
            .next("take an mrinit.conf that the management server made"));
        }
        Ok(unended.then(|| self.style()))
    }

    fn encoded_ending(&self, ending: Option<LineEnding>) -> Vec<u8> {
        ending.and_then(|ending| self.encoding.encode(ending.as_str())).unwrap_or_default()
    }

    /// Takes on `bytes` and, behind them, a line ending, if `name` is `value` then: without its old value, a file
    /// without a byte order mark may seem to have another encoding.
    fn become_checked(
        &mut self,
        mut bytes: Vec<u8>,
        ending: Option<LineEnding>,
        name: &str,
        value: &Value,
    ) -> Result<()> {
        bytes.extend(self.encoded_ending(ending));
        let new = Self::parse(bytes);
        if !new.get(name)?.is_some_and(|setting| setting.value == value) {
            return Err(usage(
                text!(
                    "with the new value of {name} the file would read as {encoding}",
                    name,
                    encoding = new.encoding.name()
                ),
                text!("use other characters, or save the file as UTF-8 with a byte order mark first"),
            ));
        }
        *self = new;
        Ok(())
    }

    /// The line ending that most lines have; between equals the later one; CRLF where there is none.
    fn style(&self) -> LineEnding {
        // What is added ends as Windows or Unix have it, whatever the lines before do.
        let count = |ending| self.lines.iter().filter(|line| line.ending == Some(ending)).count();
        let (lf, crlf) = (count(LineEnding::Lf), count(LineEnding::CrLf));
        match lf.cmp(&crlf) {
            std::cmp::Ordering::Less => LineEnding::CrLf,
            std::cmp::Ordering::Greater => LineEnding::Lf,
            std::cmp::Ordering::Equal => {
                let plain = |ending: &LineEnding| matches!(ending, LineEnding::Lf | LineEnding::CrLf);
                self.lines.iter().rev().find_map(|line| line.ending.filter(plain)).unwrap_or(LineEnding::CrLf)
            }
        }
    }
}

fn missing(name: &str) -> Error {
    Error::new(ErrorKind::MrinitFormat, text!("there is no {name} in its [Config] section", name))
        .next("take an mrinit.conf that the management server made")
}

fn malformed(what: String, line: usize) -> Error {
    Error::new(ErrorKind::MrinitFormat, what).at(Position::Line(line))
}

fn usage(what: String, next: &str) -> Error {
    Error::new(ErrorKind::Usage, what).next(next)
}

fn check_text<'a>(name: &str, value: &'a str) -> Result<&'a str> {
    match value.chars().find(|&c| c == '"' || c.is_control()) {
        None => Ok(value),
        Some(c) => Err(usage(
            text!("the new value of {name} holds the character {c}", name, c = format!("{c:?}")),
            text!("a value cannot hold it: leave it out"),
        )),
    }
}

#[cfg(test)]
mod tests;
