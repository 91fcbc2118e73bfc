//! The moment of a change: new contents get the names of the old ones.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::record::{Record, Step};
use super::{Stage, disk};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::pool::in_flight;
use crate::catalog::CidPath;
use crate::cid::tree::{Found, Tree};

/// Renames every new content into place, in the order of the stages, and removes at last what no catalog lists any
/// more; each part is on the disk before the next begins.
pub(super) fn put_in_place(record: &Record, targets: &[PathBuf]) -> Result<()> {
    let parts = [Some(Stage::Payload), Some(Stage::ComponentCatalog), Some(Stage::RootCatalog), None];
    for part in parts {
        let in_part = |step: &Step| part == step.staged.as_ref().map(|_| step.stage);
        let steps: Vec<_> = record.steps.iter().zip(targets).filter(|(step, _)| in_part(step)).collect();
        // In any order: what a part writes no other file of the part tells of.
        let put = in_flight(disk::AT_A_TIME, &steps, |(step, target)| match &step.staged {
            Some(staged) => disk::rename(&target.with_file_name(staged), target),
            None => disk::remove(target),
        });
        put.into_iter().collect::<Result<()>>()?;
        let folders: BTreeSet<&Path> = steps.iter().filter_map(|(_, target)| target.parent()).collect();
        folders.into_iter().try_for_each(disk::sync_folder)?;
    }
    Ok(())
}

/// Where the file at `path` is or is to be, be it in a folder that is to be made: no more of the way to it need be there
/// than the root.
pub(super) fn place_to_be(tree: &Tree, path: &CidPath) -> Result<PathBuf> {
    match path.folder() {
        Some(folder) if tree.folder(Some(&folder))?.is_none() => {
            if tree.find(&folder)? != Found::Absent {
                return Err(Error::new(ErrorKind::Io, "this should be a folder, and is none")
                    .in_file(&folder.below(tree.root()))
                    .next("remove or rename it"));
            }
            Ok(place_to_be(tree, &folder)?.join(path.file_name()))
        }
        _ => tree.place(path),
    }
}
