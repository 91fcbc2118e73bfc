//! What the black-box tests share: an environment to run the program in, snapshots of whole trees, and a look at a CID
//! that does not go through the crate.

// Each test program uses a part of it.
#![allow(dead_code)]

pub(crate) mod browser;
pub(crate) mod estate;
pub(crate) mod layout;
pub(crate) mod pki;
#[cfg(target_os = "linux")]
pub(crate) mod share;
#[cfg(unix)]
pub(crate) mod terminal;
pub(crate) mod testdata;
pub(crate) mod wine;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use configcid::DemoCid;
use configcid::catalog::{Checksum, ChecksumFunction};
use layout::{Catalog, Sum, crc32};

/// A relay that all tests may use.
pub(crate) const RELAY: &str = "--ip 10.1.200.65 --fqdn MRComputer.Sales.Acme --netbios MRComputer";
/// The same, as `mrinit.conf` has it.
pub(crate) const RELAY_LIST: &str = "10.1.200.65,MRComputer.Sales.Acme,MRComputer";

/// No run takes longer on the busiest machine, nor anything else that a test waits for, unless it hangs.
pub(crate) const LIMIT: Duration = Duration::from_secs(300);

/// A folder of its own for one test, where the program runs, and an empty one for the program's temporary files.
pub(crate) struct TestEnv {
    _dir: tempfile::TempDir,
    root: PathBuf,
    variables: Vec<(String, String)>,
}

impl TestEnv {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        // On Windows the real path is one in which no program can run.
        let root = if cfg!(windows) { dir.path().to_owned() } else { dir.path().canonicalize().unwrap() };
        fs::create_dir(root.join("work")).unwrap();
        fs::create_dir(root.join("tmp")).unwrap();
        Self { _dir: dir, root, variables: Vec::new() }
    }

    /// An environment with a demo CID called `MRESXP`.
    pub(crate) fn with(demo: DemoCid) -> Self {
        let env = Self::new();
        env.cid("MRESXP", demo);
        env
    }

    /// An environment with the usual demo CID, called `MRESXP`.
    pub(crate) fn demo() -> Self {
        Self::with(DemoCid::default())
    }

    /// Makes one more CID.
    pub(crate) fn cid(&self, name: &str, demo: DemoCid) -> PathBuf {
        demo.write(&self.path(name)).unwrap();
        self.path(name)
    }

    /// Sets a variable for the programs that are run.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.variables.push((name.to_owned(), value.into()));
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join("work").join(relative)
    }

    pub(crate) fn read(&self, relative: &str) -> Vec<u8> {
        fs::read(self.path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
    }

    pub(crate) fn text(&self, relative: &str) -> String {
        String::from_utf8(self.read(relative)).unwrap()
    }

    pub(crate) fn write(&self, relative: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap_or_else(|error| panic!("{relative}: {error}"));
    }

    pub(crate) fn remove(&self, relative: &str) {
        fs::remove_file(self.path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"));
    }

    /// Rewrites a file of the CID.
    pub(crate) fn edit(&self, relative: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
        self.write(relative, change(self.read(relative)));
    }

    /// Replaces a part of a text file, which must be there.
    pub(crate) fn replace(&self, relative: &str, from: &str, to: &str) {
        let text = self.text(relative);
        assert!(text.contains(from), "{relative} has no {from:?}");
        self.write(relative, text.replace(from, to));
    }

    /// Rewrites a catalog and seals it with CRC-32.
    pub(crate) fn edit_catalog(&self, relative: &str, change: impl FnOnce(&mut Catalog)) {
        self.edit(relative, |bytes| {
            let mut catalog = Catalog::read(&bytes);
            change(&mut catalog);
            catalog.seal(crc32);
            catalog.print()
        });
    }

    pub(crate) fn catalog(&self, relative: &str) -> Catalog {
        Catalog::read(&self.read(relative))
    }

    /// Everything below the test's folder, the program's temporary files included.
    pub(crate) fn snapshot(&self) -> Tree {
        snapshot_tree(&self.root)
    }

    /// The program, not yet run.
    pub(crate) fn command(&self) -> Command {
        self.clean(Command::new(env!("CARGO_BIN_EXE_configcid")))
    }

    /// A program that runs in the test's folder and sees nothing of this process's surroundings.
    pub(crate) fn clean(&self, mut command: Command) -> Command {
        command.current_dir(self.path("")).env_clear().stdin(Stdio::null());
        for name in ["PATH", "SystemRoot"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        for name in ["TMPDIR", "TEMP", "TMP"] {
            command.env(name, self.root.join("tmp"));
        }
        command
            .env("NO_COLOR", "1")
            .env("CONFIGCID_LANG", "en")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs the program with the words of `line` as its arguments.
    pub(crate) fn run(&self, line: &str) -> Output {
        self.run_args(line.split_whitespace())
    }

    pub(crate) fn run_args(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
        let mut command = self.command();
        command.args(args);
        self.finish(command)
    }

    /// Runs the program, for people and with `--json`, and asserts that it refuses with this exit code, says why, and
    /// leaves everything below the test's folder as it is.
    #[track_caller]
    pub(crate) fn refuses(&self, code: i32, line: &str) -> Output {
        self.refuses_args(code, &line.split_whitespace().collect::<Vec<_>>())
    }

    #[track_caller]
    pub(crate) fn refuses_args(&self, code: i32, args: &[&str]) -> Output {
        let before = self.snapshot();
        let json = self.run_args(args.iter().chain(&["--json"])).expect(code);
        let value = json.json();
        let error = if value["error"].is_object() { &value["error"] } else { &value["cids"][0]["error"] };
        assert!(error["kind"].is_string() && error["what"].is_string(), "{json}");
        let output = self.run_args(args).expect(code);
        assert!(output.stderr.starts_with("error: ") && output.stderr.lines().count() == 1, "{output}");
        assert_eq!(output.stderr, json.stderr);
        assert_eq!(self.snapshot(), before, "{output}");
        output
    }

    /// Runs a command to its end. It must not hang, and must not print a secret.
    pub(crate) fn finish(&self, mut command: Command) -> Output {
        let line = command.get_args().map(|arg| arg.to_string_lossy()).collect::<Vec<_>>().join(" ");
        // Wine's desktop is begun by the first program with a window, and keeps what that had open for as long as any program
        // has windows: a pipe would never end there, a file needs no end.
        let mut files = cfg!(windows).then(|| [tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap()]);
        match &files {
            Some(files) => {
                let [stdout, stderr] = files.each_ref().map(|file| file.try_clone().unwrap());
                command.stdout(stdout).stderr(stderr);
            }
            None => {
                command.stdout(Stdio::piped()).stderr(Stdio::piped());
            }
        }
        let child = spawn(&mut command);
        let id = child.id();
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || sender.send(child.wait_with_output()));
        let Ok(output) = receiver.recv_timeout(LIMIT) else {
            let _ = if cfg!(windows) {
                Command::new("taskkill").args(["/F", "/PID", &id.to_string()]).status()
            } else {
                Command::new("kill").args(["-KILL", &id.to_string()]).status()
            };
            panic!("configcid {line}: hangs");
        };
        let mut output = output.unwrap();
        if let Some(files) = &mut files {
            for (file, bytes) in files.iter_mut().zip([&mut output.stdout, &mut output.stderr]) {
                file.rewind().unwrap();
                file.read_to_end(bytes).unwrap();
            }
        }
        let text = |bytes: &[u8]| self.normalize(&String::from_utf8_lossy(bytes));
        let output = Output {
            code: output.status.code().unwrap_or_else(|| panic!("configcid {line}: {}", output.status)),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
            line: self.normalize(&line),
        };
        output.assert_no_secret();
        output
    }

    fn normalize(&self, text: &str) -> String {
        let text = text.replace(&*self.root.join("work").to_string_lossy(), "[DIR]");
        let text = text.replace(&*self.root.join("tmp").to_string_lossy(), "[TMP]");
        without_process_ids(&text)
    }
}

/// An example of the crate, as a program to run.
pub(crate) fn example(name: &str) -> PathBuf {
    let programs = PathBuf::from(env!("CARGO_BIN_EXE_configcid")).parent().unwrap().join("examples");
    let path = programs.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(path.is_file(), "{} is not there: cargo build --examples makes it", path.display());
    // On Windows a path may begin with a slash and still depend on where one stands.
    std::path::absolute(path).unwrap()
}

/// Starts a program.
pub(crate) fn spawn(command: &mut Command) -> Child {
    // Wine, when the machine is busy, loses a process before it begins, and calls that an internal error.
    const ERROR_INTERNAL_ERROR: i32 = 1359;
    let mut attempts = (0..10).map(|_| command.spawn());
    let is_lost = |error: &std::io::Error| cfg!(windows) && error.raw_os_error() == Some(ERROR_INTERNAL_ERROR);
    attempts.find(|child| !child.as_ref().is_err_and(is_lost)).expect("no process begins").unwrap()
}

/// Waits until something is so; what never comes is a fault.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < LIMIT, "{what} did not come");
        thread::yield_now();
    }
}

/// Lets `work` do each number below `count`, on all processors; each gets the number of its worker too.
pub(crate) fn in_parallel(count: usize, work: impl Fn(usize, usize) + Sync) {
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for worker in 0..workers {
            let (next, work) = (&next, &work);
            scope.spawn(move || {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    work(worker, number);
                }
            });
        }
    });
}

/// Our own files beside others carry the number of the process.
fn without_process_ids(text: &str) -> String {
    let mut parts = text.split(".configcid-");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(".configcid-");
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        out.push_str(if rest.len() < part.len() { "[PID]" } else { "" });
        out.push_str(rest);
    }
    out
}

/// Whether `output` contains `text`; on Windows, where paths of the system have either slash, whichever it has.
pub(crate) fn holds(output: &str, text: &str) -> bool {
    match cfg!(windows) {
        true => output.replace('\\', "/").contains(&text.replace('\\', "/")),
        false => output.contains(text),
    }
}

/// How a run ended. The test's folder is `[DIR]` in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Output {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    line: String,
}

impl Output {
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        self
    }

    /// Done, with nothing to complain about.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        let output = self.expect(0);
        assert_eq!(output.stderr, "", "{output}");
        output
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(holds(&self.stdout, text), "not on stdout: {text:?}\n{self}");
        self
    }

    #[track_caller]
    pub(crate) fn complains(self, text: &str) -> Self {
        assert!(holds(&self.stderr, text), "not on stderr: {text:?}\n{self}");
        self
    }

    /// How many lines begin so.
    pub(crate) fn count(&self, start: &str) -> usize {
        self.stdout.lines().filter(|line| line.starts_with(start)).count()
    }

    /// The JSON answer, which names this schema and the exit code that the process had.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        let value: serde_json::Value =
            serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"));
        assert_eq!(value["schema"], 1, "{self}");
        assert_eq!(value["exit_code"], self.code, "{self}");
        assert!(value["command"].is_string(), "{self}");
        value
    }

    fn assert_no_secret(&self) {
        for secret in secrets() {
            // A good part of one is too much already.
            for part in secret.as_bytes().windows(12) {
                let part = std::str::from_utf8(part).unwrap();
                assert!(!self.stdout.contains(part) && !self.stderr.contains(part), "a secret is printed: {self}");
            }
        }
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { code, stdout, stderr, line } = self;
        write!(f, "$ configcid {line}\nexit code {code}\n--- stdout\n{stdout}--- stderr\n{stderr}")
    }
}

/// The identity keys that every demo CID has.
pub(crate) fn secrets() -> Vec<String> {
    let conf = DemoCid::default().mrinit();
    let secrets: Vec<String> = conf
        .lines()
        .filter_map(|line| line.split_once("IdentityKey\"=\""))
        .map(|(_, value)| value.trim_end_matches('"').to_owned())
        .collect();
    assert_eq!(secrets.len(), 3);
    secrets
}

/// Every path in a folder, and what is there.
pub(crate) type Tree = BTreeMap<PathBuf, Node>;

/// What stands at a path, with its permissions where the system has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Folder(u32),
    File(u32, Content),
    Link(PathBuf),
    /// What is not read: its permissions, and when it was written.
    Other(u32, Option<SystemTime>),
}

/// A file's bytes; of a very large one the size, both ends, and when it was written.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Content {
    Bytes(Vec<u8>),
    Large { size: u64, ends: Vec<u8>, written: SystemTime },
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bytes(bytes) => f.write_str(&bytes.escape_ascii().to_string()),
            Self::Large { size, written, .. } => write!(f, "{size} bytes, written {written:?}"),
        }
    }
}

/// What configcid leaves in a CID on purpose: the record of the last change, what it kept for going back, the history.
fn is_record(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_string_lossy();
    name.starts_with(".configcid-") && [".old", "-last", "-history"].iter().any(|end| name.ends_with(end))
}

/// Every path below `root` but for records of changes, with what is there.
pub(crate) fn snapshot_tree(root: &Path) -> Tree {
    tree_without(root, is_record)
}

/// Every path below `root` but for some and what is below those, with what is there.
pub(crate) fn tree_without(root: &Path, is_left_out: impl Fn(&Path) -> bool) -> Tree {
    let mut tree = Tree::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if is_left_out(&path) {
                continue;
            }
            let metadata = fs::symlink_metadata(&path).unwrap();
            let node = if metadata.is_dir() {
                open.push(path.clone());
                Node::Folder(mode(&metadata))
            } else if metadata.is_symlink() {
                Node::Link(fs::read_link(&path).unwrap())
            } else if metadata.is_file() {
                Node::File(mode(&metadata), content(&path, &metadata))
            } else {
                Node::Other(mode(&metadata), metadata.modified().ok())
            };
            tree.insert(path.strip_prefix(root).unwrap().to_owned(), node);
        }
    }
    tree
}

fn content(path: &Path, metadata: &fs::Metadata) -> Content {
    const END: u64 = 1 << 16;
    let size = metadata.len();
    if size < 1 << 22 {
        return Content::Bytes(fs::read(path).unwrap());
    }
    let mut file = fs::File::open(path).unwrap();
    let mut ends = Vec::new();
    file.by_ref().take(END).read_to_end(&mut ends).unwrap();
    file.seek(SeekFrom::End(-(END as i64))).unwrap();
    file.read_to_end(&mut ends).unwrap();
    Content::Large { size, ends, written: metadata.modified().unwrap() }
}

pub(crate) fn mode(metadata: &fs::Metadata) -> u32 {
    #[cfg(unix)]
    return std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
    #[cfg(not(unix))]
    return metadata.permissions().readonly().into();
}

/// When each file and folder was last written, and which one it is.
pub(crate) fn stamps(root: &Path) -> BTreeMap<PathBuf, (SystemTime, u64)> {
    let stamp = |path: PathBuf| {
        let metadata = fs::symlink_metadata(root.join(&path)).unwrap();
        #[cfg(unix)]
        let number = std::os::unix::fs::MetadataExt::ino(&metadata);
        #[cfg(not(unix))]
        let number = 0;
        (path, (metadata.modified().unwrap(), number))
    };
    snapshot_tree(root).into_keys().chain([PathBuf::new()]).map(stamp).collect()
}

/// One of the CIDs in `testdata/cids/`.
pub(crate) fn committed(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/cids").join(name)
}

/// Copies a folder tree of files and folders.
pub(crate) fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A checksum function that configcid does not know: catalogs with it are foreign.
pub(crate) struct Unknown;

impl ChecksumFunction for Unknown {
    fn name(&self) -> &str {
        "unknown"
    }

    fn of(&self, input: &mut dyn Read) -> configcid::Result<Checksum> {
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes).unwrap();
        Ok(Checksum(layout::unknown(&bytes)))
    }
}

/// The stand-in for the programs that an administrator brings for foreign catalogs.
pub(crate) fn stand_in() -> String {
    let programs = PathBuf::from(env!("CARGO_BIN_EXE_configcid")).parent().unwrap().join("examples");
    let path = programs.join(format!("stand_in_configcid{}", std::env::consts::EXE_SUFFIX));
    assert!(path.is_file(), "{} is not there: cargo build --examples makes it", path.display());
    // On Windows a path may begin with a slash and still depend on where one stands.
    std::path::absolute(path).unwrap().to_str().unwrap().to_owned()
}

/// Components, beside the folders that have a catalog.
const COMPONENTS: &[&str] = &["rms", "rms9x", "sau", "savxp", "scf"];

/// Checks a CID by the layout alone: each catalog's own checksum is right; each entry of a customer's file or of a
/// catalog is what the disk says; each customer's file that is there is listed.
#[track_caller]
pub(crate) fn check_cid(cid: &Path, sum: Sum) {
    let files = files_by_key(cid);
    let catalogs: Vec<&String> = files.keys().filter(|path| is_known_catalog(path)).collect();
    assert!(!catalogs.is_empty(), "{} has no catalog", cid.display());
    for path in catalogs {
        let bytes = fs::read(&files[path]).unwrap();
        let catalog = Catalog::read(&bytes);
        assert_eq!(catalog.own, sum(&bytes[..catalog.own_at]), "{path}: own checksum");
        let folder = &path[..path.rfind('\\').unwrap()];
        let mut listed = BTreeSet::new();
        for entry in &catalog.entries {
            let full = format!("{folder}{}", entry.name().to_lowercase());
            assert!(listed.insert(full.clone()), "{path} lists {full} twice");
            if layout::is_customer_file(&full) || layout::is_catalog(&full) {
                let place = files.get(&full).unwrap_or_else(|| panic!("{path} lists {full}, which is not there"));
                let content = fs::read(place).unwrap();
                assert_eq!(entry.size as usize, content.len(), "{path}: size of {full}");
                assert_eq!(entry.checksum, sum(&content), "{path}: checksum of {full}");
            }
        }
        let top_level_only = path.ends_with("\\root.upd");
        let covered = |file: &str| file.starts_with(&format!("{folder}\\")) && !(top_level_only && depth(file) > 1);
        for file in files.keys().filter(|file| layout::is_customer_file(file) && is_in_place(file, &files)) {
            assert!(!covered(file) || listed.contains(file), "{path} does not list {file}");
        }
    }
}

fn depth(path: &str) -> usize {
    path.matches('\\').count()
}

/// Whether a file lies in the root or in a component.
fn is_in_place(file: &str, files: &BTreeMap<String, PathBuf>) -> bool {
    let folder = file[1..].split('\\').next().unwrap_or_default();
    depth(file) == 1 || COMPONENTS.contains(&folder) || files.contains_key(&format!("\\{folder}\\cidsync.upd"))
}

fn is_known_catalog(path: &str) -> bool {
    layout::is_catalog(path) && depth(path) <= if path.ends_with("\\cidsync.upd") { 2 } else { 1 }
}

/// The files of a CID by their paths in lower case, as catalogs spell them.
fn files_by_key(cid: &Path) -> BTreeMap<String, PathBuf> {
    let name = |path: &Path| {
        path.components().map(|part| format!("\\{}", part.as_os_str().to_string_lossy().to_lowercase())).collect()
    };
    let tree = snapshot_tree(cid).into_iter();
    tree.filter(|(_, node)| matches!(node, Node::File(..))).map(|(path, _)| (name(&path), cid.join(path))).collect()
}

/// Asserts that Prometheus's own tool finds nothing to complain about in metrics.
pub(crate) fn check_metrics(text: &str) {
    if !browser::have("promtool") {
        return;
    }
    let mut command = Command::new("promtool");
    let command =
        command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut promtool = command.spawn().unwrap();
    std::io::Write::write_all(&mut promtool.stdin.take().unwrap(), text.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success() && said.is_empty(), "{}\n{text}", String::from_utf8_lossy(&said));
}

/// The state of the first CID of `fleet.toml`, and what differs there.
pub(crate) fn fleet_state(env: &TestEnv, code: i32) -> String {
    let answer = env.run("fleet status --json").expect(code).json();
    let cid = &answer["cids"][0];
    let what = |difference: &serde_json::Value| difference["what"].as_str().unwrap().to_owned();
    let differences: Vec<String> = cid["differences"].as_array().unwrap().iter().map(what).collect();
    format!("{}: {}", cid["state"].as_str().unwrap(), differences.join("; "))
}
