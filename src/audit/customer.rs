//! What in a CID is the customer's: files by their names, the relay configuration, the estate's certificate.

use std::collections::{BTreeMap, HashSet};

use super::certificate;
use super::model::{CacState, CustomerFile, FileCounts};
use super::{Audit, rules};
use crate::base::severity::Severity;
use crate::base::text::fold_case;
use crate::catalog::{CidPath, Role};
use crate::catalogs::is_temporary;
use crate::catalogs::look::Customers;
use crate::cid::MRINIT;
use crate::mrinit::{self, KEY_MR_PARENT, Mrinit};
use crate::relay::{CopyState, show_with};

/// The estate's certificate.
const CAC: &str = "cac.pem";

/// No such file is larger.
const MAX_CAC: u64 = 1 << 20;

/// The relay configuration of each copy, and what is wrong with it.
pub(super) fn relay(audit: &mut Audit<'_>) -> Vec<CopyState> {
    let cid = audit.look.cid;
    let mut is_whole = true;
    let state = show_with(cid, |folder| {
        let path = match cid.named(folder, MRINIT) {
            Ok(Some(path)) => path,
            Ok(None) => return Ok(None),
            Err(error) => {
                let path = folder.map_or("\\", |folder| folder.as_str());
                audit.findings.add(rules::UNREADABLE, Some(path), error.what());
                is_whole = false;
                return Ok(None);
            }
        };
        let conf = audit.look.hold(&path, mrinit::MAX_SIZE).map(|bytes| (path, Mrinit::parse(bytes.to_vec())));
        is_whole &= conf.is_some();
        Ok(conf)
    });
    let Ok(state) = state else { return Vec::new() };
    // Where one could not be read, nothing is known of a missing one.
    for fault in state.faults.iter().filter(|_| is_whole) {
        audit.findings.add(rules::MRINIT_MISSING, None, fault.as_str());
    }
    parents(audit, &state.copies);
    for copy in &state.copies {
        let path = Some(copy.path.as_str());
        copy.faults.iter().for_each(|fault| _ = audit.findings.add(rules::RELAY_FAULT, path, fault.as_str()));
        for finding in copy.findings.iter().filter(|finding| !finding.is_error()) {
            let rule = match finding.severity {
                Severity::Note => rules::SERVER_AS_RELAY,
                _ => rules::RELAY_ADDRESS,
            };
            audit.findings.add(rule, path, finding.to_string());
        }
        copy.drift.iter().for_each(|drift| _ = audit.findings.add(rules::RELAY_DRIFT, path, drift.as_str()));
    }
    state.copies
}

/// Copies that name another parent for a relay than the root's file does. Relay set-up never edits that line \[14635\]; where
/// configcid did, for a relay that reports to another one, its history has the file as it is.
fn parents(audit: &mut Audit<'_>, copies: &[CopyState]) {
    let Some((root, copies)) = copies.split_first().filter(|(root, _)| root.path.folder().is_none()) else { return };
    let past = crate::plan::history(audit.look.cid).unwrap_or_default();
    for copy in copies {
        let (Some(here), Some(there)) = (&copy.mr_parent_address, &root.mr_parent_address) else { continue };
        if same_list(here, there) {
            continue;
        }
        let written = past.iter().rev().find_map(|past| past.content(&copy.path)?.after.as_deref());
        let is_ours = match (written, audit.look.hold(&copy.path, mrinit::MAX_SIZE)) {
            (Some(written), Some(bytes)) => crate::plan::digest(&bytes) == written,
            _ => false,
        };
        if !is_ours {
            let since = if written.is_some() {
                text!("it was changed since configcid wrote it")
            } else {
                text!("configcid did not write it")
            };
            let what = text!(
                "{KEY_MR_PARENT} is {here}, and {there} in the root: a relay would report to it; {since}",
                KEY_MR_PARENT,
                here,
                there,
                since
            );
            audit.findings.add(rules::RELAY_FAULT, Some(copy.path.as_str()), what);
        }
    }
}

/// Whether two comma lists name the same hosts.
fn same_list(one: &str, other: &str) -> bool {
    let parts = |list: &str| -> Vec<String> { list.split(',').map(|part| fold_case(part.trim())).collect() };
    parts(one) == parts(other)
}

/// The certificates of every `cac.pem`.
pub(super) fn certificates(audit: &mut Audit<'_>) -> Vec<CacState> {
    let cid = audit.look.cid;
    let mut states = Vec::new();
    for folder in std::iter::once(None).chain(cid.components().iter().map(Some)) {
        let Ok(Some(path)) = cid.named(folder, CAC) else { continue };
        let Some(bytes) = audit.look.hold(&path, MAX_CAC) else { continue };
        let certificates = match certificate::read(&bytes) {
            Ok(certificates) => certificates,
            Err(why) => {
                audit.findings.add(rules::CAC_UNREADABLE, Some(path.as_str()), why);
                continue;
            }
        };
        for certificate in certificates {
            let state = certificate::state_of(&certificate, &path, &[audit.options.signatures.at, audit.options.now]);
            let rule = match state.state {
                "expired" | "not-yet-valid" => Some(rules::CAC_EXPIRED),
                "expires-soon" => Some(rules::CAC_EXPIRES),
                _ => None,
            };
            if let Some(rule) = rule {
                let what = match state.state {
                    "expired" => text!("it expired on {}", state.not_after),
                    "not-yet-valid" => text!("it is valid from {} on", state.not_before),
                    _ => text!("it expires on {}", state.not_after),
                };
                audit.findings.add(rule, Some(path.as_str()), what);
            }
            states.push(state);
        }
    }
    states
}

/// Whether a file is the customer's: by its name, in the root or directly in a component.
fn is_customers(audit: &Audit<'_>, components: &HashSet<String>, path: &CidPath) -> bool {
    audit.options.refresh.customer_files.role(path) == Role::Customer
        && path.folder().is_none_or(|folder| components.contains(&folder.key()))
}

fn components(audit: &Audit<'_>) -> HashSet<String> {
    audit.look.cid.components().iter().map(CidPath::key).collect()
}

/// The customer's files.
pub(super) fn files(audit: &mut Audit<'_>) -> Vec<CustomerFile> {
    let customers = audit.look.customers();
    let size = |file: u32| audit.look.disk.files[file as usize].size;
    let is_tools = |path: &CidPath| audit.options.refresh.customer_files.is_tools(path);
    let file = |it: Customers| CustomerFile {
        is_of_tools: is_tools(&it.path),
        size: size(it.file),
        path: it.path,
        listed_by: it.listed_by,
    };
    customers.into_iter().map(file).collect()
}

/// Whose the files are, in numbers; those that may be the customer's; and findings about what nothing lists.
pub(super) fn count(audit: &mut Audit<'_>) -> (FileCounts, Vec<CidPath>) {
    let components = components(audit);
    let has_manifest = !audit.signed.is_empty();
    let mut counts = FileCounts::default();
    let mut candidates = Vec::new();
    let mut doubtful = Vec::new();
    // A folder directly in the root, or the root itself (the empty key), in which a manifest lists files.
    let covered: HashSet<&str> = audit.signed.keys().map(|key| first_part(key)).collect();
    let mut uncovered: BTreeMap<String, (String, usize)> = BTreeMap::new();
    for (_, file) in audit.look.disk.walked() {
        let key = file.path.key();
        let is_signed = audit.signed.contains_key(&key);
        counts.total += 1;
        counts.bytes += file.size;
        counts.listed += usize::from(file.is_listed);
        counts.signed += usize::from(is_signed);
        let role = audit.options.refresh.customer_files.role(&file.path);
        if is_customers(audit, &components, &file.path) {
            counts.customer += 1;
            counts.tools += usize::from(audit.options.refresh.customer_files.is_tools(&file.path));
            continue;
        }
        if role == Role::Catalog {
            counts.catalogs += 1;
            continue;
        }
        let path = file.path.as_str();
        if !file.is_listed {
            doubtful.push(match is_temporary(file.path.file_name()) {
                true => (
                    rules::TEMPORARY,
                    path.to_owned(),
                    text!("no catalog lists it, and its name is that of a temporary file"),
                ),
                false => (rules::UNLISTED_FILE, path.to_owned(), text!("no catalog lists it: endpoints do not get it")),
            });
        }
        if has_manifest && !is_signed {
            counts.candidates += 1;
            candidates.push(file.path.clone());
            if !covered.contains(first_part(&key)) {
                let folder = file.path.as_str()[..first_part(&key).len()].to_owned();
                uncovered.entry(first_part(&key).to_owned()).or_insert((folder, 0)).1 += 1;
            } else if file.is_listed {
                doubtful.push((
                    rules::UNSIGNED_FILE,
                    path.to_owned(),
                    text!("catalogs list it, and no manifest does: endpoints get it, and nothing proves its origin"),
                ));
            }
        }
    }
    for (rule, path, what) in doubtful {
        audit.findings.add(rule, Some(&path), what);
    }
    let manifests = audit.look.cid.manifests().iter().filter_map(CidPath::folder);
    let with_manifest: HashSet<String> = manifests.map(|folder| folder.key()).collect();
    for (key, (folder, files)) in uncovered {
        let path = if folder.is_empty() { "\\" } else { &folder };
        let is_absent = components.contains(&key) && !with_manifest.is_empty() && !with_manifest.contains(&key);
        let rule = if is_absent { rules::MANIFEST_ABSENT } else { rules::NOT_COVERED };
        let files = crate::base::text::count(files, "file", "files");
        audit.findings.add(rule, Some(path), text!("{files} in it, none of them in a manifest", files));
    }
    (counts, candidates)
}

/// Of a key, the folder directly in the root; empty for a file in the root itself.
fn first_part(key: &str) -> &str {
    key[1..].find('\\').map_or("", |end| &key[..=end])
}
