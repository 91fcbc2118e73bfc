//! What `configcid messenger run` and `ack` report, to real servers on this machine: one that takes it, and those that
//! refuse, send away, answer garbage, or say nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use crate::support::{LIMIT, Output, TestEnv, browser, wait_until};
use serde_json::Value as Json;

/// A server that answers each connection with these bytes, or, without any, with nothing at all.
struct Server {
    port: u16,
    requests: Receiver<Request>,
}

#[derive(Debug)]
struct Request {
    line: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Server {
    fn new(answer: Option<&'static [u8]>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, requests) = channel();
        thread::spawn(move || {
            let mut silent = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(request) = read(&stream) else { continue };
                let _ = sender.send(request);
                match answer {
                    Some(answer) => drop(stream.write_all(answer)),
                    None => silent.push(stream),
                }
            }
        });
        Self { port, requests }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/reports", self.port)
    }

    fn seen(&self) -> Vec<Request> {
        self.requests.try_iter().collect()
    }
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        headers.push((name.to_lowercase(), value.to_owned()));
    }
    let length =
        headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { line: line.trim_end().to_owned(), headers, body: String::from_utf8(body).unwrap() })
}

const OK: &[u8] = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";

fn env() -> TestEnv {
    let mut env = TestEnv::new();
    let state = env.path("state").to_string_lossy().into_owned();
    env.set("CONFIGCID_MESSENGER_STATE", state);
    let message = |id: &str| {
        format!(
            "<message id='{id}' severity='warning'><text lang='en'><title>{id}</title><body>B</body></text></message>"
        )
    };
    let messages =
        format!("<messages version='1' default-language='en'>{}{}</messages>", message("one"), message("two"));
    env.write("messages.xml", messages);
    env.write("profile.toml", "");
    env
}

fn run(env: &TestEnv, at: &str, more: &str) -> Output {
    env.run(&format!("messenger run messages.xml --profile profile.toml --format json --at {at} {more}")).ok()
}

fn unreported(env: &TestEnv) -> Vec<(String, String, u64, String)> {
    let status = env.run("messenger status --json").ok().json();
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    let one = |report: &Json| {
        (text(&report["message"]), text(&report["event"]), report["attempts"].as_u64().unwrap(), text(&report["next"]))
    };
    status["unreported"].as_array().unwrap().iter().map(one).collect()
}

#[test]
fn a_report_says_four_things_and_nothing_else() {
    let env = env();
    let server = Server::new(Some(OK));
    run(&env, "2026-11-20", &format!("--url {}", server.url()));
    let installation = env.run("messenger status --json").ok().json()["installation"].as_str().unwrap().to_owned();
    let requests = server.seen();
    assert_eq!(requests.len(), 2);
    for (request, id) in requests.iter().zip(["one", "two"]) {
        assert_eq!(request.line, "POST /reports HTTP/1.1");
        let body: Json = serde_json::from_str(&request.body).unwrap();
        let expected = serde_json::json!({
            "message": id, "event": "displayed", "time": "2026-11-20T00:00:00Z", "installation": installation,
        });
        assert_eq!(body, expected);
        let names: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
        let allowed = ["host", "content-type", "content-length"];
        assert!(names.iter().all(|name| allowed.contains(name)), "{request:?}");
    }
    assert_eq!(unreported(&env), []);

    // By GET, and what was acknowledged.
    let to = format!("--url {}?from=console#part --method get", server.url());
    env.run(&format!("messenger ack one --at 2026-11-21T10:20:30Z {to}")).ok();
    let requests = server.seen();
    assert_eq!(requests.len(), 1);
    let expected = format!(
        "GET /reports?from=console&message=one&event=acknowledged&time=2026-11-21T10%3A20%3A30Z&installation={installation} HTTP/1.1"
    );
    assert_eq!(requests[0].line, expected);
    assert_eq!(requests[0].headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["host"]);
    // Each is reported once.
    run(&env, "2026-11-22", &format!("--url {}", server.url()));
    assert_eq!(server.seen().len(), 0);
}

#[test]
fn without_an_address_nothing_leaves_and_nothing_is_kept() {
    let env = env();
    run(&env, "2026-11-20", "");
    env.run("messenger ack one").ok();
    assert_eq!(unreported(&env), []);
    let server = Server::new(Some(OK));
    run(&env, "2026-11-21", &format!("--url {}", server.url()));
    assert_eq!(server.seen().len(), 0, "what was before is nobody's business");
}

#[test]
fn what_cannot_be_sent_is_kept_and_tried_less_and_less_often() {
    let env = env();
    // Nobody listens here.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let to = format!("--url http://127.0.0.1:{closed}/");
    run(&env, "2026-11-20T00:00:00Z", &to);
    let kept = unreported(&env);
    let expected = |id: &str, attempts, next: &str| (id.to_owned(), "displayed".to_owned(), attempts, next.to_owned());
    assert_eq!(kept, [expected("one", 1, "2026-11-20T00:15:00Z"), expected("two", 1, "2026-11-20T00:15:00Z")]);
    // Too early.
    run(&env, "2026-11-20T00:14:59Z", &to);
    assert_eq!(unreported(&env), kept);
    run(&env, "2026-11-20T00:15:00Z", &to);
    assert_eq!(unreported(&env)[1], expected("two", 2, "2026-11-20T00:45:00Z"));
    run(&env, "2026-11-20T01:00:00Z", &to);
    assert_eq!(unreported(&env)[0], expected("one", 3, "2026-11-20T02:00:00Z"));
    // Acknowledged meanwhile, without an address at hand: the next run that has one reports all.
    env.run("messenger ack two --at 2026-11-20T01:30:00Z").ok();
    assert_eq!(unreported(&env).len(), 3);
    env.run("messenger status").ok().says("Unreported").says("acknowledged");
    let server = Server::new(Some(OK));
    run(&env, "2026-11-21", &format!("--url {}", server.url()));
    let seen: Vec<String> = server.seen().iter().map(|request| request.body.clone()).collect();
    assert_eq!(seen.len(), 3);
    assert!(seen[2].contains("\"acknowledged\"") && seen[2].contains("2026-11-20T01:30:00Z"), "{seen:?}");
    assert_eq!(unreported(&env), []);
}

#[test]
fn refusals_redirections_and_garbage_are_no_success() {
    let elsewhere = Server::new(Some(OK));
    let location = format!(
        "HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        elsewhere.url()
    );
    let endless = [b"HTTP/1.1 200 OK\r\nX-Long: ".as_slice(), &[b'a'; 1 << 20]].concat();
    for answer in [
        b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec(),
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\nConnection: close\r\n\r\nnever".to_vec(),
        location.into_bytes(),
        b"HTTP/1.1 308 Permanent Redirect\r\nLocation: /\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec(),
        b"\x16\x03\x01\x00\x00garbage\r\n\r\n".to_vec(),
        b"HTTP/1.1 2000 OK\r\n\r\n".to_vec(),
        b"".to_vec(),
        b"HTTP/1.1 200".to_vec(),
        endless,
    ] {
        let env = env();
        let name = answer.escape_ascii().to_string().chars().take(60).collect::<String>();
        let server = Server::new(Some(answer.leak()));
        let output = run(&env, "2026-11-20", &format!("--url {} -v", server.url()));
        assert_eq!(output.json()["messages"].as_array().unwrap().len(), 2, "{name}");
        let kept = unreported(&env);
        assert!(kept.len() == 2 && kept.iter().all(|report| report.2 == 1), "{name}: {kept:?}");
    }
    assert_eq!(elsewhere.seen().len(), 0, "redirections are not followed");
}

#[test]
fn a_server_that_says_nothing_is_not_waited_for() {
    let env = env();
    let server = Server::new(None);
    // The first report has five seconds, and the second is not tried; one that waited would be ended as one that hangs.
    run(&env, "2026-11-20", &format!("--url {}", server.url()));
    assert_eq!((server.seen().len(), unreported(&env).len()), (1, 2));
}

#[test]
fn the_messages_are_there_before_anything_is_sent() {
    let env = env();
    let server = Server::new(None);
    let mut command = env.command();
    let line = format!("messenger run messages.xml --profile profile.toml --format json --url {}", server.url());
    command.args(line.split(' ')).stdout(std::process::Stdio::piped());
    let mut child = crate::support::spawn(&mut command);
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut answer = String::new();
    while !answer.ends_with("\n}\n") {
        assert!(reader.read_line(&mut answer).unwrap() > 0, "{answer}");
    }
    // The whole answer is here, and the server that says nothing still keeps the program.
    assert!(server.requests.recv_timeout(LIMIT).is_ok());
    assert!(child.wait().unwrap().success());
}

#[test]
fn what_was_shown_is_reported_when_the_reader_has_gone() {
    let env = env();
    let server = Server::new(Some(OK));
    let mut command = env.command();
    let line = format!("messenger run messages.xml --profile profile.toml --lang en --url {}", server.url());
    let piped = std::process::Stdio::piped;
    let mut child = crate::support::spawn(command.args(line.split(' ')).stdin(piped()).stdout(piped()));
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    reader.read_until(b'?', &mut Vec::new()).unwrap();
    drop(reader);
    // People take longer to answer than until the next second, by which times are kept.
    let second = || std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let shown = second();
    while second() == shown {
        std::thread::yield_now();
    }
    child.stdin.take().unwrap().write_all(b"a\n").unwrap();
    assert!(child.wait().unwrap().success());
    let bodies: Vec<Json> = server.seen().iter().map(|request| serde_json::from_str(&request.body).unwrap()).collect();
    let said: Vec<_> = bodies.iter().map(|body| (body["message"].as_str(), body["event"].as_str())).collect();
    assert_eq!(said, [(Some("one"), Some("displayed")), (Some("one"), Some("acknowledged"))]);
}

#[test]
fn https_needs_a_certificate_that_is_trusted() {
    if cfg!(windows) || !browser::have_with("openssl", "version") {
        return;
    }
    let env = env();
    let mut openssl = std::process::Command::new("openssl");
    let make = "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out ca.pem -days 3650 -subj /CN=127.0.0.1 \
                -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE";
    openssl.args(make.split_whitespace());
    assert!(env.clean(openssl).output().unwrap().status.success());
    // A port that is free now; openssl tells no other.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut server = std::process::Command::new("openssl");
    server.args(format!("s_server -accept 127.0.0.1:{port} -key key.pem -cert ca.pem -www").split(' '));
    let mut server =
        env.clean(server).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    wait_until("openssl", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    let to = format!("--url https://127.0.0.1:{port}/ --method get");
    run(&env, "2026-11-20", &to);
    let strangers = unreported(&env);
    run(&env, "2026-11-21", &format!("{to} --ca ca.pem"));
    let trusted = unreported(&env);
    let _ = server.kill();
    let _ = server.wait();
    assert_eq!((strangers.len(), trusted.len()), (2, 0), "{strangers:?} {trusted:?}");
    assert!(Path::new(&env.path("ca.pem")).exists());
}
