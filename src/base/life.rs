//! Which process of which start of which computer: the proof that whoever left something behind has ended.

use serde::{Deserialize, Serialize};
#[cfg(target_os = "linux")]
use sha2::{Digest, Sha256};

/// What is the same for a process as long as it lives, and for no other one ever. Computers that were copied share their name
/// and their machine id; a container has process numbers of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Life {
    /// A digest of the machine's id, the id of this start of it, and whose numbers the process's number is one of. The ids
    /// themselves are nobody's business.
    place: String,
    /// When the process started, in clock ticks since the computer did.
    start: u64,
}

impl Life {
    /// That of this process.
    #[cfg(target_os = "linux")]
    pub(crate) fn own() -> Option<Self> {
        let line = |path: &str| {
            std::fs::read_to_string(path).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        // Not every system has a machine id: that of its start is never given twice.
        let machine = line("/etc/machine-id").unwrap_or_default();
        let boot = line("/proc/sys/kernel/random/boot_id")?;
        let numbers = std::fs::read_link("/proc/self/ns/pid").ok()?;
        let place = crate::base::hex::hex(&Sha256::digest(format!("{machine}\n{boot}\n{}", numbers.display())));
        Some(Self { place, start: start_of("self")? })
    }

    /// Windows needs none: there the lock goes with the handle of its process.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn own() -> Option<Life> {
        None
    }
}

/// When a process started, as `/proc` has it; none for one that has ended, be it that nobody has asked how.
#[cfg(target_os = "linux")]
fn start_of(process: &str) -> Option<u64> {
    let text = std::fs::read(format!("/proc/{process}/stat")).ok()?;
    // The second field is the program's name in brackets, which may hold anything; the third is the state, and the 22nd the
    // start.
    let end = text.iter().rposition(|&byte| byte == b')')?;
    let mut fields = std::str::from_utf8(text.get(end + 1..)?).ok()?.split_ascii_whitespace();
    match fields.next()? {
        "Z" | "X" | "x" => None,
        _ => fields.nth(18)?.parse().ok(),
    }
}

impl Life {
    /// Whether the process of this number that it was of is proved to have ended: it was one of this start of this computer, and
    /// is there no more. Everything else is no proof.
    #[cfg(target_os = "linux")]
    pub(crate) fn is_over(&self, process: u32) -> bool {
        if Self::own().is_none_or(|own| own.place != self.place) {
            return false;
        }
        let Some(number) = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw) else {
            return false;
        };
        // Where the processes of others are hidden, the system still says that there is one of this number.
        match rustix::process::test_kill_process(number) {
            Err(rustix::io::Errno::SRCH) => true,
            Err(_) if !std::path::Path::new(&format!("/proc/{process}")).exists() => false,
            _ => start_of(&process.to_string()) != Some(self.start),
        }
    }

    /// Nothing tells here whether a process has ended.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn is_over(&self, _process: u32) -> bool {
        false
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn its_end_is_proved_of_this_start_of_this_computer_alone() {
        let own = Life::own().unwrap();
        assert!(!own.is_over(std::process::id()));
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let gone = child.id();
        child.wait().unwrap();
        assert!(own.is_over(gone));
        // The number was given to another process since.
        assert!(Life { start: own.start + 1, ..own.clone() }.is_over(std::process::id()));
        assert!(!Life { place: format!("{}0", own.place), ..own.clone() }.is_over(gone));
        for process in [0, u32::MAX] {
            assert!(!own.is_over(process));
        }
    }

    /// A process that has ended stays in the list until its parent asks for it.
    #[test]
    fn one_that_nobody_has_asked_for_is_over() {
        let mut child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let process = child.id();
        let life = Life { start: start_of(&process.to_string()).unwrap(), ..Life::own().unwrap() };
        assert!(!life.is_over(process));
        drop(child.stdin.take());
        while !life.is_over(process) {
            std::thread::yield_now();
        }
        child.wait().unwrap();
    }
}
