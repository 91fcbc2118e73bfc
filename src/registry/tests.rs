use proptest::prelude::*;

use super::*;

fn key(path: &str) -> KeyPath {
    path.parse().unwrap()
}

fn utf16(text: &str) -> Vec<u8> {
    [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

/// The items of a file of version 5 that has one key.
fn items(body: &str) -> Result<Vec<(String, Option<Value>)>> {
    let file = RegFile::parse(&utf16(&format!("Windows Registry Editor Version 5.00\r\n\r\n[HKLM\\A]\r\n{body}")))?;
    Ok(file.keys.into_iter().flat_map(|section| section.items).map(|item| (item.name, item.value)).collect())
}

fn one(body: &str) -> Value {
    let items = items(body).unwrap();
    assert_eq!(items.len(), 1, "{body:?}");
    items.into_iter().next().unwrap().1.unwrap()
}

#[test]
fn reads_every_type() {
    assert_eq!(one(r#""a"="x\\y \"z\"" ; said"#), Value::String(r#"x\y "z""#.into()));
    assert_eq!(one("@=\"default\""), Value::String("default".into()));
    assert_eq!(one("\"a\"=dword:0000000A\r\n"), Value::Dword(10));
    assert_eq!(one("\"a\" = DWORD: a ; ten"), Value::Dword(10));
    assert_eq!(one("\"a\"=hex:"), Value::Binary(vec![]));
    assert_eq!(one("\"a\"=hex:01,2,fF"), Value::Binary(vec![1, 2, 255]));
    assert_eq!(one("\"a\"=hex(1):61,00,00,00"), Value::String("a".into()));
    assert_eq!(one("\"a\"=hex(2):61,00,00,00"), Value::ExpandString("a".into()));
    assert_eq!(one("\"a\"=hex(2):61,00"), Value::ExpandString("a".into()));
    assert_eq!(one("\"a\"=hex(4):01,02,00,00"), Value::Dword(0x201));
    assert_eq!(one("\"a\"=hex(7):61,00,00,00,62,00,00,00,00,00"), Value::MultiString(vec!["a".into(), "b".into()]));
    assert_eq!(one("\"a\"=hex(7):00,00"), Value::MultiString(vec![]));
    assert_eq!(one("\"a\"=hex(7):00,00,00,00"), Value::MultiString(vec![String::new()]));
    assert_eq!(one("\"a\"=hex(b):01,00,00,00,00,00,00,80"), Value::Qword(0x8000_0000_0000_0001));
    assert_eq!(one("\"a\"=hex(0):"), Value::Other { kind: 0, data: vec![] });
    // What does not fit its type is kept as it is.
    assert_eq!(one("\"a\"=hex(4):01"), Value::Other { kind: 4, data: vec![1] });
    assert_eq!(one("\"a\"=hex(1):00,d8"), Value::Other { kind: 1, data: vec![0, 0xD8] });
}

#[test]
fn bytes_go_over_lines_with_blanks_and_comments_between() {
    let body = "\"a\"=hex:01,\\\r\n  02, 03 ,\\  \r\n\r\n ; said\r\n\t04\r\n\"b\"=hex(7):\\\n  00,00\n";
    assert_eq!(
        items(body).unwrap(),
        [("a".to_owned(), Some(Value::Binary(vec![1, 2, 3, 4]))), ("b".to_owned(), Some(Value::MultiString(vec![])))]
    );
}

#[test]
fn a_string_goes_over_lines() {
    assert_eq!(one("\"a\"=\"x\r\n[not a key]\n\"\r\n"), Value::String("x\r\n[not a key]\n".into()));
}

#[test]
fn ansi_strings_are_windows_1252() {
    let text =
        b"REGEDIT4\r\n[HKLM\\A]\r\n\"a\"=\"\x80\xFC\xC3\xBC\"\r\n\"b\"=hex(2):80,00\r\n\"c\"=hex(7):61,00,fc,00,00\r\n";
    let file = RegFile::parse(text).unwrap();
    let a = key("HKLM\\A");
    assert_eq!(file.value(&a, "a"), Some(&Value::String("€üÃ¼".into())));
    assert_eq!(file.value(&a, "b"), Some(&Value::ExpandString("€".into())));
    assert_eq!(file.value(&a, "c"), Some(&Value::MultiString(vec!["a".into(), "ü".into()])));
    let marked = RegFile::parse("\u{FEFF}REGEDIT4\n[HKLM\\A]\n\"a\"=\"€\"".as_bytes()).unwrap();
    assert_eq!(marked.value(&a, "a"), Some(&Value::String("€".into())));
}

#[test]
fn an_import_goes_from_top_to_bottom() {
    let file = RegFile::parse(
        b"REGEDIT4\n[HKLM\\A\\B]\n\"x\"=\"1\"\n\"X\"=\"2\"\n[HKEY_LOCAL_MACHINE\\a]\n@=\"d\"\n\"y\"=\"1\"\n\"y\"=-\n\
          [HKCU\\A\\B]\n\"x\"=\"3\"\n[HKLM\\G\\H]\n\"x\"=\"4\"\n[-HKLM\\G]\n[HKLM\\A\\BC]\n",
    )
    .unwrap();
    let value = |path: &str, name: &str| file.value(&key(path), name).map(Value::to_string);
    assert_eq!(value("HKLM\\a\\b", "x"), Some("2".into()));
    assert_eq!(value("HKLM\\A", ""), Some("d".into()));
    assert_eq!(value("HKLM\\A", "y"), None);
    assert_eq!(value("HKCU\\A\\B", "x"), Some("3".into()));
    assert_eq!(value("HKLM\\G\\H", "x"), None);
    let there = |path: &str| file.has_key(&key(path));
    assert!(there("HKLM\\A") && there("HKLM\\a\\B") && there("HKLM") && there("HKCU"));
    assert!(!there("HKLM\\G") && !there("HKLM\\G\\H") && !there("HKLM\\A\\C") && !there("HKU"));
}

#[test]
fn a_key_may_hold_brackets_and_have_a_comment() {
    let file = RegFile::parse(b"REGEDIT4\n [HKLM\\A [1]] ; said\n\t[ -HKLM\\B]\n").map_err(|error| error.to_string());
    assert!(file.unwrap_err().contains("line 3"));
    let file = RegFile::parse(b"REGEDIT4  \n [HKLM\\A [1]] ; said\n").unwrap();
    assert_eq!(file.keys[0].key.below(), "A [1]");
}

#[test]
fn tells_the_line_of_what_is_wrong() {
    for (body, line) in [
        ("what?", 4),
        ("\n\"a\"", 5),
        ("\"a", 4),
        ("\"a\\", 4),
        ("\"a\"=", 4),
        ("\"a\"=x", 4),
        ("\"a\"=\"x", 4),
        ("\"a\"=\"x\n\n", 4),
        ("\"a\"=\"x\\n\"", 4),
        ("\"a\"=\"x\"y", 4),
        ("\"a\"=\"x\ny\" z", 4),
        ("\"a\"=-1", 4),
        ("\"a\"=dword:", 4),
        ("\"a\"=dword:123456789", 4),
        ("\"a\"=dword:1g", 4),
        ("\"a\"=dword:-1", 4),
        ("\"a\"=hex:1 2", 4),
        ("\"a\"=hex:123", 4),
        ("\"a\"=hex:1,", 4),
        ("\"a\"=hex:g", 4),
        ("\"a\"=hex:1\\\n2", 4),
        ("\"a\"=hex:1,\\2", 4),
        ("\"a\"=hex:1,\\", 4),
        ("\"a\"=hex:1,\\\n\n2,\\\nx", 7),
        ("\"a\"=hex():1", 4),
        ("\"a\"=hex(g):1", 4),
        ("\"a\"=hex(123456789):1", 4),
        ("\"a\"=hex(1)1", 4),
        ("[HKLM\\A", 4),
        ("[HKLM\\A] x", 4),
        ("[HKLM\\\\A]", 4),
        ("[HKLM\\]", 4),
        ("[]", 4),
        ("[-]", 4),
        ("[A\\B]", 4),
        ("[-HKLM\\A]\n\"a\"=\"x\"", 5),
    ] {
        let error = items(body).unwrap_err();
        assert_eq!(error.kind().name(), "registry-format");
        assert!(error.to_string().starts_with(&format!("line {line}: ")), "{body:?}: {error}");
    }
    let error = |bytes: &[u8]| RegFile::parse(bytes).unwrap_err().to_string();
    assert!(error(b"").contains("line 1"));
    assert!(error(b"\r\nREGEDIT4\r\n").contains("line 1"));
    assert!(error(b"REGEDIT5\r\n").contains("line 1"));
    assert!(error(b"REGEDIT4\n\"a\"=\"x\"\n").contains("before the first key"));
    assert!(error(&utf16("REGEDIT4\n")[2..]).contains("byte order mark"));
    assert!(error(&utf16("REGEDIT4\n")[..9]).contains("half"));
    let long = format!("REGEDIT4\n[HKLM\\{}]\n", "a".repeat(256));
    assert!(error(long.as_bytes()).contains("255"));
}

#[test]
fn prints_exactly() {
    let file = RegFile {
        format: RegFormat::Version5,
        keys: vec![
            Section { key: key("HKLM\\Old"), delete: true, items: vec![] },
            Section {
                key: key("hklm\\A"),
                delete: false,
                items: vec![
                    Item { name: String::new(), value: Some(Value::String("a\\\"".into())) },
                    Item { name: "n\"".into(), value: Some(Value::Dword(0x5020)) },
                    Item { name: "gone".into(), value: None },
                    Item { name: "bytes".into(), value: Some(Value::Binary((0..30).collect())) },
                    Item { name: "multi".into(), value: Some(Value::MultiString(vec!["a".into()])) },
                    Item { name: "lines".into(), value: Some(Value::String("\n".into())) },
                ],
            },
        ],
    };
    let text = "Windows Registry Editor Version 5.00\r\n\r\n[-HKEY_LOCAL_MACHINE\\Old]\r\n\r\n\
        [HKEY_LOCAL_MACHINE\\A]\r\n@=\"a\\\\\\\"\"\r\n\"n\\\"\"=dword:00005020\r\n\"gone\"=-\r\n\
        \"bytes\"=hex:00,01,02,03,04,05,06,07,08,09,0a,0b,0c,0d,0e,0f,10,11,12,13,14,\\\r\n  \
        15,16,17,18,19,1a,1b,1c,1d\r\n\"multi\"=hex(7):61,00,00,00,00,00\r\n\"lines\"=hex(1):0a,00,00,00\r\n\r\n";
    assert_eq!(file.print().unwrap(), utf16(text));
    assert_eq!(RegFile::parse(&utf16(text)).unwrap(), file);
    let mut ansi = RegFile { format: RegFormat::Regedit4, ..file };
    assert!(ansi.print().unwrap().starts_with(b"REGEDIT4\r\n\r\n[-HKEY_LOCAL_MACHINE\\Old]\r\n"));
    for (name, value) in [("\u{4e2d}", "a"), ("a", "\u{4e2d}"), ("a\nb", "a"), ("a\0", "a")] {
        ansi.keys[1].items[0] = Item { name: name.into(), value: Some(Value::String(value.into())) };
        assert!(ansi.print().is_err(), "{name:?} {value:?}");
    }
}

fn texts(format: RegFormat) -> BoxedStrategy<String> {
    match format {
        RegFormat::Version5 => "[^\0]{0,12}".boxed(),
        RegFormat::Regedit4 => "[ -~äß€\u{81}\r\n\t]{0,12}".boxed(),
    }
}

fn values(format: RegFormat) -> BoxedStrategy<Value> {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..60);
    prop_oneof![
        texts(format).prop_map(Value::String),
        texts(format).prop_map(Value::ExpandString),
        proptest::collection::vec(texts(format), 0..4).prop_map(Value::MultiString),
        any::<u32>().prop_map(Value::Dword),
        any::<u64>().prop_map(Value::Qword),
        bytes().prop_map(Value::Binary),
        (12u32.., bytes()).prop_map(|(kind, data)| Value::Other { kind, data }),
    ]
    .boxed()
}

fn files(format: RegFormat) -> impl Strategy<Value = RegFile> {
    let names = match format {
        RegFormat::Version5 => "[^\0\r\n]{0,8}",
        RegFormat::Regedit4 => "[ -~äß€]{0,8}",
    };
    let item = (names, proptest::option::of(values(format))).prop_map(|(name, value)| Item { name, value });
    let path = "(HKLM|HKCU)(\\\\[A-Ca-c äß\\[\\];\"-]{1,3}){0,3}";
    let section = (path, any::<bool>(), proptest::collection::vec(item, 0..5)).prop_map(|(path, delete, items)| {
        Section { key: path.parse().unwrap(), delete, items: if delete { Vec::new() } else { items } }
    });
    proptest::collection::vec(section, 0..4).prop_map(move |keys| RegFile { format, keys })
}

/// Text that looks like a `.reg` file, more or less.
fn nearly() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        "\\[-?(HKLM|HKCU|X)(\\\\[AB]?){0,2}\\]?",
        "(@|\"[ab\\\\]{0,2}\")[ =]{1,2}(dword:|hex:|hex\\([0-9a-g]\\):|-|\")[0-9a-g,\\\\\" ]{0,12}",
        "[0-9a-f, \\\\]{0,9}",
        "[^\r\n]{0,12}",
    ];
    let ending = prop_oneof![Just("\n"), Just("\r\n"), Just("\\\r\n"), Just("")];
    let header = prop_oneof![Just("REGEDIT4\n"), Just("Windows Registry Editor Version 5.00\r\n")];
    (header, proptest::collection::vec((line, ending), 0..10)).prop_map(|(header, lines)| {
        header.to_owned() + &lines.into_iter().map(|(line, ending)| line + ending).collect::<String>()
    })
}

proptest! {
    #[test]
    fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..200), head in 0usize..5) {
        let heads: [&[u8]; 5] = [b"", b"REGEDIT4\n", b"\xFF\xFE", b"\xFE\xFF", b"\xEF\xBB\xBFREGEDIT4\n[HKLM\\A]\n\"a\"="];
        let _ = RegFile::parse(&[heads[head], &bytes].concat());
    }

    #[test]
    fn what_was_read_is_printed_and_read_again(text in nearly(), wide in any::<bool>()) {
        let bytes = if wide { utf16(&text) } else { text.clone().into_bytes() };
        if let Ok(file) = RegFile::parse(&bytes)
            && let Ok(printed) = file.print() {
            prop_assert_eq!(RegFile::parse(&printed).unwrap(), file);
        }
    }

    #[test]
    fn version_5_comes_back(file in files(RegFormat::Version5)) {
        prop_assert_eq!(RegFile::parse(&file.print().unwrap()).unwrap(), file);
    }

    #[test]
    fn regedit4_comes_back(file in files(RegFormat::Regedit4)) {
        prop_assert_eq!(RegFile::parse(&file.print().unwrap()).unwrap(), file);
    }
}
