//! Whether a relay's own computer does what its CID set up: article 14635's question, "has it installed from the new CID?",
//! and what else a relay must have before endpoints can report to it. What was not looked at is unknown, never right.

mod certificate;
mod ephemeral;
mod files;
mod network;
mod registry;
mod sockets;

pub(crate) use certificate::Certificates;
pub(crate) use ephemeral::{DynamicPorts, Tcpip};
pub(crate) use files::{InstalledFile, RelayCid, relay_list};
pub(crate) use network::ports;
pub(crate) use sockets::Sockets;

use crate::base::language::said_whole;
use std::time::SystemTime;

use serde::Serialize;

use crate::envelopes::{RouterSeen, ServiceState};
use crate::firewall::{Firewall, Profile};
use crate::probe::Reading;
use crate::router::Router;

/// What was there to look at. Whatever is missing makes its point unknown.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    /// The CID that the relay should have installed from.
    pub(crate) cid: Option<RelayCid>,
    /// The relay's own `mrinit.conf`.
    pub(crate) installed: Option<InstalledFile>,
    /// The names of the computer, where it is this one.
    pub(crate) own_name: Option<String>,
    /// The router's values in the registry.
    pub(crate) router: Option<Router>,
    /// The router's service, where it is this computer's; the inner `None`: there is no such service.
    pub(crate) service: Option<Option<ServiceState>>,
    /// What listens on which ports.
    pub(crate) sockets: Option<Sockets>,
    /// The firewall.
    pub(crate) firewall: Option<Firewall>,
    /// The profiles of the firewall that the computer is in; none where that is not known.
    pub(crate) profiles: Vec<Profile>,
    /// What the relay tells endpoints, by the address that was asked.
    pub(crate) readings: Vec<(String, Reading)>,
    /// How the router stands at the end of its logs.
    pub(crate) logs: Option<RouterSeen>,
    /// The router's certificates, and the estate's.
    pub(crate) certificates: Certificates,
    /// What the registry says of ephemeral ports.
    pub(crate) tcpip: Option<Tcpip>,
    /// The range of ephemeral ports of a Windows since Vista.
    pub(crate) dynamic: Option<DynamicPorts>,
    /// Whether the relay's Windows is of before Vista.
    pub(crate) before_vista: Option<bool>,
    /// How many endpoints are to report to the relay.
    pub(crate) endpoints: Option<u64>,
}

/// How a point stands. The order is that in which they want attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Standing {
    /// It was seen not to be as it should.
    Wrong,
    /// It works, or may work, and wants a look.
    Doubtful,
    /// It could not be looked at.
    Unknown,
    /// It was seen to be as it should.
    Right,
}

impl Standing {
    /// In one word.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Doubtful => "doubtful",
            Self::Unknown => "unknown",
            Self::Right => "right",
        }
    }
}

/// One of the things that a relay needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Point {
    /// Which: one of [`POINTS`].
    pub(crate) point: &'static str,
    /// Its place in the one list of all, from 1: by standing, then in the order of [`POINTS`].
    pub(crate) rank: usize,
    /// How it stands.
    pub(crate) state: Standing,
    /// In a sentence.
    pub(crate) what: String,
    /// What that rests on, each as a sentence.
    pub(crate) evidence: Vec<String>,
    /// What to do about it, or to find out. None where it is right.
    pub(crate) next: Option<String>,
}

impl Point {
    fn new(point: &'static str, state: Standing, what: impl Into<String>) -> Self {
        Self { point, rank: 0, state, what: said_whole(what.into()), evidence: Vec::new(), next: None }
    }

    fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(said_whole(next.into()));
        self
    }

    fn evidence(mut self, evidence: Vec<String>) -> Self {
        self.evidence = evidence;
        self
    }
}

/// The points in the order of their weight (our choice): first what has the relay be none at all, then what keeps endpoints
/// from it, then what comes later.
pub(crate) const POINTS: [&str; 10] = [
    "cid",
    "parent",
    "own-mrinit",
    "relay-values",
    "listening",
    "firewall",
    "object-reference",
    "router-connection",
    "certificate",
    "ephemeral-ports",
];

/// The points by which the article's question is answered \[14635\]: where these are right, it has installed from the CID.
const INSTALLED: [&str; 3] = ["parent", "own-mrinit", "relay-values"];

/// Whether the relay has installed from its CID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Answer {
    /// It has.
    Yes,
    /// It has not.
    No,
    /// Not enough was there to look at.
    Unknown,
}

/// What [`check`] found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Readiness {
    /// Whether it has installed from its CID \[14635\].
    pub(crate) installed: Answer,
    /// The relay, as its endpoints are told.
    pub(crate) relay: Option<String>,
    /// The relay's own parent, as it should be.
    pub(crate) parent: Option<String>,
    /// Every point, by its rank.
    pub(crate) points: Vec<Point>,
}

impl Readiness {
    /// Whether anything was seen to be wrong, or the question has no answer.
    pub(crate) fn has_faults(&self) -> bool {
        self.installed != Answer::Yes || self.points.iter().any(|point| point.state == Standing::Wrong)
    }

    /// How many points stand so.
    pub(crate) fn count(&self, state: Standing) -> usize {
        self.points.iter().filter(|point| point.state == state).count()
    }
}

/// Judges what was seen of a relay's computer, at a moment.
pub(crate) fn check(seen: &Evidence, at: SystemTime) -> Readiness {
    let mut points = vec![
        files::cid(seen),
        registry::parent(seen),
        files::own_mrinit(seen),
        registry::relay_values(seen),
        network::listening(seen),
        network::firewall(seen),
        network::object_reference(seen),
        network::router_connection(seen),
        certificate::certificate(&seen.certificates, at),
        ephemeral::ephemeral_ports(seen),
    ];
    debug_assert!(points.iter().map(|point| point.point).eq(POINTS));
    let of_installed: Vec<Standing> =
        points.iter().filter(|point| INSTALLED.contains(&point.point)).map(|point| point.state).collect();
    let installed = if of_installed.contains(&Standing::Wrong) {
        Answer::No
    } else if of_installed.iter().all(|state| *state == Standing::Right) {
        Answer::Yes
    } else {
        Answer::Unknown
    };
    // The sort is stable: equals stay in the order of their weight.
    points.sort_by_key(|point| point.state);
    for (index, point) in points.iter_mut().enumerate() {
        point.rank = index + 1;
    }
    Readiness { installed, relay: files::relay_list(seen), parent: files::parent_list(seen), points }
}

#[cfg(test)]
mod tests;
