//! The examples in the help of commands are doctests of the command line: each runs, on the CIDs of `configcid demo`.

#![cfg(unix)]

use std::collections::BTreeSet;
use std::process::Command;

use crate::support::{TestEnv, in_parallel};

/// The words of each command that does something itself.
fn commands(env: &TestEnv) -> BTreeSet<String> {
    env.run("man --all pages").ok();
    let names: BTreeSet<String> = std::fs::read_dir(env.path("pages"))
        .unwrap()
        .filter_map(|entry| Some(entry.unwrap().file_name().to_str()?.strip_suffix(".1")?.to_owned()))
        .collect();
    let leaves = names.iter().filter(|name| !names.iter().any(|other| other.starts_with(&format!("{name}-"))));
    leaves.map(|name| words(&env.text(&format!("pages/{name}.1")))).collect()
}

/// The words of a command, by its page: the page's name has a dash between two words, and one within a word, too.
fn words(page: &str) -> String {
    let line = page.lines().skip_while(|line| *line != ".SH SYNOPSIS").nth(1).unwrap();
    let words = line.strip_prefix("\\fBconfigcid").and_then(|line| line.split_once("\\fR")).unwrap().0;
    words.trim().replace("\\-", "-")
}

/// The examples of a command's help: the line, and what it does.
fn examples(help: &str) -> Vec<(String, String)> {
    let Some((_, examples)) = help.split_once("Examples, where `configcid demo demo` was run:\n") else {
        return Vec::new();
    };
    let mut lines = examples.lines();
    let mut found = Vec::new();
    while let Some(line) = lines.next().and_then(|line| line.strip_prefix("  configcid ")) {
        let what = lines.next().and_then(|line| line.strip_prefix("      ")).unwrap_or_default();
        found.push((line.to_owned(), what.to_owned()));
    }
    found
}

/// Runs a line as a shell does.
fn run(env: &TestEnv, line: &str) -> crate::support::Output {
    let mut words = Command::new("bash");
    words.args(["-c", &format!("printf '%s\\0' {line}")]);
    let words = String::from_utf8(words.output().unwrap().stdout).unwrap();
    env.run_args(words.split_terminator('\0'))
}

#[test]
fn every_command_has_two_examples_that_run() {
    let names = commands(&TestEnv::new());
    assert!(names.len() > 50, "{names:?}");
    let names: Vec<&String> = names.iter().collect();
    in_parallel(names.len(), |_, number| runs(names[number]));
}

fn runs(name: &str) {
    let mut env = TestEnv::new();
    let state = env.path("state").to_string_lossy().into_owned();
    env.set("CONFIGCID_MESSENGER_STATE", state);
    env.run("demo demo").ok();
    if name == "manifest sign" {
        let (key, cert) = (env.path("signer.key.pem"), env.path("signer.pem"));
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=signer", "-keyout"]);
        assert!(openssl.arg(key).arg("-out").arg(cert).output().unwrap().status.success());
    }
    if name.starts_with("messenger") {
        // The program that builds is put into the package: here, it is none for Windows.
        env.write("demo/configcid.exe", "MZ and so on");
        env.write("demo/package.toml", env.text("demo/package.toml") + "program = \"configcid.exe\"\n");
    }
    let help = env.run(&format!("{name} --help")).ok().stdout;
    let examples = examples(&help);
    assert!(examples.len() >= 2, "{name} has no two examples: {help}");
    assert!(examples.iter().any(|(line, _)| line.starts_with(name)), "{name}: {help}");
    for (line, what) in examples {
        assert!(what.len() > 2, "{name}: {line} does not say what it does");
        let code = match () {
            () if what.ends_with("exit code 3") => 3,
            () if what.ends_with("on Windows alone") => 2,
            () => 0,
        };
        run(&env, &line).expect(code);
    }
}

#[test]
fn the_program_alone_shows_where_to_start() {
    let env = TestEnv::new();
    env.run("demo demo").ok();
    let start = env.run("").expect(2);
    let lines: Vec<&str> = start.stdout.lines().filter_map(|line| line.strip_prefix("  configcid ")).collect();
    assert_eq!(lines.len(), 5, "{start}");
    // A line shows its words in columns, with places in capitals.
    for (line, name) in lines.iter().zip(["demo", "audit", "clone", "relay set", "<CID>"]) {
        assert!(line.starts_with(name), "{line}");
    }
    start.says("configcid --help");
    let json = env.run("--json").expect(2);
    assert_eq!((&json.json()["error"]["kind"], json.stdout.starts_with('{')), (&"usage".into(), true));
    json.complains("name a CID or a command");
}
