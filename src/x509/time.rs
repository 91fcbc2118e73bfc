//! Dates of certificates, of any year.

use std::time::SystemTime;

use x509_cert::der::{self, Reader, SliceReader, Tag};

use crate::base::time;

/// Reads a UTCTime or a GeneralizedTime (RFC 5280, section 4.1.2.5): seconds are there, and the zone is `Z`.
pub(super) fn read<'r>(reader: &mut SliceReader<'r>) -> der::Result<SystemTime> {
    let tag = Tag::peek(reader)?;
    let wrong = || der::Error::from(der::ErrorKind::DateTime);
    let digits_of_year = match tag {
        Tag::UtcTime => 2,
        Tag::GeneralizedTime => 4,
        _ => return Err(wrong()),
    };
    // The tag and a length of one byte.
    let text = reader.tlv_bytes()?.get(2..).and_then(|text| text.strip_suffix(b"Z")).ok_or_else(wrong)?;
    if text.len() != digits_of_year + 10 || !text.iter().all(u8::is_ascii_digit) {
        return Err(wrong());
    }
    let number = |digits: &[u8]| digits.iter().fold(0_i16, |number, digit| number * 10 + i16::from(digit - b'0'));
    let (year, rest) = text.split_at(digits_of_year);
    let year = match number(year) {
        // Of two digits: 50 and later are of the last century.
        year if digits_of_year == 2 && year < 50 => year + 2000,
        year if digits_of_year == 2 => year + 1900,
        year => year,
    };
    let parts: Vec<i8> = rest.chunks(2).map(|digits| number(digits) as i8).collect();
    time::utc(year, [parts[0], parts[1], parts[2], parts[3], parts[4]]).ok_or_else(wrong)
}
