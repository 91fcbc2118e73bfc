//! The lines of a router's log: bytes in whatever encoding to lines of bounded length, and their prefix.

use std::io::{self, BufRead};
use std::sync::LazyLock;

use encoding_rs::{Decoder, UTF_16BE, UTF_16LE};
use jiff::civil::DateTime;
use regex::Regex;

use crate::base::text::{Encoding, decode_1252};

/// No more of a line is looked at, in bytes.
pub(crate) const MAX_LINE: usize = 16 << 10;

/// How grave a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Information,
    Warning,
    Notice,
    Error,
}

/// A line with a prefix. One without continues the line before it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Prefixed<'a> {
    /// In the time of the router's computer.
    pub time: DateTime,
    pub level: Level,
    pub text: &'a str,
}

static PREFIX: LazyLock<Regex> = LazyLock::new(|| {
    const PREFIX: &str =
        r"(?s)^([0-9]{2})\.([0-9]{2})\.([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) ([0-9A-Fa-f]{1,8}) ([IWNE])(?: |$)";
    Regex::new(PREFIX).expect("the pattern stands in this file")
});

/// Reads the prefix `DD.MM.YYYY HH:MM:SS TTTT L `; `None` where there is none, or no such moment.
pub(crate) fn prefixed(line: &str) -> Option<Prefixed<'_>> {
    let found = PREFIX.captures(line)?;
    let number = |index: usize| found[index].parse::<i16>().ok();
    let small = |index: usize| number(index).and_then(|number| i8::try_from(number).ok());
    let time = DateTime::new(number(3)?, small(2)?, small(1)?, small(4)?, small(5)?, small(6)?, 0).ok()?;
    let level = match &found[8] {
        "I" => Level::Information,
        "W" => Level::Warning,
        "N" => Level::Notice,
        _ => Level::Error,
    };
    Some(Prefixed { time, level, text: &line[found[0].len()..] })
}

/// Lines of text, whatever the encoding.
pub(crate) struct Lines<R> {
    input: R,
    encoding: Encoding,
    /// What turns UTF-16 into UTF-8.
    decoder: Option<Decoder>,
    /// Decoded; what stands before `at` was handed out.
    pending: Vec<u8>,
    at: usize,
    begun: bool,
    ended: bool,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub fn new(input: R) -> Lines<R> {
        let (pending, line) = (Vec::new(), Vec::new());
        Lines { input, encoding: Encoding::Ascii, decoder: None, pending, at: 0, begun: false, ended: false, line }
    }

    /// The encoding, as far as was read: 8-bit text is looked at line by line.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The next line without its ending, no more of it than [`MAX_LINE`] bytes; `None` at the end.
    pub fn next(&mut self) -> io::Result<Option<String>> {
        self.line.clear();
        let mut some = false;
        loop {
            if self.at == self.pending.len() && !self.fill()? {
                break;
            }
            some = true;
            let rest = &self.pending[self.at..];
            let end = rest.iter().position(|&byte| byte == b'\n');
            let part = &rest[..end.unwrap_or(rest.len())];
            let room = MAX_LINE.saturating_sub(self.line.len());
            self.line.extend_from_slice(&part[..part.len().min(room)]);
            self.at += end.map_or(rest.len(), |end| end + 1);
            if end.is_some() {
                break;
            }
        }
        if !some {
            return Ok(None);
        }
        if self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
        Ok(Some(self.text()))
    }

    fn text(&mut self) -> String {
        if self.line.is_ascii() || self.decoder.is_some() {
            return String::from_utf8_lossy(&self.line).into_owned();
        }
        // A line that was cut may end within a character.
        match std::str::from_utf8(&self.line) {
            Ok(text) => {
                self.encoding = Encoding::Utf8;
                text.to_owned()
            }
            Err(error) if self.line.len() == MAX_LINE && error.error_len().is_none() => {
                self.encoding = Encoding::Utf8;
                String::from_utf8_lossy(&self.line[..error.valid_up_to()]).into_owned()
            }
            Err(_) => {
                self.encoding = Encoding::Windows1252;
                decode_1252(&self.line)
            }
        }
    }

    /// Reads on; gives whether there is more.
    fn fill(&mut self) -> io::Result<bool> {
        self.pending.clear();
        self.at = 0;
        while self.pending.is_empty() && !self.ended {
            let bytes = loop {
                match self.input.fill_buf() {
                    Ok(bytes) => break bytes,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            };
            let length = bytes.len();
            let mut skip = 0;
            if !self.begun {
                self.begun = true;
                let (encoding, mark) = start(bytes);
                (self.encoding, skip) = (encoding, mark);
                self.decoder = match encoding {
                    Encoding::Utf16Le => Some(UTF_16LE.new_decoder_without_bom_handling()),
                    Encoding::Utf16Be => Some(UTF_16BE.new_decoder_without_bom_handling()),
                    _ => None,
                };
            }
            self.ended = length == 0;
            match &mut self.decoder {
                None => self.pending.extend_from_slice(&bytes[skip..]),
                Some(decoder) => {
                    let mut text = String::new();
                    text.reserve(decoder.max_utf8_buffer_length(length).unwrap_or(0));
                    let _ = decoder.decode_to_string(&bytes[skip..], &mut text, self.ended);
                    self.pending.extend_from_slice(text.as_bytes());
                }
            }
            self.input.consume(length);
        }
        Ok(!self.pending.is_empty())
    }
}

/// The encoding, by how a log begins, and the length of its mark. UTF-16 without one is told by the first character.
fn start(bytes: &[u8]) -> (Encoding, usize) {
    match bytes {
        [0xFF, 0xFE, ..] => (Encoding::Utf16Le, 2),
        [0xFE, 0xFF, ..] => (Encoding::Utf16Be, 2),
        [0xEF, 0xBB, 0xBF, ..] => (Encoding::Utf8, 3),
        [first, 0, ..] if *first != 0 => (Encoding::Utf16Le, 0),
        [0, second, ..] if *second != 0 => (Encoding::Utf16Be, 0),
        _ => (Encoding::Ascii, 0),
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn lines(bytes: &[u8], buffer: usize) -> (Vec<String>, Encoding) {
        let mut lines = Lines::new(BufReader::with_capacity(buffer, bytes));
        let all = std::iter::from_fn(|| lines.next().unwrap()).collect();
        (all, lines.encoding())
    }

    #[test]
    fn encodings_and_endings_are_as_found() {
        let text = "01.02.2026 03:04:05 0D38 I Zürich\r\n\r\nIOR:01\nlast";
        let expected = ["01.02.2026 03:04:05 0D38 I Zürich", "", "IOR:01", "last"];
        let utf16 =
            |mark: &str| -> Vec<u8> { format!("{mark}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect() };
        let swapped: Vec<u8> = utf16("\u{FEFF}").chunks(2).flat_map(|pair| [pair[1], pair[0]]).collect();
        for (bytes, encoding) in [
            (text.as_bytes().to_vec(), Encoding::Utf8),
            (format!("\u{FEFF}{text}").into_bytes(), Encoding::Utf8),
            (crate::base::text::encode_1252(text).unwrap(), Encoding::Windows1252),
            (utf16("\u{FEFF}"), Encoding::Utf16Le),
            (utf16(""), Encoding::Utf16Le),
            (swapped, Encoding::Utf16Be),
        ] {
            for buffer in [4, 7, 4096] {
                assert_eq!(
                    lines(&bytes, buffer),
                    (expected.map(str::to_owned).into(), encoding),
                    "{encoding:?} {buffer}"
                );
            }
        }
        assert_eq!(lines(b"", 4).0, Vec::<String>::new());
        assert_eq!(lines(b"\n\n", 4).0, ["", ""]);
    }

    #[test]
    fn long_lines_are_cut() {
        let (found, _) = lines(&[vec![b'x'; 5 * MAX_LINE], b"\ny".to_vec()].concat(), 1000);
        assert_eq!((found[0].len(), found[1].as_str(), found.len()), (MAX_LINE, "y", 2));
        let wide = format!("x{}", "ü".repeat(MAX_LINE));
        let (found, encoding) = lines(wide.as_bytes(), 1000);
        assert_eq!((found[0].len(), encoding), (MAX_LINE - 1, Encoding::Utf8));
    }

    #[test]
    fn a_prefix_is_read_strictly() {
        let line = prefixed("31.12.2025 23:59:58 0D38 W Failed: x").unwrap();
        assert_eq!(
            (line.time.to_string().as_str(), line.level, line.text),
            ("2025-12-31T23:59:58", Level::Warning, "Failed: x")
        );
        assert_eq!(prefixed("31.12.2025 23:59:58 0D38 E").unwrap().text, "");
        for line in [
            "",
            "IOR:01",
            "31.02.2025 23:59:58 0D38 I x",
            "31.12.2025 24:00:00 0D38 I x",
            "31.12.2025 23:59:58 0D38 X x",
            "31.12.2025 23:59:58 0D38 Info",
            "31.12.2025 23:59:58 WXYZ I x",
            " 31.12.2025 23:59:58 0D38 I x",
        ] {
            assert_eq!(prefixed(line), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_line_comes_back(days in 0_i64..1_000_000, seconds in 0_i64..86_400, thread: u32, level in "[IWNE]", text in "[^\r\n]{0,40}") {
            use jiff::ToSpan;
            let time = DateTime::constant(1990, 1, 1, 0, 0, 0, 0).saturating_add(days.days()).saturating_add(seconds.seconds());
            let line = format!("{} {thread:04X} {level} {text}", time.strftime("%d.%m.%Y %H:%M:%S"));
            let bytes = format!("{line}\r\n");
            let read = Lines::new(bytes.as_bytes()).next().unwrap().unwrap();
            let found = prefixed(&read).unwrap();
            proptest::prop_assert_eq!((found.time, found.text), (time, text.as_str()));
        }
    }
}
