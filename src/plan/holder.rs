//! Who holds a lock, as its file tells.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::record;
use crate::base::life::Life;

/// No lock is larger.
const MAX_SIZE: u64 = 64 << 10;

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Holder {
    pub id: String,
    pub host: String,
    pub process: u32,
    pub user: String,
    /// Seconds since 1970 began, UTC.
    pub time: u64,
    /// Which process of which start of which computer it is; none where the system does not tell, or does not need it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life: Option<Life>,
}

/// Whose lock this is, as far as its file tells; where it does not, why.
pub(super) fn whose(path: &Path) -> String {
    let nobody = |why: &str| format!("{}: {why}", describe(None));
    match crate::base::files::read_file(path, MAX_SIZE) {
        Ok(bytes) if bytes.is_empty() => nobody("its lock is empty, as a power failure or a full disk leaves it"),
        Ok(bytes) => match serde_json::from_slice(&bytes) {
            Ok(holder) => describe(Some(&holder)),
            Err(_) => nobody("its lock is not one that configcid makes"),
        },
        Err(error) => nobody(&format!("its lock cannot be read ({})", error.what())),
    }
}

pub(super) fn read_holder(file: &mut File) -> Option<Holder> {
    let mut bytes = Vec::new();
    file.rewind().ok()?;
    file.take(MAX_SIZE).read_to_end(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

pub(super) fn describe(holder: Option<&Holder>) -> String {
    match holder {
        None => "a process that left no name".to_owned(),
        Some(Holder { host, process, user, time, .. }) => {
            format!("process {process} of {user} on {host}, since {}", record::utc(*time))
        }
    }
}
