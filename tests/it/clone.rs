//! Cloning a CID, the first step of relay set-up.

use std::fs;

use crate::support::{RELAY, TestEnv, check_cid, layout::crc32, snapshot_tree};
use configcid::DemoCid;

#[test]
fn a_clone_is_like_the_original() {
    for demo in [DemoCid::default(), DemoCid { upper_case: true, rms9x: true, ..DemoCid::default() }] {
        let env = TestEnv::new();
        env.cid("ESXP", demo);
        env.write("ESXP/empty", "");
        fs::create_dir_all(env.path("ESXP/empty folder/another")).unwrap();
        env.write("ESXP/large", vec![7; 3 << 20]);
        let before = env.snapshot();
        env.run("clone ESXP MRESXP").ok().says("Cloned ESXP to MRESXP: ").says("compared");
        let mut after = env.snapshot();
        assert_eq!(snapshot_tree(&env.path("MRESXP")), snapshot_tree(&env.path("ESXP")));
        after.retain(|path, _| !path.starts_with("work/MRESXP"));
        assert_eq!(after, before);
        let time = |path: &str| env.path(path).metadata().unwrap().modified().unwrap();
        assert_eq!(time("MRESXP/large"), time("ESXP/large"));
    }
}

#[test]
fn cloned_and_set_up_the_original_is_untouched() {
    let env = TestEnv::new();
    env.cid("ESXP", DemoCid::default());
    let before = snapshot_tree(&env.path("ESXP"));
    env.run("clone ESXP MRESXP").ok();
    env.run(&format!("relay set MRESXP {RELAY}")).ok();
    check_cid(&env.path("MRESXP"), crc32);
    assert_eq!(snapshot_tree(&env.path("ESXP")), before);
}

#[test]
fn json_says_what_was_copied() {
    let env = TestEnv::new();
    env.cid("ESXP", DemoCid::default());
    let answer = env.run("clone ESXP MRESXP --json").ok().json();
    let files = snapshot_tree(&env.path("ESXP")).into_values();
    let sizes: Vec<usize> = files
        .filter_map(|node| match node {
            crate::support::Node::File(_, crate::support::Content::Bytes(bytes)) => Some(bytes.len()),
            _ => None,
        })
        .collect();
    assert_eq!(answer["files"], sizes.len());
    assert_eq!(answer["bytes"], sizes.iter().sum::<usize>());
    assert_eq!((&answer["cid"], &answer["new"]), (&"ESXP".into(), &"MRESXP".into()));
    assert_eq!(env.run("clone ESXP OTHER -q").ok().stdout, "");
}

#[test]
fn files_of_our_own_are_left_out() {
    let env = TestEnv::new();
    env.cid("ESXP", DemoCid::default());
    let whole = snapshot_tree(&env.path("ESXP"));
    env.write("ESXP/.configcid-1-0-mrinit.conf.new", "left by a run that was killed");
    env.run("clone ESXP MRESXP").ok();
    assert_eq!(snapshot_tree(&env.path("MRESXP")), whole);
}

#[cfg(unix)]
#[test]
fn permissions_are_kept() {
    use std::os::unix::fs::PermissionsExt;

    let env = TestEnv::new();
    env.cid("ESXP", DemoCid::default());
    for (path, mode) in [("ESXP/setup.dat", 0o444), ("ESXP/rms/agent.dll", 0o750), ("ESXP/savxp/data", 0o555)] {
        fs::set_permissions(env.path(path), fs::Permissions::from_mode(mode)).unwrap();
    }
    env.run("clone ESXP MRESXP").ok();
    assert_eq!(snapshot_tree(&env.path("MRESXP")), snapshot_tree(&env.path("ESXP")));
    for cid in ["ESXP", "MRESXP"] {
        fs::set_permissions(env.path(&format!("{cid}/savxp/data")), fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[test]
fn wrong_usage() {
    let env = TestEnv::demo();
    let before = env.snapshot();
    env.run("clone").expect(2);
    env.run("clone MRESXP").expect(2).complains("<NEW>");
    env.run("clone MRESXP A B").expect(2);
    assert_eq!(env.snapshot(), before);
}
