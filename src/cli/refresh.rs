//! `configcid <CID>...` and `configcid refresh`.

use std::path::PathBuf;

use crate::report::plan_lines;
use crate::{Cid, Exit, refresh};
use clap::Args;

use super::flags::{RefreshFlags, ReportFlag, WriteFlags, path};
use super::out::Out;
use super::work::{Ticket, Work, open_cid};

#[derive(Debug, Args)]
pub(super) struct RefreshArgs {
    /// The CIDs
    #[arg(value_name = "CID", value_parser = path())]
    pub cids: Vec<PathBuf>,
    #[command(flatten)]
    pub write: WriteFlags,
    #[command(flatten)]
    pub flags: RefreshFlags,
    #[command(flatten)]
    pub report: ReportFlag,
}

pub(super) fn run(args: &RefreshArgs, out: Out) -> Exit {
    const COMMAND: &str = "refresh";
    let options = match args.flags.options() {
        Ok(options) => options,
        Err(error) => return out.fail(COMMAND, &error),
    };
    let ticket = Ticket { file: args.report.report.as_deref(), relay: None };
    let run = args.write.run(Some(&options));
    let work = Work { command: COMMAND, run, lines: &plan_lines, open: open_cid, ticket };
    work.on_all(&args.cids, out, |path| refresh(&Cid::open(path)?, &options))
}
