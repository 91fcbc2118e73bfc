//! `configcid fleet init`.

use crate::Exit;
use crate::fleet::TEMPLATE;
use crate::report::write_file;
use clap::Args;
use serde::Serialize;

use super::flags::FileArg;
use crate::cli::out::Out;

#[derive(Debug, Args)]
pub struct InitArgs {
    #[command(flatten)]
    file: FileArg,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
}

#[derive(Serialize)]
pub struct Body {
    pub file: String,
}

pub fn run(args: &InitArgs, out: Out) -> Exit {
    const COMMAND: &str = "fleet init";
    let file = &args.file.file;
    if let Err(error) = write_file(file, TEMPLATE.as_bytes(), args.force) {
        return out.fail(COMMAND, &error);
    }
    let file = file.to_string_lossy().into_owned();
    out.good(format!("Wrote {file}; replace its names and addresses, then: configcid fleet check {file}"));
    out.answer(COMMAND, Exit::Done, Body { file });
    Exit::Done
}
