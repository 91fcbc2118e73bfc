//! What reaches those who read the output: nothing that cannot be printed is lost in silence, usage errors have the
//! shape that was asked for, and a dry run writes nothing.

#[cfg(target_os = "linux")]
use std::collections::BTreeSet;

#[cfg(target_os = "linux")]
use configcid::DemoCid;

use crate::support::TestEnv;

/// One line for each command, all of which print something and end with 0 or 3.
#[cfg(target_os = "linux")]
const LINES: &[&str] = &[
    "refresh ESXP --dry-run",
    "setup ESXP --list",
    "relay set ESXP --netbios MR --fqdn mr.acme --dry-run",
    "relay show ESXP",
    "relay unset ESXP --dry-run",
    "relay registry --from relay.reg",
    "relay registry --reg new.reg --dry-run",
    "relay probe --ior loopback.ior",
    "relay check --cid ESXP --reg relay.reg",
    "fleet init new.toml --dry-run",
    "fleet import ESXP --dry-run --out new.toml",
    "fleet check",
    "fleet plan",
    "fleet plan --result result.json",
    "fleet apply --dry-run",
    "fleet status",
    "fleet endpoints --survey relay.reg",
    "fleet status --survey relay.reg",
    "fleet graph --survey relay.reg --format dot",
    "fleet registry --dry-run",
    "fleet graph",
    "fleet graph --format mermaid --out tree.txt --dry-run",
    "fleet report --out report.html --dry-run",
    "fleet runbook",
    "client check --reg relay.reg",
    "client set --script cmd --cid \\\\Server1\\InterChk\\MRESXP",
    "endpoints survey relay.reg",
    "endpoints collector --share \\\\Server1\\Endpoints --script cmd",
    "clone ESXP NEW --dry-run",
    "sync ESXP NEW --dry-run",
    "fetch ESXP NEW --dry-run",
    "catalog list ESXP",
    "catalog verify ESXP",
    "catalog identify ESXP",
    "catalog sample ESXP",
    "catalog create --replace ESXP --dry-run",
    "audit ESXP",
    "manifest list manifest.dat",
    "manifest verify manifest.dat",
    "manifest diff manifest.dat manifest.dat",
    "manifest create folder --output new.dat --dry-run",
    "manifest spec verify folder/manifest.spec",
    "manifest spec create folder --output new.spec --dry-run",
    "manifest spec update folder/manifest.spec file --dry-run",
    "mrinit show ESXP/mrinit.conf",
    "mrinit set alone.conf ServiceArgs x --dry-run",
    "envelopes check Envelopes --endpoints 100",
    "envelopes where --system 2008",
    "envelopes expire Envelopes --older-than 30d --move-to aside --dry-run",
    "envelopes logs Logs",
    "envelopes restart --script cmd",
    "envelopes watch Envelopes --samples 1",
    "envelopes move D:\\Envelopes --console-version 5.2",
    "messenger lint messages.xml",
    "messenger check messages.xml --profile profile.toml",
    "messenger run messages.xml --profile profile.toml --at 2026-11-20",
    "messenger status",
    "messenger uninstall --root root --dry-run",
    "explain",
    "explain entry-missing",
    "web check http://127.0.0.1:1/ESXP",
    "web config nginx ESXP",
    "recover ESXP",
    "undo ESXP --dry-run",
    "history ESXP",
    "completions bash",
    "man",
    "man relay set",
    "--help",
    "relay --help",
    "--version",
];

/// These are not in the list: their files take a key, or a program for Windows; or they answer on Windows alone.
#[cfg(target_os = "linux")]
const ELSEWHERE: &[&str] =
    &["client prepare image", "demo", "manifest sign", "messenger ack", "messenger build", "messenger install"];

#[cfg(target_os = "linux")]
fn env() -> TestEnv {
    let mut env = TestEnv::new();
    let state = env.path("state").to_string_lossy().into_owned();
    env.set("CONFIGCID_MESSENGER_STATE", state);
    env.cid("ESXP", DemoCid::default());
    env.run("relay set ESXP --ip 10.1.2.3 --netbios OLD --fqdn old.acme").ok();
    env.write("alone.conf", DemoCid::default().mrinit());
    env.run("relay registry --reg relay.reg").ok();
    env.run("fleet import ESXP").ok();
    env.write("loopback.ior", crate::snapshots::LOOPBACK_IOR);
    env.write("folder/file", "x");
    env.run("manifest create folder --output manifest.dat").expect(0);
    env.run("manifest spec create folder").ok();
    env.write("Envelopes/1.msg", "x");
    std::fs::create_dir(env.path("aside")).unwrap();
    env.write("Logs/Router-20261121-183000.log", "21.11.2026 19:30:00 0D38 I Waiting for messages...\r\n");
    let template = |name: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates").join(name);
        std::fs::read(path).unwrap()
    };
    env.write("messages.xml", template("messenger.example.xml"));
    env.write("profile.toml", template("messenger-profile.example.toml"));
    env
}

#[test]
#[cfg(target_os = "linux")]
fn every_command_says_that_its_output_cannot_be_written() {
    let env = env();
    for line in LINES {
        let usual = env.run(line);
        assert!(matches!(usual.code, 0 | 3) && !usual.stdout.is_empty(), "{usual}");
        let is_text = matches!(line.split(' ').next(), Some("completions" | "man" | "--help" | "--version"))
            || line.ends_with("--help");
        for json in ["", " --json"].into_iter().filter(|json| json.is_empty() || !is_text) {
            let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
            let mut command = env.command();
            command.args(format!("{line}{json}").split_whitespace()).stdout(full).stderr(std::process::Stdio::piped());
            let output = command.output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{line}{json}: {said}");
            assert!(said.contains("standard output: cannot write all of it"), "{line}{json}: {said}");
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn no_command_is_forgotten() {
    let env = TestEnv::new();
    env.run("man --all pages/man1").ok();
    let names = std::fs::read_dir(env.path("pages/man1")).unwrap();
    let names: BTreeSet<String> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        // What findings mean is a page of its own, of no command.
        .filter(|name| name != "configcid-findings.7")
        .map(|name| name.strip_suffix(".1").unwrap().to_owned())
        .collect();
    for name in &names {
        let page = env.text(&format!("pages/man1/{name}.1"));
        assert!(page.contains("EXIT STATUS") && page.contains("wrong usage"), "{name}: {page}");
        // A command with commands of its own does nothing itself.
        if names.iter().any(|other| other.starts_with(&format!("{name}-"))) {
            continue;
        }
        let words = name.trim_start_matches("configcid-").replace('-', " ");
        let is_there = LINES.iter().any(|line| line.starts_with(&words)) || ELSEWHERE.contains(&&*words);
        assert!(is_there, "{words} is in no list here");
    }
    assert!(env.text("pages/man1/configcid-relay-set.1").contains("always"), "the values of options are not shown");
}

#[test]
#[cfg(unix)]
fn a_reader_that_goes_is_no_error() {
    use std::io::{BufRead, BufReader};

    let env = TestEnv::demo();
    for line in ["completions bash", "man relay set", "catalog list MRESXP --json", "audit MRESXP", "--help"] {
        let mut command = env.command();
        command.args(line.split_whitespace());
        let mut child =
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::with_capacity(16, child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("panicked") && matches!(output.status.code(), Some(0 | 3)), "{line}: {said}");
    }
}

#[test]
fn usage_errors_of_the_parser_have_the_shape_that_was_asked_for() {
    let env = TestEnv::demo();
    for (line, command, next) in [
        ("relay sett MRESXP", "relay", Some("did you mean set?")),
        ("relay set MRESXP --netbios", "relay set", None),
        ("relay set MRESXP --net-bios MR", "relay set", Some("did you mean --netbios?")),
        ("catalog verify", "catalog verify", None),
        ("--dry-run relay set MRESXP --netbios MR", "relay set", None),
        ("envelopes check --system 2009", "envelopes check", None),
        ("audit MRESXP --fail-on wrning", "audit", Some("did you mean warning?")),
        ("audti MRESXP", "configcid", Some("did you mean configcid audit?")),
        ("--color always client check --nonsense", "client check", None),
    ] {
        let people = env.run(line).expect(2);
        assert!(people.stdout.is_empty() && people.stderr.starts_with("error: "), "{people}");
        let output = env.run(&format!("{line} --json")).expect(2);
        let json = output.json();
        assert_eq!(output.stderr.lines().next(), people.stderr.lines().next());
        assert_eq!((&json["command"], &json["error"]["kind"]), (&command.into(), &"usage".into()), "{output}");
        let what = json["error"]["what"].as_str().unwrap();
        assert!(!what.is_empty() && !what.contains('\n') && !what.starts_with("error"), "{output}");
        if let Some(next) = next {
            assert!(json["error"]["next"].as_str().unwrap().contains(next), "{output}");
        }
    }
    // Behind --, it is a name.
    assert_eq!(env.run("catalog verify -- --json").expect(1).stdout, "");
}

#[test]
fn what_writes_can_be_tried() {
    let mut env = TestEnv::demo();
    let state = env.path("state").to_string_lossy().into_owned();
    env.set("CONFIGCID_MESSENGER_STATE", state);
    let before = env.snapshot();
    let clone = env.run("clone MRESXP NEW --dry-run").ok().says("Would clone MRESXP to NEW");
    env.run("fleet init --dry-run").ok().says("Would write fleet.toml");
    env.run("fleet import MRESXP --dry-run").ok().says("Would write fleet.toml").says("[server]");
    env.run("recover MRESXP --dry-run").ok().says("Nothing to do");
    env.run("messenger ack id --dry-run").expect(2).complains("\"id\"");
    assert_eq!(env.snapshot(), before);
    for line in ["clone MRESXP NEW", "fleet init", "fleet import MRESXP"] {
        assert_eq!(env.run(&format!("{line} --dry-run --json")).ok().json()["dry_run"], true, "{line}");
    }
    assert_eq!(env.run("recover MRESXP --dry-run --json").ok().json()["cids"][0]["dry_run"], true);
    assert_eq!(env.snapshot(), before);
    // What would refuse the work refuses the trial.
    env.run("clone MRESXP MRESXP --dry-run").expect(1);
    env.run("clone MRESXP MRESXP/NEW --dry-run").expect(2);
    env.write("fleet.toml", "mine");
    env.run("fleet init --dry-run").expect(1).complains("--force");
    env.run("fleet import MRESXP --dry-run").expect(1).complains("--force");
    env.run("fleet init --force --dry-run").ok();
    assert_eq!(env.text("fleet.toml"), "mine");
    let done = env.run("clone MRESXP NEW").ok().stdout;
    let numbers = |text: &str| text.split(": ").nth(1).unwrap().trim().trim_end_matches(", compared").to_owned();
    assert_eq!(numbers(&clone.stdout), numbers(&done));
}

#[test]
#[cfg(feature = "faults")]
fn what_recover_would_do_is_what_it_does() {
    for fault in 1..40 {
        let env = TestEnv::demo();
        let mut command = env.command();
        command.args("relay set MRESXP --netbios MR --fqdn mr.acme".split(' '));
        command.env("CONFIGCID_FAULT", format!("{fault}:before"));
        let _ = command.output().unwrap();
        let before = env.snapshot();
        let would = env.run("recover MRESXP --dry-run --json").expect(0).json();
        assert_eq!(env.snapshot(), before);
        let did = env.run("recover MRESXP --json").expect(0).json();
        assert_eq!(would["cids"][0]["recovered"], did["cids"][0]["recovered"], "fault {fault}");
    }
}

#[test]
fn metrics_say_that_the_fleet_file_cannot_be_read() {
    let env = TestEnv::demo();
    env.run("fleet import MRESXP").ok();
    env.run("fleet status --metrics fleet.prom").expect(0);
    assert!(env.text("fleet.prom").contains("\nconfigcid_fleet_up 1\n"), "{}", env.text("fleet.prom"));
    env.write("fleet.toml", "[server\n");
    env.run("fleet status --metrics fleet.prom").expect(1).complains("fleet.toml");
    let text = env.text("fleet.prom");
    assert!(text.contains("\nconfigcid_fleet_up 0\n") && !text.contains("in_step"), "{text}");
    env.remove("fleet.toml");
    env.remove("fleet.prom");
    env.run("fleet status --metrics fleet.prom --json").expect(1);
    assert!(env.text("fleet.prom").contains("configcid_fleet_up 0"));
}
