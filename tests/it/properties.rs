//! Refresh on CIDs of any shape, with anything done to the customer's files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::layout::{CUSTOMER_FILES, Catalog, Entry, crc32, is_catalog, is_customer_file};
use crate::support::{TestEnv, check_cid, snapshot_tree};
use configcid::catalog::checksum;
use configcid::{Cid, CreateOptions, DemoCid, LineEnding, RefreshOptions, Scope, create, refresh, verify};
use proptest::collection::vec;
use proptest::prelude::*;

fn demo([lf, upper_case, rms9x, component_catalogs]: [bool; 4]) -> DemoCid {
    let line_ending = if lf { LineEnding::Lf } else { LineEnding::CrLf };
    DemoCid { line_ending, upper_case, rms9x, component_catalogs, ..DemoCid::default() }
}

/// A folder, a name, and a content, or none where the file is to go.
type Edit = (usize, usize, Option<Vec<u8>>);

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let content = prop_oneof![1 => Just(None), 3 => vec(any::<u8>(), 0..300).prop_map(Some)];
    vec((0usize..5, 0..CUSTOMER_FILES.len(), content), 0..12)
}

/// The file `name` in `folder`, in the case found.
fn place(folder: &Path, name: &str) -> PathBuf {
    let found = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let same = |found: &std::ffi::OsString| found.to_string_lossy().eq_ignore_ascii_case(name);
    folder.join(found.filter(same).min().unwrap_or(name.into()))
}

fn edit(cid: &Path, edits: &[Edit]) {
    for (folder, name, content) in edits {
        let folder = match ["", "rms", "rms9x", "sau", "savxp"][*folder] {
            "" => cid.to_owned(),
            component => place(cid, component),
        };
        if !folder.is_dir() {
            continue;
        }
        let file = place(&folder, CUSTOMER_FILES[*name]);
        match content {
            Some(content) => fs::write(file, content).unwrap(),
            None => drop(fs::remove_file(file)),
        }
    }
}

/// All catalogs by their paths.
fn catalogs(cid: &Path) -> BTreeMap<PathBuf, Catalog> {
    let files =
        snapshot_tree(cid).into_keys().filter(|path| is_catalog(&format!("\\{}", path.display()).replace('/', "\\")));
    files.map(|path| (path.clone(), Catalog::read(&fs::read(cid.join(path)).unwrap()))).collect()
}

fn is_vendors(catalog: &Path, entry: &Entry) -> bool {
    let folder = catalog.parent().unwrap().to_str().unwrap();
    let prefix = if folder.is_empty() { String::new() } else { format!("\\{folder}") };
    !is_customer_file(&format!("{prefix}{}", entry.name())) && !is_catalog(&entry.name())
}

proptest! {
    // What runs under Wine takes many times as long, and does the same.
    #![proptest_config(ProptestConfig::with_cases(if cfg!(windows) { 16 } else { 64 }))]

    #[test]
    fn refresh_brings_everything_in_line(
        shape in any::<[bool; 4]>(),
        vendor in vec(("[a-z]{1,8}\\.dll", vec(any::<u8>(), 0..200)), 0..6),
        reversed in any::<bool>(),
        gap in vec(any::<u8>(), 0..9),
        tail in vec(any::<u8>(), 0..9),
        edits in edits(),
    ) {
        let env = TestEnv::with(demo(shape));
        let cid = env.path("MRESXP");
        for (name, content) in &vendor {
            fs::write(place(&place(&cid, "savxp"), name), content).unwrap();
        }
        let mut options = CreateOptions::new(checksum::known("crc32").unwrap());
        options.replace = true;
        create(&Cid::open(&cid).unwrap(), &options).unwrap().apply().unwrap();
        // The root's catalog: no other lists it, so that it may be changed at will.
        let root = place(&cid, "cidsync.upd");
        let mut catalog = Catalog::read(&fs::read(&root).unwrap());
        if reversed {
            catalog.entries.reverse();
        }
        catalog.head.extend(&gap);
        catalog.head[80] += gap.len() as u8;
        catalog.tail.extend(&tail);
        catalog.seal(crc32);
        fs::write(&root, catalog.print()).unwrap();

        edit(&cid, &edits);
        let before = catalogs(&cid);
        let tree = snapshot_tree(&cid);
        let plan = refresh(&Cid::open(&cid).unwrap(), &RefreshOptions::default()).unwrap();
        prop_assert_eq!(&snapshot_tree(&cid), &tree, "planning changes nothing");
        plan.apply().unwrap();

        check_cid(&cid, crc32);
        prop_assert!(refresh(&Cid::open(&cid).unwrap(), &RefreshOptions::default()).unwrap().is_empty());
        let report = verify(&Cid::open(&cid).unwrap(), &RefreshOptions::default(), Scope::Everything).unwrap();
        prop_assert_eq!(report.faults, []);

        let after = catalogs(&cid);
        for (path, node) in snapshot_tree(&cid) {
            prop_assert!(before.contains_key(&path) || tree.get(&path) == Some(&node), "{} changed", path.display());
        }
        for (path, before) in &before {
            let after = &after[path];
            prop_assert_eq!((&before.head, &before.tail), (&after.head, &after.tail));
            let vendors = |catalog: &Catalog| {
                let entries = catalog.entries.iter().filter(|entry| is_vendors(path, entry));
                entries.map(|entry| (entry.path.clone(), entry.size, entry.checksum)).collect::<Vec<_>>()
            };
            prop_assert_eq!(vendors(before), vendors(after));
            let names = |catalog: &Catalog| catalog.entries.iter().map(|entry| entry.path.clone()).collect::<Vec<_>>();
            let (old, new) = (names(before), names(after));
            let kept: Vec<_> = old.iter().filter(|name| new.contains(name)).collect();
            prop_assert_eq!(kept, new.iter().take_while(|name| old.contains(name)).collect::<Vec<_>>(), "order");
            prop_assert!(new.iter().skip_while(|name| old.contains(name)).all(|name| !old.contains(name)), "new ones last");
        }
    }

    #[test]
    fn a_broken_catalog_is_refused_or_comes_out_whole(patches in vec((0usize..700, any::<u8>()), 1..4)) {
        let env = TestEnv::demo();
        let cid = env.path("MRESXP");
        env.edit("MRESXP/cidsync.upd", |mut bytes| {
            for (at, byte) in &patches {
                let length = bytes.len();
                bytes[at % length] = *byte;
            }
            bytes
        });
        env.write("MRESXP/stamp", "new");
        let tree = env.snapshot();
        match refresh(&Cid::open(&cid).unwrap(), &RefreshOptions::default()) {
            Err(_) => prop_assert_eq!(env.snapshot(), tree),
            Ok(plan) => {
                plan.apply().unwrap();
                check_cid(&cid, crc32);
            }
        }
    }
}
