//! One `mrinit.conf`, without a CID around it.

use std::path::Path;

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::check_spelling;
use crate::base::files::read_file as read_bytes;
use crate::mrinit::{self, Mrinit};
use crate::plan::Plan;

/// Reads an `mrinit.conf`.
///
/// # Errors
/// It cannot be read, is a link or no file, or is larger than [`mrinit::MAX_SIZE`].
pub fn read_file(file: &Path) -> Result<Mrinit> {
    check_spelling(file)?;
    let metadata = file.symlink_metadata().map_err(|error| Error::io("look at it", file, error))?;
    if !metadata.is_file() {
        return Err(Error::new(ErrorKind::Io, "this is no file").in_file(file).next("name an mrinit.conf"));
    }
    read_bytes(file, mrinit::MAX_SIZE).map(Mrinit::parse)
}

/// Plans to set the value of `name` in one file.
///
/// # Errors
/// As [`read_file`] and [`Mrinit::set`].
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let file = dir.path().join("mrinit.conf");
/// # std::fs::write(&file, configcid::DemoCid::default().mrinit()).unwrap();
/// use configcid::relay;
///
/// relay::edit_file(&file, "ParentRouterAddress", "10.1.200.65,MRComputer")?.apply()?;
/// assert_eq!(relay::read_file(&file)?.text("ParentRouterAddress")?, "10.1.200.65,MRComputer");
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn edit_file(file: &Path, name: &str, value: &str) -> Result<Plan> {
    let mut conf = read_file(file)?;
    let before = conf.bytes().to_vec();
    let edit = conf.set(name, value).map_err(|error| error.in_file(file))?;
    let mut why = Vec::new();
    if edit.changed {
        why.push(format!("{name} set"));
    }
    if let Some(ending) = edit.line_ending_added {
        why.push(format!("final line ending ({}) added", ending.name()));
    }
    let after = (!why.is_empty()).then(|| conf.into_bytes());
    Plan::of_file(file, Some(before), after, why.join(", "))
}
