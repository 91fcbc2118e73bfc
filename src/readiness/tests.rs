use std::collections::BTreeSet;

use super::*;
use crate::base::time;
use crate::demo::DemoCid;
use crate::mrinit::Mrinit;
use crate::registry::{RegFile, Value};
use crate::router::RELAY_VALUES;

const RELAY: &str = "10.1.200.65,MRComputer.Sales.Acme,MRComputer";
const SERVER: &str = "Server.Sales.Acme,SERVER";

fn conf(relay: &str) -> Mrinit {
    let mut conf = Mrinit::parse(DemoCid::default().mrinit().into_bytes());
    let _ = conf.set("ParentRouterAddress", relay).unwrap();
    conf
}

/// A registry with this parent, and a relay's values.
fn registry(parent: Option<&str>, values: bool) -> Router {
    let mut text = "REGEDIT4\n[HKLM\\SOFTWARE\\Wow6432Node\\Sophos\\Messaging System\\Router]\n".to_owned();
    if let Some(parent) = parent {
        text += &format!("\"ParentAddress\"=\"{parent}\"\n");
    }
    for value in RELAY_VALUES.iter().filter(|_| values) {
        text += &format!("\"{}\"=dword:{:08x}\n", value.name, value.value);
    }
    Router::in_file(&RegFile::parse(text.as_bytes()).unwrap())
}

struct Relay {
    seen: Evidence,
    /// Where its mrinit.conf lies.
    dir: tempfile::TempDir,
}

/// A relay as it should be, of which files and the registry are there to look at.
fn relay() -> Relay {
    let dir = tempfile::tempdir().unwrap();
    let mut relay = Relay { seen: Evidence::default(), dir };
    relay.seen.cid = Some(RelayCid::of("MRESXP/rms/mrinit.conf", conf(RELAY)));
    relay.seen.router = Some(registry(Some(SERVER), true));
    relay.install(&conf(RELAY));
    relay
}

impl Relay {
    fn install(&mut self, conf: &Mrinit) {
        let file = self.dir.path().join("mrinit.conf");
        std::fs::write(&file, conf.bytes()).unwrap();
        self.seen.installed = Some(InstalledFile::read(&file).unwrap());
    }

    fn check(&self) -> Readiness {
        let found = check(&self.seen, time::parse("2026-11-21").unwrap());
        let names: BTreeSet<&str> = found.points.iter().map(|point| point.point).collect();
        assert_eq!(names, BTreeSet::from(POINTS));
        assert!(found.points.is_sorted_by_key(|point| (point.state, point.rank)));
        for point in &found.points {
            assert_eq!(point.next.is_none(), point.state == Standing::Right, "{point:?}");
        }
        let text = serde_json::to_string(&found).unwrap();
        for key in ["DelegatedManagerCertIdentityKey", "ManagedAppCertIdentityKey", "RouterCertIdentityKey"] {
            let secret = conf(RELAY).text(key).unwrap().to_owned();
            assert!(!text.contains(&secret[..12]), "a secret is told");
        }
        found
    }

    fn state(&self, point: &str) -> Standing {
        self.check().points.into_iter().find(|this| this.point == point).unwrap().state
    }
}

#[test]
fn a_relay_that_installed_from_its_cid_is_told_so_and_nothing_more() {
    let relay = relay();
    let found = relay.check();
    assert_eq!((found.installed, found.has_faults()), (Answer::Yes, false), "{found:#?}");
    assert_eq!((found.relay.as_deref(), found.parent.as_deref()), (Some(RELAY), Some(SERVER)));
    assert_eq!((found.count(Standing::Right), found.count(Standing::Unknown)), (4, 6));
}

#[test]
fn what_was_not_looked_at_is_never_right() {
    let found = check(&Evidence::default(), SystemTime::UNIX_EPOCH);
    assert_eq!((found.installed, found.count(Standing::Unknown)), (Answer::Unknown, POINTS.len()));
    assert!(found.has_faults());
    let mut relay = relay();
    relay.seen.installed = None;
    assert_eq!((relay.check().installed, relay.state("own-mrinit")), (Answer::Unknown, Standing::Unknown));
}

#[test]
fn the_parent_is_that_which_the_cid_gives_a_relay() {
    let mut relay = relay();
    for (parent, state) in [
        (Some("server.sales.acme, server"), Standing::Right),
        (Some("OTHER.Sales.Acme,OTHER"), Standing::Wrong),
        (Some("10.1.2.3,SERVER"), Standing::Doubtful),
        (Some(RELAY), Standing::Wrong),
        (Some("MRCOMPUTER"), Standing::Wrong),
        (Some(""), Standing::Wrong),
        (None, Standing::Wrong),
    ] {
        relay.seen.router = Some(registry(parent, true));
        assert_eq!(relay.state("parent"), state, "{parent:?}");
        let answer = if state == Standing::Right { Answer::Yes } else { relay.check().installed };
        assert_eq!(relay.check().installed, answer);
        assert!(state == Standing::Right || relay.check().has_faults());
    }
    relay.seen.router = Some(registry(Some(RELAY), true));
    let first = relay.check().points.remove(0);
    assert!(first.point == "parent" && first.what.contains("to itself"), "{first:?}");
    // Without a CID the relay's own file says whose its parent is.
    relay.seen.cid = None;
    relay.seen.router = Some(registry(Some(SERVER), true));
    assert_eq!((relay.state("parent"), relay.state("own-mrinit")), (Standing::Right, Standing::Unknown));
    assert_eq!(relay.check().installed, Answer::Unknown);
}

#[test]
fn the_installed_file_is_that_of_the_cid() {
    let mut relay = relay();
    relay.install(&conf(SERVER));
    assert_eq!((relay.state("own-mrinit"), relay.check().installed), (Standing::Wrong, Answer::No));
    let mut other = conf(RELAY);
    let _ = other.set("RouterCertIdentityKey", "bm90IHRoZSBlc3RhdGUncyBrZXk=").unwrap();
    relay.install(&other);
    let found = relay.check();
    assert!(found.points[0].point == "own-mrinit" && found.points[0].what.contains("identity keys"), "{found:#?}");
    assert!(!serde_json::to_string(&found).unwrap().contains("bm90IHRoZSBl"));
    std::fs::write(relay.dir.path().join("mrinit.conf.orig"), conf(SERVER).bytes()).unwrap();
    relay.install(&conf(RELAY));
    let found = relay.check();
    assert!(found.points[0].point == "own-mrinit" && found.points[0].what.contains("wins"), "{found:#?}");
}

#[test]
fn a_computer_of_another_name_may_be_another() {
    let mut relay = relay();
    relay.seen.own_name = Some("mrcomputer".into());
    assert_eq!(relay.state("own-mrinit"), Standing::Right);
    relay.seen.own_name = Some("SERVER".into());
    assert_eq!((relay.state("own-mrinit"), relay.check().installed), (Standing::Doubtful, Answer::Unknown));
}

#[test]
fn a_cid_that_makes_no_relay_is_told() {
    let mut relay = relay();
    relay.seen.cid = Some(RelayCid::of("ESXP/rms/mrinit.conf", conf(SERVER)));
    assert_eq!(relay.state("cid"), Standing::Wrong);
    let mut its_own_parent = conf(RELAY);
    let _ = its_own_parent.set("MRParentAddress", "MRComputer").unwrap();
    relay.seen.cid = Some(RelayCid::of("MRESXP/rms/mrinit.conf", its_own_parent));
    assert_eq!(relay.state("cid"), Standing::Wrong);
    relay.seen.cid = Some(RelayCid::of("MRESXP/rms/mrinit.conf", Mrinit::parse(b"[Config]\r\n".to_vec())));
    assert_eq!(relay.state("cid"), Standing::Wrong);
}

#[test]
fn the_values_are_a_relays() {
    let mut relay = relay();
    relay.seen.router = Some(registry(Some(SERVER), false));
    let found = relay.check();
    assert_eq!((found.points[0].point, found.installed), ("relay-values", Answer::No));
    assert!(found.points[0].what.contains("none of a relay's values"));
    assert_eq!(found.points[0].evidence.len(), RELAY_VALUES.len());
}

#[test]
fn ports_are_those_of_the_relays_own_file() {
    let mut relay = relay();
    let listing = |ports: &[&str]| {
        let lines: Vec<String> = ports.iter().map(|port| format!("TCP {port} 0.0.0.0:0 LISTENING")).collect();
        Some(Sockets::parse(lines.join("\n").as_bytes(), "netstat.txt").unwrap())
    };
    relay.seen.sockets = listing(&["0.0.0.0:8192", "0.0.0.0:8193", "[::]:8194"]);
    assert_eq!(relay.state("listening"), Standing::Right);
    relay.seen.service = Some(Some(ServiceState::Stopped));
    assert_eq!(relay.state("listening"), Standing::Wrong);
    relay.seen.service = None;
    relay.seen.sockets = listing(&["0.0.0.0:8192", "0.0.0.0:8193", "127.0.0.1:8194"]);
    assert_eq!(relay.state("listening"), Standing::Wrong);
    let mut other = conf(RELAY);
    let _ = other.set("ClientSSLPort", "8200").unwrap();
    relay.install(&other);
    relay.seen.sockets = listing(&["0.0.0.0:8192", "0.0.0.0:8193", "0.0.0.0:8200"]);
    assert_eq!(relay.state("listening"), Standing::Right);
    relay.seen.firewall = Some(Firewall::default());
    let found = relay.check();
    let firewall = found.points.iter().find(|point| point.point == "firewall").unwrap();
    assert!(firewall.state == Standing::Unknown && firewall.what.contains("other ports"), "{firewall:?}");
}

#[test]
fn one_address_that_works_is_not_all_of_them() {
    let fault = crate::probe::ProbeFault { code: "timeout", what: "nothing answers".into(), next: "look" };
    let bad = Reading { faults: vec![fault], ..Reading::default() };
    let with = |readings: &[&Reading]| {
        let mut relay = relay();
        relay.seen.readings = readings.iter().map(|reading| ("MR:8192".to_owned(), (*reading).clone())).collect();
        relay.state("object-reference")
    };
    let good = Reading::default();
    assert_eq!(
        [with(&[]), with(&[&good]), with(&[&good, &bad]), with(&[&bad, &bad])],
        [Standing::Unknown, Standing::Right, Standing::Doubtful, Standing::Wrong]
    );
}

#[test]
fn the_logs_tell_whether_it_reaches_its_parent() {
    let mut relay = relay();
    for (well, state) in [(true, Standing::Right), (false, Standing::Wrong)] {
        relay.seen.logs = Some(RouterSeen { well, what: "x".into(), evidence: Vec::new(), next: Vec::new() });
        assert_eq!(relay.state("router-connection"), state);
    }
}

#[test]
fn certificates_end() {
    let with = |at: &str, own: bool| {
        let mut relay = relay();
        let pem = include_bytes!("../../templates/demo-cac.pem");
        match own {
            true => relay.seen.certificates.add_own(pem, "router.pem").unwrap(),
            false => relay.seen.certificates.add_estate(pem, "cac.pem"),
        }
        let found = check(&relay.seen, time::parse(at).unwrap());
        found.points.into_iter().find(|point| point.point == "certificate").unwrap().state
    };
    assert_eq!(with("2026-11-21", true), Standing::Right);
    assert_eq!(with("2026-11-21", false), Standing::Unknown);
    assert_eq!(with("2199-01-01", true), Standing::Wrong);
    assert_eq!(with("1999-01-01", false), Standing::Wrong);
    let mut certificates = Certificates::default();
    assert!(certificates.add_own(b"no certificate", "x").is_err());
    certificates.add_value(&Value::Binary(vec![1, 2, 3]), "Private, pkc");
    let found = check(&Evidence { certificates, ..Evidence::default() }, SystemTime::UNIX_EPOCH);
    let point = found.points.iter().find(|point| point.point == "certificate").unwrap();
    assert!(point.state == Standing::Unknown && point.evidence[0].contains("pkc"), "{point:?}");
}

#[test]
fn a_server_cid_that_was_installed_as_it_is_makes_no_relay() {
    let mut relay = relay();
    relay.seen.cid = Some(RelayCid::of("ESXP/rms/mrinit.conf", conf(SERVER)));
    relay.install(&conf(SERVER));
    let found = relay.check();
    assert_eq!((relay.state("own-mrinit"), found.installed, found.relay), (Standing::Wrong, Answer::No, None));
}
