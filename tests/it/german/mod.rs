//! German says all that English says, by the catalogs in `templates/de/`. `docs/translating.md` says how a text is added.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::support::TestEnv;

// Sources are the same on every system, and are read on one that is not Windows.
#[cfg(not(windows))]
mod sources;

/// Each catalog by its name.
fn catalogs() -> BTreeMap<String, BTreeMap<String, String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/de");
    let mut catalogs = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = fs::read_to_string(&path).unwrap();
            let catalog = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            catalogs.insert(path.file_stem().unwrap().to_str().unwrap().to_owned(), catalog);
        }
    }
    catalogs
}

fn german() -> BTreeMap<String, String> {
    catalogs().into_values().flatten().collect()
}

#[test]
fn programs_are_answered_in_english_and_exit_codes_are_the_same() {
    let mut env = TestEnv::demo();
    for line in
        ["audit MRESXP", "audit nowhere", "relay show MRESXP", "--no-such-option", "audit", "catalog list MRESXP"]
    {
        let [english, german] = ["en", "de"].map(|language| {
            env.set("CONFIGCID_LANG", language);
            (env.run(line), env.run(&format!("{line} --json")))
        });
        assert_eq!(english.0.code, german.0.code, "{line}");
        let time = |text: &str| text.lines().filter(|line| !line.contains("\"at\"")).collect::<Vec<_>>().join("\n");
        assert_eq!(time(&english.1.stdout), time(&german.1.stdout), "{line}");
        assert_eq!((english.1.code, english.1.stderr), (german.1.code, german.1.stderr), "{line}");
    }
}

#[test]
fn a_language_is_chosen_by_option_and_by_variable() {
    let mut env = TestEnv::demo();
    let german = env.run("audit nowhere --lang de").expect(1);
    assert!(german.stderr.starts_with("Fehler: "), "{german}");
    assert!(env.run("audit nowhere").expect(1).stderr.starts_with("error: "));
    env.set("CONFIGCID_LANG", "de_AT.UTF-8");
    assert!(env.run("audit nowhere").expect(1).stderr.starts_with("Fehler: "));
    assert!(env.run("audit nowhere --lang en").expect(1).stderr.starts_with("error: "));
    env.set("CONFIGCID_LANG", "");
    env.set("LC_ALL", "de_DE.UTF-8");
    assert!(env.run("audit nowhere").expect(1).stderr.starts_with("Fehler: "));
    env.set("LC_ALL", "C");
    assert!(env.run("audit nowhere").expect(1).stderr.starts_with("error: "));
    let wrong = env.run("audit nowhere --lang fr").expect(2);
    assert!(wrong.stderr.contains("--lang"), "{wrong}");
}

/// The examples of the help run in German, each as it ends in English, and show no English text that has a German one.
#[test]
fn the_examples_are_told_in_german() {
    let german = german();
    let told: Vec<&str> =
        german.keys().map(String::as_str).filter(|key| !key.contains('{') && key.split(' ').count() > 3).collect();
    let mut env = TestEnv::new();
    env.run("demo demo").expect(0);
    env.set("CONFIGCID_LANG", "de");
    let lines = [
        "",
        "--help",
        "relay set --help",
        "man relay set",
        "explain",
        "explain entry-missing drifted TRANSIENT",
        "setup demo --list",
        "audit demo/MRESXP",
        "audit demo/ESXP demo/MRESXP --html audit.html",
        "relay show demo/MRESXP",
        "relay set demo/MRESXP --ip 10.1.200.66 --fqdn mr.sales.acme --netbios MR --dry-run",
        "relay set demo/MRESXP --ip 10.1.200.66 --fqdn mr.sales.acme --netbios MR --report report.html",
        "relay unset demo/MRESXP --dry-run",
        "relay registry --from demo/endpoint.reg --show",
        "relay check --reg demo/endpoint.reg --logs demo/Logs --at 2026-11-20",
        "history demo/MRESXP",
        "undo demo/MRESXP --dry-run",
        "recover demo/MRESXP",
        "catalog verify demo/MRESXP",
        "catalog list demo/ESXP",
        "catalog identify demo/ESXP",
        "clone demo/ESXP demo/NEW",
        "sync demo/ESXP demo/BRANCH1",
        "refresh demo/MRESXP",
        "client check --reg demo/endpoint.reg --expect 10.1.200.65",
        "endpoints survey demo/endpoint.reg --cid demo/MRESXP",
        "fleet import demo/ESXP demo/MRESXP",
        "fleet check",
        "fleet status",
        "fleet plan",
        "fleet report --out fleet.html",
        "fleet runbook",
        "envelopes check demo/Envelopes --endpoints 1 --logs demo/Logs --html envelopes.html",
        "envelopes logs demo/Logs",
        "envelopes expire demo/Envelopes --older-than 14d --move-to aside --dry-run",
        "envelopes move D:\\Envelopes --console-version 5.2",
        "manifest create demo/ESXP/sau --output manifest.dat",
        "manifest verify manifest.dat --files demo/ESXP/sau",
        "mrinit show demo/MRESXP/rms/mrinit.conf",
        "audit nowhere",
        "relay set demo/MRESXP --ip 10.1.200.650",
        "clone demo/ESXP demo/ESXP",
        "nosuchcommand",
    ];
    let mut wrong = Vec::new();
    for line in lines {
        let output = env.run(line);
        let mut text = output.stdout + &output.stderr;
        for page in line.split(' ').filter(|word| word.ends_with(".html")) {
            text += &env.text(page);
        }
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        wrong.extend(told.iter().filter(|key| text.contains(**key)).map(|key| format!("{line}: {key}")));
    }
    assert!(wrong.is_empty(), "told in English:\n{}", wrong.join("\n"));
}
