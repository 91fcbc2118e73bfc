//! `configcid messenger build`, `install` and `uninstall`.

use std::path::{Path, PathBuf};

use crate::messenger::{
    Config, InstallReport, LintFinding, PackageSpec, Words, build as make, fill, install as put, uninstall as take,
    write_package,
};
use crate::report::Status;
use crate::{Error, Exit, Result};
use clap::Args;
use serde::Serialize;

use super::flags::{At, Lang};
use super::shared::end;
use crate::cli::flags::path;
use crate::cli::out::Out;

#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    /// What the package is made of, a TOML file
    #[arg(value_parser = path())]
    spec: PathBuf,
    /// The folder to make
    #[arg(long, value_name = "DIR", value_parser = path())]
    out: PathBuf,
    /// Replace a package that is there
    #[arg(long)]
    force: bool,
    /// Show what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    language: Lang,
}

#[derive(Debug, Args)]
pub(crate) struct InstallArgs {
    /// The folder of the package; by default the one that this program lies in
    #[arg(value_parser = path())]
    package: Option<PathBuf>,
    /// Put it below this folder, which stands for %ProgramFiles(x86)%, and leave the registry alone
    #[arg(long, value_name = "DIR", value_parser = path())]
    root: Option<PathBuf>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    language: Lang,
}

#[derive(Debug, Args)]
pub(crate) struct UninstallArgs {
    /// Remove it from below this folder, which stands for %ProgramFiles(x86)%, and leave the registry alone
    #[arg(long, value_name = "DIR", value_parser = path())]
    root: Option<PathBuf>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    language: Lang,
}

fn status(changed: bool, dry_run: bool) -> Status {
    match (changed, dry_run) {
        (false, _) => Status::Unchanged,
        (true, true) => Status::Planned,
        (true, false) => Status::Changed,
    }
}

pub(super) fn build(args: &BuildArgs, out: Out) -> Exit {
    end("messenger build", build_package(args, out), out)
}

fn build_package(args: &BuildArgs, out: Out) -> Result<Exit> {
    #[derive(Serialize)]
    struct Built<'a> {
        name: &'a str,
        size: usize,
    }
    #[derive(Serialize)]
    struct Body<'a> {
        dry_run: bool,
        status: Status,
        folder: &'a Path,
        files: Vec<Built<'a>>,
        findings: &'a [LintFinding],
    }
    let words = args.language.words()?;
    let package = make(&PackageSpec::read(&args.spec)?, args.at.moment()?)?;
    let changed = write_package(&args.out, &package.files, args.force, args.dry_run)?;
    for finding in &package.findings {
        out.warning(&finding.say(words));
    }
    let (status, folder) = (status(changed, args.dry_run), args.out.to_string_lossy());
    let number = package.files.len().to_string();
    match status {
        Status::Unchanged => out.good(fill(words.built_already, &[&folder])),
        Status::Planned => out.line(fill(words.would_build, &[&number, &folder])),
        _ => out.good(fill(words.built, &[&number, &folder])),
    }
    let files = package.files.iter().map(|(name, bytes)| Built { name, size: bytes.len() }).collect();
    let body = Body { dry_run: args.dry_run, status, folder: &args.out, files, findings: &package.findings };
    out.answer("messenger build", Exit::Done, body);
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Body {
    dry_run: bool,
    status: Status,
    #[serde(flatten)]
    installed: InstallReport,
}

pub(super) fn install(args: &InstallArgs, out: Out) -> Exit {
    end("messenger install", install_package(args, out), out)
}

fn install_package(args: &InstallArgs, out: Out) -> Result<Exit> {
    let words = args.language.words()?;
    let package = args.package.clone().map_or_else(own_package, Ok)?;
    let installed = put(&package, args.root.as_deref(), args.dry_run)?;
    let (status, folder) = (status(installed.changed, args.dry_run), installed.folder.to_string_lossy());
    match status {
        Status::Unchanged => out.good(fill(words.installed_already, &[&folder])),
        Status::Planned => out.line(fill(words.would_install, &[&folder])),
        _ => out.good(fill(words.installed, &[&folder])),
    }
    if installed.started > 0 {
        out.line(fill(words.started_in, &[&installed.started.to_string()]));
    }
    for why in &installed.not_started {
        out.warning(&fill(words.not_started, &[why]));
    }
    if let Some(run) = &installed.run {
        out.detail(fill(words.run_is_set, &[run]));
    }
    if let Some(reg) = &installed.reg {
        out.line(fill(words.run_by_hand, &[reg]));
    }
    tell_left(&installed, words, out);
    out.answer("messenger install", Exit::Done, Body { dry_run: args.dry_run, status, installed });
    Ok(Exit::Done)
}

/// Tells of what is not from the package.
fn tell_left(installed: &InstallReport, words: &Words, out: Out) {
    for name in &installed.left {
        out.warning(&fill(words.left_alone, &[&installed.folder.join(name).to_string_lossy()]));
    }
}

/// The package that this program lies in.
fn own_package() -> Result<PathBuf> {
    let folder = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.to_owned()));
    folder
        .filter(|folder| folder.join(Config::FILE_NAME).is_file())
        .ok_or_else(|| Error::usage("no package is named, and this program does not lie in one"))
}

pub(super) fn uninstall(args: &UninstallArgs, out: Out) -> Exit {
    end("messenger uninstall", uninstall_package(args, out), out)
}

fn uninstall_package(args: &UninstallArgs, out: Out) -> Result<Exit> {
    let words = args.language.words()?;
    let installed = take(args.root.as_deref(), args.dry_run)?;
    let (status, folder) = (status(installed.changed, args.dry_run), installed.folder.to_string_lossy());
    match status {
        Status::Unchanged => out.good(fill(words.not_installed, &[&folder])),
        Status::Planned => out.line(fill(words.would_uninstall, &[&folder])),
        _ => out.good(fill(words.uninstalled, &[&folder])),
    }
    tell_left(&installed, words, out);
    if installed.held {
        out.warning(&fill(words.held, &[&folder]));
    }
    out.answer("messenger uninstall", Exit::Done, Body { dry_run: args.dry_run, status, installed });
    Ok(Exit::Done)
}
