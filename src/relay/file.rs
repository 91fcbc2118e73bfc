//! One `mrinit.conf` by itself, or by its place in a CID.

use std::path::{Path, PathBuf};

use crate::base::error::{Error, ErrorKind, Result, plain};
use crate::base::files::{check_spelling, read_file as read_bytes, real_path};
use crate::catalog::CidPath;
use crate::catalogs::{Payload, RefreshOptions};
use crate::cid::{Cid, holds_catalog};
use crate::mrinit::{self, Mrinit};
use crate::plan::{Change, Plan};

/// Reads an `mrinit.conf`.
///
/// # Errors
/// It cannot be read, is a link or no file, or is larger than [`mrinit::MAX_SIZE`].
pub fn read_file(file: &Path) -> Result<Mrinit> {
    check_spelling(file)?;
    let metadata = file.symlink_metadata().map_err(|error| Error::io("look at it", file, error))?;
    if !metadata.is_file() {
        return Err(Error::new(ErrorKind::Io, "this is no file").in_file(file).next("name an mrinit.conf"));
    }
    read_bytes(file, mrinit::MAX_SIZE).map(Mrinit::parse)
}

/// Plans to set the value of `name` in one file.
///
/// # Errors
/// As [`read_file`] and [`Mrinit::set`].
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let file = dir.path().join("mrinit.conf");
/// # std::fs::write(&file, configcid::DemoCid::default().mrinit()).unwrap();
/// use configcid::relay;
///
/// relay::edit_file(&file, "ParentRouterAddress", "10.1.200.65,MRComputer")?.apply()?;
/// assert_eq!(relay::read_file(&file)?.text("ParentRouterAddress")?, "10.1.200.65,MRComputer");
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn edit_file(file: &Path, name: &str, value: &str) -> Result<Plan> {
    let mut conf = read_file(file)?;
    let before = conf.bytes().to_vec();
    let why = edit(&mut conf, name, value).map_err(|error| error.in_file(file))?;
    let after = (!why.is_empty()).then(|| conf.into_bytes());
    Plan::of_file(file, Some(before), after, why)
}

/// The CID that a file lies in, and the file's path there; `None` where it lies in none.
///
/// # Errors
/// There is a CID around it that cannot be read.
pub fn cid_around(file: &Path) -> Result<Option<(PathBuf, CidPath)>> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // Whoever reads the file says what is wrong with its path.
    let (Ok(real), Some(name)) = (real_path(folder), file.file_name()) else { return Ok(None) };
    // The folders as the user named them, as long as each name stands for one folder.
    let mut shown: Vec<&Path> = folder.ancestors().take_while(|above| is_plain(above)).collect();
    shown.reverse();
    for above in real.ancestors().filter(|above| holds_catalog(above)) {
        let depth = real.components().count() - above.components().count();
        let as_named = shown.len().checked_sub(depth + 1).map(|index| shown[index]);
        let path = as_named.map_or_else(|| plain(above), Path::to_owned);
        match Cid::open(&path) {
            // A component has a catalog, too: its CID is further up.
            Err(error) if error.kind() == ErrorKind::NotACid => continue,
            Err(error) => return Err(error),
            Ok(cid) => {
                let below = real.strip_prefix(cid.root()).unwrap_or(Path::new("")).join(name);
                let place = CidPath::from_relative(&below)
                    .map_err(|why| Error::new(ErrorKind::Path, why).in_file(file).next("rename it"))?;
                return Ok(Some((path, place)));
            }
        }
    }
    Ok(None)
}

/// Whether the last part of a path is the name of what it leads to.
fn is_plain(path: &Path) -> bool {
    let is_link = path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink());
    path.file_name().is_some() && !is_link
}

/// Plans to set the value of `name` in one file of a CID, whose catalogs are brought in line with it.
///
/// # Errors
/// There is no such file; or as [`Mrinit::set`] and [`refresh`](crate::refresh()).
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let esxp = dir.path().join("ESXP");
/// # configcid::DemoCid::default().write(&esxp)?;
/// use configcid::{Cid, RefreshOptions, Scope, relay, verify};
///
/// let options = RefreshOptions::default();
/// let (path, file) = relay::cid_around(&esxp.join("mrinit.conf"))?.expect("it lies in a CID");
/// relay::edit_in_cid(&Cid::open(&path)?, &file, "ParentRouterAddress", "10.1.200.65", &options)?.apply()?;
/// assert!(verify(&Cid::open(&path)?, &options, Scope::Everything)?.faults.is_empty());
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn edit_in_cid(cid: &Cid, path: &CidPath, name: &str, value: &str, options: &RefreshOptions) -> Result<Plan> {
    let shown = cid.shown(path);
    // As a file of no CID is read: through no link.
    let mut conf = read_file(&shown)?;
    let spelled = cid.named(path.folder().as_ref(), path.file_name())?;
    let before = conf.bytes().to_vec();
    let why = edit(&mut conf, name, value).map_err(|error| error.in_file(&shown))?;
    let mut payload = Payload::new(format!("mrinit set {name}"));
    if !why.is_empty() {
        let path = spelled.unwrap_or_else(|| path.clone());
        payload.changes.push(Change::of_payload(path, Some(before), conf.into_bytes(), why));
    }
    payload.plan(cid, options)
}

/// Sets a value, and says what that did; nothing where it was so already.
fn edit(conf: &mut Mrinit, name: &str, value: &str) -> Result<String> {
    let edit = conf.set(name, value)?;
    let mut why = Vec::new();
    if edit.changed {
        why.push(text!("{name} set", name));
    }
    if let Some(ending) = edit.line_ending_added {
        why.push(text!("final line ending ({}) added", ending.name()));
    }
    Ok(why.join(", "))
}
