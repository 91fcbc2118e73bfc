//! `manifest.spec` and `index.spec`: lists of MD5 digests as `md5sum` writes them, with forward slashes (formats.md,
//! section 4). They carry no signature and prove nothing; they tell damage.

use std::collections::HashSet;
use std::ops::Range;

use super::codec::MAX_SIZE;
use super::entry::{excerpt, malformed};
use crate::base::error::{Error, ErrorKind, Position, Result};
use crate::base::hex::{hex, unhex};
use crate::catalog::CidPath;

/// A list of MD5 digests, which keeps every byte that is not asked to change.
///
/// ```
/// use configcid::manifest::Spec;
///
/// let mut spec = Spec::parse(b"d41d8cd98f00b204e9800998ecf8427e  a/b.exe\r\n".to_vec())?;
/// assert_eq!(spec.entries()[0].path, "a/b.exe");
/// spec.set("A/b.exe", [0x11; 16])?;
/// spec.set("c.exe", [0x22; 16])?;
/// assert_eq!(
///     spec.bytes(),
///     b"11111111111111111111111111111111  a/b.exe\r\n22222222222222222222222222222222  c.exe\r\n"
/// );
/// # Ok::<(), configcid::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    bytes: Vec<u8>,
    entries: Vec<SpecEntry>,
}

/// A line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecEntry {
    /// The path as it stands there, with forward slashes.
    pub path: String,
    /// The MD5 of the content.
    pub md5: [u8; 16],
    /// Where the digits are.
    digits: Range<usize>,
}

impl SpecEntry {
    pub(crate) fn cid_path(&self) -> CidPath {
        cid_path(&self.path).expect("parse has checked it")
    }
}

/// The path as catalogs spell it. A leading `./` may be there, as `find` writes it.
pub(crate) fn cid_path(path: &str) -> Result<CidPath> {
    if path.contains('\\') {
        return Err(Error::new(ErrorKind::Path, text!("the path {} has a backslash", excerpt(path.as_bytes())))
            .next("such lists have forward slashes"));
    }
    CidPath::parse(&format!("\\{}", path.strip_prefix("./").unwrap_or(path).replace('/', "\\")))
}
const MAX_LINE: usize = 64 << 10;

impl Spec {
    /// Reads a list.
    ///
    /// # Errors
    /// A line is not `MD5  path`, a path leads out, or two lines are of the same file; the error names the line.
    pub fn parse(bytes: Vec<u8>) -> Result<Self> {
        if bytes.len() as u64 > MAX_SIZE {
            return Err(malformed(text!("it is larger than {MAX_SIZE} bytes, more than any real one", MAX_SIZE)));
        }
        let mut entries = Vec::new();
        let mut seen = HashSet::new();
        let mut at = 0;
        for (index, whole) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
            let entry = read_line(whole, at).and_then(|entry| match seen.insert(entry.cid_path().key()) {
                true => Ok(entry),
                false => Err(malformed(text!("a second line for the file {}", excerpt(entry.path.as_bytes())))),
            });
            entries.push(entry.map_err(|error| error.at(Position::Line(index + 1)))?);
            at += whole.len();
        }
        Ok(Self { bytes, entries })
    }

    /// A list of these files.
    ///
    /// # Errors
    /// A path leads out, or is there twice.
    pub fn new<'a>(files: impl IntoIterator<Item = (&'a str, [u8; 16])>) -> Result<Self> {
        let lines = files.into_iter().map(|(path, md5)| format!("{}  {path}\n", hex(&md5)));
        Self::parse(lines.collect::<String>().into_bytes())
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The lines.
    pub fn entries(&self) -> &[SpecEntry] {
        &self.entries
    }

    /// Sets the digest of a file, in its line, or in a new one at the end. Gives whether anything changed.
    ///
    /// # Errors
    /// The path leads out.
    pub fn set(&mut self, path: &str, md5: [u8; 16]) -> Result<bool> {
        let key = cid_path(path)?.key();
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.cid_path().key() == key) {
            let changed = entry.md5 != md5;
            if changed {
                entry.md5 = md5;
                self.bytes[entry.digits.clone()].copy_from_slice(hex(&md5).as_bytes());
            }
            return Ok(changed);
        }
        let ending = if self.bytes.windows(2).any(|pair| pair == b"\r\n") { "\r\n" } else { "\n" };
        if self.bytes.last().is_some_and(|&last| last != b'\n') {
            self.bytes.extend_from_slice(ending.as_bytes());
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(format!("{}  {path}{ending}", hex(&md5)).as_bytes());
        self.entries.push(SpecEntry { path: path.to_owned(), md5, digits: start..start + 32 });
        Ok(true)
    }
}

fn read_line(whole: &[u8], at: usize) -> Result<SpecEntry> {
    let line = whole.strip_suffix(b"\n").unwrap_or(whole);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() > MAX_LINE {
        return Err(malformed(text!("a line of more than {MAX_LINE} bytes", MAX_LINE)));
    }
    let wrong = || malformed(text!("this is no line of an MD5 list: {}", excerpt(line)));
    let (digits, rest) = line.split_at_checked(32).ok_or_else(wrong)?;
    // The second is a blank for text and a star for binary; the digest is the same.
    let path = rest.strip_prefix(b"  ").or_else(|| rest.strip_prefix(b" *")).ok_or_else(wrong)?;
    let md5 = unhex(&digits.to_ascii_lowercase()).ok_or_else(wrong)?;
    let path = std::str::from_utf8(path).map_err(|_| wrong())?;
    cid_path(path)?;
    Ok(SpecEntry { path: path.to_owned(), md5, digits: at..at + 32 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";

    fn spec(text: &str) -> Result<Spec> {
        Spec::parse(text.as_bytes().to_vec())
    }

    #[test]
    fn reads_what_md5sum_and_windows_write() {
        let text = format!("{MD5}  a\n{} *b/c d.txt\r\n{MD5}  ./e", MD5.to_uppercase());
        let list = spec(&text).unwrap();
        assert_eq!(list.entries().iter().map(|entry| &*entry.path).collect::<Vec<_>>(), ["a", "b/c d.txt", "./e"]);
        assert!(list.entries().iter().all(|entry| hex(&entry.md5) == MD5));
        assert_eq!(list.bytes(), text.as_bytes());
        assert!(spec("").unwrap().entries().is_empty());
    }

    #[test]
    fn refuses_what_is_no_line_or_leads_out() {
        for wrong in [
            String::new(),
            "# comment".to_owned(),
            MD5.to_owned(),
            format!("{MD5} a"),
            format!("{MD5}\ta"),
            format!("{MD5}  "),
            format!("{}  a", &MD5[1..]),
            format!("x{}  a", &MD5[1..]),
            format!("\\{MD5}  a"),
            format!("{MD5}  ../a"),
            format!("{MD5}  /a"),
            format!("{MD5}  C:/a"),
            format!("{MD5}  a\\b"),
            format!("{MD5}  a/../b"),
            format!("{MD5}  nul"),
            format!("{MD5}  A"),
            format!("{MD5}  ./a"),
        ] {
            let error = spec(&format!("{MD5}  a\n{wrong}\n{MD5}  z\n")).expect_err(&wrong);
            assert_eq!(error.position(), Some(Position::Line(2)), "{wrong:?}: {error}");
        }
    }

    #[test]
    fn a_line_that_has_no_end_gets_one_when_another_follows() {
        let mut list = spec(&format!("{MD5}  a")).unwrap();
        assert!(!list.set("a", list.entries()[0].md5).unwrap());
        assert!(list.set("b", [0; 16]).unwrap());
        assert_eq!(list.bytes(), format!("{MD5}  a\n{}  b\n", "0".repeat(32)).as_bytes());
        assert!(list.set("../b", [0; 16]).is_err());
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back_and_one_change_is_one(
            files in prop::collection::btree_map("[a-z0-9]{1,9}z(/[a-z0-9 ]{0,9}z){0,3}", any::<[u8; 16]>(), 1..10),
            which: prop::sample::Index,
            md5: [u8; 16],
        ) {
            let mut list = Spec::new(files.iter().map(|(path, md5)| (&**path, *md5))).unwrap();
            let before = Spec::parse(list.bytes().to_vec()).unwrap();
            prop_assert_eq!(&before, &list);
            let index = which.index(files.len());
            let path = list.entries()[index].path.clone();
            list.set(&path, md5).unwrap();
            prop_assert_eq!(&Spec::parse(list.bytes().to_vec()).unwrap(), &list);
            for (number, (one, other)) in before.entries().iter().zip(list.entries()).enumerate() {
                prop_assert_eq!(other.md5, if number == index { md5 } else { one.md5 });
                prop_assert_eq!(&one.path, &other.path);
            }
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, text in "[0-9a-f]{32} [ *][./a\\\\\r\n-]{0,8}") {
            let _ = Spec::parse(bytes);
            let _ = spec(&text);
        }
    }
}
