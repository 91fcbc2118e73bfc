//! `configcid web ...`.

mod check;
mod config;

use crate::Exit;
use clap::Subcommand;

pub(super) use check::login;

use super::out::Out;

#[derive(Debug, Subcommand)]
pub(super) enum WebCommand {
    /// Ask a web server whether endpoints get everything that the catalogs of a CID list
    Check(Box<check::CheckArgs>),
    /// Print the configuration with which a web server serves CIDs rightly
    Config(config::ConfigArgs),
}

pub(super) fn run(command: &WebCommand, out: Out) -> Exit {
    match command {
        WebCommand::Check(args) => check::run(args, out),
        WebCommand::Config(args) => config::run(args, out),
    }
}
