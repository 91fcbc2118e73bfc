//! Programs that are brought for foreign catalogs and run on the CID itself (`--in-place`): what is right stays and can be
//! undone, what is not is put back, whatever dies on the way.

#[cfg(unix)]
use crate::program::run_by;
use crate::program::{Accepted, Refused, STAND_INS, check, foreign, run};
use crate::support::{RELAY, Tree};
#[cfg(unix)]
use crate::support::{TestEnv, wait_until};

/// What nobody can put back: files of the vendor's that the program spoiled.
const SPOILS: &[&str] = &["changes a file", "changes a byte of a file", "deletes a file", "makes a file a link"];

/// A tree without the files of the vendor's that [`SPOILS`] speaks of.
fn but_for_spoils(mut tree: Tree) -> Tree {
    tree.retain(|path, _| !["agent.dll", "engine.dll"].iter().any(|name| path.ends_with(name)));
    tree
}

#[test]
fn each_stand_in_is_judged_alike_on_the_cid_itself() {
    for (does, verdict) in STAND_INS {
        let mut env = foreign();
        env.set("STAND_IN", *does);
        let mut more = vec!["--in-place"];
        if *does == "hangs" {
            more.extend(["--program-timeout", "1"]);
        }
        let before = env.snapshot();
        let old = env.catalog("MRESXP/cidsync.upd");
        match verdict {
            Refused(why) => {
                let output = run(&env, "MRESXP", &more).expect(1).complains("error: ").complains(why);
                let output = output.complains("the catalogs and the customer's files are as they were");
                if SPOILS.contains(does) {
                    output.complains("is not undone: let the server update this CID");
                    assert_eq!(but_for_spoils(env.snapshot()), but_for_spoils(before), "{does}");
                } else {
                    assert!(!output.stderr.contains("is not undone"), "{output}");
                    let mut after = env.snapshot();
                    // It lies beside the CID, where nobody watches.
                    after.remove(std::path::Path::new("work/elsewhere"));
                    assert_eq!(after, before, "{does}\n{output}");
                }
            }
            Accepted(note) => {
                let note = note.replace(" in its copy", " in the CID");
                let dry = run(&env, "MRESXP", &["--in-place", "--dry-run"]).ok().says("Dry run");
                dry.says("is to run on the CID itself, so that what it does to the catalogs is not known before");
                assert_eq!(env.snapshot(), before, "{does}");
                more.push("-v");
                let output = run(&env, "MRESXP", &more).ok().says("verified").says("it said: ").says(&note);
                assert_eq!(output.count("note: ") == 0, note.is_empty(), "{output}");
                check(&old, &env.catalog("MRESXP/cidsync.upd"), &env.read("MRESXP/mrinit.conf"));
                env.run("undo MRESXP").ok();
                let mut undone = env.snapshot();
                // What the program has left is nobody's business.
                undone.retain(|path, _| before.contains_key(path));
                assert_eq!(undone, before, "{does}");
            }
        }
    }
}

#[test]
fn relay_set_up_and_nothing_to_do() {
    let env = foreign();
    let set = format!("relay set MRESXP {RELAY}");
    let before = env.snapshot();
    let output = run(&env, &set, &["--in-place", "--json"]).ok();
    let cid = &output.json()["cids"][0];
    assert_eq!(cid["status"], "changed");
    let files = cid["files"].as_array().unwrap();
    assert!(files.iter().any(|file| file["path"] == "\\cidsync.upd"), "{output}");
    assert_eq!(
        cid["catalogs"][0]["function"],
        crate::support::example("stand_in_configcid").file_name().unwrap().to_str().unwrap()
    );
    env.run("history MRESXP").ok().says("relay set");
    if cfg!(unix) {
        run(&env, &set, &["--in-place"]).ok().says("was not run").says("Nothing to do");
    }
    env.run("undo MRESXP").ok();
    assert_eq!(env.snapshot(), before);
    env.run("MRESXP --in-place").expect(2).complains("--refresh-with");
    run(&env, "MRESXP", &["--in-place", "--temp", "."]).expect(2);
}

/// A program that does nothing, where nothing can be told of the catalogs by times.
#[test]
fn a_program_that_changes_nothing() {
    let mut env = foreign();
    run(&env, "MRESXP", &[]).ok();
    let before = env.snapshot();
    // Written anew with the same content.
    env.edit("MRESXP/customer_ID.txt", |bytes| bytes);
    env.set("STAND_IN", "does nothing");
    run(&env, "MRESXP", &["--in-place"]).ok().says("Nothing to do");
    assert_eq!(env.snapshot(), before);
    env.run("undo MRESXP").ok();
}

/// The ways of a death: at each step of the change the process is killed, or the step fails.
#[cfg(all(unix, feature = "faults"))]
#[test]
fn death_at_every_step_comes_back() {
    let start = || {
        let mut env = foreign();
        env.set("STAND_IN", "does all of it otherwise");
        env
    };
    let (command, program) = (format!("relay set MRESXP {RELAY}"), crate::support::stand_in());
    let (old, new, steps) = {
        let mut env = start();
        let old = env.snapshot();
        env.set("CONFIGCID_FAULT", "1:count");
        env.set("CONFIGCID_FAULT_COUNT", env.path("steps").to_str().unwrap());
        run(&env, &command, &["--in-place"]).ok();
        let steps = env.text("steps").lines().count();
        env.remove("steps");
        (old, env.snapshot(), steps)
    };
    assert!(steps > 60, "{steps}");
    let (mut undone, mut done) = (0, 0);
    for step in 1..=steps {
        for kind in ["before", "after", "eio"] {
            // Between what is after one step and before the next there is hardly more than reading.
            if kind != "after" && step % 6 != 1 {
                continue;
            }
            let mut env = start();
            env.set("CONFIGCID_FAULT", format!("{step}:{kind}"));
            let words = command.split(' ').chain(["--refresh-with", &program, "--in-place"]);
            let output = env.command().args(words).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            env.set("CONFIGCID_FAULT", "");
            if kind == "eio" && env.path("MRESXP/.configcid-journal").exists() {
                assert!(said.contains("configcid recover"), "step {step}: {said}");
            }
            env.run("recover MRESXP").expect(0);
            match env.snapshot() {
                tree if tree == old => undone += 1,
                tree if tree == new => done += 1,
                tree => panic!("step {step}, {kind}: {said}\n{:?}", tree.keys()),
            }
        }
    }
    assert!(undone > steps / 2 && done > 0, "{undone} undone, {done} done of {steps} steps");
}

/// A program that has spoiled a catalog and a customer's file, left another file, and goes on for ever, with one that it
/// started.
#[cfg(unix)]
fn spoiling(env: &TestEnv) {
    use std::os::unix::fs::PermissionsExt;

    env.write(
        "spoil.sh",
        "#!/bin/sh\nsleep 600 &\necho garbage > \"$1/cidsync.upd\"\nrm \"$1/savxp/cidsync.upd\"\nmkdir \"$1/savxp/cidsync.upd\"\n\
         echo more >> \"$1/mrinit.conf\"\necho \"$$ $!\" > \"$PIDS.new\"\nmv \"$PIDS.new\" \"$PIDS\"\nexec sleep 600\n",
    );
    std::fs::set_permissions(env.path("spoil.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(unix)]
#[test]
fn a_killed_configcid_takes_its_program_along_and_comes_back() {
    use std::process::Stdio;

    use rustix::process::{Pid, Signal, kill_process, test_kill_process};

    for signal in [Signal::KILL, Signal::TERM] {
        let mut env = foreign();
        spoiling(&env);
        env.set("PIDS", env.path("pids").to_str().unwrap());
        let before = env.snapshot();
        let mut command = env.command();
        let args = ["MRESXP", "--refresh-with", "./spoil.sh", "--in-place"];
        let mut child = crate::support::spawn(command.args(args).stdout(Stdio::null()).stderr(Stdio::null()));
        wait_until("the program", || env.path("pids").exists());
        kill_process(Pid::from_child(&child), signal).unwrap();
        child.wait().unwrap();
        for pid in env.text("pids").split_whitespace() {
            let pid = Pid::from_raw(pid.parse().unwrap()).unwrap();
            // One that nobody has asked for is over.
            let is_over = || {
                let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
                test_kill_process(pid).is_err() || stat.contains(") Z ")
            };
            wait_until("the end of the program", is_over);
        }
        env.remove("pids");
        if signal == Signal::KILL {
            assert_ne!(env.snapshot(), before);
            env.run("recover MRESXP --finish").expect(1).complains("can only be undone");
            env.run("recover MRESXP").ok().says("undone");
        }
        let after = env.snapshot();
        let differs = |path: &&std::path::PathBuf| after.get(*path) != before.get(*path);
        let differences: Vec<_> = after.keys().chain(before.keys()).filter(differs).collect();
        assert!(differences.is_empty(), "{signal:?}: {differences:?}");
    }
}

/// A program that is a shell script.
#[cfg(unix)]
fn script(env: &TestEnv, lines: &str) -> String {
    use std::os::unix::fs::PermissionsExt;

    let path = env.path("program.sh");
    std::fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

/// What a program leaves running could write to the catalogs after they were judged.
#[cfg(unix)]
#[test]
fn what_a_program_leaves_running_ends_with_it() {
    for place in [&[][..], &["--in-place"]] {
        let env = foreign();
        let pipe = env.path("pipe");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::read(pipe).unwrap()
        });
        let stand_in = crate::support::stand_in();
        let lines = format!(
            "exec 3>'{}'\n(sleep 1000; echo garbage >\"$1/cidsync.upd\") &\nexec '{stand_in}' \"$@\"",
            pipe.display()
        );
        let program = script(&env, &lines);
        run_by(&env, &program, "MRESXP", place).ok().says("verified");
        // It ends when nobody has it open for writing any more.
        assert!(reader.join().unwrap().is_empty());
        env.run("catalog verify MRESXP").ok();
    }
}

#[cfg(unix)]
#[test]
fn what_could_not_be_put_back_is_said() {
    let env = foreign();
    let program = script(&env, "rm -r \"$1\"/.configcid*\necho broken >\"$1/cidsync.upd\"\nexit 4");
    let output = run_by(&env, &program, "MRESXP", &["--in-place"]).expect(1);
    let output = output.complains("\\cidsync.upd could not be put back (the journal has gone)");
    assert!(!output.stderr.contains("as they were"), "{output}");

    let env = foreign();
    let program = script(&env, "mv \"$1\" \"$1.x\"");
    for place in [&[][..], &["--in-place"]] {
        let output = run_by(&env, &program, "MRESXP", place).expect(1);
        let output = output.complains("the program did what it should not");
        assert_eq!(output.stderr.contains("could not be put back"), !place.is_empty(), "{output}");
    }
}

/// A catalog that endpoints may not read is none.
#[cfg(unix)]
#[test]
fn permissions_that_a_program_changed_are_put_back() {
    let env = foreign();
    let modes = || {
        use std::os::unix::fs::PermissionsExt;
        ["", "cidsync.upd", "rms"].map(|name| env.path("MRESXP").join(name).metadata().unwrap().permissions().mode())
    };
    let before = modes();
    let lines = format!("'{}' \"$@\"\nchmod 000 \"$1/cidsync.upd\" \"$1/rms\" \"$1\"", crate::support::stand_in());
    let program = script(&env, &lines);
    run_by(&env, &program, "MRESXP", &["--in-place"])
        .ok()
        .says("note: program.sh changed the permissions of ., cidsync.upd, rms; they are as they were");
    assert_eq!(modes(), before);
}
