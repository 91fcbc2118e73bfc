//! Jobs of Windows: what is in one ends with the process that has it.

#![allow(unsafe_code)]

use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::process::Child;
use std::time::{Duration, Instant};
use std::{mem, ptr, thread};

use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION, JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectBasicAccountingInformation,
    JobObjectExtendedLimitInformation, QueryInformationJobObject, SetInformationJobObject, TerminateJobObject,
};

/// A program and all that it starts from then on. They end when this is dropped, and when this process ends, however it does.
pub(super) struct Job(OwnedHandle);

/// No process that is ended takes longer to go.
const GOES: Duration = Duration::from_secs(5);

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

    /// Ends all in it, and waits until it has gone: until then files may be open.
    pub(super) fn end(self) {
        // SAFETY: the handle is open.
        unsafe { TerminateJobObject(self.0.as_raw_handle(), 1) };
        let begin = Instant::now();
        while self.has_processes() && begin.elapsed() < GOES {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Whether anything in it runs, as far as the system tells.
    fn has_processes(&self) -> bool {
        let mut told = JOBOBJECT_BASIC_ACCOUNTING_INFORMATION::default();
        let size = mem::size_of_val(&told) as u32;
        // SAFETY: the structure is the one that this class fills, of the size that is said, and the handle is open.
        let is_told = unsafe {
            QueryInformationJobObject(
                self.0.as_raw_handle(),
                JobObjectBasicAccountingInformation,
                (&raw mut told).cast(),
                size,
                ptr::null_mut(),
            )
        };
        is_told != 0 && told.ActiveProcesses > 0
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn what_is_in_it_has_gone_when_it_has_ended() {
        let mut ping = Command::new("ping");
        ping.args(["-n", "1000", "127.0.0.1"]).stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = ping.spawn().unwrap();
        let job = Job::of(&child).unwrap();
        assert!(job.has_processes());
        job.end();
        assert!(child.try_wait().unwrap().is_some());
    }
}
