//! `configcid fleet init`.

use crate::Exit;
use crate::fleet::TEMPLATE;
use crate::report::write_or_check;
use clap::Args;
use serde::Serialize;

use super::flags::FileArg;
use crate::cli::out::Out;

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    #[command(flatten)]
    file: FileArg,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
    /// Say whether the file would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Serialize)]
struct Body {
    file: String,
    dry_run: bool,
}

pub(super) fn run(args: &InitArgs, out: Out) -> Exit {
    const COMMAND: &str = "fleet init";
    let file = &args.file.file;
    if let Err(error) = write_or_check(file, TEMPLATE.as_bytes(), args.force, args.dry_run) {
        return out.fail(COMMAND, &error);
    }
    let file = file.to_string_lossy().into_owned();
    out.good(match args.dry_run {
        true => text!("Would write {file}", file),
        false => text!("Wrote {file}; replace its names and addresses, then: configcid fleet check {file}", file),
    });
    out.answer(COMMAND, Exit::Done, Body { file, dry_run: args.dry_run });
    Exit::Done
}
