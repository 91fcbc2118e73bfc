//! `configcid fleet import`.

use std::path::{Path, PathBuf};

use crate::report::{ErrorReport, write_or_check};
use crate::{Error, Exit, Result, fleet};
use clap::Args;
use serde::Serialize;

use crate::cli::flags::path;
use crate::cli::out::Out;

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The CIDs
    #[arg(value_name = "CID", required = true, value_parser = path())]
    cids: Vec<PathBuf>,
    /// The fleet file to write
    #[arg(long, value_name = "FILE", default_value = "fleet.toml", value_parser = path())]
    out: PathBuf,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
    /// Show the text, and write nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Serialize)]
struct Body {
    file: String,
    dry_run: bool,
    /// The text that was written, or would be.
    text: String,
    warnings: Vec<String>,
    failed: Vec<Failed>,
}

#[derive(Serialize)]
struct Failed {
    cid: String,
    error: ErrorReport,
}

const COMMAND: &str = "fleet import";

pub(super) fn run(args: &ImportArgs, out: Out) -> Exit {
    match try_run(args, out) {
        Ok(exit) => exit,
        Err(error) => out.fail(COMMAND, &error),
    }
}

fn try_run(args: &ImportArgs, out: Out) -> Result<Exit> {
    // The paths of the file begin at its folder, those of the command line here.
    let is_here = args.out.parent().is_none_or(|folder| folder.as_os_str().is_empty());
    let as_written = |path: &PathBuf| match is_here {
        true => path.clone(),
        false => std::path::absolute(path).unwrap_or_else(|_| path.clone()),
    };
    let cids: Vec<PathBuf> = args.cids.iter().map(as_written).collect();
    let imported = fleet::import(&cids)?;
    imported.warnings.iter().for_each(|warning| out.warning(warning));
    imported.failed.iter().for_each(|(_, error)| out.error(error));
    let dry_run = args.dry_run;
    write_or_check(&args.out, imported.text.as_bytes(), args.force, dry_run)?;
    let file = args.out.to_string_lossy().into_owned();
    imported.text.lines().for_each(|line| if dry_run { out.line(line) } else { out.detail(line) });
    out.good(match dry_run {
        true => text!("Would write {file}", file),
        false => text!("Wrote {file}; look at it, then: configcid fleet check {file}", file),
    });
    let failed: Vec<Failed> = imported.failed.iter().map(|(path, error)| Failed::new(path, error)).collect();
    let exit = if failed.is_empty() { Exit::Done } else { Exit::Some };
    out.answer(COMMAND, exit, Body { file, dry_run, text: imported.text, warnings: imported.warnings, failed });
    Ok(exit)
}

impl Failed {
    fn new(path: &Path, error: &Error) -> Self {
        Self { cid: path.to_string_lossy().into_owned(), error: ErrorReport::new(error) }
    }
}
