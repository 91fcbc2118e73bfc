//! `configcid relay set`.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use crate::relay;
use crate::report::{count, plan_lines};
use crate::{Cid, Exit, RelaySetup, Result};
use clap::Args;

use crate::cli::flags::{AddressFlags, RefreshFlags, ReportFlag, WriteFlags, path};
use crate::cli::out::Out;
use crate::cli::work::{Ticket, Work, open_cid};

use super::found::{FoundFlags, ask};

#[derive(Debug, Args)]
pub(crate) struct SetArgs {
    /// The CIDs
    #[arg(value_name = "CID", required = true, value_parser = path())]
    pub cids: Vec<PathBuf>,
    #[command(flatten)]
    pub address: AddressFlags,
    #[command(flatten)]
    pub found: FoundFlags,
    /// Edit the root's mrinit.conf too: CIDs for Mac and Linux read only that one
    #[arg(long)]
    pub edit_root: bool,
    /// Take ports and identity keys that have drifted from the root's mrinit.conf
    #[arg(long)]
    pub from_root: bool,
    #[command(flatten)]
    pub write: WriteFlags,
    #[command(flatten)]
    pub flags: RefreshFlags,
    #[command(flatten)]
    pub report: ReportFlag,
}

pub(super) fn set(args: &SetArgs, out: Out) -> Exit {
    const COMMAND: &str = "relay set";
    match try_set(COMMAND, args, out) {
        Ok(exit) => exit,
        Err(error) => out.fail(COMMAND, &error),
    }
}

fn try_set(command: &'static str, args: &SetArgs, out: Out) -> Result<Exit> {
    let (address, is_found) = args.found.address(&args.address)?;
    let cids = args.found.cids(&args.cids)?;
    let mut found = Vec::new();
    if is_found {
        found.push(text!("the relay is {address}", address));
    }
    if args.found.all {
        let names: Vec<String> = cids.iter().map(|cid| cid.display().to_string()).collect();
        found.push(format!("{}: {}", count(cids.len(), "CID is meant", "CIDs are meant"), names.join(", ")));
    }
    found.iter().for_each(|found| out.line(text!("Found: {found}", found)));
    let mut setup = RelaySetup::new(address);
    setup.edit_root = args.edit_root;
    setup.from_root = args.from_root;
    setup.refresh = args.flags.options()?;
    let ticket = Ticket { file: args.report.report.as_deref(), relay: Some(&setup.address) };
    let run = args.write.run(Some(&setup.refresh));
    let mut work = Work { command, run, lines: &plan_lines, open: open_cid, ticket };
    let make = |path: &Path| relay::set(&Cid::open(path)?, &setup);
    if !found.is_empty() && !args.found.yes && !args.write.dry_run {
        let question = found.join("; ");
        if std::io::stdin().is_terminal() && !out.json {
            // What is asked for is seen before it is agreed to.
            (work.run.dry_run, work.ticket.file) = (true, None);
            let exit = work.on_all(&cids, out, make);
            (work.run.dry_run, work.ticket.file) = (false, ticket.file);
            if exit != Exit::Done {
                return Ok(exit);
            }
        }
        if !ask(&question, out)? {
            out.line("Nothing was written");
            return Ok(Exit::Failed);
        }
    }
    Ok(work.on_all(&cids, out, make))
}
