//! The script for `cmd` in `scripts/windows/`, as batch files and administrators call it. `power_shell/` has the module.

#![cfg(windows)]

use std::fs;
use std::os::windows::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::layout::crc32;
use crate::support::{Output, RELAY_LIST, TestEnv, check_cid};
use configcid::DemoCid;

fn script(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "scripts", "windows", name].iter().collect();
    std::path::absolute(path).unwrap().into_os_string().into_string().unwrap()
}

/// An environment with a demo CID, where the scripts find the program by the variable.
fn env() -> TestEnv {
    let mut env = TestEnv::demo();
    env.set("CONFIGCID", program());
    env
}

fn program() -> String {
    std::path::absolute(env!("CARGO_BIN_EXE_configcid")).unwrap().into_os_string().into_string().unwrap()
}

/// Runs the script with these arguments, as they stand in a line.
fn direct(env: &TestEnv, args: &str) -> Output {
    let mut command = Command::new("cmd");
    command.raw_arg(format!("/c \"\"{}\" {args}\"", script("set-relay-cid.cmd")));
    env.finish(env.clean(command))
}

/// Runs a batch file in which `set-relay-cid` stands for the script.
fn batch(env: &TestEnv, lines: &str) -> Output {
    let lines = lines.replace("set-relay-cid", &format!("call \"{}\"", script("set-relay-cid.cmd")));
    env.write("test.cmd", format!("@echo off\n{lines}\n").replace('\n', "\r\n"));
    let mut command = Command::new("cmd");
    command.args(["/c", "test.cmd"]);
    env.finish(env.clean(command))
}

const RELAY: &str = "10.1.200.65 MRComputer.Sales.Acme MRComputer";

#[test]
fn the_cmd_script_sets_up_relays() {
    let env = env();
    env.cid("My CID & more", DemoCid::default());
    env.cid("OTHER", DemoCid::default());
    let full = env.path("MRESXP");
    let args = format!("{RELAY} \"{}\\\" \"My CID & more\" OTHER", full.display());
    direct(&env, &args).ok().says("Adding file \\rms\\mrinit.conf");
    for cid in ["MRESXP", "My CID & more", "OTHER"] {
        check_cid(&env.path(cid), crc32);
        assert!(env.text(&format!("{cid}/rms/mrinit.conf")).contains(RELAY_LIST));
    }
    direct(&env, "\"\" \"relay.acme\" \"\" OTHER").ok();
    assert!(env.text("OTHER/rms/mrinit.conf").contains("\"ParentRouterAddress\"=\"relay.acme\""));
}

#[test]
fn the_exit_codes_of_the_cmd_script() {
    let mut env = env();
    env.cid("DAMAGED", DemoCid::default());
    env.remove("DAMAGED/rms/agent.dll");
    let before = env.snapshot();
    for (args, code, said) in [
        (format!("{RELAY} nowhere"), 1, "nowhere"),
        (format!("{RELAY} DAMAGED"), 1, "agent.dll"),
        ("10.1.200.650 \"\" \"\" MRESXP".to_owned(), 2, "10.1.200.650"),
        (String::new(), 2, "usage: set-relay-cid"),
        (RELAY.to_owned(), 2, "usage: "),
        ("\"\" \"\" \"\" MRESXP".to_owned(), 2, "usage: "),
        (format!("{RELAY} MRESXP \"\""), 2, "usage: "),
        (format!("{RELAY} \"\" MRESXP"), 2, "usage: "),
    ] {
        direct(&env, &args).expect(code).complains(said);
        assert_eq!(env.snapshot(), before, "{args}");
    }
    env.set("CONFIGCID_OPTIONS", "--dry-run -q");
    direct(&env, &format!("{RELAY} MRESXP")).expect(0);
    direct(&env, &format!("{RELAY} MRESXP nowhere")).expect(4).complains("nowhere");
    assert_eq!(env.snapshot(), before);

    // Wine makes 1 of any code of a batch file that is called: what is asked for here is right all the same.
    let failed = "if errorlevel 1 exit /b 42\nexit /b 43";
    batch(&env, &format!("set-relay-cid {RELAY} nowhere\n{failed}")).expect(42);
    batch(&env, &format!("set-relay-cid {RELAY} MRESXP\n{failed}")).expect(43);
}

#[test]
fn the_cmd_script_finds_the_program() {
    let mut env = TestEnv::demo();
    let run = format!("{RELAY} MRESXP");
    let system = Path::new(&std::env::var("SystemRoot").unwrap()).join("system32");
    env.set("PATH", system.to_str().unwrap());
    direct(&env, &run).expect(1).complains("configcid.exe is neither beside this file nor in PATH");
    let tools = env.path("My Tools");
    fs::create_dir(&tools).unwrap();
    fs::copy(program(), tools.join("configcid.exe")).unwrap();
    env.set("PATH", format!("{};{}", tools.display(), system.display()));
    direct(&env, &run).ok().says("rms\\mrinit.conf");

    let env = TestEnv::demo();
    fs::copy(program(), env.path("configcid.exe")).unwrap();
    fs::copy(script("set-relay-cid.cmd"), env.path("relay.cmd")).unwrap();
    let mut command = Command::new("cmd");
    command.args(["/c", &format!("relay.cmd {RELAY} MRESXP")]);
    env.finish(env.clean(command)).ok().says("rms\\mrinit.conf");
}
