//! Message files: what is said, to whom, and when.

use std::time::SystemTime;

use super::Place;
use super::language::Language;
use super::version::VersionRange;

/// The most messages of a file.
pub const MAX_MESSAGES: usize = 50_000;

/// A message file.
///
/// ```
/// use configcid::messenger::MessageFile;
///
/// let file = MessageFile::parse(
///     br#"<messages version="1" default-language="en">
///           <message id="relay-retires" severity="warning">
///             <conditions><os name="windows" min="6.1"/></conditions>
///             <text lang="en"><title>This relay retires</title><body>On Friday.</body></text>
///             <text lang="de"><title>Dieses Relay geht</title><body>Am Freitag.</body></text>
///           </message>
///         </messages>"#,
/// )?;
/// let message = &file.messages[0];
/// assert_eq!(message.id, "relay-retires");
/// assert_eq!(file.text(message, &"de-AT".parse()?).title, "Dieses Relay geht");
/// assert_eq!(file.text(message, &"fr".parse()?).title, "This relay retires");
/// # Ok::<(), configcid::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageFile {
    /// The language of those whose own one a message lacks.
    pub default_language: Language,
    /// The messages, in their order.
    pub messages: Vec<Message>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What it is known by: up to 64 of A-Z, a-z, 0-9, `.`, `_` and `-`, the first one a letter or digit.
    pub id: String,
    /// How much it matters.
    pub severity: MessageSeverity,
    /// What is said, once a language; never empty.
    pub texts: Vec<Text>,
    /// All of these must hold.
    pub conditions: Vec<Condition>,
    /// Where it stands.
    pub place: Place,
}

/// How much a message matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageSeverity {
    /// News.
    Information,
    /// Something is to be done.
    Warning,
    /// Something is to be done now.
    Critical,
}

impl MessageSeverity {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Information, Self::Warning, Self::Critical];

    /// The name in message files and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Information => "information",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// What is said, in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The language.
    pub language: Language,
    /// The heading: one line.
    pub title: String,
    /// The rest: paragraphs, with an empty line between two.
    pub body: String,
    /// Where there is more to read. Use [`good_link`](Text::good_link) to open it.
    pub link: Option<String>,
    /// Where the text stands.
    pub place: Place,
    /// Where the title stands.
    pub title_place: Place,
    /// Where the link stands.
    pub link_place: Place,
}

impl Text {
    /// The link, where it is one that can be opened without danger: `http` or `https`, and nothing odd in it.
    pub fn good_link(&self) -> Option<&str> {
        self.link.as_deref().filter(|link| super::link::check(link).is_ok())
    }
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// What must be so.
    pub test: Test,
    /// Where it stands.
    pub place: Place,
}

/// What a condition asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// All of them hold.
    All(Vec<Condition>),
    /// At least one of them holds.
    Any(Vec<Condition>),
    /// None of them holds.
    None(Vec<Condition>),
    /// The management console is of this kind, and its version in this range.
    Console(ConsoleKind, VersionRange),
    /// The user's language is this one, or a variety of it.
    Language(Language),
    /// The operating system is this one, and its version in this range.
    Os(Os, VersionRange),
    /// A component of this name is installed, in a version of this range. Case does not matter.
    Component(String, VersionRange),
    /// It is this moment, or later.
    NotBefore(SystemTime),
    /// It is before this moment.
    Expires(SystemTime),
}

/// The management consoles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConsoleKind {
    /// Enterprise Console.
    EnterpriseConsole,
    /// Enterprise Manager.
    EnterpriseManager,
    /// Control Center.
    ControlCenter,
}

impl ConsoleKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::EnterpriseConsole, Self::EnterpriseManager, Self::ControlCenter];

    /// The name in message files and profiles.
    pub fn name(self) -> &'static str {
        match self {
            Self::EnterpriseConsole => "enterprise-console",
            Self::EnterpriseManager => "enterprise-manager",
            Self::ControlCenter => "control-center",
        }
    }
}

/// Operating systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Os {
    /// Windows.
    Windows,
    /// macOS, and what it was called before.
    Macos,
    /// Linux.
    Linux,
}

impl Os {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Windows, Self::Macos, Self::Linux];

    /// The name in message files and profiles.
    pub fn name(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::Macos => "macos",
            Self::Linux => "linux",
        }
    }
}

impl MessageFile {
    /// What a message says to a user of this language: in exactly this one, else in the one that it is a variety of, else
    /// in the file's default, else in the first that is there.
    pub fn text<'a>(&self, message: &'a Message, language: &Language) -> &'a Text {
        let find = |tag: &str| message.texts.iter().find(|text| text.language.as_str().eq_ignore_ascii_case(tag));
        let own = language.and_wider().find_map(find);
        let default = || self.default_language.and_wider().find_map(find);
        own.or_else(default).unwrap_or_else(|| message.texts.first().expect("a message has a text"))
    }
}
