//! New catalogs for a CID that has none, or whose catalogs are lost.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::pool::in_parallel;
use crate::catalog::checksum::{self, Context, Function};
use crate::catalog::{Catalog, CatalogId, CidPath, Entry};
use crate::cid::hash::{Sum, checked_size, sum_file, sum_files};
use crate::cid::walk::{Kind, not_plain, walk};
use crate::cid::{CIDSYNC, CatalogFile, Cid};
use crate::plan::{CatalogChange, Change, Content, Parts, Plan, Stage};

/// How to create catalogs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CreateOptions {
    /// The checksum function.
    pub function: Function,
    /// Replace catalogs that are there; they keep their identities.
    pub replace: bool,
    /// Give each component a catalog of its own, not the root alone.
    pub components: bool,
}

impl CreateOptions {
    /// The usual way, with this checksum function.
    pub fn new(function: Function) -> Self {
        Self { function, replace: false, components: true }
    }
}

/// Plans a `cidsync.upd` for each component and for the root, which lists the whole tree, the components' catalogs
/// included. Reads every file once, on all processors. Entries stand in the order of their paths.
///
/// `cid` is opened with [`Cid::open_uncataloged`].
///
/// # Errors
/// A catalog is there already, the tree holds a link or a device, a name that no catalog can hold, or two that differ
/// in case alone, or a file cannot be read.
pub fn create(cid: &Cid, options: &CreateOptions) -> Result<Plan> {
    let mut parts = Parts { purpose: "catalog create".to_owned(), ..Parts::default() };
    let folders = cid.components().iter().filter(|_| options.components).cloned().map(Some).chain([None]);
    let new: Vec<CatalogFile> = folders.map(|folder| catalog_in(cid, folder)).collect::<Result<_>>()?;
    if let Some(there) = new.iter().find(|file| cid.catalogs().contains(file)).filter(|_| !options.replace) {
        return Err(Error::new(ErrorKind::Exists, "there is a catalog already")
            .in_file(&cid.shown(&there.path))
            .next("refresh brings it in line; --replace makes it anew from everything in the folder"));
    }
    for file in cid.catalogs().iter().filter(|file| !new.contains(file)) {
        parts.warnings.push(text!("{} is listed as it is, not made anew", file.path));
    }

    let files = files(cid, &new)?;
    let places: Vec<(PathBuf, u64)> = files.iter().map(|(_, place)| (place.clone(), u64::from(u32::MAX) + 1)).collect();
    // Where more than the content goes into a checksum, each catalog has its own of the same file. Until then, one of the
    // content alone tells contents apart, for the identities of new catalogs.
    let of_content = checksum::known(checksum::FOR_NEW).expect("the table holds the function of new catalogs");
    let function = if options.function.needs_entry() { &of_content } else { &options.function };
    let sums = sum_files(&places, &**function);
    let on_disk: HashMap<String, PathBuf> = files
        .iter()
        .map(|(path, place)| (path.key(), place.clone()))
        .filter(|_| options.function.needs_entry())
        .collect();
    let mut entries = Vec::with_capacity(files.len() + new.len());
    for ((path, place), sum) in files.into_iter().zip(sums) {
        entries.push(entry(path, sum.and_then(|sum| Ok((checked_size(sum.0, &place)?, sum)))?));
    }
    let mut made = HashMap::new();
    for file in &new {
        let own = entries.iter().filter_map(|entry| {
            let path = entry.path.seen_from(file.folder.as_ref())?;
            Some(Entry { path, ..entry.clone() })
        });
        let mut own: Vec<Entry> = own.collect();
        own.sort_by_cached_key(|entry| entry.path.key());
        let count = own.len();
        let name = file.folder.as_ref().map_or("", CidPath::as_str);
        let before = cid.read(&file.path, crate::catalog::MAX_SIZE)?;
        let old = before.as_deref().and_then(|bytes| Catalog::parse(bytes).ok());
        let id = old.map_or_else(|| CatalogId::for_new(name, &own), |old| old.id());
        if options.function.needs_entry() {
            sum_each(file, id, &mut own, &on_disk, &made, &options.function)?;
        }
        let catalog = Catalog::with_id(id, own, &*options.function).map_err(|error| error.in_file(cid.path()))?;
        let after = catalog.print();
        let sum = (after.len() as u64, function.of_bytes(&after)?);
        if options.function.needs_entry() {
            made.insert(file.path.key(), after.clone());
        }
        entries.push(entry(file.path.clone(), (checked_size(sum.0, &cid.shown(&file.path))?, sum)));
        let changed = before.as_deref() != Some(&after);
        if changed {
            let stage = if file.folder.is_some() { Stage::ComponentCatalog } else { Stage::RootCatalog };
            let why = text!("the catalog lists every file as it is").into();
            let (before, after) = (before.map(Content::from), Some(Content::from(after)));
            parts.changes.push(Change { path: file.path.clone(), before, after, why, stage, kept: None });
        }
        parts.catalogs.push(CatalogChange {
            catalog: file.path.clone(),
            entries: count,
            function: options.function.name().to_owned(),
            actions: Vec::new(),
            changed,
        });
    }
    Ok(Plan::new(cid, parts))
}

/// Gives each entry of a catalog its checksum by a function that needs to know the entry.
fn sum_each(
    file: &CatalogFile,
    id: CatalogId,
    entries: &mut [Entry],
    on_disk: &HashMap<String, PathBuf>,
    made: &HashMap<String, Vec<u8>>,
    function: &Function,
) -> Result<()> {
    let sums = in_parallel(entries, |entry| {
        let context = Context { id, path: Some(&entry.path), size: entry.size.into() };
        let function = checksum::bound(function, &context);
        let key = entry.path.under(file.folder.as_ref()).key();
        match made.get(&key) {
            Some(bytes) => function.of_bytes(bytes),
            None => sum_file(&on_disk[&key], u64::from(entry.size) + 1, &*function).map(|(_, checksum)| checksum),
        }
    });
    for (entry, checksum) in entries.iter_mut().zip(sums) {
        entry.checksum = checksum?;
    }
    Ok(())
}

/// The catalog of a folder, in the case found.
fn catalog_in(cid: &Cid, folder: Option<CidPath>) -> Result<CatalogFile> {
    let path = match cid.named(folder.as_ref(), CIDSYNC)? {
        Some(path) => path,
        None => CidPath::in_folder(folder.as_ref(), CIDSYNC)?,
    };
    Ok(CatalogFile { path, folder })
}

/// All files but the catalogs that are to be made.
fn files(cid: &Cid, new: &[CatalogFile]) -> Result<Vec<(CidPath, PathBuf)>> {
    let mut files = Vec::new();
    for item in walk(cid.root())? {
        let place = cid.root().join(&item.path);
        let text = item.path.to_str().map(|path| format!("\\{}", path.replace(std::path::MAIN_SEPARATOR, "\\")));
        let path = text
            .filter(|_| std::path::MAIN_SEPARATOR == '\\' || !item.path.as_os_str().as_encoded_bytes().contains(&b'\\'))
            .map(|text| CidPath::parse(&text))
            .unwrap_or_else(|| Err(Error::new(ErrorKind::Path, "a catalog cannot hold this name").next("rename it")))
            .map_err(|error| error.in_file(&place))?;
        match item.kind {
            Kind::Folder => {}
            Kind::File if new.iter().any(|file| file.path == path) => {}
            Kind::File => files.push((path, place)),
            Kind::Link | Kind::Other => return Err(not_plain(&place)),
        }
    }
    Ok(files)
}

fn entry(path: CidPath, (size, (_, checksum)): (u32, Sum)) -> Entry {
    Entry { path, size, checksum }
}
