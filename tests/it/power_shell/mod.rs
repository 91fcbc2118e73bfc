//! The PowerShell module in `scripts/windows/ConfigCid`, and every other line of PowerShell that is shipped. Where there is a
//! PowerShell, the module runs; everywhere but on Windows, a grammar parses all of it.
//! `src/cli/power_shell.rs` tests that each parameter is an option of the program.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::layout::crc32;
use crate::support::{Output, RELAY_LIST, TestEnv, check_cid};
use configcid::DemoCid;

// What is shipped is the same on every system, and is parsed on one that is not Windows.
#[cfg(not(windows))]
mod grammar;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn file(name: &str) -> PathBuf {
    root().join("scripts/windows/ConfigCid").join(name)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap().replace('\r', "")
}

/// The views name fields that the program's answers have.
#[test]
fn the_views_show_what_there_is() {
    let env = TestEnv::demo();
    env.run("fleet import MRESXP").ok();
    let answers =
        ["setup --list .", "relay set MRESXP --ip 10.1.200.66 --dry-run", "relay show MRESXP", "fleet status"]
            .map(|line| env.run(&format!("{line} --json")).stdout);
    let views = read(&file("ConfigCid.format.ps1xml"));
    let views: Vec<&str> = views.split("<View>").skip(1).collect();
    assert_eq!(views.len(), answers.len());
    let name =
        |field: &str| -> String { field.split(['_', '-']).map(|word| word[..1].to_uppercase() + &word[1..]).collect() };
    for (view, answer) in views.iter().zip(&answers) {
        let fields: BTreeSet<String> =
            answer.lines().filter_map(|line| Some(name(line.trim().strip_prefix('"')?.split_once("\":")?.0))).collect();
        let shown = view.split("<PropertyName>").skip(1).map(|rest| rest.split('<').next().unwrap());
        let of_scripts = view.split("$_.").skip(1).map(|rest| rest.split(|c: char| !c.is_alphabetic()).next().unwrap());
        let shown: Vec<&str> = shown.chain(of_scripts).filter(|field| *field != "What").collect();
        assert!(shown.len() >= 3, "{view}");
        for field in shown {
            assert!(fields.contains(field), "{field} is not in {answer}");
        }
    }
}

/// A PowerShell that runs scripts; Wine's only looks like one.
fn power_shell() -> Option<&'static str> {
    let runs = |name: &&str| {
        let output = Command::new(name).args(["-NoProfile", "-NonInteractive", "-Command", "exit 6 * 7"]).output();
        output.is_ok_and(|output| output.status.code() == Some(42))
    };
    let found = ["pwsh", "powershell"].into_iter().find(runs);
    if found.is_none() {
        // No package of Debian has it: there continuous integration cannot run it, either.
        eprintln!("NOT TESTED, since there is no PowerShell here: that the module ConfigCid runs");
    }
    found
}

#[test]
fn the_module_in_power_shell() {
    let Some(shell) = power_shell() else { return };
    let mut env = TestEnv::demo();
    env.cid("My CID", DemoCid::default());
    env.set("CONFIGCID", std::path::absolute(env!("CARGO_BIN_EXE_configcid")).unwrap().to_str().unwrap());
    let run = |script: &str| -> Output {
        let mut command = Command::new(shell);
        let call =
            format!("$ErrorActionPreference = 'Stop'; Import-Module '{}'; {script}", file("ConfigCid.psd1").display());
        command.args(["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-Command", &call]);
        env.finish(env.clean(command))
    };
    let relay = "-Ip 10.1.200.65 -Fqdn MRComputer.Sales.Acme -Netbios MRComputer";
    let before = env.snapshot();
    run(&format!("(Set-RelayCid MRESXP {relay} -WhatIf -Report page.html).Status"))
        .ok()
        .says("planned")
        .says("What if");
    run(&format!("Set-RelayCid nowhere {relay}")).expect(1).complains("nowhere");
    run("Set-RelayCid MRESXP -Ip 10.1.200.650").expect(1).complains("10.1.200.650");
    run("Set-RelayCid MRESXP").expect(1);
    run("if (Test-Cid nowhere -Quiet) { exit 9 }").ok();
    run("Import-Csv nothing.csv").expect(1);
    assert_eq!(env.snapshot(), before);
    run(&format!("'MRESXP', 'My CID' | Set-RelayCid {relay} | ForEach-Object {{ $_.Cid + ' ' + $_.Status }}"))
        .ok()
        .says("MRESXP changed")
        .says("My CID changed");
    for cid in ["MRESXP", "My CID"] {
        check_cid(&env.path(cid), crc32);
        assert!(env.text(&format!("{cid}/rms/mrinit.conf")).contains(RELAY_LIST));
    }
    run("(Get-ChildItem -Filter MRESXP | Get-RelayCid).Copies | ForEach-Object { $_.Path + '=' + $_.ParentRouterAddress }")
        .ok()
        .says("\\rms\\mrinit.conf=10.1.200.65,MRComputer.Sales.Acme,MRComputer");
    run("if (-not (Get-Cid . | Test-Cid -Quiet)) { exit 9 }").ok();
    run("(Get-CidHistory MRESXP).Changes[0].Time.GetType().Name").ok().says("DateTime");
    run("(Invoke-ConfigCid relay show MRESXP).Cids[0].Cid").ok().says("MRESXP");
    run("Get-CidFinding drifted | ForEach-Object { $_.Meaning }").ok().says("fleet file");
    run("Undo-CidChange MRESXP").ok();
    run("Get-Help Set-RelayCid -Full").ok().says("EditRoot").says("-WhatIf");
}
