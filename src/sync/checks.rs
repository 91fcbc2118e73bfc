//! Whether what is brought is what the source's catalogs list.

use std::sync::Arc;

use super::difference::Wanted;
use super::functions::Functions;
use crate::base::error::Result;
use crate::catalog::Checksum;
use crate::catalog::checksum::{Function, bound};
use crate::catalogs::Loaded;
use crate::cid::digest::{Digests, Wanted as Asked};

/// The source's catalogs, and as much of their functions as is known.
pub(super) struct Checks<'a> {
    pub catalogs: &'a [Loaded],
    pub functions: &'a Functions<'a>,
}

/// The functions that a file's content is looked at with.
pub(super) struct Tried {
    /// For each catalog that lists the file and whose function is known: its number, and the function.
    of: Vec<(usize, Function)>,
    /// As many functions, for this file's entries.
    bound: Vec<Function>,
}

impl Tried {
    /// What to ask of the content.
    #[cfg(feature = "remote")]
    pub(super) fn asked(&self) -> Asked<'_> {
        asked(&self.bound)
    }

    pub(super) fn bound(&self) -> &[Function] {
        &self.bound
    }

    /// Whether no function is known, so that the source itself alone can tell.
    pub(super) fn is_empty(&self) -> bool {
        self.of.is_empty()
    }
}

impl Checks<'_> {
    pub(super) fn tried(&self, file: &Wanted) -> Tried {
        let known = file.listed().filter_map(|(number, index)| {
            let function = self.functions.get(number)?;
            let bound = self.bound(&function, number, index);
            Some(((number, function), bound))
        });
        let (of, bound) = known.unzip();
        Tried { of, bound }
    }

    fn bound(&self, function: &Function, number: usize, index: usize) -> Function {
        let catalog = &self.catalogs[number].catalog;
        let entry = &catalog.entries()[index];
        bound(function, &catalog.context(&entry.path, entry.size.into()))
    }

    /// Whether checksums are what the catalogs list.
    pub(super) fn agree(&self, file: &Wanted, tried: &Tried, digests: &Digests) -> bool {
        let mut sums = tried.of.iter().zip(&digests.checksums);
        sums.all(|((number, _), sum)| self.listed(file, *number).is_none_or(|listed| listed == *sum))
    }

    fn listed(&self, file: &Wanted, number: usize) -> Option<Checksum> {
        let (_, index) = file.listed().find(|(this, _)| *this == number)?;
        Some(self.catalogs[number].catalog.entries()[index].checksum)
    }

    /// What is wrong with the checksums of a file that has been brought, if anything is. `again` looks at it once more, by
    /// another function.
    pub(super) fn judge(
        &self,
        file: &Wanted,
        tried: &Tried,
        digests: &Digests,
        again: impl Fn(Asked<'_>) -> Result<Digests>,
    ) -> Result<std::result::Result<(), String>> {
        for ((number, function), sum) in tried.of.iter().zip(&digests.checksums) {
            let Some(listed) = self.listed(file, *number).filter(|listed| listed != sum) else { continue };
            // Perhaps the function is another one after all.
            let (sum, name) = match self.functions.doubt(*number, function) {
                None => continue,
                Some(now) if Arc::ptr_eq(&now, function) => (*sum, function.name().to_owned()),
                Some(now) => {
                    let (_, index) = file.listed().find(|(this, _)| this == number).unwrap_or_default();
                    let bound = self.bound(&now, *number, index);
                    match again(asked(std::slice::from_ref(&bound)))?.checksums.first() {
                        Some(sum) if *sum != listed => (*sum, now.name().to_owned()),
                        _ => continue,
                    }
                }
            };
            return Ok(Err(text!("its checksum is {sum} ({name}), and {listed} is listed", sum, name, listed)));
        }
        Ok(Ok(()))
    }
}

/// To be asked of a content: these functions' checksums, and its SHA-256.
pub(super) fn asked(functions: &[Function]) -> Asked<'_> {
    Asked { sha256: true, checksums: functions, ..Asked::default() }
}
