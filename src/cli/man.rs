//! `configcid man` and `configcid completions`.

use std::path::PathBuf;

use crate::Exit;
use clap::{Args, Command};

#[derive(Debug, Args)]
pub struct ManArgs {
    /// The command whose page it is, such as: relay set
    command: Vec<String>,
    /// Write the pages of all commands to this folder
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    all: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    shell: clap_complete::Shell,
}

pub fn completions(args: &CompletionsArgs, mut program: Command) -> Exit {
    clap_complete::generate(args.shell, &mut program, "configcid", &mut std::io::stdout());
    Exit::Done
}

pub fn man(args: &ManArgs, program: Command) -> Exit {
    match &args.all {
        Some(dir) => written(clap_mangen::generate_to(program, dir)),
        None => one(&args.command, program),
    }
}

/// Prints the manual page of a command; of the program, where there is none.
fn one(words: &[String], program: Command) -> Exit {
    // A page is the same for each commit of a version.
    let mut page = program.long_version(clap::builder::Resettable::Reset);
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
