//! How often the system is asked about files: the program counts it in test builds, on Windows and elsewhere.

use std::collections::BTreeMap;

use configcid::DemoCid;

use crate::support::{RELAY, TestEnv};

/// So many files more than a demo CID has.
const FILES: usize = 300;

/// How often each thing was done, by its name, while the program ran with these words.
fn calls(env: &mut TestEnv, line: &str) -> BTreeMap<String, usize> {
    let list = env.path("../calls");
    env.set("CONFIGCID_CALLS", list.to_str().unwrap());
    env.run(line).ok();
    let mut counts = BTreeMap::from(["list", "look", "open"].map(|call| (call.to_owned(), 0)));
    for line in std::fs::read_to_string(&list).unwrap().lines() {
        *counts.get_mut(line.split(' ').next().unwrap()).unwrap() += 1;
    }
    std::fs::remove_file(list).unwrap();
    println!("{line}: {counts:?}");
    counts
}

/// What lists a folder on Windows learns all sizes there. Elsewhere each file is looked at once, which the client of a share answers
/// from the listing.
#[test]
fn no_file_is_asked_for_by_itself_that_is_only_counted() {
    let mut env = TestEnv::new();
    env.cid("ESXP", DemoCid::default());
    for number in 0..FILES {
        env.write(&format!("ESXP/savxp/data/more/data-{number:03}.ide"), vec![b'd'; 100 + number]);
    }
    env.run("catalog create ESXP --replace").ok();
    env.run(&format!("relay set ESXP {RELAY}")).ok();
    // Eight files of each of three catalogs tell its function; the catalogs, the customer's files and what tells of other writers.
    let few = 30;
    let looks = if cfg!(windows) { 45 } else { FILES + 45 };
    for line in ["refresh ESXP", "ESXP --dry-run", &format!("relay set ESXP {RELAY}"), "relay show ESXP"] {
        let counts = calls(&mut env, line);
        assert!(counts["list"] > 0 && counts["list"] <= 16, "{line}: {counts:?}");
        assert!(counts["open"] > 0 && counts["open"] <= few, "{line}: {counts:?}");
        assert!(counts["look"] <= looks, "{line}: {counts:?}");
    }
    // Each is opened once, and its size is that of the listing.
    let counts = calls(&mut env, "catalog verify ESXP");
    assert!(counts["open"] >= FILES && counts["open"] <= FILES + few, "{counts:?}");
    assert!(counts["look"] <= looks && counts["list"] <= 16, "{counts:?}");
}
