//! Death, and errors, at every step of a change and of the way back.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tempfile::TempDir;

use super::support::{
    Copy, End, Ends, ONE, Once, TWO, Tally, difference, is_thorough, left, litter, make_cid, recover, report, run,
    run_with_fault, scratch, set, state, steps, steps_with,
};
use crate::support::in_parallel;

/// A change to a CID, and the CID before it.
struct Scenario {
    name: &'static str,
    _scratch: TempDir,
    base: PathBuf,
    args: Vec<&'static str>,
    ends: Ends,
    steps: Vec<String>,
    /// Doing it twice is the same as doing it once; else the second takes the first back.
    is_setting: bool,
    /// What faults have left from which it was done again.
    gone_on: Once<()>,
    /// What deaths have left that was recovered from, and to which end.
    recovered: Once<End>,
}

fn undo() -> Vec<&'static str> {
    vec!["undo", "--wait", "0"]
}

impl Scenario {
    fn new(name: &'static str, before: &[Vec<&'static str>], args: Vec<&'static str>) -> Self {
        let scratch = scratch();
        let base = scratch.path().join("base");
        make_cid(&base);
        for args in before {
            run(&base, args).exits(0, name);
        }
        let old = state(&base);
        let done = Copy::of(&base, "done");
        let steps = steps(&done, &args);
        let new = state(&done);
        assert_ne!(old, new, "{name}");
        assert_eq!(litter(&done), [""; 0], "{name}");
        let is_setting = args[0] != "undo";
        Self {
            name,
            base,
            args,
            ends: Ends { old, new },
            steps,
            is_setting,
            gone_on: Once::default(),
            recovered: Once::default(),
            _scratch: scratch,
        }
    }

    /// A fresh CID gets a relay: files come.
    fn adding() -> Self {
        Self::new("relay set", &[], set(ONE))
    }

    /// A relay CID gets another relay: files change.
    fn replacing() -> Self {
        Self::new("another relay", &[set(ONE)], set(TWO))
    }

    /// A relay is taken back: files go.
    fn undoing() -> Self {
        Self::new("undo", &[set(ONE)], undo())
    }

    /// And given again.
    fn redoing() -> Self {
        Self::new("undo of the undo", &[set(ONE), undo()], undo())
    }

    fn context(&self, fault: &str) -> String {
        let number: usize = fault.split([':', '+']).next().unwrap().parse().unwrap();
        format!("{}, {fault} ({})", self.name, self.steps[number - 1])
    }

    /// Dies as told, and leaves what a death leaves.
    fn die(&self, name: &str, fault: &str) -> Copy {
        let dead = Copy::of(&self.base, name);
        let run = run_with_fault(&dead, &self.args, fault);
        assert_eq!(run.signal, Some(libc_sigabrt()), "{}: {run:?}", self.context(fault));
        dead
    }

    /// To which end recovery leads from what is left here: by it, or by what it did with the same before.
    fn recover(&self, cid: &Path, context: &str) -> End {
        self.recovered.from(cid, || recover(cid, &self.ends, context))
    }

    /// The same command again must bring the new state, and leave nothing over. `end` is the state that it finds.
    fn again(&self, cid: &Path, end: End, context: &str) {
        self.gone_on.from(cid, || {
            let done = run(cid, &self.args).exits(0, context);
            assert_eq!(done.err, "", "{context}: something was left to say");
            let wanted = if self.is_setting || end == End::Old { &self.ends.new } else { &self.ends.old };
            let now = state(cid);
            assert!(now == *wanted, "{context}: doing it again leads elsewhere: {}", difference(&now, wanted));
            assert_eq!(litter(cid), [""; 0], "{context}, and again: left over");
        });
    }
}

fn libc_sigabrt() -> i32 {
    rustix::process::Signal::ABORT.as_raw()
}

/// The faults `N:KIND` of all steps.
fn faults(steps: usize, kinds: &[&str]) -> Vec<String> {
    (1..=steps).flat_map(|step| kinds.iter().map(move |kind| format!("{step}:{kind}"))).collect()
}

const DEATHS: &[&str] = &["before", "after"];

/// Dies between all steps, and comes back in every way. What a death after a step leaves and what one before the next leaves are
/// the same as a rule: then one of the two comes back for both.
fn deaths(scenario: &Scenario) {
    let steps = scenario.steps.len();
    let tallies = Mutex::new([Tally::default(); WAYS.len() + 1]);
    let refused = Mutex::new([0usize; WAYS.len()]);
    let back = Mutex::new(0usize);
    in_parallel(steps + 1, |worker, passed| {
        let after = (passed > 0).then(|| format!("{passed}:after"));
        let before = (passed < steps).then(|| format!("{}:before", passed + 1));
        let dead: Vec<(String, Copy)> = [after, before]
            .into_iter()
            .flatten()
            .map(|fault| {
                let name = format!("dead-{worker}-{}", if fault.ends_with("after") { "after" } else { "before" });
                let dead = scenario.die(&name, &fault);
                (scenario.context(&fault), dead)
            })
            .collect();
        let is_twice = dead.len() == 2 && left(&dead[0].1) == left(&dead[1].1);
        for (context, dead) in dead.into_iter().skip(usize::from(is_twice)) {
            let (ends, refusals) = ways_back(scenario, &dead, worker, &context);
            let mut tallies = tallies.lock().unwrap();
            tallies.iter_mut().zip(ends).for_each(|(tally, end)| tally.add(end));
            let mut refused = refused.lock().unwrap();
            refused.iter_mut().zip(refusals).for_each(|(count, was_refused)| *count += usize::from(was_refused));
            *back.lock().unwrap() += 1;
        }
    });
    let (tallies, refused, back) =
        (tallies.into_inner().unwrap(), refused.into_inner().unwrap(), back.into_inner().unwrap());
    let mut all = Tally::default();
    tallies.iter().for_each(|tally| all.merge(*tally));
    assert_eq!(all.old + all.new, tallies.len() * back);
    assert!(back > steps, "{}: only {back} of {} deaths were come back from", scenario.name, steps + 1);
    // Both ends occur, or the deaths were not where they should be.
    assert!(tallies[0].old > 0 && tallies[0].new > 0, "{}: {tallies:?}", scenario.name);
    report(&format!(
        "deaths, {}: {steps} steps, {} deaths, {back} of them different, 4 ways back: {all} (--undo refused {}, --finish refused {})",
        scenario.name,
        2 * steps,
        refused[1],
        refused[2],
    ));
}

/// The options of `recover`, and the end that each asks for.
const WAYS: [(&str, Option<End>); 3] = [("", None), ("--undo", Some(End::Old)), ("--finish", Some(End::New))];

/// Comes back from a death by automatic recovery, with `--undo`, with `--finish`, and by the same command again: to which end
/// each leads, and which of the options were refused.
fn ways_back(
    scenario: &Scenario,
    dead: &Path,
    worker: usize,
    context: &str,
) -> ([End; WAYS.len() + 1], [bool; WAYS.len()]) {
    let mut refused = [false; WAYS.len()];
    let mut ends = [End::Old; WAYS.len() + 1];
    for (way, (option, wanted)) in WAYS.into_iter().enumerate() {
        let context = format!("{context}, recover {option}");
        let cid = Copy::of(dead, &format!("back-{worker}"));
        let interrupted = cid.join(".configcid-journal").exists();
        ends[way] = match wanted {
            None => recover(&cid, &scenario.ends, &context),
            Some(wanted) => {
                let before = state(&cid);
                let back = run(&cid, &["recover", option, "--wait", "0"]);
                if back.code == Some(1) {
                    assert!(back.err.contains("can only be"), "{context}: {back:?}");
                    assert!(state(&cid) == before, "{context}: the refusal changed something");
                    refused[way] = true;
                    recover(&cid, &scenario.ends, &context)
                } else {
                    let back = back.exits(0, &context);
                    let end = scenario.ends.of(&cid, &context);
                    assert!(!interrupted || end == wanted, "{context}: it is {end:?}: {back:?}");
                    assert_eq!(litter(&cid), [""; 0], "{context}: left over");
                    end
                }
            }
        };
        if way == 0 || is_thorough() {
            scenario.again(&cid, ends[way], &context);
        }
    }
    // Or nobody recovers, and the next run does it by itself.
    let context = format!("{context}, and just again");
    let was = run(dead, &scenario.args).exits(0, &context);
    let end = scenario.ends.of(dead, &context);
    if scenario.is_setting {
        assert_eq!(end, End::New, "{context}: {was:?}");
    }
    assert_eq!(litter(dead), [""; 0], "{context}: left over");
    ends[WAYS.len()] = end;
    (ends, refused)
}

#[test]
fn death_at_every_step_of_adding() {
    deaths(&Scenario::adding());
}

#[test]
fn death_at_every_step_of_replacing() {
    deaths(&Scenario::replacing());
}

#[test]
fn death_at_every_step_of_undoing() {
    deaths(&Scenario::undoing());
}

#[test]
fn death_at_every_step_of_redoing() {
    deaths(&Scenario::redoing());
}

/// Every step fails, once.
#[test]
fn an_error_at_every_step() {
    for scenario in [Scenario::adding(), Scenario::replacing(), Scenario::undoing(), Scenario::redoing()] {
        let faults = faults(scenario.steps.len(), &["eio", "enospc", "eacces"]);
        let tally = Mutex::new(Tally::default());
        in_parallel(faults.len(), |worker, number| {
            let fault = &faults[number];
            let context = scenario.context(fault);
            let cid = Copy::of(&scenario.base, &format!("error-{worker}"));
            let run = run_with_fault(&cid, &scenario.args, fault);
            let end = scenario.ends.of(&cid, &format!("{context}: {run:?}"));
            match run.code {
                Some(0) => assert_eq!(end, End::New, "{context}: {run:?}"),
                Some(1) => assert_eq!(end, End::Old, "{context}: {run:?}"),
                _ => panic!("{context}: {run:?}"),
            }
            // Where it was removing these itself that failed, they are left.
            if !context.contains(" remove ") {
                assert_eq!(litter(&cid), [""; 0], "{context}: left over: {run:?}");
            }
            tally.lock().unwrap().add(end);
            // What could not be removed is in nobody's way.
            scenario.gone_on.from(&cid, || {
                let again = super::support::run(&cid, &scenario.args).exits(0, &context);
                assert_eq!(litter(&cid), [""; 0], "{context}, and again: left over: {again:?}");
            });
        });
        let tally = tally.into_inner().unwrap();
        assert!(tally.old > 0 && tally.new > 0, "{}: {tally:?}", scenario.name);
        report(&format!(
            "errors in place of death, {}: {} steps, EIO, ENOSPC and EACCES at each: {tally}, gone on from {} different ones",
            scenario.name,
            scenario.steps.len(),
            scenario.gone_on.count(),
        ));
    }
}

/// From a step on everything fails, as when a share drops: going back fails too, and recovery comes later.
#[test]
fn every_call_fails_from_a_step_on() {
    for scenario in [Scenario::adding(), Scenario::replacing(), Scenario::undoing()] {
        let tally = Mutex::new(Tally::default());
        let told = Mutex::new(0usize);
        in_parallel(scenario.steps.len(), |worker, number| {
            let fault = format!("{}+:eio", number + 1);
            let context = scenario.context(&fault);
            let cid = Copy::of(&scenario.base, &format!("drop-{worker}"));
            let run = run_with_fault(&cid, &scenario.args, &fault);
            let interrupted = cid.join(".configcid-journal").exists();
            match run.code {
                Some(0) => assert!(!interrupted, "{context}: {run:?}"),
                Some(1) if interrupted => {
                    assert!(run.err.contains("configcid recover"), "{context}: {run:?}");
                    *told.lock().unwrap() += 1;
                }
                Some(1) => assert_eq!(scenario.ends.of(&cid, &context), End::Old, "{context}: {run:?}"),
                _ => panic!("{context}: {run:?}"),
            }
            let end = recover(&cid, &scenario.ends, &context);
            assert!(run.code == Some(1) || end == End::New, "{context}: {run:?}");
            tally.lock().unwrap().add(end);
            scenario.again(&cid, end, &context);
        });
        report(&format!(
            "all calls fail from a step on, {}: {} steps, {} times told to recover, then: {}",
            scenario.name,
            scenario.steps.len(),
            told.into_inner().unwrap(),
            tally.into_inner().unwrap(),
        ));
    }
}

/// A second death while an error is being taken back.
#[test]
fn death_while_going_back() {
    let scenario = Scenario::replacing();
    let (every, and_then) = if is_thorough() { (1, 1) } else { (6, 5) };
    // The fault, and what happens at its second step.
    let mut pairs = Vec::new();
    for first in (1..=scenario.steps.len()).step_by(every) {
        let cid = Copy::of(&scenario.base, "counted");
        let steps = steps_with(&cid, &scenario.args, &format!("{first}:eio"));
        for then in (first + 1 + first % and_then..=steps.len()).step_by(and_then) {
            for death in DEATHS {
                pairs.push((format!("{first}:eio,{then}:{death}"), steps[then - 1].clone()));
            }
        }
    }
    let tally = Mutex::new(Tally::default());
    let nameless = Mutex::new(0usize);
    in_parallel(pairs.len(), |worker, number| {
        let (fault, second) = &pairs[number];
        let context = format!("{}, then ({second})", scenario.context(fault));
        let cid = Copy::of(&scenario.base, &format!("second-{worker}"));
        let run = run_with_fault(&cid, &scenario.args, fault);
        assert_eq!(run.signal, Some(libc_sigabrt()), "{context}: {run:?}");
        // Where there are no hard links, there is a moment in which the lock has no name yet.
        let is_nameless = (fault.ends_with(":after") && second.ends_with(" make the lock: .configcid-lock"))
            || (fault.ends_with(":before") && second.ends_with(" write the lock: .configcid-lock"));
        if is_nameless {
            let refused = super::support::run(&cid, &["recover", "--wait", "0"]).exits(1, &context);
            assert!(refused.err.contains("a process that left no name"), "{context}: {refused:?}");
            super::support::run(&cid, &["recover", "--break-lock"]).exits(0, &context);
            *nameless.lock().unwrap() += 1;
        }
        let end = scenario.recover(&cid, &context);
        tally.lock().unwrap().add(end);
    });
    let tally = tally.into_inner().unwrap();
    assert!(tally.old > 0, "{tally:?}");
    report(&format!(
        "death after an error, {}: {} pairs of steps, {} of them different: {tally} ({} of them by --break-lock)",
        scenario.name,
        pairs.len(),
        scenario.recovered.count(),
        nameless.into_inner().unwrap(),
    ));
}

/// A second death, while the first is being recovered from.
#[test]
fn death_during_recovery() {
    let (every, and_then) = if is_thorough() { (1, 1) } else { (9, 7) };
    for scenario in [Scenario::adding(), Scenario::replacing(), Scenario::undoing()] {
        let first = faults(scenario.steps.len(), DEATHS);
        let first: Vec<&String> = first.iter().step_by(every).collect();
        let tally = Mutex::new(Tally::default());
        in_parallel(first.len(), |worker, number| {
            let fault = first[number];
            let dead = scenario.die(&format!("dead-{worker}"), fault);
            if !dead.join(".configcid-journal").exists() {
                return;
            }
            for option in ["", "--undo", "--finish"] {
                let args: Vec<&str> =
                    ["recover", "--wait", "0", option].into_iter().filter(|arg| !arg.is_empty()).collect();
                let counted = Copy::of(&dead, &format!("counted-{worker}"));
                if run(&counted, &args).code == Some(1) {
                    continue;
                }
                drop(counted);
                let counted = Copy::of(&dead, &format!("counted-{worker}"));
                let steps = steps(&counted, &args);
                // Not always the same ones, where they are not all tried.
                for step in (1 + number % and_then..=steps.len()).step_by(and_then) {
                    for death in DEATHS {
                        let second = format!("{step}:{death}");
                        let context =
                            format!("{}, recover {option}, {second} ({})", scenario.context(fault), steps[step - 1]);
                        let cid = Copy::of(&dead, &format!("twice-{worker}"));
                        let run = run_with_fault(&cid, &args, &second);
                        assert_eq!(run.signal, Some(libc_sigabrt()), "{context}: {run:?}");
                        let end = scenario.recover(&cid, &context);
                        tally.lock().unwrap().add(end);
                    }
                }
            }
        });
        let tally = tally.into_inner().unwrap();
        assert!(tally.old > 0 && tally.new > 0, "{tally:?}");
        report(&format!(
            "death during recovery, {}: {} second deaths, {} of them different: {tally}",
            scenario.name,
            tally.old + tally.new,
            scenario.recovered.count(),
        ));
    }
}
