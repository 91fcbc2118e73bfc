//! CORBA's common data representation: numbers aligned to their size, in either byte order, in capsules that say theirs.

use super::{MAX_SIZE, wrong};
use crate::base::error::Result;
use crate::base::text::{decode_1252, encode_1252};

/// Which byte of a number comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ByteOrder {
    /// The most significant one: flag 0.
    BigEndian,
    /// The least significant one, as on the processors of PCs: flag 1.
    LittleEndian,
}

/// Reads one capsule. Numbers are aligned to the beginning of the capsule, places are told in the whole reference.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where the capsule begins in the reference.
    base: usize,
    pub order: ByteOrder,
}

impl<'a> Reader<'a> {
    /// Opens a capsule; its first byte is the flag of its byte order.
    pub(super) fn open(bytes: &'a [u8], base: usize) -> Result<Self> {
        let order = match bytes.first() {
            Some(0) => ByteOrder::BigEndian,
            Some(1) => ByteOrder::LittleEndian,
            Some(_) => return Err(wrong(base, text!("this is no flag of a byte order: 0 or 1 stands here"))),
            None => return Err(wrong(base, text!("the reference ends before a flag of a byte order"))),
        };
        Ok(Reader { bytes, at: 1, base, order })
    }

    /// Where it stands in the reference.
    pub(super) fn place(&self) -> usize {
        self.base + self.at
    }

    fn take(&mut self, size: usize) -> Result<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        let taken = rest.get(..size).ok_or_else(|| {
            wrong(
                self.place(),
                text!("{size} bytes should stand here, and the end comes after {rest}", size, rest = rest.len()),
            )
        })?;
        self.at += size;
        Ok(taken)
    }

    fn align(&mut self, size: usize) -> Result<()> {
        let gap = self.at.next_multiple_of(size) - self.at;
        self.take(gap).map(drop)
    }

    pub(super) fn u8(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    pub(super) fn u16(&mut self) -> Result<u16> {
        self.align(2)?;
        let bytes = self.take(2)?.try_into().expect("two bytes were taken");
        Ok(match self.order {
            ByteOrder::BigEndian => u16::from_be_bytes(bytes),
            ByteOrder::LittleEndian => u16::from_le_bytes(bytes),
        })
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        self.align(4)?;
        let bytes = self.take(4)?.try_into().expect("four bytes were taken");
        Ok(match self.order {
            ByteOrder::BigEndian => u32::from_be_bytes(bytes),
            ByteOrder::LittleEndian => u32::from_le_bytes(bytes),
        })
    }

    /// How many things follow, each of which takes `least` bytes or more.
    pub(super) fn count(&mut self, least: usize) -> Result<u32> {
        let count = self.u32()?;
        let left = self.bytes.len() - self.at;
        if (count as usize).checked_mul(least).is_none_or(|size| size > left) {
            return Err(wrong(
                self.place() - 4,
                text!("{count} things should follow, and the end comes after {left} bytes", count, left),
            ));
        }
        Ok(count)
    }

    /// Bytes behind their number, and where they begin in the reference.
    pub(super) fn octets(&mut self) -> Result<(&'a [u8], usize)> {
        let size = self.u32()? as usize;
        let place = self.place();
        Ok((self.take(size)?, place))
    }

    /// Text behind its size, which counts the NUL at its end. Some ORBs write an empty text without one.
    pub(super) fn text(&mut self) -> Result<String> {
        let (bytes, place) = self.octets()?;
        match bytes {
            [] => Ok(String::new()),
            [text @ .., 0] if !text.contains(&0) => Ok(decode_1252(text)),
            _ => Err(wrong(place, text!("this text does not end at its first NUL"))),
        }
    }
}

/// Writes one capsule.
pub(super) struct Writer {
    bytes: Vec<u8>,
    order: ByteOrder,
}

impl Writer {
    pub(super) fn new(order: ByteOrder) -> Self {
        Self { bytes: vec![u8::from(order == ByteOrder::LittleEndian)], order }
    }

    fn align(&mut self, size: usize) {
        self.bytes.resize(self.bytes.len().next_multiple_of(size), 0);
    }

    pub(super) fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub(super) fn u16(&mut self, value: u16) {
        self.align(2);
        self.bytes.extend(match self.order {
            ByteOrder::BigEndian => value.to_be_bytes(),
            ByteOrder::LittleEndian => value.to_le_bytes(),
        });
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.align(4);
        self.bytes.extend(match self.order {
            ByteOrder::BigEndian => value.to_be_bytes(),
            ByteOrder::LittleEndian => value.to_le_bytes(),
        });
    }

    /// A number of bytes or things. None fits into a reference that does not fit into 32 bits.
    pub(super) fn size(&mut self, size: usize) {
        self.u32(size.try_into().unwrap_or(u32::MAX));
    }

    pub(super) fn octets(&mut self, bytes: &[u8]) {
        self.size(bytes.len());
        self.bytes.extend(bytes);
    }

    /// Text; `None` where the format has no place for one of its characters.
    pub(super) fn text(&mut self, text: &str) -> Option<()> {
        let bytes = encode_1252(text).filter(|bytes| !bytes.contains(&0))?;
        self.octets(&[&bytes[..], &[0]].concat());
        Some(())
    }

    /// The capsule; `None` where it is larger than any that is read.
    pub(super) fn finish(self) -> Option<Vec<u8>> {
        Some(self.bytes).filter(|bytes| bytes.len() <= MAX_SIZE / 2)
    }
}
