//! Paths to look up by, of which nothing is copied: a CID may list hundreds of thousands.

use std::hash::{Hash, Hasher};

use crate::base::text::fold_case;
use crate::catalog::CidPath;

/// A path, as it is spelled or without regard to case. Keys of the two kinds are never the same.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key<'p> {
    /// What the path is seen from; `None`: the root.
    folder: Option<&'p CidPath>,
    path: &'p CidPath,
    is_exact: bool,
}

/// How a key is made of a folder and a path that is seen from there.
pub(super) type Kind = for<'p> fn(Option<&'p CidPath>, &'p CidPath) -> Key<'p>;

impl Key<'_> {
    /// By the name without regard to case, as [`CidPath::key`].
    pub(super) fn folded<'p>(folder: Option<&'p CidPath>, path: &'p CidPath) -> Key<'p> {
        Key { folder, path, is_exact: false }
    }

    /// By the spelling.
    pub(super) fn exact<'p>(folder: Option<&'p CidPath>, path: &'p CidPath) -> Key<'p> {
        Key { folder, path, is_exact: true }
    }

    fn parts(&self) -> [&str; 2] {
        [self.folder.map_or("", CidPath::as_str), self.path.as_str()]
    }
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        let ([a, b], [c, d]) = (self.parts(), other.parts());
        let (here, there) = (a.bytes().chain(b.bytes()), c.bytes().chain(d.bytes()));
        match self.is_exact {
            _ if self.is_exact != other.is_exact => false,
            true => here.eq(there),
            false if [a, b, c, d].iter().all(|part| part.is_ascii()) => {
                here.map(|byte| byte.to_ascii_lowercase()).eq(there.map(|byte| byte.to_ascii_lowercase()))
            }
            false => fold_case(&[a, b].concat()) == fold_case(&[c, d].concat()),
        }
    }
}

impl Eq for Key<'_> {}

impl Hash for Key<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let spelled = self.parts().concat();
        if self.is_exact { spelled.hash(state) } else { fold_case(&spelled).hash(state) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_file_is_found_by_the_name_from_wherever_it_is_seen() {
        let path = |text| CidPath::parse(text).unwrap();
        let (folder, inner, whole, other) =
            (path("\\RMS"), path("\\Ä.dll"), path("\\rms\\ä.DLL"), path("\\rms\\a.dll"));
        let known = HashSet::from([Key::folded(Some(&folder), &inner)]);
        assert!(known.contains(&Key::folded(None, &whole)));
        assert!(!known.contains(&Key::folded(None, &other)));
        assert!(!known.contains(&Key::exact(Some(&folder), &inner)));
        let known = HashSet::from([Key::exact(Some(&folder), &inner)]);
        assert!(!known.contains(&Key::exact(None, &whole)));
        assert!(known.contains(&Key::exact(None, &path("\\RMS\\Ä.dll"))));
    }
}
