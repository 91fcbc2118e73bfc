//! `catalog verify` and `catalog list`: what is wrong is found and named, and nothing is changed.

use std::fs;

use crate::support::layout::{Entry, crc32};
use crate::support::{RELAY, TestEnv};
use configcid::DemoCid;

/// Asserts that verify finds exactly these faults, each a code and what the line says.
#[track_caller]
fn finds(env: &TestEnv, faults: &[(&str, &str)]) {
    let before = env.snapshot();
    let mut output = env.run("catalog verify MRESXP").expect(3);
    assert_eq!(output.count("fault ("), faults.len(), "{output}");
    for (code, said) in faults {
        let is_it = |line: &&str| line.starts_with(&format!("fault ({code}): ")) && crate::support::holds(line, said);
        let line = output.stdout.lines().find(is_it);
        assert!(line.is_some(), "no {code} with {said:?}\n{output}");
    }
    output = output.says(if faults.len() == 1 { "1 fault\n" } else { " faults\n" });
    let answer = env.run("catalog verify MRESXP --json").expect(3).json();
    let codes = |value: &serde_json::Value| value["code"].as_str().unwrap().to_owned();
    let mut found: Vec<String> = answer["cids"][0]["faults"].as_array().unwrap().iter().map(codes).collect();
    let mut wanted: Vec<&str> = faults.iter().map(|(code, _)| *code).collect();
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted, "{output}");
    assert_eq!(env.snapshot(), before);
}

#[test]
fn a_cid_as_it_should_be() {
    for component_catalogs in [true, false] {
        let env = TestEnv::with(DemoCid { component_catalogs, rms9x: true, ..DemoCid::default() });
        let before = env.snapshot();
        let output = env.run("catalog verify MRESXP").ok().says("No faults");
        let catalogs = if component_catalogs { 5 } else { 1 };
        assert_eq!(output.count("Read catalog file cidsync.upd in \\"), catalogs, "{output}");
        assert_eq!(env.run("catalog verify MRESXP --json").ok().json()["cids"][0]["faults"], serde_json::json!([]));
        assert_eq!(env.snapshot(), before);
    }
}

#[test]
fn a_file_that_has_gone() {
    let env = TestEnv::demo();
    env.remove("MRESXP/savxp/engine.dll");
    finds(&env, &[("missing", "[\\savxp\\cidsync.upd]"), ("missing", "[\\cidsync.upd]")]);
}

#[test]
fn a_file_of_another_size() {
    let env = TestEnv::demo();
    env.edit("MRESXP/setup.dat", |bytes| bytes[1..].to_vec());
    finds(&env, &[("size", "\\setup.dat: it has 699 bytes, and 700 are listed")]);
}

#[test]
fn a_file_of_another_content() {
    let env = TestEnv::demo();
    env.edit("MRESXP/setup.dat", |mut bytes| {
        bytes[699] ^= 1;
        bytes
    });
    finds(&env, &[("checksum", "\\setup.dat: its checksum is ")]);
}

#[test]
fn a_folder_in_place_of_a_file() {
    let env = TestEnv::demo();
    env.remove("MRESXP/setup.dat");
    fs::create_dir(env.path("MRESXP/setup.dat")).unwrap();
    finds(&env, &[("not-a-file", "\\setup.dat")]);
}

#[test]
fn a_customers_file_that_is_not_listed() {
    let env = TestEnv::demo();
    env.write("MRESXP/rms/mrinit.conf", DemoCid::default().mrinit());
    finds(&env, &[("unlisted", "[\\rms\\cidsync.upd]"), ("unlisted", "[\\cidsync.upd]")]);
    env.run("MRESXP").ok();
    env.run("catalog verify MRESXP").ok();
}

#[test]
fn one_more_name_of_the_customers() {
    let env = TestEnv::demo();
    env.write("MRESXP/branding.xml", "x");
    env.run("catalog verify MRESXP").ok();
    env.run("catalog verify MRESXP --customer-file branding.xml").expect(3).says("fault (unlisted): \\branding.xml");
}

#[test]
fn files_that_nobody_lists_and_nobody_needs_are_no_fault() {
    let env = TestEnv::demo();
    env.write("MRESXP/savxp/new.dll", "x");
    env.run("catalog verify MRESXP").ok();
}

#[test]
fn an_own_checksum_that_is_wrong() {
    let env = TestEnv::demo();
    let at = env.catalog("MRESXP/cidsync.upd").own_at;
    env.edit("MRESXP/cidsync.upd", |mut bytes| {
        bytes[at] ^= 1;
        bytes
    });
    finds(&env, &[("own-checksum", "[\\cidsync.upd]")]);
}

#[test]
fn one_bad_catalog_does_not_hide_the_others() {
    let env = TestEnv::demo();
    env.write("MRESXP/savxp/cidsync.upd", "");
    env.edit("MRESXP/rms/agent.dll", |bytes| bytes[1..].to_vec());
    finds(
        &env,
        &[
            ("catalog-format", "savxp/cidsync.upd: offset 0"),
            ("size", "\\savxp\\cidsync.upd"),
            ("size", "[\\rms\\cidsync.upd]"),
            ("size", "[\\cidsync.upd]"),
        ],
    );
}

#[cfg(unix)]
#[test]
fn links_that_lead_out() {
    for file in ["savxp/engine.dll", "rms/mrinit.conf"] {
        let env = TestEnv::demo();
        env.run(&format!("relay set MRESXP {RELAY}")).ok();
        fs::rename(env.path("MRESXP").join(file), env.path("outside")).unwrap();
        std::os::unix::fs::symlink("../../outside", env.path("MRESXP").join(file)).unwrap();
        env.remove("MRESXP/sau/update.dll");
        let output = env.run("catalog verify MRESXP").expect(3);
        assert_eq!(output.count("fault (missing): \\sau\\update.dll"), 2, "the rest is looked at too\n{output}");
        assert!(output.count("fault (link): ") >= 1, "{output}");
        output.says(&format!("MRESXP/{file}: this link leads out of the CID"));
    }
}

#[test]
fn a_customers_file_that_is_a_folder() {
    let env = TestEnv::demo();
    fs::create_dir(env.path("MRESXP/rms/mrinit.conf")).unwrap();
    finds(&env, &[("io", "MRESXP/rms/mrinit.conf: this should be a file")]);
}

#[test]
fn a_function_that_is_named() {
    let env = TestEnv::demo();
    env.run("catalog verify MRESXP --checksum crc32").ok();
    env.run("catalog verify MRESXP --checksum md5-le").ok().says("foreign checksum function");
}

#[test]
fn several_cids() {
    let env = TestEnv::demo();
    env.cid("ESXP", DemoCid::default());
    env.run("catalog verify MRESXP ESXP").ok();
    env.remove("ESXP/setup.dat");
    env.run("catalog verify MRESXP ESXP").expect(3);
    env.run("catalog verify MRESXP nowhere").expect(4).complains("error: nowhere: ");
    env.run("catalog verify nowhere").expect(1);
}

#[test]
fn list_shows_what_the_catalogs_say() {
    let env = TestEnv::demo();
    env.run(&format!("relay set MRESXP {RELAY}")).ok();
    let output = env.run("catalog list MRESXP").ok();
    let answer = env.run("catalog list MRESXP --json").ok().json();
    for (index, file) in
        ["rms\\cidsync.upd", "sau\\cidsync.upd", "savxp\\cidsync.upd", "cidsync.upd"].iter().enumerate()
    {
        let catalog = env.catalog(&format!("MRESXP/{}", file.replace('\\', "/")));
        let listed = &answer["cids"][0]["catalogs"][index];
        assert_eq!(listed["catalog"], format!("\\{file}"));
        assert_eq!(listed["own_checksum"], format!("{:08x}", catalog.own));
        for (entry, shown) in catalog.entries.iter().zip(listed["entries"].as_array().unwrap()) {
            let Entry { size, checksum, .. } = *entry;
            let expected =
                serde_json::json!({"path": entry.name(), "size": size, "checksum": format!("{checksum:08x}")});
            assert_eq!(shown, &expected);
            let line = format!("{size:>10}  {checksum:08x}  {}\n", entry.name());
            assert!(output.stdout.contains(&line), "{line}{output}");
        }
        assert_eq!(listed["entries"].as_array().unwrap().len(), catalog.entries.len());
    }
}

#[test]
fn list_works_where_the_files_are_lost() {
    let env = TestEnv::demo();
    fs::remove_dir_all(env.path("MRESXP/savxp/data")).unwrap();
    env.edit_catalog("MRESXP/cidsync.upd", |catalog| catalog.entries.push(Entry::of("\\gone", b"", crc32)));
    env.run("catalog list MRESXP").ok().says("  00000000  \\gone");
}
