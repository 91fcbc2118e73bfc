//! The moment of a change: new contents get the names of the old ones.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::record::{Record, Step};
use super::turn::Turns;
use super::{Stage, disk};
use crate::base::error::Result;
use crate::base::pool::in_flight;

/// Renames every new content into place, in the order of the stages, and removes at last what no catalog lists any
/// more; each part is on the disk before the next begins. Names of which a file becomes a folder or a folder a file turn when
/// all other payload is in place.
pub(super) fn put_in_place(record: &Record, targets: &[PathBuf], turns: &Turns) -> Result<()> {
    let parts = [Some(Stage::Payload), Some(Stage::ComponentCatalog), Some(Stage::RootCatalog), None];
    for part in parts {
        let in_part = |step: &Step| part == step.staged.as_ref().map(|_| step.stage) && !turns.concern(&step.path);
        let steps: Vec<_> = record.steps.iter().zip(targets).filter(|(step, _)| in_part(step)).collect();
        // In any order: what a part writes no other file of the part tells of.
        let put = in_flight(disk::AT_A_TIME, &steps, |(step, target)| match &step.staged {
            Some(staged) => disk::rename(&target.with_file_name(staged), target),
            None => disk::remove(target),
        });
        put.into_iter().collect::<Result<()>>()?;
        let folders: BTreeSet<&Path> = steps.iter().filter_map(|(_, target)| target.parent()).collect();
        folders.into_iter().try_for_each(disk::sync_folder)?;
        if part == Some(Stage::Payload) {
            turns.turn(record)?;
        }
    }
    Ok(())
}
