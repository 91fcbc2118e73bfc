//! What came, went and changed since a baseline, and what explains it.

use crate::base::language::said;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::baseline::{Seen, SeenFile};
use super::rules::Rule;
use super::{Audit, rules};
use crate::catalog::{CidPath, Role};
use crate::plan::{self, Past};

/// The differences from a baseline.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct SinceReport {
    /// When the baseline was made, in UTC.
    pub at: String,
    /// Files that came, went or changed, by their paths.
    pub files: Vec<FileChange>,
    /// Relays' parents that changed.
    pub relay: Vec<RelayChange>,
    /// Manifests that are older than those of the baseline, or signed by another signer.
    pub manifests: Vec<ManifestChange>,
}

/// A file that is another than it was.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct FileChange {
    /// From the CID's root.
    pub path: String,
    /// `came`, `went`, `changed`.
    pub change: &'static str,
    /// What it was; `None` where it came.
    pub before: Option<SeenFile>,
    /// What it is; `None` where it went.
    pub after: Option<SeenFile>,
    /// A file that went with the same content as this one came: it was moved or renamed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_from: Option<String>,
    /// What explains it; `None` where nothing does.
    pub explained_by: Option<Explanation>,
}

/// Why a file is another than it was.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
#[non_exhaustive]
pub enum Explanation {
    /// A manifest with a good signature lists it as it is, or lists it no more.
    Manifest {
        /// The manifest, from the CID's root.
        manifest: CidPath,
    },
    /// It is a manifest with a good signature, and not an older one.
    GoodManifest,
    /// It is a catalog that lists every file as it is; or what the vendor's tools leave with an update, as catalogs list it,
    /// where a manifest with a good signature came with it. Of the files, each is told by itself.
    Consistent,
    /// Changes by configcid lead from what it was to what it is. They stand in the CID itself, where whoever writes to it can
    /// write: so they explain the customer's files and catalogs, and never the vendor's files.
    History {
        /// The last of these changes.
        id: String,
        /// What it was for.
        purpose: String,
        /// When.
        time: String,
        /// Whose process it was.
        user: String,
    },
}

/// A relay's parent that is another than it was.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct RelayChange {
    /// The copy of `mrinit.conf`.
    pub path: String,
    /// `ParentRouterAddress` or `MRParentAddress`.
    pub name: &'static str,
    /// What it was.
    pub before: Option<String>,
    /// What it is.
    pub after: Option<String>,
}

/// A manifest that is another than it was, in a way that matters.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct ManifestChange {
    /// The manifest, from the CID's root.
    pub path: String,
    /// It is older than the one of the baseline.
    pub is_rollback: bool,
    /// What is known of it, as a sentence without its end.
    pub what: String,
}

/// Compares what was seen with the baseline, and tells it as findings.
pub(super) fn compare(audit: &mut Audit<'_>, before: &Seen, now: &Seen) -> SinceReport {
    let manifests = manifests(before, now);
    let rolled_back: BTreeSet<&str> =
        manifests.iter().filter(|change| change.is_rollback).map(|change| change.path.as_str()).collect();
    let past = plan::history(audit.look.cid).unwrap_or_default();
    let is_update = manifests_came(audit, before, now, &rolled_back);
    let paths: BTreeSet<&String> = before.files.keys().chain(now.files.keys()).collect();
    let mut files = Vec::new();
    for path in paths {
        let (then, is) = (before.files.get(path), now.files.get(path));
        let change = match (then, is) {
            (Some(then), Some(is)) if then == is => continue,
            // That is an error by itself.
            (Some(SeenFile { sha256, .. }), _) | (_, Some(SeenFile { sha256, .. })) if sha256.is_empty() => continue,
            (None, _) => "came",
            (_, None) => "went",
            _ => "changed",
        };
        let explained_by = match rolled_back.contains(path.as_str()) {
            true => None,
            false => explain(audit, &past, path, (then, is), &rolled_back, is_update),
        };
        let (before, after) = (then.cloned(), is.cloned());
        files.push(FileChange { path: path.clone(), change, before, after, moved_from: None, explained_by });
    }
    moves(&mut files);
    let report = SinceReport { at: before.at.clone(), files, relay: relay(before, now), manifests };
    tell(audit, &report);
    report
}

/// What explains that a file is another than it was.
fn explain(
    audit: &Audit<'_>,
    past: &[Past],
    path: &str,
    (then, is): (Option<&SeenFile>, Option<&SeenFile>),
    rolled_back: &BTreeSet<&str>,
    is_update: bool,
) -> Option<Explanation> {
    let path = CidPath::parse(path).ok()?;
    let files = &audit.options.refresh.customer_files;
    let is_tools = files.is_tools(&path);
    let role = if is_tools { Role::Vendor } else { files.role(&path) };
    if let Some(manifest) = audit.vouched_for(&path).filter(|manifest| !rolled_back.contains(manifest.as_str())) {
        return Some(Explanation::Manifest { manifest: manifest.clone() });
    }
    if audit.is_good_manifest(&path) {
        return Some(Explanation::GoodManifest);
    }
    let is_consistent = match role {
        Role::Catalog => is.is_some() && audit.is_consistent_catalog(&path),
        Role::Vendor => is_update && is_tools && audit.is_as_listed(&path),
        Role::Customer => false,
    };
    if is_consistent {
        return Some(Explanation::Consistent);
    }
    if role == Role::Vendor {
        // One that went, and that a good manifest lists no more, went with an update.
        let good = audit.good_manifest_of(&path).filter(|manifest| !rolled_back.contains(manifest.as_str()));
        return good.filter(|_| is.is_none()).map(|manifest| Explanation::Manifest { manifest: manifest.clone() });
    }
    let (then, is) = (then.map(|file| &file.sha256), is.map(|file| &file.sha256));
    let mut at = then;
    let mut last = None;
    for past in past {
        let Some(content) = past.content(&path) else { continue };
        if content.before.as_ref() == at {
            (at, last) = (content.after.as_ref(), Some(past));
        }
    }
    let last = last.filter(|_| at == is)?;
    Some(Explanation::History {
        id: last.id.clone(),
        purpose: last.purpose.clone(),
        time: last.time.clone(),
        user: last.user.clone(),
    })
}

/// Whether a manifest is another than it was, good, and no older one: as with an update by the server.
fn manifests_came(audit: &Audit<'_>, before: &Seen, now: &Seen, rolled_back: &BTreeSet<&str>) -> bool {
    now.manifests.keys().any(|path| {
        let is_new = before.files.get(path) != now.files.get(path) && !rolled_back.contains(path.as_str());
        is_new && CidPath::parse(path).is_ok_and(|path| audit.is_good_manifest(&path))
    })
}

/// Files that came with the content of one that went.
fn moves(files: &mut [FileChange]) {
    let mut gone: HashMap<String, Vec<String>> = HashMap::new();
    for file in files.iter().filter(|file| file.change == "went") {
        let before = file.before.as_ref().filter(|before| before.size > 0);
        gone.entry(before.map_or_else(String::new, |before| before.sha256.clone()))
            .or_default()
            .push(file.path.clone());
    }
    for file in files.iter_mut().filter(|file| file.change == "came") {
        let from = file.after.as_ref().filter(|after| after.size > 0).and_then(|after| gone.get_mut(&after.sha256));
        file.moved_from = from.and_then(Vec::pop);
    }
}

fn relay(before: &Seen, now: &Seen) -> Vec<RelayChange> {
    let mut changes = Vec::new();
    for (path, then) in &before.relay {
        let Some(is) = now.relay.get(path) else { continue };
        let both = [
            ("ParentRouterAddress", &then.parent_router_address, &is.parent_router_address),
            ("MRParentAddress", &then.mr_parent_address, &is.mr_parent_address),
        ];
        for (name, before, after) in both.into_iter().filter(|(_, before, after)| before != after) {
            changes.push(RelayChange { path: path.clone(), name, before: before.clone(), after: after.clone() });
        }
    }
    changes
}

/// A manifest has no date and no number. That it is older is told by a baseline that knew it before the present one, or by a
/// signer's certificate that is older than that of the baseline's manifest.
fn manifests(before: &Seen, now: &Seen) -> Vec<ManifestChange> {
    let digest = |seen: &BTreeMap<String, SeenFile>, path: &str| seen.get(path).map(|file| file.sha256.clone());
    let mut changes = Vec::new();
    for (path, then) in &before.manifests {
        let Some(is) = now.manifests.get(path) else { continue };
        let (old, new) = (digest(&before.files, path), digest(&now.files, path));
        if old == new {
            continue;
        }
        let known = new.as_ref().is_some_and(|new| then.earlier.contains(new));
        let mut add =
            |is_rollback, what: String| changes.push(ManifestChange { path: path.clone(), is_rollback, what });
        match (&then.signer, &is.signer) {
            _ if known => {
                add(true, text!("it was here before the manifest of {}, and has come back", before.at));
            }
            (Some(then), Some(is)) if is.not_before < then.not_before => add(
                true,
                text!(
                    "its signer's certificate is valid since {}, and that of the manifest before since {}",
                    is.not_before,
                    then.not_before
                ),
            ),
            (Some(then), Some(is)) if is.sha256 != then.sha256 => add(
                false,
                text!(
                    "another certificate signed it: {} (SHA-256 {}), before {} (SHA-256 {})",
                    is.subject,
                    is.sha256,
                    then.subject,
                    then.sha256
                ),
            ),
            (Some(_), None) => add(false, text!("it was signed before, and is no more").to_owned()),
            _ => {}
        }
    }
    changes
}

/// Each difference as a finding.
fn tell(audit: &mut Audit<'_>, report: &SinceReport) {
    let at = &report.at;
    let relay_paths: BTreeSet<&str> = report.relay.iter().map(|change| change.path.as_str()).collect();
    for file in &report.files {
        let (rule, why): (&'static Rule, String) = match &file.explained_by {
            Some(Explanation::Manifest { manifest }) => {
                (rules::SINCE_EXPLAINED, text!("a good manifest explains it: {manifest}", manifest))
            }
            Some(Explanation::Consistent) => {
                (rules::SINCE_EXPLAINED, text!("it agrees with what is on disk").to_owned())
            }
            Some(Explanation::GoodManifest) => (rules::SINCE_EXPLAINED, text!("its own signature is good").to_owned()),
            Some(Explanation::History { purpose, time, user, .. }) => (
                rules::SINCE_EXPLAINED,
                text!("configcid's history explains it: {purpose}, {time}, by {user}", purpose, time, user),
            ),
            None => (rules::SINCE_UNEXPLAINED, text!("nothing explains it").to_owned()),
        };
        let mut what = text!("it {change} since {at}: {why}", change = said(file.change), at, why);
        if let Some(from) = &file.moved_from {
            what.push_str(&text!("; {from} went with the same content", from));
        }
        if relay_paths.contains(file.path.as_str()) {
            for change in report.relay.iter().filter(|change| change.path == file.path) {
                let or_none = |list: &Option<String>| list.clone().unwrap_or_else(|| text!("(none)").to_owned());
                what.push_str(&text!(
                    "; {} was {} and is {}",
                    change.name,
                    or_none(&change.before),
                    or_none(&change.after)
                ));
            }
        }
        audit.findings.add(rule, Some(&file.path), what);
    }
    for manifest in &report.manifests {
        let rule = if manifest.is_rollback { rules::SINCE_ROLLBACK } else { rules::SINCE_SIGNER };
        audit.findings.add(rule, Some(&manifest.path), manifest.what.as_str());
    }
}
