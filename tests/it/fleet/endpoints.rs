//! `fleet endpoints`, and what a survey adds to `fleet status`, `report` and `graph`.

use std::collections::BTreeMap;
use std::fmt::Write;

use configcid::DemoCid;
use serde_json::Value as Json;

use super::check::{RELAY, SERVER};
use crate::support::browser::{at_work, have_browser};
use crate::support::{RELAY_LIST, TestEnv};

const SERVER_LIST: &str = "Server.Sales.Acme,SERVER";
const MR2: &str = "10.1.2.2,mr2.sales.acme,MR2";
const MR3: &str = "10.1.3.3,mr3.sales.acme,MR3";

/// A server, the relay MR with a file of names, MR2 with a pattern and a number, and MR3 below it with a number alone.
fn fleet(more: &str) -> String {
    let defaults = "[defaults]\nsurvey = 'survey.csv'\n";
    let relay = RELAY.trim_end().to_owned() + "\ncomputers = 'mr.txt'\n";
    let mr2 = "[[relay]]\nname = 'MR2'\nip = '10.1.2.2'\nfqdn = 'mr2.sales.acme'\nnetbios = 'MR2'\nendpoints = 500\ncomputers = 'B-*'\n";
    let mr3 = "[[relay]]\nname = 'MR3'\nip = '10.1.3.3'\nfqdn = 'mr3.sales.acme'\nnetbios = 'MR3'\nparent = 'MR2'\nendpoints = 100\n";
    format!("{defaults}{SERVER}{relay}{mr2}{mr3}{more}")
}

fn row(name: &str, parent: &str, more: &str) -> String {
    format!("{name},\"{parent}\",{more}\n")
}

const HEAD: &str = "name,parent,state,reason,parent_32,parent_64,orig_parent,seen\n";

/// Two thousand endpoints, in every state at every relay. Gives how many of each state there are at each owner.
fn estate(env: &TestEnv) -> BTreeMap<(&'static str, &'static str), u64> {
    let (mut list, mut names, mut counts) = (HEAD.to_owned(), "# of MR\n\n".to_owned(), BTreeMap::new());
    for number in 0..2000 {
        // The last hundred belong to nobody by the file.
        let (name, own, owner) = match number {
            0..1200 => (format!("A-{number:04}"), RELAY_LIST, "MR"),
            1200..1900 => (format!("b-{number:04}.sales.acme"), MR2, "MR2"),
            _ => (format!("C-{number:04}"), MR3, "-"),
        };
        if owner == "MR" {
            // In any case, and with a domain or not.
            names +=
                &format!("{}\r\n", if number % 2 == 0 { name.to_lowercase() } else { format!("{name}.sales.acme") });
        }
        let seen = "2026-11-01T08:00:00Z";
        let (line, state) = match number % 20 {
            0..=9 => (row(&name, own, &format!(",,,,,{seen}")), "reports"),
            10 | 11 => (row(&name, SERVER_LIST, &format!(",,,,,{seen}")), "elsewhere"),
            12 => (row(&name, "10.9.9.9,gone.acme", ",,,,,"), "nowhere"),
            13 => (row(&name, "10.1.200.99,MRComputer.Sales.Acme", ",,,,,"), "at MR by another list"),
            14 => (row(&name, "", ",,,,,"), "nobody"),
            15 => (row(&name, own, &format!(",,\"{own}\",\"{SERVER_LIST}\",,")), "contradicts"),
            16 => (row(&name, own, &format!(",,,,\"{SERVER_LIST}\",")), "orig-wins"),
            17 => (row(&name, "", "unreachable,no route,,,,"), "unreachable"),
            18 => (row(&name, "", "unknown,the export is cut,,,,"), "unknown"),
            _ => (row(&name.to_uppercase(), own, ",,,,,"), "reports"),
        };
        list += &line;
        *counts.entry((owner, state)).or_insert(0) += 1;
    }
    // Four of the file that nobody saw, and relays themselves: MR3 reports past MR2.
    names += "GONE-1\nGONE-2\ngone-2.sales.acme\nGONE-3\n";
    list += &row("MRComputer", SERVER_LIST, ",,,,,");
    list += &row("mr3.sales.acme", SERVER_LIST, ",,,,,");
    env.write("survey.csv", list);
    env.write("mr.txt", names);
    counts
}

fn codes(answer: &Json) -> Vec<String> {
    let all = answer["findings"].as_array().unwrap().iter();
    let text = |value: &Json| value.as_str().unwrap_or("-").to_owned();
    let mut codes: Vec<String> =
        all.map(|found| format!("{} {}", text(&found["code"]), text(&found["machine"]))).collect();
    codes.sort();
    codes.retain(|code| !code.starts_with("relay-without-cid"));
    codes
}

fn machine<'a>(answer: &'a Json, name: &str) -> &'a Json {
    answer["machines"].as_array().unwrap().iter().find(|at| at["machine"] == name).unwrap()
}

#[test]
fn an_estate_in_every_state_is_told_relay_by_relay() {
    let env = TestEnv::new();
    env.write("fleet.toml", fleet(""));
    let counts = estate(&env);
    let answer = env.run("fleet endpoints --json").expect(3).json();
    let of = |owner: &'static str, states: &[&'static str]| -> u64 {
        states.iter().filter_map(|state| counts.get(&(owner, *state))).sum()
    };
    let there = ["reports", "orig-wins"];
    let another = "at MR by another list";
    let at_mr = of("MR", &there) + of("MR", &[another]) + of("MR2", &[another]) + of("-", &[another]);
    let to_set_up = ["nobody", "contradicts", "orig-wins"];
    let unknown = ["unreachable", "unknown"];
    for (name, owner, expected, found) in [
        ("MR", "MR", Some(1203), at_mr),
        ("MR2", "MR2", Some(500), of("MR2", &there)),
        ("MR3", "", Some(100), of("-", &there)),
        ("Server1", "", None, of("MR", &["elsewhere"]) + of("MR2", &["elsewhere"]) + of("-", &["elsewhere"])),
    ] {
        let at = machine(&answer, name);
        assert_eq!((at["expected"].as_u64(), at["found"].as_u64()), (expected, Some(found)), "{at}");
        assert_eq!(at["to_set_up"], of(owner, &to_set_up), "{at}");
        assert_eq!(at["unknown"], of(owner, &unknown), "{at}");
        assert_eq!(at["elsewhere"], of(owner, &["elsewhere", "nowhere", another]), "{at}");
    }
    assert_eq!(machine(&answer, "MR")["missing"], serde_json::json!(["GONE-1", "GONE-2", "GONE-3"]));
    let below = machine(&answer, "MR2");
    let both = of("MR2", &there) + of("-", &there);
    assert_eq!((&below["expected_with_below"], &below["found_with_below"]), (&600.into(), &both.into()));
    // Of the server is not known how many it should have, and so of all.
    assert_eq!(machine(&answer, "Server1")["expected_with_below"], Json::Null);
    assert_eq!(
        codes(&answer),
        [
            "endpoints-elsewhere MR",
            "endpoints-elsewhere MR2",
            "endpoints-missing MR",
            "endpoints-missing MR2",
            "endpoints-missing MR3",
            "endpoints-nowhere -",
            "endpoints-to-set-up -",
            "endpoints-to-set-up MR",
            "endpoints-to-set-up MR2",
            "endpoints-unknown -",
            "endpoints-unknown MR",
            "endpoints-unknown MR2",
            "relay-elsewhere MR3",
        ]
    );
    let rows = answer["endpoints"].as_array().unwrap();
    assert_eq!(rows.len(), 2002);
    let row = |name: &str| rows.iter().find(|row| row["name"] == name).unwrap();
    let told = |name: &str| {
        let row = row(name);
        let text = |key: &str| row[key].as_str().unwrap_or("-").to_owned();
        format!("{} at {} of {} is {}", text("state"), text("reports_to"), text("belongs_to"), text("is"))
    };
    assert_eq!(told("A-0000"), "reports at MR of MR is -");
    assert_eq!(told("b-1200.sales.acme"), "reports at MR2 of MR2 is -");
    assert_eq!(told("B-1219.SALES.ACME"), "reports at MR2 of MR2 is -");
    assert_eq!(told("C-1900"), "reports at MR3 of - is -");
    assert_eq!(told("A-0010"), "old-parent at Server1 of MR is -");
    assert_eq!(told("A-0012"), "old-parent at - of MR is -");
    assert_eq!(told("A-0013"), "old-parent at MR of MR is -");
    assert_eq!(told("C-1912"), "old-parent at - of - is -");
    assert_eq!(told("MRComputer"), "reports at Server1 of - is MR");
    assert_eq!(told("mr3.sales.acme"), "old-parent at Server1 of - is MR3");
    let text = env.run("fleet endpoints").expect(3);
    let text = text.says("MR").says("1203").says("fleet.toml:").says("the survey has nothing of GONE-1, GONE-2");
    text.says("the computer of MR3 reports to Server1").says("(Server1), belongs to MR").says("no route");
    // Those of one state alone; counted are all.
    let nobody = env.run("fleet endpoints --state nobody --json").expect(3).json();
    assert_eq!(nobody["endpoints"].as_array().unwrap().len(), 100);
    assert_eq!(nobody["counts"], answer["counts"]);
    // The program's own list of the same is read as well as the sources.
    let list = env.run("endpoints survey survey.csv --csv").stdout;
    env.write("own.csv", list);
    let again = env.run("fleet endpoints --survey own.csv --json").expect(3).json();
    assert_eq!((&again["machines"], &again["counts"]), (&answer["machines"], &answer["counts"]));
}

#[test]
fn sources_of_every_kind_are_joined_with_the_file() {
    let env = TestEnv::new();
    let states = crate::endpoints::estate(&env, 200);
    env.write("fleet.toml", format!("{SERVER}{RELAY}computers = ['PC*']\n"));
    let answer = env.run("fleet endpoints --survey in --json").expect(3).json();
    for row in answer["endpoints"].as_array().unwrap() {
        assert_eq!(row["state"], *states[row["name"].as_str().unwrap()], "{row}");
        assert_eq!(row["belongs_to"], "MR", "{row}");
    }
    // Nobody is said to belong anywhere: whoever reports to a machine of the file is well.
    env.write("fleet.toml", format!("{SERVER}{RELAY}"));
    let answer = env.run("fleet endpoints --survey in --json").expect(3).json();
    let count = |state: &str| answer["counts"][state].as_u64().unwrap();
    let moved = states.values().filter(|state| ["reports", "old-parent"].contains(state)).count() as u64;
    // An installed file alone does not show that its computer reports.
    let by_file = 10;
    assert_eq!((count("reports"), count("old-parent")), (moved - by_file, 0));
    assert_eq!(machine(&answer, "MR")["expected"], Json::Null);
}

#[test]
fn a_survey_that_expects_something_says_whose_an_endpoint_is() {
    let env = TestEnv::new();
    env.write("fleet.toml", format!("{SERVER}{RELAY}"));
    let mut list = "name,parent,expected\n".to_owned();
    let _ = writeln!(list, "PC1,\"{RELAY_LIST}\",\"{RELAY_LIST}\"\nPC2,\"{SERVER_LIST}\",\"{RELAY_LIST}\"");
    env.write("list.csv", list);
    let answer = env.run("fleet endpoints --survey list.csv --json").expect(3).json();
    assert_eq!(codes(&answer), ["endpoints-elsewhere MR"]);
    assert_eq!((&machine(&answer, "MR")["found"], &machine(&answer, "MR")["elsewhere"]), (&1.into(), &1.into()));
    // What the file says goes before what the survey once expected.
    env.write("fleet.toml", format!("{SERVER}computers = 'PC2'\n{RELAY}"));
    let answer = env.run("fleet endpoints --survey list.csv --json").expect(0).json();
    assert_eq!((codes(&answer).len(), &answer["counts"]["reports"]), (0, &2.into()));
}

#[test]
fn relays_that_go_round_are_found_by_what_their_computers_say() {
    let env = TestEnv::new();
    env.write("fleet.toml", fleet(""));
    env.write("mr.txt", "A-1\n");
    let rows = [row("MR2", MR3, ",,,,,"), row("MR3", MR2, ",,,,,"), row("MRComputer", RELAY_LIST, ",,,,,")];
    env.write(
        "survey.csv",
        HEAD.to_owned() + &rows.concat() + &row("Server", RELAY_LIST, ",,,,,") + &row("A-1", RELAY_LIST, ",,,,,"),
    );
    let answer = env.run("fleet endpoints --json").expect(3).json();
    let loops: Vec<String> = codes(&answer).into_iter().filter(|code| code.starts_with("relay-")).collect();
    assert_eq!(
        loops,
        ["relay-elsewhere MR", "relay-elsewhere MR2", "relay-loop MR", "relay-loop MR2", "relay-loop Server1"]
    );
    env.run("fleet endpoints")
        .expect(3)
        .says("the computer of MR reports to itself")
        .says("relays go round: MR2, MR3")
        .says("the computer of the server reports to the relay MR");
}

#[test]
fn relays_over_their_size_are_told_and_may_be_accepted() {
    let env = TestEnv::new();
    let list: String = (0..8001).map(|number| format!("PC{number},\"{RELAY_LIST}\"\n")).collect();
    env.write("list.csv", format!("name,parent\n{list}"));
    env.write("fleet.toml", format!("{SERVER}{RELAY}endpoints = 8000\n"));
    let answer = env.run("fleet endpoints --survey list.csv --json").expect(0).json();
    assert_eq!(codes(&answer), ["endpoints-more MR", "relay-endpoints MR"]);
    env.write("fleet.toml", format!("{SERVER}{RELAY}endpoints = 8001\naccept = 'relay-endpoints'\n"));
    let answer = env.run("fleet endpoints --survey list.csv --json").expect(0).json();
    assert_eq!(codes(&answer), [""; 0]);
}

#[test]
fn a_computer_of_two_relays_and_bad_files_are_told() {
    let env = TestEnv::new();
    let of_cid = "[[cid]]\npath = 'A'\nrelay = 'MR'\ncomputers = ['PC1', 'PC3']\n[[cid]]\npath = 'B'\nrelay = 'MR2'\ncomputers = 'pc1.sales.acme'\nendpoints = 7\n";
    env.write("fleet.toml", fleet(of_cid).replace("computers = 'mr.txt'\n", ""));
    let answer = env.run("fleet check --no-cids --json").expect(3).json();
    assert_eq!(codes(&answer), ["computer-twice MR2"]);
    env.write("survey.csv", HEAD.to_owned() + &row("PC1", RELAY_LIST, ",,,,,") + &row("PC3", RELAY_LIST, ",,,,,"));
    let answer = env.run("fleet endpoints --json").expect(3).json();
    assert_eq!(codes(&answer).iter().filter(|code| code.starts_with("computer-twice")).count(), 2);
    let cids = serde_json::json!([{"cid": "A", "expected": 2, "found": 1}, {"cid": "B", "expected": 7, "found": 0}]);
    assert_eq!(answer["cids"], cids);
    // No survey, none that is there, none that tells, and a file of names that is not there.
    env.remove("survey.csv");
    env.refuses(1, "fleet endpoints").complains("survey.csv");
    env.write("survey.csv", "name,parent\n");
    env.refuses(1, "fleet endpoints").complains("the survey tells of no endpoint");
    env.write("survey.csv", HEAD.to_owned() + &row("PC1", RELAY_LIST, ",,,,,"));
    env.run("fleet endpoints --survey survey.csv --survey nowhere.csv --json").expect(4);
    env.refuses(2, "fleet endpoints --column colour").complains("colour");
    env.write("fleet.toml", fleet(""));
    env.refuses(1, "fleet endpoints").complains("mr.txt").complains("line ");
    env.write("mr.txt", b"PC1\0".as_slice());
    env.refuses(1, "fleet endpoints").complains("no list of names");
    env.write("fleet.toml", format!("{SERVER}{RELAY}"));
    env.refuses(2, "fleet endpoints").complains("--survey");
}

#[test]
fn status_metrics_and_pictures_have_the_numbers() {
    let env = TestEnv::new();
    let cid = "[[cid]]\npath = 'MRESXP'\nrelay = 'MR'\n";
    env.cid("MRESXP", DemoCid::default());
    env.write("fleet.toml", format!("{SERVER}{RELAY}endpoints = 2\n{cid}"));
    env.run("fleet apply").ok();
    env.run("fleet status").expect(0);
    env.write("list.csv", HEAD.to_owned() + &row("PC1", RELAY_LIST, ",,,,,2026-11-01T08:00:00Z"));
    let status = env.run("fleet status --survey list.csv --metrics fleet.prom --json").expect(3).json();
    assert_eq!(codes(&status), ["endpoints-missing MR"]);
    assert_eq!(machine(&status["endpoints"], "MR")["found"], 1);
    let metrics = env.text("fleet.prom");
    for line in [
        "configcid_fleet_endpoints_expected{machine=\"MR\"} 2\n",
        "configcid_fleet_endpoints_found{machine=\"MR\"} 1\n",
        "configcid_fleet_endpoints_found{machine=\"Server1\"} 0\n",
        "configcid_fleet_endpoints{state=\"reports\"} 1\n",
        "configcid_fleet_survey_newest_timestamp_seconds 1793520000\n",
        "configcid_fleet_survey_errors 1\n",
        "configcid_fleet_file_errors 0\n",
    ] {
        assert!(metrics.contains(line), "{line:?} is not in {metrics}");
    }
    env.run("fleet status --survey list.csv")
        .expect(3)
        .says("endpoints-missing")
        .says("1 in step; 1 reports of 1 endpoint");
    // A survey that cannot be read hides nothing of the CIDs.
    let status = env.run("fleet status --survey gone.csv --metrics fleet.prom --json").expect(3).json();
    assert_eq!((&status["counts"]["in-step"], codes(&status)[0].as_str()), (&1.into(), "endpoints-missing MR"));
    assert!(codes(&status).contains(&"survey -".to_owned()) && env.text("fleet.prom").contains("survey_errors 2"));
    env.write("list.csv", HEAD.to_owned() + &row("PC1", RELAY_LIST, ",,,,,") + &row("PC2", RELAY_LIST, ",,,,,"));
    env.run("fleet status --survey list.csv").expect(0);
    let graph = |format: &str| env.run(&format!("fleet graph --survey list.csv --format {format}")).ok().stdout;
    assert!(graph("dot").contains("n0 -> n1 [label=\"2 / 2\""), "{}", graph("dot"));
    assert!(graph("mermaid").contains("n0 -->|\"2 #47; 2\"| n1"), "{}", graph("mermaid"));
    let svg = graph("svg");
    assert!(svg.contains(">2 / 2</text>") && svg.contains(">2 of 2 found</text>"), "{svg}");
    assert!(env.run("fleet graph --format dot").ok().stdout.contains("n0 -> n1;\n"));
}

/// What the page does when somebody works with it: its text becomes JSON.
const AT_WORK: &str = "
const visible = () => Array.from(document.querySelectorAll('table.sorted tbody tr')).filter((row) => !row.hidden);
const first = () => visible()[0].cells[0].textContent;
const click = (column) => document.querySelectorAll('table.sorted th button')[column].click();
const set = (element, value) => { element.value = value; element.dispatchEvent(new Event('input')); };
const [state, machine] = document.querySelectorAll('.filter select');
const words = document.querySelector('.filter input');
const seen = document.body.innerText;
const answer = { all: visible().length, first: first() };
answer.shown = ['Endpoints', 'A-0000', 'C-1999', 'no route', 'GONE-1'].filter((text) => seen.includes(text)).length;
click(0); click(0);
answer.last = first();
click(1);
answer.state = visible()[0].cells[1].textContent;
set(state, '=nobody');
answer.nobody = visible().length;
set(machine, '=MR');
answer.of_mr = visible().length;
set(state, '*'); set(machine, '*'); set(words, 'UNREACHABLE a-00');
answer.words = visible().length;
answer.told = document.querySelector('.filter output').textContent;
document.body.textContent = JSON.stringify(answer);
";

#[test]
fn the_page_sorts_and_filters_two_thousand_endpoints() {
    let env = TestEnv::new();
    env.write("fleet.toml", fleet(""));
    estate(&env);
    env.run("fleet report --out report.html").ok();
    let page = env.text("report.html");
    // Nothing but the page's own script may run, and nothing is fetched.
    for word in ["<link", "src=", "url(", "@import", "<img"] {
        assert!(!page.contains(word), "{word}");
    }
    assert_eq!((page.matches("<script>").count(), page.matches("script-src 'sha256-").count()), (1, 1));
    assert!(page.contains("the survey has nothing of GONE-1"));
    // The file itself is right.
    assert!(!page.contains("<li>Mend") && page.contains("<li>See after "), "{page}");
    assert_eq!(page.matches("<tr><td>A-").count(), 1200);
    if !have_browser() {
        return;
    }
    let path = env.path("report.html");
    let answer = at_work(&path, AT_WORK);
    let expected = serde_json::json!({
        "all": 2002, "shown": 5, "first": "A-0000", "last": "MRComputer is MR", "state": "contradicts", "nobody": 100, "of_mr": 60,
        "words": 5, "told": "5 of 2002"
    });
    assert_eq!(answer, expected);
}

#[test]
fn hostile_names_and_parents_are_text() {
    let env = TestEnv::new();
    env.write("fleet.toml", format!("{SERVER}{RELAY}"));
    let name = "</td><script>alert(1)</script>";
    env.write("list.csv", HEAD.to_owned() + &row(name, "</table><script>,\u{202e}", ",,,,,"));
    let page = env.run("fleet report --survey list.csv").ok().stdout;
    assert_eq!(page.matches("<script").count(), 1);
    assert!(page.contains("&lt;/td&gt;&lt;script&gt;alert(1)") && !page.contains('\u{202e}'));
}
