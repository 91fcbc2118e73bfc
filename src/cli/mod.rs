//! The command line: a thin shell over the library, one file a command.

mod args;
mod audit;
mod back;
mod catalog;
mod client;
mod clone;
mod demo;
mod envelopes;
mod fleet;
mod manifest;
mod messenger;
mod mrinit;
mod out;
mod refresh;
mod relay;
mod relay_probe;
mod relay_registry;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches};

use crate::Exit;

use args::{CatalogCommand, Cli, ClientCommand, Command, MrinitCommand, RelayCommand};
use out::Out;

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
    let out = Out { json: cli.json, quiet: cli.quiet, verbose: cli.verbose, color: cli.color };
    run(cli, out).into()
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

fn run(cli: Cli, out: Out) -> Exit {
    let Some(command) = cli.command else {
        if cli.refresh.cids.is_empty() {
            let _ = Cli::command().print_help();
            return Exit::Usage;
        }
        return refresh::run(&cli.refresh, out);
    };
    match command {
        Command::Refresh(args) => refresh::run(&args, out),
        Command::Relay(RelayCommand::Set(args)) => relay::set(&args, out),
        Command::Relay(RelayCommand::Show(args)) => relay::show(&args, out),
        Command::Relay(RelayCommand::Registry(args)) => relay_registry::run(&args, out),
        Command::Relay(RelayCommand::Probe(args)) => relay_probe::run(&args, out),
        Command::Fleet(command) => fleet::run(&command, out),
        Command::Client(ClientCommand::Check(args)) => client::check(&args, out),
        Command::Clone(args) => clone::run(&args, out),
        Command::Catalog(CatalogCommand::List(args)) => catalog::list(&args, out),
        Command::Catalog(CatalogCommand::Verify(args)) => catalog::verify(&args, out),
        Command::Catalog(CatalogCommand::Create(args)) => catalog::create(&args, out),
        Command::Audit(args) => audit::run(&args, out),
        Command::Manifest(command) => manifest::run(&command, out),
        Command::Mrinit(MrinitCommand::Show(args)) => mrinit::show(&args, out),
        Command::Mrinit(MrinitCommand::Set(args)) => mrinit::set(&args, out),
        Command::Envelopes(command) => envelopes::run(&command, out),
        Command::Messenger(command) => messenger::main(command, out),
        Command::Demo(args) => demo::run(&args, out),
        Command::Recover(args) => back::recover(&args, out),
        Command::Undo(args) => back::undo(&args, out),
        Command::History(args) => back::history(&args, out),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "configcid", &mut std::io::stdout());
            Exit::Done
        }
        Command::Man { all: Some(dir), .. } => written(clap_mangen::generate_to(Cli::command(), dir)),
        Command::Man { command, all: None } => man(&command),
    }
}

/// Prints the manual page of a command; of the program, where there is none.
fn man(words: &[String]) -> Exit {
    // A page is the same for each commit of a version.
    let mut page = Cli::command().long_version(clap::builder::Resettable::Reset);
    page.build();
    for word in words {
        let Some(command) = page.find_subcommand(word) else {
            eprintln!("error: there is no command {:?}; configcid --help lists them", words.join(" "));
            return Exit::Usage;
        };
        page = command.clone();
    }
    written(clap_mangen::Man::new(page).render(&mut std::io::stdout()))
}

fn written(result: std::io::Result<()>) -> Exit {
    match result {
        Ok(()) => Exit::Done,
        Err(error) => {
            eprintln!("error: cannot write the manual page: {error}");
            Exit::Failed
        }
    }
}
