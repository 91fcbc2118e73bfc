//! The permissions of a folder, taken over from another.

use std::io;
use std::path::Path;

/// Gives the folder `to` the permissions of the folder `from`.
pub(super) fn copy_permissions(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(windows)]
    return windows::copy(from, to);
    #[cfg(not(windows))]
    std::fs::set_permissions(to, std::fs::metadata(from)?.permissions())
}

/// Access control lists: no safe crate of the field copies them.
#[cfg(windows)]
#[allow(unsafe_code)]
mod windows {
    use std::io;
    use std::os::windows::ffi::OsStrExt;
    use std::path::Path;

    use windows_sys::Win32::Security::{DACL_SECURITY_INFORMATION, GetFileSecurityW, SetFileSecurityW};

    pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
        let wide = |path: &Path| -> Vec<u16> { path.as_os_str().encode_wide().chain([0]).collect() };
        let (from, to) = (wide(from), wide(to));
        let mut length = 0;
        // SAFETY: the path ends in NUL; a buffer of no length is not written to.
        unsafe {
            GetFileSecurityW(from.as_ptr(), DACL_SECURITY_INFORMATION, std::ptr::null_mut(), 0, &mut length);
        }
        // A security descriptor wants to stand at a multiple of four.
        let mut descriptor = vec![0_u32; (length as usize).div_ceil(4)];
        // SAFETY: the path ends in NUL; the buffer has at least `length` bytes.
        let got = unsafe {
            GetFileSecurityW(
                from.as_ptr(),
                DACL_SECURITY_INFORMATION,
                descriptor.as_mut_ptr().cast(),
                length,
                &mut length,
            )
        };
        if got == 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the path ends in NUL; the descriptor is one that the system has just made.
        let set = unsafe { SetFileSecurityW(to.as_ptr(), DACL_SECURITY_INFORMATION, descriptor.as_mut_ptr().cast()) };
        if set == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}
