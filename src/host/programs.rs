//! The programs that are installed on a computer, as the registry lists them for "Programs and Features".

use super::live::{self, read, subkeys};
use crate::base::error::Result;
use crate::base::text::fold_case;
use crate::registry::{KeyPath, RegFile, Value};

const KEY: &str = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall";
const NAMES: [&str; 2] = ["DisplayName", "DisplayVersion"];

/// A program, as it calls itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) version: String,
}

impl Program {
    /// `None` where one of the values is missing: such entries are updates and parts of programs.
    fn new<'a>(value: impl Fn(&str) -> Option<&'a Value>) -> Option<Self> {
        let text = |name| value(name).and_then(Value::text).map(|text| text.trim().to_owned());
        let [name, version] = NAMES.map(text);
        Some(Self { name: name?, version: version? })
    }
}

/// Those of this computer, in both views of its registry.
///
/// # Errors
/// This is no Windows, or the registry cannot be read.
pub(crate) fn installed() -> Result<Vec<Program>> {
    let list: KeyPath = KEY.parse()?;
    let mut found = Vec::new();
    for wow in live::views() {
        for name in subkeys(&list, *wow)? {
            // A name that no key of ours can have is none of an installed program.
            let Ok(key) = format!(r"{KEY}\{name}").parse::<KeyPath>() else { continue };
            let values = read(&key, *wow, &NAMES)?.unwrap_or_default();
            found.extend(Program::new(|name| values.iter().find(|(this, _)| this == name).map(|(_, value)| value)));
        }
    }
    Ok(found)
}

/// Those of an exported registry, where the list was exported, too.
pub(crate) fn installed_in(file: &RegFile) -> Vec<Program> {
    let is_listed = |key: &KeyPath| fold_case(key.below()).contains(r"\currentversion\uninstall\");
    let listed = file.keys.iter().map(|section| &section.key).filter(|key| is_listed(key));
    listed.filter_map(|key| Program::new(|name| file.value(key, name))).collect()
}
