//! `mrinit show` and `mrinit set`: one file, by itself or in a CID.

use crate::support::layout::crc32;
use crate::support::{RELAY, RELAY_LIST, TestEnv, check_cid, stamps};
use configcid::{DemoCid, LineEnding};

const FILE: &str = "mrinit.conf";

fn with(text: &str) -> TestEnv {
    let env = TestEnv::new();
    env.write(FILE, text);
    env
}

#[test]
fn an_address_is_set_and_nothing_else() {
    for line_ending in [LineEnding::CrLf, LineEnding::Lf] {
        let text = DemoCid { line_ending, ..DemoCid::default() }.mrinit();
        let env = with(&text);
        env.run(&format!("mrinit set {FILE} {RELAY}")).ok();
        let line = "\"ParentRouterAddress\"=";
        assert_eq!(
            env.text(FILE),
            text.replace(&format!("{line}\"Server.Sales.Acme,SERVER\""), &format!("{line}\"{RELAY_LIST}\""))
        );
        let (before, times) = (env.snapshot(), stamps(&env.path("")));
        env.run(&format!("mrinit set {FILE} {RELAY}")).ok().says("Nothing to do");
        assert_eq!((env.snapshot(), stamps(&env.path(""))), (before, times));
    }
}

#[test]
fn any_value_is_set_in_place() {
    let text =
        "; a comment\n[Other]\n\"A\"=\"other\"\r\n[config]\r\n  \"a\"\t= \"old\"  \nrubbish\n\"B\"=dword:00000001\n\n";
    let env = with(text);
    env.run_args(["mrinit", "set", FILE, "A", "new value, longer"]).ok();
    let text = text.replace("\"old\"", "\"new value, longer\"");
    assert_eq!(env.text(FILE), text);
    for (value, digits) in
        [("8193", "00002001"), ("0x10", "00000010"), ("dword:ABCDEF01", "abcdef01"), ("0", "00000000")]
    {
        env.run_args(["mrinit", "set", FILE, "b", value]).ok();
        assert_eq!(env.text(FILE), text.replace("dword:00000001", &format!("dword:{digits}")));
    }
    env.run_args(["mrinit", "set", FILE, "A", ""]).ok();
    assert!(env.text(FILE).contains("  \"a\"\t= \"\"  \nrubbish\n"));
}

#[test]
fn a_missing_final_line_ending_is_added_and_told_of() {
    for (text, after, name) in [
        ("[Config]\n\"A\"=\"x\"", "[Config]\n\"A\"=\"y\"\n", "LF"),
        ("[Config]\r\n\"A\"=\"x\"", "[Config]\r\n\"A\"=\"y\"\r\n", "CRLF"),
    ] {
        let env = with(text);
        env.run(&format!("mrinit set {FILE} A y")).ok().says(&format!("final line ending ({name}) added"));
        assert_eq!(env.text(FILE), after);
    }
}

#[test]
fn a_new_secret_is_set_and_not_shown() {
    let env = with(&DemoCid::default().mrinit());
    let secret = "c2VjcmV0IG9mIHRoZSBlc3RhdGU=";
    for options in ["--dry-run", "--dry-run --json", "--json", "-v"] {
        let output = env.run(&format!("mrinit set {FILE} RouterCertIdentityKey {secret} {options}")).ok();
        assert!(!output.stdout.contains(secret), "{output}");
    }
    assert!(env.text(FILE).contains(secret));
    let output =
        env.run(&format!("mrinit show {FILE}")).ok().says("RouterCertIdentityKey            (hidden: 28 characters");
    assert!(!output.stdout.contains(secret), "{output}");
}

#[test]
fn a_dry_run_writes_nothing() {
    let env = with(&DemoCid::default().mrinit());
    let before = (env.snapshot(), stamps(&env.path("")));
    env.run(&format!("mrinit set {FILE} {RELAY} --dry-run"))
        .ok()
        .says(&format!("+\"ParentRouterAddress\"=\"{RELAY_LIST}\""));
    assert_eq!((env.snapshot(), stamps(&env.path(""))), before);
}

#[test]
fn show_masks_secrets_and_keeps_the_order() {
    let env = with(&DemoCid::default().mrinit());
    env.run(&format!("mrinit show {FILE}")).ok().says("ClientIIOPPort                   dword:00002001\n");
    env.run(&format!("mrinit show {FILE} -v")).ok().says("mrinit.conf (ASCII)");
    let answer = env.run(&format!("mrinit show {FILE} --json")).ok().json();
    let settings = answer["settings"].as_array().unwrap();
    assert_eq!((&settings[0]["name"], &settings[0]["line"]), (&"NotifyRouterUpdate".into(), &2.into()));
    assert_eq!(settings.len(), 11);
    assert_eq!(answer["encoding"], "ASCII");
}

#[test]
fn show_finds_faults() {
    let env = with("[Config]\r\n\"ParentRouterAddress\"=\"a\"b\"\r\n\"Ver\"=\"1\"\r\n");
    let output = env.run(&format!("mrinit show {FILE}")).expect(3).says("fault: line 2: ").says("no MRParentAddress");
    assert_eq!(output.count("Ver  1"), 1, "{output}");
    env.run("mrinit show nowhere.conf").expect(1).complains("nowhere.conf");
}

#[test]
fn secrets_in_lines_that_are_no_values_are_masked_in_diffs() {
    let secret = &crate::support::secrets()[0];
    let env = with(&format!(
        "[Config]\n;RouterCertIdentityKey={secret}\n\"RouterCertIdentityKey\"=\"{secret}\n\
         \"ParentRouterAddress\"=\"a\"\n\"XIdentityKey\"=\"{secret}\"\n[Other]\n\"RouterCertIdentityKey\"=\"{secret}\"\n"
    ));
    // The environment itself looks for the secret in all that is printed.
    env.run(&format!("mrinit set {FILE} ParentRouterAddress b --dry-run")).ok().says("(hidden: ");
    env.run(&format!("mrinit set {FILE} ParentRouterAddress b --dry-run --json")).ok();
    env.run(&format!("mrinit show {FILE}")).expect(3);
}

#[test]
fn wrong_usage() {
    let env = with(&DemoCid::default().mrinit());
    let before = env.snapshot();
    env.run(&format!("mrinit set {FILE} ServiceArgs")).expect(2);
    env.run(&format!("mrinit set {FILE} ServiceArgs x --ip 10.1.2.3")).expect(2);
    env.run("mrinit set").expect(2);
    env.run("mrinit").expect(2);
    assert_eq!(env.snapshot(), before);
}

#[cfg(unix)]
#[test]
fn permissions_are_kept() {
    use std::os::unix::fs::PermissionsExt;

    let env = with(&DemoCid::default().mrinit());
    std::fs::set_permissions(env.path(FILE), std::fs::Permissions::from_mode(0o604)).unwrap();
    env.run(&format!("mrinit set {FILE} {RELAY}")).ok();
    assert_eq!(crate::support::mode(&env.path(FILE).metadata().unwrap()) & 0o777, 0o604);
}

#[test]
fn in_a_cid_it_goes_the_way_of_the_cid() {
    let env = TestEnv::demo();
    for (file, path) in [("MRESXP/mrinit.conf", r"\mrinit.conf"), ("MRESXP/rms/mrinit.conf", r"\rms\mrinit.conf")] {
        if !env.path(file).exists() {
            env.run(&format!("relay set MRESXP {RELAY}")).ok();
        }
        let before = env.read(file);
        let line = format!("mrinit set {file} ServiceArgs changed");
        env.run(&format!("{line} --dry-run")).ok().says(&format!("Updating entry for {path}"));
        assert_eq!(env.read(file), before);
        let answer = env.run(&format!("{line} --json")).ok().json();
        assert_eq!(
            (&answer["cids"][0]["cid"], &answer["cids"][0]["files"][0]["path"]),
            (&"MRESXP".into(), &path.into())
        );
        assert!(env.text(file).contains("\"ServiceArgs\"=\"changed\""));
        check_cid(&env.path("MRESXP"), crc32);
        env.run("history MRESXP").ok().says("mrinit set ServiceArgs");
        env.run("undo MRESXP").ok();
        assert_eq!(env.read(file), before);
    }
    // From inside a component, too, and through a folder's other name.
    let mut command = env.command();
    command.current_dir(env.path("MRESXP/rms")).args(["mrinit", "set", "mrinit.conf", "ServiceArgs", "here"]);
    env.finish(command).ok().says("Done: ");
    check_cid(&env.path("MRESXP"), crc32);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(env.path("MRESXP/rms"), env.path("link")).unwrap();
        env.run("mrinit set link/mrinit.conf ServiceArgs there").ok();
        check_cid(&env.path("MRESXP"), crc32);
    }
}

#[test]
fn in_a_cid_it_waits_for_the_lock() {
    let env = TestEnv::demo();
    let holder = r#"{"id":"1-2-3","host":"another.example","process":1,"user":"x","time":1000000000}"#;
    env.write("MRESXP/.configcid-lock", holder);
    let before = env.snapshot();
    env.run("mrinit set MRESXP/mrinit.conf ServiceArgs x --wait 0").complains("another writer is at work");
    assert_eq!(env.snapshot(), before);
}

#[test]
fn an_address_that_no_relay_can_have_takes_force() {
    let env = with(&DemoCid::default().mrinit());
    for name in ["ParentRouterAddress", "mrparentaddress"] {
        for value in ["", "http://mr/", "10.1.2.3;MR", "MR,10.1.2.3", "a b"] {
            let before = env.snapshot();
            env.run_args(["mrinit", "set", FILE, name, value]).expect(2).complains("--force");
            assert_eq!(env.snapshot(), before);
        }
        env.run_args(["mrinit", "set", FILE, name, "", "--force"]).ok();
    }
    assert!(env.text(FILE).contains("\"ParentRouterAddress\"=\"\""));
}
