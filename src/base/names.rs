//! What a file or folder may be called so that Windows takes the name for what it says (formats.md, section 1).

use super::text::fold_case;

/// The longest name that NTFS and the Unix file systems take, in characters.
const MAX_NAME: usize = 255;

/// Names that Windows takes for devices, in any folder and with any extension.
const DEVICES: &[&str] = &[
    "con",
    "prn",
    "aux",
    "nul",
    "conin$",
    "conout$",
    "clock$",
    "com0",
    "com1",
    "com2",
    "com3",
    "com4",
    "com5",
    "com6",
    "com7",
    "com8",
    "com9",
    "com\u{b9}",
    "com\u{b2}",
    "com\u{b3}",
    "lpt0",
    "lpt1",
    "lpt2",
    "lpt3",
    "lpt4",
    "lpt5",
    "lpt6",
    "lpt7",
    "lpt8",
    "lpt9",
    "lpt\u{b9}",
    "lpt\u{b2}",
    "lpt\u{b3}",
];

/// In ASCII: `conout$`.
const LONGEST_DEVICE: usize = 7;

/// Whether `text` has more than `limit` characters.
pub(crate) fn longer(text: &str, limit: usize) -> bool {
    text.len() > limit && text.chars().count() > limit
}

/// The rules for one name; the answer completes "the path ...".
pub(crate) fn check_name(name: &str) -> std::result::Result<(), &'static str> {
    if name.is_empty() {
        return Err("has an empty part");
    }
    if name == "." || name == ".." {
        return Err("has a part \".\" or \"..\"");
    }
    if name.contains(':') {
        return Err("has a colon, as in a drive letter or a stream");
    }
    if name.chars().any(|c| c.is_control() || matches!(c, '<' | '>' | '"' | '/' | '|' | '?' | '*')) {
        return Err("has a character that Windows forbids in names");
    }
    if name.ends_with(['.', ' ']) {
        return Err("has a part that ends in a dot or a blank, which Windows drops");
    }
    if longer(name, MAX_NAME) {
        return Err("has a part of more than 255 characters");
    }
    let stem = name.split('.').next().unwrap_or_default().trim_end_matches(' ');
    let device = match stem.is_ascii() {
        // Most names are longer than any device's, and there are many names.
        true => stem.len() <= LONGEST_DEVICE && DEVICES.iter().any(|device| device.eq_ignore_ascii_case(stem)),
        false => DEVICES.contains(&fold_case(stem).as_str()),
    };
    if device {
        return Err("has the name of a Windows device");
    }
    Ok(())
}
