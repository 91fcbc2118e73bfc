//! What PowerShell prints and exports of the firewall, and the firewall's console: lists (`Name : value`) and tables with
//! delimiters. Rules and their ports are different objects there; where an export does not say which belong together, it is
//! refused with the command that does.

use std::collections::HashMap;

use super::model::{Firewall, Kind, Ports, Profile, Program, Rule, Slot, Store};
use super::registry::{action_of, add_addresses, is_all_addresses};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::text::fold_case;

/// What has all that is needed.
const COMMAND: &str = "export them with (in one line): Get-NetFirewallRule -PolicyStore ActiveStore | Select-Object \
    DisplayName,Enabled,Profile,Direction,Action,PolicyStoreSourceType,\
    @{n='Protocol';e={($_|Get-NetFirewallPortFilter).Protocol}},\
    @{n='LocalPort';e={($_|Get-NetFirewallPortFilter).LocalPort -join ','}},\
    @{n='RemoteAddress';e={($_|Get-NetFirewallAddressFilter).RemoteAddress -join ','}},\
    @{n='Program';e={($_|Get-NetFirewallApplicationFilter).Program}},\
    @{n='Service';e={($_|Get-NetFirewallServiceFilter).Service}} | Export-Csv rules.csv -NoTypeInformation; \
    or shorter with: netsh advfirewall firewall show rule name=all verbose";

fn refused(why: &str) -> Error {
    Error::new(ErrorKind::Usage, why.to_owned()).next(COMMAND)
}

/// One object: its properties, by their names in lower case without blanks.
type Record = HashMap<String, String>;

/// Reads a text. Gives whether anything of a firewall was there.
pub(super) fn read(firewall: &mut Firewall, text: &str) -> Result<bool> {
    let records = match table(text) {
        Some(records) => records,
        None => list(text),
    };
    let has = |record: &Record, names: &[&str]| names.iter().all(|name| record.contains_key(*name));
    let mut profiles = 0;
    let mut rules: Vec<Record> = Vec::new();
    // Filters that do not say whose they are follow their rule, if each rule has its own.
    let mut filters: Vec<(usize, Record)> = Vec::new();
    for record in records {
        if has(&record, &["name", "defaultinboundaction"]) {
            profile(firewall, &record);
            profiles += 1;
        } else if has(&record, &["action", "enabled"]) {
            rules.push(record);
        } else if ["localport", "program", "remoteaddress", "service"].iter().any(|name| record.contains_key(*name)) {
            filters.push((rules.len(), record));
        }
    }
    if rules.is_empty() && filters.is_empty() {
        if profiles == 0 && is_layout(text) {
            return Err(refused(text!("a table for the screen leaves out what does not fit")));
        }
        return Ok(profiles > 0);
    }
    if rules.is_empty() {
        return Err(refused(text!("there are ports in it, and not the rules that they belong to")));
    }
    join(&mut rules, filters)?;
    firewall.seen.since_vista = true;
    firewall.seen.rules = true;
    for record in &rules {
        if let Some(rule) = rule(record, firewall)? {
            firewall.keep(rule);
        }
    }
    Ok(true)
}

/// Whether it is what PowerShell prints as a table: names above dashes.
fn is_layout(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let head = lines.next().map(fold_case).unwrap_or_default();
    let is_dashes =
        lines.next().is_some_and(|line| line.contains("--") && line.bytes().all(|byte| matches!(byte, b'-' | b' ')));
    is_dashes && ["displayname", "localport", "direction", "name"].iter().any(|name| head.contains(name))
}

/// Brings filters to their rules: by `InstanceID`, else by standing behind them one to one.
fn join(rules: &mut [Record], filters: Vec<(usize, Record)>) -> Result<()> {
    if filters.is_empty() {
        return Ok(());
    }
    let mut by_id: HashMap<String, usize> = HashMap::new();
    for (index, rule) in rules.iter().enumerate() {
        for name in ["instanceid", "name"] {
            if let Some(id) = rule.get(name).filter(|id| !id.is_empty()) {
                by_id.entry(fold_case(id)).or_insert(index);
            }
        }
    }
    let unjoined = || refused(text!("the ports in it do not say which rules they belong to"));
    let mut taken = vec![0_usize; rules.len()];
    let mut places = Vec::new();
    for (before, filter) in filters {
        let place = match filter.get("instanceid").filter(|id| !id.is_empty()) {
            Some(id) => by_id.get(&fold_case(id)).copied(),
            None => before.checked_sub(1),
        };
        let place = place.ok_or_else(unjoined)?;
        taken[place] += usize::from(filter.contains_key("localport"));
        places.push((place, filter));
    }
    if taken.iter().any(|number| *number > 1) || (taken.contains(&1) && taken.contains(&0)) {
        return Err(unjoined());
    }
    for (place, filter) in places {
        for (name, value) in filter {
            rules[place].entry(name).or_insert(value);
        }
    }
    Ok(())
}

fn profile(firewall: &mut Firewall, record: &Record) {
    let value = |name: &str| record.get(name).map(|value| fold_case(value.trim())).unwrap_or_default();
    let flag = |name: &str| match value(name).as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    };
    let Some(profile) = Profile::ALL
        .into_iter()
        .find(|profile| fold_case(profile.name(super::Generation::SinceVista)) == value("name"))
    else {
        return;
    };
    firewall.seen.since_vista = true;
    let settings = firewall.settings(Store::Local, Slot::Of(profile));
    settings.on = flag("enabled");
    settings.shielded = flag("allowinboundrules").map(|allows| !allows);
    settings.default_allow = match value("defaultinboundaction").as_str() {
        "allow" | "2" => Some(true),
        "block" | "4" => Some(false),
        _ => None,
    };
    if flag("allowlocalfirewallrules") == Some(false) {
        firewall.settings(Store::Policy, Slot::Of(profile)).local_rules = Some(false);
    }
}

/// A rule with its ports; `None` where it is not for what comes in over TCP.
fn rule(record: &Record, firewall: &mut Firewall) -> Result<Option<Rule>> {
    let value = |name: &str| record.get(name).map(|value| value.trim());
    let is_inbound = match value("direction").map(fold_case).as_deref() {
        Some("inbound" | "in" | "1") => true,
        Some(_) => false,
        // The console's list of inbound rules has a column that the other has not.
        None if record.contains_key("override") => true,
        None => return Err(refused(text!("the rules in it do not say their direction"))),
    };
    let (Some(ports), Some(protocol)) = (value("localport"), value("protocol")) else {
        return Err(refused(text!("there are rules in it, and not their ports")));
    };
    let Some(profile) = value("profile").or_else(|| value("profiles")) else {
        return Err(refused(text!("the rules in it do not say their profile")));
    };
    let store = match value("policystoresourcetype").map(fold_case).as_deref() {
        Some("grouppolicy" | "2") => Store::Policy,
        _ => Store::Local,
    };
    match store {
        Store::Local => firewall.seen.local = true,
        Store::Policy => firewall.seen.policy = true,
    }
    let name = value("displayname").or_else(|| value("name")).unwrap_or_default();
    let mut rule = Rule::new(name, store, Kind::Rule);
    let Some(action) = value("action").and_then(action_of) else { return Ok(None) };
    rule.action = action;
    rule.enabled = ["true", "yes", "1"].contains(&fold_case(value("enabled").unwrap_or_default()).as_str());
    rule.profiles = profiles(profile);
    rule.ports = Ports::of_list(ports);
    if value("remoteaddress").is_none() {
        firewall
            .note(text!("the addresses of the rules are not in it: a rule that opens a port may do so for some alone"));
    }
    let addresses = value("remoteaddress").unwrap_or_default();
    match addresses.ends_with("[]") {
        true => rule.addresses.push(text!("some addresses that are not in the export").to_owned()),
        false => add_addresses(&mut rule.addresses, addresses),
    }
    if let Some(port) = value("remoteport").filter(|port| !port.is_empty() && !is_all_addresses(port)) {
        rule.limits.push(text!("from port {port}", port));
    }
    if let Some(address) = value("localaddress").filter(|address| !address.is_empty() && !is_all_addresses(address)) {
        rule.limits.push(text!("on the address {address}", address));
    }
    rule.program = match value("program").or_else(|| value("appname")) {
        None => Program::Unsaid,
        Some(program) if program.is_empty() || is_all_addresses(program) => Program::Any,
        Some(program) => Program::Named(program.to_owned()),
    };
    rule.service = value("service").map(str::to_owned);
    let is_tcp = ["tcp", "any", "6", "256"].contains(&fold_case(protocol).as_str());
    Ok((is_inbound && is_tcp).then_some(rule))
}

fn profiles(text: &str) -> [bool; 3] {
    let folded = fold_case(text);
    let names: Vec<&str> = folded.split([',', ' ', ';']).filter(|name| !name.is_empty()).collect();
    if names.is_empty() || names.iter().any(|name| ["any", "all", "0", "notapplicable"].contains(name)) {
        return [true; 3];
    }
    if let [number] = names[..]
        && let Ok(bits) = number.parse::<u32>()
    {
        return [bits & 1 != 0, bits & 2 != 0, bits & 4 != 0];
    }
    ["domain", "private", "public"].map(|name| names.contains(&name))
}

/// `Name : value`, an empty line behind each object; a value that is long goes on in lines that begin with blanks.
fn list(text: &str) -> Vec<Record> {
    let mut records = Vec::new();
    let mut record = Record::new();
    let mut last = String::new();
    for line in text.lines() {
        if line.trim().is_empty() {
            records.push(std::mem::take(&mut record));
            last.clear();
            continue;
        }
        match line.split_once(':') {
            Some((name, value)) if !line.starts_with([' ', '\t']) && name.ends_with(' ') => {
                last = key(name);
                // Objects that follow each other without an empty line.
                if record.contains_key(&last) {
                    records.push(std::mem::take(&mut record));
                }
                record.insert(last.clone(), value.trim().to_owned());
            }
            Some((name, value)) if !line.starts_with([' ', '\t']) && PLAIN.contains(&key(name).as_str()) => {
                last = key(name);
                record.insert(last.clone(), value.trim().to_owned());
            }
            _ if line.starts_with([' ', '\t']) => {
                if let Some(value) = record.get_mut(&last) {
                    value.push_str(line.trim());
                }
            }
            _ => {}
        }
    }
    records.push(record);
    records.retain(|record| !record.is_empty());
    records
}

/// Names that are long enough to leave no blank before the colon, where they are the longest.
const PLAIN: [&str; 3] = ["defaultinboundaction", "displayname", "instanceid"];

fn key(name: &str) -> String {
    fold_case(name).chars().filter(|c| !c.is_whitespace() && *c != '\u{feff}').collect()
}

/// Comma, semicolon or tab between the columns, the names in the first line.
fn table(text: &str) -> Option<Vec<Record>> {
    let text = text.trim_start();
    let body = if text.starts_with("#TYPE") { text.split_once('\n')?.1 } else { text };
    let head = body.lines().next()?;
    let delimiter = [',', ';', '\t'].into_iter().max_by_key(|delimiter| head.matches(*delimiter).count())?;
    let mut rows = rows(body, delimiter).into_iter();
    let names: Vec<String> = rows.next()?.iter().map(|name| key(name)).collect();
    let known = ["action", "localport", "enabled", "defaultinboundaction"];
    if names.len() < 2 || !names.iter().any(|name| known.contains(&name.as_str())) {
        return None;
    }
    Some(rows.map(|row| names.iter().cloned().zip(row).collect()).collect())
}

fn rows(text: &str, delimiter: char) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let (mut row, mut field, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => field.push(c),
            '\r' => {}
            '\n' => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            _ if c == delimiter => row.push(std::mem::take(&mut field)),
            _ => field.push(c),
        }
    }
    row.push(field);
    rows.push(row);
    rows.retain(|row| row.iter().any(|field| !field.is_empty()));
    rows
}
