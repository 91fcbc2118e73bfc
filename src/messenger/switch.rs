//! The switches that turn the messenger off: `Disable` for the machine or the user \[119053\].

use crate::base::error::Result;
use crate::host::live::{self, Wow};
use crate::registry::{KeyPath, RegFile, Value};

/// The value: a DWORD, 1 to switch it off.
pub(super) const DISABLE: &str = "Disable";

/// Where it may stand: for the machine and for the user, on a 32-bit and on a 64-bit Windows.
pub(super) const KEYS: [&str; 4] = [
    r"HKEY_LOCAL_MACHINE\SOFTWARE\Sophos\Sophos messenger",
    r"HKEY_LOCAL_MACHINE\SOFTWARE\Wow6432Node\Sophos\Sophos messenger",
    r"HKEY_CURRENT_USER\Software\Sophos\Sophos messenger",
    r"HKEY_CURRENT_USER\Software\Wow6432Node\Sophos\Sophos messenger",
];

fn keys() -> impl Iterator<Item = KeyPath> {
    KEYS.iter().map(|key| key.parse().expect("the path of a key that stands in this file"))
}

fn is_off(value: Option<&Value>) -> bool {
    matches!(value, Some(Value::Dword(number)) if *number != 0)
}

/// The switch in an exported file that turns the messenger off.
///
/// ```
/// use configcid::messenger::disabled_in;
/// use configcid::registry::RegFile;
///
/// let file = RegFile::parse(b"REGEDIT4\n[HKCU\\Software\\Sophos\\Sophos Messenger]\n\"Disable\"=dword:00000001\n")?;
/// assert!(disabled_in(&file).unwrap().starts_with("HKEY_CURRENT_USER"));
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn disabled_in(file: &RegFile) -> Option<String> {
    keys().find(|key| is_off(file.value(key, DISABLE))).map(|key| format!(r"{key}\{DISABLE}"))
}

/// The switch of this computer or user that turns the messenger off. Only Windows has them.
///
/// # Errors
/// The registry cannot be read.
pub fn disabled_here() -> Result<Option<String>> {
    if !cfg!(windows) {
        return Ok(None);
    }
    for key in keys() {
        let values = live::read(&key, Wow::View64, &[DISABLE])?.unwrap_or_default();
        if is_off(values.first().map(|(_, value)| value)) {
            return Ok(Some(format!(r"{key}\{DISABLE}")));
        }
    }
    Ok(None)
}
