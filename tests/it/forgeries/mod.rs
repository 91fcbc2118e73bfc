//! Forged manifests, trees, chains, roots and revocation lists, one row each: what is forged, what the answer must be, and
//! what `openssl verify` says of the chain, where there is one that it understands. The answer is `whole`, the reason of a
//! fault (exit code 3), or `refused` (exit code 1: no verdict).

#![cfg(unix)]

mod chains;
mod hierarchy;
mod texts;
mod trees;

use std::fs;
use std::process::Command;

use crate::support::TestEnv;
use crate::support::pki::{Pki, VALID, entry};

/// What the usual manifest lists.
const FILES: &[(&str, &[u8])] = &[("setup.exe", b"MZ setup"), ("rms/router.exe", b"MZ router")];

fn body() -> String {
    FILES.iter().map(|(path, content)| entry(&format!(".\\{}", path.replace('/', "\\")), content)).collect()
}

/// A folder `P` of the usual files and this manifest.
fn folder(env: &TestEnv, manifest: &str) {
    FILES.iter().for_each(|(path, content)| env.write(&format!("P/{path}"), content));
    env.write("P/manifest.dat", manifest);
}

/// Arguments with `{NAME}` for a file of the hierarchy. Without a time of its own it is that at which all are valid.
fn arguments(pki: &Pki, line: &str) -> Vec<String> {
    let path = |word: &str| match word.strip_prefix('{').and_then(|word| word.strip_suffix('}')) {
        Some(name) => pki.text_path(name),
        None => word.to_owned(),
    };
    let mut words: Vec<String> = line.split_whitespace().map(path).collect();
    if !words.iter().any(|word| word == "--at") {
        words.extend(["--at".to_owned(), VALID.to_owned()]);
    }
    words
}

/// The answer of `manifest verify` in one word.
fn answer(env: &TestEnv, words: &[String]) -> (String, serde_json::Value) {
    let output = env.run_args(
        ["manifest", "verify"]
            .iter()
            .map(|word| (*word).to_owned())
            .chain(words.iter().cloned())
            .chain(["--json".to_owned()]),
    );
    let json = output.json();
    let answer = match output.code {
        0 => {
            assert_eq!(json["verdict"], "whole", "{output}");
            "whole".to_owned()
        }
        1 => "refused".to_owned(),
        3 => json["reason"].as_str().unwrap_or_else(|| panic!("{output}")).to_owned(),
        _ => panic!("{output}"),
    };
    (answer, json)
}

/// Whether `openssl verify` accepts the chain.
fn openssl_accepts(pki: &Pki, chain: &[&str], roots: &[&str], at: &str, list: Option<&str>) -> bool {
    let pem = |name: &str| fs::read_to_string(pki.path(name)).unwrap();
    let work = tempfile::tempdir().unwrap();
    let file = |name: &str, names: Vec<String>| {
        let path = work.path().join(name);
        fs::write(&path, names.iter().map(|name| pem(name)).collect::<String>()).unwrap();
        path
    };
    let seconds = configcid::time::parse(at).unwrap().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let mut command = Command::new("openssl");
    command.args(["verify", "-partial_chain", "-attime", &seconds.to_string(), "-no-CApath", "-no-CAstore", "-CAfile"]);
    command.arg(file("roots", roots.iter().map(|name| (*name).to_owned()).collect()));
    if chain.len() > 1 {
        let others = chain[1..].iter().map(|name| format!("{name}.pem")).collect();
        command.arg("-untrusted").arg(file("others", others));
    }
    if let Some(list) = list {
        command.args(["-crl_check_all", "-CRLfile", &pki.text_path(list)]);
    }
    command.arg(pki.path(&format!("{}.pem", chain[0]))).output().unwrap().status.success()
}

#[test]
fn every_forgery_gets_its_answer() {
    // One test, since the hierarchy is made once for all.
    let Some(pki) = hierarchy::make() else { return };
    let tables: [fn(&Pki) -> Vec<String>; 3] = [chains::differing, texts::differing, trees::differing];
    let differing: Vec<String> = std::thread::scope(|scope| {
        let workers = tables.map(|table| {
            let pki = &pki;
            scope.spawn(move || table(pki))
        });
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    assert!(differing.is_empty(), "{} rows differ:\n{}", differing.len(), differing.join("\n"));
}

#[test]
fn there_are_enough_and_each_has_a_name() {
    let chains = chains::CHAINS.iter().map(|row| row.0);
    let names: Vec<&str> =
        chains.chain(texts::TEXTS.iter().map(|row| row.0)).chain(trees::TREES.iter().map(|row| row.0)).collect();
    let unique: std::collections::HashSet<&str> = names.iter().copied().collect();
    assert_eq!(names.len(), unique.len());
    assert!(names.len() >= 120, "{}", names.len());
}
