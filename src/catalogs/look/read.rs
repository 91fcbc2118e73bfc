//! One read of each file for all checks together, many files at a time.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::Digesting;
use super::disk::Disk;
use crate::base::error::Result;
use crate::base::files::open_file;
use crate::base::pool::as_they_come;
use crate::catalog::Checksum;
use crate::catalog::checksum::Function;
use crate::cid::digest::{Digests, Wanted, digest_input, digest_opened};
use crate::cid::fresh::Fresh;

/// A file to read.
#[derive(Clone, Copy)]
pub(super) struct Job {
    pub number: u32,
    /// The numbers of the checksum functions, one bit each.
    pub functions: u32,
}

/// What all files are read with.
pub(super) struct Reading<'a, W> {
    pub disk: &'a Disk,
    /// The contents of files that were read before, by their numbers.
    pub held: &'a HashMap<u32, Arc<[u8]>>,
    pub functions: &'a [Function],
    /// The digests.
    pub wanted: &'a W,
}

/// What came out. There is one for each file: most have one checksum, and no digests.
pub(crate) struct Sums {
    functions: u32,
    first: Checksum,
    further: Box<[Checksum]>,
    /// How many bytes were read.
    pub size: u64,
    digests: Option<Box<Digests>>,
}

impl Sums {
    fn new(functions: u32, mut digests: Digests) -> Self {
        let checksums = std::mem::take(&mut digests.checksums);
        let size = digests.size;
        let has_digests = digests != Digests { size, ..Digests::default() };
        Self {
            functions,
            first: checksums.first().copied().unwrap_or(Checksum(0)),
            further: checksums.get(1..).unwrap_or_default().into(),
            size,
            digests: has_digests.then(|| Box::new(digests)),
        }
    }

    /// The checksum by the function of this number, if it was wanted.
    pub(crate) fn checksum(&self, function: u32) -> Option<Checksum> {
        let before = (self.functions & ((1 << function) - 1)).count_ones() as usize;
        let wanted = || if before == 0 { self.first } else { self.further[before - 1] };
        (self.functions >> function & 1 == 1).then(wanted)
    }

    /// The digests that were wanted, without checksums; `None` where none was.
    pub(crate) fn digests(&self) -> Option<&Digests> {
        self.digests.as_deref()
    }
}

/// Files of this size and more are read before all others. Our choice.
const LARGE: u64 = 1 << 20;

impl<W: Digesting> Reading<'_, W> {
    /// Where the files to read lie: each folder with how many of them follow each other in it.
    fn folders<'j>(&'j self, jobs: &'j [Job]) -> impl Iterator<Item = (PathBuf, usize)> + 'j {
        let files = &self.disk.files;
        let folder = |job: &Job| files[job.number as usize].path.as_str().rsplit_once('\\').map(|(folder, _)| folder);
        jobs.chunk_by(move |one, next| folder(one) == folder(next)).map(|jobs| {
            let place = self.disk.place(jobs[0].number);
            (place.parent().unwrap_or(&place).to_owned(), jobs.len())
        })
    }

    /// Reads every file once, and gives what was wanted of each to `done`, by its number.
    pub(super) fn all(&self, mut jobs: Vec<Job>, mut done: impl FnMut(u32, Result<Sums>)) {
        let mut sets: HashMap<u32, Vec<Function>> = HashMap::new();
        for job in &jobs {
            sets.entry(job.functions).or_insert_with(|| {
                let wanted = |(number, _): &(u32, &Function)| job.functions >> number & 1 == 1;
                (0..).zip(self.functions).filter(wanted).map(|(_, function)| function.clone()).collect()
            });
        }
        // Large ones first, so that no processor is left with one while the others have nothing to do; then folder by folder, as
        // the tree was walked. One that grows while it is read has no end: no more is read of it than it had when it was looked at.
        let size = |job: &Job| self.disk.files[job.number as usize].size;
        jobs.sort_unstable_by_key(|job| (Reverse(Some(size(job)).filter(|&size| size >= LARGE)), job.number));
        let fresh = self.disk.walked_at.map(|begin| Fresh::new(begin, self.folders(&jobs)));
        let read = |index: usize| {
            let job @ Job { number, functions } = &jobs[index];
            let wanted =
                Wanted { checksums: &sets[functions], ..(self.wanted)(&self.disk.files[*number as usize].path.key()) };
            let (limit, place) = (size(job).saturating_add(1), self.disk.place(*number));
            let digests = match self.held.get(number) {
                Some(bytes) => {
                    fresh.iter().for_each(|fresh| fresh.pass_by(index));
                    digest_input(&**bytes, &place, limit, wanted)
                }
                None => {
                    let file = fresh.as_ref().map_or_else(|| open_file(&place), |fresh| fresh.open_file(index, &place));
                    digest_opened(file?, &place, limit, wanted)
                }
            };
            Ok(Sums::new(*functions, digests?))
        };
        // Each is put where it belongs as soon as it is there: together they are not kept twice.
        as_they_come(jobs.len(), read, |index, sums| done(jobs[index].number, sums));
    }
}
