//! `audit --save` and `--since`: what came, went and changed, and what explains it.

use std::fs;

use crate::support::estate::{certificate, manifest};
use crate::support::pki::{Pki, VALID};
use crate::support::{RELAY, TestEnv};
use serde_json::Value;

/// A CID without faults, with a baseline of it.
fn saved() -> TestEnv {
    let env = TestEnv::demo();
    env.write("MRESXP/cac.pem", certificate("Estate of Acme", "20060531000000Z", "20960531000000Z"));
    env.run("refresh MRESXP").ok();
    env.run("audit MRESXP --save seen.json").ok().says("Saved seen.json (SHA-256 ");
    env
}

/// The differences, each as path, change, and the kind of its explanation.
fn differences(env: &TestEnv, options: &str, code: i32) -> Vec<(String, String, String)> {
    let before = env.snapshot();
    let answer = env.run(&format!("audit MRESXP --since seen.json --json {options}")).expect(code).json();
    assert_eq!(env.snapshot(), before, "an audit changes nothing");
    let text = |value: &Value| value.as_str().unwrap_or("nothing").to_owned();
    let files = answer["cids"][0]["since"]["files"].as_array().unwrap_or_else(|| panic!("{answer:#}"));
    files.iter().map(|file| (text(&file["path"]), text(&file["change"]), text(&file["explained_by"]["kind"]))).collect()
}

fn difference(path: &str, change: &str, by: &str) -> (String, String, String) {
    (path.to_owned(), change.to_owned(), by.to_owned())
}

#[test]
fn nothing_has_changed() {
    let env = saved();
    assert_eq!(differences(&env, "", 0), []);
    let output = env.run("audit MRESXP --since seen.json").ok().says("Compared with seen.json (SHA-256 ");
    // What was noted when it was saved tells whether the baseline itself was changed.
    let digest = |text: &str| text.split("SHA-256 ").nth(1).unwrap()[..64].to_owned();
    let again = env.run("audit MRESXP --save again.json").ok();
    assert_eq!(digest(&again.stdout), digest(&again.stdout));
    assert_eq!(digest(&output.stdout).len(), 64);
}

#[test]
fn what_nobody_explains_is_an_error() {
    let env = saved();
    env.edit("MRESXP/savxp/engine.dll", |mut bytes| {
        bytes[0] ^= 1;
        bytes
    });
    env.remove("MRESXP/sau/update.dll");
    env.write("MRESXP/savxp/evil.dll", "evil");
    fs::rename(env.path("MRESXP/rms/router.dll"), env.path("MRESXP/rms/other.dll")).unwrap();
    let found = differences(&env, "", 3);
    for (path, change) in [
        ("\\savxp\\engine.dll", "changed"),
        ("\\sau\\update.dll", "went"),
        ("\\savxp\\evil.dll", "came"),
        ("\\rms\\router.dll", "went"),
        ("\\rms\\other.dll", "came"),
    ] {
        assert!(found.contains(&difference(path, change, "nothing")), "{path}\n{found:?}");
    }
    assert_eq!(found.len(), 5);
    env.run("audit MRESXP --since seen.json")
        .expect(3)
        .says("error since-unexplained")
        .says("\\rms\\router.dll went with the same content");
}

/// Catalogs that were blessed after a change of the customer's file agree with it; the file itself nothing explains.
#[test]
fn a_refresh_explains_catalogs_and_not_what_it_found() {
    let env = saved();
    env.write("MRESXP/customer_ID.txt", "Acme");
    env.run("refresh MRESXP").ok();
    let found = differences(&env, "", 3);
    assert!(found.contains(&difference("\\customer_ID.txt", "came", "nothing")), "{found:?}");
    assert!(found.contains(&difference("\\cidsync.upd", "changed", "consistent")), "{found:?}");
}

#[test]
fn what_configcid_did_is_explained_by_its_history() {
    let env = saved();
    env.run(&format!("relay set MRESXP {RELAY}")).ok();
    let found = differences(&env, "", 0);
    assert!(found.contains(&difference("\\rms\\mrinit.conf", "came", "history")), "{found:?}");
    env.run("audit MRESXP --since seen.json").ok().says("configcid's history explains it: relay set");
    env.run("audit MRESXP --since seen.json --fail-on note").expect(3);

    // And no more once somebody has changed the file since.
    env.replace("MRESXP/rms/mrinit.conf", "10.1.200.65,", "10.9.9.9,");
    env.run("refresh MRESXP").ok();
    let found = differences(&env, "", 3);
    assert!(found.contains(&difference("\\rms\\mrinit.conf", "came", "nothing")), "{found:?}");
}

/// The history lies in the CID: whoever can write there can write it. It explains nothing that configcid never writes.
#[test]
fn a_forged_history_explains_no_file_of_the_vendor() {
    let env = saved();
    let digest = |bytes: &[u8]| {
        use sha2::{Digest, Sha256};
        Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let before = digest(&env.read("MRESXP/savxp/engine.dll"));
    env.edit("MRESXP/savxp/engine.dll", |mut bytes| {
        bytes[0] ^= 1;
        bytes
    });
    let after = digest(&env.read("MRESXP/savxp/engine.dll"));
    let line = format!(
        "{{\"id\":\"1-1\",\"time\":\"2026-01-01 00:00:00 UTC\",\"user\":\"u\",\"host\":\"h\",\"purpose\":\"p\",\"version\":\"0\",\
         \"files\":[\"\\\\savxp\\\\engine.dll\"],\"contents\":[{{\"before\":\"{before}\",\"after\":\"{after}\"}}]}}\n"
    );
    env.write("MRESXP/.configcid-history", line);
    assert_eq!(differences(&env, "", 3), [difference("\\savxp\\engine.dll", "changed", "nothing")]);
}

#[test]
fn whom_a_relay_reports_to_is_told() {
    let env = saved();
    env.replace("MRESXP/mrinit.conf", "\"ParentRouterAddress\"=\"", "\"ParentRouterAddress\"=\"Evil,");
    env.run("refresh MRESXP").ok();
    let answer = env.run("audit MRESXP --since seen.json --json").expect(3).json();
    let relay = &answer["cids"][0]["since"]["relay"][0];
    assert_eq!((&relay["path"], &relay["name"]), (&"\\mrinit.conf".into(), &"ParentRouterAddress".into()));
    assert!(relay["after"].as_str().unwrap().starts_with("Evil,"), "{relay}");
    env.run("audit MRESXP --since seen.json").expect(3).says("ParentRouterAddress was ").says(" and is Evil,");
}

/// An update by the server: new files, and a new manifest by a signer whom a root vouches for.
#[test]
fn a_good_manifest_explains_an_update_and_an_older_one_is_a_rollback() {
    let Some(pki) = Pki::usual() else { return };
    let env = TestEnv::demo();
    env.write("MRESXP/cac.pem", certificate("Estate of Acme", "20060531000000Z", "20960531000000Z"));
    let sign = |env: &TestEnv| {
        env.write("MRESXP/manifest.dat", pki.signed(&manifest(&env.path("MRESXP"))));
        env.run("catalog create MRESXP --replace").ok();
    };
    sign(&env);
    let old: Vec<(&str, Vec<u8>)> = ["manifest.dat", "savxp/engine.dll", "cidsync.upd", "savxp/cidsync.upd"]
        .map(|name| (name, env.read(&format!("MRESXP/{name}"))))
        .to_vec();
    let trust = format!("--root-ca {} --at {VALID}", pki.text_path("root.pem"));
    env.run(&format!("audit MRESXP {trust} --save seen.json")).ok();

    env.write("MRESXP/savxp/engine.dll", vec![7; 900]);
    sign(&env);
    let found = differences(&env, &trust, 0);
    assert!(found.contains(&difference("\\savxp\\engine.dll", "changed", "manifest")), "{found:?}");
    assert!(found.contains(&difference("\\manifest.dat", "changed", "good-manifest")), "{found:?}");
    assert!(found.contains(&difference("\\savxp\\cidsync.upd", "changed", "consistent")), "{found:?}");
    // Without a root nobody vouches for it.
    let found = differences(&env, &format!("--at {VALID}"), 3);
    assert!(found.contains(&difference("\\savxp\\engine.dll", "changed", "nothing")), "{found:?}");

    env.run(&format!("audit MRESXP {trust} --since seen.json --save newer.json")).ok();
    fs::rename(env.path("newer.json"), env.path("seen2.json")).unwrap();
    // Somebody puts the old files back: every signature is good, and every catalog right.
    for (name, bytes) in &old {
        env.write(&format!("MRESXP/{name}"), bytes);
    }
    env.run(&format!("audit MRESXP {trust}")).ok();
    let output = env.run(&format!("audit MRESXP {trust} --since seen2.json")).expect(3);
    output.says("error since-rollback").says("\\manifest.dat: it was here before the manifest of ");
}

#[test]
fn a_baseline_is_never_written_over_and_never_taken_from_the_cid() {
    let env = saved();
    env.refuses(1, "audit MRESXP --save seen.json").complains("there is something of this name already");
    env.refuses(2, "audit MRESXP --save MRESXP/seen.json").complains("outside of the CID");
    fs::copy(env.path("seen.json"), env.path("MRESXP/seen.json")).unwrap();
    env.refuses(2, "audit MRESXP --since MRESXP/seen.json").complains("proves nothing");
    env.remove("MRESXP/seen.json");
    env.refuses(1, "audit MRESXP --since nowhere.json").complains("nowhere.json");
    env.write("letter.txt", "to a friend");
    env.refuses(2, "audit MRESXP --since letter.txt").complains("this is no baseline");
    env.cid("ESXP", configcid::DemoCid::default());
    env.refuses(2, "audit ESXP --since seen.json").complains("this baseline knows no CID ESXP; it knows ");
    // All or none.
    env.run("audit MRESXP nowhere --save both.json").complains("no baseline was saved");
    assert!(!env.path("both.json").exists());
}
