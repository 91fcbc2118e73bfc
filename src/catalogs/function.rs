//! The checksum function that a user names.

use std::path::Path;

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::read_given_file;
use crate::catalog::checksum::{Definition, Function, of_definition};

/// No file with a definition is larger.
const MOST: u64 = 64 << 10;

/// The function that `text` states: a [definition](Definition), or the name of a file that ends in `.toml` and holds one.
///
/// # Errors
/// The definition is wrong, or the file cannot be read.
///
/// ```
/// assert_eq!(configcid::catalogs::function("crc-32/iso-hdlc")?.name(), "crc32");
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn function(text: &str) -> Result<Function> {
    let path = Path::new(text);
    if !path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml")) {
        return text.parse().map(of_definition);
    }
    let bytes = read_given_file(path, MOST, text!("name a file with one line, checksum = \"DEFINITION\""))?;
    let text =
        std::str::from_utf8(&bytes).map_err(|_| Error::new(ErrorKind::Usage, "it is not UTF-8").in_file(path))?;
    Definition::parse_file(text).map(of_definition).map_err(|error| error.in_file(path))
}
