//! What the library shows to the outside: a list that a change of the code changes on purpose or not at all. It is read
//! from the sources: `lib.rs`, and the files of modules that are public.

use std::fs;
use std::path::{Path, PathBuf};

/// Collects the public items of a file, each with the path of its module.
fn collect(file: &Path, module: &str, items: &mut Vec<String>) {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut is_hidden = false;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        is_hidden |= line == "#[doc(hidden)]";
        let Some(rest) = line.strip_prefix("pub ") else {
            // Attributes and comments stand before what they are about.
            is_hidden &= line.starts_with("#[") || line.starts_with("//");
            continue;
        };
        if std::mem::take(&mut is_hidden) {
            continue;
        }
        let mut statement = rest.to_owned();
        while rest.starts_with("use ") && !statement.ends_with(';') {
            statement += lines.next().expect("a statement ends").trim();
        }
        let words: Vec<&str> = statement.trim_end_matches(';').split_whitespace().collect();
        match words[..] {
            ["mod", name] => {
                let below = file.parent().unwrap().join(match file.file_name().unwrap().to_str().unwrap() {
                    "lib.rs" | "mod.rs" => String::new(),
                    other => other.trim_end_matches(".rs").to_owned(),
                });
                let places: [PathBuf; 2] = [below.join(format!("{name}.rs")), below.join(name).join("mod.rs")];
                let place = places.iter().find(|place| place.is_file()).unwrap_or_else(|| panic!("{module}{name}"));
                collect(place, &format!("{module}{name}::"), items);
            }
            ["use", ..] => {
                let path = words[1..].concat();
                let (_, names) = path.rsplit_once("::").expect("it is a path");
                let names = match path.split_once('{') {
                    Some((_, list)) => list.trim_end_matches('}'),
                    None => names,
                };
                items.extend(names.split(',').filter(|name| !name.is_empty()).map(|name| format!("{module}{name}")));
            }
            _ => {
                let kinds = ["fn", "struct", "enum", "trait", "const", "static", "type", "unsafe", "extern", "union"];
                let kind = words.iter().position(|word| kinds[..7].contains(word)).unwrap_or_else(|| panic!("{line}"));
                let name: String = words[kind + 1].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                items.push(format!("{module}{name}"));
            }
        }
    }
}

#[test]
fn what_is_public() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs");
    let mut items = Vec::new();
    collect(&source, "", &mut items);
    items.sort();
    items.dedup();
    assert!(items.iter().any(|item| item == "Cid") && items.len() > 100, "{items:?}");
    insta::assert_snapshot!(items.join("\n"));
}

/// Those who implement a public trait answer with the crate's error: of their kind, at a place, with a next step.
#[test]
fn errors_can_be_made_and_taken_apart_outside() {
    use configcid::{Error, ErrorKind, Position};

    let error = Error::new(ErrorKind::Io, "the server is not there")
        .in_file(Path::new("report.json"))
        .at(Position::Line(3))
        .next("try again");
    assert_eq!(error.to_string(), "report.json: line 3: the server is not there; try again");
    assert_eq!((error.kind(), error.what()), (ErrorKind::Io, "the server is not there"));
    assert_eq!((error.path(), error.position()), (Some(Path::new("report.json")), Some(Position::Line(3))));
    assert_eq!(error.next_step(), Some("try again"));
    let error = Error::io("open it", Path::new("x"), std::io::Error::from(std::io::ErrorKind::NotFound));
    assert_eq!(error.kind(), ErrorKind::Io);
    let source = std::error::Error::source(&error).and_then(|source| source.downcast_ref::<std::io::Error>());
    assert_eq!(source.map(std::io::Error::kind), Some(std::io::ErrorKind::NotFound));
}
