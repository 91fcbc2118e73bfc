//! The configuration that lies beside the program in a package: which message file, and where to report.

use std::path::{Path, PathBuf};

use super::read::read_bytes;
use super::{link, toml_file};
use crate::base::error::{Error, Result};

/// The configuration of the messenger.
///
/// ```
/// use configcid::messenger::Config;
///
/// let config = Config::parse("messages = \"messages.xml\"\n[report]\nurl = \"https://intranet.example.com/m\"\n", "/p".as_ref())?;
/// assert!(config.messages.ends_with("messages.xml"));
/// assert!(config.report.is_some());
/// # Ok::<(), configcid::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The message file.
    pub messages: PathBuf,
    /// Where to report. `None`: nothing leaves the machine.
    pub report: Option<ReportTo>,
}

/// Where and how to report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportTo {
    /// The address, of `http` or `https`.
    pub url: String,
    /// How.
    pub method: Method,
    /// A file with the certificates (PEM) of those who may vouch for the server, in place of the system's.
    pub ca: Option<PathBuf>,
}

/// How a report is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// In the address.
    Get,
    /// As JSON.
    #[default]
    Post,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    messages: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<ReportTable>,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReportTable {
    url: String,
    #[serde(default)]
    method: Method,
    #[serde(skip_serializing_if = "Option::is_none")]
    ca: Option<PathBuf>,
}

impl ReportTable {
    /// With the file of certificates below `folder`.
    pub(super) fn below(self, folder: &Path) -> Result<ReportTo> {
        let Self { url, method, ca } = self;
        ReportTo::new(url, method, ca.map(|ca| folder.join(ca)))
    }
}

impl ReportTo {
    /// An address, checked.
    ///
    /// # Errors
    /// It is none of `http` or `https`.
    pub fn new(url: impl Into<String>, method: Method, ca: Option<PathBuf>) -> Result<Self> {
        let url = url.into();
        link::check(&url)?;
        Ok(Self { url, method, ca })
    }
}

impl Config {
    /// The name of the file beside the program.
    pub const FILE_NAME: &str = "messenger.toml";

    /// Reads a configuration, whose files are named from `folder`.
    ///
    /// # Errors
    /// It is not TOML, names something that no configuration has, or its address is none of `http` or `https`.
    pub fn parse(text: &str, folder: &Path) -> Result<Self> {
        let File { messages, report } = toml_file::parse(text)?;
        let report = report.map(|table| table.below(folder)).transpose().map_err(toml_file::unfit)?;
        Ok(Self { messages: folder.join(messages), report })
    }

    /// Reads a configuration on disk.
    ///
    /// # Errors
    /// As [`parse`](Config::parse); it cannot be read.
    pub fn read(path: &Path) -> Result<Self> {
        let text = toml_file::text(read_bytes(path, toml_file::MAX_SIZE)?, path)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, folder).map_err(|error: Error| error.in_file(path))
    }

    /// The text of a configuration.
    pub fn print(&self) -> String {
        let report = self.report.clone().map(|ReportTo { url, method, ca }| ReportTable { url, method, ca });
        let file = File { messages: self.messages.clone(), report };
        toml::to_string(&file).expect("paths that were text and addresses are text")
    }
}
