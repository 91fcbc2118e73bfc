//! One look at all files that catalogs list: their sizes, and which paths lead to the same file.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::fresh::{FEW, FORGOTTEN};
use super::tree::{Folder, Listing, Tree};
use super::walk::{AtOnce, Kind, LOOKS_A_TURN, sizes};
use crate::base::calls::{Call, note};
use crate::base::pool::{LOOKS, in_flight};
use crate::catalog::CidPath;

/// The file that a [survey](Tree::survey) has met where a path leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Met {
    /// The same for every path that leads to this file.
    pub number: usize,
    /// In bytes.
    pub size: u32,
}

/// What a [survey](Tree::survey) has met, in the order of its lists and of the paths in them. There are hundreds of thousands of
/// them, so that each takes eight bytes.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// A number and a size; the number of nothing where a path was not told of.
    lists: Vec<Vec<(u32, u32)>>,
    /// Greater than all numbers.
    pub numbers: usize,
}

/// The number of nothing.
const NOTHING: (u32, u32) = (u32::MAX, 0);

impl Survey {
    /// What each path of this list leads to: a file of less than 4 GiB in a folder that no link leads to, or something that whoever
    /// needs it looks at by itself.
    pub(crate) fn of(&self, list: usize) -> impl Iterator<Item = Option<Met>> {
        self.lists[list].iter().map(|met| Met::of(*met))
    }

    /// What the path at `at` of this list leads to, as [`of`](Survey::of) has it.
    pub(crate) fn at(&self, list: usize, at: usize) -> Option<Met> {
        Met::of(self.lists[list][at])
    }
}

impl Met {
    fn of(met: (u32, u32)) -> Option<Self> {
        (met != NOTHING).then_some(Self { number: met.0 as usize, size: met.1 })
    }
}

impl Tree {
    /// Looks at files, also for [`known`](Tree::known), many at a time: each folder is listed right before, so that the client of a
    /// share can answer for its files without asking the server. What cannot be looked at is left to whoever asks for it. Each
    /// list has a folder, and paths as seen from there.
    pub(crate) fn survey<'p, I>(&self, lists: &[(Option<&'p CidPath>, I)]) -> Survey
    where
        I: Iterator<Item = &'p CidPath> + Clone,
    {
        let first_of_each = |(top, paths): &(Option<&'p CidPath>, I)| {
            let (top, mut last) = (*top, None);
            let is_first = move |path: &&CidPath| {
                let folder = Some(path.folder());
                let before = std::mem::replace(&mut last, folder);
                before != last
            };
            paths.clone().filter(is_first).map(move |path| path.under(top))
        };
        self.list_above(lists.iter().flat_map(first_of_each), true);
        let mut asked = Asked::default();
        let places = lists.iter().map(|(top, paths)| self.places(*top, paths.clone(), &mut asked)).collect();
        asked.look();
        asked.survey(places)
    }

    /// Where the files of one list stand: the number of a folder in `asked`, and where in its listing.
    fn places<'p>(
        &self,
        top: Option<&CidPath>,
        paths: impl Iterator<Item = &'p CidPath>,
        asked: &mut Asked,
    ) -> Vec<(u32, u32)> {
        let mut places = Vec::with_capacity(paths.size_hint().0);
        // Most paths lie in the same folder as the one before.
        let (mut last, mut there) = (None, None);
        for path in paths {
            let folder = Some(path.folder());
            if folder != last {
                there = self.folder_of(&path.under(top)).ok().flatten().and_then(|folder| {
                    let linked = folder.linked;
                    let listing = self.list(&folder).ok()?;
                    Some((asked.number(folder, listing), linked))
                });
                last = folder;
            }
            let place = there.and_then(|(number, linked)| {
                let InFolder { folder, listing, wanted } = &mut asked.folders[number];
                let at = self.listed_in(folder, listing, path.file_name()).ok()?.filter(|&at| listing.is_file(at))?;
                if listing.want_size(at) {
                    wanted.push(at as u32);
                }
                // Whoever counts files counts one that a link leads to by its path.
                (!linked).then_some((number as u32, at as u32))
            });
            places.push(place.unwrap_or(NOTHING));
        }
        places
    }
}

/// The folders of the files that are asked for.
#[derive(Default)]
struct Asked {
    folders: Vec<InFolder>,
    numbers: HashMap<*const Listing, usize>,
}

struct InFolder {
    folder: Arc<Folder>,
    listing: Arc<Listing>,
    /// The files whose sizes are not known yet.
    wanted: Vec<u32>,
}

impl Asked {
    fn number(&mut self, folder: Arc<Folder>, listing: Arc<Listing>) -> usize {
        *self.numbers.entry(Arc::as_ptr(&listing)).or_insert_with(|| {
            self.folders.push(InFolder { folder, listing, wanted: Vec::new() });
            self.folders.len() - 1
        })
    }

    /// Looks up the sizes that are wanted.
    fn look(&mut self) {
        let is_forgotten = |InFolder { listing, wanted, .. }: &&InFolder| {
            wanted.len() > FEW && listing.age().is_some_and(|age| age >= FORGOTTEN)
        };
        let old: Vec<_> = self.folders.iter().filter(is_forgotten).collect();
        in_flight(LOOKS, &old, |InFolder { folder, listing, .. }| look_anew(listing, &folder.path));
        for InFolder { listing, wanted, .. } in &mut self.folders {
            wanted.retain(|&at| listing.size(at as usize).is_none());
        }
        // Some at a turn, since on a local disk a turn would cost more than the look.
        let turns: Vec<(&Path, &Listing, &[u32])> = self
            .folders
            .iter()
            .flat_map(|InFolder { folder, listing, wanted }| {
                wanted.chunks(LOOKS_A_TURN).map(|files| (&*folder.path, &**listing, files))
            })
            .collect();
        in_flight(LOOKS, &turns, |(folder, listing, files)| look_at_sizes(folder, listing, files));
    }

    fn survey(self, places: Vec<Vec<(u32, u32)>>) -> Survey {
        let mut numbers = 0;
        let mut firsts = Vec::with_capacity(self.folders.len());
        for InFolder { listing, .. } in &self.folders {
            firsts.push(numbers);
            numbers += listing.len();
        }
        let met = |(folder, at): (u32, u32)| {
            let InFolder { listing, .. } = self.folders.get(folder as usize)?;
            let size = listing.size(at as usize)?;
            let number = firsts[folder as usize] + at as usize;
            Some((u32::try_from(number).ok()?, u32::try_from(size).ok()?))
        };
        let met = |places: Vec<(u32, u32)>| places.into_iter().map(|place| met(place).unwrap_or(NOTHING)).collect();
        Survey { lists: places.into_iter().map(met).collect(), numbers }
    }
}

/// Lists a folder once more, for the sizes that are wanted. What cannot be told so is left to looks.
fn look_anew(listing: &Listing, folder: &Path) {
    note(Call::List, folder);
    let mut sizes = AtOnce::new(true);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let at = listing.alike(name).find(|&at| listing.name(at) == name);
        let Some(at) = at.filter(|&at| listing.is_size_wanted(at)) else { continue };
        let kind = entry.file_type().map(Kind::of);
        if let Some(size) = kind.ok().and_then(|kind| sizes.of(&entry, kind)) {
            listing.keep_size(at, Some(size));
        }
    }
}

/// Looks at the sizes of files of one folder. What is no file any more, or cannot be looked at, stays unknown.
fn look_at_sizes(folder: &Path, listing: &Listing, files: &[u32]) {
    let names = files.iter().map(|&at| Some(OsStr::new(listing.name(at as usize))));
    for (&at, size) in files.iter().zip(sizes(folder, names)) {
        listing.keep_size(at as usize, size);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::base::error::ErrorKind;
    use crate::cid::tree::Found;

    fn path(text: &str) -> CidPath {
        CidPath::parse(text).unwrap()
    }

    #[test]
    fn a_survey_knows_what_looks_find() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("A/b")).unwrap();
        fs::create_dir(root.join("out")).unwrap();
        for (name, size) in [("one", 1), ("A/Two", 2), ("A/b/three", 3)] {
            fs::write(root.join(name), vec![0; size]).unwrap();
        }
        let link = |target: &str, name: &str| std::os::unix::fs::symlink(target, root.join(name)).unwrap();
        link("A/Two", "to_two");
        link("A", "to_a");
        link("/", "away");
        link("nowhere", "lost");
        let paths = ["\\one", "\\a\\TWO", "\\A\\b\\three", "\\A\\b", "\\A\\none", "\\none\\x", "\\one\\x", "\\to_two"];
        let paths = paths.iter().chain(&["\\to_a\\two", "\\lost", "\\away\\etc"]).map(|text| path(text));
        let paths: Vec<CidPath> = paths.collect();
        for make in [Tree::new, Tree::to_look] {
            let (looked, surveyed) = (make(root.clone()), make(root.clone()));
            let survey = surveyed.survey(&[(None, paths.iter())]);
            for path in &paths {
                let (looked, known) = (looked.find(path), surveyed.known(path));
                assert_eq!(format!("{looked:?}"), format!("{known:?}"), "{path}");
            }
            for (path, met) in paths.iter().zip(survey.of(0)) {
                let size = match looked.find(path) {
                    Ok(Found::File { size, linked: false, .. }) => Some(size),
                    _ => None,
                };
                assert_eq!(met.map(|met| u64::from(met.size)), size, "{path}");
            }
        }
        // What is known stays; who looks sees what has become of it.
        let tree = Tree::new(root.clone());
        tree.survey(&[(None, paths.iter())]);
        fs::remove_file(root.join("one")).unwrap();
        link("/etc/passwd", "one");
        assert!(matches!(tree.known(&path("\\one")), Ok(Found::File { size: 1, .. })));
        assert_eq!(tree.find(&path("\\one")).unwrap_err().kind(), ErrorKind::Link);
        // What was read is not looked at.
        let tree = Tree::new(root.clone());
        tree.tell_size(&path("\\A\\TWO"), 2);
        tree.tell_size(&path("\\none"), 2);
        fs::remove_file(root.join("A/Two")).unwrap();
        tree.survey(&[(None, [path("\\A\\Two")].iter())]);
        assert!(matches!(tree.known(&path("\\A\\Two")), Ok(Found::File { size: 2, .. })));
        // And what has come since is there, too.
        fs::write(root.join("A/new"), "").unwrap();
        assert!(matches!(tree.known(&path("\\A\\new")), Ok(Found::File { size: 0, .. })));
    }

    #[test]
    fn a_survey_gives_a_file_one_number_whatever_lists_it() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("rms/b")).unwrap();
        for (name, size) in [("rms/one", 1), ("rms/b/Two", 2), ("rms/b/a", 3), ("two", 4)] {
            fs::write(root.join(name), vec![0; size]).unwrap();
        }
        std::os::unix::fs::symlink("rms", root.join("to_rms")).unwrap();
        let (rms, of_root) =
            (path("\\RMS"), ["\\rms\\B\\two", "\\rms\\one", "\\Two", "\\rms\\b\\a", "\\to_rms\\one"].map(path));
        let of_rms = ["\\One", "\\b\\A", "\\none", "\\b", "\\b\\two"].map(path);
        let tree = Tree::new(root.clone());
        let survey = tree.survey(&[(None, of_root.iter()), (Some(&rms), of_rms.iter())]);
        let sizes = |list| survey.of(list).map(|met| met.map(|met| met.size)).collect::<Vec<_>>();
        assert_eq!(sizes(0), [Some(2), Some(1), Some(4), Some(3), None]);
        assert_eq!(sizes(1), [Some(1), Some(3), None, None, Some(2)]);
        for (in_root, in_rms) in [(0, 4), (1, 0), (3, 1)] {
            assert_eq!(survey.at(0, in_root), survey.at(1, in_rms));
        }
        let mut numbers: Vec<usize> = survey.of(0).flatten().map(|met| met.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 4);
        assert!(numbers.iter().all(|number| *number < survey.numbers));
    }

    #[test]
    fn names_that_differ_in_case_alone_are_refused_in_a_survey_too() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        fs::write(root.join("x"), "1").unwrap();
        fs::write(root.join("X"), "12").unwrap();
        let tree = Tree::new(root.clone());
        tree.survey(&[(None, [path("\\x"), path("\\X")].iter())]);
        assert_eq!(tree.known(&path("\\x")).unwrap_err().kind(), ErrorKind::CaseConflict);
        let tree = Tree::to_look(root);
        tree.survey(&[(None, [path("\\x"), path("\\X")].iter())]);
        assert!(matches!(tree.known(&path("\\x")), Ok(Found::File { size: 1, .. })));
        assert!(matches!(tree.known(&path("\\X")), Ok(Found::File { size: 2, .. })));
    }
}
