//! What changes have left in a CID, for those who only look.

use std::path::Path;

use super::holder;
use super::record::{JOURNAL, LAST, LOCK, Places, Record, is_leftover};
use super::recover::describe;
use crate::cid::STAGING;

/// What a file of configcid's own is to a CID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Remain {
    /// The record of changes, and what is kept for going back: as it should be.
    Record,
    /// The journal of a change that was interrupted, or is under way; what change, as a sentence without an end.
    Interrupted(String),
    /// A lock, and whose.
    Lock(String),
    /// Contents on their way into the CID: a run is at work, or broke off.
    Staging,
    /// Left of a change that is over.
    Leftover,
    /// Not a file that configcid makes.
    Strange,
}

/// The changes of a CID, as far as its own files tell.
pub(crate) struct Remains {
    last: Option<Record>,
    journal: Option<Record>,
    lock: String,
}

impl Remains {
    pub(crate) fn of(root: &Path) -> Self {
        let read = |path: &Path| Record::read(path).ok().flatten()?.ok();
        let places = Places::new(root);
        Self { last: read(&places.last), journal: read(&places.journal), lock: holder::whose(&root.join(LOCK)) }
    }

    /// What the file at `path`, from the root, is. Its name begins as configcid's own do.
    pub(crate) fn of_file(&self, path: &Path) -> Remain {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_in_root = path.parent().is_none_or(|folder| folder.as_os_str().is_empty());
        let names = |record: &Option<Record>| record.as_ref().is_some_and(|record| record.names(&name));
        match &*name {
            JOURNAL if is_in_root => Remain::Interrupted(
                self.journal.as_ref().map_or_else(|| text!("its journal is unreadable").to_owned(), describe),
            ),
            LOCK if is_in_root => Remain::Lock(self.lock.clone()),
            LAST | super::record::HISTORY if is_in_root => Remain::Record,
            STAGING if is_in_root => Remain::Staging,
            _ if names(&self.last) || names(&self.journal) => Remain::Record,
            name if is_leftover(name) => Remain::Leftover,
            _ => Remain::Strange,
        }
    }
}
