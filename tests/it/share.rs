//! CIDs behind a file system that counts requests, as the server of a share would (examples/latency_fs.rs). It needs FUSE;
//! where that is not to be had, this is said.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use configcid::DemoCid;

use crate::support::example;

/// A folder with CIDs in it, mounted.
struct Share {
    process: Child,
    answers: BufReader<ChildStdout>,
    mount: PathBuf,
    _scratch: tempfile::TempDir,
}

impl Share {
    /// With one CID that `make` makes; `None` where this machine cannot mount.
    fn new(options: &[&str], make: impl Fn(&Path)) -> Option<Self> {
        let scratch = tempfile::tempdir().unwrap();
        let (real, mount) = (scratch.path().join("real"), scratch.path().join("mount"));
        std::fs::create_dir(&real).unwrap();
        std::fs::create_dir(&mount).unwrap();
        make(&real.join("CID"));
        let mut command = Command::new(example("latency_fs"));
        command.arg(&real).arg(&mount).args(["--delay", "0", "--hold", "3600"]).args(options);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut answers = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        if line == "ready\n" {
            return Some(Self { process, answers, mount, _scratch: scratch });
        }
        let why = std::io::read_to_string(process.stderr.take().unwrap()).unwrap();
        process.wait().unwrap();
        println!("NOT TESTED: this machine mounts nothing: {why}");
        let is_expected = std::env::var_os("CI").is_none_or(|ci| ci != "true") || !Path::new("/dev/fuse").exists();
        assert!(is_expected, "{why}");
        None
    }

    fn cid(&self) -> PathBuf {
        self.mount.join("CID")
    }

    fn order(&mut self, order: &str) {
        writeln!(self.process.stdin.as_mut().unwrap(), "{order}").unwrap();
    }

    /// The requests since the last time, and of which kinds.
    fn requests(&mut self) -> (u64, String) {
        self.order("count");
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let count = line.split(' ').next().unwrap().parse().unwrap();
        (count, line)
    }

    /// The exit code of the program with these arguments, and what it said.
    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_configcid"));
        let output = command.args(arguments).arg(self.cid()).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        // The end of its input unmounts it.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn small(cid: &Path) {
    DemoCid::default().write(cid).unwrap();
}

/// 2,000 files in 12 folders, which two catalogs list each.
fn large(cid: &Path) {
    let made = Command::new(example("make_tree")).arg(cid).args(["2000", "2000000"]).status().unwrap();
    assert!(made.success());
}

const RELAY: [&str; 8] =
    ["relay", "set", "--ip", "10.1.200.65", "--fqdn", "MRComputer.Sales.Acme", "--netbios", "MRComputer"];

#[test]
fn a_connection_that_is_lost_changes_nothing_and_may_come_back() {
    for kind in [&["--bare"][..], &[], &["--short"]] {
        let Some(mut share) = Share::new(kind, small) else { return };
        // EIO, ENOTCONN, ESTALE.
        for errno in ["5", "107", "116"] {
            share.order(&format!("fail {errno}"));
            // So that the order has been taken.
            share.requests();
            let (code, said) = share.run(&RELAY);
            assert!(code.is_some_and(|code| code != 0), "{errno}: {said}");
            share.order("fail 0");
            share.requests();
            let (code, said) = share.run(&["catalog", "verify"]);
            assert_eq!(code, Some(0), "{said}");
        }
        let (code, said) = share.run(&RELAY);
        assert_eq!(code, Some(0), "{said}");
        let (code, said) = share.run(&["catalog", "verify"]);
        assert_eq!(code, Some(0), "{said}");
        assert!(share.requests().0 > 100);
    }
}

/// The numbers of requests do not depend on the machine. Beside them: `find -printf %s` makes 61 to list this CID.
#[test]
fn no_request_is_made_for_a_file_that_is_only_counted() {
    let Some(mut share) = Share::new(&[], large) else { return };
    let other = [&RELAY[..3], &["10.1.200.66"], &RELAY[4..]].concat();
    for (what, arguments, most) in [
        ("three files to write", &RELAY[..], MOST_TO_WRITE),
        ("nothing to do", &RELAY, 200),
        ("three files to replace", &other, MOST_TO_WRITE),
        ("a dry run", &[&RELAY[..], &["--dry-run"]].concat(), 200),
        ("refresh", &[], 200),
        ("relay show", &["relay", "show"], 40),
    ] {
        share.requests();
        let (code, said) = share.run(arguments);
        assert_eq!(code, Some(0), "{said}");
        let (count, kinds) = share.requests();
        println!("{what}: {kinds}");
        assert!(count <= most, "{what}: {kinds}");
    }
}

#[test]
fn the_status_of_a_network_asks_for_no_file_by_itself() {
    let Some(mut share) = Share::new(&[], large) else { return };
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = format!(
        "[server]\nname = \"SERVER\"\nfqdn = \"Server.Sales.Acme\"\n[[cid]]\npath = \"{}\"\nrelay = \"server\"\n",
        share.cid().display()
    );
    std::fs::write(file.path(), text).unwrap();
    for command in ["status", "plan"] {
        share.requests();
        let output =
            Command::new(env!("CARGO_BIN_EXE_configcid")).args(["fleet", command]).arg(file.path()).output().unwrap();
        let (count, kinds) = share.requests();
        println!("fleet {command}: {kinds}");
        assert!(count > 100 && count <= 220, "fleet {command}: {kinds} {output:?}");
    }
}

/// Test builds write each file in two pieces.
const MOST_TO_WRITE: u64 = 450 + if cfg!(feature = "faults") { 20 } else { 0 };
