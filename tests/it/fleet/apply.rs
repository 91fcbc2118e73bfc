//! `fleet plan` and `fleet apply`.

use std::fs;

use configcid::DemoCid;
use configcid::plan::{LockOptions, Writer};

use super::check::{RELAY, SERVER, env};
use crate::support::layout::crc32;
use crate::support::{Output, RELAY_LIST, TestEnv, check_cid, snapshot_tree, stamps};

/// What `MRParentAddress` is in a new CID.
pub(super) const PARENT: &str = "\"MRParentAddress\"=\"Server.Sales.Acme,SERVER\"";

/// A relay below that of [`RELAY`].
pub(super) const BELOW: &str =
    "[[relay]]\nname = 'Below'\nip = '10.1.200.66'\nfqdn = 'below.sales.acme'\nnetbios = 'BELOW'\nparent = 'MR'\n";
pub(super) const BELOW_LIST: &str = "10.1.200.66,below.sales.acme,BELOW";

pub(super) fn cid(path: &str, relay: &str) -> String {
    format!("[[cid]]\npath = '{path}'\nrelay = '{relay}'\n")
}

/// A server, two relays, one below the other, and a CID of each.
pub(super) fn chain() -> TestEnv {
    let env = env(&format!("{BELOW}{}{}{}", cid("A", "mr"), cid("B", "Below"), cid("S", "server")));
    ["A", "B", "S"].iter().for_each(|name| drop(env.cid(name, DemoCid::default())));
    env
}

/// Each CID with its status.
fn statuses(output: &Output) -> Vec<(String, String)> {
    let answer = output.json();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    answer["cids"].as_array().unwrap().iter().map(|cid| (text(&cid["cid"]), text(&cid["status"]))).collect()
}

#[track_caller]
fn assert_statuses(output: &Output, expected: &[(&str, &str)]) {
    let expected: Vec<_> = expected.iter().map(|(cid, status)| ((*cid).to_owned(), (*status).to_owned())).collect();
    assert_eq!(statuses(output), expected, "{output}");
}

#[test]
fn a_chain_of_relays_is_set_up_and_nothing_else() {
    let env = chain();
    let before = env.snapshot();
    let plan = env.run("fleet plan").ok();
    assert_eq!(env.snapshot(), before);
    plan.says("A: would report to MR")
        .says(&format!("ParentRouterAddress set to {BELOW_LIST}, MRParentAddress set to {RELAY_LIST}, since the parent of this relay is a relay"))
        .says("2 planned, 1 unchanged of 3 CIDs");
    assert_statuses(&env.run("fleet apply --json").ok(), &[("A", "changed"), ("B", "changed"), ("S", "unchanged")]);
    let (a, b) = (env.text("A/rms/mrinit.conf"), env.text("B/rms/mrinit.conf"));
    let demo = DemoCid::default().mrinit();
    let line = |key: &str, list: &str| format!("\"{key}\"=\"{list}\"");
    let server = line("ParentRouterAddress", "Server.Sales.Acme,SERVER");
    assert_eq!(a, demo.replace(&server, &line("ParentRouterAddress", RELAY_LIST)));
    let expected = demo.replace(&server, &line("ParentRouterAddress", BELOW_LIST));
    assert_eq!(b, expected.replace(PARENT, &line("MRParentAddress", RELAY_LIST)));
    for name in ["A", "B", "S"] {
        check_cid(&env.path(name), crc32);
        assert_eq!(env.text(&format!("{name}/mrinit.conf")), demo);
    }
    assert!(!env.path("S/rms/mrinit.conf").exists() && !env.path("S/.configcid-last").exists());
    // Again, and nothing is written.
    let times = stamps(&env.path(""));
    env.run("fleet apply").ok().says("3 unchanged of 3 CIDs");
    assert_eq!(stamps(&env.path("")), times);
    env.run("history B").ok().says(&format!("fleet apply: relay set {BELOW_LIST}"));
    env.run("undo B").ok();
    assert!(!env.path("B/rms/mrinit.conf").exists());
}

#[test]
fn the_parent_of_a_relay_is_set_only_where_the_file_says_that_it_is_a_relay() {
    let env = chain();
    env.run("fleet apply").ok();
    // The same relay, which reports to the server from now on: what apply set it takes back, else relays that change
    // places would make a loop.
    env.replace("fleet.toml", "parent = 'MR'\n", "");
    env.replace("fleet.toml", "10.1.200.66", "10.1.200.67");
    env.run("fleet apply").expect(0).says("MRParentAddress set back to Server.Sales.Acme,SERVER");
    let b = env.text("B/rms/mrinit.conf");
    assert!(b.contains(PARENT) && b.contains("10.1.200.67"), "{b}");
    env.run("fleet status").ok();
    // So is a relay that would be its own parent.
    env.run(&format!("mrinit set B/rms/mrinit.conf MRParentAddress {}", BELOW_LIST.replace("66", "67"))).ok();
    env.run("B").expect(0);
    env.run("fleet status").expect(3).says("B    Below    drifted").says("MRParentAddress is ");
    env.run("fleet apply").expect(0);
    assert_eq!(env.text("B/rms/mrinit.conf"), b);
    // A parent that the file does not know stays, and that is told.
    env.run("mrinit set B/rms/mrinit.conf MRParentAddress 10.99.0.1,other.example,OTHER").ok();
    env.run("B").expect(0);
    let output = env.run("fleet apply").expect(3);
    let output = output.complains(
        "\\rms\\mrinit.conf: MRParentAddress is 10.99.0.1,other.example,OTHER, and the parent of Below is the server",
    );
    assert!(!output.stdout.contains("MRParentAddress set"), "{output}");
    env.run("fleet status").expect(3).says("B    Below    drifted").says("MRParentAddress is ");
}

#[test]
fn endpoints_come_back_to_the_server() {
    let env = chain();
    env.run("fleet apply").ok();
    env.replace("fleet.toml", "path = 'A'\nrelay = 'mr'", "path = 'A'");
    env.run("fleet plan")
        .ok()
        .says("A: would report to Server1")
        .says("ParentRouterAddress set to Server.Sales.Acme,SERVER");
    env.run("fleet apply").ok();
    assert_eq!(env.text("A/rms/mrinit.conf"), DemoCid::default().mrinit());
    env.run("fleet status").ok();
    // Customers' files of a CID of the server are brought in line, too.
    env.write("S/customer_ID.txt", "Acme");
    env.run("fleet plan").ok().says("S: would report to Server1").says("Adding entry for \\customer_ID.txt");
    env.run("fleet apply").ok().says("1 changed, 2 unchanged of 3 CIDs");
    check_cid(&env.path("S"), crc32);
}

#[test]
fn cids_for_mac_and_linux_have_their_root_edited() {
    let text = "[[cid]]\npath = 'M'\nplatform = 'mac'\nrelay = 'MR'\n[[cid]]\npath = 'L'\nplatform = 'linux'\nrelay = 'Below'\n";
    let env = env(&format!("{BELOW}{text}"));
    for name in ["M", "L"] {
        env.write(&format!("{name}/mrinit.conf"), DemoCid::default().mrinit());
        env.write(&format!("{name}/engine.dat"), "made up");
    }
    env.run("catalog create M L").ok();
    env.run("fleet check").ok();
    env.run("fleet status").expect(3).says("2 behind");
    env.run("fleet apply").ok().says("2 changed");
    assert!(env.text("M/mrinit.conf").contains(RELAY_LIST) && env.text("M/mrinit.conf").contains(PARENT));
    assert!(env.text("L/mrinit.conf").contains(&format!("\"MRParentAddress\"=\"{RELAY_LIST}\"")));
    env.run("fleet status").ok().says("2 in step");
}

#[test]
fn a_file_against_the_rules_touches_nothing() {
    let env = chain();
    env.replace("fleet.toml", "parent = 'MR'", "parent = 'Below'");
    let before = env.snapshot();
    for command in ["plan", "apply"] {
        let output = env.run(&format!("fleet {command}")).expect(3);
        output.says("fleet.toml:15: error (cycle): Below is its own parent").says("Nothing was touched");
        let answer = env.run(&format!("fleet {command} --json")).expect(3).json();
        assert_eq!((&answer["findings"][0]["code"], &answer["cids"]), (&"cycle".into(), &serde_json::json!([])));
    }
    env.write("fleet.toml", "[server]\nnmae = 'S'\n");
    env.refuses(1, "fleet apply").complains("did you mean name?");
    assert_eq!(env.path("A").read_dir().unwrap().count(), 7);
    assert_ne!(env.snapshot(), before);
}

#[test]
fn one_that_fails_neither_stops_nor_spoils_others() {
    let names: Vec<String> = (0..12).map(|number| format!("C{number:02}")).collect();
    let env = env(&names.iter().map(|name| cid(name, "MR")).collect::<String>());
    for (number, name) in names.iter().enumerate() {
        match number {
            3 => {}
            7 => env.write(&format!("{name}/setup.exe"), "no CID"),
            _ => drop(env.cid(name, DemoCid::default())),
        }
    }
    env.remove("C01/rms/agent.dll");
    let lock = Writer::lock(&env.path("C05"), LockOptions::default()).unwrap();
    let bad = ["C01", "C03", "C05", "C07"];
    let trees = |env: &TestEnv| {
        let tree = |name: &&str| env.path(name).exists().then(|| snapshot_tree(&env.path(name)));
        bad.iter().map(tree).collect::<Vec<Option<_>>>()
    };
    let before = trees(&env);
    let output = env.run("fleet apply --jobs 4 --wait 0 --result result.json").expect(4);
    let output = output
        .says("8 changed, 4 failed of 12 CIDs")
        .says("failed (damage)")
        .says("failed (locked)")
        .says("failed (not-a-cid)");
    assert_eq!(output.stderr.lines().filter(|line| line.starts_with("error: C")).count(), 4, "{output}");
    assert_eq!(trees(&env), before);
    let result: serde_json::Value = serde_json::from_str(&env.text("result.json")).unwrap();
    assert_eq!(
        (&result["schema"], &result["exit_code"], &result["command"]),
        (&1.into(), &4.into(), &"fleet apply".into())
    );
    assert_eq!(result["counts"], serde_json::json!({ "changed": 8, "failed": 4 }));
    for (number, name) in names.iter().enumerate() {
        let status = if bad.contains(&name.as_str()) { "failed" } else { "changed" };
        assert_eq!(
            (&result["cids"][number]["cid"], &result["cids"][number]["status"]),
            (&name.as_str().into(), &status.into())
        );
        if status == "changed" {
            assert!(env.text(&format!("{name}/rms/mrinit.conf")).contains(RELAY_LIST));
            check_cid(&env.path(name), crc32);
        }
    }
    // The causes are removed: only what is left is done.
    drop(lock);
    fs::remove_dir_all(env.path("C07")).unwrap();
    for name in ["C03", "C07"] {
        env.cid(name, DemoCid::default());
    }
    env.run("fleet apply --accept-damage").expect(0).says("4 changed, 8 unchanged of 12 CIDs");
    env.run("fleet apply --accept-damage --jobs 1").expect(0).says("12 unchanged of 12 CIDs");
}

#[test]
fn a_result_that_could_not_be_written_is_refused_before_anything_is_touched() {
    let env = chain();
    for file in ["nowhere/result.json", "A"] {
        env.refuses(2, &format!("fleet apply --result {file}"));
    }
    env.run("fleet plan --result plan.json").ok();
    let json = env.run("fleet plan --json").ok().json();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&env.text("plan.json")).unwrap(), json);
    env.run("fleet apply --dry-run").ok().says("2 planned");
    env.run("fleet plan --jobs 0").expect(2);
}

/// Every file that is not a record of our own.
#[cfg(all(feature = "faults", target_os = "linux"))]
fn contents(env: &TestEnv) -> Vec<(std::path::PathBuf, crate::support::Node)> {
    let tree = env.snapshot().into_iter();
    tree.filter(|(path, _)| !path.file_name().unwrap().to_string_lossy().starts_with(".configcid-")).collect()
}

#[cfg(all(feature = "faults", target_os = "linux"))]
#[test]
fn after_a_death_at_any_step_the_next_run_does_what_is_left() {
    use std::process::Stdio;

    let done = chain();
    let mut count = done.command();
    let steps = done.path("steps");
    count
        .args(["fleet", "apply", "--jobs", "1"])
        .env("CONFIGCID_FAULT", "1:count")
        .env("CONFIGCID_FAULT_COUNT", &steps);
    done.finish(count).ok();
    let number = fs::read_to_string(&steps).unwrap().lines().count();
    fs::remove_file(&steps).unwrap();
    assert!(number > 20, "{number} steps");
    let expected = contents(&done);
    // Each CID's own change is tried at every step elsewhere.
    for step in (1..=number).step_by(5) {
        let env = chain();
        let jobs = (1 + step % 2).to_string();
        let mut command = env.command();
        command.args(["fleet", "apply", "--jobs", &jobs]).env("CONFIGCID_FAULT", format!("{step}:before"));
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(!status.success(), "step {step}");
        env.run("fleet apply").expect(0).says("3 CIDs");
        assert_eq!(contents(&env), expected, "step {step}");
        env.run("fleet status").ok();
    }
}

/// A run on three CIDs that waits for the lock of the second one, and was told to stop.
#[cfg(target_os = "linux")]
fn interrupted() -> (TestEnv, std::process::Child, Writer) {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    let env = env(&["A", "B", "C"].map(|name| cid(name, "MR")).concat());
    ["A", "B", "C"].iter().for_each(|name| drop(env.cid(name, DemoCid::default())));
    let lock = Writer::lock(&env.path("B"), LockOptions::default()).unwrap();
    let mut command = env.command();
    command.args(["fleet", "apply", "--jobs", "1", "--wait", "100", "--json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while !env.path("A/.configcid-last").exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::yield_now();
    }
    interrupt(&child);
    let mut said = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut said).unwrap();
    assert!(said.starts_with("stopping: "), "{said}");
    (env, child, lock)
}

#[cfg(target_os = "linux")]
fn interrupt(child: &std::process::Child) {
    use rustix::process::{Pid, Signal, kill_process};
    kill_process(Pid::from_child(child), Signal::INT).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_ends_what_is_under_way_and_begins_nothing_more() {
    let (env, child, lock) = interrupted();
    drop(lock);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&answer["interrupted"], &answer["cids"][0]["status"]), (&true.into(), &"changed".into()));
    assert_eq!(answer["cids"][2]["status"], "left");
    assert!(!env.path("C/rms/mrinit.conf").exists());
    env.run("fleet apply").ok().says("of 3 CIDs");
    env.run("fleet status").ok().says("3 in step");
}

#[cfg(target_os = "linux")]
#[test]
fn a_second_interrupt_ends_it_at_once() {
    let (env, child, lock) = interrupted();
    interrupt(&child);
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
    drop(lock);
    // The first one may have been in its very last steps: then its lock is left, which the next run says.
    env.run("fleet apply").expect(0).says("2 changed, 1 unchanged of 3 CIDs");
    env.run("fleet status").ok().says("3 in step");
}

#[test]
fn a_dry_look_at_the_server_alone_says_that_there_is_nothing() {
    let env = TestEnv::new();
    env.write("fleet.toml", format!("{SERVER}{RELAY}"));
    env.run("fleet plan").ok().says("no CIDs");
    env.run("fleet apply").ok();
    env.run("fleet status").ok().says("no CIDs");
}
