//! What a change to a CID is, on disk: the journal of one under way, the record of the last one, the history of all.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Stage;
use crate::base::hex::hex;
use crate::base::time;
use crate::catalog::CidPath;
use crate::cid::{LAST_CHANGE, MAX_RECORD, OWN_PREFIX, is_own_name};

/// A change under way. A start that finds it finishes or undoes it.
pub(super) const JOURNAL: &str = ".configcid-journal";
/// The change that was carried out last: the journal, renamed.
pub(super) const LAST: &str = LAST_CHANGE;
/// The lock: it is held by whoever made it, until it is gone.
pub(super) const LOCK: &str = ".configcid-lock";
/// All changes, one a line.
pub(super) const HISTORY: &str = ".configcid-history";

/// The version of these files.
pub(super) const FORMAT: u32 = 1;

/// No record is larger.
pub(super) const MAX_SIZE: u64 = MAX_RECORD;

/// A SHA-256.
pub(crate) type Sum256 = [u8; 32];

/// A change to a CID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub format: u32,
    /// Names the change among all others.
    pub id: String,
    pub purpose: String,
    /// Seconds since 1970 began, UTC.
    pub time: u64,
    pub user: String,
    pub host: String,
    pub version: String,
    /// A program may be writing to its files: what they will be is not known, and nobody else is taken to write to them.
    /// Such a change can only be undone.
    pub open: bool,
    pub steps: Vec<Step>,
    /// Folders that it makes, from the CID's root, those that hold others first.
    pub made: Vec<String>,
    /// Further folders below those of components in which the change before it has kept files.
    pub swept: Vec<String>,
    /// Names that a folder gets which a file had, or a file which a folder had.
    pub turned: Vec<Turned>,
}

/// A name of which a file becomes a folder, or a folder a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Turned {
    /// From the CID's root, in the case found.
    pub path: String,
    /// The name beside it that the folder has before it comes (`.new`), or when it has gone (`.old`), with all that is in it.
    pub folder: String,
}

/// One file of a change. There may be hundreds of thousands, so that each takes little more than its digests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// From the CID's root, in the case found.
    pub path: CidPath,
    pub stage: Stage,
    /// SHA-256; `None` where there is no file.
    pub before: Option<Box<Sum256>>,
    pub after: Option<Sum256>,
    names: Names,
}

/// The names of a file's new content, until it takes its place, and of its old one, both beside the file.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Names {
    /// Those that the change itself makes of this number ([`work_name`]).
    Ours { number: u32, staged: bool, kept: bool },
    /// Others, which are as good.
    Others(Box<[Option<String>; 2]>),
}

impl Record {
    /// A record without steps.
    pub(super) fn new(purpose: &str) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            format: FORMAT,
            id: crate::base::host::fresh_id(),
            purpose: purpose.to_owned(),
            time: now.as_secs(),
            user: user(),
            host: crate::base::host::name(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            open: false,
            steps: Vec::new(),
            made: Vec::new(),
            swept: Vec::new(),
            turned: Vec::new(),
        }
    }

    /// The folders that hold something of this change's, or of the one before it, and lie deeper than components do.
    pub(super) fn deep_folders(&self) -> Vec<CidPath> {
        let of_steps = self.steps.iter().filter_map(|step| step.path.folder());
        let swept = self.swept.iter().filter_map(|folder| CidPath::parse(folder).ok());
        let mut folders: Vec<CidPath> = of_steps.chain(swept).filter(|folder| folder.depth() > 1).collect();
        folders.sort();
        folders.dedup();
        folders
    }

    /// Whether the file `name` belongs to this change.
    pub(super) fn names(&self, name: &str) -> bool {
        self.named().has(name)
    }

    /// What finds the names of files that belong to this change.
    pub(super) fn named(&self) -> Named<'_> {
        let others = self.steps.iter().enumerate().filter(|(index, step)| !step.is_numbered(*index));
        let others = others.flat_map(|(_, step)| self.work_names_of(step));
        Named { record: self, others: others.chain(self.turned.iter().map(|turned| turned.folder.clone())).collect() }
    }

    /// The names of all files and folders that this change has beside others.
    pub(super) fn work_names(&self) -> impl Iterator<Item = String> {
        let of_steps = self.steps.iter().flat_map(|step| self.work_names_of(step));
        of_steps.chain(self.turned.iter().map(|turned| turned.folder.clone()))
    }

    fn work_names_of(&self, step: &Step) -> impl Iterator<Item = String> + use<> {
        [self.staged(step), self.kept(step)].into_iter().flatten()
    }

    /// The name of a file's new content, until it takes its place.
    pub(super) fn staged(&self, step: &Step) -> Option<String> {
        step.staged(&self.id)
    }

    /// The name of a file's old content.
    pub(super) fn kept(&self, step: &Step) -> Option<String> {
        step.kept(&self.id)
    }
}

/// Finds the names of files that belong to a change. Nearly all of them tell by their number which step's they are.
pub(super) struct Named<'r> {
    record: &'r Record,
    /// Those that do not.
    others: HashSet<String>,
}

impl Named<'_> {
    /// Whether the file `name` belongs to the change.
    pub(super) fn has(&self, name: &str) -> bool {
        let step = number_of(name, &self.record.id).and_then(|number| self.record.steps.get(number as usize));
        self.others.contains(name) || step.is_some_and(|step| self.record.work_names_of(step).any(|this| this == name))
    }
}

impl Step {
    /// A file that is to be what `after` says, as the change's step of this number.
    pub(super) fn new(
        path: CidPath,
        stage: Stage,
        before: Option<Sum256>,
        after: Option<Sum256>,
        number: usize,
    ) -> Self {
        let number = u32::try_from(number).expect("no change has so many files");
        let names = Names::Ours { number, staged: after.is_some(), kept: before.is_some() };
        Self { path, stage, before: before.map(Box::new), after, names }
    }

    /// As it is read, with the names that it has in a change of this id.
    pub(super) fn named(mut self, id: &str, staged: Option<String>, kept: Option<String>) -> Self {
        let number = staged.as_ref().or(kept.as_ref()).and_then(|name| number_of(name, id));
        let is_of = |name: &Option<String>, ending| {
            name.as_ref()
                .is_none_or(|name| number.is_some_and(|number| *name == work_name(id, number as usize, ending)))
        };
        self.names = match number.or((staged.is_none() && kept.is_none()).then_some(0)) {
            Some(number) if is_of(&staged, "new") && is_of(&kept, "old") => {
                Names::Ours { number, staged: staged.is_some(), kept: kept.is_some() }
            }
            _ => Names::Others(Box::new([staged, kept])),
        };
        self
    }

    /// A file whose old content is kept, and of which nobody knows yet what it will be.
    pub(super) fn kept_alone(path: CidPath, stage: Stage, before: Option<Sum256>, number: usize) -> Self {
        let mut step = Self::new(path, stage, before, None, number);
        if let Names::Ours { kept, .. } = &mut step.names {
            *kept = true;
        }
        step
    }

    /// The same, now that it is known what the file is.
    pub(super) fn done(mut self, after: Option<Sum256>) -> Self {
        self.after = after;
        // It is in place already.
        if let Names::Ours { staged, .. } = &mut self.names {
            *staged = true;
        }
        self
    }

    /// The name of its new content in a change of this id.
    pub(super) fn staged(&self, id: &str) -> Option<String> {
        match &self.names {
            Names::Ours { number, staged, .. } => staged.then(|| work_name(id, *number as usize, "new")),
            Names::Others(names) => names[0].clone(),
        }
    }

    /// The name of its old content in a change of this id.
    pub(super) fn kept(&self, id: &str) -> Option<String> {
        match &self.names {
            Names::Ours { number, kept, .. } => kept.then(|| work_name(id, *number as usize, "old")),
            Names::Others(names) => names[1].clone(),
        }
    }

    /// Whether a new content waits beside the file until it takes its place.
    pub(super) fn is_staged(&self) -> bool {
        match &self.names {
            Names::Ours { staged, .. } => *staged,
            Names::Others(names) => names[0].is_some(),
        }
    }

    fn is_numbered(&self, index: usize) -> bool {
        matches!(self.names, Names::Ours { number, .. } if number as usize == index)
    }

    pub(super) fn before(&self) -> Option<&Sum256> {
        self.before.as_deref()
    }
}

/// The id in the name of new or old content.
pub(super) fn id_of(name: &str) -> Option<&str> {
    name.strip_prefix(OWN_PREFIX)?.rsplit_once('-').map(|(id, _)| id)
}

/// The number in the name of new or old content of the change of this id.
fn number_of(name: &str, id: &str) -> Option<u32> {
    let number = name.strip_prefix(OWN_PREFIX)?.strip_prefix(id)?.strip_prefix('-')?;
    number.split('.').next()?.parse().ok()
}

/// The names of new and of old content.
pub(super) fn work_name(id: &str, index: usize, ending: &str) -> String {
    format!("{OWN_PREFIX}{id}-{index}.{ending}")
}

/// Whether a file may be new or old content that configcid left beside another.
pub(super) fn is_work_name(name: &str) -> bool {
    is_own_name(name) && (name.ends_with(".new") || name.ends_with(".old"))
}

/// Whether a file may be left of a change that is over: as above, or the draft of a lock.
pub(super) fn is_leftover(name: &str) -> bool {
    is_work_name(name) || (is_own_name(name) && name.ends_with(".lock"))
}

/// Whether a file of a CID's root is there only while somebody writes, if nobody dies.
pub(super) fn is_passing(name: &str) -> bool {
    name == JOURNAL || name == LOCK || (is_leftover(name) && !name.ends_with(".old"))
}

/// The name of the content that is staged for the file at `path`. It says nothing: paths may be long.
pub(super) fn staged_name(path: &CidPath) -> String {
    let mut name = digest(path.key().as_bytes());
    name.truncate(32);
    name
}

/// The SHA-256 of a content, as hex digits.
pub(crate) fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Who makes a change, on which computer, and when.
#[cfg(feature = "cli")]
#[derive(Debug, Clone)]
pub(crate) struct Made {
    /// As `2001-09-09 01:46:40 UTC`.
    pub time: String,
    pub user: String,
    pub host: String,
}

#[cfg(feature = "cli")]
impl Made {
    /// This process, now.
    pub(crate) fn now() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { time: utc(now.as_secs()), user: user(), host: crate::base::host::name() }
    }
}

/// The name of the user, as far as the system tells.
pub(super) fn user() -> String {
    let named = ["USER", "USERNAME", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    named.unwrap_or_else(|| {
        #[cfg(unix)]
        let user = format!("user {}", rustix::process::getuid().as_raw());
        #[cfg(not(unix))]
        let user = "unknown".to_owned();
        user
    })
}

/// The files of a CID's root that tell of changes.
pub(super) struct Places {
    pub journal: PathBuf,
    pub last: PathBuf,
    pub history: PathBuf,
}

impl Places {
    pub(super) fn new(root: &Path) -> Self {
        Self { journal: root.join(JOURNAL), last: root.join(LAST), history: root.join(HISTORY) }
    }
}

/// A time as people write it, `2001-09-09 01:46:40 UTC`; `seconds` are those since 1970 began.
pub(super) fn utc(seconds: u64) -> String {
    let moment = UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
    // A journal may hold any number: one that no calendar has is its last day.
    let text = moment.map_or_else(|| "9999-12-31T23:59:59Z".to_owned(), time::print);
    text.replace('T', " ").replace('Z', " UTC")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::error::ErrorKind;

    #[test]
    fn times_are_those_of_the_calendar() {
        for (time, text) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_399, "2000-02-28 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (951_868_800, "2000-03-01 00:00:00 UTC"),
            (4_107_542_399, "2100-02-28 23:59:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
        ] {
            assert_eq!(utc(time), text);
        }
    }

    fn record() -> Record {
        let path = CidPath::parse("\\rms\\mrinit.conf").unwrap();
        let step = Step::new(path, Stage::Payload, None, Some([0; 32]), 0);
        Record { id: "1-1".into(), steps: vec![step], ..Record::new("test") }
    }

    fn printed(record: &Record) -> Vec<u8> {
        let mut printed = Vec::new();
        record.write(&mut printed).unwrap();
        printed
    }

    #[test]
    fn a_record_comes_back() {
        let record = record();
        assert_eq!(Record::parse(&printed(&record)).unwrap(), record);
        assert!(record.names(".configcid-1-1-0.new"));
        assert!(!record.names(".configcid-1-1-0.old"));
    }

    #[test]
    fn names_come_back_whatever_their_numbers_are() {
        let path = |name| CidPath::in_root(name).unwrap();
        let (a, b) = (Some([1; 32]), Some([2; 32]));
        let other = |name: &str| Some(name.to_owned());
        let steps = vec![
            Step::new(path("a"), Stage::Payload, a, b, 0),
            Step::new(path("b"), Stage::Payload, a, None, 7),
            Step::new(path("c"), Stage::Payload, None, None, 0),
            Step::new(path("d"), Stage::Payload, a, b, 3).named(
                "1-1",
                other(".configcid-1-1-4.new"),
                other(".configcid-x.old"),
            ),
            Step::kept_alone(path("e"), Stage::RootCatalog, None, 4),
        ];
        let record = Record { id: "1-1".into(), steps, ..Record::new("test") };
        let names = [
            ".configcid-1-1-0.new",
            ".configcid-1-1-0.old",
            ".configcid-1-1-7.old",
            ".configcid-1-1-4.new",
            ".configcid-x.old",
            ".configcid-1-1-4.old",
        ];
        assert_eq!(record.work_names().collect::<Vec<_>>(), names);
        assert!(names.iter().all(|name| record.names(name)));
        for name in
            [".configcid-1-1-7.new", ".configcid-1-1-1.old", ".configcid-1-10-0.new", ".configcid-1-1-00.new", ""]
        {
            assert!(!record.names(name), "{name}");
        }
        assert_eq!(Record::parse(&printed(&record)).unwrap(), record);
        // The names of another change's are names all the same.
        let text = String::from_utf8(printed(&record)).unwrap().replace("\"id\":\"1-1\"", "\"id\":\"1-2\"");
        let read = Record::parse(text.as_bytes()).unwrap();
        assert_eq!(read.work_names().collect::<Vec<_>>(), names);
        assert!(names.iter().all(|name| read.names(name)));
        assert_eq!(String::from_utf8(printed(&read)).unwrap(), text);
    }

    #[test]
    fn a_large_record_is_read_piece_by_piece_and_is_the_same() {
        let steps = (0..3000).map(|number| {
            let path = CidPath::parse(&format!("\\rms\\a file of number {number}.dll")).unwrap();
            Step::new(path, Stage::Payload, Some([1; 32]), Some([2; 32]), number)
        });
        let record = Record { id: "1-1".into(), steps: steps.collect(), ..Record::new("test") };
        let (dir, text) = (tempfile::tempdir().unwrap(), printed(&record));
        assert!(text.len() > 512 << 10);
        let path = dir.path().join(LAST);
        assert!(Record::read(&path).unwrap().is_none());
        std::fs::write(&path, &text).unwrap();
        assert_eq!(Record::read(&path).unwrap().unwrap().unwrap(), record);
        // What is cut or goes on is no record, be it long or short, and the one way of reading says of it what the other does.
        let longer = [&text[..], b"{}"].concat();
        for bytes in [&text[..text.len() - 3], &text[..100], &longer, &vec![0xFF; 300 << 10]] {
            std::fs::write(&path, bytes).unwrap();
            let error = Record::read(&path).unwrap().unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Journal);
            assert_eq!(error.to_string(), Record::parse(bytes).unwrap_err().to_string());
        }
    }

    #[test]
    fn a_hostile_record_is_refused() {
        for (from, to) in [
            ("\\\\rms\\\\mrinit.conf", "\\\\..\\\\mrinit.conf"),
            ("\\\\rms\\\\mrinit.conf", "C:\\\\mrinit.conf"),
            ("\\\\rms\\\\mrinit.conf", "\\\\.configcid-journal"),
            (".configcid-1-1-0.new", "x.new"),
            (".configcid-1-1-0.new", ".configcid-..\\\\..\\\\x.new"),
            (".configcid-1-1-0.new", ".configcid-/../x.new"),
            (".configcid-1-1-0.new", ".configcid-journal"),
            ("\"format\":1", "\"format\":2"),
            ("{", "["),
        ] {
            let text = String::from_utf8(printed(&record())).unwrap();
            assert!(text.contains(from), "{from}");
            let error = Record::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Journal, "{to}");
        }
    }
}
