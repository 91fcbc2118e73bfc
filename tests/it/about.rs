//! What the program says about itself: its version, and its manual pages.

use std::process::Command;

fn said(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_configcid")).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_version_tells_the_commit_where_there_is_one_and_the_target() {
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(said(&["-V"]), format!("configcid {version}\n"));
    let long = said(&["--version"]);
    let inner = long.strip_prefix(&format!("configcid {version} (")).and_then(|rest| rest.strip_suffix(")\n"));
    let words: Vec<&str> = inner.unwrap_or_else(|| panic!("{long:?}")).split(", ").collect();
    let (target, commit) = words.split_last().unwrap();
    assert!(target.contains(std::env::consts::ARCH), "{long:?}");
    match commit {
        [] => {}
        [commit] => assert!(commit.len() == 7 && commit.bytes().all(|digit| digit.is_ascii_hexdigit()), "{long:?}"),
        _ => panic!("{long:?}"),
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let dir = tempfile::tempdir().unwrap();
    said(&["man", "--all", dir.path().to_str().unwrap()]);
    for (name, words) in [("configcid.1", "ConfigCID.exe"), ("configcid-relay-set.1", "netbios")] {
        let page = std::fs::read_to_string(dir.path().join(name)).unwrap();
        assert!(page.contains(words), "{name}");
    }
}
