//! CORBA's exceptions in a log, by their names: what each means where routers talk to each other, and what to do next.
//!
//! What a name and a minor code mean stands in the Object Management Group's *Common Object Request Broker Architecture*
//! (part 1, "Standard exceptions") and its list omg/03-01-04; how TAO, the object request broker of these routers \[113093
//! names TAO.dll\], writes a code of its own is that of its `SystemException.cpp`. What to do next is our choice.

use crate::base::language::said;
use std::sync::LazyLock;

use regex::Regex;

/// An exception as a log tells of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    /// Such as `TRANSIENT`.
    pub name: String,
    /// Such as `OMG 2`, or `TAO: timeout during connect; ECONNREFUSED`.
    pub minor: Option<String>,
}

/// What an exception means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// What happened.
    pub what: &'static str,
    /// What to do next.
    pub next: &'static str,
    /// Who says what it means.
    pub source: &'static str,
}

impl Meaning {
    /// In the language of the run.
    fn said(self) -> Self {
        Self { what: said(self.what), next: said(self.next), source: said(self.source) }
    }
}

const CORBA: &str = "CORBA, standard exceptions";
const MINOR: &str = "omg/03-01-04";

/// The names, and what each means between routers.
const NAMES: &[(&str, Meaning)] = &[
    (
        "TRANSIENT",
        Meaning {
            what: "the other side could not be reached: no connection came about",
            next: "look whether the other computer is on, its router runs, and no firewall stands between (ports 8192 to 8194); `relay probe HOST` asks it",
            source: CORBA,
        },
    ),
    (
        "COMM_FAILURE",
        Meaning {
            what: "the connection broke while a request was under way",
            next: "look at the network between the two (firewalls that drop idle connections, VPNs, a router that was restarted), and at the other side's log of the same minute",
            source: CORBA,
        },
    ),
    (
        "TIMEOUT",
        Meaning {
            what: "the other side was reached and did not answer in time",
            next: "look at the other side: its load, its log, and whether its Certification Manager and Message Router run",
            source: CORBA,
        },
    ),
    (
        "NO_RESPONSE",
        Meaning {
            what: "the answer to a request is not there yet",
            next: "look at the other side's load and log",
            source: CORBA,
        },
    ),
    (
        "OBJECT_NOT_EXIST",
        Meaning {
            what: "the other side answers and no longer has what it was asked for: an old reference",
            next: "restart the Message Router that writes this, so that it asks for a new reference; then the other one",
            source: CORBA,
        },
    ),
    (
        "NO_PERMISSION",
        Meaning {
            what: "the other side refuses this router",
            next: "look at the certificates: both must be of the same estate (cac.pem, the identity keys of mrinit.conf) and in date; set the endpoint up again from its CID",
            source: CORBA,
        },
    ),
    (
        "BAD_PARAM",
        Meaning {
            what: "what was handed over is not what is expected: often a reference or an address that cannot be read",
            next: "look at what the parent sends on port 8192 (`relay probe HOST`), and at the addresses in mrinit.conf",
            source: CORBA,
        },
    ),
    (
        "INV_OBJREF",
        Meaning {
            what: "the reference (IOR) is malformed",
            next: "look at what the parent sends on port 8192 (`relay probe HOST`)",
            source: CORBA,
        },
    ),
    (
        "IMP_LIMIT",
        Meaning {
            what: "a limit of the router is reached",
            next: "look at the number of connections (ConnectionCache in `relay registry`) and of ports",
            source: CORBA,
        },
    ),
    (
        "NO_RESOURCES",
        Meaning {
            what: "the router ran out of something: memory, handles, ports",
            next: "look at memory and ports of the computer (MaxUserPort [14243])",
            source: CORBA,
        },
    ),
    ("NO_MEMORY", Meaning { what: "memory ran out", next: "look at the computer's memory", source: CORBA }),
    (
        "INITIALIZE",
        Meaning {
            what: "the object request broker could not start",
            next: "look whether another program has ports 8192 to 8194, and at ServiceArgs in `relay registry`",
            source: CORBA,
        },
    ),
    (
        "BAD_INV_ORDER",
        Meaning {
            what: "a request came when none may come, as while the router shuts down",
            next: "look whether the router was being stopped; if not, restart it",
            source: CORBA,
        },
    ),
    (
        "OBJ_ADAPTER",
        Meaning {
            what: "the other side cannot take requests now",
            next: "restart the other side's router",
            source: CORBA,
        },
    ),
    (
        "MARSHAL",
        Meaning {
            what: "a message could not be read as it came",
            next: "look whether both sides are of versions that go together, and whether something between changes traffic",
            source: CORBA,
        },
    ),
    (
        "BAD_OPERATION",
        Meaning {
            what: "the other side does not know the request",
            next: "look whether both sides are of versions that go together",
            source: CORBA,
        },
    ),
    (
        "NO_IMPLEMENT",
        Meaning {
            what: "the other side does not know the request",
            next: "look whether both sides are of versions that go together",
            source: CORBA,
        },
    ),
    (
        "INV_POLICY",
        Meaning {
            what: "the two sides do not agree on how to talk, as on SSL",
            next: "look at the ports of the reference (`relay probe HOST`) and at ServiceArgs in `relay registry`",
            source: CORBA,
        },
    ),
    ("INTERNAL", Meaning { what: "something went wrong within the router", next: "restart it", source: CORBA }),
    (
        "UNKNOWN",
        Meaning {
            what: "the other side failed and did not say how",
            next: "look at the other side's log of the same minute",
            source: CORBA,
        },
    ),
];

/// What the standard's own minor codes add, by name and code.
const MINORS: &[(&str, u32, &str)] = &[
    ("TRANSIENT", 1, "the other side threw the request away, for want of resources or while it holds requests back"),
    (
        "TRANSIENT",
        2,
        "no usable profile in the reference: none of the addresses in it could be connected to, or each names a host or port that is not to be reached from here",
    ),
    ("TRANSIENT", 3, "the request was cancelled"),
    ("TRANSIENT", 4, "the other side was shutting down"),
    ("OBJECT_NOT_EXIST", 1, "what was handed over is not active there"),
    ("OBJECT_NOT_EXIST", 2, "the part of the other side that had it is gone: it was restarted"),
    ("OBJECT_NOT_EXIST", 4, "the other side does not take requests"),
    ("BAD_PARAM", 7, "the reference begins with something else than IOR:"),
    ("BAD_PARAM", 8, "the address in the reference cannot be read"),
    ("BAD_PARAM", 9, "the rest of the reference cannot be read"),
    ("BAD_PARAM", 10, "the reference cannot be read"),
    ("IMP_LIMIT", 1, "none of the addresses in the reference can be used"),
    ("NO_IMPLEMENT", 3, "none of the addresses in the reference can be used"),
    ("BAD_INV_ORDER", 4, "the router has shut down"),
    ("INV_POLICY", 1, "what the reference asks for and what this side is set to do not go together"),
];

/// What TAO's own codes add, by the words that it writes.
const TAO: &[(&str, &str)] = &[
    ("ECONNREFUSED", "the other computer is there and refuses the port: its router does not run"),
    ("ETIMEOUT", "nothing answered in time: the computer is off, or a firewall drops what is sent"),
    ("ECONNRESET", "the connection was reset by the other side or by something between"),
    ("EPIPE", "the other side had closed the connection"),
    ("timeout during connect", "nothing answered in time: the computer is off, or a firewall drops what is sent"),
    ("timeout during send", "the other side stopped reading"),
    ("timeout during recv", "the other side did not answer in time"),
    ("send request failed", "the connection broke while the request was sent"),
    ("failed to recv request response", "the connection broke before the answer came"),
    ("all protocols failed to parse the IOR", "the reference cannot be read"),
    ("endpoint initialization failure", "a port could not be opened: another program may have it"),
    ("EMFILE", "the router has too many files and connections open"),
    ("ENFILE", "the computer has too many files and connections open"),
    ("ENOMEM", "memory ran out"),
    ("EACCES", "the system refused it: a security program may forbid the connection"),
];

/// What an exception means between routers, as far as the standard or TAO say so.
///
/// ```
/// let meaning = configcid::logs::meaning("TRANSIENT").unwrap();
/// assert!(meaning.what.contains("could not be reached"));
/// ```
pub fn meaning(name: &str) -> Option<Meaning> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, meaning)| meaning.said())
}

/// All exceptions that something is known of.
#[cfg(feature = "cli")]
pub(crate) fn meanings() -> impl Iterator<Item = (&'static str, Meaning)> {
    NAMES.iter().map(|(name, meaning)| (*name, meaning.said()))
}

/// What its minor code adds, and who says so.
pub(super) fn detail(found: &Found) -> Option<(&'static str, &'static str)> {
    let minor = found.minor.as_deref()?;
    if let Some(code) = minor.strip_prefix("OMG ") {
        let code: u32 = code.parse().ok()?;
        let known = MINORS.iter().find(|(name, number, _)| *name == found.name && *number == code);
        return known.map(|(_, _, what)| (said(what), MINOR));
    }
    let words = minor.strip_prefix("TAO")?;
    TAO.iter().find(|(word, _)| words.contains(word)).map(|(_, what)| (said(what), "TAO, SystemException.cpp"))
}

static NAME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:CORBA(?:/|::)|CORBA exception[: ]+)([A-Z][A-Z_]{2,40})").expect("the pattern stands in this file")
});
static OMG_CODE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"OMG minor code \((\d{1,5})\)").expect("the pattern stands in this file"));
static TAO_CODE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"TAO exception, minor code = ([0-9a-f]{1,8})(?: \(([^)\n]{1,200})\))?")
        .expect("the pattern stands in this file")
});
static RAW_CODE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"minor code[ =:]+(?:0x)?([0-9a-fA-F]{8})\b").expect("the pattern stands in this file")
});

/// The exception that a line and those that continue it tell of. An old router writes `no usable profile` alone.
pub(super) fn find(text: &str) -> Option<Found> {
    let Some(name) = NAME.captures(text) else {
        let is_old = text.to_ascii_lowercase().contains("no usable profile");
        return is_old.then(|| Found { name: "TRANSIENT".to_owned(), minor: Some("OMG 2".to_owned()) });
    };
    let name = name[1].trim_end_matches('_').to_owned();
    let minor = if let Some(code) = OMG_CODE.captures(text) {
        Some(format!("OMG {}", &code[1]))
    } else if let Some(code) = TAO_CODE.captures(text) {
        Some(code.get(2).map_or_else(|| format!("TAO {}", &code[1]), |words| format!("TAO: {}", words.as_str())))
    } else {
        RAW_CODE.captures(text).and_then(|code| u32::from_str_radix(&code[1], 16).ok()).map(raw)
    };
    Some(Found { name, minor })
}

/// A whole minor code: its upper bits say whose it is. Those of the Object Management Group are `4f4d0`, TAO's `54410`.
fn raw(code: u32) -> String {
    match code >> 12 {
        0x4f4d0 => format!("OMG {}", code & 0xfff),
        0x54410 => format!("TAO {:x}", code & 0xfff),
        _ => format!("{code:08x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_are_read_with_their_codes() {
        for (text, name, minor) in [
            (
                "Failed:err=system exception, ID 'IDL:omg.org/CORBA/TRANSIENT:1.0'\nOMG minor code (2), described as '*unknown description*', completed = NO",
                "TRANSIENT",
                Some("OMG 2"),
            ),
            (
                "x ID 'IDL:omg.org/CORBA/TRANSIENT:1.0'\nTAO exception, minor code = 6f (timeout during connect; ECONNREFUSED), completed = NO",
                "TRANSIENT",
                Some("TAO: timeout during connect; ECONNREFUSED"),
            ),
            ("CORBA::OBJECT_NOT_EXIST (minor code = 4f4d0002)", "OBJECT_NOT_EXIST", Some("OMG 2")),
            ("ID 'IDL:omg.org/CORBA/NO_PERMISSION:1.0'", "NO_PERMISSION", None),
            ("no usable profile in IOR", "TRANSIENT", Some("OMG 2")),
        ] {
            let found = find(text).unwrap();
            assert_eq!((found.name.as_str(), found.minor.as_deref()), (name, minor), "{text}");
            assert!(meaning(name).is_some());
        }
        assert_eq!(find("all is well"), None);
    }

    #[test]
    fn codes_add_to_what_a_name_means() {
        let found = |name: &str, minor: &str| Found { name: name.to_owned(), minor: Some(minor.to_owned()) };
        assert!(detail(&found("TRANSIENT", "OMG 2")).unwrap().0.contains("no usable profile"));
        assert!(detail(&found("TRANSIENT", "TAO: send request failed; ECONNREFUSED")).unwrap().0.contains("refuses"));
        // Neither the standard nor TAO says what code 6 of a broken connection is.
        assert_eq!(detail(&found("COMM_FAILURE", "OMG 6")), None);
        // Every name that is told of has one meaning.
        let mut names: Vec<_> = NAMES.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), NAMES.len());
        assert!(MINORS.iter().all(|(name, ..)| meaning(name).is_some()));
    }
}
