//! What the properties that fuzzing tries (`fuzz/properties.rs`) need of the private parts. In test builds alone.

use std::path::{Path, PathBuf};

use crate::base::error::Result;
use crate::catalog::CidPath;
use crate::logs::{self, LogReport};
use crate::mrinit::{Mrinit, RelayAddress, Value};

pub use crate::plan::fuzzing::{JournalParts, read_journal};

/// As [`CidPath`]s are read from catalogs.
pub fn path_from_catalog(bytes: &[u8]) -> Result<CidPath> {
    CidPath::from_catalog(&bytes.into(), 0, bytes.len())
}

/// As [`CidPath`]s are written to catalogs.
pub fn path_to_catalog(path: &CidPath) -> Vec<u8> {
    path.to_catalog()
}

/// As [`CidPath`]s become real ones.
pub fn path_below(path: &CidPath, root: &Path) -> PathBuf {
    path.below(root)
}

/// The path as seen from `folder`.
pub fn path_seen_from(path: &CidPath, folder: &CidPath) -> Option<CidPath> {
    path.seen_from(Some(folder))
}

/// The path as seen from the folder that holds `folder`.
pub fn path_under(path: &CidPath, folder: &CidPath) -> CidPath {
    path.under(Some(folder))
}

/// Sets a value, or adds it, as `--from-root` does.
pub fn set_or_add(conf: &mut Mrinit, name: &str, value: &Value) -> Result<()> {
    conf.set_or_add(name, value).map(drop)
}

/// Whether a list of addresses names the relay.
pub fn names_relay(list: &str, relay: &RelayAddress) -> bool {
    crate::mrinit::names_relay(list, relay)
}

/// The words of a checksum command.
pub fn split_command(line: &str) -> Result<Vec<String>> {
    crate::catalogs::split_command(line)
}

/// The lines of a router's log, and whether each has a prefix; and how long each may be. Read in pieces of so many bytes.
pub fn log_lines(bytes: &[u8], piece: usize) -> (Vec<(String, bool)>, usize) {
    let mut lines = logs::Lines::new(bytes, piece);
    let all = std::iter::from_fn(|| {
        let line = lines.next().expect("memory can be read")?;
        Some((logs::text(line).into_owned(), logs::prefixed(line).is_some()))
    });
    (all.collect(), logs::MAX_LINE)
}

/// What one log says.
pub fn log_report(bytes: &[u8]) -> LogReport {
    logs::of_bytes(bytes)
}

/// Reads certificates, revocation lists and keys, in PEM and in DER.
pub fn read_certificates(bytes: &[u8]) {
    crate::signing::read_all(bytes);
}

/// Reads a source of `endpoints survey` as each of the forms that there are. Gives the lines that were told of, and what was
/// said of them.
#[cfg(feature = "cli")]
pub fn endpoint_source(bytes: &[u8]) -> Vec<(usize, String)> {
    crate::endpoints::read_all(bytes)
}

/// As `configcid sync` publishes a CID to a URL, for those who count what memory that takes.
#[cfg(feature = "remote")]
pub fn publish(cid: &Path, url: &str) -> Result<()> {
    use crate::sync::{Delivery, Destination, FolderSource, Pace};

    let source = FolderSource::open(cid)?;
    let (options, pace) = (crate::RefreshOptions::default(), Pace::new(None));
    let delivery = Delivery {
        dry_run: false,
        lock: crate::plan::LockOptions::default(),
        deep: false,
        keep_relay: false,
        options: &options,
        pace: &pace,
        by: "",
    };
    let ran = Destination::named(url, Path::new(url))?.bring(&delivery, &source, &|_| {}).ran;
    assert!(ran.error.is_some() || ran.status == crate::Status::Changed, "{:?}", ran.faults);
    ran.error.map_or(Ok(()), Err)
}
