//! What is to be changed in a CID, as data. Dry run, diff, JSON and [`apply`](Plan::apply) are views of the same plan.

mod apply;
mod disk;
#[cfg(feature = "faults")]
pub(crate) mod fuzzing;
mod hold;
mod lock;
mod record;
mod recover;
mod remains;
mod undo;
mod view;

pub use apply::{Applied, Writer};
pub use lock::LockOptions;
pub use recover::{Direction, Outcome, Recovered};
pub use undo::{Past, history, undo};

pub(crate) use record::digest;
pub(crate) use remains::{Remain, Remains};
pub(crate) use undo::last_change;
pub(crate) use view::View;

use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};
use crate::base::files::real_path;
use crate::catalog::{Checksum, CidPath, Entry, checksum};
use crate::cid::Cid;
use crate::cid::hash::{Sum, sum_file};
use crate::cid::tree::{Found, Tree};

/// Changes to one CID, in the order in which they reach the disk: payload, component catalogs, root catalogs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Plan {
    root: PathBuf,
    shown: PathBuf,
    /// What it is for, in a few words: it stands in the CID's history.
    pub purpose: String,
    /// The folder is a CID, with a lock, a journal and a history.
    in_cid: bool,
    /// Files that the changes speak of without writing them, as they were when the plan was made.
    pub(crate) relied_on: Vec<(CidPath, Observed)>,
    /// The CID's last change when it was read.
    generation: Option<Vec<u8>>,
    /// The files to write. Empty where everything is as it should be.
    pub changes: Vec<Change>,
    /// What each catalog looks like and what happens to it.
    pub catalogs: Vec<CatalogChange>,
    /// What is allowed and still likely to be a mistake, each as a sentence.
    pub warnings: Vec<String>,
    /// Files that may be the customer's, though not by their names: no manifest lists them, and they are no catalogs.
    /// Nothing happens to them. Empty where there is no manifest.
    pub candidates: Vec<CidPath>,
}

/// One file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The file, in the case found on disk.
    pub path: CidPath,
    /// Its content when the plan was made; `None` where there was none.
    pub before: Option<Vec<u8>>,
    /// Its content to be; `None` where it is to go.
    pub after: Option<Vec<u8>>,
    /// Why.
    pub why: String,
    /// When, among the other changes.
    pub stage: Stage,
}

/// The order of changes: what catalogs list is written before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// A file that catalogs list.
    Payload,
    /// A component's catalog.
    ComponentCatalog,
    /// A catalog of the CID's root.
    RootCatalog,
}

/// What happens to one catalog.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct CatalogChange {
    /// The catalog, from the CID's root.
    pub catalog: CidPath,
    /// Entries that it has before.
    pub entries: usize,
    /// The checksum function, or the program that rewrites it.
    pub function: String,
    /// The entries that come, go or change.
    pub actions: Vec<EntryChange>,
    /// The catalog gets a new checksum, that is, other bytes.
    pub changed: bool,
}

/// What happens to one entry of a catalog.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct EntryChange {
    /// What.
    pub action: Action,
    /// The path as the catalog has it, from the catalog's own folder.
    pub path: CidPath,
    /// The size to be, in bytes; that of the past for an entry that goes.
    pub size: u32,
    /// The checksum to be; that of the past for an entry that goes.
    pub checksum: Checksum,
}

impl EntryChange {
    pub(crate) fn new(action: Action, entry: &Entry) -> EntryChange {
        EntryChange { action, path: entry.path.clone(), size: entry.size, checksum: entry.checksum }
    }

    /// The entry to be.
    pub(crate) fn entry(&self) -> Entry {
        Entry { path: self.path.clone(), size: self.size, checksum: self.checksum }
    }
}

/// A way in which an entry changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is new.
    Add,
    /// It gets another size or checksum.
    Update,
    /// It goes, since the file has gone.
    Remove,
}

/// What tells whether a file changed: its size and a checksum; `None` where there is none.
pub(crate) type Observed = Option<Sum>;

/// What a file is now.
pub(crate) fn observe(tree: &Tree, path: &CidPath) -> Result<Observed> {
    let Found::File { path, .. } = tree.find(path)? else { return Ok(None) };
    let function = checksum::known(checksum::FOR_NEW).expect("the table holds it");
    sum_file(&path, u64::MAX, &*function).map(Some)
}

impl Plan {
    pub(crate) fn new(cid: &Cid, purpose: impl Into<String>) -> Plan {
        let plan = Plan::of_one_file(cid.root().to_owned(), cid.path().to_owned());
        let generation = cid.generation().cloned();
        Plan { purpose: purpose.into(), in_cid: true, generation, ..plan }
    }

    /// For one file of a folder that need be no CID; `root` is its real path, `shown` that for people.
    pub(crate) fn of_one_file(root: PathBuf, shown: PathBuf) -> Plan {
        let (purpose, generation, relied_on, changes, catalogs, warnings, candidates) = Default::default();
        Plan { root, shown, purpose, in_cid: false, generation, relied_on, changes, catalogs, warnings, candidates }
    }

    /// For the file at `file`, which need not be there, and its path in the plan.
    pub(crate) fn beside(file: &Path) -> Result<(Plan, CidPath)> {
        let folder = match file.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let real = real_path(folder).map_err(|error| Error::io("open its folder", folder, error))?;
        let file_name = file.file_name().unwrap_or_default().to_string_lossy();
        let path = CidPath::in_root(&file_name).map_err(|error| error.in_file(file))?;
        Ok((Plan::of_one_file(real, folder.to_owned()), path))
    }

    /// The CID, as it was given to [`Cid::open`].
    pub fn cid(&self) -> &Path {
        &self.shown
    }

    /// Notes what a file is now: the plan holds only as long as it stays so.
    pub(crate) fn rely_on(&mut self, tree: &Tree, path: CidPath) -> Result<()> {
        let now = observe(tree, &path)?;
        self.relied_on.push((path, now));
        Ok(())
    }

    /// Whether it changes a CID, which takes a [`Writer`]; a file by itself takes none.
    pub fn is_for_cid(&self) -> bool {
        self.in_cid
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Puts the changes in the order in which they must reach the disk.
    pub(crate) fn sort(&mut self) {
        self.changes.sort_by_key(|change| change.stage);
    }
}
