//! The tables of a fleet file and their keys, in one place. docs/fleet.md describes them, `templates/fleet.schema.json`
//! says them to editors; values that are words stand in `words.rs`.

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
