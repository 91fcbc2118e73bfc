//! The spelling of a path inside a CID, and the rules that keep it there.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::names::{check_name, longer};
use crate::base::text::{decode_1252, encode_1252, fold_case};

/// A path relative to a CID's root, or to the folder of one of its catalogs, as catalogs spell it:
/// `\rms\mrinit.conf` (formats.md, section 3).
///
/// Only through it does a catalog's path become a real one, so it cannot leave the tree or mean something else on
/// Windows: no `.` or `..`, no drive letter or stream, no device name, no character that Windows forbids.
///
/// ```
/// use configcid::catalog::CidPath;
///
/// let path = CidPath::parse(r"\rms\mrinit.conf")?;
/// assert_eq!(path.file_name(), "mrinit.conf");
/// assert_eq!(path.key(), CidPath::parse(r"\RMS\MRInit.conf")?.key());
/// assert!(CidPath::parse(r"\..\boot.ini").is_err());
/// assert!(CidPath::parse(r"\rms\NUL.txt").is_err());
/// # Ok::<(), configcid::Error>(())
/// ```
#[derive(Clone)]
pub struct CidPath {
    /// Its spelling lies in here, in UTF-8: paths that a catalog lists lie in that catalog's bytes, so that hundreds of thousands
    /// of them take no memory of their own.
    bytes: Arc<[u8]>,
    begin: u32,
    end: u32,
}

/// The longest path that Windows takes, in characters.
const MAX_PATH: usize = 32_000;

impl CidPath {
    /// Checks a path in the catalog's spelling: a leading backslash, backslashes between the parts.
    ///
    /// # Errors
    /// The path breaks a rule; the error says which and shows the path.
    pub fn parse(text: &str) -> Result<Self> {
        Self::check(text)?;
        Ok(Self::of(text))
    }

    /// The path of this spelling, which was checked.
    fn of(text: &str) -> Self {
        let end = u32::try_from(text.len()).expect("no path is so long");
        Self { bytes: text.as_bytes().into(), begin: 0, end }
    }

    fn check(text: &str) -> Result<()> {
        let wrong = |why: &str| {
            Error::new(ErrorKind::Path, text!("the path {text} {why}", text = format!("{text:?}"), why))
                .next("a path in a CID is spelled \\folder\\file and stays inside the CID")
        };
        let Some(rest) = text.strip_prefix('\\') else {
            return Err(wrong(if text.is_empty() {
                text!("is empty")
            } else {
                text!("does not begin with a backslash")
            }));
        };
        if longer(text, MAX_PATH) {
            return Err(wrong(text!("is too long")));
        }
        for part in rest.split('\\') {
            check_name(part).map_err(wrong)?;
        }
        if !text.is_ascii() && encode_1252(text).is_none() {
            return Err(wrong(text!("has a character that Windows-1252 lacks, so that no catalog can hold it")));
        }
        Ok(())
    }

    /// Reads a path from a catalog's bytes, in Windows-1252 \[A\]: `length` of them from `at` on.
    pub(crate) fn from_catalog(bytes: &Arc<[u8]>, at: usize, length: usize) -> Result<Self> {
        let spelling = &bytes[at..at + length];
        match (std::str::from_utf8(spelling).ok().filter(|text| text.is_ascii()), u32::try_from(at + length)) {
            (Some(text), Ok(end)) => {
                Self::check(text)?;
                Ok(Self { bytes: bytes.clone(), begin: end - length as u32, end })
            }
            _ => Self::parse(&decode_1252(spelling)),
        }
    }

    /// The same path in memory of its own, for whoever keeps one path and not the catalog that it was read from.
    pub(crate) fn detached(&self) -> Self {
        Self::of(self.as_str())
    }

    /// The bytes that a catalog has for it, without the NUL.
    pub(crate) fn to_catalog(&self) -> Vec<u8> {
        encode_1252(self.as_str()).expect("the constructor has checked that Windows-1252 can hold it")
    }

    /// A path of this system that is relative to a CID's root; the error completes a sentence that names the file.
    pub(crate) fn from_relative(path: &Path) -> std::result::Result<Self, String> {
        let mut text = String::new();
        for part in path.components() {
            let name = part.as_os_str().to_str().ok_or(text!("its name is no text"))?;
            // Elsewhere than on Windows a name may hold what separates names here.
            if name.contains('\\') {
                return Err(text!("its name holds a backslash").to_owned());
            }
            check_name(name).map_err(|why| text!("its name {why}", why))?;
            text.push('\\');
            text.push_str(name);
        }
        Self::check(&text).map_err(|error| error.what().to_owned())?;
        Ok(Self::of(&text))
    }

    /// A file or folder directly in the root.
    pub(crate) fn in_root(name: &str) -> Result<Self> {
        Self::parse(&format!("\\{name}"))
    }

    /// A file or folder directly in `folder`; `None` stands for the root.
    pub(crate) fn in_folder(folder: Option<&Self>, name: &str) -> Result<Self> {
        folder.map_or_else(|| Self::in_root(name), |folder| folder.join(name))
    }

    /// A file or folder directly in this folder.
    pub(crate) fn join(&self, name: &str) -> Result<Self> {
        Self::parse(&format!("{self}\\{name}"))
    }

    /// The same path, seen from the folder that holds `folder`: `\mrinit.conf` under `\rms` is `\rms\mrinit.conf`.
    /// `None` stands for the root.
    pub(crate) fn under(&self, folder: Option<&Self>) -> Self {
        folder.map_or_else(|| self.clone(), |folder| Self::of(&[folder.as_str(), self.as_str()].concat()))
    }

    /// The same path, seen from `folder`; `None` where it does not lie in it.
    pub(crate) fn seen_from(&self, folder: Option<&Self>) -> Option<Self> {
        let Some(folder) = folder else { return Some(self.clone()) };
        let mut rest = self.parts();
        for part in folder.parts() {
            rest.next().filter(|this| fold_case(this) == fold_case(part))?;
        }
        let rest: Vec<&str> = rest.collect();
        (!rest.is_empty()).then(|| Self::of(&format!("\\{}", rest.join("\\"))))
    }

    /// The spelling, backslash first.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.spelling()).expect("the constructors have checked that it is text")
    }

    fn spelling(&self) -> &[u8] {
        &self.bytes[self.begin as usize..self.end as usize]
    }

    /// What two paths have in common that name the same file on Windows.
    pub fn key(&self) -> String {
        fold_case(self.as_str())
    }

    /// Lets `key` be the bytes of [`key`](CidPath::key), for whoever needs the keys of all one after the other.
    pub(crate) fn key_into(&self, key: &mut Vec<u8>) {
        key.clear();
        if self.spelling().is_ascii() {
            key.extend(self.spelling());
            key.make_ascii_lowercase();
        } else {
            key.extend(self.key().as_bytes());
        }
    }

    /// The names from the root to the file.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.as_str()[1..].split('\\')
    }

    /// The folder of the root that it lies in, which may be a component's; `None` for what lies in the root itself.
    pub(crate) fn top_folder(&self) -> Option<&str> {
        self.parts().next().filter(|_| self.depth() > 1)
    }

    /// How many names there are from the root to the file.
    pub(crate) fn depth(&self) -> usize {
        self.spelling().iter().filter(|&&byte| byte == b'\\').count()
    }

    /// The last name.
    pub fn file_name(&self) -> &str {
        std::str::from_utf8(self.file_name_bytes()).expect("a backslash stands between letters")
    }

    /// The bytes of the [last name](CidPath::file_name), for questions that are asked of every entry, often.
    pub(crate) fn file_name_bytes(&self) -> &[u8] {
        let after = self.spelling().iter().rposition(|&byte| byte == b'\\').map_or(0, |at| at + 1);
        &self.spelling()[after..]
    }

    /// The folder that holds it; `None` stands for the root.
    pub fn folder(&self) -> Option<Self> {
        match self.spelling().iter().rposition(|&byte| byte == b'\\') {
            None | Some(0) => None,
            Some(at) => Some(Self { end: self.begin + at as u32, ..self.clone() }),
        }
    }

    /// The folders that it lies in, the nearest first, without the root.
    pub(crate) fn folders(&self) -> impl Iterator<Item = Self> + use<> {
        std::iter::successors(self.folder(), Self::folder)
    }

    /// The path on this system, below `root`, in the case in which it is spelled here.
    pub(crate) fn below(&self, root: &Path) -> PathBuf {
        self.parts().fold(root.to_owned(), |path, part| path.join(part))
    }
}

impl PartialEq for CidPath {
    fn eq(&self, other: &Self) -> bool {
        self.spelling() == other.spelling()
    }
}

impl Eq for CidPath {}

impl PartialOrd for CidPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for CidPath {
    fn cmp(&self, other: &Self) -> Ordering {
        self.spelling().cmp(other.spelling())
    }
}

impl Hash for CidPath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.spelling().hash(state);
    }
}

impl fmt::Debug for CidPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CidPath").field(&self.as_str()).finish()
    }
}

impl fmt::Display for CidPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl serde::Serialize for CidPath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> CidPath {
        CidPath::parse(text).unwrap()
    }

    #[test]
    fn what_leaves_the_tree_or_means_something_else_is_refused() {
        for text in [
            "",
            "\\",
            "rms",
            "rms\\x",
            "C:\\x",
            "\\C:\\x",
            "\\\\Server\\x",
            "\\rms\\\\x",
            "\\rms\\",
            "\\..",
            "\\rms\\..\\..\\x",
            "\\.\\x",
            "\\x:stream",
            "\\NUL",
            "\\rms\\nul.txt",
            "\\rms\\CON .x",
            "\\com1",
            "\\LPT9.a.b",
            "\\a/b",
            "\\a*",
            "\\a\nb",
            "\\a\u{7f}",
            "\\a.",
            "\\a ",
            "\\a \\b",
            "\\\u{4e2d}",
            "\\CONIN$",
            "\\com\u{b9}",
        ] {
            assert!(CidPath::parse(text).is_err(), "{text:?}");
        }
        assert!(CidPath::parse(&format!("\\{}", "a".repeat(256))).is_err());
        assert!(CidPath::parse(&"\\a".repeat(16_001)).is_err());
        for text in
            ["\\a", "\\rms\\mrinit.conf", "\\a b\\c.d.e", "\\com10", "\\null", "\\Z\u{fc}rich", "\\...a", "\\a'(b)&c"]
        {
            assert!(CidPath::parse(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn takes_paths_apart() {
        let file = path("\\rms\\sub\\mrinit.conf");
        assert_eq!(file.parts().collect::<Vec<_>>(), ["rms", "sub", "mrinit.conf"]);
        assert_eq!(file.file_name(), "mrinit.conf");
        assert_eq!(file.folder(), Some(path("\\rms\\sub")));
        assert_eq!(path("\\rms").folder(), None);
        assert_eq!(path("\\a\\b\\c").folders().collect::<Vec<_>>(), [path("\\a\\b"), path("\\a")]);
        assert_eq!(file.below(Path::new("cid")), Path::new("cid/rms/sub/mrinit.conf"));
    }

    #[test]
    fn changes_the_point_of_view() {
        let rms = path("\\RMS");
        let file = path("\\rms\\mrinit.conf");
        assert_eq!(file.seen_from(Some(&rms)), Some(path("\\mrinit.conf")));
        assert_eq!(file.seen_from(None), Some(file.clone()));
        assert_eq!(path("\\rms9x\\a").seen_from(Some(&rms)), None);
        assert_eq!(path("\\rms").seen_from(Some(&rms)), None);
        assert_eq!(path("\\mrinit.conf").under(Some(&rms)), path("\\RMS\\mrinit.conf"));
        assert_eq!(file.under(None), file);
    }
}
