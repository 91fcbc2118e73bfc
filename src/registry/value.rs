//! The values of keys, typed, and the bytes that the registry keeps of them.

use std::fmt;

use super::RegFormat;
use crate::base::hex::hex;
use crate::base::text::{Encoding, decode_1252, encode_1252};

const REG_SZ: u32 = 1;
const REG_EXPAND_SZ: u32 = 2;
const REG_BINARY: u32 = 3;
const REG_DWORD: u32 = 4;
const REG_MULTI_SZ: u32 = 7;
const REG_QWORD: u32 = 11;

/// A value of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `"..."`, and `hex(1):` in a file: REG_SZ.
    String(String),
    /// `hex(2):` in a file: REG_EXPAND_SZ, a string in which `%NAME%` stands for a variable.
    ExpandString(String),
    /// `hex(7):` in a file: REG_MULTI_SZ, strings.
    MultiString(Vec<String>),
    /// `dword:` in a file: REG_DWORD.
    Dword(u32),
    /// `hex(b):` in a file: REG_QWORD.
    Qword(u64),
    /// `hex:` in a file: REG_BINARY.
    Binary(Vec<u8>),
    /// Any other type, and one of the above whose bytes do not fit it.
    Other {
        /// The type's number, as in `hex(NUMBER):`.
        kind: u32,
        /// The bytes.
        data: Vec<u8>,
    },
}

impl Value {
    /// The text of a string, be it expandable or not.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::String(text) | Self::ExpandString(text) => Some(text),
            _ => None,
        }
    }

    /// The number of the type.
    pub fn kind(&self) -> u32 {
        match self {
            Self::String(_) => REG_SZ,
            Self::ExpandString(_) => REG_EXPAND_SZ,
            Self::MultiString(_) => REG_MULTI_SZ,
            Self::Dword(_) => REG_DWORD,
            Self::Qword(_) => REG_QWORD,
            Self::Binary(_) => REG_BINARY,
            Self::Other { kind, .. } => *kind,
        }
    }

    /// The value of type `kind` that the registry keeps as `data`; in a REGEDIT4 file, strings are ANSI.
    pub(crate) fn from_data(kind: u32, data: Vec<u8>, format: RegFormat) -> Self {
        let made = match kind {
            REG_SZ => text(&data, format).map(|text| Self::String(unterminated(text))),
            REG_EXPAND_SZ => text(&data, format).map(|text| Self::ExpandString(unterminated(text))),
            REG_MULTI_SZ => text(&data, format).map(|text| Self::MultiString(parts(&text))),
            REG_DWORD => data.as_slice().try_into().ok().map(|bytes| Self::Dword(u32::from_le_bytes(bytes))),
            REG_QWORD => data.as_slice().try_into().ok().map(|bytes| Self::Qword(u64::from_le_bytes(bytes))),
            REG_BINARY => return Self::Binary(data),
            _ => None,
        };
        made.unwrap_or(Self::Other { kind, data })
    }

    /// What the registry keeps; `None` where ANSI has no place for a character.
    pub(crate) fn data(&self, format: RegFormat) -> Option<Vec<u8>> {
        let bytes = |text: String| match format {
            RegFormat::Version5 => Encoding::Utf16Le.encode(&text),
            RegFormat::Regedit4 => encode_1252(&text),
        };
        match self {
            Self::String(text) | Self::ExpandString(text) => bytes(format!("{text}\0")),
            Self::MultiString(parts) => {
                bytes(parts.iter().flat_map(|part| [part, "\0"]).chain(["\0"]).collect::<String>())
            }
            Self::Dword(number) => Some(number.to_le_bytes().into()),
            Self::Qword(number) => Some(number.to_le_bytes().into()),
            Self::Binary(data) | Self::Other { data, .. } => Some(data.clone()),
        }
    }
}

impl Value {
    /// What stands before the bytes of a value in a file.
    pub(super) fn prefix(&self) -> String {
        match self.kind() {
            REG_BINARY => "hex:".to_owned(),
            kind => format!("hex({kind:x}):"),
        }
    }
}

/// As people and the JSON output see it: a string as it is, anything else as a file spells it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(text) | Self::ExpandString(text) => f.write_str(text),
            Self::MultiString(parts) => f.write_str(&parts.join("|")),
            Self::Dword(number) => write!(f, "dword:{number:08x}"),
            Self::Qword(number) => write!(f, "qword:{number:016x}"),
            Self::Binary(data) | Self::Other { data, .. } => {
                let bytes: Vec<String> = data.iter().map(|byte| hex(&[*byte])).collect();
                write!(f, "{}{}", self.prefix(), bytes.join(","))
            }
        }
    }
}

fn text(data: &[u8], format: RegFormat) -> Option<String> {
    match format {
        RegFormat::Regedit4 => Some(decode_1252(data)),
        RegFormat::Version5 if data.len().is_multiple_of(2) => String::from_utf16(&Encoding::Utf16Le.units(data)).ok(),
        RegFormat::Version5 => None,
    }
}

/// Without the NUL at its end, which programs forget at times.
fn unterminated(mut text: String) -> String {
    if text.ends_with('\0') {
        text.pop();
    }
    text
}

fn parts(text: &str) -> Vec<String> {
    let all = text.strip_suffix('\0').unwrap_or(text);
    if all.is_empty() {
        return Vec::new();
    }
    all.strip_suffix('\0').unwrap_or(all).split('\0').map(str::to_owned).collect()
}
