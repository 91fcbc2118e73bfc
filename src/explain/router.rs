//! Verdicts about a router: its Envelopes folder, the causes of a build-up, its firewall and its logs. The rule behind each
//! stands in docs/verdicts.md.

use super::{Finder, Page, pages_of};
use crate::envelopes::{CAUSES, Verdict};
use crate::firewall::PortState;
use crate::logs::{State, meanings};

pub(super) fn envelopes() -> Vec<Page> {
    pages_of! { Envelopes, Verdict;
        Critical = "critical", "critical", "63588",
            "The folder holds a large number of messages for so many endpoints: three for each, where nothing else was asked for.",
            "Messages are not delivered as fast as they come: the console shows what is long past, and policies do not arrive.",
            "read the causes in their order, and follow the first that was seen; do not delete messages by hand";
        Warning = "warning", "warning", "our choice",
            "The folder holds more messages than is usual: two for each endpoint, where nothing else was asked for.",
            "It may be a policy that was just sent to many, or the beginning of a build-up.",
            "look again in an hour, with configcid envelopes watch or --sample; if it grows, read the causes";
        Ok = "ok", "none", "63588; our choice",
            "The folder holds few messages for so many endpoints.",
            "Messages are delivered as they come.",
            "nothing";
    }
}

pub(super) fn causes() -> Vec<Page> {
    CAUSES.iter().map(|cause| of_cause(cause)).collect()
}

fn of_cause(cause: &'static str) -> Page {
    let (meaning, why, source, next) = match cause {
        "too-many-endpoints" => (
            text!(
                "More endpoints report to the server directly than it is made for: 5,000, or 4,000 to a Windows 2008."
            ),
            text!("Each has its connection and its messages, and one router serves them all."),
            "63588",
            text!("let endpoints report to message relays: configcid relay set"),
        ),
        "comply-with" => (
            text!("Policies were sent to many computers at once, perhaps to computers that are off."),
            text!("Each is a message that waits until its computer asks, or until its time to live is over."),
            "63588, 113072",
            text!(
                "ask who used \"Comply with | All Group Policies\" and when; send the one policy that changed, to those that need it"
            ),
        ),
        "virtual-machine" => (
            text!("The server is a virtual machine whose host has given away more than it has."),
            text!("The router gets its processors and its disk late, and falls behind."),
            text!("63588; the limit is our choice"),
            text!("look at the host: its memory, its processors, its disks"),
        ),
        "memory" => (
            text!("Little memory is left."),
            text!("The server swaps, and everything takes longer than messages take to come."),
            text!("63588; the limit is our choice"),
            text!("see which programs have the memory, and give the server more"),
        ),
        "processor" => (
            text!("The processors are busy."),
            text!("The router's encryption and the services behind it wait for their turn."),
            text!("63588; the limit is our choice"),
            text!("see which programs take the processors, and give the server more of them"),
        ),
        "disk-io" => (
            text!("The disks do not keep up."),
            text!("Each message is a file that is written, read and removed."),
            text!("63588; the limit is our choice"),
            text!(
                "see which programs use the disk, and move the folder to a faster one: configcid envelopes move NEWDIR"
            ),
        ),
        "ports" => (
            text!("A firewall shuts the router's ports 8192, 8193 and 8194, or nothing listens there."),
            text!("Endpoints cannot fetch what waits for them."),
            "63588, 12340",
            text!("open the three ports for the router, and see that its service \"Sophos Message Router\" runs"),
        ),
        "free-space" => (
            text!("Little space is left on the folder's volume."),
            text!("The router cannot write messages, and the server's database may be unable to take what comes."),
            text!("63588; the limit is our choice"),
            text!("make room on the volume, or move the folder to another: configcid envelopes move NEWDIR"),
        ),
        "boot-volume" => (
            text!("The folder lies on the volume that Windows runs from, and there is little space on it."),
            text!("A build-up takes the space that Windows itself needs."),
            "63588, 113040",
            text!("move the folder to another volume: configcid envelopes move NEWDIR"),
        ),
        "retired-endpoints" => (
            text!("Messages wait for endpoints that are off for long, or gone."),
            text!(
                "They stay until their time to live is over, which was two weeks before console 4.7 and is four days since."
            ),
            "63588, 113417",
            text!(
                "in the console, look for computers that have not reported for long, and take those that are retired out of it"
            ),
        ),
        "router-connection" => (
            text!("The router is not connected to its parent, by its logs."),
            text!("Whatever it has for its parent waits in the folder."),
            text!("our choice"),
            text!("run configcid envelopes logs, and follow what it says is next"),
        ),
        _ => ("", "", "", ""),
    };
    Page {
        id: cause,
        finder: Finder::Cause,
        severity: text!("yes, no, or unknown"),
        meaning: meaning.to_owned(),
        why,
        source: source.to_owned(),
        next: next.to_owned(),
    }
}

pub(super) fn firewall() -> Vec<Page> {
    pages_of! { Firewall, PortState;
        Blocked = "blocked", "fault", "12340; what Microsoft publishes of its firewall",
            "A rule or a setting closes the port, whatever other rules say.",
            "Rules that open the port have no effect as long as it stands.",
            "take away the rule that is named, or the setting that refuses all exceptions";
        Closed = "closed", "fault", "12340; what Microsoft publishes of its firewall",
            "No rule opens the port.",
            "What no rule lets in is dropped: endpoints wait in vain for the router.",
            "add a rule for the router that opens TCP ports 8192, 8193 and 8194 in the profile that is named";
        Partly = "partly", "doubtful", "12340; our choice",
            "The port is open for some addresses, or under some conditions, alone.",
            "Endpoints elsewhere do not reach the router.",
            "see whether all endpoints are among those for which the named rule holds";
        Unclear = "unclear", "unknown", "our choice",
            "The export does not say enough to tell.",
            "A guess would send you the wrong way.",
            "export what the answer says is missing: the group policy, the program's path, or the version of Windows";
        Open = "open", "none", "12340; what Microsoft publishes of its firewall",
            "The port is open.",
            "This firewall is not what keeps endpoints from the router.",
            "nothing here; a firewall on the way is not seen by this one";
    }
}

pub(super) fn logs() -> Vec<Page> {
    pages_of! { Logs, State;
        Unknown = "unknown", "unknown", "our choice",
            "No line of the logs tells how the router stands.",
            "A log that was begun while the router ran has no such line; it may be well.",
            "look at an older log, from the last start of the router on";
        Off = "off", "fault", "assumed from logs",
            "The router was stopped.",
            "Nothing is sent or received until it is started again.",
            "start the service Sophos Message Router, unless it was stopped on purpose";
        Starting = "starting", "fault", "assumed from logs",
            "The router was started and says nothing further.",
            "It hangs before it takes any message, as when another program has its ports.",
            "look at the last lines of the log, and whether another program has ports 8192 to 8194";
        Accepting = "accepting", "none", "assumed from logs",
            "The router takes messages and has no parent.",
            "That is right for a management server; an endpoint or relay in this state sends nothing on.",
            "nothing on a management server; elsewhere look at ParentRouterAddress with configcid client check";
        WaitingForParent = "waiting-for-parent", "fault", "assumed from logs",
            "The router has asked its parent for a reference and has no answer.",
            "Messages for the parent wait.",
            "look whether the parent is on and its port 8192 open; configcid relay probe HOST asks it";
        Connected = "connected", "fault", "assumed from logs",
            "The parent was found, and the log-on does not follow.",
            "Messages for the parent wait.",
            "look at the parent's log of the same time, and at ports 8193 and 8194 between the two";
        WaitingForCertificate = "waiting-for-certificate", "fault", "36330; assumed from logs",
            "The parent was found, and the router's request for a certificate is not answered.",
            "Without a certificate a router cannot log on.",
            "look whether the Certification Manager runs on the management server, and at its log; then restart the router here";
        LoggedOn = "logged-on", "none", "assumed from logs",
            "The router is logged on to its parent.",
            "Messages pass.",
            "nothing";
        Lost = "lost", "fault", "assumed from logs",
            "The session with the parent broke, and the router has not tried again.",
            "Messages for the parent wait.",
            "restart the Message Router, and look at the parent's log of the same time";
        Retrying = "retrying", "fault", "assumed from logs",
            "The router tries to reach its parent, and fails.",
            "Messages for the parent wait; the exceptions of the tries say why.",
            "look up the exception that is named, such as configcid explain TRANSIENT";
    }
}

pub(super) fn exceptions() -> Vec<Page> {
    let page = |(name, meaning): (&'static str, crate::logs::Meaning)| {
        let mut letters = meaning.what.chars();
        let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        Page {
            id: name,
            finder: Finder::Exception,
            severity: "fault",
            meaning: format!("{first}{}.", letters.as_str()),
            why: text!(
                "As long as tries end with it, messages for the other side wait in the router's Envelopes folder."
            ),
            source: text!("{}; what to do is our choice", meaning.source),
            next: meaning.next.replace("`relay ", "`configcid relay ").replace('`', ""),
        }
    };
    meanings().map(page).collect()
}
