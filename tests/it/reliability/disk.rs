//! Disks that are really full, folders that really cannot be written, files that share their bytes with another tree.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::{XattrFlags, getxattr, setxattr, statvfs};
use tempfile::TempDir;

use super::support::{
    Copy, End, Ends, ONE, TWO, Tally, command, copy, finish, halted, litter, make_cid, own_files, recover, report, run,
    run_with_fault, scratch, set, start, state, steps,
};

/// A small file system in memory, for the life of the value.
struct Small {
    place: PathBuf,
    _scratch: TempDir,
}

impl Small {
    /// `None` where nobody may mount here, which is said.
    fn mount(options: &str) -> Option<Self> {
        let scratch = scratch();
        let place = scratch.path().join("small");
        fs::create_dir(&place).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "configcid-reliability"])
            .arg(&place)
            .stderr(Stdio::null())
            .status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self { place, _scratch: scratch });
        }
        skipped("no file system can be mounted here");
        None
    }

    fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        let status = Command::new("mount").args(["-o", &options]).arg(&self.place).status().unwrap();
        assert!(status.success(), "{options}");
    }

    /// A fresh CID, and nothing else.
    fn cid(&self, base: &Path) -> PathBuf {
        let cid = self.place.join("CID");
        let _ = fs::remove_file(self.filler());
        let _ = fs::remove_dir_all(&cid);
        copy(base, &cid);
        cid
    }

    fn filler(&self) -> PathBuf {
        self.place.join("filler")
    }

    /// Fills it up, but for `left` bytes.
    fn fill(&self, left: u64) {
        let mut file = File::create(self.filler()).unwrap();
        let block = [b'x'; 4096];
        let mut length = 0;
        while let Ok(written) = file.write(&block) {
            length += written as u64;
        }
        file.set_len(length.saturating_sub(left)).unwrap();
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.place).status();
    }
}

/// Says that something was not tried; where everything must be, that is an error.
fn skipped(why: &str) {
    println!("SKIPPED: {why}");
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "SKIPPED: {why}");
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A relay CID, the two states of which the second comes by `set(TWO)`.
fn base(scratch: &Path) -> (PathBuf, Ends) {
    let base = scratch.join("base");
    make_cid(&base);
    run(&base, &set(ONE)).exits(0, "the first relay");
    let done = Copy::of(&base, "done");
    run(&done, &set(TWO)).exits(0, "the second relay");
    let ends = Ends { old: state(&base), new: state(&done) };
    (base, ends)
}

/// The outcome of a run must be one of the two, as its exit code says.
fn outcome(cid: &Path, ends: &Ends, run: &super::support::Run, context: &str) -> End {
    let end = ends.of(cid, &format!("{context}: {run:?}"));
    let code = if end == End::New { 0 } else { 1 };
    assert_eq!(run.code, Some(code), "{context}: {run:?}");
    assert_eq!(litter(cid), [""; 0], "{context}: left over: {run:?}");
    end
}

#[test]
fn a_disk_that_is_full_from_the_start() {
    let Some(small) = Small::mount("size=2m") else { return };
    let scratch = scratch();
    let (base, ends) = base(scratch.path());
    let mut tally = Tally::default();
    let sizes: Vec<u64> = (0..=48).chain((56..=480).step_by(8)).collect();
    for kib in &sizes {
        let context = format!("{kib} KiB free");
        let cid = small.cid(&base);
        small.fill(kib << 10);
        let before = own_files(&cid);
        let run = run(&cid, &set(TWO));
        let end = outcome(&cid, &ends, &run, &context);
        if end == End::Old {
            assert_eq!(own_files(&cid), before, "{context}: left over: {run:?}");
        }
        tally.add(end);
    }
    assert!(tally.old > 0 && tally.new > 0, "{tally:?}");
    report(&format!("full disk (tmpfs), 0 to 480 KiB free in {} sizes: {tally}", sizes.len()));
}

/// The free bytes are looked at before; a file system without room for one more file shows itself only on the way.
#[test]
fn a_disk_without_room_for_more_files() {
    let Some(small) = Small::mount("size=8m,nr_inodes=1000") else { return };
    let scratch = scratch();
    let (base, ends) = base(scratch.path());
    let mut tally = Tally::default();
    for files in 0..=24 {
        let context = format!("room for {files} files");
        small.remount("size=8m,nr_inodes=1000");
        let cid = small.cid(&base);
        let room = statvfs(&small.place).unwrap();
        small.remount(&format!("size=8m,nr_inodes={}", room.f_files - room.f_ffree + files));
        let before = own_files(&cid);
        let run = run(&cid, &set(TWO));
        let end = outcome(&cid, &ends, &run, &context);
        if end == End::Old {
            assert_eq!(own_files(&cid), before, "{context}: left over: {run:?}");
        }
        tally.add(end);
    }
    assert!(tally.old > 0 && tally.new > 0, "{tally:?}");
    report(&format!("full disk (tmpfs), room for 0 to 24 more files: {tally}"));
}

/// The disk fills up while the change is under way: the process is halted at a step, the disk filled to the last byte,
/// and the process goes on.
#[test]
fn a_disk_that_fills_up_at_every_step() {
    let Some(small) = Small::mount("size=4m") else { return };
    let scratch = scratch();
    let (base, ends) = base(scratch.path());
    let steps = steps(&Copy::of(&base, "count"), &set(TWO));
    let mut tally = Tally::default();
    for step in 1..=steps.len() {
        let context = format!("full from step {step} ({})", steps[step - 1]);
        let cid = small.cid(&base);
        let mut command = command(&cid, &set(TWO));
        command.env("CONFIGCID_FAULT", format!("{step}:stop"));
        let child = start(command);
        let go_on = halted(&child);
        small.fill(0);
        go_on();
        let run = finish(child);
        tally.add(outcome(&cid, &ends, &run, &context));
    }
    assert!(tally.old > 0 && tally.new > 0, "{tally:?}");
    report(&format!("full disk (tmpfs), filled up at each of {} steps: {tally}", steps.len()));
}

/// A change is interrupted, and the disk is full when it is recovered.
#[test]
fn recovery_on_a_full_disk() {
    let Some(small) = Small::mount("size=4m") else { return };
    let scratch = scratch();
    let (base, ends) = base(scratch.path());
    let steps = steps(&Copy::of(&base, "count"), &set(TWO));
    let mut tally = Tally::default();
    for step in 1..=steps.len() {
        let context = format!("death at step {step} ({}), then a full disk", steps[step - 1]);
        let cid = small.cid(&base);
        let dead = run_with_fault(&cid, &set(TWO), &format!("{step}:after"));
        assert!(dead.signal.is_some(), "{context}: {dead:?}");
        small.fill(0);
        // The lock needs room; so does nothing else. Either it is recovered, or nothing was touched.
        let before = state(&cid);
        let run = run(&cid, &["recover", "--wait", "0"]);
        match run.code {
            Some(0) => drop(ends.of(&cid, &context)),
            Some(1) => assert!(state(&cid) == before, "{context}: {run:?}"),
            _ => panic!("{context}: {run:?}"),
        }
        fs::remove_file(small.filler()).unwrap();
        tally.add(recover(&cid, &ends, &context));
    }
    report(&format!("recovery on a full disk, after a death at each of {} steps: {tally}", steps.len()));
}

#[test]
fn a_disk_that_cannot_be_written() {
    let Some(small) = Small::mount("size=4m") else { return };
    let scratch = scratch();
    let (base, ends) = base(scratch.path());
    let cid = small.cid(&base);
    let journal = cid.join(".configcid-journal");
    let mut tally = Tally::default();
    let steps = steps(&Copy::of(&base, "count"), &set(TWO));
    let interrupted = 1 + steps.iter().position(|step| step.contains("replace it: cidsync.upd")).unwrap();
    for fault in [None, Some(format!("{interrupted}:after"))] {
        let cid = small.cid(&base);
        if let Some(fault) = &fault {
            assert!(run_with_fault(&cid, &set(TWO), fault).signal.is_some());
        }
        let (before, own) = (state(&cid), own_files(&cid));
        small.remount("ro");
        for args in [set(TWO), vec!["undo", "--wait", "0"]] {
            let refused = run(&cid, &args).exits(1, "read-only");
            assert!(refused.err.contains("Read-only file system"), "{refused:?}");
            assert!(refused.err.contains("nothing was changed"), "{refused:?}");
        }
        assert!(state(&cid) == before);
        assert_eq!(own_files(&cid), own);
        // What only looks works.
        run(&cid, &["history"]).exits(0, "read-only");
        small.remount("rw");
        tally.add(recover(&cid, &ends, "read-only, then not"));
        assert!(!journal.exists());
    }
    assert_eq!((tally.old, tally.new), (1, 1));
    report(&format!(
        "read-only file system, with and without an interrupted change: {tally} after it can be written again"
    ));
}

#[test]
fn folders_that_one_may_not_write_to() {
    if !is_root() {
        return skipped("only root can run the program as somebody else");
    }
    let scratch = scratch();
    fs::set_permissions(scratch.path(), Permissions::from_mode(0o755)).unwrap();
    // Somebody else may not see where it was built.
    let program = scratch.path().join("configcid");
    fs::copy(env!("CARGO_BIN_EXE_configcid"), &program).unwrap();
    let (base, ends) = base(scratch.path());
    let nobody = 65_534;
    // Which folders are somebody's who may write to them.
    for own in [&[][..], &[""], &["", "rms"], &["rms", "rms9x"], &["", "rms", "rms9x"]] {
        let context = format!("may write to {own:?}");
        let cid = Copy::of(&base, "CID");
        for file in ends.old.keys() {
            fs::set_permissions(
                cid.join(file),
                Permissions::from_mode(if cid.join(file).is_dir() { 0o755 } else { 0o644 }),
            )
            .unwrap();
        }
        let old = state(&cid);
        for folder in own {
            chown(cid.join(folder), Some(nobody), Some(nobody)).unwrap();
        }
        let mut command = Command::new(&program);
        command.args(["relay", "set"]).arg(&*cid).args(&set(TWO)[1..]).uid(nobody).gid(nobody);
        let run = finish(start(command));
        if own.len() == 3 {
            // Files of root's, in folders of one's own: each is replaced, by a copy where links to others' files are
            // forbidden.
            assert_eq!(run.code, Some(0), "{context}: {run:?}");
            assert!(state(&cid) != old, "{context}");
        } else {
            assert_eq!(run.code, Some(1), "{context}: {run:?}");
            assert!(
                run.err.contains("ermission denied") && run.err.contains("nothing was changed"),
                "{context}: {run:?}"
            );
            assert!(state(&cid) == old, "{context}: {run:?}");
        }
        assert_eq!(litter(&cid), [""; 0], "{context}: left over: {run:?}");
    }
    report("folders without write access: 4 combinations refused with nothing changed, 1 with all of them done");
}

/// What `cp -al` makes.
fn link_tree(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            link_tree(&path, &target);
        } else {
            fs::hard_link(&path, &target).unwrap();
        }
    }
}

#[test]
fn a_tree_of_hard_links_is_not_written_through() {
    let scratch = scratch();
    let cid = scratch.path().join("CID");
    make_cid(&cid);
    run(&cid, &set(ONE)).exits(0, "the first relay");
    let twin = scratch.path().join("twin");
    link_tree(&cid, &twin);
    let old = state(&twin);
    let inodes = || -> Vec<u64> { old.keys().map(|path| fs::metadata(twin.join(path)).unwrap().ino()).collect() };
    let (before, journal) = (inodes(), own_files(&twin));
    let bytes = |name: &str| fs::read(twin.join(name)).unwrap();
    let (last, history) = (bytes(".configcid-last"), bytes(".configcid-history"));
    let interrupted = steps(&Copy::of(&cid, "count"), &set(TWO));
    let interrupted = 1 + interrupted.iter().position(|step| step.contains("replace it: cidsync.upd")).unwrap();
    for what in ["set", "set and interrupted", "undo", "redo"] {
        match what {
            "set" => run(&cid, &set(TWO)).exits(0, what),
            "set and interrupted" => {
                assert!(run_with_fault(&cid, &set(ONE), &format!("{interrupted}:before")).signal.is_some());
                run(&cid, &["recover", "--undo"]).exits(0, what)
            }
            _ => run(&cid, &["undo"]).exits(0, what),
        };
        assert!(state(&twin) == old, "{what} wrote through");
        assert_eq!(inodes(), before, "{what}");
        assert_eq!(own_files(&twin), journal, "{what}");
        assert!(bytes(".configcid-last") == last && bytes(".configcid-history") == history, "{what}");
    }
    report(&format!(
        "hard-linked tree: {} files, bytes and inodes the same after set, recovery, undo and redo",
        old.len()
    ));
}

#[test]
fn owner_mode_and_attributes_are_kept() {
    let scratch = scratch();
    let cid = scratch.path().join("CID");
    make_cid(&cid);
    run(&cid, &set(ONE)).exits(0, "the first relay");
    let files = ["rms/mrinit.conf", "rms/cidsync.upd", "cidsync.upd"];
    let modes = [0o640, 0o604, 0o444];
    let owner = if is_root() {
        (12_345, 23_456)
    } else {
        (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw())
    };
    let mut has_attributes = true;
    for (file, mode) in files.iter().zip(modes) {
        let path = cid.join(file);
        chown(&path, Some(owner.0), Some(owner.1)).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        has_attributes &= setxattr(&path, "user.acme", b"kept", XattrFlags::empty()).is_ok();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    }
    if !has_attributes {
        skipped("this file system has no attributes of users");
    }
    let check = |what: &str| {
        for (file, mode) in files.iter().zip(modes) {
            let path = cid.join(file);
            let metadata = fs::metadata(&path).unwrap();
            assert_eq!(
                (metadata.uid(), metadata.gid(), metadata.mode() & 0o7777),
                (owner.0, owner.1, mode),
                "{what}: {file}"
            );
            if has_attributes {
                let mut value = [0; 8];
                let length =
                    getxattr(&path, "user.acme", &mut value).unwrap_or_else(|error| panic!("{what}: {file}: {error}"));
                assert_eq!(&value[..length], b"kept", "{what}: {file}");
            }
        }
    };
    let inodes = || files.map(|file| fs::metadata(cid.join(file)).unwrap().ino());
    let before = inodes();
    for (what, args) in [("set", set(TWO)), ("undo", vec!["undo"]), ("redo", vec!["undo"])] {
        run(&cid, &args).exits(0, what);
        check(what);
    }
    assert!(inodes().iter().zip(before).all(|(now, before)| *now != before), "they were not replaced");
    report("owner, mode and user attributes: kept on replaced files by set, undo and redo");
}

/// A file that its owner alone may read is not laid open while its successor is written.
#[test]
fn a_secret_file_stays_secret_on_the_way() {
    let scratch = scratch();
    let base = scratch.path().join("base");
    make_cid(&base);
    run(&base, &set(ONE)).exits(0, "the first relay");
    fs::set_permissions(base.join("rms/mrinit.conf"), Permissions::from_mode(0o600)).unwrap();
    let steps = steps(&Copy::of(&base, "count"), &set(TWO));
    let mut looked = 0;
    for step in 1..=steps.len() {
        let dead = Copy::of(&base, "dead");
        assert!(run_with_fault(&dead, &set(TWO), &format!("{step}:after")).signal.is_some());
        for entry in fs::read_dir(dead.join("rms")).unwrap() {
            let path = entry.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            if bytes.starts_with(b"[Config]") {
                let mode = fs::metadata(&path).unwrap().mode() & 0o7777;
                assert_eq!(mode, 0o600, "{} after step {step} ({})", path.display(), steps[step - 1]);
                looked += 1;
            }
        }
    }
    assert!(looked > steps.len());
}
