//! A refresh and relay set-up heed the manifests of a CID: what one lists is not written, what none lists is told.

use crate::support::estate::{manifest, manifest_entry};
use crate::support::{RELAY, TestEnv};

/// For a manifest that was changed after a catalog has listed it: it is of a package of one's own.
const OWN: &str = "refresh MRESXP --customer-file manifest.dat";

/// A CID with a manifest of all its files in the root.
fn signed() -> TestEnv {
    let env = TestEnv::demo();
    env.write("MRESXP/manifest.dat", manifest(&env.path("MRESXP")));
    env.run("refresh MRESXP").ok();
    env
}

/// Adds a file to a manifest as it is.
fn list(env: &TestEnv, manifest: &str, path: &str, file: &str) {
    let entry = manifest_entry(path, &env.read(file));
    env.edit(manifest, |bytes| [bytes, entry.into_bytes()].concat());
}

#[test]
fn a_relay_is_set_up_where_manifests_list_other_files() {
    let env = signed();
    env.run(&format!("relay set MRESXP {RELAY}")).ok();
    env.run(&format!("relay set MRESXP {RELAY}")).ok().says("Nothing to do");
}

#[test]
fn a_copy_that_a_manifest_lists_is_not_written() {
    for (manifest, path) in [
        ("manifest.dat", ".\\rms\\mrinit.conf"),
        ("rms/manifest.dat", ".\\MRINIT.conf"),
        ("rms/manifest.dat", "./mrinit.conf"),
    ] {
        let env = signed();
        env.write("MRESXP/rms/mrinit.conf", env.read("MRESXP/mrinit.conf"));
        if manifest == "rms/manifest.dat" {
            env.write("MRESXP/rms/manifest.dat", "");
        }
        list(&env, &format!("MRESXP/{manifest}"), path, "MRESXP/rms/mrinit.conf");
        // Its entries are brought in line all the same: that writes no file that is listed.
        env.run(OWN).expect(0).complains("so that it should be the vendor's");
        let refused = env.refuses(1, &format!("relay set MRESXP {RELAY}"));
        let name = format!("\\{}", manifest.replace('/', "\\"));
        refused.complains(&format!("the manifest {name} lists this file"));
        let json = env.run(&format!("relay set MRESXP {RELAY} --json")).expect(1).json();
        assert_eq!(json["cids"][0]["error"]["kind"], "signed-file");
        assert!(json["cids"][0]["error"]["path"].as_str().unwrap().ends_with("mrinit.conf"), "{json}");
    }
}

#[test]
fn a_catalog_that_a_manifest_lists_is_not_written() {
    let env = signed();
    list(&env, "MRESXP/manifest.dat", ".\\rms\\cidsync.upd", "MRESXP/rms/cidsync.upd");
    // The root's catalog alone changes.
    env.run(OWN).ok();
    env.write("MRESXP/rms/customer_ID.txt", "Acme");
    env.refuses(1, "refresh MRESXP").complains("\\manifest.dat lists this file");
    env.refuses(1, "refresh MRESXP --dry-run");
    env.remove("MRESXP/rms/customer_ID.txt");
    env.run("refresh MRESXP").ok().says("Nothing to do");
}

#[test]
fn files_in_no_manifest_are_told_and_left_alone() {
    let env = signed();
    assert!(env.run("refresh MRESXP --json").ok().json()["cids"][0].get("candidates").is_none());
    for n in 0..150 {
        env.write(&format!("MRESXP/savxp/branding/{n:03}.xml"), "<logo/>");
    }
    env.write("MRESXP/rms/branding.xml", "<logo/>");
    let before = env.snapshot();
    let output = env.run("refresh MRESXP").ok();
    assert_eq!(output.count("note: "), 1, "{output}");
    let output = output.says("note: 151 files are in no manifest, and perhaps yours: \\rms\\branding.xml, ");
    assert!(output.stdout.contains(" and 146 more; --customer-file NAME") && output.stdout.len() < 2000, "{output}");
    let candidates = env.run("refresh MRESXP --json").ok().json()["cids"][0]["candidates"].clone();
    assert_eq!(candidates["count"], 151);
    assert_eq!(candidates["files"].as_array().unwrap().len(), 100);
    assert_eq!(env.snapshot(), before);

    let json = env.run("refresh MRESXP --customer-file branding.xml --json").ok().json();
    assert_eq!(json["cids"][0]["candidates"]["count"], 150, "one is the customer's now");
    assert_eq!(json["cids"][0]["status"], "changed");
}

#[test]
fn a_broken_manifest_is_a_warning_and_no_obstacle() {
    for content in ["", "garbage", "\".\\a\" 1 da39a3ee5e6b4b0d3255bfef95601890afd80709\r\n", "\".\\..\\a\" 1 x\n"] {
        let env = TestEnv::demo();
        env.write("MRESXP/manifest.dat", content);
        let warns = |line: &str| env.run(line).expect(0).complains("warning: \\manifest.dat: ");
        warns(&format!("relay set MRESXP {RELAY} --dry-run"));
        warns("refresh MRESXP").says("Done");
        warns("refresh MRESXP").complains("configcid audit tells more");
        let json = env.run("refresh MRESXP --json").expect(0).json();
        assert!(json["cids"][0]["warnings"][0].as_str().unwrap().contains("not heeded"), "{json}");
        assert!(json["cids"][0].get("candidates").is_none(), "nothing is known of the files");
    }
}

#[test]
fn without_manifests_nothing_is_different() {
    let env = TestEnv::demo();
    env.write("MRESXP/readme.txt", "hello");
    env.write("MRESXP/customer_ID.txt", "Acme");
    let output = env.run("refresh MRESXP").ok();
    assert_eq!(output.count("note: "), 0, "{output}");
    let json = env.run("refresh MRESXP --json").ok().json();
    assert!(json["cids"][0].get("candidates").is_none() && json["cids"][0].get("warnings").is_none(), "{json}");
}
