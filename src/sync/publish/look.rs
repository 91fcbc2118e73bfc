//! What both ends have, and what differs, before anything is published.

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use super::names;
use super::record::Record;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::pool::{brought_at_a_time, in_flight};
use crate::base::text::fold_case;
use crate::catalog::{CidPath, Role};
use crate::catalogs::Loaded;
use crate::cid::{CIDSYNC, COMPONENTS, CatalogFile, MRINIT};
use crate::sync::deliver::{Delivery, copy_of};
use crate::sync::difference::{Difference, compare, keys};
use crate::sync::kept::{self, KeptFile};
use crate::sync::key::{Key, Kind};
use crate::sync::source::Source;
use crate::web::{self, Found, Holds, LARGEST_CATALOG, Store, Version, component_catalogs, root_catalogs};

/// No `mrinit.conf` is larger (our choice).
const LARGEST_RELAY: u64 = 1 << 20;

/// A catalog that is there.
pub(super) struct There {
    pub path: CidPath,
    pub tag: Option<String>,
    pub bytes: Arc<[u8]>,
}

/// What the place's catalogs list.
pub(super) struct Listed<'l> {
    sizes: HashMap<Key<'l>, u32>,
    key: Kind,
}

impl Listed<'_> {
    /// The size of a file that is listed, by the catalog that comes last.
    pub(super) fn size(&self, path: &CidPath) -> Option<u32> {
        self.sizes.get(&(self.key)(None, path)).copied()
    }
}

/// What a look at both ends found.
pub(super) struct Look {
    /// The source's catalogs, with the names under which endpoints ask for them.
    pub originals: Vec<Loaded>,
    /// And as they are to be published, where that is otherwise: with the entries of a relay that is kept.
    own: Option<Vec<Loaded>>,
    pub theirs: Vec<Loaded>,
    pub versions: Vec<There>,
    pub difference: Difference,
    pub kept: Vec<KeptFile>,
    /// Holds the files that are kept for as long as they are needed.
    _relay: tempfile::TempDir,
    /// Whether the place was seen to hold nothing.
    pub is_fresh: bool,
    /// What a run has left that broke off.
    pub left: Option<Record>,
    /// Files that such a run was to remove.
    pub left_going: Vec<CidPath>,
    /// Whether the place tells names apart by case, as far as that was asked.
    pub tells_case: Option<bool>,
    pub warnings: Vec<String>,
}

impl Look {
    pub(super) fn new(delivery: &Delivery<'_>, source: &dyn Source, store: &dyn Store) -> Result<Self> {
        let originals = as_asked_for(source.catalogs()?)?;
        if !delivery.options.accept_temporary {
            source.check_quiet(&originals)?;
        }
        let mut warnings = Vec::new();
        let (versions, theirs) = read_catalogs(store, &mut warnings, delivery.keep_relay)?;
        let left = match Record::read(store)? {
            None => None,
            Some(Ok(record)) => Some(record),
            Some(Err(why)) => {
                warnings
                    .push(text!("what a run that broke off left there cannot be read, and is made anew: {why}", why));
                Some(Record::default())
            }
        };
        let is_new = versions.is_empty() && left.is_none();
        let is_fresh = refuse_misplaced(store, &theirs, is_new, delivery.dry_run, &mut warnings)?;
        let relay = tempfile::tempdir().map_err(|error| Error::io("make a folder", &std::env::temp_dir(), error))?;
        let kept = if delivery.keep_relay { relay_files(store, &theirs, relay.path())? } else { Vec::new() };
        let own = match kept.is_empty() {
            true => None,
            false => {
                let copied = originals.iter().map(copy_of).collect();
                Some(kept::keep(copied, source, &theirs, &kept, delivery.options)?)
            }
        };
        let catalogs = own.as_ref().unwrap_or(&originals);
        refuse_spelled_otherwise(store, catalogs, &kept)?;
        let keys: HashSet<String> = kept.iter().map(|file| file.path.key()).collect();
        let difference = compare(catalogs, &theirs, &keys, &HashSet::new(), true)?;
        if store.has_folders() {
            refuse_turned(store, &difference)?;
        }
        let customers = &delivery.options.customer_files;
        for path in difference.gone.iter().filter(|path| customers.role(path) == Role::Customer) {
            warnings.push(text!("{path} is a customer's file, and goes, since the source does not list it", path));
        }
        warnings.extend(spelled_twice(catalogs, &difference));
        let mut look = Self {
            originals,
            own,
            theirs,
            versions,
            difference,
            kept,
            _relay: relay,
            is_fresh,
            left,
            left_going: Vec::new(),
            tells_case: None,
            warnings,
        };
        look.left_going = look.still_going()?;
        Ok(look)
    }

    /// The source's catalogs, as they are to be published.
    pub(super) fn catalogs(&self) -> &[Loaded] {
        self.own.as_ref().unwrap_or(&self.originals)
    }

    /// What a name is compared by: with its case where the place tells that apart, and without where it does not, or nobody asked.
    pub(super) fn name(&self, path: &CidPath) -> String {
        if self.tells_case == Some(true) { path.to_string() } else { path.key() }
    }

    /// Leaves out what is a folder by now in which published files are, or was in one that is a published file: somebody has made way for
    /// that, and removing it would remove those.
    pub(super) fn leave_out_turned(&self, gone: &mut Vec<CidPath>) {
        if gone.is_empty() {
            return;
        }
        let above = |path: &CidPath| path.folders().map(|folder| folder.key()).collect::<Vec<_>>();
        let files: HashSet<Key<'_>> = keys(self.catalogs(), Key::folded).collect();
        let mut folders = HashSet::new();
        for loaded in self.catalogs() {
            for entry in loaded.catalog.entries() {
                folders.extend(above(&entry.path.under(loaded.file.folder.as_ref())));
            }
        }
        let is_in_a_file = |path: &CidPath| path.folders().any(|folder| files.contains(&Key::folded(None, &folder)));
        gone.retain(|path| !folders.contains(&path.key()) && !is_in_a_file(path));
    }

    /// Finds out whether the place tells names apart by case, where files go that are listed in another one: by the record of this
    /// run, which is there.
    ///
    /// # Errors
    /// A record names what cannot be.
    pub(super) fn ask_for_case(&mut self, store: &dyn Store) -> Result<()> {
        let is_left = self.left.as_ref().is_some_and(|left| !left.going.is_empty());
        if self.difference.respelled.is_empty() && !is_left {
            return Ok(());
        }
        // Without an answer nothing goes by its case alone.
        self.tells_case =
            Some(matches!(store.read(&names::record_in_capitals()?, u64::from(u32::MAX)), Ok(Found::Absent)));
        if self.tells_case == Some(false) {
            self.difference.respelled.clear();
        }
        self.left_going = self.still_going()?;
        Ok(())
    }

    /// Whether there is anything to do.
    pub(super) fn is_done(&self) -> bool {
        self.difference.is_empty() && self.left.is_none()
    }

    /// What the place's catalogs list.
    pub(super) fn listed(&self) -> Listed<'_> {
        let key = self.kind_of_keys();
        let listed = self.theirs.iter().flat_map(|loaded| {
            let entries = loaded.catalog.entries().iter();
            entries.map(move |entry| (key(loaded.file.folder.as_ref(), &entry.path), entry.size))
        });
        Listed { sizes: listed.collect(), key }
    }

    /// By what names are compared, as [`name`](Look::name) does.
    fn kind_of_keys(&self) -> Kind {
        if self.tells_case == Some(true) { Key::exact } else { Key::folded }
    }

    /// The names of the catalogs that are to be published, and of all that they list.
    pub(super) fn published(&self) -> HashSet<String> {
        let mut keys: HashSet<String> = self.catalogs().iter().map(|loaded| self.name(&loaded.file.path)).collect();
        for loaded in self.catalogs() {
            let entries = loaded.catalog.entries().iter();
            keys.extend(entries.map(|entry| self.name(&entry.path.under(loaded.file.folder.as_ref()))));
        }
        keys
    }

    /// What a run that broke off was to remove, and nothing lists now.
    fn still_going(&self) -> Result<Vec<CidPath>> {
        let Some(left) = self.left.as_ref().filter(|left| !left.going.is_empty()) else { return Ok(Vec::new()) };
        let mut known = self.published();
        let Difference { gone, gone_catalogs, respelled, .. } = &self.difference;
        known.extend(gone.iter().chain(gone_catalogs).chain(respelled).map(|path| self.name(path)));
        known.extend(self.kept.iter().map(|file| self.name(&file.path)));
        let going = left.going.iter().map(|path| CidPath::parse(path)).collect::<Result<Vec<_>>>()?;
        Ok(going.into_iter().filter(|path| known.insert(self.name(path))).collect())
    }

    /// Refuses where a catalog of the place is not what it was, byte for byte: what names a version is seconds and size at some
    /// servers (nginx), the same for two catalogs that were written soon after each other.
    ///
    /// # Errors
    /// Somebody has replaced it.
    pub(super) fn refuse_changed(&self, store: &dyn Store) -> Result<()> {
        let changed = |path: &CidPath| {
            Error::new(ErrorKind::Changed, "somebody else has published there meanwhile")
                .in_file(Path::new(&store.url(path)))
                .next("no catalog was changed; see who writes there, then try again: what was sent is kept")
        };
        if self.versions.is_empty() {
            let path = CidPath::in_root(CIDSYNC)?;
            return match store.read(&path, LARGEST_CATALOG)? {
                Found::Absent => Ok(()),
                _ => Err(changed(&path)),
            };
        }
        let looks = in_flight(brought_at_a_time(), &self.versions, |version| -> Result<()> {
            match store.read(&version.path, LARGEST_CATALOG)? {
                Found::File(bytes, _) if *bytes == *version.bytes => Ok(()),
                _ => Err(changed(&version.path)),
            }
        });
        looks.into_iter().collect()
    }
}

/// The catalogs under the names that endpoints ask for: their own in lower case \[O\], their folders as the root's catalogs spell
/// them. A server may tell names apart by case.
pub(super) fn as_asked_for(mut catalogs: Vec<Loaded>) -> Result<Vec<Loaded>> {
    let mut spelled: HashMap<String, CidPath> = HashMap::new();
    for loaded in catalogs.iter().filter(|loaded| loaded.file.folder.is_none()) {
        for entry in loaded.catalog.entries() {
            if let Some(first) = entry.path.top_folder() {
                let first = CidPath::in_root(first)?;
                spelled.entry(first.key()).or_insert(first);
            }
        }
    }
    for CatalogFile { path, folder } in catalogs.iter_mut().map(|loaded| &mut loaded.file) {
        if let Some(known) = folder.as_ref().and_then(|folder| spelled.get(&folder.key())) {
            *folder = Some(known.clone());
        } else if let Some(known) = folder.as_ref().and_then(|folder| as_components_are_called(folder)) {
            *folder = Some(CidPath::in_root(known)?);
        }
        *path = CidPath::in_folder(folder.as_ref(), &fold_case(path.file_name()))?;
    }
    Ok(catalogs)
}

/// The name by which a component is asked for that no catalog of the root names.
fn as_components_are_called(folder: &CidPath) -> Option<&'static str> {
    COMPONENTS.iter().copied().find(|name| fold_case(name) == folder.key().trim_start_matches('\\'))
}

/// The catalogs that are there. No folder is listed: they are asked for by their names.
fn read_catalogs(
    store: &dyn Store,
    warnings: &mut Vec<String>,
    refuses_damage: bool,
) -> Result<(Vec<There>, Vec<Loaded>)> {
    let (mut versions, mut loaded) = (Vec::new(), Vec::new());
    for is_of_root in [true, false] {
        let files = if is_of_root { root_catalogs()? } else { component_catalogs(&loaded)? };
        for Version { file, bytes, tag, catalog } in web::read_catalogs(store, files)? {
            versions.push(There { path: file.path.clone(), tag, bytes: bytes.clone() });
            match catalog {
                Ok(catalog) => loaded.push(Loaded { file, bytes, catalog }),
                Err(_) if bytes.trim_ascii_start().starts_with(b"<") => {
                    return Err(Error::new(
                        ErrorKind::CatalogFormat,
                        "a web page comes in its place, perhaps a login or an error",
                    )
                    .in_file(Path::new(&store.url(&file.path)))
                    .next("configcid web check tells more"));
                }
                Err(error) if refuses_damage => return Err(error.in_file(Path::new(&store.url(&file.path)))),
                Err(error) => warnings.push(text!(
                    "{file} cannot be read, and is sent anew with all that it lists: {error}",
                    file = file.path,
                    error
                )),
            }
        }
    }
    Ok((versions, loaded))
}

/// Refuses a place in a CID, and a folder that holds other things than a CID, as far as the server lets that be seen; says whether the place
/// is seen to hold nothing.
fn refuse_misplaced(
    store: &dyn Store,
    theirs: &[Loaded],
    is_new: bool,
    dry_run: bool,
    warnings: &mut Vec<String>,
) -> Result<bool> {
    // What lists files of components is no component itself.
    let root = theirs.iter().filter(|loaded| loaded.file.folder.is_none());
    let mut folders = root.flat_map(|loaded| loaded.catalog.entries()).filter_map(|entry| entry.path.top_folder());
    if folders.any(|folder| COMPONENTS.contains(&&*fold_case(folder))) {
        return Ok(false);
    }
    let wrong = |what: String, next: &str| {
        Err(Error::new(ErrorKind::NotACid, what).in_file(Path::new(store.shown())).next(next))
    };
    if let Some(cid) = store.cid_above(warnings)? {
        return wrong(
            text!("this lies in the CID {cid}: it is a component of it, or a folder in it", cid),
            text!("nothing was changed; name the URL of a CID itself, or of a folder that lies in none"),
        );
    }
    if !is_new {
        return Ok(false);
    }
    match store.holds(dry_run)? {
        Holds::Nothing => return Ok(true),
        Holds::Something(name) => {
            return wrong(
                text!("there is no CID here, and the folder is not empty: it holds {name}", name),
                text!(
                    "nothing was changed; name the URL of a CID, of an empty folder, or of one that is not there yet"
                ),
            );
        }
        Holds::Unseen => warnings.push(
            text!(
                "the folder is there and has no catalogs, and the server does not list what else it holds (PROPFIND): \
             see that it is empty; no file of another's is replaced"
            )
            .to_owned(),
        ),
    }
    Ok(false)
}

/// The `mrinit.conf` of the root and of components that is there, as its catalogs spell it, brought to `to`.
fn relay_files(store: &dyn Store, theirs: &[Loaded], to: &Path) -> Result<Vec<KeptFile>> {
    let mut spelled: HashMap<String, CidPath> = HashMap::new();
    for loaded in theirs {
        for entry in loaded.catalog.entries() {
            let path = entry.path.under(loaded.file.folder.as_ref());
            spelled.entry(path.key()).or_insert(path);
        }
    }
    let folders = theirs.iter().filter_map(|loaded| loaded.file.folder.as_ref());
    let paths = std::iter::once(None).chain(folders.map(Some)).map(|folder| {
        let path = CidPath::in_folder(folder, MRINIT)?;
        Ok(spelled.get(&path.key()).cloned().unwrap_or(path))
    });
    let paths = paths.collect::<Result<Vec<_>>>()?;
    let mut kept = Vec::new();
    for (number, (path, found)) in
        paths.iter().zip(in_flight(brought_at_a_time(), &paths, |path| store.read(path, LARGEST_RELAY))).enumerate()
    {
        let Found::File(bytes, _) = found? else { continue };
        let place = to.join(number.to_string());
        let write = || std::fs::File::create(&place)?.write_all(&bytes);
        write().map_err(|error| Error::io("write it", &place, error))?;
        kept.push(KeptFile { path: path.clone(), place, size: bytes.len() as u64 });
    }
    Ok(kept)
}

/// Refuses where the catalogs that are to be published name a file that the place keeps otherwise than it is spelled there, and the
/// server does not give it out by that name.
fn refuse_spelled_otherwise(store: &dyn Store, catalogs: &[Loaded], kept: &[KeptFile]) -> Result<()> {
    for loaded in catalogs {
        for entry in loaded.catalog.entries() {
            let path = entry.path.under(loaded.file.folder.as_ref());
            let Some(file) = kept.iter().find(|file| file.path.key() == path.key() && file.path != path) else {
                continue;
            };
            let is = std::fs::read(&file.place).map_err(|error| Error::io("read it", &file.place, error))?;
            if matches!(store.read(&path, LARGEST_RELAY)?, Found::File(bytes, _) if bytes == is) {
                continue;
            }
            let what = text!(
                "it is to be kept, and the source's catalogs name it {path}, by which the server does not give it",
                path
            );
            return Err(Error::new(ErrorKind::CaseConflict, what)
                .in_file(Path::new(&store.url(&file.path)))
                .next("nothing was changed; give the server a copy by that name, then try again"));
        }
    }
    Ok(())
}

/// Refuses where a file is to become a folder, or a folder a file: on the server one has to go before the other comes, so that there is
/// no order in which endpoints find all that is listed.
fn refuse_turned(store: &dyn Store, difference: &Difference) -> Result<()> {
    if difference.gone.is_empty() {
        return Ok(());
    }
    let above = |path: &CidPath| path.folders().map(|folder| folder.key()).collect::<Vec<_>>();
    let new: HashSet<String> = difference.wanted.iter().map(|file| file.path.key()).collect();
    let new_folders: HashSet<String> = difference.wanted.iter().flat_map(|file| above(&file.path)).collect();
    for path in &difference.gone {
        let folder = path.folders().find(|folder| new.contains(&folder.key()));
        let (at, what) = match folder {
            Some(folder) => (folder, text!("it is a folder here, and the source has a file of this name")),
            None if new_folders.contains(&path.key()) => {
                (path.clone(), text!("it is a file here, and a folder in the source"))
            }
            None => continue,
        };
        // Where somebody has removed it by now, the catalogs still list it.
        match store.open(path, u64::from(u32::MAX)) {
            Ok(None) => continue,
            Err(error) if error.kind() != ErrorKind::Damage => return Err(error),
            Ok(Some(_)) | Err(_) => {}
        }
        return Err(Error::new(ErrorKind::Exists, what).in_file(Path::new(&store.url(&at))).next(
            "nothing was changed; remove it on the server, and try again at once: until then endpoints miss it",
        ));
    }
    Ok(())
}

/// Files of which two catalogs have another spelling: only one is published.
fn spelled_twice(catalogs: &[Loaded], difference: &Difference) -> Vec<String> {
    let mut warnings = Vec::new();
    for file in &difference.wanted {
        let spellings = file.listed().map(|(number, index)| {
            let loaded = &catalogs[number];
            loaded.catalog.entries()[index].path.under(loaded.file.folder.as_ref())
        });
        if let Some(other) = spellings.into_iter().find(|path| *path != file.path) {
            warnings.push(text!(
                "{file} is listed as {other}, too: a server that tells names apart by case has the first alone",
                file = file.path,
                other
            ));
        }
    }
    warnings
}
