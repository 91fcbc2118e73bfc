//! Trees that nobody means well with: whatever stands where, every command ends in bounded time and memory, with a
//! documented exit code and without a panic; where it fails it has changed nothing, and it never touches anything
//! outside the CID.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;

use crate::support::{Content, LIMIT, Node, Tree, tree_without};
use configcid::DemoCid;
use rustix::fs::{CWD, FileType, Mode, OFlags, makedev, mkdirat, mknodat, openat};

// --- Running the program.

#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    stderr: String,
}

/// Runs the program to its end, or ends it and fails where it hangs.
fn run_command(mut command: Command) -> Ended {
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let process = rustix::process::Pid::from_child(&child);
    let (sender, receiver) = mpsc::channel();
    let waiter = thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = receiver.recv_timeout(LIMIT) else {
        let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
        let _ = waiter.join();
        panic!("{command:?} does not end");
    };
    let output = output.unwrap();
    Ended { code: output.status.code(), stderr: String::from_utf8_lossy(&output.stderr).into_owned() }
}

/// The program without the rights that let root read anything.
fn program() -> Command {
    const PROGRAM: &str = env!("CARGO_BIN_EXE_configcid");
    if !rustix::process::geteuid().is_root() {
        return Command::new(PROGRAM);
    }
    let mut command = Command::new("setpriv");
    command.args(["--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"]);
    command.arg(PROGRAM);
    command
}

/// The program with at most `megabytes` of memory.
fn program_within(megabytes: u32) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -v \"$0\" && exec \"$@\"", &(megabytes * 1024).to_string()]);
    command.arg(env!("CARGO_BIN_EXE_configcid"));
    command
}

/// Every command that looks at or changes a CID, without the CID.
const COMMANDS: &[&[&str]] = &[
    &["refresh", "--wait", "0"],
    &["refresh", "--dry-run"],
    &["refresh", "--wait", "0", "--break-lock", "--accept-damage"],
    &["relay", "set", "--wait", "0", "--netbios", "R2", "--edit-root"],
    &["relay", "show"],
    &["catalog", "list"],
    &["catalog", "verify"],
    &["catalog", "create", "--wait", "0"],
    &["catalog", "create", "--wait", "0", "--replace"],
    &["undo", "--wait", "0"],
    &["history"],
    &["recover", "--wait", "0"],
    &["clone"],
    &["mrinit", "show"],
    &["mrinit", "set", "--wait", "0"],
];

/// Adds a command and its operands to `program`.
fn with(mut program: Command, command: &[&str], cid: &Path) -> Command {
    program.args(command).env_remove("CONFIGCID_FAULT");
    match command {
        ["clone"] => program.arg(cid).arg(cid.with_file_name("NEW")),
        ["mrinit", "show"] => program.arg(cid.join("mrinit.conf")),
        ["mrinit", "set", ..] => program.arg(cid.join("mrinit.conf")).args(["ParentRouterAddress", "R2"]),
        _ => program.arg(cid),
    };
    program
}

/// The command ended as the README says that it may.
fn check_end(what: &str, command: &[&str], ended: &Ended) {
    let said: String = ended.stderr.chars().take(2_000).collect();
    assert!(!ended.stderr.contains("panicked"), "{what}: {command:?}: {said}");
    assert!(matches!(ended.code, Some(0..=3)), "{what}: {command:?}: {:?}: {said}", ended.code);
    assert!(ended.code != Some(1) || ended.stderr.contains("error"), "{what}: {command:?}: {said}");
}

// --- Trees.

/// Makes what is below `root`, and is as `after` shows it, what it was before, as far as it was read.
fn restore(root: &Path, before: &Tree, after: &Tree) {
    for path in after.keys().rev().filter(|path| !before.contains_key(*path)) {
        clear(&root.join(path));
    }
    for (path, node) in before.iter().filter(|(path, node)| after.get(*path) != Some(node)) {
        let place = root.join(path);
        if !matches!((node, after.get(path)), (Node::Folder(_), Some(Node::Folder(_)))) {
            clear(&place);
        }
        match node {
            Node::Folder(_) => fs::create_dir_all(&place).unwrap(),
            Node::File(_, Content::Bytes(bytes)) => fs::write(&place, bytes).unwrap(),
            Node::Link(target) => symlink(target, &place).unwrap(),
            Node::File(_, Content::Large { .. }) | Node::Other(..) => continue,
        }
        if let Node::Folder(mode) | Node::File(mode, _) = node {
            fs::set_permissions(&place, fs::Permissions::from_mode(*mode)).unwrap();
        }
    }
}

/// Two CIDs with a change that could be undone, a journal of it, and something outside them.
struct Place {
    dir: tempfile::TempDir,
    cid: PathBuf,
    outside: PathBuf,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let cid = dir.path().join("MRESXP");
        let outside = dir.path().join("outside");
        DemoCid { rms9x: true, ..DemoCid::default() }.write(&cid).unwrap();
        DemoCid::default().write(&outside).unwrap();
        let relay = "R1".parse().unwrap();
        let setup = configcid::RelaySetup::new(relay);
        configcid::relay::set(&configcid::Cid::open(&cid).unwrap(), &setup).unwrap().apply().unwrap();
        Self { dir, cid, outside }
    }

    /// Everything there, with the folder itself.
    fn picture(&self) -> Tree {
        let root = self.dir.path();
        let mut tree = tree_without(root, |_| false);
        tree.insert(PathBuf::new(), Node::Folder(root.metadata().unwrap().mode()));
        tree
    }
}

/// Takes away what is at `path`.
fn clear(path: &Path) {
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path).unwrap(),
        Ok(_) => fs::remove_file(path).unwrap(),
        Err(_) => {}
    }
}

/// Something that should not stand at a path, put there. The second path lies outside the CID.
type Spoil = fn(&Path, &Path);

const SPOILS: &[(&str, Spoil)] = &[
    ("a FIFO", |path, _| {
        clear(path);
        mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    }),
    ("a device", |path, _| {
        // Only root may make one; a link to one is the nearest thing.
        clear(path);
        let mode = Mode::RUSR | Mode::WUSR;
        if mknodat(CWD, path, FileType::CharacterDevice, mode, makedev(1, 5)).is_err() {
            symlink("/dev/zero", path).unwrap();
        }
    }),
    ("a socket", |path, _| {
        clear(path);
        drop(UnixListener::bind(path).unwrap());
    }),
    ("a folder", |path, _| {
        clear(path);
        fs::create_dir(path).unwrap();
    }),
    ("a file", |path, _| {
        clear(path);
        fs::write(path, "no folder").unwrap();
    }),
    ("an empty file", |path, _| {
        clear(path);
        fs::write(path, "").unwrap();
    }),
    ("something unreadable", |path, _| {
        if path.symlink_metadata().is_err() {
            fs::write(path, "x").unwrap();
        }
        fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
    }),
    ("something read-only", |path, _| {
        if path.symlink_metadata().is_err() {
            fs::write(path, "x").unwrap();
        }
        let mode = if path.is_dir() { 0o555 } else { 0o444 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }),
    ("a link that leads out", |path, outside| {
        // To something of the same kind.
        let target = match path.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => outside.join("rms"),
            _ => outside.join("cidsync.upd"),
        };
        clear(path);
        symlink(target, path).unwrap();
    }),
    ("a link that leads out and nowhere", |path, outside| {
        clear(path);
        symlink(outside.join("made by a stranger"), path).unwrap();
    }),
    ("a link that dangles", |path, _| {
        clear(path);
        symlink("not there", path).unwrap();
    }),
    ("a link to itself", |path, _| {
        clear(path);
        symlink(path.file_name().unwrap(), path).unwrap();
    }),
    ("a link to the folder it is in", |path, _| {
        clear(path);
        symlink(".", path).unwrap();
    }),
    ("a link to a file of the CID", |path, _| {
        clear(path);
        let up = path.parent().unwrap();
        symlink(up.join(if up.ends_with("MRESXP") { "setup.dat" } else { "../setup.dat" }), path).unwrap();
    }),
    ("nothing", |path, _| clear(path)),
];

/// Every command on a CID where something is not what it should be at `path`.
fn spoil_everywhere(path: &str) {
    for (what, spoil) in SPOILS {
        spoil_for_all(&format!("{what} at {path}"), |place| spoil(&place.cid.join(path), &place.outside));
    }
}

/// Every command on a CID that was spoilt; on one like it where the command before has changed it.
fn spoil_for_all(what: &str, spoil: impl Fn(&Place)) {
    let spoilt = || {
        let place = Place::new();
        spoil(&place);
        let picture = place.picture();
        (place, picture)
    };
    let (mut place, mut before) = spoilt();
    for command in COMMANDS {
        let (_, after) = survives_from(&before, what, command, &place);
        if after != before {
            restore(place.dir.path(), &before, &after);
            // What is not read cannot be made again.
            if place.picture() != before {
                (place, before) = spoilt();
            }
        }
    }
}

/// Runs a command on the CID of a place, and checks how it ended and what it left.
fn survives(what: &str, command: &[&str], place: &Place) -> Ended {
    survives_from(&place.picture(), what, command, place).0
}

/// As [`survives`], where the place is as `before` shows it; and how it is then.
fn survives_from(before: &Tree, what: &str, command: &[&str], place: &Place) -> (Ended, Tree) {
    let ended = run_command(with(program(), command, &place.cid));
    check_end(what, command, &ended);
    let after = place.picture();
    if ended.code == Some(0) {
        // What is in the CID may have changed; what is outside must not, but for a clone.
        let is_outside = |(path, _): &(&PathBuf, &Node)| !path.starts_with("MRESXP") && !path.starts_with("NEW");
        let [was, is] = [before, &after].map(|picture| picture.iter().filter(is_outside).collect::<Vec<_>>());
        assert_eq!(was, is, "{what}: {command:?}: {ended:?}");
    } else if *before != after {
        let changed: Vec<_> = before.iter().filter(|(path, seen)| after.get(*path) != Some(seen)).collect();
        let new: Vec<_> = after.iter().filter(|(path, seen)| before.get(*path) != Some(seen)).collect();
        panic!("{what}: {command:?} failed and changed\n{changed:?}\nto\n{new:?}\n{ended:?}");
    }
    (ended, after)
}

#[test]
fn a_component_is_not_what_it_should_be() {
    spoil_everywhere("rms");
}

#[test]
fn the_roots_catalog_is_not_what_it_should_be() {
    spoil_everywhere("cidsync.upd");
}

#[test]
fn a_components_catalog_is_not_what_it_should_be() {
    spoil_everywhere("rms/cidsync.upd");
}

#[test]
fn the_roots_mrinit_conf_is_not_what_it_should_be() {
    spoil_everywhere("mrinit.conf");
}

#[test]
fn a_components_mrinit_conf_is_not_what_it_should_be() {
    spoil_everywhere("rms/mrinit.conf");
}

#[test]
fn a_file_of_the_vendors_is_not_what_it_should_be() {
    spoil_everywhere("rms/router.dll");
}

#[test]
fn a_journal_is_not_what_it_should_be() {
    spoil_everywhere(".configcid-journal");
}

#[test]
fn the_last_change_is_not_what_it_should_be() {
    spoil_everywhere(".configcid-last");
}

#[test]
fn a_history_is_not_what_it_should_be() {
    spoil_everywhere(".configcid-history");
}

#[test]
fn a_lock_is_not_what_it_should_be() {
    spoil_everywhere(".configcid-lock");
}

#[test]
fn what_is_beside_a_file_is_not_what_it_should_be() {
    spoil_everywhere("rms/.configcid-1-1-0.new");
}

#[test]
fn the_cid_is_not_what_it_should_be() {
    for (what, spoil) in SPOILS {
        spoil_for_all(&format!("{what} for a CID"), |place| spoil(&place.cid, &place.outside));
    }
}

#[test]
fn a_damaged_record_of_the_last_change_stands_in_no_way() {
    let place = Place::new();
    fs::write(place.cid.join(".configcid-last"), "{").unwrap();
    let run = |command: &[&str]| survives("a damaged record", command, &place);
    let ended = run(&["undo"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("remove this file"), "{ended:?}");
    assert_eq!(run(&["relay", "set", "--netbios", "R2"]).code, Some(0));
    assert_eq!(run(&["undo"]).code, Some(0));
}

#[test]
fn accepted_damage_is_no_failure() {
    let place = Place::new();
    clear(&place.cid.join("rms"));
    let run = |command: &[&str]| survives("no rms", command, &place);
    assert_eq!(run(&["refresh"]).code, Some(1));
    assert_eq!(run(&["refresh", "--accept-damage"]).code, Some(0));
}

// --- Names and depths.

#[test]
fn names_that_are_not_utf_8() {
    let name = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
    spoil_for_all("names that are not UTF-8", |place| {
        for folder in ["", "rms", "savxp/data"] {
            for bytes in [b"one \xFF", b"two \xFE"] {
                fs::write(place.cid.join(folder).join(name(bytes)), "x").unwrap();
            }
        }
        fs::create_dir(place.cid.join(name(b"folder \xFF"))).unwrap();
        fs::write(place.cid.join(name(b"folder \xFF")).join("cidsync.upd"), "x").unwrap();
    });
    // Two of them are not one name in two cases.
    let place = Place::new();
    fs::write(place.cid.join(name(b"\xFF")), "x").unwrap();
    fs::write(place.cid.join(name(b"\xFE")), "x").unwrap();
    for command in [&["refresh"][..], &["relay", "show"], &["catalog", "verify"], &["clone"]] {
        assert_eq!(survives("names that are not UTF-8", command, &place).code, Some(0), "{command:?}");
    }
    assert!(place.dir.path().join("NEW").join(name(b"\xFE")).exists());
    assert_eq!(survives("names that are not UTF-8", &["catalog", "create", "--replace"], &place).code, Some(1));
    // And a CID of such a name.
    let cid = place.dir.path().join(name(b"CID \xFF"));
    fs::rename(&place.cid, &cid).unwrap();
    for command in COMMANDS {
        check_end("a CID whose name is not UTF-8", command, &run_command(with(program(), command, &cid)));
        clear(&place.dir.path().join("NEW"));
    }
}

#[test]
fn names_of_255_bytes() {
    let long = "n".repeat(255);
    spoil_for_all("names of 255 bytes", |place| {
        fs::write(place.cid.join(&long), "x").unwrap();
        fs::create_dir(place.cid.join("rms").join(&long)).unwrap();
    });
    let place = Place::new();
    fs::write(place.cid.join(&long), "x").unwrap();
    assert_eq!(survives("a long name", &["catalog", "create", "--replace"], &place).code, Some(0));
    assert_eq!(survives("a long name", &["catalog", "verify"], &place).code, Some(0));
    let new = place.dir.path().join(&long);
    let mut command = program();
    command.arg("clone").arg(&place.cid).arg(&new);
    let ended = run_command(command);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(new.join("cidsync.upd").exists());
}

#[test]
fn paths_of_more_than_260_characters() {
    let folder = ["f".repeat(100), "g".repeat(100), "h".repeat(100)].join("/");
    spoil_for_all("a long path", |place| fs::create_dir_all(place.cid.join(&folder)).unwrap());
    let place = Place::new();
    fs::create_dir_all(place.cid.join(&folder)).unwrap();
    fs::write(place.cid.join(&folder).join("file"), "x").unwrap();
    for command in [&["catalog", "create", "--replace"][..], &["catalog", "verify"], &["refresh"], &["clone"]] {
        assert_eq!(survives("a long path", command, &place).code, Some(0), "{command:?}");
    }
    assert!(place.dir.path().join("NEW").join(&folder).join("file").exists());
}

/// A chain of folders of this name, made step by step: its path may be longer than the system takes.
fn chain(root: &Path, name: &str, levels: usize) {
    let open = |from: &dyn Fn() -> rustix::io::Result<std::os::fd::OwnedFd>| from().unwrap();
    let mut folder = open(&|| openat(CWD, root, OFlags::DIRECTORY, Mode::empty()));
    for _ in 0..levels {
        mkdirat(&folder, name, Mode::RWXU).unwrap();
        folder = open(&|| openat(&folder, name, OFlags::DIRECTORY, Mode::empty()));
    }
    let flags = OFlags::CREATE | OFlags::WRONLY;
    drop(openat(&folder, "file", flags, Mode::RUSR | Mode::WUSR).unwrap());
}

/// Removes what is too deep for [`fs::remove_dir_all`], which holds every folder on the way open.
fn remove_deep(place: Place) {
    assert!(Command::new("rm").arg("-rf").arg(place.dir.path()).status().unwrap().success());
}

#[test]
fn a_thousand_folders_in_each_other() {
    let place = Place::new();
    chain(&place.cid, "d", 1000);
    for command in COMMANDS.iter().chain([&["catalog", "verify"][..]].iter()) {
        let ended = run_command(with(program(), command, &place.cid));
        check_end("a thousand folders", command, &ended);
        if matches!(command, ["clone"] | ["catalog", "verify"] | ["catalog", "create", .., "--replace"]) {
            assert_eq!(ended.code, Some(0), "{command:?}: {ended:?}");
        }
    }
    remove_deep(place);
}

#[test]
fn paths_of_more_than_4096_characters() {
    let place = Place::new();
    let listed = || picture_above(&place.cid);
    chain(&place.cid, &"d".repeat(250), 20);
    let before = listed();
    for command in COMMANDS {
        let ended = run_command(with(program(), command, &place.cid));
        check_end("a path that is too long", command, &ended);
        if matches!(command, ["clone"] | ["catalog", "create", .., "--replace"]) {
            assert_eq!(ended.code, Some(1), "{command:?}: {ended:?}");
            assert!(!place.dir.path().join("NEW").exists());
        }
        if ended.code == Some(1) {
            let left: Vec<_> =
                fs::read_dir(place.dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            assert_eq!(left.len(), 2, "{command:?}: {left:?}");
        }
    }
    assert_eq!(before.keys().collect::<Vec<_>>(), listed().keys().collect::<Vec<_>>());
    remove_deep(place);
}

/// The files directly in a folder that are not configcid's own.
fn picture_above(folder: &Path) -> BTreeMap<OsString, u64> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let own = |name: &OsStr| name.to_string_lossy().starts_with(".configcid-");
    entries
        .filter(|entry| !own(&entry.file_name()))
        .map(|entry| (entry.file_name(), entry.metadata().unwrap().len()))
        .collect()
}

// --- Sizes.

/// A catalog, by the layout of formats.md, section 3, with a wrong checksum of its own.
fn catalog(paths: impl Iterator<Item = String>) -> Vec<u8> {
    let mut out = b"{546D99E5-A8F5-49a5-BF8B-93A516F7FD83}\0\x01\0{00112233-4455-6677-8899-AABBCCDDEEFF}\0".to_vec();
    out.extend(84u32.to_le_bytes());
    for path in paths {
        for number in [path.len() as u32 + 9, 4, 0] {
            out.extend(number.to_le_bytes());
        }
        out.extend(path.bytes());
        out.push(0);
    }
    out.extend([0; 8]);
    out
}

#[test]
fn a_catalog_lists_a_path_of_16000_parts() {
    spoil_for_all("a deep path in a catalog", |place| {
        let paths = [r"\a".repeat(15_990), r"\mrinit.conf".repeat(2_600), r"\rms".repeat(7_999)];
        fs::write(place.cid.join("cidsync.upd"), catalog(paths.into_iter())).unwrap();
    });
}

/// Commands on a catalog of so many entries, which may take so many megabytes: 1.2 KB an entry. A build that is optimized
/// gives every command the million; others, which take minutes of a processor for it, as many as tell an entry's part from
/// what a run takes anyway.
const MANY: &[(usize, u32, &[&[&str]])] = &[
    (
        if cfg!(debug_assertions) { 250_000 } else { 1_000_000 },
        if cfg!(debug_assertions) { 300 } else { 1_200 },
        &[&["refresh", "--wait", "0"]],
    ),
    (
        if cfg!(debug_assertions) { 100_000 } else { 1_000_000 },
        if cfg!(debug_assertions) { WITHIN } else { 1_200 },
        &[
            &["relay", "set", "--wait", "0", "--netbios", "R2"],
            &["refresh", "--wait", "0", "--accept-damage", "--checksum", "crc32"],
            &["catalog", "list"],
            &["catalog", "verify"],
        ],
    ),
];

#[test]
fn a_catalog_of_very_many_entries() {
    for (entries, megabytes, commands) in MANY {
        let place = Place::new();
        let paths = (0..*entries).map(|number| format!(r"\not there\threats-{number}.ide"));
        fs::write(place.cid.join("cidsync.upd"), catalog(paths)).unwrap();
        let before = place.picture();
        for command in *commands {
            let ended = run_command(with(program_within(*megabytes), command, &place.cid));
            check_end("very many entries", command, &ended);
            // What all of it says is longer than a test's output should be.
            assert!(!ended.stderr.contains("memory allocation"), "{command:?} takes more than {megabytes} MB");
            assert!(before == place.picture(), "{command:?}");
        }
    }
}

/// What anything else may take, in megabytes.
const WITHIN: u32 = 256;

/// A file of 4 GiB of zeros that takes no room.
fn enormous(path: &Path) {
    clear(path);
    File::create(path).unwrap().set_len(4 << 30).unwrap();
}

#[test]
fn files_of_4_gib() {
    for path in ["cidsync.upd", "rms/cidsync.upd", "mrinit.conf", "rms/mrinit.conf", "rms/router.dll", "cac.pem"] {
        let place = Place::new();
        enormous(&place.cid.join(path));
        let before = place.picture();
        // A clone copies whatever is there.
        for command in COMMANDS.iter().filter(|command| command[0] != "clone" && command[0] != "undo") {
            let what = format!("4 GiB of zeros at {path}");
            let ended = run_command(with(program_within(WITHIN), command, &place.cid));
            check_end(&what, command, &ended);
            if before != place.picture() {
                assert_eq!(ended.code, Some(0), "{what}: {command:?}: {ended:?}");
                break;
            }
        }
    }
    for name in [".configcid-journal", ".configcid-last", ".configcid-history", ".configcid-lock"] {
        let place = Place::new();
        enormous(&place.cid.join(name));
        for command in COMMANDS.iter().filter(|command| command[0] != "clone") {
            check_end(name, command, &run_command(with(program_within(WITHIN), command, &place.cid)));
        }
    }
}

#[test]
fn twenty_thousand_files_in_a_folder() {
    let place = Place::new();
    let folder = place.cid.join("savxp/data");
    for number in 0..20_000 {
        fs::write(folder.join(format!("threats-{number}.ide")), number.to_string()).unwrap();
    }
    for command in [&["catalog", "create", "--replace"][..], &["catalog", "verify"], &["refresh"], &["clone"]] {
        let ended = run_command(with(program_within(WITHIN), command, &place.cid));
        assert_eq!(ended.code, Some(0), "{command:?}: {ended:?}");
    }
}
