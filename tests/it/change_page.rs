//! The page that a change leaves for the ticket.

use crate::support::browser::{have_browser, show};
use crate::support::{RELAY, RELAY_LIST, TestEnv, secrets};

/// The page without what differs from run to run.
#[cfg(unix)]
fn tame(page: &str) -> String {
    let mut body = page.split("<main>").nth(1).unwrap().to_owned();
    for (before, after, instead) in [("<tr><th>When<td>", "\n", "NOW"), ("<tr><th>By whom<td>", "\n", "SOMEBODY")] {
        let start = body.find(before).unwrap() + before.len();
        let end = start + body[start..].find(after).unwrap();
        body.replace_range(start..end, instead);
    }
    body.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

#[cfg(unix)]
#[test]
fn a_page_tells_of_a_change_from_end_to_end() {
    let env = TestEnv::demo();
    env.run(&format!("relay set MRESXP {RELAY} --report ticket.html")).ok().says("Wrote ticket.html");
    let set = tame(&env.text("ticket.html"));
    let json = env.run(&format!("relay set MRESXP {RELAY} --report ticket.html --json")).ok().json();
    assert_eq!(json["report"], "ticket.html");
    env.run("undo MRESXP --report back.html").ok();
    let back = tame(&env.text("back.html"));
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(format!("{set}\n{back}")) });
    // Who it was is what the history has.
    let history = env.run("history MRESXP --json").ok().json();
    let change = &history["cids"][0]["changes"][0];
    let whom = format!("{} on {}", change["user"].as_str().unwrap(), change["host"].as_str().unwrap());
    assert!(env.text("back.html").contains(&format!("<tr><th>By whom<td>{whom}")));
}

#[test]
fn every_command_that_writes_a_cid_leaves_one() {
    let env = TestEnv::demo();
    let page = |line: &str, code: i32, says: &[&str]| {
        env.run(&format!("{line} --report page.html")).expect(code);
        let page = env.text("page.html");
        says.iter().for_each(|says| assert!(page.contains(says), "{line}: {says:?} is not on\n{page}"));
        assert!(secrets().iter().all(|secret| !page.contains(&secret[..12])), "{line}");
        env.remove("page.html");
    };
    page(&format!("relay set MRESXP {RELAY} --dry-run"), 0, &["(dry run)", "nothing was", "--dry-run</code>"]);
    page(&format!("relay set MRESXP {RELAY}"), 0, &["written and verified", "configcid undo MRESXP", RELAY_LIST]);
    page("relay unset MRESXP", 0, &["relay unset", "None: endpoints take"]);
    page("MRESXP", 0, &["Nothing to do"]);
    env.write("MRESXP/customer_ID.txt", "Acme");
    page("refresh MRESXP", 0, &["<code>\\cidsync.upd</code>", "<h3>Verification</h3>"]);
    page("mrinit set MRESXP/mrinit.conf ClientIIOPPort 1", 0, &["mrinit set"]);
    page("undo MRESXP", 0, &["undo of: "]);
    page("catalog create MRESXP --replace --checksum crc32", 0, &["catalog create: MRESXP"]);
    env.write("alone.conf", env.text("MRESXP/mrinit.conf"));
    page("mrinit set alone.conf ClientIIOPPort 1", 0, &["Done: 1 file written."]);
    // Of a fleet, all its CIDs stand on one.
    env.write(
        "fleet.toml",
        "[server]\nname = \"SERVER\"\nfqdn = \"Server.Sales.Acme\"\n\n[[relay]]\nname = \"MR\"\nip = \"10.1.200.65\"\n\n\
         [[cid]]\npath = \"MRESXP\"\nrelay = \"MR\"\n\n[[cid]]\npath = \"NOWHERE\"\nrelay = \"MR\"\n",
    );
    page("fleet apply fleet.toml", 4, &["fleet apply: 2 CIDs", "configcid fleet runbook", "NOWHERE", "It failed"]);
    page("fleet apply fleet.toml --dry-run", 4, &["(dry run)"]);
    env.refuses(2, "fleet apply fleet.toml --report MRESXP/page.html");
    // Copies and what is brought to them: how much, and how it was compared.
    page("clone MRESXP COPY --dry-run", 0, &["clone (dry run): COPY", "would be copied from MRESXP; nothing was."]);
    page(
        "clone MRESXP COPY",
        0,
        &[
            "<h1>clone: COPY</h1>",
            "Done: copied from MRESXP, ",
            "Each byte of the copy",
            "an installation of its own [14635]",
        ],
    );
    assert!(env.path("COPY/cidsync.upd").is_file());
    page("clone MRESXP COPY", 1, &["It failed: nothing was changed."]);
    env.write("MRESXP/sav.txt", "news");
    env.run("relay set MRESXP --ip 10.1.200.77").expect(0);
    page("sync MRESXP COPY --dry-run", 0, &["sync (dry run): COPY", "it would get ", "nothing was written"]);
    page(
        "sync MRESXP COPY ANOTHER",
        0,
        &[
            "sync: 2 CIDs",
            "Done: made with ",
            "What came was compared",
            "<code>\\rms\\mrinit.conf</code>",
            "configcid undo COPY",
        ],
    );
    page("sync MRESXP COPY", 0, &["by its catalogs it has all of it"]);
    page("fetch MRESXP FETCHED", 0, &["<h1>fetch: FETCHED</h1>", "Done: made with "]);
    env.refuses(2, "sync MRESXP COPY --report MRESXP/page.html");
    env.refuses(2, "clone MRESXP OTHER --report MRESXP/page.html");
    // What is ended.
    page("recover MRESXP", 0, &["Nothing to do: no change was interrupted."]);
    page("recover MRESXP EMPTY", 4, &["recover: 2 CIDs", "could not be opened", "It failed"]);
    let json = env.run("sync MRESXP COPY --report page.html --json").ok().json();
    assert_eq!(json["report"], "page.html");
    env.remove("page.html");
    // What fails is told as it is.
    page(&format!("relay set EMPTY {RELAY}"), 1, &["It failed: nothing was changed.", "Remove what stands in the way"]);
    page(&format!("relay set MRESXP EMPTY {RELAY}"), 4, &["2 CIDs", "could not be opened"]);
}

#[cfg(feature = "faults")]
#[test]
fn an_interrupted_change_that_is_ended_leaves_one() {
    for (how, says) in [("", "it was "), ("--undo", "as it was before it"), ("--forget", "Nothing was looked at")] {
        let env = TestEnv::demo();
        let mut command = env.command();
        command.args(format!("relay set MRESXP {RELAY}").split(' ')).env("CONFIGCID_FAULT", "30:before");
        let _ = command.output().unwrap();
        env.run("recover MRESXP --dry-run --report page.html").expect(0);
        assert!(env.text("page.html").contains("Dry run, nothing was done: a change had been interrupted"), "{how}");
        let done = env.run(&format!("recover MRESXP --report page.html --json {how}")).expect(0).json();
        assert_eq!(done["report"], "page.html");
        let page = env.text("page.html");
        assert!(page.contains("Done: a change had been interrupted (") && page.contains(says), "{how}: {page}");
    }
}

#[test]
fn hostile_names_stay_text() {
    let env = TestEnv::new();
    let name =
        if cfg!(windows) { "a&lt;b' & {BODY}" } else { "<img src=x onerror=alert(1)>\u{202E}\"&'{BODY}\u{1b}[2J" };
    env.cid(name, configcid::DemoCid::default());
    let page = env.path("page.html");
    let page = page.to_str().unwrap();
    let set = ["relay", "set", name, "--netbios", "MR", "--fqdn", "mr.acme", "--report", page];
    env.run_args(set).expect(0);
    let text = env.text("page.html");
    let main = text.split("<main>").nth(1).unwrap();
    assert!(
        !main.contains("<img") && !main.contains('\u{202E}') && !main.contains('\u{1b}') && main.contains("{BODY}")
    );
    assert!(main.contains("<h1>relay set: ") && main.contains("<h2>The steps left</h2>"));
    if have_browser() {
        for (name, is_dark) in [("light", false), ("dark", true)] {
            let shown = show(&env.path("page.html"), name, (1000, 1400), is_dark);
            shown.shows("relay set: <img src=x onerror=alert(1)>");
            shown.shows("The way back");
            shown.shows("Verify. On one of them");
        }
    }
}

#[test]
fn a_page_replaces_no_other_file_and_lies_in_no_cid() {
    let env = TestEnv::demo();
    env.write("letter.html", "to a friend");
    for (file, code) in
        [("letter.html", 1), ("nowhere/page.html", 1), ("MRESXP/page.html", 2), ("MRESXP/rms/p.html", 2)]
    {
        env.refuses(code, &format!("relay set MRESXP {RELAY} --report {file}"));
    }
    // A page of ours is replaced, and nothing is written before there is a place for it.
    env.run(&format!("relay set MRESXP {RELAY} --report page.html")).ok();
    env.run("undo MRESXP --report page.html").ok();
    assert!(env.text("page.html").contains("<h1>undo: MRESXP</h1>"));
}
