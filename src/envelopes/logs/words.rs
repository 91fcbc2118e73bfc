//! What the lines of a router's log say. The vendor publishes no list of them: the words are assumptions
//! (formats.md, section 7 \[A\]), and stand here alone.

use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

/// The steps of a healthy start, in their order, each with what its line says. A router without a parent is up with the
/// step [`WAITING`]; one that asks for its parent is up with the last.
pub(super) const STEPS: [(&str, &str); 9] = [
    ("starting", r"router\b.*\bstart(?:ing|ed)\b|\bstart(?:ing|ed)\b.*\brouter\b"),
    ("initializing CORBA", r"initiali[sz](?:ing|ed) (?:the )?(?:corba|orb)\b|creating (?:the )?orb\b"),
    ("own IOR", r"(?:^|\] ?)this router'?s ior\b|ior of this router"),
    ("own IOR validated", r"validated this router'?s ior|this router'?s ior (?:is|was) valid"),
    ("router table", r"router table"),
    ("waiting for messages", r"waiting for messages"),
    ("asking the parent", r"getting (?:the )?parent(?: router)?'?s? ior|accessing (?:the )?parent"),
    (
        "parent found",
        r"(?:got|received) (?:the )?parent(?: router)?'?s? ior|\bparent (?:router )?is\b|parent(?: router)?'?s? ior is",
    ),
    ("logged on to the parent", r"logged on to (?:the )?parent"),
];

/// The index of the step with which a router without a parent is up.
pub(super) const WAITING: usize = 5;
/// The index of the first step that only a router with a parent takes.
pub(super) const ASKING: usize = 6;

/// A session that was lost.
const LOST: &str = r"\b(?:session|connection|logon)\b.{0,80}\b(?:lost|dropped|broken|timed[ -]?out|terminated|closed unexpectedly)\b|\b(?:lost|dropped|broken)\b.{0,40}\b(?:session|connection|logon)\b";

/// A handshake that failed.
const HANDSHAKE: &str = r"handshake.{0,80}(?:fail|error|refused|rejected|abort|timed[ -]?out)|(?:fail|error|refused|rejected|abort|timed[ -]?out).{0,80}handshake|ssl.{0,60}\berror|ssl routines|certificate.{0,60}(?:verif\w* fail|rejected|expired|invalid)";

/// The address of the parent, in a line that speaks of it.
const PARENT: &str =
    r#"\bparent\b[^\n]{0,60}?(?:\bfrom|\baddress(?:es)?(?: is)?|\bat)\s*[:=]?\s*"?([a-z0-9_\[][a-z0-9_.:,\[\]$-]*)"#;

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    Step(usize),
    LostSession,
    FailedHandshake,
}

static TOPICS: LazyLock<RegexSet> = LazyLock::new(|| {
    let patterns = STEPS.iter().map(|(_, pattern)| *pattern).chain([LOST, HANDSHAKE]);
    RegexSetBuilder::new(patterns)
        .case_insensitive(true)
        .unicode(false)
        .build()
        .expect("the patterns stand in this file")
});

static PARENT_ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    RegexBuilder::new(PARENT).case_insensitive(true).unicode(false).build().expect("the pattern stands in this file")
});

/// What a line is about.
pub(super) fn topics(text: &str) -> impl Iterator<Item = Topic> {
    TOPICS.matches(text.as_bytes()).into_iter().map(|index| match index {
        step if step < STEPS.len() => Topic::Step(step),
        step if step == STEPS.len() => Topic::LostSession,
        _ => Topic::FailedHandshake,
    })
}

/// The parent's address, where a line names it.
pub(super) fn parent(text: &str) -> Option<&str> {
    // Most lines do not speak of it.
    if !text.as_bytes().windows(6).any(|word| word.eq_ignore_ascii_case(b"parent")) {
        return None;
    }
    let found = PARENT_ADDRESS.captures(text.as_bytes())?.get(1)?;
    let found = text.get(found.range())?.trim_end_matches(['.', ',', ':']);
    // An address has a dot, a colon or a port; other words may follow the same ones.
    (found.contains(['.', ':', ',']) && found.len() <= 512).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_by_their_words() {
        for (text, topic) in [
            ("Sophos Messaging Router 3.4.0.1 starting...", Some(Topic::Step(0))),
            ("Initializing CORBA...", Some(Topic::Step(1))),
            ("This router's IOR:", Some(Topic::Step(2))),
            ("Successfully validated this router's IOR", Some(Topic::Step(3))),
            ("Reading router table file", Some(Topic::Step(4))),
            ("Waiting for messages...", Some(Topic::Step(5))),
            ("Getting parent router IOR from 10.1.200.65:8192", Some(Topic::Step(6))),
            ("Parent is Router$SERVER", Some(Topic::Step(7))),
            ("Logged on to parent router as Router$PC", Some(Topic::Step(8))),
            ("Session with Router$PC lost", Some(Topic::LostSession)),
            ("Lost connection to 10.0.0.1", Some(Topic::LostSession)),
            ("SSL handshake with 10.0.0.9 failed", Some(Topic::FailedHandshake)),
            ("ACE_SSL (12|34) error code: 336151568", Some(Topic::FailedHandshake)),
            ("Routing to EM: id=03A4, origin=Router$PC", None),
            ("New session with Router$PC", None),
        ] {
            let found: Vec<Topic> = topics(text).collect();
            assert!(
                found.iter().all(|found| Some(*found) == topic) && found.len() == usize::from(topic.is_some()),
                "{text}: {found:?}"
            );
        }
    }

    #[test]
    fn the_parent_is_an_address() {
        for (text, address) in [
            ("Getting parent router IOR from 10.1.200.65:8192", Some("10.1.200.65:8192")),
            ("Failed to get parent router IOR from MRComputer.Sales.Acme:8192.", Some("MRComputer.Sales.Acme:8192")),
            (
                "Parent address: 10.1.200.65,MRComputer.Sales.Acme,MRComputer",
                Some("10.1.200.65,MRComputer.Sales.Acme,MRComputer"),
            ),
            ("ParentAddress", None),
            ("Parent is Router$SERVER", None),
            ("Logged on to parent router at last", None),
            ("no such thing from 1.2.3.4", None),
        ] {
            assert_eq!(parent(text), address, "{text}");
        }
    }
}
