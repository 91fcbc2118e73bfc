//! The bytes of a catalog (formats.md, section 3). Strict reading, exact writing.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use super::checksum::FORMAT_GUID;
use super::{Catalog, CatalogId, Checksum, CidPath, Entry};
use crate::base::error::{Error, ErrorKind, Position, Result};

/// The one version there is, at offset 39.
const VERSION: u16 = 1;
const ID_AT: usize = 41;
/// Where the offset of the first entry stands.
const FIRST_AT: usize = 80;
/// The header's end: the least value of the offset of the first entry.
const HEADER: usize = 84;
/// In an entry: size and checksum, before the path.
const FIXED: usize = 8;

impl Catalog {
    /// Reads a catalog.
    ///
    /// # Errors
    /// The bytes break the format, a path breaks the rules of [`CidPath`], or two paths differ in case alone. The
    /// error names the offset, and no file.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        Self::parse_shared(&bytes.into())
    }

    /// As [`parse`](Catalog::parse), without a copy of the bytes: the paths lie in them.
    ///
    /// # Errors
    /// As [`parse`](Catalog::parse).
    pub(crate) fn parse_shared(bytes: &Arc<[u8]>) -> Result<Self> {
        let mut reader = Reader { bytes, at: 0 };
        let magic = reader.take(FORMAT_GUID.len() + 1, text!("the format's GUID"))?;
        if magic.strip_suffix(&[0]) != Some(FORMAT_GUID) {
            return Err(wrong(0, text!("this is no catalog: it does not begin with the format's GUID")));
        }
        let version = u16::from_le_bytes(reader.array(text!("the version"))?);
        if version != VERSION {
            return Err(wrong(
                reader.at - 2,
                text!("the version is {version}; only version {VERSION} is known", version, VERSION),
            ));
        }
        let id = parse_id(reader.array(text!("the catalog's identity"))?).ok_or_else(|| {
            wrong(ID_AT, text!("the catalog's identity is not a GUID in braces with a NUL behind it"))
        })?;
        let first = reader.u32(text!("the offset of the first entry"))? as usize;
        if first < HEADER {
            return Err(wrong(FIRST_AT, text!("the first entry would begin at {first}, inside the header", first)));
        }
        let gap = reader.take(first - HEADER, text!("the space before the first entry"))?.to_vec();

        let count = count_entries(&bytes[reader.at..]);
        let mut entries = Vec::with_capacity(count);
        let mut offsets = Vec::with_capacity(count);
        loop {
            let at = reader.at;
            let length = reader.u32(text!("an entry or the end of the entries"))? as usize;
            if length == 0 {
                break;
            }
            // No catalog of so many bytes is read.
            offsets.push(u32::try_from(at).unwrap_or(u32::MAX));
            entries.push(parse_entry(&mut reader, bytes, at, length)?);
        }
        let own_checksum = Checksum(reader.u32(text!("the catalog's own checksum"))?);
        check_unique(&entries, |index| offsets.get(index).map(|&at: &u32| at as usize))?;
        Ok(Self { id, gap, entries, own_checksum, trailing: bytes[reader.at..].to_vec() })
    }

    /// The bytes of the catalog.
    pub fn print(&self) -> Vec<u8> {
        let entries: usize = self.entries.iter().map(|entry| 4 + FIXED + entry.path.as_str().len() + 1).sum();
        let mut out = Vec::with_capacity(HEADER + self.gap.len() + entries + FIXED + self.trailing.len());
        out.extend(FORMAT_GUID);
        out.push(0);
        out.extend(VERSION.to_le_bytes());
        out.extend(self.id.0);
        out.push(0);
        out.extend(((HEADER + self.gap.len()) as u32).to_le_bytes());
        out.extend(&self.gap);
        for entry in &self.entries {
            let path = entry.path.to_catalog();
            out.extend(((FIXED + path.len() + 1) as u32).to_le_bytes());
            out.extend(entry.size.to_le_bytes());
            out.extend(entry.checksum.0.to_le_bytes());
            out.extend(path);
            out.push(0);
        }
        out.extend(0u32.to_le_bytes());
        out.extend(self.own_checksum.0.to_le_bytes());
        out.extend(&self.trailing);
        out
    }
}

/// How many entries there are, as far as their lengths tell; whether they are right is told when they are read.
fn count_entries(mut bytes: &[u8]) -> usize {
    let mut count = 0;
    while let Some((length, rest)) = bytes.split_first_chunk() {
        let length = u32::from_le_bytes(*length) as usize;
        match rest.get(length..) {
            Some(rest) if length > 0 => bytes = rest,
            _ => break,
        }
        count += 1;
    }
    count
}

fn parse_entry(reader: &mut Reader<'_>, bytes: &Arc<[u8]>, at: usize, length: usize) -> Result<Entry> {
    if length <= FIXED + 1 {
        return Err(wrong(at, text!("an entry of {length} bytes has no room for a path", length)));
    }
    let size = reader.u32(text!("an entry's size"))?;
    let checksum = Checksum(reader.u32(text!("an entry's checksum"))?);
    let path_at = reader.at;
    let text = reader.take(length - FIXED, text!("an entry's path"))?;
    let Some((0, path)) = text.split_last() else {
        return Err(wrong(path_at + text.len() - 1, text!("an entry's path does not end in NUL")));
    };
    if let Some(nul) = path.iter().position(|&byte| byte == 0) {
        return Err(wrong(path_at + nul, text!("an entry's path ends before the entry does")));
    }
    let path = CidPath::from_catalog(bytes, path_at, path.len()).map_err(|error| wrong(path_at, error.what()))?;
    Ok(Entry { path, size, checksum })
}

fn parse_id(bytes: [u8; 39]) -> Option<CatalogId> {
    let (&nul, guid) = bytes.split_last()?;
    let well_formed = guid.iter().enumerate().all(|(index, byte)| match index {
        0 => *byte == b'{',
        37 => *byte == b'}',
        9 | 14 | 19 | 24 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    (nul == 0 && well_formed).then(|| CatalogId(guid.try_into().expect("39 less 1 is 38")))
}

/// Refuses two entries for what Windows holds for the same file.
pub(super) fn check_unique(entries: &[Entry], offset: impl Fn(usize) -> Option<usize>) -> Result<()> {
    let Some((first, index)) = first_twins(entries) else { return Ok(()) };
    let (this, first) = (&entries[index].path, &entries[first].path);
    let what = if this == first {
        text!("{this} is listed twice", this)
    } else {
        text!("{this} and {first} are listed, which differ in case alone", this, first)
    };
    Err(match offset(index) {
        Some(at) => wrong(at, what),
        None => Error::new(ErrorKind::CatalogFormat, what),
    })
}

/// The first entry for a file that another before it is for, and that one. The keys of all are not kept for it: by their hashes
/// those that may be equal stand beside each other.
fn first_twins(entries: &[Entry]) -> Option<(usize, usize)> {
    let hasher = RandomState::new();
    let mut key = Vec::new();
    let mut hash = |path: &CidPath| {
        path.key_into(&mut key);
        hasher.hash_one(&key)
    };
    let mut hashes: Vec<(u64, u32)> = (0..).zip(entries).map(|(index, entry)| (hash(&entry.path), index)).collect();
    hashes.sort_unstable();
    let mut found: Option<(usize, usize)> = None;
    for alike in hashes.chunk_by(|a, b| a.0 == b.0).filter(|alike| alike.len() > 1) {
        let mut seen: HashMap<String, usize> = HashMap::new();
        for index in alike.iter().map(|(_, index)| *index as usize) {
            if let Some(first) = seen.insert(entries[index].path.key(), index) {
                found =
                    Some(found.map_or((first, index), |found| if index < found.1 { (first, index) } else { found }));
                break;
            }
        }
    }
    found
}

fn wrong(at: usize, what: impl Into<String>) -> Error {
    Error::new(ErrorKind::CatalogFormat, what)
        .at(Position::Offset(at as u64))
        .next("restore this catalog from the server's own CID or a backup")
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize, what: &str) -> Result<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        let taken = rest.get(..length).ok_or_else(|| {
            wrong(
                self.at,
                text!(
                    "{what} takes {length} bytes, and the file ends after {rest} more",
                    what,
                    length,
                    rest = rest.len()
                ),
            )
        })?;
        self.at += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N]> {
        Ok(self.take(N, what)?.try_into().expect("take() gives as many bytes as asked for"))
    }

    fn u32(&mut self, what: &str) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array(what)?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::catalog::checksum;

    fn catalog(gap: &[u8], entries: Vec<Entry>, trailing: &[u8]) -> Catalog {
        let mut catalog = Catalog::new("", entries, &*checksum::known("crc32").unwrap()).unwrap();
        catalog.gap = gap.to_vec();
        catalog.trailing = trailing.to_vec();
        catalog
    }

    fn entry(path: &str) -> Entry {
        Entry { path: CidPath::parse(path).unwrap(), size: 5, checksum: Checksum(0xDEAD_BEEF) }
    }

    #[test]
    fn the_layout_is_the_formats_pages() {
        let printed = catalog(b"", vec![entry("\\a")], b"").print();
        assert_eq!(&printed[..41], b"{546D99E5-A8F5-49a5-BF8B-93A516F7FD83}\0\x01\0");
        assert_eq!((printed[41], printed[78], printed[79]), (b'{', b'}', 0));
        assert_eq!(&printed[80..84], [84, 0, 0, 0]);
        assert_eq!(&printed[84..103], b"\x0b\0\0\0\x05\0\0\0\xef\xbe\xad\xde\\a\0\0\0\0\0");
        assert_eq!(printed.len(), 107);
        assert_eq!(printed[103..], crc32fast::hash(&printed[..103]).to_le_bytes());
    }

    #[test]
    fn every_cut_is_an_error_with_an_offset() {
        let printed = catalog(b"gap", vec![entry("\\a"), entry("\\b\\c")], b"").print();
        for end in 0..printed.len() {
            let error = Catalog::parse(&printed[..end]).unwrap_err();
            assert!(matches!(error.position(), Some(Position::Offset(at)) if at <= end as u64), "{end}: {error}");
        }
    }

    #[test]
    fn lies_are_told_with_their_offset() {
        let printed = catalog(b"", vec![entry("\\ab"), entry("\\cd")], b"").print();
        let with = |at: usize, bytes: &[u8]| {
            let mut lying = printed.clone();
            lying[at..at + bytes.len()].copy_from_slice(bytes);
            Catalog::parse(&lying).unwrap_err().to_string()
        };
        for (at, bytes, said) in [
            (1, &b"x"[..], "offset 0 (0x0): this is no catalog"),
            (39, b"\x02", "offset 39 (0x27): the version is 2"),
            (45, b"z", "offset 41 (0x29): the catalog's identity"),
            (79, b"x", "offset 41"),
            (80, b"\x53", "offset 80 (0x50): the first entry would begin at 83"),
            (80, b"\xff\xff\xff\xff", "offset 84"),
            (84, b"\xff\xff\xff\xff", "offset 96"),
            (84, b"\x09", "offset 84 (0x54): an entry of 9 bytes"),
            (84, b"\x01", "offset 84 (0x54): an entry of 1 bytes"),
            (84, b"\x0d", "offset 100 (0x64): an entry's path does not end in NUL"),
            (96, b"x", "does not begin with a backslash"),
            (98, b"\0", "offset 98 (0x62): an entry's path ends before"),
            (99, b"x", "offset 99 (0x63): an entry's path does not end in NUL"),
            (97, b":", "colon"),
            (97, b"\\", "empty part"),
            (97, b"..", "\"..\""),
            (113, b"ab", "offset 100 (0x64): \\ab is listed twice"),
            (113, b"AB", "differ in case alone"),
        ] {
            let error = with(at, bytes);
            assert!(error.contains(said), "{at}: {error}");
        }
    }

    proptest! {
        #[test]
        fn print_undoes_parse(
            gap in proptest::collection::vec(any::<u8>(), 0..20),
            paths in proptest::collection::btree_set("(\\\\[a-z\u{e4}\u{20ac}][a-z0-9 ]{0,6}[a-z]){1,3}", 0..20),
            numbers in any::<(u32, u32)>(),
            trailing in proptest::collection::vec(any::<u8>(), 0..20),
        ) {
            let entries = paths.iter().filter_map(|path| CidPath::parse(path).ok())
                .map(|path| Entry { path, size: numbers.0, checksum: Checksum(numbers.1) }).collect();
            let catalog = catalog(&gap, entries, &trailing);
            let printed = catalog.print();
            prop_assert_eq!(Catalog::parse(&printed).unwrap().print(), &printed[..]);
            prop_assert_eq!(Catalog::parse(&printed).unwrap(), catalog);
        }

        #[test]
        fn nothing_panics_and_what_is_accepted_comes_back(
            start in proptest::collection::vec((0usize..200, any::<u8>()), 0..8),
            cut in 0usize..200,
        ) {
            let mut bytes = catalog(b"gap", vec![entry("\\a"), entry("\\b\\c"), entry("\\b\\d")], b"end").print();
            for (at, byte) in start {
                if let Some(slot) = bytes.get_mut(at) { *slot = byte }
            }
            bytes.truncate(bytes.len().saturating_sub(cut % 7 * (cut / 7)));
            if let Ok(catalog) = Catalog::parse(&bytes) {
                prop_assert_eq!(catalog.print(), bytes);
            }
        }
    }
}
