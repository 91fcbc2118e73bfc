//! What can be wrong with a tree and its catalogs, as data.

use crate::base::error::{Error, ErrorKind};
use crate::catalog::CidPath;

/// The sorts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum TroubleKind {
    CatalogUnreadable,
    CatalogChecksum,
    CatalogForeign,
    CatalogUndetermined,
    EntryMissing,
    EntryNotAFile,
    EntryLeadsOut,
    EntrySize,
    EntryChecksum,
    EntryImpossible,
    CustomerUnlisted,
    Interrupted,
    Locked,
    Leftover,
    CaseConflict,
    BadName,
    LookAlike,
    Link,
    LinkOut,
    NotAFile,
    Unreadable,
}

/// Something that is wrong.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub kind: TroubleKind,
    /// The file or folder from the CID's root, whatever is in its name; `None` where it is the CID itself.
    pub path: Option<String>,
    /// What is wrong, as a sentence without its end.
    pub what: String,
    /// The catalog that lists the file otherwise.
    pub catalog: Option<CidPath>,
    /// What kind of error it was met as, and that error with its place on this system.
    pub error: Option<(ErrorKind, String)>,
}

/// All that was found, in the order in which it was.
#[derive(Debug, Default)]
pub(crate) struct Troubles(pub Vec<Trouble>);

impl Troubles {
    pub(crate) fn add(&mut self, kind: TroubleKind, path: Option<&str>, what: impl Into<String>) -> &mut Trouble {
        let path = path.map(str::to_owned);
        self.0.push(Trouble { kind, path, what: what.into(), catalog: None, error: None });
        self.0.last_mut().expect("it was just added")
    }

    /// As [`add`](Troubles::add), where an error says what is wrong.
    pub(crate) fn met(&mut self, kind: TroubleKind, path: Option<&str>, error: &Error) -> &mut Trouble {
        let trouble = self.add(kind, path, located(error));
        trouble.error = Some((error.kind(), error.to_string()));
        trouble
    }
}

/// What an error says without its path, which whoever tells it has.
pub(crate) fn located(error: &Error) -> String {
    match error.position() {
        Some(position) => format!("{position}: {}", error.what()),
        None => error.what().to_owned(),
    }
}
