//! `configcid relay set` and `configcid relay show`.

use std::path::Path;

use crate::relay::{self, CopyState, RelayState};
use crate::report::{ErrorReport, plan_lines};
use crate::{Cid, Exit, RelaySetup, Result};
use serde::Serialize;

use super::args::{CidArgs, RelaySetArgs};
use super::out::Out;
use super::refresh::Work;

pub fn set(args: &RelaySetArgs, out: Out) -> Exit {
    const COMMAND: &str = "relay set";
    let setup = || -> Result<RelaySetup> {
        let mut setup = RelaySetup::new(args.address.address()?);
        setup.edit_root = args.edit_root;
        setup.from_root = args.from_root;
        setup.refresh = args.flags.options()?;
        Ok(setup)
    };
    let setup = match setup() {
        Ok(setup) => setup,
        Err(error) => return out.fail(COMMAND, &error),
    };
    let work = Work { command: COMMAND, run: args.write.run(Some(&setup.refresh)), lines: &plan_lines };
    work.on_all(&args.cids, out, |path| relay::set(&Cid::open(path)?, &setup))
}

/// One CID's answer, or why there is none.
#[derive(Serialize)]
pub struct Shown<T> {
    pub cid: String,
    #[serde(flatten)]
    pub state: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
}

/// Looks at each CID; one that fails does not stop the others. `look` gives the answer and whether it has faults.
pub fn look_at_all<T: Serialize>(
    command: &str,
    args: &[std::path::PathBuf],
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
pub fn look_at_each<T>(
    args: &[std::path::PathBuf],
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

pub fn show(args: &CidArgs, out: Out) -> Exit {
    look_at_all("relay show", &args.cids, out, |path| {
        let state = relay::show(&Cid::open(path)?)?;
        print_state(&state, out);
        let faults = state.has_faults();
        Ok((state, faults))
    })
}

pub fn print_state(state: &RelayState, out: Out) {
    for copy in &state.copies {
        print_copy(copy, out);
    }
    state.faults.iter().for_each(|fault| out.fault(format!("fault: {fault}")));
}

fn print_copy(copy: &CopyState, out: Out) {
    out.heading(copy.path.as_str());
    let or_none = |list: &Option<String>| list.clone().unwrap_or_else(|| "(none)".to_owned());
    out.line(format!("  endpoints report to  {}", or_none(&copy.parent_router_address)));
    out.line(format!("  a relay reports to   {}", or_none(&copy.mr_parent_address)));
    copy.drift.iter().for_each(|drift| out.line(format!("  differs: {drift}")));
    copy.faults.iter().for_each(|fault| out.fault(format!("  fault: {fault}")));
}
