//! `configcid clone`.

use std::path::{Path, PathBuf};

use crate::{Cid, Exit, cid};
use clap::Args;
use serde::Serialize;

use super::flags::path;
use super::out::Out;

#[derive(Debug, Args)]
pub(super) struct CloneArgs {
    /// The CID to copy
    #[arg(value_parser = path())]
    pub cid: PathBuf,
    /// The folder to make
    #[arg(value_parser = path())]
    pub new: PathBuf,
    /// Say what would be copied, and copy nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Serialize)]
struct Body {
    dry_run: bool,
    cid: String,
    new: String,
    #[serde(flatten)]
    report: cid::CloneReport,
}

pub(super) fn run(args: &CloneArgs, out: Out) -> Exit {
    const COMMAND: &str = "clone";
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let body = |report| Body { dry_run: args.dry_run, cid: text(&args.cid), new: text(&args.new), report };
    if args.dry_run {
        return match Cid::open(&args.cid).and_then(|cid| cid::check_clone(&cid, &args.new)) {
            Ok(report) => {
                let (from, to) = (args.cid.display(), args.new.display());
                out.good(format!("Would clone {from} to {to}: {} files, {} bytes", report.files, report.bytes));
                out.answer(COMMAND, Exit::Done, body(report));
                Exit::Done
            }
            Err(error) => out.fail(COMMAND, &error),
        };
    }
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
            out.answer(COMMAND, Exit::Done, body(report));
            Exit::Done
        }
        Err(error) => out.fail(COMMAND, &error),
    }
}
