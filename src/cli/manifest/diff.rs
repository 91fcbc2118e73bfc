//! `configcid manifest diff`.

use std::path::PathBuf;

use crate::manifest::{Manifest, diff};
use crate::{Exit, Result};
use clap::Args;
use serde::Serialize;

use crate::cli::flags::path;
use crate::cli::out::Out;

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The manifest before
    #[arg(value_parser = path())]
    before: PathBuf,
    /// The manifest after
    #[arg(value_parser = path())]
    after: PathBuf,
    /// Exit with 3 where they differ
    #[arg(long)]
    exit_code: bool,
}

pub(super) fn compare(args: &DiffArgs, out: Out) -> Result<Exit> {
    #[derive(Serialize)]
    struct Body {
        before: String,
        after: String,
        #[serde(flatten)]
        diff: crate::manifest::ManifestDiff,
    }
    let diff = diff(&Manifest::open(&args.before)?, &Manifest::open(&args.after)?);
    diff.removed.iter().for_each(|path| out.change(&format!("- {path}")));
    diff.added.iter().for_each(|path| out.change(&format!("+ {path}")));
    for changed in &diff.changed {
        let sizes = match changed.size_before == changed.size_after {
            true => text!("{} bytes", changed.size_after),
            false => text!("{} bytes, before {}", changed.size_after, changed.size_before),
        };
        out.line(text!(
            "! {changed}  ({sizes}; {join} differ)",
            changed = changed.path,
            sizes,
            join = changed.differs.join(", ")
        ));
    }
    match diff.is_empty() {
        true => out.good("Both say the same of the same files"),
        false => out.line(text!(
            "{} added, {} removed, {} changed",
            diff.added.len(),
            diff.removed.len(),
            diff.changed.len()
        )),
    }
    let exit = if args.exit_code && !diff.is_empty() { Exit::Faults } else { Exit::Done };
    let [before, after] = [&args.before, &args.after].map(|path| path.to_string_lossy().into_owned());
    out.answer("manifest diff", exit, Body { before, after, diff });
    Ok(exit)
}
