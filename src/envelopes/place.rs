//! Where a computer's Envelopes folder is: as its registry says, else where its Windows has it.

use serde::Serialize;

use super::rules::System;
use super::surroundings::on_volume;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::text::fold_case;
use crate::registry::Value;
use crate::router::{ENVELOPE_DIR, RegistryView, Router, RouterView};

/// Where the router has its folders since Vista \[63588, 113040\].
const BELOW_PROGRAM_DATA: &str = r"%ProgramData%\Sophos\Remote Management System\3\Router";
/// Where it had them before.
const BELOW_ALL_USERS: &str =
    r"%SystemDrive%\Documents and Settings\All Users\Application Data\Sophos\Remote Management System\3\Router";
/// The folder's name in either.
const ENVELOPES: &str = "Envelopes";

/// Where a computer's Envelopes folder is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub(crate) struct Place {
    /// The folder, as Windows spells it; variables such as `%ProgramData%` are those of that computer.
    pub folder: String,
    /// Where it may be, too: for systems before Vista the articles do not agree \[63588, 113040\].
    pub or: Option<String>,
    /// Where this is known from.
    pub source: PlaceSource,
    /// The view of the registry that has the router's key.
    pub view: Option<RegistryView>,
    /// What is odd, each as a sentence.
    pub notes: Vec<String>,
}

/// Where a place is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PlaceSource {
    /// `EnvelopeDir` in the registry.
    Registry,
    /// Nothing is set: it is where the system has it.
    Default,
}

impl Place {
    /// Whether it is on the volume that Windows runs from, which is `C:` as far as nobody says otherwise \[A\]; `None`
    /// where it begins with a variable that is none of Windows'.
    pub(crate) fn on_boot_volume(&self) -> Option<bool> {
        // Those that Windows sets to folders of its own volume, as long as nobody has moved them.
        const OF_WINDOWS: [&str; 10] = [
            "systemdrive",
            "systemroot",
            "windir",
            "programdata",
            "allusersprofile",
            "programfiles",
            "programfiles(x86)",
            "commonprogramfiles",
            "public",
            "userprofile",
        ];
        match self.folder.strip_prefix('%') {
            Some(rest) => {
                let name = fold_case(rest.split('%').next().unwrap_or_default());
                OF_WINDOWS.contains(&name.as_str()).then_some(true)
            }
            None => Some(on_volume(&self.folder, "C:")),
        }
    }

    /// The folder with the variables of this computer filled in, for a place of this computer.
    pub(crate) fn filled_in(&self, variable: impl Fn(&str) -> Option<String>) -> String {
        let mut out = String::new();
        let mut rest = self.folder.as_str();
        while let Some((before, after)) = rest.split_once('%') {
            out.push_str(before);
            match after.split_once('%').and_then(|(name, after)| Some((variable(name)?, after))) {
                Some((value, after)) => {
                    out.push_str(&value);
                    rest = after;
                }
                None => {
                    out.push('%');
                    rest = after;
                }
            }
        }
        out + rest
    }

    /// Where a system has it by default.
    pub(crate) fn default_of(system: System) -> Self {
        let router = if system.before_vista { BELOW_ALL_USERS } else { BELOW_PROGRAM_DATA };
        Self {
            folder: format!(r"{router}\{ENVELOPES}"),
            or: system.before_vista.then(|| router.to_owned()),
            source: PlaceSource::Default,
            view: None,
            notes: Vec::new(),
        }
    }
}

/// Where the folder of a computer is, by its router's key: `EnvelopeDir`, else the default of its system.
///
/// # Errors
/// `EnvelopeDir` is no string.
pub(crate) fn place(router: &Router, system: System) -> Result<Place> {
    let present: Vec<&RouterView> = router.views.iter().filter(|view| view.present).collect();
    let mut place = Place::default_of(system);
    // A 64-bit Windows has the router's key in the first of the views.
    let Some(view) = present.first() else {
        place.notes.push(
            text!(
                "there is no key of a router: Remote Management System is not installed, or another key was exported"
            )
            .into(),
        );
        return Ok(place);
    };
    place.view = Some(view.view);
    if let Some(other) = present.get(1)
        && other.value(ENVELOPE_DIR) != view.value(ENVELOPE_DIR)
    {
        place.notes.push(text!(
            "the views of the registry do not agree on {ENVELOPE_DIR}: the router reads the one below Wow6432Node",
            ENVELOPE_DIR
        ));
    }
    match view.value(ENVELOPE_DIR) {
        None => {}
        Some(value @ (Value::String(text) | Value::ExpandString(text))) if !text.trim().is_empty() => {
            place.folder = text.trim().trim_end_matches('\\').to_owned();
            if place.folder.ends_with(':') {
                place.folder.push('\\');
            }
            (place.or, place.source) = (None, PlaceSource::Registry);
            if matches!(value, Value::String(_)) && text.contains('%') {
                place
                    .notes
                    .push(text!("{ENVELOPE_DIR} is a plain string: the variable in it is not filled in", ENVELOPE_DIR));
            }
        }
        Some(Value::String(_) | Value::ExpandString(_)) => {
            place.notes.push(text!("{ENVELOPE_DIR} is empty", ENVELOPE_DIR));
        }
        Some(value) => {
            return Err(Error::new(
                ErrorKind::RegistryFormat,
                text!("{ENVELOPE_DIR} is {value} where a string is expected", ENVELOPE_DIR, value),
            )
            .in_file(view.view.key().to_string().as_ref())
            .next("set it to a string, and restart the router"));
        }
    }
    Ok(place)
}

/// The error that no folder is named here, and none can be found: another computer's is, or nobody's.
pub(crate) fn no_folder(place: Option<&Place>) -> Error {
    match place {
        Some(place) => {
            Error::new(ErrorKind::Usage, text!("the folder is {} on that computer, and not on this one", place.folder))
                .next("name the share or the copy of it that can be seen from here")
        }
        None => Error::new(ErrorKind::Usage, "no folder is named, and this system has no registry that names one").next(
            "name the Envelopes folder, or with --reg FILE the exported registry of its computer, or with --system its Windows",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::RegFile;

    fn of(values: &str, system: &str) -> Result<Place> {
        let file = RegFile::parse(format!("REGEDIT4\n\n{values}\n").as_bytes()).unwrap();
        place(&Router::in_file(&file), System::named(system).unwrap())
    }

    const KEY_32: &str = "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Wow6432Node\\Sophos\\Messaging System\\Router]\n";
    const KEY_64: &str = "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Sophos\\Messaging System\\Router]\n";

    #[test]
    fn the_registry_wins_over_the_system() {
        let set = of(&format!("{KEY_32}\"EnvelopeDir\"=\"D:\\\\Envelopes\\\\\""), "2012").unwrap();
        assert_eq!(
            (set.folder.as_str(), set.source, set.view),
            ("D:\\Envelopes", PlaceSource::Registry, Some(RegistryView::Bits32))
        );
        assert!(set.on_boot_volume() == Some(false) && set.notes.is_empty());
        let unset = of(KEY_64, "2008").unwrap();
        assert_eq!(
            (unset.source, unset.view, unset.or.as_ref()),
            (PlaceSource::Default, Some(RegistryView::Bits64), None)
        );
        assert!(unset.folder.starts_with("%ProgramData%\\Sophos\\") && unset.on_boot_volume() == Some(true));
        let own = Place { folder: r"%DataDrive%\Env".into(), ..unset };
        assert_eq!(own.on_boot_volume(), None);
        let old = of(KEY_64, "2003").unwrap();
        assert!(
            old.folder.contains(r"\All Users\Application Data\Sophos\") && old.folder.ends_with(r"\3\Router\Envelopes")
        );
        assert!(old.or.unwrap().ends_with(r"\3\Router"));
    }

    #[test]
    fn odd_registries_are_told_of() {
        let both = format!("{KEY_32}\"EnvelopeDir\"=\"D:\\\\A\"\n\n{KEY_64}\"EnvelopeDir\"=\"D:\\\\B\"");
        let both = of(&both, "2012").unwrap();
        assert_eq!((both.folder.as_str(), both.notes.len()), ("D:\\A", 1));
        assert_eq!(of("", "2012").unwrap().notes.len(), 1);
        assert_eq!(of(&format!("{KEY_64}\"EnvelopeDir\"=\"\""), "2012").unwrap().notes.len(), 1);
        assert!(of(&format!("{KEY_64}\"EnvelopeDir\"=dword:00000001"), "2012").is_err());
        let drive = of(&format!("{KEY_64}\"EnvelopeDir\"=\"E:\\\\\""), "2012").unwrap();
        assert_eq!(drive.folder, "E:\\");
        let odd = Place { folder: "%A%\\%B%\\100%".into(), ..drive };
        assert_eq!(odd.filled_in(|name| (name == "A").then(|| "x".into())), "x\\%B%\\100%");
    }
}
