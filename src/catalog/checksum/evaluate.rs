//! Definitions at work.

use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use super::definition::{Base, Context, Crc, Definition, DigestKind, Sums, Window, Word};
use super::{Checksum, ChecksumFunction, Function, READ_BUFFER, State};
use crate::base::error::{Error, ErrorKind, Result};

/// The function that a definition states.
pub(super) fn new(definition: Definition) -> Function {
    Arc::new(Defined { name: definition.to_string(), definition, around: None })
}

/// A definition as a function.
struct Defined {
    name: String,
    definition: Definition,
    /// What goes in before and behind the content of one entry, where something does.
    around: Option<(Vec<u8>, Vec<u8>)>,
}

impl Defined {
    fn state(&self) -> Result<Box<dyn State>> {
        let definition = self.definition;
        let plain = !definition.needs_context() && !definition.swapped && definition.xor == 0;
        let mut inner = begin(&definition.base);
        if plain {
            return Ok(inner);
        }
        let suffix = match &self.around {
            Some((prefix, suffix)) => {
                inner.update(prefix);
                suffix.clone()
            }
            None if definition.needs_context() => {
                let what = text!("the checksum function {} cannot be computed of a content alone", self.name);
                return Err(Error::new(ErrorKind::Usage, what).next("this is a fault of configcid: report it"));
            }
            None => Vec::new(),
        };
        Ok(Box::new(Around { inner, suffix, definition }))
    }
}

impl ChecksumFunction for Defined {
    fn name(&self) -> &str {
        &self.name
    }

    fn of(&self, input: &mut dyn Read) -> Result<Checksum> {
        let mut state = self.state()?;
        READ_BUFFER.with_borrow_mut(|buffer| {
            loop {
                match input.read(buffer) {
                    Ok(0) => return Ok(state.value()),
                    Ok(length) => state.update(&buffer[..length]),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(Error::io("read", Path::new(""), error)),
                }
            }
        })
    }

    fn of_bytes(&self, bytes: &[u8]) -> Result<Checksum> {
        let mut state = self.state()?;
        state.update(bytes);
        Ok(state.value())
    }

    fn begin(&self) -> Option<Box<dyn State>> {
        self.state().ok()
    }

    fn needs_entry(&self) -> bool {
        self.around.is_none() && self.definition.needs_context()
    }

    fn bind(&self, context: &Context<'_>) -> Option<Function> {
        let Definition { prefix, suffix, .. } = self.definition;
        let bytes = |part: Option<super::Part>| part.map(|part| part.bytes(context)).unwrap_or_default();
        self.definition.needs_context().then(|| {
            let around = Some((bytes(prefix), bytes(suffix)));
            Arc::new(Self { name: self.name.clone(), definition: self.definition, around }) as Function
        })
    }
}

/// A computation with something around the content, or something done to the result.
struct Around {
    inner: Box<dyn State>,
    suffix: Vec<u8>,
    definition: Definition,
}

impl State for Around {
    fn update(&mut self, bytes: &[u8]) {
        self.inner.update(bytes);
    }

    fn value(mut self: Box<Self>) -> Checksum {
        self.inner.update(&self.suffix);
        Checksum(self.definition.finish(self.inner.value().0))
    }
}

/// Begins what a base computes. The fast ways are those of crates made for one function.
fn begin(base: &Base) -> Box<dyn State> {
    match *base {
        Base::Crc(crc) if crc == of_crate(&crc::CRC_32_ISO_HDLC) => Box::new(crc32fast::Hasher::new()),
        Base::Crc(crc) if crc == of_crate(&crc::CRC_32_ISCSI) => Box::new(Crc32c(0)),
        Base::Crc(crc) => Box::new(Tabled(table(crc).digest())),
        Base::Sums(Sums { word: Word::Byte, modulus: 65521, start: 1, start2: 0 }) => Box::new(adler2::Adler32::new()),
        Base::Sums(sums) => Box::new(Running { sums, a: sums.start.into(), b: sums.start2.into(), half: None }),
        Base::Window(window) => match window.digest {
            DigestKind::Md5 => Box::new(Digested(Md5::new(), window)),
            DigestKind::Sha1 => Box::new(Digested(Sha1::new(), window)),
            DigestKind::Sha224 => Box::new(Digested(Sha224::new(), window)),
            DigestKind::Sha256 => Box::new(Digested(Sha256::new(), window)),
            DigestKind::Sha384 => Box::new(Digested(Sha384::new(), window)),
            DigestKind::Sha512 => Box::new(Digested(Sha512::new(), window)),
        },
    }
}

const fn of_crate(algorithm: &crc::Algorithm<u32>) -> Crc {
    let crc::Algorithm { width, poly, init, refin, refout, xorout, .. } = *algorithm;
    Crc { width, poly, init, refin, refout, xorout }
}

type Table = crc::Crc<u32, crc::Table<16>>;

/// The tables of a CRC, made once for each that the program meets: the crate wants them for the program's whole life.
fn table(crc: Crc) -> &'static Table {
    static MADE: Mutex<Vec<(Crc, &'static Table)>> = Mutex::new(Vec::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, table)) = made.iter().find(|(this, _)| *this == crc) {
        return table;
    }
    let Crc { width, poly, init, refin, refout, xorout } = crc;
    // The crate computes without the last two.
    let algorithm = crc::Algorithm { width, poly, init, refin, refout, xorout, check: 0, residue: 0 };
    let table: &'static Table = Box::leak(Box::new(Table::new(Box::leak(Box::new(algorithm)))));
    made.push((crc, table));
    table
}

struct Tabled(crc::Digest<'static, u32, crc::Table<16>>);

impl State for Tabled {
    fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
    fn value(self: Box<Self>) -> Checksum {
        Checksum(self.0.finalize())
    }
}

impl State for crc32fast::Hasher {
    fn update(&mut self, bytes: &[u8]) {
        Self::update(self, bytes);
    }
    fn value(self: Box<Self>) -> Checksum {
        Checksum(self.finalize())
    }
}

struct Crc32c(u32);

impl State for Crc32c {
    fn update(&mut self, bytes: &[u8]) {
        self.0 = crc32c::crc32c_append(self.0, bytes);
    }
    fn value(self: Box<Self>) -> Checksum {
        Checksum(self.0)
    }
}

impl State for adler2::Adler32 {
    fn update(&mut self, bytes: &[u8]) {
        self.write_slice(bytes);
    }
    fn value(self: Box<Self>) -> Checksum {
        Checksum(self.checksum())
    }
}

/// Two running sums.
struct Running {
    sums: Sums,
    a: u64,
    b: u64,
    /// The first byte of a pair whose second has not come yet.
    half: Option<u8>,
}

impl Running {
    /// Adds words; so few at a time that nothing overflows before it is reduced.
    fn add(&mut self, words: impl Iterator<Item = u16>) {
        for word in words {
            self.a += u64::from(word);
            self.b += self.a;
        }
        self.a %= u64::from(self.sums.modulus);
        self.b %= u64::from(self.sums.modulus);
    }

    fn word(&self, pair: [u8; 2]) -> u16 {
        if self.sums.word == Word::Big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
    }
}

/// How many bytes are added before the sums are reduced: 4096 words of 16 bits stay far below 64 bits.
const REDUCED_AFTER: usize = 8192;

impl State for Running {
    fn update(&mut self, mut bytes: &[u8]) {
        if self.sums.word == Word::Byte {
            bytes.chunks(REDUCED_AFTER).for_each(|piece| self.add(piece.iter().map(|&byte| byte.into())));
            return;
        }
        if let (Some(first), [second, rest @ ..]) = (self.half, bytes) {
            let word = self.word([first, *second]);
            self.add([word].into_iter());
            (self.half, bytes) = (None, rest);
        }
        let (pairs, rest) = bytes.as_chunks::<2>();
        let big = self.sums.word == Word::Big;
        for piece in pairs.chunks(REDUCED_AFTER / 2) {
            self.add(piece.iter().map(|&pair| if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }));
        }
        self.half = rest.first().copied().or(self.half);
    }

    fn value(mut self: Box<Self>) -> Checksum {
        if let Some(first) = self.half {
            let word = self.word([first, 0]);
            self.add([word].into_iter());
        }
        Checksum((self.b as u32) << 16 | self.a as u32)
    }
}

/// Four bytes of a digest.
struct Digested<D>(D, Window);

impl<D: Digest> State for Digested<D> {
    fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
    fn value(self: Box<Self>) -> Checksum {
        let digest = self.0.finalize();
        let Window { at, big_endian, .. } = self.1;
        let four: [u8; 4] = std::array::from_fn(|index| digest[usize::from(at) + index]);
        Checksum(if big_endian { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) })
    }
}

/// The digest of `content`, all bytes of it.
pub(crate) fn digest(kind: DigestKind, content: &[u8]) -> Vec<u8> {
    match kind {
        DigestKind::Md5 => Md5::digest(content).to_vec(),
        DigestKind::Sha1 => Sha1::digest(content).to_vec(),
        DigestKind::Sha224 => Sha224::digest(content).to_vec(),
        DigestKind::Sha256 => Sha256::digest(content).to_vec(),
        DigestKind::Sha384 => Sha384::digest(content).to_vec(),
        DigestKind::Sha512 => Sha512::digest(content).to_vec(),
    }
}
