//! Where pictures and papers go: to standard output, or to a file.

use std::path::{Path, PathBuf};

use crate::report::{Status, check_place, write_unless_same};
use crate::{Exit, Result};
use clap::Args;
use serde::Serialize;

use super::flags::path;
use super::out::Out;

/// Where to.
#[derive(Debug, Args)]
pub(super) struct PaperFlags {
    /// Write it to this file instead of standard output
    #[arg(short, long, value_name = "FILE", value_parser = path())]
    pub out: Option<PathBuf>,
    /// Replace the file of --out where there is one
    #[arg(long, requires = "out")]
    force: bool,
    /// Say whether the file of --out would be written, and write nothing
    #[arg(long, requires = "out")]
    dry_run: bool,
}

/// What became of it, as JSON: `text` where no file was asked for.
#[derive(Serialize)]
struct Paper<T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    dry_run: bool,
    #[serde(flatten)]
    about: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    out: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

impl PaperFlags {
    /// Delivers a paper, which is on the fleet of `file`, if it is on one. A file that holds it already is left alone.
    pub(super) fn deliver<T: Serialize>(
        &self,
        command: &str,
        file: Option<&Path>,
        text: String,
        about: T,
        out: Out,
    ) -> Result<Exit> {
        let (file, dry_run) = (file.map(|file| file.to_string_lossy().into_owned()), self.dry_run);
        let Some(target) = &self.out else {
            if !out.json {
                out.document(&text);
            }
            out.answer(command, Exit::Done, Paper { file, dry_run, about, status: None, out: None, text: Some(text) });
            return Ok(Exit::Done);
        };
        check_place(target)?;
        let changed = write_unless_same(target, text.as_bytes(), self.force, self.dry_run)?;
        let name = target.to_string_lossy().into_owned();
        let status = match (changed, self.dry_run) {
            (false, _) => Status::Unchanged,
            (true, true) => Status::Planned,
            (true, false) => Status::Changed,
        };
        match status {
            Status::Unchanged => out.good(text!("{name} holds it already", name)),
            Status::Planned => out.line(text!("Would write {name}", name)),
            _ => out.good(text!("Wrote {name}", name)),
        }
        out.answer(
            command,
            Exit::Done,
            Paper { file, dry_run, about, status: Some(status), out: Some(name), text: None },
        );
        Ok(Exit::Done)
    }
}
