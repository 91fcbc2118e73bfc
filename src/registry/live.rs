//! The registry of this computer. On other systems than Windows there is none, which is an error that says so.

use super::{KeyPath, Value};
use crate::error::Result;

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

    use windows_registry::{Key, LOCAL_MACHINE, Type};

    use super::{KeyPath, Result, Value, Wow};
    use crate::error::{Error, ErrorKind};
    use crate::registry::{Format, Hive};

    const KEY_WOW64_64KEY: u32 = 0x0100;
    const KEY_WOW64_32KEY: u32 = 0x0200;

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

    /// The values of `key`, or `None` where there is no such key.
    pub(crate) fn read(key: &KeyPath, wow: Wow) -> Result<Option<Vec<(String, Value)>>> {
        let mut options = hive(key)?.options();
        let opened = match options.read().access(wow.flag()).open(key.below()) {
            Ok(opened) => opened,
            Err(error) => {
                let error = plain(error.into());
                return match error.kind() {
                    io::ErrorKind::NotFound => Ok(None),
                    _ => Err(cannot("read the registry key", key, error)),
                };
            }
        };
        let values =
            opened.values().map_err(|error| cannot("list the values of the registry key", key, error.into()))?;
        let values = values
            .map(|(name, value)| (name, Value::from_data(u32::from(value.ty()), value.to_vec(), Format::Version5)));
        Ok(Some(values.collect()))
    }

    /// Sets values of `key`, which is made where it is missing.
    pub(crate) fn write(key: &KeyPath, wow: Wow, values: &[(&str, Value)]) -> Result<()> {
        let mut options = hive(key)?.options();
        let opened = options.read().write().create().access(wow.flag()).open(key.below());
        let opened = opened.map_err(|error| cannot("open the registry key for writing", key, error.into()))?;
        for (name, value) in values {
            let data = value.data(Format::Version5).unwrap_or_default();
            opened
                .set_bytes(name, Type::from(value.kind()), &data)
                .map_err(|error| cannot(&format!("set {name} of the registry key"), key, error.into()))?;
        }
        Ok(())
    }

    fn hive(key: &KeyPath) -> Result<&'static Key> {
        match key.hive() {
            Hive::LocalMachine => Ok(LOCAL_MACHINE),
            _ => Err(Error::new(ErrorKind::Usage, format!("{key} is not below HKEY_LOCAL_MACHINE"))),
        }
    }

    /// The system's own error: the crate wraps its number into an HRESULT.
    fn plain(error: io::Error) -> io::Error {
        const FACILITY_WIN32: u32 = 0x8007_0000;
        match error.raw_os_error() {
            Some(code) if code as u32 & 0xFFFF_0000 == FACILITY_WIN32 => io::Error::from_raw_os_error(code & 0xFFFF),
            _ => error,
        }
    }

    fn cannot(doing: &str, key: &KeyPath, error: io::Error) -> Error {
        let error = Error::io(doing, Path::new(&key.to_string()), plain(error));
        error.next("run this as an administrator of the computer")
    }
}

#[cfg(windows)]
pub(crate) use windows::{has_views, read, write};

#[cfg(not(windows))]
mod elsewhere {
    use super::{KeyPath, Result, Value, Wow};
    use crate::error::{Error, ErrorKind};

    pub(crate) fn has_views() -> bool {
        false
    }

    pub(crate) fn read(_: &KeyPath, _: Wow) -> Result<Option<Vec<(String, Value)>>> {
        Err(none())
    }

    pub(crate) fn write(_: &KeyPath, _: Wow, _: &[(&str, Value)]) -> Result<()> {
        Err(none())
    }

    fn none() -> Error {
        Error::new(ErrorKind::Usage, "this system has no registry: only Windows does")
            .next("export the key on the computer in question with reg export, and name the file")
    }
}

#[cfg(not(windows))]
pub(crate) use elsewhere::{has_views, read, write};
