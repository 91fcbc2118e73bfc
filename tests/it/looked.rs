//! What a refresh looks at, what it says that it has not looked at, and how it looks at all.

use crate::program::{foreign, run};
use crate::support::layout::{Entry, crc32};
use crate::support::{RELAY, TestEnv};

/// A CID with so many files of the vendor's that not all are in a sample.
fn many() -> TestEnv {
    let env = TestEnv::demo();
    let content = |number: usize| vec![b'x'; 2000 + number];
    for number in 0..20 {
        env.write(&format!("MRESXP/savxp/more{number}.ide"), content(number));
    }
    for (catalog, folder) in [("savxp/cidsync.upd", ""), ("cidsync.upd", "\\savxp")] {
        env.edit_catalog(&format!("MRESXP/{catalog}"), |catalog| {
            for number in 0..20 {
                let path = format!("{folder}\\more{number}.ide");
                catalog.entries.push(Entry::of(&path, &content(number), crc32));
            }
        });
    }
    env.run("MRESXP").ok();
    env
}

#[test]
fn what_was_not_looked_at_is_said() {
    let env = many();
    let sampled =
        env.run("MRESXP").ok().says("Nothing to do").says("Looked at: sizes of all ").says(" (--check all does)");
    let answer = env.run("MRESXP --json").ok().json();
    let looked = &answer["cids"][0]["looked"];
    let number = |name: &str| looked[name].as_u64().unwrap();
    assert!(number("contents") + 12 <= number("files"), "{sampled}");
    assert_eq!(number("unknown"), 0);
    let all = format!("Looked at: sizes and contents of all {} listed files", number("files"));
    env.run("MRESXP --check all").ok().says("Nothing to do").says(&all);
    // It is the same for whatever else rewrites catalogs.
    env.run(&format!("relay set MRESXP {RELAY} --check all"))
        .ok()
        .says("verified")
        .says("Looked at: sizes and contents of all");
}

#[test]
fn damage_of_the_same_size_is_found_where_all_is_looked_at() {
    let env = many();
    env.edit("MRESXP/savxp/more19.ide", |bytes| bytes.iter().map(|_| b'y').collect());
    env.write("MRESXP/customer_ID.txt", "Acme");
    let before = env.snapshot();
    env.run("MRESXP --check all --dry-run").expect(1).complains("\\savxp\\more19.ide has the checksum ");
    let refused = env.run("MRESXP --check all").expect(1).complains("1 file is damaged that only the vendor writes");
    refused.complains("--accept-damage");
    assert_eq!(env.snapshot(), before);
    // A sample does not meet it, and says so.
    env.run("MRESXP --dry-run").ok().says("not at the contents of the other ");
    env.run("MRESXP --check all --accept-damage")
        .expect(0)
        .complains("more19.ide")
        .complains("left as it is")
        .says("verified");
    assert_eq!(env.read("MRESXP/savxp/more19.ide")[0], b'y');
}

#[test]
fn contents_that_nothing_tells_of_are_said_to_be_so() {
    let env = foreign();
    run(&env, "MRESXP", &["--check", "all"]).ok().says("whose checksum function is not known");
    let answer = run(&env, "MRESXP", &["--json"]).ok().json();
    let looked = &answer["cids"][0]["looked"];
    assert_eq!(looked["contents"], 0);
    assert_eq!(looked["files"], looked["unknown"]);
}

#[test]
fn files_of_its_own_that_another_tool_has_listed() {
    let env = TestEnv::demo();
    env.write("MRESXP/customer_ID.txt", "Acme");
    env.run("MRESXP").ok();
    // As one that lists whatever is there.
    let history = env.read("MRESXP/.configcid-history");
    env.edit_catalog("MRESXP/cidsync.upd", |catalog| {
        catalog.entries.push(Entry::of("\\.configcid-history", &history, crc32));
        catalog.entries.push(Entry::of("\\.configcid-1-1-0.old", b"gone since", crc32));
    });
    let before = env.snapshot();
    let refused = env.run("MRESXP").expect(1).complains("another tool has listed 2 files of configcid's own");
    refused.complains("\\.configcid-history is configcid's own").complains("--unlist-own");
    assert_eq!(env.snapshot(), before);
    env.run("catalog verify MRESXP").expect(3).says("--unlist-own takes the entry out");
    env.run("MRESXP --accept-damage --dry-run")
        .expect(0)
        .complains("is configcid's own, and \\cidsync.upd lists it: left as it is");
    env.run("MRESXP --unlist-own").ok().says("Removing entry for \\.configcid-history").says("verified");
    let catalog = env.catalog("MRESXP/cidsync.upd");
    assert!(catalog.entries.iter().all(|entry| !entry.name().contains("configcid")));
    env.run("catalog verify MRESXP").ok().says("No faults");
    env.run("MRESXP").ok().says("Nothing to do");
}
