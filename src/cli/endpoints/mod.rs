//! `configcid endpoints`: the commands on many endpoints.

mod collector;
mod survey;

use crate::Exit;
use clap::Subcommand;

pub(in crate::cli) use survey::state;

use super::out::Out;

#[derive(Debug, Subcommand)]
pub(super) enum EndpointsCommand {
    /// Say of many endpoints, by what was collected of them, which relay each reports to
    Survey(survey::SurveyArgs),
    /// Print a script with which each computer writes for the survey whom it reports to
    Collector(collector::CollectorArgs),
}

pub(super) fn run(command: &EndpointsCommand, out: Out) -> Exit {
    match command {
        EndpointsCommand::Survey(args) => survey::run(args, out),
        EndpointsCommand::Collector(args) => collector::run(args, out),
    }
}
