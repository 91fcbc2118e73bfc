//! `mrinit.conf`, the router's configuration (formats.md, section 2): a document that keeps every byte which nobody
//! asked to change, and the relay addresses that stand in it.

mod address;
mod keys;

pub use address::RelayAddress;
pub(crate) use address::names_relay;
pub use keys::{KEY_MR_PARENT, KEY_PARENT_ROUTER, is_drift_key, is_secret_key, masked};

use std::ops::Range;

use crate::base::error::{Error, ErrorKind, Position, Result};
use crate::base::text::{Encoding, LineEnding};

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

#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    /// Where the line stands in the bytes, its ending included.
    span: Range<usize>,
    ending: Option<LineEnding>,
    /// Whether the line belongs to a `[Config]` section.
    in_config: bool,
    kind: LineKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum LineKind {
    Section,
    Value {
        name: String,
        value: Value,
        /// The bytes between the quotes, or those of the digits after `dword:`.
        span: Range<usize>,
    },
    /// Begins like a value and does not go on like one.
    Broken {
        name: Option<String>,
    },
    Other,
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
            Value::Text(text) => f.write_str(text),
            Value::Dword(number) => write!(f, "dword:{number:08x}"),
        }
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
    pub fn parse(bytes: Vec<u8>) -> Mrinit {
        let (encoding, mark) = Encoding::detect(&bytes);
        let lines = parse_lines(&bytes[mark..], mark, encoding);
        Mrinit { bytes, encoding, lines }
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
            Value::Dword(_) => Err(malformed(format!("{name} is a number where a string is expected"), setting.line)),
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
                    usage(format!("{value:?} is no number for {name}"), "write it as 8193, 0x2001 or dword:00002001")
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

    /// Sets `name` as [`set`](Mrinit::set) does, or adds it as the last value of the `[Config]` section.
    pub(crate) fn set_or_add(&mut self, name: &str, value: &Value) -> Result<Edit> {
        if self.find(name)?.is_some() {
            return self.set(name, &value.to_string());
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

    /// The text for people to see: the same lines, with every secret replaced by [`masked`].
    pub fn masked_text(&self) -> String {
        let mut out = String::new();
        for line in &self.lines {
            let text = self.encoding.decode(&self.bytes[line.span.clone()]);
            match &line.kind {
                LineKind::Value { name, value: Value::Text(value), span } if is_secret_key(name) => {
                    out.push_str(&self.encoding.decode(&self.bytes[line.span.start..span.start]));
                    out.push_str(&masked(value));
                    out.push_str(&self.encoding.decode(&self.bytes[span.end..line.span.end]));
                }
                _ if keys::may_hold_secret(&text) => {
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
            let mut error = Error::new(ErrorKind::MrinitFormat, "there is no [Config] section")
                .next("take an mrinit.conf that the management server made");
            if self.encoding.unit() == 1 && self.bytes.contains(&0) {
                error = error.next("it holds NUL bytes: if it is UTF-16, save it with a byte order mark");
            }
            return Err(error);
        }
        let mut found = Vec::new();
        for (index, line) in self.lines.iter().enumerate().filter(|(_, line)| line.in_config) {
            match &line.kind {
                LineKind::Value { name: this, .. } if this.eq_ignore_ascii_case(name) => found.push(index),
                LineKind::Broken { name: Some(this) } if this.eq_ignore_ascii_case(name) => {
                    return Err(malformed(format!("the line of {name} is malformed"), index + 1)
                        .next(format!("write it as \"{name}\"=\"value\", without a quote inside the value")));
                }
                _ => {}
            }
        }
        match found[..] {
            [] => Ok(None),
            [index] => Ok(Some(index)),
            [first, second, ..] => {
                Err(malformed(format!("{name} stands here again, first on line {}", first + 1), second + 1)
                    .next("remove the line that is not meant"))
            }
        }
    }

    fn encode(&self, name: &str, text: &str) -> Result<Vec<u8>> {
        self.encoding.encode(text).ok_or_else(|| {
            usage(
                format!(
                    "the new value of {name} has a character that this file's encoding, {}, lacks",
                    self.encoding.name()
                ),
                "use other characters, or save the file as UTF-8 first",
            )
        })
    }

    /// The ending that the last line lacks.
    fn missing_ending(&self) -> Result<Option<LineEnding>> {
        let unended = self.lines.last().is_some_and(|line| line.ending.is_none());
        if unended && !self.bytes.len().is_multiple_of(self.encoding.unit()) {
            return Err(Error::new(
                ErrorKind::MrinitFormat,
                format!("it is {} and ends in half a character", self.encoding.name()),
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
        let new = Mrinit::parse(bytes);
        if !new.get(name)?.is_some_and(|setting| setting.value == value) {
            return Err(usage(
                format!("with the new value of {name} the file would read as {}", new.encoding.name()),
                "use other characters, or save the file as UTF-8 with a byte order mark first",
            ));
        }
        *self = new;
        Ok(())
    }

    /// The line ending that most lines have; between equals the later one; CRLF where there is none.
    fn style(&self) -> LineEnding {
        let count = |ending| self.lines.iter().filter(|line| line.ending == Some(ending)).count();
        let (lf, crlf) = (count(LineEnding::Lf), count(LineEnding::CrLf));
        match lf.cmp(&crlf) {
            std::cmp::Ordering::Less => LineEnding::CrLf,
            std::cmp::Ordering::Greater => LineEnding::Lf,
            std::cmp::Ordering::Equal => {
                self.lines.iter().rev().find_map(|line| line.ending).unwrap_or(LineEnding::CrLf)
            }
        }
    }
}

fn missing(name: &str) -> Error {
    Error::new(ErrorKind::MrinitFormat, format!("there is no {name} in its [Config] section"))
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
            format!("the new value of {name} holds the character {c:?}"),
            "a value cannot hold it: leave it out",
        )),
    }
}

fn parse_dword(text: &str) -> Option<u32> {
    let strip = |prefix: &str| {
        text.get(..prefix.len()).filter(|start| start.eq_ignore_ascii_case(prefix)).map(|_| &text[prefix.len()..])
    };
    let (digits, radix) = match strip("dword:").or_else(|| strip("0x")) {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    let plain = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    plain.then(|| u32::from_str_radix(digits, radix).ok()).flatten()
}

fn parse_lines(bytes: &[u8], mark: usize, encoding: Encoding) -> Vec<Line> {
    const LF: u16 = b'\n' as u16;
    const CR: u16 = b'\r' as u16;
    let unit = encoding.unit();
    let units = encoding.units(bytes);
    let mut lines = Vec::new();
    let mut start = 0;
    let mut in_config = false;
    while start * unit < bytes.len() {
        let end = units[start..].iter().position(|&u| u == LF).map(|at| start + at);
        let (content_end, ending, next) = match end {
            Some(lf) if lf > start && units[lf - 1] == CR => (lf - 1, Some(LineEnding::CrLf), lf + 1),
            Some(lf) => (lf, Some(LineEnding::Lf), lf + 1),
            None => (units.len(), None, units.len()),
        };
        // The last line takes an odd byte of broken UTF-16 along.
        let bytes_end = if end.is_some() { next * unit } else { bytes.len() };
        let offset = |index: usize| mark + index * unit;
        let text = |range: Range<usize>| encoding.decode(&bytes[range.start * unit..range.end * unit]);
        let kind = parse_line(&units[start..content_end], start, &text, &offset);
        if kind == LineKind::Section {
            in_config = text(start..content_end).trim().eq_ignore_ascii_case("[Config]");
        }
        lines.push(Line { span: offset(start)..mark + bytes_end, ending, in_config, kind });
        if end.is_none() {
            break;
        }
        start = next;
    }
    lines
}

/// One line without its ending; `start` is the index of its first unit in the file.
fn parse_line(
    line: &[u16],
    start: usize,
    text: &dyn Fn(Range<usize>) -> String,
    offset: &dyn Fn(usize) -> usize,
) -> LineKind {
    let is = |at: usize, c: u8| line.get(at) == Some(&c.into());
    let skip_blanks = |from: usize| {
        from + line[from..].iter().take_while(|&&u| u == u16::from(b' ') || u == u16::from(b'\t')).count()
    };
    let quote_after = |from: usize| line[from..].iter().position(|&u| u == u16::from(b'"')).map(|at| from + at);

    let first = skip_blanks(0);
    if is(first, b'[') && text(start..start + line.len()).trim_end_matches([' ', '\t']).ends_with(']') {
        return LineKind::Section;
    }
    if !is(first, b'"') {
        return LineKind::Other;
    }
    let Some(name_end) = quote_after(first + 1) else { return LineKind::Broken { name: None } };
    let name = text(start + first + 1..start + name_end);
    let broken = || LineKind::Broken { name: Some(name.clone()) };

    let equals = skip_blanks(name_end + 1);
    if !is(equals, b'=') {
        return broken();
    }
    let value = skip_blanks(equals + 1);
    if is(value, b'"') {
        return match quote_after(value + 1) {
            Some(end) if skip_blanks(end + 1) == line.len() => LineKind::Value {
                value: Value::Text(text(start + value + 1..start + end)),
                span: offset(start + value + 1)..offset(start + end),
                name,
            },
            _ => broken(),
        };
    }
    const DWORD: &str = "dword:";
    let digits = value + DWORD.len();
    let digits_end = digits + 8;
    if digits_end <= line.len()
        && text(start + value..start + digits).eq_ignore_ascii_case(DWORD)
        && skip_blanks(digits_end) == line.len()
        && let Some(number) = parse_dword(&text(start + value..start + digits_end))
    {
        let span = offset(start + digits)..offset(start + digits_end);
        return LineKind::Value { name, value: Value::Dword(number), span };
    }
    broken()
}

#[cfg(test)]
mod tests;
