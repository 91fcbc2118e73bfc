//! What the documents show is what is there and works.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::layout::crc32;
use crate::support::{RELAY_LIST, TestEnv, check_cid};

fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(path).unwrap().replace('\r', "")
}

/// The block of code of one language in a document.
fn block(document: &str, language: &str) -> String {
    let (_, rest) = document.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_nsis_example_is_the_installer_that_is_tested() {
    let script = document("scripts/installer/relay.nsi");
    let mut lines = script.lines().map(str::trim);
    let example = block(&document("docs/c-interface.md"), "nsis");
    assert!(example.lines().count() > 5);
    for line in example.lines().map(str::trim).filter(|line| !line.is_empty()) {
        assert!(lines.any(|of_script| of_script == line), "not in relay.nsi, or not in this order: {line}");
    }
}

/// Runs each command of a pipeline on a fresh CID, as the pipeline does.
fn run_all(commands: &[String], run: impl Fn(&TestEnv, &str) -> Command) {
    let mut env = TestEnv::demo();
    let folder = Path::new(env!("CARGO_BIN_EXE_configcid")).parent().unwrap();
    let path = std::env::join_paths(
        [std::path::absolute(folder).unwrap()]
            .into_iter()
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    for (name, value) in [
        ("PATH", path.unwrap().to_str().unwrap()),
        ("CID", env.path("MRESXP").to_str().unwrap()),
        ("RELAY", "--ip 10.1.200.65 --fqdn MRComputer.Sales.Acme --netbios MRComputer"),
        ("IP", "10.1.200.65"),
        ("FQDN", "MRComputer.Sales.Acme"),
        ("NETBIOS", "MRComputer"),
    ] {
        env.set(name, value);
    }
    assert!(commands.len() > 3);
    for command in commands {
        env.finish(env.clean(run(&env, command))).ok();
    }
    check_cid(&env.path("MRESXP"), crc32);
    assert!(env.text("MRESXP/rms/mrinit.conf").contains(RELAY_LIST));
    assert!(env.text("relay.json").contains("\"status\": \"changed\""));
    env.run("undo MRESXP").ok();
}

#[cfg(unix)]
#[test]
fn the_steps_of_the_github_example_work() {
    let pipelines = document("docs/pipelines.md");
    let yaml = block(&pipelines, "yaml");
    let relay = yaml.lines().find_map(|line| line.trim().strip_prefix("RELAY: ")).unwrap().to_owned();
    assert_eq!(relay, crate::support::RELAY);
    let mut commands = Vec::new();
    let mut lines = yaml.lines().peekable();
    while let Some(line) = lines.next() {
        match line.trim().strip_prefix("run: ") {
            Some("|") => {
                let indent = |line: &str| line.len() - line.trim_start().len();
                let own = indent(line);
                let mut script = String::new();
                while lines.peek().is_some_and(|next| indent(next) > own) {
                    script += &format!("{}\n", lines.next().unwrap().trim());
                }
                commands.push(script);
            }
            Some(command) => commands.push(command.to_owned()),
            None => {}
        }
    }
    run_all(&commands, |_, command| {
        let mut bash = Command::new("bash");
        bash.args(["-e", "-c", command]);
        bash
    });
}

#[cfg(windows)]
#[test]
fn the_steps_of_the_jenkins_example_work() {
    let pipelines = document("docs/pipelines.md");
    let groovy = block(&pipelines, "groovy");
    let commands: Vec<String> =
        groovy.split("bat '").skip(1).map(|rest| rest.split('\'').next().unwrap().to_owned()).collect();
    run_all(&commands, |env, command| {
        // As Jenkins does, in a file.
        env.write("step.bat", format!("@echo off\r\n{command}\r\n"));
        let mut cmd = Command::new("cmd");
        cmd.args(["/c", "step.bat"]);
        cmd
    });
}
