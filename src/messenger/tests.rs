//! Conditions beside a plain evaluator that was written for the test alone, hostile files, and what is remembered.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;

use super::reach::{Budget, reachable};
use super::*;
use crate::base::error::{ErrorKind, Position};
use crate::base::time;

const KINDS: [&str; 3] = ["enterprise-console", "enterprise-manager", "control-center"];
const OSES: [&str; 3] = ["windows", "macos", "linux"];
const TAGS: [&str; 6] = ["en", "de", "de-AT", "de-CH", "fr", "zh-Hant-TW"];
const NAMES: [&str; 3] = ["rms", "SAU", "SavXP"];

/// A condition as the test knows it: plain data, from which the XML is printed.
#[derive(Debug, Clone)]
enum Plain {
    Group(&'static str, Vec<Self>),
    /// Element, attribute, what, lowest, highest.
    Versioned(&'static str, &'static str, &'static str, Option<Vec<u32>>, Option<Vec<u32>>),
    Language(&'static str),
    NotBefore(u64),
    Expires(u64),
}

/// A computer as the test knows it.
#[derive(Debug, Clone)]
struct Computer {
    console: Option<(&'static str, Vec<u32>)>,
    os: Option<(&'static str, Vec<u32>)>,
    components: Vec<(&'static str, Vec<u32>)>,
    language: &'static str,
    hour: u64,
}

fn dots(parts: &[u32]) -> String {
    parts.iter().map(u32::to_string).collect::<Vec<_>>().join(".")
}

fn moment(hour: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_790_000_000 / 3600 * 3600 + hour * 3600)
}

impl Plain {
    fn print(&self, out: &mut String) {
        match self {
            Self::Group(name, inner) => {
                let _ = write!(out, "<{name}>");
                inner.iter().for_each(|one| one.print(out));
                let _ = write!(out, "</{name}>");
            }
            Self::Versioned(element, attribute, what, min, max) => {
                let _ = write!(out, "<{element} {attribute}='{what}'");
                for (name, bound) in [("min", min), ("max", max)] {
                    if let Some(bound) = bound {
                        let _ = write!(out, " {name}='{}'", dots(bound));
                    }
                }
                out.push_str("/>");
            }
            Self::Language(tag) => drop(write!(out, "<language tag='{tag}'/>")),
            Self::NotBefore(hour) => drop(write!(out, "<not-before time='{}'/>", time::print(moment(*hour)))),
            Self::Expires(hour) => drop(write!(out, "<expires time='{}'/>", time::print(moment(*hour)))),
        }
    }

    /// The plain evaluator.
    fn holds(&self, computer: &Computer) -> bool {
        match self {
            Self::Group("any", inner) => inner.iter().any(|one| one.holds(computer)),
            Self::Group("none", inner) => !inner.iter().any(|one| one.holds(computer)),
            Self::Group(_, inner) => inner.iter().all(|one| one.holds(computer)),
            Self::Versioned(element, _, what, min, max) => {
                let version = match *element {
                    "console" => computer.console.iter().find(|(kind, _)| kind == what).map(|(_, version)| version),
                    "os" => computer.os.iter().find(|(os, _)| os == what).map(|(_, version)| version),
                    _ => computer
                        .components
                        .iter()
                        .find(|(name, _)| name.to_lowercase() == what.to_lowercase())
                        .map(|(_, version)| version),
                };
                let Some(version) = version else { return false };
                let at = |part: usize| *version.get(part).unwrap_or(&0);
                let from = |min: &Vec<u32>| {
                    let differs = (0..min.len()).find(|part| at(*part) != min[*part]);
                    differs.is_none_or(|part| at(part) > min[part])
                };
                let to = |max: &Vec<u32>| {
                    let differs = (0..max.len()).find(|part| at(*part) != max[*part]);
                    differs.is_none_or(|part| at(part) < max[part])
                };
                min.as_ref().is_none_or(from) && max.as_ref().is_none_or(to)
            }
            Self::Language(tag) => {
                let (tag, own) = (tag.to_lowercase(), computer.language.to_lowercase());
                own == tag || own.starts_with(&format!("{tag}-"))
            }
            Self::NotBefore(hour) => computer.hour >= *hour,
            Self::Expires(hour) => computer.hour < *hour,
        }
    }
}

fn version() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(0u32..3, 1..4)
}

fn condition() -> impl Strategy<Value = Plain> {
    let range = || (prop::option::of(version()), prop::option::of(version()));
    let versioned = |element, attribute, names: [&'static str; 3]| {
        (prop::sample::select(names.to_vec()), range())
            .prop_map(move |(name, (min, max))| Plain::Versioned(element, attribute, name, min, max))
    };
    let leaf = prop_oneof![
        versioned("console", "kind", KINDS),
        versioned("os", "name", OSES),
        versioned("component", "name", NAMES),
        prop::sample::select(TAGS.to_vec()).prop_map(Plain::Language),
        (0u64..4).prop_map(Plain::NotBefore),
        (0u64..4).prop_map(Plain::Expires),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        (prop::sample::select(vec!["all", "any", "none"]), prop::collection::vec(inner, 1..4))
            .prop_map(|(name, inner)| Plain::Group(name, inner))
    })
}

fn computer() -> impl Strategy<Value = Computer> {
    let of = |names: [&'static str; 3]| prop::option::of((prop::sample::select(names.to_vec()), version()));
    let components = (of(NAMES), of(NAMES)).prop_map(|(a, b)| {
        let mut all: Vec<_> = a.into_iter().collect();
        all.extend(b.filter(|b| all.iter().all(|one| one.0 != b.0)));
        all
    });
    (of(KINDS), of(OSES), components, prop::sample::select(TAGS.to_vec()), 0u64..5)
        .prop_map(|(console, os, components, language, hour)| Computer { console, os, components, language, hour })
}

impl Computer {
    fn profile(&self) -> Profile {
        let mut text = String::new();
        for (table, key, thing) in [("console", "kind", &self.console), ("os", "name", &self.os)] {
            if let Some((name, version)) = thing {
                let _ = writeln!(text, "[{table}]\n{key} = '{name}'\nversion = '{}'", dots(version));
            }
        }
        text.push_str("[components]\n");
        for (name, version) in &self.components {
            let _ = writeln!(text, "{name} = '{}'", dots(version));
        }
        Profile::parse(&text).unwrap()
    }
}

fn file_with(conditions: &[Plain]) -> MessageFile {
    let mut inner = String::new();
    conditions.iter().for_each(|one| one.print(&mut inner));
    parse(&format!("<conditions>{inner}</conditions>"))
}

fn parse(conditions: &str) -> MessageFile {
    MessageFile::parse(whole(conditions).as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

fn whole(conditions: &str) -> String {
    format!(
        "<messages version='1' default-language='en'><message id='a' severity='warning'>{conditions}\
         <text lang='en'><title>A</title><body>B</body></text></message></messages>"
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn conditions_hold_as_a_plain_evaluator_says(
        conditions in prop::collection::vec(condition(), 1..4),
        computers in prop::collection::vec(computer(), 8),
    ) {
        let file = file_with(&conditions);
        let message = &file.messages[0];
        let mut budget = Budget(10_000_000);
        let can = reachable(&message.conditions, None, &mut budget);
        for computer in &computers {
            let (profile, language) = (computer.profile(), computer.language.parse().unwrap());
            let setting = Setting { profile: &profile, time: moment(computer.hour), language: &language };
            let refusal = evaluate(message, setting);
            let expected = conditions.iter().all(|one| one.holds(computer));
            prop_assert_eq!(refusal.is_none(), expected);
            // What is shown somewhere is never called unreachable; what is shown later has not expired.
            if expected {
                prop_assert_eq!(can, Some(true));
                prop_assert_eq!(reachable(&message.conditions, Some(moment(computer.hour)), &mut budget), Some(true));
            }
            if let Some(refusal) = refusal {
                for words in [&ENGLISH, &GERMAN] {
                    prop_assert!(refusal.what(setting, words).contains("1: "));
                }
            }
        }
    }

    #[test]
    fn what_is_called_reachable_is_shown_somewhere(conditions in prop::collection::vec(condition(), 1..3)) {
        let file = file_with(&conditions);
        let message = &file.messages[0];
        let can = reachable(&message.conditions, None, &mut Budget(10_000_000)).unwrap();
        // All computers that the strategies above can tell apart would be too many: only the one thing that is asked for
        // is varied where that is enough.
        if let [Plain::Versioned(element, _, what, min, max)] = conditions.as_slice() {
            let versions = (0..4u32.pow(3)).map(|n| vec![n / 16, n / 4 % 4, n % 4]);
            let found = versions.into_iter().any(|version| {
                let thing = Some((*what, version));
                let computer = Computer {
                    console: thing.clone().filter(|_| *element == "console"),
                    os: thing.clone().filter(|_| *element == "os"),
                    components: thing.into_iter().filter(|_| *element == "component").collect(),
                    language: "en",
                    hour: 0,
                };
                conditions[0].holds(&computer)
            });
            prop_assert_eq!(can, found, "{:?} {:?}", min, max);
        }
    }

    #[test]
    fn any_bytes_give_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = MessageFile::parse(&bytes).map_err(|error| error.to_string());
        let _ = State::parse(&bytes).map_err(|error| error.to_string());
        let text = String::from_utf8_lossy(&bytes);
        let _ = Profile::parse(&text).map_err(|error| error.to_string());
        let _ = Config::parse(&text, "".as_ref()).map_err(|error| error.to_string());
    }

    #[test]
    fn a_cut_or_changed_file_gives_an_answer(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = include_bytes!("../../templates/messenger.example.xml").to_vec();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        if let Err(error) = MessageFile::parse(&bytes) {
            prop_assert_eq!(error.kind(), ErrorKind::MessengerFormat);
            let is_placed = matches!(error.position(), Some(Position::Character { .. }));
            prop_assert!(is_placed, "{}", error);
        }
        let findings = lint(&bytes, UNIX_EPOCH);
        prop_assert!(findings.iter().all(|finding| finding.line > 0 && finding.column > 0));
    }

    #[test]
    fn states_come_back(
        shown in prop::collection::btree_map("[a-z][a-z0-9.-]{0,8}", (0u64..1000, prop::option::of(0u64..1000)), 0..6),
        reporting in any::<bool>(),
    ) {
        let mut state = State::new([7; 16]);
        state.reporting = reporting;
        for (id, (displayed, acknowledged)) in &shown {
            prop_assert!(state.display(id, moment(*displayed)));
            prop_assert!(!state.display(id, moment(*displayed + 1)));
            if let Some(hour) = acknowledged {
                prop_assert_eq!(state.acknowledge(id, moment(*hour)), Some(true));
                prop_assert_eq!(state.acknowledge(id, moment(*hour)), Some(false));
            }
        }
        let again = State::parse(&state.print()).unwrap();
        prop_assert_eq!(&again, &state);
        let events = shown.len() + shown.values().filter(|(_, acknowledged)| acknowledged.is_some()).count();
        prop_assert_eq!(again.reports.len(), if reporting { events } else { 0 });
    }
}

/// A fault, its line and its column.
#[track_caller]
fn refused(text: &str, line: usize, column: usize, what: &str) {
    let error = MessageFile::parse(text.as_bytes()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MessengerFormat);
    assert!(error.what().contains(what), "{error}");
    assert_eq!(error.position(), Some(Position::Character { line, column }), "{error}");
}

#[test]
fn what_makes_xml_dangerous_is_refused_with_its_place() {
    let bomb = "<?xml version=\"1.0\"?>\n<!DOCTYPE m [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;\">]>\n<messages>&b;</messages>";
    refused(bomb, 2, 1, "document type");
    refused("<!DOCTYPE m SYSTEM \"file:///etc/passwd\"><messages/>", 1, 1, "document type");
    refused("<messages version='1' default-language='en'>\n  &xxe;</messages>", 2, 3, "entity &xxe;");
    refused("<messages version='1' default-language='&xxe;'/>", 1, 1, "xxe");
    refused("<messages version='1'\n  default-language='en'>\n<message id='\u{1}'/></messages>", 3, 14, "U+0001");
    refused("<a>&#27;</a>", 1, 4, "U+001B");
    refused("<a>&#xD800;</a>", 1, 4, "");
    refused("<a b='&#8;'/>", 1, 1, "U+0008");
    refused("<a/><b/>", 1, 5, "second root");
    refused("<a>", 1, 1, "no end");
    refused("<a></b>", 1, 4, "");
    refused("x<a/>", 1, 1, "outside");
    refused("", 1, 1, "no element");
    refused("\n<?xml version='1.0'?><messages/>", 2, 1, "very beginning");
    refused("<?xml version='1.1'?><messages/>", 1, 1, "XML 1.0");
    refused("<?xml version='1.0' encoding='iso-8859-1'?><messages/>", 1, 1, "iso-8859-1");
    refused(&"<all>".repeat(100), 1, 5 * MAX_DEPTH + 1, "deeper");
    refused(&format!("<a {}/>", "b='' ".repeat(5000)), 1, 1, "longer than");
    let utf16: Vec<u8> = "<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(MessageFile::parse(&[&[0xFF, 0xFE][..], &utf16].concat()).unwrap_err().what().contains("UTF-16"));
    let latin = MessageFile::parse(b"<a>\n\xE4</a>").unwrap_err();
    assert_eq!(latin.position(), Some(Position::Character { line: 2, column: 1 }));
}

#[test]
fn what_the_schema_forbids_is_refused_with_its_place() {
    for (conditions, what) in [
        ("<conditions/>", "holds no condition"),
        ("<conditions><all/></conditions>", "holds no condition"),
        ("<conditions>x<os name='windows'/></conditions>", "no text of its own"),
        ("<conditions><os/></conditions>", "lacks the attribute name"),
        ("<conditions><os name='beos'/></conditions>", "name is \"beos\""),
        ("<conditions><os name='windows' min='x'/></conditions>", "no version"),
        ("<conditions><os name='windows' min='1.2.3.4.5.6.7.8.9'/></conditions>", "no version"),
        ("<conditions><os name='windows' version='1'/></conditions>", "no attribute version"),
        ("<conditions><os name='windows'>x</os></conditions>", "no text of its own"),
        ("<conditions><component name=''/></conditions>", "component"),
        ("<conditions><language tag='x'/></conditions>", "no language tag"),
        ("<conditions><expires time='2026-11-21T08:00:00'/></conditions>", "no time"),
        ("<conditions><expires at='2026'/></conditions>", "no attribute at"),
        ("<conditions><when/></conditions>", "<when> may not stand here"),
        ("<conditions><os name='linux'/></conditions><conditions><os name='linux'/></conditions>", "already"),
        (
            "<text lang='de'><title>A</title><body>B</body></text><conditions><os name='linux'/></conditions>",
            "between two <text>",
        ),
        ("<text lang='EN'><title>A</title><body>B</body></text>", "already"),
        ("<text lang='de'><title> </title><body>B</body></text>", "empty"),
        ("<text lang='de'><title>A</title></text>", "no <body>"),
        ("<text lang='de'><title>A</title><body>B</body><body>B</body></text>", "already"),
        ("<text lang='de'><title>A<b/></title><body>B</body></text>", "holds no element"),
    ] {
        let error = MessageFile::parse(whole(conditions).as_bytes()).unwrap_err();
        assert!(error.what().contains(what), "{conditions}: {error}");
        assert!(matches!(error.position(), Some(Position::Character { .. })), "{error}");
    }
    let many = format!("<conditions>{}</conditions>", "<os name='linux'/>".repeat(MAX_CONDITIONS + 1));
    assert!(MessageFile::parse(whole(&many).as_bytes()).unwrap_err().what().contains("more than"));
}

#[test]
fn paragraphs_and_entities_are_read_as_meant() {
    let text = "<text lang='de'><title> a &amp;\n b&#xE4; <![CDATA[<c>]]></title><body>\n  one\n  two\n \n\n  three\n</body></text>";
    let file = parse(text);
    let text = file.text(&file.messages[0], &"de".parse().unwrap());
    assert_eq!((text.title.as_str(), text.body.as_str()), ("a & b\u{e4} <c>", "one two\n\nthree"));
}

#[test]
fn large_files_are_read() {
    let mut xml = "<messages version='1' default-language='en'>".to_owned();
    for at in 0..10_000 {
        let _ = write!(
            xml,
            "<message id='m{at}' severity='warning'><conditions><none><os name='windows' max='{at}'/></none></conditions>\
             <text lang='en'><title>T{at}</title><body>B</body></text></message>"
        );
    }
    let large = "word ".repeat((1 << 20) / 5);
    let _ = write!(
        xml,
        "<message id='large' severity='critical'><text lang='en'><title>{large}</title><body>{large}</body></text></message>\
         </messages>"
    );
    let file = MessageFile::parse(xml.as_bytes()).unwrap();
    assert_eq!(file.messages.len(), 10_001);
    assert_eq!(file.messages[10_000].texts[0].body.len(), large.len() - 1);
    let findings = lint_file(&file, UNIX_EPOCH);
    assert_eq!(findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), [Code::LongTitle]);
}

#[test]
fn hard_conditions_do_not_take_forever() {
    // So many components in pairs, each of which must be there or not: more than can be tried.
    let mut inner = String::new();
    for at in 0..140 {
        let _ = write!(inner, "<any><component name='a{at}'/><component name='b{at}'/></any>");
        let _ =
            write!(inner, "<none><all><component name='a{at}'/><component name='b{}'/></all></none>", (at + 7) % 140);
    }
    inner.push_str("<component name='z' min='2' max='1'/>");
    let file = parse(&format!("<conditions>{inner}</conditions>"));
    let found = lint_file(&file, UNIX_EPOCH);
    assert!(found.iter().all(|finding| finding.code == Code::Unreachable));
}

#[test]
fn reports_wait_longer_each_time_and_not_for_ever() {
    let mut state = State::new([0; 16]);
    state.reporting = true;
    state.display("a", moment(0));
    let report = &mut state.reports[0];
    let (mut now, mut before) = (moment(0), Duration::ZERO);
    for attempt in 1..=state::MAX_ATTEMPTS {
        assert!(report.is_due(now));
        assert_eq!(report.failed("no answer", now), attempt < state::MAX_ATTEMPTS);
        let pause = report.next.duration_since(now).unwrap();
        assert!(pause >= before && pause <= Duration::from_secs(86_400), "{pause:?}");
        assert!(!report.is_due(now + pause - Duration::from_secs(1)));
        (now, before) = (report.next, pause);
    }
    // The clock was years ahead, and is right now.
    assert!(report.is_due(moment(0) - Duration::from_secs(100_000_000)));
}

/// Takes every report; what else happens meanwhile, it does first.
struct Busy<'a> {
    store: &'a Store,
    taken: std::cell::RefCell<Vec<(String, state::Event)>>,
}

impl Sender for Busy<'_> {
    fn send(&self, report: &Report, _: &str) -> std::result::Result<(), Failure> {
        let other = Busy { store: self.store, taken: Default::default() };
        self.store.update(|state| state.acknowledge(&report.message, moment(0))).unwrap();
        let delivery = deliver(self.store, &other, moment(0)).unwrap();
        assert_eq!((delivery.sent, other.taken.into_inner().len()), (0, 0));
        self.taken.borrow_mut().push((report.message.clone(), report.event));
        Ok(())
    }
}

#[test]
fn each_report_is_sent_by_one_process_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path());
    // A process that was killed while it wrote.
    std::fs::write(folder.path().join("state.new"), "{").unwrap();
    let shown = |state: &mut State| {
        state.reporting = true;
        ["one", "two"].map(|id| state.display(id, moment(0)))
    };
    store.update(shown).unwrap();
    assert!(!folder.path().join("state.new").exists());
    let sender = Busy { store: &store, taken: Default::default() };
    let delivery = deliver(&store, &sender, moment(0)).unwrap();
    assert_eq!((delivery.sent, delivery.kept, delivery.dropped, delivery.error), (4, 0, 0, None));
    let taken = sender.taken.into_inner();
    for id in ["one", "two"] {
        let events: Vec<_> = taken.iter().filter(|(of, _)| of == id).map(|(_, event)| event.name()).collect();
        assert_eq!(events, ["displayed", "acknowledged"]);
    }
}

#[test]
fn reports_are_bounded() {
    let mut state = State::new([0; 16]);
    state.reporting = true;
    for at in 0..2 * state::MAX_REPORTS {
        state.display(&format!("m{at}"), moment(at as u64));
    }
    assert_eq!(state.reports.len(), state::MAX_REPORTS);
    assert_eq!(state.reports[0].message, format!("m{}", state::MAX_REPORTS));
    assert_eq!(State::parse(&state.print()).unwrap(), state);
}

#[test]
fn the_profile_of_the_template_is_read() {
    let profile = Profile::parse(include_str!("../../templates/messenger-profile.example.toml")).unwrap();
    assert_eq!(profile.language, Some("de-at".parse().unwrap()));
    assert_eq!(profile.console, Some((ConsoleKind::EnterpriseConsole, "5.5.1".parse().unwrap())));
    let names: BTreeMap<_, _> = profile.components;
    assert_eq!(names.keys().collect::<Vec<_>>(), ["rms", "sau", "savxp"]);
    let error = Profile::parse("language = 'de'\nlangage = 'x'\n").unwrap_err();
    assert_eq!(error.position(), Some(Position::Character { line: 2, column: 1 }), "{error}");
    for bad in ["language = 'x'", "[os]\nname = 'windows'", "[components]\na = 'x'", "session = 'here'", "a", "[["] {
        assert_eq!(Profile::parse(bad).unwrap_err().kind(), ErrorKind::MessengerFormat, "{bad}");
    }
}
