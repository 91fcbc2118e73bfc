//! A web server with faults: it serves a folder, but for what a test has it do instead. A thread for each connection.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use super::unescaped::unescaped;

/// What was asked for.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub method: String,
    /// Below the root, not escaped.
    pub path: String,
    /// As it was asked for.
    #[cfg_attr(not(unix), expect(dead_code, reason = "the tests that look at it run on Unix alone"))]
    pub target: String,
    /// By their names in lower case.
    pub headers: BTreeMap<String, String>,
}

impl Asked {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// What the name of the file ends in.
    pub(super) fn ends_in(&self, end: &str) -> bool {
        self.path.ends_with(end)
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// What the server says that the length is; `None`: it does not say.
    pub length: Option<usize>,
    pub end: End,
}

/// What happens behind the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Keep,
    Close,
    /// Nothing more, until the other side goes.
    Hang,
    /// The same byte, for ever.
    Endless,
}

impl Reply {
    pub(super) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let length = Some(body.len());
        Self { status, headers: Vec::new(), body, length, end: End::Keep }
    }

    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn length(self, length: Option<usize>) -> Self {
        Self { length, ..self }
    }

    pub(super) fn end(self, end: End) -> Self {
        Self { end, ..self }
    }

    /// No answer at all.
    pub(super) fn none(end: End) -> Self {
        Self { status: 0, ..Self::new(0, "") }.end(end)
    }
}

/// The server, which ends with the process.
pub(super) struct Faulty {
    pub port: u16,
    pub asked: Arc<Mutex<Vec<Asked>>>,
    /// The most requests that were under way at a time.
    pub most: Arc<AtomicUsize>,
}

impl Faulty {
    /// Serves `folder`; `instead` gets each request with what would be answered.
    pub(super) fn serve(folder: PathBuf, instead: impl Fn(&Asked, Reply) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (log, high, instead) = (asked.clone(), most.clone(), Arc::new(instead));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (folder, log, now, high, instead) =
                    (folder.clone(), log.clone(), now.clone(), high.clone(), instead.clone());
                thread::spawn(move || {
                    let stream = stream.unwrap();
                    let mut reader = BufReader::new(stream.try_clone().unwrap());
                    while let Some(asked) = read(&mut reader) {
                        high.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        log.lock().unwrap().push(asked.clone());
                        let reply = instead(&asked, usual(&folder, &asked));
                        let goes_on = send(&stream, &asked, &reply);
                        now.fetch_sub(1, Ordering::SeqCst);
                        if !goes_on {
                            return;
                        }
                    }
                });
            }
        });
        Self { port, asked, most }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(super) fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

/// The head of a request.
pub(super) fn read(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let path = unescaped(&target);
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) => _ = headers.insert(name.to_ascii_lowercase(), value.to_owned()),
            None => return Some(Asked { method, path, target, headers }),
        }
    }
}

/// What a server without faults answers.
fn usual(folder: &Path, asked: &Asked) -> Reply {
    let path = folder.join(asked.path.trim_start_matches('/'));
    let Ok(body) = fs::read(&path) else { return Reply::new(404, "not here") };
    let reply = Reply::new(200, body).with("Cache-Control", "no-cache");
    match asked.header("range") {
        "bytes=0-0" if reply.body.is_empty() => Reply::new(416, "").with("Content-Range", "bytes */0"),
        "bytes=0-0" => {
            let total = reply.body.len();
            Reply::new(206, &reply.body[..1]).with("Content-Range", &format!("bytes 0-0/{total}"))
        }
        _ => reply,
    }
}

/// Sends it, and says whether the connection goes on.
fn send(mut stream: &TcpStream, asked: &Asked, reply: &Reply) -> bool {
    let mut write = || {
        if reply.status > 0 {
            let mut head = format!("HTTP/1.1 {} Whatever\r\n", reply.status);
            if let Some(length) = reply.length {
                head += &format!("Content-Length: {length}\r\n");
            }
            for (name, value) in &reply.headers {
                head += &format!("{name}: {value}\r\n");
            }
            stream.write_all(format!("{head}\r\n").as_bytes())?;
            if asked.method != "HEAD" {
                stream.write_all(&reply.body)?;
            }
        }
        match reply.end {
            End::Keep | End::Close => {}
            End::Hang => _ = std::io::copy(&mut &*stream, &mut std::io::sink())?,
            End::Endless => loop {
                stream.write_all(&[b'x'; 1 << 16])?;
            },
        }
        Ok::<(), std::io::Error>(())
    };
    write().is_ok() && reply.end == End::Keep && (reply.length.is_some() || asked.method == "HEAD")
}
