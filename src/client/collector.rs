//! A script that writes whom a computer reports to into one small file of a share, where `endpoints survey` reads it: from
//! `templates/`.

use super::script::{Script, script_path};
use crate::base::error::Result;
use crate::envelopes::fill;

/// The script that collects in `share`. Where `asks_first`, it asks the server by the network before it touches the share, since
/// a share that is away holds a script for as long as the system likes. Its lines end in CR LF.
///
/// # Errors
/// `share` is no whole path of a share or drive that a script can hold.
pub(crate) fn collector_script(script: Script, share: &str, asks_first: bool) -> Result<String> {
    let share = script_path(share, text!(r"name the share as computers reach it, such as \\Server1\Endpoints$"))?;
    let template = match script {
        Script::Cmd => include_str!("../../templates/collect.cmd"),
        Script::PowerShell => include_str!("../../templates/collect.ps1"),
    };
    // A drive has no server to ask.
    let server = share.strip_prefix(r"\\").and_then(|rest| rest.split('\\').next());
    let server = server.filter(|_| asks_first).unwrap_or_default().to_owned();
    // In a single-quoted text of PowerShell, a quote is written twice.
    let quoted = |text: String| if script == Script::PowerShell { text.replace('\'', "''") } else { text };
    let (share, server, version) = (quoted(share), quoted(server), env!("CARGO_PKG_VERSION"));
    Ok(fill(template, &[("SHARE", &share), ("SERVER", &server), ("VERSION", version)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_whole_and_ask_the_server_of_a_share() {
        for script in [Script::Cmd, Script::PowerShell] {
            let text = collector_script(script, r"\\Server1\Endpoints$\in it's", true).unwrap();
            assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
            assert!(text.is_ascii() && text.contains("Server1"), "{text}");
            for placeholder in ["{SHARE}", "{SERVER}", "{VERSION}"] {
                assert!(!text.contains(placeholder), "{text}");
            }
            let asks = |share: &str, asks: bool| {
                let text = collector_script(script, share, asks).unwrap();
                !text.contains("SERVER=\"") && !text.contains("$server = ''")
            };
            assert!(asks(r"\\S\x", true) && !asks(r"\\S\x", false) && !asks(r"D:\x", true));
            for share in ["", "x", r"\\S", r"\\S\a%b", "\\\\S\\a\"b"] {
                assert!(collector_script(script, share, true).is_err(), "{share}");
            }
        }
    }
}
