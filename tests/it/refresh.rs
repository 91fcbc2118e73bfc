//! Refreshing, as ConfigCID.exe does it: customer files come into the catalogs, change there, and go.

use crate::support::layout::{Entry, crc32};
use crate::support::{RELAY, TestEnv, check_cid, stamps};
use configcid::DemoCid;

const ROOT: &str = "MRESXP/cidsync.upd";
const RMS: &str = "MRESXP/rms/cidsync.upd";

fn names(env: &TestEnv, catalog: &str) -> Vec<String> {
    env.catalog(catalog).entries.iter().map(Entry::name).collect()
}

/// Asserts that a second run writes nothing and says so.
fn assert_done(env: &TestEnv) {
    check_cid(&env.path("MRESXP"), crc32);
    let (before, times) = (env.snapshot(), stamps(&env.path("MRESXP")));
    let output = env.run("MRESXP").ok().says("Nothing to do: everything is as it should be");
    assert_eq!(output.count("Adding") + output.count("Updating") + output.count("Removing"), 0, "{output}");
    assert_eq!((env.snapshot(), stamps(&env.path("MRESXP"))), (before, times));
}

#[test]
fn a_new_file_is_appended() {
    let env = TestEnv::demo();
    let (root, rms) = (env.catalog(ROOT), env.catalog(RMS));
    env.write("MRESXP/rms/stamp", "1");
    let output = env.run("MRESXP").ok().says("Adding entry for \\stamp (1 byte, checksum 83dcefb7)");
    assert_eq!(output.count("Adding entry for \\rms\\stamp (1 byte, checksum 83dcefb7)"), 1, "{output}");
    let (new_root, new_rms) = (env.catalog(ROOT), env.catalog(RMS));
    assert_eq!(new_rms.entries[..3], rms.entries[..]);
    assert_eq!(new_rms.entries[3].name(), "\\stamp");
    assert_eq!(new_root.entries.last().unwrap().name(), "\\rms\\stamp");
    assert_eq!((new_root.head, new_rms.head), (root.head, rms.head));
    assert_done(&env);
}

#[test]
fn a_changed_file_is_updated_in_its_place() {
    let env = TestEnv::demo();
    let before = names(&env, ROOT);
    env.write("MRESXP/mrinit.conf", "[Config]\r\n");
    let output = env.run("MRESXP").ok();
    assert_eq!(output.count("Updating entry for \\mrinit.conf (10 bytes, "), 1, "{output}");
    assert_eq!(output.count("Updating checksum"), 1, "the catalog of rms has no such file\n{output}");
    assert_eq!(names(&env, ROOT), before);
    assert_done(&env);
}

#[test]
fn a_changed_file_of_the_same_size_is_updated() {
    let env = TestEnv::demo();
    env.replace("MRESXP/mrinit.conf", "dword:00002001", "dword:00002009");
    env.run("MRESXP").ok().says("Updating entry for \\mrinit.conf (464 bytes, ");
    assert_done(&env);
}

#[test]
fn a_removed_file_is_removed() {
    let env = TestEnv::demo();
    let mut before = names(&env, ROOT);
    env.remove("MRESXP/cac.pem");
    let output = env.run("MRESXP").ok();
    assert_eq!(output.count("Removing entry for \\cac.pem (704 bytes, "), 1, "{output}");
    before.retain(|name| name != "\\cac.pem");
    assert_eq!(names(&env, ROOT), before);
    assert_done(&env);
}

/// A manifest that lists one empty file of the vendor's.
const MANIFEST: &str = "\".\\engine.bin\" 0 da39a3ee5e6b4b0d3255bfef95601890afd80709\n";

#[test]
fn every_name_that_a_customer_may_use() {
    let env = TestEnv::with(DemoCid { rms9x: true, ..DemoCid::default() });
    for name in crate::support::layout::CUSTOMER_FILES {
        let content = if name.ends_with("manifest.dat") { MANIFEST } else { name };
        env.write(&format!("MRESXP/savxp/{}", name.to_uppercase()), content);
    }
    env.write("MRESXP/savxp/other.xml", "the vendor's, and unlisted");
    env.write("MRESXP/savxp/data/stamp", "too deep");
    let output = env.run("MRESXP").ok();
    assert_eq!(output.count("Adding entry for"), 2 * crate::support::layout::CUSTOMER_FILES.len(), "{output}");
    assert_eq!(output.count("Adding entry for \\savxp\\STAMP "), 1, "{output}");
    assert_done(&env);
}

#[test]
fn one_more_name() {
    let env = TestEnv::demo();
    env.write("MRESXP/branding.xml", "<x/>");
    env.run("MRESXP").ok().says("Nothing to do");
    env.run("MRESXP --customer-file Branding.xml").ok().says("Adding entry for \\branding.xml");
    assert_done(&env);
    env.refuses(2, "MRESXP --customer-file ../x").complains("../x");
}

#[test]
fn files_in_other_folders_are_not_the_customers() {
    let env = TestEnv::with(DemoCid { component_catalogs: false, ..DemoCid::default() });
    env.write("MRESXP/docs/mrinit.conf", "[Config]\r\n");
    env.run("MRESXP").ok().says("Nothing to do");
}

#[test]
fn a_listed_name_is_matched_without_regard_to_case() {
    let env = TestEnv::demo();
    std::fs::rename(env.path("MRESXP/mrinit.conf"), env.path("MRESXP/MRInit.conf")).unwrap();
    env.run("MRESXP").ok().says("Nothing to do");
    env.write("MRESXP/MRInit.conf", "[Config]\r\n");
    let before = names(&env, ROOT);
    env.run("MRESXP").ok().says("Updating entry for \\mrinit.conf (10 bytes");
    assert_eq!(names(&env, ROOT), before, "the catalog's own spelling stays");
    assert_done(&env);
}

#[test]
fn gaps_and_trailing_bytes_are_kept() {
    let env = TestEnv::demo();
    env.edit_catalog(ROOT, |catalog| {
        catalog.head.extend(b"a gap\0\xFF");
        catalog.head[80] = catalog.head.len() as u8;
        catalog.tail.extend(b"and an end\0\xFF");
    });
    let before = env.catalog(ROOT);
    env.write("MRESXP/stamp", "x");
    env.run("MRESXP").ok();
    let after = env.catalog(ROOT);
    assert_eq!((after.head, after.tail), (before.head, before.tail));
    assert_eq!(after.entries.len(), before.entries.len() + 1);
    assert_done(&env);
}

#[test]
fn the_order_of_entries_is_kept() {
    let env = TestEnv::demo();
    env.edit_catalog(ROOT, |catalog| catalog.entries.reverse());
    let before = names(&env, ROOT);
    env.write("MRESXP/mrinit.conf", "[Config]\r\n");
    env.remove("MRESXP/cac.pem");
    env.write("MRESXP/customer_ID.txt", "x");
    env.run("MRESXP").ok();
    let kept: Vec<String> = before.into_iter().filter(|name| name != "\\cac.pem").collect();
    assert_eq!(names(&env, ROOT), [&kept[..], &["\\customer_ID.txt".to_owned()]].concat());
    assert_done(&env);
}

#[test]
fn every_known_function_is_found_out() {
    for function in configcid::catalog::checksum::all_known() {
        let env = TestEnv::with(DemoCid { function: function.clone(), ..DemoCid::default() });
        env.write("MRESXP/stamp", "x");
        env.run("MRESXP").ok().says(&format!("entries, {})", function.name()));
        env.run("catalog verify MRESXP").ok().says(function.name());
        env.run(&format!("MRESXP --checksum {}", function.name())).ok().says("Nothing to do");
    }
}

#[test]
fn catalogs_of_different_functions_keep_them() {
    let env = TestEnv::demo();
    let md5 = configcid::catalog::checksum::known("md5-be").unwrap();
    let other = env.cid("OTHER", DemoCid { function: md5, ..DemoCid::default() });
    std::fs::copy(other.join("rms/cidsync.upd"), env.path(RMS)).unwrap();
    env.edit_catalog(ROOT, |catalog| {
        let entry = catalog.entries.iter_mut().find(|entry| entry.name() == "\\rms\\cidsync.upd").unwrap();
        *entry = Entry::of("\\rms\\cidsync.upd", &env.read(RMS), crc32);
    });
    env.write("MRESXP/rms/stamp", "x");
    env.run("MRESXP").ok().says("in \\rms (3 entries, md5-be)").says("in \\ (13 entries, crc32)");
    env.run("catalog verify MRESXP").ok();
    env.run("MRESXP").ok().says("Nothing to do");
}

#[test]
fn damage_is_refused_and_accepted_when_asked() {
    let env = TestEnv::demo();
    env.write("MRESXP/stamp", "x");
    env.edit("MRESXP/savxp/engine.dll", |bytes| bytes[1..].to_vec());
    let before = env.catalog(ROOT);
    env.refuses(1, "MRESXP").complains("--accept-damage");
    let output = env.run("MRESXP --accept-damage").expect(0);
    let output = output.complains("warning: \\savxp\\engine.dll has 899 bytes").complains("left as it is");
    assert_eq!(output.count("Adding entry for \\stamp"), 1, "{output}");
    let after = env.catalog(ROOT);
    assert_eq!(after.entries[..before.entries.len()], before.entries[..], "the vendor's entries stay as they are");
    check_cid(&env.path("MRESXP"), crc32);
}

#[test]
fn damage_of_the_same_size_shows_in_the_samples() {
    let env = TestEnv::demo();
    env.write("MRESXP/rms/stamp", "x");
    env.edit("MRESXP/rms/agent.dll", |mut bytes| {
        bytes[7] ^= 1;
        bytes
    });
    env.refuses(1, "MRESXP").complains(RMS).complains("\\rms\\agent.dll is not what it says");
    env.run("MRESXP --accept-damage").expect(0);
    check_cid(&env.path("MRESXP"), crc32);
    env.run("catalog verify MRESXP").expect(3).says("fault (checksum): \\rms\\agent.dll");
}

#[test]
fn files_of_the_vendor_are_never_hashed_anew() {
    let env = TestEnv::with(DemoCid { rms9x: true, ..DemoCid::default() });
    env.write("MRESXP/stamp", "x");
    // The largest file is not among those by which the function is found out.
    env.edit("MRESXP/savxp/engine.dll", |mut bytes| {
        bytes[7] ^= 1;
        bytes
    });
    let engine = |env: &TestEnv| {
        env.catalog(ROOT).entries.into_iter().find(|entry| entry.name() == "\\savxp\\engine.dll").unwrap().checksum
    };
    let before = engine(&env);
    env.edit_catalog("MRESXP/savxp/cidsync.upd", |catalog| {
        catalog.entries.iter_mut().find(|entry| entry.name() == "\\engine.dll").unwrap().checksum =
            crc32(&env.read("MRESXP/savxp/engine.dll"));
    });
    env.run("MRESXP").ok();
    assert_eq!(engine(&env), before);
}

#[test]
fn a_catalog_that_is_listed_and_gone_is_damage() {
    let env = TestEnv::demo();
    env.edit_catalog(ROOT, |catalog| catalog.entries.push(Entry::of("\\vdlsync.upd", b"gone", crc32)));
    env.write("MRESXP/stamp", "x");
    env.refuses(1, "MRESXP").complains("\\vdlsync.upd is not there");
    env.run("MRESXP --accept-damage").expect(0).complains("\\vdlsync.upd is not there").says("verified");
}

#[test]
fn a_dry_run_writes_nothing() {
    let env = TestEnv::demo();
    env.write("MRESXP/stamp", "x");
    env.remove("MRESXP/cac.pem");
    let (before, times) = (env.snapshot(), stamps(&env.path("MRESXP")));
    let output = env.run("MRESXP --dry-run").ok().says("-\\cac.pem 704 ").says("+\\stamp 1 ");
    assert!(output.stdout.ends_with("Dry run: 1 file would be written; nothing was\n"), "{output}");
    assert_eq!((env.snapshot(), stamps(&env.path("MRESXP"))), (before, times));
}

#[test]
fn both_spellings_of_the_command_do_the_same() {
    let outputs = ["MRESXP", "refresh MRESXP"].map(|line| {
        let env = TestEnv::demo();
        env.write("MRESXP/stamp", "x");
        let output = env.run(line).ok();
        (output.stdout, env.snapshot())
    });
    assert_eq!(outputs[0], outputs[1]);
}

#[test]
fn several_cids_of_which_one_fails() {
    let env = TestEnv::demo();
    env.cid("ESXP", DemoCid::default());
    for cid in ["MRESXP", "ESXP"] {
        env.write(&format!("{cid}/stamp"), "x");
    }
    // One that is not there is perhaps a slip, and keeps all from being written.
    let before = env.snapshot();
    let answer = env.run("MRESXP nowhere ESXP --json").expect(4).complains("error: nowhere: ").json();
    assert_eq!((&answer["cids"][0]["status"], &answer["cids"][1]["status"]), (&"left".into(), &"failed".into()));
    assert_eq!(env.snapshot(), before);
    env.cid("DAMAGED", DemoCid::default());
    env.remove("DAMAGED/rms/agent.dll");
    let answer = env.run("MRESXP DAMAGED ESXP --json").expect(4).complains("error: DAMAGED: ").json();
    let statuses: Vec<_> =
        answer["cids"].as_array().unwrap().iter().map(|cid| cid["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["changed", "failed", "changed"]);
    check_cid(&env.path("MRESXP"), crc32);
    check_cid(&env.path("ESXP"), crc32);
}

#[test]
fn json_and_quiet() {
    let env = TestEnv::demo();
    env.write("MRESXP/stamp", "x");
    let answer = env.run("MRESXP --json --dry-run").ok().json();
    assert_eq!(answer["cids"][0]["catalogs"][3]["actions"][0]["action"], "add");
    assert_eq!(answer["cids"][0]["catalogs"][3]["actions"][0]["path"], "\\stamp");
    assert_eq!(env.run("MRESXP -q").ok().stdout, "");
    assert_done(&env);
}

#[test]
fn catalogs_that_list_each_other_are_warned_of() {
    let env = TestEnv::demo();
    env.edit_catalog(ROOT, |catalog| catalog.entries.push(Entry::of("\\cidsync.upd", b"", crc32)));
    env.write("MRESXP/stamp", "x");
    env.run("MRESXP")
        .expect(0)
        .complains("warning: \\cidsync.upd lists \\cidsync.upd")
        .says("Adding entry for \\stamp");
    env.run("MRESXP").expect(0).says("Nothing to do");
}

#[test]
fn wrong_usage() {
    let env = TestEnv::demo();
    let before = env.snapshot();
    env.run("").expect(2).says("Usage: configcid");
    env.run("MRESXP relay show MRESXP").expect(2).complains("a CID stands before a command");
    env.run("--dry-run relay set MRESXP --netbios MR").expect(2).complains("--dry-run stands before a command");
    env.run("--accept-damage --json relay show MRESXP").expect(2).complains("--accept-damage stands before a command");
    env.run("--json -q relay show MRESXP").ok().json();
    env.run("./relay").expect(1).complains("./relay: ");
    env.run("refresh").expect(2).complains("<CID>...");
    env.run("MRESXP --nonsense").expect(2).complains("--nonsense");
    env.run("MRESXP --checksum crc-16").expect(2).complains("crc-16");
    env.run("MRESXP --checksum crc32 --checksum-command x").expect(2).complains("cannot be used with");
    env.run("MRESXP --program-timeout 0").expect(2).complains("--program-timeout");
    env.refuses(2, "MRESXP --checksum-command \"x").complains("quote that is not closed");
    assert_eq!(env.snapshot(), before);
}

#[test]
fn a_catalog_that_says_little_stops_nothing() {
    // An empty one, sealed with nobody knows what: it needs no change.
    let env = TestEnv::demo();
    env.edit_catalog("MRESXP/sau/cidsync.upd", |catalog| catalog.entries.clear());
    let before = env.read("MRESXP/sau/cidsync.upd");
    env.write("MRESXP/customer_ID.txt", "Acme");
    env.run("MRESXP --accept-damage").ok().says("Adding entry for \\customer_ID.txt");
    assert_eq!(env.read("MRESXP/sau/cidsync.upd"), before);
}

#[test]
fn a_catalog_of_one_file_is_known_by_what_the_file_was() {
    let env = TestEnv::demo();
    env.run(&format!("relay set MRESXP {RELAY}")).ok();
    // Only mrinit.conf is left to tell by, and it is what the next change is about.
    env.edit_catalog("MRESXP/rms/cidsync.upd", |catalog| {
        catalog.entries.retain(|entry| entry.name() == "\\mrinit.conf");
    });
    env.run("MRESXP").ok();
    env.run("relay set MRESXP --fqdn Other.Sales.Acme").ok().says("Updating entry for \\rms\\mrinit.conf");
    check_cid(&env.path("MRESXP"), crc32);
}
