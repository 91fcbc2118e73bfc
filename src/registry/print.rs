//! Writing `.reg` files.

use super::{RegFile, RegFormat, Value, malformed};
use crate::base::error::Result;
use crate::base::hex::hex;
use crate::base::text::{Encoding, encode_1252};

/// Where a line of bytes is broken, in characters: registry editors end theirs before the 80th.
const WIDTH: usize = 77;

pub(super) fn print(file: &RegFile) -> Result<Vec<u8>> {
    let mut lines = vec![file.format.header().to_owned(), String::new()];
    for section in &file.keys {
        lines.push(format!("[{}{}]", if section.delete { "-" } else { "" }, section.key));
        for item in section.items.iter().filter(|_| !section.delete) {
            lines.push(value_line(&item.name, item.value.as_ref(), file.format)?);
        }
        lines.push(String::new());
    }
    encode(&lines.iter().flat_map(|line| [line, "\r\n"]).collect::<String>(), file.format)
}

/// Text as the bytes of a file; its lines end in CR LF already.
pub(crate) fn encode(text: &str, format: RegFormat) -> Result<Vec<u8>> {
    match format {
        RegFormat::Version5 => {
            Ok([b"\xFF\xFE".as_slice(), &Encoding::Utf16Le.encode(text).unwrap_or_default()].concat())
        }
        RegFormat::Regedit4 => encode_1252(text).ok_or_else(no_place),
    }
}

/// `"name"=value`, in as many lines as it needs; `None` is a value that goes.
pub(crate) fn value_line(name: &str, value: Option<&Value>, format: RegFormat) -> Result<String> {
    if name.contains(['\r', '\n', '\0']) {
        return Err(malformed(text!(
            "the name {name} holds a line break or a NUL, which no .reg file can hold",
            name = format!("{name:?}")
        )));
    }
    let start = if name.is_empty() { "@=".to_owned() } else { format!("\"{}\"=", escaped(name)) };
    Ok(match value {
        None => start + "-",
        Some(Value::Dword(number)) => format!("{start}dword:{number:08x}"),
        // A control character would be taken for the end of the line, or worse.
        Some(Value::String(text)) if !text.chars().any(char::is_control) => format!("{start}\"{}\"", escaped(text)),
        Some(value) => bytes(start + &value.prefix(), value, format)?,
    })
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn bytes(mut out: String, value: &Value, format: RegFormat) -> Result<String> {
    let data = value.data(format).ok_or_else(no_place)?;
    let mut column = out.chars().count();
    for (index, byte) in data.iter().enumerate() {
        let digits = format!("{}{}", hex(&[*byte]), if index + 1 < data.len() { "," } else { "" });
        if column + digits.len() > WIDTH {
            out.push_str("\\\r\n  ");
            column = 2;
        }
        column += digits.len();
        out.push_str(&digits);
    }
    Ok(out)
}

fn no_place() -> crate::Error {
    malformed(text!("REGEDIT4 files are Windows-1252, which has no place for a character in this one"))
        .next("write the file in the format of version 5")
}
