//! The checksum functions of a source's catalogs, as far as they are needed to check what is brought.

use std::sync::{Arc, Mutex, PoisonError};

use super::Source;
use crate::base::error::Result;
use crate::catalog::checksum::Function;
use crate::catalogs::{Loaded, RefreshOptions};

/// What is known of one catalog's function.
#[derive(Clone)]
enum Known {
    /// The catalog's own checksum agrees with it.
    Likely(Function),
    /// Files agree with it, too.
    Sure(Function),
    /// None reproduces the catalog: sizes can be checked, checksums cannot.
    No,
}

/// The functions of a source's catalogs, in their order.
pub(super) struct Functions<'a> {
    source: &'a dyn Source,
    catalogs: &'a [Loaded],
    options: &'a RefreshOptions,
    known: Mutex<Vec<Known>>,
}

impl<'a> Functions<'a> {
    /// By the catalogs' own checksums, for which no file is read.
    ///
    /// # Errors
    /// A function fails.
    pub(super) fn of(source: &'a dyn Source, catalogs: &'a [Loaded], options: &'a RefreshOptions) -> Result<Self> {
        let candidates = options.checksum.candidates();
        let likely = |loaded: &Loaded| -> Result<Known> {
            for function in &candidates {
                if loaded.catalog.own_sum(&loaded.bytes, &**function)? == loaded.catalog.own_checksum() {
                    return Ok(Known::Likely(function.clone()));
                }
            }
            Ok(Known::No)
        };
        let known = catalogs.iter().map(likely).collect::<Result<_>>()?;
        Ok(Self { source, catalogs, options, known: Mutex::new(known) })
    }

    /// The function of the catalog of this number, if there is one.
    pub(super) fn get(&self, catalog: usize) -> Option<Function> {
        match &self.lock()[catalog] {
            Known::Likely(function) | Known::Sure(function) => Some(function.clone()),
            Known::No => None,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The function of a catalog of which a file was found that does not agree with `tried`: other files are read to tell
    /// damage from a function that merely computes the same for the catalog itself.
    pub(super) fn doubt(&self, catalog: usize, tried: &Function) -> Option<Function> {
        let mut known = self.lock();
        if let Known::Likely(function) = &known[catalog]
            && Arc::ptr_eq(function, tried)
        {
            // Damage is no reason to go on with it unread.
            let options = RefreshOptions { accept_damage: true, ..self.options.clone() };
            known[catalog] = match self.source.function(&self.catalogs[catalog], &options) {
                Ok(function) => Known::Sure(function),
                Err(_) => Known::No,
            };
        }
        match &known[catalog] {
            Known::Likely(function) | Known::Sure(function) => Some(function.clone()),
            Known::No => None,
        }
    }

    /// The catalogs whose checksums cannot be checked.
    pub(super) fn unknown(&self) -> Vec<&'a Loaded> {
        let known = self.lock();
        let numbers = known.iter().enumerate().filter(|(_, known)| matches!(known, Known::No));
        numbers.map(|(number, _)| &self.catalogs[number]).collect()
    }
}
