//! Manifests and MD5 lists against files: what is told, refused and survived.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::TestEnv;
use crate::support::pki::{Pki, VALID, entry};
use serde_json::Value;

const NAMES: &[(&str, &[u8])] = &[("setup.exe", b"MZ setup"), ("rms/router.exe", b"MZ router"), ("empty", b"")];

/// The lines of all files of the usual folder.
fn body() -> String {
    NAMES.iter().map(|(path, content)| entry(&format!(".\\{}", path.replace('/', "\\")), content)).collect()
}

/// A folder `P` with files that a signed manifest lists, which is whole.
struct Signed {
    env: TestEnv,
    pki: Pki,
}

impl Signed {
    fn new() -> Option<Self> {
        let signed = Self { env: TestEnv::new(), pki: Pki::usual()? };
        NAMES.iter().for_each(|(path, content)| signed.env.write(&format!("P/{path}"), content));
        signed.sign(&body());
        Some(signed)
    }

    fn sign(&self, body: &str) {
        self.env.write("P/manifest.dat", self.pki.signed(body));
    }

    /// Verifies all, for people and for programs, with further arguments.
    #[track_caller]
    fn verify(&self, more: &str) -> (i32, Value, String) {
        let root = self.pki.text_path("root.pem");
        let line = format!("manifest verify P/manifest.dat --root-ca {root} --at {VALID} --files {more}");
        let before = self.env.snapshot();
        let (people, programs) = (self.env.run(&line), self.env.run(&format!("{line} --json")));
        assert_eq!(people.code, programs.code, "{people}");
        assert_eq!(self.env.snapshot(), before, "looking changes nothing");
        (programs.code, programs.json(), people.stdout)
    }

    /// Asserts that the format is refused at this line.
    #[track_caller]
    fn refuses(&self, text: &str, line: usize) {
        self.env.write("P/manifest.dat", text);
        let (code, json, _) = self.verify("");
        assert_eq!((code, &json["reason"]), (3, &"manifest-format".into()), "{json:#}");
        assert_eq!(json["error"]["line"], line, "{json:#}");
        assert!(!json["what"].as_str().unwrap().is_empty());
    }

    /// Asserts that there is one fault, and gives it.
    #[track_caller]
    fn one_fault(&self, more: &str) -> Value {
        let (code, json, people) = self.verify(more);
        assert_eq!((code, &json["reason"]), (3, &"files".into()), "{json:#}");
        let faults = json["files"]["faults"].as_array().unwrap();
        assert_eq!(faults.len(), 1, "{json:#}");
        assert!(people.contains(&format!("fault: {}: ", faults[0]["path"].as_str().unwrap())), "{people}");
        faults[0].clone()
    }
}

#[test]
fn a_whole_manifest_is_whole() {
    let Some(signed) = Signed::new() else { return };
    let (code, json, people) = signed.verify("");
    assert_eq!((code, &json["verdict"], &json["reason"]), (0, &"whole".into(), &Value::Null), "{json:#}");
    assert_eq!((&json["files"]["good"], &json["files"]["bytes"], &json["entries"]), (&3.into(), &17.into(), &3.into()));
    assert_eq!(json["files"]["relative_to"], "own-folder");
    assert_eq!(json["files"]["extra"], Value::Array(Vec::new()));
    assert!(people.contains("whole, and so are its files"), "{people}");
    let root = signed.pki.text_path("root.pem");
    let output =
        signed.env.run(&format!("manifest verify P/manifest.dat --root-ca {root} --at {VALID} --files -v")).ok();
    assert!(output.stdout.contains("SHA extensions"), "{output}");
}

#[test]
fn entries_after_the_first_inline_signature_are_refused() {
    let Some(signed) = Signed::new() else { return };
    let text = signed.env.text("P/manifest.dat");
    signed.env.write("P/evil.exe", "MZ");
    signed.refuses(&format!("{text}{}", entry(".\\evil.exe", b"MZ")), text.lines().count() + 1);
    let (body, signature) = text.split_at(text.find("#sig").unwrap());
    let (first, cert) = signature.split_at(signature.find('\n').unwrap() + 1);
    signed.refuses(&format!("{body}{first}{}{cert}", entry(".\\evil.exe", b"MZ")), body.lines().count() + 2);
}

#[test]
fn hash_lines_after_the_first_inline_signature_are_refused() {
    let Some(signed) = Signed::new() else { return };
    let text = signed.env.text("P/manifest.dat");
    signed.refuses(&format!("{text}#sha256 {}\n", "0".repeat(64)), text.lines().count() + 1);
}

#[test]
fn a_blank_line_does_not_end_the_list() {
    let Some(signed) = Signed::new() else { return };
    // Signed so: the signer's word is no excuse.
    let text = signed.pki.signed(&body().replace("\".\\rms", "\n\".\\rms"));
    signed.refuses(&text, 4);
}

#[test]
fn a_malformed_line_does_not_end_the_list() {
    let Some(signed) = Signed::new() else { return };
    signed.refuses(&signed.pki.signed(&body().replace("\".\\rms\\router.exe\" ", "\".\\rms\\router.exe\"  ")), 4);
}

#[test]
fn an_unknown_line_does_not_end_the_list() {
    let Some(signed) = Signed::new() else { return };
    signed.refuses(&signed.pki.signed(&body().replace("\".\\rms", "version 2\n\".\\rms")), 4);
    // One that begins with # belongs to the entry above, and is ignored.
    signed.sign(&body().replace("\".\\rms", "#version 2\n\".\\rms"));
    assert_eq!(signed.verify("").0, 0);
}

#[test]
fn carriage_returns_are_refused() {
    let Some(signed) = Signed::new() else { return };
    signed.refuses(&signed.pki.signed(&body().replace('\n', "\r\n")), 1);
    signed.refuses(&signed.env.text("P/manifest.dat").replace('\n', "\r\n"), 1);
}

#[test]
fn paths_that_lead_out_are_refused() {
    let Some(signed) = Signed::new() else { return };
    signed.env.write("secret", "secret");
    for path in [
        "..\\secret",
        ".\\..\\secret",
        ".\\rms\\..\\..\\secret",
        "./../secret",
        "/etc/passwd",
        "\\secret",
        "\\\\server\\share\\x",
    ] {
        signed.refuses(&signed.pki.signed(&entry(path, b"secret")), 1);
    }
}

#[test]
fn drive_letters_are_refused() {
    let Some(signed) = Signed::new() else { return };
    for path in ["C:\\boot.ini", ".\\C:\\boot.ini", ".\\setup.exe:stream"] {
        signed.refuses(&signed.pki.signed(&entry(path, b"")), 1);
    }
}

#[test]
fn a_link_that_leads_out_is_a_fault() {
    let Some(signed) = Signed::new() else { return };
    signed.env.write("outside", "MZ setup");
    signed.env.remove("P/setup.exe");
    symlink(signed.env.path("outside"), signed.env.path("P/setup.exe")).unwrap();
    assert_eq!(signed.one_fault("")["code"], "link");
    // One that stays inside is no better: what it leads to can be another tomorrow.
    signed.env.remove("P/setup.exe");
    signed.env.write("P/inside", "MZ setup");
    symlink("inside", signed.env.path("P/setup.exe")).unwrap();
    assert_eq!(signed.one_fault("")["code"], "link");
}

#[test]
fn a_folder_of_links_that_leads_out_is_a_fault() {
    let Some(signed) = Signed::new() else { return };
    signed.env.write("outside/router.exe", "MZ router");
    fs::remove_dir_all(signed.env.path("P/rms")).unwrap();
    symlink(signed.env.path("outside"), signed.env.path("P/rms")).unwrap();
    assert_eq!(signed.one_fault("")["code"], "link");
}

#[test]
fn a_folder_at_an_entrys_place_is_a_fault() {
    let Some(signed) = Signed::new() else { return };
    signed.env.remove("P/setup.exe");
    fs::create_dir(signed.env.path("P/setup.exe")).unwrap();
    assert_eq!(signed.one_fault("")["code"], "not-a-file");
}

#[test]
fn a_fifo_at_an_entrys_place_does_not_hang() {
    let Some(signed) = Signed::new() else { return };
    signed.env.remove("P/setup.exe");
    assert!(std::process::Command::new("mkfifo").arg(signed.env.path("P/setup.exe")).status().unwrap().success());
    // A run that hangs is ended, and fails the test.
    assert_eq!(signed.one_fault("")["code"], "not-a-file");
    signed.env.refuses(1, "manifest verify P/setup.exe");
    signed.env.refuses(1, "manifest list P/setup.exe");
    signed.env.refuses(1, "manifest verify P/manifest.dat --root-ca P/setup.exe");
}

#[test]
fn duplicate_entries_are_refused() {
    let Some(signed) = Signed::new() else { return };
    for twin in [".\\setup.exe", ".\\SETUP.exe", "./setup.exe"] {
        signed.refuses(&signed.pki.signed(&format!("{}{}", body(), entry(twin, b"another"))), 10);
    }
}

#[test]
fn a_size_that_lies_is_a_fault() {
    let Some(signed) = Signed::new() else { return };
    let line = body();
    for (claimed, wrong) in [("9", 9), ("7", 7), ("0", 0)] {
        signed.sign(&line.replace("setup.exe\" 8 ", &format!("setup.exe\" {claimed} ")));
        let fault = signed.one_fault("");
        assert_eq!(fault["code"], "size");
        assert!(fault["what"].as_str().unwrap().contains(&format!("8 bytes and should have {wrong}")), "{fault}");
    }
    signed.sign(&line.replace("setup.exe\" 8 ", "setup.exe\" 18446744073709551615 "));
    assert_eq!(signed.one_fault("")["code"], "size");
    for malformed in ["-8", "08", "8.0", "18446744073709551616", ""] {
        signed.refuses(&signed.pki.signed(&line.replace("setup.exe\" 8 ", &format!("setup.exe\" {malformed} "))), 1);
    }
}

#[test]
fn a_missing_file_is_a_fault_unless_it_is_allowed() {
    let Some(signed) = Signed::new() else { return };
    signed.env.remove("P/rms/router.exe");
    let fault = signed.one_fault("");
    assert_eq!((&fault["code"], &fault["path"]), (&"missing".into(), &"\\rms\\router.exe".into()));
    let (code, json, people) = signed.verify("--allow-missing");
    assert_eq!((code, &json["verdict"]), (0, &"whole".into()), "{json:#}");
    assert_eq!(json["files"]["faults"][0]["code"], "missing");
    assert!(people.contains("\\rms\\router.exe: it is missing"), "{people}");
    // It allows nothing else.
    signed.env.write("P/setup.exe", "MZ sEtup");
    assert_eq!(signed.verify("--allow-missing").0, 3);
}

#[test]
fn extra_files_are_told_and_no_fault() {
    let Some(signed) = Signed::new() else { return };
    for name in ["P/mine.txt", "P/rms/mrinit.conf", "P/cidsync.upd"] {
        signed.env.write(name, "x");
    }
    let (code, json, people) = signed.verify("");
    assert_eq!(code, 0);
    let extra = json["files"]["extra"].as_array().unwrap();
    let found: Vec<_> = extra.iter().map(|e| (e["path"].as_str().unwrap(), e["role"].as_str().unwrap())).collect();
    assert_eq!(found, [("\\cidsync.upd", "catalog"), ("\\mine.txt", "unlisted"), ("\\rms\\mrinit.conf", "customer")]);
    assert!(people.contains("extra: \\mine.txt") && !people.contains("cidsync"), "{people}");
}

#[test]
fn each_digest_that_stands_there_is_checked() {
    let Some(signed) = Signed::new() else { return };
    for name in ["sha1", "sha256", "sha384"] {
        let (right, wrong) = (entry(".\\setup.exe", b"MZ setup"), entry(".\\setup.exe", b"MZ sEtup"));
        let lines = right.lines().zip(wrong.lines()).zip(["sha1", "sha256", "sha384"]);
        let mixed: String =
            lines.map(|((right, wrong), of)| format!("{}\n", if of == name { wrong } else { right })).collect();
        signed.sign(&body().replace(&right, &mixed));
        let fault = signed.one_fault("");
        assert_eq!((&fault["code"], &fault["digests"]), (&"digest".into(), &Value::from(vec![name])), "{fault}");
    }
    signed.sign(&body());
    signed.env.write("P/setup.exe", "MZ sEtup");
    assert_eq!(signed.one_fault("")["digests"], Value::from(vec!["sha1", "sha256", "sha384"]));
}

#[test]
fn names_match_without_regard_to_case_and_twins_are_a_fault() {
    let Some(signed) = Signed::new() else { return };
    fs::rename(signed.env.path("P/setup.exe"), signed.env.path("P/SETUP.EXE")).unwrap();
    assert_eq!(signed.verify("").0, 0);
    signed.env.write("P/Setup.Exe", "MZ setup");
    assert_eq!(signed.one_fault("")["code"], "case-conflict");
}

#[test]
fn huge_lines_are_refused() {
    let Some(signed) = Signed::new() else { return };
    let huge = "a".repeat(16 << 20);
    for text in [huge.clone(), format!("\".\\{huge}\" 0 x\n"), format!("#{huge}\n")] {
        signed.refuses(&format!("{}{text}", entry(".\\setup.exe", b"MZ setup")), 4);
    }
}

#[test]
fn a_million_entries_are_read_in_linear_time() {
    let env = TestEnv::new();
    let line = |index: usize| format!("\".\\x{index:x}\" {index} {index:040x}\n");
    // Every run has a limit of its own, which anything quadratic would exceed by far. The last line is refused: all before
    // it were read, and compared with it.
    let lines: String = (0..1_000_000).map(line).collect();
    env.write("many.dat", lines + &line(17).replace("x11", "X11"));
    env.run("manifest verify many.dat").expect(3).says("line 1000001: a second entry");
}

#[test]
fn paths_of_a_components_manifest_may_be_relative_to_the_root() {
    let Some(pki) = Pki::usual() else { return };
    let env = TestEnv::new();
    env.cid("CID", configcid::DemoCid::default());
    let content = b"MZ router of its own";
    env.write("CID/rms/own.exe", content);
    let root = pki.text_path("root.pem");
    let line = format!("manifest verify CID/rms/manifest.dat --root-ca {root} --at {VALID} --files");
    for (path, relative, says) in
        [(".\\own.exe", "own-folder", "the list's own folder"), (".\\rms\\own.exe", "root", "the root of the CID")]
    {
        env.write("CID/rms/manifest.dat", pki.signed(&entry(path, content)));
        env.run(&line).ok().says(says);
        let json = env.run(&format!("{line} --json")).ok().json();
        assert_eq!(json["files"]["relative_to"], relative, "{json:#}");
        let extra: Vec<_> = json["files"]["extra"].as_array().unwrap().iter().map(|e| e["path"].clone()).collect();
        assert!(!extra.contains(&"\\own.exe".into()) && extra.contains(&"\\cidsync.upd".into()), "{json:#}");
    }
    // The user's word counts more.
    env.write("CID/rms/manifest.dat", pki.signed(&entry(".\\own.exe", content)));
    env.run(&format!("{line} CID/rms")).ok().says("as given");
    env.run(&format!("{line} CID")).expect(3).says("missing");
}

#[test]
fn the_manifest_alone_says_where_its_files_are() {
    let Some(pki) = Pki::usual() else { return };
    let env = TestEnv::new();
    env.cid("CID", configcid::DemoCid::default());
    let (genuine, evil) = (b"MZ router of its own", b"MZ evil");
    let root = pki.text_path("root.pem");
    let line = format!("manifest verify CID/rms/manifest.dat --root-ca {root} --at {VALID} --files");
    // Copies in the place that the paths are not relative to never stand in for the files themselves.
    for (path, place, decoy) in
        [(".\\own.exe", "rms/own.exe", "own.exe"), (".\\rms\\own.exe", "rms/own.exe", "rms/rms/own.exe")]
    {
        env.write("CID/rms/manifest.dat", pki.signed(&entry(path, genuine)));
        env.write(&format!("CID/{place}"), evil);
        env.write(&format!("CID/{decoy}"), genuine);
        let json = env.run(&format!("{line} --json")).expect(3).json();
        let codes: Vec<_> = json["files"]["faults"].as_array().unwrap().iter().map(|f| f["code"].clone()).collect();
        assert_eq!(codes, ["size", "two-places"], "{json:#}");
        // Files in both places are a fault by themselves.
        env.write(&format!("CID/{place}"), genuine);
        let json = env.run(&format!("{line} --json")).expect(3).json();
        assert_eq!(json["files"]["faults"][0]["code"], "two-places", "{json:#}");
        let audited = env.run(&format!("audit CID --root-ca {root} --at {VALID} --json")).expect(3).json();
        let findings = audited["cids"][0]["findings"].as_array().unwrap();
        assert!(findings.iter().any(|finding| finding["id"] == "manifest-two-places"), "{audited:#}");
        env.remove(&format!("CID/{place}"));
        assert_eq!(env.run(&format!("{line} --json")).expect(3).json()["files"]["good"], 0);
        env.remove(&format!("CID/{decoy}"));
    }
    // No catalog is needed above, which anybody could remove.
    env.write("P/Q/manifest.dat", pki.signed(&entry(".\\q\\own.exe", genuine)));
    env.write("P/Q/own.exe", genuine);
    let line = format!("manifest verify manifest.dat --root-ca {root} --at {VALID} --files --json");
    let run = |line: &str| {
        let mut command = env.command();
        command.args(line.split_whitespace()).current_dir(env.path("P/Q"));
        env.finish(command)
    };
    let output = run(&line).ok();
    assert_eq!(output.json()["files"]["relative_to"], "root", "{output}");
    env.write("P/Q/Q/own.exe", genuine);
    env.remove("P/Q/own.exe");
    run(&line).expect(3);
    // The user's word decides otherwise.
    run(&line.replace("--files", "--files .")).ok();
}

#[test]
fn twins_and_links_are_faults_whether_they_are_listed_or_not() {
    let Some(signed) = Signed::new() else { return };
    let Signed { env, .. } = &signed;
    // The listed one is right, and its twin is another.
    env.write("P/SETUP.EXE", "MZ evil");
    let fault = signed.one_fault("");
    assert_eq!((&fault["code"], &fault["path"]), (&"case-conflict".into(), &"\\setup.exe".into()), "{fault}");
    env.remove("P/SETUP.EXE");
    env.write("P/a.txt", "a");
    env.write("P/A.txt", "a");
    assert_eq!(signed.one_fault("")["code"], "case-conflict");
    env.remove("P/A.txt");
    env.write("P/RMS/router.exe", "MZ evil");
    assert_eq!(signed.verify("").0, 3);
    fs::remove_dir_all(env.path("P/RMS")).unwrap();
    assert_eq!(signed.verify("").0, 0);

    for (name, target) in
        [("P/link.exe", "setup.exe"), ("P/nowhere", "missing"), ("P/out", "/etc/passwd"), ("P/dir", "rms")]
    {
        symlink(target, env.path(name)).unwrap();
        assert_eq!(signed.one_fault("")["code"], "link", "{name}");
        env.remove(name);
    }
    // A listed file that is a link to a copy, and one behind a linked folder.
    fs::rename(env.path("P/setup.exe"), env.path("P/copy")).unwrap();
    symlink("copy", env.path("P/setup.exe")).unwrap();
    assert_eq!(signed.one_fault("")["code"], "link");
    env.remove("P/setup.exe");
    fs::rename(env.path("P/copy"), env.path("P/setup.exe")).unwrap();
    fs::rename(env.path("P/rms"), env.path("P/elsewhere")).unwrap();
    symlink("elsewhere", env.path("P/rms")).unwrap();
    let (code, json, _) = signed.verify("");
    assert_eq!(code, 3, "{json:#}");
    assert!(json["files"]["faults"].as_array().unwrap().iter().all(|fault| fault["code"] == "link"), "{json:#}");
}

#[test]
fn list_shows_what_stands_there_and_verifies_nothing() {
    let Some(signed) = Signed::new() else { return };
    let output = signed.env.run("manifest list P/manifest.dat").ok();
    assert!(
        output.stdout.contains("  .\\rms\\router.exe\n") && output.stdout.contains("nothing was verified"),
        "{output}"
    );
    assert!(output.stdout.contains("sha256, by CN=Signer,O=Acme"), "{output}");
    let json = signed.env.run("manifest list P/manifest.dat --json").ok().json();
    assert_eq!(json["entries"][0]["path"], ".\\setup.exe");
    assert_eq!(json["entries"][0]["size"], 8);
    assert_eq!(json["entries"][0]["sha384"].as_str().unwrap().len(), 96);
    assert_eq!(json["signatures"][0]["certificates"][0]["subject"], "CN=Signer,O=Acme");
    signed.env.write("bad.dat", "\n");
    signed.env.refuses(1, "manifest list bad.dat").complains("line 1");
}

#[test]
fn diff_tells_what_came_went_and_changed() {
    let env = TestEnv::new();
    env.write("a.dat", [entry(".\\a", b"a"), entry(".\\b", b"b"), entry(".\\c", b"c"), entry(".\\d", b"d")].concat());
    env.write("b.dat", [entry("./A", b"a"), entry("./b", b"bb"), entry("./c", b"C"), entry("./e", b"e")].concat());
    let output = env.run("manifest diff a.dat b.dat").ok();
    assert_eq!(
        output.stdout.lines().collect::<Vec<_>>(),
        [
            "- .\\d",
            "+ ./e",
            "! ./b  (2 bytes, before 1; size, sha1, sha256, sha384 differ)",
            "! ./c  (1 bytes; sha1, sha256, sha384 differ)",
            "1 added, 1 removed, 2 changed",
        ]
    );
    let json = env.run("manifest diff a.dat b.dat --json").ok().json();
    assert_eq!((&json["added"], &json["removed"]), (&Value::from(vec!["./e"]), &Value::from(vec![".\\d"])));
    assert_eq!(json["changed"][0]["path"], "./b");
    env.run("manifest diff a.dat b.dat --exit-code").expect(3);
    env.run("manifest diff a.dat a.dat --exit-code").ok();
    env.refuses(1, "manifest diff a.dat missing");
}

#[test]
fn what_create_makes_is_a_manifest_of_what_is_the_vendors() {
    let env = TestEnv::new();
    for (path, content) in NAMES {
        env.write(&format!("P/{path}"), content);
    }
    for name in ["P/mrinit.conf", "P/rms/mrinit.conf", "P/cidsync.upd", "P/cac.pem", "P/logo.bmp"] {
        env.write(name, "the customer's");
    }
    let line = "manifest create P --digests sha256,sha384 --customer-file logo.bmp";
    let before = env.snapshot();
    env.run(&format!("{line} --dry-run")).expect(0).says("+\".\\empty\" 0");
    assert_eq!(env.snapshot(), before);
    env.run(line).expect(0).complains("not signed");
    let expected = [NAMES[2], NAMES[1], NAMES[0]]
        .map(|(path, content)| entry(&format!(".\\{}", path.replace('/', "\\")), content));
    assert_eq!(env.text("P/manifest.dat"), expected.concat());
    env.run(line).expect(0).says("so already");
    env.write("P/manifest.dat", "another");
    env.run(line).expect(1).complains("--force");
    assert_eq!(env.text("P/manifest.dat"), "another");
    env.run(&format!("{line} --force")).expect(0).says("Wrote");
    let json = env.run(&format!("{line} --slashes --output Q.dat --json")).expect(0).json();
    assert_eq!((&json["status"], &json["entries"], &json["signatures"]), (&"changed".into(), &3.into(), &0.into()));
    assert_eq!(env.text("Q.dat"), expected.concat().replace('\\', "/"));
    env.run("manifest diff P/manifest.dat Q.dat --exit-code").ok();
    env.run("manifest create P --digests none --output R.dat").expect(0);
    assert!(!env.text("R.dat").contains('#'));
    fs::create_dir(env.path("nothing")).unwrap();
    env.refuses(2, "manifest create nothing");
    env.refuses(1, "manifest create missing");
    symlink("setup.exe", env.path("P/link.exe")).unwrap();
    env.refuses(1, "manifest create P --output S.dat");
}

#[test]
fn create_leaves_out_what_it_writes_and_nothing_of_the_same_name() {
    let env = TestEnv::new();
    for path in ["t/setup.dat", "t/sau/setup.dat", "t/manifest.dat", "t/sau/manifest.dat", "t/a.exe"] {
        env.write(path, path);
    }
    fs::create_dir(env.path("out")).unwrap();
    let listed = |output: &str| {
        env.run(&format!("manifest create t --output {output}")).expect(0);
        let json = env.run(&format!("manifest list {output} --json")).ok().json();
        json["entries"].as_array().unwrap().iter().map(|e| e["path"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(listed("out/setup.dat"), [".\\a.exe", ".\\sau\\setup.dat", ".\\setup.dat"]);
    assert_eq!(listed("t/sau/new.dat"), [".\\a.exe", ".\\sau\\setup.dat", ".\\setup.dat"]);
    env.remove("t/sau/new.dat");
    env.run("manifest create t --output t/sau/setup.dat --force").expect(0);
    assert!(!env.text("t/sau/setup.dat").contains("sau") && env.text("t/sau/setup.dat").contains(".\\setup.dat"));
}

#[test]
fn sign_adds_signatures_and_keeps_the_others_good() {
    let Some(signed) = Signed::new() else { return };
    let Signed { env, pki } = &signed;
    let keys = format!("--key {} --cert {}", pki.text_path("signer.key"), pki.text_path("signer.pem"));
    let sign = |more: &str| env.run(&format!("manifest sign P/manifest.dat {keys} {more}"));
    env.write("P/manifest.dat", body());
    let before = env.snapshot();
    sign("--dry-run").ok().says("would be written");
    assert_eq!(env.snapshot(), before);
    sign("").ok();
    sign("--digest sha384").ok();
    sign("--form trailer").ok();
    let (code, json, _) = signed.verify("--allow-sha1");
    assert_eq!(code, 0, "{json:#}");
    let states: Vec<_> =
        json["signatures"].as_array().unwrap().iter().map(|s| (&s["algorithm"], &s["state"])).collect();
    assert_eq!(
        format!("{states:?}"),
        format!("{:?}", ["sha256", "sha384", "sha1"].map(|a| (Value::from(a), Value::from("good"))))
    );
    // A trailer covers inline lines: none can be added behind it.
    for more in ["", "--form trailer"] {
        sign(more).expect(2).complains("--replace");
    }
    sign("--replace --output Q.dat").ok();
    assert_eq!(env.text("Q.dat").matches("#sig").count(), 1);
    assert!(!env.text("Q.dat").contains("BEGIN"));
    sign("--replace --output Q.dat --digest sha512").expect(1).complains("--force");
    assert!(body().len() < env.read("Q.dat").len() && env.text("Q.dat").starts_with(&body()));
}

#[test]
fn md5_lists_are_checked_made_and_brought_in_line() {
    let env = TestEnv::new();
    for (path, content) in NAMES {
        env.write(&format!("P/{path}"), content);
    }
    env.run("manifest spec create P").ok();
    let md5 =
        |bytes: &[u8]| <md5::Md5 as sha1::Digest>::digest(bytes).iter().map(|b| format!("{b:02x}")).collect::<String>();
    let line = |index: usize| format!("{}  {}\n", md5(NAMES[index].1), NAMES[index].0);
    assert_eq!(env.text("P/manifest.spec"), [line(2), line(1), line(0)].concat());
    env.run("manifest spec verify P/manifest.spec").ok().says("3 files good");
    env.refuses(1, "manifest spec create P --output P/setup.exe");
    // md5sum reads it, too.
    let output =
        std::process::Command::new("md5sum").args(["-c", "manifest.spec"]).current_dir(env.path("P")).output().unwrap();
    assert!(output.status.success());

    env.write("P/rms/router.exe", "MZ new router");
    let json = env.run("manifest spec verify P/manifest.spec --json").expect(3).json();
    assert_eq!((&json["reason"], &json["files"]["faults"][0]["code"]), (&"files".into(), &"digest".into()), "{json:#}");
    // Every other byte stays, whoever wrote it.
    env.edit("P/manifest.spec", |bytes| {
        String::from_utf8(bytes).unwrap().replace("  s", " *s").replace('\n', "\r\n").into()
    });
    let before = env.text("P/manifest.spec");
    env.run("manifest spec update P/manifest.spec rms/router.exe --dry-run").ok().says("would be written");
    assert_eq!(env.text("P/manifest.spec"), before);
    env.run("manifest spec update P/manifest.spec rms\\ROUTER.exe").ok();
    assert_eq!(env.text("P/manifest.spec"), before.replace(&md5(NAMES[1].1), &md5(b"MZ new router")));
    env.run("manifest spec verify P/manifest.spec").ok();
    env.run("manifest spec update P/manifest.spec rms/router.exe").ok().says("so already");
    env.write("P/new.txt", "new");
    env.run("manifest spec update P/manifest.spec new.txt").ok();
    assert!(env.text("P/manifest.spec").ends_with(&format!("{}  new.txt\r\n", md5(b"new"))));
    env.refuses(1, "manifest spec update P/manifest.spec missing.txt");
    env.refuses(1, "manifest spec update P/manifest.spec ../secret");

    env.remove("P/new.txt");
    env.run("manifest spec verify P/manifest.spec").expect(3).says("it is missing");
    env.run("manifest spec verify P/manifest.spec --allow-missing").ok();
    env.write("P/manifest.spec", "rubbish\n");
    let json = env.run("manifest spec verify P/manifest.spec --json").expect(3).json();
    assert_eq!((&json["reason"], &json["error"]["line"]), (&"manifest-format".into(), &1.into()));
    env.refuses(1, "manifest spec verify missing.spec");
}

#[test]
fn what_cannot_be_read_is_no_verdict() {
    let env = TestEnv::new();
    env.refuses(1, "manifest verify missing.dat");
    env.write("a.dat", entry(".\\a", b"a"));
    env.refuses(1, "manifest verify a.dat --files missing");
    env.refuses(1, "manifest verify a.dat --files a.dat");
    env.run("manifest verify").expect(2);
    let json = env.run("manifest verify a.dat --json").expect(3).json();
    assert_eq!((&json["reason"], &json["files"]), (&"unsigned".into(), &Value::Null));
}
