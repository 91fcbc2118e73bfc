//! The lines of one entry: its path, its size, its digests.

use std::fmt::{self, Write};

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::hex::{hex, is_hex, unhex};
use crate::base::names::check_name;
use crate::catalog::CidPath;

/// How a manifest spells its paths (formats.md, section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Spelling {
    /// `.\dir\file`.
    Backslashes,
    /// `./dir/file`, as newer writers have it.
    Slashes,
}

impl Spelling {
    fn separator(self) -> char {
        match self {
            Self::Backslashes => '\\',
            Self::Slashes => '/',
        }
    }
}

/// A path of a manifest, known to stay below the folder that it is relative to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ManifestPath<'a>(&'a str);

impl<'a> ManifestPath<'a> {
    /// Checks a path as manifests spell it: `.\dir\file` or `./dir/file`.
    ///
    /// ```
    /// use configcid::manifest::ManifestPath;
    ///
    /// let path = ManifestPath::parse(r".\rms\Router.exe")?;
    /// assert_eq!(path.to_cid_path().as_str(), r"\rms\Router.exe");
    /// assert_eq!(path.key(), ManifestPath::parse("./RMS/router.exe")?.key());
    /// assert!(ManifestPath::parse(r".\..\boot.ini").is_err());
    /// assert!(ManifestPath::parse(r"C:\boot.ini").is_err());
    /// # Ok::<(), configcid::Error>(())
    /// ```
    ///
    /// # Errors
    /// It leads out of its folder, holds a character that the format or Windows forbids, or is no file's.
    pub fn parse(text: &'a str) -> Result<Self> {
        check(text).map_err(|why| {
            Error::new(ErrorKind::Path, text!("the path {as_bytes} {why}", as_bytes = excerpt(text.as_bytes()), why))
                .next(r"a path in a manifest is spelled .\folder\file and stays below the folder")
        })?;
        Ok(ManifestPath(text))
    }

    /// The spelling, as the manifest has it.
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// Which of the two spellings this is.
    pub fn spelling(self) -> Spelling {
        if self.0.as_bytes()[1] == b'/' { Spelling::Slashes } else { Spelling::Backslashes }
    }

    /// The names from the top to the file.
    pub fn parts(self) -> impl Iterator<Item = &'a str> {
        self.0[2..].split(self.spelling().separator())
    }

    /// The folder at the top, where the file is in one.
    pub(crate) fn top_folder(self) -> Option<&'a str> {
        let mut parts = self.parts();
        parts.next().filter(|_| parts.next().is_some())
    }

    /// The path as catalogs spell it, `\dir\file`: through this one alone it becomes a real one.
    pub fn to_cid_path(self) -> CidPath {
        CidPath::parse(&self.0[1..].replace('/', "\\")).expect("the constructor has checked each name of it")
    }

    /// What two paths have in common that name the same file, on Windows and in either spelling.
    pub fn key(self) -> String {
        self.0[1..].replace('/', "\\").to_ascii_lowercase()
    }
}

impl fmt::Display for ManifestPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl serde::Serialize for ManifestPath<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

/// The longest path in characters: what Windows takes.
const MAX_PATH: usize = 32_000;

/// The rules for a path; the answer completes "the path ...".
fn check(text: &str) -> std::result::Result<(), &'static str> {
    let separator = match text.as_bytes() {
        [b'.', b'\\', ..] => '\\',
        [b'.', b'/', ..] => '/',
        _ => return Err(text!("does not begin with .\\ or ./")),
    };
    if text.len() > MAX_PATH {
        return Err(text!("is too long"));
    }
    // Control characters, and slashes of the one kind, are refused with the names.
    if !text.is_ascii() {
        return Err(text!("has a character that is not printable ASCII"));
    }
    if separator == '/' && text.contains('\\') {
        return Err(text!("has slashes of both kinds"));
    }
    text[2..].split(separator).try_for_each(check_name)
}

/// What a manifest says of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ManifestEntry<'a> {
    /// The path, relative to the manifest's own folder or to the CID's root.
    pub path: ManifestPath<'a>,
    /// The size in bytes.
    pub size: u64,
    /// The SHA-1 of the content.
    pub sha1: [u8; 20],
    /// The SHA-256, where there is a line of it.
    pub sha256: Option<[u8; 32]>,
    /// The SHA-384, where there is a line of it.
    pub sha384: Option<[u8; 48]>,
}

impl ManifestEntry<'_> {
    /// Appends the lines of the entry, as a manifest has them.
    pub(super) fn print(&self, out: &mut String) {
        let _ = writeln!(out, "\"{}\" {} {}", self.path, self.size, hex(&self.sha1));
        if let Some(sha256) = &self.sha256 {
            let _ = writeln!(out, "{SHA256}{}", hex(sha256));
        }
        if let Some(sha384) = &self.sha384 {
            let _ = writeln!(out, "{SHA384}{}", hex(sha384));
        }
    }
}

const SHA256: &str = "#sha256 ";
const SHA384: &str = "#sha384 ";

/// The lines of an entry, checked: the digests are digits still. To read a manifest is to check it; digits become bytes
/// when an entry is asked for.
#[derive(Debug)]
pub(super) struct EntryLines<'a> {
    pub(super) path: ManifestPath<'a>,
    size: u64,
    sha1: &'a [u8],
    sha256: Option<&'a [u8]>,
    sha384: Option<&'a [u8]>,
}

impl<'a> EntryLines<'a> {
    /// Reads the first line of an entry, without its LF.
    pub(super) fn first(line: &'a [u8]) -> Result<Self> {
        let wrong = |why: &str| malformed(format!("{why}: {}", excerpt(line)));
        let rest = line.strip_prefix(b"\"").ok_or_else(|| wrong(text!("this is no line of a manifest")))?;
        let end = memchr::memchr(b'"', rest).ok_or_else(|| wrong(text!("a path without its second quote")))?;
        let path = std::str::from_utf8(&rest[..end]).map_err(|_| wrong(text!("a path that is not printable ASCII")))?;
        let path = ManifestPath::parse(path)?;
        let fields =
            rest[end + 1..].strip_prefix(b" ").ok_or_else(|| wrong(text!("no blank between path and size")))?;
        let blank =
            fields.iter().position(|&byte| byte == b' ').ok_or_else(|| wrong(text!("no SHA-1 behind the size")))?;
        let size = decimal(&fields[..blank]).ok_or_else(|| wrong(text!("a size that is no decimal number")))?;
        let sha1 = &fields[blank + 1..];
        if !is_hex::<20>(sha1) {
            return Err(wrong(text!("a SHA-1 that is not 40 hex digits in lower case")));
        }
        Ok(Self { path, size, sha1, sha256: None, sha384: None })
    }

    /// Takes in a line below the first, which begins with `#`.
    pub(super) fn further(&mut self, line: &'a [u8]) -> Result<()> {
        if let Some(digits) = line.strip_prefix(SHA256.as_bytes()) {
            digest::<32>(&mut self.sha256, digits, line)
        } else if let Some(digits) = line.strip_prefix(SHA384.as_bytes()) {
            digest::<48>(&mut self.sha384, digits, line)
        } else if [SHA256, SHA384, "#sig "].iter().any(|known| is_nearly(line, known.trim_end())) {
            Err(malformed(text!("nearly a digest or a signature, and neither: {}", excerpt(line))))
        } else {
            Ok(())
        }
    }

    pub(super) fn entry(&self) -> ManifestEntry<'a> {
        ManifestEntry {
            path: self.path,
            size: self.size,
            sha1: bytes(self.sha1),
            sha256: self.sha256.map(bytes),
            sha384: self.sha384.map(bytes),
        }
    }
}

fn bytes<const N: usize>(digits: &[u8]) -> [u8; N] {
    unhex(digits).expect("the digits are checked")
}

fn digest<'a, const N: usize>(slot: &mut Option<&'a [u8]>, digits: &'a [u8], line: &[u8]) -> Result<()> {
    let wrong = |why: &str| malformed(format!("{why}: {}", excerpt(line)));
    if !is_hex::<N>(digits) {
        return Err(wrong(text!("a digest that is not hex digits in lower case of its length")));
    }
    match slot.replace(digits) {
        None => Ok(()),
        Some(_) => Err(wrong(text!("a second digest of the same kind for one file"))),
    }
}

/// Whether a reader less strict would take the line for one of this kind: what an entry's digest is must never be a
/// matter of who reads.
fn is_nearly(line: &[u8], word: &str) -> bool {
    let line = line.trim_ascii_start();
    line.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
        && line.get(word.len()).is_none_or(|next| !next.is_ascii_alphanumeric())
}

/// A number as the format has it: digits, none needless.
fn decimal(digits: &[u8]) -> Option<u64> {
    let needless = digits.len() > 1 && digits[0] == b'0';
    let plain = !digits.is_empty() && !needless && digits.iter().all(u8::is_ascii_digit);
    plain.then(|| std::str::from_utf8(digits).ok()?.parse().ok()).flatten()
}

pub(super) fn malformed(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::ManifestFormat, what)
}

/// The beginning of a line, to show.
pub(super) fn excerpt(line: &[u8]) -> String {
    const SHOWN: usize = 60;
    let text = String::from_utf8_lossy(&line[..line.len().min(SHOWN)]);
    if line.len() > SHOWN { format!("{text:?}...") } else { format!("{text:?}") }
}
