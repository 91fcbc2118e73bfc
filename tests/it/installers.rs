//! The packages for Windows as administrators use them: the installer that sets up a relay, run silently and by its
//! page, and the MSI. `scripts/test-windows` makes them and says where they are.

#![cfg(windows)]

use std::env;
use std::fs;
use std::os::windows::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use crate::support::layout::{crc32, unknown};
use crate::support::{Output, RELAY_LIST, TestEnv, Unknown, check_cid, snapshot_tree, stamps, stand_in};
use configcid::DemoCid;

const PARAMETERS: [&str; 3] = ["/IP=10.1.200.65", "/FQDN=MRComputer.Sales.Acme", "/NETBIOS=MRComputer"];
const LOG: &str = "configcid-relay-setup.log";

/// What the variable names, as a path of this system.
fn given(variable: &str) -> Option<PathBuf> {
    let path = env::var_os(variable).map(PathBuf::from).filter(|path| path.is_file());
    if path.is_none() {
        assert!(env::var_os("CI").is_none(), "{variable} names no file");
        eprintln!("NOT TESTED: {variable} names no file; scripts/test-windows makes one");
    }
    path.map(|path| std::path::absolute(path).unwrap())
}

fn setup() -> Option<PathBuf> {
    given("CONFIGCID_TEST_SETUP")
}

/// Runs the installer silently.
fn silent(env: &TestEnv, setup: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(setup);
    command.arg("/S").args(args);
    env.finish(env.clean(command))
}

/// Sets up the relay that all tests use.
fn set(env: &TestEnv, setup: &Path, cid: &str) -> Output {
    let cid = format!("/CID={cid}");
    silent(env, setup, &[&[cid.as_str()][..], &PARAMETERS].concat())
}

/// The log of the installer, where it stands unless something else is said.
fn log(env: &TestEnv) -> String {
    utf_16(&fs::read(env.path("..").join("tmp").join(LOG)).unwrap())
}

/// What Notepad would show.
fn utf_16(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    String::from_utf16(units.strip_prefix(&[0xFEFF]).expect("no byte order mark")).unwrap()
}

#[test]
fn the_installer_sets_up_a_relay_and_a_second_run_changes_nothing() {
    let Some(setup) = setup() else { return };
    let env = TestEnv::demo();
    set(&env, &setup, "MRESXP").ok().says("The endpoints of this CID report to the relay.");
    check_cid(&env.path("MRESXP"), crc32);
    assert!(env.text("MRESXP/rms/mrinit.conf").contains(RELAY_LIST));
    let before = stamps(&env.path("MRESXP"));
    set(&env, &setup, &env.path("MRESXP").to_string_lossy()).ok();
    assert_eq!(stamps(&env.path("MRESXP")), before);
    let log = log(&env);
    assert_eq!(
        log.lines().filter(|line| line.contains("exit code 0") && line.contains(RELAY_LIST)).count(),
        2,
        "{log}"
    );
    // Nothing is left beside the log.
    let left: Vec<_> =
        fs::read_dir(env.path("..").join("tmp")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [LOG]);
}

/// Asserts that the installer fails, says and logs why, and leaves the CID as it is.
#[track_caller]
fn fails(env: &TestEnv, code: i32, args: &[&str], why: &str) {
    let before = snapshot_tree(&env.path(""));
    silent(env, &setup().unwrap(), args).expect(code).says(why);
    assert_eq!(snapshot_tree(&env.path("")), before);
    let log = log(env);
    assert!(log.ends_with("\r\n"));
    let last = log.lines().last().unwrap();
    assert!(last.contains(&format!("exit code {code}")) && crate::support::holds(last, why), "{log}");
}

#[test]
fn the_installer_fails_with_the_message_of_the_library() {
    if setup().is_none() {
        return;
    }
    let env = TestEnv::demo();
    let relay = PARAMETERS[0];
    fails(&env, 1, &["/CID=nowhere", relay], "nowhere: cannot open the CID");
    fails(&env, 1, &["/CID=MRESXP\\savxp\\nothing", relay], "cannot open the CID");
    fails(&env, 2, &["/CID=MRESXP", "/IP=10.1.200.650"], "\"10.1.200.650\" is no IP address");
    fails(&env, 2, &["/CID=MRESXP"], "a relay needs an IP address");
    env.remove("MRESXP/rms/agent.dll");
    fails(&env, 1, &["/CID=MRESXP", relay], "agent.dll");

    let foreign = DemoCid { function: Arc::new(Unknown), ..DemoCid::default() };
    env.cid("FOREIGN", foreign);
    fails(&env, 1, &["/CID=FOREIGN", relay], "cidsync.upd");
}

#[test]
fn the_installer_guesses_nothing() {
    if setup().is_none() {
        return;
    }
    let env = TestEnv::demo();
    let relay = PARAMETERS[0];
    fails(&env, 2, &[relay], "/CID=path is missing");
    fails(&env, 2, &["/CID=MRESXP", "/NETBOIS=MRComputer", relay], "/NETBOIS=MRComputer is no parameter");
    fails(&env, 2, &["/CID=MRESXP", relay, "MRComputer"], "MRComputer is no parameter");
    fails(&env, 2, &["/?"], "Parameters: /S (silent) /CID=path");
    let before = snapshot_tree(&env.path(""));
    let long = format!("/CID={}", "x".repeat(1100));
    silent(&env, &setup().unwrap(), &[&long, relay]).expect(2).says("too long");
    silent(&env, &setup().unwrap(), &["/CID=MRESXP", relay, "/LOG=nowhere\\log.txt"])
        .expect(2)
        .says("cannot be written");
    assert_eq!(snapshot_tree(&env.path("")), before);
}

#[test]
fn the_installer_takes_its_parameters_in_quotes_and_in_any_case() {
    let Some(setup) = setup() else { return };
    let mut env = TestEnv::new();
    // The library is unpacked there.
    let temporary = env.path("Temp (Z\u{fc}rich) of 'me', 1");
    fs::create_dir(&temporary).unwrap();
    env.set("TMP", temporary.to_str().unwrap());
    env.set("TEMP", temporary.to_str().unwrap());
    for name in ["My CID", "Z\u{fc}rich", "\u{416}\u{4e2d}", "a'b`c$d"] {
        env.cid(name, DemoCid::default());
        let mut command = Command::new(&setup);
        let log = env.path(&format!("{name} log.txt"));
        command.raw_arg(format!(
            "/S /cid=\"{}\\\" /ip=10.1.200.65   \"/fqdn=MRComputer.Sales.Acme\" /NetBIOS=\"MRComputer\" /editroot \"/log={}\"",
            env.path(name).display(),
            log.display()
        ));
        env.finish(env.clean(command)).ok().says("report to the relay");
        check_cid(&env.path(name), crc32);
        for file in ["mrinit.conf", "rms/mrinit.conf"] {
            assert!(env.text(&format!("{name}/{file}")).contains(RELAY_LIST), "{name}/{file}");
        }
        assert!(utf_16(&fs::read(log).unwrap()).contains(name));
    }
}

#[test]
fn the_installer_in_a_dry_run_writes_nothing() {
    let Some(setup) = setup() else { return };
    let env = TestEnv::demo();
    let before = snapshot_tree(&env.path(""));
    silent(&env, &setup, &["/CID=MRESXP", PARAMETERS[0], "/DRYRUN"]).ok().says("this was a dry run");
    assert_eq!(snapshot_tree(&env.path("")), before);
}

#[test]
fn the_installer_lets_the_vendors_program_refresh_foreign_catalogs() {
    let Some(setup) = setup() else { return };
    let env = TestEnv::with(DemoCid { function: Arc::new(Unknown), ..DemoCid::default() });
    let program = format!("/REFRESHWITH={}", stand_in());
    let with = |program: &str| silent(&env, &setup, &[&["/CID=MRESXP", program][..], &PARAMETERS].concat());
    let before = snapshot_tree(&env.path(""));
    silent(&env, &setup, &["/CID=MRESXP", PARAMETERS[0], &program, "/DRYRUN"]).ok().says("this was a dry run");
    with("/REFRESHWITH=nothing.exe").expect(1).says("nothing.exe");
    assert_eq!(snapshot_tree(&env.path("")), before);
    with(&program).ok().says("report to the relay");
    check_cid(&env.path("MRESXP"), unknown);
    assert!(env.text("MRESXP/rms/mrinit.conf").contains(RELAY_LIST));
    silent(&env, &setup, &["/CID=nowhere", PARAMETERS[0], &program]).expect(1).says("nowhere: cannot open the CID");
    silent(&env, &setup, &["/CID=MRESXP", "/IP=x.y", &program]).expect(2).says("x.y");
}

/// Runs the installer with its page: `CONFIGCID_TEST_DRIVE` is `tests/installer/drive.c`, which types and presses.
fn typed(env: &TestEnv, setup: &Path, drive: &Path, fields: [&str; 5]) -> Output {
    let mut command = Command::new(drive);
    command.arg(setup).args(fields);
    env.finish(env.clean(command))
}

#[test]
fn the_page_of_the_installer() {
    let (Some(setup), Some(drive)) = (setup(), given("CONFIGCID_TEST_DRIVE")) else { return };
    let env = TestEnv::demo();
    let before = snapshot_tree(&env.path(""));
    let mut fields = ["MRESXP", "10.1.200.650", "MRComputer.Sales.Acme", "MRComputer", ""];
    let refused = typed(&env, &setup, &drive, fields).expect(1);
    refused.says("message: \"10.1.200.650\" is no IP address").says("message: End without setting up the relay?");
    fields[1] = "10.1.200.65";
    let refused = typed(&env, &setup, &drive, ["nowhere", fields[1], fields[2], fields[3], ""]).expect(1);
    refused.says("message: nowhere: cannot open the CID");
    assert_eq!(snapshot_tree(&env.path("")), before);

    let done = typed(&env, &setup, &drive, fields).expect(0).says("exit code 0");
    assert!(!done.stdout.contains("message:"), "{done}");
    check_cid(&env.path("MRESXP"), crc32);
    assert!(env.text("MRESXP/rms/mrinit.conf").contains(RELAY_LIST));

    let foreign = TestEnv::with(DemoCid { function: Arc::new(Unknown), ..DemoCid::default() });
    fields[4] = "nothing.exe";
    typed(&foreign, &setup, &drive, fields).expect(1).says("message: ").says("nothing.exe");
    let program = stand_in();
    fields[4] = &program;
    typed(&foreign, &setup, &drive, fields).expect(0);
    check_cid(&foreign.path("MRESXP"), unknown);
}

fn msiexec(package: &Path, args: &str) {
    let mut command = Command::new("msiexec");
    command.raw_arg(args.replace("PACKAGE", &format!("\"{}\"", package.display())));
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "msiexec {args}: {output:?}");
}

/// Removes the package from the system also where a test fails.
struct Removed<'a>(&'a Path);

impl Drop for Removed<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            msiexec(self.0, "/x PACKAGE /qn");
        }
    }
}

/// Where the system keeps its variables.
const ENVIRONMENT: &str = r"HKLM\System\CurrentControlSet\Control\Session Manager\Environment";

/// A variable of the system, as new programs get it.
fn system_variable(name: &str) -> String {
    let output = Command::new("reg").args(["query", ENVIRONMENT, "/v", name]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Where programs are looked for, and modules of PowerShell.
const WHERE_IT_IS_FOUND: [&str; 2] = ["PATH", "PSModulePath"];

#[test]
fn the_msi_installs_and_removes_everything() {
    let Some(package) = given("CONFIGCID_TEST_MSI") else { return };
    let programs = PathBuf::from(env::var_os("ProgramFiles").unwrap());
    let folder = programs.join("configcid");
    assert!(!folder.exists(), "{} is there already", folder.display());
    // Windows has it since PowerShell came with it; Wine has not.
    let modules = r"C:\windows\system32\WindowsPowerShell\v1.0\Modules";
    if !system_variable("PSModulePath").contains("Modules") {
        let args = ["add", ENVIRONMENT, "/v", "PSModulePath", "/t", "REG_EXPAND_SZ", "/d", modules, "/f"];
        assert!(Command::new("reg").args(args).status().unwrap().success());
    }
    let before = WHERE_IT_IS_FOUND.map(system_variable);
    let _removed = Removed(&package);
    let is_found = || WHERE_IT_IS_FOUND.map(|name| system_variable(name).contains(r"\configcid\"));

    msiexec(&package, "/i PACKAGE /qn");
    for file in [
        "configcid.exe",
        "configcid.dll",
        r"include\configcid.h",
        r"lib\libconfigcid.dll.a",
        "set-relay-cid.cmd",
        r"ConfigCid\ConfigCid.psd1",
        r"ConfigCid\ConfigCid.psm1",
        r"ConfigCid\Commands.ps1",
        r"ConfigCid\ConfigCid.format.ps1xml",
        "LICENSE-MIT.txt",
        "LICENSE-APACHE.txt",
        "LICENSES-OF-CRATES.txt",
        "README.md",
        r"docs\windows.md",
    ] {
        assert!(folder.join(file).is_file(), "{file}");
    }
    assert_eq!(is_found(), [true; 2]);
    let env = TestEnv::demo();
    let mut command = Command::new(folder.join("set-relay-cid.cmd"));
    command.args(["10.1.200.65", "", "", "MRESXP"]);
    env.finish(env.clean(command)).expect(0).says("Adding file \\rms\\mrinit.conf");

    // Once more is a repair.
    fs::remove_file(folder.join("configcid.exe")).unwrap();
    msiexec(&package, "/i PACKAGE /qn REINSTALL=ALL REINSTALLMODE=amus");
    assert!(folder.join("configcid.exe").is_file());

    msiexec(&package, "/x PACKAGE /qn");
    assert!(!folder.exists());
    // Wine leaves the separator.
    assert_eq!(
        WHERE_IT_IS_FOUND.map(system_variable).map(|value| value.replace(';', "")),
        before.map(|value| value.replace(';', ""))
    );

    // Elsewhere, and neither in PATH nor among the modules.
    let elsewhere = env.path("Tools of mine");
    msiexec(&package, &format!("/i PACKAGE /qn ADDLOCAL=Program INSTALLDIR=\"{}\"", elsewhere.display()));
    assert!(elsewhere.join("configcid.exe").is_file() && !folder.exists());
    assert_eq!(is_found(), [false; 2]);
    assert!(!WHERE_IT_IS_FOUND.map(system_variable).concat().contains("Tools of mine"));
    msiexec(&package, "/x PACKAGE /qn");
    assert!(!elsewhere.exists());
}
