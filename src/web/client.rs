//! Questions to a web server, each within a time and a size. Redirections are never followed, so that nothing is sent to a server
//! that was not named.

use std::cell::RefCell;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use base64ct::{Base64, Encoding};
use ureq::http::{HeaderMap, Response};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};
#[cfg(feature = "remote")]
use ureq::{AsSendBody, SendBody, http::Request};

use super::cache::Said;
use crate::base::error::{Error, Result};
use crate::base::files::read_given_file;
use crate::base::roots::{self, MAX_CERTIFICATES};

/// So many bytes a second are the least that a server may send over the whole of a file, beside the time that there is anyway
/// (our choice).
const LEAST_RATE: u64 = 16 << 10;

/// From this size on it is asked first whether a file is wanted, in bytes: nginx takes no larger ones unless it is told to.
#[cfg(feature = "remote")]
const EXPECTS_FROM: u64 = 1 << 20;

/// How to ask for a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// What there is to know without its content.
    Head,
    /// Its first byte: for servers that know no `HEAD`.
    FirstByte,
    /// All of it, of about so many bytes.
    All(u64),
}

/// Who asks.
pub(super) struct Client {
    agent: Agent,
    timeout: Duration,
    /// So many bytes a second are the least for the whole of a file.
    least_rate: u64,
    authorization: Option<String>,
}

/// What a server says of a file.
pub(super) struct Answer {
    pub status: u16,
    /// How many bytes the whole file has.
    pub length: Option<u64>,
    /// How the content is encoded, unless it is as it is.
    pub encoding: Option<String>,
    pub media_type: Option<String>,
    pub location: Option<String>,
    /// Names this version of the file.
    #[cfg(feature = "remote")]
    pub tag: Option<String>,
    /// The ways to log on that the server offers.
    pub logins: Vec<String>,
    pub server: Option<String>,
    pub cache: Said,
    body: Body,
}

/// Why there is no answer, or not all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub code: &'static str,
    pub what: String,
}

impl Failure {
    /// Whether another try may end otherwise.
    #[cfg(feature = "remote")]
    pub(super) fn may_pass(&self) -> bool {
        matches!(self.code, "broken" | "timeout")
    }
}

impl Client {
    /// `login`: a user's name and password, for servers that ask for them in the clear (`Basic`).
    /// `ca`: a file with the certificates of the only authorities to trust.
    ///
    /// # Errors
    /// That file cannot be read, or holds no certificate.
    pub(super) fn new(
        timeout: Duration,
        in_flight: usize,
        login: Option<&(String, String)>,
        ca: Option<&Path>,
    ) -> Result<Self> {
        let roots = ca.map_or(Ok(RootCerts::PlatformVerifier), authorities)?;
        let config = Agent::config_builder()
            .timeout_connect(Some(timeout))
            .timeout_resolve(Some(timeout))
            .timeout_recv_response(Some(timeout))
            .timeout_per_read(Some(timeout))
            .timeout_per_write(Some(timeout))
            .allow_non_standard_methods(true)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .max_idle_connections(in_flight)
            .max_idle_connections_per_host(in_flight)
            .user_agent(concat!("configcid/", env!("CARGO_PKG_VERSION")))
            .accept("*/*")
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .build();
        let authorization =
            login.map(|(user, word)| format!("Basic {}", Base64::encode_string(format!("{user}:{word}").as_bytes())));
        Ok(Self { agent: config.new_agent(), timeout, least_rate: LEAST_RATE, authorization })
    }

    /// Lets a file take as long as it does where whoever reads takes no more than so many bytes of it a second.
    pub(super) fn slowed(self, rate: Option<u64>) -> Self {
        let least_rate = rate.map_or(LEAST_RATE, |rate| (rate / 2).clamp(1, LEAST_RATE));
        Self { least_rate, ..self }
    }

    /// Asks once more where a connection broke: servers close those that were kept open whenever they like.
    pub(super) fn ask(&self, url: &str, ask: Ask, encodings: &str) -> Result<Answer, Failure> {
        match self.ask_once(url, ask, encodings) {
            Err(failure) if failure.code == "broken" => self.ask_once(url, ask, encodings),
            other => other,
        }
    }

    fn ask_once(&self, url: &str, ask: Ask, encodings: &str) -> Result<Answer, Failure> {
        let request = if ask == Ask::Head { self.agent.head(url) } else { self.agent.get(url) };
        let size = if let Ask::All(size) = ask { size } else { 0 };
        let whole = 2 * self.timeout + Duration::from_secs(size / self.least_rate);
        let mut request = request.config().timeout_global(Some(whole)).build();
        request = request.header("Accept-Encoding", encodings);
        if ask == Ask::FirstByte {
            request = request.header("Range", "bytes=0-0");
        }
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        request.call().map(Answer::new).map_err(|error| failure(error, self.timeout))
    }

    /// Sends an order, once. What goes with it is so many bytes of a reader; its time is bounded by that of each piece alone,
    /// since the reader may be slow on purpose.
    #[cfg(feature = "remote")]
    pub(super) fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<(u64, &mut dyn Read)>,
    ) -> Result<Answer, Failure> {
        let mut request = Request::builder().method(method).uri(url).header("Accept-Encoding", "identity");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        let unsent = |error: ureq::http::Error| Failure { code: "unexpected", what: error.to_string() };
        match body {
            None => self.run(request.body(()).map_err(unsent)?, Some(2 * self.timeout)),
            Some((size, reader)) => {
                request = request.header("Content-Length", size).header("Content-Type", "application/octet-stream");
                // A server that does not want it says so before all of it is on its way.
                if size > EXPECTS_FROM {
                    request = request.header("Expect", "100-continue");
                }
                self.run(request.body(SendBody::from_reader(reader)).map_err(unsent)?, None)
            }
        }
    }

    /// Sends what somebody else has put together, with so many bytes of a reader, and gives the answer as it is, of which at
    /// most so many bytes are wanted.
    #[cfg(feature = "remote")]
    pub(super) fn forward(
        &self,
        head: ureq::http::request::Parts,
        most: u64,
        (size, body): (u64, &mut dyn Read),
    ) -> Result<Response<Body>, Failure> {
        // An answer that is as large as any may be is a small one nearly always.
        let expected = if head.headers.contains_key("Range") { most } else { 0 };
        let whole = 2 * self.timeout + Duration::from_secs(2 * (size + expected) / LEAST_RATE);
        let mut request = Request::from_parts(head, ());
        let has_body = matches!(request.method().as_str(), "PUT" | "POST" | "PATCH");
        let sent = match has_body {
            true => {
                request.headers_mut().insert("Content-Length", size.into());
                self.agent.run(self.timed(request.map(|()| SendBody::from_reader(body)), whole))
            }
            false => self.agent.run(self.timed(request, whole)),
        };
        sent.map_err(|error| failure(error, self.timeout))
    }

    #[cfg(feature = "remote")]
    fn timed<B: AsSendBody>(&self, request: Request<B>, whole: Duration) -> Request<B> {
        self.agent.configure_request(request).timeout_global(Some(whole)).build()
    }

    #[cfg(feature = "remote")]
    fn run<B: AsSendBody>(&self, request: Request<B>, whole: Option<Duration>) -> Result<Answer, Failure> {
        let request = self.agent.configure_request(request).timeout_global(whole).build();
        self.agent.run(request).map(Answer::new).map_err(|error| failure(error, self.timeout))
    }
}

impl Answer {
    fn new(response: Response<Body>) -> Self {
        let (head, body) = response.into_parts();
        let text = |name: &str| text(&head.headers, name);
        let status = head.status.as_u16();
        let total = |range: String| range.rsplit('/').next().and_then(|total| total.trim().parse().ok());
        Self {
            status,
            length: match status {
                206 | 416 => text("Content-Range").and_then(total),
                _ => text("Content-Length").and_then(|length| length.trim().parse().ok()),
            },
            encoding: text("Content-Encoding").filter(|encoding| !encoding.trim().eq_ignore_ascii_case("identity")),
            media_type: text("Content-Type"),
            location: text("Location"),
            #[cfg(feature = "remote")]
            tag: text("ETag"),
            logins: head
                .headers
                .get_all(if status == 407 { "Proxy-Authenticate" } else { "WWW-Authenticate" })
                .iter()
                .filter_map(|value| value.to_str().ok()?.split([' ', ',']).next().map(str::to_owned))
                .collect(),
            server: text("Server"),
            cache: Said {
                cache_control: text("Cache-Control"),
                expires: text("Expires"),
                date: text("Date"),
                age: text("Age"),
            },
            body,
        }
    }

    /// Reads the content; the reader gives no more than `limit` bytes.
    pub(super) fn content(self, limit: u64, timeout: Duration) -> Content {
        Content { body: self.body.into_reader().take(limit), timeout, failure: RefCell::default(), read: 0 }
    }

    /// Reads what little is left of the answer, so that the connection can be used again.
    pub(super) fn finish(self) {
        let _ = io::copy(&mut self.body.into_reader().take(1 << 10), &mut io::sink());
    }
}

/// The content of an answer. It remembers why it ended too early.
pub(super) struct Content {
    body: io::Take<ureq::BodyReader<'static>>,
    timeout: Duration,
    failure: RefCell<Option<Failure>>,
    pub read: u64,
}

impl Content {
    pub(super) fn failure(&self) -> Option<Failure> {
        self.failure.borrow().clone()
    }
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.body.read(buffer) {
            Ok(length) => {
                self.read += length as u64;
                Ok(length)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let kind = error.kind();
                *self.failure.borrow_mut() = Some(failure(error.into(), self.timeout));
                Err(kind.into())
            }
        }
    }
}

/// The authorities of a file.
fn authorities(path: &Path) -> Result<RootCerts> {
    const NEXT: &str = "name a file with the certificates of authorities in PEM";
    let bytes = read_given_file(path, MAX_CERTIFICATES, NEXT)?;
    roots::authorities(&bytes).ok_or_else(|| Error::usage("it holds no certificate").in_file(path).next(NEXT))
}

/// A header as text, all of its lines.
fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Vec<String> =
        headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

fn failure(error: ureq::Error, timeout: Duration) -> Failure {
    use io::ErrorKind as Kind;
    let seconds = timeout.as_secs_f32();
    let (code, what) = match error {
        ureq::Error::HostNotFound => ("unknown-host", text!("the name of the server cannot be resolved").to_owned()),
        ureq::Error::Timeout(_) => {
            ("timeout", text!("it does not answer, or goes on too slowly, within {seconds} s", seconds))
        }
        ureq::Error::Rustls(error) => ("tls", tls(&error.to_string())),
        ureq::Error::Tls(what) => ("tls", tls(what)),
        ureq::Error::Io(error) => match error.kind() {
            Kind::ConnectionRefused => ("unreachable", text!("the server refuses connections to this port").to_owned()),
            Kind::TimedOut | Kind::WouldBlock => ("timeout", text!("it does not answer within {seconds} s", seconds)),
            Kind::InvalidData | Kind::InvalidInput => ("tls", tls(&error.to_string())),
            Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe | Kind::UnexpectedEof => {
                ("broken", text!("the connection breaks: {error}", error))
            }
            // What the system's resolver says has no kind of its own.
            _ if is_of_resolver(&error) => {
                ("unknown-host", text!("the name of the server cannot be resolved: {error}", error))
            }
            _ => ("unreachable", text!("the server cannot be reached: {error}", error)),
        },
        ureq::Error::Protocol(error) => ("broken", text!("it does not speak HTTP as it should: {error}", error)),
        ureq::Error::ConnectionFailed => ("unreachable", text!("the server cannot be reached").to_owned()),
        error => ("broken", error.to_string()),
    };
    Failure { code, what }
}

/// Whether it is what the system says of a name that it cannot resolve: on Windows a code, whatever the language of its text.
fn is_of_resolver(error: &io::Error) -> bool {
    /// From `WSAHOST_NOT_FOUND` to `WSANO_DATA`.
    const OF_WINDOWS: std::ops::RangeInclusive<i32> = 11001..=11004;
    let has_code = cfg!(windows) && error.raw_os_error().is_some_and(|code| OF_WINDOWS.contains(&code));
    has_code || error.to_string().contains("lookup")
}

/// What is wrong with TLS, in plain words, with what the library says behind it.
fn tls(said: &str) -> String {
    let plain = [
        ("UnknownIssuer", text!("nobody whom this computer trusts has signed the server's certificate")),
        ("SelfSigned", text!("the server's certificate is signed by itself")),
        ("Expired", text!("the server's certificate has expired")),
        ("expired", text!("the server's certificate has expired")),
        ("NotValidYet", text!("the server's certificate is not valid yet")),
        ("NotValidForName", text!("the server's certificate is for another name")),
        ("not valid for name", text!("the server's certificate is for another name")),
        ("Revoked", text!("the server's certificate was revoked")),
        ("certificate", text!("the server's certificate is not to be trusted")),
        ("corrupt message", text!("this port does not speak TLS: the URL perhaps begins with http://")),
        ("Alert", text!("the server and this computer agree on no way to encrypt")),
        ("alert", text!("the server and this computer agree on no way to encrypt")),
        ("incompatible", text!("the server and this computer agree on no way to encrypt")),
    ];
    let found = plain.iter().find(|(part, _)| said.contains(part)).map(|(_, plain)| *plain);
    format!("{} ({said})", found.unwrap_or(text!("no encrypted connection comes about")))
}
