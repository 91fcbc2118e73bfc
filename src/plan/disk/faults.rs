//! Faults on demand, in test builds alone (feature `faults`). `CONFIGCID_FAULT` is `N:KIND`: at step N, `before` and
//! `after` kill the process without any clean-up; `eio`, `enospc` and `eacces` let the call fail without being made;
//! `count` lets everything pass and writes the number of steps to the file named by `CONFIGCID_FAULT_COUNT`.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

static STEPS: AtomicU64 = AtomicU64::new(0);

/// Makes the call, or does what is demanded at this step.
pub(super) fn around<T>(doing: &str, path: &Path, call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let number = STEPS.fetch_add(1, Ordering::SeqCst) + 1;
    let Some((at, kind)) = demanded() else { return call() };
    if kind == "count" {
        let list = std::env::var_os("CONFIGCID_FAULT_COUNT").expect("CONFIGCID_FAULT_COUNT names a file");
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        append(Path::new(&list), &format!("{number} {doing}: {name}\n"));
    }
    if at != number {
        return call();
    }
    match kind.as_str() {
        "before" => std::process::abort(),
        "after" => {
            let _ = call();
            std::process::abort()
        }
        "eio" => Err(io::Error::from_raw_os_error(5)),
        "enospc" => Err(io::Error::from_raw_os_error(28)),
        "eacces" => Err(io::Error::from_raw_os_error(13)),
        _ => call(),
    }
}

fn demanded() -> Option<(u64, String)> {
    let value = std::env::var("CONFIGCID_FAULT").ok()?;
    let (number, kind) = value.split_once(':').expect("CONFIGCID_FAULT is N:KIND");
    Some((number.parse().expect("CONFIGCID_FAULT is N:KIND"), kind.to_owned()))
}

fn append(path: &Path, line: &str) {
    use std::io::Write;
    let mut file = std::fs::File::options().append(true).create(true).open(path).expect("the list can be written");
    file.write_all(line.as_bytes()).expect("the list can be written");
}
