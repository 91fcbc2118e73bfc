//! The profiles of the firewall that this computer is in.

use std::ffi::c_void;
use std::ptr::null_mut;

use windows_sys::Win32::System::Com::{
    CLSCTX_INPROC_SERVER, COINIT_MULTITHREADED, CoCreateInstance, CoInitializeEx, CoUninitialize,
};
use windows_sys::core::GUID;

/// The class NetFwPolicy2, and its interface INetFwPolicy2.
const CLASS: GUID = GUID::from_u128(0xe2b3c97f_6ae1_41ac_817a_f6f92166d771);
const INTERFACE: GUID = GUID::from_u128(0x98325047_c671_4174_8d81_defcd3f03186);

/// The functions of the interface, as far as one is used: those of IUnknown and IDispatch stand before its own.
#[repr(C)]
struct Functions {
    query_and_add: [usize; 2],
    release: unsafe extern "system" fn(*mut c_void) -> u32,
    dispatch: [usize; 4],
    current_profile_types: unsafe extern "system" fn(*mut c_void, *mut i32) -> i32,
}

/// A bit for each: 1 domain, 2 private, 4 public; `None` where the firewall does not tell.
pub(crate) fn firewall_profiles() -> Option<u32> {
    // SAFETY: it takes no memory of ours.
    let initialized = unsafe { CoInitializeEx(std::ptr::null(), COINIT_MULTITHREADED as u32) } >= 0;
    let mut object: *mut c_void = null_mut();
    // SAFETY: both identifiers live through the call, and the pointer is written to.
    let made = unsafe { CoCreateInstance(&CLASS, null_mut(), CLSCTX_INPROC_SERVER, &INTERFACE, &mut object) };
    let mut bits = 0;
    let mut told = false;
    if made >= 0 && !object.is_null() {
        // SAFETY: an object of this interface begins with a pointer to its functions; it is released once, and not used after.
        unsafe {
            let functions = *object.cast::<*const Functions>();
            told = ((*functions).current_profile_types)(object, &mut bits) >= 0;
            ((*functions).release)(object);
        }
    }
    if initialized {
        // SAFETY: it was initialized above, by this thread.
        unsafe { CoUninitialize() };
    }
    u32::try_from(bits).ok().filter(|bits| told && *bits != 0)
}
