//! Starting a program in every session that somebody is logged on to, as a program that runs as the system can.

use std::io;
use std::ptr::{null, null_mut};

use windows_sys::Win32::Foundation::{CloseHandle, HANDLE};
use windows_sys::Win32::System::Environment::{CreateEnvironmentBlock, DestroyEnvironmentBlock};
use windows_sys::Win32::System::RemoteDesktop::{
    WTS_SESSION_INFOW, WTSActive, WTSDisconnected, WTSEnumerateSessionsW, WTSFreeMemory, WTSQueryUserToken,
};
use windows_sys::Win32::System::Threading::{
    CREATE_UNICODE_ENVIRONMENT, CreateProcessAsUserW, PROCESS_INFORMATION, STARTUPINFOW,
};

use super::wide;

/// That of a program that is not the system and asks for the token of another user.
const ERROR_PRIVILEGE_NOT_HELD: i32 = 1314;
/// That nobody is logged on to a session.
const ERROR_NO_TOKEN: i32 = 1008;

/// Starts a command line in each session that somebody is logged on to. Gives how many there were, and why it could not be
/// started in others; `None` where the program that asks is not the system, which alone may.
pub(crate) fn start_in_sessions(command: &str) -> io::Result<Option<(usize, Vec<String>)>> {
    let (mut started, mut failed) = (0, Vec::new());
    for session in sessions()? {
        match start_in(session, command) {
            Ok(()) => started += 1,
            Err(error) if error.raw_os_error() == Some(ERROR_NO_TOKEN) => {}
            Err(error) if error.raw_os_error() == Some(ERROR_PRIVILEGE_NOT_HELD) => return Ok(None),
            Err(error) => failed.push(text!("session {session}: {error}", session, error)),
        }
    }
    Ok(Some((started, failed)))
}

/// The sessions of users: active ones, and those that somebody has left without logging off.
fn sessions() -> io::Result<Vec<u32>> {
    let (mut list, mut number): (*mut WTS_SESSION_INFOW, u32) = (null_mut(), 0);
    // SAFETY: both are written to; the first handle is that of this computer.
    if unsafe { WTSEnumerateSessionsW(null_mut(), 0, 1, &mut list, &mut number) } == 0 {
        return Err(io::Error::last_os_error());
    }
    // Where there are none, there may be no list of them.
    if list.is_null() {
        return Ok(Vec::new());
    }
    // SAFETY: Windows says how many there are.
    let all = unsafe { std::slice::from_raw_parts(list, number as usize) };
    let is_used = |session: &&WTS_SESSION_INFOW| [WTSActive, WTSDisconnected].contains(&session.State);
    // The session 0 is that of services.
    let sessions = all.iter().filter(is_used).map(|session| session.SessionId).filter(|id| *id != 0).collect();
    // SAFETY: the memory is Windows', and is not used after.
    unsafe { WTSFreeMemory(list.cast()) };
    Ok(sessions)
}

fn start_in(session: u32, command: &str) -> io::Result<()> {
    let mut token: HANDLE = null_mut();
    // SAFETY: the handle is written to, and closed below.
    if unsafe { WTSQueryUserToken(session, &mut token) } == 0 {
        return Err(io::Error::last_os_error());
    }
    let started = start_as(token, command);
    // SAFETY: it was opened above.
    unsafe { CloseHandle(token) };
    started
}

fn start_as(user: HANDLE, command: &str) -> io::Result<()> {
    let mut environment = null_mut();
    // SAFETY: the block is written to, and destroyed below; without one the program has that of this one.
    let has_environment = unsafe { CreateEnvironmentBlock(&mut environment, user, 0) } != 0;
    let (mut line, mut desktop) = (wide(command), wide(r"winsta0\default"));
    // SAFETY: both structures are plain numbers and pointers that may be null.
    let (mut startup, mut process): (STARTUPINFOW, PROCESS_INFORMATION) = unsafe { std::mem::zeroed() };
    startup.cb = size_of::<STARTUPINFOW>() as u32;
    startup.lpDesktop = desktop.as_mut_ptr();
    let block = if has_environment { environment } else { null_mut() };
    // SAFETY: all that is pointed to lives through the call, and the command line can be written to.
    let done = unsafe {
        CreateProcessAsUserW(
            user,
            null(),
            line.as_mut_ptr(),
            null(),
            null(),
            0,
            CREATE_UNICODE_ENVIRONMENT,
            block,
            null(),
            &startup,
            &mut process,
        )
    };
    let result = if done == 0 { Err(io::Error::last_os_error()) } else { Ok(()) };
    if has_environment {
        // SAFETY: it was made above, and is not used after.
        unsafe { DestroyEnvironmentBlock(environment) };
    }
    if result.is_ok() {
        // SAFETY: both were opened for this process, which does not wait for the other.
        unsafe {
            CloseHandle(process.hThread);
            CloseHandle(process.hProcess);
        }
    }
    result
}
