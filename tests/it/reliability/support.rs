//! Trees, the program as a process, and the states that a tree may be in.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, mpsc};

use configcid::DemoCid;
use tempfile::TempDir;

use crate::support::LIMIT;

/// The relays that the tests set up.
pub(super) const ONE: &[&str] = &["--ip", "10.1.200.65", "--fqdn", "MRComputer.Sales.Acme", "--netbios", "MRComputer"];
pub(super) const TWO: &[&str] = &["--ip", "10.1.200.66", "--fqdn", "Second.Sales.Acme", "--netbios", "SECOND"];

/// `relay set` of one of them.
pub(super) fn set(address: &[&'static str]) -> Vec<&'static str> {
    [&["relay set"], address, &["--wait", "0"]].concat()
}

/// A folder that goes with the value: in memory where the system has such a place, since thousands of trees are made.
pub(super) fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    tempfile::Builder::new().prefix("configcid-reliability-").tempdir_in(place).expect("a scratch folder")
}

/// A folder where other temporary files are, which is a disk as a rule: to flush takes its time there.
pub(super) fn scratch_on_disk() -> TempDir {
    tempfile::Builder::new().prefix("configcid-reliability-").tempdir().expect("a scratch folder")
}

/// A CID whose catalogs are those of the root, `rms`, `rms9x` and two components that relay set-up leaves alone; modes
/// are not all the same, so that a lost one is seen.
pub(super) fn make_cid(path: &Path) {
    DemoCid { rms9x: true, ..DemoCid::default() }.write(path).expect("a demo CID");
    for (file, mode) in [("mrinit.conf", 0o640), ("cidsync.upd", 0o664), ("rms/cidsync.upd", 0o604)] {
        fs::set_permissions(path.join(file), Permissions::from_mode(mode)).expect("a mode");
    }
}

/// A number of rounds: the usual one, or what `CONFIGCID_ROUNDS` says.
pub(super) fn rounds(usual: usize) -> usize {
    std::env::var("CONFIGCID_ROUNDS").map_or(usual, |rounds| rounds.parse().expect("CONFIGCID_ROUNDS is a number"))
}

/// Whether the matrices are to be walked whole.
pub(super) fn is_thorough() -> bool {
    std::env::var_os("CONFIGCID_THOROUGH").is_some()
}

pub(super) fn report(line: &str) {
    println!("reliability: {line}");
}

// ---------------------------------------------------------------------------------------------------------- states

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    Folder { mode: u32 },
    File { mode: u32, bytes: Vec<u8> },
    Other(String),
}

/// A whole tree, without what configcid keeps for itself.
pub(super) type State = BTreeMap<PathBuf, Item>;

fn is_own(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".configcid-"))
}

fn walk(root: &Path, found: &mut dyn FnMut(&Path, &fs::Metadata)) {
    for entry in fs::read_dir(root).expect("a folder") {
        let path = entry.expect("an entry").path();
        let metadata = fs::symlink_metadata(&path).expect("metadata");
        found(&path, &metadata);
        if metadata.is_dir() {
            walk(&path, found);
        }
    }
}

pub(super) fn state(root: &Path) -> State {
    let mut state = State::new();
    walk(root, &mut |path, metadata| {
        // Folders of configcid's own, too, with what is in them.
        if path.ancestors().take_while(|path| *path != root).any(is_own) {
            return;
        }
        let mode = metadata.mode() & 0o7777;
        let item = if metadata.is_dir() {
            Item::Folder { mode }
        } else if metadata.is_file() {
            Item::File { mode, bytes: fs::read(path).expect("a file") }
        } else {
            Item::Other(format!("{:?}", metadata.file_type()))
        };
        state.insert(path.strip_prefix(root).expect("it is below").to_owned(), item);
    });
    state
}

/// All that a run has left at a place: the tree with its contents, and of what configcid keeps for itself how much it is. That says
/// who wrote it and when, so that no two runs leave the same: numbers do not count there.
type Left = (Vec<(String, u32, u64)>, State);

pub(super) fn left(root: &Path) -> Left {
    let mut own = Vec::new();
    walk(root, &mut |path, metadata| {
        if path.ancestors().take_while(|path| *path != root).any(is_own) {
            let name = path.strip_prefix(root).expect("it is below").to_string_lossy().into_owned();
            let length = if metadata.is_file() { metadata.len() } else { 0 };
            own.push((name.replace(|c: char| c.is_ascii_digit(), ""), metadata.mode(), length));
        }
    });
    own.sort();
    (own, state(root))
}

/// What came of each state that was left. To go on from the same once more tells nothing more, and is not done.
pub(super) struct Once<T>(Mutex<Vec<(Left, T)>>);

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Once<T> {
    /// What it comes to to go on from what is left at a place, or what it came to from the same before.
    pub(super) fn from(&self, root: &Path, go_on: impl FnOnce() -> T) -> T {
        let left = left(root);
        let known = self.0.lock().unwrap().iter().find(|(known, _)| *known == left).map(|(_, end)| end.clone());
        known.unwrap_or_else(|| {
            let end = go_on();
            self.0.lock().unwrap().push((left, end.clone()));
            end
        })
    }

    /// From how many it was gone on.
    pub(super) fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

/// The names of the files that configcid keeps in a tree for itself.
pub(super) fn own_files(root: &Path) -> Vec<String> {
    let mut names = Vec::new();
    walk(root, &mut |path, _| {
        if is_own(path) {
            names.push(path.file_name().expect("a name").to_string_lossy().into_owned());
        }
    });
    names.sort();
    names
}

/// Those of them that may be there only while something is under way.
pub(super) fn litter(root: &Path) -> Vec<String> {
    let is_litter = |name: &String| {
        name == ".configcid-journal" || name.ends_with("-lock") || name.ends_with(".lock") || name.ends_with(".new")
    };
    own_files(root).into_iter().filter(is_litter).collect()
}

/// Where two states differ, for people.
pub(super) fn difference(a: &State, b: &State) -> String {
    let all: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
    let names = all.into_iter().filter(|path| a.get(*path) != b.get(*path)).map(|path| path.display().to_string());
    names.collect::<Vec<_>>().join(", ")
}

/// The two states that are allowed.
#[derive(Debug, Clone)]
pub(super) struct Ends {
    pub old: State,
    pub new: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Old,
    New,
}

impl Ends {
    /// Which of the two the tree is in.
    pub(super) fn of(&self, root: &Path, context: &str) -> End {
        let now = state(root);
        if now == self.old {
            return End::Old;
        }
        if now == self.new {
            return End::New;
        }
        panic!(
            "{context}: the tree is neither old (it differs in {}) nor new (it differs in {})",
            difference(&now, &self.old),
            difference(&now, &self.new)
        );
    }
}

/// How many trees were found in which state.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Tally {
    pub old: usize,
    pub new: usize,
}

impl Tally {
    pub(super) fn add(&mut self, end: End) {
        match end {
            End::Old => self.old += 1,
            End::New => self.new += 1,
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.old += other.old;
        self.new += other.new;
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Nothing else comes this far.
        write!(f, "{} old, {} new, 0 other", self.old, self.new)
    }
}

/// Copies a tree as it is: modes, links and what configcid keeps there too.
pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a new folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        let kind = fs::symlink_metadata(&path).expect("metadata").file_type();
        if kind.is_dir() {
            copy(&path, &target);
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&path).expect("a link"), &target).expect("a link");
        } else {
            assert!(!kind.is_fifo(), "{} cannot be copied", path.display());
            fs::copy(&path, &target).expect("a copy");
        }
    }
    fs::set_permissions(to, fs::metadata(from).expect("metadata").permissions()).expect("a mode");
}

/// A fresh copy that is removed again.
pub(super) struct Copy(PathBuf);

impl Copy {
    pub(super) fn of(from: &Path, name: &str) -> Self {
        let to = from.with_file_name(name);
        copy(from, &to);
        Self(to)
    }
}

impl std::ops::Deref for Copy {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

// ----------------------------------------------------------------------------------------------------- the program

/// How a run ended.
#[derive(Debug)]
pub(super) struct Run {
    pub code: Option<i32>,
    pub signal: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Run {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            signal: output.status.signal(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    pub(super) fn exits(self, code: i32, context: &str) -> Self {
        assert_eq!(self.code, Some(code), "{context}: {self:?}");
        self
    }
}

/// The command on `cid`, quiet; `args` are its words and then the options, such as `["relay set", "--ip", ...]`.
pub(super) fn command(cid: &Path, args: &[&str]) -> Command {
    static NO_CORES: std::sync::Once = std::sync::Once::new();
    NO_CORES.call_once(|| {
        let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
        // Thousands die by abort.
        let _ = rustix::process::setrlimit(rustix::process::Resource::Core, none);
    });
    let mut command = Command::new(env!("CARGO_BIN_EXE_configcid"));
    command.args(args[0].split(' ')).arg(cid).args(&args[1..]).stdin(Stdio::null());
    command.env_remove("CONFIGCID_FAULT");
    command
}

pub(super) fn run(cid: &Path, args: &[&str]) -> Run {
    finish(start(command(cid, args)))
}

pub(super) fn run_with_fault(cid: &Path, args: &[&str], fault: &str) -> Run {
    let mut command = command(cid, args);
    command.env("CONFIGCID_FAULT", fault);
    finish(start(command))
}

pub(super) fn start(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
}

/// Waits for the end of a run; one that hangs is an error.
pub(super) fn finish(child: Child) -> Run {
    let process = rustix::process::Pid::from_child(&child);
    let (done, ended) = mpsc::channel::<()>();
    let watch = std::thread::spawn(move || {
        if ended.recv_timeout(LIMIT) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
            return true;
        }
        false
    });
    let output = child.wait_with_output().expect("the program ends");
    let _ = done.send(());
    assert!(!watch.join().expect("the watch ends"), "the program hung");
    Run::of(output)
}

/// Waits until a run with the fault `N:stop` has halted; calling the result lets it go on.
pub(super) fn halted(child: &Child) -> impl FnOnce() {
    use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
    let process = Pid::from_child(child);
    let (_, status) =
        waitpid(Some(process), WaitOptions::UNTRACED).expect("it can be waited for").expect("it has halted");
    assert!(status.stopped(), "it ended before the step at which it was to halt");
    move || kill_process(process, Signal::CONT).expect("it goes on")
}

/// The steps of a run that is let pass: `number what: file`, the first is 1.
pub(super) fn steps(cid: &Path, args: &[&str]) -> Vec<String> {
    steps_with(cid, args, "")
}

/// As [`steps`], of a run with a fault.
pub(super) fn steps_with(cid: &Path, args: &[&str], fault: &str) -> Vec<String> {
    let list = cid.with_extension("steps");
    let _ = fs::remove_file(&list);
    let mut command = command(cid, args);
    command.env("CONFIGCID_FAULT", format!("0:count,{fault}")).env("CONFIGCID_FAULT_COUNT", &list);
    let run = finish(start(command));
    assert!(run.code == Some(0) || !fault.is_empty(), "counting the steps: {run:?}");
    let text = fs::read_to_string(&list).expect("the list of steps");
    fs::remove_file(&list).expect("the list is removed");
    let steps: Vec<String> = text.lines().map(str::to_owned).collect();
    assert!(!steps.is_empty());
    steps
}

/// Brings the tree back by the command that a person would use, and says which state it was.
#[track_caller]
pub(super) fn recover(cid: &Path, ends: &Ends, context: &str) -> End {
    run(cid, &["recover", "--wait", "0"]).exits(0, context);
    assert_eq!(litter(cid), [""; 0], "{context}: left over");
    ends.of(cid, context)
}

// ---------------------------------------------------------------------------------------------------------- chance

/// Marsaglia's xorshift64*: the same numbers on every run.
pub(super) struct Chance(pub u64);

impl Chance {
    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(limit)) >> 64) as u64
    }
}

// -------------------------------------------------------------------------------------- a client's look at catalogs

/// CRC-32 as zlib has it, bit by bit: not the library's own.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}

/// What a client takes from a catalog: path with slashes, size, checksum. An error says why it cannot be whole.
pub(super) fn read_catalog(bytes: &[u8]) -> Result<Vec<(String, u32, u32)>, String> {
    let number = |at: usize| -> Result<u32, String> {
        let field = bytes.get(at..at + 4).ok_or_else(|| format!("it ends before {at}"))?;
        Ok(u32::from_le_bytes(field.try_into().expect("four bytes")))
    };
    let mut at = number(80)? as usize;
    let mut entries = Vec::new();
    loop {
        let length = number(at)? as usize;
        at += 4;
        if length == 0 {
            break;
        }
        let (size, checksum) = (number(at)?, number(at + 4)?);
        let path = bytes.get(at + 8..at + length).ok_or("an entry is cut")?;
        let path = String::from_utf8_lossy(path.strip_suffix(b"\0").ok_or("a path does not end")?).into_owned();
        entries.push((path.trim_start_matches('\\').replace('\\', "/"), size, checksum));
        at += length;
    }
    if crc32(&bytes[..at]) != number(at)? {
        return Err("its own checksum is wrong".to_owned());
    }
    Ok(entries)
}

#[test]
fn the_tests_own_reader_can_tell_right_from_wrong() {
    assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    let scratch = scratch();
    let cid = scratch.path().join("CID");
    make_cid(&cid);
    let bytes = fs::read(cid.join("cidsync.upd")).unwrap();
    let entries = read_catalog(&bytes).unwrap();
    assert!(entries.iter().any(|(path, ..)| path == "rms/router.dll"));
    for (path, size, checksum) in &entries {
        let content = fs::read(cid.join(path)).unwrap();
        assert_eq!((content.len() as u32, crc32(&content)), (*size, *checksum), "{path}");
    }
    for end in [bytes.len() - 1, bytes.len() / 2, 90] {
        read_catalog(&bytes[..end]).unwrap_err();
    }
    let mut torn = bytes;
    torn[100] ^= 1;
    read_catalog(&torn).unwrap_err();
}
