//! The monitoring pack, `templates/monitoring/`: each file is tried with the program that it is for, and speaks of what
//! configcid writes and takes.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

#[cfg(unix)]
use crate::support::RELAY;
use crate::support::TestEnv;
use crate::support::browser::{have, have_with};

fn place(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/monitoring")).join(name)
}

fn file(name: &str) -> String {
    fs::read_to_string(place(name)).unwrap().replace('\r', "")
}

/// Two CIDs, one of them behind the fleet file, and a folder of messages.
fn estate() -> TestEnv {
    let env = TestEnv::new();
    env.run("demo demo").ok();
    env.run("fleet import demo/ESXP demo/MRESXP --out fleet.toml").expect(0);
    env.run("audit demo/ESXP --save seen.json").expect(0);
    env
}

/// All metrics that configcid writes, and their labels.
fn metrics(env: &TestEnv) -> (BTreeSet<String>, BTreeSet<String>) {
    let parent = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Sophos\\Messaging System\\Router";
    let export = format!("REGEDIT4\r\n\r\n[{parent}]\r\n\"ParentAddress\"=\"10.0.0.1,SERVER1\"\r\n");
    fs::create_dir(env.path("survey")).unwrap();
    fs::write(env.path("survey/PC01.reg"), export).unwrap();
    let fleet = env.text("fleet.toml").replacen("[[relay]]", "[[relay]]\nendpoints = 10", 1);
    fs::write(env.path("counted.toml"), fleet).unwrap();
    env.run("fleet status counted.toml --survey survey --metrics fleet.prom");
    env.run("envelopes check demo/Envelopes --endpoints 100 --metrics envelopes.prom").expect(0);
    let text = env.text("fleet.prom") + &env.text("envelopes.prom");
    let (mut names, mut labels) = (BTreeSet::new(), BTreeSet::new());
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, rest) = line.split_at(line.find(['{', ' ']).unwrap());
        names.insert(name.to_owned());
        labels.extend(rest.split(['{', ',']).filter_map(|part| Some(part.split_once("=\"")?.0.to_owned())));
    }
    (names, labels)
}

/// The metrics of ours that a text names.
fn named(text: &str) -> BTreeSet<String> {
    let is_of_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let words = text.split(|c| !is_of_name(c));
    words.filter(|word| word.starts_with("configcid_")).map(str::to_owned).collect()
}

/// The queries of the dashboard, each with its legend.
fn queries() -> Vec<(String, String)> {
    let dashboard: Value = serde_json::from_str(&file("grafana-dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().clone();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap().clone());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    targets.map(|target| (text(&target["expr"]), text(&target["legendFormat"]))).collect()
}

#[test]
fn alerts_are_what_prometheus_takes_and_go_off_when_they_should() {
    let folder = place("");
    if !have("promtool") {
        return;
    }
    for args in [["check", "rules", "prometheus-rules.yml"], ["test", "rules", "prometheus-rules.test.yml"]] {
        let output = Command::new("promtool").args(args).current_dir(&folder).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains("SUCCESS"), "{said}");
    }
    // Each alert is tried.
    let tests = file("prometheus-rules.test.yml");
    let rules = file("prometheus-rules.yml");
    let alerts: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() > 6);
    for alert in alerts {
        assert!(tests.contains(&format!("alertname: {alert}\n        exp_alerts:\n")), "{alert} is not tried");
    }
}

#[test]
fn queries_and_alerts_speak_of_metrics_that_configcid_writes() {
    let (names, labels) = metrics(&estate());
    let queries = queries();
    let of_dashboard: BTreeSet<String> = queries.iter().flat_map(|(query, _)| named(query)).collect();
    let of_rules: BTreeSet<String> =
        file("prometheus-rules.yml").lines().filter(|line| line.contains("expr:")).flat_map(named).collect();
    assert!(of_rules.len() > 5);
    for name in of_dashboard.union(&of_rules) {
        assert!(names.contains(name), "configcid writes no {name}: {names:?}");
    }
    // What is written is shown, but for the number that somebody gave.
    let hidden: Vec<&String> = names.difference(&of_dashboard).collect();
    assert_eq!(hidden, ["configcid_envelopes_endpoints"]);
    for (query, legend) in &queries {
        for label in legend.split("{{").skip(1).filter_map(|part| Some(part.split_once("}}")?.0)) {
            assert!(labels.contains(label), "{query} has no label {label}: {labels:?}");
        }
    }
    if !have("promtool") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let rules = queries.iter().enumerate().map(|(index, (query, _))| {
        format!("  - record: query_{index}\n    expr: {}\n", serde_json::to_string(query).unwrap())
    });
    let path = dir.path().join("queries.yml");
    fs::write(&path, format!("groups:\n- name: dashboard\n  rules:\n{}", rules.collect::<String>())).unwrap();
    let output = Command::new("promtool").args(["check", "rules"]).arg(&path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Runs configcid by words in which the places of an example stand for ours.
fn tried(env: &TestEnv, words: &str) -> crate::support::Output {
    let ours = [
        ("/etc/configcid/fleet.toml", "fleet.toml"),
        (r"C:\ProgramData\configcid\fleet.toml", "fleet.toml"),
        ("/srv/envelopes", "demo/Envelopes"),
        ("envelopes check --endpoints", "envelopes check demo/Envelopes --endpoints"),
        ("/srv/cids/MRESXP", "demo/ESXP"),
        (r"C:\CIDs\MRESXP", "demo/ESXP"),
        ("/var/lib/configcid/MRESXP.json", "seen.json"),
        (r"C:\ProgramData\configcid\MRESXP.json", "seen.json"),
        ("/var/lib/prometheus/node-exporter/", ""),
        (r"C:\ProgramData\configcid\", ""),
    ];
    env.run(&ours.iter().fold(words.to_owned(), |words, (theirs, ours)| words.replace(theirs, ours)))
}

#[test]
fn timers_and_tasks_run_commands_that_there_are() {
    let env = estate();
    let service = file("configcid-check@.service");
    let arguments: Vec<&str> = service.lines().filter_map(|line| Some(line.split_once("ARGUMENTS=")?.1)).collect();
    let task = file("windows-task.xml");
    let of_task = task.lines().filter_map(|line| line.trim().strip_prefix("<Arguments>")?.strip_suffix("</Arguments>"));
    let of_task = of_task.map(|line| match line.split_once("configcid.exe\" ") {
        Some((_, rest)) => rest.split(" &gt;").next().unwrap(),
        None => line,
    });
    let commands: Vec<&str> = arguments.into_iter().chain(of_task).collect();
    assert_eq!(commands.len(), 6);
    for command in commands {
        assert!(!tried(&env, command).expect(0).stdout.is_empty(), "{command}");
    }
    assert!(env.path("configcid-fleet.prom").exists() && env.path("configcid-envelopes.prom").exists());
    if have_with("xmllint", "--version") {
        assert!(Command::new("xmllint").arg("--noout").arg(place("windows-task.xml")).status().unwrap().success());
    }
}

#[cfg(unix)]
#[test]
fn nagios_gets_its_own_codes() {
    let env = estate();
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_configcid")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    // The commands of Nagios, and those of Icinga 2 as the words that it makes of them.
    let commands: Vec<String> = file("nagios.cfg")
        .lines()
        .filter_map(|line| line.trim().strip_prefix("command_line").map(|line| line.trim().to_owned()))
        .chain([
            "$USER1$/check_configcid fleet status $ARG1$".to_owned(),
            "$USER1$/check_configcid audit $ARG1$ --since $ARG2$".to_owned(),
            "configcid envelopes check --nagios $ARG1$ --endpoints $ARG2$".to_owned(),
        ])
        .collect();
    assert_eq!(commands.len(), 6);
    let run = |line: &str, one: &str, two: &str, code: i32, says: &str| {
        let line = line.replace("$USER1$", place("").to_str().unwrap().trim_end_matches('/'));
        let line = line.replace("$ARG1$", one).replace("$ARG2$", two);
        let mut command = Command::new("sh");
        command.args(["-c", &line]);
        let mut command = env.clean(command);
        let output = command.env("PATH", &path).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(code), "{line}: {said}");
        assert!(said.lines().next().unwrap().contains(says), "{line}: {said}");
    };
    let each = |is_well: bool| {
        for line in &commands {
            let (code, word) = if is_well { (0, "OK") } else { (2, "CRITICAL") };
            match line {
                line if line.contains("fleet") => run(line, "fleet.toml", "", code, word),
                line if line.contains("audit") => run(line, "demo/ESXP", "seen.json", code, word),
                line => run(line, "demo/Envelopes", if is_well { "100" } else { "0" }, if is_well { 0 } else { 3 }, ""),
            }
        }
    };
    each(true);
    env.run(&format!("relay set demo/MRESXP {} --fqdn other.acme", RELAY.split(" --fqdn").next().unwrap())).expect(0);
    env.write("demo/ESXP/savxp/engine.dll", "other bytes");
    each(false);
    for line in commands.iter().filter(|line| line.contains("check_configcid")) {
        run(line, "nowhere", "nowhere.json", 3, "UNKNOWN");
    }
    // Nothing that configcid prints is taken for performance data.
    env.write("a|b.toml", "nonsense");
    run("$USER1$/check_configcid fleet status 'a|b.toml'", "", "", 3, "UNKNOWN - fleet: ");
    // Each argument of Icinga is one that configcid takes.
    for option in file("icinga2.conf").split('"').filter(|word| word.starts_with("--")) {
        assert!(commands.iter().any(|line| line.contains(option)), "{option}");
    }
}
