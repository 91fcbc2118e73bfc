//! The paths of keys.

use std::fmt;
use std::str::FromStr;

use super::malformed;
use crate::base::error::{Error, Result};
use crate::base::text::{fold_case, same_name};

/// The longest name of one key, in UTF-16 units: a limit of Windows.
const MAX_NAME: usize = 255;

/// The deepest key: a limit of Windows.
const MAX_DEPTH: usize = 512;

/// The root of a key's path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hive {
    /// `HKEY_LOCAL_MACHINE`, `HKLM`.
    LocalMachine,
    /// `HKEY_CURRENT_USER`, `HKCU`.
    CurrentUser,
    /// `HKEY_CLASSES_ROOT`, `HKCR`.
    ClassesRoot,
    /// `HKEY_USERS`, `HKU`.
    Users,
    /// `HKEY_CURRENT_CONFIG`, `HKCC`.
    CurrentConfig,
    /// `HKEY_DYN_DATA`, of Windows 9x.
    DynData,
}

/// Each hive with its long and its short name.
const HIVES: &[(Hive, &str, &str)] = &[
    (Hive::LocalMachine, "HKEY_LOCAL_MACHINE", "HKLM"),
    (Hive::CurrentUser, "HKEY_CURRENT_USER", "HKCU"),
    (Hive::ClassesRoot, "HKEY_CLASSES_ROOT", "HKCR"),
    (Hive::Users, "HKEY_USERS", "HKU"),
    (Hive::CurrentConfig, "HKEY_CURRENT_CONFIG", "HKCC"),
    (Hive::DynData, "HKEY_DYN_DATA", "HKDD"),
];

impl Hive {
    /// The long name, which registry editors write.
    pub fn name(self) -> &'static str {
        HIVES.iter().find(|(hive, ..)| *hive == self).map_or("", |(_, name, _)| name)
    }
}

/// The path of a key: a hive, and names without a backslash, a line break or a NUL, none empty.
///
/// ```
/// use configcid::registry::KeyPath;
///
/// let key: KeyPath = r"HKLM\SOFTWARE\Acme".parse()?;
/// assert_eq!(key.to_string(), r"HKEY_LOCAL_MACHINE\SOFTWARE\Acme");
/// assert!(key.is(&r"HKEY_LOCAL_MACHINE\Software\ACME".parse()?));
/// assert!(r"SOFTWARE\Acme".parse::<KeyPath>().is_err());
/// # Ok::<(), configcid::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPath {
    hive: Hive,
    /// What follows the hive and a backslash.
    below: String,
}

impl KeyPath {
    /// The hive.
    pub fn hive(&self) -> Hive {
        self.hive
    }

    /// The path below the hive; empty for the hive itself.
    pub fn below(&self) -> &str {
        &self.below
    }

    /// Whether the two are one key: Windows does not tell names by their case.
    pub fn is(&self, other: &Self) -> bool {
        self.hive == other.hive && same_name(&self.below, &other.below)
    }

    /// Whether `other` is this key, or below it.
    pub fn holds(&self, other: &Self) -> bool {
        let (own, other_below) = (fold_case(&self.below), fold_case(&other.below));
        self.hive == other.hive
            && (own.is_empty()
                || other_below.strip_prefix(&own).is_some_and(|rest| rest.is_empty() || rest.starts_with('\\')))
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.hive.name())?;
        if self.below.is_empty() { Ok(()) } else { write!(f, "\\{}", self.below) }
    }
}

impl FromStr for KeyPath {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (first, below) = text.split_once('\\').unwrap_or((text, ""));
        let known = HIVES.iter().find(|(_, long, short)| [long, short].iter().any(|n| n.eq_ignore_ascii_case(first)));
        let Some((hive, ..)) = known else {
            return Err(malformed(text!("{first} is no hive of the registry", first = format!("{first:?}")))
                .next(r"begin a key with HKEY_LOCAL_MACHINE\ or another hive"));
        };
        let wrong = |why: &str| Err(malformed(text!("{text} is no key: {why}", text = format!("{text:?}"), why)));
        if text.contains('\\') {
            for (depth, name) in below.split('\\').enumerate() {
                if name.is_empty() {
                    return wrong(text!("a name in it is empty"));
                }
                if name.encode_utf16().count() > MAX_NAME {
                    return wrong(text!("a name in it has more than 255 characters"));
                }
                if name.contains(['\r', '\n', '\0']) {
                    return wrong(text!("a name in it holds a line break or a NUL"));
                }
                if depth >= MAX_DEPTH {
                    return wrong(text!("it has more than 512 names"));
                }
            }
        }
        Ok(Self { hive: *hive, below: below.to_owned() })
    }
}
