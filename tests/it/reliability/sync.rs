//! Files that are brought from another CID: death at every step, and what readers and the next run find then.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::support::{
    Copy, End, Ends, Item, Once, State, Tally, crc32, litter, make_cid, read_catalog, report, run, run_with_fault,
    scratch, state, steps,
};
use crate::support::in_parallel;

/// The tree without what waits there for its change.
pub(super) fn seen(cid: &Path) -> State {
    let mut state = state(cid);
    state.retain(|path, _| !path.starts_with(".configcid-sync"));
    state
}

/// Every file that a catalog lists is there: what a reader needs at every moment. Gives how many do not match their catalog,
/// as some may between the payload and the catalogs.
pub(super) fn check_readers(cid: &Path, context: &str) -> usize {
    check_readers_but(cid, context, &[])
}

/// As [`check_readers`]; but of these names a file may be missing, or a folder with all in it.
fn check_readers_but(cid: &Path, context: &str, turned: &[&str]) -> usize {
    let mut wrong = 0;
    for (path, item) in seen(cid) {
        let (true, Item::File { bytes, .. }) = (path.ends_with("cidsync.upd"), item) else { continue };
        let entries = read_catalog(&bytes).unwrap_or_else(|why| panic!("{context}: {} is torn: {why}", path.display()));
        for (entry, size, checksum) in entries {
            let place = cid.join(path.parent().unwrap()).join(&entry);
            let content = match fs::read(&place) {
                Err(_) if turned.iter().any(|name| place.strip_prefix(cid).unwrap().starts_with(name)) => Vec::new(),
                content => content.unwrap_or_else(|error| panic!("{context}: {entry} is listed: {error}")),
            };
            wrong += usize::from((content.len() as u32, crc32(&content)) != (size, checksum));
        }
    }
    wrong
}

fn update(cid: &Path) {
    fs::write(cid.join("savxp/engine.dll"), vec![b'n'; 950]).unwrap();
    fs::write(cid.join("rms/agent.dll"), vec![b'a'; 20]).unwrap();
    fs::remove_file(cid.join("savxp/data/threats-1.ide")).unwrap();
    fs::create_dir_all(cid.join("savxp/data/2026/november")).unwrap();
    fs::write(cid.join("savxp/data/2026/november/threats-3.ide"), "a new threat").unwrap();
    run(cid, &["catalog create", "--replace"]).exits(0, "an update");
}

pub(super) struct Scene {
    _scratch: tempfile::TempDir,
    pub base: PathBuf,
    pub args: Vec<&'static str>,
    pub ends: Ends,
    steps: Vec<String>,
    turned: &'static [&'static str],
}

/// Names of which the update makes a folder or a file.
const TURNED: [&str; 2] = ["savxp/data/threats-1.ide", "savxp/help"];

fn turn(cid: &Path) {
    fs::remove_file(cid.join(TURNED[0])).unwrap();
    fs::create_dir_all(cid.join(TURNED[0]).join("part")).unwrap();
    fs::write(cid.join(TURNED[0]).join("part/one.ide"), "one part").unwrap();
    fs::write(cid.join(TURNED[0]).join("two.ide"), "another part").unwrap();
    fs::remove_dir_all(cid.join(TURNED[1])).unwrap();
    fs::write(cid.join(TURNED[1]), "one file for all").unwrap();
    run(cid, &["catalog create", "--replace"]).exits(0, "an update");
}

impl Scene {
    /// A relay's CID, which is to get the update of its source.
    pub(super) fn new() -> Self {
        Self::with(|_| {}, update, &[])
    }

    /// A file becomes a folder, and a folder a file.
    fn that_turns() -> Self {
        let before = |cid: &Path| {
            fs::create_dir_all(cid.join("savxp/help/de")).unwrap();
            fs::set_permissions(cid.join("savxp/help"), fs::Permissions::from_mode(0o775)).unwrap();
            fs::write(cid.join("savxp/help/de/one.txt"), "eins").unwrap();
            fs::write(cid.join("savxp/help/en.txt"), "one").unwrap();
            run(cid, &["catalog create", "--replace"]).exits(0, "a folder that is to go");
        };
        Self::with(before, turn, &TURNED)
    }

    fn with(before: impl Fn(&Path), update: impl Fn(&Path), turned: &'static [&'static str]) -> Self {
        let scratch = scratch();
        let (source, base) = (scratch.path().join("ESXP"), scratch.path().join("base"));
        make_cid(&source);
        before(&source);
        // The words of a command are told apart by blanks, of which the path has none; the tests' runs take static ones.
        let command: &'static str = Box::leak(format!("sync {}", source.display()).into_boxed_str());
        run(&base, &[command]).exits(0, "a copy");
        run(&base, &["relay set", "--ip", "10.1.200.65"]).exits(0, "a relay");
        update(&source);
        let args = vec![command, "--keep-relay", "--wait", "0"];
        let old = seen(&base);
        let done = Copy::of(&base, "done");
        let steps = steps(&done, &args);
        let ends = Ends { old, new: seen(&done) };
        assert_ne!(ends.old, ends.new);
        assert_eq!(check_readers(&done, "done"), 0);
        assert!(!done.join(".configcid-sync").exists());
        Self { _scratch: scratch, base, args, ends, steps, turned }
    }

    /// The numbers of the steps at which something happens that another scene does not have.
    fn own_steps(&self) -> std::ops::RangeInclusive<usize> {
        match self.turned {
            [] => 1..=self.steps.len(),
            _ => from_the_journal_on(&self.steps),
        }
    }

    fn end(&self, cid: &Path, context: &str) -> End {
        let _ = fs::remove_dir_all(cid.join(".configcid-sync"));
        self.ends.of(cid, context)
    }
}

/// The numbers of the steps from the first that a journal tells of to the one that makes the change the last one.
fn from_the_journal_on(steps: &[String]) -> std::ops::RangeInclusive<usize> {
    let at = |wanted: &str| steps.iter().position(|step| step.contains(wanted)).expect("there is such a step");
    at("replace it: .configcid-journal") + 1..=at("replace it: .configcid-last") + 2
}

#[test]
fn death_at_every_step_of_a_sync() {
    deaths(&Scene::new());
}

#[test]
fn death_at_every_step_of_a_sync_in_which_names_turn() {
    deaths(&Scene::that_turns());
}

fn deaths(scene: &Scene) {
    let faults: Vec<String> =
        scene.own_steps().flat_map(|step| ["before", "after"].map(|kind| format!("{step}:{kind}"))).collect();
    let tally = Mutex::new(Tally::default());
    let come_back = Once::default();
    let mismatches = Mutex::new(0);
    in_parallel(faults.len(), |worker, number| {
        let fault = &faults[number];
        let context = format!("sync, {fault}");
        let dead = Copy::of(&scene.base, &format!("dead-{worker}"));
        let died = run_with_fault(&dead, &scene.args, fault);
        // Files come several at a time, so that the number of steps may differ by what one thread left to another.
        if died.signal.is_none() {
            died.exits(0, &context);
        }
        *mismatches.lock().unwrap() += check_readers_but(&dead, &context, scene.turned);
        let end = come_back.from(&dead, || {
            let back = Copy::of(&dead, &format!("back-{worker}"));
            run(&back, &["recover", "--wait", "0"]).exits(0, &context);
            assert_eq!(litter(&back), [""; 0], "{context}: left over");
            assert_eq!(check_readers(&back, &context), 0, "{context}: after recovery");
            let end = scene.end(&back, &context);
            drop(back);
            // And the same command goes on where it was.
            run(&dead, &scene.args).exits(0, &context);
            assert_eq!(litter(&dead), [""; 0], "{context}: left over");
            assert!(!dead.join(".configcid-sync").exists(), "{context}: left over");
            assert_eq!(scene.ends.of(&dead, &context), End::New, "{context}: done again");
            end
        });
        tally.lock().unwrap().add(end);
    });
    let recovered = *tally.lock().unwrap();
    assert!(recovered.old > 0 && recovered.new > 0);
    report(&format!(
        "deaths, sync: {} steps, recovered: {recovered}; come back from and done again: {} different ones; files that did not match \
         their catalog: {}",
        scene.steps.len(),
        come_back.count(),
        mismatches.lock().unwrap()
    ));
}

#[test]
fn errors_at_every_step_of_a_sync() {
    errors(&Scene::new());
}

#[test]
fn errors_at_every_step_of_a_sync_in_which_names_turn() {
    errors(&Scene::that_turns());
}

fn errors(scene: &Scene) {
    let faults: Vec<String> = scene.own_steps().map(|step| format!("{step}:eio")).collect();
    let tally = Mutex::new(Tally::default());
    let come_back = Once::default();
    in_parallel(faults.len(), |worker, number| {
        let fault = &faults[number];
        let context = format!("sync, {fault}");
        let cid = Copy::of(&scene.base, &format!("error-{worker}"));
        let failed = run_with_fault(&cid, &scene.args, fault);
        assert_eq!(failed.signal, None, "{context}");
        check_readers_but(&cid, &context, scene.turned);
        let end = come_back.from(&cid, || {
            let end = {
                let seen = Copy::of(&cid, &format!("seen-{worker}"));
                run(&seen, &["recover", "--wait", "0", "--break-lock"]).exits(0, &context);
                scene.end(&seen, &context)
            };
            run(&cid, &[&scene.args[..], &["--break-lock"]].concat()).exits(0, &context);
            assert_eq!(scene.ends.of(&cid, &context), End::New, "{context}: done again");
            end
        });
        tally.lock().unwrap().add(end);
    });
    report(&format!(
        "errors, sync: {} steps: {}; come back from and done again: {} different ones",
        scene.steps.len(),
        tally.lock().unwrap(),
        come_back.count(),
    ));
}

#[test]
fn what_a_broken_run_left_is_checked_and_used() {
    let scene = Scene::new();
    // Dies when all is brought, and the journal is not written yet.
    let at = scene.steps.iter().position(|step| step.ends_with("flush the folder: .configcid-sync")).unwrap();
    let dead = Copy::of(&scene.base, "dead");
    let died = run_with_fault(&dead, &scene.args, &format!("{}:after", at + 1));
    assert!(died.signal.is_some(), "{died:?}");
    let staging = dead.join(".configcid-sync");
    let left: Vec<PathBuf> = fs::read_dir(&staging).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
    let json = [&scene.args[..], &["--json"]].concat();
    let reused = |cid: &Path| {
        let done = run(cid, &json).exits(0, "going on");
        let answer: serde_json::Value = serde_json::from_str(&done.out).unwrap();
        assert_eq!(scene.ends.of(cid, "going on"), End::New);
        (
            answer["cids"][0]["brought"]["files"].as_u64().unwrap(),
            answer["cids"][0]["brought"]["reused"].as_u64().unwrap(),
        )
    };
    assert_eq!(reused(&Copy::of(&dead, "whole")), (3, 3));
    // One of them is damaged, by its content alone: it is brought again.
    let torn = Copy::of(&dead, "torn");
    let name = left[0].file_name().unwrap();
    let mut bytes = fs::read(torn.join(".configcid-sync").join(name)).unwrap();
    bytes[0] ^= 1;
    fs::write(torn.join(".configcid-sync").join(name), bytes).unwrap();
    assert_eq!(reused(&torn), (3, 2));
    // The source has gone on meanwhile: what is no longer wanted is of no harm.
    let source = scene.base.with_file_name("ESXP");
    fs::write(source.join("savxp/engine.dll"), vec![b'z'; 950]).unwrap();
    run(&source, &["catalog create", "--replace"]).exits(0, "another update");
    run(&dead, &scene.args).exits(0, "going on");
    assert_eq!(fs::read(dead.join("savxp/engine.dll")).unwrap(), vec![b'z'; 950]);
    assert_eq!(check_readers(&dead, "going on"), 0);
    assert!(!staging.exists());
}

#[test]
fn what_is_brought_is_on_the_disk_before_any_journal_tells_of_it() {
    let scene = Scene::new();
    // A step is a number, what is done, and the name of the file.
    let steps: Vec<&str> = scene.steps.iter().map(|step| step.split_once(' ').unwrap().1).collect();
    let last = |wanted: &str| steps.iter().rposition(|step| step.starts_with(wanted));
    let journal = last("replace it: .configcid-journal").expect("a journal");
    let names = last("flush the folder: .configcid-sync").expect("names are flushed");
    let all = last("flush the disk: .configcid-sync");
    let parts: Vec<&str> =
        steps.iter().filter_map(|step| step.strip_prefix("make it: ")?.strip_suffix(".part")).collect();
    assert_eq!(parts.len(), 3, "{steps:#?}");
    for part in parts {
        let [written, named] = [last(&format!("write it: {part}.part")), last(&format!("replace it: {part}"))];
        // By itself before it gets its name, or with all others after the last of them has.
        let flushed = last(&format!("flush it: {part}.part")).or(all).expect("it is flushed");
        assert!(written < Some(flushed) && flushed <= names && named < Some(names), "{part}: {steps:#?}");
        assert!(named < Some(flushed) || all.is_none(), "{part}: {steps:#?}");
    }
    assert!(names < journal, "{steps:#?}");
}

#[test]
fn death_at_every_step_of_taking_back_what_has_turned() {
    let scene = Scene::that_turns();
    let base = Copy::of(&scene.base, "turned");
    run(&base, &scene.args).exits(0, "names turn");
    let undo = ["undo", "--wait", "0"];
    let ends = Ends { old: seen(&base), new: scene.ends.old.clone() };
    let steps = {
        let done = Copy::of(&base, "undone");
        let steps = steps(&done, &undo);
        assert_eq!(ends.of(&done, "undone"), End::New);
        steps
    };
    let numbers: Vec<usize> = from_the_journal_on(&steps).collect();
    in_parallel(numbers.len(), |worker, index| {
        let number = numbers[index];
        let context = format!("undo, {number}");
        let dead = Copy::of(&base, &format!("undo-{worker}"));
        run_with_fault(&dead, &undo, &format!("{number}:before"));
        check_readers_but(&dead, &context, scene.turned);
        // A death during recovery is recovered from, too.
        for direction in ["--undo", "--finish"] {
            let back = Copy::of(&dead, &format!("undo-back-{worker}"));
            if run(&back, &["recover", direction, "--dry-run"]).code != Some(0) {
                continue;
            }
            let count = super::support::steps(&Copy::of(&back, &format!("count-{worker}")), &["recover", direction]);
            let last = count.len();
            run_with_fault(&back, &["recover", direction], &format!("{}:before", 1 + (7 * index) % last));
            super::support::recover(&back, &ends, &context);
            assert_eq!(check_readers(&back, &context), 0, "{context}: after recovery");
        }
    });
}
