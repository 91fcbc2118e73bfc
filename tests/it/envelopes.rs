//! `envelopes`: what the program says of folders of messages, logs and registries.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::support::{Output, TestEnv};
use serde_json::Value as Json;

/// The present of these tests.
const AT: &str = "2026-11-21T12:00:00Z";

/// Makes messages, each so many hours old.
fn messages(env: &TestEnv, folder: &str, hours: &[u64]) {
    for (index, hours) in hours.iter().enumerate() {
        message(env, &format!("{folder}/{index:03}.msg"), *hours);
    }
}

fn message(env: &TestEnv, path: &str, hours: u64) {
    env.write(path, "0123456789");
    let at = configcid::time::parse(AT).unwrap() - Duration::from_secs(hours * 3_600);
    File::options().write(true).open(env.path(path)).unwrap().set_modified(at).unwrap();
}

fn check(env: &TestEnv, rest: &str) -> Output {
    env.run(&format!("envelopes check Envelopes --at {AT} {rest}"))
}

/// The folder `Envelopes` with so many messages of one hour each.
fn with(count: usize) -> TestEnv {
    let env = TestEnv::new();
    fs::create_dir(env.path("Envelopes")).unwrap();
    messages(&env, "Envelopes", &vec![1; count]);
    env
}

#[test]
fn verdicts_and_exit_codes() {
    for (count, verdict, code) in
        [(0, "ok", 0), (19, "ok", 0), (20, "warning", 3), (29, "warning", 3), (30, "critical", 3)]
    {
        let env = with(count);
        let answer = check(&env, "--endpoints 10 --json").expect(code).json();
        assert_eq!(answer["verdict"], verdict, "{count}");
        assert_eq!((&answer["count"], &answer["bytes"]), (&Json::from(count), &Json::from(10 * count)));
        assert_eq!((&answer["thresholds"]["warning"], &answer["thresholds"]["critical"]), (&20.into(), &30.into()));
        let text = check(&env, "--endpoints 10").expect(code).says("no problem in themselves");
        assert_eq!(text.stdout.contains("OK: few messages"), code == 0, "{text}");
        assert_eq!(text.stdout.contains("What to do next"), code == 3, "{text}");
        assert!(!text.stdout.to_lowercase().contains("delete"), "{text}");
    }
}

#[test]
fn thresholds_can_be_set() {
    let env = with(12);
    let verdict = |rest: &str, code| check(&env, &format!("{rest} --json")).expect(code).json()["verdict"].clone();
    assert_eq!(verdict("--warning 12 --critical 13", 3), "warning");
    assert_eq!(verdict("--endpoints 4 --critical 4x --warning 3.5x", 0), "ok");
    assert_eq!(verdict("--endpoints 4 --critical 12", 3), "critical");
    env.refuses(2, "envelopes check Envelopes");
    env.refuses(2, "envelopes check Envelopes --endpoints 4 --warning 13");
    for wrong in
        ["--endpoints 0", "--endpoints 4 --warning 1y", "--endpoints 4 --ttl soon", "--endpoints 4 --system 95"]
    {
        check(&env, wrong).expect(2);
    }
}

#[test]
fn ages_and_the_time_to_live() {
    let env = TestEnv::new();
    messages(&env, "Envelopes", &[0, 2, 95, 96, 97, 335, 337]);
    message(&env, "Envelopes/SHOUTED.MSG", 400);
    env.write("Envelopes/readme.txt", "no message");
    fs::create_dir(env.path("Envelopes/folder.msg")).unwrap();
    let answer = |rest: &str| check(&env, &format!("--endpoints 10 --json {rest}")).expect(0).json();
    let found = answer("");
    assert_eq!((&found["count"], &found["bytes"], &found["others"]), (&8.into(), &80.into(), &2.into()));
    assert_eq!((&found["ttl_seconds"], &found["expired"]), (&345_600.into(), &4.into()));
    assert_eq!(found["oldest"]["age_seconds"], 400 * 3_600);
    let ages: Vec<u64> = found["ages"].as_array().unwrap().iter().map(|part| part["count"].as_u64().unwrap()).collect();
    assert_eq!(ages, [1, 0, 1, 0, 2, 2, 2]);
    assert_eq!(found["rate"]["method"], "modification-times");
    for (rest, expired) in [
        ("--ttl 14", 2),
        ("--ttl 400h", 0),
        ("--console-version 4.7", 4),
        ("--console-version 4.5.1", 2),
        ("--console-version 5.2.1.197", 4),
    ] {
        assert_eq!(answer(rest)["expired"], expired, "{rest}");
    }
    let counted = answer("--count-only");
    assert_eq!((&counted["count"], &counted["bytes"], &counted["ages"]), (&8.into(), &Json::Null, &Json::Null));
    assert_eq!(answer("--sample 0.01")["rate"]["method"], "two-samples");
}

#[test]
fn a_folder_that_is_not_there() {
    let env = TestEnv::new();
    env.refuses(1, "envelopes check Envelopes --endpoints 10").complains("Envelopes");
    if cfg!(unix) {
        env.refuses(2, "envelopes check --endpoints 10").complains("--reg");
    }
}

#[test]
fn causes_stand_in_the_articles_order() {
    let env = with(30);
    env.write(
        "rules.txt",
        "Rule Name: Router\r\nEnabled: Yes\r\nDirection: In\r\nProtocol: TCP\r\nLocalPort: 8192,8193\r\nAction: Allow\r\n",
    );
    env.write("server.reg", reg("\"EnvelopeDir\"=\"D:\\\\Envelopes\""));
    let causes = |rest: &str| -> Vec<(String, String)> {
        let answer = check(&env, &format!("--endpoints 4500 --critical 30 --json {rest}")).expect(3).json();
        let text = |value: &Json| value.as_str().unwrap().to_owned();
        answer["causes"].as_array().unwrap().iter().map(|cause| (text(&cause["cause"]), text(&cause["seen"]))).collect()
    };
    let names: Vec<_> = causes("").into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "too-many-endpoints",
            "comply-with",
            "virtual-machine",
            "memory",
            "processor",
            "disk-io",
            "ports",
            "free-space",
            "boot-volume",
            "retired-endpoints",
            "router-connection",
        ]
    );
    let seen = |rest: &str| -> Vec<String> {
        let causes = causes(rest);
        let of = |name: &&str| causes.iter().find(|(this, _)| this == name).unwrap().1.clone();
        ["too-many-endpoints", "free-space", "boot-volume", "ports"].iter().map(of).collect()
    };
    assert_eq!(seen("")[0], "no");
    assert_eq!(seen("--system 2008")[0], "yes");
    assert_eq!(seen("--system 2008 --relays 2")[0], "unknown");
    assert_eq!(seen("--system 2008 --relays 2 --direct 500")[0], "no");
    assert_eq!(seen("--reg server.reg")[2], "no");
    env.write("server.reg", reg(""));
    // Being there is a cause where space is little, alone.
    let little = format!("--min-free {}", u64::MAX >> 20);
    assert_eq!(seen(&format!("--reg server.reg {little}"))[1..3], ["yes", "yes"]);
    assert_eq!(seen("--reg server.reg --min-free 0")[2], "no");
    assert_eq!(seen("--firewall rules.txt")[3], "yes");
    env.replace("rules.txt", "8192,8193", "8192-8194");
    assert_eq!(seen("--firewall rules.txt")[3], "no");
    if cfg!(target_os = "linux") {
        // An address of this machine's own that nothing listens on.
        assert_eq!(seen("--firewall rules.txt --probe 127.81.92.1")[3], "yes");
        let ports = [8192, 8193, 8194].map(|port| std::net::TcpListener::bind(("127.81.92.2", port)));
        if ports.iter().all(Result::is_ok) {
            assert_eq!(seen("--probe 127.81.92.2")[3], "no");
        }
    }
    let text = check(&env, "--endpoints 4500 --critical 30 --system 2008").expect(3);
    text.says("configcid relay set").says("configcid envelopes restart").says("leave the messages to the router");
}

/// What `envelopes check` says of a firewall: of each profile and port, and whether it is a cause.
fn firewall(env: &TestEnv, rest: &str) -> (String, String) {
    let cause = &check(env, &format!("--endpoints 1000 --json {rest}")).expect(0).json()["causes"];
    let cause = cause.as_array().unwrap().iter().find(|cause| cause["cause"] == "ports").unwrap().clone();
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    (text(&cause["seen"]), text(&cause["what"]))
}

const POLICY: &str = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy";

/// The state of the firewall in the profiles of a Windows since Vista, and rules, as `reg export` writes them.
fn shared_access(states: [u8; 3], rules: &[&str]) -> Vec<u8> {
    let mut text = "Windows Registry Editor Version 5.00\r\n".to_owned();
    for (name, state) in ["DomainProfile", "PublicProfile", "StandardProfile"].iter().zip(states) {
        text += &format!(
            "\r\n[{POLICY}\\{name}]\r\n\"EnableFirewall\"=dword:0000000{state}\r\n\"DisableNotifications\"=dword:00000000\r\n"
        );
    }
    text += &format!("\r\n[{POLICY}\\FirewallRules]\r\n");
    for (index, rule) in rules.iter().enumerate() {
        text += &format!("\"{{A{index}}}\"=\"v2.22|Active=TRUE|Dir=In|Protocol=6|{}|\"\r\n", rule.replace('\\', r"\\"));
    }
    [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

const REMOTE_DESKTOP: &str = r"Action=Allow|Profile=Domain|Profile=Private|Profile=Public|LPort=3389|App=%SystemRoot%\system32\svchost.exe|Svc=termservice";
const ROUTER: &str = r"LPort=8192|LPort=8193|LPort=8194|App=C:\Program Files (x86)\Sophos\Remote Management System\RouterNT.exe|Name=Sophos Message Router";

#[test]
fn a_firewall_that_is_off_closes_nothing() {
    let env = with(1);
    env.write("off.reg", shared_access([0, 0, 0], &[REMOTE_DESKTOP]));
    let (seen, what) = firewall(&env, "--firewall off.reg");
    assert_eq!(seen, "no", "{what}");
    assert_eq!(what, "the firewall has 8192, 8193 and 8194 open (it is off) in every profile");
    // A group policy may have it on.
    let text = check(&env, "--endpoints 1000 --firewall off.reg").expect(0);
    text.says(r"HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall");
    env.write(
        "policy.reg",
        "REGEDIT4\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall\\DomainProfile]\r\n\"EnableFirewall\"=dword:1\r\n",
    );
    let (seen, what) = firewall(&env, "--firewall off.reg --firewall policy.reg --profile domain");
    assert_eq!(seen, "yes", "{what}");
}

#[test]
fn the_profile_decides() {
    let env = with(1);
    let allow = |profile: &str| format!("Action=Allow|Profile={profile}|{ROUTER}");
    env.write("private.reg", shared_access([1, 1, 1], &[REMOTE_DESKTOP, &allow("Private")]));
    env.write(
        "public.reg",
        shared_access([1, 1, 1], &[&allow("Domain"), &format!("Action=Block|Profile=Public|{ROUTER}")]),
    );
    let prompt = |profile: &str, action: &str| {
        format!(
            "Rule Name: RouterNT.exe\nEnabled: Yes\nDirection: In\nProfiles: {profile}\nRemoteIP: Any\nProtocol: TCP\nLocalPort: Any\nProgram: C:\\x\\RouterNT.exe\nAction: {action}\n\n"
        )
    };
    env.write("prompt.txt", prompt("Domain", "Allow") + &prompt("Public", "Block") + "Ok.\n");
    let of = |file: &str, profile: &str| firewall(&env, &format!("--firewall {file} {profile}"));
    let each = |file: &str| ["domain", "private", "public"].map(|name| of(file, &format!("--profile {name}")).0);
    assert_eq!(each("private.reg"), ["yes", "no", "yes"]);
    assert_eq!(each("public.reg"), ["no", "yes", "yes"]);
    assert_eq!(each("prompt.txt"), ["no", "yes", "yes"]);
    // Nobody says which it is: the answer says for which it holds.
    let (seen, what) = of("private.reg", "");
    assert_eq!(seen, "unknown");
    assert_eq!(
        what,
        "the firewall has in Domain 8192, 8193 and 8194 closed, in Private 8192, 8193 and 8194 open, in Public 8192, 8193 \
         and 8194 closed; which of them the server is in is not known (in a domain it is Domain)"
    );
    let (seen, what) = of("public.reg", "");
    assert!(seen == "unknown" && what.contains("in Domain 8192, 8193 and 8194 open"), "{what}");
    assert!(what.contains("in Public 8192, 8193 and 8194 blocked"), "{what}");
    // The rule that decided is named.
    let text = check(&env, "--endpoints 1000 --firewall private.reg --profile private").expect(0);
    text.says("Private: 8192, 8193, 8194 open: the rule \"Sophos Message Router\" (local, for C:\\Program Files (x86)\\Sophos\\Remote \
               Management System\\RouterNT.exe) opens it to all");
    let text = check(&env, "--endpoints 1000 --firewall prompt.txt").expect(0);
    text.says("Public: 8192, 8193, 8194 blocked: the rule \"RouterNT.exe\"").says("8194: IIOP over SSL");
}

/// An export of all that is below a hive has the same answer.
#[test]
fn an_export_of_any_size_is_read() {
    let env = with(1);
    let ours = |start: u8| {
        format!(
            "REGEDIT4\r\n\r\n[{POLICY}\\DomainProfile]\r\n\"EnableFirewall\"=dword:00000001\r\n\r\n\
             [{POLICY}\\FirewallRules]\r\n\"A\"=\"v2.22|Active=TRUE|Dir=In|Protocol=6|Action=Allow|LPort=3389|\"\r\n\r\n\
             [HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\MpsSvc]\r\n\"Start\"=dword:0000000{start}\r\n"
        )
    };
    let other = format!("\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\Acme]\r\n\"a\"=\"{}\"\r\n", "x".repeat(1 << 20));
    for start in [2, 4] {
        env.write("small.reg", ours(start));
        let small = firewall(&env, "--firewall small.reg --profile domain");
        env.write("large.reg", ours(start) + &other.repeat(65));
        assert_eq!(firewall(&env, "--firewall large.reg --profile domain"), small);
        assert_eq!(small.0, if start == 2 { "yes" } else { "unknown" }, "{}", small.1);
    }
    env.write("large.reg", "of another kind\n".repeat(5 << 20));
    check(&env, "--endpoints 1000 --firewall large.reg").expect(1).complains("large.reg");
}

#[test]
fn the_firewall_before_vista_has_two_profiles() {
    let env = with(1);
    let write = |file: &str, states: [u8; 2], entry: &str| {
        let mut text = "REGEDIT4\r\n".to_owned();
        for (name, state, entry) in [("DomainProfile", states[0], ""), ("StandardProfile", states[1], entry)] {
            text += &format!("\r\n[{POLICY}\\{name}]\r\n\"EnableFirewall\"=dword:0000000{state}\r\n");
            text += &format!("\r\n[{POLICY}\\{name}\\AuthorizedApplications\\List]\r\n{entry}\r\n");
        }
        env.write(file, text);
    };
    const PATH: &str = r"C:\\Program Files\\Sophos\\Remote Management System\\RouterNT.exe";
    write("standard.reg", [1, 1], &format!("\"{PATH}\"=\"{PATH}:*:Enabled:Sophos Message Router\""));
    write("off.reg", [0, 1], "");
    let of = |file: &str, profile: &str| firewall(&env, &format!("--firewall {file} {profile}"));
    let each =
        |file: &str| ["domain", "standard", "private", "public"].map(|name| of(file, &format!("--profile {name}")).0);
    assert_eq!(each("standard.reg"), ["yes", "no", "no", "no"]);
    assert_eq!(each("off.reg"), ["no", "yes", "yes", "yes"]);
    let (seen, what) = of("standard.reg", "");
    assert!(seen == "unknown" && what.contains("in Domain 8192, 8193 and 8194 closed, in Standard 8192"), "{what}");
    let (seen, what) = of("off.reg", "");
    assert!(seen == "unknown" && what.contains("in Domain 8192, 8193 and 8194 open (it is off)"), "{what}");
    // An entry may lack its name.
    env.write("list.reg", format!("REGEDIT4\r\n\r\n[{POLICY}\\StandardProfile\\GloballyOpenPorts\\List]\r\n\"a\"=\"8192:TCP:*:Enabled\"\r\n\"b\"=\"8193:TCP:*:Enabled:x\"\r\n\"c\"=\"8194:TCP:*:enabled:x\"\r\n"));
    assert_eq!(["standard", "domain"].map(|name| of("list.reg", &format!("--profile {name}")).0), ["no", "unknown"]);
}

#[test]
fn what_to_do_begins_with_the_articles_first_step() {
    let env = with(30);
    let answer = check(&env, "--endpoints 10 --direct 9000 --min-free 0 --json").expect(3).json();
    let next: Vec<&str> = answer["next"].as_array().unwrap().iter().map(|step| step.as_str().unwrap()).collect();
    assert!(next[0].contains("close all consoles") && next[0].contains("envelopes restart"), "{next:?}");
    assert!(next[1].contains("message relays"), "{next:?}");
    for article in ["113072", "12340", "112127", "113417"] {
        let text = check(&env, "--endpoints 10 --ttl 0.01").expect(3);
        assert!(text.stdout.contains(&format!("[{article}]")), "{article}\n{text}");
    }
    let little = check(&env, &format!("--endpoints 10 --min-free {}", u64::MAX >> 20)).expect(3);
    little.says("[113040]");
    let ranks: Vec<u64> =
        answer["causes"].as_array().unwrap().iter().map(|cause| cause["rank"].as_u64().unwrap()).collect();
    assert_eq!(ranks[0], 1, "{answer}");
}

#[test]
fn where_the_console_is_not_known_expired_is_a_range() {
    let env = TestEnv::new();
    messages(&env, "Envelopes", &[1, 95, 97, 335, 337]);
    let of = |rest: &str| check(&env, &format!("--endpoints 10 {rest}")).expect(0);
    let answer = of("--json").json();
    assert_eq!((&answer["expired"], &answer["expired_at_longest"]), (&3.into(), &1.into()));
    assert_eq!((&answer["ttl_seconds"], &answer["ttl_longest_seconds"]), (&345_600.into(), &1_209_600.into()));
    of("").says("3 where messages live 4 d (console 4.7 and later), 1 where they live 14 d (before)");
    of("--console-version 4.5").says("1, older than 14 d");
    of("--console-version 5.2").says("3, older than 4 d");
    of("--ttl 1").says("4, older than 1 d");
    let line = check(&env, "--endpoints 10 --nagios").expect(0);
    assert!(line.stdout.contains("1 to 3 expired"), "{line}");
}

#[test]
fn logs_registry_and_firewall_make_one_list() {
    let env = with(30);
    let start =
        ["I Sophos Messaging Router 3.4.0.1 starting...", "I Initializing CORBA...", "I Waiting for messages..."];
    let parent = ["I Getting parent router IOR from 10.1.200.65:8192", "I Logged on to parent router as Router$PC:7"];
    let lost = ["W Lost session with Router$UP:1", "I Getting parent router IOR from 10.1.200.65:8192"];
    env.write("Logs/Router-20261121-173000.log", log(18, &[&start[..], &parent, &lost].concat()));
    env.write("off.reg", shared_access([0, 0, 0], &[]));
    env.write("server.reg", reg("\"ParentAddress\"=\"10.1.200.65,UP\""));
    let rest = "--endpoints 10 --min-free 0 --logs Logs --reg server.reg --firewall off.reg";
    let answer = check(&env, &format!("{rest} --json")).expect(3).json();
    let of = |name: &str| answer["causes"].as_array().unwrap().iter().find(|cause| cause["cause"] == name).unwrap();
    let router = of("router-connection");
    assert_eq!((&router["seen"], &router["rank"]), (&"yes".into(), &1.into()), "{answer}");
    assert!(router["evidence"].to_string().contains("Getting parent router IOR from 10.1.200.65:8192"), "{router}");
    assert!(router["evidence"].to_string().contains("ParentAddress is 10.1.200.65,UP"), "{router}");
    assert_eq!(of("ports")["seen"], "no", "{answer}");
    // A router that is connected is no cause.
    env.write("Logs/Router-20261121-173000.log", log(18, &[&start[..], &parent].concat()));
    let answer = check(&env, &format!("{rest} --json")).expect(3).json();
    let causes = answer["causes"].as_array().unwrap();
    assert_eq!(causes.iter().find(|cause| cause["cause"] == "router-connection").unwrap()["seen"], "no", "{answer}");
    check(&env, "--endpoints 10 --logs none").expect(1);
}

#[test]
fn a_page_for_a_ticket() {
    let env = with(30);
    env.write("public.reg", shared_access([1, 1, 1], &[&format!("Action=Block|Profile=Domain|{ROUTER}<b>")]));
    env.write("server.reg", reg("\"ParentAddress\"=\"10.1.1.1,UP\""));
    let rest = "--endpoints 10 --firewall public.reg --reg server.reg --profile domain --min-free 0 --html ticket.html";
    check(&env, rest).expect(3);
    let page = env.text("ticket.html");
    assert!(page.contains("What to do next") && page.contains("close all consoles"), "{page}");
    assert!(page.contains("Sophos Message Router&lt;b&gt;") && !page.contains("Router<b>"), "{page}");
    assert!(page.contains("ParentAddress is 10.1.1.1,UP"), "{page}");
    // What was seen stands first.
    let at = |text: &str| page.find(&format!("<code>{text}</code>")).unwrap();
    assert!(at("ports") < at("too-many-endpoints") && at("comply-with") < at("too-many-endpoints"), "{page}");
    // The folder is no place for it, and what somebody else made stays.
    check(&env, "--endpoints 10 --html Envelopes/ticket.html").expect(2);
    env.write("mine.html", "mine");
    check(&env, "--endpoints 10 --html mine.html").expect(1);
    assert_eq!(env.text("mine.html"), "mine");
}

#[cfg(target_os = "linux")]
#[test]
fn this_computer_can_be_looked_at() {
    let env = with(30);
    let answer = check(&env, "--endpoints 10 --this-computer --json").expect(3).json();
    let of = |name: &str| {
        let causes = answer["causes"].as_array().unwrap().iter();
        causes.filter(|cause| cause["cause"] == name).map(|cause| cause["seen"].as_str().unwrap()).next().unwrap()
    };
    assert!(["memory", "processor"].iter().all(|name| of(name) != "unknown"), "{answer}");
}

#[test]
fn nagios_has_one_line_and_codes_of_its_own() {
    for (count, word, code) in [(1, "OK", 0), (20, "WARNING", 1), (30, "CRITICAL", 2)] {
        let env = with(count);
        let output = check(&env, "--endpoints 10 --nagios").expect(code);
        assert_eq!(output.stdout.lines().count(), 1, "{output}");
        assert!(output.stdout.starts_with(&format!("ENVELOPES {word} - {count} message")), "{output}");
        let (_, data) = output.stdout.split_once(" | ").unwrap();
        assert!(data.starts_with(&format!(
            "messages={count};19;29;0 bytes={}B;;;0 expired=0;;;0 oldest=3600s;;;0",
            10 * count
        )));
    }
    let env = TestEnv::new();
    for line in
        ["envelopes check Envelopes --endpoints 10 --nagios", "envelopes check Envelopes --nagios --endpoints none"]
    {
        let output = env.run(line).expect(3);
        assert!(output.stdout.starts_with("ENVELOPES UNKNOWN - ") && output.stdout.lines().count() == 1, "{output}");
    }
}

#[test]
fn metrics_are_written_whole() {
    let env = with(30);
    env.write("envelopes.prom", "old\n");
    check(&env, "--endpoints 10 -q --metrics envelopes.prom").expect(3);
    let text = env.text("envelopes.prom");
    crate::support::check_metrics(&text);
    for line in [
        "configcid_envelopes_up{folder=\"Envelopes\"} 1",
        "configcid_envelopes_messages{folder=\"Envelopes\"} 30",
        "configcid_envelopes_bytes{folder=\"Envelopes\"} 300",
        "configcid_envelopes_verdict{folder=\"Envelopes\"} 2",
        "configcid_envelopes_messages_by_age{folder=\"Envelopes\",age=\"up to 1 hour\"} 30",
    ] {
        assert!(text.lines().any(|this| this == line), "{line}\n{text}");
    }
    fs::remove_dir_all(env.path("Envelopes")).unwrap();
    check(&env, "--endpoints 10 --metrics envelopes.prom").expect(1);
    let text = env.text("envelopes.prom");
    crate::support::check_metrics(&text);
    assert!(text.contains("configcid_envelopes_up{folder=\"Envelopes\"} 0") && !text.contains("_messages"), "{text}");
    // Whatever the reason: what stood there is old.
    let env = with(30);
    check(&env, "--endpoints 10 -q --metrics envelopes.prom").expect(3);
    check(&env, "--endpoints 10 --metrics envelopes.prom --firewall none.txt").expect(1);
    assert!(env.text("envelopes.prom").contains("configcid_envelopes_up{folder=\"Envelopes\"} 0"));
}

#[test]
fn a_host_that_is_not_found_takes_no_verdict_with_it() {
    let env = with(30);
    // No name server is asked for a name that is none.
    let host = "x".repeat(300);
    let answer = check(&env, &format!("--endpoints 10 --probe {host} --json")).expect(3).json();
    assert_eq!((&answer["verdict"], &answer["causes"][6]["seen"]), (&"critical".into(), &"unknown".into()), "{answer}");
    assert_eq!(answer["causes"][6]["cause"], "ports");
    check(&env, &format!("--endpoints 10 --probe {host}")).expect(3).says("CRITICAL").complains("warning:");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_no_reader_that_has_gone() {
    let env = with(1);
    for line in ["envelopes restart --script cmd", "envelopes watch Envelopes --samples 1"] {
        let mut command = env.command();
        command.args(line.split(' ')).stdout(fs::File::options().write(true).open("/dev/full").unwrap());
        assert_eq!(command.output().unwrap().status.code(), Some(1), "{line}");
    }
}

fn reg(value: &str) -> String {
    format!(
        "REGEDIT4\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Wow6432Node\\Sophos\\Messaging System\\Router]\r\n{value}\r\n"
    )
}

#[test]
fn where_the_folder_is() {
    let env = TestEnv::new();
    env.write("set.reg", reg("\"EnvelopeDir\"=\"E:\\\\Sophos\\\\Envelopes\""));
    env.write("unset.reg", reg("\"ParentAddress\"=\"SERVER\""));
    let answer = |rest: &str| env.run(&format!("envelopes where {rest} --json")).expect(0).json();
    let set = answer("--reg set.reg");
    assert_eq!(
        (&set["folder"], &set["source"], &set["view"]),
        (&r"E:\Sophos\Envelopes".into(), &"registry".into(), &"32".into())
    );
    let unset = answer("--reg unset.reg --system 2012");
    assert_eq!(unset["folder"], r"%ProgramData%\Sophos\Remote Management System\3\Router\Envelopes");
    let old = answer("--reg unset.reg --system 2003");
    assert!(
        old["folder"]
            .as_str()
            .unwrap()
            .contains(r"All Users\Application Data\Sophos\Remote Management System\3\Router\Envelopes")
    );
    assert!(old["or"].as_str().unwrap().ends_with(r"\3\Router"));
    env.run("envelopes where --reg set.reg").ok().says(r"E:\Sophos\Envelopes");
    if cfg!(unix) {
        env.run("envelopes where --system xp").ok().says("All Users");
        env.refuses(2, "envelopes where");
        env.refuses(2, "envelopes check --endpoints 3 --reg set.reg").complains(r"E:\Sophos\Envelopes");
    }
    env.refuses(1, "envelopes where --reg none.reg");
}

#[test]
fn expired_messages_are_moved_aside() {
    let env = TestEnv::new();
    messages(&env, "Envelopes", &[1, 95, 97, 400]);
    message(&env, "Envelopes/OLD.MSG", 500);
    let run =
        |rest: &str| env.run(&format!("envelopes expire Envelopes --older-than 4 --move-to aside --at {AT} {rest}"));
    let before = env.snapshot();
    let planned = run("--dry-run --json").expect(0).json();
    assert_eq!((&planned["moved"], &planned["kept"], &planned["dry_run"]), (&3.into(), &2.into(), &true.into()));
    run("--dry-run").ok().says("Would move 3 messages");
    assert_eq!(env.snapshot(), before);

    env.write("aside/003.msg", "another");
    let some = run("").expect(4).says("Moved 2 messages");
    assert!(some.stdout.contains("003.msg"), "{some}");
    assert_eq!(env.text("aside/003.msg"), "another");
    assert_eq!(env.text("Envelopes/003.msg"), "0123456789");
    assert!(env.path("aside/OLD.MSG").exists() && env.path("aside/002.msg").exists());
    assert!(env.path("Envelopes/000.msg").exists() && env.path("Envelopes/001.msg").exists());
    env.remove("aside/003.msg");
    assert_eq!(run("--json").expect(0).json()["moved"], 1);
    run("").ok().says("No message to move");
    let list = env.text("aside/configcid-expired.txt");
    assert!(list.contains("OLD.MSG\t10\t2026-10-31T16:00:00Z\t2026-11-21T12:00:00Z\t"), "{list}");
    env.refuses(2, "envelopes expire Envelopes --older-than 4 --move-to Envelopes");
    for wrong in [
        "--older-than 0 --move-to aside",
        "--older-than 95h --move-to aside",
        "--older-than 4 --move-to Envelopes/aside",
    ] {
        env.refuses(2, &format!("envelopes expire Envelopes {wrong}")).complains("--force");
    }
    env.run(&format!("envelopes expire Envelopes --older-than 0 --move-to aside --at {AT} --force --dry-run"))
        .ok()
        .says("Would move 2");
    env.refuses(1, "envelopes expire none --older-than 4 --move-to aside");
    env.run("envelopes expire Envelopes --older-than 4").expect(2);
}

/// Lines of one second each.
fn log(hour: u32, texts: &[&str]) -> String {
    let line = |(second, text): (usize, &&str)| format!("21.11.2026 {hour:02}:30:{second:02} 0D38 {text}\r\n");
    texts.iter().enumerate().map(line).collect()
}

#[test]
fn logs_are_understood() {
    let env = TestEnv::new();
    let start =
        ["I Sophos Messaging Router 3.4.0.1 starting...", "I Initializing CORBA...", "I Waiting for messages..."];
    let parent = ["I Getting parent router IOR from 10.1.200.65:8192", "I Logged on to parent router as Router$PC:7"];
    let trouble = ["W Session with Router$A lost", "E SSL handshake with 10.0.0.9 failed\r\nOMG minor code (2)"];
    env.write("Logs/Router-20261121-173000.log", log(18, &[&start[..], &parent, &trouble].concat()));
    let answer = env.run("envelopes logs Logs --json").expect(0).json();
    assert_eq!((&answer["start_count"], &answer["starts"][0]["healthy"]), (&1.into(), &true.into()));
    assert_eq!(answer["logs"][0]["utc_offset_minutes"], 60);
    assert_eq!(answer["starts"][0]["time"], "2026-11-21T17:30:00Z");
    assert_eq!(
        (&answer["parents"][0]["address"], &answer["parents"][0]["count"]),
        (&"10.1.200.65:8192".into(), &1.into())
    );
    assert_eq!(answer["lost_sessions"]["count"], 1);
    assert_eq!(answer["lost_sessions_per_hour"][0]["hour"], "2026-11-21T17:00:00Z");
    assert_eq!(answer["failed_handshakes"]["last"], "2026-11-21T17:30:06Z");
    assert_eq!(answer["last_error"]["text"], "SSL handshake with 10.0.0.9 failed\nOMG minor code (2)");

    // A later start that does not get through.
    env.write("Logs/Router-20261121-183000.log", log(19, &[&start[..], &parent[..1]].concat()));
    let answer = env.run("envelopes logs Logs --json").expect(3).json();
    let last = &answer["starts"][1];
    assert_eq!(
        (&last["healthy"], &last["reached"], &last["stopped_before"]),
        (&false.into(), &"asking the parent".into(), &"parent found".into())
    );
    env.run("envelopes logs Logs").expect(3).says("stopped after \"asking the parent\", before \"parent found\"");
    env.refuses(1, "envelopes logs none");
    fs::create_dir(env.path("empty")).unwrap();
    env.refuses(1, "envelopes logs empty");
}

#[test]
fn hostile_logs_are_read_to_their_end() {
    let env = TestEnv::new();
    // A huge line, endless errors, zeros, half of a UTF-16 character, and a name that is a folder.
    env.write("Logs/Router-20261121-000000.log", vec![b'x'; 4 << 20]);
    env.write("Logs/Router-20261121-000001.log", "21.11.2026 00:00:01 0D38 E \x1b[31mred\r\n".repeat(20_000));
    env.write("Logs/Router-20261121-000002.log", vec![0; 1 << 20]);
    env.write("Logs/Router-20261121-000003.log", b"\xFF\xFE2\x001\x00\x0D\xD8".as_slice());
    fs::create_dir(env.path("Logs/Router-20261121-000004.log")).unwrap();
    // No line of them tells how the router stands: that is not well.
    let output = env.run("envelopes logs Logs").expect(3).says("not known: ");
    assert!(!output.stdout.contains('\x1b') && output.stdout.len() < 10_000, "{}", output.stdout.len());
    let answer = env.run("envelopes logs Logs --json").expect(3).json();
    assert_eq!((&answer["levels"]["error"], answer["logs"].as_array().unwrap().len()), (&20_000.into(), 4));
}

#[test]
fn scripts_have_the_right_order() {
    let env = TestEnv::new();
    for (kind, stop, start) in
        [("cmd", "call :stop \"{}\"", "call :start \"{}\""), ("powershell", "Stop-It '{}'", "Start-It '{}'")]
    {
        let script = env.run(&format!("envelopes restart --script {kind}")).ok().stdout;
        let order = ["Sophos Management Service", "Sophos Certification Manager", "Sophos Message Router"];
        let at = |pattern: &str, name: &str| {
            script.find(&pattern.replace("{}", name)).unwrap_or_else(|| panic!("{pattern} {name}\n{script}"))
        };
        let places: Vec<usize> =
            order.iter().map(|name| at(stop, name)).chain(order.iter().rev().map(|name| at(start, name))).collect();
        assert!(places.is_sorted(), "{script}");
        assert!(script.contains("consoles"), "{script}");
        let answer = env.run(&format!("envelopes restart --script {kind} --json")).ok().json();
        assert_eq!(answer["script"].as_str().unwrap(), script);
    }
    env.run("envelopes restart --script bash").expect(2);
    if cfg!(unix) {
        env.run("envelopes restart --dry-run").ok().says("Would stop Sophos Management Service");
        env.refuses(2, "envelopes restart").complains("--script");
    }
}

#[test]
fn watch_prints_lines() {
    let env = with(5);
    let output = env.run("envelopes watch Envelopes --samples 3 --interval 0.05").ok();
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{output}");
    assert!(
        lines[0].ends_with("Z  5 messages") && lines[2].ends_with("  5 messages  +0.0 a minute  not emptying"),
        "{output}"
    );
    let output = env.run("envelopes watch Envelopes --samples 2 --interval 0.05 --json").ok();
    let lines: Vec<Json> = output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[1]["count"], &lines[1]["change_per_minute"]), (&5.into(), &0.0.into()));
    assert_eq!((&lines[1]["schema"], &lines[1]["command"]), (&1.into(), &"envelopes watch".into()));
    env.refuses(1, "envelopes watch none");
    let failed = env.run("envelopes watch none --json").expect(1);
    let line: Json = serde_json::from_str(failed.stdout.lines().next().unwrap()).unwrap();
    assert_eq!((failed.stdout.lines().count(), &line["exit_code"]), (1, &1.into()), "{failed}");
    env.run("envelopes watch Envelopes --interval 0").expect(2);
}

#[cfg(unix)]
#[test]
fn a_chart_gives_the_terminal_back() {
    if !crate::support::browser::have("python3") {
        return;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/in_terminal.py");
    let (leave, enter) = ("\x1b[?1049l", "\x1b[?1049h");
    let env = with(5);
    // By its key, by Ctrl-C as the terminal gives it on, and by the signals INT, TERM and HUP.
    for (end, exit) in [("q", 0), ("\x03", 0), ("2", 130), ("15", 130), ("1", 130)] {
        let mut python = env.clean(std::process::Command::new("python3"));
        python.args([script, "ends", end, env!("CARGO_BIN_EXE_configcid"), "envelopes", "watch", "Envelopes"]);
        let output = env.finish(python).expect(exit);
        let (chart, after) = output.stdout.rsplit_once(leave).unwrap_or_else(|| panic!("{end:?}: {output}"));
        assert!(chart.contains(enter) && chart.contains("messages"), "{end:?}: {output}");
        assert!(!after.contains(enter) && after.contains("5 messages") == (exit == 0), "{end:?}: {output}");
    }
}

#[test]
fn a_watch_sees_files_come_and_go() {
    let env = with(50);
    let folder = env.path("Envelopes");
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                churn(&folder);
            }
        });
        env.run("envelopes watch Envelopes --samples 20 --interval 0.01").ok();
        for _ in 0..10 {
            let output = env.run("envelopes check Envelopes --endpoints 1000");
            assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output}");
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

fn churn(folder: &Path) {
    for number in 0..50 {
        let path = folder.join(format!("{:03}.msg", number));
        let _ = fs::remove_file(&path);
        let _ = fs::write(folder.join(format!("new{number}.msg")), "x");
        let _ = fs::rename(folder.join(format!("new{number}.msg")), &path);
    }
}

#[test]
fn a_move_elsewhere_is_files() {
    let env = TestEnv::new();
    env.write("server.reg", reg("\"EnvelopeDir\"=\"C:\\\\Old\""));
    let line = r"envelopes move D:\Envelopes --reg server.reg --console-version 4.5";
    let answer = env.run(&format!("{line} --json")).expect(0).json();
    assert_eq!((&answer["plan"]["from"], &answer["plan"]["to"]), (&r"C:\Old".into(), &r"D:\Envelopes".into()));
    assert_eq!(answer["plan"]["router"], "late-enough");
    assert!(answer["reg"].as_str().unwrap().contains(r#""EnvelopeDir"="D:\\Envelopes""#));
    assert!(answer["undo_reg"].as_str().unwrap().contains(r#""EnvelopeDir"="C:\\Old""#));
    env.run(line).ok().says("move-envelopes.cmd").says("robocopy");

    let before = env.snapshot();
    env.run(&format!("{line} --emit out --dry-run")).ok().says("Would write");
    assert_eq!(env.snapshot(), before);
    env.run(&format!("{line} --emit out")).ok().says("Wrote");
    let names = ["move-envelopes.reg", "move-envelopes.cmd", "undo-move-envelopes.reg", "undo-move-envelopes.cmd"];
    names.iter().for_each(|name| assert!(env.path("out").join(name).is_file(), "{name}"));
    env.run(&format!("{line} --emit out")).ok().says("Unchanged");
    env.write("out/move-envelopes.cmd", "mine");
    env.refuses(1, &format!("{line} --emit out"));
    env.run(&format!("{line} --emit out --force")).ok();
    // What configcid wrote, it reads.
    env.run("envelopes where --reg out/move-envelopes.reg").ok().says(r"D:\Envelopes");

    env.refuses(2, r"envelopes move D:\Envelopes --reg server.reg --console-version 4.0").complains("4.5");
    env.refuses(2, r"envelopes move \\Server\Share --reg server.reg --console-version 4.5");
    env.refuses(2, r"envelopes move C:\Old --reg server.reg --console-version 4.5");
    if cfg!(unix) {
        let unknown = env.run(r"envelopes move D:\Envelopes").expect(0);
        assert!(unknown.stderr.contains("warning: ") && unknown.stderr.contains("--console-version"), "{unknown}");
        env.refuses(2, r"envelopes move D:\Envelopes --undo");
    }
}

#[test]
fn the_present_is_the_clocks_unless_it_is_given() {
    let env = TestEnv::new();
    env.write("Envelopes/1.msg", "x");
    let now = SystemTime::now();
    let answer = env.run("envelopes check Envelopes --endpoints 10 --json").expect(0).json();
    let at = configcid::time::parse(answer["at"].as_str().unwrap()).unwrap();
    assert!(at + Duration::from_secs(2) > now && answer["ages"][0]["count"] == 1, "{answer}");
}
