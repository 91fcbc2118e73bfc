//! Who holds a lock, as its file tells.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::record;

/// No lock is larger.
const MAX_SIZE: u64 = 64 << 10;

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Holder {
    pub id: String,
    pub host: String,
    pub process: u32,
    pub user: String,
    /// Seconds since 1970 began, UTC.
    pub time: u64,
    /// Which process of which start of which computer it is; none where the system does not tell, or does not need it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life: Option<Life>,
}

/// What is the same for a process as long as it lives, and for no other one ever. Computers that were copied share their name
/// and their machine id; a container has process numbers of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Life {
    /// A digest of the machine's id, the id of this start of it, and whose numbers the process's number is one of. The ids
    /// themselves are nobody's business.
    place: String,
    /// When the process started, in clock ticks since the computer did.
    start: u64,
}

impl Life {
    /// That of this process.
    #[cfg(target_os = "linux")]
    pub fn own() -> Option<Life> {
        let line = |path: &str| {
            std::fs::read_to_string(path).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        // Not every system has a machine id: that of its start is never given twice.
        let machine = line("/etc/machine-id").unwrap_or_default();
        let boot = line("/proc/sys/kernel/random/boot_id")?;
        let numbers = std::fs::read_link("/proc/self/ns/pid").ok()?;
        let place = super::record::digest(format!("{machine}\n{boot}\n{}", numbers.display()).as_bytes());
        Some(Life { place, start: start_of("self")? })
    }

    /// Windows needs none: there the lock goes with the handle of its process.
    #[cfg(not(target_os = "linux"))]
    pub fn own() -> Option<Life> {
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

impl Holder {
    /// Whether its process is proved to have ended: it was one of this start of this computer, and is there no more.
    /// Everything else is no proof, and the lock is another's.
    #[cfg(target_os = "linux")]
    pub fn is_dead(&self) -> bool {
        let (Some(life), Some(own)) = (&self.life, Life::own()) else { return false };
        if life.place != own.place {
            return false;
        }
        let Some(number) = i32::try_from(self.process).ok().and_then(rustix::process::Pid::from_raw) else {
            return false;
        };
        // Where the processes of others are hidden, the system still says that there is one of this number.
        match rustix::process::test_kill_process(number) {
            Err(rustix::io::Errno::SRCH) => true,
            Err(_) if !std::path::Path::new(&format!("/proc/{}", self.process)).exists() => false,
            _ => start_of(&self.process.to_string()) != Some(life.start),
        }
    }

    /// Nothing tells here whether a process has ended.
    #[cfg(not(any(target_os = "linux", windows)))]
    pub fn is_dead(&self) -> bool {
        false
    }
}

/// Whose lock this is, as far as its file tells.
pub(super) fn whose(path: &Path) -> String {
    let bytes = crate::base::files::read_file(path, MAX_SIZE).ok();
    describe(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).as_ref())
}

pub(super) fn read_holder(file: &mut File) -> Option<Holder> {
    let mut bytes = Vec::new();
    file.rewind().ok()?;
    file.take(MAX_SIZE).read_to_end(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

pub(super) fn describe(holder: Option<&Holder>) -> String {
    match holder {
        None => "a process that left no name".to_owned(),
        Some(Holder { host, process, user, time, .. }) => {
            format!("process {process} of {user} on {host}, since {}", record::utc(*time))
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn own() -> Holder {
        let (id, user) = ("1-1".to_owned(), "somebody".to_owned());
        Holder { id, host: "here".into(), process: std::process::id(), user, time: 0, life: Life::own() }
    }

    #[test]
    fn death_is_proved_of_this_start_of_this_computer_alone() {
        assert!(!own().is_dead());
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let gone = Holder { process: child.id(), ..own() };
        child.wait().unwrap();
        assert!(gone.is_dead());
        // The number was given to another process since.
        let mut reused = own();
        reused.life.as_mut().unwrap().start += 1;
        assert!(reused.is_dead());
        let mut elsewhere = gone.clone();
        elsewhere.life.as_mut().unwrap().place.push('0');
        assert!(!elsewhere.is_dead());
        assert!(!Holder { life: None, ..gone.clone() }.is_dead());
        for process in [0, u32::MAX] {
            assert!(!Holder { process, ..gone.clone() }.is_dead());
        }
    }

    /// A process that has ended stays in the list until its parent asks for it.
    #[test]
    fn one_that_nobody_has_asked_for_is_dead() {
        let mut child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let mut holder = Holder { process: child.id(), ..own() };
        holder.life.as_mut().unwrap().start = start_of(&child.id().to_string()).unwrap();
        assert!(!holder.is_dead());
        drop(child.stdin.take());
        while !holder.is_dead() {
            std::thread::yield_now();
        }
        child.wait().unwrap();
    }
}
