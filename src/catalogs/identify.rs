//! Finding out the checksum function of a CID's catalogs from the files that they list.

use super::Loaded;
use crate::base::error::Result;
use crate::base::files::read_file;
use crate::catalog::checksum::{Context, Definition, Function, bound, of_definition};
use crate::catalog::identify::{Evidence, Fit, identify as identify_function};
use crate::catalog::{CidPath, CustomerFiles, Role};
use crate::cid::Cid;
use crate::cid::tree::Found;

/// Files up to this size are read.
const MOST: u64 = 256 << 10;
/// So many files of a catalog are read, the smallest: a function that fits them fits by no chance.
const FILES: usize = 64;

/// What was found out of a catalog's checksum function.
#[derive(Debug, serde::Serialize)]
#[non_exhaustive]
pub struct Identified {
    /// The catalog, from the CID's root.
    pub catalog: CidPath,
    /// How many entries it has.
    pub entries: usize,
    /// How many of the files that it lists were there to tell by: unchanged in size, and small enough to be read.
    pub files: usize,
    /// The function that fits best, where one fits two files or more.
    pub fit: Option<FitReport>,
}

/// How well a function fits a catalog.
#[derive(Debug, serde::Serialize)]
#[non_exhaustive]
pub struct FitReport {
    /// The definition, a value for `--checksum`.
    #[serde(serialize_with = "as_text")]
    pub checksum: Definition,
    /// How many of the files agree.
    pub agree: usize,
    /// How many different contents are among them.
    pub contents: usize,
    /// How many bits of agreement there are beyond those needed to choose the function.
    pub spare_bits: i64,
    /// Whether no other choice of the parameters fits.
    pub decided: bool,
    /// Whether the catalog's own checksum agrees too.
    pub own: bool,
    /// Whether it is sure enough to use: all of this together, in this catalog or over all of them.
    pub sure: bool,
}

fn as_text<S: serde::Serializer>(definition: &Definition, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(definition)
}

/// Finds out the function of each catalog of `cid`: first from all of them together, and where that does not fit, from the
/// one alone.
///
/// # Errors
/// A catalog cannot be read.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("ESXP");
/// use configcid::catalog::{CustomerFiles, checksum};
/// use configcid::{Cid, DemoCid, catalogs};
///
/// let secret = checksum::of_definition("crc:poly=0x1234567,init=0x89abcdef,prefix=path".parse()?);
/// DemoCid { function: secret, ..DemoCid::default() }.write(&path)?;
/// let found = catalogs::identify(&Cid::open(&path)?, &CustomerFiles::default())?;
/// let fit = found[0].fit.as_ref().unwrap();
/// assert!(fit.sure);
/// assert!(fit.checksum.to_string().starts_with("crc:width=32,poly=0x01234567,init=0x89abcdef,"));
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn identify(cid: &Cid, customer_files: &CustomerFiles) -> Result<Vec<Identified>> {
    let mut all = Vec::new();
    for file in cid.catalogs() {
        let (bytes, catalog) = cid.read_catalog_shared(file)?;
        let loaded = Loaded { file: file.clone(), bytes, catalog };
        let evidence = evidence(cid, &loaded, customer_files);
        all.push((loaded, evidence));
    }
    let pooled: Vec<Evidence> = all.iter().flat_map(|(_, evidence)| evidence).cloned().collect();
    let of_all = identify_function(&pooled)?;
    let report = |(loaded, evidence): &(Loaded, Vec<Evidence>)| -> Result<Identified> {
        let mut fit = None;
        if let Some(of_all) = of_all {
            fit = report_of(of_all, loaded, evidence)?;
        }
        if fit.as_ref().is_none_or(|fit| !fit.sure)
            && let Some(own) = identify_function(evidence)?
        {
            let own = report_of(own, loaded, evidence)?;
            if own.as_ref().is_some_and(|own| own.sure) || fit.is_none() {
                fit = own;
            }
        }
        Ok(Identified {
            catalog: loaded.file.path.clone(),
            entries: loaded.catalog.entries().len(),
            files: evidence.len(),
            fit,
        })
    };
    all.iter().map(report).collect()
}

/// How a function fits one catalog; `None` where no file and not even the catalog's own checksum agrees.
fn report_of(fit: Fit, loaded: &Loaded, evidence: &[Evidence]) -> Result<Option<FitReport>> {
    let function = of_definition(fit.definition);
    let own = loaded.catalog.own_sum(&loaded.bytes, &*function)? == loaded.catalog.own_checksum();
    let mut agree = 0;
    for evidence in evidence {
        agree += usize::from(agrees(&function, evidence)?);
    }
    let Fit { definition, contents, spare_bits, decided, .. } = fit;
    let sure = fit.is_sure() && own && (2 * agree > evidence.len() || evidence.is_empty());
    Ok((own || agree > 0).then_some(FitReport {
        checksum: definition,
        agree,
        contents,
        spare_bits,
        decided,
        own,
        sure,
    }))
}

fn agrees(function: &Function, evidence: &Evidence) -> Result<bool> {
    let Evidence { id, path, content, checksum } = evidence;
    let context = Context { id: *id, path: Some(path), size: content.len() as u64 };
    Ok(bound(function, &context).of_bytes(content)? == *checksum)
}

/// The smallest of the vendor's files that are there with the listed size; the customer's too where there are few. What
/// cannot be read tells nothing.
fn evidence(cid: &Cid, loaded: &Loaded, customer_files: &CustomerFiles) -> Vec<Evidence> {
    let Loaded { file, catalog, .. } = loaded;
    let role = |entry: &&crate::catalog::Entry| customer_files.role_under(file.folder.as_ref(), &entry.path);
    let small = catalog.entries().iter().filter(|entry| u64::from(entry.size) <= MOST);
    let mut entries: Vec<_> = small.filter(|entry| role(entry) != Role::Catalog).collect();
    entries.sort_by_key(|entry| (role(entry) != Role::Vendor, entry.size));
    let vendors = entries.iter().filter(|entry| role(entry) == Role::Vendor).count();
    entries.truncate(if vendors < 4 { FILES } else { vendors.min(FILES) });
    let read = |entry: &crate::catalog::Entry| {
        let path = entry.path.under(file.folder.as_ref());
        let Ok(Found::File { path, size, .. }) = cid.tree().find(&path) else { return None };
        let content = read_file(&path, MOST).ok().filter(|_| size == u64::from(entry.size))?;
        Some(Evidence { id: catalog.id(), path: entry.path.clone(), content, checksum: entry.checksum })
    };
    entries.into_iter().filter_map(read).collect()
}
