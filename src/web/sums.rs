//! Checksums of what a server sends, by the functions that its catalogs use.

use std::path::Path;

use super::files::File;
use super::report::WebFault;
use crate::base::error::Result;
use crate::catalog::checksum::{Function, bound};
use crate::catalog::{Checksum, CustomerFiles, Role};
use crate::catalogs::{ChecksumChoice, Loaded, Order};
use crate::cid::digest::{Wanted, digest_input};

/// The catalogs, with the functions that each may use.
pub(super) struct Compared<'a> {
    loaded: &'a [Loaded],
    order: &'a Order,
    candidates: Vec<Candidates>,
}

struct Candidates {
    functions: Vec<Function>,
    /// Whether the catalog's own checksum is one that these functions give.
    is_own: bool,
}

/// The checksums of one file: for each catalog that lists it, by each of that catalog's functions. Nothing for a catalog whose
/// entry no checksum can fit.
pub(super) type Sums = Vec<Vec<Checksum>>;

/// What came of comparing.
#[derive(Default)]
pub(super) struct Verdict {
    /// Each with the number of its file, if it is of one.
    pub faults: Vec<(Option<usize>, WebFault)>,
    pub notes: Vec<String>,
    /// The name of each catalog's function.
    pub functions: Vec<Option<String>>,
}

impl<'a> Compared<'a> {
    /// # Errors
    /// A brought checksum command fails.
    pub(super) fn new(loaded: &'a [Loaded], order: &'a Order, choice: &ChecksumChoice) -> Result<Self> {
        let all = choice.candidates();
        let mut candidates = Vec::new();
        for Loaded { bytes, catalog, .. } in loaded {
            let mut functions = Vec::new();
            for function in &all {
                if catalog.own_sum(bytes, &**function)? == catalog.own_checksum() {
                    functions.push(function.clone());
                }
            }
            let is_own = !functions.is_empty();
            candidates.push(Candidates { functions: if is_own { functions } else { all.clone() }, is_own });
        }
        Ok(Self { loaded, order, candidates })
    }

    /// Reads a file to its end, and gives its checksums.
    ///
    /// # Errors
    /// It cannot be read, which the reader has to remember, or a brought command fails.
    pub(super) fn read(&self, file: &File, content: impl std::io::Read) -> Result<Sums> {
        let mut functions: Vec<Function> = Vec::new();
        let mut places: Vec<Vec<usize>> = Vec::new();
        for &(catalog, number) in &file.listed {
            let Loaded { file: of, catalog: read, .. } = &self.loaded[catalog];
            let entry = &read.entries()[number];
            let mut of_this = Vec::new();
            if !self.order.is_impossible(&of.path, &file.path) {
                for function in &self.candidates[catalog].functions {
                    let function = bound(function, &read.context(&entry.path, entry.size.into()));
                    // One that needs nothing of the entry serves all.
                    let known = functions.iter().position(|this| std::sync::Arc::ptr_eq(this, &function));
                    of_this.push(known.unwrap_or(functions.len()));
                    if known.is_none() {
                        functions.push(function);
                    }
                }
            }
            places.push(of_this);
        }
        let wanted = Wanted { checksums: &functions, ..Wanted::default() };
        let digests = digest_input(content, Path::new(file.path.as_str()), u64::MAX, wanted)?;
        Ok(places.into_iter().map(|of| of.into_iter().map(|place| digests.checksums[place]).collect()).collect())
    }

    /// Finds out the function of each catalog, and what differs from it. Where nothing was read, only the catalogs tell.
    pub(super) fn judge(&self, files: &[File], sums: &[(usize, Sums)], is_deep: bool) -> Verdict {
        let mut verdict = Verdict::default();
        for (catalog, Candidates { functions, is_own }) in self.candidates.iter().enumerate() {
            let path = &self.loaded[catalog].file.path;
            let entries = self.loaded[catalog].catalog.entries();
            let of_this: Vec<(usize, usize, &Vec<Checksum>)> = sums
                .iter()
                .flat_map(|(index, sums)| {
                    let listed = files[*index].listed.iter().zip(sums);
                    listed
                        .filter(|((this, _), sums)| *this == catalog && !sums.is_empty())
                        .map(|((_, entry), sums)| (*index, *entry, sums))
                })
                .collect();
            // A customer's file that disagrees was changed, and tells nothing.
            let tells = |index: usize| CustomerFiles::default().role(&files[index].path) == Role::Vendor;
            let agreed = |function: usize| {
                of_this
                    .iter()
                    .filter(|(index, entry, sums)| tells(*index) && sums[function] == entries[*entry].checksum)
                    .count()
            };
            let best = (0..functions.len()).rev().max_by_key(|function| agreed(*function));
            let all = of_this.iter().filter(|(index, ..)| tells(*index)).count();
            let best = best.filter(|function| *is_own || agreed(*function) * 2 > all);
            match best {
                Some(best) if is_deep => {
                    if !is_own {
                        let what = text!("its own checksum is not what {} of it gives", functions[best].name());
                        verdict.faults.push((None, WebFault::new("catalog-checksum", Some(path), None, what)));
                    }
                    for (index, entry, sums) in of_this {
                        let (is, listed) = (sums[best], entries[entry].checksum);
                        if is != listed {
                            let what = text!("its content is another: its checksum is {is}, and {path} lists {listed}", is, path, listed);
                            verdict.faults.push((Some(index), WebFault::new("altered", Some(&files[index].path), None, what)));
                        }
                    }
                }
                None if is_deep => verdict.notes.push(text!("no known checksum function reproduces {path}: sizes were compared, checksums were not; --checksum brings one", path)),
                _ if !is_own => verdict.notes.push(text!("no known checksum function gives the own checksum of {path}: it was altered, or made with another function", path)),
                _ => {}
            }
            verdict.functions.push(best.filter(|_| is_deep || *is_own).map(|best| functions[best].name().to_owned()));
        }
        verdict
    }
}
