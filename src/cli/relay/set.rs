//! `configcid relay set`.

use std::path::PathBuf;

use crate::relay;
use crate::report::plan_lines;
use crate::{Cid, Exit, RelaySetup, Result};
use clap::Args;

use crate::cli::flags::{AddressFlags, RefreshFlags, WriteFlags, path};
use crate::cli::out::Out;
use crate::cli::work::{Work, open_cid};

#[derive(Debug, Args)]
pub(crate) struct SetArgs {
    /// The CIDs
    #[arg(value_name = "CID", required = true, value_parser = path())]
    pub cids: Vec<PathBuf>,
    #[command(flatten)]
    pub address: AddressFlags,
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
}

pub(super) fn set(args: &SetArgs, out: Out) -> Exit {
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
    let work = Work { command: COMMAND, run: args.write.run(Some(&setup.refresh)), lines: &plan_lines, open: open_cid };
    work.on_all(&args.cids, out, |path| relay::set(&Cid::open(path)?, &setup))
}
