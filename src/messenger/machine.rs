//! The profile of this computer and user.

use super::Profile;
use crate::base::error::Result;

/// What the registry, the token of the user and the session say of this computer and user.
///
/// # Errors
/// This is no Windows, or the registry cannot be read.
pub fn this_machine() -> Result<Profile> {
    #[cfg(windows)]
    return windows::profile();
    #[cfg(not(windows))]
    Err(crate::Error::new(crate::ErrorKind::Usage, "only a Windows can tell what is to be known of it")
        .next("describe the computer in a file, and name it with --profile"))
}

#[cfg(windows)]
mod windows {
    use std::collections::BTreeMap;

    use super::super::{ConsoleKind, Language, Os, Profile, Session, Version};
    use crate::base::error::Result;
    use crate::base::text::fold_case;
    use crate::host::live::{self, Wow};
    use crate::host::{programs, windows};
    use crate::registry::{KeyPath, Value};

    /// The group to which messages are shown \[119053\].
    const AUDIENCE: &str = "Sophos Console Administrators";
    /// The service that makes a computer the management server \[A\].
    const SERVICE: &str = r"HKLM\SYSTEM\CurrentControlSet\Services\Sophos Management Service";
    const VERSION: &str = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion";

    /// What consoles are called in the list of installed programs \[A\].
    const CONSOLES: &[(&str, ConsoleKind)] = &[
        ("Sophos Enterprise Console", ConsoleKind::EnterpriseConsole),
        ("Sophos Enterprise Manager", ConsoleKind::EnterpriseManager),
        ("Sophos Control Center", ConsoleKind::ControlCenter),
    ];

    /// What components are called there \[A\], and by their folders in a CID (formats.md, section 1).
    const COMPONENTS: &[(&str, &str)] = &[
        ("Sophos Remote Management System", "rms"),
        ("Sophos AutoUpdate", "sau"),
        ("Sophos Anti-Virus", "savxp"),
        ("Sophos Client Firewall", "scf"),
    ];

    pub(super) fn profile() -> Result<Profile> {
        let mut profile = Profile {
            language: windows::user_language().and_then(|tag| tag.parse::<Language>().ok()),
            administrator: windows::is_member_of(AUDIENCE),
            management_server: live::read(&key(SERVICE), Wow::View64, &[])?.is_some(),
            session: if windows::is_remote_session() { Session::Remote } else { Session::Console },
            console: None,
            os: Some((Os::Windows, version()?)),
            components: BTreeMap::new(),
        };
        for program in programs::installed()? {
            if let Some(version) = Version::leading(&program.version) {
                add(&mut profile, &program.name, version);
            }
        }
        Ok(profile)
    }

    fn add(profile: &mut Profile, name: &str, version: Version) {
        if let Some((_, kind)) = CONSOLES.iter().find(|(console, _)| console.eq_ignore_ascii_case(name)) {
            profile.console = Some((*kind, version.clone()));
        }
        if let Some((_, short)) = COMPONENTS.iter().find(|(component, _)| component.eq_ignore_ascii_case(name)) {
            profile.components.insert((*short).to_owned(), version.clone());
        }
        if fold_case(name).starts_with("sophos ") {
            profile.components.insert(fold_case(name), version);
        }
    }

    /// The version of this Windows, as the system itself knows it: what programs are told depends on their manifest.
    fn version() -> Result<Version> {
        const NAMES: [&str; 4] =
            ["CurrentMajorVersionNumber", "CurrentMinorVersionNumber", "CurrentVersion", "CurrentBuildNumber"];
        let values = live::read(&key(VERSION), Wow::View64, &NAMES)?.unwrap_or_default();
        let value = |name: &str| values.iter().find(|(this, _)| this == name).map(|(_, value)| value);
        let build = value("CurrentBuildNumber").and_then(Value::text).unwrap_or("0");
        // Windows 10 and later call themselves 6.3 in the older value.
        let text = match (value("CurrentMajorVersionNumber"), value("CurrentMinorVersionNumber")) {
            (Some(Value::Dword(major)), Some(Value::Dword(minor))) => format!("{major}.{minor}.{build}"),
            _ => format!("{}.{build}", value("CurrentVersion").and_then(Value::text).unwrap_or("0")),
        };
        Ok(Version::leading(&text).unwrap_or_else(Version::zero))
    }

    fn key(path: &str) -> KeyPath {
        path.parse().expect("the path of a key that stands in this file")
    }
}
