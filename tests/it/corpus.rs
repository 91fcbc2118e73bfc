//! Replays the fuzzing corpora (`fuzz/corpus`) with the ordinary toolchain: seeds, and every input that ever broke a
//! promise.

#[path = "../../fuzz/properties.rs"]
mod properties;

use std::fs;
use std::path::{Path, PathBuf};

use properties::Property;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")
}

/// The inputs of a target, in the order of their names.
fn inputs(target: &str) -> Vec<PathBuf> {
    let folder = corpus().join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files.sort();
    files
}

fn replay(target: &str) {
    let property: Property = properties::ALL.iter().find(|(name, _)| *name == target).expect("it is in the table").1;
    property(b"");
    for file in inputs(target) {
        // The test's output names the input that failed: it is the last one.
        println!("{}", file.display());
        property(&fs::read(&file).unwrap());
    }
}

macro_rules! replay {
    ($($target:ident)*) => {
        $(#[test] fn $target() { replay(stringify!($target)) })*
        const REPLAYED: &[&str] = &[$(stringify!($target)),*];
    };
}

replay! { address baseline catalog certificate command endpoint firewall fleet ior journal log manifest messages messenger mrinit path reg spec }

#[test]
fn every_target_is_replayed() {
    let mut folders: Vec<String> =
        fs::read_dir(corpus()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    folders.sort();
    assert_eq!(folders, REPLAYED);
    let mut targets: Vec<String> = fs::read_dir(corpus().with_file_name("fuzz_targets"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    targets.sort();
    assert_eq!(targets, REPLAYED);
    assert_eq!(properties::ALL.iter().map(|(name, _)| *name).collect::<Vec<_>>(), REPLAYED);
}
