//! What a change to a CID is, on disk: the journal of one under way, the record of the last one, the history of all.

use crate::base::hex::hex;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Stage;
use crate::base::error::{Error, ErrorKind, Result};
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
const FORMAT: u32 = 1;

/// No record is larger.
pub(super) const MAX_SIZE: u64 = MAX_RECORD;

/// A change to a CID.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open: bool,
    pub steps: Vec<Step>,
    /// Folders that it makes, from the CID's root, those that hold others first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub made: Vec<String>,
    /// Further folders below those of components in which the change before it has kept files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub swept: Vec<String>,
    /// Names that a folder gets which a file had, or a file which a folder had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
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

/// One file of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Step {
    /// From the CID's root, in the case found.
    pub path: String,
    pub stage: Stage,
    /// SHA-256; `None` where there is no file.
    pub before: Option<String>,
    pub after: Option<String>,
    /// The name of the new content, beside the file, until it takes its place.
    pub staged: Option<String>,
    /// The name of the old content, beside the file.
    pub kept: Option<String>,
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

    /// Reads a record, which anybody may have written: every name in it is checked.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        let wrong = |what: String| {
            Error::new(ErrorKind::Journal, what).next("configcid recover --forget leaves the files as they are")
        };
        let record: Self = serde_json::from_slice(bytes)
            .map_err(|error| wrong(text!("this is no record of a change: {error}", error)))?;
        if record.format != FORMAT {
            return Err(wrong(text!(
                "the record has format {record}, and only format {FORMAT} is known",
                record = record.format,
                FORMAT
            )));
        }
        for step in &record.steps {
            let path = step.checked_path().map_err(|error| wrong(error.what().to_owned()))?;
            if is_own_name(path.file_name()) || path.file_name().eq_ignore_ascii_case(LAST) {
                return Err(wrong(text!("{path} is no file of the CID", path)));
            }
        }
        for name in record.work_names() {
            if !is_work_name(name) || CidPath::in_root(name).is_err() || name.contains('\\') {
                return Err(wrong(text!("{name} is no name that configcid makes", name = format!("{name:?}"))));
            }
        }
        let turned = record.turned.iter().map(|turned| &turned.path);
        for folder in record.made.iter().chain(&record.swept).chain(turned) {
            let path = CidPath::parse(folder).map_err(|error| wrong(error.what().to_owned()))?;
            if path.parts().any(is_own_name) {
                return Err(wrong(text!("{path} is no folder of the CID", path)));
            }
        }
        Ok(record)
    }

    /// The folders that hold something of this change's, or of the one before it, and lie deeper than components do.
    pub(super) fn deep_folders(&self) -> Vec<CidPath> {
        let of_steps = self.steps.iter().filter_map(|step| step.checked_path().ok()?.folder());
        let swept = self.swept.iter().filter_map(|folder| CidPath::parse(folder).ok());
        let mut folders: Vec<CidPath> = of_steps.chain(swept).filter(|folder| folder.depth() > 1).collect();
        folders.sort();
        folders.dedup();
        folders
    }

    /// The file's bytes: JSON and a line ending.
    pub(super) fn print(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("a record is plain data");
        bytes.push(b'\n');
        bytes
    }

    /// Whether the file `name` belongs to this change.
    pub(super) fn names(&self, name: &str) -> bool {
        self.work_names().any(|this| this == name)
    }

    /// The names of all files and folders that this change has beside others.
    pub(super) fn work_names(&self) -> impl Iterator<Item = &str> {
        let of_steps = self.steps.iter().flat_map(|step| [&step.staged, &step.kept]).flatten();
        of_steps.chain(self.turned.iter().map(|turned| &turned.folder)).map(String::as_str)
    }
}

impl Step {
    pub(super) fn checked_path(&self) -> Result<CidPath> {
        CidPath::parse(&self.path)
    }
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
        let step = Step {
            path: "\\rms\\mrinit.conf".into(),
            stage: Stage::Payload,
            before: None,
            after: Some("00".into()),
            staged: Some(work_name("1-1", 0, "new")),
            kept: None,
        };
        Record { steps: vec![step], ..Record::new("test") }
    }

    #[test]
    fn a_record_comes_back() {
        let record = record();
        assert_eq!(Record::parse(&record.print()).unwrap(), record);
        assert!(record.names(".configcid-1-1-0.new"));
        assert!(!record.names(".configcid-1-1-0.old"));
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
            let text = String::from_utf8(record().print()).unwrap();
            assert!(text.contains(from), "{from}");
            let error = Record::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Journal, "{to}");
        }
    }
}
