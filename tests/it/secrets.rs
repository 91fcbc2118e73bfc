//! No output ever holds an identity key, however the file that has it is broken. The environment of the tests looks for
//! the demo's keys in all that is printed; here they stand where they do not belong, and every command meets them.

use crate::support::{RELAY, TestEnv, in_parallel, secrets};

const ROOT: &str = "MRESXP/mrinit.conf";
const RMS: &str = "MRESXP/rms/mrinit.conf";

/// What the commands are that read the keys of a CID, with outputs of every kind.
const COMMANDS: &[&str] = &[
    "relay show MRESXP",
    "relay set MRESXP RELAY --dry-run -v",
    "relay set MRESXP RELAY --from-root --dry-run -v",
    "mrinit show MRESXP/mrinit.conf",
    "mrinit show MRESXP/rms/mrinit.conf -v",
    "mrinit set MRESXP/rms/mrinit.conf RouterCertIdentityKey 1 --dry-run",
    "mrinit set MRESXP/rms/mrinit.conf ClientIIOPPort 1 --dry-run -v",
    "mrinit set MRESXP/mrinit.conf ServiceArgs x --dry-run -v",
    "MRESXP --dry-run -v",
    "audit MRESXP",
    "catalog list MRESXP",
    "catalog verify MRESXP",
    "catalog create MRESXP --checksum crc32 --replace --dry-run -v",
    "client check --cid MRESXP --reg nothing.reg",
    "history MRESXP",
    "recover MRESXP",
    "relay unset MRESXP --dry-run -v",
    "undo MRESXP --dry-run",
    "clone MRESXP NEW",
    "fleet import MRESXP",
    "fleet check fleet.toml",
    "fleet status fleet.toml",
    "fleet plan fleet.toml",
    "fleet report fleet.toml -o report.html",
    "fleet runbook fleet.toml",
    "relay set MRESXP RELAY --from-root -v",
    "relay set MRESXP RELAY --edit-root -v --report ticket.html",
    "history MRESXP",
    "undo MRESXP -v",
    "MRESXP -v",
];

/// What becomes of a file.
type Change = Box<dyn Fn(&str) -> Vec<u8> + Sync>;

/// Lets a copy of the demo's file be broken in one of many ways; the keys are still in it.
fn broken() -> Vec<(&'static str, Change)> {
    let each = |change: fn(&str) -> String| {
        move |text: &str| -> Vec<u8> {
            let lines =
                text.lines().map(|line| if line.contains("IdentityKey") { change(line) } else { line.to_owned() });
            (lines.collect::<Vec<_>>().join("\r\n") + "\r\n").into_bytes()
        }
    };
    vec![
        ("as it is", Box::new(|text| text.as_bytes().to_vec())),
        (
            "a number",
            Box::new(each(|line| format!("{}dword:00002001", line.split('=').next().unwrap().to_owned() + "="))),
        ),
        ("without quotes", Box::new(each(|line| line.replace('"', "")))),
        ("a quote lost", Box::new(each(|line| line.trim_end_matches('"').to_owned()))),
        ("twice", Box::new(each(|line| format!("{line}\r\n{line}")))),
        ("commented out", Box::new(each(|line| format!(";{line}")))),
        ("cut in two", Box::new(each(|line| line.replacen("=\"", "=\r\n\"", 1)))),
        ("the name apart", Box::new(each(|line| line.replacen("IdentityKey", "Identity Key", 1)))),
        ("no section", Box::new(|text| text.replace("[Config]", "").into_bytes())),
        (
            "UTF-16",
            Box::new(|text| [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()),
        ),
        ("UTF-16 without a mark", Box::new(|text| text.encode_utf16().flat_map(u16::to_le_bytes).collect())),
        ("old line ends", Box::new(|text| text.replace("\r\n", "\r").into_bytes())),
        ("a NUL", Box::new(each(|line| line.replacen("Key", "Key\0", 1)))),
    ]
}

#[test]
fn no_command_shows_a_key_whatever_is_wrong_with_its_file() {
    // What a line looks like is the same on every system, and Wine takes long to start a program.
    let ways: Vec<_> = broken().into_iter().step_by(if cfg!(windows) { 3 } else { 1 }).collect();
    in_parallel(ways.len(), |_, number| {
        let (how, change) = &ways[number];
        let (file, other) = if number % 2 == 0 { (ROOT, RMS) } else { (RMS, ROOT) };
        let env = TestEnv::demo();
        let text = env.text(ROOT);
        env.write(other, &text);
        env.write(file, change(&text));
        show_no_key(&env, how);
    });
}

/// Runs every command, for people and for programs; the environment looks whether a key is printed.
fn show_no_key(env: &TestEnv, how: &str) {
    env.write("nothing.reg", "Windows Registry Editor Version 5.00\r\n");
    env.write(
        "fleet.toml",
        "[server]\nname = \"SERVER\"\nfqdn = \"Server.Sales.Acme\"\n\n[[server.cid]]\npath = \"MRESXP\"\n",
    );
    for command in COMMANDS {
        let line = command.replace("RELAY", RELAY);
        let _ = std::fs::remove_dir_all(env.path("NEW"));
        let output = env.run(&line);
        assert!((0..=6).contains(&output.code) && !output.stderr.contains("panicked"), "{how}: {output}");
        env.run(&format!("{line} --json"));
    }
    let page = ["report.html", "ticket.html"].map(|page| std::fs::read_to_string(env.path(page)).unwrap_or_default());
    let is_record = |name: &str| name.starts_with(".configcid") && !name.ends_with(".old");
    let records = std::fs::read_dir(env.path("MRESXP")).unwrap().flatten();
    let records = records.filter(|entry| entry.file_name().to_str().is_some_and(is_record));
    let mut written: Vec<u8> = records.flat_map(|entry| std::fs::read(entry.path()).unwrap_or_default()).collect();
    written.extend(page.concat().bytes());
    let written = String::from_utf8_lossy(&written);
    assert!(secrets().iter().all(|secret| !written.contains(&secret[..12])), "{how}");
}

#[test]
fn a_key_where_a_number_stands_is_refused_without_being_shown() {
    let env = TestEnv::demo();
    let secret = &secrets()[0];
    env.edit(ROOT, |bytes| {
        let text = String::from_utf8(bytes).unwrap();
        text.replace(
            &format!("\"RouterCertIdentityKey\"=\"{}\"", key_of(&text)),
            "\"RouterCertIdentityKey\"=dword:00000001",
        )
        .into_bytes()
    });
    env.refuses(2, &format!("mrinit set {ROOT} RouterCertIdentityKey {secret}")).complains("(hidden: ");
    env.refuses(2, &format!("mrinit set {ROOT} {secret} RouterCertIdentityKey")).complains("give the name first");
}

fn key_of(text: &str) -> String {
    let line = text.lines().find(|line| line.starts_with("\"RouterCertIdentityKey\"=\"")).unwrap();
    line.split('"').nth(3).unwrap().to_owned()
}
