//! Checking a CID's catalogs against the disk. The same code looks at a stranger's CID and at our own result.

use std::collections::{HashMap, HashSet};

use super::RefreshOptions;
use super::look::{CatalogReport, Look, Scope, Trouble, TroubleKind};
use crate::base::error::{ErrorKind, Result};
use crate::catalog::CidPath;
use crate::catalog::checksum::Function;
use crate::cid::Cid;
use crate::cid::digest::Wanted;
use crate::plan::Plan;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct VerifyReport {
    /// Each catalog.
    pub catalogs: Vec<CatalogReport>,
    /// What is wrong; empty where the CID is whole.
    pub faults: Vec<Fault>,
}

/// Something wrong.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Fault {
    /// The sort of fault, stable: `catalog-format`, `missing`, `not-a-file`, `link`, `case-conflict`, `size`,
    /// `checksum`, `own-checksum`, `unlisted`, `io`.
    pub code: &'static str,
    /// The catalog that it was found by.
    pub catalog: Option<CidPath>,
    /// The file, from the CID's root.
    pub path: Option<CidPath>,
    /// A sentence.
    pub what: String,
}

/// Checks the catalogs of `cid` against its files: each listed file is there, with the size and, as far as the
/// function is known, the checksum that the catalog says; each customer's file is listed; each catalog's own checksum
/// is right. With [`Scope::Everything`] every listed file is read once, on all processors, and names that differ in case
/// alone, links, and folders that cannot be read are faults wherever they are.
///
/// # Errors
/// A brought checksum command fails. What is wrong with the CID is not an error but a [`Fault`].
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("ESXP");
/// use configcid::{Cid, DemoCid, RefreshOptions, Scope, verify};
///
/// DemoCid::default().write(&path)?;
/// assert!(verify(&Cid::open(&path)?, &RefreshOptions::default(), Scope::Everything)?.faults.is_empty());
///
/// std::fs::remove_file(path.join("rms/router.dll")).unwrap();
/// let report = verify(&Cid::open(&path)?, &RefreshOptions::default(), Scope::Everything)?;
/// assert_eq!(report.faults[0].code, "missing");
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn verify(cid: &Cid, options: &RefreshOptions, scope: Scope) -> Result<VerifyReport> {
    look_at(cid, options, scope, &HashMap::new())
}

/// As [`verify`] of the customer's files, right after a plan was carried out by which catalogs' checksum functions are known:
/// the vendor's files by which they were found out are not read a second time, which costs a share most of the requests.
pub(crate) fn verify_change(cid: &Cid, options: &RefreshOptions, plan: &Plan) -> Result<VerifyReport> {
    look_at(cid, options, Scope::Customer, plan.functions())
}

fn look_at(
    cid: &Cid,
    options: &RefreshOptions,
    scope: Scope,
    known: &HashMap<String, Function>,
) -> Result<VerifyReport> {
    let mut look = Look::new(cid, options, scope);
    look.known = known.clone();
    look.compare(|_| Wanted::default(), &[])?;
    look.customers();
    let mut faults: Vec<(usize, Fault)> = look.troubles.0.iter().filter_map(fault).collect();
    // First what catalogs are wrong about, as far as it is seen without reading files, and last what is wrong with the tree.
    faults.sort_by_key(|(rank, _)| *rank);
    let mut faults: Vec<Fault> = faults.into_iter().map(|(_, fault)| fault).collect();
    one_of_each(&mut faults);
    Ok(VerifyReport { catalogs: look.catalogs, faults })
}

/// The fault that a trouble is to the catalogs, with its rank among others; `None` where it concerns none of them.
fn fault(trouble: &Trouble) -> Option<(usize, Fault)> {
    use TroubleKind as Kind;
    let code = match (trouble.kind, &trouble.error) {
        (Kind::CatalogUnreadable | Kind::Unreadable | Kind::NotAFile, Some((kind, _))) => match kind {
            ErrorKind::CatalogFormat | ErrorKind::Link | ErrorKind::CaseConflict => kind.name(),
            _ => ErrorKind::Io.name(),
        },
        (Kind::CatalogChecksum, _) => "own-checksum",
        (Kind::EntryMissing, _) => "missing",
        (Kind::EntryNotAFile, _) => "not-a-file",
        (Kind::EntryLeadsOut | Kind::Link | Kind::LinkOut, _) => "link",
        (Kind::EntrySize, _) => "size",
        (Kind::EntryChecksum, _) => "checksum",
        (Kind::CustomerUnlisted, _) => "unlisted",
        (Kind::CaseConflict, _) => "case-conflict",
        // A file that no catalog lists, and is none.
        (Kind::NotAFile | Kind::CatalogUnreadable | Kind::Unreadable, None) => return None,
        (Kind::CatalogForeign | Kind::CatalogUndetermined | Kind::EntryImpossible, _) => return None,
        (Kind::Interrupted | Kind::Locked | Kind::Leftover | Kind::BadName | Kind::LookAlike, _) => return None,
    };
    let path = trouble.path.as_deref().and_then(|path| CidPath::parse(path).ok());
    let what = trouble.error.as_ref().map_or(&trouble.what, |(_, text)| text).clone();
    let (catalog, path) = match trouble.kind {
        Kind::CatalogUnreadable | Kind::CatalogChecksum => (path, None),
        _ => (trouble.catalog.clone(), path),
    };
    let rank = match (&catalog, trouble.kind) {
        (None, _) => 2,
        (_, Kind::EntryChecksum) => 1,
        _ => 0,
    };
    Some((rank, Fault { code, catalog, path, what }))
}

/// What is told of a file by a catalog, or by its name, is not told again of the tree.
fn one_of_each(faults: &mut Vec<Fault>) {
    let mut told: HashSet<(&'static str, String)> = HashSet::new();
    faults.retain(|fault| {
        let Some(path) = &fault.path else { return true };
        let is_new = told.insert((fault.code, path.key()));
        is_new || fault.catalog.is_some()
    });
}
