//! `fleet report`.

use configcid::DemoCid;

use super::check::{RELAY, SERVER};
use super::pictures;
use crate::support::TestEnv;
use crate::support::browser::{have_browser, show};

/// A fleet of three CIDs: one in step, one behind, and one that is not there.
fn mixed() -> TestEnv {
    let env = TestEnv::new();
    let cid = |path: &str| format!("[[cid]]\npath = '{path}'\nrelay = 'MR'\n");
    env.write("done.toml", format!("{SERVER}{RELAY}{}", cid("A")));
    env.write("fleet.toml", format!("{SERVER}{RELAY}{}{}{}", cid("A"), cid("B"), cid("C")));
    env.cid("A", DemoCid::default());
    env.cid("B", DemoCid::default());
    env.run("fleet apply done.toml").ok();
    env
}

/// The text between two others.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let rest = text.split_once(from).unwrap_or_else(|| panic!("{from:?} is not in {text}")).1;
    rest.split_once(to).unwrap_or_else(|| panic!("{to:?} is not in {text}")).0
}

#[test]
fn the_page_has_picture_checks_states_and_steps() {
    let env = mixed();
    let before = env.snapshot();
    let page = env.run("fleet report").ok().stdout;
    assert_eq!(env.snapshot(), before);
    assert!(page.contains("<h1>Message relays of Server1</h1>"));
    for part in
        ["<svg xmlns", "CIDs: <span class=\"good\">1 in step</span>, <span class=\"doubtful\">1 behind</span>, "]
    {
        assert!(page.contains(part), "{part:?} is not in {page}");
    }
    let checks = between(&page, "<h2>Checks</h2>", "<h2>CIDs</h2>");
    assert!(
        checks.contains("class=\"bad\">error<td>") && checks.contains("<td>our choice<td>check the path"),
        "{checks}"
    );
    // What is worst comes first.
    let cids = between(&page, "<h2>CIDs</h2>", "</main>");
    let rows: Vec<&str> = cids.split("<tr>").skip(2).collect();
    for (row, (path, state)) in rows.iter().zip([("C", "unreachable"), ("B", "behind"), ("A", "in step")]) {
        assert!(row.contains(&format!("<code>{path}</code>")) && row.contains(state), "{row}");
    }
    let steps = between(&page, "<h2>What is left to do</h2>", "<h2>Picture</h2>");
    let steps: Vec<&str> = steps.split("<li>").skip(1).collect();
    let starts =
        ["Mend 1 error", "Make 1 CID readable: <code>C</code>", "Bring 1 CID in step", "Where it has not been"];
    assert_eq!(steps.len(), starts.len(), "{steps:?}");
    for (step, start) in steps.iter().zip(starts) {
        assert!(step.starts_with(start), "{step}");
    }
    assert!(steps[2].contains("<code>configcid fleet apply fleet.toml</code>"), "{steps:?}");
}

#[test]
fn nothing_else_is_needed_and_nothing_changes() {
    let env = mixed();
    env.run("fleet report --out report.html").ok().says("Wrote report.html");
    let page = env.text("report.html");
    for word in ["<script", "<link", "src=", "url(", "@import", "<img"] {
        assert!(!page.contains(word), "{word}");
    }
    // The one address is the name of SVG's elements.
    assert_eq!(page.matches("http").count(), page.matches("http-equiv").count() + 1);
    env.run("fleet report --out report.html").ok().says("holds it already");
    env.refuses(1, "fleet report fleet.toml --no-cids --out report.html").complains("--force");
    let answer = env.run("fleet report --json").ok().json();
    assert_eq!((answer["text"].as_str(), &answer["cids"]), (Some(page.as_str()), &3.into()));
    let unseen = env.run("fleet report --no-cids").ok().stdout;
    assert!(unseen.contains("The CIDs were not looked at.") && unseen.contains("not looked at</span>"));
    assert!(unseen.contains("Nothing is against a rule."), "{unseen}");
}

#[test]
fn all_done_leaves_the_console() {
    let env = mixed();
    let page = env.run("fleet report done.toml").ok().stdout;
    let steps = between(&page, "<h2>What is left to do</h2>", "<h2>Picture</h2>");
    assert_eq!(steps.matches("<li>").count(), 1, "{steps}");
    env.write("server.toml", SERVER);
    let page = env.run("fleet report server.toml").ok().stdout;
    assert!(page.contains("<p>Nothing.</p>") && page.contains("The file names none."), "{page}");
}

#[test]
fn the_page_is_legible_at_every_size() {
    if !have_browser() {
        return;
    }
    for relays in [1, 12, 400] {
        let env = pictures::env(relays);
        env.run("fleet report --no-cids --out report.html").ok();
        let shown = show(&env.path("report.html"), "report", (1200, 1600), relays == 12);
        for text in ["Message relays of Server1", "What is left to do", "Picture", "Checks", "not looked at"] {
            shown.shows(text);
        }
        (0..relays).for_each(|index| shown.shows(&pictures::name(index)));
    }
}

#[test]
fn hostile_names_are_text() {
    let env = TestEnv::new();
    let name = r#""</svg><script>&amp;'\"{BODY}""#;
    env.write("fleet.toml", format!("[server]\nname = {name}\nip = '10.0.0.1'\n[[cid]]\npath = {name}\n"));
    let page = env.run("fleet report").ok().stdout;
    assert!(!page.contains("<script") && page.matches("</svg>").count() == 1);
    assert!(page.contains("&lt;/svg&gt;&lt;script&gt;&amp;amp;&#39;&quot;{BODY}"), "{page}");
}
