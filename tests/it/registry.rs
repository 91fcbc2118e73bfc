//! `configcid client check` and `configcid relay registry`, as their users see them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use configcid::registry::{RegFile, Value};
use configcid::router::RegistryView;
use configcid::{Cid, DemoCid, RelayAddress, RelaySetup, relay};
use serde_json::Value as Json;

const RELAY: &str = "10.1.200.65,MRComputer.Sales.Acme,MRComputer";

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_configcid")).args(args).output().unwrap()
}

/// The exit code and both outputs.
fn said(args: &[&str]) -> (i32, String) {
    let output = run(args);
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

fn json(args: &[&str]) -> Json {
    let output = run(&[args, &["--json"]].concat());
    let answer: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["exit_code"], output.status.code().unwrap());
    answer
}

fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "testdata", "reg"].iter().collect()
}

fn seed(name: &str) -> String {
    text(&folder().join(name)).to_owned() + ".reg"
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn an_exported_registry_is_compared_with_the_expected_relay() {
    let check = |name: &str, list: &str| json(&["client", "check", "--reg", &seed(name), "--expect", list]);
    for (name, state, code) in [
        ("endpoint-64bit", "same", 0),
        ("endpoint-32bit", "same", 0),
        ("endpoint-regedit4", "same", 0),
        ("endpoint-utf8", "same", 0),
        ("parent-in-bytes", "same", 0),
        ("both-views-differ", "conflict", 3),
        ("no-parent", "missing", 3),
        ("deleted", "missing", 3),
    ] {
        let answer = check(name, RELAY);
        assert_eq!((answer["state"].as_str(), answer["exit_code"].as_i64()), (Some(state), Some(code)), "{name}");
    }
    let answer = check("endpoint-64bit", "10.1.200.65,OTHER");
    assert_eq!((answer["state"].as_str(), answer["exit_code"].as_i64()), (Some("different"), Some(3)));
    assert_eq!(answer["views"][0]["parent_address"], RELAY);
    assert_eq!(answer["views"][0]["view"], "32");
    assert_eq!(answer["views"][1]["present"], false);
    assert!(answer["notes"][0].as_str().unwrap().contains("in common"));

    let (code, said) = said(&["client", "check", "--reg", &seed("both-views-differ")]);
    assert_eq!(code, 3);
    assert!(said.contains(RELAY) && said.contains("Server.Sales.Acme,SERVER") && said.contains("contradict"), "{said}");
}

#[test]
fn an_exported_registry_is_compared_with_a_relay_cid() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("MRESXP");
    DemoCid::default().write(&path).unwrap();
    let check = |name: &str| said(&["client", "check", "--reg", &seed(name), "--cid", text(&path)]);
    assert_eq!(check("endpoint-64bit").0, 3);
    let address: RelayAddress = RELAY.parse().unwrap();
    relay::set(&Cid::open(&path).unwrap(), &RelaySetup::new(address)).unwrap().apply().unwrap();
    let (code, said) = check("endpoint-64bit");
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("mrinit.conf") && said.contains("reports to the relay"), "{said}");
    assert_eq!(check("both-views-differ").0, 3);
    fs::remove_file(path.join("rms/mrinit.conf")).unwrap();
    fs::remove_file(path.join("mrinit.conf")).unwrap();
    assert_eq!(check("endpoint-64bit").0, 1);
}

#[test]
fn what_cannot_be_read_is_told_from_wrong_usage() {
    let check = |args: &[&str]| said(&[&["client", "check"], args].concat());
    for name in [
        "parent-is-a-number",
        "hostile-empty",
        "hostile-no-mark",
        "hostile-cut",
        "hostile-open-string",
        "hostile-open-bytes",
        "hostile-backslash",
        "hostile-hive",
        "hostile-nul",
        "hostile-deep",
    ] {
        let (code, said) = check(&["--reg", &seed(name)]);
        assert_eq!(code, 1, "{name}: {said}");
        assert!(said.starts_with("error: ") && (name == "parent-is-a-number" || said.contains(name)), "{said}");
    }
    assert!(check(&["--reg", &seed("hostile-open-string")]).1.contains("line 4: "));
    let answer = json(&["client", "check", "--reg", &seed("hostile-backslash")]);
    assert_eq!(
        (answer["error"]["kind"].as_str(), answer["error"]["line"].as_i64()),
        (Some("registry-format"), Some(4))
    );
    assert_eq!(check(&["--reg", "/no/such/file.reg"]).0, 1);
    assert_eq!(check(&["--reg", env!("CARGO_MANIFEST_DIR")]).0, 1);
    assert_eq!(check(&["--reg", &seed("endpoint-64bit"), "--cid", "/no/such/cid"]).0, 1);
    assert_eq!(check(&["--reg", &seed("endpoint-64bit"), "--expect", "10.1.2.300"]).0, 2);
    assert_eq!(check(&["--reg", &seed("endpoint-64bit"), "--expect", "MR", "--cid", "x"]).0, 2);
    // A terminal gets nothing that it would obey.
    let (code, said) = check(&["--reg", &seed("hostile-terminal")]);
    assert!(code == 0 && !said.contains('\u{1b}') && said.contains("\\u{1b}"), "{said}");
}

#[cfg(not(windows))]
#[test]
fn elsewhere_the_live_registry_is_an_error_that_says_so() {
    for args in [&["client", "check"][..], &["relay", "registry"], &["relay", "registry", "--apply"]] {
        let (code, said) = said(args);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains("only Windows") && said.contains("reg export"), "{said}");
    }
}

#[test]
fn an_orig_beside_an_installed_mrinit_conf_is_warned_of() {
    let dir = tempfile::tempdir().unwrap();
    let conf = dir.path().join("mrinit.conf");
    fs::write(&conf, DemoCid::default().mrinit()).unwrap();
    let reg = seed("endpoint-64bit");
    let by_folder = ["client", "check", "--reg", &reg, "--installed", text(dir.path())];
    let by_file = ["client", "check", "--reg", &reg, "--mrinit", text(&conf)];
    assert!(!said(&by_folder).1.contains("warning"));
    fs::write(dir.path().join("MRInit.conf.orig"), DemoCid::default().mrinit()).unwrap();
    for args in [&by_folder, &by_file] {
        let (code, said) = said(args);
        assert_eq!(code, 0);
        assert!(said.contains("warning") && said.contains("MRInit.conf.orig"), "{said}");
        assert_eq!(json(args)["installed"][0]["orig_parent_router_address"], "Server.Sales.Acme,SERVER");
    }
    fs::remove_file(&conf).unwrap();
    assert_eq!(said(&by_file).0, 1);
}

#[test]
fn a_relays_values_are_shown() {
    let show = |name: &str, more: &[&str]| json(&[&["relay", "registry", "--from", &seed(name)], more].concat());
    let good = show("relay-good", &["--show"]);
    assert_eq!((good["exit_code"].as_i64(), good["views"].as_array().unwrap().len()), (Some(0), 1));
    assert_eq!(show("relay-good", &["--view", "32"])["exit_code"], 0);
    assert_eq!(show("relay-good", &["--view", "both"])["exit_code"], 3);
    let differs = show("relay-differs", &[]);
    assert_eq!(differs["exit_code"], 3);
    let values = differs["views"][0]["values"].as_array().unwrap();
    let wrong: Vec<_> = values.iter().filter(|value| value["same"] == false).map(|value| &value["name"]).collect();
    assert_eq!(wrong, ["ConnectionCache", "NumSenderThreads"]);
    assert_eq!((values[0]["expected"].as_str(), values[0]["actual"].as_str()), (Some("dword:00005020"), Some("20512")));
    assert_eq!(show("endpoint-utf8", &[])["views"][0]["view"], "64");
    let none = show("hostile-surrogates", &[]);
    assert_eq!((none["exit_code"].as_i64(), none["faults"].as_array().unwrap().len()), (Some(3), 1));
    let (code, said) = said(&["relay", "registry", "--from", &seed("relay-differs")]);
    assert!(code == 3 && said.contains("dword:00000010, should be dword:00000008"), "{said}");
}

#[test]
fn a_relays_values_are_written_once_and_never_over_another_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("relay.reg");
    let write = |more: &[&str]| json(&[&["relay", "registry", "--reg", text(&path)], more].concat());
    let names = || fs::read_dir(dir.path()).unwrap().count();

    assert_eq!(write(&["--dry-run"])["status"], "planned");
    assert_eq!(names(), 0);
    assert_eq!(write(&[])["status"], "changed");
    let bytes = fs::read(&path).unwrap();
    assert!(bytes.starts_with(b"\xFF\xFEW\0i\0n\0"));
    let file = RegFile::parse(&bytes).unwrap();
    assert_eq!(file.value(&RegistryView::Bits32.key(), "ConnectionCache"), Some(&Value::Dword(0x5020)));
    assert_eq!(file.value(&RegistryView::Bits64.key(), "GetterInterval"), Some(&Value::Dword(0x78)));
    assert_eq!(write(&[])["status"], "unchanged");
    assert_eq!(said(&["relay", "registry", "--from", text(&path)]).0, 0);

    let other = write(&["--view", "64"]);
    assert_eq!((other["exit_code"].as_i64(), other["error"]["kind"].as_str()), (Some(1), Some("exists")));
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert_eq!(write(&["--view", "64", "--force"])["status"], "changed");
    let file = RegFile::parse(&fs::read(&path).unwrap()).unwrap();
    assert!(!file.has_key(&RegistryView::Bits32.key()) && file.has_key(&RegistryView::Bits64.key()));
    assert_eq!(names(), 1);

    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(write(&["--force"])["exit_code"], 1);
    for usage in [&["--reg", "x", "--apply"][..], &["--show", "--apply"], &["--dry-run"], &["--force"]] {
        assert_eq!(said(&[&["relay", "registry"], usage].concat()).0, 2, "{usage:?}");
    }
}

#[test]
fn every_file_for_tests_gives_an_answer() {
    let paths = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    for path in paths.filter(|path| path.extension().is_some_and(|ending| ending == "reg")) {
        let hostile = path.file_name().unwrap().to_str().unwrap().starts_with("hostile-");
        match RegFile::parse(&fs::read(&path).unwrap()) {
            Err(error) => assert!(hostile, "{}: {error}", path.display()),
            Ok(file) => {
                let printed = file.print().unwrap();
                assert_eq!(RegFile::parse(&printed).unwrap(), file, "{}", path.display());
            }
        }
    }
}
