//! CIDs behind a file system that counts requests, as the server of a share would (examples/latency_fs.rs). It needs FUSE;
//! where that is not to be had, this is said.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use configcid::DemoCid;

use crate::support::example;
use crate::support::share::Share;

/// With one CID that `make` makes.
fn share(options: &[&str], make: impl Fn(&Path)) -> Option<Share> {
    Share::new(options, |folder| make(&folder.join("CID")))
}

fn cid(share: &Share) -> PathBuf {
    share.mount.join("CID")
}

/// The exit code of the program with these arguments and the CID, and what it said.
fn run(share: &Share, arguments: &[&str]) -> (Option<i32>, String) {
    let output = program().args(arguments).arg(cid(share)).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_configcid"))
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
        let Some(mut share) = share(kind, small) else { return };
        // EIO, ENOTCONN, ESTALE.
        for errno in ["5", "107", "116"] {
            share.order(&format!("fail {errno}"));
            // So that the order has been taken.
            share.requests();
            let (code, said) = run(&share, &RELAY);
            assert!(code.is_some_and(|code| code != 0), "{errno}: {said}");
            share.order("fail 0");
            share.requests();
            let (code, said) = run(&share, &["catalog", "verify"]);
            assert_eq!(code, Some(0), "{said}");
        }
        let (code, said) = run(&share, &RELAY);
        assert_eq!(code, Some(0), "{said}");
        let (code, said) = run(&share, &["catalog", "verify"]);
        assert_eq!(code, Some(0), "{said}");
        assert!(share.requests().0 > 100);
    }
}

/// The numbers of requests do not depend on the machine. Beside them: `find -printf %s` makes 61 to list this CID.
#[test]
fn no_request_is_made_for_a_file_that_is_only_counted() {
    let Some(mut share) = share(&[], large) else { return };
    let other = [&RELAY[..3], &["10.1.200.66"], &RELAY[4..]].concat();
    for (what, arguments, most) in [
        ("three files to write", &RELAY[..], MOST_TO_WRITE),
        ("nothing to do", &RELAY, MOST_TO_SEE),
        ("three files to replace", &other, MOST_TO_WRITE),
        ("a dry run", &[&RELAY[..], &["--dry-run"]].concat(), MOST_TO_SEE),
        ("refresh", &[], MOST_TO_SEE),
        ("relay show", &["relay", "show"], 40),
        // Each of 2,012 files is opened, read by one request, and closed.
        ("catalog verify", &["catalog", "verify"], 6_300),
        ("audit", &["audit", "--fail-on", "never"], 6_500),
    ] {
        share.requests();
        let (code, said) = run(&share, arguments);
        assert_eq!(code, Some(0), "{said}");
        let (count, kinds) = share.requests();
        println!("{what}: {kinds}");
        assert!(count <= most, "{what}: {kinds}");
    }
}

/// Both looks at the CIDs of a fleet file take so many requests.
fn assert_looks_cost(share: &mut Share, file: &Path, bounds: std::ops::RangeInclusive<u64>) {
    for command in ["status", "plan"] {
        share.requests();
        let output = program().args(["fleet", command]).arg(file).output().unwrap();
        let (count, kinds) = share.requests();
        println!("fleet {command}: {kinds}");
        assert!(bounds.contains(&count), "fleet {command}: {kinds} {output:?}");
    }
}

#[test]
fn the_status_of_a_network_asks_for_no_file_by_itself() {
    let Some(mut share) = share(&[], large) else { return };
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = format!(
        "[server]\nname = \"SERVER\"\nfqdn = \"Server.Sales.Acme\"\n[[cid]]\npath = \"{}\"\nrelay = \"server\"\n",
        cid(&share).display()
    );
    std::fs::write(file.path(), text).unwrap();
    assert_looks_cost(&mut share, file.path(), 101..=205);
}

#[test]
fn the_status_of_five_cids_costs_five_times_that_of_one() {
    let numbers = 1..=5;
    let make = |folder: &Path| {
        large(&folder.join("CID1"));
        numbers.clone().skip(1).for_each(|number| {
            let new = folder.join(format!("CID{number}"));
            assert!(Command::new("cp").arg("-a").arg(folder.join("CID1")).arg(new).status().unwrap().success());
        });
    };
    let Some(mut share) = Share::new(&[], make) else { return };
    let cids = numbers.clone().map(|number| {
        format!("[[cid]]\npath = \"{}\"\nrelay = \"server\"\n", share.mount.join(format!("CID{number}")).display())
    });
    let text =
        cids.fold("[server]\nname = \"SERVER\"\nfqdn = \"Server.Sales.Acme\"\n".to_owned(), |text, cid| text + &cid);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    assert_looks_cost(&mut share, file.path(), 500..=1_010);
}

/// What a change costs beyond the files themselves: lock, journal, the way back, history, and the flushes of folders.
#[test]
fn a_journal_costs_few_requests() {
    let trace = tempfile::NamedTempFile::new().unwrap();
    let Some(mut share) = share(&["--trace", trace.path().to_str().unwrap()], large) else { return };
    for (ip, files) in [("10.1.200.65", "three files to write"), ("10.1.200.66", "three files to replace")] {
        let before = std::fs::read_to_string(trace.path()).unwrap().len();
        let (code, said) = run(&share, &[&RELAY[..3], &[ip], &RELAY[4..]].concat());
        assert_eq!(code, Some(0), "{said}");
        share.requests();
        let lines = std::fs::read_to_string(trace.path()).unwrap().split_off(before);
        let is_own = |line: &&str| line.contains(" .configcid-") || line.starts_with("fsyncdir ");
        let own = lines.lines().filter(is_own).count();
        println!("{files}: {own} of {}", lines.lines().count());
        // Test builds write each file in two pieces.
        assert!((40..150).contains(&own), "{files}: {own}\n{lines}");
    }
}

/// Who has waited for folders begins with many files at once, and does not find out anew for each catalog that they are slow.
#[test]
fn small_files_that_tell_a_function_are_read_together() {
    let Some(mut share) = share(&[], large) else { return };
    // So long that a busy machine has begun all of them before the first ends.
    share.order("delay 30000");
    share.requests();
    let (code, said) = run(&share, &["refresh"]);
    assert_eq!(code, Some(0), "{said}");
    let (_, kinds) = share.requests();
    assert!(of_kind(&kinds, "reads_at_once") >= 7, "{kinds}");
}

/// The client of a share keeps what a listing told for a second, and reading all files takes longer.
#[test]
fn files_are_opened_right_after_their_folder_was_listed() {
    let Some(mut share) = share(&["--hold", "1"], large) else { return };
    share.order("delay_reads 50000");
    read_all(&mut share, |_, kinds| {
        let looks = of_kind(kinds, "lookup") + of_kind(kinds, "getattr");
        assert!(of_kind(kinds, "read") >= 2000 && looks <= MOST_LOOKS_AT_SLOW_FILES, "{kinds}");
    });
}

/// Lets each command that reads all files do so, and gives `check` its requests, and of which kinds they were.
fn read_all(share: &mut Share, check: impl Fn(u64, &str)) {
    for arguments in [&["catalog", "verify"][..], &["audit", "--fail-on", "never"]] {
        share.requests();
        let (code, said) = run(share, arguments);
        assert_eq!(code, Some(0), "{said}");
        let (count, kinds) = share.requests();
        println!("{arguments:?}: {kinds}");
        check(count, &kinds);
    }
}

/// Where the client keeps nothing, each part of a path is asked for. Beside them: `find` and `cksum` make 30,000 for this CID.
#[test]
fn the_path_of_a_folder_is_gone_through_once() {
    let Some(mut share) = share(&["--bare"], large) else { return };
    // Each of 2,007 files is looked at by three requests, and opened, read and closed by seven. Each folder is listed by the
    // walk, and the root and what lies in it when the CID is opened, but none for the files that tell a function.
    read_all(&mut share, |count, kinds| {
        assert!(count <= MOST_WITH_BARE_ATTRIBUTES && of_kind(kinds, "opendir") <= 29, "{kinds}");
    });
}

#[test]
fn as_many_files_are_read_at_a_time_as_was_said() {
    let make = |cid: &Path| {
        assert!(Command::new(example("make_tree")).arg(cid).args(["40", "40000"]).status().unwrap().success())
    };
    let Some(mut share) = share(&[], make) else { return };
    // Longer than what readers take for a local disk's, and reads so long that all who work on files come to wait for one.
    share.order("delay 1500");
    share.order("delay_reads 30000");
    for command in [&["clone"][..], &["sync"], &["refresh", "--check", "all"]] {
        let mut read = |said: &str| {
            share.requests();
            let mut run = program();
            run.args(command).args(["--in-flight", said]).arg(cid(&share));
            if command[0] != "refresh" {
                run.arg(share.mount.join(format!("{}-{said}", command[0])));
            }
            let output = run.output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{output:?}");
            let (_, kinds) = share.requests();
            of_kind(&kinds, "reads_at_once")
        };
        let (few, many) = (read("5"), read("24"));
        // Catalogs are read together in any case, and so are, by a refresh, the customer's files.
        let is_as_said = if command[0] == "refresh" { few < many } else { few <= 5 && many > 5 };
        assert!(is_as_said, "{command:?}: {few} and {many}");
    }
}

/// Three requests a folder and two more a large one, three for each of 40 files that are read, and what tells of other writers.
const MOST_TO_SEE: u64 = 194;

/// 124 were measured; as long as no folder was listed anew, 1,692.
const MOST_LOOKS_AT_SLOW_FILES: u64 = 600;

/// As long as every file was opened by its whole path, 33,276 were measured.
const MOST_WITH_BARE_ATTRIBUTES: u64 = 22_000;

/// Test builds write each file in two pieces.
const MOST_TO_WRITE: u64 = 440 + if cfg!(feature = "faults") { 20 } else { 0 };

#[test]
fn a_clone_that_was_killed_goes_on_where_it_was() {
    let Some(mut share) = share(&[], large) else { return };
    let new = share.mount.join("NEW");
    share.order("delay 1000");
    share.requests();
    let clone = |command: &mut Command| {
        command.args(["clone", "--json"]).arg(cid(&share)).arg(&new).stdout(Stdio::piped()).spawn()
    };
    let mut child = clone(&mut program()).unwrap();
    // Some files are there by their names; it has a second's work more.
    let staged = |folder: &Path| {
        let entries = folder.read_dir().ok()?.flatten();
        let own = entries
            .map(|entry| entry.path())
            .find(|path| path.is_dir() && path.to_string_lossy().contains("clone-"))?;
        own.join("savxp/Program 00").read_dir().ok().map(Iterator::count)
    };
    while staged(&share.real).is_none_or(|count| count < 50) {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!new.exists());
    let output = clone(&mut program()).unwrap().wait_with_output().unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{answer}");
    assert!((1..2000).contains(&answer["resumed"].as_u64().unwrap()), "{answer}");
    share.order("delay 0");
    let (code, said) = (program().args(["catalog", "verify"]).arg(&new).output())
        .map(|output| (output.status.code(), format!("{output:?}")))
        .unwrap();
    assert_eq!(code, Some(0), "{said}");
    // Nothing else is left.
    let mut names: Vec<_> = share.real.read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["CID", "NEW"]);
}

#[test]
fn a_clone_copies_on_the_server() {
    let Some(mut share) = share(&[], large) else { return };
    // Linux finds out with its first copy which way of asking for one the file system knows, and takes two at once for none.
    std::fs::copy(cid(&share).join("mrinit.conf"), share.mount.join("first")).unwrap();
    share.requests();
    let output = program().arg("clone").arg(cid(&share)).arg(share.mount.join("NEW")).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let (count, kinds) = share.requests();
    println!("{kinds}");
    assert!(count <= 23_500, "{kinds}");
    // What is written is whose the folder is.
    assert!(of_kind(&kinds, "copy_file_range") > 2000 && of_kind(&kinds, "write") <= 2, "{kinds}");
}

/// How many requests of a kind there were.
fn of_kind(kinds: &str, kind: &str) -> u64 {
    let mut counts = kinds.trim().split(", ").filter_map(|count| count.rsplit_once(' '));
    // The first one comes after the sum of all.
    let found = counts.find(|(this, _)| this.rsplit(' ').next() == Some(kind));
    found.map_or(0, |(_, count)| count.parse().unwrap())
}

/// A large file, that is; a small one is read and written by as few requests.
#[test]
fn a_sync_copies_on_the_server() {
    let make = |cid: &Path| {
        assert!(Command::new(example("make_tree")).arg(cid).args(["200", "20000000"]).status().unwrap().success())
    };
    let Some(mut share) = share(&[], make) else { return };
    let first = share.mount.join("first");
    std::fs::copy(cid(&share).join("mrinit.conf"), &first).unwrap();
    std::fs::remove_file(first).unwrap();
    share.requests();
    let output = program().arg("sync").arg(cid(&share)).arg(share.mount.join("NEW")).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let (_, kinds) = share.requests();
    println!("{kinds}");
    // Two files have a third of the bytes. What is written are the others, and what is the program's own.
    assert!(of_kind(&kinds, "copy_file_range") >= 2 && of_kind(&kinds, "write") <= 230, "{kinds}");
    let verified = program().args(["catalog", "verify"]).arg(share.mount.join("NEW")).output().unwrap();
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
}

/// Two CIDs of 2,000 files; then 50 of the first one's change, and its catalogs say so.
fn updated(folder: &Path) {
    large(&folder.join("CID"));
    let cid = folder.join("CID");
    crate::support::copy_tree(&cid, &folder.join("DEST"));
    let update = cid.join("savxp/Program 00");
    let mut files: Vec<PathBuf> = update.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.is_file());
    files.sort();
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(1000);
    for file in &files[..50] {
        let there = folder.join("DEST").join(file.strip_prefix(&cid).unwrap());
        std::fs::File::options().write(true).open(there).unwrap().set_modified(old).unwrap();
        std::fs::write(file, "updated").unwrap();
    }
    let made = program().args(["catalog", "create", "--replace"]).arg(&cid).output().unwrap();
    assert_eq!(made.status.code(), Some(0), "{made:?}");
}

#[test]
fn a_sync_asks_for_what_has_changed_and_for_nothing_else() {
    let Some(mut share) = Share::new(&[], updated) else { return };
    let mount = share.mount.clone();
    let sync = |more: &[&str]| {
        let mut command = program();
        command.arg("sync").args(more).arg(mount.join("CID")).arg(mount.join("DEST"));
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    // A file that is brought is read once at its source, and once at its destination, as is what it replaces.
    let reads = 3 * 50 + 60;
    for (what, arguments, most, most_reads) in [
        ("a dry run", &["--dry-run"][..], 160, 20),
        ("50 of 2,000", &[], 2_500 + if cfg!(feature = "faults") { 60 } else { 0 }, reads),
        ("nothing to do", &[], 154, 20),
    ] {
        share.requests();
        let said = sync(arguments);
        let (count, kinds) = share.requests();
        println!("{what}: {kinds}");
        assert!(count <= most && of_kind(&kinds, "read") <= most_reads, "{what}: {kinds} {said}");
    }
}
