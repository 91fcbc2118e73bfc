//! What a run leaves beside the files that wait, for the next one if it breaks off.

use serde::{Deserialize, Serialize};

use super::names;
use super::store::Store;
use crate::base::error::Result;
use crate::catalog::CidPath;
use crate::cid::is_own_name;
use crate::web::Found;

/// The version of the record.
const FORMAT: u32 = 1;
/// No record is larger.
const LARGEST: u64 = 64 << 20;

/// What a run was about to do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    format: u32,
    pub source: String,
    /// Files that were listed and go.
    pub going: Vec<String>,
    /// What comes under names that no catalog listed.
    pub coming: Vec<Coming>,
}

/// A file that comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Coming {
    pub path: String,
    pub size: u32,
    pub sha256: String,
}

impl Record {
    pub(super) fn new(source: &str, going: Vec<String>, coming: Vec<Coming>) -> Self {
        Self { format: FORMAT, source: source.to_owned(), going, coming }
    }

    /// The record that is there; within, why it is of no use.
    ///
    /// # Errors
    /// There is no answer.
    pub(super) fn read(store: &dyn Store) -> Result<Option<std::result::Result<Self, String>>> {
        match store.read(&names::record()?, LARGEST)? {
            Found::File(bytes, _) => Ok(Some(Self::parse(&bytes))),
            _ => Ok(None),
        }
    }

    /// Reads a record, which anybody may have written: every name in it is checked.
    fn parse(bytes: &[u8]) -> std::result::Result<Self, String> {
        let record: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if record.format != FORMAT {
            return Err(text!("it has format {record}, and only {FORMAT} is known", record = record.format, FORMAT));
        }
        for path in record.going.iter().chain(record.coming.iter().map(|coming| &coming.path)) {
            let path = CidPath::parse(path).map_err(|error| error.what().to_owned())?;
            if path.parts().any(is_own_name) {
                return Err(text!("{path} is no file of the CID", path));
            }
        }
        Ok(record)
    }

    pub(super) fn write(&self, store: &dyn Store) -> Result<()> {
        store.put_bytes(&names::record()?, &serde_json::to_vec(self).expect("plain data"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_names_files_of_the_cid_alone() {
        let coming = Coming { path: "\\a.dll".into(), size: 1, sha256: "00".into() };
        let record = Record::new("ESXP", vec!["\\rms\\b.dll".into()], vec![coming]);
        assert_eq!(Record::parse(&serde_json::to_vec(&record).unwrap()).unwrap(), record);
        for path in ["\\..\\a", "\\.configcid-publish-lock\\owner.txt", "\\rms\\.CONFIGCID-x", ""] {
            let record = Record::new("ESXP", vec![path.into()], Vec::new());
            assert!(Record::parse(&serde_json::to_vec(&record).unwrap()).is_err(), "{path}");
        }
        assert!(Record::parse(b"{}").is_err());
        assert!(Record::parse(b"{\"format\":2,\"source\":\"\",\"going\":[],\"coming\":[]}").is_err());
    }
}
