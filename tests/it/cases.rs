//! Small made-up inputs in the shape of what administrators have, in `testdata/cases`, and the right answer to each.

use std::path::PathBuf;

use crate::support::TestEnv;

fn case(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "testdata", "cases", name].iter().collect();
    path.to_str().unwrap().to_owned()
}

/// The identifiers of the findings of `mrinit show`.
fn ids(env: &TestEnv, file: &str) -> (i32, Vec<String>) {
    let output = env.run_args(["mrinit", "show", file, "--json"]);
    let answer = output.json();
    let found = answer["findings"].as_array().unwrap().iter();
    let ids = found.map(|finding| finding["id"].as_str().unwrap().to_owned()).collect();
    (i32::try_from(answer["exit_code"].as_i64().unwrap()).unwrap(), ids)
}

#[test]
fn a_reference_that_is_wrapped_or_copied_with_a_terminals_log() {
    let env = TestEnv::new();
    for file in ["04-ior-wrapped/ior.txt", "04-ior-wrapped/putty.txt"] {
        env.run_args(["relay", "probe", "--ior", &case(file)])
            .expect(0)
            .says("relay.example.test, port 8193 (IIOP), port 8194 (SSL)");
    }
    env.run_args(["relay", "probe", "--ior", &case("04-ior-wrapped/ior.txt")]).complains("broken over 5 lines");
}

#[test]
fn a_session_that_was_lost_after_a_healthy_start() {
    let env = TestEnv::new();
    let logs = case("22-log-lost-after-healthy-start");
    env.run_args(["envelopes", "logs", &logs])
        .expect(3)
        .says("not connected since 2021-07-16T16:00:00Z")
        .says("22 tries failed (TRANSIENT)")
        .says("OMG minor code (2)")
        .says("logged on ");
    let file = format!("{logs}/Router-20210716-124210.log");
    for path in [&logs, &file] {
        let verdict = env.run_args(["envelopes", "logs", path, "--json"]).expect(3).json()["verdict"].clone();
        assert_eq!(verdict["state"], "retrying");
        assert_eq!(verdict["since"], "2021-07-16T16:00:00Z");
        assert_eq!((&verdict["failed_tries"], &verdict["lost"]), (&22.into(), &1.into()));
        assert_eq!(verdict["exceptions"], serde_json::json!(["TRANSIENT"]));
    }
    let svg = env.path("states.svg");
    env.run_args(["envelopes", "logs", &logs, "--svg", svg.to_str().unwrap()]).expect(3).says("Wrote ");
    assert!(env.text("states.svg").contains("<title>logged on: 2021-07-16T12:42:14Z to 2021-07-16T16:00:00Z"));
}

#[test]
fn a_first_start_without_a_certificate() {
    let env = TestEnv::new();
    let logs = case("25-log-first-start-no-certificate");
    env.run_args(["envelopes", "logs", &logs])
        .expect(3)
        .says("the parent was found and the handshake done, and the certificate request is not answered")
        .says("TIMEOUT")
        .says("Certification Manager");
    let answer = env.run_args(["envelopes", "logs", &logs, "--json"]).expect(3).json();
    assert_eq!(answer["verdict"]["state"], "waiting-for-certificate");
}

#[test]
fn files_in_whatever_encoding_with_whatever_line_ends_and_quotes() {
    let env = TestEnv::new();
    for (name, code, id, line) in [
        ("blank-first", 0, None, 0),
        ("bom", 0, None, 0),
        ("spaces", 0, None, 0),
        ("utf16", 0, None, 0),
        ("cr", 3, Some("line-end-cr"), 1),
        ("crcrlf", 3, Some("line-end-crcrlf"), 1),
        ("smart-quotes", 3, Some("line-quotes"), 12),
    ] {
        let file = case(&format!("31-mrinit-encodings/{name}.conf"));
        let (found, ids) = ids(&env, &file);
        assert_eq!((found, ids), (code, Vec::from_iter(id.map(str::to_owned))), "{name}");
        let output = env.run_args(["mrinit", "show", &file]).expect(code);
        assert!(!output.stdout.contains("no [Config]"), "{output}");
        if let Some(id) = id {
            let output = output.says(&format!("line {line}: ")).says(id);
            // All that can be read is shown.
            assert!(output.stdout.contains("MRParentAddress"), "{output}");
        }
        // In a CID it is the same.
        let env = TestEnv::demo();
        env.write("MRESXP/rms/mrinit.conf", std::fs::read(&file).unwrap());
        let output = env.run("relay show MRESXP").expect(code);
        assert!(!output.stdout.contains("no [Config]"), "{output}");
    }
    env.run_args(["mrinit", "show", &case("31-mrinit-encodings/smart-quotes.conf")])
        .says("it should be \"ParentRouterAddress\"=\"10.1.2.3,relay.corp.example,RELAY\"");
}

#[test]
fn addresses_as_people_write_them() {
    let env = TestEnv::new();
    for (name, code, expected) in [
        ("blank", 3, &["address-blank", "address-blank"][..]),
        ("empty", 3, &["address-missing"]),
        ("http", 3, &["address-url"]),
        ("port", 3, &["address-port"]),
        ("semicolon", 3, &["address-semicolon"]),
        ("trailing", 3, &["address-empty-part"]),
        ("unc", 3, &["address-unc"]),
        ("ipv6", 0, &["address-ipv6"]),
        ("two-ips", 0, &["address-several"]),
        ("underscore", 0, &["address-underscore"]),
        ("same-as-server", 0, &["server-as-relay"]),
    ] {
        let file = case(&format!("32-mrinit-addresses/{name}.conf"));
        assert_eq!(ids(&env, &file), (code, expected.iter().map(|id| (*id).to_owned()).collect()), "{name}");
        env.run_args(["mrinit", "show", &file]).expect(code).says(expected[0]);
        // A CID with it tells the same.
        let cid = TestEnv::demo();
        for place in ["MRESXP/mrinit.conf", "MRESXP/rms/mrinit.conf"] {
            cid.write(place, std::fs::read(&file).unwrap());
        }
        let output = cid.run("relay show MRESXP").expect(code).says(expected[0]);
        assert_eq!(output.stdout.contains("fault: "), code == 3, "{output}");
        let audit = cid.run("audit MRESXP --json").json();
        let found = audit["cids"][0]["findings"].as_array().unwrap();
        let told = |finding: &serde_json::Value| finding.to_string().contains(expected[0]);
        assert!(found.iter().any(told), "{name}: {found:?}");
        let imported = cid.run("fleet import MRESXP");
        if code == 0 && name != "same-as-server" {
            imported.complains(expected[0]);
        }
    }
}

#[test]
fn registry_values_of_the_wrong_type() {
    let env = TestEnv::new();
    let show = |name: &str| env.run_args(["relay", "registry", "--from", &case(&format!("41-reg-types/{name}.reg"))]);
    show("decimal").expect(3).says("decimal 5020 was typed where hexadecimal 5020 is meant, which is decimal 20512");
    show("strings")
        .expect(3)
        .says("it is a string, and should be a dword; the number is right")
        .says("it is binary (hex), and should be a dword; the number is right")
        .says("it is a qword (hex(b)), and should be a dword; the number is right");
    show("expand").expect(3).says("it is an expandable string (hex(2)), and should be a string");
}

#[test]
fn names_that_look_like_others_are_refused() {
    for name in ["mr\u{AD}init.conf", "rms/mrinit.c\u{43E}nf"] {
        let env = TestEnv::demo();
        env.write(&format!("MRESXP/{name}"), "x");
        let output = env.refuses(1, "MRESXP").complains("looks like mrinit.conf and is another name");
        assert!(!output.stderr.contains('\u{AD}'), "{output}");
    }
}

#[test]
fn addresses_of_hosts_are_whole() {
    let env = TestEnv::new();
    env.run("relay probe 1.2.3").expect(2).complains("no IP address");
    env.write("empty.reg", "REGEDIT4\n[HKLM\\SOFTWARE\\Sophos\\Messaging System\\Router]\n\"ParentAddress\"=\"\"\n");
    env.run("client check --reg empty.reg").expect(3).complains("endpoints that read it report to nobody");
}
