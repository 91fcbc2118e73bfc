//! The registry of another computer, over the network: read, and nothing is started there. On other systems than Windows
//! there is none, which is an error that says so.

use crate::base::error::Result;
use crate::registry::{KeyPath, Value};

/// What a key of another computer says of one value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(not(windows), expect(dead_code, reason = "only Windows asks"))]
pub(crate) enum Told {
    NoKey,
    NoValue,
    Value(Value),
}

/// Whether this system can ask at all.
///
/// # Errors
/// Only Windows can.
pub(crate) fn can_ask() -> Result<()> {
    match cfg!(windows) {
        true => Ok(()),
        false => Err(elsewhere()),
    }
}

fn elsewhere() -> crate::base::error::Error {
    crate::base::error::Error::usage("this system cannot ask other computers for their registries: only Windows can")
        .next("run it on Windows, or let the computers write by themselves: configcid endpoints collector")
}

/// The value `name` of each of these keys of a computer, all below `HKEY_LOCAL_MACHINE`. It may take as long as Windows likes.
///
/// # Errors
/// The computer cannot be reached, or does not let this user read; the message says which, and what to do.
#[cfg(windows)]
pub(crate) fn values(computer: &str, keys: &[KeyPath], name: &str) -> Result<Vec<Told>> {
    use std::io;

    use winreg::enums::{KEY_READ, KEY_WOW64_64KEY};

    use crate::registry::RegFormat;

    let whole = super::windows::machine_of(computer).map_err(|error| cannot(&error))?;
    let told = |key: &KeyPath| {
        // The keys of 32-bit programs are named by their own path.
        let opened = match whole.open_subkey_with_flags(key.below(), KEY_READ | KEY_WOW64_64KEY) {
            Ok(opened) => opened,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Told::NoKey),
            Err(error) => return Err(cannot(&error)),
        };
        match opened.get_raw_value(name) {
            Ok(value) => {
                let (kind, data) = (value.vtype as u32, value.bytes.into_owned());
                Ok(Told::Value(Value::from_data(kind, data, RegFormat::Version5)))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Told::NoValue),
            Err(error) => Err(cannot(&error)),
        }
    };
    keys.iter().map(told).collect()
}

/// What Windows says, in words that help.
#[cfg(windows)]
fn cannot(error: &std::io::Error) -> crate::base::error::Error {
    use crate::base::error::{Error, ErrorKind};

    const ACCESS_DENIED: i32 = 5;
    const BAD_NETPATH: i32 = 53;
    const SERVER_UNAVAILABLE: i32 = 1722;
    let what = match error.raw_os_error() {
        Some(ACCESS_DENIED) => {
            text!("it does not let this user read its registry: run this as an administrator of it").to_owned()
        }
        Some(BAD_NETPATH | SERVER_UNAVAILABLE) => text!(
            "its Remote Registry service is not running, and is not started for this; or there is no such computer"
        )
        .to_owned(),
        _ => text!("its registry cannot be read: {error}", error),
    };
    Error::new(ErrorKind::Io, what)
}

#[cfg(not(windows))]
pub(crate) fn values(_: &str, _: &[KeyPath], _: &str) -> Result<Vec<Told>> {
    Err(elsewhere())
}
