//! Addresses and CIDs that are found instead of given: shown, and taken only by consent.

use std::io::{BufRead, IsTerminal, Read, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::cid::cids_below;
use crate::cli::flags::AddressFlags;
use crate::cli::out::Out;
use crate::host::names::{Named, look_up, this_computer};
use crate::{Error, ErrorKind, RelayAddress, Result};
use clap::Args;

/// No answer to a question is longer.
const MAX_ANSWER: u64 = 100;

/// How to find what is not given.
#[derive(Debug, Args)]
pub(crate) struct FoundFlags {
    /// Find the addresses and names of the relay by its name, at the DNS; those that --ip, --fqdn or --netbios give are
    /// taken as they are
    #[arg(long, value_name = "NAME", conflicts_with = "this_computer")]
    relay: Option<String>,
    /// Find the addresses and names of this computer, which is the relay
    #[arg(long)]
    this_computer: bool,
    /// How long to wait for the DNS
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = clap::value_parser!(u64).range(1..=600))]
    dns_timeout: u64,
    /// Take each CID for a folder of CIDs, such as the root of a share: all CIDs in it
    #[arg(long)]
    pub all: bool,
    /// Take what was found without asking
    #[arg(long, short)]
    pub yes: bool,
}

impl FoundFlags {
    /// The relay's address, and whether any of it was found instead of given.
    pub(super) fn address(&self, given: &AddressFlags) -> Result<(RelayAddress, bool)> {
        let limit = Duration::from_secs(self.dns_timeout);
        let found = match &self.relay {
            Some(name) => look_up(name, limit)?,
            None if self.this_computer => this_computer(limit)?,
            None => return Ok((given.address()?, false)),
        };
        let Named { ips, fqdn, netbios } = found;
        let or = |given: &[String], found: Vec<String>| if given.is_empty() { found } else { given.to_vec() };
        let ips = or(&given.ip, ips.iter().map(IpAddr::to_string).collect());
        let fqdns = or(&given.fqdn, fqdn.into_iter().collect());
        let names = or(&given.netbios, netbios.into_iter().collect());
        let [ips, fqdns, names] = [&ips, &fqdns, &names].map(|texts| texts.iter().map(String::as_str));
        Ok((RelayAddress::several(ips, fqdns, names)?, true))
    }

    /// All CIDs in the folders, in the order given; what is a CID itself stays.
    pub(super) fn cids(&self, folders: &[PathBuf]) -> Result<Vec<PathBuf>> {
        if !self.all {
            return Ok(folders.to_vec());
        }
        let mut cids = Vec::new();
        for folder in folders {
            let below = cids_below(folder);
            if below.is_empty() && crate::Cid::open(folder).is_err() {
                return Err(Error::new(ErrorKind::NotACid, "there is no CID in this folder, three folders deep")
                    .in_file(folder)
                    .next("name the root of the share, or the folder in which the CIDs lie"));
            }
            match below.is_empty() {
                true => cids.push(folder.clone()),
                false => cids.extend(below.iter().map(|cid| folder.join(cid))),
            }
        }
        cids.dedup();
        Ok(cids)
    }
}

/// Asks whether to go on with `what`.
///
/// # Errors
/// There is nobody to ask.
pub(super) fn ask(what: &str, out: Out) -> Result<bool> {
    if out.json || !std::io::stdin().is_terminal() {
        return Err(Error::usage(text!("{what}; this was found, not given, and nobody can be asked", what))
            .next("say --yes to take it, or --dry-run to see what it would change"));
    }
    let mut stderr = std::io::stderr();
    let _ = write!(stderr, "{}", text!("{}. Go on? [y/N] ", crate::report::safe(what))).and_then(|()| stderr.flush());
    let mut answer = Vec::new();
    let read = std::io::stdin().lock().take(MAX_ANSWER).read_until(b'\n', &mut answer);
    let answer = String::from_utf8_lossy(&answer).trim().to_ascii_lowercase();
    Ok(read.is_ok() && ["y", "yes", text!("y"), text!("yes")].contains(&answer.as_str()))
}
