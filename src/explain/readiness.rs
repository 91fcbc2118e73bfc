//! What a relay's computer lacks. The rule behind each point stands in docs/verdicts.md.

use super::{Finder, Page};
use crate::readiness::POINTS;

pub(super) fn points() -> Vec<Page> {
    POINTS.iter().map(|point| of_point(point)).collect()
}

fn of_point(point: &'static str) -> Page {
    let (meaning, why, source, next) = match point {
        "cid" => (
            text!(
                "The CID makes no relay: its two address lines name one machine, or MRParentAddress names the relay."
            ),
            text!("Whoever installs from it is one more endpoint, or a relay that waits for itself."),
            text!("14635; MRParentAddress of a relay [A]"),
            text!(
                "set the relay up in the CID: configcid relay set; leave MRParentAddress as the management server made it"
            ),
        ),
        "parent" => (
            text!("The parent in the relay's registry is not the CID's MRParentAddress."),
            text!("The relay has not installed from the CID, and what endpoints send it goes elsewhere, or nowhere."),
            "14635",
            text!("let the relay update from the CID; in the console its group's policy must name this CID"),
        ),
        "own-mrinit" => (
            text!("The mrinit.conf that the relay has installed is not the CID's, or a .orig beside it wins over it."),
            text!("The router is set up by this file: with another one it is no relay, or one of another estate."),
            text!("14635; keys and ports: formats.md, section 2; .orig [O]"),
            text!(
                "let the relay update from the CID, or copy the file, run ClientMRInit.exe and restart the router's service"
            ),
        ),
        "relay-values" => (
            text!("The router's values in the registry are not those of a relay."),
            text!("It is set up for one computer, and holds connections for ten endpoints where hundreds come."),
            "14635; ten [O]",
            text!("set them with configcid relay registry --apply on the relay, and restart the router's service"),
        ),
        "listening" => (
            text!("The router does not listen on all of its ports."),
            text!("Endpoints are refused before they can say anything."),
            text!("formats.md, section 2"),
            text!("start the service \"Sophos Message Router\" and look into its log with configcid envelopes logs"),
        ),
        "firewall" => (
            text!("The relay's firewall does not let endpoints in."),
            text!("Endpoints wait in vain, and their messages stay with them."),
            "12340, 63588",
            text!(
                "open ports 8192, 8193 and 8194 for the router; configcid envelopes check --firewall names the rule that decides"
            ),
        ),
        "object-reference" => (
            text!("What the relay tells endpoints to connect to does not work, by all of its addresses or by some."),
            text!("Endpoints ask on one port, are told another place, and never come there."),
            "docs/probe.md",
            text!("read what is wrong with each address, with configcid relay probe"),
        ),
        "router-connection" => (
            text!("By its logs the relay's router is not logged on to its own parent."),
            text!("What endpoints send waits in the relay's Envelopes folder until its time to live is over."),
            text!("our choice"),
            text!("read the logs with configcid envelopes logs, which says since when and why"),
        ),
        "certificate" => (
            text!("A certificate of the router's or of the estate has ended, ends soon, or is not valid yet."),
            text!("Routers refuse each other without one that is valid."),
            text!("36330; ninety days are our choice"),
            text!("look at the clock; renew the certificate at the management server"),
        ),
        _ => (
            text!("The relay has not enough ephemeral ports for the endpoints that are to report to it."),
            text!("Where none is left no connection is made, and the router warns in the event log at 85 % of them."),
            text!("14243, 14635; one port for each endpoint [A]"),
            text!(
                "give out more ports (MaxUserPort before Vista, netsh since), or let fewer endpoints report to this relay"
            ),
        ),
    };
    Page {
        id: point,
        finder: Finder::Relay,
        severity: "wrong, doubtful",
        meaning: meaning.to_owned(),
        why,
        source: source.to_owned(),
        next: next.to_owned(),
    }
}
