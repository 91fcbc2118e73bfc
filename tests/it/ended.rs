//! A process that is told to end, or is killed: what it began does not stay, and what it started does not go on.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::support::{TestEnv, spawn, wait_until};

/// How the process ends that was told to.
const ENDED: i32 = 130;

/// Waits until something is so; a process that ends before is a fault.
fn until(child: &mut Child, what: &str, is_so: impl Fn() -> bool) {
    wait_until(what, || {
        let is_so = is_so();
        assert!(is_so || child.try_wait().unwrap().is_none(), "it ended before {what}");
        is_so
    });
}

fn own_files(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains("configcid-")).collect()
}

fn start(env: &TestEnv, args: &[&str]) -> Child {
    let mut command = env.command();
    spawn(command.args(args).stdout(Stdio::null()).stderr(Stdio::null()))
}

/// A CID of which a clone takes a while, and a clone that has begun.
fn cloning() -> (TestEnv, Child) {
    let env = TestEnv::demo();
    fs::File::create(env.path("MRESXP/large")).unwrap().set_len(2 << 30).unwrap();
    let mut child = start(&env, &["clone", "MRESXP", "NEW"]);
    let folder = env.path("");
    until(&mut child, "the copy", || own_files(&folder).iter().any(|name| folder.join(name).join("large").exists()));
    (env, child)
}

#[test]
fn a_clone_that_is_told_to_end_leaves_nothing() {
    for signal in [Signal::INT, Signal::TERM] {
        let (env, mut child) = cloning();
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(ENDED));
        assert_eq!(own_files(&env.path("")), [""; 0]);
        assert!(!env.path("NEW").exists());
    }
}

#[test]
fn what_a_killed_clone_left_goes_with_the_next() {
    let (env, mut child) = cloning();
    kill_process(Pid::from_child(&child), Signal::KILL).unwrap();
    child.wait().unwrap();
    assert_eq!(own_files(&env.path("")).len(), 2, "the copy and its lock");
    fs::write(env.path("MRESXP/large"), "").unwrap();
    env.run("clone MRESXP NEW").ok();
    assert_eq!(own_files(&env.path("")), [""; 0]);
}

#[test]
fn what_a_clone_at_work_has_stays() {
    let (env, mut child) = cloning();
    kill_process(Pid::from_child(&child), Signal::STOP).unwrap();
    env.cid("ESXP", configcid::DemoCid::default());
    env.run("clone ESXP OTHER").ok();
    assert_eq!(own_files(&env.path("")).len(), 2, "those of the first clone");
    kill_process(Pid::from_child(&child), Signal::KILL).unwrap();
    child.wait().unwrap();
}

#[test]
fn a_program_of_the_users_is_ended_and_its_working_copy_goes() {
    use std::os::unix::fs::PermissionsExt;

    let env = TestEnv::demo();
    env.write("MRESXP/customer_ID.txt", "Acme");
    env.write(
        "endless.sh",
        format!("#!/bin/sh\necho $$ > {0}.new; mv {0}.new {0}\nexec sleep 600\n", env.path("pid").display()),
    );
    fs::set_permissions(env.path("endless.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    let before = crate::support::snapshot_tree(&env.path("MRESXP"));
    let mut child = start(&env, &["MRESXP", "--refresh-with", "./endless.sh"]);
    until(&mut child, "the program", || env.path("pid").exists());
    let temporary = env.path("../tmp");
    let copies = own_files(&temporary);
    assert_eq!(copies.len(), 2, "{copies:?}");
    for name in copies.iter().filter(|name| !name.ends_with(".lock")) {
        assert_eq!(
            temporary.join(name).metadata().unwrap().permissions().mode() & 0o777,
            0o700,
            "nobody else looks in"
        );
    }
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(ENDED));
    assert_eq!(own_files(&temporary), [""; 0]);
    let program = env.text("pid").trim().parse().ok().and_then(Pid::from_raw).unwrap();
    assert!(test_kill_process(program).is_err(), "it goes on");
    assert_eq!(crate::support::snapshot_tree(&env.path("MRESXP")), before);
}
