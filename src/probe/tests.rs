use std::net::IpAddr;

use super::judge::{Lookup, Probed, judge};
use super::{Reading, Scope, Target};
use crate::ior::{ByteOrder, Component, IiopProfile, Ior, Profile, ROUTER_TYPE};

const ORDER: ByteOrder = ByteOrder::LittleEndian;

/// A router's reference with a profile for each host.
fn ior(hosts: &[(&str, u16)]) -> Ior {
    let ssl = Component::Ssl { byte_order: ORDER, supports: 0x66, requires: 0x46, port: 8194 };
    let profile = |&(host, port): &(&str, u16)| {
        let (host, components) = (host.to_owned(), if port > 0 { vec![ssl.clone()] } else { Vec::new() });
        Profile::Iiop(IiopProfile { byte_order: ORDER, minor_version: 2, host, port, object_key: vec![1], components })
    };
    Ior { byte_order: ORDER, type_id: ROUTER_TYPE.into(), profiles: hosts.iter().map(profile).collect() }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// The names that there are.
fn look_up(name: &str) -> Lookup {
    match name.to_ascii_lowercase().trim_end_matches('.') {
        "relay.sales.acme" | "mrcomputer" => Lookup::Found(vec![ip("203.0.113.5")]),
        "inside.sales.acme" => Lookup::Found(vec![ip("10.1.200.65")]),
        "elsewhere.acme" => Lookup::Found(vec![ip("203.0.113.9")]),
        _ => Lookup::Unknown("no such name".into()),
    }
}

/// What is found where relay.sales.acme (203.0.113.5) sends this reference.
fn probed(ior: Ior) -> Reading {
    let addresses = [ip("203.0.113.5")];
    let is_own = |_| false;
    judge(
        ior,
        &look_up,
        Some(&Probed { host: "relay.sales.acme", peer: addresses[0], addresses: &addresses, is_own: &is_own }),
    )
}

fn codes(reading: &Reading) -> Vec<&'static str> {
    reading.faults.iter().map(|fault| fault.code).collect()
}

#[test]
fn each_fault_has_its_code() {
    for (host, port, code) in [
        ("relay.sales.acme", 8193, ""),
        ("RELAY.Sales.Acme.", 8193, ""),
        ("MRCOMPUTER", 8193, ""),
        ("203.0.113.5", 8193, ""),
        ("::ffff:203.0.113.5", 8193, ""),
        ("10.1.200.65", 8193, "private-address"),
        ("inside.sales.acme", 8193, "private-address"),
        ("192.168.0.1", 8193, "private-address"),
        ("127.0.0.1", 8193, "private-address"),
        ("[::1]", 8193, "private-address"),
        ("169.254.7.7", 8193, "private-address"),
        ("fe80::1", 8193, "private-address"),
        ("100.64.0.1", 8193, "private-address"),
        ("203.0.113.9", 8193, "other-host"),
        ("elsewhere.acme", 8193, "other-host"),
        ("unknown.invalid", 8193, "unresolvable"),
        ("", 8193, "unresolvable"),
        ("two words", 8193, "unresolvable"),
        ("0.0.0.0", 8193, "unusable-address"),
        ("255.255.255.255", 8193, "unusable-address"),
        ("ff02::1", 8193, "unusable-address"),
        ("relay.sales.acme", 0, "no-port"),
    ] {
        let reading = probed(ior(&[(host, port)]));
        let expected: &[&str] = if code.is_empty() { &[] } else { &[code] };
        assert_eq!(codes(&reading), expected, "{host}: {:?}", reading.faults);
        assert_eq!(reading.connects_to[0].probed, Some(matches!(code, "" | "no-port")), "{host}");
    }
    assert_eq!(codes(&probed(ior(&[]))), ["no-iiop-profile"]);
}

#[test]
fn what_is_wrong_beside_something_right_is_a_note() {
    let reading = probed(ior(&[("10.1.200.65", 8193), ("relay.sales.acme", 8193), ("10.1.200.65", 8193)]));
    assert!(reading.faults.is_empty());
    assert_eq!(reading.connects_to.len(), 2);
    assert!(
        matches!(&reading.notes[..], [note] if note.contains("10.1.200.65, a private address")),
        "{:?}",
        reading.notes
    );
    let reading = probed(ior(&[("10.1.200.65", 8193), ("unknown.invalid", 8193)]));
    assert_eq!(codes(&reading), ["private-address", "unresolvable"]);
}

#[test]
fn another_program_and_a_missing_ssl_port_are_noted() {
    let mut other = ior(&[("relay.sales.acme", 8193)]);
    other.type_id = "IDL:omg.org/CosNaming/NamingContext:1.0".into();
    assert!(probed(other).notes[0].contains("not to a message router"));
    let mut plain = ior(&[("relay.sales.acme", 8193)]);
    let Profile::Iiop(profile) = &mut plain.profiles[0] else { unreachable!() };
    profile.components.clear();
    assert!(probed(plain).notes[0].contains("no port for SSL"));
}

#[test]
fn a_computer_that_probes_itself_knows_its_own_addresses() {
    let local = [ip("127.0.0.1")];
    let is_own = |address| address == ip("10.1.200.65");
    let probed = Probed { host: "localhost", peer: local[0], addresses: &local, is_own: &is_own };
    let look = |host: &str| judge(ior(&[(host, 8193)]), &look_up, Some(&probed));
    assert_eq!(codes(&look("10.1.200.65")), Vec::<&str>::new());
    assert_eq!(codes(&look("10.1.200.66")), ["private-address"]);
    let itself = look("127.0.0.1");
    assert!(itself.faults.is_empty() && itself.notes[0].contains("at which each computer finds itself"), "{itself:?}");
}

#[test]
fn without_a_host_no_name_is_looked_up() {
    let read = |host: &str| super::read(ior(&[(host, 8193)]).print().unwrap().as_bytes()).unwrap();
    let name = read("unknown.invalid");
    assert!(name.faults.is_empty() && name.notes.is_empty() && name.connects_to[0].addresses.is_empty(), "{name:?}");
    let private = read("10.1.200.65");
    assert!(private.faults.is_empty() && private.notes[0].contains("a private address"), "{private:?}");
    assert_eq!(codes(&read("127.0.0.1")), ["private-address"]);
    assert_eq!(private.connects_to[0].probed, None);
}

#[test]
fn a_reference_in_a_file_has_any_encoding() {
    let text = format!("\r\n{}\r\n", ior(&[("203.0.113.5", 8193)]).print().unwrap());
    let utf16: Vec<u8> = [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let marked = [b"\xEF\xBB\xBF", text.as_bytes()].concat();
    for bytes in [text.as_bytes(), &utf16, &marked] {
        assert!(super::read(bytes).unwrap().faults.is_empty());
    }
}

#[test]
fn scopes_of_addresses() {
    for (address, scope) in [
        ("0.0.0.0", Scope::Nobody),
        ("0.1.2.3", Scope::Nobody),
        ("224.0.0.1", Scope::Nobody),
        ("127.9.9.9", Scope::Loopback),
        ("::1", Scope::Loopback),
        ("::ffff:127.0.0.1", Scope::Loopback),
        ("172.15.0.1", Scope::Public),
        ("172.16.0.1", Scope::Private),
        ("172.31.255.255", Scope::Private),
        ("172.32.0.1", Scope::Public),
        ("100.63.0.1", Scope::Public),
        ("100.127.0.1", Scope::Private),
        ("fd00::1", Scope::Private),
        ("2001:db8::1", Scope::Public),
    ] {
        assert_eq!(Scope::of(ip(address)), scope, "{address}");
    }
}

#[test]
fn targets_are_read_as_people_write_them() {
    for (text, host, port) in [
        ("relay", "relay", 8192),
        ("relay:8200", "relay", 8200),
        ("10.1.200.65", "10.1.200.65", 8192),
        ("10.1.200.65:1", "10.1.200.65", 1),
        ("::1", "::1", 8192),
        ("[::1]", "::1", 8192),
        ("[::1]:65535", "::1", 65535),
        ("[fe80::1%2]:8192", "fe80::1%2", 8192),
    ] {
        let target: Target = text.parse().unwrap();
        assert_eq!((target.host(), target.port()), (host, port), "{text}");
        assert_eq!(target.to_string().parse::<Target>().unwrap(), target);
    }
    for text in [
        "",
        ":8192",
        "relay:",
        "relay:0",
        "relay:65536",
        "relay:a",
        "relay:+1:2",
        "[::1",
        "[relay]",
        "[::1]8192",
        "a b",
        "a/b",
        "http://relay",
        "\u{202E}",
    ] {
        let error = text.parse::<Target>().unwrap_err();
        assert_eq!(error.kind().name(), "usage", "{text}");
    }
}
