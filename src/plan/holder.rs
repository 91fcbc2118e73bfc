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
        Ok(bytes) if bytes.is_empty() => {
            nobody(text!("its lock is empty, as a power failure or a full disk leaves it"))
        }
        Ok(bytes) => match serde_json::from_slice(&bytes) {
            Ok(holder) => describe(Some(&holder)),
            Err(_) => nobody(text!("its lock is not one that configcid makes")),
        },
        Err(error) => nobody(&text!("its lock cannot be read ({})", error.what())),
    }
}

impl Holder {
    /// That of this process, now.
    pub(super) fn own() -> Self {
        let record::Record { id, host, user, time, .. } = record::Record::new("");
        Self { id, host, process: std::process::id(), user, time, life: Life::own() }
    }
}

/// What stands in the lock of this process on a CID that lies in no folder of this system.
#[cfg(feature = "remote")]
pub(crate) fn claim() -> Vec<u8> {
    serde_json::to_vec(&Holder::own()).expect("plain data")
}

/// Whose such a lock is, by what stands in it, and whether that process is proved to have ended.
#[cfg(feature = "remote")]
pub(crate) fn read_claim(bytes: Option<&[u8]>) -> (String, bool) {
    let holder: Option<Holder> = bytes.and_then(|bytes| serde_json::from_slice(bytes).ok());
    let life = holder.as_ref().and_then(|holder| Some((holder.process, holder.life.as_ref()?)));
    (describe(holder.as_ref()), life.is_some_and(|(process, life)| life.is_over(process)))
}

pub(super) fn read_holder(file: &mut File) -> Option<Holder> {
    let mut bytes = Vec::new();
    file.rewind().ok()?;
    file.take(MAX_SIZE).read_to_end(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

pub(super) fn describe(holder: Option<&Holder>) -> String {
    match holder {
        None => text!("a process that left no name").to_owned(),
        Some(Holder { host, process, user, time, .. }) => {
            text!("process {process} of {user} on {host}, since {time}", process, user, host, time = record::utc(*time))
        }
    }
}
