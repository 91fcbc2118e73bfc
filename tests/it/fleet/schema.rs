//! `templates/fleet.schema.json` and the parser say the same of a file.

use std::process::{Command, Stdio};

use configcid::fleet::{Fleet, TEMPLATE};

/// Reads a list of documents, and prints for each whether it is TOML that the schema allows. Exit code 7: a module is
/// missing.
const VALIDATE: &str = "
import json, sys
try:
    import jsonschema, tomllib
except ImportError:
    sys.exit(7)
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
def allowed(text):
    try:
        return validator.is_valid(tomllib.loads(text))
    except tomllib.TOMLDecodeError:
        return False
print(json.dumps([allowed(text) for text in json.load(sys.stdin)]))
";

const KEYS: &[&str] = &[
    "name",
    "ip",
    "fqdn",
    "netbios",
    "system",
    "console",
    "endpoints",
    "address",
    "domain",
    "parent",
    "platforms",
    "path",
    "platform",
    "relay",
    "from_root",
    "folder",
    "accept",
    "computers",
    "survey",
    "colour",
];

const VALUES: &[&str] = &[
    "'x'",
    "''",
    "'  '",
    "'\u{a0}'",
    "\"\\u0000\"",
    "\"a\\u0085b\"",
    "5",
    "-1",
    "4294967295",
    "4294967296",
    "1.5",
    "true",
    "[]",
    "{}",
    "['windows']",
    "['windows', '9x']",
    "['x']",
    "[5]",
    "'windows'",
    "'WINDOWS'",
    "'rms9x'",
    "'dhcp'",
    "'depth'",
    "['depth', 'dhcp']",
    "['depth', 'cycle']",
    "'static'",
    "'nt'",
    "'ad'",
    "'workgroup'",
    "1979-05-27",
    "[[]]",
];

fn documents() -> Vec<String> {
    let mut documents: Vec<String> =
        ["", "x", "[server]\n", "server = 5\n", "server = []\n", "[[server]]\nname = 'S'\n", "[server]\nname = 'S'\n"]
            .map(str::to_owned)
            .into();
    let server = "[server]\nname = 'S'\n";
    for more in
        ["[relay]\nname = 'R'\n", "relay = []\n", "relay = [5]\n", "[[relay]]\n", "[[cid]]\n", "[cid]\n", "[relays]\n"]
    {
        // A key outside of a table must stand before the tables.
        documents.push(if more.contains(" = [") { format!("{more}{server}") } else { format!("{server}{more}") });
    }
    for key in KEYS {
        for value in VALUES {
            let line = format!("{key} = {value}\n");
            let name = if *key == "name" { "" } else { "name = 'R'\n" };
            let path = if *key == "path" { "" } else { "path = 'C'\n" };
            documents.push(format!("[server]\n{name}{line}"));
            documents.push(format!("{server}[defaults]\n{line}"));
            documents.push(format!("{server}[[relay]]\n{name}{line}"));
            documents.push(format!("{server}[[cid]]\n{path}{line}"));
        }
    }
    documents.push(format!("{server}[[cid]]\npath = '{}'\n", "x".repeat(4096)));
    documents.push(format!("{server}[[cid]]\npath = '{}'\n", "x".repeat(4097)));
    documents.push(TEMPLATE.to_owned());
    documents.push(
        TEMPLATE
            .lines()
            .map(|line| line.strip_prefix("# ").filter(|line| is_toml(line)).unwrap_or(line))
            .fold(String::new(), |text, line| text + line + "\n"),
    );
    documents
}

/// Whether a line of the template says something in TOML once its `# ` is gone.
fn is_toml(line: &str) -> bool {
    line.starts_with('[') || line.split_once(" = ").is_some_and(|(key, _)| KEYS.contains(&key))
}

#[test]
fn the_schema_agrees_with_the_parser() {
    let documents = documents();
    let parsed: Vec<bool> = documents.iter().map(|text| Fleet::parse(text.as_bytes(), "".as_ref()).is_ok()).collect();
    assert_eq!(parsed[parsed.len() - 2..], [true, true], "the template, also with all that is optional");
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/fleet.schema.json");
    let mut command = Command::new("python3");
    command.args(["-c", VALIDATE, schema]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let missing = |why: &str| {
        assert!(std::env::var_os("CI").is_none(), "{why}; scripts/install-test-tools installs it");
        eprintln!("NOT TESTED: {why}; scripts/install-test-tools installs it");
    };
    let Ok(mut python) = command.spawn() else { return missing("python3 is not installed") };
    let input = serde_json::to_vec(&documents).unwrap();
    let mut stdin = python.stdin.take().unwrap();
    let writer = std::thread::spawn(move || drop(std::io::Write::write_all(&mut stdin, &input)));
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap();
    if output.status.code() == Some(7) {
        return missing("Python's jsonschema is not installed");
    }
    assert!(output.status.success());
    let allowed: Vec<bool> = serde_json::from_slice(&output.stdout).unwrap();
    for ((text, parsed), allowed) in documents.iter().zip(&parsed).zip(&allowed) {
        assert_eq!(parsed, allowed, "the parser and the schema:\n{text}");
    }
    assert_eq!(parsed.len(), allowed.len());
}
