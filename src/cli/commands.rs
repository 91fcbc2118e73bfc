//! The list of commands. Each owns its arguments in a file of its own.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::Exit;
use crate::base::language::said;
use clap::{CommandFactory, Parser, Subcommand};

use super::audit::AuditArgs;
use super::back::{RecoverArgs, UndoArgs};
use super::catalog::CatalogCommand;
use super::client::ClientCommand;
use super::clone::CloneArgs;
use super::demo::DemoArgs;
use super::endpoints::EndpointsCommand;
use super::envelopes::EnvelopesCommand;
use super::explain::ExplainArgs;
use super::fleet::FleetCommand;
use super::man::{CompletionsArgs, ManArgs};
use super::manifest::ManifestCommand;
use super::messenger::MessengerCommand;
use super::mrinit::MrinitCommand;
use super::out::{Color, Out, printed};
use super::refresh::RefreshArgs;
use super::relay::RelayCommand;
use super::setup::SetupArgs;
use super::sync::{FetchArgs, SyncArgs};
use super::web::WebCommand;
use super::{
    audit, back, catalog, client, clone, demo, endpoints, envelopes, explain, fleet, man, manifest, messenger, mrinit,
    refresh, relay, setup, sync, web,
};

/// Below the help of the program.
fn exit_codes() -> String {
    let codes = Exit::MEANINGS.map(|(exit, meaning)| format!("\n  {}  {}", exit as u8, said(meaning)));
    format!("{}{}", text!("Exit codes:"), codes.concat())
}

/// Configures and packages CIDs, the central installation directories of Sophos endpoint software.
///
/// With CIDs alone, it does what ConfigCID.exe does: the catalogs of each CID are brought in line with the customer's
/// files, such as mrinit.conf. Nothing is ever half changed: what cannot be done whole is not done.
#[derive(Debug, Parser)]
#[command(name = "configcid", version, long_version = env!("CONFIGCID_LONG_VERSION"), after_help = exit_codes(), max_term_width = 100)]
#[command(subcommand_precedence_over_arg = true)]
pub(super) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    refresh: RefreshArgs,
    /// Answer with one JSON object (docs/json.md)
    #[arg(long, global = true)]
    json: bool,
    /// Say nothing but warnings and errors
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say more
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    verbose: bool,
    /// When to color the output
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, hide_possible_values = true)]
    color: Color,
    /// The language of what people read: en or de; by default that of the system
    #[arg(long, global = true, value_name = "LANGUAGE", value_parser = super::language::tag)]
    lang: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Set up a message relay by answering questions: finds CIDs and addresses, shows what would change, does it
    Setup(SetupArgs),
    /// Bring the catalogs in line with the customer's files, as ConfigCID.exe does
    #[command(mut_arg("cids", |cids| cids.required(true)))]
    Refresh(RefreshArgs),
    /// Set up and show message relays
    #[command(subcommand)]
    Relay(RelayCommand),
    /// Keep the relays and CIDs of a whole network as one file says
    #[command(subcommand)]
    Fleet(FleetCommand),
    /// Check which relay a computer reports to, let it report to another, prepare it for an image
    #[command(subcommand)]
    Client(ClientCommand),
    /// Say of many endpoints at once which relay each reports to
    #[command(subcommand)]
    Endpoints(EndpointsCommand),
    /// Copy a CID to a new folder, verified
    Clone(CloneArgs),
    /// Bring a CID to a new folder, by its catalogs
    Fetch(FetchArgs),
    /// Bring CIDs what they lack of another one, by their catalogs, safe for readers at every moment
    Sync(SyncArgs),
    /// List, verify and create catalogs
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Report on everything in CIDs: whether they are whole, and what in them is the customer's
    Audit(Box<AuditArgs>),
    /// Signed manifests: list, verify, compare, create, sign; and MD5 lists
    #[command(subcommand)]
    Manifest(ManifestCommand),
    /// Show and edit one mrinit.conf, without a CID around it
    #[command(subcommand)]
    Mrinit(MrinitCommand),
    /// See a build-up of router messages, know its cause, relieve it
    #[command(subcommand)]
    Envelopes(EnvelopesCommand),
    /// Check, package and show messages to the administrators of a console
    #[command(subcommand)]
    Messenger(MessengerCommand),
    /// Say what a finding means, why it matters, and what to do
    Explain(ExplainArgs),
    /// CIDs that endpoints fetch by HTTP
    #[command(subcommand)]
    Web(WebCommand),
    /// Make a demo CID, configure it as a relay CID, and show before and after
    Demo(DemoArgs),
    /// Finish or undo a change that was interrupted
    Recover(RecoverArgs),
    /// Take the last change back
    Undo(UndoArgs),
    /// List what was done to CIDs, when and by whom
    History(back::HistoryArgs),
    /// Print the completions of a shell
    Completions(CompletionsArgs),
    /// Print the manual page, in the roff format that `man -l -` reads
    Man(ManArgs),
}

/// What people start with.
const START: &str = "\
configcid configures and packages CIDs. Most people start with one of these:

  configcid demo                 make CIDs to try everything on, and set one of them up
  configcid audit <CID>          is this CID whole, and what in it is the customer's?
  configcid clone <CID> <NEW>    a new CID from an existing one
  configcid relay set <CID> --ip A --fqdn B --netbios C
                                 let its endpoints report to a message relay
  configcid <CID>...             bring catalogs in line with your files, as ConfigCID.exe does

Usage: configcid <CID>..., or configcid <COMMAND>
configcid setup asks, at a terminal, for all that relay set takes, and finds CIDs and addresses.
--dry-run shows what would change. configcid --help lists all commands, and the help of each has examples;
configcid explain ID says what a finding means.
";

/// Nothing was named: it is wrong usage, and whoever typed it is helped.
fn start(out: Out) -> Exit {
    if out.json {
        let error =
            crate::Error::usage("there is nothing to do").next("name a CID or a command; configcid --help lists them");
        return out.fail("configcid", &error);
    }
    printed(write!(std::io::stdout(), "{}", said(START)));
    Exit::Usage
}

impl Cli {
    /// The first of the words that would be CIDs, where no command is named.
    pub(super) fn first_of_no_command(&self) -> Option<&Path> {
        self.refresh.cids.first().filter(|_| self.command.is_none()).map(PathBuf::as_path)
    }

    /// Runs what was asked for.
    pub(super) fn run(self) -> Exit {
        let out = Out { json: self.json, quiet: self.quiet, verbose: self.verbose, color: self.color };
        let Some(command) = self.command else {
            if self.refresh.cids.is_empty() {
                return start(out);
            }
            return refresh::run(&self.refresh, out);
        };
        match command {
            Command::Setup(args) => setup::run(&args, out, &|words| match Self::try_parse_from(words) {
                Ok(cli) => cli.run(),
                Err(error) => {
                    printed(error.print());
                    Exit::Usage
                }
            }),
            Command::Refresh(args) => refresh::run(&args, out),
            Command::Relay(command) => relay::run(&command, out),
            Command::Fleet(command) => fleet::run(&command, out),
            Command::Client(command) => client::run(&command, out),
            Command::Endpoints(command) => endpoints::run(&command, out),
            Command::Clone(args) => clone::run(&args, out),
            Command::Fetch(args) => sync::fetch(&args, out),
            Command::Sync(args) => sync::run(&args, out),
            Command::Catalog(command) => catalog::run(&command, out),
            Command::Audit(args) => audit::run(&args, out),
            Command::Manifest(command) => manifest::run(&command, out),
            Command::Mrinit(command) => mrinit::run(&command, out),
            Command::Envelopes(command) => envelopes::run(&command, out),
            Command::Messenger(command) => messenger::run(&command, out),
            Command::Explain(args) => explain::run(&args, out),
            Command::Web(command) => web::run(&command, out),
            Command::Demo(args) => demo::run(&args, out),
            Command::Recover(args) => back::recover(&args, out),
            Command::Undo(args) => back::undo(&args, out),
            Command::History(args) => back::history(&args, out),
            Command::Completions(args) => man::completions(&args, Self::command(), out),
            Command::Man(args) => man::man(&args, Self::command(), out),
        }
    }
}
