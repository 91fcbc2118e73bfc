//! What endpoints meet at the relay: its ports, its firewall, what it tells them; and whether it reaches its own parent.

use super::registry::{has_listen_arguments, service};
use super::{Evidence, Point, Standing};
use crate::envelopes::{self, PORTS, Seen, Surroundings};
use crate::mrinit::{Mrinit, Value};

/// The router's ports by the relay's own file, else by that of the CID, else the usual ones: IOR, IIOP, SSL (formats.md,
/// section 2).
pub(crate) fn ports(seen: &Evidence) -> [u16; 3] {
    let conf = seen.installed.as_ref().map(|file| &file.conf).or(seen.cid.as_ref().map(|cid| &cid.conf));
    let port = |conf: &Mrinit, name: &str| match conf.get(name).ok()??.value {
        Value::Dword(port) => u16::try_from(*port).ok().filter(|port| *port > 0),
        Value::Text(_) => None,
    };
    let names = ["ClientIORPort", "ClientIIOPPort", "ClientSSLPort"];
    let mut ports = PORTS;
    for (place, name) in ports.iter_mut().zip(names) {
        *place = conf.and_then(|conf| port(conf, name)).unwrap_or(*place);
    }
    ports
}

/// The point `listening`.
pub(super) fn listening(seen: &Evidence) -> Point {
    const NAME: &str = "listening";
    const START: &str =
        "start the service \"Sophos Message Router\" on the relay, and look into its log (configcid envelopes logs)";
    let service = service(seen);
    let runs = service.as_ref().map(|(runs, _)| *runs);
    let mut evidence: Vec<String> = service.into_iter().map(|(_, what)| what).collect();
    let Some(sockets) = &seen.sockets else {
        if runs == Some(false) {
            return Point::new(NAME, Standing::Wrong, text!("the router does not run")).evidence(evidence).next(START);
        }
        return Point::new(NAME, Standing::Unknown, text!("whether the router listens was not looked at")).evidence(evidence).next(
            "ask it with --probe [HOST], or on the relay: netstat -an > netstat.txt, and name the file with --netstat FILE",
        );
    };
    let ports = ports(seen);
    let from = sockets.from();
    for port in ports {
        evidence.push(match sockets.listens(port) {
            Some(true) => text!("something listens on {port} ({from})", port, from),
            Some(false) => text!("something listens on {port} for the relay itself alone ({from})", port, from),
            None => text!("nothing listens on {port} ({from})", port, from),
        });
    }
    let shut: Vec<String> =
        ports.iter().filter(|port| sockets.listens(**port) != Some(true)).map(u16::to_string).collect();
    if runs == Some(false) || !shut.is_empty() {
        let what = match shut.is_empty() {
            true => text!("the router does not run, and something else has its ports").to_owned(),
            false => text!("the router does not listen on {}", shut.join(", ")),
        };
        return Point::new(NAME, Standing::Wrong, what).evidence(evidence).next(START);
    }
    Point::new(
        NAME,
        Standing::Right,
        text!("the router's ports listen: {}", ports.map(|port| port.to_string()).join(", ")),
    )
    .evidence(evidence)
}

/// The point `firewall`: judged as where messages wait \[63588, 12340\].
pub(super) fn firewall(seen: &Evidence) -> Point {
    const NAME: &str = "firewall";
    let unknown = |what: &str, next: &str| Point::new(NAME, Standing::Unknown, what).next(next);
    let Some(firewall) = &seen.firewall else {
        return unknown(
            text!("whether the relay's firewall lets endpoints in was not looked at"),
            text!("export it on the relay [12340], and name the files with --firewall FILE"),
        );
    };
    let usual = ports(seen) == PORTS;
    if !usual {
        return unknown(
            text!("the router has other ports than 8192, 8193 and 8194, by which alone a firewall is judged here"),
            text!("look at the firewall's rules by hand"),
        );
    }
    let mut around = Surroundings::default();
    (around.firewall, around.profiles) = (Some(firewall.clone()), seen.profiles.clone());
    let Some(cause) = envelopes::causes(&around).into_iter().find(|cause| cause.cause == "ports") else {
        return unknown(text!("the firewall could not be judged"), text!("look at its rules by hand"));
    };
    let state = match cause.seen {
        Seen::Yes => Standing::Wrong,
        Seen::Unknown => Standing::Unknown,
        Seen::No => Standing::Right,
    };
    Point { next: cause.next, ..Point::new(NAME, state, cause.what).evidence(cause.evidence) }
}

/// The point `object-reference`: what the relay tells endpoints to connect to, and whether that can work. Endpoints try the
/// parts of their list one after the other: one that works is enough for a start.
pub(super) fn object_reference(seen: &Evidence) -> Point {
    const NAME: &str = "object-reference";
    if seen.readings.is_empty() {
        let behind_nat = match seen.router.as_ref().is_some_and(has_listen_arguments) {
            true => text!("; its ServiceArgs name where it listens, as behind a NAT"),
            false => "",
        };
        let what = text!("what the relay tells endpoints to connect to was not asked{behind_nat}", behind_nat);
        return Point::new(NAME, Standing::Unknown, what)
            .next("ask it from where the endpoints are: --probe [HOST]; or name a saved answer with --ior FILE");
    }
    let mut evidence = Vec::new();
    let mut next = None;
    for (from, reading) in &seen.readings {
        for place in &reading.connects_to {
            evidence.push(text!("{from}: endpoints are told to connect to {host}", from, host = place.host));
        }
        evidence.extend(reading.notes.iter().map(|note| format!("{from}: {note}")));
        for fault in &reading.faults {
            evidence.push(format!("{from}: {} ({})", fault.what, fault.code));
            next.get_or_insert(fault.next);
        }
    }
    let good = seen.readings.iter().filter(|(_, reading)| reading.faults.is_empty()).count();
    let all = seen.readings.len();
    let (state, what) = match good {
        0 => (Standing::Wrong, text!("endpoints cannot connect to what the relay tells them").to_owned()),
        good if good < all => {
            (Standing::Doubtful, text!("endpoints can connect by {good} of the relay's {all} addresses", good, all))
        }
        _ => (Standing::Right, text!("endpoints can connect to what the relay tells them").to_owned()),
    };
    Point { next: next.map(str::to_owned), ..Point::new(NAME, state, what).evidence(evidence) }
}

/// The point `router-connection`: whether the relay's router is logged on to its own parent, by its logs.
pub(super) fn router_connection(seen: &Evidence) -> Point {
    const NAME: &str = "router-connection";
    let Some(logs) = &seen.logs else {
        return Point::new(
            NAME,
            Standing::Unknown,
            text!("whether the relay reaches its own parent was not looked at"),
        )
        .next("name the router's logs, a folder or a file, with --logs PATH");
    };
    let state = if logs.well { Standing::Right } else { Standing::Wrong };
    let next = (!logs.well).then(|| match logs.next.first() {
        Some(next) => next.clone(),
        None => text!("look into the logs with configcid envelopes logs").to_owned(),
    });
    Point { next, ..Point::new(NAME, state, logs.what.clone()).evidence(logs.evidence.clone()) }
}
