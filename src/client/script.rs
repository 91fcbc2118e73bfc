//! The same as a script for software distribution, for computers that have no configcid: from `templates/`.

use std::time::Duration;

use crate::base::error::{Error, Result};
use crate::base::names::check_name;
use crate::envelopes::{ROUTINES, fill};

/// In which language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    /// For `cmd.exe`.
    Cmd,
    /// For PowerShell 2 and later.
    PowerShell,
}

/// The script that lets an endpoint report to the relay of a CID, which it reads there each time it is run. Its lines end in
/// CR LF.
///
/// # Errors
/// `cid` is no whole path of a share or drive that a script can hold.
pub(crate) fn set_script(script: Script, cid: &str, bound: Duration) -> Result<String> {
    let cid = script_path(cid, text!(r"name the CID as endpoints reach it, such as \\Server1\InterChk\MRESXP"))?;
    let template = match script {
        Script::Cmd => include_str!("../../templates/client-set.cmd"),
        Script::PowerShell => include_str!("../../templates/client-set.ps1"),
    };
    let seconds = bound.as_secs().max(1).to_string();
    let version = env!("CARGO_PKG_VERSION");
    // In a single-quoted text of PowerShell, a quote is written twice.
    let cid = if script == Script::PowerShell { cid.replace('\'', "''") } else { cid };
    Ok(fill(template, &[("ROUTINES", ROUTINES), ("CID", &cid), ("SECONDS", &seconds), ("VERSION", version)]))
}

/// A folder as computers reach it, which a script can hold: `\\Server1\InterChk\MRESXP`, or on a drive.
pub(super) fn script_path(folder: &str, next: &str) -> Result<String> {
    let wrong = |why: &str| {
        Err(Error::usage(text!("{folder} cannot stand in a script: {why}", folder = format!("{folder:?}"), why))
            .next(next))
    };
    let path = folder.replace('/', "\\");
    let path = path.trim_end_matches('\\');
    let names = if let Some(share) = path.strip_prefix(r"\\") {
        if share.split('\\').count() < 2 {
            return wrong(text!("a server has no folder without a share"));
        }
        share
    } else {
        match path.split_once(":\\") {
            Some((drive, names)) if drive.len() == 1 && drive.as_bytes()[0].is_ascii_alphabetic() => names,
            _ => return wrong(text!("it is no whole path")),
        }
    };
    // What a shell would take for its own, however it is quoted. A hidden share's name ends in a dollar sign, which no letter
    // follows.
    let is_dollar = |name: &str| name.trim_end_matches('$').contains('$');
    let has_sign = |name: &str| name.contains(['%', '!', '"', '`', '^', '&']) || is_dollar(name);
    if names.split('\\').any(|name| check_name(name).is_err() || has_sign(name)) {
        return wrong(text!("a name in it is none that Windows takes, or has a sign that scripts take for their own"));
    }
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CID: &str = r"\\Server1\InterChk\MR ESXP's";

    #[test]
    fn scripts_are_whole() {
        for script in [Script::Cmd, Script::PowerShell] {
            let text = set_script(script, CID, Duration::from_secs(90)).unwrap();
            assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
            assert!(text.is_ascii() && text.contains("90"), "{text}");
            for placeholder in ["{ROUTINES}", "{CID}", "{SECONDS}", "{VERSION}"] {
                assert!(!text.contains(placeholder), "{text}");
            }
            let cid = if script == Script::Cmd { CID.to_owned() } else { CID.replace('\'', "''") };
            assert!(text.contains(&cid), "{text}");
            // The keys are compared, and shown to nobody.
            assert!(text.contains("IdentityKey"));
        }
    }

    #[test]
    fn only_whole_paths_stand_in_scripts() {
        for cid in [r"\\S\InterChk\MRESXP", "//S/InterChk/MRESXP/", r"D:\CIDs\MRESXP", r"c:\x"] {
            assert!(set_script(Script::Cmd, cid, Duration::from_secs(1)).is_ok(), "{cid}");
        }
        for cid in [
            "",
            "MRESXP",
            r"\MRESXP",
            r"\\S",
            r"D:MRESXP",
            "D:\\",
            r"\\S\a\%x%",
            "\\\\S\\a\"b",
            "\\\\S\\a\nb",
            r"\\S\a\..\b",
            "/srv/cids/MRESXP",
            r"\\S\$(x)",
        ] {
            assert!(set_script(Script::PowerShell, cid, Duration::from_secs(1)).is_err(), "{cid}");
        }
    }
}
