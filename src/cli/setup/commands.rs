//! The answers as commands.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::base::text::word;
use crate::cli::out::{Color, Out};

use super::relay::Parts;

/// What was answered so far.
#[derive(Debug)]
pub(super) struct Commands {
    pub cids: Vec<PathBuf>,
    /// The copies that are made of them, in their order; none where they are set up themselves.
    pub news: Vec<PathBuf>,
    pub relay: Parts,
    pub edit_root: bool,
    /// The program that rewrites the catalogs.
    pub program: Option<PathBuf>,
    out: Out,
}

impl Commands {
    pub(super) fn new(cids: Vec<PathBuf>, out: Out) -> Self {
        Self { cids, news: Vec::new(), relay: Parts::default(), edit_root: false, program: None, out }
    }

    /// The CIDs that are set up.
    pub(super) fn targets(&self) -> &[PathBuf] {
        if self.news.is_empty() { &self.cids } else { &self.news }
    }

    /// The look at what would change. A copy has what its CID has, so that the look is at that.
    pub(super) fn look(&self) -> Vec<OsString> {
        let mut words = self.set(&self.cids);
        words.push("--dry-run".into());
        words
    }

    /// All that does it, and looks at the result.
    pub(super) fn apply(&self, report: Option<&Path>) -> Vec<Vec<OsString>> {
        let mut all = Vec::new();
        for (cid, new) in self.cids.iter().zip(&self.news) {
            let mut clone = self.words(&["clone"]);
            clone.extend([operand(cid), operand(new)]);
            all.push(clone);
        }
        let mut set = self.set(self.targets());
        if let Some(report) = report {
            set.extend(["--report".into(), operand(report)]);
        }
        all.push(set);
        // What a program rewrote was checked by what it left alone; nobody else knows its checksums.
        if self.program.is_none() {
            all.push(self.of_targets(&["catalog", "verify"]));
        }
        all.push(self.of_targets(&["relay", "show"]));
        all
    }

    fn words(&self, command: &[&str]) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec!["configcid".into()];
        words.extend(command.iter().map(OsString::from));
        let color = match self.out.color {
            Color::Auto => None,
            Color::Always => Some("--color=always"),
            Color::Never => Some("--color=never"),
        };
        words.extend(color.map(OsString::from));
        words
    }

    fn of_targets(&self, command: &[&str]) -> Vec<OsString> {
        let mut words = self.words(command);
        words.extend(self.targets().iter().map(|cid| operand(cid)));
        words
    }

    fn set(&self, cids: &[PathBuf]) -> Vec<OsString> {
        let mut words = self.words(&["relay", "set"]);
        words.extend(cids.iter().map(|cid| operand(cid)));
        for (option, values) in
            [("--ip", &self.relay.ips), ("--fqdn", &self.relay.fqdns), ("--netbios", &self.relay.names)]
        {
            values.iter().for_each(|value| words.extend([OsString::from(option), value.into()]));
        }
        words.extend(self.edit_root.then(|| "--edit-root".into()));
        if let Some(program) = &self.program {
            words.extend(["--refresh-with".into(), operand(program)]);
        }
        words
    }
}

/// A path that is not taken for an option.
fn operand(path: &Path) -> OsString {
    match path.as_os_str().as_encoded_bytes().first() {
        Some(b'-') => Path::new(".").join(path).into(),
        _ => path.into(),
    }
}

/// A command as it is typed.
pub(super) fn line(words: &[OsString]) -> String {
    words.iter().map(|text| word(&text.to_string_lossy())).collect::<Vec<_>>().join(" ")
}
