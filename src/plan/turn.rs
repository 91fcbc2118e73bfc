//! Names of which a file becomes a folder, or a folder a file.
//!
//! Two things of one name cannot be there at once, so that neither can wait beside the other under its own name. A folder that
//! comes is made whole under a name of configcid's own and gets its place by one rename, and one that goes is set aside in the
//! same way, with all that is in it, until the change after this one.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::record::{Record, Step, Turned, work_name};
use super::target::Target;
use super::{Change, disk};
use crate::base::error::{Error, ErrorKind, Result};
use crate::catalog::CidPath;
use crate::cid::is_own_name;
use crate::cid::tree::{Found, Tree};
use crate::cid::walk::not_plain;

/// The names that turn in a change. Hardly any change has one.
#[derive(Debug, Default)]
pub(super) struct Turns(Vec<Turn>);

/// One of them.
#[derive(Debug)]
pub(super) struct Turn {
    key: String,
    /// Where it is.
    pub place: PathBuf,
    /// Where the folder is before it comes, or when it has gone.
    pub folder: PathBuf,
    /// The folder comes; else it goes.
    pub comes: bool,
}

impl Turns {
    /// Those that a record tells of.
    pub(super) fn of(record: &Record, tree: &Tree) -> Result<Self> {
        let turns = record.turned.iter().map(|turned| {
            let path = CidPath::parse(&turned.path)?;
            let place = place_to_be(tree, &path)?;
            let folder = place.with_file_name(&turned.folder);
            Ok(Turn { key: path.key(), place, folder, comes: turned.folder.ends_with(".new") })
        });
        turns.collect::<Result<_>>().map(Self)
    }

    /// The one that the file at `path` has, or a folder above it.
    fn of_path(&self, path: &str) -> Option<(&Turn, bool)> {
        if self.0.is_empty() {
            return None;
        }
        let key = CidPath::parse(path).ok()?.key();
        self.0.iter().find_map(|turn| match key.strip_prefix(&turn.key)? {
            "" => Some((turn, false)),
            below => below.starts_with('\\').then_some((turn, true)),
        })
    }

    /// Whether a name turns, or one of a folder above it.
    pub(super) fn concern(&self, path: &str) -> bool {
        self.of_path(path).is_some()
    }

    /// Whether it is this name itself that turns.
    pub(super) fn is_at(&self, path: &str) -> bool {
        matches!(self.of_path(path), Some((_, false)))
    }

    /// The one that a folder above the file at `path` has.
    pub(super) fn above(&self, path: &str) -> Option<&Turn> {
        self.of_path(path).filter(|(_, is_below)| *is_below).map(|(turn, _)| turn)
    }

    /// Where the file at `path`, in the case found, is or is to be, if its name turns or one of a folder above it.
    pub(super) fn target(&self, path: &CidPath) -> Option<PathBuf> {
        self.of_path(path.as_str()).map(|(turn, is_below)| match is_below {
            true => turn.place.join(turn.rest(path.as_str())),
            false => turn.place.clone(),
        })
    }

    /// The same of a file whose name none of these lets turn, too, before any of them has turned; in the case found.
    pub(super) fn target_before(&self, tree: &Tree, path: &CidPath) -> Result<PathBuf> {
        match self.above(path.as_str()) {
            Some(turn) if turn.comes => Ok(turn.place.join(turn.rest(path.as_str()))),
            _ => place_to_be(tree, path),
        }
    }

    /// Where the file at `path`, in the case found, has what is named `name` if it stands beside it.
    pub(super) fn work_place_of(&self, tree: &Tree, path: &CidPath, name: &str) -> Result<PathBuf> {
        match self.above(path.as_str()) {
            Some(turn) => Ok(turn.folder.join(turn.rest(path.as_str()))),
            None => Ok(tree.place(path)?.with_file_name(name)),
        }
    }

    /// Where a step has what it writes or keeps, which is named `name` if it stands beside the file, `target`.
    pub(super) fn work_place(&self, step: &Step, target: &Path, name: &str) -> PathBuf {
        match self.above(step.path.as_str()) {
            Some(turn) => turn.folder.join(turn.rest(step.path.as_str())),
            None => target.with_file_name(name),
        }
    }

    /// The folders that are to come and those in them, where they are made; those that hold others first.
    fn folders_that_come(&self, record: &Record) -> BTreeSet<PathBuf> {
        let mut folders = BTreeSet::new();
        for step in &record.steps {
            let Some(turn) = self.above(step.path.as_str()).filter(|turn| turn.comes) else { continue };
            let place = turn.folder.join(turn.rest(step.path.as_str()));
            let above = place.ancestors().skip(1).take_while(|above| above.starts_with(&turn.folder));
            folders.extend(above.map(Path::to_owned));
        }
        folders
    }

    /// Makes the folders that are to come, as their files need them.
    pub(super) fn make_folders(&self, record: &Record) -> Result<()> {
        self.folders_that_come(record).iter().try_for_each(|folder| disk::make_folder(folder))
    }

    /// Flushes the names that are in them.
    pub(super) fn flush_folders(&self, record: &Record) -> Result<()> {
        self.folders_that_come(record).iter().try_for_each(|folder| disk::sync_folder(folder))
    }

    /// Lets every name turn that has not yet: some may have in a run that died.
    pub(super) fn turn(&self, record: &Record) -> Result<()> {
        for turn in &self.0 {
            if turn.comes {
                if disk::exists(&turn.folder)? {
                    disk::remove(&turn.place)?;
                    disk::rename(&turn.folder, &turn.place)?;
                }
            } else {
                if !disk::exists(&turn.folder)? {
                    disk::rename(&turn.place, &turn.folder)?;
                }
                let staged = turn.step(record).and_then(|step| record.staged(step));
                if let Some(staged) = staged.map(|staged| turn.place.with_file_name(staged))
                    && disk::exists(&staged)?
                {
                    disk::rename(&staged, &turn.place)?;
                }
            }
            turn.flush()?;
        }
        Ok(())
    }

    /// Lets every name be again what it was, and removes the folders that were to come.
    pub(super) fn turn_back(&self, record: &Record) -> Result<()> {
        for turn in &self.0 {
            if turn.comes {
                if disk::is_folder(&turn.place)? && !disk::exists(&turn.folder)? {
                    disk::rename(&turn.place, &turn.folder)?;
                }
                let kept = turn.step(record).and_then(|step| record.kept(step));
                if let Some(kept) = kept.map(|kept| turn.place.with_file_name(kept))
                    && !disk::exists(&turn.place)?
                {
                    disk::rename(&kept, &turn.place)?;
                }
            } else if disk::is_folder(&turn.folder)? {
                disk::remove(&turn.place)?;
                disk::rename(&turn.folder, &turn.place)?;
            }
            turn.flush()?;
        }
        // What was to come is of no use any more, and what is in it was read by nobody.
        self.0.iter().filter(|turn| turn.comes).try_for_each(|turn| disk::remove_leftover(&turn.folder))
    }

    /// Removes the folders that have gone.
    pub(super) fn drop_kept(&self) -> Result<()> {
        self.0.iter().filter(|turn| !turn.comes).try_for_each(|turn| disk::remove_leftover(&turn.folder))
    }
}

impl Turn {
    /// What becomes of the name itself.
    fn step<'r>(&self, record: &'r Record) -> Option<&'r Step> {
        record.steps.iter().find(|step| step.path.key() == self.key)
    }

    /// What a path has below this name, as the system spells it.
    fn rest(&self, path: &str) -> PathBuf {
        let depth = self.key.split('\\').count();
        path.split('\\').skip(depth).collect()
    }

    fn flush(&self) -> Result<()> {
        self.place.parent().map_or(Ok(()), disk::sync_folder)
    }
}

/// The names that these changes let turn, in the case found, and whether a folder comes.
///
/// # Errors
/// A folder that is to go holds what the changes do not let go, or links lead there.
pub(super) fn turned(tree: &Tree, shown: &Path, changes: &[Change]) -> Result<Vec<(CidPath, bool)>> {
    let goes = |change: &&Change| change.before.is_some() && change.after.is_none();
    let comes = |change: &&Change| change.before.is_none() && change.after.is_some();
    let going: HashSet<String> = changes.iter().filter(goes).map(|change| change.path.key()).collect();
    if going.is_empty() {
        return Ok(Vec::new());
    }
    let mut folders = HashSet::new();
    for change in changes.iter().filter(goes) {
        change.path.folders().map(|folder| folder.key()).take_while(|key| folders.insert(key.clone())).for_each(drop);
    }
    let mut found: HashMap<String, (CidPath, bool)> = HashMap::new();
    let mut seen = HashSet::new();
    for change in changes.iter().filter(comes) {
        let key = change.path.key();
        if folders.contains(&key) {
            found.insert(key, (change.path.clone(), false));
        }
        for folder in change.path.folders().take_while(|folder| seen.insert(folder.clone())) {
            if going.contains(&folder.key()) {
                found.insert(folder.key(), (folder, true));
            }
        }
    }
    let mut turned = Vec::new();
    for (path, comes) in found.into_values() {
        let place = place_to_be(tree, &path)?;
        match tree.find(&path)? {
            Found::File { linked: false, .. } if comes => {}
            Found::Folder if !comes => {
                if tree.is_linked(Some(&path))? {
                    return Err(not_plain(&path.below(shown)));
                }
                refuse_others(&path, &place, shown, &going)?;
            }
            // Nothing is in the way, or something that whoever looks at each file refuses.
            _ => continue,
        }
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        turned.push((CidPath::in_folder(path.folder().as_ref(), &name)?, comes));
    }
    turned.sort();
    Ok(turned)
}

/// Refuses where a folder holds something that does not go.
fn refuse_others(folder: &CidPath, place: &Path, shown: &Path, going: &HashSet<String>) -> Result<()> {
    let cannot = |error| Error::io("list the folder", place, error);
    for entry in place.read_dir().map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        let (name, kind) = (entry.file_name(), entry.file_type().map_err(cannot)?);
        let path = name.to_str().filter(|name| !is_own_name(name)).map(|name| folder.join(name)).transpose();
        match path {
            // Of configcid's own: it goes along.
            Ok(None) if name.to_str().is_some() => {}
            Ok(Some(path)) if kind.is_dir() => refuse_others(&path, &entry.path(), shown, going)?,
            Ok(Some(path)) if kind.is_file() && going.contains(&path.key()) => {}
            _ => {
                let what = text!(
                    "a file is to take the place of the folder {folder}, which holds this, and no catalog lists it",
                    folder
                );
                return Err(Error::new(ErrorKind::Exists, what)
                    .in_file(&folder.below(shown).join(&name))
                    .next("nothing was changed; move it elsewhere, then try again"));
            }
        }
    }
    Ok(())
}

/// What a record says of the names that turn. `number` is that of the first name that is free.
pub(super) fn recorded(turned: Vec<(CidPath, bool)>, id: &str, number: usize) -> Vec<Turned> {
    let names = turned.into_iter().zip(number..);
    names
        .map(|((path, comes), number)| Turned {
            path: path.to_string(),
            folder: work_name(id, number, if comes { "new" } else { "old" }),
        })
        .collect()
}

/// The folders in which something is written beside files of a change.
pub(super) fn folders_of<'t>(record: &Record, targets: &'t [Target], turns: &Turns) -> BTreeSet<&'t Path> {
    // What is in a folder that turns stands in one of our own until then.
    let steps = record.steps.iter().zip(targets).filter(|(step, _)| turns.above(step.path.as_str()).is_none());
    steps.map(|(_, target)| target.folder()).collect()
}

/// Where the file at `path` is or is to be, be it in a folder that is to be made: no more of the way to it need be there
/// than the root.
pub(super) fn place_to_be(tree: &Tree, path: &CidPath) -> Result<PathBuf> {
    match path.folder() {
        Some(folder) if tree.folder(Some(&folder))?.is_none() => {
            if tree.find(&folder)? != Found::Absent {
                return Err(Error::new(ErrorKind::Io, "this should be a folder, and is none")
                    .in_file(&folder.below(tree.root()))
                    .next("remove or rename it"));
            }
            Ok(place_to_be(tree, &folder)?.join(path.file_name()))
        }
        _ => tree.place(path),
    }
}
