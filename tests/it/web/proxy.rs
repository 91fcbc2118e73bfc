//! A proxy with faults before a real server: what a test has it do instead of handing a request on. A thread for each connection.

use std::io::{BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::faulty::{Asked, read};

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is handed on, and so is the answer.
    Pass,
    /// It is answered with this status, with these further lines in its head, and not handed on.
    Answer(u16, &'static str),
    /// It is handed on with its names in lower case, as a server has them that does not tell case apart.
    InLowerCase,
    /// It is answered with this status and this text, and not handed on.
    Say(u16, &'static str),
    /// The connection ends, and nothing was handed on.
    Lost,
    /// It is handed on, and the answer is lost.
    AnswerLost,
    /// Only so much of its body is handed on, as if that were all.
    Cut(usize),
    /// The body of the answer is another one, as long.
    Altered,
    /// The body of the answer ends early, and the connection with it.
    Short,
}

pub(super) struct Proxy {
    pub port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Proxy {
    /// Stands before the server at `port`; `fate` gets each request, and how many came before it.
    pub(super) fn before(server: u16, fate: impl Fn(&Asked, usize) -> Fate + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (log, fate) = (asked.clone(), Arc::new(fate));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (log, fate) = (log.clone(), fate.clone());
                thread::spawn(move || {
                    let stream = stream.unwrap();
                    let mut reader = BufReader::new(stream.try_clone().unwrap());
                    while let Some(asked) = read(&mut reader) {
                        if asked.header("expect") == "100-continue" {
                            (&stream).write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
                        }
                        let mut body = vec![0; asked.header("content-length").parse().unwrap_or(0)];
                        if reader.read_exact(&mut body).is_err() {
                            return;
                        }
                        let number = {
                            let mut log = log.lock().unwrap();
                            log.push(asked.clone());
                            log.len() - 1
                        };
                        let fate = fate(&asked, number);
                        if !hand_on(server, &stream, &asked, body, &fate) {
                            let _ = stream.shutdown(Shutdown::Both);
                            return;
                        }
                    }
                });
            }
        });
        Self { port, asked }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What was asked since the last time.
    pub(super) fn take(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

/// Whether the connection goes on.
fn hand_on(server: u16, mut to: &TcpStream, asked: &Asked, mut body: Vec<u8>, fate: &Fate) -> bool {
    match fate {
        Fate::Lost => return false,
        Fate::Answer(status, head) => {
            let answer = format!("HTTP/1.1 {status} Whatever\r\n{head}Content-Length: 0\r\n\r\n");
            return to.write_all(answer.as_bytes()).is_ok();
        }
        Fate::Say(status, text) => {
            let answer = format!("HTTP/1.1 {status} Whatever\r\nContent-Length: {}\r\n\r\n{text}", text.len());
            return to.write_all(answer.as_bytes()).is_ok();
        }
        Fate::Cut(length) => body.truncate(*length),
        _ => {}
    }
    let lower = |text: &str| if *fate == Fate::InLowerCase { text.to_lowercase() } else { text.to_owned() };
    let mut request = format!("{} {} HTTP/1.1\r\nConnection: close\r\n", asked.method, lower(&asked.target));
    let left_out = ["connection", "expect", "content-length"];
    for (name, value) in asked.headers.iter().filter(|(name, _)| !left_out.contains(&name.as_str())) {
        let value = if name == "destination" { lower(value) } else { value.clone() };
        request += &format!("{name}: {value}\r\n");
    }
    if asked.headers.contains_key("content-length") {
        request += &format!("content-length: {}\r\n", body.len());
    }
    let mut stream = TcpStream::connect(("127.0.0.1", server)).unwrap();
    let sent = stream.write_all(format!("{request}\r\n").as_bytes()).and_then(|()| stream.write_all(&body));
    let mut answer = Vec::new();
    if sent.is_err() || stream.read_to_end(&mut answer).is_err() {
        return false;
    }
    let Some(end) = answer.windows(4).position(|part| part == b"\r\n\r\n").map(|at| at + 4) else { return false };
    match fate {
        Fate::AnswerLost => return false,
        Fate::Altered => answer[end..].iter_mut().for_each(|byte| *byte ^= 1),
        Fate::Short => answer.truncate(end + (answer.len() - end) / 2),
        _ => {}
    }
    // The server ends each connection, and so does this.
    let _ = to.write_all(&answer);
    false
}
