//! CIDs that follow another one: `source` of a fleet file.

use configcid::DemoCid;

use super::check::env;
use crate::support::layout::crc32;
use crate::support::{RELAY_LIST, TestEnv, check_cid, fleet_state, stamps};

const RELAY_OF_DEMO: &str = "\"ParentRouterAddress\"=\"10.1.200.65,MRComputer.Sales.Acme,MRComputer\"";

fn follower(path: &str, source: &str) -> String {
    format!("[[cid]]\npath = '{path}'\nrelay = 'MR'\nsource = '{source}'\n")
}

/// The vendor's CID, and a CID of a relay that is to be made from it.
fn pair() -> TestEnv {
    let env = env(&follower("MRESXP", "ESXP"));
    env.cid("ESXP", DemoCid::default());
    env
}

/// What the server's update does to its own CID.
fn update(env: &TestEnv) {
    env.write("ESXP/savxp/engine.dll", vec![b'n'; 950]);
    env.write("ESXP/rms/agent.dll", vec![b'm'; 421]);
    env.remove("ESXP/savxp/data/threats-1.ide");
    env.run("catalog create ESXP --replace").ok();
}

#[test]
fn a_relay_cid_is_made_and_follows_each_update_with_its_relay() {
    let env = pair();
    env.run("fleet check").ok().says("0 errors");
    assert_eq!(fleet_state(&env, 3), "behind: it is not there yet: 10 files of ESXP to bring (4518 bytes)");
    let before = env.snapshot();
    env.run("fleet plan").ok().says("Made from ESXP: 10 files").says("1 planned of 1 CID");
    assert_eq!(env.snapshot(), before);
    env.run("fleet apply").ok().says("Made from ESXP: 10 files").says("1 changed of 1 CID");
    assert_eq!(fleet_state(&env, 0), "in-step: ");
    assert!(env.text("MRESXP/rms/mrinit.conf").contains(RELAY_OF_DEMO));
    check_cid(&env.path("MRESXP"), crc32);
    let times = stamps(&env.path("MRESXP"));
    env.run("fleet apply").ok().says("1 unchanged of 1 CID");
    assert_eq!(stamps(&env.path("MRESXP")), times);

    update(&env);
    assert_eq!(fleet_state(&env, 3), "behind: behind ESXP: 2 files of ESXP to bring (1371 bytes), 1 to remove");
    let before = env.snapshot();
    env.run("fleet plan").ok().says("Brought in line with ESXP: 2 files (1371 bytes), 1 removed");
    assert_eq!(env.snapshot(), before);
    let relay = env.text("MRESXP/rms/mrinit.conf");
    let answer = env.run("fleet apply --json").ok().json();
    let row = &answer["cids"][0];
    assert_eq!((&row["status"], &row["relay"]), (&"changed".into(), &"MR".into()));
    let followed = &row["followed"];
    assert_eq!((&followed["source"], &followed["status"]), (&"ESXP".into(), &"changed".into()));
    assert_eq!(
        (&followed["brought"]["files"], &followed["gone"], &followed["is_new"]),
        (&2.into(), &1.into(), &false.into())
    );
    assert_eq!(followed["files"].as_array().unwrap().last().unwrap()["path"], "\\cidsync.upd");
    assert_eq!(env.read("MRESXP/savxp/engine.dll"), env.read("ESXP/savxp/engine.dll"));
    assert_eq!(env.text("MRESXP/rms/mrinit.conf"), relay);
    assert_eq!(fleet_state(&env, 0), "in-step: ");
    check_cid(&env.path("MRESXP"), crc32);
    env.run("history MRESXP").ok().says("fleet apply: sync from ESXP, its own relay kept");
    env.run("relay show MRESXP").ok().says(RELAY_LIST);

    // The file says something else now: nobody else was there, though the last change was to other files.
    env.replace("fleet.toml", "10.1.200.65", "10.1.200.99");
    assert!(fleet_state(&env, 3).starts_with("behind: ParentRouterAddress is "), "{}", fleet_state(&env, 3));
    env.run("fleet apply").ok();
    assert_eq!(fleet_state(&env, 0), "in-step: ");
    env.run("relay set MRESXP --netbios OTHER").expect(0);
    env.write("ESXP/savxp/engine.dll", "newer");
    env.run("catalog create ESXP --replace").ok();
    assert!(
        fleet_state(&env, 3).starts_with("drifted: behind ESXP: 1 file of ESXP to bring (5 bytes); "),
        "{}",
        fleet_state(&env, 3)
    );
}

#[test]
fn chains_are_done_in_order_and_circles_are_refused() {
    let env = env(&[follower("C", "B"), follower("B", "A"), follower("A", "ESXP")].concat());
    env.cid("ESXP", DemoCid::default());
    env.run("fleet check").ok();
    env.run("fleet plan").ok().says("3 planned of 3 CIDs").says("Made from A: ");
    env.run("fleet apply --jobs 3").ok().says("3 changed of 3 CIDs");
    env.run("fleet status").ok();
    for name in ["A", "B", "C"] {
        check_cid(&env.path(name), crc32);
        assert!(env.text(&format!("{name}/rms/mrinit.conf")).contains(RELAY_OF_DEMO));
    }
    // One that fails holds up those that follow it, and says so.
    update(&env);
    env.write("A/.configcid-journal", "no journal");
    let output = env.run("fleet apply --json");
    let answer = output.json();
    let errors: Vec<&str> =
        answer["cids"].as_array().unwrap().iter().map(|cid| cid["error"]["what"].as_str().unwrap()).collect();
    assert!(
        errors[0].contains("it follows B, which failed") && errors[1].contains("it follows A, which failed"),
        "{output}"
    );
    env.run("recover A --forget").ok();
    env.run("fleet apply").ok();
    assert_eq!(env.read("C/savxp/engine.dll"), env.read("ESXP/savxp/engine.dll"));

    env.replace("fleet.toml", "source = 'ESXP'", "source = 'c/'");
    let before = env.snapshot();
    env.run("fleet check").expect(3).says("error (source-cycle): CIDs go round: C -> B -> A follow C again");
    env.run("fleet apply").expect(3).says("Nothing was touched");
    assert_eq!(env.snapshot(), before);
    env.write("fleet.toml", env.text("fleet.toml").replace("'c/'", "'./A'"));
    env.run("fleet check").expect(3).says("error (source-cycle): A follows itself");
}

#[test]
fn what_cannot_be_followed_fails_by_itself() {
    let env = env(&[follower("A", "ESXP"), follower("B", "GONE"), follower("W", "ESXP")].concat());
    env.cid("ESXP", DemoCid::default());
    env.cid("B", DemoCid::default());
    env.write("fleet.toml", env.text("fleet.toml") + "platform = 'mac'\n");
    let before = env.snapshot();
    let check = env.run("fleet check").expect(3);
    let check = check.says("error (source-missing): GONE: ");
    check.says("W is for mac, and has the router of Windows");
    let output = env.run("fleet apply").expect(4);
    let output = output.complains("GONE").complains("as ESXP, which it follows: W is for mac");
    output.says("1 changed, 2 failed of 3 CIDs");
    for name in ["B", "W", "ESXP"] {
        let of = |tree: &crate::support::Tree| -> Vec<_> {
            tree.iter()
                .filter(|(path, _)| path.starts_with(name))
                .map(|(path, node)| (path.clone(), format!("{node:?}")))
                .collect()
        };
        assert_eq!(of(&env.snapshot()), of(&before), "{name}");
    }
    env.run("fleet status")
        .expect(3)
        .says("it cannot be compared with GONE, which it follows")
        .says("W    MR     unreachable");
    #[cfg(unix)]
    {
        // The source was found by a second name: it would be brought to itself.
        env.write("fleet.toml", env.text("fleet.toml").replace("'W'", "'link'").replace("'mac'", "'windows'"));
        std::os::unix::fs::symlink(env.path("ESXP"), env.path("link")).unwrap();
        env.run("fleet apply").expect(4).complains("this is the source itself");
        std::fs::remove_file(env.path("link")).unwrap();
    }
}

#[test]
fn papers_name_what_is_followed() {
    let env = pair();
    let report = env.run("fleet report").ok();
    assert!(report.stdout.contains("follows ESXP") && report.stdout.contains("behind"), "{report}");
    let graph = env.run("fleet graph --format mermaid").ok();
    assert!(graph.stdout.contains("MRESXP") && graph.stdout.contains("ESXP"), "{graph}");
    let status = env.run("fleet status --json").expect(3).json();
    assert_eq!(status["cids"][0]["source"], "ESXP");
}
