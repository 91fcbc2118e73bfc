//! Running the program on the CID itself, for one that must see its real path. The catalogs and the customer's files are kept
//! aside before and put back where its work is refused (`plan/in_place.rs`); all others are watched.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::SystemTime;

use super::check::Verdict;
use super::copy::{Sorted, read_back, relative_place, sorted};
use super::{Program, accepted, by_catalog, find, in_words, judge, refusal, shown, tame};
use crate::base::error::{Error, Result};
use crate::base::pool::in_parallel;
use crate::base::program::{run_to_end, stop_error};
use crate::catalog::CidPath;
use crate::catalog::checksum::Function;
use crate::catalogs::basis::{Basis, Refreshed, customer_files};
use crate::catalogs::loaded::stage;
use crate::catalogs::{Loaded, Order, RefreshOptions, signed};
use crate::cid::Cid;
use crate::cid::digest::sha256_of;
use crate::cid::tree::Found;
use crate::cid::walk::{Item, Kind, walk, walk_with_sizes};
use crate::plan::{Change, FileContent, OnTheCid, Parts, Stage, Sum256, View};

/// A program that is to work on a CID.
#[derive(Debug)]
struct OnCid {
    cid: PathBuf,
    program: Program,
    options: RefreshOptions,
    loaded: Vec<Loaded>,
    functions: Vec<Option<Function>>,
    /// What the plan itself writes.
    payload: Vec<Change>,
    /// What is kept aside.
    aside: Vec<Change>,
}

/// What lets the program work on the CID once a plan is carried out.
pub(super) fn prepare(
    program: &Program,
    basis: &Basis<'_>,
    functions: Vec<Option<Function>>,
    payload: &[Change],
) -> Result<Refreshed> {
    let cid = basis.view.cid();
    let aside = |path: &CidPath, before, stage| Change {
        path: path.clone(),
        before: Some(before),
        after: None,
        why: "".into(),
        stage,
        kept: None,
    };
    let mut kept: Vec<Change> = basis
        .loaded
        .iter()
        .map(|loaded| aside(&loaded.file.path, loaded.bytes.clone().into(), stage(loaded)))
        .collect();
    for path in basis.customers.values() {
        if let Found::File { path: place, size, .. } = cid.tree().find(path)? {
            kept.push(aside(path, FileContent::unread(&place, size).into(), Stage::Payload));
        }
    }
    let note = text!(
        "{} is to run on the CID itself, so that what it does to the catalogs is not known before; without --in-place a dry run \
         shows it",
        program.name()
    );
    let work = OnCid {
        cid: cid.path().to_owned(),
        program: program.clone(),
        options: basis.options.clone(),
        loaded: basis.loaded.to_vec(),
        functions,
        payload: payload.to_vec(),
        aside: kept,
    };
    let functions = by_catalog(&work.loaded, &work.functions);
    Ok(Refreshed { notes: vec![note], functions, on_the_cid: Some(Arc::new(work)), ..Refreshed::default() })
}

impl OnTheCid for OnCid {
    fn aside(&self) -> Vec<Change> {
        self.aside.clone()
    }

    fn work(&self) -> Result<Parts> {
        let cid = Cid::open(&self.cid)?;
        let watch = self.watch(&cid)?;
        let folder = std::path::absolute(&self.cid).map_err(|error| Error::io("find the CID", &self.cid, error))?;
        let mut command = find::command(&self.program, &folder)?;
        command.current_dir(folder.parent().unwrap_or(&folder));
        let (ran, stopped) = run_to_end(command, &self.program.path, Stdio::null(), self.program.timeout)?;
        let said = tame(&cid, &ran);
        let name = self.program.name();
        let modes = watch.put_back_modes();
        let taken_over = || {
            if let Some(what) = stopped {
                return Err(stop_error(format!("{what}{}", in_words(&said))).in_file(&self.program.path));
            }
            // What cannot be looked at any more is the program's doing, too.
            let judged = self.judge(&cid, &watch, &name).unwrap_or_else(|error| Err(error.to_string()));
            let (judged, left) = judged.map_err(|what| refusal(&self.program, &ran, &said, &what))?;
            let left =
                shown(left).map(|left| text!("{name} left {left} in the CID, and it was taken away", name, left));
            let mut judged = accepted(judged, left, &name, &ran, said.clone());
            let modes = shown(modes)
                .map(|paths| text!("{name} changed the permissions of {paths}; they are as they were", name, paths));
            judged.notes.extend(modes);
            let signed = signed::consult(&cid, &judged.writes, &judged.catalogs, &self.options.customer_files)?;
            Ok((judged, signed))
        };
        let taken_over = taken_over();
        // A backup of a catalog in a folder of its own would make that a component of the CID.
        watch.take_away();
        let (judged, signed) = taken_over.map_err(|error| watch.say_how_it_is(error))?;
        Ok(Parts {
            changes: judged.writes,
            catalogs: judged.catalogs,
            warnings: signed.warnings,
            notes: judged.notes,
            said: judged.said,
            left: judged.left,
            candidates: signed.candidates,
            ..Parts::default()
        })
    }
}

impl OnCid {
    /// The program's work, and what it left beside.
    fn judge(&self, cid: &Cid, watch: &Watch, name: &str) -> Result<Verdict<(Refreshed, Vec<PathBuf>)>> {
        // The tree as it was: what the program made is no file that an entry may be for.
        let view = View::new(cid, &self.payload);
        let order = Order::new(&self.loaded);
        let customers = customer_files(&view, &self.options.customer_files)?;
        let basis = Basis { view, loaded: &self.loaded, order: &order, customers: &customers, options: &self.options };
        Ok(match (read_back(cid.root(), cid, &self.loaded)?, watch.end()?) {
            (Ok(rewritten), Ok(left)) => judge(&rewritten, &basis, &self.functions, name)?.map(|judged| (judged, left)),
            (Err(what), _) | (_, Err(what)) => Err(what),
        })
    }

    /// Begins to watch the files of a CID, but for its catalogs.
    fn watch(&self, cid: &Cid) -> Result<Watch> {
        let root = cid.root().to_owned();
        let items = walk_with_sizes(&root)?;
        let places = |paths: &mut dyn Iterator<Item = &CidPath>| -> Result<HashSet<PathBuf>> {
            paths.map(|path| relative_place(cid, path)).collect()
        };
        let catalogs = places(&mut self.loaded.iter().map(|loaded| &loaded.file.path))?;
        let aside = places(&mut self.aside.iter().chain(&self.payload).map(|change| &change.path))?;
        let Sorted { files, bulk } = sorted(cid, &items, &self.options.customer_files)?;
        let others: Vec<&Path> = files.iter().map(|(path, _)| *path).filter(|path| !catalogs.contains(*path)).collect();
        let seen = in_parallel(&others, |path| {
            let place = root.join(path);
            if bulk.contains(*path) {
                Ok(Seen::Look(Look::at(&place)))
            } else {
                sha256_of(&place, u64::MAX).map(Seen::Digest)
            }
        });
        let mut files = BTreeMap::new();
        for (path, seen) in others.iter().zip(seen) {
            files.insert((*path).to_owned(), seen?);
        }
        Ok(Watch {
            #[cfg(unix)]
            modes: modes(&root, &items)?,
            root,
            items,
            catalogs,
            aside,
            files,
        })
    }
}

/// The permissions of the CID, and of what is in it.
#[cfg(unix)]
fn modes(root: &Path, items: &[Item]) -> Result<Vec<(PathBuf, fs::Permissions)>> {
    // Itself first, and each folder before what is in it.
    let paths: Vec<PathBuf> =
        std::iter::once(PathBuf::from(".")).chain(items.iter().map(|item| item.path.clone())).collect();
    let seen = in_parallel(&paths, |path| {
        let place = root.join(path);
        let metadata = place.symlink_metadata().map_err(|error| Error::io("look at it", &place, error))?;
        Ok((path.clone(), metadata))
    });
    let seen = seen.into_iter().collect::<Result<Vec<_>>>()?;
    // A link has none of its own.
    let seen = seen.into_iter().filter(|(_, metadata)| !metadata.is_symlink());
    Ok(seen.map(|(path, metadata)| (path, metadata.permissions())).collect())
}

/// By what it is told that a file has not changed.
#[derive(Debug)]
enum Seen {
    Digest(Sum256),
    Look(Option<Look>),
}

/// What a file looks like from outside.
#[derive(Debug, PartialEq, Eq)]
struct Look {
    size: u64,
    written: Option<SystemTime>,
    /// When the file itself changed, which nobody sets back.
    #[cfg(unix)]
    changed: (i64, i64),
    #[cfg(windows)]
    changed: Option<(i64, i64)>,
}

impl Look {
    fn at(path: &Path) -> Option<Self> {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt;
        let metadata = path.symlink_metadata().ok()?;
        Some(Self {
            size: metadata.len(),
            written: metadata.modified().ok(),
            #[cfg(unix)]
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            #[cfg(windows)]
            changed: crate::host::windows::written_and_changed(path),
        })
    }
}

/// The files of a CID as they were before the program ran.
struct Watch {
    root: PathBuf,
    items: Vec<Item>,
    catalogs: HashSet<PathBuf>,
    /// What is put back where the program's work is refused.
    aside: HashSet<PathBuf>,
    /// All but the catalogs.
    files: BTreeMap<PathBuf, Seen>,
    /// Who may do what with each file and folder.
    #[cfg(unix)]
    modes: Vec<(PathBuf, fs::Permissions)>,
}

impl Watch {
    /// Checks that of the files that were there only catalogs changed, and gives what came.
    fn end(&self) -> Result<Verdict<Vec<PathBuf>>> {
        let mut expected: BTreeMap<&Path, Kind> =
            self.items.iter().map(|item| (item.path.as_path(), item.kind)).collect();
        let mut left = Vec::new();
        for Item { path, kind, .. } in walk(&self.root)? {
            match expected.remove(path.as_path()) {
                Some(was) if was != kind => {
                    return Ok(Err(text!("it made {} another kind of thing", path.display())));
                }
                Some(_) => {}
                None => left.push(path),
            }
        }
        if let Some(path) = expected.keys().find(|path| !self.catalogs.contains(**path)) {
            return Ok(Err(text!("it removed {}", path.display())));
        }
        let files: Vec<_> = self.files.iter().collect();
        let is_same = in_parallel(&files, |(path, seen)| self.is_same(path, seen));
        let changed = files.iter().zip(is_same).find(|(_, is_same)| !is_same);
        Ok(changed.map_or(Ok(left), |((path, _), _)| Err(text!("it changed {}", path.display()))))
    }

    fn is_same(&self, path: &Path, seen: &Seen) -> bool {
        let place = self.root.join(path);
        match seen {
            Seen::Digest(digest) => sha256_of(&place, u64::MAX).is_ok_and(|now| now == *digest),
            Seen::Look(look) => Look::at(&place) == *look,
        }
    }

    /// Removes what the program has made beside the files that were there.
    /// Gives the permissions of files and folders back that were changed, and says of which.
    fn put_back_modes(&self) -> Vec<PathBuf> {
        #[cfg(unix)]
        {
            let is_other = |(path, was): &&(PathBuf, fs::Permissions)| {
                let place = self.root.join(path);
                let changed = place.symlink_metadata().is_ok_and(|now| now.permissions() != *was && !now.is_symlink());
                changed && fs::set_permissions(place, was.clone()).is_ok()
            };
            self.modes.iter().filter(is_other).map(|(path, _)| path.clone()).collect()
        }
        #[cfg(not(unix))]
        Vec::new()
    }

    fn take_away(&self) {
        let was: BTreeSet<&Path> = self.items.iter().map(|item| item.path.as_path()).collect();
        let now = walk(&self.root).unwrap_or_default();
        for item in now.iter().rev().filter(|item| !was.contains(item.path.as_path())) {
            let place = self.root.join(&item.path);
            let _ = if item.kind == Kind::Folder { fs::remove_dir(&place) } else { fs::remove_file(&place) };
        }
    }

    /// Says in the error how the CID is.
    fn say_how_it_is(&self, error: Error) -> Error {
        let others = self.files.iter().filter(|(path, _)| !self.aside.contains(*path));
        let harmed = others.filter(|(path, seen)| !self.is_same(path, seen)).map(|(path, _)| path.clone()).collect();
        let harmed = shown(harmed).map_or_else(String::new, |harmed| {
            text!("what it did to {harmed} is not undone: let the server update this CID; ", harmed)
        });
        error.next(text!("{harmed}look at the program, or leave this CID to the vendor's own tools", harmed))
    }
}
