//! Somebody with write access to the share plants what configcid keeps for itself.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use super::support::{
    Copy, ONE, TWO, difference, litter, make_cid, report, run, run_with_fault, scratch, state, steps,
};

const JOURNAL: &str = ".configcid-journal";
const LAST: &str = ".configcid-last";
const HISTORY: &str = ".configcid-history";
const LOCK: &str = ".configcid-lock";

fn set() -> Vec<&'static str> {
    [&["relay set"], TWO, &["--wait", "0"]].concat()
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo is there").success());
}

fn sparse(path: &Path, size: u64) {
    File::create(path).unwrap().set_len(size).unwrap();
}

/// What is planted, and how.
type Plant = (&'static str, fn(&Path, &Path));

/// Things that are no record, in the place of one; the second path is a file outside that must stay as it is.
const NO_RECORDS: &[Plant] = &[
    ("a FIFO", |at, _| fifo(at)),
    ("a link that leads out", |at, outside| symlink(outside, at).unwrap()),
    ("a link that leads nowhere", |at, _| symlink("nowhere", at).unwrap()),
    ("a link to a device", |at, _| symlink("/dev/zero", at).unwrap()),
    ("a folder", |at, _| fs::create_dir(at).unwrap()),
    ("100 MB of zeros", |at, _| sparse(at, 100 << 20)),
    ("4 GiB of zeros", |at, _| sparse(at, 4 << 30)),
];

const NO_JSON: &[Plant] = &[
    ("nothing", |at, _| fs::write(at, "").unwrap()),
    ("noise", |at, _| fs::write(at, [0xFF; 999]).unwrap()),
    ("brackets without end", |at, _| fs::write(at, "[".repeat(1 << 20)).unwrap()),
    ("half a record", |at, _| fs::write(at, r#"{"format":1,"id":"1-1","#).unwrap()),
];

#[test]
fn a_planted_journal() {
    let scratch = scratch();
    let base = scratch.path().join("base");
    make_cid(&base);
    run(&base, &[&["relay set"], ONE].concat()).exits(0, "the first relay");
    let old = state(&base);
    let outside = scratch.path().join("outside");
    fs::write(&outside, "not to be touched").unwrap();
    for (what, plant) in NO_RECORDS.iter().chain(NO_JSON) {
        let cid = Copy::of(&base, "planted");
        let journal = cid.join(JOURNAL);
        plant(&journal, &outside);
        for args in [
            set(),
            vec!["undo"],
            vec!["refresh"],
            vec!["recover"],
            vec!["recover", "--undo"],
            vec!["recover", "--finish"],
        ] {
            let refused = run(&cid, &args).exits(1, what);
            assert!(refused.err.contains(JOURNAL), "{what}: no word of the journal: {refused:?}");
            let now = state(&cid);
            assert!(now == old, "{what}, {args:?}: {}", difference(&now, &old));
        }
        // The way out, for whatever can be removed as a file.
        if !journal.is_dir() || journal.is_symlink() {
            run(&cid, &["recover", "--forget"]).exits(0, what);
            run(&cid, &set()).exits(0, what);
            assert_eq!(litter(&cid), [""; 0], "{what}");
        }
        assert_eq!(fs::read_to_string(&outside).unwrap(), "not to be touched", "{what}");
    }
    report(&format!(
        "planted journals that are none: {} sorts, nothing touched, each named in the error",
        NO_RECORDS.len() + NO_JSON.len()
    ));
}

/// A real journal of a change that was interrupted, with something in it changed.
#[test]
fn a_forged_journal() {
    let scratch = scratch();
    let base = scratch.path().join("base");
    make_cid(&base);
    run(&base, &[&["relay set"], ONE].concat()).exits(0, "the first relay");
    let outside = scratch.path().join("mrinit.conf");
    fs::write(&outside, "not to be touched").unwrap();
    let list = steps(&Copy::of(&base, "count"), &set());
    let before_first = 1 + list.iter().position(|step| step.contains("replace it: mrinit.conf")).unwrap();
    let fault = format!("{before_first}:before");
    assert!(run_with_fault(&base, &set(), &fault).signal.is_some());
    let old = state(&base);
    let journal = fs::read_to_string(base.join(JOURNAL)).unwrap();
    let path = r#""path":"\\rms\\mrinit.conf""#;
    assert!(journal.contains(path), "{journal}");
    let name = |ending: &str| {
        let at = journal.find(&format!("-0.{ending}\"")).unwrap() + 2 + ending.len() + 1;
        let from = journal[..at].rfind('"').unwrap() + 1;
        journal[from..at].to_owned()
    };
    let (staged, kept) = (name("new"), name("old"));
    let absolute = outside.to_str().unwrap().to_owned();
    let forged = [
        ("a path out of the CID", path.to_owned(), r#""path":"\\..\\mrinit.conf""#.to_owned()),
        ("a path out of the CID, with slashes", path.to_owned(), r#""path":"/../mrinit.conf""#.to_owned()),
        ("an absolute path", path.to_owned(), format!("\"path\":\"{absolute}\"")),
        ("a drive", path.to_owned(), r#""path":"C:\\mrinit.conf""#.to_owned()),
        ("a share", path.to_owned(), r#""path":"\\\\Server\\Share\\mrinit.conf""#.to_owned()),
        ("itself", path.to_owned(), r#""path":"\\.configcid-journal""#.to_owned()),
        ("the last change", path.to_owned(), r#""path":"\\.configcid-last""#.to_owned()),
        ("a folder", path.to_owned(), r#""path":"\\savxp""#.to_owned()),
        ("a folder that is not there", path.to_owned(), r#""path":"\\none\\mrinit.conf""#.to_owned()),
        ("new content from outside", staged.clone(), "../../mrinit.conf".to_owned()),
        ("new content from outside, of a name like ours", staged.clone(), ".configcid-/../../../mrinit.new".to_owned()),
        ("old content from outside", kept.clone(), format!("{}.old", absolute)),
        ("another version", r#""format":1"#.to_owned(), r#""format":2"#.to_owned()),
    ];
    for (what, from, to) in &forged {
        let cid = Copy::of(&base, "forged");
        fs::write(cid.join(JOURNAL), journal.replacen(from, to, 1)).unwrap();
        for args in [set(), vec!["recover"], vec!["recover", "--undo"], vec!["recover", "--finish"]] {
            let refused = run(&cid, &args).exits(1, what);
            let now = state(&cid);
            assert!(now == old, "{what}, {args:?}: {}: {refused:?}", difference(&now, &old));
            assert!(cid.join(JOURNAL).exists(), "{what}");
        }
        run(&cid, &["recover", "--forget"]).exits(0, what);
        run(&cid, &set()).exits(0, what);
        assert_eq!(litter(&cid), [""; 0], "{what}");
        assert_eq!(fs::read_to_string(&outside).unwrap(), "not to be touched", "{what}");
    }

    // The names are ours, but what stands there is a link.
    for (what, name) in [("a link as new content", &staged), ("a link as old content", &kept)] {
        let cid = Copy::of(&base, "linked");
        let place = cid.join("rms").join(name);
        // Its content is right.
        fs::rename(&place, scratch.path().join("right")).unwrap();
        symlink(scratch.path().join("right"), &place).unwrap();
        for way in ["--undo", "--finish"] {
            let refused = run(&cid, &["recover", way]).exits(1, what);
            assert!(refused.err.contains(name.as_str()), "{what}: {refused:?}");
        }
        assert!(state(&cid) == old, "{what}");
        assert!(scratch.path().join("right").symlink_metadata().unwrap().is_file(), "{what}");
    }
    report(&format!("forged journals: {} sorts, nothing touched inside or outside of the CID", forged.len() + 2));
}

#[test]
fn planted_records_of_the_past() {
    let scratch = scratch();
    let base = scratch.path().join("base");
    make_cid(&base);
    run(&base, &[&["relay set"], ONE].concat()).exits(0, "the first relay");
    let old = state(&base);
    let outside = scratch.path().join("outside");
    fs::write(&outside, "not to be touched").unwrap();
    let done = Copy::of(&base, "done");
    run(&done, &set()).exits(0, "the second relay");
    let new = state(&done);
    drop(done);
    let mut count = 0;
    for record in [LAST, HISTORY] {
        for (what, plant) in NO_RECORDS.iter().chain(NO_JSON) {
            let context = format!("{what} as {record}");
            let cid = Copy::of(&base, "planted");
            fs::remove_file(cid.join(record)).unwrap();
            plant(&cid.join(record), &outside);
            for args in [vec!["history"], vec!["undo"], set()] {
                let ended = run(&cid, &args);
                let now = state(&cid);
                match ended.code {
                    Some(1) => {
                        assert!(now == old, "{context}, {args:?}: {}", difference(&now, &old));
                        assert!(ended.err.contains(record), "{context}: no word of the file: {ended:?}");
                    }
                    // Either is no file of the CID: a change may go on without.
                    Some(0) if args[0] == "history" => {}
                    Some(0) if args[0] == "relay set" => assert!(now == new, "{context}"),
                    // What undo needs is in the other file.
                    Some(0) if args[0] == "undo" && record == HISTORY => {
                        run(&cid, &["undo"]).exits(0, &context);
                        assert!(state(&cid) == old, "{context}");
                    }
                    _ => panic!("{context}, {args:?}: {ended:?}"),
                }
                assert_eq!(fs::read_to_string(&outside).unwrap(), "not to be touched", "{context}");
            }
            count += 1;
        }
    }
    report(&format!(
        "planted records of the last change and of the history: {count} sorts, nothing touched by a refusal"
    ));
}

#[test]
fn a_planted_lock() {
    let scratch = scratch();
    let base = scratch.path().join("base");
    make_cid(&base);
    let old = state(&base);
    let outside = scratch.path().join("outside");
    // As if it were the lock of a process that has ended.
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let content = format!(r#"{{"id":"1-1","host":"{}","process":1,"user":"somebody","time":1000000000}}"#, host.trim());
    fs::write(&outside, &content).unwrap();
    for (what, plant) in NO_RECORDS.iter().chain(NO_JSON) {
        let cid = Copy::of(&base, "planted");
        let lock = cid.join(LOCK);
        plant(&lock, &outside);
        let refused = run(&cid, &set()).exits(1, what);
        assert!(refused.err.contains(LOCK) && refused.err.contains("--break-lock"), "{what}: {refused:?}");
        assert!(state(&cid) == old, "{what}");
        let forced = run(&cid, &[&set()[..], &["--break-lock"]].concat());
        if lock.is_dir() && !lock.is_symlink() {
            assert_eq!(forced.code, Some(1), "{what}: {forced:?}");
            assert!(state(&cid) == old, "{what}");
        } else {
            assert_eq!(forced.code, Some(0), "{what}: {forced:?}");
            assert_eq!(litter(&cid), [""; 0], "{what}");
        }
        assert_eq!(fs::read_to_string(&outside).unwrap(), content, "{what}");
    }
    report(&format!(
        "planted locks: {} sorts, each refused in time and broken by demand",
        NO_RECORDS.len() + NO_JSON.len()
    ));
}

#[test]
fn an_update_in_progress() {
    let scratch = scratch();
    let base = scratch.path().join("base");
    make_cid(&base);
    let old = state(&base);
    let names = ["cidsync.upd.tmp", "rms/mrinit.conf.new", "rms9x/router9x.dll.filepart", "SETUP.PART"];
    for name in names {
        let cid = Copy::of(&base, "busy");
        fs::write(cid.join(name), "half").unwrap();
        let busy = state(&cid);
        let refused = run(&cid, &set()).exits(1, name);
        assert!(
            refused.err.contains("update in progress") && refused.err.contains("--accept-temporary"),
            "{refused:?}"
        );
        assert!(state(&cid) == busy, "{name}");
        run(&cid, &[&set()[..], &["--accept-temporary"]].concat()).exits(0, name);
        assert_eq!(fs::read(cid.join(name)).unwrap(), b"half");
        assert!(state(&cid).len() > old.len());
        run(&cid, &["catalog verify"]).exits(0, name);
    }
    report(&format!("update in progress: {} names refused, and passed by demand", names.len()));
}
