//! `configcid client check|set|prepare-image`.

mod image;
mod set;

use std::path::{Path, PathBuf};

use crate::router::{self, CheckState, ClientCheck, Expected, InstalledMrinit, Router};
use crate::{Cid, Exit, Result};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::flags::path;
use super::out::Out;

#[derive(Debug, Subcommand)]
pub(super) enum ClientCommand {
    /// Say whether the computer reports to the relay that was expected
    Check(CheckArgs),
    /// Let this computer report to a relay: compared first, whole or not at all, with a way back
    Set(Box<set::SetArgs>),
    /// Remove what makes this computer itself to the server, before an image of its disk is made
    PrepareImage(image::PrepareImageArgs),
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// The relay it should report to; each part may be left out, not all of them
    #[arg(long, value_name = "IP,FQDN,NETBIOS")]
    pub expect: Option<String>,
    /// The CID it is installed from, whose mrinit.conf names the relay: that of rms, else rms9x, else the root
    #[arg(long, conflicts_with = "expect", value_parser = path())]
    pub cid: Option<PathBuf>,
    /// Read this file, exported from the computer's registry, instead of the registry of this one
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub reg: Option<PathBuf>,
    /// The folder where Remote Management System is installed; without --reg, Windows' usual ones are looked at
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub installed: Option<PathBuf>,
    /// The installed mrinit.conf, instead of its folder
    #[arg(long, value_name = "FILE", conflicts_with = "installed", value_parser = path())]
    pub mrinit: Option<PathBuf>,
}

pub(super) fn run(command: &ClientCommand, out: Out) -> Exit {
    match command {
        ClientCommand::Check(args) => check(args, out),
        ClientCommand::Set(args) => set::run(args, out),
        ClientCommand::PrepareImage(args) => image::run(args, out),
    }
}

#[derive(Serialize)]
struct Body {
    /// This computer, or none where a file of another was looked at.
    computer: Option<String>,
    /// The exported file, or none for the registry of this computer.
    reg: Option<String>,
    #[serde(flatten)]
    check: ClientCheck,
    installed: Vec<InstalledMrinit>,
}

fn check(args: &CheckArgs, out: Out) -> Exit {
    const COMMAND: &str = "client check";
    let (check, installed) = match look(args) {
        Ok(found) => found,
        Err(error) => return out.fail(COMMAND, &error),
    };
    print(&check, out);
    installed.iter().filter_map(InstalledMrinit::warning).for_each(|warning| out.warning(&warning));
    let exit = if check.state.is_fault() { Exit::Faults } else { Exit::Done };
    let reg = args.reg.as_ref().map(|path| path.to_string_lossy().into_owned());
    let computer = reg.is_none().then(crate::base::host::name);
    out.answer(COMMAND, exit, Body { computer, reg, check, installed });
    exit
}

fn look(args: &CheckArgs) -> Result<(ClientCheck, Vec<InstalledMrinit>)> {
    let expected = match (&args.expect, &args.cid) {
        (Some(list), _) => Some(Expected::from_list(list)?),
        (None, Some(cid)) => Some(router::expected_of_cid(&Cid::open(cid)?)?),
        (None, None) => None,
    };
    let router = args.reg.as_ref().map_or_else(Router::live, |path| Router::in_file_at(path))?;
    let folders = match (&args.installed, &args.mrinit) {
        (Some(folder), _) => vec![folder.clone()],
        (None, Some(file)) => {
            crate::relay::read_file(file)?;
            let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
            vec![folder.unwrap_or(Path::new(".")).to_owned()]
        }
        // The folders of this computer say nothing of the one that the file was exported from.
        (None, None) if args.reg.is_some() => Vec::new(),
        (None, None) => router::usual_folders(),
    };
    let installed = folders.iter().map(|folder| router::look_at_installed(folder)).collect::<Result<_>>()?;
    Ok((router::check(&router, expected.as_ref())?, installed))
}

fn print(check: &ClientCheck, out: Out) {
    for view in check.views.iter().filter(|view| view.present) {
        out.detail(&view.key);
        let list = view.parent_address.as_deref().unwrap_or(text!("(none)"));
        out.line(text!("reports to  {list}  ({view}-bit view)", list, view = view.view.name()));
    }
    if let Some(expected) = &check.expected {
        let from = check.expected_from.as_ref().map_or_else(String::new, |path| format!("  ({})", path.display()));
        out.line(text!("expected    {expected}{from}", expected, from));
    }
    match check.state {
        CheckState::Same => out.good("This computer reports to the relay"),
        CheckState::Found => {}
        CheckState::Different => out.fault("fault: this computer reports to another relay or server"),
        CheckState::Missing => out.fault("fault: this computer reports to nobody"),
        CheckState::Conflict => out.fault("fault: the views of the registry contradict each other"),
    }
    check.notes.iter().for_each(|note| out.warning(note));
}
