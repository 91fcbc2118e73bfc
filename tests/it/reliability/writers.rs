//! Two writers at once, and locks that somebody left.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::support::{
    Copy, Ends, ONE, Run, State, TWO, command, difference, finish, litter, make_cid, report, rounds, run,
    run_with_fault, scratch, start, state,
};

const LOCK: &str = ".configcid-lock";

/// The kind of the error in a JSON answer.
fn kind(run: &Run) -> String {
    let answer: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("no answer: {run:?}"));
    answer["cids"][0]["error"]["kind"].as_str().unwrap_or_default().to_owned()
}

/// Two CIDs, each as if one of the writers had been alone.
fn alone(base: &Path, a: &[&str], b: &[&str]) -> [State; 2] {
    [a, b].map(|args| {
        let cid = Copy::of(base, "alone");
        run(&cid, args).exits(0, "alone");
        state(&cid)
    })
}

fn is_whole(cid: &Path, context: &str) {
    assert_eq!(litter(cid), [""; 0], "{context}: left over");
    run(cid, &["catalog verify"]).exits(0, context);
}

#[test]
fn two_writers_started_together() {
    for wait in ["0", "30"] {
        let scratch = scratch();
        let base = scratch.path().join("base");
        make_cid(&base);
        let args = |address: &[&'static str]| [&["relay set"], address, &["--json", "--wait", wait]].concat();
        let ends = alone(&base, &args(ONE), &args(TWO));
        let rounds = rounds(25);
        let (mut both, mut refused) = (0, 0);
        let mut winners = [0; 2];
        for round in 0..rounds {
            let context = format!("--wait {wait}, round {round}");
            let cid = Copy::of(&base, "both");
            let mut children = [ONE, TWO].map(|address| start(command(&cid, &args(address))));
            // Whoever is started first has no advantage over all rounds.
            children.rotate_left(round % 2);
            let runs = children.map(finish);
            let done = runs.iter().filter(|run| run.code == Some(0)).count();
            for run in runs.iter().filter(|run| run.code != Some(0)) {
                assert_eq!(run.code, Some(1), "{context}: {runs:?}");
                assert!(["locked", "changed"].contains(&&*kind(run)), "{context}: {runs:?}");
            }
            let now = state(&cid);
            let winner = ends.iter().position(|end| *end == now);
            winners[winner
                .unwrap_or_else(|| panic!("{context}: it is nobody's: {}; {runs:?}", difference(&now, &ends[0])))] += 1;
            assert!(done == 2 || (done == 1 && wait == "0"), "{context}: {runs:?}");
            both += usize::from(done == 2);
            refused += 2 - done;
            is_whole(&cid, &context);
        }
        report(&format!(
            "two writers, --wait {wait}: {rounds} rounds, {both} times both came to their turn, {refused} clean refusals; \
             the result is that of the one {} times, of the other {}, of neither 0",
            winners[0], winners[1],
        ));
    }
}

/// A refresh reads what a relay set-up is changing: what it writes must not rest on both halves.
#[test]
fn a_refresh_beside_a_relay_set_up() {
    let scratch = scratch();
    let base = scratch.path().join("base");
    make_cid(&base);
    run(&base, &[&["relay set"], ONE].concat()).exits(0, "the first relay");
    fs::write(base.join("customer_ID.txt"), "Acme").unwrap();
    let set = [&["relay set"], TWO, &["--wait", "30"]].concat();
    let refresh = ["refresh", "--wait", "30"];
    let [wanted, _] = alone(&base, &set, &refresh);
    let rounds = rounds(25);
    for round in 0..rounds {
        let context = format!("round {round}");
        let cid = Copy::of(&base, "both");
        let mut children = vec![start(command(&cid, &set)), start(command(&cid, &refresh))];
        children.push(start(command(&cid, &refresh)));
        for run in children.into_iter().map(finish) {
            run.exits(0, &context);
        }
        let now = state(&cid);
        assert!(now == wanted, "{context}: {}", difference(&now, &wanted));
        is_whole(&cid, &context);
    }
    report(&format!("a relay set-up and two refreshes together: {rounds} rounds, one result"));
}

/// A planner is halted where it has read, another writer comes and goes, and the first goes on.
#[test]
fn a_plan_does_not_outlive_another_change() {
    let scratch = scratch();
    let base = scratch.path().join("base");
    make_cid(&base);
    let set = |address: &[&'static str]| [&["relay set"], address, &["--wait", "30"]].concat();
    let [_, wanted] = alone(&base, &set(ONE), &set(TWO));
    let cid = Copy::of(&base, "halted");
    // The first step is the lock's: everything has been read.
    let mut second = command(&cid, &set(TWO));
    second.env("CONFIGCID_FAULT", "1:stop");
    let child = start(second);
    let go_on = super::support::halted(&child);
    run(&cid, &set(ONE)).exits(0, "the first");
    go_on();
    finish(child).exits(0, "the second");
    let now = state(&cid);
    assert!(now == wanted, "{}", difference(&now, &wanted));
    is_whole(&cid, "after both");
}

#[test]
fn the_lock_of_a_killed_process_is_broken_aloud() {
    let scratch = scratch();
    let base = scratch.path().join("base");
    make_cid(&base);
    let args = [&["relay set"], ONE, &["--wait", "0"]].concat();
    let steps = super::support::steps(&Copy::of(&base, "count"), &args);
    let held = 1 + steps.iter().position(|step| step.contains("remove the lock's draft")).unwrap();
    let cid = Copy::of(&base, "killed");
    let dead = run_with_fault(&cid, &args, &format!("{held}:after"));
    assert!(dead.signal.is_some());
    assert!(cid.join(LOCK).exists());
    let next = run(&cid, &args).exits(0, "the next writer");
    assert!(
        next.err.contains("the lock of another writer was broken: process ") && next.err.contains("has ended"),
        "{next:?}"
    );
    is_whole(&cid, "the next writer");

    let dead = run_with_fault(&cid, &[&["relay set"], TWO].concat(), &format!("{held}:after"));
    assert!(dead.signal.is_some());
    let next = run(&cid, &["recover", "--wait", "0"]).exits(0, "recover");
    assert!(next.err.contains("was broken: process "), "{next:?}");
    is_whole(&cid, "recover");
}

/// Whoever cannot give the lock back says so, and has done the work all the same.
#[test]
fn a_lock_that_stays_is_told() {
    let scratch = scratch();
    let base = scratch.path().join("base");
    make_cid(&base);
    let args = [&["relay set"], ONE, &["--wait", "0"]].concat();
    let steps = super::support::steps(&Copy::of(&base, "count"), &args);
    let last = steps.len();
    assert!(steps[last - 1].contains("remove the lock: "), "{steps:?}");
    let cid = Copy::of(&base, "stays");
    let left = run_with_fault(&cid, &args, &format!("{last}:eio,{}:eio", last + 1)).exits(0, "the lock stays");
    assert!(left.err.contains("cannot remove the lock") && left.err.contains(LOCK), "{left:?}");
    assert!(left.err.contains("--break-lock"), "{left:?}");
    assert!(cid.join(LOCK).exists());
    // Its process has ended since.
    let next = run(&cid, &[&["relay set"], TWO, &["--wait", "0"]].concat()).exits(0, "the next writer");
    assert!(next.err.contains("has ended"), "{next:?}");
    is_whole(&cid, "the next writer");
}

#[test]
fn the_lock_of_another_computer_is_broken_only_by_demand() {
    let scratch = scratch();
    let cid = scratch.path().join("CID");
    make_cid(&cid);
    let old = state(&cid);
    let holder = r#"{"id":"1-1","host":"elsewhere.example","process":77,"user":"somebody","time":1000000000}"#;
    for lock in [holder, ""] {
        fs::write(cid.join(LOCK), lock).unwrap();
        for args in [
            [&["relay set"], ONE, &["--wait", "0"]].concat(),
            vec!["refresh", "--wait", "0"],
            vec!["recover", "--wait", "0"],
            vec!["undo", "--wait", "0"],
        ] {
            let refused = run(&cid, &args).exits(1, "a foreign lock");
            let who = if lock.is_empty() {
                "a process that left no name"
            } else {
                "process 77 of somebody on elsewhere.example, since 2001-09-09 01:46:40 UTC"
            };
            assert!(refused.err.contains(who) && refused.err.contains("--break-lock"), "{refused:?}");
            assert_eq!(fs::read_to_string(cid.join(LOCK)).unwrap(), lock);
            assert!(state(&cid) == old);
        }
    }
    fs::write(cid.join(LOCK), holder).unwrap();
    let ends = Ends {
        old: old.clone(),
        new: alone(&cid, &[&["relay set"], ONE, &["--break-lock"]].concat(), &["refresh", "--break-lock"])[0].clone(),
    };
    let broken = run(&cid, &[&["relay set"], ONE, &["--break-lock", "--wait", "0"]].concat()).exits(0, "--break-lock");
    assert!(broken.err.contains("was broken: process 77 of somebody on elsewhere.example"), "{broken:?}");
    assert_eq!(ends.of(&cid, "--break-lock"), super::support::End::New);
    is_whole(&cid, "--break-lock");
}

/// On file systems without hard links the lock is made in place.
#[test]
fn a_lock_where_there_are_no_hard_links() {
    let scratch = scratch();
    let base = scratch.path().join("base");
    make_cid(&base);
    let args = [&["relay set"], ONE, &["--wait", "0"]].concat();
    let refused = super::support::steps(&Copy::of(&base, "count"), &args);
    let refused = 1 + refused.iter().position(|step| step.contains("name the lock")).unwrap();
    let no_links = format!("{refused}:eio");
    let cid = Copy::of(&base, "counted");
    let steps = super::support::steps_with(&cid, &args, &no_links);
    assert!(steps[refused].contains("make the lock: .configcid-lock"), "{steps:?}");
    let ends = Ends { old: state(&base), new: state(&cid) };
    is_whole(&cid, "no links");
    for step in refused + 1..=refused + 3 {
        for error in ["eio", "enospc"] {
            let context = format!("{no_links}, {step}:{error} ({})", steps[step - 1]);
            let cid = Copy::of(&base, "no-links");
            let run = run_with_fault(&cid, &args, &format!("{no_links},{step}:{error}"));
            let end = ends.of(&cid, &context);
            assert_eq!(run.code, Some(if end == super::support::End::New { 0 } else { 1 }), "{context}: {run:?}");
            assert!(!cid.join(LOCK).exists(), "{context}: the lock is left: {run:?}");
        }
    }
    // A death in the one moment in which the lock has no name: nothing proves that its maker is dead.
    let cid = Copy::of(&base, "no-links");
    assert!(run_with_fault(&cid, &args, &format!("{no_links},{}:after", refused + 1)).signal.is_some());
    for args in [&args[..], &["recover", "--wait", "0"]] {
        let waiting = run(&cid, args).exits(1, "a lock without a name");
        assert!(
            waiting.err.contains("a process that left no name") && waiting.err.contains("--break-lock"),
            "{waiting:?}"
        );
    }
    run(&cid, &["recover", "--break-lock"]).exits(0, "a lock without a name");
    assert_eq!(ends.of(&cid, "a lock without a name"), super::support::End::Old);
    is_whole(&cid, "a lock without a name");
}
