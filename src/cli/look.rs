//! What every command that only looks at CIDs does with them.

use std::path::{Path, PathBuf};

use crate::report::ErrorReport;
use crate::{Exit, Result};
use serde::Serialize;

use super::out::Out;

/// One CID's answer, or why there is none.
#[derive(Serialize)]
pub(super) struct Shown<T> {
    pub cid: String,
    #[serde(flatten)]
    pub state: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
}

/// Looks at each CID; one that fails does not stop the others. `look` gives the answer and whether it has faults.
pub(super) fn look_at_all<T: Serialize>(
    command: &str,
    args: &[PathBuf],
    out: Out,
    look: impl Fn(&Path) -> Result<(T, bool)>,
) -> Exit {
    #[derive(Serialize)]
    struct Body<T> {
        cids: Vec<Shown<T>>,
    }
    let (exit, cids) = look_at_each(args, out, look);
    out.answer(command, exit, Body { cids });
    exit
}

/// As [`look_at_all`], for those who have more to answer.
pub(super) fn look_at_each<T>(
    args: &[PathBuf],
    out: Out,
    look: impl Fn(&Path) -> Result<(T, bool)>,
) -> (Exit, Vec<Shown<T>>) {
    let mut exits = Vec::new();
    let mut cids = Vec::new();
    for path in args {
        if args.len() > 1 {
            out.heading(format!("{}:", path.display()));
        }
        let cid = path.to_string_lossy().into_owned();
        match look(path) {
            Ok((state, faults)) => {
                exits.push(if faults { Exit::Faults } else { Exit::Done });
                cids.push(Shown { cid, state: Some(state), error: None });
            }
            Err(error) => {
                out.error(&error);
                exits.push(Exit::of(error.kind()));
                cids.push(Shown { cid, state: None, error: Some(ErrorReport::new(&error)) });
            }
        }
    }
    (Exit::of_all(&exits), cids)
}
