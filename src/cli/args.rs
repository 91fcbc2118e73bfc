//! The arguments of every command.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::catalog::{CustomerFiles, checksum};
use crate::catalogs::{ChecksumChoice, CommandFunction, Program};
use crate::plan::{Direction, LockOptions};
use crate::router::RegistryView;
use crate::{RefreshOptions, RelayAddress, Result, Run};
use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

use super::envelopes::EnvelopesCommand;
use super::fleet::FleetCommand;
use super::messenger::MessengerCommand;
use super::out::Color;

const EXIT_CODES: &str = "\
Exit codes:
  0  done, or nothing to do
  1  something was wrong with the CID or the file system; nothing was changed
  2  wrong usage
  3  faults were found: by verify, show, check and the like, or by a look at what was just written
  4  some of several CIDs failed; each is reported";

/// Configures and packages CIDs, the central installation directories of Sophos endpoint software.
///
/// With CIDs alone, it does what ConfigCID.exe does: the catalogs of each CID are brought in line with the customer's
/// files, such as mrinit.conf. Nothing is ever half changed: what cannot be done whole is not done.
#[derive(Debug, Parser)]
#[command(name = "configcid", version, long_version = env!("CONFIGCID_LONG_VERSION"), after_help = EXIT_CODES, max_term_width = 100)]
#[command(subcommand_precedence_over_arg = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub refresh: RefreshArgs,
    /// Answer with one JSON object (docs/json.md)
    #[arg(long, global = true)]
    pub json: bool,
    /// Say nothing but warnings and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
    /// When to color the output
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, hide_possible_values = true)]
    pub color: Color,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Bring the catalogs in line with the customer's files, as ConfigCID.exe does
    #[command(mut_arg("cids", |cids| cids.required(true)))]
    Refresh(RefreshArgs),
    /// Set up and show message relays
    #[command(subcommand)]
    Relay(RelayCommand),
    /// Keep the relays and CIDs of a whole network as one file says
    #[command(subcommand)]
    Fleet(FleetCommand),
    /// Check which relay this computer, or one whose registry was exported, reports to
    #[command(subcommand)]
    Client(ClientCommand),
    /// Copy a CID to a new folder, verified
    Clone(CloneArgs),
    /// List, verify and create catalogs
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Report on everything in CIDs: whether they are whole, and what in them is the customer's
    Audit(Box<super::audit::AuditArgs>),
    /// Signed manifests: list, verify, compare, create, sign; and MD5 lists
    #[command(subcommand)]
    Manifest(super::manifest::ManifestCommand),
    /// Show and edit one mrinit.conf, without a CID around it
    #[command(subcommand)]
    Mrinit(MrinitCommand),
    /// See a build-up of router messages, know its cause, relieve it
    #[command(subcommand)]
    Envelopes(EnvelopesCommand),
    /// Check, package and show messages to the administrators of a console
    #[command(subcommand)]
    Messenger(MessengerCommand),
    /// Make a demo CID, configure it as a relay CID, and show before and after
    Demo(DemoArgs),
    /// Finish or undo a change that was interrupted
    Recover(RecoverArgs),
    /// Take the last change back
    Undo(UndoArgs),
    /// List what was done to CIDs, when and by whom
    History(CidArgs),
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, in the roff format that `man -l -` reads
    Man {
        /// The command whose page it is, such as: relay set
        command: Vec<String>,
        /// Write the pages of all commands to this folder
        #[arg(long, value_name = "DIR", conflicts_with = "command")]
        all: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub enum RelayCommand {
    /// Let the endpoints of CIDs report to a message relay
    Set(Box<RelaySetArgs>),
    /// Show who is whose parent, by each mrinit.conf; secrets are masked
    Show(CidArgs),
    /// Show, write or set what a relay's own router should have in the registry
    Registry(RelayRegistryArgs),
    /// Ask routers what they tell endpoints to connect to, and say whether that can work
    Probe(super::relay_probe::ProbeArgs),
}

#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Say whether the computer reports to the relay that was expected
    Check(ClientCheckArgs),
}

#[derive(Debug, Subcommand)]
pub enum CatalogCommand {
    /// List the entries of all catalogs
    List(ListArgs),
    /// Check all listed files against the catalogs
    Verify(VerifyArgs),
    /// Make catalogs for a folder that has none
    Create(CreateArgs),
}

#[derive(Debug, Subcommand)]
pub enum MrinitCommand {
    /// Show the values; secrets are masked
    Show(MrinitShowArgs),
    /// Set one value, and leave every other byte as it is
    Set(MrinitSetArgs),
}

/// Reads a path as it was meant.
pub fn path() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| match cfg!(windows) {
        true => unquoted(path),
        false => Ok(path),
    })
}

/// For Windows, the backslash in `"C:\CID\"` belongs to the quote behind it: the program gets `C:\CID"`, and whatever
/// stands behind that, too. No name holds a quote, so that a last one is what is left of a folder's backslash. Where
/// more stands behind it, what was meant cannot be told.
fn unquoted(path: PathBuf) -> Result<PathBuf, String> {
    let quote = path.as_os_str().as_encoded_bytes().iter().position(|&byte| byte == b'"');
    match (quote, path.to_str()) {
        (None, _) => Ok(path),
        (Some(at), Some(text)) if at > 0 && at + 1 == text.len() => Ok(format!("{}\\", &text[..at]).into()),
        _ => Err("a backslash before a closing quote takes the quote for a character of the name; leave it out, or \
                  write two"
            .to_owned()),
    }
}

/// What leads a refresh, wherever one is part of the work.
#[derive(Debug, Args)]
pub struct RefreshFlags {
    /// One more file name that is the customer's
    #[arg(long, value_name = "NAME")]
    customer_file: Vec<String>,
    #[command(flatten)]
    function: FunctionFlags,
    /// Let this program rewrite the catalogs, on a copy that is checked; it gets the CID as its argument
    #[arg(long, value_name = "PROGRAM", value_parser = path())]
    refresh_with: Option<PathBuf>,
    /// Go on where files of the vendor are damaged; their entries stay as they are
    #[arg(long)]
    accept_damage: bool,
    /// Go on where temporary files tell of an update in progress
    #[arg(long)]
    accept_temporary: bool,
}

/// Which checksum function.
#[derive(Debug, Args)]
pub struct FunctionFlags {
    /// Use this checksum function instead of finding it out
    #[arg(long, value_name = "NAME", value_parser = clap::builder::PossibleValuesParser::new(checksum::names()))]
    checksum: Option<String>,
    /// Use this command as the checksum function: bytes on standard input, eight hex digits on standard output
    #[arg(long, value_name = "COMMAND", conflicts_with = "checksum")]
    checksum_command: Option<String>,
    /// How long a program of yours may run at a time
    #[arg(long, value_name = "SECONDS", default_value = "600", value_parser = clap::value_parser!(u64).range(1..))]
    program_timeout: u64,
}

impl FunctionFlags {
    fn timeout(&self) -> Duration {
        Duration::from_secs(self.program_timeout)
    }

    pub fn choice(&self) -> Result<ChecksumChoice> {
        Ok(if let Some(line) = &self.checksum_command {
            ChecksumChoice::Also(Arc::new(CommandFunction::new(line, self.timeout())?))
        } else if let Some(function) = self.checksum.as_deref().and_then(checksum::known) {
            ChecksumChoice::Use(function)
        } else {
            ChecksumChoice::FindOut
        })
    }

    pub fn options(&self) -> Result<RefreshOptions> {
        Ok(RefreshOptions { checksum: self.choice()?, ..RefreshOptions::default() })
    }
}

impl RefreshFlags {
    pub fn options(&self) -> Result<RefreshOptions> {
        let mut options = self.function.options()?;
        options.customer_files = customer_files(&self.customer_file)?;
        options.accept_damage = self.accept_damage;
        options.accept_temporary = self.accept_temporary;
        options.program = self.refresh_with.clone().map(|path| Program { path, timeout: self.function.timeout() });
        Ok(options)
    }
}

fn customer_files(names: &[String]) -> Result<CustomerFiles> {
    let mut files = CustomerFiles::default();
    names.iter().try_for_each(|name| files.add(name))?;
    Ok(files)
}

/// How to write.
#[derive(Debug, Args)]
pub struct WriteFlags {
    /// Show what would change, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub lock: LockFlags,
}

impl WriteFlags {
    /// Those of a command that only plans.
    pub fn dry() -> WriteFlags {
        WriteFlags { dry_run: true, lock: LockFlags { wait: 0, break_lock: false } }
    }

    pub fn run<'a>(&self, look: Option<&'a RefreshOptions>) -> Run<'a> {
        Run { dry_run: self.dry_run, lock: self.lock.options(), look }
    }
}

/// How to get the lock of a CID.
#[derive(Debug, Args)]
pub struct LockFlags {
    /// How long to wait for another writer
    #[arg(long, value_name = "SECONDS", default_value = "10")]
    wait: u64,
    /// Take the lock of a CID from another writer, who is dead for sure
    #[arg(long)]
    break_lock: bool,
}

impl LockFlags {
    pub fn options(&self) -> LockOptions {
        LockOptions { wait: Duration::from_secs(self.wait), break_lock: self.break_lock }
    }
}

#[derive(Debug, Args)]
pub struct RefreshArgs {
    /// The CIDs
    #[arg(value_name = "CID", value_parser = path())]
    pub cids: Vec<PathBuf>,
    #[command(flatten)]
    pub write: WriteFlags,
    #[command(flatten)]
    pub flags: RefreshFlags,
}

/// The parts of a relay's address.
#[derive(Debug, Args)]
pub struct AddressFlags {
    /// The relay's IP address
    #[arg(long)]
    ip: Option<String>,
    /// The relay's fully qualified domain name
    #[arg(long, value_name = "NAME")]
    fqdn: Option<String>,
    /// The relay's NetBIOS name
    #[arg(long, value_name = "NAME")]
    netbios: Option<String>,
}

impl AddressFlags {
    pub fn address(&self) -> Result<RelayAddress> {
        RelayAddress::new(self.ip.as_deref(), self.fqdn.as_deref(), self.netbios.as_deref())
    }
}

#[derive(Debug, Args)]
pub struct RelaySetArgs {
    /// The CIDs
    #[arg(value_name = "CID", required = true, value_parser = path())]
    pub cids: Vec<PathBuf>,
    #[command(flatten)]
    pub address: AddressFlags,
    /// Edit the root's mrinit.conf too: CIDs for Mac and Linux read only that one
    #[arg(long)]
    pub edit_root: bool,
    /// Take ports and identity keys that have drifted from the root's mrinit.conf
    #[arg(long)]
    pub from_root: bool,
    #[command(flatten)]
    pub write: WriteFlags,
    #[command(flatten)]
    pub flags: RefreshFlags,
}

#[derive(Debug, Args)]
pub struct CidArgs {
    /// The CIDs
    #[arg(value_name = "CID", required = true, value_parser = path())]
    pub cids: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ClientCheckArgs {
    /// The relay it should report to; each part may be left out, not all of them
    #[arg(long, value_name = "IP,FQDN,NETBIOS")]
    pub expect: Option<String>,
    /// The CID it is installed from, whose mrinit.conf names the relay: that of rms, else rms9x, else the root
    #[arg(long, conflicts_with = "expect")]
    pub cid: Option<PathBuf>,
    /// Read this file, exported from the computer's registry, instead of the registry of this one
    #[arg(long, value_name = "FILE")]
    pub reg: Option<PathBuf>,
    /// The folder where Remote Management System is installed; without --reg, Windows' usual ones are looked at
    #[arg(long, value_name = "DIR")]
    pub installed: Option<PathBuf>,
    /// The installed mrinit.conf, instead of its folder
    #[arg(long, value_name = "FILE", conflicts_with = "installed")]
    pub mrinit: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("writes").args(["reg", "apply"]))]
pub struct RelayRegistryArgs {
    /// Show which values differ; this is what happens without --reg and --apply
    #[arg(long, conflicts_with_all = ["reg", "apply", "dry_run"])]
    show: bool,
    /// Write the values as a file that `reg import` reads
    #[arg(long, value_name = "FILE", conflicts_with_all = ["apply", "from"])]
    pub reg: Option<PathBuf>,
    /// Set the values in the registry of this computer
    #[arg(long, conflicts_with = "from")]
    pub apply: bool,
    /// Look at this file, exported from the relay's registry, instead of the registry of this computer
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// The view of the registry; by default each that has a router's key, and for --reg both
    #[arg(long, value_enum)]
    view: Option<ViewChoice>,
    /// Replace the file of --reg where there is one
    #[arg(long, requires = "reg")]
    pub force: bool,
    /// With --reg or --apply, show what would change, and change nothing
    #[arg(long, requires = "writes")]
    pub dry_run: bool,
}

/// Which of the registries of a 64-bit Windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ViewChoice {
    /// Below Wow6432Node: the router's on a 64-bit Windows
    #[value(name = "32")]
    Bits32,
    /// Without Wow6432Node: the router's on a 32-bit Windows
    #[value(name = "64")]
    Bits64,
    /// Both
    Both,
}

impl RelayRegistryArgs {
    pub fn views(&self) -> Option<&'static [RegistryView]> {
        self.view.map(|view| match view {
            ViewChoice::Bits32 => &[RegistryView::Bits32][..],
            ViewChoice::Bits64 => &[RegistryView::Bits64][..],
            ViewChoice::Both => &RegistryView::BOTH[..],
        })
    }
}

#[derive(Debug, Args)]
pub struct ListArgs {
    /// The CIDs
    #[arg(value_name = "CID", required = true)]
    pub cids: Vec<PathBuf>,
    #[command(flatten)]
    pub function: FunctionFlags,
}

#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The CIDs
    #[arg(value_name = "CID", required = true, value_parser = path())]
    pub cids: Vec<PathBuf>,
    /// One more file name that is the customer's
    #[arg(long, value_name = "NAME")]
    customer_file: Vec<String>,
    #[command(flatten)]
    function: FunctionFlags,
}

impl VerifyArgs {
    pub fn options(&self) -> Result<RefreshOptions> {
        let mut options = self.function.options()?;
        options.customer_files = customer_files(&self.customer_file)?;
        Ok(options)
    }
}

#[derive(Debug, Args)]
pub struct CreateArgs {
    /// The folders
    #[arg(value_name = "CID", required = true, value_parser = path())]
    pub cids: Vec<PathBuf>,
    #[command(flatten)]
    pub function: FunctionFlags,
    /// Replace catalogs that are there, from everything in the folder; they keep their identities
    #[arg(long)]
    pub replace: bool,
    #[command(flatten)]
    pub write: WriteFlags,
}

#[derive(Debug, Args)]
pub struct CloneArgs {
    /// The CID to copy
    #[arg(value_parser = path())]
    pub cid: PathBuf,
    /// The folder to make
    #[arg(value_parser = path())]
    pub new: PathBuf,
}

#[derive(Debug, Args)]
pub struct MrinitShowArgs {
    /// The file
    #[arg(value_parser = path())]
    pub file: PathBuf,
}

#[derive(Debug, Args)]
pub struct MrinitSetArgs {
    /// The file
    #[arg(value_parser = path())]
    pub file: PathBuf,
    /// The name of the value, such as ParentRouterAddress
    #[arg(requires = "value", conflicts_with_all = ["ip", "fqdn", "netbios"])]
    pub name: Option<String>,
    /// The value; a number as 8193, 0x2001 or dword:00002001
    pub value: Option<String>,
    #[command(flatten)]
    pub address: AddressFlags,
    /// Show what would change, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Where to make it; by default a new folder among the temporary files
    #[arg(value_parser = path())]
    pub dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct RecoverArgs {
    /// The CIDs
    #[arg(value_name = "CID", required = true, value_parser = path())]
    pub cids: Vec<PathBuf>,
    /// Finish what was begun, or fail
    #[arg(long)]
    finish: bool,
    /// Undo what was begun, or fail
    #[arg(long, conflicts_with = "finish")]
    undo: bool,
    /// Leave the files as they are, and forget what was begun
    #[arg(long, conflicts_with_all = ["finish", "undo"])]
    forget: bool,
    #[command(flatten)]
    pub lock: LockFlags,
}

impl RecoverArgs {
    pub fn direction(&self) -> Option<Direction> {
        match self {
            RecoverArgs { finish: true, .. } => Some(Direction::Finish),
            RecoverArgs { undo: true, .. } => Some(Direction::Undo),
            RecoverArgs { forget: true, .. } => Some(Direction::Forget),
            _ => None,
        }
    }
}

#[derive(Debug, Args)]
pub struct UndoArgs {
    /// The CIDs
    #[arg(value_name = "CID", required = true, value_parser = path())]
    pub cids: Vec<PathBuf>,
    #[command(flatten)]
    pub write: WriteFlags,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_backslash_before_a_quote_makes_is_understood_or_refused() {
        for (text, path) in
            [("C:\\CID\"", "C:\\CID\\"), ("C:\"", "C:\\"), ("C:\\CID", "C:\\CID"), ("C:\\My CID\\", "C:\\My CID\\")]
        {
            assert_eq!(unquoted(text.into()).unwrap().as_os_str(), path);
        }
        for text in ["\"", "C:\\CID\" --ip", "C:\\CID\" D:\\CID\"", "\"C:\\CID\""] {
            assert!(unquoted(text.into()).is_err(), "{text}");
        }
    }
}
