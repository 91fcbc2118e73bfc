//! Reading what a place has, with patience.

use std::path::Path;

use crate::base::error::{ErrorKind, Result};
use crate::base::tries::persistently;
use crate::catalog::CidPath;
use crate::cid::digest::{Digests, Wanted as Asked, digest_input};
use crate::web::Store;

/// Reads a file of the place that should have `size` bytes, with the functions that are asked for; `None` where there is none.
///
/// # Errors
/// It does not come as it is.
pub(super) fn digests_of(store: &dyn Store, path: &CidPath, size: u64, asked: Asked<'_>) -> Result<Option<Digests>> {
    let Some(input) = store.open(path, size)? else { return Ok(None) };
    digest_input(input, Path::new(&store.url(path)), size + 1, asked).map(Some)
}

/// How long to wait before each further try to read a file, in milliseconds (our choice).
pub(super) const PAUSES: [u64; 2] = [100, 400];

/// Reads, and once more where a connection breaks in the middle of a file.
pub(super) fn patiently<T>(read: impl Fn() -> Result<T>) -> Result<T> {
    persistently(&PAUSES, |error| error.kind() == ErrorKind::Io, read)
}
