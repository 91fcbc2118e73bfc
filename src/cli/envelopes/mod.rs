//! `configcid envelopes ...`.

mod chart;
mod check;
mod expire;
mod flags;
mod logs;
mod lookup;
mod nagios;
mod relocate;
mod restart;
mod tell;
mod watch;
mod watched;

use crate::Exit;
use clap::Subcommand;

use super::out::Out;

pub(super) use check::ProfileName;
pub(super) use flags::{moment, seconds, system};
pub(super) use nagios::usage as nagios_usage;
pub(super) use restart::ScriptChoice;
pub(super) use tell::tell;

#[derive(Debug, Subcommand)]
pub(super) enum EnvelopesCommand {
    /// Say how many messages wait, how old they are, whether that is much, and why
    Check(Box<check::CheckArgs>),
    /// Say where the folder is
    Where(lookup::WhereArgs),
    /// Move messages that are past their time to live aside, with a list
    Expire(expire::ExpireArgs),
    /// Say from the logs how the router, the agent and the Certification Manager stand, since when, and why
    Logs(logs::LogsArgs),
    /// Restart the services in the right order, or print a script that does
    Restart(restart::RestartArgs),
    /// Count again and again: a chart on a terminal, else lines
    Watch(watch::WatchArgs),
    /// Move the folder to another drive, with all that belongs to it, or make the files that do
    Move(Box<relocate::MoveArgs>),
}

pub(super) fn run(command: &EnvelopesCommand, out: Out) -> Exit {
    match command {
        EnvelopesCommand::Check(args) => check::run(args, out),
        EnvelopesCommand::Where(args) => lookup::run(args, out),
        EnvelopesCommand::Expire(args) => expire::run(args, out),
        EnvelopesCommand::Logs(args) => logs::run(args, out),
        EnvelopesCommand::Restart(args) => restart::run(args, out),
        EnvelopesCommand::Watch(args) => watch::run(args, out),
        EnvelopesCommand::Move(args) => relocate::run(args, out),
    }
}
