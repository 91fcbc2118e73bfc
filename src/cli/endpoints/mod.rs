//! `configcid endpoints`: the commands on many endpoints.

mod survey;

use crate::Exit;
use clap::Subcommand;

pub(in crate::cli) use survey::state;

use super::out::Out;

#[derive(Debug, Subcommand)]
pub(super) enum EndpointsCommand {
    /// Say of many endpoints, by what was collected of them, which relay each reports to
    Survey(survey::SurveyArgs),
}

pub(super) fn run(command: &EndpointsCommand, out: Out) -> Exit {
    match command {
        EndpointsCommand::Survey(args) => survey::run(args, out),
    }
}
