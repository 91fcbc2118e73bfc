//! Reading `.reg` files.

use super::{Item, MAX_SIZE, RegFile, RegFormat, Section, Value, malformed};
use crate::base::error::{Error, Position, Result};
use crate::base::text::Encoding;

pub(super) fn parse(bytes: &[u8]) -> Result<RegFile> {
    if bytes.len() as u64 > MAX_SIZE {
        return Err(
            malformed(text!("it is larger than {MAX_SIZE} bytes", MAX_SIZE)).next("export the key you need alone")
        );
    }
    let (encoding, mark) = match Encoding::detect(bytes) {
        // Without a mark, registry editors take any bytes for ANSI.
        (_, 0) => (Encoding::Windows1252, 0),
        marked => marked,
    };
    if !(bytes.len() - mark).is_multiple_of(encoding.unit()) {
        return Err(malformed(text!("the last character is cut in half")).next("export the key again"));
    }
    let text = encoding.decode(&bytes[mark..]);
    let mut lines = Lines { rest: &text, number: 0, ending: "" };
    let first = lines.next().unwrap_or_default();
    let formats = [RegFormat::Version5, RegFormat::Regedit4];
    let Some(format) = formats.into_iter().find(|format| blank_free_end(first) == format.header()) else {
        let error = malformed(text!(
            "this is no .reg file: its first line is not {}",
            format!("{:?}", RegFormat::Version5.header())
        ));
        let next = if encoding.unit() == 1 && bytes.contains(&0) {
            text!("it holds NUL bytes: if it is UTF-16, save it with a byte order mark")
        } else {
            text!("export the key with: reg export KEY FILE")
        };
        return Err(error.at(Position::Line(1)).next(next));
    };
    let mut file = RegFile { format, keys: Vec::new() };
    while let Some(line) = lines.next() {
        let at = lines.number;
        // A value may take further lines: the error is where it begins, unless it knows better.
        file.take(line, &mut lines).map_err(|error| match error.position() {
            Some(_) => error,
            None => error.at(Position::Line(at)),
        })?;
    }
    Ok(file)
}

/// The lines of a text, without their endings, and the number and ending of the one that was given last.
struct Lines<'a> {
    rest: &'a str,
    number: usize,
    ending: &'a str,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.find('\n').map_or(self.rest.len(), |at| at + 1);
        let (whole, rest) = self.rest.split_at(end);
        let line = whole.strip_suffix("\r\n").or_else(|| whole.strip_suffix('\n')).unwrap_or(whole);
        self.ending = &whole[line.len()..];
        self.rest = rest;
        self.number += 1;
        Some(line)
    }
}

const BLANKS: [char; 2] = [' ', '\t'];

fn blank_free(text: &str) -> &str {
    text.trim_start_matches(BLANKS)
}

fn blank_free_end(text: &str) -> &str {
    text.trim_end_matches(BLANKS)
}

/// Whether nothing but blanks and a comment are left.
fn is_end(rest: &str) -> bool {
    let rest = blank_free(rest);
    rest.is_empty() || rest.starts_with(';')
}

impl RegFile {
    /// Takes one line, and the further ones that belong to it.
    fn take<'a>(&mut self, line: &'a str, lines: &mut Lines<'a>) -> Result<()> {
        let line = blank_free(line);
        if is_end(line) {
            return Ok(());
        }
        if let Some(rest) = line.strip_prefix('[') {
            self.keys.push(section(rest)?);
            return Ok(());
        }
        let (name, rest) = if let Some(rest) = line.strip_prefix('@') {
            (String::new(), rest)
        } else if let Some(rest) = line.strip_prefix('"') {
            let mut name = String::new();
            let rest = unquote(rest, &mut name)?;
            (name, rest.ok_or_else(|| malformed(text!("the quotes around the name are not closed")))?)
        } else {
            return Err(malformed(text!("this is neither a key, nor a value, nor a comment"))
                .next("a key stands in brackets, the name of a value in quotes, and a comment begins with ;"));
        };
        let Some(rest) = blank_free(rest).strip_prefix('=') else {
            return Err(malformed(text!("there is no = after the name")));
        };
        let item = Item { value: value(blank_free(rest), lines, self.format)?, name };
        match self.keys.last_mut() {
            Some(section) if !section.delete => section.items.push(item),
            Some(_) => return Err(malformed(text!("a value stands below a key that goes"))),
            None => return Err(malformed(text!("a value stands before the first key"))),
        }
        Ok(())
    }
}

/// What follows `[`.
fn section(rest: &str) -> Result<Section> {
    let (key, behind) =
        rest.rsplit_once(']').ok_or_else(|| malformed(text!("the bracket around the key is not closed")))?;
    if !is_end(behind) {
        return Err(malformed(text!("something stands behind the key")));
    }
    let (delete, key) = key.strip_prefix('-').map_or((false, key), |key| (true, key));
    Ok(Section { key: key.parse()?, delete, items: Vec::new() })
}

/// Adds what stands before the closing quote to `out`, and gives what follows it; `None` where the text ends first.
fn unquote<'a>(text: &'a str, out: &mut String) -> Result<Option<&'a str>> {
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\\']) {
        out.push_str(&rest[..at]);
        let (special, behind) = rest[at..].split_at(1);
        if special == "\"" {
            return Ok(Some(behind));
        }
        let Some(c @ ('"' | '\\')) = behind.chars().next() else {
            return Err(
                malformed(text!("a single backslash stands in quotes")).next("write two for one, and \\\" for a quote")
            );
        };
        out.push(c);
        rest = &behind[1..];
    }
    out.push_str(rest);
    Ok(None)
}

/// What follows `=`.
fn value<'a>(rest: &'a str, lines: &mut Lines<'a>, format: RegFormat) -> Result<Option<Value>> {
    let behind_value = |behind: &str| {
        if is_end(behind) { Ok(()) } else { Err(malformed(text!("something stands behind the value"))) }
    };
    if let Some(first) = rest.strip_prefix('"') {
        let (text, behind) = string(first, lines)?;
        behind_value(behind)?;
        return Ok(Some(Value::String(text)));
    }
    if let Some(behind) = rest.strip_prefix('-') {
        behind_value(behind)?;
        return Ok(None);
    }
    let starts = |word: &str| rest.get(..word.len()).filter(|start| start.eq_ignore_ascii_case(word)).is_some();
    if starts("dword:") {
        let digits = blank_free(&rest["dword:".len()..]);
        let end = digits.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(digits.len());
        let number = Some(&digits[..end]).filter(|digits| (1..=8).contains(&digits.len()));
        let number = number.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let number = number.ok_or_else(|| malformed(text!("a dword is one to eight hex digits")))?;
        behind_value(&digits[end..])?;
        return Ok(Some(Value::Dword(number)));
    }
    if starts("hex:") {
        return Ok(Some(Value::Binary(hex(&rest["hex:".len()..], lines)?)));
    }
    if starts("hex(")
        && let Some((kind, rest)) = rest["hex(".len()..].split_once("):")
    {
        let digits = Some(kind).filter(|kind| kind.bytes().all(|byte| byte.is_ascii_hexdigit()) && kind.len() <= 8);
        let kind = digits
            .and_then(|kind| u32::from_str_radix(kind, 16).ok())
            .ok_or_else(|| malformed(text!("{kind} is no number of a type", kind = format!("{kind:?}"))))?;
        return Ok(Some(Value::from_data(kind, hex(rest, lines)?, format)));
    }
    Err(malformed(text!("this is no value")).next("a value is \"...\", dword:, hex:, hex(NUMBER): or -"))
}

/// A string, and what follows it on its last line. Registry editors write a line break in a string as it is.
fn string<'a>(first: &'a str, lines: &mut Lines<'a>) -> Result<(String, &'a str)> {
    let mut text = String::new();
    let mut line = first;
    loop {
        if let Some(behind) = unquote(line, &mut text)? {
            return Ok((text, behind));
        }
        text.push_str(lines.ending);
        line = lines.next().ok_or_else(|| malformed(text!("the quotes around the string are not closed")))?;
    }
}

/// The bytes that follow `hex:`, over as many lines as a backslash at the end says.
fn hex<'a>(first: &'a str, lines: &mut Lines<'a>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = blank_free(first);
    if is_end(rest) {
        return Ok(bytes);
    }
    loop {
        let here = |error: Error, lines: &Lines<'_>| error.at(Position::Line(lines.number));
        if let Some(behind) = rest.strip_prefix('\\') {
            if !is_end(behind) {
                return Err(here(
                    malformed(text!("something stands behind the backslash that continues the line")),
                    lines,
                ));
            }
            // Editors and people leave blank lines and comments between.
            rest = loop {
                let Some(line) = lines.next() else {
                    return Err(here(malformed(text!("the file ends where more bytes should follow")), lines));
                };
                if !is_end(line) {
                    break blank_free(line);
                }
            };
            continue;
        }
        let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        let byte = Some(&rest[..digits]).filter(|_| (1..=2).contains(&digits));
        let Some(byte) = byte.and_then(|digits| u8::from_str_radix(digits, 16).ok()) else {
            return Err(here(malformed(text!("a byte is one or two hex digits")), lines));
        };
        bytes.push(byte);
        rest = blank_free(&rest[digits..]);
        match rest.strip_prefix(',') {
            Some(more) => rest = blank_free(more),
            None if is_end(rest) => return Ok(bytes),
            None => return Err(here(malformed(text!("there is no comma between two bytes")), lines)),
        }
    }
}
