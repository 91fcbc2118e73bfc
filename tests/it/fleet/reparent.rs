//! Relays that change places, over and over: after each `fleet apply` every chain ends at the server.

use configcid::DemoCid;
use configcid::mrinit::Mrinit;

use crate::support::TestEnv;

const RELAYS: usize = 4;
const SERVER_LIST: &str = "Server.Sales.Acme,SERVER";

fn list(relay: usize) -> String {
    format!("10.1.200.{},r{relay}.sales.acme,R{relay}", relay + 1)
}

/// A fleet file in which each relay has a CID, and the parent that `parents` says; `None` is the server.
fn file(parents: &[Option<usize>]) -> String {
    let mut text = "[server]\nname = 'Server1'\nfqdn = 'Server.Sales.Acme'\nnetbios = 'SERVER'\n".to_owned();
    for (relay, parent) in parents.iter().enumerate() {
        let parent = parent.map_or("server".to_owned(), |parent| format!("R{parent}"));
        text += &format!(
            "[[relay]]\nname = 'R{relay}'\nip = '10.1.200.{}'\nfqdn = 'r{relay}.sales.acme'\nnetbios = 'R{relay}'\nparent = '{parent}'\n\
             [[cid]]\npath = 'C{relay}'\nrelay = 'R{relay}'\n",
            relay + 1
        );
    }
    text
}

/// Whom a relay that is installed from its CID takes for its parent: a plain evaluator of the two lines.
fn parent(env: &TestEnv, relay: usize) -> Option<usize> {
    let conf = Mrinit::parse(env.read(&format!("C{relay}/rms/mrinit.conf")));
    assert_eq!(conf.text("ParentRouterAddress").unwrap(), list(relay));
    let own = conf.text("MRParentAddress").unwrap();
    let found = (0..RELAYS).find(|relay| own == list(*relay));
    assert!(found.is_some() || own == SERVER_LIST, "{own}");
    found
}

/// Numbers that only look like random ones: the same on every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

#[test]
fn no_chain_goes_round_after_relays_change_places() {
    let env = TestEnv::new();
    for relay in 0..RELAYS {
        env.cid(&format!("C{relay}"), DemoCid::default());
    }
    let mut numbers = Numbers(7);
    for round in 0..12 {
        // A tree: each relay reports to one that stands before it in a shuffled order, or to the server.
        let mut order: Vec<usize> = (0..RELAYS).collect();
        (1..RELAYS).rev().for_each(|at| order.swap(at, numbers.below(at + 1)));
        let mut parents = [None; RELAYS];
        for at in 0..RELAYS {
            parents[order[at]] = match numbers.below(at + 1) {
                0 => None,
                above => Some(order[above - 1]),
            };
        }
        env.write("fleet.toml", file(&parents));
        // Whatever it was before: somebody has pointed a relay at another one, or at itself.
        if round > 0 && numbers.below(2) == 0 {
            let (at, to) = (numbers.below(RELAYS), numbers.below(RELAYS));
            let path = format!("C{at}/rms/mrinit.conf");
            let mut conf = Mrinit::parse(env.read(&path));
            let _ = conf.set("MRParentAddress", &list(to)).unwrap();
            env.write(&path, conf.into_bytes());
            env.run(&format!("C{at}")).expect(0);
        }
        env.run("fleet apply").expect(0);
        let found: Vec<_> = (0..RELAYS).map(|relay| parent(&env, relay)).collect();
        assert_eq!(found, parents, "round {round}");
        env.run("fleet status").expect(0);
    }
}

#[cfg(unix)]
#[test]
fn a_cid_that_two_names_reach_is_touched_under_neither() {
    let env = TestEnv::new();
    for relay in 0..2 {
        env.cid(&format!("C{relay}"), DemoCid::default());
    }
    std::os::unix::fs::symlink(env.path("C0"), env.path("Link")).unwrap();
    env.write("fleet.toml", file(&[None, None]) + "[[cid]]\npath = 'Link'\nrelay = 'R1'\n");
    let output = env.run("fleet apply").expect(4);
    output.complains("under another name: C0");
    assert!(!env.path("C0/rms/mrinit.conf").exists() && env.path("C1/rms/mrinit.conf").exists());
    env.run("fleet check").expect(3).says("cid-twice");
}

#[test]
fn what_is_told_and_not_mended_is_not_unchanged() {
    let env = TestEnv::new();
    env.cid("C0", DemoCid::default());
    env.write("fleet.toml", file(&[None]));
    env.run("fleet apply").expect(0);
    // A parent that the file does not know is somebody else's business.
    env.replace("C0/rms/mrinit.conf", SERVER_LIST, "10.99.0.1,other.example,OTHER");
    env.run("C0").expect(0);
    let output = env.run("fleet apply --json").expect(3);
    assert_eq!(output.json()["cids"][0]["status"], "drifted");
    env.run("fleet apply").expect(3).says("1 drifted of 1 CID").complains("OTHER");
    env.run("fleet status").expect(3).says("drifted");
}
