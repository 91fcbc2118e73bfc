//! Faults on demand, in test builds alone (feature `faults`). `CONFIGCID_FAULT` is `N:KIND`, or several of them with
//! commas between: at step N, `before` and `after` kill the process without any clean-up; `eio`, `enospc` and `eacces`
//! let the call fail without being made, and with `N+` every call from step N on; `stop` halts the process before the
//! call until it is told to continue; `count` lets everything pass and writes the steps to the file named by
//! `CONFIGCID_FAULT_COUNT`.

use std::io;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

static STEPS: AtomicU64 = AtomicU64::new(0);

struct Fault {
    at: u64,
    /// And at every later step.
    onward: bool,
    kind: String,
}

/// Makes the call, or does what is demanded at this step.
pub(super) fn around<T>(doing: &str, path: &Path, call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let number = STEPS.fetch_add(1, Ordering::SeqCst) + 1;
    if demanded().iter().any(|fault| fault.kind == "count") {
        let list = std::env::var_os("CONFIGCID_FAULT_COUNT").expect("CONFIGCID_FAULT_COUNT names a file");
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        append(Path::new(&list), &format!("{number} {doing}: {name}\n"));
    }
    let now = |fault: &&Fault| fault.at == number || (fault.onward && fault.at < number);
    match demanded().iter().find(now).map(|fault| fault.kind.as_str()) {
        Some("before") => std::process::abort(),
        Some("after") => {
            let _ = call();
            std::process::abort()
        }
        Some("eio") => Err(io::Error::from_raw_os_error(5)),
        Some("enospc") => Err(io::Error::from_raw_os_error(28)),
        Some("eacces") => Err(io::Error::from_raw_os_error(13)),
        #[cfg(unix)]
        Some("stop") => {
            use rustix::process::{Signal, getpid, kill_process};
            kill_process(getpid(), Signal::STOP)?;
            call()
        }
        _ => call(),
    }
}

fn demanded() -> &'static [Fault] {
    static DEMANDED: OnceLock<Vec<Fault>> = OnceLock::new();
    DEMANDED.get_or_init(|| {
        let value = std::env::var("CONFIGCID_FAULT").unwrap_or_default();
        value.split(',').filter(|fault| !fault.is_empty()).map(parse).collect()
    })
}

fn parse(fault: &str) -> Fault {
    const RULE: &str = "CONFIGCID_FAULT is N:KIND, or N+:KIND";
    let (number, kind) = fault.split_once(':').expect(RULE);
    let at = number.trim_end_matches('+').parse().expect(RULE);
    Fault { at, onward: number.ends_with('+'), kind: kind.to_owned() }
}

fn append(path: &Path, line: &str) {
    use std::io::Write;
    let mut file = std::fs::File::options().append(true).create(true).open(path).expect("the list can be written");
    file.write_all(line.as_bytes()).expect("the list can be written");
}
