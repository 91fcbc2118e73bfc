//! The moment of a change: new contents get the names of the old ones.

use std::collections::BTreeSet;
use std::path::Path;

use super::record::{Record, Step};
use super::target::Target;
use super::turn::Turns;
use super::{Stage, disk};
use crate::base::error::Result;
use crate::base::pool::in_flight_by_parts;

/// Renames every new content into place, in the order of the stages, and removes at last what no catalog lists any
/// more; each part is on the disk before the next begins. Names of which a file becomes a folder or a folder a file turn when
/// all other payload is in place.
pub(super) fn put_in_place(record: &Record, targets: &[Target], turns: &Turns) -> Result<()> {
    let parts = [Some(Stage::Payload), Some(Stage::ComponentCatalog), Some(Stage::RootCatalog), None];
    for part in parts {
        let in_part =
            |step: &Step| part == step.is_staged().then_some(step.stage) && !turns.concern(step.path.as_str());
        let numbers: Vec<u32> =
            (0..).zip(&record.steps).filter(|(_, step)| in_part(step)).map(|(number, _)| number).collect();
        // In any order: what a part writes no other file of the part tells of.
        let put = |number: usize| {
            let number = numbers[number] as usize;
            let (step, target) = (&record.steps[number], &targets[number]);
            let place = target.place(&step.path);
            match record.staged(step) {
                Some(staged) => disk::rename(&place.with_file_name(staged), &place),
                None => disk::remove(&place),
            }
        };
        in_flight_by_parts(disk::AT_A_TIME, numbers.len(), put, |_, ()| {})?;
        let folders: BTreeSet<&Path> = numbers.iter().map(|number| targets[*number as usize].folder()).collect();
        folders.into_iter().try_for_each(disk::sync_folder)?;
        if part == Some(Stage::Payload) {
            turns.turn(record)?;
        }
    }
    Ok(())
}
