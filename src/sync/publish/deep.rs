//! Reading every file of a place, and comparing it with what the source's catalogs list.

use std::collections::HashSet;
use std::path::Path;

use super::read::patiently;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::pool::{brought_at_a_time, in_flight};
use crate::catalogs::{Fault, Loaded};
use crate::cid::digest::digest_input;
use crate::sync::checks::Checks;
use crate::sync::difference::{Wanted, compare};
use crate::sync::fetch::is_same;
use crate::sync::source::Source;
use crate::web::Store;

/// What is not as the catalogs list it. `kept` are the keys of files that are not the source's.
///
/// # Errors
/// The place or the source gives no answer.
pub(super) fn differing(
    store: &dyn Store,
    source: &dyn Source,
    checks: &Checks<'_>,
    kept: &HashSet<String>,
) -> Result<Vec<Fault>> {
    let all = compare(checks.catalogs, &[], kept, &HashSet::new(), false)?.wanted;
    let looks = in_flight(brought_at_a_time(), &all, |file| patiently(|| look(store, source, checks, file)));
    looks.into_iter().filter_map(Result::transpose).collect()
}

fn look(store: &dyn Store, source: &dyn Source, checks: &Checks<'_>, file: &Wanted) -> Result<Option<Fault>> {
    let fault = |code, what: String| Ok(Some(Fault { code, catalog: None, path: Some(file.path.clone()), what }));
    let size = u64::from(file.size);
    let input = match store.open(&file.path, size) {
        Ok(Some(input)) => input,
        Ok(None) => return fault("missing", text!("it is listed and not there").to_owned()),
        Err(error) if error.kind() == ErrorKind::Damage => return fault("size", error.what().to_owned()),
        Err(error) => return Err(error),
    };
    let tried = checks.tried(file);
    let url = store.url(&file.path);
    if tried.is_empty() {
        let same = is_same(source.open(&file.path, file.size)?, input);
        return match same.map_err(|error| Error::io("compare it", Path::new(&url), error))? {
            true => Ok(None),
            false => fault("checksum", text!("it is not what the source has").to_owned()),
        };
    }
    let digests = digest_input(input, Path::new(&url), size + 1, tried.asked())?;
    match digests.size == size {
        false => fault("size", text!("it has not the {size} bytes that are listed", size)),
        true if checks.agree(file, &tried, &digests) => Ok(None),
        true => fault("checksum", text!("it is not what is listed").to_owned()),
    }
}

/// The catalogs that are there now and are not these.
///
/// # Errors
/// There is no answer.
pub(super) fn wrong_catalogs(store: &dyn Store, catalogs: &[&Loaded]) -> Result<Vec<Fault>> {
    let looks = in_flight(brought_at_a_time(), catalogs, |loaded| -> Result<Option<Fault>> {
        let is_right = match store.read(&loaded.file.path, loaded.bytes.len() as u64 + 1)? {
            crate::web::Found::File(bytes, _) => bytes == *loaded.bytes,
            _ => false,
        };
        let what = text!(
            "it is not what was published: nothing was removed; see what changes it on the server, then publish again"
        )
        .to_owned();
        let path = Some(loaded.file.path.clone());
        Ok((!is_right).then_some(Fault { code: "checksum", catalog: None, path, what }))
    });
    looks.into_iter().filter_map(Result::transpose).collect()
}
