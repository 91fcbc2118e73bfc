//! Slips on the command line: words that can hardly be meant as they stand, and what was meant in their place. What is
//! taken for the path of a CID is written to, so that a slip is refused before anything is opened.

use std::ffi::OsString;
use std::path::Path;

use crate::Error;
use crate::base::near::{all_nearest, nearest};
use clap::{Arg, Command, CommandFactory};

use super::commands::Cli;
use super::flags::begins_with_foreign_dash;

/// How deep the commands lie.
const DEPTH: usize = 3;

/// The command that the words name, as far as they name one: its name, and the command.
pub(super) fn command_of<'a>(program: &'a Command, words: &[OsString]) -> (String, &'a Command) {
    let (mut command, mut names) = (program, Vec::new());
    let mut words = words.iter().skip(1);
    while let Some(word) = words.next() {
        let word = word.to_string_lossy();
        if word == "--" {
            break;
        }
        if word.starts_with('-') {
            let option = options(command).find(|option| is_written(option, &word));
            if option.is_some_and(|option| option.get_action().takes_values()) {
                words.next();
            }
        } else if let Some(next) = command.find_subcommand(&*word) {
            names.push(next.get_name());
            command = next;
        } else {
            break;
        }
    }
    match names.is_empty() {
        true => (program.get_name().to_owned(), command),
        false => (names.join(" "), command),
    }
}

fn options(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|arg| !arg.is_positional())
}

/// Whether this option stands there, its value not in the same word.
fn is_written(option: &Arg, word: &str) -> bool {
    let long = word.strip_prefix("--").is_some_and(|name| option.get_long() == Some(name));
    let short = word.strip_prefix('-').is_some_and(|name| {
        let mut letters = name.chars();
        letters.next().is_some_and(|letter| option.get_short() == Some(letter)) && letters.next().is_none()
    });
    long || short
}

/// The first word that is an option of this command with a dash of a word processor, or as options are written for
/// other programs of Windows.
pub(super) fn of_options(command: &Command, words: &[OsString]) -> Option<Error> {
    let words = words.iter().skip(1).take_while(|word| *word != "--");
    words.filter_map(|word| word.to_str()).find_map(|word| foreign_dash(command, word).or_else(|| slash(command, word)))
}

/// `–dry-run`, `—ip=10.1.2.3`: what text programs make of `--`.
fn foreign_dash(command: &Command, word: &str) -> Option<Error> {
    if !begins_with_foreign_dash(word) {
        return None;
    }
    let name = word.trim_start_matches(|c: char| !c.is_alphanumeric());
    let name = name.split('=').next().unwrap_or(name);
    let option = option_near(command, name)?;
    Some(slip(text!("{word} begins with the dash of a word processor", word = format!("{word:?}")), &option))
}

/// `/dry-run`, `/ip:10.1.2.3`, `/?`.
fn slash(command: &Command, word: &str) -> Option<Error> {
    let name = word.strip_prefix('/')?;
    if name.contains(['/', '\\']) {
        return None;
    }
    let name = name.split(['=', ':']).next().unwrap_or(name);
    let is_option = |option: &Arg| option.get_long().is_some_and(|long| long.eq_ignore_ascii_case(name));
    let option = match name {
        "?" | "h" | "H" => "--help".to_owned(),
        _ if options(command).any(is_option) => format!("--{}", name.to_lowercase()),
        // Where nothing has this name, it is no CID either.
        _ if !name.is_empty() && Path::new(word).symlink_metadata().is_err() => option_near(command, name)?,
        _ => return None,
    };
    Some(slip(text!("{word} is no path, and no option as configcid has them", word = format!("{word:?}")), &option))
}

fn slip(what: String, option: &str) -> Error {
    Error::usage(what).next(text!("write {option}", option))
}

fn option_near(command: &Command, name: &str) -> Option<String> {
    nearest(name, options(command).filter_map(Arg::get_long)).map(|long| format!("--{long}"))
}

/// For the first of the words that would be CIDs: whether it is rather a command that was misspelled, since nothing has
/// its name, and it looks like no path.
pub(super) fn of_command(word: &Path) -> Option<Error> {
    let text = word.to_str()?;
    // What can be no name on Windows, such as that of a device, is told as such by those who open it.
    let is_path = text.contains(['/', '\\', ':', '.'])
        || word.symlink_metadata().is_ok()
        || crate::base::files::check_spelling(word).is_err();
    if is_path {
        return None;
    }
    let mut names = Vec::new();
    // All of them: the program of a run has those alone that are among its words.
    collect(&Cli::command(), "", DEPTH, &mut names);
    // `verify` is a command of another, `relays` is one itself.
    let last = |name: &str| name.rsplit(' ').next().map(str::to_owned);
    let leaves: Vec<String> = names.iter().filter_map(|name| last(name)).collect();
    let near = all_nearest(text, leaves.iter().map(String::as_str));
    let meant: Vec<String> = names
        .iter()
        .zip(&leaves)
        .filter(|(_, leaf)| near.contains(&leaf.as_str()))
        .map(|(name, _)| format!("configcid {name}"))
        .collect();
    let error =
        Error::usage(text!("there is no command {text}, and nothing here has this name", text = format!("{text:?}")));
    Some(match meant.is_empty() {
        true => error.next("configcid --help lists the commands; nothing was touched"),
        false => error.next(text!("did you mean {}? Nothing was touched", meant.join(" or "))),
    })
}

/// The names of all commands below this one.
fn collect(command: &Command, above: &str, depth: usize, names: &mut Vec<String>) {
    for command in command.get_subcommands().filter(|command| command.get_name() != "help" && depth > 0) {
        let name = format!("{above}{}", command.get_name());
        collect(command, &format!("{name} "), depth - 1, names);
        names.push(name);
    }
}
