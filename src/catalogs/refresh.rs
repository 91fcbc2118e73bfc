//! Refreshing a CID: its catalogs are brought in line with the customer's files on disk, as `ConfigCID.exe` does
//! \[14635, 13112\].

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{ChecksumChoice, Detection, Order, Program, busy, detect, program, signed};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::text::count;
use crate::catalog::checksum::Function;
use crate::catalog::{Catalog, Checksum, CidPath, CustomerFiles, Role};
use crate::cid::hash::checked_size;
use crate::cid::tree::Found;
use crate::cid::{CatalogFile, Cid};
use crate::plan::{Action, CatalogChange, Change, EntryChange, Plan, Stage, View};

/// How to refresh.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct RefreshOptions {
    /// Which files are the customer's.
    pub customer_files: CustomerFiles,
    /// Where the checksum function comes from.
    pub checksum: ChecksumChoice,
    /// Go on where the vendor's files are not what the catalogs say. Their entries stay as they are.
    pub accept_damage: bool,
    /// Go on where another program's temporary files tell of an update in progress.
    pub accept_temporary: bool,
    /// Let this program rewrite the catalogs.
    pub program: Option<Program>,
}

/// Plans to bring every catalog of `cid` in line with the customer's files.
///
/// # Errors
/// A catalog is unreadable; its checksum function is foreign or cannot be told; files of the vendor are missing or
/// have another size than listed (unless [`accept_damage`](RefreshOptions::accept_damage)); a brought program fails; a
/// manifest in the CID lists a file that would be written.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("ESXP");
/// use configcid::{Cid, DemoCid, RefreshOptions, refresh};
///
/// DemoCid::default().write(&path)?;
/// let options = RefreshOptions::default();
/// assert!(refresh(&Cid::open(&path)?, &options)?.is_empty());
///
/// std::fs::write(path.join("customer_ID.txt"), "Acme").unwrap();
/// let plan = refresh(&Cid::open(&path)?, &options)?;
/// plan.apply()?;
/// assert!(refresh(&Cid::open(&path)?, &options)?.is_empty());
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn refresh(cid: &Cid, options: &RefreshOptions) -> Result<Plan> {
    let mut plan = Plan::new(cid, "refresh");
    complete(cid, &mut plan, options)?;
    Ok(plan)
}

/// Adds to a plan that changes files what the catalogs need then.
pub(crate) fn complete(cid: &Cid, plan: &mut Plan, options: &RefreshOptions) -> Result<()> {
    let loaded = load(cid)?;
    if !options.accept_temporary {
        busy::refuse(cid, &loaded)?;
    }
    let payload = plan.changes.clone();
    let mut view = View::new(cid, &payload);
    let order = Order::new(&loaded);
    plan.warnings.extend(order.warnings());
    let damage = damage(&view, &loaded, options)?;
    if let Some(error) = damage_error(cid, &damage, options) {
        return Err(error);
    }
    plan.warnings.extend(damage.iter().map(|damage| format!("{damage}: left as it is")));
    let customers = customer_files(&view, &options.customer_files)?;
    for path in customers.values().filter(|path| !view.is_new(path)) {
        plan.rely_on(cid.tree(), path.clone())?;
    }
    if let Some(program) = &options.program {
        program::run(program, &view, &loaded, &order, &customers, options, plan)?;
    } else {
        for &index in &order.sequence {
            let loaded = &loaded[index];
            let function = function_of(&view, loaded, options)?;
            let edits = edits(&view, loaded, &customers, &order, options, &function)?;
            let after = carry_out(&edits, loaded, &function)?;
            plan.catalogs.push(CatalogChange {
                catalog: loaded.file.path.clone(),
                entries: loaded.catalog.entries().len(),
                function: function.name().to_owned(),
                changed: after.is_some(),
                actions: edits.into_iter().map(|edit| edit.change).collect(),
            });
            if let Some(bytes) = after {
                view.write(&loaded.file.path, bytes.clone());
                plan.changes.push(catalog_change(loaded, bytes));
            }
        }
    }
    let removed = |change: &&EntryChange| change.action == Action::Remove;
    let gone: Vec<CidPath> = plan
        .catalogs
        .iter()
        .flat_map(|catalog| {
            catalog.actions.iter().filter(removed).map(|change| change.path.under(catalog.catalog.folder().as_ref()))
        })
        .collect();
    for path in gone {
        plan.rely_on(cid.tree(), path)?;
    }
    plan.sort();
    signed::consult(cid, plan, &options.customer_files)
}

/// A catalog, read.
pub(crate) struct Loaded {
    pub file: CatalogFile,
    pub bytes: Vec<u8>,
    pub catalog: Catalog,
}

fn load(cid: &Cid) -> Result<Vec<Loaded>> {
    let read = |file: &CatalogFile| {
        let (bytes, catalog) = cid.read_catalog(file)?;
        Ok(Loaded { file: file.clone(), bytes, catalog })
    };
    cid.catalogs().iter().map(read).collect()
}

pub(crate) fn catalog_change(loaded: &Loaded, after: Vec<u8>) -> Change {
    Change {
        path: loaded.file.path.clone(),
        before: Some(loaded.bytes.clone()),
        after: Some(after),
        why: "the catalog lists the customer's files as they are".to_owned(),
        stage: if loaded.file.folder.is_some() { Stage::ComponentCatalog } else { Stage::RootCatalog },
    }
}

/// The vendor's files that are not what the catalogs say, as sentences without an end.
fn damage(view: &View<'_>, loaded: &[Loaded], options: &RefreshOptions) -> Result<Vec<String>> {
    let mut known: HashMap<String, Found> = HashMap::new();
    let mut damage = BTreeMap::new();
    for loaded in loaded {
        for entry in loaded.catalog.entries() {
            let role = options.customer_files.role_under(loaded.file.folder.as_ref(), &entry.path);
            if role == Role::Customer {
                continue;
            }
            let path = entry.path.under(loaded.file.folder.as_ref());
            let key = path.key();
            let found = match known.get(&key) {
                Some(found) => found,
                None => {
                    let found = view.find(&path)?;
                    known.entry(key.clone()).or_insert(found)
                }
            };
            let what = match found {
                Found::File { .. } if role == Role::Catalog => continue,
                Found::File { size, .. } if *size == u64::from(entry.size) => continue,
                Found::File { size, .. } => {
                    format!("{path} has {size} bytes, and {} lists {}", loaded.file.path, entry.size)
                }
                Found::Absent => format!("{path} is not there, and {} lists it", loaded.file.path),
                Found::Folder | Found::Other => format!("{path} is no file, and {} lists it", loaded.file.path),
            };
            // A file is told once, however many catalogs list it.
            damage.entry(key).or_insert(what);
        }
    }
    Ok(damage.into_values().collect())
}

/// How many faults an error names.
const NAMED: usize = 5;

fn damage_error(cid: &Cid, damage: &[String], options: &RefreshOptions) -> Option<Error> {
    if damage.is_empty() || options.accept_damage {
        return None;
    }
    let mut what = format!(
        "{} that only the vendor writes: {}",
        count(damage.len(), "file is damaged", "files are damaged"),
        damage[..damage.len().min(NAMED)].join("; ")
    );
    if damage.len() > NAMED {
        what.push_str(&format!("; and {} more", damage.len() - NAMED));
    }
    Some(
        Error::new(ErrorKind::Damage, what)
            .in_file(cid.path())
            .next("let the server update this CID; or, if it is meant to be so, say --accept-damage"),
    )
}

/// The function to rewrite a catalog with.
fn function_of(view: &View<'_>, loaded: &Loaded, options: &RefreshOptions) -> Result<Function> {
    let Loaded { file, bytes, catalog } = loaded;
    let place = view.cid().shown(&file.path);
    match detect(view, file, catalog, bytes, &options.customer_files, &options.checksum)? {
        Detection::Known(function) => Ok(function),
        Detection::Damaged { function, .. } if options.accept_damage => Ok(function),
        Detection::Damaged { function, files, own } => {
            let mut what = Vec::new();
            if !files.is_empty() {
                let names: Vec<&str> = files.iter().take(NAMED).map(CidPath::as_str).collect();
                what.push(format!("{} {} not what it says", names.join(", "), if files.len() == 1 { "is" } else { "are" }));
            }
            if own {
                what.push("its own checksum is wrong".to_owned());
            }
            Err(Error::new(
                ErrorKind::Damage,
                format!("the catalog uses {}, but there is damage: {}", function.name(), what.join(", and ")),
            )
            .in_file(&place)
            .next("let the server update this CID; or, if it is meant to be so, say --accept-damage"))
        }
        Detection::Undetermined(function) => Err(Error::new(
            ErrorKind::UndeterminedChecksum,
            format!(
                "its checksum function cannot be told: none of the files it lists is there, unchanged, with four bytes or \
                 more (its own checksum agrees with {})",
                function.name()
            ),
        )
        .in_file(&place)
        .next(format!("if you know the function, name it: --checksum {}", function.name()))),
        Detection::Foreign => Err(Error::new(
            ErrorKind::ForeignChecksum,
            match &options.checksum {
                ChecksumChoice::FindOut => "no checksum function that configcid knows reproduces this catalog".to_owned(),
                ChecksumChoice::Also(function) => {
                    format!("neither {} nor a function that configcid knows reproduces this catalog", function.name())
                }
                ChecksumChoice::Use(function) => format!("the checksum function {} does not reproduce this catalog", function.name()),
            },
        )
        .in_file(&place)
        .next(
            "bring the function with --checksum-command 'PROGRAM ARG...', or the vendor's program with --refresh-with \
             ConfigCID.exe",
        )),
    }
}

/// The customer's files that are there, from the CID's root, in the case found, by key.
pub(crate) fn customer_files(view: &View<'_>, customer_files: &CustomerFiles) -> Result<BTreeMap<String, CidPath>> {
    let cid = view.cid();
    let mut present = BTreeMap::new();
    for folder in std::iter::once(None).chain(cid.components().iter().map(Some)) {
        let listing = cid.tree().listing(folder)?;
        let paths = listing
            .names()
            .filter_map(|name| CidPath::in_folder(folder, name).ok())
            .chain(view.made_in(folder).cloned())
            .filter(|path| customer_files.role(path) == Role::Customer);
        for path in paths {
            match view.find(&path)? {
                Found::File { .. } => present.insert(path.key(), path),
                _ => {
                    return Err(Error::new(ErrorKind::Io, "this should be a file, and is none")
                        .in_file(&cid.shown(&path))
                        .next("remove or rename it"));
                }
            };
        }
    }
    Ok(present)
}

/// A change to a catalog's entry: the one at `index`, or a new one.
struct Edit {
    index: Option<usize>,
    change: EntryChange,
}

/// What must change for the catalog to be as it should be.
fn edits(
    view: &View<'_>,
    loaded: &Loaded,
    customers: &BTreeMap<String, CidPath>,
    order: &Order,
    options: &RefreshOptions,
    function: &Function,
) -> Result<Vec<Edit>> {
    let file = &loaded.file;
    let mut edits = Vec::new();
    let mut edit = |index, action, path: &CidPath, (size, checksum)| {
        edits.push(Edit { index, change: EntryChange { action, path: path.clone(), size, checksum } });
    };
    let mut listed = HashSet::new();
    for (index, entry) in loaded.catalog.entries().iter().enumerate() {
        let role = options.customer_files.role_under(file.folder.as_ref(), &entry.path);
        if role == Role::Vendor {
            continue;
        }
        let path = entry.path.under(file.folder.as_ref());
        if order.is_impossible(&file.path, &path) {
            continue;
        }
        listed.insert(path.key());
        let past = (entry.size, entry.checksum);
        let found = view.find(&path)?;
        match sum(view, &path, &found, function)? {
            Some(now) if now == past => {}
            Some(now) => edit(Some(index), Action::Update, &entry.path, now),
            None if role == Role::Customer => edit(Some(index), Action::Remove, &entry.path, past),
            // A catalog that has gone is damage, which the caller has been told to accept.
            None => {}
        }
    }
    for (key, path) in customers {
        let Some(seen) = path.seen_from(file.folder.as_ref()).filter(|_| file.covers(path)) else { continue };
        if listed.contains(key) {
            continue;
        }
        let found = view.find(path)?;
        if let Some(now) = sum(view, path, &found, function)? {
            edit(None, Action::Add, &seen, now);
        }
    }
    Ok(edits)
}

/// The bytes of the catalog after `edits`; `None` where it is as it should be, and so is its own checksum.
fn carry_out(edits: &[Edit], loaded: &Loaded, function: &Function) -> Result<Option<Vec<u8>>> {
    let before = &loaded.catalog;
    if edits.is_empty() && function.of_bytes(before.covered(&loaded.bytes))? == before.own_checksum() {
        return Ok(None);
    }
    let mut catalog = before.clone();
    let entries = catalog.entries_mut();
    // From the end, so that an index stays right while entries behind it go.
    for Edit { index, change } in edits.iter().rev() {
        match (index, change.action) {
            (Some(index), Action::Remove) => drop(entries.remove(*index)),
            (Some(index), _) => entries[*index] = change.entry(),
            (None, _) => {}
        }
    }
    entries.extend(edits.iter().filter(|edit| edit.index.is_none()).map(|edit| edit.change.entry()));
    catalog.seal(&**function)?;
    Ok(Some(catalog.print()))
}

fn sum(view: &View<'_>, path: &CidPath, found: &Found, function: &Function) -> Result<Option<(u32, Checksum)>> {
    let Some((size, checksum)) = view.sum(path, found, &**function)? else { return Ok(None) };
    Ok(Some((checked_size(size, &view.cid().shown(path))?, checksum)))
}
