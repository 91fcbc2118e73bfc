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
    assert_eq!(found.logs.iter().map(|log| log.utc_offset_minutes).collect::<Vec<_>>(), [60, -120]);
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
    assert_eq!(begun("Router-20261121-183000.log").map(print).as_deref(), Some("2026-11-21T18:30:00Z"));
    for name in ["Router-20261321-183000.log", "Router-20261121.log", "Router-2026112a-183000.log", "Router--.log"] {
        assert_eq!(begun(name), None, "{name}");
    }
    let at = |text: &str| text.parse::<DateTime>().unwrap();
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
