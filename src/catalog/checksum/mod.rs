//! Checksum functions: those that have a name, those that a [`Definition`] states, and the interface to those that a
//! user brings.
//!
//! The vendor's function is not published; which one a catalog uses is found out, never assumed (formats.md,
//! section 3).

mod definition;
mod evaluate;
mod known;
mod text;

pub(crate) use definition::FORMAT_GUID;
pub use definition::{Base, Context, Crc, Definition, DigestKind, Part, Sums, Window, Word};
pub(crate) use evaluate::digest;
pub(crate) use known::named_bases;
pub use known::{all_known, known, names, of_definition};

use std::fmt;
use std::io::Read;
use std::sync::Arc;

use crate::base::error::Result;

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

    /// Whether more than the content goes into the checksum, so that only what [`bind`](ChecksumFunction::bind) gives can
    /// compute one.
    fn needs_entry(&self) -> bool {
        false
    }

    /// The function for one entry, where more than the content goes into the checksum. `None`, as for most functions,
    /// where this one serves every entry.
    fn bind(&self, context: &Context<'_>) -> Option<Function> {
        let _ = context;
        None
    }
}

/// The function for one entry.
pub(crate) fn bound(function: &Function, context: &Context<'_>) -> Function {
    function.bind(context).unwrap_or_else(|| function.clone())
}

impl fmt::Debug for dyn ChecksumFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ChecksumFunction").field(&self.name()).finish()
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

/// The function of new catalogs \[A\].
pub const FOR_NEW: &str = "crc32";

/// How much is read at a time: small enough to stay in the processor's cache.
const BUFFER: usize = 128 << 10;

thread_local! {
    /// One buffer a thread: clearing a new one for each of many small files would cost more than reading them.
    pub(crate) static READ_BUFFER: std::cell::RefCell<Vec<u8>> = std::cell::RefCell::new(vec![0; BUFFER]);
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
