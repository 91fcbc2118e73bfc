//! `audit`: everything that is wrong with a CID is found and named, nothing hides anything else, and nothing is changed.

use std::collections::BTreeSet;
use std::fs;

use crate::support::browser::{have_browser, show};
use crate::support::estate::{certificate, manifest, manifest_entry};
use crate::support::layout::{Entry, crc32};
use crate::support::pki::{Pki, VALID, root};
use crate::support::{RELAY, TestEnv, secrets};
use configcid::DemoCid;
use configcid::audit::{AuditOptions, RULES, audit};
use configcid::signing::VerifyOptions;
use serde_json::Value;

/// The moment at which all audits here look.
const AT: &str = "--at 2016-05-31";

/// The manifests here are made for the tests, as those of own packages are.
const REFRESH: &str = "refresh MRESXP --customer-file manifest.dat";

/// A CID that is whole: its `cac.pem` is a certificate that is valid, and all of its files are in a manifest of the root.
fn whole() -> TestEnv {
    let env = TestEnv::demo();
    env.write("MRESXP/cac.pem", certificate("Estate of Acme", "20060531000000Z", "20960531000000Z"));
    env.write("MRESXP/manifest.dat", manifest(&env.path("MRESXP")));
    env.run(REFRESH).ok();
    env
}

/// The first CID of the JSON answer.
fn audited(env: &TestEnv, code: i32) -> Value {
    let before = env.snapshot();
    let answer = env.run(&format!("audit MRESXP {AT} --json")).expect(code).json();
    assert_eq!(env.snapshot(), before, "an audit changes nothing");
    assert_eq!(answer["command"], "audit");
    answer["cids"][0].clone()
}

/// Ids and paths of the findings, but for what even a whole CID of these tests has: manifests that nobody signed.
fn findings(cid: &Value) -> BTreeSet<(String, String)> {
    let all = cid["findings"].as_array().unwrap_or_else(|| panic!("{cid}"));
    let counts = &cid["counts"];
    let sum: u64 = ["error", "warning", "note"].iter().map(|severity| counts[severity].as_u64().unwrap()).sum();
    assert_eq!(sum as usize, all.len());
    let mut found = BTreeSet::new();
    for finding in all {
        let id = finding["id"].as_str().unwrap();
        let rule = RULES.iter().find(|rule| rule.id == id).expect("an id of the table");
        assert_eq!(finding["severity"], rule.severity.name());
        assert_eq!(finding["next"], rule.next);
        assert!(!finding["what"].as_str().unwrap().is_empty());
        let path = finding["path"].as_str().unwrap_or("").to_owned();
        // One fault is one finding, and whatever else tells of it stands with it.
        for also in finding["also"].as_array().into_iter().flatten() {
            assert!(!also["what"].as_str().unwrap().is_empty());
            found.insert((also["id"].as_str().unwrap().to_owned(), path.clone()));
        }
        if id != "manifest-unsigned" {
            found.insert((id.to_owned(), path));
        }
    }
    found
}

/// Asserts that exactly these are found, for programs and for people, with this exit code.
#[track_caller]
fn finds(env: &TestEnv, code: i32, expected: &[(&str, &str)]) {
    let found = findings(&audited(env, code));
    let expected: BTreeSet<_> = expected.iter().map(|(id, path)| (id.to_string(), path.to_string())).collect();
    assert_eq!(found, expected);
    finds_what_verify_finds(env, &found);
    let output = env.run(&format!("audit MRESXP {AT} -v")).expect(code);
    for (id, path) in &expected {
        assert!(output.stdout.contains(&format!(" {id}: ")), "{id}\n{output}");
        assert!(output.stdout.contains(&format!("  {path}")), "{path}\n{output}");
    }
}

/// Nothing that `catalog verify` finds escapes an audit.
#[track_caller]
fn finds_what_verify_finds(env: &TestEnv, found: &BTreeSet<(String, String)>) {
    let answer = env.run("catalog verify MRESXP --json").json();
    for fault in answer["cids"][0]["faults"].as_array().into_iter().flatten() {
        let ids: &[&str] = match fault["code"].as_str().unwrap() {
            "catalog-format" => &["catalog-unreadable"],
            "missing" => &["entry-missing"],
            "not-a-file" => &["entry-not-a-file"],
            "link" => &["entry-leads-out"],
            "size" => &["entry-size"],
            "checksum" => &["entry-checksum"],
            "own-checksum" => &["catalog-checksum"],
            "unlisted" => &["customer-unlisted"],
            "case-conflict" => &["case-conflict"],
            "io" => &["unreadable", "not-a-file"],
            other => panic!("{other}"),
        };
        let path = fault["path"].as_str().or(fault["catalog"].as_str());
        let is_it = |(id, at): &(String, String)| ids.contains(&&**id) && path.is_none_or(|path| path == at);
        assert!(found.iter().any(is_it), "{fault}\n{found:#?}");
    }
}

#[test]
fn a_cid_that_is_whole() {
    let env = whole();
    let cid = audited(&env, 3);
    assert_eq!(findings(&cid), BTreeSet::new());
    let files = &cid["files"];
    assert_eq!((&files["customer"], &files["catalogs"], &files["candidates"]), (&3.into(), &4.into(), &0.into()));
    assert_eq!(files["tools"], 1);
    assert_eq!(files["signed"], 8);
    assert_eq!(cid["relay"][0]["path"], "\\mrinit.conf");
    assert_eq!(cid["certificates"][0]["state"], "valid");
    assert_eq!(cid["certificates"][0]["subject"], "CN=Estate of Acme");
    assert_eq!(cid["certificates"][0]["not_after"], "2096-05-31T00:00:00Z");
    assert_eq!(cid["catalogs"][0]["function"], "crc32");
    assert_eq!(cid["at"], "2016-05-31T00:00:00Z");
    let paths: Vec<&str> =
        cid["customer_files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["\\cac.pem", "\\manifest.dat", "\\mrinit.conf"]);
    assert_eq!(cid["customer_files"][1]["is_of_tools"], true);
}

#[test]
fn a_cid_without_manifests_and_without_faults() {
    let env = TestEnv::demo();
    env.write("MRESXP/cac.pem", certificate("Estate of Acme", "20060531000000Z", "20960531000000Z"));
    env.run(REFRESH).ok();
    finds(&env, 0, &[("manifest-none", "")]);
    env.run(&format!("audit MRESXP {AT}")).ok().says("0 errors, 0 warnings, 1 note");
    assert_eq!(audited(&env, 0)["candidates"], serde_json::json!([]));
}

#[test]
fn files_that_are_not_what_catalogs_and_manifest_list() {
    let env = whole();
    env.edit("MRESXP/setup.dat", |mut bytes| {
        bytes[0] ^= 1;
        bytes
    });
    env.edit("MRESXP/savxp/data/threats-1.ide", |bytes| bytes[1..].to_vec());
    env.remove("MRESXP/savxp/engine.dll");
    env.remove("MRESXP/rms/rms.cfg");
    fs::create_dir(env.path("MRESXP/rms/rms.cfg")).unwrap();
    finds(
        &env,
        3,
        &[
            ("entry-checksum", "\\setup.dat"),
            ("manifest-digest", "\\setup.dat"),
            ("entry-size", "\\savxp\\data\\threats-1.ide"),
            ("manifest-size", "\\savxp\\data\\threats-1.ide"),
            ("entry-missing", "\\savxp\\engine.dll"),
            ("manifest-missing", "\\savxp\\engine.dll"),
            ("entry-not-a-file", "\\rms\\rms.cfg"),
            ("manifest-not-a-file", "\\rms\\rms.cfg"),
        ],
    );
}

#[test]
fn a_catalog_that_lists_what_the_manifest_denies() {
    let env = whole();
    // Whoever changed these files changed the catalogs with them.
    let content = vec![7; 700];
    env.write("MRESXP/setup.dat", &content);
    env.write("MRESXP/rms/rms.cfg", "evil");
    for catalog in ["MRESXP/cidsync.upd", "MRESXP/rms/cidsync.upd"] {
        env.edit_catalog(catalog, |catalog| {
            for entry in &mut catalog.entries {
                match entry.name().as_str() {
                    "\\setup.dat" => entry.checksum = crc32(&content),
                    "\\rms\\rms.cfg" | "\\rms.cfg" => *entry = Entry::of(&entry.name(), b"evil", crc32),
                    _ => {}
                }
            }
        });
    }
    env.run(REFRESH).ok();
    finds(
        &env,
        3,
        &[
            ("catalog-contradicts-manifest", "\\setup.dat"),
            ("manifest-digest", "\\setup.dat"),
            ("catalog-contradicts-manifest", "\\rms\\rms.cfg"),
            ("manifest-size", "\\rms\\rms.cfg"),
        ],
    );
    let cid = audited(&env, 3);
    let also = |finding: &Value| finding["also"].as_array().cloned().unwrap_or_default();
    let told =
        cid["findings"].as_array().unwrap().iter().flat_map(|finding| [vec![finding.clone()], also(finding)].concat());
    let contradictions: Vec<Value> = told.filter(|told| told["id"] == "catalog-contradicts-manifest").collect();
    assert_eq!(contradictions.len(), 3, "one for each catalog that lists the file");
    assert!(contradictions.iter().all(|finding| finding["manifest"] == "\\manifest.dat"));

    // And the other way round: the file is right, the catalog is not.
    let env = whole();
    env.edit_catalog("MRESXP/cidsync.upd", |catalog| {
        catalog.entries.iter_mut().find(|entry| entry.name() == "\\setup.dat").unwrap().checksum ^= 1;
    });
    finds(&env, 3, &[("catalog-contradicts-manifest", "\\setup.dat"), ("entry-checksum", "\\setup.dat")]);
}

#[test]
fn catalogs_that_are_broken_or_foreign() {
    let env = whole();
    env.edit("MRESXP/sau/cidsync.upd", |bytes| bytes[..60].to_vec());
    let found = findings(&audited(&env, 3));
    assert!(found.contains(&("catalog-unreadable".into(), "\\sau\\cidsync.upd".into())), "{found:?}");
    assert_eq!(audited(&env, 3)["catalogs"][0]["state"], "unreadable");

    let env = whole();
    env.edit("MRESXP/cidsync.upd", |mut bytes| {
        *bytes.last_mut().unwrap() ^= 1;
        bytes
    });
    finds(&env, 3, &[("catalog-checksum", "\\cidsync.upd")]);

    let env = TestEnv::demo();
    env.edit("MRESXP/cidsync.upd", |bytes| {
        let mut catalog = crate::support::layout::Catalog::read(&bytes);
        catalog.entries.iter_mut().for_each(|entry| entry.checksum ^= 0x1234_5678);
        catalog.seal(crate::support::layout::unknown);
        catalog.print()
    });
    let found = findings(&audited(&env, 0));
    assert!(found.contains(&("catalog-foreign".into(), "\\cidsync.upd".into())), "{found:?}");
}

#[test]
fn files_that_nothing_lists() {
    let env = whole();
    env.write("MRESXP/readme.txt", "hello");
    env.write("MRESXP/savxp/data/threats-3.ide", "new");
    env.write("MRESXP/rms/router.dll.tmp", "half");
    env.write("MRESXP/rms/customer_ID.txt", "Acme");
    finds(
        &env,
        3,
        &[
            ("unlisted-file", "\\readme.txt"),
            ("unlisted-file", "\\savxp\\data\\threats-3.ide"),
            ("temporary-file", "\\rms\\router.dll.tmp"),
            ("customer-unlisted", "\\rms\\customer_ID.txt"),
        ],
    );
    let cid = audited(&env, 3);
    assert_eq!(cid["candidates"].as_array().unwrap().len(), 3);
    assert_eq!(cid["files"]["candidates"], 3);
    // One that the user names is the customer's, and no candidate any more.
    let named = env.run(&format!("audit MRESXP {AT} --json --customer-file readme.txt")).expect(3).json();
    assert_eq!(named["cids"][0]["candidates"].as_array().unwrap().len(), 2);
}

#[test]
fn files_that_catalogs_list_and_no_manifest() {
    let env = whole();
    let text = env.text("MRESXP/manifest.dat");
    let kept: Vec<&str> = text
        .split_inclusive('\n')
        .collect::<Vec<_>>()
        .chunks(2)
        .filter(|entry| !entry[0].contains("router.dll") && !entry[0].contains("\\sau\\"))
        .flatten()
        .copied()
        .collect();
    env.write("MRESXP/manifest.dat", kept.concat());
    env.run(REFRESH).expect(0);
    finds(&env, 3, &[("unsigned-file", "\\rms\\router.dll"), ("folder-not-covered", "\\sau")]);
    let cid = audited(&env, 3);
    assert_eq!(cid["candidates"], serde_json::json!(["\\rms\\router.dll", "\\sau\\update.dll"]));
}

#[test]
fn manifests_of_components_are_relative_to_them_or_to_the_root() {
    for from_root in [false, true] {
        let env = whole();
        env.remove("MRESXP/manifest.dat");
        let mut text = manifest(&env.path("MRESXP/rms"));
        if from_root {
            text = text.replace("\".\\", "\".\\rms\\");
        }
        env.write("MRESXP/rms/manifest.dat", text);
        env.run(REFRESH).expect(0);
        let cid = audited(&env, 3);
        assert_eq!(cid["manifests"][0]["folder"], if from_root { "\\" } else { "\\rms" });
        assert_eq!(cid["manifests"][0]["entries"], 3);
        assert_eq!(cid["files"]["signed"], 3);
    }
}

#[test]
fn manifests_that_are_broken_unsigned_or_list_too_much() {
    let env = whole();
    env.edit("MRESXP/manifest.dat", |bytes| {
        bytes.iter().flat_map(|&b| if b == b'\n' { vec![13, 10] } else { vec![b] }).collect()
    });
    env.run(REFRESH).expect(0).complains("the manifest was not heeded");
    finds(&env, 3, &[("manifest-unreadable", "\\manifest.dat")]);
    assert_eq!(audited(&env, 3)["manifests"][0]["state"], "unreadable");

    let env = whole();
    let conf = env.read("MRESXP/mrinit.conf");
    env.edit("MRESXP/manifest.dat", |bytes| [bytes, manifest_entry(".\\mrinit.conf", &conf).into_bytes()].concat());
    env.run(REFRESH).expect(0);
    finds(&env, 3, &[("manifest-lists-customer", "\\mrinit.conf")]);
    let cid = audited(&env, 3);
    let unsigned: Vec<&Value> =
        cid["findings"].as_array().unwrap().iter().filter(|finding| finding["id"] == "manifest-unsigned").collect();
    assert_eq!((unsigned.len(), &unsigned[0]["path"]), (1, &Value::from("\\manifest.dat")));
    assert_eq!(cid["manifests"][0]["state"], "unsigned");
}

#[test]
fn signatures_of_manifests() {
    let Some(pki) = Pki::usual() else { return };
    pki.make(root("other", "/O=Acme/CN=Acme Root"));
    let env = whole();
    let body = manifest(&env.path("MRESXP"));
    let good = pki.signed(&body);
    let old = format!("{body}{}", pki.trailer(&body, &["signer"]));
    let root = format!("--root-ca {}", pki.text_path("root.pem"));
    let other = format!("--root-ca {}", pki.text_path("other.pem"));
    let tampered = |text: &str| text.replacen("\".\\rms\\router.dll\" 640", "\".\\rms\\router.dll\" 641", 1);
    assert_ne!(tampered(&good), good);
    // Each with what the manifest's own findings are.
    for (text, options, state, id) in [
        (good.clone(), format!("{root} --at {VALID}"), "good", None),
        (good.clone(), format!("--at {VALID}"), "no-root-ca", Some("manifest-unjudged")),
        (good.clone(), format!("{root} --at 2021-06-30"), "expired", Some("manifest-expired")),
        (good.clone(), format!("{root} --at 2011-06-30"), "not-yet-valid", Some("manifest-expired")),
        (good.clone(), format!("{other} --at {VALID}"), "untrusted", Some("manifest-signature")),
        (tampered(&good), format!("{root} --at {VALID}"), "bad-signature", Some("manifest-signature")),
        (tampered(&good), format!("--at {VALID}"), "bad-signature", Some("manifest-signature")),
        (old.clone(), format!("{root} --at {VALID}"), "weak-algorithm", Some("manifest-weak")),
        (old.clone(), format!("{root} --at {VALID} --allow-sha1"), "good", None),
        (old.clone(), format!("--at {VALID}"), "no-root-ca", Some("manifest-unjudged")),
        (tampered(&old), format!("{root} --at {VALID}"), "bad-signature", Some("manifest-signature")),
        (tampered(&old), format!("--at {VALID}"), "bad-signature", Some("manifest-signature")),
        (body.clone(), format!("{root} --at {VALID}"), "unsigned", Some("manifest-unsigned")),
    ] {
        env.write("MRESXP/manifest.dat", &text);
        env.run(REFRESH).expect(0);
        let output = env.run(&format!("audit MRESXP {options} --json"));
        let cid = output.json()["cids"][0].clone();
        let what = format!("{state} {options}\n{output}");
        assert_eq!(cid["manifests"][0]["state"], state, "{what}");
        let all = cid["findings"].as_array().unwrap();
        let own: Vec<&str> = all
            .iter()
            .filter(|finding| finding["path"] == "\\manifest.dat")
            .map(|finding| finding["id"].as_str().unwrap())
            .collect();
        assert_eq!(own, id.as_slice(), "{what}");
        let is_error = cid["counts"]["error"] != 0;
        assert_eq!(is_error, ["untrusted", "bad-signature", "unsigned"].contains(&state), "{what}");
        assert_eq!(output.code, if is_error { 3 } else { 0 }, "{what}");
    }
    env.refuses(1, "audit MRESXP --root-ca nowhere.pem");
}

#[test]
fn relay_configuration_and_its_drift() {
    let env = whole();
    env.run(&format!("relay set MRESXP {RELAY}")).ok();
    let cid = audited(&env, 3);
    assert_eq!(cid["relay"][1]["parent_router_address"], "10.1.200.65,MRComputer.Sales.Acme,MRComputer");
    env.replace("MRESXP/rms/mrinit.conf", "00002001", "00002099");
    env.replace("MRESXP/rms/mrinit.conf", "RouterCertIdentityKey\"=\"", "RouterCertIdentityKey\"=\"x");
    env.replace(
        "MRESXP/rms/mrinit.conf",
        "\"MRParentAddress\"=\"Server.Sales.Acme,SERVER\"",
        "\"MRParentAddress\"=\"MRComputer\"",
    );
    env.run(REFRESH).ok();
    let path = "\\rms\\mrinit.conf";
    finds(&env, 3, &[("relay-address", path), ("relay-drift", path), ("relay-fault", path)]);
    let page = env.path("report.html");
    env.run_args(["audit", "MRESXP", "--at", "2016-05-31", "--html", page.to_str().unwrap()]).expect(3);
    let page = env.text("report.html");
    assert!(page.contains("RouterCertIdentityKey is (hidden"), "{page}");
    assert!(secrets().iter().all(|secret| !page.contains(&secret[..12])), "a secret is on the page");

    env.remove("MRESXP/mrinit.conf");
    env.remove("MRESXP/rms/mrinit.conf");
    env.run(REFRESH).ok();
    finds(&env, 3, &[("mrinit-missing", "")]);
}

#[test]
fn the_estates_certificate_is_held_against_the_clock() {
    for (from, until, id, state) in [
        ("20060531000000Z", "20960531000000Z", None, "valid"),
        ("20060531000000Z", "20160530235959Z", Some("cac-expired"), "expired"),
        ("20160601000000Z", "20960531000000Z", Some("cac-expired"), "not-yet-valid"),
        ("20060531000000Z", "20160701000000Z", Some("cac-expires-soon"), "expires-soon"),
    ] {
        let env = whole();
        env.write("MRESXP/cac.pem", certificate("Estate of Acme", from, until));
        env.run(REFRESH).ok();
        let mut cid = audited(&env, 3);
        if state == "expires-soon" {
            // One that was about to expire then has expired by now, and that is told: so it is then for this look.
            assert_eq!(cid["certificates"][0]["state"], "expired");
            let at = configcid::time::parse("2016-05-31").unwrap();
            let mut options = AuditOptions::new(VerifyOptions::new(at));
            options.now = at;
            cid = serde_json::to_value(audit(&env.path("MRESXP"), &options).unwrap()).unwrap();
        }
        assert_eq!(cid["certificates"][0]["state"], state);
        let found = findings(&cid);
        assert_eq!(found, id.map(|id| (id.to_owned(), "\\cac.pem".to_owned())).into_iter().collect());
    }
    for content in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let env = whole();
        env.write("MRESXP/cac.pem", content);
        env.run(REFRESH).ok();
        finds(&env, 3, &[("cac-unreadable", "\\cac.pem")]);
    }
}

/// A moment at which signers were valid hides nothing of what must hold now.
#[test]
fn an_estates_certificate_that_has_expired_is_not_hidden_by_another_moment() {
    let env = whole();
    env.write("MRESXP/cac.pem", certificate("Estate of Acme", "20060531000000Z", "20160731000000Z"));
    env.run(REFRESH).ok();
    finds(&env, 3, &[("cac-expired", "\\cac.pem")]);
}

/// A file that was tampered with is denied by two catalogs and by the manifest: that is one error, led by the tampering.
#[test]
fn one_fault_is_one_finding() {
    let env = whole();
    env.edit("MRESXP/rms/router.dll", |mut bytes| {
        bytes[0] ^= 1;
        bytes
    });
    env.write("MRESXP/readme.txt", "hello");
    let cid = audited(&env, 3);
    // The manifest of these tests is not signed, which is an error of its own.
    assert_eq!((&cid["counts"]["error"], &cid["counts"]["warning"]), (&2.into(), &1.into()), "{cid}");
    let finding = cid["findings"].as_array().unwrap().iter().find(|it| it["path"] == "\\rms\\router.dll").unwrap();
    assert_eq!(finding["id"], "manifest-digest");
    let also: Vec<(&str, &str)> = finding["also"]
        .as_array()
        .unwrap()
        .iter()
        .map(|also| (also["id"].as_str().unwrap(), also["catalog"].as_str().unwrap()))
        .collect();
    let (root, rms) = ("\\cidsync.upd", "\\rms\\cidsync.upd");
    let contradicts = "catalog-contradicts-manifest";
    assert!(also.contains(&("entry-checksum", root)) && also.contains(&("entry-checksum", rms)), "{also:?}");
    assert!(!also.iter().any(|(id, _)| *id == contradicts), "the catalogs are right: {also:?}");
    env.run(&format!("audit MRESXP {AT}")).expect(3).says("told by 2 lists more: -v and --json say how");
}

/// A manifest is the vendor's tools' file: no refresh lists one that was tampered with as it is.
#[test]
fn a_refresh_blesses_no_manifest_that_was_tampered_with() {
    let env = whole();
    env.replace("MRESXP/manifest.dat", "router.dll", "rooter.dll");
    let refused = env.refuses(1, "refresh MRESXP").complains("\\manifest.dat has the checksum");
    refused.complains("--accept-damage");
    let found = findings(&audited(&env, 3));
    assert!(found.contains(&("entry-checksum".to_owned(), "\\manifest.dat".to_owned())), "{found:?}");
    // Damage that is accepted stays damage.
    env.run("refresh MRESXP --accept-damage").expect(0).complains("left as it is");
    let found = findings(&audited(&env, 3));
    assert!(found.contains(&("entry-checksum".to_owned(), "\\manifest.dat".to_owned())), "{found:?}");
    // Nor one that was removed.
    let tampered = env.read("MRESXP/manifest.dat");
    env.remove("MRESXP/manifest.dat");
    env.refuses(1, "refresh MRESXP").complains("\\manifest.dat is not there");
    env.write("MRESXP/manifest.dat", tampered);
    // Of an own package it is the customer's, for whoever says so.
    env.run(REFRESH).ok().says("\\manifest.dat");
    env.write("MRESXP/stamp", "1");
    env.run("refresh MRESXP --customer-file stamp").ok();
    env.write("MRESXP/stamp", "2");
    env.refuses(1, "refresh MRESXP").complains("\\stamp has the checksum");
}

/// Whose parent a relay has is nobody's to change in a copy, unless configcid did.
#[test]
fn a_relays_own_parent_that_was_changed() {
    let env = whole();
    env.run(&format!("relay set MRESXP {RELAY}")).ok();
    finds(&env, 3, &[]);
    env.replace("MRESXP/rms/mrinit.conf", "Server.Sales.Acme,SERVER", "Evil.Sales.Acme,EVIL");
    env.run(REFRESH).ok();
    finds(&env, 3, &[("relay-fault", "\\rms\\mrinit.conf")]);
    env.run(&format!("audit MRESXP {AT}"))
        .expect(3)
        .says("MRParentAddress is Evil.Sales.Acme,EVIL, and Server.Sales.Acme,SERVER in the root");
}

/// What a fleet sets for a relay that reports to another one is in the CID's history, until somebody changes the file.
#[test]
fn a_relays_own_parent_that_configcid_set() {
    let env = whole();
    env.write(
        "fleet.toml",
        "server = { name = 'SERVER', fqdn = 'Server.Sales.Acme' }\n\
         relay = [{ name = 'Up', fqdn = 'Up.Sales.Acme' }, { name = 'MRComputer', fqdn = 'MRComputer.Sales.Acme', parent = 'Up' }]\n\
         cid = [{ path = 'MRESXP', relay = 'MRComputer' }]\n",
    );
    env.run("fleet apply fleet.toml").expect(0);
    assert!(
        env.text("MRESXP/rms/mrinit.conf").contains("\"MRParentAddress\"=\"Up.Sales.Acme"),
        "the relay's parent is set"
    );
    finds(&env, 3, &[]);
    env.replace("MRESXP/rms/mrinit.conf", "\"MRParentAddress\"=\"Up.Sales", "\"MRParentAddress\"=\"Evil.Sales");
    env.run(REFRESH).ok();
    finds(&env, 3, &[("relay-fault", "\\rms\\mrinit.conf")]);
}

#[test]
fn manifests_that_are_not_there_or_empty() {
    let env = whole();
    env.remove("MRESXP/manifest.dat");
    env.write("MRESXP/rms/manifest.dat", manifest(&env.path("MRESXP/rms")));
    env.write("MRESXP/savxp/manifest.dat", manifest(&env.path("MRESXP/savxp")));
    env.run(&format!("{REFRESH} --accept-damage")).expect(0);
    // Whoever removed the manifest of sau let two others stand.
    let found = findings(&audited(&env, 3));
    assert!(found.contains(&("manifest-absent".to_owned(), "\\sau".to_owned())), "{found:?}");
    assert!(found.contains(&("folder-not-covered".to_owned(), "\\".to_owned())), "{found:?}");
    let errors = |options: &str| {
        let answer = env.run(&format!("audit MRESXP {AT} --json {options}")).expect(3).json();
        let all = answer["cids"][0]["findings"].as_array().unwrap().clone();
        let errors = all.iter().filter(|finding| finding["severity"] == "error");
        errors.map(|finding| finding["id"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    assert!(!errors("").contains("manifest-absent"));
    assert!(errors("--require-manifest").contains("manifest-absent"));
    env.write("MRESXP/sau/manifest.dat", "");
    env.run(REFRESH).expect(0);
    assert!(errors("").contains("manifest-unreadable"));
    if let Some(pki) = Pki::usual() {
        // Its signature is good, and it vouches for nothing.
        env.write("MRESXP/sau/manifest.dat", pki.signed(""));
        env.run(REFRESH).expect(0);
        assert!(errors("").contains("manifest-empty"));
    }

    let env = TestEnv::demo();
    env.write("MRESXP/cac.pem", certificate("Estate of Acme", "20060531000000Z", "20960531000000Z"));
    env.run(REFRESH).ok();
    env.run(&format!("audit MRESXP {AT}")).ok();
    env.run(&format!("audit MRESXP {AT} --require-manifest")).expect(3).says("error manifest-none");
}

#[test]
fn files_that_nothing_lists_fail_for_the_strict() {
    let env = TestEnv::demo();
    env.write("MRESXP/cac.pem", certificate("Estate of Acme", "20060531000000Z", "20960531000000Z"));
    env.run(REFRESH).ok();
    env.run(&format!("audit MRESXP {AT} --strict")).ok();
    env.write("MRESXP/savxp/evil.dll", "evil");
    env.run(&format!("audit MRESXP {AT}")).ok();
    env.run(&format!("audit MRESXP {AT} --strict")).expect(3).says("error unlisted-file").says("\\savxp\\evil.dll");
}

/// Nothing is called whole that no root vouches for.
#[test]
fn a_page_says_what_it_rests_on() {
    let env = TestEnv::demo();
    env.write("MRESXP/cac.pem", certificate("Estate of Acme", "20060531000000Z", "20960531000000Z"));
    env.run(REFRESH).ok();
    env.run(&format!("audit MRESXP {AT} --html report.html"))
        .ok()
        .says("none was given: no signature proves an origin");
    let page = env.text("report.html");
    assert!(!page.contains("whole") && page.contains("nothing proves where its files are from"), "{page}");
    // On a narrow screen a table scrolls, and its words are not broken.
    assert_eq!(page.matches("<table").count(), page.matches("<div class=\"scroll\"><table").count(), "{page}");

    let Some(pki) = Pki::usual() else { return };
    let env = whole();
    let signed = pki.signed(&manifest(&env.path("MRESXP")));
    env.write("MRESXP/manifest.dat", signed);
    env.run(REFRESH).ok();
    let root = pki.text_path("root.pem");
    env.run(&format!("audit MRESXP --at {VALID} --root-ca {root} --html good.html --strict")).ok();
    let page = env.text("good.html");
    assert!(page.contains("The CID is whole."), "{page}");
    assert!(page.contains("root.pem") && page.contains("SHA-256") && page.contains("--strict"), "{page}");
}

#[test]
fn what_interrupted_work_has_left() {
    let env = whole();
    env.write("MRESXP/.configcid-journal", "{");
    env.write("MRESXP/.configcid-lock", "");
    env.write("MRESXP/rms/.configcid-1-2-0.new", "half");
    env.write("MRESXP/rms/.configcid-evil.dll", "hidden");
    finds(
        &env,
        3,
        &[
            ("change-interrupted", "\\.configcid-journal"),
            ("lock-left", "\\.configcid-lock"),
            ("leftover", "\\rms\\.configcid-[PID]-2-0.new"),
            ("unlisted-file", "\\rms\\.configcid-evil.dll"),
        ],
    );
    env.remove("MRESXP/rms/.configcid-evil.dll");
    env.remove("MRESXP/.configcid-journal");
    env.run("recover MRESXP --break-lock").expect(0);
    finds(&env, 3, &[]);
}

#[cfg(unix)]
mod on_unix {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::process::Command;

    use super::*;

    fn fifo(env: &TestEnv, path: &str) {
        let made = std::process::Command::new("mkfifo").arg(env.path(path)).status().unwrap();
        assert!(made.success());
    }

    /// A good file and an evil twin: no list is held against the one while Windows takes the other.
    #[test]
    fn an_evil_twin_is_found_by_every_command() {
        let env = whole();
        env.write("MRESXP/savxp/ENGINE.DLL", "evil");
        finds(&env, 3, &[("case-conflict", "\\savxp\\engine.dll"), ("unlisted-file", "\\savxp\\ENGINE.DLL")]);
        env.run("catalog verify MRESXP").expect(3).says("fault (case-conflict)").says("ENGINE.DLL");
        env.refuses(1, "refresh MRESXP").complains("ENGINE.DLL and engine.dll differ in case alone");
        env.refuses(1, &format!("relay set MRESXP {RELAY}")).complains("differ in case alone");
    }

    /// Twins in the root, and folders that cannot be listed, are answers of `catalog verify` and no reason to give none.
    #[test]
    fn catalog_verify_tells_of_twins_in_the_root() {
        let env = whole();
        env.write("MRESXP/SETUP.DAT", "evil");
        env.remove("MRESXP/savxp/engine.dll");
        let output = env.run("catalog verify MRESXP").expect(3).says("fault (missing): \\savxp\\engine.dll");
        output.says("fault (case-conflict)").says("SETUP.DAT");
    }

    #[test]
    fn a_link_within_the_cid_is_an_error() {
        let env = whole();
        fs::rename(env.path("MRESXP/savxp/engine.dll"), env.path("MRESXP/savxp/real.dll")).unwrap();
        symlink("real.dll", env.path("MRESXP/savxp/engine.dll")).unwrap();
        env.run("catalog verify MRESXP").expect(3).says("fault (link): \\savxp\\engine.dll");
        let found = findings(&audited(&env, 3));
        assert!(found.contains(&("link".to_owned(), "\\savxp\\engine.dll".to_owned())), "{found:?}");
        assert_eq!(RULES.iter().find(|rule| rule.id == "link").unwrap().severity.name(), "error");
    }

    #[test]
    fn names_that_differ_in_case_alone() {
        let env = whole();
        env.write("MRESXP/SETUP.DAT", "other");
        fs::create_dir(env.path("MRESXP/RMS")).unwrap();
        env.write("MRESXP/RMS/agent.dll", "other");
        finds(
            &env,
            3,
            &[
                ("case-conflict", "\\setup.dat"),
                ("case-conflict", "\\rms"),
                ("unlisted-file", "\\RMS\\agent.dll"),
                ("unlisted-file", "\\SETUP.DAT"),
            ],
        );
    }

    #[test]
    fn links_and_what_is_no_file() {
        let env = whole();
        symlink("setup.dat", env.path("MRESXP/within.dat")).unwrap();
        symlink("nowhere", env.path("MRESXP/nowhere.dat")).unwrap();
        env.write("secret.txt", "secret");
        symlink("../secret.txt", env.path("MRESXP/out.txt")).unwrap();
        for name in ["mrinit.conf", "cac.pem", "manifest.dat", "savxp/engine.dll", "sau/cidsync.upd"] {
            env.remove(&format!("MRESXP/{name}"));
            fifo(&env, &format!("MRESXP/{name}"));
        }
        env.remove("MRESXP/sau/update.dll");
        symlink("../../secret.txt", env.path("MRESXP/sau/update.dll")).unwrap();
        let found = findings(&audited(&env, 3));
        for (id, path) in [
            ("link", "\\within.dat"),
            ("link", "\\nowhere.dat"),
            ("link-leads-out", "\\out.txt"),
            ("link-leads-out", "\\sau\\update.dll"),
            ("entry-leads-out", "\\sau\\update.dll"),
            ("not-a-file", "\\mrinit.conf"),
            ("not-a-file", "\\cac.pem"),
            ("not-a-file", "\\manifest.dat"),
            ("not-a-file", "\\savxp\\engine.dll"),
            ("entry-not-a-file", "\\savxp\\engine.dll"),
            ("not-a-file", "\\sau\\cidsync.upd"),
            ("catalog-unreadable", "\\sau\\cidsync.upd"),
        ] {
            assert!(found.contains(&(id.to_owned(), path.to_owned())), "{id} {path}\n{found:#?}");
        }
    }

    #[test]
    fn names_that_would_be_obeyed_by_a_terminal_or_a_browser() {
        let env = whole();
        let long = "n".repeat(255);
        for name in ["<img src=x onerror=alert(1)>", "\x1b[2J\u{202E}gnp", "\"><script>alert(1)<", &long, "CON", "a\\b"]
        {
            fs::write(env.path("MRESXP").join(name), "x").unwrap();
        }
        fs::write(env.path("MRESXP").join(OsStr::from_bytes(b"\xFF\xFE")), "x").unwrap();
        let output = env.run(&format!("audit MRESXP {AT} --html report.html -v")).expect(3);
        assert!(!output.stdout.contains('\x1b') && !output.stdout.contains('\u{202E}'), "{output}");
        let page = env.text("report.html");
        assert!(!page.contains("<img") && !page.contains("<script"), "{page}");
        assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;") && page.contains(&long));
        let bad = findings(&audited(&env, 3));
        assert_eq!(bad.iter().filter(|(id, _)| id == "bad-name").count(), 6, "{bad:#?}");
        assert!(bad.contains(&("unlisted-file".to_owned(), format!("\\{long}"))));
    }

    /// A soft hyphen, a leader of one dot, a Cyrillic letter, and where such names say nothing.
    #[test]
    fn names_that_are_not_what_they_look_like() {
        let env = whole();
        let names = ["rms/mr\u{ad}init.conf", "mrinit\u{2024}conf", "mr\u{456}nit.conf"];
        for name in names.iter().chain(&["savxp/data/mr\u{ad}init.conf"]) {
            env.write(&format!("MRESXP/{name}"), "x");
        }
        let found = findings(&audited(&env, 3));
        let path = |name: &str| format!("\\{}", name.replace('/', "\\"));
        let mut expected: Vec<(String, String)> =
            names.iter().map(|name| ("look-alike".to_owned(), path(name))).collect();
        expected.push(("unlisted-file".to_owned(), path("savxp/data/mr\u{ad}init.conf")));
        let mut told: Vec<_> = found.into_iter().filter(|finding| expected.contains(finding)).collect();
        told.sort();
        expected.sort();
        assert_eq!(told, expected);
        let ids: Vec<String> = findings(&audited(&env, 3)).into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids.iter().filter(|id| matches!(id.as_str(), "bad-name" | "unlisted-file")).count(), 1, "{ids:?}");
        env.run_args(["MRESXP", "--customer-file", "mr\u{ad}init.conf"]).expect(2).complains("U+00AD");
    }

    #[test]
    fn what_cannot_be_read_hides_nothing_else() {
        let env = whole();
        env.write("MRESXP/readme.txt", "hello");
        let lock = |path: &str, mode| {
            fs::set_permissions(env.path(path), fs::Permissions::from_mode(mode)).unwrap();
        };
        lock("MRESXP/setup.dat", 0);
        let mut command = env.command();
        if fs::read(env.path("MRESXP/setup.dat")).is_ok() {
            // Root reads everything, unless it has given that up.
            command = env.clean(Command::new("setpriv"));
            command.args(["--bounding-set=-dac_override,-dac_read_search", env!("CARGO_BIN_EXE_configcid")]);
        }
        lock("MRESXP/savxp", 0);
        let mut verify = Command::new(command.get_program());
        verify.args(command.get_args()).args(["catalog", "verify", "MRESXP", "--json"]);
        let verified = env.finish(env.clean(verify)).expect(3).json();
        command.args(format!("audit MRESXP {AT} --json").split(' '));
        let answer = env.finish(command).expect(3).json();
        lock("MRESXP/savxp", 0o755);
        // It gives findings, and one for the folder rather than one for each file in it and each catalog.
        let faults = verified["cids"][0]["faults"].as_array().unwrap();
        let unreadable: Vec<&Value> = faults.iter().filter(|fault| fault["code"] == "io").collect();
        assert_eq!(unreadable.len(), 2, "{verified:#}");
        let found = findings(&answer["cids"][0]);
        for (id, path) in [("unreadable", "\\setup.dat"), ("unreadable", "\\savxp"), ("unlisted-file", "\\readme.txt")]
        {
            assert!(found.contains(&(id.to_owned(), path.to_owned())), "{id} {path}\n{found:#?}");
        }
    }
}

#[test]
fn a_severity_decides_the_exit_code() {
    let env = TestEnv::demo();
    env.write("MRESXP/cac.pem", certificate("Estate of Acme", "20060531000000Z", "20960531000000Z"));
    env.run(REFRESH).ok();
    let codes = |env: &TestEnv| {
        ["", "--fail-on error", "--fail-on warning", "--fail-on note", "--fail-on never"]
            .map(|option| env.run(&format!("audit MRESXP {AT} {option}")).code)
    };
    assert_eq!(codes(&env), [0, 0, 0, 3, 0], "a note");
    env.write("MRESXP/readme.txt", "hello");
    assert_eq!(codes(&env), [0, 0, 3, 3, 0], "a warning");
    env.remove("MRESXP/setup.dat");
    assert_eq!(codes(&env), [3, 3, 3, 3, 0], "an error");
    env.run("audit MRESXP --fail-on sometimes").expect(2);
    env.refuses(2, "audit MRESXP --at yesterday");
}

#[test]
fn several_cids_are_each_reported() {
    let env = whole();
    env.cid("ESXP", DemoCid::default());
    env.write("EMPTY/readme.txt", "no CID");
    let answer = env.run(&format!("audit ESXP EMPTY MRESXP {AT} --json")).expect(4).json();
    let cids = answer["cids"].as_array().unwrap();
    assert_eq!(cids[0]["counts"]["error"], 0);
    assert_eq!(cids[1]["error"]["kind"], "not-a-cid");
    assert_eq!(cids[2]["counts"]["error"], 1);
    env.run(&format!("audit ESXP MRESXP {AT}")).expect(3).says("MRESXP:");
    env.refuses(1, "audit EMPTY");
    env.run(&format!("audit ESXP EMPTY MRESXP {AT} --html report.html")).expect(4);
    let page = env.text("report.html");
    assert!(page.contains("Audit of 3 CIDs") && page.contains("It could not be audited: "), "{page}");
}

#[test]
fn a_page_is_never_written_over_something_else_or_into_the_cid() {
    let env = whole();
    env.write("letter.html", "to a friend");
    env.refuses(1, "audit MRESXP --html letter.html");
    env.refuses(1, "audit MRESXP --html nowhere/report.html");
    env.refuses(2, "audit MRESXP --html MRESXP/report.html");
    env.refuses(2, "audit MRESXP --html MRESXP/rms/report.html");
    fs::create_dir(env.path("folder.html")).unwrap();
    env.refuses(1, "audit MRESXP --html folder.html");
    for _ in 0..2 {
        let output = env.run(&format!("audit MRESXP {AT} --html report.html --json")).expect(3);
        assert_eq!(output.json()["html"], "report.html");
    }
}

/// Of a sort of finding the first are told, and all are counted.
#[test]
fn thousands_of_findings() {
    let env = whole();
    for n in 0..3000 {
        env.write(&format!("MRESXP/junk/{n:04}.txt"), "");
    }
    let cid = audited(&env, 3);
    assert_eq!(cid["counts"]["warning"], 3000);
    let output = env.run(&format!("audit MRESXP {AT} --html report.html")).expect(3);
    assert!(output.stdout.lines().count() < 100, "{output}");
    output.says("and 2990 more: -v and --json tell them all");
    let page = env.text("report.html");
    assert!(page.matches("\\junk\\").count() < 1100 && page.contains("And 2500 more"), "{}", page.len());
}

#[test]
fn a_page_shows_all_that_was_found() {
    if !have_browser() {
        return;
    }
    let env = whole();
    env.run(&format!("relay set MRESXP {RELAY}")).ok();
    env.remove("MRESXP/savxp/engine.dll");
    env.write("MRESXP/readme.txt", "hello");
    env.write("MRESXP/rms/half.tmp", "hello");
    env.write("MRESXP/cac.pem", certificate("Estate of Acme", "20060531000000Z", "20160101000000Z"));
    env.run(&format!("audit MRESXP {AT} --html report.html")).expect(3);
    let cid = audited(&env, 3);
    for (name, is_dark) in [("light", false), ("dark", true)] {
        let page = show(&env.path("report.html"), name, (1200, 1600), is_dark);
        page.shows("Audit of MRESXP");
        page.shows("The CID is not whole.");
        for finding in cid["findings"].as_array().unwrap() {
            for part in ["id", "severity", "what", "next", "path"] {
                page.shows(finding[part].as_str().unwrap());
            }
        }
        for text in ["10.1.200.65,MRComputer.Sales.Acme,MRComputer", "CN=Estate of Acme", "\\rms\\mrinit.conf", "crc32"]
        {
            page.shows(text);
        }
        assert!(fs::metadata(&page.png).unwrap().len() > 20_000, "a screenshot of nothing");
        if let Some(folder) = std::env::var_os("CONFIGCID_KEEP_SCREENSHOTS") {
            fs::copy(&page.png, std::path::Path::new(&folder).join(format!("audit-{name}.png"))).unwrap();
        }
    }
    let page = env.text("report.html");
    for word in ["<script", "http://", "https://", "url(", "@import", "<link"] {
        assert!(!page.contains(word), "{word}");
    }
}

/// However many catalogs and manifests list a file, and however many digests they have of it.
#[cfg(target_os = "linux")]
#[test]
fn every_file_is_read_once() {
    use std::io::Read;
    use std::process::Stdio;

    const LARGE: usize = 8 << 20;
    let env = whole();
    let content: Vec<u8> = (0..LARGE).map(|n| (n / 7) as u8).collect();
    env.write("MRESXP/rms/large.bin", &content);
    env.remove("MRESXP/manifest.dat");
    env.run("catalog create MRESXP --replace").ok();
    env.write("MRESXP/manifest.dat", manifest(&env.path("MRESXP")));
    env.write("MRESXP/rms/manifest.dat", manifest(&env.path("MRESXP/rms")));
    env.run(REFRESH).ok();
    let all: u64 = configcid_files(&env);
    let mut command = env.command();
    command.args(["audit", "MRESXP", "--at", "2016-05-31", "--json"]).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut answer = String::new();
    child.stdout.take().unwrap().read_to_string(&mut answer).unwrap();
    // It has ended, and nobody has asked yet how.
    let io = fs::read_to_string(format!("/proc/{}/io", child.id())).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3));
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(findings(&answer["cids"][0]), BTreeSet::new());
    let read: u64 = io.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap().parse().unwrap();
    // Some more for the program's own start.
    assert!(read >= all && read < all + (64 << 10), "{read} bytes were read, and the files have {all}");
}

#[cfg(target_os = "linux")]
fn configcid_files(env: &TestEnv) -> u64 {
    let tree = crate::support::snapshot_tree(&env.path("MRESXP"));
    let files = tree.keys().map(|path| fs::metadata(env.path("MRESXP").join(path)).unwrap());
    files.filter(fs::Metadata::is_file).map(|metadata| metadata.len()).sum()
}

/// Whoever links the library is kept from it as the program's users are.
#[test]
fn a_root_in_the_cid_decides_nothing() {
    let env = TestEnv::demo();
    let cid = env.path("MRESXP");
    let mut options = AuditOptions::new(VerifyOptions::new(std::time::UNIX_EPOCH));
    options.signatures.trust.add_roots(&cid.join("cac.pem")).unwrap();
    let error = audit(&cid, &options).unwrap_err();
    assert!(error.to_string().contains("this root certificate lies in what is to be judged"), "{error}");
    DemoCid::default().write(&env.path("OTHER")).unwrap();
    audit(&env.path("OTHER"), &options).unwrap();
    options.signatures.allow_inner_roots = true;
    audit(&cid, &options).unwrap();
}
