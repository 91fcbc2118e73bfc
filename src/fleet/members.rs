//! Which endpoints belong to which machine, by the names in the fleet file.
// Without the command line only names that stand in the file itself are looked at.
#![cfg_attr(not(feature = "cli"), allow(dead_code))]

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::model::is_absolute;
use super::{Fleet, FleetFinding, Given, rules};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::{read_file, real_path};
use crate::base::text::{Encoding, count, fold_case};
use crate::endpoints::{Domain, Name};

/// The largest file of names that is read, in bytes.
const MAX_SIZE: u64 = 64 << 20;

/// Whose an endpoint is: of the machine of this number, the server first; and, where that is said, of this CID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner {
    pub machine: usize,
    pub cid: Option<usize>,
}

/// A name that the file gives, or a pattern of names.
struct Entry {
    text: String,
    name: Name,
    owner: Owner,
    line: usize,
}

/// All names and patterns of a fleet file.
pub(super) struct Members {
    entries: Vec<Entry>,
    /// The numbers of the entries that are names, by their short names.
    names: HashMap<String, Vec<usize>>,
    /// Those of the patterns.
    patterns: Vec<usize>,
}

/// Whose an endpoint is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Belongs {
    /// The file does not say.
    NotSaid,
    To(Owner),
    /// Several machines claim it.
    Several,
}

impl Members {
    /// The names that stand in the file itself.
    pub(super) fn inline(fleet: &Fleet) -> Self {
        let mut all = Self { entries: Vec::new(), names: HashMap::new(), patterns: Vec::new() };
        for (given, owner) in lists(fleet) {
            let inline = given.value.iter().filter(|text| !is_file(text));
            inline.for_each(|text| all.add(text, owner, given.line));
        }
        all
    }

    /// These, and those of the files that it names.
    ///
    /// # Errors
    /// One of these files cannot be read.
    pub(super) fn read(fleet: &Fleet) -> Result<Self> {
        let mut all = Self::inline(fleet);
        for (given, owner) in lists(fleet) {
            for file in given.value.iter().filter(|text| is_file(text)) {
                let text = names_of_file(fleet, file).map_err(|error| {
                    error.next(text!("line {} of the fleet file names it; correct it there", given.line))
                })?;
                let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
                lines.for_each(|line| all.add(line, owner, given.line));
            }
        }
        Ok(all)
    }

    fn add(&mut self, text: &str, owner: Owner, line: usize) {
        let number = self.entries.len();
        let name = Name::read(text);
        match is_pattern(text) {
            true => self.patterns.push(number),
            false => self.names.entry(name.short.clone()).or_default().push(number),
        }
        self.entries.push(Entry { text: text.trim().to_owned(), name, owner, line });
    }

    /// Whose the endpoint of this name is. A name goes before patterns (our choice).
    pub(super) fn of(&self, name: &str) -> Belongs {
        let name = Name::read(name);
        let named = self.named(&name).map(|number| self.entries[number].owner);
        match whose(named) {
            Belongs::NotSaid => {
                let matching = self.patterns.iter().map(|number| &self.entries[*number]);
                whose(matching.filter(|entry| entry.matches(&name)).map(|entry| entry.owner))
            }
            found => found,
        }
    }

    /// The entries that are this name.
    fn named(&self, name: &Name) -> impl Iterator<Item = usize> {
        let numbers = self.names.get(&name.short).into_iter().flatten().copied();
        numbers.filter(|number| self.entries[*number].name.may_be(name))
    }

    /// The names of a machine, or of a CID, that are none of these.
    pub(super) fn not_among<'a>(&'a self, seen: &HashSet<usize>, is: impl Fn(Owner) -> bool) -> Vec<&'a str> {
        let mut told: HashMap<&str, Vec<&Name>> = HashMap::new();
        let mut unseen = Vec::new();
        for (number, entry) in self.entries.iter().enumerate() {
            if !is(entry.owner) || seen.contains(&number) || is_pattern(&entry.text) {
                continue;
            }
            let alike = told.entry(&entry.name.short).or_default();
            if !alike.iter().any(|name| name.may_be(&entry.name)) {
                alike.push(&entry.name);
                unseen.push(&*entry.text);
            }
        }
        unseen
    }

    /// Remembers which names stand for the endpoint of this name.
    pub(super) fn see(&self, name: &str, seen: &mut HashSet<usize>) {
        seen.extend(self.named(&Name::read(name)));
    }

    /// How many endpoints the names make: none where there are no names, or a pattern is among them.
    pub(super) fn count(&self, is: impl Fn(Owner) -> bool) -> Option<u64> {
        let own = || self.entries.iter().filter(|entry| is(entry.owner));
        if own().any(|entry| is_pattern(&entry.text)) {
            return None;
        }
        let mut domains: HashMap<&str, HashSet<&Domain>> = HashMap::new();
        for entry in own() {
            domains.entry(&entry.name.short).or_default().insert(&entry.name.domain);
        }
        let of_one = |domains: HashSet<&Domain>| {
            let dns = domains.iter().filter(|domain| matches!(domain, Domain::Dns(_))).count();
            let windows = domains.iter().filter(|domain| matches!(domain, Domain::Windows(_))).count();
            dns.max(windows).max(1) as u64
        };
        Some(domains.into_values().map(of_one).sum()).filter(|count| *count > 0)
    }

    /// Names that several machines claim.
    pub(super) fn twice(&self, fleet: &Fleet) -> Vec<FleetFinding> {
        const MOST: usize = 6;
        let mut found = Vec::new();
        // Of a long list that stands in two places, the first names tell.
        let mut by_line: HashMap<(usize, usize, usize), Vec<&str>> = HashMap::new();
        for numbers in self.names.values() {
            for (at, second) in numbers.iter().map(|number| &self.entries[*number]).enumerate() {
                let earlier = numbers[..at].iter().map(|number| &self.entries[*number]);
                let mut others = earlier
                    .filter(|first| first.owner.machine != second.owner.machine && first.name.may_be(&second.name));
                if let Some(first) = others.next() {
                    let key = (second.line, first.owner.machine, second.owner.machine);
                    by_line.entry(key).or_default().push(&second.text);
                }
            }
        }
        let name = |machine: usize| fleet.machines().nth(machine).map_or("", |machine| &*machine.name.value);
        for ((line, first, second), mut names) in by_line {
            names.sort_unstable();
            let more = names.len().saturating_sub(MOST);
            let shown = names.iter().take(MOST).copied().collect::<Vec<_>>().join(", ");
            let more = if more > 0 { text!(" and {}", count(more, "other", "others")) } else { String::new() };
            let what = text!(
                "{shown}{more} is said to report to {first}, and to {second}",
                shown,
                more,
                first = name(first),
                second = name(second)
            );
            let finding = rules::COMPUTER_TWICE.found(line, what);
            found.push(match fleet.machines().nth(second) {
                Some(machine) => finding.of(machine),
                None => finding,
            });
        }
        found
    }
}

impl Entry {
    /// Whether a pattern fits. One with a domain is of whole names, one without of names without their domains.
    fn matches(&self, name: &Name) -> bool {
        let pattern = fold_case(&self.text);
        let whole = match &name.domain {
            Domain::None => name.short.clone(),
            Domain::Windows(domain) => format!("{domain}\\{}", name.short),
            Domain::Dns(domain) => format!("{}.{domain}", name.short),
        };
        let text = if pattern.contains(['.', '\\']) { &whole } else { &name.short };
        fits(&pattern, text)
    }
}

/// The lists of names, each with its owner. Those of a CID are those of its relay, too.
fn lists(fleet: &Fleet) -> impl Iterator<Item = (&Given<Vec<String>>, Owner)> {
    let machines = fleet.machines().enumerate();
    let machines = machines.filter_map(|(machine, it)| Some((it.computers.as_ref()?, Owner { machine, cid: None })));
    let cids = fleet.cids.iter().enumerate().filter_map(|(cid, it)| {
        let machine = it.reports_to.machine()?;
        Some((it.computers.as_ref()?, Owner { machine, cid: Some(cid) }))
    });
    machines.chain(cids)
}

fn is_file(text: &str) -> bool {
    Path::new(text).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("txt"))
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

fn names_of_file(fleet: &Fleet, file: &str) -> Result<String> {
    let path = if is_absolute(file) { file.into() } else { fleet.folder.join(file) };
    let real = real_path(&path).map_err(|error| Error::io("open the file of names", &path, error))?;
    let bytes = read_file(&real, MAX_SIZE).map_err(|error| error.about(&path))?;
    if bytes.contains(&0) && !bytes.starts_with(b"\xFF\xFE") && !bytes.starts_with(b"\xFE\xFF") {
        let error = Error::new(ErrorKind::Fleet, "this is no list of names: it has a zero byte in it");
        return Err(error.in_file(&path));
    }
    Ok(Encoding::text_of(&bytes))
}

fn whose(owners: impl Iterator<Item = Owner>) -> Belongs {
    owners.fold(Belongs::NotSaid, |found, owner| match found {
        Belongs::NotSaid => Belongs::To(owner),
        Belongs::To(first) if first.machine == owner.machine => {
            // Of two CIDs of one relay none is meant more than the other.
            let cid = match (first.cid, owner.cid) {
                (Some(one), Some(other)) if one != other => None,
                (one, other) => one.or(other),
            };
            Belongs::To(Owner { machine: first.machine, cid })
        }
        _ => Belongs::Several,
    })
}

/// Whether a text is as a pattern says: `*` for any characters, `?` for one.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut place) = (0, 0);
    // Where the last star stands, and how far it reaches.
    let mut star: Option<(usize, usize)> = None;
    while place < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, place));
                at += 1;
            }
            Some(c) if *c == '?' || *c == text[place] => {
                at += 1;
                place += 1;
            }
            _ => match star {
                Some((of, reach)) => {
                    star = Some((of, reach + 1));
                    (at, place) = (of + 1, reach + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "[server]\nname='S'\nip='10.1.1.1'\n[[relay]]\nname='A'\nip='10.1.1.2'\ncomputers=['BR1-*','pc1.sales.acme']\n[[relay]]\nname='B'\nip='10.1.1.3'\ncomputers=['*-7','PC2']\n[[cid]]\npath='C'\nrelay='A'\ncomputers='PC3'\n";

    #[test]
    fn names_go_before_patterns_and_two_machines_are_nobody() {
        let fleet = Fleet::parse(TWO.as_bytes(), "".as_ref()).unwrap();
        let members = Members::inline(&fleet);
        let to = |machine, cid| Belongs::To(Owner { machine, cid });
        for (name, owner) in [
            ("br1-5.sales.acme", to(1, None)),
            ("BR1-7", Belongs::Several),
            ("BR2-7", to(2, None)),
            ("PC1", to(1, None)),
            ("pc1.lab.acme", Belongs::NotSaid),
            ("SALES\\pc2$", to(2, None)),
            ("pc3", to(1, Some(0))),
            ("PC4", Belongs::NotSaid),
        ] {
            assert_eq!(members.of(name), owner, "{name}");
        }
        assert_eq!(members.count(|owner| owner.cid == Some(0)), Some(1));
        assert_eq!(members.count(|owner| owner.machine == 2), None);
        let mut seen = HashSet::new();
        members.see("pc1", &mut seen);
        assert_eq!(members.not_among(&seen, |owner| owner.machine == 1), ["PC3"]);
    }

    #[test]
    fn patterns_are_of_names_and_with_a_domain_of_whole_names() {
        for (pattern, text, is) in
            [("*", "", true), ("a*c", "abbc", true), ("a?c", "ac", false), ("*a*b", "xaxb", true), ("a", "ab", false)]
        {
            assert_eq!(fits(pattern, text), is, "{pattern} {text}");
        }
        let text = TWO.replace("BR1-*", "*.sales.acme");
        let members = Members::inline(&Fleet::parse(text.as_bytes(), "".as_ref()).unwrap());
        assert_eq!(members.of("x.SALES.acme"), Belongs::To(Owner { machine: 1, cid: None }));
        assert_eq!(members.of("x"), Belongs::NotSaid);
    }
}
