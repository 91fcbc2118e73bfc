//! `configcid manifest spec verify|create|update`.

use std::path::{Path, PathBuf};

use crate::manifest::Spec;
use crate::report::{ErrorReport, Status, count};
use crate::signing::{self, FilesReport};
use crate::{ErrorKind, Exit, Plan, Result};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::lines::print_files;
use crate::cli::flags::{InFlightFlag, path};
use crate::cli::out::Out;

const VERIFY: &str = "manifest spec verify";
const CREATE: &str = "manifest spec create";
const UPDATE: &str = "manifest spec update";

#[derive(Debug, Subcommand)]
pub(crate) enum SpecCommand {
    /// Check all files of an MD5 list
    Verify(VerifyArgs),
    /// Make an MD5 list of a folder
    Create(CreateArgs),
    /// Set the line of one file from the file as it is; every other byte stays
    Update(UpdateArgs),
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The list
    #[arg(value_parser = path())]
    spec: PathBuf,
    /// Where the files are; by default in the list's own folder, or from the CID's root
    #[arg(long, value_name = "DIR", value_parser = path())]
    files: Option<PathBuf>,
    /// Let listed files be missing
    #[arg(long)]
    allow_missing: bool,
    #[command(flatten)]
    in_flight: InFlightFlag,
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// The folder
    #[arg(value_parser = path())]
    folder: PathBuf,
    /// Where to write it; by default manifest.spec in the folder
    #[arg(long, short, value_name = "FILE", value_parser = path())]
    output: Option<PathBuf>,
    #[command(flatten)]
    in_flight: InFlightFlag,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
    /// Show what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    /// The list
    #[arg(value_parser = path())]
    spec: PathBuf,
    /// The file, as the list has it: dir/file
    file: String,
    /// Where the files are; by default in the list's own folder, or from the CID's root
    #[arg(long, value_name = "DIR", value_parser = path())]
    files: Option<PathBuf>,
    /// Show what would change, and write nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(command: &SpecCommand, out: Out) -> Exit {
    let (name, done) = match command {
        SpecCommand::Verify(args) => (VERIFY, verify(args, out)),
        SpecCommand::Create(args) => (CREATE, create(args, out)),
        SpecCommand::Update(args) => (UPDATE, update(args, out)),
    };
    done.unwrap_or_else(|error| out.fail(name, &error))
}

fn verify(args: &VerifyArgs, out: Out) -> Result<Exit> {
    #[derive(Serialize)]
    struct Body {
        spec: String,
        verdict: &'static str,
        reason: Option<&'static str>,
        entries: Option<usize>,
        files: Option<FilesReport>,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<ErrorReport>,
    }
    let name = args.spec.to_string_lossy().into_owned();
    let mut body = Body { spec: name, verdict: "faulty", reason: None, entries: None, files: None, error: None };
    let spec = match Spec::open(&args.spec) {
        Ok(spec) => spec,
        Err(error) if error.kind() == ErrorKind::Io => return Err(error),
        Err(error) => {
            out.fault(text!("fault: {error}", error));
            (body.reason, body.error) = (Some("manifest-format"), Some(ErrorReport::new(&error)));
            out.answer(VERIFY, Exit::Faults, body);
            return Ok(Exit::Faults);
        }
    };
    args.in_flight.heed();
    let report = signing::check_spec_files(&spec, &args.spec, args.files.as_deref())?;
    print_files(&report, args.allow_missing, out);
    let exit = if report.has_faults(args.allow_missing) { Exit::Faults } else { Exit::Done };
    match exit {
        Exit::Done => {
            body.verdict = "whole";
            out.good("All listed files are there and undamaged; an MD5 list has no signature and proves no more");
        }
        _ => {
            body.reason = Some("files");
            out.fault(text!("{} not what the list says", count(report.faults.len(), "file is", "files are")));
        }
    }
    (body.entries, body.files) = (Some(spec.entries().len()), Some(report));
    out.answer(VERIFY, exit, body);
    Ok(exit)
}

fn create(args: &CreateArgs, out: Out) -> Result<Exit> {
    args.in_flight.heed();
    let file = args.output.clone().unwrap_or_else(|| args.folder.join("manifest.spec"));
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let spec = signing::make_spec(&args.folder, &name)?;
    let plan = Plan::write_file(&file, spec.bytes(), "MD5 list made", args.force)?;
    finish(CREATE, &file, &spec, &plan, args.dry_run, out)
}

fn update(args: &UpdateArgs, out: Out) -> Result<Exit> {
    let mut spec = Spec::open(&args.spec)?;
    signing::update_spec(&mut spec, &args.spec, &args.file, args.files.as_deref())?;
    let plan = Plan::write_file(&args.spec, spec.bytes(), "one line brought in line", true)?;
    finish(UPDATE, &args.spec, &spec, &plan, args.dry_run, out)
}

fn finish(command: &str, file: &Path, spec: &Spec, plan: &Plan, dry_run: bool, out: Out) -> Result<Exit> {
    #[derive(Serialize)]
    struct Body {
        dry_run: bool,
        status: Status,
        spec: String,
        entries: usize,
    }
    let status = match (plan.is_empty(), dry_run) {
        (true, _) => Status::Unchanged,
        (false, true) => Status::Planned,
        (false, false) => plan.apply().map(|_| Status::Changed)?,
    };
    let (shown, entries) = (file.to_string_lossy().into_owned(), spec.entries().len());
    let what = count(entries, "file", "files");
    match status {
        Status::Unchanged => out.good(text!("{shown} is so already: {what}", shown, what)),
        Status::Planned => {
            out.diffs(plan);
            out.good(text!("Dry run: {shown} would be written: {what}", shown, what));
        }
        _ => out.good(text!("Wrote {shown}: {what}", shown, what)),
    }
    out.answer(command, Exit::Done, Body { dry_run, status, spec: shown, entries });
    Ok(Exit::Done)
}
