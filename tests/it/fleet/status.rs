//! `fleet status`, `fleet registry` and `fleet import`.

use std::fs;

use configcid::DemoCid;
use configcid::registry::{RegFile, Value};
use configcid::router::RegistryView;

use super::apply::{BELOW_LIST, chain, cid};
use super::check::{RELAY, SERVER, env};
use crate::support::{RELAY_LIST, TestEnv, check_metrics};

/// The state of each CID, and the files where it differs.
fn states(env: &TestEnv, code: i32) -> Vec<String> {
    let answer = env.run("fleet status --json").expect(code).json();
    let cids = answer["cids"].as_array().unwrap().iter();
    let path = |difference: &serde_json::Value| difference["path"].as_str().unwrap_or("?").to_owned();
    cids.map(|cid| {
        let paths: Vec<String> = cid["differences"].as_array().unwrap().iter().map(path).collect();
        format!("{} {} {}", cid["cid"].as_str().unwrap(), cid["state"].as_str().unwrap(), paths.join(" "))
            .trim()
            .to_owned()
    })
    .collect()
}

const IN_STEP: [&str; 3] = ["A in-step", "B in-step", "S in-step"];

#[test]
fn behind_in_step_drifted_unreachable() {
    let env = chain();
    let before = env.snapshot();
    assert_eq!(states(&env, 3), ["A behind \\rms\\mrinit.conf", "B behind \\rms\\mrinit.conf", "S in-step"]);
    assert_eq!(env.snapshot(), before);
    env.run("fleet apply").ok();
    assert_eq!(states(&env, 0), IN_STEP);

    // The file says something else now: no CID has moved.
    env.replace("fleet.toml", "10.1.200.65", "10.1.200.99");
    assert_eq!(states(&env, 3), ["A behind \\rms\\mrinit.conf", "B behind \\rms\\mrinit.conf", "S in-step"]);
    env.run("fleet apply").ok();
    assert_eq!(states(&env, 0), IN_STEP);

    // Somebody else was there.
    env.run("relay set A --netbios OTHER").expect(0);
    assert_eq!(states(&env, 3)[0], "A drifted \\rms\\mrinit.conf");
    env.run("fleet apply").ok();
    env.replace("A/rms/mrinit.conf", "00002001", "00002009");
    assert_eq!(states(&env, 3)[0], "A drifted \\rms\\cidsync.upd \\cidsync.upd \\rms\\mrinit.conf");
    env.replace("A/rms/mrinit.conf", "00002009", "00002001");
    env.write("B/customer_ID.txt", "Acme");
    env.edit("S/rms/agent.dll", |mut bytes| {
        bytes.pop();
        bytes
    });
    assert_eq!(states(&env, 3), ["A in-step", "B drifted \\cidsync.upd", "S drifted ?"]);

    fs::remove_dir_all(env.path("A")).unwrap();
    fs::remove_file(env.path("B/cidsync.upd")).unwrap();
    assert_eq!(states(&env, 3)[..2], ["A unreachable", "B unreachable"]);
    let output = env.run("fleet status").expect(3);
    output.says("A    MR       unreachable").says("this is no CID").says("1 drifted, 2 unreachable");
}

#[test]
fn a_foreign_catalog_can_be_compared() {
    let env = env(&cid("A", "MR"));
    env.cid("A", DemoCid::default());
    env.run("fleet apply").ok();
    // No function reproduces these checksums.
    for name in ["A/cidsync.upd", "A/rms/cidsync.upd", "A/sau/cidsync.upd", "A/savxp/cidsync.upd"] {
        env.edit(name, |bytes| {
            let mut catalog = crate::support::layout::Catalog::read(&bytes);
            catalog.entries.iter_mut().for_each(|entry| entry.checksum = entry.checksum.rotate_left(7) ^ 0x1234_5678);
            catalog.own ^= 0x1111;
            catalog.print()
        });
    }
    env.run("catalog verify A").expect(0).says("foreign");
    assert_eq!(states(&env, 0), ["A in-step"]);
    env.replace("A/rms/mrinit.conf", "\"ServiceArgs\"=\"\"", "\"ServiceArgs\"=\"-v\"");
    let found = states(&env, 3);
    assert!(found[0].starts_with("A drifted \\rms\\mrinit.conf"), "{found:?}");
    env.run("relay set A --netbios X").expect(1);
    env.remove("A/rms/mrinit.conf");
    assert!(states(&env, 3)[0].starts_with("A behind"));
}

#[test]
fn metrics_are_written_whole_and_read_by_prometheus() {
    let env = chain();
    env.write("fleet.prom", "old");
    env.run("fleet status --metrics fleet.prom").expect(3);
    let text = env.text("fleet.prom");
    assert!(text.contains("configcid_fleet_cid_in_step{cid=\"A\",relay=\"MR\"} 0\n"), "{text}");
    assert!(text.contains("configcid_fleet_cids{state=\"behind\"} 2\n"), "{text}");
    assert!(text.contains("configcid_fleet_file_errors 0\n"), "{text}");
    check_metrics(&text);
    env.replace("fleet.toml", "path = 'S'", "path = 'S'\n[[cid]]\npath = 'A'\n[[cid]]\npath = 'S\"1'");
    env.run("fleet status --metrics fleet.prom").expect(3).says("error (cid-twice)");
    check_metrics(&env.text("fleet.prom"));
    env.run("fleet status --metrics nowhere/fleet.prom").expect(1);
    assert_eq!(fs::read_dir(env.path("")).unwrap().count(), 5, "nothing is left beside");
}

#[test]
fn each_relay_gets_its_registry_file() {
    let env = chain();
    env.replace("fleet.toml", "'MR'\nip", "'MR: Sales/1'\nip");
    env.replace("fleet.toml", "parent = 'MR'", "parent = 'MR: Sales/1'");
    env.replace("fleet.toml", "relay = 'mr'", "relay = 'mr: sales/1'");
    env.run("fleet registry --out regs --dry-run").ok().says("Would write regs/MR__Sales_1.reg");
    assert!(!env.path("regs").exists());
    env.run("fleet registry --out regs")
        .ok()
        .says("Wrote regs/Below.reg; on Below: reg import regs/Below.reg")
        .says("2 relays");
    for name in ["regs/Below.reg", "regs/MR__Sales_1.reg"] {
        let file = RegFile::parse(&env.read(name)).unwrap();
        assert_eq!(file.value(&RegistryView::Bits32.key(), "ConnectionCache"), Some(&Value::Dword(0x5020)));
        // The installation sets it, from MRParentAddress.
        assert_eq!(file.value(&RegistryView::Bits32.key(), "ParentAddress"), None);
        env.run(&format!("relay registry --from {name} --show")).ok();
    }
    let units: Vec<u16> =
        env.read("regs/Below.reg").chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    let text = String::from_utf16(&units).unwrap();
    assert!(text.contains(&format!("which names its parent MR: Sales/1: {RELAY_LIST}\r\n")), "{text}");
    env.run("fleet registry --out regs").ok().says("regs/Below.reg holds the values already");
    env.write("regs/Below.reg", "mine");
    env.remove("regs/MR__Sales_1.reg");
    let before = env.snapshot();
    env.run("fleet registry --out regs").expect(1).complains("something of this name already");
    assert_eq!(env.snapshot(), before);
    let answer = env.run("fleet registry --out regs --force --json").ok().json();
    assert_eq!((&answer["relays"][1]["relay"], &answer["relays"][1]["status"]), (&"Below".into(), &"changed".into()));
    assert_eq!(answer["relays"][1]["parent"], RELAY_LIST);
}

#[test]
fn a_file_is_derived_from_the_cids_that_it_made() {
    let env = chain();
    env.cid("D", DemoCid { rms9x: true, ..DemoCid::default() });
    env.write("M/mrinit.conf", DemoCid::default().mrinit());
    env.write("M/engine.dat", "made up");
    env.run("catalog create M").ok();
    let text = env.text("fleet.toml");
    env.write("fleet.toml", format!("{text}[[cid]]\npath = 'D'\nrelay = 'Below'\nplatform = ['windows', '9x']\n[[cid]]\npath = 'M'\nplatform = 'mac'\nrelay = 'MR'\n"));
    env.run("fleet apply").ok();
    env.run("fleet import A B S D M").expect(1).complains("something of this name already");
    env.run("fleet import A B S D M --out derived.toml").ok().says("Wrote derived.toml");
    let derived = env.text("derived.toml");
    for line in [
        "netbios = \"SERVER\"",
        "name = \"MRComputer\"",
        "parent = \"MRComputer\"",
        "platform = [\"windows\", \"9x\"]",
        "# a guess: the CID does not tell Mac from Linux",
    ] {
        assert!(derived.contains(line), "{line}\n{derived}");
    }
    env.run("fleet check derived.toml").ok().says("0 errors, 0 warnings: the server, 2 relays, 5 CIDs");
    env.run("fleet status derived.toml").ok().says("5 in step");
    // From another folder, with one that cannot be read.
    fs::create_dir(env.path("sub")).unwrap();
    env.run("fleet import A nowhere --out sub/fleet.toml").expect(4).complains("error: ");
    env.run("fleet status sub/fleet.toml").ok().says("1 in step");
    env.run("fleet import nowhere --out no.toml").expect(1);
    assert!(!env.path("no.toml").exists());
}

#[test]
fn what_cids_say_in_two_ways_is_told() {
    let env = chain();
    env.run("fleet apply").ok();
    env.cid("C", DemoCid::default());
    env.run("fleet apply").ok();
    env.replace("C/mrinit.conf", "Server.Sales.Acme,SERVER", "Other.Sales.Acme,OTHER");
    env.run(&format!("mrinit set A/rms/mrinit.conf MRParentAddress {RELAY_LIST}")).ok();
    let output = env.run("fleet import A B C --out derived.toml --json").expect(0);
    let warnings = output.json()["warnings"].to_string();
    assert!(warnings.contains("MRComputer itself") && warnings.contains("another server"), "{warnings}");
    assert!(output.stderr.is_empty());
    let text = env.text("derived.toml");
    assert!(text.contains("# Look at this: ") && text.contains("# a guess: no CID tells"), "{text}");
    // A parent that no CID names is a relay all the same.
    env.run("fleet import B --out one.toml").ok();
    let text = env.text("one.toml");
    assert!(
        text.contains("name = \"MRComputer\"") && text.contains(&format!("ip = \"{}\"", &BELOW_LIST[..11])),
        "{text}"
    );
    env.run("fleet check one.toml").ok().says("warning (relay-without-cid)");
}

#[test]
fn a_file_with_errors_is_never_in_step() {
    let env = TestEnv::new();
    env.write("fleet.toml", format!("{SERVER}{RELAY}parent = 'MR'\n{}", cid("A", "nobody")));
    env.cid("A", DemoCid::default());
    env.run("fleet status").expect(3).says("error (cycle)").says("1 drifted");
    env.run("fleet registry").expect(3).says("Nothing was written");
}
