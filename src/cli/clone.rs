//! `configcid clone`.

use std::path::PathBuf;

use crate::{Cid, Exit, cid};
use clap::Args;
use serde::Serialize;

use super::flags::path;
use super::out::Out;

#[derive(Debug, Args)]
pub struct CloneArgs {
    /// The CID to copy
    #[arg(value_parser = path())]
    pub cid: PathBuf,
    /// The folder to make
    #[arg(value_parser = path())]
    pub new: PathBuf,
}

#[derive(Serialize)]
struct Body {
    cid: String,
    new: String,
    #[serde(flatten)]
    report: cid::CloneReport,
}

pub fn run(args: &CloneArgs, out: Out) -> Exit {
    const COMMAND: &str = "clone";
    let mut shown = u64::MAX;
    let mut progress = |state: cid::CloneProgress| {
        // Copying and comparing are half of the way each.
        let percent = (state.copied + state.compared) * 50 / state.total.max(1);
        if percent != shown {
            shown = percent;
            out.progress(&format!("{percent} % of {} bytes copied and compared", state.total));
        }
    };
    let done = Cid::open(&args.cid).and_then(|cid| cid::clone(&cid, &args.new, &mut progress));
    out.progress("");
    match done {
        Ok(report) => {
            out.good(format!(
                "Cloned {} to {}: {} files, {} bytes, compared",
                args.cid.display(),
                args.new.display(),
                report.files,
                report.bytes
            ));
            let text = |path: &std::path::Path| path.to_string_lossy().into_owned();
            out.answer(COMMAND, Exit::Done, Body { cid: text(&args.cid), new: text(&args.new), report });
            Exit::Done
        }
        Err(error) => out.fail(COMMAND, &error),
    }
}
