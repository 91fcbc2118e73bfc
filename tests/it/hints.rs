//! What the program says of input that is right but for a slip, and what it takes although it looks like one.

use configcid::DemoCid;

use crate::support::TestEnv;

#[test]
fn a_misspelled_relay_is_told_by_its_nearest() {
    let env = TestEnv::new();
    env.write(
        "fleet.toml",
        "[server]\nname = 'Server1'\nfqdn = 'server1.acme'\n[[relay]]\nname = 'MRComputer'\nip = '10.1.2.3'\n\
         [[relay]]\nname = 'Below'\nip = '10.1.2.4'\nparent = 'MRComptuer'\n[[cid]]\npath = 'A'\nrelay = 'Belwo'\n\
         [[cid]]\npath = 'B'\nrelay = 'sever'\n[[cid]]\npath = 'C'\nrelay = 'zzyzx'\n",
    );
    let output = env.run("fleet check --no-cids").expect(3);
    let output = output.says("did you mean MRComputer?").says("did you mean Below?").says("did you mean server?");
    let line = output.stdout.lines().find(|line| line.contains("zzyzx")).unwrap();
    assert!(!line.contains("did you mean"), "{line}");
}

#[test]
fn backslashes_in_a_fleet_file_get_their_quotes() {
    let env = TestEnv::new();
    let file = |path: &str| format!("[server]\nname = 'S'\nfqdn = 's.acme'\n[[cid]]\npath = \"{path}\"\n");
    for path in [r"\\Server1\InterChk\ESXP", r"D:\InterChk", r"D:\new", r"D:\temp\x"] {
        env.write("fleet.toml", file(path));
        env.refuses(1, "fleet check --no-cids").complains("line 5").complains("put the path into '...'");
    }
    env.write("fleet.toml", format!("[defaults]\nfolder = \"D:\\temp\"\n{}", file("A")));
    env.refuses(1, "fleet check --no-cids").complains("line 2").complains("put the path into '...'");
}

#[test]
fn a_value_may_begin_with_a_dash() {
    let env = TestEnv::new();
    env.write("alone.conf", DemoCid::default().mrinit());
    env.run_args(["mrinit", "set", "alone.conf", "ServiceArgs", "-ORBListenEndpoints iiop://:8193"]).ok();
    assert!(env.text("alone.conf").contains("\"ServiceArgs\"=\"-ORBListenEndpoints iiop://:8193\""));
    env.run_args(["mrinit", "set", "alone.conf", "ServiceArgs", "-v1", "--dry-run"]).ok().says("Dry run");
    // An option of the program is no value, wherever it stands.
    for (value, said) in [("--dry-run", "<VALUE>"), ("-q", "<VALUE>"), ("--dryrun", "write --dry-run")] {
        let before = env.snapshot();
        env.run(&format!("mrinit set alone.conf ServiceArgs {value}")).expect(2).complains(said);
        assert_eq!(env.snapshot(), before);
    }
}

#[test]
fn a_folder_of_a_component_is_no_component() {
    let env = TestEnv::demo();
    env.write("MRESXP/rms/data/file", "x");
    env.refuses(1, "MRESXP/rms").complains("rms is a component of a CID").complains("the folder above it");
    let output = env.refuses(1, "MRESXP/rms/data").complains("a folder of a component").complains("two folders above");
    assert!(!output.stderr.contains("data is a component"), "{output}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_path_that_a_fleet_file_cannot_hold_is_not_imported() {
    use std::os::unix::ffi::OsStrExt;

    let env = TestEnv::demo();
    let name = std::ffi::OsStr::from_bytes(b"ES\xFFXP");
    DemoCid::default().write(&env.path("").join(name)).unwrap();
    let before = env.snapshot();
    env.run_args(["fleet".as_ref(), "import".as_ref(), name]).expect(2).complains("a fleet file is UTF-8");
    assert_eq!(env.snapshot(), before);
    env.run_args(["fleet".as_ref(), "import".as_ref(), "MRESXP".as_ref(), name]).expect(4).complains("is UTF-8");
    assert!(!env.text("fleet.toml").contains('\u{FFFD}'));
}

#[test]
fn shells_complete_the_systems() {
    let env = TestEnv::new();
    for shell in ["bash", "zsh", "fish"] {
        env.run(&format!("completions {shell}")).ok().says("2008r2");
    }
    let found = env.run("envelopes where --system XP").expect(0).says("All Users");
    // Windows looks at itself as well, and warns: it has no router here.
    if cfg!(unix) {
        found.ok();
    }
}
