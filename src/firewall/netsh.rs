//! What `netsh` prints, in English: `advfirewall show allprofiles`, `advfirewall firewall show rule`, and before Vista
//! `firewall show config`. One file may have all of them, one after the other.

use super::model::{Firewall, Kind, Ports, Profile, Program, Rule, Slot, Store};
use super::registry::{action_of, add_addresses, is_all_addresses};
use crate::base::text::fold_case;

/// What the lines that follow belong to.
enum Section {
    Nothing,
    /// Settings of a profile, since Vista.
    Settings(Profile),
    Rule(Box<Draft>),
    /// Settings, programs and ports of a profile, before Vista.
    OldSettings(Profile),
    OldPrograms(Profile),
    OldPorts(Profile),
}

/// A rule while it is read.
struct Draft {
    rule: Rule,
    is_inbound: bool,
    is_tcp: bool,
    has_action: bool,
}

/// Reads a text. Gives whether anything of a firewall was there.
pub(super) fn read(firewall: &mut Firewall, text: &str) -> bool {
    let mut found = false;
    let mut section = Section::Nothing;
    for line in text.lines() {
        let line = line.trim();
        if line.is_empty() || line.bytes().all(|byte| byte == b'-') {
            continue;
        }
        if let Some(next) = heading(firewall, line) {
            finish(firewall, std::mem::replace(&mut section, next));
            found = true;
            continue;
        }
        match &mut section {
            Section::Nothing => {}
            Section::Settings(profile) => setting(firewall, *profile, line),
            Section::Rule(draft) => draft.take(line),
            Section::OldSettings(profile) => old_setting(firewall, *profile, line),
            Section::OldPrograms(profile) => old_entry(firewall, *profile, line, Kind::ProgramList),
            Section::OldPorts(profile) => old_entry(firewall, *profile, line, Kind::PortList),
        }
    }
    finish(firewall, section);
    found
}

/// The section that a line begins.
fn heading(firewall: &mut Firewall, line: &str) -> Option<Section> {
    let folded = fold_case(line);
    if let Some((key, value)) = line.split_once(':')
        && fold_case(key.trim()) == "rule name"
    {
        firewall.seen.since_vista = true;
        firewall.seen.local = true;
        firewall.seen.rules = true;
        let mut rule = Rule::new(value.trim(), Store::Local, Kind::Rule);
        rule.program = Program::Unsaid;
        return Some(Section::Rule(Box::new(Draft { rule, is_inbound: false, is_tcp: true, has_action: false })));
    }
    let title = folded.strip_suffix(':')?.trim();
    let named = |end: &str| {
        let name = title.strip_suffix(end)?;
        let (name, is_current) = name.strip_suffix(" (current)").map_or((name, false), |name| (name, true));
        [
            ("domain", Profile::Domain),
            ("private", Profile::Private),
            ("public", Profile::Public),
            ("standard", Profile::Private),
        ]
        .into_iter()
        .find(|(known, _)| *known == name.trim())
        .map(|(_, profile)| (profile, is_current))
    };
    if let Some((profile, _)) = named(" profile settings") {
        firewall.seen.since_vista = true;
        firewall.settings(Store::Local, Slot::Of(profile));
        return Some(Section::Settings(profile));
    }
    // The current profile is marked behind the words.
    let (bare, is_current) = title.strip_suffix("(current)").map_or((title, false), |title| (title.trim(), true));
    let old = |words: &str, is_end: bool| {
        let name = if is_end { bare.strip_suffix(words) } else { bare.strip_prefix(words)?.strip_suffix(" profile") };
        match name?.trim() {
            "domain" => Some(Profile::Domain),
            "standard" => Some(Profile::Private),
            _ => None,
        }
    };
    if let Some(profile) = old(" profile configuration", true) {
        firewall.settings(Store::Local, Slot::Of(profile));
        if is_current {
            firewall.current = vec![profile];
        }
        firewall.seen.before_vista = true;
        return Some(Section::OldSettings(profile));
    }
    if let Some(profile) = old("allowed programs configuration for ", false) {
        firewall.seen.rules = true;
        return Some(Section::OldPrograms(profile));
    }
    if let Some(profile) = old("port configuration for ", false) {
        firewall.seen.rules = true;
        return Some(Section::OldPorts(profile));
    }
    // Any other part of either text.
    (title.ends_with(" configuration") || title.contains(" configuration for ")).then_some(Section::Nothing)
}

fn finish(firewall: &mut Firewall, section: Section) {
    if let Section::Rule(draft) = section
        && draft.is_inbound
        && draft.is_tcp
        && draft.has_action
    {
        firewall.keep(draft.rule);
    }
}

fn setting(firewall: &mut Firewall, profile: Profile, line: &str) {
    let folded = fold_case(line);
    let value = |name: &str| {
        let rest = folded.strip_prefix(name)?;
        rest.starts_with([' ', '\t']).then(|| rest.trim())
    };
    let settings = firewall.settings(Store::Local, Slot::Of(profile));
    if let Some(state) = value("state") {
        settings.on = match state {
            "on" => Some(true),
            "off" => Some(false),
            _ => settings.on,
        };
    } else if let Some(policy) = value("firewall policy") {
        let inbound = policy.split(',').next().unwrap_or_default().trim();
        settings.shielded = Some(inbound == "blockinboundalways");
        settings.default_allow = Some(inbound == "allowinbound");
    } else if value("localfirewallrules").is_some_and(|value| value.starts_with("disable")) {
        firewall.settings(Store::Policy, Slot::Of(profile)).local_rules = Some(false);
    }
}

impl Draft {
    fn take(&mut self, line: &str) {
        let Some((key, value)) = line.split_once(':') else { return };
        let (key, value) = (fold_case(key.trim()), value.trim());
        let is = |word: &str| value.eq_ignore_ascii_case(word);
        let rule = &mut self.rule;
        match key.as_str() {
            "enabled" => rule.enabled = is("yes"),
            "direction" => self.is_inbound = is("in"),
            "profiles" => {
                let all = fold_case(value);
                if !all.split(',').any(|name| ["any", "all"].contains(&name.trim())) {
                    rule.profiles =
                        ["domain", "private", "public"].map(|name| all.split(',').any(|one| one.trim() == name));
                }
            }
            "protocol" => self.is_tcp = is("tcp") || is("any") || is("6"),
            "program" => rule.program = if is("any") { Program::Any } else { Program::Named(value.to_owned()) },
            "service" => rule.service = Some(value.to_owned()),
            "action" => {
                if let Some(action) = action_of(value) {
                    (rule.action, self.has_action) = (action, true);
                }
            }
            "remoteip" => add_addresses(&mut rule.addresses, value),
            "localip" if !is_all_addresses(value) => rule.limits.push(text!("on the address {value}", value)),
            "remoteport" if !is("any") => rule.limits.push(text!("from port {value}", value)),
            "interfacetypes" if !is("any") => rule.limits.push(text!("on the interface {value}", value)),
            "security" if !is("notrequired") => rule.limits.push(text!("for secured connections").to_owned()),
            "localport" => rule.ports = Ports::of_list(value),
            "edge traversal" => rule.edge = is("yes"),
            "rule source" if fold_case(value).starts_with("group policy") => rule.store = Store::Policy,
            _ => {}
        }
    }
}

fn old_setting(firewall: &mut Firewall, profile: Profile, line: &str) {
    let Some((key, value)) = line.split_once('=') else { return };
    let is_on = match fold_case(value.trim()).as_str() {
        "enable" => true,
        "disable" => false,
        _ => return,
    };
    let settings = firewall.settings(Store::Local, Slot::Of(profile));
    match fold_case(key.trim()).as_str() {
        "operational mode" => settings.on = Some(is_on),
        "exception mode" => settings.shielded = Some(!is_on),
        _ => {}
    }
}

/// `Enable   Sophos Message Router / C:\...\RouterNT.exe`, or `8192   TCP   Enable   Sophos`. Since Vista a column tells
/// the direction.
fn old_entry(firewall: &mut Firewall, profile: Profile, line: &str, kind: Kind) {
    if let Some(scope) = line.strip_prefix("Scope:") {
        // With verbose = enable it follows its entry.
        if let Some(rule) = firewall.rules.last_mut().filter(|rule| rule.kind == kind) {
            add_addresses(&mut rule.addresses, scope);
        }
        return;
    }
    if fold_case(line).contains("traffic direction") {
        firewall.seen.since_vista = true;
        return;
    }
    let mut words = line.split_whitespace();
    let mut rule = Rule::new("", Store::Local, kind);
    if kind == Kind::PortList {
        let (Some(port), Some(protocol)) = (words.next(), words.next()) else { return };
        if !port.starts_with(|c: char| c.is_ascii_digit()) || !protocol.eq_ignore_ascii_case("tcp") {
            return;
        }
        rule.ports = Ports::of_list(port);
    }
    rule.enabled = match words.next().map(fold_case).as_deref() {
        Some("enable") => true,
        Some("disable") => false,
        _ => return,
    };
    let rest = words.collect::<Vec<_>>().join(" ");
    let rest = rest.strip_prefix("Inbound ").unwrap_or(&rest);
    match (kind, rest.rsplit_once(" / ")) {
        (Kind::ProgramList, Some((name, path))) => {
            (rule.name, rule.program) = (name.to_owned(), Program::Named(path.to_owned()));
        }
        _ => rule.name = rest.to_owned(),
    }
    if firewall.seen.since_vista {
        rule.kind = Kind::Rule;
    }
    rule.profiles = Profile::ALL.map(|this| this == profile);
    firewall.keep(rule);
}
