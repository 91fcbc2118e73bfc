//! Which checksum function a catalog uses: found out, never assumed (formats.md, section 3).

use std::cmp::Reverse;
use std::collections::BinaryHeap;
#[cfg(feature = "cli")]
use std::collections::HashMap;
use std::sync::Arc;

use super::Loaded;
use crate::base::error::Result;
use crate::catalog::checksum::{self, Function, bound};
use crate::catalog::{Catalog, Checksum, CidPath, CustomerFiles, Entry, Role};
use crate::cid::tree::Found;
use crate::cid::{CatalogFile, is_own_name};
use crate::plan::View;

/// How many of the vendor's files are tried: the smallest ones.
const SAMPLE: usize = 8;
/// Once two of them are at hand, none that is larger than this is read for it, in bytes: each is read once for every function.
const LARGE: u32 = 4 << 20;
/// The least size that tells anything: two files of no bytes have the same checksum under most functions.
const LEAST_SIZE: u32 = 4;

/// What is known of a catalog's checksum function.
#[derive(Debug)]
pub enum Detection {
    /// Every file tried, and the catalog's own checksum, agree with it.
    Known(Function),
    /// Most agree with it, and these do not.
    Damaged {
        /// The function of those that agree.
        function: Function,
        /// Files, from the CID's root, whose content is not what the catalog says.
        files: Vec<CidPath>,
        /// The catalog's own checksum is wrong.
        own: bool,
    },
    /// No function at hand reproduces it.
    Foreign,
    /// No file is there to tell by, though the catalog's own checksum agrees with this function.
    Undetermined(Function),
}

impl Detection {
    /// The function, as far as there is one.
    pub fn function(&self) -> Option<&Function> {
        match self {
            Self::Known(function) | Self::Damaged { function, .. } => Some(function),
            Self::Foreign | Self::Undetermined(_) => None,
        }
    }

    /// In one word, as reports have it.
    pub(crate) fn state_name(&self) -> &'static str {
        match self {
            Self::Known(_) => "known",
            Self::Damaged { .. } => "damaged",
            Self::Foreign => "foreign",
            Self::Undetermined(_) => "undetermined",
        }
    }
}

/// Where the function comes from.
#[derive(Debug, Clone, Default)]
pub enum ChecksumChoice {
    /// From the functions that configcid knows.
    #[default]
    FindOut,
    /// From this one, which the user brought, and those that configcid knows.
    Also(Function),
    /// From this one alone, which the user named; it is tried against the catalog all the same.
    Use(Function),
}

/// A file to tell the function by.
#[derive(Debug)]
pub(crate) struct Sample {
    pub path: CidPath,
    pub found: Found,
    /// As the catalog has it.
    entry: Entry,
    /// Which of the catalog's entries it is.
    pub index: usize,
    vendor: bool,
}

impl Sample {
    /// The function for this file.
    pub(crate) fn function(&self, catalog: &Catalog, function: &Function) -> Function {
        bound(function, &catalog.context(&self.entry.path, self.entry.size.into()))
    }
}

/// One function against the evidence.
struct Trial {
    function: Function,
    agreed: usize,
    /// The vendor's files that disagree. A customer's file that disagrees was changed, and tells nothing.
    disagreed: Vec<CidPath>,
    own: bool,
}

impl Trial {
    fn perfect(&self) -> bool {
        self.own && self.disagreed.is_empty() && self.agreed > 0
    }

    /// Whether it looks like this function with some damage.
    fn likely(&self) -> bool {
        self.agreed > self.disagreed.len() || (self.own && !self.disagreed.is_empty())
    }
}

/// Tries the functions of `choice` on `catalog`, whose bytes are `printed`.
pub(crate) fn detect(
    view: &View<'_>,
    file: &CatalogFile,
    catalog: &Catalog,
    printed: &[u8],
    customer_files: &CustomerFiles,
    choice: &ChecksumChoice,
) -> Result<Detection> {
    let samples = samples(view, file, catalog, customer_files);
    view.read_ahead(samples.iter().map(|sample| (&sample.path, &sample.found)));
    detect_by(view, &samples, catalog, printed, choice)
}

/// As [`detect`], by samples that are at hand.
pub(super) fn detect_by(
    view: &View<'_>,
    samples: &[Sample],
    catalog: &Catalog,
    printed: &[u8],
    choice: &ChecksumChoice,
) -> Result<Detection> {
    judge(samples, catalog, printed, choice, &choice.candidates(), |_, function, sample| {
        let function = sample.function(catalog, function);
        // As it is on disk, not as the plan will have it.
        let sum = view.sum_on_disk(&sample.path, &sample.found, u64::from(sample.entry.size) + 1, &*function)?;
        Ok(sum.map(|(_, checksum)| checksum))
    })
}

#[cfg(feature = "cli")]
/// As [`detect`], for a catalog of a CID that is on no disk: `read` gives the content of a file of this size.
///
/// # Errors
/// A function fails, or no file can be read.
pub(crate) fn detect_elsewhere(
    loaded: &Loaded,
    customer_files: &CustomerFiles,
    choice: &ChecksumChoice,
    read: impl Fn(&CidPath, u32) -> Result<Vec<u8>>,
) -> Result<Detection> {
    let Loaded { file, bytes, catalog } = loaded;
    let mut contents: HashMap<String, Vec<u8>> = HashMap::new();
    let mut failed = None;
    let samples = samples_by(file, catalog, customer_files, |path, entry| match read(path, entry.size) {
        Ok(bytes) if bytes.len() as u64 == u64::from(entry.size) => {
            contents.insert(path.key(), bytes);
            Some(Found::Absent)
        }
        Ok(_) => None,
        Err(error) => {
            failed.get_or_insert(error);
            None
        }
    });
    if let Some(error) = failed.filter(|_| samples.is_empty()) {
        return Err(error);
    }
    judge(&samples, catalog, bytes, choice, &choice.candidates(), |_, function, sample| {
        let function = sample.function(catalog, function);
        contents.get(&sample.path.key()).map(|bytes| function.of_bytes(bytes)).transpose()
    })
}

impl ChecksumChoice {
    /// The functions to try, in the order in which they are tried.
    pub(crate) fn candidates(&self) -> Vec<Function> {
        match self {
            Self::FindOut => checksum::all_known().collect(),
            Self::Also(function) => std::iter::once(function.clone()).chain(checksum::all_known()).collect(),
            Self::Use(function) => vec![function.clone()],
        }
    }
}

/// Tries the candidates of `choice` on `catalog`, whose bytes are `printed`. `sum` gives the checksum of a sample by the
/// candidate of that number.
pub(crate) fn judge(
    samples: &[Sample],
    catalog: &Catalog,
    printed: &[u8],
    choice: &ChecksumChoice,
    candidates: &[Function],
    sum: impl Fn(usize, &Function, &Sample) -> Result<Option<Checksum>>,
) -> Result<Detection> {
    let mut trials = Vec::new();
    for (number, function) in candidates.iter().cloned().enumerate() {
        let own = catalog.own_sum(printed, &*function)? == catalog.own_checksum();
        let mut trial = Trial { function, agreed: 0, disagreed: Vec::new(), own };
        for sample in samples {
            if sum(number, &trial.function, sample)?.is_some_and(|checksum| checksum == sample.entry.checksum) {
                trial.agreed += 1;
            } else if sample.vendor {
                trial.disagreed.push(sample.path.clone());
            }
        }
        if trial.perfect() {
            return Ok(Detection::Known(trial.function));
        }
        trials.push(trial);
    }
    // A function that the user names or brings needs no file to tell by: the catalog's own checksum bears it out.
    let users = match choice {
        ChecksumChoice::FindOut => None,
        ChecksumChoice::Also(function) | ChecksumChoice::Use(function) => Some(function),
    };
    // The function itself, not its name: a command may be called as a known function is, and be another.
    let is_users = |function: &Function| users.is_some_and(|users| Arc::ptr_eq(users, function));
    let best = trials.into_iter().max_by_key(|trial| (trial.likely(), trial.own, trial.agreed));
    Ok(match best {
        Some(trial) if trial.likely() => {
            Detection::Damaged { function: trial.function, files: trial.disagreed, own: !trial.own }
        }
        Some(trial) if trial.own && is_users(&trial.function) => Detection::Known(trial.function),
        Some(trial) if trial.own => Detection::Undetermined(trial.function),
        _ => Detection::Foreign,
    })
}

/// The [`samples`] of all these catalogs, in their order, read together: a share would answer for one catalog after the other.
pub(super) fn all_samples(view: &View<'_>, loaded: &[Loaded], customer_files: &CustomerFiles) -> Vec<Vec<Sample>> {
    let of = |Loaded { file, catalog, .. }: &Loaded| samples(view, file, catalog, customer_files);
    let all: Vec<Vec<Sample>> = loaded.iter().map(of).collect();
    view.read_ahead(all.iter().flatten().map(|sample| (&sample.path, &sample.found)));
    all
}

/// The smallest of the vendor's files that are on disk with the listed size; the customer's where there are none.
pub(crate) fn samples(
    view: &View<'_>,
    file: &CatalogFile,
    catalog: &Catalog,
    customer_files: &CustomerFiles,
) -> Vec<Sample> {
    samples_by(file, catalog, customer_files, |path, entry| {
        // The disk as it is, also where this plan changes the file: a catalog that lists nothing else is known by what the
        // file was. What cannot be looked at tells nothing; whoever asks meets it again where it matters.
        let found = view.cid().tree().known(path).ok()?;
        matches!(found, Found::File { size, .. } if size == u64::from(entry.size)).then_some(found)
    })
}

/// As [`samples`], of the files that `find` finds with the listed size.
pub(crate) fn samples_by(
    file: &CatalogFile,
    catalog: &Catalog,
    customer_files: &CustomerFiles,
    mut find: impl FnMut(&CidPath, &Entry) -> Option<Found>,
) -> Vec<Sample> {
    let entries = catalog.entries();
    let is_vendors = |entry: &Entry| customer_files.role_under(file.folder.as_ref(), &entry.path) == Role::Vendor;
    let large_enough = (0u32..).zip(entries).filter(|(_, entry)| entry.size >= LEAST_SIZE);
    let (mut vendors, mut others) = (Vec::with_capacity(entries.len()), Vec::new());
    large_enough.for_each(|(index, entry)| {
        if is_vendors(entry) { &mut vendors } else { &mut others }.push(Reverse((entry.size, index)));
    });
    // Hardly more than a few of all are asked for.
    let of = |numbers: Vec<Reverse<(u32, u32)>>, vendor: bool| {
        let mut numbers = BinaryHeap::from(numbers);
        std::iter::from_fn(move || numbers.pop().map(|Reverse((_, index))| (vendor, index as usize)))
    };
    let order = of(vendors, true).chain(of(others, false));
    let mut samples: Vec<Sample> = Vec::new();
    for (vendor, index) in order {
        let entry = &entries[index];
        let enough = if entry.size > LARGE { 2 } else { SAMPLE };
        if samples.len() >= enough || (!vendor && samples.iter().any(|sample| sample.vendor)) {
            break;
        }
        let path = entry.path.under(file.folder.as_ref());
        // What another tool has listed of configcid's own changes with each change.
        if is_own_name(path.file_name()) {
            continue;
        }
        if let Some(found) = find(&path, entry) {
            samples.push(Sample { path, found, entry: entry.clone(), index, vendor });
        }
    }
    samples
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    /// A command of the user's that is called as a known function is, and is another.
    struct Impostor;

    impl checksum::ChecksumFunction for Impostor {
        fn name(&self) -> &str {
            "crc32"
        }
        fn of(&self, input: &mut dyn Read) -> Result<Checksum> {
            let read = std::io::copy(input, &mut std::io::sink()).unwrap();
            Ok(Checksum(read as u32))
        }
    }

    #[test]
    fn a_users_function_is_not_taken_for_the_known_one_of_its_name() {
        let crc32 = checksum::known("crc32").unwrap();
        let catalog = Catalog::new("", Vec::new(), &*crc32).unwrap();
        let printed = catalog.print();
        let detected = |choice: ChecksumChoice| {
            let candidates = choice.candidates();
            judge(&[], &catalog, &printed, &choice, &candidates, |_, _, _| Ok(None)).unwrap()
        };
        // Only crc32's own checksum tells, which nobody has named.
        assert!(matches!(detected(ChecksumChoice::FindOut), Detection::Undetermined(_)));
        assert!(matches!(detected(ChecksumChoice::Also(Arc::new(Impostor))), Detection::Undetermined(_)));
        assert!(matches!(detected(ChecksumChoice::Use(Arc::new(Impostor))), Detection::Foreign));
        assert!(matches!(detected(ChecksumChoice::Use(crc32.clone())), Detection::Known(_)));
        assert!(matches!(detected(ChecksumChoice::Also(crc32.clone())), Detection::Known(_)));
    }
}
