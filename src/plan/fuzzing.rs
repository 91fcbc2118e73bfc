//! A journal as fuzzing sees it.

use super::record::Record;
use super::recover::describe;
use crate::base::error::Result;

/// What a journal says.
#[derive(Debug)]
pub struct JournalParts {
    /// The journal, printed anew.
    pub printed: Vec<u8>,
    /// The files that it would let recovery write.
    pub paths: Vec<String>,
    /// The names beside them that it would let recovery read, rename and remove.
    pub work_names: Vec<String>,
    /// The change, as people are told of it.
    pub description: String,
}

/// Reads a journal.
pub fn read_journal(bytes: &[u8]) -> Result<JournalParts> {
    let record = Record::parse(bytes)?;
    Ok(JournalParts {
        printed: {
            let mut printed = Vec::new();
            record.write(&mut printed).expect("memory takes it");
            printed
        },
        paths: record.steps.iter().map(|step| step.path.to_string()).collect(),
        work_names: record.steps.iter().flat_map(|step| [record.staged(step), record.kept(step)]).flatten().collect(),
        description: describe(&record),
    })
}
