//! The network: names, connections, and one answer, all within a time.

use crate::base::language::said;
use std::io::{ErrorKind, Read};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::codes;
use super::{ProbeFault, Target};
use crate::ior::{self, Ior};

/// A router that has sent its reference and keeps the connection has nothing more to say after this time.
const PAUSE: Duration = Duration::from_millis(100);

/// A reference, and who sent it.
pub(super) struct Answer {
    pub address: SocketAddr,
    /// All that the host means.
    pub addresses: Vec<IpAddr>,
    pub ior: Ior,
}

/// Why there is none.
pub(super) struct Failed {
    /// Who answered, if anybody did.
    pub address: Option<SocketAddr>,
    pub fault: ProbeFault,
}

const LOOK_AT_HOST: &str = "look whether it is on, whether its router runs, and what a firewall between says";
const LOOK_AT_PORT: &str =
    "look whether this is the port of a router's references: ClientIORPort of mrinit.conf, 8192 usually";

/// Asks a host for its reference, within `timeout`.
pub(super) fn fetch(target: &Target, timeout: Duration) -> Result<Answer, Failed> {
    let deadline = Instant::now() + timeout;
    let seconds = timeout.as_secs_f32();
    let found = resolve(target.host(), target.port(), deadline).map_err(|why| {
        let what = text!("{host} cannot be resolved: {why}", host = target.host(), why);
        Failed {
            address: None,
            fault: ProbeFault { code: codes::UNKNOWN_HOST, what, next: text!("look at the name, and at the DNS") },
        }
    })?;
    let (address, stream) = connect(&found, deadline).map_err(|error| {
        let (code, why) = match error.kind() {
            ErrorKind::ConnectionRefused => (codes::REFUSED, text!("it refuses connections to this port").to_owned()),
            ErrorKind::TimedOut | ErrorKind::WouldBlock => {
                (codes::TIMEOUT, text!("nothing answers within {seconds} s", seconds))
            }
            _ => (codes::UNREACHABLE, text!("it cannot be reached: {error}", error)),
        };
        let what = format!("{target}: {why}");
        Failed { address: None, fault: ProbeFault { code, what, next: said(LOOK_AT_HOST) } }
    })?;
    let ior = read(stream, deadline, seconds).map_err(|(code, why)| {
        let next =
            if code == codes::TIMEOUT || code == codes::CLOSED { said(LOOK_AT_HOST) } else { said(LOOK_AT_PORT) };
        Failed { address: Some(address), fault: ProbeFault { code, what: format!("{target}: {why}"), next } }
    })?;
    let addresses = found.iter().map(|address| address.ip().to_canonical()).collect();
    Ok(Answer { address, addresses, ior })
}

/// What a name means to this computer. The system's resolver cannot be stopped, so that it runs by itself.
pub(super) fn resolve(host: &str, port: u16, deadline: Instant) -> Result<Vec<SocketAddr>, String> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (sender, receiver) = mpsc::channel();
    let name = host.to_owned();
    let look = move || sender.send((name.as_str(), port).to_socket_addrs().map(Vec::from_iter));
    thread::Builder::new().spawn(look).map_err(|error| error.to_string())?;
    match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(Ok(found)) if !found.is_empty() => Ok(found),
        Ok(Ok(_)) => Err(text!("it has no address").into()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(text!("the system's resolver takes too long").into()),
    }
}

/// Connects to the first of the addresses that answers. None takes the time of those behind it.
fn connect(found: &[SocketAddr], deadline: Instant) -> std::io::Result<(SocketAddr, TcpStream)> {
    let mut failed = std::io::Error::from(ErrorKind::TimedOut);
    for (index, address) in found.iter().enumerate() {
        let share = deadline.saturating_duration_since(Instant::now()) / (found.len() - index) as u32;
        if share.is_zero() {
            break;
        }
        match TcpStream::connect_timeout(address, share) {
            Ok(stream) => return Ok((*address, stream)),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// Reads until the reference is there: to its end, to a blank or NUL, or to a pause behind one that is whole.
fn read(mut stream: TcpStream, deadline: Instant, seconds: f32) -> Result<Ior, (&'static str, String)> {
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err((codes::TIMEOUT, text!("it sends {text} within {seconds} s", text = sent(&text), seconds)));
        }
        // A time of nothing would mean no limit.
        let wait = left.min(PAUSE).max(Duration::from_millis(1));
        stream.set_read_timeout(Some(wait)).map_err(|error| (codes::UNREACHABLE, error.to_string()))?;
        match stream.read(&mut buffer) {
            Ok(0) if text.is_empty() => {
                return Err((codes::CLOSED, text!("it ends the connection without a word").into()));
            }
            Ok(0) => return parse(&text),
            Ok(size) => {
                text.extend(&buffer[..size]);
                if is_over(&text, size) {
                    return parse(&text);
                }
                if text.len() > ior::MAX_SIZE {
                    let what = text!("it sends more than {} characters without an end", ior::MAX_SIZE);
                    return Err((codes::TOO_LONG, what));
                }
            }
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => {}
                ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                    if let Ok(ior) = Ior::parse(&text) {
                        return Ok(ior);
                    }
                }
                _ => {
                    return Err((
                        codes::CLOSED,
                        text!("it ends the connection after {text}: {error}", text = sent(&text), error),
                    ));
                }
            },
        }
    }
}

/// Whether nothing that follows can matter: no reference begins so, or it is over. `new` bytes came last.
fn is_over(text: &[u8], new: usize) -> bool {
    let digits = (text.len() - new).max(4)..text.len();
    let start = text.len().min(4);
    !text[..start].eq_ignore_ascii_case(&b"IOR:"[..start])
        || text.get(digits).is_some_and(|new| !new.iter().all(u8::is_ascii_hexdigit))
}

fn parse(text: &[u8]) -> Result<Ior, (&'static str, String)> {
    // What stands behind the digits is nothing to a reference.
    let end =
        text.iter().skip(4).position(|byte| byte.is_ascii_whitespace() || *byte == 0).map_or(text.len(), |at| at + 4);
    Ior::parse(&text[..end]).map_err(|error| {
        let start: String = String::from_utf8_lossy(&text[..text.len().min(40)]).chars().take(40).collect();
        (
            codes::NOT_A_REFERENCE,
            text!(
                "it sends {text}, which are no object reference: {error} (they begin {start})",
                text = sent(text),
                error,
                start = format!("{start:?}")
            ),
        )
    })
}

fn sent(text: &[u8]) -> String {
    match text.len() {
        0 => "nothing".to_owned(),
        size => crate::base::text::count(size, "byte", "bytes"),
    }
}
