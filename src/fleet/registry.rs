//! The `.reg` file of each relay.

use std::collections::HashSet;
use std::path::Path;

use super::Fleet;
use crate::base::error::{Error, Result};
use crate::base::text::{fold_case, safe};
use crate::router::{PARENT_ADDRESS, RegistryView, relay_reg_file_with};

/// The `.reg` file of a relay.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegistryFile {
    /// The relay, by its index.
    pub relay: usize,
    /// The name of the file: the relay's, and `.reg`.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The list that `ParentAddress` of the relay should hold once it is installed; `None` where the parent has no address.
    pub parent: Option<String>,
}

/// The `.reg` file of each relay: the values of [`RELAY_VALUES`](crate::router::RELAY_VALUES). The relay's own parent is
/// only told of in it: the installation sets it, from `MRParentAddress` \[A: formats.md, section 2\].
///
/// # Errors
/// As [`relay_reg_file`](crate::router::relay_reg_file).
pub fn registry(fleet: &Fleet) -> Result<Vec<RegistryFile>> {
    let mut taken = HashSet::new();
    let mut files = Vec::new();
    for (relay, machine) in fleet.relays.iter().enumerate().map(|(index, relay)| (index, &relay.machine)) {
        let above = fleet.machine(fleet.relays[relay].reports_to);
        let parent = above.and_then(|above| above.address().ok()).map(|address| address.to_string());
        let mut notes = vec![format!("For the relay {}.", safe(&machine.name.value))];
        if let (Some(above), Some(parent)) = (above, &parent) {
            notes.push(format!(
                "Its installation sets {PARENT_ADDRESS}, which names its parent {}: {parent}",
                safe(&above.name.value)
            ));
        }
        let mut name = file_name(&machine.name.value);
        while !taken.insert(fold_case(&name)) {
            name.push('_');
        }
        let bytes = relay_reg_file_with(&RegistryView::BOTH, &notes)?;
        files.push(RegistryFile { relay, name: name + ".reg", bytes, parent });
    }
    Ok(files)
}

/// A name as a file of any system can have it.
fn file_name(name: &str) -> String {
    let name: String = name
        .chars()
        .map(|c| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' })
        .take(60)
        .collect();
    match crate::base::names::check_name(&name) {
        Ok(()) => name,
        Err(_) => format!("relay-{}", name.trim_end_matches('.')),
    }
}

/// Makes a folder, where it is not there yet.
///
/// # Errors
/// It cannot be made.
pub fn make_folder(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path).map_err(|error| Error::io("make the folder", path, error))
}
