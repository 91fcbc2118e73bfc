//! `fleet runbook`.

use super::pictures::{env, name};
use crate::support::TestEnv;
use crate::support::browser::{have_browser, show};

/// The relays in the order of their chapters.
fn chapters(text: &str) -> Vec<String> {
    let headings = text.lines().filter_map(|line| line.strip_prefix("## "));
    headings.filter_map(|heading| heading.split_once(". ").map(|(_, name)| name.to_owned())).collect()
}

#[test]
fn parents_come_before_their_children() {
    let text = env(12).run("fleet runbook").ok().stdout;
    let chapters = chapters(&text);
    assert_eq!(chapters.len(), 12);
    let at = |index: usize| chapters.iter().position(|chapter| *chapter == name(index)).unwrap();
    // The fifth reports to the first, the tenth to the second.
    assert!(at(0) < at(4) && at(1) < at(9), "{chapters:?}");
    assert_eq!((at(0), at(1)), (0, 1), "otherwise as in the file");
}

#[test]
fn each_relay_has_its_own_names() {
    let text = env(6).run("fleet runbook").ok().stdout;
    let chapter = |name: &str| {
        let rest = text.split_once(&format!(". {name}\n")).unwrap().1;
        rest.split("\n## ").next().unwrap().to_owned()
    };
    let first = chapter(&name(1));
    for words in [
        "Southampton-MR1 reports to Server1, at level 2 of 7 [14635].",
        "It is to serve 137 endpoints.",
        "updating policy `Relay Southampton-MR1`",
        "primary server for Windows is `\\\\SouthamptonFS\\SophosUpdate\\CIDs\\S000\\MR1`.",
        "primary server for Macs is `\\\\SouthamptonFS\\SophosUpdate\\CIDs\\S001\\MR1`.",
        "Move the computer `Southampton-MR1`",
        "`configcid relay probe Southampton-MR1.Southampton.Sales.Acme`",
        "`configcid client check --expect 10.2.1.65,Southampton-MR1.Southampton.Sales.Acme`",
    ] {
        assert!(first.contains(words), "{words:?} is not in\n{first}");
    }
    assert!(!first.contains("MRParentAddress"), "its parent is the server");
    let below = chapter(&name(4));
    assert!(
        below.contains("`MRParentAddress` names the relay Oslo-MR0: `10.2.0.65,Oslo-MR0.Oslo.Sales.Acme`"),
        "{below}"
    );
    // The steps come in their order.
    let steps = ["**Policy.**", "**Group.**", "**The relay first.**", "**Wait**", "**The endpoints.**", "**Verify.**"];
    let places: Vec<usize> = steps.iter().map(|step| first.find(step).unwrap()).collect();
    assert!(places.is_sorted(), "{first}");
    assert!(!text.contains('{'), "something was not filled in:\n{text}");
}

#[test]
fn a_file_with_errors_has_no_order() {
    let env = env(3);
    env.replace("fleet.toml", "10.2.1.65", "10.2.0.65");
    let before = env.snapshot();
    env.run("fleet runbook --out run.md")
        .expect(3)
        .says("fleet.toml:17: error (shared-address)")
        .says("Nothing was written");
    let answer = env.run("fleet runbook --json").expect(3).json();
    assert_eq!((&answer["findings"][0]["code"], answer.get("text")), (&"shared-address".into(), None));
    assert_eq!(env.snapshot(), before);
}

#[test]
fn the_page_has_boxes_to_tick_and_shows_what_the_text_says() {
    let env = env(12);
    env.run("fleet runbook --html --out run.html").ok().says("Wrote run.html");
    let html = env.text("run.html");
    let text = env.run("fleet runbook").ok().stdout;
    assert_eq!(html.matches("type=\"checkbox\"").count(), text.matches("- [ ] ").count());
    assert_eq!(env.run("fleet runbook --html --json").ok().json()["text"], html);
    if !have_browser() {
        return;
    }
    let shown = show(&env.path("run.html"), "run", (1100, 1400), false);
    for words in
        ["Message relays of Server1: the steps in the console", "Before the first relay", "After the last relay"]
    {
        shown.shows(words);
    }
    (0..12).for_each(|index| shown.shows(&format!("Relay {}", name(index))));
}

#[test]
fn hostile_names_are_text() {
    let env = TestEnv::new();
    let name = r#""<b>`*x*` [y](z) {SERVER} \u202e""#;
    let text = format!("[server]\nname = 'S'\nip = '10.0.0.1'\n[[relay]]\nname = {name}\nip = '10.0.0.2'\n");
    env.write("fleet.toml", text);
    let markdown = env.run("fleet runbook").ok().stdout;
    assert!(markdown.contains("## 1. \\<b\\>\\`\\*x\\*\\` \\[y\\](z) \\{SERVER\\} \\\\u\\{202e\\}\n"), "{markdown}");
    assert!(markdown.contains("``Relay <b>`*x*` [y](z) {SERVER} \\u{202e}``"), "{markdown}");
    let html = env.run("fleet runbook --html").ok().stdout;
    assert!(html.contains("<h2>1. &lt;b&gt;`*x*` [y](z) {SERVER} \\u{202e}</h2>") && !html.contains("<b>"), "{html}");
}
