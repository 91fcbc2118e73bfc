//! `configcid messenger ...`.

mod check;
mod flags;
mod package;
mod run;
mod shared;
mod status;

use crate::Exit;
use clap::Subcommand;

use super::out::Out;

#[derive(Debug, Subcommand)]
pub(super) enum MessengerCommand {
    /// Look for what is wrong with a message file
    Lint(check::LintArgs),
    /// Say which messages would be shown, and of every other one what says no
    Check(check::CheckArgs),
    /// Show the messages that are pending: what runs at logon
    Run(Box<run::RunArgs>),
    /// List what was shown, acknowledged, is pending, and is still to be reported
    Status(status::StatusArgs),
    /// Acknowledge messages
    Ack(status::AckArgs),
    /// Make a package of a message file, the program, and what it takes to install them
    Build(package::BuildArgs),
    /// Install a package, and let it run at logon
    Install(package::InstallArgs),
    /// Remove what was installed
    Uninstall(package::UninstallArgs),
}

pub(super) fn run(command: &MessengerCommand, out: Out) -> Exit {
    match command {
        MessengerCommand::Lint(args) => check::lint(args, out),
        MessengerCommand::Check(args) => check::check(args, out),
        MessengerCommand::Run(args) => run::run(args, out),
        MessengerCommand::Status(args) => status::status(args, out),
        MessengerCommand::Ack(args) => status::ack(args, out),
        MessengerCommand::Build(args) => package::build(args, out),
        MessengerCommand::Install(args) => package::install(args, out),
        MessengerCommand::Uninstall(args) => package::uninstall(args, out),
    }
}
