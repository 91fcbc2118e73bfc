//! Moving the Envelopes folder to another volume \[113040\]: on its computer, or as files to be taken there.

mod apply;
mod emit;

pub(crate) use apply::{LiveEnvelopeDir, MoveHost, Moved, move_folder, undo_move};
pub(crate) use emit::{MoveFiles, MovePlan};

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::names::check_name;

/// Checks the spelling of a new folder: a whole path on a drive, such as `D:\Envelopes`. Gives it without a last
/// backslash.
///
/// # Errors
/// It is no such path: the router's service has no drives and shares of a user's.
pub(crate) fn new_folder(text: &str) -> Result<String> {
    let wrong = |why: &str| {
        Err(Error::new(
            ErrorKind::Usage,
            text!("{text} is no folder for messages: {why}", text = format!("{text:?}"), why),
        )
        .next(r"name a whole path on a drive of the router's computer, such as D:\Envelopes"))
    };
    let folder = text.replace('/', "\\");
    let folder = folder.trim_end_matches('\\');
    let (drive, names) = folder.split_at_checked(2).unwrap_or((folder, ""));
    if folder.starts_with(r"\\") {
        return wrong(text!("it is on another computer, where the router's service cannot go"));
    }
    if !matches!(drive.as_bytes(), [letter, b':'] if letter.is_ascii_alphabetic()) {
        return wrong(text!("it does not begin with a drive"));
    }
    let Some(names) = names.strip_prefix('\\') else {
        return wrong(text!("it is a drive, or a path from its current folder"));
    };
    for name in names.split('\\') {
        // A variable would be the router's to fill in.
        if check_name(name).is_err() || name.contains('%') {
            return wrong(text!("a name in it is none that Windows takes"));
        }
    }
    Ok(folder.to_owned())
}

/// The error that nothing tells whether the router heeds `EnvelopeDir`.
pub(crate) fn unknown_router() -> Error {
    Error::new(ErrorKind::Usage, "which version the router is, is not known").next(
        "say it with --console-version or --anti-virus-version: the router of console 4.5 or Anti-Virus 9.5 is needed [113040]",
    )
}

/// The error that this computer has no router.
pub(crate) fn no_router_here() -> Error {
    Error::new(ErrorKind::Usage, "this computer has no router in its registry").next(
        "run this on the router's computer; --emit DIR writes a script to be taken there, and one for the way back",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_folders_are_whole_paths() {
        for text in [r"D:\E", r"d:/E/f", r"D:\My Envelopes\"] {
            assert!(new_folder(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "D",
            "D:",
            r"D:\",
            "D:E",
            r"\E",
            "E",
            r"\\S\E",
            r"D:\a\\b",
            r"D:\a.\b",
            r"D:\..\b",
            "D:\\a\"",
            r"D:\%x%",
            "ü:\\a",
            "D:\\a\nb",
            r"D:\CON",
            r"D:\a\nul.txt",
        ] {
            assert!(new_folder(text).is_err(), "{text}");
        }
    }
}
