//! `configcid web check`.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::base::files::read_given_file;
use crate::report::{count, table};
use crate::web::{Address, CheckOptions, WebFault, WebReport};
use crate::{Error, Exit, Result};
use clap::Args;

use crate::cli::flags::{FunctionFlags, path};
use crate::cli::out::Out;

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The URL of the folder that endpoints update from, such as http://server/CIDs/S000/ESXP
    url: String,
    /// Read every file, and compare its checksum with the catalogs'
    #[arg(long)]
    deep: bool,
    /// How many requests are under way at a time
    #[arg(long, value_name = "NUMBER", default_value = "16", value_parser = clap::value_parser!(u16).range(1..=256))]
    in_flight: u16,
    /// How long the server may be silent
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// The user as whom endpoints log on, where they do (HTTP's Basic alone)
    #[arg(long, value_name = "NAME", requires = "password_file")]
    user: Option<String>,
    /// The file whose first line is the password of --user
    #[arg(long, value_name = "FILE", requires = "user", value_parser = path())]
    password_file: Option<PathBuf>,
    /// Trust the authorities whose certificates this PEM file holds, and no others, for https
    #[arg(long, value_name = "FILE", value_parser = path())]
    ca: Option<PathBuf>,
    #[command(flatten)]
    function: FunctionFlags,
}

const COMMAND: &str = "web check";
/// So many files are named for each sort of fault, unless more is asked for.
const NAMED: usize = 5;
/// No file with a password is larger.
const MAX_PASSWORD: u64 = 4 << 10;

pub(super) fn run(args: &CheckArgs, out: Out) -> Exit {
    check(args, out).unwrap_or_else(|error| out.fail(COMMAND, &error))
}

fn check(args: &CheckArgs, out: Out) -> Result<Exit> {
    let (address, note) = Address::parse(&args.url)?;
    let login = login(args.user.as_deref(), args.password_file.as_deref())?;
    let options = CheckOptions {
        in_flight: args.in_flight.into(),
        timeout: Duration::from_secs(args.timeout),
        deep: args.deep,
        checksum: args.function.choice()?,
        login,
        ca: args.ca.clone(),
    };
    // A line for each file would be more than a terminal can show.
    let told = Cell::new(0);
    let mut report = crate::web::check(&address, &options, |done, all| {
        let percent = done * 100 / all.max(1);
        if told.replace(percent) != percent {
            out.progress(&text!("{done} of {all} files", done, all));
        }
    })?;
    if told.get() > 0 {
        out.progress("");
    }
    report.notes.extend(note);
    print(&report, out);
    let exit = if report.complete { Exit::Done } else { Exit::Faults };
    out.answer(COMMAND, exit, report);
    Ok(exit)
}

/// The user and the password to log on with; none where nobody is named.
pub(crate) fn login(user: Option<&str>, password_file: Option<&Path>) -> Result<Option<(String, String)>> {
    let named = user.zip(password_file);
    named.map(|(user, file)| Ok((user.to_owned(), password(file)?))).transpose()
}

/// The first line of a file.
fn password(file: &Path) -> Result<String> {
    let bytes = read_given_file(file, MAX_PASSWORD, text!("name the file that holds the password"))?;
    let text = String::from_utf8(bytes).map_err(|_| Error::usage("it is not UTF-8").in_file(file))?;
    // Windows' Notepad begins a file with a mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn print(report: &WebReport, out: Out) {
    let server = report.server.as_ref().map_or_else(String::new, |server| format!("  ({server})"));
    out.heading(format!("{}{server}", report.url));
    let groups: Vec<&[WebFault]> = report.faults.chunk_by(|a, b| a.code == b.code && a.next == b.next).collect();
    if !groups.is_empty() {
        let mut rows = vec![["  FAULT", "TIMES", text!("WHAT TO DO")].map(str::to_owned).to_vec()];
        rows.extend(
            groups
                .iter()
                .map(|group| vec![format!("  {}", group[0].code), group.len().to_string(), group[0].next.to_owned()]),
        );
        table(&rows).into_iter().for_each(|line| out.line(line));
        out.line("");
    }
    if !report.extensions.is_empty() {
        let name = |extension: &str| if extension.is_empty() { "none" } else { extension }.to_owned();
        let names: Vec<String> = report.extensions.iter().map(|refused| name(&refused.extension)).collect();
        out.fault(text!("  no file with these extensions is given out: {}", names.join(" ")));
    }
    for group in groups {
        let named = if out.verbose { group.len() } else { group.len().min(NAMED) };
        for fault in &group[..named] {
            let path = fault.path.as_ref().map_or_else(String::new, |path| format!("{path}: "));
            out.fault(format!("  {}: {path}{}", fault.code, fault.what));
        }
        if named < group.len() {
            out.line(text!("  {}: and {} more (-v names all)", group[0].code, group.len() - named));
        }
    }
    report.notes.iter().for_each(|note| out.warning(note));
    for catalog in &report.catalogs {
        let function = catalog.function.as_deref().unwrap_or(text!("unknown checksum function"));
        out.detail(format!("  {}  {}, {function}", catalog.catalog, count(catalog.entries, "entry", "entries")));
    }
    let files = count(report.files.listed, "file", "files");
    let catalogs = count(report.catalogs.len(), "catalog", "catalogs");
    let read =
        if report.deep { text!("read and compared") } else { text!("asked for, and not read (--deep reads them)") };
    match (report.complete, report.catalogs.is_empty()) {
        (true, _) => out.good(text!(
            "  complete: {files} of {catalogs}, {bytes} bytes, {read}",
            files,
            catalogs,
            bytes = report.files.bytes,
            read
        )),
        (_, true) => out.fault("  not checked: there is no catalog to check by"),
        _ => out.fault(text!(
            "  not right: {right} of {files} come as {catalogs} {else_is} them, {read}",
            right = report.files.right,
            files,
            catalogs,
            else_is = if report.catalogs.len() == 1 { "lists" } else { "list" },
            read
        )),
    }
}
