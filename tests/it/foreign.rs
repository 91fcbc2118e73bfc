//! Catalogs whose checksum configcid does not know, as the vendor's own are (docs/formats.md, section 3), and the
//! programs that an administrator brings for them: honest ones, and ones that hang, fail, lie, or touch what they
//! should not.

use std::sync::Arc;

use crate::support::layout::{crc32, unknown};
use crate::support::{Output, RELAY, RELAY_LIST, TestEnv, Unknown, check_cid, stamps, stand_in};
use configcid::DemoCid;

/// A CID with foreign catalogs and work to do in them: `cac.pem` has gone, `customer_ID.txt` is new, and `mrinit.conf`
/// has another size.
fn foreign() -> TestEnv {
    let env = TestEnv::with(DemoCid { rms9x: true, function: Arc::new(Unknown), ..DemoCid::default() });
    env.remove("MRESXP/cac.pem");
    env.write("MRESXP/customer_ID.txt", "Acme");
    env.replace("MRESXP/mrinit.conf", "\"ServiceArgs\"=\"\"", "\"ServiceArgs\"=\"-ORBDebug\"");
    env
}

/// Both commands that rewrite catalogs, and how each is called.
fn commands() -> [String; 2] {
    ["MRESXP".to_owned(), format!("relay set MRESXP {RELAY}")]
}

/// Runs `command` with `flag`, which hands it the stand-in.
fn run(env: &TestEnv, command: &str, flag: &str, more: &str) -> Output {
    let mut args: Vec<String> = command.split(' ').map(str::to_owned).collect();
    args.extend([flag.to_owned(), stand_in()]);
    args.extend(more.split_whitespace().map(str::to_owned));
    env.run_args(args)
}

/// Asserts that each command leaves everything as it is where the stand-in misbehaves in this way.
fn refused(flag: &str, misdeed: &str, more: &str, said: &str) {
    for command in commands() {
        let mut env = foreign();
        env.set("STAND_IN", misdeed);
        let before = env.snapshot();
        let output = run(&env, &command, flag, more).expect(1).complains("error: ").complains(said);
        assert_eq!(env.snapshot(), before, "{misdeed}\n{output}");
        let output = run(&env, &command, flag, &format!("{more} --json")).expect(1);
        assert!(output.json()["cids"][0]["error"]["kind"].is_string(), "{output}");
        assert_eq!(env.snapshot(), before, "{misdeed}\n{output}");
    }
}

#[test]
fn without_help_the_cid_is_left_as_it_is_and_both_ways_are_named() {
    for command in commands() {
        let env = foreign();
        let before = env.snapshot();
        env.run(&command)
            .expect(1)
            .complains("MRESXP/rms/cidsync.upd")
            .complains("--checksum-command")
            .complains("--refresh-with");
        assert_eq!(env.snapshot(), before);
    }
}

#[test]
fn a_known_function_that_is_named_is_tried_and_refused() {
    for command in commands() {
        let env = foreign();
        let before = env.snapshot();
        env.run(&format!("{command} --checksum crc32")).expect(1).complains("crc32 does not reproduce this catalog");
        assert_eq!(env.snapshot(), before);
    }
}

#[test]
fn a_foreign_cid_is_listed_and_its_sizes_are_verified() {
    let env = TestEnv::with(DemoCid { function: Arc::new(Unknown), ..DemoCid::default() });
    let before = env.snapshot();
    env.run("catalog list MRESXP").ok().says("\\rms\\agent.dll");
    env.run("catalog verify MRESXP").ok().says("foreign checksum function").says("No faults");
    assert_eq!(env.snapshot(), before);
    env.edit("MRESXP/rms/agent.dll", |bytes| bytes[1..].to_vec());
    env.run("catalog verify MRESXP").expect(3).says("fault (size): \\rms\\agent.dll");
}

#[test]
fn a_checksum_command_makes_a_foreign_cid_as_good_as_any() {
    honest("--checksum-command");
}

#[test]
fn a_program_refreshes_a_foreign_cid() {
    honest("--refresh-with");
}

fn honest(flag: &str) {
    for command in commands() {
        let env = foreign();
        let before = env.snapshot();
        run(&env, &command, flag, "--dry-run").ok().says("Dry run");
        assert_eq!(env.snapshot(), before);

        let output = run(&env, &command, flag, "").ok();
        output
            .says("Adding entry for \\customer_ID.txt (4 bytes")
            .says("Updating entry for \\mrinit.conf")
            .says("Removing entry for \\cac.pem")
            .says("verified");
        check_cid(&env.path("MRESXP"), unknown);
        let relay = command.starts_with("relay");
        assert_eq!(env.path("MRESXP/rms/mrinit.conf").exists(), relay);
        if relay {
            assert!(env.text("MRESXP/rms/mrinit.conf").contains(RELAY_LIST));
            assert!(env.text("MRESXP/rms9x/mrinit.conf").contains(RELAY_LIST));
        }
        run(&env, "catalog verify MRESXP", "--checksum-command", "").ok().says("No faults");

        let (before, times) = (env.snapshot(), stamps(&env.path("MRESXP")));
        run(&env, &command, flag, "").ok().says("Nothing to do");
        assert_eq!((env.snapshot(), stamps(&env.path("MRESXP"))), (before, times));
    }
}

#[test]
fn a_program_works_on_cids_of_known_checksum_too_and_is_checked_by_it() {
    // The stand-in writes its own checksum, which is not that of these catalogs.
    let env = TestEnv::demo();
    env.write("MRESXP/customer_ID.txt", "Acme");
    let before = env.snapshot();
    run(&env, "MRESXP", "--refresh-with", "").expect(1).complains("wrong checksum");
    assert_eq!(env.snapshot(), before);
    env.run("MRESXP").ok();
    check_cid(&env.path("MRESXP"), crc32);
}

#[test]
fn a_program_that_knows_its_function_is_checked_with_it() {
    let env = foreign();
    let mut args = vec!["MRESXP".to_owned(), "--refresh-with".to_owned(), stand_in()];
    args.extend(["--checksum-command".to_owned(), stand_in()]);
    env.run_args(&args).ok();
    check_cid(&env.path("MRESXP"), unknown);
}

#[test]
fn a_program_is_found_from_where_the_user_stands() {
    let env = foreign();
    // No copy: one that another thread's child still has open cannot be run.
    #[cfg(unix)]
    std::os::unix::fs::symlink(stand_in(), env.path("ConfigCID.exe")).unwrap();
    #[cfg(not(unix))]
    std::fs::copy(stand_in(), env.path("ConfigCID.exe")).unwrap();
    env.run("MRESXP --refresh-with ./ConfigCID.exe").ok().says(", ConfigCID.exe)");
    check_cid(&env.path("MRESXP"), unknown);
}

#[test]
fn programs_that_are_not_there() {
    for command in commands() {
        for flag in ["--refresh-with", "--checksum-command"] {
            let env = foreign();
            let before = env.snapshot();
            env.run(&format!("{command} {flag} ./nowhere")).expect(1).complains("nowhere").complains("cannot run it");
            assert_eq!(env.snapshot(), before);
        }
    }
}

#[test]
fn a_checksum_command_of_another_function() {
    refused("--checksum-command", "is another function", "", "reproduces this catalog");
}

#[test]
fn a_checksum_command_that_prints_garbage() {
    refused("--checksum-command", "prints garbage", "", "eight hex digits");
}

#[test]
fn a_checksum_command_that_fails() {
    refused("--checksum-command", "fails", "", "the stand-in fails");
}

#[test]
fn programs_that_hang() {
    for flag in ["--checksum-command", "--refresh-with"] {
        refused(flag, "hangs", "--program-timeout 1", "did not end within 1 seconds");
    }
}

#[test]
fn programs_that_print_without_end() {
    for flag in ["--checksum-command", "--refresh-with"] {
        refused(flag, "prints without end", "", "printed without end");
    }
}

#[test]
fn a_program_that_does_nothing_is_no_help() {
    refused("--refresh-with", "does nothing", "", "did what it should not");
}

#[test]
fn a_file_that_changes_while_a_program_runs() {
    for flag in ["--checksum-command", "--refresh-with"] {
        let mut env = foreign();
        run(&env, &format!("relay set MRESXP {RELAY}"), flag, "").ok();
        let file = "MRESXP/rms/mrinit.conf";
        let before = (env.snapshot(), env.text(file));
        env.set("STAND_IN_FILE", env.path(file).to_str().unwrap());
        run(&env, "relay set MRESXP --netbios OTHER", flag, "")
            .expect(1)
            .complains(file)
            .complains("the file changed since it was read");
        assert_ne!(env.text(file), before.1, "the stand-in touched nothing");
        env.write(file, &before.1);
        assert_eq!(env.snapshot(), before.0);
    }
}
