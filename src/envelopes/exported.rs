//! What was exported of a server, from files on disk.

use std::path::Path;

use crate::base::error::Result;
use crate::base::files::read_given_file;
use crate::firewall::Firewall;
use crate::registry::MAX_SIZE;

/// The firewall of a computer from one or several exports of it, as [`Firewall::parse`] understands them.
///
/// # Errors
/// A file cannot be read, or as [`Firewall::parse`]; the error names the file.
pub fn exported_firewall(files: &[impl AsRef<Path>]) -> Result<Firewall> {
    let mut firewall = Firewall::default();
    for path in files {
        let path = path.as_ref();
        let bytes = read_given_file(path, MAX_SIZE, "name a file with exported rules of the firewall")?;
        firewall.add(&bytes).map_err(|error| error.in_file(path))?;
    }
    Ok(firewall)
}
