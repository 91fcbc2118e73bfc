//! Which language a run speaks, and the command line's own words in it: help, usage, and what is wrong with arguments.

use std::error::Error as _;
use std::ffi::OsString;
use std::fmt::Write;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};

use crate::base::language::{is_english, said, said_whole, speak_german};
use crate::messenger::user_language;

/// Names the language where no option does.
const VARIABLE: &str = "CONFIGCID_LANG";

/// Sets the language of the run. What programs read is English: they know words by it.
pub(super) fn choose(words: &[OsString]) {
    let before_end = || words.iter().skip(1).take_while(|word| *word != "--");
    if before_end().any(|word| ["--json", "--nagios", "--csv"].iter().any(|of_programs| word == of_programs)) {
        return;
    }
    let wanted = asked(before_end()).or_else(|| std::env::var(VARIABLE).ok().filter(|value| !value.is_empty()));
    let system = || user_language().map(|language| language.to_string());
    if wanted.or_else(system).is_some_and(|tag| is_german(&tag)) {
        speak_german();
    }
}

/// The language that `--lang` names. The messenger has an option of the same name, for its messages.
fn asked<'a>(words: impl Iterator<Item = &'a OsString>) -> Option<String> {
    let mut words = words.take_while(|word| *word != "messenger");
    while let Some(word) = words.next() {
        let word = word.to_string_lossy();
        if word == "--lang" {
            return words.next().map(|tag| tag.to_string_lossy().into_owned());
        }
        if let Some(tag) = word.strip_prefix("--lang=") {
            return Some(tag.to_owned());
        }
    }
    None
}

/// Whether a tag or locale (`de`, `de-AT`, `de_CH.UTF-8`) is German.
fn is_german(tag: &str) -> bool {
    tag.split(['-', '_', '.', '@']).next().is_some_and(|language| language.eq_ignore_ascii_case("de"))
}

/// The program with its help in the language of the run. In English it is as it was.
pub(super) fn translated(program: Command) -> Command {
    if is_english() { program } else { in_words(program) }
}

fn in_words(command: Command) -> Command {
    let of = |text: Option<&StyledStr>| text.map(|text| said_whole(text.to_string()));
    let (about, long, after) = (of(command.get_about()), of(command.get_long_about()), of(command.get_after_help()));
    let mut command = command.mut_args(argument).mut_subcommands(in_words);
    if let Some(text) = about {
        command = command.about(text);
    }
    if let Some(text) = long {
        command = command.long_about(text);
    }
    if let Some(text) = after {
        command = command.after_help(text);
    }
    let form = template(&command);
    command.help_template(form)
}

/// The form of a command's help: clap has the words of its own in no other place.
fn template(command: &Command) -> String {
    let heading = |text: &str| format!("\u{1b}[1m\u{1b}[4m{text}\u{1b}[0m");
    let mut form = format!("{{before-help}}{{about-with-newline}}\n{} {{usage}}", heading(said("Usage:")));
    let shown = |is_positional: bool| {
        command.get_arguments().any(|arg| arg.is_positional() == is_positional && !arg.is_hide_set())
    };
    let parts = [
        (command.get_subcommands().any(|command| !command.is_hide_set()), "Commands:", "{subcommands}"),
        (shown(true), "Arguments:", "{positionals}"),
        (shown(false), "Options:", "{options}"),
    ];
    for (_, words, what) in parts.iter().filter(|part| part.0) {
        let _ = write!(form, "\n\n{}\n{what}", heading(said(words)));
    }
    form + "{after-help}"
}

fn argument(arg: Arg) -> Arg {
    let mut more = String::new();
    let defaults: Vec<String> =
        arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    let takes_values = arg.get_action().takes_values();
    let has_default = takes_values && !defaults.is_empty() && !arg.is_hide_default_value_set();
    if has_default {
        more += &format!(" [{}: {}]", said("default"), defaults.join(" "));
    }
    let values: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| value.get_name().to_owned())
        .collect();
    let has_values = takes_values && !values.is_empty() && !arg.is_hide_possible_values_set();
    if has_values {
        more += &format!(" [{}: {}]", said("possible values"), values.join(", "));
    }
    let of = |text: Option<&StyledStr>| text.map(|text| said_whole(text.to_string()) + &more);
    let (help, long) = (of(arg.get_help()), of(arg.get_long_help()));
    let mut arg = arg.hide_default_value(true).hide_possible_values(true);
    if let Some(text) = help {
        arg = arg.help(text);
    }
    if let Some(text) = long {
        arg = arg.long_help(text);
    }
    arg
}

/// What clap says of words that it does not understand, in the language of the run; nothing where that is English.
pub(super) fn refusal(error: &clap::Error) -> Option<String> {
    if is_english() || !error.use_stderr() {
        return None;
    }
    let one = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        Some(ContextValue::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let arg = one(ContextKind::InvalidArg);
    let value = one(ContextKind::InvalidValue).filter(|value| !value.is_empty());
    let what = match (error.kind(), arg, value) {
        (ErrorKind::UnknownArgument, Some(arg), _) => text!("the argument {arg} is unexpected", arg),
        (ErrorKind::InvalidSubcommand, ..) => {
            let name = one(ContextKind::InvalidSubcommand).unwrap_or_default();
            text!("there is no command {name}", name)
        }
        (ErrorKind::MissingRequiredArgument, Some(arg), _) => text!("these arguments are missing: {arg}", arg),
        (ErrorKind::MissingSubcommand, ..) => text!("a command is missing").to_owned(),
        (ErrorKind::InvalidValue, Some(arg), None) => text!("{arg} needs a value", arg),
        (ErrorKind::InvalidValue, Some(arg), Some(value)) => {
            text!("{arg} has no such value: {value}", arg, value)
        }
        (ErrorKind::ValueValidation, Some(arg), Some(value)) => {
            let why = error.source().map(|source| said_whole(source.to_string())).unwrap_or_default();
            text!("{value} is no value for {arg}: {why}", value, arg, why)
        }
        (ErrorKind::ArgumentConflict, Some(arg), _) => match one(ContextKind::PriorArg) {
            Some(other) if other != arg => text!("{arg} cannot be used together with {other}", arg, other),
            _ => text!("{arg} can be given once only", arg),
        },
        (ErrorKind::TooManyValues, Some(arg), Some(value)) => {
            text!("{arg} takes no further value: {value}", arg, value)
        }
        (ErrorKind::NoEquals, Some(arg), _) => text!("the value of {arg} stands behind an equals sign", arg),
        _ => {
            let text = error.to_string();
            let first = text.split("\n\n").next().unwrap_or(&text);
            first.strip_prefix("error: ").unwrap_or(first).to_owned()
        }
    };
    let mut out = what;
    if let Some(values) = one(ContextKind::ValidValue).filter(|values| !values.is_empty()) {
        let _ = write!(out, "\n  [{}: {values}]", said("possible values"));
    }
    let suggested = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    if let Some(meant) = suggested.into_iter().find_map(one) {
        let _ = write!(out, "\n\n  {}", text!("did you mean {meant}?", meant));
    }
    if let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) {
        let usage = usage.to_string();
        let _ = write!(out, "\n\n{} {}", said("Usage:"), usage.trim_start_matches("Usage:").trim());
    }
    let _ = write!(out, "\n\n{}", said("--help shows the arguments"));
    Some(out)
}

/// What `--lang` takes.
pub(super) fn tag(tag: &str) -> Result<String, String> {
    match ["en", "de"].iter().find(|known| known.eq_ignore_ascii_case(tag)) {
        Some(known) => Ok((*known).to_owned()),
        None => Err(text!("write en or de").to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use clap::CommandFactory;

    use super::*;

    fn help_of(command: &Command, found: &mut BTreeSet<String>) {
        let of_command = [command.get_about(), command.get_long_about()];
        let of_arguments = command.get_arguments().flat_map(|arg| [arg.get_help(), arg.get_long_help()]);
        found.extend(of_command.into_iter().chain(of_arguments).flatten().map(ToString::to_string));
        command.get_subcommands().for_each(|command| help_of(command, found));
    }

    #[test]
    fn all_help_is_there_in_german_and_nothing_else() {
        let mut program = crate::cli::commands::Cli::command();
        program.build();
        let mut english = BTreeSet::new();
        help_of(&program, &mut english);
        let german: BTreeMap<String, String> = toml::from_str(include_str!("../../templates/de/help.toml")).unwrap();
        let superfluous: Vec<_> = german.keys().filter(|key| !english.contains(*key)).collect();
        assert!(superfluous.is_empty(), "no command has this help: {superfluous:#?}");
        let missing: Vec<_> = english.iter().filter(|text| !german.contains_key(*text)).collect();
        assert!(missing.is_empty(), "not in templates/de/help.toml: {missing:#?}");
    }

    #[test]
    fn a_language_is_asked_for_before_the_messenger() {
        let asked = |line: &str| {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            super::asked(words.iter())
        };
        assert_eq!(asked("configcid audit x --lang de").as_deref(), Some("de"));
        assert_eq!(asked("configcid --lang=en audit x").as_deref(), Some("en"));
        assert_eq!(asked("configcid messenger check x --lang de"), None);
        assert_eq!(asked("configcid --lang de messenger check x --lang en").as_deref(), Some("de"));
    }

    #[test]
    fn german_has_many_tags() {
        assert!(["de", "DE-at", "de_CH.UTF-8", "de@euro"].into_iter().all(is_german));
        assert!(!["", "den", "en_DE", "C", "POSIX"].into_iter().any(is_german));
    }
}
