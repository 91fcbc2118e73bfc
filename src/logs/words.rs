//! What the lines of a log say. The vendor publishes no list of them: the words are assumptions (formats.md, section 7
//! \[A\]; those of a crash stand in article 113093), and stand here alone. Routers, agents and certification managers share
//! them; the level of a line does not count, since losses stand at any.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

/// The steps of a healthy start, in their order, each with what its line says. A router without a parent is up with the
/// step [`WAITING`]; one that asks for its parent is up with the last.
pub(super) const STEPS: [(&str, &str); 9] = [
    (
        "starting",
        r"\brouter\b[^$]*\bstart(?:ing|ed)\b|\bstart(?:ing|ed)\b[^$]*\brouter\b|^(?:\[\w+\] ?)?(?:sophos )?(?:remote management )?(?:agent|certification manager)\b[^$]*\bstarting\b",
    ),
    ("initializing CORBA", r"initiali[sz](?:ing|ed) (?:the )?(?:corba|orb)\b|creating (?:the )?orb\b"),
    ("own IOR", r"(?:^|\] ?)this router'?s ior\b|ior of this router"),
    ("own IOR validated", r"validated this router'?s ior|this router'?s ior (?:is|was) valid"),
    ("router table", r"router table"),
    ("waiting for messages", r"waiting for (?:messages|requests)"),
    (
        "asking the parent",
        r"getting (?:the )?(?:parent(?: router)?'?s?|(?:message |messaging )?router'?s?) ior|accessing (?:the )?parent|(?:re)?connecting to (?:the )?(?:parent|(?:message |messaging )?router(?:[^$\w]|$))",
    ),
    (
        "parent found",
        r"(?:got|received) (?:the )?(?:parent(?: router)?|(?:message |messaging )?router)'?s? ior|\bparent (?:router )?is\b|parent(?: router)?'?s? ior is|validated (?:the )?parent",
    ),
    (
        "logged on to the parent",
        r"logged on to (?:the )?(?:parent|(?:sophos )?(?:message |messaging )?router(?:[^$\w]|$))",
    ),
];

/// The index of the step with which a router without a parent is up.
pub(super) const WAITING: usize = 5;
/// The index of the first step that only a router with a parent takes.
pub(super) const ASKING: usize = 6;

/// What else a line may be about, each with what it says.
const OTHERS: [(Topic, &str); 10] = [
    (
        Topic::LostSession,
        r"\b(?:session|connection|logon)\b.*\b(?:lost|dropped|broken|timed[ -]?out|terminated|closed unexpectedly)\b|\b(?:lost|dropped|broken)\b.*\b(?:session|connection|logon)\b|\bdisconnected from\b",
    ),
    (
        Topic::FailedHandshake,
        r"handshake.*(?:fail|error|refused|rejected|abort|timed[ -]?out)|(?:fail|error|refused|rejected|abort|timed[ -]?out).*handshake|ssl.*\berror|ssl routines|certificate.*(?:verif\w* fail|rejected|expired|invalid)",
    ),
    (Topic::Handshake, r"handshake (?:is |was |with \S+ )?(?:done|complete|ok|succeeded)"),
    (
        Topic::AskingFailed,
        r"(?:fail(?:ed|ure)|unable|could not|cannot|can't)\b.*\b(?:parent|(?:get|contact|reach|connect to|log ?on to) (?:the )?(?:message |messaging )?router\b)|\bparent\b.*\b(?:fail(?:ed|ure)|unreachable|not reachable|refused|not respond\w*)",
    ),
    (Topic::LoggedOff, r"logg(?:ed|ing) off (?:from )?(?:the )?(?:parent|(?:message |messaging )?router(?:[^$\w]|$))"),
    (
        Topic::CertificateWanted,
        r"no (?:public key |private key |valid )?certificate\b.*\bfound|requesting (?:a )?(?:new )?(?:\w+ )?certificate|getting (?:a )?(?:new )?(?:\w+ )?certificate|sending (?:a )?(?:unique token|certificate) request",
    ),
    (
        Topic::CertificateHere,
        r"(?:got|received) (?:a |the )?(?:unique token|(?:new )?(?:\w+ )?certificate)|new certificate name\b|certificate (?:was )?(?:received|stored|saved)",
    ),
    (Topic::CertificateFailed, r"(?:fail(?:ed|ure)|unable|could not|cannot)\b.*\b(?:unique token|certificate)\b"),
    (
        Topic::Off,
        r"\bshut(?:ting)? ?down\b|\bservice\b.*\bstop(?:ped|ping)\b|\b(?:router|agent|manager)\b[^$]*\b(?:stop(?:ped|ping)|exit(?:ed|ing)|end(?:ed|ing))\b|^stopping\b",
    ),
    (
        Topic::Crash,
        r"access[ _]violation|unhandled exception|structured exception|\bc0000005\b|exception occurred at address|heap corruption|stack overflow",
    ),
];

/// One of these stands in every line that is about something. Nearly all lines have none of them.
const HINTS: &str = r"start|corba|orb|ior\b|router table|waiting|parent|connecting|connected|logg|session|connection|handshake|ssl|certificate|token|shut|stop|exit|manager|violation|exception|c0000005|corruption|overflow|sof:";

/// The address of the parent, in a line that speaks of it.
const PARENT: &str =
    r#"\bparent\b[^\n]{0,60}?(?:\bfrom|\baddress(?:es)?(?: is)?|\bat)\s*[:=]?\s*"?([a-z0-9_\[][a-z0-9_.:,\[\]$-]*)"#;

/// The name of the parent.
const PARENT_NAME: &str = r"\bparent (?:router )?is (router\$[^\s:]+)";

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    Step(usize),
    LostSession,
    FailedHandshake,
    Handshake,
    AskingFailed,
    LoggedOff,
    CertificateWanted,
    CertificateHere,
    CertificateFailed,
    Off,
    Crash,
}

static TOPICS: LazyLock<RegexSet> = LazyLock::new(|| {
    let patterns = STEPS.iter().map(|(_, pattern)| *pattern).chain(OTHERS.iter().map(|(_, pattern)| *pattern));
    RegexSetBuilder::new(patterns)
        .case_insensitive(true)
        .unicode(false)
        .build()
        .expect("the patterns stand in this file")
});

fn pattern(text: &str) -> Regex {
    RegexBuilder::new(text).case_insensitive(true).unicode(false).build().expect("the pattern stands in this file")
}

static HINT: LazyLock<Regex> = LazyLock::new(|| pattern(HINTS));
static PARENT_ADDRESS: LazyLock<Regex> = LazyLock::new(|| pattern(PARENT));
static NAME: LazyLock<Regex> = LazyLock::new(|| pattern(PARENT_NAME));

/// Whether a line may be about anything; most are not.
pub(super) fn may_matter(text: &[u8]) -> bool {
    HINT.is_match(text)
}

/// What lines are about. A log says the same again and again: what was looked at is kept.
#[derive(Default)]
pub(super) struct Topics(HashMap<String, Rc<[Topic]>>);

impl Topics {
    /// No more lines are kept, and none that are longer: those are hardly said twice.
    const MOST: usize = 1_000;
    const LONGEST: usize = 200;

    pub(super) fn of(&mut self, text: &str) -> Rc<[Topic]> {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        let found: Rc<[Topic]> = topics(text).collect();
        if text.len() <= Self::LONGEST {
            if self.0.len() == Self::MOST {
                self.0.clear();
            }
            self.0.insert(text.to_owned(), found.clone());
        }
        found
    }
}

/// What a line is about.
fn topics(text: &str) -> impl Iterator<Item = Topic> {
    TOPICS.matches(text.as_bytes()).into_iter().map(|index| match index.checked_sub(STEPS.len()) {
        None => Topic::Step(index),
        Some(other) => OTHERS[other].0,
    })
}

/// Whether a line speaks of the parent; most do not.
pub(super) fn speaks_of_parent(text: &str) -> bool {
    text.as_bytes().windows(6).any(|word| word.eq_ignore_ascii_case(b"parent"))
}

/// The parent's address, where a line names it.
pub(super) fn parent(text: &str) -> Option<&str> {
    let found = PARENT_ADDRESS.captures(text.as_bytes())?.get(1)?;
    let found = text.get(found.range())?.trim_end_matches(['.', ',', ':']);
    // An address has a dot, a colon or a port; other words may follow the same ones.
    (found.contains(['.', ':', ',']) && found.len() <= 512).then_some(found)
}

/// The parent's own name, `Router$SERVER`, where a line tells it.
pub(super) fn parent_name(text: &str) -> Option<&str> {
    text.get(NAME.captures(text.as_bytes())?.get(1)?.range())
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
            ("[CertMgr]Certification Manager starting...", Some(Topic::Step(0))),
            ("Sophos Agent 3.4.0.1 starting...", Some(Topic::Step(0))),
            ("Getting router IOR from 127.0.0.1:8192", Some(Topic::Step(6))),
            ("Logged on to router as Router$PC.Agent", Some(Topic::Step(8))),
            ("SSL handshake done, local IP address = 10.9.8.99", Some(Topic::Handshake)),
            ("Failed to get parent router IOR:err=system exception", Some(Topic::AskingFailed)),
            ("Failed to log on to parent router", Some(Topic::AskingFailed)),
            ("Logged off parent router", Some(Topic::LoggedOff)),
            (
                "No public key certificate found in the store. Requesting a new certificate.",
                Some(Topic::CertificateWanted),
            ),
            ("Getting a new router certificate...", Some(Topic::CertificateWanted)),
            ("Sending unique token request...", Some(Topic::CertificateWanted)),
            ("Got unique token", Some(Topic::CertificateHere)),
            ("New certificate name is Router$PC:7", Some(Topic::CertificateHere)),
            ("Current certificate name is ", None),
            ("Failed to get certificate, retrying in 600 seconds", Some(Topic::CertificateFailed)),
            ("Failed to get unique token:err=system exception", Some(Topic::CertificateFailed)),
            ("Router shutting down", Some(Topic::Off)),
            ("Sophos Messaging Router stopped", Some(Topic::Off)),
            (
                "TAO.dll ????????.???(0) TAO_Queue::copy_tail + 57 caught structured exception ACCESS_VIOLATION (code = c0000005)",
                Some(Topic::Crash),
            ),
            ("Session with Router$A terminated", Some(Topic::LostSession)),
            ("Connection cache limit is 10", None),
            ("Creating ORB runner with 4 threads", Some(Topic::Step(1))),
            ("Setting ACE_FD_SETSIZE to 138", None),
            ("This computer is part of the domain CORP", None),
        ] {
            let found: Vec<Topic> = topics(text).collect();
            assert!(found.is_empty() || may_matter(text.as_bytes()), "{text}");
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
