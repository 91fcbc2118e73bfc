//! `configcid clone`.

use std::path::{Path, PathBuf};

use crate::plan::Made;
use crate::report::{ChangePage, ChangedCid, CidResult, ErrorReport, change_page, count};
use crate::{Cid, Exit, Result, Status, cid};
use clap::Args;
use serde::Serialize;

use super::flags::{InFlightFlag, ReportFlag, path};
use super::out::Out;
use super::work::{Filed, file_page, place_page};

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
    #[command(flatten)]
    in_flight: InFlightFlag,
    #[command(flatten)]
    report: ReportFlag,
}

#[derive(Serialize)]
struct Body {
    dry_run: bool,
    cid: String,
    new: String,
    #[serde(flatten)]
    report: cid::CloneReport,
    #[serde(flatten)]
    filed: Filed,
}

pub(super) fn run(args: &CloneArgs, out: Out) -> Exit {
    const COMMAND: &str = "clone";
    args.in_flight.heed();
    let about = [args.cid.clone(), args.new.clone()];
    let page = match place_page(args.report.report.as_deref(), &about) {
        Ok(page) => page,
        Err(error) => return out.fail(COMMAND, &error),
    };
    let (from, to) = (args.cid.display(), args.new.display());
    let done = match args.dry_run {
        true => Cid::open(&args.cid).and_then(|cid| cid::check_clone(&cid, &args.new)),
        false => copy(args, out),
    };
    let mut exit = done.as_ref().map_or_else(|error| Exit::of(error.kind()), |_| Exit::Done);
    if let Ok(report) = &done {
        let amount = text!("{} files, {} bytes", report.files, report.bytes);
        out.good(match args.dry_run {
            true => text!("Would clone {from} to {to}: {amount}", from, to, amount),
            false => text!("Cloned {from} to {to}: {amount}, compared", from, to, amount),
        });
    }
    let filed = file_page(page, || ticket(args, &done), &mut exit, out);
    match done {
        Ok(report) => {
            let text = |path: &Path| path.to_string_lossy().into_owned();
            let body = Body { dry_run: args.dry_run, cid: text(&args.cid), new: text(&args.new), report, filed };
            out.answer(COMMAND, exit, body);
            exit
        }
        Err(error) => out.fail(COMMAND, &error),
    }
}

fn copy(args: &CloneArgs, out: Out) -> Result<cid::CloneReport> {
    let mut shown = u64::MAX;
    let mut progress = |state: cid::CloneProgress| {
        // Copying and comparing are half of the way each.
        let percent = (state.copied + state.compared) * 50 / state.total.max(1);
        if percent != shown {
            shown = percent;
            out.progress(&text!("{percent} % of {total} bytes copied and compared", percent, total = state.total));
        }
    };
    let done = Cid::open(&args.cid).and_then(|cid| cid::clone(&cid, &args.new, &mut progress));
    out.progress("");
    done
}

/// The page for the ticket.
fn ticket(args: &CloneArgs, done: &Result<cid::CloneReport>) -> String {
    let (from, new) = (args.cid.to_string_lossy(), args.new.to_string_lossy());
    let status = match (done, args.dry_run) {
        (Err(_), _) => Status::Failed,
        (Ok(_), true) => Status::Planned,
        (Ok(_), false) => Status::Changed,
    };
    let mut result = CidResult::new(&new, status);
    result.error = done.as_ref().err().map(ErrorReport::new);
    let did = done.as_ref().ok().map(|report| {
        let amount = text!("{}, {} bytes", count(report.files, "file", "files"), report.bytes);
        match args.dry_run {
            true => text!("Dry run: {amount} would be copied from {from}; nothing was.", amount, from),
            false => text!("Done: copied from {from}, {amount}.", from, amount),
        }
    });
    let verified =
        text!("Each byte of the copy was read and compared with the original before the folder got its name.");
    let purpose = Some(format!("clone of {from}"));
    let cid = ChangedCid { did, verified: Some(verified), ..ChangedCid::new(result, purpose, false) };
    change_page(&ChangePage {
        left: &[text!(
            "See in the vendor's manager that it updates {new} as an installation of its own [14635]: one that is only a copy \
             gets no update from it (assumed).",
            new
        )],
        ..ChangePage::new("clone", args.dry_run, &Made::now(), &[cid])
    })
}
