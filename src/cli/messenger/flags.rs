//! The flags that several of these commands share.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::messenger::{Config, Language, Method, Profile, ReportTo, Store, Words, this_machine, user_language};
use crate::{Error, Result, time};
use clap::Args;

use crate::cli::flags::path;

/// Where the messages are.
#[derive(Debug, Args)]
pub(super) struct Source {
    /// The message file; by default the one that the configuration names
    #[arg(value_parser = path())]
    pub file: Option<PathBuf>,
    /// The configuration; by default messenger.toml beside the program
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ProfileFlags {
    /// The computer and its user, described in a TOML file
    #[arg(long, value_name = "FILE", value_parser = path())]
    profile: Option<PathBuf>,
    /// This computer and user; on Windows, this is what happens without --profile
    #[arg(long, conflicts_with = "profile")]
    this_machine: bool,
}

impl ProfileFlags {
    pub(super) fn is_given(&self) -> bool {
        self.profile.is_some() || self.this_machine
    }

    /// The profile of a file, or else of this computer, which must be a Windows.
    pub(super) fn read(&self) -> Result<Profile> {
        self.profile.as_deref().map_or_else(this_machine, Profile::read)
    }
}

#[derive(Debug, Args)]
pub(super) struct At {
    /// The moment that counts as now, such as 2026-11-21 or 2026-11-21T18:30:00Z
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
}

impl At {
    pub(super) fn moment(&self) -> Result<SystemTime> {
        self.at.as_deref().map_or_else(|| Ok(SystemTime::now()), time::parse)
    }

    /// A moment that a state can hold.
    pub(super) fn moment_to_remember(&self) -> Result<SystemTime> {
        let moment = self.moment()?;
        match moment < SystemTime::UNIX_EPOCH {
            true => Err(Error::usage(text!("{} cannot be remembered: name a time since 1970", time::print(moment)))),
            false => Ok(moment),
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct Lang {
    /// The user's language, such as de-AT
    #[arg(long, value_name = "TAG")]
    lang: Option<String>,
}

impl Lang {
    /// The language that was asked for, else that of the environment.
    pub(super) fn asked(&self) -> Result<Option<Language>> {
        Ok(self.lang.as_deref().map(str::parse).transpose()?.or_else(user_language))
    }

    pub(super) fn words(&self) -> Result<&'static Words> {
        Ok(Words::of(self.asked()?.as_ref()))
    }

    /// The language of a user: what was asked for, else the profile's, else that of the environment, else English.
    pub(super) fn of_user(&self, profile: &Profile) -> Result<Language> {
        if let Some(tag) = &self.lang {
            return tag.parse();
        }
        Ok(profile.language.clone().or_else(user_language).unwrap_or("en".parse()?))
    }
}

#[derive(Debug, Args)]
pub(super) struct StateFlags {
    /// The folder of the user's state; by default, one below the system's folder for data of the user
    #[arg(long, value_name = "DIR", value_parser = path())]
    state: Option<PathBuf>,
}

impl StateFlags {
    pub(super) fn store(&self) -> Result<Store> {
        self.state.clone().map_or_else(Store::of_this_user, |folder| Ok(Store::new(folder)))
    }
}

#[derive(Debug, Args)]
pub(super) struct ReportFlags {
    /// Report to this address, whatever the configuration says
    #[arg(long)]
    url: Option<String>,
    /// How to report: post, or get
    #[arg(long, value_enum, requires = "url")]
    method: Option<MethodChoice>,
    /// Who may vouch for the server: certificates in a PEM file, in place of the system's
    #[arg(long, value_name = "FILE", requires = "url", value_parser = path())]
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
    pub(super) fn to(&self, config: Option<&Config>) -> Result<Option<ReportTo>> {
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
pub(super) fn config(named: Option<&Path>) -> Result<Option<Config>> {
    let beside = || Some(std::env::current_exe().ok()?.parent()?.join(Config::FILE_NAME)).filter(|path| path.is_file());
    named.map(Path::to_owned).or_else(beside).map(|path| Config::read(&path)).transpose()
}

impl Source {
    pub(super) fn config(&self) -> Result<Option<Config>> {
        config(self.config.as_deref())
    }

    /// The file with the messages.
    pub(super) fn path(&self, config: Option<&Config>) -> Result<PathBuf> {
        let path = self.file.clone().or_else(|| config.map(|config| config.messages.clone()));
        path.ok_or_else(|| {
            Error::usage(text!("no message file is named, and there is no {} beside the program", Config::FILE_NAME))
        })
    }
}
