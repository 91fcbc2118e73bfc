//! Large `.reg` files, of all that is below `HKLM\\SOFTWARE` say: read piece by piece, keeping what is below the keys that
//! this program asks for. The rest is looked through for where it ends, and not parsed.

use std::io::{self, Read};

use encoding_rs::{Decoder, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use memchr::memchr3;

use super::RegFile;
use crate::base::error::Result;

/// What the paths of keys have in them that are kept, in lower case: the vendor's own, the firewall's, and the list of
/// installed programs.
const KEPT: [&str; 5] = ["sophos", "sharedaccess", "windowsfirewall", "\\mpssvc", "\\uninstall"];

/// How much is read at once, in bytes.
const PIECE: usize = 1 << 20;

/// As [`RegFile::parse`], of what is below those keys, from a reader that may give any number of bytes. Lines that are left
/// out keep their place, so that an error names the line of the file.
///
/// # Errors
/// The reader's, or as [`RegFile::parse`]: then the second.
pub(crate) fn parse_large(mut input: impl Read) -> io::Result<Result<RegFile>> {
    let mut bytes = vec![0; PIECE];
    let mut filter = Filter::default();
    let mut decoder: Option<Decoder> = None;
    let mut text = String::new();
    loop {
        let length = match input.read(&mut bytes) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let mut piece = &bytes[..length];
        let decoder = decoder.get_or_insert_with(|| {
            let (encoding, mark) = match piece {
                [0xFF, 0xFE, ..] => (UTF_16LE, 2),
                [0xFE, 0xFF, ..] => (UTF_16BE, 2),
                [0xEF, 0xBB, 0xBF, ..] => (UTF_8, 3),
                _ => (WINDOWS_1252, 0),
            };
            piece = &piece[mark..];
            encoding.new_decoder_without_bom_handling()
        });
        text.reserve(decoder.max_utf8_buffer_length(piece.len()).unwrap_or(0));
        let _ = decoder.decode_to_string(piece, &mut text, length == 0);
        // Whole lines alone; the rest waits for the next piece.
        let end = if length == 0 { text.len() } else { text.rfind('\n').map_or(0, |last| last + 1) };
        text[..end].split_inclusive('\n').for_each(|line| filter.line(line));
        text.drain(..end);
        if length == 0 {
            break;
        }
    }
    let mut whole = vec![0xEF, 0xBB, 0xBF];
    whole.extend_from_slice(filter.kept.as_bytes());
    Ok(RegFile::parse(&whole))
}

#[derive(Default)]
struct Filter {
    kept: String,
    number: usize,
    is_kept: bool,
    /// A string goes on from the line before: what looks like a key in it is none.
    in_string: bool,
}

impl Filter {
    fn line(&mut self, line: &str) {
        self.number += 1;
        let begins_key = !self.in_string && line.trim_start_matches([' ', '\t']).starts_with('[');
        if begins_key {
            let key = line.to_lowercase();
            self.is_kept = KEPT.iter().any(|part| key.contains(part));
        }
        self.follow(line);
        if self.number == 1 || self.is_kept { self.kept.push_str(line) } else { self.kept.push('\n') }
    }

    /// Whether a string is open at the end of the line.
    fn follow(&mut self, line: &str) {
        let is_value = self.in_string || line.trim_start_matches([' ', '\t']).starts_with(['"', '@']);
        if !is_value {
            return;
        }
        let mut rest = line.as_bytes();
        while let Some(at) = memchr3(b'\\', b'"', b';', rest) {
            let mut next = at + 1;
            match rest[at] {
                b'"' => self.in_string = !self.in_string,
                // What it stands before, whatever that is.
                b'\\' if self.in_string => next += 1,
                // What follows a value is a comment.
                b';' if !self.in_string => break,
                _ => {}
            }
            rest = rest.get(next..).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_as_in_the_whole_file() {
        let other = "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Acme]\r\n\"a\"=\"x\\\"\r\n[HKEY_LOCAL_MACHINE\\\\SOFTWARE\\\\Sophos]\r\n\"\r\n\"b\"=hex:00,\\\r\n  01\r\n";
        let ours = "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Sophos\\Messaging System\\Router]\r\n\"ParentAddress\"=\"10.1.2.3,Z\u{FC}RICH\"\r\n\"N\"=dword:00000008\r\n";
        let text = format!("Windows Registry Editor Version 5.00\r\n\r\n{}{ours}{other}", other.repeat(20_000));
        let wide: Vec<u8> = std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let large = parse_large(wide.as_slice()).unwrap().unwrap();
        let whole = RegFile::parse(&wide).unwrap();
        let kept: Vec<_> = whole.keys.iter().filter(|section| section.key.to_string().contains("Sophos")).collect();
        assert_eq!(large.keys.iter().collect::<Vec<_>>(), kept);
        assert_eq!(kept.len(), 1);
        // An error names the line of the file.
        let wrong = text.replace("dword:00000008", "dword:x");
        let said = parse_large(wrong.as_bytes()).unwrap().unwrap_err().to_string();
        let line = wrong.lines().position(|line| line.contains("dword:x")).unwrap() + 1;
        assert!(said.starts_with(&format!("line {line}: ")), "{said}");
    }
}
