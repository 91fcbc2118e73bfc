//! `mrinit show` and `mrinit set`: one file, without a CID around it.

use crate::support::{RELAY, RELAY_LIST, TestEnv, stamps};
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
