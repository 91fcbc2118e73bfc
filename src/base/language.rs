//! The language in which people are told things.
//!
//! The English text stands in the code and is the key: what the catalogs in `templates/de/` do not have is told in English.
//! The library and the C interface speak English always; only the program sets another language, once, before it does
//! anything, and not where programs read its answer. `docs/translating.md` says how texts are added.

#[cfg(feature = "cli")]
use std::collections::HashMap;
use std::fmt::{Display, Write};
#[cfg(feature = "cli")]
use std::sync::OnceLock;

/// A text in the language of the run. A text without gaps gives a `&'static str`, one with gaps a `String`. Each gap has its
/// value behind the text, by name (`path`, or `path = expression`) or in order, since only those are seen by the catalog;
/// gaps have no width and are not `{:?}`: such a value is made with `format!` before.
///
/// ```ignore
/// text!("Nothing was written");
/// text!("{path} holds {count} files", path, count = files.len());
/// ```
macro_rules! text {
    (@value $name:ident) => { $name };
    (@value $name:ident = $value:expr) => { $value };
    ($english:literal $(,)?) => {{
        const { assert!($crate::base::language::is_whole($english), "each gap has its value behind the text") };
        $crate::base::language::said($english)
    }};
    ($english:literal, $($name:ident $(= $value:expr)?),+ $(,)?) => {
        match $crate::base::language::form($english) {
            None => format!($english, $($name = text!(@value $name $(= $value)?)),+),
            Some(form) => $crate::base::language::fill(
                form,
                &[$((stringify!($name), &text!(@value $name $(= $value)?) as &dyn std::fmt::Display)),+],
            ),
        }
    };
    ($english:literal, $($value:expr),+ $(,)?) => {
        match $crate::base::language::form($english) {
            None => format!($english, $($value),+),
            Some(form) => $crate::base::language::fill(form, &[$(("", &$value as &dyn std::fmt::Display)),+]),
        }
    };
}

/// The catalogs of German, one for each room. They are read where German is asked for.
#[cfg(feature = "cli")]
const GERMAN: &[&str] = &[
    include_str!("../../templates/de/audit.toml"),
    include_str!("../../templates/de/base.toml"),
    include_str!("../../templates/de/catalog.toml"),
    include_str!("../../templates/de/catalogs.toml"),
    include_str!("../../templates/de/cid.toml"),
    include_str!("../../templates/de/cli.toml"),
    include_str!("../../templates/de/client.toml"),
    include_str!("../../templates/de/demo.toml"),
    include_str!("../../templates/de/endpoints.toml"),
    include_str!("../../templates/de/envelopes.toml"),
    include_str!("../../templates/de/explain.toml"),
    include_str!("../../templates/de/firewall.toml"),
    include_str!("../../templates/de/fleet.toml"),
    include_str!("../../templates/de/help.toml"),
    include_str!("../../templates/de/host.toml"),
    include_str!("../../templates/de/ior.toml"),
    include_str!("../../templates/de/logs.toml"),
    include_str!("../../templates/de/manifest.toml"),
    include_str!("../../templates/de/messenger.toml"),
    include_str!("../../templates/de/mrinit.toml"),
    include_str!("../../templates/de/plan.toml"),
    include_str!("../../templates/de/probe.toml"),
    include_str!("../../templates/de/readiness.toml"),
    include_str!("../../templates/de/registry.toml"),
    include_str!("../../templates/de/relay.toml"),
    include_str!("../../templates/de/report.toml"),
    include_str!("../../templates/de/router.toml"),
    include_str!("../../templates/de/signing.toml"),
    include_str!("../../templates/de/sync.toml"),
    include_str!("../../templates/de/web.toml"),
    include_str!("../../templates/de/x509.toml"),
];

/// The texts of the run's language; unset where it is English.
#[cfg(feature = "cli")]
static TEXTS: OnceLock<HashMap<String, String>> = OnceLock::new();

/// Has all texts from now on in German. Only the program may ask for it, before it does anything else.
#[cfg(feature = "cli")]
pub(crate) fn speak_german() {
    let catalogs = GERMAN.iter().filter_map(|catalog| toml::from_str::<HashMap<String, String>>(catalog).ok());
    let _ = TEXTS.set(catalogs.flatten().collect());
}

/// What a text is in the language of the run, where that is not English and has it.
#[cfg(feature = "cli")]
pub(crate) fn form(english: &str) -> Option<&'static str> {
    TEXTS.get()?.get(english).map(String::as_str)
}

#[cfg(not(feature = "cli"))]
pub(crate) fn form(_english: &str) -> Option<&'static str> {
    None
}

/// Whether the run speaks English.
#[cfg(feature = "cli")]
pub(crate) fn is_english() -> bool {
    TEXTS.get().is_none()
}

/// The one of two files that is in the language of the run.
#[cfg(feature = "cli")]
pub(crate) fn either<'a>(english: &'a str, german: &'a str) -> &'a str {
    if is_english() { english } else { german }
}

#[cfg(not(feature = "cli"))]
#[allow(dead_code, reason = "what is filled in is the command line's")]
pub(crate) fn either<'a>(english: &'a str, _german: &'a str) -> &'a str {
    english
}

/// A text without gaps in the language of the run: for those that stand in tables of the code, and are shown from there.
pub(crate) fn said(english: &str) -> &str {
    form(english).unwrap_or(english)
}

/// The same for a text that may be one with gaps, filled in already, which stays as it is.
pub(crate) fn said_whole(text: String) -> String {
    match form(&text) {
        Some(form) => form.to_owned(),
        None => text,
    }
}

/// Whether a text has no gaps.
pub(crate) const fn is_whole(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'{' || bytes[at] == b'}' {
            return false;
        }
        at += 1;
    }
    true
}

/// Fills the gaps of a text: `{name}` by name, `{0}` by number, `{}` in order. `{{` and `}}` are braces. A gap that has no
/// value stays as it is; a test sees to it that there is none.
pub(crate) fn fill(form: &str, values: &[(&str, &dyn Display)]) -> String {
    let mut out = String::with_capacity(form.len() + 32);
    let (mut rest, mut next) = (form, 0);
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let (brace, behind) = rest[at..].split_at(1);
        if let Some(behind) = behind.strip_prefix(brace) {
            out.push_str(brace);
            rest = behind;
            continue;
        }
        let gap = behind.find('}').filter(|_| brace == "{");
        let name = gap.map_or("", |end| &behind[..end]);
        let value = match name {
            "" => values.get(next),
            _ => values
                .iter()
                .find(|(of, _)| *of == name)
                .or_else(|| name.parse().ok().and_then(|at: usize| values.get(at))),
        };
        next += usize::from(name.is_empty());
        match (gap, value) {
            (Some(end), Some((_, value))) => {
                let _ = write!(out, "{value}");
                rest = &behind[end + 1..];
            }
            _ => {
                out.push_str(brace);
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_is_what_stands_in_the_code() {
        let (path, files) = ("a", [1, 2]);
        assert_eq!(text!("Nothing was written"), "Nothing was written");
        assert_eq!(text!("{path} holds {count} files", path, count = files.len()), "a holds 2 files");
        assert_eq!(text!("{} of {}", files[0], files.len()), "1 of 2");
    }

    #[test]
    fn gaps_are_filled_by_name_by_number_and_in_order() {
        let values: [(&str, &dyn Display); 2] = [("a", &"{b}"), ("b", &2)];
        assert_eq!(fill("{b} von {a}, {0}, {{a}}", &values), "2 von {b}, {b}, {a}");
        assert_eq!(fill("{} und {}", &values), "{b} und 2");
        for odd in ["{c}", "{", "}", "{}{}{}", "a{", "{a"] {
            assert!(!fill(odd, &values).is_empty());
        }
    }
}
