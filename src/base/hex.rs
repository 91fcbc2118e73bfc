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

/// The bytes of exactly `2 * N` hex digits in lower case; `None` for anything else. A manifest has millions of digits, so
/// eight are read at once.
pub(crate) fn unhex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    let mut is_right = true;
    let (digits, rest) = text.as_chunks::<8>();
    for (bytes, digits) in bytes.chunks_mut(4).zip(digits) {
        let (four, are_digits) = eight_digits(*digits);
        is_right &= are_digits;
        bytes.copy_from_slice(&four);
    }
    if !rest.is_empty() {
        // As many zeros as are missing go first.
        let mut last = [b'0'; 8];
        last[8 - rest.len()..].copy_from_slice(rest);
        let (four, are_digits) = eight_digits(last);
        is_right &= are_digits;
        let missing = rest.len() / 2;
        bytes[N - missing..].copy_from_slice(&four[4 - missing..]);
    }
    is_right.then_some(bytes)
}

/// The four bytes of eight digits, and whether all are digits. Each byte of a number is one digit: sums do not carry into
/// the next one, since no byte is above 127 where the answer counts.
fn eight_digits(digits: [u8; 8]) -> ([u8; 4], bool) {
    const ALL: u64 = 0x0101_0101_0101_0101;
    let digits = u64::from_le_bytes(digits);
    let ascii = digits & (0x7F * ALL);
    // The highest bit of each byte says whether the digit is at least this one.
    let at_least = |digit: u8| ascii + u64::from(0x80 - digit) * ALL;
    let are_letters = at_least(b'a') & !at_least(b'f' + 1);
    let are_numbers = at_least(b'0') & !at_least(b'9' + 1);
    let high_bits = 0x80 * ALL;
    let are_digits = (are_letters | are_numbers) & !digits & high_bits == high_bits;
    let values = (ascii & (0x0F * ALL)) + 9 * (are_letters >> 7 & ALL);
    // Two digits become one byte, in every second place; then these are moved together.
    let pairs = (values << 4 | values >> 8) & 0x00FF_00FF_00FF_00FF;
    let pairs = (pairs | pairs >> 8) & 0x0000_FFFF_0000_FFFF;
    (((pairs | pairs >> 16) as u32).to_le_bytes(), are_digits)
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
