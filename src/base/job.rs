//! Jobs of Windows: what is in one ends with the process that has it.

#![allow(unsafe_code)]

use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::process::Child;
use std::{mem, ptr};

use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation, SetInformationJobObject,
};

/// A program and all that it starts from then on. They end when this is dropped, and when this process ends, however it does.
pub(super) struct Job(#[expect(dead_code, reason = "it is held to be closed")] OwnedHandle);

impl Job {
    /// The job of a program that has just been started; `None` where the system makes none: Windows 7 puts nothing into a
    /// second one.
    pub(super) fn of(child: &Child) -> Option<Self> {
        // SAFETY: no attributes and no name are asked for; what comes back is a handle of ours, or none.
        let job = unsafe { CreateJobObjectW(ptr::null(), ptr::null()) };
        if job.is_null() {
            return None;
        }
        // SAFETY: the handle is open, and nobody else closes it.
        let owned = unsafe { OwnedHandle::from_raw_handle(job) };
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
        let size = u32::try_from(mem::size_of_val(&limits)).ok()?;
        // SAFETY: the structure is the one that this class takes, of the size that is said.
        let is_set = unsafe {
            SetInformationJobObject(job, JobObjectExtendedLimitInformation, (&raw const limits).cast(), size)
        };
        // SAFETY: both handles are open.
        let is_in = is_set != 0 && unsafe { AssignProcessToJobObject(job, child.as_raw_handle()) } != 0;
        is_in.then_some(Self(owned))
    }
}
