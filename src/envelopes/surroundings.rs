//! What may make messages pile up \[63588\], and what is known of the surroundings of a router, which tells.

use crate::base::language::said;
use std::path::Path;
use std::time::SystemTime;

use serde::Serialize;

use super::rules::System;
use crate::base::text::count;
use crate::firewall::{Firewall, Profile};
use crate::host::resources::Resources;

/// What is known of the surroundings of a router; whatever is not, is told to be unknown.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub(crate) struct Surroundings {
    /// The managed endpoints.
    pub endpoints: Option<u64>,
    /// How many of them report to this server directly; with neither this nor relays, all do.
    pub direct: Option<u64>,
    /// How many relays there are.
    pub relays: Option<u64>,
    /// The server's Windows.
    pub system: Option<System>,
    /// The space of the folder's volume.
    pub space: Option<Space>,
    /// Below how many bytes free space is little; without it, below 1 GiB or a twentieth of the volume.
    pub min_free: Option<u64>,
    /// Whether the folder is on the volume that the system runs from.
    pub on_boot_volume: Option<bool>,
    /// Its firewall.
    pub firewall: Option<Firewall>,
    /// The profiles of the firewall that the computer is in; none where that is not known.
    pub profiles: Vec<Profile>,
    /// Which of the router's ports something listens on.
    pub listening: Option<Listening>,
    /// What the server uses of its memory, processors and disks, where it is this computer.
    pub resources: Option<Resources>,
    /// What the folder itself tells of the messages.
    pub waiting: Option<Waiting>,
    /// How the router stands at the end of its logs.
    pub router: Option<RouterSeen>,
    /// What the registry says of the router, each as a sentence.
    pub registry: Vec<String>,
}

/// The messages of a folder, as far as they tell where they come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct Waiting {
    /// How many there are.
    pub count: u64,
    /// How many are older than a day; `None` where they were only counted.
    pub older_than_a_day: Option<u64>,
    /// The hour in which the most were written, and how many.
    pub fullest_hour: Option<(SystemTime, u64)>,
}

/// How a router stands, by its logs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct RouterSeen {
    /// Whether messages pass.
    pub well: bool,
    /// In a sentence.
    pub what: String,
    /// The lines of the logs that it rests on.
    pub evidence: Vec<String>,
    /// What to do next.
    pub next: Vec<String>,
}

/// The space of a volume, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct Space {
    /// What may be written.
    pub free: u64,
    /// All.
    pub total: u64,
}

/// On which ports a host listens.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct Listening {
    /// The host that was asked.
    pub host: String,
    /// Those of the ports that answered.
    pub ports: Vec<u16>,
}

impl Surroundings {
    /// Looks at the volume of a folder, as far as nothing is known of it yet.
    pub(super) fn look_at_volume(&mut self, folder: &Path) {
        if self.space.is_none() {
            let statistics = fs4::statvfs(folder).ok();
            self.space = statistics.map(|is| Space { free: is.available_space(), total: is.total_space() });
        }
        if cfg!(windows) && self.on_boot_volume.is_none() {
            let real = folder.canonicalize().map(|real| crate::base::error::plain(&real));
            let boot = std::env::var("SystemDrive").ok();
            self.on_boot_volume = real.ok().zip(boot).map(|(real, boot)| on_volume(&real.to_string_lossy(), &boot));
        }
    }

    /// The endpoints that report directly, as far as that is known.
    pub(super) fn direct(&self) -> Option<u64> {
        self.direct.or(if self.relays.is_none_or(|relays| relays == 0) { self.endpoints } else { None })
    }
}

/// Whether a Windows path is on the volume of this letter.
pub(super) fn on_volume(path: &str, letter: &str) -> bool {
    path.get(..2).is_some_and(|start| start.eq_ignore_ascii_case(letter.trim_end_matches('\\')))
}

/// A likely cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub(crate) struct Cause {
    /// Its name, one of [`CAUSES`](super::CAUSES).
    pub cause: &'static str,
    /// Its place in the one list of all: what was seen to fail first, then what was seen at all, then what is not known, and
    /// what was looked for and is not there last; each in the article's order. From 1.
    pub rank: usize,
    /// Whether it was seen.
    pub seen: Seen,
    /// What was seen, as a sentence.
    pub what: String,
    /// What that rests on, each as a sentence.
    pub evidence: Vec<String>,
    /// What to do about it, or to find out.
    pub next: Option<String>,
}

/// Whether a cause was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Seen {
    /// It was.
    Yes,
    /// It was looked for, and is not there.
    No,
    /// It could not be looked for.
    Unknown,
}

impl Seen {
    /// In one word.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

pub(super) fn cause(name: &'static str, seen: Seen, what: String, next: Option<&str>) -> Cause {
    Cause { cause: name, rank: 0, seen, what, evidence: Vec::new(), next: next.map(|next| said(next).to_owned()) }
}

/// Bytes for people, as `1.5 MiB`.
pub(crate) fn bytes(number: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if number < 1 << 10 {
        return count(number as usize, "byte", "bytes");
    }
    let unit = (number.ilog2() / 10).min(6);
    format!("{:.1} {}", number as f64 / (1_u64 << (10 * unit)) as f64, units[unit as usize - 1])
}
