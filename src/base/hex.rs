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
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    let mut wrong = 0;
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let (high, low) = (VALUES[usize::from(pair[0])], VALUES[usize::from(pair[1])]);
        wrong |= high | low;
        *byte = high << 4 | low & 0xF;
    }
    (wrong < 16).then_some(bytes)
}

/// The value of each digit, and 255 for what is none. A manifest has millions of digits.
const VALUES: [u8; 256] = {
    let mut values = [255; 256];
    let mut value = 0;
    while value < 16 {
        values[b"0123456789abcdef"[value as usize] as usize] = value;
        value += 1;
    }
    values
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_come_back_and_nothing_else_is_one() {
        let bytes: Vec<u8> = (0..=255).collect();
        let text = hex(&bytes);
        assert_eq!(unhex::<256>(text.as_bytes()).unwrap(), &bytes[..]);
        for text in ["", "0", "000", "0G", "g0", "0A", "A0", "0 ", "\u{e9}"] {
            assert_eq!(unhex::<1>(text.as_bytes()), None, "{text:?}");
        }
    }
}
