//! What a release is made with: `scripts/package-manifests`, whose files are tried with the published schemas of the package
//! managers, and `scripts/sign`, with a key and a certificate that the test makes.

#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::browser::have;
use crate::support::{Output, TestEnv};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const BASE: &str = "https://downloads.example/configcid";
const HOME: &str = "https://www.example/configcid";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn script(env: &TestEnv, name: &str, words: &[&str], set: &[(&str, &str)]) -> Output {
    let mut command = env.clean(Command::new(root().join("scripts").join(name)));
    command.args(words).envs(set.iter().copied());
    env.finish(command)
}

/// A folder of packages that hold next to nothing, with their sums.
fn packages(env: &TestEnv) -> BTreeMap<String, String> {
    let names = [
        "x86_64-win7-windows-gnu.zip",
        "i686-win7-windows-gnu.zip",
        "x86_64-win7-windows-gnu.msi",
        "i686-win7-windows-gnu.msi",
        "x86_64-unknown-linux-gnu.tar.gz",
    ];
    let mut sums = BTreeMap::new();
    for name in names.map(|name| format!("configcid-{VERSION}-{name}")) {
        let content = format!("the package {name}");
        env.write(&format!("dist/{name}"), &content);
        sums.insert(name, configcid_hex(&Sha256::digest(content)));
    }
    let list: String = sums.iter().map(|(name, sum)| format!("{sum}  {name}\n")).collect();
    env.write("dist/SHA256SUMS", list);
    sums
}

fn configcid_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn manifests(env: &TestEnv, more: &[&str]) -> Output {
    let mut words = vec!["--dist", "dist", "--out", "out"];
    words.extend(more);
    script(env, "package-manifests", &words, &[])
}

/// Reads a file of YAML, and a schema of SchemaStore by its `$id`, as JSON. The store is a database whose rows are not to be
/// unpickled: a schema stands in its row as it is, behind its length.
const SCHEMAS: &str = r#"
import json, sqlite3, struct, sys, yaml
def schemas(store, wanted):
    found = {}
    for (row,) in sqlite3.connect(store).execute("select value from responses"):
        at = row.find(b"_content\x94B")
        if at < 0 or not any(id.encode() in row for id in wanted):
            continue
        at += len(b"_content\x94B")
        (length,) = struct.unpack("<I", row[at:at + 4])
        try:
            schema = json.loads(row[at + 4:at + 4 + length])
        except ValueError:
            continue
        if isinstance(schema, dict) and "$id" in schema:
            found[schema["$id"]] = schema
    return found
import jsonschema
tried = json.load(sys.stdin)
store = schemas(sys.argv[1], {id for id, *_ in tried})
failed = 0
for id, *files in tried:
    document = {}
    for file in files:
        document.update(yaml.safe_load(open(file)))
    documents = [document]
    if id.endswith("singleton.1.0.0.schema.json"):
        # Such a file has one installer.
        documents = [{**document, "ManifestType": "singleton", "Installers": [one]} for one in document["Installers"]]
    for document in documents:
        for error in jsonschema.Draft7Validator(store[id]).iter_errors(document):
            print(files, list(error.path), error.message)
            failed = 1
sys.exit(failed)
"#;

fn tools() -> PathBuf {
    root().join("target/tools/schemas")
}

/// Whether the schemas are there that `scripts/install-test-tools` brings.
fn have_schemas() -> bool {
    let found = tools().join("schemastore/schemastore/cache.sqlite").is_file()
        && tools().join("nuget/usr/lib/nuget/NuGet.Core.dll").is_file();
    if !found {
        assert!(std::env::var_os("CI").is_none(), "schemas are missing; scripts/install-test-tools installs them");
        eprintln!("NOT TESTED: manifests by their schemas; scripts/install-test-tools installs these");
    }
    found
}

/// Tries documents with schemas: what is wrong, empty where nothing is.
fn by_schemas(env: &TestEnv, tried: &Value) -> String {
    let mut python = Command::new("python3");
    let store = tools().join("schemastore/schemastore/cache.sqlite");
    python.args(["-c", SCHEMAS]).arg(store).current_dir(env.path(".")).stdin(Stdio::piped());
    let mut python = python.stdout(Stdio::piped()).spawn().unwrap();
    python.stdin.take().unwrap().write_all(tried.to_string().as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.success(), said.is_empty(), "{said}");
    said
}

/// The schema of nuspec files, as NuGet has it within; the namespace is filled in.
fn nuspec_schema() -> String {
    let library = fs::read(tools().join("nuget/usr/lib/nuget/NuGet.Core.dll")).unwrap();
    let find = |what: &[u8], from: usize| from + library[from..].windows(what.len()).position(|at| at == what).unwrap();
    let from = find(b"<xs:schema id=\"nuspec\"", 0);
    let until = find(b"</xs:schema>", from) + "</xs:schema>".len();
    String::from_utf8(library[from..until].to_vec())
        .unwrap()
        .replace("{0}", "http://schemas.microsoft.com/packaging/2015/06/nuspec.xsd")
}

#[test]
fn the_manifests_are_what_package_managers_take() {
    let env = TestEnv::new();
    let sums = packages(&env);
    manifests(&env, &["--base", &format!("{BASE}/{VERSION}/"), "--home", HOME])
        .ok()
        .says("./winget/configcid.configcid.yaml");
    let files = [
        "winget/configcid.configcid.installer.yaml",
        "winget/configcid.configcid.yaml",
        "winget/configcid.configcid.locale.en-US.yaml",
        "chocolatey/configcid.nuspec",
        "chocolatey/tools/chocolateyinstall.ps1",
        "scoop/configcid.json",
        "homebrew/configcid.rb",
    ];
    let texts = files.map(|file| env.text(&format!("out/{file}")));
    for text in &texts {
        assert!(text.contains(VERSION) || text.contains("Install-ChocolateyPackage"), "{text}");
        assert!(!text.contains('@') || text.contains("@package") || text.contains("@("), "{text}");
    }
    // Each package stands beside its own sum, at the place that was named.
    let all = texts.concat();
    for (name, sum) in &sums {
        assert!(all.contains(&format!("{BASE}/{VERSION}/{name}")), "{name}");
        let at = all.find(&format!("/{name}")).unwrap();
        assert!(all[at..].chars().take(160).collect::<String>().contains(sum.as_str()), "{name} and its sum");
    }

    if have("ruby") {
        let stand_in = "class Formula; def self.method_missing(name, *words); puts \"#{name} #{words[0]}\"; end; \
                        def self.test; end; end; ";
        let mut ruby = Command::new("ruby");
        let output = ruby
            .args(["-w", "-e", &format!("{stand_in} load ARGV[0]")])
            .arg(env.path("out/homebrew/configcid.rb"))
            .output();
        let output = output.unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8(output.stdout).unwrap();
        let tar = format!("configcid-{VERSION}-x86_64-unknown-linux-gnu.tar.gz");
        assert!(
            said.contains(&format!("url {BASE}/{VERSION}/{tar}\n"))
                && said.contains(&format!("sha256 {}\n", sums[&tar]))
        );
    }
    if have("xmllint") && have_schemas() {
        env.write("nuspec.xsd", nuspec_schema());
        let lint = |file: &str| {
            let mut xmllint = Command::new("xmllint");
            xmllint.args(["--noout", "--schema"]).arg(env.path("nuspec.xsd")).arg(env.path(file)).output().unwrap()
        };
        let good = lint("out/chocolatey/configcid.nuspec");
        assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
        env.write(
            "bad.nuspec",
            env.text("out/chocolatey/configcid.nuspec")
                .replace("<authors>", "<writers>")
                .replace("</authors>", "</writers>"),
        );
        assert!(!lint("bad.nuspec").status.success());

        let winget = files[..3].iter().map(|file| format!("out/{file}")).collect::<Vec<_>>();
        let id = |kind: &str| format!("https://aka.ms/winget-manifest.{kind}.1.0.0.schema.json");
        let scoop = "http://scoop.sh/draft/schema#";
        let tried = serde_json::json!([
            [id("installer"), winget[0]],
            [id("singleton"), winget[0], winget[1], winget[2]],
            [scoop, "out/scoop/configcid.json"],
        ]);
        assert_eq!(by_schemas(&env, &tried), "");
        // And a fault is seen.
        env.write("bad.json", env.text("out/scoop/configcid.json").replace("\"hash\": \"", "\"hash\": \"x"));
        env.write(
            "bad.yaml",
            env.text("out/winget/configcid.configcid.installer.yaml").replace("Architecture: x64", "Architecture: z80"),
        );
        let bad = by_schemas(&env, &serde_json::json!([[scoop, "bad.json"], [id("installer"), "bad.yaml"]]));
        assert!(bad.contains("hash") && bad.contains("z80"), "{bad}");
    }
}

#[test]
fn manifests_are_made_of_what_is_there_or_not_at_all() {
    let env = TestEnv::new();
    let sums = packages(&env);
    let good = ["--base", BASE, "--home", HOME];
    manifests(&env, &good).ok();
    let before = env.snapshot();
    for (words, code, said) in [
        (&["--home", HOME][..], 2, "--base wants the address"),
        (&["--base", BASE], 2, "--home wants the address"),
        (&["--base", "https://a.example/\"x", "--home", HOME], 2, "--base wants the address"),
        (&["--base", "ftp://a.example", "--home", HOME], 2, "--base wants the address"),
        (&["--base", BASE, "--home", HOME, "--id", "one"], 2, "--id wants PUBLISHER.PROGRAM"),
        (&["--base", BASE, "--home", HOME, "--id"], 2, "--id wants a value"),
        (&["--base", BASE, "--home", HOME, "--what"], 2, "--what is no option"),
    ] {
        manifests(&env, words).expect(code).complains(said);
        assert_eq!(env.snapshot(), before, "{words:?}");
    }
    // A package that was signed, or made anew, after its sum was taken; and one that is not there.
    let msi = sums.keys().find(|name| name.ends_with(".msi")).unwrap();
    env.write(&format!("dist/{msi}"), "another");
    manifests(&env, &good).expect(1).complains("is not what SHA256SUMS there says");
    env.remove(&format!("dist/{msi}"));
    manifests(&env, &good).expect(1).complains("is not there: scripts/package makes it");
    assert!(env.text("out/scoop/configcid.json").contains(VERSION));

    for (words, said) in [
        (&["--base", BASE][..], "--base and --home are missing"),
        (&["--base", BASE, "--home", HOME, "--time-server", BASE], "want --key"),
        (&["--what", "x"], "--what is no option"),
    ] {
        script(&env, "release", words, &[]).expect(2).complains(said);
    }
}

fn run(folder: &Path, line: &str) {
    let mut words = line.split(' ');
    let mut command = Command::new(words.next().unwrap());
    let output = command.args(words).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// An authority, a signer of programs and a time-stamp authority. One key serves all of them, since making one takes long.
fn authorities(folder: &Path) {
    run(folder, "openssl genrsa -out key.pem 2048");
    run(folder, "openssl req -x509 -new -key key.pem -out ca.pem -days 30 -subj /CN=Root");
    for (serial, name, use_of_key) in [(1, "signer", "codeSigning"), (2, "tsa", "critical,timeStamping")] {
        let extensions = format!("keyUsage=critical,digitalSignature\nextendedKeyUsage={use_of_key}\n");
        fs::write(folder.join("ext"), extensions).unwrap();
        run(folder, &format!("openssl req -new -key key.pem -out {name}.csr -subj /CN={name}"));
        let sign = "openssl x509 -req -CA ca.pem -CAkey key.pem -days 30 -extfile ext";
        run(folder, &format!("{sign} -in {name}.csr -out {name}.pem -set_serial {serial}"));
    }
    fs::write(folder.join("password"), "secret of the test\n").unwrap();
    run(folder, "openssl pkcs12 -export -in signer.pem -inkey key.pem -out signer.p12 -passout file:password");
}

/// A time-stamp server for one question: its address, and the thread that answers.
fn time_server(folder: PathBuf) -> (String, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let config =
        "[tsa]\ndefault_tsa=t\n[t]\nserial=serial\nsigner_digest=sha256\ndefault_policy=1.2.3.4\ndigests=sha256\n";
    fs::write(folder.join("tsa.cnf"), config).unwrap();
    let answer = move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut query = vec![0; length];
        reader.read_exact(&mut query).unwrap();
        fs::write(folder.join("query"), query).unwrap();
        run(
            &folder,
            "openssl ts -reply -config tsa.cnf -queryfile query -signer tsa.pem -inkey key.pem -chain ca.pem -out reply",
        );
        let reply = fs::read(folder.join("reply")).unwrap();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\nContent-Length: {}\r\n\r\n",
            reply.len()
        );
        let mut stream = stream;
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&reply).unwrap();
    };
    (address, std::thread::spawn(answer))
}

#[test]
fn what_windows_runs_is_signed() {
    if !(have("osslsigncode") && have("openssl") && have("x86_64-w64-mingw32-gcc") && have("wixl")) {
        return;
    }
    let env = TestEnv::new();
    let folder = env.path(".").canonicalize().unwrap();
    authorities(&folder);
    env.write("main.c", "int main(void) { return 0; }\n");
    run(&folder, "x86_64-w64-mingw32-gcc -o program.exe main.c");
    run(&folder, "x86_64-w64-mingw32-gcc -shared -o library.dll main.c");
    env.write(
        "package.wxs",
        r#"<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi"><Product Id="*" Name="t" Manufacturer="t" Version="1.0" Language="1033"
UpgradeCode="6B2A6C0E-6C5E-4F0B-9C1D-3D8A4E0C7B12"><Package InstallerVersion="200" Compressed="yes" /><Media Id="1" Cabinet="t.cab" EmbedCab="yes" />
<Directory Id="TARGETDIR" Name="SourceDir"><Component Id="C" Guid="*"><File Id="F" KeyPath="yes" Source="main.c" /></Component></Directory>
<Feature Id="All" Level="1"><ComponentRef Id="C" /></Feature></Product></Wix>"#,
    );
    run(&folder, "wixl -o package.msi package.wxs");
    let files = ["program.exe", "library.dll", "package.msi"];
    let unsigned = files.map(|file| fs::read(folder.join(file)).unwrap());
    let as_before = || files.iter().zip(&unsigned).all(|(file, was)| fs::read(folder.join(file)).unwrap() == *was);
    let verify = |file: &str, more: &str| {
        let mut command = Command::new("osslsigncode");
        command.args(["verify", "-CAfile", "ca.pem", "-in", file]).args(more.split_whitespace()).current_dir(&folder);
        let output = command.output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };

    script(&env, "sign", &files, &[]).ok().says("NOT SIGNED, since no key was given: library.dll");
    script(&env, "sign", &files, &[("CONFIGCID_SIGN_KEY", "key.pem")]).expect(2).complains("wants its certificates");
    script(&env, "sign", &files, &[("CONFIGCID_SIGN_KEY", "none.p12")]).expect(1).complains("none.p12 cannot be read");
    env.write("wrong", "no password of it\n");
    let pair = [("CONFIGCID_SIGN_KEY", "signer.p12"), ("CONFIGCID_SIGN_PASSWORD_FILE", "wrong")];
    script(&env, "sign", &files, &pair).expect(1).complains("program.exe is not signed, and as it was");
    let nobody = [
        ("CONFIGCID_SIGN_KEY", "key.pem"),
        ("CONFIGCID_SIGN_CERTS", "signer.pem"),
        ("CONFIGCID_SIGN_TIME_SERVER", "http://127.0.0.1:9/"),
    ];
    script(&env, "sign", &files, &nobody).expect(1).complains("program.exe is not signed, and as it was");
    assert!(as_before());
    assert!(!verify("program.exe", "").0);

    let pem = [("CONFIGCID_SIGN_KEY", "key.pem"), ("CONFIGCID_SIGN_CERTS", "signer.pem"), ("CONFIGCID_SIGN_URL", HOME)];
    script(&env, "sign", &files, &pem).ok().says("signed: package.msi");
    for file in files {
        let (good, said) = verify(file, "");
        assert!(good && said.contains("/CN=signer") && said.contains("Signature verification: ok"), "{file}: {said}");
        assert!(!folder.join(format!("{file}.signed")).exists());
    }
    // A byte that is changed is noticed.
    let mut changed = fs::read(folder.join("program.exe")).unwrap();
    let at = changed.len() / 3;
    changed[at] ^= 1;
    fs::write(folder.join("changed.exe"), changed).unwrap();
    assert!(!verify("changed.exe", "").0);

    // A file with certificates in it and a password, and a server that says when.
    fs::write(folder.join("program.exe"), &unsigned[0]).unwrap();
    let (server, answered) = time_server(folder.clone());
    let whole = [
        ("CONFIGCID_SIGN_KEY", "signer.p12"),
        ("CONFIGCID_SIGN_PASSWORD_FILE", "password"),
        ("CONFIGCID_SIGN_TIME_SERVER", server.as_str()),
    ];
    script(&env, "sign", &["program.exe"], &whole).ok();
    answered.join().unwrap();
    let (good, said) = verify("program.exe", "-TSA-CAfile ca.pem");
    assert!(good && said.contains("Timestamp verified using"), "{said}");
}

/// What tests show holds for what is shipped, as far as crates are the same in both: those that tests alone need bring along features
/// of others. A pattern once needed one, passed, and failed in the released program.
#[test]
fn crates_have_the_features_in_tests_that_they_are_shipped_with() {
    // A crate that runs while others are compiled, too, may be there twice, with other features.
    let crates = |edges: &str| -> BTreeSet<String> {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo.args(["tree", "--locked", "--offline", "--prefix", "none", "--format", "{p} [{f}]", "--edges", edges]);
        let output = cargo.current_dir(root()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8(output.stdout).unwrap();
        said.lines().map(|line| line.replace(" (*)", "").replace(" (proc-macro)", "")).collect()
    };
    let (shipped, tested) = (crates("normal"), crates("normal,dev"));
    assert!(shipped.len() > 100 && tested.len() > shipped.len(), "{} and {}", shipped.len(), tested.len());
    // Options that name a variable of the environment, calls to Unix that a test's terminal needs, and a number's functions beyond
    // those of core: what is shipped names none of them.
    let known = ["clap v", "clap_builder v", "nix v", "num-traits v"];
    let others = shipped.difference(&tested).filter(|line| !known.iter().any(|name| line.starts_with(name)));
    assert_eq!(others.collect::<Vec<_>>(), [""; 0], "crates have other features in tests");
}
