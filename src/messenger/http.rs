//! Reports by HTTP. What is sent: the message, the event, the time, the random number of the installation; no header that
//! says more.

use std::io::Read;
use std::time::Duration;

use ureq::http::Response;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};

use super::config::{Method, ReportTo};
use super::read::read_bytes;
use super::reports::{Failure, Sender};
use super::state::Report;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::roots::{MAX_CERTIFICATES, authorities};
use crate::base::time;

/// How long one report may take, from looking up the name to the end of the answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How much of an answer is read: nothing in it matters.
const MAX_ANSWER: u64 = 64 << 10;

/// Sends reports by HTTP or HTTPS. Redirections are not followed: reports go to the address that was configured.
#[derive(Debug)]
pub struct HttpSender {
    agent: Agent,
    to: ReportTo,
}

impl HttpSender {
    /// Reports to this address.
    ///
    /// # Errors
    /// The file of certificates cannot be read, or holds none.
    pub fn new(to: &ReportTo) -> Result<Self> {
        let roots = match &to.ca {
            None => RootCerts::PlatformVerifier,
            Some(path) => {
                let bytes = read_bytes(path, MAX_CERTIFICATES)?;
                authorities(&bytes).ok_or_else(|| {
                    Error::new(ErrorKind::MessengerFormat, "it holds no certificate")
                        .in_file(path)
                        .next("name a file with certificates in PEM")
                })?
            }
        };
        let config = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent("")
            .accept("")
            .accept_encoding("")
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .build();
        Ok(Self { agent: config.new_agent(), to: to.clone() })
    }
}

/// What a report says.
#[derive(serde::Serialize)]
struct Said<'a> {
    message: &'a str,
    event: &'a str,
    time: &'a str,
    installation: &'a str,
}

impl Said<'_> {
    /// The address with the report in it. All of it is letters, digits, dots, hyphens, underscores, and the colons of the
    /// time.
    fn in_address(&self, url: &str) -> String {
        let (url, _) = url.split_once('#').unwrap_or((url, ""));
        let between = if url.contains('?') { '&' } else { '?' };
        let Said { message, event, time, installation } = self;
        let time = time.replace(':', "%3A");
        format!("{url}{between}message={message}&event={event}&time={time}&installation={installation}")
    }
}

impl Sender for HttpSender {
    fn send(&self, report: &Report, installation: &str) -> Result<(), Failure> {
        let time = time::print(report.time);
        let said = Said { message: &report.message, event: report.event.name(), time: &time, installation };
        let answer = match self.to.method {
            Method::Get => self.agent.get(said.in_address(&self.to.url)).call(),
            Method::Post => {
                let body = serde_json::to_string(&said).expect("a report is plain data");
                self.agent.post(&self.to.url).header("Content-Type", "application/json").send(body)
            }
        };
        match answer {
            Ok(answer) => judge(answer),
            Err(error) => Err(Failure::Unreachable(error.to_string())),
        }
    }
}

fn judge(answer: Response<Body>) -> Result<(), Failure> {
    let status = answer.status();
    // Read, so that the connection can be used again.
    let _ = answer.into_body().into_reader().take(MAX_ANSWER).read_to_end(&mut Vec::new());
    if status.is_success() {
        Ok(())
    } else if status.is_redirection() {
        Err(Failure::Refused(text!("the server answers {status}, and redirections are not followed", status)))
    } else {
        Err(Failure::Refused(text!("the server answers {status}", status)))
    }
}
