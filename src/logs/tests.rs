use std::fs;

use jiff::civil::DateTime;

use super::super::files::{begun, offset};
use super::super::model::Levels;
use super::super::states::State;
use super::*;

fn report(logs: &[(&str, &str)]) -> LogReport {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in logs {
        fs::write(dir.path().join(name), text).unwrap();
    }
    super::logs(dir.path()).unwrap()
}

/// Lines of one minute each, from 12:00 on.
fn log(texts: &[&str]) -> String {
    let line = |(minute, text): (usize, &&str)| format!("21.11.2026 12:{minute:02}:00 0D38 {text}\r\n");
    texts.iter().enumerate().map(line).collect()
}

const START: [&str; 6] = [
    "I Sophos Messaging Router 3.4.0.1 starting...",
    "I Initializing CORBA...",
    "I This router's IOR:\r\nIOR:010000002600",
    "I Successfully validated this router's IOR",
    "I Reading router table file",
    "I Waiting for messages...",
];
const PARENT: [&str; 3] = [
    "I Getting parent router IOR from 10.1.200.65:8192",
    "I Parent is Router$SERVER",
    "I Logged on to parent router as Router$PC:7",
];

#[test]
fn healthy_starts_and_those_that_stop() {
    let start = |lines: &[&str]| report(&[("Router-20261121-110000.log", &log(lines))]).starts.pop().unwrap();
    let whole = [&START[..], &PARENT].concat();
    for steps in 1..=whole.len() {
        let start = start(&whole[..steps]);
        assert_eq!(start.healthy, steps == 6 || steps == 9, "{steps}: {start:?}");
        assert_eq!(start.reached, STEPS[steps - 1].0);
        assert_eq!(start.stopped_before, (!start.healthy).then(|| STEPS[steps].0));
        assert_eq!(start.missing, Vec::<&str>::new());
    }
    let short = start(&[whole[0], whole[5]]);
    assert!(short.healthy && short.missing == ["initializing CORBA", "own IOR", "own IOR validated", "router table"]);
}

#[test]
fn what_happened_is_counted_and_timed() {
    let first = log(&[&START[..], &PARENT[..1]].concat());
    let more = log(&[
        "W Session with Router$A lost",
        "E SSL handshake with 10.0.0.9 failed\r\nOMG minor code (2)\r\nsecond",
        "N Lost connection to Router$B",
        START[0],
        START[5],
    ]);
    let found = report(&[
        ("Router-20261121-140000.log", &more),
        ("router-20261121-110000.LOG", &first),
        ("Agent-20261121-110000.log", "21.11.2026 12:00:00 0D38 E x"),
    ]);
    assert_eq!(found.logs.iter().map(|log| log.utc_offset_minutes).collect::<Vec<_>>(), [Some(60), Some(-120)]);
    assert_eq!((found.lines, found.continuations), (12, 3));
    assert_eq!(found.levels, Levels { information: 9, notice: 1, warning: 1, error: 1 });
    let starts: Vec<_> = found.starts.iter().map(|start| (start.time.as_str(), start.healthy)).collect();
    assert_eq!(starts, [("2026-11-21T11:00:00Z", false), ("2026-11-21T14:03:00Z", true)]);
    assert_eq!(found.parents.len(), 1);
    assert_eq!((found.parents[0].address.as_str(), found.parents[0].happened.count), ("10.1.200.65:8192", 1));
    assert_eq!(found.lost_sessions.count, 2);
    assert_eq!(found.lost_sessions_per_hour, [Hour { hour: "2026-11-21T14:00:00Z".into(), count: 2 }]);
    assert_eq!(found.failed_handshakes.first.as_deref(), Some("2026-11-21T14:01:00Z"));
    let error = found.last_error.unwrap();
    assert_eq!(
        (error.line, error.text.as_str()),
        (2, "SSL handshake with 10.0.0.9 failed\nOMG minor code (2)\nsecond")
    );
}

#[test]
fn names_and_offsets() {
    let at = |text: &str| text.parse::<DateTime>().unwrap();
    assert_eq!(begun("Router-20261121-183000.log"), Some((Kind::Router, at("2026-11-21T18:30:00"))));
    for name in ["Router-20261321-183000.log", "Router-20261121.log", "Router-2026112a-183000.log", "Router--.log"] {
        assert_eq!(begun(name), None, "{name}");
    }
    let name = at("2026-11-21T18:30:00");
    for (first, minutes) in [
        ("2026-11-21T18:30:04", 0),
        ("2026-11-21T19:30:01", 60),
        ("2026-11-22T00:00:01", 330),
        ("2026-11-21T15:00:00", -210),
        ("2026-11-25T15:00:00", 0),
    ] {
        assert_eq!(offset(name, at(first)), minutes, "{first}");
    }
    let dir = tempfile::tempdir().unwrap();
    assert!(super::logs(dir.path()).is_err() && super::logs(&dir.path().join("none")).is_err());
}

#[test]
fn a_long_error_is_cut() {
    let mut text = log(&["E x"]);
    text.push_str(&"ü\n".repeat(10_000));
    let error = report(&[("Router-20261121-110000.log", &text)]).last_error.unwrap();
    const MAX_TEXT: usize = 4 << 10;
    assert!(error.text.len() <= MAX_TEXT && error.text.len() > MAX_TEXT - 4, "{}", error.text.len());
}

#[test]
fn the_last_error_is_the_last_in_time() {
    let line = |clock: &str, what: &str| format!("21.11.2026 {clock} 0D38 {what}\n");
    let long = line("18:30:00", "I x") + &line("23:30:00", "E late");
    let short = line("19:30:00", "I x") + &line("20:31:00", "E early") + "more of it\n";
    let found = report(&[("Router-20261121-183000.log", &long), ("Router-20261121-193000.log", &short)]);
    assert_eq!(found.last_error.unwrap().text, "late");
}

/// What the logs say of a router whose lines are these, a minute apart.
fn verdict(lines: &[&str]) -> super::super::model::Verdict {
    report(&[("Router-20261121-110000.log", &log(lines))]).verdict
}

const LOST: &str = "W Lost session with parent router:err=system exception, ID 'IDL:omg.org/CORBA/COMM_FAILURE:1.0'\r\nOMG minor code (6), described as '*unknown description*', completed = MAYBE";
const FAILED: &str = "W Failed to get parent router IOR:err=system exception, ID 'IDL:omg.org/CORBA/TRANSIENT:1.0'\r\nOMG minor code (2), described as '*unknown description*', completed = NO";

#[test]
fn the_state_at_the_end_decides() {
    let whole = [&START[..], &PARENT].concat();
    let of = |more: &[&str]| verdict(&[&whole[..], more].concat());
    let well = of(&[]);
    assert_eq!((well.state, well.well, well.since.as_deref()), (State::LoggedOn, true, Some("2026-11-21T11:08:00Z")));
    // Whatever the level of the line, a loss is one.
    for level in ["I", "N", "W", "E"] {
        let lost = of(&[&format!("{level} Lost session with parent router"), FAILED, FAILED]);
        assert_eq!((lost.state, lost.well, lost.failed_tries, lost.lost), (State::Retrying, false, 2, 1), "{level}");
        assert_eq!((lost.since.as_deref(), lost.lost_seconds), (Some("2026-11-21T11:09:00Z"), 120));
        assert_eq!(lost.exceptions, ["TRANSIENT"]);
        assert!(lost.evidence[1].text.ends_with("completed = NO"), "{:?}", lost.evidence);
    }
    // It came back.
    let back = of(&[LOST, FAILED, PARENT[0], PARENT[2], "I Routing to EM"]);
    assert_eq!((back.state, back.well, back.lost, back.lost_seconds), (State::LoggedOn, true, 1, 180));
    // The loss of one below says nothing of the parent, by whatever name the parent is known.
    for below in ["W Session with Router$A:12 lost", "W Lost connection to 10.1.200.6:8194"] {
        assert!(of(&[below]).well, "{below}");
    }
    for parent in ["W Session with Router$SERVER lost", "W Lost connection to 10.1.200.65:8194", "W Session lost"] {
        assert_eq!(of(&[parent]).state, State::Lost, "{parent}");
    }
    let off = of(&["I Logged off parent router", "I Sophos Messaging Router stopped"]);
    assert_eq!((off.state, off.well), (State::Off, false));
    // A start anew does not make one forget since when it is so.
    let again = of(&[LOST, START[0], START[5], PARENT[0], FAILED]);
    assert_eq!((again.since.as_deref(), again.failed_tries), (Some("2026-11-21T11:09:00Z"), 1));
    let never = verdict(&[START[0], PARENT[0], FAILED]);
    assert!(never.what.starts_with("not connected since it started at 2026-11-21T11:00:00Z"), "{}", never.what);
    assert_eq!(verdict(&[START[0], START[5]]).state, State::Accepting);
    assert_eq!(verdict(&[START[0], START[1]]).state, State::Starting);
    assert_eq!(verdict(&["I Routing to EM"]).state, State::Unknown);
}

#[test]
fn certificates_that_do_not_come() {
    let first = [
        START[0],
        "W No public key certificate found in the store. Requesting a new certificate.",
        PARENT[0],
        "I Getting a new router certificate...",
        "I SSL handshake done, local IP address = 10.9.8.99",
        "I Current certificate name is ",
        "I Sending unique token request...",
    ];
    let hangs = verdict(&first);
    assert_eq!((hangs.state, hangs.well), (State::WaitingForCertificate, false));
    let there = ["I Got unique token", "I New certificate name is Router$PC:7", START[5], PARENT[2]];
    let comes = verdict(&[&first[..], &there].concat());
    assert_eq!((comes.state, comes.well), (State::LoggedOn, true));
}

#[test]
fn logs_of_others_have_verdicts_of_their_own() {
    let agent = log(&[
        "I Sophos Agent 3.4 starting...",
        "I Logged on to router as Router$PC.Agent",
        "N Lost connection to router",
    ]);
    let manager = log(&["I [CertMgr]Certification Manager starting...", "I [CertMgr]Waiting for messages..."]);
    let found = report(&[
        ("Router-20261121-110000.log", &log(&[START[0], START[5]])),
        ("Agent-20261121-110000.log", &agent),
        ("CertManager-20261121-110000.log", &manager),
    ]);
    let states: Vec<_> = found.all().map(|report| (report.kind, report.verdict.state)).collect();
    assert_eq!(
        states,
        [(Kind::Router, State::Accepting), (Kind::Agent, State::Lost), (Kind::CertificationManager, State::Accepting)]
    );
    assert!(!found.is_well());
}

#[test]
fn logs_that_overlap_are_read_in_the_order_of_time_and_lines_count_once() {
    let whole = log(&[&START[..], &PARENT, &[LOST, FAILED, FAILED]].concat());
    let lines: Vec<&str> = whole.split_inclusive("21.11").collect();
    assert!(lines.len() > 10);
    // The same lines in a second log, which was begun while the first one went on.
    let tail = whole.find("21.11.2026 12:05").map(|at| &whole[at..]).unwrap();
    let found = report(&[("Router-20261121-110000.log", &whole), ("Router-20261121-110500.log", tail)]);
    assert_eq!((found.verdict.failed_tries, found.verdict.lost), (2, 1));
    assert!(found.repeated >= 5, "{}", found.repeated);
    // Two logs, the lines of which take turns.
    let one = log(&[START[0], "I x", PARENT[2], "I x", "I Logged on to parent router as Router$PC:7"]);
    let other = "21.11.2026 12:03:30 0D38 W Lost session with parent router\n";
    let found = report(&[("Router-20261121-110000.log", &one), ("Router-20261121-110330.log", other)]);
    assert_eq!((found.verdict.state, found.verdict.lost), (State::LoggedOn, 1));
}

#[test]
fn crashes_and_power_failures_are_told() {
    let crash = "E TAO.dll ????????.???(0) TAO_Incoming_Message_Queue::copy_tail + 57 caught structured exception ACCESS_VIOLATION (code = c0000005)\r\nexception occurred at address 526DFE39";
    let mut text = log(&[&START[..], &PARENT, &[crash], &START[..], &PARENT].concat());
    text.push_str(&"\0".repeat(4096));
    let found = report(&[("Router-20261121-110000.log", &text), ("Router-20261122-110000.log", "")]);
    assert_eq!((found.crashes.count, found.start_count), (1, 2));
    assert!(found.last_crash.unwrap().text.contains("526DFE39"));
    assert!(found.verdict.next.iter().any(|next| next.contains("[113093]")), "{:?}", found.verdict.next);
    assert!(found.notes.iter().any(|note| note.contains("4096 zeros")), "{:?}", found.notes);
    assert!(found.notes.iter().any(|note| note.starts_with("Router-20261122-110000.log: there is no line")));
    assert!(found.verdict.well);
}

#[test]
fn one_log_says_itself_what_it_was_called() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("from the customer.txt");
    let lines = [
        "I SOF: C:\\ProgramData/Sophos/Remote Management System/3/Router/Logs/Router-20261121-110000.log",
        START[0],
        START[5],
    ];
    fs::write(&path, log(&lines)).unwrap();
    let found = super::logs(&path).unwrap();
    assert_eq!(found.starts[0].time, "2026-11-21T11:01:00Z");
    // In its folder it is found, too.
    assert_eq!(super::logs(dir.path()).unwrap().starts, found.starts);
    // Without that, its times are its own.
    fs::write(&path, log(&lines[1..])).unwrap();
    let found = super::logs(&path).unwrap();
    assert_eq!((found.starts[0].time.as_str(), found.logs[0].utc_offset_minutes), ("2026-11-21T12:00:00", None));
    assert!(found.notes[0].contains("not UTC"));
}

#[test]
fn many_starts_are_kept_to_the_last() {
    let line = "21.11.2026 12:00:00 0D38 I Sophos Messaging Router 3.4.0.1 starting...\n";
    let found = report(&[("Router-20261121-110000.log", &line.repeat(30_000))]);
    assert_eq!((found.start_count, found.starts.len()), (30_000, MAX_TOLD));
    assert_eq!(found.starts.last().unwrap().line, 30_000);
}
