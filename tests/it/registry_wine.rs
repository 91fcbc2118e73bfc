//! The Windows program and a real registry: `client check` and `relay registry` beside `reg import` and `reg query`.
//!
//! `CONFIGCID_EXE` names the program to test. It is run by `CONFIGCID_WINE` (by default `wine`), in the `WINEPREFIX` that
//! is set, or in a new one: the test writes the router's keys there, so let it be one for tests. `scripts/test-windows`
//! does all that.

#![cfg(unix)]

use std::path::PathBuf;

use crate::support::wine::Wine;

const RELAY: &str = "10.1.200.65,MRComputer.Sales.Acme,MRComputer";
const KEY_32: &str = r"HKLM\SOFTWARE\Wow6432Node\Sophos\Messaging System\Router";
const KEY_64: &str = r"HKLM\SOFTWARE\Sophos\Messaging System\Router";

/// What only these tests do with the registry.
trait Keys {
    fn clear(&self);
    fn import(&self, name: &str);
}

impl Keys for Wine {
    /// Removes the router's keys from both views.
    fn clear(&self) {
        let clear = format!("REGEDIT4\r\n[-{KEY_32}]\r\n[-{KEY_64}]\r\n").replace("HKLM", "HKEY_LOCAL_MACHINE");
        std::fs::write(self.folder.path().join("clear.reg"), clear).unwrap();
        self.reg(&["import", "clear.reg"]);
    }

    fn import(&self, name: &str) {
        let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "testdata", "reg", name].iter().collect();
        // Its own paths are Windows paths: a copy in the current folder has a name that is one.
        std::fs::copy(path, self.folder.path().join("import.reg")).unwrap();
        self.clear();
        self.reg(&["import", "import.reg"]);
    }
}

#[test]
fn the_live_registry() {
    let Some(wine) = Wine::found() else {
        eprintln!("skipped: CONFIGCID_EXE names no Windows program to test");
        return;
    };
    let check = |state: &str, code: i32| {
        let answer = wine.configcid(&["client", "check", "--expect", RELAY]);
        assert_eq!(
            (answer["state"].as_str(), answer["exit_code"].as_i64()),
            (Some(state), Some(code.into())),
            "{answer}"
        );
        answer
    };
    wine.clear();
    check("missing", 3);
    assert_eq!(wine.configcid(&["relay", "registry", "--apply"])["error"]["kind"], "usage");
    for (file, view) in [("endpoint-64bit.reg", 0), ("endpoint-32bit.reg", 1), ("endpoint-regedit4.reg", 1)] {
        wine.import(file);
        let answer = check("same", 0);
        assert_eq!(answer["views"][view]["same"], true, "{file}");
        assert_eq!(answer["views"][1 - view]["present"], false, "{file}");
    }
    wine.import("parent-in-bytes.reg");
    check("same", 0);
    wine.import("both-views-differ.reg");
    check("conflict", 3);
    wine.import("no-parent.reg");
    check("missing", 3);
    wine.import("parent-is-a-number.reg");
    assert_eq!(wine.configcid(&["client", "check"])["error"]["kind"], "registry-format");

    // What the system's own program exports is read back as what is live.
    wine.import("endpoint-64bit.reg");
    wine.reg(&["export", KEY_32, "export.reg", "/y"]);
    let answer = wine.configcid(&["client", "check", "--reg", "export.reg", "--expect", RELAY]);
    assert_eq!((answer["state"].as_str(), answer["views"][0]["present"].as_bool()), (Some("same"), Some(true)));

    // A relay's values: seen, set in the one view that a router is in, seen again.
    wine.import("relay-differs.reg");
    assert_eq!(wine.configcid(&["relay", "registry"])["exit_code"], 3);
    assert_eq!(wine.configcid(&["relay", "registry", "--apply", "--dry-run"])["status"], "planned");
    assert_eq!(wine.configcid(&["relay", "registry"])["exit_code"], 3);
    let applied = wine.configcid(&["relay", "registry", "--apply"]);
    assert_eq!((applied["status"].as_str(), applied["exit_code"].as_i64()), (Some("changed"), Some(0)), "{applied}");
    assert_eq!(applied["before"]["views"][0]["values"][1]["actual"], "dword:00000010");
    assert_eq!(applied["after"]["views"][0]["values"][1]["actual"], "dword:00000008");
    let query = wine.reg(&["query", KEY_32, "/v", "ConnectionCache"]);
    assert!(query.contains("REG_DWORD") && query.to_lowercase().contains("0x5020"), "{query}");
    assert!(!wine.run(&["reg", "query", KEY_64]).status.success());
    assert_eq!(wine.configcid(&["relay", "registry", "--apply"])["status"], "unchanged");
    assert_eq!(wine.configcid(&["relay", "registry", "--apply", "--view", "both"])["status"], "changed");
    assert!(wine.reg(&["query", KEY_64]).contains("NumNotificationThresholdThreads"));

    // The file that is written does the same when the system's own program imports it.
    wine.clear();
    assert_eq!(wine.configcid(&["relay", "registry", "--reg", "relay.reg"])["status"], "changed");
    assert_eq!(wine.configcid(&["relay", "registry", "--reg", "relay.reg"])["status"], "unchanged");
    wine.reg(&["import", "relay.reg"]);
    assert_eq!(wine.configcid(&["relay", "registry", "--view", "both"])["exit_code"], 0);
    wine.clear();
}
