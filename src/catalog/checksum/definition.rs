//! What a checksum function is made of, as data.

use crate::catalog::{CatalogId, CidPath};

/// The format's own GUID, with which every catalog begins.
pub(crate) const FORMAT_GUID: &[u8; 38] = b"{546D99E5-A8F5-49a5-BF8B-93A516F7FD83}";

/// A checksum function, stated: what it computes, what goes in beside a file's content, and what is done to the result
/// (formats.md, section 3). It is read from and printed as a text, the value of `--checksum`.
///
/// ```
/// use configcid::catalog::checksum::{self, Definition};
///
/// let jamcrc: Definition = "crc:width=32,poly=0x04c11db7,init=0xffffffff,refin=true,refout=true".parse()?;
/// let function = checksum::of_definition(jamcrc);
/// assert_eq!(function.of_bytes(b"123456789")?.to_string(), "340bc6d9");
/// assert_eq!("crc-32/jamcrc".parse::<Definition>()?, jamcrc);
/// # Ok::<(), configcid::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Definition {
    /// What is computed.
    pub base: Base,
    /// What goes in before the content.
    pub prefix: Option<Part>,
    /// What goes in behind the content.
    pub suffix: Option<Part>,
    /// The four bytes of the result in the other order.
    pub swapped: bool,
    /// What the result, after that, is combined with by exclusive or.
    pub xor: u32,
}

impl Definition {
    /// `base` over the content alone.
    pub fn new(base: Base) -> Self {
        Self { base, prefix: None, suffix: None, swapped: false, xor: 0 }
    }

    /// Whether more than the content goes in.
    pub fn needs_context(&self) -> bool {
        self.prefix.is_some() || self.suffix.is_some()
    }

    /// The value as it comes out in the end.
    pub(crate) fn finish(&self, value: u32) -> u32 {
        (if self.swapped { value.swap_bytes() } else { value }) ^ self.xor
    }

    /// The value before swapping and the exclusive or.
    pub(crate) fn unfinish(&self, value: u32) -> u32 {
        let value = value ^ self.xor;
        if self.swapped { value.swap_bytes() } else { value }
    }
}

/// What a function computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Base {
    /// A cyclic redundancy check.
    Crc(Crc),
    /// Two running sums, as Adler-32 and Fletcher's checksums are.
    Sums(Sums),
    /// Four bytes of a digest.
    Window(Window),
}

/// The parameters of a CRC, named as in the catalogue of CRC algorithms and in the crate `crc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Crc {
    /// The width in bits, 8 to 32.
    pub width: u8,
    /// The polynomial without its highest term, the highest of the others first.
    pub poly: u32,
    /// The register's first value.
    pub init: u32,
    /// Whether the bits of each byte go in from the lowest to the highest.
    pub refin: bool,
    /// Whether the bits of the register are reversed at the end.
    pub refout: bool,
    /// What the register is then combined with by exclusive or.
    pub xorout: u32,
}

/// The parameters of two running sums: the first adds up the words of the content, the second the first. The result has
/// the second in its upper half, and the first in its lower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sums {
    /// What is added up.
    pub word: Word,
    /// What both are reduced by: 2 to 65536.
    pub modulus: u32,
    /// The first value of the first sum.
    pub start: u32,
    /// The first value of the second sum.
    pub start2: u32,
}

/// What sums add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Word {
    /// Bytes.
    Byte,
    /// Pairs of bytes, the lower first; a last byte alone is a pair with a zero behind it.
    Little,
    /// Pairs of bytes, the higher first; a last byte alone is a pair with a zero behind it.
    Big,
}

/// Four bytes of a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// The digest.
    pub digest: DigestKind,
    /// Where the four bytes begin.
    pub at: u8,
    /// Whether the first of them is the highest.
    pub big_endian: bool,
}

/// The digests of which four bytes can be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum DigestKind {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl DigestKind {
    /// All of them.
    pub(crate) const ALL: [Self; 6] = [Self::Md5, Self::Sha1, Self::Sha224, Self::Sha256, Self::Sha384, Self::Sha512];

    /// The name in a definition.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha224 => "sha224",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// How many bytes it has.
    pub(crate) fn size(self) -> u8 {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// What can go in beside a file's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The path, as the catalog has it, without its NUL.
    Path,
    /// The path, with a to z for A to Z.
    PathLower,
    /// The path, with A to Z for a to z.
    PathUpper,
    /// The size in four bytes, the lowest first.
    SizeLittle,
    /// The size in four bytes, the highest first.
    SizeBig,
    /// The catalog's identity, 38 characters.
    Id,
    /// The format's GUID, 38 characters.
    Format,
}

impl Part {
    /// All of them.
    pub(crate) const ALL: [Self; 7] =
        [Self::Path, Self::PathLower, Self::PathUpper, Self::SizeLittle, Self::SizeBig, Self::Id, Self::Format];

    /// The name in a definition.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::PathLower => "path-lower",
            Self::PathUpper => "path-upper",
            Self::SizeLittle => "size-le",
            Self::SizeBig => "size-be",
            Self::Id => "id",
            Self::Format => "format",
        }
    }

    /// The bytes for one entry.
    pub(crate) fn bytes(self, of: &Context<'_>) -> Vec<u8> {
        let path = || of.path.map(CidPath::to_catalog).unwrap_or_default();
        match self {
            Self::Path => path(),
            Self::PathLower => path().to_ascii_lowercase(),
            Self::PathUpper => path().to_ascii_uppercase(),
            Self::SizeLittle => (of.size as u32).to_le_bytes().to_vec(),
            Self::SizeBig => (of.size as u32).to_be_bytes().to_vec(),
            Self::Id => of.id.as_str().as_bytes().to_vec(),
            Self::Format => FORMAT_GUID.to_vec(),
        }
    }
}

/// What a checksum is of, beside the content: an entry of a catalog, or a catalog itself.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The identity of the catalog.
    pub id: CatalogId,
    /// The path as the catalog has it; `None` for the catalog's own checksum, where nothing stands for it (our choice).
    pub path: Option<&'a CidPath>,
    /// How many bytes the content has.
    pub size: u64,
}
