//! `fleet init` and `fleet check`.

use std::fs;

use configcid::DemoCid;

use crate::support::{Output, RELAY_LIST, TestEnv};

/// A server, as the demo CIDs have it.
pub(super) const SERVER: &str = "[server]\nname = 'Server1'\nfqdn = 'Server.Sales.Acme'\nnetbios = 'SERVER'\n";
/// The relay of [`RELAY_LIST`].
pub(super) const RELAY: &str =
    "[[relay]]\nname = 'MR'\nip = '10.1.200.65'\nfqdn = 'MRComputer.Sales.Acme'\nnetbios = 'MRComputer'\n";

/// An environment with a fleet file of the server, of the relay, and of what is given.
pub(super) fn env(more: &str) -> TestEnv {
    let env = TestEnv::new();
    env.write("fleet.toml", format!("{SERVER}{RELAY}{more}"));
    env
}

/// The codes and lines of all findings, the errors with a `!`.
fn findings(output: &Output) -> Vec<String> {
    let answer = output.json();
    let all = answer["findings"].as_array().unwrap().iter();
    all.map(|finding| {
        assert!(!finding["article"].as_str().unwrap().is_empty() && !finding["what"].as_str().unwrap().is_empty());
        let bad = if finding["severity"] == "error" { "!" } else { "" };
        format!("{}{bad} {}", finding["code"].as_str().unwrap(), finding["line"])
    })
    .collect()
}

/// Checks a file by itself, and gives the findings.
#[track_caller]
fn check(text: &str) -> Vec<String> {
    let env = TestEnv::new();
    env.write("fleet.toml", text);
    let output = env.run("fleet check --no-cids --json");
    let found = findings(&output);
    let bad = found.iter().any(|finding| finding.contains('!'));
    assert_eq!(output.code, if bad { 3 } else { 0 }, "{output}");
    let people = env.run("fleet check --no-cids").expect(output.code);
    assert_eq!(people.count("fleet.toml:"), found.len(), "{people}");
    found
}

#[test]
fn a_new_file_is_free_of_errors() {
    let env = TestEnv::new();
    env.run("fleet init").ok().says("Wrote fleet.toml");
    env.run("fleet check --no-cids").ok().says("0 errors, 0 warnings: the server, 1 relay, 1 CID");
    let before = env.snapshot();
    env.run("fleet init").expect(1).complains("something of this name already");
    assert_eq!(env.snapshot(), before);
    env.write("fleet.toml", "x");
    env.run("fleet init --force --json").ok().json();
    assert_eq!(env.snapshot(), before);
    env.run("fleet init other/fleet.toml").expect(1);
    env.run("fleet check other.toml").expect(1).complains("configcid fleet init writes one");
}

#[test]
fn what_is_no_fleet_file_is_refused_with_the_line() {
    for (text, said) in [
        ("", "line 1: there is no [server]"),
        ("[server\n", "line 1: "),
        (
            "[server]\nname = 'S'\n\n[[relay]]\nname = 'A'\nfdqn = 'a.acme'\n",
            "line 6: [[relay]] has no key \"fdqn\"; did you mean fqdn?",
        ),
        ("[server]\nname = 'S'\n[relays]\n", "line 3: the file has no key \"relays\"; did you mean relay?"),
        ("[server]\nname = 'S'\ncolour = 'red'\n", "line 3: [server] has no key \"colour\"; it may have name, ip, "),
        (
            "[server]\nname = 'S'\n[relay]\nname = 'A'\n",
            "line 3: relay must be a list of tables; begin each with [[relay]]",
        ),
        ("[server]\nname = 'S'\nname = 'T'\n", "line 3: "),
        ("[server]\nip = '10.1.1.1'\n", "line 1: [server] has no name; add it"),
        ("[server]\nname = 'S'\nconsole = 5.5\n", "line 3: console of [server] must be a string; put quotes around it"),
        ("[server]\nname = 'S'\nendpoints = -1\n", "line 3: endpoints of [server] must be a whole number"),
        (
            "[server]\nname = 'S'\n[[cid]]\npath = \"C:\\\\new\\x09\"\n",
            "line 4: path of [[cid]] must be without control",
        ),
        (
            "[server]\nname = 'S'\n[[cid]]\npath = 'C'\nplatform = 'windwos'\n",
            "line 5: platform of [[cid]]: \"windwos\" is no platform; did you mean \"windows\"?",
        ),
        ("[server]\nname = 'S'\n[[cid]]\npath = 'C'\nplatform = [\n'9x',\n'vms']\n", "line 7: "),
    ] {
        let env = TestEnv::new();
        env.write("fleet.toml", text);
        let output = env.refuses(1, "fleet check").complains(said);
        assert!(output.stderr.starts_with("error: fleet.toml: line "), "{output}");
    }
    let env = TestEnv::new();
    env.write("fleet.toml", b"[server]\nname = 'Z\xFCrich'\n");
    env.refuses(1, "fleet check").complains("line 2: it is no text in UTF-8; save it as UTF-8");
    env.write("fleet.toml", [b"\xEF\xBB\xBF[server]\r\nname = 'S'\r\nip = '10.1.1.1'\r\n".as_slice()].concat());
    env.run("fleet check").ok();
}

#[test]
fn circles_and_depths() {
    let relay =
        |name: &str, parent: &str| format!("[[relay]]\nname = '{name}'\nnetbios = '{name}'\nparent = '{parent}'\n");
    let text = format!("{SERVER}{}{}{}", relay("A", "B"), relay("B", "a"), relay("C", "C"));
    assert_eq!(
        check(&text),
        ["relay-without-cid 5", "cycle! 8", "relay-without-cid 9", "relay-without-cid 13", "cycle! 16"]
    );
    let chain = |length: usize| {
        let mut text = SERVER.to_owned();
        for index in 1..=length {
            let above = if index == 1 { "server".to_owned() } else { format!("R{}", index - 1) };
            text += &relay(&format!("R{index}"), &above);
            text += &format!("[[cid]]\npath = 'C{index}'\nrelay = 'R{index}'\n");
        }
        check(&text)
    };
    assert!(chain(6).is_empty());
    assert_eq!(chain(8), ["depth 50", "depth 57"]);
}

#[test]
fn limits_of_endpoints() {
    let server =
        |system: &str, endpoints: u32| check(&format!("{SERVER}system = '{system}'\nendpoints = {endpoints}\n"));
    for system in ["Windows Server 2008", "Windows 2008", "windows server 2008 sp2"] {
        assert!(server(system, 4000).is_empty(), "{system}");
        assert_eq!(server(system, 4001), ["server-endpoints 6"], "{system}");
    }
    for system in ["Windows Server 2008 R2", "Windows Server 2003", "Windows Server 2012 R2"] {
        assert!(server(system, 5000).is_empty(), "{system}");
        assert_eq!(server(system, 5001), ["server-endpoints 6"], "{system}");
    }
    assert_eq!(server("Windows Server 208", 1), ["system 5"]);
    let relay =
        |endpoints: u32| check(&format!("{SERVER}{RELAY}endpoints = {endpoints}\n[[cid]]\npath = 'C'\nrelay = 'MR'\n"));
    assert!(relay(8000).is_empty());
    assert_eq!(relay(8001), ["relay-endpoints 10"]);
    let output = env("endpoints = 9000\n").run("fleet check").expect(0);
    output
        .says("fleet.toml:10: warning (relay-endpoints): 9000 endpoints report to MR; more than 8000 are much for one [our choice]; ");
}

#[test]
fn a_file_accepts_what_it_does_not_follow() {
    let relay = |endpoints: u32, accept: &str| {
        let cid = "[[cid]]\npath = 'C'\nrelay = 'MR'\n";
        check(&format!("{SERVER}{RELAY}endpoints = {endpoints}\naddress = 'dhcp'\ndomain = 'ad'\n{accept}\n{cid}"))
    };
    assert_eq!(relay(8001, ""), ["relay-endpoints 10", "dhcp 11"]);
    assert_eq!(relay(8001, "accept = 'dhcp'"), ["relay-endpoints 10"]);
    assert!(relay(8001, "accept = ['relay-endpoints', 'dhcp']").is_empty());
    // For all machines, where one does not say otherwise.
    let server = |accept: &str| check(&format!("[defaults]\naccept = 'depth'\n{SERVER}endpoints = 5001\n{accept}\n"));
    assert_eq!(server(""), ["server-endpoints 7"]);
    assert!(server("accept = 'server-endpoints'").is_empty());
    // What is against a rule is no recommendation.
    env("accept = ['cycle']\n").run("fleet check").expect(1).complains("\"cycle\" is no recommendation");
}

#[test]
fn systems_of_relays() {
    let relay =
        |system: &str| check(&format!("{SERVER}{RELAY}system = '{system}'\n[[cid]]\npath = 'C'\nrelay = 'MR'\n"));
    for system in
        ["Windows 2000 Server", "Windows Server 2003", "Windows Server 2008", "Windows Server 2012 R2", "a box"]
    {
        assert!(relay(system).is_empty(), "{system}: {:?}", relay(system));
    }
    for system in ["Windows XP", "Windows 98", "Windows NT 4.0", "Windows Vista", "Windows 7", "Windows 10 Pro"] {
        assert_eq!(relay(system), ["relay-system 10"], "{system}");
    }
}

#[test]
fn relays_with_dhcp() {
    let relay = |more: &str| {
        check(&format!("{SERVER}[[relay]]\nname = 'A'\nip = '10.1.1.2'\n{more}[[cid]]\npath = 'C'\nrelay = 'A'\n"))
    };
    assert!(relay("domain = 'nt'\n").is_empty());
    assert_eq!(relay("address = 'dhcp'\ndomain = 'nt'\n"), ["dhcp-fqdn! 8", "dhcp 8"]);
    assert_eq!(relay("address = 'dhcp'\n"), ["dhcp 8", "dhcp-fqdn 8"]);
    assert_eq!(relay("address = 'dhcp'\ndomain = 'nt'\nfqdn = 'a.acme'\n"), ["dhcp 8"]);
    assert_eq!(relay("address = 'dhcp'\ndomain = 'ad'\n"), ["dhcp 8"]);
    assert_eq!(
        check(&format!(
            "[defaults]\naddress = 'dhcp'\ndomain = 'nt'\n{SERVER}[[relay]]\nname = 'A'\nip = '10.1.1.2'\n[[cid]]\npath = 'C'\nrelay = 'A'\n"
        )),
        ["dhcp-fqdn! 2", "dhcp 2"]
    );
}

#[test]
fn names_and_addresses() {
    let two = |more: &str| {
        check(&format!(
            "{SERVER}{RELAY}[[relay]]\nname = 'B'\n{more}[[cid]]\npath = 'C'\nrelay = 'MR'\n[[cid]]\npath = 'D'\nrelay = 'b'\n"
        ))
    };
    assert!(two("ip = '10.1.1.3'\n").is_empty());
    assert_eq!(two(""), ["no-address! 10"]);
    assert_eq!(two("ip = '10.1.200.65'\n"), ["shared-address! 12"]);
    assert_eq!(
        two("fqdn = 'mrcomputer.sales.acme'\nnetbios = 'server'\n"),
        ["shared-address! 12", "shared-address! 13"]
    );
    assert_eq!(two("ip = '10.1.1.300'\nfqdn = 'a b'\n"), ["address! 12", "address! 13"]);
    assert_eq!(two("ip = '127.0.0.1'\n"), ["address-doubt 12"]);
    let named = |name: &str| check(&format!("{SERVER}{RELAY}[[relay]]\nname = '{name}'\nnetbios = 'B'\n"));
    assert!(named("mr").contains(&"name-twice! 11".to_owned()));
    assert!(named("server1").contains(&"name-twice! 11".to_owned()));
    assert!(named("Server").contains(&"name-twice! 11".to_owned()));
    assert!(check("[server]\nname = 'server'\nip = '10.1.1.1'\n").is_empty());
    assert_eq!(check("[server]\nname = 'S'\n"), ["no-address 1"]);
    assert_eq!(
        check(&format!("{SERVER}{RELAY}parent = 'X'\n[[cid]]\npath = 'C'\nrelay = 'Y'\n")),
        ["relay-without-cid 5", "unknown-parent! 10", "unknown-relay! 13"]
    );
}

#[test]
fn cids_of_the_file() {
    let cid = |path: &str| format!("[[cid]]\npath = '{path}'\nrelay = 'MR'\n");
    let two = |one: &str, other: &str| check(&format!("{SERVER}{RELAY}{}{}", cid(one), cid(other)));
    assert!(two("A", "B").is_empty());
    for (one, other) in [
        ("MRESXP", "mresxp"),
        (r"\\Server1\InterChk\MRESXP", r"\\SERVER1\interchk\.\mresxp\"),
        (r"C:\CIDs\A", "c:/cids/b/../a"),
        ("A", "./A/"),
    ] {
        assert_eq!(two(one, other), ["cid-twice! 14"], "{one} {other}");
    }
    let platforms = |relay: &str, cid: &str| {
        check(&format!("{SERVER}{RELAY}platforms = {relay}\n[[cid]]\npath = 'C'\nplatform = {cid}\nrelay = 'MR'\n"))
    };
    assert!(platforms("['windows', '9x']", "['9x', 'windows']").is_empty());
    assert_eq!(platforms("'windows'", "'9x'"), ["platform-without-cid 10", "cid-platform! 13"]);
}

#[test]
fn cids_on_disk() {
    let cids = [("A", false), ("B", true), ("C", false), ("D", true), ("E", false)];
    let text: String = ["windows", "9x", "9x", "windows", "mac"]
        .iter()
        .zip(&cids)
        .map(|(platform, (path, _))| format!("[[cid]]\npath = '{path}'\nplatform = '{platform}'\nrelay = 'MR'\n"))
        .collect();
    let env = env(&format!("{text}[[cid]]\npath = 'nowhere'\nrelay = 'MR'\n"));
    for (path, rms9x) in cids {
        env.cid(path, DemoCid { rms9x, ..DemoCid::default() });
    }
    let before = env.snapshot();
    let output = env.run("fleet check --json").expect(3);
    assert_eq!(
        findings(&output),
        ["cid-platform 16", "cid-platform! 20", "cid-platform 24", "cid-platform! 28", "cid-missing! 31"]
    );
    let output = output.json();
    assert_eq!((&output["relays"], &output["cids"], &output["errors"]), (&1.into(), &6.into(), &3.into()));
    assert_eq!(output["findings"][1]["cid"], "C");
    assert_eq!(env.snapshot(), before);
}

#[cfg(unix)]
#[test]
fn a_link_is_no_second_cid() {
    let env = env("[[cid]]\npath = 'A'\nrelay = 'MR'\n[[cid]]\npath = 'B'\nrelay = 'MR'\n");
    env.cid("A", DemoCid::default());
    std::os::unix::fs::symlink("A", env.path("B")).unwrap();
    assert_eq!(findings(&env.run("fleet check --json").expect(3)), ["cid-twice! 14"]);
}

#[test]
fn a_relay_that_would_be_its_own_parent() {
    let env = env("[[cid]]\npath = 'A'\nrelay = 'MR'\n");
    env.cid("A", DemoCid::default());
    env.run(&format!("relay set A {}", crate::support::RELAY)).ok();
    env.run("fleet check").ok();
    env.run(&format!("mrinit set A/rms/mrinit.conf MRParentAddress {RELAY_LIST}")).ok();
    env.run("A").ok();
    // The value will be set back, or, where the parent is a relay, set.
    let output = env.run("fleet check --json").ok();
    assert_eq!(findings(&output), ["own-parent 11"]);
    assert_eq!(output.json()["findings"][0]["machine"], "MR");
    let text = env.text("fleet.toml") + "[[relay]]\nname = 'P'\nnetbios = 'P'\n";
    env.write("fleet.toml", text.replace("[[cid]]", "parent = 'P'\n[[cid]]"));
    assert_eq!(findings(&env.run("fleet check --json").ok()), ["own-parent 12", "relay-without-cid 14"]);
}

#[test]
fn paths_begin_at_the_file_or_at_the_folder_of_the_defaults() {
    let env = TestEnv::new();
    fs::create_dir_all(env.path("here/cids")).unwrap();
    env.cid("here/A", DemoCid::default());
    env.cid("here/cids/B", DemoCid::default());
    let absolute = env.path("here/A").to_string_lossy().into_owned();
    for (defaults, path) in
        [("", "A"), ("", "cids/B"), ("folder = 'cids'", "B"), ("folder = 'cids'", "../A"), ("folder = 'no'", &absolute)]
    {
        env.write("here/fleet.toml", format!("[defaults]\n{defaults}\n{SERVER}[[cid]]\npath = '{path}'\n"));
        env.run("fleet check here/fleet.toml").ok();
    }
}

#[test]
fn names_are_asked_for_only_when_that_is_wanted() {
    let env = env("[[relay]]\nname = 'L'\nip = '127.0.0.1'\nfqdn = 'localhost'\n[[cid]]\npath = 'C'\nrelay = 'L'\n");
    env.replace("fleet.toml", "Server.Sales.Acme", "server.acme.invalid");
    env.replace("fleet.toml", "MRComputer.Sales.Acme", "relay.acme.invalid");
    env.run("fleet check --no-cids").ok();
    let output = env.run("fleet check --no-cids --dns --json").expect(3);
    let dns: Vec<_> = findings(&output).into_iter().filter(|finding| finding.starts_with("dns")).collect();
    assert_eq!(dns, ["dns! 3", "dns! 8"]);
}
