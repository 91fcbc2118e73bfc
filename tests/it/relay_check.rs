//! `configcid relay check`, as its users see it, with what was exported on the relay.

use std::fs;

use crate::support::{RELAY, TestEnv};

/// A folder with a relay CID and what was brought from its relay.
fn brought() -> TestEnv {
    let env = TestEnv::demo();
    env.run(&format!("relay set MRESXP {RELAY}")).ok();
    fs::copy(env.path("MRESXP/rms/mrinit.conf"), env.path("installed.conf")).unwrap();
    let folder: std::path::PathBuf = [env!("CARGO_MANIFEST_DIR"), "testdata", "reg"].iter().collect();
    for name in ["relay-good.reg", "relay-differs.reg", "endpoint-64bit.reg"] {
        fs::copy(folder.join(name), env.path(name)).unwrap();
    }
    env.write(
        "netstat.txt",
        "  TCP    0.0.0.0:8192    0.0.0.0:0    LISTENING\r\n  TCP    0.0.0.0:8193    0.0.0.0:0    LISTENING\r\n  \
         TCP    [::]:8194       [::]:0       LISTENING\r\n",
    );
    env.write("ports.txt", "Start Port      : 49152\r\nNumber of Ports : 16384\r\n");
    env
}

const GOOD: &str = "relay check --cid MRESXP --reg relay-good.reg --mrinit installed.conf";

fn state(answer: &serde_json::Value, point: &str) -> String {
    let points = answer["points"].as_array().unwrap();
    points.iter().find(|this| this["point"] == point).unwrap()["state"].as_str().unwrap().to_owned()
}

#[test]
fn the_articles_question_has_an_answer() {
    let env = brought();
    let before = env.snapshot();
    let answer = env.run(&format!("{GOOD} --json")).expect(0).json();
    assert_eq!(answer["installed"], "yes");
    for (point, is) in [("cid", "right"), ("parent", "right"), ("own-mrinit", "right"), ("listening", "unknown")] {
        assert_eq!(state(&answer, point), is, "{point}");
    }
    env.run(GOOD).ok().says("It has installed from its CID").says("6 not looked at");

    let old =
        env.run("relay check --cid MRESXP --reg endpoint-64bit.reg --mrinit installed.conf --json").expect(3).json();
    assert_eq!((&old["installed"], &old["points"][0]["point"]), (&"no".into(), &"parent".into()));
    let said = env.run("relay check --cid MRESXP --reg relay-differs.reg --mrinit installed.conf").expect(3);
    said.says("It has not installed from its CID").says("NumSenderThreads is dword:00000010");
    // Without the relay's own file the question stays open, which is no success.
    let open = env.run("relay check --cid MRESXP --reg relay-good.reg --json").expect(3).json();
    assert_eq!((&open["installed"], state(&open, "own-mrinit").as_str()), (&"unknown".into(), "unknown"));
    assert_eq!(env.snapshot(), before);
}

#[test]
fn what_else_was_brought_is_judged() {
    let env = brought();
    let more = "--netstat netstat.txt --dynamic-ports ports.txt --certificate MRESXP/cac.pem --at 2026-11-21";
    let answer = env.run(&format!("{GOOD} {more} --endpoints 13926 --json")).expect(0).json();
    for point in ["listening", "ephemeral-ports", "certificate"] {
        assert_eq!(state(&answer, point), "right", "{point}");
    }
    env.run(&format!("{GOOD} {more} --endpoints 13927")).expect(3).says("not enough for 13927 endpoints");
    env.run(&format!("{GOOD} --certificate MRESXP/cac.pem --at 2130-01-01")).expect(3).says("has ended");
    env.write("netstat.txt", "TCP 0.0.0.0:8192 0.0.0.0:0 LISTENING\n");
    env.run(&format!("{GOOD} {more}")).expect(3).says("does not listen on 8193, 8194");
    // A registry in two files, of which one alone says nothing of the router.
    env.write(
        "tcpip.reg",
        "REGEDIT4\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters]\n\"MaxUserPort\"=dword:0000fffe\n",
    );
    let answer = env.run(&format!("{GOOD} --reg tcpip.reg --system 2003 --endpoints 54833 --json")).expect(0).json();
    assert_eq!(state(&answer, "ephemeral-ports"), "right");
    let alone = env.run("relay check --cid MRESXP --reg tcpip.reg --mrinit installed.conf --json").expect(3).json();
    assert_eq!(state(&alone, "parent"), "unknown");
    env.run(&format!("{GOOD} --reg tcpip.reg --system 2003 --endpoints 54834")).expect(3).says("MaxUserPort");
}

#[test]
fn what_cannot_be_looked_at_is_told_from_what_is_wrong() {
    let env = brought();
    env.write("empty.txt", "");
    env.refuses(1, "relay check --cid nowhere --reg relay-good.reg");
    env.refuses(1, "relay check --cid MRESXP --reg nowhere.reg");
    env.refuses(1, "relay check --cid MRESXP --reg empty.txt");
    env.refuses(1, "relay check --reg relay-good.reg --mrinit nowhere.conf");
    env.refuses(2, &format!("{GOOD} --netstat empty.txt")).complains("netstat -an");
    env.refuses(2, &format!("{GOOD} --dynamic-ports netstat.txt")).complains("netsh int ipv4");
    env.refuses(1, &format!("{GOOD} --certificate installed.conf")).complains("certificate");
    env.refuses(2, "relay check --probe").complains("--probe HOST");
    env.refuses(2, "relay check --probe 1.2.3 --reg relay-good.reg").complains("no IP address");
    if cfg!(not(windows)) {
        env.refuses(2, "relay check --cid MRESXP").complains("--reg FILE");
    }
    // An installed file that cannot be used is an answer.
    env.write("installed.conf", "[Config]\r\n");
    env.run(GOOD).expect(3).says("not usable");
}

/// A router that sends its reference, at a port of this computer.
#[test]
fn the_relay_is_asked_from_here() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = std::io::Write::write_all(&mut stream.unwrap(), b"IOR:000000000000000000000000");
        }
    });
    let env = brought();
    let answer = env.run(&format!("{GOOD} --probe 127.0.0.1:{port} --netstat netstat.txt --json")).expect(3).json();
    assert_eq!((state(&answer, "object-reference"), &answer["installed"]), ("wrong".to_owned(), &"yes".into()));
    env.write("saved.txt", "IOR:000000000000000000000000");
    env.run(&format!("{GOOD} --ior saved.txt")).expect(3).says("no-iiop-profile");
}
