//! The checksum functions that configcid knows, in one table, and the interface to those that a user brings.
//!
//! The vendor's function is not published; which one a catalog uses is found out, never assumed (formats.md,
//! section 3).

use std::fmt;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use md5::{Digest, Md5};
use sha2::Sha256;

use crate::base::error::{Error, Result};

/// A 32-bit checksum, shown as eight hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Checksum(pub u32);

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl serde::Serialize for Checksum {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A function from a file's content to 32 bits.
pub trait ChecksumFunction: Send + Sync {
    /// The name, for people and for `--checksum`.
    fn name(&self) -> &str;

    /// The checksum of all that `input` gives.
    ///
    /// # Errors
    /// Reading fails, or the function does. The error may name no file.
    fn of(&self, input: &mut dyn Read) -> Result<Checksum>;

    /// The checksum of `bytes`.
    ///
    /// # Errors
    /// The function fails.
    fn of_bytes(&self, mut bytes: &[u8]) -> Result<Checksum> {
        self.of(&mut bytes)
    }

    /// Begins a computation that takes the bytes in pieces, so that one read of a file serves more than this function.
    /// `None` where the function has to read by itself, as a program does.
    fn begin(&self) -> Option<Box<dyn State>> {
        None
    }
}

/// A function as a value that can be handed round.
pub type Function = Arc<dyn ChecksumFunction>;

/// The state of a computation.
pub trait State {
    /// Takes in the next piece.
    fn update(&mut self, bytes: &[u8]);

    /// The checksum of all pieces.
    fn value(self: Box<Self>) -> Checksum;
}

/// How a computation begins.
type Begin = fn() -> Box<dyn State>;

/// The functions that configcid knows.
static KNOWN: &[(&str, Begin)] = &[
    ("crc32", || Box::new(crc32fast::Hasher::new())),
    ("crc32c", || Box::new(Crc32c(0))),
    ("adler32", || Box::new(adler2::Adler32::new())),
    ("md5-le", || Box::new(FirstFour(Md5::new(), u32::from_le_bytes))),
    ("md5-be", || Box::new(FirstFour(Md5::new(), u32::from_be_bytes))),
    ("sha256-le", || Box::new(FirstFour(Sha256::new(), u32::from_le_bytes))),
    ("sha256-be", || Box::new(FirstFour(Sha256::new(), u32::from_be_bytes))),
];

/// The function of new catalogs \[A\].
pub const FOR_NEW: &str = "crc32";

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
    KNOWN.iter().map(|&(name, begin)| Arc::new(Known { name, begin }) as Function)
}

/// The names of all known functions.
pub fn names() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|&(name, _)| name)
}

struct Known {
    name: &'static str,
    begin: Begin,
}

/// How much is read at a time: small enough to stay in the processor's cache.
const BUFFER: usize = 128 << 10;

thread_local! {
    /// One buffer a thread: clearing a new one for each of many small files would cost more than reading them.
    pub(crate) static READ_BUFFER: std::cell::RefCell<Vec<u8>> = std::cell::RefCell::new(vec![0; BUFFER]);
}

impl ChecksumFunction for Known {
    fn name(&self) -> &str {
        self.name
    }

    fn of(&self, input: &mut dyn Read) -> Result<Checksum> {
        let mut state = (self.begin)();
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
        let mut state = (self.begin)();
        state.update(bytes);
        Ok(state.value())
    }

    fn begin(&self) -> Option<Box<dyn State>> {
        Some((self.begin)())
    }
}

impl State for crc32fast::Hasher {
    fn update(&mut self, bytes: &[u8]) {
        crc32fast::Hasher::update(self, bytes);
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

/// The first four bytes of a digest, in one of the byte orders.
struct FirstFour<D>(D, fn([u8; 4]) -> u32);

impl<D: Digest> State for FirstFour<D> {
    fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
    fn value(self: Box<Self>) -> Checksum {
        let digest = self.0.finalize();
        Checksum(self.1([digest[0], digest[1], digest[2], digest[3]]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_the_functions_definitions() {
        // The check values of the CRC catalogue, RFC 1950, RFC 1321 and FIPS 180-4.
        for (name, text, value) in [
            ("crc32", "123456789", 0xCBF4_3926),
            ("crc32c", "123456789", 0xE306_9283),
            ("adler32", "Wikipedia", 0x11E6_0398),
            ("md5-be", "abc", 0x9001_5098),
            ("md5-le", "abc", 0x9850_0190),
            ("sha256-be", "abc", 0xBA78_16BF),
            ("sha256-le", "abc", 0xBF16_78BA),
        ] {
            let function = known(name).unwrap();
            assert_eq!(function.of_bytes(text.as_bytes()).unwrap(), Checksum(value), "{name}");
            assert_eq!(function.of(&mut text.as_bytes()).unwrap(), Checksum(value), "{name}");
        }
        assert_eq!(names().count(), 7);
    }

    #[test]
    fn long_input_is_taken_in_pieces() {
        let long = vec![7; 3 * BUFFER + 1];
        for function in all_known() {
            let whole = function.of_bytes(&long).unwrap();
            assert_eq!(function.of(&mut &long[..]).unwrap(), whole, "{}", function.name());
            let mut state = function.begin().unwrap();
            long.chunks(1000).for_each(|piece| state.update(piece));
            assert_eq!(state.value(), whole, "{}", function.name());
        }
    }
}
