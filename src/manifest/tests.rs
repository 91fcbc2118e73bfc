//! What a manifest may hold, and what it may not.

use proptest::prelude::*;

use super::*;
use crate::base::error::{Error, ErrorKind, Position};
use crate::base::hex::hex;

const SHA1: &str = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const SHA384: &str = "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b";

fn line(path: &str) -> String {
    format!("\"{path}\" 0 {SHA1}\n")
}

fn parse(text: &str) -> Result<Manifest, Error> {
    Manifest::parse(text.as_bytes().to_vec())
}

/// Asserts that it is refused at this line, for a reason that says this.
#[track_caller]
fn refuses(text: &str, number: usize, why: &str) {
    let error = parse(text).expect_err(text);
    assert!(matches!(error.kind(), ErrorKind::ManifestFormat | ErrorKind::Path), "{error}");
    assert_eq!(error.position(), Some(Position::Line(number)), "{text:?}: {error}");
    assert!(error.to_string().contains(why), "{text:?}: {error}");
}

#[test]
fn reads_entries_and_all_their_digests() {
    let text = format!(
        "{}#sha256 {SHA256}\n#sha384 {SHA384}\n#sha512 later\n#anything \u{e9}\n\".\\a\\b c.dll\" 18446744073709551615 {SHA1}\n",
        line(".\\A.exe")
    );
    let manifest = parse(&text).unwrap();
    let entries: Vec<_> = manifest.entries().collect();
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0].path.as_str(), ".\\A.exe");
    assert_eq!(hex(&entries[0].sha1), SHA1);
    assert_eq!(hex(&entries[0].sha256.unwrap()), SHA256);
    assert_eq!(hex(&entries[0].sha384.unwrap()), SHA384);
    assert_eq!((entries[1].size, entries[1].sha256), (u64::MAX, None));
    assert_eq!(entries[1].path.to_cid_path().as_str(), "\\a\\b c.dll");
    assert_eq!(manifest.bytes(), text.as_bytes());
}

#[test]
fn reads_signatures_of_both_kinds_and_what_they_cover() {
    let body = line("./a");
    let inline = "#sig sha256 AQID\n#... cert MAA=\n#... cert MAE=\n#sig sha384 BAUG\n";
    let trailer = "-----BEGIN SIGNATURE-----\nBwgJ\n-----END SIGNATURE-----\n\
                   -----BEGIN CERTIFICATE-----\nMAI=\n-----END CERTIFICATE-----\n";
    let manifest = parse(&format!("{body}{inline}{trailer}")).unwrap();
    let [first, second, last] = manifest.signatures() else { panic!("{manifest:?}") };
    assert_eq!(
        (first.form, &*first.algorithm, &first.value[..], first.line),
        (Form::Inline, "sha256", &[1, 2, 3][..], 2)
    );
    assert_eq!(first.certificates, [[0x30, 0], [0x30, 1]]);
    assert_eq!((&*second.algorithm, second.certificates.len(), second.line), ("sha384", 0, 5));
    assert_eq!((last.form, &*last.algorithm, &last.value[..], last.line), (Form::Trailer, "sha1", &[7, 8, 9][..], 6));
    assert_eq!(last.certificates, [[0x30, 2]]);
    assert_eq!(manifest.covered(first), body.as_bytes());
    assert_eq!(manifest.covered(second), body.as_bytes());
    assert_eq!(manifest.covered(last), format!("{body}{inline}").as_bytes());
}

#[test]
fn nothing_unsigned_follows_the_first_inline_signature() {
    let signed = format!("{}#sig sha256 AQID\n", line("./a"));
    for added in [line("./b"), format!("#sha256 {SHA256}\n"), "#later\n".to_owned(), "#SIG sha256 AQID\n".to_owned()] {
        refuses(&format!("{signed}{added}"), 3, "no part of one");
        refuses(&format!("{signed}#... cert MAA=\n{added}#sig sha384 AQID\n"), 4, "no part of one");
    }
    let trailer = "-----BEGIN SIGNATURE-----\nAQID\n-----END SIGNATURE-----\n";
    for added in [line("./b"), "#sig sha256 AQID\n".to_owned(), "-----BEGIN SIGNATURE-----\n".to_owned()] {
        refuses(&format!("{signed}{trailer}{added}"), 6, "no certificate's");
    }
}

#[test]
fn blank_lines_do_not_end_the_list() {
    refuses(&format!("{}\n{}", line("./a"), line("./b")), 2, "blank");
    refuses(&format!("\n{}", line("./a")), 1, "blank");
    refuses(&format!("{}\n", line("./a")), 2, "blank");
    refuses(&format!("{}#sig sha256 AQID\n\n", line("./a")), 3, "blank");
}

#[test]
fn malformed_and_unknown_lines_do_not_end_the_list() {
    for (wrong, why) in [
        ("rubbish".to_owned(), "no line of a manifest"),
        (" ".to_owned(), "no line of a manifest"),
        ("-----BEGIN SIGNATURE----- ".to_owned(), "no line of a manifest"),
        ("-----BEGIN CERTIFICATE-----".to_owned(), "no line of a manifest"),
        (format!(" \"./b\" 0 {SHA1}"), "no line of a manifest"),
        (format!("./b 0 {SHA1}"), "no line of a manifest"),
        ("\"./b".to_owned(), "second quote"),
        (format!("\"./b\"  0 {SHA1}"), "no decimal number"),
        (format!("\"./b\"\t0 {SHA1}"), "no blank"),
        (format!("\"./b\" 0  {SHA1}"), "SHA-1"),
        (format!("\"./b\" 0 {SHA1} "), "SHA-1"),
        (format!("\"./b\" 0 {}", SHA1.to_uppercase()), "SHA-1"),
        (format!("\"./b\" 0 {}", &SHA1[1..]), "SHA-1"),
        ("\"./b\" 0".to_owned(), "no SHA-1"),
        (format!("\"./b\" -1 {SHA1}"), "no decimal number"),
        (format!("\"./b\" +1 {SHA1}"), "no decimal number"),
        (format!("\"./b\" 01 {SHA1}"), "no decimal number"),
        (format!("\"./b\" 0x1 {SHA1}"), "no decimal number"),
        (format!("\"./b\" 18446744073709551616 {SHA1}"), "no decimal number"),
        ("#sha256".to_owned(), "nearly"),
        ("#sha256 ".to_owned(), "digest"),
        (format!("#sha256  {SHA256}"), "digest"),
        (format!("#sha256 {}", SHA256.to_uppercase()), "digest"),
        (format!("#sha256 {SHA384}"), "digest"),
        (format!("#SHA256 {SHA256}"), "nearly"),
        (format!("#sha384\t{SHA384}"), "nearly"),
        ("#sig".to_owned(), "nearly"),
        ("#Sig sha256 AQID".to_owned(), "nearly"),
    ] {
        refuses(&format!("{}{wrong}\n{}", line("./a"), line("./c")), 2, why);
    }
    refuses(&format!("#sha256 {SHA256}\n"), 1, "before the first entry");
    refuses(&format!("{}#sha256 {SHA256}\n#sha256 {SHA256}\n", line("./a")), 3, "second digest");
    assert!(parse("").is_err());
}

#[test]
fn lines_end_in_lf_alone_the_last_one_too() {
    refuses(&line("./a").replace('\n', "\r\n"), 1, "carriage return");
    refuses(&format!("{}#unknown\r\n", line("./a")), 2, "carriage return");
    refuses(&format!("{}#sig sha256 AQID\r\n", line("./a")), 2, "carriage return");
    refuses(line("./a").trim_end(), 1, "does not end in LF");
    refuses(&format!("{}#sig sha256 AQID", line("./a")), 2, "does not end in LF");
}

#[test]
fn paths_stay_below_their_folder() {
    for path in [
        "",
        ".",
        "./",
        ".\\",
        "a",
        "a\\b",
        "..\\a",
        "./../a",
        ".\\..\\a",
        ".\\a\\..\\..\\b",
        "./a/..",
        "./.",
        ".\\.\\a",
        "/a",
        "\\a",
        "\\\\server\\a",
        "C:\\a",
        ".\\C:\\a",
        ".\\a:stream",
        "./a//b",
        "./a/",
        ".\\a\\",
        "./a\\b",
        ".\\a/b",
        "./a|b",
        "./a<b",
        "./a>b",
        "./a*",
        "./a?",
        "./nul",
        "./a/CON.txt",
        "./a.",
        "./a ",
        "./a\t",
        "./\u{e9}",
        "./a\u{7f}",
    ] {
        refuses(&line(path), 1, "the path");
    }
    refuses(&line(&format!("./{}", "a".repeat(256))), 1, "255");
    refuses(&line(&format!("./a{}", "/a".repeat(16_000))), 1, "too long");
    for path in ["./a", ".\\a", "./...a", "./a'b(c)&~", ".\\.a\\b c"] {
        assert!(parse(&line(path)).is_ok(), "{path}");
    }
}

#[test]
fn a_file_has_one_entry() {
    for (one, two) in [("./a", "./a"), ("./a/B", "./A/b"), ("./a/b", ".\\a\\b")] {
        refuses(&format!("{}{}{}", line(one), line("./z"), line(two)), 3, "second entry");
    }
    assert!(parse(&format!("{}{}", line("./a"), line("./a/b"))).is_ok());
}

#[test]
fn signatures_are_well_formed() {
    let body = line("./a");
    for wrong in
        ["#sig sha256", "#sig sha256 ", "#sig  AQID", "#sig sha256 AQI", "#sig sha256 AQI*", "#sig sha256 AQID "]
    {
        assert!(parse(&format!("{body}{wrong}\n")).is_err(), "{wrong}");
    }
    let block = |text: &str| format!("{body}-----BEGIN SIGNATURE-----\n{text}");
    refuses(&block("AQID\n"), 3, "ends before");
    refuses(&block("-----END SIGNATURE-----\n"), 3, "not base64");
    refuses(&block("AQ*D\n-----END SIGNATURE-----\n"), 4, "not base64");
    refuses(&block("AQID\n-----END SIGNATURE-----\n-----BEGIN CERTIFICATE-----\nMAA=\n"), 6, "ends before");
    refuses(&format!("{body}{}", "#sig sha256 AQID\n".repeat(17)), 18, "16 signatures");
    refuses(&format!("{body}#sig sha256 AQID\n{}", "#... cert MAA=\n".repeat(17)), 19, "16 certificates");
}

#[test]
fn huge_lines_are_refused_and_not_copied() {
    for huge in ["a".repeat(8 << 20), format!("\"{}", "a".repeat(8 << 20)), format!("#{}\n", "a".repeat(8 << 20))] {
        refuses(&format!("{}{huge}", line("./a")), 2, "65536 bytes");
    }
    let error = parse(&format!("{}\"{}\n", line("./a"), "x".repeat(60_000))).unwrap_err();
    assert!(error.to_string().len() < 300, "{error}");
}

fn names() -> impl Strategy<Value = Vec<String>> {
    // Letters that are no device's name and names that differ not in case alone.
    prop::collection::vec("[a-z0-9_'()&+ -]{0,20}xx", 1..4)
}

prop_compose! {
    fn lists()(
        slashes: bool,
        files in prop::collection::btree_map(
            names(),
            (any::<u64>(), any::<[u8; 20]>(), any::<Option<[u8; 32]>>(), any::<Option<Vec<u8>>>()),
            1..12,
        ),
    ) -> Vec<(String, u64, [u8; 20], Option<[u8; 32]>, Option<[u8; 48]>)> {
        let separator = if slashes { "/" } else { "\\" };
        files.into_iter().map(|(parts, (size, sha1, sha256, sha384))| {
            let path = format!(".{separator}{}", parts.join(separator));
            let sha384 = sha384.map(|bytes| std::array::from_fn(|index| bytes.get(index).copied().unwrap_or(7)));
            (path, size, sha1, sha256, sha384)
        }).collect()
    }
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(list in lists()) {
        let entries: Vec<ManifestEntry<'_>> = list
            .iter()
            .map(|(path, size, sha1, sha256, sha384)| ManifestEntry {
                path: ManifestPath::parse(path).unwrap(), size: *size, sha1: *sha1, sha256: *sha256, sha384: *sha384,
            })
            .collect();
        let bytes = Manifest::body(&entries);
        let manifest = Manifest::parse(bytes.clone()).unwrap();
        prop_assert_eq!(manifest.entries().collect::<Vec<_>>(), entries);
        prop_assert_eq!(manifest.bytes(), bytes);
    }

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, text in "[\"./\\\\a#sig 256\n-]{0,80}") {
        let _ = Manifest::parse(bytes);
        let _ = parse(&text);
    }
}
