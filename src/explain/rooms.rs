//! Findings whose rooms say in their own tables what each means and why it matters; and those of two small rooms.

use super::{Finder, Page, pages_of};
use crate::base::language::said;
use crate::fleet::State;
use crate::fleet::rules::RULES;
use crate::mrinit::sorts::SORTS;
use crate::probe::codes::{self, CODES};

pub(super) fn mrinit() -> Vec<Page> {
    let page = |sort: &&crate::mrinit::sorts::Sort| Page {
        id: sort.id,
        finder: Finder::Mrinit,
        severity: sort.severity.name(),
        meaning: sort.meaning.to_owned(),
        why: sort.why,
        source: text!("14635; formats.md, section 2; how grave it is, is our choice").to_owned(),
        next: sort.next.to_owned(),
    };
    SORTS.iter().map(page).collect()
}

/// One for each code: where two rules have one, what either means.
pub(super) fn fleet() -> Vec<Page> {
    let mut pages: Vec<Page> = Vec::new();
    for rule in RULES {
        if let Some(page) = pages.iter_mut().find(|page| page.id == rule.code) {
            page.meaning = text!("{} Or: {}", page.meaning, said(rule.meaning));
            let next = said(rule.next);
            if !page.next.contains(next) {
                page.next = text!("{}; or {}", page.next, next);
            }
            if page.severity != rule.severity.name() {
                page.severity = text!("error, or warning");
            }
            continue;
        }
        pages.push(Page {
            id: rule.code,
            finder: Finder::Fleet,
            severity: rule.severity.name(),
            meaning: said(rule.meaning).to_owned(),
            why: rule.why,
            source: rule.article.to_owned(),
            next: said(rule.next).to_owned(),
        });
    }
    pages
}

pub(super) fn fleet_status() -> Vec<Page> {
    pages_of! { FleetStatus, State;
        InStep = "in-step", "none", "our choice",
            "The CID is as the fleet file says.",
            "Its endpoints report to the relay that is meant for them.",
            "nothing";
        Behind = "behind", "fault", "our choice",
            "The CID is as it was before the fleet file said something else.",
            "Its endpoints still report to whom they did before.",
            "look at configcid fleet plan, and run configcid fleet apply";
        Drifted = "drifted", "fault", "14635; our choice",
            "The CID differs from the fleet file in what somebody else changed, or it is damaged.",
            "An update by the vendor's manager may have brought back an old mrinit.conf, so that endpoints report to the server.",
            "read which places differ; if the file is right, run configcid fleet apply";
        Unreachable = "unreachable", "fault", "our choice",
            "The CID cannot be read.",
            "Nothing is known of it: endpoints may or may not update from it.",
            "look whether the share is there, and at your rights to it";
    }
}

pub(super) fn probe() -> Vec<Page> {
    CODES.iter().map(|code| of_probe(code)).collect()
}

const NAT: &str = "let the relay's router name an address that its endpoints reach (docs/probe.md)";
const HOST: &str = "look whether it is on, whether its router runs, and what a firewall between says";
const PORT: &str = "look whether this is ClientIORPort of the relay's mrinit.conf, usually 8192";

fn of_probe(code: &'static str) -> Page {
    let (meaning, why, next) = match code {
        codes::UNKNOWN_HOST => (
            text!("The name of the host means nothing here."),
            text!("Endpoints that ask the same DNS do not find it either."),
            text!("look at the name, and at the DNS"),
        ),
        codes::REFUSED => (
            text!("The host refuses connections to the port."),
            text!("Its router does not run, or listens elsewhere: endpoints get no reference."),
            HOST,
        ),
        codes::TIMEOUT => (
            text!("Nothing answers in time."),
            text!("The host is off, or a firewall drops what is sent: endpoints wait as long."),
            HOST,
        ),
        codes::UNREACHABLE => {
            (text!("There is no way to the host."), text!("Endpoints in the same network have none either."), HOST)
        }
        codes::CLOSED => (
            text!("The host ends the connection without a reference."),
            text!("Its router is starting, stopping or overloaded."),
            HOST,
        ),
        codes::TOO_LONG => (
            text!("The host sends more than any reference has."),
            text!("Another program answers at this port, and endpoints do not understand it."),
            PORT,
        ),
        codes::NOT_A_REFERENCE => (
            text!("What the host sends is no object reference."),
            text!("Another program answers at this port, and endpoints do not understand it."),
            PORT,
        ),
        codes::NO_IIOP_PROFILE => (
            text!("The reference has no IIOP profile that can be read."),
            text!("It tells endpoints no host to connect to."),
            text!("look whether this is a router; if so, restart its service \"Sophos Message Router\""),
        ),
        codes::NO_PORT => (
            text!("The reference names a host and port 0."),
            text!("Nothing can connect to port 0."),
            text!("look at ClientIIOPPort and ClientSSLPort of mrinit.conf, and restart the router's service"),
        ),
        codes::UNRESOLVABLE => (
            text!("The reference names a host that means nothing here."),
            text!("Endpoints get the name and cannot connect to it."),
            NAT,
        ),
        codes::UNUSABLE_ADDRESS => (
            text!("The reference names an address that no computer can have."),
            text!("Endpoints get it and cannot connect to it."),
            NAT,
        ),
        codes::PRIVATE_ADDRESS => (
            text!("The reference names a private address, and another than the one that was asked."),
            text!(
                "It is the classic fault of a relay behind a NAT: endpoints outside get an address that they do not reach."
            ),
            NAT,
        ),
        codes::OTHER_HOST => (
            text!("The reference names another host than the one that was asked."),
            text!("Endpoints connect there, whatever mrinit.conf says."),
            text!(
                "look whether the two are one machine, or which is the right one; else mend the router's address or the DNS"
            ),
        ),
        _ => ("", "", ""),
    };
    Page {
        id: code,
        finder: Finder::Probe,
        severity: "fault",
        meaning: meaning.to_owned(),
        why,
        source: text!("formats.md, section 2; our choice").to_owned(),
        next: next.to_owned(),
    }
}
