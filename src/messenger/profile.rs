//! Profiles: what is known of a computer and its user.

use std::collections::BTreeMap;
use std::path::Path;

use super::file::{ConsoleKind, Os};
use super::language::Language;
use super::read::read_bytes;
use super::toml_file;
use super::version::Version;
use crate::base::error::Result;
use crate::base::text::fold_case;

/// What conditions are asked of. What it does not name is not there.
///
/// ```
/// use configcid::messenger::{Os, Profile};
///
/// let profile = Profile::parse("[os]\nname = \"windows\"\nversion = \"6.1\"\n[components]\nrms = \"4.1\"\n")?;
/// assert_eq!(profile.os.unwrap().0, Os::Windows);
/// assert!(profile.administrator);
/// # Ok::<(), configcid::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The user's language.
    pub language: Option<Language>,
    /// Whether the user is one of *Sophos Console Administrators*: the audience \[119053\].
    pub administrator: bool,
    /// Whether this is the management server: the place \[119053\].
    pub management_server: bool,
    /// Where the user sits.
    pub session: Session,
    /// The management console, and its version.
    pub console: Option<(ConsoleKind, Version)>,
    /// The operating system, and its version.
    pub os: Option<(Os, Version)>,
    /// The components that are installed, by names in lower case, and their versions.
    pub components: BTreeMap<String, Version>,
}

/// Where a user sits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Session {
    /// At the computer.
    Console,
    /// Elsewhere, connected over the network.
    Remote,
}

impl Default for Profile {
    /// An administrator at a management server of which nothing else is known.
    fn default() -> Self {
        Self {
            language: None,
            administrator: true,
            management_server: true,
            session: Session::Console,
            console: None,
            os: None,
            components: BTreeMap::new(),
        }
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    language: Option<String>,
    administrator: Option<bool>,
    management_server: Option<bool>,
    session: Option<Session>,
    console: Option<ConsoleTable>,
    os: Option<OsTable>,
    #[serde(default)]
    components: BTreeMap<String, String>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ConsoleTable {
    kind: ConsoleKind,
    version: String,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct OsTable {
    name: Os,
    version: String,
}

impl Profile {
    /// Reads a profile: TOML as `templates/messenger-profile.example.toml` shows it.
    ///
    /// # Errors
    /// It is not TOML, names something that no profile has, or holds no version or language tag where one belongs. The
    /// error has the line and the column where they are known, and names no file.
    pub fn parse(text: &str) -> Result<Self> {
        let file: File = toml_file::parse(text)?;
        let usual = Self::default();
        let version = |text: &str| text.parse::<Version>();
        Ok(Self {
            language: file.language.map(|tag| tag.parse()).transpose().map_err(toml_file::unfit)?,
            administrator: file.administrator.unwrap_or(usual.administrator),
            management_server: file.management_server.unwrap_or(usual.management_server),
            session: file.session.unwrap_or(usual.session),
            console: file.console.map(|this| Ok((this.kind, version(&this.version)?))).transpose()?,
            os: file.os.map(|this| Ok((this.name, version(&this.version)?))).transpose()?,
            components: file
                .components
                .iter()
                .map(|(name, text)| Ok((fold_case(name), version(text)?)))
                .collect::<Result<_>>()?,
        })
    }

    /// Reads a profile on disk.
    ///
    /// # Errors
    /// As [`parse`](Profile::parse); it cannot be read.
    pub fn read(path: &Path) -> Result<Self> {
        let text = toml_file::text(read_bytes(path, toml_file::MAX_SIZE)?, path)?;
        Self::parse(&text).map_err(|error| error.in_file(path))
    }
}
