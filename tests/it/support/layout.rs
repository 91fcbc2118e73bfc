//! A second reader and writer of `cidsync.upd`, made from docs/formats.md, section 3, alone: it shares no line with the
//! crate's own, so that the two can check each other. It trusts its input and panics where that is wrong.

/// The bytes before the first entry, where there is no gap.
pub(crate) const HEADER: usize = 84;

/// One entry, with the offset at which it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub at: usize,
    pub path: Vec<u8>,
    pub size: u32,
    pub checksum: u32,
}

impl Entry {
    /// An entry for a file with this content.
    pub(crate) fn of(path: &str, content: &[u8], sum: Sum) -> Self {
        Self { at: 0, path: path.as_bytes().to_vec(), size: content.len() as u32, checksum: sum(content) }
    }

    pub(crate) fn name(&self) -> String {
        String::from_utf8_lossy(&self.path).into_owned()
    }
}

/// A checksum function.
pub(crate) type Sum = fn(&[u8]) -> u32;

/// A catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Catalog {
    /// Everything before the first entry.
    pub head: Vec<u8>,
    pub entries: Vec<Entry>,
    pub own: u32,
    /// Where the own checksum stands.
    pub own_at: usize,
    /// Everything behind the own checksum.
    pub tail: Vec<u8>,
}

impl Catalog {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        assert_eq!(&bytes[..39], b"{546D99E5-A8F5-49a5-BF8B-93A516F7FD83}\0", "the format's GUID");
        assert_eq!(bytes[39..41], [1, 0], "the version");
        let mut at = number(80) as usize;
        let head = bytes[..at].to_vec();
        let mut entries = Vec::new();
        while number(at) != 0 {
            let end = at + 4 + number(at) as usize;
            assert_eq!(bytes[end - 1], 0, "the NUL of the entry at {at}");
            let path = bytes[at + 12..end - 1].to_vec();
            entries.push(Entry { at, path, size: number(at + 4), checksum: number(at + 8) });
            at = end;
        }
        Self { head, entries, own: number(at + 4), own_at: at + 4, tail: bytes[at + 8..].to_vec() }
    }

    /// What the own checksum covers.
    fn body(&self) -> Vec<u8> {
        let mut out = self.head.clone();
        for entry in &self.entries {
            out.extend((entry.path.len() as u32 + 9).to_le_bytes());
            out.extend(entry.size.to_le_bytes());
            out.extend(entry.checksum.to_le_bytes());
            out.extend(&entry.path);
            out.push(0);
        }
        out.extend([0; 4]);
        out
    }

    pub(crate) fn seal(&mut self, sum: Sum) {
        self.own = sum(&self.body());
    }

    pub(crate) fn print(&self) -> Vec<u8> {
        let mut out = self.body();
        out.extend(self.own.to_le_bytes());
        out.extend(&self.tail);
        out
    }
}

/// CRC-32 as in zlib, bit by bit.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 };
        }
    }
    !crc
}

/// A checksum that configcid does not know: FNV-1a.
pub(crate) fn unknown(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// The names of files that customers may change (docs/formats.md, section 1), in lower case.
pub(crate) const CUSTOMER_FILES: &[&str] = &[
    "mrinit.conf",
    "mrinit.custom",
    "cac.pem",
    "customer_id.txt",
    "manifest.dat",
    "root_manifest.dat",
    "stamp",
    "sauconf.xml",
    "savconf.xml",
    "scfconf.xml",
];

/// Whether a customer may change the file of this path: it has such a name and lies in the root or in a component.
pub(crate) fn is_customer_file(path_from_root: &str) -> bool {
    let parts: Vec<&str> = path_from_root[1..].split('\\').collect();
    let name = parts[parts.len() - 1].to_lowercase();
    parts.len() <= 2 && CUSTOMER_FILES.contains(&name.as_str())
}

/// Whether the file of this path is a catalog.
pub(crate) fn is_catalog(path: &str) -> bool {
    let name = path.rsplit('\\').next().unwrap_or(path).to_lowercase();
    ["cidsync.upd", "root.upd", "master.upd"].contains(&name.as_str())
}
