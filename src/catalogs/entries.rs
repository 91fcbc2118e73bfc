//! Bringing the entries of catalogs in line with the customer's files, by a checksum function that is known.

use std::collections::HashSet;
use std::path::Path;

use super::basis::{Basis, Refreshed};
use super::damage::NAMED;
#[cfg(feature = "cli")]
use super::detect::detect_elsewhere;
use super::detect::{Sample, detect_by};
use super::loaded::catalog_change;
use super::{ChecksumChoice, Detection, Loaded, Program, RefreshOptions, detect};
use crate::base::error::{Error, ErrorKind, Result};
use crate::catalog::checksum::{Function, bound};
use crate::catalog::{Catalog, Checksum, CidPath, Role};
use crate::cid::hash::checked_size;
use crate::cid::is_own_name;
use crate::cid::tree::Found;
use crate::plan::{Action, CatalogChange, EntryChange, View};

/// Brings one catalog after the other in line, those that others list first. The samples are those of each, in their order.
pub(super) fn bring_in_line(basis: &mut Basis<'_>, samples: &[Vec<Sample>]) -> Result<Refreshed> {
    let mut refreshed = Refreshed::default();
    for &index in &basis.order.sequence {
        let loaded = &basis.loaded[index];
        let function = match function_by_samples(&basis.view, &samples[index], loaded, basis.options) {
            Ok(function) => function,
            Err(error) if tells_nothing(&error, loaded) && needs_nothing(basis, loaded) => {
                refreshed.catalogs.push(CatalogChange {
                    catalog: loaded.file.path.clone(),
                    entries: loaded.catalog.entries().len(),
                    function: text!("unknown checksum function").to_owned(),
                    changed: false,
                    actions: Vec::new(),
                });
                continue;
            }
            Err(error) => return Err(error),
        };
        let edits = edits(basis, loaded, &function)?;
        let after = carry_out(&edits, loaded, &function)?;
        refreshed.catalogs.push(CatalogChange {
            catalog: loaded.file.path.clone(),
            entries: loaded.catalog.entries().len(),
            function: function.name().to_owned(),
            changed: after.is_some(),
            actions: edits.into_iter().map(|edit| edit.change).collect(),
        });
        refreshed.functions.insert(loaded.file.path.key(), function);
        if let Some(bytes) = after {
            basis.view.write(&loaded.file.path, bytes.clone());
            refreshed.writes.push(catalog_change(loaded, bytes));
        }
    }
    Ok(refreshed)
}

/// Whether nothing is wrong with a catalog but that it has too little to tell its function by.
fn tells_nothing(error: &Error, loaded: &Loaded) -> bool {
    match error.kind() {
        ErrorKind::UndeterminedChecksum => true,
        ErrorKind::ForeignChecksum => loaded.catalog.entries().is_empty(),
        _ => false,
    }
}

/// The function to rewrite a catalog with.
///
/// # Errors
/// Nothing tells which it is, or files of the vendor are not what the catalog says.
pub(crate) fn function_of(view: &View<'_>, loaded: &Loaded, options: &RefreshOptions) -> Result<Function> {
    let Loaded { file, bytes, catalog } = loaded;
    let place = view.cid().shown(&file.path);
    function_by(detect(view, file, catalog, bytes, &options.customer_files, &options.checksum)?, &place, options)
}

/// As [`function_of`], by samples that are at hand.
fn function_by_samples(
    view: &View<'_>,
    samples: &[Sample],
    loaded: &Loaded,
    options: &RefreshOptions,
) -> Result<Function> {
    let Loaded { file, bytes, catalog } = loaded;
    let detection = detect_by(view, samples, catalog, bytes, &options.checksum)?;
    function_by(detection, &view.cid().shown(&file.path), options)
}

#[cfg(feature = "cli")]
/// As [`function_of`], for a catalog of a CID that is on no disk, `place`; `read` gives the content of a file of this size.
///
/// # Errors
/// As [`function_of`], or no file can be read.
pub(crate) fn function_elsewhere(
    loaded: &Loaded,
    place: &Path,
    options: &RefreshOptions,
    read: impl Fn(&CidPath, u32) -> Result<Vec<u8>>,
) -> Result<Function> {
    function_by(detect_elsewhere(loaded, &options.customer_files, &options.checksum, read)?, place, options)
}

fn function_by(detection: Detection, place: &Path, options: &RefreshOptions) -> Result<Function> {
    match detection {
        Detection::Known(function) => Ok(function),
        Detection::Damaged { function, .. } if options.accept_damage => Ok(function),
        Detection::Damaged { function, files, own } => {
            let mut what = Vec::new();
            if !files.is_empty() {
                let names: Vec<&str> = files.iter().take(NAMED).map(CidPath::as_str).collect();
                let names = names.join(", ");
                what.push(match files.len() {
                    1 => text!("{names} is not what it says", names),
                    _ => text!("{names} are not what it says", names),
                });
            }
            if own {
                what.push(text!("its own checksum is wrong").to_owned());
            }
            Err(Error::new(
                ErrorKind::Damage,
                text!("the catalog uses {}, but there is damage: {}", function.name(), what.join(text!(", and "))),
            )
            .in_file(place)
            .next("let the server update this CID; or, if it is meant to be so, say --accept-damage"))
        }
        Detection::Undetermined(function) => Err(Error::new(
            ErrorKind::UndeterminedChecksum,
            text!("its checksum function cannot be told: none of the files it lists is there, unchanged, with four bytes or \
                 more (its own checksum agrees with {})", function.name()),
        )
        .in_file(place)
        .next(text!("if you know the function, name it: --checksum {}", function.name()))),
        Detection::Foreign => Err(Error::new(
            ErrorKind::ForeignChecksum,
            match &options.checksum {
                ChecksumChoice::FindOut => text!("no checksum function that configcid knows reproduces this catalog").to_owned(),
                ChecksumChoice::Also(function) => {
                    text!("neither {} nor a function that configcid knows reproduces this catalog", function.name())
                }
                ChecksumChoice::Use(function) => text!("the checksum function {} does not reproduce this catalog", function.name()),
            },
        )
        .in_file(place)
        .next(text!("bring the function with --checksum DEFINITION, which configcid catalog identify may find, or --checksum-command \
             'PROGRAM ARG...', or the vendor's program with --refresh-with {}", match Program::found() {
                Some(found) => text!("auto, which is {}", found.display()),
                None => "ConfigCID.exe".to_owned(),
            }))),
    }
}

/// A change to a catalog's entry: the one at `index`, or a new one.
pub(super) struct Edit {
    index: Option<usize>,
    change: EntryChange,
}

/// What must change for the catalog to be as it should be.
pub(super) fn edits(basis: &Basis<'_>, loaded: &Loaded, function: &Function) -> Result<Vec<Edit>> {
    let Basis { view, order, customers, options, .. } = basis;
    let file = &loaded.file;
    let mut edits = Vec::new();
    let mut edit = |index, action, path: &CidPath, (size, checksum)| {
        edits.push(Edit { index, change: EntryChange { action, path: path.detached(), size, checksum } });
    };
    let mut listed = HashSet::new();
    for (index, entry) in loaded.catalog.entries().iter().enumerate() {
        let role = options.customer_files.role_under(file.folder.as_ref(), &entry.path);
        if options.unlist_own && is_own_name(entry.path.file_name_bytes()) {
            edit(Some(index), Action::Remove, &entry.path, (entry.size, entry.checksum));
            continue;
        }
        if role == Role::Vendor {
            continue;
        }
        let path = entry.path.under(file.folder.as_ref());
        if order.is_impossible(&file.path, &path) {
            continue;
        }
        listed.insert(path.key());
        // One that differs is damage, which the caller has been told to accept.
        if options.customer_files.is_tools(&path) {
            continue;
        }
        let past = (entry.size, entry.checksum);
        let found = view.find(&path)?;
        match sum(view, &loaded.catalog, &entry.path, &path, &found, function)? {
            Some(now) if now == past => {}
            Some(now) => edit(Some(index), Action::Update, &entry.path, now),
            None if role == Role::Customer => edit(Some(index), Action::Remove, &entry.path, past),
            // A catalog that has gone is damage, which the caller has been told to accept.
            None => {}
        }
    }
    for (key, path) in *customers {
        let Some(seen) = path.seen_from(file.folder.as_ref()).filter(|_| file.covers(path)) else { continue };
        if listed.contains(key) {
            continue;
        }
        let found = view.find(path)?;
        if let Some(now) = sum(view, &loaded.catalog, &seen, path, &found, function)? {
            edit(None, Action::Add, &seen, now);
        }
    }
    Ok(edits)
}

/// The bytes of the catalog after `edits`; `None` where it is as it should be, and so is its own checksum.
fn carry_out(edits: &[Edit], loaded: &Loaded, function: &Function) -> Result<Option<Vec<u8>>> {
    let before = &loaded.catalog;
    if edits.is_empty() && before.own_sum(&loaded.bytes, &**function)? == before.own_checksum() {
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

/// Size and checksum of the file at `path`, which the catalog has as `seen`.
fn sum(
    view: &View<'_>,
    catalog: &Catalog,
    seen: &CidPath,
    path: &CidPath,
    found: &Found,
    function: &Function,
) -> Result<Option<(u32, Checksum)>> {
    let Found::File { size, .. } = found else { return Ok(None) };
    let function = bound(function, &catalog.context(seen, *size));
    let Some((size, checksum)) = view.sum(path, found, &*function)? else { return Ok(None) };
    Ok(Some((checked_size(size, &view.cid().shown(path))?, checksum)))
}

/// Whether a catalog has nothing that could need a change: it lists no file but the vendor's, and none of the customer's is
/// missing in it. Its checksums are of no matter then.
fn needs_nothing(basis: &Basis<'_>, loaded: &Loaded) -> bool {
    let Basis { order, customers, options, .. } = basis;
    let Loaded { file, catalog, .. } = loaded;
    let may_change = |path: &CidPath| {
        let path = path.under(file.folder.as_ref());
        options.customer_files.role(&path) != Role::Vendor && !order.is_impossible(&file.path, &path)
    };
    !catalog.entries().iter().any(|entry| may_change(&entry.path)) && !customers.values().any(|path| file.covers(path))
}
