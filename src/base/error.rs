//! The one error type: what is wrong, where, and what to do next.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::base::language::{said, said_whole};
use crate::base::text::safe;

/// A [`std::result::Result`] with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of fault an [`Error`] is. The [`name`](ErrorKind::name) of each is stable and stands in the JSON output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The folder is no CID, or only a part of one.
    NotACid,
    /// The operating system refused something.
    Io,
    /// A catalog's bytes break the format.
    CatalogFormat,
    /// An `mrinit.conf` breaks the format, or lacks or repeats what was asked for.
    MrinitFormat,
    /// A relay address breaks the rules of its kind.
    Address,
    /// A path that a catalog or a folder may not hold.
    Path,
    /// The CID disagrees with its catalogs in files that configcid never rewrites.
    Damage,
    /// No known checksum function reproduces a catalog.
    ForeignChecksum,
    /// Nothing on disk can tell which checksum function a catalog uses.
    UndeterminedChecksum,
    /// A file is not what it was when the plan was made.
    Changed,
    /// A link where configcid follows none.
    Link,
    /// Two names that differ in case alone.
    CaseConflict,
    /// A program that the user brought failed, lied, or did not end.
    Program,
    /// Something stands where a new thing was to be made.
    Exists,
    /// The request itself makes no sense.
    Usage,
    /// Another writer is at work.
    Locked,
    /// The record of an interrupted or of the last change is missing, unreadable, or no longer fits the files.
    Journal,
    /// Something else seems to be updating the CID.
    Busy,
    /// A service of Windows is not there, or does not do what it is told.
    Service,
    /// A `.reg` file breaks the format, or the registry holds a value of another type than it should.
    RegistryFormat,
    /// A file of the messenger (messages, profile, configuration, package) breaks its format.
    MessengerFormat,
    /// A manifest, or a spec file, breaks the format.
    ManifestFormat,
    /// A manifest lists a file that was to be written.
    SignedFile,
    /// A certificate, a key or a revocation list cannot be read, or does not fit.
    Certificate,
    /// An object reference (IOR) breaks the format.
    IorFormat,
    /// A fleet file breaks the format.
    FleetFormat,
    /// A fleet file is against a rule, or a CID is not what it says.
    Fleet,
}

impl ErrorKind {
    /// The stable name, as the JSON output has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotACid => "not-a-cid",
            Self::Io => "io",
            Self::CatalogFormat => "catalog-format",
            Self::MrinitFormat => "mrinit-format",
            Self::Address => "address",
            Self::Path => "path",
            Self::Damage => "damage",
            Self::ForeignChecksum => "foreign-checksum",
            Self::UndeterminedChecksum => "undetermined-checksum",
            Self::Changed => "changed",
            Self::Link => "link",
            Self::CaseConflict => "case-conflict",
            Self::Program => "program",
            Self::Exists => "exists",
            Self::Usage => "usage",
            Self::Locked => "locked",
            Self::Journal => "journal",
            Self::Busy => "busy",
            Self::Service => "service",
            Self::RegistryFormat => "registry-format",
            Self::MessengerFormat => "messenger-format",
            Self::ManifestFormat => "manifest-format",
            Self::SignedFile => "signed-file",
            Self::Certificate => "certificate",
            Self::IorFormat => "ior-format",
            Self::FleetFormat => "fleet-format",
            Self::Fleet => "fleet",
        }
    }
}

/// A place inside a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// A line, counted from 1.
    Line(usize),
    /// A line, and a character in it, both counted from 1.
    Character {
        /// The line.
        line: usize,
        /// The character, the column of an editor.
        column: usize,
    },
    /// A byte, counted from 0.
    Offset(u64),
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => f.write_str(&text!("line {line}", line)),
            Self::Character { line, column } => f.write_str(&text!("line {line}, column {column}", line, column)),
            Self::Offset(offset) => {
                f.write_str(&text!("offset {offset} ({hex})", offset, hex = format_args!("0x{offset:X}")))
            }
        }
    }
}

/// What went wrong, where, and what to do next.
///
/// ```
/// use configcid::RelayAddress;
///
/// let error = RelayAddress::new(Some("10.1.200.650"), None, None).unwrap_err();
/// assert_eq!(error.kind().name(), "address");
/// assert!(error.to_string().contains("10.1.200.650"));
/// ```
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    what: String,
    path: Option<PathBuf>,
    position: Option<Position>,
    next: Option<String>,
    source: Option<io::Error>,
}

impl Error {
    /// An error of this kind: for those who implement a trait of this crate, such as
    /// [`ChecksumFunction`](crate::catalog::ChecksumFunction). `what` is a sentence without an end, and names no place.
    ///
    /// ```
    /// use configcid::{Error, ErrorKind, Position};
    ///
    /// let error = Error::new(ErrorKind::Io, "the server does not answer")
    ///     .in_file("report.json".as_ref())
    ///     .at(Position::Line(3))
    ///     .next("try again");
    /// assert_eq!(error.to_string(), "report.json: line 3: the server does not answer; try again");
    /// ```
    pub fn new(kind: ErrorKind, what: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            what: said_whole(what.into()),
            path: None,
            position: None,
            next: None,
            source: None,
        }))
    }

    /// A request that makes no sense, as a command line finds it.
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, what)
    }

    /// An operating system's refusal: `doing` completes "cannot ...". What to do next is what helps against refusals of its kind,
    /// where something does, until [`next`](Self::next) says it better.
    pub fn io(doing: &str, path: &Path, source: io::Error) -> Self {
        // The whole is one text of the catalog, since "cannot" and what follows it are one word in other languages.
        let cannot = format!("cannot {doing}");
        Self::io_of(said(&cannot), path, source)
    }

    /// The same, where what cannot be done is a sentence with gaps: `cannot` is all of it.
    pub(crate) fn io_of(cannot: &str, path: &Path, source: io::Error) -> Self {
        let mut error = Self::new(ErrorKind::Io, format!("{cannot}: {source}")).in_file(path);
        error.0.next = next_of(&source).map(str::to_owned);
        error.0.source = Some(source);
        error
    }

    /// Names the line or byte.
    #[must_use]
    pub fn at(mut self, position: Position) -> Self {
        self.0.position = Some(position);
        self
    }

    /// Names the file, where none is named yet.
    #[must_use]
    pub fn in_file(mut self, path: &Path) -> Self {
        self.0.path.get_or_insert_with(|| without_login(plain(path)));
        self
    }

    /// Names the file that people know, in place of one that was in the way to it.
    pub(crate) fn about(mut self, path: &Path) -> Self {
        self.0.path = Some(without_login(plain(path)));
        self
    }

    /// What the reader should do about it; replaces what stood there.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.0.next = Some(said_whole(next.into()));
        self
    }

    /// The sort of fault.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What is wrong, without the place.
    pub fn what(&self) -> &str {
        &self.0.what
    }

    /// The file or folder concerned.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// The line or byte concerned.
    pub fn position(&self) -> Option<Position> {
        self.0.position
    }

    /// What to do next, where there is something to say.
    pub fn next_step(&self) -> Option<&str> {
        self.0.next.as_deref()
    }
}

/// What helps against a refusal of the system's, whatever it was that was wanted. Our choice.
fn next_of(refusal: &io::Error) -> Option<&'static str> {
    use io::ErrorKind as Kind;

    // Windows: another program has the file open, or a part of it locked.
    if cfg!(windows) && matches!(refusal.raw_os_error(), Some(32 | 33)) {
        return Some(text!("close it in the program that has it open, then try again"));
    }
    match refusal.kind() {
        Kind::NotFound | Kind::NotADirectory | Kind::InvalidFilename => Some(text!("check the path")),
        Kind::PermissionDenied => Some(text!("check your rights to it")),
        Kind::StorageFull | Kind::QuotaExceeded => Some(text!("make room there, then try again")),
        Kind::ReadOnlyFilesystem => {
            Some(text!("it lies where nothing can be written; mount it so that it can, or name another place"))
        }
        Kind::ResourceBusy | Kind::ExecutableFileBusy => {
            Some(text!("close it in the program that has it open, then try again"))
        }
        Kind::TimedOut
        | Kind::HostUnreachable
        | Kind::NetworkUnreachable
        | Kind::NetworkDown
        | Kind::NotConnected
        | Kind::ConnectionReset
        | Kind::ConnectionAborted
        | Kind::StaleNetworkFileHandle => Some(text!("try again when the share can be reached")),
        _ => None,
    }
}

/// A path as people write it: what Windows calls the real path begins with `\\?\`.
pub(crate) fn plain(path: &Path) -> PathBuf {
    #[cfg(windows)]
    {
        use std::path::{Component, Prefix};
        let mut parts = path.components();
        if let Some(Component::Prefix(prefix)) = parts.next() {
            let plain = match prefix.kind() {
                Prefix::VerbatimDisk(letter) => format!("{}:", char::from(letter)).into(),
                Prefix::VerbatimUNC(server, share) => {
                    let mut plain = std::ffi::OsString::from("\\\\");
                    plain.extend([server, "\\".as_ref(), share]);
                    plain
                }
                _ => return path.to_owned(),
            };
            return PathBuf::from(plain).join(parts.as_path());
        }
    }
    path.to_owned()
}

/// A URL in the place of a path without the user and the password that may stand in it.
fn without_login(path: PathBuf) -> PathBuf {
    let text = path.to_string_lossy();
    match text.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?.1))) {
        Some((scheme, rest)) => PathBuf::from(format!("{scheme}://...@{rest}")),
        None => path,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { what, path, position, next, .. } = &*self.0;
        if let Some(path) = path {
            write!(f, "{}: ", safe(&path.to_string_lossy()))?;
        }
        if let Some(position) = position {
            write!(f, "{position}: ")?;
        }
        f.write_str(&safe(what))?;
        if let Some(next) = next {
            write!(f, "; {}", safe(next))?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_of_a_url_is_shown() {
        for (path, shown) in [
            ("http://user:ge/h@im@host/x", "http://...@host/x: no"),
            ("http://host/x", "http://host/x: no"),
            ("/a@b", "/a@b: no"),
        ] {
            assert_eq!(Error::new(ErrorKind::Io, "no").in_file(Path::new(path)).to_string(), shown);
        }
    }

    #[test]
    fn says_where_what_and_what_next() {
        let error = Error::new(ErrorKind::CatalogFormat, "the file ends here")
            .at(Position::Offset(80))
            .in_file(Path::new("CID/cidsync.upd"))
            .in_file(Path::new("not this one"))
            .next("restore it");
        assert_eq!(error.to_string(), "CID/cidsync.upd: offset 80 (0x50): the file ends here; restore it");
    }

    #[cfg(windows)]
    #[test]
    fn paths_are_spelled_as_people_do() {
        for (real, plain) in [
            (r"\\?\C:\CIDs\MRESXP", r"C:\CIDs\MRESXP"),
            (r"\\?\C:\", r"C:\"),
            (r"\\?\UNC\Server1\InterChk\MRESXP", r"\\Server1\InterChk\MRESXP"),
            (r"\\Server1\InterChk", r"\\Server1\InterChk"),
            ("MRESXP/rms", "MRESXP/rms"),
        ] {
            assert_eq!(super::plain(Path::new(real)).as_os_str(), plain);
        }
    }

    #[test]
    fn control_characters_never_reach_a_terminal() {
        let error = Error::new(ErrorKind::Path, "bad \x1b[31m").in_file(Path::new("a\nb"));
        assert_eq!(error.to_string(), "a\\u{a}b: bad \\u{1b}[31m");
    }
}
