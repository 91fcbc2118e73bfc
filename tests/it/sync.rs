//! `configcid sync`: from one CID to other places, by the catalogs.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use configcid::DemoCid;

use crate::support::layout::crc32;
use crate::support::{RELAY, RELAY_LIST, TestEnv, Tree, Unknown, check_cid, snapshot_tree, stamps};

/// A server's CID, and a copy of it as `sync` makes one.
fn pair() -> TestEnv {
    let env = TestEnv::new();
    env.cid("ESXP", DemoCid { rms9x: true, ..DemoCid::default() });
    env.run("sync ESXP MRESXP").ok();
    env
}

/// What the server's update does: a file changes, one goes, one comes in a folder that is new.
fn update(env: &TestEnv) {
    env.write("ESXP/savxp/engine.dll", vec![b'n'; 950]);
    env.remove("ESXP/savxp/data/threats-1.ide");
    env.write("ESXP/savxp/data/2026/november/threats-3.ide", "a new threat");
    env.run("catalog create ESXP --replace").ok();
}

/// The files of a tree, without its folders and what configcid has there.
fn files(root: &Path) -> Tree {
    let mut tree = snapshot_tree(root);
    tree.retain(|path, node| matches!(node, crate::support::Node::File(..)) && !path.starts_with(".configcid-sync"));
    tree
}

#[test]
fn a_destination_that_is_not_there_is_made() {
    let env = TestEnv::new();
    env.cid("ESXP", DemoCid::default());
    let output = env.run("sync ESXP MRESXP").ok().says("MRESXP: made with ").says("verified");
    assert_eq!(output.stdout.lines().count(), 1, "{output}");
    assert_eq!(snapshot_tree(&env.path("MRESXP")), snapshot_tree(&env.path("ESXP")));
    check_cid(&env.path("MRESXP"), crc32);
    env.run("catalog verify MRESXP").ok();
    // An empty folder is as good.
    fs::create_dir(env.path("EMPTY")).unwrap();
    env.run("sync ESXP EMPTY").ok();
    assert_eq!(files(&env.path("EMPTY")), files(&env.path("ESXP")));
    let before = stamps(&env.path("MRESXP"));
    env.run("sync ESXP MRESXP").ok().says("MRESXP: nothing to do");
    assert_eq!(stamps(&env.path("MRESXP")), before);
    // Only what catalogs list is brought.
    env.write("ESXP/notes.txt", "not listed");
    env.run("sync ESXP THIRD").ok();
    assert!(!env.path("THIRD/notes.txt").exists());
}

#[test]
fn only_what_differs_is_read() {
    let env = pair();
    update(&env);
    // Nobody misses what nobody reads: neither end has the files that are the same.
    let same = ["setup.dat", "rms/agent.dll", "rms/router.dll", "rms9x/agent9x.dll", "savxp/data/threats-2.ide"];
    for file in same {
        env.remove(&format!("ESXP/{file}"));
        env.remove(&format!("MRESXP/{file}"));
    }
    let output = env.run("sync ESXP MRESXP --json").ok();
    let answer = output.json();
    let row = &answer["cids"][0];
    assert_eq!(row["status"], "changed", "{output}");
    assert_eq!((&row["brought"]["files"], &row["brought"]["bytes"]), (&2.into(), &962.into()), "{output}");
    assert_eq!((&row["gone"], &row["is_new"]), (&1.into(), &false.into()));
    let paths: Vec<&str> = row["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
    let payload =
        ["\\savxp\\engine.dll", "\\savxp\\data\\2026\\november\\threats-3.ide", "\\savxp\\data\\threats-1.ide"];
    for path in payload {
        assert!(paths.contains(&path), "{path}: {paths:?}");
    }
    // The catalogs come last, the root's at the end of all.
    assert_eq!(paths.last(), Some(&"\\cidsync.upd"));
    assert_eq!(paths.len(), payload.len() + 2, "{paths:?}");
    assert_eq!(env.read("MRESXP/savxp/engine.dll"), env.read("ESXP/savxp/engine.dll"));
    // --deep misses them.
    for file in same {
        env.write(&format!("ESXP/{file}"), "");
    }
    env.run("sync ESXP MRESXP --deep").expect(1).complains("that the catalogs list");
}

#[test]
fn an_update_is_brought_and_can_be_taken_back() {
    let env = pair();
    let before = files(&env.path("MRESXP"));
    update(&env);
    fs::set_permissions(
        env.path("MRESXP/savxp/engine.dll"),
        fs::metadata(env.path("ESXP/savxp")).unwrap().permissions(),
    )
    .unwrap();
    let untouched = env.snapshot();
    env.run("sync ESXP MRESXP --dry-run")
        .ok()
        .says("Updating file \\savxp\\engine.dll: as in ESXP")
        .says("Adding file \\savxp\\data\\2026\\november\\threats-3.ide")
        .says("Removing file \\savxp\\data\\threats-1.ide: no longer listed in ESXP")
        .says("MRESXP: would get 2 files, 962 bytes, 1 gone; nothing was written");
    assert_eq!(env.snapshot(), untouched);
    env.run("sync ESXP MRESXP").ok().says("MRESXP: 2 files, 962 bytes, 1 gone; verified");
    assert_eq!(contents(&env, "MRESXP"), contents(&env, "ESXP"));
    let history = env.run("history MRESXP").ok();
    assert!(history.stdout.contains("sync from ESXP"), "{history}");
    env.run("undo MRESXP").ok();
    assert_eq!(contents_of(&files(&env.path("MRESXP"))), contents_of(&before));
    env.run("undo MRESXP").ok();
    assert_eq!(contents(&env, "MRESXP"), contents(&env, "ESXP"));
    // What was kept for going back goes with the next change, however deep it lies.
    env.write("ESXP/savxp/data/2026/november/threats-3.ide", "another one");
    env.run("catalog create ESXP --replace").ok();
    env.run("sync ESXP MRESXP").ok();
    env.write("ESXP/savxp/engine.dll", "small");
    env.run("catalog create ESXP --replace").ok();
    env.run("sync ESXP MRESXP").ok();
    let left = fs::read_dir(env.path("MRESXP/savxp/data/2026/november")).unwrap().count();
    assert_eq!(left, 1, "something was left behind");
}

fn contents(env: &TestEnv, cid: &str) -> Vec<(String, Vec<u8>)> {
    contents_of(&files(&env.path(cid)))
}

/// Paths and bytes, without rights.
fn contents_of(tree: &Tree) -> Vec<(String, Vec<u8>)> {
    let content = |node: &crate::support::Node| match node {
        crate::support::Node::File(_, crate::support::Content::Bytes(bytes)) => bytes.clone(),
        other => panic!("{other:?}"),
    };
    tree.iter().map(|(path, node)| (path.to_string_lossy().replace('\\', "/"), content(node))).collect()
}

#[test]
fn one_destination_that_fails_stops_no_other() {
    let env = pair();
    env.run("sync ESXP OTHER").ok();
    update(&env);
    // Where a file is to come there is a folder.
    fs::create_dir_all(env.path("OTHER/savxp/data/2026/november/threats-3.ide")).unwrap();
    let before = snapshot_tree(&env.path("OTHER"));
    let output = env.run("sync ESXP OTHER MRESXP NEW --jobs 3").expect(4);
    let output = output.complains("OTHER/savxp/data/2026/november/threats-3.ide: this should be a file");
    let output = output.says("OTHER   failed (io)").says("MRESXP  changed").says("NEW     changed");
    output.says("2 changed, 1 failed of 3 destinations; run it again");
    assert_eq!(snapshot_tree(&env.path("OTHER")), before);
    for cid in ["MRESXP", "NEW"] {
        assert_eq!(contents(&env, cid), contents(&env, "ESXP"));
    }
    fs::remove_dir(env.path("OTHER/savxp/data/2026/november/threats-3.ide")).unwrap();
    let answer = env.run("sync ESXP OTHER MRESXP NEW --json").ok().json();
    assert_eq!(answer["counts"], serde_json::json!({"changed": 1, "unchanged": 2}));
}

#[test]
fn a_relay_is_kept() {
    let env = pair();
    env.run(&format!("relay set MRESXP {RELAY}")).ok();
    let own = ["mrinit.conf", "rms/mrinit.conf", "rms9x/mrinit.conf"];
    let before: Vec<Vec<u8>> = own.iter().map(|file| env.read(&format!("MRESXP/{file}"))).collect();
    update(&env);
    // The server's file changes, too.
    env.replace("ESXP/mrinit.conf", "\"ServiceArgs\"=\"\"", "\"ServiceArgs\"=\"-ORBDebug\"");
    env.write("ESXP/rms/router.dll", vec![b'r'; 700]);
    env.run("catalog create ESXP --replace").ok();
    let output = env.run("sync ESXP MRESXP --keep-relay --json").ok();
    let kept = &output.json()["cids"][0]["kept"];
    assert_eq!(kept, &serde_json::json!(["\\mrinit.conf", "\\rms\\mrinit.conf", "\\rms9x\\mrinit.conf"]), "{output}");
    let after: Vec<Vec<u8>> = own.iter().map(|file| env.read(&format!("MRESXP/{file}"))).collect();
    assert_eq!(before, after);
    assert!(String::from_utf8_lossy(&after[1]).contains(RELAY_LIST));
    check_cid(&env.path("MRESXP"), crc32);
    env.run("catalog verify MRESXP").ok();
    env.run("MRESXP").ok().says("Nothing to do");
    assert_eq!(env.read("MRESXP/rms/router.dll"), env.read("ESXP/rms/router.dll"));
    assert!(!env.path("MRESXP/savxp/data/threats-1.ide").exists());
    let stamps_before = stamps(&env.path("MRESXP"));
    env.run("sync ESXP MRESXP --keep-relay").ok().says("nothing to do");
    assert_eq!(stamps(&env.path("MRESXP")), stamps_before);
    // Without the option it is the server's again.
    env.run("sync ESXP MRESXP").expect(0).complains("\\rms\\mrinit.conf is a customer's file, and goes");
    assert_eq!(contents(&env, "MRESXP"), contents(&env, "ESXP"));
    assert!(!env.path("MRESXP/rms/mrinit.conf").exists());
    env.run("undo MRESXP").ok();
    assert_eq!(env.read("MRESXP/rms/mrinit.conf"), after[1]);
}

#[test]
fn a_relay_is_kept_though_other_files_change_size() {
    // The catalogs of components list files that the root's catalog lists, too.
    let env = pair();
    env.run(&format!("relay set MRESXP {RELAY}")).ok();
    for size in [10, 2000, 30] {
        env.write("ESXP/rms/agent.dll", vec![b'a'; size]);
        env.run("catalog create ESXP --replace").ok();
        env.run("sync ESXP MRESXP --keep-relay").ok();
        check_cid(&env.path("MRESXP"), crc32);
        env.run("catalog verify MRESXP").ok();
        env.run("relay show MRESXP").ok().says(RELAY_LIST);
    }
}

#[test]
fn foreign_catalogs_are_brought_as_they_are() {
    let env = TestEnv::new();
    env.cid("ESXP", DemoCid { function: Arc::new(Unknown), ..DemoCid::default() });
    env.run("sync ESXP MRESXP").expect(0).complains("sizes of what was brought were compared").says("made with");
    assert_eq!(contents(&env, "MRESXP"), contents(&env, "ESXP"));
    // To keep a relay takes other catalogs, and those their function.
    env.write("MRESXP/mrinit.conf", "[Config]\r\n");
    env.write("MRESXP/setup.dat", "damaged");
    env.run("sync ESXP MRESXP --keep-relay").expect(1).complains("--checksum-command");
    env.run("sync ESXP MRESXP --deep").expect(0).says("MRESXP: 2 files").complains("checksums were not");
    assert_eq!(contents(&env, "MRESXP"), contents(&env, "ESXP"));
}

#[test]
fn a_file_that_is_not_as_listed_is_not_brought() {
    let env = pair();
    update(&env);
    let before = contents(&env, "MRESXP");
    let new = env.read("ESXP/savxp/engine.dll");
    for wrong in [vec![b'x'; 950], vec![b'n'; 949], vec![b'n'; 951]] {
        env.write("ESXP/savxp/engine.dll", wrong);
        env.run("sync ESXP MRESXP")
            .expect(1)
            .complains("engine.dll")
            .complains("list")
            .complains("is kept for the next try");
        assert_eq!(contents(&env, "MRESXP"), before);
    }
    env.remove("ESXP/savxp/engine.dll");
    env.run("sync ESXP MRESXP NEW").expect(1).complains("it is listed and not there");
    assert_eq!(contents(&env, "MRESXP"), before);
    env.write("ESXP/savxp/engine.dll", new);
    // What had been brought by then is of use.
    env.run("sync ESXP MRESXP NEW").ok();
    assert_eq!(contents(&env, "MRESXP"), contents(&env, "ESXP"));
    assert_eq!(contents(&env, "NEW"), contents(&env, "ESXP"));
    assert!(!env.path("MRESXP/.configcid-sync").exists());
}

#[test]
fn a_whole_look_mends_what_the_catalogs_do_not_tell() {
    let env = pair();
    let good = env.read("MRESXP/savxp/engine.dll");
    env.write("MRESXP/savxp/engine.dll", vec![b'd'; good.len()]);
    env.remove("MRESXP/rms/agent.dll");
    env.run("sync ESXP MRESXP").ok().says("nothing to do, by its catalogs");
    env.run("sync ESXP MRESXP --deep").ok().says("MRESXP: 2 files");
    assert_eq!(env.read("MRESXP/savxp/engine.dll"), good);
    assert_eq!(contents(&env, "MRESXP"), contents(&env, "ESXP"));
}

#[test]
fn a_catalog_that_cannot_be_read_is_brought_anew() {
    let env = pair();
    env.write("MRESXP/savxp/cidsync.upd", "torn");
    env.run("sync ESXP MRESXP").expect(0).complains("\\savxp\\cidsync.upd cannot be read").says("verified");
    assert_eq!(contents(&env, "MRESXP"), contents(&env, "ESXP"));
}

#[test]
fn slips_are_refused() {
    let env = pair();
    env.write("FULL/notes.txt", "mine");
    env.refuses(2, "sync ESXP ESXP").complains("this is the source itself");
    env.refuses(2, "sync ESXP ESXP/copy").complains("this lies in the source");
    env.refuses(2, "sync ESXP MRESXP MRESXP/").complains("this folder is named twice");
    env.refuses(2, "sync ESXP NEW NEW").complains("this folder is named twice");
    env.refuses(2, "sync ESXP .").complains("the source lies in this folder");
    env.refuses(2, "sync ESXP MRESXP MRESXP/rms").complains("one lies in the other");
    env.refuses(1, "sync ESXP FULL").complains("this is no CID").complains("an empty folder");
    env.refuses(1, "sync ESXP/rms NEW").complains("is a component of a CID");
    env.refuses(1, "sync ESXP MRESXP/rms").complains("is a component of a CID");
    env.refuses(1, "sync FULL NEW").complains("this is no CID");
    env.refuses(1, "sync ESXP NOT/THERE").complains("make the folder above it first");
    env.run("sync ESXP").expect(2).complains("<DEST>");
    env.write("ESXP/cidsync.upd.new", "under way");
    env.refuses(1, "sync ESXP NEW").complains("an update in progress");
    env.run("sync ESXP NEW --accept-temporary").ok();
}

#[test]
fn hostile_catalogs_bring_nothing() {
    let entry = |path: &str, content: &[u8]| crate::support::layout::Entry::of(path, content, crc32);
    for (path, said) in [
        ("\\.configcid-journal", "a name of configcid's own files"),
        ("\\savxp\\.configcid-sync\\x", "a name of configcid's own files"),
        ("\\..\\x", "\"..\""),
        ("\\savxp\\NUL", "device"),
        ("\\SETUP.dat", "differ in case alone"),
        ("\\setup.dat\\x", "is listed as a file"),
        ("\\link.dat", "a link"),
    ] {
        let env = pair();
        if !cfg!(unix) && path == "\\link.dat" {
            continue;
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink("setup.dat", env.path("ESXP/link.dat")).unwrap();
        let setup = env.read("ESXP/setup.dat");
        env.edit_catalog("ESXP/cidsync.upd", |catalog| catalog.entries.push(entry(path, &setup)));
        if path == "\\link.dat" {
            let before = contents(&env, "MRESXP");
            env.run("sync ESXP MRESXP NEW").expect(1).complains(said);
            assert_eq!(contents(&env, "MRESXP"), before);
            assert_eq!(files(&env.path("NEW")).len(), 0);
            continue;
        }
        env.refuses(1, "sync ESXP MRESXP").complains(said);
        env.refuses(1, "sync ESXP NEW").complains(said);
    }
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_links() {
    use std::os::unix::fs::symlink;
    let env = pair();
    update(&env);
    env.write("outside/engine.dll", "mine");
    env.remove("MRESXP/savxp/engine.dll");
    symlink(env.path("outside/engine.dll"), env.path("MRESXP/savxp/engine.dll")).unwrap();
    env.refuses(1, "sync ESXP MRESXP").complains("link");
    env.remove("MRESXP/savxp/engine.dll");
    symlink(env.path("MRESXP/setup.dat"), env.path("MRESXP/savxp/engine.dll")).unwrap();
    env.refuses(1, "sync ESXP MRESXP").complains("link");
    env.remove("MRESXP/savxp/engine.dll");
    // A folder that leads out, or elsewhere in the CID.
    for to in ["outside", "MRESXP/rms"] {
        symlink(env.path(to), env.path("MRESXP/savxp/data/2026")).unwrap();
        env.run("sync ESXP MRESXP").expect(1).complains("link");
        env.remove("MRESXP/savxp/data/2026");
    }
    assert_eq!(env.text("outside/engine.dll"), "mine");
    symlink(env.path("outside"), env.path("MRESXP/.configcid-sync")).unwrap();
    env.run("sync ESXP MRESXP").expect(1).complains(".configcid-sync");
    env.remove("MRESXP/.configcid-sync");
    env.run("sync ESXP MRESXP").ok();
    assert_eq!(contents(&env, "MRESXP"), contents(&env, "ESXP"));
}

#[cfg(unix)]
#[test]
fn rights_and_times_are_those_of_what_was_there_and_else_those_of_the_source() {
    use std::os::unix::fs::PermissionsExt;
    let env = pair();
    let mode = |path: &str| env.path(path).metadata().unwrap().permissions().mode() & 0o777;
    let chmod = |path: &str, mode| fs::set_permissions(env.path(path), fs::Permissions::from_mode(mode)).unwrap();
    update(&env);
    chmod("MRESXP/savxp/engine.dll", 0o600);
    chmod("ESXP/savxp/engine.dll", 0o644);
    chmod("ESXP/savxp/data/2026/november/threats-3.ide", 0o640);
    env.run("sync ESXP MRESXP").ok();
    assert_eq!(mode("MRESXP/savxp/engine.dll"), 0o600);
    assert_eq!(mode("MRESXP/savxp/data/2026/november/threats-3.ide"), 0o640);
    let time = |path: &str| env.path(path).metadata().unwrap().modified().unwrap();
    assert_eq!(time("MRESXP/savxp/engine.dll"), time("ESXP/savxp/engine.dll"));
}

#[test]
fn fetch_makes_a_new_folder_and_nothing_else() {
    let env = TestEnv::new();
    env.cid("ESXP", DemoCid::default());
    let before = env.snapshot();
    env.run("fetch ESXP NEW --dry-run").ok().says("NEW: would be made with ");
    assert_eq!(env.snapshot(), before);
    let answer = env.run("fetch ESXP NEW --deep --json").ok().json();
    assert_eq!((&answer["command"], &answer["cids"][0]["is_new"]), (&"fetch".into(), &true.into()));
    assert_eq!(snapshot_tree(&env.path("NEW")), snapshot_tree(&env.path("ESXP")));
    // What is there stays as it is.
    let before = env.snapshot();
    env.run("fetch ESXP NEW")
        .expect(2)
        .complains("this is a CID already")
        .complains("configcid sync brings it what it lacks");
    env.write("OTHER/notes.txt", "mine");
    env.run("fetch ESXP OTHER").expect(1).complains("a folder that is not there yet");
    env.remove("OTHER/notes.txt");
    fs::remove_dir(env.path("OTHER")).unwrap();
    env.run("fetch GONE NEW2").expect(1).complains("GONE");
    env.run("fetch ESXP a/b").expect(1).complains("make the folder above it first");
    env.run("fetch ftp://server/ESXP NEW2").expect(2);
    assert_eq!(env.snapshot(), before);
}

/// What the server's update does when a file becomes a folder, and a folder a file.
fn turn(env: &TestEnv) {
    env.remove("ESXP/savxp/data/threats-1.ide");
    env.write("ESXP/savxp/data/threats-1.ide/part/one.ide", "the first part");
    env.write("ESXP/savxp/data/threats-1.ide/two.ide", "the second part");
    fs::remove_dir_all(env.path("ESXP/savxp/help")).unwrap();
    env.write("ESXP/savxp/help", "one file for all");
    env.run("catalog create ESXP --replace").ok();
}

/// A server's CID with a folder that is to become a file, and a copy of it.
fn pair_before_it_turns() -> TestEnv {
    let env = TestEnv::new();
    env.cid("ESXP", DemoCid { rms9x: true, ..DemoCid::default() });
    env.write("ESXP/savxp/help/de/one.txt", "eins");
    env.write("ESXP/savxp/help/en.txt", "one");
    env.run("catalog create ESXP --replace").ok();
    env.run("sync ESXP MRESXP").ok();
    env
}

#[test]
fn a_file_becomes_a_folder_and_a_folder_a_file() {
    let env = pair_before_it_turns();
    // What the change before has kept in the folder goes along.
    env.write("ESXP/savxp/help/en.txt", "another one");
    env.run("catalog create ESXP --replace").ok();
    env.run("sync ESXP MRESXP").ok();
    turn(&env);
    let before = snapshot_tree(&env.path("MRESXP"));
    env.run("sync ESXP MRESXP --dry-run").ok().says("threats-1.ide").says("help");
    assert_eq!(snapshot_tree(&env.path("MRESXP")), before);
    env.run("sync ESXP MRESXP").ok().says("verified");
    assert_eq!(snapshot_tree(&env.path("MRESXP")), snapshot_tree(&env.path("ESXP")));
    env.run("catalog verify MRESXP").ok();
    env.run("audit MRESXP").ok();
    env.run("sync ESXP MRESXP").ok().says("MRESXP: nothing to do");
    // There, back, and there again; at last another change has nothing left of it.
    env.run("undo MRESXP").ok();
    assert_eq!(snapshot_tree(&env.path("MRESXP")), before);
    env.run("undo MRESXP").ok();
    assert_eq!(snapshot_tree(&env.path("MRESXP")), snapshot_tree(&env.path("ESXP")));
    env.run("history MRESXP").ok().says("redo of: sync from");
    env.run(&format!("relay set MRESXP {RELAY}")).ok();
    let left: Vec<String> = fs::read_dir(env.path("MRESXP/savxp"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(".configcid-") && env.path("MRESXP/savxp").join(name).is_dir())
        .collect();
    assert_eq!(left, [""; 0]);
}

#[test]
fn a_folder_that_holds_what_no_catalog_lists_makes_no_way() {
    let env = pair_before_it_turns();
    turn(&env);
    env.write("MRESXP/savxp/help/de/mine.txt", "mine");
    env.refuses(1, "sync ESXP MRESXP").complains("mine.txt").complains("no catalog lists it");
    env.remove("MRESXP/savxp/help/de/mine.txt");
    // Nor does a file that no catalog lists.
    env.write("ESXP/notes/one.txt", "one");
    env.run("catalog create ESXP --replace").ok();
    env.write("MRESXP/notes", "mine");
    env.refuses(1, "sync ESXP MRESXP").complains("this should be a folder, and is none");
}
