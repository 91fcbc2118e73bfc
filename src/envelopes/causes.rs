//! Why messages pile up: the likely causes, in the article's order \[63588\], each with what could be seen of it.

use std::path::Path;

use serde::Serialize;

use super::ports::ports;
use super::rules::{LITTLE_SPACE, System};
use crate::base::text::count;
use crate::firewall::{Firewall, Profile};

/// What is known of the surroundings of a router; whatever is not, is told to be unknown.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Surroundings {
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
}

/// The space of a volume, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Space {
    /// What may be written.
    pub free: u64,
    /// All.
    pub total: u64,
}

/// On which ports a host listens.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listening {
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
    fn direct(&self) -> Option<u64> {
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
pub struct Cause {
    /// Its name: `too-many-endpoints`, `free-space`, `boot-volume` or `ports`.
    pub cause: &'static str,
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
pub enum Seen {
    /// It was.
    Yes,
    /// It was looked for, and is not there.
    No,
    /// It could not be looked for.
    Unknown,
}

impl Seen {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Seen::Yes => "yes",
            Seen::No => "no",
            Seen::Unknown => "unknown",
        }
    }
}

pub(super) fn cause(name: &'static str, seen: Seen, what: String, next: Option<&str>) -> Cause {
    Cause { cause: name, seen, what, evidence: Vec::new(), next: next.map(str::to_owned) }
}

/// The causes in the article's order.
pub fn causes(around: &Surroundings) -> Vec<Cause> {
    vec![too_many(around), space(around), boot_volume(around), ports(around)]
}

fn too_many(around: &Surroundings) -> Cause {
    const NAME: &str = "too-many-endpoints";
    const NEXT: &str = "let endpoints report to message relays: configcid relay set";
    let (limit, kind) = match around.system {
        Some(system) => (system.direct, format!("a Windows {}", system.name)),
        None => (System::default().direct, "a server (4000 to a Windows 2008)".to_owned()),
    };
    let direct = match (around.direct(), around.endpoints) {
        (Some(direct), _) => direct,
        // Not even all of them would be too many.
        (None, Some(endpoints)) if endpoints <= limit => endpoints,
        _ => {
            let what = format!("how many endpoints report directly is not known; {limit} may to {kind}");
            return cause(NAME, Seen::Unknown, what, Some("count those that report to no relay, and say --direct N"));
        }
    };
    let said = format!(
        "{} directly, at most; {limit} may to {kind}",
        count(direct as usize, "endpoint reports", "endpoints report")
    );
    match direct > limit {
        true => cause(NAME, Seen::Yes, said, Some(NEXT)),
        false => cause(NAME, Seen::No, said, None),
    }
}

fn space(around: &Surroundings) -> Cause {
    const NAME: &str = "free-space";
    let Some(Space { free, total }) = around.space else {
        let what = "the free space of the volume is not known".to_owned();
        return cause(NAME, Seen::Unknown, what, Some("look at the free space of the volume of the Envelopes folder"));
    };
    let said = format!("{} of {} are free on the folder's volume", bytes(free), bytes(total));
    if free < around.min_free.unwrap_or(LITTLE_SPACE.max(total / 20)) {
        let next = "make room on the volume, or move the folder to another: configcid envelopes move NEWDIR";
        return cause(NAME, Seen::Yes, said, Some(next));
    }
    cause(NAME, Seen::No, said, None)
}

fn boot_volume(around: &Surroundings) -> Cause {
    const NAME: &str = "boot-volume";
    match around.on_boot_volume {
        Some(true) => cause(
            NAME,
            Seen::Yes,
            "the folder is on the volume that Windows runs from".to_owned(),
            Some("move the folder to a volume of its own: configcid envelopes move NEWDIR"),
        ),
        Some(false) => cause(NAME, Seen::No, "the folder is not on the volume that Windows runs from".to_owned(), None),
        None => cause(
            NAME,
            Seen::Unknown,
            "which volume the folder is on cannot be told from here".to_owned(),
            Some("see where it is on the server itself: configcid envelopes where"),
        ),
    }
}

/// Bytes for people, as `1.5 MiB`.
pub fn bytes(number: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if number < 1 << 10 {
        return count(number as usize, "byte", "bytes");
    }
    let unit = (number.ilog2() / 10).min(6);
    format!("{:.1} {}", number as f64 / (1_u64 << (10 * unit)) as f64, units[unit as usize - 1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelopes::PORTS;

    fn seen(around: &Surroundings) -> [Seen; 4] {
        let causes = causes(around);
        assert_eq!(
            causes.iter().map(|cause| cause.cause).collect::<Vec<_>>(),
            ["too-many-endpoints", "free-space", "boot-volume", "ports"]
        );
        for cause in &causes {
            assert_eq!(cause.next.is_none(), cause.seen == Seen::No, "{cause:?}");
        }
        [0, 1, 2, 3].map(|index: usize| causes[index].seen)
    }

    #[test]
    fn what_is_not_known_is_said_to_be_unknown() {
        assert_eq!(seen(&Surroundings::default()), [Seen::Unknown; 4]);
    }

    #[test]
    fn endpoints_that_report_directly_are_counted() {
        let with = |endpoints, direct, relays, system: Option<&str>| {
            let system = system.map(|name| System::named(name).unwrap());
            seen(&Surroundings { endpoints, direct, relays, system, ..Surroundings::default() })[0]
        };
        assert_eq!(with(Some(5_000), None, None, None), Seen::No);
        assert_eq!(with(Some(5_001), None, None, None), Seen::Yes);
        assert_eq!(with(Some(5_000), None, None, Some("2008")), Seen::Yes);
        assert_eq!(with(Some(4_000), None, Some(0), Some("2008")), Seen::No);
        assert_eq!(with(Some(9_000), None, Some(3), None), Seen::Unknown);
        assert_eq!(with(Some(3_000), None, Some(3), None), Seen::No);
        assert_eq!(with(Some(9_000), Some(100), Some(3), None), Seen::No);
        assert_eq!(with(None, Some(6_000), None, None), Seen::Yes);
    }

    #[test]
    fn space_is_little_below_a_bound() {
        let with =
            |free, total| seen(&Surroundings { space: Some(Space { free, total }), ..Surroundings::default() })[1];
        assert_eq!(with(1 << 29, 1 << 33), Seen::Yes);
        assert_eq!(with(1 << 31, 1 << 33), Seen::No);
        assert_eq!(with(1 << 31, 1 << 40), Seen::Yes);
        let given = |min_free| {
            let space = Some(Space { free: 1 << 20, total: 1 << 40 });
            seen(&Surroundings { space, min_free: Some(min_free), ..Surroundings::default() })[1]
        };
        assert_eq!((given(1 << 20), given((1 << 20) + 1)), (Seen::No, Seen::Yes));
        assert_eq!(
            (bytes(1023), bytes(1024), bytes(u64::MAX)),
            ("1023 bytes".into(), "1.0 KiB".into(), "16.0 EiB".into())
        );
    }

    #[test]
    fn one_closed_port_is_enough() {
        let with = |ports: &[u16]| {
            let listening = Some(Listening { host: "SERVER".into(), ports: ports.into() });
            seen(&Surroundings { listening, ..Surroundings::default() })[3]
        };
        assert_eq!((with(&PORTS), with(&PORTS[..2]), with(&[])), (Seen::No, Seen::Yes, Seen::Yes));
        assert!(on_volume(r"c:\ProgramData", "C:") && !on_volume(r"D:\x", "C:") && !on_volume("", "C:"));
    }
}
