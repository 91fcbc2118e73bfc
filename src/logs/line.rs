//! The lines of a log: bytes in whatever encoding to lines of bounded length, and their prefix.
//!
//! Logs grow to gigabytes, and nearly all their lines say nothing of how the router stands. A line is therefore handed out
//! as it lies in the buffer, and becomes text only where somebody wants to read it.

use std::borrow::Cow;
use std::io::{self, Read};

use encoding_rs::{Decoder, UTF_16BE, UTF_16LE};
use jiff::civil::DateTime;
use memchr::memchr;

use crate::base::text::{Encoding, decode_1252};

/// No more of a line is looked at, in bytes.
pub(crate) const MAX_LINE: usize = 16 << 10;

/// How much of a log is read at once, in bytes.
pub(super) const PIECE: usize = 256 << 10;

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
    pub text: &'a [u8],
}

/// Reads the prefix `DD.MM.YYYY HH:MM:SS TTTT L `; `None` where there is none, or no such moment.
pub(crate) fn prefixed(line: &[u8]) -> Option<Prefixed<'_>> {
    const FORM: &[u8; 20] = b"00.00.0000 00:00:00 ";
    let (stamp, rest) = line.split_first_chunk::<20>()?;
    let fits =
        stamp.iter().zip(FORM).all(|(byte, form)| if *form == b'0' { byte.is_ascii_digit() } else { byte == form });
    if !fits {
        return None;
    }
    let digits = rest.iter().take(9).take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (level, text) = match rest.get(digits..)? {
        [b' ', level] => (level, &[][..]),
        [b' ', level, b' ', text @ ..] => (level, text),
        _ => return None,
    };
    let level = match level {
        b'I' => Level::Information,
        b'W' => Level::Warning,
        b'N' => Level::Notice,
        b'E' => Level::Error,
        _ => return None,
    };
    if !(1..=8).contains(&digits) {
        return None;
    }
    let small = |at: usize| (stamp[at] - b'0') as i8 * 10 + (stamp[at + 1] - b'0') as i8;
    let year = i16::from(small(6)) * 100 + i16::from(small(8));
    let time = DateTime::new(year, small(3), small(0), small(11), small(14), small(17), 0).ok()?;
    Some(Prefixed { time, level, text })
}

/// Lines, whatever the encoding. What Windows leaves of a file that was being written when the power failed, zeros, is no
/// part of any line.
pub(crate) struct Lines<R> {
    input: R,
    encoding: Encoding,
    /// What turns UTF-16 into UTF-8.
    decoder: Option<Decoder>,
    /// As read; and, of UTF-16, decoded.
    raw: Vec<u8>,
    pending: Vec<u8>,
    /// What stands before was handed out.
    at: usize,
    /// Whether all that is pending is ASCII, so that no line of it needs a look.
    is_ascii: bool,
    begun: bool,
    ended: bool,
    /// A line that goes on in what is read next.
    long: Vec<u8>,
    zeros: u64,
}

impl<R: Read> Lines<R> {
    pub(crate) fn new(input: R, piece: usize) -> Self {
        Self {
            input,
            encoding: Encoding::Ascii,
            decoder: None,
            raw: vec![0; piece.max(4)],
            pending: Vec::new(),
            at: 0,
            is_ascii: true,
            begun: false,
            ended: false,
            long: Vec::new(),
            zeros: 0,
        }
    }

    /// The encoding, as far as was read: 8-bit text is looked at line by line.
    pub(crate) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// How many zeros stood at the beginning and end of lines, as far as was read.
    pub(crate) fn zeros(&self) -> u64 {
        self.zeros
    }

    /// The next line without its ending, no more of it than [`MAX_LINE`] bytes; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<&[u8]>> {
        self.long.clear();
        let mut is_long = false;
        let part = loop {
            let rest = self.at..self.pending.len();
            if rest.is_empty() {
                if self.fill()? {
                    continue;
                }
                if !is_long {
                    return Ok(None);
                }
                break 0..0;
            }
            match memchr(b'\n', &self.pending[rest.clone()]) {
                Some(length) => {
                    self.at += length + 1;
                    break rest.start..rest.start + length;
                }
                None => {
                    is_long = true;
                    self.at = self.pending.len();
                    self.go_on(rest);
                }
            }
        };
        if is_long {
            self.go_on(part);
            let (line, zeros) = trimmed(&self.long);
            self.zeros += zeros;
            return Ok(Some(line));
        }
        let line = &self.pending[part];
        let line = if line.first() == Some(&0) {
            let first = line.iter().position(|byte| *byte != 0).unwrap_or(line.len());
            self.zeros += first as u64;
            &line[first..]
        } else {
            line
        };
        let (line, zeros) = trimmed(&line[..line.len().min(MAX_LINE)]);
        self.zeros += zeros;
        if !self.is_ascii && self.decoder.is_none() && !line.is_ascii() {
            self.encoding = encoding_of(line);
        }
        Ok(Some(line))
    }

    /// Adds to the line that goes on. Zeros before its first character are left out, however many there are.
    fn go_on(&mut self, part: std::ops::Range<usize>) {
        let mut part = &self.pending[part];
        if self.long.is_empty() {
            let first = part.iter().position(|byte| *byte != 0).unwrap_or(part.len());
            self.zeros += first as u64;
            part = &part[first..];
        }
        let room = MAX_LINE.saturating_sub(self.long.len());
        self.long.extend_from_slice(&part[..part.len().min(room)]);
        if self.decoder.is_none() && !self.long.is_ascii() {
            self.encoding = encoding_of(&self.long);
        }
    }

    /// Reads on; gives whether there is more.
    fn fill(&mut self) -> io::Result<bool> {
        self.at = 0;
        self.pending.clear();
        while self.pending.is_empty() && !self.ended {
            let length = loop {
                match self.input.read(&mut self.raw) {
                    Ok(length) => break length,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            };
            self.ended = length == 0;
            let mut skip = 0;
            if !self.begun {
                self.begun = true;
                (self.encoding, skip) = start(&self.raw[..length]);
                self.decoder = match self.encoding {
                    Encoding::Utf16Le => Some(UTF_16LE.new_decoder_without_bom_handling()),
                    Encoding::Utf16Be => Some(UTF_16BE.new_decoder_without_bom_handling()),
                    _ => None,
                };
            }
            let bytes = &self.raw[skip..length];
            match &mut self.decoder {
                None => self.pending.extend_from_slice(bytes),
                Some(decoder) => {
                    let mut text = String::with_capacity(decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(0));
                    let _ = decoder.decode_to_string(bytes, &mut text, self.ended);
                    self.pending.extend_from_slice(text.as_bytes());
                }
            }
        }
        self.is_ascii = self.pending.is_ascii();
        Ok(!self.pending.is_empty())
    }
}

/// A line without what ends it: zeros, and the first half of a Windows line end.
fn trimmed(line: &[u8]) -> (&[u8], u64) {
    let end = |line: &[u8]| line.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let whole = &line[..end(line)];
    match whole.strip_suffix(b"\r") {
        None => (whole, (line.len() - whole.len()) as u64),
        Some(rest) => (&rest[..end(rest)], (line.len() - 1 - end(rest)) as u64),
    }
}

/// The encoding of a line that is not ASCII. One that was cut may end within a character.
fn encoding_of(line: &[u8]) -> Encoding {
    match std::str::from_utf8(line) {
        Ok(_) => Encoding::Utf8,
        Err(error) if line.len() == MAX_LINE && error.error_len().is_none() => Encoding::Utf8,
        Err(_) => Encoding::Windows1252,
    }
}

/// A line as text.
pub(crate) fn text(line: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(line) {
        Ok(text) => Cow::Borrowed(text),
        // A line that was cut may end within a character.
        Err(error) if error.error_len().is_none() && line.len() + 30 >= MAX_LINE => {
            String::from_utf8_lossy(&line[..error.valid_up_to()])
        }
        Err(_) => Cow::Owned(decode_1252(line)),
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
    use super::*;

    fn lines(bytes: &[u8], buffer: usize) -> (Vec<String>, Encoding) {
        let mut lines = Lines::new(bytes, buffer);
        let all = std::iter::from_fn(|| lines.next().unwrap().map(|line| text(line).into_owned())).collect();
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
    fn zeros_are_no_part_of_a_line() {
        for buffer in [4, 7, 1 << 20] {
            let bytes = [b"one\r\n".as_slice(), &vec![0; 3 * MAX_LINE], b"two\0\0\n\0\0\0"].concat();
            let mut lines = Lines::new(bytes.as_slice(), buffer);
            let mut all = Vec::new();
            while let Some(line) = lines.next().unwrap() {
                all.push(text(line).into_owned());
            }
            assert_eq!(
                (all.as_slice(), lines.zeros()),
                (&["one", "two", ""].map(str::to_owned)[..], 3 * MAX_LINE as u64 + 5)
            );
        }
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
        let line = prefixed(b"31.12.2025 23:59:58 0D38 W Failed: x").unwrap();
        assert_eq!(
            (line.time.to_string().as_str(), line.level, line.text),
            ("2025-12-31T23:59:58", Level::Warning, &b"Failed: x"[..])
        );
        assert_eq!(prefixed(b"31.12.2025 23:59:58 0D38 E").unwrap().text, b"");
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
            assert_eq!(prefixed(line.as_bytes()), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_line_comes_back(days in 0_i64..1_000_000, seconds in 0_i64..86_400, thread: u32, level in "[IWNE]", text in "[^\r\n]{0,40}") {
            use jiff::ToSpan;
            let time = DateTime::constant(1990, 1, 1, 0, 0, 0, 0).saturating_add(days.days()).saturating_add(seconds.seconds());
            let line = format!("{} {thread:04X} {level} {text}", time.strftime("%d.%m.%Y %H:%M:%S"));
            let bytes = format!("{line}\r\n");
            let mut lines = Lines::new(bytes.as_bytes(), 64);
            let found = prefixed(lines.next().unwrap().unwrap()).unwrap();
            // Zeros at the end of a line are none of it.
            proptest::prop_assert_eq!((found.time, found.text), (time, text.trim_end_matches('\0').as_bytes()));
        }
    }
}
