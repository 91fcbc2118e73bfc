//! What somebody may send to the project about a CID whose checksum function is not known, without giving anything away.

use std::collections::HashSet;

use base64ct::{Base64, Encoding};

use super::{RefreshOptions, detect, signed};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::read_file;
use crate::base::hex::hex;
use crate::catalog::{Checksum, CidPath, Role};
use crate::cid::Cid;
use crate::cid::tree::Found;
use crate::plan::View;

/// Files up to this size are offered.
const MOST: u64 = 4 << 10;
/// So many of the smallest files are offered.
const SMALLEST: usize = 24;
/// So many pairs of files that differ little are offered.
const PAIRS: usize = 6;
/// Two files differ little where at most this many bytes do.
const LITTLE: usize = 8;
/// The header of a catalog.
const HEADER: usize = 84;

/// A file that could be part of a sample.
#[derive(Debug, Clone, serde::Serialize)]
#[non_exhaustive]
pub struct Offered {
    /// The file, from the CID's root.
    pub path: CidPath,
    /// How many bytes it has.
    pub size: u32,
    /// Whether a manifest lists it, which tells that the vendor ships it to everybody.
    pub signed: bool,
    /// What it would tell.
    pub why: String,
    #[serde(skip)]
    content: Vec<u8>,
}

/// What a CID could give a sample of.
#[derive(Debug, serde::Serialize)]
#[non_exhaustive]
pub struct Offer {
    /// The files, those worth most first.
    pub files: Vec<Offered>,
    /// Catalogs whose function is known already, and its name: a sample of them would tell nothing.
    pub known: Vec<(CidPath, String)>,
    /// Whether every catalog's function is known.
    pub all_known: bool,
    #[serde(skip)]
    catalogs: Vec<SampledCatalog>,
}

/// A sample, as it is written.
#[derive(Debug, serde::Serialize)]
pub struct Sample {
    format: &'static str,
    version: u32,
    catalogs: Vec<SampledCatalog>,
}

#[derive(Debug, Clone, serde::Serialize)]
struct SampledCatalog {
    /// The first 84 bytes.
    header: String,
    entries: usize,
    /// How many bytes its own checksum covers, and that checksum.
    covered: usize,
    own_checksum: Checksum,
    files: Vec<SampledFile>,
    #[serde(skip)]
    all: Vec<(CidPath, CidPath, Checksum)>,
}

#[derive(Debug, Clone, serde::Serialize)]
struct SampledFile {
    size: usize,
    checksum: Checksum,
    /// In base64.
    content: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<CidPath>,
}

/// Looks which files of `cid` could be part of a sample: small ones of the vendor's, unchanged in size. Reads the catalogs
/// and those files.
///
/// # Errors
/// A catalog cannot be read.
pub fn offer(cid: &Cid, options: &RefreshOptions) -> Result<Offer> {
    let signed = signed::keys(cid);
    let view = View::new(cid, &[]);
    let mut offer = Offer { files: Vec::new(), known: Vec::new(), all_known: true, catalogs: Vec::new() };
    let mut seen = HashSet::new();
    for file in cid.catalogs() {
        let (bytes, catalog) = cid.read_catalog(file)?;
        match detect(&view, file, &catalog, &bytes, &options.customer_files, &options.checksum)?.function() {
            Some(function) => offer.known.push((file.path.clone(), function.name().to_owned())),
            None => offer.all_known = false,
        }
        let mut all = Vec::new();
        for entry in catalog.entries().iter().filter(|entry| u64::from(entry.size) <= MOST) {
            let path = entry.path.under(file.folder.as_ref());
            // By either of its places it must be nobody's but the vendor's.
            if options.customer_files.role_under(file.folder.as_ref(), &entry.path) != Role::Vendor
                || options.customer_files.role(&path) != Role::Vendor
            {
                continue;
            }
            let Ok(Found::File { path: place, size, .. }) = cid.tree().find(&path) else { continue };
            if size != u64::from(entry.size) {
                continue;
            }
            let Ok(content) = read_file(&place, MOST) else { continue };
            all.push((path.clone(), entry.path.clone(), entry.checksum));
            if seen.insert(path.key()) {
                let signed = signed.contains(&path.key());
                offer.files.push(Offered { path, size: entry.size, signed, why: String::new(), content });
            }
        }
        offer.catalogs.push(SampledCatalog {
            header: hex(&bytes[..HEADER.min(bytes.len())]),
            entries: catalog.entries().len(),
            covered: catalog.covered(&bytes).len(),
            own_checksum: catalog.own_checksum(),
            files: Vec::new(),
            all,
        });
    }
    offer.files = worth_most(offer.files);
    Ok(offer)
}

/// The files that tell most, and why.
fn worth_most(mut files: Vec<Offered>) -> Vec<Offered> {
    files.sort_by(|a, b| (a.size, &a.path).cmp(&(b.size, &b.path)));
    let mut wanted: Vec<(usize, String)> = Vec::new();
    let tells = |size: u32| match size {
        0 => text!("the function's value of nothing: start value and final exclusive or").to_owned(),
        1..=3 => text!("what one byte does").to_owned(),
        4 => text!("four bytes: whether the function can be turned round").to_owned(),
        _ => text!("one of the smallest").to_owned(),
    };
    wanted.extend(files.iter().take(SMALLEST).enumerate().map(|(index, file)| (index, tells(file.size))));
    let mut pairs = Vec::new();
    for (first, a) in files.iter().enumerate() {
        for (second, b) in files.iter().enumerate().skip(first + 1).take_while(|(_, b)| b.size == a.size) {
            let differing = a.content.iter().zip(&b.content).filter(|(a, b)| a != b).count();
            if (1..=LITTLE).contains(&differing) {
                pairs.push((differing, first, second));
            }
        }
    }
    pairs.sort_unstable();
    for (differing, first, second) in pairs.into_iter().take(PAIRS) {
        for (this, other) in [(first, second), (second, first)] {
            let bytes = crate::base::text::count(differing, "byte", "bytes");
            wanted.push((
                this,
                text!("differs from {other} in {bytes}: what a difference does", other = files[other].path, bytes),
            ));
        }
    }
    let mut offered: Vec<Offered> = Vec::new();
    for (index, why) in wanted {
        match offered.iter_mut().find(|this| this.path == files[index].path) {
            Some(this) if this.why.len() < 200 => this.why = format!("{}; {why}", this.why),
            Some(_) => {}
            None => offered.push(Offered { why, ..files[index].clone() }),
        }
    }
    offered
}

impl Offer {
    /// A sample of the files that `agreed` says; their paths only `with_paths`.
    ///
    /// # Errors
    /// A file was agreed to that is not offered, or none was.
    pub fn sample(&self, agreed: &[CidPath], with_paths: bool) -> Result<Sample> {
        if agreed.is_empty() {
            return Err(Error::usage("a sample needs files that were agreed to"));
        }
        let mut catalogs = self.catalogs.clone();
        for path in agreed {
            let offered = self.files.iter().find(|offered| offered.path.key() == path.key()).ok_or_else(|| {
                let what = text!("{path} is not offered: it is not a small, unchanged file of the vendor's", path);
                Error::new(ErrorKind::Usage, what).next("catalog sample CID lists the files that are")
            })?;
            for catalog in &mut catalogs {
                let listed = catalog.all.iter().filter(|(this, ..)| this.key() == path.key());
                let files = listed.map(|(_, seen, checksum)| SampledFile {
                    size: offered.content.len(),
                    checksum: *checksum,
                    content: Base64::encode_string(&offered.content),
                    path: with_paths.then(|| seen.clone()),
                });
                let files: Vec<SampledFile> = files.collect();
                catalog.files.extend(files);
            }
        }
        catalogs.retain(|catalog| !catalog.files.is_empty());
        Ok(Sample { format: "configcid-checksum-sample", version: 1, catalogs })
    }
}
