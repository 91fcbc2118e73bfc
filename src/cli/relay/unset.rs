//! `configcid relay unset`.

use std::path::PathBuf;

use crate::relay::{self, RelayUnset, ServerLines};
use crate::report::plan_lines;
use crate::{Cid, Exit, RelayAddress, Result};
use clap::Args;

use crate::cli::flags::{RefreshFlags, ReportFlag, WriteFlags, path};
use crate::cli::out::Out;
use crate::cli::work::{Ticket, Work, open_cid};

#[derive(Debug, Args)]
pub(crate) struct UnsetArgs {
    /// The CIDs
    #[arg(value_name = "CID", required = true, value_parser = path())]
    pub cids: Vec<PathBuf>,
    /// Take the address lines from this mrinit.conf, not from the root's
    #[arg(long, value_name = "FILE", value_parser = path(), conflicts_with_all = ["ip", "fqdn", "netbios"])]
    from: Option<PathBuf>,
    /// The management server's IP address, where no file has its lines
    #[arg(long)]
    ip: Option<String>,
    /// The management server's fully qualified domain name
    #[arg(long, value_name = "NAME")]
    fqdn: Option<String>,
    /// The management server's NetBIOS name
    #[arg(long, value_name = "NAME")]
    netbios: Option<String>,
    /// Edit the root's mrinit.conf too, though history does not show that set-up wrote it
    #[arg(long)]
    edit_root: bool,
    #[command(flatten)]
    pub write: WriteFlags,
    #[command(flatten)]
    pub flags: RefreshFlags,
    #[command(flatten)]
    pub report: ReportFlag,
}

impl UnsetArgs {
    fn unset(&self) -> Result<RelayUnset> {
        let [ip, fqdn, netbios] = [&self.ip, &self.fqdn, &self.netbios].map(|part| part.as_deref());
        let from = match &self.from {
            Some(file) => Some(ServerLines::File(file.clone())),
            None if ip.is_none() && fqdn.is_none() && netbios.is_none() => None,
            None => Some(ServerLines::Server(RelayAddress::new(ip, fqdn, netbios)?)),
        };
        Ok(RelayUnset { from, edit_root: self.edit_root, refresh: self.flags.options()? })
    }
}

pub(super) fn unset(args: &UnsetArgs, out: Out) -> Exit {
    const COMMAND: &str = "relay unset";
    let unset = match args.unset() {
        Ok(unset) => unset,
        Err(error) => return out.fail(COMMAND, &error),
    };
    let ticket = Ticket { file: args.report.report.as_deref(), relay: None };
    let run = args.write.run(Some(&unset.refresh));
    let work = Work { command: COMMAND, run, lines: &plan_lines, open: open_cid, ticket };
    work.on_all(&args.cids, out, |path| relay::unset(&Cid::open(path)?, &unset))
}
