//! What lies around a CID in a store, and below a prefix that is to hold one: whether publishing there would spoil something.

use super::ObjectFolder;
use crate::base::error::Result;
use crate::catalog::{Catalog, CidPath};
use crate::cid::{CIDSYNC, is_own_name};
use crate::web::{Found, Holds, LARGEST_CATALOG};

impl ObjectFolder {
    /// A prefix above that is a CID: this one would lie in it. Of what cannot be looked at a warning tells: credentials may be for
    /// one prefix alone.
    ///
    /// # Errors
    /// No catalog can have its name there.
    pub(super) fn look_above(&self, warnings: &mut Vec<String>) -> Result<Option<String>> {
        let catalog = CidPath::in_root(CIDSYNC)?;
        let mut above = self.inner.address.above();
        while let Some(address) = above {
            match self.inner.read(&address, &catalog, LARGEST_CATALOG) {
                Ok(Found::File(bytes, _)) if Catalog::parse(&bytes).is_ok() => return Ok(Some(address.to_string())),
                Ok(_) => {}
                Err(error) => warnings.push(text!(
                    "whether {address} is a CID, in which none can be, is not seen: {what}",
                    address,
                    what = error.what()
                )),
            }
            above = address.above();
        }
        Ok(None)
    }

    /// What is below the prefix.
    ///
    /// # Errors
    /// There is no such bucket, or it cannot be listed.
    pub(super) fn look_within(&self) -> Result<Holds> {
        let found = self.inner.list(None)?;
        // The mark of a folder that was made by hand has the name of the prefix itself.
        let place = self.inner.address.prefix_key()?.unwrap_or_default();
        let keys = found.common_prefixes.iter().chain(found.objects.iter().map(|object| &object.location));
        let names = keys.filter(|key| **key != place).filter_map(|key| key.filename());
        let mut others = names.filter(|name| !is_own_name(name));
        Ok(others.next().map_or(Holds::Nothing, |name| Holds::Something(name.to_owned())))
    }
}
