//! The command line: a thin shell over the library, one file a command.
//!
//! Arrows go one way: `commands` lists the commands, each command owns its arguments, and what several of them need
//! stands in files that know no command (`flags`, `look`, `out`, `slips`, `work`).

mod audit;
mod back;
mod catalog;
mod client;
mod clone;
mod commands;
mod demo;
mod endpoints;
mod envelopes;
mod examples;
mod explain;
mod flags;
mod fleet;
mod language;
mod look;
mod man;
mod manifest;
mod messenger;
mod mrinit;
mod out;
mod paper;
#[cfg(test)]
mod power_shell;
mod refresh;
mod relay;
mod setup;
mod signals;
mod slips;
mod sync;
mod trust;
mod web;
mod work;

use std::ffi::OsString;
use std::mem::ManuallyDrop;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, Command, CommandFactory, FromArgMatches};

use crate::{Error, Exit};

use commands::Cli;
use out::{Color, Out};

/// Runs the program.
pub fn main() -> ExitCode {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    crate::base::heap::give_large_blocks_back();
    let words: Vec<OsString> = std::env::args_os().collect();
    language::choose(&words);
    let mut program = examples::with_examples(with_args_of(Cli::command(), &words));
    program.build();
    // All of it is the system's again when the program ends: to take it apart before was a fourth of the work of a short run.
    let mut program = ManuallyDrop::new(language::translated(program));
    let exit = match parse(&mut program, &words) {
        Ok(cli) => {
            signals::listen();
            cli.run()
        }
        Err(exit) => exit,
    };
    out::end(exit).into()
}

/// The program, with the arguments and commands of those commands alone that are among the words: of the others it has the names.
/// Most of what a short run works is otherwise for commands that nobody named.
fn with_args_of(command: Command, words: &[OsString]) -> Command {
    let mut orders = 0..;
    command.mut_subcommands(|command| {
        // The one that it has got.
        let order = orders.next().unwrap_or_default();
        match words.iter().any(|word| word == command.get_name()) {
            true => with_args_of(command, words),
            false => without_args(&ManuallyDrop::new(command)).display_order(order),
        }
    })
}

fn without_args(command: &Command) -> Command {
    let about = command.get_about().cloned().unwrap_or_default();
    Command::new(command.get_name().to_owned()).about(about).hide(command.is_hide_set())
}

/// What the words ask for, or how the run ends where they ask for nothing that can be done.
fn parse(program: &mut Command, words: &[OsString]) -> Result<Cli, Exit> {
    let (name, command) = slips::command_of(program, words);
    if let Some(error) = slips::of_options(command, words) {
        return Err(refuse(&name, &error, words));
    }
    let parsed = program.try_get_matches_from_mut(words).and_then(|matches| {
        refuse_misplaced(program, &matches)?;
        Cli::from_arg_matches(&matches)
    });
    let cli = parsed.map_err(|error| refused(&name, &error, words))?;
    match cli.first_of_no_command().and_then(slips::of_command) {
        Some(error) => Err(refuse(&name, &error, words)),
        None => Ok(cli),
    }
}

/// Tells of words that clap does not understand, or prints what they ask it for.
fn refused(command: &str, error: &clap::Error, words: &[OsString]) -> Exit {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        out::printed(error.print());
        return Exit::Done;
    }
    match language::refusal(error) {
        Some(text) => plain(words).failure(&text),
        None => _ = error.print(),
    }
    answer_usage(command, &in_parts(error), words)
}

/// Tells of words that configcid does not understand.
fn refuse(command: &str, error: &Error, words: &[OsString]) -> Exit {
    plain(words).error(error);
    answer_usage(command, error, words)
}

/// Answers programs as they asked to be answered: the arguments that say so were perhaps understood by nobody.
fn answer_usage(command: &str, error: &Error, words: &[OsString]) -> Exit {
    if asks(words, "--nagios") {
        return envelopes::nagios_usage();
    }
    plain(words).answer_error(command, error);
    Exit::Usage
}

fn plain(words: &[OsString]) -> Out {
    Out { json: asks(words, "--json"), quiet: false, verbose: false, color: Color::Auto }
}

fn asks(words: &[OsString], option: &str) -> bool {
    words.iter().skip(1).take_while(|word| *word != "--").any(|word| word == option)
}

/// What clap says, in parts: the first paragraph is what is wrong, suggestions are what to do.
fn in_parts(error: &clap::Error) -> Error {
    let text = error.to_string();
    let what = text.split("\n\n").next().unwrap_or(&text);
    let what = what.strip_prefix("error: ").unwrap_or(what);
    let what = what.split_whitespace().collect::<Vec<_>>().join(" ");
    let suggested = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    let meant = suggested.into_iter().find_map(|kind| match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => texts.first().cloned(),
        _ => None,
    });
    let error = Error::usage(what);
    match meant {
        Some(meant) => error.next(text!("did you mean {meant}?", meant)),
        None => error.next("--help shows the arguments"),
    }
}

/// Refuses what is meant for a refresh where another command follows: `--dry-run` before `relay set` would be read and
/// not heeded.
fn refuse_misplaced(program: &Command, matches: &ArgMatches) -> Result<(), clap::Error> {
    if matches.subcommand().is_none() {
        return Ok(());
    }
    let misplaced = program.get_arguments().find(|arg| {
        let given = || matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
        !arg.is_global_set() && given()
    });
    let Some(what) =
        misplaced.map(|arg| arg.get_long().map_or_else(|| text!("a CID").to_owned(), |name| format!("--{name}")))
    else {
        return Ok(());
    };
    Err(program.clone().error(
        ErrorKind::ArgumentConflict,
        text!("{what} stands before a command; put it behind, or write ./NAME for a CID of a command's name", what),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every argument that is a path, with the command that has it.
    fn paths(command: &Command, name: &str, found: &mut Vec<(String, clap::Arg)>) {
        let path = std::any::TypeId::of::<std::path::PathBuf>();
        let args = command.get_arguments().filter(|arg| arg.get_value_parser().type_id() == path);
        found.extend(args.map(|arg| (name.to_owned(), arg.clone())));
        for command in command.get_subcommands() {
            paths(command, &format!("{name} {}", command.get_name()), found);
        }
    }

    #[test]
    fn only_named_commands_have_arguments_and_those_have_all() {
        fn arguments(command: &Command) -> Vec<&str> {
            command.get_arguments().map(|arg| arg.get_id().as_str()).collect()
        }
        fn look(whole: &Command, words: &mut Vec<OsString>) {
            let program = with_args_of(Cli::command(), words);
            let named = words.iter().try_fold(&program, |command, word| command.find_subcommand(word)).unwrap();
            assert_eq!(arguments(named), arguments(whole), "{words:?}");
            for (own, there) in whole.get_subcommands().zip(named.get_subcommands()) {
                assert_eq!(own.get_name(), there.get_name());
                assert_eq!(own.get_about().map(ToString::to_string), there.get_about().map(ToString::to_string));
                assert_eq!(arguments(there), [""; 0], "{words:?} {}", there.get_name());
                words.push(own.get_name().into());
                look(own, words);
                words.pop();
            }
        }
        look(&Cli::command(), &mut Vec::new());
    }

    #[test]
    fn every_path_goes_through_the_same_reader() {
        let mut found = Vec::new();
        paths(&Cli::command(), "configcid", &mut found);
        assert!(found.len() > 60, "{}", found.len());
        for (name, arg) in found {
            let id = arg.get_id().as_str().to_owned();
            let option = arg.get_long().map(|long| format!("--{long}"));
            let alone = Command::new("alone")
                .arg(clap::Arg::new("x").num_args(1..).value_parser(arg.get_value_parser().clone()));
            let ended = alone.try_get_matches_from(["alone", "\u{2013}dry-run"]);
            assert!(ended.is_err(), "{name}: {id} {option:?} is not read by flags::path");
        }
    }
}
