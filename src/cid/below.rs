//! The CIDs in a folder that is none: the root of a share, say, or the folder of all CIDs.

use std::fs;
use std::path::{Path, PathBuf};

use super::{CIDSYNC, COMPONENTS};
use crate::base::text::{count, fold_case};

/// How deep a share goes until its CIDs: `SophosUpdate\\CIDs\\S000\\SAVSCFXP`.
const DEPTH: usize = 3;
/// No more folders are looked at.
const MAX_FOLDERS: usize = 2_000;
/// No more are named.
const MAX_NAMED: usize = 20;

/// The CIDs below a folder, from there, in the order of their names. A folder whose only catalogs are those of components
/// holds none: it is a CID that has lost its own.
pub(crate) fn cids_below(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut looked = 0;
    look(root, Path::new(""), DEPTH, &mut looked, &mut found);
    found.sort();
    found
}

fn look(folder: &Path, shown: &Path, depth: usize, looked: &mut usize, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let folders = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    for entry in folders {
        *looked += 1;
        if *looked > MAX_FOLDERS {
            return;
        }
        let (name, path) = (entry.file_name(), entry.path());
        if COMPONENTS.contains(&fold_case(&name.to_string_lossy()).as_str()) {
            continue;
        }
        let shown = shown.join(&name);
        if has_catalog(&path) {
            // A component of another name has a catalog, too; a CID has folders with catalogs, or mrinit.conf.
            if has(&path, super::MRINIT) || COMPONENTS.iter().any(|component| path.join(component).is_dir()) {
                found.push(shown);
            }
        } else if depth > 1 {
            look(&path, &shown, depth - 1, looked, found);
        }
    }
}

fn has_catalog(folder: &Path) -> bool {
    has(folder, CIDSYNC)
}

fn has(folder: &Path, name: &str) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| entry.file_name().to_string_lossy().eq_ignore_ascii_case(name))
}

/// What to do, with the CIDs by name.
pub(super) fn advice(shown: &Path, below: &[PathBuf]) -> String {
    let named = |path: &PathBuf| format!("\"{}\"", shown.join(path).display());
    let names: Vec<String> = below.iter().take(MAX_NAMED).map(named).collect();
    let more = below.len().saturating_sub(MAX_NAMED);
    let more = if more > 0 { text!(" and {more} more", more) } else { String::new() };
    text!(
        "it holds {below}; to do it with all of them, name them in its place: {join}{more}",
        below = count(below.len(), "CID", "CIDs"),
        join = names.join(" "),
        more
    )
}

#[cfg(test)]
mod tests {
    use crate::{Cid, DemoCid};

    #[test]
    fn a_folder_of_cids_names_them() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["ESXP", "CIDs/S000/SAVSCFXP"] {
            DemoCid::default().write(&dir.path().join(name)).unwrap();
        }
        let said = Cid::open(dir.path()).unwrap_err().to_string();
        assert!(said.contains("it holds 2 CIDs"), "{said}");
        assert!(said.contains("ESXP\"") && said.contains("SAVSCFXP\""), "{said}");
        // A CID that has lost its own catalog is no folder of CIDs.
        let cid = dir.path().join("ESXP");
        std::fs::remove_file(cid.join("cidsync.upd")).unwrap();
        let said = Cid::open(&cid).unwrap_err().to_string();
        assert!(said.contains("its catalog is lost"), "{said}");
    }
}
