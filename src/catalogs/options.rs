//! What leads a refresh, wherever one is part of the work.

use super::{ChecksumChoice, Program};
use crate::catalog::CustomerFiles;

/// How to refresh.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct RefreshOptions {
    /// Which files are the customer's.
    pub customer_files: CustomerFiles,
    /// Where the checksum function comes from.
    pub checksum: ChecksumChoice,
    /// Go on where the vendor's files are not what the catalogs say. Their entries stay as they are.
    pub accept_damage: bool,
    /// Compare the contents of all the vendor's files with their checksums, and not those of a sample alone.
    pub check_all: bool,
    /// Take out entries of configcid's own files, which another tool has listed.
    pub unlist_own: bool,
    /// Go on where another program's temporary files tell of an update in progress.
    pub accept_temporary: bool,
    /// Let this program rewrite the catalogs.
    pub program: Option<Program>,
}
