//! The registry of another computer.

use std::io;
use std::ptr::null_mut;

use windows_sys::Win32::System::Registry::{HKEY_LOCAL_MACHINE, RegConnectRegistryW};
use winreg::RegKey;

use super::wide;

/// `HKEY_LOCAL_MACHINE` of a computer. Its Remote Registry service must run: it is not started.
pub(crate) fn machine_of(computer: &str) -> io::Result<RegKey> {
    let name = wide(&format!(r"\\{computer}"));
    let mut key = null_mut();
    // SAFETY: the name ends in a zero, and there is room for the key.
    let code = unsafe { RegConnectRegistryW(name.as_ptr(), HKEY_LOCAL_MACHINE, &mut key) };
    match code {
        // The key is closed with what is given here.
        0 => Ok(RegKey::predef(key)),
        code => Err(io::Error::from_raw_os_error(code as i32)),
    }
}
