//! The flags that several of these commands share.

use std::path::PathBuf;

use crate::fleet::{self, Fleet, FleetFinding, processors};
use clap::Args;

use crate::cli::flags::path;

/// Which fleet file.
#[derive(Debug, Args)]
pub(crate) struct FileArg {
    /// The fleet file
    #[arg(value_name = "FILE", default_value = "fleet.toml", value_parser = path())]
    pub file: PathBuf,
}

/// Most of the time is waiting for answers of a share. Our choice.
const USUAL: usize = 8;

/// How many at a time.
#[derive(Debug, Args)]
pub(super) struct JobsFlag {
    /// How many CIDs to work on at a time; by default 8, or as many as there are processors if those are more
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
}

impl JobsFlag {
    pub(super) fn jobs(&self) -> usize {
        self.jobs.map_or_else(|| processors().max(USUAL), usize::from)
    }
}

/// What to look at beyond the file.
#[derive(Debug, Args)]
pub(super) struct LookFlags {
    /// Also ask for the addresses of all names; this alone uses the network
    #[arg(long)]
    dns: bool,
    /// Check the file by itself, without a look at the CIDs
    #[arg(long)]
    no_cids: bool,
    #[command(flatten)]
    jobs: JobsFlag,
}

impl LookFlags {
    pub(super) fn jobs(&self) -> usize {
        self.jobs.jobs()
    }

    pub(super) fn looks_at_cids(&self) -> bool {
        !self.no_cids
    }

    /// Everything that is found, in the order of the lines.
    pub(super) fn findings(&self, fleet: &Fleet) -> Vec<FleetFinding> {
        let mut findings = fleet::check(fleet);
        if !self.no_cids {
            findings.extend(fleet::check_cids(fleet, self.jobs.jobs()));
        }
        if self.dns {
            findings.extend(fleet::check_names(fleet, self.jobs.jobs()));
        }
        findings.sort_by_key(|finding| finding.line);
        findings
    }
}
