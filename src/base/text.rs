//! Bytes to text and back without loss: encodings, byte order marks, line endings.
//!
//! The encodings and line endings are those of formats.md, section 2.

use encoding_rs::WINDOWS_1252;

use super::language::said;

/// How the text of a file is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Bytes below 0x80 only.
    Ascii,
    /// Windows-1252: what is neither of the others.
    Windows1252,
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16, little-endian, told by its byte order mark.
    Utf16Le,
    /// UTF-16, big-endian, told by its byte order mark.
    Utf16Be,
}

impl Encoding {
    /// Finds the encoding of `bytes` and the length of the byte order mark. A file without a mark is ASCII, else
    /// UTF-8 where it is valid, else Windows-1252.
    pub(crate) fn detect(bytes: &[u8]) -> (Self, usize) {
        match bytes {
            [0xEF, 0xBB, 0xBF, rest @ ..] if std::str::from_utf8(rest).is_ok() => (Self::Utf8, 3),
            [0xEF, 0xBB, 0xBF, ..] => (Self::Windows1252, 3),
            [0xFF, 0xFE, ..] => (Self::Utf16Le, 2),
            [0xFE, 0xFF, ..] => (Self::Utf16Be, 2),
            _ if bytes.is_ascii() => (Self::Ascii, 0),
            _ if std::str::from_utf8(bytes).is_ok() => (Self::Utf8, 0),
            _ => (Self::Windows1252, 0),
        }
    }

    /// The name that people know it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ascii => "ASCII",
            Self::Windows1252 => "Windows-1252",
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
        }
    }

    /// Bytes of one code unit.
    pub(crate) fn unit(self) -> usize {
        match self {
            Self::Utf16Le | Self::Utf16Be => 2,
            _ => 1,
        }
    }

    /// The code units of `bytes` as numbers; an odd last byte of UTF-16 is left out.
    pub(crate) fn units(self, bytes: &[u8]) -> Vec<u16> {
        match self {
            Self::Utf16Le => bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect(),
            Self::Utf16Be => bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect(),
            _ => bytes.iter().map(|&byte| u16::from(byte)).collect(),
        }
    }

    /// The text of `bytes`, which hold no byte order mark. What is invalid becomes U+FFFD.
    pub(crate) fn decode(self, bytes: &[u8]) -> String {
        match self {
            Self::Ascii | Self::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Self::Windows1252 => decode_1252(bytes),
            Self::Utf16Le | Self::Utf16Be => String::from_utf16_lossy(&self.units(bytes)),
        }
    }

    /// The text of a file in whatever encoding, without its byte order mark.
    pub(crate) fn text_of(bytes: &[u8]) -> String {
        let (encoding, mark) = Self::detect(bytes);
        encoding.decode(&bytes[mark..])
    }

    /// The bytes of `text`, or `None` where the encoding has no place for one of its characters.
    pub(crate) fn encode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Ascii => text.is_ascii().then(|| text.into()),
            Self::Utf8 => Some(text.into()),
            Self::Windows1252 => encode_1252(text),
            Self::Utf16Le => Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            Self::Utf16Be => Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        }
    }
}

/// Windows-1252 to text. Every byte has a character, so that [`encode_1252`] gives the same bytes back.
pub(crate) fn decode_1252(bytes: &[u8]) -> String {
    WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()
}

/// Text to Windows-1252, or `None` where it has no such character.
pub(crate) fn encode_1252(text: &str) -> Option<Vec<u8>> {
    let (bytes, _, unmappable) = WINDOWS_1252.encode(text);
    (!unmappable).then(|| bytes.into_owned())
}

/// How a line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnding {
    /// LF, as on Unix.
    Lf,
    /// CR LF, as on Windows.
    CrLf,
    /// CR alone, as on old Macs: the parts of Windows that read such files take it for none.
    Cr,
    /// CR CR LF: what a copy makes of CR LF that takes it for LF.
    CrCrLf,
}

impl LineEnding {
    /// The characters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
            Self::Cr => "\r",
            Self::CrCrLf => "\r\r\n",
        }
    }

    /// The name that people know it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lf => "LF",
            Self::CrLf => "CRLF",
            Self::Cr => "CR",
            Self::CrCrLf => "CR CR LF",
        }
    }
}

/// Compares names as Windows does, without regard to case: two names are the same where their keys are.
pub(crate) fn fold_case(name: &str) -> String {
    if name.is_ascii() { name.to_ascii_lowercase() } else { name.chars().flat_map(char::to_lowercase).collect() }
}

/// The [key](fold_case) of a name, where it is another than the name itself.
pub(crate) fn other_key(name: &str) -> Option<String> {
    let is_own = name.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if is_own { None } else { Some(fold_case(name)).filter(|key| key != name) }
}

/// Whether two names are the same, without regard to case: as if their [keys](fold_case) were compared.
pub(crate) fn same_name(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() { a.eq_ignore_ascii_case(b) } else { fold_case(a) == fold_case(b) }
}

/// `text` without anything that a terminal would obey, that would reorder a line, or that nobody sees: such characters are
/// spelled out.
pub fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out
}

/// Whether a terminal would obey this character, a line would be reordered by it, or nobody would see it: control
/// characters, and what Unicode calls format characters and default ignorable code points, as programs for terminals spell
/// them out. Variation selectors stay: they belong to the character before.
pub(crate) fn is_unsafe(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control() || is_invisible(c)
}

/// Whether nobody sees this character, or it moves others about.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        // The soft hyphen, and what joins letters.
        '\u{AD}' | '\u{34F}' | '\u{61C}'
        // Fillers and inherent vowels of Hangul, Khmer and Mongolian.
        | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180E}' | '\u{3164}' | '\u{FFA0}'
        // Blanks of no width, directions, line and paragraph ends.
        | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        // Word joiners, invisible operators, isolates, deprecated format characters.
        | '\u{2060}'..='\u{206F}'
        // The byte order mark, annotations, and specials that are none.
        | '\u{FEFF}' | '\u{FFF0}'..='\u{FFFB}'
        // Format characters of shorthand and music.
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        // Tags.
        | '\u{E0000}'..='\u{E00FF}' | '\u{E01F0}'..='\u{E0FFF}'
    )
}

/// A word of a command line: in quotes where a shell would not take it for one, and in such quotes that the shells of Unix run
/// and expand nothing in it. Windows has no names with quotes, and people paste into either system's shells what was made on
/// the other.
pub(crate) fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "\\/:._-,$".contains(c);
    // `C$` is a share; `$HOME` is not.
    let is_name = |c: char| c.is_alphanumeric() || "_({['\"".contains(c);
    let expands = text.contains(['"', '`', '!']) || text.split('$').skip(1).any(|rest| rest.starts_with(is_name));
    match text {
        _ if expands => format!("'{}'", text.replace('\'', r"'\''")),
        "" => "\"\"".to_owned(),
        _ if text.chars().all(is_plain) => text.to_owned(),
        _ => format!("\"{text}\""),
    }
}

/// So many of these names, and how many more there are: `a, b and 3 more`.
pub(crate) fn some_of(names: &[impl AsRef<str>], most: usize) -> String {
    let shown = names.iter().take(most).map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
    match names.len().saturating_sub(most) {
        0 => shown,
        more => text!("{shown} and {more} more", shown, more),
    }
}

/// `1 file`, `2 files`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", said(if number == 1 { one } else { many }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_where_a_shell_would_take_it_apart() {
        for (text, quoted) in [
            ("demo/ESXP", "demo/ESXP"),
            (r"\\Server1\C$\CIDs", r"\\Server1\C$\CIDs"),
            ("my CIDs", "\"my CIDs\""),
            ("it's", "\"it's\""),
            ("", "\"\""),
            ("a;b", "\"a;b\""),
            ("a$(touch x)", "'a$(touch x)'"),
            ("a$HOME", "'a$HOME'"),
            ("a`touch x`", "'a`touch x`'"),
            ("a\" ; touch x ; \"", "'a\" ; touch x ; \"'"),
            ("it's $(x)", r"'it'\''s $(x)'"),
        ] {
            assert_eq!(word(text), quoted);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_shell_takes_a_word_for_what_it_is() {
        for text in ["a$(echo x)", "a`echo x`", "a\"b", "it's $(x)", "a b", "!!", "${HOME}", "a;b", "*", "~", "$'x'"] {
            let output = std::process::Command::new("sh").args(["-c", &format!("printf %s {}", word(text))]).output();
            assert_eq!(String::from_utf8(output.unwrap().stdout).unwrap(), text);
        }
    }

    #[test]
    fn every_windows_1252_byte_comes_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(encode_1252(&decode_1252(&bytes)).unwrap(), bytes);
        assert_eq!(encode_1252("\u{4e2d}"), None);
    }

    #[test]
    fn encodings_are_told_apart() {
        assert_eq!(Encoding::detect(b"abc"), (Encoding::Ascii, 0));
        assert_eq!(Encoding::detect(b"\xEF\xBB\xBFabc"), (Encoding::Utf8, 3));
        assert_eq!(Encoding::detect("ä".as_bytes()), (Encoding::Utf8, 0));
        assert_eq!(Encoding::detect(b"\xE4"), (Encoding::Windows1252, 0));
        assert_eq!(Encoding::detect(b"\xEF\xBB\xBF\xE4"), (Encoding::Windows1252, 3));
        assert_eq!(Encoding::detect(b"\xFF\xFEa\0"), (Encoding::Utf16Le, 2));
        assert_eq!(Encoding::detect(b"\xFE\xFF\0a"), (Encoding::Utf16Be, 2));
    }

    #[test]
    fn text_for_a_terminal_is_tame() {
        assert_eq!(safe("a\u{1b}[2J\u{202E}b\u{9b}"), "a\\u{1b}[2J\\u{202e}b\\u{9b}");
        assert_eq!(safe("Zürich"), "Zürich");
        assert_eq!(safe("mr\u{ad}init\u{200B}.conf\u{E0041}"), "mr\\u{ad}init\\u{200b}.conf\\u{e0041}");
        // A heart in color, a Chinese character of another form, and an icon are what they are.
        for text in ["\u{2764}\u{FE0F}", "\u{6F22}\u{E0101}", "\u{E000}", "\u{65E5}\u{672C}"] {
            assert_eq!(safe(text), text);
        }
    }
}
