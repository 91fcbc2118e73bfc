//! Addresses and CIDs that are found instead of given, and relays in several networks.

use crate::support::{TestEnv, check_cid, layout::crc32};
use configcid::DemoCid;

fn share() -> TestEnv {
    let env = TestEnv::new();
    for name in ["share/ESXP", "share/CIDs/S000/SAVSCFXP", "share/CIDs/S001/SAVSCFXP"] {
        env.cid(name, DemoCid::default());
    }
    env.write("share/readme.txt", "no CID");
    env
}

#[test]
fn a_relay_in_several_networks_has_several_addresses_in_their_order() {
    let env = TestEnv::demo();
    let set = "relay set MRESXP --ip 10.9.0.1 --ip 10.1.2.3 --fqdn mr.sales.acme --fqdn mr.acme --netbios MR";
    env.run(set).expect(0).says("verified").complains("three parts only");
    assert!(env.text("MRESXP/rms/mrinit.conf").contains("\"10.9.0.1,10.1.2.3,mr.sales.acme,mr.acme,MR\""));
    check_cid(&env.path("MRESXP"), crc32);
    env.run(set).expect(0).says("Nothing to do");
    env.run("relay show MRESXP").ok().says("address-several");
    // Each is checked.
    env.refuses(2, "relay set MRESXP --ip 10.9.0.1 --ip 10.1.2 --netbios MR").complains("10.1.2");
    env.run("relay set MRESXP --netbios MR --netbios mr.sales.acme --dry-run").expect(0).complains("is it a DNS name?");
}

#[test]
fn what_is_found_is_taken_by_consent_alone() {
    let env = TestEnv::demo();
    env.refuses(2, "relay set MRESXP --relay 10.1.2.3").complains("give it with --ip");
    env.refuses(2, "relay set MRESXP --relay localhost --yes").complains("no other computer reaches");
    env.refuses(2, "relay set MRESXP --relay name.that.is.invalid --yes").complains("cannot be resolved");
    env.run("relay set MRESXP --relay mr --this-computer").expect(2).complains("cannot be used with");
    let refused = env.run("relay set MRESXP --this-computer --ip 10.1.2.3 --fqdn mr.acme").expect(2);
    refused.complains("10.1.2.3,mr.acme").complains("--yes").says("Found: the relay is 10.1.2.3,mr.acme");
    assert!(!env.path("MRESXP/rms/mrinit.conf").exists());
    env.run("relay set MRESXP --this-computer --ip 10.1.2.3 --fqdn mr.acme --dry-run").ok().says("Dry run");
    env.run("relay set MRESXP --this-computer --ip 10.1.2.3 --fqdn mr.acme --yes").ok();
    assert!(env.text("MRESXP/rms/mrinit.conf").contains("\"10.1.2.3,mr.acme"));
}

#[test]
fn a_share_is_set_up_as_a_whole_once_it_is_agreed_to() {
    let env = share();
    let set = "relay set share --all --ip 10.1.2.3 --fqdn mr.acme --netbios MR";
    env.run("relay set share --ip 10.1.2.3").expect(1).complains("it holds 3 CIDs");
    let before = env.snapshot();
    env.run(set).expect(2).says("Found: 3 CIDs are meant").complains("SAVSCFXP").complains("--yes");
    env.run(&format!("{set} --json")).expect(2);
    env.run(&format!("{set} --dry-run")).ok().says("ESXP:").says("Dry run");
    assert_eq!(env.snapshot(), before);
    let json = env.run(&format!("{set} --yes --json")).ok().json();
    assert_eq!(json["cids"].as_array().unwrap().len(), 3);
    for cid in ["share/ESXP", "share/CIDs/S000/SAVSCFXP", "share/CIDs/S001/SAVSCFXP"] {
        assert!(env.text(&format!("{cid}/rms/mrinit.conf")).contains("10.1.2.3,mr.acme,MR"), "{cid}");
        check_cid(&env.path(cid), crc32);
    }
    // A CID among the folders is meant itself.
    env.run("relay set share/ESXP --all --yes --netbios MR --fqdn mr.acme --dry-run").ok().says("1 CID is meant");
    std::fs::create_dir(env.path("empty")).unwrap();
    env.refuses(1, "relay set empty --all --yes --netbios MR").complains("there is no CID in this folder");
}

/// On a terminal, which the program `script` plays.
#[cfg(target_os = "linux")]
#[test]
fn a_person_is_shown_what_would_change_and_asked() {
    use std::io::Write;
    use std::process::{Command, Stdio};

    let env = share();
    let answer = |answer: &str| {
        let line = format!(
            "{} relay set share --all --ip 10.1.2.3 --fqdn mr.acme --netbios MR",
            env!("CARGO_BIN_EXE_configcid")
        );
        let mut script = env.clean(Command::new("script"));
        script.args(["-qec", &line, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = script.spawn().unwrap();
        child.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let before = env.snapshot();
    for no in ["n\n", "\n", "yess\n"] {
        let (code, said) = answer(no);
        assert_eq!(code, Some(1), "{said}");
        assert!(
            said.contains("Dry run") && said.contains("Go on? [y/N]") && said.contains("Nothing was written"),
            "{said}"
        );
        assert_eq!(env.snapshot(), before);
    }
    let (code, said) = answer("y\n");
    assert_eq!(code, Some(0), "{said}");
    assert!(env.text("share/ESXP/rms/mrinit.conf").contains("10.1.2.3,mr.acme,MR"));
}
