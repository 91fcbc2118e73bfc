//! References beside those of a real object request broker: omniORB's.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use configcid::ior::{ByteOrder, Component, IiopProfile, Ior, Profile, ROUTER_TYPE};

use super::{probe, profile, router};
use crate::support::TestEnv;
use crate::support::browser::have;

/// Runs one of omniORB's programs.
fn orb(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Whether omniORB's programs are there: none of them has `--version`.
fn have_orb() -> bool {
    !cfg!(windows) && have("catior") && have("genior") && have("omniNames")
}

/// Asserts that we read a reference as omniORB does.
fn same_as_catior(text: &str) {
    let ior = Ior::parse(text.as_bytes()).unwrap();
    let theirs = orb("catior", &["-x", text]);
    assert!(theirs.contains(&format!("Type ID: \"{}\"", ior.type_id)), "{theirs}");
    let mut number = 0;
    for profile in &ior.profiles {
        number += 1;
        let Profile::Iiop(IiopProfile { minor_version, host, port, object_key, components, .. }) = profile else {
            continue;
        };
        let key: String = object_key.iter().map(|byte| format!("{byte:02x}")).collect();
        let size = object_key.len();
        let line = format!("{number}. IIOP 1.{minor_version} {host} {port} 0x{key}  ({size} bytes)");
        assert!(theirs.contains(&line), "{line:?} is not in\n{theirs}");
        for component in components {
            let line = match component {
                Component::Ssl { supports, requires, port, .. } => {
                    format!("TAG_SSL_SEC_TRANS port = {port} supports {supports} requires {requires}")
                }
                Component::Alternate { host, port, .. } => format!("TAG_ALTERNATE_IIOP_ADDRESS {host} {port}"),
                Component::Other { tag: 0, .. } => "TAG_ORB_TYPE".to_owned(),
                Component::Other { tag: 1, .. } => "TAG_CODE_SETS".to_owned(),
                Component::Other { .. } => continue,
                other => panic!("{other:?}"),
            };
            assert!(theirs.contains(&line), "{line:?} is not in\n{theirs}");
        }
    }
}

#[test]
fn references_are_read_as_omniorb_reads_them() {
    if !have_orb() {
        return;
    }
    let port = "8193";
    for (kind, host, key) in [
        (ROUTER_TYPE, "router.acme.example", "0x00ff10"),
        ("IDL:A:1.0", "10.1.200.65", "0x6b6579"),
        ("IDL:Longer/Names:1.0", "h", "0x0102030405060708090a0b0c0d0e0f"),
    ] {
        let text = orb("genior", &["-x", kind, host, port, key]);
        let ior = Ior::parse(text.as_bytes()).unwrap();
        assert_eq!((ior.type_id.as_str(), ior.endpoints()[0].host.as_str()), (kind, host));
        assert_eq!(ior.print().unwrap(), text, "what omniORB wrote is written again");
        same_as_catior(&text);
    }
    // What we write, omniORB reads: in both orders of bytes, in each version, with the components that matter.
    for byte_order in [ByteOrder::BigEndian, ByteOrder::LittleEndian] {
        for minor_version in 0..=2 {
            let mut components = vec![
                Component::Ssl { byte_order, supports: 0x66, requires: 0x46, port: 8194 },
                Component::Alternate { byte_order, host: "192.0.2.7".into(), port: 8195 },
            ];
            components.truncate(if minor_version == 0 { 0 } else { 2 });
            let (host, object_key) = ("relay.acme.example".to_owned(), vec![7; 21]);
            let iiop = IiopProfile { byte_order, minor_version, host, port: 8193, object_key, components };
            let profiles = vec![Profile::Iiop(iiop), profile("203.0.113.7", 8193, 8194)];
            same_as_catior(&Ior { byte_order, type_id: ROUTER_TYPE.into(), profiles }.print().unwrap());
        }
    }
}

#[test]
fn the_reference_of_a_running_orb_is_probed() {
    if !have_orb() {
        return;
    }
    let env = TestEnv::new();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let logs = env.path("").display().to_string();
    let mut names = Command::new("omniNames")
        .args(["-start", &free.port().to_string(), "-logdir", &logs, "-ORBendPoint", &format!("giop:tcp:{free}")])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(names.stderr.take().unwrap()).lines().map_while(Result::ok);
    let text = lines.filter_map(|line| line.split_once("Root context is ").map(|(_, text)| text.to_owned())).next();
    names.kill().unwrap();
    names.wait().unwrap();
    let text = text.expect("omniNames tells its reference");
    same_as_catior(&text);
    let hosts = probe(0, &[&router(text)]);
    assert_eq!(hosts[0]["connects_to"][0]["port"], free.port());
    assert_eq!(hosts[0]["ior"]["type_id"], "IDL:omg.org/CosNaming/NamingContextExt:1.0");
    assert!(hosts[0]["notes"].to_string().contains("not to a message router"));
}
