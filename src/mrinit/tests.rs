use proptest::prelude::*;

use super::*;

const TYPICAL: &str = "[Config]\r\n\"NotifyRouterUpdate\"=\"EM\"\r\n\"ClientIIOPPort\"=dword:00002001\r\n\
    \"RouterCertIdentityKey\"=\"c2VjcmV0\"\r\n\"ServiceArgs\"=\"\"\r\n\"MRParentAddress\"=\"Server.Sales.Acme,SERVER\"\r\n\
    \"ParentRouterAddress\"=\"Server.Sales.Acme,SERVER\"\r\n\r\n";

fn parse(text: &str) -> Mrinit {
    Mrinit::parse(text.into())
}

fn utf16(text: &str, big: bool) -> Vec<u8> {
    let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
    [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(bytes).collect()
}

#[test]
fn reads_values_and_keeps_their_case() {
    let conf = parse(TYPICAL);
    let port = conf.get("clientiiopport").unwrap().unwrap();
    assert_eq!((port.name, port.value, port.line), ("ClientIIOPPort", &Value::Dword(0x2001), 3));
    assert_eq!(conf.text("MRPARENTADDRESS").unwrap(), "Server.Sales.Acme,SERVER");
    assert_eq!(conf.get("Nothing").unwrap(), None);
    assert_eq!(conf.settings().count(), 6);
}

#[test]
fn sets_one_value_in_every_encoding() {
    for (bytes, encoding) in [
        (TYPICAL.as_bytes().to_vec(), Encoding::Ascii),
        ([b"\xEF\xBB\xBF", TYPICAL.as_bytes()].concat(), Encoding::Utf8),
        (format!("; Zürich\n{TYPICAL}").into_bytes(), Encoding::Utf8),
        ([b"; Z\xFCrich\n", TYPICAL.as_bytes()].concat(), Encoding::Windows1252),
        (utf16(TYPICAL, false), Encoding::Utf16Le),
        (utf16(TYPICAL, true), Encoding::Utf16Be),
    ] {
        let mut conf = Mrinit::parse(bytes.clone());
        assert_eq!(conf.encoding(), encoding);
        assert!(conf.set(KEY_PARENT_ROUTER, "MR").unwrap().changed);
        assert_eq!(conf.text(KEY_PARENT_ROUTER).unwrap(), "MR");
        assert_eq!(conf.text(KEY_MR_PARENT).unwrap(), "Server.Sales.Acme,SERVER");
        assert!(conf.set(KEY_PARENT_ROUTER, "Server.Sales.Acme,SERVER").unwrap().changed);
        assert_eq!(conf.bytes(), bytes, "{encoding:?}");
    }
}

#[test]
fn keeps_spacing_unknown_lines_and_duplicates_of_other_names() {
    let odd = " [config] \n\t\"A\" = \"1\" \n\"A\"=\"2\"\nwhat?\n\"ParentRouterAddress\"\t=  \"x\"\t\r\n;end\n\n\n";
    let mut conf = parse(odd);
    assert!(conf.set("parentrouteraddress", "y").unwrap().changed);
    assert_eq!(conf.bytes(), odd.replace("\"x\"", "\"y\"").as_bytes());
}

#[test]
fn a_dword_keeps_its_form() {
    for (given, digits) in [("8194", "00002002"), ("0x2002", "00002002"), ("dword:00002002", "00002002")] {
        let mut conf = parse(TYPICAL);
        assert!(conf.set("ClientIIOPPort", given).unwrap().changed);
        assert_eq!(conf.bytes(), TYPICAL.replace("00002001", digits).as_bytes());
    }
    for bad in ["", "x", "-1", "+1", "0x", "0x1_0", "4294967296", "dword:123456789"] {
        assert!(parse(TYPICAL).set("ClientIIOPPort", bad).is_err(), "{bad}");
    }
}

#[test]
fn adds_a_final_line_ending_in_the_files_style_and_says_so() {
    for (text, ending) in [
        ("[Config]\n\"ParentRouterAddress\"=\"x\"", LineEnding::Lf),
        ("[Config]\r\n\"ParentRouterAddress\"=\"x\"", LineEnding::CrLf),
        ("a\n[Config]\r\n\"ParentRouterAddress\"=\"x\"", LineEnding::CrLf),
        ("a\nb\n[Config]\r\n\"ParentRouterAddress\"=\"x\"", LineEnding::Lf),
    ] {
        for value in ["x", "y"] {
            let mut conf = parse(text);
            let edit = conf.set(KEY_PARENT_ROUTER, value).unwrap();
            assert_eq!(edit, Edit { changed: value == "y", line_ending_added: Some(ending) });
            assert_eq!(
                conf.bytes(),
                format!("{}{}", text.replace("\"x\"", &format!("\"{value}\"")), ending.as_str()).as_bytes()
            );
            assert_eq!(conf.set(KEY_PARENT_ROUTER, value).unwrap(), Edit::default());
        }
    }
}

#[test]
fn adds_a_value_after_the_last_one() {
    let mut conf = parse("[Config]\n\"A\"=\"1\"\n\n[Other]\n\"B\"=\"2\"");
    let edit = conf.set_or_add("C", &Value::Dword(3)).unwrap();
    assert_eq!(edit.line_ending_added, Some(LineEnding::Lf));
    assert_eq!(conf.bytes(), b"[Config]\n\"A\"=\"1\"\n\"C\"=dword:00000003\n\n[Other]\n\"B\"=\"2\"\n");

    let mut conf = parse("[Config]\r\n\"A\"=\"1\"");
    let _ = conf.set_or_add("C", &Value::Text("3".into())).unwrap();
    assert_eq!(conf.bytes(), b"[Config]\r\n\"A\"=\"1\"\r\n\"C\"=\"3\"\r\n");

    let mut conf = parse("[Config]");
    let _ = conf.set_or_add("C", &Value::Text("3".into())).unwrap();
    assert_eq!(conf.bytes(), b"[Config]\r\n\"C\"=\"3\"\r\n");
}

#[test]
fn tells_the_line_of_what_is_wrong() {
    let error = |text: &str| parse(text).text(KEY_PARENT_ROUTER).unwrap_err().to_string();
    let address = "\"ParentRouterAddress\"=\"x\"\n";
    for (text, said) in [
        ("", "no [Config]"),
        (address, "no [Config]"),
        (&format!("[Other]\n{address}"), "no [Config]"),
        ("[Config]\n", "no ParentRouterAddress"),
        (&format!("[Config]\n[Other]\n{address}"), "no ParentRouterAddress"),
        (&format!("[Config]\n{address}{address}"), "line 3"),
        (&format!("[Config]\n{address}[Config]\n{address}"), "line 4"),
        ("[Config]\n\"ParentRouterAddress\"=\"x\"y\"\n", "line 2"),
        ("[Config]\n\"ParentRouterAddress\"=\"x\n", "line 2"),
        ("[Config]\n\"ParentRouterAddress\"=x\n", "line 2"),
        ("[Config]\n\"ParentRouterAddress\"\n", "line 2"),
        ("[Config]\n\"ParentRouterAddress\"=dword:00000001\n", "line 2"),
        ("[\0C\0o\0n\0f\0i\0g\0]\0", "byte order mark"),
    ] {
        assert!(error(text).contains(said), "{text:?}: {}", error(text));
    }
}

#[test]
fn refuses_values_that_would_break_the_file() {
    for value in ["a\"b", "a\nb", "a\rb", "a\0b", "\u{4e2d}"] {
        let mut conf = parse(TYPICAL);
        assert_eq!(conf.set(KEY_PARENT_ROUTER, value).unwrap_err().kind(), ErrorKind::Usage, "{value:?}");
        assert_eq!(conf.bytes(), TYPICAL.as_bytes());
    }
}

#[test]
fn secrets_are_never_shown() {
    let text = format!("{TYPICAL};\"RouterCertIdentityKey\"=\"c2VjcmV0\"\n\"RouterCertIdentityKey\"=\"c2VjcmV0\n");
    let shown = parse(&text).masked_text();
    assert!(!shown.contains("c2VjcmV0"), "{shown}");
    assert!(shown.contains("\"RouterCertIdentityKey\"=\"(hidden: 8 characters, fingerprint "), "{shown}");
    assert!(shown.contains("\"ServiceArgs\"=\"\"\r\n"));
    let error = parse(&text).text("RouterCertIdentityKey").unwrap_err().to_string();
    assert!(!error.contains("c2VjcmV0"));
}

/// Text that looks like an `mrinit.conf`, more or less.
fn confs() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("[Config]".to_owned()),
        Just("[Other]".to_owned()),
        "\"(ParentRouterAddress|A|B)\"[ \t]{0,2}=[ \t]{0,2}\"[^\"\r\n]{0,12}\"[ \t]{0,2}",
        "\"[A-C]\"=dword:[0-9a-f]{7,9}",
        "[^\r\n]{0,20}",
    ];
    let ending = prop_oneof![Just("\n"), Just("\r\n"), Just("")];
    proptest::collection::vec((line, ending), 0..12)
        .prop_map(|lines| lines.into_iter().map(|(line, ending)| line + ending).collect())
}

fn encoded(text: &str, how: u8) -> Vec<u8> {
    match how {
        0 => text.into(),
        1 => [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
        2 => utf16(text, false),
        3 => utf16(text, true),
        _ => text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect(),
    }
}

proptest! {
    #[test]
    fn any_bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..200), mark in 0usize..4) {
        let marks: [&[u8]; 4] = [b"", b"\xEF\xBB\xBF", b"\xFF\xFE", b"\xFE\xFF"];
        let bytes = [marks[mark], &bytes].concat();
        let conf = Mrinit::parse(bytes.clone());
        let _ = (conf.masked_text(), conf.text(KEY_PARENT_ROUTER).is_ok());
        prop_assert_eq!(conf.into_bytes(), bytes);
    }

    #[test]
    fn lines_cover_every_byte_once(text in confs(), how in 0u8..5) {
        let conf = Mrinit::parse(encoded(&text, how));
        let mut at = conf.lines.first().map_or(conf.bytes.len(), |line| line.span.start);
        prop_assert!(at <= 3 || conf.lines.is_empty());
        for line in &conf.lines {
            prop_assert_eq!(line.span.start, at);
            at = line.span.end;
        }
        prop_assert_eq!(at, conf.bytes.len());
    }

    #[test]
    fn setting_changes_only_the_values_bytes(text in confs(), how in 0u8..5, value in "[ -!#-~]{0,20}") {
        let before = Mrinit::parse(encoded(&text, how));
        let mut after = before.clone();
        match after.set("ParentRouterAddress", &value) {
            Err(_) => prop_assert_eq!(after, before),
            Ok(edit) => {
                prop_assert_eq!(after.text("ParentRouterAddress").unwrap(), &value);
                let index = before.find("ParentRouterAddress").unwrap().unwrap();
                let LineKind::Value { span, .. } = &before.lines[index].kind else { panic!("a value") };
                let ending = edit.line_ending_added.map_or("", LineEnding::as_str);
                let expected = [
                    &before.bytes[..span.start],
                    &before.encoding.encode(&value).unwrap(),
                    &before.bytes[span.end..],
                    &before.encoding.encode(ending).unwrap(),
                ].concat();
                prop_assert_eq!(after.bytes(), expected);
                prop_assert_eq!(after.set("ParentRouterAddress", &value).unwrap(), Edit::default());
            }
        }
    }
}

#[test]
fn secrets_are_masked_however_their_names_are_spelled() {
    let conf = parse("[Config]\n\"RouterCertIdentityKey \"=\"hunter2\"\n\"RouterCertIdentityKey2\"=\"hunter2\"\n");
    assert!(!conf.masked_text().contains("hunter2"), "{}", conf.masked_text());
    assert!(conf.settings().all(|setting| is_secret_key(setting.name)));
    // UTF-16 that nothing tells of.
    let conf = Mrinit::parse(utf16("\"RouterCertIdentityKey\"=\"hunter2\"\n", false)[2..].to_vec());
    assert!(!conf.masked_text().replace('\0', "").contains("hunter2"), "{:?}", conf.masked_text());
}

#[test]
fn half_a_character_at_the_end_of_utf_16_is_refused() {
    for big in [false, true] {
        for text in [TYPICAL, "[Config]\n\"ParentRouterAddress\"=\"x\""] {
            let mut conf = Mrinit::parse([&utf16(text, big)[..], b"x"].concat());
            let before = conf.clone();
            assert_eq!(conf.set(KEY_PARENT_ROUTER, "MR").unwrap_err().kind(), ErrorKind::MrinitFormat);
            assert!(conf.set_or_add("New", &Value::Text("x".into())).is_err());
            assert_eq!(conf, before);
        }
    }
}

#[test]
fn a_value_that_would_read_as_another_is_refused() {
    // Without the one byte that tells Windows-1252 from UTF-8, the new value's two characters would be one.
    let mut conf = Mrinit::parse(b"[Config]\n\"ParentRouterAddress\"=\"\xFC\"\n".to_vec());
    let before = conf.clone();
    assert_eq!(conf.set(KEY_PARENT_ROUTER, "\u{c3}\u{a4}").unwrap_err().kind(), ErrorKind::Usage);
    assert_eq!(conf, before);
    assert!(conf.set(KEY_PARENT_ROUTER, "\u{e4}").unwrap().changed);
    assert_eq!(conf.text(KEY_PARENT_ROUTER).unwrap(), "\u{e4}");
}
