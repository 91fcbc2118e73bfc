use proptest::prelude::*;

use super::*;
use crate::base::hex::hex;

/// What `genior IDL:acme.example/Router:1.0 router.acme.example 8193` of omniORB 4.2.5 prints.
const GENIOR: &str = "IOR:010000001c00000049444c3a61636d652e6578616d706c652f526f757465723a312e30000100000000000000680000000101\
    020014000000726f757465722e61636d652e6578616d706c6500012000000c0000006b01fd3f0ded149d00000001020000000000000008000000\
    0100000000545441010000001c00000001000000010001000100000001000105090101000100000009010100";

fn iiop(ior: &Ior) -> &IiopProfile {
    match &ior.profiles[..] {
        [Profile::Iiop(profile)] => profile,
        other => panic!("{other:?}"),
    }
}

fn fault(text: &str) -> String {
    let error = Ior::parse(text.as_bytes()).unwrap_err();
    assert_eq!(error.kind().name(), "ior-format");
    error.to_string()
}

#[test]
fn reads_what_another_orb_wrote() {
    let ior = Ior::parse(GENIOR.as_bytes()).unwrap();
    assert_eq!((ior.type_id.as_str(), ior.byte_order), ("IDL:acme.example/Router:1.0", ByteOrder::LittleEndian));
    let profile = iiop(&ior);
    assert_eq!((profile.minor_version, profile.host.as_str(), profile.port), (2, "router.acme.example", 8193));
    assert_eq!(hex(&profile.object_key), "6b01fd3f0ded149d00000001");
    let tags = profile.components.iter().map(|component| match component {
        Component::Other { tag, .. } => *tag,
        other => panic!("{other:?}"),
    });
    assert_eq!(tags.collect::<Vec<_>>(), [0, 1]);
    assert_eq!(ior.print().unwrap(), GENIOR);
    let blanks = format!("{}\r\n \0", GENIOR.to_uppercase());
    assert_eq!(Ior::parse(blanks.as_bytes()).unwrap(), ior);
}

/// One of everything, in an order of bytes.
fn sample(byte_order: ByteOrder, minor_version: u8) -> Ior {
    let components = vec![
        Component::Ssl { byte_order, supports: 0x66, requires: 0x46, port: 8194 },
        Component::Alternate { byte_order, host: "192.0.2.7".into(), port: 8193 },
        Component::Other { tag: 0, data: vec![1, 2, 3] },
    ];
    let profile = IiopProfile {
        byte_order,
        minor_version,
        host: "10.1.200.65".into(),
        port: 8193,
        object_key: b"key".into(),
        components: if minor_version > 0 { components } else { Vec::new() },
    };
    let other = Profile::Other { tag: 1, data: vec![0; 5] };
    Ior { byte_order, type_id: ROUTER_TYPE.into(), profiles: vec![other, Profile::Iiop(profile)] }
}

#[test]
fn endpoints_come_in_order_with_their_ports() {
    for byte_order in [ByteOrder::BigEndian, ByteOrder::LittleEndian] {
        let ior = Ior::parse(sample(byte_order, 2).print().unwrap().as_bytes()).unwrap();
        let endpoints = ior.endpoints();
        let flat: Vec<_> = endpoints.iter().map(|end| (end.host.as_str(), end.port, end.ssl_port)).collect();
        assert_eq!(flat, [("10.1.200.65", Some(8193), Some(8194)), ("192.0.2.7", Some(8193), None)]);
        assert_eq!(sample(byte_order, 0).endpoints()[0].ssl_port, None);
    }
}

#[test]
fn a_router_reference_begins_as_scanners_know_it() {
    let start = |order| sample(order, 1).print().unwrap()[..42].to_owned();
    assert_eq!(start(ByteOrder::LittleEndian), "IOR:010000002600000049444c3a536f70686f734d");
    assert_eq!(start(ByteOrder::BigEndian), "IOR:000000000000002649444c3a536f70686f734d");
}

#[test]
fn says_where_it_is_wrong() {
    for (text, said) in [
        ("", "offset 0 (0x0): an object reference begins with IOR:"),
        ("HTTP/1.1 400 Bad Request\r\n", "begins with IOR:"),
        ("IOR:", "offset 4 (0x4): the reference ends before"),
        ("IOR:0", "offset 4 (0x4): the reference ends in the middle of a byte"),
        ("IOR:02", "offset 4 (0x4): this is no flag of a byte order"),
        ("IOR:0100zz", "offset 8 (0x8): this is no hex digit"),
        ("IOR:010g0", "offset 7 (0x7): this is no hex digit"),
        ("IOR:01000000ffffffff", "offset 20 (0x14): 4294967295 bytes should stand here, and the end comes after 0"),
        ("IOR:010000000200000041420000", "offset 20 (0x14): this text does not end at its first NUL"),
        ("IOR:010000000300000041004200", "this text does not end at its first NUL"),
        (
            "IOR:0100000000000000ffffffff00000000",
            "offset 20 (0x14): 4294967295 things should follow, and the end comes after 4",
        ),
        ("IOR:01000000000000000100000000000000ff000000", "255 bytes should stand here, and the end comes after 0"),
    ] {
        assert!(fault(text).contains(said), "{text}: {}", fault(text));
    }
    assert!(fault(&format!("IOR:{}", "0".repeat(MAX_SIZE))).contains("too long"));
    // A reference that was cut anywhere is none, but where only the padding at its end is missing.
    for end in 0..GENIOR.len() {
        Ior::parse(&GENIOR.as_bytes()[..end]).unwrap_err();
    }
}

#[test]
fn what_is_not_known_is_kept() {
    // IIOP 2.0, and bytes behind the last profile.
    let text = "IOR:0100000000000000010000000000000003000000010200ffffff";
    let ior = Ior::parse(text.as_bytes()).unwrap();
    assert_eq!(ior.profiles, [Profile::Other { tag: 0, data: vec![1, 2, 0] }]);
    assert!(ior.endpoints().is_empty());
    // A reference to nothing.
    assert!(Ior::parse(b"IOR:000000000000000000000000").unwrap().profiles.is_empty());
}

#[test]
fn what_no_reference_can_hold_is_refused() {
    let mut ior = sample(ByteOrder::LittleEndian, 2);
    ior.type_id = "\u{4e2d}".into();
    ior.print().unwrap_err();
    ior.type_id = "a\0b".into();
    ior.print().unwrap_err();
    // It would be read as IIOP.
    let mut ior = sample(ByteOrder::LittleEndian, 2);
    ior.profiles = vec![Profile::Other { tag: 0, data: vec![1, 1, 0] }];
    ior.print().unwrap_err();
    ior.profiles = vec![Profile::Other { tag: 7, data: vec![0; MAX_SIZE] }];
    ior.print().unwrap_err();
}

fn order() -> impl Strategy<Value = ByteOrder> {
    prop_oneof![Just(ByteOrder::BigEndian), Just(ByteOrder::LittleEndian)]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..40)
}

fn component() -> impl Strategy<Value = Component> {
    prop_oneof![
        (order(), any::<[u16; 3]>()).prop_map(|(byte_order, [supports, requires, port])| Component::Ssl {
            byte_order,
            supports,
            requires,
            port
        }),
        (order(), "[ -~äß]{0,20}", any::<u16>()).prop_map(|(byte_order, host, port)| Component::Alternate {
            byte_order,
            host,
            port
        }),
        (21u32.., bytes()).prop_map(|(tag, data)| Component::Other { tag, data }),
    ]
}

fn profile() -> impl Strategy<Value = Profile> {
    let iiop = (order(), 0u8.., "[ -~äß]{0,40}", any::<u16>(), bytes(), proptest::collection::vec(component(), 0..4));
    prop_oneof![
        3 => iiop.prop_map(|(byte_order, minor_version, host, port, object_key, mut components)| {
            if minor_version == 0 {
                components.clear();
            }
            Profile::Iiop(IiopProfile { byte_order, minor_version, host, port, object_key, components })
        }),
        1 => (1u32.., bytes()).prop_map(|(tag, data)| Profile::Other { tag, data }),
    ]
}

proptest! {
    #[test]
    fn what_is_printed_is_read(
        byte_order in order(), type_id in "[ -~äß]{0,60}", profiles in proptest::collection::vec(profile(), 0..4),
    ) {
        let ior = Ior { byte_order, type_id, profiles };
        let text = ior.print().unwrap();
        prop_assert_eq!(Ior::parse(text.as_bytes()).unwrap(), ior);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let text = format!("IOR:{}", hex(&bytes));
        if let Ok(ior) = Ior::parse(text.as_bytes()) {
            prop_assert_eq!(Ior::parse(ior.print().unwrap().as_bytes()).unwrap(), ior);
        }
    }
}
