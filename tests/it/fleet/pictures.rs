//! `fleet graph`: what it draws, as browsers, Graphviz and programs see it.

use std::fmt::Write;
use std::process::Command;

use serde_json::Value as Json;

use crate::support::TestEnv;
use crate::support::browser::{ask, have, have_browser, show};

/// Towns whose names are of different lengths.
const TOWNS: [&str; 8] = ["Oslo", "Southampton", "Graz", "Wolverhampton", "Lyon", "Gothenburg", "Ghent", "Luxembourg"];

/// The name of a relay.
pub(super) fn name(index: usize) -> String {
    format!("{}-MR{index}", TOWNS[index % TOWNS.len()])
}

/// A fleet file of so many relays: most report to the server, every fifth to one of the first, some have no CID.
pub(super) fn fleet(relays: usize) -> String {
    let mut text = "[server]\nname = 'Server1'\nip = '10.1.200.10'\nfqdn = 'Server1.Sales.Acme'\n\
                    system = 'Windows Server 2012 R2'\nendpoints = 120\n"
        .to_owned();
    for index in 0..relays {
        let (name, town) = (name(index), TOWNS[index % TOWNS.len()]);
        let _ = write!(
            text,
            "[[relay]]\nname = '{name}'\nip = '10.{}.{}.65'\nfqdn = '{name}.{town}.Sales.Acme'\nendpoints = {}\n",
            2 + index / 200,
            index % 200,
            100 + index * 37 % 900,
        );
        if index % 5 == 4 {
            let _ = writeln!(text, "parent = '{}'", super::pictures::name(index / 5));
        }
        if index % 4 != 3 {
            let _ =
                writeln!(text, "[[cid]]\npath = '\\\\{town}FS\\SophosUpdate\\CIDs\\S000\\MR{index}'\nrelay = '{name}'");
        }
        if index % 4 == 1 {
            let _ = writeln!(
                text,
                "[[cid]]\npath = '\\\\{town}FS\\SophosUpdate\\CIDs\\S001\\MR{index}'\nrelay = '{name}'\nplatform = 'mac'"
            );
        }
    }
    text
}

/// An environment with a fleet of so many relays.
pub(super) fn env(relays: usize) -> TestEnv {
    let env = TestEnv::new();
    env.write("fleet.toml", fleet(relays));
    env
}

/// For every text its place, the place of the box that it belongs to, and what it says.
const PLACES: &str = r#"
    const place = (element) => { const box = element.getBBox(); return [box.x, box.y, box.width, box.height] };
    const svg = document.querySelector('svg');
    return {
        size: [svg.width.baseVal.value, svg.height.baseVal.value],
        texts: [...svg.querySelectorAll('text')].map((text) => ({
            text: text.textContent, place: place(text), size: parseFloat(getComputedStyle(text).fontSize),
            box: text.parentNode.tagName === 'g' ? place(text.parentNode.querySelector('rect')) : null })),
        boxes: [...svg.querySelectorAll('g > rect')].map(place),
    };"#;

fn numbers(place: &Json) -> [f64; 4] {
    std::array::from_fn(|index| place[index].as_f64().unwrap())
}

#[test]
fn no_text_is_cut_or_covered_in_a_browser() {
    if !have_browser() {
        return;
    }
    for relays in [1, 12, 400] {
        let env = env(relays);
        env.run("fleet graph --no-cids --out fleet.svg").ok();
        let found = ask(&env.path("fleet.svg"), PLACES);
        let [width, height] = [0, 1].map(|index| found["size"][index].as_f64().unwrap());
        assert!(width <= 1120.0, "{relays}: {width}");
        let texts = found["texts"].as_array().unwrap();
        let boxes: Vec<[f64; 4]> = found["boxes"].as_array().unwrap().iter().map(numbers).collect();
        assert_eq!(boxes.len(), relays + 1);
        for text in texts {
            let [x, y, w, h] = numbers(&text["place"]);
            assert!(text["size"].as_f64().unwrap() >= 12.0, "{text}");
            assert!(x >= 0.0 && y >= 0.0 && x + w <= width && y + h <= height, "{relays}: {text} is cut off");
            let own = text["box"].is_array().then(|| numbers(&text["box"]));
            if let Some([bx, by, bw, bh]) = own {
                assert!(x >= bx + 4.0 && x + w <= bx + bw - 4.0 && y >= by && y + h <= by + bh, "{relays}: {text}");
            }
            let covered =
                boxes.iter().filter(|[bx, by, bw, bh]| x < bx + bw && *bx < x + w && y < by + bh && *by < y + h);
            assert_eq!(covered.count(), usize::from(own.is_some()), "{relays}: {text} lies on a box");
        }
        for index in 0..relays {
            assert!(texts.iter().any(|text| text["text"] == name(index)), "{} is not drawn", name(index));
        }
        // Lines of one box do not lie on each other.
        for pair in texts.windows(2).filter(|pair| pair[0]["box"] == pair[1]["box"] && pair[0]["box"].is_array()) {
            let ([_, upper, ..], [_, lower, _, h]) = (numbers(&pair[0]["place"]), numbers(&pair[1]["place"]));
            assert!(upper + h <= lower + 4.0, "{pair:?}");
        }
    }
}

#[test]
fn the_picture_is_seen_in_light_and_dark() {
    if !have_browser() {
        return;
    }
    let env = env(12);
    env.run("fleet graph --no-cids --out fleet.svg").ok();
    let light = show(&env.path("fleet.svg"), "light", (1100, 900), false);
    let dark = show(&env.path("fleet.svg"), "dark", (1100, 900), true);
    light.shows("Server1: 12 relays, 12 CIDs");
    for text in (0..12).map(name).chain(["120 endpoints".to_owned()]) {
        light.shows(&text);
        dark.shows(&text);
    }
    assert_ne!(std::fs::read(light.png).unwrap(), std::fs::read(dark.png).unwrap());
}

#[test]
fn graphviz_draws_the_tree() {
    let env = env(12);
    let dot = env.run("fleet graph --no-cids --format dot").ok().stdout;
    assert_eq!(dot.matches(" -> ").count(), 12);
    assert!(dot.contains("n0 -> n1;") && dot.contains("n1 -> n5;"), "{dot}");
    if !have("dot") {
        return;
    }
    env.write("fleet.dot", &dot);
    hostile(&env);
    env.run("fleet graph --no-cids --format dot hostile.toml --out hostile.dot").ok();
    for (file, text) in [
        ("fleet.dot", r"\\GrazFS\SophosUpdate\CIDs\S000\MR10"),
        ("hostile.dot", r"&lt;b&gt; &quot;&amp;amp;&#39; \N\n\ ]]&gt;"),
    ] {
        let output = Command::new("dot").arg("-Tsvg").arg(env.path(file)).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        let svg = String::from_utf8(output.stdout).unwrap().replace("&#45;", "-");
        assert!(svg.contains(text), "{svg}");
    }
}

/// A fleet whose names mean something to every language that they stand in.
fn hostile(env: &TestEnv) {
    let name = r#""<b> \"&amp;' \\N\\n\\ ]]> --> {x} %% #35; -->|y| end \u202e\uFFFE ä 中""#;
    env.write(
        "hostile.toml",
        format!(
            "[server]\nname = {name}\nip = '10.0.0.1'\n[[relay]]\nname = {}\nip = '10.0.0.2'\n",
            name.replace("<b>", "<b>2")
        ),
    );
}

#[test]
fn hostile_names_are_text_everywhere() {
    let env = TestEnv::new();
    hostile(&env);
    let svg = env.run("fleet graph --no-cids hostile.toml").ok().stdout;
    assert!(svg.contains("&lt;b&gt;2 &quot;&amp;amp;&#39; \\N\\n\\ ]]&gt;") && !svg.contains("<b>"), "{svg}");
    let mermaid = env.run("fleet graph --no-cids hostile.toml --format mermaid").ok().stdout;
    let labels: Vec<&str> = mermaid.lines().filter(|line| line.contains("[\"")).collect();
    assert_eq!(labels.len(), 2);
    for label in labels {
        let text = label.split_once("[\"").unwrap().1.rsplit_once("\"]").unwrap().0.replace("<br/>", " ");
        assert!(text.chars().all(|c| c.is_alphanumeric() || " .,-:#;".contains(c)), "{text}");
    }
    if !have_browser() {
        return;
    }
    env.write("hostile.svg", &svg);
    // As XML, and not only as HTML, which forgives.
    let shown = show(&env.path("hostile.svg"), "hostile", (800, 400), false);
    shown.shows("1 relay, 0 CIDs");
    shown.shows("<b>2 \"&amp;'");
}

#[test]
fn mermaid_has_every_machine_and_line() {
    let output = env(12).run("fleet graph --no-cids --format mermaid").ok().stdout;
    let lines: Vec<&str> = output.lines().collect();
    assert_eq!(lines[0], "flowchart LR");
    assert_eq!(lines.iter().filter(|line| line.contains(" --> ")).count(), 12);
    assert!(
        lines[1].starts_with("  n0[\"Server1<br/>10.1.200.10<br/>") && lines[1].ends_with("\"]:::server"),
        "{output}"
    );
    let node = regex_lite(&lines[1..14]);
    assert!(node, "{output}");
}

/// Whether each line is `  n0["text"]` with a class or none.
fn regex_lite(lines: &[&str]) -> bool {
    lines.iter().enumerate().all(|(index, line)| {
        let rest = line.strip_prefix(&format!("  n{index}[\"")).and_then(|rest| rest.rsplit_once("\"]"));
        rest.is_some_and(|(text, class)| {
            !text.contains(['"', '[', ']']) && ["", ":::server", ":::warned", ":::faulty"].contains(&class)
        })
    })
}

#[test]
fn what_is_wrong_is_red_and_said_below() {
    let env = TestEnv::new();
    env.write("fleet.toml", fleet(3).replace("10.2.1.65", "10.2.0.65"));
    let svg = env.run("fleet graph --no-cids").ok().stdout;
    assert_eq!(svg.matches("class=\"box faulty\"").count(), 2, "{svg}");
    assert!(
        svg.contains("1 error</text>") && svg.contains("10.2.0.65 is the address of Oslo-MR0, too [our choice]"),
        "{svg}"
    );
    // The CIDs are looked at, unless they are not to be.
    let seen = env.run("fleet graph").ok().stdout;
    assert!(seen.contains("class=\"error\"") && seen.matches("class=\"box faulty\"").count() > 2, "{seen}");
}

#[test]
fn a_file_is_written_whole_and_never_over_another() {
    let env = env(2);
    let printed = env.run("fleet graph --no-cids").ok().stdout;
    env.run("fleet graph --no-cids --out fleet.svg --dry-run").ok().says("Would write fleet.svg");
    assert!(!env.path("fleet.svg").exists());
    env.run("fleet graph --no-cids --out fleet.svg").ok().says("Wrote fleet.svg");
    assert_eq!(env.text("fleet.svg"), printed);
    let before = env.snapshot();
    env.run("fleet graph --no-cids -o fleet.svg").ok().says("holds it already");
    env.refuses(1, "fleet graph --no-cids --format dot --out fleet.svg").complains("--force replaces a file");
    env.refuses(1, "fleet graph --no-cids missing.toml").complains("configcid fleet init writes one");
    env.refuses(2, "fleet graph --no-cids --out missing/fleet.svg").complains("name a file in a folder that is there");
    env.run("fleet graph --no-cids --force").expect(2);
    assert_eq!(env.snapshot(), before);
    env.run("fleet graph --no-cids --format dot --out fleet.svg --force -q").ok();
    assert!(env.text("fleet.svg").starts_with("digraph"));

    let answer = env.run("fleet graph --no-cids --json").ok().json();
    assert_eq!(answer["text"], printed);
    assert_eq!((&answer["format"], &answer["relays"], &answer["cids"]), (&"svg".into(), &2.into(), &3.into()));
    let answer = env.run("fleet graph --no-cids --json --out new.svg").ok().json();
    assert_eq!((&answer["status"], &answer["out"], answer.get("text")), (&"changed".into(), &"new.svg".into(), None));
}
