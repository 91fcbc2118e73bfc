//! The power fails: a model of a disk that forgets what was not flushed.
//!
//! Each job runs once in a folder whose file system records every change that it is told of (examples/latency_fs.rs). The
//! record is played to the model, the power fails after each line of it, and what the disk may hold then is made real. The
//! model is harder than the disks: to flush a file says nothing of its name, and to flush a folder nothing of what is in the
//! files; names that were not flushed are lost from any point on, folder by folder; content that was not flushed is the old
//! one, the new one, as many zeros, or half of it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File, Permissions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::support::{
    Chance, Copy, End, Ends, ONE, TWO, Tally, command, copy, difference, finish, litter, make_cid, own_files, report,
    rounds, run, run_with_fault, scratch, set, start, state, steps,
};
use super::sync::{Scene, check_readers, seen};
use crate::support::in_parallel;
use crate::support::share::Share;

// ------------------------------------------------------------------------------------------------------- the disk

type Number = u64;

/// The folder that is mounted.
const ROOT: Number = 1;

#[derive(Debug, Clone)]
enum Node {
    File(FileNode),
    Folder(FolderNode),
}

#[derive(Debug, Clone)]
struct FileNode {
    /// What is on the disk for certain.
    content: Vec<u8>,
    /// How large it is for those who look at it while the power is on.
    size: usize,
    is_flushed: bool,
    mode: [u32; 2],
    time: [Option<SystemTime>; 2],
}

#[derive(Debug, Clone)]
struct FolderNode {
    /// What is on the disk for certain.
    names: BTreeMap<String, Number>,
    /// Changes that were not flushed, in their order: a name, and what it names from then on.
    pending: Vec<Vec<(String, Option<Number>)>>,
    /// That which is on the disk for certain, and the present one.
    mode: [u32; 2],
}

/// What a power failure spares.
#[derive(Debug, Clone, Copy)]
enum Spared {
    /// What was flushed, and nothing else.
    Flushed,
    /// All names, sizes, modes and times, and no content that was not flushed.
    Names,
    /// Whatever chance wills.
    Some(u64),
}

/// A file or folder as it is found when the power is back.
#[derive(Debug, Clone, Hash, PartialEq, Eq)]
enum Found {
    Folder { mode: u32 },
    File { mode: u32, time: Option<SystemTime>, content: Vec<u8> },
}

type Tree = BTreeMap<PathBuf, Found>;

struct Disk {
    nodes: HashMap<Number, Node>,
    /// What each file will hold when it is flushed, by the numbers of the lines that say so.
    flushed: HashMap<Number, Vec<(usize, Vec<u8>)>>,
}

impl Disk {
    /// A folder that has been on the disk for long.
    fn of(folder: &Path) -> Self {
        let mut disk = Self { nodes: HashMap::new(), flushed: HashMap::new() };
        disk.add(folder, ROOT);
        disk
    }

    /// Looks ahead: what of a file has come to the disk by chance is known when it is flushed.
    fn look_ahead(&mut self, record: &[Value]) {
        for (line, entry) in record.iter().enumerate() {
            if let (Some(number), Some(content)) = (entry["flush"].as_u64(), entry["content"].as_array()) {
                let content = content.iter().map(|byte| u8::try_from(byte.as_u64().unwrap()).unwrap()).collect();
                self.flushed.entry(number).or_default().push((line, content));
            }
        }
    }

    fn add(&mut self, path: &Path, number: Number) {
        let metadata = fs::symlink_metadata(path).unwrap();
        let mode = [metadata.mode() & 0o7777; 2];
        let node = if metadata.is_dir() {
            let mut names = BTreeMap::new();
            for entry in fs::read_dir(path).unwrap() {
                let entry = entry.unwrap();
                let below = fs::symlink_metadata(entry.path()).unwrap().ino();
                self.add(&entry.path(), below);
                names.insert(entry.file_name().into_string().unwrap(), below);
            }
            Node::Folder(FolderNode { names, pending: Vec::new(), mode })
        } else {
            let content = fs::read(path).unwrap();
            let time = [metadata.modified().ok(); 2];
            Node::File(FileNode { size: content.len(), content, is_flushed: true, mode, time })
        };
        self.nodes.insert(number, node);
    }

    fn file(&mut self, number: Number) -> &mut FileNode {
        match self.nodes.get_mut(&number) {
            Some(Node::File(file)) => file,
            other => panic!("{number} is no file: {other:?}"),
        }
    }

    fn folder(&mut self, number: Number) -> &mut FolderNode {
        match self.nodes.get_mut(&number) {
            Some(Node::Folder(folder)) => folder,
            other => panic!("{number} is no folder: {other:?}"),
        }
    }

    /// One line of the record.
    fn play(&mut self, line: usize, entry: &Value) {
        let number = |key: &str| entry[key].as_u64();
        let text = |key: &str| entry[key].as_str().unwrap_or_else(|| panic!("{key} in {entry}")).to_owned();
        let bits = || number("bits").unwrap() as u32;
        let name = |made: Number| vec![(text("name"), Some(made))];
        if let Some(made) = number("file") {
            let file = FileNode { content: Vec::new(), size: 0, is_flushed: true, mode: [bits(); 2], time: [None; 2] };
            // One that was there is opened, and stays what it is.
            self.nodes.entry(made).or_insert(Node::File(file));
            self.folder(number("in").unwrap()).pending.push(name(made));
        } else if let Some(made) = number("folder") {
            let folder = FolderNode { names: BTreeMap::new(), pending: Vec::new(), mode: [bits(); 2] };
            self.nodes.insert(made, Node::Folder(folder));
            self.folder(number("in").unwrap()).pending.push(name(made));
        } else if let Some(linked) = number("link") {
            self.folder(number("in").unwrap()).pending.push(name(linked));
        } else if entry.get("gone").is_some() {
            self.folder(number("in").unwrap()).pending.push(vec![(text("gone"), None)]);
        } else if entry.get("rename").is_some() {
            let (from, to) = (number("in").unwrap(), number("to_in").unwrap());
            let what = self.folder(from).present()[&text("rename")];
            let (gone, come) = ((text("rename"), None), (text("to"), Some(what)));
            if from == to {
                self.folder(from).pending.push(vec![gone, come]);
            } else {
                self.folder(to).pending.push(vec![come]);
                self.folder(from).pending.push(vec![gone]);
            }
        } else if let Some(grown) = number("size") {
            let file = self.file(grown);
            file.size = number("bytes").unwrap() as usize;
            file.is_flushed = false;
        } else if let Some(changed) = number("mode") {
            match self.nodes.get_mut(&changed).unwrap() {
                Node::File(FileNode { mode, .. }) | Node::Folder(FolderNode { mode, .. }) => mode[1] = bits(),
            }
        } else if let Some(changed) = number("time") {
            let since = Duration::new(number("seconds").unwrap(), number("nanoseconds").unwrap() as u32);
            if let Some(Node::File(file)) = self.nodes.get_mut(&changed) {
                file.time[1] = Some(SystemTime::UNIX_EPOCH + since);
            }
        } else if let Some(flushed) = number("flush") {
            let content = self.flushed[&flushed].iter().find(|(at, _)| *at == line).unwrap().1.clone();
            let file = self.file(flushed);
            *file = FileNode {
                size: content.len(),
                content,
                is_flushed: true,
                mode: [file.mode[1]; 2],
                time: [file.time[1]; 2],
            };
        } else if let Some(flushed) = number("flush_folder") {
            let folder = self.folder(flushed);
            folder.names = folder.present();
            folder.pending.clear();
            folder.mode = [folder.mode[1]; 2];
        } else {
            panic!("there is no such line: {entry}");
        }
    }

    /// What is found when the power fails before this line of the record.
    fn after_failure(&self, line: usize, spared: Spared) -> Tree {
        let mut tree = Tree::new();
        let mut chance = Chance(match spared {
            Spared::Some(seed) => seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            _ => 1,
        });
        self.find(ROOT, Path::new(""), line, spared, &mut chance, &mut tree);
        tree
    }

    fn find(&self, number: Number, path: &Path, line: usize, spared: Spared, chance: &mut Chance, tree: &mut Tree) {
        let mut choose = |among: usize| match spared {
            Spared::Flushed => 0,
            Spared::Names => among - 1,
            Spared::Some(_) => chance.below(among as u64) as usize,
        };
        match &self.nodes[&number] {
            Node::Folder(folder) => {
                tree.insert(path.to_owned(), Found::Folder { mode: folder.mode[choose(2)] });
                let kept = choose(folder.pending.len() + 1);
                for (name, below) in folder.with(kept) {
                    self.find(below, &path.join(name), line, spared, chance, tree);
                }
            }
            Node::File(file) => {
                let (mode, time) = (file.mode[choose(2)], file.time[choose(2)]);
                let later = self.flushed.get(&number).and_then(|all| all.iter().find(|(at, _)| *at >= line));
                let new = later.map(|(_, content)| &content[..file.size.min(content.len())]);
                let half = || new.map(|new| new[..new.len() / 2].to_vec());
                // The last one is what a file system leaves that keeps its names in order and its content not.
                let content = match choose(if file.is_flushed { 1 } else { 4 }) {
                    0 => file.content.clone(),
                    1 => new.map_or_else(|| vec![0; file.size], <[u8]>::to_vec),
                    2 => half().unwrap_or_default(),
                    _ => vec![0; file.size],
                };
                tree.insert(path.to_owned(), Found::File { mode, time, content });
            }
        }
    }
}

impl FolderNode {
    fn with(&self, kept: usize) -> BTreeMap<String, Number> {
        let mut names = self.names.clone();
        for (name, what) in self.pending[..kept].iter().flatten() {
            match what {
                Some(number) => drop(names.insert(name.clone(), *number)),
                None => drop(names.remove(name)),
            }
        }
        names
    }

    fn present(&self) -> BTreeMap<String, Number> {
        self.with(self.pending.len())
    }
}

fn make(tree: &Tree, place: &Path) {
    for (path, found) in tree {
        let path = place.join(path);
        match found {
            Found::Folder { .. } => fs::create_dir(&path).unwrap(),
            Found::File { mode, time, content } => {
                fs::write(&path, content).unwrap();
                if let Some(time) = time {
                    File::options().write(true).open(&path).unwrap().set_modified(*time).unwrap();
                }
                fs::set_permissions(&path, Permissions::from_mode(*mode)).unwrap();
            }
        }
    }
    // Those of folders last: root alone writes where nobody may.
    for (path, found) in tree.iter().rev() {
        if let Found::Folder { mode } = found {
            fs::set_permissions(place.join(path), Permissions::from_mode(*mode)).unwrap();
        }
    }
}

#[test]
fn the_disk_forgets_what_was_not_flushed_and_nothing_else() {
    let scratch = scratch();
    fs::write(scratch.path().join("a"), "old").unwrap();
    fs::set_permissions(scratch.path().join("a"), Permissions::from_mode(0o600)).unwrap();
    let record: Vec<Value> = [
        r#"{"file":900,"in":1,"name":"new","bits":384}"#,
        r#"{"size":900,"bytes":4}"#,
        r#"{"flush":900,"content":[110,101,119,33]}"#,
        r#"{"rename":"new","in":1,"to":"a","to_in":1}"#,
        r#"{"flush_folder":1}"#,
    ]
    .map(|line| serde_json::from_str(line).unwrap())
    .into();
    let mut disk = Disk::of(scratch.path());
    disk.look_ahead(&record);
    let looks = |disk: &Disk, line: usize, spared| -> Vec<String> {
        let tree = disk.after_failure(line, spared);
        let files = tree.iter().filter_map(|(path, found)| match found {
            Found::File { content, .. } => Some(format!("{} {:?}", path.display(), String::from_utf8_lossy(content))),
            Found::Folder { .. } => None,
        });
        files.collect()
    };
    let zeros = r#"new "\0\0\0\0""#;
    let expected: [[&[&str]; 2]; 6] = [
        [&["a \"old\""], &["a \"old\""]],
        [&["a \"old\""], &["a \"old\"", "new \"\""]],
        [&["a \"old\""], &["a \"old\"", zeros]],
        [&["a \"old\""], &["a \"old\"", "new \"new!\""]],
        [&["a \"old\""], &["a \"new!\""]],
        [&["a \"new!\""], &["a \"new!\""]],
    ];
    for (line, [flushed, names]) in expected.into_iter().enumerate() {
        assert_eq!(looks(&disk, line, Spared::Flushed), flushed, "before line {line}");
        assert_eq!(looks(&disk, line, Spared::Names), names, "before line {line}");
        if let Some(entry) = record.get(line) {
            disk.play(line, entry);
        }
    }
}

// ------------------------------------------------------------------------------------------------------- the jobs

/// What a power failure left behind.
struct Failure {
    tree: Tree,
    context: String,
    /// The job had ended, and said that all was well.
    is_after_the_end: bool,
}

/// Does `work` in a folder that `make` filled, and gives all that a power failure can leave of it, and where it was; `None`
/// where this machine mounts nothing. `work` gives whether the job said that all is well.
fn failures(make: impl Fn(&Path), work: impl Fn(&Path)) -> Option<(Vec<Failure>, PathBuf)> {
    let scratch = scratch();
    let place = scratch.path().join("record");
    let share = Share::in_folder(self::scratch(), &["--record", place.to_str().unwrap()], make)?;
    let mut disk = Disk::of(&share.real);
    work(&share.mount);
    let mount = share.mount.clone();
    drop(share);
    let text = fs::read_to_string(&place).unwrap();
    let record: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    disk.look_ahead(&record);
    let mut met = HashSet::new();
    let mut failures = Vec::new();
    let chances = rounds(2) as u64;
    for line in 0..=record.len() {
        let kinds = [Spared::Flushed, Spared::Names].into_iter();
        for spared in kinds.chain((0..chances).map(|seed| Spared::Some(seed * 7919 + line as u64))) {
            let tree = disk.after_failure(line, spared);
            let is_after_the_end = line == record.len();
            let mut hasher = DefaultHasher::new();
            (&tree, is_after_the_end).hash(&mut hasher);
            if met.insert(hasher.finish()) {
                let last = line.checked_sub(1).map_or("nothing".to_owned(), |last| record[last].to_string());
                let last: String = last.chars().take(100).collect();
                let context = format!("{spared:?} spared after line {line} of {}, {last}", record.len());
                failures.push(Failure { tree, context, is_after_the_end });
            }
        }
        if let Some(entry) = record.get(line) {
            disk.play(line, entry);
        }
    }
    assert!(failures.len() > 20, "nothing was recorded");
    Some((failures, mount))
}

/// Makes each of these states of a disk real, lets `back` bring what is in the folder back, and counts what that came to. `back`
/// is told of the failure, and whether it came after the end of the job.
fn each(name: &str, failures: &[Failure], back: impl Fn(&Path, &str, bool) -> Vec<End> + Sync) -> Tally {
    let scratch = scratch();
    let tally = Mutex::new(Tally::default());
    in_parallel(failures.len(), |worker, number| {
        let Failure { tree, context, is_after_the_end } = &failures[number];
        let place = scratch.path().join(format!("{worker}"));
        make(tree, &place);
        let ends = back(&place, &format!("{name}: {context}"), *is_after_the_end);
        ends.into_iter().for_each(|end| tally.lock().unwrap().add(end));
        fs::remove_dir_all(&place).unwrap();
    });
    let tally = tally.into_inner().unwrap();
    report(&format!("power failures, {name}: {} states of the disk: {tally}", failures.len()));
    tally
}

/// Each failure during a job on the CID `CID`, made by `make`: the CID is brought back whole, old or new.
fn whole_after_each(name: &str, make: impl Fn(&Path), args: &[&'static str]) {
    let scratch = scratch();
    let base = scratch.path().join("base");
    make(&base);
    let done = Copy::of(&base, "done");
    run(&done, args).exits(0, name);
    let ends = Ends { old: state(&base), new: state(&done) };
    whole_between(name, &base, &ends, args);
}

fn whole_between(name: &str, base: &Path, ends: &Ends, args: &[&'static str]) {
    let work = |folder: &Path| drop(run(&folder.join("CID"), args).exits(0, name));
    let Some((failures, _)) = failures(|folder| copy(base, &folder.join("CID")), work) else { return };
    let tally = each(name, &failures, |place, context, is_after_the_end| {
        let cid = place.join("CID");
        let end = recover(&cid, ends, context);
        assert!(end == End::New || !is_after_the_end, "{context}: it was done and is not any more");
        if !matches!(args[0], "undo" | "recover") {
            run(&cid, args).exits(0, context);
            assert_eq!(ends.of(&cid, &format!("{context}, and again")), End::New);
            assert_eq!(litter(&cid), [""; 0], "{context}, and again: left over");
        }
        vec![end]
    });
    assert!(tally.old > 0 && tally.new > 0, "{name}: {tally:?}");
}

/// Brings the tree back as a person would. That whoever held the lock is dead is known to those who saw the power fail, and to
/// nobody else.
#[track_caller]
fn recover(cid: &Path, ends: &Ends, context: &str) -> End {
    run(cid, &["recover", "--wait", "0", "--break-lock"]).exits(0, context);
    assert_eq!(litter(cid), [""; 0], "{context}: left over");
    ends.of(cid, context)
}

#[test]
fn a_power_failure_while_a_relay_is_set() {
    whole_after_each("relay set", make_cid, &set(ONE));
    let with_relay = |path: &Path| {
        make_cid(path);
        run(path, &set(ONE)).exits(0, "the first relay");
    };
    whole_after_each("another relay", with_relay, &set(TWO));
    whole_after_each("undo", with_relay, &["undo", "--wait", "0"]);
}

#[test]
fn a_power_failure_while_a_cid_is_recovered() {
    let scratch = scratch();
    let base = scratch.path().join("base");
    make_cid(&base);
    run(&base, &set(ONE)).exits(0, "the first relay");
    let steps = steps(&Copy::of(&base, "count"), &set(TWO));
    let done = Copy::of(&base, "done");
    run(&done, &set(TWO)).exits(0, "the second relay");
    let ends = Ends { old: state(&base), new: state(&done) };
    // Death when the first file has been replaced, and when the last has.
    let replaced: Vec<usize> =
        (1..).zip(&steps).filter(|(_, step)| step.contains("replace it: ")).map(|(at, _)| at).collect();
    let catalog = 1 + steps.iter().position(|step| step.contains("replace it: cidsync.upd")).unwrap();
    for (at, option) in [(catalog, "--undo"), (catalog, "--finish"), (*replaced.last().unwrap(), "--undo")] {
        let dead = Copy::of(&base, "dead");
        assert!(run_with_fault(&dead, &set(TWO), &format!("{at}:after")).signal.is_some());
        if !dead.join(".configcid-journal").exists() {
            continue;
        }
        let name = format!("recover {option} after a death at step {at}");
        // Half of what was dead is new already: which of the two ends is reached is all that may differ.
        let work = |folder: &Path| drop(run(&folder.join("CID"), &["recover", option, "--wait", "0"]).exits(0, &name));
        let Some((failures, _)) = failures(|folder| copy(&dead, &folder.join("CID")), work) else { return };
        each(&name, &failures, |place, context, is_after_the_end| {
            let end = recover(&place.join("CID"), &ends, context);
            let wanted = if option == "--undo" { End::Old } else { End::New };
            assert!(end == wanted || !is_after_the_end, "{context}: it was recovered and is not any more");
            vec![end]
        });
    }
}

#[test]
fn a_power_failure_while_a_fleet_is_applied() {
    const FLEET: &str = "[server]\nname = 'Server1'\nfqdn = 'Server.Sales.Acme'\nnetbios = 'SERVER'\n\
        [[relay]]\nname = 'MR'\nip = '10.1.200.65'\nfqdn = 'MRComputer.Sales.Acme'\nnetbios = 'MRComputer'\n\
        [[cid]]\npath = 'A'\nrelay = 'MR'\n[[cid]]\npath = 'B'\nrelay = 'MR'\n";
    let apply = |folder: &Path| {
        let mut command = command(&folder.join("fleet.toml"), &["fleet apply"]);
        command.args(["--wait", "0"]);
        finish(start(command)).exits(0, "fleet apply")
    };
    let make_estate = |folder: &Path| {
        fs::write(folder.join("fleet.toml"), FLEET).unwrap();
        make_cid(&folder.join("A"));
        make_cid(&folder.join("B"));
    };
    let Some((failures, _)) = failures(make_estate, |folder| drop(apply(folder))) else { return };
    let scratch = scratch();
    let done = scratch.path().join("done");
    fs::create_dir(&done).unwrap();
    make_estate(&done);
    let old = state(&done.join("A"));
    apply(&done);
    let ends = Ends { old, new: state(&done.join("A")) };
    let tally = each("fleet apply", &failures, |place, context, is_after_the_end| {
        let of_each = ["A", "B"].map(|cid| {
            let end = recover(&place.join(cid), &ends, context);
            assert!(end == End::New || !is_after_the_end, "{context}: {cid} was done and is not any more");
            end
        });
        apply(place);
        for cid in ["A", "B"] {
            assert_eq!(ends.of(&place.join(cid), context), End::New, "{context}");
            assert_eq!(litter(&place.join(cid)), [""; 0], "{context}: left over");
        }
        of_each.into()
    });
    assert!(tally.old > 0 && tally.new > 0, "{tally:?}");
}

/// As [`run`]; many files are flushed by one call, if `at_once`, as on a local disk.
fn run_flushing(at_once: bool, mut command: Command, context: &str) {
    if at_once {
        command.env("CONFIGCID_FLUSH_ALL", "1");
    }
    finish(start(command)).exits(0, context);
}

#[test]
fn a_power_failure_while_files_are_brought() {
    files_are_brought(false);
}

#[test]
fn a_power_failure_while_files_are_brought_and_flushed_at_once() {
    files_are_brought(true);
}

fn files_are_brought(at_once: bool) {
    let scene = Scene::new();
    let sync = |cid: &Path, context: &str| run_flushing(at_once, command(cid, &scene.args), context);
    let work = |folder: &Path| sync(&folder.join("CID"), "sync");
    let Some((failures, _)) = failures(|folder| copy(&scene.base, &folder.join("CID")), work) else { return };
    let tally = each("sync", &failures, |place, context, is_after_the_end| {
        let cid = place.join("CID");
        run(&cid, &["recover", "--wait", "0", "--break-lock"]).exits(0, context);
        assert_eq!(litter(&cid), [""; 0], "{context}: left over");
        assert_eq!(check_readers(&cid, context), 0, "{context}: after recovery");
        let (is_old, is_new) = (seen(&cid) == scene.ends.old, seen(&cid) == scene.ends.new);
        assert!(is_new || (is_old && !is_after_the_end), "{context}: {is_old} {is_new}");
        // What had been brought is made use of, unless it is not what it was to be.
        sync(&cid, context);
        assert_eq!(scene.ends.of(&cid, context), End::New, "{context}, and again");
        assert!(litter(&cid).is_empty() && !cid.join(".configcid-sync").exists(), "{context}, and again: left over");
        vec![if is_new { End::New } else { End::Old }]
    });
    assert!(tally.old > 0 && tally.new > 0, "{tally:?}");
}

/// A folder that is removed again.
struct Place(PathBuf);

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_power_failure_while_a_cid_is_cloned() {
    a_cid_is_cloned(false);
}

#[test]
fn a_power_failure_while_a_cid_is_cloned_and_flushed_at_once() {
    a_cid_is_cloned(true);
}

fn a_cid_is_cloned(at_once: bool) {
    let clone = |folder: &Path| {
        let mut command = command(&folder.join("CID"), &["clone"]);
        command.arg(folder.join("NEW"));
        run_flushing(at_once, command, "clone");
    };
    let Some((failures, mount)) = failures(|folder| make_cid(&folder.join("CID")), clone) else { return };
    // What a clone left says where it was, and is continued there alone.
    let place = Place(mount.parent().unwrap().to_owned());
    fs::create_dir(&place.0).unwrap();
    let (mut whole, mut resumed) = (0, 0);
    for Failure { tree, context, is_after_the_end } in &failures {
        make(tree, &mount);
        let cid = state(&mount.join("CID"));
        let new = mount.join("NEW");
        let is_there = new.exists();
        assert!(is_there || !is_after_the_end, "{context}: it was there and is not any more");
        if is_there {
            let now = state(&new);
            assert!(now == cid, "{context}: the clone differs in {}", difference(&now, &cid));
            whole += 1;
            fs::rename(&new, mount.join("FIRST")).unwrap();
        }
        resumed += usize::from(own_files(&mount).iter().any(|name| !name.ends_with(".lock")));
        clone(&mount);
        let now = state(&new);
        assert!(now == cid, "{context}, and again: the clone differs in {}", difference(&now, &cid));
        // A file that was to say whose a folder is, before there was one, and before it was flushed: it proves nothing.
        let mut left = own_files(&mount);
        left.retain(|name| name.strip_suffix(".lock").is_none_or(|folder| mount.join(folder).exists()));
        assert_eq!(left, [""; 0], "{context}: left over");
        fs::remove_dir_all(&mount).unwrap();
    }
    assert!(whole > 0 && resumed > whole, "{whole} {resumed}");
    report(&format!(
        "power failures, clone: {} states of the disk: {whole} whole, {} not there, {resumed} with what the next one went on from",
        failures.len(),
        failures.len() - whole,
    ));
}
