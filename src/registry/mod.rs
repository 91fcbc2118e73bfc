//! `.reg` files, as the Windows registry editor exports and imports them (formats.md, section 6), and the live registry
//! on Windows.
//!
//! Files are bytes here, on any system: [`RegFile::parse`] reads both formats strictly, [`RegFile::print`] writes them.
//! What a file would leave in an empty registry is asked with [`RegFile::value`].

mod key;
mod parse;
mod print;
mod query;
mod stream;
mod value;

pub use key::{Hive, KeyPath};
pub use value::Value;

pub(crate) use print::{encode, value_line};
pub(crate) use query::parse_query;
pub(crate) use stream::parse_large;

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::text::fold_case;

/// The largest `.reg` file that is read whole, in bytes: an export of all that is below `HKLM\SOFTWARE\Sophos` holds a few
/// megabytes. Of a larger one, [`RegFile::read`] keeps what is below the keys that matter.
pub const MAX_SIZE: u64 = 64 << 20;

/// Which of the two formats a `.reg` file has, told by its first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegFormat {
    /// `REGEDIT4`, of Windows 9x and NT 4: text, and strings that are spelled in bytes, are ANSI.
    Regedit4,
    /// `Windows Registry Editor Version 5.00`, of Windows 2000 and later: UTF-16.
    Version5,
}

impl RegFormat {
    /// The first line of such a file.
    pub fn header(self) -> &'static str {
        match self {
            Self::Regedit4 => "REGEDIT4",
            Self::Version5 => "Windows Registry Editor Version 5.00",
        }
    }
}

/// A `.reg` file: what an import of it does, in its order.
///
/// ```
/// use configcid::registry::{RegFormat, KeyPath, RegFile, Value};
///
/// let file = RegFile::parse(
///     b"REGEDIT4\r\n\r\n[HKLM\\SOFTWARE\\Acme]\r\n\"Folder\"=\"C:\\\\Data\"\r\n\"Size\"=dword:00000010\r\n",
/// )?;
/// let key: KeyPath = r"HKEY_LOCAL_MACHINE\software\acme".parse()?;
/// assert_eq!(file.value(&key, "folder"), Some(&Value::String(r"C:\Data".into())));
/// assert_eq!(file.value(&key, "Size"), Some(&Value::Dword(16)));
///
/// let newer = RegFile { format: RegFormat::Version5, ..file };
/// assert!(newer.print()?.starts_with(b"\xFF\xFEW\0i\0n\0d\0o\0w\0s\0"));
/// # Ok::<(), configcid::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegFile {
    /// The format.
    pub format: RegFormat,
    /// The keys, in their order; a key may stand there more than once.
    pub keys: Vec<Section>,
}

/// One `[key]` of a `.reg` file, and what stands below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The key.
    pub key: KeyPath,
    /// `[-key]`: it goes, with all that is in it.
    pub delete: bool,
    /// Its values. Empty where it goes.
    pub items: Vec<Item>,
}

/// One value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The name; empty for the key's default value, `@`.
    pub name: String,
    /// The value; `None` is a `-`: the value goes.
    pub value: Option<Value>,
}

impl RegFile {
    /// Reads a file. Bytes of any sort give an answer, and nothing is guessed: what is not understood is an error.
    ///
    /// Understood are UTF-16 and UTF-8 with a byte order mark, and else Windows-1252; lines that end in CR LF or LF; `;`
    /// comments; `HKLM` and the other short names of the hives; strings that go over several lines.
    ///
    /// # Errors
    /// The file is larger than [`MAX_SIZE`], does not begin with the first line of a format, or a line is malformed; the
    /// error names the line, and no file.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        parse::parse(bytes)
    }

    /// The file's bytes: UTF-16LE with a byte order mark for [`RegFormat::Version5`], Windows-1252 for
    /// [`RegFormat::Regedit4`]; every line ends in CR LF.
    ///
    /// # Errors
    /// A name holds a line break or a NUL, or Windows-1252 has no place for a character.
    pub fn print(&self) -> Result<Vec<u8>> {
        print::print(self)
    }

    /// The value `name` of `key` after an import into an empty registry. Neither is matched by case. An empty name is the
    /// key's default value.
    pub fn value(&self, key: &KeyPath, name: &str) -> Option<&Value> {
        let name = fold_case(name);
        let mut found = None;
        for section in &self.keys {
            if section.delete && section.key.holds(key) {
                found = None;
            } else if !section.delete && section.key.is(key) {
                for item in section.items.iter().filter(|item| fold_case(&item.name) == name) {
                    found = item.value.as_ref();
                }
            }
        }
        found
    }

    /// Whether `key` is there after an import into an empty registry, for itself or for a key below it.
    pub fn has_key(&self, key: &KeyPath) -> bool {
        self.keys.iter().fold(false, |there, section| match section.delete {
            true => there && !section.key.holds(key),
            false => there || key.holds(&section.key),
        })
    }
}

fn malformed(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::RegistryFormat, what)
}

#[cfg(test)]
mod tests;
