//! TOML files of the messenger: bounded, and with the place of each fault.

use std::path::Path;

use serde::de::DeserializeOwned;

use super::Place;
use super::xml::fault;
use crate::base::error::{Error, ErrorKind, Result};

/// The largest, in bytes.
pub(super) const MAX_SIZE: u64 = 1 << 20;

/// The text of a file.
pub(super) fn text(bytes: Vec<u8>, path: &Path) -> Result<String> {
    let text = String::from_utf8(bytes).map_err(|_| {
        Error::new(ErrorKind::MessengerFormat, "it is not UTF-8").in_file(path).next("save it as UTF-8")
    })?;
    Ok(text.strip_prefix('\u{FEFF}').map_or(text.clone(), str::to_owned))
}

/// What a text says.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T> {
    toml::from_str(text).map_err(|error: toml::de::Error| {
        let what = error.message().trim_end().replace('\n', "; ");
        match error.span() {
            Some(span) => fault(place(text, span.start), what),
            None => Error::new(ErrorKind::MessengerFormat, what),
        }
    })
}

/// A fault of a value that is well-formed by itself.
pub(super) fn unfit(error: Error) -> Error {
    Error::new(ErrorKind::MessengerFormat, error.what()).next(error.next_step().unwrap_or_default())
}

fn place(text: &str, offset: usize) -> Place {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Place { line, column }
}
