//! The words of a fleet file, in one place: its tables and their keys, and the values that are words. docs/fleet.md
//! describes them, `templates/fleet.schema.json` says them to editors.

use super::{AddressKind, Domain, Platform};

/// The tables of the file.
pub(super) const TABLES: &[&str] = &["defaults", "server", "relay", "cid"];

/// The keys of `[defaults]`.
pub(super) const DEFAULTS: &[&str] = &["folder", "platform", "platforms", "address", "domain", "system", "from_root"];

/// The keys of `[server]`.
pub(super) const SERVER: &[&str] =
    &["name", "ip", "fqdn", "netbios", "system", "console", "endpoints", "address", "domain"];

/// The keys of `[[relay]]`.
pub(super) const RELAY: &[&str] =
    &["name", "ip", "fqdn", "netbios", "parent", "endpoints", "address", "domain", "system", "platforms"];

/// The keys of `[[cid]]`.
pub(super) const CID: &[&str] = &["path", "platform", "relay", "from_root"];

/// The word that stands for the server wherever a relay can be named.
pub(super) const THE_SERVER: &str = "server";

/// A value that is one of a few words.
pub(super) trait Word: Copy + 'static {
    /// What it is called in a message.
    const WHAT: &'static str;
    /// Every spelling; the first of each value is the one that is written.
    const WORDS: &'static [(&'static str, Self)];
}

impl Word for Platform {
    const WHAT: &'static str = "platform";
    const WORDS: &'static [(&'static str, Platform)] = &[
        ("windows", Platform::Windows),
        ("9x", Platform::Windows9x),
        ("mac", Platform::Mac),
        ("linux", Platform::Linux),
        ("Windows", Platform::Windows),
        ("nt", Platform::Windows),
        ("NT", Platform::Windows),
        ("2000", Platform::Windows),
        ("xp", Platform::Windows),
        ("XP", Platform::Windows),
        ("rms", Platform::Windows),
        ("9X", Platform::Windows9x),
        ("win9x", Platform::Windows9x),
        ("windows9x", Platform::Windows9x),
        ("windows-9x", Platform::Windows9x),
        ("Windows 9x", Platform::Windows9x),
        ("rms9x", Platform::Windows9x),
        ("Mac", Platform::Mac),
        ("macos", Platform::Mac),
        ("macOS", Platform::Mac),
        ("osx", Platform::Mac),
        ("Linux", Platform::Linux),
    ];
}

impl Word for AddressKind {
    const WHAT: &'static str = "kind of address";
    const WORDS: &'static [(&'static str, AddressKind)] = &[
        ("static", AddressKind::Static),
        ("dhcp", AddressKind::Dhcp),
        ("Static", AddressKind::Static),
        ("DHCP", AddressKind::Dhcp),
    ];
}

impl Word for Domain {
    const WHAT: &'static str = "kind of domain";
    const WORDS: &'static [(&'static str, Domain)] = &[
        ("nt", Domain::Nt),
        ("ad", Domain::ActiveDirectory),
        ("none", Domain::Workgroup),
        ("NT", Domain::Nt),
        ("AD", Domain::ActiveDirectory),
        ("workgroup", Domain::Workgroup),
    ];
}

/// The spelling of a value that is written.
pub(super) fn word<T: Word + PartialEq>(value: T) -> &'static str {
    T::WORDS.iter().find(|(_, this)| *this == value).map_or("", |(word, _)| word)
}

/// The word of `words` that is nearest to `text`, if one is near enough to be what was meant.
pub(super) fn nearest<'a>(text: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let text: String = text.chars().take(64).collect::<String>().to_lowercase();
    let near = words.map(|word| (distance(&text, word), word)).min()?;
    (near.0 <= 1 + near.1.len() / 3).then_some(near.1)
}

/// How many characters must be put in, taken out or replaced to make one of the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, a) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, b) in other.iter().enumerate() {
            let here = diagonal + usize::from(a != *b);
            diagonal = row[column + 1];
            row[column + 1] = here.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_what_was_meant() {
        for (text, word) in [("fdqn", "fqdn"), ("ips", "ip"), ("Parent", "parent"), ("endpoint", "endpoints")] {
            assert_eq!(nearest(text, RELAY.iter().copied()), Some(word), "{text}");
        }
        for text in ["colour", "x", "", &"n".repeat(100_000)] {
            assert_eq!(nearest(text, TABLES.iter().copied()), None, "{text}");
        }
    }
}
