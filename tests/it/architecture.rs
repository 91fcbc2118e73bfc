//! Arrows go down only: what each room of `src/` may use (docs/architecture.md), read off the code's own paths.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each room with those that it may use, from the ground up: a room uses none that stands below it in this table.
const ROOMS: &[(&str, &[&str])] = &[
    ("base", &[]),
    // Formats: bytes in, bytes out, no disk.
    ("catalog", &["base"]),
    ("mrinit", &["base"]),
    ("registry", &["base"]),
    ("ior", &["base"]),
    ("x509", &["base"]),
    ("manifest", &["base", "catalog"]),
    // What stands on this computer.
    ("host", &["base", "registry"]),
    ("cid", &["base", "catalog", "mrinit"]),
    ("plan", &["base", "catalog", "cid"]),
    // Capabilities.
    ("signing", &["base", "catalog", "manifest", "x509", "cid", "plan"]),
    ("catalogs", &["base", "catalog", "mrinit", "manifest", "host", "cid", "plan", "signing"]),
    ("demo", &["base", "catalog", "cid", "catalogs"]),
    ("relay", &["base", "catalog", "mrinit", "cid", "plan", "catalogs"]),
    ("audit", &["base", "catalog", "mrinit", "manifest", "x509", "cid", "plan", "signing", "catalogs", "relay"]),
    ("router", &["base", "mrinit", "registry", "host", "cid", "relay"]),
    ("probe", &["base", "ior"]),
    ("firewall", &["base", "registry"]),
    ("run", &["base", "cid", "plan", "catalogs"]),
    ("logs", &["base"]),
    ("endpoints", &["base", "mrinit", "registry", "host", "router", "logs"]),
    ("envelopes", &["base", "registry", "host", "firewall", "router", "logs"]),
    (
        "readiness",
        &["base", "mrinit", "registry", "x509", "host", "cid", "relay", "router", "probe", "firewall", "envelopes"],
    ),
    ("client", &["base", "mrinit", "registry", "host", "cid", "plan", "relay", "router", "envelopes"]),
    ("messenger", &["base", "registry", "manifest", "host", "signing"]),
    ("web", &["base", "catalog", "cid", "catalogs"]),
    ("sync", &["base", "catalog", "cid", "plan", "catalogs", "run", "web"]),
    ("fleet", &["base", "catalog", "mrinit", "cid", "plan", "catalogs", "relay", "router", "run", "sync", "endpoints"]),
    ("report", &["base", "catalog", "mrinit", "cid", "plan", "catalogs", "relay", "audit", "run", "logs", "endpoints"]),
    (
        "explain",
        &[
            "base",
            "mrinit",
            "audit",
            "probe",
            "readiness",
            "firewall",
            "logs",
            "envelopes",
            "messenger",
            "signing",
            "fleet",
            "web",
        ],
    ),
    // What only translates.
    ("ffi", &["base", "catalog", "mrinit", "catalogs", "cid", "plan", "relay", "run", "report"]),
    ("cli", EVERYTHING),
    ("fuzzing", EVERYTHING),
];

/// For the rooms on top, which only translate.
const EVERYTHING: &[&str] = &["*"];

/// The rooms that know bytes and no disk.
const FORMATS: &[&str] = &["catalog", "mrinit", "registry", "ior", "x509", "manifest"];

#[test]
fn a_room_uses_only_what_stands_below_it() {
    let house = House::read();
    let known: BTreeSet<&str> = ROOMS.iter().map(|(room, _)| *room).collect();
    let mut wrong = Vec::new();
    for (index, (room, may_use)) in ROOMS.iter().enumerate() {
        let below: BTreeSet<&str> = ROOMS[..index].iter().map(|(room, _)| *room).collect();
        for used in may_use.iter().filter(|used| **used != "*") {
            assert!(below.contains(used), "the table itself lets {room} use {used}, which does not stand below it");
        }
    }
    for file in &house.files {
        let Some((_, may_use)) = ROOMS.iter().find(|(room, _)| *room == file.room) else {
            wrong.push(format!("{}: the room {} is not in the table", file.path.display(), file.room));
            continue;
        };
        for used in &file.uses {
            let used = house.room_of(used);
            if used != file.room && known.contains(used) && *may_use != EVERYTHING && !may_use.contains(&used) {
                wrong.push(format!("{}: {} may not use {used}", file.path.display(), file.room));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn formats_know_no_disk() {
    let disk = ["std::fs", " fs::", "base::files"];
    let wrong: Vec<_> = House::read()
        .files
        .into_iter()
        .filter(|file| FORMATS.contains(&&*file.room) && disk.iter().any(|word| file.code.contains(word)))
        .map(|file| file.path)
        .collect();
    assert!(wrong.is_empty(), "formats that reach for the disk: {wrong:?}");
}

/// Where calls stand that Rust cannot check: C, Windows, and what becomes of memory on Linux.
const UNSAFE: &[&str] = &["ffi.rs", "ffi", "host/windows", "base/job.rs", "base/heap.rs"];

#[test]
fn what_rust_cannot_check_stands_in_the_rooms_that_need_it() {
    let marks = ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern", "#[unsafe(", "allow(unsafe_code)"];
    let wrong: Vec<_> = House::read()
        .files
        .into_iter()
        .filter(|file| marks.iter().any(|mark| file.code.contains(mark)))
        .filter(|file| !UNSAFE.iter().any(|place| file.path.starts_with(place)))
        .map(|file| file.path)
        .collect();
    assert!(wrong.is_empty(), "unsafe code elsewhere: {wrong:?}");
}

/// Two files of one room that use each other are one idea in two places. `mod.rs` is a room's face, and is left out.
#[test]
fn no_files_of_a_room_use_each_other_in_a_circle() {
    let house = House::read();
    let mut arrows: BTreeMap<&Path, BTreeSet<&Path>> = BTreeMap::new();
    for file in &house.files {
        let folder = file.path.parent().unwrap();
        for used in house.files.iter().filter(|other| other.path.parent() == Some(folder) && other.path != file.path) {
            let name = used.path.file_stem().unwrap().to_str().unwrap();
            if name != "mod"
                && file.path.file_stem().unwrap() != "mod"
                && file.beside.iter().any(|it| house.is_in(folder, it, name))
            {
                arrows.entry(&file.path).or_default().insert(&used.path);
            }
        }
    }
    let mut circles = Vec::new();
    for from in arrows.keys() {
        if let Some(way) = way_back(&arrows, from) {
            circles.push(way.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" -> "));
        }
    }
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}

/// The way from a file over others back to itself.
fn way_back<'a>(arrows: &BTreeMap<&'a Path, BTreeSet<&'a Path>>, from: &'a Path) -> Option<Vec<&'a Path>> {
    let mut ways = vec![vec![from]];
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop() {
        for &next in arrows.get(way[way.len() - 1]).into_iter().flatten() {
            let longer = [&way[..], &[next]].concat();
            if next == from {
                return Some(longer);
            }
            if seen.insert(next) {
                ways.push(longer);
            }
        }
    }
    None
}

/// The code, as far as its paths tell.
struct House {
    files: Vec<File>,
    /// What `lib.rs` hands on, with the room that it comes from.
    handed_on: BTreeMap<String, String>,
    /// What the face of each folder hands on, with the file that it comes from.
    faces: BTreeMap<PathBuf, BTreeMap<String, String>>,
}

struct File {
    path: PathBuf,
    room: String,
    /// Without comments and unit tests.
    code: String,
    /// The first name of each path that begins with `crate`.
    uses: BTreeSet<String>,
    /// The first name of each path that begins with `super`.
    beside: BTreeSet<String>,
}

impl House {
    fn read() -> Self {
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut files = Vec::new();
        read_folder(&src, &src, &mut files);
        let handed_on = handed_on_by(&code(&fs::read_to_string(src.join("lib.rs")).unwrap()));
        let mut faces = BTreeMap::new();
        for file in files.iter().filter(|file| file.path.ends_with("mod.rs")) {
            faces.insert(file.path.parent().unwrap().to_owned(), handed_on_by(&file.code));
        }
        assert!(files.len() > 150 && files.iter().any(|file| !file.uses.is_empty()), "the code was not read");
        Self { files, handed_on, faces }
    }

    fn room_of<'a>(&'a self, name: &'a str) -> &'a str {
        self.handed_on.get(name).map_or(name, String::as_str)
    }

    /// Whether `name`, taken from the face of `folder`, is the file `file` or comes from it.
    fn is_in(&self, folder: &Path, name: &str, file: &str) -> bool {
        name == file || self.faces.get(folder).and_then(|face| face.get(name)).is_some_and(|from| from == file)
    }
}

/// The names of `pub use room::...{A, B}`, with the first part of their paths.
fn handed_on_by(code: &str) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for statement in code.split(';') {
        let Some((_, path)) = statement.rsplit_once(" use ").filter(|(before, _)| before.contains("pub")) else {
            continue;
        };
        let Some((from, rest)) = path.strip_prefix("self::").unwrap_or(path).split_once("::") else { continue };
        let handed_on = rest.split(|c| !is_of_a_name(c)).filter(|name| !name.is_empty() && from != "crate");
        names.extend(handed_on.map(|name| (name.to_owned(), from.to_owned())));
    }
    names
}

fn read_folder(src: &Path, folder: &Path, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_folder(src, &path, files);
            continue;
        }
        let below = path.strip_prefix(src).unwrap();
        let is_code = path.extension().is_some_and(|extension| extension == "rs");
        if !is_code || path.ends_with("tests.rs") || ["lib.rs", "main.rs"].iter().any(|top| below == Path::new(top)) {
            continue;
        }
        let first = below.components().next().unwrap().as_os_str().to_str().unwrap();
        let code = code(&fs::read_to_string(&path).unwrap());
        files.push(File {
            room: first.strip_suffix(".rs").unwrap_or(first).to_owned(),
            uses: first_names(&code, "crate"),
            beside: first_names(&code, "super"),
            path: below.to_owned(),
            code,
        });
    }
}

/// Without comments, and without the unit tests at the end.
fn code(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = lines.collect::<Vec<_>>().join("\n");
    code.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned()
}

/// The first names behind `start::`, those of a group too.
fn first_names(code: &str, start: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let start = format!("{start}::");
    for (at, _) in code.match_indices(&start) {
        // Not the end of another path or name.
        if code[..at].ends_with(|c: char| c == ':' || is_of_a_name(c)) {
            continue;
        }
        let rest = &code[at + start.len()..];
        match rest.strip_prefix('{') {
            Some(rest) => names.extend(group(rest)),
            None => _ = names.insert(name_at(rest).to_owned()),
        }
    }
    names
}

fn is_of_a_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn name_at(text: &str) -> &str {
    &text[..text.find(|c| !is_of_a_name(c)).unwrap_or(text.len())]
}

/// The first names of the parts of a group, up to its closing brace.
fn group(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0;
    let mut is_first = true;
    let mut name = String::new();
    for c in text.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(std::mem::take(&mut name));
                is_first = true;
            }
            ':' => is_first = false,
            c if is_first && depth == 0 && is_of_a_name(c) => name.push(c),
            _ => {}
        }
    }
    names.push(name);
    names.retain(|name| !name.is_empty());
    names
}

#[test]
fn paths_are_read_as_they_are_written() {
    let code = code(
        "//! crate::not_this\nuse crate::one::{self, a};\nuse crate::{two, three::{four, five}, Six};\nfn f() { crate::seven::g(super::h()) }\n\
         #[cfg(test)]\nmod tests {\n use crate::eight;\n}",
    );
    assert_eq!(first_names(&code, "crate").into_iter().collect::<Vec<_>>(), ["Six", "one", "seven", "three", "two"]);
    assert_eq!(first_names(&code, "super").into_iter().collect::<Vec<_>>(), ["h"]);
    let face = handed_on_by("mod a;\npub use a::{B, c};\npub(crate) use d::E;\npub use crate::x::Y;");
    assert_eq!(
        face.into_iter().map(|(name, from)| format!("{name} {from}")).collect::<Vec<_>>(),
        ["B a", "E d", "c a"]
    );
}
