//! Language tags.

use std::fmt;
use std::str::FromStr;

use crate::base::error::{Error, ErrorKind, Result};

/// The longest tag.
const MAX_LENGTH: usize = 35;

/// A language tag, such as `de`, `de-AT` or `zh-Hant-TW`. Its case does not matter.
///
/// ```
/// use configcid::messenger::Language;
///
/// let german: Language = "de".parse()?;
/// assert!(german.covers(&"de-AT".parse()?) && german.covers(&"DE".parse()?));
/// assert!(!german.covers(&"den".parse()?));
/// assert_eq!(Language::of_locale("de_AT.UTF-8@euro").unwrap().to_string(), "de-AT");
/// assert_eq!(Language::of_locale("C.UTF-8"), None);
/// # Ok::<(), configcid::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Language(String);

impl Language {
    /// The tag, as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag of a locale as the environment names it; none for `C` and `POSIX`.
    pub fn of_locale(locale: &str) -> Option<Self> {
        let end = locale.find(['.', '@']).unwrap_or(locale.len());
        locale[..end].replace('_', "-").parse().ok().filter(|tag: &Self| !tag.0.eq_ignore_ascii_case("posix"))
    }

    /// The tag, and what it is a variety of: `de-AT`, `de`.
    pub fn and_wider(&self) -> impl Iterator<Item = &str> {
        std::iter::successors(Some(self.0.as_str()), |tag| tag.rfind('-').map(|end| &tag[..end]))
    }

    /// Whether `other` is this language or a variety of it.
    pub fn covers(&self, other: &Self) -> bool {
        other.and_wider().any(|tag| tag.eq_ignore_ascii_case(&self.0))
    }

    /// The same for tags that are the same.
    pub(super) fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

/// The language that the environment names (`LC_ALL`, `LC_MESSAGES`, `LANG`), or else, on Windows, that of its windows.
pub fn user_language() -> Option<Language> {
    let variables = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter();
    let named = variables.filter_map(std::env::var_os).find(|value| !value.is_empty());
    if let Some(named) = named {
        return Language::of_locale(&named.to_string_lossy());
    }
    #[cfg(windows)]
    return crate::host::windows::user_language().and_then(|tag| tag.parse().ok());
    #[cfg(not(windows))]
    None
}

impl PartialEq for Language {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Language {}

impl FromStr for Language {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut parts = text.split('-');
        let language = parts.next().unwrap_or_default();
        let is_language = (2..=8).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_alphabetic());
        let is_part =
            |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        match text.len() <= MAX_LENGTH && is_language && parts.all(is_part) {
            true => Ok(Self(text.to_owned())),
            false => Err(Error::new(ErrorKind::Usage, text!("{text} is no language tag", text = format!("{text:?}")))
                .next("write one such as en, de or de-AT")),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl serde::Serialize for Language {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
