//! What relay set-up did to a file, as far as the CID's history shows it. The history has digests, no contents.

use std::collections::HashMap;

use crate::catalog::CidPath;
use crate::plan::{Past, digest};

/// What the purpose of a change begins with that a fleet file asked for.
pub(crate) const BY_FLEET: &str = "fleet apply: ";

/// What the purpose of relay set-up begins with; the relay's address stands behind it.
pub(super) const SET_UP: &str = "relay set ";

/// Where a content came from that set-up wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// There was no file before set-up made it.
    Made,
    /// There was one, with this digest, and nobody but set-up wrote to it since.
    Edited(String),
}

/// Where the content of a file came from, if set-up was the last to write it and nobody changed it since.
pub(super) fn origin(past: &[Past], path: &CidPath, bytes: &[u8]) -> Option<Origin> {
    let mut origins: HashMap<&str, Option<Origin>> = HashMap::new();
    let mut last = None;
    for change in past {
        let Some(content) = change.content(path) else { continue };
        last = content.after.as_deref();
        let Some(after) = last else { continue };
        let origin = match (&content.before, relay_of(&change.purpose)) {
            // What was there once came from where it came from then.
            _ if is_way_back(&change.purpose) => origins.get(after).cloned().flatten(),
            (_, None) => None,
            (None, Some(_)) => Some(Origin::Made),
            (Some(before), Some(_)) => {
                let earlier = origins.get(before.as_str()).cloned().flatten();
                Some(earlier.unwrap_or_else(|| Origin::Edited(before.clone())))
            }
        };
        origins.insert(after, origin);
    }
    let now = digest(bytes);
    last.filter(|last| *last == now).and_then(|last| origins.remove(last).flatten())
}

/// The addresses of all relays that set-up ever wrote into this CID, as comma lists.
pub(super) fn relays(past: &[Past]) -> impl Iterator<Item = &str> {
    past.iter().filter_map(|change| relay_of(&change.purpose))
}

fn is_way_back(purpose: &str) -> bool {
    ["undo of: ", "redo of: "].iter().any(|way| purpose.starts_with(way))
}

/// The relay that a change of this purpose let endpoints report to; `None` where it was no set-up.
fn relay_of(purpose: &str) -> Option<&str> {
    purpose.strip_prefix(BY_FLEET).unwrap_or(purpose).strip_prefix(SET_UP)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::PastContent;

    const PATH: &str = "\\rms\\mrinit.conf";

    /// Changes, each as its purpose, what was there before and what after.
    fn history(changes: &[(&str, Option<&str>, Option<&str>)]) -> Vec<Past> {
        let hash = |content: &Option<&str>| content.map(|text| digest(text.as_bytes()));
        let past = |(purpose, before, after): &(&str, Option<&str>, Option<&str>)| {
            let mut past: Past = serde_json::from_str(
                r#"{"id":"1","time":"","user":"","host":"","purpose":"","version":"","files":[],"contents":[]}"#,
            )
            .unwrap();
            past.purpose = (*purpose).to_owned();
            past.files = vec![PATH.to_owned()];
            let content: PastContent =
                serde_json::from_value(serde_json::json!({"before": hash(before), "after": hash(after)})).unwrap();
            past.contents = vec![content];
            past
        };
        changes.iter().map(past).collect()
    }

    #[test]
    fn where_a_content_came_from_is_followed_through_every_change() {
        const SET: &str = "relay set MR";
        let edited = |content: &str| Some(Origin::Edited(digest(content.as_bytes())));
        for (changes, now, expected) in [
            (&[(SET, None, Some("a"))][..], "a", Some(Origin::Made)),
            (&[(SET, None, Some("a"))], "b", None),
            (&[("fleet apply: relay set MR", None, Some("a"))], "a", Some(Origin::Made)),
            (&[("refresh", None, Some("a"))], "a", None),
            (&[(SET, Some("o"), Some("a"))], "a", edited("o")),
            // A second set-up after the first one.
            (&[(SET, None, Some("a")), (SET, Some("a"), Some("b"))], "b", Some(Origin::Made)),
            (&[(SET, Some("o"), Some("a")), (SET, Some("a"), Some("b"))], "b", edited("o")),
            // Somebody put another file there in between.
            (&[(SET, None, Some("a")), (SET, Some("x"), Some("b"))], "b", edited("x")),
            (&[(SET, None, Some("a")), ("mrinit set X", Some("a"), Some("b"))], "b", None),
            // What was set back from a backup is no longer the last.
            (&[(SET, None, Some("a")), (SET, Some("a"), Some("b"))], "a", None),
            // Undo and redo.
            (&[(SET, None, Some("a")), ("undo of: relay set MR", Some("a"), None)], "a", None),
            (
                &[
                    (SET, None, Some("a")),
                    ("undo of: relay set MR", Some("a"), None),
                    ("redo of: relay set MR", None, Some("a")),
                ],
                "a",
                Some(Origin::Made),
            ),
            (
                &[(SET, None, Some("a")), (SET, Some("a"), Some("b")), ("undo of: relay set MR", Some("b"), Some("a"))],
                "a",
                Some(Origin::Made),
            ),
            (&[(SET, Some("o"), Some("a")), ("undo of: relay set MR", Some("a"), Some("o"))], "o", None),
            (&[(SET, None, Some("a")), ("relay unset", Some("a"), Some("b"))], "b", None),
        ] {
            let path = CidPath::parse(PATH).unwrap();
            assert_eq!(origin(&history(changes), &path, now.as_bytes()), expected, "{changes:?} {now}");
        }
    }
}
