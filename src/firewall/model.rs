//! The firewall of a computer, as data.

use serde::Serialize;

use crate::base::text::fold_case;

/// The router's program \[A\].
const PROGRAM: &str = "routernt.exe";
/// The name of the router's service \[A\].
const SERVICE: &str = "sophos message router";

/// The router's ports (formats.md, section 2), and what each is needed for.
pub(super) const PORTS: [(u16, &str); 3] = [
    (8192, "the router's IOR, which endpoints and relays fetch first"),
    (8193, "IIOP without encryption"),
    (8194, "IIOP over SSL, on which messages go"),
];

/// The kind of network that a computer takes itself to be in. Settings and rules are those of one profile or of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// A server in a domain, as it reaches its domain.
    Domain,
    /// A network that somebody has called private. Before Vista this is the Standard profile: all networks but the domain's.
    Private,
    /// Any other network.
    Public,
}

impl Profile {
    /// All of them, in this order.
    pub const ALL: [Self; 3] = [Self::Domain, Self::Private, Self::Public];

    /// How a Windows of this generation calls it.
    pub fn name(self, generation: Generation) -> &'static str {
        match (self, generation) {
            (Self::Domain, _) => "Domain",
            (Self::Private, Generation::SinceVista) => "Private",
            (Self::Private, Generation::BeforeVista) => "Standard",
            (Self::Public, _) => "Public",
        }
    }
}

/// Which firewall it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Generation {
    /// Windows XP and 2003: lists of ports and of programs in the Domain and the Standard profile.
    BeforeVista,
    /// Windows Vista, 2008 and later: rules, and three profiles.
    SinceVista,
}

/// Who has set something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Store {
    /// The computer.
    Local,
    /// A group policy.
    Policy,
}

impl Store {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Policy => "group policy",
        }
    }
}

/// The settings of one profile in one store; `None` is what it does not set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Whether something of this profile was there to read.
    pub seen: bool,
    /// `EnableFirewall`.
    pub on: Option<bool>,
    /// `DoNotAllowExceptions`: all is blocked, whatever rules say.
    pub shielded: Option<bool>,
    /// `DefaultInboundAction` is to allow: what no rule blocks comes in.
    pub default_allow: Option<bool>,
    /// `AllowLocalPolicyMerge` of a policy: whether local rules count.
    pub local_rules: Option<bool>,
    /// `GloballyOpenPorts\AllowUserPrefMerge` of a policy: whether the local list of ports counts.
    pub local_ports: Option<bool>,
    /// `AuthorizedApplications\AllowUserPrefMerge` of a policy: whether the local list of programs counts.
    pub local_programs: Option<bool>,
    /// `GloballyOpenPorts\Enabled` of a policy: whether its list of ports counts.
    pub ports: Option<bool>,
    /// `AuthorizedApplications\Enabled` of a policy: whether its list of programs counts.
    pub programs: Option<bool>,
}

/// Whose settings or rules: those of a profile, or of the Standard profile of policies that were made for Windows XP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    Of(Profile),
    Standard,
}

impl Slot {
    pub(crate) fn index(self) -> usize {
        match self {
            Self::Of(profile) => profile as usize,
            Self::Standard => 3,
        }
    }
}

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Lets in.
    Allow,
    /// Keeps out, whatever other rules allow.
    Block,
    /// Lets in what is authenticated, whatever other rules block.
    Bypass,
}

/// Where a rule stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A rule, since Vista.
    Rule,
    /// The list of ports.
    PortList,
    /// The list of programs.
    ProgramList,
}

/// Local ports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ports {
    /// All of them.
    pub any: bool,
    /// Some, each from and to.
    pub ranges: Vec<(u16, u16)>,
    /// The export does not say which.
    pub unsaid: bool,
}

impl Ports {
    pub(super) fn any() -> Self {
        Self { any: true, ..Self::default() }
    }

    /// A list of numbers and ranges. Words stand for ports that are handed out at run time, none of which is the router's.
    pub(super) fn of_list(list: &str) -> Self {
        let list = list.trim().trim_start_matches('{').trim_end_matches('}');
        let mut ports = Self::default();
        for part in list.split(',').map(str::trim) {
            match part {
                _ if ["any", "*"].iter().any(|any| part.eq_ignore_ascii_case(any)) => ports.any = true,
                // PowerShell writes the type of a list in its place, and cuts lists.
                _ if part.ends_with("[]") || part.ends_with("...") || part.ends_with('\u{2026}') => ports.unsaid = true,
                _ => {
                    let (from, to) = part.split_once('-').unwrap_or((part, part));
                    if let (Ok(from), Ok(to)) = (from.trim().parse(), to.trim().parse()) {
                        ports.ranges.push((from, to));
                    }
                }
            }
        }
        ports
    }

    fn reach(&self, port: u16) -> Reach {
        if self.any || self.ranges.iter().any(|(from, to)| (*from..=*to).contains(&port)) {
            Reach::Yes
        } else if self.unsaid {
            Reach::Perhaps
        } else {
            Reach::No
        }
    }
}

/// Whether a rule is for a port of the router.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    No,
    Perhaps,
    Yes,
}

/// Whose connections a rule is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Program {
    /// Those of all programs.
    Any,
    /// Those of one, by its path or name.
    Named(String),
    /// The export leaves the program out.
    Unsaid,
}

/// A rule for what comes in over TCP.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Who has made it.
    pub store: Store,
    /// What it does.
    pub action: Action,
    /// Whether it counts.
    pub enabled: bool,
    /// The ports of this computer that it is for.
    pub ports: Ports,
    /// The addresses of the other side that it is for; empty where it is for all.
    pub addresses: Vec<String>,
    /// What else limits it, each as a phrase.
    pub limits: Vec<String>,
    /// Whether it lets in what comes through a translating router (edge traversal). It does not count here.
    pub edge: bool,
    pub(crate) kind: Kind,
    pub(crate) profiles: [bool; 3],
    /// Of the Standard profile of a policy.
    pub(crate) standard: bool,
    pub(crate) program: Program,
    pub(crate) service: Option<String>,
    /// Why it is not sure whether the rule counts.
    pub(crate) unsure: Option<&'static str>,
}

impl Rule {
    pub(super) fn new(name: &str, store: Store, kind: Kind) -> Self {
        Self {
            name: name.to_owned(),
            store,
            action: Action::Allow,
            enabled: true,
            ports: Ports::any(),
            addresses: Vec::new(),
            limits: Vec::new(),
            edge: false,
            kind,
            profiles: [true; 3],
            standard: false,
            program: Program::Any,
            service: None,
            unsure: None,
        }
    }

    /// The program that it is for; `None` where it is for all, or the export leaves it out.
    pub fn program(&self) -> Option<&str> {
        match &self.program {
            Program::Named(path) => Some(path),
            _ => None,
        }
    }

    /// Whether it counts in a profile.
    pub(super) fn covers(&self, profile: Profile, generation: Generation) -> bool {
        let standard = match profile {
            Profile::Domain => false,
            Profile::Private => self.standard,
            Profile::Public => self.standard && generation == Generation::SinceVista,
        };
        self.profiles[profile as usize] || standard
    }

    /// Whether it is for connections to the router on this port, wherever they come from.
    pub(super) fn reach(&self, port: u16) -> Reach {
        let service = match self.service.as_deref().map(|service| fold_case(service.trim())).as_deref() {
            None | Some("" | "*" | "any" | SERVICE) => Reach::Yes,
            Some(_) => Reach::No,
        };
        let of_ports = self.ports.reach(port);
        let program = match &self.program {
            Program::Any => Reach::Yes,
            Program::Named(path) if is_router(path) => Reach::Yes,
            Program::Named(_) => Reach::No,
            // Ports that are the router's are taken to be meant for it.
            Program::Unsaid if !self.ports.any => Reach::Yes,
            Program::Unsaid if self.action == Action::Block && !self.names_router() => Reach::No,
            Program::Unsaid => Reach::Perhaps,
        };
        let sure = if self.unsure.is_some() { Reach::Perhaps } else { Reach::Yes };
        service.min(of_ports).min(program).min(sure)
    }

    /// Whether its name is one that people or the firewall's prompt give to a rule for the router.
    fn names_router(&self) -> bool {
        let name = fold_case(&self.name);
        ["routernt", "sophos", "message router"].iter().any(|word| name.contains(word))
    }

    /// Whether it is for all connections to its ports.
    pub(super) fn is_whole(&self) -> bool {
        self.addresses.is_empty() && self.limits.is_empty()
    }
}

/// Whether a path, of whatever folder, is that of the router's program.
fn is_router(path: &str) -> bool {
    let path = fold_case(path.trim().trim_matches('"'));
    path.rsplit(['\\', '/']).next() == Some(PROGRAM)
}

/// The firewall of a computer, as far as it was exported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Firewall {
    /// The rules that could concern the router's ports, in their order, disabled ones too.
    pub rules: Vec<Rule>,
    /// The profiles that the computer is in, where the export says so.
    pub current: Vec<Profile>,
    /// What is odd or missing in the export, each as a sentence.
    pub notes: Vec<String>,
    /// Those of the computer.
    pub(crate) local: [Settings; 4],
    /// Those of a group policy.
    pub(crate) policy: [Settings; 4],
    pub(crate) seen: Seen,
}

/// What was there to read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Local settings or rules.
    pub local: bool,
    /// Those of a group policy.
    pub policy: bool,
    /// Rules or lists, be they empty.
    pub rules: bool,
    /// What only a Windows since Vista has.
    pub since_vista: bool,
    /// What only a Windows before Vista has.
    pub before_vista: bool,
    /// The service of the firewall before Vista is disabled.
    pub old_service_disabled: bool,
    /// The service of the firewall since Vista is disabled.
    pub service_disabled: bool,
}

impl Firewall {
    /// Which firewall it is.
    pub fn generation(&self) -> Generation {
        match self.seen.before_vista && !self.seen.since_vista {
            true => Generation::BeforeVista,
            false => Generation::SinceVista,
        }
    }

    /// The profiles that such a Windows has.
    pub fn profiles(&self) -> &'static [Profile] {
        match self.generation() {
            Generation::BeforeVista => &Profile::ALL[..2],
            Generation::SinceVista => &Profile::ALL,
        }
    }

    pub(crate) fn settings(&mut self, store: Store, slot: Slot) -> &mut Settings {
        match store {
            Store::Local => self.seen.local = true,
            Store::Policy => self.seen.policy = true,
        }
        let all = if store == Store::Local { &mut self.local } else { &mut self.policy };
        let settings = &mut all[slot.index()];
        settings.seen = true;
        settings
    }

    /// Adds a rule, if it could concern one of the router's ports.
    pub(crate) fn keep(&mut self, rule: Rule) {
        self.seen.rules = true;
        if PORTS.iter().any(|(port, _)| rule.reach(*port) > Reach::No) {
            self.rules.push(rule);
        } else if rule.action == Action::Block && rule.program == Program::Unsaid && rule.ports.any && rule.enabled {
            self.note(text!("some rules that block leave out whose they are; none has a name that fits the router"));
        }
    }

    pub(crate) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}
