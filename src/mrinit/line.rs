//! The lines of an `mrinit.conf`: where each stands in the bytes, and what it is.

use std::ops::Range;

use super::{DWORD, Value};
use crate::base::text::{Encoding, LineEnding};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Where the line stands in the bytes, its ending included.
    pub span: Range<usize>,
    pub ending: Option<LineEnding>,
    /// Whether the line belongs to a `[Config]` section.
    pub in_config: bool,
    pub kind: LineKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LineKind {
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
        slip: Slip,
    },
    /// A comment, or nothing.
    Blank,
    Other,
}

/// How a line that should be a value went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slip {
    /// Quotes of a word processor stand in it.
    Quotes,
    /// The name has no quotes around it.
    BareName,
    /// A value without quotes that is no dword.
    BareValue,
    /// A number without `dword:`, or with too few or too many digits.
    Dword,
    /// Characters that nobody sees stand in it.
    Invisible,
    /// Something else.
    Form,
}

impl Slip {
    /// What is wrong, behind "the line of NAME is malformed"; empty where there is no more to say.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Quotes => {
                text!(": it has the quotes of a word processor (\u{201C} \u{201D}) where plain ones (\") belong")
            }
            Self::BareName => text!(": its name has no quotes around it"),
            Self::BareValue => text!(": its value has no quotes around it"),
            Self::Dword => text!(": a number is written as dword: and eight hex digits, without quotes"),
            Self::Invisible => text!(": there are characters in it that cannot be seen"),
            Self::Form => "",
        }
    }
}

pub(super) fn parse_dword(text: &str) -> Option<u32> {
    let strip = |prefix: &str| {
        text.get(..prefix.len()).filter(|start| start.eq_ignore_ascii_case(prefix)).map(|_| &text[prefix.len()..])
    };
    let (digits, radix) = match strip(DWORD).or_else(|| strip("0x")) {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    let plain = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    plain.then(|| u32::from_str_radix(digits, radix).ok()).flatten()
}

pub(super) fn parse_lines(bytes: &[u8], mark: usize, encoding: Encoding) -> Vec<Line> {
    let unit = encoding.unit();
    let units = encoding.units(bytes);
    let mut lines = Vec::new();
    let mut start = 0;
    let mut in_config = false;
    while start * unit < bytes.len() {
        let (content_end, ending, next) = end_of_line(&units, start);
        // The last line takes an odd byte of broken UTF-16 along.
        let bytes_end = if ending.is_some() { next * unit } else { bytes.len() };
        let offset = |index: usize| mark + index * unit;
        let text = |range: Range<usize>| encoding.decode(&bytes[range.start * unit..range.end * unit]);
        let kind = parse_line(&units[start..content_end], start, &text, &offset);
        if kind == LineKind::Section {
            in_config = text(start..content_end).trim().eq_ignore_ascii_case("[Config]");
        }
        lines.push(Line { span: offset(start)..mark + bytes_end, ending, in_config, kind });
        if ending.is_none() {
            break;
        }
        start = next;
    }
    lines
}

/// Where a line's content ends, what ends it, and where the next one begins.
fn end_of_line(units: &[u16], start: usize) -> (usize, Option<LineEnding>, usize) {
    const LF: u16 = b'\n' as u16;
    const CR: u16 = b'\r' as u16;
    let Some(at) = units[start..].iter().position(|&unit| unit == LF || unit == CR).map(|at| start + at) else {
        return (units.len(), None, units.len());
    };
    let is = |index: usize, unit: u16| units.get(index) == Some(&unit);
    match () {
        () if is(at, LF) => (at, Some(LineEnding::Lf), at + 1),
        () if is(at + 1, LF) => (at, Some(LineEnding::CrLf), at + 2),
        () if is(at + 1, CR) && is(at + 2, LF) => (at, Some(LineEnding::CrCrLf), at + 3),
        () => (at, Some(LineEnding::Cr), at + 1),
    }
}

/// One line without its ending; `start` is the index of its first unit in the file.
fn parse_line(
    line: &[u16],
    start: usize,
    text: &dyn Fn(Range<usize>) -> String,
    offset: &dyn Fn(usize) -> usize,
) -> LineKind {
    let is = |at: usize, c: u8| line.get(at) == Some(&c.into());
    // Form feeds and vertical tabs are blanks to those who read such files.
    let is_blank = |unit: &u16| [b' ', b'\t', 0x0B, 0x0C].iter().any(|blank| *unit == u16::from(*blank));
    let skip_blanks = |from: usize| from + line[from..].iter().take_while(|unit| is_blank(unit)).count();
    let quote_after = |from: usize| line[from..].iter().position(|&u| u == u16::from(b'"')).map(|at| from + at);

    let first = skip_blanks(0);
    if first == line.len() || is(first, b';') || is(first, b'#') {
        return LineKind::Blank;
    }
    if is(first, b'[') && line.iter().rposition(|unit| !is_blank(unit)).is_some_and(|last| is(last, b']')) {
        return LineKind::Section;
    }
    let whole = || text(start..start + line.len());
    if !is(first, b'"') {
        return broken(&whole()).unwrap_or(LineKind::Other);
    }
    let Some(name_end) = quote_after(first + 1) else {
        return broken(&whole()).unwrap_or(LineKind::Broken { name: None, slip: Slip::Form });
    };
    let name = text(start + first + 1..start + name_end);
    let otherwise = || {
        let slip = match broken(&whole()) {
            Some(LineKind::Broken { slip, .. }) => slip,
            _ => Slip::Form,
        };
        LineKind::Broken { name: Some(name.clone()), slip }
    };

    let equals = skip_blanks(name_end + 1);
    if !is(equals, b'=') {
        return otherwise();
    }
    let value = skip_blanks(equals + 1);
    if is(value, b'"') {
        return match quote_after(value + 1) {
            Some(end) if skip_blanks(end + 1) == line.len() => LineKind::Value {
                value: Value::Text(text(start + value + 1..start + end)),
                span: offset(start + value + 1)..offset(start + end),
                name,
            },
            _ => otherwise(),
        };
    }
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
    otherwise()
}

/// What a line that is no value was meant to be, where it can be told: `NAME=VALUE` in whatever quotes, or none.
fn broken(line: &str) -> Option<LineKind> {
    let plain = straight(line);
    let visible: String = plain.chars().filter(|c| !crate::base::text::is_unsafe(*c)).collect();
    let (name, value) = visible.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let bare = name.trim_matches(['"', '\'']);
    let is_name = !bare.is_empty() && bare.len() < 100 && bare.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name {
        return None;
    }
    let is_quoted = value.len() >= 2 && value.starts_with('"') && value.ends_with('"');
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digits = value.get(..6).filter(|start| start.eq_ignore_ascii_case("dword:")).map(|_| &value[6..]);
    let slip = match () {
        () if plain != line => Slip::Quotes,
        () if visible.len() != plain.len() => Slip::Invisible,
        () if bare.len() == name.len() => Slip::BareName,
        () if digits.is_some() || is_number(value.trim_start_matches("0x")) => Slip::Dword,
        () if !is_quoted && !value.contains('"') && !value.is_empty() => Slip::BareValue,
        () => Slip::Form,
    };
    Some(LineKind::Broken { name: Some(bare.to_owned()), slip })
}

/// A line with plain quotes in place of those of word processors.
pub(super) fn straight(line: &str) -> String {
    line.chars().map(|c| if is_fancy(c) { '"' } else { c }).collect()
}

/// Whether this is a quote as word processors and web pages have it.
fn is_fancy(c: char) -> bool {
    matches!(c, '\u{2018}'..='\u{201F}' | '\u{AB}' | '\u{BB}' | '\u{2033}' | '\u{FF02}' | '\u{B4}' | '`')
}
