//! Bounding what configcid keeps in a CID: `history --prune`.

use crate::support::{RELAY, TestEnv};

/// A CID that was changed six times, the second time by relay set-up.
fn changed() -> TestEnv {
    let env = TestEnv::demo();
    for number in 0..6 {
        if number == 1 {
            env.run(&format!("relay set MRESXP {RELAY}")).ok();
        } else {
            env.write("MRESXP/customer_ID.txt", format!("Acme {number}"));
            env.run("MRESXP").ok();
        }
    }
    env
}

/// How many lines the history has, and those of them that are of relay set-up.
fn lines(env: &TestEnv) -> (usize, usize) {
    let answer = env.run("history MRESXP --json").ok().json();
    let changes = answer["cids"][0]["changes"].as_array().unwrap().clone();
    let of_relay = changes.iter().filter(|change| change["purpose"].as_str().unwrap().contains("relay set")).count();
    (changes.len(), of_relay)
}

fn own_files(env: &TestEnv) -> Vec<String> {
    let names = std::fs::read_dir(env.path("MRESXP")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.retain(|name| name.starts_with(".configcid-"));
    names.sort();
    names
}

#[test]
fn the_history_is_bounded_by_count() {
    let env = changed();
    assert_eq!(lines(&env), (6, 1));
    let before = own_files(&env);
    env.run("history MRESXP --prune --keep 2 --dry-run")
        .ok()
        .says("Dry run")
        .says("3 changes would go from the history, 3 stay");
    assert_eq!((own_files(&env), lines(&env)), (before, (6, 1)));
    let answer = env.run("history MRESXP --prune --keep 2 --json").ok().json();
    let pruned = &answer["cids"][0]["pruned"];
    assert_eq!((pruned["removed"].as_u64(), pruned["left"].as_u64()), (Some(3), Some(3)), "{pruned}");
    assert_eq!(pruned["undo_ended"], false);
    assert_eq!(lines(&env), (3, 1));
    env.run("history MRESXP --prune --keep 2").ok().says("0 changes went from the history, 3 stay");
    // The last change can be undone still, and relay set-up taken back.
    env.run("undo MRESXP").ok();
    env.run("relay unset MRESXP").ok();
}

#[test]
fn what_is_old_goes_with_the_way_back() {
    let env = changed();
    let history = env.text("MRESXP/.configcid-history");
    let (first, rest) = history.split_once('\n').unwrap();
    let time = first.split("\"time\":\"").nth(1).unwrap().split('"').next().unwrap();
    env.write("MRESXP/.configcid-history", format!("{}\n{rest}", first.replace(time, "2001-09-09 01:46:40 UTC")));
    env.run("history MRESXP --prune").ok().says("1 change went from the history, 5 stay");
    assert!(own_files(&env).iter().any(|name| name.ends_with(".old")));
    let pruned = env.run("history MRESXP --prune --days 0").ok().says("4 changes went from the history, 1 stays");
    pruned.says("the last change can no longer be undone");
    assert_eq!(own_files(&env), [".configcid-history"]);
    env.run("undo MRESXP").expect(1).complains("there is no change to undo");
    env.run("catalog verify MRESXP").ok().says("No faults");
    env.run("relay unset MRESXP").ok();
}

#[test]
fn what_cannot_be_pruned_is_refused() {
    let env = changed();
    env.run("history MRESXP --keep 2").expect(2).complains("--prune");
    env.run("history nowhere --prune").expect(1);
    env.run("history MRESXP --prune --keep x").expect(2);
    env.write("MRESXP/.configcid-journal", "");
    env.run("history MRESXP --prune").expect(1).complains("configcid recover");
}

#[cfg(feature = "faults")]
#[test]
fn a_death_on_the_way_is_no_matter() {
    for step in 1.. {
        let mut env = changed();
        let before = env.snapshot();
        env.set("CONFIGCID_FAULT", format!("{step}:after"));
        let output = env.command().args(["history", "MRESXP", "--prune", "--days", "0"]).output().unwrap();
        env.set("CONFIGCID_FAULT", "");
        if output.status.success() {
            assert!(step > 8, "{step}");
            return;
        }
        // The first command that writes, or another try, breaks the lock of the dead.
        env.run("history MRESXP --prune --days 0").expect(0);
        assert_eq!(own_files(&env), [".configcid-history"], "{step}");
        assert_eq!(lines(&env), (1, 1), "{step}");
        assert_eq!(env.snapshot(), before, "{step}");
    }
}
