//! `publish` and `source` of a fleet file: places that a CID is brought to when it is done, and a URL that one follows.

use configcid::DemoCid;

use super::google::Google;
use super::publish::{assert_same, files};
use crate::support::{TestEnv, fleet_state};

const FILE: &str = "[server]\nname = 'Server1'\nip = '10.1.200.10'\nfqdn = 'Server.Sales.Acme'\nnetbios = 'SERVER'\n\
    [[relay]]\nname = 'MR'\nip = '10.1.200.65'\nfqdn = 'MRComputer.Sales.Acme'\nnetbios = 'MRComputer'\n";

/// A fleet of one CID, with these further keys, and a store.
fn fleet(keys: &str) -> (TestEnv, Google) {
    let mut env = TestEnv::new();
    env.write("fleet.toml", format!("{FILE}[[cid]]\npath = 'ESXP'\nrelay = 'MR'\n{keys}\n"));
    let google = Google::start(|_| {});
    Google::is_at(&mut env, google.port);
    (env, google)
}

#[test]
fn a_cid_of_a_fleet_is_published_when_it_is_done() {
    let (env, google) = fleet("publish = ['BRANCH', 'gs://cids/ESXP']");
    env.cid("ESXP", DemoCid::default());
    env.run("fleet check").ok();
    let before = env.snapshot();
    env.run("fleet plan")
        .ok()
        .says("Would publish to BRANCH: 10 files")
        .says("Would publish to gs://cids/ESXP: 10 files");
    assert_eq!(env.snapshot(), before);
    assert!(google.objects("").is_empty());
    let answer = env.run("fleet apply --json").ok().json();
    let published = &answer["cids"][0]["published"];
    for (number, to) in ["BRANCH", "gs://cids/ESXP"].into_iter().enumerate() {
        let place = &published[number];
        assert_eq!((&place["to"], &place["status"]), (&to.into(), &"changed".into()), "{place}");
        assert_eq!((&place["is_new"], &place["gone"]), (&true.into(), &0.into()), "{place}");
    }
    let cid = files(&env.path("ESXP"));
    assert_same(&files(&env.path("BRANCH")), &cid, "the folder");
    assert_same(&google.objects("ESXP/"), &cid, "the store");
    env.run("fleet apply").ok().says("1 unchanged of 1 CID");
    assert_eq!(fleet_state(&env, 0), "in-step: ");

    // The server's update.
    env.write("ESXP/savxp/engine.dll", vec![b'n'; 950]);
    env.run("catalog create ESXP --replace").ok();
    let said = fleet_state(&env, 3);
    assert!(
        said.starts_with("behind: to publish to BRANCH: 1 file (950 bytes); to publish to gs://cids/ESXP: 1 file"),
        "{said}"
    );
    env.run("fleet status --metrics m.prom").expect(3);
    assert!(env.text("m.prom").contains("configcid_fleet_published_places 2"));
    env.run("fleet report --out r.html").expect(0);
    assert!(env.text("r.html").contains("published to gs://cids/ESXP"));
    env.run("fleet graph").ok().says("2 places");

    // One that fails stops no other, and nothing of what was done is lost.
    env.write("BRANCH/.configcid-sync", "in the way");
    let output = env.run("fleet apply");
    assert!(output.code != 0 && output.stdout.contains("not published"), "{output}");
    let cid = files(&env.path("ESXP"));
    assert_same(&google.objects("ESXP/"), &cid, "the store, all the same");
    env.remove("BRANCH/.configcid-sync");
    env.run("fleet apply").ok().says("Published to BRANCH: 1 file (950 bytes)").says("1 changed of 1 CID");
    assert_same(&files(&env.path("BRANCH")), &cid, "and the folder");
}

#[test]
fn what_is_not_as_it_should_be_is_not_published() {
    let (env, google) = fleet("publish = 'gs://cids/ESXP'");
    let output = env.run("fleet apply");
    assert!(output.code != 0, "{output}");
    assert!(google.objects("").is_empty());
    env.cid("ESXP", DemoCid::default());
    env.remove("ESXP/savxp/engine.dll");
    let output = env.run("fleet apply");
    assert!(output.code != 0, "{output}");
    assert!(!google.objects("").contains_key("ESXP/cidsync.upd"));
}

#[test]
fn a_cid_of_a_fleet_follows_one_at_a_url() {
    let (env, google) = fleet("source = 'gs://cids/VENDOR'");
    env.cid("VENDOR", DemoCid::default());
    env.run("sync VENDOR gs://cids/VENDOR").ok();
    env.run("fleet check").ok();
    env.run("fleet apply").ok().says("Made from gs://cids/VENDOR: 10 files");
    assert_eq!(fleet_state(&env, 0), "in-step: ");
    assert!(env.text("ESXP/rms/mrinit.conf").contains("10.1.200.65,MRComputer.Sales.Acme,MRComputer"));
    env.write("VENDOR/savxp/engine.dll", vec![b'n'; 950]);
    env.run("catalog create VENDOR --replace").ok();
    env.run("sync VENDOR gs://cids/VENDOR").ok();
    assert!(fleet_state(&env, 3).starts_with("behind: behind gs://cids/VENDOR: 1 file"), "{}", fleet_state(&env, 3));
    env.run("fleet apply").ok();
    assert_eq!(env.read("ESXP/savxp/engine.dll"), env.read("VENDOR/savxp/engine.dll"));
    assert_eq!(google.uploads(), 0);
}

#[test]
fn places_that_make_no_sense_are_refused_with_their_line() {
    for (keys, said) in [
        ("publish = 'http://u:geheim@host/x'", "a user name"),
        ("publish = 'ftp://host/x'", "not ftp"),
        ("publish = ['B', 'B']", "name each place once"),
        ("publish = ['http://h/D', 'http://h:80/%44']", "name each place once"),
        ("publish = 'ESXP'", "name each place once"),
        ("publish = []", "more than an empty list"),
        ("source = 's3://'", "it names no bucket"),
    ] {
        let (env, _) = fleet(keys);
        let output = env.run("fleet check");
        assert!(
            output.code != 0 && output.stderr.contains(said) && output.stderr.contains("line 14"),
            "{keys}: {output}"
        );
        assert!(!output.to_string().contains("geheim"), "{output}");
    }
}
