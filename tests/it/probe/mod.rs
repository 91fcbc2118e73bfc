//! `configcid relay probe` against routers that this process plays, on the loopback interface alone, and its references
//! beside those of a real object request broker.

mod orb;

use std::io::Write;
use std::net::{IpAddr, TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use crate::support::TestEnv;
use configcid::ior::{ByteOrder, Component, IiopProfile, Ior, Profile, ROUTER_TYPE};
use serde_json::Value as Json;

const ORDER: ByteOrder = ByteOrder::LittleEndian;

fn profile(host: &str, port: u16, ssl_port: u16) -> Profile {
    let ssl = Component::Ssl { byte_order: ORDER, supports: 0x66, requires: 0x46, port: ssl_port };
    let components = if ssl_port > 0 { vec![ssl] } else { Vec::new() };
    let (host, object_key) = (host.to_owned(), b"router".into());
    Profile::Iiop(IiopProfile { byte_order: ORDER, minor_version: 2, host, port, object_key, components })
}

fn reference(profiles: Vec<Profile>) -> String {
    Ior { byte_order: ORDER, type_id: ROUTER_TYPE.into(), profiles }.print().unwrap()
}

/// What a router says that names this host and the usual ports.
fn names(host: &str) -> String {
    reference(vec![profile(host, 8193, 8194)])
}

/// Plays a host on a port of its own: `answer` gets each connection. Gives the port.
fn host(address: &str, answer: impl Fn(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind((address.parse::<IpAddr>().unwrap(), 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || listener.incoming().for_each(|stream| answer(stream.unwrap())));
    port
}

/// A router: sends its reference and ends the connection.
fn router(text: String) -> String {
    let port = host("127.0.0.1", move |mut stream| stream.write_all(text.as_bytes()).unwrap());
    format!("127.0.0.1:{port}")
}

/// One that does something to whoever connects, in a thread of its own. Whoever is asked may have gone already.
fn odd(answer: impl Fn(TcpStream) -> std::io::Result<()> + Clone + Send + 'static) -> String {
    let port = host("127.0.0.1", move |stream| {
        let answer = answer.clone();
        thread::spawn(move || answer(stream));
    });
    format!("127.0.0.1:{port}")
}

/// Keeps a connection until the other side has gone.
fn keep(stream: TcpStream) -> std::io::Result<()> {
    std::io::copy(&mut &stream, &mut std::io::sink()).map(drop)
}

/// The answers of one run, which ends so.
#[track_caller]
fn probe(code: i32, args: &[&str]) -> Vec<Json> {
    let args = [&["relay", "probe", "--json"], args].concat();
    let answer = TestEnv::new().run_args(args).expect(code).json();
    assert_eq!(answer["command"], "relay probe");
    answer["hosts"].as_array().unwrap().clone()
}

/// The codes of the faults of one host.
#[track_caller]
fn faults(code: i32, args: &[&str]) -> Vec<String> {
    let hosts = probe(code, args);
    assert_eq!(hosts.len(), 1);
    let faults = hosts[0]["faults"].as_array().unwrap();
    assert!(faults.iter().all(|fault| fault["next"].as_str().is_some_and(|next| !next.is_empty())));
    faults.iter().map(|fault| fault["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_router_says_where_endpoints_connect() {
    let target = router(names("127.0.0.1"));
    let hosts = probe(0, &[&target]);
    let place = &hosts[0]["connects_to"][0];
    assert_eq!((&place["host"], &place["port"], &place["ssl_port"]), (&"127.0.0.1".into(), &8193.into(), &8194.into()));
    assert_eq!((&place["scope"], &place["probed"]), (&"loopback".into(), &true.into()));
    assert_eq!((&hosts[0]["host"], &hosts[0]["address"]), (&"127.0.0.1".into(), &target.as_str().into()));
    let ior = &hosts[0]["ior"];
    assert_eq!((&ior["type_id"], &ior["byte_order"]), (&ROUTER_TYPE.into(), &"little-endian".into()));
    assert_eq!(ior["profiles"][0]["object_key"], "726f75746572");

    let env = TestEnv::new();
    let output = env.run_args(["relay", "probe", &target]).expect(0);
    output
        .says("  endpoints connect to  127.0.0.1, port 8193 (IIOP), port 8194 (SSL)\n")
        .complains("at which each computer");
}

#[test]
fn however_the_reference_comes() {
    let kept = |end: &'static str, size: usize| {
        odd(move |mut stream| {
            for part in format!("{}{end}", names("localhost")).as_bytes().chunks(size) {
                stream.write_all(part)?;
                stream.flush()?;
            }
            keep(stream)
        })
    };
    // With an end of line or not, whole or in pieces, and the connection stays.
    for (end, size) in [("", 10_000), ("", 7), ("\r\n", 10_000), ("\0", 1), ("\n<html>", 100)] {
        assert!(faults(0, &[&kept(end, size)]).is_empty(), "{end:?} {size}");
    }
    let port = kept("", 10_000).rsplit(':').next().unwrap().to_owned();
    assert!(faults(0, &[&format!("localhost:{port}")]).is_empty());
}

#[test]
fn an_ipv6_host_is_probed() {
    if TcpListener::bind("[::1]:0").is_err() {
        assert!(std::env::var_os("CI").is_none(), "this computer has no IPv6");
        eprintln!("NOT TESTED: this computer has no IPv6");
        return;
    }
    let port = host("::1", |mut stream| stream.write_all(names("[::1]").as_bytes()).unwrap());
    let hosts = probe(0, &[&format!("[::1]:{port}")]);
    assert_eq!(hosts[0]["address"], format!("[::1]:{port}"));
}

#[test]
fn what_endpoints_cannot_use_is_a_fault() {
    for (text, code) in [
        (names("10.1.200.65"), "private-address"),
        (names("192.168.7.7"), "private-address"),
        (names("172.31.1.1"), "private-address"),
        (names("169.254.1.1"), "private-address"),
        (names("203.0.113.7"), "other-host"),
        (names("router.invalid"), "unresolvable"),
        (names("0.0.0.0"), "unusable-address"),
        (reference(vec![profile("127.0.0.1", 0, 0)]), "no-port"),
        (reference(vec![Profile::Other { tag: 7, data: vec![1, 2] }]), "no-iiop-profile"),
        (reference(vec![]), "no-iiop-profile"),
    ] {
        assert_eq!(faults(3, &[&router(text)]), [code]);
    }
    // The SSL port is enough, and so is one address that is right.
    assert!(faults(0, &[&router(reference(vec![profile("127.0.0.1", 0, 8194)]))]).is_empty());
    let both = reference(vec![profile("10.1.200.65", 8193, 8194), profile("127.0.0.1", 8193, 8194)]);
    assert!(faults(0, &[&router(both)]).is_empty());
}

#[test]
fn who_does_not_answer_as_a_router_is_a_fault() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(faults(3, &[&free.to_string()]), ["refused"]);
    assert_eq!(faults(3, &["nobody.invalid"]), ["unknown-host"]);
    assert_eq!(faults(3, &[&router(String::new())]), ["closed"]);
    for text in ["HTTP/1.1 400 Bad Request\r\n\r\n", "IOR:zz", "IOR:", "IO", "\0\0\0\0\0", &names("127.0.0.1")[..99]] {
        assert_eq!(faults(3, &[&router(text.to_owned())]), ["not-a-reference"], "{text:?}");
    }
    assert_eq!(faults(3, &[&odd(keep), "--timeout", "1"]), ["timeout"]);
    // A part of a reference, and no end of the connection.
    let cut = odd(|mut stream| {
        stream.write_all(&names("127.0.0.1").as_bytes()[..50])?;
        keep(stream)
    });
    assert_eq!(faults(3, &[&cut, "--timeout", "1"]), ["timeout"]);
}

#[test]
fn a_stream_without_end_is_left() {
    for endless in ["IOR:", "IOR:00", "x"] {
        let target = odd(move |mut stream| {
            stream.write_all(endless.as_bytes())?;
            loop {
                stream.write_all(&[b'0'; 4096])?;
            }
        });
        let expected = if endless == "x" { "not-a-reference" } else { "too-long" };
        assert_eq!(faults(3, &[&target]), [expected], "{endless}");
    }
    // A byte now and then keeps nobody beyond the time there is.
    let drip = odd(|mut stream| {
        stream.write_all(b"IOR:00")?;
        loop {
            stream.write_all(b"f")?;
            thread::sleep(Duration::from_millis(20));
        }
    });
    assert_eq!(faults(3, &[&drip, "--timeout", "1"]), ["timeout"]);
}

#[test]
fn hosts_are_asked_at_once_and_told_in_order() {
    const HOSTS: usize = 12;
    // Nobody answers before all were asked.
    let all = Arc::new(Barrier::new(HOSTS));
    let mut targets: Vec<String> = (0..HOSTS)
        .map(|_| {
            let all = all.clone();
            odd(move |mut stream| {
                all.wait();
                stream.write_all(names("127.0.0.1").as_bytes())
            })
        })
        .collect();
    targets.insert(1, "nobody.invalid:8192".to_owned());
    let hosts = probe(3, &targets.iter().map(String::as_str).collect::<Vec<_>>());
    let told: Vec<String> =
        hosts.iter().map(|host| format!("{}:{}", host["host"].as_str().unwrap(), host["port"])).collect();
    assert_eq!(told, targets);
    let faulty: Vec<bool> = hosts.iter().map(|host| host["faults"] != serde_json::json!([])).collect();
    assert_eq!(faulty, (0..=HOSTS).map(|index| index == 1).collect::<Vec<_>>());

    let output = TestEnv::new().run_args(["relay", "probe", "nobody.invalid", &router(names("10.1.200.65"))]).expect(3);
    output.says("fault (unknown-host): nobody.invalid cannot be resolved").says("2 of 2 hosts with faults");
}

#[test]
fn hostile_text_reaches_no_terminal() {
    for text in [names("10.1.1.1\u{1b}[2J"), "\u{1b}[2J\u{7}".repeat(9)] {
        let output = TestEnv::new().run_args(["relay", "probe", "-v", &router(text)]).expect(3);
        let tame = |c: char| c == '\n' || !c.is_control();
        assert!(output.stdout.chars().chain(output.stderr.chars()).all(tame), "{output}");
    }
}

#[test]
fn a_reference_is_judged_without_asking_anybody() {
    let env = TestEnv::new();
    let text = names("10.1.200.65");
    env.write("good.ior", format!("{text}\r\n"));
    for from in ["good.ior", &text] {
        let answer = env.run_args(["relay", "probe", "--ior", from, "--json"]).expect(0).json();
        assert_eq!(answer["from"], if from == text { Json::Null } else { from.into() });
        assert_eq!((&answer["connects_to"][0]["host"], answer.get("address")), (&"10.1.200.65".into(), None));
        assert!(answer["notes"][0].as_str().unwrap().contains("a private address"));
    }
    env.write("loopback.ior", names("127.0.0.1"));
    env.run("relay probe --ior loopback.ior").expect(3).says("fault (private-address)");

    let mut child = env.command();
    let child = child.args(["relay", "probe", "--ior", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = child.stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8(output.stdout).unwrap().contains("10.1.200.65, port 8193"));
}

#[test]
fn what_cannot_be_asked_or_read_is_refused() {
    let env = TestEnv::new();
    env.write("bad.ior", "IOR:0100");
    env.write("large.ior", vec![b'0'; 1 << 20]);
    env.refuses(1, "relay probe --ior bad.ior").complains("bad.ior: offset 6");
    env.refuses(1, "relay probe --ior large.ior").complains("larger than");
    env.refuses(1, "relay probe --ior .").complains("this is no file");
    env.refuses(1, "relay probe --ior missing.ior").complains("cannot look at it");
    for target in ["relay:0", "relay:port", "[::1", "a/b"] {
        env.refuses(2, &format!("relay probe 127.0.0.1 {target}")).complains("names nobody to probe");
    }
    env.run("relay probe").expect(2);
    env.run("relay probe relay --ior bad.ior").expect(2);
    env.run("relay probe relay --timeout 0").expect(2);
}
