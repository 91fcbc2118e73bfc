//! Calls to Windows that no safe crate makes: the user's language and groups, the session, the console, the
//! permissions of a folder, and the window of the messenger. All of them are in every Windows since 7.

#![allow(unsafe_code)]

mod dialog;
mod profile;
#[cfg(feature = "cli")]
mod remote;
mod resources;
mod sessions;

pub(crate) use profile::firewall_profiles;
#[cfg(feature = "cli")]
pub(crate) use remote::machine_of;
pub(crate) use resources::{counters, memory};
pub(crate) use sessions::start_in_sessions;

pub(crate) use dialog::{Dialog, Icon, show};

use std::fs::OpenOptions;
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::AsRawHandle;
use std::path::Path;
use std::ptr::{null, null_mut};

use windows_sys::Win32::Foundation::GetLastError;
use windows_sys::Win32::Globalization::{GetUserDefaultUILanguage, LCIDToLocaleName};
use windows_sys::Win32::Security::{
    CheckTokenMembership, DACL_SECURITY_INFORMATION, GetFileSecurityW, LookupAccountNameW, SetFileSecurityW,
};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_BASIC_INFO, FILE_READ_ATTRIBUTES, FileBasicInfo, GetFileInformationByHandleEx,
};
use windows_sys::Win32::System::Console::{FreeConsole, GetConsoleProcessList};
use windows_sys::Win32::UI::Shell::ShellExecuteW;
use windows_sys::Win32::UI::WindowsAndMessaging::{GetSystemMetrics, SM_REMOTESESSION, SW_SHOWNORMAL};

/// Text as Windows takes it, with the zero at its end. Text that holds a zero ends there.
fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().take_while(|unit| *unit != 0).chain([0]).collect()
}

/// The language of the user's windows, as a tag.
pub(crate) fn user_language() -> Option<String> {
    let mut buffer = [0u16; 85];
    // SAFETY: the buffer is as long as is said.
    let length =
        unsafe { LCIDToLocaleName(u32::from(GetUserDefaultUILanguage()), buffer.as_mut_ptr(), buffer.len() as i32, 0) };
    let length = usize::try_from(length).ok()?.checked_sub(1)?;
    Some(String::from_utf16_lossy(&buffer[..length]))
}

/// Whether the user came over the network.
pub(crate) fn is_remote_session() -> bool {
    // SAFETY: it takes a number, and gives one.
    unsafe { GetSystemMetrics(SM_REMOTESESSION) != 0 }
}

/// Whether the user who runs this is in a group of this name: of the computer, or else of its domain. A group that there
/// is not has no members.
pub(crate) fn is_member_of(group: &str) -> bool {
    const ERROR_INSUFFICIENT_BUFFER: u32 = 122;
    let name = wide(group);
    let (mut sid, mut domain) = (vec![0u64; 16], vec![0u16; 256]);
    for _ in 0..2 {
        let (mut sid_size, mut domain_size) = ((sid.len() * 8) as u32, domain.len() as u32);
        let mut sort = 0;
        // SAFETY: both buffers are as long as is said, and aligned as a SID is.
        let found = unsafe {
            LookupAccountNameW(
                null(),
                name.as_ptr(),
                sid.as_mut_ptr().cast(),
                &mut sid_size,
                domain.as_mut_ptr(),
                &mut domain_size,
                &mut sort,
            )
        };
        if found != 0 {
            let mut is_member = 0;
            // SAFETY: the SID is the one that was written above; no token means that of this thread.
            let asked = unsafe { CheckTokenMembership(null_mut(), sid.as_mut_ptr().cast(), &mut is_member) };
            return asked != 0 && is_member != 0;
        }
        // SAFETY: it takes nothing.
        if unsafe { GetLastError() } != ERROR_INSUFFICIENT_BUFFER {
            return false;
        }
        sid.resize((sid_size as usize).div_ceil(8).max(sid.len()), 0);
        domain.resize((domain_size as usize).max(domain.len()), 0);
    }
    false
}

/// Lets go of the console that Windows made for this process alone, as at logon: it would stand empty behind the window.
pub(crate) fn hide_own_console() {
    let mut processes = [0u32; 2];
    // SAFETY: the buffer is as long as is said.
    unsafe {
        if GetConsoleProcessList(processes.as_mut_ptr(), processes.len() as u32) == 1 {
            FreeConsole();
        }
    }
}

/// When the content of a file was last written, and when the file itself last changed, which no copying sets back: both in
/// ticks of Windows. `None` where the system does not say, as on FAT.
pub(crate) fn written_and_changed(path: &Path) -> Option<(i64, i64)> {
    let file = OpenOptions::new().access_mode(FILE_READ_ATTRIBUTES).open(path).ok()?;
    let mut info = FILE_BASIC_INFO::default();
    let size = size_of_val(&info) as u32;
    // SAFETY: the handle is open, and the structure is as long as is said.
    let told =
        unsafe { GetFileInformationByHandleEx(file.as_raw_handle(), FileBasicInfo, (&raw mut info).cast(), size) != 0 };
    (told && info.ChangeTime != 0).then_some((info.LastWriteTime, info.ChangeTime))
}

/// Gives the folder `to` the access control list of the folder `from`.
pub(crate) fn copy_permissions(from: &Path, to: &Path) -> io::Result<()> {
    let wide = |path: &Path| -> Vec<u16> { path.as_os_str().encode_wide().chain([0]).collect() };
    let (from, to) = (wide(from), wide(to));
    let mut length = 0;
    // SAFETY: the path ends in NUL; a buffer of no length is not written to.
    unsafe {
        GetFileSecurityW(from.as_ptr(), DACL_SECURITY_INFORMATION, null_mut(), 0, &mut length);
    }
    // A security descriptor wants to stand at a multiple of four.
    let mut descriptor = vec![0_u32; (length as usize).div_ceil(4)];
    // SAFETY: the path ends in NUL; the buffer has at least `length` bytes.
    let got = unsafe {
        GetFileSecurityW(from.as_ptr(), DACL_SECURITY_INFORMATION, descriptor.as_mut_ptr().cast(), length, &mut length)
    };
    if got == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the path ends in NUL; the descriptor is one that the system has just made.
    let set = unsafe { SetFileSecurityW(to.as_ptr(), DACL_SECURITY_INFORMATION, descriptor.as_mut_ptr().cast()) };
    if set == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Opens an address, which was checked, in the user's browser.
fn open(link: &str) {
    let (verb, link) = (wide("open"), wide(link));
    // SAFETY: both texts end in a zero, and live until the call is over.
    unsafe {
        ShellExecuteW(null_mut(), verb.as_ptr(), link.as_ptr(), null(), null(), SW_SHOWNORMAL);
    }
}
