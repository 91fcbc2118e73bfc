//! What two manifests say differently.

use std::collections::HashMap;

use super::codec::Manifest;
use super::entry::ManifestEntry;

/// The differences of two manifests, by path.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct ManifestDiff {
    /// Files that only the second lists.
    pub added: Vec<String>,
    /// Files that only the first lists.
    pub removed: Vec<String>,
    /// Files of which they say different things.
    pub changed: Vec<ChangedEntry>,
}

/// A file of which two manifests say different things.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct ChangedEntry {
    /// The file, as the second manifest spells it.
    pub path: String,
    /// Its size in the first.
    pub size_before: u64,
    /// Its size in the second.
    pub size_after: u64,
    /// Which of `size`, `sha1`, `sha256` and `sha384` differ, where both have one.
    pub differs: Vec<&'static str>,
}

impl ManifestDiff {
    /// Whether both say the same of the same files. Order, spelling of paths, and digests that only one of them has do not
    /// count.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// Compares what two manifests say of files; signatures are not looked at. Each list is in the order of the manifest that
/// its paths are from.
///
/// ```
/// use configcid::manifest::{Manifest, diff};
///
/// let sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
/// let before = Manifest::parse(format!("\".\\a\" 0 {sha1}\n\".\\b\" 0 {sha1}\n").into_bytes())?;
/// let after = Manifest::parse(format!("\"./A\" 0 {sha1}\n\"./c\" 0 {sha1}\n").into_bytes())?;
/// let diff = diff(&before, &after);
/// assert_eq!((&diff.added[..], &diff.removed[..]), (&["./c".to_owned()][..], &[".\\b".to_owned()][..]));
/// assert!(diff.changed.is_empty());
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn diff(before: &Manifest, after: &Manifest) -> ManifestDiff {
    let mut left: HashMap<String, usize> =
        before.entries().enumerate().map(|(index, entry)| (entry.path.key(), index)).collect();
    let mut diff = ManifestDiff::default();
    for entry in after.entries() {
        match left.remove(&entry.path.key()) {
            None => diff.added.push(entry.path.to_string()),
            Some(index) => diff.changed.extend(changed(&before.entry(index), &entry)),
        }
    }
    let mut removed: Vec<usize> = left.into_values().collect();
    removed.sort_unstable();
    diff.removed = removed.into_iter().map(|index| before.entry(index).path.to_string()).collect();
    diff
}

fn changed(before: &ManifestEntry<'_>, after: &ManifestEntry<'_>) -> Option<ChangedEntry> {
    let both_differ = [
        ("size", before.size != after.size),
        ("sha1", before.sha1 != after.sha1),
        ("sha256", before.sha256.zip(after.sha256).is_some_and(|(a, b)| a != b)),
        ("sha384", before.sha384.zip(after.sha384).is_some_and(|(a, b)| a != b)),
    ];
    let differs: Vec<_> = both_differ.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect();
    (!differs.is_empty()).then(|| ChangedEntry {
        path: after.path.to_string(),
        size_before: before.size,
        size_after: after.size,
        differs,
    })
}
