//! Plans for a file by itself: there is no CID around it, and so neither catalogs nor a journal.

use std::path::Path;

use super::{Change, Parts, Plan};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::{check_spelling, read_file, real_path};
use crate::catalog::{self, CidPath};

impl Plan {
    /// Plans to let the file hold `after` instead of `before`, which is `None` where there is no file. Without `after`
    /// there is nothing to do.
    pub(crate) fn of_file(
        file: &Path,
        before: Option<Vec<u8>>,
        after: Option<Vec<u8>>,
        why: impl Into<std::sync::Arc<str>>,
    ) -> Result<Self> {
        let folder = match file.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let root = real_path(folder).map_err(|error| Error::io("open its folder", folder, error))?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let path = CidPath::in_root(&name).map_err(|error| error.in_file(file))?;
        let change = after.map(|after| Change::of_payload(path, before, after, why));
        let parts = Parts { changes: Vec::from_iter(change), ..Parts::default() };
        Ok(Self { root, shown: folder.to_owned(), in_cid: false, generation: None, parts })
    }

    /// Plans to write a file that is in no CID, at a place where there may be another one only if `replace` says so.
    /// The plan is empty where the file holds these bytes already.
    ///
    /// # Errors
    /// There is something else of this name, or its folder cannot be read.
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let file = dir.path().join("list.spec");
    /// use configcid::{ErrorKind, Plan};
    ///
    /// Plan::write_file(&file, b"one", "made", false)?.apply()?;
    /// assert!(Plan::write_file(&file, b"one", "made", false)?.is_empty());
    /// let other = Plan::write_file(&file, b"two", "made", false);
    /// assert_eq!(other.unwrap_err().kind(), ErrorKind::Exists);
    /// # Ok::<(), configcid::Error>(())
    /// ```
    pub fn write_file(file: &Path, bytes: &[u8], why: &str, replace: bool) -> Result<Self> {
        check_spelling(file)?;
        let before = match file.symlink_metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(Error::io("look at it", file, error)),
            Ok(metadata) if metadata.is_file() => Some(read_file(file, catalog::MAX_SIZE)?),
            Ok(_) => {
                return Err(Error::new(ErrorKind::Exists, "this is no file").in_file(file).next("name another file"));
            }
        };
        let is_same = before.as_deref() == Some(bytes);
        let plan = Self::of_file(file, before.clone(), (!is_same).then(|| bytes.to_vec()), why)?;
        if before.is_some() && !is_same && !replace {
            return Err(Error::new(ErrorKind::Exists, "there is something of this name already")
                .in_file(file)
                .next("name another file; --force replaces a file"));
        }
        Ok(plan)
    }
}
