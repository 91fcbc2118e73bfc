//! `configcid mrinit show` and `configcid mrinit set`: one file, by itself or in a CID.

use std::path::PathBuf;

use crate::base::near::nearest;
use crate::mrinit::{Finding, KEY_MR_PARENT, KEY_PARENT_ROUTER, Mrinit, is_secret_key};
use crate::report::{doubt_lines, plan_lines};
use crate::{Cid, Error, ErrorKind, Exit, RelayAddress, Result, relay};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::flags::{AddressFlags, RefreshFlags, ReportFlag, WriteFlags, path};
use super::out::Out;
use super::work::{Ticket, Work};

#[derive(Debug, Subcommand)]
pub(super) enum MrinitCommand {
    /// Show the values; secrets are masked
    Show(ShowArgs),
    /// Set one value, and leave every other byte as it is
    Set(Box<SetArgs>),
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// The file
    #[arg(value_parser = path())]
    pub file: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct SetArgs {
    /// The file
    #[arg(value_parser = path())]
    pub file: PathBuf,
    /// The name of the value, such as ParentRouterAddress
    #[arg(requires = "value", conflicts_with_all = ["ip", "fqdn", "netbios"])]
    pub name: Option<String>,
    /// The value; a number as 8193, 0x2001 or dword:00002001
    #[arg(allow_hyphen_values = true)]
    pub value: Option<String>,
    #[command(flatten)]
    pub address: AddressFlags,
    /// Write an address even if it is none that a relay can have
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub flags: RefreshFlags,
    #[command(flatten)]
    pub write: WriteFlags,
    #[command(flatten)]
    report: ReportFlag,
}

pub(super) fn run(command: &MrinitCommand, out: Out) -> Exit {
    match command {
        MrinitCommand::Show(args) => show(args, out),
        MrinitCommand::Set(args) => set(args, out),
    }
}

#[derive(Serialize)]
struct Shown {
    file: String,
    encoding: &'static str,
    settings: Vec<ShownSetting>,
    faults: Vec<String>,
    findings: Vec<Finding>,
}

#[derive(Serialize)]
struct ShownSetting {
    name: String,
    value: String,
    line: usize,
}

fn show(args: &ShowArgs, out: Out) -> Exit {
    const COMMAND: &str = "mrinit show";
    let conf = match relay::read_file(&args.file) {
        Ok(conf) => conf,
        Err(error) => return out.fail(COMMAND, &error),
    };
    let (findings, faults) = look(&conf);
    let shown = Shown {
        file: args.file.to_string_lossy().into_owned(),
        encoding: conf.encoding().name(),
        settings: settings(&conf),
        faults,
        findings,
    };
    out.detail(format!("{} ({})", shown.file, shown.encoding));
    let width = shown.settings.iter().map(|setting| setting.name.chars().count()).max().unwrap_or(0);
    for ShownSetting { name, value, .. } in &shown.settings {
        out.line(format!("{name:width$}  {value}"));
    }
    shown.faults.iter().for_each(|fault| out.fault(text!("fault: {fault}", fault)));
    out.toned(doubt_lines(&shown.findings, ""));
    let exit = if shown.faults.is_empty() { Exit::Done } else { Exit::Faults };
    out.answer(COMMAND, exit, shown);
    exit
}

fn settings(conf: &Mrinit) -> Vec<ShownSetting> {
    conf.settings()
        .map(|setting| ShownSetting {
            name: setting.name.to_owned(),
            value: setting.value.shown_as(setting.name),
            line: setting.line,
        })
        .collect()
}

/// What keeps a router from using the file, and what else there is to say of it.
fn look(conf: &Mrinit) -> (Vec<Finding>, Vec<String>) {
    let (findings, mut faults) = relay::look_at_lines(conf);
    // The file that a management server makes has both.
    if conf.get(KEY_MR_PARENT).is_ok_and(|found| found.is_none()) {
        faults.extend(conf.text(KEY_MR_PARENT).err().map(|error| error.to_string()));
    }
    (findings, faults)
}

fn set(args: &SetArgs, out: Out) -> Exit {
    const COMMAND: &str = "mrinit set";
    match try_set(COMMAND, args, out) {
        Ok(exit) => exit,
        Err(error) => out.fail(COMMAND, &error),
    }
}

fn try_set(command: &'static str, args: &SetArgs, out: Out) -> Result<Exit> {
    if let Some(error) = args.value.as_deref().and_then(taken_option) {
        return Err(error);
    }
    let (name, value) = match (&args.name, &args.value) {
        (Some(name), Some(value)) => {
            check_value(name, value, args.force)?;
            (name.clone(), value.clone())
        }
        _ => {
            let address = args.address.address()?;
            address.warnings().iter().for_each(|warning| out.warning(warning));
            (KEY_PARENT_ROUTER.to_owned(), address.to_string())
        }
    };
    let options = args.flags.options()?;
    let ticket = Ticket { file: args.report.report.as_deref(), relay: None };
    // Past a CID's lock, journal and catalogs nothing is written.
    if let Some((cid, path)) = relay::cid_around(&args.file)? {
        let run = args.write.run(Some(&options));
        let work = Work { command, run, lines: &plan_lines, open: |_| Ok(()), ticket };
        return Ok(work.on_all(&[cid], out, |cid| relay::edit_in_cid(&Cid::open(cid)?, &path, &name, &value, &options)));
    }
    let work = Work { command, run: args.write.run(None), lines: &plan_lines, open: |_| Ok(()), ticket };
    Ok(work.on_all(std::slice::from_ref(&args.file), out, |file| relay::edit_file(file, &name, &value)))
}

/// Refuses an address that relay set-up would refuse, unless forced, and a value that stands where the name belongs: an
/// error about such a name would show a secret.
fn check_value(name: &str, value: &str, force: bool) -> Result<()> {
    if is_secret_key(value) && !is_secret_key(name) && !force {
        let what = text!("{value} is the name of a value, and stands where the value belongs", value);
        return Err(
            Error::new(ErrorKind::Usage, what).next("give the name first: configcid mrinit set FILE NAME VALUE")
        );
    }
    let is_address = [KEY_PARENT_ROUTER, KEY_MR_PARENT].iter().any(|key| key.eq_ignore_ascii_case(name));
    if is_address && !force {
        value.parse::<RelayAddress>().map_err(|error| {
            let next = error.next_step().map_or_else(String::new, |next| format!("{next}; "));
            error.next(text!("{next}--force writes it as it is", next))
        })?;
    }
    Ok(())
}

/// A value may begin with a dash, as arguments of services do; what is nearly an option of configcid is a slip.
fn taken_option(value: &str) -> Option<Error> {
    let command = SetArgs::augment_args(clap::Command::new("set"));
    let options = command.get_arguments().filter_map(|arg| arg.get_long());
    let near = nearest(value.strip_prefix("--")?, options.chain(["json", "quiet", "verbose", "color", "help"]))?;
    Some(Error::usage(text!("{value} stands where the value should be", value)).next(text!("write --{near}", near)))
}
