//! Guided set-up: by keys at a terminal, and refused where there is none.

use std::sync::Arc;

use crate::support::layout::{crc32, unknown};
use crate::support::terminal::{BACK, CTRL_C, DOWN, ENTER, ESC, Terminal};
use crate::support::{TestEnv, Unknown, check_cid, secrets, stand_in};
use configcid::DemoCid;

/// A share with two CIDs.
fn share() -> TestEnv {
    let mut env = TestEnv::new();
    env.cid("share/ESXP", DemoCid::default());
    env.cid("share/CIDs/S000/SAVSCFXP", DemoCid::default());
    let state = env.path("state").to_string_lossy().into_owned();
    env.set("XDG_STATE_HOME", state);
    env
}

/// Up to the question for the relay, with the first CID, itself.
fn to_the_relay(terminal: &mut Terminal) {
    terminal.shows("Which CIDs are to name the relay?").types(DOWN).types(" ").types(ENTER);
    terminal.shows("What is to be set up?").types(ENTER);
    terminal.shows("Which computer is the relay?");
}

/// The relay by its parts, which the DNS does not know.
fn by_hand(terminal: &mut Terminal) {
    terminal.types("mr.nowhere.invalid").types(ENTER);
    terminal.shows("What now?").types(DOWN).types(ENTER);
    terminal.shows("IP address:").types("10.1.200.65, 10.9.0.1").types(ENTER);
    terminal.shows("Full name, with its domain:").types(&BACK.repeat(30)).types("mr.sales.acme").types(ENTER);
    terminal.shows("NetBIOS name:").types("MR").types(ENTER);
    terminal.shows("Is that right?");
}

#[test]
fn a_relay_is_set_up_by_keys() {
    let env = share();
    let mut terminal = Terminal::new(&env, "setup share --report ticket.html");
    terminal.shows("Which CIDs are to name the relay?").shows("Enter goes on, Esc leaves]");
    let first = terminal.screen();
    to_the_relay(&mut terminal);
    terminal.types("10.1.200.65").types(ENTER).shows("Is that right?").types(DOWN).types(ENTER);
    terminal.shows("IP address:").types(", 10.9.0.1").types(ENTER);
    terminal.shows("Full name, with its domain:").types("mr.sales.acme").types(ENTER);
    terminal.shows("NetBIOS name:").types("MR").types(ENTER);
    terminal.shows("> take this").shows("Enter takes, Esc leaves]").shows("NetBIOS name  MR");
    let found = terminal.screen();
    terminal.types(ENTER).shows("Write this?").types("y").types(ENTER);
    assert_eq!(terminal.ends(), 0, "{}", terminal.printed());
    let last = terminal.screen();
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!(format!("{first}--- the relay\n{found}--- the end\n{last}"))
    });
    in_the_documentation(&[first, found, last]);

    let list = "10.1.200.65,10.9.0.1,mr.sales.acme,MR";
    assert!(env.text("share/ESXP/rms/mrinit.conf").contains(list));
    assert!(!env.text("share/CIDs/S000/SAVSCFXP/mrinit.conf").contains("10.9.0.1"));
    check_cid(&env.path("share/ESXP"), crc32);
    assert!(env.text("ticket.html").contains(list));
    let printed = terminal.printed();
    assert!(secrets().iter().all(|secret| !printed.contains(&secret[..12])));
    // Without color, nothing is colored.
    let is_color = |rest: &str| {
        let end = rest.find(|c: char| c != ';' && !c.is_ascii_digit()).unwrap_or(rest.len());
        rest[end..].starts_with('m') && !["", "0", "39", "49"].contains(&&rest[..end])
    };
    assert!(!printed.split("\x1b[").skip(1).any(is_color), "{printed:?}");

    // What was printed does the same again: to a CID as it was.
    let commands: Vec<&str> = printed
        .lines()
        .skip_while(|line| !line.starts_with("The same again"))
        .filter_map(|line| line.strip_prefix("  configcid "))
        .collect();
    assert_eq!(commands.len(), 3, "{printed}");
    env.run("undo share/ESXP").ok();
    for command in commands {
        env.run(command.trim_end()).expect(0);
    }
    assert!(env.text("share/ESXP/rms/mrinit.conf").contains(list));
}

/// The documentation has the screens as they are, one after the other; with `CONFIGCID_WRITE_SCREENS` set they are written.
fn in_the_documentation(screens: &[String]) {
    const FIRST: &str = "## What it looks like\n";
    let place = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/setup.md");
    let document = std::fs::read_to_string(place).unwrap().replace('\r', "");
    let (before, rest) = document.split_once(FIRST).unwrap();
    let (section, after) = rest.split_once("\n## ").unwrap();
    let introduction = section.split("```text").next().unwrap();
    let blocks: Vec<String> = screens.iter().map(|screen| format!("```text\n{screen}```\n")).collect();
    let current = format!("{before}{FIRST}{introduction}{}\n## {after}", blocks.join("\n"));
    if std::env::var_os("CONFIGCID_WRITE_SCREENS").is_some() {
        std::fs::write(place, &current).unwrap();
    }
    assert!(
        document == current,
        "docs/setup.md has other screens; CONFIGCID_WRITE_SCREENS=1 writes these: {screens:#?}"
    );
}

#[test]
fn every_question_can_be_left_without_a_change() {
    let env = share();
    let before = env.snapshot();
    for key in [ESC, CTRL_C] {
        for step in 0..6 {
            let mut terminal = Terminal::new(&env, "setup share");
            terminal.shows("Which CIDs are to name the relay?");
            match step {
                0 => {}
                1 => drop(terminal.types(DOWN).types(" ").types(ENTER).shows("What is to be set up?")),
                2 => to_the_relay(&mut terminal),
                3 => {
                    to_the_relay(&mut terminal);
                    terminal.types("mr.nowhere.invalid").types(ENTER).shows("What now?");
                }
                4 => {
                    to_the_relay(&mut terminal);
                    by_hand(&mut terminal);
                }
                _ => {
                    to_the_relay(&mut terminal);
                    by_hand(&mut terminal);
                    terminal.types(ENTER).shows("Write this?");
                }
            }
            terminal.types(key).shows("Left: nothing was written");
            assert_eq!(terminal.ends(), 1, "step {step}");
            assert_eq!(env.snapshot(), before, "step {step}");
        }
    }
    // No is no, and so is Enter alone.
    for no in ["n", ""] {
        let mut terminal = Terminal::new(&env, "setup share");
        to_the_relay(&mut terminal);
        by_hand(&mut terminal);
        terminal.types(ENTER).shows("Write this?").types(no).types(ENTER).shows("Left: nothing was written");
        assert_eq!((terminal.ends(), env.snapshot() == before), (1, true));
    }
}

#[test]
fn a_folder_that_is_not_there_is_told_from_one_without_cids() {
    let env = share();
    env.refuses(1, "setup nowhere --list").complains("since there is no such folder: nowhere");
    std::fs::create_dir(env.path("empty")).unwrap();
    env.refuses(1, "setup empty --list").complains("nor up to three folders below: empty");
}

#[test]
fn a_copy_is_set_up_in_place_of_the_cid() {
    let env = share();
    let mut terminal = Terminal::new(&env, "setup share/ESXP");
    terminal.shows("Which CIDs are to name the relay?").types(ENTER);
    terminal.shows("What is to be set up?").types(DOWN).types(ENTER);
    // One that is there already is no place for a copy.
    terminal.shows("Copy share/ESXP to:").types(&BACK.repeat(30)).types("share/CIDs").types(ENTER);
    terminal.shows("error:").shows("[a folder that is not there yet]").types(ENTER);
    terminal.shows("Which computer is the relay?").types("10.1.200.65").types(ENTER);
    terminal.shows("Is that right?").types(ENTER).shows("Write this?").types("y").types(ENTER);
    assert_eq!(terminal.ends(), 0, "{}", terminal.printed());
    assert!(!env.path("share/ESXP/rms/mrinit.conf").exists());
    assert!(env.text("share/MRESXP/rms/mrinit.conf").contains("10.1.200.65"));
    let printed = terminal.printed();
    assert!(printed.contains("configcid clone share/ESXP share/MRESXP"), "{printed}");
    check_cid(&env.path("share/MRESXP"), crc32);

    // It was used, and is found again, from anywhere.
    let list = env.run("setup --list --json").ok().json();
    let cids: Vec<&str> = list["cids"].as_array().unwrap().iter().map(|cid| cid["cid"].as_str().unwrap()).collect();
    assert_eq!(cids[0], "[DIR]/share/MRESXP");
    assert_eq!(cids.len(), 2, "{cids:?}");
}

#[test]
fn the_vendors_program_is_found_where_a_catalog_takes_it() {
    let mut env = TestEnv::new();
    env.cid("ESXP", DemoCid { function: Arc::new(Unknown), ..DemoCid::default() });
    env.set("CONFIGCID_PROGRAM", stand_in());
    let before = env.snapshot();
    let asked = |env: &TestEnv| {
        let mut terminal = Terminal::new(env, "setup ESXP");
        terminal.shows("Which CIDs are to name the relay?").types(ENTER);
        terminal.shows("What is to be set up?").types(ENTER);
        terminal.shows("Which computer is the relay?").types("10.1.200.65").types(ENTER);
        terminal.shows("Is that right?").types(ENTER).shows("It is run on a copy. Go on?");
        assert!(terminal.printed().contains("Found: "), "{}", terminal.printed());
        terminal
    };
    let mut terminal = asked(&env);
    terminal.types(ENTER).shows("Write this?").types("y").types(ENTER);
    assert_eq!(terminal.ends(), 0, "{}", terminal.printed());
    assert!(terminal.printed().contains("--refresh-with "), "{}", terminal.printed());
    assert!(env.text("ESXP/rms/mrinit.conf").contains("10.1.200.65"));
    check_cid(&env.path("ESXP"), unknown);
    // One that does it wrong is in the way, which is said; nothing is written.
    env.run("undo ESXP").ok();
    let undone = env.snapshot();
    assert_eq!(undone, before);
    env.set("STAND_IN", "drops a new entry");
    let mut terminal = asked(&env);
    terminal.types(ENTER).shows("Left: nothing was written");
    assert_eq!(terminal.ends(), 1);
    assert_eq!(env.snapshot(), undone);
}

#[test]
fn where_nobody_can_answer_the_way_to_do_it_is_said() {
    let env = share();
    for line in ["setup", "setup share", "setup share --quiet"] {
        env.refuses(2, line).complains("configcid relay set <CID> --relay NAME --dry-run");
    }
    env.run("setup nowhere --list").expect(1).complains("there is no CID here").complains("nowhere");
    env.write("share/ESXP/rms/mrinit.conf", "[Config]\r\nnonsense\r\n");
    std::fs::remove_file(env.path("share/CIDs/S000/SAVSCFXP/cidsync.upd")).unwrap();
    let list = env.run("setup share share/CIDs/S000/SAVSCFXP --list").ok();
    list.says("CID").says("PLATFORM").says("faulty").says("Windows");
    // A CID is listed once, however it was found.
    let json = env.run("setup share share/ESXP ./share --list --json").ok().json();
    assert_eq!(json["cids"].as_array().unwrap().len(), 1, "{json}");
    assert_eq!(json["cids"][0]["state"], "faulty");
}

#[test]
fn a_hostile_name_reaches_no_terminal_and_no_shell() {
    let env = TestEnv::new();
    let name = "a\u{1b}[41mb\u{202E}$(touch x)";
    env.cid(name, DemoCid::default());
    let mut terminal = Terminal::new(&env, "setup");
    terminal.shows("Which CIDs are to name the relay?").types(ENTER);
    terminal.shows("What is to be set up?").types(DOWN).types(ENTER);
    terminal.shows("[a folder that is not there yet]").types("copy").types(ENTER);
    terminal.shows("Which computer is the relay?").types("10.1.200.65").types(ENTER);
    terminal.shows("Is that right?").types(ENTER).shows("Write this?").types("y").types(ENTER);
    assert_eq!(terminal.ends(), 0, "{}", terminal.printed());
    let printed = terminal.printed();
    assert!(!printed.contains("\u{1b}[41m") && !printed.contains('\u{202E}'), "{printed:?}");
    // Whoever pastes what is printed runs nothing.
    assert!(printed.contains("configcid clone 'a\\u{1b}[41mb\\u{202e}$(touch x)' copy"), "{printed}");
    assert!(env.text("copy/rms/mrinit.conf").contains("10.1.200.65"));
}
