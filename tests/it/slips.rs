//! Slips on the command line: where a word can hardly be meant as it stands, nothing is written, the exit code is that
//! of wrong usage, and what was meant is named.

use configcid::DemoCid;

use crate::support::TestEnv;

/// A CID that every refresh would write to.
fn env() -> TestEnv {
    let env = TestEnv::new();
    env.cid("ESXP", DemoCid::default());
    env.write("ESXP/customer_ID.txt", "Acme");
    env
}

#[test]
fn a_misspelled_command_is_no_cid() {
    let env = env();
    for (line, meant) in [
        ("aduit ESXP", "did you mean configcid audit?"),
        ("udno ESXP", "did you mean configcid undo?"),
        ("histroy ESXP", "did you mean configcid history?"),
        ("verify ESXP", "configcid catalog verify or configcid manifest verify"),
        ("relays", "did you mean configcid relay?"),
        ("relays show ESXP", "did you mean configcid relay?"),
        ("envelope check", "did you mean configcid envelopes?"),
        ("-q --accept-damage aduit ESXP", "did you mean configcid audit?"),
        ("Refersh ESXP", "did you mean configcid refresh?"),
        ("zzyzx ESXP", "configcid --help lists the commands"),
    ] {
        env.refuses(2, line).complains("there is no command").complains(meant);
    }
}

#[test]
fn what_has_the_name_or_the_look_of_a_path_is_one() {
    let env = env();
    // To Windows C:ESXP is the folder that is there, if C is the drive.
    for line in ["./aduit", "nowhere/ESXP", "Q:ESXP", "ESXP.old"] {
        env.refuses(1, line).complains("cannot open the CID");
    }
    env.cid("aduit", DemoCid::default());
    env.run("aduit ESXP").expect(0).says("Done: 1 file written and verified");
}

#[test]
fn a_dash_of_a_word_processor_makes_no_cid_of_an_option() {
    let env = env();
    for (line, meant) in [
        ("ESXP \u{2013}dry-run", "write --dry-run"),
        ("ESXP \u{2014}dry-run", "write --dry-run"),
        ("\u{2010}\u{2010}dry-run ESXP", "write --dry-run"),
        ("ESXP \u{2212}dryrun", "write --dry-run"),
        ("ESXP -\u{2011}dry-run", "write --dry-run"),
        ("relay set ESXP --netbios MR \u{2013}ip 10.1.2.3", "write --ip"),
        ("relay set ESXP --netbios MR \u{2013}ip=10.1.2.3", "write --ip"),
        ("clone ESXP \u{2013}dry-run NEW", "write --dry-run"),
    ] {
        env.refuses(2, line).complains("the dash of a word processor").complains(meant);
    }
    // One that is near no option is still no path.
    for line in ["ESXP \u{2013}x", "undo ESXP \u{2015}zzyzx", "mrinit set \u{2013}f ParentAddress MR", "demo \u{2014}d"]
    {
        let before = env.snapshot();
        env.run(line).expect(2).complains("the dash of a word processor");
        assert_eq!(env.snapshot(), before, "{line}");
    }
}

#[test]
fn an_option_after_a_slash_is_no_cid() {
    let env = env();
    for (line, meant) in [
        ("ESXP /dry-run", "write --dry-run"),
        ("/dry-run ESXP", "write --dry-run"),
        ("ESXP /DRY-RUN", "write --dry-run"),
        ("ESXP /dryrun", "write --dry-run"),
        ("relay set ESXP --netbios MR /ip:10.1.2.3", "write --ip"),
        ("ESXP /quiet", "write --quiet"),
        ("/?", "write --help"),
        ("undo /? ESXP", "write --help"),
    ] {
        env.refuses(2, line).complains(meant);
    }
}

#[test]
fn all_that_is_named_opens_before_anything_is_written() {
    let env = env();
    env.cid("OTHER", DemoCid::default());
    env.write("OTHER/customer_ID.txt", "Acme");
    env.write("file", "");
    env.write("folder/file", "");
    let relay = "--netbios MR --fqdn mr.acme";
    let before = env.snapshot();
    for other in ["nowhere", "./nowhere", "file", "folder", "ESXP/rms"] {
        for line in [
            format!("ESXP OTHER {other}"),
            format!("refresh ESXP {other} OTHER"),
            format!("relay set {relay} ESXP {other}"),
            format!("relay set {relay} {other} ESXP"),
        ] {
            let output = env.run(&line).expect(4).complains(other).says("Nothing was written");
            assert_eq!(env.snapshot(), before, "{output}");
            let json = env.run(&format!("{line} --json")).expect(4).json();
            let cids = json["cids"].as_array().unwrap();
            let failed =
                cids.iter().filter(|cid| cid["status"] == "failed" && cid["error"]["what"].is_string()).count();
            let left = cids.iter().filter(|cid| cid["status"] == "left").count();
            assert_eq!((failed, left), (1, cids.len() - 1), "{json}");
            assert_eq!(env.snapshot(), before);
        }
    }
    // These need no catalogs.
    env.run("ESXP").expect(0);
    env.write("ESXP/.configcid-lock.old", "");
    let before = env.snapshot();
    for line in ["undo ESXP nowhere", "undo nowhere ESXP", "catalog create --replace ESXP file", "recover ESXP file"] {
        let output = env.run(line).expect(4).says("Nothing was written");
        assert_eq!(env.snapshot(), before, "{output}");
    }
    env.run("undo ESXP").expect(0);
}

/// Whatever file an option names: where it is not there, the error says what to name instead.
#[test]
fn a_file_that_is_not_there_is_asked_for() {
    let env = TestEnv::demo();
    env.write("relay.reg", "REGEDIT4\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Sophos]\r\n");
    for command in [
        "catalog verify MRESXP --checksum nowhere.toml",
        "relay probe --ior nowhere.txt",
        "audit MRESXP --since nowhere.json",
        "relay check --reg nowhere.reg",
        "relay check --reg relay.reg --netstat nowhere.txt",
        "relay check --reg relay.reg --certificate nowhere.pem",
        "relay check --reg relay.reg --firewall nowhere.txt",
        "web check http://localhost/ --ca nowhere.pem",
        "web check http://localhost/ --user me --password-file nowhere.txt",
        "mrinit show nowhere.conf",
        "fleet check nowhere.toml",
        "messenger lint nowhere.xml",
        "manifest verify nowhere.dat",
        "endpoints survey nowhere.csv --expect MR",
        "envelopes check nowhere --endpoints 10",
        "envelopes logs nowhere.log",
        "client check --reg nowhere.reg --expect MR",
    ] {
        let output = env.run(command).expect(1);
        assert!(output.stderr.contains("nowhere"), "{command}: {output}");
        // What to do stands behind a semicolon.
        let line = output.stderr.lines().find(|line| line.contains("nowhere")).unwrap();
        assert!(line.contains("; "), "{command}: {line}");
    }
}
