//! Names of computers: in any case, with and without a domain.

use std::net::IpAddr;
use std::ops::Range;

use crate::base::text::fold_case;

/// A name in its parts, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name {
    pub short: String,
    pub domain: Domain,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Domain {
    None,
    /// Of `DOMAIN\COMPUTER`.
    Windows(String),
    /// Of `computer.domain.example`.
    Dns(String),
}

impl Domain {
    pub(super) fn is_none(&self) -> bool {
        *self == Self::None
    }
}

impl Name {
    /// Reads `PC01`, `pc01.sales.acme`, `SALES\PC01`, and `PC01$` as accounts have it. An address is a name as it is; and so is
    /// what no computer is called, such as the place of a line that names none. What follows a dot and has no letter in it, the
    /// date of a copy say, is no domain (our choice).
    pub(crate) fn read(text: &str) -> Self {
        let text = fold_case(text.trim());
        let whole = |short: &str| Self { short: short.to_owned(), domain: Domain::None };
        if text.contains([':', '/']) || text.parse::<IpAddr>().is_ok() {
            return whole(&text);
        }
        let (windows, host) = match text.rsplit_once('\\') {
            Some((domain, host)) => (domain.trim_matches('\\'), host),
            None => ("", &*text),
        };
        let host = host.trim_end_matches(['$', '.']);
        let (short, dns) = host.split_once('.').unwrap_or((host, ""));
        if short.is_empty() {
            return whole(&text);
        }
        let domain = if dns.contains(char::is_alphabetic) {
            Domain::Dns(dns.to_owned())
        } else if !windows.is_empty() && windows != "." {
            Domain::Windows(windows.to_owned())
        } else {
            Domain::None
        };
        Self { short: short.to_owned(), domain }
    }

    /// Whether two names may be of one computer: unless two domains of one kind differ.
    pub(crate) fn may_be(&self, other: &Self) -> bool {
        self.short == other.short
            && match (&self.domain, &other.domain) {
                (Domain::Dns(one), Domain::Dns(other)) | (Domain::Windows(one), Domain::Windows(other)) => one == other,
                _ => true,
            }
    }
}

/// The domains of computers of one short name. They all are one computer, unless two domains of one kind show that there are
/// several; then those without a domain stand for themselves. A Windows domain is the DNS domain whose first part it is, or
/// the only one there is (our choice).
#[derive(Debug, Default)]
pub(super) struct Domains {
    dns: Vec<String>,
    windows: Vec<String>,
}

impl Domains {
    pub(super) fn of(domains: impl Iterator<Item = Domain>) -> Self {
        let mut all = Self::default();
        for domain in domains {
            match domain {
                Domain::Dns(domain) if !all.dns.contains(&domain) => all.dns.push(domain),
                Domain::Windows(domain) if !all.windows.contains(&domain) => all.windows.push(domain),
                _ => {}
            }
        }
        all
    }

    /// Whether there are several computers.
    pub(super) fn are_several(&self) -> bool {
        self.dns.len() > 1 || self.windows.len() > 1
    }

    /// Which of the computers is of this domain: the same number for the same computer.
    pub(super) fn number(&self, domain: &Domain) -> usize {
        let position = |all: &[String], domain: &String| all.iter().position(|this| this == domain).unwrap_or(0);
        match domain {
            _ if !self.are_several() => 0,
            Domain::None => 0,
            Domain::Dns(domain) => 1 + position(&self.dns, domain),
            Domain::Windows(domain) => {
                let first = self.dns.iter().position(|dns| dns.split('.').next() == Some(domain));
                let only = || (self.dns.len() == 1 && self.windows.len() == 1).then_some(0);
                1 + first.or_else(only).unwrap_or_else(|| self.dns.len() + position(&self.windows, domain))
            }
        }
    }
}

/// The ranges of equal neighbors.
pub(super) fn runs<T>(items: &[T], same: impl Fn(&T, &T) -> bool) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let mut start = 0;
    for at in 1..=items.len() {
        if at == items.len() || !same(&items[start], &items[at]) {
            runs.push(start..at);
            start = at;
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

/// The names of a list, one a line: `PC01`, `\\\\PC01`, `SALES\\PC01`, `PC01$`. A name that stands there twice is asked once.
#[cfg(feature = "cli")]
pub(crate) fn listed(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut known = std::collections::HashSet::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';'])) {
        // Some programs print them in quotes.
        let name = line.trim_matches('"').rsplit('\\').next().unwrap_or(line).trim_end_matches('$');
        if known.insert(name.to_lowercase()) {
            names.push(name.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(names: &[&str]) -> Vec<usize> {
        let names: Vec<Name> = names.iter().map(|name| Name::read(name)).collect();
        assert!(names.iter().all(|name| name.short == names[0].short), "{names:?}");
        let domains = Domains::of(names.iter().map(|name| name.domain.clone()));
        names.iter().map(|name| domains.number(&name.domain)).collect()
    }

    #[test]
    fn names_are_one_computer_unless_their_domains_differ() {
        assert_eq!(same(&["PC01", "pc01", "pc01.sales.acme", "SALES\\PC01", "pc01$", "PC01.2026-11-20"]), [0; 6]);
        assert_eq!(same(&["pc01.sales.acme", "pc01.lab.acme"]), [1, 2]);
        assert_eq!(same(&["pc01", "pc01.sales.acme", "LAB\\pc01", "pc01.lab.acme", "OLD\\pc01"]), [0, 1, 2, 2, 4]);
        assert_eq!(same(&["CORP\\pc01", "pc01.ad.acme"]), [0, 0]);
    }

    #[cfg(feature = "cli")]
    #[test]
    fn names_stand_in_a_list_in_every_form_and_are_asked_once() {
        let text = "# of the branch\r\nPC01\r\n\r\n\\\\PC02\nSALES\\pc03$\n\"pc01\"\npc4.sales.acme\n";
        assert_eq!(listed(text), ["PC01", "PC02", "pc03", "pc4.sales.acme"]);
    }

    #[test]
    fn what_is_no_name_of_a_computer_stays_whole() {
        for text in ["10.1.2.3", "list.csv:17", "fe80::1"] {
            assert_eq!(Name::read(text), Name { short: text.to_owned(), domain: Domain::None });
        }
        assert_eq!(runs(&[1, 1, 2, 3, 3], |a, b| a == b), [0..2, 2..3, 3..5]);
        assert!(runs::<u8>(&[], |a, b| a == b).is_empty());
    }
}
