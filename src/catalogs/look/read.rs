//! One read of each file for all checks together, many files at a time.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::path::Path;

use crate::base::error::Result;
use crate::base::pool::in_parallel;
use crate::catalog::Checksum;
use crate::catalog::checksum::Function;
use crate::cid::digest::{Digests, Wanted, digest_file, digest_input};

/// A file to read, and what is wanted of it.
pub(super) struct Job<'a> {
    pub place: &'a Path,
    /// Its content, where it was read before.
    pub held: Option<&'a [u8]>,
    /// Its size when it was looked at: one that grows while it is read has no end.
    pub size: u64,
    /// The numbers of the checksum functions, one bit each.
    pub functions: u32,
    /// The digests.
    pub wanted: Wanted<'static>,
}

/// What came out.
pub(crate) struct Sums {
    functions: u32,
    pub digests: Digests,
}

impl Sums {
    /// The checksum by the function of this number, if it was wanted.
    pub(crate) fn checksum(&self, function: u32) -> Option<Checksum> {
        let before = (self.functions & ((1 << function) - 1)).count_ones();
        (self.functions >> function & 1 == 1).then(|| self.digests.checksums[before as usize])
    }
}

/// Reads every file once, and gives what was wanted, in the order of the jobs.
pub(super) fn read_all(jobs: &[Job<'_>], functions: &[Function]) -> Vec<Result<Sums>> {
    let mut sets: HashMap<u32, Vec<Function>> = HashMap::new();
    for job in jobs {
        sets.entry(job.functions).or_insert_with(|| {
            let wanted = |(number, _): &(u32, &Function)| job.functions >> number & 1 == 1;
            (0..).zip(functions).filter(wanted).map(|(_, function)| function.clone()).collect()
        });
    }
    // The largest first, so that no processor is left with one while the others have nothing to do.
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|&index| Reverse(jobs[index].size));
    let read = in_parallel(&order, |&index| {
        let Job { place, held, size, functions, wanted } = &jobs[index];
        let wanted = Wanted { checksums: &sets[functions], ..*wanted };
        let limit = size.saturating_add(1);
        let digests = match held {
            Some(bytes) => digest_input(*bytes, place, limit, wanted),
            None => digest_file(place, limit, wanted),
        };
        Ok(Sums { functions: *functions, digests: digests? })
    });
    let mut sums: Vec<(usize, Result<Sums>)> = order.into_iter().zip(read).collect();
    sums.sort_by_key(|(index, _)| *index);
    sums.into_iter().map(|(_, sums)| sums).collect()
}
