//! A stand-in for Google's store: as much of its XML interface as publishing takes, with its conditions. Everything is in memory,
//! and a test may look at it after every change.

use std::collections::BTreeMap;
use std::io::{BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::faulty::{Asked, read};
use crate::support::TestEnv;

/// Names in the bucket `cids`, with content and generation.
type Objects = BTreeMap<String, (Vec<u8>, u64)>;
/// Is told of every change: what was asked for, and what there is now.
type Watch = dyn Fn(&BTreeMap<String, Vec<u8>>) + Send + Sync;

#[derive(Default)]
struct State {
    objects: Objects,
    generation: u64,
    /// Uploads under way, by their numbers, with their parts.
    uploads: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
}

/// The store, which ends with the process.
#[derive(Clone)]
pub(super) struct Google {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl Google {
    pub(super) fn start(watch: impl Fn(&BTreeMap<String, Vec<u8>>) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let store = Self { port: listener.local_addr().unwrap().port(), state: Arc::default() };
        let (serves, watch): (_, Arc<Watch>) = (store.clone(), Arc::new(watch));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (serves, watch) = (serves.clone(), watch.clone());
                thread::spawn(move || serves.talk(&stream.unwrap(), &*watch));
            }
        });
        store
    }

    /// Has the program take this port for Google's.
    pub(super) fn is_at(env: &mut TestEnv, port: u16) {
        let account = serde_json::json!({
            "gcs_base_url": format!("http://127.0.0.1:{port}"), "disable_oauth": true,
            "client_email": "", "private_key": "", "private_key_id": "",
        });
        env.write("google.json", account.to_string());
        env.set("GOOGLE_SERVICE_ACCOUNT", env.path("google.json").display().to_string());
    }

    /// What is below a prefix, by the names behind it.
    pub(super) fn objects(&self, prefix: &str) -> BTreeMap<String, Vec<u8>> {
        let state = self.state.lock().unwrap();
        let ours = state.objects.iter().filter_map(|(key, (bytes, _))| Some((key.strip_prefix(prefix)?, bytes)));
        ours.map(|(name, bytes)| (name.to_owned(), bytes.clone())).collect()
    }

    pub(super) fn put(&self, key: &str, bytes: &[u8]) {
        self.state.lock().unwrap().put(key, bytes.to_vec());
    }

    pub(super) fn remove(&self, key: &str) {
        self.state.lock().unwrap().objects.remove(key);
    }

    /// How many uploads were begun and neither ended nor given up.
    pub(super) fn uploads(&self) -> usize {
        self.state.lock().unwrap().uploads.len()
    }

    fn talk(&self, mut stream: &TcpStream, watch: &Watch) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while let Some(asked) = read(&mut reader) {
            let mut body = vec![0; asked.header("content-length").parse().unwrap_or(0)];
            if reader.read_exact(&mut body).is_err() {
                return;
            }
            let (status, head, content) = {
                let mut state = self.state.lock().unwrap();
                let answer = state.answer(&asked, body);
                if asked.method != "GET" && asked.method != "HEAD" {
                    watch(&state.objects.iter().map(|(key, (bytes, _))| (key.clone(), bytes.clone())).collect());
                }
                answer
            };
            let length = content.len();
            let head = format!("HTTP/1.1 {status} Whatever\r\n{head}Content-Length: {length}\r\n\r\n");
            let content = if asked.method == "HEAD" { &[] } else { &*content };
            if stream.write_all(&[head.as_bytes(), content].concat()).is_err() || asked.header("connection") == "close"
            {
                return;
            }
        }
    }
}

type Answer = (u16, String, Vec<u8>);

impl State {
    fn put(&mut self, key: &str, bytes: Vec<u8>) -> Answer {
        self.generation += 1;
        self.objects.insert(key.to_owned(), (bytes, self.generation));
        (200, names(self.generation), Vec::new())
    }

    fn answer(&mut self, asked: &Asked, body: Vec<u8>) -> Answer {
        let (path, query) = asked.target.split_once('?').unwrap_or((&asked.target, ""));
        let query: BTreeMap<String, String> = query
            .split('&')
            .filter_map(|part| part.split_once('='))
            .map(|(name, value)| (name.into(), plain(value)))
            .collect();
        let refused =
            |status: u16, code: &str| (status, String::new(), format!("<Error><Code>{code}</Code></Error>").into());
        let (bucket, key) =
            path[1..].split_once('/').map_or((&path[1..], None), |(bucket, key)| (bucket, Some(plain(key))));
        if bucket != "cids" {
            return refused(404, "NoSuchBucket");
        }
        let Some(key) = key else { return (200, String::new(), self.list(&query).into_bytes()) };
        let is_there = self.objects.get(&key).map_or(0, |(_, generation)| *generation);
        let condition = asked.headers.get("x-goog-if-generation-match");
        if condition.is_some_and(|wanted| *wanted != is_there.to_string()) {
            return refused(412, "PreconditionFailed");
        }
        match (&*asked.method, query.get("uploadId")) {
            ("GET" | "HEAD", _) => match self.objects.get(&key) {
                None => refused(404, "NoSuchKey"),
                Some((_, generation))
                    if !matches!(asked.header("if-match"), "")
                        && asked.header("if-match") != format!("\"{generation}\"") =>
                {
                    refused(412, "PreconditionFailed")
                }
                Some((bytes, generation)) => part(asked.header("range"), bytes, &names(*generation)),
            },
            ("POST", None) => {
                self.generation += 1;
                let id = self.generation.to_string();
                self.uploads.insert(id.clone(), BTreeMap::new());
                let result = format!(
                    "<InitiateMultipartUploadResult><Bucket>cids</Bucket><Key>k</Key><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
                );
                (200, String::new(), result.into_bytes())
            }
            ("PUT", Some(id)) => {
                let Some(parts) = self.uploads.get_mut(id) else { return refused(404, "NoSuchUpload") };
                parts.insert(query["partNumber"].parse().unwrap(), body);
                (200, "ETag: \"part\"\r\n".to_owned(), Vec::new())
            }
            ("POST", Some(id)) => {
                let Some(parts) = self.uploads.remove(id) else { return refused(404, "NoSuchUpload") };
                self.put(&key, parts.into_values().collect::<Vec<_>>().concat());
                let result = "<CompleteMultipartUploadResult><ETag>\"whole\"</ETag></CompleteMultipartUploadResult>";
                (200, names(self.generation), result.into())
            }
            ("DELETE", Some(id)) => {
                self.uploads.remove(id);
                (204, String::new(), Vec::new())
            }
            ("PUT", None) => match asked.headers.get("x-goog-copy-source") {
                None => self.put(&key, body),
                Some(source) => match self.objects.get(plain(source).trim_start_matches("cids/")) {
                    None => refused(404, "NoSuchKey"),
                    Some((bytes, _)) => {
                        let bytes = bytes.clone();
                        self.put(&key, bytes)
                    }
                },
            },
            ("DELETE", None) => match self.objects.remove(&key) {
                None => refused(404, "NoSuchKey"),
                Some(_) => (204, String::new(), Vec::new()),
            },
            _ => refused(405, "MethodNotAllowed"),
        }
    }

    fn list(&self, query: &BTreeMap<String, String>) -> String {
        let prefix = query.get("prefix").map_or("", String::as_str);
        let (mut contents, mut folders) = (String::new(), BTreeMap::new());
        for (key, (bytes, generation)) in &self.objects {
            let Some(name) = key.strip_prefix(prefix) else { continue };
            match name.find('/').filter(|_| query.contains_key("delimiter")) {
                Some(end) => _ = folders.insert(format!("{prefix}{}/", &name[..end]), ()),
                None => {
                    let (key, size) = (key.replace('&', "&amp;"), bytes.len());
                    contents += &format!(
                        "<Contents><Key>{key}</Key><LastModified>2020-01-01T00:00:00.000Z</LastModified>\
                         <ETag>\"{generation}\"</ETag><Size>{size}</Size></Contents>"
                    );
                }
            }
        }
        let folders: String = folders
            .keys()
            .map(|key| format!("<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>", key.replace('&', "&amp;")))
            .collect();
        format!("<ListBucketResult><IsTruncated>false</IsTruncated>{contents}{folders}</ListBucketResult>")
    }
}

/// What names a version.
fn names(generation: u64) -> String {
    format!(
        "ETag: \"{generation}\"\r\nx-goog-generation: {generation}\r\nLast-Modified: Wed, 01 Jan 2020 00:00:00 GMT\r\n"
    )
}

/// The bytes that were asked for.
fn part(range: &str, bytes: &[u8], names: &str) -> Answer {
    let Some((begin, end)) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return (200, names.to_owned(), bytes.to_vec());
    };
    let (begin, end): (usize, usize) = (begin.parse().unwrap(), end.parse().unwrap());
    if begin >= bytes.len() {
        return (416, format!("Content-Range: bytes */{}\r\n", bytes.len()), Vec::new());
    }
    let end = (end + 1).min(bytes.len());
    let head = format!("{names}Content-Range: bytes {begin}-{}/{}\r\n", end - 1, bytes.len());
    (206, head, bytes[begin..end].to_vec())
}

fn plain(text: &str) -> String {
    super::unescaped::unescaped(&text.replace('+', " "))
}
