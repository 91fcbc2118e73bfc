//! The firewall of a server and what it uses of its resources: exported to files, or seen on this computer.

use std::path::Path;

use super::surroundings::RouterSeen;
use crate::base::error::Result;
use crate::base::files::read_given_file;
use crate::firewall::{Firewall, Profile, live_keys};
use crate::host::live::{self, Wow};
use crate::host::resources::{Resources, resources};
use crate::logs::{LastError, logs};
use crate::registry::{MAX_SIZE, RegFile};
use crate::router::{ENVELOPE_DIR, PARENT_ADDRESS, Router};

/// The firewall of a computer from one or several exports of it, as [`Firewall::parse`] understands them.
///
/// # Errors
/// A file cannot be read, or as [`Firewall::parse`]; the error names the file.
pub(crate) fn exported_firewall(files: &[impl AsRef<Path>]) -> Result<Firewall> {
    let mut firewall = Firewall::default();
    for path in files {
        let path = path.as_ref();
        // An export of all that is below HKLM\SYSTEM, say; no text about a firewall is so large.
        if path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() > MAX_SIZE) {
            let registry = RegFile::read(path)?;
            firewall.add_registry(&registry).map_err(|error| error.in_file(path))?;
            continue;
        }
        let bytes = read_given_file(path, MAX_SIZE, text!("name a file with exported rules of the firewall"))?;
        firewall.add(&bytes).map_err(|error| error.in_file(path))?;
    }
    Ok(firewall)
}

/// The firewall of this computer, as its registry has it.
///
/// # Errors
/// This is no Windows, or the registry cannot be read.
pub(crate) fn live_firewall() -> Result<Firewall> {
    let mut keys = Vec::new();
    for key in live_keys() {
        if let Some(values) = live::values(&key.parse()?, Wow::View64)? {
            keys.push((key, values));
        }
    }
    Ok(Firewall::of_live(keys))
}

/// The profiles of the firewall that this computer is in; none where it does not tell.
pub(crate) fn live_profiles() -> Vec<Profile> {
    #[cfg(windows)]
    let bits = crate::host::windows::firewall_profiles().unwrap_or_default();
    #[cfg(not(windows))]
    let bits = 0;
    Profile::ALL.into_iter().filter(|profile| bits & (1_u32 << *profile as u32) != 0).collect()
}

/// What this computer uses of its memory, processors and disks. On Windows that takes a second.
pub(crate) fn live_resources() -> Resources {
    resources()
}

/// What the registry says of a router, each as a sentence: those of its values that concern messages that wait.
pub(crate) fn router_lines(router: &Router) -> Vec<String> {
    let Some(view) = router.views.iter().find(|view| view.present) else {
        return vec![text!("there is no key of a router in the registry").to_owned()];
    };
    [PARENT_ADDRESS, ENVELOPE_DIR]
        .iter()
        .map(|name| match view.value(name) {
            Some(value) => text!("{name} is {value}", name, value),
            None => text!("{name} is not set", name),
        })
        .collect()
}

/// How the router stands at the end of its logs: a folder of them, or one.
///
/// # Errors
/// They cannot be read.
pub(crate) fn router_seen(path: &Path) -> Result<RouterSeen> {
    let report = logs(path)?;
    // Of several programs' logs, those of the first that is not well, or the router's.
    let told = report.all().find(|report| !report.verdict.well).unwrap_or(&report);
    let shown = |line: &LastError| {
        let text: Vec<&str> = line.text.lines().collect();
        text!("{}, line {}: {} {}", line.log, line.line, line.time, text.join(" | "))
    };
    Ok(RouterSeen {
        well: report.is_well(),
        what: text!("the {}: {}", told.kind.name(), told.verdict.what),
        evidence: told.verdict.evidence.iter().map(shown).collect(),
        next: told.verdict.next.clone(),
    })
}
