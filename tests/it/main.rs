//! The integration tests, as one program: each program more would link the whole crate once more, on each system.
//!
//! `cargo nextest run --features faults,capi -E 'test(/^relay::/)'` runs those of one file; docs/testing.md says more.

mod about;
mod architecture;
mod audit;
mod bad_catalog;
mod bad_disk;
mod bad_mrinit;
mod bad_tree;
mod baseline;
#[cfg(feature = "faults")]
mod calls;
mod cases;
mod change_page;
mod checksum;
mod citations;
mod client_set;
mod clone;
#[cfg(feature = "faults")]
mod corpus;
mod create;
mod docs;
#[cfg(unix)]
mod ended;
mod endpoints;
mod envelopes;
mod examples;
mod explain;
mod fleet;
mod foreign;
mod forgeries;
mod german;
#[cfg(not(windows))]
mod header;
mod hints;
mod hostile;
mod in_place;
mod installers;
mod looked;
mod manifest;
mod manifest_signatures;
mod messenger;
mod messenger_reports;
mod messenger_wine;
#[cfg(feature = "faults")]
mod model;
mod monitoring;
mod mrinit;
mod output;
mod power_shell;
mod probe;
mod program;
mod program_wine;
mod properties;
mod prune;
mod public;
mod refresh;
mod registry;
mod registry_wine;
mod relay;
mod relay_check;
mod relay_found;
mod release;
#[cfg(feature = "faults")]
mod reliability;
mod report;
mod secrets;
mod services;
#[cfg(unix)]
mod setup;
#[cfg(target_os = "linux")]
mod share;
mod signed_files;
mod slips;
mod snapshots;
mod support;
mod sync;
mod testdata;
mod unset;
mod verify;
mod web;
mod windows;
mod wrappers;

use std::fs;
use std::path::Path;

/// A file that no module names is compiled by nobody, and its tests pass in silence.
#[test]
fn no_file_of_tests_is_forgotten() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let programs: Vec<_> = entries(&tests).into_iter().filter(|name| is_program(&tests.join(name))).collect();
    // It counts all that its process has in use, which other tests would add to.
    assert_eq!(programs, ["it", "memory.rs"], "what is in tests/ is a module of tests/it, or says there why it is not");
    forgets_none(&tests.join("it"), "main.rs");
}

/// Whether cargo makes a program of it.
fn is_program(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs") || path.join("main.rs").is_file()
}

fn forgets_none(folder: &Path, top: &str) {
    let named = fs::read_to_string(folder.join(top)).unwrap();
    for name in entries(folder) {
        let path = folder.join(&name);
        let module = if path.join("mod.rs").is_file() {
            forgets_none(&path, "mod.rs");
            &*name
        } else {
            match name.strip_suffix(".rs") {
                Some(module) if name != top => module,
                _ => continue,
            }
        };
        let is_named = |line: &str| line.strip_suffix(';').is_some_and(|line| line.ends_with(&format!("mod {module}")));
        assert!(named.lines().any(is_named), "{} is named by no `mod` in {top} beside it", path.display());
    }
}

/// A filter that fits no test runs none, and passes.
#[test]
fn what_scripts_and_documents_run_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![root.join("README.md"), root.join(".ci/run")];
    for folder in ["docs", "scripts"] {
        files.extend(entries(&root.join(folder)).iter().map(|name| root.join(folder).join(name)));
    }
    let mut seen = 0;
    for path in files.iter().filter(|path| path.is_file()) {
        // Pictures run nothing.
        let Ok(text) = String::from_utf8(fs::read(path).unwrap()) else { continue };
        for (_, rest) in
            text.match_indices("--test ").chain(text.match_indices("--test\n")).map(|at| text.split_at(at.0))
        {
            let mut words = rest.split_whitespace().skip(1);
            assert_eq!(words.next(), Some("it"), "{}: no program of tests has that name", path.display());
            let modules =
                words.map(|word| word.trim_start_matches('"')).take_while(|word| *word == "--" || word.contains("::"));
            for module in modules.filter_map(|word| word.split_once("::")).map(|(module, _)| module) {
                let is_there =
                    root.join("tests/it").join(module).is_dir() || root.join(format!("tests/it/{module}.rs")).is_file();
                assert!(is_there, "{}: tests/it has no {module}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 5, "{seen}");
}

/// The names in a folder.
fn entries(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}
