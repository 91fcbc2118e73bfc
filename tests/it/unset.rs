//! `relay unset`: relay set-up taken back at any time, and the times that `undo` restores.

use std::fs;

use crate::support::layout::{Entry, crc32};
use crate::support::{RELAY, RELAY_LIST, TestEnv, check_cid, stamps};
use configcid::DemoCid;

const ROOT: &str = "MRESXP/mrinit.conf";
const RMS: &str = "MRESXP/rms/mrinit.conf";
const SERVER: &str = "Server.Sales.Acme,SERVER";

fn set(env: &TestEnv, more: &str) {
    env.run(&format!("relay set MRESXP {RELAY} {more}")).ok();
}

fn line(key: &str, list: &str) -> String {
    format!("\"{key}\"=\"{list}\"")
}

/// The CID without what configcid keeps in it.
fn content(env: &TestEnv) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for folder in ["", "rms", "rms9x", "sau", "savxp"] {
        let Ok(listing) = fs::read_dir(env.path("MRESXP").join(folder)) else { continue };
        for entry in listing.map(Result::unwrap).filter(|entry| entry.path().is_file()) {
            let name = entry.file_name().into_string().unwrap();
            if !name.starts_with(".configcid") {
                files.push((format!("{folder}/{name}"), fs::read(entry.path()).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// What the vendor's update does: catalogs that know nothing of the customer's copy, with a file that is new.
fn update(env: &TestEnv, catalogs: &[(&str, Vec<u8>)]) {
    env.write("MRESXP/rms/news.txt", "what came with the update");
    for (path, bytes) in catalogs {
        env.write(path, bytes);
        let listed = if path.contains("rms") { "\\news.txt" } else { "\\rms\\news.txt" };
        env.edit_catalog(path, |catalog| catalog.entries.push(Entry::of(listed, b"what came with the update", crc32)));
    }
}

#[test]
fn a_copy_that_set_up_made_goes_and_the_cid_is_as_it_was() {
    let env = TestEnv::with(DemoCid { rms9x: true, ..DemoCid::default() });
    let before = content(&env);
    set(&env, "");
    assert_ne!(content(&env), before);
    let at_work = env.snapshot();
    env.run("relay unset MRESXP --dry-run")
        .ok()
        .says("Removing file \\rms\\mrinit.conf: gone, since relay set-up made it");
    assert_eq!(env.snapshot(), at_work);
    env.run("relay unset MRESXP").ok().says("Removing entry for \\rms\\mrinit.conf").says("written and verified");
    assert_eq!(content(&env), before);
    env.run("relay show MRESXP").ok();
    env.run("audit MRESXP").ok();
    let times = stamps(&env.path("MRESXP"));
    env.run("relay unset MRESXP").ok().says("Nothing to do");
    assert_eq!(stamps(&env.path("MRESXP")), times);
    env.run("history MRESXP").ok().says("relay unset");
    // And back, and forth.
    env.run("undo MRESXP").ok();
    assert!(env.text(RMS).contains(RELAY_LIST));
    env.run("undo MRESXP").ok().says("done again");
    assert_eq!(content(&env), before);
}

#[test]
fn after_a_vendors_update_undo_is_refused_and_unset_works() {
    let env = TestEnv::demo();
    let paths = ["MRESXP/cidsync.upd", "MRESXP/rms/cidsync.upd"];
    let catalogs = paths.map(|path| (path, env.read(path)));
    set(&env, "");
    update(&env, &catalogs);
    env.refuses(1, "undo MRESXP").complains("configcid relay unset takes relay set-up back at any time");
    env.run("relay unset MRESXP").ok().says("Removing file \\rms\\mrinit.conf");
    assert!(!env.path(RMS).exists());
    check_cid(&env.path("MRESXP"), crc32);
    env.run("relay show MRESXP").ok();
    env.run("audit MRESXP").ok();
}

#[test]
fn a_copy_that_was_there_gets_the_roots_lines_and_keeps_the_others() {
    let env = TestEnv::demo();
    let own = env.text(ROOT).replace("dword:00002001", "dword:00002011");
    env.write(RMS, &own);
    env.run("MRESXP").ok();
    env.run(&format!("relay set MRESXP {RELAY}")).expect(0);
    env.replace(RMS, &line("MRParentAddress", SERVER), &line("MRParentAddress", "10.1.2.3,Other"));
    env.run("relay unset MRESXP")
        .ok()
        .says(&format!("ParentRouterAddress set to {SERVER}, taken from \\mrinit.conf"))
        .says(&format!("MRParentAddress set to {SERVER}"));
    assert_eq!(env.text(RMS), own);
    check_cid(&env.path("MRESXP"), crc32);
    // Where the root says nothing of a relay's parent, neither does the copy.
    env.replace(ROOT, &format!("{}\r\n", line("MRParentAddress", SERVER)), "");
    env.run("relay unset MRESXP").ok().says("MRParentAddress taken out, taken from \\mrinit.conf");
    assert_eq!(env.text(RMS), own.replace(&format!("{}\r\n", line("MRParentAddress", SERVER)), ""));
    env.run("relay show MRESXP").ok();
}

#[test]
fn a_made_copy_that_somebody_changed_is_kept() {
    let env = TestEnv::demo();
    set(&env, "");
    env.edit(RMS, |mut bytes| {
        bytes.extend(b"; a note of the administrator\r\n");
        bytes
    });
    env.run("relay unset MRESXP").ok().says("Updating file \\rms\\mrinit.conf");
    assert!(env.text(RMS).contains(SERVER) && env.text(RMS).contains("a note of the administrator"));
    assert!(!env.text(RMS).contains(RELAY_LIST));
}

#[test]
fn the_roots_file_becomes_what_history_proves_it_was() {
    for ending in ["\r\n", "\n", ""] {
        let env = TestEnv::demo();
        let original = format!("{}{ending}", env.text(ROOT).trim_end());
        env.write(ROOT, &original);
        env.run("MRESXP").ok();
        let before = content(&env);
        // What the last change kept proves it.
        set(&env, "--edit-root");
        env.run("relay unset MRESXP").ok().says("as it was before relay set-up");
        assert_eq!(content(&env), before, "{ending:?}");
        // Where that is gone, what the file would be with the relay's own parent.
        set(&env, "--edit-root");
        env.run("relay set MRESXP --netbios OTHER --edit-root").expect(0);
        env.write("MRESXP/customer_ID.txt", "Acme");
        env.run("MRESXP").ok();
        env.run("relay unset MRESXP").ok().says("as it was before relay set-up");
        assert_eq!(env.text(ROOT), original, "{ending:?}");
        assert!(!env.path(RMS).exists());
    }
}

/// A CID whose root's file was edited by set-up, and what it was is gone.
fn unprovable() -> TestEnv {
    let env = TestEnv::demo();
    env.replace(ROOT, &line("ParentRouterAddress", SERVER), &line("ParentRouterAddress", "10.1.1.1,Server.Sales.Acme"));
    env.run("MRESXP").ok();
    env.write("server.conf", env.read(ROOT));
    set(&env, "--edit-root");
    env.write("MRESXP/customer_ID.txt", "Acme");
    env.run("MRESXP").ok();
    env
}

#[test]
fn a_roots_file_that_nothing_proves_is_left_until_the_user_says_what_it_was() {
    let env = unprovable();
    env.refuses(1, "relay unset MRESXP").complains("what it was cannot be told").complains("--from FILE");
    // The very file.
    env.run("relay unset MRESXP --from server.conf").ok().says("as it was before relay set-up");
    assert_eq!(env.read(ROOT), env.read("server.conf"));
    assert!(!env.path(RMS).exists());

    // Another one with the server's lines.
    let env = unprovable();
    env.write("other.conf", format!("[Config]\r\n{}\r\n{0}\r\n", line("ParentRouterAddress", "SERVER")));
    env.refuses(1, "relay unset MRESXP --from other.conf").complains("stands here again");
    env.write("other.conf", format!("[Config]\r\n{}\r\n", line("ParentRouterAddress", "SERVER")));
    env.run("relay unset MRESXP --from other.conf").ok().says("taken from other.conf");
    assert!(env.text(ROOT).contains(&line("ParentRouterAddress", "SERVER")));
    assert!(!env.text(ROOT).contains("MRParentAddress"));
    env.run("relay show MRESXP").ok();

    // The server's addresses: the line of the relay's own parent names it already.
    let env = unprovable();
    env.run("relay unset MRESXP --fqdn Server.Sales.Acme").ok();
    assert!(env.text(ROOT).contains(&line("ParentRouterAddress", "Server.Sales.Acme")));
    assert!(env.text(ROOT).contains(&line("MRParentAddress", SERVER)));
    check_cid(&env.path("MRESXP"), crc32);
}

#[test]
fn a_roots_file_that_seems_to_name_a_relay_is_no_source() {
    let env = TestEnv::demo();
    env.write("server.conf", env.read(ROOT));
    env.replace(ROOT, &line("ParentRouterAddress", SERVER), &line("ParentRouterAddress", RELAY_LIST));
    env.write(RMS, env.read(ROOT));
    env.run("MRESXP").ok();
    env.refuses(2, "relay unset MRESXP").complains("the first seems to be a relay").complains("--from FILE");
    let root = env.read(ROOT);
    env.run("relay unset MRESXP --from server.conf").ok();
    assert_eq!((env.read(ROOT), env.read(RMS)), (root, env.read("server.conf")));
    env.run("relay unset MRESXP --from server.conf --edit-root").ok().says("Updating file \\mrinit.conf");
    assert_eq!(env.read(ROOT), env.read("server.conf"));
    env.run("relay show MRESXP").ok();
}

#[test]
fn slips_are_told() {
    let env = TestEnv::demo();
    env.run("relay unset MRESXP").ok().says("Nothing to do");
    env.refuses(2, "relay unset MRESXP --edit-root").complains("--from FILE");
    env.refuses(1, "relay unset nowhere");
    env.refuses(1, "relay unset MRESXP --from nowhere.conf").complains("nowhere.conf");
    env.refuses(2, "relay unset MRESXP --ip 10.1.200").complains("is no IP address");
    env.run("relay unset MRESXP --ip 10.1.1.1 --from server.conf").expect(2);
    set(&env, "");
    env.write("relay.conf", env.read(RMS));
    env.refuses(2, "relay unset MRESXP --from relay.conf").complains("the relay that is to be taken back");
    env.refuses(1, "relay unset MRESXP/rms");
}

#[test]
fn undo_restores_times() {
    let env = TestEnv::demo();
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    let catalog = env.path("MRESXP/rms/cidsync.upd");
    fs::File::options().write(true).open(&catalog).unwrap().set_modified(old).unwrap();
    let time = |path: &str| fs::metadata(env.path(path)).unwrap().modified().unwrap();
    set(&env, "");
    let set_at = time("MRESXP/rms/cidsync.upd");
    assert!(set_at > old);
    let copy = time(RMS);
    env.run("undo MRESXP").ok();
    assert_eq!(time("MRESXP/rms/cidsync.upd"), old);
    env.run("undo MRESXP").ok().says("done again");
    assert_eq!((time("MRESXP/rms/cidsync.upd"), time(RMS)), (set_at, copy));
}
