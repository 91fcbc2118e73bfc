//! Digests as hex digits in lower case, the only case that manifests have.

use std::fmt::Write;

/// The hex digits of `bytes`.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The bytes of exactly `2 * N` hex digits in lower case; `None` for anything else.
pub(crate) fn unhex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    is_hex::<N>(text).then(|| {
        let mut bytes = [0; N];
        for (byte, [high, low]) in bytes.iter_mut().zip(text.as_chunks().0) {
            *byte = value(*high) << 4 | value(*low);
        }
        bytes
    })
}

/// Whether `text` is exactly `2 * N` hex digits in lower case. A manifest has millions of digits: all are looked at
/// whatever the first one is, which the compiler makes a look at many at once.
pub(crate) fn is_hex<const N: usize>(text: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_digit() | (b'a'..=b'f').contains(byte);
    text.len() == 2 * N && text.iter().fold(true, |all, byte| all & is_digit(byte))
}

/// Of a hex digit: letters have bit 6, and end in 1 for ten.
fn value(digit: u8) -> u8 {
    (digit & 0x0F) + 9 * (digit >> 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_come_back_and_nothing_else_is_one() {
        let bytes: Vec<u8> = (0..=255).collect();
        let text = hex(&bytes);
        assert_eq!(unhex::<256>(text.as_bytes()).unwrap(), &bytes[..]);
        for byte in 0..=255 {
            let is_digit = byte < 128 && "0123456789abcdef".contains(char::from(byte));
            for place in 0..10 {
                let mut text = *b"0123456789";
                text[place] = byte;
                let same = unhex::<5>(&text).map(|bytes| hex(&bytes).into_bytes() == text);
                assert_eq!(same, is_digit.then_some(true), "{byte}");
            }
        }
        for text in ["", "0", "000", "0G", "g0", "0A", "A0", "0 ", "\u{e9}"] {
            assert_eq!(unhex::<1>(text.as_bytes()), None, "{text:?}");
        }
    }
}
