//! What a run leaves beside the files that wait, for the next one if it breaks off.

use std::io::{self, Read};

use serde::{Deserialize, Serialize};

use super::names;
use super::read::PAUSES;
use crate::base::error::Result;
use crate::base::tries::persistently;
use crate::catalog::CidPath;
use crate::cid::is_own_name;
use crate::web::{Found, Store, Trouble};

/// The version of the record.
const FORMAT: u32 = 1;
/// No record is larger.
const LARGEST: u64 = 64 << 20;

/// What a run was about to do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    format: u32,
    pub source: String,
    /// The place held nothing when the run began, so that files of `coming` are its own, of which it was not known what they would be.
    #[serde(default)]
    pub fresh: bool,
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
    /// Empty where it was not known before the file was sent.
    pub sha256: String,
}

impl Record {
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
}

/// A record that is to be written: it may name hundreds of thousands of files, and is made while it is sent.
pub(super) struct NewRecord<'r, G, C> {
    pub source: &'r str,
    /// The place held nothing when the run began.
    pub fresh: bool,
    /// Gives the files that were listed and go, from the first one on each time.
    pub going: G,
    /// Gives what comes under names that no catalog listed.
    pub coming: C,
}

impl<'r, G, C, GI, CI> NewRecord<'r, G, C>
where
    G: Fn() -> GI,
    C: Fn() -> CI,
    GI: Iterator<Item = &'r CidPath> + 'r,
    CI: Iterator<Item = Coming> + 'r,
{
    /// Writes it.
    ///
    /// # Errors
    /// It is not taken.
    pub(super) fn write(&self, store: &dyn Store) -> Result<()> {
        let size = self.pieces().map(|piece| piece.len() as u64).sum();
        let record = names::record()?;
        let put = || {
            let mut body = Pieces { pieces: self.pieces(), piece: io::Cursor::default() };
            store.put(&record, size, true, &mut body)
        };
        persistently(&PAUSES, |trouble: &Trouble| trouble.may_pass, put).map(drop).map_err(|trouble| trouble.error)
    }

    /// Its JSON.
    fn pieces(&self) -> impl Iterator<Item = Vec<u8>> + use<'r, G, C, GI, CI> {
        fn json(value: &(impl Serialize + ?Sized)) -> Vec<u8> {
            serde_json::to_vec(value).expect("plain data")
        }
        fn list(items: impl Iterator<Item = Vec<u8>>) -> impl Iterator<Item = Vec<u8>> {
            items.enumerate().map(|(number, item)| if number == 0 { item } else { [b",", &*item].concat() })
        }
        let (format, source, fresh) = (json(&FORMAT), json(self.source), json(&self.fresh));
        let begin =
            [b"{\"format\":", &*format, b",\"source\":", &source, b",\"fresh\":", &fresh, b",\"going\":["].concat();
        std::iter::once(begin)
            .chain(list((self.going)().map(|path| json(path.as_str()))))
            .chain(std::iter::once(b"],\"coming\":[".to_vec()))
            .chain(list((self.coming)().map(|coming| json(&coming))))
            .chain(std::iter::once(b"]}".to_vec()))
    }
}

/// Reads one piece after the other.
struct Pieces<I> {
    pieces: I,
    piece: io::Cursor<Vec<u8>>,
}

impl<I: Iterator<Item = Vec<u8>>> Read for Pieces<I> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let length = self.piece.read(buffer)?;
            if length > 0 || buffer.is_empty() {
                return Ok(length);
            }
            match self.pieces.next() {
                Some(piece) => self.piece = io::Cursor::new(piece),
                None => return Ok(0),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_names_files_of_the_cid_alone() {
        let coming = Coming { path: "\\a.dll".into(), size: 1, sha256: "00".into() };
        let new = |going: Vec<String>, coming| Record {
            format: FORMAT,
            source: "ESXP".to_owned(),
            fresh: true,
            going,
            coming,
        };
        let record = new(vec!["\\rms\\b.dll".into(), "\\c d'.dll".into()], vec![coming.clone(), coming.clone()]);
        let going = record.going.iter().map(|path| CidPath::parse(path).unwrap()).collect::<Vec<_>>();
        let coming = || record.coming.iter().cloned();
        let written = NewRecord { source: "ESXP", fresh: true, going: || going.iter(), coming };
        let mut bytes = Vec::new();
        Pieces { pieces: written.pieces(), piece: io::Cursor::default() }.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, serde_json::to_vec(&record).unwrap());
        // Those of before say nothing of what the place held.
        let before = String::from_utf8(bytes.clone()).unwrap().replace("\"fresh\":true,", "");
        assert!(!Record::parse(before.as_bytes()).unwrap().fresh);
        assert_eq!(Record::parse(&bytes).unwrap(), record);
        for path in ["\\..\\a", "\\.configcid-publish-lock\\owner.txt", "\\rms\\.CONFIGCID-x", ""] {
            let record = new(vec![path.into()], Vec::new());
            assert!(Record::parse(&serde_json::to_vec(&record).unwrap()).is_err(), "{path}");
        }
        assert!(Record::parse(b"{}").is_err());
        assert!(Record::parse(b"{\"format\":2,\"source\":\"\",\"going\":[],\"coming\":[]}").is_err());
    }
}
