//! From bytes to a manifest and back.
//!
//! The manifest keeps its bytes, since signatures cover them, and of each entry only where it is. An entry is read again
//! when it is asked for: that costs less than to keep hundreds of thousands of them.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

use base64ct::{Base64, Encoding};

use super::entry::{EntryLines, ManifestEntry, ManifestPath, Spelling, excerpt, malformed};
use crate::base::error::{Position, Result};

/// The largest manifest or MD5 list that is read, in bytes, as of catalogs, so that what can be read can be written, too:
/// room for almost a million entries with all digests.
pub const MAX_SIZE: u64 = crate::catalog::MAX_SIZE;

/// The longest line. A certificate stands in one, in base64.
const MAX_LINE: usize = 64 << 10;

/// How many signatures a manifest may have, and how many certificates a signature: each costs time to try.
const MAX_SIGNATURES: usize = 16;
const MAX_CERTIFICATES: usize = 16;

const SIG: &[u8] = b"#sig ";
const CERT: &[u8] = b"#... cert ";
const BEGIN_SIGNATURE: &[u8] = b"-----BEGIN SIGNATURE-----";
const END_SIGNATURE: &[u8] = b"-----END SIGNATURE-----";
const BEGIN_CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";
const END_CERTIFICATE: &[u8] = b"-----END CERTIFICATE-----";

/// A manifest in memory. [`parse`](Manifest::parse) and [`bytes`](Manifest::bytes) are each other's inverse.
///
/// ```
/// use configcid::manifest::{ManifestEntry, Manifest, ManifestPath};
///
/// let path = ManifestPath::parse(r".\setup.exe")?;
/// let entry = ManifestEntry { path, size: 3, sha1: [0xA5; 20], sha256: Some([0x5A; 32]), sha384: None };
/// let bytes = Manifest::body(&[entry]);
/// let manifest = Manifest::parse(bytes.clone())?;
/// assert_eq!(manifest.entries().next(), Some(entry));
/// assert!(manifest.signatures().is_empty());
/// assert_eq!(manifest.bytes(), bytes);
/// # Ok::<(), configcid::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    bytes: Vec<u8>,
    /// Where each entry begins.
    entries: Vec<u32>,
    /// Where the body ends.
    body: usize,
    signatures: Vec<Signature>,
}

/// How a signature stands in a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// A group of `#` lines behind the body.
    Inline,
    /// PEM blocks behind everything else, with SHA-1: the old way.
    Trailer,
}

/// A signature as it stands in a manifest, not yet verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// How it stands there.
    pub form: Form,
    /// The digest's name: what stands behind `#sig`, and `sha1` in a trailer.
    pub algorithm: String,
    /// The signature itself.
    pub value: Vec<u8>,
    /// Certificates in DER: the signer's first, then intermediate ones in any order.
    pub certificates: Vec<Vec<u8>>,
    /// The line of the signature, counted from 1.
    pub line: usize,
    /// How many bytes of the manifest it covers.
    covers: usize,
}

impl Manifest {
    /// Reads a manifest. Whatever the format does not allow is refused: a line that a reader might skip, or take for the
    /// list's end, could hide files.
    ///
    /// # Errors
    /// The bytes break the format, a path leads out, or two entries name the same file; the error names the line.
    pub fn parse(bytes: Vec<u8>) -> Result<Self> {
        if bytes.is_empty() {
            return Err(malformed(text!("the file is empty")));
        }
        if bytes.len() as u64 > MAX_SIZE {
            return Err(malformed(text!("it is larger than {MAX_SIZE} bytes, more than any real one", MAX_SIZE)));
        }
        let mut lines = Lines { bytes: &bytes, at: 0, number: 0 };
        let (entries, body) = read_body(&mut lines).map_err(|error| error.at(Position::Line(lines.number)))?;
        let signatures = read_signatures(&mut lines, body).map_err(|error| error.at(Position::Line(lines.number)))?;
        Ok(Self { entries, body, signatures, bytes })
    }

    /// The bytes, exactly as they were read.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What it says of each file, in the order in which it stands there.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = ManifestEntry<'_>> {
        (0..self.entries.len()).map(|index| self.entry(index))
    }

    /// The entry of this number.
    ///
    /// # Panics
    /// There are not so many.
    pub fn entry(&self, index: usize) -> ManifestEntry<'_> {
        let end = self.entries.get(index + 1).map_or(self.body, |&next| next as usize);
        let mut lines = self.bytes[self.entries[index] as usize..end - 1].split(|&byte| byte == b'\n');
        let first = lines.next().expect("split gives at least one");
        let mut entry = EntryLines::first(first).expect("parse has read this line");
        lines.for_each(|line| entry.further(line).expect("parse has read this line"));
        entry.entry()
    }

    /// How many files it lists.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it lists none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Its signatures, in the order in which they stand there.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// The bytes that a signature of this manifest covers: those before the first inline signature, or, for a trailer,
    /// those before the trailer.
    pub fn covered(&self, signature: &Signature) -> &[u8] {
        &self.bytes[..signature.covers]
    }

    /// The bytes of the list, without the signatures.
    pub(crate) fn body_bytes(&self) -> &[u8] {
        &self.bytes[..self.body]
    }

    /// The lines of these entries, in this order: a manifest without a signature.
    pub fn body(entries: &[ManifestEntry<'_>]) -> Vec<u8> {
        let mut text = String::new();
        entries.iter().for_each(|entry| entry.print(&mut text));
        text.into_bytes()
    }
}

impl Signature {
    /// The lines of an inline signature: a manifest's body goes before them.
    pub(crate) fn print_inline(algorithm: &str, value: &[u8], certificates: &[Vec<u8>]) -> Vec<u8> {
        let mut lines = [SIG, algorithm.as_bytes(), b" ", Base64::encode_string(value).as_bytes(), b"\n"].concat();
        for certificate in certificates {
            lines.extend([CERT, Base64::encode_string(certificate).as_bytes(), b"\n"].concat());
        }
        lines
    }

    /// The lines of a trailer.
    pub(crate) fn print_trailer(value: &[u8], certificates: &[Vec<u8>]) -> Vec<u8> {
        let mut lines = block(BEGIN_SIGNATURE, value, END_SIGNATURE);
        certificates.iter().for_each(|der| lines.extend(block(BEGIN_CERTIFICATE, der, END_CERTIFICATE)));
        lines
    }
}

fn block(begin: &[u8], content: &[u8], end: &[u8]) -> Vec<u8> {
    let mut lines = [begin, b"\n"].concat();
    for line in Base64::encode_string(content).as_bytes().chunks(64) {
        lines.extend_from_slice(line);
        lines.push(b'\n');
    }
    lines.extend([end, b"\n"].concat());
    lines
}

/// The lines of a manifest, each without its LF.
struct Lines<'a> {
    bytes: &'a [u8],
    /// Where the next line begins.
    at: usize,
    /// The number of the last line that was given.
    number: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Result<Option<&'a [u8]>> {
        let rest = &self.bytes[self.at..];
        if rest.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        // No further than a line may be long: otherwise a file without line endings would be searched again and again.
        let within = &rest[..rest.len().min(MAX_LINE + 1)];
        let Some(end) = memchr::memchr2(b'\n', b'\r', within) else {
            return Err(malformed(match within.len() > MAX_LINE {
                true => text!("a line of more than {MAX_LINE} bytes", MAX_LINE),
                false => text!("the last line does not end in LF").to_owned(),
            }));
        };
        if rest[end] == b'\r' {
            return Err(malformed(text!("a carriage return; lines end in LF alone"))
                .next("something has converted the line endings of the file; take it from its source again"));
        }
        let line = &rest[..end];
        if line.is_empty() {
            return Err(malformed(text!("a blank line")));
        }
        self.at += end + 1;
        Ok(Some(line))
    }
}

/// Where each entry begins, and where the body ends.
fn read_body(lines: &mut Lines<'_>) -> Result<(Vec<u32>, usize)> {
    let mut starts = Vec::new();
    let mut seen = Seen::with_room_for(lines.bytes.len() / USUAL_ENTRY);
    let mut open: Option<EntryLines<'_>> = None;
    loop {
        let start = lines.at;
        let Some(line) = lines.next()? else { return Ok((starts, start)) };
        if line.starts_with(SIG) || line == BEGIN_SIGNATURE {
            lines.at = start;
            lines.number -= 1;
            return Ok((starts, start));
        }
        if line[0] == b'#' {
            let entry = open.as_mut().ok_or_else(|| malformed(text!("a line of an entry before the first entry")))?;
            entry.further(line)?;
            continue;
        }
        let entry = EntryLines::first(line)?;
        if seen.meets_again(entry.path) && has_twin(lines.bytes, &starts, entry.path) {
            return Err(malformed(text!("a second entry for the file {}", excerpt(entry.path.as_str().as_bytes()))));
        }
        starts.push(u32::try_from(start).expect("the size is limited"));
        open = Some(entry);
    }
}

/// What an entry with all digests takes, in bytes.
const USUAL_ENTRY: usize = 256;

/// Which files were met. A number is kept of each, not its name: it is made with keys that nobody can foresee.
struct Seen {
    numbers: HashSet<u64, BuildHasherDefault<Itself>>,
    state: RandomState,
    key: Vec<u8>,
}

/// A number that is a hash already is its own.
#[derive(Default)]
struct Itself(u64);

impl Hasher for Itself {
    fn write(&mut self, _: &[u8]) {
        unreachable!("only numbers are hashed");
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl Seen {
    fn with_room_for(entries: usize) -> Self {
        let numbers = HashSet::with_capacity_and_hasher(entries, BuildHasherDefault::default());
        Self { numbers, state: RandomState::new(), key: Vec::new() }
    }

    /// Whether a file of the same number was met before, which is almost always the same file.
    fn meets_again(&mut self, path: ManifestPath<'_>) -> bool {
        self.key.clear();
        self.key.extend_from_slice(path.as_str().as_bytes());
        self.key.make_ascii_lowercase();
        if path.spelling() == Spelling::Slashes {
            self.key.iter_mut().for_each(|byte| *byte = folded(*byte));
        }
        !self.numbers.insert(self.state.hash_one(&self.key))
    }
}

fn folded(byte: u8) -> u8 {
    if byte == b'/' { b'\\' } else { byte.to_ascii_lowercase() }
}

/// Whether one of the entries that begin at `starts` is for the same file.
fn has_twin(bytes: &[u8], starts: &[u32], path: ManifestPath<'_>) -> bool {
    let path = path.as_str().as_bytes();
    starts.iter().any(|&start| {
        let there = &bytes[start as usize + 1..];
        there.get(path.len()) == Some(&b'"')
            && there[..path.len()].iter().map(|&b| folded(b)).eq(path.iter().map(|&b| folded(b)))
    })
}

fn read_signatures(lines: &mut Lines<'_>, body: usize) -> Result<Vec<Signature>> {
    let mut signatures: Vec<Signature> = Vec::new();
    loop {
        let start = lines.at;
        let Some(line) = lines.next()? else { return Ok(signatures) };
        if line == BEGIN_SIGNATURE {
            signatures.push(read_trailer(lines, start)?);
            return Ok(signatures);
        }
        if let Some(fields) = line.strip_prefix(SIG) {
            if signatures.len() == MAX_SIGNATURES {
                return Err(malformed(text!("more than {MAX_SIGNATURES} signatures", MAX_SIGNATURES)));
            }
            signatures.push(inline(fields, lines.number, body)?);
        } else if let Some(text) = line.strip_prefix(CERT) {
            let certificates = &mut signatures.last_mut().expect("the first line is a signature").certificates;
            add_certificate(certificates, base64(text)?)?;
        } else {
            return Err(malformed(text!(
                "behind the first signature, a line that is no part of one: {}",
                excerpt(line)
            ))
            .next("no inline signature covers such lines: somebody may have added them"));
        }
    }
}

fn inline(fields: &[u8], line: usize, covers: usize) -> Result<Signature> {
    let mut words = fields.splitn(2, |&byte| byte == b' ');
    let (algorithm, value) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if algorithm.is_empty() || algorithm.len() > 32 || !algorithm.iter().all(u8::is_ascii_graphic) {
        return Err(malformed(text!("a signature without the name of its digest")));
    }
    Ok(Signature {
        form: Form::Inline,
        algorithm: String::from_utf8_lossy(algorithm).into_owned(),
        value: base64(value)?,
        certificates: Vec::new(),
        line,
        covers,
    })
}

/// Reads what follows on BEGIN SIGNATURE, to the end of the file.
fn read_trailer(lines: &mut Lines<'_>, covers: usize) -> Result<Signature> {
    let line = lines.number;
    let value = read_block(lines, END_SIGNATURE)?;
    let mut certificates = Vec::new();
    while let Some(line) = lines.next()? {
        if line != BEGIN_CERTIFICATE {
            return Err(malformed(text!("behind the signature, a line that is no certificate's: {}", excerpt(line))));
        }
        add_certificate(&mut certificates, read_block(lines, END_CERTIFICATE)?)?;
    }
    Ok(Signature { form: Form::Trailer, algorithm: "sha1".to_owned(), value, certificates, line, covers })
}

fn read_block(lines: &mut Lines<'_>, end: &[u8]) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    loop {
        match lines.next()? {
            None => return Err(malformed(text!("the file ends before {}", String::from_utf8_lossy(end)))),
            Some(line) if line == end => return base64(&text),
            Some(line) if text.len() + line.len() > MAX_LINE => {
                return Err(malformed(text!(
                    "more than {MAX_LINE} characters of base64: {line}",
                    MAX_LINE,
                    line = excerpt(line)
                )));
            }
            Some(line) => text.extend_from_slice(line),
        }
    }
}

fn add_certificate(certificates: &mut Vec<Vec<u8>>, der: Vec<u8>) -> Result<()> {
    if certificates.len() == MAX_CERTIFICATES {
        return Err(malformed(text!("more than {MAX_CERTIFICATES} certificates for one signature", MAX_CERTIFICATES)));
    }
    certificates.push(der);
    Ok(())
}

fn base64(text: &[u8]) -> Result<Vec<u8>> {
    let bytes = std::str::from_utf8(text).ok().and_then(|text| Base64::decode_vec(text).ok());
    bytes.filter(|bytes| !bytes.is_empty()).ok_or_else(|| malformed(text!("this is not base64: {}", excerpt(text))))
}
