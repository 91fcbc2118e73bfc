//! Files and addresses that relay set-up cannot work with: each is refused with the file and the line, and nothing is
//! changed.

use std::fs;

use crate::support::{RELAY, RELAY_LIST, TestEnv};

const ROOT: &str = "MRESXP/mrinit.conf";
const RMS: &str = "MRESXP/rms/mrinit.conf";
/// The line of the demo's `mrinit.conf` that relay set-up edits.
const LINE: &str = "\"ParentRouterAddress\"=\"Server.Sales.Acme,SERVER\"\r\n";
const LINE_NUMBER: usize = 12;

/// Asserts that relay set-up refuses the text as the root's file, from which a copy would be made, and as the copy that
/// is there.
#[track_caller]
fn refused(text: &str, said: &[&str]) {
    for file in [ROOT, RMS] {
        let env = TestEnv::demo();
        env.write(file, text);
        let mut output = env.refuses(1, &format!("relay set MRESXP {RELAY}")).complains(&format!("error: {file}: "));
        for text in said {
            output = output.complains(text);
        }
        let mut output = env.refuses(1, &format!("mrinit set {file} {RELAY}")).complains(&format!("error: {file}: "));
        for text in said {
            output = output.complains(text);
        }
    }
}

/// The demo's file.
fn good() -> String {
    let text = configcid::DemoCid::default().mrinit();
    assert_eq!(text.lines().nth(LINE_NUMBER - 1), Some(LINE.trim_end()));
    text
}

fn with(line: &str) -> String {
    good().replace(LINE, line)
}

#[test]
fn no_file_at_all() {
    let env = TestEnv::demo();
    env.remove(ROOT);
    env.edit_catalog("MRESXP/cidsync.upd", |catalog| catalog.entries.retain(|entry| entry.name() != "\\mrinit.conf"));
    env.refuses(1, &format!("relay set MRESXP {RELAY}")).complains("error: MRESXP: there is no mrinit.conf");
    env.run("relay show MRESXP").expect(3).says("there is no mrinit.conf for \\rms");
}

#[test]
fn no_file_to_edit_in_the_root() {
    let env = TestEnv::demo();
    fs::rename(env.path(ROOT), env.path(RMS)).unwrap();
    env.refuses(1, &format!("relay set MRESXP {RELAY} --edit-root")).complains("MRESXP").complains("in the root");
}

#[test]
fn no_such_line() {
    refused(&with(""), &["there is no ParentRouterAddress"]);
}

#[test]
fn two_such_lines() {
    let second = format!("line {}: ", LINE_NUMBER + 1);
    refused(&with(&LINE.repeat(2)), &[&second, "first on line 12"]);
    refused(&with(&format!("{LINE}\"parentrouteraddress\"=\"\"\r\n")), &[&second, "first on line 12"]);
}

#[test]
fn no_config_section() {
    refused(&good().replace("[Config]\r\n", ""), &["no [Config] section"]);
    refused(&good().replace("[Config]", "[Konfig]"), &["no [Config] section"]);
    refused("", &["no [Config] section"]);
}

#[test]
fn text_in_two_bytes_a_character_without_a_mark() {
    let wide: String = good().chars().flat_map(|c| [c, '\0']).collect();
    refused(&wide, &["NUL bytes", "UTF-16"]);
}

#[test]
fn a_quote_in_a_value() {
    let line = format!("line {LINE_NUMBER}: ");
    for value in ["\"a\"b\"", "\"a", "a\"", "\"a\"\"", "\"a\" b", ""] {
        refused(&with(&format!("\"ParentRouterAddress\"={value}\r\n")), &[&line, "malformed", "quote"]);
    }
}

#[test]
fn a_number_where_an_address_belongs() {
    for file in [ROOT, RMS] {
        let env = TestEnv::demo();
        env.write(file, with("\"ParentRouterAddress\"=dword:00000001\r\n"));
        env.refuses(1, &format!("relay set MRESXP {RELAY}"))
            .complains(&format!("error: {file}: line {LINE_NUMBER}: "))
            .complains("is a number where a string is expected");
    }
}

#[test]
fn a_file_larger_than_any() {
    let env = TestEnv::demo();
    env.edit(ROOT, |mut bytes| {
        bytes.resize((1 << 20) + 1, b'\n');
        bytes
    });
    env.refuses(1, &format!("relay set MRESXP {RELAY}")).complains("mrinit.conf").complains("larger than");
    env.refuses(1, &format!("mrinit set {ROOT} {RELAY}")).complains(ROOT).complains("larger than");
}

#[test]
fn a_file_that_is_a_folder() {
    for file in [ROOT, RMS] {
        let env = TestEnv::demo();
        let _ = fs::remove_file(env.path(file));
        fs::create_dir(env.path(file)).unwrap();
        env.refuses(1, &format!("relay set MRESXP {RELAY}"))
            .complains(&format!("error: {file}: "))
            .complains("no file");
        env.refuses(1, &format!("mrinit set {file} {RELAY}")).complains(file);
        env.refuses(1, "MRESXP").complains(file);
    }
}

#[test]
fn a_second_cids_bad_file_is_named_as_its_own() {
    let env = TestEnv::demo();
    env.cid("MRESNT", configcid::DemoCid::default());
    env.write("MRESNT/mrinit.conf", with(""));
    env.run(&format!("relay set MRESXP MRESNT {RELAY}")).expect(4).complains("error: MRESNT/mrinit.conf: ");
    assert!(env.text(RMS).contains(RELAY_LIST));
}

#[test]
fn addresses_that_break_the_rules_of_their_kind() {
    let env = TestEnv::demo();
    for (flag, value, said) in [
        ("--ip", "10.1.200.650", "10.1.200.650"),
        ("--ip", "10.1.200", "no IP address"),
        ("--ip", "relay.acme", "no IP address"),
        ("--ip", "0.0.0.0", "not the address of one computer"),
        ("--ip", "10.1.2.3,10.1.2.4", "no IP address"),
        ("--ip", "", "no IP address"),
        ("--fqdn", "a..b", "1 to 63"),
        ("--fqdn", "a-.b", "hyphen"),
        ("--fqdn", "a\"b.c", "not allowed"),
        ("--fqdn", "a,b", "not allowed"),
        ("--fqdn", "a b.c", "not allowed"),
        ("--fqdn", "a.b\r\n\"MRParentAddress\"=\"x", "not allowed"),
        ("--fqdn", "10.1.2.3", "IP address"),
        ("--netbios", "SIXTEENLETTERS16", "15 characters"),
        ("--netbios", "A\"B", "not allowed"),
        ("--netbios", "A,B", "not allowed"),
        ("--netbios", "A B", "not allowed"),
        ("--netbios", "A\u{1b}B", "not allowed"),
        ("--netbios", "", "1 to 15"),
    ] {
        for command in [["relay", "set", "MRESXP"], ["mrinit", "set", ROOT]] {
            let output = env.refuses_args(2, &[&command[..], &[flag, value]].concat()).complains(said);
            assert!(!output.stderr.contains('\u{1b}'), "{output}");
        }
    }
}

#[test]
fn no_address_at_all() {
    let env = TestEnv::demo();
    env.refuses(2, "relay set MRESXP").complains("IP address, an FQDN or a NetBIOS name");
    env.refuses(2, &format!("mrinit set {ROOT}")).complains("IP address, an FQDN or a NetBIOS name");
}

#[test]
fn values_that_a_line_cannot_hold() {
    let env = TestEnv::demo();
    for value in ["a\"b", "\"", "a\nb", "a\rb", "a\tb"] {
        env.refuses_args(2, &["mrinit", "set", ROOT, "ServiceArgs", value]).complains("ServiceArgs");
    }
    env.refuses_args(2, &["mrinit", "set", ROOT, "ServiceArgs", "\u{4e2d}"]).complains("ASCII");
    env.refuses_args(2, &["mrinit", "set", ROOT, "ClientIORPort", "many"]).complains("no number");
    env.refuses_args(1, &["mrinit", "set", ROOT, "Nonsense", "1"]).complains("no Nonsense");
}
