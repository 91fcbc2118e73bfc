//! What a web server is to serve: which names endpoints ask for, what they are on disk, and what they end in.

use crate::base::language::said;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use crate::base::error::{Error, ErrorKind, Result, plain};
use crate::base::text::{count, fold_case};
use crate::catalog::{CidPath, CustomerFiles, Role, changing_names};
use crate::cid::Cid;
use crate::cid::tree::Found;

/// How long a cache may keep what only the vendor changes, in seconds. Endpoints update hourly \[36262\], and files change under
/// the same name: whoever gets an old one with a new catalog misses one update, and no more (our choice).
pub(crate) const PAYLOAD_AGE: u32 = 3600;

/// Where CIDs lie on the web server.
#[derive(Debug, Clone)]
pub(crate) struct SiteOptions {
    /// The folder on the web server that holds the CIDs; `None`: each is served from where it is here.
    pub at: Option<String>,
    /// The path of the URL of that folder, `/` or `/CIDs/S000`.
    pub url: String,
    /// How long a cache may keep what only the vendor changes, in seconds.
    pub payload_age: u32,
}

/// What a web server is to serve.
#[derive(Debug)]
pub(crate) struct Site {
    pub(super) cids: Vec<Served>,
    pub(super) payload_age: u32,
    /// What is likely to be a mistake, each a sentence.
    pub(crate) warnings: Vec<String>,
}

/// One CID of it.
#[derive(Debug)]
pub(super) struct Served {
    /// The name of its folder.
    pub name: String,
    /// The folder that holds it here, to tell whether CIDs lie side by side.
    pub parent: PathBuf,
    /// Its folder on the web server, with slashes and without one at the end.
    pub folder: String,
    /// The path of its URL, without a slash at the end and not escaped.
    pub url: String,
    /// What the names of its files end in: in lower case with the dot, or nothing.
    pub extensions: BTreeSet<String>,
    /// The names of its folders, in lower case.
    pub folders: BTreeSet<String>,
    /// Whether a name holds what a URL escapes twice.
    pub escapes_twice: bool,
    /// Names as they are asked for, with those on disk, where the two differ in case.
    pub spellings: Vec<(CidPath, CidPath)>,
    /// The files that change by other hands than the vendor's, and catalogs, whether they are there yet or not.
    pub changing: Vec<CidPath>,
}

/// What of a site stands in the answer of a command.
#[derive(Debug, serde::Serialize)]
pub(crate) struct SiteReport {
    cids: Vec<ServedReport>,
    payload_age: u32,
}

#[derive(Debug, serde::Serialize)]
struct ServedReport {
    cid: String,
    folder: String,
    url: String,
    extensions: Vec<String>,
    spellings: Vec<Spelling>,
}

#[derive(Debug, serde::Serialize)]
struct Spelling {
    asked: CidPath,
    found: CidPath,
}

impl Site {
    /// Looks at the CIDs that are to be served. Changes nothing.
    ///
    /// # Errors
    /// A folder is no CID or cannot be read, two would have the same URL, or a path has a character that no configuration can
    /// hold.
    pub(crate) fn new(cids: &[PathBuf], options: &SiteOptions) -> Result<Self> {
        let above = url_path(&options.url)?;
        let mut site = Self { cids: Vec::new(), payload_age: options.payload_age, warnings: Vec::new() };
        for path in cids {
            let cid = Cid::open(path)?;
            let served = Served::new(&cid, options.at.as_deref(), &above, &mut site.warnings)?;
            let is_same = |other: &&Served| fold_case(&other.url) == fold_case(&served.url);
            if site.cids.iter().any(|other| is_same(&other)) {
                return Err(Error::usage(text!("two CIDs would have the URL {}", served.url))
                    .in_file(path)
                    .next("name each once, or make one configuration for each with another --url"));
            }
            site.cids.push(served);
        }
        Ok(site)
    }

    pub(crate) fn report(&self, cids: &[PathBuf]) -> SiteReport {
        let each = cids.iter().zip(&self.cids).map(|(cid, served)| ServedReport {
            cid: cid.to_string_lossy().into_owned(),
            folder: served.folder.clone(),
            url: served.url.clone(),
            extensions: served.extensions.iter().cloned().collect(),
            spellings: served
                .spellings
                .iter()
                .map(|(asked, found)| Spelling { asked: asked.clone(), found: found.clone() })
                .collect(),
        });
        SiteReport { cids: each.collect(), payload_age: self.payload_age }
    }
}

impl Served {
    fn new(cid: &Cid, at: Option<&str>, above: &str, warnings: &mut Vec<String>) -> Result<Self> {
        let root = plain(cid.root());
        let (Some(parent), Some(name)) = (root.parent(), root.file_name()) else {
            return Err(Error::usage("a CID that is the root of a drive has no name to be served by")
                .in_file(cid.path())
                .next("serve a folder that holds it"));
        };
        let name = name.to_str().ok_or_else(|| unservable(cid, text!("its name is no text")))?.to_owned();
        let parent = parent.to_owned();
        let at = match at {
            Some(at) => at.to_owned(),
            None => parent.to_str().ok_or_else(|| unservable(cid, text!("its path is no text")))?.to_owned(),
        };
        let at = slashed(&at);
        let mut served = Self {
            folder: format!("{}/{name}", at.trim_end_matches('/')),
            url: format!("{above}/{name}"),
            name,
            parent,
            extensions: changing_names().map(extension).collect(),
            folders: BTreeSet::new(),
            escapes_twice: false,
            spellings: Vec::new(),
            changing: Vec::new(),
        };
        check_plain(&served.folder).map_err(|why| unservable(cid, why))?;
        check_plain(&served.url).map_err(|why| unservable(cid, why))?;
        served.look(cid, warnings)?;
        Ok(served)
    }

    /// Looks up every name that endpoints ask for.
    fn look(&mut self, cid: &Cid, warnings: &mut Vec<String>) -> Result<()> {
        let files = CustomerFiles::default();
        let mut spellings = BTreeMap::new();
        let mut changing: BTreeMap<String, CidPath> = BTreeMap::new();
        let (mut missing, mut unspeakable) = (0, 0);
        for asked in asked_for(cid)? {
            let name = asked.file_name();
            self.extensions.insert(extension(name));
            self.folders.extend(asked.folder().iter().flat_map(CidPath::parts).map(fold_case));
            self.escapes_twice |= asked.as_str().contains(['+', '%']);
            if fold_case(name) == "web.config" {
                warnings
                    .push(text!("{asked} cannot be served by IIS, which keeps files of this name to itself", asked));
            }
            if !matches!(cid.tree().find(&asked)?, Found::File { .. }) {
                missing += 1;
                continue;
            }
            let place = cid.tree().place(&asked)?;
            // What a link leads to elsewhere in the CID is left to the server.
            let found = place.strip_prefix(cid.root()).ok().and_then(|found| CidPath::from_relative(found).ok());
            let found = found.filter(|found| found.key() == asked.key()).unwrap_or_else(|| asked.clone());
            if files.role(&found) != Role::Vendor {
                changing.insert(found.key(), found.clone());
            }
            if found == asked {
                continue;
            }
            if check_plain(asked.as_str()).is_err() || check_plain(found.as_str()).is_err() {
                unspeakable += 1;
                continue;
            }
            spellings.insert(asked, found);
        }
        // What is not there yet may come: a relay's mrinit.conf in a component, for one.
        for folder in std::iter::once(None).chain(cid.components().iter().map(Some)) {
            for name in changing_names() {
                let path = CidPath::in_folder(folder, name)?;
                changing.entry(path.key()).or_insert(path);
            }
        }
        self.changing = changing.into_values().collect();
        self.spellings = spellings.into_iter().collect();
        let shown = cid.path().display();
        if missing > 0 {
            let files = count(missing, "listed file is", "listed files are");
            warnings.push(text!("{shown}: {files} not there; configcid catalog verify tells which", shown, files));
        }
        if unspeakable > 0 {
            let files = count(unspeakable, "name is", "names are");
            warnings.push(text!("{shown}: {files} spelled in another case than on disk and no configuration can hold them: a server that tells \
                 names apart by case does not find them", shown, files));
        }
        Ok(())
    }
}

/// The names that endpoints ask for: those of the catalogs, which real clients spell in lower case \[O\], and what these list, as it
/// is spelled there.
fn asked_for(cid: &Cid) -> Result<BTreeSet<CidPath>> {
    let mut asked = BTreeSet::new();
    // The folder of a component, as the root's catalogs spell it.
    let mut folders: HashMap<String, CidPath> = HashMap::new();
    let mut catalogs = cid.catalogs().iter().collect::<Vec<_>>();
    catalogs.sort_by_key(|file| file.folder.is_some());
    for file in catalogs {
        let (_, catalog) = cid.read_catalog_shared(file)?;
        let spelled = file.folder.as_ref().map(|folder| folders.get(&folder.key()).unwrap_or(folder).clone());
        asked.insert(CidPath::in_folder(spelled.as_ref(), &fold_case(file.path.file_name()))?);
        for entry in catalog.entries() {
            let path = entry.path.under(spelled.as_ref());
            if let Some(first) = path.top_folder().and_then(|first| CidPath::in_root(first).ok())
                && file.folder.is_none()
            {
                folders.entry(first.key()).or_insert(first);
            }
            asked.insert(path);
        }
    }
    Ok(asked)
}

/// What a name ends in: in lower case with the dot, or nothing.
pub(super) fn extension(name: &str) -> String {
    name.rfind('.').map_or_else(String::new, |dot| fold_case(&name[dot..]))
}

/// With slashes, as all these servers have them on Windows, too.
fn slashed(path: &str) -> String {
    let is_windows = path.starts_with("\\\\") || path.as_bytes().get(1) == Some(&b':');
    if is_windows { path.replace('\\', "/") } else { path.to_owned() }
}

/// The path of a URL without a slash at the end.
fn url_path(text: &str) -> Result<String> {
    let wrong = |why: &str| {
        Error::usage(text!("--url {text} is no path of a URL: {why}", text = format!("{text:?}"), why))
            .next("write the path below which the CIDs are served, such as /CIDs/S000")
    };
    if text.contains("://") {
        return Err(wrong(text!("the host is none of its business")));
    }
    if !text.starts_with('/') {
        return Err(wrong(text!("it does not begin with a slash")));
    }
    if text.contains(['?', '#', '%']) || text.split('/').any(|part| part == "." || part == "..") {
        return Err(wrong(text!("it holds ?, #, %, or a name of dots")));
    }
    check_plain(text).map_err(wrong)?;
    let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty()).collect();
    Ok(parts.iter().flat_map(|part| ["/", part]).collect())
}

/// Refuses what a quoted word of one of the configurations would take for something else.
fn check_plain(text: &str) -> Result<(), &'static str> {
    match text.chars().any(|c| c.is_control() || "\"$`{}%*".contains(c)) {
        true => Err(said(
            "it holds one of \" $ ` { } % * or a control character, which means something else in a configuration",
        )),
        false => Ok(()),
    }
}

fn unservable(cid: &Cid, why: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Path, text!("it cannot be named in a server's configuration: {why}", why))
        .in_file(Path::new(cid.path()))
        .next("serve it by another name: rename it, or name the folder on the web server with --at")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_urls_have_one_form() {
        for (text, path) in
            [("/", ""), ("/CIDs", "/CIDs"), ("/CIDs//S000/", "/CIDs/S000"), ("/Sophos Update", "/Sophos Update")]
        {
            assert_eq!(url_path(text).unwrap(), path);
        }
        for text in ["", "CIDs", "http://a/CIDs", "/a/../b", "/a?b", "/a%20b", "/a\"b", "/a\nb", "/$a", "/{a}"] {
            assert!(url_path(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn names_end_in_what_stands_behind_the_last_dot() {
        for (name, end) in [("a.DLL", ".dll"), ("stamp", ""), (".hidden", ".hidden"), ("a.tar.gz", ".gz")] {
            assert_eq!(extension(name), end);
        }
    }
}
