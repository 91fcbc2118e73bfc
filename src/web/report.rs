//! What a check of a web CID finds.

use crate::base::language::said;
use serde::Serialize;

use crate::catalog::CidPath;

/// What became of a check.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct WebReport {
    /// The URL of the folder, as it was asked for.
    pub url: String,
    /// What the server calls itself.
    pub server: Option<String>,
    /// Whether endpoints get everything that the catalogs list, as far as was looked.
    pub complete: bool,
    /// Whether contents were read, and not only what the server says of them.
    pub deep: bool,
    pub catalogs: Vec<WebCatalog>,
    pub files: Counts,
    /// How many requests it took.
    pub requests: usize,
    /// Extensions of which the server gives out no file.
    pub extensions: Vec<Refused>,
    /// Servers to which requests were redirected, none of which was followed.
    pub redirected_to: Vec<String>,
    /// Those that matter most first.
    pub faults: Vec<WebFault>,
    /// What is good to know, each a sentence.
    pub notes: Vec<String>,
}

/// A catalog that was read.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct WebCatalog {
    pub catalog: CidPath,
    pub entries: usize,
    /// The checksum function, where it was found out.
    pub function: Option<String>,
}

/// Files by how they fared, each counted once.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Counts {
    /// How many files the catalogs list.
    pub listed: usize,
    /// How many the server gives out as they are listed, as far as was looked.
    pub right: usize,
    /// How many were not asked for, since the server had gone.
    pub not_asked: usize,
    /// The bytes of all that are listed.
    pub bytes: u64,
}

/// An extension of which the server gives out no file.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Refused {
    /// In lower case with the dot; empty for names without one.
    pub extension: String,
    pub files: usize,
}

/// Something wrong.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct WebFault {
    /// The sort of fault, one of [`CODES`].
    pub code: &'static str,
    /// The file; `None` for the server as a whole.
    pub path: Option<CidPath>,
    /// The status of HTTP that was answered, where one was.
    pub status: Option<u16>,
    /// A sentence without its end.
    pub what: String,
    /// What to do.
    pub next: &'static str,
}

/// Every sort of fault, those that matter most first, each with what to do.
pub(crate) const CODES: &[(&str, &str)] = &[
    ("unknown-host", "look at the name, and at the DNS"),
    ("unreachable", "look whether the server is on, and what a firewall or a proxy between says"),
    ("tls", "endpoints refuse such a server, too: mend its certificate, or let them use http"),
    ("timeout", "look at the server and the way to it; --timeout gives it more time, --in-flight asks less at a time"),
    ("broken", "look at the server's log, and at what stands between: a proxy, a scanner"),
    ("component", "check the CID, which is the folder above"),
    (
        "login",
        "let everybody read the CID, or give endpoints an account in their updating policy and check with --user",
    ),
    ("redirected", "let endpoints have the last URL, or stop the redirection: nothing says that they follow one"),
    ("catalog-format", "see what the server sends there; publish the CID again"),
    ("extension", "let the server give them out; on IIS they need a MIME type [61560]: configcid web config"),
    ("missing", "publish the CID again, payload before catalogs; on Linux names have a case: configcid web config"),
    ("refused", "look at the rights of the files and the rules of the server: configcid web config"),
    ("size", "publish the CID again, payload before catalogs, and empty the caches on the way"),
    ("altered", "publish the CID again, payload before catalogs, and empty the caches on the way"),
    ("catalog-checksum", "let the server update the CID, or configcid refresh it, and publish it again"),
    ("page", "let the server answer for files with files alone: no login, no page for what is not there"),
    ("compressed", "turn compression off for the CID: configcid web config"),
    ("server-error", "look at the server's log"),
    ("busy", "ask less at a time: --in-flight; and allow for as many endpoints"),
    ("unexpected", "look at what answers there"),
    ("answers-everything", "let the server say 404 for what is not there: endpoints take its page for the file"),
    ("cached-too-long", "let caches ask again for catalogs, and keep payload for an hour: configcid web config"),
    ("changed", "check again when the update is through"),
];

/// The place of a sort of fault among all.
pub(super) fn rank(code: &str) -> usize {
    CODES.iter().position(|(this, _)| *this == code).unwrap_or(CODES.len())
}

impl WebFault {
    pub(super) fn new(
        code: &'static str,
        path: Option<&CidPath>,
        status: Option<u16>,
        what: impl Into<String>,
    ) -> Self {
        let next = CODES.get(rank(code)).map_or("", |(_, next)| said(next));
        Self { code, path: path.cloned(), status, what: what.into(), next }
    }
}
