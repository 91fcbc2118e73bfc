//! What the way back needs, beside the installed file: the old file, and a record of what else was changed.

use std::fs;
use std::io::ErrorKind as IoErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::read_file;
use crate::base::hex::hex;
use crate::base::replace::write_file;
use crate::base::text::same_name;
use crate::registry::{RegFormat, Value};
use crate::router::{RegistryView, Router};

/// The old `mrinit.conf`.
pub(super) const BEFORE: &str = "mrinit.conf.configcid-before";

/// What a `mrinit.conf.orig` is called where it is in nobody's way.
pub(super) const ASIDE: &str = "mrinit.conf.configcid-aside";

/// The record.
pub(super) const RECORD: &str = ".configcid-client.json";

/// No record is larger, in bytes.
const MAX_RECORD: u64 = 4 << 20;

/// A value of the router's key, as the registry keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    view: u8,
    pub(super) name: String,
    kind: u32,
    /// In hexadecimal digits.
    data: String,
}

impl Kept {
    /// All values of a router's key.
    pub(super) fn all(router: &Router) -> Vec<Self> {
        let of_view = |view: RegistryView| if view == RegistryView::Bits32 { 32 } else { 64 };
        let mut all = Vec::new();
        for view in &router.views {
            for (name, value) in &view.values {
                let data = hex(&value.data(RegFormat::Version5).unwrap_or_default());
                all.push(Self { view: of_view(view.view), name: name.clone(), kind: value.kind(), data });
            }
        }
        all
    }

    /// In which registry.
    pub(super) fn view(&self) -> RegistryView {
        if self.view == 32 { RegistryView::Bits32 } else { RegistryView::Bits64 }
    }

    /// The value; `None` where somebody has spoilt the record.
    pub(super) fn value(&self) -> Option<Value> {
        let bytes = self.data.as_bytes();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let whole = bytes.len().is_multiple_of(2);
        let data: Vec<u8> = bytes.chunks(2).map(byte).collect::<Option<_>>().filter(|_| whole)?;
        Some(Value::from_data(self.kind, data, RegFormat::Version5))
    }

    /// The one of this view and name.
    pub(super) fn find<'a>(all: &'a [Self], view: RegistryView, name: &str) -> Option<&'a Self> {
        all.iter().find(|kept| kept.view() == view && same_name(&kept.name, name))
    }
}

/// What was, or is being, done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// Whether it was done whole. Else it was interrupted, and is to be taken back.
    pub(super) done: bool,
    /// The relay, as a comma list.
    pub(super) expected: String,
    /// The name of the installed file.
    pub(super) file: String,
    /// The SHA-256 of the old file, in hexadecimal digits.
    pub(super) before: String,
    /// That of the new one; the same where the file stayed.
    pub(super) after: String,
    /// The name of a `mrinit.conf.orig`, and what it was moved to.
    pub(super) aside: Option<(String, String)>,
    /// Whether the set-up program and the service have, or may have, to do with it.
    pub(super) sets_up: bool,
    /// Whether the router ran.
    pub(super) ran: bool,
    /// The values of the router's key before.
    pub(super) registry: Vec<Kept>,
    /// The same after it was done.
    pub(super) registry_after: Vec<Kept>,
}

impl Record {
    /// Reads the one of a folder, if there is one.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(RECORD);
        if path.symlink_metadata().is_err_and(|error| error.kind() == IoErrorKind::NotFound) {
            return Ok(None);
        }
        let bytes = read_file(&path, MAX_RECORD)?;
        let wrong = |what: String| {
            Error::new(ErrorKind::Journal, what)
                .in_file(&path)
                .next(text!("put {BEFORE} back by hand, run ClientMRInit.exe, and remove the record", BEFORE))
        };
        let record: Self = serde_json::from_slice(&bytes)
            .map_err(|error| wrong(text!("the record cannot be read: {error}", error)))?;
        // Names in it are those of files in the folder, and nothing else.
        let names = [
            Some(&record.file),
            record.aside.as_ref().map(|names| &names.0),
            record.aside.as_ref().map(|names| &names.1),
        ];
        let is_plain = |name: &&String| !name.is_empty() && !name.contains(['/', '\\', ':']) && !name.starts_with("..");
        match names.iter().flatten().all(is_plain) && record.registry.iter().all(|kept| kept.value().is_some()) {
            true => Ok(Some(record)),
            false => Err(wrong(text!("the record was changed by somebody").to_owned())),
        }
    }

    /// Writes it.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let bytes = serde_json::to_vec_pretty(self).expect("a record is plain data");
        write_file(&folder.join(RECORD), &bytes, true)
    }

    /// Removes it, and the old file that it speaks of.
    pub(super) fn remove(folder: &Path) -> Result<()> {
        for name in [RECORD, BEFORE] {
            let path = folder.join(name);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != IoErrorKind::NotFound => {
                    return Err(Error::io("remove it", &path, error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}
