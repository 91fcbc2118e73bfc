//! Lines that several of these commands print.

use std::path::Path;

use crate::cli::out::Out;
use crate::manifest::Form;
use crate::report::count;
use crate::signing::{self, FilesReport, RelativeTo, has_sha_extensions};

/// How a signature stands in a manifest.
pub(super) fn form_name(form: Form) -> &'static str {
    match form {
        Form::Inline => "inline",
        Form::Trailer => "trailer",
    }
}

/// What the files of a list are.
pub(super) fn print_files(report: &FilesReport, allow_missing: bool, out: Out) {
    let where_from = match report.relative_to {
        RelativeTo::OwnFolder => text!("the list's own folder"),
        RelativeTo::Root => text!("the root of the CID"),
        RelativeTo::Given => text!("as given"),
    };
    out.line(text!(
        "{good} good, {bytes} bytes, relative to {folder} ({where_from})",
        good = files(report.good),
        bytes = report.bytes,
        folder = shown(&report.folder),
        where_from
    ));
    out.detail(match has_sha_extensions() {
        true => text!("SHA-1 and SHA-256 were made with the processor's SHA extensions"),
        false => text!("SHA-1 and SHA-256 were made without SHA extensions, which this processor lacks"),
    });
    for fault in &report.faults {
        let line = format!("{}: {}", fault.path, fault.what);
        match allow_missing && fault.code == signing::FileFaultCode::Missing {
            true => out.line(line),
            false => out.fault(text!("fault: {line}", line)),
        }
    }
    let (unlisted, ours): (Vec<_>, Vec<_>) = report.extra.iter().partition(|extra| extra.role == "unlisted");
    unlisted.iter().for_each(|extra| out.line(text!("extra: {} is not listed", extra.path)));
    ours.iter().for_each(|extra| out.detail(text!("{} is not listed, as no {} file is", extra.path, extra.role)));
}

pub(super) fn files(number: usize) -> String {
    count(number, "file", "files")
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
