//! A CID on a web server as a source of files: its catalogs, and each file by its name. Nothing is taken that comes altered, from
//! elsewhere, or in place of something else.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::address::Address;
use super::client::{Answer, Ask, Client, Content};
use super::judge::{Wrong, alteration, refusal};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::text::fold_case;
use crate::catalog::{Catalog, CidPath};
use crate::catalogs::Loaded;
use crate::cid::{CIDSYNC, COMPONENTS, CatalogFile, ROOT_CATALOGS};

/// No catalog of a web CID is larger: a server that sends bytes without an end is left (our choice; a real one has less than a
/// twentieth).
pub(crate) const LARGEST_CATALOG: u64 = 64 << 20;
/// The time for a catalog is that of a file of this size.
pub(super) const USUAL_CATALOG: u64 = 8 << 20;
/// How many connections are kept open at most.
pub(super) const CONNECTIONS: usize = 64;

/// How to reach a web CID.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    /// How long the server may be silent.
    pub timeout: Duration,
    /// A user's name and password.
    pub login: Option<(String, String)>,
    /// The authorities to trust, in a PEM file, instead of the computer's.
    pub ca: Option<PathBuf>,
    /// How many bytes of each file are taken a second, where that is bounded.
    pub rate: Option<u64>,
}

/// A CID on a web server.
pub(crate) struct WebCid {
    address: Address,
    client: Client,
    timeout: Duration,
}

impl WebCid {
    /// Nothing is asked for yet.
    ///
    /// # Errors
    /// The authorities cannot be read.
    pub(crate) fn new(address: Address, access: &Access) -> Result<Self> {
        let client = Client::new(access.timeout, CONNECTIONS, access.login.as_ref(), access.ca.as_deref())?;
        Ok(Self { address, client: client.slowed(access.rate), timeout: access.timeout })
    }

    /// The URL of a file.
    pub(crate) fn url(&self, path: &CidPath) -> String {
        self.address.of(path)
    }

    /// Its catalogs. A server lists no folders: those of the folders that the root's catalogs name are asked for, and those of
    /// components by their names.
    ///
    /// # Errors
    /// It has none, or one of them does not come as it should.
    pub(crate) fn catalogs(&self) -> Result<Vec<Loaded>> {
        let mut loaded = Vec::new();
        for file in root_catalogs()? {
            loaded.extend(self.catalog(file)?);
        }
        if loaded.is_empty() {
            return Err(Error::new(
                ErrorKind::NotACid,
                "there is no CID: the server has no cidsync.upd here, or does not say that it has",
            )
            .in_file(Path::new(&self.address.to_string()))
            .next("name the URL of the folder that endpoints update from; configcid web check tells more"));
        }
        if let Some(above) = self.cid_above()? {
            let what = text!("this is a component of the CID {above}, not a CID", above);
            return Err(Error::new(ErrorKind::NotACid, what)
                .in_file(Path::new(&self.address.to_string()))
                .next("name the URL of the CID itself"));
        }
        for file in component_catalogs(&loaded)? {
            loaded.extend(self.catalog(file)?);
        }
        Ok(loaded)
    }

    /// The folder above, if it is a CID that has this one as a component.
    fn cid_above(&self) -> Result<Option<Address>> {
        let Some(above) = self.address.above() else { return Ok(None) };
        let catalog = above.of(&CidPath::in_root(CIDSYNC)?);
        // What does not come tells nothing: this folder may be all that this user may read.
        let Ok(answer) = self.ask(&catalog, USUAL_CATALOG) else { return Ok(None) };
        let mut bytes = Vec::new();
        let is_whole = answer.content(LARGEST_CATALOG, self.timeout).read_to_end(&mut bytes).is_ok();
        let catalog = Catalog::parse(&bytes).ok().filter(|_| is_whole);
        Ok(catalog.filter(|catalog| self.address.is_component(&above, catalog)).map(|_| above))
    }

    /// A catalog; `None` where there is none of this name.
    fn catalog(&self, file: CatalogFile) -> Result<Option<Loaded>> {
        let url = self.url(&file.path);
        let answer = match self.ask(&url, USUAL_CATALOG) {
            Ok(answer) => answer,
            Err(wrong) if wrong.code == "missing" => return Ok(None),
            Err(wrong) => return Err(error(&url, wrong)),
        };
        if let Some(encoding) = &answer.encoding {
            let what = text!("it comes encoded ({encoding}), which nobody asked for", encoding);
            return Err(error(&url, Wrong { code: "compressed", what }));
        }
        let is_page = answer.media_type.as_deref().is_some_and(|media| media.starts_with("text/html"));
        let mut bytes = Vec::new();
        let mut content = WebFile { content: answer.content(LARGEST_CATALOG + 1, self.timeout) };
        content.read_to_end(&mut bytes).map_err(|error| Error::io("read it", Path::new(&url), error).next(TELLS))?;
        if bytes.len() as u64 > LARGEST_CATALOG {
            let what = text!("more than {LARGEST_CATALOG} bytes come, and no end", LARGEST_CATALOG);
            return Err(error(&url, Wrong { code: "catalog-format", what }));
        }
        let catalog = Catalog::parse(&bytes).map_err(|error| match is_page {
            true => self::error(
                &url,
                Wrong {
                    code: "page",
                    what: text!("a web page comes in its place, perhaps a login or an error").to_owned(),
                },
            ),
            false => error.in_file(Path::new(&url)),
        })?;
        Ok(Some(Loaded { file, bytes: bytes.into(), catalog }))
    }

    /// Opens a file, which the catalogs list with this size. The reader gives no more than a byte beyond that.
    ///
    /// # Errors
    /// It does not come, or not as it is listed.
    pub(crate) fn open(&self, path: &CidPath, size: u32) -> Result<WebFile> {
        let url = self.url(path);
        let answer = self.ask(&url, size.into()).map_err(|wrong| error(&url, wrong))?;
        if let Some(wrong) = alteration(&answer, path.file_name(), size) {
            return Err(error(&url, wrong));
        }
        Ok(WebFile { content: answer.content(u64::from(size) + 1, self.timeout) })
    }

    fn ask(&self, url: &str, size: u64) -> std::result::Result<Answer, Wrong> {
        let answer = self.client.ask(url, Ask::All(size), "identity").map_err(Wrong::from)?;
        match refusal(&answer, &self.address, url) {
            None if answer.status == 200 => Ok(answer),
            None => {
                let what = text!("the server answers {}, which is no answer for a whole file", answer.status);
                Err(Wrong { code: "unexpected", what })
            }
            Some(wrong) => {
                answer.finish();
                Err(wrong)
            }
        }
    }
}

/// Where the catalogs of the root may be.
pub(crate) fn root_catalogs() -> Result<Vec<CatalogFile>> {
    let names = std::iter::once(&CIDSYNC).chain(ROOT_CATALOGS);
    names.map(|name| Ok(CatalogFile { path: CidPath::in_root(name)?, folder: None })).collect()
}

/// Where the catalogs of components may be. A server lists no folders: they are those that the root's catalogs name, and those that
/// are components by their names.
pub(crate) fn component_catalogs(root: &[Loaded]) -> Result<Vec<CatalogFile>> {
    let mut folders: BTreeMap<String, CidPath> = BTreeMap::new();
    let entries = root.iter().flat_map(|loaded| loaded.catalog.entries());
    for name in entries.filter_map(|entry| entry.path.top_folder()).chain(COMPONENTS.iter().copied()) {
        folders.entry(fold_case(name)).or_insert(CidPath::in_root(name)?);
    }
    let file = |folder: CidPath| Ok(CatalogFile { path: folder.join(CIDSYNC)?, folder: Some(folder) });
    folders.into_values().map(file).collect()
}

/// The content of a file, as it comes.
pub(crate) struct WebFile {
    pub(super) content: Content,
}

impl Read for WebFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.content.read(buffer).map_err(|error| match self.content.failure() {
            Some(failure) => io::Error::new(error.kind(), text!("after {} bytes {}", self.content.read, failure.what)),
            None => error,
        })
    }
}

/// What is said to do where nothing better is known.
const TELLS: &str = "try again: what was brought is kept; configcid web check tells more";

fn error(url: &str, Wrong { code, what }: Wrong) -> Error {
    let (kind, next) = match code {
        "missing" | "size" => (
            ErrorKind::Damage,
            text!(
                "it is listed: let the server's update end, then try again; configcid web check tells what else is wrong"
            ),
        ),
        "login" => (
            ErrorKind::Io,
            text!("--user and --password-file log on, where the server takes a password in the clear (Basic)"),
        ),
        "redirected" => (ErrorKind::Io, text!("redirections are not followed: name the URL that it leads to")),
        "tls" => (ErrorKind::Io, text!("--ca FILE trusts an authority of your own")),
        "page" | "compressed" => (ErrorKind::Damage, text!("endpoints get the same: configcid web check tells more")),
        _ => (ErrorKind::Io, TELLS),
    };
    Error::new(kind, what).in_file(Path::new(url)).next(next)
}
