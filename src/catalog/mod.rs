//! `cidsync.upd`, the binary catalog of a CID (formats.md, section 3), exact to the byte; its paths, its checksum
//! functions, and the table of files that a customer may change.

pub mod checksum;
mod codec;
mod customer;
pub mod identify;
mod path;

use checksum::Context;
pub use checksum::{Checksum, ChecksumFunction};
#[cfg(feature = "cli")]
pub(crate) use customer::changing_names;
pub(crate) use customer::is_catalog_name;
pub use customer::{CustomerFiles, Role};
pub use path::CidPath;

use std::collections::HashMap;
use std::fmt;

use sha2::{Digest, Sha256};

use crate::base::error::Result;

/// The largest catalog that is read, in bytes: room for more than two million entries. A real one has less than one
/// hundredth of it.
pub const MAX_SIZE: u64 = 256 << 20;

/// One line of a catalog: a file, its size and its checksum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The path, relative to the catalog's folder.
    pub path: CidPath,
    /// The size in bytes.
    pub size: u32,
    /// The checksum of the content.
    pub checksum: Checksum,
}

/// The identity of a catalog, a GUID, kept when the catalog is rewritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CatalogId([u8; 38]);

impl CatalogId {
    /// The text, `{546D99E5-...}`.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("the constructors have checked that it is ASCII")
    }

    /// An identity for a new catalog, made from what it lists: the same tree gives the same catalog on every machine.
    pub(crate) fn for_new(folder: &str, entries: &[Entry]) -> Self {
        let mut digest = Sha256::new();
        digest.update(folder.as_bytes());
        for entry in entries {
            digest.update(entry.path.to_catalog());
            digest.update(entry.size.to_le_bytes());
            digest.update(entry.checksum.0.to_le_bytes());
        }
        let digest = digest.finalize();
        let mut bytes: [u8; 16] = std::array::from_fn(|index| digest[index]);
        // RFC 9562: version 8 (free use), variant 1.
        bytes[6] = bytes[6] & 0x0F | 0x80;
        bytes[8] = bytes[8] & 0x3F | 0x80;
        let hex: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        let text = format!("{{{}-{}-{}-{}-{}}}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
        Self(text.into_bytes().try_into().expect("a GUID has 38 characters"))
    }
}

impl fmt::Display for CatalogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A catalog in memory. [`parse`](Catalog::parse) and [`print`](Catalog::print) are each other's inverse.
///
/// ```
/// use configcid::catalog::{Catalog, CidPath, Entry, checksum};
///
/// let crc32 = checksum::known("crc32").unwrap();
/// let entry = Entry {
///     path: CidPath::parse(r"\mrinit.conf")?,
///     size: 3,
///     checksum: crc32.of_bytes(b"abc")?,
/// };
/// let catalog = Catalog::new("", vec![entry], &*crc32)?;
/// let bytes = catalog.print();
/// assert_eq!(Catalog::parse(&bytes)?, catalog);
/// assert_eq!(catalog.own_checksum(), crc32.of_bytes(catalog.covered(&bytes))?);
/// # Ok::<(), configcid::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    id: CatalogId,
    /// Bytes between the header and the first entry, kept as they are.
    gap: Vec<u8>,
    entries: Vec<Entry>,
    own_checksum: Checksum,
    /// Bytes after the checksum, kept as they are.
    trailing: Vec<u8>,
}

impl Catalog {
    /// A new catalog. `folder` is the catalog's folder as seen from the CID's root, and only shapes the identity.
    ///
    /// # Errors
    /// The checksum function fails, or two paths differ in case alone.
    pub fn new(folder: &str, entries: Vec<Entry>, function: &dyn ChecksumFunction) -> Result<Self> {
        let id = CatalogId::for_new(folder, &entries);
        Self::with_id(id, entries, function)
    }

    /// A new catalog of this identity.
    pub(crate) fn with_id(id: CatalogId, entries: Vec<Entry>, function: &dyn ChecksumFunction) -> Result<Self> {
        codec::check_unique(&entries, |_| None)?;
        let mut catalog = Self { id, gap: Vec::new(), entries, own_checksum: Checksum(0), trailing: Vec::new() };
        catalog.seal(function)?;
        Ok(catalog)
    }

    /// The identity.
    pub fn id(&self) -> CatalogId {
        self.id
    }

    /// The entries, in the file's order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The checksum that the catalog has for itself.
    pub fn own_checksum(&self) -> Checksum {
        self.own_checksum
    }

    /// The part of `printed` that the catalog's own checksum covers: every byte before it \[A\].
    pub fn covered<'a>(&self, printed: &'a [u8]) -> &'a [u8] {
        &printed[..printed.len() - self.trailing.len() - size_of::<u32>()]
    }

    /// What a function gives for the catalog's own checksum; `printed` is the catalog.
    pub(crate) fn own_sum(&self, printed: &[u8], function: &dyn ChecksumFunction) -> Result<Checksum> {
        let covered = self.covered(printed);
        let context = Context { id: self.id, path: None, size: covered.len() as u64 };
        match function.bind(&context) {
            Some(bound) => bound.of_bytes(covered),
            None => function.of_bytes(covered),
        }
    }

    /// What the checksum of the entry for `path`, a file of `size` bytes, is of beside the file's content.
    pub(crate) fn context<'a>(&self, path: &'a CidPath, size: u64) -> Context<'a> {
        Context { id: self.id, path: Some(path), size }
    }

    /// The index of each entry by its path's [key](CidPath::key).
    pub(crate) fn index(&self) -> HashMap<String, usize> {
        self.entries.iter().enumerate().map(|(index, entry)| (entry.path.key(), index)).collect()
    }

    /// Changes the entries. The own checksum is wrong until [`seal`](Catalog::seal).
    pub(crate) fn entries_mut(&mut self) -> &mut Vec<Entry> {
        &mut self.entries
    }

    /// Computes the catalog's own checksum anew.
    pub(crate) fn seal(&mut self, function: &dyn ChecksumFunction) -> Result<()> {
        let printed = self.print();
        self.own_checksum = self.own_sum(&printed, function)?;
        Ok(())
    }

    /// Whether everything but the identity, the entries and the own checksum is the same.
    pub(crate) fn same_frame_but_id(&self, other: &Self) -> bool {
        self.gap == other.gap && self.trailing == other.trailing
    }
}
