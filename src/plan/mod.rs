//! What is to be changed in a CID, as data. Dry run, diff, JSON and [`apply`](Plan::apply) are views of the same plan.

mod apply;
mod content;
mod disk;
mod file;
#[cfg(feature = "faults")]
pub(crate) mod fuzzing;
mod hold;
mod holder;
mod in_place;
mod lock;
mod place;
#[cfg(feature = "cli")]
mod prune;
mod record;
mod record_text;
mod recover;
mod remains;
mod staging;
mod stamp;
mod target;
mod turn;
mod undo;
mod view;
mod writer;

pub use apply::Applied;
pub use content::{Content, FileContent};
pub use lock::LockOptions;
pub use recover::{Direction, Outcome, Recovered};
pub use undo::{Past, PastContent, history, undo};
pub use writer::Writer;

#[cfg(feature = "remote")]
pub(crate) use holder::{claim, read_claim};
pub(crate) use in_place::OnTheCid;
#[cfg(feature = "cli")]
pub(crate) use prune::{Bounds, Pruned};
#[cfg(feature = "cli")]
pub(crate) use record::Made;
pub(crate) use record::{Sum256, digest};
pub(crate) use remains::{Remain, Remains};
pub(crate) use staging::Staging;
pub(crate) use undo::last_change;
pub(crate) use view::View;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::error::Result;
use crate::catalog::checksum::Function;
use crate::catalog::{Checksum, CidPath, Entry, checksum};
use crate::cid::Cid;
use crate::cid::hash::{Sum, sum_file};
use crate::cid::tree::{Found, Tree};

/// Changes to one CID, in the order in which they reach the disk: payload, component catalogs, root catalogs. A plan is
/// made whole: [`refresh`](crate::refresh()), [`relay::set`](crate::relay::set) and their like give a finished one, and
/// nothing is added to it.
#[derive(Debug, Clone)]
pub struct Plan {
    root: PathBuf,
    shown: PathBuf,
    /// The folder is a CID, with a lock, a journal and a history.
    in_cid: bool,
    /// The CID's last change when it was read.
    generation: Option<Sum256>,
    parts: Parts,
}

/// What a plan says, for those who make one: [`Plan::new`] takes all of it at once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parts {
    /// What it is for, in a few words: it stands in the CID's history.
    pub purpose: String,
    /// The files to write, in any order.
    pub changes: Vec<Change>,
    /// What each catalog looks like and what happens to it.
    pub catalogs: Vec<CatalogChange>,
    /// What is allowed and still likely to be a mistake, each as a sentence.
    pub warnings: Vec<String>,
    /// What is worth knowing and no mistake, each as a sentence.
    pub notes: Vec<String>,
    /// What a program said that the user brought, line by line.
    pub said: Vec<String>,
    /// What that program left otherwise than configcid would, and no look at the result is to call a fault: a catalog, and
    /// the file that it says nothing of, or all of it.
    pub left: Vec<(CidPath, Option<CidPath>)>,
    /// Files that may be the customer's, though not by their names.
    pub candidates: Vec<CidPath>,
    /// Files that the changes speak of without writing them, as they were before anything was worked out from them.
    pub relied_on: Vec<(CidPath, Observed)>,
    /// The checksum functions of catalogs that were found out for it, by the keys of their paths.
    pub functions: HashMap<String, Function>,
    /// What was looked at to make it, where it brings catalogs in line.
    pub looked: Option<Looked>,
    /// What rewrites the catalogs, on the CID itself, once the changes are in place; then the plan says nothing of them before
    /// it is carried out.
    pub on_the_cid: Option<Arc<dyn OnTheCid>>,
}

/// What was looked at of the files that a CID's catalogs list. Sizes are those of all that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Looked {
    /// Listed files that are there.
    pub files: usize,
    /// Those of them whose content was compared with the listed checksum.
    pub contents: usize,
    /// Those whose content could not be compared, since the checksum function of what lists them is not known.
    pub unknown: usize,
}

/// One file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The file, in the case found on disk.
    pub path: CidPath,
    /// Its content when the plan was made; `None` where there was none.
    pub before: Option<Content>,
    /// Its content to be; `None` where it is to go.
    pub after: Option<Content>,
    /// Why.
    pub why: Arc<str>,
    /// When, among the other changes.
    pub stage: Stage,
    /// The file that has what is written, kept beside by the last change: its time, and its attributes where nothing is
    /// replaced, are taken.
    pub(crate) kept: Option<Box<Path>>,
}

/// Sorts changes by when they are made. What has its order takes no memory for that: there may be hundreds of thousands.
fn in_order(changes: &mut [Change]) {
    if !changes.is_sorted_by_key(|change| change.stage) {
        changes.sort_by_key(|change| change.stage);
    }
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

impl Change {
    /// Another content for a file that catalogs list, or for one in no CID.
    pub(crate) fn of_payload(path: CidPath, before: Option<Vec<u8>>, after: Vec<u8>, why: impl Into<Arc<str>>) -> Self {
        let before = before.map(Content::from);
        Self { path, before, after: Some(after.into()), why: why.into(), stage: Stage::Payload, kept: None }
    }

    /// A file that catalogs list goes.
    pub(crate) fn removal(path: CidPath, before: Vec<u8>, why: impl Into<Arc<str>>) -> Self {
        let before = Some(before.into());
        Self { path, before, after: None, why: why.into(), stage: Stage::Payload, kept: None }
    }

    /// The content to be, where it is in memory: that of every change but those that bring whole files.
    pub(crate) fn bytes_after(&self) -> &[u8] {
        self.after.as_ref().and_then(Content::bytes).unwrap_or_default()
    }
}

impl EntryChange {
    pub(crate) fn new(action: Action, entry: &Entry) -> Self {
        Self { action, path: entry.path.clone(), size: entry.size, checksum: entry.checksum }
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
    /// A plan for a CID, with its changes in the order in which they must reach the disk.
    pub(crate) fn new(cid: &Cid, mut parts: Parts) -> Self {
        in_order(&mut parts.changes);
        let (root, shown) = (cid.root().to_owned(), cid.path().to_owned());
        Self { root, shown, in_cid: true, generation: cid.generation().copied(), parts }
    }

    /// A plan for a CID that is not there yet: one to look at.
    pub(crate) fn for_new(path: &Path, mut parts: Parts) -> Self {
        in_order(&mut parts.changes);
        Self { root: path.to_owned(), shown: path.to_owned(), in_cid: true, generation: None, parts }
    }

    /// Refuses where a file is to take the place of a folder that holds something which does not go.
    pub(crate) fn refuse_full_folders(&self, cid: &Cid) -> Result<()> {
        turn::turned(cid.tree(), cid.path(), &self.parts.changes).map(drop)
    }

    /// The CID, as it was given to [`Cid::open`].
    pub fn cid(&self) -> &Path {
        &self.shown
    }

    /// What it is for, in a few words: it stands in the CID's history.
    pub fn purpose(&self) -> &str {
        &self.parts.purpose
    }

    /// The files to write, in the order in which they are written. Empty where everything is as it should be.
    pub fn changes(&self) -> &[Change] {
        &self.parts.changes
    }

    /// What each catalog looks like and what happens to it.
    pub fn catalogs(&self) -> &[CatalogChange] {
        &self.parts.catalogs
    }

    /// What is allowed and still likely to be a mistake, each as a sentence.
    pub fn warnings(&self) -> &[String] {
        &self.parts.warnings
    }

    /// What is worth knowing and no mistake, each as a sentence.
    pub fn notes(&self) -> &[String] {
        &self.parts.notes
    }

    /// What was looked at to make it; `None` where it does not bring catalogs in line.
    pub fn looked(&self) -> Option<Looked> {
        self.parts.looked
    }

    /// What a program said that the user brought, line by line, without secrets.
    pub fn said(&self) -> &[String] {
        &self.parts.said
    }

    /// Whether this was left as it is by a program that the user brought, whose work was accepted all the same.
    pub(crate) fn is_left(&self, catalog: Option<&CidPath>, path: Option<&CidPath>) -> bool {
        let is_this = |(left, file): &&(CidPath, Option<CidPath>)| {
            catalog.is_some_and(|catalog| catalog.key() == left.key())
                && file.as_ref().is_none_or(|file| path.is_some_and(|path| path.key() == file.key()))
        };
        self.parts.left.iter().any(|left| is_this(&left))
    }

    /// Files that may be the customer's, though not by their names: no manifest lists them, and they are no catalogs.
    /// Nothing happens to them. Empty where there is no manifest.
    pub fn candidates(&self) -> &[CidPath] {
        &self.parts.candidates
    }

    /// The checksum functions that were found out for it, by the keys of their catalogs' paths.
    pub(crate) fn functions(&self) -> &HashMap<String, Function> {
        &self.parts.functions
    }

    /// Whether it changes a CID, which takes a [`Writer`]; a file by itself takes none.
    pub fn is_for_cid(&self) -> bool {
        self.in_cid
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.parts.changes.is_empty() && self.parts.on_the_cid.is_none()
    }
}
