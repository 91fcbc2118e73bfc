//! Each of the likely causes, but for the firewall: what was seen of it, and what to do \[63588\].

use super::rules::{BUSY, LITTLE_MEMORY, LITTLE_SPACE, LONG_QUEUE, STALLED, STOLEN, System};
use super::surroundings::{Cause, Seen, Space, Surroundings, bytes, cause};
use crate::base::text::count;
use crate::base::time;

pub(super) fn too_many(around: &Surroundings) -> Cause {
    const NAME: &str = "too-many-endpoints";
    const NEXT: &str = "let endpoints report to message relays: configcid relay set";
    let (limit, kind) = match around.system {
        Some(system) => (system.direct, text!("a Windows {}", system.name)),
        None => (System::default().direct, text!("a server (4000 to a Windows 2008)").to_owned()),
    };
    let direct = match (around.direct(), around.endpoints) {
        (Some(direct), _) => direct,
        // Not even all of them would be too many.
        (None, Some(endpoints)) if endpoints <= limit => endpoints,
        _ => {
            let what = text!("how many endpoints report directly is not known; {limit} may to {kind}", limit, kind);
            return cause(
                NAME,
                Seen::Unknown,
                what,
                Some(text!("count those that report to no relay, and say --direct N")),
            );
        }
    };
    let said = text!(
        "{direct} directly, at most; {limit} may to {kind}",
        direct = count(direct as usize, "endpoint reports", "endpoints report"),
        limit,
        kind
    );
    match direct > limit {
        true => cause(NAME, Seen::Yes, said, Some(NEXT)),
        false => cause(NAME, Seen::No, said, None),
    }
}

pub(super) fn space(around: &Surroundings) -> Cause {
    const NAME: &str = "free-space";
    let Some(Space { free, total }) = around.space else {
        let what = text!("the free space of the volume is not known").to_owned();
        return cause(
            NAME,
            Seen::Unknown,
            what,
            Some(text!("look at the free space of the volume of the Envelopes folder")),
        );
    };
    let said = text!("{} of {} are free on the folder's volume", bytes(free), bytes(total));
    if is_little(around) == Some(true) {
        let next =
            text!("make room on the volume, or move the folder to another: configcid envelopes move NEWDIR [113040]");
        return cause(NAME, Seen::Yes, said, Some(next));
    }
    cause(NAME, Seen::No, said, None)
}

/// Whether there is little space; `None` where that is not known.
fn is_little(around: &Surroundings) -> Option<bool> {
    let Space { free, total } = around.space?;
    Some(free < around.min_free.unwrap_or(LITTLE_SPACE.max(total / 20)))
}

/// Being there is no cause in itself: that there is little space on it is \[63588\].
pub(super) fn boot_volume(around: &Surroundings) -> Cause {
    const NAME: &str = "boot-volume";
    let (seen, what, next) = match (around.on_boot_volume, is_little(around)) {
        (Some(true), Some(true)) => (
            Seen::Yes,
            text!("the folder is on the volume that Windows runs from, and there is little space on it"),
            Some(text!("move the folder to another volume: configcid envelopes move NEWDIR [113040]")),
        ),
        (Some(true), Some(false)) => {
            (Seen::No, text!("the folder is on the volume that Windows runs from, which has space enough"), None)
        }
        (Some(true), None) => (
            Seen::Unknown,
            text!("the folder is on the volume that Windows runs from; how much space that has is not known"),
            Some(text!("look at the free space of that volume; where it is little, move the folder [113040]")),
        ),
        (Some(false), _) => (Seen::No, text!("the folder is not on the volume that Windows runs from"), None),
        (None, Some(false)) => (Seen::No, text!("whichever volume the folder is on, it has space enough"), None),
        (None, _) => (
            Seen::Unknown,
            text!("which volume the folder is on cannot be told from here"),
            Some(text!("see where it is on the server itself: configcid envelopes where")),
        ),
    };
    let mut found = cause(NAME, seen, what.to_owned(), next);
    found.evidence.extend(around.registry.iter().filter(|line| line.contains("EnvelopeDir")).cloned());
    found
}

/// Policies that are sent to many at once, above all to computers that are off \[63588, 113072\].
pub(super) fn comply_with(around: &Surroundings) -> Cause {
    const NAME: &str = "comply-with";
    const NEXT: &str = "ask who used \"Comply with | All Group Policies\" and when, above all towards computers that are off \
                        [113072]; send the one policy that changed, to the computers that need it";
    let waiting = around.waiting.as_ref();
    if waiting.is_some_and(|waiting| waiting.count == 0) {
        return cause(NAME, Seen::No, text!("no message waits").to_owned(), None);
    }
    // A burst of a few messages is none (our choice).
    let burst = waiting.and_then(|waiting| {
        let (hour, most) = waiting.fullest_hour.filter(|(_, most)| *most >= 10 && *most * 2 >= waiting.count)?;
        let messages = count(waiting.count as usize, "message", "messages");
        Some(text!("{most} of {messages} were written in the hour from {hour}, as when policies are sent to many endpoints at once", most, messages, hour = time::print(hour)))
    });
    let what = burst.unwrap_or_else(|| {
        text!("whether policies were sent to many endpoints at once is not written in the folder").to_owned()
    });
    cause(NAME, Seen::Unknown, what, Some(NEXT))
}

/// Messages for endpoints that are off for long, or gone \[63588\].
pub(super) fn retired(around: &Surroundings) -> Cause {
    const NAME: &str = "retired-endpoints";
    let waiting = around.waiting.as_ref();
    if waiting.is_some_and(|waiting| waiting.count == 0) {
        return cause(NAME, Seen::No, text!("no message waits").to_owned(), None);
    }
    let old = waiting.and_then(|waiting| {
        let messages = count(waiting.count as usize, "message", "messages");
        let old = waiting.older_than_a_day?;
        Some(text!("{old} of {messages} are older than a day, as those for endpoints that are off or retired become; they go at the end \
             of their time to live", old, messages))
    });
    let what = old.unwrap_or_else(|| text!("whom the messages are for is not known").to_owned());
    let next = text!(
        "in the console, look for computers that have not reported for long, and take those that are retired out of it"
    );
    cause(NAME, Seen::Unknown, what, Some(next))
}

pub(super) fn virtual_machine(around: &Surroundings) -> Cause {
    const NAME: &str = "virtual-machine";
    const NEXT: &str =
        "look at the host: whether it gives more memory and processors away than it has, and how busy its disks are";
    let resources = around.resources.clone().unwrap_or_default();
    match resources.virtual_machine.as_deref() {
        None => cause(
            NAME,
            Seen::Unknown,
            text!("whether the server is a virtual machine is not known").to_owned(),
            Some(NEXT),
        ),
        Some("") => cause(
            NAME,
            Seen::No,
            text!("the server is no virtual machine, by what its maker calls it").to_owned(),
            None,
        ),
        Some(name) => match resources.stolen_percent {
            Some(stolen) if stolen >= STOLEN => {
                let what = text!(
                    "the server is a virtual machine ({name}), from which the host took {stolen} % of the time",
                    name,
                    stolen = format!("{stolen:.0}")
                );
                cause(NAME, Seen::Yes, what, Some(NEXT))
            }
            _ => {
                let what = text!(
                    "the server is a virtual machine ({name}); whether its host is over-committed is not seen in it",
                    name
                );
                cause(NAME, Seen::Unknown, what, Some(NEXT))
            }
        },
    }
}

pub(super) fn memory(around: &Surroundings) -> Cause {
    const NAME: &str = "memory";
    let seen = around.resources.as_ref().and_then(|seen| Some((seen.memory_free?, seen.memory_total?)));
    let Some((free, total)) = seen else {
        let next =
            text!("on the server, look at what is available in the Task Manager, tab Performance; or run this there");
        return cause(
            NAME,
            Seen::Unknown,
            text!("how much memory the server has left is not known").to_owned(),
            Some(next),
        );
    };
    let said = text!("{} of {} of memory are available", bytes(free), bytes(total));
    match free < total / LITTLE_MEMORY {
        true => {
            cause(NAME, Seen::Yes, said, Some(text!("see which programs have the memory, and give the server more")))
        }
        false => cause(NAME, Seen::No, said, None),
    }
}

pub(super) fn processor(around: &Surroundings) -> Cause {
    const NAME: &str = "processor";
    let Some(load) = around.resources.as_ref().and_then(|seen| seen.processor_load) else {
        let next = text!(
            "on the server, look at the Task Manager, tab Performance, and at the counter \"Processor Queue Length\"; or run \
                    this there"
        );
        return cause(
            NAME,
            Seen::Unknown,
            text!("how busy the server's processors are is not known").to_owned(),
            Some(next),
        );
    };
    let said = text!("the processors have {load} times the work that they can do", load = format!("{load:.2}"));
    match load >= BUSY {
        true => cause(
            NAME,
            Seen::Yes,
            said,
            Some(text!("see which programs take the processors, and give the server more of them")),
        ),
        false => cause(NAME, Seen::No, said, None),
    }
}

pub(super) fn disk_io(around: &Surroundings) -> Cause {
    const NAME: &str = "disk-io";
    const NEXT: &str = "see which programs use the disk, and move the folder to a faster one: configcid envelopes move NEWDIR [113040]";
    let seen = around.resources.as_ref();
    let (said, is_slow) = match seen.map(|seen| (seen.disk_queue, seen.disk_stall_percent)) {
        Some((Some(queue), _)) => {
            (text!("{queue} requests wait for the disks", queue = format!("{queue:.1}")), queue > LONG_QUEUE)
        }
        Some((None, Some(stall))) => (
            text!("programs waited for a disk in {stall} % of the last minute", stall = format!("{stall:.0}")),
            stall >= STALLED,
        ),
        _ => {
            let next = text!(
                "on the server, look at the counter \"Avg. Disk Queue Length\" of the folder's disk; or run this there"
            );
            return cause(
                NAME,
                Seen::Unknown,
                text!("how busy the server's disks are is not known").to_owned(),
                Some(next),
            );
        }
    };
    match is_slow {
        true => cause(NAME, Seen::Yes, said, Some(NEXT)),
        false => cause(NAME, Seen::No, said, None),
    }
}

/// Whether the router reaches its parent: no cause of the article, but messages wait where it does not (our choice).
pub(super) fn router(around: &Surroundings) -> Cause {
    const NAME: &str = "router-connection";
    let mut found = match &around.router {
        None => {
            let what = text!("whether the router is connected is not known: its logs were not read").to_owned();
            cause(
                NAME,
                Seen::Unknown,
                what,
                Some(text!("read the router's logs: --logs DIR here, or configcid envelopes logs DIR")),
            )
        }
        Some(seen) => {
            let next =
                seen.next.first().map_or(text!("read the router's logs: configcid envelopes logs DIR"), String::as_str);
            let is = if seen.well { Seen::No } else { Seen::Yes };
            let mut found = cause(NAME, is, text!("by the logs, {}", seen.what), (!seen.well).then_some(next));
            found.evidence = seen.evidence.clone();
            found
        }
    };
    found.evidence.extend(around.registry.iter().filter(|line| !line.contains("EnvelopeDir")).cloned());
    found
}
