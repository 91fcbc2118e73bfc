//! `configcid catalog list`, `verify` and `create`; the others have files of their own.

mod identify;
mod sample;

use std::path::PathBuf;

use crate::catalog::{CidPath, checksum};
use crate::catalogs::ChecksumChoice;
use crate::report::{catalog_name, count, fault_line};
use crate::{Cid, CreateOptions, Exit, Plan, Result, Scope};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::flags::{CheckedCids, FunctionFlags, InFlightFlag, ReportFlag, WriteFlags, path};
use super::look::look_at_all;
use super::out::Out;
use super::work::{Ticket, Work, open_uncataloged};

#[derive(Debug, Subcommand)]
pub(super) enum CatalogCommand {
    /// List the entries of all catalogs
    List(ListArgs),
    /// Check all listed files against the catalogs
    Verify(CheckedCids),
    /// Make catalogs for a folder that has none
    Create(CreateArgs),
    /// Find out the checksum function, one with a name or any other of its kind
    Identify(identify::IdentifyArgs),
    /// Make a file that the project could learn an unknown function from, with nothing private in it
    Sample(sample::SampleArgs),
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// The CIDs
    #[arg(value_name = "CID", required = true, value_parser = path())]
    pub cids: Vec<PathBuf>,
    #[command(flatten)]
    pub function: FunctionFlags,
}

#[derive(Debug, Args)]
pub(super) struct CreateArgs {
    /// The folders
    #[arg(value_name = "CID", required = true, value_parser = path())]
    pub cids: Vec<PathBuf>,
    #[command(flatten)]
    pub function: FunctionFlags,
    /// Replace catalogs that are there, from everything in the folder; they keep their identities
    #[arg(long)]
    pub replace: bool,
    #[command(flatten)]
    in_flight: InFlightFlag,
    #[command(flatten)]
    pub write: WriteFlags,
    #[command(flatten)]
    report: ReportFlag,
}

pub(super) fn run(command: &CatalogCommand, out: Out) -> Exit {
    match command {
        CatalogCommand::List(args) => list(args, out),
        CatalogCommand::Verify(args) => verify(args, out),
        CatalogCommand::Create(args) => create(args, out),
        CatalogCommand::Identify(args) => identify::run(args, out),
        CatalogCommand::Sample(args) => sample::run(args, out),
    }
}

#[derive(Serialize)]
struct Listed {
    catalogs: Vec<ListedCatalog>,
}

#[derive(Serialize)]
struct ListedCatalog {
    catalog: CidPath,
    id: String,
    own_checksum: checksum::Checksum,
    function: Option<String>,
    state: &'static str,
    entries: Vec<ListedEntry>,
}

#[derive(Serialize)]
struct ListedEntry {
    path: CidPath,
    size: u32,
    checksum: checksum::Checksum,
}

fn list(args: &ListArgs, out: Out) -> Exit {
    const COMMAND: &str = "catalog list";
    let options = match args.function.options() {
        Ok(options) => options,
        Err(error) => return out.fail(COMMAND, &error),
    };
    look_at_all(COMMAND, &args.cids, out, |path| {
        let cid = Cid::open(path)?;
        let mut catalogs = Vec::new();
        for file in cid.catalogs() {
            let (_, catalog) = cid.read_catalog_shared(file)?;
            catalogs.push((file, catalog));
        }
        // What is known of the functions is part of what one wants to know of a catalog.
        let reports = crate::verify(&cid, &options, Scope::Customer)?.catalogs;
        let listed = catalogs.into_iter().zip(reports).map(|((file, catalog), report)| {
            let function = report.function.clone().unwrap_or_else(|| text!("{} checksum function", report.state));
            out.heading(text!(
                "{file}  {id}  own checksum {own_checksum}  {function}",
                file = file.path,
                id = catalog.id(),
                own_checksum = catalog.own_checksum(),
                function
            ));
            let entry = |entry: &crate::catalog::Entry| {
                out.line(format!("{:>10}  {}  {}", entry.size, entry.checksum, entry.path));
                ListedEntry { path: entry.path.clone(), size: entry.size, checksum: entry.checksum }
            };
            ListedCatalog {
                catalog: file.path.clone(),
                id: catalog.id().to_string(),
                own_checksum: catalog.own_checksum(),
                function: report.function,
                state: report.state,
                entries: catalog.entries().iter().map(entry).collect(),
            }
        });
        Ok((Listed { catalogs: listed.collect() }, false))
    })
}

fn verify(args: &CheckedCids, out: Out) -> Exit {
    const COMMAND: &str = "catalog verify";
    let options = match args.options() {
        Ok(options) => options,
        Err(error) => return out.fail(COMMAND, &error),
    };
    look_at_all(COMMAND, &args.cids, out, |path| {
        let report = crate::verify(&Cid::open_to_look(path)?, &options, Scope::Everything)?;
        for catalog in &report.catalogs {
            let (name, place) = catalog_name(&catalog.catalog);
            let checked = match (&catalog.function, catalog.state) {
                (Some(function), "known") => text!("sizes and checksums checked ({function})", function),
                (Some(function), state) => text!("sizes and checksums checked ({function}, {state})", function, state),
                (None, "unreadable") => "unreadable".to_owned(),
                (None, state) => text!("sizes checked; checksums could not be: {state} checksum function", state),
            };
            out.line(text!(
                "Read catalog file {name} in {place} ({entries}): {checked}",
                name,
                place,
                entries = count(catalog.entries, "entry", "entries"),
                checked
            ));
        }
        report.faults.iter().for_each(|fault| out.fault(fault_line(fault)));
        match report.faults.len() {
            0 => out.good("No faults"),
            faults => out.fault(count(faults, "fault", "faults")),
        }
        let faults = !report.faults.is_empty();
        Ok((report, faults))
    })
}

fn create(args: &CreateArgs, out: Out) -> Exit {
    const COMMAND: &str = "catalog create";
    args.in_flight.heed();
    let options = || -> Result<CreateOptions> {
        let function = match args.function.choice()? {
            ChecksumChoice::Also(function) | ChecksumChoice::Use(function) => function,
            ChecksumChoice::FindOut => checksum::known(checksum::FOR_NEW).expect("the table holds it"),
        };
        let mut options = CreateOptions::new(function);
        options.replace = args.replace;
        Ok(options)
    };
    let options = match options() {
        Ok(options) => options,
        Err(error) => return out.fail(COMMAND, &error),
    };
    let ticket = Ticket { file: args.report.report.as_deref(), relay: None };
    let run = args.write.run(None);
    let work = Work { command: COMMAND, run, lines: &created_lines, open: open_uncataloged, ticket };
    work.on_all(&args.cids, out, |path| crate::create(&Cid::open_uncataloged(path)?, &options))
}

fn created_lines(plan: &Plan) -> Vec<String> {
    let changed = plan.catalogs().iter().filter(|catalog| catalog.changed);
    changed
        .map(|catalog| {
            let (name, place) = catalog_name(&catalog.catalog);
            let entries = count(catalog.entries, "entry", "entries");
            text!(
                "Adding catalog file {name} in {place} ({entries}, {function})",
                name,
                place,
                entries,
                function = catalog.function
            )
        })
        .collect()
}
