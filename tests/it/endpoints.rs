//! `configcid endpoints survey`, on a made-up estate in every state, and on what nobody collects on purpose.

use std::collections::BTreeMap;
use std::fs::File;
use std::time::{Duration, SystemTime};

use configcid::DemoCid;
use configcid::registry::{Item, RegFile, RegFormat, Section, Value};
use configcid::router::RegistryView;
use serde_json::Value as Json;

use crate::support::{RELAY_LIST, TestEnv};

const OLD: &str = "Server.Sales.Acme,SERVER";

/// An export of a router's keys, with these parents in the views that are named.
fn export(parents: &[(RegistryView, Option<&str>)], format: RegFormat) -> Vec<u8> {
    let keys = parents.iter().map(|(view, parent)| {
        let mut items = vec![Item { name: "ConnectionCache".into(), value: Some(Value::Dword(10)) }];
        items.extend(parent.map(|list| Item { name: "ParentAddress".into(), value: Some(Value::String(list.into())) }));
        Section { key: view.key(), delete: false, items }
    });
    RegFile { format, keys: keys.collect() }.print().unwrap()
}

fn export32(parent: Option<&str>) -> Vec<u8> {
    export(&[(RegistryView::Bits32, parent)], RegFormat::Version5)
}

/// What `reg query` prints of the key.
fn query(parent: Option<&str>) -> String {
    let value = parent.map_or_else(String::new, |list| format!("    ParentAddress    REG_SZ    {list}\r\n"));
    format!("\r\n{}\r\n    ConnectionCache    REG_DWORD    0xa\r\n{value}\r\n", RegistryView::Bits32.key())
}

/// An answer of `client check --json`, in a line.
fn answer(computer: &str, parent: Option<&str>) -> String {
    let view = serde_json::json!({"view": "32", "key": "x", "present": true, "parent_address": parent, "same": null});
    serde_json::json!({"schema": 1, "command": "client check", "exit_code": 3, "computer": computer, "reg": null,
        "state": "different", "expected": null, "expected_from": null, "views": [view], "notes": [], "installed": []})
    .to_string()
        + "\n"
}

fn mrinit(parent: &str) -> String {
    DemoCid::default()
        .mrinit()
        .replace(&format!("\"ParentRouterAddress\"=\"{OLD}\""), &format!("\"ParentRouterAddress\"=\"{parent}\""))
}

fn survey(env: &TestEnv, code: i32, line: &str) -> Json {
    env.run(&format!("endpoints survey {line} --json")).expect(code).json()
}

fn rows(answer: &Json) -> BTreeMap<String, Json> {
    let rows = answer["endpoints"].as_array().unwrap();
    let named: BTreeMap<String, Json> =
        rows.iter().map(|row| (row["name"].as_str().unwrap().to_owned(), row.clone())).collect();
    assert_eq!(named.len(), rows.len(), "a computer has two rows");
    named
}

fn states(answer: &Json) -> BTreeMap<String, String> {
    rows(answer).into_iter().map(|(name, row)| (name, row["state"].as_str().unwrap().to_owned())).collect()
}

/// Writes an estate of so many computers into `in/`, in every state and form. Gives the state that each should be found in.
pub(crate) fn estate(env: &TestEnv, size: usize) -> BTreeMap<String, &'static str> {
    let mut expected = BTreeMap::new();
    let mut list = "Computer;Parent Address;Status;Error\r\n".to_owned();
    let mut answers = String::new();
    for number in 0..size {
        let name = format!("PC{number:05}");
        let new = Some(RELAY_LIST);
        let state = match number % 20 {
            0 => (env.write(&format!("in/{name}.reg"), export32(new)), "reports").1,
            1 => (env.write(&format!("in/site/{name}.txt"), query(new)), "reports").1,
            2 => (answers += &answer(&name, new), "reports").1,
            3 => (list += &format!("{name};{RELAY_LIST};;\r\n"), "reports").1,
            4 => {
                env.write(&format!("in/{name}.reg"), export32(new));
                env.write(&format!("in/conf/{name}/mrinit.conf"), mrinit(RELAY_LIST));
                "reports"
            }
            5 => (env.write(&format!("in/{name}.reg"), export32(Some(OLD))), "old-parent").1,
            6 => (env.write(&format!("in/{name}.txt"), query(Some(OLD))), "old-parent").1,
            7 => (answers += &answer(&name, Some(OLD)), "old-parent").1,
            8 => (env.write(&format!("in/{name}.mrinit.conf"), mrinit(OLD)), "old-parent").1,
            9 => (env.write(&format!("in/{name}.reg"), export32(None)), "nobody").1,
            10 => (list += &format!("{name};;;\r\n"), "nobody").1,
            11 => {
                let both = [(RegistryView::Bits32, new), (RegistryView::Bits64, Some(OLD))];
                env.write(&format!("in/{name}.reg"), export(&both, RegFormat::Regedit4));
                "contradicts"
            }
            12 => {
                env.write(&format!("in/{name}.reg"), export32(new));
                env.write(&format!("in/conf/{name}/Remote Management System/mrinit.conf"), mrinit(OLD));
                "contradicts"
            }
            13 => {
                env.write(&format!("in/{name}.reg"), export32(new));
                env.write(&format!("in/{name}.mrinit.conf"), mrinit(RELAY_LIST));
                env.write(&format!("in/{name}.mrinit.conf.orig"), mrinit(OLD));
                "orig-wins"
            }
            14 => (list += &format!("{name};;unreachable;no route\r\n"), "unreachable").1,
            15 => (env.write(&format!("in/{name}.reg"), &export32(new)[..90]), "unknown").1,
            16 => (env.write(&format!("in/{name}.txt"), ""), "unknown").1,
            17 => (env.write(&format!("in/{name}.mrinit.conf"), mrinit(RELAY_LIST)), "unknown").1,
            18 => (answers += &answer(&format!("SALES\\{name}"), new), "reports").1,
            _ => (env.write(&format!("in/{}.sales.acme.reg", name.to_lowercase()), export32(new)), "reports").1,
        };
        let name = match number % 20 {
            18 => format!("SALES\\{name}"),
            19 => format!("{}.sales.acme", name.to_lowercase()),
            _ => name,
        };
        expected.insert(name, state);
    }
    env.write("in/answers.jsonl", answers);
    env.write("in/list.csv", list);
    expected
}

#[test]
fn an_estate_in_every_state_is_told_apart() {
    let env = TestEnv::new();
    let expected = estate(&env, 2000);
    let answer = survey(&env, 3, &format!("in --expect {RELAY_LIST}"));
    let found = states(&answer);
    for (name, state) in &expected {
        assert_eq!(found.get(name).map(String::as_str), Some(*state), "{name}: {:?}", rows(&answer).get(name));
    }
    assert_eq!(found.len(), expected.len());
    for state in ["reports", "old-parent", "nobody", "contradicts", "orig-wins", "unreachable", "unknown"] {
        let count = expected.values().filter(|this| **this == state).count();
        assert!(count >= 100, "{state}");
        assert_eq!(answer["counts"][state], count, "{state}");
    }
    let names: Vec<&str> =
        answer["endpoints"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    let short = |name: &str| name.to_lowercase().replace("sales\\", "").replace(".sales.acme", "");
    assert!(names.is_sorted_by_key(|name| short(name)), "not in the order of the names");
    // Whatever is not well says why, or shows another parent.
    for row in answer["endpoints"].as_array().unwrap() {
        let is_told = row["reason"].is_string() || row["parent"] == OLD || row["parent"] == RELAY_LIST;
        assert!(is_told, "{row}");
        assert_eq!(row["fault"], row["state"] != "reports", "{row}");
    }
    // The list says the same, and is a source of its own.
    let list = env.run(&format!("endpoints survey in --expect {RELAY_LIST} --csv")).expect(3);
    assert_eq!(list.stdout.lines().count(), 2001);
    env.write("again/list.csv", list.stdout);
    let again = states(&survey(&env, 3, "again"));
    let differs: Vec<_> =
        expected.iter().filter(|(name, state)| again.get(*name).map(String::as_str) != Some(**state)).collect();
    assert!(differs.is_empty(), "{differs:?}");
    let lines = env.run(&format!("endpoints survey in --expect {RELAY_LIST} --json")).expect(3).stdout;
    env.write("rows/rows.jsonl", lines);
    let third = states(&survey(&env, 3, "rows"));
    let differs: Vec<_> =
        expected.iter().filter(|(name, state)| third.get(*name).map(String::as_str) != Some(**state)).collect();
    assert!(differs.is_empty(), "{differs:?}");
    // People see a line for each.
    let text = env.run(&format!("endpoints survey in --expect {RELAY_LIST} --state nobody,unreachable")).expect(3);
    assert_eq!(text.count("PC"), 300);
    text.says("PC00010             nobody")
        .says("PC00014             unreachable")
        .says("no route")
        .says("of 2000 endpoints");
}

#[test]
fn the_newer_of_two_counts_and_the_other_is_told() {
    let env = TestEnv::new();
    env.write("a/PC1.reg", export32(Some(OLD)));
    env.write("b/pc1.sales.acme.txt", query(Some(RELAY_LIST)));
    env.write("c/list.csv", format!("name,parent,seen\nSALES\\PC1$,\"{OLD}\",2020-01-01T00:00:00Z\n"));
    let at = |name: &str, seconds: u64| {
        let file = File::options().write(true).open(env.path(name)).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
    };
    at("a/PC1.reg", 1_700_000_000);
    at("b/pc1.sales.acme.txt", 1_750_000_000);
    let line = format!("a b c --expect {RELAY_LIST}");
    let answer = survey(&env, 0, &line);
    let row = &answer["endpoints"][0];
    assert_eq!(
        (&row["name"], &row["state"], &row["seen"]),
        (&"pc1.sales.acme".into(), &"reports".into(), &"2025-06-15T15:06:40Z".into())
    );
    assert_eq!(row["older"].as_array().unwrap().len(), 2, "{row}");
    env.run(&format!("endpoints survey {line}")).ok().says("older, does not count: a/PC1.reg");
    at("a/PC1.reg", 1_760_000_000);
    assert_eq!(states(&survey(&env, 3, &line))["PC1"], "old-parent");
    // A newer one that is broken hides how it stands now.
    env.write("a/PC1.reg", "");
    at("a/PC1.reg", 1_770_000_000);
    assert_eq!(states(&survey(&env, 3, &line))["PC1"], "unknown");
    // Two of one name in two domains are two.
    env.write("d/pc1.lab.acme.txt", query(Some(OLD)));
    let answer = survey(&env, 3, &format!("b d --expect {RELAY_LIST}"));
    assert_eq!(
        states(&answer),
        BTreeMap::from([("pc1.lab.acme".into(), "old-parent".into()), ("pc1.sales.acme".into(), "reports".into())])
    );
}

#[test]
fn what_nobody_collects_on_purpose_is_a_row_with_a_reason() {
    let env = TestEnv::new();
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let marked = |text: &str| [b"\xFF\xFE".to_vec(), wide(text)].concat();
    let good = export32(Some(RELAY_LIST));
    for (name, bytes) in [
        ("empty.reg", Vec::new()),
        ("blank.txt", b" \r\n\r\n".to_vec()),
        ("junk.reg", (0..=255).cycle().take(5000).collect()),
        ("junk.txt.txt", (0..=255).rev().cycle().take(5000).collect()),
        ("junk", vec![0; 70_000]),
        ("nomark.reg", good[2..].to_vec()),
        ("nomark.txt", wide(&query(Some(RELAY_LIST)))),
        ("cut.reg", good[..good.len() - 9].to_vec()),
        ("half.reg", good[..good.len() - 1].to_vec()),
        ("cutquery.txt", query(Some(RELAY_LIST)).into_bytes()[..190].to_vec()),
        ("error.txt", b"ERROR: The system was unable to find the specified registry key or value.\r\n".to_vec()),
        ("long.txt", vec![b'x'; 3 << 20]),
        ("number.reg", b"REGEDIT4\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Sophos\\Messaging System\\Router]\r\n\"ParentAddress\"=dword:00000001\r\n".to_vec()),
        ("odd.json", b"{\"a\": 1}\n".to_vec()),
        ("cut.json", answer("cut", Some(OLD)).into_bytes()[..60].to_vec()),
        ("text.mrinit.conf", b"\x00\x01\x02".to_vec()),
        ("secrets.reg", mrinit(OLD).into_bytes()),
        ("secrets.json", mrinit(OLD).into_bytes()),
        ("secrets.csv", mrinit(OLD).into_bytes()),
        ("break.reg", b"REGEDIT4\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Sophos\\Messaging System\\Router]\r\n\"ParentAddress\"=\"MR\r\nMR\"\r\n".to_vec()),
    ] {
        env.write(&format!("in/{name}"), bytes);
    }
    env.write("good/wide.txt", marked(&query(Some(RELAY_LIST))));
    env.write("good/regedit4.reg", export(&[(RegistryView::Bits64, Some(RELAY_LIST))], RegFormat::Regedit4));
    env.write("good/one.txt", answer("", Some(RELAY_LIST)));
    env.write("good/wide.jsonl", marked(&answer("WIDE2", Some(RELAY_LIST))));
    env.write("good/Thumbs.db", "x");
    env.write("good/PC9.123.tmp", "x");
    let answer = survey(&env, 4, &format!("in good --expect {RELAY_LIST}"));
    assert_eq!(answer["left_out"], 2);
    for (name, row) in rows(&answer) {
        let is_good = ["wide", "regedit4", "one", "WIDE2"].contains(&&*name);
        assert_eq!(row["state"], if is_good { "reports" } else { "unknown" }, "{row}");
        assert_eq!(row["reason"].is_string(), !is_good, "{row}");
    }
    assert!(answer["counts"]["unknown"].as_u64().unwrap() >= 14, "{answer}");
    // A list without a name for computers tells nothing; the others go on.
    assert_eq!(answer["failed"].as_array().unwrap().len(), 1, "{answer}");
    assert!(answer["failed"][0]["source"].as_str().unwrap().contains("secrets.csv"));
    let text = env.run(&format!("endpoints survey in good --expect {RELAY_LIST}")).expect(4);
    assert!(!text.stdout.contains('\0') && !text.stdout.contains('\u{1b}'));
    let is_told = |line: &str| line.split_whitespace().collect::<Vec<_>>().starts_with(&["empty", "unknown"]);
    assert!(text.stdout.lines().any(is_told), "{text}");
    text.complains("secrets.csv");
}

#[test]
fn an_endpoint_is_never_well_that_was_not_seen_to_be() {
    let env = TestEnv::new();
    // Nothing was expected.
    env.write("in/PC1.reg", export32(Some(RELAY_LIST)));
    let answer = survey(&env, 0, "in");
    assert_eq!(
        (&answer["endpoints"][0]["state"], &answer["endpoints"][0]["fault"]),
        (&"unknown".into(), &false.into())
    );
    assert_eq!(answer["endpoints"][0]["parent"], RELAY_LIST);
    // Its file is no proof of what its router does.
    env.write("conf/PC2/mrinit.conf", mrinit(RELAY_LIST));
    let answer = survey(&env, 3, &format!("conf --expect {RELAY_LIST}"));
    assert_eq!(states(&answer)["PC2"], "unknown");
    // Nor is a name in an inventory.
    env.write("inventory.csv", format!("name,expected\nPC1,\"{OLD}\"\nPC3,\"{OLD}\"\n"));
    let answer = survey(&env, 3, "in inventory.csv");
    assert_eq!(
        states(&answer),
        BTreeMap::from([("PC1".into(), "old-parent".into()), ("PC3".into(), "unknown".into())])
    );
    // The relay itself has another parent, and is right so.
    env.write("relay/MRCOMPUTER.reg", export32(Some(OLD)));
    env.write("relay/MRCOMPUTER.mrinit.conf", mrinit(RELAY_LIST));
    let answer = survey(&env, 0, &format!("relay --expect {RELAY_LIST}"));
    assert_eq!(states(&answer)["MRCOMPUTER"], "reports");
    env.write("relay/MRCOMPUTER.reg", export32(Some("elsewhere.acme")));
    assert_eq!(states(&survey(&env, 3, &format!("relay --expect {RELAY_LIST}")))["MRCOMPUTER"], "old-parent");
    env.remove("relay/MRCOMPUTER.mrinit.conf");
    assert_eq!(states(&survey(&env, 3, &format!("relay --expect {RELAY_LIST}")))["MRCOMPUTER"], "unknown");
    // A file that is in the way does harm at the next set-up, though all is well today.
    env.write("in/PC1.mrinit.conf.orig", "junk");
    assert_eq!(states(&survey(&env, 3, &format!("in --expect {RELAY_LIST}")))["PC1"], "orig-wins");
    env.write("in/PC1.mrinit.conf.orig", mrinit(RELAY_LIST));
    assert_eq!(states(&survey(&env, 0, &format!("in --expect {RELAY_LIST}")))["PC1"], "reports");
}

#[test]
fn the_relay_of_a_cid_and_answers_of_this_program_are_understood() {
    let env = TestEnv::demo();
    env.write("PC7.reg", export32(Some(OLD)));
    assert_eq!(states(&survey(&env, 0, "PC7.reg --cid MRESXP"))["PC7"], "reports");
    env.write("PC8.reg", export32(Some(RELAY_LIST)));
    assert_eq!(states(&survey(&env, 3, "PC7.reg PC8.reg --cid MRESXP"))["PC8"], "old-parent");
    let checked = |name: &str| env.run(&format!("client check --reg {name}.reg --expect {OLD} --json")).stdout;
    env.write("answers.txt", checked("PC7") + &checked("PC8"));
    let answer = survey(&env, 3, "answers.txt");
    assert_eq!(
        states(&answer),
        BTreeMap::from([("PC7".into(), "reports".into()), ("PC8".into(), "old-parent".into())])
    );
    env.write("one/PC9.json", env.run("client check --reg gone.reg --json").stdout);
    let answer = survey(&env, 3, "one");
    assert!(answer["endpoints"][0]["reason"].as_str().unwrap().contains("client check failed"), "{answer}");
}

#[test]
fn slips_are_answered() {
    let env = TestEnv::new();
    env.refuses(1, "endpoints survey nowhere").complains("nowhere");
    env.write("empty/Thumbs.db", "");
    env.refuses(1, "endpoints survey empty").complains("there is no export in this folder");
    env.write("PC1.reg", export32(Some(RELAY_LIST)));
    env.refuses(2, "endpoints survey PC1.reg --expect 10.1.2.300").complains("10.1.2.300");
    env.refuses(2, "endpoints survey PC1.reg --column nam=Asset").complains("did you mean name=Asset?");
    env.run("endpoints survey PC1.reg --state old").expect(2).complains("old");
    env.run("endpoints survey PC1.reg --state old-parnt").expect(2).complains("did you mean old-parent?");
    env.run("endpoints survey").expect(2);
    env.write("assets.csv", format!("Asset,Relay\nPC1,\"{RELAY_LIST}\"\n"));
    env.refuses(2, "endpoints survey assets.csv").complains("--column name=HEADING");
    let line = format!("assets.csv --column name=asset --column parent=relay --expect {RELAY_LIST}");
    assert_eq!(states(&survey(&env, 0, &line))["PC1"], "reports");
    // One source that is not there does not end the run.
    let output = env.run(&format!("endpoints survey nowhere PC1.reg --expect {RELAY_LIST}")).expect(4);
    output.complains("nowhere").says("1 reports of 1 endpoint");
}

#[cfg(not(windows))]
#[test]
fn only_windows_asks_other_computers() {
    let env = TestEnv::new();
    env.write("computers.txt", "PC1\n");
    env.refuses(2, "endpoints survey --computers computers.txt").complains("only Windows can").complains("collector");
    env.run("endpoints survey --timeout 5 in").expect(2).complains("--computers");
    env.run("endpoints survey").expect(2).complains("SOURCE");
}
