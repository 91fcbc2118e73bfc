//! The functions that have a name.

use std::sync::LazyLock;

use super::Function;
use super::definition::{Base, Crc, Definition, DigestKind, Sums, Window, Word};

/// The functions that a catalog is tried with, the likeliest first.
static KNOWN: &[(&str, Base)] = &[
    ("crc32", of_catalogue(&crc::CRC_32_ISO_HDLC)),
    ("crc32c", of_catalogue(&crc::CRC_32_ISCSI)),
    ("adler32", Base::Sums(Sums { word: Word::Byte, modulus: 65521, start: 1, start2: 0 })),
    ("md5-le", first_four(DigestKind::Md5, false)),
    ("md5-be", first_four(DigestKind::Md5, true)),
    ("sha256-le", first_four(DigestKind::Sha256, false)),
    ("sha256-be", first_four(DigestKind::Sha256, true)),
];

/// Those of the catalogue of CRC algorithms, under its names in lower case.
static CATALOGUE: &[(&str, Base)] = &[
    ("crc-32/aixm", of_catalogue(&crc::CRC_32_AIXM)),
    ("crc-32/autosar", of_catalogue(&crc::CRC_32_AUTOSAR)),
    ("crc-32/base91-d", of_catalogue(&crc::CRC_32_BASE91_D)),
    ("crc-32/bzip2", of_catalogue(&crc::CRC_32_BZIP2)),
    ("crc-32/cd-rom-edc", of_catalogue(&crc::CRC_32_CD_ROM_EDC)),
    ("crc-32/cksum", of_catalogue(&crc::CRC_32_CKSUM)),
    ("crc-32/iscsi", of_catalogue(&crc::CRC_32_ISCSI)),
    ("crc-32/iso-hdlc", of_catalogue(&crc::CRC_32_ISO_HDLC)),
    ("crc-32/jamcrc", of_catalogue(&crc::CRC_32_JAMCRC)),
    ("crc-32/mef", of_catalogue(&crc::CRC_32_MEF)),
    ("crc-32/mpeg-2", of_catalogue(&crc::CRC_32_MPEG_2)),
    ("crc-32/xfer", of_catalogue(&crc::CRC_32_XFER)),
];

const fn of_catalogue(algorithm: &crc::Algorithm<u32>) -> Base {
    let crc::Algorithm { width, poly, init, refin, refout, xorout, .. } = *algorithm;
    Base::Crc(Crc { width, poly, init, refin, refout, xorout })
}

const fn first_four(digest: DigestKind, big_endian: bool) -> Base {
    Base::Window(Window { digest, at: 0, big_endian })
}

/// The function of this name, as the catalogue of CRC algorithms or the crate `crc` spells it.
pub(super) fn base(name: &str) -> Option<Base> {
    // The crate's CRC_32_ISO_HDLC is the catalogue's CRC-32/ISO-HDLC.
    let spelled = name.to_ascii_lowercase().replace('_', "-").replacen("crc-32-", "crc-32/", 1);
    let of_catalogue = CATALOGUE.iter().find(|(this, _)| *this == spelled);
    KNOWN.iter().find(|(this, _)| *this == name).or(of_catalogue).map(|(_, base)| *base)
}

/// The shortest name of a function.
pub(super) fn name_of(base: &Base) -> Option<&'static str> {
    KNOWN.iter().chain(CATALOGUE).find(|(_, this)| this == base).map(|(name, _)| *name)
}

/// One value for each, so that it is the same function wherever it comes from.
static FUNCTIONS: LazyLock<Vec<Function>> =
    LazyLock::new(|| KNOWN.iter().map(|(_, base)| super::evaluate::new(Definition::new(*base))).collect());

/// The function that a definition states.
pub fn of_definition(definition: Definition) -> Function {
    let known = KNOWN.iter().position(|(_, base)| Definition::new(*base) == definition);
    known.map_or_else(|| super::evaluate::new(definition), |known| FUNCTIONS[known].clone())
}

/// The known function of this name.
///
/// ```
/// use configcid::catalog::{Checksum, checksum};
///
/// let crc32 = checksum::known("crc32").unwrap();
/// assert_eq!(crc32.of_bytes(b"123456789")?, Checksum(0xCBF4_3926));
/// assert!(checksum::known("crc-16").is_none());
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn known(name: &str) -> Option<Function> {
    all_known().find(|function| function.name() == name)
}

/// All known functions, the likeliest first.
pub fn all_known() -> impl Iterator<Item = Function> {
    FUNCTIONS.iter().cloned()
}

/// The names of all known functions.
pub fn names() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|&(name, _)| name)
}

/// The definitions of all functions that have a name.
pub(crate) fn named_bases() -> impl Iterator<Item = Base> {
    KNOWN.iter().chain(CATALOGUE).map(|(_, base)| *base)
}
