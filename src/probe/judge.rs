//! What a reference means for those who follow it. Knows no network: names are looked up by whoever asks.

use crate::base::language::said;
use std::net::IpAddr;

use super::codes;
use super::{Place, ProbeFault, Reading, Scope};
use crate::ior::{Endpoint, Ior, ROUTER_TYPE};

/// What a name means.
pub(super) enum Lookup {
    Found(Vec<IpAddr>),
    Unknown(String),
    NotTried,
}

/// Who sent the reference.
pub(super) struct Probed<'a> {
    pub host: &'a str,
    /// The address that answered.
    pub peer: IpAddr,
    /// All that the host means.
    pub addresses: &'a [IpAddr],
    /// Whether an address is one of this computer.
    pub is_own: &'a dyn Fn(IpAddr) -> bool,
}

/// The port of IIOP over SSL that a router has by default (formats.md, section 2).
const SSL_PORT: u16 = 8194;

const BEHIND_NAT: &str = "let the relay's router name an address that its endpoints reach (docs/probe.md)";

/// Looks up where a reference leads and says what is wrong with it. As long as one place is right, what is wrong with
/// others is worth a note alone: those who follow the reference come to it in the end.
pub(super) fn judge(ior: Ior, look_up: &dyn Fn(&str) -> Lookup, probed: Option<&Probed>) -> Reading {
    let mut reading = Reading::default();
    let mut wrong = Vec::new();
    for endpoint in ior.endpoints() {
        let (place, fault) = judge_place(endpoint, look_up, probed);
        if reading.connects_to.contains(&place) {
            continue;
        }
        match fault {
            Some(fault) => wrong.push(fault),
            None => reading.notes.extend(reach(&place)),
        }
        reading.connects_to.push(place);
    }
    if reading.connects_to.is_empty() {
        reading.faults.push(ProbeFault {
            code: codes::NO_IIOP_PROFILE,
            what: text!("the reference has no IIOP profile that can be read: it tells endpoints no host to connect to")
                .into(),
            next: text!("look whether this is a router; if so, restart its service \"Sophos Message Router\""),
        });
    } else if wrong.len() < reading.connects_to.len() {
        reading.notes.extend(wrong.into_iter().map(|fault| fault.what));
    } else {
        reading.faults = wrong;
    }
    note(&ior, &mut reading);
    reading.ior = Some(ior);
    reading
}

fn note(ior: &Ior, reading: &mut Reading) {
    let places = &reading.connects_to;
    if ior.type_id != ROUTER_TYPE {
        let what = if ior.type_id.is_empty() { text!("nothing named") } else { &ior.type_id };
        reading
            .notes
            .push(text!("the reference is to {what}, not to a message router: is it another program's port?", what));
    } else if !places.is_empty() && places.iter().all(|place| place.ssl_port.is_none()) {
        reading.notes.push(text!("the reference names no port for SSL; a router usually has one, 8194 (ssl_port in ServiceArgs, where that is set)").into());
    }
    let mut others: Vec<u16> =
        places.iter().filter_map(|place| place.ssl_port).filter(|port| *port != SSL_PORT).collect();
    others.dedup();
    for port in others {
        reading.notes.push(text!("the reference names port {port} for SSL, where routers have {SSL_PORT}: firewalls must let {port} through (ClientSSLPort of mrinit.conf, ssl_port in ServiceArgs)", port, SSL_PORT));
    }
}

fn judge_place(
    endpoint: Endpoint,
    look_up: &dyn Fn(&str) -> Lookup,
    probed: Option<&Probed>,
) -> (Place, Option<ProbeFault>) {
    let Endpoint { host, port, ssl_port } = endpoint;
    // The zone of a link-local address is the sender's own, and nothing to others.
    let plain = host.trim_start_matches('[').trim_end_matches(']').split('%').next().unwrap_or_default();
    let literal = plain.parse::<IpAddr>().ok();
    let looked_up = match literal {
        Some(address) => Lookup::Found(vec![address.to_canonical()]),
        None if is_name(&host) => look_up(&host),
        None => Lookup::Unknown(text!("no host can have it").into()),
    };
    let (addresses, unknown) = match looked_up {
        Lookup::Found(mut addresses) => {
            addresses.sort();
            addresses.dedup();
            (addresses, None)
        }
        Lookup::Unknown(why) => (Vec::new(), Some(why)),
        Lookup::NotTried => (Vec::new(), None),
    };
    let scope = addresses.iter().map(|address| Scope::of(*address)).max();
    let is_probed = probed.map(|probed| probed.is_at(&host, &addresses));
    let place = Place { host, port, ssl_port, addresses, scope, probed: is_probed };
    let fault = fault(&place, unknown.as_deref(), probed);
    (place, fault)
}

fn fault(place: &Place, unknown: Option<&str>, probed: Option<&Probed>) -> Option<ProbeFault> {
    let told = text!("endpoints are told to connect to {place}", place);
    let fault = |code, what, next| Some(ProbeFault { code, what, next: said(next) });
    if place.port.is_none() && place.ssl_port.is_none() {
        let next = text!(
            "look at the router's ports (ClientIIOPPort and ClientSSLPort of mrinit.conf), and restart its service"
        );
        return fault(codes::NO_PORT, text!("{told}, at port 0: that is none", told), next);
    }
    if let Some(why) = unknown {
        let what = text!("{told}, a name that cannot be resolved here: {why}", told, why);
        return fault(codes::UNRESOLVABLE, what, BEHIND_NAT);
    }
    let scope = place.scope?;
    if scope == Scope::Nobody {
        return fault(codes::UNUSABLE_ADDRESS, format!("{told}, {}", scope.words()), BEHIND_NAT);
    }
    let Some(probed) = probed else {
        return match scope {
            Scope::Loopback => fault(codes::PRIVATE_ADDRESS, format!("{told}, {}", scope.words()), BEHIND_NAT),
            _ => None,
        };
    };
    if place.probed == Some(true) {
        return None;
    }
    let instead = text!("not to {}, which was probed", probed.name());
    match scope {
        Scope::Public => fault(
            codes::OTHER_HOST,
            format!("{told}, {instead}"),
            text!(
                "look whether the two are one machine, or which is the right one; else mend the router's address or the DNS"
            ),
        ),
        _ => fault(
            codes::PRIVATE_ADDRESS,
            text!("{told}, {words}, and {instead}", told, words = scope.words(), instead),
            BEHIND_NAT,
        ),
    }
}

/// What to know of a place that is right.
fn reach(place: &Place) -> Option<String> {
    let words = place.scope.filter(|scope| *scope < Scope::Public)?.words();
    let tell = place.scope == Some(Scope::Loopback) || place.probed.is_none();
    tell.then(|| text!("{place} is {words}", place, words))
}

impl std::fmt::Display for Place {
    /// The host, with its addresses where it is a name.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.host.is_empty() { text!("(no host)") } else { &self.host })?;
        match &self.addresses[..] {
            [] => Ok(()),
            [address] if address.to_string() == self.host => Ok(()),
            addresses => write!(f, " ({})", addresses.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(", ")),
        }
    }
}

impl Probed<'_> {
    fn name(&self) -> String {
        let peer = self.peer.to_string();
        if self.host == peer { peer } else { format!("{} ({peer})", self.host) }
    }

    /// Whether a place is this host: by its name, by an address, or because this computer probes itself.
    fn is_at(&self, host: &str, addresses: &[IpAddr]) -> bool {
        let plain = |name: &str| name.trim_end_matches('.').to_ascii_lowercase();
        plain(host) == plain(self.host)
            || addresses.iter().any(|address| {
                *address == self.peer
                    || self.addresses.contains(address)
                    || (self.peer.is_loopback() && Scope::of(*address) != Scope::Nobody && (self.is_own)(*address))
            })
    }
}

fn is_name(host: &str) -> bool {
    !host.is_empty() && host.len() <= 253 && host.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"')
}
