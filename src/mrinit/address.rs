//! The address of a relay: IP address, FQDN and NetBIOS name, in that order \[14635\].

use std::fmt;
use std::net::IpAddr;

use crate::base::error::{Error, ErrorKind, Result};

/// A relay's address, as `ParentRouterAddress` has it: `IP,FQDN,NETBIOS`. Each part may be left out, not all of them; of a
/// relay in several networks there may be several of a kind, in the order in which endpoints are to try them.
///
/// ```
/// use configcid::RelayAddress;
///
/// let relay = RelayAddress::new(Some("10.1.200.65"), Some("MRComputer.Sales.Acme"), Some("MRComputer"))?;
/// assert_eq!(relay.to_string(), "10.1.200.65,MRComputer.Sales.Acme,MRComputer");
/// assert!(RelayAddress::new(None, Some("-no-.host"), None).is_err());
/// # Ok::<(), configcid::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayAddress {
    pub(super) ips: Vec<IpAddr>,
    pub(super) fqdns: Vec<String>,
    pub(super) names: Vec<String>,
}

impl RelayAddress {
    /// Checks each part by the rules of its kind: an IPv4 (or, with a [warning](RelayAddress::warnings), IPv6)
    /// address of one host; a DNS name of labels of up to 63 letters, digits, hyphens (and, with a warning,
    /// underscores), up to 253 characters in all; a NetBIOS name of up to 15 ASCII characters without a blank and
    /// without any of `\ / : * ? " < > | + = ; , [ ]`.
    ///
    /// # Errors
    /// A part breaks its rules, or there is no part at all.
    pub fn new(ip: Option<&str>, fqdn: Option<&str>, netbios: Option<&str>) -> Result<Self> {
        Self::several(ip, fqdn, netbios)
    }

    /// As [`new`](RelayAddress::new), with any number of each kind. One that stands there twice counts once.
    ///
    /// ```
    /// use configcid::RelayAddress;
    ///
    /// let relay = RelayAddress::several(["10.1.200.65", "192.168.7.3"], ["mr.sales.acme"], ["MR"])?;
    /// assert_eq!(relay.to_string(), "10.1.200.65,192.168.7.3,mr.sales.acme,MR");
    /// # Ok::<(), configcid::Error>(())
    /// ```
    ///
    /// # Errors
    /// As there.
    pub fn several<'a>(
        ips: impl IntoIterator<Item = &'a str>,
        fqdns: impl IntoIterator<Item = &'a str>,
        netbios: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self> {
        let mut address = Self { ips: Vec::new(), fqdns: Vec::new(), names: Vec::new() };
        for ip in ips {
            let ip = check_ip(ip)?;
            if !address.ips.contains(&ip) {
                address.ips.push(ip);
            }
        }
        for (texts, check, into) in [
            (fqdns.into_iter().collect::<Vec<_>>(), check_fqdn as fn(&str) -> Result<String>, &mut address.fqdns),
            (netbios.into_iter().collect(), check_netbios, &mut address.names),
        ] {
            for text in texts {
                let name = check(text)?;
                if !into.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
                    into.push(name);
                }
            }
        }
        if address.ips.is_empty() && address.fqdns.is_empty() && address.names.is_empty() {
            return Err(bad(
                text!("a relay needs an IP address, an FQDN or a NetBIOS name"),
                text!("give at least one of them"),
            ));
        }
        Ok(address)
    }

    /// The IP address; of several, the first.
    pub fn ip(&self) -> Option<IpAddr> {
        self.ips.first().copied()
    }

    /// The fully qualified domain name; of several, the first.
    pub fn fqdn(&self) -> Option<&str> {
        self.fqdns.first().map(String::as_str)
    }

    /// The NetBIOS name; of several, the first.
    pub fn netbios(&self) -> Option<&str> {
        self.names.first().map(String::as_str)
    }
}

impl fmt::Display for RelayAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ips = self.ips.iter().map(IpAddr::to_string);
        let parts: Vec<String> = ips.chain(self.fqdns.iter().cloned()).chain(self.names.iter().cloned()).collect();
        f.write_str(&parts.join(","))
    }
}

/// Whether `list`, the value of an address line, names the relay. A NetBIOS name also stands for an FQDN that begins
/// with it where the relay's own FQDN is not known.
pub(crate) fn names_relay(list: &str, relay: &RelayAddress) -> bool {
    list.split(',').map(str::trim).filter(|part| !part.is_empty()).any(|part| {
        let same = |names: &[String]| names.iter().any(|name| name.eq_ignore_ascii_case(part));
        let host = part.split('.').next();
        part.parse::<IpAddr>().map_or_else(
            |_| {
                let is_host = |name: &String| host.is_some_and(|host| name.eq_ignore_ascii_case(host));
                same(&relay.fqdns) || same(&relay.names) || (relay.fqdns.is_empty() && relay.names.iter().any(is_host))
            },
            |ip| relay.ips.contains(&ip),
        )
    })
}

pub(super) fn bad(what: impl Into<String>, next: &str) -> Error {
    Error::new(ErrorKind::Address, what).next(next)
}

pub(super) fn check_ip(text: &str) -> Result<IpAddr> {
    let ip: IpAddr = text.parse().map_err(|_| {
        let next = slip(text).unwrap_or_else(|| match text {
            _ if text.contains(':') => text!("write IPv6 as fe80::1, without brackets and port"),
            _ if text.chars().any(char::is_alphabetic) && text.contains('.') => {
                text!("this looks like a DNS name: give it as the FQDN, with --fqdn")
            }
            _ if text.chars().any(char::is_alphabetic) => {
                text!("this looks like a name: give it with --netbios or --fqdn")
            }
            _ => text!("write it as four numbers from 0 to 255 with dots between"),
        });
        bad(text!("{text} is no IP address", text = format!("{text:?}")), next)
    })?;
    let of_one_host = match ip {
        IpAddr::V4(ip) => !ip.is_unspecified() && !ip.is_multicast() && !ip.is_broadcast(),
        IpAddr::V6(ip) => !ip.is_unspecified() && !ip.is_multicast(),
    };
    if of_one_host {
        Ok(ip)
    } else {
        Err(bad(text!("{ip} is not the address of one computer", ip), text!("give the relay's own")))
    }
}

/// What to do about a part of an address that is right but for a slip.
fn slip(text: &str) -> Option<&'static str> {
    const QUOTES: &str =
        "\"'\u{2018}\u{2019}\u{201A}\u{201B}\u{201C}\u{201D}\u{201E}\u{201F}\u{AB}\u{BB}\u{2039}\u{203A}";
    if text.starts_with(|c| QUOTES.contains(c)) || text.ends_with(|c| QUOTES.contains(c)) {
        return Some(text!("leave the quotes out"));
    }
    if text.len() > 1 && text.ends_with('.') {
        return Some(text!("leave the last dot out"));
    }
    if text.starts_with('[') {
        return Some(text!("leave the brackets out"));
    }
    if text.trim() != text {
        return Some(text!("leave the blanks around it out"));
    }
    None
}

pub(super) fn check_fqdn(text: &str) -> Result<String> {
    let wrong = |why: &str| {
        let next = slip(text).unwrap_or(match text {
            _ if text.parse::<IpAddr>().is_ok() => text!("this is an IP address: give it with --ip"),
            _ if text.chars().any(|c| c.is_alphabetic() && !c.is_ascii()) => {
                text!("write it as DNS has it, where labels with other letters begin with xn--")
            }
            _ => {
                text!("write it as labels of letters, digits and hyphens with dots between, such as relay1.sales.acme")
            }
        });
        Err(bad(text!("{text} is no DNS name: {why}", text = format!("{text:?}"), why), next))
    };
    if text.is_empty() || text.len() > 253 {
        return wrong(text!("it must have 1 to 253 characters"));
    }
    for label in text.split('.') {
        if label.is_empty() || label.len() > 63 {
            return wrong(text!("each label must have 1 to 63 characters"));
        }
        if let Some(c) = label.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_')) {
            return wrong(&text!("{c} is not allowed", c = format!("{c:?}")));
        }
        if label.starts_with('-') || label.ends_with('-') {
            return wrong(text!("a label neither begins nor ends with a hyphen"));
        }
    }
    if text.rsplit('.').next().is_some_and(|label| label.bytes().all(|b| b.is_ascii_digit())) {
        return wrong(text!("its last label is a number, as in an IP address"));
    }
    Ok(text.to_owned())
}

pub(super) fn check_netbios(text: &str) -> Result<String> {
    let wrong = |why: &str| {
        let next = slip(text).unwrap_or(match text {
            _ if text.parse::<IpAddr>().is_ok() => text!("this is an IP address: give it with --ip"),
            _ if text.chars().any(|c| c.is_alphabetic() && !c.is_ascii()) => {
                text!("only letters of ASCII are sure to be understood: leave the name out, and give --ip or --fqdn")
            }
            _ if text.contains('.') => text!("this looks like a DNS name: give it as the FQDN, with --fqdn"),
            _ => text!("give the computer's name without its domain, such as RELAY1"),
        });
        Err(bad(text!("{text} is no NetBIOS name: {why}", text = format!("{text:?}"), why), next))
    };
    if text.is_empty() || text.chars().count() > 15 {
        return wrong(text!("it must have 1 to 15 characters"));
    }
    if let Some(c) = text.chars().find(|&c| !c.is_ascii_graphic() || r#"\/:*?"<>|+=;,[]"#.contains(c)) {
        return wrong(&text!("{c} is not allowed", c = format!("{c:?}")));
    }
    if text.starts_with('.') || text.parse::<IpAddr>().is_ok() {
        return wrong(text!("it neither begins with a dot nor is an IP address"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(ip: &str, fqdn: &str, netbios: &str) -> Result<RelayAddress> {
        let given = |part| Some(part).filter(|part: &&str| !part.is_empty());
        RelayAddress::new(given(ip), given(fqdn), given(netbios))
    }

    #[test]
    fn prints_what_is_there_in_order() {
        assert_eq!(address("10.1.200.65", "mr.sales.acme", "MR").unwrap().to_string(), "10.1.200.65,mr.sales.acme,MR");
        assert_eq!(address("10.1.200.65", "", "MR").unwrap().to_string(), "10.1.200.65,MR");
        assert_eq!(address("", "", "MR").unwrap().to_string(), "MR");
        assert!(address("", "", "").is_err());
    }

    #[test]
    fn refuses_what_breaks_the_rules_of_its_kind() {
        for ip in ["10.1.200", "10.1.200.256", "010.1.2.3", "10.1.2.3 ", "0.0.0.0", "255.255.255.255", "224.0.0.1", "x"]
        {
            assert!(address(ip, "", "").is_err(), "{ip}");
        }
        let long_label = format!("{}.acme", "a".repeat(64));
        let long_name = ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(62)].join(".");
        for fqdn in
            ["a..b", ".a", "a.", "-a.b", "a-.b", "a b.c", "a,b", "a\"b", "10.1.2.3", "ä.b", &long_label, &long_name]
        {
            assert!(address("", fqdn, "").is_err(), "{fqdn}");
        }
        for netbios in ["SIXTEENLETTERS16", "A B", "A,B", "A\"B", "A\\B", "A\tB", "10.1.2.3", ".A", "Ä", "A*"] {
            assert!(address("", "", netbios).is_err(), "{netbios}");
        }
        assert!(address("", &long_name[1..], "FIFTEENLETTERS1").is_ok());
    }

    #[test]
    fn what_is_right_but_for_a_slip_gets_its_own_hint() {
        for ((ip, fqdn, netbios), hint) in [
            (("[fe80::1]", "", ""), "brackets"),
            (("[fe80::1]:8192", "", ""), "brackets"),
            (("fe80::1:port", "", ""), "without brackets and port"),
            (("10.1.2.3.", "", ""), "last dot"),
            (("\u{201E}10.1.2.3\u{201C}", "", ""), "quotes"),
            (("mr.sales.acme", "", ""), "--fqdn"),
            (("MR", "", ""), "--netbios"),
            (("", "mr.sales.acme.", ""), "last dot"),
            (("", "\u{2018}mr.acme\u{2019}", ""), "quotes"),
            (("", "m\u{FC}nchen.acme", ""), "xn--"),
            (("", "10.1.2.3", ""), "--ip"),
            (("", "", "M\u{DC}NCHEN"), "ASCII"),
            (("", "", "10.1.2.3"), "--ip"),
            (("", "", "relay1.sales.acme"), "--fqdn"),
            (("", "", "\u{201C}MR\u{201D}"), "quotes"),
        ] {
            let error = address(ip, fqdn, netbios).unwrap_err();
            assert!(error.next_step().is_some_and(|next| next.contains(hint)), "{error}");
        }
    }

    #[test]
    fn warns_of_what_is_likely_wrong() {
        let warnings = |ip, fqdn, netbios| address(ip, fqdn, netbios).unwrap().warnings().len();
        assert_eq!(warnings("10.1.2.3", "mr.acme", "MR"), 0);
        assert_eq!(warnings("fe80::1", "mr.acme", "MR"), 1);
        assert_eq!(warnings("127.0.0.1", "mr.acme", "MR"), 1);
        assert_eq!(warnings("10.1.2.3", "mr", "MR"), 1);
        assert_eq!(warnings("10.1.2.3", "mr_1.acme", "MR"), 1);
        assert_eq!(warnings("10.1.2.3", "", "MR"), 1);
        assert_eq!(warnings("", "mr.acme", "mr.acme"), 1);
    }

    #[test]
    fn reads_a_list_back() {
        for list in ["10.1.200.65,mr.sales.acme,MR", "mr.sales.acme,MR", "10.1.200.65,MR", "10.1.200.65", "MR"] {
            assert_eq!(list.parse::<RelayAddress>().unwrap().to_string(), list);
        }
        for list in ["", "MR,mr.sales.acme", "mr.acme,10.1.2.3", "A,B", "10.1.2.3,", "10.1.2.3, MR"] {
            assert!(list.parse::<RelayAddress>().is_err(), "{list}");
        }
    }

    #[test]
    fn several_of_a_kind_keep_their_order_and_are_each_checked() {
        let relay = RelayAddress::several(["10.9.0.1", "10.1.2.3", "10.9.0.1"], ["b.acme", "a.acme", "B.ACME"], ["MR"])
            .unwrap();
        assert_eq!(relay.to_string(), "10.9.0.1,10.1.2.3,b.acme,a.acme,MR");
        assert!(relay.warnings().iter().any(|warning| warning.contains("three parts")), "{:?}", relay.warnings());
        assert!(names_relay("10.1.2.3", &relay) && names_relay("A.acme", &relay) && !names_relay("10.1.2.4", &relay));
        assert!(RelayAddress::several(["10.9.0.1", "10.1.2"], [], []).is_err());
        assert!(RelayAddress::several([], ["a.acme", "b..acme"], []).is_err());
        assert!(RelayAddress::several([], [], []).is_err());
    }

    #[test]
    fn finds_the_relay_in_a_list() {
        let relay = address("10.1.200.65", "mr.sales.acme", "MR").unwrap();
        assert!(names_relay("Server.Sales.Acme, mr", &relay));
        assert!(names_relay("MR.SALES.ACME", &relay));
        assert!(names_relay("10.1.200.65", &relay));
        assert!(!names_relay("Server.Sales.Acme,SERVER", &relay));
        assert!(!names_relay("mr.other.acme", &relay));
        assert!(names_relay("mr.other.acme", &address("", "", "MR").unwrap()));
        assert!(!names_relay("", &relay));
    }
}
