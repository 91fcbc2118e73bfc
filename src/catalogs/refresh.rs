//! Refreshing a CID: its catalogs are brought in line with the customer's files on disk, as `ConfigCID.exe` does
//! \[14635, 13112\].

use super::{Payload, RefreshOptions};
use crate::base::error::Result;
use crate::cid::Cid;
use crate::plan::Plan;

/// Plans to bring every catalog of `cid` in line with the customer's files.
///
/// # Errors
/// A catalog is unreadable; its checksum function is foreign or cannot be told; files of the vendor are missing or
/// have another size than listed (unless [`accept_damage`](RefreshOptions::accept_damage)); a brought program fails; a
/// manifest in the CID lists a file that would be written.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("ESXP");
/// use configcid::{Cid, DemoCid, RefreshOptions, refresh};
///
/// DemoCid::default().write(&path)?;
/// let options = RefreshOptions::default();
/// assert!(refresh(&Cid::open(&path)?, &options)?.is_empty());
///
/// std::fs::write(path.join("customer_ID.txt"), "Acme").unwrap();
/// let plan = refresh(&Cid::open(&path)?, &options)?;
/// plan.apply()?;
/// assert!(refresh(&Cid::open(&path)?, &options)?.is_empty());
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn refresh(cid: &Cid, options: &RefreshOptions) -> Result<Plan> {
    Payload::new("refresh").plan(cid, options)
}
