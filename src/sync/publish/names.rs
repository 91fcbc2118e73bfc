//! What configcid's own files are called where a CID is published.

use sha2::{Digest, Sha256};

use crate::base::error::Result;
use crate::base::hex::hex;
use crate::catalog::CidPath;
use crate::catalogs::Loaded;
use crate::sync::difference::Wanted;

/// The folder of what waits for its name.
const STAGING: &str = ".configcid-publish";

pub(super) fn staging() -> Result<CidPath> {
    CidPath::in_root(STAGING)
}

/// What tells of the run that staged files. Servers that know types give out `.txt` in any case.
pub(super) fn record() -> Result<CidPath> {
    staging()?.join("record.txt")
}

/// The same in another case: what a place that does not tell case apart has under this name, too.
pub(super) fn record_in_capitals() -> Result<CidPath> {
    CidPath::parse(&record()?.to_string().to_ascii_uppercase())
}

/// Where the file `path` waits that `is` describes: another content waits under another name. It ends as the file does, since
/// some servers give out a file by what its name ends in.
pub(super) fn staged(path: &CidPath, is: &str) -> Result<CidPath> {
    let digest = hex(&Sha256::digest(format!("{}\n{is}", path.key())));
    let name = path.file_name();
    let end = name.rfind('.').map_or("", |dot| &name[dot..]);
    staging()?.join(&format!("{}{end}", &digest[..32]))
}

/// Where a wanted file waits: by its size and what each of these catalogs lists of it.
pub(super) fn waiting(file: &Wanted, catalogs: &[Loaded]) -> Result<CidPath> {
    let sums = file.listed().map(|(number, index)| format!(" {}", catalogs[number].catalog.entries()[index].checksum));
    staged(&file.path, &format!("{}{}", file.size, sums.collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_content_waits_under_another_name() {
        let path = CidPath::parse("\\rms\\Agent.DLL").unwrap();
        let name = staged(&path, "950 1").unwrap();
        assert!(name.as_str().starts_with("\\.configcid-publish\\") && name.as_str().ends_with(".DLL"), "{name}");
        assert_eq!(name, staged(&path, "950 1").unwrap());
        assert_ne!(name, staged(&path, "950 2").unwrap());
        assert_ne!(name, staged(&CidPath::parse("\\rms\\agent").unwrap(), "950 1").unwrap());
        assert!(crate::cid::is_own_name(".configcid-publish"));
    }
}
