//! `configcid relay set|unset|show|registry|probe|check`.

mod check;
mod found;
mod probe;
mod registry;
mod set;
mod show;
mod unset;

use crate::Exit;
use clap::Subcommand;

use super::flags::Cids;
use super::out::Out;

#[derive(Debug, Subcommand)]
pub(super) enum RelayCommand {
    /// Let the endpoints of CIDs report to a message relay
    Set(Box<set::SetArgs>),
    /// Take relay set-up back, at any time: each copy of mrinit.conf as the root has it, or gone where set-up made it
    Unset(Box<unset::UnsetArgs>),
    /// Show who is whose parent, by each mrinit.conf; secrets are masked
    Show(Cids),
    /// Show, write or set what a relay's own router should have in the registry
    Registry(registry::RegistryArgs),
    /// Ask routers what they tell endpoints to connect to, and say whether that can work
    Probe(probe::ProbeArgs),
    /// Say whether a relay's computer has installed from its CID, and does what a relay must
    Check(Box<check::CheckArgs>),
}

pub(super) fn run(command: &RelayCommand, out: Out) -> Exit {
    match command {
        RelayCommand::Set(args) => set::set(args, out),
        RelayCommand::Unset(args) => unset::unset(args, out),
        RelayCommand::Show(args) => show::show(args, out),
        RelayCommand::Registry(args) => registry::run(args, out),
        RelayCommand::Probe(args) => probe::run(args, out),
        RelayCommand::Check(args) => check::run(args, out),
    }
}
