//! Relay set-up, the main job, from end to end on CIDs of every shape, and `relay show`.

use std::fs;

use crate::support::layout::{Catalog, Entry, crc32};
use crate::support::{Output, RELAY, RELAY_LIST, TestEnv, check_cid, stamps};
use configcid::{DemoCid, LineEnding};

const ROOT: &str = "MRESXP/mrinit.conf";
const RMS: &str = "MRESXP/rms/mrinit.conf";
const SERVER: &str = "\"Server.Sales.Acme,SERVER\"";

fn set(env: &TestEnv) -> Output {
    env.run(&format!("relay set MRESXP {RELAY}"))
}

/// The text of an `mrinit.conf` after set-up: the one line is another.
fn edited(text: &str) -> String {
    let line = |list: &str| format!("\"ParentRouterAddress\"={list}");
    assert_eq!(text.matches(&line(SERVER)).count(), 1);
    text.replace(&line(SERVER), &line(&format!("\"{RELAY_LIST}\"")))
}

/// Asserts that doing it again does nothing, and says so.
fn assert_done(env: &TestEnv) {
    let (before, times) = (env.snapshot(), stamps(&env.path("MRESXP")));
    let output = set(env).ok().says("Nothing to do");
    assert_eq!(output.count("Adding") + output.count("Updating") + output.count("Removing"), 0, "{output}");
    env.run("MRESXP").ok().says("Nothing to do");
    assert_eq!(env.snapshot(), before);
    assert_eq!(stamps(&env.path("MRESXP")), times);
    env.run("catalog verify MRESXP").ok().says("No faults");
}

#[test]
fn the_published_lines_appear() {
    let env = TestEnv::demo();
    let output = set(&env).ok();
    for (line, times) in [
        ("Read catalog file cidsync.upd in \\rms ", 1),
        ("Read catalog file cidsync.upd in \\ ", 1),
        ("Adding entry for \\rms\\mrinit.conf ", 1),
        ("Adding entry for \\mrinit.conf ", 1),
        ("Updating checksum of cidsync.upd in \\rms", 1),
        ("Updating checksum", 2),
        ("Removing", 0),
    ] {
        assert_eq!(output.count(line), times, "{line:?}\n{output}");
    }
    let order =
        ["Adding file \\rms\\mrinit.conf", "Adding entry for \\mrinit.conf", "Adding entry for \\rms\\mrinit.conf"];
    let places: Vec<_> = order.iter().map(|line| output.stdout.find(line).unwrap()).collect();
    assert!(places.is_sorted(), "{output}");
}

#[test]
fn a_cid_that_was_edited_by_hand_needs_only_the_published_lines() {
    // The manual procedure ends with ConfigCID.exe: so does this.
    let env = TestEnv::with(DemoCid { rms9x: true, ..DemoCid::default() });
    for component in ["rms", "rms9x"] {
        env.write(&format!("MRESXP/{component}/mrinit.conf"), edited(&env.text(ROOT)));
    }
    let output = env.run("MRESXP").ok();
    assert_eq!(output.count("Adding entry for \\mrinit.conf"), 2, "{output}");
    assert_eq!(output.count("Adding entry for \\rms\\mrinit.conf"), 1, "{output}");
    assert_eq!(output.count("Adding entry for \\rms9x\\mrinit.conf"), 1, "{output}");
    assert_eq!(output.count("Updating checksum"), 3, "{output}");
    check_cid(&env.path("MRESXP"), crc32);
    assert_done(&env);
}

#[test]
fn every_shape_of_cid() {
    for bits in 0..16 {
        let demo = DemoCid {
            line_ending: if bits & 1 == 0 { LineEnding::CrLf } else { LineEnding::Lf },
            upper_case: bits & 2 != 0,
            rms9x: bits & 4 != 0,
            component_catalogs: bits & 8 == 0,
            ..DemoCid::default()
        };
        let text = demo.mrinit();
        let spell = |path: &str| if bits & 2 == 0 { path.to_owned() } else { path.to_uppercase() };
        let env = TestEnv::with(demo);
        let before = env.snapshot();
        set(&env).ok().says("written and verified");

        assert_eq!(env.text(&spell(ROOT)), text, "the root's file stays as it is");
        assert_eq!(env.text(&spell(RMS)), edited(&text));
        assert_eq!(env.path(&spell("MRESXP/rms9x/mrinit.conf")).exists(), bits & 4 != 0);
        if bits & 4 != 0 {
            assert_eq!(env.text(&spell("MRESXP/rms9x/mrinit.conf")), edited(&text));
        }
        check_cid(&env.path("MRESXP"), crc32);
        let catalogs = if bits & 8 == 0 { 2 + (bits & 4) / 4 } else { 1 };
        let copies = 1 + (bits & 4) / 4;
        let after = env.snapshot();
        assert_eq!(after.iter().filter(|(path, node)| before.get(*path) != Some(node)).count(), catalogs + copies);
        assert!(before.keys().all(|path| after.contains_key(path)));
        assert_done(&env);
    }
}

#[test]
fn the_catalogs_of_the_root_are_all_brought_in_line() {
    let env = TestEnv::demo();
    let catalog = |wanted: &dyn Fn(&str) -> bool| {
        let mut catalog = env.catalog("MRESXP/cidsync.upd");
        catalog.entries.retain(|entry| wanted(&entry.name()));
        catalog.head[42] = b'A';
        catalog
    };
    let print = |mut catalog: Catalog| {
        catalog.seal(crc32);
        catalog.print()
    };
    env.write("MRESXP/root.upd", print(catalog(&|name| name.matches('\\').count() == 1)));
    let mut master = catalog(&|_| true);
    master.entries.push(Entry::of("\\root.upd", &env.read("MRESXP/root.upd"), crc32));
    env.write("MRESXP/master.upd", print(master));

    let output = set(&env).ok();
    assert_eq!(output.count("Adding entry for \\rms\\mrinit.conf"), 2, "master.upd and cidsync.upd\n{output}");
    assert_eq!(output.count("Read catalog file root.upd in \\ "), 1, "{output}");
    check_cid(&env.path("MRESXP"), crc32);
    assert_done(&env);

    // What lies in the root goes into all three.
    env.write("MRESXP/customer_ID.txt", "Acme");
    let output = env.run("MRESXP").ok();
    assert_eq!(output.count("Adding entry for \\customer_ID.txt"), 3, "{output}");
    check_cid(&env.path("MRESXP"), crc32);
    assert_done(&env);
}

#[test]
fn a_copy_that_is_there_is_edited_and_not_replaced() {
    let env = TestEnv::demo();
    let own = env.text(ROOT).replace("[Config]\r\n", "; the copy's own line\r\n[Config]\r\n\"Unknown\"=\"x\"\r\n");
    env.write(RMS, &own);
    set(&env).ok().says("Updating file \\rms\\mrinit.conf");
    assert_eq!(env.text(RMS), edited(&own));
    check_cid(&env.path("MRESXP"), crc32);
    assert_done(&env);
}

#[test]
fn a_copy_serves_where_the_root_has_no_file() {
    let env = TestEnv::demo();
    fs::rename(env.path(ROOT), env.path(RMS)).unwrap();
    let output = set(&env).ok();
    assert_eq!(output.count("Removing entry for \\mrinit.conf"), 1, "{output}");
    assert!(!env.path(ROOT).exists());
    check_cid(&env.path("MRESXP"), crc32);
    assert_done(&env);
}

#[test]
fn the_servers_own_line_keeps_its_bytes() {
    let env = TestEnv::demo();
    let odd = "  \"mrparentADDRESS\" =\t\"Server.Sales.Acme , SERVER\"  \r\n";
    env.replace(ROOT, &format!("\"MRParentAddress\"={SERVER}\r\n"), odd);
    set(&env).ok();
    assert_eq!(env.text(RMS), edited(&env.text(ROOT)));
    assert!(env.text(RMS).contains(odd));
}

#[test]
fn edit_root_edits_the_root_too() {
    let env = TestEnv::demo();
    let text = env.text(ROOT);
    let output = env.run(&format!("relay set MRESXP {RELAY} --edit-root")).ok();
    assert_eq!(output.count("Updating entry for \\mrinit.conf"), 1, "{output}");
    assert_eq!((env.text(ROOT), env.text(RMS)), (edited(&text), edited(&text)));
    check_cid(&env.path("MRESXP"), crc32);
    assert_done(&env);
}

#[test]
fn edit_root_does_for_a_cid_without_rms() {
    let env = TestEnv::with(DemoCid { component_catalogs: false, ..DemoCid::default() });
    fs::rename(env.path("MRESXP/rms"), env.path("MRESXP/mac")).unwrap();
    env.edit_catalog("MRESXP/cidsync.upd", |catalog| {
        for entry in &mut catalog.entries {
            entry.path = entry.name().replace("\\rms\\", "\\mac\\").into();
        }
    });
    let text = env.text(ROOT);
    env.run(&format!("relay set MRESXP {RELAY} --edit-root")).ok();
    assert_eq!(env.text(ROOT), edited(&text));
    check_cid(&env.path("MRESXP"), crc32);
}

#[test]
fn drift_is_warned_of_and_taken_from_the_root_when_asked() {
    let env = TestEnv::demo();
    let root = env.text(ROOT);
    let drifted: String = root
        .replace("dword:00002001", "dword:00002099")
        .split_inclusive('\n')
        .filter(|line| !line.contains("ManagedAppCertIdentityKey"))
        .collect();
    let drifted = drifted.replace("\"RouterCertIdentityKey\"=\"", "\"RouterCertIdentityKey\"=\"x");
    env.write(RMS, &drifted);

    let output = set(&env).expect(0);
    for name in ["ClientIIOPPort", "ManagedAppCertIdentityKey", "RouterCertIdentityKey"] {
        let warning = format!("warning: \\rms\\mrinit.conf: {name} is ");
        assert_eq!(output.stderr.matches(&warning).count(), 1, "{output}");
    }
    assert_eq!(output.stderr.lines().count(), 3, "{output}");
    let output =
        output.complains("--from-root").complains("dword:00002099").complains("(hidden: ").complains("missing");
    assert!(!output.stdout.contains("taken from"), "{output}");
    assert_eq!(env.text(RMS), edited(&drifted));

    env.run("relay show MRESXP").ok().says("differs: ClientIIOPPort");
    env.run(&format!("relay set MRESXP {RELAY} --from-root"))
        .ok()
        .says("RouterCertIdentityKey taken from \\mrinit.conf");
    let lines = |text: String| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(lines(env.text(RMS)), lines(edited(&root)), "the same lines; one stands elsewhere");
    check_cid(&env.path("MRESXP"), crc32);
    assert_done(&env);
}

#[test]
fn a_value_of_another_type_is_taken_whole() {
    let env = TestEnv::demo();
    let root = env.text(ROOT);
    let key = |text: &str| {
        let line = text.lines().find(|line| line.starts_with("\"RouterCertIdentityKey\"")).unwrap();
        line.to_owned()
    };
    let drifted = root
        .replace("\"ClientIIOPPort\"=dword:00002001", "\"ClientIIOPPort\"=\"8193\"")
        .replace(&key(&root), "\"RouterCertIdentityKey\"=dword:00000001");
    assert_ne!(drifted, root);
    env.write(RMS, &drifted);
    set(&env)
        .expect(0)
        .complains("ClientIIOPPort is the string 8193 here and the number dword:00002001")
        .complains("RouterCertIdentityKey is the number (hidden: 14 characters");
    env.run("relay show MRESXP").expect(3).says("the string 8193");
    env.run(&format!("relay set MRESXP {RELAY} --from-root"))
        .ok()
        .says("ClientIIOPPort taken from \\mrinit.conf, as a number")
        .says("RouterCertIdentityKey taken from \\mrinit.conf, as a string");
    assert_eq!(env.text(RMS), edited(&root));
    check_cid(&env.path("MRESXP"), crc32);
}

#[test]
fn a_relay_that_would_be_its_own_parent_is_warned_of() {
    for parent in ["MRComputer", "mrcomputer.sales.acme,x", "Server,10.1.200.65"] {
        let env = TestEnv::demo();
        env.replace(ROOT, &format!("\"MRParentAddress\"={SERVER}"), &format!("\"MRParentAddress\"=\"{parent}\""));
        env.run("MRESXP").ok();
        set(&env).expect(0).complains("warning: \\rms\\mrinit.conf: MRParentAddress is ").complains("a loop");
        assert_eq!(env.text(RMS), edited(&env.text(ROOT)));
    }
}

#[test]
fn addresses_that_are_likely_mistakes_are_warned_of() {
    for (address, said) in [
        ("--ip fe80::1 --fqdn a.b", "IPv6"),
        ("--ip 127.0.0.1 --fqdn a.b", "no address that other computers reach"),
        ("--fqdn relay", "no fully qualified"),
        ("--netbios RELAY", "no FQDN is given"),
    ] {
        let env = TestEnv::demo();
        env.run(&format!("relay set MRESXP {address}")).expect(0).complains("warning: ").complains(said);
        check_cid(&env.path("MRESXP"), crc32);
    }
}

#[test]
fn the_parts_of_an_address_stand_in_order_and_may_be_left_out() {
    for (address, list) in [
        ("--netbios MR --ip 10.1.2.3 --fqdn mr.acme", "10.1.2.3,mr.acme,MR"),
        ("--fqdn mr.acme", "mr.acme"),
        ("--ip 10.1.2.3 --fqdn mr.acme", "10.1.2.3,mr.acme"),
        ("--netbios MR --fqdn mr.acme", "mr.acme,MR"),
    ] {
        let env = TestEnv::demo();
        env.run(&format!("relay set MRESXP {address}")).ok();
        assert!(env.text(RMS).contains(&format!("\"ParentRouterAddress\"=\"{list}\"\r\n")));
    }
}

#[test]
fn a_missing_final_line_ending_is_added_and_told_of() {
    for (ending, name, text) in [(LineEnding::CrLf, "CRLF", "\r\n"), (LineEnding::Lf, "LF", "\n")] {
        let env = TestEnv::with(DemoCid { line_ending: ending, ..DemoCid::default() });
        let cut = env.text(ROOT).trim_end().to_owned();
        env.write(ROOT, &cut);
        env.run("MRESXP").ok();
        set(&env).ok().says(&format!("final line ending ({name}) added"));
        assert_eq!(env.text(RMS), edited(&cut) + text);
        assert_eq!(env.text(ROOT), cut);
        assert_done(&env);
    }
}

#[test]
fn encodings_are_kept() {
    let text = DemoCid::default().mrinit().replace("\"ServiceArgs\"=\"\"", "\"ServiceArgs\"=\"Zürich\"");
    let utf16: Vec<u8> = [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let utf16_edited: Vec<u8> =
        [0xFEFF].into_iter().chain(edited(&text).encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let latin = |text: &str| text.chars().map(|c| c as u8).collect::<Vec<u8>>();
    let marked = |text: &str| [b"\xEF\xBB\xBF", text.as_bytes()].concat();
    for (before, after) in [
        (utf16, utf16_edited),
        (latin(&text), latin(&edited(&text))),
        (marked(&text), marked(&edited(&text))),
        (text.clone().into_bytes(), edited(&text).into_bytes()),
    ] {
        let env = TestEnv::demo();
        env.write(ROOT, &before);
        set(&env).ok();
        assert_eq!(env.read(ROOT), before);
        assert_eq!(env.read(RMS), after);
        check_cid(&env.path("MRESXP"), crc32);
    }
}

#[test]
fn the_empty_line_at_the_bottom_stays() {
    let env = TestEnv::demo();
    assert!(env.text(ROOT).ends_with("\r\n\r\n"));
    set(&env).ok();
    assert!(env.text(RMS).ends_with("\"\r\n\r\n"));
}

#[test]
fn a_dry_run_shows_everything_and_writes_nothing() {
    let env = TestEnv::demo();
    let (before, times) = (env.snapshot(), stamps(&env.path("MRESXP")));
    let dry = env.run(&format!("relay set MRESXP {RELAY} --dry-run")).ok();
    assert_eq!((env.snapshot(), stamps(&env.path("MRESXP"))), (before, times));
    let dry = dry
        .says("+++ \\rms\\mrinit.conf")
        .says(&format!("+\"ParentRouterAddress\"=\"{RELAY_LIST}\""))
        .says("+\\rms\\mrinit.conf 484 ")
        .says("Dry run: 3 files would be written; nothing was");
    let wet = set(&env).ok();
    let plan = |output: &Output, end: &str| {
        output.stdout.lines().take_while(|line| !line.starts_with(end)).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(plan(&dry, "---"), plan(&wet, "Done"), "the same plan");
}

#[test]
fn several_cids_of_which_one_fails() {
    let env = TestEnv::demo();
    env.cid("ESNT", DemoCid::default());
    env.cid("ES9X", DemoCid { rms9x: true, ..DemoCid::default() });
    env.remove("ESNT/rms/agent.dll");
    let bad = crate::support::snapshot_tree(&env.path("ESNT"));
    // One that is not there is perhaps a slip, and keeps all from being written.
    let before = env.snapshot();
    let output = env.run(&format!("relay set MRESXP ESNT ES9X nowhere {RELAY}")).expect(4);
    output.complains("error: ESNT: ").complains("error: nowhere: ").says("Nothing was written");
    assert_eq!(env.snapshot(), before);
    env.cid("ESMORE", DemoCid::default());
    env.remove("ESMORE/rms/agent.dll");
    let output = env.run(&format!("relay set MRESXP ESNT ES9X ESMORE {RELAY}")).expect(4);
    let output = output.complains("error: ESNT: ").complains("error: ESMORE: ").says("2 of 4 CIDs failed");
    assert_eq!(output.count("Done"), 2, "{output}");
    assert_eq!(crate::support::snapshot_tree(&env.path("ESNT")), bad);
    for cid in ["MRESXP", "ES9X"] {
        assert!(env.text(&format!("{cid}/rms/mrinit.conf")).contains(RELAY_LIST));
        check_cid(&env.path(cid), crc32);
    }
    let answer = env.run(&format!("relay set MRESXP ESNT {RELAY} --json")).expect(4).json();
    assert_eq!(answer["cids"][0]["status"], "unchanged");
    assert_eq!(answer["cids"][1]["status"], "failed");
    assert_eq!(answer["cids"][1]["error"]["kind"], "damage");
    env.run(&format!("relay set ESNT nowhere {RELAY}")).expect(1);
}

#[test]
fn json_says_what_was_done() {
    let env = TestEnv::demo();
    let answer = env.run(&format!("relay set MRESXP {RELAY} --dry-run --json")).ok().json();
    assert_eq!((&answer["command"], &answer["dry_run"]), (&"relay set".into(), &true.into()));
    assert_eq!(answer["cids"][0]["status"], "planned");
    let answer = env.run(&format!("relay set MRESXP {RELAY} --json")).ok().json();
    let cid = &answer["cids"][0];
    assert_eq!((&cid["status"], &cid["cid"]), (&"changed".into(), &"MRESXP".into()));
    let paths: Vec<_> = cid["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["\\rms\\mrinit.conf", "\\rms\\cidsync.upd", "\\cidsync.upd"]);
    assert!(cid["files"][0]["sha256_before"].is_null());
    let answer = env.run(&format!("relay set MRESXP {RELAY} --json")).ok().json();
    assert_eq!(answer["cids"][0]["status"], "unchanged");
}

#[test]
fn quiet_says_nothing_but_warnings_and_errors() {
    let env = TestEnv::demo();
    assert_eq!(env.run("relay set MRESXP --netbios MR -q").complains("warning: no FQDN").stdout, "");
    assert_eq!(env.run("relay set nowhere --netbios MR -q").expect(1).complains("error: nowhere").stdout, "");
    check_cid(&env.path("MRESXP"), crc32);
}

#[cfg(unix)]
#[test]
fn permissions_are_kept() {
    use std::os::unix::fs::PermissionsExt;

    let env = TestEnv::with(DemoCid { rms9x: true, ..DemoCid::default() });
    env.write("MRESXP/rms9x/mrinit.conf", env.read(ROOT));
    let modes = [
        (ROOT, 0o640),
        ("MRESXP/rms9x/mrinit.conf", 0o600),
        ("MRESXP/rms/cidsync.upd", 0o664),
        ("MRESXP/cidsync.upd", 0o604),
    ];
    for (path, mode) in modes {
        fs::set_permissions(env.path(path), fs::Permissions::from_mode(mode)).unwrap();
    }
    set(&env).ok();
    for (path, mode) in modes.into_iter().chain([(RMS, 0o640)]) {
        assert_eq!(crate::support::mode(&env.path(path).metadata().unwrap()) & 0o777, mode, "{path}");
    }
}

#[test]
fn a_cid_is_found_from_wherever_the_user_stands() {
    let env = TestEnv::demo();
    let absolute = env.path("MRESXP");
    for cid in ["./MRESXP", "MRESXP/", "MRESXP/../MRESXP", absolute.to_str().unwrap()] {
        env.run(&format!("relay set {cid} {RELAY}")).ok();
    }
    let mut command = env.command();
    command.current_dir(env.path("MRESXP")).args(["relay", "show", "."]);
    env.finish(command).ok().says(RELAY_LIST);
}

#[test]
fn show_tells_who_is_whose_parent() {
    let env = TestEnv::demo();
    env.run("relay show MRESXP").ok().says("endpoints report to  Server.Sales.Acme,SERVER");
    set(&env).ok();
    let before = env.snapshot();
    let answer = env.run("relay show MRESXP --json").ok().json();
    let copies = &answer["cids"][0]["copies"];
    assert_eq!(copies[0]["path"], "\\mrinit.conf");
    assert_eq!(copies[0]["parent_router_address"], "Server.Sales.Acme,SERVER");
    assert_eq!(copies[1]["path"], "\\rms\\mrinit.conf");
    assert_eq!(copies[1]["parent_router_address"], RELAY_LIST);
    assert_eq!(copies[1]["mr_parent_address"], "Server.Sales.Acme,SERVER");
    assert_eq!(env.snapshot(), before);
}

#[test]
fn show_finds_faults() {
    let env = TestEnv::demo();
    set(&env).ok();
    env.replace(RMS, &format!("\"MRParentAddress\"={SERVER}"), "\"MRParentAddress\"=\"MRComputer\"");
    env.run("relay show MRESXP").expect(3).says("its own parent, a loop");
    env.write(RMS, "[Config]\r\n\"ParentRouterAddress\"=\"a\"b\"");
    let output = env.run("relay show MRESXP").expect(3).says("fault: line 2: ").says("final line ending is missing");
    assert_eq!(env.run("relay show MRESXP --json").expect(3).json()["exit_code"], 3, "{output}");
    env.run("relay show MRESXP nowhere").expect(4).complains("error: nowhere");
}

#[test]
fn the_second_undo_says_that_it_does_the_change_again() {
    let env = TestEnv::demo();
    env.run(&format!("relay set MRESXP {RELAY}")).ok();
    let set = env.read("MRESXP/rms/mrinit.conf");
    env.run("undo MRESXP").ok().says("as it was before");
    env.run("undo MRESXP").ok().says("done again, since the last change was an undo");
    assert_eq!(env.read("MRESXP/rms/mrinit.conf"), set);
    env.run("undo MRESXP").ok().says("as it was before");
    assert!(!env.path("MRESXP/rms/mrinit.conf").exists());
    let history = env.run("history MRESXP").ok();
    history.says("redo of: relay set");
}
