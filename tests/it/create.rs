//! `catalog create` and `demo`: catalogs from nothing.

use std::fs;

use crate::support::layout::crc32;
use crate::support::{RELAY, TestEnv, check_cid, snapshot_tree};
use configcid::DemoCid;

/// Removes every catalog of the CID.
fn without_catalogs() -> TestEnv {
    let env = TestEnv::demo();
    for path in snapshot_tree(&env.path("MRESXP")).keys().filter(|path| path.ends_with("cidsync.upd")) {
        fs::remove_file(env.path("MRESXP").join(path)).unwrap();
    }
    env
}

#[test]
fn every_file_is_listed_as_it_is() {
    let env = without_catalogs();
    let files = snapshot_tree(&env.path("MRESXP"));
    env.run("catalog create MRESXP").ok().says("Adding catalog file cidsync.upd in \\ ").says("crc32");
    check_cid(&env.path("MRESXP"), crc32);
    env.run("catalog verify MRESXP").ok();
    let root = env.catalog("MRESXP/cidsync.upd");
    for (path, node) in files {
        let crate::support::Node::File(_, crate::support::Content::Bytes(bytes)) = node else { continue };
        let name = format!("\\{}", path.to_str().unwrap().replace('/', "\\"));
        let entry =
            root.entries.iter().find(|entry| entry.name() == name).unwrap_or_else(|| panic!("{name} is missing"));
        assert_eq!((entry.size as usize, entry.checksum), (bytes.len(), crc32(&bytes)), "{name}");
    }
    env.run("MRESXP").ok().says("Nothing to do");
    env.run(&format!("relay set MRESXP {RELAY}")).ok();
}

#[test]
fn the_same_tree_gives_the_same_catalogs() {
    let trees = [(); 2].map(|()| {
        let env = without_catalogs();
        env.run("catalog create MRESXP").ok();
        snapshot_tree(&env.path("MRESXP"))
    });
    assert_eq!(trees[0], trees[1]);
}

#[test]
fn replacing_keeps_identities_and_takes_in_what_is_there() {
    let env = TestEnv::demo();
    let identity = |env: &TestEnv| env.catalog("MRESXP/cidsync.upd").head[41..79].to_vec();
    env.edit_catalog("MRESXP/cidsync.upd", |catalog| catalog.head[42..50].copy_from_slice(b"01234567"));
    let before = identity(&env);
    env.write("MRESXP/savxp/new.dll", "new");
    env.edit("MRESXP/setup.dat", |bytes| bytes[1..].to_vec());
    env.run("catalog create MRESXP --replace").ok();
    assert_eq!(identity(&env), before);
    check_cid(&env.path("MRESXP"), crc32);
    env.run("catalog verify MRESXP").ok();
    let times = crate::support::stamps(&env.path("MRESXP"));
    env.run("catalog create MRESXP --replace").ok().says("Nothing to do");
    assert_eq!(crate::support::stamps(&env.path("MRESXP")), times);
}

#[test]
fn any_known_function() {
    let env = without_catalogs();
    env.run("catalog create MRESXP --checksum sha256-be").ok();
    env.run("catalog verify MRESXP").ok().says("(sha256-be)");
}

#[test]
fn a_dry_run_writes_nothing() {
    let env = without_catalogs();
    let before = env.snapshot();
    env.run("catalog create MRESXP --dry-run").ok().says("Dry run: 4 files would be written").says("+\\setup.dat 700 ");
    assert_eq!(env.run("catalog create MRESXP --dry-run --json").ok().json()["cids"][0]["status"], "planned");
    assert_eq!(env.snapshot(), before);
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_no_catalog_can_hold() {
    for name in ["NUL", "a:b", "a*", "a\\b", "a ", "a.", "中", "a\nb"] {
        let env = without_catalogs();
        env.write(&format!("MRESXP/{name}"), "x");
        let output = env.refuses(1, "catalog create MRESXP");
        output.complains("MRESXP/").complains(if name == "a\\b" { "cannot hold this name" } else { "the path " });
    }
}

#[test]
fn demo_shows_the_main_job() {
    let env = TestEnv::new();
    env.run("demo DIR").ok().says("Adding entry for \\rms\\mrinit.conf").says("No faults");
    for cid in ["ESXP", "MRESXP"] {
        check_cid(&env.path(&format!("DIR/{cid}")), crc32);
        env.run(&format!("catalog verify DIR/{cid}")).ok();
    }
    assert_eq!(env.run("demo OTHER --json").ok().json()["faults"], 0);
    env.refuses(1, "demo DIR").complains("not empty");
    let output = env.run("demo").ok();
    assert!(output.stdout.contains("[TMP]"), "{output}");
}

#[test]
fn a_demo_beside_other_files_touches_none() {
    let env = TestEnv::with(DemoCid::default());
    let before = snapshot_tree(&env.path("MRESXP"));
    env.run("demo .").expect(1);
    assert_eq!(snapshot_tree(&env.path("MRESXP")), before);
}
