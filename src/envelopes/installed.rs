//! Which versions are installed on a computer, as its list of programs has it: whether the router is late enough to heed
//! `EnvelopeDir` \[113040\]. The names in that list are assumptions \[A\].

use serde::Serialize;

use super::rules::{MOVE_ANTI_VIRUS, MOVE_CONSOLE, ProgramVersion};
use crate::base::error::Result;
use crate::base::text::fold_case;
use crate::host::programs::{self, Program};
use crate::registry::RegFile;

/// How the console's and the Anti-Virus's names begin in the list of programs.
const CONSOLE: &str = "sophos enterprise console";
const ANTI_VIRUS: &str = "sophos anti-virus";

/// What is installed, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct InstalledPrograms {
    /// The console.
    pub console: Option<ProgramVersion>,
    /// The Anti-Virus.
    pub anti_virus: Option<ProgramVersion>,
}

/// Whether a router heeds `EnvelopeDir`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RouterRule {
    /// It does.
    LateEnough,
    /// It does not.
    TooOld,
    /// The versions are not known.
    Unknown,
}

impl InstalledPrograms {
    /// Whether the router heeds `EnvelopeDir`: it does with console 4.5 or Anti-Virus 9.5 and later \[113040\].
    pub(crate) fn router_rule(&self) -> RouterRule {
        let late =
            |version: &Option<ProgramVersion>, from: &[u32]| version.as_ref().map(|version| version.is_at_least(from));
        match (late(&self.console, &MOVE_CONSOLE), late(&self.anti_virus, &MOVE_ANTI_VIRUS)) {
            (Some(true), _) | (_, Some(true)) => RouterRule::LateEnough,
            (None, None) => RouterRule::Unknown,
            _ => RouterRule::TooOld,
        }
    }

    /// As an exported registry says, where its list of programs was exported, too.
    pub(crate) fn in_file(file: &RegFile) -> Self {
        Self::among(programs::installed_in(file))
    }

    /// As the registry of this computer says.
    ///
    /// # Errors
    /// This is no Windows, or the registry cannot be read.
    pub(crate) fn live() -> Result<Self> {
        Ok(Self::among(programs::installed()?))
    }

    fn among(programs: Vec<Program>) -> Self {
        let mut installed = Self::default();
        for program in programs {
            let Ok(version) = program.version.parse::<ProgramVersion>() else { continue };
            let name = fold_case(&program.name);
            if name.starts_with(CONSOLE) {
                installed.console = Some(version);
            } else if name.starts_with(ANTI_VIRUS) {
                installed.anti_virus = Some(version);
            }
        }
        installed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_from_the_list_of_programs() {
        let program = |name: &str, version: &str| {
            format!(
                "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Wow6432Node\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\{{{name}}}]\n\
                 \"DisplayName\"=\"{name}\"\n\"DisplayVersion\"=\"{version}\"\n\n"
            )
        };
        let of = |programs: &[(&str, &str)]| {
            let all: String = programs.iter().map(|(name, version)| program(name, version)).collect();
            InstalledPrograms::in_file(&RegFile::parse(format!("REGEDIT4\n\n{all}").as_bytes()).unwrap())
        };
        let found = of(&[("Sophos Enterprise Console", "5.2.1.197"), ("Sophos Anti-Virus", "10.3"), ("Another", "1")]);
        assert_eq!(found.console, Some("5.2.1.197".parse().unwrap()));
        assert_eq!(found.anti_virus, Some("10.3".parse().unwrap()));
        assert_eq!(of(&[("Sophos Anti-Virus", "9.0")]).router_rule(), RouterRule::TooOld);
        assert_eq!(of(&[("Sophos Anti-Virus", "what")]).router_rule(), RouterRule::Unknown);
    }
}
