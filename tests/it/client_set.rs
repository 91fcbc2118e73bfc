//! `configcid client set` and `client prepare-image` as far as other systems than Windows go: what would be done, and scripts.
//! The change itself is tried in `src/client/tests.rs`, and under Wine in `services.rs`.

use std::path::PathBuf;

use crate::support::{RELAY, RELAY_LIST, TestEnv};
use configcid::DemoCid;

/// A relay CID, and what is installed at an endpoint that reports to the server.
fn endpoint() -> TestEnv {
    let env = TestEnv::demo();
    env.run(&format!("relay set MRESXP {RELAY}")).ok();
    env.write("RMS/mrinit.conf", DemoCid::default().mrinit());
    env.write("RMS/ClientMRInit.exe", "");
    let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "testdata", "reg"].iter().collect();
    for name in ["relay-good.reg", "endpoint-64bit.reg", "no-parent.reg", "both-views-differ.reg"] {
        std::fs::copy(folder.join(name), env.path(name)).unwrap();
    }
    env
}

const PLAN: &str = "client set --dry-run --installed RMS --reg";

#[test]
fn a_dry_run_says_what_would_be_done() {
    let env = endpoint();
    let before = env.snapshot();
    let said = env.run(&format!("{PLAN} relay-good.reg --cid MRESXP")).ok();
    let said = said.says(&format!("ParentRouterAddress: Server.Sales.Acme,SERVER -> {RELAY_LIST}"));
    said.says("1. replace").says("2. run").says("3. restart the service").says("4. wait until");
    let answer = env.run(&format!("{PLAN} relay-good.reg --expect {RELAY_LIST} --json")).expect(0).json();
    assert_eq!((&answer["status"], &answer["recovered"]), (&"planned".into(), &false.into()));
    assert_eq!(answer["plan"]["steps"], serde_json::json!(["write", "set-up", "restart", "wait"]));
    assert_eq!((&answer["plan"]["expected"], &answer["done"]), (&RELAY_LIST.into(), &serde_json::Value::Null));
    assert_eq!(env.snapshot(), before);

    // The file is right, the registry is not.
    env.write("RMS/mrinit.conf", env.read("MRESXP/rms/mrinit.conf"));
    let answer = env.run(&format!("{PLAN} no-parent.reg --cid MRESXP --json")).expect(0).json();
    assert_eq!(answer["plan"]["steps"], serde_json::json!(["set-up", "restart", "wait"]));
    // All is right.
    env.run(&format!("{PLAN} endpoint-64bit.reg --cid MRESXP")).ok().says("Nothing to do");
    let answer = env.run(&format!("{PLAN} endpoint-64bit.reg --expect {RELAY_LIST} --json")).expect(0).json();
    assert_eq!((&answer["status"], &answer["plan"]["steps"]), (&"unchanged".into(), &serde_json::json!([])));
    // But for what would win over it at the next set-up.
    env.write("RMS/mrinit.conf.orig", DemoCid::default().mrinit());
    let answer = env.run(&format!("{PLAN} endpoint-64bit.reg --cid MRESXP --json")).expect(0).json();
    assert_eq!(answer["plan"]["steps"], serde_json::json!(["move-aside"]));
}

#[test]
fn another_estates_cid_is_refused() {
    let env = endpoint();
    env.edit("MRESXP/rms/mrinit.conf", |bytes| {
        let text = String::from_utf8(bytes).unwrap();
        let lines = text.split_inclusive('\n').map(|line| match line.contains("RouterCertIdentityKey") {
            true => "\"RouterCertIdentityKey\"=\"bm90IHRoZSBlc3RhdGUncyBrZXk=\"\r\n",
            false => line,
        });
        lines.collect::<String>().into_bytes()
    });
    let refused = env.refuses(1, &format!("{PLAN} relay-good.reg --cid MRESXP"));
    assert!(!refused.stderr.contains("bm90IHRo"), "{refused}");
    refused.complains("another estate's").complains("RouterCertIdentityKey");
    // An address alone changes no key.
    env.run(&format!("{PLAN} relay-good.reg --expect {RELAY_LIST}")).ok();
}

#[test]
fn slips_are_told() {
    let env = endpoint();
    let before = env.snapshot();
    for (line, word) in [
        ("client set", "--expect"),
        ("client set --cid MRESXP --expect MR", "--expect"),
        ("client set --cid MRESXP --installed RMS --reg relay-good.reg", "--dry-run"),
        ("client set --cid MRESXP --dry-run --reg relay-good.reg", "--installed"),
        ("client set --undo --cid MRESXP", "--undo"),
        ("client set --cid MRESXP --timeout 0", "zero"),
        ("client prepare-image --yes --dry-run", "--dry-run"),
        ("client set --script cmd", "--cid"),
        ("client set --script cmd --expect MR", "--script"),
        (r"client set --script cmd --dry-run --cid \\S\I\MRESXP", "--dry-run"),
    ] {
        env.run(line).expect(2).complains(word);
    }
    assert_eq!(env.snapshot(), before);
    env.refuses(2, &format!("{PLAN} relay-good.reg --expect 10.1.2.300"));
    env.refuses(2, &format!("{PLAN} relay-good.reg --expect \"\""));
    env.refuses(1, &format!("{PLAN} relay-good.reg --cid nowhere"));
    env.refuses(1, &format!("{PLAN} nowhere.reg --cid MRESXP"));
    env.refuses(1, "client set --dry-run --installed MRESXP/sau --reg relay-good.reg --cid MRESXP")
        .complains("--installed DIR");
    env.remove("RMS/ClientMRInit.exe");
    env.refuses(1, &format!("{PLAN} relay-good.reg --cid MRESXP")).complains("ClientMRInit.exe");
    if cfg!(not(windows)) {
        env.refuses(2, &format!("client set --expect {RELAY_LIST} --installed RMS")).complains("--script");
        env.refuses(2, "client set --undo --installed RMS").complains("only Windows");
        env.refuses(2, "client prepare-image --dry-run").complains("only Windows");
        env.refuses(2, "client prepare-image --yes").complains("only Windows");
    }
}

#[test]
fn scripts_do_the_same_elsewhere() {
    let env = endpoint();
    let cid = r"\\Server1\InterChk\MRESXP";
    for (language, first) in [("cmd", "@echo off\r\n"), ("powershell", "# Lets this computer")] {
        let script = env.run_args(["client", "set", "--script", language, "--cid", cid, "--timeout", "90"]).ok();
        assert!(script.stdout.starts_with(first) && script.stdout.contains(cid), "{script}");
        let json =
            env.run_args(["client", "set", "--script", language, "--cid", cid, "--timeout", "90", "--json"]).expect(0);
        assert_eq!(json.json()["script"].as_str().unwrap(), script.stdout);
    }
    for cid in ["MRESXP", r"\\Server1", r"\\Server1\InterChk\%TEMP%", r"\\Server1\InterChk\$(x)"] {
        env.refuses_args(2, &["client", "set", "--script", "cmd", "--cid", cid]);
    }
}
