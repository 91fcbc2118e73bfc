//! Messages to the administrators of a console: "this relay retires on Friday". Written once in a file, with translations
//! and conditions, packaged, shown at logon until acknowledged, and reported, as the vendor's Messenger did with the
//! vendor's own news \[119053\]. `docs/messenger.md` describes the files and the rules.
//!
//! [`MessageFile`] and [`Profile`] are read from bytes; [`evaluate`](evaluate()) says of a message whether it is shown,
//! or what says no; [`lint`](lint()) finds what its author did not mean.

mod config;
mod evaluate;
mod file;
#[cfg(feature = "http")]
mod http;
mod install;
mod language;
mod link;
mod lint;
mod machine;
mod package;
mod parse;
mod profile;
mod reach;
mod read;
mod reports;
mod state;
mod store;
mod switch;
#[cfg(test)]
mod tests;
mod toml_file;
mod version;
#[cfg(windows)]
mod window;
mod words;
mod xml;

pub use config::{Config, Method, ReportTo};
pub use evaluate::{Refusal, Setting, evaluate, refused_here};
pub use file::{Condition, ConsoleKind, MAX_MESSAGES, Message, MessageFile, MessageSeverity, Os, Test, Text};
#[cfg(feature = "http")]
pub use http::HttpSender;
pub use install::{InstallReport, install, install_folder, uninstall, write_package};
pub use language::{Language, user_language};
pub use lint::{Code, LintFinding, MAX_TITLE, lint, lint_file};
pub use machine::this_machine;
pub use package::{Package, PackageSpec, build};
pub use parse::{MAX_CONDITIONS, MAX_TEXT, MAX_TEXTS};
pub use profile::{Profile, Session};
pub use reports::{Delivery, Failure, Sender, deliver};
pub use state::{Event, Report, Seen, State};
pub use store::{Lost, Store, Turn};
pub use switch::{disabled_here, disabled_in};
pub use version::{Version, VersionRange};
#[cfg(windows)]
pub use window::{hide_own_console, show_window};
pub use words::{ENGLISH, GERMAN, Words, fill};
pub use xml::{MAX_DEPTH, MAX_ELEMENTS, MAX_SIZE};

use crate::base::error::Position;

/// A place in a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line, counted from 1.
    pub line: usize,
    /// The character in it, counted from 1: the column of an editor.
    pub column: usize,
}

impl From<Place> for Position {
    fn from(Place { line, column }: Place) -> Self {
        Self::Character { line, column }
    }
}
