//! `configcid fleet`: the commands on a fleet file.

mod apply;
mod check;
mod endpoints;
mod flags;
mod graph;
mod import;
mod init;
mod lines;
mod registry;
mod report;
mod runbook;
mod show;
mod status;

use crate::Exit;
use clap::Subcommand;

use super::out::Out;

#[derive(Debug, Subcommand)]
pub(super) enum FleetCommand {
    /// Write a commented fleet file to begin with
    Init(init::InitArgs),
    /// Derive a fleet file from CIDs that are there
    Import(import::ImportArgs),
    /// Check the file, and each CID that it names, before anything is touched
    Check(check::CheckArgs),
    /// Show what would change in each CID
    Plan(Box<apply::PlanArgs>),
    /// Bring each CID in step with the file; again, and it does what is left
    Apply(Box<apply::ApplyArgs>),
    /// Compare each CID with the file: in step, behind, drifted, or unreachable
    Status(Box<status::StatusArgs>),
    /// Compare a survey of endpoints with the file: who reports to which relay, and who does not
    Endpoints(Box<endpoints::EndpointsArgs>),
    /// Write the registry values of each relay as a file that `reg import` reads
    Registry(registry::RegistryArgs),
    /// Draw the tree of the server, the relays and their CIDs, what is wrong in red
    Graph(Box<graph::GraphArgs>),
    /// Write one page with the picture, the checks, the state of each CID, and what is left to do
    Report(Box<report::ReportArgs>),
    /// Write the steps for a person in the console, relay by relay, in order
    Runbook(runbook::RunbookArgs),
}

pub(super) fn run(command: &FleetCommand, out: Out) -> Exit {
    match command {
        FleetCommand::Init(args) => init::run(args, out),
        FleetCommand::Import(args) => import::run(args, out),
        FleetCommand::Check(args) => check::run(args, out),
        FleetCommand::Plan(args) => apply::plan(args, out),
        FleetCommand::Apply(args) => apply::apply(args, out),
        FleetCommand::Status(args) => status::run(args, out),
        FleetCommand::Endpoints(args) => endpoints::run(args, out),
        FleetCommand::Registry(args) => registry::run(args, out),
        FleetCommand::Graph(args) => graph::run(args, out),
        FleetCommand::Report(args) => report::run(args, out),
        FleetCommand::Runbook(args) => runbook::run(args, out),
    }
}
