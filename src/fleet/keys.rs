//! The tables of a fleet file and their keys, in one place. docs/fleet.md describes them, `templates/fleet.schema.json`
//! says them to editors; values that are words stand in `words.rs`.

/// The tables of the file.
pub(super) const TABLES: &[&str] = &["defaults", "server", "relay", "cid"];

/// The keys of `[defaults]`.
pub(super) const DEFAULTS: &[&str] =
    &["folder", "platform", "platforms", "address", "domain", "system", "from_root", "checksum", "accept", "survey"];

/// The keys of `[server]`.
pub(super) const SERVER: &[&str] =
    &["name", "ip", "fqdn", "netbios", "system", "console", "endpoints", "computers", "address", "domain", "accept"];

/// The keys of `[[relay]]`.
pub(super) const RELAY: &[&str] = &[
    "name",
    "ip",
    "fqdn",
    "netbios",
    "parent",
    "endpoints",
    "computers",
    "address",
    "domain",
    "system",
    "platforms",
    "accept",
];

/// The keys of `[[cid]]`.
pub(super) const CID: &[&str] =
    &["path", "platform", "relay", "source", "publish", "from_root", "checksum", "endpoints", "computers"];

/// The word that stands for the server wherever a relay can be named.
pub(super) const THE_SERVER: &str = "server";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::near::nearest;

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
