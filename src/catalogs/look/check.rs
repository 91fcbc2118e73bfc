//! Catalogs against the disk.

use std::sync::Arc;

use super::disk::Standing;
use super::report::{CatalogReport, Scope};
use super::{Digesting, Look, TroubleKind};
use crate::base::error::Result;
use crate::base::pool::{LOOKS, in_flight, in_parallel};
use crate::catalog::checksum::{Function, bound};
use crate::catalog::{Checksum, CidPath, Entry, Role};
use crate::catalogs::{Detection, Loaded, Order, Program, RefreshOptions, judge, samples, samples_by};
use crate::cid::hash::sum_file;
use crate::cid::tree::Found;
use crate::cid::{CatalogFile, is_own_name};
use crate::plan::View;

/// An entry of a catalog whose file is there with the listed size.
pub(crate) struct Check {
    pub file: u32,
    /// Numbers of the catalog and of its entry.
    pub catalog: u32,
    pub entry: u32,
}

impl Look<'_> {
    /// Reads the catalogs, together.
    pub(super) fn load(&mut self) {
        let cid = self.cid;
        let read = in_flight(LOOKS, cid.catalogs(), |file| cid.read_catalog_shared(file));
        for (file, read) in cid.catalogs().iter().zip(read) {
            match read {
                Ok((bytes, catalog)) => {
                    if let Standing::File(number) = self.disk.find(self.cid, &file.path, &file.path.key()) {
                        self.held.insert(number, bytes.clone());
                    }
                    self.loaded.push(Loaded { file: file.clone(), bytes, catalog });
                }
                Err(error) => {
                    self.troubles.met(TroubleKind::CatalogUnreadable, Some(file.path.as_str()), &error);
                    self.catalogs.push(CatalogReport::unreadable(file.path.clone()));
                }
            }
        }
    }

    /// Looks up every entry, and gives those whose file is to be read.
    pub(super) fn look_up(&mut self) -> Vec<Check> {
        let order = Order::new(&self.loaded);
        let mut checks = Vec::with_capacity(self.loaded.iter().map(|loaded| loaded.catalog.entries().len()).sum());
        for (number, Loaded { file, catalog, .. }) in (0u32..).zip(&self.loaded) {
            for (index, entry) in (0u32..).zip(catalog.entries()) {
                let path = entry.path.under(file.folder.as_ref());
                let is_impossible = order.is_impossible(&file.path, &path);
                if self.scope == Scope::Customer && (is_impossible || is_left_alone(self.options, &path)) {
                    continue;
                }
                let key = path.key();
                let is_accepted = self.is_accepted(&path);
                let is_own = is_own_name(path.file_name());
                let mut add = |kind, what: Result<String>| {
                    let trouble = match what {
                        Ok(what) if is_own => {
                            let own = text!(
                                "it is configcid's own, and another tool has listed it; configcid refresh --unlist-own takes the \
                                       entry out"
                            );
                            self.troubles.add(kind, Some(path.as_str()), format!("{what}: {own}"))
                        }
                        Ok(what) => self.troubles.add(kind, Some(path.as_str()), what),
                        Err(error) => self.troubles.met(kind, Some(path.as_str()), &error),
                    };
                    trouble.catalog = Some(file.path.clone());
                };
                match self.disk.find(self.cid, &path, &key) {
                    Standing::File(found) => {
                        let on_disk = &mut self.disk.files[found as usize];
                        on_disk.is_listed = true;
                        let size = match on_disk.size {
                            size if size == u64::from(entry.size) => size,
                            _ => self.disk.size_now(found),
                        };
                        if is_impossible {
                            add(TroubleKind::EntryImpossible, Ok(text!("it lists this catalog, or is it").to_owned()));
                        }
                        if size != u64::from(entry.size) {
                            let what =
                                text!("it has {size} bytes, and {size_is} are listed", size, size_is = entry.size);
                            add(TroubleKind::EntrySize, Ok(what));
                        } else if !is_impossible {
                            checks.push(Check { file: found, catalog: number, entry: index });
                        }
                    }
                    Standing::Absent | Standing::NotAFile if is_accepted => {}
                    Standing::Absent => {
                        add(TroubleKind::EntryMissing, Ok(text!("it is listed and not there").to_owned()))
                    }
                    Standing::NotAFile => {
                        add(TroubleKind::EntryNotAFile, Ok(text!("it is listed and no file").to_owned()))
                    }
                    Standing::LeadsOut(error) => add(TroubleKind::EntryLeadsOut, Err(error)),
                    Standing::Unreadable(_) if self.disk.is_behind_closed(&key) => {}
                    Standing::Unreadable(error) => add(TroubleKind::Unreadable, Err(error)),
                    Standing::Twins(_) if self.scope == Scope::Everything => {}
                    Standing::Twins(error) => add(TroubleKind::CaseConflict, Err(error)),
                }
            }
        }
        checks
    }

    /// Finds out the functions of the catalogs, from files that are read for all checks at once.
    pub(super) fn find_out_functions(&mut self, wanted: &impl Digesting) -> Result<()> {
        let view = View::new(self.cid, &[]);
        // Those that need to know the entry cannot be computed for all catalogs at once.
        let of_content = (0u32..).zip(&self.functions).filter(|(_, function)| !function.needs_entry());
        let all = of_content.fold(0u32, |all, (number, _)| all | 1 << number);
        let mut sampled = Vec::new();
        for Loaded { file, catalog, .. } in &self.loaded {
            let mut samples = match self.known_function(file) {
                Some(_) => Vec::new(),
                // The walk has told the sizes of all files: to look at one after the other would be to wait for each.
                None if self.disk.walked_at.is_some() => {
                    samples_by(file, catalog, &self.options.customer_files, |path, entry| {
                        let Standing::File(number) = self.disk.find(self.cid, path, &path.key()) else { return None };
                        let size = self.disk.files[number as usize].size;
                        let path = self.disk.place(number).into_owned();
                        (size == u64::from(entry.size)).then_some(Found::File { path, size, linked: false })
                    })
                }
                None => samples(&view, file, catalog, &self.options.customer_files),
            };
            let mut numbers = Vec::new();
            samples.retain(|sample| match self.disk.find(self.cid, &sample.path, &sample.path.key()) {
                Standing::File(number) => {
                    numbers.push(number);
                    true
                }
                _ => false,
            });
            sampled.push((samples, numbers));
        }
        let mut files: Vec<u32> = sampled.iter().flat_map(|(_, numbers)| numbers).copied().collect();
        files.sort_unstable();
        files.dedup();
        self.read(files.into_iter().map(|number| (number, all)), wanted);
        for (index, (samples, numbers)) in sampled.into_iter().enumerate() {
            // What cannot be read tells nothing, and is told by itself.
            let (samples, numbers): (Vec<_>, Vec<_>) =
                samples.into_iter().zip(numbers).filter(|(_, number)| self.sums(*number).is_some()).unzip();
            let Loaded { file, bytes, catalog } = &self.loaded[index];
            if let Some(function) = self.known_function(file) {
                self.tell_function(index, &Detection::Known(function))?;
                continue;
            }
            let detection = judge(
                &samples,
                catalog,
                bytes,
                &self.options.checksum,
                &self.functions,
                |number, function, sample| {
                    if function.needs_entry() {
                        return Ok(view
                            .sum(&sample.path, &sample.found, &*sample.function(catalog, function))?
                            .map(|sum| sum.1));
                    }
                    let index = samples.iter().position(|this| std::ptr::eq(this, sample)).expect("it is one of them");
                    Ok(self.sums(numbers[index]).and_then(|sums| sums.checksum(number as u32)))
                },
            )?;
            self.tell_function(index, &detection)?;
        }
        Ok(())
    }

    /// The function of a catalog that was found out just now, if it is one of those that are looked for here.
    fn known_function(&self, file: &CatalogFile) -> Option<Function> {
        let known = self.known.get(&file.path.key())?;
        self.functions.iter().find(|this| Arc::ptr_eq(this, known)).cloned()
    }

    /// Tells what is known of the function of the loaded catalog of this number.
    fn tell_function(&mut self, index: usize, detection: &Detection) -> Result<()> {
        let Loaded { file, bytes, catalog } = &self.loaded[index];
        let (path, function) = (file.path.as_str(), detection.function());
        match (detection, function) {
            (Detection::Foreign, _) => {
                let mut what =
                    text!("no known checksum function reproduces it: sizes were checked, checksums were not")
                        .to_owned();
                let is_first = self.troubles.0.iter().all(|trouble| trouble.kind != TroubleKind::CatalogForeign);
                if let Some(program) = is_first.then(Program::found).flatten() {
                    what.push_str(&text!("; --refresh-with auto runs {} to rewrite it", program.display()));
                }
                self.troubles.add(TroubleKind::CatalogForeign, Some(path), what);
            }
            (Detection::Undetermined(likely), _) => {
                let what = text!(
                    "no listed file is there to tell its checksum function by (its own checksum agrees with {}): sizes were \
                     checked, checksums were not",
                    likely.name()
                );
                self.troubles.add(TroubleKind::CatalogUndetermined, Some(path), what);
            }
            (_, Some(function)) => {
                let right = catalog.own_sum(bytes, &**function)?;
                if right != catalog.own_checksum() {
                    let own = catalog.own_checksum();
                    let what = text!(
                        "its own checksum is {own}, and {function} of it is {right}",
                        own,
                        function = function.name(),
                        right
                    );
                    self.troubles.add(TroubleKind::CatalogChecksum, Some(path), what);
                }
            }
            _ => {}
        }
        let number = function.and_then(|function| self.functions.iter().position(|this| Arc::ptr_eq(this, function)));
        self.catalogs.push(CatalogReport::new(file.path.clone(), catalog, detection));
        self.of_catalogs.push(number.map(|number| number as u32));
        Ok(())
    }

    /// Reads the files of catalogs whose function needs to know the entry, once more for each entry. What cannot be read
    /// was told when it was read for the others.
    pub(super) fn sum_entries(&mut self, checks: &[Check]) {
        let needs_entry = |check: &&Check| {
            let function = self.of_catalogs[check.catalog as usize];
            function.is_some_and(|function| self.functions[function as usize].needs_entry())
        };
        let checks: Vec<&Check> = checks.iter().filter(needs_entry).collect();
        let sums = in_parallel(&checks, |check| {
            let function = self.of_catalogs[check.catalog as usize].expect("these have one");
            let Loaded { catalog, .. } = &self.loaded[check.catalog as usize];
            let entry = &catalog.entries()[check.entry as usize];
            let context = catalog.context(&entry.path, entry.size.into());
            let function = bound(&self.functions[function as usize], &context);
            sum_file(&self.disk.place(check.file), u64::from(entry.size) + 1, &*function)
        });
        for (check, sum) in checks.into_iter().zip(sums) {
            self.of_entries.extend(sum.ok().map(|(_, checksum)| ((check.catalog, check.entry), checksum)));
        }
    }

    /// Compares what was read with what the catalogs list.
    pub(super) fn judge(&mut self, checks: &[Check]) {
        for check in checks {
            if self.agrees(check) != Some(false) {
                continue;
            }
            let (catalog, entry) = self.entry(check);
            let (catalog, listed) = (catalog.clone(), entry.checksum);
            let is = self.checksum(check).map_or_else(String::new, |is| is.to_string());
            let path = self.disk.files[check.file as usize].path.clone();
            let what = text!("its checksum is {is}, and {listed} is listed", is, listed);
            self.troubles.add(TroubleKind::EntryChecksum, Some(path.as_str()), what).catalog = Some(catalog);
        }
    }

    /// The catalog, and its entry.
    pub(crate) fn entry(&self, check: &Check) -> (&CidPath, &Entry) {
        let Loaded { file, catalog, .. } = &self.loaded[check.catalog as usize];
        (&file.path, &catalog.entries()[check.entry as usize])
    }

    fn checksum(&self, check: &Check) -> Option<Checksum> {
        let function = self.of_catalogs[check.catalog as usize]?;
        if self.functions[function as usize].needs_entry() {
            return self.of_entries.get(&(check.catalog, check.entry)).copied();
        }
        self.sums(check.file)?.checksum(function)
    }

    /// Whether a file is what the catalog says; `None` where nothing tells.
    pub(crate) fn agrees(&self, check: &Check) -> Option<bool> {
        let (_, entry) = self.entry(check);
        let size = self.sums(check.file)?.size;
        Some(self.checksum(check)? == entry.checksum && size == u64::from(entry.size))
    }

    /// Whether the absence of a file was accepted: a catalog that has gone is damage, which a refresh may be told to accept.
    fn is_accepted(&self, path: &CidPath) -> bool {
        self.scope == Scope::Customer
            && self.options.accept_damage
            && self.options.customer_files.role(path) == Role::Catalog
    }
}

/// Whether a refresh leaves the file alone: it is the vendor's, or damage that it was told to accept.
fn is_left_alone(options: &RefreshOptions, path: &CidPath) -> bool {
    let files = &options.customer_files;
    files.role(path) == Role::Vendor || (options.accept_damage && files.is_tools(path))
}
