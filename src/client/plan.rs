//! What is to be done so that an endpoint reports to a relay: nothing where all is right.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::SETUP_PROGRAM;
use super::record::BEFORE;
use crate::base::error::{Error, ErrorKind, Result};
use crate::cid::MRINIT;
use crate::mrinit::{KEY_PARENT_ROUTER, Mrinit, RelayAddress, Value, is_secret_key, judge};
use crate::relay::read_file;
use crate::router::{self, CheckState, ClientCheck, Expected, Router, look_at_installed, same_list};

/// Whom the endpoint shall report to.
#[derive(Debug)]
pub(crate) enum Wanted {
    /// The relay that this `mrinit.conf` names, which is installed whole.
    File {
        /// Where it lies.
        from: PathBuf,
        /// What stands in it.
        conf: Mrinit,
    },
    /// This relay: one line of the installed file is edited.
    Address(RelayAddress),
}

/// A step of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Step {
    /// The installed `mrinit.conf` is replaced.
    Write,
    /// `mrinit.conf.orig` gets another name.
    MoveAside,
    /// `ClientMRInit.exe` reads the file into the registry.
    SetUp,
    /// The router's service is restarted.
    Restart,
    /// The registry is looked at until the parent is the expected one.
    Wait,
}

/// What is to be done. No secret is told of it.
#[derive(Debug, Serialize)]
pub(crate) struct ClientPlan {
    /// The folder where Remote Management System is installed.
    pub(crate) folder: PathBuf,
    /// Its `mrinit.conf`.
    pub(crate) file: PathBuf,
    /// The relay, as a comma list.
    pub(crate) expected: String,
    /// The file that names it, where that is another than the installed one.
    pub(crate) from: Option<PathBuf>,
    /// The parent as it is.
    pub(crate) now: ClientCheck,
    /// A `mrinit.conf.orig`, which would win over the new file.
    pub(crate) orig: Option<PathBuf>,
    /// The values of the file that change, each as a sentence; secrets are masked.
    pub(crate) changes: Vec<String>,
    /// In their order; none where all is right.
    pub(crate) steps: Vec<Step>,
    #[serde(skip)]
    pub(super) before: Vec<u8>,
    #[serde(skip)]
    pub(super) after: Vec<u8>,
}

impl ClientPlan {
    /// Plans, and changes nothing. `own_name`: the computer's name, where it is this one.
    ///
    /// # Errors
    /// There is nothing to set up in the folder; the file has the identity keys of another estate, or names the computer
    /// itself; a file is malformed.
    pub(crate) fn new(folder: &Path, wanted: &Wanted, router: &Router, own_name: Option<&str>) -> Result<Self> {
        let file = installed_file(folder)?;
        let installed = read_file(&file)?;
        // What cannot be read is not replaced unseen.
        let list_now = installed.text(KEY_PARENT_ROUTER).map_err(|error| error.in_file(&file))?.to_owned();
        let (expected, after, from) = match wanted {
            Wanted::Address(address) => {
                let list = address.to_string();
                let mut conf = installed.clone();
                if !same_list(&list_now, &list) {
                    let _ = conf.set(KEY_PARENT_ROUTER, &list).map_err(|error| error.in_file(&file))?;
                }
                (list, conf, None)
            }
            Wanted::File { from, conf } => {
                let list = conf.text(KEY_PARENT_ROUTER).map_err(|error| error.in_file(from))?.to_owned();
                check_identity(&installed, conf).map_err(|error| error.in_file(from))?;
                let conf = if same_values(&installed, conf) { installed.clone() } else { conf.clone() };
                (list, conf, Some(from.clone()))
            }
        };
        check_list(&expected, from.as_deref(), own_name)?;
        if router.views.iter().all(|view| !view.present) {
            return Err(Error::new(ErrorKind::Usage, "the registry has no key of a router")
                .next("install Remote Management System from its CID first"));
        }
        let to_be = Expected { list: expected.clone(), from: from.clone(), warnings: Vec::new() };
        let now = router::check(router, Some(&to_be))?;
        let orig = look_at_installed(folder)?.orig;
        let changes = changes(&installed, &after);
        let (before, after) = (installed.into_bytes(), after.into_bytes());
        let mut steps = Vec::new();
        steps.extend((before != after).then_some(Step::Write));
        steps.extend(orig.is_some().then_some(Step::MoveAside));
        if before != after || now.state != CheckState::Same {
            steps.extend([Step::SetUp, Step::Restart, Step::Wait]);
        }
        let plan = Self { folder: folder.to_owned(), file, expected, from, now, orig, changes, steps, before, after };
        if plan.steps.contains(&Step::SetUp) && !plan.program().is_file() {
            return Err(Error::new(ErrorKind::Io, text!("there is no {SETUP_PROGRAM} in it", SETUP_PROGRAM))
                .in_file(folder)
                .next("name the folder where Remote Management System is installed with --installed DIR"));
        }
        Ok(plan)
    }

    /// Whether all is right.
    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The program that sets the router up.
    pub(super) fn program(&self) -> PathBuf {
        self.folder.join(SETUP_PROGRAM)
    }

    /// Who is expected, for a comparison.
    pub(super) fn expected(&self) -> Expected {
        Expected { list: self.expected.clone(), from: self.from.clone(), warnings: Vec::new() }
    }

    /// What each step does, as a sentence.
    pub(crate) fn sentence(&self, step: Step) -> String {
        let file = self.file.display();
        match step {
            Step::Write => match &self.from {
                Some(from) => text!(
                    "replace {file} by {from}, and keep the old one as {BEFORE}",
                    file,
                    from = from.display(),
                    BEFORE
                ),
                None => text!(
                    "edit {KEY_PARENT_ROUTER} of {file}, and keep the old file as {BEFORE}",
                    KEY_PARENT_ROUTER,
                    file,
                    BEFORE
                ),
            },
            Step::MoveAside => {
                let orig = self.orig.as_ref().map(|orig| orig.display().to_string()).unwrap_or_default();
                text!("move {orig} aside, which wins over a new file", orig)
            }
            Step::SetUp => text!("run {}", self.program().display()),
            Step::Restart => text!("restart the service \"Sophos Message Router\"").to_owned(),
            Step::Wait => {
                text!("wait until the registry's ParentAddress is {}; else put everything back", self.expected)
            }
        }
    }
}

/// The installed `mrinit.conf`, in the case found.
fn installed_file(folder: &Path) -> Result<PathBuf> {
    let cannot = |error| Error::io("list the folder", folder, error);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let name = entry.map_err(cannot)?.file_name();
        if name.to_string_lossy().eq_ignore_ascii_case(MRINIT) {
            found.push(folder.join(name));
        }
    }
    match &found[..] {
        [file] => Ok(file.clone()),
        [] => Err(Error::new(ErrorKind::Io, text!("there is no {MRINIT} in it", MRINIT))
            .in_file(folder)
            .next("name the folder where Remote Management System is installed with --installed DIR")),
        _ => {
            Err(Error::new(ErrorKind::CaseConflict, text!("it has two files called {MRINIT} but for the case", MRINIT))
                .in_file(folder)
                .next("remove the one that is not meant"))
        }
    }
}

/// Refuses a file with other identity keys than the installed one: it is another estate's, and would cut the endpoint off.
fn check_identity(installed: &Mrinit, new: &Mrinit) -> Result<()> {
    let names =
        installed.settings().chain(new.settings()).map(|setting| setting.name).filter(|name| is_secret_key(name));
    let mut names: Vec<String> = names.map(str::to_ascii_lowercase).collect();
    // Those that every real file has, be they malformed.
    names.extend(
        ["DelegatedManagerCertIdentityKey", "ManagedAppCertIdentityKey", "RouterCertIdentityKey"]
            .map(str::to_ascii_lowercase),
    );
    names.sort();
    names.dedup();
    let mut differ = Vec::new();
    for name in names {
        let here = installed.get(&name).map_err(|error| error.next("mend the installed mrinit.conf first"))?;
        let there = new.get(&name)?;
        if here.map(|setting| setting.value) != there.map(|setting| setting.value) {
            differ.push(here.or(there).map_or(name.clone(), |setting| setting.name.to_owned()));
        }
    }
    if differ.is_empty() {
        return Ok(());
    }
    let what = text!(
        "its identity keys are not those of the installed file ({}): it is another estate's, and would cut this computer off",
        differ.join(", ")
    );
    Err(Error::new(ErrorKind::MrinitFormat, what).next(
        "nothing was changed; name the CID of this computer's own estate, and see with configcid relay show whether its files have drifted",
    ))
}

/// Refuses what an endpoint could not use.
fn check_list(list: &str, from: Option<&Path>, own_name: Option<&str>) -> Result<()> {
    let named = |error: Error| match from {
        Some(from) => error.in_file(from),
        None => error,
    };
    if let Some(finding) = judge(list).iter().find(|finding| finding.is_error()) {
        let error = Error::new(ErrorKind::Address, format!("{KEY_PARENT_ROUTER}: {finding}"));
        return Err(named(error.next("set the relay up in the CID with configcid relay set")));
    }
    let is_own = |own: &str| {
        list.split(',')
            .map(str::trim)
            .any(|part| part.split('.').next().is_some_and(|host| host.eq_ignore_ascii_case(own)))
    };
    match own_name.filter(|own| is_own(own)) {
        None => Ok(()),
        Some(own) => Err(Error::new(
            ErrorKind::Usage,
            text!(
                "{list} is this computer, {own}: a relay does not report to itself, but to MRParentAddress",
                list,
                own
            ),
        )
        .next("run this on the endpoints, and configcid relay check here")),
    }
}

/// The values of a file, by name.
fn values(conf: &Mrinit) -> BTreeMap<String, (String, Vec<Value>)> {
    let mut all: BTreeMap<String, (String, Vec<Value>)> = BTreeMap::new();
    for setting in conf.settings() {
        let entry = all.entry(setting.name.to_ascii_lowercase());
        entry.or_insert_with(|| (setting.name.to_owned(), Vec::new())).1.push(setting.value.clone());
    }
    all
}

/// Whether two files say the same, however they are laid out.
fn same_values(one: &Mrinit, other: &Mrinit) -> bool {
    let plain = |conf: &Mrinit| values(conf).into_iter().map(|(key, (_, values))| (key, values)).collect::<Vec<_>>();
    plain(one) == plain(other)
}

/// What becomes of each value that changes.
fn changes(before: &Mrinit, after: &Mrinit) -> Vec<String> {
    let (before, after) = (values(before), values(after));
    let shown = |name: &str, found: Option<&(String, Vec<Value>)>| match found {
        None => "(none)".to_owned(),
        Some((_, values)) => values.iter().map(|value| value.shown_as(name)).collect::<Vec<_>>().join(text!(" and ")),
    };
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    let differs = |key: &&String| before.get(*key).map(|found| &found.1) != after.get(*key).map(|found| &found.1);
    names
        .into_iter()
        .filter(differs)
        .map(|key| {
            let (old, new) = (before.get(key), after.get(key));
            let name = old.or(new).map_or(key.as_str(), |found| found.0.as_str());
            format!("{name}: {} -> {}", shown(name, old), shown(name, new))
        })
        .collect()
}
