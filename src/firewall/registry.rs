//! What the registry has of the firewall: the computer's own part and that of a group policy, of any Windows since XP.
//!
//! Since Vista each rule is a value `v2.10|Action=Allow|Active=TRUE|Dir=In|...` of `FirewallRules` \[MS-GPFAS 2.2.2.19\];
//! before that a port `8192:TCP:*:Enabled:name` or a program `C:\...:*:Enabled:name` stands in a list of each profile, which
//! policies still may have \[MS-GPFAS 2.2.3\].

use std::collections::BTreeMap;

use super::model::{Action, Firewall, Kind, Ports, Profile, Program, Rule, Slot, Store};
use crate::base::text::fold_case;
use crate::registry::{RegFile, Value};

/// Where a computer keeps its own part.
pub(crate) const LOCAL_KEY: &str = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess";
/// Where that of a group policy stands.
pub(crate) const POLICY_KEY: &str = r"HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall";

/// What a service that is disabled has as its `Start`.
const DISABLED: u32 = 4;

/// Where the settings of a profile stand below either key.
const SLOTS: [(&str, Slot); 4] = [
    ("domainprofile", Slot::Of(Profile::Domain)),
    ("privateprofile", Slot::Of(Profile::Private)),
    ("publicprofile", Slot::Of(Profile::Public)),
    ("standardprofile", Slot::Standard),
];

/// A key that concerns the firewall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place<'a> {
    /// Below the settings of a store; what follows, in lower case.
    Below(Store, &'a str),
    /// The service of the firewall, before Vista or since.
    OldService,
    Service,
}

/// Which key it is, in lower case; and the control set that it belongs to.
fn place(key: &str) -> Option<(Place<'_>, &str)> {
    const PARAMETERS: &str = r"\services\sharedaccess\parameters\firewallpolicy\";
    const POLICIES: [&str; 2] =
        [r"software\policies\microsoft\windowsfirewall", r"software\wow6432node\policies\microsoft\windowsfirewall"];
    if let Some((set, below)) = key.split_once(PARAMETERS) {
        return Some((Place::Below(Store::Local, below), set));
    }
    for (end, service) in [(r"\services\sharedaccess", Place::OldService), (r"\services\mpssvc", Place::Service)] {
        if let Some(set) = key.strip_suffix(end) {
            return Some((service, set));
        }
    }
    POLICIES.iter().find_map(|policy| {
        let below = key.strip_prefix(policy)?;
        let below = if below.is_empty() { below } else { below.strip_prefix('\\')? };
        Some((Place::Below(Store::Policy, below), ""))
    })
}

/// The values of one key, by their names in lower case.
type Values = BTreeMap<String, (String, Value)>;

/// Reads an exported registry. Gives whether anything of a firewall was there.
pub(super) fn read(firewall: &mut Firewall, file: &RegFile) -> bool {
    // What an import would leave: keys may stand there twice, and go.
    let mut keys: BTreeMap<String, Values> = BTreeMap::new();
    for section in &file.keys {
        let key = fold_case(section.key.below());
        if section.delete {
            let below = format!("{key}\\");
            let gone: Vec<String> = keys
                .range(below.clone()..)
                .map(|(key, _)| key)
                .take_while(|key| key.starts_with(&below))
                .cloned()
                .collect();
            gone.iter().chain([&key]).for_each(|key| drop(keys.remove(key)));
            continue;
        }
        if place(&key).is_none() {
            continue;
        }
        let values = keys.entry(key).or_default();
        for item in &section.items {
            match &item.value {
                Some(value) => drop(values.insert(fold_case(&item.name), (item.name.clone(), value.clone()))),
                None => drop(values.remove(&fold_case(&item.name))),
            }
        }
    }
    read_keys(firewall, &keys)
}

/// The keys that [`Firewall::of_live`] wants the values of.
pub(crate) fn live_keys() -> Vec<String> {
    let mut keys = vec![
        format!(r"{LOCAL_KEY}\Parameters\FirewallPolicy\FirewallRules"),
        format!(r"{POLICY_KEY}\FirewallRules"),
        POLICY_KEY.to_owned(),
    ];
    for store in [format!(r"{LOCAL_KEY}\Parameters\FirewallPolicy"), POLICY_KEY.to_owned()] {
        for (name, _) in SLOTS {
            let profile = format!(r"{store}\{name}");
            for list in ["GloballyOpenPorts", "AuthorizedApplications"] {
                keys.push(format!(r"{profile}\{list}"));
                keys.push(format!(r"{profile}\{list}\List"));
            }
            keys.push(profile);
        }
    }
    keys.push(r"HKLM\SYSTEM\CurrentControlSet\Services\MpsSvc".to_owned());
    keys
}

impl Firewall {
    /// That of this computer, from the values of its keys: all of those of [`live_keys`] that are there.
    pub(crate) fn of_live(keys: Vec<(String, Vec<(String, Value)>)>) -> Self {
        let named = |values: Vec<(String, Value)>| {
            values.into_iter().map(|(name, value)| (fold_case(&name), (name, value))).collect()
        };
        let keys = keys
            .into_iter()
            .map(|(key, values)| {
                (fold_case(key.split_once('\\').map_or(key.as_str(), |(_, below)| below)), named(values))
            })
            .collect();
        let mut firewall = Self::default();
        read_keys(&mut firewall, &keys);
        // Both were looked at, and what is not there is not set.
        (firewall.seen.local, firewall.seen.policy) = (true, true);
        firewall
    }
}

/// Reads keys, each in lower case and without the hive, and their values.
fn read_keys(firewall: &mut Firewall, keys: &BTreeMap<String, Values>) -> bool {
    // An export of all of SYSTEM has each control set; the current one counts.
    let mut sets: Vec<&str> =
        keys.keys().filter_map(|key| place(key)).map(|(_, set)| set).filter(|set| !set.is_empty()).collect();
    sets.dedup();
    let current = sets.iter().find(|set| set.ends_with("currentcontrolset")).or(sets.first()).copied();
    if sets.iter().any(|set| Some(*set) != current) {
        firewall.note(text!("it has more than one control set: {} is taken", current.unwrap_or_default()));
    }
    let mut found = false;
    for (key, values) in keys {
        let Some((place, set)) = place(key) else { continue };
        if !set.is_empty() && Some(set) != current {
            continue;
        }
        let is_disabled = || matches!(values.get("start"), Some((_, Value::Dword(DISABLED))));
        match place {
            Place::OldService => firewall.seen.old_service_disabled |= is_disabled(),
            Place::Service => {
                firewall.seen.since_vista = true;
                firewall.seen.service_disabled |= is_disabled();
            }
            Place::Below(store, below) => found |= below_store(firewall, store, below, values),
        }
    }
    found
}

fn below_store(firewall: &mut Firewall, store: Store, below: &str, values: &Values) -> bool {
    // What a device manager has set counts beside what a group policy has.
    let (store, below) = below.strip_prefix(r"mdm\").map_or((store, below), |below| (Store::Policy, below));
    if below.is_empty() {
        firewall.seen.policy |= store == Store::Policy;
        firewall.seen.since_vista |= values.contains_key("policyversion");
        return true;
    }
    if below == "firewallrules" {
        firewall.seen.since_vista = true;
        firewall.seen.rules = true;
        match store {
            Store::Local => firewall.seen.local = true,
            Store::Policy => firewall.seen.policy = true,
        }
        for (id, value) in values.values() {
            match value.text() {
                Some(text) => rule(firewall, id, text, store),
                None => firewall.note(text!("the rule {id} is no string", id = format!("{id:?}"))),
            }
        }
        return true;
    }
    let (name, rest) = below.split_once('\\').unwrap_or((below, ""));
    let Some((_, slot)) = SLOTS.iter().find(|(known, _)| *known == name) else { return false };
    // The computer's own part calls the Private profile by its former name.
    let slot = if store == Store::Local && *slot == Slot::Standard { Slot::Of(Profile::Private) } else { *slot };
    firewall.seen.since_vista |= ["publicprofile", "privateprofile"].contains(&name);
    let mut odd = Vec::new();
    let mut flag = |name: &str| match values.get(name) {
        Some((_, Value::Dword(number))) => Some(*number != 0),
        Some((name, value)) => {
            odd.push(text!("{name} of {below} is {value}, which is no dword, and does not count", name, below, value));
            None
        }
        None => None,
    };
    let settings = firewall.settings(store, slot);
    let mut is_list = None;
    match rest {
        "" => {
            settings.on = flag("enablefirewall");
            settings.shielded = flag("donotallowexceptions");
            settings.default_allow = flag("defaultinboundaction").map(|blocks| !blocks);
            settings.local_rules = flag("allowlocalpolicymerge");
        }
        "globallyopenports" => {
            settings.ports = flag("enabled");
            settings.local_ports = flag("allowuserprefmerge");
        }
        "authorizedapplications" => {
            settings.programs = flag("enabled");
            settings.local_programs = flag("allowuserprefmerge");
        }
        r"globallyopenports\list" => is_list = Some(Kind::PortList),
        r"authorizedapplications\list" => is_list = Some(Kind::ProgramList),
        _ => {}
    }
    odd.into_iter().for_each(|note| firewall.note(note));
    if let Some(kind) = is_list {
        firewall.seen.before_vista = true;
        firewall.seen.rules = true;
        for (name, value) in values.values() {
            match value.text().and_then(|text| entry(text, kind, store)) {
                Some(mut rule) => {
                    (rule.profiles, rule.standard) = ([false; 3], false);
                    match slot {
                        Slot::Of(profile) => rule.profiles[profile as usize] = true,
                        Slot::Standard => rule.standard = true,
                    }
                    firewall.keep(rule);
                }
                None => firewall.note(text!(
                    "the entry {name} of {below} is not understood, and does not count",
                    name = format!("{name:?}"),
                    below
                )),
            }
        }
    }
    true
}

/// A rule as Windows has it since Vista.
fn rule(firewall: &mut Firewall, id: &str, text: &str, store: Store) {
    let mut parts = text.split('|');
    if !parts.next().is_some_and(|version| fold_case(version.trim()).starts_with('v')) {
        firewall
            .note(text!("the rule {id} does not begin with its version, and does not count", id = format!("{id:?}")));
        return;
    }
    let mut rule = Rule::new(id, store, Kind::Rule);
    let (mut action, mut inbound, mut is_tcp, mut is_ours) = (None, false, true, true);
    let (mut profiles, mut ports) = ([false; 3], None::<Ports>);
    rule.enabled = false;
    for (name, value) in parts.filter_map(|part| part.split_once('=')) {
        let (name, value) = (fold_case(name.trim()), value.trim());
        let is = |word: &str| value.eq_ignore_ascii_case(word);
        match name.as_str() {
            "action" => action = action_of(value),
            "active" => rule.enabled = is("true"),
            "dir" => inbound = is("in"),
            "protocol" => is_tcp = ["6", "256"].contains(&value),
            "app" => rule.program = Program::Named(value.to_owned()),
            "svc" => rule.service = Some(value.to_owned()),
            "name" if !value.is_empty() => rule.name = value.to_owned(),
            "edge" | "defer" => rule.edge |= name == "edge" && is("true"),
            "profile" => {
                let known = Profile::ALL.iter().find(|profile| is(profile.name(super::Generation::SinceVista)));
                match known {
                    Some(profile) => profiles[*profile as usize] = true,
                    None => rule.unsure = Some(text!("it is for a profile that is not known here")),
                }
            }
            "rport" => rule.limits.push(text!("from port {value}", value)),
            // Programs from the store, and those that one user runs.
            "apppkgid" => is_ours = false,
            "luown" => is_ours &= is("S-1-5-18"),
            "if" | "iftype" => rule.limits.push(text!("on the interface {value}", value)),
            "luauth" | "ruauth" | "rmauth" => rule.limits.push(text!("for some users or computers").to_owned()),
            "platform" | "platform2" | "skipver" => {
                rule.unsure = Some(text!("it is for some versions of Windows alone"))
            }
            _ if name.starts_with("lport") => {
                let more = Ports::of_list(value);
                let all = ports.get_or_insert_default();
                all.any |= more.any;
                all.ranges.extend(more.ranges);
            }
            _ if ["ra4", "ra6"].iter().any(|start| name.starts_with(start)) => {
                add_addresses(&mut rule.addresses, value)
            }
            _ if name.starts_with("rport") => rule.limits.push(text!("from port {value}", value)),
            _ if ["la4", "la6"].iter().any(|start| name.starts_with(start)) && !is_all_addresses(value) => {
                rule.limits.push(text!("on the address {value}", value));
            }
            _ if name.starts_with("security") && !is("NotRequired") && !is("None") => {
                rule.limits.push(text!("for secured connections").to_owned());
            }
            _ => {}
        }
    }
    if profiles.contains(&true) {
        rule.profiles = profiles;
    }
    rule.ports = ports.unwrap_or(rule.ports);
    if let (Some(action), true, true, true) = (action, inbound, is_tcp, is_ours) {
        rule.action = action;
        firewall.keep(rule);
    }
}

/// `8192:TCP:*:Enabled:name`, or `C:\...\RouterNT.exe:*:Enabled:name`, with or without a name.
fn entry(text: &str, kind: Kind, store: Store) -> Option<Rule> {
    // A path has a colon in it, and a name may have.
    let folded = text.to_ascii_lowercase();
    let (at, word) = [":enabled", ":disabled"]
        .iter()
        .filter_map(|word| Some((folded.find(word)?, *word)))
        .filter(|(at, word)| matches!(folded.as_bytes().get(at + word.len()), None | Some(b':')))
        .min()?;
    let name = text[at + word.len()..].trim_start_matches(':');
    let mut rule = Rule::new(if name.is_empty() { text } else { name }, store, kind);
    rule.enabled = word == ":enabled";
    let (what, scope) = text[..at].rsplit_once(':')?;
    add_addresses(&mut rule.addresses, scope);
    match kind {
        Kind::PortList => {
            let (port, protocol) = what.split_once(':').unwrap_or((what, "TCP"));
            rule.ports = Ports::of_list(port);
            // The list knows numbers alone; the protocol of others is of no interest.
            if !protocol.trim().eq_ignore_ascii_case("tcp") && protocol.trim() != "6" {
                rule.ports = Ports::default();
            }
        }
        _ => rule.program = Program::Named(what.to_owned()),
    }
    Some(rule)
}

/// What an action is called in any of the exports.
pub(super) fn action_of(word: &str) -> Option<Action> {
    match fold_case(word.trim()).as_str() {
        "allow" | "2" => Some(Action::Allow),
        "bypass" | "allowbypass" | "secure" | "3" => Some(Action::Bypass),
        "block" | "4" => Some(Action::Block),
        _ => None,
    }
}

/// Adds a list of addresses, unless it has all.
pub(super) fn add_addresses(to: &mut Vec<String>, list: &str) {
    let list = list.trim().trim_start_matches('{').trim_end_matches('}');
    to.extend(
        list.split(',').map(str::trim).filter(|one| !one.is_empty() && !is_all_addresses(one)).map(str::to_owned),
    );
}

pub(super) fn is_all_addresses(text: &str) -> bool {
    const ALL: [&str; 7] = [
        "*",
        "any",
        "0.0.0.0/0",
        "0.0.0.0/0.0.0.0",
        "0.0.0.0-255.255.255.255",
        "::/0",
        "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ];
    ALL.iter().any(|all| text.trim().eq_ignore_ascii_case(all))
}
