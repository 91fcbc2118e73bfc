//! The memory of the computer, and what its performance counters say.

use std::ptr::{null, null_mut};
use std::time::Duration;

use windows_sys::Win32::System::Performance::{
    PDH_FMT_COUNTERVALUE, PDH_FMT_DOUBLE, PDH_HCOUNTER, PDH_HQUERY, PdhAddEnglishCounterW, PdhCloseQuery,
    PdhCollectQueryData, PdhGetFormattedCounterValue, PdhOpenQueryW,
};
use windows_sys::Win32::System::SystemInformation::{GlobalMemoryStatusEx, MEMORYSTATUSEX};

use super::wide;

/// All of it, and what programs can have, in bytes.
pub(crate) fn memory() -> Option<(u64, u64)> {
    // SAFETY: the structure is plain numbers, and says its own size.
    let mut status: MEMORYSTATUSEX = unsafe { std::mem::zeroed() };
    status.dwLength = size_of::<MEMORYSTATUSEX>() as u32;
    // SAFETY: the structure lives through the call.
    let done = unsafe { GlobalMemoryStatusEx(&mut status) };
    (done != 0).then_some((status.ullTotalPhys, status.ullAvailPhys))
}

/// How busy the processors are (1: all of the time), and how many requests wait for each disk, over one second.
pub(crate) fn counters() -> Option<(f64, f64)> {
    const COUNTERS: [&str; 2] =
        [r"\Processor(_Total)\% Processor Time", r"\PhysicalDisk(_Total)\Avg. Disk Queue Length"];
    let mut query: PDH_HQUERY = null_mut();
    // SAFETY: the query is written to, and closed below.
    if unsafe { PdhOpenQueryW(null(), 0, &mut query) } != 0 {
        return None;
    }
    let read = || {
        let mut handles: [PDH_HCOUNTER; 2] = [null_mut(); 2];
        for (name, handle) in COUNTERS.iter().zip(&mut handles) {
            let name = wide(name);
            // SAFETY: the query is open, and the name ends in a zero.
            if unsafe { PdhAddEnglishCounterW(query, name.as_ptr(), 0, handle) } != 0 {
                return None;
            }
        }
        // SAFETY: the query is open.
        let collect = || unsafe { PdhCollectQueryData(query) } == 0;
        if !collect() {
            return None;
        }
        std::thread::sleep(Duration::from_secs(1));
        if !collect() {
            return None;
        }
        let value = |handle: PDH_HCOUNTER| {
            // SAFETY: the structure is plain numbers.
            let mut value: PDH_FMT_COUNTERVALUE = unsafe { std::mem::zeroed() };
            // SAFETY: the counter is one of the open query, and the structure lives through the call.
            let done = unsafe { PdhGetFormattedCounterValue(handle, PDH_FMT_DOUBLE, null_mut(), &mut value) };
            // SAFETY: a number was asked for.
            (done == 0).then(|| unsafe { value.Anonymous.doubleValue })
        };
        Some((value(handles[0])? / 100.0, value(handles[1])?))
    };
    let seen = read();
    // SAFETY: it was opened above, and is not used any more.
    unsafe { PdhCloseQuery(query) };
    seen
}
