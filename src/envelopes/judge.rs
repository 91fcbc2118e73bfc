//! Why messages pile up: the likely causes, in the article's order \[63588\] and as one ranked list.

use super::ports::ports;
use super::reasons;
use super::surroundings::{Cause, Seen, Surroundings};

/// The names of the causes, in the order in which the article has them \[63588\]; it has none for the last.
pub(crate) const CAUSES: [&str; 11] = [
    "too-many-endpoints",
    "comply-with",
    "virtual-machine",
    "memory",
    "processor",
    "disk-io",
    "ports",
    "free-space",
    "boot-volume",
    "retired-endpoints",
    "router-connection",
];

/// Those that keep messages from being delivered where they are seen; the others make it slow (our choice).
const FAILURES: [&str; 3] = ["ports", "free-space", "router-connection"];

/// The causes in the article's order.
pub(crate) fn causes(around: &Surroundings) -> Vec<Cause> {
    let mut causes = vec![
        reasons::too_many(around),
        reasons::comply_with(around),
        reasons::virtual_machine(around),
        reasons::memory(around),
        reasons::processor(around),
        reasons::disk_io(around),
        ports(around),
        reasons::space(around),
        reasons::boot_volume(around),
        reasons::retired(around),
        reasons::router(around),
    ];
    let weight = |cause: &Cause| match cause.seen {
        Seen::Yes if FAILURES.contains(&cause.cause) => 0,
        Seen::Yes => 1,
        Seen::Unknown => 2,
        Seen::No => 3,
    };
    let mut order: Vec<usize> = (0..causes.len()).collect();
    order.sort_by_key(|index| weight(&causes[*index]));
    for (rank, index) in order.into_iter().enumerate() {
        causes[index].rank = rank + 1;
    }
    causes
}

/// The causes as one list: by their rank.
pub(crate) fn ranked(causes: &[Cause]) -> Vec<&Cause> {
    let mut ranked: Vec<&Cause> = causes.iter().collect();
    ranked.sort_by_key(|cause| cause.rank);
    ranked
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::super::rules::System;
    use super::super::surroundings::{Listening, RouterSeen, Space, Waiting, bytes, on_volume};
    use super::*;
    use crate::envelopes::PORTS;
    use crate::host::resources::Resources;

    /// Whether each of these was seen.
    fn seen(around: &Surroundings) -> [Seen; 4] {
        let causes = causes(around);
        assert_eq!(causes.iter().map(|cause| cause.cause).collect::<Vec<_>>(), CAUSES);
        for cause in &causes {
            assert_eq!(cause.next.is_none(), cause.seen == Seen::No, "{cause:?}");
        }
        let mut ranks: Vec<usize> = causes.iter().map(|cause| cause.rank).collect();
        ranks.sort_unstable();
        assert_eq!(ranks, (1..=CAUSES.len()).collect::<Vec<_>>());
        ["too-many-endpoints", "free-space", "boot-volume", "ports"]
            .map(|name| causes.iter().find(|cause| cause.cause == name).unwrap().seen)
    }

    fn of(around: &Surroundings, name: &str) -> Cause {
        causes(around).into_iter().find(|cause| cause.cause == name).unwrap()
    }

    #[test]
    fn what_fails_comes_before_what_slows_down() {
        let around = Surroundings {
            direct: Some(9_000),
            space: Some(Space { free: 1 << 20, total: 1 << 40 }),
            router: Some(RouterSeen { well: false, what: "lost".into(), evidence: Vec::new(), next: Vec::new() }),
            ..Surroundings::default()
        };
        let all = causes(&around);
        let names: Vec<_> = ranked(&all).iter().map(|cause| cause.cause).collect();
        assert_eq!(names[..3], ["free-space", "router-connection", "too-many-endpoints"]);
        assert_eq!(names[3..6], ["comply-with", "virtual-machine", "memory"]);
    }

    #[test]
    fn the_boot_volume_is_a_cause_where_space_is_little() {
        let with = |free, on_boot_volume| {
            let space = Some(Space { free, total: 1 << 40 });
            seen(&Surroundings { space, on_boot_volume, ..Surroundings::default() })[2]
        };
        assert_eq!(
            [Some(true), Some(false), None].map(|boot| with(1 << 20, boot)),
            [Seen::Yes, Seen::No, Seen::Unknown]
        );
        assert_eq!([Some(true), Some(false), None].map(|boot| with(1 << 39, boot)), [Seen::No; 3]);
        let unknown = Surroundings { on_boot_volume: Some(true), ..Surroundings::default() };
        assert_eq!(seen(&unknown)[2], Seen::Unknown);
    }

    #[test]
    fn the_server_is_seen_where_it_is_this_computer() {
        let mut resources = Resources::default();
        let around =
            |resources: &Resources| Surroundings { resources: Some(resources.clone()), ..Surroundings::default() };
        let all = |resources: &Resources| {
            ["virtual-machine", "memory", "processor", "disk-io"].map(|name| of(&around(resources), name).seen)
        };
        assert_eq!(all(&resources), [Seen::Unknown; 4]);
        resources.virtual_machine = Some(String::new());
        (resources.memory_total, resources.memory_free) = (Some(100), Some(10));
        (resources.processor_load, resources.disk_queue) = (Some(0.89), Some(2.0));
        assert_eq!(all(&resources), [Seen::No; 4]);
        resources.virtual_machine = Some("VMware".into());
        assert_eq!(all(&resources)[0], Seen::Unknown);
        resources.stolen_percent = Some(5.0);
        resources.memory_free = Some(9);
        (resources.processor_load, resources.disk_queue) = (Some(0.9), Some(2.1));
        assert_eq!(all(&resources), [Seen::Yes; 4]);
        (resources.disk_queue, resources.disk_stall_percent) = (None, Some(20.0));
        assert_eq!(all(&resources)[3], Seen::Yes);
    }

    #[test]
    fn the_folder_tells_of_bursts_and_of_what_stays() {
        let none = Surroundings { waiting: Some(Waiting::default()), ..Surroundings::default() };
        assert_eq!(["comply-with", "retired-endpoints"].map(|name| of(&none, name).seen), [Seen::No; 2]);
        let hour = SystemTime::UNIX_EPOCH;
        let waiting = Some(Waiting { count: 100, older_than_a_day: Some(40), fullest_hour: Some((hour, 60)) });
        let some = Surroundings { waiting, ..Surroundings::default() };
        let burst = of(&some, "comply-with");
        assert!(burst.seen == Seen::Unknown && burst.what.contains("60 of 100"), "{burst:?}");
        let retired = of(&some, "retired-endpoints");
        assert!(retired.seen == Seen::Unknown && retired.what.contains("40 of 100"), "{retired:?}");
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
