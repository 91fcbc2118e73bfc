//! A server that keeps files in its memory, by WebDAV and as a store of objects: as much of both as publishing takes. What it does
//! is all that it should be; faults are for the tests of `tests/it/web`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::unescaped::unescaped;

/// Files by their paths, which begin with a slash; folders end in one.
type Files = BTreeMap<String, Arc<[u8]>>;

/// The server, which ends with the process.
pub(super) struct Server {
    pub port: u16,
    files: Arc<Mutex<Files>>,
}

impl Server {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let files: Arc<Mutex<Files>> = Arc::default();
        files.lock().unwrap().insert("/dav/".to_owned(), Arc::default());
        let shared = files.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let files = shared.clone();
                thread::spawn(move || {
                    let stream = stream.unwrap();
                    // Head and body are written one after the other.
                    stream.set_nodelay(true).unwrap();
                    let mut reader = BufReader::new(stream.try_clone().unwrap());
                    while let Some(mut asked) = Asked::read(&mut reader, &stream) {
                        let answer = asked.answer(&mut files.lock().unwrap());
                        if answer.send(&stream, asked.method == "HEAD").is_none() {
                            return;
                        }
                    }
                });
            }
        });
        Self { port, files }
    }

    /// How many files there are whose paths begin so.
    pub(super) fn count(&self, begin: &str) -> usize {
        let files = self.files.lock().unwrap();
        files.keys().filter(|path| path.starts_with(begin) && !path.ends_with('/')).count()
    }

    /// Forgets everything whose path begins so.
    pub(super) fn clear(&self, begin: &str) {
        self.files.lock().unwrap().retain(|path, _| !path.starts_with(begin));
    }
}

/// A request.
struct Asked {
    method: String,
    path: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// An answer.
struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Arc<[u8]>,
}

impl Asked {
    fn read(reader: &mut BufReader<TcpStream>, mut stream: &TcpStream) -> Option<Self> {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let mut words = line.split_whitespace();
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let query = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (name.to_owned(), unescaped(value))
        });
        let (path, query) = (unescaped(path), query.collect());
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_ascii_lowercase(), value.to_owned());
        }
        if headers.contains_key("expect") {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
        }
        let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        Some(Self { method, path, query, headers, body })
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    fn answer(&mut self, files: &mut Files) -> Answer {
        match (&*self.method, self.header("x-amz-copy-source").map(unescaped)) {
            ("GET", _) if self.query.contains_key("list-type") => self.list(files),
            ("GET" | "HEAD", _) => self.get(files),
            ("PUT", Some(from)) => {
                let from = format!("/{}", from.trim_start_matches('/'));
                let Some(bytes) = files.get(&from).cloned() else { return Answer::new(404) };
                let answer = Answer::page(format!("<CopyObjectResult><ETag>{}</ETag></CopyObjectResult>", tag(&bytes)));
                files.insert(self.path.clone(), bytes);
                answer
            }
            ("PUT", None) => self.put(files),
            ("POST", _) if self.query.contains_key("uploads") => Answer::page(
                "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>".to_owned(),
            ),
            ("POST", _) if self.query.contains_key("delete") => {
                let keys = String::from_utf8(self.body.clone()).unwrap();
                let keys = keys.split("<Key>").skip(1).map(|key| key.split("</Key>").next().unwrap());
                let gone = keys.map(|key| {
                    files.remove(&format!("{}/{key}", self.path.trim_end_matches('/')));
                    format!("<Deleted><Key>{key}</Key></Deleted>")
                });
                Answer::page(format!("<DeleteResult>{}</DeleteResult>", gone.collect::<String>()))
            }
            ("POST", _) => {
                let begin = format!("{}?", self.path);
                let bytes = taken_out(files, &begin).concat();
                let answer = format!(
                    "<CompleteMultipartUploadResult><Location>x</Location><Bucket>x</Bucket><Key>x</Key>\
                     <ETag>{}</ETag></CompleteMultipartUploadResult>",
                    tag(&bytes)
                );
                files.insert(self.path.clone(), bytes.into());
                Answer::page(answer)
            }
            ("DELETE", _) => {
                let gone = files.remove(&self.path).is_some();
                if self.path.ends_with('/') {
                    taken_out(files, &self.path);
                }
                Answer::new(if gone || self.is_of_a_store() { 204 } else { 404 })
            }
            ("MKCOL", _) => {
                let path = self.path.trim_end_matches('/');
                let above = &path[..=path.rfind('/').unwrap()];
                if files.contains_key(&self.path) {
                    return Answer::new(405);
                } else if !files.contains_key(above) {
                    return Answer::new(409);
                }
                files.insert(self.path.clone(), Arc::default());
                Answer::new(201)
            }
            ("MOVE", _) => {
                let to = self.header("destination").unwrap();
                let to = unescaped(&to[to.find("://").unwrap() + 3..]);
                let to = to[to.find('/').unwrap()..].to_owned();
                if files.contains_key(&to) && self.header("overwrite") == Some("F") {
                    return Answer::new(412);
                }
                let Some(bytes) = files.remove(&self.path) else { return Answer::new(404) };
                files.insert(to, bytes);
                Answer::new(201)
            }
            ("PROPFIND", _) => {
                let there: Vec<_> =
                    files.range(self.path.clone()..).take_while(|(path, _)| path.starts_with(&self.path)).collect();
                if there.is_empty() {
                    return Answer::new(404);
                }
                let hrefs: String = there.iter().map(|(path, _)| format!("<href>{path}</href>")).collect();
                Answer { status: 207, ..Answer::page(format!("<multistatus>{hrefs}</multistatus>")) }
            }
            _ => Answer::new(501),
        }
    }

    fn is_of_a_store(&self) -> bool {
        self.header("authorization").is_some()
    }

    fn get(&self, files: &Files) -> Answer {
        let Some(bytes) = files.get(&self.path).filter(|_| !self.path.ends_with('/')) else { return Answer::new(404) };
        let tagged = |status, bytes: Arc<[u8]>, tag| {
            let headers = vec![("ETag", tag), ("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT".to_owned())];
            Answer { status, headers, body: bytes }
        };
        let whole = tagged(200, bytes.clone(), tag(bytes));
        let Some((begin, end)) = self.header("range").and_then(|range| range.strip_prefix("bytes=")?.split_once('-'))
        else {
            return whole;
        };
        let begin: usize = begin.parse().unwrap();
        let end = end.parse().unwrap_or(usize::MAX).min(bytes.len().saturating_sub(1));
        if begin > end {
            return Answer::new(416);
        }
        let mut part = tagged(206, bytes[begin..=end].into(), tag(bytes));
        part.headers.push(("Content-Range", format!("bytes {begin}-{end}/{}", bytes.len())));
        part
    }

    fn put(&mut self, files: &mut Files) -> Answer {
        let is = files.get(&self.path).map(|bytes| tag(bytes));
        if (self.header("if-none-match").is_some() && is.is_some())
            || self.header("if-match").is_some_and(|tag| Some(tag) != is.as_deref())
        {
            return Answer::new(412);
        }
        let bytes: Arc<[u8]> = std::mem::take(&mut self.body).into();
        let path = match self.query.get("partNumber") {
            Some(number) => format!("{}?{:>5}", self.path, number),
            None => self.path.clone(),
        };
        let answer =
            Answer { headers: vec![("ETag", tag(&bytes))], ..Answer::new(if is.is_some() { 200 } else { 201 }) };
        files.insert(path, bytes);
        answer
    }

    /// What is directly below a prefix.
    fn list(&self, files: &Files) -> Answer {
        let bucket = format!("{}/", self.path.trim_end_matches('/'));
        let prefix = format!("{bucket}{}", self.query.get("prefix").map_or("", String::as_str));
        let (mut keys, mut folders) = (String::new(), std::collections::BTreeSet::new());
        for (path, bytes) in files.iter().filter(|(path, _)| path.starts_with(&prefix)) {
            match path[prefix.len()..].find('/') {
                Some(at) if self.query.contains_key("delimiter") => {
                    _ = folders.insert(&path[bucket.len()..=prefix.len() + at])
                }
                _ => {
                    keys += &format!(
                        "<Contents><Key>{}</Key><Size>{}</Size><ETag>{}</ETag>\
                         <LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>",
                        &path[bucket.len()..],
                        bytes.len(),
                        tag(bytes)
                    );
                }
            }
        }
        let folders: String =
            folders.iter().map(|path| format!("<CommonPrefixes><Prefix>{path}</Prefix></CommonPrefixes>")).collect();
        Answer::page(format!("<ListBucketResult>{keys}{folders}</ListBucketResult>"))
    }
}

/// Removes all files whose paths begin so, and gives what they were.
fn taken_out(files: &mut Files, begin: &str) -> Vec<Arc<[u8]>> {
    let later = files.range(begin.to_owned()..);
    let paths: Vec<String> = later.map(|(path, _)| path.clone()).take_while(|path| path.starts_with(begin)).collect();
    paths.iter().filter_map(|path| files.remove(path)).collect()
}

/// What names a version: its length, and a sum of its bytes.
fn tag(bytes: &[u8]) -> String {
    let sum =
        bytes.iter().step_by(1 + bytes.len() / 4096).fold(0_u32, |sum, byte| sum.wrapping_mul(31) + u32::from(*byte));
    format!("\"{}-{sum}\"", bytes.len())
}

impl Answer {
    fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Arc::default() }
    }

    fn page(text: String) -> Self {
        Self { body: text.into_bytes().into(), ..Self::new(200) }
    }

    fn send(&self, mut stream: &TcpStream, is_head: bool) -> Option<()> {
        let mut head = format!("HTTP/1.1 {} Whatever\r\n", self.status);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        // Such an answer has no body, and says nothing of one.
        if self.status != 204 {
            head += &format!("Content-Length: {}\r\n", self.body.len());
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).ok()?;
        if is_head { Some(()) } else { stream.write_all(&self.body).ok() }
    }
}
