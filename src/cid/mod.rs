//! The CID as a folder tree: what is in it, and where (formats.md, section 1).

mod below;
mod clone;
pub(crate) mod digest;
pub(crate) mod fresh;
pub(crate) mod hash;
pub(crate) mod survey;
pub(crate) mod tree;
pub(crate) mod walk;

#[cfg(feature = "cli")]
pub(crate) use below::cids_below;
pub use clone::{CloneProgress, CloneReport, check_clone, clone};

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::{check_spelling, open_plain, read_file, read_open, real_path};
use crate::base::names::looks_like;
use crate::base::pool::side_by_side_with;
use crate::base::text::{fold_case, safe};
use crate::catalog::{self, Catalog, CidPath, is_catalog_name};
use crate::mrinit::{self, Mrinit};
use tree::{Found, Listing, Tree};

/// The catalog that every CID and every component has.
pub(crate) const CIDSYNC: &str = "cidsync.upd";

/// Further catalogs of a CID's root, in the order in which they are refreshed before [`CIDSYNC`]. `vdlsync.upd` is
/// not among them: what it covers is not known.
pub(crate) const ROOT_CATALOGS: &[&str] = &["root.upd", "master.upd"];

/// Components whose routers read their own `mrinit.conf`: Windows NT/2000 and later, and Windows 9x \[14635\].
pub(crate) const RMS_COMPONENTS: &[&str] = &["rms", "rms9x"];

/// Folders that are components even where they hold no catalog.
pub(crate) const COMPONENTS: &[&str] = &["rms", "rms9x", "sau", "savxp", "sav9x", "savnt", "scf"];

/// The router's configuration.
pub(crate) const MRINIT: &str = "mrinit.conf";

/// The signed lists of the vendor's files, in the root and in folders directly in it (formats.md, sections 1 and 4).
const MANIFESTS: &[&str] = &["manifest.dat", "root_manifest.dat"];

/// What all files of our own begin with. No catalog lists them and no walk sees them.
pub(crate) const OWN_PREFIX: &str = ".configcid-";

/// Where contents are on their way into a CID, in its root.
pub(crate) const STAGING: &str = ".configcid-sync";

/// The record of the change that was carried out last.
pub(crate) const LAST_CHANGE: &str = ".configcid-last";

/// No such record is larger: a change has at most as many steps as a CID has files, some 400 bytes each.
pub(crate) const MAX_RECORD: u64 = 128 << 20;

/// What tells two states of the CID at `root` apart between which configcid changed it: the record of the last change.
/// What was read before and after another one may not fit together.
///
/// Its SHA-256, since the record of a change of hundreds of thousands of files takes tens of megabytes.
pub(crate) fn generation(root: &Path) -> Option<[u8; 32]> {
    digest::sha256_of(&root.join(LAST_CHANGE), MAX_RECORD).ok()
}

pub(crate) fn is_own_name(name: &(impl AsRef<[u8]> + ?Sized)) -> bool {
    let start = name.as_ref().get(..OWN_PREFIX.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(OWN_PREFIX.as_bytes()))
}

/// A central installation directory on disk.
///
/// ```no_run
/// let cid = configcid::Cid::open(r"\\Server1\InterChk\MRESXP")?;
/// for component in cid.components() {
///     println!("{component}");
/// }
/// # Ok::<(), configcid::Error>(())
/// ```
#[derive(Debug)]
pub struct Cid {
    shown: PathBuf,
    tree: Tree,
    /// The [`generation`] when it was opened.
    generation: Option<[u8; 32]>,
    components: Vec<CidPath>,
    catalogs: Vec<CatalogFile>,
    manifests: Vec<CidPath>,
}

/// A catalog of a CID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogFile {
    /// Where it is, from the CID's root.
    pub path: CidPath,
    /// The folder that its entries are relative to; `None` is the CID's root.
    pub folder: Option<CidPath>,
}

impl CatalogFile {
    /// Whether it covers the folders below its own, too: all do but `root.upd` (formats.md, section 1).
    pub(crate) fn covers(&self, file: &CidPath) -> bool {
        let top_level_only = self.path.file_name().eq_ignore_ascii_case(ROOT_CATALOGS[0]);
        file.seen_from(self.folder.as_ref()).is_some_and(|seen| !top_level_only || seen.folder().is_none())
    }
}

impl Cid {
    /// Finds the catalogs and components of the CID at `path`. Changes nothing.
    ///
    /// `path` is a folder of this system; on Windows, UNC paths and drive letters are understood.
    ///
    /// # Errors
    /// It is no folder, cannot be read, has no catalog, is a component of a CID rather than a CID, or holds two names
    /// that differ in case alone.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_uncataloged(path)?.with_catalog()
    }

    /// As [`open`](Cid::open), where names differ in case alone and where components cannot be listed: for those who only
    /// look, and tell of both. Of two such names the first in order counts.
    ///
    /// # Errors
    /// As [`open`](Cid::open), but for these.
    pub(crate) fn open_to_look(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_as(path.as_ref(), false)?.with_catalog()
    }

    fn with_catalog(self) -> Result<Self> {
        let cid = self;
        if cid.catalogs.iter().any(|catalog| catalog.folder.is_none()) {
            return Ok(cid);
        }
        let error = Error::new(ErrorKind::NotACid, "this is no CID: it holds no cidsync.upd").in_file(&cid.shown);
        let below = below::cids_below(cid.root());
        if !below.is_empty() {
            return Err(error.next(below::advice(&cid.shown, &below)));
        }
        Err(match cid.catalogs.first().and_then(|catalog| catalog.folder.as_ref()) {
            Some(folder) => error.next(text!("folders in it have one, {} for example: if they are CIDs, name them; if it is a CID, its catalog is lost", &folder.as_str()[1..])),
            None => error.next("name the folder that endpoints update from, such as \\\\Server1\\InterChk\\ESXP"),
        })
    }

    /// As [`open`](Cid::open), for a folder that may have no catalogs yet.
    ///
    /// # Errors
    /// As [`open`](Cid::open), but for the missing catalog.
    pub fn open_uncataloged(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_as(path.as_ref(), true)
    }

    fn open_as(path: &Path, is_strict: bool) -> Result<Self> {
        let shown = path.to_owned();
        let root = canonical_folder(&shown)?;
        let read = || {
            // Before anything else is read.
            let generation = generation(&root);
            let tree = if is_strict { Tree::new(root.clone()) } else { Tree::to_look(root.clone()) };
            let listing = tree.listing(None)?;
            if is_strict {
                listing.check_twins(&shown)?;
                check_look_alikes(&listing, &shown)?;
            }
            Ok((generation, tree, listing))
        };
        // A share is asked for the folder above at the same time.
        let (read, above) = side_by_side_with(read, || refuse_component(&shown, &root));
        let (generation, tree, listing) = read?;
        above?;

        let mut components = Vec::new();
        let mut catalogs = Vec::new();
        let mut manifests = Vec::new();
        let mut add_manifests = |folder: Option<&CidPath>, listing: &Listing| {
            let names = MANIFESTS.iter().filter_map(|name| listing.spelling(name));
            manifests.extend(names.filter_map(|name| CidPath::in_folder(folder, name).ok()));
        };
        add_manifests(None, &listing);
        let mut folders: Vec<CidPath> = listing.names().filter_map(|name| CidPath::in_root(name).ok()).collect();
        folders.retain(|folder| tree.may_be_folder(folder));
        folders.sort_by_cached_key(|folder| (folder.key(), folder.as_str().to_owned()));
        tree.list_all(&folders);
        for folder in folders {
            let listing = match tree.folder(Some(&folder)).and_then(|found| match found {
                Some(_) => tree.listing(Some(&folder)).map(Some),
                None => Ok(None),
            }) {
                Ok(Some(listing)) => listing,
                Ok(None) => continue,
                Err(_) if !is_strict => continue,
                Err(error) => return Err(error),
            };
            add_manifests(Some(&folder), &listing);
            let catalog = listing.spelling(CIDSYNC);
            if let Some(name) = catalog {
                catalogs.push(CatalogFile { path: folder.join(name)?, folder: Some(folder.clone()) });
            }
            if catalog.is_some() || COMPONENTS.contains(&fold_case(folder.file_name()).as_str()) {
                if is_strict {
                    let place = tree.folder(Some(&folder))?.unwrap_or_default();
                    listing.check_twins(&place)?;
                    check_look_alikes(&listing, &place)?;
                }
                components.push(folder);
            }
        }
        for catalog in ROOT_CATALOGS.iter().chain([&CIDSYNC]) {
            if let Some(name) = listing.spelling(catalog) {
                catalogs.push(CatalogFile { path: CidPath::in_root(name)?, folder: None });
            }
        }
        Ok(Self { shown, tree, generation, components, catalogs, manifests })
    }

    /// The path, as it was given to [`open`](Cid::open).
    pub fn path(&self) -> &Path {
        &self.shown
    }

    /// The real folder.
    pub(crate) fn root(&self) -> &Path {
        self.tree.root()
    }

    pub(crate) fn generation(&self) -> Option<&[u8; 32]> {
        self.generation.as_ref()
    }

    pub(crate) fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The folders of the components, in the order of their names.
    pub fn components(&self) -> &[CidPath] {
        &self.components
    }

    /// The catalogs, in the order in which they are written: those of components, `root.upd`, `master.upd`, and the
    /// root's `cidsync.upd`.
    pub fn catalogs(&self) -> &[CatalogFile] {
        &self.catalogs
    }

    /// The manifests, those of the root first: every file of such a name, whatever is in it.
    pub fn manifests(&self) -> &[CidPath] {
        &self.manifests
    }

    /// The path on this system, for people and for messages.
    pub fn shown(&self, path: &CidPath) -> PathBuf {
        path.below(&self.shown)
    }

    /// Reads and checks a catalog, and gives its bytes too.
    ///
    /// # Errors
    /// It cannot be read, is larger than [`catalog::MAX_SIZE`], or breaks the format.
    pub fn read_catalog(&self, file: &CatalogFile) -> Result<(Vec<u8>, Catalog)> {
        let (bytes, catalog) = self.read_catalog_shared(file)?;
        Ok((bytes.to_vec(), catalog))
    }

    /// As [`read_catalog`](Cid::read_catalog), whose paths lie in these very bytes.
    ///
    /// # Errors
    /// As [`read_catalog`](Cid::read_catalog).
    pub(crate) fn read_catalog_shared(&self, file: &CatalogFile) -> Result<(Arc<[u8]>, Catalog)> {
        let bytes: Arc<[u8]> = self.read(&file.path, catalog::MAX_SIZE)?.unwrap_or_default().into();
        let catalog = Catalog::parse_shared(&bytes).map_err(|error| error.in_file(&self.shown(&file.path)))?;
        Ok((bytes, catalog))
    }

    /// The folders whose `mrinit.conf` counts for a router, the first that has one most: `rms`, then `rms9x`, then the root
    /// (`None`).
    pub(crate) fn router_folders(&self) -> impl Iterator<Item = Option<&CidPath>> {
        let components = RMS_COMPONENTS
            .iter()
            .filter_map(|name| self.components().iter().find(|folder| folder.file_name().eq_ignore_ascii_case(name)));
        components.map(Some).chain([None])
    }

    /// The `mrinit.conf` in `folder` (`None`: the root), with its path in the case found.
    ///
    /// # Errors
    /// It cannot be read, or is larger than [`mrinit::MAX_SIZE`].
    pub fn mrinit(&self, folder: Option<&CidPath>) -> Result<Option<(CidPath, Mrinit)>> {
        let Some(path) = self.named(folder, MRINIT)? else { return Ok(None) };
        Ok(self.read(&path, mrinit::MAX_SIZE)?.map(|bytes| (path, Mrinit::parse(bytes))))
    }

    /// The file or folder `name` in `folder`, in the case found.
    pub(crate) fn named(&self, folder: Option<&CidPath>, name: &str) -> Result<Option<CidPath>> {
        let listing = self.tree.listing(folder)?;
        let Some(name) = listing.spelling(name) else {
            return Ok(None);
        };
        CidPath::in_folder(folder, name).map(Some)
    }

    /// A file's content; `None` where there is nothing.
    pub(crate) fn read(&self, path: &CidPath, limit: u64) -> Result<Option<Vec<u8>>> {
        // What has gone since, or become something else, is told by a look.
        if let Some(place) = self.tree.listed_file(path)?
            && let Ok(file) = open_plain(&place)
            && let Ok(metadata) = file.metadata()
            && metadata.is_file()
        {
            return read_open(file, metadata.len(), &place, limit).map(Some);
        }
        match self.tree.find(path)? {
            Found::Absent => Ok(None),
            Found::File { path, .. } => read_file(&path, limit).map(Some),
            Found::Folder | Found::Other => {
                Err(Error::new(ErrorKind::Io, "this is no file").in_file(&self.shown(path)).next("remove or rename it"))
            }
        }
    }
}

fn canonical_folder(path: &Path) -> Result<PathBuf> {
    check_spelling(path)?;
    let metadata = path.metadata().map_err(|error| {
        let missing = error.kind() == std::io::ErrorKind::NotFound;
        let error = Error::io("open the CID", path, error);
        let text = path.to_string_lossy();
        let windows = text.starts_with("\\\\") || text.as_bytes().get(1) == Some(&b':');
        match missing {
            true if windows && cfg!(not(windows)) => {
                error.next("Windows paths are understood on Windows alone: mount the share and name the folder")
            }
            true if text.contains("://") => error.next(
                "this takes a folder: configcid fetch brings the CID of a URL into one, configcid web check looks at it there",
            ),
            _ => error.next("check the path and your rights to it"),
        }
    })?;
    if !metadata.is_dir() {
        return Err(Error::new(ErrorKind::NotACid, "a CID is a folder, and this is none")
            .in_file(path)
            .next("name the folder that holds it"));
    }
    real_path(path).map_err(|error| Error::io("open the CID", path, error))
}

/// Refuses a name that looks like one that matters and is another: endpoints would not get what people see there.
fn check_look_alikes(listing: &Listing, place: &Path) -> Result<()> {
    for name in listing.names() {
        if let Some(why) = look_alike(name) {
            return Err(Error::new(ErrorKind::Path, why)
                .in_file(place)
                .next("rename it, typing the name anew, or remove it"));
        }
    }
    Ok(())
}

/// What is wrong with a name that looks like one that matters and is another; `None` where it does not.
pub(crate) fn look_alike(name: &str) -> Option<String> {
    let like = looks_like(name, &[MRINIT, CIDSYNC, "cac.pem", "customer_ID.txt", "mrinit.custom"])
        .or_else(|| looks_like(name, ROOT_CATALOGS))
        .or_else(|| looks_like(name, MANIFESTS))
        .or_else(|| looks_like(name, COMPONENTS))?;
    Some(text!("{value} looks like {like} and is another name", value = safe(name), like))
}

/// Refuses a component where a CID is expected: a refresh of it alone would leave the root's catalog wrong.
fn refuse_component(shown: &Path, root: &Path) -> Result<()> {
    let (Some(parent), Some(name)) = (root.parent(), root.file_name()) else { return Ok(()) };
    let Ok(above) = Tree::new(parent.to_owned()).listing(None) else { return Ok(()) };
    if !above.names().any(|name| name.eq_ignore_ascii_case(CIDSYNC)) {
        return Ok(());
    }
    // Components lie in the root alone: what lies in one of them is a folder of it.
    let further = parent.parent().and_then(|folder| Tree::new(folder.to_owned()).listing(None).ok());
    if further.is_some_and(|further| further.names().any(|name| name.eq_ignore_ascii_case(CIDSYNC))) {
        return Err(Error::new(ErrorKind::NotACid, "this is a folder of a component, not a CID")
            .in_file(shown)
            .next("name the CID, which is two folders above it"));
    }
    Err(Error::new(ErrorKind::NotACid, text!("{} is a component of a CID, not a CID", name.to_string_lossy()))
        .in_file(shown)
        .next("name the CID, which is the folder above it"))
}

/// Whether the folder is a CID's root, or a component: it has a catalog.
pub(crate) fn holds_catalog(folder: &Path) -> bool {
    let Ok(mut entries) = folder.read_dir() else { return false };
    entries.any(|entry| entry.is_ok_and(|entry| entry.file_name().to_str().is_some_and(is_catalog_name)))
}
