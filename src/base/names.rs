//! What a file or folder may be called so that Windows takes the name for what it says (formats.md, section 1).

use super::text::{fold_case, is_invisible};

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

/// With what their names begin.
const DEVICE_LETTERS: &str = "aclnpACLNP";

/// In ASCII: `conout$`.
const LONGEST_DEVICE: usize = 7;

/// Besides control characters and the colon.
const FORBIDDEN: &[char] = &['<', '>', '"', '/', '|', '?', '*'];

/// The bytes of ASCII that may stand in any name.
static PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        plain[byte as usize] = byte != b':';
        byte += 1;
    }
    let mut index = 0;
    while index < FORBIDDEN.len() {
        plain[FORBIDDEN[index] as usize] = false;
        index += 1;
    }
    plain
};

/// Whether `text` has more than `limit` characters.
pub(crate) fn longer(text: &str, limit: usize) -> bool {
    text.len() > limit && text.chars().count() > limit
}

/// The rules for one name; the answer completes "the path ...".
pub(crate) fn check_name(name: &str) -> std::result::Result<(), &'static str> {
    if name.is_empty() {
        return Err(text!("has an empty part"));
    }
    if name == "." || name == ".." {
        return Err(text!("has a part \".\" or \"..\""));
    }
    // Most names have plain characters alone, and there are many names: one look at each byte tells.
    if !name.bytes().fold(true, |plain, byte| plain & PLAIN[usize::from(byte)]) {
        if name.contains(':') {
            return Err(text!("has a colon, as in a drive letter or a stream"));
        }
        if name.chars().any(|c| c.is_control() || FORBIDDEN.contains(&c)) {
            return Err(text!("has a character that Windows forbids in names"));
        }
    }
    if name.ends_with(['.', ' ']) {
        return Err(text!("has a part that ends in a dot or a blank, which Windows drops"));
    }
    if longer(name, MAX_NAME) {
        return Err(text!("has a part of more than 255 characters"));
    }
    // Most names are no device's by their first letter, and there are many names.
    if name.starts_with(|first: char| !first.is_ascii() || DEVICE_LETTERS.contains(first)) && is_device(name) {
        return Err(text!("has the name of a Windows device"));
    }
    Ok(())
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end_matches(' ');
    match stem.is_ascii() {
        true => stem.len() <= LONGEST_DEVICE && DEVICES.iter().any(|device| device.eq_ignore_ascii_case(stem)),
        false => DEVICES.contains(&fold_case(stem).as_str()),
    }
}

/// Letters of other scripts that look like those of ASCII, as far as names of files in a CID have them.
const LOOK_ALIKES: &[(char, char)] = &[
    ('\u{430}', 'a'),
    ('\u{3B1}', 'a'),
    ('\u{441}', 'c'),
    ('\u{501}', 'd'),
    ('\u{435}', 'e'),
    ('\u{3B9}', 'i'),
    ('\u{456}', 'i'),
    ('\u{131}', 'i'),
    ('\u{43C}', 'm'),
    ('\u{578}', 'n'),
    ('\u{43E}', 'o'),
    ('\u{3BF}', 'o'),
    ('\u{440}', 'p'),
    ('\u{3C1}', 'p'),
    ('\u{433}', 'r'),
    ('\u{455}', 's'),
    ('\u{442}', 't'),
    ('\u{443}', 'y'),
    ('\u{445}', 'x'),
    ('\u{2024}', '.'),
];

/// The one of `names`, which are ASCII, that a name looks like and is not: with characters that nobody sees, or letters of
/// other scripts.
pub(crate) fn looks_like<'a>(name: &str, names: &[&'a str]) -> Option<&'a str> {
    if name.is_ascii() {
        return None;
    }
    let plain: String = fold_case(name)
        .chars()
        .filter(|c| !is_invisible(*c))
        .map(|c| match u32::from(c) {
            // Wide forms.
            wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0).unwrap_or(c),
            _ => LOOK_ALIKES.iter().find(|(other, _)| *other == c).map_or(c, |(_, plain)| *plain),
        })
        .collect();
    names.iter().copied().find(|known| known.eq_ignore_ascii_case(&plain))
}

#[cfg(test)]
mod look_alike_tests {
    use super::looks_like;

    #[test]
    fn names_that_are_not_what_they_look_like() {
        let names = ["mrinit.conf", "cidsync.upd", "rms"];
        for (name, like) in [
            ("mr\u{ad}init.conf", Some("mrinit.conf")),
            ("MRInit\u{200B}.conf", Some("mrinit.conf")),
            ("mrinit.\u{441}onf", Some("mrinit.conf")),
            ("\u{FF52}ms", Some("rms")),
            ("mrinit.conf", None),
            ("Z\u{FC}rich.conf", None),
        ] {
            assert_eq!(looks_like(name, &names), like, "{name}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_devices_name_is_refused_in_any_case() {
        for device in DEVICES {
            for name in [device.to_string(), device.to_uppercase(), format!("{device}.txt"), format!("{device} .x.y")] {
                assert!(check_name(&name).is_err(), "{name}");
            }
        }
    }
}
