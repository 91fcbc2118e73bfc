//! Signatures of manifests, chains and revocation lists that `openssl` made, at fixed moments; and ours, as `openssl` sees
//! them.

#![cfg(unix)]

use std::fs;

use crate::support::TestEnv;
use crate::support::pki::{Cert, Pki, SIGNER, VALID, entry, root, signer};
use serde_json::Value;

/// Verifies a manifest of this text at a moment, with these roots and further arguments.
#[track_caller]
fn verify(pki: &Pki, text: &str, at: &str, roots: &[&str], more: &str) -> (i32, Value) {
    let env = TestEnv::new();
    env.write("manifest.dat", text);
    let mut args: Vec<String> = ["manifest", "verify", "manifest.dat", "--at", at, "--json"].map(str::to_owned).into();
    for root in roots {
        args.extend(["--root-ca".to_owned(), pki.text_path(root)]);
    }
    args.extend(more.split_whitespace().map(str::to_owned));
    let output = env.run_args(&args);
    let json = output.json();
    assert_eq!(json["verdict"], if output.code == 0 { "whole" } else { "faulty" }, "{output}");
    assert_eq!(json["reason"].is_null(), output.code == 0, "{output}");
    (output.code, json)
}

/// Asserts that the verdict has this reason, and gives the answer.
#[track_caller]
fn faulty(pki: &Pki, text: &str, at: &str, roots: &[&str], more: &str, reason: &str) -> Value {
    let (code, json) = verify(pki, text, at, roots, more);
    assert_eq!((code, json["reason"].as_str()), (3, Some(reason)), "{json:#}");
    json
}

#[track_caller]
fn whole(pki: &Pki, text: &str, at: &str, roots: &[&str], more: &str) -> Value {
    let (code, json) = verify(pki, text, at, roots, more);
    assert_eq!(code, 0, "{json:#}");
    json
}

fn body() -> String {
    entry(".\\setup.exe", b"MZ")
}

#[test]
fn what_openssl_signs_verifies_with_every_key_and_digest() {
    let Some(pki) = Pki::new() else { return };
    pki.make(root("root", "/O=Acme/CN=Acme Root"));
    for key in ["rsa:1024", "rsa:2048", "P-256", "P-384"] {
        let name = key.replace(':', "");
        pki.make(Cert { key, ..signer(&name, "root") });
        for md in ["sha256", "sha384", "sha512"] {
            let json =
                whole(&pki, &format!("{}{}", body(), pki.inline(&body(), md, &[&name])), VALID, &["root.pem"], "");
            let report = &json["signatures"][0];
            assert_eq!(
                (&report["state"], &report["algorithm"], &report["decides"]),
                (&"good".into(), &md.into(), &true.into())
            );
            assert_eq!(report["chain"][0]["subject"], "CN=Signer,O=Acme");
            assert_eq!(report["chain"][1]["subject"], "CN=Acme Root,O=Acme");
        }
        let sha1 = format!("{}{}", body(), pki.inline(&body(), "sha1", &[&name]));
        faulty(&pki, &sha1, VALID, &["root.pem"], "", "weak-algorithm");
        whole(&pki, &sha1, VALID, &["root.pem"], "--allow-sha1");
    }
}

#[test]
fn what_we_sign_verifies_with_openssl() {
    let Some(pki) = Pki::new() else { return };
    pki.make(root("root", "/O=Acme/CN=Acme Root"));
    for key in ["rsa:1024", "rsa:2048", "P-256", "P-384"] {
        let name = key.replace(':', "");
        pki.make(Cert { key, ..signer(&name, "root") });
        // The key in each form in which people have one.
        let mut forms = vec![format!("{name}.key")];
        let old = format!("{name}.old.key");
        let kind = if key.starts_with("rsa") { "rsa" } else { "ec" };
        let traditional = if kind == "rsa" { vec!["-traditional"] } else { vec![] };
        pki.openssl(&name, &[&[kind, "-in", &forms[0], "-out", &old][..], &traditional].concat());
        forms.push(old);
        let public = format!("{name}.pub");
        pki.openssl(&name, &["pkey", "-in", &forms[0], "-pubout", "-out", &public]);
        for (form, digest) in forms.iter().zip(["sha256", "sha512"]) {
            let env = TestEnv::new();
            env.write("P/setup.exe", "MZ");
            let (key, cert) = (pki.text_path(form), pki.text_path(&format!("{name}.pem")));
            let how = ["--digest", digest, "--form", "both", "--key", &key, "--cert", &cert];
            env.run_args([&["manifest", "create", "P"][..], &how].concat()).ok();
            let text = env.text("P/manifest.dat");
            let (inline, trailer) = (text.find("#sig ").unwrap(), text.find("-----BEGIN SIG").unwrap());
            let value = text[inline..].split_whitespace().nth(2).unwrap().to_owned();
            let block = text[trailer..].split_once("-----END SIG").unwrap().0.lines().skip(1).collect::<String>();
            for (base64, md, covered) in [(value, digest, &text[..inline]), (block, "sha1", &text[..trailer])] {
                fs::write(pki.path("covered"), covered).unwrap();
                fs::write(pki.path("value"), <base64ct::Base64 as base64ct::Encoding>::decode_vec(&base64).unwrap())
                    .unwrap();
                let md = format!("-{md}");
                let said = pki.openssl(&name, &["dgst", &md, "-verify", &public, "-signature", "value", "covered"]);
                assert_eq!(String::from_utf8_lossy(&said).trim(), "Verified OK", "{key} {md}");
            }
            whole(&pki, &text, VALID, &["root.pem"], "");
        }
    }
}

#[test]
fn one_changed_byte_is_a_bad_signature() {
    let Some(pki) = Pki::usual() else { return };
    let text = pki.signed(&body());
    whole(&pki, &text, VALID, &["root.pem"], "");
    let json = faulty(&pki, &text.replace("setup", "setuq"), VALID, &["root.pem"], "", "bad-signature");
    assert_eq!(json["signatures"][0]["state"], "bad");
    // A signature of the same key over something else.
    let other = pki.inline("other", "sha256", &["signer"]);
    faulty(&pki, &format!("{}{other}", body()), VALID, &["root.pem"], "", "bad-signature");
    // Without a root, a bad one is told as well.
    faulty(&pki, &text.replace("setup", "setuq"), VALID, &[], "", "bad-signature");
}

#[test]
fn without_a_root_nobody_vouches() {
    let Some(pki) = Pki::usual() else { return };
    let json = faulty(&pki, &pki.signed(&body()), VALID, &[], "", "no-root-ca");
    assert_eq!(json["signatures"][0]["state"], "untrusted");
    assert!(json["what"].as_str().unwrap().contains("nobody vouches"), "{json:#}");
    faulty(&pki, &body(), VALID, &["root.pem"], "", "unsigned");
    let uncertified = pki
        .signed(&body())
        .lines()
        .filter(|line| !line.starts_with("#..."))
        .map(|l| format!("{l}\n"))
        .collect::<String>();
    faulty(&pki, &uncertified, VALID, &["root.pem"], "", "certificate");
}

#[test]
fn an_expired_chain_is_told_from_a_broken_one() {
    let Some(pki) = Pki::usual() else { return };
    let text = pki.signed(&body());
    let json = faulty(&pki, &text, "2026-11-21", &["root.pem"], "", "expired");
    let what = json["what"].as_str().unwrap();
    assert!(what.starts_with("signature good, certificate expired on 2020-01-01T00:00:00Z"), "{what}");
    faulty(&pki, &text, "2011-01-01", &["root.pem"], "", "not-yet-valid");
    whole(&pki, &text, "2020-01-01", &["root.pem"], "");
    faulty(&pki, &text, "2020-01-01T00:00:01Z", &["root.pem"], "", "expired");
    // The root may be what has expired.
    pki.make(Cert { to: "20130101000000Z", ..root("short", "/CN=Short") });
    pki.make(signer("signer2", "short"));
    let text = format!("{}{}", body(), pki.inline(&body(), "sha256", &["signer2"]));
    let json = faulty(&pki, &text, VALID, &["short.pem"], "", "expired");
    assert!(json["what"].as_str().unwrap().contains("CN=Short"), "{json:#}");
    whole(&pki, &text, "2012-06-30", &["short.pem"], "");
    // Damage is never told as age.
    faulty(&pki, &text.replace("setup", "setuq"), "2026-11-21", &["short.pem"], "", "bad-signature");
}

#[test]
fn chains_lead_over_intermediate_certificates_in_any_order() {
    let Some(pki) = Pki::new() else { return };
    pki.make(root("root", "/CN=Root"));
    pki.make(Cert { issuer: Some("root"), ..root("upper", "/CN=Upper") });
    pki.make(Cert { issuer: Some("upper"), key: "rsa:2048", ..root("lower", "/CN=Lower") });
    pki.make(signer("signer", "lower"));
    pki.make(root("stranger", "/CN=Stranger"));
    for order in [["signer", "lower", "upper", "stranger"], ["signer", "stranger", "upper", "lower"]] {
        let text = format!("{}{}", body(), pki.inline(&body(), "sha256", &order));
        let json = whole(&pki, &text, VALID, &["root.pem"], "");
        let names: Vec<_> =
            json["signatures"][0]["chain"].as_array().unwrap().iter().map(|c| c["subject"].clone()).collect();
        assert_eq!(names, ["CN=Signer,O=Acme", "CN=Lower", "CN=Upper", "CN=Root"]);
        // The user may trust one of them itself, the signer included.
        for trusted in ["upper.pem", "lower.pem", "signer.pem"] {
            whole(&pki, &text, VALID, &[trusted], "");
        }
        faulty(&pki, &text, VALID, &["stranger.pem"], "", "untrusted");
    }
    let text = format!("{}{}", body(), pki.inline(&body(), "sha256", &["signer", "lower"]));
    let json = faulty(&pki, &text, VALID, &["root.pem"], "", "untrusted");
    assert!(json["what"].as_str().unwrap().contains("CN=Upper"), "{json:#}");
}

#[test]
fn only_certification_authorities_issue() {
    let Some(pki) = Pki::new() else { return };
    pki.make(root("root", "/CN=Root"));
    for (name, extensions, why) in [
        ("plain", SIGNER, "no certification authority"),
        ("old", "", "not marked as a certification authority"),
        ("usage", "basicConstraints=critical,CA:TRUE\nkeyUsage=digitalSignature\n", "not for signing certificates"),
        ("unknown", "basicConstraints=critical,CA:TRUE\n1.2.3.4=critical,ASN1:NULL\n", "1.2.3.4"),
    ] {
        pki.make(Cert { issuer: Some("root"), extensions, ..root(name, "/CN=Middle") });
        let end = format!("signer-{name}");
        pki.make(signer(&end, name));
        let text = format!("{}{}", body(), pki.inline(&body(), "sha256", &[&end, name]));
        let json = faulty(&pki, &text, VALID, &["root.pem"], "", "untrusted");
        assert!(json["what"].as_str().unwrap().contains(why), "{name}: {json:#}");
    }
    // No more issuers below than a root allows.
    let extensions = "basicConstraints=critical,CA:TRUE,pathlen:0\n";
    pki.make(Cert { extensions, ..root("narrow", "/CN=Narrow") });
    pki.make(Cert { issuer: Some("narrow"), ..root("middle", "/CN=Middle2") });
    pki.make(signer("direct", "narrow"));
    pki.make(signer("indirect", "middle"));
    whole(&pki, &format!("{}{}", body(), pki.inline(&body(), "sha256", &["direct"])), VALID, &["narrow.pem"], "");
    let text = format!("{}{}", body(), pki.inline(&body(), "sha256", &["indirect", "middle"]));
    faulty(&pki, &text, VALID, &["narrow.pem"], "", "untrusted");
    // A key that is not for signatures.
    pki.make(Cert { extensions: "keyUsage=keyEncipherment\n", ..signer("cipher", "root") });
    let text = format!("{}{}", body(), pki.inline(&body(), "sha256", &["cipher"]));
    faulty(&pki, &text, VALID, &["root.pem"], "", "certificate");
}

#[test]
fn old_certificates_are_read_and_count_for_what_they_are() {
    let Some(pki) = Pki::new() else { return };
    // The root's own signature proves nothing, so that MD5 and X.509 v1 do no harm there.
    pki.make(Cert { key: "rsa:1024", md: "md5", extensions: "", ..root("root", "/O=Acme/CN=Old Root") });
    pki.make(Cert { key: "rsa:1024", extensions: "", ..signer("signer", "root") });
    let text = pki.signed(&body());
    let json = whole(&pki, &text, VALID, &["root.pem"], "");
    let chain = &json["signatures"][0]["chain"];
    assert_eq!((&chain[1]["signed_with"], &chain[1]["key"]), (&"md5".into(), &"RSA 1024".into()));
    // Below the root, SHA-1 counts where it is allowed, and MD5 never.
    for (md, option, whole_with) in [("sha1", "--allow-sha1", true), ("md5", "--allow-sha1", false)] {
        let name = format!("signer-{md}");
        pki.make(Cert { key: "rsa:1024", md, ..signer(&name, "root") });
        let text = format!("{}{}", body(), pki.inline(&body(), "sha256", &[&name]));
        let json = faulty(&pki, &text, VALID, &["root.pem"], "", "weak-algorithm");
        assert!(json["what"].as_str().unwrap().starts_with("signature good, "), "{json:#}");
        let (code, json) = verify(&pki, &text, VALID, &["root.pem"], option);
        assert_eq!(code == 0, whole_with, "{json:#}");
        // Who trusts it itself needs no signature of it.
        whole(&pki, &text, VALID, &[&format!("{name}.pem")], "");
    }
}

#[test]
fn md5_never_counts_for_a_manifest() {
    let Some(pki) = Pki::new() else { return };
    pki.make(root("root", "/CN=Root"));
    pki.make(Cert { key: "rsa:2048", ..signer("signer", "root") });
    let text = format!("{}{}", body(), pki.inline(&body(), "md5", &["signer"]));
    faulty(&pki, &text, VALID, &["root.pem"], "--allow-sha1", "weak-algorithm");
    let unknown = text.replace("#sig md5", "#sig whirlpool");
    faulty(&pki, &unknown, VALID, &["root.pem"], "--allow-sha1", "weak-algorithm");
}

#[test]
fn roots_of_the_same_name_are_tried_by_their_keys() {
    let Some(pki) = Pki::new() else { return };
    fs::create_dir(pki.path("roots")).unwrap();
    for name in ["one", "two", "three"] {
        pki.make(root(name, "/O=Acme/CN=Acme Root"));
        fs::copy(pki.path(&format!("{name}.pem")), pki.path(&format!("roots/{name}.pem"))).unwrap();
    }
    pki.make(signer("signer", "two"));
    let text = pki.signed(&body());
    whole(&pki, &text, VALID, &["one.pem", "two.pem", "three.pem"], "");
    // A folder, in which other things lie; one file of several with text between; one in DER.
    fs::write(pki.path("roots/readme.txt"), "Roots of Acme").unwrap();
    fs::write(pki.path("roots/signer.key"), fs::read(pki.path("signer.key")).unwrap()).unwrap();
    whole(&pki, &text, VALID, &["roots"], "");
    let pem = |name: &str| fs::read_to_string(pki.path(&format!("{name}.pem"))).unwrap();
    fs::write(
        pki.path("all.pem"),
        format!("First\r\n{}\nsubject=Two\n{}", pem("one").replace('\n', "\r\n"), pem("two")),
    )
    .unwrap();
    whole(&pki, &text, VALID, &["all.pem"], "");
    fs::write(pki.path("two.cer"), pki.der("two")).unwrap();
    whole(&pki, &text, VALID, &["two.cer"], "");
    let json = faulty(&pki, &text, VALID, &["one.pem", "three.pem"], "", "untrusted");
    assert!(json["what"].as_str().unwrap().contains("not its key"), "{json:#}");
    // One that is valid is better than one that is not, wherever it stands.
    pki.make(Cert { to: "20110101000000Z", ..root("two", "/O=Acme/CN=Acme Root") });
    fs::write(
        pki.path("new-and-old.pem"),
        format!("{}{}", pem("two"), String::from_utf8_lossy(&fs::read(pki.path("roots/two.pem")).unwrap())),
    )
    .unwrap();
    whole(&pki, &text, VALID, &["new-and-old.pem"], "");
    faulty(&pki, &text, VALID, &["two.pem"], "", "expired");
}

#[test]
fn revoked_certificates_are_told_by_the_list_of_their_issuer() {
    let Some(pki) = Pki::usual() else { return };
    pki.make(signer("other", "root"));
    pki.make(root("same-name", "/O=Acme/CN=Acme Root"));
    pki.make(signer("elsewhere", "same-name"));
    let text = pki.signed(&body());
    let with = |crl: &str| format!("--crl {}", pki.text_path(crl));
    pki.crl("none", "root", &[], "20300101000000Z");
    whole(&pki, &text, VALID, &["root.pem"], &with("none.crl"));
    pki.crl("another", "root", &["other"], "20300101000000Z");
    whole(&pki, &text, VALID, &["root.pem"], &with("another.crl"));
    pki.crl("this", "root", &["signer"], "20300101000000Z");
    let json = faulty(&pki, &text, VALID, &["root.pem"], &with("this.crl"), "revoked");
    assert!(json["what"].as_str().unwrap().starts_with("signature good, "), "{json:#}");
    // The same in DER, and as well after the certificate has expired.
    pki.openssl("root", &["crl", "-in", "this.crl", "-outform", "DER", "-out", "this.der"]);
    faulty(&pki, &text, VALID, &["root.pem"], &with("this.der"), "revoked");
    faulty(&pki, &text, "2026-11-21", &["root.pem"], &with("this.der"), "revoked");
    pki.crl("this-v2", "root", &[], "20300101000000Z");
    faulty(&pki, &text, VALID, &["root.pem"], &with("this-v2.crl"), "revoked");
    // The list of another root of the same name says nothing of this one, though its numbers are the same.
    pki.crl("foreign", "same-name", &["elsewhere"], "20300101000000Z");
    // It was given to be heeded, and cannot be.
    let json = faulty(&pki, &text, VALID, &["root.pem"], &with("foreign.crl"), "revocation-list");
    assert!(json["signatures"][0]["notes"][0].as_str().unwrap().contains("none of the revocation lists"), "{json:#}");
    assert!(json["what"].as_str().unwrap().contains("no key of this name"), "{json:#}");
    // An old list is no proof of anything but what it names.
    pki.crl("old", "root", &[], "20140201000000Z");
    faulty(&pki, &text, VALID, &["root.pem"], &with("old.crl"), "revoked");
    pki.make(signer("signer", "root"));
    let json = faulty(&pki, &pki.signed(&body()), VALID, &["root.pem"], &with("old.crl"), "revocation-list");
    assert!(json["unusable_lists"][0].as_str().unwrap().contains("2014-02-01"), "{json:#}");
}

#[test]
fn the_strongest_acceptable_signature_decides_and_all_are_told() {
    let Some(pki) = Pki::usual() else { return };
    pki.make(root("unknown", "/CN=Unknown"));
    pki.make(signer("stranger", "unknown"));
    pki.make(Cert { to: "20130101000000Z", ..signer("past", "root") });
    let body = body();
    let good = |md| pki.inline(&body, md, &["signer"]);
    let bad = |md| pki.inline("other", md, &["signer"]);
    let stranger = pki.inline(&body, "sha512", &["stranger"]);
    let past = pki.inline(&body, "sha256", &["past"]);
    let trailer = |before: &str| pki.trailer(before, &["signer"]);
    for (signatures, decides, reason) in [
        (vec![good("sha256"), good("sha384")], 1, None),
        (vec![good("sha256"), bad("sha384")], 1, Some("bad-signature")),
        (vec![good("sha384"), bad("sha256")], 0, None),
        (vec![good("sha256"), stranger.clone()], 0, None),
        (vec![stranger.clone()], 0, Some("untrusted")),
        (vec![past.clone(), good("sha256")], 1, None),
        (vec![past.clone(), good("sha1")], 0, Some("expired")),
        (vec![good("sha1"), good("sha256")], 1, None),
    ] {
        let text = format!("{body}{}", signatures.concat());
        let (_, json) = verify(&pki, &text, VALID, &["root.pem"], "");
        let reports = json["signatures"].as_array().unwrap();
        assert_eq!(reports.len(), signatures.len());
        assert_eq!(json["reason"].as_str(), reason, "{json:#}");
        let deciding: Vec<_> = (0..reports.len()).filter(|&index| reports[index]["decides"] == true).collect();
        assert_eq!(deciding, [decides], "{json:#}");
    }
    // A trailer covers the inline lines, too.
    let inline = format!("{body}{}", good("sha256"));
    let both = format!("{inline}{}", trailer(&inline));
    let json = whole(&pki, &both, VALID, &["root.pem"], "--allow-sha1");
    assert_eq!(json["signatures"][1]["state"], "good");
    let alone = format!("{body}{}", trailer(&body));
    whole(&pki, &alone, VALID, &["root.pem"], "--allow-sha1");
    faulty(&pki, &alone, VALID, &["root.pem"], "", "weak-algorithm");
    let json = whole(&pki, &format!("{inline}{}", trailer(&body)), VALID, &["root.pem"], "--allow-sha1");
    assert_eq!(json["signatures"][1]["state"], "bad");
}

#[test]
fn what_vouches_must_be_there_and_readable() {
    let Some(pki) = Pki::usual() else { return };
    let env = TestEnv::new();
    env.write("manifest.dat", pki.signed(&body()));
    env.write("empty", "");
    env.write("broken.pem", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
    env.write("cut.pem", "-----BEGIN CERTIFICATE-----\nMAA=\n");
    fs::create_dir(env.path("none")).unwrap();
    for args in [
        "--root-ca missing",
        "--root-ca empty",
        "--root-ca broken.pem",
        "--root-ca cut.pem",
        "--root-ca none",
        "--crl empty",
        "--crl missing",
    ] {
        env.refuses(1, &format!("manifest verify manifest.dat {args}"));
    }
    env.refuses(2, "manifest verify manifest.dat --at yesterday");
    env.refuses(1, "manifest verify missing.dat");
    env.refuses(1, "manifest verify none");
    env.run("manifest verify manifest.dat --allow-missing").expect(2);
}

#[test]
fn certificates_that_sign_each_other_cost_no_more_than_their_number() {
    let Some(pki) = Pki::new() else { return };
    // All of one name and one key: every one is an issuer of every other.
    pki.key("loop", "P-256");
    let mut names = vec!["signer".to_owned()];
    for index in 0..15 {
        let name = format!("loop{index}");
        fs::copy(pki.path("loop.key"), pki.path(&format!("{name}.key"))).unwrap();
        pki.make(root(&name, "/CN=Loop"));
        names.push(name);
    }
    pki.make(signer("signer", "loop0"));
    pki.make(root("root", "/CN=Root"));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let text = format!("{}{}", body(), pki.inline(&body(), "sha256", &names));
    faulty(&pki, &text, VALID, &["root.pem"], "", "untrusted");
    whole(&pki, &text, VALID, &["loop7.pem"], "");
}

#[test]
fn a_key_signs_only_with_its_own_certificate() {
    let Some(pki) = Pki::usual() else { return };
    pki.make(signer("other", "root"));
    pki.openssl("x", &["pkey", "-in", "signer.key", "-aes256", "-passout", "pass:secret", "-out", "locked.key"]);
    pki.make(Cert { extensions: "keyUsage=keyEncipherment\n", ..signer("cipher", "root") });
    let env = TestEnv::new();
    env.write("P/setup.exe", "MZ");
    let args = |key: &str, cert: &str| {
        let [key, cert] = [key, cert].map(|name| pki.text_path(name));
        ["manifest", "create", "P", "--key", &key, "--cert", &cert].map(str::to_owned)
    };
    for (key, cert, why) in [
        ("other.key", "signer.pem", "does not belong"),
        ("cipher.key", "cipher.pem", "not for signatures"),
        ("locked.key", "signer.pem", "password"),
        ("signer.pem", "signer.pem", "no private key"),
        ("signer.key", "signer.key", "no certificate"),
        ("missing.key", "signer.pem", "missing.key"),
    ] {
        let args = args(key, cert);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        env.refuses_args(1, &args).complains(why);
    }
}

#[test]
fn what_people_see() {
    let Some(pki) = Pki::usual() else { return };
    pki.make(root("stranger", "/CN=Stranger"));
    let env = TestEnv::new();
    for name in ["root.pem", "stranger.pem"] {
        env.write(name, fs::read(pki.path(name)).unwrap());
    }
    env.write("P/setup.exe", "MZ");
    env.write("P/rms/router.exe", "MZ router");
    env.write("P/mrinit.conf", "[Config]");
    let body = [entry(".\\rms\\router.exe", b"MZ router"), body()].concat();
    let inline = format!("{body}{}", pki.inline(&body, "sha384", &["signer"]));
    env.write("P/manifest.dat", format!("{inline}{}", pki.trailer(&inline, &["signer"])));
    let verify = |more: &str| env.run(&format!("manifest verify P/manifest.dat {more}")).to_string();
    let mut shown = vec![
        env.run("manifest list P/manifest.dat").to_string(),
        verify(&format!("--root-ca root.pem --at {VALID} --files -v")),
        verify(&format!("--root-ca root.pem --at {VALID} --files --allow-sha1 --json")),
        verify("--root-ca root.pem --at 2026-11-21"),
        verify(&format!("--root-ca stranger.pem --at {VALID}")),
        verify(&format!("--at {VALID}")),
    ];
    env.write("P/rms/router.exe", "MZ rOuter");
    env.remove("P/setup.exe");
    env.write("P/new.txt", "new");
    shown.push(verify(&format!("--root-ca root.pem --at {VALID} --files")));
    env.write("P/manifest.dat", inline.replace("\n#sha384", "\n\n#sha384"));
    shown.push(verify("--root-ca root.pem"));
    let text = shown.join("\n").replace("were made without SHA extensions, which this processor lacks", "[SHA]");
    let text = text.replace("were made with the processor's SHA extensions", "[SHA]");
    // Keys are made anew.
    let settings =
        [("SHA-256 [0-9a-f]{64}", "SHA-256 [HEX]"), ("\"sha256\": \"[0-9a-f]{64}\"", "\"sha256\": \"[HEX]\"")];
    insta::with_settings!({ omit_expression => true, filters => settings }, { insta::assert_snapshot!(text) });
}
