//! Manifests against the disk, and what they know of files that catalogs list.

use super::baseline::{SeenManifest, SignerState};
use super::model::ManifestState;
use super::trust::Verdict;
use super::{Audit, rules, trust};
use crate::catalog::{CidPath, Role};
use crate::catalogs::look::{Standing, Sums, located};
use crate::cid::digest::{Digests, Wanted};
use crate::manifest::{self, Manifest, ManifestEntry};
use crate::signing::{CertificateReport, Place};

/// An entry of a manifest: the numbers of both.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed {
    pub manifest: u32,
    pub entry: u32,
}

/// A manifest that files are held against.
pub(super) struct Against {
    path: CidPath,
    /// What its paths are relative to; `None` is the CID's root.
    folder: Option<CidPath>,
    /// Where none of its files may stand as well.
    other: Option<Option<CidPath>>,
    /// `None` where it cannot be read.
    manifest: Option<Manifest>,
    /// Entries whose files are there with the listed size, with the numbers of these files.
    there: Vec<(u32, u32)>,
    state: &'static str,
    signature: String,
    signer: Option<SignerState>,
    chain: Vec<CertificateReport>,
}

impl Against {
    pub(super) fn into_state(self) -> ManifestState {
        ManifestState {
            manifest: self.path,
            entries: self.manifest.map_or(0, |manifest| manifest.len()),
            folder: self.folder.map_or_else(|| "\\".to_owned(), |folder| folder.to_string()),
            state: self.state,
            signature: self.signature,
            signer: self.signer,
            chain: self.chain,
        }
    }

    /// For a baseline.
    pub(super) fn seen(&self) -> (String, SeenManifest) {
        let seen = SeenManifest {
            state: self.state.to_owned(),
            entries: self.manifest.as_ref().map_or(0, Manifest::len),
            signer: self.signer.clone(),
            earlier: Vec::new(),
        };
        (self.path.to_string(), seen)
    }

    fn entry(&self, number: u32) -> ManifestEntry<'_> {
        self.manifest.as_ref().expect("only a manifest that was read has entries").entry(number as usize)
    }

    /// The manifest's path, and the size that it lists.
    pub(super) fn size_of(&self, entry: u32) -> (&CidPath, u64) {
        (&self.path, self.entry(entry).size)
    }
}

/// Reads the manifests, and finds out what they can be trusted for.
pub(super) fn load(audit: &mut Audit<'_>) {
    let cid = audit.look.cid;
    for path in cid.manifests() {
        let Some(bytes) = audit.look.hold(path, manifest::MAX_SIZE) else { continue };
        let mut against = Against {
            path: path.clone(),
            folder: path.folder(),
            other: None,
            manifest: None,
            there: Vec::new(),
            state: "unreadable",
            signature: String::new(),
            signer: None,
            chain: Vec::new(),
        };
        match Manifest::parse(bytes.to_vec()) {
            Ok(manifest) => {
                let Place { folder, other } = Place::of(path, &manifest);
                (against.folder, against.other) = (folder, other);
                let Verdict { rule, state, what, signer, chain } = trust::judge(&manifest, &audit.options.signatures);
                (against.signer, against.chain) = (signer, chain);
                if let Some(rule) = rule {
                    let finding = audit.findings.add(rule, Some(path.as_str()), what.as_str());
                    finding.manifest = Some(path.clone());
                }
                (against.state, against.signature) = (state, what);
                if manifest.is_empty() {
                    let finding =
                        audit.findings.add(rules::MANIFEST_EMPTY, Some(path.as_str()), text!("it lists no file"));
                    finding.manifest = Some(path.clone());
                }
                let number = u32::try_from(audit.manifests.len()).expect("there are few manifests");
                for (index, entry) in (0..).zip(manifest.entries()) {
                    let key = entry.path.to_cid_path().under(against.folder.as_ref()).key();
                    audit.signed.entry(key).or_default().push(Listed { manifest: number, entry: index });
                }
                against.manifest = Some(manifest);
            }
            Err(error) => {
                against.signature = located(&error);
                audit.findings.add(rules::MANIFEST_UNREADABLE, Some(path.as_str()), located(&error)).manifest =
                    Some(path.clone());
            }
        }
        audit.manifests.push(against);
    }
    if cid.manifests().is_empty() {
        audit.findings.add(
            rules::MANIFEST_NONE,
            None,
            text!("there is no manifest in the root or in a folder directly in it"),
        );
    }
}

/// Looks up every entry.
pub(super) fn look_up(audit: &mut Audit<'_>) {
    let Audit { look, options, findings, manifests, signed, .. } = audit;
    let (cid, disk) = (look.cid, &mut look.disk);
    for Against { path: name, folder, other, manifest, there, .. } in manifests {
        let Some(manifest) = manifest else { continue };
        for (index, entry) in (0u32..).zip(manifest.entries()) {
            let path = entry.path.to_cid_path().under(folder.as_ref());
            if options.refresh.customer_files.role(&path) != Role::Vendor {
                let what = text!("customers, or a refresh, may change it: the manifest is broken then");
                findings.add(rules::MANIFEST_LISTS_CUSTOMER, Some(path.as_str()), what).manifest = Some(name.clone());
            }
            // One that a manifest lists there is another file, and is looked at by itself.
            let elsewhere = other.as_ref().map(|other| entry.path.to_cid_path().under(other.as_ref()));
            if let Some(elsewhere) = elsewhere.filter(|path| disk.has(&path.key()) && !signed.contains_key(&path.key()))
            {
                let what = text!("the manifest lists {path}, and a file of this name stands here, too", path);
                findings.add(rules::MANIFEST_TWO_PLACES, Some(elsewhere.as_str()), what).manifest = Some(name.clone());
            }
            let (rule, what) = match disk.find(cid, &path, &path.key()) {
                Standing::File(number) => {
                    let file = &disk.files[number as usize];
                    if !file.is_walked {
                        (rules::MANIFEST_NOT_A_FILE, text!("it is in the manifest, and behind a link").to_owned())
                    } else if file.size == entry.size {
                        there.push((index, number));
                        continue;
                    } else {
                        let what = text!("it has {} bytes, and {} are in the manifest", file.size, entry.size);
                        (rules::MANIFEST_SIZE, what)
                    }
                }
                Standing::Absent => (rules::MANIFEST_MISSING, text!("it is in the manifest and not there").to_owned()),
                Standing::NotAFile => {
                    (rules::MANIFEST_NOT_A_FILE, text!("it is in the manifest and no file").to_owned())
                }
                Standing::LeadsOut(error) => (rules::MANIFEST_NOT_A_FILE, error.what().to_owned()),
                Standing::Unreadable(error) => (rules::UNREADABLE, error.what().to_owned()),
                Standing::Twins(_) => continue,
            };
            findings.add(rule, Some(path.as_str()), what).manifest = Some(name.clone());
        }
    }
}

/// The files that are to be read for the manifests.
pub(super) fn to_read(audit: &Audit<'_>) -> Vec<u32> {
    audit.manifests.iter().flat_map(|against| &against.there).map(|(_, number)| *number).collect()
}

/// The digests by which a file is told: each that one of these entries has.
pub(super) fn wanted(manifests: &[Against], listed: &[Listed]) -> Wanted<'static> {
    let mut wanted = Wanted::default();
    for listed in listed {
        let entry = manifests[listed.manifest as usize].entry(listed.entry);
        wanted.sha1 = true;
        wanted.sha256 |= entry.sha256.is_some();
        wanted.sha384 |= entry.sha384.is_some();
    }
    wanted
}

/// The manifest, and whether a file that was read is what this entry says.
pub(super) fn is_right<'m>(manifests: &'m [Against], listed: &Listed, sums: &Sums) -> (&'m CidPath, bool) {
    let against = &manifests[listed.manifest as usize];
    let entry = against.entry(listed.entry);
    (&against.path, sums.size == entry.size && differing(&entry, sums).is_empty())
}

/// The names of the digests in which a file that was read is not what the entry says.
fn differing(entry: &ManifestEntry<'_>, sums: &Sums) -> Vec<&'static str> {
    let none = Digests::default();
    let digests = sums.digests().unwrap_or(&none);
    let mut names = Vec::new();
    if digests.sha1 != Some(entry.sha1) {
        names.push("SHA-1");
    }
    if entry.sha256.is_some() && digests.sha256 != entry.sha256 {
        names.push("SHA-256");
    }
    if entry.sha384.is_some() && digests.sha384 != entry.sha384 {
        names.push("SHA-384");
    }
    names
}

/// Compares what was read with what the manifests list.
pub(super) fn judge(audit: &mut Audit<'_>) {
    let Audit { look, manifests, findings, .. } = audit;
    for against in &*manifests {
        for &(index, number) in &against.there {
            let Some(sums) = look.sums(number) else { continue };
            let differing = differing(&against.entry(index), sums);
            if !differing.is_empty() {
                let what = match differing.as_slice() {
                    [one] => text!("its {one} is not what the manifest lists", one),
                    all => text!("its {all} are not what the manifest lists", all = all.join(text!(" and "))),
                };
                let path = look.disk.files[number as usize].path.as_str();
                findings.add(rules::MANIFEST_DIGEST, Some(path), what).manifest = Some(against.path.clone());
            }
        }
    }
}

/// What is known of single files, for whoever asks what explains a change.
impl Audit<'_> {
    /// A manifest with a good signature that lists the file as it is.
    pub(super) fn vouched_for(&self, path: &CidPath) -> Option<&CidPath> {
        let key = path.key();
        let mut listed = self.signed.get(&key)?.iter();
        let listed = listed.find(|listed| self.manifests[listed.manifest as usize].state == "good")?;
        let sums = self.look.sums(self.look.disk.number(&key)?)?;
        let (manifest, is_right) = is_right(&self.manifests, listed, sums);
        is_right.then_some(manifest)
    }

    /// Whether it is a manifest with a good signature.
    pub(super) fn is_good_manifest(&self, path: &CidPath) -> bool {
        self.manifests.iter().any(|against| against.state == "good" && against.path.key() == path.key())
    }

    /// A manifest with a good signature that lists other files of the same folder at the top, or of the root, and not this one.
    pub(super) fn good_manifest_of(&self, path: &CidPath) -> Option<&CidPath> {
        let key = path.key();
        let top = |key: &str| key[1..].find('\\').map(|end| key[..=end].to_owned());
        let is_listed = |against: &&Against| {
            let listed = self.signed.iter().filter(|(other, _)| top(other) == top(&key));
            let mut listed = listed.flat_map(|(_, listed)| listed);
            listed.any(|listed| std::ptr::eq(&self.manifests[listed.manifest as usize], *against))
        };
        let good = self.manifests.iter().filter(|against| against.state == "good");
        good.filter(|_| !self.signed.contains_key(&key)).find(is_listed).map(|against| &against.path)
    }
}
