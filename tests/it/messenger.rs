//! `configcid messenger`, as its users see it: message files, conditions, what is shown, remembered and packaged.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use crate::support::{Output, TestEnv, browser};
use serde_json::Value as Json;

const XML: &str = "../../templates/messenger.example.xml";
const PROFILE: &str = "--profile profile.toml";

fn template(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("templates").join(name)).unwrap()
}

/// The files of the templates, and a state of its own.
fn env() -> TestEnv {
    let mut env = TestEnv::new();
    let state = env.path("state").to_string_lossy().into_owned();
    env.set("CONFIGCID_MESSENGER_STATE", state);
    env.write("messages.xml", template("messenger.example.xml"));
    env.write("profile.toml", template("messenger-profile.example.toml"));
    env
}

/// One message with this id, and what else stands in it.
fn message(id: &str, inner: &str) -> String {
    format!("<message id=\"{id}\" severity=\"warning\">{inner}{}</message>", text("en", "Title", "Body."))
}

fn text(language: &str, title: &str, body: &str) -> String {
    format!("<text lang=\"{language}\"><title>{title}</title><body>{body}</body></text>")
}

fn file(messages: &str) -> String {
    format!("<messages version=\"1\" default-language=\"en\">\n{messages}\n</messages>")
}

/// Runs a command with answers on standard input.
fn answering(env: &TestEnv, line: &str, answers: &str) -> Output {
    let path = env.path("answers");
    fs::write(&path, answers).unwrap();
    let mut command = env.command();
    command.args(line.split_whitespace()).stdin(Stdio::from(fs::File::open(&path).unwrap()));
    env.finish(command)
}

fn ids(list: &Json) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["id"].as_str().or(one.as_str()).unwrap()).collect()
}

#[test]
fn the_example_fits_the_schema() {
    assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join("templates").join(XML.rsplit('/').next().unwrap()).is_file());
    if !browser::have("xmllint") {
        return;
    }
    let env = env();
    env.write("messenger.xsd", template("messenger.xsd"));
    let validates = |name: &str| {
        let mut command = std::process::Command::new("xmllint");
        command.args(["--noout", "--schema", "messenger.xsd", name]);
        let output = env.clean(command).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (is_valid, said) = validates("messages.xml");
    assert!(is_valid, "{said}");
    // The schema and the program refuse the same.
    let with = |conditions: &str| file(&message("a", conditions));
    for (xml, is_good) in [
        (with("<conditions><any><os name=\"windows\" min=\"6.1\"/><language tag=\"de-AT\"/></any></conditions>"), true),
        (with("<conditions/>"), false),
        (with("<conditions><any/></conditions>"), false),
        (with("<conditions><os name=\"beos\"/></conditions>"), false),
        (with("<conditions><os name=\"windows\" min=\"x\"/></conditions>"), false),
        (with("<conditions><console/></conditions>"), false),
        (with("<conditions><console kind=\"control-center\"/></conditions>"), true),
        (with("<conditions><expires time=\"2026-12-01\"/></conditions>"), true),
        (with("<conditions><expires time=\"2026-12-01T00:00:00\"/></conditions>"), false),
        (with("<conditions><language tag=\"d\"/></conditions>"), false),
        (with(&text("de", " ", "B")), false),
        (file(&message("a b", "")), false),
        (file(&message(&"a".repeat(65), "")), false),
        (file(""), false),
        (file(&message("a", "")).replace("\"1\"", "\"2\""), false),
        (file(&message("a", "")).replace("warning", "loud"), false),
    ] {
        env.write("one.xml", &xml);
        assert_eq!(validates("one.xml").0, is_good, "{xml}");
        let findings = env.run("messenger lint one.xml --json").json()["findings"].clone();
        let is_format = findings.as_array().unwrap().iter().any(|finding| finding["code"] == "format");
        assert_eq!(is_format, !is_good, "{xml}\n{findings:#}");
    }
}

#[test]
fn the_example_is_clean_and_shown() {
    let env = env();
    env.run("messenger lint messages.xml --at 2026-11-20").ok().says("No faults in 2 messages");
    env.run("messenger lint messages.xml --at 2026-11-20 --lang de-CH").ok().says("Keine Fehler in 2 Nachrichten");
    let answer = env.run(&format!("messenger check messages.xml {PROFILE} --at 2026-11-20 --json")).ok().json();
    for message in answer["messages"].as_array().unwrap() {
        assert_eq!(
            (&message["shown"], &message["language"], &message["refusal"]),
            (&true.into(), &"de".into(), &Json::Null)
        );
    }
}

#[test]
fn whatever_says_no_is_named() {
    let env = env();
    let check = |arguments: &str| env.run(&format!("messenger check messages.xml {PROFILE} {arguments}"));
    let refusal = |arguments: &str| check(&format!("{arguments} --json")).ok().json()["messages"][0]["refusal"].clone();
    for (arguments, condition, line, what) in [
        ("--at 2026-11-15", "not before 2026-11-16T00:00:00Z", 17, "here: 2026-11-15T00:00:00Z"),
        ("--at 2026-12-01T08:00:00+01:00", "before 2026-12-01T07:00:00Z", 18, "here: 2026-12-01T07:00:00Z"),
        ("--at 2026-11-20 --lang fr-CA", "user language fr", 15, "none of user language fr; here: fr-CA"),
    ] {
        let refusal = refusal(arguments);
        assert_eq!(refusal["rule"], "condition", "{arguments}");
        assert_eq!((&refusal["condition"], &refusal["line"]), (&condition.into(), &line.into()), "{arguments}");
        assert!(refusal["what"].as_str().unwrap().contains(what), "{refusal}");
        check(arguments).ok().says(what);
    }
    check("--at 2026-11-15 --lang de").says("Zeile 17: nicht vor 2026-11-16T00:00:00Z; hier: 2026-11-15T00:00:00Z");
    for (from, to, rule, what) in [
        ("administrator = true", "administrator = false", "audience", "Sophos Console Administrators"),
        ("management-server = true", "management-server = false", "place", "not the management server"),
        ("\"windows\"  ", "\"linux\"  ", "condition", "operating system windows from 6.1; here: linux 6.3.9600"),
        (
            "version = \"5.5.1\"",
            "version = \"5.6\"",
            "condition",
            "console enterprise-console 5.0 to 5.5; here: enterprise-console 5.6",
        ),
        (
            "rms = \"4.1.1\"\nsau = \"5.15.0\"\nsavxp = \"10.8.9\"",
            "rms = \"3.9\"",
            "condition",
            "any of (component rms from 4.0; component savxp); here: not one holds",
        ),
    ] {
        env.write("profile.toml", template("messenger-profile.example.toml"));
        env.replace("profile.toml", from, to);
        let refusal = refusal("--at 2026-11-20");
        assert_eq!(refusal["rule"], rule, "{to}");
        assert!(refusal["what"].as_str().unwrap().contains(what), "{to}: {refusal}");
    }
}

#[test]
fn languages_fall_back_from_the_variety_to_the_default() {
    let mut env = env();
    let titles = ["de", "de-AT", "en", "zh-Hant"].map(|tag| text(tag, tag, "B")).concat();
    env.write("m.xml", file(&format!("<message id=\"a\" severity=\"critical\">{titles}</message>")));
    let shown = |env: &TestEnv, arguments: &str| {
        let answer = env.run(&format!("messenger check m.xml --profile p.toml --json {arguments}")).ok().json();
        answer["messages"][0]["language"].as_str().unwrap().to_owned()
    };
    env.write("p.toml", "");
    for (asked, found) in [
        ("de-AT", "de-AT"),
        ("DE-at", "de-AT"),
        ("de-CH", "de"),
        ("de", "de"),
        ("fr", "en"),
        ("zh-Hant-TW", "zh-Hant"),
        ("zh", "en"),
    ] {
        assert_eq!(shown(&env, &format!("--lang {asked}")), found);
    }
    assert_eq!(shown(&env, ""), "en");
    env.set("LANG", "de_CH.UTF-8");
    assert_eq!(shown(&env, ""), "de");
    env.run("messenger check m.xml --profile p.toml").ok().says("NACHRICHT");
    env.write("p.toml", "language = \"de-AT\"\n");
    assert_eq!(shown(&env, ""), "de-AT");
    assert_eq!(shown(&env, "--lang en-GB"), "en");
    env.refuses(2, "messenger check m.xml --profile p.toml --lang -");
}

#[test]
fn lint_finds_each_fault_at_its_place() {
    let env = env();
    let long = "x".repeat(81);
    let wild = "a\u{202e}b";
    let xml = [
        message("good", &text("de", "T", "B")),
        message("good", &text("de", "U", "B")),
        message("twin-of-good", &text("de", "T", "B")),
        message("no-german", "<conditions><os name=\"linux\"/></conditions>"),
        format!("<message id=\"no-default\" severity=\"warning\">{}</message>", text("de", "V", "B")),
        message("expired", &format!("<conditions><expires time=\"2026-11-20\"/></conditions>{}", text("de", "T", "B"))),
        message(
            "never",
            &format!(
                "<conditions><os name=\"windows\" min=\"10\"/><none><os name=\"windows\"/></none></conditions>{}",
                text("de", "T", "B")
            ),
        ),
        message("link", "<text lang=\"de\"><title>W</title><body>B</body>\n<link>javascript:alert(1)</link></text>"),
        message("long", &format!("\n{}", text("de", &long, "B"))),
        message("wild", &text("de", wild, "B")),
    ]
    .join("\n");
    env.write("m.xml", file(&xml));
    let output = env.run("messenger lint m.xml --at 2026-11-21").expect(3);
    let expected = [
        "m.xml:3:1: duplicate-id: good is an id already, of line 2",
        "m.xml:4:1: duplicate-message: twin-of-good says to the same people what good says",
        "m.xml:5:1: missing-translation: no-german has no text in de",
        "m.xml:6:1: missing-default: no-default has no text in the default language, en",
        "m.xml:7:1: expired: expired has expired at 2026-11-20T00:00:00Z",
        "m.xml:8:1: unreachable: never is never shown: its conditions contradict each other",
        "m.xml:10:1: bad-link: link, text in de: javascript:alert(1) is no link: it begins with neither http:// nor https://",
        "m.xml:12:17: long-title: long, text in de: the title has 81 characters, more than 80",
        "m.xml:13:39: wild-character: wild, text in de: U+202E would reorder or disturb what is shown",
    ];
    assert_eq!(output.stdout.lines().collect::<Vec<_>>(), expected, "{output}");
    env.run("messenger lint m.xml --at 2026-11-21 --lang de").expect(3).says("never wird nie angezeigt");
    let json = env.run("messenger lint m.xml --at 2026-11-21 --json").expect(3).json();
    assert_eq!((&json["messages"], &json["findings"][4]["code"]), (&10.into(), &"expired".into()));
    assert_eq!((&json["findings"][7]["line"], &json["findings"][7]["column"]), (&12.into(), &17.into()));
    // What would be ambiguous is not shown.
    env.refuses(1, "messenger check m.xml --profile profile.toml").complains("there is a message good already");
    env.run("messenger lint nowhere.xml").expect(1);
}

#[test]
fn hostile_files_are_refused_quickly_and_tamely() {
    let env = env();
    let bomb = "<!DOCTYPE a [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><messages>&b;</messages>";
    let external = "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><messages>&x;</messages>";
    for (xml, what) in [
        (bomb, "document type"),
        (external, "document type"),
        ("<messages version='1' default-language='en'>&x;</messages>", "entity"),
        ("", "no element"),
        ("\0\0\0", "U+0000"),
        ("<messages", "1:1"),
    ] {
        env.write("m.xml", xml);
        let findings = env.run("messenger lint m.xml").expect(3).says(what);
        assert!(findings.stdout.contains("m.xml:1:"), "{findings}");
        env.refuses(1, "messenger check m.xml --profile profile.toml");
        env.refuses(1, "messenger run m.xml --profile profile.toml");
    }
    env.write("m.xml", "<a>".repeat(100_000));
    env.run("messenger lint m.xml").expect(3).says("deeper");

    // A title that would draw over the terminal, or turn the line around.
    env.write("m.xml", file(&message("a", "").replace("Title", "a\u{202e}txt.exe\u{9b}2J")));
    let shown = env.run("messenger run m.xml --profile profile.toml").ok().says("a\\u{202e}txt.exe\\u{9b}2J");
    assert!(!shown.stdout.contains(['\u{202e}', '\u{9b}']), "{shown}");
    let json = env.run("messenger run m.xml --profile profile.toml --format json").ok();
    assert!(!json.stdout.contains(['\u{202e}', '\u{9b}']), "{json}");
    assert_eq!(json.json()["messages"][0]["title"], "a\u{202e}txt.exe\u{9b}2J");
}

#[test]
fn ten_thousand_messages_and_a_long_text_are_no_burden() {
    let env = env();
    let mut messages: String = (0..10_000)
        .map(|at| {
            message(&format!("m{at}"), "<conditions><os name=\"linux\"/></conditions>")
                .replace("Title", &format!("T{at}"))
        })
        .collect();
    let body = "word ".repeat((1 << 20) / 5);
    messages.push_str(&message("large", "").replace("Body.", &body));
    env.write("m.xml", file(&messages));
    env.run("messenger lint m.xml").ok().says("No faults in 10001 messages");
    let shown = env.run("messenger run m.xml --profile profile.toml --format json").ok().json();
    assert_eq!(ids(&shown["messages"]), ["large"]);
    assert_eq!(shown["messages"][0]["body"].as_str().unwrap().len(), body.len() - 1);
}

#[test]
fn a_title_may_be_as_long_as_a_text() {
    let env = env();
    let long = "x".repeat(70_000);
    env.write("m.xml", file(&message("a", "").replace("Title", &long)));
    env.run(&format!("messenger check m.xml {PROFILE} --lang en")).ok().says(&long);
    let answer = env.run(&format!("messenger check m.xml {PROFILE} --json")).ok().json();
    assert_eq!(answer["messages"][0]["title"], long);
}

#[test]
fn missing_translations_are_one_finding_a_message() {
    let env = env();
    let tag =
        |at: usize| format!("x{}", [at / 26, at % 26].map(|at| char::from(b'a' + at as u8)).iter().collect::<String>());
    let messages = (0..300).map(|at| message(&format!("m{at}"), &text(&tag(at), &format!("T{at}"), "B")));
    env.write("m.xml", file(&messages.collect::<String>()));
    let findings = env.run("messenger lint m.xml --json").expect(3).json()["findings"].clone();
    let findings = findings.as_array().unwrap();
    assert_eq!(findings.len(), 300);
    assert_eq!(findings[2]["code"], "missing-translation");
    assert_eq!(findings[2]["what"], "m2 has no text in 299 languages, among them xaa, xab, xad, xae, xaf");
}

#[test]
fn messages_come_until_they_are_acknowledged() {
    let env = env();
    let run = |day: u32, answers: &str| {
        answering(&env, &format!("messenger run messages.xml {PROFILE} --lang en --at 2026-11-{day}"), answers).ok()
    };
    // What matters more comes first; an answer that is none is asked for again; no answer is no acknowledgement.
    let first =
        run(20, "what?\nA\n").says("Warning: This relay retires on Friday").says("relay-retires is acknowledged");
    assert!(first.stdout.find("relay-retires is") < first.stdout.find("News reaches"), "{first}");
    let first = first.says("https://intranet.example.com/relays/friday").says("welcome comes again at the next run");
    assert_eq!(first.stdout.matches("[a]cknowledge or [l]ater?").count(), 3, "{first}");
    let second = run(21, "l\n").says("News reaches you here now");
    assert!(!second.stdout.contains("retires"), "{second}");

    let status = env.run("messenger status --json").ok().json();
    assert_eq!(ids(&status["shown"]), ["relay-retires", "welcome"]);
    assert_eq!((ids(&status["acknowledged"]), ids(&status["pending"])), (vec!["relay-retires"], vec!["welcome"]));
    assert_eq!(status["shown"][1]["displayed"], "2026-11-20T00:00:00Z");
    assert_eq!(status["unreported"], Json::Array(Vec::new()));

    env.refuses(2, "messenger ack nothing-of-the-sort");
    env.refuses(2, "messenger ack welcome nothing-of-the-sort");
    env.run("messenger ack welcome --lang de").ok().says("welcome ist bestätigt");
    let again = env.run("messenger ack welcome --json").ok().json();
    assert_eq!(again["messages"][0]["status"], "unchanged");
    run(22, "").says("No message is pending");
    env.run(&format!("messenger status messages.xml {PROFILE} --at 2026-11-22 --lang de")).ok().says("bestätigt");

    // In German, and for a program.
    let german = env.path("other").to_string_lossy().into_owned();
    let shown =
        answering(&env, &format!("messenger run messages.xml {PROFILE} --at 2026-11-20 --state {german}"), "B\nS\n")
            .ok();
    let shown = shown.says("Warnung: Dieses Relay geht am Freitag außer Betrieb").says("relay-retires ist bestätigt");
    shown.says("welcome kommt beim nächsten Mal wieder");
}

#[test]
fn status_says_the_same_to_people_and_programs() {
    let env = env();
    env.run(&format!("messenger run messages.xml {PROFILE} --at 2026-11-20 --format json")).ok();
    // One has expired since: it was shown, is not acknowledged, and does not come again.
    let status = format!("messenger status messages.xml {PROFILE} --at 2026-12-24 --lang en");
    assert_eq!(ids(&env.run(&format!("{status} --json")).ok().json()["pending"]), ["welcome"]);
    let table = env.run(&status).ok();
    let state = |id: &str| table.stdout.lines().find(|line| line.starts_with(id)).unwrap().replace(id, "");
    assert!(state("relay-retires").trim_start().starts_with("not pending"), "{table}");
    assert!(state("welcome").trim_start().starts_with("pending"), "{table}");
    // Messages without a computer say nothing, but for the one that this is.
    if !cfg!(windows) {
        env.refuses(2, "messenger status messages.xml").complains("--profile");
    }
}

#[test]
fn a_program_can_show_them() {
    let env = env();
    let run = || env.run(&format!("messenger run messages.xml {PROFILE} --at 2026-11-20 --format json")).ok().json();
    let answer = run();
    assert_eq!(answer["command"], "messenger run");
    assert_eq!(ids(&answer["messages"]), ["relay-retires", "welcome"]);
    assert_eq!(answer["messages"][0]["link"], "https://intranet.example.com/relays/freitag");
    env.run("messenger ack relay-retires").ok();
    assert_eq!(ids(&run()["messages"]), ["welcome"]);
    // A link that is none is never given to anybody.
    env.write(
        "m.xml",
        file(&message("a", "<text lang=\"de\"><title>T</title><body>B</body><link>file:///c:/x.exe</link></text>")),
    );
    let output = env.run(&format!("messenger run m.xml {PROFILE} --format json")).expect(0);
    assert_eq!(output.json()["messages"][0]["link"], Json::Null);
    env.run(&format!("messenger run m.xml {PROFILE}")).expect(0).complains("file:///c:/x.exe");
}

#[test]
fn switches_audience_and_place_are_honoured() {
    let env = env();
    let reg = |key: &str, value: &str| {
        env.write("off.reg", format!("REGEDIT4\r\n\r\n[{key}]\r\n\"Disable\"=dword:0000000{value}\r\n"));
        env.run(&format!("messenger run messages.xml {PROFILE} --at 2026-11-20 --reg off.reg --format json"))
            .ok()
            .json()
    };
    for hive in ["HKEY_LOCAL_MACHINE\\SOFTWARE", "HKEY_CURRENT_USER\\Software"] {
        for node in ["", "\\Wow6432Node"] {
            let key = format!("{hive}{node}\\Sophos\\Sophos messenger");
            let answer = reg(&key, "1");
            assert_eq!(answer["disabled"].as_str().unwrap().to_lowercase(), format!("{key}\\Disable").to_lowercase());
            assert_eq!(ids(&answer["messages"]), [""; 0]);
        }
    }
    assert!(!env.path("state").exists(), "nobody was shown anything");
    let answer = reg("HKEY_LOCAL_MACHINE\\SOFTWARE\\Sophos\\Sophos messenger", "0");
    assert_eq!((&answer["disabled"], ids(&answer["messages"]).len()), (&Json::Null, 2));
    env.run("messenger run messages.xml --reg off.reg --format json --lang de").expect(if cfg!(windows) {
        0
    } else {
        2
    });

    for (line, rule) in [
        ("administrator = false", "audience"),
        ("management-server = false", "place"),
        ("management-server = false\nsession = \"remote\"", "place"),
    ] {
        env.write("profile.toml", line);
        let answer = env.run(&format!("messenger run messages.xml {PROFILE} --format json")).ok().json();
        assert_eq!((&answer["refusal"]["rule"], ids(&answer["messages"]).len()), (&rule.into(), 0));
        env.run(&format!("messenger run messages.xml {PROFILE} --lang de"))
            .ok()
            .says("Es wird keine Nachricht angezeigt");
    }
}

#[test]
fn remote_desktop_on_the_server_is_a_session_there() {
    let env = env();
    let shown = |profile: &str| {
        env.write("profile.toml", profile);
        let line = format!(
            "messenger run messages.xml {PROFILE} --at 2026-11-20 --format json --state state-{}",
            profile.len()
        );
        ids(&env.run(&line).ok().json()["messages"]).len()
    };
    let template = String::from_utf8(template("messenger-profile.example.toml")).unwrap();
    let remote = template.replace("session = \"console\"", "session = \"remote\"");
    assert_ne!(template, remote);
    assert_eq!(shown(&remote), 2);
    // A computer that runs a remote console is left out.
    assert_eq!(shown(&remote.replace("management-server = true", "management-server = false")), 0);
}

#[test]
fn a_program_that_is_none_of_windows_is_refused() {
    let env = env();
    spec(&env, "");
    env.write("program.exe", b"\x7fELF and so on");
    let before = env.snapshot();
    env.refuses(2, "messenger build spec.toml --out package").complains("program = ");
    if !cfg!(windows) {
        // Nor is the one that runs taken.
        env.replace("spec.toml", "program = \"program.exe\"\n", "");
        env.refuses(2, "messenger build spec.toml --out package").complains("program = ");
        env.write("spec.toml", "messages = \"messages.xml\"\nprogram = \"program.exe\"\n");
    }
    assert_eq!(env.snapshot(), before);
}

#[test]
fn two_users_are_apart() {
    let env = env();
    let run = |user: &str| {
        let line = format!("messenger run messages.xml {PROFILE} --at 2026-11-20 --format json --state {user}");
        env.run(&line).ok().json()
    };
    assert_eq!(ids(&run("anna")["messages"]).len(), 2);
    env.run("messenger ack welcome relay-retires --state anna").ok();
    assert_eq!((ids(&run("anna")["messages"]).len(), ids(&run("berta")["messages"]).len()), (0, 2));
    let installation =
        |user: &str| env.run(&format!("messenger status --state {user} --json")).ok().json()["installation"].clone();
    assert_ne!(installation("anna"), installation("berta"));
    assert_eq!(installation("anna"), installation("anna"));
}

#[cfg(unix)]
#[test]
fn the_state_lies_where_the_system_has_such_data() {
    let env = TestEnv::new();
    let path = |name: &str, value: &str| {
        let mut command = env.command();
        command.args(["messenger", "status", "--json"]).env(name, env.path(value));
        env.finish(command).ok().json()["state"].as_str().unwrap().to_owned()
    };
    if cfg!(target_os = "linux") {
        assert!(path("HOME", "home").ends_with("/home/.local/share/configcid/messenger/state.json"));
        assert!(path("XDG_DATA_HOME", "data").ends_with("/data/configcid/messenger/state.json"));
    }
    assert!(path("CONFIGCID_MESSENGER_STATE", "mine").ends_with("/mine/state.json"));
    env.run("messenger status").expect(2).complains("--state");
}

#[test]
fn a_broken_state_begins_anew_and_says_so() {
    let env = env();
    let run = || env.run(&format!("messenger run messages.xml {PROFILE} --at 2026-11-20 --format json"));
    run().ok();
    env.run("messenger ack welcome").ok();
    let good = env.read("state/state.json");
    let mut newer: Json = serde_json::from_slice(&good).unwrap();
    newer["schema"] = 2.into();
    for broken in [
        &good[..good.len() / 2],
        b"",
        b"{}",
        b"[]",
        &[0xFF; 100],
        &[b'['; 100_000],
        String::from_utf8(good.clone()).unwrap().replace("welcome", "../welcome").as_bytes(),
        String::from_utf8(good.clone()).unwrap().replace("2026-", "20-").as_bytes(),
    ] {
        env.write("state/state.json", broken);
        let lost = run().expect(0).complains("");
        assert!(lost.json()["state_lost"]["why"].is_string(), "{lost}");
        assert_eq!(ids(&lost.json()["messages"]).len(), 2, "{lost}");
        assert_eq!(env.read("state/state.broken"), broken);
        env.write("state/state.json", broken);
        env.run("messenger status --lang de").expect(0).complains("nicht lesbar");
        run().ok();
    }
    // That of a newer version is nothing broken.
    env.write("state/state.json", newer.to_string());
    run().expect(2);
    assert_eq!(env.text("state/state.json"), newer.to_string());
    env.write("state/state.json", &good);
    assert_eq!(ids(&run().ok().json()["messages"]), ["relay-retires"]);
}

#[test]
fn wrong_usage_is_refused() {
    let env = env();
    env.refuses(1, "messenger check nowhere.xml --profile profile.toml");
    env.refuses(1, "messenger check messages.xml --profile nowhere.toml");
    env.refuses(2, "messenger check messages.xml --profile profile.toml --at soon");
    env.refuses(2, "messenger check --profile profile.toml");
    env.refuses(2, "messenger run messages.xml --profile profile.toml --url ftp://host/");
    env.refuses(1, "messenger run messages.xml --profile profile.toml --url https://host/ --ca messages.xml");
    if !cfg!(windows) {
        env.refuses(2, "messenger check messages.xml --this-machine");
        env.refuses(2, "messenger run messages.xml --profile profile.toml --format window");
        env.refuses(2, "messenger install .");
    }
    env.run("messenger check messages.xml --profile profile.toml --this-machine").expect(2);
    for (bad, place) in [
        ("language = \"de\"\nlangauge = \"de\"\n", "line 2, column 1"),
        ("[os]\nname = \"beos\"\n", "line 2, column 8"),
    ] {
        env.write("profile.toml", bad);
        env.refuses(1, "messenger check messages.xml --profile profile.toml").complains(place);
    }
}

/// A spec, with a program that is made up.
fn spec(env: &TestEnv, more: &str) {
    env.write("program.exe", b"MZ and so on");
    env.write("spec.toml", format!("messages = \"messages.xml\"\nprogram = \"program.exe\"\n{more}"));
}

#[test]
fn packages_are_the_same_to_the_byte() {
    let env = env();
    spec(&env, "[report]\nurl = \"https://intranet.example.com/m\"\nmethod = \"get\"\nca = \"ca.pem\"\n");
    env.write("ca.pem", "certificates");
    let build = |out: &str| env.run(&format!("messenger build spec.toml --out {out} --at 2026-11-20 --json"));
    assert_eq!(
        env.run("messenger build spec.toml --out one --at 2026-11-20 --dry-run --json").ok().json()["status"],
        "planned"
    );
    assert!(!env.path("one").exists());
    assert_eq!(build("one").ok().json()["status"], "changed");
    assert_eq!(build("one").ok().json()["status"], "unchanged");
    assert_eq!(build("two").ok().json()["status"], "changed");
    let names: Vec<String> = build("one").ok().json()["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names.len(), 13);
    for name in &names {
        assert_eq!(env.read(&format!("one/{name}")), env.read(&format!("two/{name}")), "{name}");
    }
    assert_eq!(env.read("one/messages.xml"), env.read("messages.xml"));
    assert_eq!(env.read("one/configcid.exe"), b"MZ and so on");
    // What is built is read: the configuration by run, the manifest by manifest.
    let config = env.text("one/messenger.toml");
    assert!(config.contains("https://intranet.example.com/m") && config.contains("ca.pem"), "{config}");
    env.run(&format!("messenger check --config one/messenger.toml {PROFILE} --at 2026-11-20")).ok().says("2 of 2");
    env.run("manifest verify one/manifest.dat").expect(3).says("no signature");
    for bits in ["32", "64"] {
        let node = if bits == "64" { r"Wow6432Node\" } else { "" };
        let file = configcid::registry::RegFile::parse(&env.read(&format!("one/run-{bits}bit.reg"))).unwrap();
        let key = format!(r"HKLM\SOFTWARE\{node}Microsoft\Windows\CurrentVersion\Run").parse().unwrap();
        let value = file.value(&key, "SophosMessenger").unwrap().text().unwrap();
        let folder = if bits == "64" { "%ProgramFiles(x86)%" } else { "%ProgramFiles%" };
        assert_eq!(value, format!(r#""{folder}\Sophos\SophosMessenger\configcid.exe" messenger run --format window"#));
        for whom in ["machine", "user"] {
            let path = env.path(&format!("one/disable-{whom}-{bits}bit.reg"));
            assert!(configcid::messenger::disabled_in(&configcid::registry::RegFile::read(&path).unwrap()).is_some());
        }
    }
    for name in ["install.cmd", "uninstall.cmd"] {
        let text = env.text(&format!("one/{name}"));
        assert!(
            text.is_ascii() && text.lines().count() > 3 && text.matches("\r\n").count() == text.matches('\n').count()
        );
    }
    // Another package, or anything else, is replaced only when that is asked for.
    env.replace("spec.toml", "get", "post");
    env.refuses(1, "messenger build spec.toml --out one --at 2026-11-20");
    env.run("messenger build spec.toml --out one --at 2026-11-20 --force").ok();
    assert!(env.text("one/messenger.toml").contains("post"));
    assert!(
        !fs::read_dir(env.path("")).unwrap().any(|entry| entry
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with(".configcid"))
    );
    env.write(
        "messages.xml",
        file(&message("a", "<text lang=\"de\"><title>T</title><body>B</body><link>x</link></text>")),
    );
    env.refuses(1, "messenger build spec.toml --out three").complains("messenger lint lists all");
    env.write("spec.toml", "message = \"messages.xml\"");
    env.refuses(1, "messenger build spec.toml --out three").complains("line 1, column 1");
}

#[test]
fn packages_can_be_signed() {
    if cfg!(windows) || !browser::have_with("openssl", "version") {
        return;
    }
    let env = env();
    let mut openssl = std::process::Command::new("openssl");
    openssl
        .args("req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out signer.pem -days 3650 -subj /CN=Test".split(' '));
    let made = env.clean(openssl).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    spec(&env, "[sign]\nkey = \"key.pem\"\ncertificates = [\"signer.pem\"]\n");
    env.run("messenger build spec.toml --out one --at 2026-11-20").ok();
    env.run("messenger build spec.toml --out two --at 2026-11-20").ok();
    assert_eq!(env.read("one/manifest.dat"), env.read("two/manifest.dat"));
    env.run("manifest verify one/manifest.dat --root-ca signer.pem").ok();
    env.run("messenger install one --root root").ok();
    // The signature of one list below another one.
    let signed = env.text("spec.toml");
    spec(&env, "");
    env.run("messenger build spec.toml --out unsigned --at 2026-11-20").ok();
    let signature = env.read("one/manifest.dat").split_off(env.read("unsigned/manifest.dat").len());
    env.replace("messages.xml", "relay-retires", "relay-explodes");
    env.run("messenger build spec.toml --out forged --at 2026-11-20").ok();
    env.edit("forged/manifest.dat", |body| [body, signature].concat());
    env.run("manifest verify forged/manifest.dat --root-ca signer.pem").expect(3).says("signature bad");
    env.refuses(1, "messenger install forged --root root").complains("signature bad");
    env.write("spec.toml", signed.replace("signer.pem", "key.pem"));
    env.refuses(1, "messenger build spec.toml --out three --at 2026-11-20");
}

#[test]
fn packages_are_installed_and_removed() {
    let env = env();
    spec(&env, "");
    env.run("messenger build spec.toml --out package --at 2026-11-20").ok();
    let json = |line: &str| env.run(&format!("{line} --json")).ok().json();
    let install = "messenger install package --root root";
    assert_eq!(json(&format!("{install} --dry-run"))["status"], "planned");
    assert!(!env.path("root").exists());
    let installed = json(install);
    assert_eq!(
        (&installed["status"], &installed["reg"], &installed["run"]),
        (&"changed".into(), &"run-64bit.reg".into(), &Json::Null)
    );
    assert_eq!(
        crate::support::snapshot_tree(&env.path("package")),
        crate::support::snapshot_tree(&env.path("root/Sophos/SophosMessenger"))
    );
    assert_eq!(json(install)["status"], "unchanged");
    // A newer one replaces it, and leaves alone what is not from a package.
    env.write("root/Sophos/SophosMessenger/notes.txt", "mine");
    env.write("program.exe", b"MZ newer");
    env.run("messenger build spec.toml --out package --at 2026-11-20 --force").ok();
    assert_eq!(json(install)["status"], "changed");
    assert_eq!(env.text("root/Sophos/SophosMessenger/configcid.exe"), "MZ newer");
    assert_eq!(env.text("root/Sophos/SophosMessenger/notes.txt"), "mine");
    assert_eq!(json(install)["status"], "unchanged");
    // A damaged one is refused.
    env.write("package/messages.xml", "<messages/>");
    env.refuses(1, install).complains("messages.xml");
    env.remove("package/messages.xml");
    env.refuses(1, install);
    env.remove("package/manifest.dat");
    env.refuses(1, install).complains("messenger build");

    assert_eq!(json("messenger uninstall --root root --dry-run")["status"], "planned");
    assert!(env.path("root/Sophos/SophosMessenger/configcid.exe").exists());
    let removed = json("messenger uninstall --root root");
    assert_eq!((&removed["status"], &removed["left"][0]), (&"changed".into(), &"notes.txt".into()));
    assert_eq!(fs::read_dir(env.path("root/Sophos/SophosMessenger")).unwrap().count(), 1);
    assert_eq!(json("messenger uninstall --root root")["status"], "unchanged");
    // What stayed is not in the way of the next one.
    fs::remove_dir_all(env.path("package")).unwrap();
    env.run("messenger build spec.toml --out package --at 2026-11-20").ok();
    assert_eq!(json(install)["left"], serde_json::json!(["notes.txt"]));
    assert_eq!(env.text("root/Sophos/SophosMessenger/notes.txt"), "mine");
    env.remove("root/Sophos/SophosMessenger/notes.txt");
    env.run("messenger uninstall --root root").ok();
    assert!(!env.path("root/Sophos/SophosMessenger").exists());
}

/// A package that is installed, and a newer one.
fn installed(env: &TestEnv) {
    spec(env, "");
    env.run("messenger build spec.toml --out package --at 2026-11-20").ok();
    env.run("messenger install package --root root").ok();
    env.write("program.exe", b"MZ newer");
    env.run("messenger build spec.toml --out package --at 2026-11-20 --force").ok();
}

const INSTALLED: &str = "root/Sophos/SophosMessenger";

#[test]
fn what_is_not_from_a_package_is_moved_as_it_is() {
    let env = env();
    installed(&env);
    env.write(&format!("{INSTALLED}/folder/inner/notes.txt"), "mine");
    let notes = env.path(&format!("{INSTALLED}/notes.txt"));
    env.write(&format!("{INSTALLED}/notes.txt"), "mine");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&notes, fs::Permissions::from_mode(0o600)).unwrap();
        std::os::unix::fs::symlink("nowhere", env.path(&format!("{INSTALLED}/link"))).unwrap();
    }
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    fs::OpenOptions::new().write(true).open(&notes).unwrap().set_modified(old).unwrap();
    let before = notes.metadata().unwrap();
    env.run("messenger install package --root root --lang en").expect(0).complains("notes.txt is not from the package");
    let after = notes.metadata().unwrap();
    assert_eq!((after.permissions(), after.modified().unwrap()), (before.permissions(), old));
    assert_eq!(env.text(&format!("{INSTALLED}/folder/inner/notes.txt")), "mine");
    assert_eq!(env.text(&format!("{INSTALLED}/configcid.exe")), "MZ newer");
    #[cfg(unix)]
    assert_eq!(fs::read_link(env.path(&format!("{INSTALLED}/link"))).unwrap(), Path::new("nowhere"));
    let again = env.run("messenger install package --root root --json").ok().json();
    assert_eq!(again["status"], "unchanged");
    assert_eq!(fs::read_dir(env.path("root/Sophos")).unwrap().count(), 1, "no folder of ours is left behind");
    // All of it is what uninstall leaves.
    let removed = env.run("messenger uninstall --root root --json").ok().json();
    assert_eq!(removed["left"], again["left"]);
    assert_eq!(removed["left"].as_array().unwrap().len(), if cfg!(unix) { 3 } else { 2 });
}

#[test]
fn what_stands_where_a_file_of_the_package_goes_is_named_and_stays() {
    let env = env();
    installed(&env);
    // The newer package has a file that the older one had not.
    env.write("ca.pem", "certificates");
    spec(&env, "[report]\nurl = \"https://intranet.example.com/m\"\nca = \"ca.pem\"\n");
    env.run("messenger build spec.toml --out package --at 2026-11-20 --force").ok();
    env.write(&format!("{INSTALLED}/CA.pem"), "mine");
    env.refuses(1, "messenger install package --root root").complains("CA.pem").complains("move it elsewhere");
    env.remove(&format!("{INSTALLED}/CA.pem"));
    // A folder is never a file of the old package.
    env.remove(&format!("{INSTALLED}/messages.xml"));
    env.write(&format!("{INSTALLED}/messages.xml/notes.txt"), "mine");
    env.refuses(1, "messenger install package --root root").complains("messages.xml");
}

#[test]
fn dead_ends_name_a_way_out() {
    let env = env();
    installed(&env);
    let manifest = format!("{INSTALLED}/manifest.dat");
    env.write(&manifest, "garbage");
    for line in ["messenger install package --root root", "messenger uninstall --root root"] {
        env.refuses(1, line).complains("move this folder elsewhere");
    }
    env.remove(&manifest);
    env.refuses(1, "messenger uninstall --root root").complains("manifest.dat").complains("move this folder elsewhere");
    env.refuses(1, "messenger install package --root root").complains("move it elsewhere");
    fs::rename(env.path(INSTALLED), env.path("root/away")).unwrap();
    env.run("messenger uninstall --root root").ok();
    env.run("messenger install package --root root").ok();
}

#[test]
fn force_replaces_packages_alone() {
    let env = env();
    spec(&env, "");
    let build = "messenger build spec.toml --at 2026-11-20 --force --out";
    env.refuses(1, &format!("{build} .")).complains("messages.xml").complains("name another folder");
    env.write("mine/notes.txt", "mine");
    env.refuses(1, &format!("{build} mine")).complains("notes.txt");
    fs::create_dir(env.path("empty")).unwrap();
    env.run(&format!("{build} empty")).ok();
    env.write("program.exe", b"MZ newer");
    env.run(&format!("{build} empty")).ok();
    assert_eq!(env.text("empty/configcid.exe"), "MZ newer");
    env.write("program.exe", b"MZ newest");
    env.write("empty/notes.txt", "mine");
    env.refuses(1, &format!("{build} empty")).complains("notes.txt");
    env.remove("empty/notes.txt");
    // Whose manifest is another one's is no package.
    env.write("empty/manifest.dat", "garbage");
    env.refuses(1, &format!("{build} empty")).complains("configcid.exe");
}

/// A run that waits at its first prompt, and its output.
fn at_its_prompt(env: &TestEnv) -> (std::process::Child, std::process::ChildStdout) {
    let mut run = env.command();
    run.args(format!("messenger run messages.xml {PROFILE} --at 2026-11-20 --lang en").split(' '));
    let mut run = crate::support::spawn(run.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()));
    let mut stdout = run.stdout.take().unwrap();
    let mut shown = Vec::new();
    while !String::from_utf8_lossy(&shown).contains("ater? ") {
        let mut byte = [0];
        assert_eq!(std::io::Read::read(&mut stdout, &mut byte).unwrap(), 1);
        shown.push(byte[0]);
    }
    (run, stdout)
}

#[test]
fn a_reader_that_has_gone_ends_the_questions() {
    let env = env();
    let (mut run, stdout) = at_its_prompt(&env);
    drop(stdout);
    run.stdin.take().unwrap().write_all(b"a\na\n").unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(0));
    let status = env.run("messenger status --json").ok().json();
    assert_eq!((ids(&status["shown"]), ids(&status["acknowledged"])), (vec!["relay-retires"], vec!["relay-retires"]));
    // Nobody was there from the beginning.
    if cfg!(target_os = "linux") {
        let mut run = env.command();
        run.args(format!("messenger run messages.xml {PROFILE} --at 2026-11-20 --state full").split(' '));
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        assert_eq!(run.stdout(full).stderr(Stdio::null()).status().unwrap().code(), Some(1));
        assert_eq!(env.run("messenger status --state full --json").ok().json()["shown"], Json::Array(Vec::new()));
    }
}

#[test]
fn where_nobody_answers_nobody_is_asked_again() {
    let env = env();
    let messages = (0..10_000).map(|at| message(&format!("m{at}"), "").replace("Title", &format!("T{at}")));
    env.write("m.xml", file(&messages.collect::<String>()));
    let run = answering(&env, &format!("messenger run m.xml {PROFILE} --lang en"), "a\n").ok();
    let run = run.says("m0 is acknowledged").says("m1 comes again").says("9998 messages come at the next run");
    assert_eq!(run.stdout.matches("ater? ").count(), 2);
    assert_eq!(ids(&env.run("messenger status --json").ok().json()["shown"]), ["m0", "m1"]);
}

#[test]
fn an_answer_is_a_letter_or_the_whole_word() {
    let env = env();
    let run = |answers: &str, lang: &str| {
        let line = format!("messenger run messages.xml {PROFILE} --at 2026-11-20 --lang {lang}");
        answering(&env, &line, answers).ok()
    };
    let said = run("abort\nack\nno\nLATER\n", "en");
    let said = said.says("relay-retires comes again").says("welcome comes again");
    assert_eq!(said.stdout.matches("ater? ").count(), 4, "{said}");
    run("Bestätigen\ns\n", "de").says("relay-retires ist bestätigt").says("welcome kommt");
}

#[test]
fn messages_are_shown_where_nothing_can_be_remembered() {
    let env = env();
    env.write("file", "in the way");
    let run = |more: &str| {
        env.run(&format!("messenger run messages.xml {PROFILE} --at 2026-11-20 --lang en --state file {more}"))
            .expect(1)
    };
    run("").complains("nothing can be remembered").says("This relay retires on Friday");
    let json = run("--format json").json();
    assert_eq!((ids(&json["messages"]).len(), &json["exit_code"]), (2, &1.into()));
    assert!(json["not_remembered"].as_str().unwrap().contains("file"), "{json}");
}

#[test]
fn a_time_before_all_states_is_refused() {
    let env = env();
    env.refuses(2, &format!("messenger run messages.xml {PROFILE} --at 1969-12-31")).complains("since 1970");
    env.run(&format!("messenger run messages.xml {PROFILE} --at 1970-01-01 --format json")).ok();
    env.run(&format!("messenger run messages.xml {PROFILE} --at 2026-11-20 --format json")).ok();
    env.refuses(2, "messenger ack welcome --at 1969-12-31").complains("since 1970");
    env.run("messenger ack welcome --at 1970-01-01").ok();
}

#[test]
fn two_runs_do_not_show_the_same_twice() {
    let env = env();
    let (mut first, stdout) = at_its_prompt(&env);
    let second = env.run(&format!("messenger run messages.xml {PROFILE} --at 2026-11-20 --format json")).ok().json();
    assert_eq!((&second["busy"], ids(&second["messages"]).len()), (&true.into(), 0));
    // Meanwhile, the state is free.
    env.run("messenger ack relay-retires").ok();
    first.stdin.take().unwrap().write_all(b"l\nl\n").unwrap();
    drop(stdout);
    first.wait().unwrap();
    assert_eq!(ids(&env.run("messenger status --json").ok().json()["acknowledged"]), ["relay-retires"]);
}
