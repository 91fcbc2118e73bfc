//! `configcid messenger ...`: its arguments, and what its commands share.

mod check;
mod package;
mod run;
mod status;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::messenger::{
    Config, Language, Lost, MessageFile, Method, Profile, ReportTo, Setting, Store, Text, Words, fill, this_machine,
    user_language,
};
use crate::{Error, Exit, Result, time};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::out::Out;

#[derive(Debug, Subcommand)]
pub enum MessengerCommand {
    /// Look for what is wrong with a message file
    Lint(LintArgs),
    /// Say which messages would be shown, and of every other one what says no
    Check(CheckArgs),
    /// Show the messages that are pending: what runs at logon
    Run(Box<RunArgs>),
    /// List what was shown, acknowledged, is pending, and is still to be reported
    Status(StatusArgs),
    /// Acknowledge messages
    Ack(AckArgs),
    /// Make a package of a message file, the program, and what it takes to install them
    Build(BuildArgs),
    /// Install a package, and let it run at logon
    Install(InstallArgs),
    /// Remove what was installed
    Uninstall(UninstallArgs),
}

pub fn main(command: MessengerCommand, out: Out) -> Exit {
    match command {
        MessengerCommand::Lint(args) => check::lint(&args, out),
        MessengerCommand::Check(args) => check::check(&args, out),
        MessengerCommand::Run(args) => run::run(&args, out),
        MessengerCommand::Status(args) => status::status(&args, out),
        MessengerCommand::Ack(args) => status::ack(&args, out),
        MessengerCommand::Build(args) => package::build(&args, out),
        MessengerCommand::Install(args) => package::install(&args, out),
        MessengerCommand::Uninstall(args) => package::uninstall(&args, out),
    }
}

#[derive(Debug, Args)]
pub struct LintArgs {
    /// The message file
    file: PathBuf,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    language: Lang,
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    profile: ProfileFlags,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    language: Lang,
}

#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    profile: ProfileFlags,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    language: Lang,
    /// How to show them; by default on the terminal
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Read the Disable switches from this exported file, instead of the registry of this computer
    #[arg(long, value_name = "FILE")]
    reg: Option<PathBuf>,
    #[command(flatten)]
    state: StateFlags,
    #[command(flatten)]
    report: ReportFlags,
}

#[derive(Debug, Args)]
pub struct StatusArgs {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    profile: ProfileFlags,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    language: Lang,
    #[command(flatten)]
    state: StateFlags,
}

#[derive(Debug, Args)]
pub struct AckArgs {
    /// The messages
    #[arg(value_name = "ID", required = true)]
    ids: Vec<String>,
    /// The configuration that names where to report; by default messenger.toml beside the program
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    language: Lang,
    #[command(flatten)]
    state: StateFlags,
    #[command(flatten)]
    report: ReportFlags,
}

#[derive(Debug, Args)]
pub struct BuildArgs {
    /// What the package is made of, a TOML file
    spec: PathBuf,
    /// The folder to make
    #[arg(long, value_name = "DIR")]
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
pub struct InstallArgs {
    /// The folder of the package; by default the one that this program lies in
    package: Option<PathBuf>,
    /// Put it below this folder, which stands for %ProgramFiles(x86)%, and leave the registry alone
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    language: Lang,
}

#[derive(Debug, Args)]
pub struct UninstallArgs {
    /// Remove it from below this folder, which stands for %ProgramFiles(x86)%, and leave the registry alone
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    language: Lang,
}

/// How to show messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// In a window, on Windows
    Window,
    /// On the terminal, with a prompt
    Terminal,
    /// As JSON, for another program to show
    Json,
}

/// Where the messages are.
#[derive(Debug, Args)]
struct Source {
    /// The message file; by default the one that the configuration names
    file: Option<PathBuf>,
    /// The configuration; by default messenger.toml beside the program
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct ProfileFlags {
    /// The computer and its user, described in a TOML file
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// This computer and user; on Windows, this is what happens without --profile
    #[arg(long, conflicts_with = "profile")]
    this_machine: bool,
}

impl ProfileFlags {
    fn is_given(&self) -> bool {
        self.profile.is_some() || self.this_machine
    }

    /// The profile of a file, or else of this computer, which must be a Windows.
    fn read(&self) -> Result<Profile> {
        self.profile.as_deref().map_or_else(this_machine, Profile::read)
    }
}

#[derive(Debug, Args)]
struct At {
    /// The moment that counts as now, such as 2026-11-21 or 2026-11-21T18:30:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

impl At {
    fn moment(&self) -> Result<SystemTime> {
        self.at.as_deref().map_or_else(|| Ok(SystemTime::now()), time::parse)
    }

    /// A moment that a state can hold.
    fn moment_to_remember(&self) -> Result<SystemTime> {
        let moment = self.moment()?;
        match moment < SystemTime::UNIX_EPOCH {
            true => Err(Error::usage(format!("{} cannot be remembered: name a time since 1970", time::print(moment)))),
            false => Ok(moment),
        }
    }
}

#[derive(Debug, Args)]
struct Lang {
    /// The user's language, such as de-AT
    #[arg(long, value_name = "TAG")]
    lang: Option<String>,
}

impl Lang {
    /// The language that was asked for, else that of the environment.
    fn asked(&self) -> Result<Option<Language>> {
        Ok(self.lang.as_deref().map(str::parse).transpose()?.or_else(user_language))
    }

    fn words(&self) -> Result<&'static Words> {
        Ok(Words::of(self.asked()?.as_ref()))
    }

    /// The language of a user: what was asked for, else the profile's, else that of the environment, else English.
    fn of_user(&self, profile: &Profile) -> Result<Language> {
        if let Some(tag) = &self.lang {
            return tag.parse();
        }
        Ok(profile.language.clone().or_else(user_language).unwrap_or("en".parse()?))
    }
}

#[derive(Debug, Args)]
struct StateFlags {
    /// The folder of the user's state; by default, one below the system's folder for data of the user
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

impl StateFlags {
    fn store(&self) -> Result<Store> {
        self.state.clone().map_or_else(Store::of_this_user, |folder| Ok(Store::new(folder)))
    }
}

#[derive(Debug, Args)]
struct ReportFlags {
    /// Report to this address, whatever the configuration says
    #[arg(long)]
    url: Option<String>,
    /// How to report: post, or get
    #[arg(long, value_enum, requires = "url")]
    method: Option<MethodChoice>,
    /// Who may vouch for the server: certificates in a PEM file, in place of the system's
    #[arg(long, value_name = "FILE", requires = "url")]
    ca: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum MethodChoice {
    /// In the address
    Get,
    /// As JSON
    Post,
}

impl ReportFlags {
    fn to(&self, config: Option<&Config>) -> Result<Option<ReportTo>> {
        let method = match self.method {
            Some(MethodChoice::Get) => Method::Get,
            _ => Method::Post,
        };
        match &self.url {
            Some(url) => ReportTo::new(url, method, self.ca.clone()).map(Some),
            None => Ok(config.and_then(|config| config.report.clone())),
        }
    }
}

/// The configuration that was named, or the one beside the program.
fn config(named: Option<&Path>) -> Result<Option<Config>> {
    let beside = || Some(std::env::current_exe().ok()?.parent()?.join(Config::FILE_NAME)).filter(|path| path.is_file());
    named.map(Path::to_owned).or_else(beside).map(|path| Config::read(&path)).transpose()
}

impl Source {
    fn config(&self) -> Result<Option<Config>> {
        config(self.config.as_deref())
    }

    /// The file with the messages.
    fn path(&self, config: Option<&Config>) -> Result<PathBuf> {
        let path = self.file.clone().or_else(|| config.map(|config| config.messages.clone()));
        path.ok_or_else(|| {
            Error::usage(format!("no message file is named, and there is no {} beside the program", Config::FILE_NAME))
        })
    }
}

/// A message as it is shown.
#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    severity: crate::messenger::MessageSeverity,
    language: &'a str,
    title: &'a str,
    body: &'a str,
    /// None where it is not fit to be opened.
    link: Option<&'a str>,
}

impl<'a> Shown<'a> {
    fn new(file: &'a MessageFile, message: &'a crate::messenger::Message, language: &Language) -> Shown<'a> {
        let text: &Text = file.text(message, language);
        Shown {
            id: &message.id,
            severity: message.severity,
            language: text.language.as_str(),
            title: &text.title,
            body: &text.body,
            link: text.good_link(),
        }
    }
}

/// A state that was put aside.
#[derive(Serialize)]
struct LostReport {
    why: String,
    kept: String,
}

/// Tells of a state that was put aside.
fn tell_lost(lost: Option<Lost>, words: &Words, out: Out) -> Option<LostReport> {
    let Lost { why, kept } = lost?;
    let kept = kept.to_string_lossy().into_owned();
    out.warning(&fill(words.state_lost, &[&why, &kept]));
    Some(LostReport { why, kept })
}

fn setting<'a>(profile: &'a Profile, time: SystemTime, language: &'a Language) -> Setting<'a> {
    Setting { profile, time, language }
}

/// Ends a command with an error, where there is one.
fn end(command: &str, done: Result<Exit>, out: Out) -> Exit {
    done.unwrap_or_else(|error| out.fail(command, &error))
}
