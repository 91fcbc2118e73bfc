//! The command line: a thin shell over the library, one file a command.

mod audit;
mod back;
mod catalog;
mod client;
mod clone;
mod commands;
mod demo;
mod envelopes;
mod flags;
mod fleet;
mod look;
mod man;
mod manifest;
mod messenger;
mod mrinit;
mod out;
mod refresh;
mod relay;
mod work;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches};

use crate::Exit;

use commands::Cli;

/// Runs the program.
pub fn main() -> ExitCode {
    let parsed = Cli::command().try_get_matches().and_then(|matches| {
        refuse_misplaced(&matches)?;
        Cli::from_arg_matches(&matches)
    });
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            if !asked && std::env::args_os().any(|arg| arg == "--nagios") {
                return envelopes::nagios_usage().into();
            }
            return if asked { Exit::Done } else { Exit::Usage }.into();
        }
    };
    cli.run().into()
}

/// Refuses what is meant for a refresh where another command follows: `--dry-run` before `relay set` would be read and
/// not heeded.
fn refuse_misplaced(matches: &ArgMatches) -> Result<(), clap::Error> {
    if matches.subcommand().is_none() {
        return Ok(());
    }
    let mut command = Cli::command();
    let misplaced = command.get_arguments().find(|arg| {
        let given = || matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
        !arg.is_global_set() && given()
    });
    let Some(what) = misplaced.map(|arg| arg.get_long().map_or_else(|| "a CID".to_owned(), |name| format!("--{name}")))
    else {
        return Ok(());
    };
    Err(command.error(
        ErrorKind::ArgumentConflict,
        format!("{what} stands before a command; put it behind, or write ./NAME for a CID of a command's name"),
    ))
}
