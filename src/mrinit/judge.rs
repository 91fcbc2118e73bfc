//! What is wrong, or doubtful, with a list of addresses that stands somewhere already: the rules of relay set-up, for all
//! who look at one. The value's form is that of article 14635; how grave a fault is, is our choice.

use std::net::IpAddr;
use std::str::FromStr;

use super::address::{RelayAddress, bad, check_fqdn, check_ip, check_netbios};
use super::sorts::{self, Sort};
use crate::base::error::{Error, Result};
use crate::base::severity::Severity;
use crate::base::text::safe;

/// Something that is wrong, or doubtful, with an `mrinit.conf` or an address in it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The sort, stable (docs/verdicts.md).
    pub id: &'static str,
    /// How grave it is. Errors keep a router from what is meant.
    pub severity: Severity,
    /// The line, from 1, where it is about one.
    pub line: Option<usize>,
    /// What it is, as a sentence without an end, with what it should be.
    pub what: String,
}

impl Finding {
    pub(crate) fn new(sort: &Sort, what: impl Into<String>) -> Self {
        Self { id: sort.id, severity: sort.severity, line: None, what: what.into() }
    }

    pub(crate) fn at(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    /// Whether it is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(line) = self.line {
            f.write_str(&text!("line {line}: ", line))?;
        }
        write!(f, "{} ({})", self.what, self.id)
    }
}

/// Judges `list`, the comma list of an address line or of the registry's `ParentAddress`, by the rules by which
/// `relay set` takes addresses: in the order of its parts. Empty where all is well.
///
/// ```
/// use configcid::mrinit::judge;
///
/// assert!(judge("10.1.200.65,MRComputer.Sales.Acme,MRComputer").is_empty());
/// assert_eq!(judge("10.1.200.65;MRComputer")[0].id, "address-semicolon");
/// assert_eq!(judge("")[0].id, "address-missing");
/// ```
pub fn judge(list: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    if list.trim().trim_matches(',').trim().is_empty() {
        let what = text!(
            "it is empty: endpoints that read it report to nobody; it should be IP,FQDN,NETBIOS of the relay or server"
        );
        return vec![Finding::new(sorts::ADDRESS_MISSING, what.to_owned())];
    }
    if list.contains(';') {
        let what = text!("{}: commas belong between the addresses, not semicolons", shown(list));
        found.push(Finding::new(sorts::ADDRESS_SEMICOLON, what));
    }
    let (mut ips, mut fqdns, mut names) = (Vec::new(), Vec::new(), Vec::new());
    let mut kinds = Vec::new();
    for part in list.split([',', ';']) {
        let bare = part.trim();
        if bare.is_empty() {
            let what = text!("{} has a comma too many: a part of it is empty", shown(list));
            found.push(Finding::new(sorts::ADDRESS_EMPTY_PART, what));
            continue;
        }
        if bare != part {
            let what = text!("{} has a blank before or behind {}", shown(list), shown(bare));
            found.push(Finding::new(sorts::ADDRESS_BLANK, what));
        }
        match kind_of(bare) {
            Ok((kind, ip)) => {
                kinds.push(kind);
                match kind {
                    0 => ips.extend(ip),
                    1 => fqdns.push(bare),
                    _ => names.push(bare),
                }
            }
            Err(finding) => found.push(finding),
        }
    }
    found.dedup();
    for (ip, sort, why) in ips.iter().filter_map(doubt) {
        found.push(Finding::new(sort, format!("{ip} {why}")));
    }
    if let Some(name) = fqdns.iter().chain(&names).find(|name| name.contains('_')) {
        found.push(Finding::new(
            sorts::ADDRESS_UNDERSCORE,
            text!("{name} has an underscore, which some DNS servers refuse", name),
        ));
    }
    if ips.len() > 1 || fqdns.len() > 1 || names.len() > 1 {
        let what = text!(
            "{} names {} IP addresses, {} DNS names and {} short names: an endpoint that does not reach the first ones waits for each in vain",
            shown(list),
            ips.len(),
            fqdns.len(),
            names.len()
        );
        found.push(Finding::new(sorts::ADDRESS_SEVERAL, what));
    }
    if !kinds.is_sorted() {
        let what = text!("{} is not in the order IP,FQDN,NETBIOS [14635]", shown(list));
        found.push(Finding::new(sorts::ADDRESS_ORDER, what));
    }
    if ips.is_empty() && fqdns.is_empty() && !names.is_empty() && !found.iter().any(Finding::is_error) {
        let what = text!(
            "{} is a short name alone: endpoints must resolve it by themselves; in an NT domain with a DHCP-addressed relay the FQDN must be in the list [14635]",
            shown(list)
        );
        found.push(Finding::new(sorts::ADDRESS_SHORT_NAME, what));
    }
    found
}

/// What is doubtful with the arguments of a router's service: those of a relay behind NAT name the ports that endpoints are
/// told, and without `ssl_port` they are told none for SSL \[A\].
pub(crate) fn service_args(args: &str) -> Option<Finding> {
    let warning = |what: String| Some(Finding::new(sorts::SERVICE_ARGS_SSL, what));
    let lower = args.to_ascii_lowercase();
    let (_, listens) = lower.split_once("-orblistenendpoints")?;
    let Some((_, port)) = listens.split_once("ssl_port=") else {
        return warning(
            text!(
                "ServiceArgs names where the router listens, without ssl_port=8194: endpoints are told no port for SSL"
            )
            .to_owned(),
        );
    };
    let port: String = port.chars().take_while(char::is_ascii_digit).collect();
    if port == "8194" {
        return None;
    }
    warning(text!(
        "ServiceArgs has ssl_port={port}, and the port for SSL is 8194: firewalls must let this one through",
        port
    ))
}

/// The machine that a list stands for, all of several of a kind, as the lists of servers with several networks have. With
/// what is doubtful about it.
///
/// # Errors
/// The list has an error.
pub(crate) fn read(list: &str) -> crate::Result<(RelayAddress, Vec<Finding>)> {
    let found = judge(list);
    if let Some(finding) = found.iter().find(|finding| finding.is_error()) {
        return Err(crate::Error::new(crate::ErrorKind::Address, finding.what.clone())
            .next("set it with configcid relay set, or mend the file by hand"));
    }
    let all = |kind: u8| {
        let of_kind = move |part: &&str| kind_of(part).is_ok_and(|(found, _)| found == kind);
        list.split(',').map(str::trim).filter(of_kind).map(|part| part.strip_suffix('.').unwrap_or(part))
    };
    Ok((RelayAddress::several(all(0), all(1), all(2))?, found))
}

/// Which kind of address a part is (0 IP, 1 FQDN, 2 NetBIOS name), or what is wrong with it.
fn kind_of(part: &str) -> Result<(u8, Option<IpAddr>), Finding> {
    let error = |sort, what: String| Err(Finding::new(sort, what));
    let seen = shown(part);
    if part.contains(|c| matches!(c, '"' | '\u{2018}'..='\u{201F}' | '\u{AB}' | '\u{BB}')) {
        return error(sorts::ADDRESS_QUOTES, text!("{seen} has a quote in it", seen));
    }
    if part.contains("://") {
        let what = text!(
            "{seen} is the address of a web page or share: the computer's IP address and names belong here",
            seen
        );
        return error(sorts::ADDRESS_URL, what);
    }
    if part.contains(['\\', '/']) {
        return error(
            sorts::ADDRESS_UNC,
            text!("{seen} is a path: the computer's IP address and names belong here", seen),
        );
    }
    if let Ok(ip) = part.parse::<IpAddr>() {
        return match check_ip(part) {
            Ok(_) => Ok((0, Some(ip))),
            Err(why) => error(sorts::ADDRESS_NOT_HOST, format!("{seen}: {}", why.what())),
        };
    }
    // An IPv6 address in brackets, or with the zone of an interface, is one all the same.
    let plain = part.trim_start_matches('[').split(['%', ']']).next().unwrap_or_default();
    if plain != part && plain.parse::<std::net::Ipv6Addr>().is_ok() {
        return error(
            sorts::ADDRESS_PORT,
            text!("{seen}: write the IPv6 address alone, without brackets, port or zone", seen),
        );
    }
    if let Some((_, port)) = part.rsplit_once(':')
        && port.bytes().all(|byte| byte.is_ascii_digit())
    {
        return error(
            sorts::ADDRESS_PORT,
            text!("{seen} has a port: a router asks at ClientIORPort, 8192, by itself", seen),
        );
    }
    if part.contains('.') && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return error(
            sorts::ADDRESS_IP,
            text!("{seen} is no IP address: four numbers from 0 to 255 with dots between", seen),
        );
    }
    let (kind, checked) = if part.contains('.') {
        (1, check_fqdn(part.strip_suffix('.').unwrap_or(part)))
    } else {
        (2, check_netbios(part))
    };
    match checked {
        Ok(_) => Ok((kind, None)),
        Err(why) => error(sorts::ADDRESS_NAME, why.what().to_owned()),
    }
}

/// What is allowed and likely to be a mistake in an IP address: which sort, and why.
pub(super) fn doubt(ip: &IpAddr) -> Option<(IpAddr, &'static Sort, &'static str)> {
    match ip.to_canonical() {
        IpAddr::V4(v4) if v4.is_loopback() || v4.is_link_local() => {
            Some((*ip, sorts::ADDRESS_LOCAL, text!("is no address that other computers reach")))
        }
        IpAddr::V6(v6) if v6.is_loopback() || v6.is_unicast_link_local() => Some((
            *ip,
            sorts::ADDRESS_LOCAL,
            text!("is an IPv6 address that no other computer reaches, or only those on the same wire"),
        )),
        IpAddr::V6(_) => {
            Some((*ip, sorts::ADDRESS_IPV6, text!("is an IPv6 address: routers of this age may understand only IPv4")))
        }
        IpAddr::V4(_) => None,
    }
}

fn shown(text: &str) -> String {
    format!("\"{}\"", safe(text))
}

impl RelayAddress {
    /// What is allowed and still likely to be a mistake, each as a sentence.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.doubts();
        if self.fqdns.is_empty() {
            warnings.push(
                text!("no FQDN is given: with a DHCP-addressed relay in an NT domain the list must have it [14635]")
                    .to_owned(),
            );
        }
        warnings
    }

    /// The [`warnings`](RelayAddress::warnings) about parts that are there.
    pub(crate) fn doubts(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for (ip, _, why) in self.ips.iter().filter_map(doubt) {
            warnings.push(format!("{ip} {why}"));
        }
        for fqdn in &self.fqdns {
            if !fqdn.contains('.') {
                warnings.push(text!("{fqdn} is no fully qualified domain name", fqdn));
            } else if fqdn.contains('_') {
                warnings.push(text!("{fqdn} has an underscore, which some DNS servers refuse", fqdn));
            }
        }
        for netbios in self.names.iter().filter(|name| name.contains('.')) {
            warnings.push(text!("the NetBIOS name {netbios} has a dot: is it a DNS name?", netbios));
        }
        let parts = self.ips.len() + self.fqdns.len() + self.names.len();
        if [self.ips.len(), self.fqdns.len(), self.names.len()].iter().any(|number| *number > 1) {
            warnings.push(text!("the list has {parts} parts: old clients may read three parts only, IP,FQDN,NETBIOS (assumed), and an endpoint that does not reach the first ones waits for each", parts));
        }
        warnings
    }
}

impl FromStr for RelayAddress {
    type Err = Error;

    /// Reads a comma list. A part is an IP address where it parses as one, an FQDN where it has a dot, else a NetBIOS
    /// name; the order must be IP, FQDN, NetBIOS.
    fn from_str(list: &str) -> Result<Self> {
        if let Some(finding) = judge(list).into_iter().find(Finding::is_error) {
            return Err(bad(
                finding.what,
                text!("write it as IP,FQDN,NETBIOS, such as 10.1.200.65,relay1.sales.acme,RELAY1"),
            ));
        }
        let (mut ip, mut fqdn, mut netbios) = (None, None, None);
        for part in list.split(',') {
            let (slot, taken) = if part.parse::<IpAddr>().is_ok() {
                (&mut ip, fqdn.is_some() || netbios.is_some())
            } else if part.contains('.') {
                (&mut fqdn, netbios.is_some())
            } else {
                (&mut netbios, false)
            };
            if taken || slot.replace(part).is_some() {
                return Err(bad(
                    text!("{list} is not in the order IP,FQDN,NETBIOS", list = format!("{list:?}")),
                    text!("give each at most once and in this order"),
                ));
            }
        }
        Self::new(ip, fqdn, netbios)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_slip_has_its_id() {
        for (list, ids) in [
            ("10.1.2.3,relay.corp.example,RELAY", &[][..]),
            ("relay.corp.example,RELAY", &[]),
            ("", &["address-missing"]),
            (" , ", &["address-missing"]),
            ("10.1.2.3, relay.corp.example, RELAY", &["address-blank", "address-blank"]),
            ("10.1.2.3;relay.corp.example;RELAY", &["address-semicolon"]),
            ("10.1.2.3:8192,relay.corp.example", &["address-port"]),
            ("http://relay.corp.example/SophosUpdate", &["address-url"]),
            (r"\\RELAY", &["address-unc"]),
            ("10.1.2.3,relay.corp.example,RELAY,", &["address-empty-part"]),
            ("\u{201C}10.1.2.3\u{201D},relay.corp.example", &["address-quotes"]),
            ("2001:db8::7,relay.corp.example,RELAY", &["address-ipv6"]),
            ("fe80::7%12,relay.corp.example", &["address-port"]),
            ("169.254.3.4,relay.corp.example", &["address-local"]),
            ("10.1.2.300,relay.corp.example", &["address-ip"]),
            ("0.0.0.0", &["address-not-host"]),
            ("10.1.2.3,relay_01.corp.example,RELAY_01", &["address-underscore"]),
            ("10.1.2.3,192.168.7.3,relay.corp.example,RELAY", &["address-several"]),
            ("RELAY,10.1.2.3", &["address-order"]),
            ("RELAY", &["address-short-name"]),
            ("relay..example", &["address-name"]),
            ("10.1.2.3,relay.corp.exa\u{AD}mple", &["address-name"]),
        ] {
            let found: Vec<_> = judge(list).iter().map(|finding| finding.id).collect();
            assert_eq!(found, ids, "{list}");
        }
    }

    proptest::proptest! {
        /// What relay set-up takes has no error here; and a list without a finding is one that it takes.
        #[test]
        fn the_rules_are_those_of_relay_set_up(list in "[a-zA-Z0-9.,;: _\\\\/\"-]{0,24}") {
            let found = judge(&list);
            if list.parse::<super::super::RelayAddress>().is_ok() {
                proptest::prop_assert!(!found.iter().any(Finding::is_error), "{:?}", found);
            }
            if found.is_empty() {
                proptest::prop_assert!(list.parse::<super::super::RelayAddress>().is_ok() || list.split(',').any(|part| part.ends_with('.')));
            }
        }
    }
}
