//! `configcid web ...`.

mod config;

use crate::Exit;
use clap::Subcommand;

use super::out::Out;

#[derive(Debug, Subcommand)]
pub(super) enum WebCommand {
    /// Print the configuration with which a web server serves CIDs rightly
    Config(config::ConfigArgs),
}

pub(super) fn run(command: &WebCommand, out: Out) -> Exit {
    match command {
        WebCommand::Config(args) => config::run(args, out),
    }
}
