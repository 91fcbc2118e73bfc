//! Where the files of a list are. The list alone decides, so that nobody who can write files chooses which of them are
//! looked at.

use crate::base::text::same_name;
use crate::catalog::CidPath;
use crate::manifest::Manifest;

/// The place of a manifest's files in a CID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The folder that the paths are relative to; `None` is the CID's root.
    pub folder: Option<CidPath>,
    /// For the manifest of a component, the folder that its paths are not relative to, with `None` for the root. None of
    /// its files may stand there as well: another reader may look there, and be shown a genuine copy while it uses the other.
    pub other: Option<Option<CidPath>>,
}

impl Place {
    /// That of the manifest at `path`: relative to the CID's root exactly when every path in it begins with the folder of
    /// the component (formats.md, section 4 \[A\]).
    pub(crate) fn of(path: &CidPath, manifest: &Manifest) -> Self {
        let Some(own) = path.folder() else { return Self { folder: None, other: None } };
        match is_from_above(own.file_name(), manifest.entries().map(|entry| entry.path.top_folder())) {
            true => Self { folder: own.folder(), other: Some(Some(own)) },
            false => Self { other: Some(own.folder()), folder: Some(own) },
        }
    }
}

/// Whether all paths of a list begin with its own folder's name. Of each path the first folder is given, if it has one.
pub(super) fn is_from_above<'a>(own: &str, mut tops: impl ExactSizeIterator<Item = Option<&'a str>>) -> bool {
    tops.len() > 0 && tops.all(|top| top.is_some_and(|top| same_name(top, own)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &str, entries: &[&str]) -> (String, Option<String>) {
        let line = |path: &&str| format!("\"{path}\" 0 {}\n", "0".repeat(40));
        let text: String = entries.iter().map(line).collect();
        let manifest = Manifest::parse(text.into_bytes()).unwrap();
        let shown = |folder: Option<CidPath>| folder.map_or_else(|| "\\".to_owned(), |folder| folder.to_string());
        let place = Place::of(&CidPath::parse(path).unwrap(), &manifest);
        (shown(place.folder), place.other.map(shown))
    }

    #[test]
    fn the_manifest_alone_decides() {
        let root = || "\\".to_owned();
        let rms = || "\\rms".to_owned();
        assert_eq!(place("\\manifest.dat", &[".\\rms\\a", ".\\b"]), (root(), None));
        assert_eq!(place("\\rms\\manifest.dat", &[".\\a", ".\\b\\c"]), (rms(), Some(root())));
        assert_eq!(place("\\rms\\manifest.dat", &[".\\RMS\\a", "./rms/b/c"]), (root(), Some(rms())));
        // One path that does not begin so is enough, and a file is no folder.
        assert_eq!(place("\\rms\\manifest.dat", &[".\\rms\\a", ".\\b"]), (rms(), Some(root())));
        assert_eq!(place("\\rms\\manifest.dat", &[".\\rms"]), (rms(), Some(root())));
        assert_eq!(place("\\rms\\manifest.dat", &[".\\rmsx\\a"]), (rms(), Some(root())));
    }
}
