//! Random sequences of everything that can happen to a CID, against a model that knows no file system: relay set-up,
//! refreshing, undoing, cloning, edits and damage by others, and deaths at any step. The model has its own catalog
//! writer and its own CRC-32.

// A death is told by its signal, and paths have slashes.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use proptest::prelude::*;

// --- The model.

/// A path with slashes, and what is there.
type Tree = BTreeMap<String, Content>;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    Bytes(Vec<u8>),
    Catalog(Vec<Entry>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    path: String,
    size: u32,
    checksum: u32,
}

/// What a change did: per file, what was there and what came.
type Change = BTreeMap<String, (Option<Content>, Option<Content>)>;

#[derive(Debug, Clone)]
struct Model {
    tree: Tree,
    /// What `undo` would take back.
    last: Option<Change>,
}

const VENDOR: &[(&str, &[u8])] = &[
    ("setup.dat", b"the set-up program"),
    ("rms/agent.dll", b"an agent"),
    ("rms/router.dll", b"a router, longer"),
    ("rms9x/router9x.dll", b"an old router"),
    ("sau/update.dll", b"an updater"),
];

/// Files that the customer may have: those of [`CONFS`] are an `mrinit.conf`.
const CUSTOMER: &[&str] = &[
    "mrinit.conf",
    "rms/mrinit.conf",
    "rms9x/mrinit.conf",
    "cac.pem",
    "customer_ID.txt",
    "sau/sauconf.xml",
    "rms/customer_ID.txt",
];
const CONFS: &[&str] = &["mrinit.conf", "rms/mrinit.conf", "rms9x/mrinit.conf"];

/// Those that others list first.
const CATALOGS: &[&str] = &["rms/cidsync.upd", "rms9x/cidsync.upd", "sau/cidsync.upd", "cidsync.upd"];

const RELAYS: &[&[&str]] = &[
    &["--ip", "10.1.200.65", "--fqdn", "MRComputer.Sales.Acme", "--netbios", "MRComputer"],
    &["--fqdn", "relay2.sales.acme"],
    &["--ip", "10.1.200.66", "--netbios", "R3"],
];

fn relay_list(relay: usize) -> String {
    RELAYS[relay].chunks(2).map(|pair| pair[1]).collect::<Vec<_>>().join(",")
}

/// Bit by bit, from the definition.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |state, &byte| {
        (0..8).fold(state ^ u32::from(byte), |state, _| state >> 1 ^ if state & 1 == 1 { 0xEDB8_8320 } else { 0 })
    })
}

/// The layout of formats.md, section 3; the root's catalog has bytes in its gaps.
fn print(catalog: &str, entries: &[Entry]) -> Vec<u8> {
    let (gap, trailing): (&[u8], &[u8]) = if catalog == "cidsync.upd" { (b"gap", b"end") } else { (b"", b"") };
    let mut out = b"{546D99E5-A8F5-49a5-BF8B-93A516F7FD83}\0\x01\0{00112233-4455-6677-8899-AABBCCDDEE".to_vec();
    out.extend(format!("{:02X}}}\0", catalog.len()).bytes());
    out.extend((84 + gap.len() as u32).to_le_bytes());
    out.extend(gap);
    for entry in entries {
        for number in [entry.path.len() as u32 + 9, entry.size, entry.checksum] {
            out.extend(number.to_le_bytes());
        }
        out.extend(entry.path.bytes());
        out.push(0);
    }
    out.extend([0; 4]);
    out.extend(crc32(&out).to_le_bytes());
    out.extend(trailing);
    out
}

fn bytes(path: &str, content: &Content) -> Vec<u8> {
    match content {
        Content::Bytes(bytes) => bytes.clone(),
        Content::Catalog(entries) => print(path, entries),
    }
}

/// The catalog's folder, with a slash behind it.
fn folder(catalog: &str) -> &str {
    catalog.strip_suffix("cidsync.upd").unwrap()
}

fn entry(tree: &Tree, catalog: &str, path: &str) -> Option<Entry> {
    let bytes = bytes(path, tree.get(path)?);
    let seen = path.strip_prefix(folder(catalog))?;
    Some(Entry { path: format!("\\{}", seen.replace('/', "\\")), size: bytes.len() as u32, checksum: crc32(&bytes) })
}

fn new_cid() -> Tree {
    let mut tree: Tree =
        VENDOR.iter().map(|(path, bytes)| (path.to_string(), Content::Bytes(bytes.to_vec()))).collect();
    tree.insert("mrinit.conf".into(), Content::Bytes(conf("Server.Sales.Acme,SERVER", 0)));
    tree.insert("cac.pem".into(), Content::Bytes(b"a certificate".to_vec()));
    for &catalog in CATALOGS {
        // Backwards: the order of entries is the vendor's, and stays.
        let entries = tree.keys().rev().filter_map(|path| entry(&tree, catalog, path)).collect();
        tree.insert(catalog.into(), Content::Catalog(entries));
    }
    tree
}

fn conf(relay: &str, note: u8) -> Vec<u8> {
    let parent = format!("\"ParentRouterAddress\"=\"{relay}\"\r\n");
    let parents = match note % 8 {
        6 => String::new(),
        7 => parent.repeat(2),
        _ => parent,
    };
    format!("; {note:03}\r\n[Config]\r\n\"MRParentAddress\"=\"Server.Sales.Acme,SERVER\"\r\n{parents}\r\n").into_bytes()
}

/// The values of the `ParentRouterAddress` lines.
fn parents(conf: &[u8]) -> Vec<String> {
    let text = String::from_utf8(conf.to_vec()).unwrap();
    let values = text.lines().filter_map(|line| line.strip_prefix("\"ParentRouterAddress\"=\""));
    values.map(|value| value.strip_suffix('"').unwrap().to_owned()).collect()
}

/// What refreshing makes of a tree; `None` where it refuses.
fn refreshed(tree: &Tree) -> Option<Tree> {
    let mut tree = tree.clone();
    let listed = |tree: &Tree, catalog: &str| match &tree[catalog] {
        Content::Catalog(entries) => entries.clone(),
        Content::Bytes(_) => unreachable!("nobody writes over a catalog"),
    };
    let full = |catalog: &str, entry: &Entry| format!("{}{}", folder(catalog), entry.path[1..].replace('\\', "/"));
    for catalog in CATALOGS {
        for listed in listed(&tree, catalog) {
            let path = full(catalog, &listed);
            let is_vendors = VENDOR.iter().any(|(vendor, _)| *vendor == path);
            if is_vendors && entry(&tree, catalog, &path).as_ref() != Some(&listed) {
                return None;
            }
        }
    }
    for &catalog in CATALOGS {
        let before = listed(&tree, catalog);
        let mut entries: Vec<Entry> =
            before.iter().filter_map(|listed| entry(&tree, catalog, &full(catalog, listed))).collect();
        let mut customer = CUSTOMER.to_vec();
        customer.sort_by_key(|path| path.replace('/', "\\").to_lowercase());
        for path in customer {
            let new = entry(&tree, catalog, path);
            entries.extend(new.filter(|new| before.iter().all(|listed| listed.path != new.path)));
        }
        tree.insert(catalog.into(), Content::Catalog(entries));
    }
    Some(tree)
}

/// What relay set-up makes of a tree; `None` where it refuses.
fn set_up(tree: &Tree, relay: usize, edit_root: bool) -> Option<Tree> {
    let mut new = tree.clone();
    let root = tree.get("mrinit.conf");
    for path in CONFS.iter().filter(|path| path.contains('/') || edit_root) {
        let base = bytes(path, tree.get(*path).or(root)?);
        let [old] = &parents(&base)[..] else { return None };
        let line = |value: &str| format!("\"ParentRouterAddress\"=\"{value}\"");
        let text = String::from_utf8(base).unwrap().replace(&line(old), &line(&relay_list(relay)));
        new.insert(path.to_string(), Content::Bytes(text.into_bytes()));
    }
    refreshed(&new)
}

fn difference(old: &Tree, new: &Tree) -> Change {
    let paths = old.keys().chain(new.keys()).filter(|path| old.get(*path) != new.get(*path));
    paths.map(|path| (path.clone(), (old.get(path).cloned(), new.get(path).cloned()))).collect()
}

/// What a command that changes a CID makes of it; `None` where it refuses.
fn changed(model: &Model, command: &Order) -> Option<Model> {
    let tree = match command {
        Order::RelaySet { relay, edit_root } => set_up(&model.tree, *relay, *edit_root)?,
        Order::Refresh => refreshed(&model.tree)?,
        Order::Undo => {
            let mut tree = model.tree.clone();
            for (path, (before, after)) in model.last.as_ref()? {
                if tree.get(path) != after.as_ref() {
                    return None;
                }
                match before {
                    Some(content) => tree.insert(path.clone(), content.clone()),
                    None => tree.remove(path),
                };
            }
            tree
        }
    };
    let change = difference(&model.tree, &tree);
    let last = if change.is_empty() { model.last.clone() } else { Some(change) };
    Some(Model { tree, last })
}

// --- What can happen.

/// A command that changes a CID.
#[derive(Debug, Clone)]
enum Order {
    RelaySet { relay: usize, edit_root: bool },
    Refresh,
    Undo,
}

#[derive(Debug, Clone)]
enum Op {
    Run(Order),
    /// Goes on with the clone.
    Clone,
    /// Somebody writes a file of the customer's.
    Edit {
        file: usize,
        note: u8,
        relay: usize,
    },
    /// The same, without another size.
    EditKeepingSize {
        file: usize,
    },
    Delete {
        file: usize,
    },
    /// Something happens to a file of the vendor's.
    Damage {
        file: usize,
        how: Damage,
    },
    Crash {
        order: Order,
        step: u16,
        after: bool,
        again: Option<(u16, bool)>,
        then: Then,
    },
}

#[derive(Debug, Clone, Copy)]
enum Damage {
    SameSize,
    OtherSize,
    Gone,
    Mended,
}

/// Who finds that a process has died.
#[derive(Debug, Clone, Copy)]
enum Then {
    Recover,
    Refresh,
}

fn order() -> impl Strategy<Value = Order> {
    prop_oneof![
        4 => (0..RELAYS.len(), any::<bool>()).prop_map(|(relay, edit_root)| Order::RelaySet { relay, edit_root }),
        2 => Just(Order::Refresh),
        2 => Just(Order::Undo),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let file = || 0..CUSTOMER.len();
    let how = prop_oneof![
        1 => Just(Damage::SameSize), 1 => Just(Damage::OtherSize), 1 => Just(Damage::Gone), 7 => Just(Damage::Mended),
    ];
    let then = prop_oneof![3 => Just(Then::Recover), 1 => Just(Then::Refresh)];
    let again = proptest::option::of((1..60u16, any::<bool>()));
    prop_oneof![
        8 => order().prop_map(Op::Run),
        1 => Just(Op::Clone),
        3 => (file(), any::<u8>(), 0..RELAYS.len())
            .prop_map(|(file, note, relay)| Op::Edit { file, note, relay }),
        2 => file().prop_map(|file| Op::EditKeepingSize { file }),
        2 => file().prop_map(|file| Op::Delete { file }),
        3 => (0..VENDOR.len(), how).prop_map(|(file, how)| Op::Damage { file, how }),
        8 => (order(), 1..130u16, any::<bool>(), again, then)
            .prop_map(|(order, step, after, again, then)| Op::Crash { order, step, after, again, then }),
    ]
}

// --- The real thing.

struct World {
    dir: tempfile::TempDir,
    cid: PathBuf,
    clones: usize,
    model: Model,
}

/// `N:before` or `N:after`, as test builds understand it.
type Fault = Option<(u16, bool)>;

fn run(cid: &Path, args: &[&str], fault: Fault) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_configcid"));
    command.args(args).arg(cid).env_remove("CONFIGCID_FAULT");
    if let Some((step, after)) = fault {
        command.env("CONFIGCID_FAULT", format!("{step}:{}", if after { "after" } else { "before" }));
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("panicked"), "{said}");
    output
}

fn arguments(order: &Order) -> Vec<&'static str> {
    match order {
        Order::RelaySet { relay, edit_root } => {
            let mut args = vec!["relay", "set"];
            args.extend(RELAYS[*relay]);
            args.extend(edit_root.then_some("--edit-root"));
            args
        }
        Order::Refresh => vec!["refresh"],
        Order::Undo => vec!["undo"],
    }
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let cid = dir.path().join("MRESXP");
        let model = Model { tree: new_cid(), last: None };
        for (path, content) in &model.tree {
            let place = cid.join(path);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(place, bytes(path, content)).unwrap();
        }
        Self { dir, cid, clones: 0, model }
    }

    fn on_disk(&self) -> BTreeMap<String, Vec<u8>> {
        read_tree(&self.cid)
    }

    /// Whether the disk is as `model` says.
    fn is(&self, model: &Model) -> bool {
        let files = model.tree.iter().map(|(path, content)| (path.clone(), bytes(path, content)));
        self.on_disk() == files.collect::<BTreeMap<_, _>>()
    }

    fn happen(&mut self, op: &Op) {
        match op {
            Op::Run(order) => {
                let output = run(&self.cid, &arguments(order), None);
                self.ended(order, &output);
            }
            Op::Clone => {
                self.clones += 1;
                let new = self.dir.path().join(format!("clone-{}", self.clones));
                let output = Command::new(env!("CARGO_BIN_EXE_configcid"))
                    .args(["clone".as_ref(), self.cid.as_os_str(), new.as_os_str()])
                    .output()
                    .unwrap();
                assert!(output.status.success(), "{output:?}");
                assert!(self.is(&self.model), "cloning changed the original");
                self.cid = new;
                self.model.last = None;
            }
            Op::Edit { file, note, relay } => {
                let path = CUSTOMER[*file];
                let is_conf = CONFS.contains(&path);
                let new = if is_conf { conf(&relay_list(*relay), *note) } else { vec![b'x'; usize::from(*note)] };
                self.write(path, Some(new));
            }
            Op::EditKeepingSize { file } => {
                let path = CUSTOMER[*file];
                if let Some(content) = self.model.tree.get(path) {
                    let mut new = bytes(path, content);
                    // In an mrinit.conf, a digit of the note.
                    if let Some(byte) = new.get_mut(2) {
                        *byte = if *byte == b'0' { b'1' } else { b'0' };
                    }
                    self.write(path, Some(new));
                }
            }
            Op::Delete { file } => self.write(CUSTOMER[*file], None),
            Op::Damage { file, how } => {
                let (path, original) = VENDOR[*file];
                let mut new = original.to_vec();
                match how {
                    Damage::SameSize => new[0] ^= 0x20,
                    Damage::OtherSize => new.push(b'!'),
                    Damage::Gone => return self.write(path, None),
                    Damage::Mended => {}
                }
                self.write(path, Some(new));
            }
            Op::Crash { order, step, after, again, then } => self.crash(order, (*step, *after), *again, *then),
        }
    }

    /// As others write: in place.
    fn write(&mut self, path: &str, new: Option<Vec<u8>>) {
        match new {
            Some(bytes) => {
                fs::write(self.cid.join(path), &bytes).unwrap();
                self.model.tree.insert(path.to_owned(), Content::Bytes(bytes));
            }
            None => {
                let removed = fs::remove_file(self.cid.join(path));
                assert_eq!(removed.is_ok(), self.model.tree.remove(path).is_some());
            }
        }
    }

    /// A command has ended in its own way.
    fn ended(&mut self, order: &Order, output: &Output) {
        let new = changed(&self.model, order);
        assert_eq!(output.status.code(), Some(if new.is_some() { 0 } else { 1 }), "{order:?}: {output:?}");
        self.model = new.unwrap_or_else(|| self.model.clone());
    }

    fn crash(&mut self, order: &Order, fault: (u16, bool), again: Fault, then: Then) {
        let output = run(&self.cid, &arguments(order), Some(fault));
        if output.status.code().is_some() {
            // It has fewer steps.
            return self.ended(order, &output);
        }
        let old = self.model.clone();
        // It may have died while it looked, before it refused.
        let new = changed(&old, order).unwrap_or_else(|| old.clone());
        if again.is_some() {
            run(&self.cid, &["recover"], again);
        }
        // Without a journal the change has not begun, or is over.
        let over = (!self.cid.join(".configcid-journal").exists()).then(|| self.is(&new));
        let output = match then {
            Then::Recover => run(&self.cid, &["recover", "--json"], None),
            Then::Refresh => run(&self.cid, &["refresh", "--json"], None),
        };
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let outcome = answer["cids"][0]["recovered"]["outcome"].as_str();
        let finished = over.unwrap_or_else(|| match outcome {
            Some("finished") => true,
            Some("undone") => false,
            // A refresh that refuses does not say what it did before.
            _ => self.is(&new),
        });
        let ended = if finished { new } else { old };
        let (code, end) = match then {
            Then::Recover => (0, ended),
            Then::Refresh => match changed(&ended, &Order::Refresh) {
                Some(end) => (0, end),
                None => (1, ended),
            },
        };
        assert!(
            self.is(&end),
            "neither old nor new after {order:?} died at {fault:?}, {again:?}: {answer}: {:?}",
            self.on_disk()
        );
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        self.model = end;
    }

    fn check(&self) {
        assert!(self.is(&self.model), "the disk:\n{:?}\nthe model:\n{:?}", self.on_disk(), self.model.tree);
        // A lock may be left: of a process that died before it began. The next writer breaks it.
        assert!(!self.cid.join(".configcid-journal").exists(), "nobody has ended the change");
        let output = run(&self.cid, &["relay", "show", "--json"], None);
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let copies = answer["cids"][0]["copies"].as_array().unwrap_or_else(|| panic!("{answer}"));
        let shown: BTreeMap<String, Option<&str>> = copies
            .iter()
            .map(|copy| (copy["path"].as_str().unwrap().to_owned(), copy["parent_router_address"].as_str()))
            .collect();
        let expected = CONFS.iter().filter_map(|path| Some((path, parents(&bytes(path, self.model.tree.get(*path)?)))));
        let expected: BTreeMap<String, Option<String>> = expected
            .map(|(path, mut parents)| {
                (format!("\\{}", path.replace('/', "\\")), parents.pop().filter(|_| parents.is_empty()))
            })
            .collect();
        assert!(
            shown.into_iter().eq(expected.iter().map(|(path, relay)| (path.clone(), relay.as_deref()))),
            "{answer}"
        );
    }
}

/// Every file but configcid's own.
fn read_tree(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if !path.file_name().unwrap().to_str().unwrap().starts_with(".configcid-") {
                files.insert(name, fs::read(path).unwrap());
            }
        }
    }
    files
}

fn config() -> ProptestConfig {
    // PROPTEST_CASES asks for more; this many take some ten seconds.
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { ProptestConfig::default().cases } else { 24 };
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn whatever_happens_the_cid_is_as_the_model_says(ops in proptest::collection::vec(op(), 1..24)) {
        let mut world = World::new();
        world.check();
        for op in &ops {
            world.happen(op);
            world.check();
        }
    }
}

#[test]
fn the_models_checksum_is_that_of_its_definition() {
    assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
}

/// Deaths that random sequences met only now and then.
#[test]
fn deaths_worth_remembering() {
    let set = |edit_root| Order::RelaySet { relay: 0, edit_root };
    let crash = |order, step, after, then| Op::Crash { order, step, after, again: None, then };
    for step in 60..100 {
        // After the change, before it is in the history.
        for ops in [
            [crash(set(true), step, true, Then::Recover), crash(Order::Undo, 22, false, Then::Recover)],
            [crash(set(false), step, false, Then::Refresh), Op::Run(Order::Undo)],
        ] {
            let mut world = World::new();
            for op in ops {
                world.happen(&op);
                world.check();
            }
        }
    }
}

/// What the random sequences are about happens in one that is written out.
#[test]
fn the_model_can_tell() {
    let mut world = World::new();
    let set = |relay| Op::Run(Order::RelaySet { relay, edit_root: false });
    for op in [set(0), Op::Run(Order::Undo), Op::Run(Order::Undo), set(1), Op::Clone, Op::Run(Order::Undo)] {
        world.happen(&op);
        world.check();
    }
    let rms = bytes("rms/mrinit.conf", &world.model.tree["rms/mrinit.conf"]);
    assert_eq!(parents(&rms), ["relay2.sales.acme"]);
    fs::write(world.cid.join("rms/customer_ID.txt"), "x").unwrap();
    assert!(!world.is(&world.model), "a file that the model does not know");
}
