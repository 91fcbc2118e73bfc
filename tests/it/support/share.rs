//! A folder behind a file system that counts requests, as the server of a share would, and can record what it was told to
//! change (examples/latency_fs.rs). It needs FUSE; where that is not to be had, this is said.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use super::example;

/// A folder with CIDs in it, mounted.
pub(crate) struct Share {
    process: Child,
    answers: BufReader<ChildStdout>,
    pub mount: PathBuf,
    /// What is mounted.
    pub real: PathBuf,
    _scratch: tempfile::TempDir,
}

impl Share {
    /// With what `make` makes in it; `None` where this machine cannot mount.
    pub(crate) fn new(options: &[&str], make: impl Fn(&Path)) -> Option<Self> {
        Self::in_folder(tempfile::tempdir().unwrap(), options, make)
    }

    /// As [`new`](Share::new), all of it in a folder that goes with it.
    pub(crate) fn in_folder(scratch: tempfile::TempDir, options: &[&str], make: impl Fn(&Path)) -> Option<Self> {
        let (real, mount) = (scratch.path().join("real"), scratch.path().join("mount"));
        std::fs::create_dir(&real).unwrap();
        std::fs::create_dir(&mount).unwrap();
        make(&real);
        let mut command = Command::new(example("latency_fs"));
        command.arg(&real).arg(&mount).args(["--delay", "0", "--hold", "3600"]).args(options);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut answers = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        if line == "ready\n" {
            return Some(Self { process, answers, mount, real, _scratch: scratch });
        }
        let why = std::io::read_to_string(process.stderr.take().unwrap()).unwrap();
        process.wait().unwrap();
        println!("NOT TESTED: this machine mounts nothing: {why}");
        let is_expected = std::env::var_os("CI").is_none_or(|ci| ci != "true") || !Path::new("/dev/fuse").exists();
        assert!(is_expected, "{why}");
        None
    }

    pub(crate) fn order(&mut self, order: &str) {
        writeln!(self.process.stdin.as_mut().unwrap(), "{order}").unwrap();
    }

    /// The requests since the last time, and of which kinds.
    pub(crate) fn requests(&mut self) -> (u64, String) {
        self.order("count");
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let count = line.split(' ').next().unwrap().parse().unwrap();
        (count, line)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        // The end of its input unmounts it.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
