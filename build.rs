//! What `--version` says beyond the version: the commit, where there is one, and the target. No date, no host: the same
//! source makes the same program.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    let version = env::var("CARGO_PKG_VERSION").expect("cargo sets it");
    let target = env::var("TARGET").expect("cargo sets it");
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    println!("cargo::rerun-if-changed=build.rs");
    let commit = commit(Path::new(&root)).map_or_else(String::new, |commit| format!("{commit}, "));
    println!("cargo::rustc-env=CONFIGCID_LONG_VERSION={version} ({commit}{target})");
    // Tests start the program tens of thousands of times. At an address of its own nothing in it has to be adapted to where it
    // lies, which was a third of what each start cost. What is shipped lies wherever the system likes.
    if env::var_os("CARGO_FEATURE_FAULTS").is_some() && env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}

/// The commit of a checkout; `None` for a crate from a registry, or without git.
fn commit(root: &Path) -> Option<String> {
    // A checkout around an unpacked crate is another project's.
    if !root.join(".git").exists() {
        return None;
    }
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        command.current_dir(root).args(args).env_remove("GIT_DIR").env_remove("GIT_WORK_TREE");
        let output = command.output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
    };
    let inside = |name: &str| Some(root.join(git(&["rev-parse", "--git-path", name])?)).filter(|path| path.exists());
    // The log of HEAD grows with every commit and checkout. Where none is kept, any branch may be the one.
    let log = inside("logs/HEAD").map(|log| vec![log]);
    let watched = log.unwrap_or_else(|| ["HEAD", "packed-refs", "refs/heads"].into_iter().filter_map(inside).collect());
    watched.iter().for_each(|path| println!("cargo::rerun-if-changed={}", path.display()));
    git(&["rev-parse", "HEAD"])?.get(..7).map(str::to_owned)
}
