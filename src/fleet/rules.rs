//! The rules of fleets, and what is found against them. docs/fleet.md lists them.

use super::Machine;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FleetSeverity {
    /// It is against a rule: nothing is done while it stands.
    Error,
    /// It is allowed and still likely to be a mistake.
    Warning,
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
pub(super) struct Rule {
    code: &'static str,
    article: &'static str,
    severity: FleetSeverity,
    next: &'static str,
}

impl Rule {
    pub(super) fn found(&self, line: usize, what: impl Into<String>) -> FleetFinding {
        let Self { code, article, severity, next } = *self;
        FleetFinding { code, severity, line, article, what: what.into(), next, machine: None, cid: None }
    }
}

const fn error(code: &'static str, article: &'static str, next: &'static str) -> Rule {
    Rule { code, article, severity: FleetSeverity::Error, next }
}

const fn warning(code: &'static str, article: &'static str, next: &'static str) -> Rule {
    Rule { code, article, severity: FleetSeverity::Warning, next }
}

const RELAYS: &str = "14635";
const LARGE: &str = "63588";
/// Of rules that no article has.
const OURS: &str = "our choice";

pub(super) const NAME_TWICE: Rule = error("name-twice", OURS, "give each machine a name of its own");
pub(super) const ADDRESS: Rule = error("address", RELAYS, "write it as the relay's endpoints are to find it");
pub(super) const NO_ADDRESS: Rule = error("no-address", RELAYS, "give ip, fqdn or netbios");
pub(super) const SERVER_WITHOUT_ADDRESS: Rule = warning("no-address", RELAYS, "give ip, fqdn or netbios");
pub(super) const ADDRESS_DOUBT: Rule = warning("address-doubt", OURS, "look whether it is meant so");
pub(super) const SHARED_ADDRESS: Rule = error("shared-address", OURS, "give each machine its own");
pub(super) const UNKNOWN_PARENT: Rule = error("unknown-parent", OURS, "name a relay of this file, or the server");
pub(super) const UNKNOWN_RELAY: Rule = error("unknown-relay", OURS, "name a relay of this file, or the server");
pub(super) const CYCLE: Rule = error("cycle", OURS, "let one of them report to the server");
pub(super) const DEPTH: Rule = warning("depth", RELAYS, "let it report to a relay nearer to the server");
pub(super) const SERVER_ENDPOINTS: Rule =
    warning("server-endpoints", LARGE, "let endpoints report to relays instead of the server");
pub(super) const RELAY_ENDPOINTS: Rule = warning("relay-endpoints", OURS, "share them among more relays");
pub(super) const DHCP_FQDN: Rule = error("dhcp-fqdn", RELAYS, "give its fqdn, or a static address");
pub(super) const DHCP_FQDN_DOUBT: Rule = warning("dhcp-fqdn", RELAYS, "say which domain it is in, or give its fqdn");
pub(super) const DHCP: Rule = warning("dhcp", RELAYS, "give it a static address");
pub(super) const RELAY_SYSTEM: Rule = warning("relay-system", RELAYS, "take a computer with a server system");
pub(super) const SYSTEM: Rule =
    warning("system", LARGE, "write it as Windows Server 2008, Windows Server 2008 R2, ...");
pub(super) const RELAY_WITHOUT_CID: Rule = warning("relay-without-cid", RELAYS, "add the [[cid]] of its endpoints");
pub(super) const PLATFORM_WITHOUT_CID: Rule =
    warning("platform-without-cid", RELAYS, "add the [[cid]] of these endpoints");
pub(super) const CID_TWICE: Rule = error("cid-twice", OURS, "give each group of endpoints a CID of its own");
pub(super) const CID_MISSING: Rule = error("cid-missing", OURS, "check the path and your rights to it");
pub(super) const CID_PLATFORM: Rule = error("cid-platform", RELAYS, "correct the platform, or name another CID");
pub(super) const RELAY_PLATFORM: Rule =
    error("cid-platform", RELAYS, "correct platform here, or platforms of the relay");
pub(super) const CID_PLATFORM_DOUBT: Rule = warning("cid-platform", RELAYS, "add the platform");
pub(super) const OWN_PARENT: Rule =
    error("own-parent", OURS, "set MRParentAddress to the server's with configcid mrinit set");
pub(super) const OWN_PARENT_FOR_NOW: Rule = warning("own-parent", OURS, "configcid fleet apply sets it");
pub(super) const DNS: Rule = error("dns", OURS, "correct the name, or add it to the DNS server");
pub(super) const DNS_ADDRESS: Rule = warning("dns-address", OURS, "correct the address here or at the DNS server");
