//! The rules of fleets, and what is found against them. docs/fleet.md lists them.

use super::Machine;
use crate::base::language::said;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FleetSeverity {
    /// It is against a rule: nothing is done while it stands.
    Error,
    /// It is allowed and still likely to be a mistake.
    Warning,
}

impl FleetSeverity {
    /// The name, as the JSON output has it.
    #[cfg(feature = "cli")]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Something that is wrong with a fleet file, or with a CID that it names.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct FleetFinding {
    /// Names the rule; stable.
    pub code: &'static str,
    /// How bad it is.
    pub severity: FleetSeverity,
    /// The line of the file, counted from 1.
    pub line: usize,
    /// The vendor's articles that the rule comes from.
    pub article: &'static str,
    /// What is wrong, as a sentence without an end.
    pub what: String,
    /// What to do about it.
    pub next: &'static str,
    /// The machine that it is about, by the name that the file gives it.
    pub machine: Option<String>,
    /// The CID that it is about, as the file spells it.
    pub cid: Option<String>,
}

impl FleetFinding {
    /// Whether it is an error.
    pub fn is_error(&self) -> bool {
        self.severity == FleetSeverity::Error
    }

    /// A machine that it is about.
    pub(super) fn of(mut self, machine: &Machine) -> Self {
        self.machine = Some(machine.name.value.clone());
        self
    }

    /// A CID that it is about.
    pub(super) fn at(mut self, cid: &str) -> Self {
        self.cid = Some(cid.to_owned());
        self
    }
}

/// A rule.
#[derive(Debug)]
pub(crate) struct Rule {
    pub code: &'static str,
    pub article: &'static str,
    pub severity: FleetSeverity,
    /// What it means, as a sentence.
    #[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "pages of findings alone tell it"))]
    pub meaning: &'static str,
    /// Why it matters, as a sentence.
    #[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "pages of findings alone tell it"))]
    pub why: &'static str,
    pub next: &'static str,
}

impl Rule {
    pub(super) fn found(&self, line: usize, what: impl Into<String>) -> FleetFinding {
        let Self { code, article, severity, next, .. } = *self;
        let (article, next) = (said(article), said(next));
        FleetFinding { code, severity, line, article, what: what.into(), next, machine: None, cid: None }
    }
}

const RELAYS: &str = "14635";
const LARGE: &str = "63588";
/// Of rules that no article has.
const OURS: &str = "our choice";

macro_rules! rules {
    ($($name:ident = $severity:ident, $code:literal, $article:expr, $meaning:literal, $why:literal, $next:literal;)*) => {
        $(pub(super) const $name: Rule = Rule {
            code: $code, article: $article, severity: FleetSeverity::$severity, meaning: $meaning, why: $why, next: $next,
        };)*

        /// All of them. Two of one code differ in how grave it is, or in whom it is about.
        #[cfg(feature = "cli")]
        pub(crate) const RULES: &[Rule] = &[$($name),*];
    };
}

rules! {
    NAME_TWICE = Error, "name-twice", OURS,
        "Two machines of the fleet file have one name, or a relay is called `server`.",
        "CIDs and parents are given by these names: with two of one name nobody can say which is meant.",
        "give each machine a name of its own";
    ADDRESS = Error, "address", RELAYS,
        "An address breaks the rules of its kind.",
        "It would stand in mrinit.conf as it is, and endpoints would ask for a computer that cannot exist.",
        "write it as the relay's endpoints are to find it";
    NO_ADDRESS = Error, "no-address", RELAYS,
        "A relay has no address.",
        "Endpoints find their relay by nothing else than the address in mrinit.conf.",
        "give ip, fqdn or netbios";
    SERVER_WITHOUT_ADDRESS = Warning, "no-address", RELAYS,
        "The server has no address in the file.",
        "CIDs whose endpoints report to the server cannot be told from CIDs that are not set up.",
        "give ip, fqdn or netbios";
    ADDRESS_DOUBT = Warning, "address-doubt", OURS,
        "An address is allowed and likely wrong: IPv6, loopback, or a name without a domain.",
        "Endpoints elsewhere in the network would not reach it.",
        "look whether it is meant so";
    SHARED_ADDRESS = Error, "shared-address", OURS,
        "Two machines share an address.",
        "Endpoints of one of the two would report to the other.",
        "give each machine its own";
    UNKNOWN_PARENT = Error, "unknown-parent", OURS,
        "A relay has a parent that nothing in the file is called.",
        "Where its messages go cannot be said, and nothing is planned for it.",
        "name a relay of this file, or the server";
    UNKNOWN_RELAY = Error, "unknown-relay", OURS,
        "A CID has a relay that nothing in the file is called.",
        "Which address its endpoints shall have cannot be said.",
        "name a relay of this file, or the server";
    CYCLE = Error, "cycle", OURS,
        "Relays report in a circle, or one to itself.",
        "No message from below the circle ever reaches the server.",
        "let one of them report to the server";
    DEPTH = Warning, "depth", RELAYS,
        "A relay lies deeper than seven levels, the server and six of relays.",
        "Each level adds its delay, and its failure cuts off all below it.",
        "let it report to a relay nearer to the server";
    SERVER_ENDPOINTS = Warning, "server-endpoints", LARGE,
        "More endpoints report to the server without a relay than are recommended: 4,000 where it runs Windows Server 2008, else 5,000.",
        "Messages pile up in its Envelopes folder, and the console shows what is long past.",
        "let endpoints report to relays instead of the server";
    RELAY_ENDPOINTS = Warning, "relay-endpoints", OURS,
        "More than 8,000 endpoints report to one relay.",
        "A relay has the limits of a router: connections, ports, processors.",
        "share them among more relays";
    DHCP_FQDN = Error, "dhcp-fqdn", RELAYS,
        "A relay with DHCP in an NT domain has no FQDN.",
        "Its IP address changes and its short name is not resolved everywhere, so that endpoints lose it.",
        "give its fqdn, or a static address";
    DHCP_FQDN_DOUBT = Warning, "dhcp-fqdn", RELAYS,
        "A relay with DHCP has no FQDN, and the file does not say which domain it is in.",
        "In an NT domain endpoints would lose it as soon as its address changes.",
        "say which domain it is in, or give its fqdn";
    DHCP = Warning, "dhcp", RELAYS,
        "A relay has its address from DHCP.",
        "The address stands in the mrinit.conf of every endpoint: once it changes they fall back to the names, or lose the relay.",
        "give it a static address";
    RELAY_SYSTEM = Warning, "relay-system", RELAYS,
        "A relay runs a system that is none for servers, or is older than Windows 2000.",
        "Such systems limit the number of connections from the network, so that a relay on one serves a few endpoints alone.",
        "take a computer with a server system";
    SYSTEM = Warning, "system", LARGE,
        "Whether the server runs Windows Server 2008 cannot be told from its `system`.",
        "The lower limit of endpoints for that one may apply, and is not checked.",
        "write it as Windows Server 2008, Windows Server 2008 R2 or the like";
    RELAY_WITHOUT_CID = Warning, "relay-without-cid", RELAYS,
        "No CID names a relay that is said to have endpoints.",
        "Endpoints come to a relay by the CID that they update from: without one nobody reports to it.",
        "add the [[cid]] of its endpoints";
    PLATFORM_WITHOUT_CID = Warning, "platform-without-cid", RELAYS,
        "No CID serves the endpoints of one of the platforms of a relay.",
        "They go on to report to whomever their present CID names.",
        "add the [[cid]] of these endpoints";
    CID_TWICE = Error, "cid-twice", OURS,
        "A CID stands in the file twice, perhaps by two spellings of its path.",
        "The second would undo what the first was set to.",
        "give each group of endpoints a CID of its own";
    CID_MISSING = Error, "cid-missing", OURS,
        "A CID is not there, is none, or cannot be read.",
        "Nothing can be said of it or done to it; the others are still done.",
        "check the path and your rights to it";
    SOURCE_CYCLE = Error, "source-cycle", OURS,
        "CIDs follow each other in a circle, or one itself.",
        "Each would be brought what the other has, and none of them is where updates come from.",
        "let one of them follow none: the CID that the server updates";
    SOURCE_MISSING = Error, "source-missing", OURS,
        "The CID that another one follows is not there, is none, or cannot be read.",
        "What the other is to be brought cannot be said; the others are still done.",
        "check the path of the source and your rights to it";
    CID_PLATFORM = Error, "cid-platform", RELAYS,
        "A CID is for another platform than the file says.",
        "The mrinit.conf that its endpoints read would not be the one that is edited.",
        "correct the platform, or name another CID";
    RELAY_PLATFORM = Error, "cid-platform", RELAYS,
        "A CID is for a platform that its relay does not name.",
        "One of the two is a slip: either the relay serves these endpoints, or another one does.",
        "correct platform here, or platforms of the relay";
    CID_PLATFORM_DOUBT = Warning, "cid-platform", RELAYS,
        "A CID has both rms and rms9x, and is said to be for one of the two platforms.",
        "Both copies of mrinit.conf are set; the file should say so.",
        "add the platform";
    OWN_PARENT = Error, "own-parent", OURS,
        "MRParentAddress of a CID names as the parent of its relay that relay itself.",
        "Once the router of the relay reads it, the relay reports to itself, and no message leaves it.",
        "set MRParentAddress to the server's with configcid mrinit set";
    OWN_PARENT_FOR_NOW = Warning, "own-parent", OURS,
        "MRParentAddress of a CID names as the parent of its relay that relay itself, until `fleet apply` sets it.",
        "Until then a relay that is set up from this CID reports to itself.",
        "configcid fleet apply sets it";
    COMPUTER_TWICE = Error, "computer-twice", OURS,
        "Two machines of the fleet file claim one endpoint: both name it, or it fits a pattern of each.",
        "Whom it should report to cannot be said, and it is counted for neither.",
        "let it stand at one machine alone, or make the patterns narrower";
    SURVEY = Error, "survey", OURS,
        "The survey that is named tells of no endpoint, or a part of it cannot be read.",
        "How many endpoints have moved is not known; an old number would be taken for that of today.",
        "look whether the files are there, and collect them again";
    ENDPOINTS_MISSING = Error, "endpoints-missing", OURS,
        "Fewer endpoints were found that report to a machine than the fleet file expects, or one that it names is not in the survey.",
        "Those that are missing report to somebody else, to nobody, or are switched off: none of them is known to have moved.",
        "set up those that report elsewhere, and collect again; correct endpoints or computers of the machine where they are gone for good";
    ENDPOINTS_MORE = Warning, "endpoints-more", OURS,
        "More endpoints report to a machine than the fleet file expects.",
        "Its size was planned for fewer; or endpoints of another relay update from its CID.",
        "correct endpoints of the machine, or look whose they are: configcid fleet endpoints --json";
    ENDPOINTS_ELSEWHERE = Error, "endpoints-elsewhere", RELAYS,
        "Endpoints that belong to a machine report to another one, or by another list of addresses than the machine has now.",
        "They go on to report to whom they did before, until their router is set up from the new CID.",
        "set them up: configcid client set, or its script, on each";
    ENDPOINTS_TO_SET_UP = Error, "endpoints-to-set-up", RELAYS,
        "Endpoints report to nobody, contradict themselves, or have a mrinit.conf.orig that wins over the new file.",
        "They do not report, or will not when their router is set up next.",
        "look at each with configcid endpoints survey, and set it up: configcid client set";
    ENDPOINTS_UNKNOWN = Error, "endpoints-unknown", OURS,
        "The survey has endpoints of which it cannot tell whom they report to: they could not be asked, or their export is broken.",
        "They may have moved or not.",
        "collect them again";
    ENDPOINTS_NOWHERE = Error, "endpoints-nowhere", RELAYS,
        "Endpoints report to a parent that no machine of the fleet file is.",
        "Their messages go to another estate, or to a computer that is gone.",
        "set them up from a CID of this fleet, or add the machine to the file";
    RELAY_ELSEWHERE = Error, "relay-elsewhere", RELAYS,
        "The computer of a relay reports to somebody else than the fleet file says.",
        "It was not installed from its new CID, or the file is wrong: all endpoints below it go where it goes.",
        "install it again from its CID, and see configcid relay check there";
    RELAY_LOOP = Error, "relay-loop", RELAYS,
        "By the survey relays report in a circle, one to itself, or the server to a relay.",
        "No message from below the circle ever reaches the server.",
        "correct MRParentAddress in the CID of one of them, and install it again";
    DNS = Error, "dns", OURS,
        "An FQDN of the file does not resolve at this computer (`--dns`).",
        "Endpoints that use the same DNS server will not find the relay by it.",
        "correct the name, or add it to the DNS server";
    DNS_ADDRESS = Warning, "dns-address", OURS,
        "An FQDN resolves to another address than the `ip` of the same machine (`--dns`).",
        "Endpoints reach one computer by the address and another by the name, one of which is no relay.",
        "correct the address here or at the DNS server";
}
