//! What the firewall does with what comes to the router's ports.

use crate::base::language::said;
use serde::Serialize;

use super::model::{Action, Firewall, Generation, Kind, PORTS, Profile, Reach, Rule, Settings, Slot, Store};
use super::registry::{LOCAL_KEY, POLICY_KEY};

/// What the firewall makes of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PortState {
    /// It is open.
    Open,
    /// It is open for some addresses, or under some conditions, alone.
    Partly,
    /// No rule opens it.
    Closed,
    /// A rule or a setting closes it, whatever other rules say.
    Blocked,
    /// The export does not say enough.
    Unclear,
}

impl PortState {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => text!("open"),
            Self::Partly => text!("open for some alone"),
            Self::Closed => text!("closed"),
            Self::Blocked => text!("blocked"),
            Self::Unclear => text!("unclear"),
        }
    }
}

/// What happens on a port in a profile, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PortAnswer {
    /// The port.
    pub port: u16,
    /// What the router needs it for.
    pub needed_for: &'static str,
    /// What happens.
    pub state: PortState,
    /// The name of the rule that decided; `None` where a setting did, or nothing opens it.
    pub rule: Option<String>,
    /// The addresses of the other side that this rule is for; empty where it is for all.
    pub addresses: Vec<String>,
    /// Why, as a sentence.
    pub why: String,
}

/// What happens in a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ProfileAnswer {
    /// The profile.
    pub profile: Profile,
    /// As its Windows calls it.
    pub name: &'static str,
    /// Whether the firewall is on in it; `None` where the export does not say.
    pub on: Option<bool>,
    /// Each of the router's ports.
    pub ports: Vec<PortAnswer>,
}

/// The settings that count in a profile, and who has set the state.
struct Effective {
    on: Option<(bool, Store)>,
    shielded: Option<Store>,
    default_allow: bool,
    local_rules: bool,
    policy: Settings,
    /// Whether anything of the profile was exported.
    seen: bool,
}

impl Firewall {
    /// What happens on all of the router's ports, in each profile.
    pub fn answers(&self) -> Vec<ProfileAnswer> {
        let of = |profile: &Profile| ProfileAnswer {
            profile: *profile,
            name: profile.name(self.generation()),
            on: self.effective(*profile).on.map(|(on, _)| on),
            ports: PORTS.iter().map(|(port, _)| self.answer(*profile, *port)).collect(),
        };
        self.profiles().iter().map(of).collect()
    }

    /// What happens on a port in a profile.
    pub fn answer(&self, profile: Profile, port: u16) -> PortAnswer {
        let needed_for = PORTS
            .iter()
            .find(|(known, _)| *known == port)
            .map_or(text!("nothing of the router"), |known| said(known.1));
        let (state, rule, why) = self.decide(profile, port);
        let addresses = rule.map(|rule| rule.addresses.clone()).unwrap_or_default();
        PortAnswer { port, needed_for, state, rule: rule.map(|rule| rule.name.clone()), addresses, why }
    }

    /// What the export leaves open, each as a sentence.
    pub fn reservations(&self) -> Vec<String> {
        let mut all = Vec::new();
        if !self.seen.policy {
            all.push(text!("group policy may rule over this, and is not in it: export {POLICY_KEY} too, where it is there, and name both files", POLICY_KEY));
        } else if !self.seen.local {
            all.push(text!(
                "the computer's own settings and rules are not in it: export {LOCAL_KEY} too, and name both files",
                LOCAL_KEY
            ));
        }
        let unsaid: Vec<&str> = self
            .profiles()
            .iter()
            .filter(|profile| self.effective(**profile).on.is_none() && !self.is_service_off())
            .map(|profile| profile.name(self.generation()))
            .collect();
        if !unsaid.is_empty() {
            all.push(text!(
                "whether the firewall is on in {} is not in it; it is taken to be, as Windows has it by default{}",
                unsaid.join(", "),
                if self.generation() == Generation::BeforeVista { text!(" (Windows 2003 has it off)") } else { "" }
            ));
        }
        if self.seen.service_disabled && self.generation() == Generation::SinceVista {
            all.push(
                text!("the service of the firewall (MpsSvc) is disabled, which Windows does not support").to_owned(),
            );
        }
        all.extend(self.notes.iter().cloned());
        all
    }

    fn is_service_off(&self) -> bool {
        self.generation() == Generation::BeforeVista && self.seen.old_service_disabled
    }

    /// The state and the defaults: a policy wins where it sets something \[MS-FASP 2.2.38\], but to refuse all exceptions
    /// is enough where either does.
    fn effective(&self, profile: Profile) -> Effective {
        let generation = self.generation();
        let local = self.local[profile as usize];
        let own = self.policy[profile as usize];
        // Policies made for Windows XP know two profiles. Later ones take Standard for all that is no domain [A].
        let standard = match (profile, generation) {
            (Profile::Domain, _) => Settings::default(),
            _ => self.policy[Slot::Standard.index()],
        };
        let policy = Settings {
            seen: own.seen || standard.seen,
            on: own.on.or(standard.on),
            shielded: own.shielded.or(standard.shielded),
            default_allow: own.default_allow.or(standard.default_allow),
            local_rules: own.local_rules.or(standard.local_rules),
            local_ports: own.local_ports.or(standard.local_ports),
            local_programs: own.local_programs.or(standard.local_programs),
            ports: own.ports.or(standard.ports),
            programs: own.programs.or(standard.programs),
        };
        let local_shield =
            local.shielded == Some(true) && !(generation == Generation::BeforeVista && policy.shielded == Some(false));
        Effective {
            on: policy.on.map(|on| (on, Store::Policy)).or(local.on.map(|on| (on, Store::Local))),
            shielded: match policy.shielded {
                Some(true) => Some(Store::Policy),
                _ => local_shield.then_some(Store::Local),
            },
            default_allow: policy.default_allow.or(local.default_allow).unwrap_or(false),
            local_rules: policy.local_rules.unwrap_or(true),
            policy,
            seen: local.seen || policy.seen,
        }
    }

    fn decide(&self, profile: Profile, port: u16) -> (PortState, Option<&Rule>, String) {
        use PortState::{Blocked, Closed, Open, Partly, Unclear};
        let effective = self.effective(profile);
        if self.is_service_off() {
            return (Open, None, text!("the service of the firewall is disabled").to_owned());
        }
        if let Some((false, store)) = effective.on {
            return (Open, None, text!("the firewall is off here ({})", store.name()));
        }
        if let Some(store) = effective.shielded {
            return (Blocked, None, text!("all exceptions are refused here ({})", store.name()));
        }
        let rules: Vec<(&Rule, Reach)> = self
            .rules
            .iter()
            .filter(|rule| rule.enabled && rule.covers(profile, self.generation()))
            .map(|rule| (rule, rule.reach(port).min(self.counts(rule, port, &effective))))
            .filter(|(_, reach)| *reach > Reach::No)
            .collect();
        let find = |is: &dyn Fn(&Rule) -> bool, reach: Reach| {
            rules.iter().find(|(rule, this)| *this == reach && is(rule)).map(|(rule, _)| *rule)
        };
        let blocks = |rule: &Rule| rule.action == Action::Block && rule.is_whole();
        let blocks_some = |rule: &Rule| rule.action == Action::Block && !rule.is_whole();
        let allows = |rule: &Rule| rule.action == Action::Allow && rule.is_whole();
        let allows_some =
            |rule: &Rule| rule.action == Action::Bypass || (rule.action == Action::Allow && !rule.is_whole());
        let any_block = |rule: &Rule| rule.action == Action::Block;
        let any_allow = |rule: &Rule| rule.action != Action::Block;
        if let Some(rule) = find(&blocks, Reach::Yes) {
            return (Blocked, Some(rule), text!("{} blocks it", rule.title()));
        }
        let opened = find(&allows, Reach::Yes);
        // What a rule blocks for the same ones nobody opens for them.
        let is_undone =
            |rule: &Rule| rules.iter().any(|(block, reach)| *reach == Reach::Yes && rule.is_undone_by(block));
        let partly = find(&|rule| allows_some(rule) && !is_undone(rule), Reach::Yes);
        if opened.is_some() || effective.default_allow || partly.is_some() {
            if let Some(rule) = find(&any_block, Reach::Perhaps) {
                return (
                    Unclear,
                    Some(rule),
                    text!("{} blocks it, if it is for the router{}", rule.title(), rule.doubt()),
                );
            }
            if (opened.is_some() || effective.default_allow)
                && let Some(rule) = find(&blocks_some, Reach::Yes)
            {
                return (Partly, Some(rule), text!("{} blocks it {}", rule.title(), rule.scope()));
            }
        }
        if let Some(rule) = opened {
            return (Open, Some(rule), text!("{} opens it to all", rule.title()));
        }
        if effective.default_allow {
            return (Open, None, text!("what no rule blocks comes in here by default").to_owned());
        }
        if let Some(rule) = partly {
            return (Partly, Some(rule), text!("{} opens it {}", rule.title(), rule.scope()));
        }
        if let Some(rule) = find(&any_allow, Reach::Perhaps) {
            return (Unclear, Some(rule), text!("{} opens it, if it is for the router{}", rule.title(), rule.doubt()));
        }
        if !self.seen.rules {
            return (Unclear, None, text!("no rules are in the export, so that none can be looked for").to_owned());
        }
        let old = self.generation() == Generation::BeforeVista;
        if old && !effective.seen {
            return (Unclear, None, text!("nothing of this profile is in the export").to_owned());
        }
        if self.seen.service_disabled {
            return (Unclear, None, text!("no rule opens it, but the service of the firewall is disabled").to_owned());
        }
        (Closed, None, text!("no rule opens it here{}", self.near_miss(port, &effective)))
    }

    /// Whether a rule counts beside the settings of the policy.
    fn counts(&self, rule: &Rule, port: u16, effective: &Effective) -> Reach {
        let (policy, is_local) = (&effective.policy, rule.store == Store::Local);
        let is_new = self.generation() == Generation::SinceVista;
        let counts = match rule.kind {
            Kind::Rule => !is_local || effective.local_rules,
            Kind::PortList if self.is_disabled_by_policy(port, rule) => false,
            Kind::PortList if is_local => policy.local_ports != Some(false),
            Kind::PortList => policy.ports != Some(false),
            Kind::ProgramList if is_local => policy.local_programs != Some(false),
            Kind::ProgramList => policy.programs != Some(false),
        };
        match counts {
            false => Reach::No,
            // Whether a Windows since Vista heeds lists of before, nothing that is published says.
            true if is_new && is_local && rule.kind != Kind::Rule => Reach::Perhaps,
            true => Reach::Yes,
        }
    }

    /// A policy's list that has a port as disabled makes all entries for it count for nothing, those of the computer too
    /// (the help text of that policy).
    fn is_disabled_by_policy(&self, port: u16, of: &Rule) -> bool {
        self.rules.iter().any(|rule| {
            rule.kind == Kind::PortList
                && rule.store == Store::Policy
                && !rule.enabled
                && rule.reach(port) == Reach::Yes
                && (rule.standard == of.standard || of.store == Store::Local)
                && Profile::ALL
                    .iter()
                    .any(|profile| rule.covers(*profile, self.generation()) && of.covers(*profile, self.generation()))
        })
    }

    /// Which rules would open the port if they counted here, as a further part of a sentence.
    fn near_miss(&self, port: u16, effective: &Effective) -> String {
        let generation = self.generation();
        let would = |rule: &&Rule| rule.action != Action::Block && rule.reach(port) > Reach::No;
        let misses: Vec<String> = self
            .rules
            .iter()
            .filter(would)
            .take(3)
            .map(|rule| {
                let names: Vec<&str> = self
                    .profiles()
                    .iter()
                    .filter(|profile| rule.covers(**profile, generation))
                    .map(|profile| profile.name(generation))
                    .collect();
                if !rule.enabled {
                    text!("{} is disabled", rule.title())
                } else if self.counts(rule, port, effective) == Reach::No {
                    text!("{} does not count, by group policy", rule.title())
                } else {
                    text!("{} does in {} alone", rule.title(), names.join(text!(" and ")))
                }
            })
            .collect();
        if misses.is_empty() { String::new() } else { format!("; {}", misses.join(", ")) }
    }
}

impl Rule {
    /// Its name, and what sets it apart.
    fn title(&self) -> String {
        let program = self.program().map(|path| text!(", for {path}", path)).unwrap_or_default();
        let name = match self.kind {
            Kind::Rule => text!("the rule {}", format!("{:?}", self.name)),
            Kind::PortList => text!("the entry {} in the list of ports", format!("{:?}", self.name)),
            Kind::ProgramList => text!("the entry {} in the list of programs", format!("{:?}", self.name)),
        };
        format!("{name} ({}{program})", self.store.name())
    }

    /// For whom, where it is not for all.
    fn scope(&self) -> String {
        let mut parts = Vec::new();
        if !self.addresses.is_empty() {
            parts.push(text!("to {}", self.addresses.join(", ")));
        }
        parts.extend(self.limits.iter().cloned());
        if self.action == Action::Bypass && self.limits.is_empty() {
            parts.push(text!("for authenticated connections").to_owned());
        }
        text!("{} alone", parts.join(", "))
    }

    /// Whether the other blocks all that this allows.
    fn is_undone_by(&self, block: &Self) -> bool {
        block.action == Action::Block
            && self.action == Action::Allow
            && block.addresses == self.addresses
            && block.limits == self.limits
    }

    fn doubt(&self) -> String {
        match self.unsure {
            Some(why) => format!(": {why}"),
            None if self.ports.unsaid => text!(": its ports are not in the export").to_owned(),
            None if self.kind != Kind::Rule => text!(": it stands in a list of before Vista").to_owned(),
            None => text!(": its program is not in the export").to_owned(),
        }
    }
}
