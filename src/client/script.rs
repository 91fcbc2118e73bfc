//! The same as a script for software distribution, for computers that have no configcid: from `templates/`.

use std::time::Duration;

use crate::base::error::{Error, Result};
use crate::base::names::check_name;
use crate::envelopes::{ROUTINES, fill};

/// In which language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SetScript {
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
pub(crate) fn set_script(script: SetScript, cid: &str, bound: Duration) -> Result<String> {
    let cid = checked(cid)?;
    let template = match script {
        SetScript::Cmd => include_str!("../../templates/client-set.cmd"),
        SetScript::PowerShell => include_str!("../../templates/client-set.ps1"),
    };
    let seconds = bound.as_secs().max(1).to_string();
    let version = env!("CARGO_PKG_VERSION");
    // In a single-quoted text of PowerShell, a quote is written twice.
    let cid = if script == SetScript::PowerShell { cid.replace('\'', "''") } else { cid };
    Ok(fill(template, &[("ROUTINES", ROUTINES), ("CID", &cid), ("SECONDS", &seconds), ("VERSION", version)]))
}

/// The CID, as endpoints reach it: `\\Server1\InterChk\MRESXP`, or on a drive.
fn checked(cid: &str) -> Result<String> {
    let wrong = |why: &str| {
        let next = r"name the CID as endpoints reach it, such as \\Server1\InterChk\MRESXP";
        Err(Error::usage(format!("{cid:?} cannot stand in a script: {why}")).next(next))
    };
    let path = cid.replace('/', "\\");
    let path = path.trim_end_matches('\\');
    let names = if let Some(share) = path.strip_prefix(r"\\") {
        if share.split('\\').count() < 2 {
            return wrong("a server has no CID without a share");
        }
        share
    } else {
        match path.split_once(":\\") {
            Some((drive, names)) if drive.len() == 1 && drive.as_bytes()[0].is_ascii_alphabetic() => names,
            _ => return wrong("it is no whole path"),
        }
    };
    // What a shell would take for its own, however it is quoted.
    if names.split('\\').any(|name| check_name(name).is_err() || name.contains(['%', '!', '"', '`', '$', '^', '&'])) {
        return wrong("a name in it is none that Windows takes, or has a sign that scripts take for their own");
    }
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CID: &str = r"\\Server1\InterChk\MR ESXP's";

    #[test]
    fn scripts_are_whole() {
        for script in [SetScript::Cmd, SetScript::PowerShell] {
            let text = set_script(script, CID, Duration::from_secs(90)).unwrap();
            assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
            assert!(text.is_ascii() && text.contains("90"), "{text}");
            for placeholder in ["{ROUTINES}", "{CID}", "{SECONDS}", "{VERSION}"] {
                assert!(!text.contains(placeholder), "{text}");
            }
            let cid = if script == SetScript::Cmd { CID.to_owned() } else { CID.replace('\'', "''") };
            assert!(text.contains(&cid), "{text}");
            // The keys are compared, and shown to nobody.
            assert!(text.contains("IdentityKey"));
        }
    }

    #[test]
    fn only_whole_paths_stand_in_scripts() {
        for cid in [r"\\S\InterChk\MRESXP", "//S/InterChk/MRESXP/", r"D:\CIDs\MRESXP", r"c:\x"] {
            assert!(set_script(SetScript::Cmd, cid, Duration::from_secs(1)).is_ok(), "{cid}");
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
            assert!(set_script(SetScript::PowerShell, cid, Duration::from_secs(1)).is_err(), "{cid}");
        }
    }
}
