//! `configcid man` and `configcid completions`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::base::language::said;
use crate::{Error, Exit, Result};
use clap::builder::Resettable;
use clap::{Args, Command};
use clap_mangen::Man;

use super::flags::path;
use super::out::Out;

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// The command whose page it is, such as: relay set; or findings
    command: Vec<String>,
    /// Write the pages of all commands to this folder; it is made where it is not there
    #[arg(long, value_name = "DIR", conflicts_with = "command", value_parser = path())]
    all: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: clap_complete::Shell,
}

pub(super) fn completions(args: &CompletionsArgs, program: Command, out: Out) -> Exit {
    let mut program = super::language::translated(program);
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, "configcid", &mut script);
    out.document(&String::from_utf8_lossy(&script));
    Exit::Done
}

pub(super) fn man(args: &ManArgs, program: Command, out: Out) -> Exit {
    // A page is the same for each commit of a version, and says the exit codes in a section of its own.
    let mut program =
        program.long_version(Resettable::Reset).after_help(Resettable::Reset).disable_help_subcommand(true);
    program.build();
    let program = super::language::translated(program);
    let done = match &args.all {
        Some(dir) => {
            all(&program, dir).and_then(|()| write(&dir.join("configcid-findings.7"), &crate::explain::manual()))
        }
        None if args.command == ["findings"] => {
            out.document(&crate::explain::manual());
            Ok(())
        }
        None => one(&program, &args.command).map(|page| out.document(&page)),
    };
    done.map_or_else(|error| out.fail("man", &error), |()| Exit::Done)
}

/// The manual page of a command; of the program, where none is named.
fn one(program: &Command, words: &[String]) -> Result<String> {
    let mut command = program;
    for word in words {
        command = command.find_subcommand(word).ok_or_else(|| {
            Error::usage(text!("there is no command {}", format!("{:?}", words.join(" "))))
                .next("configcid --help lists them")
        })?;
    }
    Ok(page(command))
}

/// Writes the page of this command, and of all below it.
fn all(command: &Command, dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).map_err(|error| Error::io("make it", dir, error))?;
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let file = dir.join(format!("{name}.1"));
    write(&file, &page(command))?;
    command.get_subcommands().try_for_each(|command| all(command, dir))
}

fn write(file: &Path, page: &str) -> Result<()> {
    fs::write(file, page).map_err(|error| Error::io("write it", file, error))
}

fn page(command: &Command) -> String {
    // What values there are stands in the page, and not only where the help has room for it.
    let command = command.clone().mut_args(|arg| arg.hide_possible_values(false)).after_help(Resettable::Reset);
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let words = name.trim_start_matches("configcid").trim_start_matches('-').replace('-', " ");
    let mut page = Vec::new();
    let rendered = Man::new(command)
        .render(&mut page)
        .and_then(|()| examples(&words, &mut page))
        .and_then(|()| exit_status(&mut page));
    rendered.expect("memory takes all that is written");
    String::from_utf8_lossy(&page).into_owned()
}

/// What stands at the end of the help, too.
fn examples(words: &str, page: &mut impl io::Write) -> io::Result<()> {
    let examples = super::examples::of(words);
    if !examples.is_empty() {
        writeln!(page, "{}", text!(".SH EXAMPLES\nThey run in a folder where \\fBconfigcid demo demo\\fR was run."))?;
    }
    let plain = |text: &str| text.replace('\\', "\\e").replace('-', "\\-");
    examples
        .iter()
        .try_for_each(|(line, what)| writeln!(page, ".TP\n\\fBconfigcid {}\\fR\n{}", plain(line), plain(said(what))))
}

fn exit_status(page: &mut impl io::Write) -> io::Result<()> {
    writeln!(page, "{}", text!(".SH \"EXIT STATUS\""))?;
    Exit::MEANINGS
        .iter()
        .try_for_each(|(exit, meaning)| writeln!(page, ".TP\n\\fB{}\\fR\n{}", *exit as u8, said(meaning)))
}
