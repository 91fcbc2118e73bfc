//! The registry of this computer. On other systems than Windows there is none, which is an error that says so.

use crate::base::error::Result;
use crate::registry::{KeyPath, Value};

/// Which registry a 64-bit Windows shows: 32-bit programs, as the router is one, have some keys apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wow {
    View32,
    View64,
}

#[cfg(windows)]
mod windows {
    use std::env;
    use std::io;
    use std::path::Path;

    use winreg::enums::{KEY_READ, KEY_SET_VALUE, KEY_WOW64_32KEY, KEY_WOW64_64KEY, RegType};
    use winreg::{HKCU, HKLM, RegKey, RegValue};

    use super::{KeyPath, Result, Value, Wow};
    use crate::base::error::{Error, ErrorKind};
    use crate::registry::{Hive, RegFormat};

    /// Whether this Windows has two views of the registry: 64-bit ones do.
    pub(crate) fn has_views() -> bool {
        cfg!(target_pointer_width = "64") || env::var_os("PROCESSOR_ARCHITEW6432").is_some()
    }

    impl Wow {
        fn flag(self) -> u32 {
            match self {
                Wow::View32 => KEY_WOW64_32KEY,
                Wow::View64 => KEY_WOW64_64KEY,
            }
        }
    }

    /// Those of the values `names` of `key` that are there, or `None` where there is no such key.
    pub(crate) fn read(key: &KeyPath, wow: Wow, names: &[&str]) -> Result<Option<Vec<(String, Value)>>> {
        let opened = match hive(key)?.open_subkey_with_flags(key.below(), KEY_READ | wow.flag()) {
            Ok(opened) => opened,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(cannot("read the registry key", key, error)),
        };
        let mut values = Vec::new();
        for name in names {
            match opened.get_raw_value(name) {
                Ok(value) => {
                    let (kind, data) = (value.vtype as u32, value.bytes.into_owned());
                    values.push(((*name).to_owned(), Value::from_data(kind, data, RegFormat::Version5)));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(cannot(&text!("read {name} of the registry key", name), key, error)),
            }
        }
        Ok(Some(values))
    }

    /// All values of `key`, or `None` where there is no such key.
    pub(crate) fn values(key: &KeyPath, wow: Wow) -> Result<Option<Vec<(String, Value)>>> {
        let opened = match hive(key)?.open_subkey_with_flags(key.below(), KEY_READ | wow.flag()) {
            Ok(opened) => opened,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(cannot("read the registry key", key, error)),
        };
        // A value that cannot be read is one that another program is just removing.
        let values = opened.enum_values().filter_map(io::Result::ok).map(|(name, value)| {
            let (kind, data) = (value.vtype as u32, value.bytes.into_owned());
            (name, Value::from_data(kind, data, RegFormat::Version5))
        });
        Ok(Some(values.collect()))
    }

    /// Sets values of `key`, which is made where it is missing.
    pub(crate) fn set(key: &KeyPath, wow: Wow, values: &[(&str, Value)]) -> Result<()> {
        let (opened, _) = hive(key)?
            .create_subkey_with_flags(key.below(), KEY_SET_VALUE | wow.flag())
            .map_err(|error| cannot("open the registry key for writing", key, error))?;
        for (name, value) in values {
            let bytes = value.data(RegFormat::Version5).unwrap_or_default().into();
            let vtype = match value {
                Value::String(_) => RegType::REG_SZ,
                Value::ExpandString(_) => RegType::REG_EXPAND_SZ,
                Value::MultiString(_) => RegType::REG_MULTI_SZ,
                Value::Dword(_) => RegType::REG_DWORD,
                Value::Qword(_) => RegType::REG_QWORD,
                Value::Binary(_) => RegType::REG_BINARY,
                Value::Other { kind, .. } => {
                    return Err(Error::new(
                        ErrorKind::Usage,
                        text!("{name} has the type {kind}, which is not set here", name, kind),
                    ));
                }
            };
            let set = opened.set_raw_value(name, &RegValue { bytes, vtype });
            set.map_err(|error| cannot(&text!("set {name} of the registry key", name), key, error))?;
        }
        Ok(())
    }

    /// The names of the keys below `key`; none where there is no such key.
    pub(crate) fn subkeys(key: &KeyPath, wow: Wow) -> Result<Vec<String>> {
        match hive(key)?.open_subkey_with_flags(key.below(), KEY_READ | wow.flag()) {
            // A name that cannot be read is one that another program is just removing.
            Ok(opened) => Ok(opened.enum_keys().filter_map(io::Result::ok).collect()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(cannot("read the registry key", key, error)),
        }
    }

    /// Removes a value of `key`. Gives whether it was there.
    pub(crate) fn remove(key: &KeyPath, wow: Wow, name: &str) -> Result<bool> {
        let opened = match hive(key)?.open_subkey_with_flags(key.below(), KEY_SET_VALUE | wow.flag()) {
            Ok(opened) => opened,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(cannot("open the registry key for writing", key, error)),
        };
        match opened.delete_value(name) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(cannot(&text!("remove {name} of the registry key", name), key, error)),
        }
    }

    fn hive(key: &KeyPath) -> Result<&'static RegKey> {
        match key.hive() {
            Hive::LocalMachine => Ok(&HKLM),
            Hive::CurrentUser => Ok(&HKCU),
            _ => Err(Error::new(ErrorKind::Usage, text!("{key} is below neither HKLM nor HKCU", key))),
        }
    }

    fn cannot(doing: &str, key: &KeyPath, error: io::Error) -> Error {
        Error::io(doing, Path::new(&key.to_string()), error).next("run this as an administrator of the computer")
    }
}

#[cfg(windows)]
pub(crate) use windows::{has_views, read, remove, set, subkeys, values};

#[cfg(not(windows))]
mod elsewhere {
    use super::{KeyPath, Result, Value, Wow};
    use crate::base::error::{Error, ErrorKind};

    pub(crate) fn has_views() -> bool {
        false
    }

    pub(crate) fn read(_: &KeyPath, _: Wow, _: &[&str]) -> Result<Option<Vec<(String, Value)>>> {
        Err(none())
    }

    pub(crate) fn values(_: &KeyPath, _: Wow) -> Result<Option<Vec<(String, Value)>>> {
        Err(none())
    }

    pub(crate) fn subkeys(_: &KeyPath, _: Wow) -> Result<Vec<String>> {
        Err(none())
    }

    pub(crate) fn set(_: &KeyPath, _: Wow, _: &[(&str, Value)]) -> Result<()> {
        Err(none())
    }

    pub(crate) fn remove(_: &KeyPath, _: Wow, _: &str) -> Result<bool> {
        Err(none())
    }

    fn none() -> Error {
        Error::new(ErrorKind::Usage, "this system has no registry: only Windows does")
            .next("export the key on the computer in question with reg export, and name the file")
    }
}

#[cfg(not(windows))]
pub(crate) use elsewhere::{has_views, read, remove, set, subkeys, values};

/// The views that this Windows has.
pub(crate) fn views() -> &'static [Wow] {
    if has_views() { &[Wow::View32, Wow::View64] } else { &[Wow::View64] }
}
