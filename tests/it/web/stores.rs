//! `configcid sync SOURCE s3://...`: emulators of the stores, with a proxy before them that counts and has faults.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use configcid::DemoCid;

use super::faulty::Asked;
use super::proxy::{Fate, Proxy};
use crate::support::{LIMIT, TestEnv};

/// A program that `scripts/install-test-tools` puts into `target/tools`.
fn tool(path: &str) -> Option<PathBuf> {
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools").join(path);
    if found.exists() {
        return Some(found);
    }
    assert!(std::env::var_os("CI").is_none(), "{path} is missing; scripts/install-test-tools installs it");
    eprintln!("NOT TESTED: {path} is not installed; scripts/install-test-tools installs it");
    None
}

/// An emulator that runs.
struct Emulator {
    child: Child,
    port: u16,
}

impl Emulator {
    fn start(command: impl Fn(u16) -> Command) -> Self {
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut child =
                command(port).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            let deadline = Instant::now() + LIMIT;
            while Instant::now() < deadline && child.try_wait().unwrap().is_none() {
                if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    return Self { child, port };
                }
                std::thread::yield_now();
            }
        }
        panic!("no emulator begins");
    }

    fn ask(&self, method: &str, path: &str) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        // Signed by nobody, and not looked at: without it nothing that is private is given out.
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\nContent-Length: 0\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=key/20200101/us-east-1/s3/aws4_request\r\n\r\n",
            self.port
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let end = bytes.windows(4).position(|part| part == b"\r\n\r\n").unwrap();
        let status = String::from_utf8_lossy(&bytes[9..12]).parse().unwrap();
        (status, bytes[end + 4..].to_vec())
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An emulator of S3 with a bucket, and a CID.
fn s3() -> Option<(TestEnv, Emulator)> {
    let moto = tool("moto")?;
    let server = Emulator::start(|port| {
        let mut command = Command::new("python3");
        command.args(["-m", "moto.server", "-p", &port.to_string()]).env("PYTHONPATH", &moto);
        command
    });
    assert_eq!(server.ask("PUT", "/cids").0, 200);
    let mut env = TestEnv::new();
    env.cid("ESXP", DemoCid { rms9x: true, ..DemoCid::default() });
    for (name, value) in
        [("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "s3cret"), ("AWS_REGION", "us-east-1")]
    {
        env.set(name, value);
    }
    Some((env, server))
}

/// The objects of the bucket below this prefix, by their names behind it.
fn objects(server: &Emulator, prefix: &str) -> BTreeMap<String, Vec<u8>> {
    let (status, list) = server.ask("GET", "/cids?list-type=2&max-keys=1000");
    assert_eq!(status, 200);
    let list = String::from_utf8(list).unwrap();
    let keys = list.split("<Key>").skip(1).map(|part| part.split("</Key>").next().unwrap().replace("&amp;", "&"));
    let ours =
        keys.filter_map(|key| key.strip_prefix(prefix).map(|name| (name.to_owned(), super::servers::escaped(&key))));
    ours.map(|(name, path)| (name, server.ask("GET", &format!("/cids/{path}")).1)).collect()
}

/// The files that a CID's catalogs list, and these.
fn files(env: &TestEnv, cid: &str) -> BTreeMap<String, Vec<u8>> {
    fn walk(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().display().to_string();
            match path.is_dir() {
                true => walk(root, &path, files),
                false if name.contains(".configcid-") => {}
                false => _ = files.insert(name, std::fs::read(&path).unwrap()),
            }
        }
    }
    let mut files = BTreeMap::new();
    walk(&env.path(cid), &env.path(cid), &mut files);
    files
}

#[track_caller]
fn assert_same(is: &BTreeMap<String, Vec<u8>>, expected: &BTreeMap<String, Vec<u8>>) {
    assert_eq!(is.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (path, bytes) in is {
        assert!(expected.get(path) == Some(bytes), "{path} differs");
    }
}

/// A proxy before a server, which is where the store is said to be.
fn before(env: &mut TestEnv, server: &Emulator, fate: impl Fn(&Asked, usize) -> Fate + Send + Sync + 'static) -> Proxy {
    let proxy = Proxy::before(server.port, fate);
    env.set("AWS_ENDPOINT_URL", proxy.url(""));
    proxy
}

fn update(env: &TestEnv) {
    env.write("ESXP/savxp/engine.dll", vec![b'n'; 950]);
    env.remove("ESXP/savxp/data/threats-1.ide");
    env.write("ESXP/savxp/data/2026/a name & more.ide", "a new threat");
    env.write("ESXP/rms/empty.cfg", "");
    env.run("catalog create ESXP --replace").ok();
}

#[test]
fn a_cid_is_published_to_s3_and_updated() {
    let Some((mut env, server)) = s3() else { return };
    let proxy = before(&mut env, &server, |_, _| Fate::Pass);
    let url = "s3://cids/S000/ESXP";
    env.run(&format!("sync ESXP {url} --dry-run")).ok().says("would be made with 12 files");
    assert!(proxy.take().iter().all(|asked| asked.method == "GET"));
    env.run(&format!("sync ESXP {url}")).ok().says("made with 12 files").says("verified");
    assert_same(&objects(&server, "S000/ESXP/"), &files(&env, "ESXP"));
    env.run(&format!("sync ESXP {url} --deep")).ok().says("nothing to do");
    update(&env);
    // A file of more than a piece.
    let large: Vec<u8> = (0..6_u32 << 20).map(|number| (number % 251) as u8).collect();
    env.write("ESXP/savxp/large.bin", large);
    env.run("catalog create ESXP --replace").ok();
    proxy.take();
    env.run(&format!("sync ESXP {url} --deep")).ok().says("4 files").says("1 gone");
    assert_same(&objects(&server, "S000/ESXP/"), &files(&env, "ESXP"));
    // Catalogs take the place of the version that was read, and nothing else.
    let catalogs = proxy.take();
    let mut catalogs = catalogs.iter().filter(|asked| asked.method == "PUT" && asked.ends_in("cidsync.upd"));
    assert!(
        catalogs.all(|asked| !asked.header("if-match").is_empty() || !asked.header("x-amz-copy-source").is_empty())
    );
    // What nobody lists is not touched.
    assert_eq!(server.ask("PUT", "/cids/S000/ESXP/savxp/new.ide").0, 200);
    env.write("ESXP/savxp/new.ide", "new");
    env.run("catalog create ESXP --replace").ok();
    env.run(&format!("sync ESXP {url}")).expect(1).complains("a file is there that no catalog lists");
    assert_eq!(server.ask("GET", "/cids/S000/ESXP/savxp/new.ide").1, b"");
    assert_eq!(server.ask("DELETE", "/cids/S000/ESXP/savxp/new.ide").0, 204);
    // The lock of somebody whose end nobody knows.
    assert_eq!(server.ask("PUT", "/cids/S000/ESXP/.configcid-publish-lock/owner.txt").0, 200);
    env.run(&format!("sync ESXP {url} --wait 0"))
        .expect(1)
        .complains("another writer is at work")
        .complains("--break-lock");
    env.run(&format!("sync ESXP {url} --break-lock")).expect(0);
    assert_same(&objects(&server, "S000/ESXP/"), &files(&env, "ESXP"));
    env.run(&format!("fetch {url} COPY")).ok();
    assert_same(&files(&env, "COPY"), &files(&env, "ESXP"));
    env.run("sync ESXP s3://no-such-bucket/ESXP").expect(1).complains("bucket");
}

#[test]
fn a_store_that_heeds_no_conditions_is_not_published_to() {
    let Some((mut env, server)) = s3() else { return };
    // One that makes the lock whoever has it.
    before(&mut env, &server, |asked, _| match asked.method == "PUT" && asked.ends_in("owner.txt") {
        true => Fate::Answer(200, "ETag: \"x\"\r\n"),
        false => Fate::Pass,
    });
    env.run("sync ESXP s3://cids/ESXP").expect(1).complains("the store writes whatever the condition");
    assert!(objects(&server, "ESXP/").is_empty());
    // Credentials that have expired, of the files of the tools.
    let proxy = Proxy::before(server.port, |asked, _| match asked.method == "PUT" {
        true => Fate::Say(400, "<Error><Code>ExpiredToken</Code><Token>s3cret</Token></Error>"),
        false => Fate::Pass,
    });
    let mut env = TestEnv::new();
    env.cid("ESXP", DemoCid::default());
    env.write("home/.aws/credentials", "[p]\naws_access_key_id = key\naws_secret_access_key = s3cret\n");
    env.write("home/.aws/config", format!("[profile p]\nregion = us-east-1\nendpoint_url = {}\n", proxy.url("")));
    env.set("HOME", env.path("home").display().to_string());
    env.set("AWS_PROFILE", "p");
    let output = env.run("sync ESXP s3://cids/ESXP").expect(1).complains("the credentials have expired");
    assert!(!output.to_string().contains("s3cret"), "{output}");
    assert!(objects(&server, "ESXP/").is_empty());
}

#[test]
fn a_cid_is_published_to_azure() {
    let Some(azurite) = tool("azurite") else { return };
    let mut env = TestEnv::new();
    env.cid("ESXP", DemoCid::default());
    let folder = env.path("store").display().to_string();
    let server = Emulator::start(|port| {
        let mut command = Command::new(azurite.join("node_modules/.bin/azurite-blob"));
        command.args(["--skipApiVersionCheck", "--silent", "--blobPort", &port.to_string(), "--location", &folder]);
        command
    });
    // The emulator's own account, whose key everybody knows.
    let key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    env.set("AZURE_STORAGE_ACCOUNT_NAME", "devstoreaccount1");
    env.set("AZURE_STORAGE_ACCOUNT_KEY", key);
    env.set("AZURE_STORAGE_ENDPOINT", format!("http://127.0.0.1:{}/devstoreaccount1", server.port));
    env.set("CONTAINER_KEY", key);
    make_container(&env, &server);
    let sync = "sync ESXP az://cids/S000/ESXP --deep";
    env.run(sync).ok().says("verified");
    update(&env);
    env.run(sync).ok().says("3 files").says("1 gone");
    // All of it was read.
    env.run(sync).ok().says("nothing to do");
}

/// Makes the container `cids`, with a request that Python signs.
fn make_container(env: &TestEnv, server: &Emulator) {
    const PROGRAM: &str = "import base64, email.utils, hashlib, hmac, os, sys, urllib.request\n\
        date = email.utils.formatdate(usegmt=True)\n\
        text = 'PUT\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\nx-ms-date:' + date + '\\nx-ms-version:2021-08-06\\n/devstoreaccount1/devstoreaccount1/cids\\nrestype:container'\n\
        key = base64.b64decode(os.environ['CONTAINER_KEY'])\n\
        sign = base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()\n\
        url = 'http://127.0.0.1:' + sys.argv[1] + '/devstoreaccount1/cids?restype=container'\n\
        ask = urllib.request.Request(url, method='PUT', headers={'x-ms-date': date, 'x-ms-version': '2021-08-06', \
        'Authorization': 'SharedKey devstoreaccount1:' + sign})\n\
        assert urllib.request.urlopen(ask).status == 201\n";
    let mut command = Command::new("python3");
    command.args(["-c", PROGRAM, &server.port.to_string()]);
    assert!(env.clean(command).status().unwrap().success());
}

/// At S3 the answer to what was sent tells what is there, catalogs take the place of others at once, and what waited goes by one order.
#[test]
fn few_requests_are_sent_to_s3() {
    let Some((mut env, server)) = s3() else { return };
    for number in 0..100 {
        env.write(&format!("ESXP/savxp/data/f-{number}.ide"), format!("{number}"));
    }
    env.run("catalog create ESXP --replace").ok();
    let proxy = before(&mut env, &server, |_, _| Fate::Pass);
    let url = "s3://cids/S000/ESXP";
    env.run(&format!("sync ESXP {url}")).ok().says("made with 112 files");
    let asked = proxy.take();
    let of_ides = |method: &str, asked: &[Asked]| {
        asked.iter().filter(|asked| asked.method == method && asked.ends_in(".ide")).count()
    };
    assert_eq!((of_ides("PUT", &asked), of_ides("GET", &asked), of_ides("HEAD", &asked)), (102, 0, 0));
    assert!(asked.len() <= 112 + 50, "{} requests: {}", asked.len(), listed(&asked));
    for number in 0..50 {
        env.write(&format!("ESXP/savxp/data/f-{number}.ide"), format!("new {number}"));
    }
    env.run("catalog create ESXP --replace").ok();
    env.run(&format!("sync ESXP {url}")).ok().says("50 files");
    let asked = proxy.take();
    // Sent, and copied to its name.
    assert_eq!((of_ides("PUT", &asked), of_ides("GET", &asked), of_ides("DELETE", &asked)), (100, 0, 0));
    assert!(asked.len() <= 2 * 50 + 46, "{} requests: {}", asked.len(), listed(&asked));
    assert_same(&objects(&server, "S000/ESXP/"), &files(&env, "ESXP"));
    env.run(&format!("sync ESXP {url} --deep")).ok().says("nothing to do");
}

/// Requests, one a line.
fn listed(asked: &[Asked]) -> String {
    asked.iter().map(|asked| format!("\n{} {}", asked.method, asked.path)).collect()
}
