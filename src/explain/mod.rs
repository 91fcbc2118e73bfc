//! What findings mean: one page for each id that a command may answer with, gathered from the tables of the rooms that find
//! them. What a room's own table does not say, such as why it matters, stands here.

mod audit;
mod document;
mod manifests;
mod messages;
mod readiness;
mod rooms;
mod router;
mod web;

pub(crate) use document::{manual, markdown};

use crate::base::language::{said, said_whole};
use serde::Serialize;

use crate::base::near::all_nearest;

/// Who finds something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Finder {
    /// The audit of a CID.
    Audit,
    /// What looks at an `mrinit.conf`.
    Mrinit,
    /// The check of a fleet file.
    Fleet,
    /// The comparison of CIDs with a fleet file.
    FleetStatus,
    /// The verdict on an Envelopes folder.
    Envelopes,
    /// The likely causes of a build-up.
    Cause,
    /// The verdict on a port of a firewall.
    Firewall,
    /// The state of a router by its logs.
    Logs,
    /// Exceptions in logs.
    Exception,
    /// A manifest as a whole.
    Manifest,
    /// A file that a manifest lists.
    ManifestFile,
    /// The answer of a router.
    Probe,
    /// What a relay's computer lacks.
    Relay,
    /// A file of messages to administrators.
    Messages,
    /// The check of a web CID.
    Web,
}

impl Finder {
    /// All of them, in the order of the document.
    const ALL: [Self; 15] = [
        Self::Audit,
        Self::Mrinit,
        Self::Fleet,
        Self::FleetStatus,
        Self::Envelopes,
        Self::Cause,
        Self::Firewall,
        Self::Logs,
        Self::Exception,
        Self::Manifest,
        Self::ManifestFile,
        Self::Probe,
        Self::Relay,
        Self::Messages,
        Self::Web,
    ];

    /// What it is about, the commands that answer with it, and the page that has the rest.
    pub(crate) fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Audit => (text!("The audit of a CID"), "configcid audit", "docs/audit.md"),
            Self::Mrinit => (
                text!("Lines and addresses of mrinit.conf"),
                "configcid mrinit show, relay show, client check",
                "docs/verdicts.md",
            ),
            Self::Fleet => {
                (text!("Fleet files and their endpoints"), "configcid fleet check, fleet endpoints", "docs/fleet.md")
            }
            Self::FleetStatus => (text!("CIDs against a fleet file"), "configcid fleet status", "docs/fleet.md"),
            Self::Envelopes => (text!("Envelopes folders"), "configcid envelopes check", "docs/envelopes.md"),
            Self::Cause => (text!("Causes of a build-up"), "configcid envelopes check", "docs/verdicts.md"),
            Self::Firewall => {
                (text!("Ports of a firewall"), "configcid envelopes check --firewall", "docs/verdicts.md")
            }
            Self::Logs => (text!("Routers by their logs"), "configcid envelopes logs", "docs/verdicts.md"),
            Self::Exception => (text!("Exceptions in logs"), "configcid envelopes logs", "docs/verdicts.md"),
            Self::Manifest => ("Manifests", "configcid manifest verify", "docs/manifest.md"),
            Self::ManifestFile => {
                (text!("Files that a manifest lists"), "configcid manifest verify --files", "docs/manifest.md")
            }
            Self::Probe => (text!("What routers tell endpoints"), "configcid relay probe", "docs/probe.md"),
            Self::Relay => (text!("Computers of relays"), "configcid relay check", "docs/verdicts.md"),
            Self::Messages => (text!("Files of messages"), "configcid messenger lint", "docs/messenger.md"),
            Self::Web => (text!("CIDs on web servers"), "configcid web check", "docs/web.md"),
        }
    }
}

/// The page of a finding.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Page {
    /// The id, as JSON and lines have it. Two finders may use one id, for much the same.
    pub id: &'static str,
    pub finder: Finder,
    /// How grave it is, in the words of its finder; of two, the one that is usual first.
    pub severity: &'static str,
    /// What it means, as a sentence.
    pub meaning: String,
    /// Why it matters, as a sentence.
    pub why: &'static str,
    /// Where the rule comes from: an article of the vendor, what is published elsewhere, or our own choice.
    pub source: String,
    /// What to do, as a sentence without its end.
    pub next: String,
}

/// Every page, in the order of the document.
pub(crate) fn pages() -> Vec<Page> {
    let mut pages: Vec<Page> = [
        audit::pages(),
        rooms::mrinit(),
        rooms::fleet(),
        rooms::fleet_status(),
        router::envelopes(),
        router::causes(),
        router::firewall(),
        router::logs(),
        router::exceptions(),
        manifests::manifests(),
        manifests::files(),
        rooms::probe(),
        readiness::points(),
        messages::pages(),
        web::pages(),
    ]
    .concat();
    for page in &mut pages {
        // Most stand in tables of the rooms.
        (page.severity, page.why) = (said(page.severity), said(page.why));
        for text in [&mut page.meaning, &mut page.source, &mut page.next] {
            *text = said_whole(std::mem::take(text));
        }
    }
    pages.sort_by_key(|page| Finder::ALL.iter().position(|finder| *finder == page.finder));
    pages
}

/// The pages of an id, whoever finds it; case does not count. If there is none, the ids that are nearest.
pub(crate) fn look_up(id: &str) -> Result<Vec<Page>, Vec<&'static str>> {
    let all = pages();
    let found: Vec<Page> = all.iter().filter(|page| page.id.eq_ignore_ascii_case(id)).cloned().collect();
    if found.is_empty() { Err(all_nearest(id, all.iter().map(|page| page.id))) } else { Ok(found) }
}

/// Pages for all variants of an enum: one that is new has no page until it is written, and does not compile.
macro_rules! pages_of {
    ($finder:ident, $kind:ty; $($variant:ident = $id:literal, $severity:literal, $source:literal,
        $meaning:literal, $why:literal, $next:literal;)*) => {{
        let _every_one_is_here = |it: $kind| match it { $(<$kind>::$variant => {})* };
        vec![$($crate::explain::Page {
            id: $id,
            finder: $crate::explain::Finder::$finder,
            severity: $severity,
            meaning: $meaning.to_owned(),
            why: $why,
            source: $source.to_owned(),
            next: $next.to_owned(),
        }),*]
    }};
}
use pages_of;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_page_says_everything_and_is_found() {
        let mut seen = HashSet::new();
        for page in pages() {
            assert!(seen.insert((page.id, page.finder as u8)), "{} twice", page.id);
            assert!(page.meaning.ends_with('.') && page.why.ends_with('.'), "{}: {page:?}", page.id);
            assert!(!page.next.is_empty() && !page.next.ends_with('.'), "{}: {}", page.id, page.next);
            assert!(page.meaning != page.why && !page.source.is_empty() && !page.severity.is_empty(), "{page:?}");
            assert!(look_up(page.id).is_ok_and(|found| found.iter().any(|it| it.finder == page.finder)));
        }
        assert!(Finder::ALL.iter().all(|finder| pages().iter().any(|page| page.finder == *finder)));
    }

    #[test]
    fn ids_are_found_by_whatever_case_and_slips_are_answered() {
        assert_eq!(look_up("Entry-Missing").unwrap()[0].id, "entry-missing");
        assert_eq!(look_up("transient").unwrap()[0].id, "TRANSIENT");
        assert_eq!(look_up("link").unwrap().len(), 2);
        assert_eq!(look_up("entry-mising").unwrap_err(), ["entry-missing"]);
        assert!(look_up("").unwrap_err().is_empty() && look_up(&"x".repeat(100_000)).unwrap_err().is_empty());
    }

    /// Ids that are written by serde: the page has the name that programs see.
    #[test]
    fn ids_are_those_of_the_json() {
        let of = |finder: Finder| -> Vec<String> {
            pages().into_iter().filter(|page| page.finder == finder).map(|page| page.id.to_owned()).collect()
        };
        let names = |json: serde_json::Value| -> Vec<String> { serde_json::from_value(json).unwrap() };
        use crate::{envelopes, firewall::PortState, fleet, logs, messenger::Code, signing};
        use envelopes::Verdict;
        use signing::{FileFaultCode as File, Reason};
        let states = names(serde_json::json!(logs::State::ALL));
        let mut logs = of(Finder::Logs);
        logs.sort();
        let mut sorted = states.clone();
        sorted.sort();
        assert_eq!(logs, sorted);
        assert_eq!(of(Finder::FleetStatus), fleet::State::ALL.map(|state| state.name().to_owned()));
        assert_eq!(of(Finder::Cause), envelopes::CAUSES);
        assert_eq!(of(Finder::Envelopes), names(serde_json::json!([Verdict::Critical, Verdict::Warning, Verdict::Ok])));
        let ports = [PortState::Blocked, PortState::Closed, PortState::Partly, PortState::Unclear, PortState::Open];
        assert_eq!(of(Finder::Firewall), names(serde_json::json!(ports)));
        let reasons = [
            Reason::ManifestFormat,
            Reason::Unsigned,
            Reason::BadSignature,
            Reason::NoRootCa,
            Reason::Untrusted,
            Reason::Expired,
            Reason::NotYetValid,
            Reason::Revoked,
            Reason::WeakAlgorithm,
            Reason::WeakEntries,
            Reason::Empty,
            Reason::RevocationList,
            Reason::Certificate,
            Reason::Files,
        ];
        assert_eq!(of(Finder::Manifest), names(serde_json::json!(reasons)));
        let files = [
            File::Missing,
            File::Size,
            File::Digest,
            File::NotAFile,
            File::Link,
            File::CaseConflict,
            File::TwoPlaces,
            File::Io,
        ];
        assert_eq!(of(Finder::ManifestFile), names(serde_json::json!(files)));
        let codes = [
            Code::Format,
            Code::MissingTranslation,
            Code::MissingDefault,
            Code::Expired,
            Code::Unreachable,
            Code::DuplicateId,
            Code::DuplicateMessage,
            Code::BadLink,
            Code::LongTitle,
            Code::WildCharacter,
        ];
        assert_eq!(of(Finder::Messages), codes.map(|code| code.name().to_owned()));
        for (page, code) in pages().into_iter().filter(|page| page.finder == Finder::Messages).zip(codes) {
            assert_eq!(page.severity == "error", code.is_error(), "{}", page.id);
        }
    }
}
