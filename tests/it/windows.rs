//! What Windows alone has: its spellings of paths, attributes, files that somebody holds open, processes that are
//! ended, and batch files.

#![cfg(windows)]

use std::fs::{self, File};
use std::os::windows::fs::{MetadataExt, OpenOptionsExt};
use std::os::windows::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::support::layout::crc32;
use crate::support::{Output, RELAY, RELAY_LIST, TestEnv, check_cid, snapshot_tree, stamps, wait_until};
use configcid::DemoCid;

const FILE_SHARE_READ: u32 = 1;
const HIDDEN: u32 = 2;
const READ_ONLY: u32 = 1;

fn set(env: &TestEnv, cid: &str) -> Output {
    let mut args = vec!["relay", "set", cid];
    args.extend(RELAY.split(' '));
    env.run_args(args)
}

/// Asserts that the CID, however it is spelled, is set up and everything works on it.
#[track_caller]
fn works(env: &TestEnv, spelled: &str, real: &Path) {
    set(env, spelled).ok().says("Adding file \\rms\\mrinit.conf");
    check_cid(real, crc32);
    env.run_args(["catalog", "verify", spelled]).ok().says("No faults");
    env.run_args(["undo", spelled]).ok();
    assert!(!real.join("rms/mrinit.conf").exists());
    check_cid(real, crc32);
    let answer = env.run_args(["relay", "show", spelled, "--json"]).ok().json();
    assert_eq!(answer["cids"][0]["cid"], spelled);
}

/// The path of a CID in the test's folder.
fn text(path: PathBuf) -> String {
    path.into_os_string().into_string().unwrap()
}

#[test]
fn every_spelling_of_a_path() {
    let env = TestEnv::demo();
    let full = text(env.path("MRESXP")).replace('/', "\\");
    assert!(full.as_bytes()[1] == b':', "{full}");
    for spelled in [
        "MRESXP".to_owned(),
        "mresxp".to_owned(),
        ".\\MrESXP\\".to_owned(),
        "./MRESXP/".to_owned(),
        "MRESXP\\rms\\..".to_owned(),
        full.clone(),
        full.to_lowercase(),
        full.replace('\\', "/"),
        format!("{full}\\"),
        format!("\\\\?\\{full}"),
        full[2..].to_owned(),
    ] {
        works(&env, &spelled, &env.path("MRESXP"));
    }
}

/// `CONFIGCID_TEST_SHARE` names a share where the test may write; otherwise that of the administrators is tried.
#[test]
fn a_share() {
    let named = std::env::var("CONFIGCID_TEST_SHARE");
    let share = named.clone().unwrap_or_else(|_| "\\\\localhost\\C$\\Windows\\Temp".to_owned());
    let Ok(dir) = tempfile::tempdir_in(&share) else {
        assert!(named.is_err(), "{share} cannot be written");
        return eprintln!("NOT TESTED, since {share} cannot be written: a CID on a share");
    };
    let env = TestEnv::new();
    DemoCid::default().write(&dir.path().join("MRESXP")).unwrap();
    let cid = text(dir.path().join("MRESXP"));
    for spelled in [cid.clone(), cid.replace('\\', "/"), format!("{cid}\\"), format!("\\\\?\\UNC{}", &cid[1..])] {
        works(&env, &spelled, Path::new(&cid));
    }
    // Messages name the share as people do, not as the system does.
    fs::remove_file(dir.path().join("MRESXP/rms/cidsync.upd")).unwrap();
    fs::create_dir(dir.path().join("MRESXP/rms/cidsync.upd")).unwrap();
    let output = set(&env, &cid).expect(1).complains(&format!("error: {cid}"));
    assert!(!output.stderr.contains("UNC") && !output.stderr.contains("\\\\?"), "{output}");
    fs::remove_dir(dir.path().join("MRESXP/rms/cidsync.upd")).unwrap();
    env.run_args(["clone", &cid, "COPY"]).expect(0);
    assert_eq!(snapshot_tree(&env.path("COPY")), snapshot_tree(Path::new(&cid)));
}

#[test]
fn messages_name_paths_as_people_do() {
    let env = TestEnv::demo();
    env.remove("MRESXP/rms/cidsync.upd");
    env.write("MRESXP/rms/cidsync.upd", "no catalog");
    let held = hold(&env, "MRESXP/mrinit.conf", 0);
    for cid in ["MRESXP".to_owned(), text(env.path("MRESXP"))] {
        let output = set(&env, &cid).expect(1).complains("mrinit.conf");
        assert!(!output.stderr.contains("\\\\?"), "{output}");
    }
    drop(held);
}

/// The command processor and the C library agree that a backslash before a quote belongs to the quote.
#[test]
fn a_backslash_before_a_closing_quote() {
    let env = TestEnv::with(DemoCid::default());
    env.cid("My CID", DemoCid::default());
    let run = |line: &str| {
        let mut command = env.command();
        command.raw_arg(line);
        env.finish(command)
    };
    run(&format!("relay set {RELAY} \"My CID\\\"")).ok();
    check_cid(&env.path("My CID"), crc32);
    run("catalog verify --json \"MRESXP\\\"").ok();
    run("mrinit show \"MRESXP\\mrinit.conf\\\\\"").expect(1);
    // Where more follows, the quote has swallowed it: nothing is guessed.
    let before = env.snapshot();
    run(&format!("relay set \"MRESXP\\\" {RELAY}")).expect(2).complains("a backslash before a closing quote");
    run("MRESXP \"My CID\\\" \"OTHER\"").expect(2).complains("a backslash before a closing quote");
    assert_eq!(env.snapshot(), before);
}

#[test]
fn paths_of_more_than_260_characters() {
    let env = TestEnv::new();
    let deep = ["a folder with a name of some forty letters"; 8].join("\\");
    fs::create_dir_all(env.path(&deep)).unwrap();
    let cid = format!("{deep}\\MRESXP");
    env.cid(&cid, DemoCid::default());
    let full = text(env.path(&cid));
    assert!(full.len() > 300);
    works(&env, &full, &env.path(&cid));
    works(&env, &cid, &env.path(&cid));
    env.run_args(["clone", &full, &format!("{full}2")]).ok();
    assert_eq!(snapshot_tree(&env.path(&format!("{cid}2"))).len(), snapshot_tree(&env.path(&cid)).len());
}

#[test]
fn names_in_any_case() {
    let env = TestEnv::with(DemoCid { upper_case: true, ..DemoCid::default() });
    set(&env, "mresxp").ok().says("\\RMS\\MRINIT.CONF");
    check_cid(&env.path("MRESXP"), crc32);
    env.write("MRESXP/Rms/Stamp", "x");
    env.run("mResXP").ok().says("\\RMS\\Stamp");
    check_cid(&env.path("MRESXP"), crc32);
    env.refuses(2, "clone mresxp MRESXP\\rms\\NEW").complains("inside the old one");
    env.refuses(1, "clone MRESXP mresxp").complains("already");
}

#[test]
fn devices_and_streams_are_no_files() {
    let env = TestEnv::demo();
    for line in ["NUL", "catalog verify con", "mrinit show CON", "mrinit show aux.conf", "clone MRESXP com1.x"] {
        env.refuses(1, line).complains("has the name of a Windows device");
    }
    for line in [
        "MRESXP:stream",
        "MRESXP::$INDEX_ALLOCATION",
        "mrinit show MRESXP\\mrinit.conf::$DATA",
        "mrinit set MRESXP\\mrinit.conf:x ServiceArgs x",
        "clone MRESXP NEW:x",
    ] {
        env.refuses(1, line).complains("has a colon");
    }
    env.refuses(1, "clone MRESXP NEW.").complains("ends in a dot");
}

fn attributes(env: &TestEnv, path: &str) -> u32 {
    fs::metadata(env.path(path)).unwrap().file_attributes()
}

fn set_read_only(env: &TestEnv, path: &str, read_only: bool) {
    let mut permissions = fs::metadata(env.path(path)).unwrap().permissions();
    permissions.set_readonly(read_only);
    fs::set_permissions(env.path(path), permissions).unwrap();
}

const REPLACED: [&str; 3] = ["MRESXP/rms/mrinit.conf", "MRESXP/rms/cidsync.upd", "MRESXP/cidsync.upd"];

#[test]
fn files_that_are_read_only_are_replaced_and_stay_so() {
    let env = TestEnv::demo();
    env.write(REPLACED[0], DemoCid::default().mrinit());
    for file in REPLACED {
        set_read_only(&env, file, true);
    }
    let before = snapshot_tree(&env.path("MRESXP"));
    for line in [format!("relay set MRESXP {RELAY}"), "relay set MRESXP --fqdn other.acme".to_owned()] {
        env.run(&line).ok();
        check_cid(&env.path("MRESXP"), crc32);
        for file in REPLACED {
            assert_eq!(attributes(&env, file) & READ_ONLY, READ_ONLY, "{file}");
        }
    }
    env.run("undo MRESXP").ok();
    assert!(env.text(REPLACED[0]).contains(RELAY_LIST));
    env.run("mrinit set MRESXP/rms/mrinit.conf ServiceArgs x").ok();
    assert_eq!(attributes(&env, REPLACED[0]) & READ_ONLY, READ_ONLY);

    // One that cannot be replaced is as it was: read-only.
    let held = hold(&env, "MRESXP/cidsync.upd", FILE_SHARE_READ);
    let now = env.snapshot();
    env.run("relay set MRESXP --fqdn third.acme").expect(1).complains("cidsync.upd");
    assert_eq!(env.snapshot(), now);
    drop(held);
    assert_eq!(before.len(), snapshot_tree(&env.path("MRESXP")).len());

    env.run("clone MRESXP NEW").ok();
    assert_eq!(snapshot_tree(&env.path("NEW")), snapshot_tree(&env.path("MRESXP")));
}

#[test]
fn files_that_are_hidden_stay_so() {
    let env = TestEnv::demo();
    let bytes = env.read("MRESXP/cidsync.upd");
    env.remove("MRESXP/cidsync.upd");
    let mut options = File::options();
    let file = options.write(true).create_new(true).attributes(HIDDEN).open(env.path("MRESXP/cidsync.upd"));
    std::io::Write::write_all(&mut file.unwrap(), &bytes).unwrap();
    if attributes(&env, "MRESXP/cidsync.upd") & HIDDEN == 0 {
        return eprintln!("NOT TESTED, since this file system keeps no attributes: hidden files");
    }
    set(&env, "MRESXP").ok();
    assert_ne!(env.read("MRESXP/cidsync.upd"), bytes);
    assert_eq!(attributes(&env, "MRESXP/cidsync.upd") & HIDDEN, HIDDEN);
    env.run("undo MRESXP").ok();
    assert_eq!(env.read("MRESXP/cidsync.upd"), bytes);
    assert_eq!(attributes(&env, "MRESXP/cidsync.upd") & HIDDEN, HIDDEN);
}

/// Opens a file as a program does that lets others do with it only what `share` says.
fn hold(env: &TestEnv, path: &str, share: u32) -> File {
    File::options().read(true).share_mode(share).open(env.path(path)).unwrap()
}

fn start(env: &TestEnv, line: &str) -> Child {
    let mut command = env.command();
    crate::support::spawn(command.args(line.split(' ')).stdout(Stdio::piped()).stderr(Stdio::piped()))
}

/// Starts a relay set-up that has replaced every file but the last, which somebody reads.
fn stuck_at_the_last_file(env: &TestEnv) -> (Child, File) {
    let held = hold(env, "MRESXP/cidsync.upd", FILE_SHARE_READ);
    let before = env.read("MRESXP/rms/cidsync.upd");
    let child = start(env, &format!("relay set MRESXP {RELAY}"));
    wait_until("the replaced catalog of rms", || {
        fs::read(env.path("MRESXP/rms/cidsync.upd")).is_ok_and(|now| now != before)
    });
    (child, held)
}

#[test]
fn a_file_that_is_read_for_a_moment_is_waited_for() {
    let env = TestEnv::demo();
    let (child, held) = stuck_at_the_last_file(&env);
    drop(held);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    check_cid(&env.path("MRESXP"), crc32);
}

#[test]
fn where_a_file_is_held_for_long_everything_is_put_back() {
    for file in ["MRESXP/rms/cidsync.upd", "MRESXP/cidsync.upd"] {
        let env = TestEnv::demo();
        let (before, times) = (env.snapshot(), stamps(&env.path("MRESXP")));
        let held = hold(&env, file, FILE_SHARE_READ);
        set(&env, "MRESXP").expect(1).complains(file).complains("nothing was changed");
        assert_eq!(env.snapshot(), before);
        for (path, (time, _)) in stamps(&env.path("MRESXP")) {
            let is_folder = env.path("MRESXP").join(&path).is_dir();
            assert!(is_folder || time == times[&path].0, "{}", path.display());
        }
        drop(held);
        set(&env, "MRESXP").ok();
        check_cid(&env.path("MRESXP"), crc32);
    }
}

#[test]
fn a_file_that_nobody_else_may_read() {
    for file in ["MRESXP/rms/cidsync.upd", "MRESXP/mrinit.conf"] {
        let env = TestEnv::demo();
        let before = env.snapshot();
        let held = hold(&env, file, 0);
        set(&env, "MRESXP").expect(1).complains(file);
        drop(held);
        assert_eq!(env.snapshot(), before);
    }
}

#[test]
fn a_process_that_is_ended_leaves_a_change_that_can_be_finished_or_undone() {
    for (way, outcome) in [("", "finished"), ("--undo", "undone"), ("--finish", "finished")] {
        let env = TestEnv::demo();
        let before = snapshot_tree(&env.path("MRESXP"));
        let (mut child, held) = stuck_at_the_last_file(&env);

        // Meanwhile nobody else writes, and all can see who does.
        let id = child.id();
        let output = env.run("MRESXP --wait 0").expect(1).complains("another writer is at work");
        assert!(output.stderr.contains(&format!("process {id} of ")), "{output}");
        env.run("MRESXP --wait 0 --break-lock").expect(1).complains("end that process first");

        if way.is_empty() {
            child.kill().unwrap();
        } else {
            let ended = Command::new("taskkill").args(["/F", "/PID", &id.to_string()]).output().unwrap();
            assert!(ended.status.success(), "{ended:?}");
        }
        child.wait().unwrap();
        drop(held);
        assert!(env.path("MRESXP/.configcid-journal").exists());
        assert!(!env.path("MRESXP/.configcid-lock").exists(), "the lock goes with the process");
        env.run_args(["recover", "MRESXP", way].iter().filter(|arg| !arg.is_empty())).ok().says(outcome);
        check_cid(&env.path("MRESXP"), crc32);
        assert_eq!(snapshot_tree(&env.path("MRESXP")) == before, outcome == "undone");
        set(&env, "MRESXP").ok();
    }
}

#[cfg(feature = "faults")]
#[test]
fn a_process_that_dies_at_any_step() {
    let [old, new] = [false, true].map(|changed| {
        let env = prepared();
        if changed {
            set(&env, "MRESXP").ok();
        }
        of_others(&env)
    });
    let mut seen = [false; 2];
    for step in 1.. {
        let mut env = prepared();
        let mut command = env.command();
        command.args(["relay", "set", "MRESXP"]).args(RELAY.split(' ')).env("CONFIGCID_FAULT", format!("{step}:after"));
        if env.finish(command).code == 0 {
            assert!(step > 20);
            break;
        }
        assert!(!env.path("MRESXP/.configcid-lock").exists());
        env.set("COMPUTERNAME", "ANOTHER");
        env.run("recover MRESXP").ok();
        let now = of_others(&env);
        assert!(now == old || now == new, "step {step}: {now:?}");
        seen[usize::from(now == new)] = true;
        set(&env, "MRESXP").ok();
        assert_eq!(of_others(&env), new, "step {step}");
    }
    assert_eq!(seen, [true; 2]);
}

/// What is in the CID but for drafts of records, which are no change that was begun: the next change sweeps them away.
#[cfg(feature = "faults")]
fn of_others(env: &TestEnv) -> crate::support::Tree {
    let mut tree = snapshot_tree(&env.path("MRESXP"));
    let is_draft = |name: &str| name.starts_with(".configcid-") && name.ends_with(".new");
    tree.retain(|path, _| path.components().count() > 1 || !is_draft(&path.to_string_lossy()));
    tree
}

/// A CID of which every file to be replaced is there and read-only.
#[cfg(feature = "faults")]
fn prepared() -> TestEnv {
    let env = TestEnv::demo();
    env.write(REPLACED[0], DemoCid::default().mrinit());
    env.run("MRESXP").ok();
    REPLACED.iter().for_each(|file| set_read_only(&env, file, true));
    env
}

#[test]
fn a_lock_that_outlived_its_process() {
    let mut env = TestEnv::demo();
    env.set("COMPUTERNAME", "SERVER1");
    let lock = |host: &str| {
        let text = format!(r#"{{"id":"1-1","host":"{host}","process":4711,"user":"admin","time":1000000000}}"#);
        env.write("MRESXP/.configcid-lock", text);
    };
    lock("SERVER1");
    set(&env, "MRESXP").expect(0).complains("broken: process 4711 of admin on SERVER1");
    assert!(!env.path("MRESXP/.configcid-lock").exists());
    lock("SERVER2");
    env.run("undo MRESXP --wait 0").expect(1).complains("process 4711 of admin on SERVER2");
    env.run("undo MRESXP --wait 0 --break-lock").expect(0).complains("admin on SERVER2");
    assert!(!env.path("MRESXP/.configcid-lock").exists());
    check_cid(&env.path("MRESXP"), crc32);
}

/// The program, as a batch file in another folder calls it.
fn program() -> String {
    text(std::path::absolute(env!("CARGO_BIN_EXE_configcid")).unwrap())
}

fn batch(env: &TestEnv, script: &str) -> Output {
    env.write("test.cmd", format!("@echo off\nset EXE={}\n{script}", program()).replace('\n', "\r\n"));
    let mut command = Command::new("cmd");
    command.args(["/c", "test.cmd"]);
    env.finish(env.clean(command))
}

#[test]
fn exit_codes_as_batch_files_see_them() {
    let env = TestEnv::demo();
    env.cid("DAMAGED", DemoCid::default());
    env.remove("DAMAGED/rms/agent.dll");
    let expect = |line: &str, code: u32| {
        let above = code + 1;
        format!("\"%EXE%\" {line}\nif errorlevel {above} exit /b 1{code}\nif not errorlevel {code} exit /b 2{code}\n")
    };
    let script = [
        expect(&format!("relay set {RELAY} \"%~dp0MRESXP\\\""), 0),
        expect("-q catalog verify MRESXP\\", 0),
        expect("nowhere", 2),
        expect("relay set", 2),
        expect("catalog verify DAMAGED", 3),
        expect("MRESXP nowhere", 4),
        expect("MRESXP", 0),
        "\"%EXE%\" -q MRESXP && echo and so on\n\"%EXE%\" -q nowhere || echo or else\nexit /b 0\n".to_owned(),
    ];
    let output = batch(&env, &script.concat()).expect(0).says("and so on").says("or else");
    assert_eq!(output.count("Done: 3 files written"), 1, "{output}");
    check_cid(&env.path("MRESXP"), crc32);
}

#[test]
fn names_beyond_ascii_are_redirected_as_utf_8() {
    let env = TestEnv::new();
    for name in ["Z\u{fc}rich", "\u{416}\u{4e2d}"] {
        env.cid(name, DemoCid::default());
        env.run_args(["clone", name, &format!("{name} 2")]).ok().says(&format!("Cloned {name} to {name} 2"));
        let mut command = Command::new("cmd");
        command.raw_arg(format!("/c \"\"{}\" clone {name} {name}3 > out.txt\"", program()));
        env.finish(env.clean(command)).ok();
        assert!(env.text("out.txt").starts_with(&format!("Cloned {name} to {name}3: ")), "{}", env.text("out.txt"));
        assert!(!env.text("out.txt").contains('\r'));
    }
    let mut command = Command::new("cmd");
    command.raw_arg(format!("/c \"chcp 850 >nul & \"{}\" nowhere-\u{fc}\\ESXP 2> err.txt\"", program()));
    env.finish(env.clean(command)).expect(1);
    assert!(env.text("err.txt").starts_with("error: nowhere-\u{fc}\\ESXP: "), "{}", env.text("err.txt"));
}
