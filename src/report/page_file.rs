//! Where a page is written to.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::open_file;
use crate::base::replace::{check_outside, write_file};

/// How far into a page it says who made it.
const HEAD: u64 = 1 << 10;

/// What a page of ours has in its head.
const MADE_BY_US: &[u8] = b"<meta name=\"generator\" content=\"configcid\">";

/// A file that a page may be written to: there is none yet, or a page that configcid made, and it lies in no CID that the
/// page is about.
#[derive(Debug)]
pub(crate) struct PageFile(PathBuf);

impl PageFile {
    /// Looks whether a page may be written to `path`, before the work that it is to tell of.
    ///
    /// # Errors
    /// Its folder is not there; something else is there already; it would lie in one of the folders `outside`.
    pub(crate) fn new(path: &Path, outside: &[PathBuf]) -> Result<Self> {
        if path.file_name().is_none() {
            return Err(Error::new(ErrorKind::Usage, "this is no file").in_file(path));
        }
        check_outside(path, outside, text!("this page would lie in the CID that it is about"))?;
        match path.symlink_metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::io("look at it", path, error)),
            Ok(metadata) if metadata.is_file() && is_ours(path)? => {}
            Ok(_) => {
                return Err(Error::new(
                    ErrorKind::Exists,
                    "there is something of this name that configcid did not make",
                )
                .in_file(path)
                .next("name another file, or remove this one"));
            }
        }
        Ok(Self(path.to_owned()))
    }

    /// Writes the page, whole or not at all.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(&self, page: &str) -> Result<()> {
        write_file(&self.0, page.as_bytes(), true)
    }
}

fn is_ours(path: &Path) -> Result<bool> {
    let mut head = Vec::new();
    let read = open_file(path)?.take(HEAD).read_to_end(&mut head);
    read.map_err(|error| Error::io("read it", path, error))?;
    Ok(head.windows(MADE_BY_US.len()).any(|part| part == MADE_BY_US))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::html;

    #[test]
    fn a_page_of_ours_is_replaced_and_another_file_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.html");
        PageFile::new(&path, &[]).unwrap().write(&html::page("Report", "")).unwrap();
        PageFile::new(&path, &[]).unwrap().write(&html::page("Another report", "")).unwrap();
        std::fs::write(&path, "a letter to a friend").unwrap();
        assert!(PageFile::new(&path, &[]).is_err());
    }
}
