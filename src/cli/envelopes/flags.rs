//! The flags that several of these commands share, and what they are read with.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::Result;
use crate::envelopes::{self, Place, SYSTEMS, System};
use crate::router::Router;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::cli::flags::path;

/// Whose Envelopes folder.
#[derive(Debug, Args)]
pub(super) struct ServerFlags {
    /// Read where the folder is from this file, exported from the server's registry, instead of the registry of this
    /// computer
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub reg: Option<PathBuf>,
    /// The server's Windows
    #[arg(long, ignore_case = true, value_parser = system())]
    pub system: Option<System>,
}

impl ServerFlags {
    /// Where the folder is; `None` where nobody can tell: this is no Windows, and no file was given.
    pub(super) fn place(&self) -> Result<Option<Place>> {
        let router = match &self.reg {
            Some(path) => Router::in_file_at(path)?,
            None if cfg!(windows) => Router::live()?,
            None => return Ok(None),
        };
        envelopes::place(&router, self.system.unwrap_or_default()).map(Some)
    }

    /// Whether the registry is that of this computer.
    pub(super) fn is_live(&self) -> bool {
        cfg!(windows) && self.reg.is_none()
    }
}

/// The folder of a command that works in it: the one that is named, or that of this computer.
pub(super) fn folder(dir: Option<&PathBuf>, server: &ServerFlags) -> Result<(PathBuf, Option<Place>)> {
    match (dir, server.place()?) {
        (Some(dir), place) => Ok((dir.clone(), place.filter(|_| server.reg.is_some()))),
        (None, Some(place)) if server.is_live() => {
            Ok((place.filled_in(|name| std::env::var(name).ok()).into(), Some(place)))
        }
        (None, place) => Err(envelopes::no_folder(place.as_ref())),
    }
}

/// Reads the name of a system; shells complete it.
pub(crate) fn system() -> impl TypedValueParser<Value = System> {
    PossibleValuesParser::new(SYSTEMS.iter().map(|system| system.name))
        .map(|name| System::named(&name).expect("the name is of the table"))
}

/// A length of time on the command line.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    envelopes::parse_duration(text).map_err(|error| error.to_string())
}

/// A moment on the command line.
pub(crate) fn moment(text: &str) -> Result<SystemTime, String> {
    crate::time::parse(text).map_err(|error| error.to_string())
}

/// As [`duration`], without a unit in seconds, and not none.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let time = duration(&if plain { format!("{text}s") } else { text.to_owned() })?;
    if time.is_zero() {
        Err(text!("a time of zero is none; write seconds, such as 10 or 0.5").to_owned())
    } else {
        Ok(time)
    }
}
